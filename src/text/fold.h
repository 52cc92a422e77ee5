/* text/fold.h: one form for texts that say the same in half and in full width. Pure. */
#ifndef TEXT_FOLD_H
#define TEXT_FOLD_H

#include "base/buf.h"
#include "base/span.h"

/* Append `text` (UTF-8) to `out` in a form that two texts share where they differ in no more than width, blanks and the
 * kind of a hyphen. It is for comparing, never for sending:
 *   ASCII in full width (U+FF01 to FF5E) and ￠￡￢￣￤￥￦   in half width, letters as they are
 *   kana and its marks in half width (U+FF61 to FF9F)   in full width, one with the dakuten or handakuten behind it
 *   hyphens and dashes (U+2010 to 2015), minus (U+2212)   -
 *   〜 (U+301C)   ~
 *   a run of blanks (half, full width, no-break), tabs and line ends   one blank; none at the beginning and the end
 * The sign of a long vowel stays: it is a letter of most names. Bytes that are no UTF-8 stay as they are. */
void fold_width(struct span text, struct buf *out);

#endif
