/* run/report.c: see report.h. */
#include "run/report.h"

#include "base/embedded.h"
#include "base/json.h"
#include "run/report_page.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- Texts ---- */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

struct span report_text(const struct report_page *page, const char *group, const char *name)
{
    const char *text = json_text(group != NULL ? member(page->texts, group) : page->texts, name);
    return span_of(text != NULL ? text : "");
}

struct span report_text_at(const struct report_page *page, const char *group, const char *name, int index)
{
    const cJSON *item = cJSON_GetArrayItem(member(member(page->texts, group), name), index);
    return span_of(cJSON_IsString(item) ? item->valuestring : "");
}

void report_time(int64_t second, const char *format, char *text, size_t size)
{
    struct tm local;
    time_t time = (time_t)second;
    if (localtime_r(&time, &local) == NULL || strftime(text, size, format, &local) == 0)
        *text = '\0';
}

/* ---- Small blocks ---- */

void report_table(struct report_page *page, const char *class, const char *group, unsigned numbers)
{
    struct html *html = &page->html;
    int count = cJSON_GetArraySize(member(member(page->texts, group), "headings"));
    html_open_class(html, "table", class);
    html_open(html, "thead");
    html_open(html, "tr");
    for (int i = 0; i < count; i++)
        html_element(html, "th", (numbers >> i & 1) != 0 ? "number" : NULL, report_text_at(page, group, "headings", i));
    html_close(html);
    html_close(html);
    html_open(html, "tbody");
}

void report_table_end(struct report_page *page)
{
    html_close(&page->html);
    html_close(&page->html);
}

/* The name of a file without its folders. */
static struct span name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return span_of(slash != NULL ? slash + 1 : path);
}

static struct span input_name(const struct report_page *page)
{
    const char *input = page->summary->input;
    return strcmp(input, "-") == 0 ? report_text(page, "run", "standard_input") : name_of(input);
}

static void open_section(struct report_page *page, const char *group)
{
    html_open(&page->html, "section");
    html_element(&page->html, "h2", NULL, report_text(page, group, "title"));
}

/* ---- How it went ---- */

/* What the run came to in a sentence, and its class. */
static const char *verdict_of(const struct report_page *page, const char **class)
{
    const struct atobarai_summary *summary = page->summary;
    *class = page->status == ATOBARAI_DONE ? "verdict" : "verdict fix";
    if (page->status == ATOBARAI_INTERRUPTED || page->status == ATOBARAI_UNSENT)
        *class = "verdict unsent";
    switch (page->status) {
    case ATOBARAI_INTERRUPTED:
        return "interrupted";
    case ATOBARAI_UNSENT:
        return "unsent";
    case ATOBARAI_DONE:
        return page->work->sends && !summary->dry_run ? "done" : "checked";
    default:
        return "fix";
    }
}

static void put_head(struct report_page *page)
{
    struct html *html = &page->html;
    const char *class;
    const char *verdict = verdict_of(page, &class);
    char time[32];
    report_time(page->work->now, "%Y-%m-%d %H:%M", time, sizeof time);
    html_open(html, "header");
    html_open(html, "h1");
    html_text(html, report_text(page, "operations", page->summary->command));
    html_text(html, span_of(" "));
    html_text(html, report_text(page, NULL, "title"));
    html_close(html);
    html_open_class(html, "p", "what");
    html_foreign(html, input_name(page));
    html_text(html, span_of(" "));
    html_element(html, "span", NULL, span_of(time));
    html_close(html);
    if (page->summary->dry_run)
        html_element(html, "p", "notice", report_text(page, NULL, "dry_run"));
    else if (page->work->sends && page->work->options->sandbox)
        html_element(html, "p", "notice", report_text(page, NULL, "sandbox"));
    html_element(html, "p", class,
                 page->summary->orders > 0 ? report_text(page, "verdicts", verdict) : report_text(page, NULL, "none"));
    html_close(html);
}

static void put_counts(struct report_page *page)
{
    const struct atobarai_summary *summary = page->summary;
    const struct {
        const char *name;
        const char *class;
        uint64_t number;
        bool shown;
    } counts[] = {
        {"orders", "all", summary->orders, true},
        {page->work->sends ? "succeeded" : "checked", "done", summary->succeeded, true},
        {"failed", "failed", summary->failed, page->work->sends},
        {"invalid", "invalid", summary->invalid, true},
        {summary->dry_run ? "planned" : "unsent", "unsent", summary->unsent, page->work->sends},
    };
    struct html *html = &page->html;
    html_open_class(html, "dl", "counts");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (!counts[i].shown)
            continue;
        html_open_class(html, "div", counts[i].class);
        html_element(html, "dt", NULL, report_text(page, "counts", counts[i].name));
        html_open(html, "dd");
        html_number(html, counts[i].number);
        html_close(html);
        html_close(html);
    }
    html_close(html);
}

/* ---- What was run ---- */

static void open_fact(struct report_page *page, const char *group, const char *name)
{
    html_open(&page->html, "div");
    html_element(&page->html, "dt", NULL, report_text(page, group, name));
    html_open(&page->html, "dd");
}

static void close_fact(struct report_page *page)
{
    html_close(&page->html);
    html_close(&page->html);
}

static void put_fact(struct report_page *page, const char *name, struct span value)
{
    open_fact(page, "run", name);
    html_foreign(&page->html, value);
    close_fact(page);
}

static void put_number(struct report_page *page, const char *name, uint64_t number)
{
    open_fact(page, "run", name);
    html_number(&page->html, number);
    close_fact(page);
}

static void put_elapsed(struct report_page *page)
{
    char text[32];
    struct html *html = &page->html;
    uint64_t tenths = (page->summary->elapsed_ms + 50) / 100;
    open_fact(page, "run", "elapsed");
    if (tenths >= 600) {
        html_number(html, tenths / 600);
        html_text(html, report_text(page, NULL, "minutes"));
        tenths %= 600;
    }
    snprintf(text, sizeof text, "%u.%u", (unsigned)(tenths / 10), (unsigned)(tenths % 10));
    html_text(html, span_of(text));
    html_text(html, report_text(page, NULL, "seconds"));
    close_fact(page);
}

static void put_run(struct report_page *page)
{
    const struct atobarai_summary *summary = page->summary;
    char time[32];
    report_time(page->work->now, "%Y-%m-%d %H:%M:%S", time, sizeof time);
    open_section(page, "run");
    html_open_class(&page->html, "dl", "facts");
    put_fact(page, "command", span_of(summary->command));
    put_fact(page, "input", input_name(page));
    put_fact(page, "began", span_of(time));
    put_elapsed(page);
    put_fact(page, "encoding", span_of(summary->encoding));
    put_number(page, "rows", summary->rows);
    put_number(page, "skipped_rows", summary->skipped_rows);
    if (page->work->sends)
        put_number(page, "sent", summary->sent);
    put_number(page, "exit", (uint64_t)page->status);
    html_close(&page->html);
    html_close(&page->html);
}

/* ---- Links ---- */

/* The folder of `path` without links, and in `name` what the file is called there; both owned. NULL: not to be told. */
static char *folder_of(const char *path, char **name)
{
    char *folder_copy = strdup(path);
    char *base_copy = strdup(path);
    bool copied = folder_copy != NULL && base_copy != NULL;
    char *folder = copied ? realpath(dirname(folder_copy), NULL) : NULL;
    *name = copied ? strdup(basename(base_copy)) : NULL;
    free(folder_copy);
    free(base_copy);
    return folder;
}

/* Append the way from the folder `from` to the folder `to`, both whole paths; "" where they are one. */
static void put_way(const char *from, const char *to, struct buf *out)
{
    size_t same = 0; /* bytes of both that are the same folders, the / behind them included */
    size_t i = 0;
    from += strcmp(from, "/") == 0;
    to += strcmp(to, "/") == 0;
    for (; from[i] != '\0' && from[i] == to[i]; i++)
        if (from[i] == '/')
            same = i + 1;
    if ((from[i] == '\0' || from[i] == '/') && (to[i] == '\0' || to[i] == '/'))
        same = i + (from[i] == '/' || to[i] == '/');
    for (const char *rest = strlen(from) > same ? from + same : ""; *rest != '\0';) {
        const char *slash = strchr(rest, '/');
        buf_append_text(out, "../");
        rest = slash != NULL ? slash + 1 : "";
    }
    if (strlen(to) > same)
        buf_printf(out, "%s/", to + same);
}

/* A link to the file `path`, as seen from the page. */
static void put_link(struct report_page *page, const char *path)
{
    char *name = NULL;
    char *own_name = NULL;
    char *folder = folder_of(path, &name);
    char *own = folder_of(page->work->options->report, &own_name);
    struct buf way = {0};
    if (folder != NULL && own != NULL && name != NULL) {
        put_way(own, folder, &way);
        buf_append_text(&way, name);
        html_link(&page->html, (struct span){buf_text(&way), way.length}, span_of(name));
    } else {
        html_foreign(&page->html, name_of(path));
    }
    page->html.text.failed = page->html.text.failed || way.failed;
    buf_free(&way);
    free(folder);
    free(own);
    free(name);
    free(own_name);
}

static void put_file(struct report_page *page, const char *name, const char *path)
{
    if (path == NULL)
        return;
    open_fact(page, "files", name);
    if (strcmp(path, "-") == 0)
        html_text(&page->html, report_text(page, "files", "standard_output"));
    else
        put_link(page, path);
    close_fact(page);
}

static void put_files(struct report_page *page)
{
    if (page->summary->output == NULL && page->summary->xlsx == NULL)
        return;
    open_section(page, "files");
    html_open_class(&page->html, "dl", "facts");
    put_file(page, "output", page->summary->output);
    put_file(page, "xlsx", page->summary->xlsx);
    html_close(&page->html);
    html_close(&page->html);
}

/* ---- Statuses ---- */

static void put_statuses(struct report_page *page, const cJSON *guide)
{
    struct html *html = &page->html;
    uint64_t orders = 0;
    for (size_t i = 0; i < ATOBARAI_STATUSES; i++)
        orders += page->summary->by_status[i].orders;
    if (orders == 0)
        return;
    open_section(page, "statuses");
    report_table(page, "statuses", "statuses", 2);
    for (size_t i = 0; i < ATOBARAI_STATUSES; i++) {
        const char *name = page->summary->by_status[i].name;
        const cJSON *next = cJSON_GetArrayItem(member(member(guide, "statuses"), name), 1);
        if (page->summary->by_status[i].orders == 0)
            continue;
        html_open(html, "tr");
        html_element(html, "td", NULL, span_of(name));
        html_open_class(html, "td", "number");
        html_number(html, page->summary->by_status[i].orders);
        html_close(html);
        html_element(html, "td", NULL, span_of(cJSON_IsString(next) ? next->valuestring : ""));
        html_close(html);
    }
    report_table_end(page);
    html_close(html);
}

/* ---- The page ---- */

static void put_title(const struct report_page *page, struct buf *title)
{
    struct span operation = report_text(page, "operations", page->summary->command);
    struct span words = report_text(page, NULL, "title");
    struct span name = input_name(page);
    buf_printf(title, "%.*s %.*s ", (int)operation.length, operation.data, (int)words.length, words.data);
    buf_append(title, name.data, name.length);
}

static void put_foot(struct report_page *page)
{
    html_open(&page->html, "footer");
    html_element(&page->html, "p", NULL,
                 report_text(page, "foot", page->work->options->report_details ? "details" : "plain"));
    html_element(&page->html, "p", NULL, span_of("atobarai " ATOBARAI_VERSION));
    html_close(&page->html);
}

static bool compose(struct report_page *page, const cJSON *guide, struct error *error)
{
    struct html *html = &page->html;
    struct buf title = {0};
    put_title(page, &title);
    html_begin(html, "ja", (struct span){buf_text(&title), title.length}, embedded_report_style);
    html->text.failed = html->text.failed || title.failed;
    buf_free(&title);
    put_head(page);
    put_counts(page);
    put_files(page);
    put_statuses(page, guide);
    if (!report_put_errors(page) || !report_put_orders(page))
        return error_set_memory(error);
    if (!report_put_runs(page, error))
        return false;
    put_run(page);
    put_foot(page);
    html_end(html);
    return !html->text.failed || error_set_memory(error);
}

bool report_write(const struct work *work, const struct atobarai_summary *summary, enum atobarai_status status,
                  struct ledger *ledger, struct csv_target *target, struct error *error)
{
    cJSON *texts = json_parse(span_of(embedded_report));
    cJSON *workbook = json_parse(span_of(embedded_workbook));
    struct report_page page = {.work = work, .summary = summary, .status = status, .ledger = ledger, .texts = texts};
    bool made =
        texts != NULL && workbook != NULL ? compose(&page, member(workbook, "guide"), error) : error_set_memory(error);
    made = made && csv_target_write(target, (struct span){buf_text(&page.html.text), page.html.text.length}, error);
    html_free(&page.html);
    cJSON_Delete(texts);
    cJSON_Delete(workbook);
    if (made)
        return csv_target_commit(target, error);
    csv_target_discard(target);
    return false;
}
