/* run/send.c: see send.h. */
#include "run/send.h"

#include "order/hiding.h"
#include "run/journey.h"
#include "run/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    BATCH = 64,         /* requests whose intents are committed together: one fsync serves them all */
    COMMIT_AFTER = 100, /* milliseconds that an outcome may wait for others to be committed with */
};

struct queue {
    struct journey *first; /* owned, as all behind it */
    struct journey **end;
    size_t count;
};

struct sender {
    struct sending sending;
    size_t cursor;         /* the next order of the book to look at */
    struct queue prepared; /* whose intents are not committed yet */
    struct queue ready;    /* whose are */
    struct timespec committed;
};

/* ---- Queues ---- */

static void queue_put(struct queue *queue, struct journey *journey)
{
    journey->next = NULL;
    if (queue->first == NULL)
        queue->end = &queue->first;
    *queue->end = journey;
    queue->end = &journey->next;
    queue->count++;
}

static struct journey *queue_take(struct queue *queue)
{
    struct journey *journey = queue->first;
    if (journey != NULL) {
        queue->first = journey->next;
        queue->count--;
    }
    return journey;
}

/* ---- Forwards ---- */

/* Let the journey go on: to its next request, or to its end. */
static void advance(struct sender *sender, struct journey *journey)
{
    if (journey_advance(&sender->sending, journey) == JOURNEY_CALLS)
        queue_put(&sender->prepared, journey);
    else
        journey_free(journey);
}

static bool is_stopped(const struct sender *sender)
{
    return sender->sending.error->code != NULL || atomic_load(sender->sending.work->interrupt);
}

/* Take up orders until there is a batch of requests, or no order is left. */
static void take_up(struct sender *sender)
{
    struct book *book = &sender->sending.work->book;
    while (sender->prepared.count < BATCH && sender->cursor < book->order_count && !is_stopped(sender)) {
        uint32_t order = (uint32_t)sender->cursor++;
        if (book->orders[order].state != BOOK_VALID)
            continue;
        struct journey *journey = journey_new(order);
        if (journey != NULL)
            advance(sender, journey);
        else
            error_set_memory(sender->sending.error);
    }
}

/* All intents and outcomes so far onto the disk; what was prepared may leave then. */
static bool commit(struct sender *sender)
{
    if (!ledger_commit(sender->sending.service->ledger, sender->sending.error))
        return false;
    clock_gettime(CLOCK_MONOTONIC, &sender->committed);
    for (struct journey *journey; (journey = queue_take(&sender->prepared)) != NULL;)
        queue_put(&sender->ready, journey);
    return true;
}

static bool on_next(void *context, struct transport_request *request)
{
    struct sender *sender = context;
    if (sender->ready.first == NULL) {
        take_up(sender);
        if (sender->sending.error->code == NULL)
            commit(sender);
    }
    if (sender->sending.error->code != NULL)
        return false;
    struct journey *journey = queue_take(&sender->ready);
    if (journey == NULL)
        return false;
    *request = journey->request;
    journey->request = (struct transport_request){0};
    return true;
}

/* ---- Answers ---- */

/* What the service said of the open intent, into the ledger's transaction. The doubt is over, then. */
static void settle(struct sender *sender, struct journey *journey, enum ledger_end end, enum order_status status,
                   const char *code, const struct buf *words)
{
    struct ledger_outcome outcome = {.end = end,
                                     .status = status,
                                     .code = code,
                                     .message = {"", 0},
                                     .unsure = journey->doubted && !journey->known.intent.conflicted};
    if (words != NULL)
        outcome.message = (struct span){buf_text(words), words->length};
    journey->doubted = false;
    ledger_settle(sender->sending.service->ledger, journey_id(&sender->sending, journey), &outcome,
                  sender->sending.error);
}

static const char *code_of(enum order_status status)
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
    default:
        return true;
    }
}

/* Load the order to see what of the service's words is the buyer's own, and which row they are about. */
static bool load_order(struct sender *sender, const struct journey *journey, struct order *loaded,
                       struct order_content *content)
{
    const struct sending *sending = &sender->sending;
    if (!loader_load(sending->loader, journey_order(sending, journey), loaded, NULL, sending->error))
        return false;
    return content_build(&sending->work->columns, loaded, loader_arena(sending->loader), content) ||
           error_set_memory(sending->error);
}

/* The service refuses for good, in its own words. */
static void refuse(struct sender *sender, struct journey *journey, const struct buf *message)
{
    const struct sending *sending = &sender->sending;
    struct work *work = sending->work;
    struct book_order *order = journey_order(sending, journey);
    struct order loaded;
    struct order_content content;
    struct buf kept = {0};
    long item;
    uint32_t row = 0;
    const struct catalog_entry *entry =
        catalog_match(work->catalog, (struct span){buf_text(message), message->length}, &item);
    if (item >= ORDER_LINES_MAX) { /* of a line that no order has: the service's words are all that is known */
        entry = catalog_find(work->catalog, "SERVICE_REFUSED");
        item = -1;
    }
    if (!load_order(sender, journey, &loaded, &content))
        return;
    if (item >= 0 && (size_t)item < loaded.count)
        row = loaded.rows[item].number;
    buf_append(&kept, buf_text(message), message->length);
    hiding_apply(&content, &kept);
    const char *args[FINDING_ARGS] = {buf_text(message)};
    outcome_refuse(work, order, entry->code, row, item, args);
    if (journey->known.in_doubt)
        settle(sender, journey, LEDGER_REFUSED, ORDER_STATUS_NONE, entry->code, &kept);
    if (kept.failed)
        error_set_memory(sending->error);
    buf_free(&kept);
}

/* How the order stands after a refusal, as the ledger has it now. */
static void end_refused(struct sender *sender, struct journey *journey)
{
    const struct sending *sending = &sender->sending;
    struct book_order *order = journey_order(sending, journey);
    if (!ledger_find(sending->service->ledger, journey_id(sending, journey), &journey->known, sending->error))
        return;
    order->status = (uint8_t)journey->known.status;
    order->registered = journey->known.registered;
    order->time = (uint32_t)time(NULL);
    if (order->registered && !book_set_service_id(&sending->work->book, journey->order, journey->known.service_id))
        error_set_memory(sending->error);
    outcome_end(sending->work, order, BOOK_REFUSED);
}

static void refuse_for_good(struct sender *sender, struct journey *journey, const struct buf *message)
{
    refuse(sender, journey, message);
    if (sender->sending.error->code == NULL)
        end_refused(sender, journey);
    journey_free(journey);
}

/* 404: to a registration it was no order that was refused, but an address that is none; to any other call, the service
 * does not know the order. */
static void refuse_unknown(struct sender *sender, struct journey *journey, const struct buf *message)
{
    const struct sending *sending = &sender->sending;
    const char *args[FINDING_ARGS] = {buf_text(message)};
    bool registration = journey->plan.step == PLAN_REGISTER;
    if (registration && journey->doubted) { /* it may be registered all the same */
        journey_leave(sending, journey, true, "REASON_GARBAGE", 0);
        journey_free(journey);
        return;
    }
    outcome_set(sending->work, journey_order(sending, journey),
                registration ? "SERVICE_NOT_FOUND" : "SERVICE_ORDER_UNKNOWN", 0, -1, args);
    if (journey->known.in_doubt)
        settle(sender, journey, registration ? LEDGER_VOID : LEDGER_REFUSED, ORDER_STATUS_NONE, "SERVICE_ORDER_UNKNOWN",
               NULL);
    if (sending->error->code == NULL)
        end_refused(sender, journey);
    journey_free(journey);
}

static enum ledger_operation operation_of(enum plan_step step)
{
    return step == PLAN_REGISTER ? LEDGER_REGISTER
           : step == PLAN_SHIP   ? LEDGER_SHIP
           : step == PLAN_CANCEL ? LEDGER_CANCEL
                                 : LEDGER_ASK;
}

/* The answer to a question: it settles an open intent, or it is news of the order. */
static void take_status(struct sender *sender, struct journey *journey, enum order_status status)
{
    const struct sending *sending = &sender->sending;
    const struct ledger_intent *intent = &journey->known.intent;
    struct span id = journey_id(sending, journey);
    bool conflicts = journey->conflicts;
    bool ours = conflicts || journey->verifies; /* this run called, and not only an earlier one */
    journey->conflicts = journey->verifies = false;
    journey->questions++;
    if (!journey->known.in_doubt) {
        ledger_tell(sending->service->ledger, id, status, sending->error);
    } else if (intent->operation == LEDGER_REGISTER && intent->conflicted) {
        /* By another submission, with content that may differ: never called ours. */
        journey->answered[LEDGER_REGISTER] = ours;
        settle(sender, journey, LEDGER_ADOPTED, status, "ALREADY_REGISTERED", NULL);
    } else if (shows_effect(&journey->known, status, conflicts && journey->doubted && !intent->conflicted)) {
        journey->answered[intent->operation] = ours;
        settle(sender, journey, LEDGER_ACCEPTED, status, code_of(status), NULL);
    } else if (conflicts) {
        struct buf words = journey->words;
        journey->words = (struct buf){0};
        refuse(sender, journey, &words);
        ledger_tell(sending->service->ledger, id, status, sending->error);
        buf_free(&words);
        end_refused(sender, journey);
        journey_free(journey);
        return;
    } else {
        settle(sender, journey, LEDGER_VOID, status, NULL, NULL);
        ledger_tell(sending->service->ledger, id, status, sending->error);
    }
    advance(sender, journey);
}

/* A question that found no order, or no answer. */
static void take_no_status(struct sender *sender, struct journey *journey, const struct api_answer *answer)
{
    const struct sending *sending = &sender->sending;
    bool unknown = answer->meaning == API_UNKNOWN;
    if (unknown && journey->known.in_doubt && !journey->conflicts && !journey->verifies) {
        settle(sender, journey, LEDGER_VOID, ORDER_STATUS_NONE, NULL, NULL);
        advance(sender, journey);
    } else if (unknown && !journey->known.in_doubt) {
        refuse_unknown(sender, journey, &answer->message);
    } else if (!journey->known.in_doubt) {
        refuse_for_good(sender, journey, &answer->message);
    } else { /* it is there, the service said, and now it cannot say how it stands */
        journey_leave(sending, journey, true, "REASON_GARBAGE", 0);
        journey_free(journey);
    }
}

static void take_acceptance(struct sender *sender, struct journey *journey, const struct api_answer *answer)
{
    enum ledger_operation operation = operation_of(journey->plan.step);
    journey->answered[operation] = true;
    /* A replay is the answer that the service gave the first time; since then the order may have gone on. */
    journey->verifies = operation == LEDGER_REGISTER && answer->replayed;
    if (!journey->verifies)
        settle(sender, journey, LEDGER_ACCEPTED, answer->status, code_of(answer->status), NULL);
    advance(sender, journey);
}

/* The service knows of the order, but not so: ask how it stands. A registration would have been answered as before, had
 * it been there; another call may have been refused because it was. */
static void take_conflict(struct sender *sender, struct journey *journey, struct buf *message)
{
    journey->conflicts = true;
    buf_free(&journey->words);
    journey->words = *message;
    *message = (struct buf){0};
    if (journey->plan.step == PLAN_REGISTER || !journey->doubted)
        ledger_note_conflict(sender->sending.service->ledger, journey_id(&sender->sending, journey),
                             sender->sending.error);
    advance(sender, journey);
}

/* Whether a refusal may only say that the thing is done already, by an attempt whose answer was lost. A registration
 * would have been answered as it was the first time; other calls may do without keys. */
static bool may_be_done(const struct journey *journey)
{
    return journey->doubted && journey->plan.step != PLAN_REGISTER && !corrects(&journey->known);
}

/* What the answer means for the journey, which is somebody else's, or gone, afterwards. */
static void take_answer(struct sender *sender, struct journey *journey, struct api_answer *answer)
{
    bool asks = journey->plan.step == PLAN_ASK;
    if (answer->meaning == API_ACCEPTED && asks)
        take_status(sender, journey, answer->status);
    else if (answer->meaning == API_ACCEPTED)
        take_acceptance(sender, journey, answer);
    else if (asks)
        take_no_status(sender, journey, answer);
    else if (answer->meaning == API_CONFLICT || may_be_done(journey))
        take_conflict(sender, journey, &answer->message);
    else if (answer->meaning == API_UNKNOWN)
        refuse_unknown(sender, journey, &answer->message);
    else
        refuse_for_good(sender, journey, &answer->message);
}

/* A request ended without an answer about the order. One that changes something, and of which nothing came there or was
 * looked at, is as if it had not been intended. Whether doubt remains. */
static bool take_back(struct sender *sender, struct journey *journey, bool maybe_received)
{
    bool asked = journey->plan.step == PLAN_ASK;
    if (!journey->known.in_doubt || asked || journey->doubted || maybe_received)
        return journey->known.in_doubt;
    settle(sender, journey, LEDGER_VOID, ORDER_STATUS_NONE, NULL, NULL);
    return false;
}

static void refuse_credentials(struct sender *sender, struct journey *journey, long status)
{
    char number[24];
    snprintf(number, sizeof number, "%ld", status);
    error_set(sender->sending.error, ERROR_CONFIG, "CREDENTIALS_REFUSED", NULL, number, NULL, NULL);
    journey_free(journey);
}

/* A service that repeats what it was sent must not bring a secret into a result file. What is shorter than any secret
 * may be part of a word. */
static void hide(struct buf *message, const char *secret)
{
    enum { SECRET_MIN = 6 };
    size_t length = strlen(secret);
    char *at = message->data;
    while (at != NULL && length >= SECRET_MIN && (at = strstr(at, secret)) != NULL) {
        memset(at, '*', length);
        at += length;
    }
}

static bool is_due(const struct sender *sender)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t elapsed =
        (now.tv_sec - sender->committed.tv_sec) * 1000 + (now.tv_nsec - sender->committed.tv_nsec) / 1000000;
    return elapsed >= COMMIT_AFTER;
}

static enum transport_verdict on_answered(void *context, void *tag, const struct transport_answer *from)
{
    struct sender *sender = context;
    struct journey *journey = tag;
    const struct sending *sending = &sender->sending;
    struct api_answer answer;
    api_dialect_read(sending->service->dialect, journey_service_id(sending, journey), from, &answer);
    journey_order(sending, journey)->sent = true;
    hide(&answer.message, sending->service->account.key);
    hide(&answer.message, sending->service->account.merchant);
    if (answer.meaning == API_NO_ANSWER || answer.message.failed) {
        buf_free(&answer.message);
        return TRANSPORT_RETRY;
    }
    journey->doubted = journey->doubted || (from->maybe_received && journey->plan.step != PLAN_ASK);
    if (answer.meaning == API_CREDENTIALS) {
        take_back(sender, journey, false);
        refuse_credentials(sender, journey, from->status);
    } else {
        take_answer(sender, journey, &answer);
    }
    buf_free(&answer.message);
    if (sending->error->code == NULL && is_due(sender))
        commit(sender);
    return sending->error->code != NULL ? TRANSPORT_STOP : TRANSPORT_DONE;
}

/* Nothing was heard. */
static void on_failed(void *context, void *tag, const struct transport_failure *failure)
{
    struct sender *sender = context;
    struct journey *journey = tag;
    journey_order(&sender->sending, journey)->sent |= failure->maybe_received || journey->doubted;
    bool doubt = take_back(sender, journey, failure->maybe_received);
    journey_leave(&sender->sending, journey, doubt, outcome_reason(failure->reason), failure->status);
    journey_free(journey);
}

/* ---- The run ---- */

/* What was prepared and never handed over. */
static void leave_queue(struct sender *sender, struct queue *queue, const char *reason)
{
    for (struct journey *journey; (journey = queue_take(queue)) != NULL;) {
        journey_leave(&sender->sending, journey, take_back(sender, journey, false), reason, 0);
        journey_free(journey);
    }
}

/* What was never taken up: one finding serves all. */
static void leave_rest(struct sender *sender, const char *reason)
{
    struct work *work = sender->sending.work;
    struct book *book = &work->book;
    uint32_t outcome = BOOK_NONE;
    for (size_t i = 0; i < book->order_count; i++) {
        struct book_order *order = &book->orders[i];
        if (order->state != BOOK_VALID)
            continue;
        if (outcome == BOOK_NONE) {
            outcome_leave(work, order, "NOT_SENT", reason, 0);
            outcome = order->outcome;
        }
        order->state = BOOK_UNSENT;
        order->outcome = outcome;
    }
}

/* An order that was registered, and is held back now for what stands in the file, is registered all the same. */
static bool show_invalid(struct sender *sender)
{
    const struct book *book = &sender->sending.work->book;
    for (size_t i = 0; i < book->order_count; i++)
        if (book->orders[i].state == BOOK_INVALID && book->orders[i].sound &&
            !journey_show(&sender->sending, (uint32_t)i))
            return false;
    return true;
}

static uint64_t count_valid(const struct book *book)
{
    uint64_t count = 0;
    for (size_t i = 0; i < book->order_count; i++)
        count += book->orders[i].state == BOOK_VALID;
    return count;
}

static bool send_all(struct sender *sender)
{
    struct work *work = sender->sending.work;
    const struct atobarai_options *asked = work->options;
    struct transport_options options = {.concurrency = asked->concurrency,
                                        .timeout = asked->timeout,
                                        .retries = asked->retries,
                                        .max_errors = asked->max_errors,
                                        .interrupt = work->interrupt};
    struct transport_client client = {sender, on_next, on_answered, on_failed};
    struct error error = {0};
    enum transport_end end = transport_run(&options, &client, &error);
    const char *reason = end == TRANSPORT_END_INTERRUPTED ? "REASON_INTERRUPTED" : "REASON_STOPPED";
    leave_queue(sender, &sender->prepared, reason);
    leave_queue(sender, &sender->ready, reason);
    leave_rest(sender, reason);
    struct error *first = sender->sending.error;
    if (first->code == NULL && end == TRANSPORT_END_FAILED)
        *first = error;
    /* What was heard is kept, whatever went wrong: unless that is the ledger. */
    ledger_commit(sender->sending.service->ledger, first->code != NULL ? &error : first);
    return first->code == NULL;
}

static bool rehearse_all(struct sender *sender)
{
    while (sender->cursor < sender->sending.work->book.order_count && !is_stopped(sender))
        take_up(sender);
    leave_rest(sender, "REASON_INTERRUPTED");
    return sender->sending.error->code == NULL;
}

static bool run(struct work *work, const struct service *service, bool rehearses, struct error *error)
{
    struct sender sender = {.sending = {.work = work, .service = service, .rehearses = rehearses, .error = error}};
    work->total = count_valid(&work->book);
    if (!show_invalid(&sender))
        return false;
    if (work->total == 0)
        return true;
    sender.sending.loader = loader_new(work);
    clock_gettime(CLOCK_MONOTONIC, &sender.committed);
    bool done =
        sender.sending.loader != NULL ? rehearses ? rehearse_all(&sender) : send_all(&sender) : error_set_memory(error);
    loader_free(sender.sending.loader);
    return done && (!work->findings.failed || error_set_memory(error));
}

bool send_run(struct work *work, const struct service *service, struct error *error)
{
    return run(work, service, false, error);
}

bool send_rehearse(struct work *work, const struct service *service, struct error *error)
{
    return run(work, service, true, error);
}
