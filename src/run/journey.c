/* run/journey.c: see journey.h. */
#include "run/journey.h"

#include "order/rules.h"
#include "order/service_codes.h"
#include "order/shipment.h"
#include "run/digest.h"
#include "run/outcome.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REQUESTS_MAX = 100 }; /* of one order in one run: more would be a service that contradicts itself */

/* What the file says of the order at hand, as far as the operation asks for it. Borrowed from the loader. */
struct page {
    bool open; /* it was loaded */
    struct order order;
    struct order_content content;
    struct order_shipment shipment;
    size_t parcel;                 /* which of its numbers is next */
    char namesake[LEDGER_ID_SIZE]; /* the 受注ID under which the mall's number is registered */
    int64_t namesake_at;
};

struct journey *journey_new(uint32_t order)
{
    struct journey *journey = calloc(1, sizeof *journey);
    if (journey != NULL)
        journey->order = order;
    return journey;
}

void journey_free(struct journey *journey)
{
    if (journey == NULL)
        return;
    transport_request_drop(&journey->request);
    buf_free(&journey->answer.message);
    buf_free(&journey->words);
    buf_free(&journey->changed);
    free(journey);
}

struct book_order *journey_order(const struct sending *sending, const struct journey *journey)
{
    return &sending->work->book.orders[journey->order];
}

struct span journey_id(const struct sending *sending, const struct journey *journey)
{
    return span_of(book_id(&sending->work->book, journey_order(sending, journey)));
}

struct span journey_service_id(const struct sending *sending, const struct journey *journey)
{
    if (journey->known.in_doubt)
        return span_of(journey->known.intent.service_id);
    return journey->known.known ? span_of(journey->known.service_id) : journey_id(sending, journey);
}

/* ---- What the file says ---- */

static bool registers(const struct sending *sending)
{
    return sending->work->operation == ATOBARAI_REGISTER || sending->work->operation == ATOBARAI_REREGISTER;
}

static bool ships(const struct sending *sending)
{
    return sending->work->operation == ATOBARAI_SHIP;
}

/* The content is read from the file again: between the rules and here it is nowhere kept. What was read is what was
 * judged: the file is looked at behind the reading. */
static bool open_page(const struct sending *sending, const struct journey *journey, struct page *page)
{
    const struct order_columns *columns = &sending->work->columns;
    if (page->open)
        return true;
    if (!loader_load(sending->loader, journey_order(sending, journey), &page->order, NULL, sending->error) ||
        !csv_source_unchanged(sending->work->source, sending->error))
        return false;
    struct arena *arena = loader_arena(sending->loader);
    page->open = (!registers(sending) ||
                  content_build(columns, &page->order, sending->work->kuroneko != NULL, arena, &page->content)) &&
                 (!ships(sending) || shipment_build(columns, &page->order, arena, &page->shipment));
    return page->open || error_set_memory(sending->error);
}

/* How many numbers of a shipment are reported, each by itself. */
static size_t parcels_of(const struct sending *sending, const struct order_shipment *shipment)
{
    bool each = api_dialect_traits(sending->service->dialect)->parcels;
    return each && shipment->number_count > 0 ? shipment->number_count : 1;
}

static bool make_digest(const struct sending *sending, const struct page *page, struct journey_digest *digest)
{
    const struct ledger *ledger = sending->service->ledger;
    digest->made = digest_mall(ledger, sending->work, &page->order, &digest->mall) &&
                   (!registers(sending) ||
                    digest_content(ledger, &page->content, loader_arena(sending->loader), &digest->content)) &&
                   (!ships(sending) ||
                    digest_shipment(ledger, &page->shipment, parcels_of(sending, &page->shipment), &digest->shipment));
    return digest->made || error_set_memory(sending->error);
}

/* Is the mall's order registered under another 受注ID? */
static bool find_namesake(const struct sending *sending, const struct journey *journey, struct page *page, bool *found)
{
    const struct ledger_hash *mall = &journey->digest.mall;
    *found = false;
    return !ledger_hash_is_set(mall) || ledger_find_mall(sending->service->ledger, mall, journey_id(sending, journey),
                                                         page->namesake, &page->namesake_at, found, sending->error);
}

/* ---- Requests ---- */

static struct api_call call_of(struct span service_id, uint32_t generation)
{
    return (struct api_call){service_id, generation, (int64_t)time(NULL)};
}

static bool make_registration(const struct sending *sending, const struct page *page, struct span service_id,
                              uint32_t generation, struct transport_request *request)
{
    const struct api_call call = call_of(service_id, generation);
    return api_dialect_register(sending->service->dialect, &sending->service->account, &call, &page->content,
                                request) ||
           error_set_memory(sending->error);
}

static bool make_shipment(const struct sending *sending, const struct page *page, struct span service_id,
                          uint32_t generation, struct transport_request *request)
{
    const struct api_call call = call_of(service_id, generation);
    return api_dialect_ship(sending->service->dialect, &sending->service->account, &call, &page->shipment, page->parcel,
                            request) ||
           error_set_memory(sending->error);
}

/* Refusals of an id count for that id only. */
static uint32_t generation_of(const struct ledger_order *known, enum ledger_operation operation, uint32_t issue)
{
    return known->known && known->issue == issue ? known->generations[operation] : 0;
}

static bool digest_request(const struct sending *sending, const struct transport_request *request,
                           struct ledger_hash *hash)
{
    return digest_body(sending->service->ledger, api_dialect_said(sending->service->dialect, request), hash);
}

/* Whether what is in doubt would be sent again as it was, byte by byte: only then may it go under the same key. Where
 * the service knows no keys, nothing is sent again before it was asked. */
static bool is_same_request(const struct sending *sending, const struct journey *journey, struct page *page, bool *same)
{
    const struct ledger_intent *intent = &journey->known.intent;
    struct span service_id = span_of(intent->service_id);
    struct transport_request request = {0};
    struct ledger_hash body;
    *same = false;
    if (!api_dialect_traits(sending->service->dialect)->keyed)
        return true;
    if (!open_page(sending, journey, page) ||
        !(intent->operation == LEDGER_SHIP ? make_shipment(sending, page, service_id, 0, &request)
                                           : make_registration(sending, page, service_id, 0, &request)))
        return false;
    bool made = digest_request(sending, &request, &body);
    transport_request_drop(&request);
    *same = made && ledger_hash_equal(&body, &intent->body);
    return made || error_set_memory(sending->error);
}

/* ---- Facts ---- */

/* Whether it matters under which names the mall's order is known: where it is not registered, or would be anew. */
static bool asks_for_namesake(const struct sending *sending, const struct ledger_order *known)
{
    return !known->registered || known->status == ORDER_STATUS_AUTH_FAILED ||
           sending->work->operation == ATOBARAI_REREGISTER;
}

/* Whether the intent in doubt is of the kind that the operation sends. */
static bool may_repeat(const struct sending *sending, const struct ledger_order *known)
{
    return known->in_doubt && ((registers(sending) && known->intent.operation == LEDGER_REGISTER) ||
                               (ships(sending) && known->intent.operation == LEDGER_SHIP));
}

static bool gather(const struct sending *sending, struct journey *journey, struct page *page, struct plan_facts *facts)
{
    const struct ledger_order *known = &journey->known;
    struct journey_digest *digest = &journey->digest;
    *facts =
        (struct plan_facts){.operation = sending->work->operation, .known = known, .questions = journey->questions};
    memcpy(facts->answered, journey->answered, sizeof facts->answered);
    bool namesake = asks_for_namesake(sending, known);
    if (!registers(sending) && !ships(sending) && !namesake)
        return true;
    if (!digest->made && !(open_page(sending, journey, page) && make_digest(sending, page, digest)))
        return false;
    if (registers(sending)) {
        facts->changed =
            known->registered && !known->foreign && !ledger_hash_equal(&known->content.hash, &digest->content.hash);
        facts->less = facts->changed && api_dialect_traits(sending->service->dialect)->reduces &&
                      digest_only_amount_changed(&known->content, &digest->content);
    }
    if (ships(sending))
        facts->same_shipment = ledger_hash_equal(&known->shipment, &digest->shipment);
    if ((may_repeat(sending, known) && !is_same_request(sending, journey, page, &facts->same_request)) ||
        (namesake && !find_namesake(sending, journey, page, &facts->namesake)))
        return false;
    if (registers(sending) && sending->work->options->allow_reimported)
        facts->namesake = false;
    return true;
}

/* ---- Ids at the service ---- */

/* The 受注ID, or the 受注ID with the number of the issue behind it. False where that is too long. */
static bool name_issue(const struct sending *sending, const struct journey *journey, uint32_t issue,
                       char name[LEDGER_ID_SIZE])
{
    struct span id = journey_id(sending, journey);
    int length = issue > 1 ? snprintf(name, LEDGER_ID_SIZE, "%.*s-%lu", (int)id.length, id.data, (unsigned long)issue)
                           : snprintf(name, LEDGER_ID_SIZE, "%.*s", (int)id.length, id.data);
    return length > 0 && length < LEDGER_ID_SIZE &&
           utf8_units(span_of(name)) <= api_dialect_traits(sending->service->dialect)->id_max;
}

/* ---- The end of a journey ---- */

static void format_date(int64_t second, char *text, size_t size)
{
    time_t time = (time_t)second;
    struct tm local;
    if (second == 0 || localtime_r(&time, &local) == NULL || strftime(text, size, "%Y-%m-%d", &local) == 0)
        snprintf(text, size, "（日付不明）");
}

/* What the messages of the catalogue have in the place of {1}, {2} and {3}. */
static void end_with(const struct sending *sending, struct journey *journey, const struct page *page, const char *code)
{
    const struct ledger_order *known = &journey->known;
    struct work *work = sending->work;
    char date[32];
    char replaced[LEDGER_ID_SIZE];
    struct buf words = {0};
    const char *args[FINDING_ARGS] = {NULL};
    if (strcmp(code, "ORDER_CHANGED") == 0) {
        digest_changed(work, &known->content, &journey->digest.content, &words);
        args[0] = words.length > 0 ? buf_text(&words) : "内容"; /* the tags of a field can be the same by chance */
    } else if (strcmp(code, "MALL_NUMBER_REGISTERED") == 0 || strcmp(code, "NOT_REGISTERED_REIMPORTED") == 0) {
        format_date(page->namesake_at, date, sizeof date);
        args[0] = page->namesake;
        args[1] = date;
    } else if (strcmp(code, "SHIP_NOT_ALLOWED") == 0 || strcmp(code, "CANCEL_NOT_ALLOWED") == 0) {
        args[0] = order_status_name(known->status);
    } else if (strcmp(code, "REGISTRATION_NOT_DONE") == 0) {
        service_code_words(span_of(known->message), work->catalog, CATALOG_JA, &words);
        args[0] = words.length > 0 ? buf_text(&words) : order_status_name(known->status);
    } else if (strcmp(code, "REREGISTERED") == 0) {
        name_issue(sending, journey, known->issue - 1, replaced);
        args[0] = replaced;
        args[1] = known->service_id;
        args[2] = journey->changed.length > 0 ? buf_text(&journey->changed) : "なし";
    }
    outcome_set(work, journey_order(sending, journey), code, 0, -1, args);
    work->findings.failed = work->findings.failed || words.failed;
    buf_free(&words);
}

bool journey_show_known(const struct sending *sending, const struct journey *journey)
{
    const struct ledger_order *known = &journey->known;
    struct book_order *order = journey_order(sending, journey);
    order->status = (uint8_t)known->status;
    order->registered = known->registered;
    order->time = known->changed_at > 0 ? (uint32_t)known->changed_at : 0;
    return !known->registered || book_set_service_id(&sending->work->book, journey->order, known->service_id) ||
           error_set_memory(sending->error);
}

bool journey_show(const struct sending *sending, uint32_t order)
{
    struct journey journey = {.order = order};
    if (!ledger_find(sending->service->ledger, journey_id(sending, &journey), &journey.known, sending->error))
        return false;
    bool shown = journey.known.in_doubt || journey_show_known(sending, &journey);
    journey_order(sending, &journey)->time = 0; /* that is when it was held back */
    return shown;
}

static enum journey_state end(const struct sending *sending, struct journey *journey, const struct page *page)
{
    static const enum book_state states[] = {
        [PLAN_INVALID] = BOOK_INVALID, [PLAN_REFUSED] = BOOK_REFUSED, [PLAN_DONE] = BOOK_DONE};
    if (!journey_show_known(sending, journey))
        return JOURNEY_FAILED;
    const char *code = journey->plan.code != NULL ? journey->plan.code
                       : journey->leaves_numbers  ? "SHIP_NUMBERS_LEFT"
                                                  : journey->detail;
    if (code != NULL)
        end_with(sending, journey, page, code);
    outcome_end(sending->work, journey_order(sending, journey), states[journey->plan.step]);
    return JOURNEY_ENDED;
}

/* What is to be said of a journey that breaks off: where the service was heard, or only asked, "not sent" would be
 * wrong. */
static const char *code_of_end(const struct journey *journey, bool doubt)
{
    bool begun = journey->plan.step == PLAN_ASK;
    for (size_t i = 0; i < LEDGER_OPERATIONS; i++)
        begun = begun || journey->answered[i];
    return doubt ? "IN_DOUBT" : begun ? "NOT_FINISHED" : "NOT_SENT";
}

void journey_leave(const struct sending *sending, struct journey *journey, bool doubt, const char *reason,
                   long http_status)
{
    struct book_order *order = journey_order(sending, journey);
    journey_show_known(sending, journey);
    if (doubt) { /* whatever was known may not be so any more */
        order->status = ORDER_STATUS_NONE;
        order->registered = false;
    }
    order->time = (uint32_t)time(NULL);
    outcome_leave(sending->work, order, code_of_end(journey, doubt), reason, http_status);
}

/* ---- A rehearsal ends before the first request ---- */

static enum journey_state end_rehearsal(const struct sending *sending, struct journey *journey)
{
    static const char *const codes[] = {[PLAN_REGISTER] = "PLAN_REGISTER",
                                        [PLAN_SHIP] = "PLAN_SHIP",
                                        [PLAN_CANCEL] = "PLAN_CANCEL",
                                        [PLAN_REDUCE] = "PLAN_REDUCE",
                                        [PLAN_ASK] = "PLAN_ASK"};
    struct work *work = sending->work;
    const char *code = codes[journey->plan.step];
    struct buf why = {0};
    if (journey->plan.step == PLAN_CANCEL && work->operation == ATOBARAI_REREGISTER)
        code = "PLAN_REREGISTER";
    outcome_words(work, journey->plan.why, order_status_name(journey->known.status), &why);
    const char *args[FINDING_ARGS] = {buf_text(&why)};
    if (!journey_show_known(sending, journey))
        return JOURNEY_FAILED;
    outcome_set(work, journey_order(sending, journey), code, 0, -1, args);
    work->findings.failed = work->findings.failed || why.failed;
    buf_free(&why);
    outcome_end(work, journey_order(sending, journey), BOOK_UNSENT);
    return JOURNEY_ENDED;
}

/* ---- The next request ---- */

/* Note what is not as it was under the id that is replaced. */
static void note_changed(const struct sending *sending, struct journey *journey, const struct ledger_intent *intent)
{
    const struct ledger_order *known = &journey->known;
    buf_clear(&journey->changed);
    if (known->registered && !known->foreign && intent->issue > known->issue)
        digest_changed(sending->work, &known->content, &journey->digest.content, &journey->changed);
}

static bool prepare_registration(const struct sending *sending, struct journey *journey, struct page *page,
                                 struct ledger_intent *intent)
{
    const struct ledger_order *known = &journey->known;
    journey->operation = API_REGISTER;
    intent->operation = LEDGER_REGISTER;
    intent->content = journey->digest.content;
    intent->mall = journey->digest.mall;
    note_changed(sending, journey, intent);
    return open_page(sending, journey, page) &&
           make_registration(sending, page, span_of(intent->service_id),
                             generation_of(known, LEDGER_REGISTER, intent->issue), &journey->request);
}

/* How much of the shipment is reported shows by the ledger's hash: it is that of the numbers so far. `next` is that of
 * those once one more is reported. Where others were reported, all are reported anew, and nobody takes those back. */
static bool find_parcel(const struct sending *sending, struct journey *journey, struct page *page,
                        struct ledger_hash *next)
{
    const struct ledger *ledger = sending->service->ledger;
    const struct ledger_order *known = &journey->known;
    struct ledger_hash so_far;
    page->parcel = 0;
    /* In any other status nothing is reported, or not any more. */
    bool reported = known->status == ORDER_STATUS_SHIP_OK;
    for (size_t i = reported ? parcels_of(sending, &page->shipment) - 1 : 0; i > 0 && page->parcel == 0; i--) {
        if (!digest_shipment(ledger, &page->shipment, i, &so_far))
            return error_set_memory(sending->error);
        if (ledger_hash_equal(&known->shipment, &so_far))
            page->parcel = i;
    }
    journey->leaves_numbers = journey->leaves_numbers ||
                              (reported && page->parcel == 0 && api_dialect_traits(sending->service->dialect)->parcels);
    return digest_shipment(ledger, &page->shipment, page->parcel + 1, next) || error_set_memory(sending->error);
}

static bool prepare_shipment(const struct sending *sending, struct journey *journey, struct page *page,
                             struct ledger_intent *intent)
{
    journey->operation = API_SHIP;
    intent->operation = LEDGER_SHIP;
    return open_page(sending, journey, page) && find_parcel(sending, journey, page, &intent->shipment) &&
           make_shipment(sending, page, span_of(intent->service_id), journey->known.generations[LEDGER_SHIP],
                         &journey->request);
}

static bool prepare_cancellation(const struct sending *sending, struct journey *journey, struct ledger_intent *intent)
{
    const struct api_call call = call_of(span_of(intent->service_id), journey->known.generations[LEDGER_CANCEL]);
    journey->operation = API_CANCEL;
    intent->operation = LEDGER_CANCEL;
    return api_dialect_cancel(sending->service->dialect, &sending->service->account, &call, &journey->request) ||
           error_set_memory(sending->error);
}

static bool prepare_reduction(const struct sending *sending, struct journey *journey, struct page *page,
                              struct ledger_intent *intent)
{
    const struct api_call call = call_of(span_of(intent->service_id), 0);
    journey->operation = API_REDUCE;
    intent->operation = LEDGER_REDUCE;
    intent->content = journey->digest.content;
    if (!open_page(sending, journey, page))
        return false;
    return api_dialect_reduce(sending->service->dialect, &sending->service->account, &call, &page->content,
                              &journey->request) ||
           error_set_memory(sending->error);
}

/* A review that may be in progress is asked about as such. Whatever else an order is in, its state tells. */
static bool prepare_question(const struct sending *sending, struct journey *journey)
{
    const struct ledger_order *known = &journey->known;
    const struct api_call call = call_of(journey_service_id(sending, journey), 0);
    bool reviewed = known->in_doubt ? known->intent.operation == LEDGER_REGISTER && !journey->conflicts
                                    : known->status == ORDER_STATUS_AUTH_PENDING && !journey->unreviewed;
    journey->operation = reviewed ? API_ASK_REVIEW : API_ASK_STATE;
    return api_dialect_ask(sending->service->dialect, &sending->service->account, &call, journey->operation,
                           &journey->request) ||
           error_set_memory(sending->error);
}

/* The request, and the intent that has to be on the disk before it leaves. */
static bool prepare_call(const struct sending *sending, struct journey *journey, struct page *page,
                         struct ledger_intent *intent)
{
    bool made;
    switch (journey->plan.step) {
    case PLAN_REGISTER:
        made = prepare_registration(sending, journey, page, intent);
        break;
    case PLAN_SHIP:
        made = prepare_shipment(sending, journey, page, intent);
        break;
    case PLAN_REDUCE:
        made = prepare_reduction(sending, journey, page, intent);
        break;
    default:
        made = prepare_cancellation(sending, journey, intent);
        break;
    }
    if (!made)
        return false;
    if (!digest_request(sending, &journey->request, &intent->body))
        return error_set_memory(sending->error);
    journey->known.in_doubt = true; /* until it is answered */
    journey->known.intent = *intent;
    return ledger_intend(sending->service->ledger, journey_id(sending, journey), intent, sending->error);
}

static enum journey_state prepare(const struct sending *sending, struct journey *journey, struct page *page)
{
    struct ledger_intent intent = {0};
    bool made;
    if (journey->requests++ == REQUESTS_MAX) {
        journey_leave(sending, journey, journey->known.in_doubt, "REASON_GARBAGE", 0);
        return JOURNEY_ENDED;
    }
    if (journey->plan.step == PLAN_ASK) {
        made = prepare_question(sending, journey);
    } else {
        const struct ledger_order *known = &journey->known;
        if (known->in_doubt)
            intent = known->intent;
        else
            intent.issue = known->known ? known->issue + journey->plan.next_issue : 1;
        /* An order that cannot be registered anew is not cancelled either. */
        bool reissues = journey->plan.step == PLAN_CANCEL && sending->work->operation == ATOBARAI_REREGISTER;
        if ((reissues && !name_issue(sending, journey, intent.issue + 1, intent.service_id)) ||
            !name_issue(sending, journey, intent.issue, intent.service_id)) {
            journey->plan = (struct plan){.step = PLAN_INVALID, .code = "REREGISTER_ID_LONG"};
            return end(sending, journey, page);
        }
        made = prepare_call(sending, journey, page, &intent);
    }
    journey->request.pause = journey->plan.pause > journey->pause ? journey->plan.pause : journey->pause;
    journey->pause = 0;
    journey->request.tag = journey;
    return made ? JOURNEY_CALLS : JOURNEY_FAILED;
}

enum journey_state journey_advance(const struct sending *sending, struct journey *journey)
{
    struct page page = {0};
    struct plan_facts facts;
    if (!ledger_find(sending->service->ledger, journey_id(sending, journey), &journey->known, sending->error))
        return JOURNEY_FAILED;
    journey->doubted = journey->doubted || (journey->requests == 0 && journey->known.in_doubt);
    if (journey->verifies || journey->conflicts || journey->unreviewed) {
        journey->plan = (struct plan){.step = PLAN_ASK};
        return prepare(sending, journey, &page);
    }
    if (!gather(sending, journey, &page, &facts))
        return JOURNEY_FAILED;
    journey->plan = plan_next(&facts);
    if (journey->plan.step <= PLAN_DONE)
        return end(sending, journey, &page);
    return sending->rehearses ? end_rehearsal(sending, journey) : prepare(sending, journey, &page);
}
