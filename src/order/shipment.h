/* order/shipment.h: what is reported of an order that was shipped: one 送り状番号 and its 配送会社. Pure. */
#ifndef ORDER_SHIPMENT_H
#define ORDER_SHIPMENT_H

#include "base/arena.h"
#include "order/order.h"
#include "order/value.h"

struct order_shipment {
    struct span number;    /* 送り状番号 of the first row of the file that has one; `length` 0: none has */
    struct span carrier;   /* 配送会社 of that row, or of the first row that has one; `length` 0: none has */
    bool several;          /* another row has another number, which is not reported */
    uint32_t several_row;  /* the first such row; 0: none */
    struct span *numbers;  /* every 送り状番号, each once, in the order of the file */
    struct span *carriers; /* 配送会社 of the first row that has each of them; `carrier` where that has none */
    size_t number_count;
};

/* The row's 送り状番号 as it is sent: without blanks around it, in half width where it can be. `length` 0: it has none.
 * Borrowed from the row, or from `bytes`. */
struct span shipment_number(const struct order_columns *columns, const struct order_row *row,
                            char bytes[VALUE_NARROW_MAX]);

/* The row that comes first in the file of those that have something in `field`; NULL where none has. Damaged rows have
 * nothing. */
const struct order_row *shipment_first(const struct order_columns *columns, const struct order *order,
                                       enum order_field field);

/* The shipment of an order, whatever the order of its lines. Its memory is the arena's, or the order's. False when
 * memory ran out. */
bool shipment_build(const struct order_columns *columns, const struct order *order, struct arena *arena,
                    struct order_shipment *shipment);

#endif
