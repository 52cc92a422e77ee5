/* run/answer.c: see answer.h. */
#include "run/answer.h"

#include "order/hiding.h"
#include "order/service_codes.h"
#include "run/outcome.h"

#include <stdio.h>
#include <time.h>

/* ---- The ledger hears of it ---- */

/* What the service said of the open intent, into the ledger's transaction. The doubt is over, then. */
static void settle(const struct sending *sending, struct journey *journey, enum ledger_end end,
                   enum order_status status, const char *code, const struct buf *words)
{
    struct ledger_outcome outcome = {.end = end,
                                     .status = status,
                                     .code = code,
                                     .message = {"", 0},
                                     .unsure = journey->doubted && !journey->known.intent.conflicted};
    if (words != NULL)
        outcome.message = (struct span){buf_text(words), words->length};
    journey->doubted = false;
    if (end != LEDGER_VOID) { /* the next call is another one */
        journey->lost = 0;
        journey->resent = false;
    }
    ledger_settle(sending->service->ledger, journey_id(sending, journey), &outcome, sending->error);
}

/* Whether the call in doubt reports another shipment than the one that is known. */
static bool corrects(const struct ledger_order *known)
{
    return known->intent.operation == LEDGER_SHIP && known->status == ORDER_STATUS_SHIP_OK &&
           ledger_hash_is_set(&known->shipment);
}

/* Whether a status shows that the intent's call has had its effect. `done_already`: the service has just refused to do
 * it once more. */
static bool shows_effect(const struct ledger_order *known, enum order_status status, bool done_already)
{
    switch (known->intent.operation) {
    case LEDGER_SHIP:
        if (status == ORDER_STATUS_SHIP_OK && corrects(known)) /* as it was before */
            return done_already;
        return status >= ORDER_STATUS_SHIP_OK && status <= ORDER_STATUS_SHIP_PENDING;
    case LEDGER_CANCEL:
        return status >= ORDER_STATUS_CANCEL_OK;
    case LEDGER_REDUCE: /* no status tells; to reduce once more does no harm */
        return false;
    default:
        return true;
    }
}

/* ---- Refusals ---- */

/* Load the order to see what of the service's words is the buyer's own, and which row they are about. */
static bool load_order(const struct sending *sending, const struct journey *journey, struct order *loaded,
                       struct order_content *content)
{
    if (!loader_load(sending->loader, journey_order(sending, journey), loaded, NULL, sending->error))
        return false;
    return content_build(&sending->work->columns, loaded, sending->work->kuroneko != NULL,
                         loader_arena(sending->loader), content) ||
           error_set_memory(sending->error);
}

/* Put a message into the order's outcome, at the line that it is about. The code of the finding. */
static const char *tell_words(const struct sending *sending, struct journey *journey, const struct order *loaded,
                              const struct buf *message)
{
    struct work *work = sending->work;
    long item;
    uint32_t row = 0;
    const struct catalog_entry *entry =
        catalog_match(work->catalog, (struct span){buf_text(message), message->length}, &item);
    if (item >= ORDER_LINES_MAX) { /* of a line that no order has: the service's words are all that is known */
        entry = catalog_find(work->catalog, "SERVICE_REFUSED");
        item = -1;
    }
    if (item >= 0 && (size_t)item < loaded->count)
        row = loaded->rows[item].number;
    const char *args[FINDING_ARGS] = {buf_text(message)};
    outcome_refuse(work, journey_order(sending, journey), entry->code, row, item, args);
    return entry->code;
}

/* The service refuses for good, in its own words or with a code of its own. */
static void refuse(const struct sending *sending, struct journey *journey, const struct buf *message)
{
    struct order loaded;
    struct order_content content;
    struct buf kept = {0};
    if (!load_order(sending, journey, &loaded, &content))
        return;
    buf_append(&kept, buf_text(message), message->length);
    hiding_apply(&content, &kept);
    const char *code = outcome_refuse_code(sending->work, journey_order(sending, journey),
                                           (struct span){buf_text(message), message->length});
    if (code == NULL)
        code = tell_words(sending, journey, &loaded, message);
    if (journey->known.in_doubt)
        settle(sending, journey, LEDGER_REFUSED, ORDER_STATUS_NONE, code, &kept);
    if (kept.failed)
        error_set_memory(sending->error);
    buf_free(&kept);
}

/* How the order stands after a refusal, as the ledger has it now. */
static enum journey_state end_refused(const struct sending *sending, struct journey *journey)
{
    struct book_order *order = journey_order(sending, journey);
    if (sending->error->code != NULL ||
        !ledger_find(sending->service->ledger, journey_id(sending, journey), &journey->known, sending->error))
        return JOURNEY_FAILED;
    journey_show_known(sending, journey);
    order->time = (uint32_t)time(NULL);
    outcome_end(sending->work, order, BOOK_REFUSED);
    return JOURNEY_ENDED;
}

static enum journey_state refuse_for_good(const struct sending *sending, struct journey *journey,
                                          const struct buf *message)
{
    refuse(sending, journey, message);
    return end_refused(sending, journey);
}

/* 404: to a registration it was no order that was refused, but an address that is none; to any other call, the service
 * does not know the order. */
static enum journey_state refuse_unknown(const struct sending *sending, struct journey *journey,
                                         const struct buf *message)
{
    const char *args[FINDING_ARGS] = {buf_text(message)};
    bool registration = journey->plan.step == PLAN_REGISTER;
    if (registration && journey->doubted) { /* it may be registered all the same */
        journey_leave(sending, journey, true, "REASON_GARBAGE", 0);
        return JOURNEY_ENDED;
    }
    outcome_set(sending->work, journey_order(sending, journey),
                registration ? "SERVICE_NOT_FOUND" : "SERVICE_ORDER_UNKNOWN", 0, -1, args);
    if (journey->known.in_doubt)
        settle(sending, journey, registration ? LEDGER_VOID : LEDGER_REFUSED, ORDER_STATUS_NONE,
               "SERVICE_ORDER_UNKNOWN", NULL);
    return end_refused(sending, journey);
}

/* ---- Answers ---- */

static enum ledger_operation operation_of(enum plan_step step)
{
    return step == PLAN_REGISTER ? LEDGER_REGISTER
           : step == PLAN_SHIP   ? LEDGER_SHIP
           : step == PLAN_CANCEL ? LEDGER_CANCEL
           : step == PLAN_REDUCE ? LEDGER_REDUCE
                                 : LEDGER_ASK;
}

/* The answer to a question: it settles an open intent, or it is news of the order. */
static enum journey_state take_status(const struct sending *sending, struct journey *journey,
                                      const struct api_answer *answer)
{
    enum order_status status = answer->status;
    const struct ledger_intent *intent = &journey->known.intent;
    struct span id = journey_id(sending, journey);
    bool conflicts = journey->conflicts;
    bool ours = conflicts || journey->verifies || journey->lost > 0; /* this run called, and not only an earlier one */
    journey->conflicts = journey->verifies = journey->unreviewed = false;
    journey->detail = answer->detail;
    journey->questions++;
    if (!journey->known.in_doubt) {
        ledger_tell(sending->service->ledger, id, status, sending->error);
    } else if (intent->operation == LEDGER_REGISTER && intent->conflicted) {
        /* By another submission, with content that may differ: never called ours. */
        journey->answered[LEDGER_REGISTER] = ours;
        settle(sending, journey, LEDGER_ADOPTED, status, "ALREADY_REGISTERED", NULL);
    } else if (shows_effect(&journey->known, status, conflicts && journey->doubted && !intent->conflicted)) {
        journey->answered[intent->operation] = ours;
        settle(sending, journey, LEDGER_ACCEPTED, status, plan_code_of(status), NULL);
    } else if (conflicts) {
        struct buf words = journey->words;
        journey->words = (struct buf){0};
        refuse(sending, journey, &words);
        ledger_tell(sending->service->ledger, id, status, sending->error);
        buf_free(&words);
        return end_refused(sending, journey);
    } else {
        settle(sending, journey, LEDGER_VOID, status, NULL, NULL);
        ledger_tell(sending->service->ledger, id, status, sending->error);
    }
    return journey_advance(sending, journey);
}

/* A question that found no order, or no answer. */
static enum journey_state take_no_status(const struct sending *sending, struct journey *journey,
                                         const struct api_answer *answer)
{
    bool unknown = answer->meaning == API_UNKNOWN;
    if (unknown && journey->known.in_doubt && !journey->conflicts && !journey->verifies) {
        settle(sending, journey, LEDGER_VOID, ORDER_STATUS_NONE, NULL, NULL);
        return journey_advance(sending, journey);
    }
    /* A review that is over is not found, though the order may be: it was cancelled elsewhere. */
    if (unknown && journey->operation == API_ASK_REVIEW && !journey->known.in_doubt &&
        !api_dialect_traits(sending->service->dialect)->keyed) {
        journey->unreviewed = true;
        return journey_advance(sending, journey);
    }
    if (!journey->known.in_doubt)
        return unknown ? refuse_unknown(sending, journey, &answer->message)
                       : refuse_for_good(sending, journey, &answer->message);
    /* It is there, the service said, and now it cannot say how it stands. */
    journey_leave(sending, journey, true, "REASON_GARBAGE", 0);
    return JOURNEY_ENDED;
}

static enum journey_state take_acceptance(const struct sending *sending, struct journey *journey,
                                          const struct api_answer *answer)
{
    enum ledger_operation operation = operation_of(journey->plan.step);
    journey->answered[operation] = true;
    journey->detail = answer->detail;
    /* A replay is the answer that the service gave the first time; since then the order may have gone on. */
    journey->verifies = operation == LEDGER_REGISTER && answer->replayed;
    if (!journey->verifies)
        settle(sending, journey, LEDGER_ACCEPTED, answer->status, plan_code_of(answer->status), NULL);
    return journey_advance(sending, journey);
}

/* The amount cannot be made less there: the order is cancelled and registered anew. */
static enum journey_state take_no_reduction(const struct sending *sending, struct journey *journey,
                                            const struct buf *message)
{
    journey->answered[LEDGER_REDUCE] = true;
    struct service_code code;
    const struct catalog_entry *entry = NULL;
    if (service_code_find((struct span){buf_text(message), message->length}, &code))
        entry = service_code_entry(&code, sending->work->catalog);
    settle(sending, journey, LEDGER_REFUSED, ORDER_STATUS_NONE, entry != NULL ? entry->code : NULL, message);
    return journey_advance(sending, journey);
}

/* Where the service knows no keys, a registration that was sent twice is refused although the first one is ours. */
static bool is_own_conflict(const struct sending *sending, const struct journey *journey)
{
    return journey->resent && !api_dialect_traits(sending->service->dialect)->keyed;
}

/* The service knows of the order, but not so: ask how it stands. A registration would have been answered as before, had
 * it been there; another call may have been refused because it was. */
static enum journey_state take_conflict(const struct sending *sending, struct journey *journey, struct buf *message)
{
    journey->conflicts = true;
    buf_free(&journey->words);
    journey->words = *message;
    *message = (struct buf){0};
    bool registers = journey->plan.step == PLAN_REGISTER;
    if (registers ? !is_own_conflict(sending, journey) : !journey->doubted)
        ledger_note_conflict(sending->service->ledger, journey_id(sending, journey), sending->error);
    return journey_advance(sending, journey);
}

/* Whether a refusal may only say that the thing is done already, by an attempt whose answer was lost. A registration
 * would have been answered as it was the first time; other calls may do without keys. */
static bool may_be_done(const struct journey *journey)
{
    return journey->doubted && journey->plan.step != PLAN_REGISTER && journey->plan.step != PLAN_REDUCE &&
           !corrects(&journey->known);
}

/* Nobody looked at the request, and nothing more may be sent. */
static enum journey_state refuse_credentials(const struct sending *sending, struct journey *journey,
                                             const struct api_answer *answer, const struct transport_answer *from)
{
    char number[24];
    snprintf(number, sizeof number, "HTTP %ld", from->status);
    answer_missed(sending, journey, answer->unsure);
    error_set(sending->error, ERROR_CONFIG, "CREDENTIALS_REFUSED", NULL,
              from->status == 200 ? buf_text(&answer->message) : number, NULL, NULL);
    return JOURNEY_FAILED;
}

enum journey_state answer_take(const struct sending *sending, struct journey *journey, struct api_answer *answer,
                               const struct transport_answer *from)
{
    bool asks = journey->plan.step == PLAN_ASK;
    journey->doubted = journey->doubted || (from->maybe_received && !asks);
    if (answer->meaning == API_CREDENTIALS)
        return refuse_credentials(sending, journey, answer, from);
    if (answer->meaning == API_ACCEPTED)
        return asks ? take_status(sending, journey, answer) : take_acceptance(sending, journey, answer);
    if (asks)
        return take_no_status(sending, journey, answer);
    if (answer->meaning == API_CONFLICT && journey->plan.step == PLAN_REDUCE)
        return take_no_reduction(sending, journey, &answer->message);
    if (answer->meaning == API_CONFLICT || may_be_done(journey))
        return take_conflict(sending, journey, &answer->message);
    return answer->meaning == API_UNKNOWN ? refuse_unknown(sending, journey, &answer->message)
                                          : refuse_for_good(sending, journey, &answer->message);
}

bool answer_missed(const struct sending *sending, struct journey *journey, bool maybe_received)
{
    bool asked = journey->plan.step == PLAN_ASK;
    if (!journey->known.in_doubt || asked || journey->doubted || maybe_received)
        return journey->known.in_doubt;
    settle(sending, journey, LEDGER_VOID, ORDER_STATUS_NONE, NULL, NULL);
    return false;
}
