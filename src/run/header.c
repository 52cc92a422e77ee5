/* run/header.c: see header.h. */
#include "run/header.h"

#include "csv/fields.h"
#include "csv/reader.h"

#include <stdio.h>
#include <stdlib.h>

static bool fail(const struct work *work, const char *code, const char *arg, struct error *error)
{
    return error_set(error, ERROR_INPUT, code, work->input, arg, NULL, NULL);
}

/* Decode the headings into `text`, one behind the other; one that cannot be read becomes an empty one. The first of
 * these, `count` where there is none. */
static size_t decode_headings(const struct work *work, const struct span *cells, size_t count, struct span *headings,
                              struct buf *text)
{
    size_t unreadable = count;
    for (size_t i = 0; i < count; i++) {
        size_t before = text->length;
        size_t bad;
        bool has_nul = cells[i].length > 0 && memchr(cells[i].data, '\0', cells[i].length) != NULL;
        if (has_nul || !text_decode(work->codec, cells[i], text, &bad)) {
            text->length = before;
            unreadable = unreadable < i ? unreadable : i;
        }
        headings[i].length = text->length - before;
    }
    const char *at = buf_text(text);
    for (size_t i = 0; i < count; i++) {
        headings[i].data = at;
        at += headings[i].length;
    }
    return unreadable;
}

/* Find the columns. Where a heading cannot be read, the file is damaged if the others make it an order CSV, and
 * something else if they do not. */
static bool find_columns(struct work *work, const struct span *cells, size_t count, struct error *error)
{
    struct buf text = {0};
    char number[24];
    struct span *headings = calloc(count + 1, sizeof *headings);
    if (headings == NULL)
        return error_set_memory(error);
    size_t unreadable = decode_headings(work, cells, count, headings, &text);
    bool found = text.failed ? error_set_memory(error)
                             : order_layout_find(&work->layout, &work->schema, headings, count, work->input, error);
    free(headings);
    buf_free(&text);
    if (unreadable == count || (!found && error->kind != ERROR_INPUT))
        return found;
    snprintf(number, sizeof number, "%zu", unreadable + 1);
    return fail(work, found ? "HEADER_UNREADABLE" : "INPUT_BINARY", number, error);
}

/* Where the input has columns of ours already. */
static void find_ours(struct work *work)
{
    for (size_t own = 0; own < RESULT_COLUMNS; own++) {
        work->ours[own] = CSV_NO_CELL;
        for (size_t cell = work->layout.heading_count; cell-- > 0;)
            if (span_is(work->layout.headings[cell], result_headings[own]))
                work->ours[own] = cell;
    }
}

/* Take the header apart. */
static bool take_header(struct work *work, const struct csv_record *record, struct csv_fields *fields,
                        struct error *error)
{
    const struct span *cells;
    size_t count;
    char number[24];
    if (record->too_long) {
        snprintf(number, sizeof number, "%d", CSV_ROW_MAX);
        return fail(work, "HEADER_TOO_LONG", number, error);
    }
    if (record->cells > CSV_CELLS_MAX) {
        snprintf(number, sizeof number, "%d", CSV_CELLS_MAX);
        return fail(work, "HEADER_TOO_WIDE", number, error);
    }
    if (record->stray != CSV_NO_CELL) {
        snprintf(number, sizeof number, "%zu", record->stray + 1);
        return fail(work, "HEADER_QUOTE_STRAY", number, error);
    }
    if (!csv_fields_of(fields, record, SIZE_MAX, &cells, &count, error) || !find_columns(work, cells, count, error))
        return false;
    work->columns = (struct order_columns){&work->schema, &work->layout};
    find_ours(work);
    return true;
}

static bool read(struct work *work, struct csv_reader *reader, struct csv_fields *fields, struct error *error)
{
    struct csv_record record;
    if (reader == NULL || fields == NULL)
        return error_set_memory(error);
    csv_reader_seek(reader, work->header, 1);
    /* The file is not empty, so there is no end. */
    if (csv_reader_next(reader, &record, error) != CSV_NEXT_RECORD || !take_header(work, &record, fields, error))
        return false;
    work->rows = csv_reader_offset(reader);
    return true;
}

bool header_read(struct work *work, struct error *error)
{
    struct csv_reader *reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_RANDOM);
    struct csv_fields *fields = csv_fields_new(work->delimiter);
    bool done = read(work, reader, fields, error);
    csv_reader_free(reader);
    csv_fields_free(fields);
    return done;
}
