/* cli/progress.h: the line that tells how far a run is: on standard error, and only on a terminal.
 *
 *     登録中 1234/5000件 24%  失敗 3  残り 0:44  85件/秒  再試行待ち 2
 *
 * What does not fit into the terminal's width is left out, from its end: the line never wraps. It is written over the
 * one before, ten times a second at most, and not at all where nothing has changed. A run that is over at once shows
 * none. How fast it goes is measured over the last ten seconds; how long it will take is said from the third on. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/options.h"

enum {
    CLI_PROGRESS_SAMPLES = 10, /* one a second */
    CLI_PROGRESS_SIZE = 256,   /* bytes of a line */
};

/* All but the first three members are zero at the beginning. */
struct cli_progress {
    enum atobarai_language language;
    enum cli_command command;
    bool rehearses; /* --dry-run */
    bool began;
    bool shown;
    int64_t began_at; /* milliseconds of the monotonic clock, as all times here */
    int64_t shown_at;
    struct cli_progress_sample {
        int64_t at;
        uint64_t done;
    } samples[CLI_PROGRESS_SAMPLES]; /* a ring: `next` is the oldest, once all are taken */
    size_t taken;
    size_t next;
    char text[CLI_PROGRESS_SIZE]; /* what stands there */
    size_t width;                 /* columns that it takes */
};

/* Whether standard error is a terminal on which a line can be written over. */
bool cli_progress_is_possible(void);

/* An atobarai_progress_fn; `context` is a struct cli_progress. */
void cli_progress_show(void *context, const struct atobarai_progress *progress);

/* Take the line away, if there is one: before anything else is printed. */
void cli_progress_clear(struct cli_progress *line);

#endif
