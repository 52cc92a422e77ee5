/* base/buf.h: a growing run of bytes.
 *
 * Appending never fails at once: when memory runs out the buffer becomes `failed`, keeps what it had, and ignores
 * further appends, so that a caller may append many times and look once. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* owned; NUL-terminated whenever it is not NULL; NULL until the first append */
    size_t length;
    size_t capacity;
    bool failed;
};

void buf_append(struct buf *buf, const void *bytes, size_t length);
void buf_append_text(struct buf *buf, const char *text);
void buf_append_byte(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Make room for `extra` more bytes; false when memory ran out. */
bool buf_reserve(struct buf *buf, size_t extra);

/* Length back to 0; the memory is kept, and `failed` is forgotten. */
void buf_clear(struct buf *buf);

/* The text, "" while nothing was appended. Borrowed until the next change of the buffer. */
const char *buf_text(const struct buf *buf);

/* The memory, to be freed by the caller with free(); the buffer is empty afterwards. NULL when it failed. */
char *buf_take(struct buf *buf);

void buf_free(struct buf *buf);

#endif
