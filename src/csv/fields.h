/* csv/fields.h: the values of one record's cells, by libcsv.
 *
 * libcsv defines what a value is: quotes taken away, "" as one quote. It is told not to trim blanks around cells. */
#ifndef CSV_FIELDS_H
#define CSV_FIELDS_H

#include "base/error.h"
#include "base/span.h"
#include "csv/reader.h"

struct csv_fields;

/* NULL when memory ran out. */
struct csv_fields *csv_fields_new(char delimiter);

/* NULL is allowed. */
void csv_fields_free(struct csv_fields *fields);

/* Take the record `raw` (without its line end) apart: how many cells, and in `*values` what they hold, borrowed until
 * the next call. An empty record has none. False when memory ran out. */
bool csv_fields_parse(struct csv_fields *fields, struct span raw, const struct span **values, size_t *count,
                      struct error *error);

/* The same of a record, borrowed until its reader is used again, too: where nothing about it is unusual, its values are
 * parts of its bytes, and libcsv would say no other. Then there are at most `most` of them, the first ones. */
bool csv_fields_of(struct csv_fields *fields, const struct csv_record *record, size_t most, const struct span **values,
                   size_t *count, struct error *error);

#endif
