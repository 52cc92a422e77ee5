/* cli/history.h: the commands that look into the ledger: history and orders. */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include "cli/options.h"

/* The exit statuses. */
enum atobarai_status cli_history(const struct cli_options *options);
enum atobarai_status cli_history_orders(const struct cli_options *options);

#endif
