/* base/arena.c: see arena.h. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 64 * 1024 }; /* bytes; a larger piece gets a block of its own size */

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static bool add_block(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return false;
    struct arena_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return false;
    block->next = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->used = 0;
    return true;
}

/* `size` bytes that are not zeroed. */
static void *take(struct arena *arena, size_t size)
{
    size_t aligned = arena->blocks != NULL
                         ? (arena->used + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t)
                         : 0;
    if (arena->blocks == NULL || aligned > arena->blocks->size || size > arena->blocks->size - aligned) {
        if (!add_block(arena, size > BLOCK_SIZE ? size : BLOCK_SIZE))
            return NULL;
        aligned = 0;
    }
    arena->used = aligned + size;
    return arena->blocks->bytes + aligned;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = take(arena, size);
    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

struct span arena_copy(struct arena *arena, struct span span)
{
    char *copy = take(arena, span.length > 0 ? span.length : 1);
    if (copy != NULL && span.length > 0)
        memcpy(copy, span.data, span.length);
    return (struct span){copy, copy != NULL ? span.length : 0};
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    arena->used = 0;
    /* An ordinary block stays; one that was made for a large piece does not. */
    while (block != NULL && (block->next != NULL || block->size > BLOCK_SIZE)) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->blocks = block;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}
