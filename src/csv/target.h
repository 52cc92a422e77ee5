/* csv/target.h: the result file, which appears whole or not at all.
 *
 * It is written to a temporary file beside its place, flushed to the disk, and renamed. Opening it first, before
 * anything is sent, finds a folder that cannot be written to while that still costs nothing. */
#ifndef CSV_TARGET_H
#define CSV_TARGET_H

#include "base/error.h"
#include "base/span.h"
#include "text/encoding.h"

#include <sys/stat.h>

struct csv_target;

/* `path` "-" is standard output, which gets its bytes at csv_target_commit(). `like` is the input's: the result file
 * gets its permissions, less those to execute; and it may not be that file (OUTPUT_IS_INPUT). Without `force` an
 * existing file is OUTPUT_EXISTS, a folder OUTPUT_IS_DIRECTORY, a database
 * OUTPUT_IS_LEDGER; otherwise OUTPUT_UNWRITABLE. All are of kind
 * ERROR_USAGE. End with csv_target_commit() or csv_target_discard(). */
struct csv_target *csv_target_open(const char *path, bool force, const struct stat *like, struct error *error);

/* The temporary file, for a library that writes to files by their names: its bytes are put into place as those of
 * csv_target_write() are, which is not called then. Borrowed; NULL for standard output. */
const char *csv_target_temporary(const struct csv_target *target);

/* Whether both will be one file, whatever its path is written like; NULL is no place. */
bool csv_target_is_same(const struct csv_target *a, const struct csv_target *b);

/* What is appended from now on leaves in `encoding`. It comes in that itself, or as UTF-8 (see text/utf16.h) where
 * `encoding` is UTF-16; or else, where `from` is no NULL, as `from` has it, and goes to what `to` has: UTF-8 for
 * UTF-16. Both are borrowed until the target is gone. */
void csv_target_recode(struct csv_target *target, enum text_encoding encoding, struct text_codec *from,
                       struct text_codec *to);

/* Append; pieces may end within a character. False with OUTPUT_UNWRITABLE, or out of memory: then discard. */
bool csv_target_write(struct csv_target *target, struct span bytes, struct error *error);

/* Put the file into its place; the target is gone afterwards. False with OUTPUT_UNWRITABLE or OUTPUT_EXISTS (it came
 * meanwhile), the system's reason as {1}, or out of memory: the place is as it was. */
bool csv_target_commit(struct csv_target *target, struct error *error);

/* Leave the place as it was. NULL is allowed. */
void csv_target_discard(struct csv_target *target);

#endif
