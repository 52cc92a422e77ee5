/* order/cells.h: the rules about one cell by itself: its type, its length, its characters, whether it may be empty.
 * Pure. */
#ifndef ORDER_CELLS_H
#define ORDER_CELLS_H

#include "order/judging.h"

/* Judge those cells of the row at hand that matter to the purpose (rules_look_at()). The row is `order->rows[item]`;
 * those before it were judged before. */
void cells_check(const struct judging *judging);

/* What stood last in each column and was found good. Rows say much of what the row before said: a cell that says the
 * same, or is the same, needs no second look. For one schema, one layout and one purpose. */
struct cells_memory;

/* For `columns` columns of the schema; NULL when memory ran out. */
struct cells_memory *cells_memory_new(size_t columns);

/* NULL is allowed. */
void cells_memory_free(struct cells_memory *memory);

#endif
