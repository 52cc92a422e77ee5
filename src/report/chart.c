/* report/chart.c: see chart.h. */
#include "report/chart.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* In the units of the drawing, which is as wide as a phone in pixels. */
enum {
    WIDTH = 358,
    HEIGHT = 170,
    LEFT = 34, /* of it numbers */
    TOP = 8,
    BOTTOM = 148, /* where bars stand */
    NAMES = 163,  /* the line on which their names are written */
    NAME_WIDTH = 40,
    SCALE = 100, /* places are in hundredths */
};

/* The least of 1, 2, 4, 6, 8, 10, 20, 40, … that is not below `most`: half of it is a whole number, unless it is 1. */
static uint64_t rounded_up(uint64_t most)
{
    uint64_t ten = 1;
    for (;; ten *= 10) {
        static const uint64_t steps[] = {1, 2, 4, 6, 8};
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            if (steps[i] * ten >= most || ten > UINT64_MAX / 100)
                return steps[i] * ten;
    }
}

static uint64_t sum_of(const struct chart_bar *bar, size_t parts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < parts; i++)
        sum += bar->parts[i];
    return sum;
}

/* An attribute in hundredths of a unit. */
static void put_place(struct html *html, const char *name, int64_t hundredths)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64 ".%02" PRId64, hundredths / SCALE, hundredths % SCALE);
    html_attribute(html, name, span_of(text));
}

/* A line across the chart at `value`, with the number. */
static void draw_line(struct html *html, uint64_t value, uint64_t top)
{
    int64_t y = BOTTOM - (int64_t)((double)(BOTTOM - TOP) * (double)value / (double)top);
    html_open_class(html, "line", value == 0 ? "base" : "grid");
    html_attribute_number(html, "x1", LEFT);
    html_attribute_number(html, "x2", WIDTH);
    html_attribute_number(html, "y1", y);
    html_attribute_number(html, "y2", y);
    html_close(html);
    html_open_class(html, "text", "scale");
    html_attribute_number(html, "x", LEFT - 4);
    html_attribute_number(html, "y", y + 3);
    html_number(html, value);
    html_close(html);
}

static void draw_bar(struct html *html, const char *const *classes, size_t parts, const struct chart_bar *bar,
                     int64_t left, int64_t width, uint64_t top)
{
    const double height = (double)(BOTTOM - TOP) * SCALE;
    uint64_t below = 0;
    html_open(html, "g");
    html_element(html, "title", NULL, bar->title);
    for (size_t i = 0; i < parts; i++) {
        int64_t begin = (int64_t)(height * (double)below / (double)top);
        below += bar->parts[i];
        int64_t end = (int64_t)(height * (double)below / (double)top);
        if (bar->parts[i] == 0)
            continue;
        if (end - begin < SCALE) /* what is there is seen */
            end = begin + SCALE;
        html_open_class(html, "rect", classes[i]);
        put_place(html, "x", left);
        put_place(html, "width", width);
        put_place(html, "y", (int64_t)BOTTOM * SCALE - end);
        put_place(html, "height", end - begin);
        html_close(html);
    }
    html_close(html);
}

void chart_draw(struct html *html, struct span title, const char *const *classes, size_t parts,
                const struct chart_bar *bars, size_t count, size_t room)
{
    assert(parts <= CHART_PARTS_MAX && count <= room && count > 0);
    char box[48];
    uint64_t most = 1;
    for (size_t i = 0; i < count; i++)
        most = sum_of(&bars[i], parts) > most ? sum_of(&bars[i], parts) : most;
    uint64_t top = rounded_up(most);
    int64_t step = (int64_t)(WIDTH - LEFT) * SCALE / (int64_t)room;
    snprintf(box, sizeof box, "0 0 %d %d", WIDTH, HEIGHT);
    html_open(html, "svg");
    html_attribute(html, "viewBox", span_of(box));
    html_attribute(html, "role", span_of("img"));
    html_element(html, "title", NULL, title);
    draw_line(html, 0, top);
    if (top > 1)
        draw_line(html, top / 2, top);
    draw_line(html, top, top);
    for (size_t i = 0; i < count; i++) {
        int64_t left = (int64_t)LEFT * SCALE + step * (int64_t)(room - count + i);
        draw_bar(html, classes, parts, &bars[i], left + step / 8, step - step / 4, top);
    }
    /* Names are wider than bars: from the last one on, every so many. */
    size_t every = (size_t)(((int64_t)NAME_WIDTH * SCALE + step - 1) / step);
    for (size_t i = count; i > 0; i = i > every ? i - every : 0) {
        html_open_class(html, "text", "name");
        put_place(html, "x", (int64_t)LEFT * SCALE + step * (int64_t)(room - count + i)); /* where the bar ends */
        html_attribute_number(html, "y", NAMES);
        html_text(html, span_of(bars[i - 1].name));
        html_close(html);
    }
    html_close(html);
}
