/* tests/fuzz/fuzz_csv.c: any bytes as an order CSV: scanned, taken apart, written with cells of ours. What must hold
 * for any input, with commas and with tabs:
 *   - records, their line ends included, are the input, one behind the other, and cells lie one behind the other;
 *   - pieces make no difference: fed byte by byte, the scan says the same;
 *   - a quote is astray in the first cell that is neither quoted as a whole, nor ="…", nor free of quotes;
 *   - the delimiter of a header that is quoted is the one that stands between its quotes;
 *   - where no quote is astray, libcsv finds as many cells, and in them what the scan's extents hold;
 *   - a record that is written with our cells still holds its own, byte for byte, but for those that are set, and ours
 *     are found in their places.
 */
#include "fuzz.h"

#include "csv/fields.h"
#include "csv/scan.h"
#include "csv/writer.h"

enum { FUZZ_LENGTH_MAX = CSV_CELLS_MAX - 2 * CSV_OURS }; /* bytes: the place of every cell is kept */

/* A target in memory, in the place of csv/target.c: the writer knows nothing but this function. */
struct csv_target {
    struct buf bytes;
};

bool csv_target_write(struct csv_target *target, struct span bytes, struct error *error)
{
    (void)error;
    buf_append(&target->bytes, bytes.data, bytes.length);
    return !target->bytes.failed;
}

struct fuzz {
    char delimiter;
    size_t places[CSV_OURS];
    struct csv_set set[CSV_SET];
    struct csv_fields *fields;
    struct csv_target target;
    struct csv_writer writer;
    struct buf line;
    struct buf value;
    struct csv_scan scan;
    struct csv_scan again; /* of the same bytes in other pieces, or of the record as it was written */
};

/* Ours: empty, plain, with a quote, with delimiters, with blanks. */
static const struct span ours[CSV_OURS] = {{"", 0},    {"OK", 2}, {"a \"b\"", 5}, {"1,2\t3", 5},
                                           {" x ", 3}, {"\"", 1}, {"", 0},        {"2026-11-02 17:54:08", 19}};

/* Scan one record; false where a quote is never closed. `*taken`: its bytes, its line end included. */
static bool scan_record(struct csv_scan *scan, char delimiter, struct span input, size_t piece, size_t *taken)
{
    *taken = 0;
    csv_scan_begin(scan, delimiter);
    while (*taken < input.length && scan->state != CSV_SCAN_END) {
        size_t left = input.length - *taken;
        *taken += csv_scan_feed(scan, input.data + *taken, piece < left ? piece : left);
    }
    return csv_scan_finish(scan);
}

static struct span cell_of(const struct csv_scan *scan, const char *bytes, size_t cell)
{
    const struct csv_extent *extent = &scan->extents[cell];
    return (struct span){bytes + extent->begin, (size_t)(extent->end - extent->begin)};
}

static bool holds_line_end(struct span cell)
{
    return cell.length > 0 &&
           (memchr(cell.data, '\n', cell.length) != NULL || memchr(cell.data, '\r', cell.length) != NULL);
}

/* Whether a cell has its quotes where they may stand. */
static bool is_sound(struct span cell)
{
    size_t quotes = 0;
    for (size_t i = 0; i < cell.length; i++)
        quotes += cell.data[i] == '"';
    if (quotes == 0)
        return true;
    if (cell.data[0] == '"') {
        size_t i = 1;
        while (i + 1 < cell.length && (cell.data[i] != '"' || cell.data[++i] == '"'))
            i++;
        return i + 1 == cell.length && cell.data[i] == '"';
    }
    return quotes == 2 && cell.length >= 3 && memcmp(cell.data, "=\"", 2) == 0 && cell.data[cell.length - 1] == '"';
}

/* The same of both scans, and cells that follow one another with a delimiter between them. */
static void check_scan(const struct fuzz *fuzz, const char *bytes)
{
    const struct csv_scan *scan = &fuzz->scan;
    FUZZ_CHECK(scan->length == fuzz->again.length && scan->ending == fuzz->again.ending);
    FUZZ_CHECK(scan->cells == fuzz->again.cells && scan->cells > 0);
    FUZZ_CHECK(scan->stray == fuzz->again.stray && scan->torn == fuzz->again.torn);
    FUZZ_CHECK(scan->torn == CSV_NO_CELL || (scan->stray <= scan->torn && scan->torn < scan->cells));
    FUZZ_CHECK(scan->torn == CSV_NO_CELL || holds_line_end(cell_of(scan, bytes, scan->torn)));
    FUZZ_CHECK(scan->multiline == fuzz->again.multiline);
    uint64_t at = 0;
    size_t multiline = CSV_NO_CELL;
    size_t stray = CSV_NO_CELL;
    for (size_t i = 0; i < scan->cells; i++) {
        FUZZ_CHECK(scan->extents[i].begin == at && scan->extents[i].end >= at);
        FUZZ_CHECK(fuzz->again.extents[i].begin == at && fuzz->again.extents[i].end == scan->extents[i].end);
        if (holds_line_end(cell_of(scan, bytes, i)))
            multiline = i;
        if (stray == CSV_NO_CELL && !is_sound(cell_of(scan, bytes, i)))
            stray = i;
        at = scan->extents[i].end;
        FUZZ_CHECK(i + 1 < scan->cells ? bytes[at] == fuzz->delimiter : at == scan->length);
        at++;
    }
    FUZZ_CHECK(multiline == scan->multiline && stray == scan->stray);
}

/* The value of a cell without a stray quote. */
static void unquote(struct span cell, struct buf *value)
{
    buf_clear(value);
    if (cell.length == 0 || cell.data[0] != '"') {
        buf_append(value, cell.data, cell.length);
        return;
    }
    FUZZ_CHECK(cell.length >= 2 && cell.data[cell.length - 1] == '"');
    for (size_t i = 1; i + 1 < cell.length; i++) {
        buf_append_byte(value, cell.data[i]);
        i += cell.data[i] == '"'; /* the second of two */
    }
}

static bool is_value(struct fuzz *fuzz, struct span cell, struct span value)
{
    unquote(cell, &fuzz->value);
    return span_equal(fuzz_text(&fuzz->value), value);
}

static void check_fields(struct fuzz *fuzz, const char *bytes)
{
    const struct span *values;
    size_t count;
    struct error error;
    FUZZ_CHECK(
        csv_fields_parse(fuzz->fields, (struct span){bytes, (size_t)fuzz->scan.length}, &values, &count, &error));
    FUZZ_CHECK(count == (fuzz->scan.length > 0 ? fuzz->scan.cells : 0));
    for (size_t i = 0; i < count && i < CSV_CELLS_MAX; i++)
        FUZZ_CHECK(is_value(fuzz, cell_of(&fuzz->scan, bytes, i), values[i]));
}

/* The header's columns that hold ours: none; some, in another order; the last ones, in another order. */
static void choose_places(struct fuzz *fuzz, size_t way, size_t columns)
{
    static const size_t some[CSV_OURS] = {2, 0, CSV_NO_CELL, 3, CSV_NO_CELL, 1, CSV_NO_CELL, CSV_NO_CELL};
    for (size_t own = 0; own < CSV_OURS; own++) {
        size_t place = way == 0 ? CSV_NO_CELL : way == 1 ? some[own] : columns - 1 - own / 2;
        fuzz->places[own] = place < columns && (way != 2 || own % 2 == 0) ? place : CSV_NO_CELL;
    }
}

/* Cells to be set, where ours are not. */
static void choose_set(struct fuzz *fuzz, size_t way, size_t columns)
{
    static const size_t places[][CSV_SET] = {{1, 0}, {CSV_NO_CELL, 4}, {0, CSV_NO_CELL}};
    static const struct span cells[CSV_SET] = {{"07", 2}, {"a \"b\", c", 8}};
    for (size_t i = 0; i < CSV_SET; i++) {
        bool free = places[way][i] < columns && (way != 2 || columns > CSV_OURS);
        fuzz->set[i] = (struct csv_set){free ? places[way][i] : CSV_NO_CELL, cells[i]};
    }
}

/* What the cell is set to in a record of so many cells; NULL: it is not. */
static const struct span *expect_set(const struct fuzz *fuzz, size_t cells, size_t cell)
{
    for (size_t i = 0; i < CSV_SET && cells <= fuzz->writer.columns; i++)
        if (fuzz->set[i].place == cell)
            return &fuzz->set[i].cell;
    return NULL;
}

/* A cell that is set, which is quoted where it was, or where it must be, or as ours are. */
static void check_set(struct fuzz *fuzz, struct span got, const struct span *set, const struct span *before)
{
    bool quoted = before != NULL ? before->length > 0 && before->data[0] == '"' : fuzz->writer.quoted;
    FUZZ_CHECK(is_value(fuzz, got, *set));
    FUZZ_CHECK((got.length > 0 && got.data[0] == '"') == (quoted || memchr(set->data, '"', set->length) != NULL));
}

/* Where ours stand in a record of so many cells: in one with more than the header, they are the last where they are the
 * header's last, and behind all others elsewhere. */
static void expect_places(const struct fuzz *fuzz, size_t cells, size_t places[CSV_OURS])
{
    size_t columns = fuzz->writer.columns;
    size_t first = columns;
    size_t placed = 0;
    memcpy(places, fuzz->places, sizeof fuzz->places);
    for (size_t own = 0; own < CSV_OURS; own++) {
        if (places[own] == CSV_NO_CELL)
            continue;
        placed++;
        first = places[own] < first ? places[own] : first;
    }
    for (size_t own = 0; own < CSV_OURS && cells > columns; own++)
        if (places[own] != CSV_NO_CELL)
            places[own] = first == columns - placed ? places[own] + cells - columns : CSV_NO_CELL;
}

/* The record as it was written, scanned into `again`, against the one that was read. */
static void check_written(struct fuzz *fuzz, const char *bytes, const char *written)
{
    const struct csv_scan *read = &fuzz->scan;
    const struct csv_scan *out = &fuzz->again;
    size_t columns = fuzz->writer.columns > read->cells ? fuzz->writer.columns : read->cells;
    size_t places[CSV_OURS];
    expect_places(fuzz, read->cells, places);
    FUZZ_CHECK(out->ending == read->ending && memcmp(out->ending_bytes, read->ending_bytes, read->ending) == 0);
    FUZZ_CHECK(out->cells >= columns);
    for (size_t cell = 0; cell < columns; cell++) {
        struct span got = cell_of(out, written, cell);
        struct span before = cell < read->cells ? cell_of(read, bytes, cell) : (struct span){NULL, 0};
        const struct span *set = expect_set(fuzz, read->cells, cell);
        size_t own = 0;
        while (own < CSV_OURS && places[own] != cell)
            own++;
        if (own < CSV_OURS)
            FUZZ_CHECK(is_value(fuzz, got, ours[own]));
        else if (set != NULL)
            check_set(fuzz, got, set, cell < read->cells ? &before : NULL);
        else if (cell < read->cells)
            FUZZ_CHECK(span_equal(got, before));
        else
            FUZZ_CHECK(is_value(fuzz, got, (struct span){"", 0}));
    }
    for (size_t own = 0; own < CSV_OURS; own++) {
        if (places[own] != CSV_NO_CELL)
            continue;
        FUZZ_CHECK(columns < out->cells && is_value(fuzz, cell_of(out, written, columns), ours[own]));
        columns++;
    }
    FUZZ_CHECK(columns == out->cells);
}

static void check_writer(struct fuzz *fuzz, const char *bytes, bool first, size_t way)
{
    const struct csv_scan *scan = &fuzz->scan;
    const struct csv_record record = {
        .length = scan->length,
        .ending = {scan->ending_bytes[0], scan->ending_bytes[1]},
        .ending_length = scan->ending,
        .raw = {bytes, (size_t)scan->length},
        .cells = scan->length > 0 ? scan->cells : 0,
        .extents = scan->extents,
        .stray = scan->stray,
    };
    struct error error;
    size_t taken;
    if (first) {
        choose_places(fuzz, way, record.cells);
        choose_set(fuzz, way, record.cells);
        csv_writer_init(&fuzz->writer, &fuzz->target, fuzz->delimiter, &fuzz->line, &record, fuzz->places);
    }
    buf_clear(&fuzz->target.bytes);
    FUZZ_CHECK(csv_writer_put(&fuzz->writer, NULL, &record, ours, fuzz->set, &error));
    struct span written = fuzz_text(&fuzz->target.bytes);
    if (scan->length == 0) { /* a blank line stays blank */
        FUZZ_CHECK(span_equal(written, (struct span){scan->ending_bytes, scan->ending}));
        return;
    }
    FUZZ_CHECK(scan_record(&fuzz->again, fuzz->delimiter, written, written.length, &taken));
    FUZZ_CHECK(taken == written.length);
    check_written(fuzz, bytes, written.data);
}

/* The delimiter, where each cell of the first record is quoted and there are two or more. */
static void check_delimiter(const struct fuzz *fuzz, struct span input)
{
    const struct csv_scan *scan = &fuzz->scan;
    char found = csv_delimiter_of(input);
    FUZZ_CHECK(found == ',' || (found == '\t' && memchr(input.data, '\t', input.length) != NULL));
    for (size_t i = 0; i < scan->cells; i++)
        if (scan->extents[i].begin == scan->extents[i].end || input.data[scan->extents[i].begin] != '"')
            return;
    FUZZ_CHECK(scan->cells < 2 || scan->stray != CSV_NO_CELL || found == fuzz->delimiter);
}

/* All records of `input`, up to one that the reader would refuse. */
static void check_input(struct fuzz *fuzz, struct span input, size_t way)
{
    for (bool first = true; input.length > 0; first = false) {
        size_t taken;
        size_t taken_again;
        bool closed = scan_record(&fuzz->scan, fuzz->delimiter, input, input.length, &taken);
        FUZZ_CHECK(scan_record(&fuzz->again, fuzz->delimiter, input, 1, &taken_again) == closed);
        FUZZ_CHECK(taken == taken_again);
        if (!closed)
            return;
        FUZZ_CHECK(taken == fuzz->scan.length + fuzz->scan.ending);
        check_scan(fuzz, input.data);
        if (first)
            check_delimiter(fuzz, input);
        if (fuzz->scan.torn != CSV_NO_CELL)
            return;
        if (fuzz->scan.stray == CSV_NO_CELL)
            check_fields(fuzz, input.data);
        check_writer(fuzz, input.data, first, way);
        input = (struct span){input.data + taken, input.length - taken};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = {',', '\t'};
    static struct fuzz fuzz; /* too large for the stack */
    if (size > FUZZ_LENGTH_MAX)
        return 0;
    for (size_t i = 0; i < 6; i++) {
        fuzz.delimiter = delimiters[i / 3];
        fuzz.fields = csv_fields_new(fuzz.delimiter);
        FUZZ_CHECK(fuzz.fields != NULL);
        check_input(&fuzz, (struct span){(const char *)data, size}, i % 3);
        csv_fields_free(fuzz.fields);
    }
    buf_free(&fuzz.target.bytes);
    buf_free(&fuzz.line);
    buf_free(&fuzz.value);
    return 0;
}
