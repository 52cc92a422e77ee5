/* sandbox/rules.h: what the simulated service accepts: bodies of requests, checked, and the test cards.
 *
 * Pure: bytes in, a verdict out. The rules are those of schemas/api/ (the request schemas), worded as the service words
 * them: "validation error:FIELD RULE", the first failure only. The three sentences about items[N].name and
 * items[N].id are the service's own; the others follow their style, and so do the rules behind them [assumed].
 * A body that is no JSON (or no UTF-8) is "malformed JSON". No value from a body is ever put into a message. */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SANDBOX_ID_UNITS = 64,                      /* UTF-16 units of an order id [assumed: no limit is known] */
    SANDBOX_ID_SIZE = SANDBOX_ID_UNITS * 3 + 1, /* bytes: a UTF-16 unit takes at most 3 bytes of UTF-8, and the NUL */
    SANDBOX_MESSAGE_SIZE = 128,                 /* bytes of a refusal with its NUL; the longest one has about 80 */
};

/* The ten of the domain table, in its order. */
enum sandbox_status {
    SANDBOX_AUTH_OK,
    SANDBOX_AUTH_NG,
    SANDBOX_AUTH_FAILED,
    SANDBOX_AUTH_PENDING,
    SANDBOX_SHIP_OK,
    SANDBOX_SHIP_NG,
    SANDBOX_SHIP_PENDING,
    SANDBOX_CANCEL_OK,
    SANDBOX_CANCEL_NG,
    SANDBOX_CANCEL_PENDING,
};

/* The name on the wire, "AUTH_OK" to "CANCEL_PENDING". Static. */
const char *sandbox_status_name(enum sandbox_status status);

/* How the service will answer for one buyer. */
struct sandbox_card {
    const char *local_part; /* of the buyer's email, exactly; NULL: everybody else */
    enum sandbox_status registration;
    enum sandbox_status shipment;
    enum sandbox_status cancellation;
};

/* Whether the part of `email` (NULL: there is none) before its @ is `local_part`, exactly. */
bool sandbox_is_local_part(const char *local_part, const char *email);

/* The card of an email address. NULL (no email) is allowed. Static, never NULL. */
const struct sandbox_card *sandbox_card_of(const char *email);

/* What the service keeps of an order body that it accepts. */
struct sandbox_order_body {
    char id[SANDBOX_ID_SIZE];
    const struct sandbox_card *card; /* static */
};

/* The body of POST /orders. False: refused, with the reason in `message`, and `order` is as it was. */
bool sandbox_check_order(const char *body, size_t length, struct sandbox_order_body *order,
                         char message[SANDBOX_MESSAGE_SIZE]);

/* The body of POST /orders/{id}/shipment: trackingNumber and carrier, both filled. */
bool sandbox_check_shipment(const char *body, size_t length, char message[SANDBOX_MESSAGE_SIZE]);

/* The body of POST /orders/{id}/cancellation: an empty object. */
bool sandbox_check_cancellation(const char *body, size_t length, char message[SANDBOX_MESSAGE_SIZE]);

#endif
