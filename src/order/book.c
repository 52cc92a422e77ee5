/* order/book.c: see book.h. */
#include "order/book.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more element; the array, moved perhaps, or NULL when memory ran out. */
static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t larger = *capacity + *capacity / 2 + 1024;
    void *moved = realloc(array, larger * size);
    if (moved != NULL)
        *capacity = larger;
    return moved;
}

const char *book_id(const struct book *book, const struct book_order *order)
{
    return book->ids.data + order->id;
}

/* The slot of `id`: its order's, or the free one where it belongs. */
static uint32_t *slot_of(const struct book *book, struct span id)
{
    uint64_t hash = hash_add(HASH_BEGIN, id);
    size_t at = (size_t)(hash ^ (hash >> 32)) & (book->slot_count - 1); /* the table looks at the lower half */
    while (book->slots[at] != BOOK_NONE && !span_is(id, book_id(book, &book->orders[book->slots[at]])))
        at = (at + 1) & (book->slot_count - 1);
    return &book->slots[at];
}

/* At most three quarters of the slots are in use. */
static bool reserve_slot(struct book *book)
{
    if (book->order_count + 1 <= book->slot_count / 4 * 3)
        return true;
    size_t count = book->slot_count > 0 ? book->slot_count * 2 : 1024;
    uint32_t *slots = malloc(count * sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        slots[i] = BOOK_NONE;
    free(book->slots);
    book->slots = slots;
    book->slot_count = count;
    for (size_t i = 0; i < book->order_count; i++)
        if (*book_id(book, &book->orders[i]) != '\0')
            *slot_of(book, span_of(book_id(book, &book->orders[i]))) = (uint32_t)i;
    return true;
}

static bool add_row(struct book *book, struct book_row row)
{
    struct book_row *rows = grown(book->rows, book->row_count, &book->row_capacity, sizeof *rows);
    if (rows == NULL)
        return false;
    book->rows = rows;
    book->rows[book->row_count++] = row;
    return true;
}

/* A new order whose first row is the next one to be added; NULL when memory ran out. */
static struct book_order *add_order(struct book *book, struct span id)
{
    struct book_order *orders = grown(book->orders, book->order_count, &book->order_capacity, sizeof *orders);
    if (orders == NULL)
        return NULL;
    book->orders = orders;
    size_t at = book->ids.length;
    buf_append(&book->ids, id.data, id.length);
    buf_append_byte(&book->ids, '\0');
    if (book->ids.failed || at > UINT32_MAX)
        return NULL;
    struct book_order *order = &orders[book->order_count++];
    *order = (struct book_order){
        .id = (uint32_t)at, .first = BOOK_NONE, .last = BOOK_NONE, .outcome = BOOK_NONE, .twin = BOOK_NONE};
    return order;
}

static struct book_order *find_or_add_order(struct book *book, struct span id)
{
    if (!reserve_slot(book))
        return NULL;
    if (id.length == 0)
        return add_order(book, id);
    uint32_t *slot = slot_of(book, id);
    if (*slot != BOOK_NONE)
        return &book->orders[*slot];
    struct book_order *order = add_order(book, id);
    if (order != NULL)
        *slot = (uint32_t)(order - book->orders);
    return order;
}

uint32_t book_find(const struct book *book, struct span id)
{
    return book->slot_count > 0 && id.length > 0 ? *slot_of(book, id) : BOOK_NONE;
}

/* Add a row whose `next` is filled; its order, NULL when memory ran out. */
static struct book_order *add(struct book *book, struct book_row row, struct span id)
{
    if (id.length > 0 && memchr(id.data, '\0', id.length) != NULL)
        id.length = 0; /* none that could be kept, or sent */
    struct book_order *order = find_or_add_order(book, id);
    if (order == NULL)
        return NULL;
    row.order = (uint32_t)(order - book->orders);
    return add_row(book, row) ? order : NULL;
}

bool book_add(struct book *book, struct book_row row, struct span id, enum book_payment payment)
{
    row.next = BOOK_NONE;
    struct book_order *order = add(book, row, id);
    if (order == NULL)
        return false;
    uint32_t added = (uint32_t)(book->row_count - 1);
    if (order->rows == 0)
        order->first = added;
    else
        book->rows[order->last].next = added;
    order->last = added;
    order->rows++;
    order->deferred = order->deferred || payment == BOOK_PAYMENT_DEFERRED;
    order->other = order->other || payment == BOOK_PAYMENT_OTHER;
    return true;
}

bool book_add_deleted(struct book *book, struct book_row row, struct span id, enum book_payment payment)
{
    row.next = BOOK_DELETED;
    struct book_order *order = add(book, row, id);
    if (order == NULL)
        return false;
    if (order->first == BOOK_NONE)
        order->first = (uint32_t)(book->row_count - 1);
    order->deleted++;
    order->deleted_deferred = order->deleted_deferred || payment == BOOK_PAYMENT_DEFERRED;
    return true;
}

bool book_is_skipped(const struct book_order *order)
{
    return order->rows == 0 || (order->other && !order->deferred);
}

bool book_is_emptied(const struct book *book, const struct book_order *order)
{
    return order->rows == 0 && order->deleted_deferred && *book_id(book, order) != '\0';
}

void book_free(struct book *book)
{
    free(book->rows);
    free(book->orders);
    free(book->slots);
    buf_free(&book->ids);
    *book = (struct book){0};
}
