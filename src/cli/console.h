/* cli/console.h: what people read, on standard error: errors, and the report of a run. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "cli/options.h"

/* The message of `code`, as atobarai_message() fills it, in three parts: what, why, and what to do. */
void cli_console_error(enum atobarai_language language, const char *code, const char *path, const char *arg1,
                       const char *arg2);

/* A message as it is, which stays the caller's. */
void cli_console_show(enum atobarai_language language, const struct atobarai_message *message);

/* A message that the library made, which is freed. Without a text it stands for memory that ran out. */
void cli_console_message(enum atobarai_language language, struct atobarai_message *message);

/* Send off what was printed to standard output. False, with a message, when it could not be written. */
bool cli_console_flush(enum atobarai_language language);

/* The report of a run that wrote its result: the closing message, the tables, the totals, the result's path; and where
 * workbook and page are, if `others` says that they were written. */
void cli_console_report(const struct cli_options *options, const struct atobarai_summary *summary, bool others);

/* What --verbose adds to it. */
void cli_console_details(const struct cli_options *options, const struct atobarai_summary *summary);

/* Say that orders were sent in a run that wrote no result. */
void cli_console_sent(enum atobarai_language language, uint64_t sent);

#endif
