/* sandbox/kuroneko_orders.c: see kuroneko_orders.h. */
#include "sandbox/kuroneko_orders.h"

#include "base/arena.h"
#include "base/buf.h"
#include "sandbox/calendar.h"
#include "sandbox/index.h"
#include "sandbox/kuroneko_reply.h"
#include "sandbox/kuroneko_rules.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A 送り状番号 and who has it. */
struct parcel {
    unsigned orders; /* that have it now */
    char number[SANDBOX_PARCEL_SIZE];
};

struct order {
    char number[SANDBOX_NUMBER_SIZE];
    enum sandbox_stage stage;
    const struct sandbox_kuroneko_card *card; /* static */
    int64_t ordered;                          /* its day */
    long first_amount;                        /* yen */
    long amount;
    struct parcel **parcels; /* owned; the parcels themselves are the index's */
    size_t count;
    struct order *older; /* the order that was registered before it */
};

struct sandbox_kuroneko {
    struct sandbox_charset *charset; /* only read */
    pthread_mutex_t lock;            /* guards all below */
    struct arena memory;             /* of orders and parcels, which live as long as the table */
    struct sandbox_index by_number;
    struct sandbox_index by_parcel;
    struct order *newest;
    struct sandbox_kuroneko_counts counts;
    int state; /* borrowed: the file that keeps the orders; -1: none */
};

/* What a call comes to. */
struct outcome {
    struct sandbox_kuroneko_answer answer;
    bool failed; /* memory ran out, or the change could not be written */
};

static struct outcome outcome_of(const char *error)
{
    return (struct outcome){.answer = {error, SANDBOX_NO_NUMBER, SANDBOX_NO_NUMBER}};
}

static struct outcome failure(void)
{
    return (struct outcome){.failed = true};
}

/* ---- The tables; all under the lock ---- */

static struct order *find_order(const struct sandbox_kuroneko *kuroneko, const char *number)
{
    uint64_t hash = sandbox_index_hash(number);
    size_t cursor = (size_t)hash;
    struct order *order;
    do
        order = sandbox_index_next(&kuroneko->by_number, hash, &cursor);
    while (order != NULL && strcmp(order->number, number) != 0);
    return order;
}

static struct parcel *find_parcel(const struct sandbox_kuroneko *kuroneko, const char *number)
{
    uint64_t hash = sandbox_index_hash(number);
    size_t cursor = (size_t)hash;
    struct parcel *parcel;
    do
        parcel = sandbox_index_next(&kuroneko->by_parcel, hash, &cursor);
    while (parcel != NULL && strcmp(parcel->number, number) != 0);
    return parcel;
}

/* NULL when memory ran out. */
static struct order *add_order(struct sandbox_kuroneko *kuroneko, const char *number)
{
    struct order *order =
        sandbox_index_reserve(&kuroneko->by_number) ? arena_alloc(&kuroneko->memory, sizeof *order) : NULL;
    if (order == NULL)
        return NULL;
    snprintf(order->number, sizeof order->number, "%s", number);
    sandbox_index_put(&kuroneko->by_number, sandbox_index_hash(number), order);
    order->older = kuroneko->newest;
    kuroneko->newest = order;
    kuroneko->counts.registered++;
    return order;
}

/* The place of `number` among the order's parcels; their count where it is not there. */
static size_t place_of(const struct order *order, const char *number)
{
    size_t place = 0;
    while (place < order->count && strcmp(order->parcels[place]->number, number) != 0)
        place++;
    return place;
}

/* The order has that parcel from now on. False when memory ran out. */
static bool add_parcel(struct sandbox_kuroneko *kuroneko, struct order *order, const char *number)
{
    struct parcel *parcel = find_parcel(kuroneko, number);
    if (place_of(order, number) < order->count)
        return true;
    struct parcel **parcels = realloc(order->parcels, (order->count + 1) * sizeof(struct parcel *));
    if (parcels == NULL)
        return false;
    order->parcels = parcels;
    if (parcel == NULL) {
        parcel = sandbox_index_reserve(&kuroneko->by_parcel) ? arena_alloc(&kuroneko->memory, sizeof *parcel) : NULL;
        if (parcel == NULL)
            return false;
        snprintf(parcel->number, sizeof parcel->number, "%s", number);
        sandbox_index_put(&kuroneko->by_parcel, sandbox_index_hash(number), parcel);
    }
    parcel->orders++;
    parcels[order->count++] = parcel;
    return true;
}

static void drop_parcel(struct order *order, size_t place)
{
    order->parcels[place]->orders--;
    order->parcels[place] = order->parcels[--order->count];
}

static void drop_parcels(struct order *order)
{
    while (order->count > 0)
        drop_parcel(order, order->count - 1);
}

/* Write down how `order` stands. False: it could not be; what happened has happened all the same, as with an answer
 * that is lost. */
static bool keep(const struct sandbox_kuroneko *kuroneko, const struct order *order)
{
    struct buf parcels = {0};
    if (kuroneko->state < 0)
        return true;
    for (size_t i = 0; i < order->count; i++)
        buf_printf(&parcels, "%s%s", i > 0 ? "," : "", order->parcels[i]->number);
    struct sandbox_kuroneko_record record = {
        .stage = order->stage,
        .card = order->card,
        .ordered = order->ordered,
        .first_amount = order->first_amount,
        .amount = order->amount,
        .parcels = buf_text(&parcels),
    };
    snprintf(record.number, sizeof record.number, "%s", order->number);
    bool kept = !parcels.failed && sandbox_state_append_kuroneko(kuroneko->state, &record);
    buf_free(&parcels);
    return kept;
}

bool sandbox_kuroneko_load(struct sandbox_kuroneko *kuroneko, const struct sandbox_kuroneko_record *record)
{
    char number[SANDBOX_PARCEL_SIZE];
    struct order *order = find_order(kuroneko, record->number);
    if (order == NULL)
        order = add_order(kuroneko, record->number);
    if (order == NULL)
        return false;
    order->stage = record->stage;
    order->card = record->card;
    order->ordered = record->ordered;
    order->first_amount = record->first_amount;
    order->amount = record->amount;
    drop_parcels(order);
    for (const char *at = record->parcels; *at != '\0'; at += *at == ',') {
        size_t length = strcspn(at, ",");
        snprintf(number, sizeof number, "%.*s", length < sizeof number ? (int)length : (int)sizeof number - 1, at);
        if (!add_parcel(kuroneko, order, number))
            return false;
        at += length;
    }
    return true;
}

void sandbox_kuroneko_keep(struct sandbox_kuroneko *kuroneko, int state)
{
    kuroneko->state = state;
}

/* ---- What the calls do; all under the lock, of forms that the rules accept ---- */

static enum sandbox_stage stage_after(enum sandbox_review review)
{
    return review == SANDBOX_REVIEW_OK        ? SANDBOX_STAGE_APPROVED
           : review == SANDBOX_REVIEW_PENDING ? SANDBOX_STAGE_REVIEW
                                              : SANDBOX_STAGE_REFUSED;
}

static long amount_of(const struct sandbox_form *form)
{
    return strtol(sandbox_form_text(form, SANDBOX_P_TOTAL), NULL, 10); /* at most six digits, by the rules */
}

static struct outcome register_order(struct sandbox_kuroneko *kuroneko, const struct sandbox_form *form)
{
    struct order *order = add_order(kuroneko, sandbox_form_text(form, SANDBOX_P_ORDER));
    if (order == NULL)
        return failure();
    order->card = sandbox_kuroneko_card_of(sandbox_form_text(form, SANDBOX_P_EMAIL));
    order->stage = stage_after(order->card->registered);
    order->ordered = sandbox_day_of(sandbox_form_text(form, SANDBOX_P_ORDERED));
    order->first_amount = order->amount = amount_of(form);
    struct outcome outcome = outcome_of(NULL);
    outcome.answer.result = (int)order->card->registered;
    return keep(kuroneko, order) ? outcome : failure();
}

/* The answer of a review, of an order that is not cancelled. */
static enum sandbox_review review_of(const struct order *order)
{
    if (order->stage == SANDBOX_STAGE_REVIEW)
        return SANDBOX_REVIEW_PENDING;
    if (order->stage != SANDBOX_STAGE_REFUSED)
        return SANDBOX_REVIEW_OK;
    return order->card->asked == SANDBOX_REVIEW_OVER_LIMIT ? SANDBOX_REVIEW_OVER_LIMIT : SANDBOX_REVIEW_NG;
}

/* Move the order on to `stage`, which may be where it is. */
static bool move(struct sandbox_kuroneko *kuroneko, struct order *order, enum sandbox_stage stage)
{
    if (stage == order->stage)
        return true;
    order->stage = stage;
    return keep(kuroneko, order);
}

static struct outcome ask_review(struct sandbox_kuroneko *kuroneko, struct order *order)
{
    enum sandbox_stage next = order->stage;
    if (order->stage == SANDBOX_STAGE_REVIEW || order->stage == SANDBOX_STAGE_APPROVED)
        next = stage_after(order->card->asked);
    if (!move(kuroneko, order, next))
        return failure();
    struct outcome outcome = outcome_of(NULL);
    outcome.answer.result = (int)review_of(order);
    return outcome;
}

static struct outcome ask_state(struct sandbox_kuroneko *kuroneko, struct order *order)
{
    enum sandbox_stage next = order->stage;
    if (order->stage == SANDBOX_STAGE_REVIEW)
        next = stage_after(order->card->asked);
    if (order->stage == SANDBOX_STAGE_SHIPPED && order->card->shipped != 0)
        next = order->card->shipped;
    if (!move(kuroneko, order, next))
        return failure();
    struct outcome outcome = outcome_of(NULL);
    outcome.answer.result = (int)order->stage;
    outcome.answer.warning = order->stage == SANDBOX_STAGE_APPROVED  ? 1
                             : order->stage == SANDBOX_STAGE_SHIPPED ? 2
                             : order->stage == SANDBOX_STAGE_SURVEY  ? 3
                                                                     : 0;
    return outcome;
}

static struct outcome ship(struct sandbox_kuroneko *kuroneko, struct order *order, const struct sandbox_form *form)
{
    const char *number = sandbox_form_text(form, SANDBOX_P_PARCEL);
    const char *before = sandbox_form_text(form, SANDBOX_P_PARCEL_BEFORE);
    char process = *sandbox_form_text(form, SANDBOX_P_PROCESS);
    if (process == '9') {
        drop_parcels(order);
        order->stage = SANDBOX_STAGE_APPROVED;
        kuroneko->counts.withdrawn++;
        return keep(kuroneko, order) ? outcome_of(NULL) : failure();
    }
    if (process == '1')
        drop_parcel(order, *before != '\0' ? place_of(order, before) : 0);
    if (*number != '\0' && !add_parcel(kuroneko, order, number))
        return failure();
    if (order->stage == SANDBOX_STAGE_APPROVED)
        order->stage = SANDBOX_STAGE_SHIPPED;
    kuroneko->counts.shipped++;
    return keep(kuroneko, order) ? outcome_of(NULL) : failure();
}

static struct outcome cancel(struct sandbox_kuroneko *kuroneko, struct order *order)
{
    bool approved = order->stage != SANDBOX_STAGE_REVIEW && order->stage != SANDBOX_STAGE_REFUSED;
    order->stage = approved ? SANDBOX_STAGE_CANCELLED : SANDBOX_STAGE_DROPPED;
    drop_parcels(order);
    kuroneko->counts.cancelled++;
    return keep(kuroneko, order) ? outcome_of(NULL) : failure();
}

static struct outcome reduce(struct sandbox_kuroneko *kuroneko, struct order *order, const struct sandbox_form *form)
{
    order->amount = amount_of(form);
    kuroneko->counts.reduced++;
    return keep(kuroneko, order) ? outcome_of(NULL) : failure();
}

/* ---- From a body to an answer ---- */

/* What the rules are to know of `order`, which may be NULL. */
static struct sandbox_kuroneko_facts facts_of(const struct sandbox_kuroneko *kuroneko, const struct order *order,
                                              const struct sandbox_form *form)
{
    if (order == NULL)
        return (struct sandbox_kuroneko_facts){.known = false};
    const char *number = sandbox_form_text(form, SANDBOX_P_PARCEL);
    const char *before = sandbox_form_text(form, SANDBOX_P_PARCEL_BEFORE);
    const struct parcel *parcel = *number != '\0' ? find_parcel(kuroneko, number) : NULL;
    bool own = place_of(order, number) < order->count;
    return (struct sandbox_kuroneko_facts){
        .known = true,
        .stage = order->stage,
        .card = order->card,
        .ordered = order->ordered,
        .first_amount = order->first_amount,
        .amount = order->amount,
        .parcels = order->count,
        .others = parcel != NULL ? parcel->orders - own : 0,
        .has_before = place_of(order, before) < order->count,
    };
}

static struct outcome carry_out(struct sandbox_kuroneko *kuroneko, enum sandbox_api api, struct order *order,
                                const struct sandbox_form *form)
{
    switch (api) {
    case SANDBOX_KAARA:
        return register_order(kuroneko, form);
    case SANDBOX_KAARS:
        return ask_review(kuroneko, order);
    case SANDBOX_KAAST:
        return ask_state(kuroneko, order);
    case SANDBOX_KAASL:
        return ship(kuroneko, order, form);
    case SANDBOX_KAACL:
        return cancel(kuroneko, order);
    case SANDBOX_KAAKK:
        return reduce(kuroneko, order, form);
    case SANDBOX_APIS:
        break;
    }
    return failure();
}

static struct outcome refuse(struct sandbox_kuroneko *kuroneko, const char *code)
{
    if (strcmp(code, "kaara009E") == 0)
        kuroneko->counts.duplicate_ids++;
    else
        kuroneko->counts.refused++;
    return outcome_of(code);
}

/* Check and carry out. What can be checked without the table is checked before the lock is taken: a registration, whose
 * rules are many, looks there for its number only. */
static struct outcome serve(struct sandbox_kuroneko *kuroneko, enum sandbox_api api, const struct sandbox_form *form,
                            bool sound, int64_t now)
{
    const struct sandbox_kuroneko_facts unknown = {.known = false};
    const char *number = sandbox_form_text(form, SANDBOX_P_ORDER);
    const char *code = NULL;
    if (api == SANDBOX_KAARA)
        code = sandbox_kuroneko_check(kuroneko->charset, api, form, sound, &unknown, now);
    pthread_mutex_lock(&kuroneko->lock);
    struct order *order = find_order(kuroneko, number);
    if (api != SANDBOX_KAARA || order != NULL) {
        struct sandbox_kuroneko_facts facts = facts_of(kuroneko, order, form);
        code = sandbox_kuroneko_check(kuroneko->charset, api, form, sound, &facts, now);
    }
    struct outcome outcome = code != NULL ? refuse(kuroneko, code) : carry_out(kuroneko, api, order, form);
    pthread_mutex_unlock(&kuroneko->lock);
    return outcome;
}

void sandbox_kuroneko_call(struct sandbox_kuroneko *kuroneko, enum sandbox_api api, const char *body, size_t length,
                           int64_t now, struct sandbox_reply *reply)
{
    struct sandbox_form form;
    bool sound = sandbox_form_parse(&form, api, body, length);
    bool has_code = api != SANDBOX_KAARA && api != SANDBOX_KAAKK;
    if (!sound && !has_code) {
        sandbox_kuroneko_page(reply, 400, "the body is no form of this call");
    } else {
        struct outcome outcome = serve(kuroneko, api, &form, sound, now);
        if (outcome.failed)
            sandbox_kuroneko_page(reply, 500, "out of memory, or the state cannot be written");
        else
            sandbox_kuroneko_reply(reply, api, &form, &outcome.answer, now);
    }
    sandbox_form_free(&form);
}

void sandbox_kuroneko_exception(enum sandbox_api api, uint64_t number, int64_t now, struct sandbox_reply *reply)
{
    static const char *const codes[] = {"err0001", "err0002", "err0003"};
    const struct sandbox_form form = {.bytes = NULL};
    struct outcome outcome = outcome_of(codes[number % 3]);
    sandbox_kuroneko_reply(reply, api, &form, &outcome.answer, now);
}

struct sandbox_kuroneko_counts sandbox_kuroneko_counts(struct sandbox_kuroneko *kuroneko)
{
    pthread_mutex_lock(&kuroneko->lock);
    struct sandbox_kuroneko_counts counts = kuroneko->counts;
    pthread_mutex_unlock(&kuroneko->lock);
    return counts;
}

struct sandbox_kuroneko *sandbox_kuroneko_new(void)
{
    struct sandbox_kuroneko *kuroneko = calloc(1, sizeof *kuroneko);
    if (kuroneko == NULL)
        return NULL;
    pthread_mutex_init(&kuroneko->lock, NULL);
    kuroneko->state = -1;
    kuroneko->charset = sandbox_charset_new();
    bool numbers = sandbox_index_init(&kuroneko->by_number);
    bool parcels = sandbox_index_init(&kuroneko->by_parcel);
    if (kuroneko->charset == NULL || !numbers || !parcels) {
        sandbox_kuroneko_free(kuroneko);
        return NULL;
    }
    return kuroneko;
}

void sandbox_kuroneko_free(struct sandbox_kuroneko *kuroneko)
{
    if (kuroneko == NULL)
        return;
    for (struct order *order = kuroneko->newest; order != NULL; order = order->older)
        free(order->parcels);
    sandbox_index_free(&kuroneko->by_number);
    sandbox_index_free(&kuroneko->by_parcel);
    arena_free(&kuroneko->memory);
    sandbox_charset_free(kuroneko->charset);
    pthread_mutex_destroy(&kuroneko->lock);
    free(kuroneko);
}
