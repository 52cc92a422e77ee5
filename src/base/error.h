/* base/error.h: an error is a value: what kind, which message, where, and with what details.
 *
 * The text is not here. `code` names an entry of the catalogue (schemas/error-catalog.json), which holds the
 * sentence, the cause and the remedy in Japanese and English; `args` fill that sentence's {1}, {2}, {3}.
 * No secret and no cell of a buyer is ever put into an error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* The kind decides the exit status of the program; the values are those statuses. */
enum error_kind {
    ERROR_NONE = 0,
    ERROR_USAGE = 2,         /* wrong options; a path that cannot be read or written */
    ERROR_CONFIG = 3,        /* configuration, credentials, schema, dialect */
    ERROR_INPUT = 4,         /* the input is no Robot-in order CSV */
    ERROR_SERVICE = 5,       /* the service could not be used */
    ERROR_INTERRUPTED = 130, /* the user ended the run before anything was sent */
};

enum {
    ERROR_ARGS = 3,
    ERROR_ARG_SIZE = 256,   /* bytes with the final NUL; longer details are cut at a UTF-8 boundary */
    ERROR_PATH_SIZE = 4096, /* the same for a path: what the system takes fits */
};

struct error {
    enum error_kind kind;
    const char *code; /* static string; NULL while there is no error */
    char path[ERROR_PATH_SIZE];
    char args[ERROR_ARGS][ERROR_ARG_SIZE];
};

/* Fill `error`. `path` and each detail may be NULL. Always returns false, so that a function can end with
 * `return error_set(…)`. */
bool error_set(struct error *error, enum error_kind kind, const char *code, const char *path, const char *arg1,
               const char *arg2, const char *arg3);

/* The same with the words of strerror(errnum) as {1}. */
bool error_set_errno(struct error *error, enum error_kind kind, const char *code, const char *path, int errnum);

/* Set the detail {index + 1} afterwards, by somebody who knows more. */
void error_set_arg(struct error *error, size_t index, const char *arg);

/* Memory ran out: kind ERROR_CONFIG, code OUT_OF_MEMORY. */
bool error_set_memory(struct error *error);

#endif
