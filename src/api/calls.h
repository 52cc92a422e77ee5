/* api/calls.h: what a dialect consists of: for the files of dialects only. What each call does is in dialect.h. */
#ifndef API_CALLS_H
#define API_CALLS_H

#include "api/dialect.h"

struct api_calls {
    bool (*check_account)(const struct api_account *account, struct error *error);
    bool (*registration)(const struct api_dialect *dialect, const struct api_account *account,
                         const struct api_call *call, const struct order_content *content,
                         struct transport_request *request);
    bool (*reduction)(const struct api_dialect *dialect, const struct api_account *account, const struct api_call *call,
                      const struct order_content *content,
                      struct transport_request *request); /* NULL: the protocol has none */
    bool (*shipment)(const struct api_dialect *dialect, const struct api_account *account, const struct api_call *call,
                     const struct order_shipment *shipment, size_t parcel, struct transport_request *request);
    bool (*cancellation)(const struct api_dialect *dialect, const struct api_account *account,
                         const struct api_call *call, struct transport_request *request);
    bool (*question)(const struct api_dialect *dialect, const struct api_account *account, const struct api_call *call,
                     enum api_operation question, struct transport_request *request);
    struct span (*said)(const struct transport_request *request);
    /* `answer` is all zero. */
    void (*read)(const struct api_dialect *dialect, enum api_operation operation, struct span id,
                 const struct transport_answer *from, struct api_answer *answer);
    void (*free)(struct api_dialect *dialect);
};

/* The first member of each dialect's own struct. */
struct api_dialect {
    const struct api_calls *calls;
    struct api_traits traits;
};

/* Whether the secret `value` is there and printable ASCII, so that a header or a form may hold it. `name` is that of
 * the environment's variable. CREDENTIALS_MISSING, CREDENTIALS_INVALID. */
bool api_account_is_printable(const char *value, const char *name, struct error *error);

#endif
