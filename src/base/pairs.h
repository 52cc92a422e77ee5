/* base/pairs.h: a table in memory from numbers to numbers, 11 to 22 bytes a pair. */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIRS_NONE UINT32_MAX /* no key; in place of the value of one that is not there */

struct pair {
    uint32_t key;
    uint32_t value;
};

/* Zeros are an empty table. */
struct pairs {
    struct pair *slots; /* owned; of one that is free the key is PAIRS_NONE */
    size_t slot_count;  /* a power of two, or 0 */
    size_t count;
};

/* Set the value of `key`, which is not PAIRS_NONE. False when memory ran out; the table is as it was. */
bool pairs_put(struct pairs *pairs, uint32_t key, uint32_t value);

/* The value of `key`; PAIRS_NONE where it has none. */
uint32_t pairs_get(const struct pairs *pairs, uint32_t key);

/* No pairs; the memory is kept. */
void pairs_clear(struct pairs *pairs);

void pairs_free(struct pairs *pairs);

#endif
