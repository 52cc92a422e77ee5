/* run/job.c: the product as include/atobarai.h shows it: a job is opened, run, read, and freed. */
#include "atobarai.h"

#include "api/json.h"
#include "api/kuroneko.h"
#include "base/embedded.h"
#include "base/file.h"
#include "run/check.h"
#include "run/intake.h"
#include "run/message.h"
#include "run/only.h"
#include "run/output.h"
#include "run/place.h"
#include "run/send.h"
#include "run/setting.h"
#include "run/summary.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct atobarai_job {
    enum atobarai_operation operation;
    char *input;
    char *output;                    /* NULL: none */
    struct atobarai_options options; /* its texts are owned, as copies */
    atomic_bool interrupt;
    struct catalog *catalog;
    struct error error;   /* why the run ended above ATOBARAI_NEEDS_FIXING */
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

static void free_text(const char *text)
{
    free((char *)text);
}

static void free_secret(const char *text)
{
    if (text != NULL)
        explicit_bzero((char *)text, strlen(text));
    free_text(text);
}

/* All are copied, or NULL, even where memory ran out midway: so all may be freed. */
static bool copy_options(struct atobarai_options *options)
{
    const char **texts[] = {&options->schema,          &options->dialect, &options->api_url,  &options->api_key,
                            &options->merchant_code,   &options->ledger,  &options->only,     &options->set_status,
                            &options->set_shop_status, &options->ca_file, &options->retry_on, &options->log};
    bool copied = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        copied = copy_text(texts[i]) && copied;
    return copied;
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
                                             .encoding = text_encoding_code(TEXT_CP932)};
    return job;
}

void atobarai_job_free(struct atobarai_job *job)
{
    if (job == NULL)
        return;
    free_text(job->options.schema);
    free_text(job->options.dialect);
    free_text(job->options.api_url);
    free_secret(job->options.api_key);
    free_secret(job->options.merchant_code);
    free_text(job->options.ledger);
    free_text(job->options.ca_file);
    free_text(job->options.retry_on);
    free_text(job->options.log);
    free_text(job->options.only);
    free_text(job->options.set_status);
    free_text(job->options.set_shop_status);
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

/* The service that orders are sent to, the simulated one included. All is owned. */
struct connection {
    struct api_dialect *dialect;
    struct api_account account;
    const char *name;        /* of the service in the ledger */
    struct sandbox *sandbox; /* NULL: the real one */
    struct ledger *ledger;
    regex_t retry_on;
    bool retries;    /* `retry_on` is there */
    struct log *log; /* NULL: none */
};

/* The text of `path`, or of the program where that is NULL. */
static bool read_data(const char *path, const char *embedded, struct buf *text, struct error *error)
{
    if (path != NULL)
        return file_read(path, text, error);
    buf_append_text(text, embedded);
    return !text->failed || error_set_memory(error);
}

static bool load_schema(struct atobarai_job *job, struct work *work)
{
    struct buf text = {0};
    const char *path = job->options.schema;
    bool loaded = read_data(path, embedded_order_schema, &text, &job->error) &&
                  order_schema_parse(&work->schema, (struct span){buf_text(&text), text.length}, path, &job->error);
    buf_free(&text);
    return loaded;
}

static bool speaks(const struct atobarai_job *job, const char *dialect)
{
    return job->options.dialect != NULL && strcmp(job->options.dialect, dialect) == 0;
}

static bool load_json_dialect(struct atobarai_job *job, struct connection *service)
{
    struct buf text = {0};
    const char *path = job->options.dialect == NULL || speaks(job, "json") ? NULL : job->options.dialect;
    if (read_data(path, embedded_json_dialect, &text, &job->error))
        service->dialect = api_json_parse((struct span){buf_text(&text), text.length}, path, &job->error);
    buf_free(&text);
    return service->dialect != NULL;
}

static bool load_dialect(struct atobarai_job *job, const struct work *work, struct connection *service)
{
    if (work->kuroneko == NULL)
        return load_json_dialect(job, service);
    service->dialect = api_kuroneko_new(work->kuroneko);
    return service->dialect != NULL || error_set_memory(&job->error);
}

/* The simulated service. Where the rehearsal has a ledger of its own, its orders are kept beside that. */
static bool open_sandbox(struct atobarai_job *job, struct connection *service)
{
    struct buf state = {0};
    struct sandbox_options options = {0};
    if (job->options.ledger != NULL) {
        buf_printf(&state, "%s.sandbox", job->options.ledger);
        if (state.failed)
            return error_set_memory(&job->error);
        options.state = buf_text(&state);
    }
    service->sandbox = sandbox_start(&options, &job->error);
    buf_free(&state);
    if (service->sandbox == NULL)
        return false;
    if (speaks(job, "kuroneko")) {
        service->account = (struct api_account){sandbox_kuroneko_url(service->sandbox), "sandbox", "10000000000"};
        service->name = "sandbox of kuroneko";
    } else {
        service->account = (struct api_account){sandbox_url(service->sandbox), "sandbox", "sandbox"};
        service->name = "sandbox"; /* its port is another one each time */
    }
    return true;
}

static bool compile_retry_on(struct atobarai_job *job, struct connection *service)
{
    const char *pattern = job->options.retry_on;
    if (pattern == NULL)
        return true;
    service->retries = regcomp(&service->retry_on, pattern, REG_EXTENDED | REG_NOSUB) == 0;
    return service->retries ||
           error_set(&job->error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, "--retry-on", pattern, NULL);
}

static bool open_service(struct atobarai_job *job, const struct work *work, struct connection *service)
{
    const struct atobarai_options *options = &job->options;
    if (!load_dialect(job, work, service) || !compile_retry_on(job, service))
        return false;
    if (options->sandbox)
        return open_sandbox(job, service);
    if (options->api_url == NULL || *options->api_url == '\0')
        return error_set(&job->error, ERROR_CONFIG, "URL_MISSING", NULL, NULL, NULL, NULL);
    service->account = (struct api_account){options->api_url, options->api_key, options->merchant_code};
    service->name = options->api_url;
    return transport_check_url(options->api_url, &job->error) &&
           (options->ca_file == NULL || transport_check_ca_file(options->ca_file, &job->error)) &&
           api_dialect_check_account(service->dialect, &service->account, &job->error);
}

static bool open_ledger_file(struct atobarai_job *job, const struct ledger_account *account, struct connection *service)
{
    struct buf path = {0};
    if (!place_of_ledger(job->options.ledger, &path, &job->error))
        service->ledger = NULL;
    else if (job->options.dry_run)
        service->ledger = ledger_open_reading(buf_text(&path), account, &job->error);
    else
        service->ledger =
            ledger_open(buf_text(&path), account, commands[job->operation], job->options.timeout, &job->error);
    buf_free(&path);
    return service->ledger != NULL;
}

/* A rehearsal that names no ledger leaves nothing behind. */
static bool open_ledger(struct atobarai_job *job, struct connection *service)
{
    struct ledger_account account = {service->name, service->account.merchant};
    if (!job->options.sandbox || job->options.ledger != NULL)
        return open_ledger_file(job, &account, service);
    service->ledger = ledger_open_memory(&account, &job->error);
    return service->ledger != NULL;
}

/* The log of attempts. A rehearsal that sends nothing has nothing to write there. */
static bool open_log(struct atobarai_job *job, struct connection *service)
{
    const struct atobarai_options *options = &job->options;
    struct buf ledger = {0};
    struct buf state = {0}; /* of the sandbox */
    if (options->log == NULL || options->dry_run)
        return true;
    bool in_memory = options->sandbox && options->ledger == NULL;
    bool placed = in_memory || place_of_ledger(options->ledger, &ledger, &job->error);
    buf_printf(&state, "%s.sandbox", buf_text(&ledger));
    const char *const others[] = {job->output, buf_text(&ledger), buf_text(&state)};
    if (placed && (!state.failed || error_set_memory(&job->error)))
        service->log = log_open(options->log, commands[job->operation], others, in_memory ? 1 : 3, &job->error);
    buf_free(&ledger);
    buf_free(&state);
    return service->log != NULL;
}

static void close_service(struct atobarai_job *job, struct connection *service)
{
    job->summary.log_lost = log_close(service->log, &job->summary.log_errno);
    if (service->retries)
        regfree(&service->retry_on);
    ledger_close(service->ledger);
    api_dialect_free(service->dialect);
    sandbox_stop(service->sandbox);
}

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
static bool send(struct atobarai_job *job, struct work *work, struct connection *to)
{
    if (!only_apply(work, &job->error) || !open_ledger(job, to))
        return false;
    const struct service service = {to->dialect, to->account, to->ledger, to->retries ? &to->retry_on : NULL, to->log};
    return job->options.dry_run ? send_rehearse(work, &service, &job->error) : send_run(work, &service, &job->error);
}

/* Everything that may fail without harm comes before the first order is sent: a result file that cannot be made, a
 * service that is not named. */
static bool run_steps(struct atobarai_job *job, struct work *work, struct connection *service)
{
    struct csv_target *target = NULL;
    if (work->sends && !job->options.dry_run && job->output == NULL)
        return error_set(&job->error, ERROR_USAGE, "OUTPUT_MISSING", NULL, NULL, NULL, NULL);
    if (!setting_check_values(&job->options, &job->error) || !load_schema(job, work) ||
        (work->sends && !open_service(job, work, service)))
        return false;
    job->phase_begin = milliseconds();
    if (!end_phase(job, ATOBARAI_PHASE_READ, intake_run(work, &job->error)) ||
        !setting_check_columns(work, &job->error))
        return false;
    if (work->sends && !open_log(job, service))
        return false;
    if (job->output != NULL) {
        target = csv_target_open(job->output, job->options.force, csv_source_stat(work->source), &job->error);
        if (target == NULL)
            return false;
    }
    if (!end_phase(job, ATOBARAI_PHASE_CHECK, check_run(work, &job->error)) ||
        (work->sends && !end_phase(job, ATOBARAI_PHASE_SEND, send(job, work, service)))) {
        csv_target_discard(target);
        return false;
    }
    return target == NULL || end_phase(job, ATOBARAI_PHASE_WRITE, output_write(work, target, &job->error));
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
    struct connection service = {0};
    struct work work = {.operation = job->operation,
                        .sends = job->operation != ATOBARAI_CHECK,
                        .input = job->input,
                        .output = job->output,
                        .options = &job->options,
                        .interrupt = &job->interrupt,
                        .progress = progress,
                        .progress_context = context,
                        .now = (int64_t)time(NULL),
                        .catalog = job->catalog};
    struct kuroneko_terms terms = {job->options.fit, job->options.ship_days, work.now};
    if (speaks(job, "kuroneko"))
        work.kuroneko = &terms;
    bool done = run_steps(job, &work, &service);
    job->summary.complete = done;
    describe_input(&work, &job->summary);
    if (!summary_count(&work, &job->summary, &job->errors) && done)
        done = error_set_memory(&job->error);
    job->summary.elapsed_ms = milliseconds() - begin;
    close_service(job, &service);
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
