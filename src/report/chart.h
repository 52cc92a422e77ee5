/* report/chart.h: a chart of bars that are made up of parts, as SVG within a page. It knows nothing of orders. */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "report/html.h"

enum { CHART_PARTS_MAX = 8 };

/* Texts are borrowed. */
struct chart_bar {
    const char *name;  /* stands below it, where there is room; short */
    struct span title; /* tells what it is when somebody points at it */
    uint64_t parts[CHART_PARTS_MAX];
};

/* Draw bars from left to right, the last one at the right edge; room is for `room` of them. Each part, from below, has
 * the class of its place in `classes`. `title` says what the chart is about to those who do not see it. */
void chart_draw(struct html *html, struct span title, const char *const *classes, size_t parts,
                const struct chart_bar *bars, size_t count, size_t room);

#endif
