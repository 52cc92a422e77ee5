/* order/service_codes.c: see service_codes.h. */
#include "order/service_codes.h"

#include "base/embedded.h"

#include <stdio.h>
#include <strings.h>

/* The columns of the file, which are those of its first line. */
enum column {
    COLUMN_CODE,
    COLUMN_LABEL,
    COLUMN_RULE,
    COLUMN_MEANING,
    COLUMN_ENTRY,
    COLUMN_LIMIT,
    COLUMN_FIELD,
    COLUMNS,
};

enum { NAME_SIZE = 64 }; /* of an entry or a field, with the NUL: longer than any */

static void copy_name(struct span name, char text[NAME_SIZE])
{
    snprintf(text, NAME_SIZE, "%.*s", name.length < NAME_SIZE ? (int)name.length : NAME_SIZE, name.data);
}

/* Take the next line of `*rest`; false at the end. */
static bool next_line(const char **rest, struct span *line)
{
    const char *end = strchr(*rest, '\n');
    if (end == NULL)
        return false;
    *line = (struct span){*rest, (size_t)(end - *rest)};
    *rest = end + 1;
    return true;
}

static void split(struct span line, struct span cells[COLUMNS])
{
    for (size_t column = 0; column < COLUMNS; column++) {
        const char *tab = line.length > 0 ? memchr(line.data, '\t', line.length) : NULL;
        size_t length = tab != NULL ? (size_t)(tab - line.data) : line.length;
        size_t taken = length + (tab != NULL);
        cells[column] = (struct span){line.data, length};
        line = (struct span){line.data + taken, line.length - taken};
    }
}

static enum service_meaning meaning_of(struct span word)
{
    static const char *const words[] = {[SERVICE_REFUSED] = "refused",
                                        [SERVICE_CONFLICT] = "conflict",
                                        [SERVICE_UNKNOWN] = "unknown",
                                        [SERVICE_CREDENTIALS] = "credentials",
                                        [SERVICE_FAILURE] = "failure"};
    size_t meaning = SERVICE_FAILURE;
    while (meaning > SERVICE_REFUSED && !span_is(word, words[meaning]))
        meaning--;
    return (enum service_meaning)meaning;
}

static void read_line(struct span line, struct service_code *code)
{
    struct span cells[COLUMNS];
    char field[NAME_SIZE];
    split(line, cells);
    *code = (struct service_code){.rule = cells[COLUMN_RULE],
                                  .meaning = meaning_of(cells[COLUMN_MEANING]),
                                  .entry = cells[COLUMN_ENTRY],
                                  .args = {cells[COLUMN_CODE], cells[COLUMN_LABEL], cells[COLUMN_LIMIT]},
                                  .field = ORDER_FIELD_NONE};
    copy_name(cells[COLUMN_FIELD], field);
    order_field_of(field, &code->field);
}

/* The lines behind the first. */
static const char *lines(void)
{
    const char *rest = embedded_kuroneko_errors;
    struct span heading;
    next_line(&rest, &heading);
    return rest;
}

bool service_code_find(struct span text, struct service_code *code)
{
    const char *rest = lines();
    struct span line;
    if (text.length == 0 || text.length > SERVICE_CODE_MAX)
        return false;
    while (next_line(&rest, &line)) {
        if (line.length > text.length && line.data[text.length] == '\t' &&
            strncasecmp(line.data, text.data, text.length) == 0) {
            read_line(line, code);
            return true;
        }
    }
    return false;
}

const struct catalog_entry *service_code_entry(const struct service_code *code, const struct catalog *catalog)
{
    char name[NAME_SIZE];
    copy_name(code->entry, name);
    return catalog_find(catalog, name);
}

void service_code_words(struct span message, const struct catalog *catalog, enum catalog_language language,
                        struct buf *text)
{
    struct service_code code;
    struct catalog_values values = {.item = -1};
    if (!service_code_find(message, &code)) {
        buf_append(text, message.data, message.length);
        return;
    }
    memcpy(values.args, code.args, sizeof values.args);
    catalog_fill(service_code_entry(&code, catalog)->texts[language].message, &values, text);
}

bool service_code_at(size_t index, struct service_code *code)
{
    const char *rest = lines();
    struct span line;
    while (next_line(&rest, &line)) {
        if (index-- == 0) {
            read_line(line, code);
            return true;
        }
    }
    return false;
}
