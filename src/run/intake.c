/* run/intake.c: see intake.h. */
#include "run/intake.h"

#include "base/parallel.h"
#include "csv/fields.h"
#include "csv/split.h"
#include "order/rules.h"
#include "order/value.h"
#include "run/header.h"
#include "run/input.h"
#include "run/judge.h"
#include "run/rows.h"
#include "run/stretch.h"
#include "run/twins.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_BYTES_MAX = RULES_ORDER_ID_MAX * 3 + 1 }; /* of an id in UTF-8 */

/* One thread that reads. */
struct intake {
    struct work work; /* the run's, with a codec of its own, and book and findings of one part */
    struct pass *pass;
    struct csv_reader *reader;
    struct stretch *stretch;
    struct csv_fields *fields;
    size_t needed; /* cells that are looked at */
    /* The payment that was looked at last: most rows say the same as the one before. */
    struct buf payment;
    enum book_payment payment_is;
    struct buf text; /* the payment in UTF-8 */
    struct buf id;   /* the order id at hand, likewise */
};

/* What the threads share: how far the parts that were taken reach. */
struct pass {
    struct work *work;
    uint64_t reached; /* where the next record begins */
    uint32_t rows;    /* there are so far, the header and blank lines among them */
};

/* The rows that begin in one part of the file. */
struct part {
    struct book book;
    struct findings findings;
    uint64_t begin; /* of the first record */
    uint64_t end;   /* of the last one */
    uint32_t rows;
    bool failed; /* it could not be read from there on */
};

/* ---- One row ---- */

/* The order id of a cell, in UTF-8 as it is sent; an empty one where there is none. Bytes that are no text stay as they
 * are: that row is an error, and they keep its order apart from others. */
static struct span id_of(struct intake *intake, struct span cell)
{
    size_t bad;
    struct span id = cell;
    buf_clear(&intake->id);
    if (cell.length > 0 && !utf8_is_ascii(cell) && text_decode(intake->work.codec, cell, &intake->id, &bad))
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
                text_decode(intake->work.codec, cell, &intake->text, &bad) && !intake->text.failed;
    struct span text = {buf_text(&intake->text), intake->text.length};
    if (!read || intake->payment.failed || value_is_blank(text))
        intake->payment_is = BOOK_PAYMENT_UNKNOWN;
    else if (is_deferred(&intake->work.schema, text))
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
    const struct work *work = &intake->work;
    if (order_layout_column(&work->layout, ORDER_FIELD_PAYMENT) == ORDER_NO_COLUMN)
        return BOOK_PAYMENT_DEFERRED; /* the schema says so of all */
    return whole ? payment_of(intake, rows_cell(work, cells, count, ORDER_FIELD_PAYMENT)) : BOOK_PAYMENT_UNKNOWN;
}

/* Into the book with it; `cells` are the values of the record's cells. `*entered` gets the order that the row is a line
 * of, BOOK_NONE where it is none. False when memory ran out. */
static bool enter_record(struct intake *intake, const struct csv_record *record, const struct span *cells, size_t count,
                         uint32_t *entered)
{
    const struct work *work = &intake->work;
    struct book *book = &intake->work.book;
    struct book_row row = {.offset = record->offset,
                           .number = record->row,
                           .length = record->length < BOOK_LENGTH_MAX ? (uint32_t)record->length : BOOK_LENGTH_MAX,
                           .even = !record->too_long && record->cells == work->layout.heading_count};
    bool whole = rows_damage_of(work, record, cells, count, NULL) == ROWS_WHOLE;
    struct span control = rows_cell(work, cells, count, ORDER_FIELD_CONTROL);
    struct span id = {"", 0};
    if (rows_id_in_place(work, record))
        id = id_of(intake, rows_cell(work, cells, count, ORDER_FIELD_ID));
    enum book_payment payment = row_payment(intake, cells, count, whole);
    *entered = BOOK_NONE;
    if (whole && control.data != NULL && span_is(control, "D"))
        return book_add_deleted(book, &row, id, payment);
    struct book_order *order = book_add(book, &row, id, payment);
    if (order == NULL)
        return false;
    *entered = (uint32_t)(order - book->orders);
    bool names = whole && !order->sound && !work->options->allow_reimported;
    book_see(order, whole, whole && rows_has_id(work, record, cells, count),
             names ? twins_name(work, cells, count) : 0);
    return true;
}

/* How many cells of a row have to be looked at here: all that anything is asked of. A row that is not even, or that may
 * have been filled up, is looked at as a whole. */
static size_t cells_needed(const struct work *work)
{
    static const enum order_field fields[] = {ORDER_FIELD_CONTROL, ORDER_FIELD_ID, ORDER_FIELD_PAYMENT,
                                              ORDER_FIELD_SHOP, ORDER_FIELD_MALL_NUMBER};
    size_t needed = 0;
    if (work->ours[RESULT_CODE] != CSV_NO_CELL)
        return SIZE_MAX;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t column = order_layout_column(&work->layout, fields[i]);
        if (column != ORDER_NO_COLUMN && work->layout.cells[column] >= needed)
            needed = work->layout.cells[column] + 1;
    }
    return needed;
}

static bool add_record(struct intake *intake, const struct csv_record *record, struct error *error)
{
    const struct span *cells;
    size_t count;
    size_t cell;
    uint32_t order;
    size_t most = record->cells == intake->work.layout.heading_count ? intake->needed : SIZE_MAX;
    if (swallows_rows(&intake->work, record, &cell))
        return csv_quote_unclosed(intake->work.input, record->row, cell, error);
    if (!check_id_is_read(&intake->work, record, error) ||
        !csv_fields_of(intake->fields, record, most, &cells, &count, error))
        return false;
    if (!enter_record(intake, record, cells, count, &order))
        return error_set_memory(error);
    return order == BOOK_NONE || stretch_add(intake->stretch, record, order, error);
}

/* ---- A part of the rows ---- */

/* Read the records from `begin` on, whose row is `row`, up to the first that begins at `limit` or behind it. */
static bool read_part(struct intake *intake, uint64_t begin, uint32_t row, uint64_t limit, struct part *part,
                      struct error *error)
{
    struct csv_record record;
    enum csv_next next = CSV_NEXT_RECORD;
    bool done = true;
    part->begin = begin;
    intake->work.book = part->book;
    intake->work.findings = part->findings;
    stretch_begin(intake->stretch);
    csv_reader_seek(intake->reader, begin, row);
    while (done && csv_reader_offset(intake->reader) < limit &&
           (next = csv_reader_next(intake->reader, &record, error)) == CSV_NEXT_RECORD) {
        if (atomic_load(intake->work.interrupt))
            done = error_set(error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
        else if (!rows_is_blank(&intake->work, &record))
            done = add_record(intake, &record, error);
    }
    done = done && next != CSV_NEXT_FAILED && stretch_end(intake->stretch, error);
    part->book = intake->work.book;
    part->findings = intake->work.findings;
    part->end = csv_reader_offset(intake->reader);
    part->rows = csv_reader_row(intake->reader) - row;
    return done;
}

static uint64_t begin_of(const struct pass *pass, size_t part)
{
    return pass->work->rows + (uint64_t)part * CSV_PART;
}

/* Where the first record of a part begins, most likely. */
static bool find_begin(struct intake *intake, size_t part, uint64_t *begin)
{
    struct span view;
    struct error error = {0}; /* whoever reads the part from its true beginning will meet it again */
    *begin = begin_of(intake->pass, part);
    if (part == 0)
        return true;
    if (!csv_reader_view(intake->reader, *begin - CSV_SPLIT_BEFORE, CSV_BLOCK_RANDOM, &view, &error))
        return false;
    view.length = view.length < CSV_BLOCK_RANDOM ? view.length : CSV_BLOCK_RANDOM;
    size_t at = csv_split(view, intake->work.delimiter);
    *begin += at - CSV_SPLIT_BEFORE;
    return at != CSV_SPLIT_NONE;
}

/* ---- On several threads ---- */

static void intake_close(void *worker)
{
    struct intake *intake = worker;
    csv_reader_free(intake->reader);
    csv_fields_free(intake->fields);
    stretch_free(intake->stretch);
    text_codec_free(intake->work.codec);
    buf_free(&intake->payment);
    buf_free(&intake->text);
    buf_free(&intake->id);
    free(intake);
}

static void *intake_open(void *context, struct error *error)
{
    struct pass *pass = context;
    struct intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL) {
        error_set_memory(error);
        return NULL;
    }
    intake->work = *pass->work;
    intake->pass = pass;
    intake->needed = cells_needed(pass->work);
    intake->reader = csv_reader_new(pass->work->source, pass->work->delimiter, CSV_BLOCK_SEQUENTIAL);
    intake->fields = csv_fields_new(pass->work->delimiter);
    intake->work.codec = text_codec_new(pass->work->encoding.encoding, error);
    intake->stretch = stretch_new(&intake->work);
    if (intake->reader != NULL && intake->fields != NULL && intake->stretch != NULL && intake->work.codec != NULL)
        return intake;
    if (error->code == NULL)
        error_set_memory(error);
    intake_close(intake);
    return NULL;
}

/* Row numbers count from 1 in each part: what stands before it is not known yet. */
static void make_part(void *worker, size_t index, void *result)
{
    struct intake *intake = worker;
    struct part *part = result;
    struct error error = {0};
    uint64_t begin;
    part->failed = !find_begin(intake, index, &begin) ||
                   !read_part(intake, begin, 1, begin_of(intake->pass, index + 1), part, &error);
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

/* Where a part begins was a guess. If the one before does not end there, or anything else went wrong, it is read anew
 * from where that one ends: then all is known, and messages name the right row. */
static bool read_anew(struct intake *intake, size_t index, struct part *part, struct error *error)
{
    struct pass *pass = intake->pass;
    book_clear(&part->book);
    findings_cut(&part->findings, 0);
    return read_part(intake, pass->reached, pass->rows + 1, begin_of(pass, index + 1), part, error);
}

/* Book and findings of a part behind those of the parts before; its row numbers are too small by `shift`. */
static bool join(struct work *work, struct part *part, uint32_t shift)
{
    size_t before = work->findings.count;
    return book_join(&work->book, &part->book, shift, before) && findings_take(&work->findings, &part->findings, shift);
}

static bool take_part(void *worker, size_t index, void *result, struct error *error)
{
    struct intake *intake = worker;
    struct part *part = result;
    struct pass *pass = intake->pass;
    bool guessed = !part->failed && part->begin == pass->reached;
    if (!guessed && !read_anew(intake, index, part, error))
        return false;
    if (part->rows > BOOK_ROWS_MAX - pass->rows)
        return refuse_size(pass->work, error);
    uint32_t shift = guessed ? pass->rows : 0;
    pass->reached = part->end;
    pass->rows += part->rows;
    return join(pass->work, part, shift) || error_set_memory(error);
}

static void release_part(void *result)
{
    struct part *part = result;
    book_free(&part->book);
    findings_free(&part->findings);
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

static bool read_rows(struct work *work, struct error *error)
{
    uint64_t bytes = csv_source_size(work->source) - work->rows;
    struct pass pass = {.work = work, .reached = work->rows, .rows = 1};
    const struct parallel parallel = {.parts = (size_t)((bytes + CSV_PART - 1) / CSV_PART),
                                      .result_size = sizeof(struct part),
                                      .context = &pass,
                                      .open = intake_open,
                                      .make = make_part,
                                      .take = take_part,
                                      .release = release_part,
                                      .close = intake_close};
    return parallel_run(&parallel, parallel_jobs(work->options->jobs), error);
}

bool intake_run(struct work *work, struct error *error)
{
    if (!input_open(work, error))
        return false;
    if (csv_source_size(work->source) > BOOK_OFFSET_MAX + 1)
        return refuse_size(work, error);
    if (header_read(work, error) && read_rows(work, error))
        return true;
    judge_forget(work);
    name_column(work, error);
    return false;
}
