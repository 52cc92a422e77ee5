/* tests/tools/starter.c: the program, started many times in one process: for each time it is asked, by a fork.
 *
 *     starter SOCKET
 *
 * Loading the forty libraries that libcurl comes with costs more than most tests have the program do, and they start it
 * ten thousand times. Here that is done once. What runs is the program's own main(), in a process of its own, with its
 * own arguments, environment and standard streams; tests that look at the process itself start the program in the
 * ordinary way.
 *
 * SOCKET is the number of a socket of whole messages (SOCK_SEQPACKET). A request is made of strings that end with a
 * NUL: how many arguments there are, the arguments, the environment; and brings three descriptors: standard input,
 * output and error. The answer is the status that waitpid() gave, as a number. It ends with the other side. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    REQUEST_MAX = 256 * 1024, /* bytes */
    WORDS_MAX = 4096,         /* arguments and variables of a request */
    STREAMS = 3,
};

int program_main(int argc, char *argv[]); /* main() of src/cli/main.c */

static char request[REQUEST_MAX + 1];
static char *words[WORDS_MAX];

/* Wait for a request; its bytes, or 0 when there will be none. */
static size_t receive(int from, int streams[STREAMS])
{
    union {
        struct cmsghdr header; /* aligns the bytes */
        char bytes[CMSG_SPACE(STREAMS * sizeof(int))];
    } control;
    struct iovec bytes = {request, REQUEST_MAX};
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t size = recvmsg(from, &message, 0);
    const struct cmsghdr *header = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_len != CMSG_LEN(STREAMS * sizeof(int)) || (message.msg_flags & MSG_TRUNC) != 0)
        return 0;
    memcpy(streams, CMSG_DATA(header), STREAMS * sizeof(int));
    return (size_t)size;
}

/* Cut what follows the folder into `words`, with a NULL behind the arguments and another one behind the environment;
 * the number of arguments. */
static int cut(size_t size)
{
    size_t count = 0;
    const char *number = request + strlen(request) + 1;
    char *at = request + strlen(request) + 1 + strlen(number) + 1;
    int arguments = (int)strtol(number, NULL, 10);
    for (; at < request + size && count < WORDS_MAX - 2; at += strlen(at) + 1) {
        if (count == (size_t)arguments)
            words[count++] = NULL;
        words[count++] = at;
    }
    words[count] = NULL;
    return arguments;
}

/* Be the program. */
static void start(size_t size, const int streams[STREAMS])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < STREAMS; i++) {
        dup2(streams[i], i);
        close(streams[i]);
    }
    if (chdir(request) != 0)
        _exit(125);
    int arguments = cut(size);
    environ = words + arguments + 1;
    exit(program_main(arguments, words));
}

int main(int argc, char *argv[])
{
    int with = argc == 2 ? (int)strtol(argv[1], NULL, 10) : -1;
    int streams[STREAMS];
    size_t size;
    while ((size = receive(with, streams)) > 0) {
        char answer[24];
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            close(with);
            start(size, streams);
        }
        for (int i = 0; i < STREAMS; i++)
            close(streams[i]);
        if (child < 0 || waitpid(child, &status, 0) != child)
            return 1;
        snprintf(answer, sizeof answer, "%d", status);
        if (send(with, answer, strlen(answer), MSG_NOSIGNAL) < 0)
            return 1;
    }
    return 0;
}
