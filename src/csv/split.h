/* csv/split.h: where a file may be split, so that its parts can be read at the same time. Pure. */
#ifndef CSV_SPLIT_H
#define CSV_SPLIT_H

#include "base/span.h"

#include <stdint.h>

#define CSV_SPLIT_NONE SIZE_MAX

enum { CSV_SPLIT_BEFORE = 2 }; /* bytes before a place that tell what stands there */

/* Where the first record begins at or behind `bytes.data[CSV_SPLIT_BEFORE]`; CSV_SPLIT_NONE where none does in `bytes`.
 * That is a guess: whether a quote opens a cell or closes one is told by the bytes beside it. Whoever uses it has to
 * see whether the part before ends there. */
size_t csv_split(struct span bytes, char delimiter);

#endif
