/* text/fold.c: see fold.h. */
#include "text/fold.h"

#include "text/utf8.h"

enum {
    KANA_FIRST = 0xFF61, /* ｡ */
    KANA_LAST = 0xFF9F,
    DAKUTEN = 0xFF9E,
    HANDAKUTEN = 0xFF9F,
    SIGN_FIRST = 0xFFE0, /* ￠ */
    SIGN_LAST = 0xFFE6,
};

/* What each half-width character from U+FF61 on is in full width. */
static const uint16_t kana[] = {
    0x3002, 0x300C, 0x300D, 0x3001, 0x30FB, 0x30F2, 0x30A1, 0x30A3, 0x30A5, /* 。「」、・ヲァィゥ */
    0x30A7, 0x30A9, 0x30E3, 0x30E5, 0x30E7, 0x30C3, 0x30FC, 0x30A2, 0x30A4, /* ェォャュョッーアイ */
    0x30A6, 0x30A8, 0x30AA, 0x30AB, 0x30AD, 0x30AF, 0x30B1, 0x30B3, 0x30B5, /* ウエオカキクケコサ */
    0x30B7, 0x30B9, 0x30BB, 0x30BD, 0x30BF, 0x30C1, 0x30C4, 0x30C6, 0x30C8, /* シスセソタチツテト */
    0x30CA, 0x30CB, 0x30CC, 0x30CD, 0x30CE, 0x30CF, 0x30D2, 0x30D5, 0x30D8, /* ナニヌネノハヒフヘ */
    0x30DB, 0x30DE, 0x30DF, 0x30E0, 0x30E1, 0x30E2, 0x30E4, 0x30E6, 0x30E8, /* ホマミムメモヤユヨ */
    0x30E9, 0x30EA, 0x30EB, 0x30EC, 0x30ED, 0x30EF, 0x30F3, 0x309B, 0x309C, /* ラリルレロワン゛゜ */
};
_Static_assert(sizeof kana / sizeof *kana == KANA_LAST - KANA_FIRST + 1, "one for each");

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
    if (character >= KANA_FIRST && character <= KANA_LAST)
        return kana[character - KANA_FIRST];
    if (character >= SIGN_FIRST && character <= SIGN_LAST)
        return signs[character - SIGN_FIRST];
    if ((character >= 0x2010 && character <= 0x2015) || character == 0x2212)
        return '-';
    return character == 0x301C ? '~' : character;
}

/* The full-width kana that half-width `base` and the mark behind it make together; 0 where they make none. */
static uint32_t marked(uint32_t base, uint32_t mark)
{
    bool of_ha = base >= 0xFF8A && base <= 0xFF8E; /* ﾊ to ﾎ, which take both */
    bool of_ka = base >= 0xFF76 && base <= 0xFF84; /* ｶ to ﾄ */
    if (mark == DAKUTEN && base == 0xFF73)         /* ｳ */
        return 0x30F4;                             /* ヴ, which stands elsewhere than the others */
    if (mark == DAKUTEN && (of_ka || of_ha))
        return normalised(base) + 1;
    return mark == HANDAKUTEN && of_ha ? normalised(base) + 2 : 0;
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
    uint32_t both = rest.length > 0 ? marked(character, utf8_decode(rest, &mark_size)) : 0;
    utf8_encode(both != 0 ? both : normalised(character), out);
    return both != 0 ? size + mark_size : size;
}

void fold_width(struct span text, struct buf *out)
{
    bool begun = false;
    bool blank = false; /* one waits, for something behind it */
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        struct span rest = {text.data + at, text.length - at};
        if (is_blank(utf8_decode(rest, &size))) {
            blank = begun;
            continue;
        }
        if (blank)
            buf_append_byte(out, ' ');
        begun = true;
        blank = false;
        size = append_character(rest, out);
    }
}
