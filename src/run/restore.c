/* run/restore.c: see restore.h. */
#include "run/restore.h"

#include "order/damage.h"
#include "order/value.h"
#include "run/judge.h"
#include "run/loader.h"
#include "run/originals.h"
#include "text/utf8.h"

#include <stdlib.h>

enum { DAY = 24 * 60 * 60 };

/* Why an order is judged anew. */
enum concern { NO_CONCERN, DAMAGED, RENAMED };

struct restoring {
    struct work *work;
    struct ledger *ledger;
    bool rehearses;
    struct originals *originals;
    bool returns;            /* the file is a result file that comes back */
    unsigned char *concerns; /* per order; RENAMED: its id has lost zeros */
};

/* ---- Looking ---- */

static bool is_result(const struct work *work)
{
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        if (work->ours[i] != CSV_NO_CELL)
            return true;
    return false;
}

/* Whether what is sent of the order was lost in this cell, and no rule says so. */
static bool is_lost(const struct work *work, const struct originals_cell *cell)
{
    size_t column = work->layout.columns[cell->cell];
    if (column == ORDER_NO_COLUMN || !damage_is_loss(cell->is))
        return false;
    const struct order_column *known = &work->schema.columns[column];
    return known->field >= ORDER_FIELD_ID && (known->type == ORDER_TYPE_TEXT || !value_is_rounded(cell->is));
}

static bool add_mends(struct restoring *restoring, uint32_t index, const struct originals_order *compared)
{
    for (size_t i = 0; i < compared->count; i++) {
        const struct originals_row *row = &compared->rows[i];
        for (size_t k = 0; k < row->damaged_count; k++) {
            if (!mends_add(&restoring->work->mends, row->number, row->damaged[k].cell, row->damaged[k].was))
                return false;
            restoring->concerns[index] = DAMAGED;
        }
        for (size_t k = 0; k < row->edited_count; k++)
            if (is_lost(restoring->work, &row->edited[k]))
                restoring->concerns[index] = DAMAGED;
    }
    return true;
}

/* Whether the order of this id, of which nothing is known, is one of which something is, without its zeros. */
static bool look_for_zeros(struct restoring *restoring, uint32_t index, struct error *error)
{
    const struct book *book = &restoring->work->book;
    struct span id = span_of(book_id(book, &book->orders[index]));
    char other[LEDGER_ID_SIZE];
    struct ledger_order order;
    bool found = false;
    if (!value_is_digits(id) || id.length >= LEDGER_ID_SIZE || id.data[0] == '0')
        return true;
    if (!ledger_find_padded(restoring->ledger, id, other, &found, error))
        return false;
    if (!found)
        return true;
    if (!ledger_find(restoring->ledger, id, &order, error))
        return false;
    restoring->concerns[index] = order.known ? NO_CONCERN : RENAMED;
    return true;
}

static bool look_at(struct restoring *restoring, uint32_t index, struct error *error)
{
    const struct book_order *order = &restoring->work->book.orders[index];
    struct originals_order compared = {0};
    if (restoring->returns && !originals_compare(restoring->originals, order, &compared, error))
        return false;
    if (compared.known)
        return add_mends(restoring, index, &compared) || error_set_memory(error);
    if (!look_for_zeros(restoring, index, error))
        return false;
    return restoring->rehearses || restoring->concerns[index] == RENAMED ||
           originals_keep(restoring->originals, order, error);
}

static bool look(struct restoring *restoring, struct error *error)
{
    const struct work *work = restoring->work;
    bool done =
        restoring->rehearses || ledger_forget(restoring->ledger, work->now - (int64_t)RESTORE_DAYS * DAY, error);
    for (size_t i = 0; i < work->book.order_count && done && !atomic_load(work->interrupt); i++)
        done = look_at(restoring, (uint32_t)i, error);
    mends_sort(&restoring->work->mends);
    return done && (restoring->rehearses || ledger_commit(restoring->ledger, error));
}

/* ---- Judging anew ---- */

/* A cell that is sent, and whose text is gone: rules know such numbers, where the column is one of numbers. */
static void report_lost(struct work *work, uint32_t number, const struct originals_cell *cell)
{
    struct buf is = {0};
    size_t column = work->layout.columns[cell->cell];
    if (!is_lost(work, cell))
        return;
    utf8_excerpt(cell->is, FINDING_EXCERPT_MAX, &is);
    const char *args[FINDING_ARGS] = {buf_text(&is)};
    findings_add(&work->findings, (struct finding){.code = "CELL_LOST", .row = number, .column = (uint16_t)column},
                 args);
    work->findings.failed = work->findings.failed || is.failed;
    buf_free(&is);
}

/* The damaged cells of a row, each with what it was and what it is. */
static void report_cells(struct work *work, uint32_t number, const struct originals_row *row)
{
    for (size_t i = 0; i < row->edited_count; i++)
        report_lost(work, number, &row->edited[i]);
    for (size_t i = 0; i < row->damaged_count; i++) {
        const struct originals_cell *cell = &row->damaged[i];
        struct buf was = {0};
        struct buf is = {0};
        size_t column = work->layout.columns[cell->cell];
        utf8_excerpt(cell->was, FINDING_EXCERPT_MAX, &was);
        utf8_excerpt(cell->is, FINDING_EXCERPT_MAX, &is);
        const char *args[FINDING_ARGS] = {buf_text(&was), buf_text(&is)};
        struct finding finding = {.code = "CELL_DAMAGED",
                                  .row = number,
                                  .column = column != ORDER_NO_COLUMN ? (uint16_t)column : FINDING_NO_COLUMN,
                                  .cell = column != ORDER_NO_COLUMN ? 0 : (uint16_t)(cell->cell + 1)};
        findings_add(&work->findings, finding, args);
        work->findings.failed = work->findings.failed || was.failed || is.failed;
        buf_free(&was);
        buf_free(&is);
    }
}

static bool report(struct restoring *restoring, uint32_t index, struct error *error)
{
    struct work *work = restoring->work;
    struct originals_order compared;
    if (!originals_compare(restoring->originals, &work->book.orders[index], &compared, error))
        return false;
    for (size_t i = 0; i < compared.count; i++)
        report_cells(work, compared.rows[i].number, &compared.rows[i]);
    return true;
}

static bool report_zeros(struct restoring *restoring, uint32_t index, struct error *error)
{
    struct work *work = restoring->work;
    char other[LEDGER_ID_SIZE] = "";
    bool found;
    if (!ledger_find_padded(restoring->ledger, span_of(book_id(&work->book, &work->book.orders[index])), other, &found,
                            error))
        return false;
    const char *args[FINDING_ARGS] = {other};
    findings_add(&work->findings, (struct finding){.code = "ORDER_ID_DAMAGED", .column = FINDING_NO_COLUMN}, args);
    return true;
}

static bool judge(struct restoring *restoring, struct loader *loader, struct cells_memory *memory, uint32_t index,
                  struct error *error)
{
    struct work *work = restoring->work;
    const struct book_order *order = &work->book.orders[index];
    struct order loaded = {0};
    size_t begin = work->findings.count;
    return loader_load(loader, order, &loaded, &work->findings, error) &&
           (restoring->concerns[index] == RENAMED ? report_zeros(restoring, index, error)
                                                  : report(restoring, index, error)) &&
           judge_order(work, memory, index, &loaded, begin, error);
}

/* What was found before of these orders is left behind, and counts no more. */
static bool judge_all(struct restoring *restoring, struct error *error)
{
    struct work *work = restoring->work;
    struct loader *loader = loader_new(work);
    struct cells_memory *memory = cells_memory_new(work->schema.count);
    bool done = (loader != NULL && memory != NULL) || error_set_memory(error);
    for (size_t i = 0; i < work->book.order_count && done; i++)
        if (restoring->concerns[i] != NO_CONCERN && work->book.orders[i].state != BOOK_SKIPPED)
            done = judge(restoring, loader, memory, (uint32_t)i, error);
    loader_free(loader);
    cells_memory_free(memory);
    return done;
}

bool restore_run(struct work *work, struct ledger *ledger, bool rehearses, struct error *error)
{
    struct restoring restoring = {.work = work, .ledger = ledger, .rehearses = rehearses, .returns = is_result(work)};
    restoring.concerns = calloc(work->book.order_count + 1, 1);
    if (restoring.concerns == NULL)
        return error_set_memory(error);
    restoring.originals = originals_new(work, ledger);
    bool done = (restoring.originals != NULL || error_set_memory(error)) && look(&restoring, error) &&
                judge_all(&restoring, error);
    originals_free(restoring.originals);
    free(restoring.concerns);
    return done;
}
