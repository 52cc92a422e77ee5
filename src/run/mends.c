/* run/mends.c: see mends.h. */
#include "run/mends.h"

#include <stdlib.h>

bool mends_add(struct mends *mends, uint32_t row, size_t cell, struct span text)
{
    if (mends->count == mends->capacity) {
        size_t capacity = mends->capacity > 0 ? mends->capacity * 2 : 64;
        struct mend *list = reallocarray(mends->list, capacity, sizeof *list);
        if (list == NULL)
            return false;
        mends->list = list;
        mends->capacity = capacity;
    }
    struct span copy = arena_copy(&mends->texts, text);
    if (copy.data == NULL)
        return false;
    mends->list[mends->count++] = (struct mend){row, (uint32_t)cell, copy};
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct mend *left = a;
    const struct mend *right = b;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return left->cell < right->cell ? -1 : left->cell > right->cell;
}

void mends_sort(struct mends *mends)
{
    if (mends->count > 1)
        qsort(mends->list, mends->count, sizeof *mends->list, compare);
}

const struct mend *mends_of(const struct mends *mends, uint32_t row, size_t *count)
{
    size_t low = 0;
    size_t high = mends->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mends->list[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < mends->count && mends->list[low + *count].row == row)
        ++*count;
    return mends->list != NULL ? mends->list + low : NULL;
}

const struct mend *mends_at(const struct mend *mends, size_t count, size_t cell)
{
    for (size_t i = 0; i < count; i++)
        if (mends[i].cell == cell)
            return &mends[i];
    return NULL;
}

void mends_free(struct mends *mends)
{
    free(mends->list);
    arena_free(&mends->texts);
    *mends = (struct mends){0};
}
