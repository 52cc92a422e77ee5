/* sandbox/calendar.h: days and times as the dialect kuroneko writes them, in Japan's time, wherever this runs. Pure. */
#ifndef SANDBOX_CALENDAR_H
#define SANDBOX_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SANDBOX_NO_DAY = -1,
    SANDBOX_MOMENT_SIZE = 15, /* yyyyMMddHHmmss and the NUL */
};

/* The day that `text` means by yyyyMMdd, counted from 1970-01-01; SANDBOX_NO_DAY where there is no such day. */
int64_t sandbox_day_of(const char *text);

/* The day in Japan at `now`, seconds since 1970. */
int64_t sandbox_day_at(int64_t now);

/* Whether `text` is a moment that there is: yyyyMMddHHmmss. */
bool sandbox_is_moment(const char *text);

/* `now` as yyyyMMddHHmmss in Japan. Years 1970 to 9999. */
void sandbox_moment_write(int64_t now, char text[SANDBOX_MOMENT_SIZE]);

#endif
