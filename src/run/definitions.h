/* run/definitions.h: what is data, or chosen by name: the column schema and the dialect, those that are built in or the
 * merchant's own. */
#ifndef RUN_DEFINITIONS_H
#define RUN_DEFINITIONS_H

#include "api/dialect.h"
#include "atobarai.h"
#include "order/kuroneko.h"
#include "order/schema.h"

/* Free `schema` with order_schema_free(), whatever this says. */
bool definitions_schema(const struct atobarai_options *options, struct order_schema *schema, struct error *error);

/* Whether the dialect is the public protocol; then `terms` are what the options say of it. */
bool definitions_terms(const struct atobarai_options *options, int64_t now, struct kuroneko_terms *terms);

/* `terms`: of the public protocol, NULL where it is another dialect. NULL: `error` says why. Free it with
 * api_dialect_free(). */
struct api_dialect *definitions_dialect(const struct atobarai_options *options, const struct kuroneko_terms *terms,
                                        struct error *error);

#endif
