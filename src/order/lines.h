/* order/lines.h: the rules about lines of an order that could be one and the same. Pure. */
#ifndef ORDER_LINES_H
#define ORDER_LINES_H

#include "order/judging.h"

/* ROW_DUPLICATE, LINE_ID_DUPLICATE and ROW_REPEATED of the order at hand. */
void lines_check(struct judging *judging);

#endif
