/* run/workbook_sheets.c: see workbook_sheets.h. */
#include "run/workbook_sheets.h"

#include "base/embedded.h"
#include "base/json.h"

#include <cjson/cJSON.h>

#include <stdlib.h>

struct workbook_sheets {
    cJSON *json;
};

/* Where the next cell of a sheet goes. */
struct place {
    struct xlsx *xlsx;
    uint32_t row;
};

struct workbook_sheets *workbook_sheets_new(void)
{
    struct workbook_sheets *sheets = calloc(1, sizeof *sheets);
    if (sheets == NULL)
        return NULL;
    sheets->json = json_parse(span_of(embedded_workbook));
    if (sheets->json != NULL)
        return sheets;
    free(sheets);
    return NULL;
}

void workbook_sheets_free(struct workbook_sheets *sheets)
{
    if (sheets == NULL)
        return;
    cJSON_Delete(sheets->json);
    free(sheets);
}

/* A text of the data, all of which a test has looked at. */
static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = json_text(object, name);
    return text != NULL ? text : "";
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *workbook_sheets_table(const struct workbook_sheets *sheets)
{
    return text_of(sheets->json, "table");
}

static void put(const struct place *place, size_t column, const char *text, enum xlsx_style style)
{
    xlsx_put(place->xlsx, place->row, column, span_of(text), style);
}

/* ---- Counts ---- */

/* A row with a name and a number; the name may be in two parts. */
static void put_count(struct place *place, const char *name, const char *more, uint64_t number)
{
    put(place, 0, name, XLSX_PLAIN);
    xlsx_put_number(place->xlsx, place->row, 1, number);
    if (more != NULL)
        put(place, 2, more, XLSX_PLAIN);
    place->row++;
}

static void put_numbers(struct place *place, const cJSON *texts, const struct atobarai_summary *summary)
{
    const struct {
        const char *name;
        uint64_t number;
    } counts[] = {
        {"rows", summary->rows},           {"skipped_rows", summary->skipped_rows},
        {"orders", summary->orders},       {"sent", summary->sent},
        {"succeeded", summary->succeeded}, {"failed", summary->failed},
        {"invalid", summary->invalid},     {"unsent", summary->unsent},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        put_count(place, text_of(member(texts, "numbers"), counts[i].name), NULL, counts[i].number);
}

/* The statuses, and a chart of them where any order has one. */
static void put_statuses(struct place *place, const cJSON *texts, const struct atobarai_summary *summary)
{
    enum { CHART_COLUMN = 4 };
    uint64_t orders = 0;
    put(place, 0, text_of(texts, "statuses"), XLSX_HEADING);
    put(place, 1, text_of(texts, "orders"), XLSX_HEADING);
    place->row++;
    const struct xlsx_bars bars = {.title = text_of(texts, "chart"),
                                   .sheet = text_of(texts, "sheet"),
                                   .first_row = place->row,
                                   .last_row = place->row + ATOBARAI_STATUSES - 1,
                                   .names = 0};
    for (size_t i = 0; i < ATOBARAI_STATUSES; i++) {
        put_count(place, summary->by_status[i].name, NULL, summary->by_status[i].orders);
        orders += summary->by_status[i].orders;
    }
    if (orders > 0)
        xlsx_chart(place->xlsx, 1, CHART_COLUMN, &bars);
}

static void put_errors(struct place *place, const cJSON *texts, const struct atobarai_summary *summary)
{
    if (summary->by_error_count == 0)
        return;
    place->row++;
    put(place, 0, text_of(texts, "errors"), XLSX_HEADING);
    put(place, 1, text_of(texts, "orders"), XLSX_HEADING);
    put(place, 2, text_of(texts, "error_title"), XLSX_HEADING);
    place->row++;
    for (size_t i = 0; i < summary->by_error_count; i++) {
        const struct atobarai_error_count *error = &summary->by_error[i];
        put_count(place, error->code, error->title[ATOBARAI_JA], error->orders);
    }
}

static void put_counts(const cJSON *texts, struct xlsx *xlsx, const struct atobarai_summary *summary)
{
    enum { NAME_MOST = 60, NUMBER = 12 }; /* half-width characters */
    struct place place = {.xlsx = xlsx};
    xlsx_sheet(xlsx, text_of(texts, "sheet"));
    put(&place, 0, text_of(texts, "title"), XLSX_TITLE);
    place.row++;
    put(&place, 0, text_of(texts, "command"), XLSX_PLAIN);
    put(&place, 1, summary->command, XLSX_PLAIN);
    place.row++;
    put(&place, 0, text_of(texts, "input"), XLSX_PLAIN);
    put(&place, 1, summary->input, XLSX_PLAIN);
    place.row++;
    put_numbers(&place, texts, summary);
    place.row++;
    put_statuses(&place, texts, summary);
    put_errors(&place, texts, summary);
    xlsx_columns(xlsx, 0, 0, XLSX_PLAIN, NUMBER, NAME_MOST);
    xlsx_columns(xlsx, 1, 1, XLSX_PLAIN, NUMBER, NUMBER);
    xlsx_columns(xlsx, 2, 2, XLSX_PLAIN, NUMBER, NAME_MOST);
}

/* ---- The guide ---- */

/* The looks that a row of the guide shows in its first cell. */
static enum xlsx_style style_of(const cJSON *row)
{
    static const struct {
        const char *name;
        enum xlsx_style style;
    } styles[] = {{"error", XLSX_ERROR}, {"warning", XLSX_WARNING}, {"shaded", XLSX_SHADED}};
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        if (strcmp(text_of(row, "style"), styles[i].name) == 0)
            return styles[i].style;
    return XLSX_WRAPPED;
}

enum { GUIDE_COLUMNS = 3 };

static const unsigned guide_widths[GUIDE_COLUMNS] = {18, 64, 64}; /* half-width characters */

/* The texts of `cells` from `column` on, on a row that is high enough for them. */
static void put_cells(const struct place *place, size_t column, const cJSON *cells, enum xlsx_style first,
                      enum xlsx_style others)
{
    struct span texts[GUIDE_COLUMNS] = {{"", 0}};
    size_t count = 0;
    const cJSON *cell = NULL;
    cJSON_ArrayForEach(cell, cells)
    {
        if (cJSON_IsString(cell) && column + count < GUIDE_COLUMNS)
            texts[count++] = span_of(cell->valuestring);
    }
    xlsx_row(place->xlsx, place->row, texts, guide_widths + column, count);
    cJSON_ArrayForEach(cell, cells)
    {
        put(place, column, cJSON_IsString(cell) ? cell->valuestring : "", cell == cells->child ? first : others);
        column++;
    }
}

static void put_guide_statuses(struct place *place, const cJSON *texts)
{
    const cJSON *status = NULL;
    put(place, 0, text_of(texts, "status_title"), XLSX_TITLE);
    place->row++;
    put_cells(place, 0, member(texts, "status_headings"), XLSX_HEADING, XLSX_HEADING);
    place->row++;
    cJSON_ArrayForEach(status, member(texts, "statuses"))
    {
        put_cells(place, 1, status, XLSX_WRAPPED, XLSX_WRAPPED);
        put(place, 0, status->string, XLSX_WRAPPED);
        place->row++;
    }
}

static void put_guide(const cJSON *texts, struct xlsx *xlsx)
{
    const cJSON *section = NULL;
    const cJSON *row = NULL;
    struct place place = {.xlsx = xlsx};
    xlsx_sheet(xlsx, text_of(texts, "sheet"));
    put_guide_statuses(&place, texts);
    cJSON_ArrayForEach(section, member(texts, "sections"))
    {
        place.row++;
        put(&place, 0, text_of(section, "title"), XLSX_TITLE);
        place.row++;
        cJSON_ArrayForEach(row, member(section, "rows"))
        {
            put_cells(&place, 0, member(row, "cells"), style_of(row), XLSX_WRAPPED);
            place.row++;
        }
    }
    for (size_t i = 0; i < GUIDE_COLUMNS; i++)
        xlsx_columns(xlsx, i, i, XLSX_PLAIN, guide_widths[i], guide_widths[i]);
}

void workbook_sheets_put(const struct workbook_sheets *sheets, struct xlsx *xlsx,
                         const struct atobarai_summary *summary)
{
    put_counts(member(sheets->json, "counts"), xlsx, summary);
    put_guide(member(sheets->json, "guide"), xlsx);
}
