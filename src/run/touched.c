/* run/touched.c: see touched.h. */
#include "run/touched.h"

#include "order/value.h"

enum { LONG_ID = 5 }; /* digits from which a number is hardly another order's id by chance */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Every number of at least `digits` digits in `raw`, however it is quoted: an id looks the same in each. */
static void touch(struct book *book, struct span raw, size_t digits, uint32_t own, uint32_t row)
{
    for (size_t begin = 0; begin < raw.length;) {
        size_t end = begin;
        while (end < raw.length && is_digit(raw.data[end]))
            end++;
        struct span number = {raw.data + begin, end - begin};
        uint32_t order = number.length >= digits ? book_find(book, number) : BOOK_NONE;
        if (order != BOOK_NONE && order != own && book->orders[order].touched == 0)
            book->orders[order].touched = row;
        begin = end + 1;
    }
}

bool touched_find(struct work *work, struct rows *rows, struct error *error)
{
    struct book *book = &work->book;
    for (uint32_t i = 0; i < book->order_count; i++) {
        const struct book_order *order = &book->orders[i];
        struct csv_record record;
        /* An id that is also on sound rows was read right. */
        if (!order->damaged || order->rows > 1)
            continue;
        if (!rows_record(rows, &book->rows[order->first], &record, error))
            return false;
        /* One that is digits may be a shop's number that slipped in, but most likely is the id. */
        bool usable = value_is_digits(span_of(book_id(book, order)));
        touch(book, record.raw, usable ? LONG_ID : 1, i, record.row);
    }
    return true;
}
