/* csv/split.c: see split.h. */
#include "csv/split.h"

static bool parts_cells(char byte, char delimiter)
{
    return byte == delimiter || byte == '\n' || byte == '\r';
}

/* Whether the byte at `begin` stands in a quoted cell. The first quote behind it that can only open a cell, or only
 * close one, tells. */
static bool is_quoted(struct span bytes, size_t begin, char delimiter)
{
    bool odd = false; /* quotes between, that could be either */
    for (size_t at = begin; at < bytes.length; at++) {
        if (bytes.data[at] != '"')
            continue;
        bool opens = at > 0 && parts_cells(bytes.data[at - 1], delimiter);
        bool closes = at + 1 < bytes.length && parts_cells(bytes.data[at + 1], delimiter);
        if (opens != closes)
            return closes != odd;
        odd = !odd;
    }
    return false;
}

size_t csv_split(struct span bytes, char delimiter)
{
    size_t at = CSV_SPLIT_BEFORE - 1;
    bool quoted = is_quoted(bytes, at, delimiter);
    for (; at + 1 < bytes.length; at++) {
        if (bytes.data[at] == '"')
            quoted = !quoted;
        if (!quoted && bytes.data[at] == '\n')
            return at + 1;
        if (!quoted && bytes.data[at] == '\r')
            return bytes.data[at + 1] == '\n' ? at + 2 : at + 1;
    }
    return CSV_SPLIT_NONE;
}
