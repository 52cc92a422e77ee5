/* tests/unit/test_kuroneko.c: an order in the form of the service's public protocol (src/order/kuroneko), and what that
 * is made with: widths (src/text/wide, kana, cp932) and addresses (src/order/address). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "order/address.h"
#include "order/kuroneko.h"
#include "scarce_memory.h"
#include "text/cp932.h"
#include "text/encoding.h"
#include "text/kana.h"
#include "text/utf8.h"
#include "text/wide.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define WIDE_BLANK "\xE3\x80\x80"

/* `count` times the character あ, or another. */
static const char *many(size_t count, const char *character, struct buf *out)
{
    buf_clear(out);
    buf_append_text(out, "");
    for (size_t i = 0; i < count; i++)
        buf_append_text(out, character);
    return buf_text(out);
}

/* ---- CP932 ---- */

/* The table is what iconv says, character by character. */
static void pairs_are_those_of_iconv(void **state)
{
    (void)state;
    struct error error = {0};
    struct text_codec *codec = text_codec_new(TEXT_CP932, &error);
    uint8_t *expected = calloc(0x110000, 1);
    struct buf text = {0};
    size_t count = 0;
    assert_non_null(codec);
    assert_non_null(expected);
    for (unsigned lead = 0x81; lead <= 0xFC; lead++) {
        for (unsigned trail = 0x40; trail <= 0xFC && (lead <= 0x9F || lead >= 0xE0); trail++) {
            const char bytes[] = {(char)lead, (char)trail};
            size_t bad;
            size_t size;
            buf_clear(&text);
            if (!text_decode(codec, (struct span){bytes, 2}, &text, &bad))
                continue;
            uint32_t character = utf8_decode((struct span){text.data, text.length}, &size);
            expected[character] = character < 0xE000 || character > 0xF8FF; /* 外字 are not counted */
        }
    }
    for (uint32_t character = 0; character < 0x110000; character++) {
        if (cp932_has_pair(character) != (expected[character] != 0))
            fail_msg("U+%04" PRIX32, character);
        count += expected[character];
    }
    assert_int_equal(count, 7326);
    buf_free(&text);
    free(expected);
    text_codec_free(codec);
}

static void pairs_of_note(void **state)
{
    (void)state;
    static const uint32_t there[] = {0x3000, 0x2460, 0x3231, 0x9AD9, 0xFA11, 0xFF5E, 0xFF0D, 0x2225,
                                     0xFFE5, 0x201D, 0x2019, 0x3042, 0x30A2, 0x2170, 0x2015, 0x30FB};
    static const uint32_t lacking[] = {' ',    'A',    0x301C,  0x2212, 0x2016,  0x2014, 0xFF71,
                                       0xE000, 0xFFFD, 0x1F600, 0xA5,   0x20BB7, 0xFFFF, 0x110000};
    for (size_t i = 0; i < COUNT(there); i++)
        assert_true(cp932_has_pair(there[i]));
    for (size_t i = 0; i < COUNT(lacking); i++)
        assert_false(cp932_has_pair(lacking[i]));
}

/* ---- Widths ---- */

static void assert_wide(const char *text, const char *expected)
{
    struct buf once = {0};
    struct buf twice = {0};
    wide_put(span_of(text), &once);
    assert_string_equal(buf_text(&once), expected);
    wide_put((struct span){buf_text(&once), once.length}, &twice);
    assert_string_equal(buf_text(&twice), expected);
    buf_free(&once);
    buf_free(&twice);
}

static void wide_is_as_the_clients_have_it(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wide;
    } cases[] = {
        {"", ""},
        {"見本 太郎", "見本　太郎"},
        {"AZaz09", "ＡＺａｚ０９"},
        {"!#$%&()*+,-./:;<=>?@[]^_`{|}", "！＃＄％＆（）＊＋，－．／：；＜＝＞？＠［］＾＿｀｛｜｝"},
        {"\"'\\~", "”’￥～"}, /* which mb_convert_kana leaves alone */
        {"ｶﾞｷﾞｳﾞﾊﾞﾊﾟﾎﾟｱｧｯｰ｡｢｣､･", "ガギヴバパポアァッー。「」、・"},
        {"ｱﾞﾟ ﾞ", "ア゛゜　゛"},
        {"か\xE3\x82\x99は\xE3\x82\x9Aホ\xE3\x82\x9Aウ\xE3\x82\x99う\xE3\x82\x99", "がぱポヴヴ"},
        {"\xE3\x80\x9C\xE2\x88\x92\xE2\x80\x93\xE2\x80\x94\xE2\x80\x91\xE2\x80\x96", "～－－―‐∥"},
        {"\xC2\xA5\xC2\xA2\xC2\xA3\xC2\xAC\xC2\xA6", "￥￠￡￢￤"},
        {"\xC2\xB7\xE2\x80\xA2\xE2\x8B\xAF\xE3\x82\x94", "・・…ヴ"},
        {" \t見本 \r\n\xC2\xA0太郎\n", "見本　太郎"},
        {"見\xE2\x80\x8B本\xEF\xB8\x8F\xEF\xBB\xBF", "見本"}, /* what cannot be seen */
        {"辻\xF3\xA0\x84\x80", "辻"},
        {"①㈱髙﨑～", "①㈱髙﨑～"},
        {"𠮷👍é", "𠮷👍é"}, /* for others to judge */
        {"\xFF", "\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_wide(cases[i].text, cases[i].wide);
}

/* Every character of one byte becomes one that can be sent, control characters a blank. */
static void wide_of_every_single_byte(void **state)
{
    (void)state;
    struct buf wide = {0};
    for (uint32_t character = 1; character <= 0xFF9F; character = character == 0x7F ? 0xFF61 : character + 1) {
        struct buf text = {0};
        size_t size;
        buf_append_byte(&text, 'x');
        utf8_encode(character, &text);
        buf_append_byte(&text, 'x');
        buf_clear(&wide);
        wide_put((struct span){text.data, text.length}, &wide);
        assert_int_equal(wide.length, 9);
        if (!cp932_has_pair(utf8_decode((struct span){wide.data + 3, 3}, &size)))
            fail_msg("U+%04" PRIX32, character);
        buf_free(&text);
    }
    buf_free(&wide);
}

static void kana_in_half_width(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *narrow; /* NULL: it cannot be */
    } cases[] = {
        {"", ""},
        {"ミホン タロウ", "ﾐﾎﾝ ﾀﾛｳ"},
        {"みほん　がぱっゃー", "ﾐﾎﾝ ｶﾞﾊﾟｯｬｰ"},
        {"ﾐﾎﾝ", "ﾐﾎﾝ"},
        {"ヴヵヶヮヰヱゐゑゔ", "ｳﾞｶｹﾜｲｴｲｴｳﾞ"},
        {"は\xE3\x82\x99", "ﾊﾞ"},
        {"、。「」・゛゜", "､｡｢｣･ﾞﾟ"},
        {"オ－シマ", "ｵｰｼﾏ"},
        {"オ-シマ", "ｵｰｼﾏ"},
        {" ミホン\n", "ﾐﾎﾝ"},
        {"-ミホン", NULL},
        {"ミホン -", NULL},
        {"見本", NULL},
        {"カ）ミホン", NULL},
        {"ミホンA", NULL},
        {"ミホン1", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};
        bool narrow = wide_put_narrow_kana(span_of(cases[i].text), &out);
        assert_int_equal(narrow, cases[i].narrow != NULL);
        if (narrow)
            assert_string_equal(buf_text(&out), cases[i].narrow);
        buf_free(&out);
    }
}

/* Every kana that has a half width comes back as it was. */
static void kana_to_and_fro(void **state)
{
    (void)state;
    size_t count = 0;
    for (uint32_t kana = 0x30A1; kana <= 0x30FC; kana++) {
        uint32_t base;
        uint32_t mark;
        if (!kana_narrowed(kana, &base, &mark))
            continue;
        uint32_t back = mark != 0 ? kana_joined(base, mark) : kana_widened(base);
        count += back == kana;
        if (back != kana && strchr("\xF5\xF6\xEE\xF0\xF1", (int)(kana & 0xFF)) == NULL)
            fail_msg("U+%04" PRIX32, kana);
    }
    assert_int_equal(count, 83);
    for (uint32_t character = 0; character < 0x3000; character++) {
        uint32_t base;
        uint32_t mark;
        assert_false(kana_narrowed(character, &base, &mark));
    }
}

/* ---- Addresses ---- */

static void prefectures(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *prefecture;
    } cases[] = {
        {"東京都千代田区", "東京都"},
        {"北海道", "北海道"},
        {"京都府京都市", "京都府"},
        {"神奈川県", "神奈川県"},
        {"和歌山県", "和歌山県"},
        {"鹿児島県", "鹿児島県"},
        {"沖縄県那覇市", "沖縄県"},
        {"", ""},
        {"東京", ""},
        {"千代田区東京都", ""},
        {"京都市", ""},
        {WIDE_BLANK "東京都", ""},
        {"大坂府", ""},
        {"Tokyo", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(address_prefecture(span_of(cases[i].text)), strlen(cases[i].prefecture));
}

static void street_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool number;
    } cases[] = {
        {"千代田区１－１", true},
        {"千代田区1-1", true},
        {"永田町一丁目七番一号", true},
        {"泉三〇番地", true},
        {"大手前二ノ一", true},
        {"七号線沿い", true},
        {"字見本 番地なし", true},
        {"無番地", true},
        {"札幌市北三条", true},
        {"", false},
        {"千代田区", false},
        {"四日市市", false},
        {"八王子市", false},
        {"三田", false},
        {"上京区下立売通新町西入", false},
        {"番町", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (address_has_number(span_of(cases[i].text)) != cases[i].number)
            fail_msg("%s", cases[i].text);
}

static void addresses_are_parted_well(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *first;
        const char *second;
    } cases[] = {
        {"", "", ""},
        {"東京都千代田区１－１", "東京都千代田区１－１", ""},
        /* Exactly 25. */
        {"東京都千代田区永田町一丁目七番一号見本ビル三階一二", "東京都千代田区永田町一丁目七番一号見本ビル三階一二",
         ""},
        /* At the last blank. */
        {"東京都新宿区西新宿２－８－１　見本タワー　１２階　総務部", "東京都新宿区西新宿２－８－１　見本タワー　１２階",
         "総務部"},
        {"福岡県福岡市博多区東公園７－７　例示ハイツ①号棟１０１号室", "福岡県福岡市博多区東公園７－７",
         "例示ハイツ①号棟１０１号室"},
        /* Behind the number. */
        {"東京都新宿区西新宿二丁目８－１見本タワー十二階総務部総務課", "東京都新宿区西新宿二丁目８－１",
         "見本タワー十二階総務部総務課"},
        /* Where the writing changes. */
        {"愛知県名古屋市中区三の丸三の丸見本サンプルタワービル総務部", "愛知県名古屋市中区三の丸三の丸見本",
         "サンプルタワービル総務部"},
        /* Not within a number, and a room's letter stays with it. */
        {"鹿児島県鹿児島市鴨池新町鴨池新町鴨池新町鴨１２３－４５６７８９０",
         "鹿児島県鹿児島市鴨池新町鴨池新町鴨池新町鴨", "１２３－４５６７８９０"},
        {"鹿児島県鹿児島市鴨池新町鴨池新町鴨池新町鴨池Ａ１２３Ｂ号室階", "鹿児島県鹿児島市鴨池新町鴨池新町鴨池新町鴨池",
         "Ａ１２３Ｂ号室階"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span first;
        struct span second;
        assert_true(address_split(span_of(cases[i].text), KURONEKO_ADDRESS_MAX, &first, &second));
        if (!span_is(first, cases[i].first) || !span_is(second, cases[i].second))
            fail_msg("\"%.*s\", \"%.*s\"", (int)first.length, first.data, (int)second.length, second.data);
    }
}

/* No character but one blank is lost, and no part is too long, whatever stands there. */
static void addresses_are_parted_without_loss(void **state)
{
    (void)state;
    static const char *const pieces[] = {WIDE_BLANK, "１", "－", "区", "ア", "ー", "Ａ", "の"};
    uint32_t seed = 1;
    for (size_t round = 0; round < 4000; round++) {
        struct buf text = {0};
        size_t length = 1 + round % 54;
        buf_append_text(&text, "県");
        for (size_t i = 1; i < length; i++) {
            seed = seed * 1664525U + 1013904223U;
            buf_append_text(&text, pieces[(seed >> 24) % COUNT(pieces)]);
        }
        struct span whole = {text.data, text.length};
        struct span first;
        struct span second;
        bool parted = address_split(whole, KURONEKO_ADDRESS_MAX, &first, &second);
        assert_true(utf8_characters(first) <= KURONEKO_ADDRESS_MAX && utf8_characters(second) <= KURONEKO_ADDRESS_MAX);
        if (length <= 50)
            assert_true(parted);
        if (length > 51)
            assert_false(parted);
        if (parted) {
            size_t between = whole.length - first.length - second.length;
            assert_true(between == 0 || (between == 3 && memcmp(first.data + first.length, WIDE_BLANK, 3) == 0));
            assert_memory_equal(whole.data + whole.length - second.length, second.data, second.length);
        }
        buf_free(&text);
    }
}

/* ---- Orders ---- */

enum { LINES = 14, DELIVERIES = 12 };

/* An order that a test may change. 2026-11-02 12:00 in Japan is its day. */
struct sample {
    struct order_content content;
    struct content_value items[LINES][CONTENT_ITEM_FIELDS];
    struct content_delivery deliveries[DELIVERIES];
    struct kuroneko_terms terms;
};

static struct content_value text(const char *value)
{
    return (struct content_value){.kind = CONTENT_TEXT, .text = span_of(value)};
}

static struct content_value integer(int64_t value)
{
    return (struct content_value){.kind = CONTENT_INTEGER, .integer = value};
}

static const struct content_value none = {.kind = CONTENT_NONE};

static struct content_value *item_of(struct sample *sample, size_t line, enum order_field field)
{
    return &sample->items[line][field - ORDER_FIELD_ITEM_ID];
}

static void set_item(struct sample *sample, size_t line, const char *name, int64_t price, int64_t quantity)
{
    *item_of(sample, line, ORDER_FIELD_ITEM_NAME) = text(name);
    *item_of(sample, line, ORDER_FIELD_ITEM_UNIT_PRICE) = integer(price);
    *item_of(sample, line, ORDER_FIELD_ITEM_QUANTITY) = integer(quantity);
    *item_of(sample, line, ORDER_FIELD_ITEM_AMOUNT) = integer(price * quantity);
}

static void fill(struct sample *sample)
{
    *sample = (struct sample){.content = {.item_count = 2}, .terms = {.ship_days = 10, .now = 1793588400}};
    sample->content.items = sample->items;
    sample->content.deliveries = sample->deliveries;
    struct content_value *fields = sample->content.fields;
    fields[ORDER_FIELD_ID] = text("1001");
    fields[ORDER_FIELD_ORDERED_AT] = text("2026-11-01T23:54:08+09:00");
    fields[ORDER_FIELD_AMOUNT] = integer(4600);
    fields[ORDER_FIELD_SHIPPING_FEE] = integer(500);
    fields[ORDER_FIELD_HANDLING_FEE] = integer(300);
    fields[ORDER_FIELD_DISCOUNT] = integer(200);
    fields[ORDER_FIELD_BUYER_NAME] = text("見本 太郎");
    fields[ORDER_FIELD_BUYER_KANA] = text("ミホン タロウ");
    fields[ORDER_FIELD_BUYER_POSTAL_CODE] = text("100-0001");
    fields[ORDER_FIELD_BUYER_ADDRESS] = text("東京都千代田区1-1");
    fields[ORDER_FIELD_BUYER_PHONE] = text("03-0000-0000");
    fields[ORDER_FIELD_BUYER_EMAIL] = text("taro@example.com");
    set_item(sample, 0, "りんご", 1500, 2);
    set_item(sample, 1, "みかん", 1000, 1);
}

static void put_remark(void *context, const struct kuroneko_remark *remark)
{
    struct buf *out = context;
    buf_printf(out, "%s%s %s %s", out->length > 0 ? "; " : "", remark->code + strlen("KURONEKO_"),
               remark->service != NULL ? remark->service : "-", order_field_name(remark->field));
    if (remark->item != SIZE_MAX)
        buf_printf(out, "[%zu]", remark->item);
    for (size_t i = 0; i < FINDING_ARGS; i++) {
        struct span arg = remark->args[i];
        bool service = remark->service != NULL && span_is(arg, remark->service);
        if (arg.length > 0 && !service)
            buf_printf(out, " %.*s", (int)arg.length, arg.data);
    }
}

/* The remarks that an order gets, as "CODE service field[line] args; …". `order` is in `arena`. */
static void assert_remarks(struct sample *sample, struct arena *arena, struct kuroneko_order *order,
                           const char *expected)
{
    struct buf told = {0};
    struct kuroneko_order untold;
    buf_append_text(&told, "");
    assert_true(kuroneko_convert(&sample->content, &sample->terms, arena, put_remark, &told, order));
    assert_string_equal(buf_text(&told), expected);
    buf_free(&told);
    /* What is sent does not hang on who listens, nor on whether it may be cut. */
    sample->terms.fit = !sample->terms.fit;
    assert_true(kuroneko_convert(&sample->content, &sample->terms, arena, NULL, NULL, &untold));
    sample->terms.fit = !sample->terms.fit;
    assert_true(span_equal(untold.name, order->name) && span_equal(untold.address2, order->address2));
    assert_int_equal(untold.item_count, order->item_count);
    int64_t sum = 0;
    for (size_t i = 0; i < order->item_count; i++)
        sum += order->items[i].amount;
    if (*expected == '\0')
        assert_int_equal(sum, order->amount);
}

static void assert_span(struct span found, const char *expected)
{
    if (!span_is(found, expected))
        fail_msg("\"%.*s\", not \"%s\"", (int)found.length, found.data, expected);
}

static void assert_item(const struct kuroneko_item *item, const char *name, int64_t amount, int64_t price,
                        int64_t quantity)
{
    assert_span(item->name, name);
    assert_int_equal(item->amount, amount);
    assert_int_equal(item->unit_price, price);
    assert_int_equal(item->quantity, quantity);
}

/* Nothing is lost of an ordinary order, and nothing is said. */
static void a_good_order_is_silent(void **state)
{
    (void)state;
    static struct sample sample;
    struct kuroneko_order order;
    struct arena arena = {0};
    fill(&sample);
    assert_remarks(&sample, &arena, &order, "");
    assert_string_equal(order.order_date, "20261101");
    assert_string_equal(order.ship_date, "20261112");
    assert_span(order.name, "見本　太郎");
    assert_span(order.kana, "ﾐﾎﾝ ﾀﾛｳ");
    assert_span(order.postal_code, "1000001");
    assert_span(order.address1, "東京都千代田区１－１");
    assert_span(order.address2, "");
    assert_span(order.phone, "0300000000");
    assert_span(order.email, "taro@example.com");
    assert_int_equal(order.amount, 4600);
    assert_int_equal(order.delivery_kind, 0);
    assert_int_equal(order.delivery_count, 0);
    assert_int_equal(order.item_count, 5);
    assert_item(&order.items[0], "りんご", 3000, 1500, 2);
    assert_item(&order.items[1], "みかん", 1000, 1000, 1);
    assert_item(&order.items[2], "送料", 500, 0, 0);
    assert_item(&order.items[3], "手数料", 300, 0, 0);
    assert_item(&order.items[4], "値引", -200, 0, 0);
    arena_free(&arena);
}

/* A change of one field, and what is remarked. */
struct change {
    enum order_field field;
    struct content_value value;
    const char *remarks;
};

static void check_changes(const struct change *changes, size_t count)
{
    static struct sample sample;
    for (size_t i = 0; i < count; i++) {
        struct kuroneko_order order;
        struct arena arena = {0};
        fill(&sample);
        if (changes[i].field >= ORDER_FIELD_ITEM_ID)
            *item_of(&sample, 1, changes[i].field) = changes[i].value;
        else
            sample.content.fields[changes[i].field] = changes[i].value;
        assert_remarks(&sample, &arena, &order, changes[i].remarks);
        arena_free(&arena);
    }
}

static void what_is_needed(void **state)
{
    (void)state;
    const struct change changes[] = {
        {ORDER_FIELD_BUYER_NAME, none, "REQUIRED kaara019E buyer.name"},
        {ORDER_FIELD_BUYER_NAME, text("\xE2\x80\x8B"), "REQUIRED kaara019E buyer.name"},
        {ORDER_FIELD_BUYER_KANA, none, ""},
        {ORDER_FIELD_BUYER_POSTAL_CODE, none, "REQUIRED kaara025E buyer.postalCode"},
        {ORDER_FIELD_BUYER_ADDRESS, none, "REQUIRED kaara030E buyer.address"},
        {ORDER_FIELD_BUYER_PHONE, none, "REQUIRED kaara038E buyer.phone"},
        {ORDER_FIELD_BUYER_EMAIL, none, ""},
        {ORDER_FIELD_ORDERED_AT, none, "REQUIRED kaara010E orderedAt"},
        {ORDER_FIELD_AMOUNT, none, "REQUIRED kaara046E amount"},
        {ORDER_FIELD_ITEM_NAME, none, "REQUIRED kaara057E items.name[1]"},
    };
    check_changes(changes, COUNT(changes));
}

static void forms_of_values(void **state)
{
    (void)state;
    const struct change changes[] = {
        {ORDER_FIELD_BUYER_POSTAL_CODE, text("1000001"), ""},
        {ORDER_FIELD_BUYER_POSTAL_CODE, text("100000"), "POSTAL_CODE kaara028E buyer.postalCode 100000"},
        {ORDER_FIELD_BUYER_POSTAL_CODE, text("100-0001x"), "POSTAL_CODE kaara028E buyer.postalCode 100-0001x"},
        {ORDER_FIELD_BUYER_PHONE, text("090-0000-0001"), ""},
        {ORDER_FIELD_BUYER_PHONE, text("05000000001"), ""}, /* of which nothing is told */
        {ORDER_FIELD_BUYER_PHONE, text("030000000"), "PHONE kaara040E buyer.phone 030000000"},
        {ORDER_FIELD_BUYER_PHONE, text("090000000012"), "PHONE kaara040E buyer.phone 090000000012"},
        {ORDER_FIELD_BUYER_PHONE, text("1300000000"), "PHONE kaara040E buyer.phone 1300000000"},
        {ORDER_FIELD_BUYER_PHONE, text("なし"), "PHONE kaara040E buyer.phone なし"},
        {ORDER_FIELD_BUYER_EMAIL, text("taro"), "EMAIL kaara043E buyer.email taro"},
        {ORDER_FIELD_BUYER_EMAIL, text("太郎@example.com"), "EMAIL kaara043E buyer.email 太郎@example.com"},
        {ORDER_FIELD_BUYER_KANA, text("見本"), "KANA_LEFT_OUT kaara023E buyer.nameKana 見本"},
        {ORDER_FIELD_BUYER_NAME, text("見本\n太郎"), "LINE_BREAK - buyer.name 見本　太郎"},
        {ORDER_FIELD_BUYER_NAME, text("見本太郎\r\n"), ""}, /* nothing is lost at the end */
        {ORDER_FIELD_BUYER_NAME, text("髙橋 ①㈱﨑～"), ""},
        {ORDER_FIELD_BUYER_NAME, text("\xE3\x80\x9C\xE2\x88\x92"), ""},
        {ORDER_FIELD_BUYER_NAME, text("A 𠮷田👍𠮷"),
         "CHARACTER kaara022E buyer.name 𠮷 U+20BB7 3; CHARACTER kaara022E buyer.name 👍 U+1F44D 5"},
        {ORDER_FIELD_ITEM_NAME, text("Café"), "CHARACTER kaara056E items.name[1] é U+00E9 4"},
        {ORDER_FIELD_BUYER_ADDRESS, text("東京都千代田区"), "STREET_NUMBER kaara103E buyer.address 東京都千代田区"},
        {ORDER_FIELD_BUYER_ADDRESS, text("千代田区1-1"), "PREFECTURE kaara034E buyer.address 千代田区１－１"},
        {ORDER_FIELD_BUYER_ADDRESS, text("四日市市"),
         "PREFECTURE kaara034E buyer.address 四日市市; STREET_NUMBER kaara103E buyer.address 四日市市"},
        {ORDER_FIELD_BUYER_ADDRESS, text("東京都東京都千代田区1"), ""},
        {ORDER_FIELD_BUYER_ADDRESS, text("東京都 東京都千代田区1"), ""},
    };
    check_changes(changes, COUNT(changes));
}

static void remember_code(void *context, const struct kuroneko_remark *remark)
{
    *(const char **)context = remark->code;
}

/* Codes that a file gets only where a schema of the merchant's own takes these columns for plain texts. */
static void codes_of_untyped_values(void **state)
{
    (void)state;
    static const struct {
        enum order_field field;
        const char *value;
        const char *code;
    } cases[] = {
        {ORDER_FIELD_BUYER_POSTAL_CODE, "100", "KURONEKO_POSTAL_CODE"},
        {ORDER_FIELD_BUYER_PHONE, "100", "KURONEKO_PHONE"},
        {ORDER_FIELD_BUYER_EMAIL, "taro", "KURONEKO_EMAIL"},
        {ORDER_FIELD_AMOUNT, "1000000", "KURONEKO_AMOUNT"},
    };
    static struct sample sample;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kuroneko_order order;
        struct arena arena = {0};
        const char *first = NULL;
        fill(&sample);
        sample.content.item_count = 0;
        sample.content.fields[cases[i].field] = text(cases[i].value);
        if (cases[i].field != ORDER_FIELD_AMOUNT)
            sample.content.fields[ORDER_FIELD_AMOUNT] = integer(600);
        sample.content.fields[ORDER_FIELD_SHIPPING_FEE] = sample.content.fields[ORDER_FIELD_AMOUNT];
        sample.content.fields[ORDER_FIELD_HANDLING_FEE] = none;
        sample.content.fields[ORDER_FIELD_DISCOUNT] = none;
        assert_true(kuroneko_convert(&sample.content, &sample.terms, &arena, remember_code, &first, &order));
        assert_string_equal(first != NULL ? first : "", cases[i].code);
        arena_free(&arena);
    }
}

static void lengths_on_both_sides(void **state)
{
    (void)state;
    static const struct {
        enum order_field field;
        const char *before; /* what comes before the あ's */
        size_t most;
        const char *service;
        const char *character;
    } limits[] = {
        {ORDER_FIELD_BUYER_NAME, "", 30, "kaara021E", "あ"},
        {ORDER_FIELD_BUYER_KANA, "", 80, "kaara024E", "ア"},
        {ORDER_FIELD_BUYER_ADDRESS, "東京都１", 50, "kaara036E", "あ"},
        {ORDER_FIELD_ITEM_NAME, "", 30, "kaara055E", "あ"},
        {ORDER_FIELD_BUYER_EMAIL, "x@", 64, "kaara044E", "a"},
    };
    static struct sample sample;
    struct buf value = {0};
    struct buf cell = {0};
    struct buf expected = {0};
    for (size_t i = 0; i < COUNT(limits) * 3; i++) {
        const bool fit = i % 3 == 2;
        const bool over = i % 3 > 0;
        size_t limit = i / 3;
        size_t before = utf8_characters(span_of(limits[limit].before));
        bool email = limits[limit].field == ORDER_FIELD_BUYER_EMAIL;
        bool item = limits[limit].field == ORDER_FIELD_ITEM_NAME;
        bool address = limits[limit].field == ORDER_FIELD_BUYER_ADDRESS;
        struct kuroneko_order order;
        struct arena arena = {0};
        fill(&sample);
        sample.terms.fit = fit;
        buf_clear(&cell);
        buf_printf(&cell, "%s%s", limits[limit].before,
                   many(limits[limit].most - before + over, limits[limit].character, &value));
        struct content_value *at =
            item ? item_of(&sample, 1, ORDER_FIELD_ITEM_NAME) : &sample.content.fields[limits[limit].field];
        *at = text(buf_text(&cell));
        buf_clear(&expected);
        buf_append_text(&expected, "");
        if (over)
            buf_printf(&expected, "%s%s %s %s%s %zu ", address ? "ADDRESS_" : "",
                       fit ? (email ? "EMAIL_LEFT_OUT" : "CUT") : (address ? "LONG" : "TOO_LONG"),
                       limits[limit].service, order_field_name(limits[limit].field), item ? "[1]" : "",
                       limits[limit].most);
        if (over && !fit)
            buf_printf(&expected, "%zu", limits[limit].most + 1);
        if (fit)
            buf_printf(&expected, "%s%s", limits[limit].before,
                       many(limits[limit].most - before + email,
                            limits[limit].field == ORDER_FIELD_BUYER_KANA ? "ｱ" : limits[limit].character, &value));
        assert_remarks(&sample, &arena, &order, buf_text(&expected));
        if (email)
            assert_int_equal(order.email.length, over ? 0 : 64);
        arena_free(&arena);
    }
    buf_free(&value);
    buf_free(&cell);
    buf_free(&expected);
}

static void what_is_cut_ends_with_a_character(void **state)
{
    (void)state;
    static struct sample sample;
    struct kuroneko_order order;
    struct arena arena = {0};
    struct buf name = {0};
    fill(&sample);
    sample.terms.fit = true;
    many(29, "あ", &name);
    buf_append_text(&name, " いう👍"); /* what is not sent may be anything */
    sample.content.fields[ORDER_FIELD_BUYER_NAME] = text(buf_text(&name));
    struct buf expected = {0};
    name.data[29 * 3] = '\0';
    buf_printf(&expected, "CUT kaara021E buyer.name 30 %s", name.data);
    name.data[29 * 3] = ' ';
    assert_remarks(&sample, &arena, &order, buf_text(&expected));
    buf_free(&name);
    buf_free(&expected);
    arena_free(&arena);
}

/* ---- Days ---- */

static void days(void **state)
{
    (void)state;
    static const struct {
        const char *ordered;
        const char *ship; /* NULL: none */
        unsigned ship_days;
        const char *sent;
        const char *remarks;
    } cases[] = {
        {"2026-11-01T10:00:00+09:00", NULL, 0, "20261102", ""},
        {"2026-11-01T10:00:00+09:00", NULL, 90, "20270131", ""},
        {"2026-11-01T10:00:00+09:00", "20261101", 10, "20261101", ""},
        {"2026-11-01T10:00:00+09:00", "20261031", 10, "20261031",
         "SHIP_DATE_EARLY kaara100E shipDate[1] 2026-11-01 2026-10-31"},
        {"2026-11-01T10:00:00+09:00", "20270131", 10, "20270131", ""},
        {"2026-11-01T10:00:00+09:00", "20270201", 10, "20270201",
         "SHIP_DATE_LATE kaara018E shipDate[1] 2027-01-31 2027-02-01"},
        /* An order of a day to come: no default lies before it. */
        {"2026-11-20T10:00:00+09:00", NULL, 10, "20261120", ""},
        {"2027-03-01T10:00:00+09:00", NULL, 10, "20270301", "SHIP_DATE_LATE kaara018E shipDate 2027-01-31 2027-03-01"},
        {"2026-02-28T10:00:00+09:00", "20260228", 10, "20260228", ""},
    };
    static struct sample sample;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kuroneko_order order;
        struct arena arena = {0};
        fill(&sample);
        sample.terms.ship_days = cases[i].ship_days;
        sample.content.ship_date_line = 1;
        sample.content.fields[ORDER_FIELD_ORDERED_AT] = text(cases[i].ordered);
        if (cases[i].ship != NULL)
            sample.content.fields[ORDER_FIELD_SHIP_DATE] = text(cases[i].ship);
        assert_remarks(&sample, &arena, &order, cases[i].remarks);
        assert_string_equal(order.ship_date, cases[i].sent);
        arena_free(&arena);
    }
}

/* Around every end of a month, leap days among them: what is a day later is one more. */
static void days_follow_each_other(void **state)
{
    (void)state;
    static struct sample sample;
    const int64_t day = 24 * 3600;
    fill(&sample);
    for (int64_t now = 1582988400; now < 1582988400 + 1500 * day; now += day) { /* from 2020-03-01 on */
        struct kuroneko_order order;
        struct arena arena = {0};
        char today[15];
        char expected[15];
        kuroneko_time(now, today);
        kuroneko_time(now + 10 * day, expected);
        expected[8] = '\0';
        sample.terms.now = now;
        sample.content.fields[ORDER_FIELD_ORDERED_AT] = text(today);
        assert_remarks(&sample, &arena, &order, "");
        assert_string_equal(order.ship_date, expected);
        arena_free(&arena);
    }
}

static void time_is_japans(void **state)
{
    (void)state;
    char text[15];
    kuroneko_time(0, text);
    assert_string_equal(text, "19700101090000");
    kuroneko_time(1793545199, text);
    assert_string_equal(text, "20261101235959");
    kuroneko_time(1793545200, text);
    assert_string_equal(text, "20261102000000");
}

/* ---- Items ---- */

static void amounts(void **state)
{
    (void)state;
    const struct change changes[] = {
        {ORDER_FIELD_AMOUNT, integer(4601), "SUM kaara101E amount 4600 4601"},
        {ORDER_FIELD_AMOUNT, integer(0), "AMOUNT kaara049E amount 999999 0"},
        {ORDER_FIELD_SHIPPING_FEE, none, "SUM kaara101E amount 4100 4600"},
        {ORDER_FIELD_ITEM_AMOUNT, integer(1000000),
         "ITEM_AMOUNT kaara064E items.amount[1] 999999 1000000; SUM kaara101E amount 1003600 4600"},
        {ORDER_FIELD_ITEM_AMOUNT, integer(-1000000),
         "ITEM_AMOUNT kaara065E items.amount[1] 999999 -1000000; SUM kaara101E amount -996400 4600"},
        {ORDER_FIELD_ITEM_AMOUNT, none, ""}, /* 単価 × 個数 */
    };
    static struct sample sample;
    struct kuroneko_order order;
    struct arena arena = {0};
    check_changes(changes, COUNT(changes));
    /* The largest amount, and one more. */
    for (int64_t amount = 999999; amount <= 1000000; amount++) {
        fill(&sample);
        sample.content.item_count = 1;
        for (enum order_field field = ORDER_FIELD_SHIPPING_FEE; field <= ORDER_FIELD_DISCOUNT; field++)
            sample.content.fields[field] = none;
        set_item(&sample, 0, "りんご", amount, 1);
        sample.content.fields[ORDER_FIELD_AMOUNT] = integer(amount);
        assert_remarks(&sample, &arena, &order,
                       amount == 999999 ? ""
                                        : "AMOUNT kaara049E amount 999999 1000000; "
                                          "ITEM_AMOUNT kaara064E items.amount[0] 999999 1000000");
    }
    arena_free(&arena);
}

/* 単価 and 個数 go along only where they make the 小計. */
static void prices_only_where_they_are_right(void **state)
{
    (void)state;
    static struct sample sample;
    struct kuroneko_order order;
    struct arena arena = {0};
    fill(&sample);
    *item_of(&sample, 0, ORDER_FIELD_ITEM_UNIT_PRICE) = integer(1499);
    *item_of(&sample, 1, ORDER_FIELD_ITEM_QUANTITY) = none;
    assert_remarks(&sample, &arena, &order, "");
    assert_item(&order.items[0], "りんご", 3000, 0, 0);
    assert_item(&order.items[1], "みかん", 1000, 0, 0);
    set_item(&sample, 0, "りんご", 0, 10000);
    set_item(&sample, 1, "みかん", 4000, 1);
    assert_remarks(&sample, &arena, &order, "");
    assert_item(&order.items[0], "りんご", 0, 0, 0);
    arena_free(&arena);
}

/* Where one line has no amount, it is what is left; of two nobody knows. */
static void an_amount_that_is_left(void **state)
{
    (void)state;
    static struct sample sample;
    struct kuroneko_order order;
    struct arena arena = {0};
    fill(&sample);
    for (enum order_field field = ORDER_FIELD_ITEM_UNIT_PRICE; field <= ORDER_FIELD_ITEM_AMOUNT; field++)
        *item_of(&sample, 1, field) = none;
    assert_remarks(&sample, &arena, &order, "");
    assert_item(&order.items[1], "みかん", 1000, 0, 0);
    sample.content.fields[ORDER_FIELD_AMOUNT] = integer(3599);
    assert_remarks(&sample, &arena, &order, "REQUIRED kaara064E items.amount[1]");
    for (enum order_field field = ORDER_FIELD_ITEM_UNIT_PRICE; field <= ORDER_FIELD_ITEM_AMOUNT; field++)
        *item_of(&sample, 0, field) = none;
    assert_remarks(&sample, &arena, &order, "REQUIRED kaara064E items.amount[0]; REQUIRED kaara064E items.amount[1]");
    arena_free(&arena);
}

/* Ten items, fees among them; beyond that the last goods are one. */
static void lines_are_folded(void **state)
{
    (void)state;
    static const struct {
        size_t lines;
        bool fees; /* all three */
        size_t items;
        const char *remarks;
    } cases[] = {
        {10, false, 10, ""},
        {11, false, 10, "ITEMS_FOLDED - items.name[9] その他商品 2 2100"},
        {14, false, 10, "ITEMS_FOLDED - items.name[9] その他商品 5 6000"},
        {7, true, 10, ""},
        {8, true, 10, "ITEMS_FOLDED - items.name[6] その他商品 2 1500"},
        {14, true, 10, "ITEMS_FOLDED - items.name[6] その他商品 8 8400"},
    };
    static struct sample sample;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kuroneko_order order;
        struct arena arena = {0};
        int64_t sum = cases[i].fees ? 600 : 0;
        fill(&sample);
        for (size_t line = 0; line < cases[i].lines; line++) {
            set_item(&sample, line, "りんご", (int64_t)(line + 1) * 100, 1);
            sum += (int64_t)(line + 1) * 100;
        }
        sample.content.item_count = cases[i].lines;
        if (!cases[i].fees)
            for (enum order_field field = ORDER_FIELD_SHIPPING_FEE; field <= ORDER_FIELD_DISCOUNT; field++)
                sample.content.fields[field] = none;
        sample.content.fields[ORDER_FIELD_AMOUNT] = integer(sum);
        struct buf told = {0};
        buf_append_text(&told, "");
        assert_true(kuroneko_convert(&sample.content, &sample.terms, &arena, put_remark, &told, &order));
        assert_int_equal(order.item_count, cases[i].items);
        int64_t total = 0;
        for (size_t item = 0; item < order.item_count; item++)
            total += order.items[item].amount;
        assert_int_equal(total, sum);
        assert_string_equal(buf_text(&told), cases[i].remarks);
        buf_free(&told);
        arena_free(&arena);
    }
}

/* ---- Deliveries ---- */

static void set_delivery(struct content_value fields[CONTENT_DELIVERY_FIELDS], const char *name,
                         const char *postal_code, const char *address, const char *phone)
{
    const char *const texts[CONTENT_DELIVERY_FIELDS] = {name, postal_code, address, phone};
    for (size_t i = 0; i < CONTENT_DELIVERY_FIELDS; i++)
        fields[i] = texts[i] != NULL ? text(texts[i]) : none;
}

static void deliveries(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *postal_code;
        const char *address;
        const char *phone;
        unsigned kind;
        const char *remarks;
    } cases[] = {
        {NULL, NULL, NULL, NULL, 0, ""},
        /* What the buyer's says in another width, with other blanks and hyphens, is the buyer's. */
        {"見本太郎", "1000001", "東京都 千代田区１－１", "0300000000", 0, ""},
        {"見本　太郎", NULL, NULL, NULL, 0, ""},
        {"見本 花子", "530-0001", "大阪府大阪市北区1", "06-0000-0000", 1, ""},
        {"見本 花子", "530-0001", "大阪府大阪市北区1", NULL, 1, ""},
        {"見本 花子", NULL, NULL, NULL, 1,
         "DELIVERY_INCOMPLETE kaara102E delivery.postalCode[3]; DELIVERY_INCOMPLETE kaara102E delivery.address[3]"},
        {NULL, "530-0001", "大阪府大阪市北区1", NULL, 1, "DELIVERY_INCOMPLETE kaara102E delivery.name[3]"},
        {"見本 花子", "530-0001", "大阪市北区", "12", 1,
         "PREFECTURE kaara078E delivery.address[3] 大阪市北区; STREET_NUMBER kaara104E delivery.address[3] 大阪市北区; "
         "PHONE kaara084E delivery.phone[3] 12"},
        {"👍", "53", "大阪府1", NULL, 1,
         "CHARACTER kaara068E delivery.name[3] 👍 U+1F44D 1; POSTAL_CODE kaara072E delivery.postalCode[3] 53"},
    };
    static struct sample sample;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kuroneko_order order;
        struct arena arena = {0};
        fill(&sample);
        sample.content.delivery_line = 3;
        set_delivery(sample.content.fields + ORDER_FIELD_DELIVERY_NAME, cases[i].name, cases[i].postal_code,
                     cases[i].address, cases[i].phone);
        assert_remarks(&sample, &arena, &order, cases[i].remarks);
        assert_int_equal(order.delivery_kind, cases[i].kind);
        assert_int_equal(order.delivery_count, cases[i].kind);
        arena_free(&arena);
    }
}

static void several_deliveries(void **state)
{
    (void)state;
    static struct sample sample;
    struct kuroneko_order order;
    struct arena arena = {0};
    static char names[DELIVERIES][16];
    fill(&sample);
    set_delivery(sample.content.fields + ORDER_FIELD_DELIVERY_NAME, "見本 花子", "530-0001", "大阪府大阪市北区1", NULL);
    /* The buyer's own among them is one like the others, with what the buyer's address says. */
    set_delivery(sample.deliveries[0].fields, "見本太郎", NULL, NULL, NULL);
    /* One that differs in nothing but width is no other. */
    set_delivery(sample.deliveries[1].fields, "見本　花子", "5300001", "大阪府大阪市北区１", NULL);
    sample.content.delivery_count = 2;
    assert_remarks(&sample, &arena, &order, "");
    assert_int_equal(order.delivery_kind, 1);
    assert_int_equal(order.delivery_count, 2);
    assert_span(order.deliveries[0].name, "見本　花子");
    assert_span(order.deliveries[0].postal_code, "5300001");
    assert_span(order.deliveries[0].address1, "大阪府大阪市北区１");
    assert_span(order.deliveries[0].phone, "");
    assert_span(order.deliveries[1].name, "見本　太郎");
    assert_span(order.deliveries[1].postal_code, "1000001");
    assert_span(order.deliveries[1].phone, "0300000000");
    for (size_t i = 0; i < 10; i++) {
        snprintf(names[i], sizeof names[i], "見本%zu", i);
        set_delivery(sample.deliveries[i].fields, names[i], "530-0001", "大阪府大阪市北区1", NULL);
    }
    sample.content.delivery_count = 9;
    assert_remarks(&sample, &arena, &order, "");
    assert_int_equal(order.delivery_count, 10);
    sample.content.delivery_count = 10;
    assert_remarks(&sample, &arena, &order, "DELIVERIES - delivery.name 10 11");
    assert_int_equal(order.delivery_count, 10);
    arena_free(&arena);
}

/* ---- Shipments ---- */

static void parcels(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        const char *carrier;
        enum kuroneko_process process;
        const char *sent;
        const char *fault; /* NULL: none */
    } cases[] = {
        {"123456789013", "ヤマト運輸", KURONEKO_PROCESS_YAMATO, "123456789013", NULL},
        {"1234-5678-9013", "ﾔﾏﾄ運輸", KURONEKO_PROCESS_YAMATO, "123456789013", NULL},
        {"１２３４－５６７８－９０１３", "クロネコDM便", KURONEKO_PROCESS_YAMATO, "123456789013", NULL},
        {"1234 5678 9013", "（株）ｸﾛﾈｺ", KURONEKO_PROCESS_YAMATO, "123456789013", NULL},
        {"123456789012", "ヤマト", KURONEKO_PROCESS_YAMATO, "123456789012", "kaasl014E"},
        {"12345678901", "ヤマト", KURONEKO_PROCESS_YAMATO, "12345678901", "kaasl010E"},
        {"1234567890130", "ヤマト", KURONEKO_PROCESS_YAMATO, "1234567890130", "kaasl010E"},
        {"12345678901A", "ヤマト", KURONEKO_PROCESS_YAMATO, "12345678901A", "kaasl012E"},
        {"123456789012", "佐川急便", KURONEKO_PROCESS_OTHER, "123456789012", NULL},
        {"AB-12", "", KURONEKO_PROCESS_OTHER, "AB12", NULL},
        {"12345678901234567890", "ヤマ", KURONEKO_PROCESS_OTHER, "12345678901234567890", NULL},
        {"123456789012345678901", "日本郵便", KURONEKO_PROCESS_OTHER, "12345678901234567890", "kaasl044E"},
        {"12/34", "日本郵便", KURONEKO_PROCESS_OTHER, "12/34", "kaasl044E"},
        {"--", "日本郵便", KURONEKO_PROCESS_OTHER, "", "kaasl044E"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char number[KURONEKO_PAYMENT_NUMBER_MAX + 1];
        struct span given = span_of(cases[i].number);
        assert_int_equal(kuroneko_parcel(given, span_of(cases[i].carrier), number), cases[i].process);
        assert_string_equal(number, cases[i].sent);
        const char *fault = kuroneko_parcel_fault(cases[i].process, given);
        assert_string_equal(fault != NULL ? fault : "", cases[i].fault != NULL ? cases[i].fault : "");
    }
}

static void order_numbers(void **state)
{
    (void)state;
    static const char *const good[] = {"1", "12345678901234567890", "1001-2", "Ab_9"};
    static const char *const bad[] = {"", "123456789012345678901", "1 2", "１", "a.b"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(kuroneko_is_order_number(span_of(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(kuroneko_is_order_number(span_of(bad[i])));
}

/* ---- Memory ---- */

static void forget(void *context, const struct kuroneko_remark *remark)
{
    (void)context;
    (void)remark;
}

static bool convert_some(void *context)
{
    static struct sample sample;
    struct kuroneko_order order;
    struct arena arena = {0};
    (void)context;
    fill(&sample);
    set_delivery(sample.content.fields + ORDER_FIELD_DELIVERY_NAME, "👍", "5", "大阪", "1");
    sample.content.fields[ORDER_FIELD_BUYER_KANA] = text("見本");
    bool done = kuroneko_convert(&sample.content, &sample.terms, &arena, forget, NULL, &order);
    arena_free(&arena);
    return done;
}

static void conversion_says_that_memory_ran_out(void **state)
{
    (void)state;
    bool leaked;
    size_t failures = memory_failures(convert_some, NULL, &leaked);
    assert_int_equal(failures > 0, MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_those_of_iconv),
        cmocka_unit_test(pairs_of_note),
        cmocka_unit_test(wide_is_as_the_clients_have_it),
        cmocka_unit_test(wide_of_every_single_byte),
        cmocka_unit_test(kana_in_half_width),
        cmocka_unit_test(kana_to_and_fro),
        cmocka_unit_test(prefectures),
        cmocka_unit_test(street_numbers),
        cmocka_unit_test(addresses_are_parted_well),
        cmocka_unit_test(addresses_are_parted_without_loss),
        cmocka_unit_test(a_good_order_is_silent),
        cmocka_unit_test(what_is_needed),
        cmocka_unit_test(forms_of_values),
        cmocka_unit_test(codes_of_untyped_values),
        cmocka_unit_test(lengths_on_both_sides),
        cmocka_unit_test(what_is_cut_ends_with_a_character),
        cmocka_unit_test(days),
        cmocka_unit_test(days_follow_each_other),
        cmocka_unit_test(time_is_japans),
        cmocka_unit_test(amounts),
        cmocka_unit_test(prices_only_where_they_are_right),
        cmocka_unit_test(an_amount_that_is_left),
        cmocka_unit_test(lines_are_folded),
        cmocka_unit_test(deliveries),
        cmocka_unit_test(several_deliveries),
        cmocka_unit_test(parcels),
        cmocka_unit_test(order_numbers),
        cmocka_unit_test(conversion_says_that_memory_ran_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
