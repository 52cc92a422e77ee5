/* run/twins.h: orders of one file that are one order of the mall.
 *
 * An order that was deleted in Robot-in and taken in again has a new 受注ID, but the 受注番号 of its mall as before.
 * With both in a file, both would be registered, and the buyer billed twice. */
#ifndef RUN_TWINS_H
#define RUN_TWINS_H

#include "run/loader.h"

/* A hash of what the mall calls the order, as a whole row's cells have it; 0 where they say nothing. */
uint32_t twins_name(const struct work *work, const struct span *cells, size_t count);

/* Note the twin of every order that has one (book_set_twin()), among those that are ours. False: the source's errors,
 * or out of memory. */
bool twins_find(struct work *work, struct loader *loader, struct error *error);

#endif
