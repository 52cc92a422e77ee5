/* order/damage_number.c: see damage_number.h. */
#include "order/damage_number.h"

#include "order/value.h"

#include <stdio.h>

enum {
    ZEROS_DIGITS = 20,       /* no number of an order is longer with the zeros before it */
    PRECISION = 15,          /* digits that a spreadsheet keeps */
    GENERAL_PRECISION = 6,   /* digits of a number of 12 digits and more in Excel's General format */
    SCIENTIFIC_PRECISION = 3 /* digits of the format 0.00E+00, which a number written with an E gets */
};

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
    bool negative = damaging_take(text, "-");
    if (!negative)
        damaging_take(text, "+");
    *exponent = damaging_take_number(text, 1, 3);
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
    for (; text->length > 0; *text = damaging_behind(*text, 1)) {
        char byte = text->data[0];
        if (byte == '.' && !point) {
            point = true;
        } else if (byte == ',' && !point && any && damaging_digits_at(damaging_behind(*text, 1)) == 3) {
            number->commas = true;
        } else if (damaging_is_digit(byte)) {
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
    number->negative = brackets || damaging_take(&half, "-");
    if (!number->negative && damaging_take(&half, "+"))
        number->plain = false;
    if (damaging_take(&half, "\\") || damaging_take(&half, "$"))
        number->plain = false;
    number->plain = number->plain && !brackets;
    int exponent = 0;
    if (!take_digits(&half, number))
        return false;
    if (damaging_take(&half, "E") || damaging_take(&half, "e")) {
        number->exponent = true;
        if (!take_exponent(&half, &exponent))
            return false;
    } else {
        number->percent = damaging_take(&half, "%");
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

enum damage damage_number_of(struct span was, struct span is)
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
static void guess_zeros(struct damaging *guesser, const char *sign, struct span digits)
{
    static const char zeros[] = "00000000000000000000";
    char text[VALUE_NARROW_MAX];
    for (size_t count = 1; digits.length + count <= ZEROS_DIGITS; count++)
        damaging_put(guesser, DAMAGE_ZEROS, "%s%.*s%.*s", sign, (int)count, zeros, (int)digits.length, digits.data);
    for (int count = 0; count <= 2; count++) {
        snprintf(text, sizeof text, "%s%.*s%.*s", sign, count, zeros, (int)digits.length, digits.data);
        damaging_put_wide(guesser, count > 0 ? DAMAGE_ZEROS : DAMAGE_NUMBER, text);
    }
    /* LibreOffice leaves blanks out. */
    damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s ", sign, (int)digits.length, digits.data);
    damaging_put(guesser, DAMAGE_ZEROS, "%s0%.*s ", sign, (int)digits.length, digits.data);
    damaging_put(guesser, DAMAGE_NUMBER, " %s%.*s", sign, (int)digits.length, digits.data);
}

/* 1000 ← 1E3, 12E45 ← as it may have been typed. */
static void put_scientific(struct damaging *guesser, enum damage kind, const char *sign, struct span digits,
                           int exponent)
{
    if (exponent < 0)
        return;
    int length = (int)digits.length;
    damaging_put(guesser, kind, "%s%.*sE%d", sign, length, digits.data, exponent);
    if (exponent < 10)
        damaging_put(guesser, kind, "%s%.*sE%02d", sign, length, digits.data, exponent);
    damaging_put(guesser, kind, "%s%.*se%d", sign, length, digits.data, exponent);
    damaging_put(guesser, kind, "%s%.*sE+%02d", sign, length, digits.data, exponent);
}

static void guess_integer(struct damaging *guesser, const char *sign, struct span digits)
{
    char commas[VALUE_NARROW_MAX];
    int length = (int)digits.length;
    size_t zeros = 0;
    guess_zeros(guesser, sign, digits);
    if (sign[0] == '\0')
        damaging_put(guesser, DAMAGE_NUMBER, "+%.*s", length, digits.data);
    else
        damaging_put(guesser, DAMAGE_NUMBER, "(%.*s)", length, digits.data);
    if (digits.length > 3) {
        put_commas(digits, commas);
        damaging_put(guesser, DAMAGE_NUMBER, "%s%s", sign, commas);
        damaging_put(guesser, DAMAGE_NUMBER, "%s%s.00", sign, commas);
        damaging_put_wide(guesser, DAMAGE_NUMBER, commas);
    }
    damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.0", sign, length, digits.data);
    damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.00", sign, length, digits.data);
    damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.", sign, length, digits.data);
    while (zeros + 1 < digits.length && digits.data[digits.length - 1 - zeros] == '0')
        zeros++;
    if (zeros > 1 && digits.length - zeros <= 3)
        put_scientific(guesser, DAMAGE_NUMBER, sign, (struct span){digits.data, digits.length - zeros}, (int)zeros);
}

/* WHOLE.FRACTION: a spreadsheet drops zeros at its end, and puts one where nothing stands before the point. */
static void guess_fraction(struct damaging *guesser, const char *sign, struct span whole, struct span fraction)
{
    static const char zeros[] = "000";
    char text[VALUE_NARROW_MAX];
    int before = (int)whole.length;
    int after = (int)fraction.length;
    if (fraction.data[fraction.length - 1] == '0')
        return;
    for (int count = 1; count <= 3; count++)
        damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.%.*s%.*s", sign, before, whole.data, after, fraction.data, count,
                     zeros);
    if (span_is(whole, "0"))
        damaging_put(guesser, DAMAGE_NUMBER, "%s.%.*s", sign, after, fraction.data);
    for (int count = 1; count <= 2; count++)
        damaging_put(guesser, DAMAGE_ZEROS, "%s%.*s%.*s.%.*s", sign, count, zeros, before, whole.data, after,
                     fraction.data);
    if (sign[0] == '\0')
        damaging_put(guesser, DAMAGE_NUMBER, "+%.*s.%.*s", before, whole.data, after, fraction.data);
    if (whole.length > 3) {
        put_commas(whole, text);
        for (int count = 0; count <= 1; count++)
            damaging_put(guesser, DAMAGE_NUMBER, "%s%s.%.*s%.*s", sign, text, after, fraction.data, count, zeros);
    }
    snprintf(text, sizeof text, "%s%.*s.%.*s", sign, before, whole.data, after, fraction.data);
    damaging_put_wide(guesser, DAMAGE_NUMBER, text);
}

/* What `number`, in the form 1.20E+46, may have been typed as: 12E45, and codes that look so. Excel shows two digits
 * behind the point, so that one more may be lost. */
static void guess_scientific(struct damaging *guesser, const struct decimal *number)
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
        damaging_put(guesser, DAMAGE_NUMBER, "%s%c.%.*sE%d", sign, digits[0], (int)count - 1, digits + 1,
                     number->point - 1);
    if (number->point > 0 && number->point <= ZEROS_DIGITS)
        damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s", sign, number->point, digits);
    if (count != SCIENTIFIC_PRECISION)
        return;
    int rounded = (digits[0] - '0') * 1000 + (digits[1] - '0') * 100 + (digits[2] - '0') * 10;
    for (int typed = rounded - 5; typed < rounded + 5; typed++)
        if (number->point >= 4 && typed >= 1000 && typed <= 9999 && typed % 10 != 0)
            damaging_put(guesser, DAMAGE_ROUNDED, "%s%dE%d", sign, typed, number->point - 4);
}

/* LibreOffice shows two digits behind the point, or none. */
static void guess_percent(struct damaging *guesser, const char *sign, struct span whole, struct span fraction)
{
    char text[VALUE_NARROW_MAX];
    int before = (int)whole.length;
    size_t length = fraction.length;
    while (length > 0 && fraction.data[length - 1] == '0')
        length--;
    if (length > 0) {
        damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.%.*s%%", sign, before, whole.data, (int)length, fraction.data);
        damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.%.*s0%%", sign, before, whole.data, (int)length, fraction.data);
        return;
    }
    damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s%%", sign, before, whole.data);
    damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.0%%", sign, before, whole.data);
    damaging_put(guesser, DAMAGE_NUMBER, "%s%.*s.00%%", sign, before, whole.data);
    damaging_put(guesser, DAMAGE_ZEROS, "%s0%.*s%%", sign, before, whole.data);
    snprintf(text, sizeof text, "%s%.*s%%", sign, before, whole.data);
    damaging_put_wide(guesser, DAMAGE_NUMBER, text);
}

/* 1/2 with a blank for the whole number that is none: 0 1/2. */
static void guess_proportion(struct damaging *guesser)
{
    struct span text = guesser->is;
    if (damaging_take(&text, " ") && damaging_take_number(&text, 1, 2) > 0 && damaging_take(&text, "/") &&
        damaging_take_number(&text, 1, 2) > 0 && text.length == 0)
        damaging_put(guesser, DAMAGE_NUMBER, "0%.*s", (int)guesser->is.length, guesser->is.data);
}

/* 1,234, which Excel leaves as it is, but for its width. */
static void guess_commas(struct damaging *guesser)
{
    char text[VALUE_NARROW_MAX];
    snprintf(text, sizeof text, "%.*s", (int)guesser->is.length, guesser->is.data);
    damaging_put_wide(guesser, DAMAGE_NUMBER, text);
}

void damage_number_guess(struct damaging *guesser)
{
    struct decimal number;
    struct span text = guesser->is;
    guess_proportion(guesser);
    if (text.length > DAMAGING_NUMBER_BYTES || !read_number(text, &number) || !number.plain)
        return;
    const char *sign = damaging_take(&text, "-") ? "-" : "";
    struct span whole = {text.data, damaging_digits_at(text)};
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

bool damage_number_is(struct span text)
{
    struct decimal number;
    return read_number(text, &number);
}
