/* csv/scan.c: see scan.h. */
#include "csv/scan.h"

#include <string.h>

void csv_scan_begin(struct csv_scan *scan, char delimiter)
{
    scan->delimiter = delimiter;
    scan->state = CSV_SCAN_CELL_BEGIN;
    scan->formula = CSV_FORMULA_NONE;
    scan->length = 0;
    scan->ending = 0;
    scan->cells = 0;
    scan->stray = CSV_NO_CELL;
    scan->multiline = CSV_NO_CELL;
    scan->torn = CSV_NO_CELL;
    scan->cell_begin = 0;
}

static void mark_stray(struct csv_scan *scan)
{
    scan->formula = CSV_FORMULA_NONE;
    if (scan->stray == CSV_NO_CELL)
        scan->stray = scan->cells;
}

/* The cell at hand ends before the byte at `scan->length`. */
static void end_cell(struct csv_scan *scan)
{
    if (scan->formula == CSV_FORMULA_OPEN)
        mark_stray(scan);
    scan->formula = CSV_FORMULA_NONE;
    if (scan->cells < CSV_CELLS_MAX)
        scan->extents[scan->cells] = (struct csv_extent){scan->cell_begin, scan->length};
    scan->cells++;
}

/* A quote within a cell that is not quoted. */
static void take_quote(struct csv_scan *scan)
{
    if (scan->formula == CSV_FORMULA_SIGN)
        scan->formula = CSV_FORMULA_OPEN;
    else if (scan->formula == CSV_FORMULA_OPEN)
        scan->formula = CSV_FORMULA_CLOSED;
    else
        mark_stray(scan);
}

/* A delimiter, a line end, a quote, or the first byte of a cell's text. */
static void take_outside(struct csv_scan *scan, char byte)
{
    if (byte == scan->delimiter) {
        end_cell(scan);
        scan->length++;
        scan->cell_begin = scan->length;
        scan->state = CSV_SCAN_CELL_BEGIN;
    } else if (byte == '\n' || byte == '\r') {
        end_cell(scan);
        scan->ending_bytes[0] = byte;
        scan->ending = 1;
        scan->state = byte == '\n' ? CSV_SCAN_END : CSV_SCAN_CR;
    } else {
        bool begins = scan->state == CSV_SCAN_CELL_BEGIN;
        if (byte == '"' && scan->state == CSV_SCAN_PLAIN)
            take_quote(scan);
        if (byte == '=' && begins)
            scan->formula = CSV_FORMULA_SIGN;
        scan->state = byte == '"' && begins ? CSV_SCAN_QUOTED : CSV_SCAN_PLAIN;
        scan->length++;
    }
}

/* Behind a quote in a quoted cell. */
static void take_behind_quote(struct csv_scan *scan, char byte)
{
    if (byte == '"') {
        scan->state = CSV_SCAN_QUOTED;
        scan->length++;
        return;
    }
    if (byte != scan->delimiter && byte != '\n' && byte != '\r') {
        mark_stray(scan);
        if (scan->multiline == scan->cells && scan->torn == CSV_NO_CELL)
            scan->torn = scan->cells;
    }
    take_outside(scan, byte);
}

/* As many bytes as are plain text of the cell at hand. */
static size_t skip_text(struct csv_scan *scan, const char *bytes, size_t length)
{
    size_t skipped = 0;
    if (scan->state == CSV_SCAN_QUOTED) {
        const char *quote = memchr(bytes, '"', length);
        skipped = quote != NULL ? (size_t)(quote - bytes) : length;
        if (scan->multiline != scan->cells && skipped > 0 &&
            (memchr(bytes, '\n', skipped) != NULL || memchr(bytes, '\r', skipped) != NULL))
            scan->multiline = scan->cells;
    } else if (scan->state == CSV_SCAN_PLAIN) {
        while (skipped < length && bytes[skipped] != scan->delimiter && bytes[skipped] != '"' &&
               bytes[skipped] != '\n' && bytes[skipped] != '\r')
            skipped++;
        if (skipped > 0 && scan->formula == CSV_FORMULA_SIGN)
            scan->formula = CSV_FORMULA_NONE;
        else if (skipped > 0 && scan->formula == CSV_FORMULA_CLOSED)
            mark_stray(scan);
    }
    scan->length += skipped;
    return skipped;
}

size_t csv_scan_feed(struct csv_scan *scan, const char *bytes, size_t length)
{
    size_t taken = 0;
    while (scan->state != CSV_SCAN_END) {
        taken += skip_text(scan, bytes + taken, length - taken);
        if (taken == length)
            break;
        char byte = bytes[taken];
        if (scan->state == CSV_SCAN_CR) {
            scan->state = CSV_SCAN_END;
            if (byte != '\n')
                break;
            scan->ending_bytes[1] = byte;
            scan->ending = 2;
        } else if (scan->state == CSV_SCAN_QUOTED) {
            scan->state = CSV_SCAN_QUOTE;
            scan->length++;
        } else if (scan->state == CSV_SCAN_QUOTE) {
            take_behind_quote(scan, byte);
        } else {
            take_outside(scan, byte);
        }
        taken++;
    }
    return taken;
}

/* Behind a cell's last byte: where the cell after it begins, or the record ends. */
static const char *end_plain_cell(struct csv_scan *scan, const char *bytes, const char *at, const char *end)
{
    scan->extents[scan->cells++] = (struct csv_extent){scan->cell_begin, (uint64_t)(at - bytes)};
    if (*at == scan->delimiter) {
        scan->cell_begin = (uint64_t)(at - bytes) + 1;
        return at + 1;
    }
    if ((*at != '\n' && *at != '\r') || (*at == '\r' && at + 1 == end))
        return NULL; /* text behind a closing quote; or nobody knows yet how long the line end is */
    scan->length = (uint64_t)(at - bytes);
    scan->ending_bytes[0] = at[0];
    scan->ending = 1;
    if (at[0] == '\r' && at[1] == '\n') {
        scan->ending_bytes[1] = at[1];
        scan->ending = 2;
    }
    scan->state = CSV_SCAN_END;
    return at;
}

bool csv_scan_plain(struct csv_scan *scan, char delimiter, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *at = bytes;
    csv_scan_begin(scan, delimiter);
    while (at < end && scan->cells < CSV_CELLS_MAX) {
        if (*at == '"') {
            const char *quote = memchr(at + 1, '"', (size_t)(end - at) - 1);
            at = quote != NULL ? quote + 1 : end;
        } else {
            while (at < end && *at != delimiter && *at != '\n' && *at != '\r' && *at != '"')
                at++;
        }
        if (at == end || *at == '"')
            return false;
        at = end_plain_cell(scan, bytes, at, end);
        if (at == NULL)
            return false;
        if (scan->state == CSV_SCAN_END)
            return memchr(bytes, '\n', (size_t)scan->length) == NULL &&
                   memchr(bytes, '\r', (size_t)scan->length) == NULL;
    }
    return false;
}

bool csv_scan_finish(struct csv_scan *scan)
{
    if (scan->state == CSV_SCAN_QUOTED)
        return false;
    if (scan->state != CSV_SCAN_CR && scan->state != CSV_SCAN_END)
        end_cell(scan);
    scan->state = CSV_SCAN_END;
    return true;
}

char csv_delimiter_of(struct span head)
{
    size_t tabs = 0;
    size_t commas = 0;
    bool quoted = false;
    char before = ','; /* a quote opens a cell only at its beginning, and "" opens it again */
    for (size_t i = 0; i < head.length; i++) {
        char byte = head.data[i];
        if (!quoted && (byte == '\n' || byte == '\r'))
            break;
        if (byte == '"' && (quoted || before == ',' || before == '\t' || before == '"'))
            quoted = !quoted;
        tabs += !quoted && byte == '\t';
        commas += !quoted && byte == ',';
        before = byte;
    }
    return tabs > commas ? '\t' : ',';
}
