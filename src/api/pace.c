/* api/pace.c: see pace.h. The bucket is kept as the time at which it is full: a token taken puts that off by what a
 * token is worth. */
#include "api/pace.h"

enum {
    SECOND_NS = 1000000000,
    BURSTS = 20, /* full buckets in a second's tokens */
};

void pace_set(struct pace *pace, unsigned rate)
{
    int64_t burst = rate / BURSTS > 1 ? rate / BURSTS : 1;
    *pace = (struct pace){0};
    if (rate == 0)
        return;
    pace->interval = (SECOND_NS + (int64_t)rate - 1) / rate;
    pace->ahead = (burst - 1) * pace->interval;
}

int64_t pace_wait(const struct pace *pace, int64_t now)
{
    int64_t wait = pace->full - pace->ahead - now;
    return pace->interval > 0 && wait > 0 ? wait : 0;
}

void pace_take(struct pace *pace, int64_t now)
{
    pace->full = (pace->full > now ? pace->full : now) + pace->interval;
}
