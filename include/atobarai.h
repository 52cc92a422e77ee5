/* atobarai.h: bulk registration of deferred-payment orders (クロネコ代金後払いサービス) from Robot-in order CSVs.
 *
 * In the order of use: fill options, open a job, run it, read its summary or its error, free it.
 *
 *     struct atobarai_options options = ATOBARAI_OPTIONS_DEFAULT;
 *     options.sandbox = true;
 *     struct atobarai_job *job = atobarai_job_new(ATOBARAI_REGISTER, "order.csv", "result.csv", &options);
 *     int status = job != NULL ? atobarai_job_run(job, NULL, NULL) : ATOBARAI_CONFIG;
 *     …
 *     atobarai_job_free(job);
 *
 * Texts are UTF-8. A job is used by one thread at a time; different jobs may run in different threads. A job that sends
 * uses libcurl: a program with threads of its own calls curl_global_init() before it starts them.
 * samples/embed/ holds a whole program. */
#ifndef ATOBARAI_H
#define ATOBARAI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum atobarai_operation {
    ATOBARAI_CHECK,      /* validate only: no network, no ledger */
    ATOBARAI_REGISTER,   /* 買い手情報登録 */
    ATOBARAI_SHIP,       /* 出荷情報登録 */
    ATOBARAI_CANCEL,     /* 与信の取消 */
    ATOBARAI_STATUS,     /* 与信結果問い合わせ */
    ATOBARAI_REREGISTER, /* 再登録: cancel, see that it is cancelled, register under a new id */
};

/* How a run ended; the program's exit status. The higher outranks the lower. */
enum atobarai_status {
    ATOBARAI_DONE = 0,          /* every order is done and clean */
    ATOBARAI_NEEDS_FIXING = 1,  /* finished; some orders need fixing, the result file says which cells and how */
    ATOBARAI_USAGE = 2,         /* wrong usage; a path that cannot be read or written */
    ATOBARAI_CONFIG = 3,        /* configuration, credentials, schema; memory ran out */
    ATOBARAI_INPUT = 4,         /* the input is no Robot-in order CSV: nothing was sent, no result was written */
    ATOBARAI_UNSENT = 5,        /* the service could not be used: orders are unsent or in doubt, run again */
    ATOBARAI_INTERRUPTED = 130, /* by atobarai_job_interrupt(): safe to run again */
};

enum atobarai_language { ATOBARAI_JA, ATOBARAI_EN };

/* ---- Options ---- */

enum {
    ATOBARAI_CONCURRENCY_DEFAULT = 8, /* requests in flight at once, 1 to 256 */
    ATOBARAI_CONCURRENCY_MAX = 256,
    ATOBARAI_TIMEOUT_DEFAULT = 30, /* seconds for one request, 1 to 3600 */
    ATOBARAI_TIMEOUT_MAX = 3600,
    ATOBARAI_RETRIES_DEFAULT = 5, /* further attempts at a request, 0 to 100 */
    ATOBARAI_RETRIES_MAX = 100,
    ATOBARAI_MAX_ERRORS_DEFAULT = 20, /* orders failing in a row for a service-side reason before sending stops, 1 up */
    ATOBARAI_MAX_ERRORS_MAX = 1000000,
    ATOBARAI_JOBS_MAX = 256,
    ATOBARAI_RATE_MAX = 100000,
    ATOBARAI_SHIP_DAYS_DEFAULT = 10, /* 0 to 90 */
    ATOBARAI_SHIP_DAYS_MAX = 90,
};

/* What a file is encoded in. The result is encoded as the input is, byte order mark and all, unless another encoding is
 * asked for: then UTF-8 and UTF-16 have a mark, as spreadsheets want it. */
enum atobarai_encoding {
    ATOBARAI_ENCODING_AUTO, /* look: a byte order mark, or else the header's bytes */
    ATOBARAI_ENCODING_CP932,
    ATOBARAI_ENCODING_UTF8,
    ATOBARAI_ENCODING_UTF16, /* in either byte order */
};

/* All texts are borrowed until atobarai_job_new() returns. */
struct atobarai_options {
    const char *schema;  /* path of a column schema in place of schemas/robot-in-order.json; NULL: the built-in */
    const char *dialect; /* "kuroneko": the service's public protocol; NULL or "json": the JSON API; or else the path
                            of a definition in place of schemas/api/json-dialect.json */
    const char *api_url; /* base URL of the service, ends in /v1, or with "kuroneko" in /kuroneko-atobarai-api/;
                            https, or http on loopback */
    const char *api_key; /* secret: kept in memory only */
    const char *merchant_code; /* likewise */
    const char *ledger; /* path of the ledger; NULL: $XDG_STATE_HOME/atobarai/ledger.db, with `sandbox` one in memory */
    const char *ca_file;    /* PEM of the authorities to trust in place of the system's; NULL: the system's */
    const char *retry_on;   /* a refusal (4xx) whose message matches this POSIX extended regular expression is worth
                               another   attempt; NULL: none is */
    const char *xlsx;       /* path of a workbook made for fixing the result, beside that; not "-"; NULL: none */
    const char *report;     /* path of a page (HTML) that says how the run went; not "-"; NULL: none */
    const char *log;        /* path of a log of attempts, in JSON lines, that is appended to; NULL: none */
    const char *only;       /* path of a list of 受注IDs: other orders are left alone; NULL: all orders */
    const char *set_status; /* the new ステータスコード on the rows of orders that are done; NULL: as it is */
    const char *set_shop_status;     /* likewise, 店舗ステータス */
    enum atobarai_encoding encoding; /* of the input */
    enum atobarai_encoding
        output_encoding;   /* of the result CSV; AUTO: as the input. What it lacks is replaced visibly */
    bool sandbox;          /* run against a simulated service inside the process; URL, key and code are not needed. With
                              `ledger` it keeps its orders beside that, and the next rehearsal goes on with them */
    bool dry_run;          /* send and record nothing: the result says what would be sent, and why */
    bool report_details;   /* the report has the messages of the result, which may quote what buyers have written */
    bool force;            /* replace an existing result file, workbook and report */
    bool strict;           /* warnings are errors: their orders are held back */
    bool fit;              /* "kuroneko": cut texts that are too long, with a warning */
    bool allow_reimported; /* one mall order number (受注番号) under two order ids is no error */
    unsigned jobs;         /* threads that read, check and write; 0: as many as there are cores */
    unsigned concurrency;
    unsigned rate; /* attempts per second at most; 0: no limit */
    unsigned timeout;
    unsigned retries;
    unsigned max_errors;
    unsigned ship_days; /* "kuroneko": 出荷予定日 is so many days from today where the file says nothing */
};

#define ATOBARAI_OPTIONS_DEFAULT                                                                                       \
    {                                                                                                                  \
        .concurrency = ATOBARAI_CONCURRENCY_DEFAULT, .timeout = ATOBARAI_TIMEOUT_DEFAULT,                              \
        .retries = ATOBARAI_RETRIES_DEFAULT, .max_errors = ATOBARAI_MAX_ERRORS_DEFAULT,                                \
        .ship_days = ATOBARAI_SHIP_DAYS_DEFAULT                                                                        \
    }

/* ---- A job ---- */

struct atobarai_job;

/* `input` is the order CSV, "-" for standard input. `output` is the result CSV, "-" for standard output; NULL for none,
 * with ATOBARAI_CHECK or a dry run only. NULL when memory ran out. Nothing is opened before the run. */
struct atobarai_job *atobarai_job_new(enum atobarai_operation operation, const char *input, const char *output,
                                      const struct atobarai_options *options);

/* Read the input from `descriptor`, which has a file open for reading and is the caller's, until the run has ended:
 * what is read is that file, whatever becomes of its name. `input` is then only what messages call it. */
void atobarai_job_read_from(struct atobarai_job *job, int descriptor);

/* How far a run is. */
struct atobarai_progress {
    uint64_t orders;   /* to be sent in all */
    uint64_t done;     /* answered for good, refusals included */
    uint64_t failed;   /* of these: refused or without an answer */
    uint64_t retrying; /* orders, not done, whose request failed and is sent again */
};

/* Called from within atobarai_job_run(), by its thread, as orders are done, and while nothing comes, five times a
 * second at least. */
typedef void atobarai_progress_fn(void *context, const struct atobarai_progress *progress);

/* Run once. `progress` may be NULL. The result file appears whole, or stays as it was, and so do the workbook and then
 * the report, which are written after it: where one of these fails at last (WORKBOOK_LOST, REPORT_LOST), what comes
 * before it is in its place. */
enum atobarai_status atobarai_job_run(struct atobarai_job *job, atobarai_progress_fn *progress, void *context);

/* Ask a running job to end soon: no new order is sent, requests in flight are finished, the result is written. May be
 * called from a signal handler or another thread. */
void atobarai_job_interrupt(struct atobarai_job *job);

/* NULL is allowed. */
void atobarai_job_free(struct atobarai_job *job);

/* ---- Its summary ---- */

enum { ATOBARAI_STATUSES = 10 };

struct atobarai_error_count {
    const char *code;     /* as in エラーコード */
    const char *title[2]; /* what it is in a few words, by enum atobarai_language */
    uint64_t orders;      /* that have it */
    bool warning;         /* it held none of them back */
    uint32_t first_row;   /* of the file, as a spreadsheet counts */
};

/* What the input's encoding was told by. */
enum atobarai_told {
    ATOBARAI_TOLD_NOT,       /* the run ended before */
    ATOBARAI_TOLD_BY_MARK,   /* a byte order mark */
    ATOBARAI_TOLD_BY_NULS,   /* UTF-16 without one, by its NUL bytes */
    ATOBARAI_TOLD_BY_UTF8,   /* characters beyond ASCII that are UTF-8 */
    ATOBARAI_TOLD_BY_CP932,  /* characters beyond ASCII that are not */
    ATOBARAI_TOLD_BY_ASCII,  /* there are none: CP932 */
    ATOBARAI_TOLD_BY_OPTION, /* the options */
};

/* The phases of a run, in the order in which they come. Each begins where the one before ended. */
enum atobarai_phase {
    ATOBARAI_PHASE_READ,  /* the input, from which it is known which rows make which order */
    ATOBARAI_PHASE_CHECK, /* every order, against the rules; opening the files to be written counts here */
    ATOBARAI_PHASE_SEND,  /* with all but ATOBARAI_CHECK; waiting for the ledger counts here */
    ATOBARAI_PHASE_WRITE, /* result file, workbook and report, where there are any; the input is read again for these */
};

enum { ATOBARAI_PHASES = 4 };

/* Orders are counted, not rows, except where rows are named. orders = succeeded + failed + invalid + unsent. */
struct atobarai_summary {
    const char *command; /* "check", "register", "ship", "cancel", "status", "reregister" */
    const char *input;
    const char *output;   /* NULL: none */
    const char *xlsx;     /* likewise */
    const char *report;   /* likewise */
    const char *encoding; /* of the input: "cp932", "utf-8", "utf-16" */
    enum atobarai_told told;
    bool mark;             /* it has a byte order mark */
    char delimiter;        /* , or TAB */
    uint64_t rows;         /* without the header and blank lines */
    uint64_t orders;       /* without skipped ones */
    uint64_t skipped_rows; /* another 支払方法 than deferred payment, or コントロールカラム D */
    uint64_t sent;         /* orders for which the service was called */
    uint64_t succeeded;    /* done; with ATOBARAI_CHECK: without an error */
    uint64_t failed;       /* refused by the service; 与信NG and 与信失敗 count here */
    uint64_t invalid;      /* with errors found here: not sent */
    uint64_t unsent;       /* remain to be sent or in doubt: run again */
    bool dry_run;          /* nothing was sent */
    struct {
        const char *name; /* 与信OK, … */
        uint64_t orders;
    } by_status[ATOBARAI_STATUSES];              /* in the order of the manual's table */
    const struct atobarai_error_count *by_error; /* errors before warnings, the most frequent first */
    size_t by_error_count;
    uint64_t elapsed_ms;
    struct {
        bool ran; /* to its end, or as far as the run came */
        uint64_t ms;
    } phases[ATOBARAI_PHASES]; /* by enum atobarai_phase; together at most elapsed_ms */
    uint64_t log_lost;         /* lines of the log that could not be written, */
    int log_errno;             /* and why not; 0 where there are none */
    bool complete; /* the run reached its end: the counts are final, and the result, if any, is in its place */
};

/* What the run found, as far as it came. Borrowed until atobarai_job_free(). */
const struct atobarai_summary *atobarai_job_summary(const struct atobarai_job *job);

/* The same as JSON (schemas/summary.schema.json) in the file `path`, which is replaced; "-" is standard output. 0, or
 * the errno of what failed. */
int atobarai_summary_write(const struct atobarai_summary *summary, const char *path);

/* The same as a text without line ends, for free(). NULL when memory ran out. */
char *atobarai_summary_text(const struct atobarai_summary *summary);

/* ---- Messages ---- */

/* One message of the catalogue (schemas/error-catalog.json): what happened and where, why, and what to do next. */
struct atobarai_message {
    char *what;
    char *why;
    char *remedy;
};

/* Why the last run ended above ATOBARAI_NEEDS_FIXING; false when it did not, or memory ran out. Free `message` with
 * atobarai_message_free(). */
bool atobarai_job_message(const struct atobarai_job *job, enum atobarai_language language,
                          struct atobarai_message *message);

/* The message of `code`, its placeholders {path}, {1} and {2} filled; any of the three may be NULL. False when there is
 * no such code, or memory ran out. */
bool atobarai_message(const char *code, enum atobarai_language language, const char *path, const char *arg1,
                      const char *arg2, struct atobarai_message *message);

void atobarai_message_free(struct atobarai_message *message);

/* ---- The catalogue, explained ---- */

enum atobarai_format {
    ATOBARAI_TEXT,     /* for people: a line for each part, none of them broken */
    ATOBARAI_CSV,      /* a header and a row for each entry, RFC 4180 */
    ATOBARAI_JSON,     /* an array of objects */
    ATOBARAI_MARKDOWN, /* a section for each entry; the whole catalogue is a document with a table of contents */
};

/* Cause and remedy of `what`: a code, in capitals or not; a message of ours in either language, or of the service; or
 * what stands in a cell of エラーコード or エラー内容, joined with |. NULL: every entry of the catalogue. Entries are
 * in `language`; a message is shown as it was given, and what can be read from it fills the placeholders of cause and
 * remedy. The others become words (N, 列名, …) in text and Markdown, and stay as they are ({row}, {column}, …) in CSV
 * and JSON. A message that nobody knows gets the entry for such messages, SERVICE_REFUSED.
 *
 * Free the text with free(). NULL: `status` and `message` say why; ATOBARAI_USAGE with EXPLAIN_UNKNOWN for a word that
 * looks like a code and is none, with EXPLAIN_MISSING for nothing but blanks. */
char *atobarai_explain(const char *what, enum atobarai_format format, enum atobarai_language language,
                       enum atobarai_status *status, struct atobarai_message *message);

/* ---- The ledger, read ---- */

/* 受注反映履歴: what was done, in the order of time: every operation, or those of the order `id` (NULL: of all), from
 * `since` on (seconds since 1970). `ledger` as in struct atobarai_options. Formats: text, CSV, JSON.
 *
 * Free the text with free(). NULL: `status` and `message` say why. */
char *atobarai_history(const char *ledger, const char *id, int64_t since, enum atobarai_format format,
                       enum atobarai_language language, enum atobarai_status *status, struct atobarai_message *message);

/* The orders in a credit status: its name, such as 与信NG, or its name at the service, such as AUTH_NG; IN_DOUBT for
 * those whose outcome is not known. The CSV may be `only` of a job. Otherwise as atobarai_history(). */
char *atobarai_orders(const char *ledger, const char *credit_status, enum atobarai_format format,
                      enum atobarai_language language, enum atobarai_status *status, struct atobarai_message *message);

/* ---- Two files, compared ---- */

struct atobarai_differences {
    uint64_t cells;        /* that somebody changed, */
    uint64_t orders;       /* in so many orders */
    uint64_t damaged;      /* cells that a spreadsheet changed by opening and saving them */
    uint64_t rows_added;   /* of the new file only */
    uint64_t rows_deleted; /* of the old file only */
    uint64_t columns_added;
    uint64_t columns_deleted;
};

/* Takes a part of a listing, borrowed during the call. False: no more is wanted. */
typedef bool atobarai_text_fn(void *context, const char *text, size_t length);

/* List what differs between two order CSVs, cell by cell, in the order of the rows of `after`; rows that it lacks come
 * last. "-" is standard input, for one of them. Encoding, delimiter, quotes and the order of rows and columns make no
 * difference, nor do blank rows and the eight columns of a result file. Rows are those of one order line (受注ID and
 * 明細ID) wherever they stand. Of `options` schema and encoding count, the latter for both files. Formats: text, where
 * long cells are cut; CSV; JSON. Neither the files nor the listing are held in memory: it is given to `put` part by
 * part.
 *
 * ATOBARAI_DONE, whether there are differences or not; `differences` are all of them, if `put` wanted all. Otherwise
 * `message` says why, and what `put` was given is not all. */
enum atobarai_status atobarai_diff(const char *before, const char *after, const struct atobarai_options *options,
                                   enum atobarai_format format, enum atobarai_language language, atobarai_text_fn *put,
                                   void *context, struct atobarai_differences *differences,
                                   struct atobarai_message *message);

/* ---- Whether a run could work ---- */

enum atobarai_verdict {
    ATOBARAI_GOOD,
    ATOBARAI_DOUBTFUL, /* a run works, and may go wrong later */
    ATOBARAI_BAD,      /* no run would get through */
};

/* What was found of one thing that a run needs. */
struct atobarai_condition {
    const char *key;     /* "schema", "dialect", "url", "credentials", "host", "connection", "tls", "answer", "clock",
                            "ledger" */
    const char *name[2]; /* the same in words, by enum atobarai_language */
    enum atobarai_verdict verdict;
    const char *detail;                     /* a path, a host, a time; "": nothing to say */
    const struct atobarai_message *message; /* why it is not good, and what to do; NULL: it is */
};

/* Called as things are found, in the order of their keys; all is borrowed during the call. */
typedef void atobarai_condition_fn(void *context, const struct atobarai_condition *condition);

/* Look whether a run with `options` could work: whether schema and API definition can be read, URL and credentials are
 * such as the service takes, the service can be reached, its certificate is right, its clock and ours agree, and the
 * ledger can be read and written. Neither an order nor a secret leaves, and nothing is written. What needs something
 * that is bad is not looked at. The network takes `timeout` seconds at most. With `sandbox` it is the built-in one.
 *
 * ATOBARAI_DONE, or ATOBARAI_CONFIG and ATOBARAI_UNSENT (the service cannot be reached) where something is bad: the
 * higher of both. */
enum atobarai_status atobarai_check_conditions(const struct atobarai_options *options, enum atobarai_language language,
                                               atobarai_condition_fn *found, void *context);

/* ---- Back to Robot-in ---- */

struct atobarai_cleaning {
    const char *input;  /* a result file, "-" for standard input */
    const char *output; /* the file for Robot-in, "-" for standard output */
    bool all;           /* rows that were not changed, too */
    const volatile int
        *interrupt; /* not 0: end soon, and leave no output; may be set by a signal handler. NULL: nobody asks */
};

/* Rows, where nothing else is said. */
struct atobarai_cleaned {
    uint64_t rows;     /* of the input, without the header and blank lines */
    uint64_t written;  /* of these: */
    uint64_t changed;  /* that were edited, or are to be deleted */
    uint64_t unknown;  /* of which the ledger knows nothing: written to be safe */
    uint64_t restored; /* cells that a spreadsheet had damaged, written as they were */
    uint64_t problems; /* cells that cannot be written */
    uint64_t dropped;  /* columns that were not there when the file came from Robot-in */
};

/* A cell that cannot be written. Borrowed during the call, as its message is. */
typedef void atobarai_problem_fn(void *context, uint32_t row, const struct atobarai_message *message);

/* Make a file that Robot-in takes of a result file: our columns are gone, コントロールカラム is U (D stays), and only
 * rows are left that were changed since the file came from Robot-in, which the ledger tells. Of `options` it heeds
 * schema, encoding, output_encoding (AUTO: CP932), ledger and force.
 *
 * ATOBARAI_DONE. ATOBARAI_NEEDS_FIXING: cells cannot be written, `problem` was called for each, and there is no output.
 * Otherwise `message` says why; free it with atobarai_message_free(). */
enum atobarai_status atobarai_clean(const struct atobarai_cleaning *cleaning, const struct atobarai_options *options,
                                    enum atobarai_language language, atobarai_problem_fn *problem, void *context,
                                    struct atobarai_cleaned *cleaned, struct atobarai_message *message);

/* ---- The file drop ---- */

enum {
    ATOBARAI_SETTLE_DEFAULT = 5, /* seconds, 0 to 3600 */
    ATOBARAI_SETTLE_MAX = 3600,
    ATOBARAI_DROP_FILE_MAX = 1024 * 1024 * 1024, /* bytes; a larger file is left where it is */
};

struct atobarai_dropping {
    const char *folder;            /* there has to be one; the folders in it are made where they are missing */
    bool once;                     /* one pass over the files that are complete, and no more */
    bool follow_up;                /* at the end of a pass ask again for the orders that are pending */
    unsigned settle;               /* a file is complete when nobody changed it for so many seconds */
    const char *on_finish;         /* a program and its arguments, divided by blanks, that is run after a pass that did
                                      anything, without a shell, and gets JSON on standard input (docs/drop.md); NULL: none */
    const volatile int *interrupt; /* not 0: end soon; may be set by a signal handler. NULL: nobody asks */
};

enum atobarai_drop_event {
    ATOBARAI_DROP_FILE,      /* a file was worked on */
    ATOBARAI_DROP_REFUSED,   /* a file is left where it is: `message` says why. Once for each file */
    ATOBARAI_DROP_FOLLOW_UP, /* it was asked again for pending orders */
    ATOBARAI_DROP_TROUBLE,   /* something else went wrong, and the drop goes on */
    ATOBARAI_DROP_PASS,      /* a pass ended that did anything, or the only one */
};

/* What happened. Paths are within the folder; NULL where there is nothing to say. */
struct atobarai_dropped {
    enum atobarai_drop_event event;
    const char *command;                    /* "register", … */
    const char *file;                       /* where it was */
    const char *moved;                      /* where it is now; NULL: where it was */
    const char *result;                     /* its result file */
    enum atobarai_status status;            /* of its job; of the pass: the highest */
    const struct atobarai_summary *summary; /* of its job */
    const struct atobarai_message *message; /* why it ended above ATOBARAI_NEEDS_FIXING */
    uint64_t done, failed, left;            /* files of the pass that went to done/, to failed/, and that stayed */
};

/* Called as things happen; all is borrowed during the call. */
typedef void atobarai_drop_fn(void *context, const struct atobarai_dropped *dropped);

/* Run the files that come into the folder: in/X is registered, in/register/X, in/reregister/X, in/ship/X, in/cancel/X
 * and in/status/X run what their folder says. Results go to out/, what is done to done/YYYY-MM-DD/, what cannot be read
 * to failed/, with a text that says why; what the service could not be used for stays. Nothing is deleted, and nothing
 * replaced. A file that a killed run had at hand is finished by the next run. docs/drop.md tells more.
 *
 * Of `options` those of a job count, but for xlsx, only, dry_run and force; its texts are borrowed until the call is
 * over.
 *
 * With `once`: the highest status of the files. Otherwise it ends with ATOBARAI_DONE when it is interrupted, or with
 * ATOBARAI_CONFIG when a job did before any got through to the service: that does not get better by itself. `message`
 * says why where no file does: the folder cannot be used, or another process has it (DROP_BUSY). Free it with
 * atobarai_message_free(). */
enum atobarai_status atobarai_drop(const struct atobarai_dropping *dropping, const struct atobarai_options *options,
                                   enum atobarai_language language, atobarai_drop_fn *tell, void *context,
                                   struct atobarai_message *message);

/* ---- Listings of the caller's own ---- */

struct atobarai_column {
    const char *headings[2]; /* by enum atobarai_language */
    const char *key;         /* in JSON */
};

/* Rows of texts in the form in which atobarai_history() has them: `cells` row by row, NULL and "" are empty ones. Free
 * it with free(). NULL when memory ran out. */
char *atobarai_table(const struct atobarai_column *columns, size_t column_count, const char *const *cells,
                     size_t row_count, enum atobarai_format format, enum atobarai_language language);

/* ---- The sandbox: the service, simulated, on loopback ---- */

struct atobarai_sandbox;

enum { ATOBARAI_SANDBOX_DELAY_MAX = 60000 };

struct atobarai_sandbox_options {
    uint16_t port;     /* 0: any free one */
    const char *state; /* a file that keeps its orders from one start to the next; NULL: in memory only */
    /* "timeout=P,reset=P,500=P,429=P,garbage=P,slow=P,lost-answer=P,err=P" or a part of it; NULL: none. */
    const char *faults;
    uint64_t seed;     /* makes the faults repeatable */
    bool tls;          /* HTTPS, with a certificate for 127.0.0.1 that is made at start */
    unsigned delay_ms; /* every answer comes so many milliseconds later, at most ATOBARAI_SANDBOX_DELAY_MAX */
};

/* Start it. On failure NULL: `status` and `message` say why. */
struct atobarai_sandbox *atobarai_sandbox_start(const struct atobarai_sandbox_options *options,
                                                enum atobarai_language language, enum atobarai_status *status,
                                                struct atobarai_message *message);

/* "http://127.0.0.1:PORT/v1", with TLS "https://…". Borrowed. */
const char *atobarai_sandbox_url(const struct atobarai_sandbox *sandbox);

/* The same service in the dialect kuroneko: "http://127.0.0.1:PORT/kuroneko-atobarai-api/". Borrowed. */
const char *atobarai_sandbox_kuroneko_url(const struct atobarai_sandbox *sandbox);

/* The certificate of the authority that a client has to trust, PEM; NULL without TLS. Borrowed. */
const char *atobarai_sandbox_authority(const struct atobarai_sandbox *sandbox);
uint16_t atobarai_sandbox_port(const struct atobarai_sandbox *sandbox);

/* NULL is allowed. */
void atobarai_sandbox_stop(struct atobarai_sandbox *sandbox);

#ifdef __cplusplus
}
#endif

#endif
