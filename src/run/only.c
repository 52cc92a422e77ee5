/* run/only.c: see only.h. */
#include "run/only.h"

#include "base/file.h"

#include <stdlib.h>

/* The first cell of a line, without blanks and quotes around it. */
static struct span first_cell(struct span line)
{
    struct span cell = {line.data, 0};
    while (cell.length < line.length && strchr(",\t\r", line.data[cell.length]) == NULL)
        cell.length++;
    while (cell.length > 0 && strchr(" \"", cell.data[0]) != NULL)
        cell = (struct span){cell.data + 1, cell.length - 1};
    while (cell.length > 0 && strchr(" \"", cell.data[cell.length - 1]) != NULL)
        cell.length--;
    return cell;
}

/* Mark the orders of the list; how many there are. */
static size_t mark(const struct book *book, struct span text, bool *listed)
{
    size_t count = 0;
    while (text.length > 0) {
        const char *feed = memchr(text.data, '\n', text.length);
        size_t length = feed != NULL ? (size_t)(feed - text.data) : text.length;
        struct span id = first_cell((struct span){text.data, length});
        uint32_t order = id.length > 0 ? book_find(book, id) : BOOK_NONE;
        if (order != BOOK_NONE && !listed[order]) {
            listed[order] = true;
            count++;
        }
        length += feed != NULL;
        text = (struct span){text.data + length, text.length - length};
    }
    return count;
}

static void skip_others(struct book *book, const bool *listed)
{
    for (size_t i = 0; i < book->order_count; i++) {
        if (listed[i])
            continue;
        book->orders[i].state = BOOK_SKIPPED;
        book->orders[i].finding_count = 0;
    }
}

static bool apply(struct work *work, struct span text, struct error *error)
{
    static const char mark_of_utf8[] = "\xEF\xBB\xBF";
    bool *listed = calloc(work->book.order_count + 1, sizeof *listed);
    if (listed == NULL)
        return error_set_memory(error);
    if (text.length >= 3 && memcmp(text.data, mark_of_utf8, 3) == 0)
        text = (struct span){text.data + 3, text.length - 3};
    bool any = mark(&work->book, text, listed) > 0 || work->book.order_count == 0;
    if (any)
        skip_others(&work->book, listed);
    free(listed);
    return any || error_set(error, ERROR_USAGE, "ONLY_UNKNOWN", work->options->only, NULL, NULL, NULL);
}

bool only_apply(struct work *work, struct error *error)
{
    struct buf text = {0};
    if (work->options->only == NULL)
        return true;
    bool applied =
        file_read(work->options->only, &text, error) && apply(work, (struct span){buf_text(&text), text.length}, error);
    buf_free(&text);
    return applied;
}
