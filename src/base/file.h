/* base/file.h: small files of configuration, read whole; and temporary files. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

enum { FILE_MAX = 4 * 1024 * 1024 }; /* bytes; a schema or a dialect has some ten thousand */

/* Append the bytes of `path` to `text`. False: FILE_UNREADABLE (kind ERROR_CONFIG) with the path and the reason. */
bool file_read(const char *path, struct buf *text, struct error *error);

/* Write all of `bytes` to `fd`. False with errno. */
bool file_write(int fd, struct span bytes);

/* A temporary file in $TMPDIR, or /tmp, for its owner only and without a name: it is gone with its descriptor, however
 * the process ends. -1 with errno. */
int file_open_unnamed(void);

#endif
