/* tests/unit/test_fingerprint.c: what of an order is a change and what is not (src/order/fingerprint, src/text/width),
 * and texts without the persons in them (src/order/hiding). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "order/fingerprint.h"
#include "order/hiding.h"
#include "scarce_memory.h"
#include "text/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Width ---- */

static void assert_normalised(struct span text, const char *expected)
{
    struct buf once = {0};
    struct buf twice = {0};
    fold_width(text, &once);
    assert_string_equal(buf_text(&once), expected);
    fold_width((struct span){buf_text(&once), once.length}, &twice);
    assert_string_equal(buf_text(&twice), expected);
    buf_free(&once);
    buf_free(&twice);
}

static void width_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"見本 太郎", "見本 太郎"},
        {"ＡＢｃ１２３！～", "ABc123!~"},
        {"￠￡￢￣￤￥￦", "¢£¬¯¦¥₩"},
        {"｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰ", "。「」、・ヲァィゥェォャュョッー"},
        {"ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉ", "アイウエオカキクケコサシスセソタチツテトナニヌネノ"},
        {"ﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ", "ハヒフヘホマミムメモヤユヨラリルレロワン"},
        {"ｶﾞｷﾞｸﾞｹﾞｺﾞｻﾞｼﾞｽﾞｾﾞｿﾞﾀﾞﾁﾞﾂﾞﾃﾞﾄﾞ", "ガギグゲゴザジズゼゾダヂヅデド"},
        {"ﾊﾞﾋﾞﾌﾞﾍﾞﾎﾞﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟｳﾞ", "バビブベボパピプペポヴ"},
        {"ｱﾞﾅﾞｶﾟﾞﾟ", "ア゛ナ゛カ゜゛゜"}, /* nothing to join */
        {"ｶ ﾞ", "カ ゛"},
        {"ﾊﾞﾞ", "バ゛"},
        {"がガパ", "がガパ"},
        {"\xE2\x80\x90\xE2\x80\x91\xE2\x80\x92\xE2\x80\x93\xE2\x80\x94\xE2\x80\x95\xE2\x88\x92\xEF\xBC\x8D-",
         "---------"},
        {"タワー", "タワー"},
        {"\xE3\x80\x9C\xEF\xBD\x9E~", "~~~"},
        {"  　見本\t\r\n\xC2\xA0　太郎 　\n", "見本 太郎"},
        {" 　\r\n", ""},
        {"𠮷野家 👍", "𠮷野家 👍"},
        {"\xFFx\xE3\x81", "\xFFx\xE3\x81"}, /* no UTF-8 */
        {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_normalised(span_of(cases[i].text), cases[i].expected);
    assert_normalised((struct span){"ｶﾞ", 3}, "カ"); /* a span ends where it says */
    assert_normalised((struct span){NULL, 0}, "");
}

static void width_appends(void **state)
{
    (void)state;
    struct buf out = {0};
    buf_append_text(&out, "x ");
    fold_width(span_of(" Ａ "), &out);
    assert_string_equal(buf_text(&out), "x A");
    buf_free(&out);
}

/* ---- Orders ---- */

enum { LINES = 3 };

/* An order that a test may change. */
struct sample {
    struct order_content content;
    struct content_value items[LINES][CONTENT_ITEM_FIELDS];
};

static struct content_value text(const char *value)
{
    return (struct content_value){.kind = CONTENT_TEXT, .text = span_of(value)};
}

static struct content_value integer(int64_t value)
{
    return (struct content_value){.kind = CONTENT_INTEGER, .integer = value};
}

static void set_item(struct sample *sample, size_t line, const char *id, const char *name, int64_t price)
{
    struct content_value *item = sample->items[line];
    item[0] = text(id);
    item[ORDER_FIELD_ITEM_NAME - ORDER_FIELD_ITEM_ID] = text(name);
    item[ORDER_FIELD_ITEM_UNIT_PRICE - ORDER_FIELD_ITEM_ID] = integer(price);
    item[ORDER_FIELD_ITEM_QUANTITY - ORDER_FIELD_ITEM_ID] = integer(1);
    item[ORDER_FIELD_ITEM_AMOUNT - ORDER_FIELD_ITEM_ID] = integer(price);
}

static void fill(struct sample *sample)
{
    *sample = (struct sample){.content = {.item_count = 2}};
    sample->content.items = sample->items;
    struct content_value *fields = sample->content.fields;
    fields[ORDER_FIELD_ID] = text("1001");
    fields[ORDER_FIELD_ORDERED_AT] = text("2026-11-02T17:54:08+09:00");
    fields[ORDER_FIELD_AMOUNT] = integer(3000);
    fields[ORDER_FIELD_BUYER_NAME] = text("見本 太郎");
    fields[ORDER_FIELD_BUYER_KANA] = text("ミホン タロウ");
    fields[ORDER_FIELD_BUYER_POSTAL_CODE] = text("060-0001");
    fields[ORDER_FIELD_BUYER_ADDRESS] = text("北海道札幌市例示町1-2-3 ガーデン101");
    fields[ORDER_FIELD_BUYER_PHONE] = text("011-000-1234");
    fields[ORDER_FIELD_BUYER_EMAIL] = text("taro@example.com");
    fields[ORDER_FIELD_DELIVERY_NAME] = text("例示 花子");
    fields[ORDER_FIELD_DELIVERY_POSTAL_CODE] = text("100-0001");
    fields[ORDER_FIELD_DELIVERY_ADDRESS] = text("東京都千代田区見本1");
    fields[ORDER_FIELD_DELIVERY_PHONE] = text("03-0000-1234");
    set_item(sample, 0, "A-1", "りんご", 1000);
    set_item(sample, 1, "B-2", "みかん", 2000);
}

/* Where `field` is in the order: of an item, that of the first line. */
static struct content_value *value_at(struct sample *sample, enum order_field field)
{
    return field < ORDER_FIELD_ITEM_ID ? &sample->content.fields[field]
                                       : &sample->items[0][field - ORDER_FIELD_ITEM_ID];
}

/* The fields that differ: bits, by index. */
static uint32_t difference(const struct order_content *before, const struct order_content *now)
{
    struct arena arena = {0};
    struct fingerprint a;
    struct fingerprint b;
    uint32_t differ = 0;
    assert_true(fingerprint_make(before, &arena, &a));
    assert_true(fingerprint_make(now, &arena, &b));
    for (size_t i = 0; i < FINGERPRINT_FIELDS_MAX; i++)
        differ |= (uint32_t)!span_equal(a.fields[i], b.fields[i]) << i;
    arena_free(&arena);
    return differ;
}

static uint32_t bit(enum order_field field)
{
    return UINT32_C(1) << (field - ORDER_FIELD_ORDERED_AT);
}

static uint32_t all_item_fields(void)
{
    return bit(ORDER_FIELD_ITEM_ID) | bit(ORDER_FIELD_ITEM_NAME) | bit(ORDER_FIELD_ITEM_UNIT_PRICE) |
           bit(ORDER_FIELD_ITEM_QUANTITY) | bit(ORDER_FIELD_ITEM_AMOUNT);
}

static void fields_are_all_but_the_id(void **state)
{
    (void)state;
    _Static_assert((int)FINGERPRINT_FIELDS_MAX <= 32, "the ledger's tags");
    assert_int_equal(fingerprint_field(0), ORDER_FIELD_ORDERED_AT);
    assert_int_equal(fingerprint_field(FINGERPRINT_FIELDS - 1), ORDER_FIELD_ITEM_AMOUNT);
    struct sample before;
    struct sample now;
    fill(&before);
    fill(&now);
    now.content.fields[ORDER_FIELD_ID] = text("1002");
    assert_int_equal(difference(&before.content, &now.content), 0);
}

static void texts_are_what_the_header_says(void **state)
{
    (void)state;
    struct sample sample;
    struct arena arena = {0};
    struct fingerprint made;
    static const char *const expected[FINGERPRINT_FIELDS] = {
        "2026-11-02T17:54",
        "3000",
        "見本 太郎",
        "ミホン タロウ",
        "600001",
        "北海道札幌市例示町1-2-3 ガーデン101",
        "110001234",
        "taro@example.com",
        "例示 花子",
        "1000001",
        "東京都千代田区見本1",
        "300001234",
        "3:A-13:B-2",
        "9:りんご9:みかん",
        "4:10004:2000",
        "1:11:1",
        "4:10004:2000",
    };
    fill(&sample);
    assert_true(fingerprint_make(&sample.content, &arena, &made));
    assert_int_equal(made.count, FINGERPRINT_FIELDS);
    for (size_t i = 0; i < FINGERPRINT_FIELDS; i++)
        if (!span_is(made.fields[i], expected[i]))
            fail_msg("%s: %.*s", order_field_name(fingerprint_field(i)), (int)made.fields[i].length,
                     made.fields[i].data);
    sample.content = (struct order_content){.items = sample.items, .item_count = 0};
    assert_true(fingerprint_make(&sample.content, &arena, &made));
    for (size_t i = 0; i < FINGERPRINT_FIELDS; i++) {
        assert_non_null(made.fields[i].data);
        assert_int_equal(made.fields[i].length, 0);
    }
    arena_free(&arena);
}

/* What only extended content has comes behind the rest, which stays as it is; several deliveries stand where the one
 * would. */
static void extended_content_comes_behind(void **state)
{
    (void)state;
    struct sample sample;
    struct sample other;
    struct arena arena = {0};
    struct fingerprint plain;
    struct fingerprint made;
    fill(&sample);
    assert_true(fingerprint_make(&sample.content, &arena, &plain));
    sample.content.fields[ORDER_FIELD_SHIPPING_FEE] = integer(500);
    assert_true(fingerprint_make(&sample.content, &arena, &made));
    assert_int_equal(made.count, FINGERPRINT_FIELDS_MAX);
    for (size_t i = 0; i < FINGERPRINT_FIELDS; i++)
        assert_true(span_equal(made.fields[i], plain.fields[i]));
    assert_int_equal(fingerprint_field(FINGERPRINT_FIELDS + 1), ORDER_FIELD_SHIPPING_FEE);
    assert_true(span_is(made.fields[FINGERPRINT_FIELDS], ""));
    assert_true(span_is(made.fields[FINGERPRINT_FIELDS + 1], "500"));
    fill(&other);
    other.content.fields[ORDER_FIELD_SHIP_DATE] = text("20261105");
    assert_int_equal(difference(&sample.content, &other.content), 3U << FINGERPRINT_FIELDS);

    struct content_delivery delivery = {{text("例示 次郎"), text("100-0002"), text("東京都千代田区見本2"), {0}}, 1};
    fill(&other);
    fill(&sample);
    other.content.deliveries = &delivery;
    other.content.delivery_count = 1;
    assert_true(fingerprint_make(&other.content, &arena, &made));
    assert_int_equal(made.count, FINGERPRINT_FIELDS);
    assert_true(span_is(made.fields[ORDER_FIELD_DELIVERY_NAME - ORDER_FIELD_ORDERED_AT], "13:例示 花子13:例示 次郎"));
    assert_true(span_is(made.fields[ORDER_FIELD_DELIVERY_PHONE - ORDER_FIELD_ORDERED_AT], "9:3000012340:"));
    assert_int_equal(difference(&sample.content, &other.content),
                     bit(ORDER_FIELD_DELIVERY_NAME) | bit(ORDER_FIELD_DELIVERY_POSTAL_CODE) |
                         bit(ORDER_FIELD_DELIVERY_ADDRESS) | bit(ORDER_FIELD_DELIVERY_PHONE));
    /* The buyer's own is one of several, too. */
    for (enum order_field field = ORDER_FIELD_DELIVERY_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++)
        other.content.fields[field] = other.content.fields[order_buyer_field_of(field)];
    assert_true(fingerprint_make(&other.content, &arena, &made));
    assert_true(span_is(made.fields[ORDER_FIELD_DELIVERY_NAME - ORDER_FIELD_ORDERED_AT], "13:見本 太郎13:例示 次郎"));
    arena_free(&arena);
}

static void damage_is_no_change(void **state)
{
    (void)state;
    static const struct {
        enum order_field field;
        const char *now;
    } cases[] = {
        {ORDER_FIELD_ORDERED_AT, "2026-11-02T17:54:00+09:00"},
        {ORDER_FIELD_BUYER_NAME, "見本　太郎"},
        {ORDER_FIELD_BUYER_NAME, " 見本  太郎　"},
        {ORDER_FIELD_BUYER_KANA, "ﾐﾎﾝ ﾀﾛｳ"},
        {ORDER_FIELD_BUYER_POSTAL_CODE, "0600001"},
        {ORDER_FIELD_BUYER_POSTAL_CODE, "60-0001"},
        {ORDER_FIELD_BUYER_POSTAL_CODE, "600001"},
        {ORDER_FIELD_BUYER_POSTAL_CODE, "０６０－０００１"},
        {ORDER_FIELD_BUYER_ADDRESS, "北海道札幌市例示町１－２−３　ｶﾞｰﾃﾞﾝ１０１"},
        {ORDER_FIELD_BUYER_ADDRESS, "北海道札幌市例示町1-2-3\nガーデン101"},
        {ORDER_FIELD_BUYER_PHONE, "0110001234"},
        {ORDER_FIELD_BUYER_PHONE, "110001234"},
        {ORDER_FIELD_BUYER_PHONE, "０１１－０００－１２３４"},
        {ORDER_FIELD_BUYER_EMAIL, "taro＠example.com"},
        {ORDER_FIELD_DELIVERY_NAME, "例示　花子"},
        {ORDER_FIELD_DELIVERY_POSTAL_CODE, "1000001"},
        {ORDER_FIELD_DELIVERY_ADDRESS, "東京都千代田区見本１"},
        {ORDER_FIELD_DELIVERY_PHONE, "300001234"},
        {ORDER_FIELD_ITEM_ID, "Ａ‐１"},
        {ORDER_FIELD_ITEM_NAME, "りんご　"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample before;
        struct sample now;
        fill(&before);
        fill(&now);
        *value_at(&now, cases[i].field) = text(cases[i].now);
        if (difference(&before.content, &now.content) != 0)
            fail_msg("%s: %s", order_field_name(cases[i].field), cases[i].now);
    }
}

static void changes_show_in_their_field(void **state)
{
    (void)state;
    static const struct {
        enum order_field field;
        const char *now;
    } cases[] = {
        {ORDER_FIELD_ORDERED_AT, "2026-11-02T17:55:08+09:00"},
        {ORDER_FIELD_ORDERED_AT, "2026-11-03T17:54:08+09:00"},
        {ORDER_FIELD_AMOUNT, NULL},
        {ORDER_FIELD_BUYER_NAME, "見本 次郎"},
        {ORDER_FIELD_BUYER_NAME, "見本太郎"},
        {ORDER_FIELD_BUYER_NAME, NULL},
        {ORDER_FIELD_BUYER_KANA, "ミポン タロウ"},
        {ORDER_FIELD_BUYER_POSTAL_CODE, "060-0010"},
        {ORDER_FIELD_BUYER_ADDRESS, "北海道札幌市例示町1-23 ガーデン101"},
        {ORDER_FIELD_BUYER_ADDRESS, "北海道札幌市例示町1-2-3 カーデン101"},
        {ORDER_FIELD_BUYER_PHONE, "011-000-1235"},
        {ORDER_FIELD_BUYER_EMAIL, "Taro@example.com"},
        {ORDER_FIELD_DELIVERY_NAME, "例示 花江"},
        {ORDER_FIELD_DELIVERY_POSTAL_CODE, NULL},
        {ORDER_FIELD_DELIVERY_ADDRESS, "東京都千代田区見本2"},
        {ORDER_FIELD_DELIVERY_PHONE, "03-0000-1243"},
        {ORDER_FIELD_ITEM_ID, "A1"},
        {ORDER_FIELD_ITEM_ID, "a-1"},
        {ORDER_FIELD_ITEM_NAME, "りんこ"},
        {ORDER_FIELD_ITEM_NAME, NULL},
        {ORDER_FIELD_ITEM_UNIT_PRICE, NULL},
        {ORDER_FIELD_ITEM_QUANTITY, NULL},
        {ORDER_FIELD_ITEM_AMOUNT, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sample before;
        struct sample now;
        fill(&before);
        fill(&now);
        *value_at(&now, cases[i].field) = cases[i].now != NULL ? text(cases[i].now) : (struct content_value){0};
        if (difference(&before.content, &now.content) != bit(cases[i].field))
            fail_msg("%s: %s", order_field_name(cases[i].field), cases[i].now != NULL ? cases[i].now : "(none)");
    }
}

static void numbers_are_numbers(void **state)
{
    (void)state;
    struct sample before;
    struct sample now;
    fill(&before);
    fill(&now);
    now.content.fields[ORDER_FIELD_AMOUNT] = integer(-3000);
    assert_int_equal(difference(&before.content, &now.content), bit(ORDER_FIELD_AMOUNT));
    before.content.fields[ORDER_FIELD_AMOUNT] = text("－３０００"); /* in a schema that takes it for a text */
    assert_int_equal(difference(&before.content, &now.content), 0);
    now.content.fields[ORDER_FIELD_AMOUNT] = integer(0);
    before.content.fields[ORDER_FIELD_AMOUNT] = (struct content_value){0};
    assert_int_equal(difference(&before.content, &now.content), bit(ORDER_FIELD_AMOUNT));
}

static void absent_is_empty(void **state)
{
    (void)state;
    for (size_t field = ORDER_FIELD_ORDERED_AT; field < ORDER_FIELDS; field++) {
        struct sample before;
        struct sample now;
        fill(&before);
        fill(&now);
        *value_at(&before, (enum order_field)field) = (struct content_value){0};
        *value_at(&now, (enum order_field)field) = text("");
        assert_int_equal(difference(&before.content, &now.content), 0);
        *value_at(&now, (enum order_field)field) = text("　 ");
        assert_int_equal(difference(&before.content, &now.content), 0);
    }
}

static void lines_count(void **state)
{
    (void)state;
    struct sample before;
    struct sample now;
    fill(&before);
    fill(&now);
    set_item(&now, 0, "B-2", "みかん", 2000);
    set_item(&now, 1, "A-1", "りんご", 1000);
    assert_int_equal(difference(&before.content, &now.content),
                     all_item_fields() & ~bit(ORDER_FIELD_ITEM_QUANTITY)); /* 1 and 1 */

    fill(&now);
    now.content.item_count = 1;
    assert_int_equal(difference(&before.content, &now.content), all_item_fields());

    fill(&now);
    now.content.item_count = 3; /* a line that says nothing is a line */
    assert_int_equal(difference(&before.content, &now.content), all_item_fields());

    /* Where one line's text ends and the next one's begins. */
    fill(&now);
    set_item(&before, 0, "A", "りんご", 1000);
    set_item(&before, 1, "1:B", "みかん", 2000);
    set_item(&now, 0, "A1:", "りんご", 1000);
    set_item(&now, 1, "B", "みかん", 2000);
    assert_int_equal(difference(&before.content, &now.content), bit(ORDER_FIELD_ITEM_ID));
}

/* ---- Delivery ---- */

static void drop_delivery(struct sample *sample)
{
    for (size_t field = ORDER_FIELD_DELIVERY_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++)
        sample->content.fields[field] = (struct content_value){0};
}

static void same_delivery_is_none(void **state)
{
    (void)state;
    struct sample before;
    struct sample now;
    fill(&before);
    drop_delivery(&before);
    fill(&now);
    drop_delivery(&now);
    now.content.fields[ORDER_FIELD_DELIVERY_NAME] = text("見本　太郎");
    now.content.fields[ORDER_FIELD_DELIVERY_PHONE] = text("0110001234");
    assert_int_equal(difference(&before.content, &now.content), 0);
    now.content.fields[ORDER_FIELD_DELIVERY_POSTAL_CODE] = text("060-0002");
    assert_int_equal(difference(&before.content, &now.content), bit(ORDER_FIELD_DELIVERY_NAME) |
                                                                    bit(ORDER_FIELD_DELIVERY_PHONE) |
                                                                    bit(ORDER_FIELD_DELIVERY_POSTAL_CODE));
    drop_delivery(&now);
    now.content.fields[ORDER_FIELD_DELIVERY_ADDRESS] = text("東京都千代田区見本1");
    assert_int_equal(difference(&before.content, &now.content), bit(ORDER_FIELD_DELIVERY_ADDRESS));
}

/* ---- Memory ---- */

static bool make_in_scarcity(void *context)
{
    struct arena arena = {0};
    struct fingerprint made;
    bool done = fingerprint_make(context, &arena, &made);
    arena_free(&arena);
    return done;
}

static void scarce_memory_is_reported(void **state)
{
    (void)state;
    enum { LONG = 70000 }; /* more than a block of the arena */
    static char name[LONG];
    struct sample sample;
    bool leaked;
    fill(&sample);
    memset(name, 'x', sizeof name);
    sample.items[1][ORDER_FIELD_ITEM_NAME - ORDER_FIELD_ITEM_ID].text = (struct span){name, sizeof name};
    size_t failures = memory_failures(make_in_scarcity, &sample.content, &leaked);
    assert_false(leaked);
    assert_true(!MEMORY_CAN_BE_SCARCE || failures > 3);
}

/* ---- Hiding ---- */

static void assert_hidden(const struct sample *sample, const char *message, const char *expected)
{
    struct buf buf = {0};
    buf_append_text(&buf, message);
    hiding_apply(&sample->content, &buf);
    assert_string_equal(buf_text(&buf), expected);
    assert_int_equal(buf.length, strlen(expected));
    buf_append_text(&buf, "!"); /* it goes on as any other buffer */
    assert_int_equal(buf.length, strlen(expected) + 1);
    buf_free(&buf);
}

static void persons_are_hidden(void **state)
{
    (void)state;
    struct sample sample;
    fill(&sample);
    static const struct {
        const char *message;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"validation error:items[0].name size must be between 1 and 255",
         "validation error:items[0].name size must be between 1 and 255"},
        {"order 1001: A-1 りんご 1000", "order 1001: A-1 りんご 1000"},
        {"name 見本 太郎 is bad", "name *** is bad"},
        {"見本 太郎", "***"},
        {"見本 太郎/見本 太郎/例示 花子", "***/***/***"},
        {"見本 次郎", "見本 次郎"},
        {"見本　太郎", "見本　太郎"}, /* not as it was sent */
        {"見本 太", "見本 太"},
        {"kana \"ミホン タロウ\"", "kana \"***\""},
        {"060-0001 and 100-0001", "*** and ***"},
        {"北海道札幌市例示町1-2-3 ガーデン101", "***"},
        {"東京都千代田区見本1丁目", "***丁目"},
        {"phone 011-000-1234, 0110001234, 03-0000-1234, 0300001234.", "phone ***, ***, ***, ***."},
        {"phone 011-000-123 or 110001234", "phone 011-000-123 or 110001234"},
        {"<taro@example.com>", "<***>"},
        {"***", "***"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_hidden(&sample, cases[i].message, cases[i].expected);
}

static void overlapping_values_go_together(void **state)
{
    (void)state;
    struct sample sample;
    fill(&sample);
    struct content_value *fields = sample.content.fields;
    fields[ORDER_FIELD_BUYER_NAME] = text("abcde");
    fields[ORDER_FIELD_BUYER_KANA] = text("bcd");
    fields[ORDER_FIELD_DELIVERY_NAME] = text("defgh");
    fields[ORDER_FIELD_BUYER_EMAIL] = text("aaa");
    assert_hidden(&sample, "<abcde>", "<***>");
    assert_hidden(&sample, "<abcdefgh>", "<***>");
    assert_hidden(&sample, "<xbcdefgh>", "<x***>");
    assert_hidden(&sample, "<aaaaa>", "<***>");
    assert_hidden(&sample, "<aaabcdefghi", "<***i");
    assert_hidden(&sample, "aabcd", "aa***");
}

static void short_values_stay(void **state)
{
    (void)state;
    struct sample sample;
    fill(&sample);
    struct content_value *fields = sample.content.fields;
    fields[ORDER_FIELD_BUYER_NAME] = text("or");
    fields[ORDER_FIELD_BUYER_KANA] = text("");
    fields[ORDER_FIELD_DELIVERY_NAME] = text("林");
    fields[ORDER_FIELD_BUYER_PHONE] = text("1-2-");
    fields[ORDER_FIELD_DELIVERY_PHONE] = text("---");
    fields[ORDER_FIELD_DELIVERY_ADDRESS] = integer(1234); /* in a schema that takes it for a number */
    assert_hidden(&sample, "order 12 of 林 1234", "order 12 of *** 1234");
    sample.content = (struct order_content){0};
    assert_hidden(&sample, "order 12", "order 12");
}

/* A message that nobody wrote has no memory. */
static void no_message_stays_none(void **state)
{
    (void)state;
    struct sample sample;
    struct buf message = {0};
    fill(&sample);
    hiding_apply(&sample.content, &message);
    assert_null(message.data);
    assert_int_equal(message.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_is_one),
        cmocka_unit_test(width_appends),
        cmocka_unit_test(fields_are_all_but_the_id),
        cmocka_unit_test(texts_are_what_the_header_says),
        cmocka_unit_test(extended_content_comes_behind),
        cmocka_unit_test(damage_is_no_change),
        cmocka_unit_test(changes_show_in_their_field),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(absent_is_empty),
        cmocka_unit_test(lines_count),
        cmocka_unit_test(same_delivery_is_none),
        cmocka_unit_test(scarce_memory_is_reported),
        cmocka_unit_test(persons_are_hidden),
        cmocka_unit_test(overlapping_values_go_together),
        cmocka_unit_test(short_values_stay),
        cmocka_unit_test(no_message_stays_none),
    };
    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
