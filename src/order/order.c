/* order/order.c: see order.h. */
#include "order/order.h"

#include "order/value.h"

#include <stdlib.h>

struct span order_value(const struct order_columns *columns, const struct order_row *row, enum order_field field)
{
    size_t column = order_layout_column(columns->layout, field);
    return column != ORDER_NO_COLUMN ? row->values[column] : (struct span){NULL, 0};
}

/* A line and what it is sorted by. */
struct keyed {
    int64_t key;
    struct order_row row;
};

static int compare(const void *a, const void *b)
{
    const struct keyed *left = a;
    const struct keyed *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->row.number < right->row.number ? -1 : left->row.number > right->row.number;
}

/* Whether all lines have a number in `field`, which is then their key. */
static bool find_keys(const struct order_columns *columns, const struct order *order, enum order_field field,
                      struct keyed *keyed)
{
    for (size_t i = 0; i < order->count; i++) {
        struct span value = order_value(columns, &order->rows[i], field);
        if (value.data == NULL || !value_integer(value, &keyed[i].key))
            return false;
    }
    return true;
}

void order_sort(const struct order_columns *columns, struct order *order)
{
    static const enum order_field fields[] = {ORDER_FIELD_ITEM_NUMBER, ORDER_FIELD_ITEM_LINE_ID};
    struct keyed keyed[ORDER_LINES_MAX];
    bool found = false;
    for (size_t f = 0; f < sizeof fields / sizeof *fields && !found; f++)
        found = find_keys(columns, order, fields[f], keyed);
    for (size_t i = 0; i < order->count; i++) {
        keyed[i].row = order->rows[i];
        if (!found)
            keyed[i].key = 0;
    }
    qsort(keyed, order->count, sizeof *keyed, compare);
    for (size_t i = 0; i < order->count; i++)
        order->rows[i] = keyed[i].row;
}
