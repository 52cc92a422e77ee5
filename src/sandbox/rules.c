/* sandbox/rules.c: see rules.h. */
#include "sandbox/rules.h"

#include "sandbox/charset.h"

#include <cjson/cJSON.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 48 }; /* "items[N]." with a number of 20 digits fits */

#define INTEGER_MAX 999999999999999.0 /* 15 digits: what every JSON library carries through a double unharmed */

enum field_kind { FIELD_TEXT, FIELD_TIME, FIELD_INTEGER, FIELD_OBJECT, FIELD_ARRAY };

/* One member of an object, and what is asked of it. */
struct field {
    const char *name;
    enum field_kind kind;
    bool required;
    bool not_negative; /* integers */
    bool ascii;        /* texts: half-width only */
    size_t min, max;   /* texts: UTF-16 units; max 0: no upper limit */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct field order_fields[] = {
    {.name = "id", .kind = FIELD_TEXT, .required = true, .min = 1, .max = SANDBOX_ID_UNITS},
    {.name = "orderedAt", .kind = FIELD_TIME, .required = true},
    {.name = "amount", .kind = FIELD_INTEGER, .required = true, .not_negative = true},
    {.name = "buyer", .kind = FIELD_OBJECT, .required = true},
    {.name = "delivery", .kind = FIELD_OBJECT},
    {.name = "items", .kind = FIELD_ARRAY, .required = true},
};

static const struct field buyer_fields[] = {
    {.name = "name", .kind = FIELD_TEXT, .required = true, .min = 1},
    {.name = "nameKana", .kind = FIELD_TEXT},
    {.name = "postalCode", .kind = FIELD_TEXT},
    {.name = "address", .kind = FIELD_TEXT},
    {.name = "phone", .kind = FIELD_TEXT},
    {.name = "email", .kind = FIELD_TEXT},
};

/* As the buyer, without email, and nothing is required: only what differs from the buyer may be known. */
static const struct field delivery_fields[] = {
    {.name = "name", .kind = FIELD_TEXT},       {.name = "nameKana", .kind = FIELD_TEXT},
    {.name = "postalCode", .kind = FIELD_TEXT}, {.name = "address", .kind = FIELD_TEXT},
    {.name = "phone", .kind = FIELD_TEXT},
};

/* 255 and 36 are the service's own limits (the error table of the manual). */
static const struct field item_fields[] = {
    {.name = "id", .kind = FIELD_TEXT, .required = true, .ascii = true, .min = 1, .max = 36},
    {.name = "name", .kind = FIELD_TEXT, .required = true, .min = 1, .max = 255},
    {.name = "unitPrice", .kind = FIELD_INTEGER},
    {.name = "quantity", .kind = FIELD_INTEGER},
    {.name = "amount", .kind = FIELD_INTEGER},
};

static const struct field shipment_fields[] = {
    {.name = "trackingNumber", .kind = FIELD_TEXT, .required = true, .min = 1},
    {.name = "carrier", .kind = FIELD_TEXT, .required = true, .min = 1},
};

static const char *const status_names[] = {
    [SANDBOX_AUTH_OK] = "AUTH_OK",           [SANDBOX_AUTH_NG] = "AUTH_NG",
    [SANDBOX_AUTH_FAILED] = "AUTH_FAILED",   [SANDBOX_AUTH_PENDING] = "AUTH_PENDING",
    [SANDBOX_SHIP_OK] = "SHIP_OK",           [SANDBOX_SHIP_NG] = "SHIP_NG",
    [SANDBOX_SHIP_PENDING] = "SHIP_PENDING", [SANDBOX_CANCEL_OK] = "CANCEL_OK",
    [SANDBOX_CANCEL_NG] = "CANCEL_NG",       [SANDBOX_CANCEL_PENDING] = "CANCEL_PENDING",
};

/* The last one is everybody else's. */
static const struct sandbox_card cards[] = {
    {"ng", SANDBOX_AUTH_NG, SANDBOX_SHIP_OK, SANDBOX_CANCEL_OK},
    {"pending", SANDBOX_AUTH_PENDING, SANDBOX_SHIP_OK, SANDBOX_CANCEL_OK},
    {"failed", SANDBOX_AUTH_FAILED, SANDBOX_SHIP_OK, SANDBOX_CANCEL_OK},
    {"shipng", SANDBOX_AUTH_OK, SANDBOX_SHIP_NG, SANDBOX_CANCEL_OK},
    {"cancelng", SANDBOX_AUTH_OK, SANDBOX_SHIP_OK, SANDBOX_CANCEL_NG},
    {NULL, SANDBOX_AUTH_OK, SANDBOX_SHIP_OK, SANDBOX_CANCEL_OK},
};

const char *sandbox_status_name(enum sandbox_status status)
{
    return status_names[status];
}

bool sandbox_is_local_part(const char *local_part, const char *email)
{
    const char *at = email != NULL ? strchr(email, '@') : NULL;
    size_t length = strlen(local_part);
    return at != NULL && (size_t)(at - email) == length && memcmp(local_part, email, length) == 0;
}

const struct sandbox_card *sandbox_card_of(const char *email)
{
    const struct sandbox_card *card = cards;
    while (card->local_part != NULL && !sandbox_is_local_part(card->local_part, email))
        card++;
    return card;
}

/* Always false, so that a check can end with it. */
static bool __attribute__((format(printf, 2, 3))) refuse(char *message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, SANDBOX_MESSAGE_SIZE, format, args);
    va_end(args);
    return false;
}

/* Valid UTF-8 without a NUL, written out or as \u0000: cJSON checks neither, and a NUL would cut its C strings. */
static bool text_is_sound(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        size_t size = at[i] < 0x80 ? 1 : sandbox_utf8_size(at + i, length - i);
        if (size == 0 || at[i] == '\0')
            return false;
        if (at[i] == '\\' && length - i >= 6 && memcmp(at + i, "\\u0000", 6) == 0)
            return false;
        /* The character after a backslash belongs to it: in \\u0000 there is no NUL. */
        i += at[i] == '\\' && i + 1 < length && at[i + 1] == '\\' ? 2 : size;
    }
    return true;
}

/* The whole body as one JSON object; NULL when it is something else. Free with cJSON_Delete(). */
static cJSON *parse_object(const char *body, size_t length, char *message)
{
    const char *end = NULL;
    cJSON *root = NULL;
    if (length > 0 && text_is_sound(body, length))
        root = cJSON_ParseWithLengthOpts(body, length, &end, 0);
    while (root != NULL && end < body + length && strchr(" \t\r\n", *end) != NULL)
        end++;
    if (!cJSON_IsObject(root) || end != body + length) {
        cJSON_Delete(root);
        refuse(message, "malformed JSON");
        return NULL;
    }
    return root;
}

/* UTF-16 code units of valid UTF-8: one per character, two beyond the BMP (lead byte 0xF0 and up). */
static size_t utf16_units(const char *text)
{
    size_t units = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        units += (*at & 0xC0) == 0x80 ? 0 : *at >= 0xF0 ? 2 : 1;
    return units;
}

static bool is_ascii(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if (*at >= 0x80)
            return false;
    return true;
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* RFC 3339 to the second, in Japan's time: 2026-11-02T17:54:08+09:00. */
static bool is_japan_time(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00+09:00"; /* 0 in the first 19: any digit */
    if (strlen(text) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (i < 19 && shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    int month = two_digits(text + 5);
    int day = two_digits(text + 8);
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && two_digits(text + 11) <= 23 &&
           two_digits(text + 14) <= 59 && two_digits(text + 17) <= 59;
}

static bool check_text(const cJSON *value, const char *path, const struct field *field, char *message)
{
    if (!cJSON_IsString(value))
        return refuse(message, "validation error:%s%s must be a string", path, field->name);
    const char *text = value->valuestring;
    size_t units = utf16_units(text);
    if (field->max > 0 && (units < field->min || units > field->max))
        return refuse(message, "validation error:%s%s size must be between %zu and %zu", path, field->name, field->min,
                      field->max);
    if (units < field->min)
        return refuse(message, "validation error:%s%s must not be empty", path, field->name);
    if (field->ascii && !is_ascii(text))
        return refuse(message, "validation error:%s%s contains non-Ascii character", path, field->name);
    if (field->kind == FIELD_TIME && !is_japan_time(text))
        return refuse(message, "validation error:%s%s must be a date and time with +09:00", path, field->name);
    return true;
}

static bool check_integer(const cJSON *value, const char *path, const struct field *field, char *message)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : INTEGER_MAX + 1;
    /* The range first: the conversion of a greater double would be undefined. */
    bool whole = number >= -INTEGER_MAX && number <= INTEGER_MAX && number - (double)(int64_t)number == 0;
    if (!whole)
        return refuse(message, "validation error:%s%s must be an integer", path, field->name);
    if (field->not_negative && number < 0)
        return refuse(message, "validation error:%s%s must be greater than or equal to 0", path, field->name);
    return true;
}

static bool check_field(const cJSON *object, const char *path, const struct field *field, char *message)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, field->name);
    if (value == NULL && !field->required)
        return true;
    if (field->required && (value == NULL || cJSON_IsNull(value)))
        return refuse(message, "validation error:%s%s must not be null", path, field->name);
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_TIME:
        return check_text(value, path, field, message);
    case FIELD_INTEGER:
        return check_integer(value, path, field, message);
    case FIELD_OBJECT:
        return cJSON_IsObject(value) || refuse(message, "validation error:%s%s must be an object", path, field->name);
    case FIELD_ARRAY:
        return cJSON_IsArray(value) || refuse(message, "validation error:%s%s must be an array", path, field->name);
    }
    return false;
}

/* The members of one object. `path` stands before their names: "", "buyer.", "items[3].". */
static bool check_fields(const cJSON *object, const char *path, const struct field *fields, size_t count, char *message)
{
    for (size_t i = 0; i < count; i++)
        if (!check_field(object, path, &fields[i], message))
            return false;
    /* What nobody asked for is refused, without repeating it: the mall's order number must not come here. */
    for (const cJSON *child = object->child; child != NULL; child = child->next) {
        size_t known = 0;
        while (known < count && strcmp(fields[known].name, child->string) != 0)
            known++;
        if (known == count && *path == '\0')
            return refuse(message, "validation error:unknown field");
        if (known == count) /* the path without its final dot */
            return refuse(message, "validation error:%.*s has an unknown field", (int)strlen(path) - 1, path);
    }
    return true;
}

static bool check_items(const cJSON *items, char *message)
{
    const cJSON *item = NULL;
    size_t number = 0;
    if (items->child == NULL)
        return refuse(message, "validation error:items must not be empty");
    cJSON_ArrayForEach(item, items)
    {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "items[%zu].", number);
        if (!cJSON_IsObject(item))
            return refuse(message, "validation error:items[%zu] must be an object", number);
        if (!check_fields(item, path, item_fields, COUNT(item_fields), message))
            return false;
        number++;
    }
    return true;
}

static bool check_order(const cJSON *root, char *message)
{
    if (!check_fields(root, "", order_fields, COUNT(order_fields), message))
        return false;
    const cJSON *buyer = cJSON_GetObjectItemCaseSensitive(root, "buyer");
    const cJSON *delivery = cJSON_GetObjectItemCaseSensitive(root, "delivery");
    if (!check_fields(buyer, "buyer.", buyer_fields, COUNT(buyer_fields), message))
        return false;
    if (delivery != NULL && delivery->child == NULL)
        return refuse(message, "validation error:delivery must not be empty");
    if (delivery != NULL && !check_fields(delivery, "delivery.", delivery_fields, COUNT(delivery_fields), message))
        return false;
    return check_items(cJSON_GetObjectItemCaseSensitive(root, "items"), message);
}

bool sandbox_check_order(const char *body, size_t length, struct sandbox_order_body *order,
                         char message[SANDBOX_MESSAGE_SIZE])
{
    cJSON *root = parse_object(body, length, message);
    bool fine = root != NULL && check_order(root, message);
    if (fine) {
        const cJSON *buyer = cJSON_GetObjectItemCaseSensitive(root, "buyer");
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(root, "id");
        snprintf(order->id, sizeof order->id, "%s", id->valuestring);
        order->card = sandbox_card_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(buyer, "email")));
    }
    cJSON_Delete(root);
    return fine;
}

bool sandbox_check_shipment(const char *body, size_t length, char message[SANDBOX_MESSAGE_SIZE])
{
    cJSON *root = parse_object(body, length, message);
    bool fine = root != NULL && check_fields(root, "", shipment_fields, COUNT(shipment_fields), message);
    cJSON_Delete(root);
    return fine;
}

bool sandbox_check_cancellation(const char *body, size_t length, char message[SANDBOX_MESSAGE_SIZE])
{
    cJSON *root = parse_object(body, length, message);
    bool fine = root != NULL && check_fields(root, "", NULL, 0, message);
    cJSON_Delete(root);
    return fine;
}
