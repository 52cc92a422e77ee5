/* tests/unit/test_service_codes.c: every error code of the service's public protocol has a meaning and words
 * (src/order/service_codes), and a refusal is shown with them (outcome_refuse_code() in src/run/outcome). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "order/service_codes.h"
#include "run/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct catalog *catalog;

static int set_up(void **state)
{
    struct error error = {0};
    (void)state;
    catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    return catalog != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    catalog_free(catalog);
    return 0;
}

static bool find(const char *text, struct service_code *code)
{
    return service_code_find(span_of(text), code);
}

static void assert_span(struct span span, const char *text)
{
    if (!span_is(span, text))
        fail_msg("\"%.*s\", not \"%s\"", (int)span.length, span.data, text);
}

/* ---- The list ---- */

/* Fill a text as a result file does; it must say something, and nothing may be left in braces. */
static void assert_filled(const struct service_code *code, const char *template, bool needs_code)
{
    struct buf text = {0};
    struct catalog_values values = {.item = -1, .row = 2};
    values.column = span_of(code->field != ORDER_FIELD_NONE ? "列" : "");
    for (size_t i = 0; i < FINDING_ARGS; i++)
        values.args[i] = code->args[i];
    catalog_fill(template, &values, &text);
    assert_false(text.failed);
    if (text.length < 10 || strpbrk(buf_text(&text), "{}") != NULL || strstr(buf_text(&text), "「」") != NULL)
        fail_msg("%.*s: %s", (int)code->args[0].length, code->args[0].data, buf_text(&text));
    if (needs_code && !span_contains((struct span){buf_text(&text), text.length}, code->args[0]))
        fail_msg("%.*s is not in: %s", (int)code->args[0].length, code->args[0].data, buf_text(&text));
    buf_free(&text);
}

static void every_code_has_a_field_and_words(void **state)
{
    (void)state;
    struct service_code code;
    size_t count = 0;
    for (; service_code_at(count, &code); count++) {
        struct service_code found;
        const struct catalog_entry *entry = service_code_entry(&code, catalog);
        assert_true(service_code_find(code.args[0], &found));
        assert_true(found.args[0].data == code.args[0].data); /* the same line */
        assert_true(code.args[0].length > 0 && code.args[0].length <= SERVICE_CODE_MAX);
        assert_true(code.args[1].length > 0 && code.rule.length > 0);
        if (entry == NULL)
            fail_msg("%.*s: no entry %.*s", (int)code.args[0].length, code.args[0].data, (int)code.entry.length,
                     code.entry.data);
        assert_false(entry->warning);
        for (size_t language = 0; language < CATALOG_LANGUAGES; language++) {
            const struct catalog_text *text = &entry->texts[language];
            assert_true(*text->title != '\0');
            assert_filled(&code, text->message, true);
            assert_filled(&code, text->cause, false);
            assert_filled(&code, text->remedy, false);
        }
    }
    assert_int_equal(count, 340); /* as many as are known */
}

/* A message names the service's field in its own words, but where all of the entry's codes are about the same one. */
static void messages_name_the_field(void **state)
{
    (void)state;
    struct service_code code;
    for (size_t i = 0; service_code_at(i, &code); i++) {
        const struct catalog_entry *entry = service_code_entry(&code, catalog);
        for (size_t language = 0; language < CATALOG_LANGUAGES; language++)
            if (strstr(entry->texts[language].message, "{2}") == NULL)
                assert_span(code.entry, "SERVICE_ORDER_UNKNOWN");
    }
}

static void meanings_are_those_of_the_list(void **state)
{
    (void)state;
    static const size_t expected[] = {[SERVICE_REFUSED] = 261,
                                      [SERVICE_CONFLICT] = 14,
                                      [SERVICE_UNKNOWN] = 6,
                                      [SERVICE_CREDENTIALS] = 56,
                                      [SERVICE_FAILURE] = 3};
    size_t counts[COUNT(expected)] = {0};
    struct service_code code;
    for (size_t i = 0; service_code_at(i, &code); i++) {
        counts[code.meaning]++;
        bool account = span_is(code.args[1], "加盟店コード") || span_is(code.args[1], "パスワード");
        assert_int_equal(code.meaning == SERVICE_CREDENTIALS, account && !span_is(code.args[0], "kaakk004E"));
        assert_int_equal(code.meaning == SERVICE_FAILURE, span_is(code.args[1], "システム"));
        if (code.meaning == SERVICE_UNKNOWN)
            assert_span(code.entry, "SERVICE_ORDER_UNKNOWN");
    }
    assert_memory_equal(counts, expected, sizeof counts);
}

static void one_code_in_all_its_parts(void **state)
{
    (void)state;
    struct service_code code;
    static const char *const spellings[] = {"kaara021E", "KAARA021E", "kaara021e", "Kaara021E"};
    for (size_t i = 0; i < COUNT(spellings); i++) {
        assert_true(find(spellings[i], &code));
        assert_span(code.args[0], "kaara021E");
        assert_span(code.args[1], "氏名");
        assert_span(code.args[2], "30");
        assert_span(code.rule, "maxlen=30");
        assert_span(code.entry, "SERVICE_LENGTH");
        assert_int_equal(code.meaning, SERVICE_REFUSED);
        assert_int_equal(code.field, ORDER_FIELD_BUYER_NAME);
    }
    assert_true(find("err0003", &code));
    assert_span(code.args[0], "err0003");
    assert_span(code.args[2], "");
    assert_int_equal(code.field, ORDER_FIELD_NONE);
    assert_true(find("kaara002E", &code)); /* the first */
    assert_span(code.args[0], "kaara002E");
}

static void what_is_no_code(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           "kaara", "kaara021",  "kaara021EE",  "kaara021E ",
                                        " kaara021E", "code",  "kaara999E", "kaara021E\t", "err000",
                                        "err00011",   "氏名",  "kaara_21E", "\t"};
    struct service_code code;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (find(texts[i], &code))
            fail_msg("\"%s\" is %.*s", texts[i], (int)code.args[0].length, code.args[0].data);
    assert_false(service_code_find((struct span){NULL, 0}, &code));
    assert_false(service_code_find((struct span){"kaara021\0", 9}, &code));
}

/* ---- A refusal in a run ---- */

static void refuse(struct work *work, const char *message, const char *entry, const char *heading, const char *limit)
{
    struct book_order order = {0};
    struct span args[FINDING_ARGS];
    const char *code = outcome_refuse_code(work, &order, span_of(message));
    assert_string_equal(code, entry);
    assert_true(order.outcome < work->findings.count);
    const struct finding *finding = &work->findings.list[order.outcome];
    assert_string_equal(finding->code, entry);
    assert_int_equal(finding->row, 0);
    assert_false(finding->warning);
    if (heading == NULL)
        assert_int_equal(finding->column, FINDING_NO_COLUMN);
    else
        assert_span(order_layout_heading(&work->layout, &work->schema, finding->column), heading);
    findings_args(&work->findings, finding, args);
    assert_int_equal(strncasecmp(args[0].data, message, args[0].length), 0);
    assert_int_equal(args[0].length, strlen(message));
    assert_span(args[2], limit);
}

static void refusals_name_entry_column_and_limit(void **state)
{
    (void)state;
    static const struct span headings[] = {{"受注ID", sizeof "受注ID" - 1},
                                           {"支払方法", sizeof "支払方法" - 1},
                                           {"注文者住所1", sizeof "注文者住所1" - 1},
                                           {"注文者氏名", sizeof "注文者氏名" - 1}};
    struct error error = {0};
    struct work work = {.catalog = catalog};
    assert_true(order_schema_parse(&work.schema, span_of(embedded_order_schema), NULL, &error));
    assert_true(order_layout_find(&work.layout, &work.schema, headings, COUNT(headings), NULL, &error));
    refuse(&work, "kaara021E", "SERVICE_LENGTH", "注文者氏名", "30");
    refuse(&work, "KAARA032E", "SERVICE_LENGTH", "注文者住所1", "25");       /* the file's own column of the field */
    refuse(&work, "kaara043E", "SERVICE_EMAIL", "注文者メールアドレス", ""); /* which it lacks */
    refuse(&work, "kaara009E", "SERVICE_NUMBER_USED", "受注ID", "");
    refuse(&work, "kaara089E", "SERVICE_REQUEST_DATE", NULL, "");
    size_t count = work.findings.count;
    static const char *const others[] = {"", "kaara999E", "HTTP 404", "validation error:buyer.phone"};
    for (size_t i = 0; i < COUNT(others); i++) {
        struct book_order order = {0};
        assert_null(outcome_refuse_code(&work, &order, span_of(others[i])));
    }
    assert_int_equal(work.findings.count, count);
    findings_free(&work.findings);
    order_layout_free(&work.layout);
    order_schema_free(&work.schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_field_and_words),
        cmocka_unit_test(messages_name_the_field),
        cmocka_unit_test(meanings_are_those_of_the_list),
        cmocka_unit_test(one_code_in_all_its_parts),
        cmocka_unit_test(what_is_no_code),
        cmocka_unit_test(refusals_name_entry_column_and_limit),
    };
    return cmocka_run_group_tests_name("service_codes", tests, set_up, tear_down);
}
