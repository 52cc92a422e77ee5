/* csv/writer.h: records with cells of ours behind them, into a target.
 *
 * The bytes of a record are copied as they came, its line end too. Our cells stand behind its last one; where the input
 * has columns of the same headings already, they stand in those. A few cells of the input's own may be set to something
 * else. */
#ifndef CSV_WRITER_H
#define CSV_WRITER_H

#include "base/buf.h"
#include "csv/reader.h"
#include "csv/target.h"

enum {
    CSV_OURS = 8, /* columns that are ours */
    CSV_SET = 2,  /* cells of the input's own that may be set in one record */
};

/* A cell of the input's own that gets another value. */
struct csv_set {
    size_t place;     /* no place of ours; CSV_NO_CELL: there is none to be set */
    struct span cell; /* in the file's encoding, without a line end; borrowed */
};

struct csv_writer {
    struct csv_target *target; /* borrowed; NULL: what is put stays in `line` */
    char delimiter;
    bool quoted;             /* every heading of the input is quoted: our cells are, too */
    size_t columns;          /* of the header */
    size_t places[CSV_OURS]; /* the input's columns that are to hold ours; CSV_NO_CELL: behind the last one */
    struct buf *line;        /* borrowed: what is not yet in the target */
};

/* `header` is the input's first record. */
void csv_writer_init(struct csv_writer *writer, struct csv_target *target, char delimiter, struct buf *line,
                     const struct csv_record *header, const size_t places[CSV_OURS]);

/* Whether every cell of a header is quoted: then it is the file's habit. */
bool csv_writer_all_quoted(const struct csv_record *header);

/* Append one cell to `line`, quoted if `quoted`, or where a quote or `delimiter` in it asks for that; a line end does
 * not. */
void csv_writer_put_cell(char delimiter, struct span cell, bool quoted, struct buf *line);

/* Write `record` with `cells`, whose bytes are in the file's encoding and hold no line end. An empty line is copied as
 * it is. A record with fewer cells than the header is filled up, so that ours stand under their headings; in one with
 * more, ours are the last. A record that is too long for memory is copied from its source in pieces, and needs a
 * target. False: the errors of the source (`window` is on it) and the target.
 *
 * `set` may be NULL: no other cell changes. One that is set is quoted where the one before was, or where it must be;
 * where the record had none, as ours are. In a record that is too long, or has more cells than the header, nobody knows
 * which cell that would be: nothing is set. */
bool csv_writer_put(struct csv_writer *writer, struct csv_window *window, const struct csv_record *record,
                    const struct span cells[CSV_OURS], const struct csv_set set[CSV_SET], struct error *error);

/* Where our cells stand in `record` as it is written, from 0. */
void csv_writer_places(const struct csv_writer *writer, const struct csv_record *record, size_t places[CSV_OURS]);

/* Whether our cells stand behind the last one of the input in any record that has as many cells as the header. */
bool csv_writer_appends(const struct csv_writer *writer);

/* Append to `tail` what stands behind the bytes of such a record: `cells`, each with its delimiter. */
void csv_writer_tail(const struct csv_writer *writer, const struct span cells[CSV_OURS], struct buf *tail);

#endif
