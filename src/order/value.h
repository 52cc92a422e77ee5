/* order/value.h: what a cell's text means: digits, whole numbers, times. Pure; no locale, no clock. */
#ifndef ORDER_VALUE_H
#define ORDER_VALUE_H

#include "base/span.h"

#include <stdint.h>

enum {
    VALUE_INTEGER_DIGITS = 15, /* what every JSON library carries through a double unharmed */
    VALUE_TIME_SIZE = 26,      /* "2026-11-02T17:54:08+09:00" and its NUL */
};

/* No text, or blanks only (half or full width). */
bool value_is_blank(struct span text);

/* One or more half-width digits. */
bool value_is_digits(struct span text);

/* A whole number in half-width digits, with a minus before it at most. False when it is none, or too large. */
bool value_integer(struct span text, int64_t *number);

/* yyyy-mm-dd hh:mm:ss, a time that exists; as Excel writes it back, too: slashes, single digits, no seconds (00 then).
 * `time` gets it as RFC 3339 with Japan's offset. */
bool value_time(struct span text, char time[VALUE_TIME_SIZE]);

#endif
