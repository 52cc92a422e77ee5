/* drop/finish.c: see finish.h. */
#include "drop/finish.h"

#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORDS_MAX = 64,         /* of the command line */
    TIME_MAX = 60 * 1000,   /* milliseconds that the program has */
    TIME_TO_END = 2 * 1000, /* that it has after SIGTERM */
    STEP = 20,              /* between two looks whether it has ended */
};

static void tell(struct drop *drop, const char *code, const char *program, const char *detail)
{
    error_set(&drop->error, ERROR_NONE, code, NULL, program, detail, NULL);
    drop_tell_error(drop, ATOBARAI_DROP_TROUBLE, NULL);
}

/* ---- What it is told ---- */

static bool fill(cJSON *root, const struct drop *drop)
{
    return cJSON_AddStringToObject(root, "folder", drop->folders.path) != NULL &&
           cJSON_AddNumberToObject(root, "status", (double)drop->status) != NULL &&
           cJSON_AddNumberToObject(root, "done", (double)drop->done) != NULL &&
           cJSON_AddNumberToObject(root, "failed", (double)drop->failed) != NULL &&
           cJSON_AddNumberToObject(root, "left", (double)drop->left) != NULL &&
           cJSON_AddItemReferenceToObject(root, "files", drop->files) &&
           (drop->follow_up != NULL ? cJSON_AddItemReferenceToObject(root, "follow_up", drop->follow_up)
                                    : cJSON_AddNullToObject(root, "follow_up") != NULL);
}

/* A file of which the program reads: nobody waits for one that does not. -1 with errno. */
static int open_json(const struct drop *drop)
{
    cJSON *root = cJSON_CreateObject();
    char *text = root != NULL && fill(root, drop) ? cJSON_PrintUnformatted(root) : NULL;
    int fd = text != NULL ? file_open_unnamed() : -1;
    errno = text != NULL ? errno : ENOMEM;
    if (fd >= 0 && (!file_write(fd, span_of(text)) || !file_write(fd, span_of("\n")) || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    free(text);
    cJSON_Delete(root);
    return fd;
}

/* ---- Running it ---- */

/* The environment without our own; an array that the caller frees, its texts borrowed. NULL when memory ran out. */
static char **clean_environment(void)
{
    static const char ours[] = "ATOBARAI_";
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **clean = calloc(count + 1, sizeof *clean);
    size_t kept = 0;
    for (size_t i = 0; i < count && clean != NULL; i++)
        if (strncmp(environ[i], ours, sizeof ours - 1) != 0)
            clean[kept++] = environ[i];
    return clean;
}

/* In a group of its own, so that it can be ended with all that it started, and Ctrl-C is not for it. 0, or errno: then
 * `process` is 0. */
static int start(char **words, int input, pid_t *process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t usual;
    char **environment = clean_environment();
    if (environment == NULL)
        return ENOMEM;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    pid_t started = 0;
    int reason = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    if (reason == 0)
        reason = posix_spawnp(&started, words[0], &actions, &attributes, words, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    *process = reason == 0 ? started : 0;
    return reason;
}

/* Whether it ended within `milliseconds`. */
static bool ended(pid_t process, uint64_t milliseconds, int *status)
{
    uint64_t begin = arrivals_clock();
    for (;;) {
        pid_t found = waitpid(process, status, WNOHANG);
        if (found == process)
            return true;
        if (found < 0 && errno != EINTR) { /* somebody else takes care of children */
            *status = 0;
            return true;
        }
        if (arrivals_clock() - begin >= milliseconds)
            return false;
        poll(NULL, 0, STEP);
    }
}

static void wait_for(struct drop *drop, const char *program, pid_t process)
{
    char number[24];
    int status;
    if (!ended(process, TIME_MAX, &status)) {
        snprintf(number, sizeof number, "%d", TIME_MAX / 1000);
        kill(-process, SIGTERM);
        if (!ended(process, TIME_TO_END, &status)) {
            kill(-process, SIGKILL);
            waitpid(process, &status, 0);
        }
        tell(drop, "DROP_COMMAND_LATE", program, number);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        snprintf(number, sizeof number, "%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        tell(drop, "DROP_COMMAND_FAILED", program, number);
    }
}

void finish_run(struct drop *drop)
{
    char *words[WORDS_MAX + 1] = {0};
    size_t count = 0;
    pid_t process = 0;
    char *line = strdup(drop->asked->on_finish);
    for (char *rest = line, *word; count < WORDS_MAX && (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0')
            words[count++] = word;
    int input = open_json(drop);
    int reason = input < 0 ? errno : count > 0 ? start(words, input, &process) : ENOENT;
    if (input >= 0)
        close(input);
    if (process > 0)
        wait_for(drop, words[0], process);
    else
        tell(drop, "DROP_COMMAND_MISSING", count > 0 ? words[0] : drop->asked->on_finish, strerror(reason));
    free(line);
}
