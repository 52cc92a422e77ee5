/* tests/unit/test_sandbox.c: the simulated service, first its pure parts, then over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sandbox/faults.h"
#include "sandbox/orders.h"
#include "sandbox/route.h"
#include "sandbox/rules.h"
#include "sandbox/sandbox.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Bodies ---- */

/* A valid order of `id`; `email` NULL: none. Freed by the caller. */
static char *order_body(const char *id, const char *email, int amount)
{
    struct buf text = {0};
    buf_printf(&text,
               "{\"id\":\"%s\",\"orderedAt\":\"2026-11-02T17:54:08+09:00\",\"amount\":%d,\"buyer\":{\"name\":\"山田\"",
               id, amount);
    if (email != NULL)
        buf_printf(&text, ",\"email\":\"%s\"", email);
    buf_append_text(&text, "},\"items\":[{\"id\":\"A-1\",\"name\":\"りんご\"}]}");
    return buf_take(&text);
}

/* One item between a fine one and the end: its id and name are JSON texts without their quotes. */
static char *item_body(const char *id, const char *name)
{
    struct buf text = {0};
    buf_printf(&text,
               "{\"id\":\"1\",\"orderedAt\":\"2026-11-02T17:54:08+09:00\",\"amount\":1,\"buyer\":{\"name\":\"a\"},"
               "\"items\":[{\"id\":\"x\",\"name\":\"y\"},{\"id\":\"%s\",\"name\":\"%s\"}]}",
               id, name);
    return buf_take(&text);
}

/* `unit` repeated. Freed by the caller. */
static char *repeated(const char *unit, size_t times)
{
    struct buf text = {0};
    buf_append_text(&text, "");
    for (size_t i = 0; i < times; i++)
        buf_append_text(&text, unit);
    return buf_take(&text);
}

/* What the rules say to `body`: "" when they accept it. Static per thread until the next call. */
static const char *verdict(const char *body)
{
    static _Thread_local char message[SANDBOX_MESSAGE_SIZE];
    struct sandbox_order_body order;
    if (sandbox_check_order(body, strlen(body), &order, message))
        return "";
    return message;
}

static void assert_item_verdict(const char *id, const char *name, const char *expected)
{
    char *body = item_body(id, name);
    assert_string_equal(verdict(body), expected);
    free(body);
}

/* ---- Rules ---- */

static void rules_speak_as_the_service_does(void **state)
{
    (void)state;
    char *name255 = repeated("あ", 255);
    char *name256 = repeated("あ", 256);
    char *emoji127 = repeated("😀", 127); /* 254 UTF-16 units */
    char *emoji128 = repeated("😀", 128); /* 256 */
    char *id36 = repeated("9", 36);
    char *id37 = repeated("9", 37);
    static const char name_size[] = "validation error:items[1].name size must be between 1 and 255";
    static const char id_size[] = "validation error:items[1].id size must be between 1 and 36";
    static const char id_ascii[] = "validation error:items[1].id contains non-Ascii character";
    assert_item_verdict("x", name255, "");
    assert_item_verdict("x", name256, name_size);
    assert_item_verdict("x", emoji127, "");
    assert_item_verdict("x", emoji128, name_size);
    assert_item_verdict("x", "", name_size);
    assert_item_verdict(id36, "x", "");
    assert_item_verdict(id37, "x", id_size);
    assert_item_verdict("", "x", id_size);
    assert_item_verdict("商品", "x", id_ascii);
    assert_item_verdict("A-1_#/", "x", "");
    assert_item_verdict("\\u3042", "x", id_ascii);
    free(name255);
    free(name256);
    free(emoji127);
    free(emoji128);
    free(id36);
    free(id37);
}

static void rules_name_the_first_field_that_fails(void **state)
{
    (void)state;
#define HEAD "{\"id\":\"1\",\"orderedAt\":\"2026-11-02T17:54:08+09:00\","
#define TAIL "\"buyer\":{\"name\":\"a\"},\"items\":[{\"id\":\"x\",\"name\":\"y\"}]}"
    static const struct {
        const char *body;
        const char *message;
    } cases[] = {
        {"{}", "validation error:id must not be null"},
        {HEAD TAIL, "validation error:amount must not be null"},
        {HEAD "\"amount\":null," TAIL, "validation error:amount must not be null"},
        {HEAD "\"amount\":\"1\"," TAIL, "validation error:amount must be an integer"},
        {HEAD "\"amount\":1.5," TAIL, "validation error:amount must be an integer"},
        {HEAD "\"amount\":1e300," TAIL, "validation error:amount must be an integer"},
        {HEAD "\"amount\":-1," TAIL, "validation error:amount must be greater than or equal to 0"},
        {HEAD "\"amount\":0," TAIL, ""},
        {HEAD "\"amount\":0,\"mallOrderNumber\":\"9\"," TAIL, "validation error:unknown field"},
        {HEAD "\"amount\":0,\"delivery\":{}," TAIL, "validation error:delivery must not be empty"},
        {HEAD "\"amount\":0,\"delivery\":{\"email\":\"a\"}," TAIL, "validation error:delivery has an unknown field"},
        {HEAD "\"amount\":0,\"delivery\":{\"name\":\"a\"}," TAIL, ""},
        {HEAD "\"amount\":0,\"buyer\":[],\"items\":[]}", "validation error:buyer must be an object"},
        {HEAD "\"amount\":0,\"buyer\":{\"name\":\"\"},\"items\":[]}", "validation error:buyer.name must not be empty"},
        {HEAD "\"amount\":0,\"buyer\":{\"name\":\"a\"},\"items\":[]}", "validation error:items must not be empty"},
        {HEAD "\"amount\":0,\"buyer\":{\"name\":\"a\"},\"items\":[1]}", "validation error:items[0] must be an object"},
        {HEAD "\"amount\":0,\"buyer\":{\"name\":\"a\"},\"items\":[{\"id\":\"x\",\"name\":\"y\",\"quantity\":\"2\"}]}",
         "validation error:items[0].quantity must be an integer"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(verdict(cases[i].body), cases[i].message);
#undef HEAD
#undef TAIL
}

static void rules_want_japans_time(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2026-11-02T17:54:08Z",      "2026-11-02T17:54:08+00:00",   "2026-13-02T17:54:08+09:00",
        "2026-11-00T17:54:08+09:00", "2026-11-02T24:00:00+09:00",   "2026-11-02 17:54:08+09:00",
        "2026-11-02T17:54+09:00",    "2026-11-02T17:54:08.5+09:00", "",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct buf body = {0};
        buf_printf(
            &body,
            "{\"id\":\"1\",\"orderedAt\":\"%s\",\"amount\":1,\"buyer\":{\"name\":\"a\"},\"items\":[{\"id\":\"x\","
            "\"name\":\"y\"}]}",
            bad[i]);
        assert_string_equal(verdict(buf_text(&body)), "validation error:orderedAt must be a date and time with +09:00");
        buf_free(&body);
    }
}

static void rules_refuse_what_is_no_json(void **state)
{
    (void)state;
    char *fine = order_body("1", NULL, 1);
    assert_string_equal(verdict(fine), "");
    struct buf trailing = {0};
    buf_printf(&trailing, "%s x", fine);
    assert_string_equal(verdict(buf_text(&trailing)), "malformed JSON");
    buf_clear(&trailing);
    buf_printf(&trailing, "%s \r\n", fine);
    assert_string_equal(verdict(buf_text(&trailing)), "");
    buf_free(&trailing);
    fine[strlen(fine) - 1] = '\0';
    assert_string_equal(verdict(fine), "malformed JSON");
    free(fine);
    assert_string_equal(verdict(""), "malformed JSON");
    assert_string_equal(verdict("[]"), "malformed JSON");
    /* Not UTF-8 (あ in CP932; an overlong slash; a surrogate), and a NUL in disguise; an escaped backslash is none. */
    assert_item_verdict("x", "\x82\xA0", "malformed JSON");
    assert_item_verdict("x", "\xC0\xAF", "malformed JSON");
    assert_item_verdict("x", "\xED\xA0\x80", "malformed JSON");
    assert_item_verdict("x", "a\\u0000b", "malformed JSON");
    assert_item_verdict("x", "a\\\\u0000b", "");
    char message[SANDBOX_MESSAGE_SIZE];
    struct sandbox_order_body order;
    assert_false(sandbox_check_order("{}\0", 3, &order, message));
    assert_string_equal(message, "malformed JSON");
}

static void rules_of_shipment_and_cancellation(void **state)
{
    (void)state;
    char message[SANDBOX_MESSAGE_SIZE];
    static const char full[] = "{\"trackingNumber\":\"123456789012\",\"carrier\":\"ヤマト\"}";
    static const char half[] = "{\"trackingNumber\":\"123456789012\"}";
    static const char empty[] = "{\"trackingNumber\":\"\",\"carrier\":\"ヤマト\"}";
    assert_true(sandbox_check_shipment(full, strlen(full), message));
    assert_false(sandbox_check_shipment(half, strlen(half), message));
    assert_string_equal(message, "validation error:carrier must not be null");
    assert_false(sandbox_check_shipment(empty, strlen(empty), message));
    assert_string_equal(message, "validation error:trackingNumber must not be empty");
    assert_true(sandbox_check_cancellation("{}", 2, message));
    assert_false(sandbox_check_cancellation("", 0, message));
    assert_string_equal(message, "malformed JSON");
    assert_false(sandbox_check_cancellation(half, strlen(half), message));
    assert_string_equal(message, "validation error:unknown field");
}

/* ---- Rules against schemas/api/order-request.schema.json: both say the same of each member ---- */

static cJSON *schema_read(const char *name)
{
    struct buf path = {0};
    struct buf text = {0};
    char part[4096];
    size_t got;
    /* Beside this source, as the compiler was told its path: builds run their tests where they compile. */
    buf_printf(&path, "%.*s../../schemas/api/%s", (int)(strrchr(__FILE__, '/') + 1 - __FILE__), __FILE__, name);
    FILE *file = fopen(buf_text(&path), "r");
    assert_non_null(file);
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buf_append(&text, part, got);
    fclose(file);
    cJSON *schema = cJSON_Parse(buf_text(&text));
    assert_non_null(schema);
    buf_free(&path);
    buf_free(&text);
    return schema;
}

/* `root` with `object`'s member set to `value` for a moment (NULL: taken away): do the rules accept it? */
static bool accepted_with(cJSON *root, cJSON *object, const char *member, cJSON *value)
{
    cJSON *before = cJSON_DetachItemFromObjectCaseSensitive(object, member);
    if (value != NULL)
        cJSON_AddItemToObject(object, member, value);
    char *body = cJSON_PrintUnformatted(root);
    bool accepted = *verdict(body) == '\0';
    free(body);
    cJSON_DeleteItemFromObjectCaseSensitive(object, member);
    if (before != NULL)
        cJSON_AddItemToObject(object, member, before);
    return accepted;
}

static bool is_required(const cJSON *schema, const char *member)
{
    const cJSON *name = NULL;
    cJSON_ArrayForEach(name, cJSON_GetObjectItem(schema, "required"))
    {
        if (strcmp(name->valuestring, member) == 0)
            return true;
    }
    return false;
}

static bool text_accepted(cJSON *root, cJSON *object, const char *member, size_t length)
{
    char *text = repeated("x", length);
    bool accepted = accepted_with(root, object, member, cJSON_CreateString(text));
    free(text);
    return accepted;
}

/* One member of `object`, which stands somewhere in `root`: presence, type and limits are as the schema says. */
static void assert_member_agrees(const cJSON *schema, const cJSON *rule, cJSON *root, cJSON *object)
{
    const char *member = rule->string;
    const cJSON *max = cJSON_GetObjectItem(rule, "maxLength");
    const cJSON *min = cJSON_GetObjectItem(rule, "minLength");
    const cJSON *least = cJSON_GetObjectItem(rule, "minimum");
    const cJSON *most = cJSON_GetObjectItem(rule, "maximum");
    assert_non_null(cJSON_GetObjectItemCaseSensitive(object, member)); /* the full order below has it */
    assert_int_equal(accepted_with(root, object, member, NULL), !is_required(schema, member));
    assert_false(accepted_with(root, object, member, cJSON_CreateTrue()));
    assert_false(accepted_with(root, object, member, cJSON_CreateNull()));
    if (max != NULL) {
        assert_true(text_accepted(root, object, member, (size_t)max->valueint));
        assert_false(text_accepted(root, object, member, (size_t)max->valueint + 1));
    }
    if (min != NULL) {
        assert_true(text_accepted(root, object, member, (size_t)min->valueint));
        assert_false(text_accepted(root, object, member, (size_t)min->valueint - 1));
    }
    if (least != NULL) {
        assert_true(accepted_with(root, object, member, cJSON_CreateNumber(least->valuedouble)));
        assert_false(accepted_with(root, object, member, cJSON_CreateNumber(least->valuedouble - 1)));
        assert_true(accepted_with(root, object, member, cJSON_CreateNumber(most->valuedouble)));
        assert_false(accepted_with(root, object, member, cJSON_CreateNumber(most->valuedouble + 1)));
    }
}

static void assert_object_agrees(const cJSON *schema, cJSON *root, cJSON *object)
{
    const cJSON *rule = NULL;
    const cJSON *rules = cJSON_GetObjectItem(schema, "properties");
    assert_int_equal(cJSON_GetArraySize(rules), cJSON_GetArraySize(object));
    cJSON_ArrayForEach(rule, rules)
    {
        assert_member_agrees(schema, rule, root, object);
    }
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(schema, "additionalProperties")));
    assert_false(accepted_with(root, object, "surprise", cJSON_CreateString("x")));
}

static void rules_and_schema_agree(void **state)
{
    (void)state;
    static const char full[] =
        "{\"id\":\"1\",\"orderedAt\":\"2026-11-02T17:54:08+09:00\",\"amount\":1,"
        "\"buyer\":{\"name\":\"a\",\"nameKana\":\"b\",\"postalCode\":\"c\",\"address\":\"d\",\"phone\":\"e\",\"email\":"
        "\"f\"},"
        "\"delivery\":{\"name\":\"a\",\"nameKana\":\"b\",\"postalCode\":\"c\",\"address\":\"d\",\"phone\":\"e\"},"
        "\"items\":[{\"id\":\"x\",\"name\":\"y\",\"unitPrice\":1,\"quantity\":1,\"amount\":-1}]}";
    cJSON *schema = schema_read("order-request.schema.json");
    cJSON *order = cJSON_Parse(full);
    const cJSON *rules = cJSON_GetObjectItem(schema, "properties");
    assert_string_equal(verdict(full), "");
    assert_object_agrees(schema, order, order);
    assert_object_agrees(cJSON_GetObjectItem(rules, "buyer"), order, cJSON_GetObjectItem(order, "buyer"));
    assert_object_agrees(cJSON_GetObjectItem(rules, "delivery"), order, cJSON_GetObjectItem(order, "delivery"));
    assert_object_agrees(cJSON_GetObjectItem(cJSON_GetObjectItem(schema, "definitions"), "item"), order,
                         cJSON_GetArrayItem(cJSON_GetObjectItem(order, "items"), 0));
    cJSON_Delete(order);
    cJSON_Delete(schema);
}

static void statuses_are_the_schemas(void **state)
{
    (void)state;
    cJSON *schema = schema_read("order-answer.schema.json");
    const cJSON *names =
        cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetObjectItem(schema, "properties"), "creditStatus"), "enum");
    assert_int_equal(cJSON_GetArraySize(names), SANDBOX_CANCEL_PENDING + 1);
    for (int i = 0; i <= SANDBOX_CANCEL_PENDING; i++)
        assert_string_equal(sandbox_status_name((enum sandbox_status)i), cJSON_GetArrayItem(names, i)->valuestring);
    cJSON_Delete(schema);
}

static void cards_go_by_the_local_part(void **state)
{
    (void)state;
    assert_int_equal(sandbox_card_of("ng@example.jp")->registration, SANDBOX_AUTH_NG);
    assert_int_equal(sandbox_card_of("pending@example.jp")->registration, SANDBOX_AUTH_PENDING);
    assert_int_equal(sandbox_card_of("failed@example.jp")->registration, SANDBOX_AUTH_FAILED);
    assert_int_equal(sandbox_card_of("shipng@example.jp")->registration, SANDBOX_AUTH_OK);
    assert_int_equal(sandbox_card_of("shipng@example.jp")->shipment, SANDBOX_SHIP_NG);
    assert_int_equal(sandbox_card_of("cancelng@example.jp")->cancellation, SANDBOX_CANCEL_NG);
    static const char *const others[] = {"n@example.jp", "ngx@example.jp", "ng", "NG@example.jp", "@", "", NULL};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(sandbox_card_of(others[i])->registration, SANDBOX_AUTH_OK);
        assert_int_equal(sandbox_card_of(others[i])->shipment, SANDBOX_SHIP_OK);
        assert_int_equal(sandbox_card_of(others[i])->cancellation, SANDBOX_CANCEL_OK);
    }
}

/* ---- Routes ---- */

static void routes_split_before_they_decode(void **state)
{
    (void)state;
    struct sandbox_route route = sandbox_route_of("/v1/orders/A%2FB%20%e3%81%82%2F/shipment");
    assert_int_equal(route.call, SANDBOX_CALL_SHIP);
    assert_string_equal(route.id, "A/B あ/");
    assert_int_equal(sandbox_route_of("/v1/orders").call, SANDBOX_CALL_REGISTER);
    assert_int_equal(sandbox_route_of("/v1/orders/1").call, SANDBOX_CALL_ASK);
    assert_int_equal(sandbox_route_of("/v1/orders/1/cancellation").call, SANDBOX_CALL_CANCEL);
    assert_int_equal(sandbox_route_of("/v1/_stats").call, SANDBOX_CALL_STATS);
    char *long_id = repeated("9", SANDBOX_ID_SIZE);
    struct buf long_path = {0};
    buf_printf(&long_path, "/v1/orders/%s", long_id);
    const char *const unknown[] = {
        "/",
        "/v1/orders/",
        "/v1/ordersx",
        "/v2/orders",
        "/v1/orders//shipment",
        "/v1/orders/1/refund",
        "/v1/orders/%",
        "/v1/orders/%4",
        "/v1/orders/%zz",
        "/v1/orders/a%00b",
        "/v1/orders/1/shipment/",
        buf_text(&long_path),
    };
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_int_equal(sandbox_route_of(unknown[i]).call, SANDBOX_CALL_UNKNOWN);
    buf_free(&long_path);
    free(long_id);
}

/* ---- The order table ---- */

static const char shipment[] = "{\"trackingNumber\":\"123456789012\",\"carrier\":\"ヤマト\"}";
static const char shipment2[] = "{\"trackingNumber\":\"123456789013\",\"carrier\":\"ヤマト\"}";

enum step { REGISTER, ASK, SHIP, SHIP2, CANCEL };

/* Take one step with the order `id`, and look at both halves of the reply. `expected`: a credit status, or NULL where
 * a message is expected. */
static void assert_step(struct sandbox_orders *orders, const char *id, const char *email, enum step step,
                        unsigned status, const char *expected)
{
    struct sandbox_reply reply = {0};
    char *body = order_body(id, email, 1);
    if (step == REGISTER)
        sandbox_orders_register(orders, id, body, strlen(body), &reply);
    else if (step == ASK)
        sandbox_orders_ask(orders, id, &reply);
    else if (step == SHIP || step == SHIP2)
        sandbox_orders_ship(orders, id, step == SHIP ? shipment : shipment2, sizeof shipment - 1, &reply);
    else
        sandbox_orders_cancel(orders, id, "{}", 2, &reply);
    assert_int_equal(reply.status, status);
    cJSON *answer = cJSON_Parse(reply.body);
    assert_non_null(answer);
    if (expected != NULL) {
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "creditStatus")), expected);
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "id")), id);
    } else {
        assert_non_null(cJSON_GetStringValue(cJSON_GetObjectItem(answer, "message")));
    }
    cJSON_Delete(answer);
    sandbox_reply_free(&reply);
    free(body);
}

static void orders_take_only_legal_steps(void **state)
{
    (void)state;
    struct sandbox_orders *orders = sandbox_orders_new();
    assert_step(orders, "1", NULL, ASK, 404, NULL);
    assert_step(orders, "1", NULL, SHIP, 404, NULL);
    assert_step(orders, "1", NULL, CANCEL, 404, NULL);
    assert_step(orders, "1", NULL, REGISTER, 201, "AUTH_OK");
    assert_step(orders, "1", NULL, ASK, 200, "AUTH_OK");
    assert_step(orders, "1", NULL, SHIP, 202, "SHIP_OK");
    assert_step(orders, "1", NULL, ASK, 200, "SHIP_OK");
    assert_step(orders, "1", NULL, SHIP, 409, NULL);
    assert_step(orders, "1", NULL, SHIP2, 202, "SHIP_OK");
    assert_step(orders, "1", NULL, CANCEL, 202, "CANCEL_OK");
    assert_step(orders, "1", NULL, ASK, 200, "CANCEL_OK");
    assert_step(orders, "1", NULL, CANCEL, 409, NULL);
    assert_step(orders, "1", NULL, SHIP2, 409, NULL);
    struct sandbox_counts counts = sandbox_orders_counts(orders);
    assert_int_equal(counts.registered, 1);
    assert_int_equal(counts.shipped, 2);
    assert_int_equal(counts.cancelled, 1);
    sandbox_orders_free(orders);
}

static void orders_follow_their_cards(void **state)
{
    (void)state;
    struct sandbox_orders *orders = sandbox_orders_new();
    assert_step(orders, "ng", "ng@example.jp", REGISTER, 201, "AUTH_NG");
    assert_step(orders, "ng", NULL, SHIP, 409, NULL);
    assert_step(orders, "ng", NULL, ASK, 200, "AUTH_NG");
    assert_step(orders, "ng", NULL, CANCEL, 202, "CANCEL_OK");
    assert_step(orders, "p", "pending@example.jp", REGISTER, 201, "AUTH_PENDING");
    assert_step(orders, "p", NULL, SHIP, 409, NULL);
    assert_step(orders, "p", NULL, ASK, 200, "AUTH_OK");
    assert_step(orders, "p", "pending@example.jp", REGISTER, 200, "AUTH_PENDING"); /* a replay: the first answer */
    assert_step(orders, "p", NULL, ASK, 200, "AUTH_OK");
    assert_step(orders, "f", "failed@example.jp", REGISTER, 201, "AUTH_FAILED");
    assert_step(orders, "f", NULL, SHIP, 409, NULL);
    assert_step(orders, "s", "shipng@example.jp", REGISTER, 201, "AUTH_OK");
    assert_step(orders, "s", NULL, SHIP, 202, "SHIP_NG");
    assert_step(orders, "s", NULL, SHIP, 202, "SHIP_NG");
    assert_step(orders, "c", "cancelng@example.jp", REGISTER, 201, "AUTH_OK");
    assert_step(orders, "c", NULL, CANCEL, 202, "CANCEL_NG");
    assert_step(orders, "c", NULL, ASK, 200, "CANCEL_NG");
    assert_step(orders, "c", NULL, SHIP, 409, NULL);
    struct sandbox_counts counts = sandbox_orders_counts(orders);
    assert_int_equal(counts.registered, 5);
    assert_int_equal(counts.replayed, 1);
    assert_int_equal(counts.shipped, 0);
    assert_int_equal(counts.cancelled, 1);
    sandbox_orders_free(orders);
}

static unsigned registration(struct sandbox_orders *orders, const char *key, const char *body)
{
    struct sandbox_reply reply = {0};
    sandbox_orders_register(orders, key, body, strlen(body), &reply);
    unsigned status = reply.body != NULL ? reply.status : 0;
    sandbox_reply_free(&reply);
    return status;
}

static void orders_heed_the_idempotency_key(void **state)
{
    (void)state;
    struct sandbox_orders *orders = sandbox_orders_new();
    char *body = order_body("1", NULL, 1);
    char *changed = order_body("1", NULL, 2);
    char *other = order_body("2", NULL, 1);
    assert_int_equal(registration(orders, NULL, body), 400);
    assert_int_equal(registration(orders, "", body), 400);
    assert_int_equal(registration(orders, "k", "{}"), 400); /* not remembered: k is free */
    assert_int_equal(registration(orders, "k", body), 201);
    assert_int_equal(registration(orders, "k", body), 200);
    assert_int_equal(registration(orders, "k", changed), 409);
    assert_int_equal(registration(orders, "k", other), 409);
    assert_int_equal(registration(orders, "l", body), 409);
    assert_int_equal(registration(orders, "l", other), 201);
    struct sandbox_counts counts = sandbox_orders_counts(orders);
    assert_int_equal(counts.refused, 3);
    assert_int_equal(counts.registered, 2);
    assert_int_equal(counts.replayed, 1);
    assert_int_equal(counts.duplicate_ids, 1); /* a used key is another matter than a used id */
    free(body);
    free(changed);
    free(other);
    sandbox_orders_free(orders);
}

static void orders_whose_registration_failed_may_be_registered_again(void **state)
{
    (void)state;
    struct sandbox_orders *orders = sandbox_orders_new();
    char *failed = order_body("1", "failed@example.jp", 1);
    char *corrected = order_body("1", NULL, 1);
    assert_int_equal(registration(orders, "k", failed), 201);
    assert_int_equal(registration(orders, "k", failed), 200); /* the same again fails again */
    assert_step(orders, "1", NULL, ASK, 200, "AUTH_FAILED");
    assert_int_equal(registration(orders, "k", corrected), 409); /* another content needs another key */
    assert_int_equal(registration(orders, "l", corrected), 201);
    assert_step(orders, "1", NULL, ASK, 200, "AUTH_OK");
    assert_int_equal(registration(orders, "l", corrected), 200);
    assert_int_equal(registration(orders, "k", failed), 409); /* that key is nobody's any more */
    assert_int_equal(registration(orders, "m", failed), 409); /* and now it is an order */
    struct sandbox_counts counts = sandbox_orders_counts(orders);
    assert_int_equal(counts.registered, 1);
    assert_int_equal(counts.duplicate_ids, 2);
    free(failed);
    free(corrected);
    sandbox_orders_free(orders);
}

static void orders_are_found_among_many(void **state)
{
    (void)state;
    enum { MANY = 5000 }; /* several times the first size of the table */
    struct sandbox_orders *orders = sandbox_orders_new();
    char id[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%d", i);
        char *body = order_body(id, i % 2 == 0 ? "ng@a" : NULL, i);
        assert_int_equal(registration(orders, id, body), 201);
        free(body);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%d", i);
        char *body = order_body(id, i % 2 == 0 ? "ng@a" : NULL, i);
        assert_int_equal(registration(orders, id, body), 200);
        free(body);
        assert_step(orders, id, NULL, ASK, 200, i % 2 == 0 ? "AUTH_NG" : "AUTH_OK");
    }
    assert_step(orders, "5000", NULL, ASK, 404, NULL);
    assert_int_equal(sandbox_orders_counts(orders).registered, MANY);
    sandbox_orders_free(orders);
}

/* ---- Faults ---- */

static void faults_are_read(void **state)
{
    (void)state;
    struct sandbox_faults faults = {.slow = 1};
    struct error error = {0};
    assert_true(sandbox_parse_faults("lost-answer=0.125,500=1,429=.5,timeout=0", &faults, &error));
    assert_true(faults.lost_answer == 0.125 && faults.server_error == 1 && faults.too_many == 0.5);
    assert_true(faults.timeout == 0 && faults.slow == 0 && faults.reset == 0 && faults.garbage == 0);
    assert_true(sandbox_parse_faults("reset=0.1,garbage=0.2,slow=1.0", &faults, &error));
    assert_true(faults.reset == 0.1 && faults.garbage == 0.2 && faults.slow == 1 && faults.lost_answer == 0);
    assert_true(sandbox_parse_faults("", &faults, &error));
    assert_true(faults.slow == 0);
}

static void faults_that_are_none_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        {"reset=1.1", "reset=1.1"}, {"reset=-0.1", "reset=-0.1"}, {"slow=0.1,reset=", "reset="},
        {"reset", "reset"},         {"flood=0.1", "flood=0.1"},   {"=0.1", "=0.1"},
        {"slow=1e-1", "slow=1e-1"}, {"slow=0.1.1", "slow=0.1.1"}, {"slow=nan", "slow=nan"},
        {"slow=.", "slow=."},       {"slow=1,,reset=1", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sandbox_faults faults = {.slow = 0.75};
        struct error error = {0};
        assert_false(sandbox_parse_faults(cases[i].text, &faults, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_string_equal(error.code, "USAGE_BAD_VALUE");
        assert_string_equal(error.args[0], "--fault");
        assert_string_equal(error.args[1], cases[i].word);
        assert_true(faults.slow == 0.75);
    }
}

static void faults_are_drawn_by_seed_and_chance(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    const struct sandbox_faults faults = {.reset = 0.1, .slow = 0.2};
    int drawn[SANDBOX_FAULT_LOST_ANSWER + 1] = {0};
    int differing = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        enum sandbox_fault fault = sandbox_fault_draw(&faults, 1, i);
        drawn[fault]++;
        assert_int_equal(fault, sandbox_fault_draw(&faults, 1, i));
        differing += fault != sandbox_fault_draw(&faults, 2, i);
    }
    /* Expected 2000 and (what reset left) 3600; four standard deviations are about 170 and 220. */
    assert_in_range(drawn[SANDBOX_FAULT_RESET], 1830, 2170);
    assert_in_range(drawn[SANDBOX_FAULT_SLOW], 3380, 3820);
    assert_int_equal(drawn[SANDBOX_FAULT_RESET] + drawn[SANDBOX_FAULT_SLOW] + drawn[SANDBOX_FAULT_NONE], DRAWS);
    assert_true(differing > DRAWS / 10);
    const struct sandbox_faults always = {.garbage = 1};
    const struct sandbox_faults never = {0};
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(sandbox_fault_draw(&always, 7, i), SANDBOX_FAULT_GARBAGE);
        assert_int_equal(sandbox_fault_draw(&never, 7, i), SANDBOX_FAULT_NONE);
    }
}

/* ---- Over real sockets ---- */

/* One call and its outcome. Freed with call_free(). */
struct call {
    const char *authorization; /* NULL: a good one; "": none */
    const char *merchant;      /* the same */
    const char *key;           /* NULL: none */
    const char *method;        /* NULL: GET, or POST with a body */
    const char *body;          /* NULL: none */
    long timeout_ms;           /* 0: 10 s */
    CURL *curl;                /* NULL: a handle, and a connection, of its own */
    CURLcode code;
    long status;
    long connects; /* new connections */
    double seconds;
    struct buf answer;
    char type[64];
    char allow[16];
    char retry_after[16];
};

static size_t on_answer(char *data, size_t size, size_t count, void *user)
{
    buf_append(user, data, size * count);
    return size * count;
}

static void header_copy(CURL *curl, const char *name, char *to, size_t size)
{
    struct curl_header *header;
    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        snprintf(to, size, "%s", header->value);
}

static struct curl_slist *header_add(struct curl_slist *headers, const char *name, const char *value)
{
    struct buf line = {0};
    if (value != NULL && *value != '\0') {
        buf_printf(&line, "%s: %s", name, value);
        headers = curl_slist_append(headers, buf_text(&line));
    }
    buf_free(&line);
    return headers;
}

static void call_perform(struct call *call, const char *base, const char *path)
{
    CURL *curl = call->curl != NULL ? call->curl : curl_easy_init();
    struct buf url = {0};
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json; charset=utf-8");
    headers = header_add(headers, "Authorization", call->authorization != NULL ? call->authorization : "Bearer k3y");
    headers = header_add(headers, "X-Merchant-Code", call->merchant != NULL ? call->merchant : "M1");
    headers = header_add(headers, "Idempotency-Key", call->key);
    buf_printf(&url, "%s%s", base, path);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, call->timeout_ms > 0 ? call->timeout_ms : 10000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &call->answer);
    if (call->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(call->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    }
    if (call->method != NULL)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    call->code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &call->status);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &call->connects);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &call->seconds);
    header_copy(curl, "Content-Type", call->type, sizeof call->type);
    header_copy(curl, "Allow", call->allow, sizeof call->allow);
    header_copy(curl, "Retry-After", call->retry_after, sizeof call->retry_after);
    curl_slist_free_all(headers);
    buf_free(&url);
    if (call->curl == NULL)
        curl_easy_cleanup(curl);
}

static void call_free(struct call *call)
{
    buf_free(&call->answer);
}

/* The call succeeds as HTTP; it has that status, is JSON, and holds that text. */
static void assert_call(struct call call, struct sandbox *sandbox, const char *path, long status, const char *holds)
{
    call_perform(&call, sandbox_url(sandbox), path);
    assert_int_equal(call.code, CURLE_OK);
    assert_int_equal(call.status, status);
    assert_string_equal(call.type, "application/json; charset=utf-8");
    if (strstr(buf_text(&call.answer), holds) == NULL)
        assert_string_equal(buf_text(&call.answer), holds); /* to show both */
    call_free(&call);
}

static long stat_of(struct sandbox *sandbox, const char *name)
{
    struct call call = {.authorization = "", .merchant = ""};
    call_perform(&call, sandbox_url(sandbox), "/_stats");
    cJSON *stats = cJSON_Parse(buf_text(&call.answer));
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(stats, name);
    long value = call.status == 200 && cJSON_IsNumber(count) ? (long)count->valuedouble : -1;
    cJSON_Delete(stats);
    call_free(&call);
    return value;
}

static struct sandbox *start_with(const char *faults)
{
    struct sandbox_options options = {.seed = 1};
    struct error error = {0};
    assert_true(sandbox_parse_faults(faults, &options.faults, &error));
    struct sandbox *sandbox = sandbox_start(&options, &error);
    assert_non_null(sandbox);
    return sandbox;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void server_answers_the_four_calls(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    char *body = order_body("A/B 1", NULL, 1);
    const struct call post = {.key = "k", .body = body};
    const struct call ship = {.body = shipment};
    const struct call cancel = {.body = "{}"};
    const struct call get = {0};
    assert_call(get, sandbox, "/orders/A%2FB%201", 404, "{\"message\":\"");
    assert_call(post, sandbox, "/orders", 201, "{\"id\":\"A/B 1\",\"creditStatus\":\"AUTH_OK\"}");
    assert_call(get, sandbox, "/orders/A%2fB%201", 200, "{\"id\":\"A/B 1\",\"creditStatus\":\"AUTH_OK\"}");
    assert_call(ship, sandbox, "/orders/A%2FB%201/shipment", 202, "{\"id\":\"A/B 1\",\"creditStatus\":\"SHIP_OK\"}");
    assert_call(cancel, sandbox, "/orders/A%2FB%201/cancellation", 202,
                "{\"id\":\"A/B 1\",\"creditStatus\":\"CANCEL_OK\"}");
    assert_call(cancel, sandbox, "/orders/A%2FB%201/cancellation", 409, "{\"message\":\"");
    assert_call(post, sandbox, "/orders", 200, "{\"id\":\"A/B 1\",\"creditStatus\":\"AUTH_OK\"}");
    assert_call(get, sandbox, "/elsewhere", 404, "{\"message\":\"");
    assert_int_equal(stat_of(sandbox, "requests"), 8);
    assert_int_equal(stat_of(sandbox, "registered"), 1);
    assert_int_equal(stat_of(sandbox, "replayed"), 1);
    assert_int_equal(stat_of(sandbox, "shipped"), 1);
    assert_int_equal(stat_of(sandbox, "cancelled"), 1);
    assert_int_equal(stat_of(sandbox, "refused"), 0);
    assert_int_equal(stat_of(sandbox, "duplicate_ids"), 0);
    free(body);
    sandbox_stop(sandbox);
}

static void server_refuses_what_is_wrong(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    char *body = order_body("1", NULL, 1);
    char *bad = item_body("x", "");
    assert_call((struct call){.body = body}, sandbox, "/orders", 400, "Idempotency-Key");
    assert_call((struct call){.key = "k", .body = bad}, sandbox, "/orders", 400,
                "{\"message\":\"validation error:items[1].name size must be between 1 and 255\"}");
    assert_call((struct call){.key = "k", .body = "{"}, sandbox, "/orders", 400, "malformed JSON");
    assert_call((struct call){.key = "k", .body = body}, sandbox, "/orders", 201, "AUTH_OK");
    assert_call((struct call){.key = "l", .body = body}, sandbox, "/orders", 409, "{\"message\":\"");
    assert_call((struct call){.body = "{}"}, sandbox, "/orders/1/shipment", 400, "trackingNumber");
    assert_int_equal(stat_of(sandbox, "refused"), 4);
    assert_int_equal(stat_of(sandbox, "duplicate_ids"), 1);
    assert_int_equal(stat_of(sandbox, "registered"), 1);
    free(body);
    free(bad);
    sandbox_stop(sandbox);
}

static void server_wants_credentials(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    char *body = order_body("1", NULL, 1);
    static const char *const bad[] = {"", "Bearer", "Bearer ", "Basic abc", "k3y"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_call((struct call){.authorization = bad[i], .key = "k", .body = body}, sandbox, "/orders", 401,
                    "{\"message\":\"");
    assert_call((struct call){.merchant = "", .key = "k", .body = body}, sandbox, "/orders", 401, "{\"message\":\"");
    assert_call((struct call){.authorization = "Bearer forbidden", .key = "k", .body = body}, sandbox, "/orders", 403,
                "{\"message\":\"");
    assert_call((struct call){.authorization = ""}, sandbox, "/orders/1", 401, "{\"message\":\"");
    assert_int_equal(stat_of(sandbox, "registered"), 0);
    free(body);
    sandbox_stop(sandbox);
}

static void server_knows_one_method_per_path(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    static const struct {
        const char *method, *path, *allow;
    } cases[] = {
        {"GET", "/orders", "POST"},
        {"DELETE", "/orders/1", "GET"},
        {"PUT", "/orders", "POST"},
        {"GET", "/orders/1/shipment", "POST"},
        {"GET", "/orders/1/cancellation", "POST"},
        {"POST", "/_stats", "GET"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct call call = {.method = cases[i].method, .body = strcmp(cases[i].method, "GET") != 0 ? "{}" : NULL};
        call_perform(&call, sandbox_url(sandbox), cases[i].path);
        assert_int_equal(call.code, CURLE_OK);
        assert_int_equal(call.status, 405);
        assert_string_equal(call.allow, cases[i].allow);
        call_free(&call);
    }
    sandbox_stop(sandbox);
}

static void server_bounds_the_body(void **state)
{
    (void)state;
    enum { MAX = 1024 * 1024 };
    struct sandbox *sandbox = start_with("");
    char *order = order_body("1", NULL, 1);
    char *padded = repeated(" ", MAX + 1); /* blanks behind an object are JSON too */
    memcpy(padded, order, strlen(order));
    assert_call((struct call){.key = "k", .body = padded}, sandbox, "/orders", 413, "{\"message\":\"");
    assert_int_equal(stat_of(sandbox, "registered"), 0);
    padded[MAX] = '\0';
    assert_call((struct call){.key = "k", .body = padded}, sandbox, "/orders", 201, "AUTH_OK");
    free(order);
    free(padded);
    sandbox_stop(sandbox);
}

static void server_keeps_connections(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    CURL *curl = curl_easy_init();
    char *body = order_body("1", NULL, 1);
    struct call calls[] = {{.key = "k", .body = body}, {.key = "k", .body = "{}"}, {.curl = NULL}, {.body = "{}"}};
    static const char *const paths[] = {"/orders", "/orders", "/orders/2", "/orders/1/cancellation"};
    static const long statuses[] = {201, 400, 404, 202};
    for (size_t i = 0; i < COUNT(calls); i++) {
        calls[i].curl = curl;
        call_perform(&calls[i], sandbox_url(sandbox), paths[i]);
        assert_int_equal(calls[i].status, statuses[i]);
        assert_int_equal(calls[i].connects, i == 0 ? 1 : 0);
        call_free(&calls[i]);
    }
    free(body);
    curl_easy_cleanup(curl);
    sandbox_stop(sandbox);
}

static void server_says_when_the_port_is_taken(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    struct sandbox_options options = {.port = sandbox_port(sandbox)};
    struct error error = {0};
    char address[32];
    assert_null(sandbox_start(&options, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_string_equal(error.code, "SANDBOX_FAILED");
    snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)options.port);
    assert_string_equal(error.path, address);
    assert_string_equal(error.args[0], strerror(EADDRINUSE));
    sandbox_stop(sandbox);
    /* Given back at once, though connections to it may still be on their way out. */
    sandbox = sandbox_start(&options, &error);
    assert_non_null(sandbox);
    assert_int_equal(sandbox_port(sandbox), options.port);
    sandbox_stop(sandbox);
    sandbox_stop(NULL);
}

static void faults_before_the_work(void **state)
{
    (void)state;
    char *body = order_body("1", NULL, 1);
    const struct call post = {.key = "k", .body = body};
    struct call call = post;

    struct sandbox *sandbox = start_with("500=1");
    assert_call(post, sandbox, "/orders", 500, "{\"message\":\"");
    assert_int_equal(stat_of(sandbox, "registered"), 0);
    sandbox_stop(sandbox);

    sandbox = start_with("429=1");
    call_perform(&call, sandbox_url(sandbox), "/orders");
    assert_int_equal(call.status, 429);
    assert_string_equal(call.retry_after, "1");
    assert_int_equal(stat_of(sandbox, "registered"), 0);
    call_free(&call);
    sandbox_stop(sandbox);

    sandbox = start_with("reset=1");
    call = post;
    call_perform(&call, sandbox_url(sandbox), "/orders");
    assert_true(call.code == CURLE_GOT_NOTHING || call.code == CURLE_RECV_ERROR);
    assert_int_equal(stat_of(sandbox, "registered"), 0);
    assert_int_equal(stat_of(sandbox, "requests"), 1);
    call_free(&call);
    sandbox_stop(sandbox);
    free(body);
}

static void faults_after_the_work(void **state)
{
    (void)state;
    char *body = order_body("1", NULL, 1);
    const struct call post = {.key = "k", .body = body};
    struct call call = post;

    struct sandbox *sandbox = start_with("garbage=1");
    call_perform(&call, sandbox_url(sandbox), "/orders");
    assert_int_equal(call.status, 200);
    assert_string_equal(call.type, "text/html; charset=utf-8");
    assert_non_null(strstr(buf_text(&call.answer), "<html>"));
    assert_int_equal(stat_of(sandbox, "registered"), 1);
    call_free(&call);
    sandbox_stop(sandbox);

    sandbox = start_with("lost-answer=1");
    call = post;
    call_perform(&call, sandbox_url(sandbox), "/orders");
    assert_true(call.code == CURLE_GOT_NOTHING || call.code == CURLE_RECV_ERROR);
    assert_int_equal(stat_of(sandbox, "registered"), 1);
    call_free(&call);
    call = post;
    call_perform(&call, sandbox_url(sandbox), "/orders");
    assert_int_equal(stat_of(sandbox, "registered"), 1);
    assert_int_equal(stat_of(sandbox, "replayed"), 1);
    call_free(&call);
    sandbox_stop(sandbox);

    sandbox = start_with("slow=1");
    call = post;
    call_perform(&call, sandbox_url(sandbox), "/orders");
    assert_int_equal(call.status, 201);
    assert_true(call.seconds >= 0.49);
    call_free(&call);
    sandbox_stop(sandbox);
    free(body);
}

/* A connection that has sent a whole request and does not read. */
static int open_request(uint16_t port)
{
    static const char request[] =
        "GET /v1/orders/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nX-Merchant-Code: m\r\n\r\n";
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
                    send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof request - 1))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* Wait up to 5 s until the server has taken in so many requests. */
static bool wait_for_requests(struct sandbox *sandbox, long requests)
{
    for (double end = seconds_now() + 5; seconds_now() < end; usleep(5000))
        if (stat_of(sandbox, "requests") >= requests)
            return true;
    return false;
}

static void timeouts_block_nobody_and_end_with_the_server(void **state)
{
    (void)state;
    enum { WAITING = 40 }; /* ten times the threads of the server */
    struct sandbox *sandbox = start_with("timeout=1");
    int fds[WAITING];
    char byte;
    for (int i = 0; i < WAITING; i++) {
        fds[i] = open_request(sandbox_port(sandbox));
        assert_true(fds[i] >= 0);
    }
    assert_true(wait_for_requests(sandbox, WAITING)); /* it answers, and has them all */
    struct call call = {.timeout_ms = 200};
    call_perform(&call, sandbox_url(sandbox), "/orders/1");
    assert_int_equal(call.code, CURLE_OPERATION_TIMEDOUT);
    assert_int_equal(buf_text(&call.answer)[0], '\0');
    call_free(&call);
    for (int i = 0; i < WAITING; i++)
        assert_int_equal(recv(fds[i], &byte, 1, MSG_DONTWAIT), -1); /* open, and nothing came */
    double before = seconds_now();
    sandbox_stop(sandbox);
    assert_true(seconds_now() - before < 2);
    for (int i = 0; i < WAITING; i++) {
        assert_int_equal(recv(fds[i], &byte, 1, 0), 0); /* closed without a word */
        close(fds[i]);
    }
}

static void timeouts_whose_client_went_away_are_let_go(void **state)
{
    (void)state;
    enum { WAITING = 20 };
    struct sandbox *sandbox = start_with("timeout=1");
    int fds[WAITING];
    for (int i = 0; i < WAITING; i++)
        fds[i] = open_request(sandbox_port(sandbox));
    assert_true(wait_for_requests(sandbox, WAITING));
    int with_both_ends = open_descriptors();
    for (int i = 0; i < WAITING; i++)
        close(fds[i]);
    int left = with_both_ends;
    for (double end = seconds_now() + 5; left > with_both_ends - 2 * WAITING && seconds_now() < end; usleep(5000))
        left = open_descriptors();
    assert_true(left <= with_both_ends - 2 * WAITING); /* the server's ends are closed too */
    sandbox_stop(sandbox);
}

static void slow_answers_wait_side_by_side(void **state)
{
    (void)state;
    enum { WAITING = 20 };
    struct sandbox *sandbox = start_with("slow=1");
    int fds[WAITING];
    char answer[512];
    double before = seconds_now();
    for (int i = 0; i < WAITING; i++)
        fds[i] = open_request(sandbox_port(sandbox));
    for (int i = 0; i < WAITING; i++) {
        ssize_t got = recv(fds[i], answer, sizeof answer, 0);
        assert_true(got > 12);
        assert_memory_equal(answer, "HTTP/1.1 404", 12);
        close(fds[i]);
    }
    double took = seconds_now() - before;
    assert_true(took >= 0.49);
    assert_true(took < 2); /* one after the other, or by fours, it would be 2.5 s and more */
    sandbox_stop(sandbox);
}

/* ---- Many at once ---- */

enum { CLIENTS = 8, ORDERS_EACH = 200 };

struct client {
    pthread_t thread;
    const char *url;
    int number;
    bool shared; /* all clients send the same ids, each under its own key */
    int created, replayed, conflicts, other;
};

static void *client_run(void *argument)
{
    struct client *client = argument;
    CURL *curl = curl_easy_init();
    for (int i = 0; i < ORDERS_EACH; i++) {
        char id[32];
        char key[64];
        snprintf(id, sizeof id, "%d-%d", client->shared ? 0 : client->number, i);
        snprintf(key, sizeof key, "%d/%s", client->number, id);
        char *body = order_body(id, NULL, i);
        for (int attempt = 0; attempt < (i % 4 == 0 ? 2 : 1); attempt++) {
            struct call call = {.key = key, .body = body, .curl = curl};
            call_perform(&call, client->url, "/orders");
            client->created += call.status == 201;
            client->replayed += call.status == 200;
            client->conflicts += call.status == 409;
            client->other += call.status != 201 && call.status != 200 && call.status != 409;
            call_free(&call);
        }
        free(body);
    }
    curl_easy_cleanup(curl);
    return NULL;
}

/* Run all clients; their sums come back in one. */
static struct client clients_run(struct sandbox *sandbox, bool shared)
{
    struct client clients[CLIENTS] = {0};
    struct client sum = {0};
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.url = sandbox_url(sandbox), .number = i, .shared = shared};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        sum.created += clients[i].created;
        sum.replayed += clients[i].replayed;
        sum.conflicts += clients[i].conflicts;
        sum.other += clients[i].other;
    }
    return sum;
}

static void clients_at_once_are_counted_right(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    struct client sum = clients_run(sandbox, false);
    assert_int_equal(sum.created, CLIENTS * ORDERS_EACH);
    assert_int_equal(sum.replayed, CLIENTS * ORDERS_EACH / 4);
    assert_int_equal(sum.conflicts + sum.other, 0);
    assert_int_equal(stat_of(sandbox, "registered"), CLIENTS * ORDERS_EACH);
    assert_int_equal(stat_of(sandbox, "replayed"), CLIENTS * ORDERS_EACH / 4);
    assert_int_equal(stat_of(sandbox, "requests"), CLIENTS * ORDERS_EACH / 4 * 5);
    assert_int_equal(stat_of(sandbox, "duplicate_ids"), 0);
    sandbox_stop(sandbox);
}

static void one_id_is_registered_once_however_many_ask(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("");
    struct client sum = clients_run(sandbox, true);
    assert_int_equal(sum.created, ORDERS_EACH);
    assert_int_equal(sum.replayed, ORDERS_EACH / 4);
    assert_int_equal(sum.conflicts, (CLIENTS - 1) * ORDERS_EACH / 4 * 5);
    assert_int_equal(sum.other, 0);
    assert_int_equal(stat_of(sandbox, "registered"), ORDERS_EACH);
    assert_int_equal(stat_of(sandbox, "duplicate_ids"), sum.conflicts);
    sandbox_stop(sandbox);
}

static void mixed_faults_lose_no_order(void **state)
{
    (void)state;
    enum { ORDERS = 100, ATTEMPTS = 30 };
    struct sandbox *sandbox = start_with("reset=0.2,500=0.1,429=0.1,garbage=0.1,lost-answer=0.2");
    int done = 0;
    for (int i = 0; i < ORDERS; i++) {
        char id[32];
        snprintf(id, sizeof id, "%d", i);
        char *body = order_body(id, NULL, 1);
        long status = 0;
        for (int attempt = 0; attempt < ATTEMPTS && status != 201 && status != 200; attempt++) {
            struct call call = {.key = id, .body = body};
            call_perform(&call, sandbox_url(sandbox), "/orders");
            status = call.code == CURLE_OK && strncmp(call.type, "application/json", 16) == 0 ? call.status : 0;
            call_free(&call);
        }
        done += status == 201 || status == 200;
        free(body);
    }
    assert_int_equal(done, ORDERS);
    assert_int_equal(stat_of(sandbox, "registered"), ORDERS);
    assert_int_equal(stat_of(sandbox, "duplicate_ids"), 0);
    assert_true(stat_of(sandbox, "requests") > ORDERS + ORDERS / 2); /* the faults did strike */
    assert_true(stat_of(sandbox, "replayed") > 0);                   /* and answers were lost */
    sandbox_stop(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_speak_as_the_service_does),
        cmocka_unit_test(rules_name_the_first_field_that_fails),
        cmocka_unit_test(rules_want_japans_time),
        cmocka_unit_test(rules_refuse_what_is_no_json),
        cmocka_unit_test(rules_of_shipment_and_cancellation),
        cmocka_unit_test(rules_and_schema_agree),
        cmocka_unit_test(statuses_are_the_schemas),
        cmocka_unit_test(cards_go_by_the_local_part),
        cmocka_unit_test(routes_split_before_they_decode),
        cmocka_unit_test(orders_take_only_legal_steps),
        cmocka_unit_test(orders_follow_their_cards),
        cmocka_unit_test(orders_heed_the_idempotency_key),
        cmocka_unit_test(orders_whose_registration_failed_may_be_registered_again),
        cmocka_unit_test(orders_are_found_among_many),
        cmocka_unit_test(faults_are_read),
        cmocka_unit_test(faults_that_are_none_are_named),
        cmocka_unit_test(faults_are_drawn_by_seed_and_chance),
        cmocka_unit_test(server_answers_the_four_calls),
        cmocka_unit_test(server_refuses_what_is_wrong),
        cmocka_unit_test(server_wants_credentials),
        cmocka_unit_test(server_knows_one_method_per_path),
        cmocka_unit_test(server_bounds_the_body),
        cmocka_unit_test(server_keeps_connections),
        cmocka_unit_test(server_says_when_the_port_is_taken),
        cmocka_unit_test(faults_before_the_work),
        cmocka_unit_test(faults_after_the_work),
        cmocka_unit_test(timeouts_block_nobody_and_end_with_the_server),
        cmocka_unit_test(timeouts_whose_client_went_away_are_let_go),
        cmocka_unit_test(slow_answers_wait_side_by_side),
        cmocka_unit_test(clients_at_once_are_counted_right),
        cmocka_unit_test(one_id_is_registered_once_however_many_ask),
        cmocka_unit_test(mixed_faults_lose_no_order),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
