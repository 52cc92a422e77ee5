/* run/touched.c: see touched.h. */
#include "run/touched.h"

#include "run/rows.h"

enum {
    LONG_ID = 5,     /* digits from which a number is hardly another order's id by chance */
    NUMBER_MAX = 40, /* digits beyond which a number is no two cells that ran together */
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The damaged row that is being looked at. */
struct suspect {
    struct book *book;
    uint32_t row;   /* its number */
    uint32_t order; /* what it was taken for */
    bool has_id;    /* it has what could be its id: then only a long number tells of another */
    bool failed;    /* memory ran out */
};

static void touch(struct suspect *suspect, struct span number)
{
    uint32_t order = book_find(suspect->book, number);
    if (order != BOOK_NONE && order != suspect->order && !suspect->book->orders[order].touched)
        suspect->failed = !book_touch(suspect->book, order, suspect->row) || suspect->failed;
}

/* A number, and where the delimiter beside the id was lost, its long beginnings and ends. */
static void touch_number(struct suspect *suspect, struct span number)
{
    if (number.length >= LONG_ID || !suspect->has_id)
        touch(suspect, number);
    for (size_t length = LONG_ID; length < number.length && number.length <= NUMBER_MAX && !suspect->has_id; length++) {
        touch(suspect, (struct span){number.data, length});
        touch(suspect, (struct span){number.data + number.length - length, length});
    }
}

/* Every number in `bytes`, however it is quoted: an id looks the same in each. */
static void touch_numbers(struct suspect *suspect, struct span bytes)
{
    for (size_t begin = 0; begin < bytes.length;) {
        size_t end = begin;
        while (end < bytes.length && is_digit(bytes.data[end]))
            end++;
        touch_number(suspect, (struct span){bytes.data + begin, end - begin});
        begin = end + 1;
    }
}

/* A cell as it stands in the file; as much of it as was read. */
static struct span cell_bytes(const struct csv_record *record, size_t cell)
{
    uint64_t begin = record->extents[cell].begin;
    uint64_t end = record->extents[cell].end < record->raw.length ? record->extents[cell].end : record->raw.length;
    return begin < end ? (struct span){record->raw.data + begin, (size_t)(end - begin)} : (struct span){"", 0};
}

/* One row of an order that has no sound row. */
static bool touch_row(struct work *work, struct loader *loader, struct book_row row, struct error *error)
{
    struct csv_record record;
    const struct span *cells;
    size_t count;
    if (!loader_record(loader, &row, &record, error) || !loader_cells(loader, &record, &cells, &count, error))
        return false;
    struct suspect suspect = {
        .book = &work->book, .row = row.number, .order = row.order, .has_id = rows_has_id(work, &record, cells, count)};
    size_t id_column = order_layout_column(&work->layout, ORDER_FIELD_ID);
    /* In a whole row each cell is where it belongs, and it is the id itself that is spoilt. */
    bool whole = rows_damage_of(work, &record, cells, count, NULL) == ROWS_WHOLE;
    for (size_t cell = 0; cell < record.cells && cell < CSV_CELLS_MAX; cell++)
        if (whole ? cell == work->layout.cells[id_column] : !rows_is_ours(work, &record, cell))
            touch_numbers(&suspect, cell_bytes(&record, cell));
    return !suspect.failed || error_set_memory(error);
}

bool touched_find(struct work *work, struct loader *loader, struct error *error)
{
    const struct book *book = &work->book;
    for (size_t i = 0; i < book->order_count; i++) {
        const struct book_order *order = &book->orders[i];
        if (!order->damaged || order->sound)
            continue;
        for (uint32_t row = order->first; row != BOOK_NONE; row = book_next(book, row))
            if (!touch_row(work, loader, book_row(book, row), error))
                return false;
    }
    return true;
}
