/* text/kana.h: kana in half and in full width. Pure. */
#ifndef TEXT_KANA_H
#define TEXT_KANA_H

#include <stdbool.h>
#include <stdint.h>

/* A half-width kana or mark (U+FF61 to FF9F) in full width; any other character as it is. */
uint32_t kana_widened(uint32_t character);

/* The full-width kana that half-width `base` and the half-width dakuten or handakuten behind it make together; 0 where
 * they make none. */
uint32_t kana_joined(uint32_t base, uint32_t mark);

/* The same of full-width kana, hiragana too, and a combining mark (U+3099, 309A), as some systems write them. */
uint32_t kana_combined(uint32_t base, uint32_t mark);

/* A full-width katakana, hiragana or mark of theirs in half width, with the mark behind it (0: it has none). Small kana
 * and others that have no half width of their own become the ordinary one: ヶ ｹ, ヮ ﾜ, ヰ ｲ, ヱ ｴ. False where the
 * character is none of these; what is half-width kana already is `base`. */
bool kana_narrowed(uint32_t character, uint32_t *base, uint32_t *mark);

#endif
