/* run/diff_match.h: which row of the new file is which of the old one.
 *
 * In this order, each of the rows that are left: rows that say the same; the same 受注ID and 明細ID (or 項番); the same
 * 受注ID as far as a spreadsheet left it, and the same otherwise; of one 受注ID those that are most alike, if half of
 * what a line says of itself is the same. What a spreadsheet made of a cell counts as the same. Where the files have
 * nothing that tells the lines of an order apart, those that are left are taken in their order if no line came or went.
 */
#ifndef RUN_DIFF_MATCH_H
#define RUN_DIFF_MATCH_H

#include "run/diff_side.h"

/* Set the partner of every row on both sides. False: the source's errors, or out of memory. */
bool diff_match(struct diff_side *before, struct diff_side *after, const struct diff_columns *columns,
                struct error *error);

#endif
