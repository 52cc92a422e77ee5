/* order/fingerprint.h: what an order says, in a form that tells whether it changed. Pure.
 *
 * What a spreadsheet makes of a file that it opens and saves is no change: seconds that are cut off, zeros lost at the
 * beginning of a phone number or a postal code, and what is the same in half and in full width (text/width.h). Nor is
 * it one where a delivery that says the same as the buyer's address is left out. */
#ifndef ORDER_FINGERPRINT_H
#define ORDER_FINGERPRINT_H

#include "order/content.h"

/* The fields from ORDER_FIELD_ORDERED_AT on, in their order: all that is sent but the order's id. Behind them those
 * that only extended content has: 出荷予定日, 送料, 手数料, 値引. */
enum {
    FINGERPRINT_FIELDS = ORDER_FIELDS - ORDER_FIELD_ORDERED_AT,
    FINGERPRINT_EXTENDED = 4,
    FINGERPRINT_FIELDS_MAX = FINGERPRINT_FIELDS + FINGERPRINT_EXTENDED,
};

struct fingerprint {
    struct span
        fields[FINGERPRINT_FIELDS_MAX]; /* what is absent is empty, `data` never NULL. A field of the items: that
                                           of each line, in their order, after its length in bytes and a colon:
                                           so it is never empty, and the number of lines and their order count.
                                           A field of the delivery, where there are several: likewise of each */
    size_t count; /* FINGERPRINT_FIELDS where none of the others has anything; otherwise FINGERPRINT_FIELDS_MAX */
};

/* The memory is the arena's. False when memory ran out. */
bool fingerprint_make(const struct order_content *content, struct arena *arena, struct fingerprint *fingerprint);

/* Which field stands at `index`, which is less than FINGERPRINT_FIELDS_MAX. */
enum order_field fingerprint_field(size_t index);

#endif
