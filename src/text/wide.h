/* text/wide.h: one text in full width, or its kana in half width, as far as nothing of it is lost. Pure.
 *
 * Of both: a blank of any width, a tab, a line end or another control character becomes a blank; a run of blanks is
 * one, and there are none at the beginning and the end. What cannot be seen (U+200B, variation selectors and the like)
 * is left out. Bytes that are no UTF-8 become U+FFFD. */
#ifndef TEXT_WIDE_H
#define TEXT_WIDE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* Append `text` (UTF-8) to `out` in full width:
 *   blank   U+3000
 *   ASCII   U+FF01 to FF5E, but for " ” (U+201D), ' ’ (U+2019), \ ￥ (U+FFE5), as the service's clients have it
 *   half-width kana and marks   full-width kana, with ﾞ or ﾟ joined, combining marks (U+3099, 309A) too
 *   ¢ £ ¬ ¦ ¥ and overlines   ￠ ￡ ￢ ￤ ￥ ￣
 *   − U+2212, – U+2013 and U+2012   －       — U+2014   ―       ‑ U+2011   ‐ (U+2010)
 *   〜 U+301C   ～       ‖ U+2016   ∥       ⋯ U+22EF   …       · • and other dots in the middle   ・       ゔ   ヴ
 * Everything else stays: whether it can be sent is another question (text/cp932.h). */
void wide_put(struct span text, struct buf *out);

/* Append `text`, which is to be kana, to `out` in half width: hiragana as katakana, small ones that have no half width
 * as ordinary ones, a hyphen or dash behind a kana as the sign of a long vowel. False where something else than kana,
 * their marks and blanks stands in it: then what was appended is of no use. */
bool wide_put_narrow_kana(struct span text, struct buf *out);

#endif
