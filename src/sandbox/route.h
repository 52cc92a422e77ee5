/* sandbox/route.h: which call a path means. Pure. */
#ifndef SANDBOX_ROUTE_H
#define SANDBOX_ROUTE_H

#include "sandbox/form.h"
#include "sandbox/rules.h"

enum sandbox_call {
    SANDBOX_CALL_UNKNOWN,
    SANDBOX_CALL_REGISTER,       /* POST /v1/orders */
    SANDBOX_CALL_ASK,            /* GET  /v1/orders/{id} */
    SANDBOX_CALL_SHIP,           /* POST /v1/orders/{id}/shipment */
    SANDBOX_CALL_CANCEL,         /* POST /v1/orders/{id}/cancellation */
    SANDBOX_CALL_STATS,          /* GET  /v1/_stats */
    SANDBOX_CALL_KURONEKO,       /* POST /kuroneko-atobarai-api/<API>APIAction_execute.action */
    SANDBOX_CALL_KURONEKO_STATS, /* GET /kuroneko-atobarai-api/_stats */
};

#define SANDBOX_JSON_PATH     "/v1"
#define SANDBOX_KURONEKO_PATH "/kuroneko-atobarai-api/"

struct sandbox_route {
    enum sandbox_call call;
    bool kuroneko;        /* the path belongs to the dialect kuroneko, be the call known or not; otherwise to json */
    enum sandbox_api api; /* of SANDBOX_CALL_KURONEKO */
    char id[SANDBOX_ID_SIZE]; /* percent-decoded; "" for calls without one */
};

/* `path` is as it came, still percent-encoded (a %2F belongs to an id), without the query. An empty id, one that is
 * longer than any order's, a NUL, or a bad escape: SANDBOX_CALL_UNKNOWN. */
struct sandbox_route sandbox_route_of(const char *path);

/* The one method of that call, "GET" or "POST"; NULL for SANDBOX_CALL_UNKNOWN. Static. */
const char *sandbox_route_method(enum sandbox_call call);

#endif
