/* order/result.c: see result.h. */
#include "order/result.h"

#include "text/harmless.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIBLINGS_NAMED = 5 }; /* rows that a sibling row names; the rest are "…" */

const char *const result_headings[RESULT_COLUMNS] = {
    [RESULT_STATUS] = "与信ステータス", [RESULT_CODE] = "エラーコード", [RESULT_ITEM] = "エラー項目",
    [RESULT_MESSAGE] = "エラー内容",    [RESULT_CAUSE] = "エラー理由",  [RESULT_REMEDY] = "修正方法/対応方法",
    [RESULT_ID] = "後払い受注番号",     [RESULT_TIME] = "処理日時",
};

/* ---- Words ---- */

enum { TEXTS = 3 }; /* message, cause, remedy: of each entry */

/* A part of a text: bytes, and then what fills a placeholder, if one follows. */
struct piece {
    size_t begin; /* in `bytes` */
    size_t end;
    enum catalog_place place; /* CATALOG_PLACES: none, and the text ends here */
};

/* The texts of an entry of the catalogue. */
struct entry_words {
    bool ready;          /* cut into pieces: most entries never are, for no finding has them */
    size_t first[TEXTS]; /* where they begin among the pieces */
};

struct result_words {
    const struct catalog *catalog;
    struct text_codec *codec;
    struct buf bytes;
    struct buf pieces;           /* struct piece, text by text */
    struct entry_words *entries; /* owned; as many as the catalogue has */
    struct buf status[ORDER_STATUSES];
    struct buf caution; /* what warnings begin with */
    struct buf bar;     /* in place of | */
    int64_t second;     /* whose time was put last; seconds since 1970, 0: none */
    char time[24];      /* as it was put */
};

static void add_text(struct result_words *words, const char *text)
{
    struct piece piece;
    do {
        struct span literal;
        text = catalog_cut(text, &literal, &piece.place);
        piece.begin = words->bytes.length;
        text_encode(words->codec, literal, &words->bytes);
        piece.end = words->bytes.length;
        buf_append(&words->pieces, &piece, sizeof piece);
    } while (piece.place != CATALOG_PLACES);
}

/* Where the texts of `entry` begin; NULL when memory ran out. */
static const size_t *words_of(struct result_words *words, const struct catalog_entry *entry)
{
    struct entry_words *own = &words->entries[catalog_index(words->catalog, entry)];
    const struct catalog_text *text = &entry->texts[CATALOG_JA];
    const char *const texts[TEXTS] = {text->message, text->cause, text->remedy};
    for (size_t i = 0; i < TEXTS && !own->ready; i++) {
        own->first[i] = words->pieces.length / sizeof(struct piece);
        add_text(words, texts[i]);
    }
    own->ready = true;
    return words->bytes.failed || words->pieces.failed ? NULL : own->first;
}

static void encode(const struct result_words *words, const char *text, struct buf *out)
{
    text_encode(words->codec, span_of(text), out);
}

/* The words that are not the catalogue's; false when memory ran out. */
static bool fill_words(struct result_words *words)
{
    bool failed = false;
    for (size_t i = 0; i < ORDER_STATUSES; i++) {
        encode(words, order_status_name((enum order_status)i), &words->status[i]);
        failed = failed || words->status[i].failed;
    }
    encode(words, "注意: ", &words->caution);
    encode(words, "｜", &words->bar);
    return !failed && !words->caution.failed && !words->bar.failed;
}

struct result_words *result_words_new(const struct catalog *catalog, struct text_codec *codec)
{
    struct result_words *words = calloc(1, sizeof *words);
    if (words == NULL)
        return NULL;
    words->catalog = catalog;
    words->codec = codec;
    words->entries = calloc(catalog_count(catalog), sizeof *words->entries);
    if (words->entries != NULL && fill_words(words))
        return words;
    result_words_free(words);
    return NULL;
}

void result_words_free(struct result_words *words)
{
    if (words == NULL)
        return;
    buf_free(&words->bytes);
    buf_free(&words->pieces);
    free(words->entries);
    for (size_t i = 0; i < ORDER_STATUSES; i++)
        buf_free(&words->status[i]);
    buf_free(&words->caution);
    buf_free(&words->bar);
    free(words);
}

/* ---- Texts of others ---- */

/* Printable ASCII that means nothing to a spreadsheet or to us: the same bytes in every encoding. */
static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7E || text.data[i] == '|')
            return false;
    return text.length > 0 && !harmless_begins_formula((unsigned char)text.data[0]);
}

/* Append `text`, which may be anything, in the encoding of the file and made harmless for a cell. */
static void put_text(const struct result_words *words, struct buf *cell, struct span text)
{
    size_t plain = 0; /* where what is not yet written begins */
    if (is_plain(text)) {
        buf_append(cell, text.data, text.length);
        return;
    }
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        uint32_t character = utf8_decode((struct span){text.data + at, text.length - at}, &size);
        bool control = harmless_is_control(character);
        if (at == 0 && cell->length == 0 && harmless_begins_formula(character))
            buf_append_byte(cell, '\'');
        if (!control && character != '|')
            continue;
        text_encode(words->codec, (struct span){text.data + plain, at - plain}, cell);
        if (control)
            buf_append_byte(cell, ' ');
        else
            buf_append(cell, words->bar.data, words->bar.length);
        plain = at + size;
    }
    text_encode(words->codec, (struct span){text.data + plain, text.length - plain}, cell);
}

static bool is_ours(struct span heading)
{
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        if (span_is(heading, result_headings[i]))
            return true;
    return false;
}

static void put_heading(struct buf *cell, struct span heading)
{
    buf_append(cell, heading.data, heading.length);
}

/* Note that a finding asks for a cell, if the file has it. */
static void mark(struct result_marks *marks, const struct finding *finding, size_t cell)
{
    if (marks == NULL || cell == ORDER_NO_COLUMN)
        return;
    const struct result_mark one = {.cell = cell, .finding = marks->findings, .warning = finding->warning};
    buf_append(&marks->list, &one, sizeof one);
}

void result_put_columns(const struct result_source *source, const struct finding *finding,
                        const struct catalog_entry *entry, struct buf *cell)
{
    const struct order_layout *layout = source->columns.layout;
    if (finding->cell > 0) {
        mark(source->marks, finding, finding->cell - 1U);
        if (finding->cell <= layout->heading_count && !is_ours(layout->headings[finding->cell - 1]))
            put_heading(cell, layout->headings[finding->cell - 1]);
        else
            buf_printf(cell, "%u列目", (unsigned)finding->cell); /* beyond the last heading of the clerk's */
        return;
    }
    if (finding->column != FINDING_NO_COLUMN) {
        mark(source->marks, finding, layout->cells[finding->column]);
        put_heading(cell, order_layout_heading(layout, source->columns.schema, finding->column));
        return;
    }
    bool first = true;
    for (size_t i = 0; i < entry->field_count; i++) {
        size_t column = order_layout_column(layout, entry->fields[i]);
        if (column == ORDER_NO_COLUMN)
            continue;
        if (!first)
            buf_append_text(cell, "、");
        put_heading(cell, order_layout_heading(layout, source->columns.schema, column));
        mark(source->marks, finding, layout->cells[column]);
        first = false;
    }
}

/* One more finding stands on the row, whose marks, if it has any, are those behind the `before` first. */
static void end_marks(struct result_marks *marks, const struct finding *finding, size_t before)
{
    const struct result_mark none = {.cell = ORDER_NO_COLUMN, .finding = marks->findings, .warning = finding->warning};
    if (marks->list.length == before)
        buf_append(&marks->list, &none, sizeof none);
    marks->findings++;
}

/* One text of an entry with its placeholders filled. */
static void put_words(const struct result_words *words, size_t first, const struct catalog_words *values,
                      struct buf *cell)
{
    const struct piece *piece = (const struct piece *)(const void *)buf_text(&words->pieces) + first;
    for (;; piece++) {
        buf_append(cell, buf_text(&words->bytes) + piece->begin, piece->end - piece->begin);
        if (piece->place == CATALOG_PLACES)
            return;
        put_text(words, cell, values->of[piece->place]);
    }
}

/* One finding into the five columns of findings. */
static void put_finding(const struct result_source *source, const struct finding *finding, uint32_t row, bool first,
                        struct buf cells[RESULT_COLUMNS])
{
    struct result_words *words = source->words;
    const struct catalog_entry *entry = catalog_find(words->catalog, finding->code);
    const size_t *texts = entry != NULL ? words_of(words, entry) : NULL;
    char item[24];
    char number[24];
    char other[24];
    struct buf column = {0};
    if (texts == NULL) { /* memory ran out; no code is without an entry, for a test keeps them together */
        cells[RESULT_CODE].failed = true;
        return;
    }
    for (size_t i = RESULT_CODE; i <= RESULT_REMEDY && !first; i++)
        buf_append_byte(&cells[i], '|');
    size_t marked = source->marks != NULL ? source->marks->list.length : 0;
    result_put_columns(source, finding, entry, &column);
    if (source->marks != NULL)
        end_marks(source->marks, finding, marked);
    snprintf(item, sizeof item, "%u", (unsigned)finding->item);
    snprintf(number, sizeof number, "%" PRIu32, row);
    snprintf(other, sizeof other, "%" PRIu32, finding->other);
    struct catalog_words values = {.of = {[CATALOG_ITEM] = span_of(item),
                                          [CATALOG_ROW] = span_of(number),
                                          [CATALOG_OTHER] = span_of(other),
                                          [CATALOG_COLUMN] = {buf_text(&column), column.length},
                                          [CATALOG_PATH] = {"", 0}}};
    findings_args(source->findings, finding, values.of + CATALOG_ARG1);
    put_text(words, &cells[RESULT_CODE], span_of(finding->code));
    put_text(words, &cells[RESULT_ITEM], values.of[CATALOG_COLUMN]);
    if (finding->warning)
        buf_append(&cells[RESULT_MESSAGE], words->caution.data, words->caution.length);
    for (size_t i = 0; i < TEXTS; i++)
        put_words(words, texts[i], &values, &cells[RESULT_MESSAGE + i]);
    cells[RESULT_CODE].failed = cells[RESULT_CODE].failed || column.failed;
    buf_free(&column);
}

/* The rows with errors, which other rows of the order have to name, as "4、7". */
static void name_rows(const struct finding *list, size_t count, char *text, size_t size)
{
    size_t named = 0;
    size_t length = 0;
    uint32_t last = 0;
    *text = '\0';
    for (size_t i = 0; i < count && length < size; i++) {
        if (list[i].row == last || list[i].warning)
            continue;
        last = list[i].row;
        if (named++ == SIBLINGS_NAMED) {
            snprintf(text + length, size - length, "、…");
            return;
        }
        length += (size_t)snprintf(text + length, size - length, "%s%" PRIu32, named > 1 ? "、" : "", last);
    }
}

/* A row of an order with an error elsewhere: it only names the rows where that is. */
static void put_sibling(const struct result_source *source, const struct finding *list, size_t count, uint32_t row,
                        bool first, struct buf cells[RESULT_COLUMNS])
{
    char rows[SIBLINGS_NAMED * 16 + 8];
    struct findings one = {0};
    struct result_source with = *source;
    name_rows(list, count, rows, sizeof rows);
    const char *args[FINDING_ARGS] = {rows};
    findings_add(&one, (struct finding){.code = "SIBLING_ROW", .row = row, .column = FINDING_NO_COLUMN}, args);
    with.findings = &one;
    with.marks = NULL;
    if (one.count > 0)
        put_finding(&with, one.list, row, first, cells);
    if (source->marks != NULL)
        source->marks->findings++;
    cells[RESULT_CODE].failed = cells[RESULT_CODE].failed || one.failed;
    findings_free(&one);
}

/* Those of `list` that are on row `row` (0: on all rows) and of that severity; how many. */
static size_t put_some(const struct result_source *source, const struct finding *list, size_t count, uint32_t on,
                       bool warning, uint32_t row, bool first, struct buf cells[RESULT_COLUMNS])
{
    size_t low = 0;
    size_t high = count;
    size_t put = 0;
    while (low < high) { /* the list is sorted: row, errors, warnings */
        size_t middle = low + (high - low) / 2;
        if (list[middle].row < on || (list[middle].row == on && !list[middle].warning && warning))
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && list[low].row == on && list[low].warning == warning; low++, put++)
        put_finding(source, &list[low], row, first && put == 0, cells);
    return put;
}

/* The findings of a row: the service's, then errors, or the rows where those are, then warnings; the row's own before
 * those of all rows. */
static void put_findings(const struct result_source *source, const struct book_order *order, uint32_t row,
                         struct buf cells[RESULT_COLUMNS])
{
    const struct finding *all = source->findings->list;
    const struct finding *found = order->finding_count > 0 ? all + order->findings : NULL;
    const struct finding *outcome = order->outcome != BOOK_NONE ? all + order->outcome : NULL;
    bool failed = outcome != NULL && !outcome->warning;
    /* What had errors got no outcome; so where there is one, the others are warnings. */
    const struct finding *errors = failed ? outcome : found;
    size_t error_count = failed ? 1 : order->finding_count;
    size_t put = put_some(source, errors, error_count, row, false, row, true, cells);
    put += put_some(source, errors, error_count, 0, false, row, put == 0, cells);
    if (put == 0 && (failed || order->state == BOOK_INVALID)) {
        put_sibling(source, errors, error_count, row, true, cells);
        put++;
    }
    if (outcome != NULL && !failed)
        put += put_some(source, outcome, 1, 0, true, row, put == 0, cells);
    put += put_some(source, found, order->finding_count, row, true, row, put == 0, cells);
    put_some(source, found, order->finding_count, 0, true, row, put == 0, cells);
}

/* Most rows have the time of the one before. */
static void put_time(struct result_words *words, int64_t second, struct buf *cell)
{
    struct tm local;
    time_t time = (time_t)second;
    if (second != words->second && localtime_r(&time, &local) != NULL &&
        strftime(words->time, sizeof words->time, "%Y-%m-%d %H:%M:%S", &local) > 0)
        words->second = second;
    if (second == words->second)
        buf_append_text(cell, words->time);
}

/* Its cells stay empty. */
static bool is_silent(const struct book_order *order, const struct book_row *row)
{
    return (order->state == BOOK_SKIPPED && order->finding_count == 0) || (row->deleted && order->rows > 0);
}

bool result_is_same(const struct book *book, const struct book_row *a, const struct book_row *b)
{
    const struct book_order *left = &book->orders[a->order];
    const struct book_order *right = &book->orders[b->order];
    bool silent = is_silent(left, a);
    if (silent || is_silent(right, b))
        return silent && is_silent(right, b);
    if (left->finding_count + right->finding_count > 0 || left->outcome != BOOK_NONE || right->outcome != BOOK_NONE)
        return false;
    bool named = left->registered || right->registered; /* its id is in a cell */
    return left->status == right->status && left->time == right->time && (!named || left == right);
}

void result_compose(const struct result_source *source, const struct book_row *row, struct buf cells[RESULT_COLUMNS])
{
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        buf_clear(&cells[i]);
    if (source->marks != NULL) {
        buf_clear(&source->marks->list);
        source->marks->findings = 0;
    }
    struct result_words *words = source->words;
    const struct book_order *order = &source->book->orders[row->order];
    if (is_silent(order, row))
        return;
    buf_append(&cells[RESULT_STATUS], words->status[order->status].data, words->status[order->status].length);
    put_findings(source, order, row->number, cells);
    if (order->registered)
        put_text(words, &cells[RESULT_ID], span_of(book_service_id(source->book, order)));
    put_time(words, order->time != 0 ? (int64_t)order->time : source->now, &cells[RESULT_TIME]);
}
