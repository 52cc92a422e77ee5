/* run/message.c: see message.h; and the messages of include/atobarai.h. */
#include "run/message.h"

#include "base/embedded.h"

#include <stdlib.h>

static char *filled(const char *template, const struct catalog_values *values)
{
    struct buf text = {0};
    catalog_fill(template, values, &text);
    return buf_take(&text);
}

bool message_fill(const struct catalog *catalog, const struct error *error, enum atobarai_language language,
                  struct atobarai_message *message)
{
    const struct catalog_entry *entry = error->code != NULL ? catalog_find(catalog, error->code) : NULL;
    struct catalog_values values = {.path = span_of(error->path)};
    *message = (struct atobarai_message){0};
    if (entry == NULL)
        return false;
    for (size_t i = 0; i < ERROR_ARGS; i++)
        values.args[i] = span_of(error->args[i]);
    const struct catalog_text *text = &entry->texts[language == ATOBARAI_EN ? CATALOG_EN : CATALOG_JA];
    message->what = filled(text->message, &values);
    message->why = filled(text->cause, &values);
    message->remedy = filled(text->remedy, &values);
    if (message->what != NULL && message->why != NULL && message->remedy != NULL)
        return true;
    atobarai_message_free(message);
    return false;
}

bool atobarai_message(const char *code, enum atobarai_language language, const char *path, const char *arg1,
                      const char *arg2, struct atobarai_message *message)
{
    struct error error = {0};
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    *message = (struct atobarai_message){0};
    if (catalog == NULL)
        return false;
    error_set(&error, ERROR_USAGE, code, path, arg1, arg2, NULL);
    bool made = message_fill(catalog, &error, language, message);
    catalog_free(catalog);
    return made;
}

void atobarai_message_free(struct atobarai_message *message)
{
    free(message->what);
    free(message->why);
    free(message->remedy);
    *message = (struct atobarai_message){0};
}
