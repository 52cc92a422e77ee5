/* cli/help.c: see help.h. Everything here is read from the tables of options.h. */
#include "cli/help.h"

#include "cli/console.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    enum atobarai_status status;
    const char *meaning[2];
} statuses[] = {
    {ATOBARAI_DONE, {"すべての受注が済み、直すところはない", "every order is done and clean"}},
    {ATOBARAI_NEEDS_FIXING,
     {"終わったが、直す受注がある（結果のファイルを参照）", "finished; some orders need fixing"}},
    {ATOBARAI_USAGE,
     {"使い方の誤り、読めないか書けないファイル", "wrong usage; a file that cannot be read or written"}},
    {ATOBARAI_CONFIG, {"設定、APIキー、台帳の誤り", "configuration, credentials or ledger"}},
    {ATOBARAI_INPUT, {"入力が受注CSVではない（何も送信していない）", "the input is no order CSV; nothing was sent"}},
    {ATOBARAI_UNSENT, {"未送信か結果不明の受注がある（もう一度実行）", "orders unsent or in doubt: run again"}},
    {ATOBARAI_INTERRUPTED, {"中断した（もう一度実行してよい）", "interrupted: safe to run again"}},
};

enum { COMMAND_COLUMN = 14, OPTION_COLUMN = 30 }; /* where the words about them begin */

/* Fill a line up to `column`; `used` columns of it are taken. */
static void move_to(size_t column, size_t used)
{
    cli_text_blanks(stdout, used < column ? column - used : 1);
}

static void print_usage(enum cli_command command, enum atobarai_language language)
{
    const struct cli_command_entry *entry = &cli_commands[command];
    printf("%s atobarai", language == ATOBARAI_EN ? "Usage:" : "使い方:");
    if (entry->name[0] != '\0')
        printf(" %s", entry->name);
    if (entry->arguments[language][0] != '\0')
        printf(" %s", entry->arguments[language]);
    printf(" %s\n\n%s\n", language == ATOBARAI_EN ? "[OPTIONS]" : "[オプション]", entry->summary[language]);
}

static void print_commands(enum atobarai_language language)
{
    puts(language == ATOBARAI_EN ? "\nCommands:" : "\nコマンド:");
    for (size_t i = CLI_NONE + 1; i < CLI_COMMANDS; i++) {
        int used = printf("  %s", cli_commands[i].name);
        move_to(COMMAND_COLUMN, (size_t)used);
        puts(cli_commands[i].summary[language]);
    }
    puts(language == ATOBARAI_EN ? "  atobarai COMMAND --help tells more."
                                 : "  くわしくは atobarai コマンド --help をご覧ください。");
}

/* Bounds and default, from the table that the parser obeys. */
static void print_bounds(const struct cli_option_entry *entry, enum atobarai_language language)
{
    bool english = language == ATOBARAI_EN;
    if (entry->kind == CLI_NUMBER &&
        entry->default_number < entry->least) /* depends on the machine: the help says so */
        printf(english ? " (%" PRIu64 " to %" PRIu64 ")" : "（%" PRIu64 "から%" PRIu64 "）", entry->least, entry->most);
    else if (entry->kind == CLI_NUMBER && entry->most != UINT64_MAX)
        printf(english ? " (%" PRIu64 " to %" PRIu64 ", default %" PRIu64 ")"
                       : "（%" PRIu64 "から%" PRIu64 "、既定は%" PRIu64 "）",
               entry->least, entry->most, entry->default_number);
    else if (entry->kind == CLI_NUMBER)
        printf(english ? " (default %" PRIu64 ")" : "（既定は%" PRIu64 "）", entry->default_number);
    else if (entry->default_text != NULL)
        printf(english ? " (default %s)" : "（既定は%s）", entry->default_text);
}

static void print_option(const struct cli_option_entry *entry, enum atobarai_language language)
{
    char left[64];
    int used = entry->letter != '\0' ? snprintf(left, sizeof left, "  -%c, --%s", entry->letter, entry->name)
                                     : snprintf(left, sizeof left, "      --%s", entry->name);
    fputs(left, stdout);
    if (entry->value != NULL)
        used += printf(" %s", entry->value);
    move_to(OPTION_COLUMN, (size_t)used);
    fputs(entry->help[language], stdout);
    print_bounds(entry, language);
    putchar('\n');
}

static void print_options(enum cli_command command, enum atobarai_language language)
{
    puts(language == ATOBARAI_EN ? "\nOptions:" : "\nオプション:");
    for (size_t i = 0; i < CLI_OPTIONS; i++) {
        if (cli_options_taken(command, (enum cli_option)i))
            print_option(&cli_options_table[i], language);
    }
}

static void print_statuses(enum atobarai_language language)
{
    puts(language == ATOBARAI_EN ? "\nExit status:" : "\n終了ステータス:");
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        printf("  %3d  %s\n", (int)statuses[i].status, statuses[i].meaning[language]);
}

enum atobarai_status cli_help(enum cli_command command, enum atobarai_language language)
{
    print_usage(command, language);
    if (command == CLI_NONE)
        print_commands(language);
    print_options(command, language);
    if (command == CLI_NONE)
        print_statuses(language);
    if (cli_commands[command].notes[language][0] != '\0')
        printf("\n%s", cli_commands[command].notes[language]);
    return cli_console_flush(language) ? ATOBARAI_DONE : ATOBARAI_USAGE;
}

enum atobarai_status cli_help_version(enum atobarai_language language)
{
    puts("atobarai " ATOBARAI_VERSION);
    return cli_console_flush(language) ? ATOBARAI_DONE : ATOBARAI_USAGE;
}
