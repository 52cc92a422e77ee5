/* run/outcome.c: see outcome.h. */
#include "run/outcome.h"

#include "order/service_codes.h"

#include <stdio.h>

static void add(struct work *work, struct book_order *order, struct finding finding, long item,
                const char *const args[FINDING_ARGS])
{
    uint32_t added = (uint32_t)work->findings.count;
    finding.item = item > 0 ? (uint16_t)item : 0;
    if (findings_add(&work->findings, finding, args))
        order->outcome = added;
}

void outcome_set(struct work *work, struct book_order *order, const char *code, uint32_t row, long item,
                 const char *const args[FINDING_ARGS])
{
    const struct catalog_entry *entry = catalog_find(work->catalog, code);
    bool warning = entry != NULL && entry->warning;
    add(work, order, (struct finding){.code = code, .row = row, .warning = warning, .column = FINDING_NO_COLUMN}, item,
        args);
}

void outcome_refuse(struct work *work, struct book_order *order, const char *code, uint32_t row, long item,
                    const char *const args[FINDING_ARGS])
{
    add(work, order, (struct finding){.code = code, .row = row, .column = FINDING_NO_COLUMN}, item, args);
}

static uint16_t column_of(const struct work *work, enum order_field field)
{
    size_t column =
        field != ORDER_FIELD_NONE ? order_layout_column_to_fix(&work->layout, &work->schema, field) : ORDER_NO_COLUMN;
    return column < FINDING_NO_COLUMN ? (uint16_t)column : FINDING_NO_COLUMN;
}

const char *outcome_refuse_code(struct work *work, struct book_order *order, struct span message)
{
    enum { ARG_SIZE = 64 };
    struct service_code code;
    char texts[FINDING_ARGS][ARG_SIZE];
    const char *args[FINDING_ARGS];
    const struct catalog_entry *entry =
        service_code_find(message, &code) ? service_code_entry(&code, work->catalog) : NULL;
    if (entry == NULL)
        return NULL;
    for (size_t i = 0; i < FINDING_ARGS; i++) {
        snprintf(texts[i], ARG_SIZE, "%.*s", (int)code.args[i].length, code.args[i].data);
        args[i] = texts[i];
    }
    add(work, order, (struct finding){.code = entry->code, .column = column_of(work, code.field)}, -1, args);
    return entry->code;
}

void outcome_tell(const struct work *work)
{
    struct atobarai_progress progress = {work->total, work->done, work->failed, work->retrying};
    if (work->progress != NULL)
        work->progress(work->progress_context, &progress);
}

void outcome_end(struct work *work, struct book_order *order, enum book_state state)
{
    order->state = (uint8_t)state;
    work->done++;
    work->failed += state != BOOK_DONE;
    outcome_tell(work);
}

void outcome_words(const struct work *work, const char *code, const char *arg, struct buf *text)
{
    const struct catalog_entry *entry = catalog_find(work->catalog, code);
    struct catalog_values values = {.item = -1};
    values.args[0] = span_of(arg);
    if (entry != NULL)
        catalog_fill(entry->texts[CATALOG_JA].message, &values, text);
}

void outcome_leave(struct work *work, struct book_order *order, const char *code, const char *reason, long http_status)
{
    struct buf words = {0};
    char number[24];
    snprintf(number, sizeof number, "%ld", http_status);
    outcome_words(work, reason, number, &words);
    const char *args[FINDING_ARGS] = {buf_text(&words)};
    outcome_set(work, order, code, 0, -1, args);
    buf_free(&words);
    outcome_end(work, order, BOOK_UNSENT);
}

const char *outcome_reason(enum transport_reason reason)
{
    static const char *const reasons[] = {
        [TRANSPORT_TIMEOUT] = "REASON_TIMEOUT",
        [TRANSPORT_CONNECTION] = "REASON_CONNECTION",
        [TRANSPORT_UNTRUSTED] = "REASON_UNTRUSTED",
        [TRANSPORT_SERVER_ERROR] = "REASON_SERVER_ERROR",
        [TRANSPORT_BUSY] = "REASON_BUSY",
        [TRANSPORT_GARBAGE] = "REASON_GARBAGE",
        [TRANSPORT_REFUSED] = "REASON_REFUSED",
        [TRANSPORT_STOPPED] = "REASON_STOPPED",
        [TRANSPORT_INTERRUPTED] = "REASON_INTERRUPTED",
    };
    return reasons[reason];
}
