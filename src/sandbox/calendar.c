/* sandbox/calendar.c: see calendar.h. */
#include "sandbox/calendar.h"

#include <string.h>
#include <time.h>

enum { JAPAN_SECONDS = 9 * 60 * 60, DAY_SECONDS = 24 * 60 * 60 }; /* east of Greenwich, without summer time */

/* `count` digits as a number; -1 where there is another character. */
static int number_at(const char *text, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int64_t sandbox_day_of(const char *text)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}; /* each month's first */
    if (strlen(text) != 8)
        return SANDBOX_NO_DAY;
    int year = number_at(text, 4);
    int month = number_at(text + 4, 2);
    int day = number_at(text + 6, 2);
    if (year < 1970 || month < 1 || month > 12)
        return SANDBOX_NO_DAY;
    int leap = month == 2 && is_leap(year);
    if (day < 1 || day > before[month] - before[month - 1] + leap)
        return SANDBOX_NO_DAY;
    int past = year - 1; /* the last whole year; 477 leap years went before 1970 */
    int64_t leaps = past / 4 - past / 100 + past / 400 - 477;
    return (year - 1970) * INT64_C(365) + leaps + before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
}

int64_t sandbox_day_at(int64_t now)
{
    return (now + JAPAN_SECONDS) / DAY_SECONDS;
}

bool sandbox_is_moment(const char *text)
{
    char day[9] = {0};
    if (strlen(text) != SANDBOX_MOMENT_SIZE - 1)
        return false;
    memcpy(day, text, 8);
    int hour = number_at(text + 8, 2);
    int minute = number_at(text + 10, 2);
    int second = number_at(text + 12, 2);
    return sandbox_day_of(day) != SANDBOX_NO_DAY && hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 &&
           second >= 0 && second <= 59;
}

void sandbox_moment_write(int64_t now, char text[SANDBOX_MOMENT_SIZE])
{
    time_t japan = (time_t)(now + JAPAN_SECONDS);
    struct tm parts;
    if (gmtime_r(&japan, &parts) == NULL || strftime(text, SANDBOX_MOMENT_SIZE, "%Y%m%d%H%M%S", &parts) == 0)
        memcpy(text, "19700101000000", SANDBOX_MOMENT_SIZE);
}
