/* order/value.c: see value.h. */
#include "order/value.h"

#include "text/utf8.h"

static const char wide_blank[] = "\xE3\x80\x80"; /* U+3000 */

enum { WIDE_BLANK = sizeof wide_blank - 1 };

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool value_is_blank(struct span text)
{
    size_t i = 0;
    if (text.length > 0 && text.data[0] > ' ') /* as most begin */
        return false;
    while (i < text.length) {
        if (is_blank(text.data[i]))
            i++;
        else if (text.length - i >= WIDE_BLANK && memcmp(text.data + i, wide_blank, WIDE_BLANK) == 0)
            i += WIDE_BLANK;
        else
            return false;
    }
    return true;
}

/* Bytes of the blank that `text` begins with; 0: it begins with none. */
static size_t blank_before(struct span text)
{
    if (text.length > 0 && is_blank(text.data[0]))
        return 1;
    return text.length >= WIDE_BLANK && memcmp(text.data, wide_blank, WIDE_BLANK) == 0 ? WIDE_BLANK : 0;
}

/* Bytes of the blank that it ends with. */
static size_t blank_behind(struct span text)
{
    if (text.length > 0 && is_blank(text.data[text.length - 1]))
        return 1;
    bool wide = text.length >= WIDE_BLANK && memcmp(text.data + text.length - WIDE_BLANK, wide_blank, WIDE_BLANK) == 0;
    return wide ? WIDE_BLANK : 0;
}

struct span value_trimmed(struct span text)
{
    for (size_t blank = blank_before(text); blank > 0; blank = blank_before(text))
        text = (struct span){text.data + blank, text.length - blank};
    for (size_t blank = blank_behind(text); blank > 0; blank = blank_behind(text))
        text.length -= blank;
    return text;
}

bool value_is_digits(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.length > 0;
}

/* ---- Width ---- */

/* What a character is in half width; itself where there is nothing such. */
static uint32_t narrowed(uint32_t character)
{
    if (character >= 0xFF01 && character <= 0xFF5E)
        return character - 0xFEE0;
    if (character == 0x3000)
        return ' ';
    /* Hyphens, dashes, the minus sign; and the sign of a long vowel, which stands where the hyphen's key is missed. */
    if ((character >= 0x2010 && character <= 0x2015) || character == 0x2212 || character == 0x30FC ||
        character == 0xFF70)
        return '-';
    return character;
}

/* `text` in half width, in `bytes` where it was not so already. False when something else than ASCII is left, or it is
 * longer than anything that is read here. */
static bool narrow(struct span text, char bytes[VALUE_NARROW_MAX], struct span *half)
{
    size_t length = 0;
    *half = text;
    if (utf8_is_ascii(text))
        return text.length <= VALUE_NARROW_MAX;
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        uint32_t character = narrowed(utf8_decode((struct span){text.data + at, text.length - at}, &size));
        if (character >= 0x80 || length == VALUE_NARROW_MAX)
            return false;
        bytes[length++] = (char)character;
    }
    *half = (struct span){bytes, length};
    return true;
}

struct span value_narrowed(struct span text, char bytes[VALUE_NARROW_MAX])
{
    struct span half;
    return narrow(text, bytes, &half) ? half : text;
}

static struct span trimmed(struct span text)
{
    while (text.length > 0 && text.data[0] == ' ')
        text = (struct span){text.data + 1, text.length - 1};
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text.length--;
    return text;
}

/* ---- Numbers ---- */

/* The number in `text`, half-width digits, the first of which may be preceded by a minus. */
static bool read_integer(struct span text, int64_t *number)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    size_t at = negative ? 1 : 0;
    bool digits = at < text.length;
    while (at + 1 < text.length && text.data[at] == '0')
        at++;
    if (text.length > VALUE_NARROW_MAX || text.length - at > VALUE_INTEGER_DIGITS)
        return false;
    *number = 0;
    for (; at < text.length; at++) {
        digits = digits && text.data[at] >= '0' && text.data[at] <= '9';
        *number = *number * 10 + (text.data[at] - '0');
    }
    if (negative)
        *number = -*number;
    return digits;
}

bool value_integer(struct span text, int64_t *number)
{
    char bytes[VALUE_NARROW_MAX];
    return read_integer(text, number) || (narrow(text, bytes, &text) && read_integer(text, number));
}

bool value_is_whole(struct span text)
{
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        uint32_t character = narrowed(utf8_decode((struct span){text.data + at, text.length - at}, &size));
        bool sign = at == 0 && character == '-' && size < text.length;
        if (!sign && (character < '0' || character > '9'))
            return false;
    }
    return text.length > 0;
}

/* ---- Times ---- */

/* A number of `min` to `max` digits at the beginning of `text`, which then goes on behind it; -1 when there is none. */
static int take_number(struct span *text, size_t min, size_t max)
{
    int number = 0;
    size_t digits = 0;
    while (digits < max && digits < text->length && text->data[digits] >= '0' && text->data[digits] <= '9')
        number = number * 10 + (text->data[digits++] - '0');
    if (digits < min)
        return -1;
    *text = (struct span){text->data + digits, text->length - digits};
    return number;
}

static bool take_byte(struct span *text, char byte)
{
    if (text->length == 0 || text->data[0] != byte)
        return false;
    *text = (struct span){text->data + 1, text->length - 1};
    return true;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

struct day {
    int year;
    int month;
    int day;
};

/* A day at the beginning of `text`, which then goes on behind it. */
static bool take_day(struct span *text, struct day *day)
{
    day->year = take_number(text, 4, 4);
    char separator = text->length > 0 && text->data[0] == '/' ? '/' : '-';
    if (day->year < 0 || !take_byte(text, separator))
        return false;
    day->month = take_number(text, 1, 2);
    if (day->month < 1 || day->month > 12 || !take_byte(text, separator))
        return false;
    day->day = take_number(text, 1, 2);
    return day->day >= 1 && day->day <= days_of(day->year, day->month);
}

/* The last `count` digits of `number` at `at`; where they end. Not printf: this is done for every order. */
static char *put_digits(char *at, size_t count, int number)
{
    for (size_t i = count; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + count;
}

bool value_time(struct span text, char time[VALUE_TIME_SIZE])
{
    char bytes[VALUE_NARROW_MAX];
    struct day day;
    int second = 0;
    if (!narrow(text, bytes, &text) || !take_day(&text, &day) || !take_byte(&text, ' '))
        return false;
    int hour = take_number(&text, 1, 2);
    if (hour < 0 || hour > 23 || !take_byte(&text, ':'))
        return false;
    int minute = take_number(&text, 2, 2);
    if (minute < 0 || minute > 59)
        return false;
    if (text.length > 0) {
        second = take_byte(&text, ':') ? take_number(&text, 2, 2) : -1;
        if (second < 0 || second > 59 || text.length > 0)
            return false;
    }
    char *at = put_digits(time, 4, day.year);
    *at++ = '-';
    at = put_digits(at, 2, day.month);
    *at++ = '-';
    at = put_digits(at, 2, day.day);
    *at++ = 'T';
    at = put_digits(at, 2, hour);
    *at++ = ':';
    at = put_digits(at, 2, minute);
    *at++ = ':';
    at = put_digits(at, 2, second);
    memcpy(at, "+09:00", sizeof "+09:00");
    return true;
}

static bool read_date(struct span text, struct day *day)
{
    char bytes[VALUE_NARROW_MAX];
    char time[VALUE_TIME_SIZE];
    struct span rest;
    if (!narrow(text, bytes, &text))
        return false;
    rest = text;
    return take_day(&rest, day) && (rest.length == 0 || value_time(text, time));
}

bool value_is_date(struct span text)
{
    struct day day;
    return read_date(text, &day);
}

bool value_date(struct span text, char date[VALUE_DATE_SIZE])
{
    struct day day;
    if (!read_date(text, &day))
        return false;
    *put_digits(put_digits(put_digits(date, 4, day.year), 2, day.month), 2, day.day) = '\0';
    return true;
}

/* ---- Phone numbers ---- */

enum { PHONE_DIGITS_MAX = 13 }; /* +81, a 0 and eleven digits are none; nor is anything longer */

/* The digits of a phone number, and where something stood between them. */
struct phone {
    char digits[PHONE_DIGITS_MAX];
    bool gap[PHONE_DIGITS_MAX]; /* before that digit */
    size_t count;
    bool gaps; /* there is one */
};

static bool read_phone(struct span text, struct phone *phone)
{
    *phone = (struct phone){.count = 0};
    bool gap = false;
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (byte >= '0' && byte <= '9') {
            if (phone->count == PHONE_DIGITS_MAX)
                return false;
            phone->gap[phone->count] = gap && phone->count > 0;
            phone->gaps = phone->gaps || phone->gap[phone->count];
            phone->digits[phone->count++] = byte;
            gap = false;
        } else if (byte == '-' || byte == ' ' || byte == '(' || byte == ')') {
            gap = true;
        } else {
            return false;
        }
    }
    return true;
}

/* Take `count` digits away at the beginning. */
static void drop_digits(struct phone *phone, size_t count)
{
    phone->count -= count;
    memmove(phone->digits, phone->digits + count, phone->count);
    memmove(phone->gap, phone->gap + count, phone->count * sizeof *phone->gap);
    phone->gap[0] = false;
}

static void put_zero(struct phone *phone)
{
    memmove(phone->digits + 1, phone->digits, phone->count);
    memmove(phone->gap + 1, phone->gap, phone->count * sizeof *phone->gap);
    phone->digits[0] = '0';
    phone->gap[1] = false;
    phone->count++;
}

static bool is_phone(const struct phone *phone)
{
    const char *digits = phone->digits;
    if (phone->count < 10 || phone->count > 11 || digits[0] != '0' || digits[1] == '0')
        return false;
    bool mobile = digits[2] == '0' && strchr("25789", digits[1]) != NULL;
    return phone->count == 10 ? !mobile : mobile || (digits[1] == '6' && digits[2] == '0');
}

/* Japan's number as the world writes it: 81 in place of the 0, or both. */
static bool is_international(const struct phone *phone, bool plus)
{
    bool country = phone->count > 2 && phone->digits[0] == '8' && phone->digits[1] == '1';
    return country && (plus || phone->gap[2] || phone->count >= 11);
}

bool value_phone(struct span text, char phone[VALUE_PHONE_SIZE], bool *repaired)
{
    char bytes[VALUE_NARROW_MAX];
    struct phone read;
    size_t length = 0;
    if (!narrow(text, bytes, &text))
        return false;
    text = trimmed(text);
    bool plus = take_byte(&text, '+');
    if (!read_phone(text, &read) || read.count == 0)
        return false;
    bool international = is_international(&read, plus);
    if (plus && !international)
        return false;
    if (international) {
        drop_digits(&read, 2);
        read.gap[1] = read.gap[1] && read.digits[0] != '0'; /* +81 (0)3 is 03 */
    }
    /* Whoever wrote hyphens wrote a text, from which no spreadsheet takes a 0. */
    bool lost = read.digits[0] != '0' && (international || !read.gaps);
    if (lost && read.count < 11)
        put_zero(&read);
    *repaired = international || lost;
    for (size_t i = 0; i < read.count && is_phone(&read); i++) {
        if (read.gap[i])
            phone[length++] = '-';
        phone[length++] = read.digits[i];
    }
    phone[length] = '\0';
    return length > 0;
}

/* ---- Postal codes ---- */

/* Whether a postal code that begins with these two digits lies where `address` begins. Only those that begin with 0 are
 * ever asked for: an Excel that took a 0 away took it from one of these. */
static bool lies_in(const char code[2], struct span address)
{
    static const struct {
        char second;
        const char *prefecture;
    } places[] = {
        {'0', "北海道"}, {'1', "秋田県"}, {'2', "岩手県"}, {'3', "青森県"}, {'4', "北海道"},
        {'5', "北海道"}, {'6', "北海道"}, {'7', "北海道"}, {'8', "北海道"}, {'9', "北海道"},
    };
    const char *prefecture = places[code[1] - '0'].prefecture;
    return code[0] == '0' && address.length >= strlen(prefecture) &&
           memcmp(address.data, prefecture, strlen(prefecture)) == 0;
}

bool value_postal_code(struct span text, struct span address, char postal_code[VALUE_POSTAL_CODE_SIZE], bool *repaired)
{
    enum { DIGITS = 7, FIRST_PART = 3, LOST_MAX = 2 };
    static const char mark[] = "〒";
    char bytes[VALUE_NARROW_MAX];
    bool marked = text.length > 0 && !(text.data[0] >= '0' && text.data[0] <= '9');
    const char *at = marked ? memmem(text.data, text.length, mark, strlen(mark)) : NULL;
    size_t before = at != NULL ? (size_t)(at - text.data) : 0;
    if (at != NULL && value_is_blank((struct span){text.data, before}))
        text = (struct span){at + strlen(mark), text.length - before - strlen(mark)};
    *repaired = false;
    if (!narrow(text, bytes, &text))
        return false;
    text = trimmed(text);
    bool hyphen = text.length == DIGITS + 1 && text.data[FIRST_PART] == '-';
    struct span head = {text.data, hyphen ? FIRST_PART : text.length};
    struct span tail = hyphen ? (struct span){text.data + FIRST_PART + 1, DIGITS - FIRST_PART} : head;
    if (!value_is_digits(head) || !value_is_digits(tail))
        return false;
    size_t lost = hyphen || text.length >= DIGITS ? 0 : DIGITS - text.length;
    if (lost > LOST_MAX || text.length > DIGITS + 1 || (!hyphen && text.length > DIGITS) ||
        (lost > 0 && text.data[0] == '0'))
        return false;
    memset(postal_code, '0', lost);
    memcpy(postal_code + lost, text.data, text.length);
    postal_code[lost + text.length] = '\0';
    *repaired = lost > 0;
    return lost == 0 || lies_in(postal_code, address);
}

/* ---- Texts ---- */

static bool is_letter_or_digit(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_local_part(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_letter_or_digit(text.data[i]) &&
            (text.data[i] <= ' ' || text.data[i] > '~' || strchr("\"(),:;<>@[\\]", text.data[i]) != NULL))
            return false;
    return text.length >= 1 && text.length <= VALUE_EMAIL_LOCAL_MAX;
}

/* Two labels or more. */
static bool is_domain(struct span text)
{
    size_t labels = 0;
    size_t length = 0; /* of the label at hand */
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '.') {
            if (length == 0 || text.data[i - 1] == '-')
                return false;
            labels++;
            length = 0;
        } else if (is_letter_or_digit(text.data[i]) || (text.data[i] == '-' && length > 0)) {
            length++;
        } else {
            return false;
        }
    }
    return labels >= 1 && length > 0 && text.data[text.length - 1] != '-';
}

bool value_is_email(struct span text)
{
    bool fits = text.length > 0 && text.length <= VALUE_EMAIL_MAX;
    const char *at = fits ? memchr(text.data, '@', text.length) : NULL;
    if (at == NULL)
        return false;
    size_t local = (size_t)(at - text.data);
    return is_local_part((struct span){text.data, local}) && is_domain((struct span){at + 1, text.length - local - 1});
}

bool value_is_kana(struct span text)
{
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        uint32_t character = utf8_decode((struct span){text.data + at, text.length - at}, &size);
        bool kana = (character >= 0x3041 && character <= 0x30FF) || (character >= 0xFF61 && character <= 0xFF9F);
        /* U+3004 to 3007, 3012 and 3013 are no brackets: 々 〆 〇 are read as kanji are, 〒 〓 not at all. */
        bool bracket = (character >= 0x3008 && character <= 0x301F && character != 0x3012 && character != 0x3013) ||
                       character == 0x3001 || character == 0x3002;
        uint32_t half = narrowed(character);
        bool control = half < 0x20 || half == 0x7F; /* for others to judge */
        bool between = half < 0x80 && (is_letter_or_digit((char)half) || strchr(" -.()[]", (int)half) != NULL);
        if (!kana && !bracket && !between && !control)
            return false;
    }
    return true;
}

/* ---- What a spreadsheet made of it ---- */

bool value_is_rounded(struct span text)
{
    size_t digits = 0;
    if (!take_byte(&text, '-'))
        take_byte(&text, '+');
    if (take_number(&text, 1, 1) < 0)
        return false;
    bool point = take_byte(&text, '.');
    while (point && digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    text = (struct span){text.data + digits, text.length - digits};
    if ((point && digits == 0) || !take_byte(&text, 'E'))
        return false;
    /* 4E-12 may be somebody's product number; 4E+12 hardly is. */
    if (!take_byte(&text, '+') && !(point && take_byte(&text, '-')))
        return false;
    return text.length >= 2 && text.length <= 3 && value_is_digits(text);
}

bool value_unwrap(struct span text, struct span *inside)
{
    if (text.length < 3 || memcmp(text.data, "=\"", 2) != 0 || text.data[text.length - 1] != '"')
        return false;
    *inside = (struct span){text.data + 2, text.length - 3};
    return memchr(inside->data, '"', inside->length) == NULL;
}

bool value_unwrap_quotes(struct span text, struct buf *inside)
{
    size_t end = text.length - 1; /* where the closing quote has to be */
    if (text.length < 3 || memcmp(text.data, "=\"", 2) != 0 || text.data[end] != '"')
        return false;
    for (size_t i = 2; i < end; i++) {
        if (text.data[i] == '"' && (++i == end || text.data[i] != '"')) /* it closes before the end, or not at all */
            return false;
        buf_append_byte(inside, text.data[i]);
    }
    return true;
}
