/* order/book.h: all rows and orders of a file, a few words each: which row belongs to which order, and how the order
 * stands. Pure.
 *
 * Rows of one 受注ID are one order, wherever they stand. A row without a 受注ID is an order of its own.
 *
 * Rows are kept packed, 12 bytes each. What most rows and orders do not have is kept beside them: where an order goes
 * on when that is not on the following row, and how row numbers go on when blank lines were passed over. */
#ifndef ORDER_BOOK_H
#define ORDER_BOOK_H

#include "base/buf.h"
#include "base/pairs.h"
#include "base/span.h"
#include "order/status.h"

#include <stdint.h>

#define BOOK_NONE       UINT32_MAX                /* no row, no order */
#define BOOK_ROWS_MAX   (UINT32_MAX - 16)         /* rows of a file */
#define BOOK_OFFSET_MAX ((UINT64_C(1) << 40) - 1) /* where a row may begin; 1 TiB */
#define BOOK_LENGTH_MAX ((UINT32_C(1) << 21) - 1) /* more than a row may have: longer ones are of this length here */

/* One record of the file, the header and blank lines excluded. */
struct book_row {
    uint64_t offset; /* in the file; at most BOOK_OFFSET_MAX */
    uint32_t length; /* bytes without the line end; BOOK_LENGTH_MAX where it is more */
    uint32_t number; /* as a spreadsheet counts */
    uint32_t order;
    bool even;    /* it is whole in memory, and has as many cells as the header */
    bool deleted; /* コントロールカラム D: it names its order, but is no part of it */
};

enum book_state {
    BOOK_UNJUDGED, /* nobody has looked yet */
    BOOK_SKIPPED,  /* not deferred payment */
    BOOK_VALID,    /* no error; after sending: not sent yet */
    BOOK_INVALID,  /* an error was found here */
    BOOK_DONE,     /* registered: `status` tells how the review stands */
    BOOK_REFUSED,  /* by the service, or by the review */
    BOOK_UNSENT,   /* not sent, or in doubt */
};

struct book_order {
    uint32_t id;       /* where in `ids` it begins; "" for a row without one */
    uint32_t first;    /* row; the first deleted one where there are no others */
    uint32_t last;     /* row */
    uint32_t rows;     /* deleted ones do not count */
    uint32_t name;     /* a hash of what the mall calls it (run/twins), 0: it has no name */
    uint32_t findings; /* its first finding */
    uint32_t finding_count;
    uint32_t outcome;          /* the finding that the service's answer gave, BOOK_NONE: none */
    uint32_t time;             /* when it was answered; seconds since 1970, until 2106; 0: never */
    uint8_t state;             /* enum book_state */
    uint8_t status;            /* enum order_status */
    bool deferred : 1;         /* a row of it is deferred payment */
    bool other : 1;            /* a row of it is paid otherwise */
    bool deleted_deferred : 1; /* a deleted row is deferred payment */
    bool whole : 1;            /* a row of it is undamaged, and has said its name */
    bool sound : 1;            /* a row of it is whole and has a usable id: that is the order's id indeed */
    bool damaged : 1;          /* a row of it is not so */
    bool sent : 1;             /* the service was called for it */
    bool registered : 1;       /* the service has it, under book_service_id() */
    bool touched : 1;          /* see book_touch() */
    bool twin : 1;             /* see book_twin() */
};

_Static_assert(sizeof(struct book_order) <= 40, "there are millions of them");

/* From row `row` on, a row's number is `shift` more than its place in the book, modulo 2^32. */
struct book_shift {
    uint32_t row;
    uint32_t shift;
};

/* Zeros are an empty book. */
struct book {
    uint64_t *words;  /* owned; per row: offset, length, whether it is even, or deleted, or its order jumps from it */
    uint32_t *owners; /* owned; per row: its order */
    size_t row_count;
    size_t row_capacity;
    struct pairs jumps;        /* the order's next row, where that is not the following one */
    struct book_shift *shifts; /* owned; sorted */
    size_t shift_count;
    size_t shift_capacity;
    size_t deleted_count;      /* rows that are deleted */
    struct book_order *orders; /* owned */
    size_t order_count;
    size_t order_capacity;
    struct buf ids;
    uint32_t *slots;     /* owned; a hash table of orders by id */
    unsigned char *tags; /* owned; a few bits of each slot's hash, 0: it is free */
    size_t slot_count;
    struct pairs touched; /* order → number of the damaged row */
    struct pairs twins;   /* order → order */
    struct pairs issued;  /* order → where in `ids` its id at the service begins, where that is not its own */
};

/* What a row's 支払方法 says. */
enum book_payment {
    BOOK_PAYMENT_UNKNOWN, /* empty, unreadable, or on a damaged row */
    BOOK_PAYMENT_DEFERRED,
    BOOK_PAYMENT_OTHER,
};

/* Add a row of the order `id`; an empty `id` begins an order of its own. `row->order` and `row->deleted` are of no
 * matter. The row's order, borrowed until the book changes; NULL when memory ran out. */
struct book_order *book_add(struct book *book, const struct book_row *row, struct span id, enum book_payment payment);

/* Add a row that is to be deleted: it names the order `id`, but is no line of it. False when memory ran out. */
bool book_add_deleted(struct book *book, const struct book_row *row, struct span id, enum book_payment payment);

/* What was seen on the row that was just added to `order`: whether it is whole, and sound. The first sound row says
 * what the mall calls the order, and while there is none the last whole one: `name` counts where the row is whole and
 * `order` not yet sound. */
void book_see(struct book_order *order, bool whole, bool sound, uint32_t name);

/* Add all of `part`, rows of the same file that stand behind those of `book`, as if each had been added to `book`
 * itself; their numbers are all too small by `shift`, and the places of their findings by `findings`. No order of
 * `part` is touched or has a twin. An order that both know has not been judged afterwards: no judgement was of all of
 * its rows. `part` is empty then, and keeps its memory for the next rows. False when memory ran out; both books can
 * then only be freed. */
bool book_join(struct book *book, struct book *part, uint32_t shift, size_t findings);

/* Forget what was found of the order. */
void book_unjudge(struct book_order *order);

/* Row `row` of the book. */
struct book_row book_row(const struct book *book, uint32_t row);

/* The first row that begins at `offset` or behind it; `row_count` where none does. */
uint32_t book_row_at(const struct book *book, uint64_t offset);

/* The next row of the same order; BOOK_NONE behind the last one and behind a deleted one. */
uint32_t book_next(const struct book *book, uint32_t row);

/* The order `id`; BOOK_NONE when there is none. */
uint32_t book_find(const struct book *book, struct span id);

/* Note that the damaged row of the number `number` may belong to the order. False when memory ran out. */
bool book_touch(struct book *book, uint32_t order, uint32_t number);

/* That number; 0: none. */
uint32_t book_touched(const struct book *book, uint32_t order);

/* Note that another order has the same name. False when memory ran out. */
bool book_set_twin(struct book *book, uint32_t order, uint32_t twin);

/* That order; BOOK_NONE: none. */
uint32_t book_twin(const struct book *book, uint32_t order);

/* Whether the order is none of ours: paid otherwise, as far as its rows tell, or all of its rows are deleted. One whose
 * payment nobody knows is ours, so that it is not lost. */
bool book_is_skipped(const struct book_order *order);

/* Whether the order would be ours, were not all of its rows deleted. */
bool book_is_emptied(const struct book *book, const struct book_order *order);

/* Borrowed until the book changes. */
const char *book_id(const struct book *book, const struct book_order *order);

/* Note what the service calls the order. False when memory ran out. */
bool book_set_service_id(struct book *book, uint32_t order, const char *id);

/* That; its own id where nothing else was noted. Borrowed until the book changes. */
const char *book_service_id(const struct book *book, const struct book_order *order);

/* Empty again; the memory is kept. */
void book_clear(struct book *book);

void book_free(struct book *book);

#endif
