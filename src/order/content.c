/* order/content.c: see content.h. */
#include "order/content.h"

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

/* The texts of all columns that serve `field`, one behind the other; `data` NULL when memory ran out. */
static struct span joined(const struct order_columns *columns, const struct order_row *row, enum order_field field,
                          struct arena *arena)
{
    const struct order_schema *schema = columns->schema;
    struct span whole = {"", 0};
    size_t length = 0;
    size_t parts = 0;
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_part(columns, row, i, field))
            continue;
        whole = row->values[i];
        length += whole.length;
        parts++;
    }
    if (parts < 2)
        return whole;
    char *text = arena_alloc(arena, length);
    if (text == NULL)
        return (struct span){NULL, 0};
    whole = (struct span){text, length};
    for (size_t i = 0; i < schema->count; i++) {
        if (!is_part(columns, row, i, field))
            continue;
        memcpy(text, row->values[i].data, row->values[i].length);
        text += row->values[i].length;
    }
    return whole;
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
static bool value_of(const struct order_columns *columns, const struct order_row *row, enum order_field field,
                     struct arena *arena, struct content_value *value)
{
    size_t column = order_layout_column(columns->layout, field);
    if (column == ORDER_NO_COLUMN)
        return true;
    struct span text = joined(columns, row, field, arena);
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
    case ORDER_TYPE_TEXT:
    case ORDER_TYPE_DIGITS:
    case ORDER_TYPE_CONTROL:
    case ORDER_TYPE_CODE:
    case ORDER_TYPE_DATE:
    case ORDER_TYPE_EMAIL:
    case ORDER_TYPE_KANA:
        break;
    }
    if (!there)
        return true;
    value->kind = CONTENT_TEXT;
    value->text = put[0] != '\0' ? arena_copy(arena, span_of(put)) : with_line_feeds(text, arena);
    return value->text.data != NULL;
}

_Static_assert((int)VALUE_PHONE_SIZE <= (int)VALUE_TIME_SIZE && (int)VALUE_POSTAL_CODE_SIZE <= (int)VALUE_TIME_SIZE,
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

bool content_build(const struct order_columns *columns, const struct order *order, bool extended, struct arena *arena,
                   struct order_content *content)
{
    (void)extended;
    *content = (struct order_content){.item_count = order->count};
    content->items = arena_alloc(arena, order->count * sizeof *content->items);
    if (content->items == NULL)
        return false;
    for (size_t field = ORDER_FIELD_ID; field < ORDER_FIELD_ITEM_ID; field++)
        if (!value_of(columns, &order->rows[0], (enum order_field)field, arena, &content->fields[field]))
            return false;
    drop_same_delivery(content);
    for (size_t item = 0; item < order->count; item++)
        for (size_t field = 0; field < CONTENT_ITEM_FIELDS; field++)
            if (!value_of(columns, &order->rows[item], (enum order_field)(ORDER_FIELD_ITEM_ID + field), arena,
                          &content->items[item][field]))
                return false;
    return true;
}
