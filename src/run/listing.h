/* run/listing.h: entries of the catalogue, written out to be read by people or by programs. */
#ifndef RUN_LISTING_H
#define RUN_LISTING_H

#include "atobarai.h"
#include "order/catalog.h"

struct explanation {
    const struct catalog_entry *entry;
    struct span message;        /* as it was asked about; a `data` of NULL: the entry's own */
    struct catalog_words words; /* what is known of the placeholders */
    enum order_field field;     /* whose column is to be fixed; ORDER_FIELD_NONE: the entry's fields */
};

struct listing {
    const struct explanation *list;
    size_t count;
    const struct order_schema *schema; /* whose headings name the columns to fix */
    enum catalog_language language;
    bool whole; /* it is all of the catalogue: Markdown makes a document of it, with a table of contents */
};

/* Append the listing. In formats for people a placeholder of which nothing is known becomes a word, such as 列名 or N;
 * in CSV and JSON it stays as the catalogue has it. */
void listing_write(const struct listing *listing, enum atobarai_format format, struct buf *out);

#endif
