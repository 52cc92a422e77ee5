/* run/report_runs.c: the last runs as a chart and a table; see report_page.h. */
#include "run/report_page.h"

#include "report/chart.h"

#include <inttypes.h>
#include <stdio.h>

enum { PARTS = 4 };

static const char *const classes[PARTS] = {"done", "failed", "invalid", "unsent"};

/* What the chart borrows for one of its bars. */
struct texts {
    char name[16];
    struct buf title;
};

struct ledger_run report_run(const struct work *work, const struct atobarai_summary *summary,
                             enum atobarai_status status)
{
    struct ledger_run run = {.began = work->now,
                             .elapsed_ms = summary->elapsed_ms,
                             .rows = summary->rows,
                             .orders = summary->orders,
                             .succeeded = summary->succeeded,
                             .failed = summary->failed,
                             .invalid = summary->invalid,
                             .unsent = summary->unsent,
                             .exit = (int)status};
    snprintf(run.command, sizeof run.command, "%s", summary->command);
    return run;
}

static void fill_bar(struct report_page *page, const struct ledger_run *run, struct chart_bar *bar, struct texts *texts)
{
    const uint64_t numbers[PARTS] = {run->succeeded, run->failed, run->invalid, run->unsent};
    char time[32];
    report_time(run->began, "%m/%d", texts->name, sizeof texts->name);
    report_time(run->began, "%Y-%m-%d %H:%M", time, sizeof time);
    buf_printf(&texts->title, "%s %s", time, run->command);
    *bar = (struct chart_bar){.name = texts->name};
    for (int i = 0; i < PARTS; i++) {
        struct span part = report_text_at(page, "runs", "parts", i);
        buf_append_text(&texts->title, i > 0 ? "、" : ": ");
        buf_append(&texts->title, part.data, part.length);
        buf_printf(&texts->title, " %" PRIu64, numbers[i]);
        bar->parts[i] = numbers[i];
    }
    bar->title = (struct span){buf_text(&texts->title), texts->title.length};
    page->html.text.failed = page->html.text.failed || texts->title.failed;
}

static void put_legend(struct report_page *page)
{
    html_open_class(&page->html, "ul", "legend");
    for (int i = 0; i < PARTS; i++) {
        html_open(&page->html, "li");
        html_element(&page->html, "span", classes[i], span_of(""));
        html_text(&page->html, report_text_at(page, "runs", "parts", i));
        html_close(&page->html);
    }
    html_close(&page->html);
}

static void put_chart(struct report_page *page, const struct ledger_run *runs, size_t count)
{
    struct chart_bar bars[REPORT_RUNS];
    struct texts texts[REPORT_RUNS] = {0};
    for (size_t i = 0; i < count; i++)
        fill_bar(page, &runs[i], &bars[i], &texts[i]);
    chart_draw(&page->html, report_text(page, "runs", "chart"), classes, PARTS, bars, count, REPORT_RUNS);
    for (size_t i = 0; i < count; i++)
        buf_free(&texts[i].title);
}

static void put_numbers(struct report_page *page, const struct ledger_run *runs, size_t count)
{
    struct html *html = &page->html;
    html_open(html, "details");
    html_element(html, "summary", NULL, report_text(page, "runs", "numbers"));
    report_table(page, "runs", "runs", 0x3C);
    for (size_t i = count; i > 0; i--) {
        const struct ledger_run *run = &runs[i - 1];
        const uint64_t numbers[PARTS] = {run->succeeded, run->failed, run->invalid, run->unsent};
        char time[32];
        report_time(run->began, "%Y-%m-%d %H:%M", time, sizeof time);
        html_open(html, "tr");
        html_element(html, "td", NULL, span_of(time));
        html_element(html, "td", NULL, span_of(run->command));
        for (size_t part = 0; part < PARTS; part++) {
            html_open_class(html, "td", "number");
            html_number(html, numbers[part]);
            html_close(html);
        }
        html_close(html);
    }
    report_table_end(page);
    html_close(html);
}

bool report_put_runs(struct report_page *page, struct error *error)
{
    struct ledger_run runs[REPORT_RUNS];
    size_t count = 0;
    bool counts = !page->summary->dry_run; /* a rehearsal is no run */
    if (page->ledger == NULL)
        return true;
    if (!ledger_runs(page->ledger, REPORT_RUNS - counts, runs, &count, error))
        return false;
    if (counts)
        runs[count++] = report_run(page->work, page->summary, page->status);
    if (count == 0)
        return true;
    html_open(&page->html, "section");
    html_element(&page->html, "h2", NULL, report_text(page, "runs", "title"));
    html_element(&page->html, "p", NULL, report_text(page, "runs", "chart"));
    put_chart(page, runs, count);
    put_legend(page);
    put_numbers(page, runs, count);
    html_close(&page->html);
    return true;
}
