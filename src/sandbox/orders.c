/* sandbox/orders.c: see orders.h. */
#include "sandbox/orders.h"

#include "base/arena.h"
#include "sandbox/index.h"
#include "sandbox/state.h"

#include <openssl/evp.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_SIZE = SANDBOX_DIGEST_SIZE };

struct order {
    const struct sandbox_card *card; /* static */
    enum sandbox_status first;       /* at registration: what a replay answers */
    enum sandbox_status now;
    unsigned char key[DIGEST_SIZE];      /* of the Idempotency-Key */
    unsigned char body[DIGEST_SIZE];     /* of the registration */
    unsigned char shipment[DIGEST_SIZE]; /* of the last shipment's body; zeros before it */
    char id[];
};

struct sandbox_orders {
    pthread_mutex_t lock; /* guards all below, `sha256` excepted */
    struct arena memory;  /* of the orders, which live as long as the table */
    struct sandbox_index by_id;
    struct sandbox_index by_key;
    struct sandbox_counts counts;
    int state;      /* borrowed: the file that keeps the orders; -1: none */
    EVP_MD *sha256; /* fetched once: a fetch per digest would take a lock inside libcrypto */
};

static uint64_t hash_of_key(const unsigned char key[DIGEST_SIZE])
{
    uint64_t hash;
    memcpy(&hash, key, sizeof hash);
    return hash;
}

static struct order *find_id(const struct sandbox_orders *orders, const char *id)
{
    uint64_t hash = sandbox_index_hash(id);
    size_t cursor = (size_t)hash;
    struct order *order;
    do
        order = sandbox_index_next(&orders->by_id, hash, &cursor);
    while (order != NULL && strcmp(order->id, id) != 0);
    return order;
}

static struct order *find_key(const struct sandbox_orders *orders, const unsigned char key[DIGEST_SIZE])
{
    uint64_t hash = hash_of_key(key);
    size_t cursor = (size_t)hash;
    struct order *order;
    do
        order = sandbox_index_next(&orders->by_key, hash, &cursor);
    while (order != NULL && memcmp(order->key, key, DIGEST_SIZE) != 0);
    return order;
}

static bool digest_of(const struct sandbox_orders *orders, const void *bytes, size_t length,
                      unsigned char digest[DIGEST_SIZE])
{
    return EVP_Digest(bytes, length, digest, NULL, orders->sha256, NULL) == 1;
}

static void refuse(struct sandbox_orders *orders, const char *message, struct sandbox_reply *reply)
{
    pthread_mutex_lock(&orders->lock);
    orders->counts.refused++;
    pthread_mutex_unlock(&orders->lock);
    sandbox_reply_message(reply, 400, message);
}

static void fail(struct sandbox_reply *reply)
{
    sandbox_reply_message(reply, 500, "out of memory");
}

struct sandbox_orders *sandbox_orders_new(void)
{
    struct sandbox_orders *orders = calloc(1, sizeof *orders);
    if (orders == NULL)
        return NULL;
    pthread_mutex_init(&orders->lock, NULL);
    orders->state = -1;
    orders->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sandbox_index_init(&orders->by_id) || !sandbox_index_init(&orders->by_key) || orders->sha256 == NULL) {
        sandbox_orders_free(orders);
        return NULL;
    }
    return orders;
}

/* A new order, and room for it in both indexes; NULL when memory ran out. Under the lock. */
static struct order *add_order(struct sandbox_orders *orders, const struct sandbox_order_body *from)
{
    size_t size = strlen(from->id) + 1;
    if (!sandbox_index_reserve(&orders->by_id) || !sandbox_index_reserve(&orders->by_key))
        return NULL;
    struct order *order = arena_alloc(&orders->memory, sizeof *order + size);
    if (order == NULL)
        return NULL;
    memcpy(order->id, from->id, size);
    return order;
}

/* Write down how `order` stands. False: it could not be; what happened has happened all the same, as with an answer
 * that is lost. Under the lock. */
static bool keep(const struct sandbox_orders *orders, const struct order *order)
{
    struct sandbox_record record = {.first = order->first, .now = order->now, .card = order->card};
    if (orders->state < 0)
        return true;
    snprintf(record.id, sizeof record.id, "%s", order->id);
    memcpy(record.key, order->key, DIGEST_SIZE);
    memcpy(record.body, order->body, DIGEST_SIZE);
    memcpy(record.shipment, order->shipment, DIGEST_SIZE);
    return sandbox_state_append(orders->state, &record);
}

/* The order that a registration may fill: a new one, or one whose registration failed before. NULL when memory ran out.
 * Under the lock. */
static struct order *order_to_fill(struct sandbox_orders *orders, struct order *known,
                                   const struct sandbox_order_body *from)
{
    if (known != NULL)
        return sandbox_index_reserve(&orders->by_key) ? known : NULL;
    struct order *order = add_order(orders, from);
    if (order != NULL) {
        sandbox_index_put(&orders->by_id, sandbox_index_hash(order->id), order);
        orders->counts.registered++;
    }
    return order;
}

bool sandbox_orders_load(struct sandbox_orders *orders, const struct sandbox_record *record)
{
    struct sandbox_order_body from = {.card = record->card};
    snprintf(from.id, sizeof from.id, "%s", record->id);
    struct order *order = order_to_fill(orders, find_id(orders, record->id), &from);
    if (order == NULL)
        return false;
    bool same_key = memcmp(order->key, record->key, DIGEST_SIZE) == 0;
    order->card = record->card;
    order->first = record->first;
    order->now = record->now;
    memcpy(order->key, record->key, DIGEST_SIZE);
    memcpy(order->body, record->body, DIGEST_SIZE);
    memcpy(order->shipment, record->shipment, DIGEST_SIZE);
    if (!same_key)
        sandbox_index_put(&orders->by_key, hash_of_key(order->key), order);
    return true;
}

void sandbox_orders_keep(struct sandbox_orders *orders, int state)
{
    orders->state = state;
}

/* What to answer, decided under the lock: a status of HTTP and of the order, or a message. */
struct verdict {
    unsigned status;
    enum sandbox_status credit;
    const char *message; /* static; NULL: an order's answer */
};

static const struct verdict not_kept = {500, 0, "state cannot be written"};

/* Under the lock. */
static struct verdict register_order(struct sandbox_orders *orders, const struct sandbox_order_body *from,
                                     const unsigned char key[DIGEST_SIZE], const unsigned char body[DIGEST_SIZE])
{
    const struct order *replayed = find_key(orders, key);
    struct order *known = find_id(orders, from->id);
    if (replayed != NULL && memcmp(replayed->body, body, DIGEST_SIZE) == 0) {
        orders->counts.replayed++;
        return (struct verdict){200, replayed->first, NULL};
    }
    if (replayed != NULL)
        return (struct verdict){409, 0, "Idempotency-Key was used with another body"};
    if (known != NULL && known->now != SANDBOX_AUTH_FAILED) {
        orders->counts.duplicate_ids++;
        return (struct verdict){409, 0, "order is registered already"};
    }
    struct order *order = order_to_fill(orders, known, from);
    if (order == NULL)
        return (struct verdict){500, 0, "out of memory"};
    order->card = from->card;
    order->first = order->now = from->card->registration;
    memcpy(order->key, key, DIGEST_SIZE);
    memcpy(order->body, body, DIGEST_SIZE);
    /* Where it had another key, that one still leads here, and find_key() sees that it is not the order's any more. */
    sandbox_index_put(&orders->by_key, hash_of_key(order->key), order);
    return keep(orders, order) ? (struct verdict){201, order->first, NULL} : not_kept;
}

static void reply_verdict(const struct verdict *verdict, const char *id, struct sandbox_reply *reply)
{
    if (verdict->message != NULL)
        sandbox_reply_message(reply, verdict->status, verdict->message);
    else
        sandbox_reply_order(reply, verdict->status, id, verdict->credit);
}

void sandbox_orders_register(struct sandbox_orders *orders, const char *key, const char *body, size_t length,
                             struct sandbox_reply *reply)
{
    struct sandbox_order_body order = {.card = NULL};
    char message[SANDBOX_MESSAGE_SIZE];
    unsigned char key_digest[DIGEST_SIZE];
    unsigned char body_digest[DIGEST_SIZE];
    if (key == NULL || *key == '\0') {
        refuse(orders, "Idempotency-Key is missing", reply);
        return;
    }
    if (!sandbox_check_order(body, length, &order, message)) {
        refuse(orders, message, reply);
        return;
    }
    if (!digest_of(orders, key, strlen(key), key_digest) || !digest_of(orders, body, length, body_digest)) {
        fail(reply);
        return;
    }
    pthread_mutex_lock(&orders->lock);
    struct verdict verdict = register_order(orders, &order, key_digest, body_digest);
    pthread_mutex_unlock(&orders->lock);
    /* A replay has the same body, hence the same id: the answer is the first one's, byte for byte. */
    reply_verdict(&verdict, order.id, reply);
}

void sandbox_orders_ask(struct sandbox_orders *orders, const char *id, struct sandbox_reply *reply)
{
    struct verdict verdict = {404, 0, "order is unknown"};
    pthread_mutex_lock(&orders->lock);
    struct order *order = find_id(orders, id);
    if (order != NULL) {
        bool pending = order->now == SANDBOX_AUTH_PENDING;
        if (pending)
            order->now = SANDBOX_AUTH_OK;
        verdict = !pending || keep(orders, order) ? (struct verdict){200, order->now, NULL} : not_kept;
    }
    pthread_mutex_unlock(&orders->lock);
    reply_verdict(&verdict, id, reply);
}

/* Under the lock; `order` may be NULL. */
static struct verdict ship_order(struct sandbox_orders *orders, struct order *order,
                                 const unsigned char body[DIGEST_SIZE])
{
    if (order == NULL)
        return (struct verdict){404, 0, "order is unknown"};
    if (order->now == SANDBOX_SHIP_OK && memcmp(order->shipment, body, DIGEST_SIZE) == 0)
        return (struct verdict){409, 0, "order is shipped already"};
    if (order->now != SANDBOX_AUTH_OK && order->now != SANDBOX_SHIP_NG && order->now != SANDBOX_SHIP_OK)
        return (struct verdict){409, 0, "order cannot be shipped in its status"};
    order->now = order->card->shipment;
    memcpy(order->shipment, body, DIGEST_SIZE);
    orders->counts.shipped += order->now == SANDBOX_SHIP_OK;
    return keep(orders, order) ? (struct verdict){202, order->now, NULL} : not_kept;
}

void sandbox_orders_ship(struct sandbox_orders *orders, const char *id, const char *body, size_t length,
                         struct sandbox_reply *reply)
{
    char message[SANDBOX_MESSAGE_SIZE];
    unsigned char digest[DIGEST_SIZE];
    if (!sandbox_check_shipment(body, length, message)) {
        refuse(orders, message, reply);
        return;
    }
    if (!digest_of(orders, body, length, digest)) {
        fail(reply);
        return;
    }
    pthread_mutex_lock(&orders->lock);
    struct verdict verdict = ship_order(orders, find_id(orders, id), digest);
    pthread_mutex_unlock(&orders->lock);
    reply_verdict(&verdict, id, reply);
}

/* Under the lock; `order` may be NULL. */
static struct verdict cancel_order(struct sandbox_orders *orders, struct order *order)
{
    if (order == NULL)
        return (struct verdict){404, 0, "order is unknown"};
    if (order->now == SANDBOX_CANCEL_OK)
        return (struct verdict){409, 0, "order is cancelled already"};
    order->now = order->card->cancellation;
    orders->counts.cancelled += order->now == SANDBOX_CANCEL_OK;
    return keep(orders, order) ? (struct verdict){202, order->now, NULL} : not_kept;
}

void sandbox_orders_cancel(struct sandbox_orders *orders, const char *id, const char *body, size_t length,
                           struct sandbox_reply *reply)
{
    char message[SANDBOX_MESSAGE_SIZE];
    if (!sandbox_check_cancellation(body, length, message)) {
        refuse(orders, message, reply);
        return;
    }
    pthread_mutex_lock(&orders->lock);
    struct verdict verdict = cancel_order(orders, find_id(orders, id));
    pthread_mutex_unlock(&orders->lock);
    reply_verdict(&verdict, id, reply);
}

struct sandbox_counts sandbox_orders_counts(struct sandbox_orders *orders)
{
    pthread_mutex_lock(&orders->lock);
    struct sandbox_counts counts = orders->counts;
    pthread_mutex_unlock(&orders->lock);
    return counts;
}

void sandbox_orders_free(struct sandbox_orders *orders)
{
    if (orders == NULL)
        return;
    sandbox_index_free(&orders->by_key);
    sandbox_index_free(&orders->by_id);
    arena_free(&orders->memory);
    EVP_MD_free(orders->sha256);
    pthread_mutex_destroy(&orders->lock);
    free(orders);
}
