/* run/register.h: 買い手情報登録 of every valid order. */
#ifndef RUN_REGISTER_H
#define RUN_REGISTER_H

#include "api/dialect.h"
#include "run/work.h"

/* Register each BOOK_VALID order of the book, in the order of the file. Each becomes BOOK_DONE, BOOK_REFUSED or
 * BOOK_UNSENT, the latter two with an outcome among `work->findings`.
 *
 * No order is registered twice: every attempt at the same content carries the same Idempotency-Key, in this run and in
 * any later one, and an id that the service knows already (409) is asked about and taken over, never sent again.
 *
 * False with an error of kind ERROR_CONFIG (credentials refused; libcurl or memory gave up) or ERROR_USAGE (the file
 * changed): some orders may have been registered, and a later run finds them so. That the service could not be used is
 * no error here: BOOK_UNSENT says it. */
bool register_run(struct work *work, const struct api_dialect *dialect, const struct api_account *account,
                  struct error *error);

#endif
