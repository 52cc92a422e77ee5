/* cli/options.c: see options.h. */
#include "cli/options.h"

#include "cli/moment.h"

#include <regex.h>
#include <string.h>
#include <time.h>

/* What help says below the options of the commands that send. */
#define NOTES_JA                                                                                                                     \
    "ファイル名の - は、入力では標準入力を、出力では標準出力を表します。\n"                          \
    "APIキーと加盟店コードは、環境変数 ATOBARAI_API_KEY と ATOBARAI_MERCHANT_CODE か、設定ファイルで\n"     \
    "渡します。オプションは、設定ファイルに書いておくこともできます（atobarai config --help）。\n" \
    "--sandbox を付けると、URLもAPIキーもなしで試せます。\n"
#define NOTES_EN                                                                                                       \
    "A file named - is standard input or output.\n"                                                                    \
    "The API key and the merchant code come from the environment (ATOBARAI_API_KEY,\n"                                 \
    "ATOBARAI_MERCHANT_CODE) or from the config file, where options may stand, too: see\n"                             \
    "atobarai config --help. With --sandbox neither they nor a URL are needed.\n"

const struct cli_command_entry cli_commands[CLI_COMMANDS] = {
    [CLI_NONE] =
        {
            .name = "",
            .arguments = {"コマンド", "COMMAND"},
            .summary = {"Robot-inの受注CSVを検査し、クロネコ代金後払いサービスにまとめて登録します。",
                        "Check order CSVs of Robot-in and register them with the deferred-payment service in bulk."},
            .notes = {"", ""},
        },
    [CLI_CHECK] =
        {
            .name = "check",
            .arguments = {"受注.csv [-o 結果.csv]", "ORDERS.csv [-o RESULT.csv]"},
            .summary = {"受注CSVを検査します。通信はしません。", "Validate an order CSV. Nothing is sent."},
            .notes = {"ファイル名の - は、入力では標準入力を、出力では標準出力を表します。\n",
                      "A file named - is standard input or output.\n"},
            .takes_input = true,
        },
    [CLI_REGISTER] =
        {
            .name = "register",
            .arguments = {"受注.csv -o 結果.csv", "ORDERS.csv -o RESULT.csv"},
            .summary = {"受注CSVの受注を、クロネコ代金後払いサービスに登録します（買い手情報登録）。",
                        "Register the orders of an order CSV with the deferred-payment service (買い手情報登録)."},
            .notes = {NOTES_JA, NOTES_EN},
            .operation = "買い手情報登録",
            .takes_input = true,
            .needs_output = true,
        },
    [CLI_SHIP] =
        {
            .name = "ship",
            .arguments = {"受注.csv -o 結果.csv", "ORDERS.csv -o RESULT.csv"},
            .summary = {"受注CSVの受注の送り状番号を知らせます（出荷情報登録）。",
                        "Report the tracking numbers of the orders (出荷情報登録)."},
            .notes = {NOTES_JA, NOTES_EN},
            .operation = "出荷情報登録",
            .takes_input = true,
            .needs_output = true,
        },
    [CLI_CANCEL] =
        {
            .name = "cancel",
            .arguments = {"受注.csv -o 結果.csv", "ORDERS.csv -o RESULT.csv"},
            .summary = {"受注CSVの受注の与信を取り消します（与信の取消）。",
                        "Cancel the credit of the orders (与信の取消)."},
            .notes = {NOTES_JA, NOTES_EN},
            .operation = "与信の取消",
            .takes_input = true,
            .needs_output = true,
        },
    [CLI_STATUS] =
        {
            .name = "status",
            .arguments = {"受注.csv -o 結果.csv", "ORDERS.csv -o RESULT.csv"},
            .summary = {"審査中や処理中の受注の結果を問い合わせます（与信結果問い合わせ）。",
                        "Ask how the pending orders stand (与信結果問い合わせ)."},
            .notes = {NOTES_JA, NOTES_EN},
            .operation = "与信結果問い合わせ",
            .takes_input = true,
            .needs_output = true,
        },
    [CLI_REREGISTER] =
        {
            .name = "reregister",
            .arguments = {"受注.csv -o 結果.csv", "ORDERS.csv -o RESULT.csv"},
            .summary = {"登録した受注を取り消し、新しい番号で登録し直します（再登録）。",
                        "Cancel the orders and register them again under new ids (再登録)."},
            .notes = {NOTES_JA, NOTES_EN},
            .operation = "再登録",
            .takes_input = true,
            .needs_output = true,
        },
    [CLI_CLEAN] =
        {
            .name = "clean",
            .arguments = {"結果.csv -o 取り込み用.csv", "RESULT.csv -o UPLOAD.csv"},
            .summary = {"結果のファイルから、Robot-inに取り込むCSVを作ります。通信はしません。",
                        "Make a file for Robot-in of a result file. Nothing is sent."},
            .notes = {"結果の列を除き、コントロールカラムをUにします（Dの行はそのまま）。書くのは、Robot-"
                      "inから出力した後に\n"
                      "変わった行だけです。表計算ソフトが壊したセルは、元の値で書きます。変わったかどうかは、register "
                      "などが\n"
                      "台帳に残した記録で調べます。例：\n"
                      "  atobarai clean 結果.csv -o order_upload.csv\n",
                      "The columns of the result are taken out, and コントロールカラム becomes U (D stays). Only rows\n"
                      "are written that were changed since they came from Robot-in; cells that a spreadsheet\n"
                      "damaged are written as they were. The ledger tells, by what register and others left there.\n"
                      "Example:\n"
                      "  atobarai clean result.csv -o order_upload.csv\n"},
            .takes_input = true,
            .needs_output = true,
        },
    [CLI_DIFF] =
        {
            .name = "diff",
            .arguments = {"変更前.csv 変更後.csv", "OLD.csv NEW.csv"},
            .summary = {"2つの受注CSVを比べ、変わったところをセルごとに表示します。通信はしません。",
                        "Show cell by cell what differs between two order CSVs. Nothing is sent."},
            .notes = {"行は受注IDと明細ID（なければ項番）で照らし合わせるので、並べ替えた行、動かした列、\n"
                      "文字コードや引用符の違いは、変更になりません。結果のファイルの8つの列と空の行は比べません。\n"
                      "ExcelやLibreOfficeが開いて保存しただけで変えたセルは、「表計算ソフトによる変化」として\n"
                      "分けて表示します。ファイル名の - は標準入力です（どちらか一方だけ）。例：\n"
                      "  atobarai diff order.csv order-fixed.csv\n"
                      "  atobarai diff order.csv order-fixed.csv --format csv >変更.csv\n",
                      "Rows are matched by 受注ID and 明細ID (or 項番), so that rows in another order, columns that\n"
                      "were moved, another encoding and other quotes are no change. The eight columns of a result\n"
                      "file and blank rows are left out. What Excel or LibreOffice changed by just opening and\n"
                      "saving the file stands apart. A file named - is standard input (one of the two). Examples:\n"
                      "  atobarai diff order.csv order-fixed.csv\n"
                      "  atobarai diff order.csv order-fixed.csv --format csv >changes.csv\n"},
            .takes_two = true,
        },
    [CLI_DROP] =
        {
            .name = "drop",
            .arguments = {"フォルダー [--once]", "DIR [--once]"},
            .summary = {"フォルダーに入った受注CSVを、順に登録や出荷などに回します。",
                        "Run the order CSVs that come into a folder, one after the other."},
            .notes =
                {"フォルダーの中の in/ に置いたファイルを登録し（買い手情報登録）、in/reregister、in/ship、\n"
                 "in/cancel、in/status に置いたものは、その名前のコマンドを実行します。結果は out/、\n"
                 "終わったファイルは done/日付/、読めなかったファイルは理由を書いた.txtと一緒に failed/ に\n"
                 "入ります。サービスが使えなかったファイルは、in/ に残して後で実行し直します。\n"
                 "書き込みが終わったファイルだけを処理します。Ctrl-C か SIGTERM で、切りのよいところで終わります。\n"
                 "CMDは、シェルを通さずに実行し、集計をJSONで標準入力に渡します。例：\n"
                 "  atobarai drop /srv/atobarai --once --follow-up\n",
                 "Files in DIR/in are registered; those in DIR/in/reregister, in/ship, in/cancel and in/status\n"
                 "run the command of that name. Results go to DIR/out, finished files to DIR/done/DATE, and what\n"
                 "cannot be read to DIR/failed, with a .txt that says why. Where the service could not be used,\n"
                 "the file stays and is run again later. Only complete files are taken. Ctrl-C or SIGTERM ends it\n"
                 "at the next good moment. CMD runs without a shell, with the counts as JSON on standard input.\n"
                 "Example:\n"
                 "  atobarai drop /srv/atobarai --once --follow-up\n"},
            .takes_folder = true,
        },
    [CLI_HISTORY] =
        {
            .name = "history",
            .arguments = {"[受注ID]", "[ORDER_ID]"},
            .summary = {"登録や出荷などの履歴を、台帳から表示します。通信はしません。",
                        "Show from the ledger what was done with the orders. Nothing is sent."},
            .notes = {"Tには、日付か日時（2026-04-01、\"2026-04-01 09:30\"）、または何日前・何時間前か（7d、12h）を\n"
                      "書きます。例：\n"
                      "  atobarai history --since 7d --format csv >履歴.csv\n",
                      "T is a date, or a date and a time (2026-04-01, \"2026-04-01 09:30\"), in local time; or\n"
                      "so many days or hours ago (7d, 12h). Example:\n"
                      "  atobarai history --since 7d --format csv >history.csv\n"},
            .takes_id = true,
        },
    [CLI_ORDERS] =
        {
            .name = "orders",
            .arguments = {"--status ステータス", "--status STATUS"},
            .summary = {"与信ステータスで受注を探し、台帳から表示します。通信はしません。",
                        "Look up orders in the ledger by their credit status. Nothing is sent."},
            .notes = {"ステータスは、与信OK、与信NG、与信失敗、与信中、出荷情報登録OK、出荷情報登録NG、\n"
                      "出荷情報登録中、与信の取消OK、与信の取消NG、与信の取消中 のどれかか、サービスでの名前\n"
                      "（AUTH_NG など）です。結果が分からない受注は IN_DOUBT で探します。例：\n"
                      "  atobarai orders --status 与信NG\n",
                      "STATUS is one of 与信OK, 与信NG, 与信失敗, 与信中, 出荷情報登録OK, 出荷情報登録NG,\n"
                      "出荷情報登録中, 与信の取消OK, 与信の取消NG, 与信の取消中, or its name at the service,\n"
                      "such as AUTH_NG; IN_DOUBT finds the orders whose outcome is not known. Example:\n"
                      "  atobarai orders --status AUTH_NG\n"},
        },
    [CLI_EXPLAIN] =
        {
            .name = "explain",
            .arguments = {"コード|\"エラー内容\"|--list", "CODE|\"MESSAGE\"|--list"},
            .summary = {"エラーコードかエラー内容から、原因と直し方を調べます。",
                        "Look up the cause and the remedy of an error code or an error message."},
            .notes = {"エラー内容は、結果のファイルのセルを丸ごと、引用符で囲んで指定できます。例：\n"
                      "  atobarai explain ITEM_NAME_SIZE\n"
                      "  atobarai explain \"「単価」が空です。\"\n"
                      "N は行か明細の番号、… は実行のたびに変わる値です。\n",
                      "A message may be a whole cell of a result file, in quotes. Examples:\n"
                      "  atobarai explain ITEM_NAME_SIZE\n"
                      "  atobarai explain \"「単価」が空です。\"\n"
                      "N is the number of a row or a detail line, … a value that differs from run to run.\n"},
            .takes_question = true,
        },
    [CLI_CONFIG] =
        {
            .name = "config",
            .arguments = {"show|check", "show|check"},
            .summary = {"設定の一覧とその出どころを表示するか（show）、実行できる状態かを確かめます（check）。",
                        "Show every option and where it comes from (show), or whether a run could work (check)."},
            .notes = {"設定ファイルは、--config で指定したものか、$XDG_CONFIG_HOME/atobarai/config.ini か、\n"
                      "~/.config/atobarai/config.ini です。オプションを「名前 = 値」の形で、1行に1つ書きます。例：\n"
                      "  timeout = 60\n"
                      "  profile = production\n"
                      "  [production]\n"
                      "  api_url = https://api.example.jp/v1\n"
                      "  api_key = （サービスから発行された値）\n"
                      "  merchant_code = （サービスから発行された値）\n"
                      "  [test]\n"
                      "  sandbox = yes\n"
                      "api_key か merchant_code を書いたファイルは、所有者だけが読めるようにします（chmod 600）。\n"
                      "check は受注もAPIキーも送りません。サービスにつながるか、証明書と時計が正しいかを調べます。\n",
                      "The config file is that of --config, or $XDG_CONFIG_HOME/atobarai/config.ini, or\n"
                      "~/.config/atobarai/config.ini. It holds options, NAME = VALUE, one a line. Example:\n"
                      "  timeout = 60\n"
                      "  profile = production\n"
                      "  [production]\n"
                      "  api_url = https://api.example.jp/v1\n"
                      "  api_key = (as the service issued it)\n"
                      "  merchant_code = (as the service issued it)\n"
                      "  [test]\n"
                      "  sandbox = yes\n"
                      "Only its owner may read a file with api_key or merchant_code in it (chmod 600).\n"
                      "check sends no order and no key: it looks whether the service can be reached, and whether\n"
                      "its certificate and the clock are right.\n"},
            .actions = "show|check", /* in the order of enum action in cli/setup.c */
        },
    [CLI_SANDBOX] =
        {
            .name = "sandbox",
            .arguments = {"", ""},
            .summary = {"練習用の模擬サービスを動かします。つながるのは、このコンピューターの中からだけです。",
                        "Run the simulated deferred-payment service. It is reached from this computer only."},
            .notes = {"Ctrl+C で終わります。\n"
                      "LISTには、種類=確率（0から1）をカンマで区切って並べます。種類：\n"
                      "  timeout, reset, 500, 429, garbage, slow, lost-answer\n"
                      "  err（--dialect kuroneko のときだけ。サービスの内部エラー）\n"
                      "結果は、注文者のメールアドレスの @ より前で決まります：\n"
                      "  ng 与信NG、pending 与信中（一度尋ねると与信OK）、failed 与信失敗、ほかは与信OK\n"
                      "  shipng は出荷情報登録が、cancelng は与信の取消が断られます。\n"
                      "--dialect kuroneko では、さらに：\n"
                      "  limit 限度額超過、pendingng 与信中のあと与信NG、stuck ずっと与信中、\n"
                      "  revoked 与信OKのあと与信NG。出荷のあと、survey 配送要調査、alarmed 警報メール、\n"
                      "  sold 売上確定、invoiced 請求書発行済み、paid 入金済み\n"
                      "  加盟店コードは数字11桁、パスワードは半角英数字8文字まで（forbid01 は断られます）\n",
                      "Ctrl-C ends it.\n"
                      "LIST is KIND=PROBABILITY (0 to 1), separated by commas. Kinds:\n"
                      "  timeout, reset, 500, 429, garbage, slow, lost-answer\n"
                      "  err (--dialect kuroneko only: an exception inside the service)\n"
                      "The part of the buyer's email before the @ decides the outcome:\n"
                      "  ng 与信NG, pending 与信中 (与信OK once asked), failed 与信失敗, any other 与信OK;\n"
                      "  shipng has its shipment refused, cancelng its cancellation.\n"
                      "With --dialect kuroneko there are more:\n"
                      "  limit over the limit, pendingng 与信中 and then 与信NG, stuck 与信中 for ever,\n"
                      "  revoked 与信OK and then 与信NG. After shipping: survey, alarmed, sold, invoiced, paid\n"
                      "  A merchant code has 11 digits, a password at most 8 letters and digits, not forbid01.\n"},
        },
};

enum {
    NO_COMMAND = 1U << CLI_NONE,
    REGISTERS = 1U << CLI_REGISTER | 1U << CLI_REREGISTER,
    SENDS = REGISTERS | 1U << CLI_SHIP | 1U << CLI_CANCEL | 1U << CLI_STATUS,
    CLEAN = 1U << CLI_CLEAN,
    DIFF = 1U << CLI_DIFF,
    HISTORY = 1U << CLI_HISTORY,
    ORDERS = 1U << CLI_ORDERS,
    EXPLAIN = 1U << CLI_EXPLAIN,
    CONFIG = 1U << CLI_CONFIG,
    SANDBOX = 1U << CLI_SANDBOX,
    DROP = 1U << CLI_DROP,
    CHECKS = 1U << CLI_CHECK,
    FILES = CHECKS | SENDS,
    WRITES = FILES | CLEAN,
    COMMANDS = WRITES | DROP | DIFF | HISTORY | ORDERS | EXPLAIN | CONFIG | SANDBOX,
    ALL = NO_COMMAND | COMMANDS,
};

/* Not in a file: what differs from run to run or asks a question; and --force, --only and --dry-run, which nobody would
 * expect of a run that does not say so. */
const struct cli_option_entry cli_options_table[CLI_OPTIONS] = {
    [CLI_OUTPUT] = {.name = "output",
                    .letter = 'o',
                    .kind = CLI_PATH,
                    .commands = WRITES,
                    .value = "FILE",
                    .help = {"結果のファイル", "the result file"}},
    [CLI_XLSX] = {.name = "xlsx",
                  .kind = CLI_FILE,
                  .commands = FILES,
                  .in_file = true,
                  .value = "FILE",
                  .help = {"結果を、直すためのExcelブック（.xlsx）としても書き出す",
                           "write the result as a workbook (.xlsx) made for fixing it, too"}},
    [CLI_REPORT] = {.name = "report",
                    .kind = CLI_FILE,
                    .commands = FILES,
                    .in_file = true,
                    .value = "FILE",
                    .help = {"実行の結果を、ブラウザーで読むページ（.html）にも書き出す",
                             "write a page (.html) that says how the run went, too"}},
    [CLI_REPORT_DETAILS] = {.name = "report-details",
                            .kind = CLI_FLAG,
                            .commands = FILES | DROP,
                            .in_file = true,
                            .help = {"そのページに、セルの値を含むエラー内容も載せる（注文者の情報が入ることがある）",
                                     "the page has messages with values of cells, too (of buyers, maybe)"}},
    [CLI_SCHEMA] = {.name = "schema",
                    .kind = CLI_FILE,
                    .commands = WRITES | DROP | DIFF,
                    .in_file = true,
                    .value = "FILE",
                    .help = {"列の定義のファイル（組み込みの定義のかわりに使う）",
                             "column schema, in place of the built-in one"}},
    [CLI_ENCODING] = {.name = "encoding",
                      .kind = CLI_CHOICE,
                      .commands = WRITES | DROP | DIFF,
                      .in_file = true,
                      .value = "NAME",
                      .choices = "auto|cp932|utf-8|utf-16", /* in the order of enum atobarai_encoding */
                      .default_text = "auto",
                      .default_number = ATOBARAI_ENCODING_AUTO,
                      .help = {"入力の文字コード。auto、cp932、utf-8、utf-16 のどれか",
                               "encoding of the input: auto, cp932, utf-8 or utf-16"}},
    [CLI_OUTPUT_ENCODING] =
        {.name = "output-encoding",
         .kind = CLI_CHOICE,
         .commands = WRITES | DROP,
         .in_file = true,
         .value = "NAME",
         .choices = "auto|cp932|utf-8|utf-16", /* in the order of enum atobarai_encoding */
         .default_text = "auto",
         .default_number = ATOBARAI_ENCODING_AUTO,
         .help = {"出力の文字コード。auto（入力と同じ。cleanではcp932）、cp932、utf-8、utf-16 のどれか",
                  "encoding of the output: auto (that of the input; clean: cp932), cp932, utf-8 or utf-16"}},
    [CLI_ALL] = {.name = "all",
                 .kind = CLI_FLAG,
                 .commands = CLEAN,
                 .help = {"変わっていない行も書く", "write rows that were not changed, too"}},
    [CLI_FORCE] = {.name = "force",
                   .kind = CLI_FLAG,
                   .commands = WRITES,
                   .help = {"すでにある結果のファイルを置き換える", "replace existing result files"}},
    [CLI_STRICT] = {.name = "strict",
                    .kind = CLI_FLAG,
                    .commands = FILES | DROP,
                    .in_file = true,
                    .help = {"注意もエラーとして扱い、その受注を送らない",
                             "take warnings for errors: their orders are not sent"}},
    [CLI_ALLOW_REIMPORTED] = {.name = "allow-reimported",
                              .kind = CLI_FLAG,
                              .commands = CHECKS | REGISTERS | DROP,
                              .in_file = true,
                              .help = {"同じ受注番号で受注IDの違う受注を、二重の登録とみなさない",
                                       "one 受注番号 under two 受注IDs is no double registration"}},
    [CLI_JOBS] = {.name = "jobs",
                  .kind = CLI_NUMBER,
                  .commands = FILES | DROP,
                  .in_file = true,
                  .value = "N",
                  .least = 1,
                  .most = ATOBARAI_JOBS_MAX,
                  .help = {"読み込み・検査・書き出しに使うスレッドの数（指定しなければ、コアの数）",
                           "threads that read, check and write (if not given, as many as there are cores)"}},
    [CLI_SUMMARY_JSON] = {.name = "summary-json",
                          .kind = CLI_PATH,
                          .commands = FILES,
                          .in_file = true,
                          .value = "FILE",
                          .help = {"件数の集計をJSONで書き出す", "write the counts as JSON"}},
    [CLI_ONLY] = {.name = "only",
                  .kind = CLI_FILE,
                  .commands = SENDS,
                  .value = "FILE",
                  .help = {"FILEに並べた受注IDの受注だけを対象にする", "only the orders whose 受注IDs FILE lists"}},
    [CLI_DRY_RUN] = {.name = "dry-run",
                     .kind = CLI_FLAG,
                     .commands = SENDS,
                     .help = {"何が送信されるかを確認するだけで、送信も記録もしない（-o は省略できる）",
                              "only say what would be sent: nothing is sent or recorded; -o may be left out"}},
    [CLI_SET_STATUS] = {.name = "set-status",
                        .kind = CLI_TEXT,
                        .commands = SENDS | DROP,
                        .in_file = true,
                        .value = "CODE",
                        .help = {"済んだ受注のステータスコードを、結果のファイルでCODEにする",
                                 "put CODE into ステータスコード of the orders that are done"}},
    [CLI_SET_SHOP_STATUS] = {.name = "set-shop-status",
                             .kind = CLI_TEXT,
                             .commands = SENDS | DROP,
                             .in_file = true,
                             .value = "CODE",
                             .help = {"済んだ受注の店舗ステータスを、結果のファイルでCODEにする",
                                      "put CODE into 店舗ステータス of the orders that are done"}},
    [CLI_DIALECT] = {.name = "dialect",
                     .kind = CLI_FILE,
                     .commands = FILES | DROP,
                     .in_file = true,
                     .value = "NAME",
                     .choices = "json|kuroneko",
                     .default_text = CLI_DIALECT_BUILT_IN,
                     .help = {"サービスとのやりとりの方式。jsonとkuronekoは組み込み、ほかは定義のファイル",
                              "protocol of the service: json and kuroneko are built in, anything else is a file"}},
    [CLI_FIT] = {.name = "fit",
                 .kind = CLI_FLAG,
                 .commands = CHECKS | REGISTERS | DROP,
                 .in_file = true,
                 .help = {"kuronekoで長すぎる文字列を、注意を付けて切り詰める",
                          "kuroneko: cut texts that are too long, with a warning"}},
    [CLI_SHIP_DAYS] = {.name = "ship-days",
                       .kind = CLI_NUMBER,
                       .commands = CHECKS | REGISTERS | DROP,
                       .in_file = true,
                       .value = "N",
                       .least = 0,
                       .most = ATOBARAI_SHIP_DAYS_MAX,
                       .default_number = ATOBARAI_SHIP_DAYS_DEFAULT,
                       .help = {"kuronekoで出荷予定日のない受注の出荷予定日を、今日からN日後にする",
                                "kuroneko: 出荷予定日 is N days from today where the file has none"}},
    [CLI_API_URL] = {.name = "api-url",
                     .kind = CLI_TEXT,
                     .commands = SENDS | DROP,
                     .in_file = true,
                     .value = "URL",
                     .help = {"サービスのURL（/v1、kuronekoでは /kuroneko-atobarai-api/ で終わるもの）",
                              "base URL of the service, ends in /v1 (kuroneko: /kuroneko-atobarai-api/)"}},
    [CLI_CA_FILE] = {.name = "ca-file",
                     .kind = CLI_FILE,
                     .commands = SENDS | DROP,
                     .in_file = true,
                     .value = "FILE",
                     .help = {"サービスの証明書を確かめるための認証局の証明書（PEM）",
                              "certificates of the authorities to trust (PEM), in place of the system's"}},
    [CLI_CONCURRENCY] = {.name = "concurrency",
                         .kind = CLI_NUMBER,
                         .commands = SENDS | DROP,
                         .in_file = true,
                         .value = "N",
                         .least = 1,
                         .most = ATOBARAI_CONCURRENCY_MAX,
                         .default_number = ATOBARAI_CONCURRENCY_DEFAULT,
                         .help = {"同時に送るリクエストの数", "requests in flight at once"}},
    [CLI_RATE] = {.name = "rate",
                  .kind = CLI_NUMBER,
                  .commands = SENDS | DROP,
                  .in_file = true,
                  .value = "N",
                  .least = 1,
                  .most = ATOBARAI_RATE_MAX,
                  .help = {"1秒に送るリクエストの数の上限（指定しなければ、なし）",
                           "requests per second at most (if not given, no limit)"}},
    [CLI_TIMEOUT] = {.name = "timeout",
                     .kind = CLI_NUMBER,
                     .commands = SENDS | DROP,
                     .in_file = true,
                     .value = "S",
                     .least = 1,
                     .most = ATOBARAI_TIMEOUT_MAX,
                     .default_number = ATOBARAI_TIMEOUT_DEFAULT,
                     .help = {"リクエスト1回の制限時間（秒）", "seconds for one request"}},
    [CLI_RETRIES] = {.name = "retries",
                     .kind = CLI_NUMBER,
                     .commands = SENDS | DROP,
                     .in_file = true,
                     .value = "N",
                     .least = 0,
                     .most = ATOBARAI_RETRIES_MAX,
                     .default_number = ATOBARAI_RETRIES_DEFAULT,
                     .help = {"リクエストを送り直す回数", "further attempts at a request"}},
    [CLI_RETRY_ON] = {.name = "retry-on",
                      .kind = CLI_PATTERN,
                      .commands = SENDS | DROP,
                      .in_file = true,
                      .value = "PATTERN",
                      .help = {"メッセージがPATTERN（正規表現）に合う拒否（4xx）も、送り直す",
                               "retry refusals (4xx), too, whose message matches PATTERN (a regular expression)"}},
    [CLI_MAX_ERRORS] = {.name = "max-errors",
                        .kind = CLI_NUMBER,
                        .commands = SENDS | DROP,
                        .in_file = true,
                        .value = "N",
                        .least = 1,
                        .most = ATOBARAI_MAX_ERRORS_MAX,
                        .default_number = ATOBARAI_MAX_ERRORS_DEFAULT,
                        .help = {"サービス側の理由で続けてN件失敗したら、送信をやめる",
                                 "stop sending after N orders in a row fail for a service-side reason"}},
    [CLI_LOG] = {.name = "log",
                 .kind = CLI_FILE,
                 .commands = SENDS | DROP,
                 .in_file = true,
                 .value = "FILE",
                 .help = {"リクエストの記録をFILEに書き足す（1行に1回分のJSON）",
                          "append a line of JSON to FILE for each attempt"}},
    [CLI_USE_SANDBOX] = {.name = "sandbox",
                         .kind = CLI_FLAG,
                         .commands = SENDS | DROP,
                         .in_file = true,
                         .help = {"本物のサービスではなく、組み込みの模擬サービスに送る",
                                  "send to a simulated service inside the program, not to the real one"}},
    [CLI_LEDGER] = {.name = "ledger",
                    .kind = CLI_FILE,
                    .commands = SENDS | DROP | CLEAN | HISTORY | ORDERS,
                    .in_file = true,
                    .value = "FILE",
                    .help = {"台帳のファイル（指定しなければ、$XDG_STATE_HOME/atobarai/ledger.db）",
                             "the ledger (if not given, $XDG_STATE_HOME/atobarai/ledger.db)"}},
    [CLI_ONCE] = {.name = "once",
                  .kind = CLI_FLAG,
                  .commands = DROP,
                  .help = {"いま揃っているファイルを処理したら終わる",
                           "end when the files that are complete now are done"}},
    [CLI_SETTLE] = {.name = "settle",
                    .kind = CLI_NUMBER,
                    .commands = DROP,
                    .in_file = true,
                    .value = "S",
                    .least = 0,
                    .most = ATOBARAI_SETTLE_MAX,
                    .default_number = ATOBARAI_SETTLE_DEFAULT,
                    .help = {"S秒のあいだ変わらなかったファイルを、書き込みの終わったものとみなす",
                             "a file that did not change for S seconds is complete"}},
    [CLI_FOLLOW_UP] = {.name = "follow-up",
                       .kind = CLI_FLAG,
                       .commands = DROP,
                       .in_file = true,
                       .help = {"審査中や処理中の受注の結果を、終わりに問い合わせる",
                                "at the end ask again how the pending orders stand"}},
    [CLI_ON_FINISH] = {.name = "on-finish",
                       .kind = CLI_TEXT,
                       .commands = DROP,
                       .in_file = true,
                       .value = "CMD",
                       .help = {"ファイルを処理するたびに、終わりにCMDを実行する", "run CMD when files were done"}},
    [CLI_SINCE] = {.name = "since",
                   .kind = CLI_MOMENT,
                   .commands = HISTORY,
                   .value = "T",
                   .help = {"Tからあとの履歴だけを表示する", "only what was done since T"}},
    [CLI_CREDIT_STATUS] = {.name = "status",
                           .kind = CLI_TEXT,
                           .commands = ORDERS,
                           .value = "STATUS",
                           .help = {"探す与信ステータス", "the credit status to look up"}},
    [CLI_LIST] = {.name = "list",
                  .kind = CLI_FLAG,
                  .commands = EXPLAIN,
                  .help = {"すべてのエラーコードの一覧", "every error code"}},
    [CLI_FORMAT] = {.name = "format",
                    .kind = CLI_CHOICE,
                    .commands = EXPLAIN,
                    .value = "FORMAT",
                    .choices = "table|csv|json|markdown|text", /* in the order of enum atobarai_format */
                    .default_text = "table",
                    .default_number = ATOBARAI_TEXT,
                    .help = {"形式：table（text も同じ）、csv、json、markdown",
                             "table (text is the same), csv, json or markdown"}},
    [CLI_LISTING_FORMAT] = {.name = "format",
                            .kind = CLI_CHOICE,
                            .commands = DIFF | HISTORY | ORDERS | CONFIG,
                            .value = "FORMAT",
                            .choices = "table|csv|json", /* in the order of enum atobarai_format */
                            .default_text = "table",
                            .default_number = ATOBARAI_TEXT,
                            .help = {"形式：table、csv、json", "table, csv or json"}},
    [CLI_PORT] = {.name = "port",
                  .kind = CLI_NUMBER,
                  .commands = SANDBOX,
                  .in_file = true,
                  .value = "N",
                  .least = 0,
                  .most = UINT16_MAX,
                  .default_number = 0,
                  .help = {"待ち受けるポート。0なら空いているもの", "port to listen on; 0 picks a free one"}},
    [CLI_PORT_FILE] = {.name = "port-file",
                       .kind = CLI_FILE,
                       .commands = SANDBOX,
                       .value = "FILE",
                       .help = {"ポートの番号をFILEに書く", "write the port's number to FILE"}},
    [CLI_STATE] = {.name = "state",
                   .kind = CLI_FILE,
                   .commands = SANDBOX,
                   .in_file = true,
                   .value = "FILE",
                   .help = {"受注をFILEに残し、次に動かすときに引き継ぐ",
                            "keep the orders in FILE from one start to the next"}},
    [CLI_FAULT] = {.name = "fault",
                   .kind = CLI_TEXT,
                   .commands = SANDBOX,
                   .value = "LIST",
                   .help = {"わざと障害を起こす。例：500=0.1,slow=0.05", "make faults, such as 500=0.1,slow=0.05"}},
    [CLI_SEED] = {.name = "seed",
                  .kind = CLI_NUMBER,
                  .commands = SANDBOX,
                  .value = "N",
                  .least = 0,
                  .most = UINT64_MAX,
                  .default_number = 1,
                  .help = {"障害の乱数の種。同じ種なら同じ障害になる",
                           "seed of the faults: the same one, the same faults"}},
    [CLI_DELAY] = {.name = "delay",
                   .kind = CLI_NUMBER,
                   .commands = SANDBOX,
                   .value = "MS",
                   .least = 0,
                   .most = ATOBARAI_SANDBOX_DELAY_MAX,
                   .default_number = 0,
                   .help = {"すべての応答をMSミリ秒遅らせる", "milliseconds that every answer comes later"}},
    [CLI_TLS] = {.name = "tls",
                 .kind = CLI_FLAG,
                 .commands = SANDBOX,
                 .help = {"HTTPSで待ち受ける。証明書は起動のたびに作る",
                          "listen for HTTPS, with a certificate made at start"}},
    /* What the other commands read by that name, this one writes. */
    [CLI_AUTHORITY_FILE] = {.name = "ca-file",
                            .kind = CLI_FILE,
                            .commands = SANDBOX,
                            .value = "FILE",
                            .help = {"HTTPSで待ち受け、その認証局の証明書を新しいFILEに書く",
                                     "--tls, and write the certificate of its authority to FILE, a new one"}},
    [CLI_CONFIG_FILE] = {.name = "config",
                         .kind = CLI_FILE,
                         .commands = COMMANDS,
                         .value = "FILE",
                         .help = {"設定ファイル（指定しなければ、$XDG_CONFIG_HOME/atobarai/config.ini）",
                                  "the config file (if not given, $XDG_CONFIG_HOME/atobarai/config.ini)"}},
    [CLI_PROFILE] = {.name = "profile",
                     .kind = CLI_TEXT,
                     .commands = COMMANDS,
                     .value = "NAME",
                     .help = {"設定ファイルの中で使う区分 [NAME]", "the section [NAME] of the config file to use"}},
    [CLI_API_KEY] = {.name = "api-key", .kind = CLI_SECRET, .in_file = true, .environment = "ATOBARAI_API_KEY"},
    [CLI_MERCHANT_CODE] = {.name = "merchant-code",
                           .kind = CLI_SECRET,
                           .in_file = true,
                           .environment = "ATOBARAI_MERCHANT_CODE"},
    [CLI_LANG] = {.name = "lang",
                  .kind = CLI_LANGUAGE,
                  .commands = ALL,
                  .in_file = true,
                  .value = "ja|en",
                  .default_text = "ja",
                  .help = {"画面に出すことば", "language of the messages"}},
    [CLI_QUIET] = {.name = "quiet",
                   .kind = CLI_FLAG,
                   .commands = WRITES | DROP | DIFF,
                   .in_file = true,
                   .help = {"エラーのほかは、何も表示しない", "show nothing but errors"}},
    [CLI_VERBOSE] = {.name = "verbose",
                     .kind = CLI_FLAG,
                     .commands = FILES,
                     .in_file = true,
                     .help = {"文字コードと区切り、設定ファイル、接続先、所要時間も表示する",
                              "show encoding and delimiter, the config file, the service's host and the time, too"}},
    [CLI_HELP] = {.name = "help", .kind = CLI_FLAG, .commands = ALL, .help = {"この説明", "this text"}},
    [CLI_VERSION] = {.name = "version",
                     .kind = CLI_FLAG,
                     .commands = ALL,
                     .help = {"プログラムの版", "the program's version"}},
};

/* ---- From words to arguments ---- */

struct cursor {
    int argc;
    char **argv;
    int at;
    bool only_operands; /* behind -- */
};

struct argument {
    const char *word;       /* as it stands */
    bool operand;           /* no option */
    enum cli_option option; /* CLI_OPTIONS: one that nobody knows */
    const char *value;      /* NULL: none */
};

/* The option that `word` spells, and its value where that is part of the word. */
static enum cli_option find_option(const char *word, const char **value)
{
    *value = NULL;
    for (size_t i = 0; word[0] == '-' && i < CLI_OPTIONS; i++) {
        const struct cli_option_entry *entry = &cli_options_table[i];
        if (word[1] == '-') {
            size_t length = strcspn(word + 2, "=");
            if (strlen(entry->name) != length || strncmp(word + 2, entry->name, length) != 0)
                continue;
            if (word[2 + length] == '=')
                *value = word + 2 + length + 1;
            return (enum cli_option)i;
        }
        if (entry->letter != '\0' && word[1] == entry->letter) {
            if (word[2] != '\0')
                *value = word + 2;
            return (enum cli_option)i;
        }
    }
    return CLI_OPTIONS;
}

/* Whether `word` may be the value of the option before it. A forgotten value must not swallow the next option: with
 * "-o --sandbox" the orders would go to the real service. A file of such a name can be given as --output=--sandbox. */
static bool is_value(const char *word)
{
    const char *value;
    return strcmp(word, "--") != 0 && find_option(word, &value) == CLI_OPTIONS;
}

/* The next option or operand; false at the end. */
static bool next_argument(struct cursor *cursor, struct argument *argument)
{
    if (!cursor->only_operands && cursor->at < cursor->argc && strcmp(cursor->argv[cursor->at], "--") == 0) {
        cursor->only_operands = true;
        cursor->at++;
    }
    if (cursor->at >= cursor->argc)
        return false;
    const char *word = cursor->argv[cursor->at++];
    *argument = (struct argument){.word = word, .option = CLI_OPTIONS};
    argument->operand = cursor->only_operands || word[0] != '-' || word[1] == '\0';
    if (argument->operand)
        return true;
    argument->option = find_option(word, &argument->value);
    if (argument->option != CLI_OPTIONS && cli_options_table[argument->option].kind != CLI_FLAG &&
        argument->value == NULL && cursor->at < cursor->argc && is_value(cursor->argv[cursor->at]))
        argument->value = cursor->argv[cursor->at++];
    return true;
}

/* ---- What stands where it likes: the language, the command ---- */

static bool parse_language(const char *text, enum atobarai_language *language)
{
    if (text == NULL || (strcmp(text, "ja") != 0 && strcmp(text, "en") != 0))
        return false;
    *language = strcmp(text, "en") == 0 ? ATOBARAI_EN : ATOBARAI_JA;
    return true;
}

/* Looked for before anything else, so that errors in front of --lang are in its language, too. */
static enum atobarai_language find_language(int argc, char **argv)
{
    struct cursor cursor = {.argc = argc, .argv = argv, .at = 1};
    struct argument argument;
    enum atobarai_language language = ATOBARAI_JA;
    while (next_argument(&cursor, &argument)) {
        if (argument.option == CLI_LANG)
            parse_language(argument.value, &language);
    }
    return language;
}

/* The first operand; NULL when there is none. */
static const char *find_command(int argc, char **argv)
{
    struct cursor cursor = {.argc = argc, .argv = argv, .at = 1};
    struct argument argument;
    while (next_argument(&cursor, &argument)) {
        if (argument.operand)
            return argument.word;
    }
    return NULL;
}

/* ---- From arguments to options ---- */

/* Fill `usage` with the first `length` bytes of `name`. Returns false, so that a function can end with it. */
static bool refuse_part(struct cli_usage *usage, const char *code, const char *name, size_t length, const char *detail)
{
    size_t kept = length < sizeof usage->name ? length : sizeof usage->name - 1;
    usage->code = code;
    usage->detail = detail;
    memcpy(usage->name, name, kept);
    usage->name[kept] = '\0';
    return false;
}

static bool refuse(struct cli_usage *usage, const char *code, const char *name, const char *detail)
{
    return refuse_part(usage, code, name, strlen(name), detail);
}

/* The same, named by an option as it was spelled, without its value: whoever wrote --api-key=… does not want to see it
 * on the screen. */
static bool refuse_option(struct cli_usage *usage, const char *code, const struct argument *argument,
                          const char *detail)
{
    bool is_short = argument->option != CLI_OPTIONS && argument->word[1] != '-';
    size_t length = is_short ? 2 : strcspn(argument->word, "=");
    return refuse_part(usage, code, argument->word, length, detail);
}

/* Digits and nothing else, from `least` to `most`. */
static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    uint64_t value = 0;
    for (const char *at = text; *at != '\0'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (*at < '0' || *at > '9' || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return *text != '\0' && value >= least && value <= most;
}

/* The place of `word` among `choices`. */
static bool find_choice(const char *word, const char *choices, uint64_t *place)
{
    size_t length = strlen(word);
    *place = 0;
    for (size_t end = strcspn(choices, "|");; end = strcspn(choices, "|"), ++*place) {
        if (end == length && strncmp(choices, word, length) == 0)
            return true;
        if (choices[end] == '\0')
            return false;
        choices += end + 1;
    }
}

static bool is_pattern(const char *text)
{
    regex_t compiled;
    if (regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    regfree(&compiled);
    return true;
}

bool cli_options_accept(const struct cli_option_entry *entry, const char *value, uint64_t *number)
{
    enum atobarai_language language;
    switch (entry->kind) {
    case CLI_FILE:
        return strcmp(value, "-") != 0;
    case CLI_PATTERN:
        return is_pattern(value);
    case CLI_NUMBER:
        return parse_number(value, entry->least, entry->most, number);
    case CLI_CHOICE:
        return find_choice(value, entry->choices, number);
    case CLI_LANGUAGE:
        if (!parse_language(value, &language))
            return false;
        *number = (uint64_t)language;
        return true;
    case CLI_MOMENT:
        return cli_moment_parse(value, (int64_t)time(NULL), number);
    default:
        return true;
    }
}

bool cli_options_taken(enum cli_command command, enum cli_option option)
{
    const struct cli_option_entry *entry = &cli_options_table[option];
    return (entry->commands & 1U << command) != 0 ||
           (command == CLI_CONFIG && entry->in_file && entry->kind != CLI_SECRET);
}

/* The option with the name of `option`, which is the first of that name, that the command takes; CLI_OPTIONS: none. */
static enum cli_option option_of_command(enum cli_option option, enum cli_command command)
{
    for (size_t i = option; i < CLI_OPTIONS; i++) {
        if (cli_options_taken(command, (enum cli_option)i) &&
            strcmp(cli_options_table[i].name, cli_options_table[option].name) == 0)
            return (enum cli_option)i;
    }
    return CLI_OPTIONS;
}

static bool take_option(struct cli_options *options, const struct argument *argument, struct cli_usage *usage)
{
    enum cli_option option = option_of_command(argument->option, options->command);
    if (option == CLI_OPTIONS)
        return refuse_option(usage, "USAGE_UNKNOWN_OPTION", argument, NULL);
    const struct cli_option_entry *entry = &cli_options_table[option];
    uint64_t number = 0;
    if (entry->kind == CLI_FLAG) {
        if (argument->value != NULL)
            return refuse_option(usage, "USAGE_BAD_VALUE", argument, argument->value);
    } else {
        /* An empty value is mostly a shell variable that was never set. */
        if (argument->value == NULL || argument->value[0] == '\0')
            return refuse_option(usage, "USAGE_MISSING_VALUE", argument, NULL);
        if (!cli_options_accept(entry, argument->value, &number))
            return refuse_option(usage, "USAGE_BAD_VALUE", argument, argument->value);
    }
    options->values[option] = (struct cli_value){true, argument->value, number, CLI_BY_COMMAND_LINE, 0};
    return true;
}

static bool take_command(struct cli_options *options, const char *name, struct cli_usage *usage)
{
    for (size_t i = CLI_NONE + 1; i < CLI_COMMANDS; i++) {
        if (strcmp(cli_commands[i].name, name) == 0) {
            options->command = (enum cli_command)i;
            return true;
        }
    }
    return refuse(usage, "USAGE_UNKNOWN_COMMAND", name, NULL);
}

/* `index` counts from 0, which is the command. */
static bool take_operand(struct cli_options *options, const char *word, size_t index, struct cli_usage *usage)
{
    const struct cli_command_entry *command = &cli_commands[options->command];
    bool takes_one = command->takes_input || command->takes_folder || command->takes_question || command->takes_id ||
                     command->actions != NULL;
    uint64_t action = 0;
    if (index > (command->takes_two ? 2 : takes_one ? 1 : 0))
        return refuse(usage, "USAGE_EXTRA_ARGUMENT", word, NULL);
    if (index == 1 && command->actions != NULL) {
        if (!find_choice(word, command->actions, &action))
            return refuse(usage, "USAGE_ACTION", command->name, command->actions);
        options->action = (size_t)action;
    }
    if (index == 1 && (command->takes_input || command->takes_folder || command->takes_two))
        options->input = word;
    else if (index == 2)
        options->input_after = word;
    else if (index == 1)
        options->question = word;
    return true;
}

/* What is still missing when all words are read. */
static bool complete(const struct cli_options *options, struct cli_usage *usage)
{
    const struct cli_command_entry *command = &cli_commands[options->command];
    if (options->command == CLI_NONE)
        return refuse(usage, "USAGE_MISSING_COMMAND", "", NULL);
    if (command->takes_input && options->input == NULL)
        return refuse(usage, "USAGE_MISSING_INPUT", command->name, NULL);
    if (command->takes_folder && options->input == NULL)
        return refuse(usage, "USAGE_MISSING_FOLDER", command->name, NULL);
    if (command->takes_two &&
        (options->input_after == NULL || (strcmp(options->input, "-") == 0 && strcmp(options->input_after, "-") == 0)))
        return refuse(usage, "USAGE_TWO_FILES", command->name, NULL);
    if (command->actions != NULL && options->question == NULL)
        return refuse(usage, "USAGE_ACTION", command->name, command->actions);
    if (command->takes_question && options->question == NULL && !cli_options_given(options, CLI_LIST))
        return refuse(usage, "EXPLAIN_MISSING", "", NULL);
    if (options->question != NULL && cli_options_given(options, CLI_LIST))
        return refuse(usage, "USAGE_EXTRA_ARGUMENT", options->question, NULL);
    if (cli_options_given(options, CLI_USE_SANDBOX) && cli_options_given(options, CLI_API_URL))
        return refuse(usage, "USAGE_CONFLICT", "--sandbox",
                      "--api-url"); /* a rehearsal must not pass for the real run */
    if (options->command == CLI_ORDERS && !cli_options_given(options, CLI_CREDIT_STATUS))
        return refuse(usage, "USAGE_MISSING_VALUE", "--status", NULL);
    if (command->needs_output && !cli_options_given(options, CLI_OUTPUT) && !cli_options_given(options, CLI_DRY_RUN))
        return refuse(usage, "OUTPUT_MISSING", "", NULL);
    return true;
}

bool cli_options_parse(int argc, char **argv, struct cli_options *options, struct cli_usage *usage)
{
    struct cursor cursor = {.argc = argc, .argv = argv, .at = 1};
    struct argument argument;
    size_t operands = 0;
    *options = (struct cli_options){.language = find_language(argc, argv)};
    const char *command = find_command(argc, argv);
    if (command != NULL && !take_command(options, command, usage))
        return false;
    while (next_argument(&cursor, &argument)) {
        bool taken = argument.operand ? take_operand(options, argument.word, operands++, usage)
                                      : take_option(options, &argument, usage);
        if (!taken)
            return false;
        if (argument.option == CLI_HELP || argument.option == CLI_VERSION)
            return true;
    }
    return complete(options, usage);
}

bool cli_options_given(const struct cli_options *options, enum cli_option option)
{
    return options->values[option].given;
}

const char *cli_options_text(const struct cli_options *options, enum cli_option option)
{
    return options->values[option].given ? options->values[option].text : cli_options_table[option].default_text;
}

uint64_t cli_options_number(const struct cli_options *options, enum cli_option option)
{
    return options->values[option].given ? options->values[option].number : cli_options_table[option].default_number;
}
