/* report/archive.h: whether a workbook that was written is whole: libxlsxwriter does not notice when a temporary file
 * could not take all of a part, and puts what there is into the archive. */
#ifndef REPORT_ARCHIVE_H
#define REPORT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read the archive `path` to its end: every part is an XML document that goes from its first tag to the one that closes
 * it, with the checksum that it was written with; and sheet `i` of `count` has `rows[i]` bytes between <sheetData> and
 * </sheetData>. False: something is missing, or it cannot be read, or memory ran out. */
bool archive_is_whole(const char *path, const uint64_t *rows, size_t count);

#endif
