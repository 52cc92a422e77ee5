/* sandbox/index.c: see index.h. */
#include "sandbox/index.h"

#include "base/hash.h"

#include <stdlib.h>

enum { FIRST_SIZE = 64 }; /* slots of a new index; a power of two */

bool sandbox_index_init(struct sandbox_index *index)
{
    *index = (struct sandbox_index){calloc(FIRST_SIZE, sizeof *index->slots), FIRST_SIZE, 0};
    return index->slots != NULL;
}

void *sandbox_index_next(const struct sandbox_index *index, uint64_t hash, size_t *cursor)
{
    for (;; (*cursor)++) {
        const struct sandbox_index_slot *slot = &index->slots[*cursor & (index->size - 1)];
        if (slot->entry == NULL)
            return NULL;
        if (slot->hash == hash) {
            (*cursor)++;
            return slot->entry;
        }
    }
}

void sandbox_index_put(struct sandbox_index *index, uint64_t hash, void *entry)
{
    size_t at = (size_t)hash & (index->size - 1);
    while (index->slots[at].entry != NULL)
        at = (at + 1) & (index->size - 1);
    index->slots[at] = (struct sandbox_index_slot){hash, entry};
    index->used++;
}

/* At most three quarters of the slots are in use. */
bool sandbox_index_reserve(struct sandbox_index *index)
{
    if (index->used + 1 <= index->size / 4 * 3)
        return true;
    struct sandbox_index larger = {calloc(index->size * 2, sizeof *larger.slots), index->size * 2, 0};
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < index->size; i++)
        if (index->slots[i].entry != NULL)
            sandbox_index_put(&larger, index->slots[i].hash, index->slots[i].entry);
    free(index->slots);
    *index = larger;
    return true;
}

uint64_t sandbox_index_hash(const char *text)
{
    uint64_t hash = hash_add(HASH_BEGIN, span_of(text));
    return hash ^ (hash >> 32);
}

void sandbox_index_free(struct sandbox_index *index)
{
    free(index->slots);
    *index = (struct sandbox_index){0};
}
