/* order/order.h: one order as its rows say it: cells as UTF-8 text, by column of the schema. Pure. */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "base/span.h"
#include "order/schema.h"

#include <stdint.h>

enum {
    ORDER_LINES_MAX = 1000,             /* detail lines; no shop's order has so many, and one is held in memory whole */
    ORDER_BYTES_MAX = 16 * 1024 * 1024, /* all rows of one order in the file, for the same reason */
};

/* Where the cells of this file are. Borrowed. */
struct order_columns {
    const struct order_schema *schema;
    const struct order_layout *layout;
};

struct order_row {
    uint32_t number;           /* in the file, as a spreadsheet counts */
    bool damaged;              /* its cells cannot be told apart or read whole: a finding says so, no rule judges it */
    const struct span *values; /* per column of the schema; `data` is NULL where there is no such cell, or it was
                                  unreadable */
};

struct order {
    struct order_row *rows; /* the detail lines, D rows excluded */
    size_t count;
};

/* The value that serves `field` on a row: of the first of its columns; `data` NULL where there is none. */
struct span order_value(const struct order_columns *columns, const struct order_row *row, enum order_field field);

/* What an address begins with: the first of the columns of `field` that is not empty. `length` 0: there is none. */
struct span order_address_begin(const struct order_columns *columns, const struct order_row *row,
                                enum order_field field);

/* The address field that belongs to a postal code's field; ORDER_FIELD_NONE where there is none. */
enum order_field order_address_of(enum order_field postal_code);

/* The buyer's field that says the same as a field of the delivery; ORDER_FIELD_NONE where there is none. */
enum order_field order_buyer_field_of(enum order_field delivery);

/* Put the lines into the order in which they are sent, the same for the same order however its file was sorted: by 項番
 * where all have one, then by 明細ID where all have one, then by row. */
void order_sort(const struct order_columns *columns, struct order *order);

#endif
