/* cli/job.c: see job.h. */
#include "cli/job.h"

#include "cli/config.h"
#include "cli/console.h"
#include "cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The job that a signal asks to end. A handler gets no argument, so this is a variable outside of all
 * functions, as there is one more in cli/signals; it is set before the handlers are installed, and outlives them. */
static struct atobarai_job *volatile interruptible;

static void interrupt_job(int number)
{
    (void)number;
    int saved = errno;
    atobarai_job_interrupt(interruptible);
    errno = saved;
}

/* Run with SIGINT, SIGTERM and SIGHUP (a terminal that was closed) as a request to end. A second one ends the process
 * at once (SA_RESETHAND); system calls are interrupted (no SA_RESTART), so that waiting for the service ends, too. */
static enum atobarai_status run_interruptibly(struct atobarai_job *job, struct cli_progress *line)
{
    struct sigaction action = {.sa_handler = interrupt_job, .sa_flags = (int)SA_RESETHAND};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction old[sizeof signals / sizeof *signals];
    sigemptyset(&action.sa_mask);
    interruptible = job;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, &old[i]);
    enum atobarai_status status = atobarai_job_run(job, line != NULL ? cli_progress_show : NULL, line);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &old[i], NULL);
    return status;
}

static bool sends(const struct cli_options *options)
{
    return cli_commands[options->command].operation != NULL;
}

struct atobarai_options cli_job_options(const struct cli_options *options)
{
    return (struct atobarai_options){
        .schema = cli_options_text(options, CLI_SCHEMA),
        .dialect = cli_options_text(options, CLI_DIALECT),
        .api_url = cli_options_text(options, CLI_API_URL),
        .api_key = cli_options_text(options, CLI_API_KEY),
        .merchant_code = cli_options_text(options, CLI_MERCHANT_CODE),
        .ledger = cli_options_text(options, CLI_LEDGER),
        .ca_file = cli_options_text(options, CLI_CA_FILE),
        .retry_on = cli_options_text(options, CLI_RETRY_ON),
        .xlsx = cli_options_text(options, CLI_XLSX),
        .report = cli_options_text(options, CLI_REPORT),
        .report_details = cli_options_given(options, CLI_REPORT_DETAILS),
        .log = cli_options_text(options, CLI_LOG),
        .only = cli_options_text(options, CLI_ONLY),
        .set_status = cli_options_text(options, CLI_SET_STATUS),
        .set_shop_status = cli_options_text(options, CLI_SET_SHOP_STATUS),
        .sandbox = cli_options_given(options, CLI_USE_SANDBOX),
        .dry_run = cli_options_given(options, CLI_DRY_RUN),
        .encoding = (enum atobarai_encoding)cli_options_number(options, CLI_ENCODING),
        .output_encoding = (enum atobarai_encoding)cli_options_number(options, CLI_OUTPUT_ENCODING),
        .force = cli_options_given(options, CLI_FORCE),
        .fit = cli_options_given(options, CLI_FIT),
        .strict = cli_options_given(options, CLI_STRICT),
        .allow_reimported = cli_options_given(options, CLI_ALLOW_REIMPORTED),
        .jobs = (unsigned)cli_options_number(options, CLI_JOBS),
        .concurrency = (unsigned)cli_options_number(options, CLI_CONCURRENCY),
        .rate = (unsigned)cli_options_number(options, CLI_RATE),
        .timeout = (unsigned)cli_options_number(options, CLI_TIMEOUT),
        .retries = (unsigned)cli_options_number(options, CLI_RETRIES),
        .max_errors = (unsigned)cli_options_number(options, CLI_MAX_ERRORS),
        .ship_days = (unsigned)cli_options_number(options, CLI_SHIP_DAYS),
    };
}

/* NULL when memory ran out. */
static struct atobarai_job *new_job(const struct cli_options *options)
{
    static const enum atobarai_operation operations[CLI_COMMANDS] = {
        [CLI_CHECK] = ATOBARAI_CHECK,   [CLI_REGISTER] = ATOBARAI_REGISTER, [CLI_SHIP] = ATOBARAI_SHIP,
        [CLI_CANCEL] = ATOBARAI_CANCEL, [CLI_STATUS] = ATOBARAI_STATUS,     [CLI_REREGISTER] = ATOBARAI_REREGISTER,
    };
    struct atobarai_options job_options = cli_job_options(options);
    struct atobarai_job *job = atobarai_job_new(operations[options->command], options->input,
                                                cli_options_text(options, CLI_OUTPUT), &job_options);
    cli_config_forget_secrets(options);
    return job;
}

/* The folder that `path` is in; false when there is none. `name` is what it is called there, borrowed from `path`. */
static bool folder_of(const char *path, struct stat *folder, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash != NULL ? slash + 1 : path;
    char *copy = slash != NULL ? strndup(path, (size_t)(*name - path)) : strdup(".");
    bool found = copy != NULL && stat(copy, folder) == 0;
    free(copy);
    return found;
}

/* Whether both paths are one regular file, or would be once it is written; NULL is no path. */
static bool same_file(const char *a, const char *b)
{
    struct stat stat_a;
    struct stat stat_b;
    const char *name_a;
    const char *name_b;
    if (a == NULL || b == NULL)
        return false;
    if (stat(a, &stat_a) == 0 && stat(b, &stat_b) == 0)
        return S_ISREG(stat_a.st_mode) && stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino;
    return folder_of(a, &stat_a, &name_a) && folder_of(b, &stat_b, &name_b) && strcmp(name_a, name_b) == 0 &&
           stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino;
}

/* The summary replaces its file: that must be neither the input nor a result nor the log, nor may both go to standard
 * output. */
static bool summary_stands_apart(const struct cli_options *options)
{
    const char *summary = cli_options_text(options, CLI_SUMMARY_JSON);
    const char *output = cli_options_text(options, CLI_OUTPUT);
    if (summary == NULL)
        return true;
    bool apart = strcmp(summary, "-") == 0 ? output == NULL || strcmp(output, "-") != 0
                                           : !same_file(summary, options->input) && !same_file(summary, output) &&
                                                 !same_file(summary, cli_options_text(options, CLI_XLSX)) &&
                                                 !same_file(summary, cli_options_text(options, CLI_REPORT)) &&
                                                 !same_file(summary, cli_options_text(options, CLI_LOG));
    if (!apart)
        cli_console_error(options->language, "USAGE_BAD_VALUE", NULL, "--summary-json", summary);
    return apart;
}

/* A summary that cannot be written is found before anything is sent, as far as that can be known: opened for appending,
 * a file that is there stays as it is, and one that was not is taken away again. */
static bool summary_is_writable(const struct cli_options *options)
{
    const char *path = cli_options_text(options, CLI_SUMMARY_JSON);
    struct stat before;
    if (path == NULL || strcmp(path, "-") == 0)
        return true;
    bool existed = lstat(path, &before) == 0;
    if (existed && !S_ISREG(before.st_mode) && !S_ISDIR(before.st_mode))
        return true; /* opening a pipe would be noticed at its other end */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0660);
    if (fd < 0) {
        cli_console_error(options->language, "OUTPUT_UNWRITABLE", path, strerror(errno), NULL);
        return false;
    }
    close(fd);
    if (!existed)
        unlink(path);
    return true;
}

static void report(const struct cli_options *options, const struct atobarai_job *job, enum atobarai_status status)
{
    const struct atobarai_summary *summary = atobarai_job_summary(job);
    struct atobarai_message message = {0};
    bool quiet = cli_options_given(options, CLI_QUIET);
    if (!quiet && summary->complete)
        cli_console_report(options, summary, status != ATOBARAI_USAGE);
    else if (!summary->complete && summary->sent > 0)
        cli_console_sent(options->language, summary->sent);
    if (!quiet && cli_options_given(options, CLI_VERBOSE))
        cli_console_details(options, summary);
    if (status <= ATOBARAI_NEEDS_FIXING)
        return;
    if (!atobarai_job_message(job, options->language, &message))
        message.what = NULL;
    cli_console_message(options->language, &message);
}

/* What the log lacks is worth a word, and no more: it is not what the run was for. */
static void report_log(const struct cli_options *options, const struct atobarai_summary *summary)
{
    char count[24];
    snprintf(count, sizeof count, "%" PRIu64, summary->log_lost);
    if (summary->log_lost > 0)
        cli_console_error(options->language, "LOG_INCOMPLETE", cli_options_text(options, CLI_LOG),
                          strerror(summary->log_errno), count);
}

/* Write --summary-json; the exit status, which a failure raises. */
static enum atobarai_status write_summary(const struct cli_options *options, const struct atobarai_job *job,
                                          enum atobarai_status status)
{
    const char *path = cli_options_text(options, CLI_SUMMARY_JSON);
    int reason = path != NULL ? atobarai_summary_write(atobarai_job_summary(job), path) : 0;
    if (reason == 0)
        return status;
    cli_console_error(options->language, "OUTPUT_UNWRITABLE", path, strerror(reason), NULL);
    return status < ATOBARAI_USAGE ? ATOBARAI_USAGE : status;
}

enum atobarai_status cli_job(const struct cli_options *options)
{
    struct cli_progress line = {.language = options->language,
                                .command = options->command,
                                .rehearses = cli_options_given(options, CLI_DRY_RUN)};
    bool shows_progress = sends(options) && !cli_options_given(options, CLI_QUIET) && cli_progress_is_possible();
    if (!summary_stands_apart(options) || !summary_is_writable(options))
        return ATOBARAI_USAGE;
    struct atobarai_job *job = new_job(options);
    if (job == NULL) {
        cli_console_error(options->language, "OUT_OF_MEMORY", NULL, NULL, NULL);
        return ATOBARAI_CONFIG;
    }
    enum atobarai_status status = run_interruptibly(job, shows_progress ? &line : NULL);
    cli_progress_clear(&line);
    report(options, job, status);
    report_log(options, atobarai_job_summary(job));
    status = write_summary(options, job, status);
    atobarai_job_free(job);
    return status;
}
