/* run/work.h: what the steps of one run share, in the order in which it comes to be. */
#ifndef RUN_WORK_H
#define RUN_WORK_H

#include "atobarai.h"
#include "base/error.h"
#include "csv/reader.h"
#include "order/book.h"
#include "order/catalog.h"
#include "order/finding.h"
#include "order/kuroneko.h"
#include "order/order.h"
#include "order/result.h"
#include "run/mends.h"
#include "text/encoding.h"

#include <stdatomic.h>

struct work {
    /* What was asked for; borrowed from the job. */
    enum atobarai_operation operation;
    bool sends; /* orders are sent: anything but a check */
    const char *input;
    const int *descriptor; /* that has the input open; NULL: it is opened by its name */
    const char *output;    /* NULL: none */
    const struct atobarai_options *options;
    const atomic_bool *interrupt;
    atobarai_progress_fn *progress; /* NULL: none */
    void *progress_context;

    /* What is known before the file is read. */
    int64_t now; /* when the run began; seconds since 1970 */
    const struct catalog *catalog;
    struct order_schema schema;
    const struct kuroneko_terms *kuroneko; /* the dialect is the public protocol; NULL: another one */

    /* What the file is (run/input). */
    struct csv_source *source;
    struct text_guess encoding;
    size_t header; /* where the header begins: bytes of the byte order mark, as the source has it */
    char delimiter;
    struct text_codec *codec;

    uint64_t rows; /* where the first row behind the header begins (run/header) */

    /* What is in it (run/header, run/intake). */
    struct order_layout layout;
    struct order_columns columns; /* the two above, once the layout is known */
    size_t ours[RESULT_COLUMNS];  /* its cells that hold ours already, a result file coming back; CSV_NO_CELL: none */
    struct book book;

    struct mends mends; /* cells that a spreadsheet damaged, as they were (run/restore) */

    /* What is wrong with its orders (run/check), and how they fared (run/send). */
    struct findings findings;
    uint64_t total;    /* orders that the operation is for */
    uint64_t done;     /* of these: answered for good, */
    uint64_t failed;   /* and not as was hoped for */
    uint64_t retrying; /* whose request is sent again */
};

/* Free what a run has read and found. What was never read is zeros, and nothing to be freed. */
void work_free(struct work *work);

#endif
