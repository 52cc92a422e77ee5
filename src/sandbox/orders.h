/* sandbox/orders.h: the orders of the simulated service and what may happen to them.
 *
 * Pure of sockets: a body in, a reply out. Every function may be called from any thread; one mutex guards the table,
 * and bodies are checked and hashed outside it. The table is made for a million orders: it finds by hash and doubles
 * as it fills. It keeps an order's id, its status and hashes of key and body, and nothing of the buyer.
 *
 * The way of an order, as far as the manual tells it, the rest [assumed]:
 *
 *   registration   → AUTH_OK, AUTH_NG, AUTH_FAILED or AUTH_PENDING, by the buyer's test card; and of an order in
 *                  AUTH_FAILED again, under another key: its registration failed, so it is no order yet
 *   asking         AUTH_PENDING → AUTH_OK, with the first question
 *   shipment       AUTH_OK, SHIP_NG → SHIP_OK or SHIP_NG; SHIP_OK again with another body only (a corrected number)
 *   cancellation   everything but CANCEL_OK → CANCEL_OK or CANCEL_NG
 *
 * Any other step is 409. Only registrations heed the Idempotency-Key, as the contract allows: a shipment or a
 * cancellation that is sent again meets 409, and the client settles its doubt by asking.
 * There is one room of ids and keys for all merchants. */
#ifndef SANDBOX_ORDERS_H
#define SANDBOX_ORDERS_H

#include "sandbox/reply.h"
#include "sandbox/state.h"

#include <stddef.h>
#include <stdint.h>

struct sandbox_orders;

/* What happened so far. */
struct sandbox_counts {
    uint64_t registered;    /* distinct orders */
    uint64_t duplicate_ids; /* registrations of an id that was registered under another key; answered 409 */
    uint64_t replayed;      /* registrations with a known key and its body; answered 200 */
    uint64_t refused;       /* 400s, of every call */
    uint64_t shipped;       /* shipments that led to SHIP_OK */
    uint64_t cancelled;     /* cancellations that led to CANCEL_OK */
};

/* NULL when memory ran out. Free with sandbox_orders_free(). */
struct sandbox_orders *sandbox_orders_new(void);

/* Take in an order as the state file has it, or its newer line. Before anything else. False when memory ran out. */
bool sandbox_orders_load(struct sandbox_orders *orders, const struct sandbox_record *record);

/* Write every change to `state`, too, the descriptor of state.h, which is borrowed until sandbox_orders_free(). Before
 * the first call, once. A change that cannot be written is answered with 500, though it has happened. */
void sandbox_orders_keep(struct sandbox_orders *orders, int state);

/* POST /orders. `key` is the Idempotency-Key, NULL or "" where the request has none. Replies 201; 200 with the first
 * body for the same key and body again; 409 for the key with another body, and for a known id under another key; 400
 * for what the rules refuse: of that nothing is remembered. All replies are owned by the caller. */
void sandbox_orders_register(struct sandbox_orders *orders, const char *key, const char *body, size_t length,
                             struct sandbox_reply *reply);

/* GET /orders/{id}: 200 or 404. `id` is percent-decoded, here and below. */
void sandbox_orders_ask(struct sandbox_orders *orders, const char *id, struct sandbox_reply *reply);

/* POST /orders/{id}/shipment: 202, 400, 404 or 409. */
void sandbox_orders_ship(struct sandbox_orders *orders, const char *id, const char *body, size_t length,
                         struct sandbox_reply *reply);

/* POST /orders/{id}/cancellation: 202, 400, 404 or 409. */
void sandbox_orders_cancel(struct sandbox_orders *orders, const char *id, const char *body, size_t length,
                           struct sandbox_reply *reply);

struct sandbox_counts sandbox_orders_counts(struct sandbox_orders *orders);

/* NULL is allowed. No other thread may be inside. */
void sandbox_orders_free(struct sandbox_orders *orders);

#endif
