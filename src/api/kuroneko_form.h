/* api/kuroneko_form.h: the bodies of the public protocol's requests: parameters in a fixed order, percent-encoded as
 * application/x-www-form-urlencoded has it (UTF-8, a blank is %20). For kuroneko.c only. Pure.
 *
 * Each function appends to `body`, which is empty before the first. What is empty is left out. */
#ifndef API_KURONEKO_FORM_H
#define API_KURONEKO_FORM_H

#include "api/dialect.h"
#include "base/buf.h"
#include "order/kuroneko.h"

/* Which order: orderNo, which comes first. */
void kuroneko_form_id(struct span id, struct buf *body);

/* KAARA0010. `day_named`: the day of shipping is the merchant's, and belongs to what is asked for. */
void kuroneko_form_registration(const struct kuroneko_order *order, bool day_named, struct buf *body);

/* KAAKK0010: address, amount and lines anew. Days and deliveries stay as they were registered; the invoice goes by
 * itself, as with every order of this program (sendDiv 0 says so here). */
void kuroneko_form_reduction(const struct kuroneko_order *order, struct buf *body);

/* KAASL0010. */
void kuroneko_form_parcel(enum kuroneko_process process, const char *number, struct buf *body);

/* Who asks, and when, which comes last; and with it `ship_date`, a day of shipping that nobody named: "" where it is
 * none. The password is never copied to memory that is given back before `body` is. */
void kuroneko_form_account(const struct api_account *account, int64_t now, const char *ship_date, struct buf *body);

/* What of a whole body stands before kuroneko_form_account(). Borrowed from it. */
struct span kuroneko_form_said(struct span body);

#endif
