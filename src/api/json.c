/* api/json.c: see json.h. */
#include "api/json.h"

#include "api/calls.h"
#include "api/key.h"
#include "api/url.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct operation {
    const char *method; /* static */
    const char *path;
};

struct json_dialect {
    struct api_dialect base;
    cJSON *json; /* owns all texts */
    const cJSON *headers;
    const cJSON *idempotency; /* the same, of calls that change something */
    struct operation registration;
    struct operation shipping;
    struct operation cancelling;
    struct operation asking;
    const char *pointers[ORDER_FIELDS]; /* where each field stands; NULL: it is not sent */
    const char *shipment_number;
    const char *shipment_carrier;
    const char *answer_id;
    const char *answer_status;
    const char *answer_message;
    const cJSON *statuses; /* the service's name → ours */
};

/* ---- JSON Pointers (RFC 6901) ---- */

/* The next token of `*pointer`, unescaped, into `token`; false at its end, or when it is too long. */
static bool next_token(const char **pointer, char token[64])
{
    size_t length = 0;
    const char *at = *pointer;
    if (*at != '/')
        return false;
    for (at++; *at != '\0' && *at != '/'; at++) {
        bool escaped = *at == '~' && (at[1] == '0' || at[1] == '1');
        if (length == 63)
            return false;
        token[length] = *at;
        if (escaped) {
            at++;
            token[length] = '/';
            if (*at == '0')
                token[length] = '~';
        }
        length++;
    }
    token[length] = '\0';
    *pointer = at;
    return true;
}

/* The text at `pointer` in an answer; NULL when there is none. */
static const char *text_at(const cJSON *root, const char *pointer)
{
    char token[64];
    while (*pointer != '\0') {
        if (!next_token(&pointer, token))
            return NULL;
        root = cJSON_IsArray(root) ? cJSON_GetArrayItem(root, (int)strtol(token, NULL, 10))
                                   : cJSON_GetObjectItemCaseSensitive(root, token);
    }
    return cJSON_GetStringValue(root);
}

/* The member `name` of `object`, or the last element of an array whose length is `item` + 1: made where it is missing,
 * as an array where "-" follows. NULL when memory ran out. */
static cJSON *step_into(cJSON *object, const char *name, const char *rest, size_t item)
{
    if (strcmp(name, "-") == 0) {
        while (cJSON_IsArray(object) && (size_t)cJSON_GetArraySize(object) <= item)
            if (!cJSON_AddItemToArray(object, cJSON_CreateObject()))
                return NULL;
        return cJSON_GetArrayItem(object, (int)item);
    }
    cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (member != NULL)
        return member;
    return strncmp(rest, "/-/", 3) == 0 ? cJSON_AddArrayToObject(object, name) : cJSON_AddObjectToObject(object, name);
}

/* Put `value`, which is taken over, at `pointer`. */
static bool place(cJSON *root, const char *pointer, size_t item, cJSON *value)
{
    char token[64];
    cJSON *at = value != NULL ? root : NULL;
    while (at != NULL && next_token(&pointer, token)) {
        if (*pointer == '\0') {
            if (cJSON_AddItemToObject(at, token, value))
                return true;
            break;
        }
        at = step_into(at, token, pointer, item);
    }
    cJSON_Delete(value);
    return false;
}

/* A pointer that place() can follow: at least one token, none too long, and a member at its end. */
static bool is_pointer(const char *pointer, bool of_item)
{
    char token[64] = "";
    size_t numbers = 0;
    if (*pointer != '/' || strncmp(pointer, "/-/", 3) == 0) /* the body is an object */
        return false;
    while (*pointer != '\0') {
        if (!next_token(&pointer, token) || *token == '\0')
            return false;
        numbers += strcmp(token, "-") == 0;
    }
    return numbers == (of_item ? 1 : 0) && strcmp(token, "-") != 0;
}

/* ---- Reading the dialect ---- */

static bool invalid(const char *path, const char *what, struct error *error)
{
    return error_set(error, ERROR_CONFIG, "DIALECT_INVALID", path, what, NULL, NULL);
}

static bool parse_operation(struct operation *operation, const cJSON *operations, const char *name)
{
    const cJSON *from = cJSON_GetObjectItemCaseSensitive(operations, name);
    const char *method = json_text(from, "method");
    operation->path = json_text(from, "path");
    operation->method = method == NULL                ? NULL
                        : strcmp(method, "POST") == 0 ? "POST"
                        : strcmp(method, "GET") == 0  ? "GET"
                                                      : NULL;
    return operation->method != NULL && operation->path != NULL && *operation->path == '/';
}

/* Whether one of two pointers leads through the place of the other, so that both cannot be filled; or one takes for a
 * list what the other takes for an object. */
static bool pointers_clash(const char *a, const char *b)
{
    char token_a[64];
    char token_b[64];
    while (next_token(&a, token_a) && next_token(&b, token_b)) {
        if (strcmp(token_a, token_b) != 0)
            return (strcmp(token_a, "-") == 0) != (strcmp(token_b, "-") == 0);
        if (*a == '\0' || *b == '\0')
            return true;
    }
    return false;
}

static bool pointer_clashes(const struct json_dialect *dialect, enum order_field field, const char *pointer)
{
    for (size_t other = 0; other < ORDER_FIELDS; other++)
        if (other != (size_t)field && dialect->pointers[other] != NULL &&
            pointers_clash(dialect->pointers[other], pointer))
            return true;
    return false;
}

/* A pointer that text_at() can follow. */
static bool is_answer_pointer(const char *pointer)
{
    char token[64];
    if (pointer == NULL)
        return false;
    while (*pointer != '\0')
        if (!next_token(&pointer, token))
            return false;
    return true;
}

static bool parse_fields(struct json_dialect *dialect, const char *path, struct error *error)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(dialect->json, "fields");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, fields)
    {
        enum order_field field;
        if (!order_field_of(item->string, &field) || field < ORDER_FIELD_ID || !cJSON_IsString(item) ||
            !is_pointer(item->valuestring, field >= ORDER_FIELD_ITEM_ID) ||
            pointer_clashes(dialect, field, item->valuestring))
            return invalid(path, item->string, error);
        dialect->pointers[field] = item->valuestring;
    }
    return dialect->pointers[ORDER_FIELD_ID] != NULL || invalid(path, "fields", error);
}

static bool parse_shipment(struct json_dialect *dialect, const char *path, struct error *error)
{
    const cJSON *shipment = cJSON_GetObjectItemCaseSensitive(dialect->json, "shipment");
    dialect->shipment_number = json_text(shipment, "trackingNumber");
    dialect->shipment_carrier = json_text(shipment, "carrier");
    if (dialect->shipment_number == NULL || !is_pointer(dialect->shipment_number, false))
        return invalid(path, "shipment.trackingNumber", error);
    if (dialect->shipment_carrier == NULL || !is_pointer(dialect->shipment_carrier, false) ||
        pointers_clash(dialect->shipment_number, dialect->shipment_carrier))
        return invalid(path, "shipment.carrier", error);
    return true;
}

static bool parse_statuses(struct json_dialect *dialect, const char *path, struct error *error)
{
    const cJSON *item = NULL;
    dialect->statuses = cJSON_GetObjectItemCaseSensitive(dialect->json, "statuses");
    cJSON_ArrayForEach(item, dialect->statuses)
    {
        enum order_status status;
        if (!cJSON_IsString(item) || !order_status_of(item->valuestring, &status))
            return invalid(path, item->string, error);
    }
    return cJSON_IsObject(dialect->statuses) || invalid(path, "statuses", error);
}

/* All members are texts; how many there are. SIZE_MAX: not so. */
static size_t count_texts(const cJSON *object)
{
    const cJSON *item = NULL;
    size_t count = 0;
    if (!cJSON_IsObject(object))
        return SIZE_MAX;
    cJSON_ArrayForEach(item, object)
    {
        if (!cJSON_IsString(item))
            return SIZE_MAX;
        count++;
    }
    return count;
}

static bool parse_headers(struct json_dialect *dialect, const char *path, struct error *error)
{
    dialect->headers = cJSON_GetObjectItemCaseSensitive(dialect->json, "headers");
    dialect->idempotency = cJSON_GetObjectItemCaseSensitive(dialect->json, "idempotency");
    size_t headers = count_texts(dialect->headers);
    size_t keys = count_texts(dialect->idempotency);
    if (headers > TRANSPORT_HEADERS_MAX)
        return invalid(path, "headers", error);
    return keys <= TRANSPORT_HEADERS_MAX - headers || invalid(path, "idempotency", error);
}

static bool parse_operations(struct json_dialect *dialect, const char *path, struct error *error)
{
    const cJSON *operations = cJSON_GetObjectItemCaseSensitive(dialect->json, "operations");
    if (!parse_operation(&dialect->registration, operations, "register"))
        return invalid(path, "operations.register", error);
    if (!parse_operation(&dialect->shipping, operations, "ship"))
        return invalid(path, "operations.ship", error);
    if (!parse_operation(&dialect->cancelling, operations, "cancel"))
        return invalid(path, "operations.cancel", error);
    if (!parse_operation(&dialect->asking, operations, "status"))
        return invalid(path, "operations.status", error);
    return true;
}

static bool parse_answers(struct json_dialect *dialect, const char *path, struct error *error)
{
    const cJSON *answers = cJSON_GetObjectItemCaseSensitive(dialect->json, "answers");
    dialect->answer_id = json_text(answers, "id");
    dialect->answer_status = json_text(answers, "status");
    dialect->answer_message = json_text(answers, "message");
    return (is_answer_pointer(dialect->answer_id) && is_answer_pointer(dialect->answer_status) &&
            is_answer_pointer(dialect->answer_message)) ||
           invalid(path, "answers", error);
}

static bool parse(struct json_dialect *dialect, const char *path, struct error *error)
{
    if (!cJSON_IsObject(dialect->json))
        return invalid(path, "JSON", error);
    return parse_operations(dialect, path, error) && parse_answers(dialect, path, error) &&
           parse_headers(dialect, path, error) && parse_fields(dialect, path, error) &&
           parse_shipment(dialect, path, error) && parse_statuses(dialect, path, error);
}

static void json_free(struct api_dialect *base)
{
    struct json_dialect *dialect = (struct json_dialect *)base;
    cJSON_Delete(dialect->json);
    free(dialect);
}

/* ---- Requests ---- */

static cJSON *value_item(const struct content_value *value)
{
    char number[24];
    if (value->kind == CONTENT_INTEGER) {
        /* Written here, for cJSON would carry it through a double. */
        snprintf(number, sizeof number, "%" PRId64, value->integer);
        return cJSON_CreateRaw(number);
    }
    struct buf text = {0};
    buf_append(&text, value->text.data, value->text.length);
    cJSON *item = text.failed ? NULL : cJSON_CreateString(buf_text(&text));
    buf_free(&text);
    return item;
}

/* The text of `root`, which is deleted; NULL where it was not `made`, or memory ran out. Freed with free(). */
static char *print(cJSON *root, bool made)
{
    char *body = made ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return body;
}

/* The body of a registration; NULL when memory ran out. Freed with free(). */
static char *order_body(const struct json_dialect *dialect, const struct order_content *content, struct span id)
{
    const struct content_value own_id = {.kind = CONTENT_TEXT, .text = id};
    cJSON *root = cJSON_CreateObject();
    bool made = root != NULL;
    for (size_t field = ORDER_FIELD_ID; field < ORDER_FIELD_ITEM_ID; field++) {
        const struct content_value *value = field == ORDER_FIELD_ID ? &own_id : &content->fields[field];
        if (made && value->kind != CONTENT_NONE && dialect->pointers[field] != NULL)
            made = place(root, dialect->pointers[field], 0, value_item(value));
    }
    for (size_t item = 0; item < content->item_count; item++) {
        for (size_t field = 0; field < CONTENT_ITEM_FIELDS; field++) {
            const struct content_value *value = &content->items[item][field];
            const char *pointer = dialect->pointers[ORDER_FIELD_ITEM_ID + field];
            if (made && value->kind != CONTENT_NONE && pointer != NULL)
                made = place(root, pointer, item, value_item(value));
        }
    }
    return print(root, made);
}

static bool place_text(cJSON *root, const char *pointer, struct span text)
{
    const struct content_value value = {.kind = CONTENT_TEXT, .text = text};
    return text.length == 0 || place(root, pointer, 0, value_item(&value));
}

/* The same of a shipment. */
static char *shipment_body(const struct json_dialect *dialect, const struct order_shipment *shipment)
{
    cJSON *root = cJSON_CreateObject();
    bool made = root != NULL && place_text(root, dialect->shipment_number, shipment->number) &&
                place_text(root, dialect->shipment_carrier, shipment->carrier);
    return print(root, made);
}

/* What stands in a template for what. */
struct placeholder {
    const char *name;
    const char *value;
};

/* Append `template` with each placeholder replaced; what was filled in is not read again. */
static void fill(const char *template, const struct placeholder *placeholders, size_t count, struct buf *out)
{
    while (*template != '\0') {
        size_t i = 0;
        while (i < count && strncmp(template, placeholders[i].name, strlen(placeholders[i].name)) != 0)
            i++;
        if (i < count) {
            buf_append_text(out, placeholders[i].value);
            template += strlen(placeholders[i].name);
        } else {
            buf_append_byte(out, *template ++);
        }
    }
}

/* "Name: value", its placeholders filled. */
static char *header(const cJSON *from, const struct api_account *account, const char *key)
{
    const struct placeholder placeholders[] = {
        {"{apiKey}", account->key}, {"{merchantCode}", account->merchant}, {"{idempotencyKey}", key}};
    struct buf line = {0};
    buf_printf(&line, "%s: ", from->string);
    fill(from->valuestring, placeholders, sizeof placeholders / sizeof *placeholders, &line);
    return buf_take(&line);
}

static bool add_headers(const cJSON *headers, const struct api_account *account, const char *key,
                        struct transport_request *request)
{
    const cJSON *item = NULL;
    size_t at = 0;
    while (at < TRANSPORT_HEADERS_MAX && request->headers[at] != NULL)
        at++;
    cJSON_ArrayForEach(item, headers)
    {
        if (at == TRANSPORT_HEADERS_MAX)
            return false;
        request->headers[at] = header(item, account, key);
        if (request->headers[at++] == NULL)
            return false;
    }
    return true;
}

/* Base URL and path, {id} percent-encoded. */
static char *url_of(const struct api_account *account, const struct operation *operation, struct span id)
{
    struct buf encoded = {0};
    struct buf url = {0};
    url_put_encoded(&encoded, id);
    url_put_base(&url, account->url);
    fill(operation->path, &(struct placeholder){"{id}", buf_text(&encoded)}, 1, &url);
    url.failed = url.failed || encoded.failed;
    buf_free(&encoded);
    return buf_take(&url);
}

/* A call that changes something. `body` is taken over; NULL: memory ran out. */
static bool submit(const struct json_dialect *dialect, const struct api_account *account,
                   const struct operation *operation, const char *name, const struct api_call *call, char *body,
                   struct transport_request *request)
{
    char key[API_KEY_SIZE];
    *request = (struct transport_request){.method = operation->method, .body = body};
    request->url = url_of(account, operation, call->id);
    if (request->url != NULL && body != NULL) {
        request->body_length = strlen(body);
        if (api_key_make(account->merchant, name, call->id, (struct span){body, request->body_length}, call->generation,
                         key) &&
            add_headers(dialect->headers, account, key, request) &&
            add_headers(dialect->idempotency, account, key, request))
            return true;
    }
    transport_request_drop(request);
    return false;
}

static bool json_register(const struct api_dialect *base, const struct api_account *account,
                          const struct api_call *call, const struct order_content *content,
                          struct transport_request *request)
{
    const struct json_dialect *dialect = (const struct json_dialect *)base;
    return submit(dialect, account, &dialect->registration, "register", call, order_body(dialect, content, call->id),
                  request);
}

static bool json_ship(const struct api_dialect *base, const struct api_account *account, const struct api_call *call,
                      const struct order_shipment *shipment, size_t parcel, struct transport_request *request)
{
    const struct json_dialect *dialect = (const struct json_dialect *)base;
    (void)parcel;
    return submit(dialect, account, &dialect->shipping, "ship", call, shipment_body(dialect, shipment), request);
}

static bool json_cancel(const struct api_dialect *base, const struct api_account *account, const struct api_call *call,
                        struct transport_request *request)
{
    const struct json_dialect *dialect = (const struct json_dialect *)base;
    return submit(dialect, account, &dialect->cancelling, "cancel", call, strdup("{}"), request);
}

static bool json_ask(const struct api_dialect *base, const struct api_account *account, const struct api_call *call,
                     enum api_operation question, struct transport_request *request)
{
    const struct json_dialect *dialect = (const struct json_dialect *)base;
    (void)question;
    *request = (struct transport_request){.method = dialect->asking.method};
    request->url = url_of(account, &dialect->asking, call->id);
    if (request->url != NULL && add_headers(dialect->headers, account, "", request))
        return true;
    transport_request_drop(request);
    return false;
}

/* ---- Answers ---- */

static void read_success(const struct json_dialect *dialect, struct span id, const cJSON *json, long status,
                         struct api_answer *answer)
{
    const char *name = text_at(json, dialect->answer_status);
    const char *about = text_at(json, dialect->answer_id);
    const char *ours = name != NULL ? json_text(dialect->statuses, name) : NULL;
    if (ours == NULL || about == NULL || !span_is(id, about) || !order_status_of(ours, &answer->status))
        return;
    answer->meaning = API_ACCEPTED;
    answer->replayed = status == 200;
}

/* The service's words, with every 4xx: a call that knows no conflict takes one for a refusal. */
static void read_message(const struct json_dialect *dialect, const cJSON *json, long status, struct api_answer *answer)
{
    const char *message = text_at(json, dialect->answer_message);
    if (message != NULL && *message != '\0')
        buf_append_text(&answer->message, message);
    else
        buf_printf(&answer->message, "HTTP %ld", status);
}

static enum api_meaning meaning_of(long status)
{
    if (status < 400 || status > 499)
        return API_NO_ANSWER;
    return status == 401 || status == 403 ? API_CREDENTIALS
           : status == 404                ? API_UNKNOWN
           : status == 409                ? API_CONFLICT
                                          : API_REFUSED;
}

static void json_read(const struct api_dialect *base, enum api_operation operation, struct span id,
                      const struct transport_answer *from, struct api_answer *answer)
{
    const struct json_dialect *dialect = (const struct json_dialect *)base;
    cJSON *json = json_parse((struct span){from->body, from->length});
    (void)operation;
    answer->meaning = meaning_of(from->status);
    if (from->status >= 200 && from->status < 300)
        read_success(dialect, id, json, from->status, answer);
    if (answer->meaning != API_NO_ANSWER && answer->meaning != API_ACCEPTED)
        read_message(dialect, json, from->status, answer);
    cJSON_Delete(json);
}

/* ---- The dialect ---- */

static struct span json_said(const struct transport_request *request)
{
    return (struct span){request->body, request->body_length};
}

static bool json_check_account(const struct api_account *account, struct error *error)
{
    return api_account_is_printable(account->key, "ATOBARAI_API_KEY", error) &&
           api_account_is_printable(account->merchant, "ATOBARAI_MERCHANT_CODE", error);
}

static const struct api_calls calls = {
    .check_account = json_check_account,
    .registration = json_register,
    .reduction = NULL,
    .shipment = json_ship,
    .cancellation = json_cancel,
    .question = json_ask,
    .said = json_said,
    .read = json_read,
    .free = json_free,
};

struct api_dialect *api_json_parse(struct span json, const char *path, struct error *error)
{
    struct json_dialect *dialect = calloc(1, sizeof *dialect);
    if (dialect == NULL) {
        error_set_memory(error);
        return NULL;
    }
    dialect->base = (struct api_dialect){&calls, {.keyed = true, .id_max = 64}};
    dialect->json = json_parse(json);
    if (parse(dialect, path, error))
        return &dialect->base;
    json_free(&dialect->base);
    return NULL;
}
