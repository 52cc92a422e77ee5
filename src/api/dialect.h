/* api/dialect.h: what the service is told and how it answers, in one of its protocols: from an order's content to the
 * bytes that are sent, and from an answer to what it means. Pure: no socket, no clock.
 *
 * A dialect only builds requests and reads answers. There are two kinds: api/json.h, which is data, and api/kuroneko.h,
 * which is code. */
#ifndef API_DIALECT_H
#define API_DIALECT_H

#include "api/transport.h"
#include "base/buf.h"
#include "order/content.h"
#include "order/shipment.h"
#include "order/status.h"

struct api_dialect;

/* NULL is allowed. */
void api_dialect_free(struct api_dialect *dialect);

/* What its protocol can do. */
struct api_traits {
    bool keyed; /* a registration that comes again is recognised by its Idempotency-Key. If not, one that may have come
                   there is not sent again before the service was asked about it */
    bool parcels;  /* each 送り状番号 of a shipment is reported by itself */
    bool reduces;  /* the amount of a registered order can be made less: api_dialect_reduce() */
    size_t id_max; /* UTF-16 units of an order's id at the service */
};

const struct api_traits *api_dialect_traits(const struct api_dialect *dialect);

/* Where and as whom; borrowed. The secrets go into headers and bodies only. */
struct api_account {
    const char *url; /* base URL, with or without a slash at its end */
    const char *key;
    const char *merchant;
};

/* Whether key and merchant code are such as the dialect can use. Errors of kind ERROR_CONFIG: CREDENTIALS_MISSING,
 * CREDENTIALS_INVALID with the name of the environment's variable as {1}. Nothing of a secret is in an error. */
bool api_dialect_check_account(const struct api_dialect *dialect, const struct api_account *account,
                               struct error *error);

/* Which order, and which time. */
struct api_call {
    struct span id;      /* the order's id at the service, which is not always its 受注ID */
    uint32_t generation; /* of the Idempotency-Key (api/key.h), where the protocol has one */
    int64_t now;         /* seconds since 1970 */
};

enum api_operation {
    API_REGISTER,
    API_REDUCE, /* make the amount of a registered order less */
    API_SHIP,
    API_CANCEL,
    API_ASK_REVIEW, /* how the credit review stands */
    API_ASK_STATE,  /* how the order stands. Where a protocol has one question, it is the same */
};

/* Each of these fills all of `request` but its tag; false when memory ran out: then `request` holds nothing. In a keyed
 * protocol the same call with the same id, content and generation gives the same bytes and the same key; in another one
 * the request is `once`, but for a question. */

/* 買い手情報登録 of one order; the call's id stands in the place of the content's own. */
bool api_dialect_register(const struct api_dialect *dialect, const struct api_account *account,
                          const struct api_call *call, const struct order_content *content,
                          struct transport_request *request);

/* The amount of a registered order and its lines, anew. The protocol must have it. */
bool api_dialect_reduce(const struct api_dialect *dialect, const struct api_account *account,
                        const struct api_call *call, const struct order_content *content,
                        struct transport_request *request);

/* 出荷情報登録. What the shipment lacks is left out. `parcel`, from 0: which of its numbers, where each is reported by
 * itself. */
bool api_dialect_ship(const struct api_dialect *dialect, const struct api_account *account, const struct api_call *call,
                      const struct order_shipment *shipment, size_t parcel, struct transport_request *request);

/* 与信の取消. */
bool api_dialect_cancel(const struct api_dialect *dialect, const struct api_account *account,
                        const struct api_call *call, struct transport_request *request);

/* 与信結果問い合わせ: API_ASK_REVIEW or API_ASK_STATE. */
bool api_dialect_ask(const struct api_dialect *dialect, const struct api_account *account, const struct api_call *call,
                     enum api_operation question, struct transport_request *request);

/* What of a request's body says what is asked for: the same whenever the same is asked for again, and without a secret.
 * Borrowed from the request. */
struct span api_dialect_said(const struct api_dialect *dialect, const struct transport_request *request);

enum api_meaning {
    API_ACCEPTED,    /* the service has the order: `status` */
    API_REFUSED,     /* `message` says why */
    API_CONFLICT,    /* the id is registered already, or in a state that does not allow the call */
    API_UNKNOWN,     /* the service has no such order */
    API_CREDENTIALS, /* key or merchant code are refused: `message` */
    API_NO_ANSWER,   /* not what was promised: a failure of the service, and no answer at all */
};

struct api_answer {
    enum api_meaning meaning;
    enum order_status status; /* API_ACCEPTED */
    bool replayed;            /* API_ACCEPTED to a registration: the service knew this submission before, and gave the
                                 answer of then. It says nothing of other calls */
    bool unsure;              /* API_CREDENTIALS: the call may have had its effect all the same */
    const char *detail;       /* API_ACCEPTED: a code of the catalogue that says more of the status; NULL: nothing.
                                 Static */
    struct buf message;       /* of every refusal: the service's own words, or its code where it has none: "HTTP 404",
                                 "kaara021E". Owned */
};

/* Read the answer to the call `operation` about the order `id`. Free `answer->message` with buf_free(). */
void api_dialect_read(const struct api_dialect *dialect, enum api_operation operation, struct span id,
                      const struct transport_answer *from, struct api_answer *answer);

#endif
