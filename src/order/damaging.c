/* order/damaging.c: see damaging.h. */
#include "order/damaging.h"

#include "order/value.h"
#include "text/wide.h"

#include <stdarg.h>
#include <stdio.h>

void damaging_guess(struct damaging *guesser, enum damage kind, struct span was)
{
    if (guesser->ended || guesser->left == 0 || span_equal(was, guesser->is))
        return;
    guesser->left--;
    guesser->ended = !guesser->each(guesser->context, kind, was);
}

void damaging_put(struct damaging *guesser, enum damage kind, const char *format, ...)
{
    char text[2 * VALUE_NARROW_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < sizeof text)
        damaging_guess(guesser, kind, (struct span){text, (size_t)length});
}

void damaging_put_wide(struct damaging *guesser, enum damage kind, const char *text)
{
    struct buf wide = {0};
    wide_put(span_of(text), &wide);
    if (!wide.failed)
        damaging_guess(guesser, kind, (struct span){buf_text(&wide), wide.length});
    buf_free(&wide);
}

/* ---- Reading ---- */

bool damaging_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

struct span damaging_behind(struct span text, size_t bytes)
{
    return (struct span){text.data + bytes, text.length - bytes};
}

size_t damaging_digits_at(struct span text)
{
    size_t length = 0;
    while (length < text.length && damaging_is_digit(text.data[length]))
        length++;
    return length;
}

int damaging_take_number(struct span *text, size_t min, size_t max)
{
    int number = 0;
    size_t digits = damaging_digits_at(*text);
    if (digits < min || digits > max)
        return -1;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text->data[i] - '0');
    *text = damaging_behind(*text, digits);
    return number;
}

bool damaging_take(struct span *text, const char *word)
{
    size_t length = strlen(word);
    if (text->length < length || memcmp(text->data, word, length) != 0)
        return false;
    *text = damaging_behind(*text, length);
    return true;
}
