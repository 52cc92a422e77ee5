/* run/diff_side.h: one of the two files that are compared: its columns, its rows as hashes, a row's texts.
 *
 * Our eight columns are left out, and so are blank rows. A row costs 48 bytes, and the file is read again where its
 * texts are wanted. */
#ifndef RUN_DIFF_SIDE_H
#define RUN_DIFF_SIDE_H

#include "csv/fields.h"
#include "run/work.h"

#define DIFF_NONE UINT32_MAX /* no row of the other side */

/* Hashes are of texts in UTF-8, so that they are the same whatever the encoding, the quotes and the order of columns.
 */
struct diff_row {
    uint64_t offset;  /* in what is read of the file */
    uint64_t whole;   /* hash of the cells of all columns that both files have */
    uint64_t rest;    /* the same without 受注ID and what tells the lines of an order apart */
    uint64_t key;     /* of 受注ID and what tells the lines apart */
    uint64_t id;      /* of 受注ID, as far as a spreadsheet leaves it: see diff_side_index() */
    uint32_t number;  /* as a spreadsheet counts */
    uint32_t partner; /* the row of the other side that it is, DIFF_NONE: none */
};

struct diff_side {
    struct work work; /* as far as run/header fills it */
    size_t *cells;    /* the cells of the header that are not ours; owned */
    size_t cell_count;
    bool *filled;          /* per cell of `cells`: a row has something there; owned */
    struct diff_row *rows; /* owned */
    size_t row_count;
    size_t row_capacity;

    /* The row that was loaded last. */
    uint32_t loaded; /* DIFF_NONE: none, or one that is read for the first time */
    struct csv_reader *reader;
    struct csv_fields *fields;
    struct buf text;
    struct span *values; /* its cells that are not ours, in UTF-8; at least `cell_count` of them, and what stands beyond
                            the headings. Borrowed until the next row is loaded */
    size_t value_count;
    size_t value_capacity;
};

/* The columns of both files. Numbers are places among the `cells` of a side. */
struct diff_columns {
    struct diff_pair {
        size_t before;
        size_t after;
        bool names; /* 受注ID, or what tells the lines of an order apart */
        bool line;  /* it may differ between the rows of an order */
    } * pairs;      /* owned; in the order of the new file */
    size_t count;
    size_t id[2];    /* by side, the old file first: 受注ID */
    size_t line[2];  /* 明細ID, or else 項番; ORDER_NO_COLUMN where one of the files has neither */
    size_t *removed; /* owned; columns of the old file that the new one does not have */
    size_t removed_count;
    size_t *added; /* owned; the other way round */
    size_t added_count;
};

/* Open `path` and read its header. `options` and `catalog` are borrowed. A file without 支払方法 will do: nothing is
 * sent. Close with diff_side_close(), whatever this says. False: the errors of run/input and run/header. */
bool diff_side_open(struct diff_side *side, const char *path, const struct atobarai_options *options,
                    struct error *error);

void diff_side_close(struct diff_side *side);

/* Which columns are the same: those of one column of the schema, or else of one heading; the second with that heading
 * is the second of the other file. Free with diff_columns_free(), whatever this says. False when memory ran out. */
bool diff_columns_find(struct diff_columns *columns, const struct diff_side *before, const struct diff_side *after,
                       struct error *error);

void diff_columns_free(struct diff_columns *columns);

/* Read all rows. `which`: 0 the old file, 1 the new one. The hash `id` of a row is of its 受注ID without the zeros
 * before it, and of no more of a long number than 1.23457E+11 tells. False: the source's errors, QUOTE_UNCLOSED,
 * ROW_UNREADABLE, or out of memory. */
bool diff_side_index(struct diff_side *side, const struct diff_columns *columns, int which, struct error *error);

/* Read a row again, unless it was the last one. False: the source's errors, or out of memory. */
bool diff_side_load(struct diff_side *side, uint32_t row, struct error *error);

/* The text of a cell of the row that is loaded: "" where it has none. `cell` may be beyond the headings. */
struct span diff_side_value(const struct diff_side *side, size_t cell);

/* The heading of a cell that is not ours, in UTF-8. */
struct span diff_side_heading(const struct diff_side *side, size_t cell);

#endif
