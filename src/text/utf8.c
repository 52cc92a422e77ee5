/* text/utf8.c: see utf8.h. */
#include "text/utf8.h"

#define ONES  UINT64_C(0x0101010101010101) /* 1 in each of eight bytes */
#define HIGHS UINT64_C(0x8080808080808080) /* the highest bit of each */

/* The eight bytes at `at`, in the machine's own order. */
static uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t half_at(const char *at)
{
    uint32_t half;
    memcpy(&half, at, sizeof half);
    return half;
}

/* All bytes of a text that has less than eight, some of them twice, and nothing else but 1s. */
static uint64_t short_word(struct span text)
{
    if (text.length >= 4)
        return half_at(text.data) << 32 | half_at(text.data + text.length - 4);
    if (text.length == 0)
        return ONES;
    return (ONES & ~UINT64_C(0xFFFFFF)) | (uint64_t)(unsigned char)text.data[0] << 16 |
           (uint64_t)(unsigned char)text.data[text.length / 2] << 8 | (unsigned char)text.data[text.length - 1];
}

bool utf8_is_ascii(struct span text)
{
    const size_t step = sizeof(uint64_t);
    if (text.length < step)
        return (short_word(text) & HIGHS) == 0;
    uint64_t all = word_at(text.data + text.length - step);
    for (size_t at = 0; at + step < text.length; at += step)
        all |= word_at(text.data + at);
    return (all & HIGHS) == 0;
}

/* The highest bit of each byte that is 0, or beyond ASCII; behind such a byte, of others too. */
static uint64_t no_text(uint64_t word)
{
    return (word | (word - ONES)) & HIGHS;
}

bool utf8_is_ascii_text(struct span text)
{
    const size_t step = sizeof(uint64_t);
    if (text.length < step)
        return no_text(short_word(text)) == 0;
    uint64_t all = no_text(word_at(text.data + text.length - step));
    for (size_t at = 0; at + step < text.length; at += step)
        all |= no_text(word_at(text.data + at));
    return all == 0;
}

size_t utf8_units(struct span text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        units += (byte & 0xC0U) == 0x80U ? 0 : byte >= 0xF0 ? 2 : 1; /* 0xF0 begins four bytes: beyond U+FFFF */
    }
    return units;
}

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xC0U) != 0x80U;
}

size_t utf8_characters(struct span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += begins_character(text.data[i]);
    return count;
}

struct span utf8_beginning(struct span text, size_t count)
{
    size_t at = 0;
    for (; at < text.length; at++)
        if (begins_character(text.data[at]) && count-- == 0)
            break;
    return (struct span){text.data, at};
}

uint32_t utf8_decode(struct span text, size_t *size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800,
                                     0x10000}; /* by length: what would fit into fewer bytes is wrong */
    unsigned char first = (unsigned char)text.data[0];
    bool lead = first < 0x80 || (first >= 0xC2 && first < 0xF5);
    size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    uint32_t character = length == 1 ? first : first & (0x7FU >> length);
    if (!lead)
        length = SIZE_MAX; /* all that cannot begin a character goes with it */
    for (*size = 1; *size < length && *size < text.length; (*size)++) {
        unsigned char byte = (unsigned char)text.data[*size];
        if ((byte & 0xC0U) != 0x80U)
            break;
        character = character << 6 | (byte & 0x3FU);
    }
    bool surrogate = character >= 0xD800 && character < 0xE000;
    bool valid = *size == length && character >= least[length] && character < 0x110000 && !surrogate;
    return valid ? character : UTF8_INVALID;
}

size_t utf8_valid_length(struct span text)
{
    size_t at = 0;
    while (at < text.length) {
        size_t size;
        struct span rest = {text.data + at, text.length - at};
        if ((unsigned char)*rest.data < 0x80) {
            at++;
            continue;
        }
        if (utf8_decode(rest, &size) == UTF8_INVALID && !(size == 3 && memcmp(rest.data, "\xEF\xBF\xBD", 3) == 0))
            return at; /* U+FFFD itself is a character like any other */
        at += size;
    }
    return at;
}

bool utf8_is_cut(struct span text)
{
    unsigned char first = text.length > 0 ? (unsigned char)text.data[0] : 0;
    size_t length = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < text.length; i++)
        if (((unsigned char)text.data[i] & 0xC0U) != 0x80U)
            return false;
    return text.length > 0 && text.length < length;
}

void utf8_encode(uint32_t character, struct buf *out)
{
    char bytes[4];
    size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; character >>= 6)
        bytes[i] = (char)(0x80U | (character & 0x3FU));
    uint32_t lead = length == 1 ? 0 : 0xF00U >> length & 0xFFU;
    bytes[0] = (char)(lead | character);
    buf_append(out, bytes, length);
}

void utf8_clean(struct span text, struct buf *out)
{
    for (size_t at = 0, size = 0; at < text.length; at += size)
        utf8_encode(utf8_decode((struct span){text.data + at, text.length - at}, &size), out);
}

void utf8_excerpt(struct span text, size_t max, struct buf *out)
{
    for (size_t i = 0, count = 0; i < text.length; count++) {
        size_t size;
        struct span rest = {text.data + i, text.length - i};
        uint32_t character = utf8_decode(rest, &size);
        if (count == max) {
            buf_append_text(out, "…");
            return;
        }
        if (character < 0x20 || (character >= 0x7F && character < 0xA0))
            buf_append_byte(out, ' ');
        else
            buf_append(out, rest.data, size);
        i += size;
    }
}
