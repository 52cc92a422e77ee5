/* order/limits.h: what the service's public protocol (order/kuroneko.h) refuses of an order, or gets in another form,
 * as findings. Pure; for the files of rules only. */
#ifndef ORDER_LIMITS_H
#define ORDER_LIMITS_H

#include "order/judging.h"

/* Judge an order to be registered, none of whose rows is damaged. `begin`: where its findings begin, those of the other
 * rules: what they say of a cell is not said once more. */
void limits_check(struct judging *judging, size_t begin);

/* Judge the numbers of an order to be shipped. */
void limits_check_parcels(struct judging *judging);

#endif
