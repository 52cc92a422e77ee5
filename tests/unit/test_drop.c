/* Unit tests of drop/: names, the journal, and the words of what no test can bring about. */
#include "atobarai.h"
#include "drop/journal.h"
#include "drop/names.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void names_are_judged(void **state)
{
    static const char *const good[] = {"a.csv", "-o", "$(x).csv", "受注.csv", "part", "a.part.csv", "done", "a b\\c"};
    static const char *const quiet[] = {".a.csv", "a.PART",    "a.csv.tmp", "a~",         "~$a.xlsx",
                                        "a.done", "THUMBS.DB", ".",         "a.filepart", "a.crdownload"};
    static const char *const bad[] = {"a\n.csv", "\x1b[31m", "a\x7f", "a\xc2\x85", "\xff", "\xe5\x8f", "a\xed\xa0\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(name_judge(good[i]), NAME_GOOD);
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++)
        assert_int_equal(name_judge(quiet[i]), NAME_QUIET);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(name_judge(bad[i]), NAME_BAD);
}

static void assert_numbered(const char *name, unsigned number, size_t max, const char *expected)
{
    struct buf out = {0};
    name_put_numbered(name, number, max, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void names_are_numbered(void **state)
{
    (void)state;
    assert_numbered("a.csv", 1, 255, "a.csv");
    assert_numbered("a.csv", 2, 255, "a-2.csv");
    assert_numbered("a.b.csv", 10, 255, "a.b-10.csv");
    assert_numbered("noending", 2, 255, "noending-2");
    assert_numbered("a.anendingthatisnone", 2, 255, "a.anendingthatisnone-2");
    assert_numbered("abcdef.csv", 2, 9, "abc-2.csv");
    assert_numbered("受注.csv", 1, 9, "受.csv"); /* cut between characters */
    assert_numbered("受注.csv", 2, 9, "受-2.csv");
    assert_numbered("受注.csv", 10, 9, "-10.csv");
}

static void assert_result(const char *name, const char *expected)
{
    struct buf out = {0};
    name_put_result(name, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void results_have_names(void **state)
{
    (void)state;
    assert_result("a.csv", "result_a.csv");
    assert_result("A.CSV", "result_A.CSV");
    assert_result("a.txt", "result_a.txt.csv");
    assert_result("result_a.csv", "result_a.csv");
    assert_true(name_is_torn(".result_a.csv.aB3xYz"));
    assert_true(name_is_torn(".follow-up_2026-11-02_000000.csv.000000"));
    assert_false(name_is_torn("result_a.csv.aB3xYz"));
    assert_false(name_is_torn(".result_a.csv"));
    assert_false(name_is_torn(".result_a.csv.aB3xY"));
    assert_false(name_is_torn(".result_a.csv.aB3-Yz"));
    assert_false(name_is_torn(".a.csv.aB3xYz"));
}

/* A folder of its own for each test. */
static int set_up(void **state)
{
    char *path = strdup("/tmp/atobarai-drop-XXXXXX");
    *state = path;
    return path != NULL && mkdtemp(path) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    int status = system(command);
    free(*state);
    return status;
}

static void journal_is_kept(void **state)
{
    struct folders folders;
    struct journal journal;
    struct error error = {0};
    const struct identity file = {UINT64_MAX, 1, -5, 999999999};
    assert_true(folders_open(&folders, *state, &error));
    assert_true(journal_read(&journal, &folders, &error));
    assert_int_equal(journal.count, 0);
    struct journal_entry *entry = journal_add(&journal, FOLDER_SHIP, "受注 \"a\".csv", &file, "result_a.csv");
    entry->state = JOURNAL_FINISHED;
    entry->status = ATOBARAI_INPUT;
    entry->moved = strdup("a-2.csv");
    entry->why = strdup("because\r\n");
    assert_non_null(journal_add(&journal, FOLDER_IN, "b.csv", &file, "result_b.csv"));
    assert_true(journal_write(&journal, &folders, &error));
    journal_free(&journal);

    assert_true(journal_read(&journal, &folders, &error));
    assert_int_equal(journal.count, 2);
    entry = journal_find(&journal, FOLDER_SHIP, "受注 \"a\".csv");
    assert_non_null(entry);
    assert_true(identity_equal(&entry->file, &file));
    assert_int_equal(entry->state, JOURNAL_FINISHED);
    assert_int_equal(entry->status, ATOBARAI_INPUT);
    assert_string_equal(entry->moved, "a-2.csv");
    assert_string_equal(entry->why, "because\r\n");
    assert_null(entry->day);
    assert_true(journal_has_result(&journal, "result_b.csv"));
    assert_null(journal_find(&journal, FOLDER_IN, "受注 \"a\".csv"));
    journal_remove(&journal, entry);
    assert_int_equal(journal_find(&journal, FOLDER_IN, "b.csv")->state, JOURNAL_RUNNING);
    journal_free(&journal);
    folders_close(&folders);
}

/* What somebody, or a disk, made of the journal leads to no file elsewhere, and to no crash. */
static void journal_is_not_trusted(void **state)
{
#define ENTRY(folder, name, file, result)                                                                              \
    "{\"files\":[{\"folder\":\"" folder "\",\"name\":\"" name "\",\"file\":\"" file                                    \
    "\",\"state\":\"running\",\"result\":\"" result "\",\"status\":0}]}"
    static const char finished_nowhere[] = "{\"files\":[{\"folder\":\"in\",\"name\":\"a\",\"file\":\"1 2 3 4\","
                                           "\"state\":\"finished\",\"result\":\"r\",\"status\":0}]}";
    static const char *const texts[] = {"",
                                        "[]",
                                        "{}",
                                        "{\"files\":[1]}",
                                        "{\"files\":[]} x",
                                        "{\"files\":[{\"folder\":\"in\"}]}",
                                        ENTRY("out", "a", "1 2 3 4", "r"),
                                        ENTRY("in", "../a", "1 2 3 4", "r"),
                                        ENTRY("in", "a", "1 2 3", "r"),
                                        ENTRY("in", "a", "1 2 3 4 5", "r"),
                                        ENTRY("in", "a", "1 2 3 4", "/etc/passwd"),
                                        ENTRY("in", "", "1 2 3 4", "r"),
                                        finished_nowhere};
    struct folders folders;
    struct error error = {0};
    assert_true(folders_open(&folders, *state, &error));
    for (size_t i = 0; i <= sizeof texts / sizeof *texts; i++) {
        struct journal journal;
        bool good = i == sizeof texts / sizeof *texts;
        struct buf text = {0};
        buf_append_text(&text, good ? ENTRY("in", "a", "1 2 3 4", "r") : texts[i]);
        assert_true(folders_write(folders.root, ".atobarai.journal", 0600, &text));
        assert_int_equal(journal_read(&journal, &folders, &error), good);
        if (!good)
            assert_string_equal(error.code, "DROP_JOURNAL");
        journal_free(&journal);
        buf_free(&text);
    }
    folders_close(&folders);
}

static void files_are_moved_and_replace_nothing(void **state)
{
    struct folders folders;
    struct error error = {0};
    struct buf text = {0};
    buf_append_text(&text, "x");
    assert_true(folders_open(&folders, *state, &error));
    assert_true(folders_write(folders.fds[FOLDER_IN], "a", 0600, &text));
    assert_true(folders_write(folders.fds[FOLDER_DONE], "b", 0600, &text));
    assert_false(folders_move(folders.fds[FOLDER_IN], "a", folders.fds[FOLDER_DONE], "b"));
    assert_false(folders_is_free(folders.fds[FOLDER_IN], "a"));
    assert_true(folders_move(folders.fds[FOLDER_IN], "a", folders.fds[FOLDER_DONE], "c"));
    assert_true(folders_is_free(folders.fds[FOLDER_IN], "a"));
    assert_false(folders_is_free(folders.fds[FOLDER_DONE], "c"));
    buf_free(&text);
    folders_close(&folders);
}

/* Another disk, a drive without locks, a program that never ends: their words, in both languages. */
static void rare_words(void **state)
{
    static const char *const codes[] = {"DROP_OTHER_DISK", "DROP_UNLOCKABLE", "DROP_UNMOVABLE", "DROP_COMMAND_LATE"};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (enum atobarai_language language = ATOBARAI_JA; language <= ATOBARAI_EN; language++) {
            struct atobarai_message message;
            assert_true(atobarai_message(codes[i], language, "PATH", "ONE", "TWO", &message));
            assert_non_null(strstr(message.what, "ONE"));
            assert_null(strchr(message.what, '{'));
            atobarai_message_free(&message);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_judged),
        cmocka_unit_test(names_are_numbered),
        cmocka_unit_test(results_have_names),
        cmocka_unit_test_setup_teardown(journal_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(journal_is_not_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_are_moved_and_replace_nothing, set_up, tear_down),
        cmocka_unit_test(rare_words),
    };
    return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
