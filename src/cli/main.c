/* cli/main.c: where the program begins and ends. */
#include "cli/clean.h"
#include "cli/config.h"
#include "cli/console.h"
#include "cli/diff.h"
#include "cli/drop.h"
#include "cli/explain.h"
#include "cli/help.h"
#include "cli/history.h"
#include "cli/job.h"
#include "cli/options.h"
#include "cli/sandbox.h"
#include "cli/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A descriptor from 0 to 2 that the caller left closed would be given to the next file that is opened, and messages
 * would be written into the merchant's data. Each gets a /dev/null that can only be used the wrong way round, so that
 * using it is still the error that it was. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* the lowest free one, which is fd */
    }
}

/* A core file would hold secrets and the data of buyers. The limit alone does not count where the system pipes cores to
 * a program, as systemd-coredump has it; and a process that is not dumpable has no memory or environment that others of
 * the same user may read. A debugger has to start the program, then: it cannot come to it later, but as root. */
static void forbid_core_files(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static enum atobarai_status run_command(const struct cli_options *options)
{
    switch (options->command) {
    case CLI_CLEAN:
        return cli_clean(options);
    case CLI_DIFF:
        return cli_diff(options);
    case CLI_DROP:
        return cli_drop(options);
    case CLI_HISTORY:
        return cli_history(options);
    case CLI_ORDERS:
        return cli_history_orders(options);
    case CLI_EXPLAIN:
        return cli_explain(options);
    case CLI_CONFIG:
        return cli_setup(options);
    case CLI_SANDBOX:
        return cli_sandbox(options);
    default:
        return cli_job(options);
    }
}

static enum atobarai_status run(struct cli_options *options)
{
    struct cli_config *config;
    struct cli_config_error error;
    enum atobarai_status status;
    if (cli_options_given(options, CLI_HELP))
        return cli_help(options->command, options->language);
    if (cli_options_given(options, CLI_VERSION))
        return cli_help_version(options->language);
    bool loaded = cli_config_load(options, &config, &error);
    /* What is wrong with the file that nobody asked for can be looked up all the same. */
    if (loaded || (options->command == CLI_EXPLAIN && !cli_options_given(options, CLI_CONFIG_FILE))) {
        status = run_command(options);
    } else {
        cli_console_error(options->language, error.code, error.path, error.args[0], error.args[1]);
        status = error.status;
    }
    cli_config_free(config);
    return status;
}

int main(int argc, char **argv)
{
    struct cli_options options;
    struct cli_usage usage;
    hold_standard_descriptors();
    forbid_core_files();
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a line in one piece, not in characters */
    signal(SIGPIPE, SIG_IGN);              /* a reader that goes away is a write error, which is reported, */
    signal(SIGXFSZ, SIG_IGN);              /* and so is a limit of file sizes */
    if (cli_options_parse(argc, argv, &options, &usage))
        return (int)run(&options);
    cli_console_error(options.language, usage.code, NULL, usage.name, usage.detail);
    return ATOBARAI_USAGE;
}
