/* csv/reader.c: see reader.h. */
#include "csv/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct csv_reader {
    struct csv_window window;
    uint64_t offset; /* of the next record */
    uint32_t row;    /* its row */
    char delimiter;
    struct csv_scan scan;
    bool plain; /* the record that was scanned last */
};

struct csv_reader *csv_reader_new(const struct csv_source *source, char delimiter, size_t block)
{
    struct csv_reader *reader = malloc(sizeof *reader);
    if (reader == NULL)
        return NULL;
    csv_window_init(&reader->window, source, block);
    reader->delimiter = delimiter;
    csv_reader_seek(reader, 0, 1);
    return reader;
}

void csv_reader_free(struct csv_reader *reader)
{
    if (reader == NULL)
        return;
    csv_window_free(&reader->window);
    free(reader);
}

void csv_reader_seek(struct csv_reader *reader, uint64_t offset, uint32_t row)
{
    reader->offset = offset;
    reader->row = row;
}

uint64_t csv_reader_offset(const struct csv_reader *reader)
{
    return reader->offset;
}

uint32_t csv_reader_row(const struct csv_reader *reader)
{
    return reader->row;
}

bool csv_reader_view(struct csv_reader *reader, uint64_t offset, size_t wanted, struct span *view, struct error *error)
{
    return csv_window_view(&reader->window, offset, wanted, view, error);
}

bool csv_quote_unclosed(const char *path, uint32_t row, size_t cell, struct error *error)
{
    char row_text[16];
    char column[32];
    snprintf(row_text, sizeof row_text, "%" PRIu32, row);
    snprintf(column, sizeof column, "%zu", cell + 1);
    return error_set(error, ERROR_INPUT, "QUOTE_UNCLOSED", path, row_text, column, NULL);
}

static enum csv_next unclosed(const struct csv_reader *reader, size_t cell, struct error *error)
{
    csv_quote_unclosed(csv_source_path(reader->window.source), reader->row, cell, error);
    return CSV_NEXT_FAILED;
}

/* Find the end of the record at `reader->offset`. False: the source's error. */
static bool scan_record(struct csv_reader *reader, struct error *error)
{
    struct csv_scan *scan = &reader->scan;
    uint64_t at = reader->offset;
    struct span all;
    if (!csv_window_view(&reader->window, at, 1, &all, error))
        return false;
    reader->plain = csv_scan_plain(scan, reader->delimiter, all.data, all.length) && scan->length <= CSV_ROW_MAX;
    if (reader->plain)
        return true;
    csv_scan_begin(scan, reader->delimiter);
    while (scan->state != CSV_SCAN_END) {
        struct span view;
        /* The record stays in the window from its beginning, as long as it is not too long for that. */
        bool keep = at - reader->offset < CSV_ROW_MAX;
        uint64_t from = keep ? reader->offset : at;
        size_t seen = (size_t)(at - from);
        if (!csv_window_view(&reader->window, from, seen + 1, &view, error))
            return false;
        if (view.length == seen)
            break; /* the end of the file */
        at += csv_scan_feed(scan, view.data + seen, view.length - seen);
    }
    return true;
}

enum csv_next csv_reader_next(struct csv_reader *reader, struct csv_record *record, struct error *error)
{
    struct csv_scan *scan = &reader->scan;
    struct span view;
    if (reader->offset >= csv_source_size(reader->window.source))
        return CSV_NEXT_END;
    if (!scan_record(reader, error))
        return CSV_NEXT_FAILED;
    bool closed = csv_scan_finish(scan);
    if (scan->torn != CSV_NO_CELL) /* it comes before the cell that is still open */
        return unclosed(reader, scan->torn, error);
    if (!closed)
        return unclosed(reader, scan->cells, error);
    bool too_long = scan->length > CSV_ROW_MAX;
    size_t kept = too_long ? CSV_ROW_MAX : (size_t)scan->length;
    if (!csv_window_view(&reader->window, reader->offset, kept, &view, error))
        return CSV_NEXT_FAILED;
    *record = (struct csv_record){
        .offset = reader->offset,
        .length = scan->length,
        .ending = {scan->ending_bytes[0], scan->ending_bytes[1]},
        .ending_length = scan->ending,
        .row = reader->row,
        .plain = reader->plain,
        .too_long = too_long,
        .raw = {view.data, kept},
        .cells = scan->length > 0 ? scan->cells : 0,
        .extents = scan->extents,
        .stray = scan->stray,
        .multiline = scan->multiline,
    };
    reader->offset += scan->length + scan->ending;
    reader->row++;
    return CSV_NEXT_RECORD;
}
