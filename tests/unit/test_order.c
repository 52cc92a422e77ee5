/* tests/unit/test_order.c: src/order, from the cells of a row to the eight cells of the result. (What a cell's
 * text means: test_value.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/embedded.h"
#include "order/book.h"
#include "order/catalog.h"
#include "order/cells.h"
#include "order/content.h"
#include "order/finding.h"
#include "order/order.h"
#include "order/result.h"
#include "order/rules.h"
#include "order/schema.h"
#include "order/shipment.h"
#include "scarce_memory.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What every test may read. */
struct fixture {
    struct order_schema schema;
    struct catalog *catalog;
    struct text_codec *codec; /* UTF-8, so that cells can be read here */
    struct result_words *words;
};

static int load(void **state)
{
    struct error error = {0};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_true(order_schema_parse(&fixture->schema, span_of(embedded_order_schema), NULL, &error));
    fixture->catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    assert_non_null(fixture->catalog);
    fixture->codec = text_codec_new(TEXT_UTF8, &error);
    assert_non_null(fixture->codec);
    fixture->words = result_words_new(fixture->catalog, fixture->codec);
    assert_non_null(fixture->words);
    *state = fixture;
    return 0;
}

static int unload(void **state)
{
    struct fixture *fixture = *state;
    if (fixture == NULL)
        return 0;
    order_schema_free(&fixture->schema);
    result_words_free(fixture->words);
    text_codec_free(fixture->codec);
    catalog_free(fixture->catalog);
    free(fixture);
    return 0;
}

/* `text` with each {X*N} written out as N times X. Freed by the caller. */
static char *spelled(const char *text)
{
    struct buf out = {0};
    buf_append_text(&out, "");
    while (*text != '\0') {
        const char *star = *text == '{' ? strchr(text, '*') : NULL;
        if (star == NULL) {
            buf_append_byte(&out, *text++);
            continue;
        }
        char *end;
        unsigned long times = strtoul(star + 1, &end, 10);
        assert_int_equal(*end, '}');
        for (unsigned long i = 0; i < times; i++)
            buf_append(&out, text + 1, (size_t)(star - text - 1));
        text = end + 1;
    }
    return buf_take(&out);
}

/* ---- Statuses ---- */

static void statuses_are_the_manuals_ten(void **state)
{
    (void)state;
    static const char *const names[] = {"与信OK",         "与信NG",         "与信失敗",       "与信中",
                                        "出荷情報登録OK", "出荷情報登録NG", "出荷情報登録中", "与信の取消OK",
                                        "与信の取消NG",   "与信の取消中"};
    enum order_status status;
    assert_int_equal(ORDER_STATUSES, COUNT(names) + 1);
    assert_string_equal(order_status_name(ORDER_STATUS_NONE), "");
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_string_equal(order_status_name((enum order_status)(i + 1)), names[i]);
        assert_true(order_status_of(names[i], &status));
        assert_int_equal(status, i + 1);
    }
    assert_false(order_status_of("", &status));
    assert_false(order_status_of("与信ok", &status));
    assert_false(order_status_of("AUTH_OK", &status));
}

/* ---- Schema ---- */

/* The column of that name, which must be there. */
static const struct order_column *column_named(const struct order_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->columns[i].name, name) == 0)
            return &schema->columns[i];
    fail_msg("no column %s", name);
    return NULL;
}

static void schema_names_every_field_once(void **state)
{
    (void)state;
    enum order_field field;
    assert_string_equal(order_field_name(ORDER_FIELD_NONE), "");
    for (size_t i = ORDER_FIELD_NONE + 1; i < ORDER_FIELDS; i++) {
        assert_true(*order_field_name((enum order_field)i) != '\0');
        assert_true(order_field_of(order_field_name((enum order_field)i), &field));
        assert_int_equal(field, i);
    }
    assert_false(order_field_of("", &field));
    assert_false(order_field_of("buyer", &field));
    assert_false(order_field_of("Id", &field));
}

/* The tables of the domain: which columns Robot-in needs on N and on U, and which are the order's own. */
static void schema_built_in_says_what_the_manual_does(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const needed_n[] = {
        "コントロールカラム", "受注ID",   "明細ID",           "商品コード", "店舗ID",
        "受注日時",           "受注番号", "ステータスコード", "支払方法",   "注文者氏名"};
    unsigned on_n = 0;
    unsigned on_u = 0;
    for (size_t i = 0; i < COUNT(needed_n); i++) {
        unsigned needed = column_named(&fixture->schema, needed_n[i])->needed;
        assert_true((needed & ORDER_NEED_N) != 0);
        assert_int_equal((needed & ORDER_NEED_U) != 0, i < 4);
    }
    for (size_t i = 0; i < fixture->schema.count; i++) {
        on_n += (fixture->schema.columns[i].needed & ORDER_NEED_N) != 0;
        on_u += (fixture->schema.columns[i].needed & ORDER_NEED_U) != 0;
    }
    assert_int_equal(on_n, COUNT(needed_n));
    assert_int_equal(on_u, 4);
    assert_int_equal(fixture->schema.deferred_count, 1);
    assert_string_equal(fixture->schema.deferred[0], "後払い");
    const struct order_column *code = column_named(&fixture->schema, "商品コード");
    assert_int_equal(code->field, ORDER_FIELD_ITEM_ID);
    assert_string_equal(fixture->schema.columns[code->stands_in_for].name, "商品番号");
    assert_int_equal(column_named(&fixture->schema, "受注ID")->type, ORDER_TYPE_DIGITS);
    assert_int_equal(column_named(&fixture->schema, "受注日時")->type, ORDER_TYPE_DATETIME);
    assert_int_equal(column_named(&fixture->schema, "請求金額")->type, ORDER_TYPE_INTEGER);
    assert_int_equal(column_named(&fixture->schema, "コントロールカラム")->type, ORDER_TYPE_CONTROL);
    assert_int_equal(column_named(&fixture->schema, "備考")->level, ORDER_LEVEL_FREE);
}

#define COLUMN(text) "{\"name\":\"b\",\"type\":\"text\",\"level\":\"line\"" text "}"
#define SCHEMA(text)                                                                                                   \
    "{\"deferredPayment\":[\"\"],\"columns\":[{\"name\":\"a\",\"aliases\":[\"aa\"],\"field\":\"id\",\"type\":"         \
    "\"digits\",\"level\":\"order\"}" text "]}"

static void schema_takes_the_least(void **state)
{
    (void)state;
    struct order_schema schema;
    struct error error = {0};
    assert_true(order_schema_parse(&schema, span_of(SCHEMA("," COLUMN(""))), "my.json", &error));
    assert_int_equal(schema.count, 2);
    assert_int_equal(schema.columns[0].field, ORDER_FIELD_ID);
    assert_int_equal(schema.columns[0].alias_count, 1);
    assert_int_equal(schema.columns[1].field, ORDER_FIELD_NONE);
    assert_int_equal(schema.columns[1].alias_count, 0);
    assert_int_equal(schema.columns[1].needed, 0);
    assert_true(schema.columns[1].stands_in_for == ORDER_NO_COLUMN);
    order_schema_free(&schema);
}

static void assert_schema_invalid(const char *json, const char *what)
{
    struct order_schema schema;
    struct error error = {0};
    assert_false(order_schema_parse(&schema, span_of(json), "my.json", &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_string_equal(error.code, "SCHEMA_INVALID");
    assert_string_equal(error.path, "my.json");
    assert_string_equal(error.args[0], what);
}

static void schema_mistakes_name_the_column(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *what;
    } cases[] = {
        {"", "JSON"},
        {"no JSON", "JSON"},
        {"[]", "JSON"},
        {"null", "JSON"},
        {"{\"columns\":[" COLUMN("") "]}", "deferredPayment"},
        {"{\"deferredPayment\":[],\"columns\":[" COLUMN("") "]}", "deferredPayment"},
        {"{\"deferredPayment\":\"後払い\",\"columns\":[" COLUMN("") "]}", "deferredPayment"},
        {"{\"deferredPayment\":[1],\"columns\":[" COLUMN("") "]}", "deferredPayment"},
        {"{\"deferredPayment\":[\"\"]}", "columns"},
        {"{\"deferredPayment\":[\"\"],\"columns\":{}}", "columns"},
        {"{\"deferredPayment\":[\"\"],\"columns\":[]}", "columns"},
        {"{\"deferredPayment\":[\"\"],\"columns\":[" COLUMN("") "]}", "field id"},
        {SCHEMA(",1"), "name"},
        {SCHEMA(",{\"type\":\"text\",\"level\":\"line\"}"), "name"},
        {SCHEMA(",{\"name\":\"\",\"type\":\"text\",\"level\":\"line\"}"), ": name"}, /* the column's name is empty */
        {SCHEMA(",{\"name\":7,\"type\":\"text\",\"level\":\"line\"}"), "name"},
        {SCHEMA(",{\"name\":\"b\",\"level\":\"line\"}"), "b: type"},
        {SCHEMA(",{\"name\":\"b\",\"type\":\"number\",\"level\":\"line\"}"), "b: type"},
        {SCHEMA(",{\"name\":\"b\",\"type\":\"text\"}"), "b: level"},
        {SCHEMA(",{\"name\":\"b\",\"type\":\"text\",\"level\":\"row\"}"), "b: level"},
        {SCHEMA("," COLUMN(",\"field\":\"nothing\"")), "b: field"},
        {SCHEMA("," COLUMN(",\"field\":\"\"")), "b: field"},
        {SCHEMA("," COLUMN(",\"field\":1")), "b: field"},
        {SCHEMA("," COLUMN(",\"needed\":\"N\"")), "b: needed"},
        {SCHEMA("," COLUMN(",\"needed\":[\"D\"]")), "b: needed"},
        {SCHEMA("," COLUMN(",\"needed\":[1]")), "b: needed"},
        {SCHEMA("," COLUMN(",\"aliases\":\"c\"")), "b: aliases"},
        {SCHEMA("," COLUMN(",\"aliases\":[1]")), "b: aliases"},
        {SCHEMA("," COLUMN(",\"aliases\":[\"a\"]")), "b: aliases"},
        {SCHEMA("," COLUMN(",\"aliases\":[\"aa\"]")), "b: aliases"},
        {SCHEMA("," COLUMN("") "," COLUMN("")), "b: name"},
        {SCHEMA(",{\"name\":\"aa\",\"type\":\"text\",\"level\":\"line\"}"), "aa: name"},
        {SCHEMA("," COLUMN(",\"standsInFor\":\"c\"")), "b: standsInFor"},
        {SCHEMA("," COLUMN(",\"standsInFor\":\"b\"")), "b: standsInFor"},
        {SCHEMA("," COLUMN(",\"standsInFor\":\"a\"")), "b: standsInFor"}, /* of another field */
        {SCHEMA("," COLUMN(",\"standsInFor\":1")), "b: standsInFor"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_schema_invalid(cases[i].json, cases[i].what);
}

static void schema_knows_each_type_by_its_word(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum order_type type;
    } cases[] = {
        {"text", ORDER_TYPE_TEXT},       {"digits", ORDER_TYPE_DIGITS},
        {"integer", ORDER_TYPE_INTEGER}, {"datetime", ORDER_TYPE_DATETIME},
        {"control", ORDER_TYPE_CONTROL}, {"code", ORDER_TYPE_CODE},
        {"date", ORDER_TYPE_DATE},       {"phone", ORDER_TYPE_PHONE},
        {"email", ORDER_TYPE_EMAIL},     {"postalCode", ORDER_TYPE_POSTAL_CODE},
        {"kana", ORDER_TYPE_KANA},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct order_schema schema;
        struct error error = {0};
        struct buf json = {0};
        buf_printf(&json, SCHEMA(",{\"name\":\"b\",\"type\":\"%s\",\"level\":\"line\"}"), cases[i].word);
        assert_true(order_schema_parse(&schema, span_of(buf_text(&json)), NULL, &error));
        assert_int_equal(schema.columns[1].type, cases[i].type);
        order_schema_free(&schema);
        buf_free(&json);
    }
    assert_int_equal(COUNT(cases), ORDER_TYPE_KANA + 1);
}

static void schema_reads_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max_length;
        int64_t least;
        int64_t most;
    } cases[] = {
        {"", 0, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX},
        {",\"maxLength\":0", 0, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX},
        {",\"maxLength\":1", 1, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX},
        {",\"maxLength\":255", 255, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX},
        {",\"maxLength\":999999999999999", 999999999999999, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX},
        {",\"minimum\":-999999,\"maximum\":999999", 0, -999999, 999999},
        {",\"minimum\":0", 0, 0, ORDER_INTEGER_MAX},
        {",\"maximum\":0", 0, -ORDER_INTEGER_MAX, 0},
        {",\"minimum\":7,\"maximum\":7", 0, 7, 7},
        {",\"minimum\":-999999999999999,\"maximum\":999999999999999", 0, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX},
        {",\"minimum\":1.0,\"maximum\":1e2", 0, 1, 100},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct order_schema schema;
        struct error error = {0};
        struct buf json = {0};
        buf_printf(&json, SCHEMA("," COLUMN("%s")), cases[i].text);
        assert_true(order_schema_parse(&schema, span_of(buf_text(&json)), NULL, &error));
        assert_int_equal(schema.columns[1].max_length, cases[i].max_length);
        assert_true(schema.columns[1].least == cases[i].least);
        assert_true(schema.columns[1].most == cases[i].most);
        order_schema_free(&schema);
        buf_free(&json);
    }
}

static void schema_bounds_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *what;
    } cases[] = {
        {SCHEMA("," COLUMN(",\"maxLength\":-1")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"maxLength\":1.5")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"maxLength\":\"255\"")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"maxLength\":null")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"maxLength\":[255]")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"maxLength\":true")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"maxLength\":1e16")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"maxLength\":1e999")), "b: maxLength"},
        {SCHEMA("," COLUMN(",\"minimum\":0.5")), "b: minimum"},
        {SCHEMA("," COLUMN(",\"minimum\":\"1\"")), "b: minimum"},
        {SCHEMA("," COLUMN(",\"minimum\":-1e16")), "b: minimum"},
        {SCHEMA("," COLUMN(",\"minimum\":-1e999")), "b: minimum"},
        {SCHEMA("," COLUMN(",\"maximum\":0.5")), "b: maximum"},
        {SCHEMA("," COLUMN(",\"maximum\":{}")), "b: maximum"},
        {SCHEMA("," COLUMN(",\"maximum\":1000000000000001")), "b: maximum"},
        {SCHEMA("," COLUMN(",\"minimum\":2,\"maximum\":1")), "b: minimum"},
        {SCHEMA(",{\"name\":\"b\",\"type\":\"Phone\",\"level\":\"line\"}"), "b: type"},
        {SCHEMA(",{\"name\":\"b\",\"type\":\"postal_code\",\"level\":\"line\"}"), "b: type"},
        {SCHEMA(",{\"name\":\"b\",\"type\":\"\",\"level\":\"line\"}"), "b: type"},
        {SCHEMA(",{\"name\":\"b\",\"type\":7,\"level\":\"line\"}"), "b: type"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_schema_invalid(cases[i].json, cases[i].what);
}

/* The table of the rules: which number may be how large, which text how long, what looks like what. */
static void schema_built_in_has_types_and_bounds(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *name;
        enum order_type type;
        int64_t least;
        int64_t most;
        size_t max_length;
    } cases[] = {
        {"請求金額", ORDER_TYPE_INTEGER, 1, 999999, 0},
        {"単価", ORDER_TYPE_INTEGER, -999999, 999999, 0},
        {"小計", ORDER_TYPE_INTEGER, -999999, 999999, 0},
        {"個数", ORDER_TYPE_INTEGER, 1, 9999, 0},
        {"送料", ORDER_TYPE_INTEGER, 0, 999999, 0},
        {"手数料", ORDER_TYPE_INTEGER, 0, 999999, 0},
        {"値引", ORDER_TYPE_INTEGER, 0, 999999, 0},
        {"項番", ORDER_TYPE_INTEGER, 0, 999999, 0},
        {"受注番号", ORDER_TYPE_CODE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"ステータスコード", ORDER_TYPE_CODE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"商品番号", ORDER_TYPE_CODE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"商品コード", ORDER_TYPE_CODE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"送り状番号", ORDER_TYPE_CODE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"出荷予定日", ORDER_TYPE_DATE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"注文者氏名", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"注文者氏名カナ", ORDER_TYPE_KANA, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"注文者郵便番号", ORDER_TYPE_POSTAL_CODE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"注文者都道府県", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"注文者住所1", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"注文者住所2", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"注文者電話番号", ORDER_TYPE_PHONE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"送付先氏名", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"送付先郵便番号", ORDER_TYPE_POSTAL_CODE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"送付先都道府県", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"送付先住所1", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"送付先住所2", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 255},
        {"送付先電話番号", ORDER_TYPE_PHONE, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
        {"備考", ORDER_TYPE_TEXT, -ORDER_INTEGER_MAX, ORDER_INTEGER_MAX, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct order_column *column = column_named(&fixture->schema, cases[i].name);
        if (column->type != cases[i].type || column->least != cases[i].least || column->most != cases[i].most ||
            column->max_length != cases[i].max_length)
            fail_msg("%s is not as it should be", cases[i].name);
    }
    assert_int_equal(column_named(&fixture->schema, "注文者メールアドレス")->type, ORDER_TYPE_EMAIL);
}

/* What follows the JSON is a mistake of whoever edited the file, not something to be passed over. */
static void schema_with_something_behind_it_is_a_mistake(void **state)
{
    (void)state;
    assert_schema_invalid(SCHEMA("") "]", "JSON");
}

/* ---- Layout ---- */

enum { HEADINGS_MAX = 64 };

/* Cut `text` at its commas into at most HEADINGS_MAX spans. */
static size_t cut(const char *text, struct span cells[HEADINGS_MAX])
{
    size_t count = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        assert_true(count < HEADINGS_MAX);
        cells[count++] = (struct span){text, length};
        if (text[length] == '\0')
            return count;
        text += length + 1;
    }
}

static bool find_layout(const struct order_schema *schema, const char *header, struct order_layout *layout,
                        struct error *error)
{
    struct span headings[HEADINGS_MAX];
    size_t count = cut(header, headings);
    *error = (struct error){0};
    return order_layout_find(layout, schema, headings, count, "in.csv", error);
}

/* The heading that serves `field`, "" when none does. */
static void assert_serves(const struct order_schema *schema, const char *header, enum order_field field,
                          const char *heading)
{
    struct order_layout layout;
    struct error error;
    assert_true(find_layout(schema, header, &layout, &error));
    size_t column = order_layout_column(&layout, field);
    struct span found = column != ORDER_NO_COLUMN ? order_layout_heading(&layout, schema, column) : span_of("");
    assert_true(span_is(found, heading));
    order_layout_free(&layout);
}

static void layout_finds_columns_wherever_they_stand(void **state)
{
    const struct fixture *fixture = *state;
    const struct order_schema *schema = &fixture->schema;
    struct order_layout layout;
    struct error error;
    assert_true(find_layout(schema, "社内メモ,支払方法,,受注ID,社内メモ", &layout, &error));
    assert_int_equal(layout.heading_count, 5);
    assert_true(span_is(layout.headings[0], "社内メモ"));
    assert_true(span_is(layout.headings[2], ""));
    assert_true(layout.columns[0] == ORDER_NO_COLUMN);
    assert_true(layout.columns[2] == ORDER_NO_COLUMN);
    assert_true(layout.columns[4] == ORDER_NO_COLUMN); /* an unknown one may be there twice */
    size_t id = order_layout_column(&layout, ORDER_FIELD_ID);
    assert_int_equal(layout.cells[id], 3);
    assert_int_equal(layout.columns[3], id);
    assert_true(order_layout_serves(&layout, schema, id));
    assert_true(order_layout_column(&layout, ORDER_FIELD_AMOUNT) == ORDER_NO_COLUMN);
    assert_true(order_layout_column(&layout, ORDER_FIELD_NONE) == ORDER_NO_COLUMN);
    /* A column that the file lacks goes by the schema's name. */
    size_t amount = (size_t)(column_named(schema, "請求金額") - schema->columns);
    assert_true(layout.cells[amount] == ORDER_NO_COLUMN);
    assert_false(order_layout_serves(&layout, schema, amount));
    assert_true(span_is(order_layout_heading(&layout, schema, amount), "請求金額"));
    order_layout_free(&layout);
}

static void layout_takes_blanks_and_aliases(void **state)
{
    const struct fixture *fixture = *state;
    const struct order_schema *schema = &fixture->schema;
    assert_serves(schema, " 受注ID\t,支払方法 ", ORDER_FIELD_ID, "受注ID");
    assert_serves(schema, "受注ID,支払方法,値引き", ORDER_FIELD_DISCOUNT, "値引き");
    assert_serves(schema, "受注ID,支払方法,値引", ORDER_FIELD_DISCOUNT, "値引");
    assert_serves(schema, "受注ID,支払方法,注文者電話", ORDER_FIELD_BUYER_PHONE, "注文者電話");
    assert_serves(schema, "受注ID,支払方法,注文者メール", ORDER_FIELD_BUYER_EMAIL, "注文者メール");
    assert_serves(schema, "受注ID,支払方法,値 引", ORDER_FIELD_DISCOUNT, "");
    /* The first of several columns that serve a field is the schema's first, not the file's. */
    assert_serves(schema, "受注ID,支払方法,注文者住所1,注文者都道府県", ORDER_FIELD_BUYER_ADDRESS, "注文者都道府県");
}

static void layout_lets_the_code_stand_in(void **state)
{
    const struct fixture *fixture = *state;
    const struct order_schema *schema = &fixture->schema;
    assert_serves(schema, "受注ID,支払方法,商品コード", ORDER_FIELD_ITEM_ID, "商品コード");
    assert_serves(schema, "受注ID,支払方法,商品番号", ORDER_FIELD_ITEM_ID, "商品番号");
    assert_serves(schema, "受注ID,支払方法,商品コード,商品番号", ORDER_FIELD_ITEM_ID, "商品番号");
    assert_serves(schema, "受注ID,支払方法,商品番号,商品コード", ORDER_FIELD_ITEM_ID, "商品番号");
    assert_serves(schema, "受注ID,支払方法", ORDER_FIELD_ITEM_ID, "");
    struct order_layout layout;
    struct error error;
    assert_true(find_layout(schema, "受注ID,支払方法,商品コード,商品番号", &layout, &error));
    assert_false(order_layout_serves(&layout, schema, (size_t)(column_named(schema, "商品コード") - schema->columns)));
    order_layout_free(&layout);
}

static void layout_refuses_what_is_no_order_csv(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *header;
        const char *code;
        const char *arg;
    } cases[] = {
        {"", "HEADER_NO_ORDER_ID", ""},
        {"支払方法,受注番号", "HEADER_NO_ORDER_ID", ""},
        {"受注ＩＤ,支払方法", "HEADER_NO_ORDER_ID", ""},
        {"受注ID,店舗ID", "HEADER_NO_PAYMENT", ""},
        {"受注ID,支払方法,受注ID", "HEADER_DUPLICATE", "受注ID"},
        {"受注ID,支払方法, 受注ID ", "HEADER_DUPLICATE", "受注ID"},
        {"受注ID,支払方法,値引,値引き", "HEADER_DUPLICATE", "値引き"},
        {"受注ID,支払方法,値引き,値引", "HEADER_DUPLICATE", "値引"},
    };
    struct order_layout layout;
    struct error error;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_false(find_layout(&fixture->schema, cases[i].header, &layout, &error));
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_string_equal(error.code, cases[i].code);
        assert_string_equal(error.path, "in.csv");
        assert_string_equal(error.args[0], cases[i].arg);
    }
}

static void layout_needs_no_payment_where_all_is_deferred(void **state)
{
    (void)state;
    struct order_schema schema;
    struct order_layout layout;
    struct error error = {0};
    assert_true(order_schema_parse(&schema, span_of(SCHEMA("")), NULL, &error));
    assert_true(find_layout(&schema, "aa", &layout, &error));
    assert_true(order_schema_defers_all(&schema));
    order_layout_free(&layout);
    order_schema_free(&schema);
}

static void schema_tells_whether_all_is_deferred(void **state)
{
    const struct fixture *fixture = *state;
    struct order_schema schema;
    struct error error = {0};
    static const char json[] = "{\"deferredPayment\":[\"後払い\",\"\"],\"columns\":[" COLUMN(",\"field\":\"id\"") "]}";
    assert_false(order_schema_defers_all(&fixture->schema));
    assert_true(order_schema_parse(&schema, span_of(json), NULL, &error));
    assert_true(order_schema_defers_all(&schema));
    order_schema_free(&schema);
}

/* ---- Catalogue ---- */

static const char *matched(const struct catalog *catalog, const char *message, long *item)
{
    *item = 42;
    return catalog_match(catalog, span_of(message), item)->code;
}

static void catalog_finds_by_code(void **state)
{
    const struct fixture *fixture = *state;
    const struct catalog_entry *entry = catalog_find(fixture->catalog, "ITEM_NAME_SIZE");
    assert_non_null(entry);
    assert_string_equal(entry->code, "ITEM_NAME_SIZE");
    assert_false(entry->warning);
    assert_int_equal(entry->field_count, 1);
    assert_int_equal(entry->fields[0], ORDER_FIELD_ITEM_NAME);
    assert_null(catalog_find(fixture->catalog, "ITEM_NAME"));
    assert_null(catalog_find(fixture->catalog, ""));
    assert_null(catalog_find(fixture->catalog, "item_name_size"));
}

static void catalog_knows_the_services_words(void **state)
{
    const struct fixture *fixture = *state;
#define NAME_SIZE(n) "validation error:items[" n "].name size must be between 1 and 255"
    static const struct {
        const char *message;
        const char *code;
        long item;
    } cases[] = {
        {NAME_SIZE("0"), "ITEM_NAME_SIZE", 0},
        {NAME_SIZE("12"), "ITEM_NAME_SIZE", 12},
        {NAME_SIZE("999999"), "ITEM_NAME_SIZE", 999999},
        {"validation error:items[3].id size must be between 1 and 36", "ITEM_ID_SIZE", 3},
        {"validation error:items[3].id contains non-Ascii character", "ITEM_ID_NON_ASCII", 3},
        {NAME_SIZE(""), "SERVICE_REFUSED", -1},
        {NAME_SIZE("x"), "SERVICE_REFUSED", -1},
        {NAME_SIZE("-1"), "SERVICE_REFUSED", -1},
        {NAME_SIZE(" 1"), "SERVICE_REFUSED", -1},
        {NAME_SIZE("1x"), "SERVICE_REFUSED", -1},
        {NAME_SIZE("１"), "SERVICE_REFUSED", -1},
        {NAME_SIZE("{N}"), "SERVICE_REFUSED", -1},
        {NAME_SIZE("99999999999999999999999999"), "SERVICE_REFUSED", -1},
        {NAME_SIZE("1") ".", "SERVICE_REFUSED", -1},
        {NAME_SIZE("1") " ", "SERVICE_REFUSED", -1},
        {" " NAME_SIZE("1"), "SERVICE_REFUSED", -1},
        {"validation error:items[1].name size must be between 1 and 25", "SERVICE_REFUSED", -1},
        {"validation error:items[1", "SERVICE_REFUSED", -1},
        {"validation error:items[", "SERVICE_REFUSED", -1},
        {"", "SERVICE_REFUSED", -1},
        {"何か別のこと", "SERVICE_REFUSED", -1},
    };
    long item;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(matched(fixture->catalog, cases[i].message, &item), cases[i].code);
        assert_int_equal(item, cases[i].item);
    }
    /* A span ends where it says. */
    struct span prefix = {NAME_SIZE("1") "…", sizeof NAME_SIZE("1") - 1};
    assert_string_equal(catalog_match(fixture->catalog, prefix, &item)->code, "ITEM_NAME_SIZE");
    assert_string_equal(catalog_find(fixture->catalog, "SERVICE_REFUSED")->texts[CATALOG_JA].message, "{1}");
#undef NAME_SIZE
}

static void catalog_fills_placeholders(void **state)
{
    (void)state;
    static const struct {
        const char *template;
        const char *filled;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"{N} {row} {column} {path} {1} {2} {3}", "7 4000000000 商品名 in.csv eins {1} "},
        {"{N}{N}", "77"},
        {"{1}{row}", "eins4000000000"},
        {"{", "{"},
        {"{}", "{}"},
        {"{4}", "{4}"},
        {"{0}", "{0}"},
        {"{n} {Row} {unknown} {row", "{n} {Row} {unknown} {row"},
        {"{{row}}", "{4000000000}"},
        {"items[{N}].name", "items[7].name"},
    };
    struct catalog_values values = {.item = 7,
                                    .row = 4000000000U,
                                    .column = span_of("商品名"),
                                    .path = span_of("in.csv"),
                                    .args = {{"einsx", 4}, span_of("{1}")}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};
        catalog_fill(cases[i].template, &values, &out);
        assert_string_equal(buf_text(&out), cases[i].filled);
        buf_free(&out);
    }
    struct buf out = {0};
    buf_append_text(&out, "before ");
    catalog_fill("{1}", &values, &out);
    assert_string_equal(buf_text(&out), "before eins"); /* appended, as it says */
    buf_free(&out);
}

static void catalog_fills_with_words(void **state)
{
    (void)state;
    struct catalog_words words = {.of = {[CATALOG_ITEM] = span_of("N"), [CATALOG_ARG1] = span_of("")}};
    struct buf out = {0};
    words.of[CATALOG_ARG1 + 2] = span_of("{row}");
    catalog_fill_words("{N}-{row}-{column}-{path}-{1}-{2}-{3}-{x}{", &words, &out);
    assert_string_equal(buf_text(&out), "N-{row}-{column}-{path}--{2}-{row}-{x}{"); /* what has no text stays */
    buf_free(&out);
}

/* An entry with a pattern and messages: what fits it, how well, and what the placeholders stand for. */
static void catalog_recognises_filled_messages(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        size_t fit;
        const char *words[CATALOG_PLACES]; /* NULL: none */
    } cases[] = {
        {"items[7].x", sizeof "items[].x" - 1, {[CATALOG_ITEM] = "7"}},
        {"items[0123].x", sizeof "items[].x" - 1, {[CATALOG_ITEM] = "0123"}},
        {"items[N].x", sizeof "items[].x" - 1, {[CATALOG_ITEM] = "N"}},
        {"items[].x", 0, {0}},
        {"items[NN].x", 0, {0}},
        {"items[1].", 0, {0}},
        {"items[1].xx", 0, {0}},
        {"aはbだ", sizeof "はだ" - 1, {[CATALOG_ARG1] = "a", [CATALOG_ARG1 + 1] = "b"}},
        {"単価は値だ", sizeof "はだ" - 1, {[CATALOG_ARG1] = "単価", [CATALOG_ARG1 + 1] = "値"}},
        {"はははだ", sizeof "はだ" - 1, {[CATALOG_ARG1] = "は", [CATALOG_ARG1 + 1] = "は"}},
        {"aはだだだ", sizeof "はだ" - 1, {[CATALOG_ARG1] = "a", [CATALOG_ARG1 + 1] = "だだ"}},
        {"aはだ", 0, {0}}, /* a placeholder is not empty */
        {"はbだ", 0, {0}},
        {"aはb", 0, {0}},
        {"Row 5 of 7: no",
         sizeof "Row  of : " - 1,
         {[CATALOG_ROW] = "5", [CATALOG_ITEM] = "7", [CATALOG_COLUMN] = "no"}},
        {"Row 5 of 6 of 7: no: yes",
         sizeof "Row  of : " - 1,
         {[CATALOG_ROW] = "5 of 6", [CATALOG_ITEM] = "7", [CATALOG_COLUMN] = "no: yes"}},
        {"Row 5 of x: no", 0, {0}},
        {"", 0, {0}},
    };
    static const char *const patterns[] = {"items[{N}].x", "{1}", "{1}{2}"};
    struct catalog_entry entry = {.patterns = (const char **)patterns, .pattern_count = COUNT(patterns)};
    entry.texts[CATALOG_JA].message = "{1}は{2}だ";
    entry.texts[CATALOG_EN].message = "Row {row} of {N}: {column}";
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct catalog_words words = {0};
        size_t fit = catalog_fit(&entry, span_of(cases[i].message), &words);
        if (fit != cases[i].fit)
            fail_msg("%s: %zu", cases[i].message, fit);
        for (size_t place = 0; place < CATALOG_PLACES && fit > 0; place++) {
            if (cases[i].words[place] == NULL)
                assert_null(words.of[place].data);
            else
                assert_true(span_is(words.of[place], cases[i].words[place]));
        }
    }
}

/* The template with the most bytes of its own wins, and a span ends where it says. */
static void catalog_prefers_the_closest_template(void **state)
{
    (void)state;
    static const char *const patterns[] = {"a{1}", "a{2}c", "{3}bc"};
    struct catalog_entry entry = {.patterns = (const char **)patterns, .pattern_count = COUNT(patterns)};
    struct catalog_words words;
    entry.texts[CATALOG_JA].message = entry.texts[CATALOG_EN].message = "{1}";
    assert_int_equal(catalog_fit(&entry, span_of("abc"), &words), 2);
    assert_true(span_is(words.of[CATALOG_ARG1 + 1], "b")); /* of two that are as good, the first */
    assert_null(words.of[CATALOG_ARG1].data);
    assert_int_equal(catalog_fit(&entry, span_of("abd"), &words), 1);
    assert_int_equal(catalog_fit(&entry, span_of("xbc"), &words), 2);
    assert_int_equal(catalog_fit(&entry, (struct span){"abc", 2}, &words), 1);
    assert_true(span_is(words.of[CATALOG_ARG1], "b"));
    assert_int_equal(catalog_fit(&entry, span_of("xyz"), &words), 0);
}

/* Every message of the catalogue, filled, is recognised as its own entry's, and nothing fits better. */
static void catalog_recognises_its_own_messages(void **state)
{
    const struct fixture *fixture = *state;
    struct catalog_values values = {.item = 7,
                                    .row = 12,
                                    .other = 3,
                                    .column = span_of("商品名"),
                                    .path = span_of("order.csv"),
                                    .args = {span_of("値"), span_of("3"), span_of("x y")}};
    for (size_t i = 0; i < catalog_count(fixture->catalog); i++) {
        const struct catalog_entry *entry = catalog_entry(fixture->catalog, i);
        for (size_t language = 0; language < CATALOG_LANGUAGES && entry != catalog_generic(fixture->catalog);
             language++) {
            struct buf text = {0};
            struct catalog_words words;
            catalog_fill(entry->texts[language].message, &values, &text);
            struct span message = {buf_text(&text), text.length};
            size_t own = catalog_fit(entry, message, &words);
            if (own == 0)
                fail_msg("%s: %s", entry->code, buf_text(&text));
            for (size_t other = 0; other < catalog_count(fixture->catalog); other++)
                if (catalog_fit(catalog_entry(fixture->catalog, other), message, &words) > own)
                    fail_msg("%s: %s", catalog_entry(fixture->catalog, other)->code, buf_text(&text));
            buf_free(&text);
        }
    }
}

static void assert_fills_whole(const char *code, const struct catalog_entry *entry)
{
    struct catalog_values values = {.item = 1,
                                    .row = 2,
                                    .column = span_of("列"),
                                    .path = span_of("道"),
                                    .args = {span_of("一"), span_of("二"), span_of("三")}};
    for (size_t language = 0; language < CATALOG_LANGUAGES; language++) {
        const struct catalog_text *text = &entry->texts[language];
        const char *const parts[] = {text->title, text->message, text->cause, text->remedy};
        for (size_t p = 0; p < COUNT(parts); p++) {
            struct buf out = {0};
            catalog_fill(parts[p], &values, &out);
            if (strpbrk(buf_text(&out), "{}|\n") != NULL || (p > 0 && out.length == 0))
                fail_msg("%s: %s", code, buf_text(&out));
            buf_free(&out);
        }
    }
}

/* What an entry says may hold braces only where they are filled. */
static void catalog_entries_fill_whole(void **state)
{
    const struct fixture *fixture = *state;
    cJSON *json = cJSON_Parse(embedded_error_catalog);
    const cJSON *item = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "entries"))
    {
        const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "code"));
        const struct catalog_entry *entry = catalog_find(fixture->catalog, code);
        assert_non_null(entry);
        assert_string_equal(entry->code, code);
        assert_fills_whole(code, entry);
        count++;
    }
    assert_true(count > 50);
    cJSON_Delete(json);
}

#define TEXTS "{\"message\":\"m\",\"cause\":\"c\",\"remedy\":\"r\"}"
#define ENTRY(code, more)                                                                                              \
    "{\"code\":\"" code "\",\"severity\":\"warning\",\"ja\":" TEXTS ",\"en\":" TEXTS                                   \
    ",\"fields\":[],\"patterns\":[" more "]}"
#define CATALOG(entries) "{\"generic\":\"G\",\"entries\":[" entries "]}"

static void catalog_mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *what;
    } cases[] = {
        {"", "JSON"},
        {"[]", "JSON"},
        {CATALOG(""), "JSON"},
        {"{\"entries\":[" ENTRY("G", "") "]}", "JSON"},
        {CATALOG(ENTRY("A", "")), "G"},
        {CATALOG(ENTRY("G", "1")), "G"},
        {CATALOG("{\"severity\":\"error\"}"), "code"},
        {CATALOG("{\"code\":\"A\"}"), "code"},
        {CATALOG("{\"code\":\"A\",\"severity\":\"error\",\"fields\":[],\"patterns\":[],\"ja\":" TEXTS "}"), "A"},
        {CATALOG("{\"code\":\"A\",\"severity\":\"error\",\"patterns\":[],\"ja\":" TEXTS ",\"en\":" TEXTS "}"), "A"},
        {CATALOG("{\"code\":\"A\",\"severity\":\"error\",\"fields\":[\"no\"],\"patterns\":[],\"ja\":" TEXTS
                 ",\"en\":" TEXTS "}"),
         "A"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        assert_null(catalog_parse(span_of(cases[i].json), &error));
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_string_equal(error.code, "CATALOG_INVALID");
        assert_string_equal(error.args[0], cases[i].what);
    }
    struct error error = {0};
    struct catalog *catalog =
        catalog_parse(span_of(CATALOG(ENTRY("Z", "") "," ENTRY("G", "") "," ENTRY("A", "\"x{N}\""))), &error);
    long item;
    assert_non_null(catalog);
    assert_true(catalog_find(catalog, "Z")->warning);
    assert_int_equal(catalog_count(catalog), 3); /* in the order of the file */
    assert_string_equal(catalog_entry(catalog, 0)->code, "Z");
    assert_string_equal(catalog_entry(catalog, 2)->code, "A");
    assert_string_equal(catalog_generic(catalog)->code, "G");
    assert_string_equal(matched(catalog, "x5", &item), "A");
    assert_int_equal(item, 5);
    assert_string_equal(matched(catalog, "y", &item), "G");
    catalog_free(catalog);
    catalog_free(NULL);
}

/* ---- Book ---- */

static void enter(struct book *book, uint32_t number, const char *id, enum book_payment payment)
{
    assert_non_null(book_add(book, &(struct book_row){.number = number}, span_of(id), payment));
}

/* The rows of an order, as "2 5". */
static void assert_rows(const struct book *book, size_t order, const char *expected)
{
    struct buf text = {0};
    size_t count = 0;
    for (uint32_t row = book->orders[order].first; row != BOOK_NONE; row = book_next(book, row)) {
        assert_int_equal(book_row(book, row).order, order);
        buf_printf(&text, "%s%u", count++ > 0 ? " " : "", (unsigned)book_row(book, row).number);
        if (book_next(book, row) == BOOK_NONE)
            assert_int_equal(row, book->orders[order].last);
    }
    assert_string_equal(buf_text(&text), expected);
    assert_int_equal(book->orders[order].rows, count);
    buf_free(&text);
}

static void book_joins_rows_that_lie_apart(void **state)
{
    (void)state;
    struct book book = {0};
    enter(&book, 2, "1001", BOOK_PAYMENT_DEFERRED);
    enter(&book, 3, "1002", BOOK_PAYMENT_OTHER);
    enter(&book, 4, "", BOOK_PAYMENT_DEFERRED);
    enter(&book, 5, "1001", BOOK_PAYMENT_DEFERRED);
    assert_true(book_add_deleted(&book, &(struct book_row){.number = 6}, span_of("1001"), BOOK_PAYMENT_OTHER));
    enter(&book, 7, "", BOOK_PAYMENT_OTHER);
    enter(&book, 9, "1002", BOOK_PAYMENT_OTHER);
    enter(&book, 10, "01001", BOOK_PAYMENT_DEFERRED);
    enter(&book, 11, "100", BOOK_PAYMENT_DEFERRED);
    assert_int_equal(book.order_count, 6);
    assert_int_equal(book.row_count, 9);
    assert_rows(&book, 0, "2 5");
    assert_rows(&book, 1, "3 9");
    assert_rows(&book, 2, "4");
    assert_rows(&book, 3, "7"); /* a row without an id is an order of its own */
    assert_rows(&book, 4, "10");
    assert_rows(&book, 5, "11");
    assert_string_equal(book_id(&book, &book.orders[1]), "1002");
    assert_string_equal(book_id(&book, &book.orders[2]), "");
    assert_int_equal(book_row(&book, 4).order, 0); /* deleted: of the order, but no line of it */
    assert_true(book_row(&book, 4).deleted);
    assert_int_equal(book_next(&book, 4), BOOK_NONE);
    assert_int_equal(book.deleted_count, 1);
    assert_false(book.orders[0].other);
    assert_int_equal(book.orders[0].state, BOOK_UNJUDGED);
    assert_int_equal(book.orders[0].outcome, BOOK_NONE);
    book_free(&book);
    assert_null(book.words);
    assert_int_equal(book.row_count, 0);
}

static void book_finds_by_id(void **state)
{
    (void)state;
    struct book book = {0};
    assert_int_equal(book_find(&book, span_of("1001")), BOOK_NONE);
    enter(&book, 2, "", BOOK_PAYMENT_DEFERRED);
    enter(&book, 3, "1001", BOOK_PAYMENT_DEFERRED);
    enter(&book, 4, "1002", BOOK_PAYMENT_DEFERRED);
    assert_int_equal(book_find(&book, span_of("1001")), 1);
    assert_int_equal(book_find(&book, span_of("1002")), 2);
    assert_int_equal(book_find(&book, span_of("100")), BOOK_NONE);
    assert_int_equal(book_find(&book, span_of("")), BOOK_NONE); /* no id is nobody's */
    assert_int_equal(book_find(&book, (struct span){"1001x", 4}), 1);
    book_free(&book);
}

/* A span's id ends where it says, and is copied. */
static void book_keeps_its_own_ids(void **state)
{
    (void)state;
    struct book book = {0};
    char text[] = "12345";
    assert_non_null(book_add(&book, &(struct book_row){.number = 2}, (struct span){text, 3}, BOOK_PAYMENT_DEFERRED));
    memset(text, 'x', 5);
    assert_non_null(book_add(&book, &(struct book_row){.number = 3}, span_of("123"), BOOK_PAYMENT_DEFERRED));
    assert_int_equal(book.order_count, 1);
    assert_string_equal(book_id(&book, &book.orders[0]), "123");
    book_free(&book);
}

static void book_holds_many(void **state)
{
    (void)state;
    enum { ORDERS = 100000 };
    struct book book = {0};
    char id[16];
    for (uint32_t line = 0; line < 2; line++) {
        for (uint32_t i = 0; i < ORDERS; i++) {
            snprintf(id, sizeof id, "%u", (unsigned)(7000000 + i * 3));
            enter(&book, 2 + line * ORDERS + i, id, BOOK_PAYMENT_DEFERRED);
        }
    }
    assert_int_equal(book.order_count, ORDERS);
    assert_int_equal(book.row_count, 2 * ORDERS);
    for (uint32_t i = 0; i < ORDERS; i++) {
        const struct book_order *order = &book.orders[i];
        snprintf(id, sizeof id, "%u", (unsigned)(7000000 + i * 3));
        assert_string_equal(book_id(&book, order), id);
        assert_int_equal(order->rows, 2);
        assert_int_equal(order->first, i);
        assert_int_equal(order->last, ORDERS + i);
        assert_int_equal(book_next(&book, order->first), order->last);
        assert_int_equal(book_next(&book, order->last), BOOK_NONE);
    }
    book_free(&book);
}

static void book_tells_whose_payment_it_is(void **state)
{
    (void)state;
#define UNKNOWN  BOOK_PAYMENT_UNKNOWN
#define DEFERRED BOOK_PAYMENT_DEFERRED
#define OTHER    BOOK_PAYMENT_OTHER
    static const struct {
        enum book_payment rows[2];
        bool skipped;
    } cases[] = {
        {{UNKNOWN, UNKNOWN}, false},  {{UNKNOWN, DEFERRED}, false},  {{UNKNOWN, OTHER}, true},
        {{DEFERRED, UNKNOWN}, false}, {{DEFERRED, DEFERRED}, false}, {{DEFERRED, OTHER}, false},
        {{OTHER, UNKNOWN}, true},     {{OTHER, DEFERRED}, false},    {{OTHER, OTHER}, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct book book = {0};
        enter(&book, 2, "1", cases[i].rows[0]);
        enter(&book, 3, "1", cases[i].rows[1]);
        assert_int_equal(book_is_skipped(&book.orders[0]), cases[i].skipped);
        book_free(&book);
    }
#undef UNKNOWN
#undef DEFERRED
#undef OTHER
}

static void erase(struct book *book, uint32_t number, const char *id, enum book_payment payment)
{
    assert_true(book_add_deleted(book, &(struct book_row){.number = number}, span_of(id), payment));
}

/* A deleted row is of the order wherever it stands, and never one of its lines. */
static void book_keeps_deleted_rows_apart(void **state)
{
    (void)state;
    struct book book = {0};
    erase(&book, 2, "1", BOOK_PAYMENT_DEFERRED);
    enter(&book, 3, "1", BOOK_PAYMENT_DEFERRED);
    erase(&book, 4, "1", BOOK_PAYMENT_DEFERRED);
    enter(&book, 5, "1", BOOK_PAYMENT_DEFERRED);
    erase(&book, 6, "1", BOOK_PAYMENT_DEFERRED);
    erase(&book, 7, "2", BOOK_PAYMENT_DEFERRED);
    erase(&book, 8, "2", BOOK_PAYMENT_DEFERRED);
    assert_int_equal(book.order_count, 2);
    assert_rows(&book, 0, "3 5");
    assert_int_equal(book.deleted_count, 5);
    assert_int_equal(book.orders[1].rows, 0);
    assert_int_equal(book_row(&book, book.orders[1].first).number,
                     7); /* the first deleted one, to have a place at all */
    assert_int_equal(book.orders[1].last, BOOK_NONE);
    static const uint32_t deleted[] = {0, 2, 4, 5, 6};
    for (size_t i = 0; i < COUNT(deleted); i++)
        assert_true(book_row(&book, deleted[i]).deleted);
    assert_int_equal(book_row(&book, 6).order, 1);
    assert_int_equal(book_find(&book, span_of("2")), 1);
    enter(&book, 9, "2", BOOK_PAYMENT_DEFERRED); /* and now it has a line */
    assert_rows(&book, 1, "9");
    /* Without an id, each is an order of its own, as other rows are. */
    erase(&book, 10, "", BOOK_PAYMENT_DEFERRED);
    erase(&book, 11, "", BOOK_PAYMENT_DEFERRED);
    assert_int_equal(book.order_count, 4);
    book_free(&book);
}

static void book_tells_which_orders_are_emptied(void **state)
{
    (void)state;
    static const struct {
        const char *rows; /* E enters one, D deletes one; small letters: paid otherwise; ?: a deleted one, unknown */
        const char *id;
        bool emptied;
        bool skipped;
    } cases[] = {
        {"D", "1", true, true},    {"DD", "1", true, true},    {"Dd", "1", true, true},   {"dD", "1", true, true},
        {"?D", "1", true, true},   {"d", "1", false, true},    {"?", "1", false, true},   {"D", "", false, true},
        {"DE", "1", false, false}, {"ED", "1", false, false},  {"E", "1", false, false},  {"De", "1", false, true},
        {"eD", "1", false, true},  {"eDE", "1", false, false}, {"dE", "1", false, false}, {"Ed", "1", false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct book book = {0};
        uint32_t number = 2;
        for (const char *row = cases[i].rows; *row != '\0'; row++, number++) {
            enum book_payment payment = *row == '?'                  ? BOOK_PAYMENT_UNKNOWN
                                        : *row == 'D' || *row == 'E' ? BOOK_PAYMENT_DEFERRED
                                                                     : BOOK_PAYMENT_OTHER;
            if (*row == 'E' || *row == 'e')
                enter(&book, number, cases[i].id, payment);
            else
                erase(&book, number, cases[i].id, payment);
        }
        if (book_is_emptied(&book, &book.orders[0]) != cases[i].emptied ||
            book_is_skipped(&book.orders[0]) != cases[i].skipped)
            fail_msg("%s of order \"%s\"", cases[i].rows, cases[i].id);
        book_free(&book);
    }
}

/* Nothing keeps a NUL out of a cell; it makes another id, however many orders there are. */
static void book_keeps_ids_with_a_nul_apart(void **state)
{
    (void)state;
    struct book book = {0};
    char id[16];
    enter(&book, 2, "1", BOOK_PAYMENT_DEFERRED);
    assert_non_null(book_add(&book, &(struct book_row){.number = 3}, (struct span){"1\0x", 3}, BOOK_PAYMENT_DEFERRED));
    assert_int_equal(book.order_count, 2);
    for (uint32_t i = 0; i < 2000; i++) { /* the table grows */
        snprintf(id, sizeof id, "%u", (unsigned)(5000 + i));
        enter(&book, 4 + i, id, BOOK_PAYMENT_DEFERRED);
    }
    enter(&book, 3000, "1", BOOK_PAYMENT_DEFERRED);
    assert_rows(&book, 0, "2 3000");
    assert_rows(&book, 1, "3");
    book_free(&book);
}

/* A small generator with a seed, so that a failure comes again. */
static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33);
}

static uint32_t draw_below(uint64_t *seed, uint32_t limit)
{
    return draw(seed) % limit;
}

/* A row as intake adds it. */
struct entry {
    struct book_row row;
    char id[16];
    enum book_payment payment;
    bool whole;
    bool sound;
    uint32_t name; /* 0: the row has none */
};

/* Rows of few orders, most of them beside each other, some without an id, with blank lines between. */
static void draw_entries(uint64_t *seed, struct entry *entries, size_t count)
{
    uint64_t offset = 100;
    uint32_t number = 2;
    uint32_t order = 0;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &entries[i];
        order = draw_below(seed, 3) == 0 ? draw_below(seed, 12) : order;
        number += draw_below(seed, 5) == 0 ? draw_below(seed, 3) : 0;
        *entry = (struct entry){.row = {.offset = offset, .length = draw_below(seed, 500), .number = number++}};
        entry->row.deleted = draw_below(seed, 6) == 0;
        entry->row.even = draw_below(seed, 2) == 0;
        entry->payment = (enum book_payment)draw_below(seed, 3);
        entry->whole = draw_below(seed, 2) == 0;
        entry->sound = entry->whole && draw_below(seed, 3) == 0;
        entry->name = draw_below(seed, 4);
        offset += entry->row.length + UINT64_C(50000000);
        if (draw_below(seed, 8) > 0)
            snprintf(entry->id, sizeof entry->id, "%u", (unsigned)order);
    }
}

static void add_entry(struct book *book, const struct entry *entry, uint32_t shift)
{
    struct book_row row = entry->row;
    row.number -= shift;
    if (entry->row.deleted) {
        assert_true(book_add_deleted(book, &row, span_of(entry->id), entry->payment));
        return;
    }
    struct book_order *order = book_add(book, &row, span_of(entry->id), entry->payment);
    assert_non_null(order);
    book_see(order, entry->whole, entry->sound, entry->whole && !order->sound ? entry->name : 0);
}

/* What the book says of its rows, against the rows themselves. */
static void assert_holds(const struct book *book, const struct entry *entries, size_t count)
{
    size_t deleted = 0;
    assert_int_equal(book->row_count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct book_row row = book_row(book, i);
        uint32_t next = i + 1;
        assert_int_equal(row.offset, entries[i].row.offset);
        assert_int_equal(row.length, entries[i].row.length);
        assert_int_equal(row.number, entries[i].row.number);
        assert_int_equal(row.deleted, entries[i].row.deleted);
        assert_int_equal(row.even, entries[i].row.even);
        assert_int_equal(book_row_at(book, row.offset), i);
        assert_int_equal(book_row_at(book, row.offset + 1), i + 1);
        assert_string_equal(book_id(book, &book->orders[row.order]), entries[i].id);
        deleted += row.deleted;
        while (next < count && (entries[next].row.deleted || strcmp(entries[next].id, entries[i].id) != 0))
            next++;
        bool has_next = !row.deleted && *entries[i].id != '\0' && next < count;
        assert_int_equal(book_next(book, i), has_next ? next : BOOK_NONE);
    }
    assert_int_equal(book->deleted_count, deleted);
}

static void assert_same_orders(const struct book *book, const struct book *other)
{
    assert_int_equal(book->order_count, other->order_count);
    for (uint32_t i = 0; i < book->row_count; i++)
        assert_int_equal(book_row(book, i).order, book_row(other, i).order);
    for (size_t i = 0; i < book->order_count; i++) {
        const struct book_order *one = &book->orders[i];
        const struct book_order *two = &other->orders[i];
        struct span id = span_of(book_id(book, one));
        assert_string_equal(id.data, book_id(other, two));
        assert_int_equal(book_find(book, id), id.length > 0 ? i : BOOK_NONE);
        assert_int_equal(book_find(other, id), id.length > 0 ? i : BOOK_NONE);
        assert_int_equal(one->first, two->first);
        assert_int_equal(one->last, two->last);
        assert_int_equal(one->rows, two->rows);
        assert_int_equal(one->name, two->name);
        assert_int_equal(one->deferred, two->deferred);
        assert_int_equal(one->other, two->other);
        assert_int_equal(one->deleted_deferred, two->deleted_deferred);
        assert_int_equal(one->whole, two->whole);
        assert_int_equal(one->sound, two->sound);
        assert_int_equal(one->damaged, two->damaged);
        assert_int_equal(two->outcome, BOOK_NONE);
        assert_int_equal(two->state, BOOK_UNJUDGED);
    }
}

/* In parts of any size, an empty one among them, whose rows are counted from 1 each. */
static void book_is_the_same_from_parts(void **state)
{
    (void)state;
    enum { ROUNDS = 400, ROWS_MAX = 200 };
    static struct entry entries[ROWS_MAX];
    struct book part = {0};
    uint64_t seed = 1;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct book whole = {0};
        struct book joined = {0};
        size_t count = draw_below(&seed, ROWS_MAX + 1);
        uint32_t longest = 1 + draw_below(&seed, 40);
        draw_entries(&seed, entries, count);
        for (size_t i = 0; i < count; i++)
            add_entry(&whole, &entries[i], 0);
        for (size_t at = 0; at < count;) {
            uint32_t shift = entries[at].row.number - 1;
            for (size_t size = draw_below(&seed, longest + 1); size > 0 && at < count; size--)
                add_entry(&part, &entries[at++], shift);
            assert_true(book_join(&joined, &part, shift, 0));
            assert_int_equal(part.row_count, 0);
            assert_int_equal(part.order_count, 0);
            assert_int_equal(book_find(&part, span_of("1")), BOOK_NONE);
        }
        assert_holds(&whole, entries, count);
        assert_holds(&joined, entries, count);
        assert_same_orders(&whole, &joined);
        book_free(&whole);
        book_free(&joined);
    }
    book_free(&part);
}

/* The ends of what a row's word can hold leave its other bits alone. */
static void book_holds_the_largest_values(void **state)
{
    (void)state;
    struct book book = {0};
    struct book_row row = {.offset = BOOK_OFFSET_MAX, .length = UINT32_MAX, .number = BOOK_ROWS_MAX};
    assert_non_null(book_add(&book, &row, span_of("1"), BOOK_PAYMENT_DEFERRED));
    assert_true(book_add_deleted(&book, &row, span_of("1"), BOOK_PAYMENT_DEFERRED));
    row = (struct book_row){.length = BOOK_LENGTH_MAX - 1};
    assert_non_null(book_add(&book, &row, span_of("1"), BOOK_PAYMENT_DEFERRED));
    for (uint32_t i = 0; i < 2; i++) {
        struct book_row kept = book_row(&book, i);
        assert_int_equal(kept.offset, BOOK_OFFSET_MAX);
        assert_int_equal(kept.length, BOOK_LENGTH_MAX);
        assert_int_equal(kept.number, BOOK_ROWS_MAX);
        assert_int_equal(kept.deleted, i == 1);
    }
    assert_int_equal(book_row(&book, 2).offset, 0);
    assert_int_equal(book_row(&book, 2).length, BOOK_LENGTH_MAX - 1);
    assert_int_equal(book_next(&book, 0), 2);
    assert_int_equal(book_next(&book, 1), BOOK_NONE);
    assert_int_equal(book_next(&book, 2), BOOK_NONE);
    book_free(&book);
}

static void book_notes_what_few_orders_have(void **state)
{
    (void)state;
    enum { ORDERS = 1000 };
    struct book book = {0};
    char id[16];
    for (uint32_t i = 0; i < ORDERS; i++) {
        snprintf(id, sizeof id, "%u", (unsigned)i);
        enter(&book, 2 + i, id, BOOK_PAYMENT_DEFERRED);
    }
    for (uint32_t i = ORDERS; i-- > 0;) {
        assert_true(i % 3 != 0 || book_touch(&book, i, i + 1));
        assert_true(i % 5 != 0 || book_set_twin(&book, i, ORDERS - i));
    }
    for (uint32_t i = 0; i < ORDERS; i++) {
        assert_int_equal(book_touched(&book, i), i % 3 == 0 ? i + 1 : 0);
        assert_int_equal(book_twin(&book, i), i % 5 == 0 ? ORDERS - i : BOOK_NONE);
    }
    book_free(&book);
}

/* ---- Orders from a table ---- */

/* An order of two lines on rows 2 and 3: 4,000 of goods, 500 and 300 of fees, 200 off. */
static const char good_header[] =
    "コントロールカラム,受注ID,店舗ID,店舗名,受注日時,受注番号,ステータスコード,店舗ステータス,支払方法,項番,明細ID,"
    "商品コード,商品番号,商品名,単価,個数,小計,送料,手数料,値引,請求金額,注文者氏名,注文者氏名カナ,注文者郵便番号,"
    "注文者都道府県,注文者住所1,注文者住所2,注文者電話番号,注文者メールアドレス,送付先氏名,送付先郵便番号,"
    "送付先都道府県,送付先住所1,送付先住所2,送付先電話番号,出荷予定日,送り状番号,配送会社,備考,社内メモ";
#define BUYER "見本 太郎,ミホン タロウ,100-0001,東京都,千代田区,1-1,03-0000-0000,taro@example.com"
#define ORDER "N,1001,1,見本商店,2026-11-02 17:54:08,M-1,10,,後払い"
static const char *const good_rows[] = {
    ORDER ",1,501,C1,A1,りんご,1500,2,3000,500,300,200,4600," BUYER ",,,,,,,,,,,",
    ORDER ",2,502,C2,A2,みかん,1000,1,1000,500,300,200,4600," BUYER ",,,,,,,,,,,",
};

enum { GRID_ROWS = 16 };

/* A table as text: row 0 is the header. */
struct grid {
    char *cells[GRID_ROWS][HEADINGS_MAX]; /* owned; NULL: unreadable */
    bool damaged[GRID_ROWS];
    size_t rows;
    size_t columns;
};

static void grid_add(struct grid *grid, const char *line)
{
    struct span cells[HEADINGS_MAX];
    size_t count = cut(line, cells);
    assert_true(grid->rows < GRID_ROWS);
    if (grid->rows == 0)
        grid->columns = count;
    assert_int_equal(count, grid->columns);
    for (size_t i = 0; i < count; i++)
        grid->cells[grid->rows][i] = strndup(cells[i].data, cells[i].length);
    grid->rows++;
}

static size_t grid_column(const struct grid *grid, const char *heading, size_t length)
{
    for (size_t i = 0; i < grid->columns; i++)
        if (span_is((struct span){heading, length}, grid->cells[0][i]))
            return i;
    fail_msg("no column %.*s", (int)length, heading);
    return 0;
}

static void grid_drop(struct grid *grid, size_t column)
{
    for (size_t row = 0; row < grid->rows; row++) {
        free(grid->cells[row][column]);
        memmove(&grid->cells[row][column], &grid->cells[row][column + 1],
                (grid->columns - column - 1) * sizeof *grid->cells[row]);
    }
    grid->columns--;
}

/* One change: "3.個数=2" sets a cell of row 3, "*.個数=2" of every row, "3.個数~" makes it unreadable, "3!" damages the
 * row, "-個数" takes the column out, "+" adds a row like the last one. */
static void grid_change(struct grid *grid, const char *change)
{
    if (*change == '-') {
        grid_drop(grid, grid_column(grid, change + 1, strlen(change + 1)));
        return;
    }
    if (*change == '+') {
        assert_true(grid->rows < GRID_ROWS);
        for (size_t i = 0; i < grid->columns; i++)
            grid->cells[grid->rows][i] = strdup(grid->cells[grid->rows - 1][i]);
        grid->rows++;
        return;
    }
    size_t only = *change == '*' ? 0 : strtoul(change, NULL, 10);
    const char *at = change + strcspn(change, "!.");
    size_t length = strcspn(at + 1, "=~");
    size_t column = *at == '.' ? grid_column(grid, at + 1, length) : 0;
    for (size_t row = 1; row < grid->rows; row++) {
        if (only != 0 && row + 1 != only)
            continue;
        if (*at == '!') {
            grid->damaged[row] = true;
            continue;
        }
        free(grid->cells[row][column]);
        grid->cells[row][column] = at[1 + length] == '=' ? spelled(at + length + 2) : NULL;
    }
}

static void grid_free(struct grid *grid)
{
    for (size_t row = 0; row < grid->rows; row++)
        for (size_t column = 0; column < grid->columns; column++)
            free(grid->cells[row][column]);
}

/* An order in memory. */
struct sheet {
    struct order_layout layout;
    struct order_columns columns;
    struct arena arena;
    struct order_row lines[ORDER_LINES_MAX];
    struct order order;
};

/* Room for the values of one more line. */
static struct span *sheet_line(struct sheet *sheet, uint32_t number, bool damaged)
{
    struct span *values = arena_alloc(&sheet->arena, sheet->columns.schema->count * sizeof *values);
    assert_non_null(values);
    sheet->lines[sheet->order.count++] = (struct order_row){number, damaged, values};
    return values;
}

static void sheet_of_grid(struct sheet *sheet, const struct order_schema *schema, const struct grid *grid)
{
    struct span headings[HEADINGS_MAX];
    struct error error;
    *sheet = (struct sheet){.order.rows = sheet->lines};
    for (size_t i = 0; i < grid->columns; i++)
        headings[i] = span_of(grid->cells[0][i]);
    assert_true(order_layout_find(&sheet->layout, schema, headings, grid->columns, NULL, &error));
    sheet->columns = (struct order_columns){schema, &sheet->layout};
    for (size_t row = 1; row < grid->rows; row++) {
        struct span *values = sheet_line(sheet, (uint32_t)row + 1, grid->damaged[row]);
        for (size_t i = 0; i < grid->columns; i++)
            if (sheet->layout.columns[i] != ORDER_NO_COLUMN && grid->cells[row][i] != NULL)
                values[sheet->layout.columns[i]] = arena_copy(&sheet->arena, span_of(grid->cells[row][i]));
    }
}

/* The good order with changes, which are separated by semicolons; its lines as they stand in the file. */
static void sheet_make(struct sheet *sheet, const struct order_schema *schema, const char *changes)
{
    struct grid grid = {0};
    char *copy = strdup(changes);
    char *rest = copy;
    grid_add(&grid, good_header);
    for (size_t i = 0; i < COUNT(good_rows); i++)
        grid_add(&grid, good_rows[i]);
    for (char *change = strsep(&rest, ";"); change != NULL; change = strsep(&rest, ";"))
        if (*change != '\0')
            grid_change(&grid, change);
    sheet_of_grid(sheet, schema, &grid);
    grid_free(&grid);
    free(copy);
}

static void sheet_free(struct sheet *sheet)
{
    order_layout_free(&sheet->layout);
    arena_free(&sheet->arena);
}

/* ---- Sorting ---- */

/* The order of the lines by what they sell, as "りんご みかん". */
static void assert_lines(const struct sheet *sheet, const char *expected)
{
    struct buf text = {0};
    for (size_t i = 0; i < sheet->order.count; i++) {
        struct span name = order_value(&sheet->columns, &sheet->order.rows[i], ORDER_FIELD_ITEM_NAME);
        buf_printf(&text, "%s%.*s", i > 0 ? " " : "", (int)name.length, name.data);
    }
    assert_string_equal(buf_text(&text), expected);
    buf_free(&text);
}

static void order_values_are_those_that_serve(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    sheet_make(&sheet, &fixture->schema, "");
    assert_true(span_is(order_value(&sheet.columns, &sheet.lines[0], ORDER_FIELD_ITEM_ID), "A1"));
    assert_true(span_is(order_value(&sheet.columns, &sheet.lines[0], ORDER_FIELD_BUYER_ADDRESS), "東京都"));
    sheet_free(&sheet);
    sheet_make(&sheet, &fixture->schema, "-商品番号;-請求金額;2.商品名~;2.送料=");
    assert_true(span_is(order_value(&sheet.columns, &sheet.lines[1], ORDER_FIELD_ITEM_ID), "C2"));
    assert_null(order_value(&sheet.columns, &sheet.lines[0], ORDER_FIELD_AMOUNT).data);
    assert_null(order_value(&sheet.columns, &sheet.lines[0], ORDER_FIELD_ITEM_NAME).data);
    struct span empty = order_value(&sheet.columns, &sheet.lines[0], ORDER_FIELD_SHIPPING_FEE);
    assert_non_null(empty.data); /* empty is not the same as not there */
    assert_int_equal(empty.length, 0);
    sheet_free(&sheet);
}

static void order_sorts_by_number_then_line_id_then_row(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    static const struct {
        const char *changes;
        const char *lines;
    } cases[] = {
        {"", "りんご みかん"},
        {"2.項番=2;3.項番=1", "みかん りんご"},
        {"2.項番=10;3.項番=9", "みかん りんご"}, /* as numbers, not as text */
        {"2.項番=010;3.項番=9", "みかん りんご"},
        {"2.項番=0;3.項番=-1", "みかん りんご"},
        {"2.項番=2;3.項番=1;2.明細ID=1;3.明細ID=2", "みかん りんご"},
        {"2.項番=;2.明細ID=2;3.明細ID=1", "みかん りんご"}, /* one lacks it: all by the other */
        {"3.項番=;2.明細ID=2;3.明細ID=1", "みかん りんご"},
        {"2.項番=x;2.明細ID=2;3.明細ID=1", "みかん りんご"},
        {"2.項番~;2.明細ID=2;3.明細ID=1", "みかん りんご"},
        {"-項番;2.明細ID=2;3.明細ID=1", "みかん りんご"},
        {"2.項番=;3.項番=1;2.明細ID=;3.明細ID=1", "りんご みかん"}, /* neither: by row */
        {"-項番;-明細ID", "りんご みかん"},
        {"-項番;2.明細ID=9;3.明細ID=A", "りんご みかん"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sheet_make(&sheet, &fixture->schema, cases[i].changes);
        order_sort(&sheet.columns, &sheet.order);
        assert_lines(&sheet, cases[i].lines);
        /* However the lines come in: the row decides where nothing else does. */
        struct order_row first = sheet.lines[0];
        sheet.lines[0] = sheet.lines[1];
        sheet.lines[1] = first;
        order_sort(&sheet.columns, &sheet.order);
        assert_lines(&sheet, cases[i].lines);
        sheet_free(&sheet);
    }
}

/* An order of `count` lines in a file that was sorted somehow: line n, which sells "n", has 項番 n + 1 (or none, where
 * `numbered` is false) and 明細ID 100 + n, and stands on a row drawn by `seed`. */
static void shuffled(struct sheet *sheet, const struct order_schema *schema, size_t count, bool numbered, uint64_t seed)
{
    size_t line_of[ORDER_LINES_MAX];
    size_t columns[3];
    char text[24];
    sheet_make(sheet, schema, "");
    sheet->order.count = 0;
    for (size_t i = 0; i < 3; i++)
        columns[i] =
            order_layout_column(&sheet->layout, (enum order_field[]){ORDER_FIELD_ITEM_NUMBER, ORDER_FIELD_ITEM_LINE_ID,
                                                                     ORDER_FIELD_ITEM_NAME}[i]);
    for (size_t i = 0; i < count; i++) {
        size_t other = draw(&seed) % (i + 1);
        line_of[i] = line_of[other];
        line_of[other] = i;
    }
    for (size_t i = 0; i < count; i++) {
        struct span *values = sheet_line(sheet, (uint32_t)i + 2, false);
        bool has_number = numbered || (draw(&seed) % 4 != 0 && i > 0);
        snprintf(text, sizeof text, "%zu", line_of[i] + 1);
        values[columns[0]] = arena_copy(&sheet->arena, span_of(has_number ? text : ""));
        snprintf(text, sizeof text, "%zu", line_of[i] + 100);
        values[columns[1]] = arena_copy(&sheet->arena, span_of(text));
        snprintf(text, sizeof text, "%zu", line_of[i]);
        values[columns[2]] = arena_copy(&sheet->arena, span_of(text));
    }
}

static void order_is_the_same_however_the_file_was_sorted(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        size_t count = seed % 50 == 0 ? ORDER_LINES_MAX : 1 + seed % 13;
        shuffled(&sheet, &fixture->schema, count, seed % 2 == 0, seed);
        order_sort(&sheet.columns, &sheet.order);
        for (size_t i = 0; i < count; i++) {
            struct span name = order_value(&sheet.columns, &sheet.order.rows[i], ORDER_FIELD_ITEM_NAME);
            char expected[24];
            snprintf(expected, sizeof expected, "%zu", i);
            if (!span_is(name, expected))
                fail_msg("seed %" PRIu64 ": line %zu is %.*s", seed, i, (int)name.length, name.data);
        }
        sheet_free(&sheet);
    }
}

/* Two lines with one 項番: the file's order must not decide while the lines have a 明細ID. */
static void order_is_the_same_where_numbers_repeat(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    sheet_make(&sheet, &fixture->schema, "*.項番=1");
    order_sort(&sheet.columns, &sheet.order);
    assert_lines(&sheet, "りんご みかん");
    sheet_free(&sheet);
    sheet_make(&sheet, &fixture->schema, "*.項番=1;2.明細ID=502;3.明細ID=501;2.商品名=みかん;3.商品名=りんご");
    order_sort(&sheet.columns, &sheet.order);
    assert_lines(&sheet, "りんご みかん");
    sheet_free(&sheet);
}

/* ---- Rules ---- */

/* The findings as text: "2 REQUIRED 店舗ID; 0 TOTAL_MISMATCH - 4600 4100", in the order of their rows. Those codes that
 * are about items[N] have [N] behind them, those that were weighed and found warnings a *. */
static void put_all(const struct sheet *sheet, const struct findings *findings, struct buf *text)
{
    buf_append_text(text, "");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        struct span args[FINDING_ARGS];
        struct span heading = span_of("-");
        if (finding->column != FINDING_NO_COLUMN)
            heading = order_layout_heading(&sheet->layout, sheet->columns.schema, finding->column);
        buf_printf(text, "%s%u %s", i > 0 ? "; " : "", (unsigned)finding->row, finding->code);
        if (strncmp(finding->code, "ITEM_", 5) == 0)
            buf_printf(text, "[%u]", (unsigned)finding->item);
        buf_printf(text, "%s %.*s", finding->warning ? "*" : "", (int)heading.length, heading.data);
        if (finding->other != 0)
            buf_printf(text, " %u", (unsigned)finding->other);
        findings_args(findings, finding, args);
        for (size_t arg = 0; arg < FINDING_ARGS; arg++)
            if (args[arg].length > 0)
                buf_printf(text, " %.*s", (int)args[arg].length, args[arg].data);
    }
}

static void assert_findings(const struct sheet *sheet, struct findings *findings, const char *changes,
                            const char *expected)
{
    struct buf text = {0};
    char *wanted = spelled(expected);
    findings_sort(findings, 0);
    assert_false(findings->failed);
    put_all(sheet, findings, &text);
    if (strcmp(buf_text(&text), wanted) != 0)
        fail_msg("after \"%s\": \"%s\", not \"%s\"", changes, buf_text(&text), wanted);
    buf_free(&text);
    free(wanted);
}

struct rule_case {
    const char *changes;
    const char *expected;
};

static void check_cases_by(const struct order_schema *schema, enum rules_purpose purpose,
                           const struct kuroneko_terms *kuroneko, const struct rule_case *cases, size_t count)
{
    static struct sheet sheet;
    for (size_t i = 0; i < count; i++) {
        struct findings findings = {0};
        sheet_make(&sheet, schema, cases[i].changes);
        order_sort(&sheet.columns, &sheet.order);
        rules_check(&sheet.columns, &sheet.order, purpose, kuroneko, NULL, &findings);
        assert_findings(&sheet, &findings, cases[i].changes, cases[i].expected);
        findings_free(&findings);
        sheet_free(&sheet);
    }
}

static void check_cases_for(const struct order_schema *schema, enum rules_purpose purpose,
                            const struct rule_case *cases, size_t count)
{
    check_cases_by(schema, purpose, NULL, cases, count);
}

static void check_cases(const struct fixture *fixture, const struct rule_case *cases, size_t count)
{
    check_cases_for(&fixture->schema, RULES_REGISTER, cases, count);
}

static void rules_pass_good_orders(void **state)
{
    static const char *const good[] = {
        "",
        "*.コントロールカラム=U",
        "2.コントロールカラム=U",
        "*.コントロールカラム=U;*.店舗ID=;*.受注番号=;*.ステータスコード=",
        "*.受注日時=2026/11/2 17:54",
        "*.店舗ID=001",
        "*.値引=;*.請求金額=4800",
        "*.値引=0;*.請求金額=4800",
        "*.送料=;*.手数料=;*.値引=;*.請求金額=4000",
        "*.送料=　;*.請求金額=4100",
        "*.請求金額=04600",
        "-送料",
        "-手数料",
        "-値引",
        "-小計",
        "-単価",
        "-個数",
        "-商品番号",
        "-商品コード",
        "-項番",
        "-明細ID",
        "-店舗ID",
        "-備考",
        "-コントロールカラム",
        "2.備考=玄関前に;3.備考=",
        "2.送り状番号=111122223333;3.送り状番号=4444",
        "*.送付先氏名=見本 花子;*.送付先郵便番号=〒060-0000;*.送付先都道府県=北海道",
        "*.送付先電話番号=（０１１）０００－００００",
        "*.受注日時=２０２６／１１／２　１７：５４",
        "2.出荷予定日=2026/11/5;3.出荷予定日=2026-11-05 08:00",
        "*.ステータスコード=E10;*.受注番号=A-1E+5",
        "3.商品名=値引き券;3.単価=-200;3.小計=-200;*.請求金額=3400",
        "3.個数=9999;3.単価=0;3.小計=0;*.請求金額=3600",
        "3.個数=１;3.単価=１０００;3.小計=１０００;*.請求金額=４６００",
        "*.受注ID={1*64}",
        "2.商品名={あ*255}",
        "2.商品番号={9*36}",
        "2.商品コード=全角コード",
        "2.社内メモ=何でも",
        "2.単価=;2.個数=",
        "2.単価=",
        "2.項番=",
        "*.注文者氏名カナ=;*.注文者郵便番号=;*.注文者電話番号=;*.注文者メールアドレス=",
        "*.注文者氏名=髙﨑㈱①",
        "*.受注番号=249-1234567-7654321",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        check_cases(*state, &(struct rule_case){good[i], ""}, 1);
}

static void rules_control(void **state)
{
    static const struct rule_case cases[] = {
        {"2.コントロールカラム=", "2 REQUIRED コントロールカラム"},
        {"2.コントロールカラム=　 ", "2 REQUIRED コントロールカラム"},
        {"3.コントロールカラム=X", "3 CONTROL_INVALID コントロールカラム X"},
        {"2.コントロールカラム=n", "2 CONTROL_INVALID コントロールカラム n"},
        {"2.コントロールカラム=Ｎ", "2 CONTROL_INVALID コントロールカラム Ｎ"},
        {"2.コントロールカラム=NU", "2 CONTROL_INVALID コントロールカラム NU"},
        {"2.コントロールカラム=N ", "2 CONTROL_INVALID コントロールカラム N "},
        {"2.コントロールカラム=D", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_needed_cells(void **state)
{
    static const struct rule_case cases[] = {
        /* By Robot-in on N, and not on U. */
        {"*.店舗ID=", "2 REQUIRED 店舗ID; 3 REQUIRED 店舗ID"},
        {"*.受注番号=", "2 REQUIRED 受注番号; 3 REQUIRED 受注番号"},
        {"*.ステータスコード=", "2 REQUIRED ステータスコード; 3 REQUIRED ステータスコード"},
        {"3.コントロールカラム=U;*.店舗ID=", "2 REQUIRED 店舗ID"},
        /* By Robot-in on both. */
        {"2.明細ID=", "2 REQUIRED 明細ID"},
        {"2.明細ID=　", "2 REQUIRED 明細ID"},
        {"2.商品コード=", "2 REQUIRED 商品コード"},
        {"*.コントロールカラム=U;3.明細ID=", "3 REQUIRED 明細ID"},
        {"*.コントロールカラム=U;3.商品コード=", "3 REQUIRED 商品コード"},
        {"*.コントロールカラム=U;*.受注ID=", "2 REQUIRED 受注ID; 3 REQUIRED 受注ID"},
        /* By 買い手情報登録, whatever the control says. */
        {"*.コントロールカラム=U;*.受注日時=", "2 REQUIRED 受注日時; 3 REQUIRED 受注日時"},
        {"*.コントロールカラム=U;*.請求金額=", "2 REQUIRED 請求金額; 3 REQUIRED 請求金額"},
        {"*.コントロールカラム=U;*.注文者氏名=", "2 REQUIRED 注文者氏名; 3 REQUIRED 注文者氏名"},
        {"*.コントロールカラム=U;*.注文者氏名=\r\n", "2 REQUIRED 注文者氏名; 2 CONTROL_CHARACTER 注文者氏名 1 U+000D; "
                                                     "3 REQUIRED 注文者氏名; 3 CONTROL_CHARACTER 注文者氏名 1 U+000D"},
        {"*.コントロールカラム=U;*.支払方法=", "2 REQUIRED 支払方法; 3 REQUIRED 支払方法"},
        /* Without a control nobody knows what Robot-in needs. */
        {"-コントロールカラム;*.店舗ID=;2.明細ID=", ""},
        {"-コントロールカラム;*.受注ID=", "2 REQUIRED 受注ID; 3 REQUIRED 受注ID"},
        {"2.コントロールカラム=;2.明細ID=", "2 REQUIRED コントロールカラム"},
        {"2.コントロールカラム=X;2.明細ID=", "2 CONTROL_INVALID コントロールカラム X"},
        {"2.コントロールカラム~;2.明細ID=", ""},
        /* An unreadable cell has a finding already. */
        {"2.明細ID~", ""},
        {"2.商品名~", ""},
        {"2.商品番号~", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_needed_columns(void **state)
{
    static const struct rule_case cases[] = {
        {"-請求金額", "0 COLUMN_MISSING 請求金額"},
        {"-受注日時", "0 COLUMN_MISSING 受注日時"},
        {"-商品名", "0 COLUMN_MISSING 商品名"},
        {"-注文者氏名", "0 COLUMN_MISSING 注文者氏名"},
        {"-請求金額;-商品名", "0 COLUMN_MISSING 商品名; 0 COLUMN_MISSING 請求金額"},
        {"-商品番号;-商品コード", "0 COLUMN_MISSING 商品番号"},
        {"-請求金額;2!;3!", "0 COLUMN_MISSING 請求金額"},
        {"-請求金額;2.個数=二", "0 COLUMN_MISSING 請求金額; 2 NOT_A_NUMBER 個数 二"},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_types(void **state)
{
    static const struct rule_case cases[] = {
        {"*.受注ID=A-1001", "2 NOT_DIGITS 受注ID A-1001; 3 NOT_DIGITS 受注ID A-1001"},
        {"*.店舗ID=１", "2 NOT_DIGITS 店舗ID １; 3 NOT_DIGITS 店舗ID １"},
        {"2.明細ID=-5", "2 NOT_DIGITS 明細ID -5"},
        {"2.明細ID=5 ", "2 NOT_DIGITS 明細ID 5 "},
        {"2.単価=1,500", "2 NOT_A_NUMBER 単価 1,500"},
        {"2.単価=15OO", "2 NOT_A_NUMBER 単価 15OO"},
        {"2.個数=2個", "2 NOT_A_NUMBER 個数 2個"},
        {"2.小計=3000.0", "2 NOT_A_NUMBER 小計 3000.0"},
        {"2.項番=a", "2 NOT_A_NUMBER 項番 a"},
        {"2.単価=9999999999999999", "2 NUMBER_RANGE 単価 9999999999999999 -999999 999999"},
        {"*.送料=500円", "2 NOT_A_NUMBER 送料 500円; 3 NOT_A_NUMBER 送料 500円"},
        {"*.手数料=無料", "2 NOT_A_NUMBER 手数料 無料; 3 NOT_A_NUMBER 手数料 無料"},
        {"*.値引=▲200", "2 NOT_A_NUMBER 値引 ▲200; 3 NOT_A_NUMBER 値引 ▲200"},
        {"*.請求金額=未定", "2 NOT_A_NUMBER 請求金額 未定; 3 NOT_A_NUMBER 請求金額 未定"},
        {"*.受注日時=2026-11-31 00:00:00",
         "2 DATETIME_INVALID 受注日時 2026-11-31 00:00:00; 3 DATETIME_INVALID 受注日時 2026-11-31 00:00:00"},
        {"*.受注日時=11月7日 午前",
         "2 DATETIME_INVALID 受注日時 11月7日 午前; 3 DATETIME_INVALID 受注日時 11月7日 午前"},
        /* At most 40 characters of a cell are quoted. */
        {"2.明細ID={あ*40}", "2 NOT_DIGITS 明細ID {あ*40}"},
        {"2.明細ID={あ*41}", "2 NOT_DIGITS 明細ID {あ*40}…"},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_items(void **state)
{
    static const struct rule_case cases[] = {
        {"*.受注ID={1*65}", "2 ORDER_ID_SIZE 受注ID; 3 ORDER_ID_SIZE 受注ID"},
        {"2.商品名={あ*256}", "2 ITEM_NAME_SIZE[0] 商品名"},
        {"3.商品名={a*256}", "3 ITEM_NAME_SIZE[1] 商品名"},
        {"3.商品名=", "3 ITEM_NAME_SIZE[1] 商品名"},
        {"2.商品名={😀*127}a", ""},
        {"2.商品名={😀*128}", "2 ITEM_NAME_SIZE[0] 商品名"},
        {"2.商品名={😀*127}ab", "2 ITEM_NAME_SIZE[0] 商品名"},
        {"2.商品番号={9*36}", ""},
        {"2.商品番号={9*37}", "2 ITEM_ID_SIZE[0] 商品番号"},
        {"2.商品番号=", "2 ITEM_ID_SIZE[0] 商品番号"},
        {"2.商品番号=Ａ１", "2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品番号=ｱｲｳ", "2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品番号=A-赤", "2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品番号={あ*36}", "2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品番号={あ*37}", "2 ITEM_ID_SIZE[0] 商品番号; 2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品番号={😀*18}", "2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品番号={😀*18}x", "2 ITEM_ID_SIZE[0] 商品番号; 2 ITEM_ID_NON_ASCII[0] 商品番号"},
        /* The column in its place, and only then. */
        {"-商品番号;2.商品コード={9*37}", "2 ITEM_ID_SIZE[0] 商品コード"},
        {"-商品番号;2.商品コード=", "2 ITEM_ID_SIZE[0] 商品コード"},
        {"-商品番号;2.商品コード=Ａ", "2 ITEM_ID_NON_ASCII[0] 商品コード"},
        {"2.商品コード={あ*99}", ""},
        /* N counts by 項番, not by row. */
        {"2.項番=2;3.項番=1;2.商品名=", "2 ITEM_NAME_SIZE[1] 商品名"},
        {"2.項番=2;3.項番=1;3.商品名=", "3 ITEM_NAME_SIZE[0] 商品名"},
        {"+;4.項番=3;4.明細ID=503;4.商品番号=全;*.請求金額=5600", "4 ITEM_ID_NON_ASCII[2] 商品番号"},
        /* Both of a line. */
        {"2.商品名=;2.商品番号=全", "2 ITEM_ID_NON_ASCII[0] 商品番号; 2 ITEM_NAME_SIZE[0] 商品名"},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_sums(void **state)
{
    static const struct rule_case cases[] = {
        {"2.小計=3001;*.請求金額=4601", "2 SUBTOTAL_MISMATCH - 1500 2 3001"},
        {"3.個数=0;3.小計=0;*.請求金額=3600", "3 NUMBER_RANGE 個数 0 1 9999"},
        {"2.個数=-2", "2 NUMBER_RANGE 個数 -2 1 9999; 2 SUBTOTAL_MISMATCH - 1500 -2 3000"},
        {"3.個数=-1;3.小計=-1000;*.請求金額=2600", "3 NUMBER_RANGE 個数 -1 1 9999"},
        {"2.小計=3001;-単価;*.請求金額=4601", ""},
        {"*.請求金額=4599", "0 TOTAL_MISMATCH - 4599 4600"},
        {"*.請求金額=-4600", "0 TOTAL_MISMATCH - -4600 4600; 2 NUMBER_RANGE 請求金額 -4600 1 999999; 3 NUMBER_RANGE "
                             "請求金額 -4600 1 999999"},
        {"*.送料=", "0 TOTAL_MISMATCH - 4600 4100"},
        {"*.手数料=", "0 TOTAL_MISMATCH - 4600 4300"},
        {"*.値引=", "0 TOTAL_MISMATCH - 4600 4800"},
        {"*.値引=-200",
         "0 TOTAL_MISMATCH - 4600 5000; 2 NUMBER_RANGE 値引 -200 0 999999; 3 NUMBER_RANGE 値引 -200 0 999999"},
        {"2.単価=1600;2.小計=3200", "0 TOTAL_MISMATCH - 4600 4800"},
        {"2.小計=3001", "0 TOTAL_MISMATCH - 4600 4601; 2 SUBTOTAL_MISMATCH - 1500 2 3001"},
        {"-小計;*.請求金額=4601", "0 TOTAL_MISMATCH - 4601 4600"},
        /* What is not there, or cannot be read, cannot be summed up. */
        {"-送料;*.請求金額=1", ""},
        {"-手数料;*.請求金額=1", ""},
        {"-値引;*.請求金額=1", ""},
        {"-小計;-単価;*.請求金額=1", ""},
        {"2.小計=;*.請求金額=1", ""},
        {"2.小計~;*.請求金額=1", ""},
        {"2.小計=x;*.請求金額=1", "2 NOT_A_NUMBER 小計 x"},
        {"*.送料=x;*.請求金額=1", "2 NOT_A_NUMBER 送料 x; 3 NOT_A_NUMBER 送料 x"},
        {"*.送料~;*.請求金額=1", ""},
        /* Products and sums beyond every number. */
        {"2.単価=999999999999999;2.個数=999999999999999;2.小計=3000",
         "2 NUMBER_RANGE 単価 999999999999999 -999999 999999; 2 NUMBER_RANGE 個数 999999999999999 1 9999; "
         "2 SUBTOTAL_MISMATCH - 999999999999999 999999999999999 3000"},
        {"2.単価=-999999999999999;2.個数=999999999999999;2.小計=3000",
         "2 NUMBER_RANGE 単価 -999999999999999 -999999 999999; 2 NUMBER_RANGE 個数 999999999999999 1 9999; "
         "2 SUBTOTAL_MISMATCH - -999999999999999 999999999999999 3000"},
        {"2.単価=999999999999999;2.個数=1;2.小計=999999999999999",
         "0 TOTAL_MISMATCH - 4600 1000000000001599; 2 NUMBER_RANGE 単価 999999999999999 -999999 999999; "
         "2 NUMBER_RANGE 小計 999999999999999 -999999 999999"},
    };
    check_cases(*state, cases, COUNT(cases));
}

/* The built-in schema, but any number goes. */
static void load_boundless(struct order_schema *schema)
{
    struct error error = {0};
    assert_true(order_schema_parse(schema, span_of(embedded_order_schema), NULL, &error));
    for (size_t i = 0; i < schema->count; i++) {
        schema->columns[i].least = INT64_MIN;
        schema->columns[i].most = INT64_MAX;
    }
}

/* The good order's first line, changed, as often as an order may have one; each with a 明細ID of its own. */
static void check_largest(const struct order_schema *schema, const char *changes, const char *expected)
{
    static struct sheet sheet;
    struct findings findings = {0};
    char id[16];
    sheet_make(&sheet, schema, changes);
    const struct span *values = sheet.lines[0].values;
    size_t id_column = order_layout_column(&sheet.layout, ORDER_FIELD_ITEM_LINE_ID);
    sheet.order.count = 0;
    for (uint32_t i = 0; i < ORDER_LINES_MAX; i++) {
        struct span *line = sheet_line(&sheet, 2 + i, false);
        memcpy(line, values, schema->count * sizeof *values);
        snprintf(id, sizeof id, "%u", (unsigned)(501 + i));
        line[id_column] = arena_copy(&sheet.arena, span_of(id));
    }
    order_sort(&sheet.columns, &sheet.order);
    rules_check(&sheet.columns, &sheet.order, RULES_REGISTER, NULL, NULL, &findings);
    assert_findings(&sheet, &findings, changes, expected);
    findings_free(&findings);
    sheet_free(&sheet);
}

/* The largest order that there may be: its sum is still exact, or known to be beyond every 請求金額. */
static void rules_sum_the_largest_order(void **state)
{
    (void)state;
    struct order_schema schema;
    load_boundless(&schema);
    check_largest(&schema, "2.単価=999999999999999;2.個数=1;2.小計=999999999999999",
                  "0 TOTAL_MISMATCH - 4600 999999999999999600");
    check_largest(&schema, "2.単価=-999999999999999;2.個数=1;2.小計=-999999999999999",
                  "0 TOTAL_MISMATCH - 4600 -999999999999998400");
    /* Without 小計, products that fit into 64 bits, and sums that do not; and products that do not themselves. */
    check_largest(&schema, "-小計;2.単価=900000000000;2.個数=9000000;*.請求金額=999999999999999",
                  "0 TOTAL_MISMATCH - 999999999999999 9223372036854775807");
    check_largest(&schema, "-小計;2.単価=-900000000000;2.個数=9000000;*.請求金額=999999999999999",
                  "0 TOTAL_MISMATCH - 999999999999999 9223372036854775807");
    check_largest(&schema, "-小計;2.単価=999999999999999;2.個数=999999999999999;*.請求金額=-1",
                  "0 TOTAL_MISMATCH - -1 9223372036854775807");
    check_largest(&schema, "-小計;2.単価=-999999999999999;2.個数=999999999999999;*.請求金額=-1",
                  "0 TOTAL_MISMATCH - -1 9223372036854775807");
    order_schema_free(&schema);
}

static void rules_rows_that_disagree(void **state)
{
    static const struct rule_case cases[] = {
        {"3.注文者氏名=見本 花子", "3 ORDER_FIELD_DIFFERS 注文者氏名 2"},
        /* What is wrong with the row itself comes first. */
        {"3.注文者氏名=", "3 REQUIRED 注文者氏名; 3 ORDER_FIELD_DIFFERS 注文者氏名 2"},
        {"3.受注日時=2026-11-02 17:54:09", "3 ORDER_FIELD_DIFFERS 受注日時 2"},
        /* The later row of the file, also where it is the first line. */
        {"2.項番=2;3.項番=1;3.注文者氏名=見本 花子", "3 ORDER_FIELD_DIFFERS 注文者氏名 2"},
        /* Each row is compared with the first. */
        {"+;4.項番=3;4.明細ID=503;*.請求金額=5600;3.店舗名=乙;4.店舗名=丙",
         "3 ORDER_FIELD_DIFFERS 店舗名 2; 4 ORDER_FIELD_DIFFERS 店舗名 2"},
        {"+;4.項番=3;4.明細ID=503;*.請求金額=5600;4.店舗名=丙", "4 ORDER_FIELD_DIFFERS 店舗名 2"},
        {"3.店舗名=乙;3.受注番号=M-2", "3 ORDER_FIELD_DIFFERS 店舗名 2; 3 ORDER_FIELD_DIFFERS 受注番号 2"},
        /* Which amount is right is not known, so none is judged. */
        {"3.請求金額=1", "3 ORDER_FIELD_DIFFERS 請求金額 2"},
        {"3.店舗名=乙;*.請求金額=1", "3 ORDER_FIELD_DIFFERS 店舗名 2"},
        /* Nothing to compare. */
        {"3.注文者氏名~", ""},
        {"2.店舗名~;3.店舗名=乙", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

/* Which fields are the order's: the list of the domain. All other columns may differ from line to line. */
static void rules_know_the_orders_own_fields(void **state)
{
    static const char *const own[] = {
        "受注ID=1002",
        "店舗ID=2",
        "店舗名=別",
        "受注日時=2026-11-03 00:00:00",
        "受注番号=M-2",
        "ステータスコード=20",
        "支払方法=後払い（別）",
        "送料=501",
        "手数料=301",
        "値引=201",
        "請求金額=4601",
        "注文者氏名=見本 花子",
        "注文者氏名カナ=ミホン ハナコ",
        "注文者郵便番号=100-0002",
        "注文者都道府県=大阪府",
        "注文者住所1=北区",
        "注文者住所2=2-2",
        "注文者電話番号=06-0000-0000",
        "注文者メールアドレス=hanako@example.com",
    };
    static const char *const lines[] = {
        "コントロールカラム=U",
        "項番=7",
        "明細ID=777",
        "商品コード=C9",
        "商品番号=A9",
        "商品名=別の品",
        "店舗ステータス=済",
        "出荷予定日=2026-11-05",
        "送り状番号=1234",
        "配送会社=見本運輸",
        "備考=別",
    };
    static const char *const delivery[] = {
        "送付先氏名=別",  "送付先郵便番号=530-0001", "送付先都道府県=大阪府",
        "送付先住所1=別", "送付先住所2=別",          "送付先電話番号=06-0000-0000",
    };
    char change[128];
    char expected[128];
    for (size_t i = 0; i < COUNT(own); i++) {
        snprintf(change, sizeof change, "3.%s", own[i]);
        snprintf(expected, sizeof expected, "3 ORDER_FIELD_DIFFERS %.*s 2", (int)strcspn(own[i], "="), own[i]);
        check_cases(*state, &(struct rule_case){change, expected}, 1);
    }
    for (size_t i = 0; i < COUNT(lines); i++) {
        snprintf(change, sizeof change, "3.%s", lines[i]);
        check_cases(*state, &(struct rule_case){change, ""}, 1);
    }
    for (size_t i = 0; i < COUNT(delivery); i++) { /* they may, but only one is sent */
        snprintf(change, sizeof change, "3.%s", delivery[i]);
        snprintf(expected, sizeof expected, "3 DELIVERY_DIFFERS %.*s 2", (int)strcspn(delivery[i], "="), delivery[i]);
        check_cases(*state, &(struct rule_case){change, expected}, 1);
    }
}

static void rules_leave_damaged_rows_alone(void **state)
{
    static const struct rule_case cases[] = {
        {"3!", ""},
        {"2!;3!", ""},
        /* What its cells seem to hold is of no account. */
        {"3!;3.コントロールカラム=X;3.個数=二;3.商品名=;3.商品番号=全;3.明細ID=;3.注文者氏名=見本 花子", ""},
        {"3!;3.小計=1001", ""},
        {"3!;3.小計=1001;3.個数=x", ""},
        {"3!;*.請求金額=1", ""}, /* nor is the sum it belongs to */
        {"2!;3.個数=二", "3 NOT_A_NUMBER 個数 二"},
        {"3!;2.小計=3001", "2 SUBTOTAL_MISMATCH - 1500 2 3001"},
        {"+;4.項番=3;4.明細ID=503;2!;3.店舗名=甲;4.店舗名=乙", "4 ORDER_FIELD_DIFFERS 店舗名 3"},
        {"+;4.項番=3;4.明細ID=503;3!;4.店舗名=乙", "4 ORDER_FIELD_DIFFERS 店舗名 2"},
    };
    check_cases(*state, cases, COUNT(cases));
}

/* What rules_check() says of the good order with `changes`, each finding as assert_findings() writes it. */
static char *told(const struct fixture *fixture, const char *changes)
{
    static struct sheet sheet;
    struct findings findings = {0};
    struct buf text = {0};
    sheet_make(&sheet, &fixture->schema, changes);
    order_sort(&sheet.columns, &sheet.order);
    rules_check(&sheet.columns, &sheet.order, RULES_REGISTER, NULL, NULL, &findings);
    findings_sort(&findings, 0);
    put_all(&sheet, &findings, &text);
    findings_free(&findings);
    sheet_free(&sheet);
    return buf_take(&text);
}

/* Each number column, at its borders and one beyond. */
static void rules_number_ranges(void **state)
{
    static const struct {
        const char *column;
        long long least;
        long long most;
    } cases[] = {
        {"請求金額", 1, 999999}, {"単価", -999999, 999999}, {"小計", -999999, 999999}, {"個数", 1, 9999},
        {"送料", 0, 999999},     {"手数料", 0, 999999},     {"値引", 0, 999999},       {"項番", 0, 999999},
    };
    char change[64];
    char expected[128];
    for (size_t i = 0; i < COUNT(cases); i++) {
        const long long numbers[] = {cases[i].least, cases[i].most, cases[i].least - 1, cases[i].most + 1};
        for (size_t n = 0; n < COUNT(numbers); n++) {
            snprintf(change, sizeof change, "*.%s=%lld", cases[i].column, numbers[n]);
            snprintf(expected, sizeof expected, "2 NUMBER_RANGE %s %lld %lld %lld", cases[i].column, numbers[n],
                     cases[i].least, cases[i].most);
            char *text = told(*state, change);
            if ((strstr(text, "NUMBER_RANGE") != NULL) != (n >= 2) || (n >= 2 && strstr(text, expected) == NULL))
                fail_msg("after \"%s\": \"%s\"", change, text);
            free(text);
        }
    }
    static const struct rule_case others[] = {
        {"2.項番=-1", "2 NUMBER_RANGE 項番 -1 0 999999"},
        {"2.項番=－１", "2 NUMBER_RANGE 項番 －１ 0 999999"},
        {"2.項番=000000999999;3.項番=1", ""},
        {"2.項番={0*40}1", ""},
        {"2.項番=1{0*14}", "2 NUMBER_RANGE 項番 1{0*14} 0 999999"},
        {"2.項番=-{0*30}1{0*14}", "2 NUMBER_RANGE 項番 -{0*30}1{0*8}… 0 999999"},
        {"2.項番=1{0*15}", "2 NUMBER_RANGE 項番 1{0*15} 0 999999"},
        {"2.項番=　", ""},
    };
    check_cases(*state, others, COUNT(others));
}

/* In a column of digits, numbers or codes a spreadsheet's short form is told by that name, and by no other. */
static void rules_rounded_numbers(void **state)
{
    static const char *const columns[] = {
        "受注ID",         "店舗ID",         "受注番号",       "ステータスコード",
        "項番",           "明細ID",         "商品コード",     "商品番号",
        "単価",           "個数",           "小計",           "送料",
        "手数料",         "値引",           "請求金額",       "注文者郵便番号",
        "注文者電話番号", "送付先郵便番号", "送付先電話番号", "送り状番号",
    };
    static const char *const others[] = {"NOT_",       "_INVALID", "PUNCTUATION", "RANGE",   "SIZE",
                                         "_DUPLICATE", "REPEATED", "REPAIRED",    "TOO_LONG"};
    char change[64];
    char expected[128];
    for (size_t i = 0; i < COUNT(columns); i++) {
        snprintf(change, sizeof change, "*.%s=1.23457E+11", columns[i]);
        char *text = told(*state, change);
        for (unsigned row = 2; row <= 3; row++) {
            snprintf(expected, sizeof expected, "%u NUMBER_ROUNDED %s 1.23457E+11", row, columns[i]);
            if (strstr(text, expected) == NULL)
                fail_msg("after \"%s\": \"%s\"", change, text);
        }
        for (size_t o = 0; o < COUNT(others); o++)
            if (strstr(text, others[o]) != NULL)
                fail_msg("after \"%s\": \"%s\"", change, text);
        free(text);
    }
    static const struct rule_case cases[] = {
        {"2.明細ID=1E+15", "2 NUMBER_ROUNDED 明細ID 1E+15"},
        {"2.明細ID=-1.5E-07", "2 NUMBER_ROUNDED 明細ID -1.5E-07"},
        {"2.明細ID=1.23457e+11", "2 NOT_DIGITS 明細ID 1.23457e+11"},
        {"2.送り状番号=1.23457E+1", ""},
        {"-商品番号;2.商品コード=1.23457E+11", "2 NUMBER_ROUNDED 商品コード 1.23457E+11"},
        /* Texts may look as they like. */
        {"2.商品名=1.23457E+11", ""},
        {"2.備考=1.23457E+11;2.配送会社=1.23457E+11;*.店舗名=1.23457E+11", ""},
        {"2.出荷予定日=1.23457E+11", "2 DATE_INVALID 出荷予定日 1.23457E+11"},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_phones(void **state)
{
    static const struct rule_case cases[] = {
        {"*.注文者電話番号=０３－００００－００００", ""},
        {"*.注文者電話番号=06-0123-4567", ""},
        {"*.注文者電話番号=0601234567", ""},
        {"*.注文者電話番号=0901234567",
         "2 PHONE_INVALID 注文者電話番号 0901234567; 3 PHONE_INVALID 注文者電話番号 0901234567"},
        {"*.注文者電話番号=312345678", "2 PHONE_REPAIRED 注文者電話番号 312345678 0312345678; "
                                       "3 PHONE_REPAIRED 注文者電話番号 312345678 0312345678"},
        {"*.注文者電話番号=+81 90 1234 5678", "2 PHONE_REPAIRED 注文者電話番号 +81 90 1234 5678 090-1234-5678; "
                                              "3 PHONE_REPAIRED 注文者電話番号 +81 90 1234 5678 090-1234-5678"},
        {"*.送付先電話番号=9012345678", "2 PHONE_REPAIRED 送付先電話番号 9012345678 09012345678; "
                                        "3 PHONE_REPAIRED 送付先電話番号 9012345678 09012345678"},
        {"2.送付先電話番号=なし;3.送付先電話番号=なし",
         "2 PHONE_INVALID 送付先電話番号 なし; 3 PHONE_INVALID 送付先電話番号 なし"},
        {"*.注文者電話番号={1*41}", "2 PHONE_INVALID 注文者電話番号 {1*40}…; 3 PHONE_INVALID 注文者電話番号 {1*40}…"},
        {"*.注文者電話番号=　", ""}, /* empty is no number, and none is needed */
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_postal_codes(void **state)
{
    static const struct rule_case cases[] = {
        {"*.注文者郵便番号=〒１００－０００１", ""},
        {"*.注文者郵便番号=100-001",
         "2 POSTAL_CODE_INVALID 注文者郵便番号 100-001; 3 POSTAL_CODE_INVALID 注文者郵便番号 100-001"},
        {"*.注文者郵便番号=600001",
         "2 POSTAL_CODE_INVALID 注文者郵便番号 600001; 3 POSTAL_CODE_INVALID 注文者郵便番号 600001"},
        {"*.注文者郵便番号=600001;*.注文者都道府県=北海道",
         "2 POSTAL_CODE_REPAIRED 注文者郵便番号 600001 0600001; 3 POSTAL_CODE_REPAIRED 注文者郵便番号 600001 0600001"},
        /* The address begins where it is not empty; and it is the buyer's, or the delivery's. */
        {"*.注文者郵便番号=600001;*.注文者都道府県=　;*.注文者住所1=北海道札幌市",
         "2 POSTAL_CODE_REPAIRED 注文者郵便番号 600001 0600001; 3 POSTAL_CODE_REPAIRED 注文者郵便番号 600001 0600001"},
        {"-注文者都道府県;*.注文者郵便番号=600001;*.注文者住所1=北海道札幌市",
         "2 POSTAL_CODE_REPAIRED 注文者郵便番号 600001 0600001; 3 POSTAL_CODE_REPAIRED 注文者郵便番号 600001 0600001"},
        {"*.注文者郵便番号=600001;*.注文者住所1=北海道札幌市",
         "2 POSTAL_CODE_INVALID 注文者郵便番号 600001; 3 POSTAL_CODE_INVALID 注文者郵便番号 600001"},
        {"*.送付先郵便番号=600001;*.注文者都道府県=北海道;*.送付先都道府県=京都府",
         "2 POSTAL_CODE_INVALID 送付先郵便番号 600001; 3 POSTAL_CODE_INVALID 送付先郵便番号 600001"},
        {"*.送付先郵便番号=10001;*.送付先都道府県=北海道",
         "2 POSTAL_CODE_REPAIRED 送付先郵便番号 10001 0010001; 3 POSTAL_CODE_REPAIRED 送付先郵便番号 10001 0010001"},
        {"-注文者都道府県;-注文者住所1;-注文者住所2;*.注文者郵便番号=600001",
         "2 POSTAL_CODE_INVALID 注文者郵便番号 600001; 3 POSTAL_CODE_INVALID 注文者郵便番号 600001"},
        {"*.注文者都道府県~;*.注文者住所1~;*.注文者住所2~;*.注文者郵便番号=600001",
         "2 POSTAL_CODE_INVALID 注文者郵便番号 600001; 3 POSTAL_CODE_INVALID 注文者郵便番号 600001"},
        {"*.注文者郵便番号= ", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_emails_kana_dates(void **state)
{
    static const struct rule_case cases[] = {
        {"*.注文者メールアドレス=..taro..@example.jp", ""},
        {"*.注文者メールアドレス=taro@example",
         "2 EMAIL_INVALID 注文者メールアドレス taro@example; 3 EMAIL_INVALID 注文者メールアドレス taro@example"},
        {"*.注文者メールアドレス={a*64}@{b*185}.jp", ""},
        {"*.注文者メールアドレス={a*64}@{b*186}.jp", ""},
        {"*.注文者メールアドレス={a*64}@{b*187}.jp",
         "2 EMAIL_INVALID 注文者メールアドレス {a*40}…; 3 EMAIL_INVALID 注文者メールアドレス {a*40}…"},
        {"*.注文者メールアドレス={a*65}@example.jp",
         "2 EMAIL_INVALID 注文者メールアドレス {a*40}…; 3 EMAIL_INVALID 注文者メールアドレス {a*40}…"},
        {"*.注文者メールアドレス=　", ""},
        {"*.注文者氏名カナ=ﾐﾎﾝ たろう（ｶﾌﾞ）", ""},
        {"*.注文者氏名カナ=見本 タロウ",
         "2 NOT_KANA 注文者氏名カナ 見本 タロウ; 3 NOT_KANA 注文者氏名カナ 見本 タロウ"},
        {"2.出荷予定日=未定", "2 DATE_INVALID 出荷予定日 未定"},
        {"3.出荷予定日=2026-02-29", "3 DATE_INVALID 出荷予定日 2026-02-29"},
        {"3.出荷予定日= ", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_lengths(void **state)
{
    static const char *const columns[] = {"注文者氏名", "注文者都道府県", "注文者住所1", "注文者住所2",
                                          "送付先氏名", "送付先都道府県", "送付先住所1", "送付先住所2"};
    char change[128];
    char expected[256];
    for (size_t i = 0; i < COUNT(columns); i++) {
        snprintf(change, sizeof change, "*.%s={あ*255}", columns[i]);
        check_cases(*state, &(struct rule_case){change, ""}, 1);
        snprintf(change, sizeof change, "*.%s={あ*256}", columns[i]);
        snprintf(expected, sizeof expected, "2 TEXT_TOO_LONG %s 256 255; 3 TEXT_TOO_LONG %s 256 255", columns[i],
                 columns[i]);
        check_cases(*state, &(struct rule_case){change, expected}, 1);
    }
    static const struct rule_case cases[] = {
        /* In UTF-16 units: those beyond U+FFFF count two. */
        {"*.注文者氏名={😀*127}a", ""},
        {"*.注文者氏名={😀*128}", "2 TEXT_TOO_LONG 注文者氏名 256 255; 3 TEXT_TOO_LONG 注文者氏名 256 255"},
        {"*.注文者氏名={a*1000}", "2 TEXT_TOO_LONG 注文者氏名 1000 255; 3 TEXT_TOO_LONG 注文者氏名 1000 255"},
        {"*.注文者氏名カナ={ア*255}", ""},
        {"*.注文者氏名カナ={ア*256}", "2 TEXT_TOO_LONG 注文者氏名カナ 256 255; 3 TEXT_TOO_LONG 注文者氏名カナ 256 255"},
        {"*.注文者氏名カナ={亜*256}", "2 NOT_KANA 注文者氏名カナ {亜*40}…; 2 TEXT_TOO_LONG 注文者氏名カナ 256 255; "
                                      "3 NOT_KANA 注文者氏名カナ {亜*40}…; 3 TEXT_TOO_LONG 注文者氏名カナ 256 255"},
        /* What has a code of its own for that, or is not sent. */
        {"2.商品名={あ*1000}", "2 ITEM_NAME_SIZE[0] 商品名"},
        {"2.商品番号={9*1000}", "2 ITEM_ID_SIZE[0] 商品番号"},
        {"*.受注ID={1*1000}", "2 ORDER_ID_SIZE 受注ID; 3 ORDER_ID_SIZE 受注ID"},
        {"*.店舗名={あ*1000};2.備考={あ*1000};2.配送会社={あ*1000};*.受注番号={9*1000}", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

/* The first character of each kind that cannot be printed; its place counts characters, from 1. */
static void rules_blemishes(void **state)
{
    static const struct rule_case cases[] = {
        {"2.商品名=煎茶\xEE\x80\x80", "2 GAIJI 商品名 3 U+E000"},
        {"2.商品名=\xEE\x80\x81\xEE\x80\x80", "2 GAIJI 商品名 1 U+E001"},
        {"2.商品名=😀é\xEE\x9D\x97", "2 GAIJI 商品名 3 U+E757"}, /* CP932's last; a character is one, however wide */
        {"2.商品名=a\xEF\xA3\xBF", "2 GAIJI 商品名 2 U+F8FF"},
        {"2.商品名=a\xEF\xA4\x80\xED\x9F\xBF", ""}, /* the neighbours */
        {"2.商品名=a\xF3\xB0\x80\x80", "2 GAIJI 商品名 2 U+F0000"},
        {"2.商品名=a\xF4\x8F\xBF\xBD", "2 GAIJI 商品名 2 U+10FFFD"},
        {"2.商品名=a\xF3\xAF\xBF\xBD", ""}, /* U+EFFFD */
        {"2.商品名=煎\xEF\xBF\xBD茶", "2 TEXT_GARBLED 商品名 2 U+FFFD"},
        {"2.商品名=煎茶\n100g", "2 CONTROL_CHARACTER 商品名 3 U+000A"},
        {"2.商品名=煎茶\r\n100g", "2 CONTROL_CHARACTER 商品名 3 U+000D"},
        {"2.商品名=\t煎茶", "2 CONTROL_CHARACTER 商品名 1 U+0009"},
        {"2.商品名=a\x01", "2 CONTROL_CHARACTER 商品名 2 U+0001"},
        {"2.商品名=a\x1F", "2 CONTROL_CHARACTER 商品名 2 U+001F"},
        {"2.商品名=a\x7F", "2 CONTROL_CHARACTER 商品名 2 U+007F"},
        {"2.商品名=a\xC2\x80", "2 CONTROL_CHARACTER 商品名 2 U+0080"},
        {"2.商品名=a\xC2\x9F", "2 CONTROL_CHARACTER 商品名 2 U+009F"},
        {"2.商品名= ~\xC2\xA0", ""},
        /* One of each, as they come. */
        {"2.商品名=\xEF\xBF\xBD\xEE\x80\x80\n\xEE\x80\x81\n\xEF\xBF\xBD",
         "2 TEXT_GARBLED 商品名 1 U+FFFD; 2 GAIJI 商品名 2 U+E000; 2 CONTROL_CHARACTER 商品名 3 U+000A"},
        {"2.商品名=\n\n\xEE\x80\x80", "2 CONTROL_CHARACTER 商品名 1 U+000A; 2 GAIJI 商品名 3 U+E000"},
        {"2.商品名={あ*256}\xEE\x80\x80", "2 ITEM_NAME_SIZE[0] 商品名; 2 GAIJI 商品名 257 U+E000"},
        /* Everything that is sent as a text. */
        {"*.注文者氏名=見\xEE\x80\x80", "2 GAIJI 注文者氏名 2 U+E000; 3 GAIJI 注文者氏名 2 U+E000"},
        {"*.注文者氏名カナ=ミ\xEE\x80\x80",
         "2 NOT_KANA 注文者氏名カナ ミ\xEE\x80\x80; 2 GAIJI 注文者氏名カナ 2 U+E000; "
         "3 NOT_KANA 注文者氏名カナ ミ\xEE\x80\x80; 3 GAIJI 注文者氏名カナ 2 U+E000"},
        {"*.注文者氏名カナ=ミホン\nタロウ",
         "2 CONTROL_CHARACTER 注文者氏名カナ 4 U+000A; 3 CONTROL_CHARACTER 注文者氏名カナ 4 U+000A"},
        {"*.注文者都道府県=\xEE\x80\x80;*.注文者住所1=\xEE\x80\x80;*.注文者住所2=\xEE\x80\x80",
         "2 GAIJI 注文者都道府県 1 U+E000; 2 GAIJI 注文者住所1 1 U+E000; 2 GAIJI 注文者住所2 1 U+E000; "
         "3 GAIJI 注文者都道府県 1 U+E000; 3 GAIJI 注文者住所1 1 U+E000; 3 GAIJI 注文者住所2 1 U+E000"},
        {"*.送付先氏名=\xEE\x80\x80;*.送付先住所2=\xEF\xBF\xBD",
         "2 GAIJI 送付先氏名 1 U+E000; 2 TEXT_GARBLED 送付先住所2 1 U+FFFD; "
         "3 GAIJI 送付先氏名 1 U+E000; 3 TEXT_GARBLED 送付先住所2 1 U+FFFD"},
        /* What is of a type has another word for it; what stays at home is nobody's business. */
        {"2.商品番号=A\xEE\x80\x80", "2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品番号=A\n", "2 ITEM_ID_PUNCTUATION[0] 商品番号 A "},
        {"*.注文者電話番号=03\n0000-0000",
         "2 PHONE_INVALID 注文者電話番号 03 0000-0000; 3 PHONE_INVALID 注文者電話番号 03 0000-0000"},
        {"*.店舗名=\xEE\x80\x80\n;2.備考=\xEE\x80\x80\n\xEF\xBF\xBD;2.商品コード=\xEE\x80\x80\n;2.配送会社=\n", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

/* All of ASCII that is neither a letter nor a digit. */
static void rules_punctuation_in_product_numbers(void **state)
{
    for (unsigned byte = 1; byte < 0x7F; byte++) {
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        char change[64];
        if (byte == ';' || byte == '{' || byte == '\n') /* which separate and spell changes here */
            continue;
        snprintf(change, sizeof change, "3.商品番号=A%c1", (char)byte);
        char *text = told(*state, change);
        if ((strstr(text, "3 ITEM_ID_PUNCTUATION[1] 商品番号 A") != NULL) == plain || (plain && *text != '\0'))
            fail_msg("after \"%s\": \"%s\"", change, text);
        free(text);
    }
    static const struct rule_case cases[] = {
        {"2.商品番号=A-1", "2 ITEM_ID_PUNCTUATION[0] 商品番号 A-1"},
        {"2.商品番号=A-1_b/2.c#(3)", "2 ITEM_ID_PUNCTUATION[0] 商品番号 A-1_b/2.c#(3)"},
        {"2.商品番号={-*36}", "2 ITEM_ID_PUNCTUATION[0] 商品番号 {-*36}"},
        {"2.商品番号={-*41}", "2 ITEM_ID_SIZE[0] 商品番号; 2 ITEM_ID_PUNCTUATION[0] 商品番号 {-*40}…"},
        {"-商品番号;2.商品コード=C_1", "2 ITEM_ID_PUNCTUATION[0] 商品コード C_1"},
        {"2.商品コード=C_1", ""},
        {"2.商品番号= ", "2 REQUIRED 商品番号"},
        {"2.商品番号=　", "2 ITEM_ID_NON_ASCII[0] 商品番号"},
        {"2.商品名= 　", "2 REQUIRED 商品名"},
    };
    check_cases(*state, cases, COUNT(cases));
}

static void rules_lines_that_stand_twice(void **state)
{
    static const struct rule_case cases[] = {
        /* The same 明細ID, and all the same. */
        {"+;*.請求金額=5600", "4 ROW_DUPLICATE 明細ID 3 502"},
        {"+;+;*.請求金額=6600", "4 ROW_DUPLICATE 明細ID 3 502; 5 ROW_DUPLICATE 明細ID 4 502"},
        {"+;*.請求金額=5600;4.社内メモ=別", "4 ROW_DUPLICATE 明細ID 3 502"}, /* an unknown column is not looked at */
        {"-項番;+;*.請求金額=5600", "4 ROW_DUPLICATE 明細ID 3 502"},
        {"+;3.備考~;4.備考~;*.請求金額=5600", "4 ROW_DUPLICATE 明細ID 3 502"},
        /* The same 明細ID, and something else. */
        {"3.明細ID=501", "3 LINE_ID_DUPLICATE 明細ID 2 501"},
        {"+;*.請求金額=5600;4.備考=別", "4 LINE_ID_DUPLICATE 明細ID 3 502"},
        {"+;*.請求金額=5600;4.コントロールカラム=U", "4 LINE_ID_DUPLICATE 明細ID 3 502"},
        {"+;*.請求金額=5600;3.備考=x;4.備考~", "4 LINE_ID_DUPLICATE 明細ID 3 502"},
        {"2.項番=2;3.項番=1;3.明細ID=501", "3 LINE_ID_DUPLICATE 明細ID 2 501"}, /* the later row, not the later line */
        {"*.明細ID=A", "2 NOT_DIGITS 明細ID A; 3 NOT_DIGITS 明細ID A; 3 LINE_ID_DUPLICATE 明細ID 2 A"},
        {"*.明細ID={7*41}", "3 LINE_ID_DUPLICATE 明細ID 2 {7*40}…"},
        /* Another one. */
        {"2.明細ID=50", ""},
        {"2.明細ID=5010", ""},
        {"2.明細ID=0502", ""},
        {"2.明細ID={7*41};3.明細ID={7*40}8", ""},
        /* One that was shortened, or cannot be read, says nothing. */
        {"*.明細ID=1.23457E+11", "2 NUMBER_ROUNDED 明細ID 1.23457E+11; 3 NUMBER_ROUNDED 明細ID 1.23457E+11"},
        {"+;3.明細ID=1E+11;4.明細ID=1E+11;*.請求金額=5600",
         "3 NUMBER_ROUNDED 明細ID 1E+11; 4 NUMBER_ROUNDED 明細ID 1E+11"},
        {"*.明細ID~", ""},
        /* No 明細ID, and all the same. */
        {"-明細ID;+;*.請求金額=5600", "4 ROW_REPEATED - 3"},
        {"-明細ID;+;+;*.請求金額=6600", "4 ROW_REPEATED - 3; 5 ROW_REPEATED - 4"},
        {"-明細ID;+;*.請求金額=5600;4.項番=3", ""},
        {"-明細ID;+;*.請求金額=5600;4.備考=別", ""},
        {"-コントロールカラム;+;*.請求金額=5600;3.明細ID=;4.明細ID=", "4 ROW_REPEATED 明細ID 3"},
        {"-コントロールカラム;+;*.請求金額=5600;3.明細ID=　;4.明細ID=　", "4 ROW_REPEATED 明細ID 3"},
        {"-コントロールカラム;+;*.請求金額=5600;4.明細ID=", ""},
        {"-明細ID;+;*.請求金額=5600;3.備考=ab;3.社内メモ=;4.備考=a;4.社内メモ=b", ""},
        {"-明細ID;+;*.請求金額=5600;3.商品コード=C2A;3.商品番号=2;4.商品コード=C2;4.商品番号=A2", ""},
        /* A damaged row is no twin of anybody's. */
        {"+;*.請求金額=5600;4!", ""},
        {"+;*.請求金額=5600;3!", ""},
        {"+;+;*.請求金額=6600;4!", "5 ROW_DUPLICATE 明細ID 3 502"},
    };
    check_cases(*state, cases, COUNT(cases));
}

enum { MANY_LINES = 40 };

/* A line as far as twins go: its 明細ID ("" for none), and what else it says. */
struct twin {
    const char *id;
    const char *note;
};

/* What is to be said of line `at`, whose row is `at` + 2, written by looking at all lines before it. */
static void put_twin(const struct twin *lines, size_t at, struct buf *text)
{
    size_t same = at;
    size_t same_id = at;
    for (size_t i = 0; i < at; i++) {
        if (strcmp(lines[i].id, lines[at].id) != 0)
            continue;
        if (same_id == at)
            same_id = i; /* the first */
        if (strcmp(lines[i].note, lines[at].note) == 0)
            same = i; /* the last */
    }
    const char *code = same < at && *lines[at].id == '\0' ? "ROW_REPEATED"
                       : same < at                        ? "ROW_DUPLICATE"
                                                          : "LINE_ID_DUPLICATE";
    if (same == at && (same_id == at || *lines[at].id == '\0'))
        return;
    buf_printf(text, "%s%zu %s 明細ID %zu%s%s", text->length > 0 ? "; " : "", at + 2, code,
               (same < at ? same : same_id) + 2, *lines[at].id != '\0' ? " " : "", lines[at].id);
}

/* Orders drawn at random: however twins lie among each other, each is told of the row that it is one of. */
static void rules_find_every_twin(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    static const char *const ids[] = {"", "1", "11", "2"};
    static const char *const notes[] = {"a", "b", "c"};
    for (uint64_t seed = 1; seed <= 500; seed++) {
        uint64_t drawn = seed;
        struct twin lines[MANY_LINES];
        struct findings findings = {0};
        struct buf expected = {0};
        buf_append_text(&expected, "");
        sheet_make(&sheet, &fixture->schema, "-コントロールカラム;-項番;-送料"); /* nothing else is wrong then */
        const struct span *values = sheet.lines[0].values;
        size_t count = 2 + draw(&drawn) % (seed % 10 == 0 ? MANY_LINES - 1 : 5);
        sheet.order.count = 0;
        for (size_t i = 0; i < count; i++) {
            struct span *line = sheet_line(&sheet, (uint32_t)i + 2, false);
            lines[i] = (struct twin){ids[draw(&drawn) % COUNT(ids)], notes[draw(&drawn) % COUNT(notes)]};
            memcpy(line, values, fixture->schema.count * sizeof *values);
            line[column_named(&fixture->schema, "明細ID") - fixture->schema.columns] = span_of(lines[i].id);
            line[column_named(&fixture->schema, "備考") - fixture->schema.columns] = span_of(lines[i].note);
            put_twin(lines, i, &expected);
        }
        order_sort(&sheet.columns, &sheet.order);
        rules_check(&sheet.columns, &sheet.order, RULES_REGISTER, NULL, NULL, &findings);
        assert_findings(&sheet, &findings, "lines drawn at random", buf_text(&expected));
        findings_free(&findings);
        buf_free(&expected);
        sheet_free(&sheet);
    }
}

/* One 送付先 is sent, that of the first line: whoever has another is told. */
static void rules_several_deliveries(void **state)
{
    static const struct rule_case cases[] = {
        {"*.送付先氏名=見本 花子", ""},
        {"3.送付先氏名=見本 花子", "3 DELIVERY_DIFFERS 送付先氏名 2"},
        {"2.送付先氏名=見本 花子", "3 DELIVERY_DIFFERS 送付先氏名 2"},
        {"2.送付先氏名=見本 花子;3.送付先氏名=見本 次郎", "3 DELIVERY_DIFFERS 送付先氏名 2"},
        /* Once a row, in the schema's order. */
        {"3.送付先電話番号=06-0000-0000;3.送付先郵便番号=530-0001;3.送付先住所2=1",
         "3 DELIVERY_DIFFERS 送付先郵便番号 2"},
        /* The first line by 項番, not by row. */
        {"2.項番=2;3.項番=1;2.送付先氏名=見本 花子", "2 DELIVERY_DIFFERS 送付先氏名 3"},
        {"+;4.明細ID=503;4.項番=0;*.請求金額=5600;4.送付先氏名=見本 花子",
         "2 DELIVERY_DIFFERS 送付先氏名 4; 3 DELIVERY_DIFFERS 送付先氏名 4"},
        {"+;4.明細ID=503;4.項番=3;*.請求金額=5600;4.送付先氏名=見本 花子", "4 DELIVERY_DIFFERS 送付先氏名 2"},
        {"+;4.明細ID=503;4.項番=3;*.請求金額=5600;3.送付先氏名=甲;4.送付先氏名=乙",
         "3 DELIVERY_DIFFERS 送付先氏名 2; 4 DELIVERY_DIFFERS 送付先氏名 2"},
        /* Damaged rows say nothing. */
        {"2!;3.送付先氏名=見本 花子", ""},
        {"3!;3.送付先氏名=見本 花子", ""},
        {"-送付先氏名;3.備考=別", ""},
    };
    check_cases(*state, cases, COUNT(cases));
}

#define SHIPPED "2.送り状番号=1234-5678;*.配送会社=ヤマト;"
#define WRONG                                                                                                                                \
    "*.コントロールカラム=X;*.受注日時=未定;*.請求金額=1;*.注文者氏名=;3.注文者氏名=\xEE\x80\x80;3.商品名=;" \
    "*.注文者電話番号=1;3.明細ID=501;3.小計=x;3.送付先氏名=見本 花子;"

/* What is wrong with the order otherwise does not keep it from being shipped. */
static void rules_to_ship(void **state)
{
    const struct fixture *fixture = *state;
    static const struct rule_case cases[] = {
        {SHIPPED, ""},
        {"3.送り状番号=1234;2.配送会社=ヤマト", ""},
        {SHIPPED WRONG, ""},
        {SHIPPED "-商品名;-請求金額;-注文者氏名;-受注日時", ""},
        /* The id. */
        {SHIPPED "*.受注ID=A1", "2 NOT_DIGITS 受注ID A1; 3 NOT_DIGITS 受注ID A1"},
        {SHIPPED "3.受注ID=1.23457E+11", "3 NUMBER_ROUNDED 受注ID 1.23457E+11"},
        {SHIPPED "*.コントロールカラム=;3.受注ID=", "3 REQUIRED 受注ID"},
        {SHIPPED "2.受注ID={1*65}", "2 ORDER_ID_SIZE 受注ID"},
        /* Both are needed once, and missed on the first row. */
        {"", "2 REQUIRED 送り状番号; 2 REQUIRED 配送会社"},
        {"*.配送会社=ヤマト", "2 REQUIRED 送り状番号"},
        {"*.送り状番号= 　;*.配送会社=ヤマト", "2 REQUIRED 送り状番号"},
        {"2.項番=2;3.項番=1;3.送り状番号=1;2.配送会社= ", "2 REQUIRED 配送会社"},
        {"-送り状番号;*.配送会社=ヤマト", "0 COLUMN_MISSING 送り状番号"},
        {"-配送会社;2.送り状番号=1", "0 COLUMN_MISSING 配送会社"},
        {"-配送会社;-送り状番号;2!;3!", "0 COLUMN_MISSING 送り状番号; 0 COLUMN_MISSING 配送会社"},
        {"-配送会社", "0 COLUMN_MISSING 配送会社; 2 REQUIRED 送り状番号"},
        /* What cannot be read may be what is missing. */
        {"3!", ""},
        {"3.送り状番号~;2.配送会社=ヤマト", ""},
        {"2!;3!", ""},
        /* The two cells by themselves. */
        {SHIPPED "2.送り状番号=1.23457E+11", "2 NUMBER_ROUNDED 送り状番号 1.23457E+11"},
        {SHIPPED "2.送り状番号=\xEE\x80\x80", "2 GAIJI 送り状番号 1 U+E000"},
        {SHIPPED "3.配送会社=ヤ\xEE\x80\x80", "3 GAIJI 配送会社 2 U+E000"},
        {SHIPPED "2.配送会社=　\xEF\xBF\xBD", "2 TEXT_GARBLED 配送会社 2 U+FFFD"},
        {SHIPPED "2.送り状番号=1\n2", "2 CONTROL_CHARACTER 送り状番号 2 U+000A"},
        {SHIPPED "2.送り状番号=\n 12\r\n", ""}, /* it leaves without them */
        {SHIPPED "2.配送会社=\t", ""},
        {SHIPPED "2.送り状番号=メール便", ""},
        {"2!;2.送り状番号=\xEE\x80\x80;3.送り状番号=1;3.配送会社=甲", ""},
    };
    check_cases_for(&fixture->schema, RULES_SHIP, cases, COUNT(cases));
}

static void rules_to_ship_several_numbers(void **state)
{
    const struct fixture *fixture = *state;
    static const struct rule_case cases[] = {
        {SHIPPED "3.送り状番号=1234-5678", ""},
        {SHIPPED "3.送り状番号=　１２３４－５６７８ ", ""},
        {SHIPPED "3.送り状番号=12345678", "3 SHIP_SEVERAL_NUMBERS 送り状番号 2 1234-5678"},
        {SHIPPED "2.送り状番号=　１;3.送り状番号=２", "3 SHIP_SEVERAL_NUMBERS 送り状番号 2 1"},
        {SHIPPED "2.項番=2;3.項番=1;3.送り状番号=9", "3 SHIP_SEVERAL_NUMBERS 送り状番号 2 1234-5678"},
        {SHIPPED "+;+;3.送り状番号=9;4.送り状番号=1234-5678;5.送り状番号=8",
         "3 SHIP_SEVERAL_NUMBERS 送り状番号 2 1234-5678; 5 SHIP_SEVERAL_NUMBERS 送り状番号 2 1234-5678"},
        {SHIPPED "+;2.送り状番号=;3.送り状番号=9;4.送り状番号=8", "4 SHIP_SEVERAL_NUMBERS 送り状番号 3 9"},
        {SHIPPED "3!;3.送り状番号=9", ""},
        {SHIPPED "2.送り状番号={1*50};3.送り状番号=9", "3 SHIP_SEVERAL_NUMBERS 送り状番号 2 {1*40}…"},
        {SHIPPED "3.配送会社=佐川", ""}, /* nobody asks about that */
    };
    check_cases_for(&fixture->schema, RULES_SHIP, cases, COUNT(cases));
}

/* One that is too large was not loaded: there is no row that could lack anything. */
static void rules_to_ship_an_order_without_rows(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    struct findings findings = {0};
    sheet_make(&sheet, &fixture->schema, "");
    sheet.order.count = 0;
    rules_check(&sheet.columns, &sheet.order, RULES_SHIP, NULL, NULL, &findings);
    assert_int_equal(findings.count, 0);
    sheet_free(&sheet);
}

/* A merchant's own schema may bound the two. */
static void rules_to_ship_follow_the_schema(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {SHIPPED, ""},
        {SHIPPED "2.送り状番号=1234567890123", "2 TEXT_TOO_LONG 送り状番号 13 12"},
        {SHIPPED "2.配送会社=あいうえおか", "2 TEXT_TOO_LONG 配送会社 6 5"},
    };
    struct order_schema schema;
    struct error error = {0};
    cJSON *json = cJSON_Parse(embedded_order_schema);
    cJSON *column = NULL;
    cJSON_ArrayForEach(column, cJSON_GetObjectItemCaseSensitive(json, "columns"))
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(column, "name"));
        if (strcmp(name, "送り状番号") == 0 || strcmp(name, "配送会社") == 0)
            cJSON_AddNumberToObject(column, "maxLength", strcmp(name, "配送会社") == 0 ? 5 : 12);
    }
    char *text = cJSON_PrintUnformatted(json);
    assert_true(order_schema_parse(&schema, span_of(text), NULL, &error));
    check_cases_for(&schema, RULES_SHIP, cases, COUNT(cases));
    order_schema_free(&schema);
    free(text);
    cJSON_Delete(json);
}

/* To cancel an order or to ask for it needs its id. */
static void rules_about_the_id_alone(void **state)
{
    const struct fixture *fixture = *state;
    static const struct rule_case cases[] = {
        {"", ""},
        {WRONG "2.送り状番号=1;3.送り状番号=1.23457E+11;2.配送会社=\xEE\x80\x80", ""},
        {"-商品名;-請求金額;-注文者氏名;-送り状番号;-配送会社;-コントロールカラム", ""},
        {"*.受注ID=A1", "2 NOT_DIGITS 受注ID A1; 3 NOT_DIGITS 受注ID A1"},
        {"3.受注ID=1.23457E+11", "3 NUMBER_ROUNDED 受注ID 1.23457E+11"},
        {"2.受注ID={1*65}", "2 ORDER_ID_SIZE 受注ID"},
        {"-コントロールカラム;3.受注ID=　", "3 REQUIRED 受注ID"},
        {"2!;2.受注ID=A1", ""},
        {"2.受注ID~", ""},
    };
    check_cases_for(&fixture->schema, RULES_ID, cases, COUNT(cases));
}

/* ---- The public protocol ---- */

/* 2026-11-02 12:00 in Japan. */
static const struct kuroneko_terms public_terms = {.ship_days = 10, .now = 1793588400};

#define HANAKO "送付先氏名=見本 花子;2.送付先郵便番号=530-0001;2.送付先都道府県=大阪府;2.送付先住所1=大阪市北区1"

/* What the JSON API asks for and this does not, and the other way round. */
static void public_rules_are_those_of_the_protocol(void **state)
{
    const struct fixture *fixture = *state;
    static const struct rule_case cases[] = {
        {"", ""},
        {"2.商品番号=;3.商品番号={あ*40}", ""},
        {"*.コントロールカラム=U;*.商品コード=", "2 REQUIRED 商品コード; 3 REQUIRED 商品コード"}, /* Robot-in's need */
        {"-商品番号;-商品コード", ""},
        {"*.受注ID=12345678901234567890", ""},
        {"*.受注ID=123456789012345678901", "2 KURONEKO_ORDER_NUMBER 受注ID kaara008E 20 123456789012345678901; "
                                           "3 KURONEKO_ORDER_NUMBER 受注ID kaara008E 20 123456789012345678901"},
        {"*.受注ID=10_01", "2 NOT_DIGITS 受注ID 10_01; 3 NOT_DIGITS 受注ID 10_01"},
        {"*.受注ID=10.1",
         "2 KURONEKO_ORDER_NUMBER 受注ID kaara007E 20 10.1; 3 KURONEKO_ORDER_NUMBER 受注ID kaara007E 20 10.1"},
        {"*.注文者氏名カナ=見本", "0 KURONEKO_KANA_LEFT_OUT 注文者氏名カナ 見本"},
        {"2.商品名={あ*30}", ""},
        {"2.商品名={あ*31}", "2 KURONEKO_TOO_LONG 商品名 kaara055E 30 31"},
        {"2.商品名={あ*256}", "2 KURONEKO_TOO_LONG 商品名 kaara055E 30 256"},
        {"2.商品名=", "2 REQUIRED 商品名"},
        {"2.商品名=a\nb", "2 KURONEKO_LINE_BREAK 商品名 ａ　ｂ"},
        {"*.注文者氏名={あ*256}", "0 KURONEKO_TOO_LONG 注文者氏名 kaara021E 30 256"},
        {"-注文者郵便番号", "0 KURONEKO_REQUIRED 注文者郵便番号 kaara025E"},
        {"*.注文者電話番号=　", "0 KURONEKO_REQUIRED 注文者電話番号 kaara038E"},
        {"*.注文者都道府県=;*.注文者住所1=;*.注文者住所2=", "0 KURONEKO_REQUIRED 注文者都道府県 kaara030E"},
        {"-注文者都道府県", "0 KURONEKO_PREFECTURE 注文者住所1 kaara034E 千代田区　１－１"},
        {"*.注文者都道府県=東京", "0 KURONEKO_PREFECTURE 注文者都道府県 kaara034E 東京　千代田区　１－１"},
        {"*.注文者住所2=", "0 KURONEKO_STREET_NUMBER 注文者住所1 kaara103E 東京都千代田区"},
        {"*.注文者住所2=1-1 𠮷ビル", "0 KURONEKO_CHARACTER 注文者住所2 kaara033E 𠮷 U+20BB7 5"},
        {"*.注文者住所2=1-1 {あ*50}", "0 KURONEKO_ADDRESS_LONG 注文者住所2 kaara036E 50 62"},
        /* The sum is told once. */
        {"*.請求金額=4601", "0 TOTAL_MISMATCH - 4601 4600"},
        {"-送料", "0 KURONEKO_SUM 請求金額 kaara101E 4100 4600"},
        {"2.個数=x", "2 NOT_A_NUMBER 個数 x"},
        {"-小計;2.単価=600000",
         "0 TOTAL_MISMATCH - 4600 1201600; 2 KURONEKO_ITEM_AMOUNT 小計 kaara064E 999999 1200000"},
        /* What the cells' own rules have found needs no second word. */
        {"*.注文者電話番号=12", "2 PHONE_INVALID 注文者電話番号 12; 3 PHONE_INVALID 注文者電話番号 12"},
        {"*.注文者電話番号=312345678",
         "2 PHONE_REPAIRED 注文者電話番号 312345678 0312345678; 3 PHONE_REPAIRED 注文者電話番号 312345678 0312345678"},
        {"*.注文者氏名=\xEE\x80\x80", "2 GAIJI 注文者氏名 1 U+E000; 3 GAIJI 注文者氏名 1 U+E000"},
        {"*.受注日時=x", "2 DATETIME_INVALID 受注日時 x; 3 DATETIME_INVALID 受注日時 x"},
        {"*.注文者氏名~", ""},
        {"2!;*.注文者氏名={あ*31}", ""}, /* what is damaged is not judged, nor what it belongs to */
        /* Days. */
        {"3.出荷予定日=2026/11/1", "3 KURONEKO_SHIP_DATE_EARLY 出荷予定日 kaara100E 2026-11-02 2026-11-01"},
        {"2.出荷予定日=2027-02-01", "2 KURONEKO_SHIP_DATE_LATE 出荷予定日 kaara018E 2027-01-31 2027-02-01"},
        {"2.出荷予定日=未定;3.出荷予定日=2026-11-05", "2 DATE_INVALID 出荷予定日 未定"},
        {"2.出荷予定日=2026/11/5;3.出荷予定日=2026-11-05 10:00", ""},
        {"2.出荷予定日=2026/11/5;3.出荷予定日=2026-11-06", "3 KURONEKO_SHIP_DATES 出荷予定日 2 2026/11/5"},
        /* Deliveries: several are sent, and each on the first row that names it. */
        {"2." HANAKO, ""},
        {"2." HANAKO ";3.送付先氏名=見本 次郎", "3 KURONEKO_DELIVERY_INCOMPLETE 送付先郵便番号 kaara102E; "
                                                "3 KURONEKO_DELIVERY_INCOMPLETE 送付先都道府県 kaara102E"},
        {"2." HANAKO ";2.送付先氏名={あ*31}", "2 KURONEKO_TOO_LONG 送付先氏名 kaara067E 30 31"},
        {"-送付先郵便番号;*.送付先氏名=見本 花子;*.送付先都道府県=大阪府;*.送付先住所1=1",
         "2 KURONEKO_DELIVERY_INCOMPLETE 送付先郵便番号 kaara102E"},
    };
    check_cases_by(&fixture->schema, RULES_REGISTER, &public_terms, cases, COUNT(cases));
}

static void public_rules_to_ship(void **state)
{
    const struct fixture *fixture = *state;
    static const struct rule_case cases[] = {
        {"2.送り状番号=1234-5678-9013;2.配送会社=ヤマト運輸", ""},
        /* Each number is reported. */
        {"2.送り状番号=1234-5678-9013;2.配送会社=ヤマト運輸;3.送り状番号=123456789024", ""},
        {"2.送り状番号=1234-5678-9013;2.配送会社=ヤマト運輸;3.送り状番号=123456789012",
         "3 KURONEKO_TRACKING_NUMBER 送り状番号 kaasl014E 20 123456789012"},
        {"2.送り状番号=1234-5678-9013;2.配送会社=ヤマト運輸;3.送り状番号=123456789012;3.配送会社=佐川急便", ""},
        {"3.送り状番号=12345;2.配送会社=クロネコ", "3 KURONEKO_TRACKING_NUMBER 送り状番号 kaasl010E 20 12345"},
        {"3.送り状番号=1、2;3.配送会社=日本郵便", "3 KURONEKO_TRACKING_FORM 送り状番号 kaasl044E 20 1、2"},
        {"2.送り状番号=1.23457E+11;2.配送会社=ヤマト", "2 NUMBER_ROUNDED 送り状番号 1.23457E+11"},
        {"2.配送会社=ヤマト", "2 REQUIRED 送り状番号"},
        {"2.送り状番号=1", "2 REQUIRED 配送会社"},
        {"2!;2.送り状番号=1;3.送り状番号=2;3.配送会社=ヤマト", "3 KURONEKO_TRACKING_NUMBER 送り状番号 kaasl010E 20 2"},
    };
    check_cases_by(&fixture->schema, RULES_SHIP, &public_terms, cases, COUNT(cases));
    static const struct rule_case ids[] = {
        {"", ""},
        {"2.受注ID=123456789012345678901", "2 KURONEKO_ORDER_NUMBER 受注ID kaara008E 20 123456789012345678901"},
    };
    check_cases_by(&fixture->schema, RULES_ID, &public_terms, ids, COUNT(ids));
}

/* One memory for many orders changes nothing. */
static void rules_to_ship_remember(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    static const struct rule_case cases[] = {
        {SHIPPED, ""},
        {SHIPPED, ""},
        {SHIPPED "2.送り状番号=\xEE\x80\x80", "2 GAIJI 送り状番号 1 U+E000"},
        {SHIPPED "2.送り状番号=\xEE\x80\x80", "2 GAIJI 送り状番号 1 U+E000"},
        {"*.配送会社=ヤマト", "2 REQUIRED 送り状番号"},
        {SHIPPED, ""},
    };
    struct cells_memory *memory = cells_memory_new(fixture->schema.count);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct findings findings = {0};
        sheet_make(&sheet, &fixture->schema, cases[i].changes);
        rules_check(&sheet.columns, &sheet.order, RULES_SHIP, NULL, memory, &findings);
        assert_findings(&sheet, &findings, cases[i].changes, cases[i].expected);
        findings_free(&findings);
        sheet_free(&sheet);
    }
    cells_memory_free(memory);
}

static void rules_look_at_what_matters(void **state)
{
    (void)state;
    for (size_t i = 0; i < ORDER_FIELDS; i++) {
        enum order_field field = (enum order_field)i;
        bool is_id = field == ORDER_FIELD_ID;
        assert_true(rules_look_at(RULES_REGISTER, field));
        assert_int_equal(rules_look_at(RULES_ID, field), is_id);
        assert_int_equal(rules_look_at(RULES_SHIP, field),
                         is_id || field == ORDER_FIELD_TRACKING_NUMBER || field == ORDER_FIELD_CARRIER);
    }
}

/* Which codes hold an order back is the catalogue's word. */
static void rules_codes_have_a_severity(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const errors[] = {
        "COLUMN_MISSING",
        "REQUIRED",
        "CONTROL_INVALID",
        "ORDER_ID_SIZE",
        "NOT_DIGITS",
        "NOT_A_NUMBER",
        "NUMBER_RANGE",
        "NUMBER_ROUNDED",
        "DATETIME_INVALID",
        "PHONE_INVALID",
        "EMAIL_INVALID",
        "TEXT_TOO_LONG",
        "POSTAL_CODE_INVALID",
        "GAIJI",
        "TEXT_GARBLED",
        "ITEM_NAME_SIZE",
        "ITEM_ID_SIZE",
        "ITEM_ID_NON_ASCII",
        "SUBTOTAL_MISMATCH",
        "TOTAL_MISMATCH",
        "LINE_ID_DUPLICATE",
        "ROW_DUPLICATE",
        "ORDER_FIELD_DIFFERS",
        "MALL_NUMBER_TWICE",
        "NOT_REGISTERED",
        "SIBLING_ROW",
        "DAMAGED_ROW_NEAR",
        "KURONEKO_ORDER_NUMBER",
        "KURONEKO_REQUIRED",
        "KURONEKO_ADDRESS_LONG",
        "KURONEKO_TOO_LONG",
        "KURONEKO_CHARACTER",
        "KURONEKO_PREFECTURE",
        "KURONEKO_SUM",
        "KURONEKO_STREET_NUMBER",
        "KURONEKO_AMOUNT",
        "KURONEKO_ITEM_AMOUNT",
        "KURONEKO_DELIVERIES",
        "KURONEKO_DELIVERY_INCOMPLETE",
        "KURONEKO_PHONE",
        "KURONEKO_POSTAL_CODE",
        "KURONEKO_EMAIL",
        "KURONEKO_SHIP_DATE_EARLY",
        "KURONEKO_SHIP_DATE_LATE",
        "KURONEKO_TRACKING_NUMBER",
        "KURONEKO_TRACKING_FORM",
    };
    static const char *const warnings[] = {
        "DATE_INVALID",
        "PHONE_REPAIRED",
        "POSTAL_CODE_REPAIRED",
        "NOT_KANA",
        "CONTROL_CHARACTER",
        "ITEM_ID_PUNCTUATION",
        "ROW_REPEATED",
        "DELIVERY_DIFFERS",
        "FORMULA_TEXT",
        "ORDER_NO_ITEMS",
        "STATUS_NOT_PENDING",
        "SHIP_SEVERAL_NUMBERS",
        "KURONEKO_CUT",
        "KURONEKO_ADDRESS_CUT",
        "KURONEKO_ITEMS_FOLDED",
        "KURONEKO_KANA_LEFT_OUT",
        "KURONEKO_EMAIL_LEFT_OUT",
        "KURONEKO_LINE_BREAK",
        "KURONEKO_SHIP_DATES",
    };
    for (size_t i = 0; i < COUNT(errors); i++) {
        assert_non_null(catalog_find(fixture->catalog, errors[i]));
        assert_false(catalog_find(fixture->catalog, errors[i])->warning);
    }
    for (size_t i = 0; i < COUNT(warnings); i++) {
        assert_non_null(catalog_find(fixture->catalog, warnings[i]));
        assert_true(catalog_find(fixture->catalog, warnings[i])->warning);
    }
}

/* Several on one row: errors as they were found, then warnings as they were found. */
static void rules_errors_come_before_warnings(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    static const struct rule_case cases[] = {
        {"2.商品番号=A-1;2.個数=0;2.小計=0;2.商品名=a\nb;*.請求金額=1600",
         "2 NUMBER_RANGE 個数 0 1 9999; 2 ITEM_ID_PUNCTUATION[0]* 商品番号 A-1; 2 CONTROL_CHARACTER* 商品名 2 U+000A"},
        {"2.商品名=\n\xEE\x80\x80", "2 GAIJI 商品名 2 U+E000; 2 CONTROL_CHARACTER* 商品名 1 U+000A"},
        {"3.明細ID=501;3.商品番号=A-1;3.出荷予定日=未定;3.送付先氏名=見本 花子;*.請求金額=1",
         "0 TOTAL_MISMATCH - 1 4600; 3 LINE_ID_DUPLICATE 明細ID 2 501; 3 ITEM_ID_PUNCTUATION[1]* 商品番号 A-1; "
         "3 DATE_INVALID* 出荷予定日 未定; 3 DELIVERY_DIFFERS* 送付先氏名 2"},
        {"*.注文者電話番号=312345678;*.注文者氏名カナ=見本;*.注文者メールアドレス=x;3.商品名=",
         "2 EMAIL_INVALID 注文者メールアドレス x; 2 NOT_KANA* 注文者氏名カナ 見本; "
         "2 PHONE_REPAIRED* 注文者電話番号 312345678 0312345678; 3 ITEM_NAME_SIZE[1] 商品名; "
         "3 EMAIL_INVALID 注文者メールアドレス x; 3 NOT_KANA* 注文者氏名カナ 見本; "
         "3 PHONE_REPAIRED* 注文者電話番号 312345678 0312345678"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct findings findings = {0};
        sheet_make(&sheet, &fixture->schema, cases[i].changes);
        order_sort(&sheet.columns, &sheet.order);
        rules_check(&sheet.columns, &sheet.order, RULES_REGISTER, NULL, NULL, &findings);
        for (size_t f = 0; f < findings.count; f++)
            findings.list[f].warning = catalog_find(fixture->catalog, findings.list[f].code)->warning;
        assert_findings(&sheet, &findings, cases[i].changes, cases[i].expected);
        findings_free(&findings);
        sheet_free(&sheet);
    }
}

/* ---- Findings ---- */

static void findings_keep_their_arguments(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct span args[FINDING_ARGS];
    const char *const some[FINDING_ARGS] = {"eins", NULL, "drei"};
    for (uint32_t i = 0; i < 1000; i++)
        findings_add(&findings, (struct finding){.code = "A", .row = 1000 - i}, i % 2 == 0 ? some : NULL);
    findings_add(&findings, (struct finding){.code = "B", .row = 7}, NULL);
    findings_add(&findings, (struct finding){.code = "C", .row = 7}, some);
    assert_int_equal(findings.count, 1002);
    findings_sort(&findings, 2); /* the first two stay where they are */
    assert_int_equal(findings.list[0].row, 1000);
    assert_int_equal(findings.list[1].row, 999);
    assert_int_equal(findings.list[2].row, 1);
    assert_string_equal(findings.list[8].code, "A");
    assert_string_equal(findings.list[9].code, "B"); /* those of one row stay as they came */
    assert_string_equal(findings.list[10].code, "C");
    assert_int_equal(findings.list[1001].row, 998);
    findings_args(&findings, &findings.list[10], args);
    assert_true(span_is(args[0], "eins"));
    assert_true(span_is(args[1], ""));
    assert_true(span_is(args[2], "drei"));
    findings_args(&findings, &findings.list[9], args);
    for (size_t i = 0; i < FINDING_ARGS; i++)
        assert_true(span_is(args[i], ""));
    assert_false(findings.failed);
    findings_free(&findings);
    assert_int_equal(findings.count, 0);
}

static void add_finding(struct findings *findings, const char *code, uint32_t row, bool warning, const char *arg)
{
    const char *const args[FINDING_ARGS] = {arg, NULL, arg};
    assert_true(findings_add(findings, (struct finding){.code = code, .row = row, .warning = warning},
                             arg != NULL ? args : NULL));
}

static void assert_args(const struct findings *findings, size_t at, const char *code, const char *arg)
{
    struct span args[FINDING_ARGS];
    assert_string_equal(findings->list[at].code, code);
    findings_args(findings, &findings->list[at], args);
    assert_true(span_is(args[0], arg));
    assert_true(span_is(args[1], ""));
    assert_true(span_is(args[2], arg));
}

/* Lists that several threads have filled become one. */
static void findings_are_taken_with_their_arguments(void **state)
{
    (void)state;
    struct findings all = {0};
    struct findings more = {0};
    assert_true(findings_take(&all, &more, 0)); /* nothing to nothing */
    assert_int_equal(all.count, 0);
    add_finding(&more, "A", 5, false, "eins");
    add_finding(&more, "B", 4, true, NULL);
    assert_true(findings_take(&all, &more, 0)); /* something to nothing */
    assert_int_equal(more.count, 0);
    assert_null(more.list);
    assert_null(more.texts.data);
    assert_true(findings_take(&all, &more, 0)); /* nothing to something */
    assert_int_equal(all.count, 2);
    add_finding(&more, "C", 3, false, "drei");
    add_finding(&more, "D", 3, true, "");
    assert_true(findings_take(&all, &more, 0));
    add_finding(&all, "E", 2, false, "fünf"); /* the list goes on as any other */
    assert_int_equal(all.count, 5);
    assert_args(&all, 0, "A", "eins");
    assert_args(&all, 1, "B", "");
    assert_args(&all, 2, "C", "drei");
    assert_args(&all, 3, "D", "");
    assert_args(&all, 4, "E", "fünf");
    assert_true(all.list[1].warning);
    assert_int_equal(all.list[2].row, 3);
    findings_sort(&all, 0); /* what came first is still told by the arguments */
    assert_args(&all, 0, "E", "fünf");
    assert_args(&all, 1, "C", "drei");
    assert_args(&all, 2, "D", "");
    assert_args(&all, 3, "B", "");
    assert_args(&all, 4, "A", "eins");
    findings_free(&all);
}

static void findings_are_taken_many_times(void **state)
{
    (void)state;
    enum { PARTS = 300 };
    struct findings all = {0};
    char text[16];
    size_t count = 0;
    for (unsigned part = 0; part < PARTS; part++) {
        struct findings more = {0};
        for (unsigned i = 0; i < part % 7 * 40; i++, count++) {
            snprintf(text, sizeof text, "%zu", count);
            add_finding(&more, "A", 1, false, i % 3 == 0 ? NULL : text);
        }
        assert_true(findings_take(&all, &more, 0));
    }
    assert_int_equal(all.count, count);
    for (unsigned part = 0, at = 0; part < PARTS; part++) {
        for (unsigned i = 0; i < part % 7 * 40; i++, at++) {
            snprintf(text, sizeof text, "%u", at);
            assert_args(&all, at, "A", i % 3 == 0 ? "" : text);
        }
    }
    findings_free(&all);
}

/* A list that lacks something stays so in what it becomes part of. */
static void findings_that_failed_are_not_forgotten(void **state)
{
    (void)state;
    struct findings all = {0};
    struct findings more = {0};
    add_finding(&all, "A", 1, false, "eins");
    add_finding(&more, "B", 1, false, "zwei");
    more.failed = true;
    assert_false(findings_take(&all, &more, 0));
    assert_true(all.failed);
    assert_null(more.list);
    assert_args(&all, 0, "A", "eins");
    assert_int_equal(all.count, 1);
    findings_free(&all);
}

static bool take_some(void *context)
{
    (void)context;
    struct findings all = {0};
    struct findings more = {0};
    const char *const args[FINDING_ARGS] = {"eins", "zwei", "drei"};
    bool done = findings_add(&all, (struct finding){.code = "A"}, args);
    for (unsigned i = 0; i < 100; i++)
        done = findings_add(&more, (struct finding){.code = "B"}, args) && done;
    done = findings_take(&all, &more, 0) && done;
    done = done && all.count == 101 && !all.failed;
    if (more.list != NULL || more.texts.data != NULL)
        fail_msg("taken, and still there");
    if (!done && !all.failed)
        fail_msg("memory ran out, and nobody says so");
    findings_free(&all);
    return done;
}

/* A finding without its arguments would be read beyond their end. */
static void findings_without_arguments_are_none(void **state)
{
    (void)state;
    struct findings findings = {0};
    char large[4096] = "";
    const char *const args[FINDING_ARGS] = {large};
    memset(large, 'x', sizeof large - 1);
    if (!MEMORY_CAN_BE_SCARCE)
        return;
    add_finding(&findings, "A", 1, false, "eins");
    memory_left = 0; /* there is room in the list, but not for the text */
    bool added = findings_add(&findings, (struct finding){.code = "B"}, args);
    memory_left = SIZE_MAX;
    assert_false(added);
    assert_true(findings.failed);
    assert_int_equal(findings.count, 1);
    assert_args(&findings, 0, "A", "eins");
    findings_free(&findings);
}

/* What is wrong with an order in which much is, as rules_check() says it; NULL when it says that memory ran out. */
static bool check_much(void *context)
{
    static struct sheet sheet;
    static const char *const wanted =
        "2 GAIJI 商品名 1 U+E000; 2 NUMBER_RANGE 個数 0 1 9999; 2 NOT_KANA 注文者氏名カナ 見本; "
        "2 PHONE_REPAIRED 注文者電話番号 312345678 0312345678; 3 NOT_KANA 注文者氏名カナ 見本; "
        "3 PHONE_REPAIRED 注文者電話番号 312345678 0312345678; 3 LINE_ID_DUPLICATE 明細ID 2 501";
    const struct fixture *fixture = context;
    struct findings findings = {0};
    struct buf text = {0};
    size_t left = memory_left;
    memory_left = SIZE_MAX; /* only the judging is to be short of it */
    sheet_make(
        &sheet, &fixture->schema,
        "2.個数=0;-小計;-単価;2.商品名=\xEE\x80\x80;*.注文者氏名カナ=見本;*.注文者電話番号=312345678;3.明細ID=501");
    memory_left = left;
    rules_check(&sheet.columns, &sheet.order, RULES_REGISTER, NULL, NULL, &findings);
    memory_left = SIZE_MAX;
    bool done = !findings.failed;
    findings_sort(&findings, 0);
    put_all(&sheet, &findings, &text);
    if (done && strcmp(buf_text(&text), wanted) != 0)
        fail_msg("said to be whole: \"%s\"", buf_text(&text));
    buf_free(&text);
    findings_free(&findings);
    sheet_free(&sheet);
    return done;
}

static void rules_say_that_memory_ran_out(void **state)
{
    bool leaked;
    size_t failures = memory_failures(check_much, *state, &leaked);
    assert_int_equal(failures > 5, MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

static void findings_say_that_memory_ran_out(void **state)
{
    (void)state;
    bool leaked;
    size_t failures = memory_failures(take_some, NULL, &leaked);
    assert_true(MEMORY_CAN_BE_SCARCE ? failures >= 5 && failures < 100 : failures == 0);
    assert_false(leaked);
}

static void findings_hold_back_unless_all_are_warnings(void **state)
{
    (void)state;
    struct findings findings = {0};
    assert_false(findings_block(&findings, 0));
    add_finding(&findings, "A", 1, true, NULL);
    add_finding(&findings, "B", 1, true, NULL);
    assert_false(findings_block(&findings, 0));
    add_finding(&findings, "C", 1, false, NULL);
    add_finding(&findings, "D", 1, true, NULL);
    assert_true(findings_block(&findings, 0));
    assert_true(findings_block(&findings, 2));
    assert_false(findings_block(&findings, 3)); /* those before are another order's */
    assert_false(findings_block(&findings, 4));
    findings_free(&findings);
}

static void findings_are_sorted_by_row_and_severity(void **state)
{
    (void)state;
    struct findings findings = {0};
    static const char *const sorted[] = {"f", "c", "i", "b", "e", "a", "g", "h", "d"};
    add_finding(&findings, "a", 7, false, NULL);
    add_finding(&findings, "b", 3, true, NULL);
    add_finding(&findings, "c", 0, true, NULL);
    add_finding(&findings, "d", 9, true, NULL);
    add_finding(&findings, "e", 3, true, NULL);
    add_finding(&findings, "f", 0, false, NULL);
    add_finding(&findings, "g", 7, false, NULL);
    add_finding(&findings, "h", 7, true, NULL);
    add_finding(&findings, "i", 3, false, NULL);
    findings_sort(&findings, 0);
    for (size_t i = 0; i < COUNT(sorted); i++)
        assert_string_equal(findings.list[i].code, sorted[i]);
    findings_free(&findings);
    findings_sort(&findings, 0); /* an empty one, too */
}

/* ---- Content ---- */

static void put_value(struct buf *text, const char *prefix, enum order_field field, const struct content_value *value)
{
    if (value->kind == CONTENT_NONE)
        return;
    buf_printf(text, "%s%s", prefix, order_field_name(field));
    if (value->kind == CONTENT_INTEGER) {
        buf_printf(text, ":%" PRId64 "\n", value->integer);
        return;
    }
    buf_append_byte(text, '=');
    buf_append(text, value->text.data, value->text.length);
    buf_append_byte(text, '\n');
}

/* The content as lines "field=text", "field:number"; those of a detail line begin with its index. */
static void assert_content(const struct fixture *fixture, const char *changes, const char *expected)
{
    static struct sheet sheet;
    struct order_content content;
    struct arena arena = {0};
    struct buf text = {0};
    sheet_make(&sheet, &fixture->schema, changes);
    order_sort(&sheet.columns, &sheet.order);
    assert_true(content_build(&sheet.columns, &sheet.order, false, &arena, &content));
    assert_int_equal(content.item_count, sheet.order.count);
    for (size_t field = 0; field < ORDER_FIELD_ITEM_ID; field++)
        put_value(&text, "", (enum order_field)field, &content.fields[field]);
    for (size_t item = 0; item < content.item_count; item++) {
        char prefix[24];
        snprintf(prefix, sizeof prefix, "%zu ", item);
        for (size_t field = 0; field < CONTENT_ITEM_FIELDS; field++)
            put_value(&text, prefix, (enum order_field)(ORDER_FIELD_ITEM_ID + field), &content.items[item][field]);
    }
    assert_string_equal(buf_text(&text), expected);
    assert_int_equal(text.length, strlen(expected)); /* no NUL in between */
    buf_free(&text);
    arena_free(&arena);
    sheet_free(&sheet);
}

#define HEAD_CONTENT "id=1001\norderedAt=2026-11-02T17:54:08+09:00\namount:4600\n"
#define BUYER_CONTENT                                                                                                                   \
    "buyer.name=見本 太郎\nbuyer.nameKana=ミホン タロウ\nbuyer.postalCode=100-0001\nbuyer.address=東京都千代田区1-1\n" \
    "buyer.phone=03-0000-0000\nbuyer.email=taro@example.com\n"
#define ITEM_0 "0 items.id=A1\n0 items.name=りんご\n0 items.unitPrice:1500\n0 items.quantity:2\n0 items.amount:3000\n"
#define ITEM_1 "1 items.id=A2\n1 items.name=みかん\n1 items.unitPrice:1000\n1 items.quantity:1\n1 items.amount:1000\n"

static void content_is_typed_and_joined(void **state)
{
    const struct fixture *fixture = *state;
    assert_content(fixture, "", HEAD_CONTENT BUYER_CONTENT ITEM_0 ITEM_1);
    assert_content(fixture, "*.受注日時=2026/11/2 17:54;*.請求金額=0004600;2.単価=-01500",
                   "id=1001\norderedAt=2026-11-02T17:54:00+09:00\namount:4600\n" BUYER_CONTENT
                   "0 items.id=A1\n0 items.name=りんご\n0 items.unitPrice:-1500\n0 items.quantity:2\n"
                   "0 items.amount:3000\n" ITEM_1);
    assert_content(
        fixture, "*.請求金額=999999999999999",
        "id=1001\norderedAt=2026-11-02T17:54:08+09:00\namount:999999999999999\n" BUYER_CONTENT ITEM_0 ITEM_1);
    /* The code stands in, and only where it must. */
    assert_content(fixture, "-商品番号",
                   HEAD_CONTENT BUYER_CONTENT
                   "0 items.id=C1\n0 items.name=りんご\n0 items.unitPrice:1500\n0 items.quantity:2\n"
                   "0 items.amount:3000\n"
                   "1 items.id=C2\n1 items.name=みかん\n1 items.unitPrice:1000\n1 items.quantity:1\n"
                   "1 items.amount:1000\n");
}

static void content_leaves_out_what_is_empty(void **state)
{
    const struct fixture *fixture = *state;
    assert_content(fixture,
                   "*.注文者氏名カナ=;*.注文者郵便番号=;*.注文者都道府県=;*.注文者住所2=;-注文者電話番号;"
                   "*.注文者メールアドレス=;2.単価=;-小計;2.個数=",
                   HEAD_CONTENT "buyer.name=見本 太郎\nbuyer.address=千代田区\n"
                                "0 items.id=A1\n0 items.name=りんご\n"
                                "1 items.id=A2\n1 items.name=みかん\n1 items.unitPrice:1000\n1 items.quantity:1\n");
    assert_content(fixture, "*.注文者住所1=;*.注文者都道府県=;*.注文者住所2=",
                   HEAD_CONTENT "buyer.name=見本 太郎\nbuyer.nameKana=ミホン タロウ\nbuyer.postalCode=100-0001\n"
                                "buyer.phone=03-0000-0000\nbuyer.email=taro@example.com\n" ITEM_0 ITEM_1);
    /* Blanks say no more than nothing does. */
    assert_content(fixture, "*.送付先氏名=\u3000;*.送付先郵便番号= ;*.送付先都道府県= \u3000;*.送付先電話番号=\u3000",
                   HEAD_CONTENT BUYER_CONTENT ITEM_0 ITEM_1);
    assert_content(fixture, "*.注文者氏名カナ=\u3000;*.注文者住所1= ;*.注文者都道府県=\u3000;*.注文者メールアドレス= ",
                   HEAD_CONTENT "buyer.name=見本 太郎\nbuyer.postalCode=100-0001\nbuyer.address=1-1\n"
                                "buyer.phone=03-0000-0000\n" ITEM_0 ITEM_1);
    /* Zero is not empty. */
    assert_content(
        fixture, "*.請求金額=0;2.単価=0;2.個数=0;2.小計=0",
        "id=1001\norderedAt=2026-11-02T17:54:08+09:00\namount:0\n" BUYER_CONTENT
        "0 items.id=A1\n0 items.name=りんご\n0 items.unitPrice:0\n0 items.quantity:0\n0 items.amount:0\n" ITEM_1);
}

static void content_joins_in_the_schemas_order(void **state)
{
    const struct fixture *fixture = *state;
    static const char first[] = "2.注文者住所2=A;2.注文者住所1=B;2.注文者都道府県=C";
    static struct sheet sheet;
    struct order_content content;
    struct arena arena = {0};
    struct grid grid = {0};
    sheet_make(&sheet, &fixture->schema, first);
    assert_true(content_build(&sheet.columns, &sheet.order, false, &arena, &content));
    assert_true(span_is(content.fields[ORDER_FIELD_BUYER_ADDRESS].text, "CBA"));
    sheet_free(&sheet);
    /* Also where the file has them the other way round. */
    grid_add(&grid, "注文者住所2,注文者住所1,注文者都道府県,支払方法,受注ID");
    grid_add(&grid, "A,B,C,後払い,1");
    sheet_of_grid(&sheet, &fixture->schema, &grid);
    assert_true(content_build(&sheet.columns, &sheet.order, false, &arena, &content));
    assert_true(span_is(content.fields[ORDER_FIELD_BUYER_ADDRESS].text, "CBA"));
    sheet_free(&sheet);
    grid_free(&grid);
    arena_free(&arena);
}

/* However the file ends its lines within a cell, and whatever a spreadsheet made of that. */
static void content_has_line_feeds(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const names[] = {"2.商品名=りん\r\nご\r\n\r\n", "2.商品名=りん\rご\r\r",
                                        "2.商品名=りん\nご\n\n"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_content(fixture, names[i],
                       HEAD_CONTENT BUYER_CONTENT "0 items.id=A1\n0 items.name=りん\nご\n\n\n0 items.unitPrice:1500\n"
                                                  "0 items.quantity:2\n0 items.amount:3000\n" ITEM_1);
}

static void content_delivery_only_where_it_differs(void **state)
{
    const struct fixture *fixture = *state;
    static const char same[] = "*.送付先氏名=見本 太郎;*.送付先郵便番号=100-0001;*.送付先都道府県=東京都;"
                               "*.送付先住所1=千代田区;*.送付先住所2=1-1;*.送付先電話番号=03-0000-0000";
    assert_content(fixture, same, HEAD_CONTENT BUYER_CONTENT ITEM_0 ITEM_1);
    assert_content(fixture, "*.送付先氏名=見本 太郎", HEAD_CONTENT BUYER_CONTENT ITEM_0 ITEM_1);
    /* The same address, cut elsewhere, is the same address. */
    assert_content(fixture, "*.送付先都道府県=東京都千代田区;*.送付先住所1=1-1",
                   HEAD_CONTENT BUYER_CONTENT ITEM_0 ITEM_1);
    assert_content(fixture, "*.送付先氏名=見本 花子",
                   HEAD_CONTENT BUYER_CONTENT "delivery.name=見本 花子\n" ITEM_0 ITEM_1);
    assert_content(fixture, "*.送付先氏名=見本 太郎;*.送付先電話番号=06-0000-0000",
                   HEAD_CONTENT BUYER_CONTENT "delivery.name=見本 太郎\ndelivery.phone=06-0000-0000\n" ITEM_0 ITEM_1);
    assert_content(fixture,
                   "*.送付先氏名=見本 花子;*.送付先郵便番号=530-0001;*.送付先都道府県=大阪府;*.送付先住所1=北区",
                   HEAD_CONTENT BUYER_CONTENT "delivery.name=見本 花子\ndelivery.postalCode=530-0001\n"
                                              "delivery.address=大阪府北区\n" ITEM_0 ITEM_1);
    /* What the buyer lacks differs. */
    assert_content(fixture, "-注文者電話番号;*.送付先電話番号=06-0000-0000",
                   HEAD_CONTENT "buyer.name=見本 太郎\nbuyer.nameKana=ミホン タロウ\nbuyer.postalCode=100-0001\n"
                                "buyer.address=東京都千代田区1-1\nbuyer.email=taro@example.com\n"
                                "delivery.phone=06-0000-0000\n" ITEM_0 ITEM_1);
    /* It is the first line's, by 項番. */
    assert_content(fixture, "2.項番=2;3.項番=1;2.送付先氏名=見本 花子;3.送付先氏名=見本 次郎",
                   HEAD_CONTENT BUYER_CONTENT
                   "delivery.name=見本 次郎\n"
                   "0 items.id=A2\n0 items.name=みかん\n0 items.unitPrice:1000\n0 items.quantity:1\n"
                   "0 items.amount:1000\n"
                   "1 items.id=A1\n1 items.name=りんご\n1 items.unitPrice:1500\n1 items.quantity:2\n"
                   "1 items.amount:3000\n");
}

/* The mall's number, the payment and the money that is no amount stay at home. */
static void content_sends_nothing_else(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    struct order_content content;
    struct arena arena = {0};
    sheet_make(&sheet, &fixture->schema, "*.備考=秘密");
    assert_true(content_build(&sheet.columns, &sheet.order, false, &arena, &content));
    for (size_t field = 0; field < ORDER_FIELD_ID; field++)
        assert_int_equal(content.fields[field].kind, CONTENT_NONE);
    arena_free(&arena);
    sheet_free(&sheet);
}

/* Phone numbers and postal codes go as value.h gives them: half width, and repaired where only one can be meant. */
static void content_is_in_half_width_and_repaired(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *change;
        const char *postal_code; /* NULL: that of the good order; "": none */
        const char *address;
        const char *phone;
    } cases[] = {
        {"*.注文者電話番号=（０３）００００－００００", NULL, "東京都", "03-0000-0000"},
        {"*.注文者電話番号=0300000000", NULL, "東京都", "0300000000"},
        {"*.注文者電話番号=300000000", NULL, "東京都", "0300000000"},
        {"*.注文者電話番号=+81 90 0000 0000", NULL, "東京都", "090-0000-0000"},
        {"*.注文者電話番号=0-9-0-0-0-0-0-0-0-0-0", NULL, "東京都", "0-9-0-0-0-0-0-0-0-0-0"},
        {"*.注文者電話番号=0900000000", NULL, "東京都", ""}, /* none is left out */
        {"*.注文者電話番号=　", NULL, "東京都", ""},
        {"*.注文者郵便番号=〒１００－０００１", "100-0001", "東京都", "03-0000-0000"},
        {"*.注文者郵便番号=１０００００１", "1000001", "東京都", "03-0000-0000"},
        {"*.注文者郵便番号=600001;*.注文者都道府県=北海道", "0600001", "北海道", "03-0000-0000"},
        {"*.注文者郵便番号=10001;*.注文者都道府県=北海道", "0010001", "北海道", "03-0000-0000"},
        {"*.注文者郵便番号=600001", "", "東京都", "03-0000-0000"},
        {"*.注文者郵便番号=100-001", "", "東京都", "03-0000-0000"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf expected = {0};
        const char *postal_code = cases[i].postal_code != NULL ? cases[i].postal_code : "100-0001";
        buf_append_text(&expected, HEAD_CONTENT "buyer.name=見本 太郎\nbuyer.nameKana=ミホン タロウ\n");
        if (*postal_code != '\0')
            buf_printf(&expected, "buyer.postalCode=%s\n", postal_code);
        buf_printf(&expected, "buyer.address=%s千代田区1-1\n", cases[i].address);
        if (*cases[i].phone != '\0')
            buf_printf(&expected, "buyer.phone=%s\n", cases[i].phone);
        buf_append_text(&expected, "buyer.email=taro@example.com\n" ITEM_0 ITEM_1);
        assert_content(fixture, cases[i].change, buf_text(&expected));
        buf_free(&expected);
    }
    /* Numbers and times in full width are as good. */
    assert_content(fixture,
                   "*.請求金額=４６００;*.受注日時=２０２６／１１／２　１７：５４：０８;2.単価=１５００;2.個数=２",
                   HEAD_CONTENT BUYER_CONTENT ITEM_0 ITEM_1);
}

/* The delivery's postal code is judged by the delivery's address; what says the same in another way is the same. */
static void content_delivery_in_half_width(void **state)
{
    const struct fixture *fixture = *state;
    assert_content(fixture, "*.送付先郵便番号=600001;*.送付先都道府県=北海道;*.送付先電話番号=110000000",
                   HEAD_CONTENT BUYER_CONTENT
                   "delivery.postalCode=0600001\ndelivery.address=北海道\ndelivery.phone=0110000000\n" ITEM_0 ITEM_1);
    assert_content(fixture, "*.送付先郵便番号=〒１００－０００１;*.送付先電話番号=（０３）００００－００００",
                   HEAD_CONTENT BUYER_CONTENT ITEM_0 ITEM_1);
}

/* Extended content as lines: what the other lacks, and every 送付先 behind the line that names it. */
static void assert_extended(const struct fixture *fixture, const char *changes, const char *expected)
{
    static struct sheet sheet;
    struct order_content content;
    struct order_content plain;
    struct arena arena = {0};
    struct buf text = {0};
    sheet_make(&sheet, &fixture->schema, changes);
    order_sort(&sheet.columns, &sheet.order);
    buf_append_text(&text, "");
    assert_true(content_build(&sheet.columns, &sheet.order, true, &arena, &content));
    assert_true(content_build(&sheet.columns, &sheet.order, false, &arena, &plain));
    for (size_t field = 0; field < ORDER_FIELD_ITEM_ID; field++) {
        const struct content_value *value = &content.fields[field];
        bool delivery = field >= ORDER_FIELD_DELIVERY_NAME;
        char prefix[24] = "";
        if (delivery)
            snprintf(prefix, sizeof prefix, "%zu ", content.delivery_line);
        if (delivery || field < ORDER_FIELD_ID || field == ORDER_FIELD_BUYER_ADDRESS)
            put_value(&text, prefix, (enum order_field)field, value);
        else
            assert_true(span_equal(value->text, plain.fields[field].text) &&
                        value->integer == plain.fields[field].integer);
    }
    for (size_t i = 0; i < content.delivery_count; i++) {
        char prefix[24];
        snprintf(prefix, sizeof prefix, "%zu ", content.deliveries[i].line);
        for (size_t field = 0; field < CONTENT_DELIVERY_FIELDS; field++)
            put_value(&text, prefix, (enum order_field)(ORDER_FIELD_DELIVERY_NAME + field),
                      &content.deliveries[i].fields[field]);
    }
    if (strcmp(buf_text(&text), expected) != 0)
        fail_msg("after \"%s\": \"%s\", not \"%s\"", changes, buf_text(&text), expected);
    buf_free(&text);
    arena_free(&arena);
    sheet_free(&sheet);
}

static void extended_content_has_more(void **state)
{
    const struct fixture *fixture = *state;
#define FEES    "shippingFee:500\nhandlingFee:300\ndiscount:200\n"
#define ADDRESS "buyer.address=東京都千代田区\u30001-1\n"
    static const struct {
        const char *changes;
        const char *expected;
    } cases[] = {
        {"", FEES ADDRESS},
        {"*.送料=;-値引", "handlingFee:300\n" ADDRESS},
        {"*.出荷予定日=2026/11/5", FEES "shipDate=20261105\n" ADDRESS},
        {"2.出荷予定日=未定;3.出荷予定日=2026-11-05 10:00:00", FEES "shipDate=20261105\n" ADDRESS},
        {"2.項番=2;3.項番=1;2.出荷予定日=2026-11-05;3.出荷予定日=2026-11-06", FEES "shipDate=20261106\n" ADDRESS},
        /* A blank between the columns of an address, but for behind a prefecture of its own. */
        {"*.注文者住所1=;*.注文者都道府県= 東京都　", FEES "buyer.address= 東京都　1-1\n"},
        {"*.注文者都道府県=東京都千代田区;*.注文者住所1=", FEES "buyer.address=東京都千代田区\u30001-1\n"},
        /* Every 送付先 once; one like the buyer's only beside others. */
        {"*.送付先氏名=見本 太郎", FEES ADDRESS},
        {"3.送付先氏名=見本 花子", FEES ADDRESS "1 delivery.name=見本 花子\n"},
        {"2.送付先氏名=見本 花子", FEES ADDRESS "0 delivery.name=見本 花子\n"},
        {"2.送付先氏名=見本 花子;3.送付先氏名=見本 次郎",
         FEES ADDRESS "0 delivery.name=見本 花子\n1 delivery.name=見本 次郎\n"},
        {"2.送付先氏名=見本 太郎;3.送付先氏名=見本 次郎",
         FEES ADDRESS "0 delivery.name=見本 太郎\n1 delivery.name=見本 次郎\n"},
        {"+;+;*.送付先氏名=見本 花子;3.送付先氏名=見本 次郎;4.送付先氏名=",
         FEES ADDRESS "0 delivery.name=見本 花子\n1 delivery.name=見本 次郎\n"},
        {"2.送付先都道府県=大阪府;2.送付先住所1=大阪市;2.送付先住所2=1-1;2.送付先電話番号=612345678",
         FEES ADDRESS "0 delivery.address=大阪府大阪市\u30001-1\n0 delivery.phone=0612345678\n"},
    };
#undef FEES
#undef ADDRESS
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_extended(fixture, cases[i].changes, cases[i].expected);
}

static bool build_content(void *context)
{
    static struct sheet sheet;
    const struct fixture *fixture = context;
    struct order_content content;
    struct arena arena = {0};
    size_t left = memory_left;
    memory_left = SIZE_MAX; /* only the building is to be short of it */
    sheet_make(&sheet, &fixture->schema, "*.注文者電話番号=312345678;*.送付先氏名=見本 花子;3.送付先氏名=例示 花子");
    memory_left = left;
    bool done = content_build(&sheet.columns, &sheet.order, false, &arena, &content) &&
                content_build(&sheet.columns, &sheet.order, true, &arena, &content);
    memory_left = SIZE_MAX;
    arena_free(&arena);
    sheet_free(&sheet);
    return done;
}

static void content_says_that_memory_ran_out(void **state)
{
    bool leaked;
    size_t failures = memory_failures(build_content, *state, &leaked);
    assert_int_equal(failures > 0, MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

/* ---- Shipment ---- */

/* As "1234 ヤマト 3": number, carrier and the row with another number. */
static char *shipment_of(struct sheet *sheet)
{
    struct order_shipment shipment;
    struct buf text = {0};
    memset(&shipment, 'x', sizeof shipment);
    assert_true(shipment_build(&sheet->columns, &sheet->order, &sheet->arena, &shipment));
    assert_int_equal(shipment.several, shipment.several_row != 0);
    buf_printf(&text, "%.*s %.*s %" PRIu32, (int)shipment.number.length, shipment.number.data,
               (int)shipment.carrier.length, shipment.carrier.data, shipment.several_row);
    return buf_take(&text);
}

static void shipment_is_the_first_rows(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    static const struct {
        const char *changes;
        const char *expected;
    } cases[] = {
        {"", "  0"},
        {"-送り状番号;-配送会社", "  0"},
        {"2.送り状番号=1234;2.配送会社=ヤマト", "1234 ヤマト 0"},
        {"3.送り状番号=1234;3.配送会社=ヤマト", "1234 ヤマト 0"},
        {"*.送り状番号=1234;*.配送会社=ヤマト", "1234 ヤマト 0"},
        {"2.送り状番号=1234;3.配送会社=ヤマト", "1234 ヤマト 0"},
        {"3.送り状番号=1234;2.配送会社=ヤマト", "1234 ヤマト 0"},
        {"3.送り状番号=1234;2.配送会社=ヤマト;3.配送会社=佐川", "1234 佐川 0"}, /* that of the number's row */
        {"3.配送会社=ヤマト", " ヤマト 0"},
        {"2.送り状番号=1234;3.送り状番号=5678;*.配送会社=ヤマト", "1234 ヤマト 3"},
        /* By row, not by 項番. */
        {"2.項番=2;3.項番=1;2.送り状番号=1234;3.送り状番号=5678", "1234  3"},
        {"+;4.項番=0;4.明細ID=503;2.送り状番号=1;3.送り状番号=2;4.送り状番号=3;3.配送会社=甲;4.配送会社=乙", "1 甲 3"},
        {"+;4.項番=0;4.明細ID=503;2.送り状番号=1;3.送り状番号=;4.送り状番号=3", "1  4"},
        /* Blanks are nothing, wherever they are. */
        {"2.送り状番号= 　;3.送り状番号=1234;2.配送会社=　;3.配送会社=ヤマト", "1234 ヤマト 0"},
        {"2.送り状番号= 　1234-5678\t　\r\n;2.配送会社=\n　ヤマト 運輸　 ", "1234-5678 ヤマト 運輸 0"},
        {"2.送り状番号=1234;3.送り状番号= 1234　", "1234  0"},
        /* One number in any width; the carrier as it is. */
        {"2.送り状番号=１２３４－５６７８;2.配送会社=ＪＰ", "1234-5678 ＪＰ 0"},
        {"2.送り状番号=１２３４ー５６−７８;3.送り状番号=1234-56-78", "1234-56-78  0"},
        {"2.送り状番号=メール便", "メール便  0"}, /* no number, and no hyphen in it */
        {"2.送り状番号=001234", "001234  0"},
        {"2.送り状番号={1*65};3.送り状番号={１*65}", "{1*65}  3"}, /* nothing is that long */
        /* What cannot be read is not there. */
        {"2!;2.送り状番号=1;2.配送会社=甲;3.送り状番号=2;3.配送会社=乙", "2 乙 0"},
        {"2.送り状番号~;2.配送会社=甲;3.送り状番号=2;3.配送会社~", "2 甲 0"},
        {"2!;3!;*.送り状番号=1", "  0"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *expected = spelled(cases[i].expected);
        for (int turned = 0; turned < 2; turned++) { /* however the lines are sorted */
            sheet_make(&sheet, &fixture->schema, cases[i].changes);
            order_sort(&sheet.columns, &sheet.order);
            if (turned == 1) {
                struct order_row last = sheet.lines[sheet.order.count - 1];
                sheet.lines[sheet.order.count - 1] = sheet.lines[0];
                sheet.lines[0] = last;
            }
            char *found = shipment_of(&sheet);
            if (strcmp(found, expected) != 0)
                fail_msg("%s: \"%s\", not \"%s\"", cases[i].changes, found, expected);
            free(found);
            sheet_free(&sheet);
        }
        free(expected);
    }
}

/* Every number, by row, each with its carrier: "1 ヤマト, 2 佐川". */
static void shipment_lists_every_number(void **state)
{
    const struct fixture *fixture = *state;
    static struct sheet sheet;
    static const struct {
        const char *changes;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"*.配送会社=ヤマト", ""},
        {"*.送り状番号=1;*.配送会社=ヤマト", "1 ヤマト"},
        {"2.送り状番号=1;3.送り状番号=2;2.配送会社=ヤマト", "1 ヤマト, 2 ヤマト"},
        {"2.送り状番号=1;3.送り状番号=2;2.配送会社=ヤマト;3.配送会社=佐川", "1 ヤマト, 2 佐川"},
        {"2.項番=2;3.項番=1;2.送り状番号=1;3.送り状番号=2;*.配送会社=ヤマト", "1 ヤマト, 2 ヤマト"}, /* by row */
        {"+;+;*.配送会社=ヤマト;2.送り状番号=3;3.送り状番号=１;4.送り状番号= 3 ;5.送り状番号=2",
         "3 ヤマト, 1 ヤマト, 2 ヤマト"},
        {"+;*.配送会社=ヤマト;2.送り状番号=1;3.送り状番号=2;3!;4.送り状番号=3", "1 ヤマト, 3 ヤマト"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct order_shipment shipment;
        struct buf text = {0};
        sheet_make(&sheet, &fixture->schema, cases[i].changes);
        order_sort(&sheet.columns, &sheet.order);
        assert_true(shipment_build(&sheet.columns, &sheet.order, &sheet.arena, &shipment));
        buf_append_text(&text, "");
        for (size_t k = 0; k < shipment.number_count; k++)
            buf_printf(&text, "%s%.*s %.*s", k > 0 ? ", " : "", (int)shipment.numbers[k].length,
                       shipment.numbers[k].data, (int)shipment.carriers[k].length, shipment.carriers[k].data);
        assert_string_equal(buf_text(&text), cases[i].expected);
        buf_free(&text);
        sheet_free(&sheet);
    }
}

static bool ship_some(void *context)
{
    const struct fixture *fixture = context;
    static struct sheet sheet;
    struct order_shipment shipment;
    size_t left = memory_left;
    memory_left = SIZE_MAX;
    sheet_make(&sheet, &fixture->schema, "2.送り状番号=１２３４;2.配送会社=ヤマト");
    struct arena arena = {0};
    memory_left = left;
    bool done = shipment_build(&sheet.columns, &sheet.order, &arena, &shipment);
    memory_left = SIZE_MAX;
    arena_free(&arena);
    sheet_free(&sheet);
    return done;
}

static void shipment_says_that_memory_ran_out(void **state)
{
    bool leaked;
    size_t failures = memory_failures(ship_some, *state, &leaked);
    assert_int_equal(failures > 0, MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

/* ---- Result ---- */

/* 2026-11-02 17:54:08 in Japan. */
enum { SOME_TIME = 1793609648 };

/* A file of four orders: 1001 on rows 2, 4, 5; 1002 on row 3; one without an id on row 6; row 7 deleted. */
struct desk {
    struct sheet sheet;
    struct book book;
    struct findings findings;
    struct result_source source;
    struct result_marks marks;
    struct buf cells[RESULT_COLUMNS];
};

static void desk_begin(struct desk *desk, const struct fixture *fixture, const char *changes)
{
    sheet_make(&desk->sheet, &fixture->schema, changes);
    desk->book = (struct book){0};
    desk->findings = (struct findings){0};
    enter(&desk->book, 2, "1001", BOOK_PAYMENT_DEFERRED);
    enter(&desk->book, 3, "1002", BOOK_PAYMENT_DEFERRED);
    enter(&desk->book, 4, "1001", BOOK_PAYMENT_DEFERRED);
    enter(&desk->book, 5, "1001", BOOK_PAYMENT_DEFERRED);
    enter(&desk->book, 6, "", BOOK_PAYMENT_DEFERRED);
    assert_true(book_add_deleted(&desk->book, &(struct book_row){.number = 7}, span_of(""), BOOK_PAYMENT_DEFERRED));
    memset(desk->cells, 0, sizeof desk->cells);
    desk->marks = (struct result_marks){0};
    desk->source = (struct result_source){fixture->words,  desk->sheet.columns, &desk->book,
                                          &desk->findings, SOME_TIME,           &desk->marks};
}

static void desk_end(struct desk *desk)
{
    sheet_free(&desk->sheet);
    book_free(&desk->book);
    findings_free(&desk->findings);
    buf_free(&desk->marks.list);
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        buf_free(&desk->cells[i]);
}

/* A finding of order 0. */
static void find(struct desk *desk, const char *code, uint32_t row, uint16_t item, const char *arg)
{
    const char *const args[FINDING_ARGS] = {arg};
    findings_add(&desk->findings, (struct finding){.code = code, .row = row, .item = item, .column = FINDING_NO_COLUMN},
                 args);
    findings_sort(&desk->findings, 0);
    desk->book.orders[0].finding_count = (uint32_t)desk->findings.count;
    desk->book.orders[0].state = BOOK_INVALID;
}

/* The outcome of an order. */
static void come_out(struct desk *desk, size_t order, const char *code, const char *arg)
{
    const char *const args[FINDING_ARGS] = {arg};
    desk->book.orders[order].outcome = (uint32_t)desk->findings.count;
    findings_add(&desk->findings, (struct finding){.code = code, .column = FINDING_NO_COLUMN}, args);
}

/* Compose row `number` of the file. */
static void compose(struct desk *desk, uint32_t number)
{
    struct book_row row = book_row(&desk->book, number - 2);
    result_compose(&desk->source, &row, desk->cells);
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        assert_false(desk->cells[i].failed);
}

static void assert_cell(const struct desk *desk, enum result_column column, const char *expected)
{
    assert_string_equal(buf_text(&desk->cells[column]), expected);
}

static void assert_empty(const struct desk *desk)
{
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        assert_cell(desk, (enum result_column)i, "");
}

static void result_headings_are_the_contracts(void **state)
{
    (void)state;
    static const char *const headings[] = {"与信ステータス", "エラーコード",      "エラー項目",     "エラー内容",
                                           "エラー理由",     "修正方法/対応方法", "後払い受注番号", "処理日時"};
    assert_int_equal(RESULT_COLUMNS, COUNT(headings));
    for (size_t i = 0; i < COUNT(headings); i++)
        assert_string_equal(result_headings[i], headings[i]);
}

static void result_of_a_registered_order(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    desk.book.orders[0].state = BOOK_DONE;
    desk.book.orders[0].status = ORDER_STATUS_AUTH_PENDING;
    desk.book.orders[0].registered = true;
    desk.book.orders[0].time = SOME_TIME + 60;
    static const uint32_t rows[] = {2, 4, 5};
    for (size_t i = 0; i < COUNT(rows); i++) {
        compose(&desk, rows[i]);
        assert_cell(&desk, RESULT_STATUS, "与信中");
        assert_cell(&desk, RESULT_CODE, "");
        assert_cell(&desk, RESULT_ITEM, "");
        assert_cell(&desk, RESULT_MESSAGE, "");
        assert_cell(&desk, RESULT_CAUSE, "");
        assert_cell(&desk, RESULT_REMEDY, "");
        assert_cell(&desk, RESULT_ID, "1001");
        assert_cell(&desk, RESULT_TIME, "2026-11-02 17:55:08");
    }
    desk_end(&desk);
}

static void result_of_rows_that_are_not_ours_is_empty(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    desk.book.orders[3].state = BOOK_SKIPPED; /* a deleted row without an id is an order of its own, and none of ours */
    compose(&desk, 7);
    assert_empty(&desk);
    desk.book.orders[1].state = BOOK_SKIPPED;
    find(&desk, "REQUIRED", 2, 0, NULL);
    compose(&desk, 2); /* fills the cells, which the next row must not inherit */
    compose(&desk, 3);
    assert_empty(&desk);
    desk_end(&desk);
}

static void result_names_the_column_and_the_row(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "-商品番号");
    find(&desk, "ITEM_ID_SIZE", 4, 12, NULL);
    compose(&desk, 4);
    assert_cell(&desk, RESULT_STATUS, "");
    assert_cell(&desk, RESULT_CODE, "ITEM_ID_SIZE");
    assert_cell(&desk, RESULT_ITEM, "商品コード"); /* the catalogue's field, in this file's words */
    assert_cell(&desk, RESULT_MESSAGE, "validation error:items[12].id size must be between 1 and 36");
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_REMEDY]), "4行目の「商品コード」"));
    assert_cell(&desk, RESULT_ID, "");
    assert_cell(&desk, RESULT_TIME, "2026-11-02 17:54:08"); /* when the run began */
    desk_end(&desk);
}

/* Mark `index` of the row that was composed last. */
static void assert_mark(const struct desk *desk, size_t index, size_t cell, size_t finding, bool warning)
{
    struct result_mark mark;
    assert_true((index + 1) * sizeof mark <= desk->marks.list.length);
    memcpy(&mark, buf_text(&desk->marks.list) + index * sizeof mark, sizeof mark);
    assert_int_equal(mark.cell, cell);
    assert_int_equal(mark.finding, finding);
    assert_int_equal(mark.warning, warning);
}

static void result_marks_the_cells_to_fix(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "-手数料");
    const struct order_layout *layout = desk.sheet.columns.layout;
    size_t item = layout->cells[order_layout_column(layout, ORDER_FIELD_ITEM_ID)];
    size_t name = layout->cells[order_layout_column(layout, ORDER_FIELD_ITEM_NAME)];
    find(&desk, "ITEM_ID_SIZE", 4, 0, NULL);
    find(&desk, "CELLS_EXTRA", 4, 0, NULL);
    find(&desk, "ROW_TOO_LONG", 4, 0, NULL);
    desk.findings.list[1].cell = 40;
    compose(&desk, 4);
    assert_int_equal(desk.marks.findings, 3);
    assert_int_equal(desk.marks.list.length, 3 * sizeof(struct result_mark));
    assert_mark(&desk, 0, item, 0, false);
    assert_mark(&desk, 1, 39, 1, false);
    assert_mark(&desk, 2, ORDER_NO_COLUMN, 2, false); /* about the row */
    compose(&desk, 2);                                /* which only names that row */
    assert_int_equal(desk.marks.findings, 1);
    assert_int_equal(desk.marks.list.length, 0);
    compose(&desk, 3); /* all is well */
    assert_int_equal(desk.marks.findings, 0);
    desk.findings.count = 0;
    find(&desk, "ITEM_NAME_SIZE", 4, 0, NULL);
    desk.findings.list[0].warning = true;
    desk.book.orders[0].state = BOOK_VALID;
    compose(&desk, 4);
    assert_mark(&desk, 0, name, 0, true);
    desk.findings.count = 0;
    find(&desk, "TOTAL_MISMATCH", 0, 0, "1"); /* of several columns, as far as the file has them */
    compose(&desk, 2);
    assert_int_equal(desk.marks.findings, 1);
    assert_true(desk.marks.list.length > 2 * sizeof(struct result_mark));
    for (size_t i = 0; i < desk.marks.list.length / sizeof(struct result_mark); i++) {
        struct result_mark mark;
        memcpy(&mark, buf_text(&desk.marks.list) + i * sizeof mark, sizeof mark);
        assert_true(mark.cell < layout->heading_count);
        assert_int_equal(mark.finding, 0);
    }
    desk_end(&desk);
}

static void result_names_each_column_that_the_file_has(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "-手数料");
    find(&desk, "TOTAL_MISMATCH", 0, 0, "1");
    compose(&desk, 2);
    assert_cell(&desk, RESULT_ITEM, "請求金額、小計、送料、値引");
    desk_end(&desk);
}

/* A finding may name a cell of a column that the schema does not know. */
static void result_names_an_unknown_column(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    size_t memo = desk.sheet.layout.heading_count; /* from 1: the last one */
    findings_add(&desk.findings,
                 (struct finding){.code = "NUL_BYTE", .row = 2, .column = FINDING_NO_COLUMN, .cell = (uint16_t)memo},
                 NULL);
    desk.book.orders[0].finding_count = 1;
    compose(&desk, 2);
    assert_cell(&desk, RESULT_ITEM, "社内メモ");
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "2行目の「社内メモ」"));
    desk_end(&desk);
}

/* The parts of a cell that is joined with |. */
static size_t parts_of(const char *text)
{
    size_t parts = 1;
    for (; *text != '\0'; text++)
        parts += *text == '|';
    return parts;
}

static void result_joins_several_findings(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    find(&desk, "ITEM_NAME_SIZE", 4, 1, NULL);
    find(&desk, "ITEM_ID_NON_ASCII", 4, 1, NULL);
    find(&desk, "TOTAL_MISMATCH", 0, 0, "1");
    compose(&desk, 4);
    assert_cell(&desk, RESULT_CODE, "ITEM_NAME_SIZE|ITEM_ID_NON_ASCII|TOTAL_MISMATCH");
    assert_cell(&desk, RESULT_ITEM, "商品名|商品番号|請求金額、小計、送料、手数料、値引");
    for (size_t i = RESULT_CODE; i <= RESULT_REMEDY; i++)
        assert_int_equal(parts_of(buf_text(&desk.cells[i])), 3);
    assert_memory_equal(buf_text(&desk.cells[RESULT_MESSAGE]),
                        "validation error:items[1].name size must be between 1 and 255|"
                        "validation error:items[1].id contains non-Ascii character|請求金額が",
                        strlen("validation error:items[1].name size must be between 1 and 255|"
                               "validation error:items[1].id contains non-Ascii character|請求金額が"));
    /* What is about the whole order stands on all of its rows, in place of a hint at the others. */
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "TOTAL_MISMATCH");
    compose(&desk, 5);
    assert_cell(&desk, RESULT_CODE, "TOTAL_MISMATCH");
    compose(&desk, 3); /* another order */
    assert_cell(&desk, RESULT_CODE, "");
    desk_end(&desk);
}

static void result_points_siblings_to_the_rows(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    find(&desk, "ITEM_NAME_SIZE", 4, 1, NULL);
    find(&desk, "ITEM_ID_SIZE", 4, 1, NULL);
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "SIBLING_ROW");
    assert_cell(&desk, RESULT_ITEM, "");
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の4行目に"));
    find(&desk, "ITEM_NAME_SIZE", 5, 2, NULL);
    compose(&desk, 2);
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の4、5行目に"));
    desk_end(&desk);
}

static void result_names_at_most_five_rows(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    for (uint32_t row = 4294967280U; row < 4294967285U; row++) { /* as long as numbers of rows get */
        find(&desk, "ITEM_NAME_SIZE", row, 1, NULL);
        find(&desk, "ITEM_ID_SIZE", row, 1, NULL);
    }
    compose(&desk, 2);
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]),
                           "同じ受注の4294967280、4294967281、4294967282、4294967283、4294967284行目に"));
    find(&desk, "ITEM_NAME_SIZE", 4294967285U, 1, NULL);
    compose(&desk, 2);
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "、4294967284、…行目に"));
    assert_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "4294967285"));
    desk_end(&desk);
}

static void result_of_an_outcome(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    come_out(&desk, 0, "CREDIT_NG", NULL);
    come_out(&desk, 1, "IN_DOUBT", "理由");
    desk.book.orders[0].status = ORDER_STATUS_AUTH_NG;
    desk.book.orders[0].registered = true;
    desk.book.orders[0].state = BOOK_REFUSED;
    desk.book.orders[1].state = BOOK_UNSENT;
    compose(&desk, 5);
    assert_cell(&desk, RESULT_STATUS, "与信NG");
    assert_cell(&desk, RESULT_CODE, "CREDIT_NG");
    assert_cell(&desk, RESULT_ID, "1001");
    compose(&desk, 3);
    assert_cell(&desk, RESULT_STATUS, "");
    assert_cell(&desk, RESULT_CODE, "IN_DOUBT");
    assert_cell(&desk, RESULT_ID, "");
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "理由：理由。"));
    desk_end(&desk);
}

/* The outcome of a refusal about one line: on its row, and the others point there. */
static void result_of_an_outcome_about_one_line(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    come_out(&desk, 0, "ITEM_NAME_SIZE", NULL);
    desk.findings.list[0].row = 5;
    desk.findings.list[0].item = 2;
    desk.book.orders[0].status = ORDER_STATUS_AUTH_FAILED;
    compose(&desk, 5);
    assert_cell(&desk, RESULT_CODE, "ITEM_NAME_SIZE");
    compose(&desk, 2);
    assert_cell(&desk, RESULT_STATUS, "与信失敗");
    assert_cell(&desk, RESULT_CODE, "SIBLING_ROW");
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の5行目に"));
    desk_end(&desk);
}

/* A warning of order 0, or what is to be an error where all warnings are. */
static void warn(struct desk *desk, const char *code, uint32_t row, bool warning, const char *arg)
{
    const char *const args[FINDING_ARGS] = {arg, "送る値"};
    findings_add(&desk->findings,
                 (struct finding){.code = code, .row = row, .warning = warning, .column = FINDING_NO_COLUMN}, args);
    findings_sort(&desk->findings, 0);
    desk->book.orders[0].finding_count = (uint32_t)desk->findings.count;
    desk->book.orders[0].state = findings_block(&desk->findings, 0) ? BOOK_INVALID : BOOK_VALID;
}

/* The `part`th text (from 0) of a cell that is joined with |. */
static bool part_begins(const struct desk *desk, enum result_column column, size_t part, const char *text)
{
    const char *at = buf_text(&desk->cells[column]);
    while (part-- > 0) {
        at = strchr(at, '|');
        assert_non_null(at);
        at++;
    }
    return strncmp(at, text, strlen(text)) == 0;
}

static void assert_parts(const struct desk *desk, size_t count)
{
    for (size_t i = RESULT_CODE; i <= RESULT_REMEDY; i++)
        assert_int_equal(parts_of(buf_text(&desk->cells[i])), count);
}

/* An order that goes, for all its warnings: they stand on their rows, and other rows hint at nothing. */
static void result_of_warnings_alone(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    warn(&desk, "ITEM_ID_PUNCTUATION", 4, true, "A-1");
    compose(&desk, 4);
    assert_cell(&desk, RESULT_STATUS, "");
    assert_cell(&desk, RESULT_CODE, "ITEM_ID_PUNCTUATION");
    assert_cell(&desk, RESULT_ITEM, "商品番号");
    assert_true(part_begins(&desk, RESULT_MESSAGE, 0, "注意: "));
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "A-1"));
    assert_null(strstr(buf_text(&desk.cells[RESULT_CAUSE]), "注意: "));
    assert_null(strstr(buf_text(&desk.cells[RESULT_REMEDY]), "注意: "));
    assert_cell(&desk, RESULT_TIME, "2026-11-02 17:54:08");
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "");
    assert_cell(&desk, RESULT_MESSAGE, "");
    assert_cell(&desk, RESULT_TIME, "2026-11-02 17:54:08");
    warn(&desk, "NOT_KANA", 4, true, "見本");
    warn(&desk, "DELIVERY_DIFFERS", 5, true, "2");
    compose(&desk, 4);
    assert_cell(&desk, RESULT_CODE, "ITEM_ID_PUNCTUATION|NOT_KANA");
    assert_parts(&desk, 2);
    assert_true(part_begins(&desk, RESULT_MESSAGE, 0, "注意: "));
    assert_true(part_begins(&desk, RESULT_MESSAGE, 1, "注意: "));
    compose(&desk, 5);
    assert_cell(&desk, RESULT_CODE, "DELIVERY_DIFFERS");
    compose(&desk, 3); /* another order */
    assert_cell(&desk, RESULT_CODE, "");
    desk_end(&desk);
}

/* Errors of the row, errors of the order, warnings of the row. */
static void result_puts_errors_before_warnings(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    warn(&desk, "ITEM_ID_PUNCTUATION", 4, true, "A-1");
    warn(&desk, "NOT_KANA", 2, true, "見本");
    warn(&desk, "ITEM_NAME_SIZE", 4, false, NULL);
    warn(&desk, "TOTAL_MISMATCH", 0, false, "1");
    compose(&desk, 4);
    assert_cell(&desk, RESULT_CODE, "ITEM_NAME_SIZE|TOTAL_MISMATCH|ITEM_ID_PUNCTUATION");
    assert_parts(&desk, 3);
    assert_true(part_begins(&desk, RESULT_MESSAGE, 0, "validation error:items[0].name"));
    assert_false(part_begins(&desk, RESULT_MESSAGE, 1, "注意: "));
    assert_true(part_begins(&desk, RESULT_MESSAGE, 2, "注意: "));
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "TOTAL_MISMATCH|NOT_KANA");
    compose(&desk, 5);
    assert_cell(&desk, RESULT_CODE, "TOTAL_MISMATCH");
    /* A warning of the whole order comes last. */
    warn(&desk, "ORDER_NO_ITEMS", 0, true, NULL);
    compose(&desk, 4);
    assert_cell(&desk, RESULT_CODE, "ITEM_NAME_SIZE|TOTAL_MISMATCH|ITEM_ID_PUNCTUATION|ORDER_NO_ITEMS");
    desk_end(&desk);
}

/* The hint at an error elsewhere comes before the row's own warnings, and names no row that has warnings only. */
static void result_of_a_sibling_with_warnings(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    warn(&desk, "ITEM_ID_PUNCTUATION", 2, true, "A-1");
    warn(&desk, "NOT_KANA", 2, true, "見本");
    warn(&desk, "ITEM_ID_PUNCTUATION", 4, true, "A-1");
    warn(&desk, "ITEM_NAME_SIZE", 5, false, NULL);
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "SIBLING_ROW|ITEM_ID_PUNCTUATION|NOT_KANA");
    assert_cell(&desk, RESULT_ITEM, "|商品番号|注文者氏名カナ");
    assert_parts(&desk, 3);
    assert_false(part_begins(&desk, RESULT_MESSAGE, 0, "注意: "));
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の5行目に"));
    assert_true(part_begins(&desk, RESULT_MESSAGE, 1, "注意: "));
    assert_true(part_begins(&desk, RESULT_MESSAGE, 2, "注意: "));
    compose(&desk, 5);
    assert_cell(&desk, RESULT_CODE, "ITEM_NAME_SIZE");
    warn(&desk, "NOT_KANA", 5, true, "見本");
    compose(&desk, 5);
    assert_cell(&desk, RESULT_CODE, "ITEM_NAME_SIZE|NOT_KANA");
    compose(&desk, 4);
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の5行目に"));
    desk_end(&desk);
}

/* With --strict a warning is an error like any other, and not called a warning. */
static void result_of_strict_warnings(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    warn(&desk, "ITEM_ID_PUNCTUATION", 4, false, "A-1");
    assert_int_equal(desk.book.orders[0].state, BOOK_INVALID);
    compose(&desk, 4);
    assert_cell(&desk, RESULT_CODE, "ITEM_ID_PUNCTUATION");
    assert_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "注意: "));
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "SIBLING_ROW");
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の4行目に"));
    desk_end(&desk);
}

/* Warnings stay beside what became of the order; what the service says comes first. */
static void result_of_warnings_beside_an_outcome(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    warn(&desk, "ITEM_ID_PUNCTUATION", 4, true, "A-1");
    warn(&desk, "NOT_KANA", 5, true, "見本");
    desk.book.orders[0].state = BOOK_DONE;
    desk.book.orders[0].status = ORDER_STATUS_AUTH_PENDING;
    desk.book.orders[0].registered = true;
    compose(&desk, 4);
    assert_cell(&desk, RESULT_STATUS, "与信中");
    assert_cell(&desk, RESULT_CODE, "ITEM_ID_PUNCTUATION");
    assert_cell(&desk, RESULT_ID, "1001");
    compose(&desk, 2);
    assert_cell(&desk, RESULT_STATUS, "与信中");
    assert_cell(&desk, RESULT_CODE, "");
    /* Refused, about all of it. */
    come_out(&desk, 0, "CREDIT_NG", NULL);
    desk.book.orders[0].status = ORDER_STATUS_AUTH_NG;
    desk.book.orders[0].state = BOOK_REFUSED;
    compose(&desk, 4);
    assert_cell(&desk, RESULT_STATUS, "与信NG");
    assert_cell(&desk, RESULT_CODE, "CREDIT_NG|ITEM_ID_PUNCTUATION");
    assert_parts(&desk, 2);
    assert_false(part_begins(&desk, RESULT_MESSAGE, 0, "注意: "));
    assert_true(part_begins(&desk, RESULT_MESSAGE, 1, "注意: "));
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "CREDIT_NG");
    /* Refused, about one line. */
    struct finding *outcome = &desk.findings.list[desk.book.orders[0].outcome];
    outcome->code = "ITEM_NAME_SIZE";
    outcome->row = 5;
    compose(&desk, 5);
    assert_cell(&desk, RESULT_CODE, "ITEM_NAME_SIZE|NOT_KANA");
    compose(&desk, 4);
    assert_cell(&desk, RESULT_CODE, "SIBLING_ROW|ITEM_ID_PUNCTUATION");
    assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の5行目に"));
    compose(&desk, 2);
    assert_cell(&desk, RESULT_CODE, "SIBLING_ROW");
    desk_end(&desk);
}

/* A deleted row is empty, unless its whole order is deleted and that is worth a word. */
static void result_of_deleted_rows(void **state)
{
    struct desk desk;
    desk_begin(&desk, *state, "");
    erase(&desk.book, 8, "1001", BOOK_PAYMENT_DEFERRED);
    erase(&desk.book, 9, "1003", BOOK_PAYMENT_DEFERRED);
    erase(&desk.book, 10, "1003", BOOK_PAYMENT_DEFERRED);
    struct book_order *emptied = &desk.book.orders[desk.book.order_count - 1];
    warn(&desk, "TOTAL_MISMATCH", 0, false, "1");
    compose(&desk, 8); /* of an order with an error on all rows */
    assert_empty(&desk);
    emptied->state = BOOK_SKIPPED;
    compose(&desk, 9); /* nothing was found: as with orders that are paid otherwise */
    assert_empty(&desk);
    emptied->findings = (uint32_t)desk.findings.count;
    emptied->finding_count = 1;
    findings_add(&desk.findings,
                 (struct finding){.code = "ORDER_NO_ITEMS", .warning = true, .column = FINDING_NO_COLUMN}, NULL);
    for (uint32_t row = 9; row <= 10; row++) {
        compose(&desk, row);
        assert_cell(&desk, RESULT_STATUS, "");
        assert_cell(&desk, RESULT_CODE, "ORDER_NO_ITEMS");
        assert_true(part_begins(&desk, RESULT_MESSAGE, 0, "注意: "));
        assert_cell(&desk, RESULT_ID, "");
        assert_cell(&desk, RESULT_TIME, "2026-11-02 17:54:08");
    }
    emptied->state = BOOK_INVALID; /* --strict */
    desk.findings.list[emptied->findings].warning = false;
    compose(&desk, 10);
    assert_cell(&desk, RESULT_CODE, "ORDER_NO_ITEMS");
    assert_false(part_begins(&desk, RESULT_MESSAGE, 0, "注意: "));
    compose(&desk, 8);
    assert_empty(&desk);
    desk_end(&desk);
}

static bool compose_some(void *context)
{
    struct desk desk;
    bool done = true;
    size_t left = memory_left;
    memory_left = SIZE_MAX; /* only the composing is to be short of it */
    desk_begin(&desk, context, "");
    warn(&desk, "ITEM_ID_PUNCTUATION", 2, true, "A-1");
    warn(&desk, "ITEM_NAME_SIZE", 5, false, NULL);
    memory_left = left;
    struct book_row row = book_row(&desk.book, 0);
    result_compose(&desk.source, &row, desk.cells);
    memory_left = SIZE_MAX;
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        done = done && !desk.cells[i].failed;
    if (done) {
        assert_cell(&desk, RESULT_CODE, "SIBLING_ROW|ITEM_ID_PUNCTUATION");
        assert_cell(&desk, RESULT_ITEM, "|商品番号");
        assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "同じ受注の5行目に"));
        assert_non_null(strstr(buf_text(&desk.cells[RESULT_MESSAGE]), "|注意: 「商品番号」"));
    }
    desk_end(&desk);
    return done;
}

static void result_says_that_memory_ran_out(void **state)
{
    bool leaked;
    size_t failures = memory_failures(compose_some, *state, &leaked);
    assert_int_equal(failures > 10, MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

/* No text of ours begins as a formula, or holds a control character or a | of its own. */
static void result_is_harmless_in_a_spreadsheet(void **state)
{
    static const struct {
        const char *message;
        const char *cell;
    } cases[] = {
        {"=1+1", "'=1+1"},
        {"+81", "'+81"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"＝１", "'＝１"},
        {"＋１", "'＋１"},
        {"－１", "'－１"},
        {"＠１", "'＠１"},
        {"−１", "'−１"}, /* becomes the full-width hyphen in CP932 */
        {"\t=1", " =1"},
        {"\r\n=1", "  =1"},
        {"a=1", "a=1"},
        {"a|b", "a｜b"},
        {"|", "｜"},
        {"a\x01\x1F\x7F\nb", "a    b"},
        {"a\xC2\x80\xC2\x9F"
         "b",
         "a  b"},
        {"\"quoted\", and more", "\"quoted\", and more"},
        {"{row} {1} {N}", "{row} {1} {N}"}, /* kept whole */
        {"😀 髙﨑", "😀 髙﨑"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct desk desk;
        desk_begin(&desk, *state, "");
        come_out(&desk, 0, "SERVICE_REFUSED", cases[i].message);
        compose(&desk, 2);
        assert_cell(&desk, RESULT_MESSAGE, cases[i].cell);
        desk_end(&desk);
    }
}

/* Headings are the merchant's, and may hold anything. */
static void result_is_harmless_whatever_a_heading_is(void **state)
{
    const struct fixture *fixture = *state;
    struct desk desk;
    struct grid grid = {0};
    grid_add(&grid, "受注ID,支払方法,=a|b\nc");
    grid_add(&grid, "1,後払い,x");
    desk_begin(&desk, fixture, "");
    sheet_free(&desk.sheet);
    sheet_of_grid(&desk.sheet, &fixture->schema, &grid);
    desk.source.columns = desk.sheet.columns;
    findings_add(&desk.findings, (struct finding){.code = "NUL_BYTE", .row = 2, .column = FINDING_NO_COLUMN, .cell = 3},
                 NULL);
    desk.book.orders[0].finding_count = 1;
    compose(&desk, 2);
    assert_cell(&desk, RESULT_ITEM, "'=a｜b c");
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        assert_null(strpbrk(buf_text(&desk.cells[i]), "|\n"));
    desk_end(&desk);
    grid_free(&grid);
}

static void result_time_is_local(void **state)
{
    static const struct {
        const char *zone;
        const char *time;
    } cases[] = {
        {"JST-9", "2026-11-02 17:54:08"},
        {"UTC0", "2026-11-02 08:54:08"},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-11-02 03:54:08"},
        {"LINT-14", "2026-11-02 22:54:08"},
    };
    const struct fixture *fixture = *state;
    struct desk desk;
    desk_begin(&desk, *state, "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        setenv("TZ", cases[i].zone, 1);
        tzset();
        desk.source.words = result_words_new(fixture->catalog, fixture->codec);
        assert_non_null(desk.source.words);
        compose(&desk, 2);
        result_words_free(desk.source.words);
        assert_cell(&desk, RESULT_TIME, cases[i].time);
    }
    setenv("TZ", "JST-9", 1);
    tzset();
    desk_end(&desk);
}

/* Rows of which it is said that they get the same cells do so, whatever their orders have come to. */
static void result_knows_rows_of_the_same_cells(void **state)
{
    enum { ROUNDS = 300, ROWS = 6 };
    struct desk desk;
    uint64_t seed = 11;
    size_t same = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        desk_begin(&desk, *state, "");
        find(&desk, "REQUIRED", draw_below(&seed, 2) == 0 ? 0 : 4, 0, NULL);
        come_out(&desk, 1, "CREDIT_NG", NULL);
        for (size_t i = 0; i < desk.book.order_count; i++) {
            struct book_order *order = &desk.book.orders[i];
            order->state = (uint8_t)(BOOK_SKIPPED + draw_below(&seed, 3));
            order->status = (uint8_t)draw_below(&seed, 3);
            order->time = draw_below(&seed, 2) == 0 ? 0 : SOME_TIME + draw_below(&seed, 2);
            order->registered = draw_below(&seed, 2) == 0;
            order->finding_count = order->state == BOOK_INVALID || draw_below(&seed, 3) == 0 ? 1 : 0;
            order->outcome = draw_below(&seed, 3) == 0 ? 1 : BOOK_NONE;
        }
        for (uint32_t a = 0; a < ROWS; a++) {
            struct book_row one = book_row(&desk.book, a);
            struct buf cells[RESULT_COLUMNS] = {{0}};
            result_compose(&desk.source, &one, cells);
            for (uint32_t b = 0; b < ROWS; b++) {
                struct book_row other = book_row(&desk.book, b);
                if (!result_is_same(&desk.book, &one, &other))
                    continue;
                compose(&desk, other.number);
                for (size_t i = 0; i < RESULT_COLUMNS; i++)
                    assert_string_equal(buf_text(&desk.cells[i]), buf_text(&cells[i]));
                same += a != b;
            }
            for (size_t i = 0; i < RESULT_COLUMNS; i++)
                buf_free(&cells[i]);
        }
        desk_end(&desk);
    }
    assert_true(same > ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_the_manuals_ten),
        cmocka_unit_test(schema_names_every_field_once),
        cmocka_unit_test(schema_built_in_says_what_the_manual_does),
        cmocka_unit_test(schema_takes_the_least),
        cmocka_unit_test(schema_mistakes_name_the_column),
        cmocka_unit_test(schema_knows_each_type_by_its_word),
        cmocka_unit_test(schema_reads_bounds),
        cmocka_unit_test(schema_bounds_that_are_none),
        cmocka_unit_test(schema_built_in_has_types_and_bounds),
        cmocka_unit_test(schema_with_something_behind_it_is_a_mistake),
        cmocka_unit_test(layout_finds_columns_wherever_they_stand),
        cmocka_unit_test(layout_takes_blanks_and_aliases),
        cmocka_unit_test(layout_lets_the_code_stand_in),
        cmocka_unit_test(layout_refuses_what_is_no_order_csv),
        cmocka_unit_test(layout_needs_no_payment_where_all_is_deferred),
        cmocka_unit_test(schema_tells_whether_all_is_deferred),
        cmocka_unit_test(catalog_finds_by_code),
        cmocka_unit_test(catalog_knows_the_services_words),
        cmocka_unit_test(catalog_fills_placeholders),
        cmocka_unit_test(catalog_fills_with_words),
        cmocka_unit_test(catalog_recognises_filled_messages),
        cmocka_unit_test(catalog_prefers_the_closest_template),
        cmocka_unit_test(catalog_recognises_its_own_messages),
        cmocka_unit_test(catalog_entries_fill_whole),
        cmocka_unit_test(catalog_mistakes_are_named),
        cmocka_unit_test(book_joins_rows_that_lie_apart),
        cmocka_unit_test(book_finds_by_id),
        cmocka_unit_test(book_keeps_its_own_ids),
        cmocka_unit_test(book_holds_many),
        cmocka_unit_test(book_tells_whose_payment_it_is),
        cmocka_unit_test(book_keeps_deleted_rows_apart),
        cmocka_unit_test(book_tells_which_orders_are_emptied),
        cmocka_unit_test(book_keeps_ids_with_a_nul_apart),
        cmocka_unit_test(book_is_the_same_from_parts),
        cmocka_unit_test(book_holds_the_largest_values),
        cmocka_unit_test(book_notes_what_few_orders_have),
        cmocka_unit_test(order_values_are_those_that_serve),
        cmocka_unit_test(order_sorts_by_number_then_line_id_then_row),
        cmocka_unit_test(order_is_the_same_however_the_file_was_sorted),
        cmocka_unit_test(order_is_the_same_where_numbers_repeat),
        cmocka_unit_test(rules_pass_good_orders),
        cmocka_unit_test(rules_control),
        cmocka_unit_test(rules_needed_cells),
        cmocka_unit_test(rules_needed_columns),
        cmocka_unit_test(rules_types),
        cmocka_unit_test(rules_items),
        cmocka_unit_test(rules_sums),
        cmocka_unit_test(rules_sum_the_largest_order),
        cmocka_unit_test(rules_rows_that_disagree),
        cmocka_unit_test(rules_know_the_orders_own_fields),
        cmocka_unit_test(rules_leave_damaged_rows_alone),
        cmocka_unit_test(rules_number_ranges),
        cmocka_unit_test(rules_rounded_numbers),
        cmocka_unit_test(rules_phones),
        cmocka_unit_test(rules_postal_codes),
        cmocka_unit_test(rules_emails_kana_dates),
        cmocka_unit_test(rules_lengths),
        cmocka_unit_test(rules_blemishes),
        cmocka_unit_test(rules_punctuation_in_product_numbers),
        cmocka_unit_test(rules_lines_that_stand_twice),
        cmocka_unit_test(rules_find_every_twin),
        cmocka_unit_test(rules_several_deliveries),
        cmocka_unit_test(rules_to_ship),
        cmocka_unit_test(rules_to_ship_several_numbers),
        cmocka_unit_test(rules_to_ship_an_order_without_rows),
        cmocka_unit_test(rules_to_ship_follow_the_schema),
        cmocka_unit_test(rules_about_the_id_alone),
        cmocka_unit_test(rules_to_ship_remember),
        cmocka_unit_test(rules_look_at_what_matters),
        cmocka_unit_test(public_rules_are_those_of_the_protocol),
        cmocka_unit_test(public_rules_to_ship),
        cmocka_unit_test(rules_codes_have_a_severity),
        cmocka_unit_test(rules_errors_come_before_warnings),
        cmocka_unit_test(findings_keep_their_arguments),
        cmocka_unit_test(findings_are_taken_with_their_arguments),
        cmocka_unit_test(findings_are_taken_many_times),
        cmocka_unit_test(findings_that_failed_are_not_forgotten),
        cmocka_unit_test(findings_without_arguments_are_none),
        cmocka_unit_test(rules_say_that_memory_ran_out),
        cmocka_unit_test(findings_say_that_memory_ran_out),
        cmocka_unit_test(findings_hold_back_unless_all_are_warnings),
        cmocka_unit_test(findings_are_sorted_by_row_and_severity),
        cmocka_unit_test(content_is_typed_and_joined),
        cmocka_unit_test(content_leaves_out_what_is_empty),
        cmocka_unit_test(content_joins_in_the_schemas_order),
        cmocka_unit_test(content_delivery_only_where_it_differs),
        cmocka_unit_test(content_has_line_feeds),
        cmocka_unit_test(content_sends_nothing_else),
        cmocka_unit_test(content_is_in_half_width_and_repaired),
        cmocka_unit_test(content_delivery_in_half_width),
        cmocka_unit_test(extended_content_has_more),
        cmocka_unit_test(content_says_that_memory_ran_out),
        cmocka_unit_test(shipment_is_the_first_rows),
        cmocka_unit_test(shipment_lists_every_number),
        cmocka_unit_test(shipment_says_that_memory_ran_out),
        cmocka_unit_test(result_headings_are_the_contracts),
        cmocka_unit_test(result_of_a_registered_order),
        cmocka_unit_test(result_of_rows_that_are_not_ours_is_empty),
        cmocka_unit_test(result_names_the_column_and_the_row),
        cmocka_unit_test(result_marks_the_cells_to_fix),
        cmocka_unit_test(result_names_each_column_that_the_file_has),
        cmocka_unit_test(result_names_an_unknown_column),
        cmocka_unit_test(result_joins_several_findings),
        cmocka_unit_test(result_points_siblings_to_the_rows),
        cmocka_unit_test(result_names_at_most_five_rows),
        cmocka_unit_test(result_of_an_outcome),
        cmocka_unit_test(result_of_an_outcome_about_one_line),
        cmocka_unit_test(result_of_warnings_alone),
        cmocka_unit_test(result_puts_errors_before_warnings),
        cmocka_unit_test(result_of_a_sibling_with_warnings),
        cmocka_unit_test(result_of_strict_warnings),
        cmocka_unit_test(result_of_warnings_beside_an_outcome),
        cmocka_unit_test(result_of_deleted_rows),
        cmocka_unit_test(result_says_that_memory_ran_out),
        cmocka_unit_test(result_is_harmless_in_a_spreadsheet),
        cmocka_unit_test(result_is_harmless_whatever_a_heading_is),
        cmocka_unit_test(result_time_is_local),
        cmocka_unit_test(result_knows_rows_of_the_same_cells),
    };
    setenv("TZ", "JST-9", 1);
    tzset();
    return cmocka_run_group_tests_name("order", tests, load, unload);
}
