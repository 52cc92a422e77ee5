/* cli/progress.c: see progress.h. */
#include "cli/progress.h"

#include "cli/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST = 300,           /* milliseconds before the first line, */
    INTERVAL = 100,        /* between two of them, */
    SAMPLE = 1000,         /* between two samples, */
    RATE_AFTER = 1000,     /* before it is said how fast it goes, */
    LEFT_AFTER = 3000,     /* and how long it takes */
    ENOUGH = 10,           /* orders that tell how fast it goes */
    LEFT_MAX = 100 * 3600, /* seconds; beyond, nobody can tell */
    COLUMNS_UNKNOWN = 80,  /* of a terminal that does not say how wide it is */
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

bool cli_progress_is_possible(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) == 1 && terminal != NULL && *terminal != '\0' && strcmp(terminal, "dumb") != 0;
}

/* The columns that may be used. The last one is left free: many terminals go on to the next line from there. */
static size_t columns(void)
{
    struct winsize size;
    size_t all = COLUMNS_UNKNOWN;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        all = size.ws_col;
    return all - 1;
}

/* ---- How fast ---- */

static void take_sample(struct cli_progress *line, int64_t time, uint64_t done)
{
    size_t last = (line->next + CLI_PROGRESS_SAMPLES - 1) % CLI_PROGRESS_SAMPLES;
    if (line->taken > 0 && time - line->samples[last].at < SAMPLE)
        return;
    line->samples[line->next] = (struct cli_progress_sample){time, done};
    line->next = (line->next + 1) % CLI_PROGRESS_SAMPLES;
    line->taken += line->taken < CLI_PROGRESS_SAMPLES;
}

/* Orders per second: of the last seconds, where as many orders as tell something can be expected in so many seconds;
 * otherwise of the whole run. */
static double rate_of(const struct cli_progress *line, int64_t time, uint64_t done)
{
    const struct cli_progress_sample *oldest = &line->samples[line->taken < CLI_PROGRESS_SAMPLES ? 0 : line->next];
    double all = (double)(time - line->began_at) / 1000;
    double window = (double)(time - oldest->at) / 1000;
    double average = all > 0 ? (double)done / all : 0;
    return window > 0 && average * window >= ENOUGH ? (double)(done - oldest->done) / window : average;
}

/* ---- The line ---- */

struct text {
    char *bytes; /* of CLI_PROGRESS_SIZE */
    size_t length;
    size_t width;
    size_t columns;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append where it fits. */
static void add(struct text *text, const char *format, ...)
{
    char piece[64];
    va_list args;
    va_start(args, format);
    vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    size_t width = cli_text_width(piece);
    size_t length = strlen(piece);
    if (text->width + width > text->columns || text->length + length >= CLI_PROGRESS_SIZE)
        return;
    memcpy(text->bytes + text->length, piece, length + 1);
    text->length += length;
    text->width += width;
}

static const char *word_of(const struct cli_progress *line)
{
    static const char *const words[CLI_COMMANDS][2] = {
        [CLI_REGISTER] = {"登録中", "registering"},
        [CLI_SHIP] = {"出荷情報登録中", "reporting shipments"},
        [CLI_CANCEL] = {"取消中", "cancelling"},
        [CLI_STATUS] = {"問い合わせ中", "asking"},
        [CLI_REREGISTER] = {"再登録中", "registering anew"},
    };
    static const char *const rehearsal[2] = {"確認中", "rehearsing"};
    return line->rehearses ? rehearsal[line->language] : words[line->command][line->language];
}

static void add_left(struct text *text, bool english, double seconds)
{
    if (seconds >= LEFT_MAX)
        return;
    unsigned left = (unsigned)(seconds + 0.5);
    unsigned hours = left / 3600;
    unsigned minutes = left / 60 % 60;
    if (hours > 0)
        add(text, english ? "  %u:%02u:%02u left" : "  残り %u:%02u:%02u", hours, minutes, left % 60);
    else
        add(text, english ? "  %u:%02u left" : "  残り %u:%02u", minutes, left % 60);
}

/* What comes first is what is kept where there is little room. */
static void compose(const struct cli_progress *line, const struct atobarai_progress *progress, int64_t time,
                    struct text *text)
{
    bool english = line->language == ATOBARAI_EN;
    double rate = rate_of(line, time, progress->done);
    int64_t elapsed = time - line->began_at;
    unsigned percent = (unsigned)((double)progress->done * 100 / (double)progress->orders);
    add(text, "%s ", word_of(line));
    add(text, english ? "%" PRIu64 "/%" PRIu64 : "%" PRIu64 "/%" PRIu64 "件", progress->done, progress->orders);
    add(text, " %u%%", percent);
    if (progress->failed > 0)
        add(text, english ? "  %" PRIu64 " failed" : "  失敗 %" PRIu64, progress->failed);
    if (elapsed >= LEFT_AFTER && rate > 0 && progress->done < progress->orders)
        add_left(text, english, (double)(progress->orders - progress->done) / rate);
    if (elapsed >= RATE_AFTER)
        add(text, english ? "  %.*f/s" : "  %.*f件/秒", rate < 10 ? 1 : 0, rate);
    if (progress->retrying > 0)
        add(text, english ? "  %" PRIu64 " retrying" : "  再試行待ち %" PRIu64, progress->retrying);
}

/* Write `text` over what stands there, in one piece. */
static void replace(struct cli_progress *line, const char *text, size_t width)
{
    char bytes[2 * CLI_PROGRESS_SIZE];
    size_t room = columns();
    size_t blanks = line->width > width ? line->width - width : 0;
    if (width + blanks > room) /* the terminal became narrower */
        blanks = room > width ? room - width : 0;
    int length = snprintf(bytes, sizeof bytes, "\r%s%*s", text, (int)blanks, "");
    if (length > 0)
        fwrite(bytes, 1, (size_t)length < sizeof bytes ? (size_t)length : sizeof bytes - 1, stderr);
    fflush(stderr); /* it has no newline */
    line->width = width;
}

void cli_progress_show(void *context, const struct atobarai_progress *progress)
{
    struct cli_progress *line = context;
    int64_t time = now();
    char bytes[CLI_PROGRESS_SIZE] = "";
    struct text text = {.bytes = bytes, .columns = columns()};
    if (!line->began) {
        line->began = true;
        line->began_at = time;
        line->shown_at = time + FIRST - INTERVAL;
    }
    take_sample(line, time, progress->done);
    if (time - line->shown_at < INTERVAL || progress->orders == 0)
        return;
    line->shown_at = time;
    compose(line, progress, time, &text);
    if (strcmp(bytes, line->text) == 0)
        return;
    replace(line, bytes, text.width);
    memcpy(line->text, bytes, sizeof line->text);
    line->shown = true;
}

void cli_progress_clear(struct cli_progress *line)
{
    if (!line->shown)
        return;
    replace(line, "", 0);
    putc('\r', stderr);
    fflush(stderr);
    line->shown = false;
}
