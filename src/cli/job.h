/* cli/job.h: the commands that take an order CSV. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "cli/options.h"

/* What the user gave, as the library takes it. Texts are borrowed from `options`. */
struct atobarai_options cli_job_options(const struct cli_options *options);

/* Run the command and report. Returns the exit status. */
enum atobarai_status cli_job(const struct cli_options *options);

#endif
