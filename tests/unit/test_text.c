/* tests/unit/test_text.c: CP932, UTF-8 and UTF-16, over all of their characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scarce_memory.h"
#include "text/encoding.h"
#include "text/utf16.h"
#include "text/utf8.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text)  ((struct span){text, sizeof(text) - 1}) /* of a literal, NULs included */

static const char GETA[] = "〓"; /* what stands in for a character that CP932 lacks */

static struct span span_of_buf(const struct buf *buf)
{
    return (struct span){buf_text(buf), buf->length};
}

static int codec_open(void **state)
{
    struct error error = {0};
    *state = text_codec_new(TEXT_CP932, &error);
    return *state != NULL ? 0 : -1;
}

static int utf8_codec_open(void **state)
{
    struct error error = {0};
    *state = text_codec_new(TEXT_UTF8, &error);
    return *state != NULL ? 0 : -1;
}

static int codec_close(void **state)
{
    text_codec_free(*state);
    return 0;
}

/* A generator of the same numbers in every run. */
static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* ---- CP932 ---- */

static bool is_lead(unsigned byte)
{
    return (byte >= 0x81 && byte <= 0x9F) || (byte >= 0xE0 && byte <= 0xFC);
}

static bool is_trail(unsigned byte)
{
    return byte >= 0x40 && byte <= 0xFC && byte != 0x7F;
}

/* The codes that go back as others, since Windows holds these characters twice or three times: NEC's row 13 where JIS
 * X 0208 has them too, NEC's copy of IBM's extensions, and IBM's own where NEC has them. */
static bool goes_back_as_another(unsigned code)
{
    static const unsigned short row_13[] = {0x8790, 0x8791, 0x8792, 0x8795, 0x8796, 0x8797, 0x879A, 0x879B, 0x879C};
    for (size_t i = 0; i < COUNT(row_13); i++)
        if (code == row_13[i])
            return true;
    return (code >= 0xED40 && code <= 0xEEFC) || (code >= 0xFA4A && code <= 0xFA54) ||
           (code >= 0xFA58 && code <= 0xFA5B);
}

static void single_bytes_go_to_and_fro(void **state)
{
    struct buf utf8 = {0};
    struct buf back = {0};
    size_t valid = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        char raw = (char)byte;
        size_t bad = 99;
        bool expected = byte < 0x80 || (byte >= 0xA1 && byte <= 0xDF);
        buf_clear(&utf8);
        buf_clear(&back);
        assert_int_equal(text_decode(*state, (struct span){&raw, 1}, &utf8, &bad), expected);
        if (!expected) {
            assert_int_equal(bad, 0);
            assert_int_equal(utf8.length, 0);
            continue;
        }
        valid++;
        size_t size;
        /* ASCII is itself (0x5C is no yen, 0x7E no overline), half-width kana are U+FF61 and on. */
        assert_int_equal(utf8_decode(span_of_buf(&utf8), &size), byte < 0x80 ? byte : 0xFF61 + byte - 0xA1);
        assert_int_equal(utf8.length, size);
        text_encode(*state, span_of_buf(&utf8), &back);
        assert_true(span_equal(span_of_buf(&back), (struct span){&raw, 1}));
    }
    assert_int_equal(valid, 128 + 63);
    buf_free(&utf8);
    buf_free(&back);
}

static void double_bytes_go_to_and_fro(void **state)
{
    struct buf utf8 = {0};
    struct buf back = {0};
    size_t valid = 0;
    size_t others = 0;
    for (unsigned code = 0x8000; code <= 0xFFFF; code++) {
        const char raw[] = {(char)(code >> 8), (char)(code & 0xFF)};
        struct span bytes = {raw, 2};
        size_t bad = 99;
        if (!is_lead(code >> 8))
            continue;
        buf_clear(&utf8);
        buf_clear(&back);
        if (!text_decode(*state, bytes, &utf8, &bad)) {
            assert_int_equal(bad, 0);
            assert_int_equal(utf8.length, 0);
            continue;
        }
        assert_true(is_trail(code & 0xFF));
        assert_int_equal(utf8_units(span_of_buf(&utf8)), 1);
        valid++;
        text_encode(*state, span_of_buf(&utf8), &back);
        assert_int_equal(back.length, 2);
        bool same = span_equal(span_of_buf(&back), bytes);
        if (same == goes_back_as_another(code))
            fail_msg("%04X goes back as %02X%02X", code, (unsigned char)back.data[0], (unsigned char)back.data[1]);
        others += !same;
        /* Another code it may be, but not another character. */
        struct buf again = {0};
        assert_true(text_decode(*state, span_of_buf(&back), &again, &bad));
        assert_true(span_equal(span_of_buf(&again), span_of_buf(&utf8)));
        buf_free(&again);
    }
    assert_int_equal(valid, 9604); /* Microsoft's table, user-defined characters included */
    assert_int_equal(others, 398);
    buf_free(&utf8);
    buf_free(&back);
}

static void windows_characters_are_there(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        {"\x87\x40", "①"},
        {"\x87\x8A", "㈱"},
        {"\xFB\xFC", "髙"},
        {"\xFA\xB1", "﨑"},
        {"\x81\x60", "～"},
        {"\x81\x7C", "－"},
        {"\x5C", "\\"},
        {"\x7E", "~"},
        {"\x83\x5C\x94\x5C\x95\x5C", "ソ能表"}, /* 0x5C as the second byte */
        {"\x83\x7C", "ポ"},                     /* 0x7C likewise */
        {"\xBC\xDE", "ｼﾞ"},
        {"a\x82\xA0\"b\x82\xA2", "aあ\"bい"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};
        size_t bad;
        buf_append_text(&out, ">"); /* it appends */
        assert_true(text_decode(*state, span_of(cases[i].bytes), &out, &bad));
        assert_string_equal(buf_text(&out) + 1, cases[i].text);
        buf_clear(&out);
        buf_append_text(&out, ">");
        text_encode(*state, span_of(cases[i].text), &out);
        assert_string_equal(buf_text(&out) + 1, cases[i].bytes);
        buf_free(&out);
    }
}

static void invalid_bytes_are_pointed_at(void **state)
{
    const struct {
        struct span bytes;
        size_t bad;
        const char *before;
    } cases[] = {
        {BYTES("\x80"), 0, ""},
        {BYTES("abc\xFF"), 3, "abc"},
        {BYTES("\x82\xA0\xA0z"), 2, "あ"},
        {BYTES("\x82\xA0\xFDz"), 2, "あ"},
        {BYTES("x\x82\xA0\xB1\xFE"), 4, "xあｱ"},
        {BYTES("\x82\xA0\x82"), 2, "あ"}, /* cut off at the end */
        {BYTES("\x82"), 0, ""},
        {BYTES("ab\x82"), 2, "ab"},
        {BYTES("a\x82\x22z"), 1, "a"}, /* no second byte */
        {BYTES("a\x82\x7Fz"), 1, "a"},
        {BYTES("a\x82\xFFz"), 1, "a"},
        {BYTES("a\x82\x00z"), 1, "a"},
        {BYTES("a\x85\x40z"), 1, "a"}, /* well formed, but nobody lives there */
        {BYTES("a\0b\x82\xA0\xA0"), 5, "a"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};
        size_t bad = 99;
        buf_append_text(&out, ">");
        assert_false(text_decode(*state, cases[i].bytes, &out, &bad));
        assert_int_equal(bad, cases[i].bad);
        assert_string_equal(buf_text(&out) + 1, cases[i].before);
        assert_false(out.failed);
        /* The codec starts anew. */
        buf_clear(&out);
        assert_true(text_decode(*state, BYTES("\x82\xA0"), &out, &bad));
        assert_string_equal(buf_text(&out), "あ");
        buf_free(&out);
    }
}

static void nul_bytes_are_characters(void **state)
{
    struct buf utf8 = {0};
    struct buf back = {0};
    size_t bad;
    assert_true(text_decode(*state, BYTES("a\0\x82\xA0\0"), &utf8, &bad));
    assert_true(span_equal(span_of_buf(&utf8), BYTES("a\0あ\0")));
    text_encode(*state, span_of_buf(&utf8), &back);
    assert_true(span_equal(span_of_buf(&back), BYTES("a\0\x82\xA0\0")));
    buf_free(&utf8);
    buf_free(&back);
}

static void long_texts_go_to_and_fro(void **state)
{
    enum { REPEATS = 200000 };
    struct buf raw = {0};
    struct buf utf8 = {0};
    struct buf back = {0};
    size_t bad;
    for (int i = 0; i < REPEATS; i++)
        buf_append_text(&raw, i % 3 == 0 ? "\xB1" : i % 3 == 1 ? "\x88\xA4" : "a");
    assert_true(text_decode(*state, span_of_buf(&raw), &utf8, &bad));
    assert_int_equal(utf8_units(span_of_buf(&utf8)), REPEATS);
    text_encode(*state, span_of_buf(&utf8), &back);
    assert_true(span_equal(span_of_buf(&back), span_of_buf(&raw)));
    buf_append_byte(&raw, '\x81');
    buf_clear(&utf8);
    assert_false(text_decode(*state, span_of_buf(&raw), &utf8, &bad));
    assert_int_equal(bad, raw.length - 1);
    buf_free(&raw);
    buf_free(&utf8);
    buf_free(&back);
}

/* What `text` becomes in CP932, read back. Static until the next call. */
static const char *through_cp932(struct text_codec *codec, struct span text)
{
    static struct buf read;
    struct buf raw = {0};
    size_t bad;
    buf_clear(&read);
    text_encode(codec, text, &raw);
    assert_true(text_decode(codec, span_of_buf(&raw), &read, &bad));
    buf_free(&raw);
    return buf_text(&read);
}

static void substitutes_are_the_promised_ones(void **state)
{
    static const struct {
        const char *text;
        const char *substitute;
    } cases[] = {
        {"\u301C", "～"},     {"\u2212", "－"},     {"\u2016", "∥"},  {"\u2014", "―"},
        {"\u00A2", "￠"},     {"\u00A3", "￡"},     {"\u00AC", "￢"}, {"\u00A0", " "},
        {"😀", "〓"},          {"é", "〓"},          {"€", "〓"},      {"𠮷", "〓"},
        {"10〜20", "10～20"}, {"a😀b😀c", "a〓b〓c"}, {"〜−", "～－"},  {"東京😀", "東京〓"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(through_cp932(*state, span_of(cases[i].text)), cases[i].substitute);
    /* Two codes, of four and of three bytes; a flag's joiners are characters, too. */
    assert_string_equal(through_cp932(*state, span_of("e\u0301")), "e〓");
    assert_string_equal(through_cp932(*state, span_of("👨\u200D👩")), "〓〓〓");
}

static void yen_signs_stay_yen_signs(void **state)
{
    assert_string_equal(through_cp932(*state, span_of("\u00A5"
                                                      "1,200")),
                        "￥1,200");
}

static void overlines_become_no_tilde(void **state)
{
    assert_string_equal(through_cp932(*state, span_of("\u203E")), GETA);
}

/* A service may answer with a megabyte of these; looking anew at all that is left behind each would take half an hour.
 */
static void very_long_texts_that_do_not_fit_are_encoded(void **state)
{
    enum { MANY = 250000 };
    struct buf text = {0};
    struct buf out = {0};
    for (size_t i = 0; i < MANY; i++)
        buf_append_text(&text, "😀");
    text_encode(*state, (struct span){text.data, text.length}, &out);
    size_t length = out.length;
    buf_free(&text);
    buf_free(&out);
    assert_int_equal(length, MANY * 2);
}

static void tag_characters_are_not_dropped(void **state)
{
    /* The flag of England: a black flag and six tag characters. */
    assert_string_equal(through_cp932(*state, span_of("a\U000E0067b")), "a〓b");
    assert_string_equal(
        through_cp932(*state, span_of("🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F")),
        "〓〓〓〓〓〓〓");
}

/* Those that have tests of their own, above. */
static bool is_special(uint32_t character)
{
    return character == 0x00A5 || character == 0x203E || (character >= 0xE0000 && character <= 0xE007F);
}

static void every_character_arrives_or_is_replaced(void **state)
{
    static const uint32_t substituted[] = {0x00A0, 0x00A2, 0x00A3, 0x00AC, 0x2014, 0x2016, 0x2212, 0x301C};
    struct buf text = {0};
    size_t kept = 0;
    size_t replaced = 0;
    for (uint32_t character = 0; character < 0x110000; character++) {
        if ((character >= 0xD800 && character < 0xE000) || is_special(character))
            continue;
        bool in_table = false;
        for (size_t i = 0; i < COUNT(substituted); i++)
            in_table = in_table || substituted[i] == character;
        buf_clear(&text);
        utf8_encode(character, &text);
        const char *got = through_cp932(*state, span_of_buf(&text));
        if (character == 0 || strcmp(got, buf_text(&text)) == 0)
            kept++;
        else if (strcmp(got, GETA) == 0)
            replaced++;
        else if (!in_table || *got == '\0')
            fail_msg("U+%04X became \"%s\"", (unsigned)character, got);
    }
    assert_int_equal(kept, 128 + 63 + 9604 - 398);
    assert_int_equal(kept + replaced + COUNT(substituted) + 2 + 128, 0x110000 - 0x800);
    buf_free(&text);
}

static void invalid_utf8_is_replaced_visibly(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"a\x80"
         "b",
         "a〓b"},             /* a second byte without a first */
        {"a\xE3\x81", "a〓"}, /* cut off at the end */
        {"a\xE3", "a〓"},
        {"\xE3\x81x", "〓x"},     /* cut off in the middle */
        {"\xC3\xC3\xA9", "〓〓"}, /* é is not of CP932 either */
        {"\xFF\xFE", "〓〓"},     /* bytes that begin nothing */
        {"あ\xF0い", "あ〓い"},
        {"\xED\xA0\x80z", "〓z"},     /* half of a surrogate pair */
        {"\xF4\x90\x80\x80z", "〓z"}, /* beyond U+10FFFF */
        {"\xC0\xAFz", "〓z"},         /* a slash in too many bytes */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(through_cp932(*state, span_of(cases[i].text)), cases[i].expected);
}

/* ASCII bytes of `text`, and a * for each run of anything else. */
static void outline(struct span text, struct buf *out)
{
    bool run = false;
    buf_clear(out);
    for (size_t i = 0; i < text.length; i++) {
        bool ascii = (unsigned char)text.data[i] < 0x80;
        if (ascii)
            buf_append_byte(out, text.data[i]);
        else if (!run)
            buf_append_byte(out, '*');
        run = !ascii;
    }
}

static void random_bytes_keep_their_outline(void **state)
{
    /* Without what would become ASCII (no-break space, ¥, ‾), or is dropped (tag characters). */
    static const char bytes[] = "ab \t\"\x80\x81\x90\xBF\xC3\xC4\xDF\xE3\xE5\xEF\xF0\xF1\xF4\xF8\xFC\xFE\xFF";
    struct buf before = {0};
    struct buf after = {0};
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[24];
        size_t length = draw(&seed) % sizeof text;
        for (size_t i = 0; i < length; i++)
            text[i] = bytes[draw(&seed) % (sizeof bytes - 1)];
        outline((struct span){text, length}, &before);
        outline(span_of(through_cp932(*state, (struct span){text, length})), &after);
        assert_string_equal(buf_text(&after), buf_text(&before));
    }
    buf_free(&before);
    buf_free(&after);
}

/* The codec remembers single characters; iconv, asked for the whole, must not have said anything else. */
static void a_text_is_what_iconv_makes_of_it(void **state)
{
    enum { ROUNDS = 20000, LENGTH = 24 };
    iconv_t conversion = iconv_open("UTF-8", "CP932");
    struct buf out = {0};
    uint32_t seed = 932;
    for (size_t round = 0; round < ROUNDS; round++) {
        char raw[LENGTH];
        char expected[LENGTH * 3];
        size_t length = draw(&seed) % LENGTH + 1;
        size_t bad = SIZE_MAX;
        for (size_t i = 0; i < length; i++)
            raw[i] = (char)(draw(&seed) % 4 == 0 ? draw(&seed) : 0x81 + draw(&seed) % 0x20);
        char *in = raw;
        char *to = expected;
        size_t left = length;
        size_t room = sizeof expected;
        iconv(conversion, NULL, NULL, NULL, NULL);
        bool whole = iconv(conversion, &in, &left, &to, &room) == 0;
        buf_clear(&out);
        assert_int_equal(text_decode(*state, (struct span){raw, length}, &out, &bad), whole);
        if (!whole)
            assert_int_equal(bad, length - left);
        assert_int_equal(out.length, (size_t)(to - expected));
        assert_memory_equal(buf_text(&out), expected, out.length);
    }
    iconv_close(conversion);
    buf_free(&out);
}

static void random_bytes_are_decoded_up_to_the_bad_one(void **state)
{
    struct buf out = {0};
    struct buf part = {0};
    uint32_t seed = 2;
    size_t refused = 0;
    for (int round = 0; round < 20000; round++) {
        char raw[12];
        size_t length = draw(&seed) % sizeof raw;
        size_t bad = 99;
        for (size_t i = 0; i < length; i++)
            raw[i] = (char)draw(&seed);
        buf_clear(&out);
        if (text_decode(*state, (struct span){raw, length}, &out, &bad))
            continue;
        refused++;
        assert_true(bad < length);
        buf_clear(&part);
        size_t ignored;
        assert_true(text_decode(*state, (struct span){raw, bad}, &part, &ignored));
        assert_true(span_equal(span_of_buf(&part), span_of_buf(&out)));
    }
    assert_true(refused > 1000);
    buf_free(&out);
    buf_free(&part);
}

static bool convert_once(void *context)
{
    struct error error = {0};
    struct buf out = {0};
    struct buf back = {0};
    size_t bad;
    (void)context;
    struct text_codec *codec = text_codec_new(TEXT_CP932, &error);
    if (codec == NULL) {
        assert_int_equal(error.kind, ERROR_CONFIG);
        return false;
    }
    bool decoded = text_decode(codec, span_of("\x82\xA0"), &out, &bad);
    assert_int_equal(decoded, !out.failed);
    text_encode(codec, span_of("あ😀い"), &back);
    bool done = decoded && !back.failed;
    if (done)
        assert_int_equal(back.length, 6);
    buf_free(&out);
    buf_free(&back);
    text_codec_free(codec);
    return done;
}

static void codecs_say_that_memory_ran_out(void **state)
{
    (void)state;
    bool leaked;
    size_t failures = memory_failures(convert_once, NULL, &leaked);
    assert_true(MEMORY_CAN_BE_SCARCE ? failures > 3 && failures < 1000 : failures == 0);
    assert_false(leaked);
    text_codec_free(NULL);
}

/* Where a piece of memory is missing and the next one is there again, no character may pass for one that CP932 lacks.
 */
static void characters_are_looked_up_without_memory(void **state)
{
    struct error error = {0};
    struct buf out = {0};
    (void)state;
    struct text_codec *codec = text_codec_new(TEXT_CP932, &error);
    assert_true(codec != NULL && buf_reserve(&out, 100));
    memory_left = 0;
    text_encode(codec, span_of("あ😀い"), &out);
    memory_left = SIZE_MAX;
    assert_false(out.failed);
    assert_string_equal(buf_text(&out), "\x82\xA0\x81\xAC\x82\xA2");
    buf_free(&out);
    text_codec_free(codec);
}

/* ---- UTF-8 as a file's encoding ---- */

static void utf8_codecs_take_what_is_valid(void **state)
{
    const struct {
        struct span bytes;
        size_t bad; /* SIZE_MAX: all is well */
    } cases[] = {
        {BYTES(""), SIZE_MAX},
        {BYTES("plain, and\ta tab\0"), SIZE_MAX},
        {BYTES("受注ID,～－①㈱髙𠮷😀\u200D"), SIZE_MAX},
        {BYTES("\xC2\x80\u07FF\u0800\uFFFD\uFFFF\U00010000\U0010FFFF"), SIZE_MAX},
        {BYTES("\xED\x9F\xBF\xEE\x80\x80"), SIZE_MAX}, /* beside the surrogates */
        {BYTES("a\xED\xA0\x80"), 1},                   /* a surrogate */
        {BYTES("\xED\xBF\xBF"), 0},
        {BYTES("あ\xED\xA0\xBD\xED\xB8\x80"), 3}, /* two that would be one character in UTF-16 */
        {BYTES("ab\xC0\xAF"), 2},                 /* overlong */
        {BYTES("\xC1\xBF"), 0},
        {BYTES("\xE0\x9F\xBF"), 0},
        {BYTES("\xF0\x8F\xBF\xBF"), 0},
        {BYTES("\xF4\x90\x80\x80"), 0}, /* beyond U+10FFFF */
        {BYTES("\xF8\x88\x80\x80\x80"), 0},
        {BYTES("あ\xFF"), 3},
        {BYTES("あ\x80"), 3},
        {BYTES("あ\xE3"), 3}, /* cut off */
        {BYTES("あ\xE3\x81"), 3},
        {BYTES("あ\xE3\x81x"), 3},
        {BYTES("\xF0\x9F\x98"), 0},
        {BYTES("\uFFFD\xEF\xBF"), 3},
        {BYTES("\x8E\xF3\x92\x8D"), 0}, /* 受注 in CP932 */
    };
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t bad = SIZE_MAX;
        size_t length = cases[i].bad == SIZE_MAX ? cases[i].bytes.length : cases[i].bad;
        buf_clear(&out);
        bool decoded = text_decode(*state, cases[i].bytes, &out, &bad);
        if (decoded != (cases[i].bad == SIZE_MAX) || (!decoded && bad != cases[i].bad))
            fail_msg("case %zu: %d, bad at %zu", i, decoded, bad);
        assert_true(span_equal(span_of_buf(&out), (struct span){cases[i].bytes.data, length}));
        assert_int_equal(utf8_valid_length(cases[i].bytes), length);
    }
    buf_free(&out);
}

static void utf8_codecs_write_what_they_are_given(void **state)
{
    const struct {
        struct span text;
        struct span written;
    } cases[] = {
        {BYTES(""), BYTES("")},
        {BYTES("ab\0c"), BYTES("ab\0c")},
        {BYTES("〜−‖—¢£¬¥\u00A0 é😀"), BYTES("〜−‖—¢£¬¥\u00A0 é😀")},
        {BYTES("あ\xFFい\xE3\x81"), BYTES("あ\uFFFDい\uFFFD")}, /* a service may answer anything */
        {BYTES("\xED\xA0\x80"), BYTES("\uFFFD")},
    };
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_clear(&out);
        text_encode(*state, cases[i].text, &out);
        if (!span_equal(span_of_buf(&out), cases[i].written))
            fail_msg("case %zu: %s", i, buf_text(&out));
    }
    buf_free(&out);
}

static void codecs_of_utf16_are_those_of_utf8(void **state)
{
    static const enum text_encoding encodings[] = {TEXT_UTF16LE, TEXT_UTF16BE};
    (void)state;
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct error error = {0};
        struct buf out = {0};
        size_t bad;
        struct text_codec *codec = text_codec_new(encodings[i], &error);
        assert_non_null(codec);
        assert_true(text_decode(codec, BYTES("受注〜"), &out, &bad));
        text_encode(codec, BYTES("〜"), &out);
        assert_string_equal(buf_text(&out), "受注〜〜");
        text_codec_free(codec);
        buf_free(&out);
    }
}

/* ---- What a file is ---- */

#define HEADER_CP932 "\x8E\xF3\x92\x8D\x49\x44,\x8E\x78\x95\xA5\x95\xFB\x96\x40" /* 受注ID,支払方法 */
#define HEADER_UTF8  "受注ID,支払方法"
#define HEADER_LE                                                                                                      \
    "\xD7\x53\xE8\x6C"                                                                                                 \
    "I\0D\0,\0"                                                                                                        \
    "\x2F\x65\x55\x62\xB9\x65\xD5\x6C"
#define HEADER_BE                                                                                                      \
    "\x53\xD7\x6C\xE8"                                                                                                 \
    "\0I\0D\0,"                                                                                                        \
    "\x65\x2F\x62\x55\x65\xB9\x6C\xD5"
#define CP932_KANA "\x83\x52\x83\x93\x83\x67\x83\x8D\x81\x5B\x83\x8B" /* コントロール */

enum { BINARY = -1 };

static unsigned mark_of(struct span head)
{
    static const struct span marks[] = {{"\xEF\xBB\xBF", 3}, {"\xFF\xFE", 2}, {"\xFE\xFF", 2}};
    for (size_t i = 0; i < COUNT(marks); i++)
        if (head.length >= marks[i].length && memcmp(head.data, marks[i].data, marks[i].length) == 0)
            return (unsigned)marks[i].length;
    return 0;
}

static void encodings_are_told_by_the_head(void **state)
{
    const struct guess_case {
        struct span head;
        int encoding; /* or BINARY */
        enum text_reason reason;
    } guesses[] = {
        {BYTES(""), TEXT_CP932, TEXT_BY_ASCII},
        {BYTES("id,name"), TEXT_CP932, TEXT_BY_ASCII},
        {BYTES("a\tb\r\nc\n"), TEXT_CP932, TEXT_BY_ASCII},
        {BYTES(HEADER_CP932), TEXT_CP932, TEXT_BY_CP932},
        {BYTES("\"" HEADER_CP932), TEXT_CP932, TEXT_BY_CP932},
        {BYTES(CP932_KANA), TEXT_CP932, TEXT_BY_CP932},
        {BYTES("\x87\x40\xFB\xFC"), TEXT_CP932, TEXT_BY_CP932},                  /* ①髙 */
        {BYTES("\xCC\xD8\xB6\xDE\xC5,\xD2\xB0\xD9"), TEXT_CP932, TEXT_BY_CP932}, /* ﾌﾘｶﾞﾅ,ﾒｰﾙ */
        {BYTES(HEADER_UTF8), TEXT_UTF8, TEXT_BY_UTF8},
        {BYTES("店舗名\tコントロールカラム"), TEXT_UTF8, TEXT_BY_UTF8},
        {BYTES("id,備考😀"), TEXT_UTF8, TEXT_BY_UTF8},
        {BYTES("id,\uFFFD"), TEXT_UTF8, TEXT_BY_UTF8},
        /* by a mark, whatever follows */
        {BYTES("\xEF\xBB\xBF" HEADER_UTF8), TEXT_UTF8, TEXT_BY_MARK},
        {BYTES("\xEF\xBB\xBF"
               "id"),
         TEXT_UTF8, TEXT_BY_MARK},
        {BYTES("\xEF\xBB\xBF" HEADER_CP932), TEXT_UTF8, TEXT_BY_MARK},
        {BYTES("\xEF\xBB\xBF"), TEXT_UTF8, TEXT_BY_MARK},
        {BYTES("\xFF\xFE" HEADER_LE), TEXT_UTF16LE, TEXT_BY_MARK},
        {BYTES("\xFE\xFF" HEADER_BE), TEXT_UTF16BE, TEXT_BY_MARK},
        {BYTES("\xFF\xFE\xD7\x53"), TEXT_UTF16LE, TEXT_BY_MARK}, /* not a NUL in it */
        {BYTES("\xFF\xFE"), TEXT_UTF16LE, TEXT_BY_MARK},
        {BYTES("\xFE\xFF\x53"), TEXT_UTF16BE, TEXT_BY_MARK},
        /* by NULs */
        {BYTES(HEADER_LE), TEXT_UTF16LE, TEXT_BY_NULS},
        {BYTES(HEADER_BE), TEXT_UTF16BE, TEXT_BY_NULS},
        {BYTES("i\0d\0"), TEXT_UTF16LE, TEXT_BY_NULS},
        {BYTES("\0i\0d"), TEXT_UTF16BE, TEXT_BY_NULS},
        {BYTES("i\0d\0,\0"), TEXT_UTF16LE, TEXT_BY_NULS},
        {BYTES("\xD7\x53\t\0\xE8\x6C\t\0\xE8\x6C"), TEXT_UTF16LE, TEXT_BY_NULS},
        {BYTES("\0I\0D\0,\x4E\0\0,\0a"), TEXT_UTF16BE, TEXT_BY_NULS},   /* 一 has a NUL on the other side */
        {BYTES("I\0D\0,\0\x2C\x67,\0a\0"), TEXT_UTF16LE, TEXT_BY_NULS}, /* 本 has a byte like a comma */
        {BYTES("PK\x03\x04\x14\0"), BINARY, TEXT_BY_ASCII},
        {BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), BINARY, TEXT_BY_ASCII},
        {BYTES("\xD0\xCF\x11\xE0"), BINARY, TEXT_BY_ASCII},
        {BYTES("%PDF-1.7"), BINARY, TEXT_BY_ASCII},
        {BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01"), BINARY, TEXT_BY_ASCII},
        {BYTES("GIF89a\x01\0\x01\0\x80\0\0"), BINARY, TEXT_BY_ASCII},
        {BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), BINARY, TEXT_BY_ASCII},
        {BYTES("id,\0name"), BINARY, TEXT_BY_ASCII},
        {BYTES("id,\x1Bname"), BINARY, TEXT_BY_ASCII},
        {BYTES("\x8E\xF3\x92\x8D\x01"), BINARY, TEXT_BY_ASCII},
        {BYTES("受注\x01"), BINARY, TEXT_BY_ASCII},
        {BYTES("\xEF\xBB\xBFid\0"), BINARY, TEXT_BY_ASCII},
        {BYTES("\xFF\xFE\0\0i\0\0\0"), BINARY, TEXT_BY_ASCII}, /* UTF-32 */
        {BYTES("\xFF\xFE\x01\0"), BINARY, TEXT_BY_ASCII},
        {BYTES("id,PK\x03"), BINARY, TEXT_BY_ASCII},
        {BYTES("PK,%PDF"), TEXT_CP932, TEXT_BY_ASCII},
        {BYTES("id,%PDF"), TEXT_CP932, TEXT_BY_ASCII},
        /* a control character further on is damage, and the text a text all the same */
        {BYTES("0123456789abcde\x01"), BINARY, TEXT_BY_ASCII},
        {BYTES("0123456789abcdef\x01\0"), TEXT_CP932, TEXT_BY_ASCII},
        {BYTES(HEADER_CP932 ",\0"), TEXT_CP932, TEXT_BY_CP932},
        {BYTES(HEADER_CP932 ",," HEADER_CP932 ",\0,a,\0"), TEXT_CP932, TEXT_BY_CP932},
        {BYTES(HEADER_UTF8 "\x01"), TEXT_UTF8, TEXT_BY_UTF8},
        {BYTES("I\0D\0,\0a\0b\0,\0c\0d\0\x01\0"), TEXT_UTF16LE, TEXT_BY_NULS},
        /* a damaged heading does not outweigh the others */
        {BYTES("受注ID,\xE3\x81,支払方法"), TEXT_UTF8, TEXT_BY_UTF8},
        {BYTES("受注ID,\xFF,支払方法,\x8E\xF3"), TEXT_CP932, TEXT_BY_CP932}, /* as many as not */
        {BYTES(HEADER_CP932 ",\xC3\xB1"), TEXT_CP932, TEXT_BY_CP932},        /* ﾃｱ is valid as é's sister */
        /* the header's word counts, the rows' only where it has none */
        {BYTES(HEADER_UTF8 "\r\n\x8E\xF3,\x8E\xF3,\x8E\xF3,\x8E\xF3"), TEXT_UTF8, TEXT_BY_UTF8},
        {BYTES(HEADER_CP932 "\n受注,受注,受注,受注,受注,受注"), TEXT_CP932, TEXT_BY_CP932},
        {BYTES("id,name\r\n1,見本\r\n"), TEXT_UTF8, TEXT_BY_UTF8},
        {BYTES("id,name\r1,\x8E\xF3\r"), TEXT_CP932, TEXT_BY_CP932},
        {BYTES("id,name\n1,見本\n2,\xE8\xA6\n3,見本"), TEXT_UTF8, TEXT_BY_UTF8},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(guesses); i++) {
        const struct guess_case *wanted = &guesses[i];
        struct text_guess guess;
        bool text = text_guess(wanted->head, &guess);
        if (text != (wanted->encoding != BINARY))
            fail_msg("case %zu is %s", i, text ? "a text" : "binary");
        if (!text)
            continue;
        if ((int)guess.encoding != wanted->encoding || guess.reason != wanted->reason)
            fail_msg("case %zu is taken for %d by %d", i, (int)guess.encoding, (int)guess.reason);
        assert_int_equal(guess.mark, mark_of(wanted->head));
    }
}

/* What is valid as both is UTF-8: nearly all Japanese UTF-8 would be characters of CP932, too, as gibberish. */
static void bytes_that_are_valid_as_both_are_utf8(void **state)
{
    struct buf out = {0};
    struct text_guess guess;
    size_t bad;
    assert_true(text_decode(*state, BYTES("受注ID"), &out, &bad));
    assert_true(text_guess(BYTES("受注ID"), &guess));
    assert_int_equal(guess.encoding, TEXT_UTF8);
    buf_free(&out);
}

static void heads_may_be_cut_anywhere(void **state)
{
    (void)state;
    const struct {
        struct span header;
        size_t least; /* bytes from which it is known */
        enum text_encoding encoding;
    } cases[] = {
        {BYTES(HEADER_UTF8), 1, TEXT_UTF8},
        {BYTES(HEADER_CP932), 2, TEXT_CP932},
        {BYTES("\xFF\xFE" HEADER_LE), 2, TEXT_UTF16LE},
        {BYTES(HEADER_LE), 8, TEXT_UTF16LE},
        {BYTES(HEADER_BE), 8, TEXT_UTF16BE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t length = cases[i].least; length <= cases[i].header.length; length++) {
            struct text_guess guess;
            if (!text_guess((struct span){cases[i].header.data, length}, &guess) || guess.encoding != cases[i].encoding)
                fail_msg("case %zu, %zu bytes", i, length);
        }
    }
}

static void what_is_said_is_obeyed_unless_a_mark_speaks(void **state)
{
    const struct {
        struct span head;
        enum text_encoding said;
        bool obeyed;
        enum text_encoding encoding;
        unsigned mark;
        enum text_reason reason;
    } cases[] = {
        {BYTES("id"), TEXT_CP932, true, TEXT_CP932, 0, TEXT_BY_ORDER},
        {BYTES("id"), TEXT_UTF8, true, TEXT_UTF8, 0, TEXT_BY_ORDER},
        {BYTES("id"), TEXT_UTF16LE, true, TEXT_UTF16LE, 0, TEXT_BY_ORDER},
        {BYTES(HEADER_UTF8), TEXT_CP932, true, TEXT_CP932, 0, TEXT_BY_ORDER},
        {BYTES(HEADER_CP932), TEXT_UTF8, true, TEXT_UTF8, 0, TEXT_BY_ORDER},
        {BYTES("\x01\x02"), TEXT_UTF8, true, TEXT_UTF8, 0, TEXT_BY_ORDER},
        {BYTES(""), TEXT_UTF16BE, true, TEXT_UTF16LE, 0, TEXT_BY_ORDER},
        {BYTES(HEADER_LE), TEXT_UTF16LE, true, TEXT_UTF16LE, 0, TEXT_BY_ORDER},
        {BYTES(HEADER_BE), TEXT_UTF16LE, true, TEXT_UTF16BE, 0, TEXT_BY_ORDER},
        {BYTES("\xEF\xBB\xBFid"), TEXT_UTF8, true, TEXT_UTF8, 3, TEXT_BY_MARK},
        {BYTES("\xFF\xFEi"), TEXT_UTF16LE, true, TEXT_UTF16LE, 2, TEXT_BY_MARK},
        {BYTES("\xFE\xFF"), TEXT_UTF16LE, true, TEXT_UTF16BE, 2, TEXT_BY_MARK},
        {BYTES("\xEF\xBB\xBFid"), TEXT_CP932, false, TEXT_UTF8, 3, TEXT_BY_MARK},
        {BYTES("\xEF\xBB\xBFid"), TEXT_UTF16LE, false, TEXT_UTF8, 3, TEXT_BY_MARK},
        {BYTES("\xFF\xFEi\0"), TEXT_UTF8, false, TEXT_UTF16LE, 2, TEXT_BY_MARK},
        {BYTES("\xFE\xFF\0i"), TEXT_CP932, false, TEXT_UTF16BE, 2, TEXT_BY_MARK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text_guess guess;
        if (text_obey(cases[i].head, cases[i].said, &guess) != cases[i].obeyed || guess.encoding != cases[i].encoding ||
            guess.mark != cases[i].mark || guess.reason != cases[i].reason)
            fail_msg("case %zu", i);
    }
}

static void encodings_have_names(void **state)
{
    static const char *const names[][2] = {
        [TEXT_CP932] = {"Shift_JIS", "cp932"},
        [TEXT_UTF8] = {"UTF-8", "utf-8"},
        [TEXT_UTF16LE] = {"UTF-16", "utf-16"},
        [TEXT_UTF16BE] = {"UTF-16", "utf-16"},
    };
    (void)state;
    for (enum text_encoding i = TEXT_CP932; i <= TEXT_UTF16BE; i++) {
        assert_string_equal(text_encoding_name(i), names[i][0]);
        assert_string_equal(text_encoding_code(i), names[i][1]);
        assert_int_equal(text_is_utf16(i), i == TEXT_UTF16LE || i == TEXT_UTF16BE);
    }
}

/* ---- UTF-16 ---- */

/* `bytes` as UTF-8, in pieces of `piece` bytes; whether no half unit is left. */
static bool read_in_pieces(bool big, struct span bytes, size_t piece, struct buf *out)
{
    struct utf16_reader reader = {.big_end_first = big};
    buf_clear(out);
    for (size_t at = 0; at < bytes.length; at += piece) {
        size_t length = bytes.length - at < piece ? bytes.length - at : piece;
        utf16_read(&reader, (struct span){bytes.data + at, length}, out);
        assert_true(utf16_pending(&reader) <= 3);
    }
    bool whole = utf16_read_end(&reader, out);
    assert_false(out->failed);
    return whole;
}

static void write_in_pieces(bool big, struct span text, size_t piece, struct buf *out)
{
    struct utf16_writer writer = {.big_end_first = big};
    buf_clear(out);
    for (size_t at = 0; at < text.length; at += piece) {
        size_t length = text.length - at < piece ? text.length - at : piece;
        utf16_write(&writer, (struct span){text.data + at, length}, out);
    }
    utf16_write_end(&writer, out);
    assert_false(out->failed);
}

static void utf16_is_read_and_written(void **state)
{
    const struct {
        struct span little;
        struct span text;
    } cases[] = {
        {BYTES(""), BYTES("")},
        {BYTES("a\0\0\0\n\0"), BYTES("a\0\n")},
        {BYTES("\xFF\xFE" HEADER_LE), BYTES("\uFEFF" HEADER_UTF8)},
        {BYTES("\x80\0\xFF\x07\0\x08\xFF\xFF"), BYTES("\xC2\x80\u07FF\u0800\uFFFF")},
        {BYTES("\0\xD8\0\xDC"), BYTES("\U00010000")},
        {BYTES("\x3D\xD8\0\xDE"), BYTES("😀")},
        {BYTES("\xFF\xDB\xFF\xDF"), BYTES("\U0010FFFF")},
        /* surrogates without a partner */
        {BYTES("\0\xD8"), BYTES("\xED\xA0\x80")},
        {BYTES("\xFF\xDF"), BYTES("\xED\xBF\xBF")},
        {BYTES("\0\xD8"
               "a\0"),
         BYTES("\xED\xA0\x80"
               "a")},
        {BYTES("\0\xDC\0\xD8"), BYTES("\xED\xB0\x80\xED\xA0\x80")},
        {BYTES("\0\xD8\x3D\xD8\0\xDE"), BYTES("\xED\xA0\x80😀")},
        {BYTES("\x3D\xD8\0\xDE\0\xDE"), BYTES("😀\xED\xB8\x80")},
    };
    struct buf out = {0};
    struct buf big = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_clear(&big);
        for (size_t at = 0; at < cases[i].little.length; at += 2) {
            buf_append_byte(&big, cases[i].little.data[at + 1]);
            buf_append_byte(&big, cases[i].little.data[at]);
        }
        for (size_t piece = 1; piece <= 5; piece++) {
            assert_true(read_in_pieces(false, cases[i].little, piece, &out));
            assert_true(span_equal(span_of_buf(&out), cases[i].text));
            assert_true(read_in_pieces(true, span_of_buf(&big), piece, &out));
            assert_true(span_equal(span_of_buf(&out), cases[i].text));
            write_in_pieces(false, cases[i].text, piece, &out);
            assert_true(span_equal(span_of_buf(&out), cases[i].little));
            write_in_pieces(true, cases[i].text, piece, &out);
            assert_true(span_equal(span_of_buf(&out), span_of_buf(&big)));
        }
    }
    buf_free(&out);
    buf_free(&big);
}

/* Any units come back, whatever the pieces, and the UTF-8 is as long as their count says. */
static void any_units_come_back(void **state)
{
    enum { UNITS = 64 };
    struct buf text = {0};
    struct buf again = {0};
    struct buf back = {0};
    uint32_t seed = 7;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char bytes[2 * UNITS];
        struct span all = {bytes, 2 * (draw(&seed) % (UNITS + 1))};
        bool big = draw(&seed) % 2 != 0;
        for (size_t i = 0; i < all.length; i += 2) {
            static const uint32_t firsts[] = {0, 0x3000, 0xD800, 0xDC00};
            uint32_t unit = firsts[draw(&seed) % 4] + draw(&seed) % 0x400; /* surrogates half of the time */
            bytes[i + big] = (char)(unit & 0xFFU);
            bytes[i + !big] = (char)(unit >> 8);
        }
        assert_true(read_in_pieces(big, all, all.length + 1, &text));
        assert_int_equal(utf8_units(span_of_buf(&text)), all.length / 2);
        for (size_t piece = 1; piece <= 7; piece++) {
            assert_true(read_in_pieces(big, all, piece, &again));
            assert_true(span_equal(span_of_buf(&again), span_of_buf(&text)));
            write_in_pieces(big, span_of_buf(&text), piece, &back);
            assert_true(span_equal(span_of_buf(&back), all));
        }
    }
    buf_free(&text);
    buf_free(&again);
    buf_free(&back);
}

static void half_a_unit_is_noticed(void **state)
{
    struct buf out = {0};
    (void)state;
    assert_false(read_in_pieces(false, BYTES("a\0b"), 2, &out));
    assert_string_equal(buf_text(&out), "a");
    assert_false(read_in_pieces(true, BYTES("\xD8\0\xDC"), 1, &out));
    assert_string_equal(buf_text(&out), "\xED\xA0\x80");
    buf_free(&out);
}

static void what_is_no_text_is_written_as_something(void **state)
{
    const struct {
        struct span text;
        struct span big;
    } cases[] = {
        {BYTES("a\x80"), BYTES("\0a\xFF\xFD")},
        {BYTES("\xE3\x81"), BYTES("\xFF\xFD")},
        {BYTES("\xE3\x81x"), BYTES("\xFF\xFD\0x")},
        {BYTES("\xE3あ"), BYTES("\xFF\xFD\x30\x42")},
        {BYTES("\xFF\xC0\xF5"), BYTES("\xFF\xFD\xFF\xFD\xFF\xFD")},
        {BYTES("\xF4\x90\x80\x80"), BYTES("\xFF\xFD")},
    };
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t piece = 1; piece <= 4; piece++) {
            write_in_pieces(true, cases[i].text, piece, &out);
            if (!span_equal(span_of_buf(&out), cases[i].big))
                fail_msg("case %zu", i);
        }
    }
    buf_free(&out);
}

static void beginnings_of_characters_are_known(void **state)
{
    (void)state;
    assert_true(utf8_is_cut(BYTES("\xE3")));
    assert_true(utf8_is_cut(BYTES("\xE3\x81")));
    assert_true(utf8_is_cut(BYTES("\xC3")));
    assert_true(utf8_is_cut(BYTES("\xF0\x9F\x98")));
    assert_false(utf8_is_cut(BYTES("")));
    assert_false(utf8_is_cut(BYTES("a")));
    assert_false(utf8_is_cut(BYTES("あ")));
    assert_false(utf8_is_cut(BYTES("\x81")));
    assert_false(utf8_is_cut(BYTES("\xFF")));
    assert_false(utf8_is_cut(BYTES("\xE3x")));
}

/* ---- UTF-8 ---- */

/* One byte among others, at every place of texts of every length around that of a machine word. */
static void ascii_is_told_by_each_byte(void **state)
{
    enum { LENGTH = 40 };
    static const unsigned char odd[] = {0x00, 0x01, 0x20, 0x7F, 0x80, 0x81, 0xC2, 0xFF};
    char text[LENGTH];
    (void)state;
    for (size_t length = 0; length <= LENGTH; length++) {
        memset(text, 'a', sizeof text);
        assert_true(utf8_is_ascii((struct span){text, length}) && utf8_is_ascii_text((struct span){text, length}));
        for (size_t at = 0; at < length; at++) {
            for (size_t i = 0; i < COUNT(odd); i++) {
                text[at] = (char)odd[i];
                assert_int_equal(utf8_is_ascii((struct span){text, length}), odd[i] < 0x80);
                assert_int_equal(utf8_is_ascii_text((struct span){text, length}), odd[i] < 0x80 && odd[i] != 0);
            }
            text[at] = at % 2 == 0 ? '\x01' : '\x7F';
        }
    }
}

static void ascii_is_recognised(void **state)
{
    (void)state;
    assert_true(utf8_is_ascii(BYTES("")));
    assert_true(utf8_is_ascii(BYTES("\0\x7F az")));
    assert_false(utf8_is_ascii(BYTES("\x80")));
    assert_false(utf8_is_ascii(BYTES("aaaaaaaaaaaaaaaaaaaaaaaaé")));
    assert_false(utf8_is_ascii(BYTES("é ")));
    assert_true(utf8_is_ascii((struct span){"aé", 1}));
}

static void units_are_utf16s(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t units;
    } cases[] = {
        {"", 0}, {"a", 1}, {"é", 1}, {"後払い", 3}, {"😀", 2}, {"a😀後", 4}, {"𠮷野家", 4}, {"\uFFFD", 1}, {"e\u0301", 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(utf8_units(span_of(cases[i].text)), cases[i].units);
}

static void every_character_is_encoded_and_decoded(void **state)
{
    (void)state;
    struct buf text = {0};
    for (uint32_t character = 0; character < 0x110000; character++) {
        size_t size = 0;
        size_t expected = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
        if (character >= 0xD800 && character < 0xE000)
            continue;
        buf_clear(&text);
        utf8_encode(character, &text);
        size_t length = text.length;
        buf_append_text(&text, "後"); /* what follows is left alone */
        if (length != expected || utf8_decode(span_of_buf(&text), &size) != character || size != expected)
            fail_msg("U+%04X", (unsigned)character);
        if (utf8_units((struct span){text.data, length}) != (character < 0x10000 ? 1 : 2))
            fail_msg("units of U+%04X", (unsigned)character);
    }
    buf_clear(&text);
    utf8_encode(0x5F8C, &text);
    utf8_encode(0x1F600, &text);
    utf8_encode(0xE9, &text);
    utf8_encode('z', &text);
    assert_string_equal(buf_text(&text), "後😀éz"); /* the compiler's own opinion of UTF-8 */
    buf_free(&text);
}

static void decoding_gets_over_anything(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
        {"\xE3", 1},
        {"\xE3\x81", 2},
        {"\xE3"
         "a",
         1},
        {"\xE3\x81z", 2},
        {"\xF0\x9F\x98", 3},
        {"\xC3\xC3", 1},
        {"\x80z", 1},
        {"\xFFz", 1},
        {"\xC0\xAFz", 2},
        {"\xE0\x80\xAFz", 3},
        {"\xF0\x80\x80\xAFz", 4}, /* a slash in too many bytes */
        {"\xED\xA0\x80z", 3},
        {"\xF4\x90\x80\x80z", 4}, /* a surrogate; beyond U+10FFFF */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size = 0;
        assert_int_equal(utf8_decode(span_of(cases[i].text), &size), UTF8_INVALID);
        assert_int_equal(size, cases[i].size);
    }
    /* Every step is at least one byte, within the text, and up to a byte that may begin a character. */
    uint32_t seed = 3;
    for (int round = 0; round < 20000; round++) {
        char text[8];
        size_t size = 0;
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)draw(&seed);
        for (size_t at = 0; at < sizeof text; at += size) {
            utf8_decode((struct span){text + at, sizeof text - at}, &size);
            assert_in_range(size, 1, sizeof text - at);
        }
    }
}

static void excerpts_are_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max;
        const char *excerpt;
    } cases[] = {
        {"", 3, ""},
        {"abc", 3, "abc"},
        {"abcd", 3, "abc…"},
        {"後払い", 3, "後払い"},
        {"後払い金", 3, "後払い…"},
        {"😀é後z", 3, "😀é後…"},
        {"a\r\nb\tc\x1B\x7F", 20, "a  b c  "},
        {"\n\n\n\n", 2, "  …"},
        {"a", 0, "…"},
        {"", 0, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};
        buf_append_text(&out, ">");
        utf8_excerpt(span_of(cases[i].text), cases[i].max, &out);
        assert_string_equal(buf_text(&out) + 1, cases[i].excerpt);
        buf_free(&out);
    }
    struct buf out = {0};
    utf8_excerpt(BYTES("a\0b"), 9, &out);
    assert_string_equal(buf_text(&out), "a b");
    buf_free(&out);
}

static void excerpts_hold_no_control_character(void **state)
{
    (void)state;
    struct buf text = {0};
    struct buf out = {0};
    for (uint32_t character = 0; character < 0x100; character++) {
        buf_clear(&text);
        buf_clear(&out);
        utf8_encode(character, &text);
        utf8_excerpt(span_of_buf(&text), 9, &out);
        bool control = character < 0x20 || (character >= 0x7F && character < 0xA0);
        if (control ? strcmp(buf_text(&out), " ") != 0 : !span_equal(span_of_buf(&out), span_of_buf(&text)))
            fail_msg("U+%04X", (unsigned)character);
    }
    buf_free(&text);
    buf_free(&out);
}

int main(void)
{
#define WITH_CODEC(test) cmocka_unit_test_setup_teardown(test, codec_open, codec_close)
#define WITH_UTF8(test)  cmocka_unit_test_setup_teardown(test, utf8_codec_open, codec_close)
    const struct CMUnitTest tests[] = {
        WITH_CODEC(single_bytes_go_to_and_fro),
        WITH_CODEC(double_bytes_go_to_and_fro),
        WITH_CODEC(windows_characters_are_there),
        WITH_CODEC(invalid_bytes_are_pointed_at),
        WITH_CODEC(nul_bytes_are_characters),
        WITH_CODEC(long_texts_go_to_and_fro),
        WITH_CODEC(substitutes_are_the_promised_ones),
        WITH_CODEC(yen_signs_stay_yen_signs),
        WITH_CODEC(overlines_become_no_tilde),
        WITH_CODEC(very_long_texts_that_do_not_fit_are_encoded),
        WITH_CODEC(tag_characters_are_not_dropped),
        WITH_CODEC(every_character_arrives_or_is_replaced),
        WITH_CODEC(invalid_utf8_is_replaced_visibly),
        WITH_CODEC(random_bytes_keep_their_outline),
        cmocka_unit_test(ascii_is_told_by_each_byte),
        WITH_CODEC(a_text_is_what_iconv_makes_of_it),
        WITH_CODEC(random_bytes_are_decoded_up_to_the_bad_one),
        cmocka_unit_test(codecs_say_that_memory_ran_out),
        cmocka_unit_test(characters_are_looked_up_without_memory),
        WITH_UTF8(utf8_codecs_take_what_is_valid),
        WITH_UTF8(utf8_codecs_write_what_they_are_given),
        cmocka_unit_test(codecs_of_utf16_are_those_of_utf8),
        cmocka_unit_test(encodings_are_told_by_the_head),
        WITH_CODEC(bytes_that_are_valid_as_both_are_utf8),
        cmocka_unit_test(heads_may_be_cut_anywhere),
        cmocka_unit_test(what_is_said_is_obeyed_unless_a_mark_speaks),
        cmocka_unit_test(encodings_have_names),
        cmocka_unit_test(utf16_is_read_and_written),
        cmocka_unit_test(any_units_come_back),
        cmocka_unit_test(half_a_unit_is_noticed),
        cmocka_unit_test(what_is_no_text_is_written_as_something),
        cmocka_unit_test(beginnings_of_characters_are_known),
        cmocka_unit_test(ascii_is_recognised),
        cmocka_unit_test(units_are_utf16s),
        cmocka_unit_test(every_character_is_encoded_and_decoded),
        cmocka_unit_test(decoding_gets_over_anything),
        cmocka_unit_test(excerpts_are_cut),
        cmocka_unit_test(excerpts_hold_no_control_character),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
