/* report/xlsx.h: a workbook (.xlsx) of texts: sheets of cells, their looks, their comments. It knows nothing of orders.
 *
 * Every text becomes a string in a cell of the format "text", whatever it looks like: no formula, number, date or link
 * is ever made of it, and what somebody types into such a cell later stays text. It comes back from the workbook to the
 * character: what XML cannot hold (control characters, U+FFFE) is written as _xHHHH_, and so is a _ that would be taken
 * for the beginning of that.
 *
 * Rows are written as they come, and only the last one is in memory (libxlsxwriter's constant memory mode): cells come
 * row by row, sheet by sheet. Until the end they lie in temporary files in $TMPDIR, or /tmp, for their owner only and
 * without a name. The same calls make the same bytes: no time and no user stands in the file. */
#ifndef REPORT_XLSX_H
#define REPORT_XLSX_H

#include "base/error.h"
#include "base/span.h"

#include <stdint.h>

enum {
    XLSX_ROWS_MAX = 1048576, /* of a sheet */
    XLSX_COLUMNS_MAX = 16384,
    XLSX_SHEETS_MAX = 8,
    XLSX_TEXT_MAX = 32767,  /* of a cell or a comment, as xlsx_length() counts */
    XLSX_NOTES_MAX = 10000, /* comments of a workbook: spreadsheets become slow with more, and each is kept in memory */
};

/* What a cell looks like. */
enum xlsx_style {
    XLSX_PLAIN,
    XLSX_SHADED,
    XLSX_HEADING,
    XLSX_SHADED_HEADING,
    XLSX_ERROR,   /* red */
    XLSX_WARNING, /* yellow */
    XLSX_TITLE,   /* of a sheet or a part of it */
    XLSX_WRAPPED, /* a text of several lines */
    XLSX_NUMBER,
    XLSX_STYLES,
};

struct xlsx;

/* A workbook that will be written to `path`, a file that is there, in its place; `large`: it may be of 4 GiB or more.
 * NULL when memory ran out. */
struct xlsx *xlsx_new(const char *path, bool large);

/* What goes wrong in the calls that follow, memory for example, is told by xlsx_close(). Rows and columns count from 0
 * and are below the limits. */

/* Go on with a new sheet; the first one is shown when the workbook is opened. `name` is valid and not used before. */
void xlsx_sheet(struct xlsx *xlsx, const char *name);

/* Fill a cell with `text` (UTF-8; what is none becomes U+FFFD), at most XLSX_TEXT_MAX long. An empty text gives the
 * cell its looks. */
void xlsx_put(struct xlsx *xlsx, uint32_t row, size_t column, struct span text, enum xlsx_style style);

void xlsx_put_number(struct xlsx *xlsx, uint32_t row, size_t column, uint64_t number);

/* Make row `row`, which is the next one, as high as the lines that the highest of so many texts takes, each broken
 * where it is wider than its column (in half-width characters): those of XLSX_WRAPPED. */
void xlsx_row(struct xlsx *xlsx, uint32_t row, const struct span *texts, const unsigned *widths, size_t count);

/* Put a comment, as large as its text needs, on a cell of the row that was put last; what is too long is cut, with a …
 * at its end. Beyond XLSX_NOTES_MAX nothing happens. */
void xlsx_note(struct xlsx *xlsx, uint32_t row, size_t column, struct span text);

/* Columns `first` to `last` of the sheet look like `style` where no cell stands, and are as wide as the widest text
 * among their first rows, but from `least` to `most` (in half-width characters). */
void xlsx_columns(struct xlsx *xlsx, size_t first, size_t last, enum xlsx_style style, unsigned least, unsigned most);

/* The first row stays in sight, and rows up to `last_row` can be filtered by their cells up to `last_column`. */
void xlsx_filter(struct xlsx *xlsx, uint32_t last_row, size_t last_column);

/* Draw a chart of bars at `row` and `column`: the numbers in the column behind that of their names. */
struct xlsx_bars {
    const char *title;
    const char *sheet; /* where names and numbers are */
    uint32_t first_row, last_row;
    size_t names; /* column */
};
void xlsx_chart(struct xlsx *xlsx, uint32_t row, size_t column, const struct xlsx_bars *bars);

/* Write the file, see that it is whole, and free the workbook. 0, or the errno of what failed: then what is in the file
 * is of no use. */
int xlsx_close(struct xlsx *xlsx);

/* Free it, and leave the file as it is. NULL is allowed. */
void xlsx_discard(struct xlsx *xlsx);

/* How long a text is in the workbook: UTF-16 units, each character that has to be written as _xHHHH_ counting seven. */
size_t xlsx_length(struct span text);

#endif
