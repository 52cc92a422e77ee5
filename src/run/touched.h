/* run/touched.h: orders that a damaged row may belong to.
 *
 * Where a row's cells stand under wrong headings, or its 受注ID is spoilt, the order that it belongs to would be
 * registered without it. But the id stands somewhere in the row: so a number in it that is the id of another order of
 * this file holds that order back. Where the row has what could be its id, only ids of five digits and more are looked
 * for, since shorter numbers are everywhere. A row without any is known by its own error alone; the order's amounts,
 * where the file has them, do not add up without it. */
#ifndef RUN_TOUCHED_H
#define RUN_TOUCHED_H

#include "run/loader.h"

/* Note it of every such order (book_touch()). False: the source's errors, or out of memory. */
bool touched_find(struct work *work, struct loader *loader, struct error *error);

#endif
