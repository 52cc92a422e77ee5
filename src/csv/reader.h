/* csv/reader.h: the records of a source, one after the other: their raw bytes, their row, their damage.
 *
 * Rows are counted as a spreadsheet does: from 1, a blank line is one, a cell with line ends is part of one. */
#ifndef CSV_READER_H
#define CSV_READER_H

#include "csv/scan.h"
#include "csv/source.h"

enum {
    CSV_ROW_MAX = 1024 * 1024,                          /* bytes of a record; a longer one is refused, not swallowed */
    CSV_PART = 512 * 1024,                              /* bytes of a part, where several threads go through a file */
    CSV_BLOCK_SINGLE = 8 * 1024,                        /* bytes to read at once, for records here and there */
    CSV_BLOCK_RANDOM = 64 * 1024,                       /* the same, for some bytes of a file */
    CSV_BLOCK_SEQUENTIAL = CSV_PART + CSV_BLOCK_RANDOM, /* the same, for a part and the record in which it ends */
};

struct csv_record {
    uint64_t offset;        /* of its first byte in the file */
    uint64_t length;        /* bytes without its line end; 0: an empty line */
    char ending[2];         /* its line end: CR, LF or CR LF */
    unsigned ending_length; /* bytes of it: 0 at the end of the file, 1 or 2 */
    uint32_t row;
    bool plain;      /* see csv_scan_plain() */
    bool too_long;   /* beyond CSV_ROW_MAX: `raw` holds only its first CSV_ROW_MAX bytes */
    struct span raw; /* without the line end. Borrowed until the reader is used again, as are the extents */
    size_t cells;    /* how many there are; 0 on an empty line */
    const struct csv_extent *extents; /* the places of the first CSV_CELLS_MAX cells */
    size_t stray;                     /* see scan.h; CSV_NO_CELL: none */
    size_t multiline;                 /* the same */
};

enum csv_next { CSV_NEXT_RECORD, CSV_NEXT_END, CSV_NEXT_FAILED };

struct csv_reader;

/* NULL when memory ran out. `source` is borrowed. */
struct csv_reader *csv_reader_new(const struct csv_source *source, char delimiter, size_t block);

/* NULL is allowed. */
void csv_reader_free(struct csv_reader *reader);

/* The next record. CSV_NEXT_FAILED: the source's errors, or QUOTE_UNCLOSED (kind ERROR_INPUT) with the row {1}, the
 * column {2} as a number from 1, and no {3} yet: that is the column's heading, which the caller knows. A torn cell (see
 * scan.h) is an unclosed quote. */
enum csv_next csv_reader_next(struct csv_reader *reader, struct csv_record *record, struct error *error);

/* Set QUOTE_UNCLOSED of the cell `cell` (from 0). False. */
bool csv_quote_unclosed(const char *path, uint32_t row, size_t cell, struct error *error);

/* Go on reading at a record whose offset and row are known. */
void csv_reader_seek(struct csv_reader *reader, uint64_t offset, uint32_t row);

/* Offset and row of the record that comes next. */
uint64_t csv_reader_offset(const struct csv_reader *reader);
uint32_t csv_reader_row(const struct csv_reader *reader);

/* Bytes of the source as csv_window_view() gives them. Borrowed until the reader is used again; records are not. */
bool csv_reader_view(struct csv_reader *reader, uint64_t offset, size_t wanted, struct span *view, struct error *error);

#endif
