/* tests/unit/test_xlsx.c: workbooks of texts: what stands in their parts, and that one that is not whole is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "report/archive.h"
#include "report/xlsx.h"

#include <minizip/unzip.h>
#include <minizip/zip.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/atobarai-xlsx-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* The part `name` of the workbook; freed by the caller. */
static char *part_of(const char *name)
{
    struct buf text = {0};
    char block[4096];
    unzFile file = unzOpen64(path);
    assert_non_null(file);
    assert_int_equal(unzLocateFile(file, name, 1), UNZ_OK);
    assert_int_equal(unzOpenCurrentFile(file), UNZ_OK);
    for (int got = 1; got > 0;) {
        got = unzReadCurrentFile(file, block, sizeof block);
        assert_true(got >= 0);
        buf_append(&text, block, (size_t)got);
    }
    unzCloseCurrentFile(file);
    unzClose(file);
    return buf_take(&text);
}

static struct xlsx *opened(void)
{
    struct xlsx *xlsx = xlsx_new(path, false);
    assert_non_null(xlsx);
    xlsx_sheet(xlsx, "表");
    return xlsx;
}

/* ---- Texts ---- */

static void texts_are_written_so_that_they_come_back(void **state)
{
    static const struct {
        struct span text;
        const char *wanted;
    } texts[] = {
        {{"=1+1", 4}, "<t>=1+1</t>"},
        {{"007", 3}, "<t>007</t>"},
        {{" a ", 3}, "<t xml:space=\"preserve\"> a </t>"},
        {{"a\r\nb", 4}, "<t>a_x000D_\nb</t>"},
        {{"a\tb", 3}, "<t>a\tb</t>"},
        {{"a\0b", 3}, "<t>a_x0000_b</t>"},
        {{"_x0041_", 7}, "<t>_x005F_x0041_</t>"},
        {{"_x0041_x0042_", 13}, "<t>_x005F_x0041_x005F_x0042_</t>"},
        {{"_x000D\r", 7}, "<t>_x005F_x000D_x000D_</t>"},
        {{"_x00G0_", 7}, "<t>_x00G0_</t>"},
        {{"\xEF\xBF\xBE", 3}, "<t>_xFFFE_</t>"},
        {{"a\xFFz", 3}, "<t>a\xEF\xBF\xBDz</t>"},
        {{"\xED\xA0\x80", 3}, "<t>\xEF\xBF\xBD</t>"},
        {{"\xEF\xBF\xBD", 3}, "<t>\xEF\xBF\xBD</t>"},
        {{"<&>", 3}, "<t>&lt;&amp;&gt;</t>"},
        {{"http://example.com", 18}, "<t>http://example.com</t>"},
    };
    (void)state;
    struct xlsx *xlsx = opened();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        xlsx_put(xlsx, (uint32_t)i, 0, texts[i].text, XLSX_PLAIN);
    assert_int_equal(xlsx_close(xlsx), 0);
    char *sheet = part_of("xl/worksheets/sheet1.xml");
    const char *at = sheet;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        at = strstr(at, "t=\"inlineStr\"><is>");
        assert_non_null(at);
        at += strlen("t=\"inlineStr\"><is>");
        if (strncmp(at, texts[i].wanted, strlen(texts[i].wanted)) != 0)
            fail_msg("text %zu: %.60s", i, at);
    }
    assert_null(strstr(sheet, "<f>"));
    assert_null(strstr(sheet, "<v>"));
    free(sheet);
}

static void lengths_are_those_of_a_cell(void **state)
{
    (void)state;
    assert_int_equal(xlsx_length(span_of("")), 0);
    assert_int_equal(xlsx_length(span_of("abc")), 3);
    assert_int_equal(xlsx_length(span_of("受注")), 2);
    assert_int_equal(xlsx_length(span_of("𠮷")), 2);
    assert_int_equal(xlsx_length(span_of("a\r\n")), 9);
    assert_int_equal(xlsx_length(span_of("_x0041_")), 13);
}

static void a_cell_too_long_is_told_at_the_end(void **state)
{
    (void)state;
    char *text = malloc(XLSX_TEXT_MAX + 1);
    assert_non_null(text);
    memset(text, 'x', XLSX_TEXT_MAX + 1);
    for (size_t more = 0; more < 2; more++) {
        struct xlsx *xlsx = opened();
        xlsx_put(xlsx, 0, 0, (struct span){text, XLSX_TEXT_MAX + more}, XLSX_PLAIN);
        xlsx_put(xlsx, 0, 1, span_of("x"), XLSX_PLAIN);
        assert_int_equal(xlsx_close(xlsx), more > 0 ? EFBIG : 0);
    }
    free(text);
}

/* ---- Sheets ---- */

static void looks_reach_beyond_the_table(void **state)
{
    (void)state;
    struct xlsx *xlsx = opened();
    xlsx_put(xlsx, 0, 0, span_of("見出し"), XLSX_HEADING);
    xlsx_put(xlsx, 2, 1, span_of(""), XLSX_ERROR);
    xlsx_columns(xlsx, 0, 0, XLSX_PLAIN, 4, 50);
    xlsx_columns(xlsx, 1, XLSX_COLUMNS_MAX - 1, XLSX_SHADED, 10, 10);
    xlsx_filter(xlsx, 2, 1);
    xlsx_sheet(xlsx, "数");
    xlsx_put(xlsx, 0, 0, span_of("与信OK"), XLSX_PLAIN);
    xlsx_put_number(xlsx, 0, 1, 7);
    const struct xlsx_bars bars = {"題", "数", 0, 0, 0};
    xlsx_chart(xlsx, 2, 2, &bars);
    assert_int_equal(xlsx_close(xlsx), 0);
    char *sheet = part_of("xl/worksheets/sheet1.xml");
    assert_non_null(strstr(sheet, "<dimension ref=\"A1:B3\"/>"));
    assert_non_null(strstr(sheet, "<col min=\"2\" max=\"16384\""));
    assert_non_null(strstr(sheet, "<autoFilter ref=\"A1:B3\"/>"));
    assert_non_null(strstr(sheet, "state=\"frozen\""));
    free(sheet);
    sheet = part_of("xl/worksheets/sheet2.xml");
    assert_non_null(strstr(sheet, "<v>7</v>"));
    free(sheet);
    free(part_of("xl/charts/chart1.xml"));
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        found++;
    return found;
}

static void comments_are_so_many_and_no_longer_than_may_be(void **state)
{
    (void)state;
    struct buf text = {0};
    for (size_t i = 0; i < XLSX_TEXT_MAX; i++)
        buf_append_text(&text, "あ");
    buf_append_text(&text, "い");
    struct xlsx *xlsx = opened();
    for (uint32_t row = 0; row < XLSX_NOTES_MAX + 10; row++) {
        xlsx_put(xlsx, row, 0, span_of("x"), XLSX_ERROR);
        xlsx_note(xlsx, row, 0, row == 0 ? (struct span){buf_text(&text), text.length} : span_of("言葉\x1b"));
    }
    buf_free(&text);
    assert_int_equal(xlsx_close(xlsx), 0);
    char *comments = part_of("xl/comments1.xml");
    assert_int_equal(count(comments, "<comment "), XLSX_NOTES_MAX);
    assert_int_equal(count(comments, "言葉_x001B_"), XLSX_NOTES_MAX - 1);
    assert_int_equal(count(comments, "あ…"), 1);
    assert_int_equal(count(comments, "い"), 0);
    free(comments);
}

/* The lowest descriptor that is free. */
static int free_descriptor(void)
{
    int fd = dup(STDIN_FILENO);
    close(fd);
    return fd;
}

static void what_is_given_up_leaves_the_file_alone(void **state)
{
    (void)state;
    int before = free_descriptor();
    assert_int_equal(truncate(path, 0), 0);
    struct xlsx *xlsx = opened();
    xlsx_put(xlsx, 0, 0, span_of("x"), XLSX_PLAIN);
    xlsx_discard(xlsx);
    xlsx_discard(NULL);
    assert_int_equal(free_descriptor(), before);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
}

static void a_place_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct xlsx *xlsx = xlsx_new("/nonexistent/x.xlsx", false);
    assert_non_null(xlsx);
    xlsx_sheet(xlsx, "表");
    assert_int_equal(xlsx_close(xlsx), ENOENT);
}

/* ---- Whole or not ---- */

/* An archive with one part. */
static void archive(const char *name, const char *text)
{
    zipFile file = zipOpen64(path, APPEND_STATUS_CREATE);
    assert_non_null(file);
    assert_int_equal(zipOpenNewFileInZip(file, name, NULL, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 6), ZIP_OK);
    assert_int_equal(zipWriteInFileInZip(file, text, (unsigned)strlen(text)), ZIP_OK);
    assert_int_equal(zipCloseFileInZip(file), ZIP_OK);
    assert_int_equal(zipClose(file, NULL), ZIP_OK);
}

static void a_part_that_is_not_whole_is_noticed(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        uint64_t rows;
        bool whole;
    } parts[] = {
        {"x.xml", "<?xml version=\"1.0\"?>\n<a b=\"c\"><d/></a>\r\n", 0, true},
        {"x.xml", "<?xml version=\"1.0\"?>\n<a b=\"c\"><d/>", 0, false},
        {"x.xml", "<a></b>", 0, false},
        {"x.xml", "", 0, false},
        {"xl/worksheets/sheet1.xml", "<w><sheetData><row/></sheetData></w>", 6, true},
        {"xl/worksheets/sheet1.xml", "<w><sheetData><row/></sheetData></w>", 7, false},
        {"xl/worksheets/sheet1.xml", "<w><sheetData><row/></w>", 6, false},
        {"xl/worksheets/sheet1.xml", "<w><row/></sheetData></w>", 6, false},
        {"xl/worksheets/sheet2.xml", "<w><sheetData><row/></sheetData></w>", 6, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        archive(parts[i].name, parts[i].text);
        if (archive_is_whole(path, &parts[i].rows, 1) != parts[i].whole)
            fail_msg("part %zu", i);
    }
    assert_int_equal(truncate(path, 40), 0);
    assert_false(archive_is_whole(path, NULL, 0));
    assert_false(archive_is_whole("/nonexistent", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_written_so_that_they_come_back),
        cmocka_unit_test(lengths_are_those_of_a_cell),
        cmocka_unit_test(a_cell_too_long_is_told_at_the_end),
        cmocka_unit_test(looks_reach_beyond_the_table),
        cmocka_unit_test(comments_are_so_many_and_no_longer_than_may_be),
        cmocka_unit_test(what_is_given_up_leaves_the_file_alone),
        cmocka_unit_test(a_place_that_cannot_be_written_is_told),
        cmocka_unit_test(a_part_that_is_not_whole_is_noticed),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
