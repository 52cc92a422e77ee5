/* run/register.c: see register.h. */
#include "run/register.h"

#include "run/loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A request on its way: about which order, and whether it only asks. */
struct flight {
    uint32_t order;
    bool asks;           /* how an order stands that was registered before */
    struct flight *next; /* among those that wait to be asked */
};

struct sender {
    struct work *work;
    const struct api_dialect *dialect;
    const struct api_account *account;
    struct loader *loader;
    size_t cursor;         /* the next order of the book to look at */
    struct flight *asking; /* owned: questions that wait for their turn; they go first */
    uint64_t total;        /* orders to be sent */
    uint64_t done;
    uint64_t failed;
    struct error *error; /* its `code` is set where nothing more may be sent */
};

/* ---- Outcomes ---- */

static void add_outcome(struct sender *sender, struct book_order *order, const char *code, uint32_t row, long item,
                        const char *arg)
{
    const char *args[FINDING_ARGS] = {arg};
    struct finding finding = {
        .code = code, .row = row, .item = item > 0 ? (uint16_t)item : 0, .column = FINDING_NO_COLUMN};
    uint32_t added = (uint32_t)sender->work->findings.count;
    if (findings_add(&sender->work->findings, finding, args))
        order->outcome = added;
}

/* The order is answered for good. */
static void settle(struct sender *sender, struct book_order *order, enum book_state state)
{
    struct work *work = sender->work;
    order->state = (uint8_t)state;
    order->time = (uint32_t)time(NULL);
    sender->done++;
    sender->failed += state != BOOK_DONE;
    if (work->progress != NULL) {
        struct atobarai_progress progress = {sender->total, sender->done, sender->failed};
        work->progress(work->progress_context, &progress);
    }
}

static void accept(struct sender *sender, struct book_order *order, enum order_status status, bool asked)
{
    order->status = (uint8_t)status;
    order->registered = true;
    if (asked) /* by an earlier submission, with content that may differ: never called ours */
        add_outcome(sender, order, "ALREADY_REGISTERED", 0, -1, NULL);
    else if (status == ORDER_STATUS_AUTH_NG)
        add_outcome(sender, order, "CREDIT_NG", 0, -1, NULL);
    else if (status == ORDER_STATUS_AUTH_FAILED)
        add_outcome(sender, order, "REGISTRATION_FAILED", 0, -1, NULL);
    settle(sender, order, order->outcome == BOOK_NONE ? BOOK_DONE : BOOK_REFUSED);
}

/* The row that items[item] was made of; 0 (all rows) when the order has no such line. */
static bool row_of_item(struct sender *sender, const struct book_order *order, long item, uint32_t *row)
{
    struct order loaded;
    *row = 0;
    if (item < 0)
        return true;
    if (!loader_load(sender->loader, order, &loaded, NULL, sender->error))
        return false;
    if ((size_t)item < loaded.count)
        *row = loaded.rows[item].number;
    return true;
}

static bool refuse(struct sender *sender, struct book_order *order, const struct buf *message)
{
    long item;
    uint32_t row;
    const struct catalog_entry *entry =
        catalog_match(sender->work->catalog, (struct span){buf_text(message), message->length}, &item);
    if (item >= ORDER_LINES_MAX) { /* of a line that no order has: the service's words are all that is known */
        entry = catalog_find(sender->work->catalog, "SERVICE_REFUSED");
        item = -1;
    }
    if (!row_of_item(sender, order, item, &row))
        return false;
    add_outcome(sender, order, entry->code, row, item, buf_text(message));
    order->status = ORDER_STATUS_AUTH_FAILED;
    settle(sender, order, BOOK_REFUSED);
    return true;
}

/* 404 to a registration: it was no order that was refused, but an address that is none. */
static void refuse_address(struct sender *sender, struct book_order *order, const struct buf *message)
{
    add_outcome(sender, order, "SERVICE_NOT_FOUND", 0, -1, buf_text(message));
    settle(sender, order, BOOK_REFUSED);
}

/* Why nothing was heard, in the words of the catalogue. */
static void leave_unsent(struct sender *sender, struct book_order *order, const char *code, const char *reason,
                         long http_status)
{
    const struct catalog_entry *entry = catalog_find(sender->work->catalog, reason);
    struct catalog_values values = {.item = -1};
    struct buf text = {0};
    char number[24];
    snprintf(number, sizeof number, "%ld", http_status);
    values.args[0] = span_of(number);
    if (entry != NULL)
        catalog_fill(entry->texts[CATALOG_JA].message, &values, &text);
    add_outcome(sender, order, code, 0, -1, buf_text(&text));
    buf_free(&text);
    settle(sender, order, BOOK_UNSENT);
}

/* ---- What the transport asks ---- */

static struct book_order *order_of(const struct sender *sender, const struct flight *flight)
{
    return &sender->work->book.orders[flight->order];
}

static struct span id_of(const struct sender *sender, const struct flight *flight)
{
    return span_of(book_id(&sender->work->book, order_of(sender, flight)));
}

static bool out_of_memory(struct sender *sender)
{
    return error_set_memory(sender->error);
}

static bool next_question(struct sender *sender, struct transport_request *request)
{
    struct flight *flight = sender->asking;
    if (!api_dialect_ask(sender->dialect, sender->account, id_of(sender, flight), request))
        return out_of_memory(sender);
    sender->asking = flight->next;
    request->tag = flight;
    return true;
}

/* The content is read from the file again: between the rules and here it is nowhere kept. */
static bool next_order(struct sender *sender, struct transport_request *request)
{
    struct work *work = sender->work;
    struct order loaded;
    struct order_content content;
    while (sender->cursor < work->book.order_count && work->book.orders[sender->cursor].state != BOOK_VALID)
        sender->cursor++;
    if (sender->cursor == work->book.order_count)
        return false;
    const struct book_order *order = &work->book.orders[sender->cursor];
    /* What was read is what was judged: the file is looked at behind the reading. */
    if (!loader_load(sender->loader, order, &loaded, NULL, sender->error) ||
        !csv_source_unchanged(work->source, sender->error))
        return false;
    struct flight *flight = calloc(1, sizeof *flight);
    if (flight == NULL || !content_build(&work->columns, &loaded, loader_arena(sender->loader), &content) ||
        !api_dialect_register(sender->dialect, sender->account, &content, request)) {
        free(flight);
        return out_of_memory(sender);
    }
    flight->order = (uint32_t)sender->cursor++;
    request->tag = flight;
    return true;
}

static bool on_next(void *context, struct transport_request *request)
{
    struct sender *sender = context;
    if (sender->error->code != NULL)
        return false;
    return sender->asking != NULL ? next_question(sender, request) : next_order(sender, request);
}

/* The service knows the id from another submission: ask how it stands. */
static void ask_later(struct sender *sender, struct flight *flight)
{
    flight->asks = true;
    flight->next = sender->asking;
    sender->asking = flight;
}

/* A service that repeats what it was sent must not bring a secret into a result file. What is shorter than any secret
 * may be part of a word. */
static void hide(struct buf *message, const char *secret)
{
    enum { SECRET_MIN = 6 };
    size_t length = strlen(secret);
    char *at = message->data;
    while (at != NULL && length >= SECRET_MIN && (at = strstr(at, secret)) != NULL)
        memset(at, '*', length);
}

static enum transport_verdict on_answered(void *context, void *tag, const struct transport_answer *from)
{
    struct sender *sender = context;
    struct flight *flight = tag;
    struct book_order *order = order_of(sender, flight);
    struct api_answer answer;
    char number[24];
    enum transport_verdict verdict = TRANSPORT_DONE;
    api_dialect_read(sender->dialect, id_of(sender, flight), from, &answer);
    order->sent = true;
    hide(&answer.message, sender->account->key);
    hide(&answer.message, sender->account->merchant);
    if (answer.meaning == API_NO_ANSWER || answer.message.failed) {
        buf_free(&answer.message);
        return TRANSPORT_RETRY;
    }
    if (answer.meaning == API_CONFLICT && !flight->asks) {
        ask_later(sender, flight);
        flight = NULL; /* it flies on */
    } else if (answer.meaning == API_CREDENTIALS) {
        snprintf(number, sizeof number, "%ld", from->status);
        error_set(sender->error, ERROR_CONFIG, "CREDENTIALS_REFUSED", NULL, number, NULL, NULL);
        verdict = TRANSPORT_STOP;
    } else if (answer.meaning == API_ACCEPTED) {
        accept(sender, order, answer.status, flight->asks);
    } else if (flight->asks) {
        /* Registered, it said, and now it cannot say how that stands. */
        leave_unsent(sender, order, "IN_DOUBT", "REASON_GARBAGE", 0);
    } else if (answer.meaning == API_UNKNOWN) {
        refuse_address(sender, order, &answer.message);
    } else if (!refuse(sender, order, &answer.message)) {
        verdict = TRANSPORT_STOP;
    }
    buf_free(&answer.message);
    free(flight);
    return verdict;
}

static void on_failed(void *context, void *tag, const struct transport_failure *failure)
{
    static const char *const reasons[] = {
        [TRANSPORT_TIMEOUT] = "REASON_TIMEOUT",           [TRANSPORT_CONNECTION] = "REASON_CONNECTION",
        [TRANSPORT_SERVER_ERROR] = "REASON_SERVER_ERROR", [TRANSPORT_BUSY] = "REASON_BUSY",
        [TRANSPORT_GARBAGE] = "REASON_GARBAGE",           [TRANSPORT_STOPPED] = "REASON_STOPPED",
        [TRANSPORT_INTERRUPTED] = "REASON_INTERRUPTED",
    };
    struct sender *sender = context;
    struct flight *flight = tag;
    struct book_order *order = order_of(sender, flight);
    bool doubt = failure->maybe_received || flight->asks;
    order->sent = order->sent || doubt;
    leave_unsent(sender, order, doubt ? "IN_DOUBT" : "NOT_SENT", reasons[failure->reason], failure->status);
    free(flight);
}

/* ---- The run ---- */

/* What was never taken up: one finding serves all. */
static void leave_rest(struct sender *sender, const char *reason)
{
    struct book *book = &sender->work->book;
    uint32_t outcome = BOOK_NONE;
    while (sender->asking != NULL) {
        struct flight *flight = sender->asking;
        sender->asking = flight->next;
        leave_unsent(sender, order_of(sender, flight), "IN_DOUBT", reason, 0);
        free(flight);
    }
    for (size_t i = 0; i < book->order_count; i++) {
        struct book_order *order = &book->orders[i];
        if (order->state != BOOK_VALID)
            continue;
        if (outcome == BOOK_NONE) {
            leave_unsent(sender, order, "NOT_SENT", reason, 0);
            outcome = order->outcome;
        }
        order->state = BOOK_UNSENT;
        order->outcome = outcome;
    }
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
    const struct atobarai_options *asked = sender->work->options;
    struct transport_options options = {.concurrency = asked->concurrency,
                                        .timeout = asked->timeout,
                                        .retries = asked->retries,
                                        .max_errors = asked->max_errors,
                                        .interrupt = sender->work->interrupt};
    struct transport_client client = {sender, on_next, on_answered, on_failed};
    struct error error = {0};
    enum transport_end end = transport_run(&options, &client, &error);
    leave_rest(sender, end == TRANSPORT_END_INTERRUPTED ? "REASON_INTERRUPTED" : "REASON_STOPPED");
    if (sender->error->code == NULL && end == TRANSPORT_END_FAILED)
        *sender->error = error;
    if (sender->error->code == NULL && sender->work->findings.failed)
        error_set_memory(sender->error);
    return sender->error->code == NULL;
}

bool register_run(struct work *work, const struct api_dialect *dialect, const struct api_account *account,
                  struct error *error)
{
    struct sender sender = {.work = work, .dialect = dialect, .account = account, .error = error};
    sender.total = count_valid(&work->book);
    if (sender.total == 0)
        return true;
    sender.loader = loader_new(work);
    bool done = sender.loader != NULL ? send_all(&sender) : error_set_memory(error);
    loader_free(sender.loader);
    return done;
}
