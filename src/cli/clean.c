/* cli/clean.c: see clean.h. */
#include "cli/clean.h"

#include "cli/console.h"
#include "cli/job.h"
#include "cli/signals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PROBLEMS_SHOWN = 50 }; /* a clerk who has more begins with these */

struct problems {
    enum atobarai_language language;
    uint64_t count;
};

static void show_problem(void *context, uint32_t row, const struct atobarai_message *message)
{
    struct problems *problems = context;
    (void)row;
    if (problems->count++ < PROBLEMS_SHOWN)
        cli_console_show(problems->language, message);
}

static void report_problems(const struct cli_options *options, const struct atobarai_cleaned *cleaned)
{
    if (options->language == ATOBARAI_EN)
        fprintf(stderr, "%" PRIu64 " cells cannot be written: %s was not made.\n", cleaned->problems,
                cli_options_text(options, CLI_OUTPUT));
    else
        fprintf(stderr, "書けないセルが%" PRIu64 "個あるため、%s は作っていません。\n", cleaned->problems,
                cli_options_text(options, CLI_OUTPUT));
}

/* `words` in one language, with a number in it, where there is anything to count. */
static void report_count(const char *words, uint64_t count)
{
    const char *place = strchr(words, '#');
    if (count > 0)
        fprintf(stderr, "%.*s%" PRIu64 "%s\n", (int)(place - words), words, count, place + 1);
}

static void report(const struct cli_options *options, const struct atobarai_cleaned *cleaned)
{
    bool english = options->language == ATOBARAI_EN;
    fprintf(stderr,
            english ? "%" PRIu64 " of %" PRIu64 " rows written.\n" : "%" PRIu64 "行（全%" PRIu64 "行）を書きました。\n",
            cleaned->written, cleaned->rows);
    report_count(english ? "# of these were changed since they came from Robot-in."
                         : "うち#行は、Robot-inから出力した後に変わっています。",
                 cleaned->changed);
    report_count(english
                     ? "# of these are not in the ledger: they are written to be safe. Was the ledger of the run that "
                       "made the file given (--ledger)?"
                     : "うち#行は、台帳に記録がないため、変わったものとして書きました。結果を作ったときと同じ台帳（--"
                       "ledger）かどうか、ご確認ください。",
                 cleaned->unknown);
    report_count(english ? "# cells that a spreadsheet had damaged are written as they were."
                         : "表計算ソフトで壊れていた#個のセルは、元の値で書きました。",
                 cleaned->restored);
    report_count(english ? "# columns are left out that the file did not have when it came from Robot-in."
                         : "Robot-inから出力したときになかった#個の列は、除きました。",
                 cleaned->dropped);
    fprintf(stderr, english ? "File for Robot-in: %s\n" : "取り込み用のファイル: %s\n",
            cli_options_text(options, CLI_OUTPUT));
}

enum atobarai_status cli_clean(const struct cli_options *options)
{
    const struct atobarai_cleaning cleaning = {.input = options->input,
                                               .output = cli_options_text(options, CLI_OUTPUT),
                                               .all = cli_options_given(options, CLI_ALL),
                                               .interrupt = cli_signals_heed()};
    const struct atobarai_options asked = cli_job_options(options);
    struct problems problems = {options->language, 0};
    struct atobarai_cleaned cleaned;
    struct atobarai_message message;
    enum atobarai_status status =
        atobarai_clean(&cleaning, &asked, options->language, show_problem, &problems, &cleaned, &message);
    if (status > ATOBARAI_NEEDS_FIXING)
        cli_console_message(options->language, &message);
    else if (status == ATOBARAI_NEEDS_FIXING)
        report_problems(options, &cleaned);
    else if (!cli_options_given(options, CLI_QUIET))
        report(options, &cleaned);
    return status;
}
