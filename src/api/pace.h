/* api/pace.h: how often something may happen: a token bucket, told the time by its caller. Pure.
 *
 * The bucket holds the tokens of a twentieth of a second, and at least one: what a busy moment kept back may be made up
 * for, and in any second there are at most rate × 1.05 takings, and up to a rate of 39 never more than the rate. It is
 * full at the beginning. */
#ifndef API_PACE_H
#define API_PACE_H

#include <stdint.h>

/* All times are nanoseconds of one monotonic clock. */
struct pace {
    int64_t interval; /* between two tokens; 0: there is no limit */
    int64_t ahead;    /* how much time the tokens of a full bucket are worth, but for the last one */
    int64_t full;     /* when the bucket is full again */
};

/* `rate` takings a second; 0: no limit. */
void pace_set(struct pace *pace, unsigned rate);

/* How long until there is a token; 0: there is one. */
int64_t pace_wait(const struct pace *pace, int64_t now);

/* Take one. Whoever does not wait for it makes the next ones wait longer. */
void pace_take(struct pace *pace, int64_t now);

#endif
