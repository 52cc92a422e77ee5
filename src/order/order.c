/* order/order.c: see order.h. */
#include "order/order.h"

#include "order/value.h"

#include <stdlib.h>

struct span order_value(const struct order_columns *columns, const struct order_row *row, enum order_field field)
{
    size_t column = order_layout_column(columns->layout, field);
    return column != ORDER_NO_COLUMN ? row->values[column] : (struct span){NULL, 0};
}

struct span order_address_begin(const struct order_columns *columns, const struct order_row *row,
                                enum order_field field)
{
    const struct order_schema *schema = columns->schema;
    for (size_t i = 0; i < schema->count && field != ORDER_FIELD_NONE; i++)
        if (schema->columns[i].field == field && order_layout_serves(columns->layout, schema, i) &&
            !value_is_blank(row->values[i]))
            return row->values[i];
    return (struct span){"", 0};
}

enum order_field order_address_of(enum order_field postal_code)
{
    switch (postal_code) {
    case ORDER_FIELD_BUYER_POSTAL_CODE:
        return ORDER_FIELD_BUYER_ADDRESS;
    case ORDER_FIELD_DELIVERY_POSTAL_CODE:
        return ORDER_FIELD_DELIVERY_ADDRESS;
    default:
        return ORDER_FIELD_NONE;
    }
}

enum order_field order_buyer_field_of(enum order_field delivery)
{
    switch (delivery) {
    case ORDER_FIELD_DELIVERY_NAME:
        return ORDER_FIELD_BUYER_NAME;
    case ORDER_FIELD_DELIVERY_POSTAL_CODE:
        return ORDER_FIELD_BUYER_POSTAL_CODE;
    case ORDER_FIELD_DELIVERY_ADDRESS:
        return ORDER_FIELD_BUYER_ADDRESS;
    case ORDER_FIELD_DELIVERY_PHONE:
        return ORDER_FIELD_BUYER_PHONE;
    default:
        return ORDER_FIELD_NONE;
    }
}

enum { KEYS = 2 };

/* A line and what it is sorted by: first 項番, then 明細ID, then its row. */
struct keyed {
    int64_t keys[KEYS];
    struct order_row row;
};

static int compare(const void *a, const void *b)
{
    const struct keyed *left = a;
    const struct keyed *right = b;
    for (size_t i = 0; i < KEYS; i++)
        if (left->keys[i] != right->keys[i])
            return left->keys[i] < right->keys[i] ? -1 : 1;
    return left->row.number < right->row.number ? -1 : left->row.number > right->row.number;
}

/* What `field` says on each line is their key; nothing, where a line has no number there. */
static void find_keys(const struct order_columns *columns, const struct order *order, enum order_field field,
                      struct keyed *keyed, size_t key)
{
    bool all = true;
    for (size_t i = 0; i < order->count && all; i++) {
        struct span value = order_value(columns, &order->rows[i], field);
        all = value.data != NULL && value_integer(value, &keyed[i].keys[key]);
    }
    for (size_t i = 0; i < order->count && !all; i++)
        keyed[i].keys[key] = 0;
}

void order_sort(const struct order_columns *columns, struct order *order)
{
    static const enum order_field fields[KEYS] = {ORDER_FIELD_ITEM_NUMBER, ORDER_FIELD_ITEM_LINE_ID};
    struct keyed keyed[ORDER_LINES_MAX];
    if (order->count < 2)
        return;
    for (size_t key = 0; key < KEYS; key++)
        find_keys(columns, order, fields[key], keyed, key);
    for (size_t i = 0; i < order->count; i++)
        keyed[i].row = order->rows[i];
    qsort(keyed, order->count, sizeof *keyed, compare);
    for (size_t i = 0; i < order->count; i++)
        order->rows[i] = keyed[i].row;
}
