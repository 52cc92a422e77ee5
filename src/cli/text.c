/* cli/text.c: see text.h. */
#include "cli/text.h"

#include <stdint.h>
#include <string.h>

enum { REPLACEMENT = '?' };

/* The character that `text` begins with, and its bytes; REPLACEMENT and one byte where it is no UTF-8. */
static uint32_t decode(const char *text, size_t *size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by size: what is less has a shorter spelling */
    unsigned char first = (unsigned char)text[0];
    size_t length = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
    uint32_t character = length == 1 ? first : first & (0x7FU >> length);
    *size = 1;
    for (size_t i = 1; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xC0U) != 0x80U) /* the final NUL, too */
            return REPLACEMENT;
        character = character << 6 | (byte & 0x3FU);
    }
    if (length == 0 || character < least[length] || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000))
        return REPLACEMENT;
    *size = length;
    return character;
}

/* Columns of one character: the blocks of East Asian width W and F (Unicode UAX #11) that Japanese text can hold, and
 * what combines with the character before it. The C library's wcwidth() knows only the locale's characters. */
static size_t character_width(uint32_t character)
{
    static const struct {
        uint32_t first, last;
        size_t width;
    } blocks[] = {
        {0x0300, 0x036F, 0},   /* combining marks */
        {0x1100, 0x115F, 2},   /* Hangul */
        {0x200B, 0x200F, 0},   /* zero-width space, joiners, directions */
        {0x2E80, 0x303E, 2},   /* radicals, punctuation */
        {0x3041, 0x3098, 2},   /* hiragana */
        {0x3099, 0x309A, 0},   /* combining voiced marks */
        {0x309B, 0xA4CF, 2},   /* katakana, ㈱, unified ideographs, Yi */
        {0xAC00, 0xD7A3, 2},   /* Hangul */
        {0xF900, 0xFAFF, 2},   /* compatibility ideographs: 﨑 */
        {0xFE00, 0xFE0F, 0},   /* variation selectors */
        {0xFE30, 0xFE6F, 2},   /* vertical and small forms */
        {0xFF01, 0xFF60, 2},   /* full-width forms */
        {0xFFE0, 0xFFE6, 2},   /* full-width signs */
        {0x1F300, 0x1FAFF, 2}, /* pictographs */
        {0x20000, 0x3FFFD, 2}, /* ideographs beyond the BMP: 𠮷 */
        {0xE0100, 0xE01EF, 0}, /* variation selectors */
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (character >= blocks[i].first && character <= blocks[i].last)
            return blocks[i].width;
    }
    return 1;
}

size_t cli_text_width(const char *text)
{
    size_t width = 0;
    size_t size;
    for (; *text != '\0'; text += size)
        width += character_width(decode(text, &size));
    return width;
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

bool cli_text_is_plain(const char *text, size_t length)
{
    size_t size;
    for (size_t at = 0; at < length; at += size) {
        uint32_t character = decode(text + at, &size);
        bool broken = character == REPLACEMENT && text[at] != REPLACEMENT;
        if (broken || (is_control(character) && character != '\t'))
            return false;
    }
    return true;
}

static void print_character(FILE *out, const char *text, uint32_t character, size_t size)
{
    if (is_control(character) || (character == REPLACEMENT && size == 1))
        putc(REPLACEMENT, out);
    else
        fwrite(text, 1, size, out);
}

void cli_text_print(FILE *out, const char *text)
{
    size_t size;
    for (; *text != '\0'; text += size) {
        uint32_t character = decode(text, &size);
        print_character(out, text, character, size);
    }
}

/* ---- Lines ---- */

/* Whether the `size` bytes of one character are in `set`. */
static bool is_one_of(const char *set, const char *character, size_t size)
{
    return memmem(set, strlen(set), character, size) != NULL;
}

/* Bytes of `text` up to where a line may be broken first, and the columns that they take. `text` begins with neither a
 * blank nor a newline. A line neither begins with what closes nor ends with what opens (kinsoku). */
static size_t piece_of(const char *text, size_t *width)
{
    static const char closing[] =
        "、。，．・：；？！）」』】〉》〕］｝’”ー々…‥ぁぃぅぇぉっゃゅょァィゥェォッャュョ),.:;?!]}";
    static const char opening[] = "（「『【〈《〔［｛‘“([{";
    size_t length = 0;
    size_t before = 0; /* bytes of the character before */
    bool wide = false; /* whether that is wide */
    *width = 0;
    while (text[length] != '\0' && text[length] != ' ' && text[length] != '\n') {
        size_t size;
        size_t columns = character_width(decode(text + length, &size));
        bool breakable = length > 0 && (wide || columns == 2);
        if (breakable && !is_one_of(closing, text + length, size) &&
            !is_one_of(opening, text + length - before, before))
            break;
        *width += columns;
        wide = columns == 2;
        length += size;
        before = size;
    }
    return length;
}

/* Print the line that `text` begins with, and its newline. Returns its bytes without the newline. */
static size_t wrap_line(FILE *out, const char *text, size_t columns)
{
    size_t indent = strspn(text, " ");
    size_t at = indent;
    size_t blanks = indent; /* to be printed before the next piece */
    size_t used = 0;
    while (text[at] != '\0' && text[at] != '\n') {
        size_t width;
        size_t length = piece_of(text + at, &width);
        if (used > 0 && used + blanks + width > columns) {
            putc('\n', out);
            used = 0;
            blanks = indent + 2;
        }
        cli_text_blanks(out, blanks);
        used += blanks + width;
        for (size_t size, end = at + length; at < end; at += size) {
            uint32_t character = decode(text + at, &size);
            print_character(out, text + at, character, size);
        }
        blanks = strspn(text + at, " ");
        at += blanks;
    }
    putc('\n', out);
    return at;
}

void cli_text_wrap(FILE *out, const char *text, size_t columns)
{
    while (*text != '\0') {
        text += wrap_line(out, text, columns);
        text += *text == '\n';
    }
}

void cli_text_blanks(FILE *out, size_t count)
{
    while (count-- > 0)
        putc(' ', out);
}
