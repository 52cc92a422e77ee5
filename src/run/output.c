/* run/output.c: see output.h. */
#include "run/output.h"

#include "csv/writer.h"
#include "run/rows.h"

#include <stdlib.h>

_Static_assert((int)CSV_OURS == (int)RESULT_COLUMNS, "the writer appends what the result has");

struct output {
    struct work *work;
    struct csv_reader *reader;
    struct csv_window window; /* for rows that are too long to be held */
    struct csv_writer writer;
    struct result_words *words;
    struct result_source source;
    struct buf line;
    struct buf texts[RESULT_COLUMNS]; /* in the file's encoding */
    struct span cells[RESULT_COLUMNS];
};

/* The composed cells, as the writer takes them. */
static bool take_cells(struct output *output, struct error *error)
{
    for (size_t i = 0; i < RESULT_COLUMNS; i++) {
        output->cells[i] = (struct span){buf_text(&output->texts[i]), output->texts[i].length};
        if (output->texts[i].failed)
            return error_set_memory(error);
    }
    return true;
}

static bool put(struct output *output, const struct csv_record *record, struct error *error)
{
    return take_cells(output, error) && csv_writer_put(&output->writer, &output->window, record, output->cells, error);
}

static bool write_header(struct output *output, struct csv_target *target, struct error *error)
{
    const struct work *work = output->work;
    static const char mark[] = "\xEF\xBB\xBF"; /* as the source has it, if it has one */
    struct csv_record record;
    csv_target_recode(target, work->encoding.encoding);
    if (!csv_target_write(target, (struct span){mark, work->header}, error))
        return false;
    csv_reader_seek(output->reader, work->header, 1);
    if (csv_reader_next(output->reader, &record, error) != CSV_NEXT_RECORD)
        return false;
    csv_writer_init(&output->writer, target, work->delimiter, &output->line, &record, work->ours);
    for (size_t i = 0; i < RESULT_COLUMNS; i++) {
        buf_clear(&output->texts[i]);
        text_encode(work->codec, span_of(result_headings[i]), &output->texts[i]);
    }
    return put(output, &record, error);
}

static bool write_rows(struct output *output, struct error *error)
{
    const struct book *book = &output->work->book;
    struct csv_record record;
    uint32_t at = 0; /* the book's row */
    enum csv_next next;
    while ((next = csv_reader_next(output->reader, &record, error)) == CSV_NEXT_RECORD) {
        if (rows_is_blank(output->work, &record)) {
            if (!csv_writer_copy(&output->writer, &record, error))
                return false;
            continue;
        }
        /* The book has each record of the file, unless that was changed under our hands. */
        struct book_row row = {0};
        if (at < book->row_count)
            row = book_row(book, at);
        if (at++ == book->row_count || row.offset != record.offset)
            return error_set(error, ERROR_USAGE, "INPUT_CHANGED", output->work->input, NULL, NULL, NULL);
        result_compose(&output->source, &row, output->texts);
        if (!put(output, &record, error))
            return false;
    }
    return next == CSV_NEXT_END;
}

static bool write_all(struct output *output, struct csv_target *target, struct error *error)
{
    if (output->reader == NULL || output->words == NULL)
        return error_set_memory(error);
    return write_header(output, target, error) && write_rows(output, error) &&
           csv_source_unchanged(output->work->source, error);
}

bool output_write(struct work *work, struct csv_target *target, struct error *error)
{
    struct output *output = calloc(1, sizeof *output);
    if (output == NULL) {
        csv_target_discard(target);
        return error_set_memory(error);
    }
    output->work = work;
    output->reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_SEQUENTIAL);
    csv_window_init(&output->window, work->source, CSV_BLOCK_RANDOM);
    output->words = result_words_new(work->catalog, work->codec);
    output->source = (struct result_source){output->words, work->columns, &work->book, &work->findings, work->now};
    bool written = write_all(output, target, error);
    csv_reader_free(output->reader);
    csv_window_free(&output->window);
    result_words_free(output->words);
    buf_free(&output->line);
    for (size_t i = 0; i < RESULT_COLUMNS; i++) {
        buf_free(&output->texts[i]);
    }
    free(output);
    if (!written) {
        csv_target_discard(target);
        return false;
    }
    return csv_target_commit(target, error);
}
