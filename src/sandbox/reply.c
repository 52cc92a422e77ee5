/* sandbox/reply.c: see reply.h. */
#include "sandbox/reply.h"

#include "base/buf.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>

/* One object of one or two texts; `name2` may be NULL. */
static void reply_set(struct sandbox_reply *reply, unsigned status, const char *name1, const char *value1,
                      const char *name2, const char *value2)
{
    reply->status = status;
    reply->body = NULL;
    cJSON *object = cJSON_CreateObject();
    if (cJSON_AddStringToObject(object, name1, value1) != NULL &&
        (name2 == NULL || cJSON_AddStringToObject(object, name2, value2) != NULL))
        reply->body = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
}

void sandbox_reply_message(struct sandbox_reply *reply, unsigned status, const char *message)
{
    reply_set(reply, status, "message", message, NULL, NULL);
}

/* Whether `text` stands in JSON as it is. */
static bool is_plain(const char *text)
{
    while ((unsigned char)*text >= ' ' && *text != '"' && *text != '\\')
        text++;
    return *text == '\0';
}

void sandbox_reply_order(struct sandbox_reply *reply, unsigned status, const char *id, enum sandbox_status credit)
{
    /* The answer to nearly every request: the dozen pieces of memory that cJSON takes for it would show. */
    if (is_plain(id)) {
        struct buf text = {0};
        buf_printf(&text, "{\"id\":\"%s\",\"creditStatus\":\"%s\"}", id, sandbox_status_name(credit));
        *reply = (struct sandbox_reply){status, buf_take(&text)};
        return;
    }
    reply_set(reply, status, "id", id, "creditStatus", sandbox_status_name(credit));
}

void sandbox_reply_free(struct sandbox_reply *reply)
{
    free(reply->body);
    *reply = (struct sandbox_reply){0};
}
