/* cli/ini.h: a text in the form of an INI file: sections, and names with values. libinih says which is which; what it
 * would cut or pass over without a word is an error here.
 *
 * A line is blank, a comment (; or # at its beginning), [SECTION], or NAME = VALUE (or NAME: VALUE); blanks around all
 * of these do not count, and a ; behind a blank begins a comment. Lines end with LF or CRLF, and a byte order mark may
 * come first. There are no lines that go on with the next one. The bytes of a line are UTF-8 without control
 * characters. */
#ifndef CLI_INI_H
#define CLI_INI_H

#include <stdbool.h>
#include <stddef.h>

/* Called line by line; false ends the reading. Texts are borrowed during the call. */
struct cli_ini_reader {
    void *context;
    bool (*section)(void *context, const char *name, unsigned line);
    bool (*entry)(void *context, const char *name, const char *value, unsigned line);
};

/* Why a text is refused: a code of the catalogue and its details. */
struct cli_ini_error {
    const char *code; /* NULL: the reader said so itself */
    unsigned line;    /* from 1 */
    size_t most;      /* CONFIG_LINE_TOO_LONG: bytes that a line may have */
};

/* Read `text`, which is followed by a NUL. False with `error`: CONFIG_NOT_UTF8, CONFIG_LINE_TOO_LONG, CONFIG_SYNTAX, or
 * what the reader found. The memory through which values went is wiped. */
bool cli_ini_read(const char *text, size_t length, const struct cli_ini_reader *reader, struct cli_ini_error *error);

#endif
