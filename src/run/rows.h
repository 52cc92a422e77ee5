/* run/rows.h: what a record is: a blank line, whole or damaged, which order it names. */
#ifndef RUN_ROWS_H
#define RUN_ROWS_H

#include "run/work.h"

#include <stddef.h>

/* A blank line: an empty one, or cells only that are empty, which is what a spreadsheet makes of it, or hold nothing
 * but blanks, which nobody sees there. */
bool rows_is_blank(const struct work *work, const struct csv_record *record);

/* Why the cells of a record cannot be trusted. */
enum rows_damage {
    ROWS_WHOLE,
    ROWS_TOO_LONG,      /* beyond CSV_ROW_MAX */
    ROWS_QUOTE_STRAY,   /* where one cell ends and the next begins is a guess */
    ROWS_CELLS_EXTRA,   /* more than headings: from some cell on, values stand under wrong headings */
    ROWS_CELLS_MISSING, /* fewer, and something that is used is missing, or a cell holds what its column cannot */
};

/* `cells` are the values of the record's `count` cells. `there`, if not NULL, gets how many of its cells are really
 * there: fewer than it has where we filled it up or it has slid to the left, more where it has slid to the right. */
enum rows_damage rows_damage_of(const struct work *work, const struct csv_record *record, const struct span *cells,
                                size_t count, size_t *there);

/* How many headings stand before ours: in a result file that comes back, the clerk's cells end there. A spreadsheet
 * adds headings without a text where a row had too many cells. All of the headings where ours are not the last. */
size_t rows_own_headings(const struct work *work);

/* By how many cells ours, which the last run wrote, stand right of their headings in a result file that comes back, or
 * left where it is negative; 0 where they are in place, or nothing tells: a code does. A spreadsheet makes all rows as
 * wide as the widest, so that one with cells too many or too few is no longer told by their number. */
ptrdiff_t rows_slide(const struct work *work, const struct csv_record *record);

/* Whether the heading of cell `cell` is one of ours, in a result file that comes back. */
bool rows_is_our_heading(const struct work *work, size_t cell);

/* Whether cell `cell` of the record is one of ours, in a result file that comes back. */
bool rows_is_ours(const struct work *work, const struct csv_record *record, size_t cell);

/* Whether the record's 受注ID is where it belongs: behind a stray quote nobody knows which cell is which. */
bool rows_id_in_place(const struct work *work, const struct csv_record *record);

/* Whether the record has a 受注ID, in its place and of the type that the schema asks for. */
bool rows_has_id(const struct work *work, const struct csv_record *record, const struct span *cells, size_t count);

/* Whether this run does anything with what stands in a column of the schema: it is not only carried through. */
bool rows_use(const struct work *work, size_t column);

/* Whether a cell, as it stands in the file, holds nothing but blanks. */
bool rows_cell_is_blank(const struct work *work, struct span cell);

/* The value that serves `field` among a record's `count` cells; `data` NULL where it has none. */
struct span rows_cell(const struct work *work, const struct span *cells, size_t count, enum order_field field);

#endif
