/* run/rows.c: see rows.h. */
#include "run/rows.h"

#include "order/value.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct rows {
    const struct work *work;
    struct csv_reader *reader;
    struct csv_fields *fields;
    struct arena arena; /* of the order at hand */
    struct buf text;    /* of the cell at hand */
    struct order_row lines[ORDER_LINES_MAX];
};

struct rows *rows_new(const struct work *work)
{
    struct rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL)
        return NULL;
    rows->work = work;
    rows->reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_RANDOM);
    rows->fields = csv_fields_new(work->delimiter);
    if (rows->reader == NULL || rows->fields == NULL) {
        rows_free(rows);
        return NULL;
    }
    return rows;
}

void rows_free(struct rows *rows)
{
    if (rows == NULL)
        return;
    csv_reader_free(rows->reader);
    csv_fields_free(rows->fields);
    arena_free(&rows->arena);
    buf_free(&rows->text);
    free(rows);
}

struct arena *rows_arena(struct rows *rows)
{
    return &rows->arena;
}

bool rows_is_blank(const struct work *work, const struct csv_record *record)
{
    if (record->cells > work->layout.heading_count || record->too_long)
        return false;
    for (size_t cell = 0; cell < record->cells; cell++) {
        const struct csv_extent *extent = &record->extents[cell];
        bool quoted = extent->end - extent->begin == 2 && memcmp(record->raw.data + extent->begin, "\"\"", 2) == 0;
        if (extent->end != extent->begin && !quoted)
            return false;
    }
    return true;
}

/* Whether the program does anything with what stands in this column. */
static bool is_used(const struct work *work, size_t cell)
{
    size_t column = work->layout.columns[cell];
    return column != ORDER_NO_COLUMN &&
           (work->schema.columns[column].field != ORDER_FIELD_NONE || work->schema.columns[column].needed != 0);
}

bool rows_cell_is_blank(const struct work *work, struct span cell)
{
    struct buf text = {0};
    size_t bad;
    if (utf8_is_ascii(cell))
        return value_is_blank(cell);
    bool blank = text_decode(work->codec, cell, &text, &bad) && !text.failed &&
                 value_is_blank((struct span){buf_text(&text), text.length});
    buf_free(&text);
    return blank;
}

/* What a cell means: ="…" is the text inside. */
static struct span meant(struct span cell)
{
    struct span inside;
    return value_unwrap(cell, &inside) ? inside : cell;
}

struct span rows_cell(const struct work *work, const struct span *cells, size_t count, enum order_field field)
{
    size_t column = order_layout_column(&work->layout, field);
    size_t cell = column != ORDER_NO_COLUMN ? work->layout.cells[column] : ORDER_NO_COLUMN;
    return cell < count ? meant(cells[cell]) : (struct span){NULL, 0};
}

bool rows_is_ours(const struct work *work, const struct csv_record *record, size_t cell)
{
    size_t headings = work->layout.heading_count;
    /* In a row with too many cells ours are the last, as the result file has it. */
    if (record->cells > headings && work->ours[RESULT_CODE] != CSV_NO_CELL)
        return cell + RESULT_COLUMNS >= record->cells;
    for (size_t own = 0; own < RESULT_COLUMNS; own++)
        if (work->ours[own] == cell)
            return true;
    return false;
}

/* How many headings stand before ours: in a result file that comes back, the clerk's cells end there. */
static size_t own_headings(const struct work *work)
{
    size_t headings = work->layout.heading_count;
    size_t first = work->ours[RESULT_STATUS];
    return first != CSV_NO_CELL && first + RESULT_COLUMNS == headings ? first : headings;
}

/* How many of the record's cells are really there. A row that was short got filled up in the result file, so that ours
 * stand under their headings: while it still says CELLS_MISSING there, and nothing was filled in, it is as short as it
 * was. Otherwise running on the result would send it as if somebody had mended it. */
static size_t cells_there(const struct work *work, const struct csv_record *record, const struct span *cells,
                          size_t count)
{
    size_t code = work->ours[RESULT_CODE];
    size_t there = record->cells;
    if (code >= count || there != work->layout.heading_count || !span_contains(cells[code], span_of("CELLS_MISSING")))
        return there;
    for (size_t cell = count; cell-- > 0;) {
        if (rows_is_ours(work, record, cell))
            continue;
        if (!rows_cell_is_blank(work, cells[cell]))
            break;
        there = cell;
    }
    return there;
}

/* Whether a value, in UTF-8, is of its column's type. A text is whatever it is; so is what people write in many ways.
 */
static bool has_type(struct span value, enum order_type type)
{
    char time[VALUE_TIME_SIZE];
    int64_t number;
    switch (type) {
    case ORDER_TYPE_TEXT:
    case ORDER_TYPE_CODE:
    case ORDER_TYPE_DATE:
    case ORDER_TYPE_PHONE:
    case ORDER_TYPE_POSTAL_CODE:
    case ORDER_TYPE_EMAIL:
    case ORDER_TYPE_KANA:
        break;
    case ORDER_TYPE_DIGITS:
        return value_is_digits(value);
    case ORDER_TYPE_INTEGER:
        return value_integer(value, &number);
    case ORDER_TYPE_DATETIME:
        return value_time(value, time);
    case ORDER_TYPE_CONTROL:
        return span_is(value, "N") || span_is(value, "U") || span_is(value, "D");
    }
    return true;
}

/* The same of a cell as it stands in the file. */
static bool cell_has_type(const struct work *work, struct span cell, enum order_type type)
{
    struct buf text = {0};
    size_t bad;
    cell = meant(cell);
    if (utf8_is_ascii(cell))
        return has_type(cell, type);
    /* What cannot be read has a finding of its own. */
    bool readable = text_decode(work->codec, cell, &text, &bad);
    bool has = has_type(readable ? (struct span){buf_text(&text), text.length} : cell, type);
    buf_free(&text);
    return has;
}

bool rows_id_in_place(const struct work *work, const struct csv_record *record)
{
    size_t cell = work->layout.cells[order_layout_column(&work->layout, ORDER_FIELD_ID)];
    return record->stray == CSV_NO_CELL || record->stray > cell;
}

bool rows_has_id(const struct work *work, const struct csv_record *record, const struct span *cells, size_t count)
{
    struct span id = rows_cell(work, cells, count, ORDER_FIELD_ID);
    size_t column = order_layout_column(&work->layout, ORDER_FIELD_ID);
    return rows_id_in_place(work, record) && id.length > 0 && !rows_cell_is_blank(work, id) &&
           has_type(id, work->schema.columns[column].type);
}

/* Whether each cell holds what its column can hold. */
static bool cells_fit(const struct work *work, const struct csv_record *record, const struct span *cells, size_t count)
{
    for (size_t cell = 0; cell < count && cell < work->layout.heading_count; cell++) {
        size_t column = work->layout.columns[cell];
        if (column != ORDER_NO_COLUMN && !rows_cell_is_blank(work, meant(cells[cell])) &&
            !cell_has_type(work, cells[cell], work->schema.columns[column].type))
            return false;
    }
    return rows_has_id(work, record, cells, count);
}

enum rows_damage rows_damage_of(const struct work *work, const struct csv_record *record, const struct span *cells,
                                size_t count, size_t *there)
{
    size_t headings = work->layout.heading_count;
    size_t found = cells_there(work, record, cells, count);
    if (there != NULL)
        *there = found;
    if (record->too_long)
        return ROWS_TOO_LONG;
    if (record->stray != CSV_NO_CELL)
        return ROWS_QUOTE_STRAY;
    if (record->cells > headings)
        return ROWS_CELLS_EXTRA;
    for (size_t cell = found; cell < headings; cell++)
        if (is_used(work, cell))
            return ROWS_CELLS_MISSING;
    /* A spreadsheet drops empty cells at a row's end. But where a cell holds what its column cannot, a delimiter was
     * lost before it, and every cell behind stands under a wrong heading. */
    if (found < headings && !cells_fit(work, record, cells, count))
        return ROWS_CELLS_MISSING;
    return ROWS_WHOLE;
}

/* ---- Findings about a row as such ---- */

/* A finding about cell `cell` (from 0; CSV_NO_CELL: about the row), with up to two numbers. */
static void add(struct findings *findings, const char *code, uint32_t row, size_t cell, uint64_t number1,
                uint64_t number2)
{
    char texts[2][24];
    const char *args[FINDING_ARGS] = {texts[0], texts[1]};
    if (findings == NULL)
        return;
    snprintf(texts[0], sizeof texts[0], "%" PRIu64, number1);
    snprintf(texts[1], sizeof texts[1], "%" PRIu64, number2);
    findings_add(findings,
                 (struct finding){.code = code,
                                  .row = row,
                                  .column = FINDING_NO_COLUMN,
                                  .cell = cell < UINT16_MAX ? (uint16_t)(cell + 1) : 0},
                 args);
}

/* The cell that makes a row too long; CSV_NO_CELL where no cell does by itself. */
static size_t longest_cell(const struct csv_record *record)
{
    for (size_t cell = 0; cell < record->cells && cell < CSV_CELLS_MAX; cell++)
        if (record->extents[cell].end - record->extents[cell].begin > record->length / 2)
            return cell;
    return CSV_NO_CELL;
}

/* Name the damage; false where there is none. */
static bool report_damage(const struct work *work, const struct csv_record *record, const struct span *cells,
                          size_t count, struct findings *findings)
{
    size_t there;
    /* In a result file that comes back, the clerk's cells end before ours. */
    size_t ours = work->layout.heading_count - own_headings(work);
    switch (rows_damage_of(work, record, cells, count, &there)) {
    case ROWS_WHOLE:
        return false;
    case ROWS_TOO_LONG:
        add(findings, "ROW_TOO_LONG", record->row, longest_cell(record), CSV_ROW_MAX, 0);
        return true;
    case ROWS_QUOTE_STRAY:
        add(findings, "QUOTE_STRAY", record->row, record->stray, 0, 0);
        return true;
    case ROWS_CELLS_EXTRA:
        add(findings, "CELLS_EXTRA", record->row, work->layout.heading_count - ours, record->cells - ours,
            work->layout.heading_count - ours);
        return true;
    case ROWS_CELLS_MISSING:
        if (there >= work->layout.heading_count - ours) /* ours, too, were under wrong headings */
            ours = 0;
        add(findings, "CELLS_MISSING", record->row, there, there, work->layout.heading_count - ours);
        return true;
    }
    return true;
}

/* ---- Cells ---- */

/* The place in the source of byte `at` of a cell's value: quotes are doubled there. */
static uint64_t offset_of(const struct csv_record *record, size_t cell, struct span value, size_t at)
{
    uint64_t offset = record->offset + record->extents[cell].begin + at;
    if (record->raw.data[record->extents[cell].begin] != '"')
        return offset;
    for (size_t i = 0; i < at; i++)
        offset += value.data[i] == '"';
    return offset + 1;
}

/* The cell's text in UTF-8; its `data` is NULL where it is unreadable, which is a finding. False: memory ran out. */
static bool decode_cell(struct rows *rows, const struct csv_record *record, size_t cell, struct span value,
                        struct findings *findings, struct span *text)
{
    size_t bad = 0;
    *text = (struct span){NULL, 0};
    if (value.length > 0 && memchr(value.data, '\0', value.length) != NULL) {
        add(findings, "NUL_BYTE", record->row, cell, 0, 0);
        return true;
    }
    buf_clear(&rows->text);
    if (!text_decode(rows->work->codec, value, &rows->text, &bad)) {
        if (rows->text.failed)
            return false;
        uint64_t offset = csv_source_offset(rows->work->source, offset_of(record, cell, value, bad));
        add(findings, "ENCODING_INVALID", record->row, cell, offset, 0);
        return true;
    }
    *text = arena_copy(&rows->arena, (struct span){buf_text(&rows->text), rows->text.length});
    return text->data != NULL && !rows->text.failed;
}

/* Where a record's bytes are kept as long as its order is; `data` NULL: they are not. */
struct kept {
    const char *from; /* where the record's bytes are now */
    struct span bytes;
};

/* The values of a plain record are parts of its bytes. False: memory ran out. */
static bool keep(struct rows *rows, const struct csv_record *record, struct kept *kept)
{
    *kept = (struct kept){record->raw.data, {NULL, 0}};
    if (record->plain)
        kept->bytes = arena_copy(&rows->arena, record->raw);
    return !record->plain || kept->bytes.data != NULL;
}

/* The text of any cell; most are ASCII, and are text as they stand. False: memory ran out. */
static bool read_cell(struct rows *rows, const struct csv_record *record, const struct kept *kept, size_t cell,
                      struct span value, struct findings *findings, struct span *text)
{
    if (kept->bytes.data == NULL || !utf8_is_ascii_text(value))
        return decode_cell(rows, record, cell, value, findings, text);
    *text = (struct span){kept->bytes.data + (value.data - kept->from), value.length};
    return true;
}

/* Whether it matters what stands in this column. */
static bool is_read(const struct order_column *column)
{
    return column->field != ORDER_FIELD_NONE || column->needed != 0 || column->type != ORDER_TYPE_TEXT;
}

/* ="…" is read as the text inside, and the clerk is told so. False: memory ran out. */
static bool unwrap(struct rows *rows, uint32_t row, size_t column, struct span *text, struct findings *findings)
{
    struct buf excerpt = {0};
    buf_clear(&rows->text);
    if (!is_read(&rows->work->schema.columns[column]) || !value_unwrap_quotes(*text, &rows->text))
        return true;
    *text = arena_copy(&rows->arena, (struct span){buf_text(&rows->text), rows->text.length});
    if (text->data == NULL || rows->text.failed)
        return false;
    if (findings == NULL)
        return true;
    utf8_excerpt(*text, FINDING_EXCERPT_MAX, &excerpt);
    findings->failed = findings->failed || excerpt.failed;
    const char *args[FINDING_ARGS] = {buf_text(&excerpt)};
    findings_add(findings, (struct finding){.code = "FORMULA_TEXT", .row = row, .column = (uint16_t)column}, args);
    buf_free(&excerpt);
    return true;
}

/* The cells of a record into `line`, unless it is damaged. Those of columns that the schema does not know are read for
 * their encoding only. */
static bool load_cells(struct rows *rows, const struct csv_record *record, struct order_row *line,
                       struct findings *findings, struct error *error)
{
    const struct work *work = rows->work;
    const struct span *values;
    size_t count;
    struct span *texts = arena_alloc(&rows->arena, work->schema.count * sizeof *texts);
    line->values = texts;
    if (texts == NULL)
        return error_set_memory(error);
    if (!rows_cells(rows, record, &values, &count, error))
        return false;
    struct kept kept;
    if (!keep(rows, record, &kept))
        return error_set_memory(error);
    line->damaged = report_damage(work, record, values, count, findings);
    for (size_t cell = 0; cell < count && cell < work->layout.heading_count && !line->damaged; cell++) {
        size_t column = work->layout.columns[cell];
        struct span text;
        if (!read_cell(rows, record, &kept, cell, values[cell], findings, &text))
            return error_set_memory(error);
        if (column == ORDER_NO_COLUMN)
            continue;
        bool formula = text.length > 0 && text.data[0] == '=';
        if (formula && !unwrap(rows, record->row, column, &text, findings))
            return error_set_memory(error);
        texts[column] = text;
    }
    return true;
}

bool rows_record(struct rows *rows, const struct book_row *row, struct csv_record *record, struct error *error)
{
    csv_reader_seek(rows->reader, row->offset, row->number);
    switch (csv_reader_next(rows->reader, record, error)) {
    case CSV_NEXT_RECORD:
        return true;
    case CSV_NEXT_END: /* it was there before */
        return error_set(error, ERROR_USAGE, "INPUT_CHANGED", rows->work->input, NULL, NULL, NULL);
    case CSV_NEXT_FAILED:
        break;
    }
    return false;
}

bool rows_cells(struct rows *rows, const struct csv_record *record, const struct span **cells, size_t *count,
                struct error *error)
{
    return csv_fields_of(rows->fields, record, cells, count, error);
}

static bool load_line(struct rows *rows, struct book_row row, struct order_row *line, struct findings *findings,
                      struct error *error)
{
    struct csv_record record;
    *line = (struct order_row){.number = row.number};
    return rows_record(rows, &row, &record, error) && load_cells(rows, &record, line, findings, error);
}

_Static_assert((int)CSV_ROW_MAX < (int)BOOK_LENGTH_MAX, "a row that is too long is told by its length");

static bool is_too_large(const struct book *book, const struct book_order *order)
{
    uint64_t bytes = 0;
    if (order->rows > ORDER_LINES_MAX)
        return true;
    for (uint32_t row = order->first; row != BOOK_NONE; row = book_next(book, row)) {
        uint32_t length = book_row(book, row).length;
        if (length <= CSV_ROW_MAX) /* a longer one is not held */
            bytes += length;
    }
    return bytes > ORDER_BYTES_MAX;
}

bool rows_load(struct rows *rows, const struct book_order *order, struct order *loaded, struct findings *findings,
               struct error *error)
{
    const struct book *book = &rows->work->book;
    arena_reset(&rows->arena);
    *loaded = (struct order){.rows = rows->lines};
    if (is_too_large(book, order)) {
        add(findings, "ORDER_TOO_LARGE", 0, CSV_NO_CELL, ORDER_LINES_MAX, ORDER_BYTES_MAX / (1024 * 1024));
        return true;
    }
    for (uint32_t row = order->first; row != BOOK_NONE; row = book_next(book, row))
        if (!load_line(rows, book_row(book, row), &rows->lines[loaded->count++], findings, error))
            return false;
    order_sort(&rows->work->columns, loaded);
    return true;
}
