/* run/rows.h: from records to the rows of an order: damage named, cells decoded. */
#ifndef RUN_ROWS_H
#define RUN_ROWS_H

#include "base/arena.h"
#include "csv/fields.h"
#include "run/work.h"

/* Why the cells of a record cannot be trusted. */
enum rows_damage {
    ROWS_WHOLE,
    ROWS_TOO_LONG,      /* beyond CSV_ROW_MAX */
    ROWS_QUOTE_STRAY,   /* where one cell ends and the next begins is a guess */
    ROWS_CELLS_EXTRA,   /* more than headings: from some cell on, values stand under wrong headings */
    ROWS_CELLS_MISSING, /* fewer, and something that is used is missing, or the row has no usable 受注ID */
};

/* `cells` are the values of the record's `count` cells. */
enum rows_damage rows_damage_of(const struct work *work, const struct csv_record *record, const struct span *cells,
                                size_t count);

/* The value that serves `field` among a record's `count` cells; `data` NULL where it has none. */
struct span rows_cell(const struct work *work, const struct span *cells, size_t count, enum order_field field);

struct rows;

/* NULL when memory ran out. `work` is borrowed; its file is taken in. */
struct rows *rows_new(const struct work *work);

/* NULL is allowed. */
void rows_free(struct rows *rows);

/* Load the order `order` of the book, its lines sorted. Damage and unreadable cells become findings; an order too large
 * to be held gets ORDER_TOO_LARGE and no lines. `findings` may be NULL: they are known already. All is borrowed until
 * the next call. False: the source's errors, or out of memory. */
bool rows_load(struct rows *rows, const struct book_order *order, struct order *loaded, struct findings *findings,
               struct error *error);

/* Read the record of row `row` of the book. Borrowed until the next call. False: the source's errors. */
bool rows_record(struct rows *rows, const struct book_row *row, struct csv_record *record, struct error *error);

/* Memory that lives as long as the order that was loaded last. */
struct arena *rows_arena(struct rows *rows);

#endif
