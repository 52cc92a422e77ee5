/* run/stretch.h: the rows of an order that stand together, judged as they are read.
 *
 * Most orders are a stretch and nothing else; where that holds, their rows need not be read again. What comes to light
 * later (another row of the order, a damaged row that may be its own, a twin) makes the judgement void. */
#ifndef RUN_STRETCH_H
#define RUN_STRETCH_H

#include "run/work.h"

struct stretch;

/* NULL when memory ran out. `work` is borrowed: what it finds goes into its findings, and the orders are its book's. */
struct stretch *stretch_new(struct work *work);

/* NULL is allowed. */
void stretch_free(struct stretch *stretch);

/* The book and its findings are new ones: whatever was being read is of no matter any more. */
void stretch_begin(struct stretch *stretch);

/* `record` was just entered into the book as a row of order `order`; if that is another than before, the one before is
 * judged. An order with a row elsewhere in the book is not. False when memory ran out. */
bool stretch_add(struct stretch *stretch, const struct csv_record *record, uint32_t order, struct error *error);

/* Judge the last one. */
bool stretch_end(struct stretch *stretch, struct error *error);

#endif
