/* order/content.c: see content.h. */
#include "order/content.h"

#include "order/address.h"
#include "order/value.h"

/* Whether the column serves `field` and has something to say. Of a line the service itself judges what is blank. */
static bool is_part(const struct order_columns *columns, const struct order_row *row, size_t column,
                    enum order_field field)
{
    struct span value = row->values[column];
    return columns->schema->columns[column].field == field &&
           order_layout_serves(columns->layout, columns->schema, column) && value.length > 0 &&
           (field >= ORDER_FIELD_ITEM_ID || !value_is_blank(value));
}

/* Where a value comes from, and where what is made anew goes. */
struct building {
    const struct order_columns *columns;
    const struct order *order;
    bool extended;
    struct arena *arena;
};

/* What stands between a column's text and that of the next column of the same field. */
static struct span separator_behind(const struct building *building, struct span part, enum order_field field)
{
    bool address = field == ORDER_FIELD_BUYER_ADDRESS || field == ORDER_FIELD_DELIVERY_ADDRESS;
    if (!building->extended || !address)
        return (struct span){"", 0};
    part = value_trimmed(part);
    return span_of(address_prefecture(part) == part.length ? "" : "\xE3\x80\x80"); /* U+3000 */
}

/* Put the texts of all columns that serve `field` to `text`, one behind the other, unless that is NULL; how many bytes
 * that is. `parts`: how many there are, `only`: the last. */
static size_t join(const struct building *building, const struct order_row *row, enum order_field field, char *text,
                   size_t *parts, struct span *only)
{
    const struct order_schema *schema = building->columns->schema;
    struct span separator = {"", 0};
    size_t length = 0;
    *parts = 0;
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_part(building->columns, row, i, field))
            continue;
        struct span pieces[] = {separator, row->values[i]};
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            if (text != NULL)
                memcpy(text + length, pieces[k].data, pieces[k].length);
            length += pieces[k].length;
        }
        separator = separator_behind(building, row->values[i], field);
        *only = row->values[i];
        ++*parts;
    }
    return length;
}

/* The texts of all columns that serve `field`; `data` NULL when memory ran out. */
static struct span joined(const struct building *building, const struct order_row *row, enum order_field field)
{
    size_t parts;
    struct span only = {"", 0};
    size_t length = join(building, row, field, NULL, &parts, &only);
    if (parts < 2)
        return only;
    char *text = arena_alloc(building->arena, length);
    if (text != NULL)
        join(building, row, field, text, &parts, &only);
    return (struct span){text, text != NULL ? length : 0};
}

/* Line ends in a text leave as LF: a spreadsheet that saves the file makes such of them, and the same order has to be
 * the same submission afterwards. `data` NULL when memory ran out. */
static struct span with_line_feeds(struct span text, struct arena *arena)
{
    size_t length = 0;
    if (memchr(text.data, '\r', text.length) == NULL)
        return text;
    char *copy = arena_alloc(arena, text.length);
    for (size_t i = 0; i < text.length && copy != NULL; i++) {
        char byte = text.data[i];
        bool pair = byte == '\r' && i + 1 < text.length && text.data[i + 1] == '\n';
        if (byte == '\r')
            byte = '\n';
        if (!pair)
            copy[length++] = byte;
    }
    return (struct span){copy, length};
}

/* Values were checked before: what is none is left out all the same. */
static bool value_of(const struct building *building, const struct order_row *row, enum order_field field,
                     struct content_value *value)
{
    const struct order_columns *columns = building->columns;
    size_t column = order_layout_column(columns->layout, field);
    if (column == ORDER_NO_COLUMN)
        return true;
    struct span text = joined(building, row, field);
    char put[VALUE_TIME_SIZE]; /* the longest of what is written anew */
    bool repaired;
    bool there = true;
    if (text.data == NULL)
        return false;
    if (text.length == 0)
        return true;
    put[0] = '\0';
    switch (columns->schema->columns[column].type) {
    case ORDER_TYPE_INTEGER:
        if (value_integer(text, &value->integer))
            value->kind = CONTENT_INTEGER;
        return true;
    case ORDER_TYPE_DATETIME:
        there = value_time(text, put);
        break;
    case ORDER_TYPE_PHONE:
        there = value_phone(text, put, &repaired);
        break;
    case ORDER_TYPE_POSTAL_CODE:
        there = value_postal_code(text, order_address_begin(columns, row, order_address_of(field)), put, &repaired);
        break;
    case ORDER_TYPE_DATE:
        there = field != ORDER_FIELD_SHIP_DATE || value_date(text, put);
        break;
    case ORDER_TYPE_TEXT:
    case ORDER_TYPE_DIGITS:
    case ORDER_TYPE_CONTROL:
    case ORDER_TYPE_CODE:
    case ORDER_TYPE_EMAIL:
    case ORDER_TYPE_KANA:
        break;
    }
    if (!there)
        return true;
    value->kind = CONTENT_TEXT;
    value->text = put[0] != '\0' ? arena_copy(building->arena, span_of(put)) : with_line_feeds(text, building->arena);
    return value->text.data != NULL;
}

_Static_assert((int)VALUE_DATE_SIZE <= (int)VALUE_TIME_SIZE && (int)VALUE_PHONE_SIZE <= (int)VALUE_TIME_SIZE &&
                   (int)VALUE_POSTAL_CODE_SIZE <= (int)VALUE_TIME_SIZE,
               "a time is the longest value that is written anew");

/* A delivery that says nothing else than the buyer's address does is left out. */
static void drop_same_delivery(struct order_content *content)
{
    for (enum order_field field = ORDER_FIELD_DELIVERY_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++) {
        const struct content_value *delivery = &content->fields[field];
        if (delivery->kind == CONTENT_TEXT &&
            !span_equal(delivery->text, content->fields[order_buyer_field_of(field)].text))
            return;
    }
    for (enum order_field field = ORDER_FIELD_DELIVERY_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++)
        content->fields[field] = (struct content_value){.kind = CONTENT_NONE};
}

/* ---- Extended content ---- */

static bool is_none(const struct content_value *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].kind != CONTENT_NONE)
            return false;
    return true;
}

static bool is_same_delivery(const struct content_value *a, const struct content_value *b)
{
    for (size_t i = 0; i < CONTENT_DELIVERY_FIELDS; i++)
        if (a[i].kind != b[i].kind || !span_equal(a[i].text, b[i].text))
            return false;
    return true;
}

/* Whether a row has the very cells of the row above as its 送付先: rows mostly say what the row before said. */
static bool repeats_delivery(const struct order_columns *columns, const struct order_row *row)
{
    for (size_t i = 0; i < columns->schema->count; i++) {
        enum order_field field = columns->schema->columns[i].field;
        if (field >= ORDER_FIELD_DELIVERY_NAME && field <= ORDER_FIELD_DELIVERY_PHONE &&
            row->values[i].data != row[-1].values[i].data)
            return false;
    }
    return true;
}

/* Note a 送付先 that `line` names, unless it is known. `room`: of `content->deliveries`. */
static bool add_delivery(const struct building *building, size_t line, struct order_content *content, size_t *room)
{
    struct content_delivery delivery = {.line = line};
    struct content_value *first = content->fields + ORDER_FIELD_DELIVERY_NAME;
    for (size_t i = 0; i < CONTENT_DELIVERY_FIELDS; i++)
        if (!value_of(building, &building->order->rows[line], (enum order_field)(ORDER_FIELD_DELIVERY_NAME + i),
                      &delivery.fields[i]))
            return false;
    if (is_none(delivery.fields, CONTENT_DELIVERY_FIELDS) || is_same_delivery(delivery.fields, first))
        return true;
    if (is_none(first, CONTENT_DELIVERY_FIELDS)) {
        memcpy(first, delivery.fields, sizeof delivery.fields);
        content->delivery_line = line;
        return true;
    }
    for (size_t i = 0; i < content->delivery_count; i++)
        if (is_same_delivery(delivery.fields, content->deliveries[i].fields))
            return true;
    if (content->delivery_count == *room) {
        *room = *room * 2 + CONTENT_DELIVERIES_MAX;
        struct content_delivery *more = arena_alloc(building->arena, *room * sizeof *more);
        if (more == NULL)
            return false;
        if (content->delivery_count > 0)
            memcpy(more, content->deliveries, content->delivery_count * sizeof *more);
        content->deliveries = more;
    }
    content->deliveries[content->delivery_count++] = delivery;
    return true;
}

static bool extend(const struct building *building, struct order_content *content)
{
    const struct order *order = building->order;
    struct content_value *ship_date = &content->fields[ORDER_FIELD_SHIP_DATE];
    size_t room = 0;
    for (enum order_field field = ORDER_FIELD_SHIPPING_FEE; field <= ORDER_FIELD_DISCOUNT; field++)
        if (!value_of(building, &order->rows[0], field, &content->fields[field]))
            return false;
    for (size_t line = 0; line < order->count && ship_date->kind == CONTENT_NONE; line++) {
        content->ship_date_line = line;
        if (!value_of(building, &order->rows[line], ORDER_FIELD_SHIP_DATE, ship_date))
            return false;
    }
    for (size_t line = 1; line < order->count; line++)
        if (!repeats_delivery(building->columns, &order->rows[line]) && !add_delivery(building, line, content, &room))
            return false;
    return true;
}

bool content_build(const struct order_columns *columns, const struct order *order, bool extended, struct arena *arena,
                   struct order_content *content)
{
    const struct building building = {columns, order, extended, arena};
    *content = (struct order_content){.item_count = order->count};
    content->items = arena_alloc(arena, order->count * sizeof *content->items);
    if (content->items == NULL)
        return false;
    for (size_t field = ORDER_FIELD_ID; field < ORDER_FIELD_ITEM_ID; field++)
        if (!value_of(&building, &order->rows[0], (enum order_field)field, &content->fields[field]))
            return false;
    if (extended && !extend(&building, content))
        return false;
    if (content->delivery_count == 0)
        drop_same_delivery(content);
    for (size_t item = 0; item < order->count; item++)
        for (size_t field = 0; field < CONTENT_ITEM_FIELDS; field++)
            if (!value_of(&building, &order->rows[item], (enum order_field)(ORDER_FIELD_ITEM_ID + field),
                          &content->items[item][field]))
                return false;
    return true;
}
