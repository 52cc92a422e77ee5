/* run/workbook.h: --xlsx: the result as a workbook made for fixing it.
 *
 * Its first sheet is the table of the result CSV: each record on the row that it has there, each cell a text with the
 * same value. The cells to fix are coloured and say in a comment what is wrong and what to do; an error that is about
 * no cell stands on エラーコード. Two more sheets count, and explain (run/workbook_sheets). */
#ifndef RUN_WORKBOOK_H
#define RUN_WORKBOOK_H

#include "csv/target.h"
#include "run/work.h"

/* Whether the file, which has been read, fits into a workbook: only long rows are looked at again. False, all of kind
 * ERROR_USAGE: WORKBOOK_TOO_LARGE with the rows {1} and the columns {2} of the table; WORKBOOK_CELL_TOO_LONG with row
 * {1}, column {2} as a number from 1, and its heading {3}, for a row beyond CSV_ROW_MAX too; USAGE_BAD_VALUE where
 * --set-status or --set-shop-status is too long for a cell; INPUT_CHANGED or INPUT_UNREADABLE. Or out of memory.
 *
 * So only a cell of ours can be too long later, one that holds very many findings or a huge message of the service:
 * that is cut, with a … at its end. */
bool workbook_check(const struct work *work, struct error *error);

/* Write the workbook of `work` and put it in its place; the target is gone afterwards, whatever happens. `summary` has
 * the counts. False: OUTPUT_UNWRITABLE or OUTPUT_EXISTS with the system's reason {1}, INPUT_CHANGED, INPUT_UNREADABLE
 * (kind ERROR_USAGE), or out of memory. */
bool workbook_write(struct work *work, const struct atobarai_summary *summary, struct csv_target *target,
                    struct error *error);

#endif
