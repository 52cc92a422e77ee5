/* text/kana.c: see kana.h. */
#include "text/kana.h"

enum {
    FIRST = 0xFF61, /* ｡ */
    LAST = 0xFF9F,
    DAKUTEN = 0xFF9E,
    HANDAKUTEN = 0xFF9F,
    COMBINING_DAKUTEN = 0x3099,
    COMBINING_HANDAKUTEN = 0x309A,
    HIRAGANA_FIRST = 0x3041, /* ぁ */
    HIRAGANA_LAST = 0x3096,  /* ゖ */
    TO_KATAKANA = 0x60,
};

/* What each half-width character from FIRST on is in full width. */
static const uint16_t wide[] = {
    0x3002, 0x300C, 0x300D, 0x3001, 0x30FB, 0x30F2, 0x30A1, 0x30A3, 0x30A5, /* 。「」、・ヲァィゥ */
    0x30A7, 0x30A9, 0x30E3, 0x30E5, 0x30E7, 0x30C3, 0x30FC, 0x30A2, 0x30A4, /* ェォャュョッーアイ */
    0x30A6, 0x30A8, 0x30AA, 0x30AB, 0x30AD, 0x30AF, 0x30B1, 0x30B3, 0x30B5, /* ウエオカキクケコサ */
    0x30B7, 0x30B9, 0x30BB, 0x30BD, 0x30BF, 0x30C1, 0x30C4, 0x30C6, 0x30C8, /* シスセソタチツテト */
    0x30CA, 0x30CB, 0x30CC, 0x30CD, 0x30CE, 0x30CF, 0x30D2, 0x30D5, 0x30D8, /* ナニヌネノハヒフヘ */
    0x30DB, 0x30DE, 0x30DF, 0x30E0, 0x30E1, 0x30E2, 0x30E4, 0x30E6, 0x30E8, /* ホマミムメモヤユヨ */
    0x30E9, 0x30EA, 0x30EB, 0x30EC, 0x30ED, 0x30EF, 0x30F3, 0x309B, 0x309C, /* ラリルレロワン゛゜ */
};
_Static_assert(sizeof wide / sizeof *wide == LAST - FIRST + 1, "one for each");

uint32_t kana_widened(uint32_t character)
{
    return character >= FIRST && character <= LAST ? wide[character - FIRST] : character;
}

uint32_t kana_joined(uint32_t base, uint32_t mark)
{
    bool of_ha = base >= 0xFF8A && base <= 0xFF8E; /* ﾊ to ﾎ, which take both */
    bool of_ka = base >= 0xFF76 && base <= 0xFF84; /* ｶ to ﾄ */
    if (mark == DAKUTEN && base == 0xFF73)         /* ｳ */
        return 0x30F4;                             /* ヴ, which stands elsewhere than the others */
    if (mark == DAKUTEN && (of_ka || of_ha))
        return kana_widened(base) + 1;
    return mark == HANDAKUTEN && of_ha ? kana_widened(base) + 2 : 0;
}

/* The half-width kana of a full-width one that has one of its own; 0 where it has none. */
static uint32_t half_of(uint32_t character)
{
    for (uint32_t half = FIRST; half <= LAST; half++)
        if (wide[half - FIRST] == character)
            return half;
    return 0;
}

uint32_t kana_combined(uint32_t base, uint32_t mark)
{
    bool hiragana = base >= HIRAGANA_FIRST && base <= HIRAGANA_LAST;
    if (mark != COMBINING_DAKUTEN && mark != COMBINING_HANDAKUTEN)
        return 0;
    uint32_t half = half_of(hiragana ? base + TO_KATAKANA : base);
    uint32_t both = kana_joined(half, mark == COMBINING_DAKUTEN ? DAKUTEN : HANDAKUTEN);
    return both != 0 && hiragana ? both - TO_KATAKANA : both;
}

/* The ordinary kana in the place of one that has no half width. */
static uint32_t ordinary(uint32_t katakana)
{
    switch (katakana) {
    case 0x30F5:
        return 0x30AB; /* ヵ カ */
    case 0x30F6:
        return 0x30B1; /* ヶ ケ */
    case 0x30EE:
        return 0x30EF; /* ヮ ワ */
    case 0x30F0:
        return 0x30A4; /* ヰ イ */
    case 0x30F1:
        return 0x30A8; /* ヱ エ */
    default:
        return katakana;
    }
}

bool kana_narrowed(uint32_t character, uint32_t *base, uint32_t *mark)
{
    bool hiragana = character >= HIRAGANA_FIRST && character <= HIRAGANA_LAST;
    uint32_t katakana = ordinary(hiragana ? character + TO_KATAKANA : character);
    *mark = 0;
    *base = character >= FIRST && character <= LAST ? character : half_of(katakana);
    for (uint32_t half = FIRST; *base == 0 && katakana != 0 && half <= LAST; half++) {
        if (kana_joined(half, DAKUTEN) == katakana)
            *mark = DAKUTEN;
        else if (kana_joined(half, HANDAKUTEN) == katakana)
            *mark = HANDAKUTEN;
        *base = *mark != 0 ? half : 0;
    }
    return *base != 0;
}
