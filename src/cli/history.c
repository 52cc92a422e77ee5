/* cli/history.c: see history.h. */
#include "cli/history.h"

#include "cli/console.h"

#include <stdio.h>
#include <stdlib.h>

static enum atobarai_format format_of(const struct cli_options *options)
{
    return (enum atobarai_format)cli_options_number(options, CLI_LISTING_FORMAT);
}

/* Print `text`, which is freed; where there is none, the message in its place. */
static enum atobarai_status print(const struct cli_options *options, char *text, enum atobarai_status status,
                                  struct atobarai_message *message)
{
    if (text == NULL) {
        cli_console_message(options->language, message);
        return status;
    }
    fputs(text, stdout);
    free(text);
    return cli_console_flush(options->language) ? ATOBARAI_DONE : ATOBARAI_USAGE;
}

enum atobarai_status cli_history(const struct cli_options *options)
{
    struct atobarai_message message;
    enum atobarai_status status;
    char *text = atobarai_history(cli_options_text(options, CLI_LEDGER), options->question,
                                  (int64_t)cli_options_number(options, CLI_SINCE), format_of(options),
                                  options->language, &status, &message);
    return print(options, text, status, &message);
}

enum atobarai_status cli_history_orders(const struct cli_options *options)
{
    struct atobarai_message message;
    enum atobarai_status status;
    char *text = atobarai_orders(cli_options_text(options, CLI_LEDGER), cli_options_text(options, CLI_CREDIT_STATUS),
                                 format_of(options), options->language, &status, &message);
    return print(options, text, status, &message);
}
