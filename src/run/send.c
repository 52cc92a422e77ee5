/* run/send.c: see send.h. */
#include "run/send.h"

#include "run/answer.h"
#include "run/attempts.h"
#include "run/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    BATCH = 64,         /* requests whose intents are committed together: one fsync serves them all */
    BATCH_MAX = 256,    /* the same where the service is faster than the disk */
    COMMIT_AFTER = 100, /* milliseconds that an outcome may wait for others to be committed with */
    TURN_AFTER = 100,   /* milliseconds after which progress and log go on though nothing came */
};

/* This thread alone has the ledger, the file and the book; the wire has the requests and, until they come back, the
 * journeys that they belong to. */
struct sender {
    struct sending sending;
    struct wire *wire;            /* NULL: a rehearsal */
    size_t cursor;                /* the next order of the book to look at */
    size_t batch;                 /* BATCH or more: see feed() */
    struct wire_parcel *prepared; /* whose intents are not committed yet; owned, as all behind it */
    struct wire_parcel **prepared_end;
    size_t prepared_count;
    size_t under_way;   /* handed over, and not back yet */
    atomic_bool failed; /* nothing more may be sent, whatever is answered */
    struct timespec committed;
};

/* ---- Forwards ---- */

/* The journey has come to `state`: a request that waits to be sent, or its end. */
static void go_on(struct sender *sender, struct journey *journey, enum journey_state state)
{
    if (state != JOURNEY_CALLS) {
        journey_free(journey);
        return;
    }
    struct span id = journey_service_id(&sender->sending, journey);
    snprintf(journey->service_id, sizeof journey->service_id, "%.*s", (int)id.length, id.data);
    journey->parcel = (struct wire_parcel){.request = journey->request, .tag = journey};
    journey->request = (struct transport_request){0};
    if (sender->prepared == NULL)
        sender->prepared_end = &sender->prepared;
    *sender->prepared_end = &journey->parcel;
    sender->prepared_end = &journey->parcel.next;
    sender->prepared_count++;
}

static bool is_stopped(const struct sender *sender)
{
    return sender->sending.error->code != NULL || atomic_load(sender->sending.work->interrupt);
}

/* Take up orders until there is a batch of requests, or no order is left. */
static void take_up(struct sender *sender)
{
    struct book *book = &sender->sending.work->book;
    while (sender->prepared_count < sender->batch && sender->cursor < book->order_count && !is_stopped(sender)) {
        uint32_t order = (uint32_t)sender->cursor++;
        if (book->orders[order].state != BOOK_VALID)
            continue;
        struct journey *journey = journey_new(order);
        if (journey != NULL)
            go_on(sender, journey, journey_advance(&sender->sending, journey));
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
    wire_put(sender->wire, sender->prepared);
    sender->under_way += sender->prepared_count;
    sender->prepared = NULL;
    sender->prepared_count = 0;
    return true;
}

/* Milliseconds until what is not committed has to be. */
static int64_t until_due(const struct sender *sender)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t elapsed =
        (now.tv_sec - sender->committed.tv_sec) * 1000 + (now.tv_nsec - sender->committed.tv_nsec) / 1000000;
    return elapsed < COMMIT_AFTER ? COMMIT_AFTER - elapsed : 0;
}

/* Keep the wire in requests: while those of one batch leave, the next is made. Where the wire has none left and its
 * slots are free, the disk is what it waits for: batches grow, so that it waits less often. */
static bool feed(struct sender *sender)
{
    size_t concurrency = sender->sending.work->options->concurrency;
    size_t waiting = wire_waiting(sender->wire);
    bool starves = waiting == 0 && sender->cursor > 0 && sender->under_way < concurrency;
    if (starves && sender->batch < BATCH_MAX)
        sender->batch *= 2;
    /* A service that is slow to answer few at a time needs no full batch ahead of them. */
    bool few = sender->batch == BATCH && concurrency < BATCH;
    bool hungry = waiting <= (few ? concurrency : sender->batch);
    /* What was read before stands; but nobody wants to go on with a file that somebody is changing. */
    if (!csv_source_unchanged(sender->sending.work->source, sender->sending.error))
        return false;
    if (hungry)
        take_up(sender);
    if (sender->sending.error->code != NULL)
        return false;
    bool due = ledger_pending(sender->sending.service->ledger) > 0 && until_due(sender) == 0;
    return !((hungry && sender->prepared_count > 0) || due) || commit(sender);
}

/* ---- Answers ---- */

/* -1: it is none. */
static int digit_of(char hexadecimal)
{
    if (hexadecimal >= '0' && hexadecimal <= '9')
        return hexadecimal - '0';
    int letter = hexadecimal | 0x20; /* as a small one */
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* How many bytes at the beginning of `text` are `secret` with some of its bytes percent-encoded: 0, where they are not.
 */
static size_t encoded_length(const char *text, const char *secret)
{
    size_t at = 0;
    for (; *secret != '\0'; secret++) {
        int high = text[at] == '%' ? digit_of(text[at + 1]) : -1;
        int low = high >= 0 ? digit_of(text[at + 2]) : -1;
        if (low >= 0 && high * 16 + low == (unsigned char)*secret)
            at += 3;
        else if (text[at] == *secret)
            at++;
        else
            return 0;
    }
    return at;
}

/* A service that repeats what it was sent must not bring a secret into a result file, neither as it is nor as a form or
 * a URL has it. What is shorter than any secret may be part of a word. */
static void hide(struct buf *message, const char *secret)
{
    enum { SECRET_MIN = 6 };
    size_t length = strlen(secret);
    if (message->data == NULL || length < SECRET_MIN)
        return;
    for (char *at = message->data; *at != '\0'; at++) {
        size_t found = strncmp(at, secret, length) == 0 ? length : encoded_length(at, secret);
        if (found > 0) {
            memset(at, '*', found);
            at += found - 1;
        }
    }
}

/* Whether a refusal is one of those that the user takes for passing. */
static bool is_passing(const struct sender *sender, const struct api_answer *answer)
{
    const regex_t *pattern = sender->sending.service->retry_on;
    bool refuses = answer->meaning == API_REFUSED || answer->meaning == API_CONFLICT || answer->meaning == API_UNKNOWN;
    return pattern != NULL && refuses && regexec(pattern, buf_text(&answer->message), 0, NULL, 0) == 0;
}

/* On the wire's thread. Of the sender it reads what stays the same, and of the journey only its own. */
static enum transport_verdict judge(void *context, struct wire_parcel *parcel, const struct transport_answer *from)
{
    const struct sender *sender = context;
    const struct service *service = sender->sending.service;
    struct journey *journey = parcel->tag;
    struct api_answer *answer = &journey->answer;
    api_dialect_read(service->dialect, journey->operation, span_of(journey->service_id), from, answer);
    hide(&answer->message, service->account.key);
    hide(&answer->message, service->account.merchant);
    if (answer->meaning == API_NO_ANSWER || answer->message.failed) {
        buf_free(&answer->message);
        return TRANSPORT_RETRY;
    }
    if (is_passing(sender, answer)) {
        buf_free(&answer->message);
        return TRANSPORT_AGAIN;
    }
    return answer->meaning == API_CREDENTIALS || atomic_load(&sender->failed) ? TRANSPORT_STOP : TRANSPORT_DONE;
}

static void take_answer(struct sender *sender, struct journey *journey)
{
    const struct sending *sending = &sender->sending;
    struct api_answer answer = journey->answer;
    journey->answer = (struct api_answer){0};
    const struct transport_answer from = journey->parcel.answer;
    const struct log_line line = attempts_line(journey);
    journey_order(sending, journey)->sent = true;
    attempts_end(sending, journey);
    enum journey_state state = answer_take(sending, journey, &answer, &from);
    attempts_answered(sending, journey, &line, &answer, &from);
    go_on(sender, journey, state);
    buf_free(&answer.message);
}

/* Whether the service is asked now what became of a call: where it knows no keys, only then may the call be made
 * again. */
static bool is_to_be_asked(const struct sender *sender, const struct journey *journey,
                           const struct transport_failure *failure)
{
    bool keyed = api_dialect_traits(sender->sending.service->dialect)->keyed;
    bool ends = failure->reason == TRANSPORT_STOPPED || failure->reason == TRANSPORT_INTERRUPTED;
    return !keyed && !ends && failure->maybe_received && journey->plan.step != PLAN_ASK &&
           journey->lost < sender->sending.work->options->retries && !is_stopped(sender);
}

static void ask(struct sender *sender, struct journey *journey)
{
    journey->lost++;
    journey->resent = journey->resent || journey->plan.step == PLAN_REGISTER;
    journey->pause = transport_pause(journey->lost);
    journey->doubted = true;
    go_on(sender, journey, journey_advance(&sender->sending, journey));
}

/* Nothing was heard. */
static void take_failure(struct sender *sender, struct journey *journey)
{
    const struct transport_failure *failure = &journey->parcel.failure;
    attempts_end(&sender->sending, journey);
    journey_order(&sender->sending, journey)->sent |= failure->maybe_received || journey->doubted;
    if (is_to_be_asked(sender, journey, failure)) {
        ask(sender, journey);
        return;
    }
    bool doubt = answer_missed(&sender->sending, journey, failure->maybe_received);
    journey_leave(&sender->sending, journey, doubt, outcome_reason(failure->reason), failure->status);
    journey_free(journey);
}

/* What was noted of parcels comes before the parcels themselves. */
static void take_back(struct sender *sender, struct wire_note *note, struct wire_parcel *parcel)
{
    while (note != NULL) {
        struct wire_note *next = note->next;
        attempts_missed(&sender->sending, note->parcel->tag, &note->attempt);
        free(note);
        note = next;
    }
    while (parcel != NULL) {
        struct wire_parcel *next = parcel->next;
        sender->under_way--;
        if (parcel->answered)
            take_answer(sender, parcel->tag);
        else
            take_failure(sender, parcel->tag);
        parcel = next;
    }
}

/* ---- The run ---- */

/* What was prepared and never left. */
static void leave_parcels(struct sender *sender, struct wire_parcel *parcel, const char *reason)
{
    while (parcel != NULL) {
        struct wire_parcel *next = parcel->next;
        struct journey *journey = parcel->tag;
        journey_leave(&sender->sending, journey, answer_missed(&sender->sending, journey, false), reason, 0);
        transport_request_drop(&parcel->request);
        journey_free(journey);
        parcel = next;
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

/* Until nothing is left to be sent, or nothing more may be. */
static void attend(struct sender *sender)
{
    bool ended = false;
    while (!ended && feed(sender) && (sender->under_way > 0 || sender->prepared_count > 0)) {
        bool pending = ledger_pending(sender->sending.service->ledger) > 0;
        int64_t wait = pending ? until_due(sender) : TURN_AFTER;
        struct wire_parcel *back = wire_take(sender->wire, wait, &ended);
        take_back(sender, wire_take_notes(sender->wire), back);
        log_turn(sender->sending.service->log);
        outcome_tell(sender->sending.work);
    }
}

static bool send_all(struct sender *sender)
{
    struct work *work = sender->sending.work;
    const struct atobarai_options *asked = work->options;
    struct transport_options options = {.concurrency = asked->concurrency,
                                        .timeout = asked->timeout,
                                        .retries = asked->retries,
                                        .max_errors = asked->max_errors,
                                        .rate = asked->rate,
                                        .ca_file = asked->ca_file,
                                        .interrupt = work->interrupt};
    struct wire_client client = {sender, judge};
    struct error *first = sender->sending.error;
    struct error error = {0};
    struct wire_rest rest;
    sender->wire = wire_start(&options, &client, first);
    if (sender->wire == NULL)
        return false;
    attend(sender);
    atomic_store(&sender->failed, first->code != NULL);
    enum transport_end end = wire_end(sender->wire, &rest, &error);
    const char *reason = end == TRANSPORT_END_INTERRUPTED ? "REASON_INTERRUPTED" : "REASON_STOPPED";
    take_back(sender, rest.notes, rest.back);
    leave_parcels(sender, rest.left, reason);
    leave_parcels(sender, sender->prepared, reason);
    leave_rest(sender, reason);
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
    struct sender sender = {.sending = {.work = work, .service = service, .rehearses = rehearses, .error = error},
                            .batch = BATCH};
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
