/* order/judging.h: what is being judged, and how what is wrong with it is told. Pure; for the files of rules only. */
#ifndef ORDER_JUDGING_H
#define ORDER_JUDGING_H

#include "order/finding.h"
#include "order/order.h"
#include "order/rules.h"

struct judging {
    const struct order_columns *columns;
    const struct order *order;
    enum rules_purpose purpose;
    const struct kuroneko_terms *kuroneko; /* NULL: the public protocol is not what it is sent by */
    const struct order_row *row;           /* the row at hand; NULL: the whole order */
    size_t item;                           /* its place among the lines, from 0 */
    struct findings *findings;
    struct cells_memory *memory; /* NULL: none */
};

/* A finding about the row at hand, in column `column` of the schema; ORDER_NO_COLUMN: the catalogue's fields tell.
 * `args` may be NULL. */
void judging_add(const struct judging *judging, const char *code, size_t column, const char *const args[FINDING_ARGS]);

/* One that names another row. */
void judging_add_other(const struct judging *judging, const char *code, size_t column, uint32_t other,
                       const char *const args[FINDING_ARGS]);

/* One that quotes the cell as {1}. */
void judging_quote(const struct judging *judging, const char *code, size_t column, struct span value);

/* The same with up to two things more to say: {2} and {3}, each of which may be NULL. */
void judging_quote_with(const struct judging *judging, const char *code, size_t column, struct span value,
                        const char *second, const char *third);

/* As much of a cell as is quoted; borrowed from `excerpt`, which the caller frees. */
const char *judging_excerpt(const struct judging *judging, struct span value, struct buf *excerpt);

#endif
