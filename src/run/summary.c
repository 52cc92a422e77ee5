/* run/summary.c: see summary.h. */
#include "run/summary.h"

#include "text/utf8.h"

#include <cjson/cJSON.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct tally {
    struct atobarai_error_count *list; /* owned */
    size_t count;
    size_t capacity;
    bool failed;
};

/* The entry of a finding's code, made where it is missing; NULL when memory ran out. */
static struct atobarai_error_count *entry_of(struct tally *tally, const struct catalog *catalog,
                                             const struct finding *finding)
{
    for (size_t i = 0; i < tally->count; i++)
        if (strcmp(tally->list[i].code, finding->code) == 0)
            return &tally->list[i];
    if (tally->count == tally->capacity) {
        size_t capacity = tally->capacity * 2 + 16;
        struct atobarai_error_count *list = realloc(tally->list, capacity * sizeof *list);
        if (list == NULL) {
            tally->failed = true;
            return NULL;
        }
        tally->list = list;
        tally->capacity = capacity;
    }
    const struct catalog_entry *known = catalog_find(catalog, finding->code);
    struct atobarai_error_count *entry = &tally->list[tally->count++];
    *entry = (struct atobarai_error_count){.code = finding->code, .warning = finding->warning};
    for (size_t language = 0; language < CATALOG_LANGUAGES; language++)
        entry->title[language] = known != NULL ? known->texts[language].title : "";
    return entry;
}

/* Every code of some findings of an order, once. */
static void tally_findings(struct tally *tally, const struct work *work, const struct book_order *order,
                           const struct finding *begin, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        while (before < i && strcmp(begin[before].code, begin[i].code) != 0)
            before++;
        struct atobarai_error_count *entry = before == i ? entry_of(tally, work->catalog, &begin[i]) : NULL;
        if (entry == NULL)
            continue;
        uint32_t row = begin[i].row != 0 ? begin[i].row : book_row(&work->book, order->first).number;
        entry->orders++;
        if (entry->first_row == 0 || row < entry->first_row)
            entry->first_row = row;
    }
}

static void tally_order(struct tally *tally, const struct work *work, const struct book_order *order)
{
    const struct finding *list = work->findings.list;
    if (order->finding_count > 0)
        tally_findings(tally, work, order, list + order->findings, order->finding_count);
    if (order->outcome != BOOK_NONE)
        tally_findings(tally, work, order, list + order->outcome, 1);
}

static int compare_errors(const void *a, const void *b)
{
    const struct atobarai_error_count *left = a;
    const struct atobarai_error_count *right = b;
    if (left->warning != right->warning)
        return left->warning ? 1 : -1;
    if (left->orders != right->orders)
        return left->orders > right->orders ? -1 : 1;
    return strcmp(left->code, right->code);
}

/* What was found good, or not reached at all, is done where nothing is sent, and otherwise still to be sent. */
static void count_order(const struct work *work, const struct book_order *order, struct atobarai_summary *summary)
{
    switch ((enum book_state)order->state) {
    case BOOK_SKIPPED:
        summary->skipped_rows += order->rows;
        return;
    case BOOK_VALID:
        summary->succeeded += !work->sends;
        summary->unsent += work->sends;
        break;
    case BOOK_DONE:
        summary->succeeded++;
        break;
    case BOOK_INVALID:
        summary->invalid++;
        break;
    case BOOK_REFUSED:
        summary->failed++;
        break;
    case BOOK_UNJUDGED:
    case BOOK_UNSENT:
        summary->unsent++;
        break;
    }
    summary->orders++;
    summary->sent += order->sent;
    if (order->status != ORDER_STATUS_NONE)
        summary->by_status[order->status - 1].orders++;
}

bool summary_count(const struct work *work, struct atobarai_summary *summary, struct atobarai_error_count **errors)
{
    const struct book *book = &work->book;
    struct tally tally = {0};
    summary->rows = book->row_count;
    summary->skipped_rows = book->deleted_count;
    for (size_t i = 0; i < ATOBARAI_STATUSES; i++)
        summary->by_status[i].name = order_status_name((enum order_status)(i + 1));
    for (size_t i = 0; i < book->order_count; i++) {
        count_order(work, &book->orders[i], summary);
        tally_order(&tally, work, &book->orders[i]);
    }
    if (tally.count > 0)
        qsort(tally.list, tally.count, sizeof *tally.list, compare_errors);
    *errors = tally.list;
    summary->by_error = tally.list;
    summary->by_error_count = tally.count;
    return !tally.failed;
}

/* ---- JSON ---- */

static bool add_number(cJSON *object, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return cJSON_AddRawToObject(object, name, text) != NULL;
}

/* A path; NULL is null. */
static bool add_path(cJSON *object, const char *name, const char *path)
{
    struct buf text = {0};
    if (path == NULL)
        return cJSON_AddNullToObject(object, name) != NULL;
    utf8_clean(span_of(path), &text);
    bool added = !text.failed && cJSON_AddStringToObject(object, name, buf_text(&text)) != NULL;
    buf_free(&text);
    return added;
}

/* The phases that ran, and the milliseconds of each. */
static bool add_phases(cJSON *root, const struct atobarai_summary *summary)
{
    static const char *const names[] = {
        [ATOBARAI_PHASE_READ] = "read",
        [ATOBARAI_PHASE_CHECK] = "check",
        [ATOBARAI_PHASE_SEND] = "send",
        [ATOBARAI_PHASE_WRITE] = "write",
    };
    cJSON *phases = cJSON_AddObjectToObject(root, "phases_ms");
    bool made = phases != NULL;
    for (size_t i = 0; i < ATOBARAI_PHASES && made; i++)
        if (summary->phases[i].ran)
            made = add_number(phases, names[i], summary->phases[i].ms);
    return made;
}

static bool fill_json(cJSON *root, const struct atobarai_summary *summary)
{
    const struct {
        const char *name;
        uint64_t number;
    } counts[] = {
        {"rows", summary->rows},       {"orders", summary->orders},       {"skipped_rows", summary->skipped_rows},
        {"sent", summary->sent},       {"succeeded", summary->succeeded}, {"failed", summary->failed},
        {"invalid", summary->invalid}, {"unsent", summary->unsent},
    };
    bool made = cJSON_AddStringToObject(root, "command", summary->command) != NULL &&
                add_path(root, "input", summary->input) && add_path(root, "output", summary->output) &&
                add_path(root, "xlsx", summary->xlsx) && add_path(root, "report", summary->report) &&
                cJSON_AddStringToObject(root, "encoding", summary->encoding) != NULL;
    for (size_t i = 0; i < sizeof counts / sizeof *counts && made; i++)
        made = add_number(root, counts[i].name, counts[i].number);
    cJSON *by_status = cJSON_AddObjectToObject(root, "by_status");
    cJSON *by_error = cJSON_AddObjectToObject(root, "by_error");
    made = made && by_status != NULL && by_error != NULL;
    for (size_t i = 0; i < ATOBARAI_STATUSES && made; i++)
        if (summary->by_status[i].orders > 0)
            made = add_number(by_status, summary->by_status[i].name, summary->by_status[i].orders);
    for (size_t i = 0; i < summary->by_error_count && made; i++)
        made = add_number(by_error, summary->by_error[i].code, summary->by_error[i].orders);
    if (made && summary->dry_run)
        made = cJSON_AddBoolToObject(root, "dry_run", true) != NULL;
    return made && add_number(root, "elapsed_ms", summary->elapsed_ms) && add_phases(root, summary);
}

/* Whoever may read more than the result may not read this either; who else, the umask says. */
static FILE *open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (fd >= 0 && file == NULL)
        close(fd);
    return file;
}

static int write_text(const char *text, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdout : open_file(path);
    if (file == NULL)
        return errno;
    bool written = fprintf(file, "%s\n", text) >= 0 && fflush(file) == 0;
    int reason = written ? 0 : errno;
    if (!standard && fclose(file) != 0 && written)
        reason = errno;
    return reason;
}

/* The summary as JSON, owned; `print` writes it. NULL when memory ran out. */
static char *text_of(const struct atobarai_summary *summary, char *(*print)(const cJSON *root))
{
    cJSON *root = cJSON_CreateObject();
    char *text = root != NULL && fill_json(root, summary) ? print(root) : NULL;
    cJSON_Delete(root);
    return text;
}

char *atobarai_summary_text(const struct atobarai_summary *summary)
{
    return text_of(summary, cJSON_PrintUnformatted);
}

int atobarai_summary_write(const struct atobarai_summary *summary, const char *path)
{
    char *text = text_of(summary, cJSON_Print);
    int reason = text != NULL ? write_text(text, path) : ENOMEM;
    free(text);
    return reason;
}
