/* order/rules.c: see rules.h. */
#include "order/rules.h"

#include "order/cells.h"
#include "order/limits.h"
#include "order/lines.h"
#include "order/shipment.h"
#include "order/value.h"

#include <inttypes.h>
#include <stdio.h>

bool rules_look_at(enum rules_purpose purpose, enum order_field field)
{
    bool ships = field == ORDER_FIELD_TRACKING_NUMBER || field == ORDER_FIELD_CARRIER;
    return purpose == RULES_REGISTER || field == ORDER_FIELD_ID || (purpose == RULES_SHIP && ships);
}

/* ---- One row ---- */

/* The number in `field` on a row; false where the file lacks the column, or the cell is no number. */
static bool number_of(const struct judging *judging, const struct order_row *row, enum order_field field,
                      int64_t *number)
{
    struct span value = order_value(judging->columns, row, field);
    return value.data != NULL && value_integer(value, number);
}

static void check_subtotal(const struct judging *judging)
{
    int64_t price;
    int64_t quantity;
    int64_t amount;
    int64_t product;
    char texts[FINDING_ARGS][24];
    if (!number_of(judging, judging->row, ORDER_FIELD_ITEM_UNIT_PRICE, &price) ||
        !number_of(judging, judging->row, ORDER_FIELD_ITEM_QUANTITY, &quantity) ||
        !number_of(judging, judging->row, ORDER_FIELD_ITEM_AMOUNT, &amount))
        return;
    if (!__builtin_mul_overflow(price, quantity, &product) && product == amount)
        return;
    snprintf(texts[0], sizeof texts[0], "%" PRId64, price);
    snprintf(texts[1], sizeof texts[1], "%" PRId64, quantity);
    snprintf(texts[2], sizeof texts[2], "%" PRId64, amount);
    const char *args[FINDING_ARGS] = {texts[0], texts[1], texts[2]};
    judging_add(judging, "SUBTOTAL_MISMATCH", ORDER_NO_COLUMN, args);
}

/* ---- The whole order ---- */

static void check_columns(const struct judging *judging)
{
    const struct order_schema *schema = judging->columns->schema;
    for (size_t column = 0; column < schema->count; column++) {
        enum order_field field = schema->columns[column].field;
        if ((schema->columns[column].needed & ORDER_NEED_REGISTER) == 0 ||
            judging->columns->layout->cells[column] != ORDER_NO_COLUMN ||
            (field == ORDER_FIELD_PAYMENT && order_schema_defers_all(schema)) ||
            (field == ORDER_FIELD_ITEM_ID && judging->kuroneko != NULL))
            continue;
        if (field == ORDER_FIELD_NONE || order_layout_column(judging->columns->layout, field) == ORDER_NO_COLUMN)
            judging_add(judging, "COLUMN_MISSING", column, NULL);
    }
}

/* The first row of the file that can be judged; NULL when all are damaged. */
static const struct order_row *first_row(const struct order *order)
{
    const struct order_row *first = NULL;
    for (size_t i = 0; i < order->count; i++)
        if (!order->rows[i].damaged && (first == NULL || order->rows[i].number < first->number))
            first = &order->rows[i];
    return first;
}

/* Whether all rows agree about the order's own fields; a finding for each cell that does not. */
static bool check_agreement(struct judging *judging, const struct order_row *first)
{
    const struct order_schema *schema = judging->columns->schema;
    bool agree = true;
    for (judging->item = 0; judging->item < judging->order->count; judging->item++) {
        judging->row = &judging->order->rows[judging->item];
        if (judging->row == first || judging->row->damaged)
            continue;
        for (size_t column = 0; column < schema->count; column++) {
            struct span value = judging->row->values[column];
            struct span expected = first->values[column];
            if (value.data == expected.data || schema->columns[column].level != ORDER_LEVEL_ORDER ||
                value.data == NULL || expected.data == NULL || span_equal(value, expected))
                continue;
            judging_add_other(judging, "ORDER_FIELD_DIFFERS", column, first->number, NULL);
            agree = false;
        }
    }
    judging->row = NULL;
    return agree;
}

/* What stands for a sum that is too large: no 請求金額 of VALUE_INTEGER_DIGITS is equal to it. */
#define BEYOND INT64_MAX

/* The amount of one line: 小計, or 単価 × 個数 in a file without it. */
static bool line_amount(const struct judging *judging, const struct order_row *row, int64_t *amount)
{
    int64_t price;
    int64_t quantity;
    if (row->damaged)
        return false;
    if (order_layout_column(judging->columns->layout, ORDER_FIELD_ITEM_AMOUNT) != ORDER_NO_COLUMN)
        return number_of(judging, row, ORDER_FIELD_ITEM_AMOUNT, amount);
    if (!number_of(judging, row, ORDER_FIELD_ITEM_UNIT_PRICE, &price) ||
        !number_of(judging, row, ORDER_FIELD_ITEM_QUANTITY, &quantity))
        return false;
    if (__builtin_mul_overflow(price, quantity, amount))
        *amount = BEYOND;
    return true;
}

/* A part of the total that may be left empty. */
static bool part_of_total(const struct judging *judging, const struct order_row *row, enum order_field field,
                          int64_t *number)
{
    struct span value = order_value(judging->columns, row, field);
    *number = 0;
    return value.data != NULL && (value_is_blank(value) || value_integer(value, number));
}

/* Where a column of the sum is not in the file, or a number cannot be read, the sum is not known. */
static void check_total(const struct judging *judging, const struct order_row *first)
{
    int64_t total;
    int64_t shipping;
    int64_t handling;
    int64_t discount;
    if (!number_of(judging, first, ORDER_FIELD_AMOUNT, &total) ||
        !part_of_total(judging, first, ORDER_FIELD_SHIPPING_FEE, &shipping) ||
        !part_of_total(judging, first, ORDER_FIELD_HANDLING_FEE, &handling) ||
        !part_of_total(judging, first, ORDER_FIELD_DISCOUNT, &discount))
        return;
    int64_t sum = shipping + handling - discount;
    for (size_t i = 0; i < judging->order->count; i++) {
        int64_t amount;
        if (!line_amount(judging, &judging->order->rows[i], &amount))
            return;
        if (sum == BEYOND || amount == BEYOND || __builtin_add_overflow(sum, amount, &sum))
            sum = BEYOND;
    }
    if (sum == total)
        return;
    char texts[2][24];
    snprintf(texts[0], sizeof texts[0], "%" PRId64, total);
    snprintf(texts[1], sizeof texts[1], "%" PRId64, sum);
    const char *args[FINDING_ARGS] = {texts[0], texts[1]};
    judging_add(judging, "TOTAL_MISMATCH", ORDER_NO_COLUMN, args);
}

/* ---- Where it goes ---- */

/* One 送付先 is sent, the first line's: a row with another one is told so. */
static void check_delivery(struct judging *judging)
{
    const struct order_schema *schema = judging->columns->schema;
    const struct order_row *sent = &judging->order->rows[0];
    for (judging->item = 1; judging->item < judging->order->count && !sent->damaged; judging->item++) {
        judging->row = &judging->order->rows[judging->item];
        for (size_t column = 0; column < schema->count && !judging->row->damaged; column++) {
            enum order_field field = schema->columns[column].field;
            struct span value = judging->row->values[column];
            if (field < ORDER_FIELD_DELIVERY_NAME || field > ORDER_FIELD_DELIVERY_PHONE || value.data == NULL ||
                sent->values[column].data == NULL || span_equal(value, sent->values[column]))
                continue;
            judging_add_other(judging, "DELIVERY_DIFFERS", column, sent->number, NULL);
            break;
        }
    }
    judging->row = NULL;
}

/* ---- To ship ---- */

/* Whether `field` can be read on every row: what cannot be might be what is missing. */
static bool is_readable(const struct judging *judging, enum order_field field)
{
    const struct order *order = judging->order;
    for (size_t i = 0; i < order->count; i++)
        if (order->rows[i].damaged || order_value(judging->columns, &order->rows[i], field).data == NULL)
            return false;
    return true;
}

/* `field` has to be on one row of the order, on whichever. `first`: the row that is told; NULL: there is none. */
static void check_presence(struct judging *judging, const struct order_row *first, enum order_field field)
{
    size_t column = order_layout_column(judging->columns->layout, field);
    if (column == ORDER_NO_COLUMN) {
        judging_add(judging, "COLUMN_MISSING", order_schema_column(judging->columns->schema, field), NULL);
    } else if (first != NULL && is_readable(judging, field) &&
               shipment_first(judging->columns, judging->order, field) == NULL) {
        judging->row = first;
        judging_add(judging, "REQUIRED", column, NULL);
        judging->row = NULL;
    }
}

/* One 送り状番号 is reported, the first in the file: a row with another one is told so. */
static void check_numbers(struct judging *judging)
{
    char bytes[VALUE_NARROW_MAX];
    char other_bytes[VALUE_NARROW_MAX];
    const struct order_row *first = shipment_first(judging->columns, judging->order, ORDER_FIELD_TRACKING_NUMBER);
    if (first == NULL)
        return;
    struct buf excerpt = {0};
    struct span number = shipment_number(judging->columns, first, bytes);
    const char *args[FINDING_ARGS] = {judging_excerpt(judging, number, &excerpt)};
    for (size_t i = 0; i < judging->order->count; i++) {
        judging->row = &judging->order->rows[i];
        struct span other = shipment_number(judging->columns, judging->row, other_bytes);
        if (other.length > 0 && !span_equal(other, number))
            judging_add_other(judging, "SHIP_SEVERAL_NUMBERS",
                              order_layout_column(judging->columns->layout, ORDER_FIELD_TRACKING_NUMBER), first->number,
                              args);
    }
    judging->row = NULL;
    buf_free(&excerpt);
}

/* ---- All of it ---- */

static void check_rows(struct judging *judging)
{
    for (judging->item = 0; judging->item < judging->order->count; judging->item++) {
        judging->row = &judging->order->rows[judging->item];
        if (judging->row->damaged)
            continue;
        cells_check(judging);
        if (judging->purpose == RULES_REGISTER)
            check_subtotal(judging);
    }
    judging->row = NULL;
}

static bool is_damaged(const struct order *order)
{
    for (size_t i = 0; i < order->count; i++)
        if (order->rows[i].damaged)
            return true;
    return order->count == 0;
}

/* `begin`: where the order's findings begin. */
static void check_to_register(struct judging *judging, const struct order_row *first, size_t begin)
{
    if (check_agreement(judging, first))
        check_total(judging, first);
    if (judging->order->count > 1)
        lines_check(judging);
    if (judging->kuroneko == NULL && judging->order->count > 1)
        check_delivery(judging);
    if (judging->kuroneko != NULL && !is_damaged(judging->order))
        limits_check(judging, begin);
}

static void check_to_ship(struct judging *judging, const struct order_row *first)
{
    judging->item = 0;
    check_presence(judging, first, ORDER_FIELD_TRACKING_NUMBER);
    check_presence(judging, first, ORDER_FIELD_CARRIER);
    if (judging->kuroneko == NULL)
        check_numbers(judging);
    else
        limits_check_parcels(judging);
}

void rules_check(const struct order_columns *columns, const struct order *order, enum rules_purpose purpose,
                 const struct kuroneko_terms *kuroneko, struct cells_memory *memory, struct findings *findings)
{
    struct judging judging = {.columns = columns,
                              .order = order,
                              .purpose = purpose,
                              .kuroneko = kuroneko,
                              .findings = findings,
                              .memory = memory};
    const struct order_row *first = first_row(order);
    size_t begin = findings->count;
    if (purpose == RULES_REGISTER)
        check_columns(&judging);
    check_rows(&judging);
    if (purpose == RULES_REGISTER && first != NULL)
        check_to_register(&judging, first, begin);
    if (purpose == RULES_SHIP)
        check_to_ship(&judging, first);
}
