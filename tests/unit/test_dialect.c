/* tests/unit/test_dialect.c: the JSON API as requests and answers (src/api/dialect), and the Idempotency-Key
 * (src/api/key). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json.h"
#include "api/key.h"
#include "base/embedded.h"
#include "scarce_memory.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- The calls, by their id and generation ---- */

static bool register_order(const struct api_dialect *dialect, const struct api_account *account,
                           const struct order_content *content, struct span id, uint32_t generation,
                           struct transport_request *request)
{
    const struct api_call call = {id, generation, 0};
    return api_dialect_register(dialect, account, &call, content, request);
}

static bool ship_order(const struct api_dialect *dialect, const struct api_account *account,
                       const struct order_shipment *shipment, struct span id, uint32_t generation,
                       struct transport_request *request)
{
    const struct api_call call = {id, generation, 0};
    return api_dialect_ship(dialect, account, &call, shipment, 0, request);
}

static bool cancel_order(const struct api_dialect *dialect, const struct api_account *account, struct span id,
                         uint32_t generation, struct transport_request *request)
{
    const struct api_call call = {id, generation, 0};
    return api_dialect_cancel(dialect, account, &call, request);
}

static bool ask(const struct api_dialect *dialect, const struct api_account *account, struct span id,
                struct transport_request *request)
{
    const struct api_call call = {id, 0, 0};
    return api_dialect_ask(dialect, account, &call, API_ASK_STATE, request);
}

static const struct api_account account = {"https://api.example.com/v1", "test-key", "shop-1"};

/* ---- Key ---- */

static void make_key(const char *merchant, const char *operation, const char *id, const char *body, uint32_t generation,
                     char key[API_KEY_SIZE])
{
    memset(key, 'x', API_KEY_SIZE);
    assert_true(api_key_make(merchant, operation, span_of(id), span_of(body), generation, key));
    assert_int_equal(strlen(key), 64);
    assert_int_equal(strspn(key, "0123456789abcdef"), 64);
}

static void key_is_derived_from_each_part(void **state)
{
    (void)state;
    char key[API_KEY_SIZE];
    char other[API_KEY_SIZE];
    static const struct {
        const char *merchant;
        const char *operation;
        const char *id;
        const char *body;
        uint32_t generation;
    } others[] = {
        {"shop-2", "register", "1001", "{}", 0},
        {"shop-1", "cancel", "1001", "{}", 0},
        {"shop-1", "register", "1002", "{}", 0},
        {"shop-1", "register", "1001", "{ }", 0},
        {"shop-1", "register", "1001", "", 0},
        {"shop-1", "register", "1001", "{}", 1},
        {"shop-1", "register", "1001", "{}", UINT32_MAX},
        /* Where one part ends and the next begins counts. */
        {"shop-1r", "egister", "1001", "{}", 0},
        {"shop-1", "register1", "001", "{}", 0},
        {"", "shop-1register", "1001", "{}", 0},
    };
    make_key("shop-1", "register", "1001", "{}", 0, key);
    for (size_t i = 0; i < COUNT(others); i++) {
        make_key(others[i].merchant, others[i].operation, others[i].id, others[i].body, others[i].generation, other);
        assert_string_not_equal(other, key);
    }
    make_key("shop-1", "register", "1001", "{}", 0, other);
    assert_string_equal(other, key);
}

/* It outlives the program that made it, so it must never change: computed once by hand from what key.h says, each part
 * with its length in eight bytes, least first. */
static void key_never_changes(void **state)
{
    (void)state;
    char key[API_KEY_SIZE];
    make_key("shop-1", "register", "1001", "{}", 0, key);
    assert_string_equal(key, "b73b17cffd89756484b9a585b47dcc6c5991e9181645c7fb8e1ab883c42e55c9");
    make_key("shop-1", "register", "1001", "{}", 10, key);
    assert_string_equal(key, "140c3f59156450c33082ad81326f270b62879faf50490634ef129ac979c64e44");
    assert_true(api_key_make("shop-1", "register", (struct span){"1001x", 4}, (struct span){"{}x", 2}, 0, key));
    assert_string_equal(
        key, "b73b17cffd89756484b9a585b47dcc6c5991e9181645c7fb8e1ab883c42e55c9"); /* a span ends where it says */
}

/* ---- Reading a dialect ---- */

/* The built-in dialect with `from`, which is in it once, replaced. Freed by the caller. */
static char *edited(const char *from, const char *to)
{
    struct buf text = {0};
    const char *at = strstr(embedded_json_dialect, from);
    if (at == NULL || strstr(at + 1, from) != NULL)
        fail_msg("%s is not there once", from);
    buf_append(&text, embedded_json_dialect, (size_t)(at - embedded_json_dialect));
    buf_append_text(&text, to);
    buf_append_text(&text, at + strlen(from));
    return buf_take(&text);
}

static struct api_dialect *dialect_of(const char *json)
{
    struct error error = {0};
    struct api_dialect *dialect = api_json_parse(span_of(json), "my.json", &error);
    if (dialect == NULL)
        fail_msg("%s: %s", error.code, error.args[0]);
    return dialect;
}

static struct api_dialect *dialect_with(const char *from, const char *to)
{
    char *json = edited(from, to);
    struct api_dialect *dialect = dialect_of(json);
    free(json);
    return dialect;
}

static void assert_invalid(const char *json, const char *what)
{
    struct error error = {0};
    struct api_dialect *dialect = api_json_parse(span_of(json), "my.json", &error);
    if (dialect != NULL)
        fail_msg("taken, in spite of %s", what);
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_string_equal(error.code, "DIALECT_INVALID");
    assert_string_equal(error.path, "my.json");
    assert_string_equal(error.args[0], what);
}

struct mistake {
    const char *from;
    const char *to;
    const char *what;
};

static void assert_mistakes(const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *json = edited(mistakes[i].from, mistakes[i].to);
        assert_invalid(json, mistakes[i].what);
        free(json);
    }
}

#define REGISTER "{\"method\": \"POST\", \"path\": \"/orders\"}"
#define SHIP     "{\"method\": \"POST\", \"path\": \"/orders/{id}/shipment\"}"
#define CANCEL   "{\"method\": \"POST\", \"path\": \"/orders/{id}/cancellation\"}"
#define STATUS   "{\"method\": \"GET\", \"path\": \"/orders/{id}\"}"
#define NUMBER   "\"trackingNumber\": \"/trackingNumber\","
#define CARRIER  "\"carrier\": \"/carrier\""
#define LONG_63  "123456789012345678901234567890123456789012345678901234567890123"

static void dialect_mistakes_are_named(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"\"operations\"", "\"operation\"", "operations.register"},
        {"\"register\": " REGISTER ",", "", "operations.register"},
        {REGISTER, "{\"path\": \"/orders\"}", "operations.register"},
        {REGISTER, "{\"method\": \"PUT\", \"path\": \"/orders\"}", "operations.register"},
        {REGISTER, "{\"method\": \"post\", \"path\": \"/orders\"}", "operations.register"},
        {REGISTER, "{\"method\": \"POST\"}", "operations.register"},
        {REGISTER, "{\"method\": \"POST\", \"path\": \"orders\"}", "operations.register"},
        {REGISTER, "{\"method\": \"POST\", \"path\": \"\"}", "operations.register"},
        {"\"ship\": " SHIP ",", "", "operations.ship"},
        {SHIP, "{\"method\": \"POST\"}", "operations.ship"},
        {SHIP, "{\"method\": \"PUT\", \"path\": \"/orders/{id}/shipment\"}", "operations.ship"},
        {"\"cancel\": " CANCEL ",", "", "operations.cancel"},
        {CANCEL, "{\"method\": \"POST\", \"path\": \"cancellation\"}", "operations.cancel"},
        {STATUS, "{\"method\": \"GET\", \"path\": 1}", "operations.status"},
        {STATUS, "{}", "operations.status"},
        {"\"answers\"", "\"answer\"", "answers"},
        {"\"id\": \"/id\",\n    \"status\"", "\"status\"", "answers"},
        {"\"status\": \"/creditStatus\"", "\"status\": 1", "answers"},
        {"\"message\": \"/message\"", "\"massage\": \"/message\"", "answers"},
        {"\"headers\"", "\"header\"", "headers"},
        {"\"Accept\": \"application/json\"", "\"Accept\": 1", "headers"},
        {"\"Accept\": \"application/json\"",
         "\"a\": \"1\", \"b\": \"2\", \"c\": \"3\", \"d\": \"4\", \"e\": \"5\", \"f\": \"6\"", "headers"},
        {"\"Accept\": \"application/json\"", "\"a\": \"1\", \"b\": \"2\", \"c\": \"3\", \"d\": \"4\", \"e\": \"5\"",
         "idempotency"},
        {"{\"Idempotency-Key\": \"{idempotencyKey}\"}", "[]", "idempotency"},
        {"{\"Idempotency-Key\": \"{idempotencyKey}\"}", "{\"Idempotency-Key\": null}", "idempotency"},
        {"\"fields\"", "\"field\"", "fields"},
        {"\"id\": \"/id\",\n    \"orderedAt\"", "\"orderedAt\"", "fields"}, /* no order without its id */
        {"\"buyer.name\": \"/buyer/name\"", "\"buyer.nickname\": \"/buyer/name\"", "buyer.nickname"},
        {"\"buyer.name\": \"/buyer/name\"", "\"\": \"/buyer/name\"", ""},
        {"\"buyer.name\": \"/buyer/name\"", "\"mallOrderNumber\": \"/mall\"", "mallOrderNumber"}, /* never sent */
        {"\"buyer.name\": \"/buyer/name\"", "\"control\": \"/control\"", "control"},
        {"\"/buyer/name\"", "1", "buyer.name"},
        {"\"/buyer/name\"", "\"\"", "buyer.name"},
        {"\"/buyer/name\"", "\"buyer/name\"", "buyer.name"},
        {"\"/buyer/name\"", "\"/\"", "buyer.name"},
        {"\"/buyer/name\"", "\"/buyer/\"", "buyer.name"},
        {"\"/buyer/name\"", "\"//name\"", "buyer.name"},
        {"\"/buyer/name\"", "\"/buyer/-/name\"", "buyer.name"}, /* the order has one buyer */
        {"\"/buyer/name\"", "\"/buyer/-\"", "buyer.name"},
        {"\"/buyer/name\"", "\"/buyer/" LONG_63 "4\"", "buyer.name"},
        {"\"/items/-/name\"", "\"/items/name\"", "items.name"}, /* which item? */
        {"\"/items/-/name\"", "\"/items/-/-/name\"", "items.name"},
        {"\"/items/-/name\"", "\"/items/-\"", "items.name"},
        {"\"shipment\"", "\"shipping\"", "shipment.trackingNumber"},
        {NUMBER, "", "shipment.trackingNumber"},
        {NUMBER, "\"trackingNumber\": 1,", "shipment.trackingNumber"},
        {NUMBER, "\"trackingNumber\": \"\",", "shipment.trackingNumber"},
        {NUMBER, "\"trackingNumber\": \"trackingNumber\",", "shipment.trackingNumber"},
        {NUMBER, "\"trackingNumber\": \"/numbers/-/no\",", "shipment.trackingNumber"}, /* one is reported */
        {CARRIER, "\"courier\": \"/carrier\"", "shipment.carrier"},
        {CARRIER, "\"carrier\": \"/\"", "shipment.carrier"},
        {CARRIER, "\"carrier\": \"/trackingNumber\"", "shipment.carrier"}, /* both in one place */
        {CARRIER, "\"carrier\": \"/trackingNumber/by\"", "shipment.carrier"},
        {"\"statuses\"", "\"status\"", "statuses"},
        {"\"AUTH_OK\": \"与信OK\"", "\"AUTH_OK\": \"与信ok\"", "AUTH_OK"},
        {"\"AUTH_OK\": \"与信OK\"", "\"AUTH_OK\": \"\"", "AUTH_OK"},
        {"\"AUTH_OK\": \"与信OK\"", "\"AUTH_OK\": 1", "AUTH_OK"},
    };
    assert_mistakes(mistakes, COUNT(mistakes));
    static const char *const no_json[] = {"", " ", "{", "[]", "null", "1", "\"json\"", "no JSON"};
    for (size_t i = 0; i < COUNT(no_json); i++)
        assert_invalid(no_json[i], "JSON");
    api_dialect_free(NULL);
}

/* An item's pointer must name the list that "-" counts. */
static void dialect_items_without_a_list_are_a_mistake(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {{"\"/items/-/name\"", "\"/-/name\"", "items.name"}};
    assert_mistakes(mistakes, COUNT(mistakes));
}

/* A place in an answer that is no pointer finds nothing, ever: each order would stay in doubt for good. */
static void dialect_answers_that_are_no_pointers_are_a_mistake(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"\"status\": \"/creditStatus\"", "\"status\": \"creditStatus\"", "answers"},
        {"\"message\": \"/message\"", "\"message\": \"message\"", "answers"},
    };
    assert_mistakes(mistakes, COUNT(mistakes));
}

/* Two fields cannot stand in one place, nor can one stand within the other. */
static void dialect_fields_in_each_others_place_are_a_mistake(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"\"buyer.phone\": \"/buyer/phone\"", "\"buyer.phone\": \"/buyer/name\"", "buyer.phone"},
        {"\"buyer.phone\": \"/buyer/phone\"", "\"buyer.phone\": \"/buyer/name/phone\"", "buyer.phone"},
        {"\"amount\": \"/amount\"", "\"amount\": \"/buyer\"", "buyer.name"},
        {"\"amount\": \"/amount\"", "\"amount\": \"/items/amount\"", "items.id"},
    };
    assert_mistakes(mistakes, COUNT(mistakes));
}

static void dialect_with_something_behind_it_is_a_mistake(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_append_text(&text, embedded_json_dialect);
    buf_append_text(&text, "}");
    assert_invalid(buf_text(&text), "JSON");
    buf_free(&text);
}

/* ---- Requests ---- */

static struct content_value text_value(const char *text)
{
    return (struct content_value){.kind = CONTENT_TEXT, .text = span_of(text)};
}

static struct content_value integer_value(int64_t integer)
{
    return (struct content_value){.kind = CONTENT_INTEGER, .integer = integer};
}

enum { ITEMS = 2 };

/* An order of two lines to two addresses. */
struct sample {
    struct order_content content;
    struct content_value items[ITEMS][CONTENT_ITEM_FIELDS];
};

static struct content_value *field_of(struct sample *sample, enum order_field field)
{
    return &sample->content.fields[field];
}

static struct content_value *item_of(struct sample *sample, size_t item, enum order_field field)
{
    return &sample->items[item][field - ORDER_FIELD_ITEM_ID];
}

static void sample_make(struct sample *sample)
{
    *sample = (struct sample){.content = {.item_count = ITEMS}};
    sample->content.items = sample->items;
    *field_of(sample, ORDER_FIELD_ID) = text_value("1001");
    *field_of(sample, ORDER_FIELD_ORDERED_AT) = text_value("2026-11-02T17:54:08+09:00");
    *field_of(sample, ORDER_FIELD_AMOUNT) = integer_value(4600);
    *field_of(sample, ORDER_FIELD_BUYER_NAME) = text_value("見本 太郎");
    *field_of(sample, ORDER_FIELD_BUYER_KANA) = text_value("ミホン タロウ");
    *field_of(sample, ORDER_FIELD_BUYER_POSTAL_CODE) = text_value("100-0001");
    *field_of(sample, ORDER_FIELD_BUYER_ADDRESS) = text_value("東京都千代田区1-1");
    *field_of(sample, ORDER_FIELD_BUYER_PHONE) = text_value("03-0000-0000");
    *field_of(sample, ORDER_FIELD_BUYER_EMAIL) = text_value("taro@example.com");
    *field_of(sample, ORDER_FIELD_DELIVERY_NAME) = text_value("見本 花子");
    *field_of(sample, ORDER_FIELD_DELIVERY_POSTAL_CODE) = text_value("530-0001");
    *field_of(sample, ORDER_FIELD_DELIVERY_ADDRESS) = text_value("大阪府北区2-2");
    *field_of(sample, ORDER_FIELD_DELIVERY_PHONE) = text_value("06-0000-0000");
    *item_of(sample, 0, ORDER_FIELD_ITEM_ID) = text_value("A-1");
    *item_of(sample, 0, ORDER_FIELD_ITEM_NAME) = text_value("りんご");
    *item_of(sample, 0, ORDER_FIELD_ITEM_UNIT_PRICE) = integer_value(1500);
    *item_of(sample, 0, ORDER_FIELD_ITEM_QUANTITY) = integer_value(2);
    *item_of(sample, 0, ORDER_FIELD_ITEM_AMOUNT) = integer_value(3000);
    *item_of(sample, 1, ORDER_FIELD_ITEM_ID) = text_value("A-2");
    *item_of(sample, 1, ORDER_FIELD_ITEM_NAME) = text_value("みかん");
}

static void request_free(struct transport_request *request)
{
    free(request->url);
    free(request->body);
    for (size_t i = 0; i < TRANSPORT_HEADERS_MAX; i++)
        free(request->headers[i]);
}

static struct span own_id(const struct sample *sample)
{
    return sample->content.fields[ORDER_FIELD_ID].text;
}

static void register_sample(const struct api_dialect *dialect, struct sample *sample, struct transport_request *request)
{
    memset(request, 'x', sizeof *request);
    assert_true(register_order(dialect, &account, &sample->content, own_id(sample), 0, request));
    assert_int_equal(request->body_length, strlen(request->body));
}

/* The value of header `name`, NULL when there is none. */
static const char *header_of(const struct transport_request *request, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < TRANSPORT_HEADERS_MAX && request->headers[i] != NULL; i++)
        if (strncmp(request->headers[i], name, length) == 0 && strncmp(request->headers[i] + length, ": ", 2) == 0)
            return request->headers[i] + length + 2;
    return NULL;
}

static size_t count_headers(const struct transport_request *request)
{
    size_t count = 0;
    while (count < TRANSPORT_HEADERS_MAX && request->headers[count] != NULL)
        count++;
    return count;
}

static void assert_body(const struct api_dialect *dialect, struct sample *sample, const char *expected)
{
    struct transport_request request;
    register_sample(dialect, sample, &request);
    assert_string_equal(request.body, expected);
    request_free(&request);
}

static void register_is_what_the_contract_says(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct transport_request request;
    struct sample sample;
    char key[API_KEY_SIZE];
    sample_make(&sample);
    register_sample(dialect, &sample, &request);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "https://api.example.com/v1/orders");
    assert_null(request.tag);
    assert_string_equal(
        request.body,
        "{\"id\":\"1001\",\"orderedAt\":\"2026-11-02T17:54:08+09:00\",\"amount\":4600,"
        "\"buyer\":{\"name\":\"見本 太郎\",\"nameKana\":\"ミホン タロウ\",\"postalCode\":\"100-0001\","
        "\"address\":\"東京都千代田区1-1\",\"phone\":\"03-0000-0000\",\"email\":\"taro@example.com\"},"
        "\"delivery\":{\"name\":\"見本 花子\",\"postalCode\":\"530-0001\",\"address\":\"大阪府北区2-2\","
        "\"phone\":\"06-0000-0000\"},"
        "\"items\":[{\"id\":\"A-1\",\"name\":\"りんご\",\"unitPrice\":1500,\"quantity\":2,\"amount\":3000},"
        "{\"id\":\"A-2\",\"name\":\"みかん\"}]}");
    assert_int_equal(count_headers(&request), 5);
    assert_string_equal(header_of(&request, "Authorization"), "Bearer test-key");
    assert_string_equal(header_of(&request, "X-Merchant-Code"), "shop-1");
    assert_string_equal(header_of(&request, "Content-Type"), "application/json; charset=utf-8");
    assert_string_equal(header_of(&request, "Accept"), "application/json");
    assert_true(api_key_make("shop-1", "register", span_of("1001"), span_of(request.body), 0, key));
    assert_string_equal(header_of(&request, "Idempotency-Key"), key);
    request_free(&request);
    api_dialect_free(dialect);
}

static void register_gives_the_same_bytes_and_key_again(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct api_dialect *again = dialect_of(embedded_json_dialect);
    struct transport_request requests[3];
    struct sample sample;
    sample_make(&sample);
    register_sample(dialect, &sample, &requests[0]);
    register_sample(again, &sample, &requests[1]);
    *item_of(&sample, 1, ORDER_FIELD_ITEM_NAME) = text_value("みかん2");
    register_sample(dialect, &sample, &requests[2]);
    assert_string_equal(requests[0].body, requests[1].body);
    assert_string_equal(header_of(&requests[0], "Idempotency-Key"), header_of(&requests[1], "Idempotency-Key"));
    assert_string_not_equal(requests[0].body, requests[2].body);
    assert_string_not_equal(header_of(&requests[0], "Idempotency-Key"), header_of(&requests[2], "Idempotency-Key"));
    for (size_t i = 0; i < COUNT(requests); i++)
        request_free(&requests[i]);
    api_dialect_free(dialect);
    api_dialect_free(again);
}

static void register_leaves_out_what_is_not_there(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct sample sample;
    sample_make(&sample);
    for (size_t field = ORDER_FIELD_BUYER_KANA; field < ORDER_FIELD_ITEM_ID; field++)
        sample.content.fields[field] = (struct content_value){.kind = CONTENT_NONE};
    sample.content.item_count = 1;
    *item_of(&sample, 0, ORDER_FIELD_ITEM_QUANTITY) = (struct content_value){.kind = CONTENT_NONE};
    assert_body(dialect, &sample,
                "{\"id\":\"1001\",\"orderedAt\":\"2026-11-02T17:54:08+09:00\",\"amount\":4600,"
                "\"buyer\":{\"name\":\"見本 太郎\"},"
                "\"items\":[{\"id\":\"A-1\",\"name\":\"りんご\",\"unitPrice\":1500,\"amount\":3000}]}");
    api_dialect_free(dialect);
}

static void register_escapes_and_counts_exactly(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct transport_request request;
    struct sample sample;
    static const int64_t numbers[] = {0, -1, 999999999999999, -999999999999999, INT64_MAX, INT64_MIN, 9007199254740993};
    static const char nasty[] = "a\"b\\c/d\n\t\r\x01 <&> 髙﨑㈱① 😀 {apiKey} ～";
    sample_make(&sample);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char expected[64];
        *field_of(&sample, ORDER_FIELD_AMOUNT) = integer_value(numbers[i]);
        snprintf(expected, sizeof expected, ",\"amount\":%lld,\"buyer\"", (long long)numbers[i]);
        register_sample(dialect, &sample, &request);
        assert_non_null(strstr(request.body, expected));
        request_free(&request);
    }
    *field_of(&sample, ORDER_FIELD_BUYER_NAME) = text_value(nasty);
    register_sample(dialect, &sample, &request);
    cJSON *json = cJSON_Parse(request.body);
    const cJSON *buyer = cJSON_GetObjectItemCaseSensitive(json, "buyer");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(buyer, "name")), nasty);
    for (const char *at = request.body; *at != '\0'; at++)
        assert_true((unsigned char)*at >= 0x20);
    cJSON_Delete(json);
    request_free(&request);
    /* A span ends where it says. */
    *field_of(&sample, ORDER_FIELD_BUYER_NAME) = (struct content_value){CONTENT_TEXT, {"abc", 2}, 0};
    register_sample(dialect, &sample, &request);
    assert_non_null(strstr(request.body, "{\"name\":\"ab\","));
    request_free(&request);
    api_dialect_free(dialect);
}

static void register_holds_a_thousand_lines(void **state)
{
    (void)state;
    enum { LINES = 1000 };
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct transport_request request;
    struct sample sample;
    sample_make(&sample);
    struct content_value(*items)[CONTENT_ITEM_FIELDS] = calloc(LINES, sizeof *items);
    assert_non_null(items);
    for (size_t i = 0; i < LINES; i++) {
        items[i][0] = text_value("A");
        items[i][ORDER_FIELD_ITEM_QUANTITY - ORDER_FIELD_ITEM_ID] = integer_value((int64_t)i);
    }
    sample.content.items = items;
    sample.content.item_count = LINES;
    register_sample(dialect, &sample, &request);
    cJSON *json = cJSON_Parse(request.body);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "items");
    const cJSON *item = NULL;
    int at = 0;
    assert_int_equal(cJSON_GetArraySize(list), LINES);
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *quantity = cJSON_GetObjectItemCaseSensitive(item, "quantity");
        assert_non_null(quantity);
        assert_int_equal(quantity->valueint, at++);
    }
    cJSON_Delete(json);
    request_free(&request);
    free(items);
    api_dialect_free(dialect);
}

/* A merchant's own names, at every place of the file. */
static const char other_dialect[] =
    "{\"headers\":{\"X-Api-Key\":\"{apiKey}\",\"Content-Type\":\"application/json\"},"
    "\"idempotency\":{\"X-Shop\":\"shop {merchantCode}!\",\"X-Request-Id\":\"v1-{idempotencyKey}\"},"
    "\"operations\":{\"register\":{\"method\":\"POST\",\"path\":\"/shop/{id}/new\"},"
    "\"ship\":{\"method\":\"POST\",\"path\":\"/sent\"},\"cancel\":{\"method\":\"POST\",\"path\":\"/{id}/off/{id}\"},"
    "\"status\":{\"method\":\"POST\",\"path\":\"/ask/{id}\"}},"
    "\"shipment\":{\"trackingNumber\":\"/parcel/no\",\"carrier\":\"/parcel/by~1whom\"},"
    "\"fields\":{\"items.id\":\"/order/lines/-/goods/code\",\"items.name\":\"/order/lines/-/goods/title\","
    "\"items.amount\":\"/order/lines/-/sum\",\"buyer.name\":\"/a~1b/c~0d/~01\",\"id\":\"/order/no\","
    "\"amount\":\"/order/total\",\"delivery.name\":\"/order/to\"},"
    "\"answers\":{\"id\":\"/result/0/no\",\"status\":\"/result/0/st~1ate\",\"message\":\"/errors/1/text\"},"
    "\"statuses\":{\"1\":\"与信OK\",\"9\":\"与信NG\",\"保留\":\"与信中\"}}";

static void register_follows_a_changed_dialect(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(other_dialect);
    struct transport_request request;
    struct sample sample;
    sample_make(&sample);
    register_sample(dialect, &sample, &request);
    assert_string_equal(request.url, "https://api.example.com/v1/shop/1001/new");
    cJSON *found = cJSON_Parse(request.body);
    cJSON *wanted = cJSON_Parse("{\"order\":{\"no\":\"1001\",\"total\":4600,\"to\":\"見本 花子\",\"lines\":["
                                "{\"goods\":{\"code\":\"A-1\",\"title\":\"りんご\"},\"sum\":3000},"
                                "{\"goods\":{\"code\":\"A-2\",\"title\":\"みかん\"}}]},"
                                "\"a/b\":{\"c~d\":{\"~1\":\"見本 太郎\"}}}");
    assert_true(cJSON_Compare(found, wanted, true));
    assert_int_equal(count_headers(&request), 4);
    assert_string_equal(header_of(&request, "X-Api-Key"), "test-key");
    assert_string_equal(header_of(&request, "X-Shop"), "shop shop-1!");
    assert_string_equal(header_of(&request, "Content-Type"), "application/json");
    const char *key = header_of(&request, "X-Request-Id");
    assert_memory_equal(key, "v1-", 3);
    assert_int_equal(strlen(key), 3 + 64);
    cJSON_Delete(found);
    cJSON_Delete(wanted);
    request_free(&request);
    assert_true(ask(dialect, &account, span_of("1001"), &request));
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "https://api.example.com/v1/ask/1001");
    request_free(&request);
    api_dialect_free(dialect);
}

/* A pointer's name may be as long as it gets. */
static void register_takes_long_names(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_with("\"/buyer/name\"", "\"/buyer/" LONG_63 "\"");
    struct transport_request request;
    struct sample sample;
    sample_make(&sample);
    register_sample(dialect, &sample, &request);
    assert_non_null(strstr(request.body, "\"" LONG_63 "\":\"見本 太郎\""));
    request_free(&request);
    api_dialect_free(dialect);
}

/* A header may hold more than one of the placeholders. */
static void register_fills_every_placeholder_of_a_header(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_with("\"Bearer {apiKey}\"", "\"Shop {merchantCode}:{apiKey}\"");
    struct transport_request request;
    struct sample sample;
    sample_make(&sample);
    register_sample(dialect, &sample, &request);
    assert_string_equal(header_of(&request, "Authorization"), "Shop shop-1:test-key");
    request_free(&request);
    api_dialect_free(dialect);
}

/* What fills a placeholder is not read for others. */
static void register_takes_secrets_as_they_are(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    const struct api_account odd = {"https://api.example.com/v1", "{merchantCode}{apiKey}", "%s{idempotencyKey}"};
    struct transport_request request;
    struct sample sample;
    sample_make(&sample);
    assert_true(register_order(dialect, &odd, &sample.content, own_id(&sample), 0, &request));
    assert_string_equal(header_of(&request, "Authorization"), "Bearer {merchantCode}{apiKey}");
    assert_string_equal(header_of(&request, "X-Merchant-Code"), "%s{idempotencyKey}");
    request_free(&request);
    api_dialect_free(dialect);
}

/* The id at the service goes into body and key, whatever the file calls the order. */
static void register_takes_another_id(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct transport_request own;
    struct transport_request request;
    struct sample sample;
    struct buf expected = {0};
    char key[API_KEY_SIZE];
    sample_make(&sample);
    register_sample(dialect, &sample, &own);
    assert_true(register_order(dialect, &account, &sample.content, (struct span){"1001-23", 6}, 0, &request));
    buf_append_text(&expected, "{\"id\":\"1001-2\"");
    buf_append_text(&expected, own.body + strlen("{\"id\":\"1001\""));
    assert_string_equal(request.body, buf_text(&expected));
    assert_int_equal(request.body_length, expected.length);
    assert_true(api_key_make("shop-1", "register", span_of("1001-2"), span_of(request.body), 0, key));
    assert_string_equal(header_of(&request, "Idempotency-Key"), key);
    request_free(&request);
    request_free(&own);
    buf_free(&expected);
    api_dialect_free(dialect);
}

/* After a definite answer the same submission is another one. */
static void generations_change_the_key_alone(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    const struct order_shipment shipment = {.number = span_of("1234"), .carrier = span_of("ヤマト運輸")};
    const struct span id = span_of("1001");
    struct transport_request requests[2][3];
    struct sample sample;
    sample_make(&sample);
    for (uint32_t generation = 0; generation < 2; generation++) {
        struct transport_request *made = requests[generation];
        assert_true(register_order(dialect, &account, &sample.content, id, generation, &made[0]));
        assert_true(ship_order(dialect, &account, &shipment, id, generation, &made[1]));
        assert_true(cancel_order(dialect, &account, id, generation, &made[2]));
    }
    for (size_t call = 0; call < 3; call++) {
        assert_string_equal(requests[0][call].url, requests[1][call].url);
        assert_string_equal(requests[0][call].body, requests[1][call].body);
        assert_string_not_equal(header_of(&requests[0][call], "Idempotency-Key"),
                                header_of(&requests[1][call], "Idempotency-Key"));
        request_free(&requests[0][call]);
        request_free(&requests[1][call]);
    }
    api_dialect_free(dialect);
}

static void assert_submission(struct transport_request *request, const char *operation, const char *url,
                              const char *body)
{
    char key[API_KEY_SIZE];
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->url, url);
    assert_null(request->tag);
    assert_string_equal(request->body, body);
    assert_int_equal(request->body_length, strlen(body));
    assert_int_equal(count_headers(request), 5);
    assert_string_equal(header_of(request, "Authorization"), "Bearer test-key");
    assert_string_equal(header_of(request, "X-Merchant-Code"), "shop-1");
    assert_string_equal(header_of(request, "Content-Type"), "application/json; charset=utf-8");
    assert_true(api_key_make("shop-1", operation, span_of("1001-2"), span_of(body), 3, key));
    assert_string_equal(header_of(request, "Idempotency-Key"), key);
    request_free(request);
}

static void ship_is_what_the_contract_says(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    const char url[] = "https://api.example.com/v1/orders/1001-2/shipment";
    struct order_shipment shipment = {
        .number = {"0123-4567-89019", 14}, .carrier = span_of("ヤマト \"運輸\""), .several = true, .several_row = 7};
    struct transport_request request;
    memset(&request, 'x', sizeof request);
    assert_true(ship_order(dialect, &account, &shipment, span_of("1001-2"), 3, &request));
    assert_submission(&request, "ship", url,
                      "{\"trackingNumber\":\"0123-4567-8901\",\"carrier\":\"ヤマト \\\"運輸\\\"\"}");
    shipment.carrier = (struct span){NULL, 0};
    assert_true(ship_order(dialect, &account, &shipment, span_of("1001-2"), 3, &request));
    assert_submission(&request, "ship", url, "{\"trackingNumber\":\"0123-4567-8901\"}");
    api_dialect_free(dialect);
}

static void cancel_is_what_the_contract_says(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct transport_request request;
    memset(&request, 'x', sizeof request);
    assert_true(cancel_order(dialect, &account, span_of("1001-2"), 3, &request));
    assert_submission(&request, "cancel", "https://api.example.com/v1/orders/1001-2/cancellation", "{}");
    api_dialect_free(dialect);
}

static void ship_and_cancel_follow_a_changed_dialect(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(other_dialect);
    const struct order_shipment shipment = {.number = span_of("1234"), .carrier = span_of("佐川急便")};
    struct transport_request request;
    assert_true(ship_order(dialect, &account, &shipment, span_of("7"), 0, &request));
    assert_string_equal(request.url, "https://api.example.com/v1/sent");
    assert_string_equal(request.body, "{\"parcel\":{\"no\":\"1234\",\"by/whom\":\"佐川急便\"}}");
    assert_int_equal(count_headers(&request), 4);
    request_free(&request);
    assert_true(cancel_order(dialect, &account, span_of("a/b"), 0, &request));
    assert_string_equal(request.url, "https://api.example.com/v1/a%2Fb/off/a%2Fb");
    assert_string_equal(request.body, "{}");
    request_free(&request);
    api_dialect_free(dialect);
}

struct attempt {
    const struct api_dialect *dialect;
    struct sample sample;
    int call;
};

/* Whether the request could be made; where not, nothing of it is left. */
static bool attempt_request(void *context)
{
    const struct attempt *attempt = context;
    const struct order_shipment shipment = {.number = {"1234", 4}, .carrier = {"JP", 2}};
    const struct span id = {"1001", 4};
    struct transport_request request;
    memset(&request, 'x', sizeof request);
    bool made = attempt->call == 0
                    ? register_order(attempt->dialect, &account, &attempt->sample.content, id, 0, &request)
                : attempt->call == 1 ? ship_order(attempt->dialect, &account, &shipment, id, 0, &request)
                                     : cancel_order(attempt->dialect, &account, id, 0, &request);
    memory_left = SIZE_MAX;
    if (!made)
        assert_memory_equal(&request, &(struct transport_request){0}, sizeof request);
    request_free(&request);
    return made;
}

static void requests_say_that_memory_ran_out(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct attempt attempt = {.dialect = dialect};
    bool leaked;
    sample_make(&attempt.sample);
    attempt.sample.content.items = attempt.sample.items;
    for (attempt.call = 0; attempt.call < 3; attempt.call++) {
        size_t failures = memory_failures(attempt_request, &attempt, &leaked);
        assert_int_equal(failures > 5, MEMORY_CAN_BE_SCARCE);
        assert_false(leaked);
    }
    api_dialect_free(dialect);
}

static void ask_is_what_the_contract_says(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct transport_request request;
    memset(&request, 'x', sizeof request);
    assert_true(ask(dialect, &account, span_of("1001"), &request));
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.url, "https://api.example.com/v1/orders/1001");
    assert_null(request.body);
    assert_int_equal(request.body_length, 0);
    assert_int_equal(count_headers(&request), 4);
    assert_string_equal(header_of(&request, "Authorization"), "Bearer test-key");
    assert_string_equal(header_of(&request, "X-Merchant-Code"), "shop-1");
    assert_null(header_of(&request, "Idempotency-Key"));
    request_free(&request);
    api_dialect_free(dialect);
}

static void ask_encodes_the_id_and_joins_the_url(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        const char *id;
        const char *url;
    } cases[] = {
        {"http://127.0.0.1:8080/v1", "1001", "http://127.0.0.1:8080/v1/orders/1001"},
        {"http://127.0.0.1:8080/v1/", "1001", "http://127.0.0.1:8080/v1/orders/1001"},
        {"http://127.0.0.1:8080", "1001", "http://127.0.0.1:8080/orders/1001"},
        {"http://h/v1", "A-b_c.d~9", "http://h/v1/orders/A-b_c.d~9"},
        {"http://h/v1", "a/b?c#d%e&f", "http://h/v1/orders/a%2Fb%3Fc%23d%25e%26f"},
        {"http://h/v1", " +\"\\|", "http://h/v1/orders/%20%2B%22%5C%7C"},
        {"http://h/v1", "注文", "http://h/v1/orders/%E6%B3%A8%E6%96%87"},
        {"http://h/v1", "\r\nX: y", "http://h/v1/orders/%0D%0AX%3A%20y"},
        {"http://h/v1", "{id}", "http://h/v1/orders/%7Bid%7D"},
        {"http://h/{id}", "7", "http://h/{id}/orders/7"}, /* the base is the merchant's */
    };
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    struct transport_request request;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct api_account here = {cases[i].base, "k", "m"};
        assert_true(ask(dialect, &here, span_of(cases[i].id), &request));
        assert_string_equal(request.url, cases[i].url);
        request_free(&request);
    }
    assert_true(ask(dialect, &account, (struct span){"a\0b", 3}, &request));
    assert_string_equal(request.url, "https://api.example.com/v1/orders/a%00b");
    request_free(&request);
    api_dialect_free(dialect);
}

/* ---- Answers ---- */

static void read_answer(const struct api_dialect *dialect, long status, const char *body, struct api_answer *answer)
{
    struct transport_answer from = {.status = status, .body = body, .length = strlen(body)};
    memset(answer, 'x', sizeof *answer);
    api_dialect_read(dialect, API_ASK_STATE, span_of("1001"), &from, answer);
}

static void assert_meaning(const struct api_dialect *dialect, long status, const char *body, enum api_meaning meaning,
                           const char *message)
{
    struct api_answer answer;
    read_answer(dialect, status, body, &answer);
    if (answer.meaning != meaning)
        fail_msg("%ld %.80s means %d, not %d", status, body, (int)answer.meaning, (int)meaning);
    assert_string_equal(buf_text(&answer.message), message);
    buf_free(&answer.message);
}

static void answers_know_the_ten_statuses(void **state)
{
    (void)state;
    static const char *const names[] = {"AUTH_OK", "AUTH_NG",      "AUTH_FAILED", "AUTH_PENDING", "SHIP_OK",
                                        "SHIP_NG", "SHIP_PENDING", "CANCEL_OK",   "CANCEL_NG",    "CANCEL_PENDING"};
    static const long successes[] = {200, 201, 202, 299};
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t s = 0; s < COUNT(successes); s++) {
            struct api_answer answer;
            char body[96];
            snprintf(body, sizeof body, " {\"extra\":[1],\"creditStatus\":\"%s\",\"id\":\"1001\"}\r\n", names[i]);
            read_answer(dialect, successes[s], body, &answer);
            assert_int_equal(answer.meaning, API_ACCEPTED);
            assert_int_equal(answer.status, i + 1);
            assert_string_equal(buf_text(&answer.message), "");
            buf_free(&answer.message);
        }
    }
    api_dialect_free(dialect);
}

/* 200 to a registration: the service had it already. */
static void answers_tell_a_first_one_from_a_replay(void **state)
{
    (void)state;
    static const char good[] = "{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"}";
    static const struct {
        long status;
        const char *body;
        bool replayed;
    } cases[] = {{200, good, true}, {201, good, false}, {202, good, false}, {200, "{}", false}, {409, good, false}};
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct api_answer answer;
        read_answer(dialect, cases[i].status, cases[i].body, &answer);
        assert_int_equal(answer.replayed, cases[i].replayed);
        buf_free(&answer.message);
    }
    api_dialect_free(dialect);
}

static void answers_that_are_not_as_promised_are_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        " ",
        "OK",
        "null",
        "1",
        "true",
        "\"1001\"",
        "[]",
        "[{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"}]",
        "{}",
        "{\"id\":\"1001\"}",
        "{\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":\"1002\",\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":\"100\",\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":\"10011\",\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":\"\",\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":1001,\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":null,\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":[\"1001\"],\"creditStatus\":\"AUTH_OK\"}",
        "{\"ID\":\"1001\",\"creditStatus\":\"AUTH_OK\"}",
        "{\"id\":\"1001\",\"creditstatus\":\"AUTH_OK\"}",
        "{\"id\":\"1001\",\"creditStatus\":\"\"}",
        "{\"id\":\"1001\",\"creditStatus\":\"auth_ok\"}",
        "{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK \"}",
        "{\"id\":\"1001\",\"creditStatus\":\"AUTH_UNKNOWN\"}",
        "{\"id\":\"1001\",\"creditStatus\":\"与信OK\"}",
        "{\"id\":\"1001\",\"creditStatus\":1}",
        "{\"id\":\"1001\",\"creditStatus\":null}",
        "{\"id\":\"1001\",\"creditStatus\":{\"AUTH_OK\":1}}",
        "{\"order\":{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"}}",
        "{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"", /* cut off */
        "{\"message\":\"validation error\"}",
        "<html><body>It works!</body></html>",
    };
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    for (size_t i = 0; i < COUNT(bodies); i++)
        assert_meaning(dialect, i % 2 == 0 ? 200 : 201, bodies[i], API_NO_ANSWER, "");
    api_dialect_free(dialect);
}

/* JSON with something behind it is no JSON. */
static void answers_with_something_behind_them_are_none(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    assert_meaning(dialect, 201, "{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"}<html>", API_NO_ANSWER, "");
    api_dialect_free(dialect);
}

static void answers_may_be_nested_or_cut_without_harm(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    static const char good[] = "{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"}";
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    char *deep = malloc(DEPTH + 1);
    assert_non_null(deep);
    memset(deep, '[', DEPTH);
    deep[DEPTH] = '\0';
    assert_meaning(dialect, 200, deep, API_NO_ANSWER, "");
    assert_meaning(dialect, 400, deep, API_REFUSED, "HTTP 400");
    free(deep);
    for (size_t length = 0; length < sizeof good - 1; length++) {
        struct api_answer answer;
        struct transport_answer from = {.status = 201, .body = good, .length = length};
        api_dialect_read(dialect, API_ASK_STATE, span_of("1001"), &from, &answer);
        assert_int_equal(answer.meaning, API_NO_ANSWER);
        buf_free(&answer.message);
    }
    api_dialect_free(dialect);
}

static void answers_by_status(void **state)
{
    (void)state;
    static const char said[] = "{\"message\":\"validation error:items[0].name size must be between 1 and 255\"}";
    static const char words[] = "validation error:items[0].name size must be between 1 and 255";
    static const struct {
        long status;
        enum api_meaning meaning;
    } cases[] = {
        {400, API_REFUSED}, {401, API_CREDENTIALS}, {402, API_REFUSED},  {403, API_CREDENTIALS},
        {404, API_UNKNOWN}, {405, API_REFUSED},     {409, API_CONFLICT}, {410, API_REFUSED},
        {413, API_REFUSED}, {415, API_REFUSED},     {422, API_REFUSED},  {499, API_REFUSED},
    };
    static const long none[] = {100, 199, 300, 301, 302, 304, 307, 308, 399, 500, 502, 503, 599, 600, 999};
    struct api_dialect *dialect = dialect_of(embedded_json_dialect);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char bare[16];
        snprintf(bare, sizeof bare, "HTTP %ld", cases[i].status);
        assert_meaning(dialect, cases[i].status, said, cases[i].meaning, words);
        assert_meaning(dialect, cases[i].status, "", cases[i].meaning, bare);
        assert_meaning(dialect, cases[i].status, "<html>", cases[i].meaning, bare);
        assert_meaning(dialect, cases[i].status, "{}", cases[i].meaning, bare);
        assert_meaning(dialect, cases[i].status, "{\"message\":\"\"}", cases[i].meaning, bare);
        assert_meaning(dialect, cases[i].status, "{\"message\":[\"x\"]}", cases[i].meaning, bare);
        /* What a refusal says of an order is no acceptance. */
        assert_meaning(dialect, cases[i].status, "{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"}", cases[i].meaning,
                       bare);
    }
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_meaning(dialect, none[i], said, API_NO_ANSWER, "");
        assert_meaning(dialect, none[i], "{\"id\":\"1001\",\"creditStatus\":\"AUTH_OK\"}", API_NO_ANSWER, "");
    }
    api_dialect_free(dialect);
}

static void answers_follow_a_changed_dialect(void **state)
{
    (void)state;
    struct api_dialect *dialect = dialect_of(other_dialect);
    struct api_answer answer;
    read_answer(dialect, 200, "{\"result\":[{\"no\":\"1001\",\"st/ate\":\"保留\"},{\"no\":\"1\"}]}", &answer);
    assert_int_equal(answer.meaning, API_ACCEPTED);
    assert_int_equal(answer.status, ORDER_STATUS_AUTH_PENDING);
    buf_free(&answer.message);
    assert_meaning(dialect, 200, "{\"result\":[{\"no\":\"1001\",\"st/ate\":\"AUTH_OK\"}]}", API_NO_ANSWER, "");
    assert_meaning(dialect, 200, "{\"result\":[]}", API_NO_ANSWER, "");
    assert_meaning(dialect, 200, "{\"id\":\"1001\",\"creditStatus\":\"1\"}", API_NO_ANSWER, "");
    assert_meaning(dialect, 400, "{\"errors\":[{\"text\":\"a\"},{\"text\":\"b\"}]}", API_REFUSED, "b");
    assert_meaning(dialect, 400, "{\"errors\":[{\"text\":\"a\"}]}", API_REFUSED, "HTTP 400");
    assert_meaning(dialect, 400, "{\"message\":\"a\"}", API_REFUSED, "HTTP 400");
    api_dialect_free(dialect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_is_derived_from_each_part),
        cmocka_unit_test(key_never_changes),
        cmocka_unit_test(dialect_mistakes_are_named),
        cmocka_unit_test(dialect_items_without_a_list_are_a_mistake),
        cmocka_unit_test(dialect_answers_that_are_no_pointers_are_a_mistake),
        cmocka_unit_test(dialect_fields_in_each_others_place_are_a_mistake),
        cmocka_unit_test(dialect_with_something_behind_it_is_a_mistake),
        cmocka_unit_test(register_is_what_the_contract_says),
        cmocka_unit_test(register_gives_the_same_bytes_and_key_again),
        cmocka_unit_test(register_leaves_out_what_is_not_there),
        cmocka_unit_test(register_escapes_and_counts_exactly),
        cmocka_unit_test(register_holds_a_thousand_lines),
        cmocka_unit_test(register_follows_a_changed_dialect),
        cmocka_unit_test(register_takes_long_names),
        cmocka_unit_test(register_fills_every_placeholder_of_a_header),
        cmocka_unit_test(register_takes_secrets_as_they_are),
        cmocka_unit_test(register_takes_another_id),
        cmocka_unit_test(generations_change_the_key_alone),
        cmocka_unit_test(ship_is_what_the_contract_says),
        cmocka_unit_test(cancel_is_what_the_contract_says),
        cmocka_unit_test(ship_and_cancel_follow_a_changed_dialect),
        cmocka_unit_test(requests_say_that_memory_ran_out),
        cmocka_unit_test(ask_is_what_the_contract_says),
        cmocka_unit_test(ask_encodes_the_id_and_joins_the_url),
        cmocka_unit_test(answers_know_the_ten_statuses),
        cmocka_unit_test(answers_tell_a_first_one_from_a_replay),
        cmocka_unit_test(answers_that_are_not_as_promised_are_none),
        cmocka_unit_test(answers_with_something_behind_them_are_none),
        cmocka_unit_test(answers_may_be_nested_or_cut_without_harm),
        cmocka_unit_test(answers_by_status),
        cmocka_unit_test(answers_follow_a_changed_dialect),
    };
    return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
