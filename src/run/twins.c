/* run/twins.c: see twins.h. */
#include "run/twins.h"

#include "base/hash.h"
#include "order/value.h"
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

/* Of an order. */
struct note {
    uint64_t hash; /* of its name; 0: it has none */
    uint32_t row;  /* of the book, that has the name: rows before it may be damaged */
};

bool twins_note(struct work *work, const struct span *cells, size_t count)
{
    static const struct note none;
    struct name name;
    struct note note = {.row = (uint32_t)(work->book.row_count - 1)};
    size_t size = (size_t)work->book.rows[note.row].order * sizeof note;
    if (name_of(work, cells, count, &name)) {
        note.hash = hash_add(hash_add(HASH_BEGIN, name.shop), name.number);
        note.hash += note.hash == 0;
    }
    while (work->mall_names.length < size && !work->mall_names.failed) /* orders that began with no whole row */
        buf_append(&work->mall_names, &none, sizeof none);
    if (work->mall_names.length > size) /* an order whose deleted or damaged rows came first */
        memcpy(work->mall_names.data + size, &note, sizeof note);
    else
        buf_append(&work->mall_names, &note, sizeof note);
    return !work->mall_names.failed;
}

static struct note note_of(const struct work *work, uint32_t order)
{
    struct note note;
    memcpy(&note, buf_text(&work->mall_names) + (size_t)order * sizeof note, sizeof note);
    return note;
}

/* The name of an order that has one, put into `text`. */
static bool read_name(const struct work *work, struct rows *rows, uint32_t order, struct buf *text, struct error *error)
{
    struct csv_record record;
    const struct span *cells;
    size_t count;
    struct name name;
    if (!rows_record(rows, &work->book.rows[note_of(work, order).row], &record, error) ||
        !rows_cells(rows, &record, &cells, &count, error))
        return false;
    if (name_of(work, cells, count, &name)) {
        buf_append(text, name.shop.data != NULL ? name.shop.data : "", name.shop.length);
        buf_append_byte(text, '\0');
        buf_append(text, name.number.data, name.number.length);
    }
    return !text->failed || error_set_memory(error);
}

/* Two orders whose hashes are the same: most likely their names are, too. */
static bool compare(struct work *work, struct rows *rows, uint32_t first, uint32_t second, struct error *error)
{
    struct buf texts[2] = {{0}, {0}};
    bool read = read_name(work, rows, first, &texts[0], error) && read_name(work, rows, second, &texts[1], error);
    if (read && span_equal((struct span){buf_text(&texts[0]), texts[0].length},
                           (struct span){buf_text(&texts[1]), texts[1].length})) {
        work->book.orders[second].twin = first;
        if (work->book.orders[first].twin == BOOK_NONE)
            work->book.orders[first].twin = second;
    }
    buf_free(&texts[0]);
    buf_free(&texts[1]);
    return read;
}

/* `slots` is a hash table of orders: a power of two, more than there are orders. */
static bool find(struct work *work, struct rows *rows, uint32_t *slots, size_t slot_count, struct error *error)
{
    const struct book *book = &work->book;
    size_t count = work->mall_names.length / sizeof(struct note);
    for (uint32_t i = 0; i < book->order_count && i < count; i++) {
        uint64_t hash = note_of(work, i).hash;
        bool has_id = *book_id(book, &book->orders[i]) != '\0'; /* without one it is a row that lost its order */
        if (hash == 0 || !has_id || book_is_skipped(&book->orders[i]))
            continue;
        size_t at = (size_t)(hash ^ (hash >> 32)) & (slot_count - 1);
        while (slots[at] != BOOK_NONE && note_of(work, slots[at]).hash != hash)
            at = (at + 1) & (slot_count - 1);
        if (slots[at] == BOOK_NONE)
            slots[at] = i;
        else if (!compare(work, rows, slots[at], i, error))
            return false;
    }
    return true;
}

bool twins_find(struct work *work, struct rows *rows, struct error *error)
{
    size_t slot_count = 64;
    while (slot_count / 3 * 2 < work->book.order_count)
        slot_count *= 2;
    uint32_t *slots = malloc(slot_count * sizeof *slots);
    if (slots == NULL)
        return error_set_memory(error);
    for (size_t i = 0; i < slot_count; i++)
        slots[i] = BOOK_NONE;
    bool done = find(work, rows, slots, slot_count, error);
    free(slots);
    buf_free(&work->mall_names); /* nobody asks again */
    return done;
}
