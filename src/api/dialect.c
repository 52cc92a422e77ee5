/* api/dialect.c: see dialect.h. */
#include "api/dialect.h"

#include "api/calls.h"

void api_dialect_free(struct api_dialect *dialect)
{
    if (dialect != NULL)
        dialect->calls->free(dialect);
}

const struct api_traits *api_dialect_traits(const struct api_dialect *dialect)
{
    return &dialect->traits;
}

bool api_account_is_printable(const char *value, const char *name, struct error *error)
{
    if (value == NULL || *value == '\0')
        return error_set(error, ERROR_CONFIG, "CREDENTIALS_MISSING", NULL, name, NULL, NULL);
    for (const char *at = value; *at != '\0'; at++)
        if (*at < 0x21 || *at > 0x7E)
            return error_set(error, ERROR_CONFIG, "CREDENTIALS_INVALID", NULL, name, NULL, NULL);
    return true;
}

bool api_dialect_check_account(const struct api_dialect *dialect, const struct api_account *account,
                               struct error *error)
{
    return dialect->calls->check_account(account, error);
}

bool api_dialect_register(const struct api_dialect *dialect, const struct api_account *account,
                          const struct api_call *call, const struct order_content *content,
                          struct transport_request *request)
{
    return dialect->calls->registration(dialect, account, call, content, request);
}

bool api_dialect_reduce(const struct api_dialect *dialect, const struct api_account *account,
                        const struct api_call *call, const struct order_content *content,
                        struct transport_request *request)
{
    return dialect->calls->reduction(dialect, account, call, content, request);
}

bool api_dialect_ship(const struct api_dialect *dialect, const struct api_account *account, const struct api_call *call,
                      const struct order_shipment *shipment, size_t parcel, struct transport_request *request)
{
    return dialect->calls->shipment(dialect, account, call, shipment, parcel, request);
}

bool api_dialect_cancel(const struct api_dialect *dialect, const struct api_account *account,
                        const struct api_call *call, struct transport_request *request)
{
    return dialect->calls->cancellation(dialect, account, call, request);
}

bool api_dialect_ask(const struct api_dialect *dialect, const struct api_account *account, const struct api_call *call,
                     enum api_operation question, struct transport_request *request)
{
    return dialect->calls->question(dialect, account, call, question, request);
}

struct span api_dialect_said(const struct api_dialect *dialect, const struct transport_request *request)
{
    return dialect->calls->said(request);
}

void api_dialect_read(const struct api_dialect *dialect, enum api_operation operation, struct span id,
                      const struct transport_answer *from, struct api_answer *answer)
{
    *answer = (struct api_answer){.meaning = API_NO_ANSWER};
    dialect->calls->read(dialect, operation, id, from, answer);
}
