/* cli/clean.h: the command clean. */
#ifndef CLI_CLEAN_H
#define CLI_CLEAN_H

#include "cli/options.h"

/* Make a file for Robot-in of a result file, and say on standard error what is in it, or why there is none. */
enum atobarai_status cli_clean(const struct cli_options *options);

#endif
