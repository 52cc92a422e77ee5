/* text/harmless.h: what may not stand in a cell of a CSV that people open in a spreadsheet. Pure. */
#ifndef TEXT_HARMLESS_H
#define TEXT_HARMLESS_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* A character that a spreadsheet takes for the beginning of a formula; the full-width ones too, as Japanese Excel does,
 * and U+2212, which becomes one of these in CP932. */
static inline bool harmless_begins_formula(uint32_t character)
{
    return character == '=' || character == '+' || character == '-' || character == '@' || character == 0xFF1D ||
           character == 0xFF0B || character == 0xFF0D || character == 0xFF20 || character == 0x2212;
}

/* A control character, the line ends among them. */
static inline bool harmless_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

/* Append `text`, which may be any bytes, as UTF-8 with a blank for each control character. */
void harmless_put_line(struct span text, struct buf *out);

/* The same, and with a ' before it where it would begin a formula. */
void harmless_put_cell(struct span text, struct buf *out);

#endif
