/* csv/writer.c: see writer.h. */
#include "csv/writer.h"

#include <string.h>

/* Whether a cell of a record that is whole in memory begins with a quote. */
static bool is_quoted(const struct csv_record *record, size_t cell)
{
    const struct csv_extent *extent = &record->extents[cell];
    return extent->begin < extent->end && record->raw.data[extent->begin] == '"';
}

bool csv_writer_all_quoted(const struct csv_record *header)
{
    for (size_t i = 0; i < header->cells && i < CSV_CELLS_MAX; i++)
        if (!is_quoted(header, i))
            return false;
    return header->cells > 0;
}

void csv_writer_init(struct csv_writer *writer, struct csv_target *target, char delimiter, struct buf *line,
                     const struct csv_record *header, const size_t places[CSV_OURS])
{
    *writer = (struct csv_writer){.target = target,
                                  .delimiter = delimiter,
                                  .quoted = csv_writer_all_quoted(header),
                                  .columns = header->cells,
                                  .line = line};
    memcpy(writer->places, places, sizeof writer->places);
}

void csv_writer_put_cell(char delimiter, struct span cell, bool quoted, struct buf *line)
{
    bool special = cell.length > 0 &&
                   (memchr(cell.data, '"', cell.length) != NULL || memchr(cell.data, delimiter, cell.length) != NULL);
    if (!quoted && !special) {
        buf_append(line, cell.data, cell.length);
        return;
    }
    buf_append_byte(line, '"');
    for (const char *quote; cell.length > 0 && (quote = memchr(cell.data, '"', cell.length)) != NULL;) {
        size_t length = (size_t)(quote - cell.data) + 1;
        buf_append(line, cell.data, length);
        buf_append_byte(line, '"');
        cell = (struct span){cell.data + length, cell.length - length};
    }
    buf_append(line, cell.data, cell.length);
    buf_append_byte(line, '"');
}

/* Where our cells stand in this record. In one with more cells than headings, they are its last ones where they are the
 * header's last ones; elsewhere nobody knows whose cell is whose, and ours come behind all others. */
static void find_places(const struct csv_writer *writer, const struct csv_record *record, size_t places[CSV_OURS])
{
    size_t placed = 0;
    bool last = record->cells <= CSV_CELLS_MAX; /* beyond, no places are kept */
    memcpy(places, writer->places, sizeof writer->places);
    if (record->cells <= writer->columns)
        return;
    for (size_t own = 0; own < CSV_OURS; own++)
        placed += places[own] != CSV_NO_CELL;
    for (size_t own = 0; own < CSV_OURS; own++)
        last = last && (places[own] == CSV_NO_CELL || places[own] + placed >= writer->columns);
    for (size_t own = 0; own < CSV_OURS; own++)
        if (places[own] != CSV_NO_CELL)
            places[own] = last ? places[own] + record->cells - writer->columns : CSV_NO_CELL;
}

/* What one record gets. */
struct filling {
    size_t places[CSV_OURS]; /* of ours in this record; CSV_NO_CELL: behind all others */
    const struct span *ours;
    const struct csv_set *set; /* NULL: nothing else changes */
};

/* What of ours belongs at `place`; NULL: nothing. */
static const struct span *own_at(const struct filling *filling, size_t place)
{
    for (size_t own = 0; own < CSV_OURS; own++)
        if (filling->places[own] == place)
            return &filling->ours[own];
    return NULL;
}

/* What the cell at `place` is set to; NULL: it is not. */
static const struct span *set_at(const struct filling *filling, size_t place)
{
    for (size_t i = 0; filling->set != NULL && i < CSV_SET; i++)
        if (filling->set[i].place == place)
            return &filling->set[i].cell;
    return NULL;
}

/* The cells that belong behind the last one: those without a place in the record, and up to theirs empty ones, or what
 * they are set to. */
static void put_behind(const struct csv_writer *writer, size_t cells, const struct filling *filling, struct buf *line)
{
    for (size_t i = cells; i < writer->columns; i++) {
        const struct span *own = own_at(filling, i);
        const struct span *set = set_at(filling, i);
        buf_append_byte(line, writer->delimiter);
        csv_writer_put_cell(writer->delimiter,
                            own != NULL   ? *own
                            : set != NULL ? *set
                                          : (struct span){"", 0},
                            writer->quoted, line);
    }
    for (size_t own = 0; own < CSV_OURS; own++) {
        if (filling->places[own] != CSV_NO_CELL)
            continue;
        buf_append_byte(line, writer->delimiter);
        csv_writer_put_cell(writer->delimiter, filling->ours[own], writer->quoted, line);
    }
}

/* What was put together so far, into the target, if there is one. */
static bool flush_line(const struct csv_writer *writer, struct error *error)
{
    if (writer->line->failed)
        return error_set_memory(error);
    if (writer->target == NULL)
        return true;
    bool written = csv_target_write(writer->target, (struct span){buf_text(writer->line), writer->line->length}, error);
    buf_clear(writer->line);
    return written;
}

/* The record's bytes from `begin` to `end`, from its source where they are too many to be held. */
static bool put_bytes(const struct csv_writer *writer, struct csv_window *window, const struct csv_record *record,
                      uint64_t begin, uint64_t end, struct error *error)
{
    if (!record->too_long) {
        buf_append(writer->line, record->raw.data + begin, (size_t)(end - begin));
        return true;
    }
    if (!flush_line(writer, error))
        return false;
    while (begin < end) {
        struct span view;
        if (!csv_window_view(window, record->offset + begin, 1, &view, error))
            return false;
        if (view.length > end - begin)
            view.length = (size_t)(end - begin);
        if (!csv_target_write(writer->target, view, error))
            return false;
        begin += view.length;
    }
    return true;
}

/* The record's own bytes, those cells exchanged that have ours in their place or are set; then what comes behind. */
static bool put_record(const struct csv_writer *writer, struct csv_window *window, const struct csv_record *record,
                       struct filling *filling, struct error *error)
{
    uint64_t copied = 0;
    find_places(writer, record, filling->places);
    if (record->too_long || record->cells > writer->columns)
        filling->set = NULL;
    for (size_t cell = 0; cell < record->cells && cell < CSV_CELLS_MAX; cell++) {
        const struct span *own = own_at(filling, cell);
        const struct span *set = own == NULL ? set_at(filling, cell) : NULL;
        if (own == NULL && set == NULL)
            continue;
        if (!put_bytes(writer, window, record, copied, record->extents[cell].begin, error))
            return false;
        if (own != NULL)
            csv_writer_put_cell(writer->delimiter, *own, writer->quoted, writer->line);
        else
            csv_writer_put_cell(writer->delimiter, *set, is_quoted(record, cell), writer->line);
        copied = record->extents[cell].end;
    }
    if (!put_bytes(writer, window, record, copied, record->length, error))
        return false;
    put_behind(writer, record->cells, filling, writer->line);
    return true;
}

bool csv_writer_put(struct csv_writer *writer, struct csv_window *window, const struct csv_record *record,
                    const struct span cells[CSV_OURS], const struct csv_set set[CSV_SET], struct error *error)
{
    struct filling filling = {.ours = cells, .set = set};
    if (record->cells > 0 && !put_record(writer, window, record, &filling, error))
        return false;
    buf_append(writer->line, record->ending, record->ending_length);
    return flush_line(writer, error);
}

void csv_writer_places(const struct csv_writer *writer, const struct csv_record *record, size_t places[CSV_OURS])
{
    size_t behind = record->cells > writer->columns ? record->cells : writer->columns;
    find_places(writer, record, places);
    for (size_t own = 0; own < CSV_OURS; own++)
        if (places[own] == CSV_NO_CELL)
            places[own] = behind++;
}

bool csv_writer_appends(const struct csv_writer *writer)
{
    for (size_t own = 0; own < CSV_OURS; own++)
        if (writer->places[own] != CSV_NO_CELL)
            return false;
    return true;
}

void csv_writer_tail(const struct csv_writer *writer, const struct span cells[CSV_OURS], struct buf *tail)
{
    struct filling filling = {.ours = cells};
    memcpy(filling.places, writer->places, sizeof filling.places);
    put_behind(writer, writer->columns, &filling, tail);
}
