/* sandbox/kuroneko_orders.h: the orders of the simulated service, dialect kuroneko, and what may happen to them.
 *
 * Pure of sockets: a form-encoded body in, an answer in XML out. Every function may be called from any thread; one
 * mutex guards the table. Of an order it keeps number, state, test card, day, amounts and 送り状番号, and nothing of
 * the buyer.
 *
 *   KAARA0010   → APPROVED, REFUSED or REVIEW, by the buyer's test card. A number is used up by it for ever.
 *   KAARS0010, KAAST0010
 *               answer how it stands. The first one moves an order on where its card says so: out of REVIEW, and
 *               (KAARS0010) out of APPROVED; the first KAAST0010 after shipping out of SHIPPED, into what comes later.
 *   KAASL0010   0, 2: APPROVED → SHIPPED, another parcel for SHIPPED, SURVEY, ALARMED; the same one again changes
 *               nothing. 1: another number in place of beforePaymentNo, which may be missing where there is but one
 *               parcel. 9: all parcels are taken back, → APPROVED.
 *   KAACL0010   APPROVED and beyond → CANCELLED; REVIEW, REFUSED → DROPPED; PAID never [a refused order: decided here].
 *   KAAKK0010   the amount falls, in APPROVED, SHIPPED, SURVEY, SOLD, INVOICED.
 *
 * Any other step is refused, with the code that kuroneko_rules.h has for it. There is one room of numbers for all
 * merchants. */
#ifndef SANDBOX_KURONEKO_ORDERS_H
#define SANDBOX_KURONEKO_ORDERS_H

#include "sandbox/form.h"
#include "sandbox/reply.h"
#include "sandbox/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox_kuroneko;

/* What happened so far. */
struct sandbox_kuroneko_counts {
    uint64_t registered;    /* distinct orders */
    uint64_t duplicate_ids; /* registrations of a number that is used up: kaara009E */
    uint64_t refused;       /* every other answer with returnCode 1 */
    uint64_t shipped;       /* shipments accepted, with processDiv 0, 1 or 2 */
    uint64_t withdrawn;     /* and with 9 */
    uint64_t cancelled;
    uint64_t reduced;
};

/* NULL when memory ran out. Free with sandbox_kuroneko_free(). */
struct sandbox_kuroneko *sandbox_kuroneko_new(void);
void sandbox_kuroneko_free(struct sandbox_kuroneko *kuroneko);

/* As sandbox_orders_load() and sandbox_orders_keep(). */
bool sandbox_kuroneko_load(struct sandbox_kuroneko *kuroneko, const struct sandbox_kuroneko_record *record);
void sandbox_kuroneko_keep(struct sandbox_kuroneko *kuroneko, int state);

/* One call. `now` is seconds since 1970. `reply` is 200 with XML, or a page with 400 where KAARA0010 or KAAKK0010 come
 * with a body that is none of theirs, or with 500. Its body is owned by the caller. */
void sandbox_kuroneko_call(struct sandbox_kuroneko *kuroneko, enum sandbox_api api, const char *body, size_t length,
                           int64_t now, struct sandbox_reply *reply);

/* The answer of a service that met an exception: err0001 to err0003, by `number`. */
void sandbox_kuroneko_exception(enum sandbox_api api, uint64_t number, int64_t now, struct sandbox_reply *reply);

struct sandbox_kuroneko_counts sandbox_kuroneko_counts(struct sandbox_kuroneko *kuroneko);

#endif
