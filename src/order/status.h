/* order/status.h: the ten credit statuses (与信ステータス), in the order of the manual's table. Pure. */
#ifndef ORDER_STATUS_H
#define ORDER_STATUS_H

#include <stdbool.h>

enum order_status {
    ORDER_STATUS_NONE, /* never registered, or not known */
    ORDER_STATUS_AUTH_OK,
    ORDER_STATUS_AUTH_NG,
    ORDER_STATUS_AUTH_FAILED,
    ORDER_STATUS_AUTH_PENDING,
    ORDER_STATUS_SHIP_OK,
    ORDER_STATUS_SHIP_NG,
    ORDER_STATUS_SHIP_PENDING,
    ORDER_STATUS_CANCEL_OK,
    ORDER_STATUS_CANCEL_NG,
    ORDER_STATUS_CANCEL_PENDING,
    ORDER_STATUSES,
};

/* 与信OK and so on; "" for ORDER_STATUS_NONE. Static. */
const char *order_status_name(enum order_status status);

/* False when no status has that name. */
bool order_status_of(const char *name, enum order_status *status);

#endif
