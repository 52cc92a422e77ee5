/* run/plan.h: what is to be done next with an order: the state machine of the ten statuses (drawn in docs/ledger.md).
 *
 * Pure. The answer depends on what the ledger knows of the order, on what the file says, and on what this run has asked
 * already; it is asked for anew after every answer of the service. So a run that died is continued by the next one
 * without any memory of its own. */
#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include "atobarai.h"
#include "ledger/ledger.h"

enum { PLAN_QUESTIONS = 5 }; /* how often a run asks about one cancellation in progress */

struct plan_facts {
    enum atobarai_operation operation;
    const struct ledger_order *known;
    /* What the file says. */
    bool changed;       /* another content than is registered */
    bool same_request;  /* in doubt: what would be sent is what was sent */
    bool same_shipment; /* as was reported, all of it */
    bool less;          /* the service can make the amount less, and nothing but the amount and its lines is changed */
    bool namesake;      /* the mall's number is registered under another 受注ID, and that is not allowed */
    /* What this run did. */
    bool answered[LEDGER_OPERATIONS]; /* the service answered such a call */
    unsigned questions;               /* that were answered */
};

enum plan_step {
    PLAN_INVALID, /* the order's state does not allow it: `code` says what to do instead */
    PLAN_REFUSED, /* the service has answered, and not as was hoped for: `code` */
    PLAN_DONE,    /* nothing is left to be done */
    PLAN_REGISTER,
    PLAN_SHIP,
    PLAN_CANCEL,
    PLAN_REDUCE,
    PLAN_ASK, /* how the order stands, or, in doubt, the order of the intent */
};

struct plan {
    enum plan_step step;
    const char *code; /* of the finding that goes with INVALID, REFUSED and perhaps DONE; NULL: none */
    const char *why;  /* of a step: a REASON_… of the catalogue */
    bool next_issue;  /* REGISTER: under a new id */
    unsigned pause;   /* milliseconds before it */
};

/* The finding of a status with which somebody has to do something, though the service took the call: CREDIT_NG and so
 * on; NULL: of any other status. Static. */
const char *plan_code_of(enum order_status status);

struct plan plan_next(const struct plan_facts *facts);

#endif
