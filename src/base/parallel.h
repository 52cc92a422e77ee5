/* base/parallel.h: work that falls into parts, done by several threads, its results taken one after the other.
 *
 * Parts are made in any order and at the same time; each result is then taken in the order of the parts, by one thread
 * at a time, while others go on making. So what comes of it does not depend on how many threads there are. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include "base/error.h"

#include <stddef.h>

enum { PARALLEL_JOBS_MAX = 256 };

struct parallel {
    size_t parts;
    size_t result_size; /* bytes of a result */
    void *context;      /* what open() gets */

    /* What one thread needs for itself, given to every other function here; NULL with `error`. Called in the calling
     * thread for each, before anything is made, as close() is when all is done. */
    void *(*open)(void *context, struct error *error);

    /* Make part `part`. `result` is zeroed at first, and later as take() left that of an earlier part: so memory can be
     * used again. What goes wrong is for take() to tell. */
    void (*make)(void *worker, size_t part, void *result);

    /* Take the result of part `part`, after those of all parts before it. False with `error`: the rest is given up. */
    bool (*take)(void *worker, size_t part, void *result, struct error *error);

    /* Free what a result owns, taken or not. */
    void (*release)(void *result);

    void (*close)(void *worker);
};

/* Run it on `jobs` threads, the calling one among them; fewer where there are fewer parts, or where the system grants
 * no more. At most two results a thread wait to be taken. False with the error of the first part that has one, or of
 * open(), or out of memory. */
bool parallel_run(const struct parallel *work, size_t jobs, struct error *error);

/* How many threads to use where `wanted` were asked for: as many, or one for each core where that is 0; never more than
 * PARALLEL_JOBS_MAX. */
size_t parallel_jobs(size_t wanted);

#endif
