/* tests/unit/test_html.c: pages and charts: whatever a text holds, it stays a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/chart.h"
#include "report/html.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void texts_stay_texts(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        const char *wanted;
    } cases[] = {
        {{"", 0}, ""},
        {{"受注 a-z_09", 13}, "受注 a-z_09"},
        {{"<b>&\"'", 6}, "&lt;b&gt;&amp;&quot;&#39;"},
        {{"</script><!--]]>", 16}, "&lt;/script&gt;&lt;!--]]&gt;"},
        {{"a\0b", 3}, "a&#x2400;b"},
        {{"\t\r\n\x1b\x7f", 5}, "&#x2409;&#x240D;&#x240A;&#x241B;&#x2421;"},
        {{"\xc2\x85", 2}, "‹U+0085›"}, /* NEL */
        {{"\xe2\x80\xae"
          "gpj",
          6},
         "‹U+202E›gpj"},                                       /* right-to-left override */
        {{"\xe2\x81\xa6\xe2\x81\xa9", 6}, "‹U+2066›‹U+2069›"}, /* isolates */
        {{"\xe2\x80\x8b\xef\xbb\xbf", 6}, "‹U+200B›‹U+FEFF›"}, /* blanks without width */
        {{"\xe2\x80\xa8", 3}, "‹U+2028›"},                     /* line separator */
        {{"\xf3\xa0\x81\x81", 4}, "‹U+E0041›"},                /* a tag */
        {{"\xff"
          "a\xe5\x8f",
          4},
         "\xef\xbf\xbd"
         "a\xef\xbf\xbd"},
        {{"\xed\xa0\x80", 3}, "\xef\xbf\xbd"}, /* half of a pair */
        {{"𠮷é", 6}, "𠮷é"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct html html = {0};
        html_text(&html, cases[i].text);
        assert_string_equal(buf_text(&html.text), cases[i].wanted);
        html_free(&html);
        html_open(&html, "p");
        html_attribute(&html, "title", cases[i].text);
        html_close(&html);
        const char *found = buf_text(&html.text);
        assert_memory_equal(found, "<p title=\"", 10);
        assert_memory_equal(found + 10, cases[i].wanted, strlen(cases[i].wanted));
        assert_string_equal(found + 10 + strlen(cases[i].wanted), "\"></p>\n");
        html_free(&html);
    }
}

static void elements_stand_within_each_other(void **state)
{
    (void)state;
    struct html html = {0};
    html_open(&html, "b");
    html_open_class(&html, "i", "x");
    html_attribute_number(&html, "y", -7);
    html_close(&html);
    html_number(&html, 0);
    html_element(&html, "u", NULL, span_of(","));
    html_number(&html, 999);
    html_element(&html, "u", "v", span_of(","));
    html_number(&html, 1234567);
    html_foreign(&html, span_of("<"));
    html_close(&html);
    assert_int_equal(html.depth, 0);
    assert_string_equal(buf_text(&html.text), "<b><i class=\"x\" y=\"-7\"></i>0<u>,</u>999<u class=\"v\">,</u>1,234,567"
                                              "<bdi>&lt;</bdi></b>");
    html_free(&html);
}

static void links_lead_to_files(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *wanted;
    } cases[] = {
        {"result.csv", "result.csv"},
        {"../out/a b.csv", "../out/a%20b.csv"},
        {"javascript:alert(1)", "javascript%3Aalert%281%29"},
        {"//host/x", "/.//host/x"},
        {"\"><b>'&#?%\n", "%22%3E%3Cb%3E%27%26%23%3F%25%0A"},
        {"結果\\\xff", "%E7%B5%90%E6%9E%9C%5C%FF"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct html html = {0};
        struct buf wanted = {0};
        html_link(&html, span_of(cases[i].path), span_of("<x>"));
        buf_printf(&wanted, "<a href=\"%s\"><bdi>&lt;x&gt;</bdi></a>", cases[i].wanted);
        assert_string_equal(buf_text(&html.text), buf_text(&wanted));
        buf_free(&wanted);
        html_free(&html);
    }
}

static void only_addresses_of_the_manual_become_links(void **state)
{
    (void)state;
    struct html html = {0};
    html_text_with_links(&html,
                         span_of("<https://m.example/a.html#b> http://m.example/ https://m.example.evil/ "
                                 "https://m.example/"),
                         "https://m.example/");
    assert_string_equal(
        buf_text(&html.text),
        "&lt;<a href=\"https://m.example/a.html#b\" rel=\"noreferrer\">https://m.example/a.html#b</a>&gt; "
        "http://m.example/ https://m.example.evil/ "
        "<a href=\"https://m.example/\" rel=\"noreferrer\">https://m.example/</a>");
    html_free(&html);
}

static void pages_are_whole(void **state)
{
    (void)state;
    struct html html = {0};
    html_begin(&html, "ja", span_of("</title>"), "p { color: red; }\n");
    html_element(&html, "p", NULL, span_of("x"));
    html_end(&html);
    const char *page = buf_text(&html.text);
    assert_int_equal(html.depth, 0);
    assert_memory_equal(page, "<!DOCTYPE html>\n<html lang=\"ja\">", 32);
    assert_non_null(strstr(page, "<title>&lt;/title&gt;</title>"));
    assert_non_null(strstr(page, "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
    assert_non_null(strstr(page, "<style>\np { color: red; }\n</style>"));
    assert_non_null(strstr(page, "<body>\n<p>x</p>\n</body>\n</html>\n"));
    html_free(&html);
}

/* ---- Charts ---- */

static const char *const classes[] = {"a", "b"};

/* The chart of some bars; freed by the caller. */
static char *drawn(const struct chart_bar *bars, size_t count, size_t room)
{
    struct html html = {0};
    chart_draw(&html, span_of("題"), classes, COUNT(classes), bars, count, room);
    assert_int_equal(html.depth, 0);
    return buf_take(&html.text);
}

static size_t times(const char *text, const char *what)
{
    size_t count = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        count++;
    return count;
}

static void bars_stand_on_each_other(void **state)
{
    (void)state;
    const struct chart_bar bars[] = {
        {.name = "11/01", .title = {"<t>", 3}, .parts = {3, 1}},
        {.name = "11/02", .title = {"u", 1}, .parts = {0, 0}},
    };
    char *chart = drawn(bars, COUNT(bars), 2);
    assert_non_null(strstr(chart, "<title>題</title>"));
    assert_non_null(strstr(chart, "<title>&lt;t&gt;</title>"));
    assert_non_null(strstr(chart, ">4</text>"));
    assert_non_null(strstr(chart, ">2</text>"));
    assert_non_null(strstr(chart, "y=\"43.00\" height=\"105.00\""));
    assert_non_null(strstr(chart, "y=\"8.00\" height=\"35.00\""));
    assert_int_equal(times(chart, "<rect"), 2);
    assert_int_equal(times(chart, "class=\"name\""), 2);
    free(chart);
}

static void charts_have_room_for_all(void **state)
{
    (void)state;
    struct chart_bar bars[30];
    for (size_t i = 0; i < COUNT(bars); i++)
        bars[i] =
            (struct chart_bar){.name = "11/01", .title = {"", 0}, .parts = {i % 2 == 0 ? 1 : UINT64_C(1) << 40, 0}};
    char *chart = drawn(bars, COUNT(bars), COUNT(bars));
    assert_int_equal(times(chart, "<rect"), 30);
    assert_int_equal(times(chart, "height=\"0"), 0); /* the smallest is seen */
    assert_true(times(chart, "class=\"name\"") >= 6 && times(chart, "class=\"name\"") <= 8);
    free(chart);
    const struct chart_bar none = {.name = "", .title = {"", 0}};
    chart = drawn(&none, 1, 30);
    assert_int_equal(times(chart, "<rect"), 0);
    assert_non_null(strstr(chart, ">1</text>"));
    free(chart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stay_texts),         cmocka_unit_test(elements_stand_within_each_other),
        cmocka_unit_test(links_lead_to_files),      cmocka_unit_test(only_addresses_of_the_manual_become_links),
        cmocka_unit_test(pages_are_whole),          cmocka_unit_test(bars_stand_on_each_other),
        cmocka_unit_test(charts_have_room_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
