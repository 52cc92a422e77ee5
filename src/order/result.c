/* order/result.c: see result.h. */
#include "order/result.h"

#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { SIBLINGS_NAMED = 5 }; /* rows that a sibling row names; the rest are "…" */

const char *const result_headings[RESULT_COLUMNS] = {
    [RESULT_STATUS] = "与信ステータス", [RESULT_CODE] = "エラーコード", [RESULT_ITEM] = "エラー項目",
    [RESULT_MESSAGE] = "エラー内容",    [RESULT_CAUSE] = "エラー理由",  [RESULT_REMEDY] = "修正方法/対応方法",
    [RESULT_ID] = "後払い受注番号",     [RESULT_TIME] = "処理日時",
};

/* A character that a spreadsheet takes for the beginning of a formula; the full-width ones too, as Japanese Excel does,
 * and U+2212, which becomes one of these in CP932. */
static bool begins_formula(uint32_t character)
{
    return character == '=' || character == '+' || character == '-' || character == '@' || character == 0xFF1D ||
           character == 0xFF0B || character == 0xFF0D || character == 0xFF20 || character == 0x2212;
}

/* How many bytes at the beginning of `text` are certainly harmless, wherever they stand behind the first character: all
 * but | and what is or begins a control character. */
static size_t harmless_length(struct span text)
{
    size_t length = 0;
    while (length < text.length) {
        unsigned char byte = (unsigned char)text.data[length];
        if (byte < 0x20 || byte == '|' || byte == 0x7F || byte == 0xC2)
            break;
        length++;
    }
    return length;
}

/* Append `text`, made harmless for a cell. */
static void put_text(struct buf *cell, struct span text)
{
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        size = cell->length > 0 ? harmless_length((struct span){text.data + at, text.length - at}) : 0;
        if (size > 0) {
            buf_append(cell, text.data + at, size);
            continue;
        }
        uint32_t character = utf8_decode((struct span){text.data + at, text.length - at}, &size);
        if (cell->length == 0 && begins_formula(character))
            buf_append_byte(cell, '\'');
        if (character < 0x20 || (character >= 0x7F && character < 0xA0))
            buf_append_byte(cell, ' ');
        else if (character == '|')
            buf_append_text(cell, "｜");
        else
            buf_append(cell, text.data + at, size);
    }
}

static bool is_ours(struct span heading)
{
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        if (span_is(heading, result_headings[i]))
            return true;
    return false;
}

/* The columns to fix: the finding's own, or those that the catalogue names and the file has. */
static void put_columns(const struct result_source *source, const struct finding *finding,
                        const struct catalog_entry *entry, struct buf *cell)
{
    const struct order_layout *layout = source->columns.layout;
    if (finding->cell > 0) {
        if (finding->cell <= layout->heading_count && !is_ours(layout->headings[finding->cell - 1]))
            put_text(cell, layout->headings[finding->cell - 1]);
        else
            buf_printf(cell, "%u列目", (unsigned)finding->cell); /* beyond the last heading of the clerk's */
        return;
    }
    if (finding->column != FINDING_NO_COLUMN) {
        put_text(cell, order_layout_heading(layout, source->columns.schema, finding->column));
        return;
    }
    bool first = true;
    for (size_t i = 0; i < entry->field_count; i++) {
        size_t column = order_layout_column(layout, entry->fields[i]);
        if (column == ORDER_NO_COLUMN)
            continue;
        if (!first)
            buf_append_text(cell, "、");
        put_text(cell, order_layout_heading(layout, source->columns.schema, column));
        first = false;
    }
}

/* One finding into the five columns of findings. */
static void put_finding(const struct result_source *source, const struct finding *finding, uint32_t row, bool first,
                        struct buf cells[RESULT_COLUMNS])
{
    const struct catalog_entry *entry = catalog_find(source->catalog, finding->code);
    struct catalog_values values = {.item = finding->item, .row = row};
    struct buf column = {0};
    struct buf text = {0};
    if (entry == NULL) { /* a test keeps codes and catalogue together, so this is out of the question */
        cells[RESULT_CODE].failed = true;
        return;
    }
    for (size_t i = RESULT_CODE; i <= RESULT_REMEDY && !first; i++)
        buf_append_byte(&cells[i], '|');
    put_columns(source, finding, entry, &column);
    values.column = (struct span){buf_text(&column), column.length};
    findings_args(source->findings, finding, values.args);
    put_text(&cells[RESULT_CODE], span_of(finding->code));
    put_text(&cells[RESULT_ITEM], values.column);
    if (finding->warning)
        buf_append_text(&cells[RESULT_MESSAGE], "注意: ");
    const char *const templates[] = {entry->texts[CATALOG_JA].message, entry->texts[CATALOG_JA].cause,
                                     entry->texts[CATALOG_JA].remedy};
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        buf_clear(&text);
        catalog_fill(templates[i], &values, &text);
        put_text(&cells[RESULT_MESSAGE + i], (struct span){buf_text(&text), text.length});
    }
    cells[RESULT_CODE].failed = cells[RESULT_CODE].failed || text.failed || column.failed;
    buf_free(&column);
    buf_free(&text);
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
    if (one.count > 0)
        put_finding(&with, one.list, row, first, cells);
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
    const struct finding *found = all + order->findings;
    /* What was sent had warnings at most, and its answer is an error. */
    const struct finding *errors = order->outcome != BOOK_NONE ? all + order->outcome : found;
    size_t error_count = order->outcome != BOOK_NONE ? 1 : order->finding_count;
    size_t put = put_some(source, errors, error_count, row, false, row, true, cells);
    put += put_some(source, errors, error_count, 0, false, row, put == 0, cells);
    if (put == 0 && (order->outcome != BOOK_NONE || order->state == BOOK_INVALID)) {
        put_sibling(source, errors, error_count, row, true, cells);
        put++;
    }
    put += put_some(source, found, order->finding_count, row, true, row, put == 0, cells);
    put_some(source, found, order->finding_count, 0, true, row, put == 0, cells);
}

static void put_time(int64_t seconds, struct buf *cell)
{
    struct tm local;
    time_t time = (time_t)seconds;
    if (localtime_r(&time, &local) == NULL)
        return;
    buf_printf(cell, "%04d-%02d-%02d %02d:%02d:%02d", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
               local.tm_hour, local.tm_min, local.tm_sec);
}

void result_compose(const struct result_source *source, const struct book_row *row, struct buf cells[RESULT_COLUMNS])
{
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        buf_clear(&cells[i]);
    const struct book_order *order = &source->book->orders[row->order];
    if ((order->state == BOOK_SKIPPED && order->finding_count == 0) || (row->next == BOOK_DELETED && order->rows > 0))
        return;
    put_text(&cells[RESULT_STATUS], span_of(order_status_name((enum order_status)order->status)));
    put_findings(source, order, row->number, cells);
    if (order->registered)
        put_text(&cells[RESULT_ID], span_of(book_id(source->book, order)));
    put_time(order->time != 0 ? order->time : source->now, &cells[RESULT_TIME]);
}
