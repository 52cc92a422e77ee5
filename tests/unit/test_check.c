/* tests/unit/test_check.c: a check that ends before it has seen all orders: the file changes, memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "run/check.h"
#include "run/intake.h"
#include "run/summary.h"

#include "scarce_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ORDERS = 600 }; /* more than one thread takes at a time */

static void write_row(FILE *file, int order, int line)
{
    fprintf(file, "U,%d,2026-11-02 17:54:08,後払い,%d,A1,煎茶 100g,0,見本 太郎,%0200d\r\n", 1000 + order, line, 0);
}

/* Orders of which each is wrong: 請求金額 is 0. Every other one has another row at the end of the file, so that it
 * cannot be judged as it is read. Rows are long enough that the file is read in several blocks. */
static void write_orders(const char *path)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("コントロールカラム,受注ID,受注日時,支払方法,明細ID,商品番号,商品名,請求金額,注文者氏名,備考\r\n", file);
    for (int i = 0; i < ORDERS; i++)
        write_row(file, i, i);
    for (int i = 0; i < ORDERS; i += 2)
        write_row(file, i, ORDERS + i);
    assert_int_equal(fclose(file), 0);
}

struct input {
    char path[32];
};

static int set_up(void **state)
{
    struct input *input = calloc(1, sizeof *input);
    assert_non_null(input);
    strcpy(input->path, "/tmp/atobarai-test.XXXXXX");
    int fd = mkstemp(input->path);
    assert_true(fd >= 0);
    close(fd);
    write_orders(input->path);
    *state = input;
    return 0;
}

static int tear_down(void **state)
{
    struct input *input = *state;
    unlink(input->path);
    free(input);
    return 0;
}

/* What the first orders have is not to be looked for once the run has failed. */
static void test_changed_meanwhile(void **state)
{
    const struct input *input = *state;
    struct atobarai_options options = ATOBARAI_OPTIONS_DEFAULT;
    struct atobarai_summary summary = {0};
    struct atobarai_error_count *errors = NULL;
    atomic_bool interrupt = false;
    struct error error = {0};
    options.jobs = 1;
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    struct work work = {.input = input->path, .options = &options, .interrupt = &interrupt, .catalog = catalog};
    assert_non_null(catalog);
    assert_true(order_schema_parse(&work.schema, span_of(embedded_order_schema), NULL, &error));
    assert_true(intake_run(&work, &error));
    assert_int_equal(work.book.order_count, ORDERS);
    assert_int_equal(truncate(input->path, (off_t)csv_source_size(work.source) / 10 * 9), 0);
    assert_false(check_run(&work, &error));
    assert_string_equal(error.code, "INPUT_CHANGED");
    assert_true(summary_count(&work, &summary, &errors));
    for (size_t i = 0; i < summary.by_error_count; i++)
        assert_in_range(summary.by_error[i].orders, 1, ORDERS);
    free(errors);
    findings_free(&work.findings);
    book_free(&work.book);
    order_layout_free(&work.layout);
    order_schema_free(&work.schema);
    text_codec_free(work.codec);
    csv_source_close(work.source);
    catalog_free(catalog);
}

/* Whether the check came to its end; it must not come to another end for lack of memory than that it failed. */
static bool check(void *context)
{
    const struct input *input = context;
    struct atobarai_options options = ATOBARAI_OPTIONS_DEFAULT;
    options.jobs = 1;
    struct atobarai_job *job = atobarai_job_new(ATOBARAI_CHECK, input->path, NULL, &options);
    if (job == NULL)
        return false;
    enum atobarai_status status = atobarai_job_run(job, NULL, NULL);
    if (status == ATOBARAI_NEEDS_FIXING)
        assert_int_equal(atobarai_job_summary(job)->invalid, ORDERS);
    else
        assert_int_equal(status, ATOBARAI_CONFIG);
    atobarai_job_free(job);
    return status == ATOBARAI_NEEDS_FIXING;
}

static void test_no_memory(void **state)
{
    bool leaked;
    size_t failures = memory_failures(check, *state, &leaked);
    assert_true(failures > 0 || !MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changed_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
