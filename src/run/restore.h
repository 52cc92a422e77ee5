/* run/restore.h: the cells that a spreadsheet damaged, found with what the ledger keeps of the file (run/originals),
 * and read as they were.
 *
 * A file without our columns comes from Robot-in: what it says is kept, in place of what was kept before. One that has
 * them is a result file that comes back: it is held against that, and only orders of which nothing is known are kept.
 */
#ifndef RUN_RESTORE_H
#define RUN_RESTORE_H

#include "ledger/ledger.h"
#include "run/work.h"

/* How long it is remembered what a file said, in days: beyond the 90 of a shipping date. */
enum { RESTORE_DAYS = 100 };

/* Look through the file, put damaged cells on `work->mends`, and judge their orders anew, with the warning CELL_DAMAGED
 * for each, and the error CELL_LOST for each text that is gone. An order whose 受注ID is another one without its zeros
 * gets ORDER_ID_DAMAGED. `rehearses`: nothing is kept. False: the errors of the source and the ledger, or out of
 * memory. */
bool restore_run(struct work *work, struct ledger *ledger, bool rehearses, struct error *error);

#endif
