/* order/value.h: what a cell's text means: digits, whole numbers, times, phone numbers; and what a spreadsheet has made
 * of them. Pure; no locale, no clock. Texts are UTF-8. */
#ifndef ORDER_VALUE_H
#define ORDER_VALUE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

enum {
    VALUE_INTEGER_DIGITS = 15, /* what every JSON library carries through a double unharmed */
    VALUE_TIME_SIZE = 26,      /* "2026-11-02T17:54:08+09:00" and its NUL */
    VALUE_DATE_SIZE = 9,       /* "20261102" and its NUL */
    VALUE_PHONE_SIZE = 24,     /* eleven digits with a hyphen between each two, and the NUL */
    VALUE_POSTAL_CODE_SIZE = 9,
    VALUE_EMAIL_MAX = 254, /* bytes (RFC 5321), 64 of them before the @ */
    VALUE_EMAIL_LOCAL_MAX = 64,
    VALUE_NARROW_MAX = 64, /* bytes; nothing that is read as a number, a time or a phone number is longer */
};

/* No text, or only blanks (half or full width) and line ends, which show no more. */
bool value_is_blank(struct span text);

/* `text` without the blanks and line ends around it, which are those of value_is_blank(). */
struct span value_trimmed(struct span text);

/* `text` in half width, where all of it can be (digits, letters, hyphens of any kind) and it is no longer than `bytes`,
 * which then may hold it; or else as it is: a vowel's long sign is a hyphen among digits only. */
struct span value_narrowed(struct span text, char bytes[VALUE_NARROW_MAX]);

/* One or more half-width digits. */
bool value_is_digits(struct span text);

/* A whole number in digits, half or full width, with a minus before it at most. False when it is none, or too large. */
bool value_integer(struct span text, int64_t *number);

/* Whether it is one, however large. */
bool value_is_whole(struct span text);

/* yyyy-mm-dd hh:mm:ss, a time that exists; as Excel writes it back, too: slashes, single digits, no seconds (00 then);
 * half or full width. `time` gets it as RFC 3339 with Japan's offset. */
bool value_time(struct span text, char time[VALUE_TIME_SIZE]);

/* A day that exists, written as in value_time(); a time behind it is allowed. */
bool value_is_date(struct span text);

/* The same; `date` gets the day as yyyymmdd. */
bool value_date(struct span text, char date[VALUE_DATE_SIZE]);

/* A phone number of Japan: 10 digits (0, then 1 to 9), or 11 that begin with 020, 050, 060, 070, 080 or 090, as mobile
 * numbers do (which are none with 10, but for 060: that may be 06-0 in Osaka); half or full width, with hyphens, blanks
 * and parentheses between them. `phone` gets it in half width, with single hyphens where anything stood between digits.
 * `repaired`: the 0 at its beginning was lost, or stood behind +81 as the world writes it, and there is only one number
 * that it can have been; `phone` has the 0. */
bool value_phone(struct span text, char phone[VALUE_PHONE_SIZE], bool *repaired);

/* A postal code of Japan: 7 digits, a hyphen behind the third at most, 〒 before it at most; half or full width.
 * `postal_code` gets it in half width without the 〒. `repaired`: one or two 0 at its beginning were lost, and
 * `address`, which begins with a prefecture, lies where the repaired code does. */
bool value_postal_code(struct span text, struct span address, char postal_code[VALUE_POSTAL_CODE_SIZE], bool *repaired);

/* local@domain in half width. Dots may stand anywhere in the local part: carriers of Japan have given out such. */
bool value_is_email(struct span text);

/* Kana of any width, and what stands between: blanks, hyphens, dots, brackets, letters and digits. */
bool value_is_kana(struct span text);

/* A number that a spreadsheet has shortened, its digits lost for good: 1.23457E+11. */
bool value_is_rounded(struct span text);

/* ="…", as spreadsheets and exports keep a leading zero: the text inside, which may be empty. False when it is
 * something else. The bytes of it are the same in CP932 and UTF-8. */
bool value_unwrap(struct span text, struct span *inside);

/* The same where quotes may stand in the text, each doubled as in every formula: `inside`, which is empty, gets them
 * once. What it holds when this is false means nothing. */
bool value_unwrap_quotes(struct span text, struct buf *inside);

#endif
