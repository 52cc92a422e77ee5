/* cli/sandbox.c: see sandbox.h. */
#include "cli/sandbox.h"

#include "cli/console.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Write `port` and a newline to a new file, as the umask has it. 0, or the errno of what failed. */
static int write_port(const char *path, uint16_t port)
{
    char text[8];
    int length = snprintf(text, sizeof text, "%u\n", (unsigned)port);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    errno = EIO; /* a short write sets none */
    int reason = write(fd, text, (size_t)length) == length ? 0 : errno;
    if (close(fd) != 0 && reason == 0)
        reason = errno;
    return reason;
}

/* The file appears whole: whoever waits for it must not read half a number. 0, or the errno of what failed. */
static int write_port_file(const char *path, uint16_t port)
{
    char *temporary;
    if (asprintf(&temporary, "%s.%ld.tmp", path, (long)getpid()) < 0)
        return ENOMEM;
    int reason = write_port(temporary, port);
    if (reason == 0 && rename(temporary, path) != 0)
        reason = errno;
    if (reason != 0 && reason != EEXIST)
        unlink(temporary);
    free(temporary);
    return reason;
}

/* Tell where it listens: the file first, so that it is there for whoever has read the line. */
static enum atobarai_status announce(const struct cli_options *options, const struct atobarai_sandbox *sandbox)
{
    const char *path = cli_options_text(options, CLI_PORT_FILE);
    int reason = path != NULL ? write_port_file(path, atobarai_sandbox_port(sandbox)) : 0;
    if (reason != 0) {
        cli_console_error(options->language, "OUTPUT_UNWRITABLE", path, strerror(reason), NULL);
        return ATOBARAI_USAGE;
    }
    printf("listening on %s\nlistening on %s\n", atobarai_sandbox_url(sandbox), atobarai_sandbox_kuroneko_url(sandbox));
    return cli_console_flush(options->language) ? ATOBARAI_DONE : ATOBARAI_USAGE;
}

/* The file names a port where nobody listens any more; unless another sandbox has written its own there meanwhile. */
static void forget_port(const struct cli_options *options, uint16_t port)
{
    const char *path = cli_options_text(options, CLI_PORT_FILE);
    unsigned there = 0;
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    if (file == NULL)
        return;
    bool read = fscanf(file, "%5u", &there) == 1;
    fclose(file);
    if (read && there == port)
        unlink(path);
}

enum atobarai_status cli_sandbox(const struct cli_options *options)
{
    struct atobarai_message message = {0};
    enum atobarai_status status = ATOBARAI_CONFIG;
    sigset_t ends;
    int received;
    /* Blocked from here on, in the sandbox's threads too, and waited for: no handler, and no signal is too early. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    struct atobarai_sandbox *sandbox =
        atobarai_sandbox_start((uint16_t)cli_options_number(options, CLI_PORT), cli_options_text(options, CLI_STATE),
                               cli_options_text(options, CLI_FAULT), cli_options_number(options, CLI_SEED),
                               options->language, &status, &message);
    if (sandbox == NULL) {
        cli_console_message(options->language, &message);
        return status;
    }
    status = announce(options, sandbox);
    if (status == ATOBARAI_DONE)
        sigwait(&ends, &received);
    forget_port(options, atobarai_sandbox_port(sandbox));
    atobarai_sandbox_stop(sandbox);
    return status;
}
