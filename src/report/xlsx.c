/* report/xlsx.c: see xlsx.h. */
#include "report/xlsx.h"

#include "base/buf.h"
#include "report/archive.h"
#include "text/utf8.h"

#include <xlsxwriter.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FORMAT_TEXT = 49,    /* number of the built-in format @ */
    CREATED = 315532800, /* 1980-01-01, as the entries of the archive say; seconds since 1970 */
    FORMAT_NUMBER = 1,   /* 0 */
    MEASURED = 1000,     /* rows whose texts say how wide the columns are */
    BUTTON = 3,          /* half-width characters that the button of a filter takes */
    WIDE_MAX = 255,      /* half-width characters of a column, in any spreadsheet */
};

struct xlsx {
    char *path;         /* owned */
    lxw_workbook *book; /* NULL: it is written */
    lxw_worksheet *sheet;
    lxw_format *formats[XLSX_STYLES];
    uint8_t *widths; /* owned; per column of the sheet: half-width characters of the widest text so far */
    struct buf text; /* of the cell at hand, as it is written */
    size_t sheets;
    uint64_t rows[XLSX_SHEETS_MAX]; /* bytes of them, per sheet */
    size_t notes;
    int reason; /* errno of what went wrong first; 0: nothing */
};

static void fail(struct xlsx *xlsx, int reason)
{
    if (xlsx->reason == 0)
        xlsx->reason = reason;
}

/* What the library says, as an errno. */
static void take(struct xlsx *xlsx, lxw_error error)
{
    switch (error) {
    case LXW_NO_ERROR:
        return;
    case LXW_ERROR_MEMORY_MALLOC_FAILED:
        fail(xlsx, ENOMEM);
        return;
    case LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED:
        fail(xlsx, EFBIG);
        return;
    default:
        fail(xlsx, EINVAL);
    }
}

/* ---- Texts ---- */

static bool is_hexadecimal(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f');
}

/* Whether `text` begins as _xHHHH_ does; what follows may become a _ when it is written. */
static bool begins_escape(struct span text)
{
    enum { DIGITS = 4 };
    if (text.length < 2 + DIGITS || text.data[0] != '_' || text.data[1] != 'x')
        return false;
    for (size_t i = 0; i < DIGITS; i++)
        if (!is_hexadecimal(text.data[2 + i]))
            return false;
    return true;
}

/* Whether `character`, with which `text` begins, cannot be written as it is. */
static bool is_escaped(uint32_t character, struct span text)
{
    if (character < 0x20)
        return character != '\t' && character != '\n';
    return character == '_' ? begins_escape(text) : character == 0xFFFE || character == 0xFFFF;
}

/* Whether nothing of `text` needs a second look. */
static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == '_' || byte >= 0x80)
            return false;
    }
    return true;
}

/* Append `text` to `out` as it is written. */
static void escape(struct span text, struct buf *out)
{
    if (is_plain(text)) {
        buf_append(out, text.data, text.length);
        return;
    }
    size_t done = 0; /* up to where it is in `out` */
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        struct span rest = {text.data + at, text.length - at};
        uint32_t character = utf8_decode(rest, &size);
        bool invalid = character == UTF8_INVALID && utf8_valid_length((struct span){rest.data, size}) != size;
        if (!invalid && !is_escaped(character, rest))
            continue;
        buf_append(out, text.data + done, at - done);
        if (invalid)
            utf8_encode(UTF8_INVALID, out);
        else
            buf_printf(out, "_x%04X_", (unsigned)character);
        done = at + size;
    }
    buf_append(out, text.data + done, text.length - done);
}

size_t xlsx_length(struct span text)
{
    struct buf written = {0};
    if (is_plain(text))
        return text.length;
    escape(text, &written);
    size_t length = written.failed ? SIZE_MAX : utf8_units((struct span){buf_text(&written), written.length});
    buf_free(&written);
    return length;
}

/* `text` as it is written; borrowed until the next call. */
static const char *written(struct xlsx *xlsx, struct span text)
{
    buf_clear(&xlsx->text);
    escape(text, &xlsx->text);
    if (xlsx->text.failed)
        fail(xlsx, ENOMEM);
    return buf_text(&xlsx->text);
}

/* Half-width characters of the widest line of `text`; roughly, and WIDE_MAX at most. Lines are counted into `lines`,
 * broken where they are longer than `most`. */
static size_t measure(struct span text, size_t most, size_t *lines)
{
    size_t width = 0;
    size_t widest = 0;
    *lines = 1;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == '\n' || width >= most) {
            ++*lines;
            width = 0;
        }
        if (byte >= 0x20)
            width += byte >= 0xE0 ? 2 : byte < 0x80 || byte >= 0xC0; /* what goes on with a character takes none */
        widest = width > widest ? width : widest;
    }
    return widest < WIDE_MAX - BUTTON ? widest : WIDE_MAX - BUTTON;
}

/* ---- Opening ---- */

static void set_looks(struct xlsx *xlsx)
{
    static const struct {
        lxw_color_t fill; /* 0: none */
        bool bold;
        bool border;
    } looks[XLSX_STYLES] = {
        [XLSX_SHADED] = {.fill = 0xEDF1F7},
        [XLSX_HEADING] = {.fill = 0xD9D9D9, .bold = true, .border = true},
        [XLSX_SHADED_HEADING] = {.fill = 0xB8CCE4, .bold = true, .border = true},
        [XLSX_ERROR] = {.fill = 0xFFB3B3, .border = true},
        [XLSX_WARNING] = {.fill = 0xFFF2A8, .border = true},
        [XLSX_TITLE] = {.bold = true},
    };
    for (size_t i = 0; i < XLSX_STYLES; i++) {
        lxw_format *format = workbook_add_format(xlsx->book);
        xlsx->formats[i] = format;
        if (format == NULL) {
            fail(xlsx, ENOMEM);
            return;
        }
        format_set_num_format_index(format, i == XLSX_NUMBER ? FORMAT_NUMBER : FORMAT_TEXT);
        if (looks[i].fill != 0)
            format_set_bg_color(format, looks[i].fill);
        if (looks[i].bold)
            format_set_bold(format);
        if (looks[i].border)
            format_set_border(format, LXW_BORDER_HAIR);
        if (i == XLSX_WRAPPED) {
            format_set_text_wrap(format);
            format_set_align(format, LXW_ALIGN_VERTICAL_TOP);
        }
    }
}

struct xlsx *xlsx_new(const char *path, bool large)
{
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .use_zip64 = large};
    lxw_doc_properties properties = {.created = CREATED};
    struct xlsx *xlsx = calloc(1, sizeof *xlsx);
    if (xlsx == NULL)
        return NULL;
    xlsx->widths = calloc(XLSX_COLUMNS_MAX, sizeof *xlsx->widths);
    xlsx->path = strdup(path);
    xlsx->book = workbook_new_opt(path, &options);
    if (xlsx->widths == NULL || xlsx->path == NULL || xlsx->book == NULL) {
        xlsx_discard(xlsx);
        return NULL;
    }
    take(xlsx, workbook_set_properties(xlsx->book, &properties));
    set_looks(xlsx);
    return xlsx;
}

/* ---- Sheets ---- */

void xlsx_sheet(struct xlsx *xlsx, const char *name)
{
    if (xlsx->sheets == XLSX_SHEETS_MAX)
        fail(xlsx, EFBIG);
    if (xlsx->reason != 0)
        return;
    errno = 0;
    xlsx->sheets++;
    xlsx->sheet = workbook_add_worksheet(xlsx->book, name);
    memset(xlsx->widths, 0, XLSX_COLUMNS_MAX * sizeof *xlsx->widths);
    /* The library makes a temporary file for it. */
    if (xlsx->sheet == NULL || xlsx->sheet->optimize_tmpfile == NULL)
        fail(xlsx, errno != 0 ? errno : ENOMEM);
    else /* no green corner on each number that stays text */
        take(xlsx, worksheet_ignore_errors(xlsx->sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:XFD1048576"));
}

void xlsx_put(struct xlsx *xlsx, uint32_t row, size_t column, struct span text, enum xlsx_style style)
{
    size_t lines;
    if (xlsx->reason != 0)
        return;
    if (row < MEASURED) {
        size_t width = measure(text, SIZE_MAX, &lines);
        width += style == XLSX_HEADING || style == XLSX_SHADED_HEADING ? BUTTON : 0;
        if (width > xlsx->widths[column])
            xlsx->widths[column] = (uint8_t)width;
    }
    take(xlsx, worksheet_write_string(xlsx->sheet, row, (lxw_col_t)column, written(xlsx, text), xlsx->formats[style]));
}

void xlsx_put_number(struct xlsx *xlsx, uint32_t row, size_t column, uint64_t number)
{
    if (xlsx->reason == 0)
        take(xlsx,
             worksheet_write_number(xlsx->sheet, row, (lxw_col_t)column, (double)number, xlsx->formats[XLSX_NUMBER]));
}

void xlsx_row(struct xlsx *xlsx, uint32_t row, const struct span *texts, const unsigned *widths, size_t count)
{
    const double line = 18.0; /* points; fonts for Japanese are higher than the usual one */
    size_t most = 1;
    if (xlsx->reason != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t lines;
        measure(texts[i], widths[i], &lines);
        most = lines > most ? lines : most;
    }
    take(xlsx, worksheet_set_row(xlsx->sheet, row, (double)most * line, NULL));
}

void xlsx_note(struct xlsx *xlsx, uint32_t row, size_t column, struct span text)
{
    enum { LINE = 56, WIDTH = 400, LINE_HEIGHT = 18, MARGIN = 14, HEIGHT_MAX = 700 }; /* half-widths; pixels */
    static const char dots[] = "…";
    lxw_comment_options options = {.width = WIDTH, .font_name = "Meiryo UI", .font_size = 9};
    size_t lines;
    if (xlsx->reason != 0 || xlsx->notes == XLSX_NOTES_MAX)
        return;
    measure(text, LINE, &lines);
    size_t height = lines * LINE_HEIGHT + MARGIN;
    options.height = (uint16_t)(height < HEIGHT_MAX ? height : HEIGHT_MAX);
    /* A character of two units is one here; nobody reads so far. */
    if (xlsx_length(text) > XLSX_TEXT_MAX) {
        struct buf cut = {0};
        struct span beginning = utf8_beginning(text, XLSX_TEXT_MAX / 7 - 1);
        escape(beginning, &cut);
        buf_append_text(&cut, dots);
        take(xlsx, cut.failed
                       ? LXW_ERROR_MEMORY_MALLOC_FAILED
                       : worksheet_write_comment_opt(xlsx->sheet, row, (lxw_col_t)column, buf_text(&cut), &options));
        buf_free(&cut);
    } else
        take(xlsx, worksheet_write_comment_opt(xlsx->sheet, row, (lxw_col_t)column, written(xlsx, text), &options));
    xlsx->notes++;
}

void xlsx_columns(struct xlsx *xlsx, size_t first, size_t last, enum xlsx_style style, unsigned least, unsigned most)
{
    size_t width = least;
    if (xlsx->reason != 0)
        return;
    for (size_t i = first; i <= last && i < XLSX_COLUMNS_MAX; i++) /* and a little more, for the margins */
        width = xlsx->widths[i] + 2U > width ? xlsx->widths[i] + 2U : width;
    width = width < most ? width : most;
    /* The looks of a column are no cells: the table does not reach as far as they do. */
    lxw_col_t end = xlsx->sheet->dim_colmax;
    lxw_col_t begin = xlsx->sheet->dim_colmin;
    take(xlsx,
         worksheet_set_column(xlsx->sheet, (lxw_col_t)first, (lxw_col_t)last, (double)width, xlsx->formats[style]));
    xlsx->sheet->dim_colmax = end;
    xlsx->sheet->dim_colmin = begin;
}

void xlsx_filter(struct xlsx *xlsx, uint32_t last_row, size_t last_column)
{
    if (xlsx->reason != 0)
        return;
    worksheet_freeze_panes(xlsx->sheet, 1, 0);
    take(xlsx, worksheet_autofilter(xlsx->sheet, 0, 0, last_row, (lxw_col_t)last_column));
}

void xlsx_chart(struct xlsx *xlsx, uint32_t row, size_t column, const struct xlsx_bars *bars)
{
    lxw_col_t names = (lxw_col_t)bars->names;
    lxw_col_t numbers = (lxw_col_t)(bars->names + 1);
    lxw_chart_options options = {.x_scale = 1.2, .y_scale = 1.5}; /* room for the name of each bar */
    if (xlsx->reason != 0)
        return;
    lxw_chart *chart = workbook_add_chart(xlsx->book, LXW_CHART_BAR);
    lxw_chart_series *series = chart != NULL ? chart_add_series(chart, NULL, NULL) : NULL;
    if (series == NULL) {
        fail(xlsx, ENOMEM);
        return;
    }
    chart_series_set_categories(series, bars->sheet, bars->first_row, names, bars->last_row, names);
    chart_series_set_values(series, bars->sheet, bars->first_row, numbers, bars->last_row, numbers);
    chart_series_set_labels(series);
    chart_title_set_name(chart, bars->title);
    chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
    chart_axis_set_reverse(chart->y_axis); /* the first name at the top */
    chart_axis_off(chart->x_axis);         /* the bars have their numbers */
    take(xlsx, worksheet_insert_chart_opt(xlsx->sheet, row, (lxw_col_t)column, chart, &options));
}

/* ---- The end ---- */

/* Write the rows of every sheet to the end into its temporary file, and note how many bytes they are. */
static void end_rows(struct xlsx *xlsx)
{
    lxw_worksheet *sheet;
    size_t count = 0;
    STAILQ_FOREACH(sheet, xlsx->book->worksheets, list_pointers)
    {
        lxw_worksheet_write_single_row(sheet);
        errno = 0;
        off_t length = fflush(sheet->optimize_tmpfile) == 0 ? ftello(sheet->optimize_tmpfile) : -1;
        if (length < 0 || ferror(sheet->optimize_tmpfile)) /* the library does not look */
            fail(xlsx, errno != 0 ? errno : ENOSPC);
        xlsx->rows[count++] = (uint64_t)length;
    }
}

/* Put the parts together, and see that all of them are there. */
static void write_archive(struct xlsx *xlsx)
{
    lxw_workbook *book = xlsx->book;
    xlsx->book = NULL; /* it is freed, whatever happens */
    errno = 0;
    lxw_error error = workbook_close(book);
    if (error == LXW_ERROR_MEMORY_MALLOC_FAILED)
        fail(xlsx, ENOMEM);
    else if (error != LXW_NO_ERROR)
        fail(xlsx, errno != 0 ? errno : EIO);
    else if (!archive_is_whole(xlsx->path, xlsx->rows, xlsx->sheets)) /* by all that is known, for want of room */
        fail(xlsx, ENOSPC);
}

int xlsx_close(struct xlsx *xlsx)
{
    if (xlsx->reason == 0)
        end_rows(xlsx);
    if (xlsx->reason == 0)
        write_archive(xlsx);
    int reason = xlsx->reason;
    xlsx_discard(xlsx);
    return reason;
}

/* The library leaves the temporary files open. */
static void free_book(lxw_workbook *book)
{
    lxw_worksheet *sheet;
    STAILQ_FOREACH(sheet, book->worksheets, list_pointers)
    {
        if (sheet->optimize_tmpfile != NULL)
            fclose(sheet->optimize_tmpfile);
    }
    lxw_workbook_free(book);
}

void xlsx_discard(struct xlsx *xlsx)
{
    if (xlsx == NULL)
        return;
    if (xlsx->book != NULL)
        free_book(xlsx->book);
    free(xlsx->widths);
    free(xlsx->path);
    buf_free(&xlsx->text);
    free(xlsx);
}
