/* run/loader.c: see loader.h. */
#include "run/loader.h"

#include "csv/fields.h"
#include "order/value.h"
#include "run/judge.h"
#include "run/rows.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The line that was loaded before, of the same order: most cells of the next one say the same. */
struct before {
    const struct span *values; /* per cell, as it stands in the file */
    const struct span *texts;  /* per column of the schema */
    size_t count;              /* cells; 0: there is no such line, or one of its cells has to be looked at each time */
};

struct loader {
    const struct work *work;
    struct csv_reader *reader;
    struct csv_fields *fields[2]; /* of the line at hand, and of the one before */
    bool turn;                    /* which of them is which */
    bool odd;                     /* a cell of the line at hand is not what stands in the file */
    struct before before;
    struct arena arena; /* of the order at hand */
    struct buf text;    /* of the cell at hand */
    struct order_row lines[ORDER_LINES_MAX];
};

struct loader *loader_new(const struct work *work)
{
    struct loader *loader = calloc(1, sizeof *loader);
    if (loader == NULL)
        return NULL;
    loader->work = work;
    loader->reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_SINGLE);
    for (size_t i = 0; i < 2; i++)
        loader->fields[i] = csv_fields_new(work->delimiter);
    if (loader->reader == NULL || loader->fields[0] == NULL || loader->fields[1] == NULL) {
        loader_free(loader);
        return NULL;
    }
    return loader;
}

void loader_free(struct loader *loader)
{
    if (loader == NULL)
        return;
    csv_reader_free(loader->reader);
    for (size_t i = 0; i < 2; i++)
        csv_fields_free(loader->fields[i]);
    arena_free(&loader->arena);
    buf_free(&loader->text);
    free(loader);
}

struct arena *loader_arena(struct loader *loader)
{
    return &loader->arena;
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
    size_t ours = work->layout.heading_count - rows_own_headings(work);
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
        add(findings, "CELLS_EXTRA", record->row, work->layout.heading_count - ours, there - ours,
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

/* Where it is told what is wrong in a column; ORDER_NO_COLUMN: one that the schema does not know. NULL: it does not
 * matter to this run. */
static struct findings *told(const struct loader *loader, size_t column, struct findings *findings)
{
    bool known = column != ORDER_NO_COLUMN;
    enum order_field field = known ? loader->work->schema.columns[column].field : ORDER_FIELD_NONE;
    return rules_look_at(judge_purpose(loader->work), field) ? findings : NULL;
}

static void add_unreadable(const struct loader *loader, const char *code, const struct csv_record *record, size_t cell,
                           uint64_t offset, struct findings *findings)
{
    add(told(loader, loader->work->layout.columns[cell], findings), code, record->row, cell, offset, 0);
}

/* The cell's text in UTF-8; its `data` is NULL where it is unreadable, which is a finding. False: memory ran out. */
static bool decode_cell(struct loader *loader, const struct csv_record *record, size_t cell, struct span value,
                        struct findings *findings, struct span *text)
{
    size_t bad = 0;
    *text = (struct span){NULL, 0};
    if (value.length > 0 && memchr(value.data, '\0', value.length) != NULL) {
        loader->odd = true;
        add_unreadable(loader, "NUL_BYTE", record, cell, 0, findings);
        return true;
    }
    buf_clear(&loader->text);
    if (!text_decode(loader->work->codec, value, &loader->text, &bad)) {
        if (loader->text.failed)
            return false;
        uint64_t offset = csv_source_offset(loader->work->source, offset_of(record, cell, value, bad));
        loader->odd = true;
        add_unreadable(loader, "ENCODING_INVALID", record, cell, offset, findings);
        return true;
    }
    *text = arena_copy(&loader->arena, (struct span){buf_text(&loader->text), loader->text.length});
    return text->data != NULL && !loader->text.failed;
}

/* The text of any cell; most are ASCII, and are text as they stand. False: memory ran out. */
static bool read_cell(struct loader *loader, const struct csv_record *record, size_t cell, struct span value,
                      struct findings *findings, struct span *text)
{
    *text = value;
    return (record->plain && utf8_is_ascii_text(value)) || decode_cell(loader, record, cell, value, findings, text);
}

/* Whether it matters what stands in this column. */
static bool is_read(const struct work *work, size_t column)
{
    return rows_use(work, column) || work->schema.columns[column].type != ORDER_TYPE_TEXT;
}

/* ="…" is read as the text inside, and the clerk is told so. False: memory ran out. */
static bool unwrap(struct loader *loader, uint32_t row, size_t column, struct span *text, struct findings *findings)
{
    struct buf excerpt = {0};
    buf_clear(&loader->text);
    if (!is_read(loader->work, column) || !value_unwrap_quotes(*text, &loader->text))
        return true;
    *text = arena_copy(&loader->arena, (struct span){buf_text(&loader->text), loader->text.length});
    loader->odd = true;
    if (text->data == NULL || loader->text.failed)
        return false;
    findings = told(loader, column, findings);
    if (findings == NULL)
        return true;
    utf8_excerpt(*text, FINDING_EXCERPT_MAX, &excerpt);
    findings->failed = findings->failed || excerpt.failed;
    const char *args[FINDING_ARGS] = {buf_text(&excerpt)};
    findings_add(findings, (struct finding){.code = "FORMULA_TEXT", .row = row, .column = (uint16_t)column}, args);
    buf_free(&excerpt);
    return true;
}

/* One cell: its text, unless the line before said the same; its place is where its column's text goes, NULL where the
 * schema does not know the column, whose cells are read for their encoding only. False: memory ran out. */
static bool load_cell(struct loader *loader, const struct csv_record *record, size_t cell, struct span value,
                      struct findings *findings, struct span *place, size_t column)
{
    const struct before *before = &loader->before;
    struct span text;
    if (cell < before->count && span_equal(value, before->values[cell])) {
        if (place != NULL)
            *place = before->texts[column];
        return true;
    }
    if (!read_cell(loader, record, cell, value, findings, &text))
        return false;
    if (place == NULL)
        return true;
    bool formula = text.length > 0 && text.data[0] == '=';
    if (formula && !unwrap(loader, record->row, column, &text, findings))
        return false;
    *place = text;
    return true;
}

/* One that was damaged. False: memory ran out. */
static bool load_mend(struct loader *loader, uint32_t row, const struct mend *mend, struct findings *findings,
                      struct span *place, size_t column)
{
    if (place == NULL)
        return true;
    *place = mend->text;
    return mend->text.length == 0 || mend->text.data[0] != '=' || unwrap(loader, row, column, place, findings);
}

/* The list's next entry, which `|` ends; `rest` gets what is behind it. */
static struct span next_entry(struct span list, struct span *rest)
{
    const char *bar = list.length > 0 ? memchr(list.data, '|', list.length) : NULL;
    size_t length = bar != NULL ? (size_t)(bar - list.data) : list.length;
    size_t behind = bar != NULL ? length + 1 : length;
    *rest = (struct span){list.data + behind, list.length - behind};
    return (struct span){list.data, length};
}

/* A question mark in a cell of this heading, which could not be read when the result was written. */
static void add_lost(struct loader *loader, uint32_t row, struct span heading, const struct span *texts,
                     struct findings *findings)
{
    const struct order_layout *layout = &loader->work->layout;
    for (size_t cell = 0; cell < layout->heading_count; cell++) {
        size_t column = layout->columns[cell];
        if (column == ORDER_NO_COLUMN || !span_equal(layout->headings[cell], heading) || texts[column].length == 0)
            continue;
        const char *mark = memchr(texts[column].data, '?', texts[column].length);
        if (mark != NULL)
            add(told(loader, column, findings), "TEXT_GARBLED", row, cell,
                utf8_characters((struct span){texts[column].data, (size_t)(mark - texts[column].data)}) + 1, 0);
    }
}

/* Bytes that are no text become text when a spreadsheet saves a result file as CP932, and nothing tells it from any
 * other but our own cells, which say where they were, and the question mark that stands there for what CP932 lacks.
 * False: memory ran out. */
static bool recall_unreadable(struct loader *loader, uint32_t row, const struct span *values, size_t count,
                              const struct span *texts, struct findings *findings)
{
    const struct work *work = loader->work;
    size_t code = work->ours[RESULT_CODE];
    size_t item = work->ours[RESULT_ITEM];
    size_t bad;
    if (findings == NULL || work->encoding.encoding != TEXT_CP932 || code >= count || item >= count ||
        !(span_contains(values[code], span_of("ENCODING_INVALID")) ||
          span_contains(values[code], span_of("TEXT_GARBLED"))))
        return true;
    struct span codes = values[code];
    struct span items;
    struct buf text = {0};
    bool done = text_decode(work->codec, values[item], &text, &bad) || !text.failed;
    items = (struct span){buf_text(&text), text.length};
    while (codes.length > 0) {
        struct span heading = next_entry(items, &items);
        struct span said = next_entry(codes, &codes);
        if (span_is(said, "ENCODING_INVALID") || span_is(said, "TEXT_GARBLED"))
            add_lost(loader, row, heading, texts, findings);
    }
    buf_free(&text);
    return done;
}

/* All cells of `record`, whose bytes stay where they are, into `texts`. False: memory ran out. */
static bool load_values(struct loader *loader, const struct csv_record *record, const struct span *values, size_t count,
                        struct span *texts, struct findings *findings)
{
    const struct order_layout *layout = &loader->work->layout;
    size_t mend_count;
    const struct mend *mends = mends_of(&loader->work->mends, record->row, &mend_count);
    loader->odd = !record->plain || mend_count > 0;
    for (size_t cell = 0; cell < count && cell < layout->heading_count; cell++) {
        size_t column = layout->columns[cell];
        struct span *place = column != ORDER_NO_COLUMN ? &texts[column] : NULL;
        const struct mend *mend = mend_count > 0 ? mends_at(mends, mend_count, cell) : NULL;
        if (mend != NULL ? !load_mend(loader, record->row, mend, findings, place, column)
                         : !load_cell(loader, record, cell, values[cell], findings, place, column))
            return false;
    }
    loader->before = (struct before){values, texts, loader->odd ? 0 : count};
    return recall_unreadable(loader, record->row, values, count, texts, findings);
}

/* The cells of a record into `line`, unless it is damaged. */
static bool load_cells(struct loader *loader, const struct csv_record *record, struct order_row *line,
                       struct findings *findings, struct error *error)
{
    const struct work *work = loader->work;
    struct csv_record held = *record;
    const struct span *values;
    size_t count;
    struct span *texts = arena_alloc(&loader->arena, work->schema.count * sizeof *texts);
    line->values = texts;
    if (record->plain) /* its values are parts of its bytes, which have to stay as long as the order does */
        held.raw = arena_copy(&loader->arena, record->raw);
    if (texts == NULL || held.raw.data == NULL)
        return error_set_memory(error);
    loader->turn = !loader->turn;
    if (!csv_fields_of(loader->fields[loader->turn], &held, SIZE_MAX, &values, &count, error))
        return false;
    line->damaged = report_damage(work, &held, values, count, findings);
    loader->before.count = line->damaged ? 0 : loader->before.count;
    return line->damaged || load_values(loader, &held, values, count, texts, findings) || error_set_memory(error);
}

bool loader_record(struct loader *loader, const struct book_row *row, struct csv_record *record, struct error *error)
{
    csv_reader_seek(loader->reader, row->offset, row->number);
    switch (csv_reader_next(loader->reader, record, error)) {
    case CSV_NEXT_RECORD:
        return true;
    case CSV_NEXT_END: /* it was there before */
        return error_set(error, ERROR_USAGE, "INPUT_CHANGED", loader->work->input, NULL, NULL, NULL);
    case CSV_NEXT_FAILED:
        break;
    }
    return false;
}

bool loader_cells(struct loader *loader, const struct csv_record *record, const struct span **cells, size_t *count,
                  struct error *error)
{
    return csv_fields_of(loader->fields[0], record, SIZE_MAX, cells, count, error);
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

void loader_begin(struct loader *loader, struct order *order)
{
    arena_reset(&loader->arena);
    loader->before.count = 0;
    *order = (struct order){.rows = loader->lines};
}

bool loader_add(struct loader *loader, const struct csv_record *record, struct order *order, struct findings *findings,
                struct error *error)
{
    struct order_row *line = &loader->lines[order->count++];
    *line = (struct order_row){.number = record->row};
    return load_cells(loader, record, line, findings, error);
}

void loader_end(struct loader *loader, struct order *order)
{
    order_sort(&loader->work->columns, order);
}

bool loader_load(struct loader *loader, const struct book_order *order, struct order *loaded, struct findings *findings,
                 struct error *error)
{
    const struct book *book = &loader->work->book;
    loader_begin(loader, loaded);
    if (is_too_large(book, order)) {
        add(findings, "ORDER_TOO_LARGE", 0, CSV_NO_CELL, ORDER_LINES_MAX, ORDER_BYTES_MAX / (1024 * 1024));
        return true;
    }
    for (uint32_t row = order->first; row != BOOK_NONE; row = book_next(book, row)) {
        struct csv_record record;
        struct book_row at = book_row(book, row);
        if (!loader_record(loader, &at, &record, error) || !loader_add(loader, &record, loaded, findings, error))
            return false;
    }
    loader_end(loader, loaded);
    return true;
}
