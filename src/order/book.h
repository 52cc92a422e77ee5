/* order/book.h: all rows and orders of a file, a few words each: which row belongs to which order, and how the order
 * stands. Pure.
 *
 * Rows of one 受注ID are one order, wherever they stand. A row without a 受注ID is an order of its own. */
#ifndef ORDER_BOOK_H
#define ORDER_BOOK_H

#include "base/buf.h"
#include "base/span.h"
#include "order/status.h"

#include <stdint.h>

#define BOOK_NONE     UINT32_MAX        /* no row, no order */
#define BOOK_DELETED  (UINT32_MAX - 1)  /* in place of a next row */
#define BOOK_ROWS_MAX (UINT32_MAX - 16) /* rows of a file */

/* One record of the file, the header and blank lines excluded. */
struct book_row {
    uint64_t offset; /* in the file */
    uint32_t number; /* as a spreadsheet counts */
    uint32_t order;
    uint32_t next; /* the order's next row, BOOK_NONE: none; BOOK_DELETED: コントロールカラム D, no part of the order */
    uint32_t length; /* bytes without the line end; UINT32_MAX where it is more */
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
    uint32_t id;    /* where in `ids` it begins; "" for a row without one */
    uint32_t first; /* row; the first deleted one where there are no others */
    uint32_t last;  /* row */
    uint32_t rows;
    uint32_t deleted;  /* more rows of it, that are no part of it */
    uint32_t findings; /* its first finding */
    uint32_t finding_count;
    uint32_t outcome;      /* the finding that the service's answer gave, BOOK_NONE: none */
    uint8_t state;         /* enum book_state */
    uint8_t status;        /* enum order_status */
    bool deferred;         /* a row of it is deferred payment */
    bool other;            /* a row of it is paid otherwise */
    bool deleted_deferred; /* a deleted row is deferred payment */
    bool sound;            /* a row of it is whole and has a usable id: that is the order's id indeed */
    bool damaged;          /* a row of it is not so */
    bool sent;             /* the service was called for it */
    bool registered;       /* the service has it, under `id` */
    uint32_t touched;      /* a damaged row that may belong to it; 0: none */
    uint32_t twin;         /* another order with its 受注番号, BOOK_NONE: none */
    int64_t time;          /* when it was answered; seconds since 1970, 0: never */
};

/* Zeros are an empty book. */
struct book {
    struct book_row *rows; /* owned */
    size_t row_count;
    size_t row_capacity;
    struct book_order *orders; /* owned */
    size_t order_count;
    size_t order_capacity;
    struct buf ids;
    uint32_t *slots; /* owned; a hash table of orders by id */
    size_t slot_count;
};

/* What a row's 支払方法 says. */
enum book_payment {
    BOOK_PAYMENT_UNKNOWN, /* empty, unreadable, or on a damaged row */
    BOOK_PAYMENT_DEFERRED,
    BOOK_PAYMENT_OTHER,
};

/* Add a row of the order `id`; an empty `id` begins an order of its own. `row->order` and `row->next` are filled here.
 * False when memory ran out. */
bool book_add(struct book *book, struct book_row row, struct span id, enum book_payment payment);

/* Add a row that is to be deleted: it names the order `id`, but is no line of it. False when memory ran out. */
bool book_add_deleted(struct book *book, struct book_row row, struct span id, enum book_payment payment);

/* The order `id`; BOOK_NONE when there is none. */
uint32_t book_find(const struct book *book, struct span id);

/* Whether the order is none of ours: paid otherwise, as far as its rows tell, or all of its rows are deleted. One whose
 * payment nobody knows is ours, so that it is not lost. */
bool book_is_skipped(const struct book_order *order);

/* Whether the order would be ours, were not all of its rows deleted. */
bool book_is_emptied(const struct book *book, const struct book_order *order);

/* Borrowed until the book changes. */
const char *book_id(const struct book *book, const struct book_order *order);

void book_free(struct book *book);

#endif
