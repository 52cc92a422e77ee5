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
    bool only_workbook;   /* all else went well, and only the workbook is missing */
    uint64_t phase_begin; /* milliseconds() when the phase began that is running */
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

enum { TEXTS = 13 };

/* Where the texts of `options` are. */
static void list_texts(struct atobarai_options *options, const char **texts[TEXTS])
{
    const char **const list[TEXTS] = {
        &options->schema,   &options->dialect, &options->api_url,    &options->api_key,         &options->merchant_code,
        &options->ledger,   &options->only,    &options->set_status, &options->set_shop_status, &options->ca_file,
        &options->retry_on, &options->log,     &options->xlsx};
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
};

static void discard(struct targets *targets)
{
    csv_target_discard(targets->result);
    csv_target_discard(targets->workbook);
    *targets = (struct targets){0};
}

static bool open_workbook(const struct atobarai_job *job, const struct work *work, struct targets *targets,
                          struct error *error)
{
    const char *path = job->options.xlsx;
    targets->workbook = csv_target_open(path, job->options.force, csv_source_stat(work->source), error);
    if (targets->workbook == NULL)
        return false;
    if (csv_target_is_same(targets->result, targets->workbook))
        return error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, "--xlsx", path, NULL);
    return workbook_check(work, error);
}

/* False: none is open. */
static bool open_targets(struct atobarai_job *job, const struct work *work, struct targets *targets)
{
    if (job->output != NULL) {
        targets->result = csv_target_open(job->output, job->options.force, csv_source_stat(work->source), &job->error);
        if (targets->result == NULL)
            return false;
    }
    if (job->options.xlsx == NULL || open_workbook(job, work, targets, &job->error))
        return true;
    discard(targets);
    return false;
}

/* The result is in its place by now: whoever reads the message must know that, and what was sent. */
static bool write_workbook(struct atobarai_job *job, struct work *work, struct csv_target *target)
{
    struct atobarai_summary summary = job->summary;
    struct atobarai_error_count *errors = NULL;
    char reason[ERROR_ARG_SIZE];
    char count[24];
    bool counted = summary_count(work, &summary, &errors) || error_set_memory(&job->error);
    if (!counted)
        csv_target_discard(target);
    bool written = counted && workbook_write(work, &summary, target, &job->error);
    free(errors);
    job->only_workbook = !written;
    if (written || strncmp(job->error.code, "OUTPUT_", strlen("OUTPUT_")) != 0)
        return written;
    snprintf(count, sizeof count, "%llu", (unsigned long long)summary.sent);
    snprintf(reason, sizeof reason, "%s", job->error.args[0]);
    return error_set(&job->error, ERROR_USAGE, "WORKBOOK_LOST", job->options.xlsx, reason, count, NULL);
}

/* The result first, which is what the next run needs. */
static bool write_targets(struct atobarai_job *job, struct work *work, struct targets *targets)
{
    if (targets->result != NULL && !output_write(work, targets->result, &job->error)) {
        csv_target_discard(targets->workbook);
        return false;
    }
    return targets->workbook == NULL || write_workbook(job, work, targets->workbook);
}

/* Everything that may fail without harm comes before the first order is sent: a result file that cannot be made, a
 * service that is not named. */
static bool run_steps(struct atobarai_job *job, struct work *work, struct connection *connection)
{
    struct targets targets = {0};
    if (work->sends && !job->options.dry_run && job->output == NULL)
        return error_set(&job->error, ERROR_USAGE, "OUTPUT_MISSING", NULL, NULL, NULL, NULL);
    if (job->options.xlsx != NULL && strcmp(job->options.xlsx, "-") == 0) /* the library that writes it needs a name */
        return error_set(&job->error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, "--xlsx", "-", NULL);
    if (!setting_check_values(&job->options, &job->error) ||
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
    bool writes = targets.result != NULL || targets.workbook != NULL;
    return !writes || end_phase(job, ATOBARAI_PHASE_WRITE, write_targets(job, work, &targets));
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

static void free_work(struct work *work)
{
    order_layout_free(&work->layout);
    order_schema_free(&work->schema);
    text_codec_free(work->codec);
    csv_source_close(work->source);
    book_free(&work->book);
    mends_free(&work->mends);
    findings_free(&work->findings);
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
    if (atomic_load(&job->interrupt) && job->summary.unsent > 0) {
        error_set(&job->error, ERROR_INTERRUPTED, "INTERRUPTED", NULL, NULL, NULL, NULL);
        return ATOBARAI_INTERRUPTED;
    }
    if (job->summary.unsent > 0 && !job->options.dry_run) {
        snprintf(count, sizeof count, "%llu", (unsigned long long)job->summary.unsent);
        error_set(&job->error, ERROR_SERVICE, "SERVICE_UNUSABLE", NULL, count, NULL, NULL);
        return ATOBARAI_UNSENT;
    }
    return job->summary.invalid + job->summary.failed > 0 ? ATOBARAI_NEEDS_FIXING : ATOBARAI_DONE;
}

enum atobarai_status atobarai_job_run(struct atobarai_job *job, atobarai_progress_fn *progress, void *context)
{
    uint64_t begin = milliseconds();
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
    bool done = run_steps(job, &work, &connection);
    job->summary.complete = done || job->only_workbook;
    describe_input(&work, &job->summary);
    if (!summary_count(&work, &job->summary, &job->errors) && done)
        done = error_set_memory(&job->error);
    job->summary.elapsed_ms = milliseconds() - begin;
    job->summary.log_lost = connection_close(&connection, &job->summary.log_errno);
    free_work(&work);
    if (done)
        return judge(job);
    tell_what_was_sent(job);
    return (enum atobarai_status)job->error.kind;
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
