/* csv/scan.h: where records and cells begin and end, found on raw bytes. Pure: fed with bytes, it knows no file.
 *
 * A quote opens a cell only at the cell's very beginning; inside, "" is a quote; a quote before a delimiter, a line end
 * or the end of the input closes it. CR, LF and CR LF end a record outside quotes. The bytes of a CP932 character are
 * never taken for any of these: its second byte is 0x40 or more. Those of a UTF-8 character beyond ASCII are all 0x80
 * or more.
 *
 * Anything else about quotes is damage, and the scan says so rather than guess:
 *   stray  a quote within an unquoted cell, or text behind a closing quote. The cell goes on to the next delimiter or
 *          line end, so that a stray quote never takes the rows behind it along.
 *
 *   torn   text behind the closing quote of a cell that holds a line end. That quote most likely opens another cell, in
 *          a later row, and the cell's own was never closed: rows were swallowed.
 *
 * Only a cell that is ="…" as a whole may have its quotes without being quoted: exports write leading zeros so. */
#ifndef CSV_SCAN_H
#define CSV_SCAN_H

#include "base/span.h"

#include <stdint.h>

enum {
    CSV_CELLS_MAX = 4096, /* cells of a record whose place is kept; more are only counted */
};

#define CSV_NO_CELL SIZE_MAX /* no index of a cell */

/* A cell's place, its quotes included, in bytes from the record's beginning. */
struct csv_extent {
    uint64_t begin;
    uint64_t end;
};

/* How far a cell that is not quoted is one of the form ="…". */
enum csv_scan_formula {
    CSV_FORMULA_NONE,
    CSV_FORMULA_SIGN,   /* = is all so far */
    CSV_FORMULA_OPEN,   /* in its quotes */
    CSV_FORMULA_CLOSED, /* whole, if it ends here */
};

enum csv_scan_state {
    CSV_SCAN_CELL_BEGIN,
    CSV_SCAN_PLAIN,  /* in an unquoted cell, or behind a closing quote and text */
    CSV_SCAN_QUOTED, /* in a quoted cell */
    CSV_SCAN_QUOTE,  /* behind a quote in a quoted cell: closing, or the first of two */
    CSV_SCAN_CR,     /* behind a CR that ended the record: a LF may belong to it */
    CSV_SCAN_END,
};

/* Fields are for reading only. */
struct csv_scan {
    char delimiter;
    enum csv_scan_state state;
    enum csv_scan_formula formula; /* of the cell at hand */
    uint64_t length;               /* bytes of the record so far, its line end excluded */
    char ending_bytes[2];
    unsigned ending;                          /* bytes of its line end: 0 at the end of the input, 1 or 2 */
    size_t cells;                             /* finished ones */
    size_t stray;                             /* the first cell with a stray quote, CSV_NO_CELL: none */
    size_t multiline;                         /* the last cell so far that holds a line end, CSV_NO_CELL: none */
    size_t torn;                              /* the cell that was torn, CSV_NO_CELL: none */
    uint64_t cell_begin;                      /* of the cell at hand */
    struct csv_extent extents[CSV_CELLS_MAX]; /* of the finished ones */
};

void csv_scan_begin(struct csv_scan *scan, char delimiter);

/* Go on with the record at hand. Returns the bytes that were taken: fewer than `length` where the record ended, then
 * the state is CSV_SCAN_END. In the state CSV_SCAN_CR with all bytes taken, one more byte is needed to know. */
size_t csv_scan_feed(struct csv_scan *scan, const char *bytes, size_t length);

/* Take a whole record at once, in place of csv_scan_begin() and csv_scan_feed(), where nothing about it is unusual: its
 * end lies within `bytes`, no quote stands but around cells, no cell holds a line end, and its places are all kept.
 * True: the state is CSV_SCAN_END, and the value of each cell is its bytes without the quotes around it. False: nothing
 * is known. */
bool csv_scan_plain(struct csv_scan *scan, char delimiter, const char *bytes, size_t length);

/* The same, byte by byte, for machines without SSE2; it may take a record of thousands of cells that the other does
 * not. */
bool csv_scan_plain_by_bytes(struct csv_scan *scan, char delimiter, const char *bytes, size_t length);

/* The input is over: the record at hand ends here. False where a quoted cell is still open: cell `scan->cells`, which
 * began at `scan->cell_begin`. */
bool csv_scan_finish(struct csv_scan *scan);

/* What stands between the cells of a file that begins with `head`, its byte order mark left out: a tab if its first
 * line has more tabs than commas outside quotes, or else a comma. */
char csv_delimiter_of(struct span head);

#endif
