/* cli/help.h: --help and --version, on standard output. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/options.h"

/* Each returns the exit status: ATOBARAI_DONE, or ATOBARAI_USAGE when standard output cannot be written. */
enum atobarai_status cli_help(enum cli_command command, enum atobarai_language language);
enum atobarai_status cli_help_version(enum atobarai_language language);

#endif
