/* run/check.h: every order of the book against the rules. */
#ifndef RUN_CHECK_H
#define RUN_CHECK_H

#include "run/work.h"

/* Each order becomes BOOK_SKIPPED, BOOK_VALID or BOOK_INVALID; its findings stand in `work->findings`, sorted by row.
 * Where it fails, no order is judged and there are no findings. */
bool check_run(struct work *work, struct error *error);

#endif
