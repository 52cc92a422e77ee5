/* run/clean.c: a result file made a file that Robot-in takes, as include/atobarai.h has it. */
#include "atobarai.h"

#include "base/embedded.h"
#include "csv/writer.h"
#include "order/damage.h"
#include "order/value.h"
#include "run/definitions.h"
#include "run/intake.h"
#include "run/loader.h"
#include "run/message.h"
#include "run/originals.h"
#include "run/place.h"
#include "run/rows.h"
#include "run/table.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What becomes of a row. */
enum fate { LEFT, UNKNOWN, CHANGED };

struct cleaner {
    const struct atobarai_cleaning *asked;
    enum atobarai_language language;
    atobarai_problem_fn *problem;
    void *context;
    struct atobarai_cleaned *cleaned;
    struct work *work;
    struct ledger *ledger;
    struct originals *originals;
    struct loader *loader;
    struct text_codec *codec; /* of the output */
    struct csv_target *target;
    unsigned char *fates; /* per row of the book */
    enum fate fate;       /* of the row at hand */
    struct mends losses;  /* cells that are not as they were, and show what a spreadsheet left of the value */
    bool *drops;          /* per cell of the file: it is not written */
    bool quoted;          /* all headings of the input are quoted: our cells are, too */
    struct buf text;      /* of the cell at hand, in UTF-8 */
    struct buf line;      /* in the encoding of the output */
};

/* ---- What cannot be written ---- */

/* `what`: {3} of the message, a text of the merchant's; NULL: none. False when memory ran out. */
static bool report(struct cleaner *cleaner, const char *code, uint32_t row, size_t cell, const char *what)
{
    struct atobarai_message message;
    struct error error = {0};
    char number[16];
    struct span heading = {"", 0};
    const struct order_layout *layout = &cleaner->work->layout;
    cleaner->cleaned->problems++;
    if (cell < layout->heading_count)
        heading = layout->headings[cell];
    char name[ERROR_ARG_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)heading.length, heading.data);
    snprintf(number, sizeof number, "%" PRIu32, row);
    error_set(&error, ERROR_INPUT, code, cleaner->asked->input, number, name, what);
    if (!message_fill(cleaner->work->catalog, &error, cleaner->language, &message))
        return false;
    cleaner->problem(cleaner->context, row, &message);
    atobarai_message_free(&message);
    return true;
}

/* False where somebody wants it to end. */
static bool goes_on(const struct cleaner *cleaner, struct error *error)
{
    const volatile int *interrupt = cleaner->asked->interrupt;
    return interrupt == NULL || *interrupt == 0 ||
           error_set(error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
}

/* ---- Which rows ---- */

static bool judge_order(struct cleaner *cleaner, const struct book_order *order, struct error *error)
{
    static const enum fate fates[] = {
        [ORIGINALS_UNKNOWN] = UNKNOWN, [ORIGINALS_SAME] = LEFT, [ORIGINALS_CHANGED] = CHANGED};
    struct originals_order compared;
    if (!originals_compare(cleaner->originals, order, &compared, error))
        return false;
    for (size_t i = 0; i < compared.count; i++) {
        const struct originals_row *row = &compared.rows[i];
        cleaner->fates[row->row] = (unsigned char)fates[row->state];
        for (size_t k = 0; k < row->edited_count; k++)
            if (damage_is_loss(row->edited[k].is) &&
                !mends_add(&cleaner->losses, row->number, row->edited[k].cell, row->edited[k].is))
                return error_set_memory(error);
        for (size_t k = 0; k < row->damaged_count; k++)
            if (!mends_add(&cleaner->work->mends, row->number, row->damaged[k].cell, row->damaged[k].was))
                return error_set_memory(error);
    }
    return true;
}

/* Every row has its fate: one that nobody has looked at, of an order too large, is unknown; one that is to be deleted
 * says so itself. */
static bool judge_rows(struct cleaner *cleaner, struct error *error)
{
    const struct book *book = &cleaner->work->book;
    cleaner->fates = malloc(book->row_count + 1);
    if (cleaner->fates == NULL)
        return error_set_memory(error);
    memset(cleaner->fates, UNKNOWN, book->row_count + 1);
    for (size_t i = 0; i < book->order_count; i++)
        if (!goes_on(cleaner, error) || !judge_order(cleaner, &book->orders[i], error))
            return false;
    for (uint32_t i = 0; i < book->row_count; i++)
        if (book_row(book, i).deleted)
            cleaner->fates[i] = CHANGED;
    mends_sort(&cleaner->work->mends);
    mends_sort(&cleaner->losses);
    return true;
}

/* ---- Which columns ---- */

/* Ours, and those that somebody added: where nothing is known of the file, none was. */
static bool choose_columns(struct cleaner *cleaner, struct error *error)
{
    const struct order_layout *layout = &cleaner->work->layout;
    bool any = false;
    cleaner->drops = calloc(layout->heading_count + 1, sizeof *cleaner->drops);
    if (cleaner->drops == NULL)
        return error_set_memory(error);
    for (size_t cell = 0; cell < layout->heading_count; cell++)
        any = any || originals_covers(cleaner->originals, cell);
    for (size_t cell = 0; cell < layout->heading_count; cell++) {
        bool ours = rows_is_our_heading(cleaner->work, cell);
        bool added =
            !ours && any && !originals_covers(cleaner->originals, cell) && layout->columns[cell] == ORDER_NO_COLUMN;
        cleaner->drops[cell] = ours || added;
        cleaner->cleaned->dropped += added;
    }
    return true;
}

static bool is_control(const struct order_schema *schema, size_t column)
{
    return schema->columns[column].field == ORDER_FIELD_CONTROL;
}

/* Robot-in wants some columns on every row that is U; コントロールカラム itself is put there. */
static bool check_columns(const struct cleaner *cleaner, struct error *error)
{
    const struct work *work = cleaner->work;
    char names[ERROR_ARG_SIZE] = "";
    size_t length = 0;
    for (size_t column = 0; column < work->schema.count; column++)
        if ((work->schema.columns[column].needed & ORDER_NEED_U) != 0 && !is_control(&work->schema, column) &&
            work->layout.cells[column] == ORDER_NO_COLUMN && length < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length > 0 ? "、" : "",
                                       work->schema.columns[column].name);
    return length == 0 || error_set(error, ERROR_INPUT, "CLEAN_COLUMN_MISSING", work->input, names, NULL, NULL);
}

/* ---- Cells ---- */

static bool put_cell(struct cleaner *cleaner, struct span text)
{
    struct buf encoded = {0};
    text_encode(cleaner->codec, text, &encoded);
    bool breaks = text.length > 0 &&
                  (memchr(text.data, '\r', text.length) != NULL || memchr(text.data, '\n', text.length) != NULL);
    csv_writer_put_cell(',', (struct span){buf_text(&encoded), encoded.length}, cleaner->quoted || breaks,
                        &cleaner->line);
    buf_append_byte(&cleaner->line, ',');
    cleaner->line.failed = cleaner->line.failed || encoded.failed;
    buf_free(&encoded);
    return !cleaner->line.failed;
}

/* The last comma becomes the line end. */
static bool put_end(struct cleaner *cleaner, struct error *error)
{
    if (cleaner->line.length > 0)
        cleaner->line.length--;
    buf_append(&cleaner->line, "\r\n", 2);
    struct span line = {buf_text(&cleaner->line), cleaner->line.length};
    bool done = !cleaner->line.failed || error_set_memory(error);
    /* What cannot all be written is not begun. */
    done = done && (cleaner->cleaned->problems > 0 || csv_target_write(cleaner->target, line, error));
    buf_clear(&cleaner->line);
    return done;
}

/* The first character of `text` that the output has no place for, as "U+1F600 😀". */
static bool report_character(struct cleaner *cleaner, uint32_t row, size_t cell, struct span text)
{
    char what[32];
    size_t size;
    uint32_t character = utf8_decode(text, &size);
    snprintf(what, sizeof what, "%.*s (U+%04" PRIX32 ")", (int)size, text.data, character);
    return report(cleaner, "CLEAN_CHARACTER", row, cell, what);
}

/* Whether nothing but what a spreadsheet left of the value stands in the cell. That may be somebody's text, too, where
 * the ledger knows that it was there before. */
static bool is_lost(const struct cleaner *cleaner, uint32_t row, size_t cell, struct span text)
{
    const struct work *work = cleaner->work;
    size_t column = work->layout.columns[cell];
    size_t count;
    const struct mend *losses = mends_of(&cleaner->losses, row, &count);
    if (mends_at(losses, count, cell) != NULL)
        return true;
    if (cleaner->fate == UNKNOWN)
        return damage_is_loss(text);
    return column != ORDER_NO_COLUMN && work->schema.columns[column].type != ORDER_TYPE_TEXT && value_is_rounded(text);
}

/* A needed cell that is empty, and one whose value is gone. */
static bool check_text(struct cleaner *cleaner, uint32_t row, size_t cell, struct span text, bool deleted)
{
    const struct work *work = cleaner->work;
    size_t column = work->layout.columns[cell];
    size_t bad;
    char what[64];
    bool needed = column != ORDER_NO_COLUMN && !deleted && (work->schema.columns[column].needed & ORDER_NEED_U) != 0;
    if (needed && value_is_blank(text))
        return report(cleaner, "CLEAN_EMPTY", row, cell, NULL);
    if (is_lost(cleaner, row, cell, text)) {
        snprintf(what, sizeof what, "%.*s", (int)(text.length < sizeof what ? text.length : sizeof what - 1),
                 text.data);
        return report(cleaner, "CLEAN_ROUNDED", row, cell, what);
    }
    if (!text_can_encode(cleaner->codec, text, &bad))
        return report_character(cleaner, row, cell, (struct span){text.data + bad, text.length - bad});
    return true;
}

/* The text of a cell: as it was, where it was damaged. False: it is unreadable. */
static bool text_of(struct cleaner *cleaner, uint32_t row, size_t cell, struct span value, struct span *text)
{
    size_t count;
    size_t bad;
    const struct mend *mends = mends_of(&cleaner->work->mends, row, &count);
    const struct mend *mend = mends_at(mends, count, cell);
    if (mend != NULL) {
        *text = mend->text;
        cleaner->cleaned->restored++;
        return true;
    }
    buf_clear(&cleaner->text);
    bool readable = (value.length == 0 || memchr(value.data, '\0', value.length) == NULL) &&
                    text_decode(cleaner->work->codec, value, &cleaner->text, &bad);
    *text = (struct span){buf_text(&cleaner->text), cleaner->text.length};
    return readable;
}

/* One cell of the input; コントロールカラム is D or U, whatever it was. False when memory ran out. */
static bool take_cell(struct cleaner *cleaner, const struct book_row *row, size_t cell, struct span value)
{
    const struct work *work = cleaner->work;
    size_t column = work->layout.columns[cell];
    struct span text;
    if (column != ORDER_NO_COLUMN && is_control(&work->schema, column))
        return put_cell(cleaner, span_of(row->deleted ? "D" : "U"));
    if (!text_of(cleaner, row->number, cell, value, &text))
        return !cleaner->text.failed && report(cleaner, "CLEAN_UNREADABLE", row->number, cell, NULL);
    return check_text(cleaner, row->number, cell, text, row->deleted) && put_cell(cleaner, text);
}

/* ---- Rows ---- */

static bool has_control(const struct work *work)
{
    return order_layout_column(&work->layout, ORDER_FIELD_CONTROL) != ORDER_NO_COLUMN;
}

static bool put_cells(struct cleaner *cleaner, const struct book_row *row, const struct span *values, size_t count)
{
    const struct work *work = cleaner->work;
    bool done = has_control(work) || put_cell(cleaner, span_of(row->deleted ? "D" : "U"));
    for (size_t cell = 0; cell < work->layout.heading_count && done; cell++)
        if (!cleaner->drops[cell])
            done = take_cell(cleaner, row, cell, cell < count ? values[cell] : (struct span){"", 0});
    return done;
}

static bool put_row(struct cleaner *cleaner, uint32_t index, struct error *error)
{
    const struct work *work = cleaner->work;
    struct book_row row = book_row(&work->book, index);
    struct csv_record record;
    const struct span *values;
    size_t count = 0;
    cleaner->fate = (enum fate)cleaner->fates[index];
    cleaner->cleaned->written++;
    cleaner->cleaned->changed += cleaner->fate == CHANGED;
    cleaner->cleaned->unknown += cleaner->fate == UNKNOWN;
    if (!loader_record(cleaner->loader, &row, &record, error))
        return false;
    bool whole = !record.too_long && record.stray == CSV_NO_CELL;
    if (whole && !loader_cells(cleaner->loader, &record, &values, &count, error))
        return false;
    if (!whole || rows_damage_of(work, &record, values, count, NULL) != ROWS_WHOLE)
        return report(cleaner, "CLEAN_ROW_DAMAGED", row.number, SIZE_MAX, NULL) || error_set_memory(error);
    return put_cells(cleaner, &row, values, count) ? put_end(cleaner, error) : error_set_memory(error);
}

static bool put_header(struct cleaner *cleaner, struct error *error)
{
    const struct work *work = cleaner->work;
    size_t control = 0;
    while (control + 1 < work->schema.count && !is_control(&work->schema, control))
        control++;
    bool done = has_control(work) || put_cell(cleaner, span_of(work->schema.columns[control].name));
    for (size_t cell = 0; cell < work->layout.heading_count && done; cell++) {
        size_t bad;
        struct span heading = work->layout.headings[cell];
        if (cleaner->drops[cell])
            continue;
        done = text_can_encode(cleaner->codec, heading, &bad)
                   ? put_cell(cleaner, heading)
                   : report_character(cleaner, 1, cell, (struct span){heading.data + bad, heading.length - bad});
    }
    return done ? put_end(cleaner, error) : error_set_memory(error);
}

/* Whether all headings of the input are quoted, which is a habit to keep. */
static bool read_habit(struct cleaner *cleaner, struct error *error)
{
    const struct work *work = cleaner->work;
    struct csv_record record;
    struct csv_reader *reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_RANDOM);
    if (reader == NULL)
        return error_set_memory(error);
    csv_reader_seek(reader, work->header, 1);
    bool read = csv_reader_next(reader, &record, error) == CSV_NEXT_RECORD;
    cleaner->quoted = read && csv_writer_all_quoted(&record);
    csv_reader_free(reader);
    return read;
}

static bool put_all(struct cleaner *cleaner, struct error *error)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* a spreadsheet would take UTF-8 without it for Shift_JIS */
    enum atobarai_encoding encoding = cleaner->work->options->output_encoding;
    bool marked = encoding == ATOBARAI_ENCODING_UTF8 || encoding == ATOBARAI_ENCODING_UTF16;
    csv_target_recode(cleaner->target, encoding == ATOBARAI_ENCODING_UTF16 ? TEXT_UTF16LE : TEXT_UTF8, NULL, NULL);
    bool done = read_habit(cleaner, error) &&
                csv_target_write(cleaner->target, (struct span){mark, marked ? 3 : 0}, error) &&
                put_header(cleaner, error);
    for (uint32_t i = 0; i < cleaner->work->book.row_count && done; i++)
        if (cleaner->asked->all || cleaner->fates[i] != LEFT)
            done = goes_on(cleaner, error) && put_row(cleaner, i, error);
    return done && csv_source_unchanged(cleaner->work->source, error);
}

/* ---- The whole ---- */

static bool open_all(struct cleaner *cleaner, const struct atobarai_options *options, struct error *error)
{
    struct work *work = cleaner->work;
    struct buf path = {0};
    bool recodes =
        options->output_encoding == ATOBARAI_ENCODING_UTF8 || options->output_encoding == ATOBARAI_ENCODING_UTF16;
    if (!definitions_schema(options, &work->schema, error))
        return false;
    order_schema_defer_all(&work->schema); /* Robot-in takes every order, however it is paid */
    if (!intake_run(work, error) || !check_columns(cleaner, error))
        return false;
    if (place_of_ledger(options->ledger, &path, error))
        cleaner->ledger = ledger_open_reading(buf_text(&path), NULL, error);
    buf_free(&path);
    if (cleaner->ledger == NULL)
        return false;
    cleaner->target = csv_target_open(cleaner->asked->output, options->force, csv_source_stat(work->source), error);
    cleaner->codec = cleaner->target != NULL ? text_codec_new(recodes ? TEXT_UTF8 : TEXT_CP932, error) : NULL;
    if (cleaner->codec == NULL)
        return false;
    cleaner->originals = originals_new(work, cleaner->ledger);
    cleaner->loader = loader_new(work);
    return (cleaner->originals != NULL && cleaner->loader != NULL) || error_set_memory(error);
}

static void close_all(struct cleaner *cleaner)
{
    csv_target_discard(cleaner->target);
    originals_free(cleaner->originals);
    loader_free(cleaner->loader);
    text_codec_free(cleaner->codec);
    ledger_close(cleaner->ledger);
    free(cleaner->fates);
    free(cleaner->drops);
    mends_free(&cleaner->losses);
    buf_free(&cleaner->text);
    buf_free(&cleaner->line);
    work_free(cleaner->work);
}

static bool clean(struct cleaner *cleaner, const struct atobarai_options *options, struct error *error)
{
    if (!open_all(cleaner, options, error))
        return false;
    cleaner->cleaned->rows = cleaner->work->book.row_count;
    if (!judge_rows(cleaner, error) || !choose_columns(cleaner, error) || !put_all(cleaner, error))
        return false;
    if (cleaner->cleaned->problems > 0)
        return true;
    struct csv_target *target = cleaner->target;
    cleaner->target = NULL;
    return csv_target_commit(target, error);
}

enum atobarai_status atobarai_clean(const struct atobarai_cleaning *cleaning, const struct atobarai_options *options,
                                    enum atobarai_language language, atobarai_problem_fn *problem, void *context,
                                    struct atobarai_cleaned *cleaned, struct atobarai_message *message)
{
    struct error error = {0};
    atomic_bool interrupt = false;
    *cleaned = (struct atobarai_cleaned){0};
    *message = (struct atobarai_message){0};
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    if (catalog == NULL)
        return ATOBARAI_CONFIG;
    struct work work = {.operation = ATOBARAI_STATUS, /* which judges the least */
                        .input = cleaning->input,
                        .output = cleaning->output,
                        .options = options,
                        .interrupt = &interrupt,
                        .now = (int64_t)time(NULL),
                        .catalog = catalog};
    struct cleaner cleaner = {.asked = cleaning,
                              .language = language,
                              .problem = problem,
                              .context = context,
                              .cleaned = cleaned,
                              .work = &work};
    bool done = clean(&cleaner, options, &error);
    close_all(&cleaner);
    if (!done)
        message_fill(catalog, &error, language, message);
    catalog_free(catalog);
    if (!done)
        return (enum atobarai_status)error.kind;
    return cleaned->problems > 0 ? ATOBARAI_NEEDS_FIXING : ATOBARAI_DONE;
}
