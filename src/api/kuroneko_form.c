/* api/kuroneko_form.c: see kuroneko_form.h. */
#include "api/kuroneko_form.h"

#include "api/url.h"

#include <inttypes.h>
#include <stdio.h>

enum { REQUEST_DATE_SIZE = 15 }; /* yyyymmddhhmmss and the NUL */

/* Where what is asked for ends. No value can look like it: & is encoded. */
static const char who_asks[] = "&ycfStrCode=";

/* A parameter; an empty one is left out. `number` comes behind its name, where it is not 0. */
static void put_numbered(struct buf *body, const char *name, size_t number, struct span value)
{
    if (value.length == 0)
        return;
    if (body->length > 0)
        buf_append_byte(body, '&');
    buf_append_text(body, name);
    if (number > 0)
        buf_printf(body, "%zu", number);
    buf_append_byte(body, '=');
    url_put_encoded(body, value);
}

static void put(struct buf *body, const char *name, struct span value)
{
    put_numbered(body, name, 0, value);
}

static void put_integer(struct buf *body, const char *name, size_t number, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    put_numbered(body, name, number, span_of(digits));
}

static void put_address(struct buf *body, const struct kuroneko_order *order)
{
    put(body, "postCode", order->postal_code);
    put(body, "address1", order->address1);
    put(body, "address2", order->address2);
}

static void put_items(struct buf *body, const struct kuroneko_order *order)
{
    for (size_t i = 0; i < order->item_count; i++) {
        const struct kuroneko_item *item = &order->items[i];
        put_numbered(body, "itemName", i + 1, item->name);
        if (item->quantity != 0)
            put_integer(body, "itemCount", i + 1, item->quantity);
        if (item->unit_price != 0)
            put_integer(body, "unitPrice", i + 1, item->unit_price);
        put_integer(body, "subTotal", i + 1, item->amount);
    }
}

static void put_deliveries(struct buf *body, const struct kuroneko_order *order)
{
    for (size_t i = 0; i < order->delivery_count; i++) {
        const struct kuroneko_delivery *delivery = &order->deliveries[i];
        size_t number = i > 0 ? i + 1 : 0; /* the first one has none */
        put_numbered(body, "sendName", number, delivery->name);
        put_numbered(body, "sendPostCode", number, delivery->postal_code);
        put_numbered(body, "sendAddress1", number, delivery->address1);
        put_numbered(body, "sendAddress2", number, delivery->address2);
        put_numbered(body, "sendTelNum", number, delivery->phone);
    }
}

/* ---- The bodies ---- */

void kuroneko_form_id(struct span id, struct buf *body)
{
    put(body, "orderNo", id);
}

void kuroneko_form_registration(const struct kuroneko_order *order, bool day_named, struct buf *body)
{
    put(body, "orderYmd", span_of(order->order_date));
    put(body, "shipYmd", span_of(day_named ? order->ship_date : ""));
    put(body, "name", order->name);
    put(body, "nameKana", order->kana);
    put_address(body, order);
    put(body, "telNum", order->phone);
    put(body, "email", order->email);
    put_integer(body, "totalAmount", 0, order->amount);
    put_integer(body, "sendDiv", 0, order->delivery_kind);
    put_items(body, order);
    put_deliveries(body, order);
}

void kuroneko_form_reduction(const struct kuroneko_order *order, struct buf *body)
{
    put_address(body, order);
    put_integer(body, "totalAmount", 0, order->amount);
    put_integer(body, "sendDiv", 0, 0);
    put_items(body, order);
}

void kuroneko_form_parcel(enum kuroneko_process process, const char *number, struct buf *body)
{
    put(body, "paymentNo", span_of(number));
    put_integer(body, "processDiv", 0, process);
}

void kuroneko_form_account(const struct api_account *account, int64_t now, const char *ship_date, struct buf *body)
{
    enum { NAMES = 64 }; /* bytes of the names, and more */
    char text[REQUEST_DATE_SIZE];
    size_t values = strlen(account->merchant) + strlen(account->key) + strlen(ship_date) + REQUEST_DATE_SIZE;
    kuroneko_time(now, text);
    if (!buf_reserve(body, 3 * values + NAMES)) /* all at once: a buffer that grows leaves a copy behind */
        return;
    buf_append_text(body, who_asks);
    url_put_encoded(body, span_of(account->merchant));
    put(body, "password", span_of(account->key));
    put(body, "requestDate", span_of(text));
    put(body, "shipYmd", span_of(ship_date));
}

struct span kuroneko_form_said(struct span body)
{
    const char *end = memmem(body.data, body.length, who_asks, strlen(who_asks));
    return (struct span){body.data, end != NULL ? (size_t)(end - body.data) : 0};
}
