/* tests/unit/test_log.c: the log of attempts: its lines, the files that it takes, and disks that are full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "run/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- A folder for each test ---- */

struct place {
    char folder[64];
    char path[128]; /* of the log */
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/atobarai-log-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/log.jsonl", place->folder);
    *state = place;
    return 0;
}

static int drop_place(void **state)
{
    struct place *place = *state;
    unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* The whole file; the caller frees it. */
static char *get_file(const char *path)
{
    struct buf text = {0};
    char block[4096];
    size_t count;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while ((count = fread(block, 1, sizeof block, file)) > 0)
        buf_append(&text, block, count);
    fclose(file);
    return text.length > 0 ? buf_take(&text) : strdup("");
}

static struct log *open_log(const char *path)
{
    struct error error = {0};
    struct log *log = log_open(path, "register", NULL, 0, &error);
    if (log == NULL)
        fail_msg("%s: %s", path, error.code);
    return log;
}

static void close_log(struct log *log)
{
    int reason;
    assert_int_equal(log_close(log, &reason), 0);
    assert_int_equal(reason, 0);
}

static struct log_line line_of(const char *order)
{
    return (struct log_line){.order = span_of(order),
                             .service_id = span_of(order),
                             .operation = API_REGISTER,
                             .attempt = 1,
                             .http = 201,
                             .milliseconds = 84,
                             .outcome = "accepted",
                             .status = ORDER_STATUS_AUTH_OK};
}

static void put(struct log *log, const char *order)
{
    struct log_line line = line_of(order);
    log_put(log, &line);
}

static size_t lines_in(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* ---- Lines ---- */

/* Assert that `text` is one line, which begins with time and run, and goes on with `rest`. */
static void assert_line(const char *text, const char *rest)
{
    static const char pattern[] = "{\"time\":\"dddd-dd-ddTdd:dd:dd.dddZ\",\"run\":\"xxxxxxxxxxxxxxxx\",";
    for (size_t i = 0; i < sizeof pattern - 1; i++) {
        bool fits = pattern[i] == 'd'   ? text[i] >= '0' && text[i] <= '9'
                    : pattern[i] == 'x' ? strchr("0123456789abcdef", text[i]) != NULL
                                        : text[i] == pattern[i];
        if (text[i] == '\0' || !fits)
            fail_msg("byte %zu of %s", i, text);
    }
    assert_string_equal(text + sizeof pattern - 1, rest);
}

static void lines_say_what_happened(void **state)
{
    static const struct {
        struct log_line line;
        const char *written; /* behind the run */
    } cases[] = {
        {{.order = {"100", 3},
          .service_id = {"100", 3},
          .operation = API_REGISTER,
          .attempt = 1,
          .http = 201,
          .milliseconds = 84,
          .outcome = "accepted",
          .status = ORDER_STATUS_AUTH_OK},
         "\"command\":\"register\",\"order\":\"100\",\"operation\":\"register\",\"attempt\":1,\"http\":201,\"ms\":84,"
         "\"outcome\":\"accepted\",\"status\":\"AUTH_OK\",\"retry\":false}\n"},
        {{.order = {"100", 3},
          .service_id = {"100-2", 5},
          .operation = API_SHIP,
          .attempt = 3,
          .milliseconds = 30000,
          .outcome = "timeout",
          .retry = true},
         "\"command\":\"register\",\"order\":\"100\",\"service_id\":\"100-2\",\"operation\":\"ship\",\"attempt\":3,"
         "\"http\":null,\"ms\":30000,\"outcome\":\"timeout\",\"retry\":true}\n"},
        {{.order = {"100", 3},
          .service_id = {"100", 3},
          .operation = API_ASK_STATE,
          .attempt = 1,
          .http = 404,
          .outcome = "unknown",
          .code = "SERVICE_ORDER_UNKNOWN"},
         "\"command\":\"register\",\"order\":\"100\",\"operation\":\"status\",\"attempt\":1,\"http\":404,\"ms\":0,"
         "\"outcome\":\"unknown\",\"code\":\"SERVICE_ORDER_UNKNOWN\",\"retry\":false}\n"},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log *log = open_log(place->path);
        log_put(log, &cases[i].line);
        close_log(log);
        char *text = get_file(place->path);
        assert_line(text, cases[i].written);
        cJSON *json = json_parse(span_of(text));
        assert_non_null(json);
        cJSON_Delete(json);
        free(text);
        unlink(place->path);
    }
}

static void ids_may_hold_anything(void **state)
{
    static const struct {
        struct span id;
        const char *read; /* by a JSON parser */
    } ids[] = {
        {{"a\"b\\c", 5}, "a\"b\\c"},   {{"a\nb\r\t\x01\x7F", 7}, "a\nb\r\t\x01\x7F"},
        {{"受注-１", 10}, "受注-１"},  {{"\xF0\xA0\xAE\xB7", 4}, "𠮷"},
        {{"a\xFF\xE3\x81", 4}, "a��"}, {{"", 0}, ""},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct log *log = open_log(place->path);
        struct log_line line = line_of("");
        line.order = line.service_id = ids[i].id;
        log_put(log, &line);
        close_log(log);
        char *text = get_file(place->path);
        assert_int_equal(lines_in(text), 1);
        cJSON *json = json_parse(span_of(text));
        assert_non_null(json);
        assert_string_equal(json_text(json, "order"), ids[i].read);
        cJSON_Delete(json);
        free(text);
        unlink(place->path);
    }
}

static void a_nul_in_an_id_ends_no_line(void **state)
{
    struct place *place = *state;
    struct log *log = open_log(place->path);
    struct log_line line = line_of("");
    line.order = line.service_id = (struct span){"a\0b", 3};
    log_put(log, &line);
    close_log(log);
    char *text = get_file(place->path);
    assert_non_null(strstr(text, "\"order\":\"a\\u0000b\""));
    free(text);
}

static void runs_differ(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < 2; i++) {
        struct log *log = open_log(place->path);
        put(log, "1");
        put(log, "2");
        close_log(log);
    }
    char *text = get_file(place->path);
    const char *runs[4];
    const char *at = text;
    for (size_t i = 0; i < 4; i++) {
        at = strstr(at, "\"run\":\"");
        assert_non_null(at);
        at += strlen("\"run\":\"");
        runs[i] = at;
    }
    assert_memory_equal(runs[0], runs[1], 16);
    assert_memory_equal(runs[2], runs[3], 16);
    assert_memory_not_equal(runs[0], runs[2], 16);
    free(text);
}

/* ---- When lines are written ---- */

static void lines_do_not_wait_for_the_end(void **state)
{
    struct place *place = *state;
    struct log *log = open_log(place->path);
    put(log, "1"); /* after a pause: at once */
    char *text = get_file(place->path);
    assert_int_equal(lines_in(text), 1);
    free(text);
    put(log, "2");
    usleep(150 * 1000);
    log_turn(log);
    text = get_file(place->path);
    assert_int_equal(lines_in(text), 2);
    free(text);
    for (size_t i = 0; i < 1000; i++) /* more than is kept, in less time */
        put(log, "3");
    text = get_file(place->path);
    assert_true(lines_in(text) > 2);
    assert_int_equal(text[strlen(text) - 1], '\n');
    free(text);
    close_log(log);
    text = get_file(place->path);
    assert_int_equal(lines_in(text), 1002);
    free(text);
}

/* Each process appends so many lines. */
static void append_in_a_process(const char *path, const char *order, size_t count)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return;
    struct error error = {0};
    int reason = 0;
    struct log *log = log_open(path, "register", NULL, 0, &error);
    for (size_t i = 0; i < count; i++)
        put(log, order);
    _exit(log != NULL && log_close(log, &reason) == 0 ? 0 : 1);
}

static void processes_share_a_file(void **state)
{
    enum { PROCESSES = 4, LINES = 3000 };
    static const char *const orders[PROCESSES] = {"11111111", "2222", "3333333333333333", "4"};
    struct place *place = *state;
    for (size_t i = 0; i < PROCESSES; i++)
        append_in_a_process(place->path, orders[i], LINES);
    for (size_t i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    char *text = get_file(place->path);
    size_t found[PROCESSES] = {0};
    for (char *at = text, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        assert_non_null(end);
        cJSON *json = json_parse((struct span){at, (size_t)(end - at)});
        if (json == NULL)
            fail_msg("%.*s", (int)(end - at), at);
        for (size_t i = 0; i < PROCESSES; i++)
            found[i] += strcmp(json_text(json, "order"), orders[i]) == 0;
        cJSON_Delete(json);
    }
    for (size_t i = 0; i < PROCESSES; i++)
        assert_int_equal(found[i], LINES);
    free(text);
}

/* ---- Files ---- */

static void assert_no_log(const char *path, const char *other, const char *code, int reason)
{
    struct error error = {0};
    const char *const others[] = {NULL, other};
    assert_null(log_open(path, "register", others, 2, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, code);
    assert_string_equal(error.path, path);
    if (reason != 0)
        assert_string_equal(error.args[0], strerror(reason));
}

static void a_new_log_is_its_owners(void **state)
{
    struct place *place = *state;
    struct stat file;
    mode_t before = umask(0);
    close_log(open_log(place->path));
    umask(before);
    assert_int_equal(stat(place->path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_int_equal(file.st_size, 0);
    chmod(place->path, 0640); /* whoever shares it knows why */
    close_log(open_log(place->path));
    assert_int_equal(stat(place->path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0640);
}

static void other_files_stay_as_they_are(void **state)
{
    static const char *const texts[] = {"受注ID,受注日時\r\n1,2\r\n", "{\"t", "{\"command\": \"register\"}\n", "\n",
                                        "SQLite format 3"};
    struct place *place = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put_file(place->path, texts[i]);
        assert_no_log(place->path, NULL, "LOG_FOREIGN", 0);
        char *text = get_file(place->path);
        assert_string_equal(text, texts[i]);
        free(text);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    struct place *place = *state;
    char path[160];
    assert_no_log(place->folder, NULL, "LOG_UNWRITABLE", EISDIR);
    snprintf(path, sizeof path, "%s/none/log", place->folder);
    assert_no_log(path, NULL, "LOG_UNWRITABLE", ENOENT);
    assert_no_log("/dev/null", NULL, "LOG_FOREIGN", 0);
    assert_int_equal(mkfifo(place->path, 0600), 0);
    assert_no_log(place->path, NULL, "LOG_FOREIGN", 0); /* and nobody waits at its other end */
    unlink(place->path);
    snprintf(path, sizeof path, "%s/there", place->folder);
    put_file(path, "");
    assert_int_equal(symlink(path, place->path), 0);
    assert_no_log(place->path, NULL, "LOG_FOREIGN", 0);
    unlink(path);
    assert_no_log(place->path, NULL, "LOG_FOREIGN", 0); /* nor is anything made where a link leads */
    assert_int_equal(access(path, F_OK), -1);
}

static void what_the_run_writes_as_well_is_refused(void **state)
{
    struct place *place = *state;
    char other[160];
    assert_no_log(place->path, place->path, "LOG_FOREIGN", 0);
    assert_int_equal(access(place->path, F_OK), -1); /* it was not there before */
    put_file(place->path, "");
    snprintf(other, sizeof other, "%s/./log.jsonl", place->folder);
    assert_no_log(place->path, other, "LOG_FOREIGN", 0);
    assert_int_equal(access(place->path, F_OK), 0);
    snprintf(other, sizeof other, "%s/hard", place->folder);
    assert_int_equal(link(place->path, other), 0);
    assert_no_log(place->path, other, "LOG_FOREIGN", 0);
    unlink(other);
    assert_int_equal(truncate(place->path, 0), 0);
    close_log(open_log(place->path));
}

static void a_torn_line_is_ended(void **state)
{
    struct place *place = *state;
    put_file(place->path, "{\"time\":\"2026-11-29T00:00:00.000Z\",\"ru");
    struct log *log = open_log(place->path);
    put(log, "1");
    put(log, "2");
    close_log(log);
    char *text = get_file(place->path);
    const char *second = strchr(text, '\n');
    assert_int_equal(lines_in(text), 3);
    assert_memory_equal(second + 1, "{\"time\":\"", 9);
    free(text);
}

/* ---- Disks ---- */

/* So many bytes may a file have in this process, and no more. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_stops_nothing(void **state)
{
    struct place *place = *state;
    int reason;
    signal(SIGXFSZ, SIG_IGN);
    struct log *log = open_log(place->path);
    limit_files(500); /* two lines and a part of the third */
    for (size_t i = 0; i < 10; i++)
        put(log, "1000001");
    usleep(150 * 1000);
    log_turn(log);
    limit_files(RLIM_INFINITY);
    put(log, "again");
    uint64_t lost = log_close(log, &reason);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(reason, EFBIG);
    char *text = get_file(place->path);
    size_t whole = 0;
    for (char *at = text, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        assert_non_null(end);
        cJSON *json = json_parse((struct span){at, (size_t)(end - at)});
        whole += json != NULL;
        cJSON_Delete(json);
    }
    assert_int_equal(whole + lost, 11);
    assert_int_equal(lines_in(text), whole + 1); /* the torn one */
    assert_non_null(strstr(text, "\"order\":\"again\""));
    free(text);
}

static void no_log_is_no_trouble(void **state)
{
    int reason = 1;
    (void)state;
    put(NULL, "1");
    log_turn(NULL);
    assert_int_equal(log_close(NULL, &reason), 0);
    assert_int_equal(reason, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_say_what_happened, make_place, drop_place),
        cmocka_unit_test_setup_teardown(ids_may_hold_anything, make_place, drop_place),
        cmocka_unit_test_setup_teardown(a_nul_in_an_id_ends_no_line, make_place, drop_place),
        cmocka_unit_test_setup_teardown(runs_differ, make_place, drop_place),
        cmocka_unit_test_setup_teardown(lines_do_not_wait_for_the_end, make_place, drop_place),
        cmocka_unit_test_setup_teardown(processes_share_a_file, make_place, drop_place),
        cmocka_unit_test_setup_teardown(a_new_log_is_its_owners, make_place, drop_place),
        cmocka_unit_test_setup_teardown(other_files_stay_as_they_are, make_place, drop_place),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, make_place, drop_place),
        cmocka_unit_test_setup_teardown(what_the_run_writes_as_well_is_refused, make_place, drop_place),
        cmocka_unit_test_setup_teardown(a_torn_line_is_ended, make_place, drop_place),
        cmocka_unit_test_setup_teardown(a_full_disk_stops_nothing, make_place, drop_place),
        cmocka_unit_test(no_log_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
