/* order/cells.h: the rules about one cell by itself: its type, its length, its characters, whether it may be empty.
 * Pure. */
#ifndef ORDER_CELLS_H
#define ORDER_CELLS_H

#include "order/judging.h"

/* Judge the cell in column `column` of the row at hand. */
void cells_check(const struct judging *judging, size_t column);

#endif
