/* run/listing.c: see listing.h. */
#include "run/listing.h"

#include "run/table.h"

#include <cjson/cJSON.h>

#include <stdlib.h>

/* What stands for a placeholder of which nothing is known, where people read. */
static const char *const legend[CATALOG_LANGUAGES][CATALOG_PLACES] = {
    [CATALOG_JA] = {"N", "N", "…", "列名", "FILE", "…", "…", "…"},
    [CATALOG_EN] = {"N", "N", "…", "COLUMN", "FILE", "…", "…", "…"},
};

/* ---- The parts of an explanation ---- */

/* The fields whose columns are to be fixed; how many. */
static size_t fields_of(const struct explanation *explanation, const enum order_field **fields)
{
    bool known = explanation->field != ORDER_FIELD_NONE;
    *fields = known ? &explanation->field : explanation->entry->fields;
    return known ? 1 : explanation->entry->field_count;
}

/* The headings of these columns. */
static void put_columns(const struct listing *listing, const struct explanation *explanation, struct buf *out)
{
    const struct order_schema *schema = listing->schema;
    const char *separator = "";
    const enum order_field *fields;
    size_t count = fields_of(explanation, &fields);
    for (size_t i = 0; i < count; i++) {
        for (size_t column = 0; column < schema->count; column++) {
            if (schema->columns[column].field != fields[i] || schema->columns[column].stands_in_for != ORDER_NO_COLUMN)
                continue;
            buf_append_text(out, separator);
            buf_append_text(out, schema->columns[column].name);
            separator = listing->language == CATALOG_EN ? ", " : "、";
        }
    }
}

/* A template for people. */
static void put_filled(const struct listing *listing, const struct explanation *explanation, const char *template,
                       struct buf *out)
{
    struct catalog_words words = explanation->words;
    struct buf columns = {0};
    put_columns(listing, explanation, &columns);
    if (words.of[CATALOG_COLUMN].data == NULL && columns.length > 0)
        words.of[CATALOG_COLUMN] = (struct span){columns.data, columns.length};
    for (size_t place = 0; place < CATALOG_PLACES; place++)
        if (words.of[place].data == NULL)
            words.of[place] = span_of(legend[listing->language][place]);
    catalog_fill_words(template, &words, out);
    out->failed = out->failed || columns.failed;
    buf_free(&columns);
}

static void put_message(const struct listing *listing, const struct explanation *explanation, struct buf *out)
{
    if (explanation->message.data != NULL)
        buf_append(out, explanation->message.data, explanation->message.length);
    else
        put_filled(listing, explanation, explanation->entry->texts[listing->language].message, out);
}

static const char *severity_of(const struct catalog_entry *entry, enum catalog_language language)
{
    static const char *const names[CATALOG_LANGUAGES][2] = {{"エラー", "注意"}, {"error", "warning"}};
    return names[language][entry->warning];
}

enum { MESSAGE, CAUSE, REMEDY, COLUMNS, LABELS };
static const char *const labels[CATALOG_LANGUAGES][LABELS] = {
    [CATALOG_JA] = {"内容", "原因", "対処", "直す列"},
    [CATALOG_EN] = {"Message", "Cause", "To do", "Columns to fix"},
};

/* The parts in the order of their labels; one that the entry does not have is empty. Memory that ran out fails `out`.
 */
static void fill_parts(const struct listing *listing, const struct explanation *explanation, struct buf parts[LABELS],
                       struct buf *out)
{
    const struct catalog_text *text = &explanation->entry->texts[listing->language];
    for (size_t i = 0; i < LABELS; i++)
        buf_clear(&parts[i]);
    put_message(listing, explanation, &parts[MESSAGE]);
    put_filled(listing, explanation, text->cause, &parts[CAUSE]);
    put_filled(listing, explanation, text->remedy, &parts[REMEDY]);
    put_columns(listing, explanation, &parts[COLUMNS]);
    for (size_t i = 0; i < LABELS; i++)
        out->failed = out->failed || parts[i].failed;
}

static void free_parts(struct buf parts[LABELS])
{
    for (size_t i = 0; i < LABELS; i++)
        buf_free(&parts[i]);
}

/* ---- Text ---- */

static void write_text(const struct listing *listing, struct buf *out)
{
    struct buf parts[LABELS] = {0};
    for (size_t i = 0; i < listing->count; i++) {
        const struct catalog_entry *entry = listing->list[i].entry;
        const char *title = entry->texts[listing->language].title;
        buf_printf(out, "%s%s  %s%s%s\n", i > 0 ? "\n" : "", entry->code, severity_of(entry, listing->language),
                   *title != '\0' ? "  " : "", title);
        fill_parts(listing, &listing->list[i], parts, out);
        for (size_t part = 0; part < LABELS; part++)
            if (parts[part].length > 0)
                buf_printf(out, "  %s: %s\n", labels[listing->language][part], buf_text(&parts[part]));
    }
    free_parts(parts);
}

/* ---- Markdown ---- */

/* Entries that are looked for in different places stand apart. */
enum group { GROUP_RESULT, GROUP_RUN, GROUP_REASON, GROUPS };

static const char *const group_titles[CATALOG_LANGUAGES][GROUPS] = {
    [CATALOG_JA] = {"結果のファイルに書かれるもの", "実行全体のメッセージ", "メッセージの中の理由"},
    [CATALOG_EN] = {"In result files", "Messages of a whole run", "Reasons within messages"},
};

static const char *const group_anchors[GROUPS] = {"results", "run", "reasons"};

static enum group group_of(const struct catalog_entry *entry)
{
    if (*entry->texts[CATALOG_JA].title != '\0')
        return GROUP_RESULT;
    bool reason = strncmp(entry->code, "ERRNO_", 6) == 0 || strncmp(entry->code, "REASON_", 7) == 0;
    return reason ? GROUP_REASON : GROUP_RUN;
}

/* A text with what Markdown would take for markup escaped. */
static void put_escaped(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\`*<[", *text) != NULL)
            buf_append_byte(out, '\\');
        buf_append_byte(out, *text);
    }
}

static void write_section(const struct listing *listing, const struct explanation *explanation,
                          struct buf parts[LABELS], struct buf *out)
{
    const struct catalog_entry *entry = explanation->entry;
    const char *title = entry->texts[listing->language].title;
    bool english = listing->language == CATALOG_EN;
    buf_printf(out, "### %s\n\n", entry->code);
    buf_append_text(out, severity_of(entry, listing->language));
    buf_append_text(out, *title == '\0' ? "" : english ? ": " : "：");
    put_escaped(title, out);
    buf_append_text(out, "\n\n");
    fill_parts(listing, explanation, parts, out);
    for (size_t part = 0; part < LABELS; part++) {
        if (parts[part].length == 0)
            continue;
        buf_printf(out, "- **%s**: ", labels[listing->language][part]);
        put_escaped(buf_text(&parts[part]), out);
        buf_append_byte(out, '\n');
    }
}

/* A line of the table of contents. GitHub makes a heading's anchor of its text in small letters. */
static void write_link(const struct listing *listing, const struct explanation *explanation, struct buf *out)
{
    const struct catalog_entry *entry = explanation->entry;
    struct buf words = {0};
    buf_printf(out, "  - [`%s`](#", entry->code);
    for (const char *at = entry->code; *at != '\0'; at++)
        buf_append_byte(out, (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at));
    buf_append_text(&words, entry->texts[listing->language].title);
    if (words.length == 0)
        put_message(listing, explanation, &words);
    buf_append_text(out, ") ");
    put_escaped(buf_text(&words), out);
    buf_append_byte(out, '\n');
    out->failed = out->failed || words.failed;
    buf_free(&words);
}

static void write_introduction(const struct listing *listing, struct buf *out)
{
    static const char *const introductions[CATALOG_LANGUAGES] = {
        [CATALOG_JA] = "# エラーの一覧\n\n"
                       "この文書は `atobarai explain --list --format markdown --lang ja` の出力です（`make docs`）。"
                       "もとの文は schemas/error-catalog.json にあります。\n\n"
                       "N は行か明細（0から数えたもの）の番号、「列名」は直す列の見出し、FILE は指定したファイル、"
                       "… は実行のたびに変わる値です。1つのコードだけを見るには `atobarai explain コード`、"
                       "エラー内容から引くには `atobarai explain \"エラー内容\"` と入力してください。\n\n",
        [CATALOG_EN] =
            "# Errors\n\n"
            "This document is the output of `atobarai explain --list --format markdown --lang en` (`make docs`). "
            "The texts stand in schemas/error-catalog.json.\n\n"
            "N is the number of a row, or of a detail line (from 0), COLUMN the heading of the column to fix, FILE the "
            "file that was named, … a value that differs from run to run. `atobarai explain CODE` shows one code, "
            "`atobarai explain \"MESSAGE\"` what a message means.\n\n",
    };
    buf_append_text(out, introductions[listing->language]);
    for (size_t group = 0; group < GROUPS; group++) {
        buf_printf(out, "- [%s](#%s)\n", group_titles[listing->language][group], group_anchors[group]);
        for (size_t i = 0; i < listing->count; i++)
            if (group_of(listing->list[i].entry) == group)
                write_link(listing, &listing->list[i], out);
    }
}

static void write_markdown(const struct listing *listing, struct buf *out)
{
    struct buf parts[LABELS] = {0};
    if (listing->whole)
        write_introduction(listing, out);
    for (size_t group = 0; listing->whole && group < GROUPS; group++) {
        buf_printf(out, "\n<a id=\"%s\"></a>\n\n## %s\n", group_anchors[group], group_titles[listing->language][group]);
        for (size_t i = 0; i < listing->count; i++) {
            if (group_of(listing->list[i].entry) != group)
                continue;
            buf_append_byte(out, '\n');
            write_section(listing, &listing->list[i], parts, out);
        }
    }
    for (size_t i = 0; !listing->whole && i < listing->count; i++) {
        buf_append_text(out, i > 0 ? "\n" : "");
        write_section(listing, &listing->list[i], parts, out);
    }
    free_parts(parts);
}

/* ---- JSON and CSV ---- */

enum { DATA_MESSAGE, DATA_CAUSE, DATA_REMEDY, DATA_TEXTS };

/* A text as data: the message that was asked about as it is, and templates with what is known of their placeholders. */
static void put_data(const struct listing *listing, const struct explanation *explanation, size_t which,
                     struct buf *out)
{
    const struct catalog_text *text = &explanation->entry->texts[listing->language];
    const char *const templates[DATA_TEXTS] = {text->message, text->cause, text->remedy};
    if (which == DATA_MESSAGE && explanation->message.data != NULL)
        buf_append(out, explanation->message.data, explanation->message.length);
    else
        catalog_fill_words(templates[which], &explanation->words, out);
}

static bool add_texts(cJSON *object, const struct listing *listing, const struct explanation *explanation)
{
    static const char *const names[DATA_TEXTS] = {"message", "cause", "remedy"};
    struct buf text = {0};
    bool added = true;
    for (size_t i = 0; i < DATA_TEXTS && added; i++) {
        buf_clear(&text);
        put_data(listing, explanation, i, &text);
        added = !text.failed && cJSON_AddStringToObject(object, names[i], buf_text(&text)) != NULL;
    }
    buf_free(&text);
    return added;
}

static bool add_title(cJSON *object, const char *title)
{
    return (*title != '\0' ? cJSON_AddStringToObject(object, "title", title)
                           : cJSON_AddNullToObject(object, "title")) != NULL;
}

static bool add_lists(cJSON *object, const struct explanation *explanation)
{
    const struct catalog_entry *entry = explanation->entry;
    const enum order_field *list;
    size_t count = fields_of(explanation, &list);
    cJSON *fields = cJSON_AddArrayToObject(object, "fields");
    cJSON *patterns = cJSON_AddArrayToObject(object, "patterns");
    bool added = fields != NULL && patterns != NULL;
    for (size_t i = 0; i < count && added; i++)
        added = cJSON_AddItemToArray(fields, cJSON_CreateString(order_field_name(list[i])));
    for (size_t i = 0; i < entry->pattern_count && added; i++)
        added = cJSON_AddItemToArray(patterns, cJSON_CreateString(entry->patterns[i]));
    return added;
}

static bool fill_object(cJSON *object, const struct listing *listing, const struct explanation *explanation)
{
    const struct catalog_entry *entry = explanation->entry;
    return cJSON_AddStringToObject(object, "code", entry->code) != NULL &&
           cJSON_AddStringToObject(object, "severity", severity_of(entry, CATALOG_EN)) != NULL &&
           add_title(object, entry->texts[listing->language].title) && add_lists(object, explanation) &&
           add_texts(object, listing, explanation);
}

static void write_json(const struct listing *listing, struct buf *out)
{
    cJSON *array = cJSON_CreateArray();
    bool made = array != NULL;
    for (size_t i = 0; i < listing->count && made; i++) {
        cJSON *object = cJSON_CreateObject();
        made = cJSON_AddItemToArray(array, object) && fill_object(object, listing, &listing->list[i]);
    }
    char *text = made ? cJSON_Print(array) : NULL;
    if (text != NULL)
        buf_printf(out, "%s\n", text);
    out->failed = out->failed || text == NULL;
    free(text);
    cJSON_Delete(array);
}

/* Several things in one cell are joined as in a result file. */
static void join(const char *text, struct buf *cell)
{
    if (cell->length > 0)
        buf_append_byte(cell, '|');
    buf_append_text(cell, text);
}

static void write_row(const struct listing *listing, const struct explanation *explanation, struct buf *out)
{
    const struct catalog_entry *entry = explanation->entry;
    struct buf cells[2 + DATA_TEXTS] = {0};
    enum { CELLS = sizeof cells / sizeof *cells };
    const enum order_field *fields;
    size_t count = fields_of(explanation, &fields);
    for (size_t i = 0; i < count; i++)
        join(order_field_name(fields[i]), &cells[0]);
    for (size_t i = 0; i < entry->pattern_count; i++)
        join(entry->patterns[i], &cells[1]);
    for (size_t i = 0; i < DATA_TEXTS; i++)
        put_data(listing, explanation, i, &cells[2 + i]);
    table_put_csv(entry->code, ",", out);
    table_put_csv(severity_of(entry, CATALOG_EN), ",", out);
    table_put_csv(entry->texts[listing->language].title, ",", out);
    for (size_t i = 0; i < CELLS; i++) {
        table_put_csv(buf_text(&cells[i]), i + 1 < CELLS ? "," : "\r\n", out);
        out->failed = out->failed || cells[i].failed;
        buf_free(&cells[i]);
    }
}

static void write_csv(const struct listing *listing, struct buf *out)
{
    buf_append_text(out, "code,severity,title,fields,patterns,message,cause,remedy\r\n");
    for (size_t i = 0; i < listing->count; i++)
        write_row(listing, &listing->list[i], out);
}

/* ---- All of them ---- */

void listing_write(const struct listing *listing, enum atobarai_format format, struct buf *out)
{
    switch (format) {
    case ATOBARAI_TEXT:
        write_text(listing, out);
        break;
    case ATOBARAI_CSV:
        write_csv(listing, out);
        break;
    case ATOBARAI_JSON:
        write_json(listing, out);
        break;
    case ATOBARAI_MARKDOWN:
        write_markdown(listing, out);
        break;
    }
}
