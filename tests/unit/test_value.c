/* tests/unit/test_value.c: what the text of a cell means (src/order/value). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "order/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* `text` in memory of just that size, so that a sanitizer sees whoever reads beyond it. */
static struct span exactly(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    return (struct span){copy, length};
}

static void release(struct span text)
{
    free((char *)text.data);
}

/* ---- Values ---- */

static void values_digits(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "1", "0123456789", "00000000000000000000000000000000"};
    static const char *const bad[] = {"",   " ",  "-1", "+1", "1 ",    " 1", "1.0", "1e3",
                                      "A1", "1A", "１", "一", "1,000", "/",  ":"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(value_is_digits(span_of(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(value_is_digits(span_of(bad[i])));
    assert_false(value_is_digits((struct span){NULL, 0}));
    assert_true(value_is_digits((struct span){"12x", 2})); /* a span ends where it says */
    assert_false(value_is_digits((struct span){"1\0002", 3}));
}

static void values_blank(void **state)
{
    (void)state;
    static const char *const blank[] = {"", " ", "\t", "　", " 　\t　 ", "\n", "\r\n", " \n　"};
    static const char *const filled[] = {"0", " .", "　x", "\v", "\xE3", "\xE3\x80", "\xE3\x80\x81", "\xC2\xA0"};
    for (size_t i = 0; i < COUNT(blank); i++)
        assert_true(value_is_blank(span_of(blank[i])));
    for (size_t i = 0; i < COUNT(filled); i++)
        assert_false(value_is_blank(span_of(filled[i])));
    assert_true(value_is_blank((struct span){NULL, 0}));
}

static void values_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t number;
    } good[] = {
        {"0", 0},
        {"00", 0},
        {"-0", 0},
        {"7", 7},
        {"-7", -7},
        {"007", 7},
        {"-007", -7},
        {"999999999999999", 999999999999999},
        {"-999999999999999", -999999999999999},
        {"000000000000000000000000000000999999999999999", 999999999999999},
        {"１２", 12},
        {"１2", 12},
        {"－1", -1}, /* U+FF0D, which CP932 has for a minus */
        {"−1", -1},  /* U+2212 */
        {"－１２", -12},
        {"９９９９９９９９９９９９９９９", 999999999999999},
        {"００７", 7},
        {"0000000000000000000000000000000000000000000000000000000000000001", 1}, /* 64 bytes */
    };
    static const char *const bad[] = {
        "",
        "-",
        "--1",
        "+1",
        " 1",
        "1 ",
        "1-",
        "1.0",
        "1e3",
        "0x1",
        "1,000",
        "１，０００",
        "＋1",
        "－",
        "－－1",
        "１ ",
        "　１",
        "１．０",
        "一",
        "①",
        "²",
        "1\xEF\xBC", /* no UTF-8 */
        "12OO",
        "2個",
        "1000000000000000",
        "-1000000000000000",
        "9223372036854775808",
        "99999999999999999999999999",
        "１０００００００００００００００",
        "00000000000000000000000000000000000000000000000000000000000000001", /* 65 bytes */
    };
    int64_t number;
    for (size_t i = 0; i < COUNT(good); i++) {
        number = 42;
        assert_true(value_integer(span_of(good[i].text), &number));
        assert_int_equal(number, good[i].number);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (value_integer(span_of(bad[i]), &number))
            fail_msg("\"%s\" is no number", bad[i]);
    assert_false(value_integer((struct span){NULL, 0}, &number));
}

static void values_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *time; /* without +09:00 */
    } good[] = {
        {"2026-11-02 17:54:08", "2026-11-02T17:54:08"},
        {"2026/11/2 17:54", "2026-11-02T17:54:00"},
        {"2026/11/02 17:54:08", "2026-11-02T17:54:08"},
        {"2026-1-2 3:04", "2026-01-02T03:04:00"},
        {"2026/1/2 3:04:05", "2026-01-02T03:04:05"},
        {"2026-01-01 00:00:00", "2026-01-01T00:00:00"},
        {"2026-12-31 23:59:59", "2026-12-31T23:59:59"},
        {"2028-02-29 12:00:00", "2028-02-29T12:00:00"},
        {"2000-02-29 12:00:00", "2000-02-29T12:00:00"},
        {"2026-04-30 12:00:00", "2026-04-30T12:00:00"},
        {"2026-01-31 12:00:00", "2026-01-31T12:00:00"},
        {"9999-12-31 23:59:59", "9999-12-31T23:59:59"},
        {"２０２６-11-02 17:54:08", "2026-11-02T17:54:08"},
        {"2026-11-02　17:54:08", "2026-11-02T17:54:08"},
        {"２０２６／１１／２　１７：５４", "2026-11-02T17:54:00"},
        {"２０２６－１１－０２　１７：５４：０８", "2026-11-02T17:54:08"},
    };
    static const char *const bad[] = {
        "",
        "2026-11-02",
        "2026/11/2",
        "17:54:08",
        "2026-11-02 17",
        "2026-11-02 17:",
        "2026-11-02 17:5",
        "2026-11-02 17:54:",
        "2026-11-02 17:54:8",
        "2026-11-02 17:54:08.5",
        "2026-11-02 17:54:08 ",
        " 2026-11-02 17:54:08",
        "2026-11-02  17:54:08",
        "2026-11-02T17:54:08",
        "2026-11-02 17:54:08+09:00",
        "2026-11/02 17:54:08",
        "2026/11-02 17:54:08",
        "2026.11.02 17:54:08",
        "26-11-02 17:54:08",
        "02026-11-02 17:54:08",
        "2026-11-031 17:54:08",
        "2026-00-02 17:54:08",
        "2026-13-02 17:54:08",
        "2026-11-00 17:54:08",
        "2026-11-31 17:54:08",
        "2026-04-31 17:54:08",
        "2026-02-29 17:54:08",
        "2100-02-29 17:54:08",
        "2028-02-30 17:54:08",
        "2026-01-32 17:54:08",
        "2026-11-02 24:00:00",
        "2026-11-02 17:60:00",
        "2026-11-02 17:54:60",
        "2026-11-02 -1:54:08",
        "２０２６年11月2日 17:54",
        "２０２６－１１－３１ 17:54:08",
        "２０２６－１１－０２　　１７：５４：０８",
        "２０２６－１１－０２　１７：５４：０８　",
        "2026年11月2日 17:54",
        "11月7日 午前",
        "46328.7459259",
    };
    char time[VALUE_TIME_SIZE];
    char expected[VALUE_TIME_SIZE];
    for (size_t i = 0; i < COUNT(good); i++) {
        snprintf(expected, sizeof expected, "%s+09:00", good[i].time);
        assert_true(value_time(span_of(good[i].text), time));
        assert_string_equal(time, expected);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (value_time(span_of(bad[i]), time))
            fail_msg("\"%s\" is no time", bad[i]);
    }
    assert_false(value_time((struct span){NULL, 0}, time));
    assert_false(value_time((struct span){"2026-11-02 17:54:08", 18}, time)); /* a span ends where it says */
}

static void values_dates(void **state)
{
    (void)state;
    static const char *const good[] = {
        "2026-11-05",        "2026/11/5",          "2026-1-2",   "2028-02-29",        "2026-11-05 08:10",
        "2026/11/5 8:10:00", "２０２６／１１／５", "9999-12-31", "2026-11-05　08:10", "２０２６－１１－０５",
    };
    static const char *const bad[] = {
        "",
        " ",
        "未定",
        "11/5",
        "2026-11",
        "2026-11-",
        "20261105",
        "2026-02-29",
        "2026-11-31",
        "2026-13-01",
        "2026-00-01",
        "2026-11-00",
        "2026-11/05",
        "2026.11.05",
        "11月5日",
        "2026-11-05x",
        "46331",
        "2026-11-05 ",
        "2026-11-05 25:00",
        "2026-11-05T08:10",
        "26-11-05",
        "2026-11-05 午前",
        "R8.11.5",
        "02026-11-05",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        if (!value_is_date(span_of(good[i])))
            fail_msg("\"%s\" is a date", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (value_is_date(span_of(bad[i])))
            fail_msg("\"%s\" is no date", bad[i]);
    assert_false(value_is_date((struct span){NULL, 0}));
    assert_true(value_is_date((struct span){"2026-11-05x", 10}));
}

/* ---- Phone numbers ---- */

struct phone_case {
    const char *text;
    const char *phone; /* NULL: none */
    bool repaired;
};

static void assert_phones(const struct phone_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char phone[VALUE_PHONE_SIZE];
        bool repaired = !cases[i].repaired;
        struct span text = exactly(cases[i].text);
        bool is = value_phone(text, phone, &repaired);
        release(text);
        if (is != (cases[i].phone != NULL))
            fail_msg("\"%s\" is %s phone number", cases[i].text, is ? "no" : "a");
        if (is && (strcmp(phone, cases[i].phone) != 0 || repaired != cases[i].repaired))
            fail_msg("\"%s\" became \"%s\"%s", cases[i].text, phone, repaired ? ", repaired" : "");
    }
}

static void phones_as_people_write_them(void **state)
{
    (void)state;
    static const struct phone_case cases[] = {
        {"0312345678", "0312345678", false},
        {"03-1234-5678", "03-1234-5678", false},
        {"03 1234 5678", "03-1234-5678", false},
        {"(03)1234-5678", "03-1234-5678", false},
        {"03(1234)5678", "03-1234-5678", false},
        {"(03) 1234 - 5678", "03-1234-5678", false},
        {"03--1234--5678", "03-1234-5678", false},
        {"-03-1234-5678-", "03-1234-5678", false},
        {" 0312345678 ", "0312345678", false},
        {"　０３１２３４５６７８　", "0312345678", false},
        {"０３－１２３４－５６７８", "03-1234-5678", false},
        {"（０３）１２３４－５６７８", "03-1234-5678", false},
        {"０３　１２３４　５６７８", "03-1234-5678", false},
        {"０９０ー１２３４ー５６７８", "090-1234-5678", false}, /* the sign of a long vowel for a hyphen */
        {"090ｰ1234ｰ5678", "090-1234-5678", false},
        {"03‐1234‐5678", "03-1234-5678", false}, /* U+2010 */
        {"03–1234–5678", "03-1234-5678", false}, /* U+2013 */
        {"03―1234―5678", "03-1234-5678", false}, /* U+2015 */
        {"03−1234−5678", "03-1234-5678", false}, /* U+2212 */
        {"03-１２３４-5678", "03-1234-5678", false},
        {"0-3-1-2-3-4-5-6-7-8", "0-3-1-2-3-4-5-6-7-8", false}, /* the longest forms fit */
        {"0-9-0-1-2-3-4-5-6-7-8", "0-9-0-1-2-3-4-5-6-7-8", false},
    };
    assert_phones(cases, COUNT(cases));
}

static void phones_of_each_kind(void **state)
{
    (void)state;
    static const struct phone_case cases[] = {
        /* Ten digits: 0, then 1 to 9. */
        {"0112345678", "0112345678", false},
        {"0299999999", "0299999999", false},
        {"0999999999", "0999999999", false},
        {"0120000000", "0120000000", false},
        {"0570000000", "0570000000", false},
        {"0990000000", "0990000000", false},
        {"0000000000", NULL, false},
        {"0012345678", NULL, false},
        {"1234567890", NULL, false},
        {"3333333333", NULL, false},
        /* Eleven: mobile, IP and pager numbers, and no others. */
        {"02012345678", "02012345678", false},
        {"05012345678", "05012345678", false},
        {"06012345678", "06012345678", false},
        {"07012345678", "07012345678", false},
        {"08012345678", "08012345678", false},
        {"09012345678", "09012345678", false},
        {"08001234567", "08001234567", false},
        {"01012345678", NULL, false},
        {"03012345678", NULL, false},
        {"04012345678", NULL, false},
        {"03123456789", NULL, false},
        {"09112345678", NULL, false},
        {"00012345678", NULL, false},
        {"12345678901", NULL, false},
        /* Ten digits that begin as those do are one too few; but 06-0… may be in Osaka. */
        {"0201234567", NULL, false},
        {"0501234567", NULL, false},
        {"0701234567", NULL, false},
        {"0801234567", NULL, false},
        {"0901234567", NULL, false},
        {"090-123-4567", NULL, false},
        {"0601234567", "0601234567", false},
        {"06-0123-4567", "06-0123-4567", false},
        /* Too short, too long. */
        {"012345678", NULL, false},
        {"03-1234-567", NULL, false},
        {"03-1234-56789", NULL, false},
        {"0", NULL, false},
        {"090123456789", NULL, false},
        {"0901234567890", NULL, false},
        {"09012345678901", NULL, false},
        {"0000000000000000000000000000000000000000", NULL, false},
    };
    assert_phones(cases, COUNT(cases));
}

static void phones_without_their_zero(void **state)
{
    (void)state;
    static const struct phone_case cases[] = {
        {"312345678", "0312345678", true},
        {"120000000", "0120000000", true},
        {"601234567", "0601234567", true},
        {"９０１２３４５６７８", "09012345678", true},
        {"2012345678", "02012345678", true},
        {"5012345678", "05012345678", true},
        {"6012345678", "06012345678", true},
        {"7012345678", "07012345678", true},
        {"8012345678", "08012345678", true},
        {"9012345678", "09012345678", true},
        {" 312345678 ", "0312345678", true},
        /* More than a 0 is missing, or it is no number with one. */
        {"901234567", NULL, false},
        {"801234567", NULL, false},
        {"201234567", NULL, false},
        {"12345678", NULL, false},
        {"1", NULL, false},
        {"3123456789", NULL, false},
        {"9112345678", NULL, false},
        {"012345678", NULL, false},
        /* No spreadsheet takes a 0 from a text with hyphens: what is missing there may be anything. */
        {"3-1234-5678", NULL, false},
        {"90-1234-5678", NULL, false},
        {"312345 678", NULL, false},
        {"(3)12345678", NULL, false},
    };
    assert_phones(cases, COUNT(cases));
}

static void phones_as_the_world_writes_them(void **state)
{
    (void)state;
    static const struct phone_case cases[] = {
        {"+81312345678", "0312345678", true},
        {"+81 3 1234 5678", "03-1234-5678", true},
        {"+81-3-1234-5678", "03-1234-5678", true},
        {"+81-90-1234-5678", "090-1234-5678", true},
        {"+819012345678", "09012345678", true},
        {"＋８１－９０－１２３４－５６７８", "090-1234-5678", true},
        {" +81 90 1234 5678 ", "090-1234-5678", true},
        {"+8190-1234-5678", "090-1234-5678", true},
        {"+810312345678", "0312345678", true},
        {"+81-03-1234-5678", "03-1234-5678", true},
        {"+81 090 1234 5678", "090-1234-5678", true},
        {"+81 (0)3 1234 5678", "03-1234-5678", true}, /* the 0 to be dialled within Japan only */
        {"+81(0)90-1234-5678", "090-1234-5678", true},
        {"+81-0-3-1234-5678", "03-1234-5678", true},
        {"81-(0)6-0123-4567", "06-0123-4567", true},
        {"81-3-1234-5678", "03-1234-5678", true},
        {"81-90-1234-5678", "090-1234-5678", true},
        {"81-090-1234-5678", "090-1234-5678", true},
        {"81 3 1234 5678", "03-1234-5678", true},
        {"81312345678", "0312345678", true},
        {"819012345678", "09012345678", true},
        {"8109012345678", "09012345678", true}, /* 13 digits */
        {"81-6-0123-4567", "06-0123-4567", true},
        {"+81", NULL, false},
        {"+", NULL, false},
        {"++81312345678", NULL, false},
        {"(+81)312345678", NULL, false},
        {"81+312345678", NULL, false},
        {"+1-202-555-0100", NULL, false},
        {"+82-2-1234-5678", NULL, false},
        {"+0312345678", NULL, false},
        {"+03-1234-5678", NULL, false},
        {"+8131234567", NULL, false},
        {"+81901234567", NULL, false}, /* a mobile number that lacks a digit */
        {"+81890123456789", NULL, false},
        {"010-81-3-1234-5678", NULL, false},
        {"0081312345678", NULL, false},
        {"81-2345-6789", NULL, false},
        {"8112345678", NULL, false}, /* ten digits: 081-… lacks a 0 and has one digit too many */
        {"812345678", "0812345678", true},
        {"081-234-5678", "081-234-5678", false},
    };
    assert_phones(cases, COUNT(cases));
}

static void phones_are_nothing_else(void **state)
{
    (void)state;
    static const struct phone_case cases[] = {
        {"", NULL, false},
        {" ", NULL, false},
        {"-", NULL, false},
        {"()", NULL, false},
        {"なし", NULL, false},
        {"03-1234-567x", NULL, false},
        {"03.1234.5678", NULL, false},
        {"03/1234/5678", NULL, false},
        {"03_1234_5678", NULL, false},
        {"03~1234~5678", NULL, false},
        {"03,1234,5678", NULL, false},
        {"03-1234-5678 内線1", NULL, false},
        {"03-1234-5678#1", NULL, false},
        {"03-1234-5678、090-1234-5678", NULL, false},
        {"03-1234-5678 090-1234-5678", NULL, false},
        {"TEL 03-1234-5678", NULL, false},
        {"℡0312345678", NULL, false},
        {"03\t1234\t5678", NULL, false},
        {"03-1234-5678\n", NULL, false},
        {"〇三一二三四五六七八", NULL, false},
        {"1.23457E+11", NULL, false},
        {"03-1234-\xE3\x80", NULL, false},                                                         /* no UTF-8 */
        {"                                                      0312345678", "0312345678", false}, /* 64 bytes */
        {"                                                       0312345678", NULL, false},
    };
    char phone[VALUE_PHONE_SIZE];
    bool repaired;
    assert_phones(cases, COUNT(cases));
    assert_false(value_phone((struct span){NULL, 0}, phone, &repaired));
    assert_false(value_phone((struct span){"03123\0004567", 10}, phone, &repaired));
    assert_true(value_phone((struct span){"03123456789", 10}, phone, &repaired));
}

/* Every run of digits up to a length that none has: what is given out is always a number as it should be. */
static void phones_given_out_are_phones(void **state)
{
    (void)state;
    uint64_t seed = 7;
    size_t good = 0;
    for (unsigned i = 0; i < 200000; i++) {
        static const char bytes[] = "000123456789811-() +";
        char text[20];
        char phone[VALUE_PHONE_SIZE];
        char again[VALUE_PHONE_SIZE];
        bool repaired;
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        size_t length = 8 + (size_t)(seed >> 60) % 8;
        for (size_t at = 0; at < length; at++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            text[at] = bytes[(size_t)(seed >> 33) % (sizeof bytes - 1)];
        }
        if (!value_phone((struct span){text, length}, phone, &repaired))
            continue;
        good++;
        /* It is its own form, and needs no repair any more. */
        if (!value_phone(span_of(phone), again, &repaired) || repaired || strcmp(phone, again) != 0)
            fail_msg("\"%.*s\" became \"%s\"", (int)length, text, phone);
    }
    assert_true(good > 1000);
}

/* ---- Postal codes ---- */

struct postal_case {
    const char *text;
    const char *address;
    const char *code; /* NULL: none */
    bool repaired;
};

static void assert_postal_codes(const struct postal_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char code[VALUE_POSTAL_CODE_SIZE];
        bool repaired = !cases[i].repaired;
        struct span text = exactly(cases[i].text);
        struct span address = exactly(cases[i].address);
        bool is = value_postal_code(text, address, code, &repaired);
        release(text);
        release(address);
        if (is != (cases[i].code != NULL))
            fail_msg("\"%s\" is %s postal code in %s", cases[i].text, is ? "no" : "a", cases[i].address);
        if (is && (strcmp(code, cases[i].code) != 0 || repaired != cases[i].repaired))
            fail_msg("\"%s\" became \"%s\"%s", cases[i].text, code, repaired ? ", repaired" : "");
    }
}

static void postal_codes_as_people_write_them(void **state)
{
    (void)state;
    static const struct postal_case cases[] = {
        {"1000001", "", "1000001", false},
        {"100-0001", "", "100-0001", false},
        {"100-0001", "大阪府", "100-0001", false}, /* what is whole is believed */
        {"〒100-0001", "", "100-0001", false},
        {"〒1000001", "", "1000001", false},
        {"〒 100-0001", "", "100-0001", false},
        {"〒　１００－０００１", "", "100-0001", false},
        {"１０００００１", "", "1000001", false},
        {"１００－０００１", "", "100-0001", false},
        {"100ー0001", "", "100-0001", false},
        {"100−0001", "", "100-0001", false},
        {" 100-0001 ", "", "100-0001", false},
        {" 〒100-0001", "", "100-0001", false},
        {"　 〒　100-0001　", "", "100-0001", false},
        {"　", "", NULL, false},
        {"　〒　", "", NULL, false},
        {"060-0000", "北海道", "060-0000", false},
        {"0000000", "", "0000000", false},
        {"9999999", "", "9999999", false},
        {"", "", NULL, false},
        {" ", "", NULL, false},
        {"〒", "", NULL, false},
        {"-", "", NULL, false},
        {"100-", "", NULL, false},
        {"-1000001", "", NULL, false},
        {"1000001-", "", NULL, false},
        {"10-00001", "", NULL, false},
        {"1000-001", "", NULL, false},
        {"10-0-001", "", NULL, false},
        {"100-000", "", NULL, false},
        {"100-00011", "", NULL, false},
        {"100--001", "", NULL, false},
        {"100-0-01", "", NULL, false},
        {"100-000-", "", NULL, false},
        {"100 0001", "", NULL, false},
        {"100/0001", "", NULL, false},
        {"10000001", "", NULL, false},
        {"100000123", "", NULL, false},
        {"100-000A", "", NULL, false},
        {"A00-0001", "", NULL, false},
        {"〒〒100-0001", "", NULL, false},
        {"100-0001〒", "", NULL, false},
        {"郵100-0001", "", NULL, false},
        {"1E+06", "", NULL, false},
        {"060-01", "北海道", NULL, false}, /* the five digits of before 1998 */
        {"100\xE3\x80", "", NULL, false},
    };
    char code[VALUE_POSTAL_CODE_SIZE];
    bool repaired;
    assert_postal_codes(cases, COUNT(cases));
    assert_false(value_postal_code((struct span){NULL, 0}, span_of("東京都"), code, &repaired));
    assert_true(value_postal_code((struct span){"10000012", 7}, (struct span){NULL, 0}, code, &repaired));
    assert_false(value_postal_code((struct span){"100\000001", 7}, span_of(""), code, &repaired));
}

static void postal_codes_without_their_zeros(void **state)
{
    (void)state;
    static const struct postal_case cases[] = {
        {"100001", "秋田県", "0100001", true},
        {"200001", "岩手県盛岡市", "0200001", true},
        {"300001", "青森県", "0300001", true},
        {"400001", "北海道", "0400001", true},
        {"500001", "北海道", "0500001", true},
        {"600001", "北海道札幌市", "0600001", true},
        {"700001", "北海道", "0700001", true},
        {"800001", "北海道", "0800001", true},
        {"900001", "北海道", "0900001", true},
        {"10001", "北海道", "0010001", true},
        {"90000", "北海道", "0090000", true},
        {"６０００００１", "北海道", "6000001", false}, /* seven digits: none is missing */
        {"６００００１", "北海道", "0600001", true},
        {"〒600001", "北海道", "0600001", true},
        {" 600001 ", "北海道", "0600001", true},
        /* It lies elsewhere, or nobody knows where: then another digit may be missing. */
        {"100001", "東京都", NULL, false},
        {"100001", "北海道", NULL, false},
        {"200001", "秋田県", NULL, false},
        {"300001", "岩手県", NULL, false},
        {"400001", "青森県", NULL, false},
        {"600001", "京都府", NULL, false},
        {"900001", "大阪府", NULL, false},
        {"600001", "", NULL, false},
        {"600001", "北海", NULL, false},
        {"600001", "札幌市", NULL, false},
        {"10001", "秋田県", NULL, false},
        {"10001", "", NULL, false},
        {"1001", "北海道", NULL, false}, /* three zeros: no code has them */
        {"1", "北海道", NULL, false},
        /* A spreadsheet that takes a 0 takes all of them. */
        {"060001", "北海道", NULL, false},
        {"010001", "秋田県", NULL, false},
        {"00001", "北海道", NULL, false},
        /* Nor does it take one from a text with a hyphen. */
        {"60-0001", "北海道", NULL, false},
        {"600-001", "北海道", NULL, false},
    };
    assert_postal_codes(cases, COUNT(cases));
}

/* ---- Texts ---- */

static void emails(void **state)
{
    (void)state;
    static const char *const good[] = {
        "taro@example.com",
        "t@e.jp",
        "a.b@example.co.jp",
        ".taro.@example.com", /* as docomo gave them out */
        "taro..mihon@example.com",
        "...@example.com",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "TARO+1@EXAMPLE.COM",
        "123@456.78",
        "taro@a-b.c--d.example",
        "taro@1.2.3.4",
    };
    static const char *const bad[] = {
        "",
        "@",
        "taro",
        "taro@",
        "@example.com",
        "taro@example",
        "taro@example.",
        "taro@.example.com",
        "taro@example..com",
        "taro@-example.com",
        "taro@example-.com",
        "taro@example.-com",
        "taro@example.com-",
        "taro@-",
        "taro@.",
        "taro@exa_mple.com",
        "taro@example.com ",
        " taro@example.com",
        "taro@ example.com",
        "taro@@example.com",
        "taro@mihon@example.com",
        "taro@example.com,hanako@example.com",
        "taro@例え.jp",
        "太郎@example.com",
        "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "taro＠example.com",
        "taro@[127.0.0.1]",
        "mailto:taro@example.com",
        "見本 <taro@example.com>",
        "taro@example.com\n",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct span text = exactly(good[i]);
        if (!value_is_email(text))
            fail_msg("\"%s\" is an address", good[i]);
        release(text);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct span text = exactly(bad[i]);
        if (value_is_email(text))
            fail_msg("\"%s\" is no address", bad[i]);
        release(text);
    }
    assert_true(value_is_email((struct span){"taro@example.com ", 16}));
    assert_false(value_is_email((struct span){NULL, 0}));
}

/* Which bytes may stand before the @: all of printable ASCII but these, and nothing else. */
static void emails_before_the_at(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "ta?ro@example.com";
        text[2] = (char)byte;
        bool good = byte > ' ' && byte <= '~' && strchr("\"(),:;<>@[\\]", (int)byte) == NULL;
        if (value_is_email((struct span){text, sizeof text - 1}) != good)
            fail_msg("byte 0x%02X", byte);
    }
}

/* And behind it: letters, digits, and hyphens and dots between them. */
static void emails_behind_the_at(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "taro@exa?mple.com";
        text[8] = (char)byte;
        bool good = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                    byte == '-' || byte == '.';
        if (value_is_email((struct span){text, sizeof text - 1}) != good)
            fail_msg("byte 0x%02X", byte);
    }
}

static void emails_have_a_length(void **state)
{
    (void)state;
    struct buf text = {0};
    for (size_t local = 60; local <= 70; local++) {
        buf_clear(&text);
        buf_printf(&text, "%0*d@example.com", (int)local, 0);
        assert_int_equal(value_is_email((struct span){buf_text(&text), text.length}), local <= 64);
    }
    for (size_t whole = 250; whole <= 260; whole++) {
        buf_clear(&text);
        buf_printf(&text, "%064d@", 0);
        while (text.length + 50 < whole)
            buf_append_text(&text, "abcdefghij.");
        buf_printf(&text, "%0*d", (int)(whole - text.length), 0);
        assert_int_equal(text.length, whole);
        assert_int_equal(value_is_email((struct span){buf_text(&text), text.length}), whole <= 254);
    }
    buf_free(&text);
}

static void kana(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "ミホン タロウ",
        "ミホン　タロウ",
        "ﾐﾎﾝ ﾀﾛｳ",
        "ﾊﾟﾋﾟﾌﾞﾍﾞﾎﾞｰ･｡｢｣､",
        "みほん たろう",
        "ァアィイゥウヴヵヶヷヸヹヺ・ーヽヾ",
        "ぁあゔゝゞ゛゜",
        "ミホンショウテン（カブ）",
        "ミホンショウテン(カ)",
        "「ミホン」『ミホン』【ミホン】",
        "ミホン 2ゴウ",
        "ミホン ２ゴウ",
        "ABC ミホン",
        "ＡＢＣ ミホン",
        "メアリ-ジェーン",
        "メアリ－ジェーン",
        "ｱ-ﾝ",
    };
    static const char *const bad[] = {
        "見本 太郎", "ミホン太郎", "ミホン タロウ様", "㈱ミホン",       "ミホン①",         "Müller",
        "ミホン♪",   "미혼",       "ミホン😀",         "ミホン\xE3\x83", "\xEF\xBF\xBDﾐﾎﾝ", "Михон",
        "ミホン々",  "〆ホン",     "〇ホン",          "〒ホン",         "ミ〓ン",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct span text = exactly(good[i]);
        if (!value_is_kana(text))
            fail_msg("\"%s\" is kana", good[i]);
        release(text);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct span text = exactly(bad[i]);
        if (value_is_kana(text))
            fail_msg("\"%s\" is no kana", bad[i]);
        release(text);
    }
    assert_true(value_is_kana((struct span){NULL, 0}));
}

/* ---- What a spreadsheet made of it ---- */

static void rounded_numbers(void **state)
{
    (void)state;
    static const char *const rounded[] = {
        "1.23457E+11", "1E+15",   "9.0E+15",  "-1.23457E+11", "+1.2E+11",
        "1.23457E-05", "4.0E-12", "1.0E+100", "0E+00",        "1.2345678901234567890123456789E+30",
    };
    static const char *const others[] = {
        "",
        "1",
        "E+11",
        "1.E+11",
        "12E+11",
        "4E-12", /* a product number, most likely */
        "1.23457",
        "1.23457E",
        "1.23457E+",
        "1.23457E+1",
        "1.23457E11",
        "1.23457e+11",
        "1.23457E+1x",
        "1.23457E+111x",
        "1.23457E+1111",
        ".23457E+11",
        "1,23457E+11",
        "1.2.3E+11",
        " 1.23457E+11",
        "1.23457E+11 ",
        "--1.2E+11",
        "-+1.2E+11",
        "A1E+11",
        "1.23457E +11",
        "1.23457E+-11",
        "1.23457E+1１",
        "１.23457E+11",
        "-",
        "1.2E＋11",
    };
    for (size_t i = 0; i < COUNT(rounded); i++) {
        struct span text = exactly(rounded[i]);
        if (!value_is_rounded(text))
            fail_msg("\"%s\" is a shortened number", rounded[i]);
        release(text);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        struct span text = exactly(others[i]);
        if (value_is_rounded(text))
            fail_msg("\"%s\" is no shortened number", others[i]);
        release(text);
    }
    assert_false(value_is_rounded((struct span){NULL, 0}));
    assert_false(value_is_rounded((struct span){"1.23457E+11", 9}));
}

static void wrapped_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *inside; /* NULL: it is no such */
    } cases[] = {
        {"=\"0312345678\"", "0312345678"},
        {"=\"1\"", "1"},
        {"=\" \"", " "},
        {"=\"=\"", "="},
        {"=\"見本\"", "見本"},
        {"", NULL},
        {"=", NULL},
        {"=\"", NULL},
        {"\"0312345678\"", NULL},
        {"=0312345678", NULL},
        {"=\"0312345678", NULL},
        {"=0312345678\"", NULL},
        {" =\"0312345678\"", NULL},
        {"=\"0312345678\" ", NULL},
        {"=\"03\"\"12\"", NULL},
        {"=\"03\"&\"12\"", NULL},
        {"=\"\"", ""}, /* an export that wraps all cells has such, too */
        {"=\"\"\"", NULL},
        {"=\"\"\"\"", NULL},
        {"='0312345678'", NULL},
        {"＝\"0312345678\"", NULL},
        {"=A1", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span inside = span_of("untouched");
        struct span text = exactly(cases[i].text);
        bool is = value_unwrap(text, &inside);
        if (is != (cases[i].inside != NULL) || (is && !span_is(inside, cases[i].inside)))
            fail_msg("%s: \"%.*s\"", cases[i].text, (int)inside.length, inside.data);
        release(text);
    }
    struct span inside;
    assert_false(value_unwrap((struct span){NULL, 0}, &inside));
    assert_false(value_unwrap((struct span){"=\"12\"", 4}, &inside));
}

static void formulas_with_quotes_are_unwrapped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *inside; /* NULL: it is none */
    } cases[] = {
        {"=\"\"", ""},          {"=\"12\"", "12"},       {"=\"a\"\"b\"", "a\"b"}, {"=\"\"\"a\"\"\"", "\"a\""},
        {"=\"\"\"\"", "\""},    {"=\"\"\"", NULL},       {"=\"a\"b\"", NULL},     {"=\"a\"\"b\"\"", NULL},
        {"=\"a\"&\"b\"", NULL}, {"=\"", NULL},           {"=\"a", NULL},          {"a", NULL},
        {"=A1", NULL},          {"=\"a\"\"\"b\"", NULL}, {" =\"a\"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf inside = {0};
        struct span text = exactly(cases[i].text);
        bool is = value_unwrap_quotes(text, &inside);
        if (is != (cases[i].inside != NULL) || (is && strcmp(buf_text(&inside), cases[i].inside) != 0))
            fail_msg("%s: \"%s\"", cases[i].text, buf_text(&inside));
        release(text);
        buf_free(&inside);
    }
    struct buf none = {0};
    assert_false(value_unwrap_quotes((struct span){NULL, 0}, &none));
    buf_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_digits),
        cmocka_unit_test(values_blank),
        cmocka_unit_test(values_integers),
        cmocka_unit_test(values_times),
        cmocka_unit_test(values_dates),
        cmocka_unit_test(phones_as_people_write_them),
        cmocka_unit_test(phones_of_each_kind),
        cmocka_unit_test(phones_without_their_zero),
        cmocka_unit_test(phones_as_the_world_writes_them),
        cmocka_unit_test(phones_are_nothing_else),
        cmocka_unit_test(phones_given_out_are_phones),
        cmocka_unit_test(postal_codes_as_people_write_them),
        cmocka_unit_test(postal_codes_without_their_zeros),
        cmocka_unit_test(emails),
        cmocka_unit_test(emails_before_the_at),
        cmocka_unit_test(emails_behind_the_at),
        cmocka_unit_test(emails_have_a_length),
        cmocka_unit_test(kana),
        cmocka_unit_test(rounded_numbers),
        cmocka_unit_test(wrapped_texts),
        cmocka_unit_test(formulas_with_quotes_are_unwrapped),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
