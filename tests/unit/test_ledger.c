/* tests/unit/test_ledger.c: the ledger (src/ledger): an order's way, what survives, and who may have it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct ledger_account account = {"https://api.example.com/v1", "shop-1"};

/* ---- A folder for each test ---- */

static int make_folder(void **state)
{
    static char folder[64];
    snprintf(folder, sizeof folder, "/tmp/test-ledger-XXXXXX");
    *state = mkdtemp(folder);
    return *state == NULL;
}

static int remove_folder(void **state)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", (const char *)*state);
    return system(command);
}

/* The path of `name` in the test's folder. Static. */
static const char *path_of(void **state, const char *name)
{
    static char path[4200];
    assert_non_null(*state); /* a test without a folder would write into the present one */
    snprintf(path, sizeof path, "%s/%s", (const char *)*state, name);
    return path;
}

static void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* ---- Short names ---- */

static struct error error;

static struct ledger *open_ledger(const char *path)
{
    error = (struct error){0};
    struct ledger *ledger = ledger_open(path, &account, "register", 0, &error);
    if (ledger == NULL)
        fail_msg("%s %s", error.code, error.args[0]);
    return ledger;
}

static struct ledger *open_memory(void)
{
    error = (struct error){0};
    struct ledger *ledger = ledger_open_memory(&account, &error);
    assert_non_null(ledger);
    return ledger;
}

/* Opening gives the error `code`. */
static void assert_refused(const char *path, const char *code)
{
    error = (struct error){0};
    assert_null(ledger_open(path, &account, "register", 0, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_string_equal(error.code, code);
    assert_string_equal(error.path, path);
}

static struct ledger_hash hash_of(const struct ledger *ledger, const char *text)
{
    struct ledger_hash hash;
    struct span part = span_of(text);
    assert_true(ledger_hash_make(ledger, &part, 1, &hash));
    return hash;
}

static struct ledger_order find(struct ledger *ledger, const char *id)
{
    struct ledger_order order;
    assert_true(ledger_find(ledger, span_of(id), &order, &error));
    return order;
}

static struct ledger_intent intent_of(const struct ledger *ledger, enum ledger_operation operation,
                                      const char *service_id, uint32_t issue, const char *body)
{
    struct ledger_intent intent = {.operation = operation, .issue = issue};
    snprintf(intent.service_id, sizeof intent.service_id, "%s", service_id);
    intent.body = hash_of(ledger, body);
    if (operation == LEDGER_REGISTER || operation == LEDGER_REDUCE) {
        intent.content.hash = hash_of(ledger, body);
        intent.content.fields[0] = 7;
        intent.content.fields[LEDGER_FIELDS_MAX - 1] = UINT16_MAX;
    }
    if (operation == LEDGER_SHIP)
        intent.shipment = hash_of(ledger, body);
    return intent;
}

static void intend(struct ledger *ledger, const char *id, enum ledger_operation operation, const char *service_id,
                   uint32_t issue, const char *body)
{
    struct ledger_intent intent = intent_of(ledger, operation, service_id, issue, body);
    assert_true(ledger_intend(ledger, span_of(id), &intent, &error));
}

static void settle(struct ledger *ledger, const char *id, enum ledger_end end, enum order_status status,
                   const char *code)
{
    struct ledger_outcome outcome = {.end = end, .status = status, .code = code};
    if (code != NULL)
        outcome.message = span_of("no");
    assert_true(ledger_settle(ledger, span_of(id), &outcome, &error));
}

/* Register `id` under itself, with the answer `status`. */
static void register_order(struct ledger *ledger, const char *id, enum order_status status)
{
    intend(ledger, id, LEDGER_REGISTER, id, 1, id);
    settle(ledger, id, LEDGER_ACCEPTED, status, NULL);
}

static void commit(struct ledger *ledger)
{
    assert_true(ledger_commit(ledger, &error));
    assert_int_equal(ledger_pending(ledger), 0);
}

static void assert_generations(const struct ledger_order *order, uint32_t registered, uint32_t shipped,
                               uint32_t cancelled)
{
    assert_int_equal(order->generations[LEDGER_REGISTER], registered);
    assert_int_equal(order->generations[LEDGER_SHIP], shipped);
    assert_int_equal(order->generations[LEDGER_CANCEL], cancelled);
}

/* ---- Hashes ---- */

static void hashes_are_keyed_and_tell_parts_apart(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    struct ledger *other = open_memory();
    struct span ab_c[] = {span_of("ab"), span_of("c")};
    struct span a_bc[] = {span_of("a"), span_of("bc")};
    struct span empty[] = {{NULL, 0}};
    struct ledger_hash hashes[5];
    assert_true(ledger_hash_make(ledger, ab_c, 2, &hashes[0]));
    assert_true(ledger_hash_make(ledger, a_bc, 2, &hashes[1]));
    assert_true(ledger_hash_make(other, ab_c, 2, &hashes[2]));
    assert_true(ledger_hash_make(ledger, empty, 1, &hashes[3]));
    assert_true(ledger_hash_make(ledger, NULL, 0, &hashes[4]));
    for (size_t i = 0; i < COUNT(hashes); i++) {
        assert_true(ledger_hash_is_set(&hashes[i]));
        for (size_t j = 0; j < i; j++)
            assert_false(ledger_hash_equal(&hashes[i], &hashes[j]));
    }
    struct ledger_hash again;
    assert_true(ledger_hash_make(ledger, ab_c, 2, &again));
    assert_true(ledger_hash_equal(&again, &hashes[0]));
    assert_false(ledger_hash_is_set(&(struct ledger_hash){0}));
    ledger_close(ledger);
    ledger_close(other);
}

static void salt_stays_with_the_file(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    struct ledger_hash before = hash_of(ledger, "x");
    ledger_close(ledger);
    ledger = open_ledger(path);
    struct ledger_hash after = hash_of(ledger, "x");
    ledger_close(ledger);
    assert_true(ledger_hash_equal(&before, &after));
}

/* ---- An order's way ---- */

static void order_goes_its_way(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    time_t start = time(NULL);
    assert_false(find(ledger, "1001").known);

    struct ledger_intent intent = intent_of(ledger, LEDGER_REGISTER, "1001", 1, "{}");
    assert_true(ledger_intend(ledger, span_of("1001"), &intent, &error));
    struct ledger_order order = find(ledger, "1001");
    assert_true(order.known && order.in_doubt && !order.registered && !order.foreign);
    assert_int_equal(order.status, ORDER_STATUS_NONE);
    assert_string_equal(order.service_id, "1001");
    assert_int_equal(order.issue, 1);
    assert_int_equal(order.changed_at, 0);
    assert_int_equal(order.intent.operation, LEDGER_REGISTER);
    assert_string_equal(order.intent.service_id, "1001");
    assert_int_equal(order.intent.issue, 1);
    assert_true(ledger_hash_equal(&order.intent.body, &intent.body));
    assert_memory_equal(&order.intent.content, &intent.content, sizeof intent.content);
    assert_false(ledger_hash_is_set(&order.intent.shipment) || ledger_hash_is_set(&order.intent.mall));
    assert_in_range(order.intent.begun, start, time(NULL));

    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_PENDING, NULL);
    order = find(ledger, "1001");
    assert_true(order.registered && !order.foreign && !order.in_doubt);
    assert_int_equal(order.status, ORDER_STATUS_AUTH_PENDING);
    assert_memory_equal(&order.content, &intent.content, sizeof intent.content);
    assert_in_range(order.registered_at, start, time(NULL));
    assert_int_equal(order.intent.begun, 0);

    assert_true(ledger_tell(ledger, span_of("1001"), ORDER_STATUS_AUTH_OK, &error));
    assert_int_equal(find(ledger, "1001").status, ORDER_STATUS_AUTH_OK);

    intend(ledger, "1001", LEDGER_SHIP, "1001", 1, "wrong");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_SHIP_NG, "SERVICE_REFUSED");
    order = find(ledger, "1001");
    assert_int_equal(order.status, ORDER_STATUS_SHIP_NG);
    assert_false(ledger_hash_is_set(&order.shipment));
    assert_string_equal(order.code, "SERVICE_REFUSED");
    assert_string_equal(order.message, "no");

    intend(ledger, "1001", LEDGER_SHIP, "1001", 1, "right");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_SHIP_PENDING, NULL);
    order = find(ledger, "1001");
    struct ledger_hash right = hash_of(ledger, "right");
    assert_true(ledger_hash_equal(&order.shipment, &right));
    assert_string_equal(order.code, "");
    assert_string_equal(order.message, "");

    intend(ledger, "1001", LEDGER_CANCEL, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_REFUSED, ORDER_STATUS_NONE, "SERVICE_REFUSED");
    order = find(ledger, "1001");
    assert_int_equal(order.status, ORDER_STATUS_SHIP_PENDING);
    assert_string_equal(order.code, "SERVICE_REFUSED");

    intend(ledger, "1001", LEDGER_CANCEL, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_CANCEL_OK, NULL);
    order = find(ledger, "1001");
    assert_int_equal(order.status, ORDER_STATUS_CANCEL_OK);
    assert_true(order.registered);
    assert_memory_equal(&order.content, &intent.content, sizeof intent.content);
    assert_generations(&order, 0, 2, 2);
    assert_int_equal(ledger_pending(ledger), 11);
    commit(ledger);
    commit(ledger);
    ledger_close(ledger);
}

static void doubt_stays_until_it_is_settled(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    commit(ledger);
    ledger_close(ledger);

    ledger = open_ledger(path);
    struct ledger_order before = find(ledger, "1001");
    assert_true(before.in_doubt);
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    assert_int_equal(ledger_pending(ledger), 0);
    struct ledger_order after = find(ledger, "1001");
    assert_int_equal(after.intent.begun, before.intent.begun);
    assert_true(ledger_tell(ledger, span_of("1001"), ORDER_STATUS_AUTH_FAILED, &error));
    after = find(ledger, "1001");
    assert_true(after.in_doubt);
    assert_generations(&after, 0, 0, 0);
    settle(ledger, "1001", LEDGER_VOID, ORDER_STATUS_NONE, NULL);
    assert_false(find(ledger, "1001").in_doubt);
    commit(ledger);
    ledger_close(ledger);
}

static void void_leaves_all_as_it_was(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_VOID, ORDER_STATUS_NONE, "NOT_SENT");
    struct ledger_order order = find(ledger, "1001");
    assert_true(order.known && !order.registered && !order.in_doubt);
    assert_int_equal(order.status, ORDER_STATUS_NONE);
    assert_string_equal(order.code, "");
    assert_generations(&order, 0, 0, 0);

    register_order(ledger, "1001", ORDER_STATUS_AUTH_NG);
    struct ledger_order before = find(ledger, "1001");
    intend(ledger, "1001", LEDGER_REGISTER, "1001-2", 2, "{2}");
    settle(ledger, "1001", LEDGER_VOID, ORDER_STATUS_NONE, NULL);
    struct ledger_order after = find(ledger, "1001");
    assert_memory_equal(&before, &after, sizeof before);
    ledger_close(ledger);
}

static void refusals_make_generations(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    for (uint32_t i = 1; i <= 3; i++) {
        intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
        settle(ledger, "1001", LEDGER_REFUSED, ORDER_STATUS_NONE, "ITEM_ID_SIZE");
        struct ledger_order order = find(ledger, "1001");
        assert_true(order.known && !order.registered);
        assert_int_equal(order.status, ORDER_STATUS_AUTH_FAILED);
        assert_int_equal(order.registered_at, 0);
        assert_false(ledger_hash_is_set(&order.content.hash));
        assert_string_equal(order.code, "ITEM_ID_SIZE");
        assert_generations(&order, i, 0, 0);
    }
    register_order(ledger, "1001", ORDER_STATUS_AUTH_FAILED);
    struct ledger_order order = find(ledger, "1001");
    assert_true(order.registered);
    assert_string_equal(order.code, "");
    assert_generations(&order, 4, 0, 0);

    /* Registered, and yet refused: it stays what it was. */
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{ }");
    settle(ledger, "1001", LEDGER_REFUSED, ORDER_STATUS_NONE, "ITEM_ID_SIZE");
    struct ledger_order after = find(ledger, "1001");
    assert_true(after.registered);
    assert_memory_equal(&after.content, &order.content, sizeof order.content);
    assert_string_equal(after.code, "ITEM_ID_SIZE");
    assert_generations(&after, 5, 0, 0);

    register_order(ledger, "1001", ORDER_STATUS_AUTH_PENDING);
    assert_true(ledger_tell(ledger, span_of("1001"), ORDER_STATUS_AUTH_FAILED, &error));
    assert_true(ledger_tell(ledger, span_of("1001"), ORDER_STATUS_AUTH_FAILED, &error));
    order = find(ledger, "1001");
    assert_generations(&order, 6, 0, 0);
    ledger_close(ledger);
}

static void conflict_is_remembered_until_it_is_settled(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    intend(ledger, "1002", LEDGER_REGISTER, "1002", 1, "{}");
    assert_false(find(ledger, "1001").intent.conflicted);
    assert_true(ledger_note_conflict(ledger, span_of("1001"), &error));
    assert_true(find(ledger, "1001").in_doubt);
    assert_true(find(ledger, "1001").intent.conflicted);
    assert_false(find(ledger, "1002").intent.conflicted);
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}"); /* the same again */
    assert_true(find(ledger, "1001").intent.conflicted);
    settle(ledger, "1001", LEDGER_VOID, ORDER_STATUS_NONE, NULL);
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    assert_false(find(ledger, "1001").intent.conflicted);
    ledger_close(ledger);
}

/* What may have come there all the same is not what was reported before, nor surely what was to be reported. */
static void unsure_shipment_is_forgotten(void **state)
{
    (void)state;
    static const struct {
        enum ledger_end end;
        bool unsure;
    } cases[] = {{LEDGER_VOID, false}, {LEDGER_REFUSED, false}, {LEDGER_VOID, true}, {LEDGER_REFUSED, true}};
    struct ledger *ledger = open_memory();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const id = (const char *const[]){"1001", "1002", "1003", "1004"}[i];
        register_order(ledger, id, ORDER_STATUS_AUTH_OK);
        intend(ledger, id, LEDGER_SHIP, id, 1, "number");
        settle(ledger, id, LEDGER_ACCEPTED, ORDER_STATUS_SHIP_OK, NULL);
        struct ledger_order before = find(ledger, id);
        intend(ledger, id, LEDGER_SHIP, id, 1, "another");
        struct ledger_outcome outcome = {.end = cases[i].end, .unsure = cases[i].unsure};
        assert_true(ledger_settle(ledger, span_of(id), &outcome, &error));
        struct ledger_order after = find(ledger, id);
        assert_false(after.in_doubt);
        assert_int_equal(after.status, ORDER_STATUS_SHIP_OK);
        assert_int_equal(after.generations[LEDGER_SHIP], cases[i].end == LEDGER_REFUSED ? 2 : 1);
        assert_int_equal(ledger_hash_is_set(&after.shipment), !cases[i].unsure);
        assert_memory_equal(&after.content, &before.content, sizeof after.content);
    }
    ledger_close(ledger);
}

static void new_issue_begins_anew(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_REFUSED, ORDER_STATUS_NONE, "ITEM_ID_SIZE");
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    intend(ledger, "1001", LEDGER_SHIP, "1001", 1, "number");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_SHIP_OK, NULL);
    intend(ledger, "1001", LEDGER_CANCEL, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_CANCEL_OK, NULL);
    struct ledger_order order = find(ledger, "1001");
    assert_generations(&order, 1, 1, 1);

    /* A refused one moves the order, for its id is used up. */
    intend(ledger, "1001", LEDGER_REGISTER, "1001-2", 2, "{2}");
    order = find(ledger, "1001");
    assert_string_equal(order.service_id, "1001");
    assert_string_equal(order.intent.service_id, "1001-2");
    settle(ledger, "1001", LEDGER_REFUSED, ORDER_STATUS_NONE, "ITEM_ID_SIZE");
    order = find(ledger, "1001");
    assert_string_equal(order.service_id, "1001-2");
    assert_int_equal(order.issue, 2);
    assert_false(order.registered);
    assert_int_equal(order.status, ORDER_STATUS_AUTH_FAILED);
    assert_int_equal(order.registered_at, 0);
    assert_false(ledger_hash_is_set(&order.content.hash) || ledger_hash_is_set(&order.shipment));
    assert_generations(&order, 1, 0, 0);

    intend(ledger, "1001", LEDGER_REGISTER, "1001-3", 3, "{3}");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_OK, NULL);
    order = find(ledger, "1001");
    assert_string_equal(order.service_id, "1001-3");
    assert_int_equal(order.issue, 3);
    assert_true(order.registered);
    struct ledger_hash content = hash_of(ledger, "{3}");
    assert_true(ledger_hash_equal(&order.content.hash, &content));
    assert_generations(&order, 0, 0, 0);
    ledger_close(ledger);
}

static void foreign_orders_are_told_apart(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_ADOPTED, ORDER_STATUS_AUTH_NG, "ALREADY_REGISTERED");
    struct ledger_order order = find(ledger, "1001");
    assert_true(order.registered && order.foreign);
    assert_int_equal(order.status, ORDER_STATUS_AUTH_NG);
    assert_false(ledger_hash_is_set(&order.content.hash));
    assert_int_equal(order.content.fields[0], 0);
    assert_string_equal(order.code, "ALREADY_REGISTERED");
    assert_generations(&order, 0, 0, 0);
    intend(ledger, "1001", LEDGER_REGISTER, "1001-2", 2, "{2}");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_OK, NULL);
    order = find(ledger, "1001");
    assert_true(order.registered && !order.foreign);

    /* A shipment that is accepted for an order that nobody here registered. */
    intend(ledger, "1002", LEDGER_SHIP, "1002", 1, "number");
    order = find(ledger, "1002");
    assert_false(order.registered || order.foreign);
    settle(ledger, "1002", LEDGER_REFUSED, ORDER_STATUS_NONE, "SERVICE_NOT_FOUND");
    assert_false(find(ledger, "1002").registered);
    intend(ledger, "1002", LEDGER_SHIP, "1002", 1, "number");
    settle(ledger, "1002", LEDGER_ACCEPTED, ORDER_STATUS_SHIP_OK, NULL);
    order = find(ledger, "1002");
    assert_true(order.registered && order.foreign);
    assert_generations(&order, 0, 2, 0);

    assert_true(ledger_tell(ledger, span_of("1003"), ORDER_STATUS_AUTH_OK, &error));
    order = find(ledger, "1003");
    assert_true(order.known && order.registered && order.foreign);
    assert_string_equal(order.service_id, "1003");
    ledger_close(ledger);
}

static void answers_clear_old_errors(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_NG, "CREDIT_NG");
    assert_true(ledger_tell(ledger, span_of("1001"), ORDER_STATUS_AUTH_NG, &error));
    assert_string_equal(find(ledger, "1001").code, "CREDIT_NG");
    assert_true(ledger_tell(ledger, span_of("1001"), ORDER_STATUS_AUTH_OK, &error));
    struct ledger_order order = find(ledger, "1001");
    assert_string_equal(order.code, "");
    assert_string_equal(order.message, "");
    ledger_close(ledger);
}

/* ---- Mall numbers ---- */

static void intend_mall(struct ledger *ledger, const char *id, const char *service_id, uint32_t issue, const char *mall)
{
    struct ledger_intent intent = intent_of(ledger, LEDGER_REGISTER, service_id, issue, service_id);
    intent.mall = hash_of(ledger, mall);
    assert_true(ledger_intend(ledger, span_of(id), &intent, &error));
}

/* Who has the mall's number `mall` beside `id`: "" nobody. Static. */
static const char *owner(struct ledger *ledger, const char *mall, const char *id, int64_t *at)
{
    static char other[LEDGER_ID_SIZE];
    struct ledger_hash hash = hash_of(ledger, mall);
    bool found;
    assert_true(ledger_find_mall(ledger, &hash, span_of(id), other, at, &found, &error));
    assert_int_equal(found, other[0] != '\0');
    return other;
}

static void mall_numbers_belong_to_one_order(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    int64_t start = (int64_t)time(NULL);
    int64_t at;
    assert_string_equal(owner(ledger, "m1", "1002", &at), "");

    intend_mall(ledger, "1001", "1001", 1, "m1");
    assert_string_equal(owner(ledger, "m1", "1001", &at), "");
    assert_string_equal(owner(ledger, "m1", "1002", &at), "1001");
    assert_in_range(at, start, time(NULL));
    assert_string_equal(owner(ledger, "m2", "1002", &at), "");
    settle(ledger, "1001", LEDGER_VOID, ORDER_STATUS_NONE, NULL);
    assert_string_equal(owner(ledger, "m1", "1002", &at), "");

    intend_mall(ledger, "1001", "1001", 1, "m1");
    settle(ledger, "1001", LEDGER_REFUSED, ORDER_STATUS_NONE, "ITEM_ID_SIZE");
    assert_string_equal(owner(ledger, "m1", "1002", &at), "");

    intend_mall(ledger, "1001", "1001", 1, "m1");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_FAILED, "REGISTRATION_FAILED");
    assert_string_equal(owner(ledger, "m1", "1002", &at), "");

    intend_mall(ledger, "1001", "1001", 1, "m1");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_NG, NULL);
    assert_string_equal(owner(ledger, "m1", "1002", &at), "1001");
    assert_in_range(at, start, time(NULL));
    intend(ledger, "1001", LEDGER_CANCEL, "1001", 1, "{}");
    assert_string_equal(owner(ledger, "m1", "1002", &at), "1001");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_CANCEL_OK, NULL);
    assert_string_equal(owner(ledger, "m1", "1002", &at), "");

    /* Registered again, under a new id, with another number. */
    intend_mall(ledger, "1001", "1001-2", 2, "m2");
    assert_string_equal(owner(ledger, "m2", "1002", &at), "1001");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_OK, NULL);
    assert_string_equal(owner(ledger, "m2", "1002", &at), "1001");
    assert_string_equal(owner(ledger, "m1", "1002", &at), "");

    intend_mall(ledger, "1003", "1003", 1, "m3");
    settle(ledger, "1003", LEDGER_ADOPTED, ORDER_STATUS_AUTH_OK, "ALREADY_REGISTERED");
    assert_string_equal(owner(ledger, "m3", "1002", &at), "1003");
    assert_int_equal(at, 0);

    /* Orders without a number have none in common. */
    register_order(ledger, "1004", ORDER_STATUS_AUTH_OK);
    struct ledger_hash none = {0};
    char other[LEDGER_ID_SIZE];
    bool found;
    assert_true(ledger_find_mall(ledger, &none, span_of("1005"), other, &at, &found, &error));
    assert_false(found);
    ledger_close(ledger);
}

/* ---- Accounts ---- */

static struct ledger *open_as(const char *path, const char *service, const char *merchant)
{
    struct ledger_account as = {service, merchant};
    struct ledger *ledger = ledger_open(path, &as, "register", 0, &error);
    assert_non_null(ledger);
    return ledger;
}

static bool count_entry(void *context, const struct ledger_entry *entry)
{
    (void)entry;
    ++*(size_t *)context;
    return true;
}

static bool count_order(void *context, const char *id, const struct ledger_order *order)
{
    (void)id;
    (void)order;
    ++*(size_t *)context;
    return true;
}

static void accounts_are_apart(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_as(path, "https://api.example.com/v1", "shop-1");
    intend_mall(ledger, "1001", "1001", 1, "m1");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_OK, NULL);
    commit(ledger);
    ledger_close(ledger);

    static const struct ledger_account others[] = {
        {"https://api.example.com/v1", "shop-2"},     {"https://api.example.com/V1", "shop-1"},
        {"https://api.example.com:444/v1", "shop-1"}, {"https://test.example.com/v1", "shop-1"},
        {"http://api.example.com/v1", "shop-1"},
    };
    for (size_t i = 0; i < COUNT(others); i++) {
        ledger = open_as(path, others[i].service, others[i].merchant);
        int64_t at;
        size_t count = 0;
        assert_false(find(ledger, "1001").known);
        assert_string_equal(owner(ledger, "m1", "1002", &at), "");
        assert_true(ledger_history(ledger, NULL, 0, count_entry, &count, &error));
        assert_true(ledger_history(ledger, "1001", 0, count_entry, &count, &error));
        assert_true(ledger_orders(ledger, ORDER_STATUS_AUTH_OK, count_order, &count, &error));
        assert_int_equal(count, 0);
        ledger_close(ledger);
    }
    static const char *const same[] = {"https://api.example.com/v1/", "HTTPS://API.Example.COM/v1",
                                       "https://api.example.com/v1//"};
    for (size_t i = 0; i < COUNT(same); i++) {
        ledger = open_as(path, same[i], "shop-1");
        assert_true(find(ledger, "1001").known);
        ledger_close(ledger);
    }

    ledger = open_as(path, "https://api.example.com/v1", "shop-2");
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    commit(ledger);
    ledger_close(ledger);
    size_t count = 0;
    ledger = ledger_open_reading(path, NULL, &error);
    assert_non_null(ledger);
    assert_true(ledger_history(ledger, "1001", 0, count_entry, &count, &error));
    assert_true(ledger_orders(ledger, ORDER_STATUS_AUTH_OK, count_order, &count, &error));
    assert_int_equal(count, 4);
    ledger_close(ledger);
    ledger = ledger_open_reading(path, &account, &error);
    assert_non_null(ledger);
    count = 0;
    assert_true(ledger_orders(ledger, ORDER_STATUS_AUTH_OK, count_order, &count, &error));
    assert_int_equal(count, 1);
    assert_true(find(ledger, "1001").registered);
    ledger_close(ledger);
}

static void file_names_no_account(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_as(path, "https://api.example.com/v1", "merchant-code-of-a-shop");
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    commit(ledger);
    ledger_close(ledger);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static char bytes[1 << 20];
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_in_range(length, 1, sizeof bytes - 1);
    assert_non_null(memmem(bytes, length, "1001", 4));
    assert_null(memmem(bytes, length, "merchant-code", 13));
    assert_null(memmem(bytes, length, "example.com", 11));
}

/* ---- Looking back ---- */

struct listing {
    char text[4096];
    size_t limit;
};

static bool list_entry(void *context, const struct ledger_entry *entry)
{
    struct listing *listing = context;
    size_t length = strlen(listing->text);
    assert_int_equal(entry->in_doubt, entry->ended == 0);
    snprintf(listing->text + length, sizeof listing->text - length, "%s %s %s<%s %s %s %s\n",
             ledger_operation_name(entry->operation), entry->id, entry->service_id, entry->replaced,
             entry->in_doubt ? "?" : (const char *[]){"accepted", "adopted", "refused", "void"}[entry->end],
             order_status_name(entry->status), entry->code);
    return --listing->limit > 0;
}

static void make_past(struct ledger *ledger)
{
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_NG, "CREDIT_NG");
    intend(ledger, "1002", LEDGER_REGISTER, "1002", 1, "{}");
    settle(ledger, "1002", LEDGER_ADOPTED, ORDER_STATUS_AUTH_OK, "ALREADY_REGISTERED");
    intend(ledger, "1001", LEDGER_CANCEL, "1001", 1, "{}");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_CANCEL_PENDING, NULL);
    assert_true(ledger_tell(ledger, span_of("1001"), ORDER_STATUS_CANCEL_OK, &error));
    intend(ledger, "1001", LEDGER_REGISTER, "1001-2", 2, "{2}");
    settle(ledger, "1001", LEDGER_REFUSED, ORDER_STATUS_NONE, "ITEM_ID_SIZE");
    intend(ledger, "1001", LEDGER_REGISTER, "1001-2", 2, "{3}");
    settle(ledger, "1001", LEDGER_VOID, ORDER_STATUS_NONE, NULL);
    intend(ledger, "1001", LEDGER_REGISTER, "1001-3", 3, "{3}");
}

static void history_tells_what_was_done(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    make_past(ledger);
    struct listing listing = {.limit = SIZE_MAX};
    assert_true(ledger_history(ledger, NULL, 0, list_entry, &listing, &error));
    assert_string_equal(listing.text, "register 1001 1001< accepted 与信NG CREDIT_NG\n"
                                      "register 1002 1002< adopted 与信OK ALREADY_REGISTERED\n"
                                      "cancel 1001 1001< accepted 与信の取消中 \n"
                                      "status 1001 1001< accepted 与信の取消OK \n"
                                      "register 1001 1001-2<1001 refused  ITEM_ID_SIZE\n"
                                      "register 1001 1001-2< void  \n"
                                      "register 1001 1001-3<1001-2 ?  \n");
    listing = (struct listing){.limit = SIZE_MAX};
    assert_true(ledger_history(ledger, "1002", 0, list_entry, &listing, &error));
    assert_string_equal(listing.text, "register 1002 1002< adopted 与信OK ALREADY_REGISTERED\n");
    listing = (struct listing){.limit = 1};
    assert_true(ledger_history(ledger, "1001", 0, list_entry, &listing, &error));
    assert_string_equal(listing.text, "register 1001 1001< accepted 与信NG CREDIT_NG\n");
    listing = (struct listing){.limit = SIZE_MAX};
    assert_true(ledger_history(ledger, NULL, (int64_t)time(NULL) + 60, list_entry, &listing, &error));
    assert_true(ledger_history(ledger, "1003", 0, list_entry, &listing, &error));
    assert_string_equal(listing.text, "");
    ledger_close(ledger);
}

static bool list_order(void *context, const char *id, const struct ledger_order *order)
{
    struct listing *listing = context;
    size_t length = strlen(listing->text);
    assert_true(order->known);
    snprintf(listing->text + length, sizeof listing->text - length, "%s %s %s%s\n", id, order->service_id,
             order_status_name(order->status), order->in_doubt ? " ?" : "");
    return --listing->limit > 0;
}

static void orders_are_listed_by_status(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    static const char *const ids[] = {"30", "1", "2", "10"};
    for (size_t i = 0; i < COUNT(ids); i++)
        register_order(ledger, ids[i], ORDER_STATUS_AUTH_OK);
    register_order(ledger, "5", ORDER_STATUS_AUTH_NG);
    intend(ledger, "30", LEDGER_SHIP, "30", 1, "x");
    intend(ledger, "2", LEDGER_SHIP, "2", 1, "x");
    intend(ledger, "100", LEDGER_REGISTER, "100", 1, "x");

    struct listing listing = {.limit = SIZE_MAX};
    assert_true(ledger_orders(ledger, ORDER_STATUS_AUTH_OK, list_order, &listing, &error));
    assert_string_equal(listing.text, "1 1 与信OK\n10 10 与信OK\n2 2 与信OK ?\n30 30 与信OK ?\n");
    listing = (struct listing){.limit = 1};
    assert_true(ledger_orders(ledger, ORDER_STATUS_AUTH_OK, list_order, &listing, &error));
    assert_string_equal(listing.text, "1 1 与信OK\n");
    listing = (struct listing){.limit = SIZE_MAX};
    assert_true(ledger_orders(ledger, ORDER_STATUS_NONE, list_order, &listing, &error));
    assert_string_equal(listing.text, "100 100  ?\n2 2 与信OK ?\n30 30 与信OK ?\n");
    listing = (struct listing){.limit = SIZE_MAX};
    assert_true(ledger_orders(ledger, ORDER_STATUS_SHIP_OK, list_order, &listing, &error));
    assert_string_equal(listing.text, "");
    ledger_close(ledger);
}

/* ---- What ids and messages may be ---- */

static void hostile_texts_stay_what_they_are(void **state)
{
    const char *path = path_of(state, "ledger.db");
    char longest[LEDGER_ID_SIZE];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const ids[] = {"'; DROP TABLE orders; --",
                               "\"",
                               "%",
                               "_",
                               "受注-1",
                               "\xff\xfe\x80",
                               " 1",
                               "1 ",
                               "1",
                               "01",
                               "1.0",
                               "1e0",
                               "a",
                               "A",
                               "",
                               longest};
    struct ledger *ledger = open_ledger(path);
    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_false(find(ledger, ids[i]).known);
        register_order(ledger, ids[i], ORDER_STATUS_AUTH_OK);
    }
    assert_false(find(ledger, "DROP").known);
    struct span nul = {"1\0 2", 4};
    struct ledger_order order;
    assert_true(ledger_find(ledger, nul, &order, &error));
    assert_false(order.known);
    char too_long[LEDGER_ID_SIZE + 1];
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    assert_false(find(ledger, too_long).known);
    commit(ledger);
    ledger_close(ledger);
    ledger = open_ledger(path);
    for (size_t i = 0; i < COUNT(ids); i++)
        assert_string_equal(find(ledger, ids[i]).service_id, ids[i]);
    ledger_close(ledger);
}

static void tell_message(struct ledger *ledger, const char *id, struct span message)
{
    intend(ledger, id, LEDGER_REGISTER, id, 1, "{}");
    struct ledger_outcome outcome = {.end = LEDGER_REFUSED, .code = "SERVICE_REFUSED", .message = message};
    assert_true(ledger_settle(ledger, span_of(id), &outcome, &error));
}

static bool keep_message(void *context, const struct ledger_entry *entry)
{
    snprintf(context, LEDGER_MESSAGE_SIZE, "%s", entry->message);
    return true;
}

static void messages_are_cut_at_a_character(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    static char text[3 * LEDGER_MESSAGE_SIZE + 1];
    for (size_t before = 0; before < 4; before++) {
        memset(text, 0, sizeof text);
        memset(text, 'x', before);
        for (size_t i = before; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "あ", 3);
        tell_message(ledger, "1001", span_of(text));
        struct ledger_order order = find(ledger, "1001");
        size_t length = strlen(order.message);
        assert_in_range(length, LEDGER_MESSAGE_SIZE - 3, LEDGER_MESSAGE_SIZE - 1);
        assert_int_equal((length - before) % 3, 0);
        assert_memory_equal(order.message, text, length);
        char told[LEDGER_MESSAGE_SIZE];
        assert_true(ledger_history(ledger, "1001", 0, keep_message, told, &error));
        assert_string_equal(told, order.message);
    }
    memset(text, 'y', LEDGER_MESSAGE_SIZE - 1);
    tell_message(ledger, "1001", (struct span){text, LEDGER_MESSAGE_SIZE - 1});
    assert_int_equal(strlen(find(ledger, "1001").message), LEDGER_MESSAGE_SIZE - 1);
    tell_message(ledger, "1001", (struct span){"a\0b", 3});
    assert_string_equal(find(ledger, "1001").message, "a");
    tell_message(ledger, "1001", (struct span){NULL, 0});
    assert_string_equal(find(ledger, "1001").message, "");
    memset(text, 0x80, sizeof text);
    tell_message(ledger, "1001", (struct span){text, sizeof text});
    assert_string_equal(find(ledger, "1001").message, "");
    ledger_close(ledger);
}

/* ---- What survives ---- */

static void what_is_committed_is_there_again(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    make_past(ledger);
    struct ledger_order before = find(ledger, "1001");
    commit(ledger);
    register_order(ledger, "1003", ORDER_STATUS_AUTH_OK);
    assert_int_equal(ledger_pending(ledger), 2);
    ledger_close(ledger);

    ledger = open_ledger(path);
    struct ledger_order after = find(ledger, "1001");
    assert_memory_equal(&before, &after, sizeof before);
    assert_false(find(ledger, "1003").known);
    size_t count = 0;
    assert_true(ledger_history(ledger, NULL, 0, count_entry, &count, &error));
    assert_int_equal(count, 7);
    ledger_close(ledger);
}

/* Run `child` in a process of its own; its exit status. It may not come back. */
static int in_process(void (*child)(const char *path), const char *path)
{
    fflush(NULL);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        child(path);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(process, &status, 0), process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void die_after_commit(const char *path)
{
    struct ledger *ledger = ledger_open(path, &account, "register", 0, &error);
    if (ledger == NULL)
        _exit(1);
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    _exit(ledger_commit(ledger, &error) ? 0 : 2);
}

static void die_before_commit(const char *path)
{
    struct ledger *ledger = ledger_open(path, &account, "register", 0, &error);
    if (ledger == NULL || !find(ledger, "1001").in_doubt)
        _exit(1);
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_OK, NULL);
    intend(ledger, "1002", LEDGER_REGISTER, "1002", 1, "{}");
    kill(getpid(), SIGKILL);
}

static void dying_keeps_what_was_committed(void **state)
{
    const char *path = path_of(state, "ledger.db");
    assert_int_equal(in_process(die_after_commit, path), 0);
    assert_int_equal(in_process(die_before_commit, path), -1);
    struct ledger *ledger = open_ledger(path);
    assert_true(find(ledger, "1001").in_doubt);
    assert_false(find(ledger, "1002").known);
    ledger_close(ledger);
}

/* ---- Who may have it ---- */

struct holder {
    pid_t process;
    int end; /* closing it ends the holder */
};

/* A process that has the ledger until it is told to end, or for `ms` milliseconds. */
static struct holder hold(const char *path, int ms)
{
    int ready[2];
    int end[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    fflush(NULL);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        char byte = 'x';
        close(end[1]);
        struct ledger *ledger = ledger_open(path, &account, "reregister", 0, &error);
        if (ledger == NULL || write(ready[1], &byte, 1) != 1)
            _exit(1);
        if (ms > 0)
            usleep((useconds_t)ms * 1000);
        else
            _exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
        register_order(ledger, "held", ORDER_STATUS_AUTH_OK);
        bool kept = ledger_commit(ledger, &error);
        ledger_close(ledger);
        _exit(kept ? 0 : 1);
    }
    char byte;
    close(end[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return (struct holder){process, end[1]};
}

static void let_go(struct holder holder)
{
    int status;
    close(holder.end);
    assert_int_equal(waitpid(holder.process, &status, 0), holder.process);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void second_writer_is_told_of_the_first(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct holder holder = hold(path, 0);
    char process[16];
    snprintf(process, sizeof process, "%ld", (long)holder.process);
    for (unsigned wait = 0; wait < 2; wait++) {
        double start = now();
        error = (struct error){0};
        assert_null(ledger_open(path, &account, "ship", wait, &error));
        double waited = now() - start;
        assert_true(waited >= wait && waited < wait + 0.9);
        assert_string_equal(error.code, "LEDGER_BUSY");
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_string_equal(error.path, path);
        assert_string_equal(error.args[0], process);
        assert_string_equal(error.args[1], "reregister");
        struct tm since = {.tm_isdst = -1};
        assert_ptr_equal(strptime(error.args[2], "%Y-%m-%d %H:%M:%S", &since), strchr(error.args[2], '\0'));
        assert_in_range(mktime(&since), time(NULL) - 10, time(NULL));
    }
    let_go(holder);
    ledger_close(open_ledger(path));
}

static void second_writer_gets_its_turn(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct holder holder = hold(path, 400);
    struct ledger *ledger = ledger_open(path, &account, "ship", 20, &error);
    assert_non_null(ledger);
    assert_true(find(ledger, "held").registered);
    let_go(holder);
    ledger_close(ledger);
}

/* A second one in the process that has it does no harm to the first. */
static void own_process_is_a_second_writer_too(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    assert_refused(path, "LEDGER_BUSY");
    char process[16];
    snprintf(process, sizeof process, "%ld", (long)getpid());
    assert_string_equal(error.args[0], process);
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    commit(ledger);
    ledger_close(ledger);
}

static void reader_goes_beside_a_writer(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *writer = open_ledger(path);
    register_order(writer, "1001", ORDER_STATUS_AUTH_OK);
    commit(writer);
    register_order(writer, "1002", ORDER_STATUS_AUTH_OK);
    struct ledger *reader = ledger_open_reading(path, &account, &error);
    assert_non_null(reader);
    assert_true(find(reader, "1001").registered);
    assert_false(find(reader, "1002").known);
    commit(writer);
    assert_true(find(reader, "1002").registered);
    struct ledger_intent intent = intent_of(reader, LEDGER_REGISTER, "1003", 1, "{}");
    assert_false(ledger_intend(reader, span_of("1003"), &intent, &error));
    assert_string_equal(error.code, "LEDGER_UNWRITABLE");
    ledger_close(reader);
    assert_refused(path, "LEDGER_BUSY");
    ledger_close(writer);
}

static void read_beside(const char *path)
{
    struct ledger *reader = ledger_open_reading(path, NULL, &error);
    size_t count = 0;
    if (reader == NULL || !ledger_history(reader, NULL, 0, count_entry, &count, &error) || count != 1)
        _exit(1);
    ledger_close(reader);
    _exit(0);
}

static void reader_of_another_process_takes_nothing_away(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *writer = open_ledger(path);
    register_order(writer, "1001", ORDER_STATUS_AUTH_OK);
    commit(writer);
    register_order(writer, "1002", ORDER_STATUS_AUTH_OK);
    assert_int_equal(in_process(read_beside, path), 0);
    commit(writer);
    ledger_close(writer);
    struct ledger *ledger = open_ledger(path);
    assert_true(find(ledger, "1001").registered && find(ledger, "1002").registered);
    ledger_close(ledger);
}

static void reader_of_a_dead_writers_log_sees_it(void **state)
{
    const char *path = path_of(state, "ledger.db");
    assert_int_equal(in_process(die_after_commit, path), 0);
    assert_int_equal(in_process(read_beside, path), 0);
}

static void reader_of_nothing_sees_nothing(void **state)
{
    const char *path = path_of(state, "none/ledger.db");
    for (int i = 0; i < 2; i++) {
        struct ledger *reader = ledger_open_reading(path, i == 0 ? NULL : &account, &error);
        assert_non_null(reader);
        size_t count = 0;
        assert_true(ledger_history(reader, NULL, 0, count_entry, &count, &error));
        assert_true(ledger_orders(reader, ORDER_STATUS_NONE, count_order, &count, &error));
        assert_int_equal(count, 0);
        assert_false(find(reader, "1001").known);
        ledger_close(reader);
    }
    struct stat status;
    assert_int_not_equal(stat(path_of(state, "none"), &status), 0);
    path = path_of(state, "empty.db");
    write_file(path, "", 0);
    struct ledger *reader = ledger_open_reading(path, NULL, &error);
    assert_non_null(reader);
    ledger_close(reader);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 0);
    ledger_close(open_ledger(path));
}

/* ---- Files ---- */

static void assert_mode(const char *path, mode_t mode)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
}

static void files_are_for_their_owner(void **state)
{
    mode_t before = umask(0);
    struct ledger *ledger = open_ledger(path_of(state, "state/atobarai/ledger.db"));
    intend(ledger, "1001", LEDGER_REGISTER, "1001", 1, "{}");
    commit(ledger);
    assert_mode(path_of(state, "state"), 0700);
    assert_mode(path_of(state, "state/atobarai"), 0700);
    assert_mode(path_of(state, "state/atobarai/ledger.db"), 0600);
    assert_mode(path_of(state, "state/atobarai/ledger.db-wal"), 0600);
    assert_mode(path_of(state, "state/atobarai/ledger.db-shm"), 0600);
    ledger_close(ledger);
    umask(before);
    struct stat status;
    assert_int_not_equal(stat(path_of(state, "state/atobarai/ledger.db-wal"), &status), 0);
}

static void names_are_bytes(void **state)
{
    static const char *const names[] = {"a?mode=memory", "b%41.db",   "c#d.db",    "台帳.db",
                                        "\xff\xfe.db",   "e f'\".db", "file:g.db", ":memory:"};
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(*state), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ledger *ledger = open_ledger(names[i]);
        register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
        commit(ledger);
        ledger_close(ledger);
        struct stat status;
        assert_int_equal(stat(names[i], &status), 0);
        assert_true(status.st_size > 0);
        ledger = open_ledger(path_of(state, names[i]));
        assert_true(find(ledger, "1001").known);
        ledger_close(ledger);
        ledger = ledger_open_reading(names[i], &account, &error);
        assert_non_null(ledger);
        assert_true(find(ledger, "1001").known);
        ledger_close(ledger);
    }
    assert_int_equal(chdir(here), 0);
}

static void unusable_places_are_refused(void **state)
{
    char path[4200];
    snprintf(path, sizeof path, "%s", path_of(state, "file"));
    write_file(path, "x", 1);
    snprintf(path, sizeof path, "%s", path_of(state, "file/ledger.db"));
    assert_refused(path, "LEDGER_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(ENOTDIR));
    assert_null(ledger_open_reading(path, NULL, &error));
    assert_string_equal(error.code, "LEDGER_UNWRITABLE");
    assert_refused(*state, "LEDGER_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(EISDIR));
    assert_refused("", "LEDGER_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(ENOENT));
    snprintf(path, sizeof path, "%s/%0300d", (const char *)*state, 0);
    assert_refused(path, "LEDGER_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(ENAMETOOLONG));
    assert_refused("/proc/none/ledger.db", "LEDGER_UNWRITABLE");
    if (geteuid() == 0)
        return;
    snprintf(path, sizeof path, "%s", path_of(state, "closed/ledger.db"));
    assert_int_equal(mkdir(path_of(state, "closed"), 0500), 0);
    assert_refused(path, "LEDGER_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(EACCES));
    snprintf(path, sizeof path, "%s", path_of(state, "ledger.db"));
    ledger_close(open_ledger(path));
    assert_int_equal(chmod(path, 0400), 0);
    assert_refused(path, "LEDGER_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(EACCES));
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void foreign_files_are_left_alone(void **state)
{
    static const char *const texts[] = {"xy", "受注ID,受注日時\r\n1001,2026-11-05 08:10:00\r\n"};
    static char large[10000];
    memset(large, 'x', sizeof large);
    const char *path = path_of(state, "order.csv");
    for (size_t i = 0; i <= COUNT(texts); i++) {
        const char *text = i < COUNT(texts) ? texts[i] : large;
        size_t length = i < COUNT(texts) ? strlen(text) : sizeof large;
        write_file(path, text, length);
        assert_refused(path, "LEDGER_FOREIGN");
        assert_null(ledger_open_reading(path, NULL, &error));
        assert_string_equal(error.code, "LEDGER_FOREIGN");
        char bytes[sizeof large + 1];
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(bytes, 1, sizeof bytes, file), length);
        fclose(file);
        assert_memory_equal(bytes, text, length);
    }
    static const char *const databases[] = {"CREATE TABLE t (a)", "PRAGMA application_id = 7",
                                            "PRAGMA user_version = 1"};
    for (size_t i = 0; i < COUNT(databases); i++) {
        unlink(path);
        run_sql(path, databases[i]);
        assert_refused(path, "LEDGER_FOREIGN");
        assert_null(ledger_open_reading(path, NULL, &error));
        assert_string_equal(error.code, "LEDGER_FOREIGN");
    }
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(path, "LEDGER_FOREIGN");
    assert_null(ledger_open_reading(path, NULL, &error));
    assert_string_equal(error.code, "LEDGER_FOREIGN");
}

static void newer_version_is_refused(void **state)
{
    const char *path = path_of(state, "ledger.db");
    ledger_close(open_ledger(path));
    run_sql(path, "PRAGMA user_version = 7");
    assert_refused(path, "LEDGER_NEWER");
    assert_string_equal(error.args[0], "7");
    assert_string_equal(error.args[1], "4");
    error = (struct error){0};
    assert_null(ledger_open_reading(path, NULL, &error));
    assert_string_equal(error.code, "LEDGER_NEWER");
    run_sql(path, "PRAGMA user_version = 4");
    ledger_close(open_ledger(path));
}

/* An accepted one makes its content the order's; a refused or withdrawn one leaves all as it was. */
static void reductions_change_the_content_only(void **state)
{
    static const enum ledger_end ends[] = {LEDGER_ACCEPTED, LEDGER_REFUSED, LEDGER_VOID};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct ledger *ledger = open_memory();
        register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
        struct ledger_order before = find(ledger, "1001");
        intend(ledger, "1001", LEDGER_REDUCE, "1001", 1, "less");
        settle(ledger, "1001", ends[i], ORDER_STATUS_NONE, NULL);
        struct ledger_order after = find(ledger, "1001");
        struct ledger_hash less = hash_of(ledger, "less");
        assert_false(after.in_doubt);
        assert_int_equal(after.status, ORDER_STATUS_AUTH_OK);
        assert_memory_equal(after.generations, before.generations, sizeof after.generations);
        assert_int_equal(ledger_hash_equal(&after.content.hash, &less), ends[i] == LEDGER_ACCEPTED);
        assert_int_equal(ledger_hash_equal(&after.content.hash, &before.content.hash), ends[i] != LEDGER_ACCEPTED);
        ledger_close(ledger);
    }
}

/* One that may have been made or not: what it would have changed is not known, and the rest is. */
static void unsure_reduction_is_forgotten(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    struct ledger_order before = find(ledger, "1001");
    struct ledger_intent intent = {
        .operation = LEDGER_REDUCE, .service_id = "1001", .issue = 1, .content = before.content};
    intent.content.hash = hash_of(ledger, "less");
    intent.content.fields[0] = (uint16_t)(before.content.fields[0] + 1);
    assert_true(ledger_intend(ledger, span_of("1001"), &intent, &error));
    const struct ledger_outcome unsure = {.end = LEDGER_VOID, .unsure = true};
    assert_true(ledger_settle(ledger, span_of("1001"), &unsure, &error));
    assert_true(ledger_commit(ledger, &error));
    ledger_close(ledger);
    ledger = open_ledger(path);
    struct ledger_order after = find(ledger, "1001");
    assert_false(ledger_hash_is_set(&after.content.hash));
    assert_int_equal(after.content.fields[0], 0);
    assert_memory_equal(after.content.fields + 1, before.content.fields + 1,
                        sizeof after.content.fields - sizeof after.content.fields[0]);
    assert_int_equal(after.status, before.status);
    ledger_close(ledger);
}

/* ---- Originals ---- */

static void remember(struct ledger *ledger, const char *id, const char *headings, const char *rows)
{
    assert_true(ledger_remember(ledger, span_of(id), span_of(headings), span_of(rows), &error));
}

/* NULL: nothing is kept. */
static void assert_recalled(struct ledger *ledger, const char *id, const char *headings, const char *rows)
{
    struct buf found[2] = {{0}, {0}};
    bool known;
    assert_true(ledger_recall(ledger, span_of(id), &found[0], &found[1], &known, &error));
    assert_int_equal(known, rows != NULL);
    assert_string_equal(buf_text(&found[0]), headings != NULL ? headings : "");
    assert_string_equal(buf_text(&found[1]), rows != NULL ? rows : "");
    buf_free(&found[0]);
    buf_free(&found[1]);
}

static void assert_padded(struct ledger *ledger, const char *id, const char *wanted)
{
    char other[LEDGER_ID_SIZE] = "";
    bool found;
    assert_true(ledger_find_padded(ledger, span_of(id), other, &found, &error));
    assert_int_equal(found, wanted != NULL);
    assert_string_equal(other, wanted != NULL ? wanted : "");
}

static void what_files_said_is_kept(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    assert_recalled(ledger, "1001", NULL, NULL);
    remember(ledger, "1001", "a|b", "first");
    remember(ledger, "1002", "a|b", "second");
    remember(ledger, "1003", "c", "third");
    remember(ledger, "1001", "c", "newer");
    assert_true(ledger_pending(ledger) > 0);
    assert_true(ledger_commit(ledger, &error));
    ledger_close(ledger);
    /* Of another account nothing is known; who asks for none finds all. */
    struct ledger_account another = {account.service, "another"};
    ledger = ledger_open(path, &another, "test", 0, &error);
    assert_recalled(ledger, "1001", NULL, NULL);
    ledger_close(ledger);
    ledger = ledger_open_reading(path, NULL, &error);
    assert_recalled(ledger, "1001", "c", "newer");
    assert_recalled(ledger, "1002", "a|b", "second");
    ledger_close(ledger);
    ledger = open_ledger(path);
    assert_true(ledger_forget(ledger, 1, &error));
    assert_recalled(ledger, "1003", "c", "third");
    assert_true(ledger_forget(ledger, INT64_MAX, &error));
    assert_recalled(ledger, "1003", NULL, NULL);
    ledger_close(ledger); /* without a commit */
    ledger = open_ledger(path);
    assert_recalled(ledger, "1003", "c", "third");
    ledger_close(ledger);
}

static void ids_without_their_zeros_are_found(void **state)
{
    (void)state;
    struct ledger *ledger = open_memory();
    assert_padded(ledger, "1001", NULL);
    ledger_close(ledger);
    ledger = open_memory();
    register_order(ledger, "0001001", ORDER_STATUS_AUTH_OK);
    remember(ledger, "01002", "a", "b");
    remember(ledger, "0000000000001003", "a", "b");
    assert_padded(ledger, "1001", "0001001");
    assert_padded(ledger, "1002", "01002");
    assert_padded(ledger, "1003", "0000000000001003");
    assert_padded(ledger, "1004", NULL);
    assert_padded(ledger, "01002", NULL);
    ledger_close(ledger);
}

/* ---- Runs ---- */

static void add_run(struct ledger *ledger, int64_t began)
{
    const struct ledger_run run = {.command = "reregister",
                                   .began = began,
                                   .elapsed_ms = 1,
                                   .rows = 7,
                                   .orders = 6,
                                   .succeeded = 1,
                                   .failed = 2,
                                   .invalid = 3,
                                   .unsent = 4,
                                   .exit = 5};
    assert_true(ledger_add_run(ledger, &run, &error));
}

/* Of the last `most` runs the first began at `first`, and the last, a second after the one before, at `last`; 0: there
 * is none. */
static void assert_runs(struct ledger *ledger, size_t most, int64_t first, int64_t last)
{
    struct ledger_run runs[LEDGER_RUNS_MAX + 1];
    size_t count;
    assert_true(most <= COUNT(runs));
    assert_true(ledger_runs(ledger, most, runs, &count, &error));
    assert_int_equal(count, first == 0 ? 0 : last - first + 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(runs[i].began, first + (int64_t)i);
}

static void runs_are_kept_by_account(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    struct ledger_run run;
    size_t count;
    assert_runs(ledger, 30, 0, 0);
    add_run(ledger, 1000);
    assert_true(ledger_pending(ledger) > 0);
    add_run(ledger, 1001);
    add_run(ledger, 1002);
    assert_runs(ledger, 30, 1000, 1002);
    assert_runs(ledger, 2, 1001, 1002);
    assert_runs(ledger, 0, 0, 0);
    assert_true(ledger_runs(ledger, 1, &run, &count, &error));
    assert_string_equal(run.command, "reregister");
    assert_int_equal(run.elapsed_ms, 1);
    assert_int_equal(run.rows, 7);
    assert_int_equal(run.orders, 6);
    assert_int_equal(run.succeeded, 1);
    assert_int_equal(run.failed, 2);
    assert_int_equal(run.invalid, 3);
    assert_int_equal(run.unsent, 4);
    assert_int_equal(run.exit, 5);
    assert_true(ledger_commit(ledger, &error));
    add_run(ledger, 1003);
    ledger_close(ledger); /* without a commit */
    struct ledger_account another = {account.service, "another"};
    ledger = ledger_open(path, &another, "test", 0, &error);
    assert_runs(ledger, 30, 0, 0);
    ledger_close(ledger);
    ledger = ledger_open_reading(path, NULL, &error);
    assert_runs(ledger, 30, 0, 0);
    ledger_close(ledger);
    ledger = ledger_open_reading(path, &account, &error);
    assert_runs(ledger, 30, 1000, 1002);
    ledger_close(ledger);
}

static void old_runs_are_forgotten(void **state)
{
    const int64_t days = INT64_C(400) * 24 * 60 * 60;
    (void)state;
    struct ledger *ledger = open_memory();
    for (int64_t i = 1; i <= LEDGER_RUNS_MAX + 3; i++)
        add_run(ledger, i);
    assert_runs(ledger, LEDGER_RUNS_MAX + 1, 4, LEDGER_RUNS_MAX + 3);
    add_run(ledger, LEDGER_RUNS_MAX + 4);
    assert_runs(ledger, LEDGER_RUNS_MAX + 1, 5, LEDGER_RUNS_MAX + 4);
    add_run(ledger, LEDGER_RUNS_MAX + 4 + days);
    struct ledger_run runs[3];
    size_t count;
    assert_true(ledger_runs(ledger, 3, runs, &count, &error));
    assert_int_equal(count, 2); /* the one of 400 days ago, too */
    ledger_close(ledger);
}

/* A ledger as the first version made it, with an order that is registered and one that is in doubt, goes on as it was,
 * and can do what only the second can. */
static void first_version_is_brought_up_to_date(void **state)
{
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    intend(ledger, "1002", LEDGER_REGISTER, "1002", 1, "second");
    assert_true(ledger_commit(ledger, &error));
    ledger_close(ledger);
    /* Back to the first version: its table of operations is that of 0001.sql, which differs in one CHECK. */
    const char *begin = strstr(embedded_ledger_schema_1, "CREATE TABLE operations (");
    const char *end = strstr(begin, ") STRICT;");
    struct buf sql = {0};
    buf_append_text(
        &sql, "DROP TABLE runs; DROP TABLE originals; DROP TABLE layouts; ALTER TABLE operations RENAME TO newer;");
    buf_append(&sql, begin, (size_t)(end - begin) + strlen(") STRICT;"));
    buf_append_text(&sql, "INSERT INTO operations SELECT * FROM newer; DROP TABLE newer;");
    buf_append_text(&sql, strstr(end, "CREATE UNIQUE INDEX"));
    buf_append_text(&sql, "PRAGMA user_version = 1;");
    run_sql(path, buf_text(&sql));
    buf_free(&sql);
    /* A reader takes it as it is. */
    ledger = ledger_open_reading(path, &account, &error);
    assert_non_null(ledger);
    assert_true(find(ledger, "1002").in_doubt);
    assert_recalled(ledger, "1001", NULL, NULL);
    assert_padded(ledger, "1", NULL);
    assert_runs(ledger, 1, 0, 0);
    ledger_close(ledger);
    ledger = open_ledger(path);
    add_run(ledger, 5);
    assert_runs(ledger, 2, 5, 5);
    remember(ledger, "1001", "a", "b");
    assert_recalled(ledger, "1001", "a", "b");
    assert_int_equal(find(ledger, "1001").status, ORDER_STATUS_AUTH_OK);
    assert_true(find(ledger, "1002").in_doubt);
    settle(ledger, "1002", LEDGER_ACCEPTED, ORDER_STATUS_AUTH_NG, NULL);
    intend(ledger, "1001", LEDGER_REDUCE, "1001", 1, "less");
    settle(ledger, "1001", LEDGER_ACCEPTED, ORDER_STATUS_NONE, NULL);
    assert_true(ledger_commit(ledger, &error));
    ledger_close(ledger);
    ledger = open_ledger(path);
    assert_int_equal(find(ledger, "1002").status, ORDER_STATUS_AUTH_NG);
    ledger_close(ledger);
}

/* Write `length` bytes of rubbish over `path` at `offset`; what was there goes to `before` where that is not NULL. */
static void damage(const char *path, long offset, size_t length, void *before)
{
    char rubbish[4096];
    memset(rubbish, 0xA5, sizeof rubbish);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    if (before != NULL) {
        assert_int_equal(fseek(file, offset, SEEK_SET), 0);
        assert_int_equal(fread(before, 1, length, file), length);
    }
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(rubbish, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void mend(const char *path, long offset, size_t length, const void *before)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(before, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void damage_is_found_on_opening(void **state)
{
    enum { PAGE = 4096, ORDERS = 300 };
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    for (int i = 0; i < ORDERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        register_order(ledger, id, ORDER_STATUS_AUTH_OK);
    }
    commit(ledger);
    ledger_close(ledger);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size > 20L * PAGE);
    for (long page = 1; page < status.st_size / PAGE; page++) {
        char before[PAGE];
        damage(path, page * PAGE, 64, before);
        assert_refused(path, "LEDGER_CORRUPT");
        assert_string_not_equal(error.args[0], "");
        mend(path, page * PAGE, 64, before);
    }
    /* The beginning of the file, which says that it is a database: the ledger's mark is still there. */
    char before[PAGE];
    damage(path, 0, 16, before);
    assert_refused(path, "LEDGER_CORRUPT");
    assert_null(ledger_open_reading(path, NULL, &error));
    assert_string_equal(error.code, "LEDGER_CORRUPT");
    mend(path, 0, 16, before);
    damage(path, 100, 300, before);
    assert_refused(path, "LEDGER_CORRUPT");
    mend(path, 100, 300, before);
    ledger = open_ledger(path);
    assert_true(find(ledger, "299").registered);
    ledger_close(ledger);

    /* Cut off; and then without what must be in it. */
    assert_int_equal(truncate(path, status.st_size / 2), 0);
    assert_refused(path, "LEDGER_CORRUPT");
    unlink(path);
    ledger_close(open_ledger(path));
    run_sql(path, "DELETE FROM property");
    assert_refused(path, "LEDGER_CORRUPT");
    unlink(path);
    ledger_close(open_ledger(path));
    run_sql(path, "DROP TABLE operations");
    ledger = ledger_open_reading(path, NULL, &error);
    assert_non_null(ledger);
    size_t count = 0;
    assert_false(ledger_history(ledger, NULL, 0, count_entry, &count, &error));
    assert_string_equal(error.code, "LEDGER_CORRUPT");
    ledger_close(ledger);
}

/* ---- Failing on the way ---- */

static void fail_on_the_way(const char *path)
{
    signal(SIGXFSZ, SIG_IGN);
    struct ledger *ledger = ledger_open(path, &account, "register", 0, &error);
    if (ledger == NULL)
        _exit(1);
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    if (!ledger_commit(ledger, &error))
        _exit(2);
    /* No file may grow: as a full disk, but for the words. */
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    struct rlimit none = {.rlim_cur = 1, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
    intend(ledger, "1002", LEDGER_REGISTER, "1002", 1, "{}");
    bool kept = ledger_commit(ledger, &error);
    setrlimit(RLIMIT_FSIZE, &limit);
    if (kept || strcmp(error.code, "LEDGER_UNWRITABLE") != 0 || strcmp(error.args[0], strerror(EFBIG)) != 0)
        _exit(3);
    /* There is room again, and yet nothing goes on as if nothing had been. */
    struct ledger_order order;
    struct ledger_intent intent = intent_of(ledger, LEDGER_REGISTER, "1003", 1, "{}");
    struct ledger_outcome outcome = {.end = LEDGER_VOID};
    error = (struct error){0};
    if (ledger_intend(ledger, span_of("1003"), &intent, &error) || ledger_commit(ledger, &error) ||
        ledger_find(ledger, span_of("1001"), &order, &error) ||
        ledger_settle(ledger, span_of("1002"), &outcome, &error) ||
        ledger_tell(ledger, span_of("1001"), ORDER_STATUS_AUTH_OK, &error))
        _exit(4);
    ledger_close(ledger);
    _exit(strcmp(error.code, "LEDGER_UNWRITABLE") == 0 ? 0 : 5);
}

static void failure_is_for_good(void **state)
{
    const char *path = path_of(state, "ledger.db");
    assert_int_equal(in_process(fail_on_the_way, path), 0);
    struct ledger *ledger = open_ledger(path);
    assert_true(find(ledger, "1001").registered);
    assert_false(find(ledger, "1002").known || find(ledger, "1003").known);
    ledger_close(ledger);
}

static void lost_file_is_noticed(void **state)
{
    char path[4200];
    snprintf(path, sizeof path, "%s", path_of(state, "ledger.db"));
    struct ledger *ledger = open_ledger(path);
    register_order(ledger, "1001", ORDER_STATUS_AUTH_OK);
    commit(ledger);
    assert_int_equal(rename(path, path_of(state, "other.db")), 0);
    register_order(ledger, "1002", ORDER_STATUS_AUTH_OK);
    assert_false(ledger_commit(ledger, &error));
    assert_string_equal(error.code, "LEDGER_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(ENOENT));
    ledger_close(ledger);
}

/* More than are kept in memory: what is looked up again is what was. */
static void many_orders_on_their_way(void **state)
{
    enum { ORDERS = 3000 };
    static const enum order_status answers[] = {ORDER_STATUS_AUTH_OK, ORDER_STATUS_AUTH_NG, ORDER_STATUS_AUTH_PENDING};
    const char *path = path_of(state, "ledger.db");
    struct ledger *ledger = open_ledger(path);
    struct ledger_order *known = calloc(ORDERS, sizeof *known);
    char id[24];
    assert_non_null(known);
    for (int i = 0; i < ORDERS; i++) {
        snprintf(id, sizeof id, "A-%d", i);
        intend(ledger, id, LEDGER_REGISTER, id, 1, id);
    }
    commit(ledger);
    for (int i = 0; i < ORDERS; i++) {
        snprintf(id, sizeof id, "A-%d", i);
        assert_true(find(ledger, id).in_doubt);
        if (i % 7 == 0)
            assert_true(ledger_note_conflict(ledger, span_of(id), &error));
        if (i % 5 != 0)
            settle(ledger, id, i % 3 == 0 ? LEDGER_REFUSED : LEDGER_ACCEPTED, answers[i % 3],
                   i % 3 == 0 ? "SERVICE_REFUSED" : NULL);
    }
    for (int i = 0; i < ORDERS; i++) {
        snprintf(id, sizeof id, "A-%d", i);
        known[i] = find(ledger, id);
        assert_int_equal(known[i].in_doubt, i % 5 == 0);
        assert_int_equal(known[i].intent.conflicted, i % 5 == 0 && i % 7 == 0);
    }
    commit(ledger);
    ledger_close(ledger);
    ledger = open_ledger(path);
    for (int i = ORDERS; i-- > 0;) {
        snprintf(id, sizeof id, "A-%d", i);
        struct ledger_order again = find(ledger, id);
        assert_memory_equal(&again, &known[i], sizeof again);
    }
    ledger_close(ledger);
    free(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_keyed_and_tell_parts_apart),
        cmocka_unit_test_setup_teardown(salt_stays_with_the_file, make_folder, remove_folder),
        cmocka_unit_test(order_goes_its_way),
        cmocka_unit_test_setup_teardown(doubt_stays_until_it_is_settled, make_folder, remove_folder),
        cmocka_unit_test(void_leaves_all_as_it_was),
        cmocka_unit_test(refusals_make_generations),
        cmocka_unit_test(conflict_is_remembered_until_it_is_settled),
        cmocka_unit_test(unsure_shipment_is_forgotten),
        cmocka_unit_test(new_issue_begins_anew),
        cmocka_unit_test(foreign_orders_are_told_apart),
        cmocka_unit_test(answers_clear_old_errors),
        cmocka_unit_test(mall_numbers_belong_to_one_order),
        cmocka_unit_test_setup_teardown(accounts_are_apart, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(file_names_no_account, make_folder, remove_folder),
        cmocka_unit_test(history_tells_what_was_done),
        cmocka_unit_test(orders_are_listed_by_status),
        cmocka_unit_test_setup_teardown(hostile_texts_stay_what_they_are, make_folder, remove_folder),
        cmocka_unit_test(messages_are_cut_at_a_character),
        cmocka_unit_test_setup_teardown(what_is_committed_is_there_again, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(many_orders_on_their_way, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(dying_keeps_what_was_committed, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(second_writer_is_told_of_the_first, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(second_writer_gets_its_turn, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(own_process_is_a_second_writer_too, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(reader_goes_beside_a_writer, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(reader_of_another_process_takes_nothing_away, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(reader_of_a_dead_writers_log_sees_it, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(reader_of_nothing_sees_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(files_are_for_their_owner, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(names_are_bytes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(unusable_places_are_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(foreign_files_are_left_alone, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(newer_version_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_files_said_is_kept, make_folder, remove_folder),
        cmocka_unit_test(ids_without_their_zeros_are_found),
        cmocka_unit_test_setup_teardown(runs_are_kept_by_account, make_folder, remove_folder),
        cmocka_unit_test(old_runs_are_forgotten),
        cmocka_unit_test_setup_teardown(first_version_is_brought_up_to_date, make_folder, remove_folder),
        cmocka_unit_test(reductions_change_the_content_only),
        cmocka_unit_test_setup_teardown(unsure_reduction_is_forgotten, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(damage_is_found_on_opening, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(failure_is_for_good, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(lost_file_is_noticed, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
