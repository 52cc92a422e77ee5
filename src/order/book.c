/* order/book.c: see book.h. */
#include "order/book.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* ---- Memory ---- */

/* Room for one more element beside `count`; how much that is, 0 where there is enough. */
static size_t larger(size_t count, size_t capacity)
{
    return count < capacity ? 0 : capacity + capacity / 2 + 1024;
}

/* Room for one more element; the array, moved perhaps, or NULL when memory ran out. */
static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
    size_t wanted = larger(count, *capacity);
    if (wanted == 0)
        return array;
    void *moved = realloc(array, wanted * size);
    if (moved != NULL)
        *capacity = wanted;
    return moved;
}

void book_free(struct book *book)
{
    free(book->words);
    free(book->owners);
    pairs_free(&book->jumps);
    free(book->shifts);
    free(book->orders);
    free(book->slots);
    free(book->tags);
    buf_free(&book->ids);
    pairs_free(&book->touched);
    pairs_free(&book->twins);
    pairs_free(&book->issued);
    *book = (struct book){0};
}

/* ---- Orders by id ---- */

const char *book_id(const struct book *book, const struct book_order *order)
{
    return book->ids.data + order->id;
}

/* What a tag holds of a hash; 0 is a free slot. */
static unsigned char tag_of(uint64_t hash)
{
    return (unsigned char)(hash >> 57 | 0x80);
}

/* Where to begin to look: the table looks at the lower half of the hash. */
static size_t first_slot(const struct book *book, uint64_t hash)
{
    return (size_t)(hash ^ (hash >> 32)) & (book->slot_count - 1);
}

/* The slot of `id`, whose hash is `hash`: its order's, or the free one where it belongs. Most slots of others are told
 * by their tags, which lie close together; their ids do not. */
static size_t slot_of(const struct book *book, struct span id, uint64_t hash)
{
    size_t at = first_slot(book, hash);
    unsigned char tag = tag_of(hash);
    while (book->tags[at] != 0 &&
           (book->tags[at] != tag || !span_is(id, book_id(book, &book->orders[book->slots[at]]))))
        at = (at + 1) & (book->slot_count - 1);
    return at;
}

/* The same for an id that is not in the table. */
static size_t free_slot(const struct book *book, uint64_t hash)
{
    size_t at = first_slot(book, hash);
    while (book->tags[at] != 0)
        at = (at + 1) & (book->slot_count - 1);
    return at;
}

static void set_slot(struct book *book, size_t at, uint64_t hash, uint32_t order)
{
    book->slots[at] = order;
    book->tags[at] = tag_of(hash);
}

static void free_slots(struct book *book)
{
    free(book->slots);
    free(book->tags);
    book->slots = NULL;
    book->tags = NULL;
    book->slot_count = 0;
}

/* At most three quarters of the slots are in use. The old table is given back before there is a new one: all that it
 * held is known from the orders. */
static bool reserve_slot(struct book *book)
{
    size_t count = book->slot_count > 0 ? book->slot_count : 1024;
    while (book->order_count + 1 > count / 4 * 3)
        count *= 2;
    if (count == book->slot_count)
        return true;
    free_slots(book);
    book->slots = malloc(count * sizeof *book->slots);
    book->tags = calloc(count, sizeof *book->tags);
    if (book->slots == NULL || book->tags == NULL) {
        free_slots(book);
        return false;
    }
    book->slot_count = count;
    for (size_t i = 0; i < book->order_count; i++) {
        struct span id = span_of(book_id(book, &book->orders[i]));
        uint64_t hash = hash_add(HASH_BEGIN, id);
        if (id.length > 0)
            set_slot(book, free_slot(book, hash), hash, (uint32_t)i);
    }
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
    *order = (struct book_order){.id = (uint32_t)at, .first = BOOK_NONE, .last = BOOK_NONE, .outcome = BOOK_NONE};
    return order;
}

static struct book_order *find_or_add_order(struct book *book, struct span id)
{
    if (!reserve_slot(book))
        return NULL;
    if (id.length == 0)
        return add_order(book, id);
    uint64_t hash = hash_add(HASH_BEGIN, id);
    size_t slot = slot_of(book, id, hash);
    if (book->tags[slot] != 0)
        return &book->orders[book->slots[slot]];
    struct book_order *order = add_order(book, id);
    if (order != NULL)
        set_slot(book, slot, hash, (uint32_t)(order - book->orders));
    return order;
}

uint32_t book_find(const struct book *book, struct span id)
{
    if (book->slot_count == 0 || id.length == 0)
        return BOOK_NONE;
    size_t slot = slot_of(book, id, hash_add(HASH_BEGIN, id));
    return book->tags[slot] != 0 ? book->slots[slot] : BOOK_NONE;
}

/* ---- Rows, packed ---- */

enum { LENGTH_AT = 40 }; /* the bits below are the offset */

#define DELETED (UINT64_C(1) << 61)
#define JUMPS   (UINT64_C(1) << 62)
#define EVEN    (UINT64_C(1) << 63)

_Static_assert(((uint64_t)BOOK_LENGTH_MAX << LENGTH_AT) == (DELETED - 1 - BOOK_OFFSET_MAX), "the bits of a word");

static uint64_t pack(const struct book_row *row, bool deleted)
{
    uint64_t length = row->length < BOOK_LENGTH_MAX ? row->length : BOOK_LENGTH_MAX;
    return (row->offset & BOOK_OFFSET_MAX) | length << LENGTH_AT | (deleted ? DELETED : 0) | (row->even ? EVEN : 0);
}

/* How many of the shifts begin at or before `row`; with its rows in order, a book is asked for the last one's most. */
static size_t shifts_before(const struct book *book, uint32_t row)
{
    size_t low = 0;
    size_t high = book->shift_count;
    if (high > 0 && book->shifts[high - 1].row <= row)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (book->shifts[middle].row <= row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The number of the row to be added. */
static bool add_number(struct book *book, uint32_t number)
{
    uint32_t row = (uint32_t)book->row_count;
    uint32_t shift = number - row;
    if (book->shift_count > 0 && book->shifts[book->shift_count - 1].shift == shift)
        return true;
    struct book_shift *shifts = grown(book->shifts, book->shift_count, &book->shift_capacity, sizeof *shifts);
    if (shifts == NULL)
        return false;
    book->shifts = shifts;
    shifts[book->shift_count++] = (struct book_shift){row, shift};
    return true;
}

static bool reserve_row(struct book *book)
{
    size_t wanted = larger(book->row_count, book->row_capacity);
    if (wanted == 0)
        return true;
    uint64_t *words = realloc(book->words, wanted * sizeof *words);
    if (words != NULL)
        book->words = words;
    uint32_t *owners = words != NULL ? realloc(book->owners, wanted * sizeof *owners) : NULL;
    if (owners == NULL)
        return false;
    book->owners = owners;
    book->row_capacity = wanted;
    return true;
}

/* Let the row that was just added be the last of its order. */
static bool link_row(struct book *book, struct book_order *order, uint32_t row)
{
    if (order->rows > 0 && order->last + 1 != row) {
        if (!pairs_put(&book->jumps, order->last, row))
            return false;
        book->words[order->last] |= JUMPS;
    }
    if (order->rows == 0)
        order->first = row;
    order->last = row;
    order->rows++;
    return true;
}

/* Add a row whose word is `word`. */
static bool add_row(struct book *book, uint64_t word, uint32_t number, uint32_t owner)
{
    if (!reserve_row(book) || !add_number(book, number))
        return false;
    struct book_order *order = &book->orders[owner];
    uint32_t row = (uint32_t)book->row_count++;
    book->words[row] = word;
    book->owners[row] = owner;
    if ((word & DELETED) == 0)
        return link_row(book, order, row);
    if (order->first == BOOK_NONE)
        order->first = row;
    book->deleted_count++;
    return true;
}

struct book_row book_row(const struct book *book, uint32_t row)
{
    uint64_t word = book->words[row];
    return (struct book_row){.offset = word & BOOK_OFFSET_MAX,
                             .length = (uint32_t)(word >> LENGTH_AT) & BOOK_LENGTH_MAX,
                             .number = row + book->shifts[shifts_before(book, row) - 1].shift,
                             .order = book->owners[row],
                             .even = (word & EVEN) != 0,
                             .deleted = (word & DELETED) != 0};
}

uint32_t book_row_at(const struct book *book, uint64_t offset)
{
    size_t low = 0;
    size_t high = book->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((book->words[middle] & BOOK_OFFSET_MAX) < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

uint32_t book_next(const struct book *book, uint32_t row)
{
    uint32_t next = row + 1;
    if ((book->words[row] & JUMPS) != 0)
        return pairs_get(&book->jumps, row);
    /* A row of the same order that follows is always linked, so there is nothing else to look at. */
    bool follows = next < book->row_count && book->owners[next] == book->owners[row];
    return follows && ((book->words[row] | book->words[next]) & DELETED) == 0 ? next : BOOK_NONE;
}

/* ---- Adding ---- */

/* The row's order, NULL when memory ran out. */
static struct book_order *add(struct book *book, const struct book_row *row, struct span id, bool deleted)
{
    if (id.length > 0 && memchr(id.data, '\0', id.length) != NULL)
        id.length = 0; /* none that could be kept, or sent */
    struct book_order *order = find_or_add_order(book, id);
    if (order == NULL || !add_row(book, pack(row, deleted), row->number, (uint32_t)(order - book->orders)))
        return NULL;
    return order;
}

struct book_order *book_add(struct book *book, const struct book_row *row, struct span id, enum book_payment payment)
{
    struct book_order *order = add(book, row, id, false);
    if (order == NULL)
        return NULL;
    order->deferred = order->deferred || payment == BOOK_PAYMENT_DEFERRED;
    order->other = order->other || payment == BOOK_PAYMENT_OTHER;
    return order;
}

bool book_add_deleted(struct book *book, const struct book_row *row, struct span id, enum book_payment payment)
{
    struct book_order *order = add(book, row, id, true);
    if (order == NULL)
        return false;
    order->deleted_deferred = order->deleted_deferred || payment == BOOK_PAYMENT_DEFERRED;
    return true;
}

void book_see(struct book_order *order, bool whole, bool sound, uint32_t name)
{
    if (whole && !order->sound)
        order->name = name;
    order->whole = order->whole || whole;
    order->sound = order->sound || sound;
    order->damaged = order->damaged || !sound;
}

/* ---- Joining ---- */

/* What the rows of `part`, seen behind those of `order`, say of it. */
static void join_order(struct book_order *order, const struct book_order *part)
{
    if (part->whole && !order->sound)
        order->name = part->name;
    order->whole = order->whole || part->whole;
    order->sound = order->sound || part->sound;
    order->damaged = order->damaged || part->damaged;
    order->deferred = order->deferred || part->deferred;
    order->other = order->other || part->other;
    order->deleted_deferred = order->deleted_deferred || part->deleted_deferred;
}

void book_clear(struct book *book)
{
    book->row_count = book->shift_count = book->deleted_count = book->order_count = 0;
    pairs_clear(&book->jumps);
    pairs_clear(&book->touched);
    pairs_clear(&book->twins);
    pairs_clear(&book->issued);
    buf_clear(&book->ids);
    if (book->slot_count > 0)
        memset(book->tags, 0, book->slot_count);
}

void book_unjudge(struct book_order *order)
{
    order->state = BOOK_UNJUDGED;
    order->findings = order->finding_count = 0;
}

/* The judgement of an order that is in this part only. */
static void take_judgement(struct book_order *order, const struct book_order *part, size_t findings)
{
    order->state = part->state;
    order->findings = part->findings + (uint32_t)findings;
    order->finding_count = part->finding_count;
}

bool book_join(struct book *book, struct book *part, uint32_t shift, size_t findings)
{
    for (size_t i = 0; i < part->order_count; i++) {
        size_t known = book->order_count;
        struct book_order *order = find_or_add_order(book, span_of(book_id(part, &part->orders[i])));
        if (order == NULL)
            return false;
        join_order(order, &part->orders[i]);
        if (book->order_count > known)
            take_judgement(order, &part->orders[i], findings);
        else
            book_unjudge(order);
        part->orders[i].first = (uint32_t)(order - book->orders); /* nobody asks for its first row again */
    }
    size_t at = 0; /* the shift that the row has */
    for (uint32_t row = 0; row < part->row_count; row++) {
        if (at + 1 < part->shift_count && part->shifts[at + 1].row == row)
            at++;
        uint32_t number = row + part->shifts[at].shift + shift;
        if (!add_row(book, part->words[row] & ~JUMPS, number, part->orders[part->owners[row]].first))
            return false;
    }
    book_clear(part);
    return true;
}

/* ---- What few orders have ---- */

bool book_touch(struct book *book, uint32_t order, uint32_t number)
{
    bool noted = pairs_put(&book->touched, order, number);
    book->orders[order].touched = book->orders[order].touched || noted;
    return noted;
}

uint32_t book_touched(const struct book *book, uint32_t order)
{
    return book->orders[order].touched ? pairs_get(&book->touched, order) : 0;
}

bool book_set_twin(struct book *book, uint32_t order, uint32_t twin)
{
    bool noted = pairs_put(&book->twins, order, twin);
    book->orders[order].twin = book->orders[order].twin || noted;
    return noted;
}

uint32_t book_twin(const struct book *book, uint32_t order)
{
    return book->orders[order].twin ? pairs_get(&book->twins, order) : BOOK_NONE;
}

bool book_set_service_id(struct book *book, uint32_t order, const char *id)
{
    size_t begin = book->ids.length;
    if (strcmp(book_id(book, &book->orders[order]), id) == 0)
        return true;
    buf_append(&book->ids, id, strlen(id) + 1);
    return !book->ids.failed && begin < PAIRS_NONE && pairs_put(&book->issued, order, (uint32_t)begin);
}

const char *book_service_id(const struct book *book, const struct book_order *order)
{
    uint32_t begin = book->issued.count > 0 ? pairs_get(&book->issued, (uint32_t)(order - book->orders)) : PAIRS_NONE;
    return begin != PAIRS_NONE ? book->ids.data + begin : book_id(book, order);
}

bool book_is_skipped(const struct book_order *order)
{
    return order->rows == 0 || (order->other && !order->deferred);
}

bool book_is_emptied(const struct book *book, const struct book_order *order)
{
    return order->rows == 0 && order->deleted_deferred && *book_id(book, order) != '\0';
}
