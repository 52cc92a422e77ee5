/* cli/drop.c: see drop.h. */
#include "cli/drop.h"

#include "cli/console.h"
#include "cli/job.h"
#include "cli/signals.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>

struct console {
    enum atobarai_language language;
    bool quiet;
};

static void print_counts(const struct atobarai_summary *summary, bool english)
{
    fprintf(stderr,
            english ? "  orders %" PRIu64 ", sent %" PRIu64 ", succeeded %" PRIu64 ", failed %" PRIu64
                      ", invalid %" PRIu64 ", unsent %" PRIu64
                    : "  受注 %" PRIu64 "、送信 %" PRIu64 "、成功 %" PRIu64 "、失敗 %" PRIu64 "、誤り %" PRIu64
                      "、未送信 %" PRIu64,
            summary->orders, summary->sent, summary->succeeded, summary->failed, summary->invalid, summary->unsent);
}

/* One line: what was run, what came of it, and where the file and its result are. */
static void print_file(const struct console *console, const struct atobarai_dropped *dropped)
{
    bool english = console->language == ATOBARAI_EN;
    if (dropped->event == ATOBARAI_DROP_FOLLOW_UP) {
        fputs(english ? "Asked again:" : "問い合わせ:", stderr);
    } else {
        cli_text_print(stderr, dropped->file);
        fputs(" → ", stderr);
        cli_text_print(stderr, dropped->moved != NULL ? dropped->moved : english ? "(stays)" : "（そのまま）");
    }
    if (dropped->summary != NULL && dropped->summary->complete)
        print_counts(dropped->summary, english);
    if (dropped->result != NULL) {
        fputs(english ? "  result: " : "  結果: ", stderr);
        cli_text_print(stderr, dropped->result);
    }
    putc('\n', stderr);
}

static void print_pass(const struct console *console, const struct atobarai_dropped *dropped)
{
    fprintf(stderr,
            console->language == ATOBARAI_EN
                ? "Files: %" PRIu64 " done, %" PRIu64 " failed, %" PRIu64 " left for the next time.\n"
                : "ファイル: 終わったもの %" PRIu64 "、読めなかったもの %" PRIu64 "、次回に残したもの %" PRIu64 "\n",
            dropped->done, dropped->failed, dropped->left);
}

static void show(void *context, const struct atobarai_dropped *dropped)
{
    const struct console *console = context;
    if (!console->quiet && (dropped->event == ATOBARAI_DROP_FILE || dropped->event == ATOBARAI_DROP_FOLLOW_UP))
        print_file(console, dropped);
    if (!console->quiet && dropped->event == ATOBARAI_DROP_PASS)
        print_pass(console, dropped);
    if (dropped->message != NULL)
        cli_console_show(console->language, dropped->message);
}

enum atobarai_status cli_drop(const struct cli_options *options)
{
    const struct atobarai_dropping dropping = {
        .folder = options->input,
        .once = cli_options_given(options, CLI_ONCE),
        .follow_up = cli_options_given(options, CLI_FOLLOW_UP),
        .on_finish = cli_options_text(options, CLI_ON_FINISH),
        .settle = (unsigned)cli_options_number(options, CLI_SETTLE),
        .interrupt = cli_signals_heed(),
    };
    const struct atobarai_options asked = cli_job_options(options);
    struct console console = {options->language, cli_options_given(options, CLI_QUIET)};
    struct atobarai_message message;
    enum atobarai_status status = atobarai_drop(&dropping, &asked, options->language, show, &console, &message);
    if (message.what != NULL)
        cli_console_message(options->language, &message);
    return status;
}
