/* run/send.h: an operation on every valid order: from what the ledger knows to what the service answers. */
#ifndef RUN_SEND_H
#define RUN_SEND_H

#include "api/dialect.h"
#include "ledger/ledger.h"
#include "run/log.h"
#include "run/work.h"

#include <regex.h>

/* Whom to ask, and where it is written down. Borrowed. */
struct service {
    const struct api_dialect *dialect;
    struct api_account account;
    struct ledger *ledger;
    const regex_t *retry_on; /* refusals whose message matches are worth another attempt; NULL: none are */
    struct log *log;         /* NULL: none */
};

/* Do `work->operation` to each BOOK_VALID order of the book, in the order of the file, as far as its state asks for it
 * (run/plan). Each becomes BOOK_DONE, BOOK_REFUSED, BOOK_INVALID or BOOK_UNSENT, all but the first with an outcome
 * among `work->findings`.
 *
 * No request that changes something leaves before its intent is on the disk. Every attempt at it carries the same
 * Idempotency-Key, in this run and in any later one; where the protocol knows none, the service is asked before there
 * is another attempt. What a run leaves in doubt, the next one settles first.
 *
 * False with an error of kind ERROR_CONFIG (credentials refused; the ledger cannot be written; libcurl or memory gave
 * up) or ERROR_USAGE (the file changed): some orders may have been sent, and a later run finds them so. That the
 * service could not be used is no error here: BOOK_UNSENT says it. */
bool send_run(struct work *work, const struct service *service, struct error *error);

/* The same without sending or recording anything: an outcome PLAN_… says what would be sent, and why. The ledger may be
 * one for reading. */
bool send_rehearse(struct work *work, const struct service *service, struct error *error);

#endif
