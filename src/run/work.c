/* run/work.c: see work.h. */
#include "run/work.h"

#include "csv/source.h"

void work_free(struct work *work)
{
    order_layout_free(&work->layout);
    order_schema_free(&work->schema);
    text_codec_free(work->codec);
    csv_source_close(work->source);
    book_free(&work->book);
    mends_free(&work->mends);
    findings_free(&work->findings);
}
