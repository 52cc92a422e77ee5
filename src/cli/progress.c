/* cli/progress.c: see progress.h. */
#include "cli/progress.h"

#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { INTERVAL = 100 }; /* milliseconds between two lines */

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void cli_progress_show(void *context, const struct atobarai_progress *progress)
{
    struct cli_progress *line = context;
    int64_t time = now();
    char text[128];
    if (line->shown && time - line->shown_at < INTERVAL)
        return;
    /* The numbers only grow, so each line covers the one before it. */
    snprintf(text, sizeof text,
             line->language == ATOBARAI_EN ? "\rsending %" PRIu64 "/%" PRIu64 " (%" PRIu64 " failed)"
                                           : "\r登録中 %" PRIu64 "/%" PRIu64 "件 (失敗 %" PRIu64 ")",
             progress->done, progress->orders, progress->failed);
    fputs(text, stderr);
    fflush(stderr); /* it has no newline */
    line->shown = true;
    line->shown_at = time;
    line->width = cli_text_width(text + 1);
}

void cli_progress_clear(struct cli_progress *line)
{
    if (!line->shown)
        return;
    putc('\r', stderr);
    cli_text_blanks(stderr, line->width);
    putc('\r', stderr);
    fflush(stderr);
    line->shown = false;
}
