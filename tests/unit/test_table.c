/* tests/unit/test_table.c: tables for people and for programs, and what may not stand in their cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/table.h"
#include "text/harmless.h"
#include "text/width.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct atobarai_column columns[] = {{{"番号", "No"}, "number"}, {{"名前", "Name"}, "name"}};

/* The table of so many cells, written out. */
static void assert_written(const char *const *cells, size_t count, enum atobarai_format format,
                           enum atobarai_language language, const char *wanted)
{
    struct table table = {.columns = columns, .count = 2};
    struct buf out = {0};
    for (size_t i = 0; i < count; i++)
        table_put(&table, cells[i]);
    table_write(&table, format, language, &out);
    assert_false(out.failed);
    assert_string_equal(buf_text(&out), wanted);
    table_free(&table);
    buf_free(&out);
    /* And as the library shows it, whole rows only. */
    char *text = atobarai_table(columns, 2, cells, count / 2, format, language);
    assert_string_equal(text, wanted);
    free(text);
}

static void widths_are_a_terminals(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } texts[] = {
        {"", 0},
        {"abc", 3},
        {"受注ID", 6},
        {"ｱｲｳ", 3},
        {"（", 2},
        {"か"
         "\xE3\x82\x99",
         2},
        {"𠮷", 2},
        {"é", 1},
        {"\xFF", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (width_of(span_of(texts[i].text)) != texts[i].width)
            fail_msg("%s: %zu", texts[i].text, width_of(span_of(texts[i].text)));
}

static void cells_are_harmless(void **state)
{
    static const char *const cells[][2] = {
        {"", ""},
        {"1", "1"},
        {"=1", "'=1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@a", "'@a"},
        {"＝1", "'＝1"},
        {"＋", "'＋"},
        {"－", "'－"},
        {"＠", "'＠"},
        {"\u2212", "'−"},
        {"a=1", "a=1"},
        {"\t=1", " =1"},
        {"a\r\nb", "a  b"},
        {"\x1B[0m", " [0m"},
        {"\xC2\x9B", " "},
        {"\xFF", "\xEF\xBF\xBD"},
        {"\x7F", " "},
    };
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        buf_clear(&out);
        harmless_put_cell(span_of(cells[i][0]), &out);
        assert_string_equal(buf_text(&out), cells[i][1]);
    }
    buf_free(&out);
}

static void text_stands_in_columns(void **state)
{
    static const char *const cells[] = {"1", "見本", "受注2", "", "", "a\nb\x1B"};
    (void)state;
    assert_written(cells, 6, ATOBARAI_TEXT, ATOBARAI_JA, "番号   名前\n1      見本\n受注2\n       a b\n");
    assert_written(cells, 6, ATOBARAI_TEXT, ATOBARAI_EN, "No     Name\n1      見本\n受注2\n       a b\n");
    assert_written(cells, 0, ATOBARAI_TEXT, ATOBARAI_JA, "番号  名前\n（該当なし）\n");
    assert_written(cells, 0, ATOBARAI_TEXT, ATOBARAI_EN, "No  Name\n(none)\n");
}

static void csv_is_rfc_4180_and_harmless(void **state)
{
    static const char *const cells[] = {"1", "a,\"b\"", "=1+1", "a\nb", "", "-,"};
    (void)state;
    assert_written(cells, 6, ATOBARAI_CSV, ATOBARAI_EN, "番号,名前\r\n1,\"a,\"\"b\"\"\"\r\n'=1+1,a b\r\n,\"'-,\"\r\n");
    assert_written(cells, 0, ATOBARAI_CSV, ATOBARAI_JA, "番号,名前\r\n");
}

static void json_keeps_what_is_there(void **state)
{
    static const char *const cells[] = {"=1", "a\n\"b\"", "", "\xFF"};
    (void)state;
    assert_written(
        cells, 4, ATOBARAI_JSON, ATOBARAI_JA,
        "[\n{\"number\":\"=1\",\"name\":\"a\\n\\\"b\\\"\"},\n{\"number\":null,\"name\":\"\xEF\xBF\xBD\"}\n]\n");
    assert_written(cells, 0, ATOBARAI_JSON, ATOBARAI_JA, "[]\n");
}

static void numbers_are_numbers_in_json(void **state)
{
    static const char *const cells[] = {"7", "7", "", "x"};
    struct table table = {.columns = columns, .count = 2, .numbers = 1U << 0};
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        table_put(&table, cells[i]);
    table_write(&table, ATOBARAI_JSON, ATOBARAI_JA, &out);
    assert_string_equal(buf_text(&out), "[\n{\"number\":7,\"name\":\"7\"},\n{\"number\":null,\"name\":\"x\"}\n]\n");
    table_free(&table);
    buf_free(&out);
}

/* A table in pieces is the table in one. */
static void pieces_make_the_whole(void **state)
{
    static const char *const cells[] = {"1", "見本", "22222222", "x", "3", ""};
    static const enum atobarai_format formats[] = {ATOBARAI_TEXT, ATOBARAI_CSV, ATOBARAI_JSON};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct table table = {.columns = columns, .count = 2};
        struct buf out = {0};
        for (int pass = 0; pass < 2; pass++) {
            if (pass == 1)
                table_begin(&table, formats[i], ATOBARAI_JA, &out);
            for (size_t cell = 0; cell < sizeof cells / sizeof *cells; cell += 2) {
                table_put(&table, cells[cell]);
                table_put(&table, cells[cell + 1]);
                if (pass == 0)
                    table_measure(&table, ATOBARAI_JA);
                else
                    table_write_piece(&table, formats[i], &out);
                table_clear(&table);
            }
        }
        table_end(&table, formats[i], ATOBARAI_JA, &out);
        char *whole = atobarai_table(columns, 2, cells, 3, formats[i], ATOBARAI_JA);
        assert_string_equal(buf_text(&out), whole);
        free(whole);
        table_free(&table);
        buf_free(&out);
    }
}

static void times_are_local(void **state)
{
    struct table table = {.columns = columns, .count = 2};
    struct buf out = {0};
    (void)state;
    setenv("TZ", "JST-9", 1);
    tzset();
    table_put_time(&table, 0);
    table_put_time(&table, 1775000000);
    table_write(&table, ATOBARAI_CSV, ATOBARAI_JA, &out);
    assert_string_equal(buf_text(&out), "番号,名前\r\n,2026-04-01 08:33:20\r\n");
    table_free(&table);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_are_a_terminals),      cmocka_unit_test(cells_are_harmless),
        cmocka_unit_test(text_stands_in_columns),      cmocka_unit_test(csv_is_rfc_4180_and_harmless),
        cmocka_unit_test(json_keeps_what_is_there),    cmocka_unit_test(times_are_local),
        cmocka_unit_test(numbers_are_numbers_in_json), cmocka_unit_test(pieces_make_the_whole),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
