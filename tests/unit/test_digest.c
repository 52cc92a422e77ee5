/* tests/unit/test_digest.c: what the ledger keeps of an order (src/run/digest), under a hash that stands in for the
 * ledger's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "base/hash.h"
#include "order/fingerprint.h"
#include "run/digest.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A ledger of these tests: no key, and memory for so many hashes. */
struct ledger {
    size_t hashes_left;
};

static struct ledger plenty = {SIZE_MAX};

/* Takes the place of the ledger's. The bytes are those of a hash of the parts with their lengths, twice. */
bool ledger_hash_make(const struct ledger *ledger, const struct span *parts, size_t count, struct ledger_hash *hash)
{
    struct ledger *mine = (struct ledger *)ledger;
    uint64_t sum = HASH_BEGIN;
    if (mine->hashes_left == 0)
        return false;
    mine->hashes_left -= mine->hashes_left != SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        sum = hash_add(sum, (struct span){(const char *)&parts[i].length, sizeof parts[i].length});
        sum = hash_add(sum, parts[i]);
    }
    memcpy(hash->bytes, &sum, sizeof sum);
    memcpy(hash->bytes + sizeof sum, &sum, sizeof sum);
    return true;
}

static bool same(const struct ledger_hash *a, const struct ledger_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool is_set(const struct ledger_hash *hash)
{
    static const struct ledger_hash none;
    return !same(hash, &none);
}

/* ---- A file of some columns ---- */

enum { HEADINGS_MAX = 16 };

static void open_work(struct work *work, const char *const *headings, size_t count)
{
    struct error error = {0};
    struct span spans[HEADINGS_MAX];
    *work = (struct work){0};
    assert_true(count <= HEADINGS_MAX);
    for (size_t i = 0; i < count; i++)
        spans[i] = span_of(headings[i]);
    assert_true(order_schema_parse(&work->schema, span_of(embedded_order_schema), NULL, &error));
    assert_true(order_layout_find(&work->layout, &work->schema, spans, count, "in.csv", &error));
    work->columns = (struct order_columns){&work->schema, &work->layout};
}

static void close_work(struct work *work)
{
    order_layout_free(&work->layout);
    order_schema_free(&work->schema);
}

/* ---- Content ---- */

static void fill(struct order_content *content, struct content_value items[][CONTENT_ITEM_FIELDS])
{
    *content = (struct order_content){.items = items, .item_count = 1};
    content->fields[ORDER_FIELD_ID] = (struct content_value){CONTENT_TEXT, {"1001", 4}, 0};
    content->fields[ORDER_FIELD_AMOUNT] = (struct content_value){.kind = CONTENT_INTEGER, .integer = 3000};
    content->fields[ORDER_FIELD_BUYER_NAME] = (struct content_value){CONTENT_TEXT, span_of("見本 太郎"), 0};
    content->fields[ORDER_FIELD_DELIVERY_NAME] = (struct content_value){CONTENT_TEXT, span_of("例示 花子"), 0};
    items[0][0] = (struct content_value){CONTENT_TEXT, span_of("A-1"), 0};
}

static void digest(const struct order_content *content, struct ledger_content *made)
{
    struct arena arena = {0};
    memset(made, 0xAA, sizeof *made);
    assert_true(digest_content(&plenty, content, &arena, made));
    arena_free(&arena);
}

static void changes_have_names(void **state)
{
    (void)state;
    static const char *const headings[] = {"受注ID", "支払方法", "請求金額", "注文者氏名", "注文者電話"};
    struct work work;
    struct order_content content;
    struct content_value items[1][CONTENT_ITEM_FIELDS] = {{{0}}};
    struct ledger_content before;
    struct ledger_content now;
    struct buf names = {0};
    open_work(&work, headings, COUNT(headings));
    fill(&content, items);
    digest(&content, &before);

    content.fields[ORDER_FIELD_ID].text = span_of("1002");
    content.fields[ORDER_FIELD_BUYER_NAME].text = span_of("見本　太郎");
    digest(&content, &now);
    assert_true(is_set(&now.hash));
    assert_memory_equal(&before, &now, sizeof before);
    digest_changed(&work, &before, &now, &names);
    assert_string_equal(buf_text(&names), "");

    content.fields[ORDER_FIELD_AMOUNT].integer = 3001;
    digest(&content, &now);
    assert_false(same(&before.hash, &now.hash));
    digest_changed(&work, &before, &now, &names);
    assert_string_equal(buf_text(&names), "請求金額");

    /* As this file writes it, and as the schema does where the file has no such column. */
    content.fields[ORDER_FIELD_BUYER_PHONE] = (struct content_value){CONTENT_TEXT, span_of("03-0000-1234"), 0};
    items[0][0].text = span_of("A-2");
    digest(&content, &now);
    buf_clear(&names);
    digest_changed(&work, &before, &now, &names);
    assert_string_equal(buf_text(&names), "請求金額、注文者電話、商品番号");
    buf_free(&names);
    close_work(&work);
}

/* The hash of an order is that of its seventeen texts, as it was when the first ledgers were written: an order that is
 * in one must not look changed. What only extended content has makes it another. */
static void content_is_hashed_as_ever(void **state)
{
    (void)state;
    static const char *const headings[] = {"受注ID", "支払方法", "送料"};
    static const char *const texts[] = {"", "3000", "見本 太郎", "",      "",   "",   "",   "",  "例示 花子",
                                        "", "",     "",          "3:A-1", "0:", "0:", "0:", "0:"};
    struct work work;
    struct order_content content;
    struct content_value items[1][CONTENT_ITEM_FIELDS] = {{{0}}};
    struct span parts[COUNT(texts)];
    struct ledger_content made;
    struct ledger_content extended;
    struct ledger_hash expected;
    struct buf names = {0};
    open_work(&work, headings, COUNT(headings));
    fill(&content, items);
    digest(&content, &made);
    for (size_t i = 0; i < COUNT(texts); i++)
        parts[i] = span_of(texts[i]);
    assert_true(ledger_hash_make(&plenty, parts, COUNT(parts), &expected));
    assert_memory_equal(expected.bytes, made.hash.bytes, sizeof expected.bytes);

    content.fields[ORDER_FIELD_SHIPPING_FEE] = (struct content_value){.kind = CONTENT_INTEGER, .integer = 500};
    content.fields[ORDER_FIELD_SHIP_DATE] = (struct content_value){CONTENT_TEXT, span_of("20261105"), 0};
    digest(&content, &extended);
    assert_false(same(&made.hash, &extended.hash));
    digest_changed(&work, &made, &extended, &names);
    assert_string_equal(buf_text(&names), "出荷予定日、送料");
    buf_clear(&names);
    digest_changed(&work, &extended, &made, &names);
    assert_string_equal(buf_text(&names), "出荷予定日、送料");
    buf_free(&names);
    close_work(&work);
}

/* The same text in another field is another tag. */
static void tags_are_of_their_field(void **state)
{
    (void)state;
    struct order_content content;
    struct content_value items[1][CONTENT_ITEM_FIELDS] = {{{0}}};
    struct ledger_content made;
    fill(&content, items);
    digest(&content, &made);
    assert_int_not_equal(made.fields[ORDER_FIELD_BUYER_EMAIL - ORDER_FIELD_ORDERED_AT],
                         made.fields[ORDER_FIELD_BUYER_PHONE - ORDER_FIELD_ORDERED_AT]); /* both absent */
    for (size_t i = ORDER_FIELDS - ORDER_FIELD_ORDERED_AT; i < LEDGER_FIELDS_MAX; i++)
        assert_int_equal(made.fields[i], 0);
}

static void failed_hashes_are_reported(void **state)
{
    (void)state;
    struct order_content content;
    struct content_value items[1][CONTENT_ITEM_FIELDS] = {{{0}}};
    struct ledger_content made;
    struct ledger_hash hash;
    struct arena arena = {0};
    size_t needed = 0;
    fill(&content, items);
    for (bool done = false; !done; needed++) {
        struct ledger scarce = {needed};
        done = digest_content(&scarce, &content, &arena, &made);
        assert_true(done || needed < LEDGER_FIELDS_MAX);
    }
    assert_int_equal(needed - 1, 1 + ORDER_FIELDS - ORDER_FIELD_ORDERED_AT);
    struct ledger none = {0};
    assert_false(digest_body(&none, (struct span){"{}", 2}, &hash));
    assert_false(digest_shipment(&none, &(struct order_shipment){.number = span_of("1")}, 1, &hash));
    arena_free(&arena);
}

/* ---- The mall's number ---- */

/* The hash of an order of two rows, the first of them damaged where `damaged`. */
static struct ledger_hash mall_of(const char *shop, const char *number, bool damaged)
{
    static const char *const headings[] = {"受注ID", "支払方法", "店舗ID", "受注番号"};
    struct work work;
    struct ledger_hash hash;
    open_work(&work, headings, COUNT(headings));
    struct span *values[2];
    struct order_row rows[2];
    for (size_t i = 0; i < COUNT(rows); i++) {
        values[i] = calloc(work.schema.count, sizeof **values);
        assert_non_null(values[i]);
        rows[i] = (struct order_row){.number = (uint32_t)i + 2, .damaged = damaged && i == 0, .values = values[i]};
        bool theirs = damaged == (i == 1);
        values[i][order_layout_column(&work.layout, ORDER_FIELD_SHOP)] = span_of(theirs ? shop : "9");
        values[i][order_layout_column(&work.layout, ORDER_FIELD_MALL_NUMBER)] = span_of(theirs ? number : "other");
    }
    memset(&hash, 0xAA, sizeof hash);
    assert_true(digest_mall(&plenty, &work, &(struct order){rows, COUNT(rows)}, &hash));
    free(values[0]);
    free(values[1]);
    close_work(&work);
    return hash;
}

static void mall_number_names_an_order(void **state)
{
    (void)state;
    static const struct {
        const char *shop;
        const char *number;
        bool same;
    } cases[] = {
        {"12", "A-0012", true},   {" 12　", "　A-0012 ", true}, {"１２", "Ａ－００１２", true},
        {"0012", "A-0012", true}, {"13", "A-0012", false},      {"", "A-0012", false},
        {"12", "A-012", false},   {"12", "a-0012", false},      {"12A", "-0012", false},
    };
    struct ledger_hash first = mall_of("12", "A-0012", false);
    assert_true(is_set(&first));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ledger_hash hash = mall_of(cases[i].shop, cases[i].number, i % 2 == 0);
        assert_true(is_set(&hash));
        if (same(&first, &hash) != cases[i].same)
            fail_msg("%s, %s", cases[i].shop, cases[i].number);
    }
    struct ledger_hash zeros = mall_of("1", "0000", false);
    struct ledger_hash zero = mall_of("1", "0", false);
    assert_true(same(&zeros, &zero));
    zeros = mall_of("1", "００1２", false);
    zero = mall_of("1", "12", false);
    assert_true(same(&zeros, &zero));
}

static void mall_number_may_be_missing(void **state)
{
    (void)state;
    static const char *const numbers[] = {"", " ", "　", "1.23457E+11", "1E+12"};
    static const char *const headings[] = {"受注ID", "支払方法", "店舗ID"};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct ledger_hash hash = mall_of("12", numbers[i], i % 2 == 0);
        assert_false(is_set(&hash));
    }
    struct work work;
    struct ledger_hash hash;
    open_work(&work, headings, COUNT(headings));
    struct span *values = calloc(work.schema.count, sizeof *values);
    struct order_row row = {.number = 2, .values = values};
    assert_true(digest_mall(&plenty, &work, &(struct order){&row, 1}, &hash));
    assert_false(is_set(&hash));
    row.damaged = true;
    assert_true(digest_mall(&plenty, &work, &(struct order){&row, 1}, &hash));
    assert_false(is_set(&hash));
    free(values);
    close_work(&work);
}

/* ---- Requests ---- */

/* A shipment of one number. */
static bool hash_shipment(const struct ledger *ledger, struct span number, struct span carrier,
                          struct ledger_hash *hash)
{
    const struct order_shipment shipment = {.number = number, .carrier = carrier};
    return digest_shipment(ledger, &shipment, 1, hash);
}

static void bodies_count_byte_by_byte(void **state)
{
    (void)state;
    struct ledger_hash first;
    struct ledger_hash other;
    assert_true(digest_body(&plenty, (struct span){"{}x", 2}, &first));
    assert_true(digest_body(&plenty, (struct span){"{}y", 2}, &other));
    assert_true(same(&first, &other));
    assert_true(digest_body(&plenty, (struct span){"{} ", 3}, &other));
    assert_false(same(&first, &other));
}

static void shipments_are_number_and_carrier(void **state)
{
    (void)state;
    struct ledger_hash first;
    struct ledger_hash other;
    assert_true(hash_shipment(&plenty, span_of("123456789012"), span_of("ヤマト"), &first));
    assert_true(hash_shipment(&plenty, span_of("１２３４５６７８９０１２"), span_of(" ﾔﾏﾄ"), &other));
    assert_true(same(&first, &other));
    assert_true(hash_shipment(&plenty, span_of("123456789013"), span_of("ヤマト"), &other));
    assert_false(same(&first, &other));
    assert_true(hash_shipment(&plenty, span_of("123456789012"), span_of("見本運輸"), &other));
    assert_false(same(&first, &other));
    assert_true(hash_shipment(&plenty, span_of("0123456789012"), span_of("ヤマト"), &other));
    assert_false(same(&first, &other));
    assert_true(hash_shipment(&plenty, span_of("123456789012"), span_of(""), &first));
    assert_true(hash_shipment(&plenty, span_of("123456789012"), (struct span){NULL, 0}, &other));
    assert_true(same(&first, &other));
}

/* What is reported of several numbers so far is a shipment of its own; of the first alone it is that of one number. */
static void shipments_are_hashed_number_by_number(void **state)
{
    (void)state;
    struct span numbers[] = {span_of("111"), span_of("222"), span_of("333")};
    struct span carriers[] = {span_of("ヤマト"), span_of("見本運輸"), span_of("ヤマト")};
    struct order_shipment shipment = {
        .number = numbers[0], .carrier = carriers[0], .numbers = numbers, .carriers = carriers, .number_count = 3};
    struct ledger_hash parts[3];
    struct ledger_hash one;
    for (size_t i = 0; i < 3; i++)
        assert_true(digest_shipment(&plenty, &shipment, i + 1, &parts[i]));
    assert_true(hash_shipment(&plenty, numbers[0], shipment.carrier, &one));
    assert_true(same(&parts[0], &one));
    assert_false(same(&parts[0], &parts[1]));
    assert_false(same(&parts[1], &parts[2]));
    carriers[1] = carriers[0];
    assert_true(digest_shipment(&plenty, &shipment, 1, &one));
    assert_true(same(&parts[0], &one));
    assert_true(digest_shipment(&plenty, &shipment, 2, &one));
    assert_false(same(&parts[1], &one));
}

/* Only then may the amount be made less where it stands. */
static void amounts_are_told_from_other_changes(void **state)
{
    static const struct {
        enum order_field fields[3];
        bool expected;
    } cases[] = {
        {{ORDER_FIELD_AMOUNT, ORDER_FIELD_ITEM_AMOUNT, ORDER_FIELD_ITEM_QUANTITY}, true},
        {{ORDER_FIELD_AMOUNT, ORDER_FIELD_ITEM_NAME, ORDER_FIELD_ITEM_ID}, true},
        {{ORDER_FIELD_AMOUNT}, true},
        {{ORDER_FIELD_ITEM_NAME}, false},
        {{ORDER_FIELD_AMOUNT, ORDER_FIELD_BUYER_ADDRESS}, false},
        {{ORDER_FIELD_AMOUNT, ORDER_FIELD_DELIVERY_NAME}, false},
        {{ORDER_FIELD_AMOUNT, ORDER_FIELD_ORDERED_AT}, false},
        {{ORDER_FIELD_AMOUNT, ORDER_FIELD_SHIPPING_FEE, ORDER_FIELD_DISCOUNT}, true},
        {{ORDER_FIELD_AMOUNT, ORDER_FIELD_SHIP_DATE}, false},
        {{ORDER_FIELD_NONE}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ledger_content before = {{{0}}, {0}};
        struct ledger_content now = before;
        for (size_t j = 0; j < 3; j++)
            for (size_t k = 0; k < FINGERPRINT_FIELDS_MAX; k++)
                if (cases[i].fields[j] != ORDER_FIELD_NONE && fingerprint_field(k) == cases[i].fields[j])
                    now.fields[k] = 7;
        assert_int_equal(digest_only_amount_changed(&before, &now), cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_have_names),
        cmocka_unit_test(content_is_hashed_as_ever),
        cmocka_unit_test(tags_are_of_their_field),
        cmocka_unit_test(failed_hashes_are_reported),
        cmocka_unit_test(mall_number_names_an_order),
        cmocka_unit_test(mall_number_may_be_missing),
        cmocka_unit_test(bodies_count_byte_by_byte),
        cmocka_unit_test(shipments_are_number_and_carrier),
        cmocka_unit_test(shipments_are_hashed_number_by_number),
        cmocka_unit_test(amounts_are_told_from_other_changes),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
