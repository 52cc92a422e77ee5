/* order/damage_moment.c: see damage_moment.h. */
#include "order/damage_moment.h"

#include "order/value.h"

#include <ctype.h>
#include <stdio.h>

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
            *text = damaging_behind(*text, MONTH_LETTERS);
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
                           (count == 1 || text->data[0] == separator) && damaging_is_digit(text->data[1]);
            if (!goes_on)
                break;
            separator = text->data[0];
            *text = damaging_behind(*text, 1);
        }
        digits[count] = damaging_digits_at(*text);
        numbers[count] = damaging_take_number(text, 1, 4);
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
    moment->month = damaging_take_number(text, 1, 2);
    if (!damaging_take(text, "月"))
        return false;
    moment->day = damaging_take_number(text, 1, 2);
    return damaging_take(text, "日") && is_day(moment);
}

/* 2-Nov of Excel, Nov 02 of LibreOffice. */
static bool read_named(struct span *text, struct moment *moment)
{
    *moment = (struct moment){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
    moment->month = take_month(text);
    bool month_first = moment->month != ABSENT;
    if (month_first && !damaging_take(text, " "))
        return false;
    moment->day = damaging_take_number(text, 1, 2);
    if (!month_first && damaging_take(text, "-"))
        moment->month = take_month(text);
    return is_day(moment);
}

/* 17:54, 17:54:08, 05:54 PM */
static bool read_clock(struct span *text, struct moment *moment)
{
    moment->hour = damaging_take_number(text, 1, 2);
    if (moment->hour < 0 || !damaging_take(text, ":"))
        return false;
    moment->minute = damaging_take_number(text, 1, 2);
    if (moment->minute < 0 || moment->minute > 59)
        return false;
    moment->second = ABSENT;
    if (damaging_take(text, ":")) {
        moment->second = damaging_take_number(text, 2, 2);
        if (moment->second < 0 || moment->second > 59)
            return false;
    }
    bool afternoon = damaging_take(text, " PM");
    if ((afternoon || damaging_take(text, " AM")) && moment->hour <= 12)
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
    return text.length == 0 || (damaging_take(&text, " ") && read_clock(&text, moment) && text.length == 0);
}

static bool read_time(struct span text, struct moment *moment)
{
    *moment = (struct moment){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
    return text.length <= VALUE_NARROW_MAX && read_clock(&text, moment) && text.length == 0;
}

/* The separators that a date of the original may have: dots between three numbers only, for 1.2 is a number. */
static const char separators[] = "-/.";

/* "MONTHsepDAY" with and without zeros before them. `year` stands before it with a separator, where it is not "". */
static void guess_days(struct damaging *guesser, enum damage kind, const char *year, const struct moment *date)
{
    for (int padding = 0; padding < 4; padding++) {
        int month_width = padding == 0 || padding == 3 ? 2 : 1; /* 01-02, 1-2, 1-02, 01-2 */
        int day_width = padding == 0 || padding == 2 ? 2 : 1;
        if ((month_width == 1 && date->month > 9) || (day_width == 1 && date->day > 9))
            continue;
        for (int i = 0; i < (year[0] != '\0' ? 3 : 2); i++) {
            char separator[] = {separators[i], '\0'};
            damaging_put(guesser, kind, "%s%s%0*d%c%0*d", year, year[0] != '\0' ? separator : "", month_width,
                         date->month, separator[0], day_width, date->day);
        }
    }
}

/* Jan-2, MAR1: the names of months, as Excel in English reads them. */
static void guess_names(struct damaging *guesser, const struct moment *date)
{
    const char *name = months[date->month - 1];
    char spellings[3][MONTH_LETTERS + 1] = {{0}};
    for (int i = 0; i < MONTH_LETTERS; i++) {
        spellings[0][i] = (char)toupper((unsigned char)name[i]);
        spellings[1][i] = name[i];
        spellings[2][i] = (char)tolower((unsigned char)name[i]);
    }
    for (int i = 0; i < 3; i++) {
        damaging_put(guesser, DAMAGE_DATE, "%s%d", spellings[i], date->day);
        damaging_put(guesser, DAMAGE_DATE, "%s-%d", spellings[i], date->day);
        damaging_put(guesser, DAMAGE_DATE, "%d-%s", date->day, spellings[i]);
        if (date->day < 10) {
            damaging_put(guesser, DAMAGE_DATE, "%s%02d", spellings[i], date->day);
            damaging_put(guesser, DAMAGE_DATE, "%s-%02d", spellings[i], date->day);
            damaging_put(guesser, DAMAGE_DATE, "%02d-%s", date->day, spellings[i]);
        }
        damaging_put(guesser, DAMAGE_DATE, "%s %d", spellings[i], date->day);
    }
    if (date->month == 9)
        damaging_put(guesser, DAMAGE_DATE, "SEPT%d", date->day);
}

static void guess_date(struct damaging *guesser, const struct moment *date)
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
        damaging_put_wide(guesser, DAMAGE_DATE, text);
    }
    snprintf(text, sizeof text, "%d-%d", date->month, date->day);
    damaging_put_wide(guesser, DAMAGE_DATE, text);
    damaging_put(guesser, DAMAGE_DATE, "%d月%d日", date->month, date->day);
    if (year) {
        damaging_put(guesser, DAMAGE_TIME, "%d年%d月%d日", date->year, date->month, date->day);
        damaging_put(guesser, DAMAGE_TIME, "%d/%d/%d", date->month, date->day, date->year);
        damaging_put(guesser, DAMAGE_TIME, "%02d/%02d/%d", date->month, date->day, date->year);
        damaging_put(guesser, DAMAGE_DATE, "%d-%d-%02d", date->month, date->day, date->year % 100);
        damaging_put(guesser, DAMAGE_DATE, "%d/%d/%02d", date->month, date->day, date->year % 100);
    }
}

/* Both with the seconds, and without where they are 0 or not told. */
static void guess_date_and_time(struct damaging *guesser, const struct moment *moment)
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
            damaging_put(guesser, DAMAGE_TIME, form == 2 ? "%s %d:%02d:%02d" : "%s %02d:%02d:%02d", days[form],
                         moment->hour, moment->minute, second);
        if (moment->second > 0)
            continue;
        damaging_put(guesser, DAMAGE_TIME, "%s %02d:%02d", days[form], moment->hour, moment->minute);
        if (moment->hour < 10)
            damaging_put(guesser, DAMAGE_TIME, "%s %d:%02d", days[form], moment->hour, moment->minute);
    }
    if (moment->hour < 10 && moment->second != ABSENT)
        damaging_put(guesser, DAMAGE_TIME, "%s %d:%02d:%02d", days[1], moment->hour, moment->minute, moment->second);
    for (int form = 0; form < count && moment->hour == 0 && moment->minute == 0 && moment->second <= 0; form++)
        damaging_put(guesser, DAMAGE_TIME, "%s", days[form]);
}

static void guess_time(struct damaging *guesser, const struct moment *time)
{
    char text[VALUE_NARROW_MAX];
    int second = time->second != ABSENT ? time->second : 0;
    for (int width = 2; width > (time->hour < 10 ? 0 : 1); width--) {
        if (second == 0)
            damaging_put(guesser, DAMAGE_TIME, "%0*d:%02d", width, time->hour, time->minute);
        damaging_put(guesser, DAMAGE_TIME, "%0*d:%02d:%02d", width, time->hour, time->minute, second);
    }
    if (second == 0) {
        snprintf(text, sizeof text, "%d:%02d", time->hour, time->minute);
        damaging_put_wide(guesser, DAMAGE_TIME, text);
    }
}

/* Nov-26 of Excel: 2026-11, or 11-40 where there is no 40th. */
static void guess_month(struct damaging *guesser)
{
    struct span text = guesser->is;
    int month = take_month(&text);
    if (month == ABSENT || !damaging_take(&text, "-"))
        return;
    int year = damaging_take_number(&text, 2, 2);
    if (year < 0 || text.length > 0)
        return;
    for (int width = 2; width > (month < 10 ? 0 : 1); width--) {
        damaging_put(guesser, DAMAGE_DATE, "%d-%0*d", whole_year(year), width, month);
        damaging_put(guesser, DAMAGE_DATE, "%d/%0*d", whole_year(year), width, month);
        damaging_put(guesser, DAMAGE_DATE, "%0*d-%02d", width, month, year);
        damaging_put(guesser, DAMAGE_DATE, "%0*d/%02d", width, month, year);
        damaging_put(guesser, DAMAGE_DATE, "%0*d/%d", width, month, whole_year(year));
    }
    for (int upper = 1; upper >= 0; upper--) {
        char name[MONTH_LETTERS + 1] = {0};
        for (int i = 0; i < MONTH_LETTERS; i++)
            name[i] = (char)(upper ? toupper((unsigned char)guesser->is.data[i])
                                   : tolower((unsigned char)guesser->is.data[i]));
        damaging_put(guesser, DAMAGE_DATE, "%s-%02d", name, year);
        damaging_put(guesser, DAMAGE_DATE, "%s%02d", name, year);
    }
}

void damage_moment_guess(struct damaging *guesser)
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
    if (damaging_digits_at(rest) == 4 && (year = damaging_take_number(&rest, 4, 4)) != ABSENT &&
        damaging_take(&rest, "年"))
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
    bool time = *whole && text.length > 0 && (damaging_take(&text, " ") || damaging_take(&text, "T")) &&
                read_clock(&text, moment);
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

enum damage damage_moment_of(struct span was, struct span is)
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

bool damage_moment_is(struct span text)
{
    struct moment moment;
    bool whole;
    return read_typed_date(text, &moment, &whole);
}
