/* order/damage.c: see damage.h. */
#include "order/damage.h"

#include "base/buf.h"
#include "order/value.h"
#include "text/cp932.h"
#include "text/utf8.h"
#include "text/wide.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum {
    NUMBER_BYTES = 32,       /* a longer number is never guessed */
    ZEROS_DIGITS = 20,       /* no number of an order is longer with the zeros before it */
    PRECISION = 15,          /* digits that a spreadsheet keeps */
    GENERAL_PRECISION = 6,   /* digits of a number of 12 digits and more in Excel's General format */
    SCIENTIFIC_PRECISION = 3 /* digits of the format 0.00E+00, which a number written with an E gets */
};

/* ---- Guesses ---- */

struct guesser {
    struct span is;
    bool (*each)(void *context, enum damage kind, struct span was);
    void *context;
    unsigned left; /* so many more guesses */
    bool ended;    /* by `each` */
};

static void guess(struct guesser *guesser, enum damage kind, struct span was)
{
    if (guesser->ended || guesser->left == 0 || span_equal(was, guesser->is))
        return;
    guesser->left--;
    guesser->ended = !guesser->each(guesser->context, kind, was);
}

__attribute__((format(printf, 3, 4))) static void put(struct guesser *guesser, enum damage kind, const char *format,
                                                      ...)
{
    char text[2 * VALUE_NARROW_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < sizeof text)
        guess(guesser, kind, (struct span){text, (size_t)length});
}

/* `text` in full width, which a spreadsheet in Japanese reads as if it were half. */
static void put_wide(struct guesser *guesser, enum damage kind, const char *text)
{
    struct buf wide = {0};
    wide_put(span_of(text), &wide);
    if (!wide.failed)
        guess(guesser, kind, (struct span){buf_text(&wide), wide.length});
    buf_free(&wide);
}

/* ---- Reading ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static struct span behind(struct span text, size_t bytes)
{
    return (struct span){text.data + bytes, text.length - bytes};
}

/* How many digits `text` begins with. */
static size_t digits_at(struct span text)
{
    size_t length = 0;
    while (length < text.length && is_digit(text.data[length]))
        length++;
    return length;
}

/* A number of `min` to `max` digits, all that stand there, which `text` then goes on behind; -1: there is none. */
static int take_number(struct span *text, size_t min, size_t max)
{
    int number = 0;
    size_t digits = digits_at(*text);
    if (digits < min || digits > max)
        return -1;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text->data[i] - '0');
    *text = behind(*text, digits);
    return number;
}

static bool take(struct span *text, const char *word)
{
    size_t length = strlen(word);
    if (text->length < length || memcmp(text->data, word, length) != 0)
        return false;
    *text = behind(*text, length);
    return true;
}

/* ---- Numbers ---- */

/* ±0.DIGITS × 10^point, without zeros at either end of the digits. */
struct decimal {
    bool negative;
    bool percent;
    bool exponent; /* written with an E */
    bool commas;
    bool padded;      /* zeros before the number */
    bool plain;       /* as a spreadsheet writes it: half width, no +, no blank, nothing padded */
    size_t written;   /* digits from the first that is not 0 to the last that is written */
    size_t fractions; /* digits behind the point */
    size_t count;     /* 0: zero */
    int point;
    char digits[VALUE_NARROW_MAX];
};

/* The exponent's number behind its E; false where there is none, or none that is sensible. */
static bool take_exponent(struct span *text, int *exponent)
{
    bool negative = take(text, "-");
    if (!negative)
        take(text, "+");
    *exponent = take_number(text, 1, 3);
    if (*exponent < 0)
        return false;
    if (negative)
        *exponent = -*exponent;
    return true;
}

/* The digits before and behind the point. False where there are none. */
static bool take_digits(struct span *text, struct decimal *number)
{
    bool point = false;
    bool any = false;
    size_t whole = 0;
    for (; text->length > 0; *text = behind(*text, 1)) {
        char byte = text->data[0];
        if (byte == '.' && !point) {
            point = true;
        } else if (byte == ',' && !point && any && digits_at(behind(*text, 1)) == 3) {
            number->commas = true;
        } else if (is_digit(byte)) {
            any = true;
            number->fractions += point;
            whole += !point;
            number->padded = number->padded || (!point && whole == 2 && number->written == 0);
            number->point += !point && (byte != '0' || number->written > 0);
            number->point -= point && byte == '0' && number->written == 0;
            if (byte != '0' || number->written > 0)
                number->digits[number->written++] = byte;
        } else {
            break;
        }
    }
    number->plain = number->plain && whole > 0 && !number->padded && (!point || number->fractions > 0);
    number->count = number->written;
    while (number->count > 0 && number->digits[number->count - 1] == '0')
        number->count--;
    return any;
}

/* What a spreadsheet takes for a number: with a sign, in parentheses, with thousands' commas, an exponent, a percent
 * sign, a sign of money before it, in full width. */
static bool read_number(struct span text, struct decimal *number)
{
    char bytes[VALUE_NARROW_MAX];
    struct span half = value_trimmed(value_narrowed(text, bytes));
    *number = (struct decimal){.plain = span_equal(half, text)};
    if (half.length == 0 || half.length > VALUE_NARROW_MAX)
        return false;
    bool brackets = half.length > 2 && half.data[0] == '(' && half.data[half.length - 1] == ')';
    if (brackets)
        half = (struct span){half.data + 1, half.length - 2};
    number->negative = brackets || take(&half, "-");
    if (!number->negative && take(&half, "+"))
        number->plain = false;
    if (take(&half, "\\") || take(&half, "$"))
        number->plain = false;
    number->plain = number->plain && !brackets;
    int exponent = 0;
    if (!take_digits(&half, number))
        return false;
    if (take(&half, "E") || take(&half, "e")) {
        number->exponent = true;
        if (!take_exponent(&half, &exponent))
            return false;
    } else {
        number->percent = take(&half, "%");
    }
    number->point = number->count > 0 ? number->point + exponent : 0;
    return half.length == 0;
}

static bool same_number(const struct decimal *a, const struct decimal *b)
{
    return a->count == b->count && a->point == b->point && memcmp(a->digits, b->digits, a->count) == 0 &&
           (a->negative == b->negative || a->count == 0) && a->percent == b->percent;
}

/* Leave `count` digits, rounded, or cut off. */
static void shorten(struct decimal *number, size_t count, bool round)
{
    if (count >= number->count)
        return;
    bool up = round && number->digits[count] >= '5';
    number->count = count;
    while (up && number->count > 0 && number->digits[number->count - 1] == '9')
        number->count--;
    if (up && number->count > 0) {
        number->digits[number->count - 1]++;
    } else if (up) { /* 9.99 became 10 */
        number->digits[number->count++] = '1';
        number->point++;
    }
    while (number->count > 0 && number->digits[number->count - 1] == '0')
        number->count--;
}

/* Whether `is` is `was` with fewer digits. */
static bool is_shortened(const struct decimal *was, const struct decimal *is)
{
    const size_t precisions[] = {is->written, SCIENTIFIC_PRECISION, GENERAL_PRECISION, PRECISION};
    bool may = is->exponent || is->percent || is->written > PRECISION ||
               (is->fractions > 0 && is->fractions < was->fractions && is->written >= 9);
    if (!may || !is->plain)
        return false;
    for (size_t i = 0; i < 2 * sizeof precisions / sizeof *precisions; i++) {
        struct decimal shorter = *was;
        if (precisions[i / 2] < is->count)
            continue;
        shorten(&shorter, precisions[i / 2], i % 2 == 0);
        if (same_number(&shorter, is))
            return true;
    }
    return false;
}

static enum damage damage_of_number(struct span was, struct span is)
{
    struct decimal before;
    struct decimal after;
    if (!read_number(was, &before) || !read_number(is, &after) || !after.plain)
        return DAMAGE_NONE;
    if (!same_number(&before, &after))
        return is_shortened(&before, &after) ? DAMAGE_ROUNDED : DAMAGE_NONE;
    /* By itself a spreadsheet adds no commas, and no zeros behind the point but those of 1.20E+46 and 5.00%. */
    bool zeros = after.written > after.count && after.fractions > before.fractions;
    if ((after.commas && !before.commas) || (zeros && !after.exponent && !after.percent))
        return DAMAGE_NONE;
    return before.padded ? DAMAGE_ZEROS : DAMAGE_NUMBER;
}

/* "1234567" → "1,234,567" in `text`. */
static void put_commas(struct span digits, char text[VALUE_NARROW_MAX])
{
    size_t length = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (i > 0 && (digits.length - i) % 3 == 0)
            text[length++] = ',';
        text[length++] = digits.data[i];
    }
    text[length] = '\0';
}

/* `digits` with zeros before them: phone numbers, postal codes, product codes. */
static void guess_zeros(struct guesser *guesser, const char *sign, struct span digits)
{
    static const char zeros[] = "00000000000000000000";
    char text[VALUE_NARROW_MAX];
    for (size_t count = 1; digits.length + count <= ZEROS_DIGITS; count++)
        put(guesser, DAMAGE_ZEROS, "%s%.*s%.*s", sign, (int)count, zeros, (int)digits.length, digits.data);
    for (int count = 0; count <= 2; count++) {
        snprintf(text, sizeof text, "%s%.*s%.*s", sign, count, zeros, (int)digits.length, digits.data);
        put_wide(guesser, count > 0 ? DAMAGE_ZEROS : DAMAGE_NUMBER, text);
    }
    /* LibreOffice leaves blanks out. */
    put(guesser, DAMAGE_NUMBER, "%s%.*s ", sign, (int)digits.length, digits.data);
    put(guesser, DAMAGE_ZEROS, "%s0%.*s ", sign, (int)digits.length, digits.data);
    put(guesser, DAMAGE_NUMBER, " %s%.*s", sign, (int)digits.length, digits.data);
}

/* 1000 ← 1E3, 12E45 ← as it may have been typed. */
static void put_scientific(struct guesser *guesser, enum damage kind, const char *sign, struct span digits,
                           int exponent)
{
    if (exponent < 0)
        return;
    int length = (int)digits.length;
    put(guesser, kind, "%s%.*sE%d", sign, length, digits.data, exponent);
    if (exponent < 10)
        put(guesser, kind, "%s%.*sE%02d", sign, length, digits.data, exponent);
    put(guesser, kind, "%s%.*se%d", sign, length, digits.data, exponent);
    put(guesser, kind, "%s%.*sE+%02d", sign, length, digits.data, exponent);
}

static void guess_integer(struct guesser *guesser, const char *sign, struct span digits)
{
    char commas[VALUE_NARROW_MAX];
    int length = (int)digits.length;
    size_t zeros = 0;
    guess_zeros(guesser, sign, digits);
    if (sign[0] == '\0')
        put(guesser, DAMAGE_NUMBER, "+%.*s", length, digits.data);
    else
        put(guesser, DAMAGE_NUMBER, "(%.*s)", length, digits.data);
    if (digits.length > 3) {
        put_commas(digits, commas);
        put(guesser, DAMAGE_NUMBER, "%s%s", sign, commas);
        put(guesser, DAMAGE_NUMBER, "%s%s.00", sign, commas);
        put_wide(guesser, DAMAGE_NUMBER, commas);
    }
    put(guesser, DAMAGE_NUMBER, "%s%.*s.0", sign, length, digits.data);
    put(guesser, DAMAGE_NUMBER, "%s%.*s.00", sign, length, digits.data);
    put(guesser, DAMAGE_NUMBER, "%s%.*s.", sign, length, digits.data);
    while (zeros + 1 < digits.length && digits.data[digits.length - 1 - zeros] == '0')
        zeros++;
    if (zeros > 1 && digits.length - zeros <= 3)
        put_scientific(guesser, DAMAGE_NUMBER, sign, (struct span){digits.data, digits.length - zeros}, (int)zeros);
}

/* WHOLE.FRACTION: a spreadsheet drops zeros at its end, and puts one where nothing stands before the point. */
static void guess_fraction(struct guesser *guesser, const char *sign, struct span whole, struct span fraction)
{
    static const char zeros[] = "000";
    char text[VALUE_NARROW_MAX];
    int before = (int)whole.length;
    int after = (int)fraction.length;
    if (fraction.data[fraction.length - 1] == '0')
        return;
    for (int count = 1; count <= 3; count++)
        put(guesser, DAMAGE_NUMBER, "%s%.*s.%.*s%.*s", sign, before, whole.data, after, fraction.data, count, zeros);
    if (span_is(whole, "0"))
        put(guesser, DAMAGE_NUMBER, "%s.%.*s", sign, after, fraction.data);
    for (int count = 1; count <= 2; count++)
        put(guesser, DAMAGE_ZEROS, "%s%.*s%.*s.%.*s", sign, count, zeros, before, whole.data, after, fraction.data);
    if (sign[0] == '\0')
        put(guesser, DAMAGE_NUMBER, "+%.*s.%.*s", before, whole.data, after, fraction.data);
    if (whole.length > 3) {
        put_commas(whole, text);
        for (int count = 0; count <= 1; count++)
            put(guesser, DAMAGE_NUMBER, "%s%s.%.*s%.*s", sign, text, after, fraction.data, count, zeros);
    }
    snprintf(text, sizeof text, "%s%.*s.%.*s", sign, before, whole.data, after, fraction.data);
    put_wide(guesser, DAMAGE_NUMBER, text);
}

/* What `number`, in the form 1.20E+46, may have been typed as: 12E45, and codes that look so. Excel shows two digits
 * behind the point, so that one more may be lost. */
static void guess_scientific(struct guesser *guesser, const struct decimal *number)
{
    char digits[VALUE_NARROW_MAX];
    const char *sign = number->negative ? "-" : "";
    size_t count = number->count;
    if (count == 0 || count > 4)
        return;
    memcpy(digits, number->digits, count);
    memset(digits + count, '0', sizeof digits - count);
    for (size_t length = count; length < count + 3; length++)
        put_scientific(guesser, DAMAGE_NUMBER, sign, (struct span){digits, length}, number->point - (int)length);
    if (count > 1)
        put(guesser, DAMAGE_NUMBER, "%s%c.%.*sE%d", sign, digits[0], (int)count - 1, digits + 1, number->point - 1);
    if (number->point > 0 && number->point <= ZEROS_DIGITS)
        put(guesser, DAMAGE_NUMBER, "%s%.*s", sign, number->point, digits);
    if (count != SCIENTIFIC_PRECISION)
        return;
    int rounded = (digits[0] - '0') * 1000 + (digits[1] - '0') * 100 + (digits[2] - '0') * 10;
    for (int typed = rounded - 5; typed < rounded + 5; typed++)
        if (number->point >= 4 && typed >= 1000 && typed <= 9999 && typed % 10 != 0)
            put(guesser, DAMAGE_ROUNDED, "%s%dE%d", sign, typed, number->point - 4);
}

/* LibreOffice shows two digits behind the point, or none. */
static void guess_percent(struct guesser *guesser, const char *sign, struct span whole, struct span fraction)
{
    char text[VALUE_NARROW_MAX];
    int before = (int)whole.length;
    size_t length = fraction.length;
    while (length > 0 && fraction.data[length - 1] == '0')
        length--;
    if (length > 0) {
        put(guesser, DAMAGE_NUMBER, "%s%.*s.%.*s%%", sign, before, whole.data, (int)length, fraction.data);
        put(guesser, DAMAGE_NUMBER, "%s%.*s.%.*s0%%", sign, before, whole.data, (int)length, fraction.data);
        return;
    }
    put(guesser, DAMAGE_NUMBER, "%s%.*s%%", sign, before, whole.data);
    put(guesser, DAMAGE_NUMBER, "%s%.*s.0%%", sign, before, whole.data);
    put(guesser, DAMAGE_NUMBER, "%s%.*s.00%%", sign, before, whole.data);
    put(guesser, DAMAGE_ZEROS, "%s0%.*s%%", sign, before, whole.data);
    snprintf(text, sizeof text, "%s%.*s%%", sign, before, whole.data);
    put_wide(guesser, DAMAGE_NUMBER, text);
}

/* 1/2 with a blank for the whole number that is none: 0 1/2. */
static void guess_proportion(struct guesser *guesser)
{
    struct span text = guesser->is;
    if (take(&text, " ") && take_number(&text, 1, 2) > 0 && take(&text, "/") && take_number(&text, 1, 2) > 0 &&
        text.length == 0)
        put(guesser, DAMAGE_NUMBER, "0%.*s", (int)guesser->is.length, guesser->is.data);
}

/* 1,234, which Excel leaves as it is, but for its width. */
static void guess_commas(struct guesser *guesser)
{
    char text[VALUE_NARROW_MAX];
    snprintf(text, sizeof text, "%.*s", (int)guesser->is.length, guesser->is.data);
    put_wide(guesser, DAMAGE_NUMBER, text);
}

static void guess_number(struct guesser *guesser)
{
    struct decimal number;
    struct span text = guesser->is;
    if (text.length > NUMBER_BYTES || !read_number(text, &number) || !number.plain)
        return;
    const char *sign = take(&text, "-") ? "-" : "";
    struct span whole = {text.data, digits_at(text)};
    struct span fraction = {text.data + whole.length + (number.fractions > 0 ? 1 : 0), number.fractions};
    if (number.exponent)
        guess_scientific(guesser, &number);
    else if (number.commas)
        guess_commas(guesser);
    else if (number.percent)
        guess_percent(guesser, sign, whole, fraction);
    else if (number.fractions > 0)
        guess_fraction(guesser, sign, whole, fraction);
    else
        guess_integer(guesser, sign, whole);
}

/* ---- Dates and times ---- */

enum { ABSENT = -1 };

/* As far as it is written; what is not is ABSENT. */
struct moment {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
};

enum { MONTHS = 12, MONTH_LETTERS = 3 };

static const char *const months[MONTHS] = {"January", "February", "March",     "April",   "May",      "June",
                                           "July",    "August",   "September", "October", "November", "December"};

/* Jan, as spreadsheets write it: 1 to 12, or ABSENT. */
static int take_month(struct span *text)
{
    for (int i = 0; i < MONTHS; i++) {
        if (text->length >= MONTH_LETTERS && memcmp(text->data, months[i], MONTH_LETTERS) == 0) {
            *text = behind(*text, MONTH_LETTERS);
            return i + 1;
        }
    }
    return ABSENT;
}

/* A year of two digits, as spreadsheets read it. */
static int whole_year(int year)
{
    if (year > 99 || year == ABSENT)
        return year;
    return year < 30 ? 2000 + year : 1900 + year;
}

static bool is_day(const struct moment *moment)
{
    return moment->month >= 1 && moment->month <= MONTHS && moment->day >= 1 && moment->day <= 31;
}

/* Three numbers with the same separator between them, of which the last may be absent. */
static size_t take_three(struct span *text, const char *separators, int numbers[3], size_t digits[3])
{
    size_t count = 0;
    char separator = '\0';
    for (; count < 3; count++) {
        if (count > 0) {
            bool goes_on = text->length > 1 && strchr(separators, text->data[0]) != NULL && text->data[0] != '\0' &&
                           (count == 1 || text->data[0] == separator) && is_digit(text->data[1]);
            if (!goes_on)
                break;
            separator = text->data[0];
            *text = behind(*text, 1);
        }
        digits[count] = digits_at(*text);
        numbers[count] = take_number(text, 1, 4);
        if (numbers[count] < 0)
            break;
    }
    return count;
}

/* 2026/11/2, 2026-11-02 */
static bool read_year_first(struct span *text, struct moment *moment)
{
    int numbers[3];
    size_t digits[3];
    if (take_three(text, "-/", numbers, digits) != 3 || digits[0] != 4)
        return false;
    *moment = (struct moment){numbers[0], numbers[1], numbers[2], ABSENT, ABSENT, ABSENT};
    return is_day(moment);
}

/* 26/11/02, where the first number cannot be a month */
static bool read_short_year_first(struct span *text, struct moment *moment)
{
    int numbers[3];
    size_t digits[3];
    if (take_three(text, "/", numbers, digits) != 3 || digits[0] != 2 || numbers[0] <= MONTHS || digits[2] > 2)
        return false;
    *moment = (struct moment){whole_year(numbers[0]), numbers[1], numbers[2], ABSENT, ABSENT, ABSENT};
    return is_day(moment);
}

/* 11/2/2026, 11/02/26: in English. */
static bool read_year_last(struct span *text, struct moment *moment)
{
    int numbers[3];
    size_t digits[3];
    if (take_three(text, "/", numbers, digits) != 3 || digits[0] > 2 || (digits[2] != 2 && digits[2] != 4))
        return false;
    *moment = (struct moment){whole_year(numbers[2]), numbers[0], numbers[1], ABSENT, ABSENT, ABSENT};
    return is_day(moment);
}

/* 11月2日 */
static bool read_kanji(struct span *text, struct moment *moment)
{
    *moment = (struct moment){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
    moment->month = take_number(text, 1, 2);
    if (!take(text, "月"))
        return false;
    moment->day = take_number(text, 1, 2);
    return take(text, "日") && is_day(moment);
}

/* 2-Nov of Excel, Nov 02 of LibreOffice. */
static bool read_named(struct span *text, struct moment *moment)
{
    *moment = (struct moment){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
    moment->month = take_month(text);
    bool month_first = moment->month != ABSENT;
    if (month_first && !take(text, " "))
        return false;
    moment->day = take_number(text, 1, 2);
    if (!month_first && take(text, "-"))
        moment->month = take_month(text);
    return is_day(moment);
}

/* 17:54, 17:54:08, 05:54 PM */
static bool read_clock(struct span *text, struct moment *moment)
{
    moment->hour = take_number(text, 1, 2);
    if (moment->hour < 0 || !take(text, ":"))
        return false;
    moment->minute = take_number(text, 1, 2);
    if (moment->minute < 0 || moment->minute > 59)
        return false;
    moment->second = ABSENT;
    if (take(text, ":")) {
        moment->second = take_number(text, 2, 2);
        if (moment->second < 0 || moment->second > 59)
            return false;
    }
    bool afternoon = take(text, " PM");
    if ((afternoon || take(text, " AM")) && moment->hour <= 12)
        moment->hour = moment->hour % 12 + (afternoon ? 12 : 0);
    return true;
}

typedef bool date_reader(struct span *text, struct moment *moment);

static date_reader *const readers[] = {read_year_first, read_kanji, read_named, read_year_last, read_short_year_first};

enum { READERS = sizeof readers / sizeof *readers };

/* All of `text` as a date in the form of `reader`, and a time where there is one. */
static bool read_date(struct span text, date_reader *reader, struct moment *moment)
{
    if (text.length > VALUE_NARROW_MAX || !reader(&text, moment))
        return false;
    return text.length == 0 || (take(&text, " ") && read_clock(&text, moment) && text.length == 0);
}

static bool read_time(struct span text, struct moment *moment)
{
    *moment = (struct moment){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
    return text.length <= VALUE_NARROW_MAX && read_clock(&text, moment) && text.length == 0;
}

/* The separators that a date of the original may have: dots between three numbers only, for 1.2 is a number. */
static const char separators[] = "-/.";

/* "MONTHsepDAY" with and without zeros before them. `year` stands before it with a separator, where it is not "". */
static void guess_days(struct guesser *guesser, enum damage kind, const char *year, const struct moment *date)
{
    for (int padding = 0; padding < 4; padding++) {
        int month_width = padding == 0 || padding == 3 ? 2 : 1; /* 01-02, 1-2, 1-02, 01-2 */
        int day_width = padding == 0 || padding == 2 ? 2 : 1;
        if ((month_width == 1 && date->month > 9) || (day_width == 1 && date->day > 9))
            continue;
        for (int i = 0; i < (year[0] != '\0' ? 3 : 2); i++) {
            char separator[] = {separators[i], '\0'};
            put(guesser, kind, "%s%s%0*d%c%0*d", year, year[0] != '\0' ? separator : "", month_width, date->month,
                separator[0], day_width, date->day);
        }
    }
}

/* Jan-2, MAR1: the names of months, as Excel in English reads them. */
static void guess_names(struct guesser *guesser, const struct moment *date)
{
    const char *name = months[date->month - 1];
    char spellings[3][MONTH_LETTERS + 1] = {{0}};
    for (int i = 0; i < MONTH_LETTERS; i++) {
        spellings[0][i] = (char)toupper((unsigned char)name[i]);
        spellings[1][i] = name[i];
        spellings[2][i] = (char)tolower((unsigned char)name[i]);
    }
    for (int i = 0; i < 3; i++) {
        put(guesser, DAMAGE_DATE, "%s%d", spellings[i], date->day);
        put(guesser, DAMAGE_DATE, "%s-%d", spellings[i], date->day);
        put(guesser, DAMAGE_DATE, "%d-%s", date->day, spellings[i]);
        if (date->day < 10) {
            put(guesser, DAMAGE_DATE, "%s%02d", spellings[i], date->day);
            put(guesser, DAMAGE_DATE, "%s-%02d", spellings[i], date->day);
            put(guesser, DAMAGE_DATE, "%02d-%s", date->day, spellings[i]);
        }
        put(guesser, DAMAGE_DATE, "%s %d", spellings[i], date->day);
    }
    if (date->month == 9)
        put(guesser, DAMAGE_DATE, "SEPT%d", date->day);
}

static void guess_date(struct guesser *guesser, const struct moment *date)
{
    char text[VALUE_NARROW_MAX];
    bool year = date->year != ABSENT;
    if (year) {
        snprintf(text, sizeof text, "%04d", date->year);
        guess_days(guesser, DAMAGE_TIME, text, date);
    }
    guess_days(guesser, DAMAGE_DATE, "", date);
    if (year && date->year >= 1930 && date->year < 2030) {
        snprintf(text, sizeof text, "%02d", date->year % 100);
        guess_days(guesser, DAMAGE_DATE, text, date);
    }
    if (year && date->year >= 2000 && date->year < 2010) {
        snprintf(text, sizeof text, "%d", date->year % 10);
        guess_days(guesser, DAMAGE_DATE, text, date);
        snprintf(text, sizeof text, "%d-%d-%d", date->year % 10, date->month, date->day);
        put_wide(guesser, DAMAGE_DATE, text);
    }
    snprintf(text, sizeof text, "%d-%d", date->month, date->day);
    put_wide(guesser, DAMAGE_DATE, text);
    put(guesser, DAMAGE_DATE, "%d月%d日", date->month, date->day);
    if (year) {
        put(guesser, DAMAGE_TIME, "%d年%d月%d日", date->year, date->month, date->day);
        put(guesser, DAMAGE_TIME, "%d/%d/%d", date->month, date->day, date->year);
        put(guesser, DAMAGE_TIME, "%02d/%02d/%d", date->month, date->day, date->year);
        put(guesser, DAMAGE_DATE, "%d-%d-%02d", date->month, date->day, date->year % 100);
        put(guesser, DAMAGE_DATE, "%d/%d/%02d", date->month, date->day, date->year % 100);
    }
}

/* Both with the seconds, and without where they are 0 or not told. */
static void guess_date_and_time(struct guesser *guesser, const struct moment *moment)
{
    char days[4][VALUE_NARROW_MAX];
    snprintf(days[0], sizeof *days, "%04d-%02d-%02d", moment->year, moment->month, moment->day);
    snprintf(days[1], sizeof *days, "%04d/%02d/%02d", moment->year, moment->month, moment->day);
    snprintf(days[2], sizeof *days, "%d/%d/%d", moment->year, moment->month, moment->day);
    snprintf(days[3], sizeof *days, "%d-%d-%d", moment->year, moment->month, moment->day);
    int count = moment->month < 10 || moment->day < 10 ? 4 : 2; /* different ones */
    int first = moment->second != ABSENT ? moment->second : 0;
    int last = moment->second != ABSENT ? moment->second : 59;
    for (int form = 0; form < count && form < 3; form++) {
        for (int second = first; second <= last; second++)
            put(guesser, DAMAGE_TIME, form == 2 ? "%s %d:%02d:%02d" : "%s %02d:%02d:%02d", days[form], moment->hour,
                moment->minute, second);
        if (moment->second > 0)
            continue;
        put(guesser, DAMAGE_TIME, "%s %02d:%02d", days[form], moment->hour, moment->minute);
        if (moment->hour < 10)
            put(guesser, DAMAGE_TIME, "%s %d:%02d", days[form], moment->hour, moment->minute);
    }
    if (moment->hour < 10 && moment->second != ABSENT)
        put(guesser, DAMAGE_TIME, "%s %d:%02d:%02d", days[1], moment->hour, moment->minute, moment->second);
    for (int form = 0; form < count && moment->hour == 0 && moment->minute == 0 && moment->second <= 0; form++)
        put(guesser, DAMAGE_TIME, "%s", days[form]);
}

static void guess_time(struct guesser *guesser, const struct moment *time)
{
    char text[VALUE_NARROW_MAX];
    int second = time->second != ABSENT ? time->second : 0;
    for (int width = 2; width > (time->hour < 10 ? 0 : 1); width--) {
        if (second == 0)
            put(guesser, DAMAGE_TIME, "%0*d:%02d", width, time->hour, time->minute);
        put(guesser, DAMAGE_TIME, "%0*d:%02d:%02d", width, time->hour, time->minute, second);
    }
    if (second == 0) {
        snprintf(text, sizeof text, "%d:%02d", time->hour, time->minute);
        put_wide(guesser, DAMAGE_TIME, text);
    }
}

/* Nov-26 of Excel: 2026-11, or 11-40 where there is no 40th. */
static void guess_month(struct guesser *guesser)
{
    struct span text = guesser->is;
    int month = take_month(&text);
    if (month == ABSENT || !take(&text, "-"))
        return;
    int year = take_number(&text, 2, 2);
    if (year < 0 || text.length > 0)
        return;
    for (int width = 2; width > (month < 10 ? 0 : 1); width--) {
        put(guesser, DAMAGE_DATE, "%d-%0*d", whole_year(year), width, month);
        put(guesser, DAMAGE_DATE, "%d/%0*d", whole_year(year), width, month);
        put(guesser, DAMAGE_DATE, "%0*d-%02d", width, month, year);
        put(guesser, DAMAGE_DATE, "%0*d/%02d", width, month, year);
        put(guesser, DAMAGE_DATE, "%0*d/%d", width, month, whole_year(year));
    }
    for (int upper = 1; upper >= 0; upper--) {
        char name[MONTH_LETTERS + 1] = {0};
        for (int i = 0; i < MONTH_LETTERS; i++)
            name[i] = (char)(upper ? toupper((unsigned char)guesser->is.data[i])
                                   : tolower((unsigned char)guesser->is.data[i]));
        put(guesser, DAMAGE_DATE, "%s-%02d", name, year);
        put(guesser, DAMAGE_DATE, "%s%02d", name, year);
    }
}

static void guess_moment(struct guesser *guesser)
{
    struct moment moment;
    for (size_t i = 0; i < READERS; i++) {
        if (!read_date(guesser->is, readers[i], &moment))
            continue;
        if (moment.hour == ABSENT)
            guess_date(guesser, &moment);
        else if (moment.year != ABSENT)
            guess_date_and_time(guesser, &moment);
        if (readers[i] == read_named && moment.hour == ABSENT)
            guess_names(guesser, &moment);
    }
    if (read_time(guesser->is, &moment))
        guess_time(guesser, &moment);
    guess_month(guesser);
}

/* 2026年11月2日, 11月2日 */
static bool read_typed_kanji(struct span text, struct moment *moment)
{
    int year = ABSENT;
    struct span rest = text;
    if (digits_at(rest) == 4 && (year = take_number(&rest, 4, 4)) != ABSENT && take(&rest, "年"))
        text = rest;
    else
        year = ABSENT;
    if (!read_kanji(&text, moment) || text.length > 0)
        return false;
    moment->year = year;
    return true;
}

/* Whether the original may be this, a day as somebody types one: with a year of any length, or without one. */
static bool read_typed_date(struct span text, struct moment *moment, bool *whole)
{
    int numbers[3];
    size_t digits[3];
    *whole = false;
    if (read_typed_kanji(text, moment))
        return true;
    *moment = (struct moment){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
    size_t count = take_three(&text, "-/.", numbers, digits);
    *whole = count == 3 && digits[0] == 4;
    if (count == 3) {
        moment->year = whole_year(numbers[0]);
        moment->month = numbers[1];
        moment->day = numbers[2];
    } else if (count == 2) {
        moment->month = numbers[0];
        moment->day = numbers[1];
    }
    if (!is_day(moment))
        return false;
    bool time = *whole && text.length > 0 && (take(&text, " ") || take(&text, "T")) && read_clock(&text, moment);
    return text.length == 0 || (time && text.length == 0);
}

/* 1-2 and 1月2日 are the same as far as they go. */
static bool same_day(const struct moment *was, const struct moment *is)
{
    return was->month == is->month && was->day == is->day &&
           (was->year == is->year || was->year == ABSENT || is->year == ABSENT);
}

/* A spreadsheet shows no seconds, or 0 of them where none were written, and midnight where no time was. */
static bool same_clock(const struct moment *was, const struct moment *is)
{
    int hour = was->hour != ABSENT || is->hour == ABSENT ? was->hour : 0;
    int minute = was->minute != ABSENT || is->minute == ABSENT ? was->minute : 0;
    int second = was->second != ABSENT || is->second == ABSENT ? was->second : 0;
    return hour == is->hour && minute == is->minute && (second == is->second || is->second == ABSENT);
}

static enum damage damage_of_moment(struct span was, struct span is)
{
    char bytes[VALUE_NARROW_MAX];
    struct moment before;
    struct moment after;
    bool whole = false;
    was = value_trimmed(value_narrowed(was, bytes));
    if (read_time(was, &before) && read_time(is, &after) && same_clock(&before, &after) &&
        (after.second != ABSENT || before.second <= 0))
        return DAMAGE_TIME;
    if (!read_typed_date(was, &before, &whole))
        return DAMAGE_NONE;
    for (size_t i = 0; i < READERS; i++)
        if (read_date(is, readers[i], &after) && same_day(&before, &after) && same_clock(&before, &after))
            return whole && after.year != ABSENT ? DAMAGE_TIME : DAMAGE_DATE;
    return DAMAGE_NONE;
}

/* ---- Texts ---- */

static void guess_logical(struct guesser *guesser)
{
    bool logical = span_is(guesser->is, "TRUE");
    if (!logical && !span_is(guesser->is, "FALSE"))
        return;
    put(guesser, DAMAGE_LOGICAL, logical ? "true" : "false");
    put(guesser, DAMAGE_LOGICAL, logical ? "True" : "False");
}

/* ="001", as exports protect the zeros of a code, a phone number or a postal code. */
static void guess_wrapped(struct guesser *guesser)
{
    struct span is = guesser->is;
    for (size_t i = 0; i < is.length; i++)
        if (!is_digit(is.data[i]) && is.data[i] != '-')
            return;
    if (is.length > 0 && is.length <= NUMBER_BYTES)
        put(guesser, DAMAGE_FORMULA, "=\"%.*s\"", (int)is.length, is.data);
}

/* `is` with each `from` as `to`. */
static void guess_replaced(struct guesser *guesser, enum damage kind, const char *from, const char *to)
{
    struct span part = span_of(from);
    struct buf was = {0};
    if (!span_contains(guesser->is, part))
        return;
    for (size_t at = 0; at < guesser->is.length;) {
        struct span rest = behind(guesser->is, at);
        bool replaced = rest.length >= part.length && memcmp(rest.data, part.data, part.length) == 0;
        if (replaced)
            buf_append_text(&was, to);
        else
            buf_append_byte(&was, rest.data[0]);
        at += replaced ? part.length : 1;
    }
    if (!was.failed)
        guess(guesser, kind, (struct span){buf_text(&was), was.length});
    buf_free(&was);
}

static bool is_formula_error(struct span text)
{
    static const char *const errors[] = {"#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!"};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (span_is(text, errors[i]))
            return true;
    return take(&text, "Err:") && value_is_digits(text);
}

static void guess_text(struct guesser *guesser)
{
    if (!span_contains(guesser->is, span_of("\r")))
        guess_replaced(guesser, DAMAGE_LINES, "\n", "\r\n");
    if (is_formula_error(guesser->is))
        return;
    /* 〜 and − are what other systems have for the ～ and － of Windows. */
    guess_replaced(guesser, DAMAGE_LETTERS, "?", "〜");
    guess_replaced(guesser, DAMAGE_LETTERS, "～", "〜");
    guess_replaced(guesser, DAMAGE_LETTERS, "?", "−");
    guess_replaced(guesser, DAMAGE_LETTERS, "－", "−");
}

/* The text without the CR before an LF. */
static bool same_but_lines(struct span was, struct span is)
{
    size_t at = 0;
    for (size_t i = 0; i < was.length; i++) {
        if (was.data[i] == '\r' && i + 1 < was.length && was.data[i + 1] == '\n')
            continue;
        if (at == is.length || is.data[at++] != was.data[i])
            return false;
    }
    return at == is.length;
}

static bool is_in_cp932(uint32_t character)
{
    return character < 0x80 || (character >= 0xFF61 && character <= 0xFF9F) || cp932_has_pair(character);
}

/* Whether `is` may stand for `was` where Shift_JIS has no `was`. */
static bool stands_for(uint32_t was, uint32_t is)
{
    static const struct {
        uint32_t was;
        uint32_t is;
    } pairs[] = {{0x301C, 0xFF5E}, {0x2212, 0xFF0D}, {0x2016, 0x2225}, {0x2014, 0x2015}, {0xA2, 0xFFE0},
                 {0xA3, 0xFFE1},   {0xAC, 0xFFE2},   {0xA5, 0xFFE5},   {0xA5, '\\'},     {0xA0, ' '}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].was == was && pairs[i].is == is)
            return true;
    bool accented = was >= 0xC0 && was < 0x250;
    return is == '?' || is == 0x3013 || (accented && is < 0x80 && isalpha((int)is));
}

/* Whether nothing but letters that Shift_JIS lacks, and the ends of lines, tell them apart. Bytes that are no text are
 * no letters. */
static bool same_but_letters(struct span was, struct span is)
{
    size_t size;
    size_t other;
    if (utf8_valid_length(was) < was.length || utf8_valid_length(is) < is.length)
        return false;
    while (was.length > 0) {
        uint32_t character = utf8_decode(was, &size);
        was = behind(was, size);
        if (character == '\r' && was.length > 0 && was.data[0] == '\n' && is.length > 0 && is.data[0] == '\n')
            continue;
        if (is.length == 0)
            return false;
        uint32_t written = utf8_decode(is, &other);
        is = behind(is, other);
        if (written == character)
            continue;
        if (is_in_cp932(character) || !stands_for(character, written))
            return false;
        if (character > 0xFFFF && written == '?') /* two units of UTF-16 may be two question marks */
            take(&is, "?");
    }
    return is.length == 0;
}

/* ---- Formulas ---- */

/* What comes of +81-3-1234-5678, in numbers. */
static bool work_out(struct span text, int64_t *sum)
{
    take(&text, "=");
    for (*sum = 0; text.length > 0;) {
        bool minus = take(&text, "-");
        if (!minus && !take(&text, "+"))
            return false;
        int64_t number = 0;
        size_t digits = digits_at(text);
        if (!value_integer((struct span){text.data, digits}, &number))
            return false;
        *sum += minus ? -number : number;
        text = behind(text, digits);
    }
    return true;
}

static bool is_worked_out(struct span was, struct span is)
{
    int64_t sum;
    int64_t result;
    struct buf inside = {0};
    if (was.length < 2 || strchr("=+-@", was.data[0]) == NULL || was.data[0] == '\0')
        return false;
    if (is_formula_error(is))
        return true;
    if (was.length <= VALUE_NARROW_MAX && work_out(was, &sum) && value_integer(is, &result) && sum == result)
        return true;
    if (!value_unwrap_quotes(was, &inside)) {
        buf_free(&inside);
        return was.data[0] == '=' && is.data[0] != '='; /* =A1, which may come to anything */
    }
    struct span text = {buf_text(&inside), inside.length};
    bool same = span_equal(text, is) || damage_of(text, is) == DAMAGE_ZEROS; /* saved twice */
    buf_free(&inside);
    return same;
}

/* ---- All of it ---- */

static void guess_all(struct guesser *guesser)
{
    guess_number(guesser);
    guess_proportion(guesser);
    guess_moment(guesser);
    guess_logical(guesser);
    guess_wrapped(guesser);
    guess_text(guesser);
}

struct telling {
    bool (*each)(void *context, struct span was);
    void *context;
};

static bool tell(void *context, enum damage kind, struct span was)
{
    const struct telling *telling = context;
    (void)kind;
    return telling->each(telling->context, was);
}

bool damage_guess(struct span is, bool (*each)(void *context, struct span was), void *context)
{
    struct telling telling = {each, context};
    struct guesser guesser = {is, tell, &telling, DAMAGE_GUESSES_MAX, false};
    guess_all(&guesser);
    return guesser.ended;
}

struct search {
    struct span was;
    enum damage kind;
};

static bool is_not_it(void *context, enum damage kind, struct span was)
{
    struct search *search = context;
    if (!span_equal(was, search->was))
        return true;
    search->kind = kind;
    return false;
}

static bool is_hash_marks(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != '#')
            return false;
    return text.length > 1;
}

static bool is_hidden(struct span was, struct span is)
{
    struct decimal number;
    struct moment moment;
    bool whole;
    return is_hash_marks(is) && (read_number(was, &number) || read_typed_date(was, &moment, &whole));
}

enum damage damage_of(struct span was, struct span is)
{
    if (was.length == 0 || is.length == 0 || span_equal(was, is))
        return DAMAGE_NONE;
    enum damage kind = damage_of_number(was, is);
    if (kind == DAMAGE_NONE)
        kind = damage_of_moment(was, is);
    if (kind != DAMAGE_NONE)
        return kind;
    struct search search = {was, DAMAGE_NONE};
    struct guesser guesser = {is, is_not_it, &search, DAMAGE_GUESSES_MAX, false};
    guess_all(&guesser);
    if (guesser.ended)
        return search.kind;
    if (is_worked_out(was, is))
        return DAMAGE_FORMULA;
    if (same_but_lines(was, is))
        return DAMAGE_LINES;
    if (same_but_letters(was, is))
        return DAMAGE_LETTERS;
    return is_hidden(was, is) ? DAMAGE_HIDDEN : DAMAGE_NONE;
}

bool damage_is_loss(struct span is)
{
    return value_is_rounded(is) || is_hash_marks(is) || is_formula_error(is);
}
