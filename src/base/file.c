/* base/file.c: see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool file_read(const char *path, struct buf *text, struct error *error)
{
    enum { BLOCK = 65536 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    size_t before = text->length;
    errno = fd < 0 ? errno : ENOMEM;
    while (fd >= 0 && buf_reserve(text, BLOCK)) {
        got = read(fd, text->data + text->length, BLOCK);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        text->length += got > 0 ? (size_t)got : 0;
        if (text->length - before > FILE_MAX) {
            got = -1;
            errno = EFBIG;
            break;
        }
    }
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (got < 0)
        return error_set_errno(error, ERROR_CONFIG, "FILE_UNREADABLE", path, reason);
    buf_append(text, "", 0);
    return !text->failed || error_set_memory(error);
}

bool file_write(int fd, struct span bytes)
{
    while (bytes.length > 0) {
        ssize_t written = write(fd, bytes.data, bytes.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes = (struct span){bytes.data + written, bytes.length - (size_t)written};
    }
    return true;
}

int file_open_unnamed(void)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || *folder == '\0')
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Some file systems cannot do that: make one and take its name away. */
    char path[4096];
    if (snprintf(path, sizeof path, "%s/atobarai-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}
