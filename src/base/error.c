/* base/error.c: see error.h. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Copy `from` into a buffer of ERROR_ARG_SIZE bytes; a text that is too long loses whole characters at its end. */
static void copy_cut(char *to, const char *from)
{
    size_t length = from != NULL ? strlen(from) : 0;
    if (length >= ERROR_ARG_SIZE) {
        length = ERROR_ARG_SIZE - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xC0U) == 0x80U)
            length--;
    }
    if (length > 0)
        memcpy(to, from, length);
    to[length] = '\0';
}

bool error_set(struct error *error, enum error_kind kind, const char *code, const char *path, const char *arg1,
               const char *arg2, const char *arg3)
{
    error->kind = kind;
    error->code = code;
    copy_cut(error->path, path);
    copy_cut(error->args[0], arg1);
    copy_cut(error->args[1], arg2);
    copy_cut(error->args[2], arg3);
    return false;
}

bool error_set_errno(struct error *error, enum error_kind kind, const char *code, const char *path, int errnum)
{
    char text[ERROR_ARG_SIZE];
    return error_set(error, kind, code, path, strerror_r(errnum, text, sizeof text), NULL, NULL);
}

bool error_set_memory(struct error *error)
{
    return error_set(error, ERROR_CONFIG, "OUT_OF_MEMORY", NULL, NULL, NULL, NULL);
}
