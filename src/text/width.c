/* text/width.c: see width.h. */
#include "text/width.h"

#include "text/utf8.h"

/* The blocks of East Asian width W and F (Unicode UAX #11) that Japanese text can hold, and what combines with the
 * character before it: as in cli/text.c, which knows of nothing but atobarai.h. */
static size_t character_width(uint32_t character)
{
    static const struct {
        uint32_t first, last;
        size_t width;
    } blocks[] = {
        {0x0300, 0x036F, 0}, {0x1100, 0x115F, 2},   {0x200B, 0x200F, 0},   {0x2E80, 0x303E, 2},
        {0x3041, 0x3098, 2}, {0x3099, 0x309A, 0},   {0x309B, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},
        {0xF900, 0xFAFF, 2}, {0xFE00, 0xFE0F, 0},   {0xFE30, 0xFE6F, 2},   {0xFF01, 0xFF60, 2},
        {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1FAFF, 2}, {0x20000, 0x3FFFD, 2}, {0xE0100, 0xE01EF, 0},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (character >= blocks[i].first && character <= blocks[i].last)
            return blocks[i].width;
    }
    return 1;
}

size_t width_of(struct span text)
{
    size_t width = 0;
    for (size_t size = 0; text.length > 0; text = (struct span){text.data + size, text.length - size})
        width += character_width(utf8_decode(text, &size));
    return width;
}
