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

/* Write `text` to a new file, as the umask has it. 0, or the errno of what failed. */
static int write_new(const char *path, const char *text)
{
    size_t length = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    errno = EIO; /* a short write sets none */
    int reason = write(fd, text, length) == (ssize_t)length ? 0 : errno;
    if (close(fd) != 0 && reason == 0)
        reason = errno;
    return reason;
}

/* The file appears whole: whoever waits for it must not read half a number. `replaces`: in the place of one that is
 * there. 0, or the errno of what failed. */
static int write_whole(const char *path, const char *text, bool replaces)
{
    char *temporary;
    if (asprintf(&temporary, "%s.%ld.tmp", path, (long)getpid()) < 0)
        return ENOMEM;
    int reason = write_new(temporary, text);
    bool made = reason == 0;
    if (made && (replaces ? rename(temporary, path) : link(temporary, path)) != 0)
        reason = errno;
    if (made && (reason != 0 || !replaces))
        unlink(temporary);
    free(temporary);
    return reason;
}

/* A file that the user asked for, which tells of this sandbox. */
struct note {
    const char *path; /* NULL: not asked for */
    bool replaces;    /* whatever is there */
    char text[4096];
};

static struct note port_note(const struct cli_options *options, const struct atobarai_sandbox *sandbox)
{
    struct note note = {.path = cli_options_text(options, CLI_PORT_FILE), .replaces = true};
    snprintf(note.text, sizeof note.text, "%u\n", (unsigned)atobarai_sandbox_port(sandbox));
    return note;
}

/* Only what everybody may know: the certificate of the authority, and never a key. By that option other commands name
 * the certificates that they trust, and those must not be lost by a mistake. */
static struct note authority_note(const struct cli_options *options, const struct atobarai_sandbox *sandbox)
{
    struct note note = {.path = cli_options_text(options, CLI_AUTHORITY_FILE)};
    const char *authority = atobarai_sandbox_authority(sandbox);
    snprintf(note.text, sizeof note.text, "%s", authority != NULL ? authority : "");
    return note;
}

static bool write_note(const struct cli_options *options, const struct note *note)
{
    int reason = note->path != NULL ? write_whole(note->path, note->text, note->replaces) : 0;
    if (reason != 0)
        cli_console_error(options->language, "OUTPUT_UNWRITABLE", note->path, strerror(reason), NULL);
    return reason == 0;
}

/* Tell where it listens: the files first, the port's last, so that they are there for whoever has read the lines. */
static enum atobarai_status announce(const struct cli_options *options, const struct atobarai_sandbox *sandbox)
{
    struct note port = port_note(options, sandbox);
    struct note authority = authority_note(options, sandbox);
    if (!write_note(options, &authority) || !write_note(options, &port))
        return ATOBARAI_USAGE;
    printf("listening on %s\nlistening on %s\n", atobarai_sandbox_url(sandbox), atobarai_sandbox_kuroneko_url(sandbox));
    return cli_console_flush(options->language) ? ATOBARAI_DONE : ATOBARAI_USAGE;
}

/* The file tells of a sandbox that is no more; unless another one has written its own there meanwhile. */
static void forget(const struct note *note)
{
    char there[sizeof note->text];
    FILE *file = note->path != NULL ? fopen(note->path, "re") : NULL;
    if (file == NULL)
        return;
    size_t length = fread(there, 1, sizeof there - 1, file);
    fclose(file);
    there[length] = '\0';
    if (strcmp(there, note->text) == 0)
        unlink(note->path);
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
    const struct atobarai_sandbox_options asked = {
        .port = (uint16_t)cli_options_number(options, CLI_PORT),
        .state = cli_options_text(options, CLI_STATE),
        .faults = cli_options_text(options, CLI_FAULT),
        .seed = cli_options_number(options, CLI_SEED),
        .tls = cli_options_given(options, CLI_TLS) || cli_options_given(options, CLI_AUTHORITY_FILE),
        .delay_ms = (unsigned)cli_options_number(options, CLI_DELAY),
    };
    struct atobarai_sandbox *sandbox = atobarai_sandbox_start(&asked, options->language, &status, &message);
    if (sandbox == NULL) {
        cli_console_message(options->language, &message);
        return status;
    }
    status = announce(options, sandbox);
    if (status == ATOBARAI_DONE)
        sigwait(&ends, &received);
    struct note port = port_note(options, sandbox);
    struct note authority = authority_note(options, sandbox);
    forget(&port);
    forget(&authority);
    atobarai_sandbox_stop(sandbox);
    return status;
}
