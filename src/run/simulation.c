/* run/simulation.c: the sandbox as include/atobarai.h shows it. */
#include "atobarai.h"

#include "base/embedded.h"
#include "run/message.h"
#include "sandbox/sandbox.h"

#include <stdlib.h>

struct atobarai_sandbox {
    struct sandbox *sandbox;
};

_Static_assert((int)ATOBARAI_SANDBOX_DELAY_MAX == (int)SANDBOX_DELAY_MAX, "the caller's bound is the sandbox's");

static bool start(struct atobarai_sandbox *sandbox, const struct atobarai_sandbox_options *asked, struct error *error)
{
    struct sandbox_options options = {
        .port = asked->port,
        .state = asked->state,
        .seed = asked->seed,
        .tls = asked->tls,
        .delay_ms = asked->delay_ms < ATOBARAI_SANDBOX_DELAY_MAX ? asked->delay_ms : ATOBARAI_SANDBOX_DELAY_MAX,
    };
    if (asked->faults != NULL && !sandbox_parse_faults(asked->faults, &options.faults, error))
        return false;
    sandbox->sandbox = sandbox_start(&options, error);
    return sandbox->sandbox != NULL;
}

static void explain(const struct error *error, enum atobarai_language language, struct atobarai_message *message)
{
    struct error ignored;
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &ignored);
    if (catalog != NULL)
        message_fill(catalog, error, language, message);
    catalog_free(catalog);
}

struct atobarai_sandbox *atobarai_sandbox_start(const struct atobarai_sandbox_options *options,
                                                enum atobarai_language language, enum atobarai_status *status,
                                                struct atobarai_message *message)
{
    struct error error = {0};
    struct atobarai_sandbox *sandbox = calloc(1, sizeof *sandbox);
    *message = (struct atobarai_message){0};
    if (sandbox == NULL)
        error_set_memory(&error);
    else if (start(sandbox, options, &error))
        return sandbox;
    *status = (enum atobarai_status)error.kind;
    explain(&error, language, message);
    free(sandbox);
    return NULL;
}

const char *atobarai_sandbox_url(const struct atobarai_sandbox *sandbox)
{
    return sandbox_url(sandbox->sandbox);
}

const char *atobarai_sandbox_kuroneko_url(const struct atobarai_sandbox *sandbox)
{
    return sandbox_kuroneko_url(sandbox->sandbox);
}

const char *atobarai_sandbox_authority(const struct atobarai_sandbox *sandbox)
{
    return sandbox_authority(sandbox->sandbox);
}

uint16_t atobarai_sandbox_port(const struct atobarai_sandbox *sandbox)
{
    return sandbox_port(sandbox->sandbox);
}

void atobarai_sandbox_stop(struct atobarai_sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    sandbox_stop(sandbox->sandbox);
    free(sandbox);
}
