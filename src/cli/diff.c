/* cli/diff.c: see diff.h. */
#include "cli/diff.h"

#include "cli/console.h"

#include <inttypes.h>
#include <stdio.h>

/* A line of the note, where there is something to say: two numbers in the order of the sentence. */
static void print_counts(enum atobarai_language language, const char *const sentence[2], uint64_t first,
                         uint64_t second)
{
    if (first > 0 || second > 0)
        fprintf(stderr, sentence[language], first, second);
}

/* What was found, in numbers; and that what the spreadsheet did is nobody's wish. */
static void print_note(const struct atobarai_differences *found, enum atobarai_language language)
{
    static const char *const cells[2] = {"変更されたセル: %" PRIu64 "（%" PRIu64 "件の受注）\n",
                                         "Cells changed: %" PRIu64 " (in %" PRIu64 " orders)\n"};
    static const char *const damaged[2] = {
        "表計算ソフトが書き換えたセル: %" PRIu64 "\n"
        "  "
        "人が直したものではありません。結果のファイルなら、registerなどは台帳の記録から元の値に戻して扱います。\n"
        "  ほかのファイルでは、変更前の値に戻してください。列の形式を「文字列」にして開くと、変わりません。\n",
        "Cells changed by the spreadsheet: %" PRIu64 "\n"
        "  Nobody edited these. In a result file register and the others take them for what the ledger remembers; in\n"
        "  any other, put back what stood there before. Columns that are opened as text stay as they are.\n"};
    static const char *const rows[2] = {"行の追加: %" PRIu64 "、行の削除: %" PRIu64 "\n",
                                        "Rows added: %" PRIu64 ", rows deleted: %" PRIu64 "\n"};
    static const char *const columns[2] = {"列の追加: %" PRIu64 "、列の削除: %" PRIu64 "\n",
                                           "Columns added: %" PRIu64 ", columns deleted: %" PRIu64 "\n"};
    static const char *const same[2] = {"違いはありません。\n", "There is no difference.\n"};
    print_counts(language, cells, found->cells, found->orders);
    print_counts(language, damaged, found->damaged, 0);
    print_counts(language, rows, found->rows_added, found->rows_deleted);
    print_counts(language, columns, found->columns_added, found->columns_deleted);
    if (found->cells + found->damaged + found->rows_added + found->rows_deleted + found->columns_added +
            found->columns_deleted ==
        0)
        fputs(same[language], stderr);
}

static bool print(void *context, const char *text, size_t length)
{
    (void)context;
    return fwrite(text, 1, length, stdout) == length;
}

enum atobarai_status cli_diff(const struct cli_options *options)
{
    struct atobarai_options asked = {
        .schema = cli_options_text(options, CLI_SCHEMA),
        .encoding = (enum atobarai_encoding)cli_options_number(options, CLI_ENCODING),
    };
    struct atobarai_differences found;
    struct atobarai_message message;
    enum atobarai_status status = atobarai_diff(options->input, options->input_after, &asked,
                                                (enum atobarai_format)cli_options_number(options, CLI_LISTING_FORMAT),
                                                options->language, print, NULL, &found, &message);
    if (status != ATOBARAI_DONE) {
        fflush(stdout); /* what there is of it stands above the message */
        cli_console_message(options->language, &message);
        return status;
    }
    if (!cli_console_flush(options->language))
        return ATOBARAI_USAGE;
    if (!cli_options_given(options, CLI_QUIET))
        print_note(&found, options->language);
    return ATOBARAI_DONE;
}
