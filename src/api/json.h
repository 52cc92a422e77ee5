/* api/json.h: the service's JSON API as a dialect. What is assumed of the service is data:
 * schemas/api/json-dialect.json, or a merchant's own file of the same form.
 *
 * An answer of any 2xx will do (201 to a registration, 202 to a shipment or cancellation), but it must name the order's
 * id and one of the ten statuses. A registration that is answered with 200 is a replay: a first one is answered with
 * 201. */
#ifndef API_JSON_H
#define API_JSON_H

#include "api/dialect.h"

/* Read a dialect. `path` is for messages only. NULL: DIALECT_INVALID (kind ERROR_CONFIG) with what is wrong as {1}.
 * Free it with api_dialect_free(). */
struct api_dialect *api_json_parse(struct span json, const char *path, struct error *error);

#endif
