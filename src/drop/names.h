/* drop/names.h: names of files, from outside and ours. Pure. */
#ifndef DROP_NAMES_H
#define DROP_NAMES_H

#include "base/buf.h"

enum {
    NAME_BYTES_MAX = 255, /* of a name, as file systems have it */
    NAME_MARKER = 5,      /* bytes of .done */
};

enum name_kind {
    NAME_GOOD,
    NAME_QUIET, /* left alone without a word: hidden, half written, a marker, what Windows and Office leave behind */
    NAME_BAD,   /* no UTF-8, or with a control character */
};

enum name_kind name_judge(const char *name);

/* Append `name` with -`number` before its last dot where `number` is not 1; what is before that is cut, between
 * characters, where it would take more than `max` bytes. `name` is valid UTF-8. */
void name_put_numbered(const char *name, unsigned number, size_t max, struct buf *out);

/* Append what the result of the file `name` is called: result_X.csv. A result that comes back stays that. */
void name_put_result(const char *name, struct buf *out);

/* Whether `name` is that of a temporary file of a result (see csv/target.c), of which a dead run leaves one. */
bool name_is_torn(const char *name);

#endif
