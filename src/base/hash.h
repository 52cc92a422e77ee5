/* base/hash.h: FNV-1a, for tables in memory: quick, and no secret. Whoever finds two hashes the same compares the
 * bytes. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/span.h"

#include <stdint.h>

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* `hash` with `text` behind what it is of, and the end of `text` marked: ab and c are not a and bc. */
static inline uint64_t hash_add(uint64_t hash, struct span text)
{
    const uint64_t prime = UINT64_C(0x100000001b3);
    for (size_t i = 0; i < text.length; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * prime;
    return (hash ^ 0x100) * prime; /* no byte */
}

#endif
