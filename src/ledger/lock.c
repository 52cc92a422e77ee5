/* ledger/lock.c: see lock.h. */
#include "ledger/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 50 };

/* A new folder is there after a power failure only when the one above is on the disk. Some file systems cannot do that,
 * and need not be told. */
static void sync_above(const char *folder)
{
    char *above = strdup(folder);
    if (above == NULL)
        return;
    char *slash = strrchr(above, '/');
    if (slash != NULL)
        slash[slash == above ? 1 : 0] = '\0';
    int fd = open(slash != NULL ? above : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(above);
}

static bool make_folders(const char *path)
{
    char *folder = strdup(path);
    if (folder == NULL)
        return false;
    bool made = true;
    for (char *slash = strchr(folder + 1, '/'); made && slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) == 0)
            sync_above(folder);
        else
            made = errno == EEXIST;
        *slash = '/';
    }
    int reason = errno;
    free(folder);
    errno = reason;
    return made;
}

static int open_file(const char *path)
{
    enum { FLAGS = O_RDWR | O_CREAT | O_NOCTTY | O_CLOEXEC };
    int fd = open(path, FLAGS, 0600);
    if (fd < 0 && errno == ENOENT && *path != '\0' && make_folders(path))
        fd = open(path, FLAGS, 0600);
    return fd;
}

static struct timespec now_and(unsigned seconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += (time_t)seconds;
    return time;
}

static bool is_over(const struct timespec *end)
{
    struct timespec now = now_and(0);
    return now.tv_sec > end->tv_sec || (now.tv_sec == end->tv_sec && now.tv_nsec >= end->tv_nsec);
}

static enum lock_end wait_for(int fd, const struct timespec *end)
{
    static const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return LOCK_FAILED;
        if (is_over(end))
            return LOCK_BUSY;
        nanosleep(&pause, NULL);
    }
    return LOCK_TAKEN;
}

/* Whether `path` still names the file that was opened, and not another one that took its place. */
static bool is_at(const char *path, int fd)
{
    struct stat opened;
    struct stat named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

enum lock_end lock_take(const char *path, unsigned wait, int *descriptor)
{
    struct timespec end = now_and(wait);
    for (;;) {
        int fd = open_file(path);
        *descriptor = fd;
        if (fd < 0)
            return LOCK_FAILED;
        enum lock_end got = wait_for(fd, &end);
        if (got == LOCK_BUSY || (got == LOCK_TAKEN && is_at(path, fd)))
            return got;
        int reason = errno;
        close(fd);
        *descriptor = -1;
        errno = reason;
        if (got == LOCK_FAILED)
            return got;
    }
}
