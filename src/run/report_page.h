/* run/report_page.h: what the parts of the page of run/report.h share. For nobody else. */
#ifndef RUN_REPORT_PAGE_H
#define RUN_REPORT_PAGE_H

#include "report/html.h"
#include "run/report.h"

#include <cjson/cJSON.h>

/* All but the page is borrowed. */
struct report_page {
    struct html html;
    const struct work *work;
    const struct atobarai_summary *summary;
    enum atobarai_status status;
    struct ledger *ledger; /* NULL: none */
    const cJSON *texts;    /* schemas/report.json */
};

/* A text of the data, "" where it is missing: a test has looked at them. `group` NULL: at its top. */
struct span report_text(const struct report_page *page, const char *group, const char *name);

/* The text of a list. */
struct span report_text_at(const struct report_page *page, const char *group, const char *name, int index);

/* A table whose first row is the list `headings` of `group`, open for rows; the columns of `numbers` (bits) are such.
 */
void report_table(struct report_page *page, const char *class, const char *group, unsigned numbers);
void report_table_end(struct report_page *page);

/* A second as local time; "" where that cannot be told. */
void report_time(int64_t second, const char *format, char *text, size_t size);

/* Errors by kind, and the orders to fix (run/report_orders.c). False: out of memory. */
bool report_put_errors(struct report_page *page);
bool report_put_orders(struct report_page *page);

/* The chart (run/report_runs.c). False: what the ledger says. */
bool report_put_runs(struct report_page *page, struct error *error);

#endif
