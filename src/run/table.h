/* run/table.h: rows of texts under headings, to be read by people or by programs; and a cell of a CSV. */
#ifndef RUN_TABLE_H
#define RUN_TABLE_H

#include "atobarai.h"
#include "base/buf.h"

#include <stdint.h>

struct table {
    const struct atobarai_column *columns; /* borrowed */
    size_t count;
    struct buf cells; /* row by row: each a text with its NUL */
    unsigned numbers; /* bits of the columns, 1 << place, whose cells are numbers in JSON */
    size_t *widths;   /* of the columns, as far as they were measured; owned, NULL: none was */
    bool begun;       /* a row was written */
};

/* Put `text`, which may be any bytes, into the next cell. Memory that runs out is told by table_write(). */
void table_put(struct table *table, const char *text);

/* Put a time, as yyyy-mm-dd hh:mm:ss in local time; an empty cell for 0. */
void table_put_time(struct table *table, int64_t seconds);

/* Append the whole rows: as text, columns that stand in line on a terminal; as CSV, whose headings are Japanese in
 * either language and whose cells begin no formula; as JSON, an object a line, null where a cell is empty. Text and CSV
 * hold no control character. Markdown is text. */
void table_write(struct table *table, enum atobarai_format format, enum atobarai_language language, struct buf *out);

/* The same in pieces, for a table that is too long to be held: fill, measure (every piece, before the first is written;
 * only text needs it) and clear; begin; fill, write and clear; end. Whole rows only. */
void table_measure(struct table *table, enum atobarai_language language);
void table_begin(struct table *table, enum atobarai_format format, enum atobarai_language language, struct buf *out);
void table_write_piece(struct table *table, enum atobarai_format format, struct buf *out);
void table_clear(struct table *table);
void table_end(const struct table *table, enum atobarai_format format, enum atobarai_language language,
               struct buf *out);

void table_free(struct table *table);

/* Append a cell of a CSV, quoted where RFC 4180 wants it, and what stands behind it. */
void table_put_csv(const char *text, const char *behind, struct buf *out);

#endif
