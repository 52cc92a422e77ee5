/* cli/console.c: see console.h. */
#include "cli/console.h"

#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- Errors ---- */

static void print_part(const char *label, const char *text)
{
    fputs(label, stderr);
    cli_text_print(stderr, text);
    putc('\n', stderr);
}

static void print_message(enum atobarai_language language, const struct atobarai_message *message)
{
    bool english = language == ATOBARAI_EN;
    print_part("atobarai: ", message->what);
    print_part(english ? "  Cause: " : "  原因: ", message->why);
    print_part(english ? "  To do: " : "  対処: ", message->remedy);
}

void cli_console_error(enum atobarai_language language, const char *code, const char *path, const char *arg1,
                       const char *arg2)
{
    struct atobarai_message message;
    if (atobarai_message(code, language, path, arg1, arg2, &message)) {
        print_message(language, &message);
        atobarai_message_free(&message);
    } else {
        print_part("atobarai: ", code); /* no memory even for the sentence */
    }
}

void cli_console_show(enum atobarai_language language, const struct atobarai_message *message)
{
    print_message(language, message);
}

void cli_console_message(enum atobarai_language language, struct atobarai_message *message)
{
    if (message->what == NULL) {
        cli_console_error(language, "OUT_OF_MEMORY", NULL, NULL, NULL);
        return;
    }
    print_message(language, message);
    atobarai_message_free(message);
}

bool cli_console_flush(enum atobarai_language language)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return true;
    cli_console_error(language, "OUTPUT_UNWRITABLE", language == ATOBARAI_EN ? "(standard output)" : "（標準出力）",
                      strerror(errno), NULL);
    return false;
}

/* ---- Tables ---- */

enum { NUMBER_SIZE = 24 }; /* bytes of a number in digits */

/* A table asks for its cells: row 0 is the heading. A number is written to `number` and that is returned. */
typedef const char *cell_fn(const void *context, size_t row, size_t column, char number[static NUMBER_SIZE]);

static const char *digits(uint64_t value, char number[static NUMBER_SIZE])
{
    snprintf(number, NUMBER_SIZE, "%" PRIu64, value);
    return number;
}

static size_t column_width(cell_fn *cell, const void *context, size_t rows, size_t column)
{
    char number[NUMBER_SIZE];
    size_t widest = 0;
    for (size_t row = 0; row <= rows; row++) {
        size_t width = cli_text_width(cell(context, row, column, number));
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* A table of `rows` and its heading, and an empty line; the first `texts` columns hold words, to the left, the others
 * numbers, to the right. */
static void print_table(cell_fn *cell, const void *context, size_t rows, size_t texts, size_t columns)
{
    enum { COLUMNS_MAX = 4 };
    char number[NUMBER_SIZE];
    size_t widths[COLUMNS_MAX];
    for (size_t column = 0; column < columns; column++)
        widths[column] = column_width(cell, context, rows, column);
    for (size_t row = 0; row <= rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            const char *text = cell(context, row, column, number);
            size_t blanks = widths[column] - cli_text_width(text);
            cli_text_blanks(stderr, column < texts ? 2 : 2 + blanks);
            cli_text_print(stderr, text);
            cli_text_blanks(stderr, column < texts ? blanks : 0);
        }
        putc('\n', stderr);
    }
    putc('\n', stderr);
}

struct status_table {
    const struct atobarai_summary *summary;
    enum atobarai_language language;
    size_t count;
    size_t rows[ATOBARAI_STATUSES]; /* indexes of the statuses that occur */
};

static const char *status_cell(const void *context, size_t row, size_t column, char number[static NUMBER_SIZE])
{
    static const char *const headings[2][2] = {{"与信ステータス", "受注"}, {"Credit status", "Orders"}};
    const struct status_table *table = context;
    if (row == 0)
        return headings[table->language][column];
    size_t index = table->rows[row - 1];
    return column == 0 ? table->summary->by_status[index].name
                       : digits(table->summary->by_status[index].orders, number);
}

static void print_statuses(const struct atobarai_summary *summary, enum atobarai_language language)
{
    struct status_table table = {.summary = summary, .language = language};
    for (size_t i = 0; i < ATOBARAI_STATUSES; i++) {
        if (summary->by_status[i].orders > 0)
            table.rows[table.count++] = i;
    }
    if (table.count > 0)
        print_table(status_cell, &table, table.count, 1, 2);
}

struct error_table {
    const struct atobarai_error_count *errors; /* all errors, or all warnings */
    enum atobarai_language language;
};

static const char *error_cell(const void *context, size_t row, size_t column, char number[static NUMBER_SIZE])
{
    static const char *const headings[2][4] = {{"エラーコード", "内容", "受注", "最初の行"},
                                               {"Error code", "Meaning", "Orders", "First row"}};
    static const char *const warnings[2] = {"注意のコード", "Warning code"};
    const struct error_table *table = context;
    if (row == 0)
        return column == 0 && table->errors->warning ? warnings[table->language] : headings[table->language][column];
    const struct atobarai_error_count *error = &table->errors[row - 1];
    switch (column) {
    case 0:
        return error->code;
    case 1:
        return error->title[table->language];
    case 2:
        return digits(error->orders, number);
    default:
        return digits(error->first_row, number);
    }
}

static void print_errors(const struct atobarai_summary *summary, enum atobarai_language language)
{
    struct error_table table = {.errors = summary->by_error, .language = language};
    size_t errors = 0;
    while (errors < summary->by_error_count && !summary->by_error[errors].warning)
        errors++;
    if (errors > 0)
        print_table(error_cell, &table, errors, 2, 4);
    table.errors += errors;
    if (errors < summary->by_error_count)
        print_table(error_cell, &table, summary->by_error_count - errors, 2, 4);
}

/* ---- The report ---- */

static void print_totals(enum cli_command command, const struct atobarai_summary *summary,
                         enum atobarai_language language)
{
    bool checks = command == CLI_CHECK; /* it sends nothing, so nothing succeeds or fails */
    const struct {
        const char *names[2];
        uint64_t number;
        bool shown;
    } totals[] = {
        {{"行", "rows"}, summary->rows, true},
        {{"受注", "orders"}, summary->orders, true},
        {{"対象外の行", "skipped rows"}, summary->skipped_rows, true},
        {{"送信", "sent"}, summary->sent, !checks},
        {{"誤りなし", "good"}, summary->succeeded, checks},
        {{"成功", "succeeded"}, summary->succeeded, !checks},
        {{"失敗", "failed"}, summary->failed, !checks},
        {{"誤り", "invalid"}, summary->invalid, true},
        {{"未送信", "unsent"}, summary->unsent, !checks},
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        if (!totals[i].shown)
            continue;
        fprintf(stderr, "%s%s %" PRIu64, separator, totals[i].names[language], totals[i].number);
        separator = language == ATOBARAI_EN ? ", " : "、";
    }
    putc('\n', stderr);
}

static void print_result(const char *output, enum atobarai_language language)
{
    bool english = language == ATOBARAI_EN;
    if (output == NULL)
        return;
    if (strcmp(output, "-") == 0)
        output = english ? "(standard output)" : "（標準出力）";
    print_part(english ? "Result: " : "結果: ", output);
}

void cli_console_report(const struct cli_options *options, const struct atobarai_summary *summary, bool others)
{
    bool english = options->language == ATOBARAI_EN;
    const char *operation = cli_commands[options->command].operation;
    if (summary->dry_run)
        fputs(english
                  ? "DRY RUN: nothing was sent and nothing was recorded. This is what would be done.\n\n"
                  : "【確認のみ】何も送信していません。何が送信されるかを確認しただけで、記録も残していません。\n\n",
              stderr);
    else if (cli_options_given(options, CLI_USE_SANDBOX))
        fputs(english ? "REHEARSAL: sent to the simulated service. Nothing is registered at the real one.\n"
                      : "【練習】模擬サービスに送りました。本物のサービスには何も登録されていません。\n",
              stderr);
    /* The manual's own message, which is Japanese in every language. */
    if (operation != NULL && !summary->dry_run)
        fprintf(stderr, "%" PRIu64 "件の受注のクロネコ代金後払いサービス%sを予約しました。\n\n", summary->sent,
                operation);
    print_statuses(summary, options->language);
    print_errors(summary, options->language);
    print_totals(options->command, summary, options->language);
    print_result(summary->output, options->language);
    if (others && summary->xlsx != NULL)
        print_part(english ? "Workbook: " : "ブック: ", summary->xlsx);
    if (others && summary->report != NULL)
        print_part(english ? "Report: " : "レポート: ", summary->report);
}

void cli_console_sent(enum atobarai_language language, uint64_t sent)
{
    fprintf(stderr,
            language == ATOBARAI_EN ? "Orders sent before the run ended: %" PRIu64 ". No result file was written.\n"
                                    : "終わるまでに送信した受注: %" PRIu64 "件。結果のファイルは作成していません。\n",
            sent);
}

/* Print the host of `url`, and its port. Everything up to the last @ is left out, wherever that stands: in a wrong URL
 * a password can reach further than it should; or the @ is part of a query, and then there is no telling. */
static void print_host(const char *label, const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *at = strrchr(url, '@');
    const char *query = strpbrk(url, "?#");
    const char *host = at != NULL ? at + 1 : scheme != NULL ? scheme + 3 : url;
    if (at != NULL && query != NULL && query < at)
        host = "…";
    char shown[256]; /* a name in the DNS has 253 bytes at most */
    snprintf(shown, sizeof shown, "%.*s", (int)strcspn(host, "/?#"), host);
    print_part(label, shown);
}

/* What the input was found to be, and what told so. */
static void print_input(const struct atobarai_summary *summary, enum atobarai_language language)
{
    static const char *const told[][2] = {
        [ATOBARAI_TOLD_BY_MARK] = {"先頭のBOMから判定", "told by the byte order mark"},
        [ATOBARAI_TOLD_BY_NULS] = {"1文字2バイトの並びから判定", "told by its NUL bytes"},
        [ATOBARAI_TOLD_BY_UTF8] = {"日本語がUTF-8として正しいことから判定", "told by characters that are UTF-8"},
        [ATOBARAI_TOLD_BY_CP932] = {"UTF-8ではない日本語があることから判定", "told by characters that are no UTF-8"},
        [ATOBARAI_TOLD_BY_ASCII] = {"半角の英数字と記号だけなので既定のとおり", "the default: there is only ASCII"},
        [ATOBARAI_TOLD_BY_OPTION] = {"--encoding のとおり", "as --encoding says"},
    };
    static const char *const marks[][2] = {{"BOMなし", "without a byte order mark"},
                                           {"BOMあり", "with a byte order mark"}};
    static const char *const delimiters[][2] = {{"コンマ", "comma"}, {"タブ", "tab"}};
    bool english = language == ATOBARAI_EN;
    if (summary->told == ATOBARAI_TOLD_NOT)
        return;
    fprintf(stderr, english ? "Encoding: %s, %s (%s)\n" : "文字コード: %s、%s（%s）\n", summary->encoding,
            marks[summary->mark][language], told[summary->told][language]);
    print_part(english ? "Delimiter: " : "区切り: ", delimiters[summary->delimiter == '\t'][language]);
}

static void print_config(const struct cli_options *options)
{
    bool english = options->language == ATOBARAI_EN;
    const char *none = english ? "(none)" : "（なし）";
    print_part(english ? "Config file: " : "設定ファイル: ", options->config != NULL ? options->config : none);
    if (options->profile != NULL)
        print_part(english ? "Profile: " : "設定ファイルの区分: ", options->profile);
}

void cli_console_details(const struct cli_options *options, const struct atobarai_summary *summary)
{
    bool english = options->language == ATOBARAI_EN;
    const char *label = english ? "Service: " : "接続先: ";
    const char *url = cli_options_text(options, CLI_API_URL);
    print_input(summary, options->language);
    print_config(options);
    if (cli_options_given(options, CLI_USE_SANDBOX))
        print_part(label, english ? "the built-in sandbox" : "組み込みの模擬サービス");
    else if (url != NULL)
        print_host(label, url);
    fprintf(stderr, english ? "Elapsed: %" PRIu64 " ms\n" : "所要時間: %" PRIu64 "ミリ秒\n", summary->elapsed_ms);
}
