/* sandbox/charset.h: which characters the service of the dialect kuroneko takes for full-width, and other looks at
 * texts.
 *
 * Texts are valid UTF-8. The set of full-width characters is that of the two-byte characters of CP932 without those
 * that users define themselves [inferred: the service says "the given range" and no more]. */
#ifndef SANDBOX_CHARSET_H
#define SANDBOX_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox_charset;

/* Worked out with iconv, which takes a few milliseconds; only read afterwards, by any thread. NULL when memory ran out
 * or iconv knows no CP932. */
struct sandbox_charset *sandbox_charset_new(void);
void sandbox_charset_free(struct sandbox_charset *charset);

/* Bytes of the UTF-8 character at `at`, which has `left` bytes, at least 1; 0 when there is none (overlong, surrogate,
 * beyond U+10FFFF, cut off). */
size_t sandbox_utf8_size(const unsigned char *at, size_t left);

/* The character at `*at`, which moves behind it; 0 at the end of the text. */
uint32_t sandbox_utf8_next(const char **at);

/* How many characters `text` has. */
size_t sandbox_utf8_count(const char *text);

/* ASCII, half-width kana, and what a Japanese keyboard has in their place: ¥ and ‾. */
bool sandbox_is_half(uint32_t character);

/* Half-width kana, their marks, and the blank. */
bool sandbox_is_half_kana(uint32_t character);

/* Of the two-byte characters of CP932. */
bool sandbox_is_full(const struct sandbox_charset *charset, uint32_t character);

/* Kanji, kana, letters, digits, hyphen and underscore, of either width: what フリー項目 may hold. */
bool sandbox_is_word(const struct sandbox_charset *charset, uint32_t character);

#endif
