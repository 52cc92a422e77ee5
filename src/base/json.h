/* base/json.h: a whole text as JSON. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/span.h"

#include <cjson/cJSON.h>

/* The value that `text` is, and nothing but blanks behind it; NULL when it is something else, or memory ran out. Free
 * with cJSON_Delete(). cJSON itself would take the first value and overlook what follows. */
cJSON *json_parse(struct span text);

/* The member `name` of `object` as a text, borrowed from it; NULL when it is absent or something else. */
const char *json_text(const cJSON *object, const char *name);

#endif
