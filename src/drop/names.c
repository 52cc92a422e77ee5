/* drop/names.c: see names.h. */
#include "drop/names.h"

#include "text/harmless.h"
#include "text/utf8.h"

#include <string.h>
#include <strings.h>

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t wanted = strlen(end);
    return length >= wanted && strcasecmp(name + length - wanted, end) == 0;
}

static bool begins_with(const char *name, const char *begin)
{
    return strncmp(name, begin, strlen(begin)) == 0;
}

/* What programs call a file that they have not finished, and what they leave beside those of people. */
static bool is_by_the_way(const char *name)
{
    static const char *const ends[] = {".part",     ".partial",  ".tmp", ".temp", ".crdownload",
                                       ".download", ".filepart", "~",    ".done"};
    static const char *const whole[] = {"Thumbs.db", "desktop.ini"};
    if (name[0] == '.' || begins_with(name, "~$"))
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(name, ends[i]))
            return true;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcasecmp(name, whole[i]) == 0)
            return true;
    return false;
}

enum name_kind name_judge(const char *name)
{
    struct span text = span_of(name);
    if (is_by_the_way(name))
        return NAME_QUIET;
    if (utf8_valid_length(text) != text.length)
        return NAME_BAD;
    for (size_t at = 0, size = 0; at < text.length; at += size)
        if (harmless_is_control(utf8_decode((struct span){name + at, text.length - at}, &size)))
            return NAME_BAD;
    return NAME_GOOD;
}

void name_put_numbered(const char *name, unsigned number, size_t max, struct buf *out)
{
    enum { ENDING_MAX = 16 }; /* bytes of an ending; what is longer is none */
    const char *dot = strrchr(name, '.');
    const char *end = dot != NULL && dot != name && strlen(dot) <= ENDING_MAX ? dot : name + strlen(name);
    struct buf tail = {0};
    if (number > 1)
        buf_printf(&tail, "-%u", number);
    buf_append_text(&tail, end);
    size_t room = tail.length < max ? max - tail.length : 0;
    size_t length = (size_t)(end - name);
    if (length > room)
        length = utf8_valid_length((struct span){name, room});
    buf_append(out, name, length);
    buf_append(out, buf_text(&tail), tail.length);
    out->failed = out->failed || tail.failed;
    buf_free(&tail);
}

void name_put_result(const char *name, struct buf *out)
{
    if (!begins_with(name, "result_"))
        buf_append_text(out, "result_");
    buf_append_text(out, name);
    if (!ends_with(name, ".csv"))
        buf_append_text(out, ".csv");
}

bool name_is_torn(const char *name)
{
    enum { RANDOM = 6 }; /* letters and digits behind the last dot */
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *dot = strrchr(name, '.');
    return (begins_with(name, ".result_") || begins_with(name, ".follow-up_")) && dot != NULL && dot != name &&
           strlen(dot + 1) == RANDOM && strspn(dot + 1, letters) == RANDOM;
}
