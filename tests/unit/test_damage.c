/* tests/unit/test_damage.c: what a spreadsheet made of a cell (src/order/damage). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "order/damage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { GUESS_SIZE = 512 };

/* `text` in memory of just that size, so that a sanitizer sees whoever reads beyond it. */
static struct span exactly(struct span text)
{
    char *copy = malloc(text.length > 0 ? text.length : 1);
    assert_non_null(copy);
    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    return (struct span){copy, text.length};
}

static void release(struct span text)
{
    free((char *)text.data);
}

/* ---- Guesses ---- */

struct guesses {
    unsigned count;
    unsigned stop_at; /* 0: never */
    char texts[DAMAGE_GUESSES_MAX][GUESS_SIZE];
};

static bool take(void *context, struct span was)
{
    struct guesses *guesses = context;
    assert_true(guesses->count < DAMAGE_GUESSES_MAX);
    assert_true(was.length < GUESS_SIZE);
    memcpy(guesses->texts[guesses->count], was.data, was.length);
    guesses->texts[guesses->count][was.length] = '\0';
    guesses->count++;
    return guesses->count != guesses->stop_at;
}

static struct guesses *guesses_about(struct span is, unsigned stop_at)
{
    struct guesses *guesses = calloc(1, sizeof *guesses);
    assert_non_null(guesses);
    guesses->stop_at = stop_at;
    struct span copy = exactly(is);
    assert_true(damage_guess(copy, take, guesses) == (stop_at > 0 && guesses->count == stop_at));
    release(copy);
    return guesses;
}

/* The place of `was` among the guesses about `is`, from 1; 0: it is none. */
static unsigned place_of(const char *was, const char *is)
{
    struct guesses *guesses = guesses_about(span_of(is), 0);
    unsigned place = 0;
    for (unsigned i = 0; i < guesses->count && place == 0; i++)
        if (strcmp(guesses->texts[i], was) == 0)
            place = i + 1;
    free(guesses);
    return place;
}

static enum damage kind_of(const char *was, const char *is)
{
    struct span before = exactly(span_of(was));
    struct span after = exactly(span_of(is));
    enum damage kind = damage_of(before, after);
    release(before);
    release(after);
    return kind;
}

/* ---- What harms, both ways ---- */

static const struct {
    enum damage kind;
    const char *was;
    const char *is;
} harm[] = {
    /* Zeros: phone numbers, postal codes, product codes. */
    {DAMAGE_ZEROS, "0312345678", "312345678"},
    {DAMAGE_ZEROS, "09012345678", "9012345678"},
    {DAMAGE_ZEROS, "0010012", "10012"},
    {DAMAGE_ZEROS, "0600000", "600000"},
    {DAMAGE_ZEROS, "001", "1"},
    {DAMAGE_ZEROS, "00", "0"},
    {DAMAGE_ZEROS, "0000000", "0"},
    {DAMAGE_ZEROS, "00000000000000000001", "1"},
    {DAMAGE_ZEROS, "00000001234567890123", "1234567890123"},
    {DAMAGE_ZEROS, "-05", "-5"},
    {DAMAGE_ZEROS, "01.5", "1.5"},
    {DAMAGE_ZEROS, "０３１２３４５６７８", "312345678"},
    {DAMAGE_ZEROS, "０６００００", "60000"},
    {DAMAGE_ZEROS, "05%", "5%"},
    {DAMAGE_ZEROS, "012 ", "12"}, /* LibreOffice */
    /* Numbers. */
    {DAMAGE_NUMBER, "1.50", "1.5"},
    {DAMAGE_NUMBER, "1.500", "1.5"},
    {DAMAGE_NUMBER, "1.0", "1"},
    {DAMAGE_NUMBER, "10.00", "10"},
    {DAMAGE_NUMBER, "5.", "5"},
    {DAMAGE_NUMBER, ".5", "0.5"},
    {DAMAGE_NUMBER, "1,234", "1234"},
    {DAMAGE_NUMBER, "1,234,567", "1234567"},
    {DAMAGE_NUMBER, "1,234.50", "1234.5"},
    {DAMAGE_NUMBER, "1,234.00", "1234"},
    {DAMAGE_NUMBER, "１，２３４", "1234"},
    {DAMAGE_NUMBER, "１，２３４", "1,234"}, /* Excel keeps the comma */
    {DAMAGE_NUMBER, "１２３", "123"},
    {DAMAGE_NUMBER, "１．５", "1.5"},
    {DAMAGE_NUMBER, "－５", "-5"},
    {DAMAGE_NUMBER, "+5", "5"},
    {DAMAGE_NUMBER, "+81312345678", "81312345678"},
    {DAMAGE_NUMBER, "(5)", "-5"},
    {DAMAGE_NUMBER, " 12", "12"},
    {DAMAGE_NUMBER, "12 ", "12"},
    {DAMAGE_NUMBER, "12E45", "1.2E+46"},  /* Excel, saved twice; LibreOffice writes three digits without detection */
    {DAMAGE_NUMBER, "12E45", "1.20E+46"}, /* Excel */
    {DAMAGE_NUMBER, "12E45", "1.2E+046"}, /* LibreOffice */
    {DAMAGE_NUMBER, "12e45", "1.20E+46"},
    {DAMAGE_NUMBER, "1E3", "1.00E+03"},
    {DAMAGE_NUMBER, "1E03", "1.00E+03"},
    {DAMAGE_NUMBER, "1E3", "1000"},
    {DAMAGE_NUMBER, "120E5", "1.20E+07"},
    {DAMAGE_NUMBER, "123E5", "1.23E+07"},
    {DAMAGE_NUMBER, "1.2E46", "1.20E+46"},
    {DAMAGE_NUMBER, "120000000000", "1.2E+11"},
    {DAMAGE_NUMBER, "5%", "5.00%"}, /* LibreOffice */
    {DAMAGE_NUMBER, "5.5%", "5.50%"},
    {DAMAGE_NUMBER, "5.0%", "5%"},
    {DAMAGE_NUMBER, "0 1/2", " 1/2"},
    {DAMAGE_ROUNDED, "1234E5", "1.23E+08"}, /* a code of which one digit is lost can be guessed */
    {DAMAGE_ROUNDED, "1225E5", "1.23E+08"},
    /* A text that became a date. */
    {DAMAGE_DATE, "1-2", "1月2日"}, /* Excel in Japanese */
    {DAMAGE_DATE, "1/2", "1月2日"},
    {DAMAGE_DATE, "01-02", "1月2日"},
    {DAMAGE_DATE, "1-02", "1月2日"},
    {DAMAGE_DATE, "01-2", "1月2日"},
    {DAMAGE_DATE, "10-12", "10月12日"},
    {DAMAGE_DATE, "１－２", "1月2日"},
    {DAMAGE_DATE, "1-2", "2026/1/2"},
    {DAMAGE_DATE, "1/2", "2026/1/2"},
    {DAMAGE_DATE, "26-1-2", "2026/1/2"},
    {DAMAGE_DATE, "26-01-02", "2026/1/2"},
    {DAMAGE_DATE, "26/1/02", "2026/1/2"},
    {DAMAGE_DATE, "1-2-3", "2001/2/3"},
    {DAMAGE_DATE, "１－２－３", "2001/2/3"},
    {DAMAGE_DATE, "1-2-3", "2001-02-03"}, /* LibreOffice */
    {DAMAGE_DATE, "1.2.3", "2001/2/3"},
    {DAMAGE_DATE, "98-1-2", "1998/1/2"},
    {DAMAGE_DATE, "1-2", "2-Jan"}, /* Excel in English */
    {DAMAGE_DATE, "MAR1", "1-Mar"},
    {DAMAGE_DATE, "SEPT1", "1-Sep"},
    {DAMAGE_DATE, "Jan-2", "2-Jan"},
    {DAMAGE_DATE, "dec 24", "24-Dec"},
    {DAMAGE_DATE, "1-2", "Jan 02"}, /* LibreOffice */
    {DAMAGE_DATE, "1月2日", "Jan 02"},
    {DAMAGE_DATE, "10-12", "Oct 12"},
    {DAMAGE_DATE, "1/2", "01/02/26"},
    {DAMAGE_DATE, "2026-11", "Nov-26"},
    {DAMAGE_DATE, "2026/11", "Nov-26"},
    {DAMAGE_DATE, "1-40", "Jan-40"},
    {DAMAGE_DATE, "MAR40", "Mar-40"},
    /* A date or a time in another form. */
    {DAMAGE_TIME, "2026-11-02", "2026/11/2"},
    {DAMAGE_TIME, "2026/11/02", "2026/11/2"},
    {DAMAGE_TIME, "2026/11/2", "2026-11-02"},
    {DAMAGE_TIME, "2026.11.02", "2026/11/2"},
    {DAMAGE_TIME, "2026-11-02", "11/2/2026"},
    {DAMAGE_TIME, "2026-11-02", "11/02/26"},
    {DAMAGE_TIME, "2026-11-02", "26/11/02"},
    {DAMAGE_TIME, "11/2/2026", "11/02/26"},
    {DAMAGE_TIME, "2026-11-02 17:54:08", "2026/11/2 17:54"},
    {DAMAGE_TIME, "2026-11-02 17:54:00", "2026/11/2 17:54"},
    {DAMAGE_TIME, "2026-11-02 17:54:59", "2026/11/2 17:54"},
    {DAMAGE_TIME, "2026/11/02 17:54:59", "2026/11/2 17:54"},
    {DAMAGE_TIME, "2026/11/2 9:05:08", "2026/11/2 9:05"},
    {DAMAGE_TIME, "2026-11-02 09:05:08", "2026/11/2 9:05"},
    {DAMAGE_TIME, "2026-11-02 09:05", "2026/11/2 9:05"},
    {DAMAGE_TIME, "2026-11-12 19:05:08", "2026/11/12 19:05"},
    {DAMAGE_TIME, "2026-11-02 17:54:08", "2026/11/02 17:54:08"},
    {DAMAGE_TIME, "2026-11-02 17:54", "2026-11-02 17:54:00"}, /* LibreOffice */
    {DAMAGE_TIME, "2026/11/02 17:54", "11/02/2026 05:54 PM"},
    {DAMAGE_TIME, "2026-11-02 17:54:08", "11/2/2026 17:54"},
    {DAMAGE_TIME, "2026-11-02", "2026/11/2 0:00"},
    {DAMAGE_TIME, "09:30", "9:30"},
    {DAMAGE_TIME, "9:30", "09:30:00"},
    {DAMAGE_TIME, "9:30", "09:30:00 AM"},
    {DAMAGE_TIME, "12:30", "12:30:00 PM"},
    {DAMAGE_TIME, "00:00", "00:00:00"},
    {DAMAGE_TIME, "9:30:15", "09:30:15"},
    {DAMAGE_TIME, "25:30", "25:30:00"},
    {DAMAGE_TIME, "９：３０", "9:30"},
    /* The rest. */
    {DAMAGE_LOGICAL, "true", "TRUE"},
    {DAMAGE_LOGICAL, "True", "TRUE"},
    {DAMAGE_LOGICAL, "false", "FALSE"},
    {DAMAGE_FORMULA, "=\"001\"", "001"},
    {DAMAGE_FORMULA, "=\"03-1234-5678\"", "03-1234-5678"},
    {DAMAGE_LINES, "a\r\nb", "a\nb"},
    {DAMAGE_LINES, "東京都\r\n千代田区\r\n", "東京都\n千代田区\n"},
    {DAMAGE_LETTERS, "10〜12", "10?12"},
    {DAMAGE_LETTERS, "10〜12", "10～12"},
    {DAMAGE_LETTERS, "1丁目−2", "1丁目－2"},
    {DAMAGE_LETTERS, "1丁目−2", "1丁目?2"},
};

static void harm_is_guessed_and_told(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (size_t i = 0; i < COUNT(harm); i++) {
        enum damage kind = kind_of(harm[i].was, harm[i].is);
        unsigned place = place_of(harm[i].was, harm[i].is);
        if (kind == harm[i].kind && place > 0)
            continue;
        print_error("%s → %s: kind %d, not %d; guess %u\n", harm[i].was, harm[i].is, (int)kind, (int)harm[i].kind,
                    place);
        failures++;
    }
    assert_int_equal(failures, 0);
}

/* ---- What harms, and can only be told ---- */

static const struct {
    enum damage kind;
    const char *was;
    const char *is;
} lost[] = {
    {DAMAGE_ROUNDED, "123456789012", "1.23457E+11"},
    {DAMAGE_ROUNDED, "999999999999", "1E+12"},
    {DAMAGE_ROUNDED, "120000300000", "1.2E+11"},
    {DAMAGE_ROUNDED, "0123456789012", "1.23457E+11"},
    {DAMAGE_ROUNDED, "+819012345678", "8.19012E+11"},
    {DAMAGE_ROUNDED, "１２３４５６７８９０１２", "1.23457E+11"},
    {DAMAGE_ROUNDED, "1234567890123456", "1234567890123450"},
    {DAMAGE_ROUNDED, "1234567890123456", "1.23457E+15"},
    {DAMAGE_ROUNDED, "12345678901234567890", "1.23456789012346E+019"},
    {DAMAGE_ROUNDED, "12345678901234567890", "12345678901234500000"},
    {DAMAGE_ROUNDED, "0.123456789012", "0.123456789"},
    {DAMAGE_ROUNDED, "5.50%", "6%"},
    {DAMAGE_NUMBER, "1e-5", "0.00001"},
    {DAMAGE_NUMBER, "＋５", "5"},
    {DAMAGE_TIME, "0:0", "00:00:00"},
    {DAMAGE_ZEROS, "000000000000000000000001", "1"},
    {DAMAGE_DATE, "2026/1/2", "Jan 02"},
    {DAMAGE_DATE, "2026-1-2", "1月2日"},
    {DAMAGE_DATE, "2026年1月2日", "Jan 02"}, /* LibreOffice */
    {DAMAGE_TIME, "2026-11-02T17:54:08", "2026/11/2 17:54"},
    {DAMAGE_FORMULA, "+81-3-1234-5678", "-6834"},
    {DAMAGE_FORMULA, "-1+2", "1"},
    {DAMAGE_FORMULA, "=1+2", "3"},
    {DAMAGE_FORMULA, "=A1", "312345678"},
    {DAMAGE_FORMULA, "-送料込み", "#NAME?"},
    {DAMAGE_FORMULA, "@x", "#NAME?"},
    {DAMAGE_FORMULA, "=x", "Err:508"},
    {DAMAGE_FORMULA, "=\"a \"\"b\"\"\"", "a \"b\""},
    {DAMAGE_FORMULA, "=\"001\"", "1"}, /* saved twice */
    {DAMAGE_LETTERS, "😀です", "??です"},
    {DAMAGE_LETTERS, "😀です", "?です"},
    {DAMAGE_LETTERS, "Café", "Cafe"},
    {DAMAGE_LETTERS, "𠮷田\r\n様", "〓田\n様"},
    {DAMAGE_HIDDEN, "2026-11-02", "########"},
    {DAMAGE_HIDDEN, "123456", "###"},
};

static void lost_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lost); i++) {
        enum damage kind = kind_of(lost[i].was, lost[i].is);
        if (kind != lost[i].kind)
            print_error("%s → %s: kind %d, not %d\n", lost[i].was, lost[i].is, (int)kind, (int)lost[i].kind);
        assert_int_equal(kind, lost[i].kind);
    }
    static const char *const digits_gone[] = {"1.23457E+11", "1.23456789012346E+019", "########", "#NAME?"};
    for (size_t i = 0; i < COUNT(digits_gone); i++) {
        struct guesses *guesses = guesses_about(span_of(digits_gone[i]), 0);
        assert_true(guesses->count <= 1); /* ? may be a letter */
        free(guesses);
    }
}

/* ---- What a person did ---- */

static const struct {
    const char *was;
    const char *is;
} edits[] = {
    {"", ""},
    {"", "1"},
    {"1", ""},
    {"同じ", "同じ"},
    {"0312345678", "0312345679"},
    {"0312345678", "312345679"},
    {"312345678", "0312345678"}, /* mended */
    {"0312345678", "03-1234-5678"},
    {"03-1234-5678", "0312345678"},
    {"100", "200"},
    {"100", "1000"},
    {"100", "-100"},
    {"100", "100%"},
    {"1.5", "1.50"},
    {"1234", "1,234"},
    {"1234", "1234.00"},
    {"5", "+5"},
    {"12", "１２"},
    {"123456789012", "1.23458E+11"},
    {"123456789012", "123456789000"},
    {"1234567890123456", "1234567890123400"},
    {"1234567", "1234570"},
    {"55%", "60%"},
    {"1-2", "1月3日"},
    {"1-2", "2026/1/3"},
    {"1-2", "1-3"},
    {"2026年1月2日", "2026年1月3日"},
    {"2026年1月2日", "2027/1/2"},
    {"1月2日", "1月3日"},
    {"1-2", "1/2"},
    {"2026-11-02", "2026/11/3"},
    {"2026-11-02", "2025/11/2"},
    {"2026-11-02 17:54:08", "2026/11/2 17:55"},
    {"2026-11-02 17:54:08", "2026/11/2 17:54:09"},
    {"2026-11-02 17:54:08", "2026/11/2"},
    {"2026-11-02", "2026/11/2 9:00"},
    {"9:30", "9:31"},
    {"9:30", "09:30:15"},
    {"true", "FALSE"},
    {"TRUE", "true"},
    {"=\"001\"", "=\"002\""},
    {"=\"001\"", "002"},
    {"-x", "x"},
    {"+81-3-1234-5678", "0312345678"},
    {"a\nb", "a\r\nb"},
    {"a\r\nb", "a b"},
    {"a\r\nb", "a\nc"},
    {"東京", "?京"},
    {"東京", "東京都"},
    {"Cafe", "Café"},
    {"見本 太郎", "#####"},
    {"123456", "#"},
    {"煎茶", "煎茶 100g"},
    {"煎茶 ", "煎茶"},
    {"\xFF〜", "\xFE?"}, /* no text */
    {"\xFF\xFE", "\xFE\xFF"},
};

static void edits_are_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(edits); i++) {
        enum damage kind = kind_of(edits[i].was, edits[i].is);
        if (kind != DAMAGE_NONE)
            print_error("%s → %s: kind %d\n", edits[i].was, edits[i].is, (int)kind);
        assert_int_equal(kind, DAMAGE_NONE);
    }
}

/* ---- Few, and each of them harm ---- */

static void guesses_are_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(harm); i++) {
        struct guesses *guesses = guesses_about(span_of(harm[i].is), 0);
        for (unsigned k = 0; k < guesses->count; k++) {
            assert_string_not_equal(guesses->texts[k], harm[i].is);
            assert_int_not_equal(kind_of(guesses->texts[k], harm[i].is), DAMAGE_NONE);
            for (unsigned other = 0; other < k; other++)
                if (strcmp(guesses->texts[k], guesses->texts[other]) == 0)
                    fail_msg("%s ← %s, twice", harm[i].is, guesses->texts[k]);
        }
        free(guesses);
    }
}

static void guesses_are_few(void **state)
{
    (void)state;
    static const struct {
        const char *is;
        unsigned max;
    } bounds[] = {
        {"", 0},
        {"見本 太郎", 0},
        {"クロネコ代金後払い", 0},
        {"ORDER-2026", 0},
        {"A1", 0},
        {"taro@example.com", 0},
        {"03-1234-5678", 1},
        {"0312345678", 1},
        {"一行目\n二行目", 1},
        {"1.23457E+11", 0},
        {"TRUE", 2},
        {"312345678", 26},
        {"1", 32},
        {"1月2日", 10},
        {"9:30", 5},
        {"2026/1/2", 50},
        {"1.20E+46", 20},
        {"2026/11/2 17:54", 190},
        {"2026/11/2 17:54:08", 6},
    };
    for (size_t i = 0; i < COUNT(bounds); i++) {
        struct guesses *guesses = guesses_about(span_of(bounds[i].is), 0);
        if (guesses->count > bounds[i].max)
            print_error("%s: %u guesses, not %u\n", bounds[i].is, guesses->count, bounds[i].max);
        assert_true(guesses->count <= bounds[i].max);
        free(guesses);
    }
}

static void guesses_begin_with_the_likeliest(void **state)
{
    (void)state;
    assert_int_equal(place_of("0312345678", "312345678"), 1);
    assert_int_equal(place_of("0010012", "10012"), 2);
    assert_int_equal(place_of("2026-11-02 17:54:08", "2026/11/2 17:54"), 9);
    assert_int_equal(place_of("1.50", "1.5"), 1);
    assert_int_equal(place_of("01-02", "1月2日"), 1);
}

static void guesses_end_when_told(void **state)
{
    (void)state;
    free(guesses_about(span_of("2026/11/2 17:54"), 1));
    struct guesses *guesses = guesses_about(span_of("2026/11/2 17:54"), 70);
    assert_int_equal(guesses->count, 70);
    free(guesses);
}

/* Whatever a cell holds: texts made of the pieces of harmful ones. */
static void anything_may_stand_in_a_cell(void **state)
{
    (void)state;
    static const char *const pieces[] = {"0",    "1",  "12", "2026", "999999999", "-",    "/",  ":",  ".",
                                         ",",    "E+", "e",  "%",    "(",         ")",    "=",  "\"", "+",
                                         " ",    "月", "日", "Jan",  " AM",       "１",   "#",  "?",  "\n",
                                         "\r\n", "〜", "é",  "\xFF", "\\",        "TRUE", "年", "$",  "00000"};
    uint32_t random = 7;
    for (unsigned round = 0; round < 4000; round++) {
        char texts[2][GUESS_SIZE] = {"", ""};
        for (unsigned side = 0; side < 2; side++) {
            random = random * 1664525 + 1013904223;
            for (unsigned length = 1 + (random >> 16) % 9; length > 0; length--) {
                random = random * 1664525 + 1013904223;
                strcat(texts[side], pieces[(random >> 16) % COUNT(pieces)]);
            }
        }
        struct guesses *guesses = guesses_about(span_of(texts[0]), 0);
        for (unsigned k = 0; k < guesses->count; k++)
            assert_string_not_equal(guesses->texts[k], texts[0]);
        free(guesses);
        assert_true((int)kind_of(texts[0], texts[1]) < DAMAGE_KINDS);
        assert_int_equal(kind_of(texts[0], texts[0]), DAMAGE_NONE);
    }
    char digits[GUESS_SIZE];
    for (size_t length = 1; length < sizeof digits; length++) {
        memset(digits, '7', length);
        digits[length] = '\0';
        free(guesses_about(span_of(digits), 0));
        assert_int_equal(kind_of(digits, "7"), DAMAGE_NONE);
    }
}

static void what_shows_that_a_value_is_gone(void **state)
{
    (void)state;
    static const char *const gone[] = {"1.23457E+11", "-4.9E+12", "##", "########", "#NAME?", "#VALUE!", "Err:508"};
    static const char *const there[] = {"", "#", "#1", "123456789012", "1E5", "NAME?", "Err:", "#NAME?です", "-6834"};
    for (size_t i = 0; i < COUNT(gone); i++)
        assert_true(damage_is_loss(span_of(gone[i])));
    for (size_t i = 0; i < COUNT(there); i++)
        assert_false(damage_is_loss(span_of(there[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harm_is_guessed_and_told),
        cmocka_unit_test(lost_is_told),
        cmocka_unit_test(edits_are_none),
        cmocka_unit_test(guesses_are_harm),
        cmocka_unit_test(guesses_are_few),
        cmocka_unit_test(guesses_begin_with_the_likeliest),
        cmocka_unit_test(guesses_end_when_told),
        cmocka_unit_test(anything_may_stand_in_a_cell),
        cmocka_unit_test(what_shows_that_a_value_is_gone),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
