/* sandbox/sandbox.h: the deferred-payment service, simulated, on loopback.
 *
 * It speaks two dialects on one port, always both: `json` under /v1, as the real service is assumed to, and `kuroneko`
 * under /kuroneko-atobarai-api/, the service's public protocol. Each has orders of its own. They are kept in memory, or
 * in a file too. It shares the JSON Schemas of schemas/api/ with the client, never its code. It binds to 127.0.0.1
 * only.
 *
 * Test cards. The outcome of an order follows the local part of the buyer's email; anything else is OK.
 *
 *   json        ng@… AUTH_NG, pending@… AUTH_PENDING until asked once (the first GET answers AUTH_OK), failed@…
 *               AUTH_FAILED, shipng@… SHIP_NG to every shipment, cancelng@… CANCEL_NG to every cancellation
 *   kuroneko
 *     registration  ng@… result 1, limit@… 2, failed@… refused with kaara029E (the postal code does not exist)
 *     review        pending@… 3 until asked once, then 0; pendingng@… 3, then 1; stuck@… 3 for ever; revoked@… 0, and
 *                   1 from the first KAARS0010 on
 *     shipment      shipng@… refused with kaasl015E. From the first KAAST0010 after it on: survey@… 5, alarmed@… 6,
 *                   sold@… 10, invoiced@… 11, paid@… 12
 *     cancellation  cancelng@… refused with kaacl015E
 *
 * Credentials. json: any key and merchant code will do, a missing one is 401, and the key `forbidden` (Authorization:
 * Bearer forbidden) is 403. kuroneko: a merchant code of 11 digits and a password of 1 to 8 letters and digits, but for
 * the password forbid01 and the merchant 00000000000; a code that begins with 9 has the contract of enclosed invoices.
 * Keys and passwords are neither kept nor printed.
 *
 * GET /v1/_stats and GET /kuroneko-atobarai-api/_stats need no credentials, meet no fault and count as no request: an
 * object in JSON with `requests`, which is of both dialects, and the counts of orders.h or of kuroneko_orders.h by
 * their names there.
 *
 * Which steps an order may take is in orders.h and kuroneko_orders.h, what a body must hold in rules.h and
 * kuroneko_rules.h, how kuroneko_reply.h varies its XML there; a body beyond 1 MiB is 413, one of kuroneko that is no
 * form 415. */
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
    double garbage;      /* the work is done, then 200 with an HTML page, or (kuroneko) with torn XML */
    double slow;         /* the work is done, the answer comes after 500 ms */
    double lost_answer;  /* the work is done, then the connection is dropped */
    double exception;    /* kuroneko only: the work is done or not, then err0001 to err0003 */
};

enum { SANDBOX_DELAY_MAX = 60000 }; /* milliseconds */

struct sandbox_options {
    uint16_t port; /* 0: any free port */
    struct sandbox_faults faults;
    uint64_t seed;     /* of the faults */
    const char *state; /* path of a file that keeps the orders; NULL: in memory only */
    bool tls;          /* HTTPS, with a certificate that is made at start (certificate.h), TLS 1.2 or 1.3 */
    unsigned delay_ms; /* every answer comes so much later, in milliseconds, at most SANDBOX_DELAY_MAX */
};

struct sandbox;

/* Read "timeout=P,reset=P,500=P,429=P,garbage=P,slow=P,lost-answer=P,err=P" (any part of it, in any order); what
 * is not named is 0. P is written as 0, 1, 0.25 or .5. On a word that is not one of these, or a P outside 0..1: false,
 * `error` is USAGE_BAD_VALUE (kind ERROR_USAGE) with the option {1} and the word {2}, and `faults` is as it was. */
bool sandbox_parse_faults(const char *text, struct sandbox_faults *faults, struct error *error);

/* Start answering in threads of its own, which leave all signals to the caller's. NULL with `error` SANDBOX_FAILED
 * (kind ERROR_CONFIG, path "127.0.0.1:PORT", {1} the system's reason) when the port or the state file cannot be had;
 * SANDBOX_NO_TLS (the same kind and path) when the libmicrohttpd of this system knows no TLS. End it with
 * sandbox_stop(). */
struct sandbox *sandbox_start(const struct sandbox_options *options, struct error *error);

/* The base URL, "http://127.0.0.1:PORT/v1"; with TLS it begins with https. Borrowed until sandbox_stop(). */
const char *sandbox_url(const struct sandbox *sandbox);

/* "http://127.0.0.1:PORT/kuroneko-atobarai-api/", likewise. */
const char *sandbox_kuroneko_url(const struct sandbox *sandbox);

/* The certificate of the authority that a client has to trust, PEM; NULL without TLS. Borrowed until sandbox_stop(). */
const char *sandbox_authority(const struct sandbox *sandbox);

uint16_t sandbox_port(const struct sandbox *sandbox);

/* Answer no more, drop what waits (timed-out requests too), forget all orders, free everything. NULL is allowed. */
void sandbox_stop(struct sandbox *sandbox);

#endif
