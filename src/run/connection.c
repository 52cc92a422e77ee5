/* run/connection.c: see connection.h. */
#include "run/connection.h"

#include "run/definitions.h"
#include "run/log.h"
#include "run/place.h"
#include "sandbox/sandbox.h"

/* ---- The service ---- */

/* The simulated one. Where the rehearsal has a ledger of its own, its orders are kept beside that. */
static bool open_sandbox(struct connection *connection, const struct atobarai_options *options, bool kuroneko,
                         struct error *error)
{
    struct buf state = {0};
    struct sandbox_options simulated = {0};
    if (options->ledger != NULL) {
        buf_printf(&state, "%s.sandbox", options->ledger);
        if (state.failed)
            return error_set_memory(error);
        simulated.state = buf_text(&state);
    }
    connection->sandbox = sandbox_start(&simulated, error);
    buf_free(&state);
    if (connection->sandbox == NULL)
        return false;
    /* Its port is another one each time, so it has a name in the ledger. */
    connection->name = kuroneko ? "sandbox of kuroneko" : "sandbox";
    connection->account = (struct api_account){.url = kuroneko ? sandbox_kuroneko_url(connection->sandbox)
                                                               : sandbox_url(connection->sandbox),
                                               .key = "sandbox",
                                               .merchant = kuroneko ? "10000000000" : "sandbox"};
    return true;
}

static bool compile_retry_on(struct connection *connection, const char *pattern, struct error *error)
{
    if (pattern == NULL)
        return true;
    connection->retries = regcomp(&connection->retry_on, pattern, REG_EXTENDED | REG_NOSUB) == 0;
    return connection->retries || error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, "--retry-on", pattern, NULL);
}

bool connection_open(struct connection *connection, const struct atobarai_options *options,
                     const struct kuroneko_terms *kuroneko, struct error *error)
{
    connection->dialect = definitions_dialect(options, kuroneko, error);
    if (connection->dialect == NULL || !compile_retry_on(connection, options->retry_on, error))
        return false;
    if (options->sandbox)
        return open_sandbox(connection, options, kuroneko != NULL, error);
    if (options->api_url == NULL || *options->api_url == '\0')
        return error_set(error, ERROR_CONFIG, "URL_MISSING", NULL, NULL, NULL, NULL);
    connection->account = (struct api_account){options->api_url, options->api_key, options->merchant_code};
    connection->name = options->api_url;
    return transport_check_url(options->api_url, error) &&
           (options->ca_file == NULL || transport_check_ca_file(options->ca_file, error)) &&
           api_dialect_check_account(connection->dialect, &connection->account, error);
}

/* ---- What is written down ---- */

/* A rehearsal that names no ledger leaves nothing behind. */
static bool is_in_memory(const struct atobarai_options *options)
{
    return options->sandbox && options->ledger == NULL;
}

/* A rehearsal that sends nothing has nothing to write in the log. */
bool connection_open_log(struct connection *connection, const struct atobarai_options *options, const char *command,
                         const char *output, struct error *error)
{
    struct buf ledger = {0};
    struct buf state = {0}; /* of the sandbox */
    if (options->log == NULL || options->dry_run)
        return true;
    bool in_memory = is_in_memory(options);
    bool placed = in_memory || place_of_ledger(options->ledger, &ledger, error);
    buf_printf(&state, "%s.sandbox", buf_text(&ledger));
    const char *const others[] = {output, options->xlsx, options->report, buf_text(&ledger), buf_text(&state)};
    if (placed && (!state.failed || error_set_memory(error)))
        connection->log = log_open(options->log, command, others, in_memory ? 3 : 5, error);
    buf_free(&ledger);
    buf_free(&state);
    return connection->log != NULL;
}

static struct ledger *open_ledger_file(const struct atobarai_options *options, const struct ledger_account *account,
                                       const char *command, struct error *error)
{
    struct buf path = {0};
    struct ledger *ledger = NULL;
    if (place_of_ledger(options->ledger, &path, error))
        ledger = options->dry_run ? ledger_open_reading(buf_text(&path), account, error)
                                  : ledger_open(buf_text(&path), account, command, options->timeout, error);
    buf_free(&path);
    return ledger;
}

bool connection_open_ledger(struct connection *connection, const struct atobarai_options *options, const char *command,
                            struct error *error)
{
    const struct ledger_account account = {connection->name, connection->account.merchant};
    connection->ledger = is_in_memory(options) ? ledger_open_memory(&account, error)
                                               : open_ledger_file(options, &account, command, error);
    return connection->ledger != NULL;
}

/* ---- In use, and the end ---- */

struct service connection_service(const struct connection *connection)
{
    return (struct service){.dialect = connection->dialect,
                            .account = connection->account,
                            .ledger = connection->ledger,
                            .retry_on = connection->retries ? &connection->retry_on : NULL,
                            .log = connection->log};
}

uint64_t connection_close(struct connection *connection, int *reason)
{
    uint64_t lost = log_close(connection->log, reason);
    if (connection->retries)
        regfree(&connection->retry_on);
    ledger_close(connection->ledger);
    api_dialect_free(connection->dialect);
    sandbox_stop(connection->sandbox);
    return lost;
}
