/* run/workbook.c: see workbook.h. */
#include "run/workbook.h"

#include "csv/fields.h"
#include "csv/writer.h"
#include "report/xlsx.h"
#include "run/setting.h"
#include "run/workbook_sheets.h"
#include "text/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)CSV_OURS == (int)RESULT_COLUMNS, "the workbook shows what the result has");

/* A row of fewer bytes has no cell that is too long, and not too many: a byte is at most one UTF-16 unit, and where it
 * has to be written as _xHHHH_ seven. */
enum { SURE_TO_FIT = XLSX_TEXT_MAX / 7 };

/* ---- Cells ---- */

/* The records of the file, one by one, and the texts of their cells. */
struct table {
    const struct work *work;
    struct csv_reader *reader;
    struct csv_fields *fields;
    struct csv_record record; /* the one at hand */
    const struct span *values;
    size_t count;
    struct buf value; /* of a cell with stray quotes */
    struct buf text;  /* of the cell at hand */
};

static bool table_open(struct table *table, const struct work *work, struct error *error)
{
    *table = (struct table){.work = work,
                            .reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_SEQUENTIAL),
                            .fields = csv_fields_new(work->delimiter)};
    return (table->reader != NULL && table->fields != NULL) || error_set_memory(error);
}

static void table_close(struct table *table)
{
    csv_reader_free(table->reader);
    csv_fields_free(table->fields);
    buf_free(&table->value);
    buf_free(&table->text);
}

/* Go to the record at `offset`. */
static bool table_go(struct table *table, uint64_t offset, uint32_t row, struct error *error)
{
    csv_reader_seek(table->reader, offset, row);
    switch (csv_reader_next(table->reader, &table->record, error)) {
    case CSV_NEXT_RECORD:
        return csv_fields_of(table->fields, &table->record, SIZE_MAX, &table->values, &table->count, error);
    case CSV_NEXT_END: /* it was there before */
        return error_set(error, ERROR_USAGE, "INPUT_CHANGED", table->work->input, NULL, NULL, NULL);
    case CSV_NEXT_FAILED:
        break;
    }
    return false;
}

/* The value of a cell that has quotes where none belong: those around its beginning are taken away, as spreadsheets do.
 */
static struct span stray_value(struct table *table, size_t cell)
{
    const struct csv_extent *extent = &table->record.extents[cell];
    const char *bytes = table->record.raw.data;
    bool quoted = extent->begin < extent->end && bytes[extent->begin] == '"';
    buf_clear(&table->value);
    for (uint64_t at = extent->begin + quoted; at < extent->end; at++) {
        if (quoted && bytes[at] == '"') {
            at++;
            quoted = at < extent->end && bytes[at] == '"'; /* a doubled one is one */
        }
        if (at < extent->end)
            buf_append_byte(&table->value, bytes[at]);
    }
    return (struct span){buf_text(&table->value), table->value.length};
}

/* The value of a cell of the record, in the encoding of the file. Behind a stray quote libcsv may see other cells than
 * there are. Borrowed until the next call. */
static struct span table_value(struct table *table, size_t cell)
{
    if (table->record.stray == CSV_NO_CELL && table->count == table->record.cells)
        return table->values[cell];
    return cell < CSV_CELLS_MAX ? stray_value(table, cell) : (struct span){"", 0};
}

/* `bytes` of the file as UTF-8, with U+FFFD for each byte that cannot be read. Borrowed until the next call. */
static struct span table_text(struct table *table, struct span bytes)
{
    size_t bad;
    buf_clear(&table->text);
    while (bytes.length > 0 && !text_decode(table->work->codec, bytes, &table->text, &bad)) {
        utf8_encode(UTF8_INVALID, &table->text);
        bytes = (struct span){bytes.data + bad + 1, bytes.length - bad - 1};
    }
    return (struct span){buf_text(&table->text), table->text.length};
}

/* ---- Whether it fits ---- */

static bool refuse_cell(const struct work *work, uint32_t row, size_t cell, struct error *error)
{
    const struct order_layout *layout = &work->layout;
    char numbers[2][24];
    char heading[ERROR_ARG_SIZE] = "";
    snprintf(numbers[0], sizeof numbers[0], "%" PRIu32, row);
    snprintf(numbers[1], sizeof numbers[1], "%zu", cell + 1);
    if (cell < layout->heading_count) {
        struct span whole = layout->headings[cell];
        size_t length = whole.length < sizeof heading ? whole.length : sizeof heading - 1;
        memcpy(heading, whole.data, length); /* cut where it is too long, as any detail of an error is */
    }
    return error_set(error, ERROR_USAGE, "WORKBOOK_CELL_TOO_LONG", work->options->xlsx, numbers[0], numbers[1],
                     heading);
}

static bool refuse_size(const struct work *work, uint64_t rows, size_t columns, struct error *error)
{
    char numbers[2][24];
    snprintf(numbers[0], sizeof numbers[0], "%" PRIu64, rows);
    snprintf(numbers[1], sizeof numbers[1], "%zu", columns);
    return error_set(error, ERROR_USAGE, "WORKBOOK_TOO_LARGE", work->options->xlsx, numbers[0], numbers[1], NULL);
}

/* The last row that holds something. */
static uint32_t last_row(const struct work *work)
{
    size_t rows = work->book.row_count;
    return rows > 0 ? book_row(&work->book, (uint32_t)(rows - 1)).number : 1;
}

/* Columns of a record of so many cells with ours. */
static size_t columns_of(const struct work *work, size_t cells)
{
    size_t columns = cells > work->layout.heading_count ? cells : work->layout.heading_count;
    for (size_t own = 0; own < RESULT_COLUMNS; own++)
        columns += work->ours[own] == CSV_NO_CELL;
    return columns;
}

/* The longest cell of a record. */
static size_t longest(const struct csv_record *record)
{
    size_t found = 0;
    for (size_t cell = 1; cell < record->cells && cell < CSV_CELLS_MAX; cell++)
        if (record->extents[cell].end - record->extents[cell].begin >
            record->extents[found].end - record->extents[found].begin)
            found = cell;
    return found;
}

/* Whether the record at hand fits. */
static bool check_record(struct table *table, struct error *error)
{
    const struct work *work = table->work;
    const struct csv_record *record = &table->record;
    if (record->too_long)
        return refuse_cell(work, record->row, longest(record), error);
    if (columns_of(work, record->cells) > XLSX_COLUMNS_MAX)
        return refuse_size(work, last_row(work), columns_of(work, record->cells), error);
    for (size_t cell = 0; cell < record->cells; cell++) {
        struct span text = table_text(table, table_value(table, cell));
        if (table->text.failed || table->value.failed)
            return error_set_memory(error);
        if (xlsx_length(text) > XLSX_TEXT_MAX)
            return refuse_cell(work, record->row, cell, error);
    }
    return true;
}

static bool check_rows(struct table *table, struct error *error)
{
    const struct book *book = &table->work->book;
    if (!table_go(table, table->work->header, 1, error) || !check_record(table, error))
        return false;
    for (size_t i = 0; i < book->row_count; i++) {
        struct book_row row = book_row(book, (uint32_t)i);
        if (row.length > SURE_TO_FIT &&
            (!table_go(table, row.offset, row.number, error) || !check_record(table, error)))
            return false;
    }
    return true;
}

static bool check_settings(const struct work *work, struct error *error)
{
    static const char *const options[SETTINGS] = {"--set-status", "--set-shop-status"};
    for (enum setting i = 0; i < SETTINGS; i++) {
        const char *value = setting_value(work->options, i);
        if (value != NULL && xlsx_length(span_of(value)) > XLSX_TEXT_MAX)
            return error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, options[i], value, NULL);
    }
    return true;
}

bool workbook_check(const struct work *work, struct error *error)
{
    struct table table = {0};
    if (last_row(work) > XLSX_ROWS_MAX)
        return refuse_size(work, last_row(work), columns_of(work, 0), error);
    bool fits = check_settings(work, error) && table_open(&table, work, error);
    fits = fits && check_rows(&table, error);
    table_close(&table);
    return fits;
}

/* ---- The table ---- */

struct pass {
    struct work *work;
    struct table table;
    struct xlsx *xlsx;
    struct csv_writer writer; /* which knows where our cells stand */
    struct result_words *words;
    struct result_marks marks;
    struct result_source source;
    struct book_row last;             /* whose cells `texts` are; `length` 0: no row's */
    struct buf texts[RESULT_COLUMNS]; /* in the file's encoding, as in the result CSV */
    struct buf set[SETTINGS];         /* the same: what rows of orders that are done get */
    size_t columns;                   /* of the table, ours included */
    size_t places[RESULT_COLUMNS];    /* of ours, in an even row */
    size_t row_places[RESULT_COLUMNS];
    struct buf note;
    struct buf message; /* in UTF-8, of the row at hand */
    struct buf remedy;
};

static bool is_one_of(const size_t places[RESULT_COLUMNS], size_t column)
{
    for (size_t own = 0; own < RESULT_COLUMNS; own++)
        if (places[own] == column)
            return true;
    return false;
}

/* What the sheet's columns look like. */
static enum xlsx_style column_style(const struct pass *pass, size_t column)
{
    return is_one_of(pass->places, column) ? XLSX_SHADED : XLSX_PLAIN;
}

/* A text of ours may be longer than a cell: then its beginning stands there. */
static void put_text(struct pass *pass, uint32_t row, size_t column, struct span text, enum xlsx_style style)
{
    static const char dots[] = "…";
    if (text.length <= SURE_TO_FIT || xlsx_length(text) <= XLSX_TEXT_MAX) {
        xlsx_put(pass->xlsx, row, column, text, style);
        return;
    }
    struct buf cut = {0};
    size_t count = XLSX_TEXT_MAX - 1;
    do {
        struct span beginning = utf8_beginning(text, count);
        buf_clear(&cut);
        buf_append(&cut, beginning.data, beginning.length);
        buf_append_text(&cut, dots);
        count -= count / 8;
    } while (!cut.failed && xlsx_length((struct span){buf_text(&cut), cut.length}) > XLSX_TEXT_MAX);
    xlsx_put(pass->xlsx, row, column, (struct span){buf_text(&cut), cut.length}, style);
    buf_free(&cut);
}

/* ---- What is to be fixed ---- */

static const struct result_mark *marks_of(const struct pass *pass, size_t *count)
{
    *count = pass->marks.list.length / sizeof(struct result_mark);
    return (const struct result_mark *)(const void *)buf_text(&pass->marks.list);
}

/* The column of the sheet that a mark is on: what is about no cell stands on エラーコード. */
static size_t marked_column(const struct pass *pass, const struct result_mark *mark)
{
    return mark->cell != ORDER_NO_COLUMN ? mark->cell : pass->row_places[RESULT_CODE];
}

/* What a cell looks like that would have the looks `style`: an error counts more than a warning. */
static enum xlsx_style marked_style(const struct pass *pass, size_t column, enum xlsx_style style)
{
    size_t count;
    const struct result_mark *marks = marks_of(pass, &count);
    for (size_t i = 0; i < count; i++)
        if (marked_column(pass, &marks[i]) == column && style != XLSX_ERROR)
            style = marks[i].warning ? XLSX_WARNING : XLSX_ERROR;
    return style;
}

/* What stands in a cell of findings behind `index` |s. */
static struct span part_of(const struct buf *cell, size_t index)
{
    struct span rest = {buf_text(cell), cell->length};
    for (;; index--) {
        const char *bar = rest.length > 0 ? memchr(rest.data, '|', rest.length) : NULL;
        size_t length = bar != NULL ? (size_t)(bar - rest.data) : rest.length;
        if (index == 0 || bar == NULL)
            return (struct span){rest.data, length};
        rest = (struct span){bar + 1, rest.length - length - 1};
    }
}

/* A comment on each marked cell, with all that is said of it. */
static void put_notes(struct pass *pass, uint32_t row)
{
    size_t count;
    const struct result_mark *marks = marks_of(pass, &count);
    for (size_t i = 0; i < count; i++) {
        size_t column = marked_column(pass, &marks[i]);
        size_t before = 0;
        while (before < i && marked_column(pass, &marks[before]) != column)
            before++;
        if (before < i) /* it has its comment */
            continue;
        buf_clear(&pass->note);
        for (size_t k = i; k < count; k++) {
            if (marked_column(pass, &marks[k]) != column)
                continue;
            struct span message = part_of(&pass->message, marks[k].finding);
            struct span remedy = part_of(&pass->remedy, marks[k].finding);
            buf_append_text(&pass->note, pass->note.length > 0 ? "\n\n" : "");
            buf_append(&pass->note, message.data, message.length);
            buf_append_text(&pass->note, "\n→ ");
            buf_append(&pass->note, remedy.data, remedy.length);
        }
        xlsx_note(pass->xlsx, row, column, (struct span){buf_text(&pass->note), pass->note.length});
    }
}

/* ---- Rows ---- */

static bool is_set(const struct pass *pass, const struct book_row *row)
{
    const struct csv_record *record = &pass->table.record;
    return !row->deleted && pass->work->book.orders[row->order].state == BOOK_DONE &&
           record->cells <= pass->writer.columns;
}

/* What a cell of the row holds, in the encoding of the file; `sets`: the row gets what was asked for. */
static struct span value_of(struct pass *pass, size_t column, bool sets)
{
    for (size_t own = 0; own < RESULT_COLUMNS; own++)
        if (pass->row_places[own] == column)
            return (struct span){buf_text(&pass->texts[own]), pass->texts[own].length};
    for (enum setting i = 0; sets && i < SETTINGS; i++)
        if (setting_cell(pass->work, i) == column)
            return (struct span){buf_text(&pass->set[i]), pass->set[i].length};
    return column < pass->table.record.cells ? table_value(&pass->table, column) : (struct span){"", 0};
}

/* Put what stands in the record at hand and in ours into row `row` (from 0). */
static bool put_record(struct pass *pass, uint32_t row, bool sets, struct error *error)
{
    size_t columns = columns_of(pass->work, pass->table.record.cells);
    bool heading = row == 0;
    for (size_t column = 0; column < columns; column++) {
        bool ours = is_one_of(pass->row_places, column);
        enum xlsx_style style = marked_style(pass, column, ours ? XLSX_SHADED : XLSX_PLAIN);
        if (heading)
            style = ours ? XLSX_SHADED_HEADING : XLSX_HEADING;
        struct span text = table_text(&pass->table, value_of(pass, column, sets));
        if (pass->table.text.failed || pass->table.value.failed)
            return error_set_memory(error);
        if (text.length > 0 || style != column_style(pass, column))
            put_text(pass, row, column, text, style);
    }
    return true;
}

static void keep(struct pass *pass, enum result_column own, struct buf *text)
{
    struct span decoded = table_text(&pass->table, (struct span){buf_text(&pass->texts[own]), pass->texts[own].length});
    buf_clear(text);
    buf_append(text, decoded.data, decoded.length);
}

/* Compose our cells, unless they are those of the row before. */
static bool compose(struct pass *pass, const struct book_row *row, struct error *error)
{
    if (pass->last.length > 0 && result_is_same(&pass->work->book, &pass->last, row))
        return true;
    result_compose(&pass->source, row, pass->texts);
    pass->last = *row;
    keep(pass, RESULT_MESSAGE, &pass->message);
    keep(pass, RESULT_REMEDY, &pass->remedy);
    bool failed = pass->marks.list.failed || pass->message.failed || pass->remedy.failed;
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        failed = failed || pass->texts[i].failed;
    return !failed || error_set_memory(error);
}

static bool put_row(struct pass *pass, const struct book_row *row, struct error *error)
{
    if (!table_go(&pass->table, row->offset, row->number, error) || !compose(pass, row, error))
        return false;
    csv_writer_places(&pass->writer, &pass->table.record, pass->row_places);
    if (!put_record(pass, row->number - 1, is_set(pass, row), error))
        return false;
    put_notes(pass, row->number - 1);
    return !pass->note.failed || error_set_memory(error);
}

static bool put_header(struct pass *pass, struct error *error)
{
    const struct work *work = pass->work;
    if (!table_go(&pass->table, work->header, 1, error))
        return false;
    csv_writer_init(&pass->writer, NULL, work->delimiter, NULL, &pass->table.record, work->ours);
    csv_writer_places(&pass->writer, &pass->table.record, pass->places);
    memcpy(pass->row_places, pass->places, sizeof pass->row_places);
    pass->columns = columns_of(work, 0);
    for (size_t i = 0; i < RESULT_COLUMNS; i++) {
        buf_clear(&pass->texts[i]);
        text_encode(work->codec, span_of(result_headings[i]), &pass->texts[i]);
        if (pass->texts[i].failed)
            return error_set_memory(error);
    }
    return put_record(pass, 0, false, error);
}

/* The looks of the sheet, once its rows are known. */
static void finish_table(struct pass *pass)
{
    enum { LEAST = 8, MOST = 50, ELSEWHERE = 10 }; /* half-width characters */
    for (size_t column = 0; column < pass->columns; column++)
        xlsx_columns(pass->xlsx, column, column, column_style(pass, column), LEAST, MOST);
    if (pass->columns < XLSX_COLUMNS_MAX)
        xlsx_columns(pass->xlsx, pass->columns, XLSX_COLUMNS_MAX - 1, XLSX_PLAIN, ELSEWHERE, ELSEWHERE);
    xlsx_filter(pass->xlsx, last_row(pass->work) - 1, pass->columns - 1);
}

static bool put_table(struct pass *pass, struct error *error)
{
    const struct book *book = &pass->work->book;
    if (!put_header(pass, error))
        return false;
    for (size_t i = 0; i < book->row_count; i++) {
        struct book_row row = book_row(book, (uint32_t)i);
        if (!put_row(pass, &row, error))
            return false;
    }
    finish_table(pass);
    return true;
}

/* ---- The workbook ---- */

static bool prepare(struct pass *pass, struct error *error)
{
    const struct work *work = pass->work;
    if (!table_open(&pass->table, work, error))
        return false;
    pass->words = result_words_new(work->catalog, work->codec);
    if (pass->words == NULL)
        return error_set_memory(error);
    pass->source =
        (struct result_source){pass->words, work->columns, &work->book, &work->findings, work->now, &pass->marks};
    for (enum setting i = 0; i < SETTINGS; i++) {
        if (setting_value(work->options, i) != NULL)
            text_encode(work->codec, span_of(setting_value(work->options, i)), &pass->set[i]);
        if (pass->set[i].failed)
            return error_set_memory(error);
    }
    return true;
}

static void release(struct pass *pass)
{
    table_close(&pass->table);
    result_words_free(pass->words);
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        buf_free(&pass->texts[i]);
    for (size_t i = 0; i < SETTINGS; i++)
        buf_free(&pass->set[i]);
    buf_free(&pass->marks.list);
    buf_free(&pass->note);
    buf_free(&pass->message);
    buf_free(&pass->remedy);
}

/* Whether a part of the workbook may be too large for an archive as it was in 1989: a cell takes some 70 bytes, and a
 * byte of the file six where it has to be written as &quot;. */
static bool is_large(const struct work *work)
{
    const uint64_t limit = UINT64_C(2) * 1024 * 1024 * 1024;
    return (uint64_t)work->book.row_count * columns_of(work, 0) * 70 + csv_source_size(work->source) * 6 > limit;
}

/* Fill the target's file. */
static bool fill(struct pass *pass, const struct workbook_sheets *sheets, const struct atobarai_summary *summary,
                 struct csv_target *target, struct error *error)
{
    const struct work *work = pass->work;
    pass->xlsx = xlsx_new(csv_target_temporary(target), is_large(work));
    if (pass->xlsx == NULL)
        return error_set_memory(error);
    xlsx_sheet(pass->xlsx, workbook_sheets_table(sheets));
    if (!put_table(pass, error) || !csv_source_unchanged(work->source, error)) {
        xlsx_discard(pass->xlsx);
        return false;
    }
    workbook_sheets_put(sheets, pass->xlsx, summary);
    int reason = xlsx_close(pass->xlsx);
    if (reason == ENOMEM)
        return error_set_memory(error);
    return reason == 0 || error_set_errno(error, ERROR_USAGE, "OUTPUT_UNWRITABLE", work->options->xlsx, reason);
}

bool workbook_write(struct work *work, const struct atobarai_summary *summary, struct csv_target *target,
                    struct error *error)
{
    struct pass pass = {.work = work};
    struct workbook_sheets *sheets = workbook_sheets_new();
    bool filled = (sheets != NULL || error_set_memory(error)) && prepare(&pass, error) &&
                  fill(&pass, sheets, summary, target, error);
    release(&pass);
    workbook_sheets_free(sheets);
    if (filled)
        return csv_target_commit(target, error);
    csv_target_discard(target);
    return false;
}
