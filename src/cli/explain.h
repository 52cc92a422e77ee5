/* cli/explain.h: the command explain. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/options.h"

/* Print what is asked for on standard output. Returns the exit status. */
enum atobarai_status cli_explain(const struct cli_options *options);

#endif
