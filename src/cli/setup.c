/* cli/setup.c: see setup.h. */
#include "cli/setup.h"

#include "cli/config.h"
#include "cli/console.h"
#include "cli/job.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum action { SHOW, CHECK };

/* Words for people are in their language; what a program reads does not depend on that. A CSV is Japanese. */
enum words { WORDS_JA, WORDS_EN, WORDS_JSON, WORDS };

static enum atobarai_format format_of(const struct cli_options *options)
{
    return (enum atobarai_format)cli_options_number(options, CLI_LISTING_FORMAT);
}

static enum words words_of(const struct cli_options *options)
{
    enum atobarai_format format = format_of(options);
    if (format == ATOBARAI_JSON)
        return WORDS_JSON;
    return format == ATOBARAI_CSV || options->language == ATOBARAI_JA ? WORDS_JA : WORDS_EN;
}

/* Print a table of `rows`, whose cells are owned, and freed. */
static enum atobarai_status print_table(const struct cli_options *options, const struct atobarai_column *columns,
                                        size_t column_count, char **cells, size_t rows)
{
    bool whole = cells != NULL;
    for (size_t i = 0; whole && i < rows * column_count; i++)
        whole = cells[i] != NULL;
    char *text = whole ? atobarai_table(columns, column_count, (const char *const *)cells, rows, format_of(options),
                                        options->language)
                       : NULL;
    for (size_t i = 0; cells != NULL && i < rows * column_count; i++)
        free(cells[i]);
    free(cells);
    if (text == NULL) {
        cli_console_error(options->language, "OUT_OF_MEMORY", NULL, NULL, NULL);
        return ATOBARAI_CONFIG;
    }
    fputs(text, stdout);
    free(text);
    return cli_console_flush(options->language) ? ATOBARAI_DONE : ATOBARAI_USAGE;
}

/* ---- show ---- */

static const struct atobarai_column option_columns[] = {
    {{"オプション", "Option"}, "option"},
    {{"値", "Value"}, "value"},
    {{"出どころ", "Origin"}, "origin"},
};
enum { OPTION_COLUMNS = sizeof option_columns / sizeof *option_columns };

static bool is_shown(enum cli_option option)
{
    return cli_options_table[option].in_file || option == CLI_CONFIG_FILE || option == CLI_PROFILE;
}

/* A copy of a URL without what may be somebody's secret: nothing between the scheme and the last @, nor behind a ? or
 * #. NULL when memory ran out. */
static char *harmless_url(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *at = strrchr(url, '@');
    const char *rest = at != NULL ? at : url;
    size_t before = at == NULL || scheme == NULL || scheme > at ? 0 : (size_t)(scheme + 3 - url);
    size_t length = strcspn(rest, "?#");
    char *shown = NULL;
    int made = asprintf(&shown, "%.*s%s%.*s%s", (int)before, url, at != NULL ? "…" : "", (int)length, rest,
                        rest[length] != '\0' ? "…" : "");
    return made < 0 ? NULL : shown;
}

static char *number_text(uint64_t number)
{
    char *text = NULL;
    return asprintf(&text, "%" PRIu64, number) < 0 ? NULL : text;
}

/* A number that is not given where only a given one has a meaning is none. */
static bool has_number(const struct cli_options *options, enum cli_option option)
{
    const struct cli_option_entry *entry = &cli_options_table[option];
    return cli_options_given(options, option) || entry->default_number >= entry->least;
}

static char *value_text(const struct cli_options *options, enum cli_option option)
{
    static const char *const set[WORDS][2] = {
        [WORDS_JA] = {"（未設定）", "（設定済み）"},
        [WORDS_EN] = {"(not set)", "(set)"},
        [WORDS_JSON] = {"", "set"},
    };
    const struct cli_option_entry *entry = &cli_options_table[option];
    bool given = cli_options_given(options, option);
    const char *text = option == CLI_CONFIG_FILE ? options->config
                       : option == CLI_PROFILE   ? options->profile
                                                 : cli_options_text(options, option);
    switch (entry->kind) {
    case CLI_SECRET:
        return strdup(set[words_of(options)][given]);
    case CLI_FLAG:
        return strdup(given ? "yes" : "no");
    case CLI_NUMBER:
        return has_number(options, option) ? number_text(cli_options_number(options, option)) : strdup("");
    default:
        return option == CLI_API_URL && text != NULL ? harmless_url(text) : strdup(text != NULL ? text : "");
    }
}

static char *origin_text(const struct cli_options *options, enum cli_option option)
{
    static const char *const words[][WORDS] = {
        [CLI_BY_DEFAULT] = {"既定", "default", "default"},
        [CLI_BY_ENVIRONMENT] = {"環境変数", "environment", "environment"},
        [CLI_BY_COMMAND_LINE] = {"コマンドライン", "command line", "command_line"},
    };
    const struct cli_value *value = &options->values[option];
    char *text = NULL;
    int made;
    switch (value->origin) {
    case CLI_BY_FILE:
        made = asprintf(&text, "%s:%u", options->config, value->line);
        break;
    case CLI_BY_PROFILE:
        made = asprintf(&text, "%s:%u [%s]", options->config, value->line, options->profile);
        break;
    default:
        return strdup(words[value->origin][words_of(options)]);
    }
    return made < 0 ? NULL : text;
}

static enum atobarai_status show(const struct cli_options *options)
{
    char **cells = calloc((size_t)CLI_OPTIONS * OPTION_COLUMNS, sizeof *cells);
    size_t rows = 0;
    for (size_t i = 0; cells != NULL && i < CLI_OPTIONS; i++) {
        enum cli_option option = (enum cli_option)i;
        if (!is_shown(option))
            continue;
        char **row = &cells[OPTION_COLUMNS * rows++];
        row[0] = strdup(cli_options_table[option].name);
        row[1] = value_text(options, option);
        row[2] = origin_text(options, option);
    }
    return print_table(options, option_columns, OPTION_COLUMNS, cells, rows);
}

/* ---- check ---- */

static const struct atobarai_column condition_columns[] = {
    {{"項目", "Item"}, "item"},       {{"判定", "Verdict"}, "verdict"}, {{"内容", "Detail"}, "detail"},
    {{"問題", "Problem"}, "message"}, {{"原因", "Cause"}, "cause"},     {{"対処", "To do"}, "remedy"},
};
enum { CONDITION_COLUMNS = sizeof condition_columns / sizeof *condition_columns, CONDITIONS_MAX = 16 };

/* Conditions as they come: printed at once for people, and kept for a table. */
struct checking {
    const struct cli_options *options;
    size_t bad;
    char **cells; /* owned; NULL: printed at once */
    size_t rows;
};

static const char *verdict_text(enum atobarai_verdict verdict, enum words words)
{
    static const char *const texts[][WORDS] = {
        [ATOBARAI_GOOD] = {"OK", "OK", "ok"},
        [ATOBARAI_DOUBTFUL] = {"注意", "NOTE", "note"},
        [ATOBARAI_BAD] = {"NG", "NG", "ng"},
    };
    return texts[verdict][words];
}

static void print_part(const char *label, const char *text)
{
    fputs(label, stdout);
    cli_text_print(stdout, text);
    putchar('\n');
}

static void print_condition(const struct cli_options *options, const struct atobarai_condition *condition)
{
    enum { VERDICT_COLUMNS = 6 };
    bool english = options->language == ATOBARAI_EN;
    const char *verdict = verdict_text(condition->verdict, words_of(options));
    fputs(verdict, stdout);
    cli_text_blanks(stdout, VERDICT_COLUMNS - cli_text_width(verdict));
    fputs(condition->name[options->language], stdout);
    print_part(*condition->detail != '\0' ? ": " : "", condition->detail);
    if (condition->message != NULL) {
        print_part("      ", condition->message->what);
        print_part(english ? "      Cause: " : "      原因: ", condition->message->why);
        print_part(english ? "      To do: " : "      対処: ", condition->message->remedy);
    }
    fflush(stdout); /* what comes next may take its time */
}

static void keep_condition(struct checking *checking, const struct atobarai_condition *condition)
{
    enum words words = words_of(checking->options);
    const struct atobarai_message *message = condition->message;
    const char *texts[CONDITION_COLUMNS] = {
        words == WORDS_JSON ? condition->key : condition->name[words == WORDS_EN ? ATOBARAI_EN : ATOBARAI_JA],
        verdict_text(condition->verdict, words),
        condition->detail,
        message != NULL ? message->what : "",
        message != NULL ? message->why : "",
        message != NULL ? message->remedy : "",
    };
    if (checking->rows == CONDITIONS_MAX)
        return;
    char **row = &checking->cells[CONDITION_COLUMNS * checking->rows++];
    for (size_t i = 0; i < CONDITION_COLUMNS; i++)
        row[i] = strdup(texts[i]);
}

static void on_condition(void *context, const struct atobarai_condition *condition)
{
    struct checking *checking = context;
    checking->bad += condition->verdict == ATOBARAI_BAD;
    if (checking->cells != NULL)
        keep_condition(checking, condition);
    else
        print_condition(checking->options, condition);
}

/* Which file was read: the library knows of none. */
static void tell_config(struct checking *checking)
{
    const struct cli_options *options = checking->options;
    bool english = options->language == ATOBARAI_EN;
    struct atobarai_condition condition = {
        .key = "config", .name = {"設定ファイル", "Config file"}, .detail = english ? "(none)" : "（なし）"};
    char *detail = NULL;
    bool profile = options->profile != NULL;
    if (options->config != NULL && asprintf(&detail, "%s%s%s%s", options->config, profile ? " [" : "",
                                            profile ? options->profile : "", profile ? "]" : "") < 0)
        detail = NULL;
    if (detail != NULL)
        condition.detail = detail;
    on_condition(checking, &condition);
    free(detail);
}

static enum atobarai_status check(const struct cli_options *options)
{
    struct checking checking = {.options = options};
    struct atobarai_options run = cli_job_options(options);
    bool as_table = format_of(options) != ATOBARAI_TEXT;
    char count[24];
    if (as_table) {
        checking.cells = calloc((size_t)CONDITIONS_MAX * CONDITION_COLUMNS, sizeof *checking.cells);
        if (checking.cells == NULL)
            return print_table(options, condition_columns, CONDITION_COLUMNS, NULL, 0);
    }
    tell_config(&checking);
    enum atobarai_status status = atobarai_check_conditions(&run, options->language, on_condition, &checking);
    cli_config_forget_secrets(options);
    enum atobarai_status printed =
        as_table ? print_table(options, condition_columns, CONDITION_COLUMNS, checking.cells, checking.rows)
        : cli_console_flush(options->language) ? ATOBARAI_DONE
                                               : ATOBARAI_USAGE;
    if (status != ATOBARAI_DONE) {
        snprintf(count, sizeof count, "%zu", checking.bad);
        cli_console_error(options->language, "CONFIG_CHECK_FAILED", NULL, count, NULL);
    }
    return status > printed ? status : printed;
}

enum atobarai_status cli_setup(const struct cli_options *options)
{
    return options->action == SHOW ? show(options) : check(options);
}
