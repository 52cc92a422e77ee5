/* run/only.h: the orders of --only: all others are left alone. */
#ifndef RUN_ONLY_H
#define RUN_ONLY_H

#include "run/work.h"

/* Read the list `work->options->only`, if there is one, and take every order that is not on it out of the run: it is
 * BOOK_SKIPPED and has no findings. The list has a 受注ID in the first cell of each line, in quotes or not; what is no
 * order of the file, as a heading is, counts for nothing. False: FILE_UNREADABLE (kind ERROR_CONFIG), ONLY_UNKNOWN
 * (ERROR_USAGE) where no order of the file is on it, or out of memory. */
bool only_apply(struct work *work, struct error *error);

#endif
