/* text/fold.c: see fold.h. */
#include "text/fold.h"

#include "text/kana.h"
#include "text/utf8.h"

enum {
    SIGN_FIRST = 0xFFE0, /* ￠ */
    SIGN_LAST = 0xFFE6,
};

/* What each full-width sign from U+FFE0 on is in half width: ¢ £ ¬ ¯ ¦ ¥ ₩. */
static const uint16_t signs[] = {0xA2, 0xA3, 0xAC, 0xAF, 0xA6, 0xA5, 0x20A9};
_Static_assert(sizeof signs / sizeof *signs == SIGN_LAST - SIGN_FIRST + 1, "one for each");

static bool is_blank(uint32_t character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n' || character == 0xA0 ||
           character == 0x3000;
}

static uint32_t normalised(uint32_t character)
{
    if (character >= 0xFF01 && character <= 0xFF5E)
        return character - 0xFEE0;
    if (character >= SIGN_FIRST && character <= SIGN_LAST)
        return signs[character - SIGN_FIRST];
    if ((character >= 0x2010 && character <= 0x2015) || character == 0x2212)
        return '-';
    return character == 0x301C ? '~' : kana_widened(character);
}

/* How many bytes `text` begins with that stay as they are: ASCII without blanks and control characters. */
static size_t plain_length(struct span text)
{
    size_t length = 0;
    while (length < text.length && text.data[length] > ' ' && text.data[length] < 0x7F)
        length++;
    return length;
}

/* Append the character that `text` begins with, which is no blank, and its mark; how many bytes of `text` that was. */
static size_t append_character(struct span text, struct buf *out)
{
    size_t size;
    size_t mark_size;
    uint32_t character = utf8_decode(text, &size);
    if (character == UTF8_INVALID) {
        buf_append(out, text.data, size);
        return size;
    }
    struct span rest = {text.data + size, text.length - size};
    bool takes_mark = character >= 0xFF73 && character <= 0xFF8E; /* ｳ to ﾎ */
    uint32_t both = takes_mark && rest.length > 0 ? kana_joined(character, utf8_decode(rest, &mark_size)) : 0;
    utf8_encode(both != 0 ? both : normalised(character), out);
    return both != 0 ? size + mark_size : size;
}

void fold_width(struct span text, struct buf *out)
{
    bool begun = false;
    bool blank = false; /* one waits, for something behind it */
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        struct span rest = {text.data + at, text.length - at};
        size_t plain = plain_length(rest);
        if (plain == 0 && is_blank(utf8_decode(rest, &size))) {
            blank = begun;
            continue;
        }
        if (blank)
            buf_append_byte(out, ' ');
        begun = true;
        blank = false;
        size = plain > 0 ? plain : append_character(rest, out);
        if (plain > 0)
            buf_append(out, rest.data, plain);
    }
}
