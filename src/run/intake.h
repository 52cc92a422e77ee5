/* run/intake.h: the first pass over the file: is it an order CSV, and which rows make which orders? */
#ifndef RUN_INTAKE_H
#define RUN_INTAKE_H

#include "run/work.h"

/* Open `work->input`, find its columns, and enter every row into the book. Errors of kind ERROR_USAGE (a path that
 * cannot be read) and ERROR_INPUT (no Robot-in order CSV). */
bool intake_run(struct work *work, struct error *error);

#endif
