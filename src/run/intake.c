/* run/intake.c: see intake.h. */
#include "run/intake.h"

#include "order/rules.h"
#include "order/value.h"
#include "run/input.h"
#include "run/twins.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_BYTES_MAX = RULES_ORDER_ID_MAX * 3 + 1 }; /* of an id in UTF-8 */

struct intake {
    struct work *work;
    struct csv_reader *reader;
    struct csv_fields *fields;
    /* The payment that was looked at last: most rows say the same as the one before. */
    struct buf payment;
    enum book_payment payment_is;
    struct buf text; /* the payment in UTF-8 */
    struct buf id;   /* the order id at hand, likewise */
};

static bool fail(const struct work *work, const char *code, const char *arg, struct error *error)
{
    return error_set(error, ERROR_INPUT, code, work->input, arg, NULL, NULL);
}

/* ---- The header ---- */

/* Decode the headings into `text`, one behind the other; one that cannot be read becomes an empty one. The first of
 * these, `count` where there is none. */
static size_t decode_headings(const struct intake *intake, const struct span *cells, size_t count,
                              struct span *headings, struct buf *text)
{
    size_t unreadable = count;
    for (size_t i = 0; i < count; i++) {
        size_t before = text->length;
        size_t bad;
        bool has_nul = cells[i].length > 0 && memchr(cells[i].data, '\0', cells[i].length) != NULL;
        if (has_nul || !text_decode(intake->work->codec, cells[i], text, &bad)) {
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
static bool find_columns(struct intake *intake, const struct span *cells, size_t count, struct error *error)
{
    struct work *work = intake->work;
    struct buf text = {0};
    char number[24];
    struct span *headings = calloc(count + 1, sizeof *headings);
    if (headings == NULL)
        return error_set_memory(error);
    size_t unreadable = decode_headings(intake, cells, count, headings, &text);
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

static bool read_header(struct intake *intake, struct error *error)
{
    struct work *work = intake->work;
    struct csv_record record;
    const struct span *cells;
    size_t count;
    char number[24];
    csv_reader_seek(intake->reader, work->header, 1);
    if (csv_reader_next(intake->reader, &record, error) != CSV_NEXT_RECORD)
        return false; /* the file is not empty, so this is no end */
    if (record.too_long) {
        snprintf(number, sizeof number, "%d", CSV_ROW_MAX);
        return fail(work, "HEADER_TOO_LONG", number, error);
    }
    if (record.cells > CSV_CELLS_MAX) {
        snprintf(number, sizeof number, "%d", CSV_CELLS_MAX);
        return fail(work, "HEADER_TOO_WIDE", number, error);
    }
    if (record.stray != CSV_NO_CELL) {
        snprintf(number, sizeof number, "%zu", record.stray + 1);
        return fail(work, "HEADER_QUOTE_STRAY", number, error);
    }
    if (!csv_fields_of(intake->fields, &record, &cells, &count, error))
        return false;
    if (!find_columns(intake, cells, count, error))
        return false;
    work->columns = (struct order_columns){&work->schema, &work->layout};
    find_ours(work);
    return true;
}

/* ---- The rows ---- */

/* The order id of a cell, in UTF-8 as it is sent; an empty one where there is none. Bytes that are no text stay as they
 * are: that row is an error, and they keep its order apart from others. */
static struct span id_of(struct intake *intake, struct span cell)
{
    size_t bad;
    struct span id = cell;
    buf_clear(&intake->id);
    if (cell.length > 0 && !utf8_is_ascii(cell) && text_decode(intake->work->codec, cell, &intake->id, &bad))
        id = (struct span){buf_text(&intake->id), intake->id.length};
    /* One that is longer than any id is not kept; a rule says so of its row. */
    return value_is_blank(id) || id.length > ID_BYTES_MAX ? (struct span){"", 0} : id;
}

static bool is_deferred(const struct order_schema *schema, struct span payment)
{
    for (size_t i = 0; i < schema->deferred_count; i++)
        if (span_contains(payment, span_of(schema->deferred[i])))
            return true;
    return false;
}

/* What a 支払方法 means. */
static enum book_payment payment_of(struct intake *intake, struct span cell)
{
    size_t bad;
    if (cell.length == 0)
        return BOOK_PAYMENT_UNKNOWN;
    if (span_equal(cell, (struct span){buf_text(&intake->payment), intake->payment.length}))
        return intake->payment_is;
    buf_clear(&intake->payment);
    buf_append(&intake->payment, cell.data, cell.length);
    buf_clear(&intake->text);
    bool read = memchr(cell.data, '\0', cell.length) == NULL &&
                text_decode(intake->work->codec, cell, &intake->text, &bad) && !intake->text.failed;
    struct span text = {buf_text(&intake->text), intake->text.length};
    if (!read || intake->payment.failed || value_is_blank(text))
        intake->payment_is = BOOK_PAYMENT_UNKNOWN;
    else if (is_deferred(&intake->work->schema, text))
        intake->payment_is = BOOK_PAYMENT_DEFERRED;
    else
        intake->payment_is = BOOK_PAYMENT_OTHER;
    return intake->payment_is;
}

/* A row that is too long is known by its order id alone, which must stand in the part of it that is read. */
static bool check_id_is_read(const struct work *work, const struct csv_record *record, struct error *error)
{
    size_t cell = work->layout.cells[order_layout_column(&work->layout, ORDER_FIELD_ID)];
    char row[16];
    char limit[16];
    if (!record->too_long || (cell < record->cells && record->extents[cell].end <= CSV_ROW_MAX))
        return true;
    snprintf(row, sizeof row, "%" PRIu32, record->row);
    snprintf(limit, sizeof limit, "%d", CSV_ROW_MAX);
    return error_set(error, ERROR_INPUT, "ROW_UNREADABLE", work->input, row, limit, NULL);
}

/* Whether a cell that holds line ends has a line in it that could be a row of this file: as many delimiters as one has.
 * No note looks like that: its quote was not closed, and the rows behind it were swallowed up to the next quote. */
static bool swallows_rows(const struct work *work, const struct csv_record *record, size_t *cell)
{
    enum { COLUMNS_MIN = 5 }; /* with fewer, a note with commas would be suspected */
    size_t headings = work->layout.heading_count;
    *cell = record->multiline;
    if (record->multiline >= CSV_CELLS_MAX || headings < COLUMNS_MIN)
        return false;
    if (record->stray != CSV_NO_CELL && record->cells != headings)
        return true; /* nor does a row that is sound but for a quote have another number of cells */
    for (*cell = 0; *cell <= record->multiline; ++*cell) {
        size_t delimiters = 0;      /* on the line at hand */
        size_t first = CSV_NO_CELL; /* on the cell's first line */
        for (uint64_t at = record->extents[*cell].begin; at < record->extents[*cell].end && at < record->raw.length;
             at++) {
            char byte = record->raw.data[at];
            bool ends = byte == '\n' || byte == '\r';
            if (ends && first == CSV_NO_CELL)
                first = delimiters;
            delimiters = ends ? 0 : delimiters + (byte == work->delimiter);
            if (delimiters + 1 >= headings)
                return true;
        }
        /* The rest of this row, and of a later one all that stands before the same column. */
        if (first != CSV_NO_CELL && delimiters == *cell && first + *cell + 1 == headings)
            return true;
    }
    return false;
}

/* What a damaged row says of its payment, or of its deletion, may have come from another column: such a row is judged,
 * lest an order be lost. */
static enum book_payment row_payment(struct intake *intake, const struct span *cells, size_t count, bool whole)
{
    const struct work *work = intake->work;
    if (order_layout_column(&work->layout, ORDER_FIELD_PAYMENT) == ORDER_NO_COLUMN)
        return BOOK_PAYMENT_DEFERRED; /* the schema says so of all */
    return whole ? payment_of(intake, rows_cell(work, cells, count, ORDER_FIELD_PAYMENT)) : BOOK_PAYMENT_UNKNOWN;
}

/* Into the book with it; `cells` are the values of the record's cells. */
static bool enter_record(struct intake *intake, const struct csv_record *record, const struct span *cells, size_t count)
{
    struct work *work = intake->work;
    struct book *book = &work->book;
    struct book_row row = {.offset = record->offset,
                           .number = record->row,
                           .length = record->length < BOOK_LENGTH_MAX ? (uint32_t)record->length : BOOK_LENGTH_MAX};
    bool whole = rows_damage_of(work, record, cells, count, NULL) == ROWS_WHOLE;
    struct span control = rows_cell(work, cells, count, ORDER_FIELD_CONTROL);
    struct span id = {"", 0};
    if (rows_id_in_place(work, record))
        id = id_of(intake, rows_cell(work, cells, count, ORDER_FIELD_ID));
    enum book_payment payment = row_payment(intake, cells, count, whole);
    if (whole && control.data != NULL && span_is(control, "D"))
        return book_add_deleted(book, &row, id, payment);
    struct book_order *order = book_add(book, &row, id, payment);
    if (order == NULL)
        return false;
    bool names = whole && !order->sound && !work->options->allow_reimported;
    book_see(order, whole, whole && rows_has_id(work, record, cells, count),
             names ? twins_name(work, cells, count) : 0);
    return true;
}

static bool add_record(struct intake *intake, const struct csv_record *record, struct error *error)
{
    const struct span *cells;
    size_t count;
    size_t cell;
    if (swallows_rows(intake->work, record, &cell))
        return csv_quote_unclosed(intake->work->input, record->row, cell, error);
    if (!check_id_is_read(intake->work, record, error) || !csv_fields_of(intake->fields, record, &cells, &count, error))
        return false;
    return enter_record(intake, record, cells, count) || error_set_memory(error);
}

/* More than the book can hold. */
static bool refuse_size(const struct work *work, struct error *error)
{
    char rows[16];
    char gigabytes[16];
    snprintf(rows, sizeof rows, "%" PRIu32, BOOK_ROWS_MAX);
    snprintf(gigabytes, sizeof gigabytes, "%" PRIu64, (BOOK_OFFSET_MAX + 1) >> 30);
    return error_set(error, ERROR_INPUT, "INPUT_TOO_LARGE", work->input, rows, gigabytes, NULL);
}

static bool read_rows(struct intake *intake, struct error *error)
{
    struct csv_record record;
    enum csv_next next;
    while ((next = csv_reader_next(intake->reader, &record, error)) == CSV_NEXT_RECORD) {
        if (atomic_load(intake->work->interrupt))
            return error_set(error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
        if (record.row > BOOK_ROWS_MAX)
            return refuse_size(intake->work, error);
        if (!rows_is_blank(intake->work, &record) && !add_record(intake, &record, error))
            return false;
    }
    return next == CSV_NEXT_END;
}

/* An unclosed quote is told by its column's heading, too, which the reader does not know. */
static void name_column(const struct work *work, struct error *error)
{
    if (error->code == NULL || strcmp(error->code, "QUOTE_UNCLOSED") != 0)
        return;
    size_t column = strtoul(error->args[1], NULL, 10);
    if (column < 1 || column > work->layout.heading_count)
        return;
    struct span heading = work->layout.headings[column - 1];
    error_set_arg(error, 2, heading.data);
}

static bool read_all(struct intake *intake, struct error *error)
{
    if (intake->reader == NULL || intake->fields == NULL)
        return error_set_memory(error);
    if (csv_source_size(intake->work->source) > BOOK_OFFSET_MAX + 1)
        return refuse_size(intake->work, error);
    if (!read_header(intake, error) || !read_rows(intake, error)) {
        name_column(intake->work, error);
        return false;
    }
    return true;
}

bool intake_run(struct work *work, struct error *error)
{
    if (!input_open(work, error))
        return false;
    struct intake intake = {.work = work,
                            .reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_SEQUENTIAL),
                            .fields = csv_fields_new(work->delimiter)};
    bool done = read_all(&intake, error);
    csv_reader_free(intake.reader);
    csv_fields_free(intake.fields);
    buf_free(&intake.payment);
    buf_free(&intake.text);
    buf_free(&intake.id);
    return done;
}
