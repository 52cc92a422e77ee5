/* order/rules.c: see rules.h. */
#include "order/rules.h"

#include "order/value.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What is being judged. */
struct judging {
    const struct order_columns *columns;
    const struct order *order;
    const struct order_row *row; /* the row at hand */
    size_t item;                 /* its place among the lines, from 0 */
    struct findings *findings;
};

static void add(const struct judging *judging, const char *code, size_t column, const char *const args[FINDING_ARGS])
{
    struct finding finding = {.code = code,
                              .row = judging->row != NULL ? judging->row->number : 0,
                              .item = (uint16_t)judging->item,
                              .column = column == ORDER_NO_COLUMN ? FINDING_NO_COLUMN : (uint16_t)column};
    findings_add(judging->findings, finding, args);
}

/* As much of a cell as is quoted; borrowed from `excerpt`, which the caller frees. */
static const char *excerpt_of(const struct judging *judging, struct span value, struct buf *excerpt)
{
    utf8_excerpt(value, RULES_EXCERPT_MAX, excerpt);
    judging->findings->failed = judging->findings->failed || excerpt->failed;
    return buf_text(excerpt);
}

/* A finding that quotes the cell, and says up to two things more. */
static void add_quoting_with(const struct judging *judging, const char *code, size_t column, struct span value,
                             const char *second, const char *third)
{
    struct buf excerpt = {0};
    const char *args[FINDING_ARGS] = {excerpt_of(judging, value, &excerpt), second, third};
    add(judging, code, column, args);
    buf_free(&excerpt);
}

static void add_quoting(const struct judging *judging, const char *code, size_t column, struct span value)
{
    add_quoting_with(judging, code, column, value, NULL, NULL);
}

/* ---- One cell ---- */

static bool is_control(struct span value)
{
    return span_is(value, "N") || span_is(value, "U") || span_is(value, "D");
}

static bool is_needed(const struct judging *judging, size_t column)
{
    const struct order_column *about = &judging->columns->schema->columns[column];
    struct span control = order_value(judging->columns, judging->row, ORDER_FIELD_CONTROL);
    bool serves = order_layout_serves(judging->columns->layout, judging->columns->schema, column);
    /* Which needs there are depends on it, so it is needed itself. */
    if (about->field == ORDER_FIELD_CONTROL)
        return true;
    return (serves && (about->needed & ORDER_NEED_REGISTER) != 0) ||
           (control.data != NULL && span_is(control, "N") && (about->needed & ORDER_NEED_N) != 0) ||
           (control.data != NULL && span_is(control, "U") && (about->needed & ORDER_NEED_U) != 0);
}

static void check_number(const struct judging *judging, size_t column, struct span value)
{
    const struct order_column *about = &judging->columns->schema->columns[column];
    int64_t number;
    char bounds[2][24];
    if (!value_is_whole(value)) {
        add_quoting(judging, "NOT_A_NUMBER", column, value);
        return;
    }
    if (value_integer(value, &number) && number >= about->least && number <= about->most)
        return;
    snprintf(bounds[0], sizeof bounds[0], "%" PRId64, about->least);
    snprintf(bounds[1], sizeof bounds[1], "%" PRId64, about->most);
    add_quoting_with(judging, "NUMBER_RANGE", column, value, bounds[0], bounds[1]);
}

static void check_phone(const struct judging *judging, size_t column, struct span value)
{
    char phone[VALUE_PHONE_SIZE];
    bool repaired;
    if (!value_phone(value, phone, &repaired))
        add_quoting(judging, "PHONE_INVALID", column, value);
    else if (repaired)
        add_quoting_with(judging, "PHONE_REPAIRED", column, value, phone, NULL);
}

static void check_postal_code(const struct judging *judging, size_t column, struct span value)
{
    enum order_field field = judging->columns->schema->columns[column].field;
    char code[VALUE_POSTAL_CODE_SIZE];
    bool repaired;
    if (!value_postal_code(value, order_address_begin(judging->columns, judging->row, order_address_of(field)), code,
                           &repaired))
        add_quoting(judging, "POSTAL_CODE_INVALID", column, value);
    else if (repaired)
        add_quoting_with(judging, "POSTAL_CODE_REPAIRED", column, value, code, NULL);
}

static void check_type(const struct judging *judging, size_t column, struct span value)
{
    enum order_type type = judging->columns->schema->columns[column].type;
    char time[VALUE_TIME_SIZE];
    bool number = type == ORDER_TYPE_DIGITS || type == ORDER_TYPE_INTEGER || type == ORDER_TYPE_CODE ||
                  type == ORDER_TYPE_PHONE || type == ORDER_TYPE_POSTAL_CODE;
    if (number && value_is_rounded(value)) {
        add_quoting(judging, "NUMBER_ROUNDED", column, value);
        return;
    }
    switch (type) {
    case ORDER_TYPE_TEXT:
    case ORDER_TYPE_CODE:
        break;
    case ORDER_TYPE_DIGITS:
        if (!value_is_digits(value))
            add_quoting(judging, "NOT_DIGITS", column, value);
        break;
    case ORDER_TYPE_INTEGER:
        check_number(judging, column, value);
        break;
    case ORDER_TYPE_DATETIME:
        if (!value_time(value, time))
            add_quoting(judging, "DATETIME_INVALID", column, value);
        break;
    case ORDER_TYPE_CONTROL:
        if (!is_control(value))
            add_quoting(judging, "CONTROL_INVALID", column, value);
        break;
    case ORDER_TYPE_DATE:
        if (!value_is_date(value))
            add_quoting(judging, "DATE_INVALID", column, value);
        break;
    case ORDER_TYPE_PHONE:
        check_phone(judging, column, value);
        break;
    case ORDER_TYPE_POSTAL_CODE:
        check_postal_code(judging, column, value);
        break;
    case ORDER_TYPE_EMAIL:
        if (!value_is_email(value))
            add_quoting(judging, "EMAIL_INVALID", column, value);
        break;
    case ORDER_TYPE_KANA:
        if (!value_is_kana(value))
            add_quoting(judging, "NOT_KANA", column, value);
        break;
    }
}

/* ASCII, but neither letters nor digits: the service takes it, and the manual advises against it. */
static bool has_punctuation(struct span value)
{
    for (size_t i = 0; i < value.length; i++) {
        char byte = value.data[i];
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (!plain && (unsigned char)byte < 0x80)
            return true;
    }
    return false;
}

/* The service's own rules for items[N].id. */
static void check_item_id(const struct judging *judging, size_t column, struct span value)
{
    size_t units = utf8_units(value);
    if (value_is_rounded(value)) {
        add_quoting(judging, "NUMBER_ROUNDED", column, value);
        return;
    }
    if (units < 1 || units > RULES_ITEM_ID_MAX)
        add(judging, "ITEM_ID_SIZE", column, NULL);
    if (!utf8_is_ascii(value))
        add(judging, "ITEM_ID_NON_ASCII", column, NULL);
    else if (units >= 1 && value_is_blank(value))
        add(judging, "REQUIRED", column, NULL);
    else if (has_punctuation(value))
        add_quoting(judging, "ITEM_ID_PUNCTUATION", column, value);
}

/* The same for items[N].name. */
static void check_item_name(const struct judging *judging, size_t column, struct span value)
{
    size_t units = utf8_units(value);
    if (units < 1 || units > RULES_ITEM_NAME_MAX)
        add(judging, "ITEM_NAME_SIZE", column, NULL);
    else if (value_is_blank(value)) /* the service takes blanks, and prints them */
        add(judging, "REQUIRED", column, NULL);
}

static void check_length(const struct judging *judging, size_t column, struct span value)
{
    size_t most = judging->columns->schema->columns[column].max_length;
    char texts[2][24];
    if (most == 0 || value.length <= most) /* bytes are never fewer than units */
        return;
    size_t units = utf8_units(value);
    if (units <= most)
        return;
    snprintf(texts[0], sizeof texts[0], "%zu", units);
    snprintf(texts[1], sizeof texts[1], "%zu", most);
    const char *args[FINDING_ARGS] = {texts[0], texts[1]};
    add(judging, "TEXT_TOO_LONG", column, args);
}

/* What of a text cannot be printed on an invoice; NULL where a character is harmless. */
static const char *blemish_of(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7F && character < 0xA0))
        return "CONTROL_CHARACTER";
    if (character == UTF8_INVALID) /* whoever wrote the file put it in the place of what they could not read */
        return "TEXT_GARBLED";
    /* Private use: CP932's F040 to F9FC, and what fonts of a single machine hold. */
    if ((character >= 0xE000 && character <= 0xF8FF) || character >= 0xF0000)
        return "GAIJI";
    return NULL;
}

static void add_blemish(const struct judging *judging, const char *code, size_t column, size_t place,
                        uint32_t character)
{
    char texts[2][24];
    snprintf(texts[0], sizeof texts[0], "%zu", place);
    snprintf(texts[1], sizeof texts[1], "U+%04" PRIX32, character);
    const char *args[FINDING_ARGS] = {texts[0], texts[1]};
    add(judging, code, column, args);
}

/* The characters of a text that is sent; of each blemish the first. */
static void check_characters(const struct judging *judging, size_t column, struct span value)
{
    enum { KINDS = 3 };
    const char *seen[KINDS] = {NULL};
    size_t kinds = 0;
    size_t place = 0;
    for (size_t at = 0, size = 1; at < value.length; at += size) {
        unsigned char byte = (unsigned char)value.data[at];
        place++;
        size = 1;
        if (byte >= 0x20 && byte < 0x7F)
            continue;
        uint32_t character = utf8_decode((struct span){value.data + at, value.length - at}, &size);
        const char *code = blemish_of(character);
        size_t known = 0;
        while (code != NULL && known < kinds && seen[known] != code)
            known++;
        if (code == NULL || known < kinds)
            continue;
        seen[kinds++] = code;
        add_blemish(judging, code, column, place, character);
    }
}

/* Whether what stands in the column is sent. */
static bool is_sent(const struct judging *judging, size_t column)
{
    const struct order_schema *schema = judging->columns->schema;
    return schema->columns[column].field >= ORDER_FIELD_ID &&
           order_layout_serves(judging->columns->layout, schema, column);
}

/* Whether any character may stand in it as far as its type goes. */
static bool is_free_text(enum order_type type)
{
    return type == ORDER_TYPE_TEXT || type == ORDER_TYPE_KANA;
}

static void check_cell(const struct judging *judging, size_t column)
{
    struct span value = judging->row->values[column];
    enum order_field field = judging->columns->schema->columns[column].field;
    bool sent = is_sent(judging, column);
    if (value.data == NULL)
        return;
    if (sent && field == ORDER_FIELD_ITEM_NAME)
        check_item_name(judging, column, value);
    else if (sent && field == ORDER_FIELD_ITEM_ID)
        check_item_id(judging, column, value);
    else if (field == ORDER_FIELD_ID && utf8_units(value) > RULES_ORDER_ID_MAX)
        add(judging, "ORDER_ID_SIZE", column, NULL);
    else if (!value_is_blank(value))
        check_type(judging, column, value);
    else if (is_needed(judging, column))
        add(judging, "REQUIRED", column, NULL);
    check_length(judging, column, value);
    if (sent && is_free_text(judging->columns->schema->columns[column].type))
        check_characters(judging, column, value);
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
    add(judging, "SUBTOTAL_MISMATCH", ORDER_NO_COLUMN, args);
}

static void check_row(const struct judging *judging)
{
    for (size_t column = 0; column < judging->columns->schema->count; column++)
        check_cell(judging, column);
    check_subtotal(judging);
}

/* ---- The whole order ---- */

static void check_columns(const struct judging *judging)
{
    const struct order_schema *schema = judging->columns->schema;
    for (size_t column = 0; column < schema->count; column++) {
        enum order_field field = schema->columns[column].field;
        if ((schema->columns[column].needed & ORDER_NEED_REGISTER) == 0 ||
            judging->columns->layout->cells[column] != ORDER_NO_COLUMN ||
            (field == ORDER_FIELD_PAYMENT && order_schema_defers_all(schema)))
            continue;
        if (field == ORDER_FIELD_NONE || order_layout_column(judging->columns->layout, field) == ORDER_NO_COLUMN)
            add(judging, "COLUMN_MISSING", column, NULL);
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
        for (size_t column = 0; column < schema->count && !judging->row->damaged; column++) {
            struct span value = judging->row->values[column];
            struct span expected = first->values[column];
            char rows[2][16];
            if (schema->columns[column].level != ORDER_LEVEL_ORDER || value.data == NULL || expected.data == NULL ||
                span_equal(value, expected))
                continue;
            snprintf(rows[0], sizeof rows[0], "%" PRIu32, first->number);
            snprintf(rows[1], sizeof rows[1], "%" PRIu32, judging->row->number);
            const char *args[FINDING_ARGS] = {rows[0], rows[1]};
            add(judging, "ORDER_FIELD_DIFFERS", column, args);
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
    add(judging, "TOTAL_MISMATCH", ORDER_NO_COLUMN, args);
}

/* ---- Lines that stand twice ---- */

/* Whether all cells that the schema knows are the same. */
static bool same_cells(const struct judging *judging, const struct order_row *a, const struct order_row *b)
{
    for (size_t column = 0; column < judging->columns->schema->count; column++)
        if (!span_equal(a->values[column], b->values[column]))
            return false;
    return true;
}

static void add_twice(struct judging *judging, const char *code, const struct order_row *earlier,
                      const struct order_row *later, struct span line_id)
{
    char row[16];
    struct buf id = {0};
    snprintf(row, sizeof row, "%" PRIu32, earlier->number);
    const char *args[FINDING_ARGS] = {row, excerpt_of(judging, line_id, &id)};
    judging->row = later;
    judging->item = (size_t)(later - judging->order->rows);
    add(judging, code, order_layout_column(judging->columns->layout, ORDER_FIELD_ITEM_LINE_ID), args);
    judging->row = NULL;
    buf_free(&id);
}

/* A line and what tells it from the others. */
struct line {
    struct span id; /* 明細ID; empty where it has none */
    uint64_t hash;  /* of all cells: FNV-1a */
    const struct order_row *row;
};

static uint64_t hash_cells(const struct judging *judging, const struct order_row *row)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t column = 0; column < judging->columns->schema->count; column++) {
        struct span value = row->values[column];
        for (size_t i = 0; i < value.length; i++)
            hash = (hash ^ (unsigned char)value.data[i]) * 0x100000001b3U;
        hash = (hash ^ 0x100) * 0x100000001b3U; /* no byte: ab,c is not a,bc */
    }
    return hash;
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *left = a;
    const struct line *right = b;
    size_t shorter = left->id.length < right->id.length ? left->id.length : right->id.length;
    int order = shorter > 0 ? memcmp(left->id.data, right->id.data, shorter) : 0;
    if (order != 0)
        return order;
    if (left->id.length != right->id.length)
        return left->id.length < right->id.length ? -1 : 1;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->row->number < right->row->number ? -1 : left->row->number > right->row->number;
}

/* Lines of one 明細ID, or those without: a copy is told of the row before it that says the same, any other line of the
 * first row that has its 明細ID. */
static void check_same_id(struct judging *judging, const struct line *lines, size_t count)
{
    bool has_id = lines[0].id.length > 0;
    const struct order_row *first = lines[0].row;
    for (size_t i = 1; i < count; i++)
        if (lines[i].row->number < first->number)
            first = lines[i].row;
    for (size_t i = 0; i < count && count > 1; i++) {
        const struct order_row *row = lines[i].row;
        if (i > 0 && lines[i].hash == lines[i - 1].hash && same_cells(judging, lines[i - 1].row, row))
            add_twice(judging, has_id ? "ROW_DUPLICATE" : "ROW_REPEATED", lines[i - 1].row, row, lines[i].id);
        else if (has_id && row != first)
            add_twice(judging, "LINE_ID_DUPLICATE", first, row, lines[i].id);
    }
}

/* Those lines that can be told from others; how many. */
static size_t find_lines(const struct judging *judging, struct line lines[ORDER_LINES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < judging->order->count; i++) {
        const struct order_row *row = &judging->order->rows[i];
        struct span id =
            row->damaged ? (struct span){NULL, 0} : order_value(judging->columns, row, ORDER_FIELD_ITEM_LINE_ID);
        bool has_id = id.data != NULL && !value_is_blank(id);
        if (row->damaged || (has_id && value_is_rounded(id))) /* that one says nothing */
            continue;
        lines[count++] = (struct line){has_id ? id : (struct span){"", 0}, hash_cells(judging, row), row};
    }
    return count;
}

/* Lines that could be one and the same stand side by side when they are sorted. */
static void check_twins(struct judging *judging)
{
    struct line lines[ORDER_LINES_MAX];
    size_t count = find_lines(judging, lines);
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t begin = 0, end = 0; begin < count; begin = end) {
        while (end < count && span_equal(lines[end].id, lines[begin].id))
            end++;
        check_same_id(judging, lines + begin, end - begin);
    }
}

/* ---- Where it goes ---- */

/* One 送付先 is sent, the first line's: a row with another one is told so. */
static void check_delivery(struct judging *judging)
{
    const struct order_schema *schema = judging->columns->schema;
    const struct order_row *sent = &judging->order->rows[0];
    char row[16];
    const char *args[FINDING_ARGS] = {row};
    for (judging->item = 1; judging->item < judging->order->count && !sent->damaged; judging->item++) {
        judging->row = &judging->order->rows[judging->item];
        for (size_t column = 0; column < schema->count && !judging->row->damaged; column++) {
            enum order_field field = schema->columns[column].field;
            struct span value = judging->row->values[column];
            if (field < ORDER_FIELD_DELIVERY_NAME || field > ORDER_FIELD_DELIVERY_PHONE || value.data == NULL ||
                sent->values[column].data == NULL || span_equal(value, sent->values[column]))
                continue;
            snprintf(row, sizeof row, "%" PRIu32, sent->number);
            add(judging, "DELIVERY_DIFFERS", column, args);
            break;
        }
    }
    judging->row = NULL;
}

void rules_check(const struct order_columns *columns, const struct order *order, struct findings *findings)
{
    struct judging judging = {.columns = columns, .order = order, .findings = findings};
    const struct order_row *first = first_row(order);
    check_columns(&judging);
    for (judging.item = 0; judging.item < order->count; judging.item++) {
        judging.row = &order->rows[judging.item];
        if (!judging.row->damaged)
            check_row(&judging);
    }
    judging.row = NULL;
    if (first == NULL)
        return;
    if (check_agreement(&judging, first))
        check_total(&judging, first);
    if (order->count > 1) {
        check_twins(&judging);
        check_delivery(&judging);
    }
}
