/* base/error.c: see error.h. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Copy `from` into a buffer of `size` bytes; a text that is too long loses whole characters at its end. */
static void copy_cut(char *to, size_t size, const char *from)
{
    size_t length = from != NULL ? strlen(from) : 0;
    if (length >= size) {
        length = size - 1;
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
    copy_cut(error->path, sizeof error->path, path);
    error_set_arg(error, 0, arg1);
    error_set_arg(error, 1, arg2);
    error_set_arg(error, 2, arg3);
    return false;
}

void error_set_arg(struct error *error, size_t index, const char *arg)
{
    copy_cut(error->args[index], sizeof error->args[index], arg);
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
