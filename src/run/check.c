/* run/check.c: see check.h. */
#include "run/check.h"

#include "order/cells.h"
#include "order/rules.h"
#include "run/touched.h"
#include "run/twins.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
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

static bool check_order(struct work *work, struct rows *rows, struct cells_memory *memory, uint32_t index,
                        struct error *error)
{
    struct book_order *order = &work->book.orders[index];
    struct order loaded;
    size_t before = work->findings.count;
    bool skipped = book_is_skipped(order);
    if (skipped && book_is_emptied(&work->book, order))
        add_emptied(&work->findings);
    if (!skipped) {
        if (!rows_load(rows, order, &loaded, &work->findings, error))
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

/* ---- On several cores ---- */

enum { PART_ORDERS = 512 }; /* orders that one thread takes at a time */

/* Each thread takes the next part of the book. What it finds is kept by part, so that in the end all stands in the
 * order of the book, whoever found it. */
struct parts {
    struct work *work;
    struct findings *found; /* owned; per part */
    size_t count;
    atomic_size_t next;
    atomic_bool failed; /* nobody needs to begin another part */
};

struct checker {
    struct parts *parts;
    struct cells_memory *memory;
    struct work work; /* the run's, but with a codec and findings of its own */
    size_t part;      /* that is being checked */
    struct error error;
};

static bool check_part(struct checker *checker, struct rows *rows)
{
    struct work *work = &checker->work;
    size_t begin = checker->part * PART_ORDERS;
    size_t end = begin + PART_ORDERS < work->book.order_count ? begin + PART_ORDERS : work->book.order_count;
    for (size_t i = begin; i < end; i++) {
        if (atomic_load(work->interrupt))
            return error_set(&checker->error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
        if (!check_order(work, rows, checker->memory, (uint32_t)i, &checker->error))
            return false;
    }
    checker->parts->found[checker->part] = work->findings;
    work->findings = (struct findings){0};
    return true;
}

static void *check_parts(void *context)
{
    struct checker *checker = context;
    struct parts *parts = checker->parts;
    checker->work.codec = text_codec_new(checker->work.encoding.encoding, &checker->error);
    struct rows *rows = checker->work.codec != NULL ? rows_new(&checker->work) : NULL;
    checker->memory = cells_memory_new(checker->work.schema.count);
    if ((rows == NULL || checker->memory == NULL) && checker->error.code == NULL)
        error_set_memory(&checker->error);
    while (checker->error.code == NULL && !atomic_load(&parts->failed)) {
        checker->part = atomic_fetch_add(&parts->next, 1);
        if (checker->part >= parts->count || !check_part(checker, rows))
            break;
    }
    if (checker->error.code != NULL)
        atomic_store(&parts->failed, true);
    findings_free(&checker->work.findings);
    cells_memory_free(checker->memory);
    rows_free(rows);
    text_codec_free(checker->work.codec);
    return NULL;
}

/* Put what was found together, in the order of the book. */
static bool join_parts(struct parts *parts, struct error *error)
{
    struct work *work = parts->work;
    for (size_t part = 0; part < parts->count; part++) {
        size_t base = work->findings.count;
        for (size_t i = part * PART_ORDERS; i < (part + 1) * PART_ORDERS && i < work->book.order_count; i++)
            work->book.orders[i].findings += (uint32_t)base;
        if (!findings_take(&work->findings, &parts->found[part]))
            return error_set_memory(error);
    }
    return true;
}

/* What was found by those who did not get to the end is lost: no order may refer to it. */
static void forget_parts(struct work *work)
{
    findings_free(&work->findings);
    for (size_t i = 0; i < work->book.order_count; i++) {
        struct book_order *order = &work->book.orders[i];
        order->findings = order->finding_count = 0;
        order->state = BOOK_UNJUDGED;
    }
}

/* The error in the earliest part, so that it is the same one each time; NULL when all went well. */
static const struct error *first_error(const struct checker *checkers, size_t count)
{
    const struct checker *first = NULL;
    for (size_t i = 0; i < count; i++)
        if (checkers[i].error.code != NULL && (first == NULL || checkers[i].part < first->part))
            first = &checkers[i];
    return first != NULL ? &first->error : NULL;
}

/* The first checker works in this thread, the others in threads of their own, as far as the system grants them. */
static void run_checkers(struct checker *checkers, size_t count)
{
    pthread_t threads[ATOBARAI_JOBS_MAX];
    size_t started = 1;
    while (started < count && pthread_create(&threads[started], NULL, check_parts, &checkers[started]) == 0)
        started++;
    check_parts(&checkers[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(threads[i], NULL);
}

static size_t cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 1 ? (size_t)count : 1;
}

/* How many checkers there is work for. */
static size_t count_jobs(const struct work *work, size_t parts)
{
    size_t jobs = work->options->jobs > 0 ? work->options->jobs : cores();
    if (jobs > ATOBARAI_JOBS_MAX)
        jobs = ATOBARAI_JOBS_MAX;
    return jobs < parts ? jobs : parts;
}

static bool run_parts(struct parts *parts, struct checker *checkers, size_t jobs, struct error *error)
{
    for (size_t i = 0; i < jobs; i++) {
        checkers[i].parts = parts;
        checkers[i].work = *parts->work;
        checkers[i].work.findings = (struct findings){0};
    }
    run_checkers(checkers, jobs);
    const struct error *failed = first_error(checkers, jobs);
    if (failed != NULL)
        *error = *failed;
    return failed == NULL && join_parts(parts, error);
}

static bool check_orders(struct work *work, struct error *error)
{
    struct parts parts = {.work = work, .count = (work->book.order_count + PART_ORDERS - 1) / PART_ORDERS};
    size_t jobs = count_jobs(work, parts.count);
    if (jobs == 0)
        return true;
    struct checker *checkers = calloc(jobs, sizeof *checkers);
    parts.found = calloc(parts.count, sizeof *parts.found);
    bool done =
        checkers != NULL && parts.found != NULL ? run_parts(&parts, checkers, jobs, error) : error_set_memory(error);
    for (size_t part = 0; parts.found != NULL && part < parts.count; part++)
        findings_free(&parts.found[part]);
    if (!done)
        forget_parts(work);
    free(parts.found);
    free(checkers);
    return done;
}

bool check_run(struct work *work, struct error *error)
{
    struct rows *rows = rows_new(work);
    bool done =
        rows != NULL ? touched_find(work, rows, error) && twins_find(work, rows, error) : error_set_memory(error);
    rows_free(rows);
    return done && check_orders(work, error);
}
