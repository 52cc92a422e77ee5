/* csv/fields.c: see fields.h. */
#include "csv/fields.h"

#include "base/buf.h"

#include <csv.h>

#include <stdlib.h>

struct csv_fields {
    struct csv_parser parser;
    struct buf text;     /* all values, one behind the other */
    struct span *values; /* while parsing, `data` is NULL and only the lengths stand */
    size_t count;
    size_t capacity;
    bool failed; /* memory ran out */
};

static int is_no_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

struct csv_fields *csv_fields_new(char delimiter)
{
    enum { GROW_BY = 4096 }; /* bytes; libcsv's own 128 would mean thousands of steps for a long cell */
    struct csv_fields *fields = calloc(1, sizeof *fields);
    if (fields == NULL)
        return NULL;
    if (csv_init(&fields->parser, 0) != 0) {
        free(fields);
        return NULL;
    }
    csv_set_delim(&fields->parser, (unsigned char)delimiter);
    csv_set_space_func(&fields->parser, is_no_space);
    csv_set_blk_size(&fields->parser, GROW_BY);
    return fields;
}

void csv_fields_free(struct csv_fields *fields)
{
    if (fields == NULL)
        return;
    csv_free(&fields->parser);
    buf_free(&fields->text);
    free(fields->values);
    free(fields);
}

/* Room for `extra` more values. */
static bool reserve(struct csv_fields *fields, size_t extra)
{
    if (extra <= fields->capacity - fields->count)
        return true;
    size_t capacity = fields->capacity * 2 + extra + 64;
    struct span *values = realloc(fields->values, capacity * sizeof *values);
    if (values == NULL) {
        fields->failed = true;
        return false;
    }
    fields->values = values;
    fields->capacity = capacity;
    return true;
}

static void on_field(void *bytes, size_t length, void *context)
{
    struct csv_fields *fields = context;
    if (!reserve(fields, 1))
        return;
    buf_append(&fields->text, bytes, length);
    fields->values[fields->count++] = (struct span){NULL, length};
}

bool csv_fields_parse(struct csv_fields *fields, struct span raw, const struct span **values, size_t *count,
                      struct error *error)
{
    buf_clear(&fields->text);
    fields->count = 0;
    fields->failed = false;
    bool parsed = csv_parse(&fields->parser, raw.data, raw.length, on_field, NULL, fields) == raw.length;
    /* Where memory ran out, too: libcsv would go on in the middle of this record with the next one. */
    bool ended = csv_fini(&fields->parser, on_field, NULL, fields) == 0;
    if (!parsed || !ended || fields->failed || fields->text.failed)
        return error_set_memory(error);
    const char *at = buf_text(&fields->text);
    for (size_t i = 0; i < fields->count; i++) {
        fields->values[i].data = at;
        at += fields->values[i].length;
    }
    *values = fields->values;
    *count = fields->count;
    return true;
}

bool csv_fields_of(struct csv_fields *fields, const struct csv_record *record, size_t most, const struct span **values,
                   size_t *count, struct error *error)
{
    if (!record->plain)
        return csv_fields_parse(fields, record->raw, values, count, error);
    fields->count = 0;
    most = most < record->cells ? most : record->cells;
    if (!reserve(fields, most))
        return error_set_memory(error);
    for (size_t cell = 0; cell < most; cell++) {
        const char *begin = record->raw.data + record->extents[cell].begin;
        size_t length = (size_t)(record->extents[cell].end - record->extents[cell].begin);
        bool quoted = length > 0 && *begin == '"';
        fields->values[cell] = quoted ? (struct span){begin + 1, length - 2} : (struct span){begin, length};
    }
    fields->count = most;
    *values = fields->values;
    *count = fields->count;
    return true;
}
