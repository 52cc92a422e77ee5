/* order/address.h: addresses of Japan as text: their prefecture, their street number, and where they can be parted.
 * Pure. Texts are UTF-8. */
#ifndef ORDER_ADDRESS_H
#define ORDER_ADDRESS_H

#include "base/span.h"

/* The bytes of the prefecture's name (東京都, 北海道 …) that `text` begins with; 0: it begins with none. */
size_t address_prefecture(struct span text);

/* Whether it holds something that may be a street number: a digit of any width, kanji numerals before 丁目, 番, 号 and
 * the like, or the word 番地 itself (番地なし). `text` is without its prefecture. */
bool address_has_number(struct span text);

/* Part `text` in two of at most `most` characters each, at the best place that there is:
 *   at the last blank, which is then left out
 *   behind the last number: behind all of 丸の内１－２－３, or １丁目２番３号
 *   where the kind of writing changes, as from kanji to katakana
 *   not between two characters of a number
 *   anywhere
 * of those that leave neither part too long. A text of at most `most` characters is all first part. False where the
 * text is too long to be parted: then its beginning is, in two parts of `most` characters. */
bool address_split(struct span text, size_t most, struct span *first, struct span *second);

#endif
