/* csv/writer.c: see writer.h. */
#include "csv/writer.h"

#include <string.h>

static bool all_quoted(const struct csv_record *header)
{
    for (size_t i = 0; i < header->cells && i < CSV_CELLS_MAX; i++)
        if (header->extents[i].begin == header->extents[i].end || header->raw.data[header->extents[i].begin] != '"')
            return false;
    return header->cells > 0;
}

void csv_writer_init(struct csv_writer *writer, struct csv_target *target, char delimiter, struct buf *line,
                     const struct csv_record *header, const size_t places[CSV_OURS])
{
    *writer = (struct csv_writer){
        .target = target, .delimiter = delimiter, .quoted = all_quoted(header), .columns = header->cells, .line = line};
    memcpy(writer->places, places, sizeof writer->places);
}

/* One cell of ours, quoted as the input's are, or where it must be. */
static void put_cell(const struct csv_writer *writer, struct span cell)
{
    struct buf *line = writer->line;
    bool special = cell.length > 0 && (memchr(cell.data, '"', cell.length) != NULL ||
                                       memchr(cell.data, writer->delimiter, cell.length) != NULL);
    if (!writer->quoted && !special) {
        buf_append(line, cell.data, cell.length);
        return;
    }
    buf_append_byte(line, '"');
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.data[i] == '"')
            buf_append_byte(line, '"');
        buf_append_byte(line, cell.data[i]);
    }
    buf_append_byte(line, '"');
}

/* The cells that belong behind the last one: those without a place of their own. */
static void put_behind(const struct csv_writer *writer, size_t cells, const struct span ours[CSV_OURS])
{
    for (size_t i = cells; i < writer->columns; i++) {
        size_t own = 0;
        while (own < CSV_OURS && writer->places[own] != i)
            own++;
        buf_append_byte(writer->line, writer->delimiter);
        put_cell(writer, own < CSV_OURS ? ours[own] : (struct span){"", 0});
    }
    for (size_t own = 0; own < CSV_OURS; own++) {
        if (writer->places[own] != CSV_NO_CELL)
            continue;
        buf_append_byte(writer->line, writer->delimiter);
        put_cell(writer, ours[own]);
    }
}

/* The record's own bytes, those cells exchanged that have ours in their place. */
static void put_record(const struct csv_writer *writer, const struct csv_record *record,
                       const struct span ours[CSV_OURS])
{
    uint64_t copied = 0;
    for (size_t cell = 0; cell < record->cells && cell < CSV_CELLS_MAX; cell++) {
        for (size_t own = 0; own < CSV_OURS; own++) {
            if (writer->places[own] != cell)
                continue;
            const struct csv_extent *extent = &record->extents[cell];
            buf_append(writer->line, record->raw.data + copied, (size_t)(extent->begin - copied));
            put_cell(writer, ours[own]);
            copied = extent->end;
        }
    }
    buf_append(writer->line, record->raw.data + copied, (size_t)(record->length - copied));
    put_behind(writer, record->cells, ours);
}

/* Bytes of the source from `offset` on, in pieces. */
static bool copy_bytes(struct csv_writer *writer, struct csv_window *window, uint64_t offset, uint64_t length,
                       struct error *error)
{
    while (length > 0) {
        struct span view;
        if (!csv_window_view(window, offset, 1, &view, error))
            return false;
        if (view.length > length)
            view.length = (size_t)length;
        if (!csv_target_write(writer->target, view, error))
            return false;
        offset += view.length;
        length -= view.length;
    }
    return true;
}

bool csv_writer_put(struct csv_writer *writer, struct csv_window *window, const struct csv_record *record,
                    const struct span cells[CSV_OURS], struct error *error)
{
    buf_clear(writer->line);
    if (record->too_long) {
        if (!copy_bytes(writer, window, record->offset, record->length, error))
            return false;
        put_behind(writer, record->cells, cells);
    } else if (record->cells > 0) {
        put_record(writer, record, cells);
    }
    buf_append(writer->line, record->ending, record->ending_length);
    if (writer->line->failed)
        return error_set_memory(error);
    return csv_target_write(writer->target, (struct span){buf_text(writer->line), writer->line->length}, error);
}
