/* drop/lock.c: see lock.h. */
#include "drop/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOCK_NAME ".atobarai.lock"

enum { WORD_SIZE = 512 }; /* bytes of what is left there */

static int fail(const struct folders *folders, int fd, int reason, struct error *error)
{
    if (fd >= 0)
        close(fd);
    error_set_errno(error, ERROR_CONFIG, "DROP_UNLOCKABLE", folders->path, reason);
    return -1;
}

/* "PID\nHOST, SINCE\n", of this process. */
static void leave_word(int fd)
{
    char host[128] = "";
    char since[32] = "";
    char word[WORD_SIZE];
    time_t now = time(NULL);
    struct tm local;
    gethostname(host, sizeof host - 1);
    if (localtime_r(&now, &local) != NULL)
        strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", &local);
    int length = snprintf(word, sizeof word, "%ld\n%s, %s\n", (long)getpid(), host, since);
    /* Only words: where they cannot be written, the lock is held all the same. */
    if (ftruncate(fd, 0) == 0 && pwrite(fd, word, (size_t)length, 0) < 0)
        errno = 0;
}

/* Who has it, as he left word; ? where he has not come to that yet. What is there is somebody's file: no control
 * character of it reaches a message. */
static int fail_busy(const struct folders *folders, int fd, struct error *error)
{
    char word[WORD_SIZE] = "";
    ssize_t got = pread(fd, word, sizeof word - 1, 0);
    close(fd);
    word[got > 0 ? got : 0] = '\0';
    char *rest = word;
    const char *process = strsep(&rest, "\n");
    const char *where = rest != NULL ? strsep(&rest, "\n") : "";
    for (char *at = word; at < word + sizeof word; at++)
        if ((unsigned char)*at < ' ' && *at != '\0')
            *at = '?';
    error_set(error, ERROR_CONFIG, "DROP_BUSY", folders->path, *process != '\0' ? process : "?",
              *where != '\0' ? where : "?", NULL);
    return -1;
}

int lock_drop(const struct folders *folders, struct error *error)
{
    int fd = openat(folders->root, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd < 0)
        return fail(folders, fd, errno, error);
    /* A lock of the open file, not of the process: that would be lost when anything in it closed the same file. */
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0)
        return errno == EAGAIN || errno == EACCES ? fail_busy(folders, fd, error) : fail(folders, fd, errno, error);
    leave_word(fd);
    return fd;
}
