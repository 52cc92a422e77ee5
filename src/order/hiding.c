/* order/hiding.c: see hiding.h. */
#include "order/hiding.h"

static const char stars[] = "***";
enum { STARS = sizeof stars - 1 };
_Static_assert((int)STARS <= (int)HIDING_LEAST, "a message that does not grow is changed in its place");

/* How many bytes `text` begins with that are `value`; 0: it does not begin with it. */
static size_t match(struct span text, struct span value)
{
    bool same =
        value.length >= HIDING_LEAST && value.length <= text.length && memcmp(text.data, value.data, value.length) == 0;
    return same ? value.length : 0;
}

/* The same of the digits in `value` alone. */
static size_t match_digits(struct span text, struct span value)
{
    size_t length = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            continue;
        if (length == text.length || text.data[length] != value.data[i])
            return 0;
        length++;
    }
    return length >= HIDING_LEAST ? length : 0;
}

/* How many bytes `text` begins with that are to be hidden. */
static size_t hidden(const struct order_content *content, struct span text)
{
    size_t longest = 0;
    for (size_t field = ORDER_FIELD_BUYER_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++) {
        const struct content_value *value = &content->fields[field];
        if (value->kind != CONTENT_TEXT)
            continue;
        size_t length = match(text, value->text);
        if (length == 0 && (field == ORDER_FIELD_BUYER_PHONE || field == ORDER_FIELD_DELIVERY_PHONE))
            length = match_digits(text, value->text);
        longest = length > longest ? length : longest;
    }
    return longest;
}

void hiding_apply(const struct order_content *content, struct buf *message)
{
    size_t kept = 0; /* bytes of the message as it becomes; never more than were looked at */
    size_t end = 0;  /* of what is being hidden: values may overlap, and then all of them go together */
    for (size_t at = 0; at < message->length; at++) {
        size_t length = hidden(content, (struct span){message->data + at, message->length - at});
        if (length > 0 && at + length > end)
            end = at + length;
        if (at >= end) {
            message->data[kept++] = message->data[at];
        } else if (at + 1 == end) { /* not before: the stars take the place of bytes that were still to be looked at */
            memcpy(message->data + kept, stars, STARS);
            kept += STARS;
        }
    }
    message->length = kept;
    if (message->data != NULL)
        message->data[kept] = '\0';
}
