/* order/fingerprint.c: see fingerprint.h. */
#include "order/fingerprint.h"

#include "order/value.h"
#include "text/fold.h"

#include <inttypes.h>

enum order_field fingerprint_field(size_t index)
{
    static const enum order_field extended[FINGERPRINT_EXTENDED] = {ORDER_FIELD_SHIP_DATE, ORDER_FIELD_SHIPPING_FEE,
                                                                    ORDER_FIELD_HANDLING_FEE, ORDER_FIELD_DISCOUNT};
    if (index >= FINGERPRINT_FIELDS)
        return extended[index - FINGERPRINT_FIELDS];
    return (enum order_field)(ORDER_FIELD_ORDERED_AT + index);
}

/* ---- One value ---- */

static bool is_number_of_digits(enum order_field field)
{
    return field == ORDER_FIELD_BUYER_PHONE || field == ORDER_FIELD_DELIVERY_PHONE ||
           field == ORDER_FIELD_BUYER_POSTAL_CODE || field == ORDER_FIELD_DELIVERY_POSTAL_CODE;
}

/* A time of value_time(), to the minute: how Excel writes one back. */
static struct span to_the_minute(struct span time)
{
    static const char minute[] = "yyyy-mm-ddThh:mm";
    bool is_time = time.length == VALUE_TIME_SIZE - 1 && time.data[sizeof "yyyy-mm-dd" - 1] == 'T';
    return is_time ? (struct span){time.data, sizeof minute - 1} : time;
}

/* Leave only the digits, without the zeros before them. */
static void keep_digits(struct buf *number)
{
    size_t length = 0;
    for (size_t i = 0; i < number->length; i++) {
        char byte = number->data[i];
        bool leading_zero = byte == '0' && length == 0;
        if (byte >= '0' && byte <= '9' && !leading_zero)
            number->data[length++] = byte;
    }
    number->length = length;
    if (number->data != NULL)
        number->data[length] = '\0';
}

/* Into an empty buffer. */
static void put_value(const struct content_value *value, enum order_field field, struct buf *out)
{
    switch (value->kind) {
    case CONTENT_NONE:
        return;
    case CONTENT_INTEGER:
        buf_printf(out, "%" PRId64, value->integer);
        return;
    case CONTENT_TEXT:
        break;
    }
    fold_width(field == ORDER_FIELD_ORDERED_AT ? to_the_minute(value->text) : value->text, out);
    if (is_number_of_digits(field))
        keep_digits(out);
}

/* ---- An order ---- */

/* Append a value behind its length. `text` is a buffer to work with. False when memory ran out. */
static bool put_measured(const struct content_value *value, enum order_field field, struct buf *text, struct buf *out)
{
    buf_clear(text);
    put_value(value, field, text);
    buf_printf(out, "%zu:", text->length);
    buf_append(out, buf_text(text), text->length);
    return !text->failed;
}

static bool is_of_delivery(enum order_field field)
{
    return field >= ORDER_FIELD_DELIVERY_NAME && field <= ORDER_FIELD_DELIVERY_PHONE;
}

/* Into an empty buffer. `value` is a buffer to work with. False when memory ran out. */
static bool put_field(const struct order_content *content, enum order_field field, struct buf *value, struct buf *out)
{
    bool put = true;
    if (field >= ORDER_FIELD_ITEM_ID) {
        for (size_t item = 0; item < content->item_count && put; item++)
            put = put_measured(&content->items[item][field - ORDER_FIELD_ITEM_ID], field, value, out);
        return put;
    }
    if (!is_of_delivery(field) || content->delivery_count == 0) {
        put_value(&content->fields[field], field, out);
        return true;
    }
    put = put_measured(&content->fields[field], field, value, out);
    for (size_t i = 0; i < content->delivery_count && put; i++)
        put = put_measured(&content->deliveries[i].fields[field - ORDER_FIELD_DELIVERY_NAME], field, value, out);
    return put;
}

static bool make(const struct order_content *content, struct arena *arena, struct buf *value, struct buf *out,
                 struct fingerprint *fingerprint)
{
    fingerprint->count = FINGERPRINT_FIELDS;
    for (size_t i = 0; i < FINGERPRINT_FIELDS_MAX; i++) {
        buf_clear(out);
        if (!put_field(content, fingerprint_field(i), value, out))
            return false;
        fingerprint->fields[i] = arena_copy(arena, (struct span){buf_text(out), out->length});
        if (out->failed || fingerprint->fields[i].data == NULL)
            return false;
        if (i >= FINGERPRINT_FIELDS && out->length > 0)
            fingerprint->count = FINGERPRINT_FIELDS_MAX;
    }
    return true;
}

/* Content leaves out a delivery that says the same as the buyer's address, byte by byte; here that goes for what says
 * the same in another width, too, or else a spreadsheet could make a change by making them the same. */
static void drop_same_delivery(struct fingerprint *fingerprint)
{
    struct span *fields = fingerprint->fields;
    for (enum order_field field = ORDER_FIELD_DELIVERY_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++) {
        struct span delivery = fields[field - ORDER_FIELD_ORDERED_AT];
        if (delivery.length > 0 && !span_equal(delivery, fields[order_buyer_field_of(field) - ORDER_FIELD_ORDERED_AT]))
            return;
    }
    for (enum order_field field = ORDER_FIELD_DELIVERY_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++)
        fields[field - ORDER_FIELD_ORDERED_AT].length = 0;
}

bool fingerprint_make(const struct order_content *content, struct arena *arena, struct fingerprint *fingerprint)
{
    struct buf value = {0};
    struct buf out = {0};
    bool made = make(content, arena, &value, &out, fingerprint);
    buf_free(&value);
    buf_free(&out);
    if (made && content->delivery_count == 0)
        drop_same_delivery(fingerprint);
    return made;
}
