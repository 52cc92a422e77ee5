/* tests/unit/test_message.c: the messages of the catalogue as include/atobarai.h gives them, and the system's reasons
 * in our words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "atobarai.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Reasons that no test can bring about wherever it runs (as root, in a container, with a quota or without) stand here
 * beside those that one can. */
static const struct {
    int number;
    const char *code;
} reasons[] = {
    {ENOENT, "ERRNO_ENOENT"},
    {EACCES, "ERRNO_EACCES"},
    {EPERM, "ERRNO_EPERM"},
    {ENOTDIR, "ERRNO_ENOTDIR"},
    {EISDIR, "ERRNO_EISDIR"},
    {EEXIST, "ERRNO_EEXIST"},
    {ENOSPC, "ERRNO_ENOSPC"},
    {EDQUOT, "ERRNO_EDQUOT"},
    {EFBIG, "ERRNO_EFBIG"},
    {EROFS, "ERRNO_EROFS"},
    {ENAMETOOLONG, "ERRNO_ENAMETOOLONG"},
    {ELOOP, "ERRNO_ELOOP"},
    {EIO, "ERRNO_EIO"},
    {EPIPE, "ERRNO_EPIPE"},
    {EBADF, "ERRNO_EBADF"},
    {EADDRINUSE, "ERRNO_EADDRINUSE"},
    {EBADMSG, "ERRNO_EBADMSG"},
};

/* The message of `code`, freed by the caller. */
static struct atobarai_message message_of(const char *code, enum atobarai_language language, const char *arg1,
                                          const char *arg2)
{
    struct atobarai_message message;
    assert_true(atobarai_message(code, language, "受注.csv", arg1, arg2, &message));
    assert_non_null(message.what);
    assert_non_null(message.why);
    assert_non_null(message.remedy);
    assert_null(strstr(message.what, "{"));
    return message;
}

static void reason_is_in_our_words(void **state)
{
    static const enum atobarai_language languages[] = {ATOBARAI_JA, ATOBARAI_EN};
    (void)state;
    for (size_t i = 0; i < COUNT(reasons); i++)
        for (size_t j = 0; j < COUNT(languages); j++) {
            const char *system = strerror(reasons[i].number);
            struct atobarai_message reason = message_of(reasons[i].code, languages[j], NULL, NULL);
            struct atobarai_message whole = message_of("INPUT_UNREADABLE", languages[j], system, NULL);
            assert_non_null(strstr(whole.what, reason.what));
            assert_null(strstr(whole.what, system));
            assert_non_null(strstr(whole.what, "受注.csv"));
            atobarai_message_free(&reason);
            atobarai_message_free(&whole);
        }
}

static void other_reason_is_kept(void **state)
{
    struct atobarai_message message = message_of("INPUT_UNREADABLE", ATOBARAI_JA, strerror(EDOM), NULL);
    (void)state;
    assert_non_null(strstr(message.what, strerror(EDOM)));
    atobarai_message_free(&message);
}

/* What brings these about is out of a test's reach: an iconv without CP932, and four thousand million rows. Their words
 * are looked at all the same. */
static void message_names_its_detail(void **state)
{
    static const char *const codes[] = {"ENCODING_UNAVAILABLE", "INPUT_TOO_LARGE"};
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct atobarai_message message = message_of(codes[i], ATOBARAI_JA, "4294967295", NULL);
        assert_non_null(strstr(message.what, "4294967295"));
        atobarai_message_free(&message);
    }
}

static void unknown_code_has_none(void **state)
{
    struct atobarai_message message;
    (void)state;
    assert_false(atobarai_message("NO_SUCH_CODE", ATOBARAI_JA, NULL, NULL, NULL, &message));
    assert_null(message.what);
    atobarai_message_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reason_is_in_our_words),
        cmocka_unit_test(other_reason_is_kept),
        cmocka_unit_test(message_names_its_detail),
        cmocka_unit_test(unknown_code_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
