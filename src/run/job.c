/* run/job.c: the product as include/atobarai.h shows it: a job is opened, run, read, and freed. */
#include "atobarai.h"

#include "base/embedded.h"
#include "run/check.h"
#include "run/connection.h"
#include "run/definitions.h"
#include "run/intake.h"
#include "run/message.h"
#include "run/only.h"
#include "run/output.h"
#include "run/report.h"
#include "run/restore.h"
#include "run/send.h"
#include "run/setting.h"
#include "run/summary.h"
#include "run/workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct atobarai_job {
    enum atobarai_operation operation;
    char *input;
    int descriptor;                  /* that has the input open; -1: none has */
    char *output;                    /* NULL: none */
    struct atobarai_options options; /* its texts are owned, as copies */
    atomic_bool interrupt;
    struct catalog *catalog;
    struct error error;   /* why the run ended above ATOBARAI_NEEDS_FIXING */
    bool only_extras;     /* all else went well, and only the workbook or the report is missing */
    uint64_t begin;       /* milliseconds() when the run began, */
    uint64_t phase_begin; /* and when the phase did that is running */
    struct atobarai_summary summary;
    struct atobarai_error_count *errors; /* owned; what the summary borrows */
};

/* ---- Opening ---- */

/* A copy of `text`, NULL for NULL; false when memory ran out. */
static bool copy_text(const char **text)
{
    if (*text == NULL)
        return true;
    *text = strdup(*text);
    return *text != NULL;
}

enum { TEXTS = 14 };

/* Where the texts of `options` are. */
static void list_texts(struct atobarai_options *options, const char **texts[TEXTS])
{
    const char **const list[TEXTS] = {
        &options->schema,   &options->dialect, &options->api_url,    &options->api_key,         &options->merchant_code,
        &options->ledger,   &options->only,    &options->set_status, &options->set_shop_status, &options->ca_file,
        &options->retry_on, &options->log,     &options->xlsx,       &options->report};
    memcpy(texts, list, sizeof list);
}

/* All are copied, or NULL, even where memory ran out midway: so all may be freed. */
static bool copy_options(struct atobarai_options *options)
{
    const char **texts[TEXTS];
    bool copied = true;
    list_texts(options, texts);
    for (size_t i = 0; i < TEXTS; i++)
        copied = copy_text(texts[i]) && copied;
    return copied;
}

/* Wiped, whatever they are: two are secrets. */
static void free_options(struct atobarai_options *options)
{
    const char **texts[TEXTS];
    list_texts(options, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        char *text = (char *)*texts[i];
        if (text != NULL)
            explicit_bzero(text, strlen(text));
        free(text);
    }
}

static const char *const commands[] = {
    [ATOBARAI_CHECK] = "check",   [ATOBARAI_REGISTER] = "register", [ATOBARAI_SHIP] = "ship",
    [ATOBARAI_CANCEL] = "cancel", [ATOBARAI_STATUS] = "status",     [ATOBARAI_REREGISTER] = "reregister",
};

struct atobarai_job *atobarai_job_new(enum atobarai_operation operation, const char *input, const char *output,
                                      const struct atobarai_options *options)
{
    struct atobarai_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->operation = operation;
    job->options = *options;
    job->descriptor = -1;
    bool copied = copy_options(&job->options);
    job->input = strdup(input);
    job->output = output != NULL ? strdup(output) : NULL;
    job->catalog = catalog_parse(span_of(embedded_error_catalog), &job->error);
    if (!copied || job->input == NULL || (output != NULL && job->output == NULL) || job->catalog == NULL) {
        atobarai_job_free(job);
        return NULL;
    }
    job->summary = (struct atobarai_summary){.command = commands[operation],
                                             .dry_run = job->options.dry_run,
                                             .input = job->input,
                                             .output = job->output,
                                             .xlsx = job->options.xlsx,
                                             .report = job->options.report,
                                             .encoding = text_encoding_code(TEXT_CP932)};
    return job;
}

void atobarai_job_read_from(struct atobarai_job *job, int descriptor)
{
    job->descriptor = descriptor;
}

void atobarai_job_free(struct atobarai_job *job)
{
    if (job == NULL)
        return;
    free_options(&job->options);
    free(job->input);
    free(job->output);
    catalog_free(job->catalog);
    free(job->errors);
    free(job);
}

void atobarai_job_interrupt(struct atobarai_job *job)
{
    atomic_store(&job->interrupt, true);
}

/* ---- Running ---- */

static uint64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Note that `phase` has ended, well or not: `done` says it, and is given back. The next begins here. */
static bool end_phase(struct atobarai_job *job, enum atobarai_phase phase, bool done)
{
    uint64_t now = milliseconds();
    job->summary.phases[phase].ran = true;
    job->summary.phases[phase].ms = now - job->phase_begin;
    job->phase_begin = now;
    return done;
}

/* Nothing of this is known to the service before the ledger knows it. */
static bool send(struct atobarai_job *job, struct work *work, struct connection *connection)
{
    if (!only_apply(work, &job->error) ||
        !connection_open_ledger(connection, &job->options, commands[job->operation], &job->error) ||
        !restore_run(work, connection->ledger, job->options.dry_run, &job->error))
        return false;
    const struct service service = connection_service(connection);
    return job->options.dry_run ? send_rehearse(work, &service, &job->error) : send_run(work, &service, &job->error);
}

/* The files that the run writes; NULL: none. */
struct targets {
    struct csv_target *result;
    struct csv_target *workbook;
    struct csv_target *report;
};

static void discard(struct targets *targets)
{
    csv_target_discard(targets->result);
    csv_target_discard(targets->workbook);
    csv_target_discard(targets->report);
    *targets = (struct targets){0};
}

/* Open one more file, which is none of those in `targets`. NULL: `error` says why. */
static struct csv_target *open_extra(const struct atobarai_job *job, const struct work *work,
                                     const struct targets *targets, const char *option, const char *path,
                                     struct error *error)
{
    struct csv_target *target = csv_target_open(path, job->options.force, csv_source_stat(work->source), error);
    if (!csv_target_is_same(targets->result, target) && !csv_target_is_same(targets->workbook, target))
        return target;
    csv_target_discard(target);
    error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, option, path, NULL);
    return NULL;
}

static bool open_extras(const struct atobarai_job *job, const struct work *work, struct targets *targets,
                        struct error *error)
{
    if (job->options.xlsx != NULL) {
        targets->workbook = open_extra(job, work, targets, "--xlsx", job->options.xlsx, error);
        if (targets->workbook == NULL || !workbook_check(work, error))
            return false;
    }
    if (job->options.report != NULL)
        targets->report = open_extra(job, work, targets, "--report", job->options.report, error);
    return job->options.report == NULL || targets->report != NULL;
}

/* False: none is open. */
static bool open_targets(struct atobarai_job *job, const struct work *work, struct targets *targets)
{
    if (job->output != NULL) {
        targets->result = csv_target_open(job->output, job->options.force, csv_source_stat(work->source), &job->error);
        if (targets->result == NULL)
            return false;
    }
    if (open_extras(job, work, targets, &job->error))
        return true;
    discard(targets);
    return false;
}

/* How a run ends that has reached its end, by its counts. */
static enum atobarai_status status_of(const struct atobarai_job *job, const struct atobarai_summary *summary)
{
    if (atomic_load(&job->interrupt) && summary->unsent > 0)
        return ATOBARAI_INTERRUPTED;
    if (summary->unsent > 0 && !job->options.dry_run)
        return ATOBARAI_UNSENT;
    return summary->invalid + summary->failed > 0 ? ATOBARAI_NEEDS_FIXING : ATOBARAI_DONE;
}

/* The result is in its place by now: whoever reads the message must know that, and what was sent. */
static bool tell_what_is_lost(struct atobarai_job *job, const char *code, const char *path, uint64_t sent)
{
    char reason[ERROR_ARG_SIZE];
    char count[24];
    if (strncmp(job->error.code, "OUTPUT_", strlen("OUTPUT_")) != 0)
        return false;
    snprintf(count, sizeof count, "%llu", (unsigned long long)sent);
    snprintf(reason, sizeof reason, "%s", job->error.args[0]);
    return error_set(&job->error, ERROR_USAGE, code, path, reason, count, NULL);
}

/* What comes of the workbook and the report, once it is counted. The targets are gone afterwards. */
static bool fill_extras(struct atobarai_job *job, struct work *work, struct ledger *ledger,
                        struct atobarai_summary *summary, struct targets *targets)
{
    struct csv_target *workbook = targets->workbook;
    struct csv_target *report = targets->report;
    *targets = (struct targets){0};
    if (workbook != NULL && !workbook_write(work, summary, workbook, &job->error)) {
        csv_target_discard(report);
        return tell_what_is_lost(job, "WORKBOOK_LOST", job->options.xlsx, summary->sent);
    }
    summary->elapsed_ms = milliseconds() - job->begin;
    return report == NULL || report_write(work, summary, status_of(job, summary), ledger, report, &job->error) ||
           tell_what_is_lost(job, "REPORT_LOST", job->options.report, summary->sent);
}

static bool write_extras(struct atobarai_job *job, struct work *work, struct ledger *ledger, struct targets *targets)
{
    struct atobarai_summary summary = job->summary;
    struct atobarai_error_count *errors = NULL;
    bool counted = summary_count(work, &summary, &errors) || error_set_memory(&job->error);
    bool written = counted && fill_extras(job, work, ledger, &summary, targets);
    job->only_extras = !written;
    free(errors);
    discard(targets);
    return written;
}

/* The result first, which is what the next run needs. */
static bool write_targets(struct atobarai_job *job, struct work *work, struct ledger *ledger, struct targets *targets)
{
    struct csv_target *result = targets->result;
    targets->result = NULL;
    if (result != NULL && !output_write(work, result, &job->error)) {
        discard(targets);
        return false;
    }
    return (targets->workbook == NULL && targets->report == NULL) || write_extras(job, work, ledger, targets);
}

/* The files that are named have places of their own: standard output is for the result. */
static bool check_extras(const struct atobarai_options *options, struct error *error)
{
    const char *const extras[][2] = {{"--xlsx", options->xlsx}, {"--report", options->report}};
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
        if (extras[i][1] != NULL && strcmp(extras[i][1], "-") == 0)
            return error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, extras[i][0], "-", NULL);
    return true;
}

/* Everything that may fail without harm comes before the first order is sent: a result file that cannot be made, a
 * service that is not named. */
static bool run_steps(struct atobarai_job *job, struct work *work, struct connection *connection)
{
    struct targets targets = {0};
    if (work->sends && !job->options.dry_run && job->output == NULL)
        return error_set(&job->error, ERROR_USAGE, "OUTPUT_MISSING", NULL, NULL, NULL, NULL);
    if (!check_extras(&job->options, &job->error) || !setting_check_values(&job->options, &job->error) ||
        !definitions_schema(&job->options, &work->schema, &job->error) ||
        (work->sends && !connection_open(connection, &job->options, work->kuroneko, &job->error)))
        return false;
    job->phase_begin = milliseconds();
    if (!end_phase(job, ATOBARAI_PHASE_READ, intake_run(work, &job->error)) ||
        !setting_check_columns(work, &job->error))
        return false;
    if (work->sends &&
        !connection_open_log(connection, &job->options, commands[job->operation], job->output, &job->error))
        return false;
    if (!open_targets(job, work, &targets))
        return false;
    if (!end_phase(job, ATOBARAI_PHASE_CHECK, check_run(work, &job->error)) ||
        (work->sends && !end_phase(job, ATOBARAI_PHASE_SEND, send(job, work, connection)))) {
        discard(&targets);
        return false;
    }
    bool writes = targets.result != NULL || targets.workbook != NULL || targets.report != NULL;
    return !writes || end_phase(job, ATOBARAI_PHASE_WRITE, write_targets(job, work, connection->ledger, &targets));
}

/* What the file is, where the run came as far as that. */
static void describe_input(const struct work *work, struct atobarai_summary *summary)
{
    static const enum atobarai_told told[] = {
        [TEXT_BY_MARK] = ATOBARAI_TOLD_BY_MARK,   [TEXT_BY_NULS] = ATOBARAI_TOLD_BY_NULS,
        [TEXT_BY_UTF8] = ATOBARAI_TOLD_BY_UTF8,   [TEXT_BY_CP932] = ATOBARAI_TOLD_BY_CP932,
        [TEXT_BY_ASCII] = ATOBARAI_TOLD_BY_ASCII, [TEXT_BY_ORDER] = ATOBARAI_TOLD_BY_OPTION,
    };
    if (work->delimiter == '\0')
        return;
    summary->encoding = text_encoding_code(work->encoding.encoding);
    summary->told = told[work->encoding.reason];
    summary->mark = work->encoding.mark > 0;
    summary->delimiter = work->delimiter;
}

/* Where the result could not be written although orders were sent, whoever reads the message must know. */
static void tell_what_was_sent(struct atobarai_job *job)
{
    char reason[ERROR_ARG_SIZE];
    char count[24];
    if (job->summary.sent == 0 || strncmp(job->error.code, "OUTPUT_", strlen("OUTPUT_")) != 0)
        return;
    snprintf(count, sizeof count, "%llu", (unsigned long long)job->summary.sent);
    snprintf(reason, sizeof reason, "%s", job->error.args[0]);
    error_set(&job->error, ERROR_USAGE, "RESULT_LOST", job->output, reason, count, NULL);
}

/* How a run ended that reached its end. */
static enum atobarai_status judge(struct atobarai_job *job)
{
    char count[24];
    enum atobarai_status status = status_of(job, &job->summary);
    snprintf(count, sizeof count, "%llu", (unsigned long long)job->summary.unsent);
    if (status == ATOBARAI_INTERRUPTED)
        error_set(&job->error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
    else if (status == ATOBARAI_UNSENT)
        error_set(&job->error, ERROR_SERVICE, "SERVICE_UNUSABLE", NULL, count, NULL, NULL);
    return status;
}

/* Keep how the run went. Where that fails, a bar is missing in a chart, and nothing else. */
static void record(const struct work *work, const struct atobarai_job *job, struct ledger *ledger,
                   enum atobarai_status status)
{
    struct error ignored = {0};
    struct ledger_run run = report_run(work, &job->summary, status);
    if (ledger != NULL && !job->options.dry_run && ledger_add_run(ledger, &run, &ignored))
        ledger_commit(ledger, &ignored);
}

enum atobarai_status atobarai_job_run(struct atobarai_job *job, atobarai_progress_fn *progress, void *context)
{
    struct connection connection = {0};
    struct work work = {.operation = job->operation,
                        .sends = job->operation != ATOBARAI_CHECK,
                        .input = job->input,
                        .descriptor = job->descriptor >= 0 ? &job->descriptor : NULL,
                        .output = job->output,
                        .options = &job->options,
                        .interrupt = &job->interrupt,
                        .progress = progress,
                        .progress_context = context,
                        .now = (int64_t)time(NULL),
                        .catalog = job->catalog};
    struct kuroneko_terms terms;
    if (definitions_terms(&job->options, work.now, &terms))
        work.kuroneko = &terms;
    job->begin = milliseconds();
    bool done = run_steps(job, &work, &connection);
    job->summary.complete = done || job->only_extras;
    describe_input(&work, &job->summary);
    if (!summary_count(&work, &job->summary, &job->errors) && done)
        done = error_set_memory(&job->error);
    job->summary.elapsed_ms = milliseconds() - job->begin;
    if (!done)
        tell_what_was_sent(job);
    enum atobarai_status status = done ? judge(job) : (enum atobarai_status)job->error.kind;
    record(&work, job, connection.ledger, status);
    job->summary.log_lost = connection_close(&connection, &job->summary.log_errno);
    work_free(&work);
    return status;
}

const struct atobarai_summary *atobarai_job_summary(const struct atobarai_job *job)
{
    return &job->summary;
}

bool atobarai_job_message(const struct atobarai_job *job, enum atobarai_language language,
                          struct atobarai_message *message)
{
    return message_fill(job->catalog, &job->error, language, message);
}
