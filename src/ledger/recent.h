/* ledger/recent.h: the orders that were used last, as they stand in the database with all that is not committed yet.
 * For ledger/ only.
 *
 * An order on its way is looked up at every step; here it is found without SQL. Only who writes alone may believe it.
 */
#ifndef LEDGER_RECENT_H
#define LEDGER_RECENT_H

#include "ledger/ledger.h"

struct recent_order {
    struct ledger_order order;
    struct ledger_hash mall;
    int64_t open; /* number of the operation without an outcome, where it is in doubt */
    /* For recent.c: */
    char id[LEDGER_ID_SIZE]; /* 受注ID */
    size_t length;           /* its bytes */
    uint64_t used;           /* the larger, the later; 0: nobody is here */
};

struct recent;

/* NULL when memory ran out. */
struct recent *recent_new(void);

/* NULL is allowed. */
void recent_free(struct recent *recent);

/* The place of the order `id`: its own where `*there`, or else one that was taken from an order that was not used for
 * long, all zero. An id that no order can have (LEDGER_ID_SIZE bytes or more) gets one that is taken away at the next
 * call. Good until then. */
struct recent_order *recent_get(struct recent *recent, struct span id, bool *there);

/* It was not filled after all. */
void recent_drop(struct recent_order *place);

#endif
