/* run/judge.c: see judge.h. */
#include "run/judge.h"

#include <inttypes.h>
#include <stdio.h>

enum rules_purpose judge_purpose(const struct work *work)
{
    switch (work->operation) {
    case ATOBARAI_CHECK:
    case ATOBARAI_REGISTER:
    case ATOBARAI_REREGISTER:
        return RULES_REGISTER;
    case ATOBARAI_SHIP:
        return RULES_SHIP;
    case ATOBARAI_CANCEL:
    case ATOBARAI_STATUS:
        return RULES_ID;
    }
    return RULES_REGISTER;
}

/* The order is held back for a row elsewhere. */
static void add_touched(const struct book *book, uint32_t order, struct findings *findings)
{
    char row[16];
    const char *args[FINDING_ARGS] = {row};
    snprintf(row, sizeof row, "%" PRIu32, book_touched(book, order));
    findings_add(findings, (struct finding){.code = "DAMAGED_ROW_NEAR", .column = FINDING_NO_COLUMN}, args);
}

/* Whether a finding holds the order back is the catalogue's word, or the user's who wants warnings to be errors. */
static void weigh(struct work *work, size_t begin)
{
    for (size_t i = begin; i < work->findings.count; i++) {
        const struct catalog_entry *entry = catalog_find(work->catalog, work->findings.list[i].code);
        work->findings.list[i].warning = entry != NULL && entry->warning && !work->options->strict;
    }
}

/* An order whose lines are all to be deleted. */
static void add_emptied(struct findings *findings)
{
    findings_add(findings, (struct finding){.code = "ORDER_NO_ITEMS", .column = FINDING_NO_COLUMN}, NULL);
}

/* Another order of the file has the mall's number. */
static void add_twin(const struct book *book, uint32_t order, struct findings *findings)
{
    const struct book_order *twin = &book->orders[book_twin(book, order)];
    char row[16];
    const char *args[FINDING_ARGS] = {book_id(book, twin), row};
    snprintf(row, sizeof row, "%" PRIu32, book_row(book, twin->first).number);
    findings_add(findings, (struct finding){.code = "MALL_NUMBER_TWICE", .column = FINDING_NO_COLUMN}, args);
}

bool judge_order(struct work *work, struct cells_memory *memory, uint32_t index, const struct order *loaded,
                 size_t begin, struct error *error)
{
    struct book_order *order = &work->book.orders[index];
    struct findings *findings = &work->findings;
    bool skipped = book_is_skipped(order);
    if (skipped && book_is_emptied(&work->book, order))
        add_emptied(findings);
    if (!skipped) {
        rules_check(&work->columns, loaded, judge_purpose(work), work->kuroneko, memory, findings);
        if (order->touched)
            add_touched(&work->book, index, findings);
        if (order->twin)
            add_twin(&work->book, index, findings);
    }
    weigh(work, begin);
    findings_sort(findings, begin);
    if (findings->failed)
        return error_set_memory(error);
    order->findings = (uint32_t)begin;
    order->finding_count = (uint32_t)(findings->count - begin);
    bool blocked = findings_block(findings, begin);
    order->state = blocked ? BOOK_INVALID : skipped ? BOOK_SKIPPED : BOOK_VALID;
    return true;
}

void judge_forget(struct work *work)
{
    findings_free(&work->findings);
    for (size_t i = 0; i < work->book.order_count; i++)
        book_unjudge(&work->book.orders[i]);
}
