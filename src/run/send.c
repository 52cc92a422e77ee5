/* run/send.c: see send.h. */
#include "run/send.h"

#include "run/answer.h"
#include "run/outcome.h"

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

/* The journey has come to `state`: a request that waits to be sent, or its end. */
static void go_on(struct sender *sender, struct journey *journey, enum journey_state state)
{
    if (state == JOURNEY_CALLS)
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

/* ---- The log ---- */

/* What a line says of the journey's request. The service's id is copied: it does not stay when the journey goes on. */
static struct log_line line_of(const struct sender *sender, const struct journey *journey, char id[LEDGER_ID_SIZE])
{
    struct span service_id = journey_service_id(&sender->sending, journey);
    size_t length = service_id.length < LEDGER_ID_SIZE ? service_id.length : LEDGER_ID_SIZE;
    if (length > 0)
        memcpy(id, service_id.data, length);
    return (struct log_line){.service_id = {id, length}, .operation = journey->operation};
}

/* What became of an attempt that was answered; `line` is of before. */
static void log_answer(const struct sender *sender, const struct journey *journey, struct log_line *line,
                       const struct api_answer *answer, const struct transport_answer *from)
{
    static const char *const outcomes[] = {[API_ACCEPTED] = "accepted",
                                           [API_REFUSED] = "refused",
                                           [API_CONFLICT] = "conflict",
                                           [API_UNKNOWN] = "unknown",
                                           [API_CREDENTIALS] = "credentials"};
    const struct sending *sending = &sender->sending;
    const struct book_order *order = journey_order(sending, journey);
    line->order = journey_id(sending, journey);
    line->attempt = from->attempt;
    line->http = from->status;
    line->milliseconds = from->milliseconds;
    line->outcome = outcomes[answer->meaning];
    if (answer->meaning == API_ACCEPTED) {
        line->status = answer->status;
        line->code = answer->detail;
    } else if (sending->error->code != NULL) {
        line->code = sending->error->code;
    } else if (order->outcome != BOOK_NONE) {
        line->code = sending->work->findings.list[order->outcome].code;
    }
    log_put(sending->service->log, line);
}

/* The request is sent again, or was and is not any more. */
static void set_retrying(const struct sender *sender, struct journey *journey, bool retrying)
{
    if (retrying && !journey->retrying)
        sender->sending.work->retrying++;
    if (!retrying && journey->retrying)
        sender->sending.work->retrying--;
    journey->retrying = retrying;
}

static void on_attempted(void *context, void *tag, const struct transport_attempt *attempt)
{
    static const char *const outcomes[] = {
        [TRANSPORT_TIMEOUT] = "timeout",           [TRANSPORT_CONNECTION] = "connection",
        [TRANSPORT_SERVER_ERROR] = "server_error", [TRANSPORT_BUSY] = "busy",
        [TRANSPORT_GARBAGE] = "garbage",           [TRANSPORT_REFUSED] = "refused_for_now",
        [TRANSPORT_UNTRUSTED] = "untrusted",       [TRANSPORT_STOPPED] = "stopped",
        [TRANSPORT_INTERRUPTED] = "stopped",
    };
    struct sender *sender = context;
    char id[LEDGER_ID_SIZE];
    struct log_line line = line_of(sender, tag, id);
    line.order = journey_id(&sender->sending, tag);
    line.attempt = attempt->attempt;
    line.http = attempt->status;
    line.milliseconds = attempt->milliseconds;
    line.outcome = outcomes[attempt->reason];
    line.retry = attempt->again;
    log_put(sender->sending.service->log, &line);
    set_retrying(sender, tag, attempt->again);
}

/* Whatever happens, or does not. */
static void on_turn(void *context)
{
    struct sender *sender = context;
    log_turn(sender->sending.service->log);
    outcome_tell(sender->sending.work);
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

static bool is_due(const struct sender *sender)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t elapsed =
        (now.tv_sec - sender->committed.tv_sec) * 1000 + (now.tv_nsec - sender->committed.tv_nsec) / 1000000;
    return elapsed >= COMMIT_AFTER;
}

/* Whether a refusal is one of those that the user takes for passing. */
static bool is_passing(const struct sender *sender, const struct api_answer *answer)
{
    const regex_t *pattern = sender->sending.service->retry_on;
    bool refuses = answer->meaning == API_REFUSED || answer->meaning == API_CONFLICT || answer->meaning == API_UNKNOWN;
    return pattern != NULL && refuses && regexec(pattern, buf_text(&answer->message), 0, NULL, 0) == 0;
}

static enum transport_verdict on_answered(void *context, void *tag, const struct transport_answer *from)
{
    struct sender *sender = context;
    struct journey *journey = tag;
    const struct sending *sending = &sender->sending;
    struct api_answer answer;
    char id[LEDGER_ID_SIZE];
    struct log_line line = line_of(sender, journey, id);
    api_dialect_read(sending->service->dialect, journey->operation, journey_service_id(sending, journey), from,
                     &answer);
    journey_order(sending, journey)->sent = true;
    hide(&answer.message, sending->service->account.key);
    hide(&answer.message, sending->service->account.merchant);
    if (answer.meaning == API_NO_ANSWER || answer.message.failed) {
        buf_free(&answer.message);
        return TRANSPORT_RETRY;
    }
    if (is_passing(sender, &answer)) {
        buf_free(&answer.message);
        return TRANSPORT_AGAIN;
    }
    set_retrying(sender, journey, false);
    enum journey_state state = answer_take(sending, journey, &answer, from);
    log_answer(sender, journey, &line, &answer, from);
    go_on(sender, journey, state);
    buf_free(&answer.message);
    if (sending->error->code == NULL && is_due(sender))
        commit(sender);
    return sending->error->code != NULL ? TRANSPORT_STOP : TRANSPORT_DONE;
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
    journey->pause = transport_pause(journey->lost);
    journey->doubted = true;
    go_on(sender, journey, journey_advance(&sender->sending, journey));
}

/* Nothing was heard. */
static void on_failed(void *context, void *tag, const struct transport_failure *failure)
{
    struct sender *sender = context;
    struct journey *journey = tag;
    set_retrying(sender, journey, false);
    journey_order(&sender->sending, journey)->sent |= failure->maybe_received || journey->doubted;
    if (is_to_be_asked(sender, journey, failure)) {
        ask(sender, journey);
        return;
    }
    bool doubt = answer_missed(&sender->sending, journey, failure->maybe_received);
    journey_leave(&sender->sending, journey, doubt, outcome_reason(failure->reason), failure->status);
    journey_free(journey);
}

/* ---- The run ---- */

/* What was prepared and never handed over. */
static void leave_queue(struct sender *sender, struct queue *queue, const char *reason)
{
    for (struct journey *journey; (journey = queue_take(queue)) != NULL;) {
        journey_leave(&sender->sending, journey, answer_missed(&sender->sending, journey, false), reason, 0);
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
                                        .rate = asked->rate,
                                        .ca_file = asked->ca_file,
                                        .interrupt = work->interrupt};
    struct transport_client client = {.context = sender,
                                      .next = on_next,
                                      .answered = on_answered,
                                      .failed = on_failed,
                                      .attempted = on_attempted,
                                      .turn = on_turn};
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
