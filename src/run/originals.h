/* run/originals.h: what an order file said when it came from Robot-in, kept in the ledger as hashes. When the rows come
 * back from a spreadsheet, it is told which of them were changed, and which cells were not edited but damaged there: a
 * text that a spreadsheet may have made of another (order/damage.h) was made of it where the other has the hash that
 * was kept.
 *
 * Of a cell 16 bits are kept, which give little away, and of a row 64. In a row of damaged cells only, the 64 prove
 * each of them; in one that was edited, too, there are the 16 alone, and an edit that looks like damage is taken for
 * it, or a damaged cell for another text than it was, in some ten to four hundred cases of 65,536. No edit of a row is
 * overlooked where the file has all of its columns. Rows are told by their likeness: they may be sorted, and columns
 * moved, added or deleted; of columns with the same heading, which is which is told by their order.
 */
#ifndef RUN_ORIGINALS_H
#define RUN_ORIGINALS_H

#include "ledger/ledger.h"
#include "run/work.h"

struct originals;

/* For one thread, and a file that was read (run/intake). Both are borrowed. NULL when memory ran out. */
struct originals *originals_new(const struct work *work, struct ledger *ledger);

/* NULL is allowed. */
void originals_free(struct originals *originals);

enum originals_state {
    ORIGINALS_UNKNOWN, /* nothing is known of the row: it is new, or damaged, or was kept too long ago */
    ORIGINALS_SAME,    /* as it was, but for damaged cells */
    ORIGINALS_CHANGED, /* a cell was edited */
};

/* A cell that is not as it was. */
struct originals_cell {
    size_t cell;     /* in the file's row */
    struct span was; /* before, in UTF-8; of a cell that was edited nobody knows it: `data` is NULL */
    struct span is;  /* now, likewise */
};

struct originals_row {
    uint32_t row;    /* of the book */
    uint32_t number; /* as a spreadsheet counts */
    enum originals_state state;
    struct originals_cell *damaged; /* by a spreadsheet */
    size_t damaged_count;
    struct originals_cell *edited; /* or damaged in a way that cannot be told */
    size_t edited_count;
};

/* All rows of one order that are not deleted, in the order of the file. Borrowed until the next call. */
struct originals_order {
    bool known; /* something was kept of the order */
    struct originals_row *rows;
    size_t count; /* 0 for an order of more than ORDER_LINES_MAX lines */
};

/* Hold the order against what is kept of it. False: the errors of the source and the ledger, or out of memory. */
bool originals_compare(struct originals *originals, const struct book_order *order, struct originals_order *compared,
                       struct error *error);

/* Whether a cell of the file stands under a heading that was there before, in any order that was compared so far. */
bool originals_covers(const struct originals *originals, size_t cell);

/* Keep what the order says now, in the present transaction of the ledger. Errors as above. */
bool originals_keep(struct originals *originals, const struct book_order *order, struct error *error);

#endif
