/* text/width.h: how wide text stands on a terminal, for tables. Pure. */
#ifndef TEXT_WIDTH_H
#define TEXT_WIDTH_H

#include "base/span.h"

/* Columns that `text` takes, which is valid UTF-8 without control characters: a Japanese character takes two. */
size_t width_of(struct span text);

#endif
