/* order/cells.c: see cells.h. */
#include "order/cells.h"

#include "order/rules.h"
#include "order/value.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_control(struct span value)
{
    return span_is(value, "N") || span_is(value, "U") || span_is(value, "D");
}

/* A 商品番号 is no part of what the public protocol sends. */
static bool is_needed_to_register(const struct judging *judging, const struct order_column *about)
{
    return (about->needed & ORDER_NEED_REGISTER) != 0 &&
           (about->field != ORDER_FIELD_ITEM_ID || judging->kuroneko == NULL);
}

static bool is_needed(const struct judging *judging, size_t column)
{
    const struct order_column *about = &judging->columns->schema->columns[column];
    struct span control = order_value(judging->columns, judging->row, ORDER_FIELD_CONTROL);
    bool serves = order_layout_serves(judging->columns->layout, judging->columns->schema, column);
    if (judging->purpose != RULES_REGISTER)
        return about->field == ORDER_FIELD_ID;
    /* Which needs there are depends on it, so it is needed itself. */
    if (about->field == ORDER_FIELD_CONTROL)
        return true;
    return (serves && is_needed_to_register(judging, about)) ||
           (control.data != NULL && span_is(control, "N") && (about->needed & ORDER_NEED_N) != 0) ||
           (control.data != NULL && span_is(control, "U") && (about->needed & ORDER_NEED_U) != 0);
}

static void check_number(const struct judging *judging, size_t column, struct span value)
{
    const struct order_column *about = &judging->columns->schema->columns[column];
    int64_t number;
    char bounds[2][24];
    if (value_integer(value, &number) && number >= about->least && number <= about->most)
        return;
    if (!value_is_whole(value)) {
        judging_quote(judging, "NOT_A_NUMBER", column, value);
        return;
    }
    snprintf(bounds[0], sizeof bounds[0], "%" PRId64, about->least);
    snprintf(bounds[1], sizeof bounds[1], "%" PRId64, about->most);
    judging_quote_with(judging, "NUMBER_RANGE", column, value, bounds[0], bounds[1]);
}

static void check_phone(const struct judging *judging, size_t column, struct span value)
{
    char phone[VALUE_PHONE_SIZE];
    bool repaired;
    if (!value_phone(value, phone, &repaired))
        judging_quote(judging, "PHONE_INVALID", column, value);
    else if (repaired)
        judging_quote_with(judging, "PHONE_REPAIRED", column, value, phone, NULL);
}

static void check_postal_code(const struct judging *judging, size_t column, struct span value)
{
    enum order_field field = judging->columns->schema->columns[column].field;
    char code[VALUE_POSTAL_CODE_SIZE];
    bool repaired;
    if (value_postal_code(value, (struct span){"", 0}, code, &repaired))
        return; /* whole without a look at the address */
    if (!value_postal_code(value, order_address_begin(judging->columns, judging->row, order_address_of(field)), code,
                           &repaired))
        judging_quote(judging, "POSTAL_CODE_INVALID", column, value);
    else
        judging_quote_with(judging, "POSTAL_CODE_REPAIRED", column, value, code, NULL);
}

/* Whether the column holds numbers, or what a spreadsheet may take for some. */
static bool is_numeric(enum order_type type)
{
    return type == ORDER_TYPE_DIGITS || type == ORDER_TYPE_INTEGER || type == ORDER_TYPE_CODE ||
           type == ORDER_TYPE_PHONE || type == ORDER_TYPE_POSTAL_CODE;
}

static void check_type(const struct judging *judging, size_t column, struct span value)
{
    enum order_type type = judging->columns->schema->columns[column].type;
    char time[VALUE_TIME_SIZE];
    if (is_numeric(type) && value_is_rounded(value)) {
        judging_quote(judging, "NUMBER_ROUNDED", column, value);
        return;
    }
    switch (type) {
    case ORDER_TYPE_TEXT:
    case ORDER_TYPE_CODE:
        break;
    case ORDER_TYPE_DIGITS:
        if (!value_is_digits(value))
            judging_quote(judging, "NOT_DIGITS", column, value);
        break;
    case ORDER_TYPE_INTEGER:
        check_number(judging, column, value);
        break;
    case ORDER_TYPE_DATETIME:
        if (!value_time(value, time))
            judging_quote(judging, "DATETIME_INVALID", column, value);
        break;
    case ORDER_TYPE_CONTROL:
        if (!is_control(value))
            judging_quote(judging, "CONTROL_INVALID", column, value);
        break;
    case ORDER_TYPE_DATE:
        if (!value_is_date(value))
            judging_quote(judging, "DATE_INVALID", column, value);
        break;
    case ORDER_TYPE_PHONE:
        check_phone(judging, column, value);
        break;
    case ORDER_TYPE_POSTAL_CODE:
        check_postal_code(judging, column, value);
        break;
    case ORDER_TYPE_EMAIL:
        if (!value_is_email(value))
            judging_quote(judging, "EMAIL_INVALID", column, value);
        break;
    case ORDER_TYPE_KANA:
        if (judging->kuroneko == NULL && !value_is_kana(value))
            judging_quote(judging, "NOT_KANA", column, value);
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

/* Whether a text has more than `most` UTF-16 units; it never has more than bytes. */
static bool is_longer(struct span value, size_t most)
{
    return value.length > most && utf8_units(value) > most;
}

/* The service's own rules for items[N].id. */
static void check_item_id(const struct judging *judging, size_t column, struct span value)
{
    if (value_is_rounded(value)) {
        judging_quote(judging, "NUMBER_ROUNDED", column, value);
        return;
    }
    if (value.length == 0 || is_longer(value, RULES_ITEM_ID_MAX))
        judging_add(judging, "ITEM_ID_SIZE", column, NULL);
    if (!utf8_is_ascii(value))
        judging_add(judging, "ITEM_ID_NON_ASCII", column, NULL);
    else if (value.length > 0 && value_is_blank(value))
        judging_add(judging, "REQUIRED", column, NULL);
    else if (has_punctuation(value))
        judging_quote(judging, "ITEM_ID_PUNCTUATION", column, value);
}

/* The same for items[N].name. */
static void check_item_name(const struct judging *judging, size_t column, struct span value)
{
    if (value.length == 0 || is_longer(value, RULES_ITEM_NAME_MAX))
        judging_add(judging, "ITEM_NAME_SIZE", column, NULL);
    else if (value_is_blank(value)) /* the service takes blanks, and prints them */
        judging_add(judging, "REQUIRED", column, NULL);
}

static void check_length(const struct judging *judging, size_t column, struct span value)
{
    size_t most = judging->columns->schema->columns[column].max_length;
    char texts[2][24];
    if (most == 0 || !is_longer(value, most))
        return;
    snprintf(texts[0], sizeof texts[0], "%zu", utf8_units(value));
    snprintf(texts[1], sizeof texts[1], "%zu", most);
    const char *args[FINDING_ARGS] = {texts[0], texts[1]};
    judging_add(judging, "TEXT_TOO_LONG", column, args);
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
    judging_add(judging, code, column, args);
}

/* Whether a character that begins with this byte of UTF-8 may be a blemish: hardly a text has one. */
static bool is_suspicious(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte >= 0xEE;
}

/* Where the first suspicious byte of `text` from `at` on is; its length where there is none. Eight bytes are looked at
 * at once: of each, a sum or a difference gets its highest bit where it is such, and now and then where it is not. */
static size_t next_suspicious(struct span text, size_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = ones << 7;
    for (uint64_t word; text.length - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.data + at, sizeof word);
        uint64_t low = word & ~highs;
        uint64_t beyond = word & (low + ones * (0x80 - 0x6E)); /* from 0xEE on */
        uint64_t c2 = ((word ^ ones * 0xC2) - ones) & ~(word ^ ones * 0xC2);
        uint64_t control = ((word - ones * 0x20) & ~word) | (~word & (low + ones)); /* below 0x20, or 0x7F */
        if (((beyond | c2 | control) & highs) != 0)
            break;
    }
    while (at < text.length && !is_suspicious((unsigned char)text.data[at]))
        at++;
    return at;
}

/* Which character of `text` begins at byte `at`, from 1. */
static size_t place_of(struct span text, size_t at)
{
    size_t place = 1;
    for (size_t i = 0; i < at; i++)
        place += ((unsigned char)text.data[i] & 0xC0U) != 0x80U;
    return place;
}

/* The characters of a text that is sent, from byte `begin` on; of each blemish the first. */
static void check_characters(const struct judging *judging, size_t column, struct span value, size_t begin)
{
    enum { KINDS = 3 };
    const char *seen[KINDS] = {NULL};
    size_t kinds = 0;
    size_t size;
    for (size_t at = next_suspicious(value, begin); at < value.length; at = next_suspicious(value, at + size)) {
        uint32_t character = utf8_decode((struct span){value.data + at, value.length - at}, &size);
        const char *code = blemish_of(character);
        size_t known = 0;
        while (code != NULL && known < kinds && seen[known] != code)
            known++;
        /* The public protocol gets a blank in the place of a line end, which order/limits tells. */
        bool blank = code != NULL && judging->kuroneko != NULL && judging->purpose == RULES_REGISTER &&
                     strcmp(code, "CONTROL_CHARACTER") == 0;
        if (code == NULL || known < kinds || blank)
            continue;
        seen[kinds++] = code;
        add_blemish(judging, code, column, place_of(value, at), character);
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

/* 送り状番号 and 配送会社 leave without the blanks and line ends around them; else they may hold anything. */
static void check_shipped(const struct judging *judging, size_t column, struct span value)
{
    struct span sent = value_trimmed(value);
    size_t begin = (size_t)(sent.data - value.data);
    check_characters(judging, column, (struct span){value.data, begin + sent.length}, begin);
}

static bool is_shipped(const struct judging *judging, enum order_field field)
{
    return judging->purpose == RULES_SHIP && field != ORDER_FIELD_ID;
}

/* The id is the order's number at the service of the public protocol. */
__attribute__((noinline)) static bool is_order_number(const struct judging *judging, size_t column, struct span value)
{
    char most[24];
    struct buf excerpt = {0};
    if (value_is_blank(value) || kuroneko_is_order_number(value) || value_is_rounded(value))
        return true; /* or a matter of its type */
    snprintf(most, sizeof most, "%d", (int)KURONEKO_ID_MAX);
    const char *args[FINDING_ARGS] = {value.length > KURONEKO_ID_MAX ? "kaara008E" : "kaara007E", most,
                                      judging_excerpt(judging, value, &excerpt)};
    judging_add(judging, "KURONEKO_ORDER_NUMBER", column, args);
    buf_free(&excerpt);
    return false;
}

/* Not inlined: most cells never come here. With the public protocol order/limits judges of what is sent how long it is,
 * and whether it is there; 商品番号 is not sent. */
__attribute__((noinline)) static void check(const struct judging *judging, size_t column, struct span value)
{
    enum order_field field = judging->columns->schema->columns[column].field;
    bool public = judging->kuroneko != NULL;
    bool sent = is_sent(judging, column);
    if (sent && field == ORDER_FIELD_ITEM_NAME && !public)
        check_item_name(judging, column, value);
    else if (sent && field == ORDER_FIELD_ITEM_ID && !public)
        check_item_id(judging, column, value);
    else if (field == ORDER_FIELD_ID && !public && is_longer(value, RULES_ORDER_ID_MAX))
        judging_add(judging, "ORDER_ID_SIZE", column, NULL);
    else if (field == ORDER_FIELD_ID && public && !is_order_number(judging, column, value))
        return;
    else if (!value_is_blank(value))
        check_type(judging, column, value);
    else if (is_needed(judging, column))
        judging_add(judging, "REQUIRED", column, NULL);
    if (!public || !sent)
        check_length(judging, column, value);
    if (is_shipped(judging, field))
        check_shipped(judging, column, value);
    else if (sent && is_free_text(judging->columns->schema->columns[column].type))
        check_characters(judging, column, value, 0);
}

/* ---- What was good before ---- */

enum { REMEMBERED_MAX = 104 }; /* bytes; a longer cell is judged each time */

struct remembered {
    bool good;     /* what was judged last is: no finding, and not blank. What a blank cell means depends on its row */
    size_t length; /* of what was found good last; 0: nothing */
    char bytes[REMEMBERED_MAX];
};

struct cells_memory {
    struct remembered *columns; /* owned */
};

struct cells_memory *cells_memory_new(size_t columns)
{
    struct cells_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL)
        return NULL;
    memory->columns = calloc(columns, sizeof *memory->columns);
    if (memory->columns != NULL)
        return memory;
    free(memory);
    return NULL;
}

void cells_memory_free(struct cells_memory *memory)
{
    if (memory == NULL)
        return;
    free(memory->columns);
    free(memory);
}

static bool is_remembered(const struct remembered *remembered, struct span value)
{
    return value.length > 0 && value.length == remembered->length &&
           memcmp(value.data, remembered->bytes, value.length) == 0;
}

static void remember(struct remembered *remembered, struct span value)
{
    if (value.length > REMEMBERED_MAX)
        return;
    memcpy(remembered->bytes, value.data, value.length);
    remembered->length = value.length;
}

static void check_cell(const struct judging *judging, size_t column)
{
    struct span value = judging->row->values[column];
    if (judging->memory == NULL) {
        check(judging, column, value);
        return;
    }
    struct remembered *remembered = &judging->memory->columns[column];
    remembered->good = is_remembered(remembered, value);
    if (remembered->good)
        return;
    size_t before = judging->findings->count;
    check(judging, column, value);
    remembered->good = judging->findings->count == before && !value_is_blank(value);
    if (remembered->good)
        remember(remembered, value);
}

static bool matters(const struct judging *judging, size_t column)
{
    return rules_look_at(judging->purpose, judging->columns->schema->columns[column].field) &&
           order_layout_serves(judging->columns->layout, judging->columns->schema, column);
}

void cells_check(const struct judging *judging)
{
    const struct span *values = judging->row->values;
    const struct span *above = judging->item > 0 ? judging->row[-1].values : NULL;
    bool all = judging->purpose == RULES_REGISTER;
    for (size_t column = 0; column < judging->columns->schema->count; column++) {
        bool same = above != NULL && above[column].data == values[column].data;
        if (values[column].data != NULL && (all || matters(judging, column)) &&
            !(same && judging->memory != NULL && judging->memory->columns[column].good))
            check_cell(judging, column);
    }
}
