/* cli/setup.h: the command config: every option with its origin, and whether a run could work. */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "cli/options.h"

/* Show on standard output, which no secret and no part of one reaches. Returns the exit status. */
enum atobarai_status cli_setup(const struct cli_options *options);

#endif
