/* cli/job.h: the commands that take an order CSV. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "cli/options.h"

/* Run the command and report. Returns the exit status. */
enum atobarai_status cli_job(const struct cli_options *options);

#endif
