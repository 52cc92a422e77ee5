/* run/twins.h: orders of one file that are one order of the mall.
 *
 * An order that was deleted in Robot-in and taken in again has a new 受注ID, but the 受注番号 of its mall as before.
 * With both in a file, both would be registered, and the buyer billed twice. */
#ifndef RUN_TWINS_H
#define RUN_TWINS_H

#include "run/rows.h"

/* Remember what the mall calls the order that the book's last row began; `cells` are that row's. False when memory ran
 * out. */
bool twins_note(struct work *work, const struct span *cells, size_t count);

/* Set `twin` of every order that has one, among those that are ours. False: the source's errors, or out of memory. */
bool twins_find(struct work *work, struct rows *rows, struct error *error);

#endif
