/* tests/unit/test_set_status.c: --set-status and --set-shop-status, from a file to its result: on the rows of orders
 * that are done, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "atobarai.h"
#include "base/file.h"
#include "text/encoding.h"

#include "scarce_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct folder {
    char path[32];
    char in[48];
    char out[48];
};

static int set_up(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    assert_non_null(folder);
    strcpy(folder->path, "/tmp/atobarai-test.XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->in, sizeof folder->in, "%s/in.csv", folder->path);
    snprintf(folder->out, sizeof folder->out, "%s/out.csv", folder->path);
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;
    unlink(folder->in);
    unlink(folder->out);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

/* Write `text` (UTF-8) to folder->in in `encoding`. */
static void write_input(const struct folder *folder, enum text_encoding encoding, struct span text)
{
    struct error error = {0};
    struct buf bytes = {0};
    struct text_codec *codec = text_codec_new(encoding, &error);
    assert_non_null(codec);
    text_encode(codec, text, &bytes);
    FILE *file = fopen(folder->in, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(buf_text(&bytes), 1, bytes.length, file), bytes.length);
    assert_int_equal(fclose(file), 0);
    buf_free(&bytes);
    text_codec_free(codec);
}

/* The result as UTF-8. */
static void read_result(const struct folder *folder, enum text_encoding encoding, struct buf *text)
{
    struct error error = {0};
    struct buf bytes = {0};
    size_t bad;
    struct text_codec *codec = text_codec_new(encoding, &error);
    assert_non_null(codec);
    assert_true(file_read(folder->out, &bytes, &error));
    assert_true(text_decode(codec, (struct span){buf_text(&bytes), bytes.length}, text, &bad));
    buf_free(&bytes);
    text_codec_free(codec);
}

static struct atobarai_options options_of(const char *status, const char *shop_status)
{
    struct atobarai_options options = ATOBARAI_OPTIONS_DEFAULT;
    options.sandbox = true;
    options.force = true;
    options.set_status = status;
    options.set_shop_status = shop_status;
    return options;
}

static enum atobarai_status run(const struct folder *folder, enum atobarai_operation operation,
                                const struct atobarai_options *options)
{
    struct atobarai_job *job = atobarai_job_new(operation, folder->in, folder->out, options);
    assert_non_null(job);
    enum atobarai_status status = atobarai_job_run(job, NULL, NULL);
    atobarai_job_free(job);
    return status;
}

/* The result's lines begin so, one after the other; its times are nobody's business here. */
static void assert_lines(const struct folder *folder, enum text_encoding encoding, const char *const *lines,
                         size_t count)
{
    struct buf text = {0};
    read_result(folder, encoding, &text);
    const char *at = buf_text(&text);
    for (size_t i = 0; i < count; i++) {
        char *line = strndup(at, strlen(lines[i]));
        assert_non_null(line);
        assert_string_equal(line, lines[i]);
        free(line);
        at = strstr(at, "\r\n");
        assert_non_null(at);
        at += 2;
    }
    assert_string_equal(at, "");
    buf_free(&text);
}

/* ---- On which rows ---- */

#define HEADER                                                                                                                                              \
    "コントロールカラム,受注ID,ステータスコード,受注日時,支払方法,明細ID,商品番号,商品名,請求金額,注文者氏名," \
    "注文者メールアドレス,店舗ステータス"

#define ORDER(id, status, payment, line, email, shop)                                                                  \
    "U," id "," status ",2026-11-02 17:54:08," payment "," line ",A1,煎茶 100g,1080,見本 太郎," email                  \
    "@example.jp," shop

static const char mixed[] = HEADER "\r\n"                                               /**/
    ORDER("1001", "\"10\"", "後払い", "1", "taro", "新規") "\r\n"                       /* done */
    ORDER("1002", "10", "後払い", "2", "ng", "新規") "\r\n"                             /* 与信NG */
    ORDER("1001", "\"10\"", "後払い", "3", "taro", "\"入金, \"\"待ち\"\"\"") "\r\n\r\n" /* and a blank line */
                                                                             "D,1001,10,,,4,,,,,,消\r\n" /* deleted */
    ORDER("1003", "10", "銀行振込", "5", "taro", "新規") "\r\n"                                          /* skipped */
    ORDER("1004", "10", "後払い", "6", "taro",
          "新規") "\r\n" /* done: its neighbour is not */
                  "U,1005,10,2026-11-02 17:54:08,後払い,7,A1,煎茶 100g,0,見本 太郎,,新規\r\n" /* has an error */
    ORDER("1006", "", "後払い", "8", "taro", "\"\"") "\r\n"                                   /* done */
    ORDER("1007", "10", "後払い", "9", "taro", "新規,余分") "\r\n";                           /* damaged */

/* The lines of the result, where `code` and `shop` were set. */
#define MIXED(code, shop, quoted_shop)                                                                                 \
    HEADER ",与信ステータス", ORDER("1001", "\"" code "\"", "後払い", "1", "taro", shop) ",与信OK,",                   \
        ORDER("1002", "10", "後払い", "2", "ng", "新規") ",与信NG,",                                                   \
        ORDER("1001", "\"" code "\"", "後払い", "3", "taro", quoted_shop) ",与信OK,", "\r\n",                          \
        "D,1001,10,,,4,,,,,,消,,,,,,,,\r\n", ORDER("1003", "10", "銀行振込", "5", "taro", "新規") ",,,,,,,,\r\n",      \
        ORDER("1004", code, "後払い", "6", "taro", shop) ",与信OK,",                                                   \
        "U,1005,10,2026-11-02 17:54:08,後払い,7,A1,煎茶 100g,0,見本 太郎,,新規,,",                                     \
        ORDER("1006", code, "後払い", "8", "taro", quoted_shop) ",与信OK,",                                            \
        ORDER("1007", "10", "後払い", "9", "taro", "新規,余分") ","

static void rows_of_done_orders_are_set(void **state)
{
    static const char *const lines[] = {MIXED("07", "受付済", "\"受付済\"")};
    const struct atobarai_options options = options_of("07", "受付済");
    for (enum text_encoding encoding = TEXT_CP932; encoding <= TEXT_UTF8; encoding++) {
        write_input(*state, encoding, span_of(mixed));
        assert_int_equal(run(*state, ATOBARAI_REGISTER, &options), ATOBARAI_NEEDS_FIXING);
        assert_lines(*state, encoding, lines, COUNT(lines));
    }
}

/* One at a time: the other column stays as it is. */
static void one_may_be_set_alone(void **state)
{
    static const char input[] = HEADER "\r\n" ORDER("1001", "10", "後払い", "1", "taro", "新規") "\r\n";
    static const char *const code[] = {HEADER, ORDER("1001", "07", "後払い", "1", "taro", "新規") ",与信OK,"};
    static const char *const shop[] = {HEADER, ORDER("1001", "10", "後払い", "1", "taro", "受付済") ",与信OK,"};
    struct atobarai_options options = options_of("07", NULL);
    write_input(*state, TEXT_CP932, span_of(input));
    assert_int_equal(run(*state, ATOBARAI_REGISTER, &options), ATOBARAI_DONE);
    assert_lines(*state, TEXT_CP932, code, COUNT(code));
    options = options_of(NULL, "受付済");
    assert_int_equal(run(*state, ATOBARAI_REGISTER, &options), ATOBARAI_DONE);
    assert_lines(*state, TEXT_CP932, shop, COUNT(shop));
}

/* What is quoted because it must be, and what the file's encoding lacks. */
static void values_fit_the_file(void **state)
{
    static const char input[] = HEADER "\r\n" ORDER("1001", "10", "後払い", "1", "taro", "新規") "\r\n";
    static const char *const lines[][2] = {
        {HEADER, ORDER("1001", "\"1,\"\"2\"\"\"", "後払い", "1", "taro", "〓野家－能") ",与信OK,"},
        {HEADER, ORDER("1001", "\"1,\"\"2\"\"\"", "後払い", "1", "taro", "𠮷野家−能") ",与信OK,"}};
    const struct atobarai_options options = options_of("1,\"2\"", "𠮷野家−能");
    for (enum text_encoding encoding = TEXT_CP932; encoding <= TEXT_UTF8; encoding++) {
        write_input(*state, encoding, span_of(input));
        assert_int_equal(run(*state, ATOBARAI_REGISTER, &options), ATOBARAI_DONE);
        assert_lines(*state, encoding, lines[encoding], 2);
    }
}

/* A check does nothing to an order, so that none is done. */
static void checks_set_nothing(void **state)
{
    static const char input[] = HEADER "\r\n" ORDER("1001", "10", "後払い", "1", "taro", "新規") "\r\n";
    static const char *const lines[] = {HEADER, ORDER("1001", "10", "後払い", "1", "taro", "新規") ",,"};
    const struct atobarai_options options = options_of("07", "受付済");
    write_input(*state, TEXT_UTF8, span_of(input));
    assert_int_equal(run(*state, ATOBARAI_CHECK, &options), ATOBARAI_DONE);
    assert_lines(*state, TEXT_UTF8, lines, COUNT(lines));
}

/* ---- Result files that come back ---- */

/* The columns were moved: one to be set stands behind ours, one between them. */
static void results_come_back_with_columns_moved(void **state)
{
    static const char input[] =
        "コントロールカラム,受注ID,受注日時,支払方法,明細ID,商品番号,商品名,請求金額,注文者氏名,与信ステータス,"
        "エラーコード,店舗ステータス,エラー項目,エラー内容,エラー理由,修正方法/対応方法,後払い受注番号,処理日時,"
        "ステータスコード\r\n"
        "U,1001,2026-11-02 17:54:08,後払い,1,A1,煎茶 100g,1080,見本 太郎,,NOT_SENT,新規,,\"a\",b,c,,,\"10\"\r\n"
        "U,1002,2026-11-02 17:54:08,後払い,2,A1,煎茶 100g,0,見本 太郎,,x,新規,,a,b,c,,,10\r\n";
    const struct atobarai_options options = options_of("07", "受付済");
    struct buf text = {0};
    write_input(*state, TEXT_CP932, span_of(input));
    assert_int_equal(run(*state, ATOBARAI_REGISTER, &options), ATOBARAI_NEEDS_FIXING);
    read_result(*state, TEXT_CP932, &text);
    const char *first = strstr(buf_text(&text), "\r\nU,1001,");
    assert_non_null(first);
    const char *second = strstr(first, "\r\nU,1002,");
    assert_non_null(second);
    assert_non_null(strstr(first, "見本 太郎,与信OK,,受付済,,,,,1001,20"));
    assert_memory_equal(second - strlen(",\"07\""), ",\"07\"", strlen(",\"07\""));
    assert_non_null(strstr(second, "見本 太郎,,NUMBER_RANGE,新規,請求金額,"));
    assert_memory_equal(buf_text(&text) + text.length - strlen(",10\r\n"), ",10\r\n", strlen(",10\r\n"));
    buf_free(&text);
}

/* As the program left it. What was not done the first time is set the second time; the rest is what it was. */
static void results_come_back(void **state)
{
    static const char *const lines[] = {MIXED("07", "受付済", "\"受付済\"")};
    const struct folder *folder = *state;
    struct atobarai_options options = options_of("05", NULL);
    write_input(folder, TEXT_CP932, span_of(mixed));
    assert_int_equal(run(folder, ATOBARAI_REGISTER, &options), ATOBARAI_NEEDS_FIXING);
    assert_int_equal(rename(folder->out, folder->in), 0);
    options = options_of("07", "受付済");
    assert_int_equal(run(folder, ATOBARAI_REGISTER, &options), ATOBARAI_NEEDS_FIXING);
    assert_lines(folder, TEXT_CP932, lines, COUNT(lines));
}

/* ---- Many rows ---- */

enum { ORDERS = 900, NOTE = 1000 }; /* more than one thread takes at a time */

/* One of three is refused, so that each kind has neighbours of both. */
static void put_many(struct buf *text, const char *status, const char *ours)
{
    for (int i = 0; i < ORDERS; i++) {
        bool done = i % 3 != 1;
        buf_printf(text, "U,%d,%s,2026-11-02 17:54:08,後払い,%d,A1,煎茶 100g,1080,見本 太郎,%s@example.jp,%0*d%s\r\n",
                   1000 + i, done ? status : "10", i, done ? "taro" : "ng", NOTE, 0, done ? ours : "");
    }
}

static void many_rows_are_set_by_several_threads(void **state)
{
    static const char header[] = "コントロールカラム,受注ID,ステータスコード,受注日時,支払方法,明細ID,商品番号,"
                                 "商品名,請求金額,注文者氏名,注文者メールアドレス,備考\r\n";
    struct atobarai_options options = options_of("07", NULL);
    struct buf input = {0};
    struct buf expected = {0};
    struct buf got = {0};
    options.jobs = 3;
    options.concurrency = 64;
    buf_append_text(&input, header);
    put_many(&input, "10", "");
    put_many(&expected, "07", ",与信OK,");
    write_input(*state, TEXT_UTF8, (struct span){buf_text(&input), input.length});
    assert_int_equal(run(*state, ATOBARAI_REGISTER, &options), ATOBARAI_NEEDS_FIXING);
    read_result(*state, TEXT_UTF8, &got);
    const char *line = strstr(buf_text(&got), "\r\n") + 2;
    const char *wanted = buf_text(&expected);
    for (int i = 0; i < ORDERS; i++) {
        size_t length = (size_t)(strstr(wanted, "\r\n") - wanted);
        assert_memory_equal(line, wanted, length);
        wanted += length + 2;
        line = strstr(line, "\r\n") + 2;
    }
    assert_string_equal(line, "");
    buf_free(&input);
    buf_free(&expected);
    buf_free(&got);
}

/* ---- What is refused ---- */

/* The run ends before anything is sent or written. */
static void assert_refused(const struct folder *folder, const struct atobarai_options *options, const char *what,
                           const char *detail)
{
    struct stat info;
    struct atobarai_message message;
    struct atobarai_message expected;
    struct atobarai_job *job = atobarai_job_new(ATOBARAI_REGISTER, folder->in, folder->out, options);
    assert_non_null(job);
    assert_int_equal(atobarai_job_run(job, NULL, NULL), ATOBARAI_USAGE);
    assert_int_equal(atobarai_job_summary(job)->sent, 0);
    assert_false(atobarai_job_summary(job)->complete);
    assert_true(atobarai_job_message(job, ATOBARAI_JA, &message));
    const char *option = options->set_status != NULL ? "--set-status" : "--set-shop-status";
    bool column = strcmp(what, "SET_STATUS_NO_COLUMN") == 0;
    assert_true(
        atobarai_message(what, ATOBARAI_JA, folder->in, column ? detail : option, column ? option : detail, &expected));
    assert_string_equal(message.what, expected.what);
    assert_string_equal(message.why, expected.why);
    atobarai_message_free(&message);
    atobarai_message_free(&expected);
    atobarai_job_free(job);
    assert_int_equal(stat(folder->out, &info), -1);
}

static void missing_columns_are_refused(void **state)
{
    static const char input[] = "コントロールカラム,受注ID,受注日時,支払方法,明細ID,商品番号,商品名,請求金額,注文者氏名"
                                "\r\nU,1001,2026-11-02 17:54:08,後払い,1,A1,煎茶 100g,1080,見本 太郎\r\n";
    struct atobarai_options options = options_of("07", NULL);
    write_input(*state, TEXT_CP932, span_of(input));
    assert_refused(*state, &options, "SET_STATUS_NO_COLUMN", "ステータスコード");
    options = options_of(NULL, "受付済");
    assert_refused(*state, &options, "SET_STATUS_NO_COLUMN", "店舗ステータス");
    options = options_of(NULL, NULL);
    assert_int_equal(run(*state, ATOBARAI_REGISTER, &options), ATOBARAI_DONE);
}

static void unfit_values_are_refused(void **state)
{
    static const char *const unfit[] = {"",   " ",  "　", "a\nb", "a\tb", "\x7F", "a\xC2\x85", "=1",
                                        "+1", "-1", "@a", "＝1",  "＋1",  "－1",  "＠a",       "\u2212x"};
    struct atobarai_options options;
    write_input(*state, TEXT_UTF8, span_of(mixed));
    for (size_t i = 0; i < COUNT(unfit); i++) {
        options = options_of(unfit[i], NULL);
        assert_refused(*state, &options, "USAGE_BAD_VALUE", unfit[i]);
        options = options_of(NULL, unfit[i]);
        assert_refused(*state, &options, "USAGE_BAD_VALUE", unfit[i]);
    }
}

/* The options' texts are the job's own by then. */
static void values_are_copied(void **state)
{
    static const char *const lines[] = {MIXED("07", "受付済", "\"受付済\"")};
    const struct folder *folder = *state;
    char *status = strdup("07");
    char *shop = strdup("受付済");
    const struct atobarai_options options = options_of(status, shop);
    write_input(folder, TEXT_CP932, span_of(mixed));
    struct atobarai_job *job = atobarai_job_new(ATOBARAI_REGISTER, folder->in, folder->out, &options);
    free(status);
    free(shop);
    assert_non_null(job);
    assert_int_equal(atobarai_job_run(job, NULL, NULL), ATOBARAI_NEEDS_FIXING);
    atobarai_job_free(job);
    assert_lines(folder, TEXT_CP932, lines, COUNT(lines));
}

/* Whether a check with a result came to its end. */
static bool check(void *context)
{
    const struct folder *folder = context;
    struct atobarai_options options = options_of("07", "受付済");
    options.jobs = 1;
    struct atobarai_job *job = atobarai_job_new(ATOBARAI_CHECK, folder->in, folder->out, &options);
    if (job == NULL)
        return false;
    enum atobarai_status status = atobarai_job_run(job, NULL, NULL);
    assert_true(status == ATOBARAI_NEEDS_FIXING || status == ATOBARAI_CONFIG);
    atobarai_job_free(job);
    return status == ATOBARAI_NEEDS_FIXING;
}

static void memory_may_run_out(void **state)
{
    bool leaked;
    write_input(*state, TEXT_CP932, span_of(mixed));
    size_t failures = memory_failures(check, *state, &leaked);
    assert_true(failures > 0 || !MEMORY_CAN_BE_SCARCE);
    assert_false(leaked);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(rows_of_done_orders_are_set),
        WITH_FOLDER(one_may_be_set_alone),
        WITH_FOLDER(values_fit_the_file),
        WITH_FOLDER(checks_set_nothing),
        WITH_FOLDER(results_come_back_with_columns_moved),
        WITH_FOLDER(results_come_back),
        WITH_FOLDER(many_rows_are_set_by_several_threads),
        WITH_FOLDER(missing_columns_are_refused),
        WITH_FOLDER(unfit_values_are_refused),
        WITH_FOLDER(values_are_copied),
        WITH_FOLDER(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
