/* order/finding.h: what is wrong with an order, on which row, in which column: kept small, put into words later. */
#ifndef ORDER_FINDING_H
#define ORDER_FINDING_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

enum {
    FINDING_ARGS = 3,
    FINDING_NO_COLUMN = UINT16_MAX,
    FINDING_EXCERPT_MAX = 40, /* characters of a cell that are quoted in an argument */
};

struct finding {
    const char *code; /* of the catalogue; static */
    uint32_t row;     /* of the file, as a spreadsheet counts; 0: every row of the order */
    uint32_t other;   /* another row that it names, 0: none */
    uint16_t item;    /* N of items[N] */
    bool warning;     /* does not hold the order back; the catalogue says which codes are such */
    uint16_t column;  /* of the schema; FINDING_NO_COLUMN: the catalogue's fields tell */
    uint16_t cell;    /* of the file's row, from 1, where the schema does not know the column; 0: not needed */
    uint32_t args;    /* where in `texts` its three arguments begin, each with a NUL */
};

/* Of all orders. Zeros are an empty list. */
struct findings {
    struct finding *list; /* owned */
    size_t count;
    size_t capacity;
    struct buf texts; /* the arguments */
    bool failed;      /* memory ran out: a finding is missing */
};

/* Add `finding`; `args` may be NULL, as may each of them. False when memory ran out. */
bool findings_add(struct findings *findings, struct finding finding, const char *const args[FINDING_ARGS]);

/* Whether the list's findings from `begin` to the end hold their order back: one of them is no warning. */
bool findings_block(const struct findings *findings, size_t begin);

/* Append all of `more`, which is empty afterwards; its rows are too small by `shift`. False when memory ran out. */
bool findings_take(struct findings *findings, struct findings *more, uint32_t shift);

/* Take back the findings from `begin` to the end, which have not been sorted otherwise than among themselves. */
void findings_cut(struct findings *findings, size_t begin);

/* Its arguments; borrowed until the list changes. */
void findings_args(const struct findings *findings, const struct finding *finding, struct span args[FINDING_ARGS]);

/* Put the findings from `begin` to the end in the order of their rows, on each row errors before warnings; otherwise
 * they stay as they came. */
void findings_sort(struct findings *findings, size_t begin);

void findings_free(struct findings *findings);

#endif
