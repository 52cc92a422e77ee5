/* base/arena.h: many small pieces of memory that share a life, and stay where they are. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/span.h"

#include <stddef.h>

struct arena_block;

/* Zeros are an empty arena. */
struct arena {
    struct arena_block *blocks; /* owned; the first is the one being filled */
    size_t used;                /* bytes of it */
};

/* `size` bytes, zeroed, aligned for anything. NULL when memory ran out. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `span`; its `data` is NULL when memory ran out, and never otherwise, even for an empty one. */
struct span arena_copy(struct arena *arena, struct span span);

/* Everything is free again; the memory of one ordinary block is kept for the next life, where that came first. */
void arena_reset(struct arena *arena);

void arena_free(struct arena *arena);

#endif
