/* order/result.h: the eight cells that a row gets, in Japanese: from findings and outcome to texts. Pure. */
#ifndef ORDER_RESULT_H
#define ORDER_RESULT_H

#include "order/book.h"
#include "order/catalog.h"
#include "order/finding.h"
#include "order/order.h"
#include "text/encoding.h"

enum result_column {
    RESULT_STATUS,  /* 与信ステータス */
    RESULT_CODE,    /* エラーコード */
    RESULT_ITEM,    /* エラー項目 */
    RESULT_MESSAGE, /* エラー内容 */
    RESULT_CAUSE,   /* エラー理由 */
    RESULT_REMEDY,  /* 修正方法/対応方法 */
    RESULT_ID,      /* 後払い受注番号 */
    RESULT_TIME,    /* 処理日時 */
    RESULT_COLUMNS,
};

/* The headings, in their order. Static. */
extern const char *const result_headings[RESULT_COLUMNS];

/* The catalogue's Japanese texts in the encoding of a file, cut at their placeholders: most of what cells are made of.
 * Each is made when a cell first needs it. */
struct result_words;

/* NULL when memory ran out. Both are borrowed until result_words_free(). */
struct result_words *result_words_new(const struct catalog *catalog, struct text_codec *codec);

/* NULL is allowed. */
void result_words_free(struct result_words *words);

/* A cell of the row that a finding asks to be fixed. */
struct result_mark {
    size_t cell;    /* of the row as it stands in the file, from 0; ORDER_NO_COLUMN: it is about the row, no cell */
    size_t finding; /* its place among those of the row, from 0: what is said of it stands between that many |s */
    bool warning;
};

/* Those of one row, finding by finding; zeros are none. */
struct result_marks {
    struct buf list; /* struct result_mark */
    size_t findings; /* that stand on the row */
};

/* All that the cells are made of. Borrowed. */
struct result_source {
    struct result_words *words; /* of the thread that composes */
    struct order_columns columns;
    const struct book *book;
    const struct findings *findings;
    int64_t now;                /* when the run began; seconds since 1970 */
    struct result_marks *marks; /* gets those of each row that is composed; NULL: nobody asks */
};

/* Whether the cells of row `a` are those of row `b`, too, as far as a glance can tell: most rows have nothing to say.
 */
bool result_is_same(const struct book *book, const struct book_row *a, const struct book_row *b);

/* Append to `cell`, in UTF-8, the columns that a finding asks to be fixed: its own, or those that `entry` names and the
 * file has; and to the marks the cells that these are. Of the source only columns and marks are needed. */
void result_put_columns(const struct result_source *source, const struct finding *finding,
                        const struct catalog_entry *entry, struct buf *cell);

/* Fill the eight cells of row `row` of the book, in the encoding of the words. A deleted row, or one of an order that
 * was skipped, gets empty ones. Findings of a row stand in each of their columns, joined with |, warnings last and
 * called such; the order's other rows name the rows with errors, which marks no cell. No text begins as a formula does,
 * or holds a control character or a | of its own. */
void result_compose(const struct result_source *source, const struct book_row *row, struct buf cells[RESULT_COLUMNS]);

#endif
