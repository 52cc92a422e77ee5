/* run/output.h: the last pass over the file: each record with its eight cells, into the result file.
 * On rows of orders that are done, ステータスコード and 店舗ステータス become what was asked for (run/setting). */
#ifndef RUN_OUTPUT_H
#define RUN_OUTPUT_H

#include "csv/target.h"
#include "run/work.h"

/* Write the result of `work` into `target` and put it in its place; the target is gone afterwards, whatever happens.
 * Errors of kind ERROR_USAGE: the file changed meanwhile, or the result cannot be written. */
bool output_write(struct work *work, struct csv_target *target, struct error *error);

#endif
