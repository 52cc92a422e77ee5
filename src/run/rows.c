/* run/rows.c: see rows.h. */
#include "run/rows.h"

#include "order/value.h"
#include "run/judge.h"
#include "text/utf8.h"

/* What stands in a cell of the file, without the quotes around it. */
static struct span within_quotes(const struct csv_record *record, size_t cell)
{
    struct span text = {record->raw.data + record->extents[cell].begin,
                        record->extents[cell].end - record->extents[cell].begin};
    if (text.length >= 2 && text.data[0] == '"' && text.data[text.length - 1] == '"')
        return (struct span){text.data + 1, text.length - 2};
    return text;
}

bool rows_is_blank(const struct work *work, const struct csv_record *record)
{
    if (record->cells > work->layout.heading_count || record->too_long)
        return false;
    for (size_t cell = 0; cell < record->cells; cell++) {
        struct span text = within_quotes(record, cell);
        if (text.length > 0 && !rows_cell_is_blank(work, text))
            return false;
    }
    return true;
}

bool rows_use(const struct work *work, size_t column)
{
    enum order_field field = work->schema.columns[column].field;
    bool ships = field == ORDER_FIELD_TRACKING_NUMBER || field == ORDER_FIELD_CARRIER;
    bool carried = field == ORDER_FIELD_NONE || field == ORDER_FIELD_SHOP_STATUS ||
                   (ships && judge_purpose(work) != RULES_SHIP) ||
                   (field == ORDER_FIELD_SHIP_DATE && work->kuroneko == NULL);
    return !carried || work->schema.columns[column].needed != 0;
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

bool rows_is_our_heading(const struct work *work, size_t cell)
{
    for (size_t own = 0; own < RESULT_COLUMNS; own++)
        if (work->ours[own] == cell)
            return true;
    return false;
}

bool rows_is_ours(const struct work *work, const struct csv_record *record, size_t cell)
{
    size_t headings = work->layout.heading_count;
    /* In a row with too many cells ours are the last, as the result file has it. */
    if (record->cells > headings && work->ours[RESULT_CODE] != CSV_NO_CELL)
        return cell + RESULT_COLUMNS >= record->cells;
    return rows_is_our_heading(work, cell);
}

size_t rows_own_headings(const struct work *work)
{
    size_t headings = work->layout.heading_count;
    size_t first = work->ours[RESULT_STATUS];
    while (headings > 0 && work->layout.headings[headings - 1].length == 0)
        headings--;
    return first != CSV_NO_CELL && first + RESULT_COLUMNS == headings ? first : work->layout.heading_count;
}

/* Whether a cell holds what stands under エラーコード: codes of the catalogue, the first at least. */
static bool holds_code(const struct work *work, struct span cell)
{
    char code[64];
    size_t length = 0;
    while (length < cell.length && ((cell.data[length] >= 'A' && cell.data[length] <= 'Z') || cell.data[length] == '_'))
        length++;
    if (length == 0 || length >= sizeof code || (length < cell.length && cell.data[length] != '|'))
        return false;
    memcpy(code, cell.data, length);
    code[length] = '\0';
    return catalog_find(work->catalog, code) != NULL;
}

ptrdiff_t rows_slide(const struct work *work, const struct csv_record *record)
{
    size_t first = rows_own_headings(work);
    if (record->too_long || record->cells != work->layout.heading_count || first == work->layout.heading_count)
        return 0;
    /* Where ours belong is looked at first: there it is in nearly every row. */
    size_t code = work->ours[RESULT_CODE];
    if (holds_code(work, within_quotes(record, code)))
        return 0;
    for (size_t cell = first; cell < record->cells; cell++)
        if (holds_code(work, within_quotes(record, cell)))
            return cell > code ? (ptrdiff_t)(cell - code) : -(ptrdiff_t)(code - cell);
    return 0;
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
    ptrdiff_t slide = rows_slide(work, record);
    if (slide != 0 && there != NULL)
        *there = slide > 0 ? headings + (size_t)slide : rows_own_headings(work) - (size_t)-slide;
    if (slide != 0)
        return slide > 0 ? ROWS_CELLS_EXTRA : ROWS_CELLS_MISSING;
    for (size_t cell = found; cell < headings; cell++)
        if (work->layout.columns[cell] != ORDER_NO_COLUMN && rows_use(work, work->layout.columns[cell]))
            return ROWS_CELLS_MISSING;
    /* A spreadsheet drops empty cells at a row's end. But where a cell holds what its column cannot, a delimiter was
     * lost before it, and every cell behind stands under a wrong heading. */
    if (found < headings && !cells_fit(work, record, cells, count))
        return ROWS_CELLS_MISSING;
    return ROWS_WHOLE;
}
