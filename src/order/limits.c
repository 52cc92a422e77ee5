/* order/limits.c: see limits.h. */
#include "order/limits.h"

#include "order/shipment.h"
#include "order/value.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- Where it is ---- */

/* The columns of `field` in this file, from column `from` of the schema on; the schema's count: there is no more. */
static size_t next_column(const struct judging *judging, enum order_field field, size_t from)
{
    const struct order_schema *schema = judging->columns->schema;
    while (from < schema->count &&
           (schema->columns[from].field != field || !order_layout_serves(judging->columns->layout, schema, from)))
        from++;
    return from;
}

/* The column to fix of those that make `field` together: the one with the character at hand, or the longest. Where the
 * prefecture is missing, the first; and where the file has none of them, the schema's first. */
static size_t column_to_fix(const struct judging *judging, const struct order_row *row,
                            const struct kuroneko_remark *remark)
{
    size_t count = judging->columns->schema->count;
    size_t first = next_column(judging, remark->field, 0);
    size_t best = first;
    bool begins = strcmp(remark->code, "KURONEKO_PREFECTURE") == 0;
    if (first == count)
        return order_schema_column(judging->columns->schema, remark->field);
    for (size_t i = first; i < count && !begins; i = next_column(judging, remark->field, i + 1)) {
        struct span value = row->values[i];
        if (remark->character.length > 0 && span_contains(value, remark->character))
            return i;
        if (value.length > row->values[best].length)
            best = i;
    }
    return best;
}

/* Which character of the cell it is, from 1; of a joined text that is not the place in the whole. */
static size_t place_in_cell(struct span value, struct span character)
{
    const char *at = memmem(value.data, value.length, character.data, character.length);
    size_t before = at != NULL ? (size_t)(at - value.data) : 0;
    return utf8_characters((struct span){value.data, before}) + 1;
}

/* ---- What was said before ---- */

static bool is_unreadable(const struct judging *judging, const struct order_row *row, enum order_field field)
{
    size_t count = judging->columns->schema->count;
    for (size_t i = next_column(judging, field, 0); i < count; i = next_column(judging, field, i + 1))
        if (row->values[i].data == NULL)
            return true;
    return false;
}

/* The findings of the other rules. */
struct others {
    const struct judging *judging;
    size_t begin;
    size_t end;
};

/* Whether one of them is about a cell of `field`, on `row` or on any (NULL). */
static bool is_told(const struct others *others, const struct order_row *row, enum order_field field)
{
    const struct judging *judging = others->judging;
    const struct order_schema *schema = judging->columns->schema;
    for (size_t i = others->begin; i < others->end; i++) {
        const struct finding *finding = &judging->findings->list[i];
        if (finding->column < schema->count && schema->columns[finding->column].field == field &&
            (row == NULL || finding->row == 0 || finding->row == row->number))
            return true;
    }
    return false;
}

/* Whether one of the numbers that make the total was found fault with, or their sum. */
static bool is_sum_told(const struct others *others)
{
    const struct judging *judging = others->judging;
    static const enum order_field fields[] = {
        ORDER_FIELD_AMOUNT,       ORDER_FIELD_ITEM_AMOUNT,  ORDER_FIELD_ITEM_UNIT_PRICE, ORDER_FIELD_ITEM_QUANTITY,
        ORDER_FIELD_SHIPPING_FEE, ORDER_FIELD_HANDLING_FEE, ORDER_FIELD_DISCOUNT,
    };
    for (size_t i = others->begin; i < others->end; i++)
        if (strcmp(judging->findings->list[i].code, "TOTAL_MISMATCH") == 0 ||
            strcmp(judging->findings->list[i].code, "SUBTOTAL_MISMATCH") == 0)
            return true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (is_told(others, NULL, fields[i]) || is_unreadable(judging, &judging->order->rows[0], fields[i]))
            return true;
    return false;
}

/* Whether what is remarked follows from what another rule has said already. */
static bool follows(const struct others *others, const struct order_row *row, const struct kuroneko_remark *remark)
{
    static const char *const of_values[] = {
        "KURONEKO_REQUIRED",    "KURONEKO_CHARACTER",  "KURONEKO_POSTAL_CODE",
        "KURONEKO_PHONE",       "KURONEKO_EMAIL",      "KURONEKO_AMOUNT",
        "KURONEKO_ITEM_AMOUNT", "KURONEKO_LINE_BREAK", "KURONEKO_DELIVERY_INCOMPLETE"};
    if (strcmp(remark->code, "KURONEKO_SUM") == 0)
        return is_sum_told(others);
    for (size_t i = 0; i < sizeof of_values / sizeof *of_values; i++)
        if (strcmp(remark->code, of_values[i]) == 0)
            return is_told(others, remark->item == SIZE_MAX ? NULL : row, remark->field) ||
                   is_unreadable(others->judging, row, remark->field);
    return false;
}

/* ---- Findings ---- */

struct listening {
    struct judging *judging;
    struct others others;
};

/* An argument as a finding takes it; the buffer is empty before. */
static const char *argument(struct judging *judging, struct span text, struct buf *buf)
{
    buf_append(buf, text.data, text.length);
    judging->findings->failed = judging->findings->failed || buf->failed;
    return buf_text(buf);
}

static void hear(void *context, const struct kuroneko_remark *remark)
{
    const struct listening *listening = context;
    struct judging *judging = listening->judging;
    bool of_order = remark->item == SIZE_MAX;
    const struct order_row *row = &judging->order->rows[of_order ? 0 : remark->item];
    struct buf texts[FINDING_ARGS] = {{0}, {0}, {0}};
    const char *args[FINDING_ARGS];
    struct judging own = *judging;
    if (follows(&listening->others, row, remark))
        return;
    size_t column = column_to_fix(judging, row, remark);
    for (size_t i = 0; i < FINDING_ARGS; i++)
        args[i] = argument(judging, remark->args[i], &texts[i]);
    if (remark->character.length > 0 && column != ORDER_NO_COLUMN) {
        buf_clear(&texts[2]);
        buf_printf(&texts[2], "%zu", place_in_cell(row->values[column], remark->character));
        args[2] = buf_text(&texts[2]);
    }
    own.row = of_order ? NULL : row;
    own.item = of_order ? 0 : remark->item;
    judging_add(&own, remark->code, column, args);
    for (size_t i = 0; i < FINDING_ARGS; i++)
        buf_free(&texts[i]);
}

/* ---- An order to be registered ---- */

/* One 出荷予定日 is sent, the first line's that has one: a row with another one is told so. */
static void check_ship_dates(struct judging *judging)
{
    char dates[2][VALUE_DATE_SIZE];
    size_t column = order_layout_column(judging->columns->layout, ORDER_FIELD_SHIP_DATE);
    const struct order_row *sent = NULL;
    for (size_t i = 0; i < judging->order->count && column != ORDER_NO_COLUMN; i++) {
        const struct order_row *row = &judging->order->rows[i];
        struct buf excerpt = {0};
        if (!value_date(row->values[column], dates[sent != NULL]))
            continue;
        if (sent != NULL && strcmp(dates[0], dates[1]) != 0) {
            const char *args[FINDING_ARGS] = {judging_excerpt(judging, sent->values[column], &excerpt)};
            judging->row = row;
            judging_add_other(judging, "KURONEKO_SHIP_DATES", column, sent->number, args);
        }
        if (sent == NULL)
            sent = row;
        buf_free(&excerpt);
    }
    judging->row = NULL;
}

void limits_check(struct judging *judging, size_t begin)
{
    struct listening listening = {judging, {judging, begin, judging->findings->count}};
    struct arena arena = {0};
    struct order_content content;
    struct kuroneko_order converted;
    bool done = content_build(judging->columns, judging->order, true, &arena, &content) &&
                kuroneko_convert(&content, judging->kuroneko, &arena, hear, &listening, &converted);
    judging->findings->failed = judging->findings->failed || !done;
    arena_free(&arena);
    check_ship_dates(judging);
}

/* ---- An order to be shipped ---- */

static void check_parcel(const struct judging *judging, struct span number, struct span carrier, struct buf *work)
{
    char plain[KURONEKO_PAYMENT_NUMBER_MAX + 1];
    char most[24];
    enum kuroneko_process process = kuroneko_parcel(number, carrier, plain);
    const char *fault = kuroneko_parcel_fault(process, number);
    size_t column = order_layout_column(judging->columns->layout, ORDER_FIELD_TRACKING_NUMBER);
    if (fault == NULL || value_is_rounded(number)) /* of which the rules about cells have spoken */
        return;
    snprintf(most, sizeof most, "%d", (int)KURONEKO_PAYMENT_NUMBER_MAX);
    buf_clear(work);
    const char *args[FINDING_ARGS] = {fault, most, judging_excerpt(judging, number, work)};
    judging_add(judging, process == KURONEKO_PROCESS_YAMATO ? "KURONEKO_TRACKING_NUMBER" : "KURONEKO_TRACKING_FORM",
                column, args);
}

void limits_check_parcels(struct judging *judging)
{
    char bytes[VALUE_NARROW_MAX];
    struct buf work = {0};
    const struct order_row *named = shipment_first(judging->columns, judging->order, ORDER_FIELD_CARRIER);
    if (named == NULL)
        return;
    struct span common = value_trimmed(order_value(judging->columns, named, ORDER_FIELD_CARRIER));
    for (size_t i = 0; i < judging->order->count; i++) {
        judging->row = &judging->order->rows[i];
        struct span number = shipment_number(judging->columns, judging->row, bytes);
        struct span carrier = value_trimmed(order_value(judging->columns, judging->row, ORDER_FIELD_CARRIER));
        if (number.length > 0)
            check_parcel(judging, number, carrier.length > 0 ? carrier : common, &work);
    }
    judging->row = NULL;
    buf_free(&work);
}
