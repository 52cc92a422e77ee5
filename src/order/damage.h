/* order/damage.h: what a spreadsheet made of a cell that nobody touched, told from what it wrote back. Pure.
 *
 * A spreadsheet that opens a CSV by a double click reads each cell anew, as if it were typed: what looks like a number,
 * a date or a formula becomes one, and is written back as it is shown. The rules are those of Excel in Japanese and in
 * English, and of LibreOffice Calc 7.4 in both, with and without its "detect special numbers"; what LibreOffice does
 * was tried, what Excel does is from its documentation of number formats and automatic conversion. Texts are UTF-8. */
#ifndef ORDER_DAMAGE_H
#define ORDER_DAMAGE_H

#include "base/span.h"

#include <stdbool.h>

enum damage {
    DAMAGE_NONE,    /* the same, or an edit */
    DAMAGE_ZEROS,   /* leading zeros are lost: 0312345678 → 312345678 */
    DAMAGE_ROUNDED, /* digits are lost: 123456789012 → 1.23457E+11, 1234567890123456 → 1234567890123450 */
    DAMAGE_DATE,    /* a text became a date: 1-2 → 1月2日, 2026/1/2, 2-Jan, Jan 02 */
    DAMAGE_TIME,    /* a date or a time in another form: 2026-11-02 17:54:08 → 2026/11/2 17:54, 9:30 → 09:30:00 */
    DAMAGE_NUMBER, /* a number in another form: 1.50 → 1.5, 1,234 → 1234, 12E45 → 1.2E+46, +5 → 5, １２ → 12 */
    DAMAGE_LOGICAL, /* true → TRUE */
    DAMAGE_FORMULA, /* a formula was worked out: ="001" → 001, +81-3-1234-5678 → -6834, -x → #NAME? */
    DAMAGE_LINES,   /* CR LF within the cell became LF */
    DAMAGE_LETTERS, /* characters that Shift_JIS lacks became ? or another: 〜 → ?, é → e */
    DAMAGE_HIDDEN,  /* a number or date in a column too narrow to show it: ##### */
};

enum {
    DAMAGE_KINDS = DAMAGE_HIDDEN + 1,
    DAMAGE_GUESSES_MAX = 400, /* calls of damage_guess(); most texts have none to 40, a time without seconds 190 */
};

/* Call `each` for every text that a spreadsheet may have turned into `is`, the likeliest first, until it says false or
 * there are no more; at most DAMAGE_GUESSES_MAX times. `is` itself is none of them. Texts are borrowed during the call.
 * A number whose digits are lost has no guesses, nor has what became ##### or an error of a formula. True: `each` ended
 * it. */
bool damage_guess(struct span is, bool (*each)(void *context, struct span was), void *context);

/* Whether `is` may be what a spreadsheet made of `was`, and what kind of harm that is. Every guess about `is` is harm;
 * so is more that can be told, but not guessed. */
enum damage damage_of(struct span was, struct span is);

/* Whether `is` may be what a spreadsheet shows where the value is gone, whatever that was: 1.23457E+11, ####, #NAME?.
 */
bool damage_is_loss(struct span is);

#endif
