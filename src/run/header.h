/* run/header.h: the columns of the file: those of the schema, and ours in a result file that comes back. */
#ifndef RUN_HEADER_H
#define RUN_HEADER_H

#include "run/work.h"

/* Read the header of the file that run/input has opened: layout, columns, and where the rows begin. False with errors
 * of kind ERROR_INPUT (no Robot-in order CSV), those of the source, or out of memory. */
bool header_read(struct work *work, struct error *error);

#endif
