/* tests/tools/csv_records.c: what the program finds in CSV files, for a test that holds it against another reader.
 *
 * It takes the way of run/: records are found by reading on, as in intake, and each is read again by its place and
 * taken apart there, as in check and register. Numbers are uint32_t in the machine's own order.
 *
 * Standard input, any number of times:
 *   delimiter (1 byte), block (bytes that the reader reads at once), length, the file's bytes
 * Standard output, for each file:
 *   'R', row, length, bytes of the line end, cells, stray, multiline (csv/reader.h; NONE: no such cell),
 *        how many values, and each value as length and bytes: once for each record
 *   then 'E' at its end, or 'Q', row, column (from 1) where it is refused for a quote */
#include "base/buf.h"
#include "base/file.h"
#include "csv/fields.h"
#include "csv/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NONE UINT32_MAX

enum { LENGTH_MAX = 64 * 1024 * 1024 }; /* bytes of a file, and of a block */

struct file {
    char delimiter;
    uint32_t block;
    uint32_t length;
    struct buf bytes;
};

/* ---- In ---- */

enum got { GOT_FILE, GOT_END, GOT_TORN };

static enum got get_file(struct file *file)
{
    int delimiter = getchar();
    if (delimiter == EOF)
        return ferror(stdin) ? GOT_TORN : GOT_END;
    file->delimiter = (char)delimiter;
    if (fread(&file->block, sizeof file->block, 1, stdin) != 1 ||
        fread(&file->length, sizeof file->length, 1, stdin) != 1)
        return GOT_TORN;
    if (file->block == 0 || file->block > LENGTH_MAX || file->length > LENGTH_MAX)
        return GOT_TORN;
    buf_clear(&file->bytes);
    if (!buf_reserve(&file->bytes, file->length))
        return GOT_TORN;
    file->bytes.length = fread(file->bytes.data, 1, file->length, stdin);
    return file->bytes.length == file->length ? GOT_FILE : GOT_TORN;
}

/* ---- Out ---- */

static void put_number(size_t number)
{
    uint32_t narrow = number < NONE ? (uint32_t)number : NONE;
    fwrite(&narrow, sizeof narrow, 1, stdout);
}

static bool put_record(const struct csv_record *record, struct csv_fields *fields, struct error *error)
{
    const struct span *values;
    size_t count;
    if (!csv_fields_of(fields, record, SIZE_MAX, &values, &count, error))
        return false;
    putchar('R');
    put_number(record->row);
    put_number(record->length);
    put_number(record->ending_length);
    put_number(record->cells);
    put_number(record->stray);
    put_number(record->multiline);
    put_number(count);
    for (size_t i = 0; i < count; i++) {
        put_number(values[i].length);
        fwrite(values[i].data, 1, values[i].length, stdout);
    }
    return true;
}

static void put_refusal(const struct error *error)
{
    putchar('Q');
    put_number(strtoul(error->args[0], NULL, 10));
    put_number(strtoul(error->args[1], NULL, 10));
}

/* ---- Between ---- */

struct readers {
    struct csv_reader *along;
    struct csv_reader *again;
    struct csv_fields *fields;
};

/* CSV_NEXT_END after the last record, or CSV_NEXT_FAILED. */
static enum csv_next put_records(const struct readers *readers, struct error *error)
{
    struct csv_record record;
    struct csv_record again;
    enum csv_next next;
    while ((next = csv_reader_next(readers->along, &record, error)) == CSV_NEXT_RECORD) {
        csv_reader_seek(readers->again, record.offset, record.row);
        if (csv_reader_next(readers->again, &again, error) != CSV_NEXT_RECORD ||
            !put_record(&again, readers->fields, error))
            return CSV_NEXT_FAILED;
    }
    return next;
}

/* All that is found in the file `path`. False where that says nothing of the file: memory ran out, it is unreadable. */
static bool put_file(const struct file *file, const char *path, struct error *error)
{
    enum csv_next next = CSV_NEXT_FAILED;
    *error = (struct error){0};
    struct csv_source *source = csv_source_open(path, error);
    if (source == NULL)
        return false;
    struct readers readers = {.along = csv_reader_new(source, file->delimiter, file->block),
                              .again = csv_reader_new(source, file->delimiter, file->block),
                              .fields = csv_fields_new(file->delimiter)};
    if (readers.along == NULL || readers.again == NULL || readers.fields == NULL)
        error_set_memory(error);
    else
        next = put_records(&readers, error);
    if (next == CSV_NEXT_END)
        putchar('E');
    else if (error->kind == ERROR_INPUT)
        put_refusal(error);
    csv_reader_free(readers.along);
    csv_reader_free(readers.again);
    csv_fields_free(readers.fields);
    csv_source_close(source);
    return next == CSV_NEXT_END || error->kind == ERROR_INPUT;
}

/* Make `fd` hold the file's bytes and nothing else. */
static bool store(const struct file *file, int fd)
{
    return ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
           file_write(fd, (struct span){buf_text(&file->bytes), file->bytes.length});
}

int main(void)
{
    static struct error error;
    struct file file = {0};
    char path[64];
    bool sound = true;
    enum got got = GOT_TORN;
    int fd = memfd_create("csv_records", MFD_CLOEXEC);
    if (fd < 0) {
        perror("csv_records: memfd_create");
        return 1;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    while (sound && (got = get_file(&file)) == GOT_FILE) {
        sound = store(&file, fd) && put_file(&file, path, &error);
        if (!sound)
            fprintf(stderr, "csv_records: %s\n", error.code != NULL ? error.code : "a file cannot be stored");
    }
    if (sound && got == GOT_TORN)
        fprintf(stderr, "csv_records: standard input is not as it should be\n");
    buf_free(&file.bytes);
    close(fd);
    return sound && got == GOT_END && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
