/* api/dialect.h: the service's JSON API as requests and answers: from an order's content to the bytes that are sent,
 * and from an answer to what it means. Pure: no socket, no clock.
 *
 * What is assumed of the service is data: schemas/api/json-dialect.json, or a merchant's own file of the same form. */
#ifndef API_DIALECT_H
#define API_DIALECT_H

#include "api/transport.h"
#include "base/buf.h"
#include "order/content.h"
#include "order/shipment.h"
#include "order/status.h"

struct api_dialect;

/* Where and as whom; borrowed. The secrets go into headers only. */
struct api_account {
    const char *url; /* base URL, with or without a slash at its end */
    const char *key;
    const char *merchant;
};

/* Read a dialect. `path` is for messages only. NULL: DIALECT_INVALID (kind ERROR_CONFIG) with what is wrong as {1}. */
struct api_dialect *api_dialect_parse(struct span json, const char *path, struct error *error);

/* NULL is allowed. */
void api_dialect_free(struct api_dialect *dialect);

/* Each of these fills all of `request` but its tag; false when memory ran out: then `request` holds nothing. `id` is
 * the order's id at the service, which is not always its 受注ID. What changes something has an Idempotency-Key
 * (api/key.h): the same call with the same `id`, content and `generation` gives the same bytes and the same key. */

/* 買い手情報登録 of one order; `id` stands in the body in the place of the content's own. */
bool api_dialect_register(const struct api_dialect *dialect, const struct api_account *account,
                          const struct order_content *content, struct span id, uint32_t generation,
                          struct transport_request *request);

/* 出荷情報登録. What the shipment lacks is left out. */
bool api_dialect_ship(const struct api_dialect *dialect, const struct api_account *account,
                      const struct order_shipment *shipment, struct span id, uint32_t generation,
                      struct transport_request *request);

/* 与信の取消. */
bool api_dialect_cancel(const struct api_dialect *dialect, const struct api_account *account, struct span id,
                        uint32_t generation, struct transport_request *request);

/* 与信結果問い合わせ: how the order `id` stands. */
bool api_dialect_ask(const struct api_dialect *dialect, const struct api_account *account, struct span id,
                     struct transport_request *request);

enum api_meaning {
    API_ACCEPTED,    /* the service has the order: `status` */
    API_REFUSED,     /* `message` says why */
    API_CONFLICT,    /* the id is registered under another key, or in a state that does not allow the call */
    API_UNKNOWN,     /* the service has no such order */
    API_CREDENTIALS, /* 401, 403 */
    API_NO_ANSWER,   /* not what was promised: a failure of the service, and no answer at all */
};

struct api_answer {
    enum api_meaning meaning;
    enum order_status status; /* API_ACCEPTED */
    bool replayed;            /* API_ACCEPTED with HTTP 200. To a registration: the service knew this submission before,
                                 for a first one is answered with 201. It says nothing of other calls */
    struct buf message;       /* of every 4xx: the service's own words; "HTTP 404" where it has none. Owned */
};

/* Read the answer to a call about the order `id`. Any 2xx will do (201 to a registration, 202 to a
 * shipment or cancellation), but it must name that id and one of the ten statuses. Free
 * `answer->message` with buf_free(). */
void api_dialect_read(const struct api_dialect *dialect, struct span id, const struct transport_answer *from,
                      struct api_answer *answer);

#endif
