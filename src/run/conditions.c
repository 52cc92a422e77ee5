/* run/conditions.c: whether a run could work, as include/atobarai.h has it: each thing that a run needs is looked at by
 * itself, so that whoever sets a computer up learns all that is wrong at once. */
#include "atobarai.h"

#include "api/probe.h"
#include "base/embedded.h"
#include "ledger/ledger.h"
#include "order/catalog.h"
#include "run/definitions.h"
#include "run/message.h"
#include "run/place.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Seconds that our clock may be off. The requests say when they were made, and dates are counted from today. */
enum { CLOCK_OFF_MAX = 180 };

enum thing {
    SCHEMA,
    DIALECT,
    URL,
    CREDENTIALS,
    HOST,
    CONNECTION,
    TLS,
    ANSWER,
    CLOCK,
    LEDGER,
};

static const struct {
    const char *key;
    const char *name[2];
} things[] = {
    [SCHEMA] = {"schema", {"列の定義", "Column schema"}},
    [DIALECT] = {"dialect", {"APIの定義", "API definition"}},
    [URL] = {"url", {"接続先のURL", "Address"}},
    [CREDENTIALS] = {"credentials", {"APIキーと加盟店コード", "API key and merchant code"}},
    [HOST] = {"host", {"サーバーの名前", "Host name"}},
    [CONNECTION] = {"connection", {"サーバーへの接続", "Connection"}},
    [TLS] = {"tls", {"サーバーの証明書", "Certificate"}},
    [ANSWER] = {"answer", {"サーバーの応答", "Answer"}},
    [CLOCK] = {"clock", {"時計", "Clock"}},
    [LEDGER] = {"ledger", {"台帳", "Ledger"}},
};

struct looking {
    const struct atobarai_options *options;
    enum atobarai_language language;
    atobarai_condition_fn *found;
    void *context;
    struct catalog *catalog;
    enum atobarai_status status; /* the worst so far */
};

/* ---- Telling ---- */

static void tell(const struct looking *looking, enum thing thing, enum atobarai_verdict verdict, const char *detail,
                 const struct atobarai_message *message)
{
    struct atobarai_condition condition = {
        .key = things[thing].key,
        .name = {things[thing].name[ATOBARAI_JA], things[thing].name[ATOBARAI_EN]},
        .verdict = verdict,
        .detail = detail,
        .message = message,
    };
    looking->found(looking->context, &condition);
}

static void tell_good(const struct looking *looking, enum thing thing, const char *detail)
{
    tell(looking, thing, ATOBARAI_GOOD, detail, NULL);
}

/* In words; where memory lacks even for these, the code alone. */
static void tell_error(struct looking *looking, enum thing thing, enum atobarai_verdict verdict, const char *detail,
                       const struct error *error)
{
    struct atobarai_message message;
    char code[64];
    char nothing[1] = "";
    enum atobarai_status status = (enum atobarai_status)error->kind;
    if (verdict == ATOBARAI_BAD && status > looking->status)
        looking->status = status;
    if (message_fill(looking->catalog, error, looking->language, &message)) {
        tell(looking, thing, verdict, detail, &message);
        atobarai_message_free(&message);
        return;
    }
    snprintf(code, sizeof code, "%s", error->code);
    tell(looking, thing, verdict, detail, &(struct atobarai_message){code, nothing, nothing});
}

static bool tell_bad(struct looking *looking, enum thing thing, const char *detail, const struct error *error)
{
    tell_error(looking, thing, ATOBARAI_BAD, detail, error);
    return false;
}

static const char *built_in(const struct looking *looking)
{
    return looking->language == ATOBARAI_EN ? "(built in)" : "（組み込み）";
}

/* ---- What is read ---- */

static void look_at_schema(struct looking *looking)
{
    const char *path = looking->options->schema;
    struct order_schema schema = {0};
    struct error error = {0};
    const char *detail = path != NULL ? path : built_in(looking);
    if (definitions_schema(looking->options, &schema, &error))
        tell_good(looking, SCHEMA, detail);
    else
        tell_bad(looking, SCHEMA, detail, &error);
    order_schema_free(&schema);
}

/* NULL, and told, when it cannot be had. */
static struct api_dialect *look_at_dialect(struct looking *looking)
{
    struct error error = {0};
    struct kuroneko_terms terms;
    bool kuroneko = definitions_terms(looking->options, (int64_t)time(NULL), &terms);
    struct api_dialect *dialect = definitions_dialect(looking->options, kuroneko ? &terms : NULL, &error);
    const char *name = looking->options->dialect != NULL ? looking->options->dialect : "json";
    if (dialect != NULL)
        tell_good(looking, DIALECT, name);
    else
        tell_bad(looking, DIALECT, name, &error);
    return dialect;
}

static bool look_at_url(struct looking *looking)
{
    const char *url = looking->options->api_url;
    struct error error = {0};
    if (url == NULL || *url == '\0') {
        error_set(&error, ERROR_CONFIG, "URL_MISSING", NULL, NULL, NULL, NULL);
        return tell_bad(looking, URL, "", &error);
    }
    if (!transport_check_url(url, &error))
        return tell_bad(looking, URL, "", &error);
    tell_good(looking, URL, url);
    return true;
}

static void look_at_credentials(struct looking *looking, const struct api_dialect *dialect)
{
    const struct atobarai_options *options = looking->options;
    const struct api_account account = {options->api_url, options->api_key, options->merchant_code};
    struct error error = {0};
    if (api_dialect_check_account(dialect, &account, &error))
        tell_good(looking, CREDENTIALS, "");
    else
        tell_bad(looking, CREDENTIALS, "", &error);
}

/* ---- The network ---- */

static void look_at_clock(struct looking *looking, const struct probe *probe)
{
    int64_t off = probe->clock_off;
    struct error error = {0};
    char distance[24];
    char seconds[32];
    if (!probe->dated)
        return;
    snprintf(distance, sizeof distance, "%" PRId64, off < 0 ? -off : off);
    snprintf(seconds, sizeof seconds, "%s s", distance);
    if (off <= CLOCK_OFF_MAX && off >= -CLOCK_OFF_MAX) {
        tell_good(looking, CLOCK, seconds);
        return;
    }
    error_set(&error, ERROR_CONFIG, "CLOCK_OFF", NULL, distance, NULL, NULL);
    tell_error(looking, CLOCK, ATOBARAI_DOUBTFUL, seconds, &error);
}

static void look_at_network(struct looking *looking, const char *url)
{
    static const enum thing steps[] = {HOST, CONNECTION, TLS, ANSWER};
    struct probe probe;
    struct error error = {0};
    char status[32];
    enum probe_step failed = probe_run(url, looking->options->ca_file, looking->options->timeout, &probe, &error);
    snprintf(status, sizeof status, "HTTP %ld", probe.status);
    const char *const details[] = {probe.host, probe.address, probe.host, status};
    for (size_t step = 0; step < (size_t)failed; step++)
        if (step != PROBE_TLS || probe.tls)
            tell_good(looking, steps[step], details[step]);
    if (failed < PROBE_STEPS)
        tell_bad(looking, steps[failed], probe.host, &error);
    else
        look_at_clock(looking, &probe);
}

static void look_at_service(struct looking *looking)
{
    struct api_dialect *dialect = look_at_dialect(looking);
    bool reachable = look_at_url(looking);
    if (dialect != NULL)
        look_at_credentials(looking, dialect);
    if (reachable)
        look_at_network(looking, looking->options->api_url);
    api_dialect_free(dialect);
}

static void look_at_sandbox(struct looking *looking)
{
    const struct sandbox_options options = {0};
    struct kuroneko_terms terms;
    struct error error = {0};
    api_dialect_free(look_at_dialect(looking));
    struct sandbox *sandbox = sandbox_start(&options, &error);
    if (sandbox == NULL) {
        tell_bad(looking, URL, "", &error);
        return;
    }
    tell_good(looking, URL, looking->language == ATOBARAI_EN ? "(the built-in sandbox)" : "（組み込みの模擬サービス）");
    look_at_network(looking, definitions_terms(looking->options, 0, &terms) ? sandbox_kuroneko_url(sandbox)
                                                                            : sandbox_url(sandbox));
    sandbox_stop(sandbox);
}

/* ---- The ledger ---- */

/* Cut `path` down to the folder that it is in. */
static const char *folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    slash[slash == path ? 1 : 0] = '\0';
    return path;
}

static bool may(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

/* Whether a file can be made beside `path`, with the folders that are missing. False with errno. */
static bool has_room(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return false;
    const char *folder = folder_of(copy);
    bool writable = may(folder, W_OK | X_OK);
    while (!writable && errno == ENOENT && strcmp(folder, ".") != 0 && strcmp(folder, "/") != 0) {
        folder = folder_of(copy);
        writable = may(folder, W_OK | X_OK);
    }
    int reason = errno;
    free(copy);
    errno = reason;
    return writable;
}

/* The ledger's file is written to, and SQLite makes others beside it. */
static bool is_writable(const char *path)
{
    return (may(path, R_OK | W_OK) || errno == ENOENT) && has_room(path);
}

static bool try_ledger(const char *path, struct error *error)
{
    struct ledger *ledger = ledger_open_reading(path, NULL, error);
    ledger_close(ledger);
    if (ledger == NULL)
        return false;
    return is_writable(path) || error_set_errno(error, ERROR_CONFIG, "LEDGER_UNWRITABLE", path, errno);
}

static void look_at_ledger(struct looking *looking)
{
    struct buf path = {0};
    struct error error = {0};
    if (looking->options->sandbox && looking->options->ledger == NULL)
        tell_good(looking, LEDGER, looking->language == ATOBARAI_EN ? "(in memory)" : "（メモリーの中）");
    else if (place_of_ledger(looking->options->ledger, &path, &error) && try_ledger(buf_text(&path), &error))
        tell_good(looking, LEDGER, buf_text(&path));
    else
        tell_bad(looking, LEDGER, buf_text(&path), &error);
    buf_free(&path);
}

enum atobarai_status atobarai_check_conditions(const struct atobarai_options *options, enum atobarai_language language,
                                               atobarai_condition_fn *found, void *context)
{
    struct error error = {0};
    struct looking looking = {.options = options,
                              .language = language,
                              .found = found,
                              .context = context,
                              .catalog = catalog_parse(span_of(embedded_error_catalog), &error),
                              .status = ATOBARAI_DONE};
    if (looking.catalog == NULL)
        return ATOBARAI_CONFIG;
    look_at_schema(&looking);
    if (options->sandbox)
        look_at_sandbox(&looking);
    else
        look_at_service(&looking);
    look_at_ledger(&looking);
    catalog_free(looking.catalog);
    return looking.status;
}
