/* text/wide.c: see wide.h. */
#include "text/wide.h"

#include "text/kana.h"
#include "text/utf8.h"

enum { WIDE_BLANK = 0x3000, LONG_VOWEL = 0xFF70 /* ｰ */ };

/* What stands for a character that has no full width by rule. */
static const struct {
    uint32_t character;
    uint32_t wide;
} others[] = {
    {'"', 0x201D},    {'\'', 0x2019},   {'\\', 0xFFE5},   {0xA2, 0xFFE0},   {0xA3, 0xFFE1},   {0xA5, 0xFFE5},
    {0xA6, 0xFFE4},   {0xAC, 0xFFE2},   {0xAF, 0xFFE3},   {0xB7, 0x30FB},   {0x2011, 0x2010}, {0x2012, 0xFF0D},
    {0x2013, 0xFF0D}, {0x2014, 0x2015}, {0x2016, 0x2225}, {0x2022, 0x30FB}, {0x203E, 0xFFE3}, {0x2212, 0xFF0D},
    {0x2219, 0x30FB}, {0x22C5, 0x30FB}, {0x22EF, 0x2026}, {0x301C, 0xFF5E}, {0x3094, 0x30F4},
};

static bool is_blank(uint32_t character)
{
    return character <= ' ' || (character >= 0x7F && character <= 0xA0) || character == WIDE_BLANK ||
           (character >= 0x2000 && character <= 0x200A) || character == 0x2028 || character == 0x2029 ||
           character == 0x202F || character == 0x205F;
}

/* Soft hyphen, zero-width blanks and marks of direction, byte order mark, variation selectors. */
static bool is_invisible(uint32_t character)
{
    return character == 0xAD || (character >= 0x200B && character <= 0x200F) || character == 0x2060 ||
           character == 0xFEFF || (character >= 0xFE00 && character <= 0xFE0F) ||
           (character >= 0xE0100 && character <= 0xE01EF);
}

static uint32_t widened(uint32_t character)
{
    if (character > 0x3094) /* most are: none of these is in the table */
        return kana_widened(character);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].character == character)
            return others[i].wide;
    return character > ' ' && character < 0x7F ? character + 0xFEE0 : kana_widened(character);
}

/* The character at the beginning of `text`, which is not empty, together with a mark that belongs to it. */
static uint32_t take_joined(struct span text, size_t *size)
{
    size_t mark_size = 0;
    uint32_t character = utf8_decode(text, size);
    struct span rest = {text.data + *size, text.length - *size};
    uint32_t mark = rest.length > 0 ? utf8_decode(rest, &mark_size) : 0;
    uint32_t both = kana_joined(character, mark);
    if (both == 0)
        both = kana_combined(character, mark);
    if (both == 0)
        return character;
    *size += mark_size;
    return both;
}

/* A place in a text, and whether a blank waits for something behind it. */
struct walk {
    struct span rest;
    bool begun;
    bool blank;
};

/* The next character that can be seen; false at the end. `blank`: one stands before it, and something before that. */
static bool next(struct walk *walk, uint32_t *character, bool *blank)
{
    size_t size;
    while (walk->rest.length > 0) {
        *character = take_joined(walk->rest, &size);
        walk->rest = (struct span){walk->rest.data + size, walk->rest.length - size};
        if (is_invisible(*character))
            continue;
        if (is_blank(*character)) {
            walk->blank = walk->begun;
            continue;
        }
        *blank = walk->blank;
        walk->blank = false;
        walk->begun = true;
        return true;
    }
    return false;
}

void wide_put(struct span text, struct buf *out)
{
    struct walk walk = {.rest = text};
    uint32_t character;
    bool blank;
    while (next(&walk, &character, &blank)) {
        if (blank)
            utf8_encode(WIDE_BLANK, out);
        utf8_encode(widened(character), out);
    }
}

static bool is_dash(uint32_t character)
{
    return character == '-' || (character >= 0x2010 && character <= 0x2015) || character == 0x2212 ||
           character == 0xFF0D;
}

bool wide_put_narrow_kana(struct span text, struct buf *out)
{
    struct walk walk = {.rest = text};
    uint32_t character;
    bool blank;
    bool after_kana = false;
    while (next(&walk, &character, &blank)) {
        uint32_t base = LONG_VOWEL;
        uint32_t mark = 0;
        bool long_vowel = is_dash(character) && after_kana && !blank;
        if (!long_vowel && !kana_narrowed(character, &base, &mark))
            return false;
        if (blank)
            buf_append_byte(out, ' ');
        utf8_encode(base, out);
        if (mark != 0)
            utf8_encode(mark, out);
        after_kana = true;
    }
    return true;
}
