/* text/cp932.h: which characters Windows' Shift_JIS has in two bytes, which are those that stand in full width. Pure.
 */
#ifndef TEXT_CP932_H
#define TEXT_CP932_H

#include <stdbool.h>
#include <stdint.h>

/* Whether CP932 has `character` in two bytes: kanji, kana, full-width letters and signs, and what Windows added to
 * Shift_JIS (① ㈱ 髙 﨑). User-defined characters (外字) are not counted. */
bool cp932_has_pair(uint32_t character);

#endif
