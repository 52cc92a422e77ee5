/* sandbox/index.h: a table that finds things by their hash: open addressing with linear probing, for a million entries.
 *
 * Nothing is ever removed. Different things may share a hash: whoever looks compares what is found. */
#ifndef SANDBOX_INDEX_H
#define SANDBOX_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox_index_slot {
    uint64_t hash;
    void *entry; /* borrowed; NULL: free */
};

struct sandbox_index {
    struct sandbox_index_slot *slots; /* owned */
    size_t size;                      /* a power of two */
    size_t used;
};

/* False when memory ran out; the index is empty in either case, and sandbox_index_free() is right for it. */
bool sandbox_index_init(struct sandbox_index *index);

/* Room for one more. False when memory ran out. */
bool sandbox_index_reserve(struct sandbox_index *index);

/* `entry` is found under `hash` from now on. There must be room. */
void sandbox_index_put(struct sandbox_index *index, uint64_t hash, void *entry);

/* The next entry with that hash from `*cursor` on, NULL when there is none. Begin with (size_t)hash as the cursor. */
void *sandbox_index_next(const struct sandbox_index *index, uint64_t hash, size_t *cursor);

/* The hash of a text, with its upper half folded down, where the index looks first. */
uint64_t sandbox_index_hash(const char *text);

/* Free the table; the entries are somebody else's. */
void sandbox_index_free(struct sandbox_index *index);

#endif
