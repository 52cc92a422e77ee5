/* run/diff_side.c: see diff_side.h. */
#include "run/diff_side.h"

#include "base/hash.h"
#include "order/value.h"
#include "run/definitions.h"
#include "run/header.h"
#include "run/input.h"
#include "run/rows.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_ROUNDED = 6, ID_EXACT_MAX = 11 }; /* digits of 1.23457E+11, and of the longest number that is written whole */

/* ---- The file ---- */

/* The cells of the header that are not ours. */
static bool find_cells(struct diff_side *side, struct error *error)
{
    const struct work *work = &side->work;
    side->cells = calloc(work->layout.heading_count + 1, sizeof *side->cells);
    side->filled = calloc(work->layout.heading_count + 1, sizeof *side->filled);
    if (side->cells == NULL || side->filled == NULL)
        return error_set_memory(error);
    for (size_t cell = 0; cell < work->layout.heading_count; cell++) {
        bool ours = false;
        for (size_t own = 0; own < RESULT_COLUMNS; own++)
            ours = ours || work->ours[own] == cell;
        if (!ours)
            side->cells[side->cell_count++] = cell;
    }
    return true;
}

bool diff_side_open(struct diff_side *side, const char *path, const struct atobarai_options *options,
                    struct error *error)
{
    struct work *work = &side->work;
    *side = (struct diff_side){.loaded = DIFF_NONE};
    work->input = path;
    work->options = options;
    if (!definitions_schema(options, &work->schema, error))
        return false;
    order_schema_defer_all(&work->schema); /* so 支払方法 need not be there */
    if (!input_open(work, error) || !header_read(work, error) || !find_cells(side, error))
        return false;
    side->reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_RANDOM);
    side->fields = csv_fields_new(work->delimiter);
    return (side->reader != NULL && side->fields != NULL) || error_set_memory(error);
}

void diff_side_close(struct diff_side *side)
{
    csv_reader_free(side->reader);
    csv_fields_free(side->fields);
    buf_free(&side->text);
    free(side->values);
    free(side->rows);
    free(side->cells);
    free(side->filled);
    work_free(&side->work);
}

struct span diff_side_heading(const struct diff_side *side, size_t cell)
{
    return side->work.layout.headings[side->cells[cell]];
}

/* ---- The columns of both ---- */

static size_t schema_column(const struct diff_side *side, size_t cell)
{
    return side->work.layout.columns[side->cells[cell]];
}

/* Whether two cells have one column. Both schemas are the same. */
static bool same_column(const struct diff_side *a, size_t cell, const struct diff_side *b, size_t other)
{
    size_t column = schema_column(a, cell);
    if (column != ORDER_NO_COLUMN || schema_column(b, other) != ORDER_NO_COLUMN)
        return column == schema_column(b, other);
    return span_equal(diff_side_heading(a, cell), diff_side_heading(b, other));
}

/* The cell of `other` that has the column of `cell`: where there are several, the one with as many before it. */
static size_t partner_of(const struct diff_side *side, size_t cell, const struct diff_side *other)
{
    size_t before = 0;
    for (size_t i = 0; i < cell; i++)
        before += same_column(side, i, side, cell);
    for (size_t i = 0; i < other->cell_count; i++)
        if (same_column(side, cell, other, i) && before-- == 0)
            return i;
    return ORDER_NO_COLUMN;
}

/* The cell that serves `field`. */
static size_t cell_of(const struct diff_side *side, enum order_field field)
{
    size_t column = order_layout_column(&side->work.layout, field);
    for (size_t cell = 0; cell < side->cell_count && column != ORDER_NO_COLUMN; cell++)
        if (schema_column(side, cell) == column)
            return cell;
    return ORDER_NO_COLUMN;
}

/* What tells the lines of an order apart, where both files have it. */
static void find_line(struct diff_columns *columns, const struct diff_side *const sides[2])
{
    static const enum order_field fields[] = {ORDER_FIELD_ITEM_LINE_ID, ORDER_FIELD_ITEM_NUMBER};
    columns->line[0] = columns->line[1] = ORDER_NO_COLUMN;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && columns->line[0] == ORDER_NO_COLUMN; i++) {
        size_t before = cell_of(sides[0], fields[i]);
        size_t after = cell_of(sides[1], fields[i]);
        if (before != ORDER_NO_COLUMN && after != ORDER_NO_COLUMN) {
            columns->line[0] = before;
            columns->line[1] = after;
        }
    }
}

static bool is_of_line(const struct diff_side *side, size_t cell)
{
    size_t column = schema_column(side, cell);
    return column == ORDER_NO_COLUMN || side->work.schema.columns[column].level != ORDER_LEVEL_ORDER;
}

bool diff_columns_find(struct diff_columns *columns, const struct diff_side *before, const struct diff_side *after,
                       struct error *error)
{
    const struct diff_side *const sides[2] = {before, after};
    *columns = (struct diff_columns){
        .pairs = calloc(after->cell_count + 1, sizeof *columns->pairs),
        .removed = calloc(before->cell_count + 1, sizeof *columns->removed),
        .added = calloc(after->cell_count + 1, sizeof *columns->added),
    };
    if (columns->pairs == NULL || columns->removed == NULL || columns->added == NULL)
        return error_set_memory(error);
    for (int side = 0; side < 2; side++)
        columns->id[side] = cell_of(sides[side], ORDER_FIELD_ID);
    find_line(columns, sides);
    for (size_t cell = 0; cell < after->cell_count; cell++) {
        size_t partner = partner_of(after, cell, before);
        bool names = cell == columns->id[1] || cell == columns->line[1];
        if (partner != ORDER_NO_COLUMN)
            columns->pairs[columns->count++] = (struct diff_pair){partner, cell, names, is_of_line(after, cell)};
        else
            columns->added[columns->added_count++] = cell;
    }
    for (size_t cell = 0; cell < before->cell_count; cell++)
        if (partner_of(before, cell, after) == ORDER_NO_COLUMN)
            columns->removed[columns->removed_count++] = cell;
    return true;
}

void diff_columns_free(struct diff_columns *columns)
{
    free(columns->pairs);
    free(columns->removed);
    free(columns->added);
    *columns = (struct diff_columns){0};
}

/* ---- A row's texts ---- */

/* Room for `count` values. */
static bool reserve_values(struct diff_side *side, size_t count)
{
    if (count <= side->value_capacity)
        return true;
    struct span *values = realloc(side->values, count * sizeof *values);
    if (values == NULL)
        return false;
    side->values = values;
    side->value_capacity = count;
    return true;
}

/* Append a cell in UTF-8; one that cannot be decoded stays as it is, so that a change of it is seen. */
static void append_value(struct diff_side *side, struct span cell)
{
    size_t before = side->text.length;
    size_t bad;
    if (!utf8_is_ascii(cell) && text_decode(side->work.codec, cell, &side->text, &bad))
        return;
    side->text.length = before;
    buf_append(&side->text, cell.data, cell.length);
}

/* Take a record's cells that are not ours. */
static bool take_values(struct diff_side *side, const struct csv_record *record, struct error *error)
{
    const struct span *cells;
    size_t count;
    if (!csv_fields_of(side->fields, record, SIZE_MAX, &cells, &count, error))
        return false;
    if (!reserve_values(side, count + side->cell_count))
        return error_set_memory(error);
    buf_clear(&side->text);
    side->value_count = 0;
    for (size_t cell = 0; cell < count; cell++) {
        if (rows_is_ours(&side->work, record, cell))
            continue;
        size_t before = side->text.length;
        append_value(side, cells[cell]);
        side->values[side->value_count++] = (struct span){NULL, side->text.length - before};
    }
    if (side->text.failed)
        return error_set_memory(error);
    const char *at = buf_text(&side->text);
    for (size_t i = 0; i < side->value_count; i++) {
        side->values[i].data = at;
        at += side->values[i].length;
    }
    return true;
}

struct span diff_side_value(const struct diff_side *side, size_t cell)
{
    return cell < side->value_count ? side->values[cell] : (struct span){"", 0};
}

bool diff_side_load(struct diff_side *side, uint32_t row, struct error *error)
{
    struct csv_record record;
    const struct diff_row *wanted = &side->rows[row];
    if (side->loaded == row)
        return true;
    side->loaded = DIFF_NONE;
    csv_reader_seek(side->reader, wanted->offset, wanted->number);
    enum csv_next next = csv_reader_next(side->reader, &record, error);
    if (next == CSV_NEXT_END) /* it became shorter */
        return error_set(error, ERROR_USAGE, "INPUT_CHANGED", side->work.input, NULL, NULL, NULL);
    if (next != CSV_NEXT_RECORD || !take_values(side, &record, error))
        return false;
    side->loaded = row;
    return true;
}

/* ---- Hashes ---- */

/* What a cell that names something means: without blanks around it and what keeps its zeros. */
static struct span meaning_of(struct span value)
{
    struct span inside;
    value = value_trimmed(value);
    return value_unwrap(value, &inside) ? value_trimmed(inside) : value;
}

/* What is left of `id` in a number that a spreadsheet rounded, in `text`: its first digits and its length. False where
 * it is none that would be rounded. */
static bool round_id(struct span id, char text[VALUE_NARROW_MAX])
{
    char *end;
    bool digits = value_is_digits(id);
    if (id.length == 0 || id.length >= VALUE_NARROW_MAX || (digits && id.length <= ID_EXACT_MAX) ||
        (!digits && !value_is_rounded(id)))
        return false;
    snprintf(text, VALUE_NARROW_MAX, "%.*s", (int)id.length, id.data);
    double number = strtod(text, &end);
    snprintf(text, VALUE_NARROW_MAX, "%.*e", ID_ROUNDED - 1, number);
    return *end == '\0';
}

/* The hash of an order id that is the same before and behind what a spreadsheet does to it. */
static uint64_t hash_id(struct span id)
{
    char bytes[VALUE_NARROW_MAX];
    char rounded[VALUE_NARROW_MAX];
    id = value_narrowed(id, bytes);
    while (id.length > 1 && id.data[0] == '0' && value_is_digits(id))
        id = (struct span){id.data + 1, id.length - 1};
    return hash_add(HASH_BEGIN, round_id(id, rounded) ? span_of(rounded) : id);
}

static void hash_row(const struct diff_side *side, const struct diff_columns *columns, int which, struct diff_row *row)
{
    struct span id = meaning_of(diff_side_value(side, columns->id[which]));
    row->whole = HASH_BEGIN;
    row->rest = HASH_BEGIN;
    for (size_t i = 0; i < columns->count; i++) {
        const struct diff_pair *pair = &columns->pairs[i];
        struct span value = diff_side_value(side, which == 0 ? pair->before : pair->after);
        row->whole = hash_add(row->whole, value);
        if (!pair->names)
            row->rest = hash_add(row->rest, value);
    }
    for (size_t cell = side->cell_count; cell < side->value_count; cell++) /* cells too many */
        row->whole = hash_add(row->whole, side->values[cell]);
    row->key = hash_add(HASH_BEGIN, id);
    if (columns->line[which] != ORDER_NO_COLUMN)
        row->key = hash_add(row->key, meaning_of(diff_side_value(side, columns->line[which])));
    row->id = hash_id(id);
}

/* ---- All rows ---- */

static bool is_blank(const struct diff_side *side)
{
    for (size_t i = 0; i < side->value_count; i++)
        if (side->values[i].length > 0)
            return false;
    return true;
}

static struct diff_row *add_row(struct diff_side *side)
{
    enum { ROWS_FIRST = 1024 };
    if (side->row_count == side->row_capacity) {
        size_t capacity = side->row_capacity > 0 ? side->row_capacity + side->row_capacity / 2 : ROWS_FIRST;
        struct diff_row *rows = realloc(side->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return NULL;
        side->rows = rows;
        side->row_capacity = capacity;
    }
    return &side->rows[side->row_count++];
}

static bool refuse_long(const struct diff_side *side, uint32_t row, struct error *error)
{
    char number[16];
    char limit[16];
    snprintf(number, sizeof number, "%" PRIu32, row);
    snprintf(limit, sizeof limit, "%d", CSV_ROW_MAX);
    return error_set(error, ERROR_INPUT, "ROW_UNREADABLE", side->work.input, number, limit, NULL);
}

static bool enter(struct diff_side *side, const struct diff_columns *columns, int which,
                  const struct csv_record *record, struct error *error)
{
    if (record->too_long)
        return refuse_long(side, record->row, error);
    if (record->cells == 0)
        return true;
    if (!take_values(side, record, error))
        return false;
    if (is_blank(side))
        return true;
    struct diff_row *row = add_row(side);
    if (row == NULL)
        return error_set_memory(error);
    *row = (struct diff_row){.offset = record->offset, .number = record->row, .partner = DIFF_NONE};
    hash_row(side, columns, which, row);
    for (size_t cell = 0; cell < side->cell_count; cell++)
        side->filled[cell] = side->filled[cell] || diff_side_value(side, cell).length > 0;
    return true;
}

/* An unclosed quote is told by its column's heading, too, which the reader does not know. */
static bool name_column(const struct work *work, struct error *error)
{
    if (error->code == NULL || strcmp(error->code, "QUOTE_UNCLOSED") != 0)
        return false;
    size_t column = strtoul(error->args[1], NULL, 10);
    if (column >= 1 && column <= work->layout.heading_count)
        error_set_arg(error, 2, work->layout.headings[column - 1].data);
    return false;
}

/* From now on rows are read here and there. */
static bool read_singly(struct diff_side *side, struct error *error)
{
    csv_reader_free(side->reader);
    side->reader = csv_reader_new(side->work.source, side->work.delimiter, CSV_BLOCK_SINGLE);
    return side->reader != NULL || error_set_memory(error);
}

bool diff_side_index(struct diff_side *side, const struct diff_columns *columns, int which, struct error *error)
{
    struct csv_record record;
    csv_reader_seek(side->reader, side->work.rows, 2);
    for (;;) {
        enum csv_next next = csv_reader_next(side->reader, &record, error);
        if (next == CSV_NEXT_END)
            return read_singly(side, error);
        if (next == CSV_NEXT_FAILED)
            return name_column(&side->work, error);
        if (!enter(side, columns, which, &record, error))
            return false;
    }
}
