/* tests/unit/test_restore.c: a result file that comes back, held against the ledger, when memory runs out or the record
 * in the ledger is not what it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "run/check.h"
#include "run/intake.h"
#include "run/restore.h"

#include "scarce_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ORDERS = 2, LINES = 2 };

static const char headings[] = "コントロールカラム,受注ID,受注日時,支払方法,明細ID,商品番号,商品名,請求金額,注文者氏名";

/* A file as Robot-in writes it, or as it comes back with its zeros gone. */
static void write_file(const char *path, bool returns)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "%s%s\r\n", headings, returns ? ",エラーコード" : "");
    for (int i = 0; i < ORDERS * LINES; i++)
        fprintf(file, "U,%d,%s,後払い,%d,%s%d,煎茶,1080,見本 太郎%s\r\n", 1001 + i / LINES,
                returns ? "2026/11/2 17:54" : "2026-11-02 17:54:08", i, returns ? "" : "00", 100 + i,
                returns ? "," : "");
    assert_int_equal(fclose(file), 0);
}

/* A file that was read and checked. */
struct reading {
    char path[32];
    struct atobarai_options options;
    struct error error;
    atomic_bool interrupt;
    struct work work;
};

static void read_file(struct reading *reading, bool returns)
{
    *reading = (struct reading){.path = "/tmp/atobarai-test.XXXXXX", .options = ATOBARAI_OPTIONS_DEFAULT};
    int fd = mkstemp(reading->path);
    assert_true(fd >= 0);
    close(fd);
    write_file(reading->path, returns);
    reading->options.jobs = 1;
    reading->work = (struct work){.operation = ATOBARAI_REGISTER,
                                  .sends = true,
                                  .input = reading->path,
                                  .options = &reading->options,
                                  .interrupt = &reading->interrupt,
                                  .now = 1793700000,
                                  .catalog = catalog_parse(span_of(embedded_error_catalog), &reading->error)};
    assert_non_null(reading->work.catalog);
    assert_true(order_schema_parse(&reading->work.schema, span_of(embedded_order_schema), NULL, &reading->error));
    assert_true(intake_run(&reading->work, &reading->error));
    assert_true(check_run(&reading->work, &reading->error));
    assert_int_equal(reading->work.book.order_count, ORDERS);
}

static void free_file(struct reading *reading)
{
    struct work *work = &reading->work;
    unlink(reading->path);
    findings_free(&work->findings);
    mends_free(&work->mends);
    book_free(&work->book);
    order_layout_free(&work->layout);
    order_schema_free(&work->schema);
    text_codec_free(work->codec);
    csv_source_close(work->source);
    catalog_free((struct catalog *)work->catalog);
}

static struct ledger *open_ledger(void)
{
    const struct ledger_account account = {"https://127.0.0.1/v1", "merchant"};
    struct error error = {0};
    struct ledger *ledger = ledger_open_memory(&account, &error);
    assert_non_null(ledger);
    return ledger;
}

static size_t count_of(const struct findings *findings, const char *code)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += strcmp(findings->list[i].code, code) == 0;
    return count;
}

/* The two files of a test. */
struct files {
    struct reading exported;
    struct reading returned;
};

static int set_up(void **state)
{
    struct files *files = calloc(1, sizeof *files);
    assert_non_null(files);
    read_file(&files->exported, false);
    read_file(&files->returned, true);
    *state = files;
    return 0;
}

static int tear_down(void **state)
{
    struct files *files = *state;
    free_file(&files->exported);
    free_file(&files->returned);
    free(files);
    return 0;
}

/* What was read before is forgotten, so that it can be held against a ledger once more. */
static void begin_anew(struct work *work)
{
    findings_free(&work->findings);
    mends_free(&work->mends);
    for (size_t i = 0; i < work->book.order_count; i++)
        work->book.orders[i].finding_count = 0;
}

/* Keep the one file and restore the other, with as much memory as there is for that; ledger and libcrypto have enough.
 * Whether it came to its end: then nothing is missing. */
static bool keep_and_restore(void *context)
{
    struct files *files = context;
    size_t left = memory_left;
    struct error error = {0};
    memory_left = SIZE_MAX;
    begin_anew(&files->returned.work);
    struct ledger *ledger = open_ledger();
    memory_left = left;
    bool done = restore_run(&files->exported.work, ledger, false, &error) &&
                restore_run(&files->returned.work, ledger, false, &error);
    memory_left = SIZE_MAX;
    ledger_close(ledger);
    if (done) {
        assert_int_equal(files->returned.work.mends.count, ORDERS * LINES * 2);
        assert_int_equal(count_of(&files->returned.work.findings, "CELL_DAMAGED"), ORDERS * LINES * 2);
    } else {
        assert_string_equal(error.code, "OUT_OF_MEMORY");
    }
    begin_anew(&files->returned.work);
    return done;
}

static void memory_runs_out(void **state)
{
    bool leaked;
    size_t failures = memory_failures(keep_and_restore, *state, &leaked);
    assert_true(failures > 0 || !MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

/* A record of any bytes is read as far as it goes, and then it is none: every order is as it stands in the file. */
static void records_may_be_broken(void **state)
{
    struct files *files = *state;
    struct error error = {0};
    char record[64];
    srand(7);
    for (size_t length = 0; length < sizeof record; length++) {
        struct ledger *ledger = open_ledger();
        for (size_t i = 0; i < length; i++)
            record[i] = (char)(rand() % 256);
        for (int i = 0; i < ORDERS; i++) {
            char id[16];
            snprintf(id, sizeof id, "%d", 1001 + i);
            static const char layout[] = "商品番号\0商品名"; /* with the NUL at its end */
            assert_true(ledger_remember(ledger, span_of(id), (struct span){layout, sizeof layout},
                                        (struct span){record, length}, &error));
        }
        assert_true(restore_run(&files->returned.work, ledger, true, &error));
        assert_int_equal(files->returned.work.mends.count, 0);
        begin_anew(&files->returned.work);
        ledger_close(ledger);
    }
}

/* Asked to end, it ends early, and that is no error. */
static void interrupted(void **state)
{
    struct files *files = *state;
    struct error error = {0};
    struct ledger *ledger = open_ledger();
    assert_true(restore_run(&files->exported.work, ledger, false, &error));
    atomic_store(&files->returned.interrupt, true);
    assert_true(restore_run(&files->returned.work, ledger, false, &error));
    assert_int_equal(files->returned.work.mends.count, 0);
    ledger_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_may_be_broken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(interrupted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
