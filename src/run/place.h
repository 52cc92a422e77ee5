/* run/place.h: where the ledger is when nobody says where. */
#ifndef RUN_PLACE_H
#define RUN_PLACE_H

#include "base/buf.h"
#include "base/error.h"

/* Append to `path` where the ledger is: `given`, or where that is NULL $XDG_STATE_HOME/atobarai/ledger.db, or
 * $HOME/.local/state/atobarai/ledger.db where the first is not set or no absolute path. Nothing is looked for and
 * nothing is made. False: LEDGER_NO_PLACE (kind ERROR_CONFIG) when neither is an absolute path, or memory ran out. */
bool place_of_ledger(const char *given, struct buf *path, struct error *error);

#endif
