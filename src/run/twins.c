/* run/twins.c: see twins.h. */
#include "run/twins.h"

#include "base/hash.h"
#include "order/value.h"
#include "run/rows.h"
#include "text/utf8.h"

#include <stdlib.h>

/* What the mall calls an order: its number, and the shop that the number is of. */
struct name {
    struct span shop;
    struct span number;
};

static bool is_readable(const struct work *work, struct span cell)
{
    struct buf text = {0};
    size_t bad;
    if (cell.length > 0 && memchr(cell.data, '\0', cell.length) != NULL)
        return false;
    if (utf8_is_ascii(cell))
        return true;
    bool readable = text_decode(work->codec, cell, &text, &bad);
    buf_free(&text);
    return readable;
}

/* False where the row says nothing: an empty cell, one that cannot be read, or one that a spreadsheet shortened, as it
 * does all of a column alike. */
static bool name_of(const struct work *work, const struct span *cells, size_t count, struct name *name)
{
    name->number = rows_cell(work, cells, count, ORDER_FIELD_MALL_NUMBER);
    name->shop = rows_cell(work, cells, count, ORDER_FIELD_SHOP);
    return name->number.length > 0 && is_readable(work, name->number) && is_readable(work, name->shop) &&
           !rows_cell_is_blank(work, name->number) && !value_is_rounded(name->number);
}

static uint32_t hash_of(const struct name *name)
{
    uint64_t hash = hash_add(hash_add(HASH_BEGIN, name->shop), name->number);
    uint32_t folded = (uint32_t)(hash ^ (hash >> 32));
    return folded != 0 ? folded : 1;
}

uint32_t twins_name(const struct work *work, const struct span *cells, size_t count)
{
    struct name name;
    return name_of(work, cells, count, &name) ? hash_of(&name) : 0;
}

/* Put the name that row `row` of the book has into `text`. `found`: it is the one of that hash, on a whole row. */
static bool read_row(const struct work *work, struct loader *loader, struct book_row row, uint32_t hash,
                     struct buf *text, bool *found, struct error *error)
{
    struct csv_record record;
    const struct span *cells;
    size_t count;
    struct name name;
    if (!loader_record(loader, &row, &record, error) || !loader_cells(loader, &record, &cells, &count, error))
        return false;
    *found = rows_damage_of(work, &record, cells, count, NULL) == ROWS_WHOLE && name_of(work, cells, count, &name) &&
             hash_of(&name) == hash;
    if (*found) {
        buf_append(text, name.shop.data != NULL ? name.shop.data : "", name.shop.length);
        buf_append_byte(text, '\0');
        buf_append(text, name.number.data, name.number.length);
    }
    return !text->failed || error_set_memory(error);
}

/* The name of an order that has one, put into `text`. Which of its rows said it, nobody kept. */
static bool read_name(const struct work *work, struct loader *loader, uint32_t order, struct buf *text,
                      struct error *error)
{
    const struct book *book = &work->book;
    bool found = false;
    for (uint32_t row = book->orders[order].first; row != BOOK_NONE && !found; row = book_next(book, row))
        if (!read_row(work, loader, book_row(book, row), book->orders[order].name, text, &found, error))
            return false;
    return found || error_set(error, ERROR_USAGE, "INPUT_CHANGED", work->input, NULL, NULL, NULL); /* one had it */
}

/* Two orders whose hashes are the same: most likely their names are, too. */
static bool compare(const struct work *work, struct loader *loader, uint32_t first, uint32_t second, bool *same,
                    struct error *error)
{
    struct buf texts[2] = {{0}, {0}};
    bool read = read_name(work, loader, first, &texts[0], error) && read_name(work, loader, second, &texts[1], error);
    *same = read && span_equal((struct span){buf_text(&texts[0]), texts[0].length},
                               (struct span){buf_text(&texts[1]), texts[1].length});
    buf_free(&texts[0]);
    buf_free(&texts[1]);
    return read;
}

static bool pair(struct book *book, uint32_t first, uint32_t second, struct error *error)
{
    bool noted = book_set_twin(book, second, first) && (book->orders[first].twin || book_set_twin(book, first, second));
    return noted || error_set_memory(error);
}

/* Put an order into the table, or find its twin there. Behind another name with its hash it goes on looking. */
static bool enter(struct work *work, struct loader *loader, uint32_t order, uint32_t *slots, size_t slot_count,
                  struct error *error)
{
    struct book *book = &work->book;
    uint32_t name = book->orders[order].name;
    size_t at = name & (slot_count - 1);
    for (; slots[at] != BOOK_NONE; at = (at + 1) & (slot_count - 1)) {
        bool same = false;
        if (book->orders[slots[at]].name != name)
            continue;
        if (!compare(work, loader, slots[at], order, &same, error))
            return false;
        if (same)
            return pair(book, slots[at], order, error);
    }
    slots[at] = order;
    return true;
}

/* `slots` is a hash table of orders: a power of two, more than there are orders with a name. */
static bool find(struct work *work, struct loader *loader, uint32_t *slots, size_t slot_count, struct error *error)
{
    const struct book *book = &work->book;
    for (uint32_t i = 0; i < book->order_count; i++) {
        const struct book_order *order = &book->orders[i];
        bool has_id = *book_id(book, order) != '\0'; /* without one it is a row that lost its order */
        if (order->name != 0 && has_id && !book_is_skipped(order) && !enter(work, loader, i, slots, slot_count, error))
            return false;
    }
    return true;
}

bool twins_find(struct work *work, struct loader *loader, struct error *error)
{
    size_t named = 0;
    size_t slot_count = 64;
    for (size_t i = 0; i < work->book.order_count; i++)
        named += work->book.orders[i].name != 0;
    while (slot_count / 3 * 2 < named)
        slot_count *= 2;
    uint32_t *slots = malloc(slot_count * sizeof *slots);
    if (slots == NULL)
        return error_set_memory(error);
    for (size_t i = 0; i < slot_count; i++)
        slots[i] = BOOK_NONE;
    bool done = find(work, loader, slots, slot_count, error);
    free(slots);
    return done;
}
