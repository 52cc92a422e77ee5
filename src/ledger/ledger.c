/* ledger/ledger.c: see ledger.h. The way of an order; opening is in open.c, looking back in look.c. */
#include "ledger/ledger.h"

#include "ledger/store.h"

#include <openssl/evp.h>

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

/* The numbers are in every ledger (schemas/ledger/0001.sql): they may never change. */
static_assert(ORDER_STATUS_AUTH_OK == 1 && ORDER_STATUS_CANCEL_PENDING == 10, "statuses as they are stored");
static_assert(LEDGER_REGISTER == 0 && LEDGER_ASK == 3 && LEDGER_REDUCE == 4, "operations as they are stored");
static_assert(LEDGER_ACCEPTED == 0 && LEDGER_VOID == 3, "outcomes as they are stored");

const char *ledger_operation_name(enum ledger_operation operation)
{
    static const char *const names[LEDGER_OPERATIONS] = {"register", "ship", "cancel", "status", "reduce"};
    return names[operation];
}

/* ---- Hashes ---- */

bool ledger_hash_is_set(const struct ledger_hash *hash)
{
    static const struct ledger_hash none;
    return !ledger_hash_equal(hash, &none);
}

bool ledger_hash_equal(const struct ledger_hash *a, const struct ledger_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool add_part(EVP_MAC_CTX *context, struct span part)
{
    unsigned char length[8];
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)((uint64_t)part.length >> (8 * i));
    return EVP_MAC_update(context, length, sizeof length) == 1 &&
           (part.length == 0 || EVP_MAC_update(context, (const unsigned char *)part.data, part.length) == 1);
}

bool ledger_hash_make(const struct ledger *ledger, const struct span *parts, size_t count, struct ledger_hash *hash)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t length = 0;
    /* Without a key it begins anew under the one that it has, half the work of which is done already. */
    bool made = EVP_MAC_init(ledger->mac, NULL, 0, NULL) == 1;
    for (size_t i = 0; made && i < count; i++)
        made = add_part(ledger->mac, parts[i]);
    made = made && EVP_MAC_final(ledger->mac, digest, &length, sizeof digest) == 1 && length >= sizeof hash->bytes;
    if (made)
        memcpy(hash->bytes, digest, sizeof hash->bytes);
    return made;
}

/* ---- Finding ---- */

/* The order as it stands, from memory or from the database. NULL: it failed. Good until the next call. */
static struct recent_order *look_up(struct ledger *ledger, struct span id, struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, STORE_FIND, error);
    if (statement == NULL)
        return NULL;
    bool there;
    struct recent_order *found = recent_get(ledger->recent, id, &there);
    if (there && !ledger->reads)
        return found;
    bool row = false;
    bool bound = store_bind_account(ledger, statement, 1) && store_bind_text(statement, 2, id);
    if (!(bound ? store_step(ledger, statement, &row, error) : store_fail(ledger, SQLITE_NOMEM, error))) {
        recent_drop(found);
        return NULL;
    }
    if (row)
        store_read_recent(statement, found);
    sqlite3_reset(statement);
    return found;
}

bool ledger_find(struct ledger *ledger, struct span id, struct ledger_order *order, struct error *error)
{
    const struct recent_order *found = look_up(ledger, id, error);
    *order = found != NULL ? found->order : (struct ledger_order){0};
    return found != NULL;
}

static bool find_mall(struct ledger *ledger, enum store_statement name, const struct ledger_hash *mall, struct span id,
                      char other[LEDGER_ID_SIZE], int64_t *at, bool *found, struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, name, error);
    if (statement == NULL)
        return false;
    bool bound = store_bind_account(ledger, statement, 1) && store_bind_hash(statement, 2, mall) &&
                 store_bind_text(statement, 3, id) &&
                 (name != STORE_FIND_MALL || (store_bind_int(statement, 4, ORDER_STATUS_CANCEL_OK) &&
                                              store_bind_int(statement, 5, ORDER_STATUS_AUTH_FAILED)));
    if (!bound)
        return store_fail(ledger, SQLITE_NOMEM, error);
    if (!store_step(ledger, statement, found, error))
        return false;
    if (*found) {
        store_read_text(statement, 0, other, LEDGER_ID_SIZE);
        *at = sqlite3_column_int64(statement, 1);
    }
    sqlite3_reset(statement);
    return true;
}

bool ledger_find_mall(struct ledger *ledger, const struct ledger_hash *mall, struct span id, char other[LEDGER_ID_SIZE],
                      int64_t *at, bool *found, struct error *error)
{
    *found = false;
    *at = 0;
    other[0] = '\0';
    return find_mall(ledger, STORE_FIND_MALL, mall, id, other, at, found, error) &&
           (*found || find_mall(ledger, STORE_FIND_MALL_OPEN, mall, id, other, at, found, error));
}

/* ---- Intents ---- */

/* Copy at most `size` bytes with the NUL: up to a NUL within, and no half of a character. */
static void copy_cut(char *to, size_t size, struct span from)
{
    size_t length = from.length > 0 ? strnlen(from.data, from.length) : 0;
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from.data[length] & 0xC0U) == 0x80U)
            length--;
    }
    if (length > 0)
        memcpy(to, from.data, length);
    to[length] = '\0';
}

/* A new order, which `order` says then, too. */
static bool add_order(struct ledger *ledger, struct span id, const char *service_id, uint32_t issue,
                      struct ledger_order *order, struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, STORE_ADD_ORDER, error);
    if (statement == NULL)
        return false;
    bool bound = store_bind_account(ledger, statement, 1) && store_bind_text(statement, 2, id) &&
                 store_bind_text(statement, 3, span_of(service_id)) && store_bind_int(statement, 4, issue);
    if (!store_run(ledger, statement, bound, error))
        return false;
    order->known = true;
    copy_cut(order->service_id, sizeof order->service_id, span_of(service_id));
    order->issue = issue;
    return true;
}

/* A row of the history; `status` NONE: an intent, which is in doubt from now on, else a question and its answer. */
static bool add_operation(struct ledger *ledger, struct span id, const struct ledger_intent *intent,
                          const char *replaced, enum order_status status, struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, STORE_ADD_OPERATION, error);
    if (statement == NULL)
        return false;
    unsigned char fields[STORE_FIELDS_SIZE];
    size_t packed = store_pack_fields(&intent->content, fields);
    bool bound = store_bind_account(ledger, statement, 1) && store_bind_text(statement, 2, id) &&
                 store_bind_int(statement, 3, intent->operation) &&
                 store_bind_text(statement, 4, span_of(intent->service_id)) &&
                 store_bind_int(statement, 5, intent->issue) &&
                 (replaced == NULL || store_bind_text(statement, 6, span_of(replaced))) &&
                 store_bind_hash(statement, 7, &intent->body) && store_bind_hash(statement, 8, &intent->content.hash) &&
                 (packed == 0 || store_bind_blob(statement, 9, fields, packed)) &&
                 store_bind_hash(statement, 10, &intent->mall) && store_bind_hash(statement, 11, &intent->shipment) &&
                 store_bind_int(statement, 12, intent->begun);
    if (bound && intent->operation == LEDGER_ASK)
        bound = store_bind_int(statement, 13, intent->begun) && store_bind_int(statement, 14, LEDGER_ACCEPTED) &&
                store_bind_int(statement, 15, status);
    if (!store_run(ledger, statement, bound, error))
        return false;
    ledger->pending++;
    return true;
}

static bool is_same(const struct ledger_intent *a, const struct ledger_intent *b)
{
    return a->operation == b->operation && strcmp(a->service_id, b->service_id) == 0 &&
           ledger_hash_equal(&a->body, &b->body);
}

bool ledger_intend(struct ledger *ledger, struct span id, const struct ledger_intent *intent, struct error *error)
{
    assert(intent->operation != LEDGER_ASK && intent->issue > 0 && id.length < LEDGER_ID_SIZE);
    struct recent_order *found = look_up(ledger, id, error);
    if (found == NULL)
        return false;
    struct ledger_order *order = &found->order;
    if (order->in_doubt) {
        assert(is_same(&order->intent, intent));
        return true;
    }
    struct ledger_intent begun = *intent;
    begun.begun = (int64_t)time(NULL);
    bool replaces = intent->operation == LEDGER_REGISTER && intent->issue > 1 && order->known &&
                    strcmp(order->service_id, intent->service_id) != 0;
    if (!store_begin(ledger, error) ||
        !(order->known || add_order(ledger, id, intent->service_id, intent->issue, order, error)) ||
        !add_operation(ledger, id, &begun, replaces ? order->service_id : NULL, ORDER_STATUS_NONE, error))
        return false;
    order->in_doubt = true;
    order->intent = begun;
    found->open = sqlite3_last_insert_rowid(ledger->db);
    return true;
}

bool ledger_note_conflict(struct ledger *ledger, struct span id, struct error *error)
{
    struct recent_order *found = look_up(ledger, id, error);
    if (found == NULL || !store_begin(ledger, error))
        return false;
    sqlite3_stmt *statement = store_get(ledger, STORE_NOTE_CONFLICT, error);
    if (statement == NULL || !store_run(ledger, statement, store_bind_int(statement, 1, found->open), error))
        return false;
    found->order.intent.conflicted = found->order.in_doubt;
    ledger->pending++;
    return true;
}

/* ---- Outcomes ---- */

static void settle_registration(struct ledger_order *order, struct ledger_hash *mall,
                                const struct ledger_outcome *outcome, int64_t now)
{
    const struct ledger_intent *intent = &order->intent;
    bool refused = outcome->end == LEDGER_REFUSED;
    bool accepted = outcome->end == LEDGER_ACCEPTED;
    bool reissued = intent->issue != order->issue;
    if (reissued)
        memset(order->generations, 0, sizeof order->generations);
    if (refused || outcome->status == ORDER_STATUS_AUTH_FAILED)
        order->generations[LEDGER_REGISTER]++;
    /* One that the service has already, and refused to take once more. */
    if (refused && order->registered && !reissued)
        return;
    memcpy(order->service_id, intent->service_id, sizeof order->service_id);
    order->issue = intent->issue;
    order->registered = !refused;
    order->foreign = !refused && !accepted;
    order->status = refused ? ORDER_STATUS_AUTH_FAILED : outcome->status;
    order->content = (struct ledger_content){0};
    if (accepted)
        order->content = intent->content;
    order->shipment = (struct ledger_hash){0};
    order->registered_at = accepted ? now : 0;
    *mall = (struct ledger_hash){0};
    if (!refused)
        *mall = intent->mall;
}

/* A reduction that may have been made or not: what it would have changed is not known any more, and differs from
 * whatever a file says. The rest is known. */
static void forget_reduced(struct ledger_order *order)
{
    order->content.hash = (struct ledger_hash){0};
    for (size_t i = 0; i < LEDGER_FIELDS_MAX; i++)
        if (order->content.fields[i] != order->intent.content.fields[i])
            order->content.fields[i] = 0;
}

static void settle_reduction(struct ledger_order *order, struct ledger_outcome *outcome)
{
    outcome->status = order->status;
    if (outcome->end == LEDGER_ACCEPTED)
        order->content = order->intent.content;
}

/* A shipment or cancellation. */
static void settle_other(struct ledger_order *order, const struct ledger_outcome *outcome)
{
    assert(outcome->end != LEDGER_ADOPTED);
    order->generations[order->intent.operation]++;
    if (outcome->end == LEDGER_REFUSED)
        return;
    /* It has the order, then, whoever registered it. */
    order->foreign = order->foreign || !order->registered;
    order->registered = true;
    order->status = outcome->status;
    if (order->intent.operation == LEDGER_SHIP && outcome->status != ORDER_STATUS_SHIP_NG)
        order->shipment = order->intent.shipment;
}

static bool change_order(struct ledger *ledger, struct span id, const struct recent_order *changed, struct error *error)
{
    const struct ledger_order *order = &changed->order;
    sqlite3_stmt *statement = store_get(ledger, STORE_CHANGE_ORDER, error);
    if (statement == NULL)
        return false;
    unsigned char fields[STORE_FIELDS_SIZE];
    size_t packed = store_pack_fields(&order->content, fields);
    bool bound =
        store_bind_account(ledger, statement, 1) && store_bind_text(statement, 2, id) &&
        store_bind_text(statement, 3, span_of(order->service_id)) && store_bind_int(statement, 4, order->issue) &&
        store_bind_int(statement, 5, order->registered) && store_bind_int(statement, 6, order->foreign) &&
        store_bind_int(statement, 7, order->status) && store_bind_hash(statement, 8, &order->content.hash) &&
        (packed == 0 || store_bind_blob(statement, 9, fields, packed)) &&
        store_bind_hash(statement, 10, &changed->mall) && store_bind_hash(statement, 11, &order->shipment) &&
        store_bind_int(statement, 12, order->registered_at) && store_bind_int(statement, 13, order->changed_at) &&
        store_bind_text(statement, 17, span_of(order->code)) && store_bind_text(statement, 18, span_of(order->message));
    for (int i = 0; bound && i < LEDGER_ASK; i++)
        bound = store_bind_int(statement, 14 + i, order->generations[i]);
    return store_run(ledger, statement, bound, error);
}

static bool end_operation(struct ledger *ledger, int64_t number, const struct ledger_outcome *outcome, const char *code,
                          const char *message, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, STORE_END_OPERATION, error);
    if (statement == NULL)
        return false;
    bool answered = outcome->end == LEDGER_ACCEPTED || outcome->end == LEDGER_ADOPTED;
    bool bound = store_bind_int(statement, 1, number) && store_bind_int(statement, 2, now) &&
                 store_bind_int(statement, 3, outcome->end) &&
                 store_bind_int(statement, 4, answered ? outcome->status : ORDER_STATUS_NONE) &&
                 (code[0] == '\0' || store_bind_text(statement, 5, span_of(code))) &&
                 (message[0] == '\0' || store_bind_text(statement, 6, span_of(message)));
    if (!store_run(ledger, statement, bound, error))
        return false;
    ledger->pending++;
    return true;
}

bool ledger_settle(struct ledger *ledger, struct span id, const struct ledger_outcome *outcome, struct error *error)
{
    char code[LEDGER_CODE_SIZE] = "";
    char message[LEDGER_MESSAGE_SIZE] = "";
    int64_t now = (int64_t)time(NULL);
    copy_cut(code, sizeof code, span_of(outcome->code != NULL ? outcome->code : ""));
    copy_cut(message, sizeof message, outcome->message);
    struct recent_order *found = look_up(ledger, id, error);
    if (found == NULL)
        return false;
    struct ledger_order *order = &found->order;
    assert(order->in_doubt);
    if (!store_begin(ledger, error))
        return false;
    struct ledger_outcome ended = *outcome;
    bool changes = outcome->end != LEDGER_VOID;
    bool ships = order->intent.operation == LEDGER_SHIP;
    bool reduces = order->intent.operation == LEDGER_REDUCE;
    bool forgets = outcome->unsure && (ships || reduces);
    if (forgets && ships)
        order->shipment = (struct ledger_hash){0};
    if (forgets && reduces)
        forget_reduced(order);
    if (changes) {
        if (order->intent.operation == LEDGER_REGISTER)
            settle_registration(order, &found->mall, outcome, now);
        else if (reduces)
            settle_reduction(order, &ended);
        else
            settle_other(order, outcome);
        order->changed_at = now;
        memcpy(order->code, code, sizeof code);
        memcpy(order->message, message, sizeof message);
    }
    order->in_doubt = false;
    order->intent = (struct ledger_intent){0};
    return (!(changes || forgets) || change_order(ledger, id, found, error)) &&
           end_operation(ledger, found->open, &ended, code, message, now, error);
}

bool ledger_tell(struct ledger *ledger, struct span id, enum order_status status, struct error *error)
{
    assert(id.length < LEDGER_ID_SIZE);
    struct recent_order *found = look_up(ledger, id, error);
    if (found == NULL || !store_begin(ledger, error))
        return false;
    struct ledger_order *order = &found->order;
    if (!order->known) {
        char service_id[LEDGER_ID_SIZE] = "";
        copy_cut(service_id, sizeof service_id, id);
        if (!add_order(ledger, id, service_id, 1, order, error))
            return false;
    }
    if (status != order->status) {
        /* The next registration under this id is another one. While one is open its key must stay. */
        if (status == ORDER_STATUS_AUTH_FAILED && !order->in_doubt)
            order->generations[LEDGER_REGISTER]++;
        order->code[0] = '\0';
        order->message[0] = '\0';
    }
    order->foreign = order->foreign || !order->registered;
    order->registered = true;
    order->status = status;
    order->changed_at = (int64_t)time(NULL);
    struct ledger_intent question = {.operation = LEDGER_ASK, .issue = order->issue, .begun = order->changed_at};
    memcpy(question.service_id, order->service_id, sizeof question.service_id);
    return change_order(ledger, id, found, error) && add_operation(ledger, id, &question, NULL, status, error);
}

/* ---- Transactions ---- */

bool ledger_commit(struct ledger *ledger, struct error *error)
{
    if (ledger->failure.kind == ERROR_NONE && sqlite3_get_autocommit(ledger->db) != 0)
        return true;
    sqlite3_stmt *statement = store_get(ledger, STORE_COMMIT, error);
    /* A file that was deleted or replaced meanwhile would take everything, and keep nothing. */
    int moved = 0;
    if (statement != NULL && sqlite3_file_control(ledger->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
        moved != 0) {
        error_set_errno(&ledger->failure, ERROR_CONFIG, "LEDGER_UNWRITABLE", ledger->path, ENOENT);
        return store_fail(ledger, SQLITE_CANTOPEN, error);
    }
    if (statement == NULL || !store_run(ledger, statement, true, error))
        return false;
    ledger->pending = 0;
    return true;
}

size_t ledger_pending(const struct ledger *ledger)
{
    return ledger->pending;
}
