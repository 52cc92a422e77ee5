/* text/utf16.c: see utf16.h. */
#include "text/utf16.h"

#include "text/utf8.h"

enum {
    HIGH_FIRST = 0xD800, /* surrogates: a high one and a low one are a character beyond U+FFFF */
    LOW_FIRST = 0xDC00,
    LOW_LAST = 0xDFFF,
    BEYOND = 0x10000,
};

static void flush_high(struct utf16_reader *reader, struct buf *out)
{
    if (reader->high != 0)
        utf8_encode(reader->high, out);
    reader->high = 0;
}

static void read_unit(struct utf16_reader *reader, uint32_t unit, struct buf *out)
{
    bool low = unit >= LOW_FIRST && unit <= LOW_LAST;
    if (low && reader->high != 0) {
        unit = BEYOND + ((reader->high - HIGH_FIRST) << 10) + (unit - LOW_FIRST);
        reader->high = 0;
    }
    flush_high(reader, out);
    if (unit >= HIGH_FIRST && unit < LOW_FIRST)
        reader->high = unit;
    else if (unit < 0x80)
        buf_append_byte(out, (char)unit);
    else
        utf8_encode(unit, out);
}

void utf16_read(struct utf16_reader *reader, struct span bytes, struct buf *out)
{
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        reader->half = !reader->half;
        if (reader->half)
            reader->first = byte;
        else if (reader->big_end_first)
            read_unit(reader, (uint32_t)reader->first << 8 | byte, out);
        else
            read_unit(reader, (uint32_t)byte << 8 | reader->first, out);
    }
}

size_t utf16_pending(const struct utf16_reader *reader)
{
    return (reader->half ? 1U : 0U) + (reader->high != 0 ? 2U : 0U);
}

bool utf16_read_end(struct utf16_reader *reader, struct buf *out)
{
    flush_high(reader, out);
    return !reader->half;
}

static void write_unit(const struct utf16_writer *writer, uint32_t unit, struct buf *out)
{
    const char bytes[2] = {(char)(writer->big_end_first ? unit >> 8 : unit & 0xFFU),
                           (char)(writer->big_end_first ? unit & 0xFFU : unit >> 8)};
    buf_append(out, bytes, sizeof bytes);
}

static void write_character(const struct utf16_writer *writer, uint32_t character, struct buf *out)
{
    if (character < BEYOND) {
        write_unit(writer, character, out);
        return;
    }
    write_unit(writer, HIGH_FIRST + ((character - BEYOND) >> 10), out);
    write_unit(writer, LOW_FIRST + ((character - BEYOND) & 0x3FFU), out);
}

void utf16_write_end(struct utf16_writer *writer, struct buf *out)
{
    if (writer->missing > 0)
        write_unit(writer, UTF8_INVALID, out);
    writer->missing = 0;
}

static void write_byte(struct utf16_writer *writer, unsigned char byte, struct buf *out)
{
    if ((byte & 0xC0U) == 0x80U && writer->missing > 0) {
        writer->character = writer->character << 6 | (byte & 0x3FU);
        if (--writer->missing == 0)
            write_character(writer, writer->character <= 0x10FFFF ? writer->character : UTF8_INVALID, out);
        return;
    }
    utf16_write_end(writer, out); /* what was begun is not gone on with */
    if (byte < 0x80) {
        write_unit(writer, byte, out);
        return;
    }
    if (byte < 0xC2 || byte > 0xF4) {
        write_unit(writer, UTF8_INVALID, out);
        return;
    }
    writer->missing = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    writer->character = byte & (0x3FU >> writer->missing);
}

void utf16_write(struct utf16_writer *writer, struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.length; i++)
        write_byte(writer, (unsigned char)text.data[i], out);
}
