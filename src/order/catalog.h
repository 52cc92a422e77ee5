/* order/catalog.h: the one place of messages: schemas/error-catalog.json, read and filled in. Pure.
 *
 * An entry has a sentence, a cause and a remedy in Japanese and English, with placeholders: {N} {row} {column} {path}
 * {1} {2} {3}. It may name messages of the service that mean it. */
#ifndef ORDER_CATALOG_H
#define ORDER_CATALOG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "order/schema.h"

#include <stdint.h>

enum catalog_language { CATALOG_JA, CATALOG_EN, CATALOG_LANGUAGES };

struct catalog_text {
    const char *title; /* a few words, for tables */
    const char *message;
    const char *cause;
    const char *remedy;
};

struct catalog_entry {
    const char *code;
    bool warning;
    struct catalog_text texts[CATALOG_LANGUAGES];
    const enum order_field *fields; /* whose columns are to be fixed, where the code alone tells */
    size_t field_count;
    const char **patterns; /* {N} stands for a number */
    size_t pattern_count;
};

struct catalog;

/* Read the catalogue. NULL: CATALOG_INVALID (kind ERROR_CONFIG) with what is wrong as {1}. */
struct catalog *catalog_parse(struct span json, struct error *error);

/* NULL is allowed. */
void catalog_free(struct catalog *catalog);

/* The entries in the order of the file: `index` from 0 up to below catalog_count(). Borrowed, as all entries, until
 * catalog_free(). */
size_t catalog_count(const struct catalog *catalog);
const struct catalog_entry *catalog_entry(const struct catalog *catalog, size_t index);

/* The index of an entry. */
size_t catalog_index(const struct catalog *catalog, const struct catalog_entry *entry);

/* The entry of `code`; NULL when there is none. */
const struct catalog_entry *catalog_find(const struct catalog *catalog, const char *code);

/* The entry for messages of the service that no pattern knows. */
const struct catalog_entry *catalog_generic(const struct catalog *catalog);

/* The entry that a message of the service means; `item` is its {N}, -1 where it has none. A message that no pattern
 * knows gets the generic entry, whose {1} is the message itself. Never NULL. */
const struct catalog_entry *catalog_match(const struct catalog *catalog, struct span message, long *item);

/* What fills the placeholders; a `data` of NULL is an empty text. */
struct catalog_values {
    long item;      /* {N}, from 0 */
    uint32_t row;   /* {row} */
    uint32_t other; /* {other} */
    struct span column;
    struct span path;
    struct span args[ERROR_ARGS];
};

/* Append `template` to `out` with its placeholders filled. */
void catalog_fill(const char *template, const struct catalog_values *values, struct buf *out);

/* The placeholders, in the order {N} {row} {other} {column} {path} {1} {2} {3}. */
enum catalog_place {
    CATALOG_ITEM,
    CATALOG_ROW,
    CATALOG_OTHER, /* row */
    CATALOG_COLUMN,
    CATALOG_PATH,
    CATALOG_ARG1,
    CATALOG_PLACES = CATALOG_ARG1 + ERROR_ARGS,
};

/* A text for each placeholder; a `data` of NULL: none. */
struct catalog_words {
    struct span of[CATALOG_PLACES];
};

/* The part of `template` up to its first placeholder, and that; CATALOG_PLACES where it has none. What follows. */
const char *catalog_cut(const char *template, struct span *literal, enum catalog_place *place);

/* The same as catalog_fill(), but a placeholder for which there is no text stays as it is. */
void catalog_fill_words(const char *template, const struct catalog_words *words, struct buf *out);

/* How well a filled `message` fits the entry: the bytes outside of placeholders of that template among its patterns and
 * its messages of both languages which fits best; 0 when none does. A placeholder stands for any text but an empty one,
 * {N} for digits or the letter N itself, and a template that is nothing but placeholders fits nothing. `words` gets
 * what they stand for, borrowed from `message`. */
size_t catalog_fit(const struct catalog_entry *entry, struct span message, struct catalog_words *words);

#endif
