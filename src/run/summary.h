/* run/summary.h: the counts of a run, and the JSON of --summary-json. */
#ifndef RUN_SUMMARY_H
#define RUN_SUMMARY_H

#include "run/work.h"

/* Count the book into `summary`, whose texts and times are the caller's to fill. `errors` gets the counts by
 * error, owned by the caller (free()); most frequent first. False when memory ran out. */
bool summary_count(const struct work *work, struct atobarai_summary *summary, struct atobarai_error_count **errors);

#endif
