/* order/kuroneko.h: an order as the service's public protocol takes it: in full width, its address in two parts, its
 * fees as items, ten items at most. Conversion and limits in one, so that what is checked is what is sent. Pure.
 *
 * Source: the protocol's error codes (schemas/api/kuroneko-errors.tsv) and its public clients. Lengths are in
 * characters (a character outside the BMP cannot be sent at all). */
#ifndef ORDER_KURONEKO_H
#define ORDER_KURONEKO_H

#include "order/content.h"
#include "order/finding.h"

enum {
    KURONEKO_ID_MAX = 20, /* of 0-9 A-Z a-z - _ */
    KURONEKO_NAME_MAX = 30,
    KURONEKO_KANA_MAX = 80,
    KURONEKO_ADDRESS_MAX = 25, /* of each of the two parts */
    KURONEKO_EMAIL_MAX = 64,
    KURONEKO_ITEM_NAME_MAX = 30,
    KURONEKO_ITEMS_MAX = 10,
    KURONEKO_DELIVERIES_MAX = CONTENT_DELIVERIES_MAX,
    KURONEKO_AMOUNT_MAX = 999999, /* yen */
    KURONEKO_QUANTITY_MAX = 9999,
    KURONEKO_SHIP_DAYS_DEFAULT = 10, /* from today, where the file has no 出荷予定日 */
    KURONEKO_SHIP_DAYS_MAX = 90,
    KURONEKO_DATE_SIZE = 9, /* yyyymmdd and the NUL */
    KURONEKO_PAYMENT_NUMBER_MAX = 20,
};

/* What the merchant wants, and when. */
struct kuroneko_terms {
    bool fit;           /* cut what is too long, with a warning; otherwise it is an error */
    unsigned ship_days; /* as above, up to KURONEKO_SHIP_DAYS_MAX */
    int64_t now;        /* seconds since 1970; its day in Japan is the day of the request */
};

/* Texts are UTF-8; `length` 0: there is none. */
struct kuroneko_delivery {
    struct span name;
    struct span postal_code;
    struct span address1;
    struct span address2;
    struct span phone;
};

struct kuroneko_item {
    struct span name;
    int64_t amount;     /* 小計; below 0 for a discount */
    int64_t unit_price; /* 0 where it is not sent: unknown, or the line stands for several */
    int64_t quantity;   /* likewise */
};

struct kuroneko_order {
    char order_date[KURONEKO_DATE_SIZE]; /* of Japan */
    char ship_date[KURONEKO_DATE_SIZE];
    struct span name;
    struct span kana;
    struct span postal_code;
    struct span address1;
    struct span address2;
    struct span phone;
    struct span email;
    int64_t amount;         /* the sum of all items */
    unsigned delivery_kind; /* sendDiv: 0 to the buyer, 1 to another or to several */
    struct kuroneko_item items[KURONEKO_ITEMS_MAX];
    size_t item_count;
    struct kuroneko_delivery deliveries[KURONEKO_DELIVERIES_MAX]; /* none with kind 0 */
    size_t delivery_count;
};

/* Something that is wrong with an order for this protocol, or was changed for it. */
struct kuroneko_remark {
    const char *code;               /* of the catalogue; static */
    const char *service;            /* the service's own code for it, such as kaara021E; static. NULL: it has none */
    enum order_field field;         /* where */
    size_t item;                    /* the line, from 0; SIZE_MAX: it is about the order */
    size_t delivery;                /* the 送付先, from 0, with a field of the delivery */
    struct span args[FINDING_ARGS]; /* {1}, {2}, {3}; in the arena */
};

/* Called for each remark, in the order of the fields. */
typedef void kuroneko_remark_fn(void *context, const struct kuroneko_remark *remark);

/* Convert the extended content of an order. `remark` may be NULL: then nobody is told, and what is too long is cut
 * nonetheless. Memory is the arena's, or the content's. False when memory ran out. */
bool kuroneko_convert(const struct order_content *content, const struct kuroneko_terms *terms, struct arena *arena,
                      kuroneko_remark_fn *remark, void *context, struct kuroneko_order *order);

/* ---- Shipments ---- */

enum kuroneko_process {
    KURONEKO_PROCESS_YAMATO = 0, /* 配送会社 names ヤマト or クロネコ: the number is Yamato's own */
    KURONEKO_PROCESS_OTHER = 2,  /* another carrier's */
};

/* How one 送り状番号 is reported: its digits without hyphens in `number`, in half width. */
enum kuroneko_process kuroneko_parcel(struct span tracking_number, struct span carrier,
                                      char number[KURONEKO_PAYMENT_NUMBER_MAX + 1]);

/* ---- Time ---- */

/* The day and the second in Japan, whatever the time zone here: "yyyymmddhhmmss". */
void kuroneko_time(int64_t now, char text[15]);

#endif
