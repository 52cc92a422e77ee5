/* cli/drop.h: the command drop. */
#ifndef CLI_DROP_H
#define CLI_DROP_H

#include "cli/options.h"

/* Run the files that come into a folder, and say on standard error what becomes of each. Returns the exit status. */
enum atobarai_status cli_drop(const struct cli_options *options);

#endif
