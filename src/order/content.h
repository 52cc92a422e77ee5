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

enum { CONTENT_DELIVERY_FIELDS = ORDER_FIELD_DELIVERY_PHONE - ORDER_FIELD_DELIVERY_NAME + 1 };

/* A 送付先 beside the first one. */
struct content_delivery {
    struct content_value fields[CONTENT_DELIVERY_FIELDS]; /* by field - ORDER_FIELD_DELIVERY_NAME */
    size_t line;                                          /* the first that names it, from 0 */
};

struct order_content {
    struct content_value fields[ORDER_FIELD_ITEM_ID];   /* by enum order_field; those that are not sent stay empty */
    struct content_value (*items)[CONTENT_ITEM_FIELDS]; /* by field - ORDER_FIELD_ITEM_ID */
    size_t item_count;
    size_t ship_date_line;               /* extended content: the line that 出荷予定日 is of, from 0 */
    size_t delivery_line;                /* extended content: the line that the 送付先 in `fields` is of, from 0 */
    struct content_delivery *deliveries; /* extended content: the others than the first, in the order of their lines */
    size_t delivery_count;               /* may be beyond CONTENT_DELIVERIES_MAX - 1, which is more than can be sent */
};

/* The content of an order without errors, whose lines are sorted. Columns of one field are joined in the order of the
 * schema; what is empty or blank is left out; times, phone numbers and postal codes are in the form that value.h gives
 * them; delivery is there only where it differs from the buyer, and is the first line's.
 *
 * Extended content, which protocols need that take more than that, has besides
 *   - 送料, 手数料, 値引 as integers, and 出荷予定日 of the first line that has one, as yyyymmdd;
 *   - a full-width blank between the columns of an address, lest the numbers of two run together, but for behind a
 *     prefecture that has a column to itself;
 *   - every 送付先 of the lines, each once. A line whose 送付先 is blank says nothing about it: so the first is that of
 *     the first line that says something. The one that is the buyer's own address is left out only where there is no
 *     other.
 * The rest is the same. An order that has errors gives what its sound cells say; its rows may not be damaged.
 *
 * All memory is the arena's, or the order's. False when memory ran out. */
bool content_build(const struct order_columns *columns, const struct order *order, bool extended, struct arena *arena,
                   struct order_content *content);

#endif
