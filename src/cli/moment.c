/* cli/moment.c: see moment.h. */
#include "cli/moment.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Whether `text` has the form of `pattern`, where a 0 is any digit. */
static bool has_form(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, text++) {
        if (*pattern == '0' ? !is_digit(*text) : *text != *pattern)
            return false;
    }
    return *text == '\0';
}

/* The number of so many digits. */
static int digits(const char *text, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

/* Seconds of `count` and its unit; false when `text` is no such thing. More than can be is all there is. */
static bool parse_span(const char *text, int64_t *seconds)
{
    static const int64_t most = (int64_t)1 << 40; /* 35,000 years in seconds, and room for hours and days of it */
    int64_t count = 0;
    size_t length = 0;
    for (; is_digit(text[length]); length++)
        count = count < most ? count * 10 + (text[length] - '0') : most;
    if (length == 0 || (strcmp(text + length, "d") != 0 && strcmp(text + length, "h") != 0))
        return false;
    *seconds = count * (text[length] == 'd' ? 24 * 3600 : 3600);
    return true;
}

/* Whether there is such a day and such a time: what mktime() and timegm() would carry over is there not. Asked of
 * timegm(), for an hour that the local summer time leaves out is no mistake. */
static bool exists(const struct tm *time)
{
    struct tm same = *time;
    timegm(&same);
    return same.tm_mon == time->tm_mon && same.tm_mday == time->tm_mday && same.tm_hour == time->tm_hour &&
           same.tm_min == time->tm_min && same.tm_sec == time->tm_sec;
}

/* Seconds since 1970 of a date, and of a time where there is one; false when `text` is none. */
static bool parse_date(const char *text, int64_t *seconds)
{
    static const char *const forms[] = {"0000-00-00", "0000-00-00 00:00", "0000-00-00T00:00", "0000-00-00 00:00:00",
                                        "0000-00-00T00:00:00"};
    bool fits = false;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !fits; i++)
        fits = has_form(text, forms[i]);
    if (!fits)
        return false;
    size_t length = strlen(text);
    struct tm time = {.tm_year = digits(text, 4) - 1900,
                      .tm_mon = digits(text + 5, 2) - 1,
                      .tm_mday = digits(text + 8, 2),
                      .tm_hour = length > 10 ? digits(text + 11, 2) : 0,
                      .tm_min = length > 10 ? digits(text + 14, 2) : 0,
                      .tm_sec = length > 16 ? digits(text + 17, 2) : 0,
                      .tm_isdst = -1};
    if (!exists(&time))
        return false;
    *seconds = (int64_t)mktime(&time);
    return true;
}

bool cli_moment_parse(const char *text, int64_t now, uint64_t *moment)
{
    int64_t seconds;
    if (parse_span(text, &seconds))
        seconds = now - seconds;
    else if (!parse_date(text, &seconds))
        return false;
    *moment = seconds > 0 ? (uint64_t)seconds : 0;
    return true;
}
