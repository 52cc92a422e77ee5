/* order/fingerprint.c: see fingerprint.h. */
#include "order/fingerprint.h"

#include "order/value.h"
#include "text/fold.h"

#include <inttypes.h>

enum { FINGERPRINT_ORDER_FIELDS = ORDER_FIELD_ITEM_ID - ORDER_FIELD_ORDERED_AT }; /* the others are the items' */

enum order_field fingerprint_field(size_t index)
{
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

/* Each line's value behind its length. `value` is a buffer to work with. False when memory ran out. */
static bool put_items(const struct order_content *content, enum order_field field, struct buf *value, struct buf *out)
{
    for (size_t item = 0; item < content->item_count; item++) {
        buf_clear(value);
        put_value(&content->items[item][field - ORDER_FIELD_ITEM_ID], field, value);
        if (value->failed)
            return false;
        buf_printf(out, "%zu:", value->length);
        buf_append(out, buf_text(value), value->length);
    }
    return true;
}

static bool make(const struct order_content *content, struct arena *arena, struct buf *value, struct buf *out,
                 struct fingerprint *fingerprint)
{
    for (size_t i = 0; i < FINGERPRINT_FIELDS; i++) {
        enum order_field field = fingerprint_field(i);
        buf_clear(out);
        if (i < FINGERPRINT_ORDER_FIELDS)
            put_value(&content->fields[field], field, out);
        else if (!put_items(content, field, value, out))
            return false;
        fingerprint->fields[i] = arena_copy(arena, (struct span){buf_text(out), out->length});
        if (out->failed || fingerprint->fields[i].data == NULL)
            return false;
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
    if (made)
        drop_same_delivery(fingerprint);
    return made;
}
