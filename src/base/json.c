/* base/json.c: see json.h. */
#include "base/json.h"

cJSON *json_parse(struct span text)
{
    const char *end = NULL;
    cJSON *value = text.length > 0 ? cJSON_ParseWithLengthOpts(text.data, text.length, &end, 0) : NULL;
    if (value == NULL)
        return NULL;
    while (end < text.data + text.length && (*end == ' ' || *end == '\t' || *end == '\r' || *end == '\n'))
        end++;
    if (end == text.data + text.length)
        return value;
    cJSON_Delete(value);
    return NULL;
}

const char *json_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}
