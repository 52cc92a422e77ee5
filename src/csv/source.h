/* csv/source.h: the bytes of the input, and windows on them.
 *
 * One descriptor serves every pass over the file, so that a file that is renamed or replaced meanwhile does no harm,
 * and a file that is written to is noticed. What cannot be read twice (standard input, a pipe) is first copied to an
 * unlinked temporary file, and so is UTF-16, whose quotes and line ends are no single bytes, as UTF-8. Nothing is
 * mapped: a file that is cut short meanwhile must not kill the process. */
#ifndef CSV_SOURCE_H
#define CSV_SOURCE_H

#include "base/error.h"
#include "base/span.h"
#include "text/encoding.h"

#include <stdint.h>
#include <sys/stat.h>

struct csv_source;

/* `path` "-" is standard input. NULL with `error`: INPUT_UNREADABLE or INPUT_IS_DIRECTORY (kind ERROR_USAGE), or out of
 * memory. Close with csv_source_close(). */
struct csv_source *csv_source_open(const char *path, struct error *error);

/* The same of a file that `descriptor` has open, which stays the caller's; `path` is what messages call it. */
struct csv_source *csv_source_share(const char *path, int descriptor, struct error *error);

/* Go on with UTF-8 in the place of UTF-16, its byte order mark as U+FEFF, from a copy in a temporary file; nothing is
 * lost (see text/utf16.h). Any other encoding stays as it is. Once, and before windows look at the source. False:
 * INPUT_TORN (kind ERROR_INPUT) with the size {1}, which is odd; the errors of csv_source_open(), the temporary file's
 * among them; INPUT_CHANGED; out of memory. */
bool csv_source_recode(struct csv_source *source, enum text_encoding encoding, struct error *error);

/* Where the character at `offset` stands in the file itself, in bytes. Where the copy cannot be read it is a place up
 * to 4 KiB before that. */
uint64_t csv_source_offset(const struct csv_source *source, uint64_t offset);

/* Bytes of what is read: the file, or its copy in UTF-8. */
uint64_t csv_source_size(const struct csv_source *source);

/* As given to csv_source_open(). Borrowed. */
const char *csv_source_path(const struct csv_source *source);

/* Of the file itself, standard input's too; of the copy, where a pipe or the like was read. */
const struct stat *csv_source_stat(const struct csv_source *source);

/* False with INPUT_CHANGED (kind ERROR_USAGE) when size or time of the file are not what they were at the beginning. */
bool csv_source_unchanged(const struct csv_source *source, struct error *error);

/* NULL is allowed. */
void csv_source_close(struct csv_source *source);

/* A part of what is read in memory. Several windows may look at one source. */
struct csv_window {
    const struct csv_source *source; /* borrowed */
    char *bytes;
    size_t capacity;
    size_t block;    /* bytes to read at once */
    size_t length;   /* bytes in the window */
    uint64_t offset; /* of the window in the file */
};

/* `block`: small for reading here and there, large for reading all. */
void csv_window_init(struct csv_window *window, const struct csv_source *source, size_t block);

/* The bytes from `offset` on: at least `wanted` of them unless the file ends before. Valid until the next call.
 * False: INPUT_UNREADABLE, INPUT_CHANGED (the file became shorter), or out of memory. */
bool csv_window_view(struct csv_window *window, uint64_t offset, size_t wanted, struct span *view, struct error *error);

void csv_window_free(struct csv_window *window);

#endif
