/* order/content.h: what is sent of an order: each field's value, typed and joined. Pure. */
#ifndef ORDER_CONTENT_H
#define ORDER_CONTENT_H

#include "base/arena.h"
#include "order/order.h"

enum content_kind { CONTENT_NONE, CONTENT_TEXT, CONTENT_INTEGER };

struct content_value {
    enum content_kind kind;
    struct span text;
    int64_t integer;
};

enum { CONTENT_ITEM_FIELDS = ORDER_FIELDS - ORDER_FIELD_ITEM_ID };

enum { CONTENT_DELIVERIES_MAX = 10 }; /* as many as any protocol takes */

/* A 送付先 beside the first one. */
struct content_delivery {
    struct content_value fields[ORDER_FIELD_DELIVERY_PHONE - ORDER_FIELD_DELIVERY_NAME + 1];
};

struct order_content {
    struct content_value fields[ORDER_FIELD_ITEM_ID];   /* by enum order_field; those that are not sent stay empty */
    struct content_value (*items)[CONTENT_ITEM_FIELDS]; /* by field - ORDER_FIELD_ITEM_ID */
    size_t item_count;
    struct content_delivery *deliveries; /* extended content: the others than the first, in the order of their lines */
    size_t delivery_count;               /* may be beyond CONTENT_DELIVERIES_MAX - 1, which is more than can be sent */
};

/* The content of an order without errors, whose lines are sorted. Columns of one field are joined in the order of the
 * schema; what is empty or blank is left out; times, phone numbers and postal codes are in the form that value.h gives
 * them; delivery is there only where it differs from the buyer, and is the first line's.
 *
 * Extended content has besides: 出荷予定日 of the first row that has one (yyyymmdd), 送料, 手数料, 値引, and every
 * other 送付先 of the lines. Without them it is the same.
 *
 * All memory is the arena's, or the order's. False when memory ran out. */
bool content_build(const struct order_columns *columns, const struct order *order, bool extended, struct arena *arena,
                   struct order_content *content);

#endif
