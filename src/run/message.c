/* run/message.c: see message.h; and the messages of include/atobarai.h. */
#include "run/message.h"

#include "base/embedded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *filled(const char *template, const struct catalog_values *values)
{
    struct buf text = {0};
    catalog_fill(template, values, &text);
    return buf_take(&text);
}

/* Reasons of the system that have words of ours. */
static const struct {
    int number;
    const char *code;
} reasons[] = {
    {ENOENT, "ERRNO_ENOENT"},
    {EACCES, "ERRNO_EACCES"},
    {EPERM, "ERRNO_EPERM"},
    {ENOTDIR, "ERRNO_ENOTDIR"},
    {EISDIR, "ERRNO_EISDIR"},
    {EEXIST, "ERRNO_EEXIST"},
    {ENOSPC, "ERRNO_ENOSPC"},
    {EDQUOT, "ERRNO_EDQUOT"},
    {EFBIG, "ERRNO_EFBIG"},
    {EROFS, "ERRNO_EROFS"},
    {ENAMETOOLONG, "ERRNO_ENAMETOOLONG"},
    {ELOOP, "ERRNO_ELOOP"},
    {EIO, "ERRNO_EIO"},
    {EPIPE, "ERRNO_EPIPE"},
    {EBADF, "ERRNO_EBADF"},
    {EADDRINUSE, "ERRNO_EADDRINUSE"},
    {EBADMSG, "ERRNO_EBADMSG"},
};

/* A detail that is the system's reason in its own English, in our words; any other detail as it is. */
static struct span reason_of(const struct catalog *catalog, const char *detail, enum catalog_language language)
{
    char text[ERROR_ARG_SIZE];
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(strerror_r(reasons[i].number, text, sizeof text), detail) != 0)
            continue;
        const struct catalog_entry *entry = catalog_find(catalog, reasons[i].code);
        return span_of(entry != NULL ? entry->texts[language].message : detail);
    }
    return span_of(detail);
}

bool message_fill(const struct catalog *catalog, const struct error *error, enum atobarai_language language,
                  struct atobarai_message *message)
{
    const struct catalog_entry *entry = error->code != NULL ? catalog_find(catalog, error->code) : NULL;
    struct catalog_values values = {.path = span_of(error->path)};
    *message = (struct atobarai_message){0};
    if (entry == NULL)
        return false;
    enum catalog_language words = language == ATOBARAI_EN ? CATALOG_EN : CATALOG_JA;
    for (size_t i = 0; i < ERROR_ARGS; i++)
        values.args[i] = reason_of(catalog, error->args[i], words);
    const struct catalog_text *text = &entry->texts[words];
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
