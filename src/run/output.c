/* run/output.c: see output.h. */
#include "run/output.h"

#include "base/parallel.h"
#include "csv/writer.h"
#include "run/rows.h"
#include "run/setting.h"

#include <stdlib.h>

_Static_assert((int)CSV_OURS == (int)RESULT_COLUMNS, "the writer appends what the result has");
_Static_assert((int)CSV_SET == (int)SETTINGS, "the writer sets what may be asked for");

/* What the threads share. */
struct pass {
    const struct work *work;
    struct csv_target *target;
    struct csv_writer writer; /* what is known of the header */
    size_t parts;
    struct text_codec *from; /* where the result has another encoding than the file; else NULL */
    struct text_codec *to;
};

/* One thread that writes. */
struct output {
    struct work work; /* the run's, with a codec of its own */
    struct pass *pass;
    struct csv_reader *reader;
    struct csv_window window; /* for rows that are too long to be held */
    struct csv_writer writer;
    struct result_words *words;
    struct result_source source;
    struct buf texts[RESULT_COLUMNS]; /* in the file's encoding */
    struct span cells[RESULT_COLUMNS];
    struct book_row last; /* whose cells they are; `length` 0: no row's */
    struct buf tail;      /* the cells as they stand behind an even row */
    bool sets;            /* rows of orders that are done get `set` */
    struct csv_set set[CSV_SET];
    struct buf set_texts[CSV_SET]; /* in the file's encoding */
};

/* The result of one part of the file: the rows that begin in it, and all that stands behind each. */
struct part {
    struct buf bytes;
    uint32_t row;       /* the first that is too long to be held, or the one behind the part's last */
    uint64_t copied;    /* bytes of the source that are in the result so far */
    struct error error; /* `code` NULL: all went well */
};

/* ---- Rows ---- */

static bool is_held(const struct book_row *row)
{
    return row->length <= CSV_ROW_MAX;
}

/* Whether what was asked for is set on this row: by its own order, whoever shares the other cells. */
static bool is_set(const struct output *output, const struct book_row *row)
{
    return output->sets && !row->deleted && output->work.book.orders[row->order].state == BOOK_DONE;
}

/* Compose the cells of a row, unless they are those of the row before. */
static bool compose(struct output *output, const struct book_row *row, struct error *error)
{
    if (output->last.length > 0 && result_is_same(&output->work.book, &output->last, row))
        return true;
    result_compose(&output->source, row, output->texts);
    output->last = *row;
    for (size_t i = 0; i < RESULT_COLUMNS; i++) {
        output->cells[i] = (struct span){buf_text(&output->texts[i]), output->texts[i].length};
        if (output->texts[i].failed)
            return error_set_memory(error);
    }
    buf_clear(&output->tail);
    csv_writer_tail(&output->pass->writer, output->cells, &output->tail);
    return !output->tail.failed || error_set_memory(error);
}

/* What was put together so far, into the target, if there is one. */
static bool flush_line(struct output *output, struct error *error)
{
    struct buf *line = output->writer.line;
    struct span bytes = {buf_text(line), line->length};
    if (output->writer.target == NULL)
        return true;
    bool written = csv_target_write(output->writer.target, bytes, error);
    buf_clear(line);
    return written;
}

/* Copy the source from where the result has come to up to `offset`: rows, line ends, blank lines. */
static bool copy_up_to(struct output *output, uint64_t *copied, uint64_t offset, struct error *error)
{
    while (*copied < offset) {
        struct span view;
        size_t wanted = offset - *copied < CSV_BLOCK_RANDOM ? (size_t)(offset - *copied) : CSV_BLOCK_RANDOM;
        if (!csv_reader_view(output->reader, *copied, wanted, &view, error))
            return false;
        if (view.length == 0)
            return error_set(error, ERROR_USAGE, "INPUT_CHANGED", output->work.input, NULL, NULL, NULL);
        if (view.length > offset - *copied)
            view.length = (size_t)(offset - *copied);
        buf_append(output->writer.line, view.data, view.length);
        *copied += view.length;
        if (output->writer.line->failed)
            return error_set_memory(error);
        if (!flush_line(output, error))
            return false;
    }
    return true;
}

/* A row with as many cells as the header is copied as it stands, and its cells behind it. */
static bool put_even(struct output *output, const struct book_row *row, uint64_t *copied, struct error *error)
{
    if (!copy_up_to(output, copied, row->offset + row->length, error))
        return false;
    buf_append(output->writer.line, buf_text(&output->tail), output->tail.length);
    return true;
}

/* Ours stand where the record has them already, under their headings or not: what is there besides is the clerk's. */
static void place_ours(struct output *output, const struct csv_record *record)
{
    const struct work *work = &output->work;
    ptrdiff_t slide = rows_slide(work, record);
    if (slide > 0 && rows_own_headings(work) + RESULT_COLUMNS + (size_t)slide > record->cells)
        slide = 0; /* no room there */
    for (size_t own = 0; own < RESULT_COLUMNS; own++)
        if (output->pass->writer.places[own] != CSV_NO_CELL)
            output->writer.places[own] = (size_t)((ptrdiff_t)output->pass->writer.places[own] + slide);
}

/* Any other row is taken apart. */
static bool put_any(struct output *output, const struct book_row *row, uint64_t *copied, struct error *error)
{
    struct csv_record record;
    if (!copy_up_to(output, copied, row->offset, error))
        return false;
    csv_reader_seek(output->reader, row->offset, row->number);
    switch (csv_reader_next(output->reader, &record, error)) {
    case CSV_NEXT_RECORD:
        *copied = csv_reader_offset(output->reader);
        place_ours(output, &record);
        return csv_writer_put(&output->writer, &output->window, &record, output->cells,
                              is_set(output, row) ? output->set : NULL, error);
    case CSV_NEXT_END: /* it was there before */
        return error_set(error, ERROR_USAGE, "INPUT_CHANGED", output->work.input, NULL, NULL, NULL);
    case CSV_NEXT_FAILED:
        break;
    }
    return false;
}

/* Put the rows from `*row` up to `behind`, each with its cells, as long as they can be held, or there is a target. */
static bool put_rows(struct output *output, uint32_t *row, uint32_t behind, uint64_t *copied, struct error *error)
{
    bool appends = csv_writer_appends(&output->writer);
    for (; *row < behind; ++*row) {
        struct book_row at = book_row(&output->work.book, *row);
        if (!is_held(&at) && output->writer.target == NULL)
            return true;
        bool as_it_stands = appends && at.even && !is_set(output, &at);
        if (!compose(output, &at, error) ||
            !(as_it_stands ? put_even(output, &at, copied, error) : put_any(output, &at, copied, error)))
            return false;
    }
    return true;
}

/* ---- Parts ---- */

/* The first row of a part. */
static uint32_t first_row(const struct pass *pass, size_t part)
{
    return book_row_at(&pass->work->book, pass->work->rows + (uint64_t)part * CSV_PART);
}

/* Where a part begins in the source: with its first row; only the first with the bytes behind the header. */
static uint64_t begin_of(const struct pass *pass, size_t part)
{
    const struct book *book = &pass->work->book;
    uint32_t row = first_row(pass, part);
    if (part == 0)
        return pass->work->rows;
    return part < pass->parts && row < book->row_count ? book_row(book, row).offset
                                                       : csv_source_size(pass->work->source);
}

/* Put the rest of a part, as far as it can be held, or to its end where there is a target. Behind its last row there
 * may be any number of blank lines. */
static bool put_part(struct output *output, size_t index, struct part *part, struct error *error)
{
    uint32_t behind = first_row(output->pass, index + 1);
    uint64_t end = begin_of(output->pass, index + 1);
    if (!put_rows(output, &part->row, behind, &part->copied, error))
        return false;
    if (part->row < behind || (output->writer.target == NULL && end - part->copied > CSV_PART))
        return true;
    return copy_up_to(output, &part->copied, end, error);
}

static void make_part(void *worker, size_t index, void *result)
{
    struct output *output = worker;
    struct part *part = result;
    buf_clear(&part->bytes);
    part->row = first_row(output->pass, index);
    part->copied = begin_of(output->pass, index);
    part->error.code = NULL;
    output->writer.line = &part->bytes;
    put_part(output, index, part, &part->error);
}

/* Into the target; from what is too long to be held on, piece by piece. */
static bool take_part(void *worker, size_t index, void *result, struct error *error)
{
    struct output *output = worker;
    struct part *part = result;
    struct csv_target *target = output->pass->target;
    if (part->error.code != NULL) {
        *error = part->error;
        return false;
    }
    if (!csv_target_write(target, (struct span){buf_text(&part->bytes), part->bytes.length}, error))
        return false;
    if (part->row == first_row(output->pass, index + 1) && part->copied == begin_of(output->pass, index + 1))
        return true;
    buf_clear(&part->bytes);
    output->writer.line = &part->bytes;
    output->writer.target = target;
    bool done = put_part(output, index, part, error) &&
                csv_target_write(target, (struct span){buf_text(&part->bytes), part->bytes.length}, error);
    output->writer.target = NULL;
    return done;
}

static void release_part(void *result)
{
    buf_free(&((struct part *)result)->bytes);
}

/* ---- On several threads ---- */

static void output_close(void *worker)
{
    struct output *output = worker;
    csv_reader_free(output->reader);
    csv_window_free(&output->window);
    result_words_free(output->words);
    text_codec_free(output->work.codec);
    buf_free(&output->tail);
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        buf_free(&output->texts[i]);
    for (size_t i = 0; i < CSV_SET; i++)
        buf_free(&output->set_texts[i]);
    free(output);
}

/* What rows of orders that are done get. */
static bool prepare_set(struct output *output, struct error *error)
{
    for (size_t i = 0; i < CSV_SET; i++) {
        struct buf *text = &output->set_texts[i];
        output->set[i].place = setting_cell(&output->work, (enum setting)i);
        if (output->set[i].place == CSV_NO_CELL)
            continue;
        text_encode(output->work.codec, span_of(setting_value(output->work.options, (enum setting)i)), text);
        if (text->failed)
            return error_set_memory(error);
        output->set[i].cell = (struct span){buf_text(text), text->length};
        output->sets = true;
    }
    return true;
}

static void *output_open(void *context, struct error *error)
{
    struct pass *pass = context;
    const struct work *work = pass->work;
    struct output *output = calloc(1, sizeof *output);
    if (output == NULL) {
        error_set_memory(error);
        return NULL;
    }
    output->work = *work;
    output->pass = pass;
    output->writer = pass->writer;
    output->writer.target = NULL;
    output->reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_SEQUENTIAL);
    csv_window_init(&output->window, work->source, CSV_BLOCK_RANDOM);
    output->work.codec = text_codec_new(work->encoding.encoding, error);
    if (output->work.codec != NULL)
        output->words = result_words_new(work->catalog, output->work.codec);
    output->source =
        (struct result_source){output->words, work->columns, &work->book, &work->findings, work->now, NULL};
    if (output->reader != NULL && output->words != NULL && prepare_set(output, error))
        return output;
    if (error->code == NULL)
        error_set_memory(error);
    output_close(output);
    return NULL;
}

static bool write_rows(struct pass *pass, struct error *error)
{
    uint64_t bytes = csv_source_size(pass->work->source) - pass->work->rows;
    pass->parts = (size_t)((bytes + CSV_PART - 1) / CSV_PART);
    const struct parallel parallel = {.parts = pass->parts,
                                      .result_size = sizeof(struct part),
                                      .context = pass,
                                      .open = output_open,
                                      .make = make_part,
                                      .take = take_part,
                                      .release = release_part,
                                      .close = output_close};
    return parallel_run(&parallel, parallel_jobs(pass->work->options->jobs), error);
}

/* ---- The header ---- */

/* The encoding that is asked for, or else that of the file. */
static enum text_encoding encoding_of(const struct work *work)
{
    enum text_encoding own = work->encoding.encoding;
    switch (work->options->output_encoding) {
    case ATOBARAI_ENCODING_AUTO:
        break;
    case ATOBARAI_ENCODING_CP932:
        return TEXT_CP932;
    case ATOBARAI_ENCODING_UTF8:
        return TEXT_UTF8;
    case ATOBARAI_ENCODING_UTF16:
        return text_is_utf16(own) ? own : TEXT_UTF16LE;
    }
    return own;
}

/* Have the target change the encoding where it is another one, behind the byte order mark: that of the file, or one as
 * spreadsheets want it. */
static bool begin_target(struct pass *pass, struct error *error)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const struct work *work = pass->work;
    enum text_encoding own = work->encoding.encoding;
    enum text_encoding encoding = encoding_of(work);
    bool asked = work->options->output_encoding != ATOBARAI_ENCODING_AUTO;
    size_t length = !asked ? work->header : encoding == TEXT_CP932 ? 0 : sizeof mark - 1;
    csv_target_recode(pass->target, encoding, NULL, NULL);
    if (!csv_target_write(pass->target, (struct span){mark, length}, error))
        return false;
    if ((own == TEXT_CP932) == (encoding == TEXT_CP932))
        return true;
    pass->from = text_codec_new(own, error);
    pass->to = pass->from != NULL ? text_codec_new(encoding, error) : NULL;
    csv_target_recode(pass->target, encoding, pass->from, pass->to);
    return pass->to != NULL;
}

/* Our headings beside those of the file, whose record is `header`; `line` and `texts` are for them. */
static bool put_header(struct pass *pass, const struct csv_record *header, struct buf *line,
                       struct buf texts[RESULT_COLUMNS], struct error *error)
{
    const struct work *work = pass->work;
    struct span cells[RESULT_COLUMNS];
    for (size_t i = 0; i < RESULT_COLUMNS; i++) {
        text_encode(work->codec, span_of(result_headings[i]), &texts[i]);
        cells[i] = (struct span){buf_text(&texts[i]), texts[i].length};
        if (texts[i].failed)
            return error_set_memory(error);
    }
    csv_writer_init(&pass->writer, pass->target, work->delimiter, line, header, work->ours);
    return begin_target(pass, error) && csv_writer_put(&pass->writer, NULL, header, cells, NULL, error);
}

static bool write_header(struct pass *pass, struct error *error)
{
    const struct work *work = pass->work;
    struct csv_record record;
    struct buf line = {0};
    struct buf texts[RESULT_COLUMNS] = {{0}};
    struct csv_reader *reader = csv_reader_new(work->source, work->delimiter, CSV_BLOCK_RANDOM);
    if (reader == NULL)
        return error_set_memory(error);
    csv_reader_seek(reader, work->header, 1);
    bool done =
        csv_reader_next(reader, &record, error) == CSV_NEXT_RECORD && put_header(pass, &record, &line, texts, error);
    csv_reader_free(reader);
    buf_free(&line);
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        buf_free(&texts[i]);
    return done;
}

bool output_write(struct work *work, struct csv_target *target, struct error *error)
{
    struct pass pass = {.work = work, .target = target};
    bool written = write_header(&pass, error) && write_rows(&pass, error) && csv_source_unchanged(work->source, error);
    if (!written)
        csv_target_discard(target);
    bool done = written && csv_target_commit(target, error);
    text_codec_free(pass.from);
    text_codec_free(pass.to);
    return done;
}
