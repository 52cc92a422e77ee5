/* cli/explain.c: see explain.h. */
#include "cli/explain.h"

#include "cli/console.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 80 }; /* of a line for people; the same in a pipe, so that what is saved looks as it did */

enum atobarai_status cli_explain(const struct cli_options *options)
{
    struct atobarai_message message;
    enum atobarai_status status;
    uint64_t chosen = cli_options_number(options, CLI_FORMAT);
    /* The last choice is another word for the first. */
    enum atobarai_format format = chosen <= ATOBARAI_MARKDOWN ? (enum atobarai_format)chosen : ATOBARAI_TEXT;
    char *text = atobarai_explain(options->question, format, options->language, &status, &message);
    if (text == NULL) {
        cli_console_message(options->language, &message);
        return status;
    }
    if (format == ATOBARAI_TEXT)
        cli_text_wrap(stdout, text, COLUMNS);
    else
        fputs(text, stdout);
    free(text);
    return cli_console_flush(options->language) ? ATOBARAI_DONE : ATOBARAI_USAGE;
}
