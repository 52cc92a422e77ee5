/* run/diff.c: two order CSVs compared, as include/atobarai.h has it. */
#include "atobarai.h"

#include "base/embedded.h"
#include "order/damage.h"
#include "order/value.h"
#include "run/diff_match.h"
#include "run/diff_side.h"
#include "run/message.h"
#include "run/table.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct atobarai_column listing[] = {
    {{"種類", "Change"}, "kind"},
    {{"変化の内容", "What happened"}, "damage"},
    {{"行", "Row"}, "row"},
    {{"元の行", "Old row"}, "old_row"},
    {{"受注ID", "Order ID"}, "order_id"},
    {{"明細ID", "Line ID"}, "line_id"},
    {{"列", "Column"}, "column"},
    {{"変更前", "Before"}, "before"},
    {{"変更後", "After"}, "after"},
};

enum { NUMBERS = 1U << 2 | 1U << 3 }; /* the rows */

/* Words for people are in their language. A CSV is Japanese, as result files are, and JSON has words of its own. */
enum words { WORDS_JA, WORDS_EN, WORDS_JSON, WORDS };

enum kind { CELL_CHANGED, CELL_DAMAGED, ROW_ADDED, ROW_DELETED, COLUMN_ADDED, COLUMN_DELETED, KINDS };

static const char *const kinds[KINDS][WORDS] = {
    [CELL_CHANGED] = {"変更", "changed", "changed"},
    [CELL_DAMAGED] = {"表計算ソフトによる変化", "by the spreadsheet", "damaged"},
    [ROW_ADDED] = {"行の追加", "row added", "row_added"},
    [ROW_DELETED] = {"行の削除", "row deleted", "row_deleted"},
    [COLUMN_ADDED] = {"列の追加", "column added", "column_added"},
    [COLUMN_DELETED] = {"列の削除", "column deleted", "column_deleted"},
};

static const char *const damages[DAMAGE_KINDS][WORDS] = {
    [DAMAGE_NONE] = {"", "", ""},
    [DAMAGE_ZEROS] = {"先頭の0が消えた", "leading zeros lost", "zeros"},
    [DAMAGE_ROUNDED] = {"桁が失われた", "digits lost", "rounded"},
    [DAMAGE_DATE] = {"日付になった", "became a date", "date"},
    [DAMAGE_TIME] = {"日時の書き方が変わった", "date or time rewritten", "time"},
    [DAMAGE_NUMBER] = {"数値の書き方が変わった", "number rewritten", "number"},
    [DAMAGE_LOGICAL] = {"TRUE・FALSEになった", "became TRUE or FALSE", "logical"},
    [DAMAGE_FORMULA] = {"数式が計算された", "formula worked out", "formula"},
    [DAMAGE_LINES] = {"セルの中の改行が変わった", "line ends rewritten", "lines"},
    [DAMAGE_LETTERS] = {"Shift_JISにない文字が変わった", "characters lost", "letters"},
    [DAMAGE_HIDDEN] = {"###になった", "became ###", "hidden"},
};

struct diff {
    struct diff_side sides[2]; /* the old file first */
    struct diff_columns columns;
    struct table table;
    enum atobarai_format format;
    enum words words;
    struct atobarai_differences *found;
    uint64_t *orders; /* hashes of the ids of orders with a changed cell, one for each row; owned */
    size_t order_count;
    struct buf text; /* to work with */
    struct error *error;

    /* Where the listing goes. */
    enum atobarai_language language;
    atobarai_text_fn *put;
    void *context;
    struct buf out;
    bool measuring; /* nowhere yet: how wide it is going to be */
    bool unwanted;  /* the rest of it */
};

/* ---- A cell, shown ---- */

enum { SHOWN_MAX = 32, SHOWN_BEFORE = 8 }; /* characters of a cell in a table, and of these before what differs */

/* How many bytes at the beginning two texts have in common, whole characters. */
static size_t common_beginning(struct span a, struct span b)
{
    size_t length = 0;
    while (length < a.length && length < b.length && a.data[length] == b.data[length])
        length++;
    while (length > 0 && length < a.length && ((unsigned char)a.data[length] & 0xC0U) == 0x80U)
        length--;
    return length;
}

/* Where what is shown of `text` begins: at its beginning, or, where it has to be cut, some characters before `point`.
 */
static size_t beginning_of(struct span text, size_t point)
{
    size_t back = 0;
    if (utf8_characters(text) <= SHOWN_MAX || utf8_characters((struct span){text.data, point}) <= SHOWN_MAX / 2)
        return 0;
    while (point > 0 && back < SHOWN_BEFORE) {
        point--;
        back += ((unsigned char)text.data[point] & 0xC0U) != 0x80U;
    }
    return point;
}

/* The bytes of a line end that `text` begins with. */
static size_t line_end(struct span text)
{
    if (text.length > 1 && text.data[0] == '\r' && text.data[1] == '\n')
        return 2;
    return text.length > 0 && (text.data[0] == '\n' || text.data[0] == '\r') ? 1 : 0;
}

/* Append `text` for people: a line end as ↵ (CR LF as ␍↵), a blank at either end as ␣, only some of a long text around
 * `point`, the byte where it begins to differ. */
static void put_shown(struct span text, size_t point, struct buf *out)
{
    size_t at = beginning_of(text, point);
    struct span shown = {text.data + at, text.length - at};
    size_t characters = utf8_characters(shown);
    bool cut = characters > SHOWN_MAX;
    if (cut)
        shown = utf8_beginning(shown, SHOWN_MAX - 1);
    if (at > 0)
        buf_append_text(out, "…");
    for (size_t i = 0, size = 0; i < shown.length; i += size) {
        struct span rest = {shown.data + i, shown.length - i};
        bool outer = (i == 0 && at == 0) || (rest.length == 1 && !cut);
        size = line_end(rest);
        if (size > 0)
            buf_append_text(out, size == 2 ? "␍↵" : "↵");
        else if (rest.data[0] == ' ' && outer)
            buf_append_text(out, "␣");
        else
            buf_append_byte(out, rest.data[0]);
        size = size > 0 ? size : 1;
    }
    if (cut)
        buf_append_text(out, "…");
}

/* A NUL would end the cell of the table. */
static void put_raw(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\0')
            utf8_encode(UTF8_INVALID, out);
        else
            buf_append_byte(out, text.data[i]);
    }
}

static void put_cell(struct diff *diff, struct span text, size_t point)
{
    buf_clear(&diff->text);
    if (diff->format == ATOBARAI_TEXT)
        put_shown(text, point, &diff->text);
    else
        put_raw(text, &diff->text);
    table_put(&diff->table, buf_text(&diff->text));
    diff->table.cells.failed = diff->table.cells.failed || diff->text.failed;
}

/* ---- The listing, piece by piece ---- */

enum { PIECE = 64 * 1024 }; /* bytes of cells */

static bool put_out(struct diff *diff)
{
    if (diff->out.failed)
        return error_set_memory(diff->error);
    diff->unwanted = diff->out.length > 0 && !diff->put(diff->context, buf_text(&diff->out), diff->out.length);
    buf_clear(&diff->out);
    return !diff->unwanted;
}

/* Have done with the lines that there are. False when memory ran out, or no more is wanted. */
static bool put_piece(struct diff *diff)
{
    if (diff->measuring)
        table_measure(&diff->table, diff->language);
    else
        table_write_piece(&diff->table, diff->format, &diff->out);
    table_clear(&diff->table);
    return diff->table.cells.failed ? error_set_memory(diff->error) : put_out(diff);
}

static bool put_full_piece(struct diff *diff)
{
    return diff->table.cells.length < PIECE ? !diff->table.cells.failed || error_set_memory(diff->error)
                                            : put_piece(diff);
}

/* ---- A line of the listing ---- */

static void put_number(struct diff *diff, uint32_t number)
{
    char text[16] = "";
    if (number > 0)
        snprintf(text, sizeof text, "%" PRIu32, number);
    table_put(&diff->table, text);
}

/* What a line begins with; a row's number is 0 where it has none. */
static void put_beginning(struct diff *diff, enum kind kind, enum damage damage, uint32_t row, uint32_t old_row)
{
    table_put(&diff->table, kinds[kind][diff->words]);
    table_put(&diff->table, damages[damage][diff->words]);
    put_number(diff, row);
    put_number(diff, old_row);
}

/* 受注ID and 明細ID of the row of `side` that is loaded. */
static void put_names(struct diff *diff, int side)
{
    put_cell(diff, diff_side_value(&diff->sides[side], diff->columns.id[side]), 0);
    size_t line = diff->columns.line[side];
    put_cell(diff, line != ORDER_NO_COLUMN ? diff_side_value(&diff->sides[side], line) : span_of(""), 0);
}

/* The heading of a column; where that is empty, or there is none, its number. */
static void put_heading(struct diff *diff, int side, size_t cell)
{
    const struct diff_side *file = &diff->sides[side];
    struct span heading = cell < file->cell_count ? diff_side_heading(file, cell) : span_of("");
    if (heading.length > 0) {
        put_cell(diff, heading, 0);
        return;
    }
    char number[32];
    snprintf(number, sizeof number, "#%zu", cell < file->cell_count ? file->cells[cell] + 1 : cell + 1);
    table_put(&diff->table, number);
}

static void put_nothing(struct diff *diff, int cells)
{
    while (cells-- > 0)
        table_put(&diff->table, "");
}

/* ---- Columns, rows, cells ---- */

/* Columns that only one of the files has. One without a heading or anything in it is what a spreadsheet leaves behind
 * the table. */
static void put_columns(struct diff *diff, int side, enum kind kind, const size_t *cells, size_t count,
                        uint64_t *counter)
{
    const struct diff_side *file = &diff->sides[side];
    for (size_t i = 0; i < count; i++) {
        if (diff_side_heading(file, cells[i]).length == 0 && !file->filled[cells[i]])
            continue;
        put_beginning(diff, kind, DAMAGE_NONE, side == 1 ? 1 : 0, side == 0 ? 1 : 0);
        put_nothing(diff, 2);
        put_heading(diff, side, cells[i]);
        put_nothing(diff, 2);
        ++*counter;
    }
}

/* A row that only one of the files has. */
static bool put_row(struct diff *diff, int side, uint32_t row)
{
    uint32_t number = diff->sides[side].rows[row].number;
    if (!diff_side_load(&diff->sides[side], row, diff->error))
        return false;
    put_beginning(diff, side == 1 ? ROW_ADDED : ROW_DELETED, DAMAGE_NONE, side == 1 ? number : 0,
                  side == 0 ? number : 0);
    put_names(diff, side);
    put_nothing(diff, 3);
    if (side == 1)
        diff->found->rows_added++;
    else
        diff->found->rows_deleted++;
    return put_full_piece(diff);
}

/* A cell of the rows that are loaded, if it differs. True: somebody changed it. */
static bool put_difference(struct diff *diff, const struct diff_row *before, const struct diff_row *after,
                           const struct diff_pair *pair)
{
    struct span was = diff_side_value(&diff->sides[0], pair->before);
    struct span is = diff_side_value(&diff->sides[1], pair->after);
    if (span_equal(was, is))
        return false;
    enum damage damage = damage_of(was, is);
    size_t point = common_beginning(was, is);
    put_beginning(diff, damage != DAMAGE_NONE ? CELL_DAMAGED : CELL_CHANGED, damage, after->number, before->number);
    put_names(diff, 0);
    put_heading(diff, 1, pair->after);
    put_cell(diff, was, point);
    put_cell(diff, is, point);
    if (damage != DAMAGE_NONE)
        diff->found->damaged++;
    else
        diff->found->cells++;
    return damage == DAMAGE_NONE;
}

/* The cells of a row that both files have. */
static bool put_differences(struct diff *diff, uint32_t row)
{
    struct diff_side *sides = diff->sides;
    const struct diff_row *after = &sides[1].rows[row];
    const struct diff_row *before = &sides[0].rows[after->partner];
    bool changed = false;
    if (!diff_side_load(&sides[0], after->partner, diff->error) || !diff_side_load(&sides[1], row, diff->error))
        return false;
    for (size_t i = 0; i < diff->columns.count; i++)
        changed = put_difference(diff, before, after, &diff->columns.pairs[i]) || changed;
    /* Cells behind the last heading, in rows that have too many. */
    size_t beyond[2] = {sides[0].cell_count, sides[1].cell_count};
    for (; beyond[0] < sides[0].value_count || beyond[1] < sides[1].value_count; beyond[0]++, beyond[1]++) {
        struct diff_pair pair = {.before = beyond[0], .after = beyond[1]};
        changed = put_difference(diff, before, after, &pair) || changed;
    }
    if (changed)
        diff->orders[diff->order_count++] = before->id;
    return put_full_piece(diff);
}

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

static void count_orders(struct diff *diff)
{
    qsort(diff->orders, diff->order_count, sizeof *diff->orders, compare);
    for (size_t i = 0; i < diff->order_count; i++)
        diff->found->orders += i == 0 || diff->orders[i] != diff->orders[i - 1];
}

/* Whether two rows say the same: both of their hashes do. */
static bool is_same(const struct diff_row *before, const struct diff_row *after)
{
    return before->whole == after->whole && before->rest == after->rest;
}

static bool put_rows(struct diff *diff)
{
    struct diff_side *sides = diff->sides;
    for (uint32_t row = 0; row < sides[1].row_count; row++) {
        const struct diff_row *after = &sides[1].rows[row];
        bool alone = after->partner == DIFF_NONE;
        if (alone && !put_row(diff, 1, row))
            return false;
        if (!alone && !is_same(&sides[0].rows[after->partner], after) && !put_differences(diff, row))
            return false;
    }
    for (uint32_t row = 0; row < sides[0].row_count; row++)
        if (sides[0].rows[row].partner == DIFF_NONE && !put_row(diff, 0, row))
            return false;
    return true;
}

/* Go through all differences. */
static bool put_all(struct diff *diff)
{
    const struct diff_columns *columns = &diff->columns;
    *diff->found = (struct atobarai_differences){0};
    diff->order_count = 0;
    put_columns(diff, 1, COLUMN_ADDED, columns->added, columns->added_count, &diff->found->columns_added);
    put_columns(diff, 0, COLUMN_DELETED, columns->removed, columns->removed_count, &diff->found->columns_deleted);
    return put_rows(diff) && put_piece(diff) && csv_source_unchanged(diff->sides[0].work.source, diff->error) &&
           csv_source_unchanged(diff->sides[1].work.source, diff->error);
}

/* ---- All of it ---- */

static bool compare_files(struct diff *diff)
{
    struct diff_side *sides = diff->sides;
    struct error *error = diff->error;
    return diff_columns_find(&diff->columns, &sides[0], &sides[1], error) &&
           diff_side_index(&sides[0], &diff->columns, 0, error) &&
           diff_side_index(&sides[1], &diff->columns, 1, error) &&
           diff_match(&sides[0], &sides[1], &diff->columns, error);
}

/* Text stands in line: so all of it is gone through to see how wide it is, and then once more. */
static bool list(struct diff *diff)
{
    diff->orders = calloc(diff->sides[1].row_count + 1, sizeof *diff->orders);
    if (diff->orders == NULL)
        return error_set_memory(diff->error);
    diff->measuring = diff->format != ATOBARAI_CSV && diff->format != ATOBARAI_JSON;
    if (diff->measuring && !put_all(diff))
        return false;
    diff->measuring = false;
    table_begin(&diff->table, diff->format, diff->language, &diff->out);
    if (!put_all(diff))
        return false;
    table_end(&diff->table, diff->format, diff->language, &diff->out);
    if (!put_out(diff))
        return false;
    count_orders(diff);
    return true;
}

static enum words words_of(enum atobarai_format format, enum atobarai_language language)
{
    if (format == ATOBARAI_JSON)
        return WORDS_JSON;
    return format == ATOBARAI_CSV || language == ATOBARAI_JA ? WORDS_JA : WORDS_EN;
}

/* Compare `paths`, the old file first. */
static void run(struct diff *diff, const char *const paths[2], const struct atobarai_options *options)
{
    bool opened = diff_side_open(&diff->sides[0], paths[0], options, diff->error) &&
                  diff_side_open(&diff->sides[1], paths[1], options, diff->error);
    if (opened && compare_files(diff))
        list(diff);
    for (int side = 0; side < 2; side++)
        diff_side_close(&diff->sides[side]);
    diff_columns_free(&diff->columns);
    table_free(&diff->table);
    buf_free(&diff->text);
    buf_free(&diff->out);
    free(diff->orders);
}

enum atobarai_status atobarai_diff(const char *before, const char *after, const struct atobarai_options *options,
                                   enum atobarai_format format, enum atobarai_language language, atobarai_text_fn *put,
                                   void *context, struct atobarai_differences *differences,
                                   struct atobarai_message *message)
{
    const char *const paths[2] = {before, after};
    struct error error = {0};
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    struct diff diff = {
        .table = {.columns = listing, .count = sizeof listing / sizeof *listing, .numbers = NUMBERS},
        .format = format,
        .words = words_of(format, language),
        .language = language,
        .found = differences,
        .error = &error,
        .put = put,
        .context = context,
    };
    *differences = (struct atobarai_differences){0};
    *message = (struct atobarai_message){0};
    if (catalog != NULL)
        run(&diff, paths, options);
    if (catalog != NULL && error.kind != ERROR_NONE)
        message_fill(catalog, &error, language, message);
    catalog_free(catalog);
    return (enum atobarai_status)error.kind;
}
