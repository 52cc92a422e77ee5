/* tests/unit/test_csv.c: from raw bytes to records and cells, and back into a result file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "csv/fields.h"
#include "csv/reader.h"
#include "csv/scan.h"
#include "csv/source.h"
#include "csv/split.h"
#include "csv/target.h"
#include "csv/writer.h"
#include "scarce_memory.h"
#include "text/utf16.h"
#include "text/utf8.h"

#include <csv.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct span span_of_buf(const struct buf *buf)
{
    return (struct span){buf_text(buf), buf->length};
}

/* A generator of the same numbers in every run. */
static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static void append_repeated(struct buf *buf, char byte, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_append_byte(buf, byte);
}

/* ---- Scanning ---- */

/* Where the input is cut into pieces for csv_scan_feed(). */
enum cut { CUT_NOWHERE, CUT_EVERYWHERE, CUT_SOMEWHERE };

/* Bytes of the next piece, of `left`. */
static size_t piece(enum cut cut, size_t left, uint32_t *seed)
{
    size_t size = cut == CUT_NOWHERE ? left : cut == CUT_EVERYWHERE ? 1 : draw(seed) % 5;
    return size < left ? size : left;
}

/* Scan one record from `input` on. The bytes it takes, its line end included; `*closed` is csv_scan_finish()'s. */
static size_t scan_one(struct csv_scan *scan, struct span input, enum cut cut, uint32_t *seed, bool *closed)
{
    size_t at = 0;
    csv_scan_begin(scan, ',');
    while (at < input.length && scan->state != CSV_SCAN_END) {
        size_t size = piece(cut, input.length - at, seed);
        size_t taken = csv_scan_feed(scan, input.data + at, size);
        assert_true(taken <= size);
        assert_true(taken == size || scan->state == CSV_SCAN_END);
        at += taken;
    }
    *closed = csv_scan_finish(scan);
    if (*closed)
        assert_int_equal(scan->length + scan->ending, at);
    return at;
}

static void describe_bytes(struct span bytes, struct buf *out)
{
    for (size_t i = 0; i < bytes.length; i++) {
        if (bytes.data[i] == '\r' || bytes.data[i] == '\n')
            buf_append_text(out, bytes.data[i] == '\r' ? "\\r" : "\\n");
        else
            buf_append_byte(out, bytes.data[i]);
    }
}

static const char *ending_name(const char *bytes, unsigned length)
{
    if (length == 0)
        return ".";
    if (length == 1)
        return bytes[0] == '\n' ? "LF" : "CR";
    assert_memory_equal(bytes, "\r\n", 2);
    return "CRLF";
}

static bool holds_line_end(const struct csv_scan *scan, const char *bytes, size_t cell)
{
    for (uint64_t at = scan->extents[cell].begin; at < scan->extents[cell].end; at++)
        if (bytes[at] == '\r' || bytes[at] == '\n')
            return true;
    return false;
}

/* The record that was scanned, `bytes` from its beginning, in a form that can be read: its cells in brackets, its line
 * end (a dot: the end of the input), and its damage. */
static void describe_scan(const struct csv_scan *scan, const char *bytes, bool closed, struct buf *out)
{
    for (size_t i = 0; i < scan->cells && i < CSV_CELLS_MAX; i++) {
        const struct csv_extent *extent = &scan->extents[i];
        assert_true(extent->begin <= extent->end && extent->end <= scan->length);
        buf_append_byte(out, '[');
        describe_bytes((struct span){bytes + extent->begin, (size_t)(extent->end - extent->begin)}, out);
        buf_append_byte(out, ']');
    }
    size_t multiline = CSV_NO_CELL;
    for (size_t i = 0; i < scan->cells && i < CSV_CELLS_MAX; i++)
        if (holds_line_end(scan, bytes, i))
            multiline = i;
    if (closed) /* the cell that is still open may hold one, too */
        assert_int_equal(scan->multiline, multiline);
    if (closed)
        buf_append_text(out, ending_name(scan->ending_bytes, scan->ending));
    else
        buf_printf(out, "open %zu@%" PRIu64, scan->cells, scan->cell_begin);
    if (scan->stray != CSV_NO_CELL)
        buf_printf(out, " stray %zu", scan->stray);
    if (scan->torn != CSV_NO_CELL)
        buf_printf(out, " torn %zu", scan->torn);
}

/* All records of `input`, one behind the other. */
static void describe_input(struct span input, enum cut cut, uint32_t seed, struct buf *out)
{
    static struct csv_scan scan;
    buf_clear(out);
    while (input.length > 0) {
        bool closed;
        size_t taken = scan_one(&scan, input, cut, &seed, &closed);
        if (out->length > 0)
            buf_append_text(out, "  ");
        describe_scan(&scan, input.data, closed, out);
        input = (struct span){input.data + taken, input.length - taken};
    }
    assert_false(out->failed);
}

static void scans_find_records_and_cells(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        const char *records;
    } cases[] = {
        {"a", "[a]."},
        {"a,b", "[a][b]."},
        {"a,b\n", "[a][b]LF"},
        {"a,b\r", "[a][b]CR"},
        {"a,b\r\n", "[a][b]CRLF"},
        {"a\nb\rc\r\nd", "[a]LF  [b]CR  [c]CRLF  [d]."},
        {",", "[][]."},
        {",,\r\n", "[][][]CRLF"},
        {"a,\r\n", "[a][]CRLF"},
        {" a , b ", "[ a ][ b ]."},
        {"\t", "[\t]."},
        /* blank lines */
        {"\n", "[]LF"},
        {"\r\n\r\n", "[]CRLF  []CRLF"},
        {"\n\r", "[]LF  []CR"},
        {"\r\r\n", "[]CR  []CRLF"},
        {"a\n\nb", "[a]LF  []LF  [b]."},
        /* quotes */
        {"\"a\"", "[\"a\"]."},
        {"\"\"", "[\"\"]."},
        {"\"\",\"\"", "[\"\"][\"\"]."},
        {"\"a,b\",c", "[\"a,b\"][c]."},
        {"\"a\"\"b\"", "[\"a\"\"b\"]."},
        {"\"\"\"\"", "[\"\"\"\"]."},
        {"\"\"\"a\"\"\"", "[\"\"\"a\"\"\"]."},
        {"\"a\r\nb\",c\r\n", "[\"a\\r\\nb\"][c]CRLF"},
        {"\"a\rb\nc\"\n", "[\"a\\rb\\nc\"]LF"},
        {"\"\n\"\r\n", "[\"\\n\"]CRLF"},
        {"\"\",\n", "[\"\"][]LF"},
        /* a stray quote does not take the rows behind it along */
        {"a\"b,c\nd", "[a\"b][c]LF stray 0  [d]."},
        {"a\",\"b\"\nc", "[a\"][\"b\"]LF stray 0  [c]."},
        {"x,a\"b\"\nc", "[x][a\"b\"]LF stray 1  [c]."},
        {" \"a\",b\n", "[ \"a\"][b]LF stray 0"},
        {"\"a\"b,c\nd", "[\"a\"b][c]LF stray 0  [d]."},
        /* ="…" as a whole cell, as exports keep a leading zero, and nothing that only looks like it */
        {"=\"01\",c\n", "[=\"01\"][c]LF"},
        {"x,=\"\"", "[x][=\"\"]."},
        {"=\"01\"\r\n=\"02\"", "[=\"01\"]CRLF  [=\"02\"]."},
        {"=\"a,b\"\n", "[=\"a][b\"]LF stray 0"},
        {"=\"a\nb", "[=\"a]LF stray 0  [b]."},
        {"=\"a\"b,c\n", "[=\"a\"b][c]LF stray 0"},
        {"=\"a\"\"b\"\n", "[=\"a\"\"b\"]LF stray 0"},
        {"=a\"b\"\n", "[=a\"b\"]LF stray 0"},
        {" =\"a\",=\n", "[ =\"a\"][=]LF stray 0"},
        {"\"a\" ,c\nd", "[\"a\" ][c]LF stray 0  [d]."},
        {"\"a\"b\"c,d\"\ne", "[\"a\"b\"c][d\"]LF stray 0  [e]."},
        {"\"a\"b\"c\nd\"", "[\"a\"b\"c]LF stray 0  [d\"]. stray 0"},
        {"a,\"b\"c,d\"\n", "[a][\"b\"c][d\"]LF stray 1"},
        {"\"a\"\"b", "open 0@0"},
        /* a torn cell: text behind the closing quote, and a line end within */
        {"\"a\nb\"c\nd", "[\"a\\nb\"c]LF stray 0 torn 0  [d]."},
        {"x,\"a\r\ny,\"b\"\r\nz", "[x][\"a\\r\\ny,\"b\"]CRLF stray 1 torn 1  [z]."},
        {"\"a\rb\" ", "[\"a\\rb\" ]. stray 0 torn 0"},
        {"\"a\n\"\"b\"c", "[\"a\\n\"\"b\"c]. stray 0 torn 0"},
        {"a\"b,\"c\nd\"e", "[a\"b][\"c\\nd\"e]. stray 0 torn 1"},
        {"\"a\nb\"\"\"\nc\"d", "[\"a\\nb\"\"\"]LF  [c\"d]. stray 0"},
        {"\"a\nb\",c\"d\ne", "[\"a\\nb\"][c\"d]LF stray 1  [e]."}, /* not behind such a cell */
        {"\"a\nb\",\"c\"d", "[\"a\\nb\"][\"c\"d]. stray 1"},
        {"x,\"a\nb\",\"c\nd\",\"e\"f", "[x][\"a\\nb\"][\"c\\nd\"][\"e\"f]. stray 3"},
        {"a\"b,\"c\nd\",e", "[a\"b][\"c\\nd\"][e]. stray 0"},      /* nor in front of it */
        {"\"a\nb\",c\nd\"e", "[\"a\\nb\"][c]LF  [d\"e]. stray 0"}, /* nor in another record */
        {"\"a\"b\n\"c\nd\"", "[\"a\"b]LF stray 0  [\"c\\nd\"]."},
        {"\"a\nb\"c,\"d\ne\"f", "[\"a\\nb\"c][\"d\\ne\"f]. stray 0 torn 0"}, /* the first of two */
        /* a cell that is never closed */
        {"\"", "open 0@0"},
        {"a,\"b", "[a]open 1@2"},
        {"a,\"b\nc,d\n", "[a]open 1@2"},
        {"\"a\",\"b\"\"", "[\"a\"]open 1@4"},
        {"a\nbc,,\"d", "[a]LF  [bc][]open 2@4"},
    };
    struct buf got = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        describe_input(span_of(cases[i].input), CUT_NOWHERE, 0, &got);
        assert_string_equal(buf_text(&got), cases[i].records);
        describe_input(span_of(cases[i].input), CUT_EVERYWHERE, 0, &got);
        assert_string_equal(buf_text(&got), cases[i].records);
        for (uint32_t seed = 0; seed < 20; seed++) {
            describe_input(span_of(cases[i].input), CUT_SOMEWHERE, seed, &got);
            assert_string_equal(buf_text(&got), cases[i].records);
        }
    }
    buf_free(&got);
}

static void scans_ask_for_one_more_byte_behind_a_cr(void **state)
{
    (void)state;
    static struct csv_scan scan;
    csv_scan_begin(&scan, ',');
    assert_int_equal(csv_scan_feed(&scan, "a\r", 2), 2);
    assert_int_equal(scan.state, CSV_SCAN_CR);
    assert_int_equal(csv_scan_feed(&scan, "", 0), 0);
    assert_int_equal(scan.state, CSV_SCAN_CR);
    assert_int_equal(csv_scan_feed(&scan, "b", 1), 0); /* belongs to the next record */
    assert_int_equal(scan.state, CSV_SCAN_END);
    assert_int_equal(scan.ending, 1);
    assert_int_equal(scan.length, 1);
    csv_scan_begin(&scan, ',');
    assert_int_equal(csv_scan_feed(&scan, "a\r", 2), 2);
    assert_int_equal(csv_scan_feed(&scan, "\nb", 2), 1);
    assert_int_equal(scan.state, CSV_SCAN_END);
    assert_int_equal(scan.ending, 2);
    assert_int_equal(csv_scan_feed(&scan, "b", 1), 0); /* it has ended */
}

static void scans_know_other_delimiters(void **state)
{
    (void)state;
    static struct csv_scan scan;
    csv_scan_begin(&scan, '\t');
    assert_int_equal(csv_scan_feed(&scan, "a,b\t\"c\td\"\n", 10), 10);
    assert_int_equal(scan.cells, 2);
    assert_int_equal(scan.extents[0].end, 3);
    assert_int_equal(scan.extents[1].begin, 4);
    assert_int_equal(scan.extents[1].end, 9);
}

static void delimiters_are_told_by_the_header(void **state)
{
    static const struct {
        const char *head;
        char delimiter;
    } cases[] = {
        {"", ','},
        {"a", ','},
        {"a,b", ','},
        {"a\tb", '\t'},
        {"a,b\tc,d", ','},
        {"a,b\tc\td", '\t'},
        {"a,b\tc", ','}, /* as many of both */
        {"\"a,b,c\"\td", '\t'},
        {"\"a\tb\tc\",d", ','},
        {"\"a,\"\",b,c\"\td", '\t'}, /* a doubled quote closes nothing */
        {"\"a\"\t\"b,,,\"\t\"c\"", '\t'},
        {"a\tb\n,,,,,", '\t'}, /* the first line only */
        {"a,b\r\t\t\t\t", ','},
        {"\"a\nb\",c\n\t\t\t\t", ','}, /* which may have line ends within quotes */
        {"a\"b,c\"\td\"", ','},        /* a quote within a cell opens nothing */
        {"\"a\tb\tc", ','},            /* never closed */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (csv_delimiter_of(span_of(cases[i].head)) != cases[i].delimiter)
            fail_msg("case %zu", i);
}

static void scans_count_cells_beyond_those_they_keep(void **state)
{
    (void)state;
    enum { CELLS = CSV_CELLS_MAX + 1000 };
    static struct csv_scan scan;
    struct buf input = {0};
    for (size_t i = 0; i + 1 < CELLS; i++)
        buf_append_text(&input, i % 2 == 0 ? "ab," : "\"a\",");
    buf_append_text(&input, "a\"b\n");
    csv_scan_begin(&scan, ',');
    assert_int_equal(csv_scan_feed(&scan, input.data, input.length), input.length);
    assert_int_equal(scan.cells, CELLS);
    assert_int_equal(scan.stray, CELLS - 1);
    assert_int_equal(scan.length, input.length - 1);
    for (size_t i = 0, at = 0; i < CSV_CELLS_MAX; i++) {
        size_t length = i % 2 == 0 ? 2 : 3;
        assert_int_equal(scan.extents[i].begin, at);
        assert_int_equal(scan.extents[i].end, at + length);
        at += length + 1;
    }
    buf_free(&input);
}

/* The bytes of a CP932 character are never taken for a quote, a delimiter or a line end, whatever its second one is. */
static void scans_are_not_disturbed_by_second_bytes(void **state)
{
    (void)state;
    static struct csv_scan scan;
    struct error error = {0};
    struct csv_fields *fields = csv_fields_new(',');
    assert_non_null(fields);
    size_t codes = 0;
    for (unsigned code = 0x8100; code <= 0xFCFF; code++) {
        unsigned lead = code >> 8;
        unsigned trail = code & 0xFF;
        if ((lead >= 0xA0 && lead < 0xE0) || trail < 0x40 || trail == 0x7F || trail > 0xFC)
            continue;
        char input[] = "LT,\"LT\",aLT\"\n";
        for (char *at = input; (at = strstr(at, "LT")) != NULL; at += 2) {
            at[0] = (char)lead;
            at[1] = (char)trail;
        }
        csv_scan_begin(&scan, ',');
        assert_int_equal(csv_scan_feed(&scan, input, 13), 13);
        assert_int_equal(scan.cells, 3);
        assert_int_equal(scan.extents[1].begin, 3);
        assert_int_equal(scan.extents[1].end, 7);
        assert_int_equal(scan.stray, 2);
        const struct span *values;
        size_t count;
        assert_true(csv_fields_parse(fields, (struct span){input, 7}, &values, &count, &error));
        assert_int_equal(count, 2);
        assert_true(span_equal(values[0], (struct span){input, 2}));
        assert_true(span_equal(values[1], (struct span){input, 2}));
        codes++;
    }
    assert_int_equal(codes, (31 + 29) * 188);
    csv_fields_free(fields);
}

/* ---- The scan and libcsv define the same fields ---- */

/* The value of a cell without a stray quote, by its own few rules. */
static void unquote(struct span cell, struct buf *value)
{
    buf_clear(value);
    if (cell.length == 0 || cell.data[0] != '"') {
        buf_append(value, cell.data, cell.length);
        return;
    }
    assert_true(cell.length >= 2 && cell.data[cell.length - 1] == '"');
    for (size_t i = 1; i + 1 < cell.length; i++) {
        buf_append_byte(value, cell.data[i]);
        if (cell.data[i] == '"')
            assert_int_equal(cell.data[++i], '"');
    }
}

static void assert_fields_agree(struct csv_fields *fields, const struct csv_scan *scan, const char *bytes)
{
    const struct span *values;
    size_t count;
    struct error error = {0};
    struct buf value = {0};
    assert_true(csv_fields_parse(fields, (struct span){bytes, (size_t)scan->length}, &values, &count, &error));
    assert_int_equal(count, scan->length > 0 ? scan->cells : 0);
    for (size_t i = 0; i < count; i++) {
        const struct csv_extent *extent = &scan->extents[i];
        unquote((struct span){bytes + extent->begin, (size_t)(extent->end - extent->begin)}, &value);
        assert_true(span_equal(values[i], span_of_buf(&value)));
    }
    buf_free(&value);
}

/* What libcsv finds in a whole input, as one text: cells in brackets, records ended by a dot. */
static void on_cell(void *bytes, size_t length, void *context)
{
    struct buf *out = context;
    buf_append_byte(out, '[');
    buf_append(out, bytes, length);
    buf_append_byte(out, ']');
}

static void on_record(int byte, void *context)
{
    (void)byte;
    buf_append_byte(context, '.');
}

static int is_no_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

static void describe_by_libcsv(struct span input, struct buf *out)
{
    struct csv_parser parser;
    buf_clear(out);
    assert_int_equal(csv_init(&parser, 0), 0);
    csv_set_space_func(&parser, is_no_space);
    assert_int_equal(csv_parse(&parser, input.data, input.length, on_cell, on_record, out), input.length);
    assert_int_equal(csv_fini(&parser, on_cell, on_record, out), 0);
    csv_free(&parser);
}

/* All of it for one input. True where it had no damage. */
static bool assert_input_agrees(struct csv_fields *fields, struct span input, struct buf *mine, struct buf *theirs)
{
    static struct csv_scan scan;
    struct buf value = {0};
    bool whole = true;
    uint32_t seed = 0;
    buf_clear(mine);
    for (size_t at = 0; at < input.length;) {
        bool closed;
        const char *bytes = input.data + at;
        at += scan_one(&scan, (struct span){bytes, input.length - at}, CUT_NOWHERE, &seed, &closed);
        whole = whole && closed && scan.stray == CSV_NO_CELL;
        if (!closed || scan.stray != CSV_NO_CELL)
            continue;
        assert_int_equal(scan.torn, CSV_NO_CELL); /* a torn cell is a stray quote, too */
        assert_fields_agree(fields, &scan, bytes);
        for (size_t i = 0; i < scan.cells && scan.length > 0; i++) {
            const struct csv_extent *extent = &scan.extents[i];
            unquote((struct span){bytes + extent->begin, (size_t)(extent->end - extent->begin)}, &value);
            on_cell(value.data, value.length, mine);
        }
        if (scan.length > 0)
            on_record(0, mine);
    }
    if (whole) {
        describe_by_libcsv(input, theirs);
        assert_string_equal(buf_text(mine), buf_text(theirs));
    }
    buf_free(&value);
    return whole;
}

static void scans_and_libcsv_agree_on_all_short_inputs(void **state)
{
    (void)state;
    enum { LENGTH = 6, LETTERS = 5 };
    static const char letters[LETTERS] = "a,\"\r\n";
    struct csv_fields *fields = csv_fields_new(',');
    struct buf whole = {0};
    struct buf bytewise = {0};
    size_t inputs = 0;
    size_t undamaged = 0;
    assert_non_null(fields);
    for (size_t length = 0, numbers = 1; length <= LENGTH; length++, numbers *= LETTERS) {
        for (size_t number = 0; number < numbers; number++) {
            char input[LENGTH];
            size_t rest = number;
            for (size_t i = 0; i < length; i++, rest /= LETTERS)
                input[i] = letters[rest % LETTERS];
            undamaged += assert_input_agrees(fields, (struct span){input, length}, &whole, &bytewise);
            describe_input((struct span){input, length}, CUT_NOWHERE, 0, &whole);
            describe_input((struct span){input, length}, CUT_EVERYWHERE, 0, &bytewise);
            assert_string_equal(buf_text(&whole), buf_text(&bytewise));
            describe_input((struct span){input, length}, CUT_SOMEWHERE, (uint32_t)number, &bytewise);
            assert_string_equal(buf_text(&whole), buf_text(&bytewise));
            inputs++;
        }
    }
    assert_int_equal(inputs, 19531);
    assert_true(undamaged > 5000);
    csv_fields_free(fields);
    buf_free(&whole);
    buf_free(&bytewise);
}

/* A record such as a shop has: up to `cells` cells, about half of them quoted, without its line end. */
static void append_record(struct buf *out, uint32_t *seed, size_t cells)
{
    static const char *const texts[] = {"",   "a",        " a b ", "12345",     "\x95\x5C\x8E\xA6",
                                        "\t", "\x83\x7C", "2,980", "\"\"x\"\"", "1\r\n2\n\r3"};
    for (size_t i = 0; i < cells; i++) {
        size_t text = draw(seed) % COUNT(texts);
        bool quoted = text >= 7 || draw(seed) % 2 == 0;
        buf_append_text(out, i > 0 ? "," : "");
        buf_append_text(out, quoted ? "\"" : "");
        buf_append_text(out, texts[text]);
        buf_append_text(out, quoted ? "\"" : "");
    }
}

static const char *const endings[] = {"\r\n", "\n", "\r"};

static void scans_and_libcsv_agree_on_random_files(void **state)
{
    (void)state;
    struct csv_fields *fields = csv_fields_new(',');
    struct buf input = {0};
    struct buf mine = {0};
    struct buf theirs = {0};
    assert_non_null(fields);
    for (uint32_t round = 0; round < 100; round++) {
        uint32_t seed = round;
        buf_clear(&input);
        for (int i = 0; i < 50; i++) {
            append_record(&input, &seed, draw(&seed) % 8);
            buf_append_text(&input, endings[draw(&seed) % 3]);
        }
        assert_true(assert_input_agrees(fields, span_of_buf(&input), &mine, &theirs));
        describe_input(span_of_buf(&input), CUT_NOWHERE, 0, &mine);
        describe_input(span_of_buf(&input), CUT_SOMEWHERE, round, &theirs);
        assert_string_equal(buf_text(&mine), buf_text(&theirs));
    }
    csv_fields_free(fields);
    buf_free(&input);
    buf_free(&mine);
    buf_free(&theirs);
}

/* ---- Fields ---- */

/* Records as files have them, with an oddity here and there, of any length: on the border of a block, too. */
static void append_long_record(struct buf *input, uint32_t *seed)
{
    static const char *const oddities[] = {"\"\"", "\"", "\n", "\r", ",", "=\"1\"", "\x81\x5C", " \"a\""};
    size_t cells = 1 + draw(seed) % 12;
    for (size_t cell = 0; cell < cells; cell++) {
        bool quoted = draw(seed) % 4 != 0;
        if (cell > 0)
            buf_append_byte(input, ',');
        if (quoted)
            buf_append_byte(input, '"');
        append_repeated(input, 'x', draw(seed) % 3 == 0 ? draw(seed) % 80 : draw(seed) % 4);
        if (draw(seed) % 60 == 0)
            buf_append_text(input, oddities[draw(seed) % COUNT(oddities)]);
        if (quoted)
            buf_append_byte(input, '"');
    }
    buf_append_text(input, draw(seed) % 3 == 0 ? "\n" : draw(seed) % 3 == 0 ? "\r" : "\r\n");
}

static bool same_scan(const struct csv_scan *a, const struct csv_scan *b)
{
    return a->length == b->length && a->ending == b->ending && a->cells == b->cells && a->stray == b->stray &&
           a->multiline == b->multiline && memcmp(a->ending_bytes, b->ending_bytes, a->ending) == 0 &&
           memcmp(a->extents, b->extents, a->cells * sizeof *a->extents) == 0;
}

/* Both ways to take a record at once take the same ones, and say what the careful way says of them, wherever the bytes
 * that are known end. Nothing but oddities, and a cut within the record, makes them refuse one. */
static void plain_records_are_told_alike(void **state)
{
    enum { ROUNDS = 30000 };
    static struct csv_scan careful;
    static struct csv_scan plain;
    static struct csv_scan by_bytes;
    struct buf input = {0};
    uint32_t seed = 64;
    size_t taken = 0;
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        bool closed;
        buf_clear(&input);
        append_long_record(&input, &seed);
        size_t record = input.length;
        append_long_record(&input, &seed);
        size_t length = draw(&seed) % 4 == 0 ? draw(&seed) % (input.length + 1) : input.length;
        char *exact = malloc(length + 1); /* so that a sanitizer sees who reads beyond */
        assert_non_null(exact);
        memcpy(exact, input.data, length);
        exact = realloc(exact, length > 0 ? length : 1);
        assert_non_null(exact);
        bool found = csv_scan_plain(&plain, ',', exact, length);
        assert_int_equal(csv_scan_plain_by_bytes(&by_bytes, ',', exact, length), found);
        scan_one(&careful, (struct span){exact, length}, CUT_NOWHERE, &seed, &closed);
        if (found) {
            assert_true(same_scan(&plain, &careful));
            assert_true(same_scan(&by_bytes, &careful));
            assert_true(careful.stray == CSV_NO_CELL && careful.multiline == CSV_NO_CELL);
        } else if (length > record) {
            assert_true(memchr(exact, '\n', length) == NULL || !closed || careful.stray != CSV_NO_CELL ||
                        careful.multiline != CSV_NO_CELL || memmem(exact, length, "\"\"", 2) != NULL ||
                        memmem(exact, length, "=\"", 2) != NULL);
        }
        taken += found;
        free(exact);
    }
    assert_in_range(taken, ROUNDS / 2, ROUNDS - 1000);
    buf_free(&input);
}

/* ---- Splitting ---- */

static void splits_are_told_by_the_bytes_around(void **state)
{
    static const struct {
        const char *bytes;
        size_t place; /* SIZE_MAX: none */
    } cases[] = {
        {"xx", SIZE_MAX},
        {"xxabc", SIZE_MAX},
        {"x\nabc", 2},
        {"xxa\nbc", 4},
        {"xxa\r\nbc", 5},
        {"xxa\rbc", 4},
        {"x\r\nbc", 3},
        {"xxabc\n", SIZE_MAX}, /* nothing begins there yet */
        {"xxa\r", SIZE_MAX},
        /* a line end between quotes is none */
        {"x,\"a\nb\",c\nd", 10},
        {"xxa\nb\",c\nd", 9},
        {"xxa\nb\"\nd", 7},
        {"xxa\n\"b\"\nd", 4},
        /* doubled quotes tell nothing, and change nothing */
        {"xxa\"\"b\nc\",d\ne", 12},
        {"x,\"a\"\"b\nc\",d\ne", 13},
        {"xx\"\nb", 4},
        {"x,\"\",\"\"\nb", 8},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (csv_split(span_of(cases[i].bytes), ',') != cases[i].place)
            fail_msg("case %zu: %zu", i, csv_split(span_of(cases[i].bytes), ','));
    assert_int_equal(csv_split(span_of("x\t\"a\nb\"\tc\nd"), '\t'), 10);
}

/* From every byte of ordinary files the next record is found, as long as a quote with a delimiter beside it follows. */
static void splits_are_right_in_ordinary_files(void **state)
{
    enum { ROUNDS = 300 };
    static struct csv_scan scan;
    struct buf input = {0};
    uint32_t seed = 5;
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        buf_clear(&input);
        for (size_t i = 0; i < 6; i++)
            buf_append_text(&input, draw(&seed) % 3 == 0 ? "\"10\",\"a\n\r\nb, \"\"c\"\"\",\"d\"\r\n"
                                                         : "\"11\",\"x\x95\x5C\",\"yz\"\r\n");
        size_t begin = 0; /* of the first record at or behind the place */
        for (size_t place = CSV_SPLIT_BEFORE; place < input.length; place++) {
            bool closed;
            while (begin < place)
                begin += scan_one(&scan, (struct span){input.data + begin, input.length - begin}, CUT_NOWHERE, &seed,
                                  &closed);
            struct span bytes = {input.data + place - CSV_SPLIT_BEFORE, input.length - place + CSV_SPLIT_BEFORE};
            if (begin < input.length)
                assert_int_equal(place - CSV_SPLIT_BEFORE + csv_split(bytes, ','), begin);
        }
    }
    buf_free(&input);
}

static void fields_are_values(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        const char *values; /* separated by | */
        size_t count;
    } cases[] = {
        {"", "", 0},
        {"a", "a", 1},
        {"a,b", "a|b", 2},
        {",", "|", 2},
        {"a,", "a|", 2},
        {",,", "||", 3},
        {"\"\"", "", 1},
        {"\"\",\"\"", "|", 2},
        {"\"a\",b", "a|b", 2},
        {"\"a,b\",c", "a,b|c", 2},
        {"\"a\"\"b\"", "a\"b", 1},
        {"\"\"\"\"", "\"", 1},
        {"\"\"\"\"\"\"", "\"\"", 1},
        {"\"a\r\nb\n\rc\",d", "a\r\nb\n\rc|d", 2},
        /* blanks around cells stay, in quotes or not */
        {" a , b ", " a | b ", 2},
        {"  ", "  ", 1},
        {" ", " ", 1},
        {" , ", " | ", 2},
        {"\ta\t,\t", "\ta\t|\t", 2},
        {"\" a \"", " a ", 1},
        {"a b", "a b", 1},
        {"\x95\x5C,\x83\x7C", "\x95\x5C|\x83\x7C", 2},
    };
    struct csv_fields *fields = csv_fields_new(',');
    struct error error = {0};
    assert_non_null(fields);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct span *values;
        size_t count;
        struct buf joined = {0};
        assert_true(csv_fields_parse(fields, span_of(cases[i].raw), &values, &count, &error));
        assert_int_equal(count, cases[i].count);
        for (size_t cell = 0; cell < count; cell++) {
            assert_non_null(values[cell].data);
            buf_append_text(&joined, cell > 0 ? "|" : "");
            buf_append(&joined, values[cell].data, values[cell].length);
        }
        assert_string_equal(buf_text(&joined), cases[i].values);
        buf_free(&joined);
    }
    csv_fields_free(fields);
    csv_fields_free(NULL);
}

static void fields_know_other_delimiters(void **state)
{
    (void)state;
    struct csv_fields *fields = csv_fields_new('\t');
    struct error error = {0};
    const struct span *values;
    size_t count;
    assert_non_null(fields);
    assert_true(csv_fields_parse(fields, span_of("a,b\t\t \"\t\"c\td\""), &values, &count, &error));
    assert_int_equal(count, 4);
    assert_true(span_is(values[0], "a,b"));
    assert_true(span_is(values[1], ""));
    csv_fields_free(fields);
}

static void fields_may_be_large_and_many(void **state)
{
    (void)state;
    enum { LARGE = 1024 * 1024, MANY = 100000 };
    struct csv_fields *fields = csv_fields_new(',');
    struct error error = {0};
    const struct span *values;
    size_t count;
    struct buf raw = {0};
    assert_non_null(fields);
    buf_append_text(&raw, "x,\"");
    append_repeated(&raw, 'y', LARGE);
    buf_append_text(&raw, "\",z");
    assert_true(csv_fields_parse(fields, span_of_buf(&raw), &values, &count, &error));
    assert_int_equal(count, 3);
    assert_true(span_is(values[0], "x"));
    assert_true(span_equal(values[1], (struct span){raw.data + 3, LARGE}));
    assert_true(span_is(values[2], "z"));
    buf_clear(&raw);
    append_repeated(&raw, ',', MANY - 1);
    assert_true(csv_fields_parse(fields, span_of_buf(&raw), &values, &count, &error));
    assert_int_equal(count, MANY);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(values[i].length, 0);
    assert_true(csv_fields_parse(fields, span_of("a,b"), &values, &count, &error)); /* a small one afterwards */
    assert_int_equal(count, 2);
    assert_true(span_is(values[1], "b"));
    csv_fields_free(fields);
    buf_free(&raw);
}

/* ---- A folder for the tests with files ---- */

struct folder {
    char path[64];
    char in[80];
    char out[80];
};

static int folder_make(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    if (folder == NULL)
        return -1;
    strcpy(folder->path, "/tmp/atobarai-csv-XXXXXX");
    *state = folder;
    if (mkdtemp(folder->path) == NULL)
        return -1;
    snprintf(folder->in, sizeof folder->in, "%s/in.csv", folder->path);
    snprintf(folder->out, sizeof folder->out, "%s/out.csv", folder->path);
    return 0;
}

/* How many files are in it, hidden ones too. */
static size_t folder_count(const struct folder *folder)
{
    size_t count = 0;
    DIR *entries = opendir(folder->path);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return count;
}

static int folder_remove(void **state)
{
    struct folder *folder = *state;
    DIR *entries = opendir(folder->path);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;)
        unlinkat(dirfd(entries), entry->d_name, 0); /* refuses . and .. */
    if (entries != NULL)
        closedir(entries);
    int failed = rmdir(folder->path);
    free(folder);
    return failed;
}

static void write_file(const char *path, struct span bytes)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    assert_int_equal(fclose(file), 0);
}

static void append_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *path, struct span expected)
{
    struct buf got = {0};
    char part[65536];
    size_t size;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        buf_append(&got, part, size);
    fclose(file);
    assert_int_equal(got.length, expected.length);
    assert_memory_equal(buf_text(&got), expected.data, expected.length);
    buf_free(&got);
}

static struct csv_source *open_source(const char *path)
{
    struct error error = {0};
    struct csv_source *source = csv_source_open(path, &error);
    assert_non_null(source);
    return source;
}

static struct csv_reader *open_reader(const struct csv_source *source, size_t block)
{
    struct csv_reader *reader = csv_reader_new(source, ',', block);
    assert_non_null(reader);
    return reader;
}

/* ---- Reading ---- */

/* The record as text: row, offset, cells, line end, damage. */
static void describe_record(const struct csv_record *record, struct buf *out)
{
    buf_printf(out, "%s%" PRIu32 "@%" PRIu64, out->length > 0 ? "  " : "", record->row, record->offset);
    for (size_t i = 0; i < record->cells && i < CSV_CELLS_MAX; i++) {
        const struct csv_extent *extent = &record->extents[i];
        buf_append_byte(out, '[');
        describe_bytes((struct span){record->raw.data + extent->begin, (size_t)(extent->end - extent->begin)}, out);
        buf_append_byte(out, ']');
    }
    buf_append_text(out, ending_name(record->ending, record->ending_length));
    if (record->stray != CSV_NO_CELL)
        buf_printf(out, " stray %zu", record->stray);
}

/* All records, and how it ended: "end", or the error's code with its details. */
static void describe_reader(struct csv_reader *reader, struct buf *out)
{
    struct csv_record record;
    struct error error = {0};
    enum csv_next next;
    buf_clear(out);
    while ((next = csv_reader_next(reader, &record, &error)) == CSV_NEXT_RECORD) {
        assert_int_equal(record.raw.length, record.length);
        assert_false(record.too_long);
        describe_record(&record, out);
    }
    buf_append_text(out, out->length > 0 ? "  " : "");
    if (next == CSV_NEXT_END)
        buf_append_text(out, "end");
    else
        buf_printf(out, "%s %s %s%s", error.code, error.args[0], error.args[1], error.args[2]);
}

static const size_t blocks[] = {1, 2, 3, 7, 64, 4096, CSV_BLOCK_RANDOM, CSV_BLOCK_SEQUENTIAL};

static void readers_count_rows_and_bytes(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        const char *file;
        const char *records;
    } cases[] = {
        {"", "end"},
        {"a", "1@0[a].  end"},
        {"a,b\r\nc,d\r\n", "1@0[a][b]CRLF  2@5[c][d]CRLF  end"},
        {"a\nb\rc\r\nd", "1@0[a]LF  2@2[b]CR  3@4[c]CRLF  4@7[d].  end"},
        {"a\r", "1@0[a]CR  end"},
        /* a blank line is a row, and has no cells; one cell with blanks is no blank line */
        {"\n", "1@0LF  end"},
        {"a\r\n\r\n\r\nb", "1@0[a]CRLF  2@3CRLF  3@5CRLF  4@7[b].  end"},
        {"a\n\n\rb", "1@0[a]LF  2@2LF  3@3CR  4@4[b].  end"},
        {"a\n \n\"\"\n,\n", "1@0[a]LF  2@2[ ]LF  3@4[\"\"]LF  4@7[][]LF  end"},
        /* a cell with line ends is one row */
        {"\"a\r\nb\n\"\r\nc", "1@0[\"a\\r\\nb\\n\"]CRLF  2@9[c].  end"},
        {"a\"b\nc", "1@0[a\"b]LF stray 0  2@4[c].  end"},
        /* an unclosed quote is named where it opens */
        {"a\nb,\"c\nd,e\nf", "1@0[a]LF  QUOTE_UNCLOSED 2 2"},
        {"\"", "QUOTE_UNCLOSED 1 1"},
        {"a\n\n\"x\ny\",b,\"", "1@0[a]LF  2@2LF  QUOTE_UNCLOSED 3 3"},
        /* and so is a torn cell: what looks like its closing quote opens another cell in a later row */
        {"h,i\n1,\"a\n2,\"b\"\n3,c\n", "1@0[h][i]LF  QUOTE_UNCLOSED 2 2"},
        {"\"a\",\"b\"\n\"c\",\"d\n\"e\",\"f\"\n", "1@0[\"a\"][\"b\"]LF  QUOTE_UNCLOSED 2 2"},
    };
    struct buf got = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file(folder->in, span_of(cases[i].file));
        struct csv_source *source = open_source(folder->in);
        for (size_t b = 0; b < COUNT(blocks); b++) {
            struct csv_reader *reader = open_reader(source, blocks[b]);
            describe_reader(reader, &got);
            assert_string_equal(buf_text(&got), cases[i].records);
            csv_reader_free(reader);
        }
        csv_source_close(source);
    }
    csv_reader_free(NULL);
    buf_free(&got);
}

static void readers_name_file_and_kind_of_an_unclosed_quote(void **state)
{
    const struct folder *folder = *state;
    struct csv_record record;
    struct error error = {0};
    write_file(folder->in, span_of("a,\"b\n"));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, 64);
    assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_FAILED);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_string_equal(error.code, "QUOTE_UNCLOSED");
    assert_string_equal(error.path, folder->in);
    csv_reader_free(reader);
    csv_source_close(source);
}

static void records_name_their_last_cell_of_several_lines(void **state)
{
    const struct folder *folder = *state;
    static const size_t expected[] = {CSV_NO_CELL, 2, 0, CSV_NO_CELL, CSV_NO_CELL};
    struct csv_record record;
    struct error error = {0};
    write_file(folder->in, span_of("a,b\n1,\"2\r3\",\"4\n5\"\n\"\n\"\n\"7\",8\"\n\n"));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, 3);
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
        assert_int_equal(record.multiline, expected[i]);
    }
    csv_reader_free(reader);
    csv_source_close(source);
}

/* A file of `rows` records, blank lines and all line ends among them; it ends without one. */
static void append_records(struct buf *file, size_t rows, uint32_t seed)
{
    for (size_t i = 0; i < rows; i++) {
        append_record(file, &seed, draw(&seed) % 10);
        buf_append_text(file, endings[draw(&seed) % 3]);
    }
    buf_append_text(file, "last,\"one\"");
}

static void readers_do_not_depend_on_their_block(void **state)
{
    const struct folder *folder = *state;
    struct buf file = {0};
    struct buf expected = {0};
    struct buf got = {0};
    append_records(&file, 3000, 7);
    write_file(folder->in, span_of_buf(&file));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, CSV_BLOCK_SEQUENTIAL);
    describe_reader(reader, &expected);
    csv_reader_free(reader);
    assert_non_null(strstr(buf_text(&expected), "[last][\"one\"].  end"));
    for (size_t b = 0; b < COUNT(blocks); b++) {
        reader = open_reader(source, blocks[b]);
        describe_reader(reader, &got);
        assert_string_equal(buf_text(&got), buf_text(&expected));
        csv_reader_free(reader);
    }
    csv_source_close(source);
    buf_free(&file);
    buf_free(&expected);
    buf_free(&got);
}

/* One record after the other, and together they are the file. */
static void records_leave_no_byte_out(void **state)
{
    const struct folder *folder = *state;
    struct buf file = {0};
    struct buf joined = {0};
    struct csv_record record;
    struct error error = {0};
    append_records(&file, 3000, 8);
    write_file(folder->in, span_of_buf(&file));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, 1000);
    for (uint32_t row = 1; csv_reader_next(reader, &record, &error) == CSV_NEXT_RECORD; row++) {
        assert_int_equal(record.row, row);
        assert_int_equal(record.offset, joined.length);
        buf_append(&joined, record.raw.data, record.raw.length);
        buf_append(&joined, record.ending, record.ending_length);
    }
    assert_true(span_equal(span_of_buf(&joined), span_of_buf(&file)));
    csv_reader_free(reader);
    csv_source_close(source);
    buf_free(&file);
    buf_free(&joined);
}

static void readers_go_to_a_known_record(void **state)
{
    enum { ROWS = 2000 };
    const struct folder *folder = *state;
    static uint64_t offsets[ROWS + 1];
    static uint32_t lengths[ROWS + 1];
    struct buf file = {0};
    struct csv_record record;
    struct error error = {0};
    uint32_t seed = 9;
    append_records(&file, ROWS, 9);
    write_file(folder->in, span_of_buf(&file));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, CSV_BLOCK_SEQUENTIAL);
    size_t rows = 0; /* some line ends came together as CR LF */
    while (csv_reader_next(reader, &record, &error) == CSV_NEXT_RECORD) {
        assert_true(rows <= ROWS);
        offsets[rows] = record.offset;
        lengths[rows++] = (uint32_t)record.length;
    }
    assert_true(rows > ROWS / 2);
    assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_END); /* and so it stays */
    csv_reader_free(reader);
    reader = open_reader(source, 512);
    for (size_t i = 0; i < 3000; i++) {
        size_t at = draw(&seed) % (rows - 1);
        csv_reader_seek(reader, offsets[at], (uint32_t)at + 1);
        for (size_t next = at; next <= at + 1; next++) { /* and on from there */
            assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
            assert_int_equal(record.row, next + 1);
            assert_int_equal(record.offset, offsets[next]);
            assert_int_equal(record.length, lengths[next]);
            assert_memory_equal(record.raw.data, file.data + offsets[next], lengths[next]);
        }
    }
    csv_reader_free(reader);
    csv_source_close(source);
    buf_free(&file);
}

/* Row 2, of `length` bytes in two cells, between two ordinary rows. */
static void append_long_row(struct buf *file, size_t length, bool quoted)
{
    buf_append_text(file, quoted ? "a,b\r\n1,\"" : "a,b\r\n1,");
    append_repeated(file, 'x', length - (quoted ? 4 : 2));
    buf_append_text(file, quoted ? "\"\r\n2,z\r\n" : "\r\n2,z\r\n");
}

static void readers_refuse_only_what_is_too_long(void **state)
{
    const struct folder *folder = *state;
    static const size_t lengths[] = {CSV_ROW_MAX - 1,     CSV_ROW_MAX,     CSV_ROW_MAX + 1,     CSV_ROW_MAX + 2,
                                     2 * CSV_ROW_MAX - 1, 2 * CSV_ROW_MAX, 2 * CSV_ROW_MAX + 1, 10 * CSV_ROW_MAX + 5};
    static const size_t sizes[] = {CSV_BLOCK_SEQUENTIAL, CSV_ROW_MAX + 7};
    struct buf file = {0};
    struct csv_record record;
    struct error error = {0};
    for (size_t i = 0; i < COUNT(lengths) * COUNT(sizes) * 2; i++) {
        size_t length = lengths[i / 4];
        bool too_long = length > CSV_ROW_MAX;
        buf_clear(&file);
        append_long_row(&file, length, i % 2 != 0);
        write_file(folder->in, span_of_buf(&file));
        struct csv_source *source = open_source(folder->in);
        struct csv_reader *reader = open_reader(source, sizes[i / 2 % 2]);
        assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
        assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
        assert_int_equal(record.row, 2);
        assert_int_equal(record.offset, 5);
        assert_int_equal(record.length, length);
        assert_int_equal(record.too_long, too_long);
        assert_int_equal(record.raw.length, too_long ? CSV_ROW_MAX : length);
        assert_memory_equal(record.raw.data, file.data + 5, record.raw.length);
        assert_int_equal(record.ending_length, 2);
        assert_int_equal(record.cells, 2);
        assert_int_equal(record.extents[1].begin, 2);
        assert_int_equal(record.extents[1].end, length);
        assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD); /* none is swallowed */
        assert_int_equal(record.row, 3);
        assert_int_equal(record.offset, 5 + length + 2);
        assert_false(record.too_long);
        assert_true(span_is(record.raw, "2,z"));
        assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_END);
        csv_reader_free(reader);
        csv_source_close(source);
    }
    buf_free(&file);
}

/* Calls of read() and its kind by this process so far; 0 where the system does not tell. */
static unsigned long reads_so_far(void)
{
    char line[64];
    unsigned long reads = 0;
    FILE *file = fopen("/proc/self/io", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "syscr: %lu", &reads) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return reads;
}

/* A record somewhat longer than the block is looked up alone with a few reads, not with one for each byte beyond it. */
static void readers_do_not_read_long_records_byte_by_byte(void **state)
{
    enum { LENGTH = CSV_BLOCK_RANDOM + 20000 };
    const struct folder *folder = *state;
    struct buf file = {0};
    struct csv_record record;
    struct error error = {0};
    append_long_row(&file, LENGTH, true);
    write_file(folder->in, span_of_buf(&file));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, CSV_BLOCK_RANDOM);
    csv_reader_seek(reader, 5, 2);
    unsigned long before = reads_so_far();
    assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
    unsigned long reads = reads_so_far() - before;
    assert_int_equal(record.length, LENGTH);
    csv_reader_free(reader);
    csv_source_close(source);
    buf_free(&file);
    assert_in_range(reads, 0, 100);
}

static void readers_notice_a_file_that_shrinks(void **state)
{
    const struct folder *folder = *state;
    struct buf file = {0};
    struct csv_record record;
    append_records(&file, 3000, 10);
    static const size_t sizes[] = {1, 100, 4096, CSV_BLOCK_SEQUENTIAL};
    for (size_t i = 0; i < COUNT(sizes) * 2; i++) {
        struct error error = {0};
        enum csv_next next;
        write_file(folder->in, span_of_buf(&file));
        struct csv_source *source = open_source(folder->in);
        struct csv_reader *reader = open_reader(source, sizes[i / 2]);
        if (i % 2 != 0 && sizes[i / 2] < file.length)
            assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
        assert_int_equal(truncate(folder->in, (off_t)(i % 2 != 0 ? file.length / 2 : 0)), 0);
        while ((next = csv_reader_next(reader, &record, &error)) == CSV_NEXT_RECORD)
            assert_true(record.offset + record.length <= file.length);
        assert_int_equal(next, CSV_NEXT_FAILED);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_string_equal(error.code, "INPUT_CHANGED");
        assert_string_equal(error.path, folder->in);
        csv_reader_free(reader);
        csv_source_close(source);
    }
    buf_free(&file);
}

static void readers_stop_where_the_file_ended_at_first(void **state)
{
    const struct folder *folder = *state;
    struct buf got = {0};
    struct error error = {0};
    for (size_t b = 0; b < COUNT(blocks); b++) {
        write_file(folder->in, span_of("a,b\nc"));
        struct csv_source *source = open_source(folder->in);
        struct csv_reader *reader = open_reader(source, blocks[b]);
        append_file(folder->in, "d\ne,\"f");
        describe_reader(reader, &got);
        assert_string_equal(buf_text(&got), "1@0[a][b]LF  2@4[c].  end");
        assert_false(csv_source_unchanged(source, &error));
        csv_reader_free(reader);
        csv_source_close(source);
    }
    buf_free(&got);
}

/* ---- Sources ---- */

static void sources_tell_what_they_are(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct stat stat_now;
    write_file(folder->in, span_of("a,b\r\n"));
    assert_int_equal(chmod(folder->in, 0640), 0);
    assert_int_equal(stat(folder->in, &stat_now), 0);
    struct csv_source *source = open_source(folder->in);
    assert_int_equal(csv_source_size(source), 5);
    assert_string_equal(csv_source_path(source), folder->in);
    assert_int_equal(csv_source_stat(source)->st_ino, stat_now.st_ino);
    assert_int_equal(csv_source_stat(source)->st_mode & 0777, 0640);
    assert_true(csv_source_unchanged(source, &error));
    csv_source_close(source);
    csv_source_close(NULL);
}

static void assert_unreadable(const char *path, const char *code, const char *reason)
{
    struct error error = {0};
    assert_null(csv_source_open(path, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, code);
    assert_string_equal(error.path, path);
    assert_string_equal(error.args[0], reason);
}

static void sources_that_cannot_be_opened_say_why(void **state)
{
    const struct folder *folder = *state;
    char below[128];
    assert_unreadable(folder->in, "INPUT_UNREADABLE", strerror(ENOENT));
    assert_unreadable(folder->path, "INPUT_IS_DIRECTORY", "");
    assert_unreadable("", "INPUT_UNREADABLE", strerror(ENOENT));
    write_file(folder->in, span_of("a"));
    snprintf(below, sizeof below, "%s/below", folder->in);
    assert_unreadable(below, "INPUT_UNREADABLE", strerror(ENOTDIR));
    assert_int_equal(chmod(folder->path, 0755), 0);
    assert_int_equal(chmod(folder->in, 0), 0);
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    struct error error = {0};
    struct csv_source *source = csv_source_open(folder->in, &error);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_null(source);
    assert_string_equal(error.code, "INPUT_UNREADABLE");
    assert_string_equal(error.args[0], strerror(EACCES));
}

static void assert_changed(const struct csv_source *source, const char *path)
{
    struct error error = {0};
    assert_false(csv_source_unchanged(source, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, "INPUT_CHANGED");
    assert_string_equal(error.path, path);
}

static void set_time(const char *path, long nanoseconds)
{
    const struct timespec time = {.tv_sec = 1000000000, .tv_nsec = nanoseconds};
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){time, time}, 0), 0);
}

/* Each of size and time alone gives a change away. */
static void sources_notice_changes(void **state)
{
    const struct folder *folder = *state;
    for (int way = 0; way < 4; way++) {
        struct error error = {0};
        write_file(folder->in, span_of("a,b\r\n"));
        set_time(folder->in, 0);
        struct csv_source *source = open_source(folder->in);
        assert_true(csv_source_unchanged(source, &error));
        if (way == 0)
            append_file(folder->in, "c");
        else if (way == 1)
            assert_int_equal(truncate(folder->in, 4), 0);
        else if (way == 2)
            write_file(folder->in, span_of("x,y\r\n"));
        set_time(folder->in, way < 2 ? 0 : 1);
        assert_changed(source, folder->in);
        csv_source_close(source);
    }
}

static void sources_do_not_mind_being_renamed_or_replaced(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct csv_window window;
    struct span view;
    write_file(folder->in, span_of("old"));
    struct csv_source *source = open_source(folder->in);
    assert_int_equal(rename(folder->in, folder->out), 0);
    write_file(folder->in, span_of("new and longer"));
    assert_true(csv_source_unchanged(source, &error));
    csv_window_init(&window, source, 64);
    assert_true(csv_window_view(&window, 0, 64, &view, &error));
    assert_true(span_is(view, "old"));
    assert_int_equal(unlink(folder->out), 0);
    assert_true(csv_source_unchanged(source, &error));
    csv_window_free(&window);
    csv_source_close(source);
}

/* A child that writes `bytes` to `fd`, or to `path` once somebody reads there. */
static pid_t start_writer(int fd, const char *path, struct span bytes)
{
    fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        return child;
    if (path != NULL)
        fd = open(path, O_WRONLY);
    while (fd >= 0 && bytes.length > 0) {
        ssize_t written = write(fd, bytes.data, bytes.length < 1000 ? bytes.length : 1000);
        if (written < 0)
            _exit(1);
        bytes = (struct span){bytes.data + written, bytes.length - (size_t)written};
    }
    _exit(fd >= 0 ? 0 : 1);
}

static int end_of(pid_t child)
{
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Open "-" while `fd` is standard input; it is closed here. */
static struct csv_source *open_standard_input(int fd, struct error *error)
{
    int before = dup(STDIN_FILENO);
    assert_true(dup2(fd, STDIN_FILENO) >= 0);
    close(fd);
    struct csv_source *source = csv_source_open("-", error);
    if (before >= 0) {
        dup2(before, STDIN_FILENO);
        close(before);
    } else {
        close(STDIN_FILENO);
    }
    return source;
}

/* Everything can be read, twice, from both ends. */
static void assert_source_holds(const struct csv_source *source, struct span bytes)
{
    struct csv_window window;
    struct span view;
    struct error error = {0};
    assert_int_equal(csv_source_size(source), bytes.length);
    assert_true(csv_source_unchanged(source, &error));
    csv_window_init(&window, source, 1000);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t at = 0; at < bytes.length; at += 777) {
            assert_true(csv_window_view(&window, at, 1000, &view, &error));
            size_t left = bytes.length - at;
            assert_true(view.length >= (left < 1000 ? left : 1000) && view.length <= left);
            assert_memory_equal(view.data, bytes.data + at, view.length);
        }
    }
    csv_window_free(&window);
}

static void sources_spool_standard_input(void **state)
{
    (void)state;
    static const size_t records[] = {0, 1, 20000};
    for (size_t i = 0; i < COUNT(records); i++) {
        struct buf file = {0};
        struct error error = {0};
        int ends[2];
        if (records[i] > 0)
            append_records(&file, records[i], 11);
        assert_int_equal(pipe(ends), 0);
        pid_t child = start_writer(ends[1], NULL, span_of_buf(&file));
        close(ends[1]);
        struct csv_source *source = open_standard_input(ends[0], &error);
        assert_non_null(source);
        assert_int_equal(end_of(child), 0);
        assert_string_equal(csv_source_path(source), "-");
        assert_source_holds(source, span_of_buf(&file));
        assert_int_equal(csv_source_stat(source)->st_nlink, 0); /* nothing is left behind */
        assert_int_equal(csv_source_stat(source)->st_mode & 077, 0);
        csv_source_close(source);
        buf_free(&file);
    }
}

/* Standard input is copied even when it is a file: it may be read from where it stands, and by others, too. */
static void sources_copy_a_file_at_standard_input(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct stat named;
    write_file(folder->in, span_of("a,b\r\n"));
    struct csv_source *source = open_standard_input(open(folder->in, O_RDONLY), &error);
    assert_non_null(source);
    append_file(folder->in, "more");
    assert_source_holds(source, span_of("a,b\r\n"));
    assert_int_equal(stat(folder->in, &named), 0); /* whose file it is stays known, so that no result replaces it */
    assert_int_equal(csv_source_stat(source)->st_ino, named.st_ino);
    assert_int_equal(csv_source_stat(source)->st_mode, named.st_mode);
    assert_null(csv_target_open(folder->in, true, csv_source_stat(source), &error));
    assert_string_equal(error.code, "OUTPUT_IS_INPUT");
    csv_source_close(source);
}

static void sources_refuse_a_directory_at_standard_input(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    assert_null(open_standard_input(open(folder->path, O_RDONLY), &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, "INPUT_IS_DIRECTORY");
    assert_string_equal(error.path, "-");
}

static void sources_spool_pipes_with_a_name(void **state)
{
    const struct folder *folder = *state;
    struct buf file = {0};
    append_records(&file, 5000, 12);
    assert_int_equal(mkfifo(folder->in, 0600), 0);
    pid_t child = start_writer(-1, folder->in, span_of_buf(&file));
    struct csv_source *source = open_source(folder->in);
    assert_int_equal(end_of(child), 0);
    assert_string_equal(csv_source_path(source), folder->in);
    assert_source_holds(source, span_of_buf(&file));
    csv_source_close(source);
    buf_free(&file);
}

static void sources_say_where_they_cannot_spool(void **state)
{
    struct error error = {0};
    int ends[2];
    (void)state;
    char *before = getenv("TMPDIR");
    before = before != NULL ? strdup(before) : NULL;
    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    setenv("TMPDIR", "/nowhere/at/all", 1);
    struct csv_source *source = open_standard_input(ends[0], &error);
    if (before != NULL)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
    assert_null(source);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, "INPUT_UNREADABLE");
    assert_string_equal(error.args[0], strerror(ENOENT));
}

/* ---- UTF-16 ---- */

/* `units` random ones, a third of them surrogates, behind a byte order mark. */
static void append_units(struct buf *file, enum text_encoding encoding, size_t units, uint32_t seed)
{
    static const uint32_t firsts[] = {0, 0x80, 0x3000, 0x4E00, 0xD800, 0xDC00};
    for (size_t i = 0; i <= units; i++) {
        uint32_t unit = i == 0 ? 0xFEFF : firsts[draw(&seed) % COUNT(firsts)] + draw(&seed) % 0x80;
        const char bytes[2] = {(char)(unit & 0xFFU), (char)(unit >> 8)};
        buf_append_byte(file, bytes[encoding == TEXT_UTF16BE]);
        buf_append_byte(file, bytes[encoding != TEXT_UTF16BE]);
    }
}

static void append_as_utf8(struct span units, enum text_encoding encoding, struct buf *text)
{
    struct utf16_reader reader = {.big_end_first = encoding == TEXT_UTF16BE};
    utf16_read(&reader, units, text);
    utf16_read_end(&reader, text);
}

/* Each character's place in the file is known, surrogates without a partner included. */
static void assert_offsets(const struct csv_source *source, struct span text)
{
    uint64_t origin = 0;
    for (size_t at = 0; at < text.length; at++) {
        if (((unsigned char)text.data[at] & 0xC0U) == 0x80U)
            continue;
        assert_int_equal(csv_source_offset(source, at), origin);
        origin += 2 * utf8_units((struct span){text.data + at, 1});
    }
    assert_int_equal(csv_source_offset(source, text.length), origin);
}

static void sources_in_utf16_are_read_as_utf8(void **state)
{
    const struct folder *folder = *state;
    static const size_t units[] = {0, 1, 2046, 2047, 2048, 30000, 100000};
    struct buf file = {0};
    struct buf text = {0};
    struct error error = {0};
    for (size_t i = 0; i < COUNT(units) * 2; i++) {
        enum text_encoding encoding = i % 2 == 0 ? TEXT_UTF16LE : TEXT_UTF16BE;
        buf_clear(&file);
        buf_clear(&text);
        append_units(&file, encoding, units[i / 2], (uint32_t)i);
        append_as_utf8(span_of_buf(&file), encoding, &text);
        write_file(folder->in, span_of_buf(&file));
        struct csv_source *source = open_source(folder->in);
        assert_true(csv_source_recode(source, encoding, &error));
        assert_source_holds(source, span_of_buf(&text));
        assert_offsets(source, span_of_buf(&text));
        assert_int_equal(csv_source_stat(source)->st_size, file.length); /* still the file's own */
        append_file(folder->in, "x");
        assert_changed(source, folder->in);
        csv_source_close(source);
    }
    assert_int_equal(folder_count(folder), 1);
    buf_free(&file);
    buf_free(&text);
}

static void sources_in_other_encodings_stay_as_they_are(void **state)
{
    const struct folder *folder = *state;
    static const enum text_encoding encodings[] = {TEXT_CP932, TEXT_UTF8};
    struct error error = {0};
    write_file(folder->in, span_of("\xEF\xBB\xBF"
                                   "あ\x8E"));
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct csv_source *source = open_source(folder->in);
        assert_true(csv_source_recode(source, encodings[i], &error));
        assert_source_holds(source, span_of("\xEF\xBB\xBF"
                                            "あ\x8E"));
        assert_int_equal(csv_source_offset(source, 5), 5);
        csv_source_close(source);
    }
}

static void sources_with_half_a_unit_are_refused(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    write_file(folder->in, (struct span){"\xFF\xFE"
                                         "a\0b",
                                         5});
    struct csv_source *source = open_source(folder->in);
    assert_false(csv_source_recode(source, TEXT_UTF16LE, &error));
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_string_equal(error.code, "INPUT_TORN");
    assert_string_equal(error.path, folder->in);
    assert_string_equal(error.args[0], "5");
    csv_source_close(source);
}

static void sources_in_utf16_say_what_went_wrong(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct buf file = {0};
    append_units(&file, TEXT_UTF16LE, 100000, 1);
    write_file(folder->in, span_of_buf(&file));
    struct csv_source *source = open_source(folder->in);
    assert_int_equal(truncate(folder->in, 70000), 0);
    assert_false(csv_source_recode(source, TEXT_UTF16LE, &error));
    assert_string_equal(error.code, "INPUT_CHANGED");
    csv_source_close(source);
    char *before = getenv("TMPDIR");
    before = before != NULL ? strdup(before) : NULL;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    source = open_source(folder->in);
    assert_false(csv_source_recode(source, TEXT_UTF16LE, &error));
    if (before != NULL)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, "INPUT_UNREADABLE");
    assert_string_equal(error.args[0], strerror(ENOENT));
    csv_source_close(source);
    buf_free(&file);
}

static void windows_view_any_part(void **state)
{
    enum { SIZE = 10000 };
    const struct folder *folder = *state;
    struct buf file = {0};
    struct error error = {0};
    uint32_t seed = 13;
    for (size_t i = 0; i < SIZE; i++)
        buf_append_byte(&file, (char)draw(&seed));
    write_file(folder->in, span_of_buf(&file));
    struct csv_source *source = open_source(folder->in);
    struct csv_window one;
    struct csv_window other; /* two windows on one source */
    csv_window_init(&one, source, 1);
    csv_window_init(&other, source, 512);
    for (int i = 0; i < 5000; i++) {
        struct csv_window *window = draw(&seed) % 2 == 0 ? &one : &other;
        struct span view = {NULL, 0};
        size_t offset = draw(&seed) % (SIZE + 10);
        size_t wanted = draw(&seed) % 2000;
        assert_true(csv_window_view(window, offset, wanted, &view, &error));
        size_t left = offset < SIZE ? SIZE - offset : 0;
        assert_non_null(view.data);
        assert_true(view.length >= (wanted < left ? wanted : left));
        assert_true(view.length <= left);
        assert_memory_equal(view.data, file.data + (offset < SIZE ? offset : 0), view.length);
    }
    csv_window_free(&one);
    csv_window_free(&other);
    csv_source_close(source);
    buf_free(&file);
}

/* ---- Targets ---- */

/* The input of the tests of targets: a file with the mode 0640. */
static struct stat input_stat(const struct folder *folder)
{
    struct stat like;
    write_file(folder->in, span_of("input"));
    assert_int_equal(chmod(folder->in, 0640), 0);
    assert_int_equal(stat(folder->in, &like), 0);
    return like;
}

static struct csv_target *open_target(const char *path, bool force, const struct stat *like)
{
    struct error error = {0};
    struct csv_target *target = csv_target_open(path, force, like, &error);
    assert_non_null(target);
    return target;
}

static void targets_appear_whole(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    static const size_t sizes[] = {0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 1000000, 0};
    struct buf written = {0};
    struct buf part = {0};
    struct error error = {0};
    struct csv_target *target = open_target(folder->out, false, &like);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        buf_clear(&part);
        append_repeated(&part, (char)('a' + i), sizes[i]);
        assert_true(csv_target_write(target, (struct span){part.data, sizes[i]}, &error));
        buf_append(&written, part.data, part.length);
        assert_int_equal(access(folder->out, F_OK), -1); /* not before it is whole */
    }
    assert_int_equal(folder_count(folder), 2); /* the input, and the temporary file beside it */
    assert_true(csv_target_commit(target, &error));
    assert_int_equal(folder_count(folder), 2);
    assert_file(folder->out, span_of_buf(&written));
    buf_free(&written);
    buf_free(&part);
}

/* What was read as UTF-8 leaves as it came, in whatever pieces. */
static void targets_in_utf16_get_every_unit_back(void **state)
{
    const struct folder *folder = *state;
    static const size_t pieces[] = {1, 7, 65536, 70001, SIZE_MAX};
    const struct stat like = input_stat(folder);
    struct error error = {0};
    for (size_t i = 0; i < COUNT(pieces) * 2; i++) {
        enum text_encoding encoding = i % 2 == 0 ? TEXT_UTF16LE : TEXT_UTF16BE;
        struct buf file = {0};
        struct buf text = {0};
        append_units(&file, encoding, 300000, (uint32_t)i);
        append_as_utf8(span_of_buf(&file), encoding, &text);
        struct csv_target *target = open_target(folder->out, true, &like);
        csv_target_recode(target, encoding, NULL, NULL);
        for (size_t at = 0; at < text.length;) {
            size_t length = text.length - at < pieces[i / 2] ? text.length - at : pieces[i / 2];
            assert_true(csv_target_write(target, (struct span){text.data + at, length}, &error));
            at += length;
        }
        assert_true(csv_target_commit(target, &error));
        assert_file(folder->out, span_of_buf(&file));
        buf_free(&file);
        buf_free(&text);
    }
}

static void targets_in_other_encodings_change_nothing(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    static const enum text_encoding encodings[] = {TEXT_CP932, TEXT_UTF8};
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct csv_target *target = open_target(folder->out, true, &like);
        csv_target_recode(target, encodings[i], NULL, NULL);
        assert_true(csv_target_write(target, span_of("あ\x8E"), &error));
        assert_true(csv_target_commit(target, &error));
        assert_file(folder->out, span_of("あ\x8E"));
    }
}

static void targets_leave_nothing_when_discarded(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    struct csv_target *target = open_target(folder->out, false, &like);
    assert_true(csv_target_write(target, span_of("x"), &error));
    csv_target_discard(target);
    assert_int_equal(folder_count(folder), 1);
    write_file(folder->out, span_of("old"));
    csv_target_discard(open_target(folder->out, true, &like));
    assert_file(folder->out, span_of("old"));
    assert_int_equal(folder_count(folder), 2);
    csv_target_discard(NULL);
}

static void targets_get_the_inputs_mode(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        mode_t input, output;
    } cases[] = {{0600, 0600}, {0644, 0644}, {0640, 0640}, {0400, 0400},
                 {0777, 0666}, {0755, 0644}, {0100, 0},    {04666, 0666}};
    struct error error = {0};
    struct stat like;
    struct stat made;
    for (size_t i = 0; i < COUNT(cases) * 2; i++) {
        mode_t mask = umask(i % 2 == 0 ? 0 : 077); /* makes no difference */
        unlink(folder->in);
        unlink(folder->out);
        like = input_stat(folder);
        like.st_mode = S_IFREG | cases[i / 2].input;
        struct csv_target *target = open_target(folder->out, false, &like);
        assert_true(csv_target_commit(target, &error));
        umask(mask);
        assert_int_equal(stat(folder->out, &made), 0);
        assert_int_equal(made.st_mode & 07777, cases[i / 2].output);
    }
}

static void assert_no_target(const char *path, bool force, const struct stat *like, const char *code, int reason)
{
    struct error error = {0};
    assert_null(csv_target_open(path, force, like, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, code);
    assert_string_equal(error.path, path);
    assert_string_equal(error.args[0], reason != 0 ? strerror(reason) : "");
}

static void targets_replace_only_by_force(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    struct stat made;
    write_file(folder->out, span_of("old"));
    assert_int_equal(chmod(folder->out, 0604), 0);
    assert_no_target(folder->out, false, &like, "OUTPUT_EXISTS", 0);
    assert_file(folder->out, span_of("old"));
    struct csv_target *target = open_target(folder->out, true, &like);
    assert_true(csv_target_write(target, span_of("new"), &error));
    assert_file(folder->out, span_of("old"));
    assert_true(csv_target_commit(target, &error));
    assert_file(folder->out, span_of("new"));
    assert_int_equal(stat(folder->out, &made), 0);
    assert_int_equal(made.st_mode & 0777, 0640);
    assert_int_equal(folder_count(folder), 2);
    /* Where there is nothing to replace, force does no harm. */
    assert_int_equal(unlink(folder->out), 0);
    assert_true(csv_target_commit(open_target(folder->out, true, &like), &error));
    assert_file(folder->out, span_of(""));
}

static void targets_tell_whether_they_are_one_file(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct buf other = {0};
    buf_append(&other, folder->out, strlen(folder->out));
    char *name = strrchr(other.data, '/') + 1;
    struct buf around = {0}; /* the same place by another path */
    buf_printf(&around, "%.*s./%s", (int)(name - other.data), other.data, name);
    buf_append_text(&other, "2");
    struct csv_target *target = open_target(folder->out, true, &like);
    struct csv_target *same = open_target(buf_text(&around), true, &like);
    struct csv_target *another = open_target(buf_text(&other), true, &like);
    struct csv_target *standard = open_target("-", false, &like);
    assert_true(csv_target_is_same(target, same));
    assert_false(csv_target_is_same(target, another));
    assert_false(csv_target_is_same(target, NULL));
    assert_false(csv_target_is_same(standard, standard)); /* no place */
    assert_null(csv_target_temporary(standard));
    assert_int_equal(access(csv_target_temporary(target), W_OK), 0);
    csv_target_discard(target);
    csv_target_discard(same);
    csv_target_discard(another);
    csv_target_discard(standard);
    buf_free(&other);
    buf_free(&around);
    assert_int_equal(folder_count(folder), 1);
}

static void targets_do_not_follow_links_that_lead_nowhere(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    struct stat made;
    assert_int_equal(symlink("nowhere", folder->out), 0);
    assert_no_target(folder->out, false, &like, "OUTPUT_EXISTS", 0);
    assert_true(csv_target_commit(open_target(folder->out, true, &like), &error));
    assert_int_equal(lstat(folder->out, &made), 0);
    assert_true(S_ISREG(made.st_mode));
    assert_int_equal(folder_count(folder), 2);
}

static void targets_are_never_the_input(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    char other[128];
    assert_no_target(folder->in, false, &like, "OUTPUT_IS_INPUT", 0);
    assert_no_target(folder->in, true, &like, "OUTPUT_IS_INPUT", 0);
    snprintf(other, sizeof other, "%s/./in.csv", folder->path);
    assert_no_target(other, true, &like, "OUTPUT_IS_INPUT", 0);
    assert_int_equal(symlink(folder->in, folder->out), 0); /* by another name */
    assert_no_target(folder->out, true, &like, "OUTPUT_IS_INPUT", 0);
    assert_int_equal(unlink(folder->out), 0);
    assert_int_equal(link(folder->in, folder->out), 0);
    assert_no_target(folder->out, true, &like, "OUTPUT_IS_INPUT", 0);
    assert_file(folder->in, span_of("input"));
    assert_int_equal(folder_count(folder), 2);
}

static void targets_that_cannot_be_written_are_found_at_once(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    char path[400];
    assert_no_target(folder->path, false, &like, "OUTPUT_IS_DIRECTORY", 0);
    assert_no_target(folder->path, true, &like, "OUTPUT_IS_DIRECTORY", 0);
    assert_no_target("/dev/null", true, &like, "OUTPUT_UNWRITABLE", EINVAL);
    snprintf(path, sizeof path, "%s/none/out.csv", folder->path);
    assert_no_target(path, false, &like, "OUTPUT_UNWRITABLE", ENOENT);
    snprintf(path, sizeof path, "%s/out.csv", folder->in);
    assert_no_target(path, false, &like, "OUTPUT_UNWRITABLE", ENOTDIR);
    snprintf(path, sizeof path, "%s/%0300d", folder->path, 1);
    assert_no_target(path, false, &like, "OUTPUT_UNWRITABLE", ENAMETOOLONG);
    assert_int_equal(mkfifo(folder->out, 0600), 0);
    assert_no_target(folder->out, true, &like, "OUTPUT_UNWRITABLE", EINVAL);
    assert_int_equal(folder_count(folder), 2);
}

static void targets_in_a_folder_without_permission_are_found_at_once(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    bool root = geteuid() == 0;
    assert_int_equal(chmod(folder->path, 0555), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    struct csv_target *target = csv_target_open(folder->out, false, &like, &error);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(folder->path, 0700), 0);
    assert_null(target);
    assert_string_equal(error.code, "OUTPUT_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(EACCES));
    assert_int_equal(folder_count(folder), 1);
}

/* Names that no file can have: known before anything is sent, not when the file is to be put there. */
static void targets_without_a_name_are_found_at_once(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    char path[128];
    assert_no_target("", false, &like, "OUTPUT_UNWRITABLE", ENOENT);
    snprintf(path, sizeof path, "%s/none/", folder->path);
    assert_no_target(path, false, &like, "OUTPUT_IS_DIRECTORY", 0);
    assert_int_equal(folder_count(folder), 1);
}

static void targets_with_long_names_are_written(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    char path[400];
    int length = snprintf(path, sizeof path, "%s/", folder->path);
    while (length < (int)strlen(folder->path) + 1 + 255)
        path[length++] = 'n';
    path[length] = '\0';
    assert_true(csv_target_commit(open_target(path, false, &like), &error));
    assert_int_equal(access(path, F_OK), 0);
}

static void targets_do_not_replace_what_came_meanwhile(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    struct csv_target *target = open_target(folder->out, false, &like);
    assert_true(csv_target_write(target, span_of("new"), &error));
    write_file(folder->out, span_of("meanwhile"));
    assert_false(csv_target_commit(target, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, "OUTPUT_EXISTS");
    assert_string_equal(error.path, folder->out);
    assert_file(folder->out, span_of("meanwhile"));
    assert_int_equal(folder_count(folder), 2); /* the temporary file is gone */
    /* By force it is replaced, for that is what was asked. */
    assert_int_equal(unlink(folder->out), 0);
    target = open_target(folder->out, true, &like);
    write_file(folder->out, span_of("meanwhile"));
    assert_true(csv_target_commit(target, &error));
    assert_file(folder->out, span_of(""));
}

static void targets_whose_place_went_away_leave_nothing(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    struct csv_target *target = open_target(folder->out, true, &like);
    assert_int_equal(mkdir(folder->out, 0700), 0);
    assert_false(csv_target_commit(target, &error));
    assert_string_equal(error.code, "OUTPUT_UNWRITABLE");
    assert_string_equal(error.args[0], strerror(EISDIR));
    assert_int_equal(folder_count(folder), 2);
    assert_int_equal(rmdir(folder->out), 0);
}

/* In a child that may write files of 300,000 bytes only: write `size` in pieces of 1000. Its exit status is 0 when all
 * went as it should: `code` at a write or at the end. */
static int run_on_a_full_disk(const char *path, const struct stat *like, size_t size)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        static const char bytes[1000];
        const struct rlimit limit = {300000, 300000};
        struct error error = {0};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(2);
        struct csv_target *target = csv_target_open(path, true, like, &error);
        bool good = target != NULL;
        for (size_t i = 0; good && i < size; i += sizeof bytes)
            good = csv_target_write(target, (struct span){bytes, sizeof bytes}, &error);
        if (good)
            good = csv_target_commit(target, &error);
        else
            csv_target_discard(target);
        if (good)
            _exit(3);
        _exit(strcmp(error.code, "OUTPUT_UNWRITABLE") == 0 && error.kind == ERROR_USAGE &&
                      strcmp(error.args[0], strerror(EFBIG)) == 0
                  ? 0
                  : 4);
    }
    return end_of(child);
}

static void targets_on_a_full_disk_leave_the_place_as_it_was(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    write_file(folder->out, span_of("old"));
    assert_int_equal(run_on_a_full_disk(folder->out, &like, 1000000), 0); /* a write fails */
    assert_int_equal(run_on_a_full_disk(folder->out, &like, 400000), 0);  /* the end fails */
    assert_file(folder->out, span_of("old"));
    assert_int_equal(folder_count(folder), 2);
}

/* Run `work` with `fd` as standard output, where the test's own messages do not go meanwhile. */
static bool commit_to(int fd, struct csv_target *target, struct error *error)
{
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0);
    bool done = csv_target_commit(target, error);
    dup2(before, STDOUT_FILENO);
    close(before);
    return done;
}

static void targets_may_be_standard_output(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    struct buf written = {0};
    struct stat now;
    int fd = open(folder->out, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    struct csv_target *target = open_target("-", false, &like);
    for (int i = 0; i < 100000; i++) {
        char part[16];
        snprintf(part, sizeof part, "%d\r\n", i);
        assert_true(csv_target_write(target, span_of(part), &error));
        buf_append_text(&written, part);
    }
    assert_true(commit_to(fd, target, &error));
    assert_file(folder->out, span_of_buf(&written));
    /* Discarded, it gives nothing. */
    assert_int_equal(ftruncate(fd, 0), 0);
    target = open_target("-", false, &like);
    assert_true(csv_target_write(target, span_of("x"), &error));
    csv_target_discard(target);
    assert_int_equal(fstat(fd, &now), 0);
    assert_int_equal(now.st_size, 0);
    assert_int_equal(folder_count(folder), 2);
    close(fd);
    buf_free(&written);
}

static void targets_at_a_full_standard_output_say_so(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    struct csv_target *target = open_target("-", false, &like);
    assert_true(csv_target_write(target, span_of("x"), &error));
    assert_false(commit_to(fd, target, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, "OUTPUT_UNWRITABLE");
    assert_string_equal(error.path, "-");
    assert_string_equal(error.args[0], strerror(ENOSPC));
    close(fd);
}

static void files_are_not_left_open(void **state)
{
    const struct folder *folder = *state;
    const struct stat like = input_stat(folder);
    struct error error = {0};
    int free_before = dup(STDERR_FILENO); /* the lowest free number stays the same when nothing is left open */
    close(free_before);
    csv_source_close(open_source(folder->in));
    struct csv_source *source = open_source(folder->in);
    assert_false(csv_source_recode(source, TEXT_UTF16LE, &error)); /* of an odd size */
    csv_source_close(source);
    write_file(folder->in, span_of("ab"));
    source = open_source(folder->in);
    assert_true(csv_source_recode(source, TEXT_UTF16LE, &error));
    csv_source_close(source);
    assert_null(csv_source_open(folder->path, &error));
    assert_true(csv_target_commit(open_target(folder->out, false, &like), &error));
    csv_target_discard(open_target(folder->out, true, &like));
    csv_target_discard(open_target("-", true, &like));
    assert_null(csv_target_open(folder->path, true, &like, &error));
    int free_after = dup(STDERR_FILENO);
    close(free_after);
    assert_int_equal(free_after, free_before);
}

/* ---- Writing ---- */

/* Where ours stand in a record of so many cells, of a header of three, where they have `places`. */
static void assert_places(const size_t places[CSV_OURS], size_t columns, size_t cells, const size_t wanted[CSV_OURS])
{
    struct csv_writer writer = {.columns = columns};
    struct csv_record record = {.cells = cells};
    size_t found[CSV_OURS];
    memcpy(writer.places, places, sizeof writer.places);
    csv_writer_places(&writer, &record, found);
    assert_memory_equal(found, wanted, sizeof found);
}

static void places_are_where_cells_are_put(void **state)
{
    static const size_t none[CSV_OURS] = {CSV_NO_CELL, CSV_NO_CELL, CSV_NO_CELL, CSV_NO_CELL,
                                          CSV_NO_CELL, CSV_NO_CELL, CSV_NO_CELL, CSV_NO_CELL};
    static const size_t last[CSV_OURS] = {3, 4, 5, 6, 7, 8, 9, 10};
    static const size_t one[CSV_OURS] = {CSV_NO_CELL, 1,           CSV_NO_CELL, CSV_NO_CELL,
                                         CSV_NO_CELL, CSV_NO_CELL, CSV_NO_CELL, CSV_NO_CELL};
    (void)state;
    assert_places(none, 3, 3, last);
    assert_places(none, 3, 1, last);
    assert_places(none, 3, 5, (const size_t[CSV_OURS]){5, 6, 7, 8, 9, 10, 11, 12});
    assert_places(last, 11, 11, last);
    assert_places(last, 11, 2, last);
    assert_places(last, 11, 13, (const size_t[CSV_OURS]){5, 6, 7, 8, 9, 10, 11, 12});
    assert_places(one, 3, 2, (const size_t[CSV_OURS]){3, 1, 4, 5, 6, 7, 8, 9});
    assert_places(one, 3, 4, (const size_t[CSV_OURS]){4, 5, 6, 7, 8, 9, 10, 11});
}

#define X CSV_NO_CELL
static const size_t behind[CSV_OURS] = {X, X, X, X, X, X, X, X};

/* Put `record` into memory: as it stands, with a tail, where that is enough. */
static void put_aside(struct csv_writer *aside, const struct csv_record *record, const struct span cells[CSV_OURS],
                      const struct csv_set set[CSV_SET])
{
    struct error error = {0};
    struct buf tail = {0};
    if (!csv_writer_appends(aside) || record->cells != aside->columns || set != NULL) {
        assert_true(csv_writer_put(aside, NULL, record, cells, set, &error));
        return;
    }
    csv_writer_tail(aside, cells, &tail);
    buf_append(aside->line, record->raw.data, record->raw.length);
    buf_append(aside->line, tail.data, tail.length);
    buf_append(aside->line, record->ending, record->ending_length);
    buf_free(&tail);
}

/* Write all records of folder->in with `cells` to folder->out, all but the first with `set`. Where they are put into
 * memory instead, it is the same. */
static bool run_setting_writer(const struct folder *folder, const size_t places[CSV_OURS],
                               const struct span cells[CSV_OURS], const struct csv_set set[CSV_SET],
                               struct error *error)
{
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, CSV_BLOCK_SEQUENTIAL);
    struct csv_target *target = open_target(folder->out, true, csv_source_stat(source));
    struct csv_window window;
    struct csv_writer writer;
    struct csv_writer aside;
    struct csv_record record;
    struct buf line = {0};
    struct buf whole = {0};
    bool good = true;
    bool held = true; /* no record is too long */
    csv_window_init(&window, source, 1000);
    for (bool first = true; good && csv_reader_next(reader, &record, error) == CSV_NEXT_RECORD; first = false) {
        if (first) {
            csv_writer_init(&writer, target, ',', &line, &record, places);
            csv_writer_init(&aside, NULL, ',', &whole, &record, places);
        }
        held = held && !record.too_long;
        if (held)
            put_aside(&aside, &record, cells, first ? NULL : set);
        good = csv_writer_put(&writer, &window, &record, cells, first ? NULL : set, error);
    }
    if (good)
        good = csv_target_commit(target, error);
    else
        csv_target_discard(target);
    if (good && held)
        assert_file(folder->out, span_of_buf(&whole));
    csv_window_free(&window);
    csv_reader_free(reader);
    csv_source_close(source);
    buf_free(&line);
    buf_free(&whole);
    return good;
}

static bool run_writer(const struct folder *folder, const size_t places[CSV_OURS], const struct span cells[CSV_OURS],
                       struct error *error)
{
    return run_setting_writer(folder, places, cells, NULL, error);
}

static const struct span digits[CSV_OURS] = {{"1", 1}, {"2", 1}, {"3", 1}, {"4", 1},
                                             {"5", 1}, {"6", 1}, {"7", 1}, {"8", 1}};

static void assert_set(const struct folder *folder, const char *input, const size_t places[CSV_OURS],
                       const struct span cells[CSV_OURS], const struct csv_set set[CSV_SET], const char *expected)
{
    struct error error = {0};
    write_file(folder->in, span_of(input));
    assert_true(run_setting_writer(folder, places, cells, set, &error));
    struct buf got = {0};
    struct csv_source *source = open_source(folder->out);
    struct csv_window window;
    struct span view;
    csv_window_init(&window, source, 64);
    assert_true(csv_window_view(&window, 0, (size_t)csv_source_size(source), &view, &error));
    buf_append(&got, view.data, view.length);
    assert_string_equal(buf_text(&got), expected);
    csv_window_free(&window);
    csv_source_close(source);
    buf_free(&got);
}

static void assert_written(const struct folder *folder, const char *input, const size_t places[CSV_OURS],
                           const struct span cells[CSV_OURS], const char *expected)
{
    assert_set(folder, input, places, cells, NULL, expected);
}

#define OURS        ",1,2,3,4,5,6,7,8"
#define OURS_QUOTED ",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\""

static void writers_append_cells(void **state)
{
    static const struct {
        const char *input;
        const char *output;
    } cases[] = {
        {"a,b\r\nc,d\r\n", "a,b" OURS "\r\nc,d" OURS "\r\n"},
        /* line ends are the input's */
        {"a\nb\rc\r\nd", "a" OURS "\nb" OURS "\rc" OURS "\r\nd" OURS},
        /* blank lines stay blank */
        {"a\r\n\r\nb\n\n\r", "a" OURS "\r\n\r\nb" OURS "\n\n\r"},
        {"a\n \n", "a" OURS "\n " OURS "\n"},
        /* the input's own quoting and blanks stay */
        {"a,b\n\" c\",  d \n", "a,b" OURS "\n\" c\",  d " OURS "\n"},
        {"a,b\n\"x\"\"y\",\"1\r\n2\"\n", "a,b" OURS "\n\"x\"\"y\",\"1\r\n2\"" OURS "\n"},
        {"a,b\nx\"y,\"z\"w\n", "a,b" OURS "\nx\"y,\"z\"w" OURS "\n"},
        {"a,b\n\x95\x5C,\x83\x7C\n", "a,b" OURS "\n\x95\x5C,\x83\x7C" OURS "\n"},
        /* short rows are filled up, long ones keep their cells before ours */
        {"a,b,c\nd\ne,f\n,\n", "a,b,c" OURS "\nd,," OURS "\ne,f," OURS "\n,," OURS "\n"},
        {"a,b\nc,d,e\n", "a,b" OURS "\nc,d,e" OURS "\n"},
        /* all headings quoted: ours are, too */
        {"\"a\",\"b\"\nc,d\n\"e\"\n", "\"a\",\"b\"" OURS_QUOTED "\nc,d" OURS_QUOTED "\n\"e\",\"\"" OURS_QUOTED "\n"},
        {"\"a\"\nb\n", "\"a\"" OURS_QUOTED "\nb" OURS_QUOTED "\n"},
        /* otherwise only where needed, which these are not */
        {"\"a\",b\n\"c\",\"d\"\n", "\"a\",b" OURS "\n\"c\",\"d\"" OURS "\n"},
        {"a,\"b\"\n", "a,\"b\"" OURS "\n"},
        {"\"a\",\n", "\"a\"," OURS "\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_written(*state, cases[i].input, behind, digits, cases[i].output);
}

static void writers_quote_where_needed(void **state)
{
    static const struct span cells[CSV_OURS] = {{"a,b", 3}, {"say \"x\"", 7}, {"", 0},   {NULL, 0},
                                                {" c ", 3}, {"\x95\x5C", 2},  {"\"", 1}, {"|;'", 3}};
    assert_written(*state, "h\nx\n", behind, cells,
                   "h,\"a,b\",\"say \"\"x\"\"\",,, c ,\x95\x5C,\"\"\"\",|;'\n"
                   "x,\"a,b\",\"say \"\"x\"\"\",,, c ,\x95\x5C,\"\"\"\",|;'\n");
    assert_written(*state, "\"h\"\nx\n", behind, cells,
                   "\"h\",\"a,b\",\"say \"\"x\"\"\",\"\",\"\",\" c \",\"\x95\x5C\",\"\"\"\",\"|;'\"\n"
                   "x,\"a,b\",\"say \"\"x\"\"\",\"\",\"\",\" c \",\"\x95\x5C\",\"\"\"\",\"|;'\"\n");
}

static void writers_replace_columns_of_ours(void **state)
{
    static const size_t at_the_end[CSV_OURS] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const size_t in_front[CSV_OURS] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const size_t few_at_the_end[CSV_OURS] = {2, 1, X, X, X, X, X, X};
    static const size_t mixed[CSV_OURS] = {3, X, 0, X, X, X, X, 2}; /* in another order, and some are missing */
    assert_written(*state, "a,h,h,h,h,h,h,h,h\nb,,\"o,ld\",o\"ld,,,,,\r\n", at_the_end, digits,
                   "a" OURS "\nb" OURS "\r\n");
    assert_written(*state, "h,h,h,h,h,h,h,h,a\n,,,,,,,\"\",b", in_front, digits,
                   "1,2,3,4,5,6,7,8,a\n1,2,3,4,5,6,7,8,b");
    assert_written(*state, "h,a,h,h,b\nold,x,old,old,\"y\"\n", mixed, digits,
                   "3,a,8,1,b,2,4,5,6,7\n3,x,8,1,\"y\",2,4,5,6,7\n");
    /* short rows: ours still stand under their headings */
    assert_written(*state, "h,a,h,h,b\nold,x\nold\nold,x,old\n\n", mixed, digits,
                   "3,a,8,1,b,2,4,5,6,7\n3,x,8,1,,2,4,5,6,7\n3,,8,1,,2,4,5,6,7\n3,x,8,1,,2,4,5,6,7\n\n");
    /* rows with too many cells: ours are the last, instead of those that are the last already */
    assert_written(*state, "a,h,h,h,h,h,h,h,h\nb,extra,o,\"o,o\",o,o,o,o,o,o\n", at_the_end, digits,
                   "a" OURS "\nb,extra" OURS "\n");
    assert_written(*state, "a,h,h\nb,extra,\"\",o,o\n", few_at_the_end, digits,
                   "a,2,1,3,4,5,6,7,8\nb,extra,\"\",2,1,3,4,5,6,7,8\n");
    /* with columns of others behind ours nobody knows which cell is whose */
    assert_written(*state, "h,a,h,h,b\nold,x,old,old,y,extra,\"more\"\n", mixed, digits,
                   "3,a,8,1,b,2,4,5,6,7\nold,x,old,old,y,extra,\"more\"" OURS "\n");
    assert_written(*state, "\"h\",\"a\",\"h\",\"h\",\"b\"\n\"old\",x\n", mixed, digits,
                   "\"3\",\"a\",\"8\",\"1\",\"b\",\"2\",\"4\",\"5\",\"6\",\"7\"\n"
                   "\"3\",x,\"8\",\"1\",\"\",\"2\",\"4\",\"5\",\"6\",\"7\"\n");
}

static void writers_set_cells(void **state)
{
    static const struct csv_set one[CSV_SET] = {{1, {"07", 2}}, {X, {NULL, 0}}};
    static const struct csv_set two[CSV_SET] = {{2, {"07", 2}}, {0, {"s", 1}}}; /* not in the order of their places */
    static const struct csv_set none[CSV_SET] = {{X, {"07", 2}}, {X, {"s", 1}}};
    static const struct csv_set special[CSV_SET] = {{0, {"a,b", 3}}, {1, {"\"x\"", 3}}};
    static const struct csv_set cp932[CSV_SET] = {{0, {"\x95\x5C", 2}}, {1, {"", 0}}};
    static const struct {
        const char *input;
        const struct csv_set *set;
        const char *output;
    } cases[] = {
        {"a,b,c\r\nd,e,f\r\n", one, "a,b,c" OURS "\r\nd,07,f" OURS "\r\n"},
        {"a,b,c\nd,e,f", two, "a,b,c" OURS "\ns,e,07" OURS},
        {"a,b,c\nd,e,f\n", none, "a,b,c" OURS "\nd,e,f" OURS "\n"},
        {"a,b,c\n,,\n", two, "a,b,c" OURS "\ns,,07" OURS "\n"},
        /* quoted as the cell was, whatever the header is, or where it must be */
        {"a,b,c\n\"d\",e,\"\"\n", two, "a,b,c" OURS "\n\"s\",e,\"07\"" OURS "\n"},
        {"\"a\",\"b\",\"c\"\nd,e,\"x\"\"y\r\nz\"\n", two,
         "\"a\",\"b\",\"c\"" OURS_QUOTED "\ns,e,\"07\"" OURS_QUOTED "\n"},
        {"a,b\nc,d\n\"c\",\"d\"\n", special,
         "a,b" OURS "\n\"a,b\",\"\"\"x\"\"\"" OURS "\n\"a,b\",\"\"\"x\"\"\"" OURS "\n"},
        {"a,b\nc,d\n\"c\",\"d\"\n", cp932, "a,b" OURS "\n\x95\x5C," OURS "\n\"\x95\x5C\",\"\"" OURS "\n"},
        {"a,b\n=\"01\",=\"02\"\n", one, "a,b" OURS "\n=\"01\",07" OURS "\n"},
        /* short rows: what is filled up may be set, and is quoted as ours are */
        {"a,b,c\nd\n\n", two, "a,b,c" OURS "\ns,,07" OURS "\n\n"},
        {"a,b,c\nd\n", one, "a,b,c" OURS "\nd,07," OURS "\n"},
        {"\"a\",\"b\",\"c\"\n\"d\"\n", two, "\"a\",\"b\",\"c\"" OURS_QUOTED "\n\"s\",\"\",\"07\"" OURS_QUOTED "\n"},
        /* in rows with too many cells nothing is */
        {"a,b,c\nd,e,f,g\n", two, "a,b,c" OURS "\nd,e,f,g" OURS "\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_set(*state, cases[i].input, behind, digits, cases[i].set, cases[i].output);
}

/* A result file that came back: columns may have been moved, so that some stand before ours, between and behind. */
static void writers_set_cells_beside_ours(void **state)
{
    static const size_t at_the_end[CSV_OURS] = {2, 3, 4, 5, 6, 7, 8, 9};
    static const size_t in_front[CSV_OURS] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const size_t mixed[CSV_OURS] = {3, X, 1, X, X, X, X, 4};
    static const struct csv_set first[CSV_SET] = {{0, {"07", 2}}, {X, {NULL, 0}}};
    static const struct csv_set last[CSV_SET] = {{9, {"07", 2}}, {8, {"s", 1}}};
    static const struct csv_set around[CSV_SET] = {{5, {"07", 2}}, {2, {"s", 1}}};
    static const struct csv_set ours[CSV_SET] = {{3, {"07", 2}}, {0, {"s", 1}}};
    assert_set(*state, "a,b,h,h,h,h,h,h,h,h\n\"c\",d,o,\"o\",o,o,o,o,o,o\n", at_the_end, digits, first,
               "a,b" OURS "\n\"07\",d" OURS "\n");
    assert_set(*state, "h,h,h,h,h,h,h,h,a,b\no,o,o,o,o,o,o,o,c,\"d\"\n", in_front, digits, last,
               "1,2,3,4,5,6,7,8,a,b\n1,2,3,4,5,6,7,8,s,\"07\"\n");
    assert_set(*state, "a,h,b,h,h,c\nd,o,\"e\",o,o,f\nd,o\n\nd,o,e,o,o,f,g\n", mixed, digits, around,
               "a,3,b,1,8,c,2,4,5,6,7\nd,3,\"s\",1,8,07,2,4,5,6,7\nd,3,s,1,8,07,2,4,5,6,7\n\n"
               "d,o,e,o,o,f,g" OURS "\n");
    /* a place of ours stays ours */
    assert_set(*state, "a,h,b,h,h,c\nd,o,e,o,o,f\nd\n", mixed, digits, ours,
               "a,3,b,1,8,c,2,4,5,6,7\ns,3,e,1,8,f,2,4,5,6,7\ns,3,,1,8,,2,4,5,6,7\n");
}

/* Of a row that is too long only the beginning is known, and it is no row of an order that is done. */
static void writers_set_nothing_in_rows_that_are_too_long(void **state)
{
    const struct folder *folder = *state;
    static const struct csv_set set[CSV_SET] = {{1, {"07", 2}}, {0, {"s", 1}}};
    struct error error = {0};
    struct buf input = {0};
    struct buf expected = {0};
    append_long_row(&input, CSV_ROW_MAX + 1, false);
    write_file(folder->in, span_of_buf(&input));
    assert_true(run_setting_writer(folder, behind, digits, set, &error));
    buf_append_text(&expected, "a,b" OURS "\r\n");
    buf_append(&expected, input.data + 5, CSV_ROW_MAX + 1);
    buf_append_text(&expected, OURS "\r\ns,07" OURS "\r\n");
    assert_file(folder->out, span_of_buf(&expected));
    buf_free(&input);
    buf_free(&expected);
}

static void writers_know_other_delimiters(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct buf line = {0};
    struct csv_record record;
    struct csv_window window;
    struct csv_writer writer;
    const struct span cells[CSV_OURS] = {{"a,b", 3}, {"a\tb", 3}, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};
    write_file(folder->in, span_of("h\ti\nx\n"));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = csv_reader_new(source, '\t', 64);
    struct csv_target *target = open_target(folder->out, false, csv_source_stat(source));
    csv_window_init(&window, source, 64);
    assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
    assert_int_equal(record.cells, 2);
    csv_writer_init(&writer, target, '\t', &line, &record, behind);
    assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
    assert_true(csv_writer_put(&writer, &window, &record, cells, NULL, &error));
    assert_true(csv_target_commit(target, &error));
    assert_file(folder->out, span_of("x\t\ta,b\t\"a\tb\"\t\t\t\t\t\t\n"));
    csv_window_free(&window);
    csv_reader_free(reader);
    csv_source_close(source);
    buf_free(&line);
}

/* A row with more cells than there are places kept. */
static void writers_copy_rows_of_very_many_cells(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct buf input = {0};
    struct buf expected = {0};
    buf_append_text(&input, "a,b\n");
    append_repeated(&input, ',', 3 * CSV_CELLS_MAX);
    write_file(folder->in, span_of_buf(&input));
    assert_true(run_writer(folder, behind, digits, &error));
    buf_append_text(&expected, "a,b" OURS "\n");
    append_repeated(&expected, ',', 3 * CSV_CELLS_MAX);
    buf_append_text(&expected, OURS);
    assert_file(folder->out, span_of_buf(&expected));
    buf_free(&input);
    buf_free(&expected);
}

/* The same in a result file that comes back: ours are the last there, too. */
static void writers_drop_nothing_behind_very_many_cells(void **state)
{
    const struct folder *folder = *state;
    static const size_t places[CSV_OURS] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct error error = {0};
    struct buf input = {0};
    struct span view;
    struct csv_window window;
    buf_append_text(&input, "a,h,h,h,h,h,h,h,h\n");
    append_repeated(&input, ',', 2 * CSV_CELLS_MAX);
    write_file(folder->in, span_of_buf(&input));
    buf_free(&input);
    assert_true(run_writer(folder, places, digits, &error));
    struct csv_source *source = open_source(folder->out);
    char end[sizeof OURS] = "";
    csv_window_init(&window, source, 64);
    assert_true(csv_window_view(&window, csv_source_size(source) - sizeof end + 1, sizeof end, &view, &error));
    memcpy(end, view.data, view.length);
    csv_window_free(&window);
    csv_source_close(source);
    assert_string_equal(end, OURS);
}

static void writers_copy_rows_that_are_too_long(void **state)
{
    const struct folder *folder = *state;
    static const size_t lengths[] = {CSV_ROW_MAX, CSV_ROW_MAX + 1, 3 * CSV_ROW_MAX + 17};
    struct error error = {0};
    for (size_t i = 0; i < COUNT(lengths) * 2; i++) {
        struct buf input = {0};
        struct buf expected = {0};
        append_long_row(&input, lengths[i / 2], i % 2 != 0);
        write_file(folder->in, span_of_buf(&input));
        assert_true(run_writer(folder, behind, digits, &error));
        buf_append_text(&expected, "a,b" OURS "\r\n");
        buf_append(&expected, input.data + 5, lengths[i / 2]);
        buf_append_text(&expected, OURS "\r\n2,z" OURS "\r\n");
        assert_file(folder->out, span_of_buf(&expected));
        buf_free(&input);
        buf_free(&expected);
    }
}

/* A result file comes back, with a row that is too long: what is known about that row now must stand in it. */
static void writers_renew_the_cells_of_rows_that_are_too_long(void **state)
{
    const struct folder *folder = *state;
    static const size_t places[CSV_OURS] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct error error = {0};
    struct buf input = {0};
    struct buf got = {0};
    struct span view;
    struct csv_window window;
    buf_append_text(&input, "a,h,h,h,h,h,h,h,h\n");
    append_repeated(&input, 'x', CSV_ROW_MAX);
    buf_append_text(&input, ",old,old,old,old,old,old,old,old\n");
    write_file(folder->in, span_of_buf(&input));
    assert_true(run_writer(folder, places, digits, &error));
    struct csv_source *source = open_source(folder->out);
    csv_window_init(&window, source, 64);
    assert_true(csv_window_view(&window, 18 + CSV_ROW_MAX, 100, &view, &error));
    buf_append(&got, view.data, view.length);
    csv_window_free(&window);
    csv_source_close(source);
    assert_string_equal(buf_text(&got), OURS "\n");
    buf_free(&input);
    buf_free(&got);
}

static void writers_pass_on_the_errors_of_the_source(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct buf input = {0};
    struct buf line = {0};
    struct csv_record header;
    struct csv_record record;
    struct csv_window window;
    struct csv_writer writer;
    append_long_row(&input, 2 * CSV_ROW_MAX, false);
    write_file(folder->in, span_of_buf(&input));
    struct csv_source *source = open_source(folder->in);
    struct csv_reader *reader = open_reader(source, CSV_BLOCK_SEQUENTIAL);
    struct csv_target *target = open_target(folder->out, false, csv_source_stat(source));
    csv_window_init(&window, source, 1000);
    assert_int_equal(csv_reader_next(reader, &header, &error), CSV_NEXT_RECORD);
    csv_writer_init(&writer, target, ',', &line, &header, behind);
    assert_int_equal(csv_reader_next(reader, &record, &error), CSV_NEXT_RECORD);
    assert_true(record.too_long);
    assert_int_equal(truncate(folder->in, 100), 0);
    assert_false(csv_writer_put(&writer, &window, &record, digits, NULL, &error));
    assert_string_equal(error.code, "INPUT_CHANGED");
    csv_target_discard(target);
    assert_int_equal(access(folder->out, F_OK), -1);
    csv_window_free(&window);
    csv_reader_free(reader);
    csv_source_close(source);
    buf_free(&input);
    buf_free(&line);
}

/* Cut the cells of ours off again, and the file is the input. */
static void writers_change_no_byte_of_the_input(void **state)
{
    const struct folder *folder = *state;
    struct error error = {0};
    struct csv_record record;
    struct buf input = {0};
    struct buf stripped = {0};
    append_records(&input, 2000, 14);
    write_file(folder->in, span_of_buf(&input));
    assert_true(run_writer(folder, behind, digits, &error));
    struct csv_source *source = open_source(folder->out);
    struct csv_reader *reader = open_reader(source, CSV_BLOCK_SEQUENTIAL);
    struct csv_source *before = open_source(folder->in);
    struct csv_reader *original = open_reader(before, CSV_BLOCK_SEQUENTIAL);
    struct csv_record first;
    while (csv_reader_next(reader, &record, &error) == CSV_NEXT_RECORD) {
        assert_int_equal(csv_reader_next(original, &first, &error), CSV_NEXT_RECORD);
        if (first.cells > 0)
            assert_true(record.cells >= first.cells + CSV_OURS);
        buf_append(&stripped, record.raw.data, first.cells > 0 ? record.extents[first.cells - 1].end : 0);
        buf_append(&stripped, record.ending, record.ending_length);
    }
    assert_true(span_equal(span_of_buf(&stripped), span_of_buf(&input)));
    csv_reader_free(reader);
    csv_source_close(source);
    csv_reader_free(original);
    csv_source_close(before);
    buf_free(&input);
    buf_free(&stripped);
}

/* ---- Memory that runs out ---- */

/* The whole way, from a file to a result file. */
struct carrying {
    const struct folder *folder;
    enum text_encoding encoding;
};

static bool carry_over(void *context)
{
    const struct carrying *carrying = context;
    const struct folder *folder = carrying->folder;
    struct error error = {0};
    struct buf line = {0};
    struct csv_window window;
    struct csv_writer writer;
    struct csv_record record;
    const struct span *values;
    size_t count;
    enum csv_next next = CSV_NEXT_FAILED;
    struct csv_source *source = csv_source_open(folder->in, &error);
    bool open = source != NULL && csv_source_recode(source, carrying->encoding, &error);
    struct csv_reader *reader = open ? csv_reader_new(source, ',', 16) : NULL;
    struct csv_fields *fields = reader != NULL ? csv_fields_new(',') : NULL;
    struct csv_target *target =
        fields != NULL ? csv_target_open(folder->out, true, csv_source_stat(source), &error) : NULL;
    csv_window_init(&window, source, 16);
    if (target != NULL)
        csv_target_recode(target, carrying->encoding, NULL, NULL);
    for (bool first = true; target != NULL; first = false) {
        next = csv_reader_next(reader, &record, &error);
        if (next != CSV_NEXT_RECORD)
            break;
        if (first)
            csv_writer_init(&writer, target, ',', &line, &record, behind);
        if (!csv_fields_parse(fields, record.raw, &values, &count, &error) ||
            !csv_writer_put(&writer, &window, &record, digits, NULL, &error)) {
            next = CSV_NEXT_FAILED;
            break;
        }
    }
    bool done = next == CSV_NEXT_END;
    if (done)
        done = csv_target_commit(target, &error);
    else
        csv_target_discard(target);
    if (!done && error.code != NULL)
        assert_string_equal(error.code, "OUT_OF_MEMORY");
    csv_window_free(&window);
    csv_fields_free(fields);
    csv_reader_free(reader);
    csv_source_close(source);
    buf_free(&line);
    return done;
}

static void running_out_of_memory_is_an_error_everywhere(void **state)
{
    struct folder *folder = *state;
    struct buf file = {0};
    bool leaked;
    buf_append_text(&file, "a,b,c\r\n");
    for (int i = 0; i < 100; i++)
        buf_append_text(&file, "\"\",");
    append_repeated(&file, 'x', 500);
    if (file.length % 2 != 0)
        buf_append_byte(&file, 'x');
    write_file(folder->in, span_of_buf(&file)); /* as UTF-16 it is a record of many odd characters */
    static const enum text_encoding encodings[] = {TEXT_CP932, TEXT_UTF16BE};
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct carrying carrying = {folder, encodings[i]};
        size_t failures = memory_failures(carry_over, &carrying, &leaked);
        assert_true(MEMORY_CAN_BE_SCARCE ? failures > 10 && failures < 50000 : failures == 0);
        assert_false(leaked);
        assert_int_equal(folder_count(folder), 2);
    }
    buf_free(&file);
}

/* A part of a file that could not be read for lack of memory is read again, with what was used before. */
static void a_record_that_failed_leaves_nothing_to_the_next(void **state)
{
    (void)state;
    struct buf raw = {0};
    size_t failed = 0;
    buf_append_byte(&raw, '"');
    append_repeated(&raw, 'x', 9000);
    for (size_t allowed = 0; MEMORY_CAN_BE_SCARCE && allowed < 10; allowed++) {
        struct error error = {0};
        const struct span *values;
        size_t count;
        struct csv_fields *fields = csv_fields_new(',');
        assert_non_null(fields);
        memory_left = allowed;
        failed += !csv_fields_parse(fields, span_of_buf(&raw), &values, &count, &error);
        memory_left = SIZE_MAX;
        assert_true(csv_fields_parse(fields, span_of("a,b"), &values, &count, &error));
        assert_int_equal(count, 2);
        assert_true(span_is(values[0], "a") && span_is(values[1], "b"));
        csv_fields_free(fields);
    }
    assert_true(failed > 1 || !MEMORY_CAN_BE_SCARCE);
    buf_free(&raw);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_find_records_and_cells),
        cmocka_unit_test(scans_ask_for_one_more_byte_behind_a_cr),
        cmocka_unit_test(scans_know_other_delimiters),
        cmocka_unit_test(places_are_where_cells_are_put),
        cmocka_unit_test(delimiters_are_told_by_the_header),
        cmocka_unit_test(scans_count_cells_beyond_those_they_keep),
        cmocka_unit_test(scans_are_not_disturbed_by_second_bytes),
        cmocka_unit_test(scans_and_libcsv_agree_on_all_short_inputs),
        cmocka_unit_test(scans_and_libcsv_agree_on_random_files),
        cmocka_unit_test(plain_records_are_told_alike),
        cmocka_unit_test(splits_are_told_by_the_bytes_around),
        cmocka_unit_test(splits_are_right_in_ordinary_files),
        cmocka_unit_test(fields_are_values),
        cmocka_unit_test(fields_know_other_delimiters),
        cmocka_unit_test(fields_may_be_large_and_many),
        WITH_FOLDER(readers_count_rows_and_bytes),
        WITH_FOLDER(readers_name_file_and_kind_of_an_unclosed_quote),
        WITH_FOLDER(records_name_their_last_cell_of_several_lines),
        WITH_FOLDER(readers_do_not_depend_on_their_block),
        WITH_FOLDER(records_leave_no_byte_out),
        WITH_FOLDER(readers_go_to_a_known_record),
        WITH_FOLDER(readers_refuse_only_what_is_too_long),
        WITH_FOLDER(readers_do_not_read_long_records_byte_by_byte),
        WITH_FOLDER(readers_notice_a_file_that_shrinks),
        WITH_FOLDER(readers_stop_where_the_file_ended_at_first),
        WITH_FOLDER(sources_tell_what_they_are),
        WITH_FOLDER(sources_that_cannot_be_opened_say_why),
        WITH_FOLDER(sources_notice_changes),
        WITH_FOLDER(sources_do_not_mind_being_renamed_or_replaced),
        cmocka_unit_test(sources_spool_standard_input),
        WITH_FOLDER(sources_copy_a_file_at_standard_input),
        WITH_FOLDER(sources_refuse_a_directory_at_standard_input),
        WITH_FOLDER(sources_spool_pipes_with_a_name),
        cmocka_unit_test(sources_say_where_they_cannot_spool),
        WITH_FOLDER(sources_in_utf16_are_read_as_utf8),
        WITH_FOLDER(sources_in_other_encodings_stay_as_they_are),
        WITH_FOLDER(sources_with_half_a_unit_are_refused),
        WITH_FOLDER(sources_in_utf16_say_what_went_wrong),
        WITH_FOLDER(windows_view_any_part),
        WITH_FOLDER(targets_appear_whole),
        WITH_FOLDER(targets_in_utf16_get_every_unit_back),
        WITH_FOLDER(targets_in_other_encodings_change_nothing),
        WITH_FOLDER(targets_leave_nothing_when_discarded),
        WITH_FOLDER(targets_get_the_inputs_mode),
        WITH_FOLDER(targets_replace_only_by_force),
        WITH_FOLDER(targets_tell_whether_they_are_one_file),
        WITH_FOLDER(targets_do_not_follow_links_that_lead_nowhere),
        WITH_FOLDER(targets_are_never_the_input),
        WITH_FOLDER(targets_that_cannot_be_written_are_found_at_once),
        WITH_FOLDER(targets_in_a_folder_without_permission_are_found_at_once),
        WITH_FOLDER(targets_without_a_name_are_found_at_once),
        WITH_FOLDER(targets_with_long_names_are_written),
        WITH_FOLDER(targets_do_not_replace_what_came_meanwhile),
        WITH_FOLDER(targets_whose_place_went_away_leave_nothing),
        WITH_FOLDER(targets_on_a_full_disk_leave_the_place_as_it_was),
        WITH_FOLDER(targets_may_be_standard_output),
        WITH_FOLDER(targets_at_a_full_standard_output_say_so),
        WITH_FOLDER(files_are_not_left_open),
        WITH_FOLDER(writers_append_cells),
        WITH_FOLDER(writers_quote_where_needed),
        WITH_FOLDER(writers_replace_columns_of_ours),
        WITH_FOLDER(writers_set_cells),
        WITH_FOLDER(writers_set_cells_beside_ours),
        WITH_FOLDER(writers_set_nothing_in_rows_that_are_too_long),
        WITH_FOLDER(writers_know_other_delimiters),
        WITH_FOLDER(writers_copy_rows_of_very_many_cells),
        WITH_FOLDER(writers_drop_nothing_behind_very_many_cells),
        WITH_FOLDER(writers_copy_rows_that_are_too_long),
        WITH_FOLDER(writers_renew_the_cells_of_rows_that_are_too_long),
        WITH_FOLDER(writers_pass_on_the_errors_of_the_source),
        WITH_FOLDER(writers_change_no_byte_of_the_input),
        WITH_FOLDER(running_out_of_memory_is_an_error_everywhere),
        cmocka_unit_test(a_record_that_failed_leaves_nothing_to_the_next),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
