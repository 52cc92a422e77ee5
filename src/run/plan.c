/* run/plan.c: see plan.h. */
#include "run/plan.h"

static struct plan invalid(const char *code)
{
    return (struct plan){.step = PLAN_INVALID, .code = code};
}

static struct plan refused(const char *code)
{
    return (struct plan){.step = PLAN_REFUSED, .code = code};
}

static struct plan done(const char *code)
{
    return (struct plan){.step = PLAN_DONE, .code = code};
}

static struct plan call(enum plan_step step, const char *why)
{
    return (struct plan){.step = step, .why = why};
}

const char *plan_code_of(enum order_status status)
{
    switch (status) {
    case ORDER_STATUS_AUTH_NG:
        return "CREDIT_NG";
    case ORDER_STATUS_AUTH_FAILED:
        return "REGISTRATION_FAILED";
    case ORDER_STATUS_SHIP_NG:
        return "SHIPMENT_FAILED";
    case ORDER_STATUS_CANCEL_NG:
        return "CANCEL_FAILED";
    default:
        return NULL;
    }
}

/* ---- Doubt comes first ---- */

/* The same request again is the surest question, where the service heeds its key: with a registration. A shipment that
 * corrects another one cannot be told by its status, so it is sent again, too. */
static struct plan settle_doubt(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    bool registers = facts->operation == ATOBARAI_REGISTER || facts->operation == ATOBARAI_REREGISTER;
    if (known->intent.operation == LEDGER_REGISTER && registers && facts->same_request)
        return call(PLAN_REGISTER, "REASON_DOUBT");
    if (known->intent.operation == LEDGER_SHIP && facts->operation == ATOBARAI_SHIP && facts->same_request &&
        known->status == ORDER_STATUS_SHIP_OK)
        return call(PLAN_SHIP, "REASON_DOUBT");
    return call(PLAN_ASK, "REASON_DOUBT");
}

/* ---- 買い手情報登録 ---- */

/* What a status means to somebody who asked for a registration. */
static struct plan registered(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    if (known->foreign)
        return refused("ALREADY_REGISTERED");
    if (known->status == ORDER_STATUS_CANCEL_OK)
        return invalid("ORDER_CANCELLED");
    if (facts->changed)
        return invalid("ORDER_CHANGED");
    if (known->status == ORDER_STATUS_AUTH_NG)
        return refused("CREDIT_NG");
    return done(NULL);
}

static struct plan plan_register(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    bool failed = known->status == ORDER_STATUS_AUTH_FAILED;
    if (failed && facts->answered[LEDGER_REGISTER])
        return refused("REGISTRATION_FAILED");
    if (known->registered && !failed)
        return registered(facts);
    if (facts->namesake)
        return invalid("MALL_NUMBER_REGISTERED");
    return call(PLAN_REGISTER, failed ? "REASON_REFUSED_BEFORE" : "REASON_NEW");
}

/* ---- 出荷情報登録 ---- */

static struct plan not_registered(const struct plan_facts *facts)
{
    return invalid(facts->namesake ? "NOT_REGISTERED_REIMPORTED" : "NOT_REGISTERED");
}

static struct plan plan_ship(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    if (!known->registered && known->status != ORDER_STATUS_AUTH_FAILED)
        return not_registered(facts);
    switch (known->status) {
    case ORDER_STATUS_AUTH_OK:
        return call(PLAN_SHIP, "REASON_STATUS");
    case ORDER_STATUS_SHIP_NG:
        return facts->answered[LEDGER_SHIP] ? refused("SHIPMENT_FAILED") : call(PLAN_SHIP, "REASON_STATUS");
    case ORDER_STATUS_SHIP_OK:
        return facts->same_shipment ? done(NULL) : call(PLAN_SHIP, "REASON_NEW_NUMBER");
    case ORDER_STATUS_SHIP_PENDING:
        return facts->same_shipment ? done(NULL) : invalid("SHIP_NOT_ALLOWED");
    case ORDER_STATUS_CANCEL_OK:
        return invalid("ORDER_CANCELLED");
    default:
        return invalid("SHIP_NOT_ALLOWED");
    }
}

/* ---- 与信の取消 ---- */

static struct plan plan_cancel(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    if (!known->registered)
        return not_registered(facts);
    switch (known->status) {
    case ORDER_STATUS_CANCEL_OK:
    case ORDER_STATUS_CANCEL_PENDING:
        return done(NULL);
    case ORDER_STATUS_CANCEL_NG:
        return facts->answered[LEDGER_CANCEL] ? refused("CANCEL_FAILED") : call(PLAN_CANCEL, "REASON_STATUS");
    case ORDER_STATUS_SHIP_PENDING:
        return invalid("CANCEL_NOT_ALLOWED");
    default:
        return call(PLAN_CANCEL, "REASON_STATUS");
    }
}

/* ---- 与信結果問い合わせ ---- */

static bool is_pending(enum order_status status)
{
    return status == ORDER_STATUS_AUTH_PENDING || status == ORDER_STATUS_SHIP_PENDING ||
           status == ORDER_STATUS_CANCEL_PENDING;
}

/* What the question was answered. */
static struct plan told(enum order_status status)
{
    const char *code = plan_code_of(status);
    return code != NULL ? refused(code) : done(NULL);
}

static struct plan plan_status(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    if (facts->questions > 0 && known->registered)
        return told(known->status);
    if (known->status == ORDER_STATUS_AUTH_FAILED)
        return invalid("REGISTRATION_NOT_DONE");
    if (!known->registered)
        return not_registered(facts);
    if (is_pending(known->status))
        return call(PLAN_ASK, "REASON_STATUS");
    return told(known->status).step == PLAN_REFUSED ? refused("STATUS_NOT_PENDING") : done("STATUS_NOT_PENDING");
}

/* ---- 再登録 ---- */

/* Whether the amount alone may be made less where it stands. Whether it is less the service knows, not the ledger. */
static bool can_reduce(const struct plan_facts *facts)
{
    enum order_status status = facts->known->status;
    return facts->less && facts->changed && !facts->answered[LEDGER_REDUCE] &&
           (status == ORDER_STATUS_AUTH_OK || status == ORDER_STATUS_SHIP_OK);
}

/* The order was registered anew in this run. */
static struct plan reregistered(const struct ledger_order *known)
{
    struct plan plan = told(known->status);
    if (known->status ==
        ORDER_STATUS_CANCEL_OK) /* long ago, the service says, and cancelled since: the next run goes on */
        return invalid("ORDER_CANCELLED");
    if (plan.step == PLAN_DONE && known->issue > 1)
        plan.code = "REREGISTERED";
    return plan;
}

static struct plan cancel_first(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    bool failed = known->status == ORDER_STATUS_AUTH_NG || known->status == ORDER_STATUS_AUTH_FAILED;
    if (known->status == ORDER_STATUS_SHIP_PENDING)
        return invalid("CANCEL_NOT_ALLOWED");
    if (can_reduce(facts))
        return call(PLAN_REDUCE, "REASON_CHANGED");
    if (known->status == ORDER_STATUS_CANCEL_NG && facts->answered[LEDGER_CANCEL])
        return refused("CANCEL_FAILED");
    if (!failed && !facts->changed && !known->foreign && known->status != ORDER_STATUS_CANCEL_NG)
        return done("REREGISTER_NOT_NEEDED");
    return call(PLAN_CANCEL, facts->changed ? "REASON_CHANGED" : "REASON_STATUS");
}

/* The first pause is short, each other twice as long as the one before: a quarter of a minute in all, for others may be
 * waiting for the ledger. */
static struct plan confirm_cancel(const struct plan_facts *facts)
{
    const unsigned first_pause = 500;
    if (facts->questions >= PLAN_QUESTIONS)
        return done("REREGISTER_WAITING");
    struct plan plan = call(PLAN_ASK, "REASON_STATUS");
    plan.pause = facts->answered[LEDGER_CANCEL] || facts->questions > 0 ? first_pause << facts->questions : 0;
    return plan;
}

static struct plan reregister(const struct plan_facts *facts)
{
    const struct ledger_order *known = facts->known;
    if (facts->answered[LEDGER_REGISTER])
        return known->foreign ? refused("ALREADY_REGISTERED") : reregistered(known);
    if (facts->answered[LEDGER_REDUCE] && !facts->changed)
        return done("AMOUNT_REDUCED");
    if (!known->registered && known->status != ORDER_STATUS_AUTH_FAILED && known->issue <= 1)
        return not_registered(facts);
    if (!known->registered)
        return call(PLAN_REGISTER, "REASON_REFUSED_BEFORE");
    if (known->status == ORDER_STATUS_CANCEL_PENDING)
        return confirm_cancel(facts);
    if (known->status != ORDER_STATUS_CANCEL_OK)
        return cancel_first(facts);
    struct plan plan = call(PLAN_REGISTER, "REASON_STATUS");
    plan.next_issue = true;
    return plan;
}

/* Under a new id, too, the mall's order would be there a second time. */
static struct plan plan_reregister(const struct plan_facts *facts)
{
    struct plan plan = reregister(facts);
    bool changes = plan.step == PLAN_CANCEL || plan.step == PLAN_REDUCE || plan.step == PLAN_REGISTER;
    return changes && facts->namesake ? invalid("MALL_NUMBER_REGISTERED") : plan;
}

struct plan plan_next(const struct plan_facts *facts)
{
    if (facts->known->in_doubt)
        return settle_doubt(facts);
    switch (facts->operation) {
    case ATOBARAI_SHIP:
        return plan_ship(facts);
    case ATOBARAI_CANCEL:
        return plan_cancel(facts);
    case ATOBARAI_STATUS:
        return plan_status(facts);
    case ATOBARAI_REREGISTER:
        return plan_reregister(facts);
    case ATOBARAI_CHECK:
    case ATOBARAI_REGISTER:
        break;
    }
    return plan_register(facts);
}
