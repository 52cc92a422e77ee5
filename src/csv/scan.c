/* csv/scan.c: see scan.h. */
#include "csv/scan.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* ---- A record about which nothing is unusual ---- */

/* The record ends at `at`, with a line end. False where nobody knows yet how long that is. */
static bool end_plain_record(struct csv_scan *scan, const char *bytes, size_t length, size_t at)
{
    if (bytes[at] == '\r' && at + 1 == length)
        return false;
    scan->length = at;
    scan->ending_bytes[0] = bytes[at];
    scan->ending = 1;
    if (bytes[at] == '\r' && bytes[at + 1] == '\n') {
        scan->ending_bytes[1] = '\n';
        scan->ending = 2;
    }
    scan->state = CSV_SCAN_END;
    return true;
}

bool csv_scan_plain_by_bytes(struct csv_scan *scan, char delimiter, const char *bytes, size_t length)
{
    size_t at = 0;
    csv_scan_begin(scan, delimiter);
    while (at < length && scan->cells < CSV_CELLS_MAX) {
        if (bytes[at] == '"') {
            const char *quote = memchr(bytes + at + 1, '"', length - at - 1);
            at = quote != NULL ? (size_t)(quote - bytes) + 1 : length;
        } else {
            while (at < length && bytes[at] != delimiter && bytes[at] != '\n' && bytes[at] != '\r' && bytes[at] != '"')
                at++;
        }
        if (at == length)
            return false;
        scan->extents[scan->cells++] = (struct csv_extent){scan->cell_begin, at};
        scan->cell_begin = at + 1;
        if (bytes[at] == '\n' || bytes[at] == '\r')
            return memchr(bytes, '\n', at) == NULL && memchr(bytes, '\r', at) == NULL &&
                   end_plain_record(scan, bytes, length, at);
        if (bytes[at] != delimiter)
            return false; /* a quote in an unquoted cell, or text behind a closing one */
        at++;
    }
    return false;
}

#ifdef __SSE2__

enum { BLOCK = 64 }; /* bytes that are looked at at once: a bit of a word for each */

/* One bit for each byte of four quarters, set where that is not 0. */
static inline uint64_t bits_of(__m128i first, __m128i second, __m128i third, __m128i fourth)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(first) | (uint64_t)(unsigned)_mm_movemask_epi8(second) << 16 |
           (uint64_t)(unsigned)_mm_movemask_epi8(third) << 32 | (uint64_t)(unsigned)_mm_movemask_epi8(fourth) << 48;
}

/* Which of a block's bytes are `byte`. */
static inline uint64_t find_byte(const __m128i block[4], char byte)
{
    __m128i wanted = _mm_set1_epi8(byte);
    return bits_of(_mm_cmpeq_epi8(block[0], wanted), _mm_cmpeq_epi8(block[1], wanted), _mm_cmpeq_epi8(block[2], wanted),
                   _mm_cmpeq_epi8(block[3], wanted));
}

static inline __m128i is_line_end(__m128i quarter)
{
    return _mm_or_si128(_mm_cmpeq_epi8(quarter, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(quarter, _mm_set1_epi8('\r')));
}

static inline uint64_t find_line_ends(const __m128i block[4])
{
    return bits_of(is_line_end(block[0]), is_line_end(block[1]), is_line_end(block[2]), is_line_end(block[3]));
}

/* Of each bit, whether the bits up to it, itself included, are odd in number: between quotes, from an opening one on.
 */
static uint64_t parity_so_far(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

/* What one block hands on to the next. */
struct carry {
    uint64_t inside; /* all bits: its last byte was within quotes */
    uint64_t begins; /* 1: a cell begins behind it */
    uint64_t closes; /* 1: its last byte was a closing quote */
};

/* Where cells end in a block, the record's end the last of them. False: it is not plain. */
static inline bool scan_block(const char *bytes, char delimiter, struct carry *carry, uint64_t *cell_ends, bool *ends)
{
    __m128i block[4];
    memcpy(block, bytes, BLOCK);
    uint64_t quotes = find_byte(block, '"');
    uint64_t lines = find_line_ends(block);
    uint64_t inside = parity_so_far(quotes) ^ carry->inside;
    uint64_t line_ends = lines & ~inside;
    /* Behind the first line end outside quotes all is another record's. */
    uint64_t ours = line_ends != 0 ? line_ends ^ (line_ends - 1) : UINT64_MAX;
    *ends = line_ends != 0;
    *cell_ends = (line_ends | (find_byte(block, delimiter) & ~inside)) & ours;
    uint64_t opens = quotes & inside & ours;
    uint64_t closes = quotes & ~inside & ours;
    uint64_t begins = *cell_ends << 1 | carry->begins;
    uint64_t behind = (closes << 1 | carry->closes) & ours; /* closing quotes */
    carry->inside = (inside >> (BLOCK - 1)) != 0 ? UINT64_MAX : 0;
    carry->begins = *cell_ends >> (BLOCK - 1);
    carry->closes = closes >> (BLOCK - 1);
    return (opens & ~begins) == 0 && (behind & ~*cell_ends) == 0 && (lines & inside & ours) == 0;
}

bool csv_scan_plain(struct csv_scan *scan, char delimiter, const char *bytes, size_t length)
{
    struct carry carry = {.begins = 1};
    csv_scan_begin(scan, delimiter);
    for (size_t at = 0; at < length && scan->cells + BLOCK <= CSV_CELLS_MAX; at += BLOCK) {
        char last[BLOCK] = {0};
        const char *block = bytes + at;
        uint64_t cell_ends;
        bool ends;
        if (length - at < BLOCK)
            block = memcpy(last, block, length - at);
        if (!scan_block(block, delimiter, &carry, &cell_ends, &ends))
            return false;
        struct csv_extent *extent = scan->extents + scan->cells;
        uint64_t begin = scan->cell_begin;
        for (; cell_ends != 0; cell_ends &= cell_ends - 1) {
            uint64_t end = at + (unsigned)__builtin_ctzll(cell_ends);
            *extent++ = (struct csv_extent){begin, end};
            begin = end + 1;
        }
        scan->cells = (size_t)(extent - scan->extents);
        scan->cell_begin = begin;
        if (ends)
            return end_plain_record(scan, bytes, length, (size_t)scan->cell_begin - 1);
    }
    return false;
}

#else

bool csv_scan_plain(struct csv_scan *scan, char delimiter, const char *bytes, size_t length)
{
    return csv_scan_plain_by_bytes(scan, delimiter, bytes, length);
}

#endif

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
