/* sandbox/sandbox.h: the deferred-payment service, simulated, on loopback.
 *
 * It answers the dialect `json` as the real service is assumed to: it keeps orders in memory, checks sizes and
 * states, and honours Idempotency-Key. The outcome of a registration follows the local part of the buyer's email, as
 * test cards do it: ng@… AUTH_NG, pending@… AUTH_PENDING until asked once, failed@… AUTH_FAILED, shipng@… SHIP_NG,
 * cancelng@… CANCEL_NG, anything else OK. It shares the JSON Schemas of schemas/api/ with the client, never its code.
 * It binds to 127.0.0.1 only. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/error.h"

#include <stdint.h>

/* Faults on demand: each is a probability from 0 to 1 per request, drawn from a generator with a fixed seed. */
struct sandbox_faults {
    double timeout;       /* the request is taken and never answered */
    double reset;         /* the connection is dropped before any work is done */
    double server_error;  /* 500 before any work is done */
    double too_many;      /* 429 with Retry-After: 1 */
    double garbage;       /* the work is done, then 200 with an HTML page */
    double slow;          /* the answer comes after 500 ms */
    double lost_answer;   /* the work is done, then the connection is dropped */
};

struct sandbox_options {
    uint16_t port; /* 0: any free port */
    struct sandbox_faults faults;
    uint64_t seed; /* of the faults */
};

struct sandbox;

/* Read "timeout=P,reset=P,500=P,429=P,garbage=P,slow=P,lost-answer=P" (any part of it, in any order). On a word that
 * is not one of these, or a P outside 0..1: false, and `error` is USAGE_BAD_VALUE with the option and the word. */
bool sandbox_parse_faults(const char *text, struct sandbox_faults *faults, struct error *error);

/* Start answering in threads of its own. NULL with `error` SANDBOX_FAILED (kind ERROR_CONFIG) when the port cannot
 * be had. End it with sandbox_stop(). */
struct sandbox *sandbox_start(const struct sandbox_options *options, struct error *error);

/* The base URL, "http://127.0.0.1:PORT/v1". Borrowed until sandbox_stop(). */
const char *sandbox_url(const struct sandbox *sandbox);

uint16_t sandbox_port(const struct sandbox *sandbox);

/* Answer no more, forget all orders, free everything. NULL is allowed. */
void sandbox_stop(struct sandbox *sandbox);

#endif
