/* run/attempts.h: what is told of attempts at a journey's request: a line of the log for each, and how many requests
 * wait to be sent again. */
#ifndef RUN_ATTEMPTS_H
#define RUN_ATTEMPTS_H

#include "run/journey.h"
#include "run/log.h"

/* An attempt settled nothing. */
void attempts_missed(const struct sending *sending, struct journey *journey, const struct transport_attempt *attempt);

/* An answer was taken, and the order is where it led. `begun` is the line of its request, of before. */
void attempts_answered(const struct sending *sending, const struct journey *journey, const struct log_line *begun,
                       const struct api_answer *answer, const struct transport_answer *from);

/* The beginning of a line: what is asked for, and about which order; borrowed from the journey. */
struct log_line attempts_line(const struct journey *journey);

/* Its request is settled, or was never sent. */
void attempts_end(const struct sending *sending, struct journey *journey);

#endif
