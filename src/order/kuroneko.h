/* order/kuroneko.h: an order as the service's public protocol takes it: in full width, its address in two parts, its
 * fees as items, ten items at most. Conversion and limits in one, so that what is checked is what is sent. Pure.
 *
 * Source: the protocol's error codes (schemas/api/kuroneko-errors.tsv) and its public clients. Lengths are in
 * characters (a character outside the BMP cannot be sent at all).
 *
 * What becomes of it without a word, and behind a semicolon what is told:
 *
 *   氏名, 商品名, 送付先氏名   full width (text/wide.h);
 *                              over 30, or what CP932 has not in two bytes
 *   住所                       the same, a blank between the columns, a prefecture that stands twice only once,
 *                              parted at the best place (order/address.h);
 *                              over 25 + 25, no prefecture at its beginning, no street number
 *   氏名カナ                   half-width kana;
 *                              what cannot be: it is left out
 *   郵便番号, 電話番号         digits only;
 *                              other than 7; than 10 or 11 from 0 on
 *   メールアドレス             itself;
 *                              over 64 (with `fit` it is left out)
 *   商品                       name and 小計 (or 単価 × 個数; of one line without either, what is left of
 *                              請求金額); 単価 and 個数 where they are in range and make the 小計;
 *                              over 10 with the fees: the last become one; a sum that is not 請求金額; amounts
 *                              beyond 999999
 *   送料, 手数料, 値引         items, where they are not 0
 *   出荷予定日                 where there is none, today and `ship_days`, or the day of the order if that is later;
 *                              before the order; over 90 days from today
 *   送付先                     none where it says what the buyer's address says, whatever the blanks; each once;
 *                              without name, postal code or address; over 10
 *   line ends in a text        a blank;
 *                              that they were there */
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
    KURONEKO_TRACKING_DIGITS = 12,
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
    size_t item;                    /* the line, from 0; of a 送付先 the first that names it. SIZE_MAX: the order */
    struct span character;          /* KURONEKO_CHARACTER: the character, as it stands in the cell; otherwise empty */
    struct span args[FINDING_ARGS]; /* {1}, {2}, {3}; in the arena, or static */
};

/* Called for each remark, in the order of the fields. */
typedef void kuroneko_remark_fn(void *context, const struct kuroneko_remark *remark);

/* Convert the extended content of an order. `remark` may be NULL: then nobody is told, and what is too long is cut
 * nonetheless. Memory is the arena's, or the content's. False when memory ran out. */
bool kuroneko_convert(const struct order_content *content, const struct kuroneko_terms *terms, struct arena *arena,
                      kuroneko_remark_fn *remark, void *context, struct kuroneko_order *order);

/* Whether `id` can be an order number of the service: 1 to KURONEKO_ID_MAX of 0-9 A-Z a-z - _. */
bool kuroneko_is_order_number(struct span id);

/* ---- Shipments ---- */

enum kuroneko_process {
    KURONEKO_PROCESS_YAMATO = 0, /* 配送会社 names ヤマト or クロネコ: the number is Yamato's own */
    KURONEKO_PROCESS_OTHER = 2,  /* another carrier's */
};

/* How one 送り状番号 is reported: in half width, without hyphens and blanks, in `number`; as much as finds room. */
enum kuroneko_process kuroneko_parcel(struct span tracking_number, struct span carrier,
                                      char number[KURONEKO_PAYMENT_NUMBER_MAX + 1]);

/* The service's own code for what is wrong with a number of kuroneko_parcel(): kaasl010E and the like; static. NULL: it
 * is good. Yamato's has KURONEKO_TRACKING_DIGITS digits, the last of which is what the others leave when they are
 * divided by 7; another carrier's are letters and digits. */
const char *kuroneko_parcel_fault(enum kuroneko_process process, struct span tracking_number);

/* ---- Time ---- */

/* The day and the second in Japan, whatever the time zone here: "yyyymmddhhmmss". */
void kuroneko_time(int64_t now, char text[15]);

#endif
