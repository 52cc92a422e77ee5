/* order/kuroneko.c: see kuroneko.h. */
#include "order/kuroneko.h"

#include "order/address.h"
#include "order/value.h"
#include "text/cp932.h"
#include "text/fold.h"
#include "text/harmless.h"
#include "text/kana.h"
#include "text/utf8.h"
#include "text/wide.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
    CHARACTERS_TOLD = 5, /* of those that cannot be sent, in one text */
    PHONE_DIGITS = 10,
    PHONE_DIGITS_MOBILE = 11,
    POSTAL_CODE_DIGITS = 7,
    DAY_SECONDS = 24 * 60 * 60,
    JAPAN_SECONDS = 9 * 60 * 60, /* ahead of UTC, all year */
};

static const char wide_blank[] = "\xE3\x80\x80"; /* U+3000 */

struct converting {
    const struct order_content *content;
    const struct kuroneko_terms *terms;
    struct arena *arena;
    kuroneko_remark_fn *remark; /* NULL: nobody is told */
    void *context;
    struct buf work; /* empty between uses */
    bool failed;     /* memory ran out */
};

/* ---- Remarks ---- */

static struct span kept(struct converting *converting, struct span text)
{
    struct span copy = arena_copy(converting->arena, text);
    converting->failed = converting->failed || copy.data == NULL;
    return copy.data != NULL ? copy : (struct span){"", 0};
}

static struct span number_text(struct converting *converting, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    return kept(converting, span_of(text));
}

/* What is taken out of `work`, which is empty afterwards. */
static struct span taken(struct converting *converting)
{
    converting->failed = converting->failed || converting->work.failed;
    struct span text = kept(converting, (struct span){buf_text(&converting->work), converting->work.length});
    buf_clear(&converting->work);
    return text;
}

/* Where something is, and what the service would call it. */
struct place {
    enum order_field field;
    size_t item; /* SIZE_MAX: the order */
};

static void tell_with(const struct converting *converting, const char *code, const char *service, struct place place,
                      const struct span args[FINDING_ARGS])
{
    struct kuroneko_remark remark = {code, service, place.field, place.item, {"", 0}, {args[0], args[1], args[2]}};
    if (converting->remark != NULL)
        converting->remark(converting->context, &remark);
}

static void tell(const struct converting *converting, const char *code, const char *service, struct place place,
                 struct span allowed, struct span found)
{
    const struct span args[FINDING_ARGS] = {span_of(service != NULL ? service : ""), allowed, found};
    tell_with(converting, code, service, place, args);
}

/* ---- Values ---- */

static struct span text_of(const struct content_value *value)
{
    return value->kind == CONTENT_TEXT ? value->text : (struct span){"", 0};
}

static bool integer_of(const struct content_value *value, int64_t *number)
{
    *number = value->integer;
    return value->kind == CONTENT_INTEGER || (value->kind == CONTENT_TEXT && value_integer(value->text, number));
}

/* ---- Texts in full width ---- */

/* The service's own codes for what can be wrong with a text. */
struct text_faults {
    const char *required; /* NULL: it may be absent */
    const char *length;
    const char *charset;
};

static void tell_character(struct converting *converting, const struct text_faults *faults, struct place place,
                           struct span character, uint32_t point, size_t at)
{
    buf_append(&converting->work, character.data, character.length);
    buf_printf(&converting->work, " U+%04" PRIX32, point);
    struct span name = taken(converting);
    struct kuroneko_remark remark = {
        "KURONEKO_CHARACTER", faults->charset, place.field,
        place.item,           character,       {span_of(faults->charset), name, number_text(converting, (int64_t)at)}};
    if (converting->remark != NULL)
        converting->remark(converting->context, &remark);
}

/* Tell which characters of `text` cannot be sent, each once. */
static void check_characters(struct converting *converting, const struct text_faults *faults, struct place place,
                             struct span text)
{
    uint32_t told[CHARACTERS_TOLD];
    size_t count = 0;
    size_t place_of = 1;
    for (size_t at = 0, size = 0; at < text.length; at += size, place_of++) {
        struct span rest = {text.data + at, text.length - at};
        uint32_t character = utf8_decode(rest, &size);
        size_t known = 0;
        if (cp932_has_pair(character))
            continue;
        while (known < count && told[known] != character)
            known++;
        if (known < count || count == CHARACTERS_TOLD)
            continue;
        told[count++] = character;
        tell_character(converting, faults, place, (struct span){rest.data, size}, character, place_of);
    }
}

static bool has_control(struct span text)
{
    for (size_t at = 0, size = 0; at < text.length; at += size)
        if (harmless_is_control(utf8_decode((struct span){text.data + at, text.length - at}, &size)))
            return true;
    return false;
}

/* `text` in full width. Whether its characters can be sent is not looked at: of what is cut off it does not matter. */
static struct span widened(struct converting *converting, const struct text_faults *faults, struct place place,
                           struct span text)
{
    struct span wide = {"", 0};
    if (text.length > 0) {
        wide_put(text, &converting->work);
        wide = taken(converting);
    }
    if (wide.length == 0) {
        if (faults->required != NULL)
            tell(converting, "KURONEKO_REQUIRED", faults->required, place, (struct span){"", 0}, wide);
        return wide;
    }
    if (has_control(value_trimmed(text)))
        tell(converting, "KURONEKO_LINE_BREAK", NULL, place, (struct span){"", 0}, wide);
    return wide;
}

static struct span without_blank_behind(struct span text)
{
    size_t blank = strlen(wide_blank);
    while (text.length >= blank && memcmp(text.data + text.length - blank, wide_blank, blank) == 0)
        text.length -= blank;
    return text;
}

/* Say that `text` is longer than `most`, or that `left` is left of it. */
static void tell_length(struct converting *converting, const char *service, struct place place, struct span text,
                        size_t most, struct span left)
{
    bool address = place.field == ORDER_FIELD_BUYER_ADDRESS || place.field == ORDER_FIELD_DELIVERY_ADDRESS;
    struct span limit = number_text(converting, (int64_t)most);
    if (converting->terms->fit)
        tell(converting, address ? "KURONEKO_ADDRESS_CUT" : "KURONEKO_CUT", service, place, limit, left);
    else
        tell(converting, address ? "KURONEKO_ADDRESS_LONG" : "KURONEKO_TOO_LONG", service, place, limit,
             number_text(converting, (int64_t)utf8_characters(text)));
}

/* A text in full width of at most `most` characters. */
static struct span fitted(struct converting *converting, const struct text_faults *faults, struct place place,
                          struct span text, size_t most)
{
    struct span wide = widened(converting, faults, place, text);
    struct span left = utf8_beginning(wide, most);
    if (left.length < wide.length) {
        left = without_blank_behind(left);
        tell_length(converting, faults->length, place, wide, most, left);
    }
    check_characters(converting, faults, place, converting->terms->fit ? left : wide);
    return left;
}

/* ---- Kana, digits, addresses of mail ---- */

static struct span convert_kana(struct converting *converting, struct place place, struct span text)
{
    const struct span nothing = {"", 0};
    if (!wide_put_narrow_kana(text, &converting->work)) {
        buf_clear(&converting->work);
        utf8_excerpt(text, FINDING_EXCERPT_MAX, &converting->work);
        const struct span args[FINDING_ARGS] = {taken(converting), nothing, nothing};
        tell_with(converting, "KURONEKO_KANA_LEFT_OUT", "kaara023E", place, args);
        return nothing;
    }
    struct span kana = taken(converting);
    struct span left = utf8_beginning(kana, KURONEKO_KANA_MAX);
    if (left.length < kana.length)
        tell_length(converting, "kaara024E", place, kana, KURONEKO_KANA_MAX, left);
    return left;
}

/* The digits of a text that has nothing else but hyphens; `length` 0 where it has. */
static struct span digits_of(struct converting *converting, struct span text)
{
    for (size_t i = 0; i < text.length; i++) {
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (digit)
            buf_append_byte(&converting->work, text.data[i]);
        if (digit || text.data[i] == '-')
            continue;
        buf_clear(&converting->work);
        break;
    }
    return taken(converting);
}

static void tell_value(struct converting *converting, const char *code, const char *service, struct place place,
                       struct span text)
{
    utf8_excerpt(text, FINDING_EXCERPT_MAX, &converting->work);
    tell(converting, code, service, place, (struct span){"", 0}, taken(converting));
}

/* Say that `text` is not what `code` asks for, or that it is missing; `required` NULL: it may be. Nothing is left of
 * it.
 */
static struct span unusable(struct converting *converting, const char *code, const char *required, const char *form,
                            struct place place, struct span text)
{
    if (text.length > 0)
        tell_value(converting, code, form, place, text);
    else if (required != NULL)
        tell(converting, "KURONEKO_REQUIRED", required, place, text, text);
    return (struct span){"", 0};
}

static struct span convert_postal_code(struct converting *converting, const char *required, const char *form,
                                       struct place place, struct span text)
{
    struct span digits = digits_of(converting, text);
    return digits.length == POSTAL_CODE_DIGITS
               ? digits
               : unusable(converting, "KURONEKO_POSTAL_CODE", required, form, place, text);
}

static struct span convert_phone(struct converting *converting, const char *required, const char *form,
                                 struct place place, struct span text)
{
    struct span digits = digits_of(converting, text);
    bool usable = (digits.length == PHONE_DIGITS || digits.length == PHONE_DIGITS_MOBILE) && digits.data[0] == '0';
    return usable ? digits : unusable(converting, "KURONEKO_PHONE", required, form, place, text);
}

static struct span convert_email(struct converting *converting, struct place place, struct span text)
{
    const struct span nothing = {"", 0};
    if (text.length == 0)
        return nothing;
    if (!utf8_is_ascii(text) || memchr(text.data, '@', text.length) == NULL) {
        tell_value(converting, "KURONEKO_EMAIL", "kaara043E", place, text);
        return nothing;
    }
    if (text.length <= KURONEKO_EMAIL_MAX)
        return text;
    struct span limit = number_text(converting, KURONEKO_EMAIL_MAX);
    if (converting->terms->fit)
        tell(converting, "KURONEKO_EMAIL_LEFT_OUT", "kaara044E", place, limit, text);
    else
        tell(converting, "KURONEKO_TOO_LONG", "kaara044E", place, limit, number_text(converting, (int64_t)text.length));
    return nothing;
}

/* ---- Addresses ---- */

struct address_faults {
    struct text_faults text;
    const char *prefecture;
    const char *number;
};

static struct span after(struct span text, size_t length)
{
    return (struct span){text.data + length, text.length - length};
}

/* The prefecture once, where a column of its own says it and the next column again. */
static struct span without_repeated_prefecture(struct span text)
{
    size_t length = address_prefecture(text);
    struct span rest = after(text, length);
    bool blank = rest.length > strlen(wide_blank) && memcmp(rest.data, wide_blank, strlen(wide_blank)) == 0;
    if (blank)
        rest = after(rest, strlen(wide_blank));
    bool repeated = length > 0 && rest.length >= length && memcmp(rest.data, text.data, length) == 0;
    return repeated ? rest : text;
}

static void convert_address(struct converting *converting, const struct address_faults *faults, struct place place,
                            struct span text, struct span parts[2])
{
    struct span nothing = {"", 0};
    struct span wide = without_repeated_prefecture(widened(converting, &faults->text, place, text));
    parts[0] = parts[1] = nothing;
    if (wide.length == 0)
        return;
    size_t prefecture = address_prefecture(wide);
    if (prefecture == 0)
        tell_value(converting, "KURONEKO_PREFECTURE", faults->prefecture, place, wide);
    if (!address_has_number(after(wide, prefecture)))
        tell_value(converting, "KURONEKO_STREET_NUMBER", faults->number, place, wide);
    struct span left = wide;
    if (!address_split(wide, KURONEKO_ADDRESS_MAX, &parts[0], &parts[1])) {
        parts[1] = without_blank_behind(parts[1]);
        left.length = (size_t)(parts[1].data - wide.data) + parts[1].length;
        tell_length(converting, faults->text.length, place, wide, (size_t)2 * KURONEKO_ADDRESS_MAX, left);
    }
    check_characters(converting, &faults->text, place, converting->terms->fit ? left : wide);
}

/* ---- Deliveries ---- */

/* A 送付先, and what its fields say in a form for comparing. */
struct destination {
    const struct content_value *fields; /* by field - ORDER_FIELD_DELIVERY_NAME */
    size_t line;
    struct span keys[CONTENT_DELIVERY_FIELDS];
};

/* What a field of a 送付先, or the buyer's that it belongs to, says, whatever its width and its blanks; of numbers
 * their digits. */
static struct span key_of(struct converting *converting, enum order_field field, struct span text)
{
    bool digits = field == ORDER_FIELD_DELIVERY_POSTAL_CODE || field == ORDER_FIELD_DELIVERY_PHONE;
    struct buf *work = &converting->work;
    size_t length = 0;
    fold_width(text, work);
    for (size_t i = 0; i < work->length; i++)
        if (work->data[i] != ' ' && !(digits && work->data[i] == '-'))
            work->data[length++] = work->data[i];
    work->length = length;
    return taken(converting);
}

static void find_keys(struct converting *converting, struct destination *destination)
{
    for (size_t i = 0; i < CONTENT_DELIVERY_FIELDS; i++)
        destination->keys[i] =
            key_of(converting, (enum order_field)(ORDER_FIELD_DELIVERY_NAME + i), text_of(&destination->fields[i]));
}

static bool is_same_destination(const struct destination *a, const struct destination *b)
{
    for (size_t i = 0; i < CONTENT_DELIVERY_FIELDS; i++)
        if (!span_equal(a->keys[i], b->keys[i]))
            return false;
    return true;
}

/* Whether it says nothing else than the buyer's address does. */
static bool is_buyers(struct converting *converting, const struct destination *destination)
{
    for (size_t i = 0; i < CONTENT_DELIVERY_FIELDS; i++) {
        enum order_field field = (enum order_field)(ORDER_FIELD_DELIVERY_NAME + i);
        const struct content_value *buyers = &converting->content->fields[order_buyer_field_of(field)];
        if (destination->keys[i].length > 0 &&
            !span_equal(destination->keys[i], key_of(converting, field, text_of(buyers))))
            return false;
    }
    return true;
}

/* The 送付先 that differ; how many, 0 too where memory ran out. */
static size_t find_destinations(struct converting *converting, struct destination **found)
{
    const struct order_content *content = converting->content;
    size_t count = 0;
    struct destination *list = arena_alloc(converting->arena, (content->delivery_count + 1) * sizeof *list);
    *found = list;
    converting->failed = converting->failed || list == NULL;
    for (size_t i = 0; i <= content->delivery_count && list != NULL; i++) {
        size_t known = 0;
        list[count] = i == 0 ? (struct destination){.fields = content->fields + ORDER_FIELD_DELIVERY_NAME,
                                                    .line = content->delivery_line}
                             : (struct destination){.fields = content->deliveries[i - 1].fields,
                                                    .line = content->deliveries[i - 1].line};
        find_keys(converting, &list[count]);
        while (known < count && !is_same_destination(&list[known], &list[count]))
            known++;
        count += known == count;
    }
    return count;
}

static struct span part_of(const struct destination *destination, enum order_field field)
{
    return text_of(&destination->fields[field - ORDER_FIELD_DELIVERY_NAME]);
}

static void convert_delivery(struct converting *converting, const struct destination *from,
                             struct kuroneko_delivery *delivery)
{
    static const struct text_faults name_faults = {NULL, "kaara067E", "kaara068E"};
    static const struct address_faults address_faults = {{NULL, "kaara080E", "kaara077E"}, "kaara078E", "kaara104E"};
    struct span parts[2];
    for (enum order_field field = ORDER_FIELD_DELIVERY_NAME; field <= ORDER_FIELD_DELIVERY_PHONE; field++) {
        struct place place = {field, from->line};
        struct span text = part_of(from, field);
        if (text.length == 0 && field != ORDER_FIELD_DELIVERY_PHONE)
            tell(converting, "KURONEKO_DELIVERY_INCOMPLETE", "kaara102E", place, text, text);
        switch (field) {
        case ORDER_FIELD_DELIVERY_NAME:
            delivery->name = fitted(converting, &name_faults, place, text, KURONEKO_NAME_MAX);
            break;
        case ORDER_FIELD_DELIVERY_POSTAL_CODE:
            delivery->postal_code = convert_postal_code(converting, NULL, "kaara072E", place, text);
            break;
        case ORDER_FIELD_DELIVERY_ADDRESS:
            convert_address(converting, &address_faults, place, text, parts);
            delivery->address1 = parts[0];
            delivery->address2 = parts[1];
            break;
        default:
            delivery->phone = convert_phone(converting, NULL, "kaara084E", place, text);
            break;
        }
    }
}

static void convert_deliveries(struct converting *converting, struct kuroneko_order *order)
{
    struct destination *list;
    size_t count = find_destinations(converting, &list);
    if (count == 0 || (count == 1 && is_buyers(converting, &list[0])))
        return;
    if (count > KURONEKO_DELIVERIES_MAX) {
        struct place place = {ORDER_FIELD_DELIVERY_NAME, SIZE_MAX};
        tell(converting, "KURONEKO_DELIVERIES", NULL, place, number_text(converting, KURONEKO_DELIVERIES_MAX),
             number_text(converting, (int64_t)count));
        count = KURONEKO_DELIVERIES_MAX;
    }
    order->delivery_kind = 1;
    order->delivery_count = count;
    for (size_t i = 0; i < count; i++) {
        struct kuroneko_delivery *delivery = &order->deliveries[i];
        if (is_buyers(converting, &list[i]))
            *delivery = (struct kuroneko_delivery){order->name, order->postal_code, order->address1, order->address2,
                                                   order->phone};
        else
            convert_delivery(converting, &list[i], delivery);
    }
}

/* ---- Days ---- */

/* Days since 1970 of a day of the Gregorian calendar, and back: counted in years that begin with March, so that the
 * day of a leap year comes last. */
static int64_t day_number(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

/* The first eight digits of `text`, hyphens between them or not, as a day; false where there are none. */
static bool read_day(struct span text, int64_t *day)
{
    int64_t number = 0;
    size_t digits = 0;
    for (size_t i = 0; i < text.length && digits < 8; i++) {
        if (text.data[i] >= '0' && text.data[i] <= '9') {
            number = number * 10 + (text.data[i] - '0');
            digits++;
        } else if (text.data[i] != '-') {
            break;
        }
    }
    *day = day_number(number / 10000, number / 100 % 100, number % 100);
    return digits == 8;
}

static void put_day(int64_t day, char date[KURONEKO_DATE_SIZE])
{
    char text[15];
    kuroneko_time(day * DAY_SECONDS - JAPAN_SECONDS, text);
    snprintf(date, KURONEKO_DATE_SIZE, "%.8s", text);
}

/* As a clerk writes it. */
static struct span day_text(struct converting *converting, int64_t day)
{
    char date[KURONEKO_DATE_SIZE];
    put_day(day, date);
    buf_printf(&converting->work, "%.4s-%.2s-%.2s", date, date + 4, date + 6);
    return taken(converting);
}

static void convert_days(struct converting *converting, struct kuroneko_order *order)
{
    const struct order_content *content = converting->content;
    const struct kuroneko_terms *terms = converting->terms;
    struct place place = {ORDER_FIELD_SHIP_DATE, content->ship_date_line};
    char now[15];
    int64_t today = 0;
    int64_t ordered;
    int64_t ship;
    kuroneko_time(terms->now, now);
    read_day(span_of(now), &today);
    bool known = read_day(text_of(&content->fields[ORDER_FIELD_ORDERED_AT]), &ordered);
    if (known)
        put_day(ordered, order->order_date);
    else
        tell(converting, "KURONEKO_REQUIRED", "kaara010E", (struct place){ORDER_FIELD_ORDERED_AT, SIZE_MAX},
             (struct span){"", 0}, (struct span){"", 0});
    if (!read_day(text_of(&content->fields[ORDER_FIELD_SHIP_DATE]), &ship)) {
        place.item = SIZE_MAX;
        ship = today + terms->ship_days;
        if (known && ship < ordered)
            ship = ordered;
    }
    put_day(ship, order->ship_date);
    if (known && ship < ordered)
        tell(converting, "KURONEKO_SHIP_DATE_EARLY", "kaara100E", place, day_text(converting, ordered),
             day_text(converting, ship));
    if (ship > today + KURONEKO_SHIP_DAYS_MAX)
        tell(converting, "KURONEKO_SHIP_DATE_LATE", "kaara018E", place,
             day_text(converting, today + KURONEKO_SHIP_DAYS_MAX), day_text(converting, ship));
}

/* ---- Items ---- */

static const struct content_value *value_of(const struct converting *converting, size_t line, enum order_field field)
{
    return &converting->content->items[line][field - ORDER_FIELD_ITEM_ID];
}

/* The amount of a line: 小計, or 単価 × 個数 where there is none. */
static bool amount_of(const struct converting *converting, size_t line, int64_t *amount)
{
    int64_t price;
    int64_t quantity;
    return integer_of(value_of(converting, line, ORDER_FIELD_ITEM_AMOUNT), amount) ||
           (integer_of(value_of(converting, line, ORDER_FIELD_ITEM_UNIT_PRICE), &price) &&
            integer_of(value_of(converting, line, ORDER_FIELD_ITEM_QUANTITY), &quantity) &&
            !__builtin_mul_overflow(price, quantity, amount));
}

static bool is_in_range(int64_t amount)
{
    return amount >= -KURONEKO_AMOUNT_MAX && amount <= KURONEKO_AMOUNT_MAX;
}

/* What is charged beside the goods. */
struct fee {
    enum order_field field;
    const char *name; /* of the item */
    int64_t sign;
};

static const struct fee fees[] = {
    {ORDER_FIELD_SHIPPING_FEE, "送料", 1}, {ORDER_FIELD_HANDLING_FEE, "手数料", 1}, {ORDER_FIELD_DISCOUNT, "値引", -1}};

enum { FEES = sizeof fees / sizeof *fees };

static int64_t fee_of(const struct converting *converting, const struct fee *fee)
{
    int64_t amount = 0;
    return integer_of(&converting->content->fields[fee->field], &amount) ? fee->sign * amount : 0;
}

/* The goods' amounts, line by line, and where they are unknown. */
struct goods {
    int64_t *amounts; /* in the arena */
    bool *known;
    size_t unknown; /* how many lines have none */
    size_t line;    /* the first of these */
    int64_t sum;    /* of those that are known, and the fees */
};

static bool find_amounts(struct converting *converting, struct goods *goods)
{
    size_t count = converting->content->item_count;
    *goods = (struct goods){.amounts = arena_alloc(converting->arena, count * sizeof *goods->amounts),
                            .known = arena_alloc(converting->arena, count * sizeof *goods->known)};
    if (goods->amounts == NULL || goods->known == NULL) {
        converting->failed = true;
        return false;
    }
    for (size_t i = 0; i < FEES; i++)
        goods->sum += fee_of(converting, &fees[i]);
    for (size_t line = 0; line < count; line++) {
        goods->known[line] = amount_of(converting, line, &goods->amounts[line]);
        /* A line beyond any amount is told as such, and needs no sum. */
        if (goods->known[line] && __builtin_add_overflow(goods->sum, goods->amounts[line], &goods->sum))
            goods->sum = INT64_MAX;
        if (!goods->known[line] && goods->unknown++ == 0)
            goods->line = line;
    }
    return true;
}

static void tell_amount(struct converting *converting, size_t line, int64_t amount)
{
    struct place place = {ORDER_FIELD_ITEM_AMOUNT, line};
    if (!is_in_range(amount))
        tell(converting, "KURONEKO_ITEM_AMOUNT", amount > 0 ? "kaara064E" : "kaara065E", place,
             number_text(converting, KURONEKO_AMOUNT_MAX), number_text(converting, amount));
}

/* The one line without an amount has what is left of the order's. */
static void complete_amounts(struct converting *converting, int64_t total, struct goods *goods)
{
    const struct span nothing = {"", 0};
    for (size_t line = 0; line < converting->content->item_count; line++) {
        if (goods->known[line])
            continue;
        if (goods->unknown == 1 && total >= goods->sum) {
            goods->amounts[line] = total - goods->sum;
            goods->sum = total;
        } else {
            goods->amounts[line] = 0;
            tell(converting, "KURONEKO_REQUIRED", "kaara064E", (struct place){ORDER_FIELD_ITEM_AMOUNT, line}, nothing,
                 nothing);
        }
    }
}

static struct kuroneko_item convert_line(struct converting *converting, size_t line, int64_t amount)
{
    static const struct text_faults faults = {"kaara057E", "kaara055E", "kaara056E"};
    const struct place place = {ORDER_FIELD_ITEM_NAME, line};
    struct kuroneko_item item = {.amount = amount};
    int64_t price;
    int64_t quantity;
    int64_t product;
    item.name = fitted(converting, &faults, place, text_of(value_of(converting, line, ORDER_FIELD_ITEM_NAME)),
                       KURONEKO_ITEM_NAME_MAX);
    if (integer_of(value_of(converting, line, ORDER_FIELD_ITEM_UNIT_PRICE), &price) &&
        integer_of(value_of(converting, line, ORDER_FIELD_ITEM_QUANTITY), &quantity) && is_in_range(price) &&
        quantity >= 1 && quantity <= KURONEKO_QUANTITY_MAX && !__builtin_mul_overflow(price, quantity, &product) &&
        product == amount) {
        item.unit_price = price;
        item.quantity = quantity;
    }
    tell_amount(converting, line, amount);
    return item;
}

/* What found no place of its own, from line `from` on. */
static struct kuroneko_item fold_lines(struct converting *converting, const struct goods *goods, size_t from)
{
    struct kuroneko_item item = {.name = span_of("その他商品")};
    size_t count = converting->content->item_count;
    for (size_t line = from; line < count; line++)
        if (__builtin_add_overflow(item.amount, goods->amounts[line], &item.amount))
            item.amount = INT64_MAX;
    const struct place place = {ORDER_FIELD_ITEM_NAME, from};
    const struct span args[FINDING_ARGS] = {item.name, number_text(converting, (int64_t)(count - from)),
                                            number_text(converting, item.amount)};
    tell_with(converting, "KURONEKO_ITEMS_FOLDED", NULL, place, args);
    tell_amount(converting, from, item.amount);
    return item;
}

static void convert_items(struct converting *converting, struct kuroneko_order *order)
{
    const struct place place = {ORDER_FIELD_AMOUNT, SIZE_MAX};
    struct goods goods;
    size_t count = converting->content->item_count;
    size_t room = KURONEKO_ITEMS_MAX;
    if (!find_amounts(converting, &goods))
        return;
    complete_amounts(converting, order->amount, &goods);
    for (size_t i = 0; i < FEES; i++)
        room -= fee_of(converting, &fees[i]) != 0;
    for (size_t line = 0; line < count; line++) {
        bool folds = count > room && line == room - 1;
        order->items[order->item_count++] =
            folds ? fold_lines(converting, &goods, line) : convert_line(converting, line, goods.amounts[line]);
        if (folds)
            break;
    }
    for (size_t i = 0; i < FEES; i++) {
        int64_t amount = fee_of(converting, &fees[i]);
        if (amount != 0)
            order->items[order->item_count++] = (struct kuroneko_item){.name = span_of(fees[i].name), .amount = amount};
    }
    bool known = goods.unknown == 0 || (goods.unknown == 1 && goods.sum == order->amount);
    if (known && order->amount != 0 && goods.sum != order->amount)
        tell(converting, "KURONEKO_SUM", "kaara101E", place, number_text(converting, goods.sum),
             number_text(converting, order->amount));
}

/* ---- All of it ---- */

static void convert_amount(struct converting *converting, struct kuroneko_order *order)
{
    const struct place place = {ORDER_FIELD_AMOUNT, SIZE_MAX};
    const struct span nothing = {"", 0};
    if (!integer_of(&converting->content->fields[ORDER_FIELD_AMOUNT], &order->amount)) {
        order->amount = 0;
        tell(converting, "KURONEKO_REQUIRED", "kaara046E", place, nothing, nothing);
    } else if (order->amount < 1 || order->amount > KURONEKO_AMOUNT_MAX) {
        tell(converting, "KURONEKO_AMOUNT", "kaara049E", place, number_text(converting, KURONEKO_AMOUNT_MAX),
             number_text(converting, order->amount));
    }
}

static void convert_buyer(struct converting *converting, struct kuroneko_order *order)
{
    static const struct text_faults name_faults = {"kaara019E", "kaara021E", "kaara022E"};
    static const struct address_faults address_faults = {
        {"kaara030E", "kaara036E", "kaara033E"}, "kaara034E", "kaara103E"};
    const struct content_value *fields = converting->content->fields;
    struct span parts[2];
    order->name = fitted(converting, &name_faults, (struct place){ORDER_FIELD_BUYER_NAME, SIZE_MAX},
                         text_of(&fields[ORDER_FIELD_BUYER_NAME]), KURONEKO_NAME_MAX);
    order->kana = convert_kana(converting, (struct place){ORDER_FIELD_BUYER_KANA, SIZE_MAX},
                               text_of(&fields[ORDER_FIELD_BUYER_KANA]));
    order->postal_code = convert_postal_code(converting, "kaara025E", "kaara028E",
                                             (struct place){ORDER_FIELD_BUYER_POSTAL_CODE, SIZE_MAX},
                                             text_of(&fields[ORDER_FIELD_BUYER_POSTAL_CODE]));
    convert_address(converting, &address_faults, (struct place){ORDER_FIELD_BUYER_ADDRESS, SIZE_MAX},
                    text_of(&fields[ORDER_FIELD_BUYER_ADDRESS]), parts);
    order->address1 = parts[0];
    order->address2 = parts[1];
    order->phone =
        convert_phone(converting, "kaara038E", "kaara040E", (struct place){ORDER_FIELD_BUYER_PHONE, SIZE_MAX},
                      text_of(&fields[ORDER_FIELD_BUYER_PHONE]));
    order->email = convert_email(converting, (struct place){ORDER_FIELD_BUYER_EMAIL, SIZE_MAX},
                                 text_of(&fields[ORDER_FIELD_BUYER_EMAIL]));
}

bool kuroneko_convert(const struct order_content *content, const struct kuroneko_terms *terms, struct arena *arena,
                      kuroneko_remark_fn *remark, void *context, struct kuroneko_order *order)
{
    struct converting converting = {
        .content = content, .terms = terms, .arena = arena, .remark = remark, .context = context};
    *order = (struct kuroneko_order){.amount = 0};
    convert_days(&converting, order);
    convert_amount(&converting, order);
    convert_buyer(&converting, order);
    convert_deliveries(&converting, order);
    convert_items(&converting, order);
    buf_free(&converting.work);
    return !converting.failed;
}

bool kuroneko_is_order_number(struct span id)
{
    for (size_t i = 0; i < id.length; i++) {
        char byte = id.data[i];
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (!plain && byte != '-' && byte != '_')
            return false;
    }
    return id.length >= 1 && id.length <= KURONEKO_ID_MAX;
}

/* ---- Shipments ---- */

/* Whether `name`, in full-width kana without marks, occurs in `text`, whatever the width there. */
static bool names(struct span text, const char *name)
{
    for (size_t begin = 0, first = 1; begin < text.length; begin += first) {
        struct span rest = {text.data + begin, text.length - begin};
        struct span wanted = span_of(name);
        utf8_decode(rest, &first);
        for (size_t size = 0, wanted_size = 0; wanted.length > 0 && rest.length > 0;) {
            if (kana_widened(utf8_decode(rest, &size)) != utf8_decode(wanted, &wanted_size))
                break;
            rest = after(rest, size);
            wanted = after(wanted, wanted_size);
        }
        if (wanted.length == 0)
            return true;
    }
    return false;
}

enum kuroneko_process kuroneko_parcel(struct span tracking_number, struct span carrier,
                                      char number[KURONEKO_PAYMENT_NUMBER_MAX + 1])
{
    char bytes[VALUE_NARROW_MAX];
    struct span narrow = value_narrowed(tracking_number, bytes);
    size_t length = 0;
    for (size_t i = 0; i < narrow.length && length < KURONEKO_PAYMENT_NUMBER_MAX; i++)
        if (narrow.data[i] != '-' && narrow.data[i] != ' ')
            number[length++] = narrow.data[i];
    number[length] = '\0';
    return names(carrier, "ヤマト") || names(carrier, "クロネコ") ? KURONEKO_PROCESS_YAMATO : KURONEKO_PROCESS_OTHER;
}

/* What the service says of a number of Yamato's; NULL: nothing. */
static const char *fault_of_yamato(struct span number)
{
    int64_t head = 0;
    if (number.length != KURONEKO_TRACKING_DIGITS)
        return "kaasl010E";
    for (size_t i = 0; i + 1 < number.length; i++)
        head = head * 10 + (number.data[i] - '0');
    return head % 7 == number.data[number.length - 1] - '0' ? NULL : "kaasl014E";
}

const char *kuroneko_parcel_fault(enum kuroneko_process process, struct span tracking_number)
{
    char bytes[VALUE_NARROW_MAX];
    char plain[VALUE_NARROW_MAX];
    struct span narrow = value_narrowed(tracking_number, bytes);
    size_t length = 0;
    bool digits = true;
    for (size_t i = 0; i < narrow.length; i++) {
        char byte = narrow.data[i];
        bool digit = byte >= '0' && byte <= '9';
        bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (byte == '-' || byte == ' ')
            continue;
        if ((!digit && !letter) || length == sizeof plain)
            return process == KURONEKO_PROCESS_YAMATO ? "kaasl012E" : "kaasl044E";
        digits = digits && digit;
        plain[length++] = byte;
    }
    if (process == KURONEKO_PROCESS_YAMATO)
        return digits ? fault_of_yamato((struct span){plain, length}) : "kaasl012E";
    return length >= 1 && length <= KURONEKO_PAYMENT_NUMBER_MAX ? NULL : "kaasl044E";
}

/* ---- Time ---- */

void kuroneko_time(int64_t now, char text[15])
{
    time_t second = (time_t)(now + JAPAN_SECONDS);
    struct tm japan;
    if (gmtime_r(&second, &japan) == NULL || strftime(text, 15, "%Y%m%d%H%M%S", &japan) == 0)
        text[0] = '\0';
}
