/* text/utf8.h: questions about UTF-8 text. Pure. */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

bool utf8_is_ascii(struct span text);

/* The same, and no NUL either. */
bool utf8_is_ascii_text(struct span text);

/* How many bytes of `text`, from its beginning, are valid UTF-8, whole characters: all of them, or up to the first byte
 * that begins none. */
size_t utf8_valid_length(struct span text);

/* Whether `text` is the beginning of one character, and not all of it. */
bool utf8_is_cut(struct span text);

/* Length in UTF-16 code units, as the service counts: a character beyond U+FFFF counts two, where its first byte
 * stands. `text` is valid UTF-8, or what utf16_read() makes. */
size_t utf8_units(struct span text);

/* Length in characters. */
size_t utf8_characters(struct span text);

/* The first `count` characters of `text`, or all of it. */
struct span utf8_beginning(struct span text, size_t count);

#define UTF8_INVALID 0xFFFD /* U+FFFD, the replacement character */

/* The character at the beginning of `text`, which is not empty; `size` is its bytes, from 1. UTF8_INVALID where there
 * is none: then `size` goes to the next byte that may begin one. */
uint32_t utf8_decode(struct span text, size_t *size);

void utf8_encode(uint32_t character, struct buf *out);

/* Append `text` with UTF8_INVALID in the place of what is no UTF-8: a path may hold any bytes. */
void utf8_clean(struct span text, struct buf *out);

/* At most `max` characters of `text`, followed by … where something was cut, with control characters as spaces: a cell
 * as it may be quoted in a message. */
void utf8_excerpt(struct span text, size_t max, struct buf *out);

#endif
