/* base/pairs.c: see pairs.h. */
#include "base/pairs.h"

#include <stdlib.h>
#include <string.h>

/* The slot of `key`, or the free one where it belongs. Keys often follow each other; multiplied, they lie apart. */
static struct pair *slot_of(const struct pairs *pairs, uint32_t key)
{
    uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (pairs->slot_count - 1);
    while (pairs->slots[at].key != PAIRS_NONE && pairs->slots[at].key != key)
        at = (at + 1) & (pairs->slot_count - 1);
    return &pairs->slots[at];
}

/* At most three quarters of the slots are in use. */
static bool reserve(struct pairs *pairs)
{
    if (pairs->count + 1 <= pairs->slot_count / 4 * 3)
        return true;
    struct pairs larger = {.slot_count = pairs->slot_count > 0 ? pairs->slot_count * 2 : 64, .count = pairs->count};
    larger.slots = malloc(larger.slot_count * sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    memset(larger.slots, 0xFF, larger.slot_count * sizeof *larger.slots);
    for (size_t i = 0; i < pairs->slot_count; i++)
        if (pairs->slots[i].key != PAIRS_NONE)
            *slot_of(&larger, pairs->slots[i].key) = pairs->slots[i];
    free(pairs->slots);
    *pairs = larger;
    return true;
}

bool pairs_put(struct pairs *pairs, uint32_t key, uint32_t value)
{
    if (!reserve(pairs))
        return false;
    struct pair *slot = slot_of(pairs, key);
    pairs->count += slot->key == PAIRS_NONE;
    *slot = (struct pair){key, value};
    return true;
}

uint32_t pairs_get(const struct pairs *pairs, uint32_t key)
{
    if (pairs->count == 0 || key == PAIRS_NONE)
        return PAIRS_NONE;
    const struct pair *slot = slot_of(pairs, key);
    return slot->key == key ? slot->value : PAIRS_NONE;
}

void pairs_clear(struct pairs *pairs)
{
    if (pairs->count > 0)
        memset(pairs->slots, 0xFF, pairs->slot_count * sizeof *pairs->slots);
    pairs->count = 0;
}

void pairs_free(struct pairs *pairs)
{
    free(pairs->slots);
    *pairs = (struct pairs){0};
}
