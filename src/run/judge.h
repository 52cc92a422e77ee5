/* run/judge.h: whether an order can be sent: the rules, and what the book knows beyond its rows. */
#ifndef RUN_JUDGE_H
#define RUN_JUDGE_H

#include "order/cells.h"
#include "order/rules.h"
#include "run/work.h"

/* What the orders of a run have to be good for. */
enum rules_purpose judge_purpose(const struct work *work);

/* Judge order `index` of the book, whose rows are in `loaded` (not looked at where the order is skipped); what was
 * found in loading them stands in `work->findings` from `begin` on. The rest is put behind it, and all of that is
 * sorted by row; the order becomes BOOK_SKIPPED, BOOK_VALID or BOOK_INVALID. False when memory ran out. */
bool judge_order(struct work *work, struct cells_memory *memory, uint32_t index, const struct order *loaded,
                 size_t begin, struct error *error);

/* Forget all that was found, where a run does not come to its end: no order is judged, and there are no findings. */
void judge_forget(struct work *work);

#endif
