/* tests/unit/scarce_memory.h: memory that runs out at the Nth allocation, and a count of what was not given back.
 *
 * A program may bring its own malloc() to glibc; this one counts and passes on. Under a sanitizer the allocator is the
 * sanitizer's, so there memory is never scarce, and MEMORY_CAN_BE_SCARCE is 0. For one thread; to be included once. */
#ifndef TESTS_SCARCE_MEMORY_H
#define TESTS_SCARCE_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_CAN_BE_SCARCE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_CAN_BE_SCARCE 0
#endif
#endif
#ifndef MEMORY_CAN_BE_SCARCE
#define MEMORY_CAN_BE_SCARCE 1
#endif

static size_t memory_left = SIZE_MAX; /* allocations that succeed from here on; SIZE_MAX: all */
static size_t memory_live;            /* pieces that are in use */

#if MEMORY_CAN_BE_SCARCE

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static bool memory_refuses(void)
{
    if (memory_left == SIZE_MAX)
        return false;
    if (memory_left > 0) {
        memory_left--;
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    void *memory = memory_refuses() ? NULL : __libc_malloc(size);
    memory_live += memory != NULL;
    return memory;
}

void *calloc(size_t count, size_t size)
{
    void *memory = memory_refuses() ? NULL : __libc_calloc(count, size);
    memory_live += memory != NULL;
    return memory;
}

void *realloc(void *memory, size_t size)
{
    void *moved = memory_refuses() ? NULL : __libc_realloc(memory, size);
    memory_live += memory == NULL && moved != NULL;
    return moved;
}

void free(void *memory)
{
    memory_live -= memory != NULL;
    __libc_free(memory);
}

#endif

/* Call `work` with memory for 0, 1, 2, … allocations until it says that it succeeded. How often it failed before that;
 * 0 where memory cannot be scarce. `work` returns false only for lack of memory, having given everything back. */
static size_t memory_failures(bool (*work)(void *), void *context, bool *leaked)
{
    enum { ALLOCATIONS_MAX = 100000 };
    *leaked = false;
    if (!work(context)) /* once with plenty, so that the C library has its own things together */
        return ALLOCATIONS_MAX;
    for (size_t allowed = 0; MEMORY_CAN_BE_SCARCE && allowed < ALLOCATIONS_MAX; allowed++) {
        size_t before = memory_live;
        memory_left = allowed;
        bool done = work(context);
        memory_left = SIZE_MAX;
        *leaked = *leaked || memory_live != before;
        if (done)
            return allowed;
    }
    return 0;
}

#endif
