/* tests/unit/test_judge.c: what is wrong with an order depends on what is to be done with it (src/run/judge, and the
 * steps that find what it judges). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "run/check.h"
#include "run/intake.h"
#include "run/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROW(id, name, mall, rest)                                                                                      \
    "U," id ",2026-11-02 17:54:08,後払い," id "1,A1," name ",100,見本 太郎," mall rest "\n"

/* The last row, which has lost a cell, is taken for an order of its own. */
#define LOST "2026-11-02 17:54:08 CELLS_MISSING"

static const char rows[] =
    "コントロールカラム,受注ID,受注日時,支払方法,明細ID,商品番号,商品名,請求金額,注文者氏名,受注番号,送り状番号,"
    "配送会社,備考\n" ROW("1001", "煎茶", "M1", ",0123,ヤマト運輸,") /* of one mall order with the next */
    ROW("1002", "煎茶", "M1", ",0123,ヤマト運輸,")
        ROW("1003", "煎茶", "M3", ",0123,ヤマト運輸,\xFF") /* unreadable where it is carried through only */
    ROW("1004", "煎茶", "M4", ",0123\xFF,ヤマト運輸,")     /* … and where it is needed to ship */
    ROW("1005", "", "M5", ",0123,ヤマト運輸,")             /* no goods */
    ROW("1006", "煎茶", "M6", ",,,")                       /* not shipped */
    ROW("1007", "煎茶", "M7", "")                          /* nor this one, and its row ends early */
    ROW("1008", "煎茶", "M8", ",=\"0123\",=\"ヤマト運輸\",=\"x\"")
        ROW("10009", "煎茶", "M9", ",0123,ヤマト運輸,") /* whose row may be the next */
    "U,2026-11-02 17:54:08,後払い,10009,A1\n";

/* Each order that something is wrong with, and what: "1001 REQUIRED", joined with "; ". Freed by the caller. */
static char *judged(const char *path, enum atobarai_operation operation)
{
    struct atobarai_options options = ATOBARAI_OPTIONS_DEFAULT;
    atomic_bool interrupt = false;
    struct error error = {0};
    struct buf text = {0};
    options.jobs = 1;
    options.encoding = ATOBARAI_ENCODING_UTF8;
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    struct work work = {
        .operation = operation, .input = path, .options = &options, .interrupt = &interrupt, .catalog = catalog};
    assert_non_null(catalog);
    assert_true(order_schema_parse(&work.schema, span_of(embedded_order_schema), NULL, &error));
    assert_true(intake_run(&work, &error));
    assert_true(check_run(&work, &error));
    for (size_t i = 0; i < work.book.order_count; i++) {
        const struct book_order *order = &work.book.orders[i];
        for (uint32_t f = 0; f < order->finding_count; f++)
            buf_printf(&text, "%s%s %s", text.length > 0 ? "; " : "", book_id(&work.book, order),
                       work.findings.list[order->findings + f].code);
    }
    findings_free(&work.findings);
    book_free(&work.book);
    order_layout_free(&work.layout);
    order_schema_free(&work.schema);
    text_codec_free(work.codec);
    csv_source_close(work.source);
    catalog_free(catalog);
    return buf_take(&text);
}

static void what_is_wrong_depends_on_the_operation(void **state)
{
    (void)state;
    static const char to_register[] =
        "1001 MALL_NUMBER_TWICE; 1002 MALL_NUMBER_TWICE; 1003 ENCODING_INVALID; 1004 ENCODING_INVALID; "
        "1005 ITEM_NAME_SIZE; 1008 FORMULA_TEXT; 10009 DAMAGED_ROW_NEAR; " LOST;
    static const char to_ship[] =
        "1004 ENCODING_INVALID; 1006 REQUIRED; 1006 REQUIRED; 1007 CELLS_MISSING; 1008 FORMULA_TEXT; "
        "1008 FORMULA_TEXT; 10009 DAMAGED_ROW_NEAR; " LOST;
    static const char by_id[] = LOST;
    static const struct {
        enum atobarai_operation operation;
        enum rules_purpose purpose;
        const char *expected;
    } cases[] = {
        {ATOBARAI_CHECK, RULES_REGISTER, to_register},
        {ATOBARAI_REGISTER, RULES_REGISTER, to_register},
        {ATOBARAI_REREGISTER, RULES_REGISTER, to_register},
        {ATOBARAI_SHIP, RULES_SHIP, to_ship},
        {ATOBARAI_CANCEL, RULES_ID, by_id},
        {ATOBARAI_STATUS, RULES_ID, by_id},
    };
    char path[] = "/tmp/atobarai-test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, rows, sizeof rows - 1), sizeof rows - 1);
    close(fd);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct work work = {.operation = cases[i].operation};
        assert_int_equal(judge_purpose(&work), cases[i].purpose);
        char *found = judged(path, cases[i].operation);
        if (strcmp(found != NULL ? found : "", cases[i].expected) != 0)
            fail_msg("operation %d: \"%s\"", (int)cases[i].operation, found);
        free(found);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_depends_on_the_operation),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
