/* run/stretch.c: see stretch.h. */
#include "run/stretch.h"

#include "run/judge.h"
#include "run/loader.h"

#include <stdlib.h>

struct stretch {
    struct work *work;
    struct loader *loader;
    struct cells_memory *memory;
    uint32_t order; /* whose rows are being read; BOOK_NONE: nobody's */
    bool alone;     /* all of its rows in the book are at hand */
    size_t begin;   /* its first finding */
    struct order loaded;
};

struct stretch *stretch_new(struct work *work)
{
    struct stretch *stretch = calloc(1, sizeof *stretch);
    if (stretch == NULL)
        return NULL;
    stretch->work = work;
    stretch->loader = loader_new(work);
    stretch->memory = cells_memory_new(work->schema.count);
    stretch_begin(stretch);
    if (stretch->loader != NULL && stretch->memory != NULL)
        return stretch;
    stretch_free(stretch);
    return NULL;
}

void stretch_free(struct stretch *stretch)
{
    if (stretch == NULL)
        return;
    loader_free(stretch->loader);
    cells_memory_free(stretch->memory);
    free(stretch);
}

void stretch_begin(struct stretch *stretch)
{
    stretch->order = BOOK_NONE;
}

static void begin_order(struct stretch *stretch, uint32_t order)
{
    struct book_order *known = &stretch->work->book.orders[order];
    stretch->order = order;
    stretch->alone = known->rows == 1;
    stretch->begin = stretch->work->findings.count;
    loader_begin(stretch->loader, &stretch->loaded);
    book_unjudge(known);
}

bool stretch_add(struct stretch *stretch, const struct csv_record *record, uint32_t order, struct error *error)
{
    if (order != stretch->order) {
        if (!stretch_end(stretch, error))
            return false;
        begin_order(stretch, order);
    }
    stretch->alone = stretch->alone && stretch->loaded.count < ORDER_LINES_MAX;
    return !stretch->alone || loader_add(stretch->loader, record, &stretch->loaded, &stretch->work->findings, error);
}

bool stretch_end(struct stretch *stretch, struct error *error)
{
    struct work *work = stretch->work;
    uint32_t order = stretch->order;
    stretch->order = BOOK_NONE;
    if (order == BOOK_NONE)
        return true;
    if (stretch->alone && !book_is_skipped(&work->book.orders[order])) {
        loader_end(stretch->loader, &stretch->loaded);
        return judge_order(work, stretch->memory, order, &stretch->loaded, stretch->begin, error);
    }
    findings_cut(&work->findings, stretch->begin);
    return true;
}
