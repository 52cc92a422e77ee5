/* cli/diff.h: the command that compares two order CSVs: diff. */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "cli/options.h"

/* The exit status. */
enum atobarai_status cli_diff(const struct cli_options *options);

#endif
