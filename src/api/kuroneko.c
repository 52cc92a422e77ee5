/* api/kuroneko.c: see kuroneko.h. */
#include "api/kuroneko.h"

#include "api/calls.h"
#include "api/flat_xml.h"
#include "api/kuroneko_form.h"
#include "api/url.h"
#include "order/service_codes.h"

#include <stdlib.h>

enum {
    MERCHANT_LENGTH = 11, /* digits of a 加盟店コード */
    PASSWORD_MAX = 8,
};

struct kuroneko_dialect {
    struct api_dialect base;
    struct kuroneko_terms terms;
};

/* ---- Requests ---- */

static char *url_of(const struct api_account *account, const char *call)
{
    struct buf url = {0};
    url_put_base(&url, account->url);
    buf_printf(&url, "/%sAPIAction_execute.action", call);
    return buf_take(&url);
}

/* The request that `body` makes, which is taken over. */
static bool finish(const struct api_account *account, const char *call, bool once, struct buf *body,
                   struct transport_request *request)
{
    *request = (struct transport_request){.method = "POST", .once = once};
    request->url = url_of(account, call);
    request->headers[0] = strdup("Content-Type: application/x-www-form-urlencoded; charset=UTF-8");
    request->body_length = body->length;
    if (request->url != NULL && request->headers[0] != NULL && !body->failed &&
        (request->body = buf_take(body)) != NULL)
        return true;
    if (body->data != NULL)
        explicit_bzero(body->data, body->length);
    buf_free(body);
    request->body_length = 0;
    transport_request_drop(request);
    return false;
}

/* A request about the content of an order. */
static bool call_with_content(const struct api_dialect *base, const struct api_account *account,
                              const struct api_call *call, const struct order_content *content, bool reduces,
                              struct transport_request *request)
{
    struct arena arena = {0};
    struct buf body = {0};
    struct kuroneko_order order;
    bool day_named = content->fields[ORDER_FIELD_SHIP_DATE].kind != CONTENT_NONE;
    struct kuroneko_terms terms = ((const struct kuroneko_dialect *)base)->terms;
    terms.now = call->now;
    if (kuroneko_convert(content, &terms, &arena, NULL, NULL, &order)) {
        kuroneko_form_id(call->id, &body);
        if (reduces)
            kuroneko_form_reduction(&order, &body);
        else
            kuroneko_form_registration(&order, day_named, &body);
        kuroneko_form_account(account, call->now, reduces || day_named ? "" : order.ship_date, &body);
    } else {
        body.failed = true;
    }
    bool made = finish(account, reduces ? "KAAKK0010" : "KAARA0010", true, &body, request);
    arena_free(&arena);
    return made;
}

static bool kuroneko_register(const struct api_dialect *base, const struct api_account *account,
                              const struct api_call *call, const struct order_content *content,
                              struct transport_request *request)
{
    return call_with_content(base, account, call, content, false, request);
}

static bool kuroneko_reduce(const struct api_dialect *base, const struct api_account *account,
                            const struct api_call *call, const struct order_content *content,
                            struct transport_request *request)
{
    return call_with_content(base, account, call, content, true, request);
}

static bool kuroneko_ship(const struct api_dialect *base, const struct api_account *account,
                          const struct api_call *call, const struct order_shipment *shipment, size_t parcel,
                          struct transport_request *request)
{
    char number[KURONEKO_PAYMENT_NUMBER_MAX + 1];
    struct buf body = {0};
    struct span own = parcel < shipment->number_count ? shipment->numbers[parcel] : shipment->number;
    struct span carrier = parcel < shipment->number_count ? shipment->carriers[parcel] : shipment->carrier;
    enum kuroneko_process process = kuroneko_parcel(own, carrier, number);
    (void)base;
    kuroneko_form_id(call->id, &body);
    kuroneko_form_parcel(process, number, &body);
    kuroneko_form_account(account, call->now, "", &body);
    return finish(account, "KAASL0010", true, &body, request);
}

/* A call that says nothing but which order. */
static bool call_by_id(const struct api_account *account, const struct api_call *call, const char *name, bool once,
                       struct transport_request *request)
{
    struct buf body = {0};
    kuroneko_form_id(call->id, &body);
    kuroneko_form_account(account, call->now, "", &body);
    return finish(account, name, once, &body, request);
}

static bool kuroneko_cancel(const struct api_dialect *base, const struct api_account *account,
                            const struct api_call *call, struct transport_request *request)
{
    (void)base;
    return call_by_id(account, call, "KAACL0010", true, request);
}

static bool kuroneko_ask(const struct api_dialect *base, const struct api_account *account, const struct api_call *call,
                         enum api_operation question, struct transport_request *request)
{
    (void)base;
    return call_by_id(account, call, question == API_ASK_REVIEW ? "KAARS0010" : "KAAST0010", false, request);
}

static struct span kuroneko_said(const struct transport_request *request)
{
    return kuroneko_form_said((struct span){request->body, request->body_length});
}

/* ---- Answers ---- */

/* What a `result` means. */
struct result {
    const char *number;
    enum order_status status;
    const char *detail; /* a code of the catalogue, or NULL */
};

static const struct result reviews[] = {
    {"0", ORDER_STATUS_AUTH_OK, NULL},
    {"1", ORDER_STATUS_AUTH_NG, NULL},
    {"2", ORDER_STATUS_AUTH_NG, "KURONEKO_LIMIT_EXCEEDED"},
    {"3", ORDER_STATUS_AUTH_PENDING, NULL},
    {NULL, ORDER_STATUS_NONE, NULL},
};

static const struct result states[] = {
    {"1", ORDER_STATUS_AUTH_OK, NULL},
    {"2", ORDER_STATUS_CANCEL_OK, NULL},
    {"3", ORDER_STATUS_SHIP_OK, NULL},
    {"5", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_INQUIRY"},
    {"6", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_ALERTED"},
    {"10", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_CONFIRMED"},
    {"11", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_INVOICED"},
    {"12", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_PAID"},
    {"30", ORDER_STATUS_AUTH_PENDING, NULL},
    {"31", ORDER_STATUS_CANCEL_OK, NULL},
    {"32", ORDER_STATUS_AUTH_NG, "KURONEKO_STATE_IMPOSSIBLE"},
    {NULL, ORDER_STATUS_NONE, NULL},
};

static void accept(enum order_status status, const char *detail, struct api_answer *answer)
{
    answer->meaning = API_ACCEPTED;
    answer->status = status;
    answer->detail = detail;
}

/* A result that is not in the list is no answer. */
static void accept_result(const struct result *known, const char *number, struct api_answer *answer)
{
    while (known->number != NULL && strcmp(known->number, number) != 0)
        known++;
    if (known->number != NULL)
        accept(known->status, known->detail, answer);
}

static void read_acceptance(enum api_operation operation, const char *result, struct api_answer *answer)
{
    switch (operation) {
    case API_REGISTER:
    case API_ASK_REVIEW:
        accept_result(reviews, result, answer);
        break;
    case API_ASK_STATE:
        accept_result(states, result, answer);
        break;
    case API_REDUCE:
        accept(ORDER_STATUS_NONE, NULL, answer);
        break;
    case API_SHIP:
        accept(ORDER_STATUS_SHIP_OK, NULL, answer);
        break;
    case API_CANCEL:
        accept(ORDER_STATUS_CANCEL_OK, NULL, answer);
        break;
    }
}

static enum api_meaning meaning_of(struct span code)
{
    static const enum api_meaning meanings[] = {
        [SERVICE_REFUSED] = API_REFUSED,   [SERVICE_CONFLICT] = API_CONFLICT,       [SERVICE_UNKNOWN] = API_UNKNOWN,
        [SERVICE_FAILURE] = API_NO_ANSWER, [SERVICE_CREDENTIALS] = API_CREDENTIALS,
    };
    struct service_code known;
    return service_code_find(code, &known) ? meanings[known.meaning] : API_REFUSED;
}

static void read_refusal(enum api_operation operation, struct span code, struct api_answer *answer)
{
    /* The amount is what it is to be: an earlier attempt got there. */
    if (operation == API_REDUCE && span_is(code, "kaakk049E")) {
        accept(ORDER_STATUS_NONE, NULL, answer);
        answer->replayed = true;
        return;
    }
    answer->meaning = meaning_of(code);
    if (answer->meaning != API_NO_ANSWER)
        buf_append(&answer->message, code.data, code.length);
}

/* 200: read the XML. It says yes or no, and of a refusal what for; an answer about another order is none. */
static void read_xml(enum api_operation operation, struct span id, struct span xml, struct api_answer *answer)
{
    enum { RETURN_CODE, ERROR_CODE, ORDER_NUMBER, RESULT, TEXTS };
    struct flat_xml_text texts[TEXTS] = {
        [RETURN_CODE] = {.name = "returnCode"},
        [ERROR_CODE] = {.name = "errorCode"},
        [ORDER_NUMBER] = {.name = "orderNo"},
        [RESULT] = {.name = "result"},
    };
    if (!flat_xml_read(xml, texts, TEXTS))
        return;
    const struct flat_xml_text *number = &texts[ORDER_NUMBER];
    const struct flat_xml_text *code = &texts[ERROR_CODE];
    if (number->length > 0 && !span_equal((struct span){number->text, number->length}, id))
        return;
    if (strcmp(texts[RETURN_CODE].text, "0") == 0 && code->length == 0)
        read_acceptance(operation, texts[RESULT].text, answer);
    else if (strcmp(texts[RETURN_CODE].text, "1") == 0 && code->length > 0)
        read_refusal(operation, (struct span){code->text, code->length}, answer);
}

static void kuroneko_read(const struct api_dialect *base, enum api_operation operation, struct span id,
                          const struct transport_answer *from, struct api_answer *answer)
{
    (void)base;
    if (from->status == 200) {
        read_xml(operation, id, (struct span){from->body, from->length}, answer);
    } else if (from->status == 401 || from->status == 403) {
        /* The protocol knows neither: something before the service may have said so, on the way out or on the way back.
         */
        answer->meaning = API_CREDENTIALS;
        answer->unsure = true;
        buf_printf(&answer->message, "HTTP %ld", from->status);
    }
}

/* ---- The dialect ---- */

static bool invalid(const char *name, struct error *error)
{
    return error_set(error, ERROR_CONFIG, "CREDENTIALS_INVALID", NULL, name, NULL, NULL);
}

static bool kuroneko_check_account(const struct api_account *account, struct error *error)
{
    static const char key[] = "ATOBARAI_API_KEY";
    static const char merchant[] = "ATOBARAI_MERCHANT_CODE";
    static const char alphanumerics[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (!api_account_is_printable(account->key, key, error) ||
        !api_account_is_printable(account->merchant, merchant, error))
        return false;
    size_t length = strlen(account->key);
    if (length > PASSWORD_MAX || strspn(account->key, alphanumerics) != length)
        return invalid(key, error);
    if (strlen(account->merchant) != MERCHANT_LENGTH || strspn(account->merchant, "0123456789") != MERCHANT_LENGTH)
        return invalid(merchant, error);
    return true;
}

static void kuroneko_free(struct api_dialect *base)
{
    free(base);
}

static const struct api_calls calls = {
    .check_account = kuroneko_check_account,
    .registration = kuroneko_register,
    .reduction = kuroneko_reduce,
    .shipment = kuroneko_ship,
    .cancellation = kuroneko_cancel,
    .question = kuroneko_ask,
    .said = kuroneko_said,
    .read = kuroneko_read,
    .free = kuroneko_free,
};

struct api_dialect *api_kuroneko_new(const struct kuroneko_terms *terms)
{
    struct kuroneko_dialect *dialect = calloc(1, sizeof *dialect);
    if (dialect == NULL)
        return NULL;
    dialect->base =
        (struct api_dialect){&calls, {.keyed = false, .parcels = true, .reduces = true, .id_max = KURONEKO_ID_MAX}};
    dialect->terms = *terms;
    return &dialect->base;
}
