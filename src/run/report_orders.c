/* run/report_orders.c: errors by kind, and the orders to fix; see report_page.h. */
#include "run/report_page.h"

#include "order/service_codes.h"
#include "order/value.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>

/* What stands for a text that is not to be shown, or not known. */
#define WITHHELD "…"

/* Where addresses in the catalogue's texts lead. */
#define MANUAL "https://www.hunglead.com/"

/* The number of a row as a spreadsheet shows it. */
static void put_row(struct report_page *page, uint32_t row)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu32, row);
    html_text(&page->html, span_of(number));
}

/* ---- Errors by kind ---- */

/* A text of an entry, about no order: numbers are N, quotes are left out. */
static void put_template(struct report_page *page, const struct catalog_entry *entry, const char *template)
{
    const struct work *work = page->work;
    struct buf columns = {0};
    struct buf text = {0};
    for (size_t i = 0; i < entry->field_count; i++) {
        size_t column = order_layout_column_to_fix(&work->layout, &work->schema, entry->fields[i]);
        if (column == ORDER_NO_COLUMN)
            continue;
        struct span heading = order_layout_heading(&work->layout, &work->schema, column);
        buf_append_text(&columns, columns.length > 0 ? "、" : "");
        buf_append(&columns, heading.data, heading.length);
    }
    struct catalog_words words = {.of = {[CATALOG_ITEM] = span_of("N"), [CATALOG_ROW] = span_of("N")}};
    for (size_t i = CATALOG_OTHER; i < CATALOG_PLACES; i++)
        words.of[i] = span_of(WITHHELD);
    words.of[CATALOG_COLUMN] =
        columns.length > 0 ? (struct span){buf_text(&columns), columns.length} : report_text(page, "errors", "column");
    catalog_fill_words(template, &words, &text);
    html_text_with_links(&page->html, (struct span){buf_text(&text), text.length}, MANUAL);
    page->html.text.failed = page->html.text.failed || columns.failed || text.failed;
    buf_free(&columns);
    buf_free(&text);
}

static void put_part(struct report_page *page, const struct catalog_entry *entry, const char *name,
                     const char *template)
{
    struct html *html = &page->html;
    html_open(html, "div");
    html_element(html, "dt", NULL, report_text(page, "errors", name));
    html_open(html, "dd");
    put_template(page, entry, template);
    html_close(html);
    html_close(html);
}

static void put_kind(struct report_page *page, const struct atobarai_error_count *error)
{
    struct html *html = &page->html;
    const struct catalog_entry *entry = catalog_find(page->work->catalog, error->code);
    html_open_class(html, "div", error->warning ? "kind warning" : "kind");
    html_open(html, "h3");
    if (error->warning) {
        html_text(html, report_text(page, "errors", "warning"));
        html_text(html, span_of(": "));
    }
    html_text(html, span_of(error->title[ATOBARAI_JA]));
    html_text(html, span_of(" "));
    html_element(html, "code", NULL, span_of(error->code));
    html_close(html);
    html_open(html, "p");
    html_number(html, error->orders);
    html_text(html, report_text(page, "errors", "orders"));
    html_text(html, span_of("、"));
    html_text(html, report_text_at(page, "errors", "first_row", 0));
    put_row(page, error->first_row);
    html_text(html, report_text_at(page, "errors", "first_row", 1));
    html_close(html);
    if (entry != NULL) {
        html_open(html, "dl");
        put_part(page, entry, "cause", entry->texts[CATALOG_JA].cause);
        put_part(page, entry, "remedy", entry->texts[CATALOG_JA].remedy);
        html_close(html);
    }
    html_close(html);
}

bool report_put_errors(struct report_page *page)
{
    if (page->summary->by_error_count == 0)
        return true;
    html_open(&page->html, "section");
    html_element(&page->html, "h2", NULL, report_text(page, "errors", "title"));
    for (size_t i = 0; i < page->summary->by_error_count; i++)
        put_kind(page, &page->summary->by_error[i]);
    html_close(&page->html);
    return !page->html.text.failed;
}

/* ---- Orders to fix ---- */

/* The orders to fix, one by one. */
struct list {
    struct report_page *page;
    struct result_source source; /* for the columns of a finding */
    struct result_marks marks;
    struct buf columns;
    struct buf text;
    size_t rows;
};

/* Which details of a code are a limit, a row, a place or the id of an order, and nothing that a buyer has written: bit
 * i is {i + 1}. */
static unsigned open_details(const char *code)
{
    enum { FIRST = 1, SECOND = 2, THIRD = 4 };
    static const struct {
        const char *code;
        unsigned details;
    } known[] = {
        {"DAMAGED_ROW_NEAR", FIRST},       {"GAIJI", FIRST},
        {"KURONEKO_ADDRESS_LONG", SECOND}, {"KURONEKO_AMOUNT", SECOND},
        {"KURONEKO_DELIVERIES", SECOND},   {"KURONEKO_TOO_LONG", SECOND},
        {"MALL_NUMBER_TWICE", FIRST},      {"NUMBER_RANGE", SECOND | THIRD},
        {"ORDER_ID_DAMAGED", FIRST},       {"SERVICE_LENGTH", THIRD},
        {"SERVICE_TRACKING_USED", THIRD},  {"TEXT_TOO_LONG", SECOND},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(code, known[i].code) == 0)
            return known[i].details;
    return 0;
}

/* Digits, and what stands between several of them. Whoever changes what a detail is shows no name by it. */
static bool is_number(struct span detail)
{
    static const char *const between[] = {",", "-", "、", "…"};
    bool known = true;
    while (detail.length > 0 && known) {
        size_t taken = detail.data[0] >= '0' && detail.data[0] <= '9';
        for (size_t i = 0; i < sizeof between / sizeof *between && taken == 0; i++)
            if (detail.length >= strlen(between[i]) && memcmp(detail.data, between[i], strlen(between[i])) == 0)
                taken = strlen(between[i]);
        known = taken > 0;
        detail = (struct span){detail.data + taken, detail.length - taken};
    }
    return known;
}

/* Whether the detail `index` of a code may be shown to anybody. */
static bool is_open(const char *code, size_t index, struct span detail)
{
    struct service_code known;
    return ((open_details(code) >> index & 1) != 0 && is_number(detail)) || service_code_find(detail, &known);
}

/* Fill `template` for a finding into `list->text`. */
static void fill(struct list *list, const struct finding *finding, uint32_t row, const char *template)
{
    char item[24];
    char number[24];
    char other[24];
    bool all = list->page->work->options->report_details;
    snprintf(item, sizeof item, "%u", (unsigned)finding->item);
    snprintf(number, sizeof number, "%" PRIu32, row);
    snprintf(other, sizeof other, "%" PRIu32, finding->other);
    struct catalog_words words = {
        .of = {[CATALOG_ITEM] = span_of(item),
               [CATALOG_ROW] = span_of(number),
               [CATALOG_OTHER] = span_of(finding->other > 0 ? other : WITHHELD),
               [CATALOG_COLUMN] = list->columns.length > 0
                                      ? (struct span){buf_text(&list->columns), list->columns.length}
                                      : span_of(WITHHELD),
               [CATALOG_PATH] = span_of(WITHHELD)}};
    findings_args(&list->page->work->findings, finding, words.of + CATALOG_ARG1);
    for (size_t i = 0; i < FINDING_ARGS && !all; i++)
        if (!is_open(finding->code, i, words.of[CATALOG_ARG1 + i]))
            words.of[CATALOG_ARG1 + i] = span_of(WITHHELD);
    buf_clear(&list->text);
    catalog_fill_words(template, &words, &list->text);
}

static struct span filled(const struct list *list)
{
    return (struct span){buf_text(&list->text), list->text.length};
}

/* The cell as a spreadsheet calls it: A1, AB12. */
static void put_cell(struct list *list, size_t cell, uint32_t row)
{
    char letters[16];
    size_t at = sizeof letters;
    letters[--at] = '\0';
    for (size_t number = cell + 1; number > 0 && at > 0; number = (number - 1) / 26)
        letters[--at] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(number - 1) % 26];
    buf_clear(&list->text);
    buf_printf(&list->text, "%s%" PRIu32, letters + at, row);
    html_text(&list->page->html, filled(list));
}

/* The cells that the marks are on, and their headings. */
static void put_cells(struct list *list, uint32_t row)
{
    struct html *html = &list->page->html;
    const struct result_mark *marks = (const struct result_mark *)(const void *)buf_text(&list->marks.list);
    size_t count = list->marks.list.length / sizeof *marks;
    html_open(html, "td");
    for (size_t i = 0; i < count; i++) {
        put_cell(list, marks[i].cell, row);
        html_text(html, span_of(i + 1 < count ? "、" : " "));
    }
    if (list->columns.length > 0)
        html_foreign(html, (struct span){buf_text(&list->columns), list->columns.length});
    html_close(html);
}

/* The id, where it is one for sure: on a damaged row it may be somebody's name. */
static void put_id(struct list *list, const struct book_order *order)
{
    const struct work *work = list->page->work;
    struct span id = span_of(book_id(&work->book, order));
    bool sure = (order->sound && value_is_digits(id)) || (work->options->report_details && id.length > 0);
    html_open(&list->page->html, "td");
    if (sure)
        html_foreign(&list->page->html, id);
    else
        html_text(&list->page->html, report_text(list->page, "orders", "nameless"));
    html_close(&list->page->html);
}

static void put_finding(struct list *list, const struct book_order *order, const struct finding *finding)
{
    enum { LONGEST = 1000 }; /* characters of a message: the service may have written a novel */
    struct html *html = &list->page->html;
    const struct catalog_entry *entry = catalog_find(list->page->work->catalog, finding->code);
    uint32_t row = finding->row != 0 ? finding->row : book_row(&list->page->work->book, order->first).number;
    if (entry == NULL)
        return;
    const struct catalog_text *texts = &entry->texts[CATALOG_JA];
    list->rows++;
    buf_clear(&list->columns);
    buf_clear(&list->marks.list);
    result_put_columns(&list->source, finding, entry, &list->columns);
    html_open(html, "tr");
    put_id(list, order);
    html_open(html, "td");
    put_row(list->page, row);
    html_text(html, report_text(list->page, "orders", "row"));
    html_close(html);
    put_cells(list, row);
    html_open(html, "td");
    html_element(html, "span", "title", span_of(texts->title));
    if (list->page->work->options->report_details) {
        fill(list, finding, row, texts->message);
        struct span shown = utf8_beginning(filled(list), LONGEST);
        html_foreign(html, shown);
        if (shown.length < list->text.length)
            html_text(html, span_of(WITHHELD));
    }
    html_text(html, span_of(" "));
    html_element(html, "code", NULL, span_of(finding->code));
    html_close(html);
    fill(list, finding, row, texts->remedy);
    html_open(html, "td");
    html_text_with_links(html, utf8_beginning(filled(list), LONGEST), MANUAL);
    html_close(html);
    html_close(html);
}

/* What holds the order back: the service's answer, or else what was found here. */
static void put_order(struct list *list, const struct book_order *order)
{
    const struct finding *all = list->page->work->findings.list;
    if (order->outcome != BOOK_NONE) {
        put_finding(list, order, &all[order->outcome]);
        return;
    }
    for (size_t i = 0; i < order->finding_count; i++)
        if (!all[order->findings + i].warning)
            put_finding(list, order, &all[order->findings + i]);
}

static bool is_to_fix(const struct book_order *order)
{
    return order->state == BOOK_INVALID || order->state == BOOK_REFUSED;
}

static void put_list(struct list *list)
{
    struct report_page *page = list->page;
    const struct book *book = &page->work->book;
    uint64_t more = 0;
    report_table(page, "orders", "orders", 0);
    for (size_t i = 0; i < book->order_count; i++) {
        if (!is_to_fix(&book->orders[i]))
            continue;
        if (list->rows < REPORT_ROWS_MAX)
            put_order(list, &book->orders[i]);
        else
            more++;
    }
    report_table_end(page);
    if (more == 0)
        return;
    html_open(&page->html, "p");
    html_text(&page->html, report_text_at(page, "orders", "more", 0));
    html_number(&page->html, more);
    html_text(&page->html, report_text_at(page, "orders", "more", 1));
    html_close(&page->html);
}

bool report_put_orders(struct report_page *page)
{
    struct list list = {.page = page, .source = {.columns = page->work->columns, .marks = &list.marks}};
    if (page->summary->invalid + page->summary->failed == 0)
        return true;
    html_open(&page->html, "section");
    html_element(&page->html, "h2", NULL, report_text(page, "orders", "title"));
    put_list(&list);
    html_close(&page->html);
    bool failed = page->html.text.failed || list.marks.list.failed || list.columns.failed || list.text.failed;
    buf_free(&list.marks.list);
    buf_free(&list.columns);
    buf_free(&list.text);
    return !failed;
}
