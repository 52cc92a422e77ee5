/* run/loader.h: the rows of an order, read from the file: damage named, cells decoded. */
#ifndef RUN_LOADER_H
#define RUN_LOADER_H

#include "base/arena.h"
#include "run/work.h"

struct loader;

/* For one thread. NULL when memory ran out. `work` is borrowed; its file is taken in. */
struct loader *loader_new(const struct work *work);

/* NULL is allowed. */
void loader_free(struct loader *loader);

/* Load the order `order` of the book, its lines sorted. Damage and unreadable cells become findings; an order too large
 * to be held gets ORDER_TOO_LARGE and no lines. `findings` may be NULL: they are known already. All is borrowed until
 * the next call. A cell that says what the one above says in the file is at the same place in memory. False: the
 * source's errors, or out of memory. */
bool loader_load(struct loader *loader, const struct book_order *order, struct order *loaded, struct findings *findings,
                 struct error *error);

/* The same line by line, for whoever has the records at hand: begin, add at most ORDER_LINES_MAX lines, end. The order
 * is borrowed until the next begin; of the records, nothing is. False when memory ran out. */
void loader_begin(struct loader *loader, struct order *order);
bool loader_add(struct loader *loader, const struct csv_record *record, struct order *order, struct findings *findings,
                struct error *error);
void loader_end(struct loader *loader, struct order *order);

/* Read the record of row `row` of the book. Borrowed until the next call. False: the source's errors. */
bool loader_record(struct loader *loader, const struct book_row *row, struct csv_record *record, struct error *error);

/* The values of its cells. Borrowed until the next call. False when memory ran out. */
bool loader_cells(struct loader *loader, const struct csv_record *record, const struct span **cells, size_t *count,
                  struct error *error);

/* Memory that lives as long as the order that was loaded last. */
struct arena *loader_arena(struct loader *loader);

#endif
