/* run/outcome.h: how an order fared, put into the book: its state, and the finding that tells. */
#ifndef RUN_OUTCOME_H
#define RUN_OUTCOME_H

#include "api/transport.h"
#include "run/work.h"

/* Set the order's outcome: a finding of `code` about all of its rows, or row `row` and items[item] (-1: none) where
 * that is not 0. Whether it is a warning, the catalogue says. `args` may be NULL. */
void outcome_set(struct work *work, struct book_order *order, const char *code, uint32_t row, long item,
                 const char *const args[FINDING_ARGS]);

/* The same for what the service refused: never a warning. */
void outcome_refuse(struct work *work, struct book_order *order, const char *code, uint32_t row, long item,
                    const char *const args[FINDING_ARGS]);

/* The same where `message` is a code of the service's public protocol (order/service_codes.h): in the words for that
 * code, about the column of its field, on all rows. Returns the catalogue's code. NULL: `message` is no such code, and
 * nothing was put in. */
const char *outcome_refuse_code(struct work *work, struct book_order *order, struct span message);

/* The order is in `state` for good. */
void outcome_end(struct work *work, struct book_order *order, enum book_state state);

/* Tell whoever watches how far the run is. */
void outcome_tell(const struct work *work);

/* The order remains to be sent, or in doubt: `code` with the words of `reason`, an entry of the catalogue, as {1}. */
void outcome_leave(struct work *work, struct book_order *order, const char *code, const char *reason, long http_status);

/* The catalogue's code for why a request had no answer. Static. */
const char *outcome_reason(enum transport_reason reason);

/* The Japanese words of `code`, with `arg` as {1}, appended to `text`. */
void outcome_words(const struct work *work, const char *code, const char *arg, struct buf *text);

#endif
