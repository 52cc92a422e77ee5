/* run/table.c: see table.h; and the listings of include/atobarai.h. */
#include "run/table.h"

#include "text/harmless.h"
#include "text/utf8.h"
#include "text/width.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

void table_put(struct table *table, const char *text)
{
    utf8_clean(span_of(text), &table->cells);
    buf_append_byte(&table->cells, '\0');
}

void table_put_time(struct table *table, int64_t seconds)
{
    char text[32] = "";
    struct tm local;
    time_t time = (time_t)seconds;
    if (seconds != 0 && localtime_r(&time, &local) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    table_put(table, text);
}

void table_clear(struct table *table)
{
    bool failed = table->cells.failed;
    buf_clear(&table->cells);
    table->cells.failed = failed;
}

void table_free(struct table *table)
{
    buf_free(&table->cells);
    free(table->widths);
    table->widths = NULL;
}

/* The cell behind `cell`, the first one for NULL; NULL at the end. */
static const char *next_cell(const struct table *table, const char *cell)
{
    const char *next = cell != NULL ? cell + strlen(cell) + 1 : table->cells.data;
    return next != NULL && next < table->cells.data + table->cells.length ? next : NULL;
}

static size_t next_column(const struct table *table, size_t column)
{
    return column + 1 < table->count ? column + 1 : 0;
}

/* ---- Text ---- */

static void widen(size_t *width, const char *text, struct buf *line)
{
    buf_clear(line);
    harmless_put_line(span_of(text), line);
    size_t needed = width_of((struct span){buf_text(line), line->length});
    *width = needed > *width ? needed : *width;
}

void table_measure(struct table *table, enum atobarai_language language)
{
    struct buf line = {0};
    size_t column = 0;
    if (table->widths == NULL)
        table->widths = calloc(table->count, sizeof *table->widths);
    table->cells.failed = table->cells.failed || table->widths == NULL;
    if (table->cells.failed)
        return;
    for (size_t i = 0; i < table->count; i++)
        widen(&table->widths[i], table->columns[i].headings[language], &line);
    for (const char *cell = next_cell(table, NULL); cell != NULL; cell = next_cell(table, cell)) {
        widen(&table->widths[column], cell, &line);
        column = next_column(table, column);
    }
    table->cells.failed = line.failed;
    buf_free(&line);
}

static void put_blanks(size_t count, struct buf *out)
{
    while (count-- > 0)
        buf_append_byte(out, ' ');
}

/* Append a cell, filled up to `width`, to `line`; behind the last one of a row, the line without the blanks at its end
 * goes to `out`. */
static void put_in_line(const char *cell, size_t width, bool last, struct buf *line, struct buf *out)
{
    size_t begin = line->length;
    harmless_put_line(span_of(cell), line);
    size_t used = width_of((struct span){buf_text(line) + begin, line->length - begin});
    put_blanks(used < width ? width - used + 2 : 2, line);
    if (!last)
        return;
    while (line->length > 0 && line->data[line->length - 1] == ' ')
        line->length--;
    buf_append(out, buf_text(line), line->length);
    buf_append_byte(out, '\n');
    out->failed = out->failed || line->failed;
    buf_clear(line);
}

static void write_headings(const struct table *table, enum atobarai_language language, struct buf *out)
{
    struct buf line = {0};
    for (size_t i = 0; i < table->count; i++)
        put_in_line(table->columns[i].headings[language], table->widths[i], i + 1 == table->count, &line, out);
    buf_free(&line);
}

static void write_text(const struct table *table, struct buf *out)
{
    struct buf line = {0};
    size_t column = 0;
    for (const char *cell = next_cell(table, NULL); cell != NULL; cell = next_cell(table, cell)) {
        put_in_line(cell, table->widths[column], column + 1 == table->count, &line, out);
        column = next_column(table, column);
    }
    buf_free(&line);
}

/* ---- CSV ---- */

void table_put_csv(const char *text, const char *behind, struct buf *out)
{
    const char *quote = strpbrk(text, ",\"\r\n") != NULL ? "\"" : "";
    buf_append_text(out, quote);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_append_byte(out, '"');
        buf_append_byte(out, *text);
    }
    buf_append_text(out, quote);
    buf_append_text(out, behind);
}

static void write_csv(const struct table *table, struct buf *out)
{
    struct buf harmless = {0};
    size_t column = 0;
    for (const char *cell = next_cell(table, NULL); cell != NULL; cell = next_cell(table, cell)) {
        column = next_column(table, column);
        buf_clear(&harmless);
        harmless_put_cell(span_of(cell), &harmless);
        table_put_csv(buf_text(&harmless), column > 0 ? "," : "\r\n", out);
        out->failed = out->failed || harmless.failed;
    }
    buf_free(&harmless);
}

/* ---- JSON ---- */

static bool add_cell(cJSON *object, const struct table *table, size_t column, const char *cell)
{
    const char *key = table->columns[column].key;
    if (*cell == '\0')
        return cJSON_AddNullToObject(object, key) != NULL;
    if ((table->numbers & 1U << column) != 0)
        return cJSON_AddRawToObject(object, key, cell) != NULL;
    return cJSON_AddStringToObject(object, key, cell) != NULL;
}

/* Append the row that begins with `*cell`, and go behind it. One object at a time: a ledger may hold a million. */
static void write_object(const struct table *table, const char **cell, struct buf *out)
{
    cJSON *object = cJSON_CreateObject();
    bool made = object != NULL;
    for (size_t i = 0; i < table->count && *cell != NULL; i++, *cell = next_cell(table, *cell))
        made = made && add_cell(object, table, i, *cell);
    char *text = made ? cJSON_PrintUnformatted(object) : NULL;
    if (text != NULL)
        buf_append_text(out, text);
    out->failed = out->failed || text == NULL;
    free(text);
    cJSON_Delete(object);
}

static void write_json(const struct table *table, struct buf *out)
{
    const char *cell = next_cell(table, NULL);
    for (const char *separator = table->begun ? ",\n" : "\n"; cell != NULL; separator = ",\n") {
        buf_append_text(out, separator);
        write_object(table, &cell, out);
    }
}

/* ---- All of them ---- */

void table_begin(struct table *table, enum atobarai_format format, enum atobarai_language language, struct buf *out)
{
    table->begun = false;
    if (format == ATOBARAI_JSON) {
        buf_append_byte(out, '[');
    } else if (format == ATOBARAI_CSV) {
        for (size_t i = 0; i < table->count; i++)
            table_put_csv(table->columns[i].headings[ATOBARAI_JA], i + 1 < table->count ? "," : "\r\n", out);
    } else {
        if (table->widths == NULL)
            table_measure(table, language);
        out->failed = out->failed || table->cells.failed;
        if (!out->failed)
            write_headings(table, language, out);
    }
}

void table_write_piece(struct table *table, enum atobarai_format format, struct buf *out)
{
    out->failed = out->failed || table->cells.failed;
    if (out->failed)
        return;
    switch (format) {
    case ATOBARAI_CSV:
        write_csv(table, out);
        break;
    case ATOBARAI_JSON:
        write_json(table, out);
        break;
    default:
        write_text(table, out);
        break;
    }
    table->begun = table->begun || table->cells.length > 0;
}

void table_end(const struct table *table, enum atobarai_format format, enum atobarai_language language, struct buf *out)
{
    static const char *const nothing[] = {"（該当なし）\n", "(none)\n"};
    if (format == ATOBARAI_JSON)
        buf_append_text(out, table->begun ? "\n]\n" : "]\n");
    else if (format != ATOBARAI_CSV && !table->begun)
        buf_append_text(out, nothing[language]);
}

void table_write(struct table *table, enum atobarai_format format, enum atobarai_language language, struct buf *out)
{
    table_begin(table, format, language, out);
    table_write_piece(table, format, out);
    table_end(table, format, language, out);
}

char *atobarai_table(const struct atobarai_column *columns, size_t column_count, const char *const *cells,
                     size_t row_count, enum atobarai_format format, enum atobarai_language language)
{
    struct table table = {.columns = columns, .count = column_count};
    struct buf out = {0};
    for (size_t i = 0; i < row_count * column_count; i++)
        table_put(&table, cells[i] != NULL ? cells[i] : "");
    table_write(&table, format, language, &out);
    table_free(&table);
    if (!out.failed)
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}
