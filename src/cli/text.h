/* cli/text.h: UTF-8 on a terminal, whatever the user's locale says. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Columns that `text` takes: a Japanese character takes two. */
size_t cli_text_width(const char *text);

/* Whether the `length` bytes of `text`, which has a NUL somewhere behind them, are UTF-8 without a control character
 * but tabs. */
bool cli_text_is_plain(const char *text, size_t length);

/* Print `text` with a ? for each control character and each byte that is no UTF-8: a file name or an answer of a server
 * must not command the terminal. */
void cli_text_print(FILE *out, const char *text);

/* Print `text`, which is lines, broken into lines of `columns` where it can be: at blanks, and between Japanese
 * characters, as Japanese typesetting allows it. What follows a break is indented by two more than the line. */
void cli_text_wrap(FILE *out, const char *text, size_t columns);

/* Print so many blanks. */
void cli_text_blanks(FILE *out, size_t count);

#endif
