/* order/lines.c: see lines.h. */
#include "order/lines.h"

#include "base/hash.h"
#include "order/value.h"

#include <stdlib.h>

/* Whether all cells that the schema knows are the same. */
static bool same_cells(const struct judging *judging, const struct order_row *a, const struct order_row *b)
{
    for (size_t column = 0; column < judging->columns->schema->count; column++)
        if (!span_equal(a->values[column], b->values[column]))
            return false;
    return true;
}

static void add_twice(struct judging *judging, const char *code, const struct order_row *earlier,
                      const struct order_row *later, struct span line_id)
{
    struct buf id = {0};
    const char *args[FINDING_ARGS] = {judging_excerpt(judging, line_id, &id)};
    judging->row = later;
    judging->item = (size_t)(later - judging->order->rows);
    judging_add_other(judging, code, order_layout_column(judging->columns->layout, ORDER_FIELD_ITEM_LINE_ID),
                      earlier->number, args);
    judging->row = NULL;
    buf_free(&id);
}

/* A line and what tells it from the others. */
struct line {
    struct span id; /* 明細ID; empty where it has none */
    uint64_t hash;  /* of all cells; 0 as long as no other line has the id */
    const struct order_row *row;
};

static uint64_t hash_cells(const struct judging *judging, const struct order_row *row)
{
    uint64_t hash = HASH_BEGIN;
    for (size_t column = 0; column < judging->columns->schema->count; column++)
        hash = hash_add(hash, row->values[column]);
    return hash;
}

/* By 明細ID, then by what all cells say, then by row. */
static int compare_lines(const void *a, const void *b)
{
    const struct line *left = a;
    const struct line *right = b;
    size_t shorter = left->id.length < right->id.length ? left->id.length : right->id.length;
    int order = shorter > 0 ? memcmp(left->id.data, right->id.data, shorter) : 0;
    if (order != 0)
        return order;
    if (left->id.length != right->id.length)
        return left->id.length < right->id.length ? -1 : 1;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->row->number < right->row->number ? -1 : left->row->number > right->row->number;
}

/* Lines of one 明細ID, or those without: a copy is told of the row before it that says the same, any other line of the
 * first row that has its 明細ID. */
static void check_same_id(struct judging *judging, struct line *lines, size_t count)
{
    bool has_id = lines[0].id.length > 0;
    const struct order_row *first = lines[0].row; /* as long as they are in the order of their rows */
    for (size_t i = 0; i < count; i++)
        lines[i].hash = hash_cells(judging, lines[i].row);
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++) {
        const struct order_row *row = lines[i].row;
        if (i > 0 && lines[i].hash == lines[i - 1].hash && same_cells(judging, lines[i - 1].row, row))
            add_twice(judging, has_id ? "ROW_DUPLICATE" : "ROW_REPEATED", lines[i - 1].row, row, lines[i].id);
        else if (has_id && row != first)
            add_twice(judging, "LINE_ID_DUPLICATE", first, row, lines[i].id);
    }
}

/* Those lines that can be told from others; how many. */
static size_t find_lines(const struct judging *judging, struct line lines[ORDER_LINES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < judging->order->count; i++) {
        const struct order_row *row = &judging->order->rows[i];
        struct span id =
            row->damaged ? (struct span){NULL, 0} : order_value(judging->columns, row, ORDER_FIELD_ITEM_LINE_ID);
        bool has_id = id.data != NULL && !value_is_blank(id);
        if (row->damaged || (has_id && value_is_rounded(id))) /* that one says nothing */
            continue;
        lines[count++] = (struct line){has_id ? id : (struct span){"", 0}, 0, row};
    }
    return count;
}

/* Lines that could be one and the same stand side by side when they are sorted. */
void lines_check(struct judging *judging)
{
    struct line lines[ORDER_LINES_MAX];
    size_t count = find_lines(judging, lines);
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t begin = 0, end = 0; begin < count; begin = end) {
        while (end < count && span_equal(lines[end].id, lines[begin].id))
            end++;
        if (end - begin > 1)
            check_same_id(judging, lines + begin, end - begin);
    }
}
