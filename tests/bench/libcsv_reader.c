/* tests/bench/libcsv_reader.c: the least that libcsv can be asked for: the fields of standard input, counted. A peer to
 * measure against. */
#include <csv.h>

#include <stdio.h>

struct counts {
    unsigned long fields;
    unsigned long records;
};

static void on_field(void *bytes, size_t length, void *context)
{
    (void)bytes;
    (void)length;
    ((struct counts *)context)->fields++;
}

static void on_record(int byte, void *context)
{
    (void)byte;
    ((struct counts *)context)->records++;
}

int main(void)
{
    static char block[256 * 1024];
    struct csv_parser parser;
    struct counts counts = {0, 0};
    size_t got;
    if (csv_init(&parser, 0) != 0)
        return 1;
    while ((got = fread(block, 1, sizeof block, stdin)) > 0)
        if (csv_parse(&parser, block, got, on_field, on_record, &counts) != got)
            return 1;
    csv_fini(&parser, on_field, on_record, &counts);
    csv_free(&parser);
    printf("%lu records, %lu fields\n", counts.records, counts.fields);
    return ferror(stdin) != 0;
}
