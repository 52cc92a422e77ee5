/* run/check.c: see check.h. */
#include "run/check.h"

#include "base/parallel.h"
#include "run/judge.h"
#include "run/loader.h"
#include "run/touched.h"
#include "run/twins.h"

#include <stdlib.h>

static bool check_order(struct work *work, struct loader *loader, struct cells_memory *memory, uint32_t index,
                        struct error *error)
{
    const struct book_order *order = &work->book.orders[index];
    struct order loaded = {0};
    size_t begin = work->findings.count;
    return (book_is_skipped(order) || loader_load(loader, order, &loaded, &work->findings, error)) &&
           judge_order(work, memory, index, &loaded, begin, error);
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
    bool checked[PART_ORDERS]; /* here; the others were judged as they were read */
    struct error error;        /* `code` NULL: it was checked to the end */
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
    checker->work.findings = (struct findings){0};
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

static bool check_part(struct checker *checker, size_t index, bool checked[PART_ORDERS], struct error *error)
{
    struct work *work = &checker->work;
    for (size_t i = first_of(index); i < behind(index, &work->book); i++) {
        bool *here = &checked[i - first_of(index)];
        *here = work->book.orders[i].state == BOOK_UNJUDGED;
        if (atomic_load(work->interrupt))
            return error_set(error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
        if (*here && !check_order(work, checker->loader, checker->memory, (uint32_t)i, error))
            return false;
    }
    return true;
}

static void make_part(void *worker, size_t index, void *result)
{
    struct checker *checker = worker;
    struct part *part = result;
    part->error.code = NULL;
    check_part(checker, index, part->checked, &part->error);
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
        if (part->checked[i - first_of(index)])
            work->book.orders[i].findings += (uint32_t)base;
    return findings_take(&work->findings, &part->findings, 0) || error_set_memory(error);
}

static void release_part(void *result)
{
    findings_free(&((struct part *)result)->findings);
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
    return parallel_run(&parallel, parallel_jobs(work->options->jobs), error);
}

/* What the whole file says of single orders: they are judged anew, though they were judged as they were read. A row
 * that may be an order's own matters where its rows do, and a twin where it would be billed. */
static bool look_around(struct work *work, struct error *error)
{
    enum rules_purpose purpose = judge_purpose(work);
    struct loader *loader = loader_new(work);
    bool done = loader != NULL || error_set_memory(error);
    if (done && purpose != RULES_ID)
        done = touched_find(work, loader, error);
    if (done && purpose == RULES_REGISTER)
        done = twins_find(work, loader, error);
    loader_free(loader);
    for (size_t i = 0; i < work->book.order_count && done; i++)
        if (work->book.orders[i].touched || work->book.orders[i].twin)
            book_unjudge(&work->book.orders[i]);
    return done;
}

bool check_run(struct work *work, struct error *error)
{
    bool done = look_around(work, error) && check_orders(work, error);
    if (!done)
        judge_forget(work);
    return done;
}
