/* order/hiding.h: a text that is kept, without the persons in it. Pure. */
#ifndef ORDER_HIDING_H
#define ORDER_HIDING_H

#include "base/buf.h"
#include "order/content.h"

enum { HIDING_LEAST = 3 }; /* bytes; a shorter value stands in too many words, and tells nobody's name */

/* The service's words of a refusal may repeat what it was sent: put *** in the place of every name, kana, postal code,
 * address, phone number (with or without what stands between its digits) and email of `content` in `message`, of buyer
 * and delivery, as they were sent. Ids and items stay. To be called before the message is shortened: half a name would
 * not be found. It needs no memory, and the message never grows. */
void hiding_apply(const struct order_content *content, struct buf *message);

#endif
