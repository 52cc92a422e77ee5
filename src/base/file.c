/* base/file.c: see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
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
