/* order/status.c: see status.h. */
#include "order/status.h"

#include <stddef.h>
#include <string.h>

static const char *const names[ORDER_STATUSES] = {
    [ORDER_STATUS_NONE] = "",
    [ORDER_STATUS_AUTH_OK] = "与信OK",
    [ORDER_STATUS_AUTH_NG] = "与信NG",
    [ORDER_STATUS_AUTH_FAILED] = "与信失敗",
    [ORDER_STATUS_AUTH_PENDING] = "与信中",
    [ORDER_STATUS_SHIP_OK] = "出荷情報登録OK",
    [ORDER_STATUS_SHIP_NG] = "出荷情報登録NG",
    [ORDER_STATUS_SHIP_PENDING] = "出荷情報登録中",
    [ORDER_STATUS_CANCEL_OK] = "与信の取消OK",
    [ORDER_STATUS_CANCEL_NG] = "与信の取消NG",
    [ORDER_STATUS_CANCEL_PENDING] = "与信の取消中",
};

const char *order_status_name(enum order_status status)
{
    return names[status];
}

bool order_status_of(const char *name, enum order_status *status)
{
    for (size_t i = ORDER_STATUS_NONE + 1; i < ORDER_STATUSES; i++) {
        if (strcmp(names[i], name) == 0) {
            *status = (enum order_status)i;
            return true;
        }
    }
    return false;
}
