/* sandbox/charset.c: see charset.h. */
#include "sandbox/charset.h"

#include <iconv.h>
#include <stdlib.h>

enum { BMP = 0x10000 };

struct sandbox_charset {
    unsigned char full[BMP / 8]; /* a bit for each character up to U+FFFF: CP932 has no other */
};

size_t sandbox_utf8_size(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    size_t size = at[0] >= 0xC2 && at[0] < 0xE0   ? 2
                  : at[0] >= 0xE0 && at[0] < 0xF0 ? 3
                  : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                                                  : 0;
    if (size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xED && at[1] >= 0xA0;
    bool beyond = at[0] == 0xF4 && at[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : size;
}

uint32_t sandbox_utf8_next(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    uint32_t character = bytes[0];
    if (character == 0)
        return 0;
    size_t size = character < 0x80 ? 1 : character < 0xE0 ? 2 : character < 0xF0 ? 3 : 4;
    if (size > 1)
        character &= 0x7FU >> size;
    for (size_t i = 1; i < size; i++)
        character = character << 6 | (bytes[i] & 0x3FU);
    *at += size;
    return character;
}

size_t sandbox_utf8_count(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

bool sandbox_is_half(uint32_t character)
{
    return character < 0x80 || character == 0xA5 || character == 0x203E || (character >= 0xFF61 && character <= 0xFF9F);
}

bool sandbox_is_half_kana(uint32_t character)
{
    return character == ' ' || (character >= 0xFF61 && character <= 0xFF9F);
}

bool sandbox_is_full(const struct sandbox_charset *charset, uint32_t character)
{
    return character < BMP && (charset->full[character / 8] >> character % 8 & 1) != 0;
}

bool sandbox_is_word(const struct sandbox_charset *charset, uint32_t character)
{
    if (character < 0x80)
        return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
               (character >= 'a' && character <= 'z') || character == '-' || character == '_';
    if (character >= 0xFF66 && character <= 0xFF9F) /* half-width kana without their punctuation */
        return true;
    bool letter = (character >= 0xFF10 && character <= 0xFF19) || (character >= 0xFF21 && character <= 0xFF3A) ||
                  (character >= 0xFF41 && character <= 0xFF5A) || character == 0xFF0D || character == 0xFF3F;
    bool kana = (character >= 0x3041 && character <= 0x3096) || (character >= 0x30A1 && character <= 0x30FC);
    bool kanji = (character >= 0x3005 && character <= 0x3007) || (character >= 0x4E00 && character <= 0x9FFF) ||
                 (character >= 0xF900 && character <= 0xFAFF);
    return sandbox_is_full(charset, character) && (letter || kana || kanji);
}

/* The character of two bytes of CP932; 0 where there is none. */
static uint32_t decode_pair(iconv_t decoder, unsigned lead, unsigned trail)
{
    char pair[2] = {(char)lead, (char)trail};
    char utf8[8] = {0};
    char *in = pair;
    char *out = utf8;
    size_t in_left = sizeof pair;
    size_t out_left = sizeof utf8 - 1;
    const char *at = utf8;
    if (iconv(decoder, &in, &in_left, &out, &out_left) == (size_t)-1 || in_left > 0) {
        iconv(decoder, NULL, NULL, NULL, NULL);
        return 0;
    }
    uint32_t character = sandbox_utf8_next(&at);
    return *at == '\0' ? character : 0;
}

struct sandbox_charset *sandbox_charset_new(void)
{
    struct sandbox_charset *charset = calloc(1, sizeof *charset);
    iconv_t decoder = iconv_open("UTF-8", "CP932");
    if (charset == NULL || decoder == (iconv_t)-1) {
        if (decoder != (iconv_t)-1)
            iconv_close(decoder);
        free(charset);
        return NULL;
    }
    for (unsigned lead = 0x81; lead <= 0xFC; lead++) {
        /* Half-width kana between the two ranges; what users define themselves is from 0xF0 to 0xF9. */
        if ((lead > 0x9F && lead < 0xE0) || (lead >= 0xF0 && lead <= 0xF9))
            continue;
        for (unsigned trail = 0x40; trail <= 0xFC; trail++) {
            uint32_t character = trail != 0x7F ? decode_pair(decoder, lead, trail) : 0;
            if (character != 0 && character < BMP)
                charset->full[character / 8] |= (unsigned char)(1U << character % 8);
        }
    }
    iconv_close(decoder);
    return charset;
}

void sandbox_charset_free(struct sandbox_charset *charset)
{
    free(charset);
}
