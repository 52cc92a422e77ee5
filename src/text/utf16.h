/* text/utf16.h: UTF-16 as UTF-8 and back, in pieces of any length, without a loss. Pure.
 *
 * Both are streams: what a piece leaves unfinished waits in the state. Any sequence of 16-bit units comes back as it
 * was: a surrogate without its partner becomes the three bytes ED A0..BF 80..BF that UTF-8 would have for it and does
 * not allow, so whoever decodes the text finds it invalid. A byte order mark is a character like any other. */
#ifndef TEXT_UTF16_H
#define TEXT_UTF16_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

struct utf16_reader {
    bool big_end_first;
    bool half;           /* the first byte of a unit is there */
    unsigned char first; /* that */
    uint32_t high;       /* a high surrogate that may have a partner; 0: none */
};

/* Append to `out` what `bytes` (UTF-16) go on with, in UTF-8: up to 3 bytes for 2. */
void utf16_read(struct utf16_reader *reader, struct span bytes, struct buf *out);

/* Bytes that were taken and are not in the output yet: 0 to 3. */
size_t utf16_pending(const struct utf16_reader *reader);

/* The text ends here. False where half a unit is left over. */
bool utf16_read_end(struct utf16_reader *reader, struct buf *out);

struct utf16_writer {
    bool big_end_first;
    unsigned missing;   /* bytes of the character at hand */
    uint32_t character; /* what there is of it */
};

/* Append to `out` what `text` (UTF-8, surrogates included) goes on with, in UTF-16: up to 2 bytes for 1. What is
 * neither becomes some other character, mostly U+FFFD. */
void utf16_write(struct utf16_writer *writer, struct span text, struct buf *out);

/* The text ends here: a character that was cut off becomes U+FFFD. */
void utf16_write_end(struct utf16_writer *writer, struct buf *out);

#endif
