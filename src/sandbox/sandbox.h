/* sandbox/sandbox.h: the deferred-payment service, simulated, on loopback.
 *
 * It answers the dialect `json` as the real service is assumed to: it keeps orders in memory, checks sizes and
 * states, and honours Idempotency-Key. It shares the JSON Schemas of schemas/api/ with the client, never its code.
 * It binds to 127.0.0.1 only.
 *
 * Test cards. The outcome of an order follows the local part of the buyer's email: ng@… AUTH_NG, pending@… AUTH_PENDING
 * until asked once (the first GET answers AUTH_OK), failed@… AUTH_FAILED, shipng@… SHIP_NG to every shipment,
 * cancelng@… CANCEL_NG to every cancellation, anything else OK. Credentials: any key and merchant code will do, a
 * missing one is 401, and the key `forbidden` (Authorization: Bearer forbidden) is 403. Keys are neither kept nor
 * printed.
 *
 * GET /v1/_stats needs no credentials, meets no fault and counts as no request: {"requests", "registered",
 * "duplicate_ids", "replayed", "refused", "shipped", "cancelled"}, each a number; what they count is in orders.h.
 *
 * Which steps an order may take is in orders.h, what a body must hold in rules.h; a body beyond 1 MiB is 413. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/error.h"

#include <stdint.h>

/* Faults on demand: each is a probability from 0 to 1 per request, drawn from a generator with a fixed seed. One
 * request meets one fault at most: they are drawn in this order, and the first that strikes is it.
 *
 * A client on libcurl should know: on a kept-alive connection that closes before the first byte of an answer, libcurl
 * sends the request once more by itself, so `reset` and `lost_answer` may show as one request more here. */
struct sandbox_faults {
    double timeout;      /* the request is taken, no work is done, and it is never answered */
    double reset;        /* the connection is dropped before any work is done */
    double server_error; /* 500 before any work is done */
    double too_many;     /* 429 with Retry-After: 1, before any work is done */
    double garbage;      /* the work is done, then 200 with an HTML page */
    double slow;         /* the work is done, the answer comes after 500 ms */
    double lost_answer;  /* the work is done, then the connection is dropped */
};

struct sandbox_options {
    uint16_t port; /* 0: any free port */
    struct sandbox_faults faults;
    uint64_t seed;     /* of the faults */
    const char *state; /* path of a file that keeps the orders; NULL: in memory only */
};

struct sandbox;

/* Read "timeout=P,reset=P,500=P,429=P,garbage=P,slow=P,lost-answer=P" (any part of it, in any order); what
 * is not named is 0. P is written as 0, 1, 0.25 or .5. On a word that is not one of these, or a P outside 0..1: false,
 * `error` is USAGE_BAD_VALUE (kind ERROR_USAGE) with the option {1} and the word {2}, and `faults` is as it was. */
bool sandbox_parse_faults(const char *text, struct sandbox_faults *faults, struct error *error);

/* Start answering in threads of its own, which leave all signals to the caller's. NULL with `error` SANDBOX_FAILED
 * (kind ERROR_CONFIG, path "127.0.0.1:PORT", {1} the system's reason) when the port or the state file cannot be had.
 * End it with sandbox_stop(). */
struct sandbox *sandbox_start(const struct sandbox_options *options, struct error *error);

/* The base URL, "http://127.0.0.1:PORT/v1". Borrowed until sandbox_stop(). */
const char *sandbox_url(const struct sandbox *sandbox);

uint16_t sandbox_port(const struct sandbox *sandbox);

/* Answer no more, drop what waits (timed-out requests too), forget all orders, free everything. NULL is allowed. */
void sandbox_stop(struct sandbox *sandbox);

#endif
