/* order/value.c: see value.h. */
#include "order/value.h"

#include <stdio.h>

bool value_is_blank(struct span text)
{
    static const char wide[] = "\xE3\x80\x80"; /* U+3000 */
    size_t i = 0;
    while (i < text.length) {
        if (text.data[i] == ' ' || text.data[i] == '\t')
            i++;
        else if (text.length - i >= 3 && memcmp(text.data + i, wide, 3) == 0)
            i += 3;
        else
            return false;
    }
    return true;
}

bool value_is_digits(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.length > 0;
}

bool value_integer(struct span text, int64_t *number)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    if (negative)
        text = (struct span){text.data + 1, text.length - 1};
    if (!value_is_digits(text))
        return false;
    while (text.length > 1 && text.data[0] == '0')
        text = (struct span){text.data + 1, text.length - 1};
    if (text.length > VALUE_INTEGER_DIGITS)
        return false;
    *number = 0;
    for (size_t i = 0; i < text.length; i++)
        *number = *number * 10 + (text.data[i] - '0');
    if (negative)
        *number = -*number;
    return true;
}

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

bool value_time(struct span text, char time[VALUE_TIME_SIZE])
{
    int second = 0;
    int year = take_number(&text, 4, 4);
    char separator = text.length > 0 && text.data[0] == '/' ? '/' : '-';
    bool date = year >= 0 && take_byte(&text, separator);
    int month = date ? take_number(&text, 1, 2) : -1;
    date = month >= 1 && month <= 12 && take_byte(&text, separator);
    int day = date ? take_number(&text, 1, 2) : -1;
    if (day < 1 || day > days_of(year, month) || !take_byte(&text, ' '))
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
    /* The remainders say to the compiler what is known: all of it fits. */
    snprintf(time, VALUE_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u+09:00", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)day % 100, (unsigned)hour % 100, (unsigned)minute % 100,
             (unsigned)second % 100);
    return true;
}
