/* cli/sandbox.h: the command sandbox. */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "cli/options.h"

/* Run the sandbox until SIGINT or SIGTERM. Returns the exit status. */
enum atobarai_status cli_sandbox(const struct cli_options *options);

#endif
