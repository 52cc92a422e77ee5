/* run/check.c: see check.h. */
#include "run/check.h"

#include "order/rules.h"
#include "run/rows.h"
#include "run/touched.h"

#include <inttypes.h>
#include <stdio.h>

/* The order is held back for a row elsewhere. */
static void add_touched(const struct book_order *order, struct findings *findings)
{
    char row[16];
    const char *args[FINDING_ARGS] = {row};
    snprintf(row, sizeof row, "%" PRIu32, order->touched);
    findings_add(findings, (struct finding){.code = "DAMAGED_ROW_NEAR", .column = FINDING_NO_COLUMN}, args);
}

static bool check_order(struct work *work, struct rows *rows, struct book_order *order, struct error *error)
{
    struct order loaded;
    size_t before = work->findings.count;
    if (!rows_load(rows, order, &loaded, &work->findings, error))
        return false;
    rules_check(&work->columns, &loaded, &work->findings);
    if (order->touched != 0)
        add_touched(order, &work->findings);
    findings_sort(&work->findings, before);
    if (work->findings.failed)
        return error_set_memory(error);
    order->findings = (uint32_t)before;
    order->finding_count = (uint32_t)(work->findings.count - before);
    order->state = order->finding_count > 0 ? BOOK_INVALID : BOOK_VALID;
    return true;
}

bool check_run(struct work *work, struct error *error)
{
    struct rows *rows = rows_new(work);
    bool done = rows != NULL ? touched_find(work, rows, error) : error_set_memory(error);
    for (size_t i = 0; i < work->book.order_count && done; i++) {
        struct book_order *order = &work->book.orders[i];
        if (atomic_load(work->interrupt))
            done = error_set(error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
        else if (book_is_skipped(order))
            order->state = BOOK_SKIPPED;
        else
            done = check_order(work, rows, order, error);
    }
    rows_free(rows);
    return done;
}
