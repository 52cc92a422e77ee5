/* run/mends.h: cells that are not read as they stand in the file, since a spreadsheet damaged them: what they were. */
#ifndef RUN_MENDS_H
#define RUN_MENDS_H

#include "base/arena.h"
#include "base/span.h"

#include <stdint.h>

struct mend {
    uint32_t row;     /* as a spreadsheet counts */
    uint32_t cell;    /* in it, from 0 */
    struct span text; /* that the cell had, in UTF-8 */
};

/* Zeros are an empty list. */
struct mends {
    struct mend *list; /* owned; sorted once mends_sort() was called */
    size_t count;
    size_t capacity;
    struct arena texts;
};

/* Add a cell; `text` is copied. False when memory ran out. */
bool mends_add(struct mends *mends, uint32_t row, size_t cell, struct span text);

/* By row, and in a row by cell. */
void mends_sort(struct mends *mends);

/* Those of a row, how many in `*count`; of a sorted list. */
const struct mend *mends_of(const struct mends *mends, uint32_t row, size_t *count);

/* That of a cell among the `count` of its row; NULL: there is none. */
const struct mend *mends_at(const struct mend *mends, size_t count, size_t cell);

void mends_free(struct mends *mends);

#endif
