/* cli/progress.h: the line that tells how far a run is: on standard error, and only on a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <atobarai.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_progress {
    enum atobarai_language language;
    bool shown;
    int64_t shown_at; /* milliseconds of the monotonic clock */
    size_t width;     /* columns that the line takes */
};

/* An atobarai_progress_fn; `context` is a struct cli_progress. Rewrites the line ten times a second at most. */
void cli_progress_show(void *context, const struct atobarai_progress *progress);

/* Take the line away, if there is one. */
void cli_progress_clear(struct cli_progress *line);

#endif
