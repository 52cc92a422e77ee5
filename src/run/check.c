/* run/check.c: see check.h. */
#include "run/check.h"

#include "base/parallel.h"
#include "order/cells.h"
#include "order/rules.h"
#include "run/touched.h"
#include "run/twins.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

static bool check_order(struct work *work, struct loader *loader, struct cells_memory *memory, uint32_t index,
                        struct error *error)
{
    struct book_order *order = &work->book.orders[index];
    struct order loaded;
    size_t before = work->findings.count;
    bool skipped = book_is_skipped(order);
    if (skipped && book_is_emptied(&work->book, order))
        add_emptied(&work->findings);
    if (!skipped) {
        if (!loader_load(loader, order, &loaded, &work->findings, error))
            return false;
        rules_check(&work->columns, &loaded, memory, &work->findings);
        if (order->touched)
            add_touched(&work->book, index, &work->findings);
        if (order->twin)
            add_twin(&work->book, index, &work->findings);
    }
    weigh(work, before);
    findings_sort(&work->findings, before);
    if (work->findings.failed)
        return error_set_memory(error);
    order->findings = (uint32_t)before;
    order->finding_count = (uint32_t)(work->findings.count - before);
    bool blocked = findings_block(&work->findings, before);
    order->state = blocked ? BOOK_INVALID : skipped ? BOOK_SKIPPED : BOOK_VALID;
    return true;
}

/* ---- On several threads ---- */

enum { PART_ORDERS = 512 }; /* orders that one thread takes at a time */

/* One thread that checks. */
struct checker {
    struct work work;  /* the run's, but with a codec of its own, and findings of one part */
    struct work *ours; /* the run's */
    struct loader *loader;
    struct cells_memory *memory;
};

/* What was found in one part of the book. */
struct part {
    struct findings findings;
    struct error error; /* `code` NULL: it was checked to the end */
};

static void checker_close(void *worker)
{
    struct checker *checker = worker;
    loader_free(checker->loader);
    cells_memory_free(checker->memory);
    text_codec_free(checker->work.codec);
    free(checker);
}

static void *checker_open(void *context, struct error *error)
{
    struct work *work = context;
    struct checker *checker = calloc(1, sizeof *checker);
    if (checker == NULL) {
        error_set_memory(error);
        return NULL;
    }
    checker->work = *work;
    checker->ours = work;
    checker->work.codec = text_codec_new(work->encoding.encoding, error);
    checker->loader = loader_new(&checker->work);
    checker->memory = cells_memory_new(work->schema.count);
    if (checker->work.codec != NULL && checker->loader != NULL && checker->memory != NULL)
        return checker;
    if (error->code == NULL)
        error_set_memory(error);
    checker_close(checker);
    return NULL;
}

/* The orders of a part: the first of them, and the first behind them. */
static size_t first_of(size_t part)
{
    return part * PART_ORDERS;
}

static size_t behind(size_t part, const struct book *book)
{
    return first_of(part + 1) < book->order_count ? first_of(part + 1) : book->order_count;
}

static bool check_part(struct checker *checker, size_t index, struct error *error)
{
    struct work *work = &checker->work;
    for (size_t i = first_of(index); i < behind(index, &work->book); i++) {
        if (atomic_load(work->interrupt))
            return error_set(error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
        if (!check_order(work, checker->loader, checker->memory, (uint32_t)i, error))
            return false;
    }
    return true;
}

static void make_part(void *worker, size_t index, void *result)
{
    struct checker *checker = worker;
    struct part *part = result;
    part->error.code = NULL;
    check_part(checker, index, &part->error);
    part->findings = checker->work.findings;
    checker->work.findings = (struct findings){0};
}

/* Put the findings behind those of the parts before. */
static bool take_part(void *worker, size_t index, void *result, struct error *error)
{
    struct work *work = ((struct checker *)worker)->ours;
    struct part *part = result;
    size_t base = work->findings.count;
    if (part->error.code != NULL) {
        *error = part->error;
        return false;
    }
    for (size_t i = first_of(index); i < behind(index, &work->book); i++)
        work->book.orders[i].findings += (uint32_t)base;
    return findings_take(&work->findings, &part->findings) || error_set_memory(error);
}

static void release_part(void *result)
{
    findings_free(&((struct part *)result)->findings);
}

/* What was found by those who did not get to the end is lost: no order may refer to it. */
static void forget(struct work *work)
{
    findings_free(&work->findings);
    for (size_t i = 0; i < work->book.order_count; i++) {
        struct book_order *order = &work->book.orders[i];
        order->findings = order->finding_count = 0;
        order->state = BOOK_UNJUDGED;
    }
}

static bool check_orders(struct work *work, struct error *error)
{
    const struct parallel parallel = {.parts = (work->book.order_count + PART_ORDERS - 1) / PART_ORDERS,
                                      .result_size = sizeof(struct part),
                                      .context = work,
                                      .open = checker_open,
                                      .make = make_part,
                                      .take = take_part,
                                      .release = release_part,
                                      .close = checker_close};
    bool done = parallel_run(&parallel, parallel_jobs(work->options->jobs), error);
    if (!done)
        forget(work);
    return done;
}

bool check_run(struct work *work, struct error *error)
{
    struct loader *loader = loader_new(work);
    bool done =
        loader != NULL ? touched_find(work, loader, error) && twins_find(work, loader, error) : error_set_memory(error);
    loader_free(loader);
    return done && check_orders(work, error);
}
