/* cli/moment.h: a moment in the past, as a user writes it. */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* `text` as seconds since 1970: yyyy-mm-dd, or with hh:mm or hh:mm:ss behind a blank or a T, in local time; Nd or Nh,
 * so many days (of 24 hours) or hours before `now`. What is before 1970 becomes 0. False: it is none of these. */
bool cli_moment_parse(const char *text, int64_t now, uint64_t *moment);

#endif
