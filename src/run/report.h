/* run/report.h: --report: a page that says how a run went: for whoever comes in the morning.
 *
 * Totals, errors by kind with causes and remedies, the orders to fix, links to the result files, and a chart of the
 * last runs. It is made of what the run has in memory; the input is not read again. Nobody's data is in it but order
 * ids: a message that quotes cells is there by its title, and a remedy with … in the place of quotes, unless
 * options->report_details asks for all. Its texts and its style are data: schemas/report.json, schemas/report.css. */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include "csv/target.h"
#include "ledger/ledger.h"
#include "run/work.h"

enum {
    REPORT_ROWS_MAX = 3000, /* of the table of orders to fix; what is more is in the result */
    REPORT_RUNS = 30,       /* in the chart, this one included */
};

/* Write the page and put it in its place; the target is gone afterwards, whatever happens. `summary` has the counts and
 * the time that it took so far, `status` is how the run ends. `ledger` tells of the runs before; NULL: nobody does.
 * False: OUTPUT_UNWRITABLE or OUTPUT_EXISTS with the system's reason {1} (kind ERROR_USAGE), what the ledger says, or
 * out of memory. */
bool report_write(const struct work *work, const struct atobarai_summary *summary, enum atobarai_status status,
                  struct ledger *ledger, struct csv_target *target, struct error *error);

/* How the run went, as the ledger keeps it. */
struct ledger_run report_run(const struct work *work, const struct atobarai_summary *summary,
                             enum atobarai_status status);

#endif
