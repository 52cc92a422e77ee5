/* sandbox/kuroneko_rules.c: see kuroneko_rules.h. */
#include "sandbox/kuroneko_rules.h"

#include "sandbox/rules.h"

#include "sandbox/calendar.h"

#include <stdlib.h>
#include <string.h>

enum {
    SHIP_WITHIN_DAYS = 90,
    AMOUNT_MAX = 999999,
    ORDERS_A_PARCEL = 3, /* that may have the same 送り状番号 */
    PARCELS_MAX = 99,    /* of one order; ours, lest a line of the state file grow without end */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NO_MERCHANT  "00000000000"
#define NO_PASSWORD  "forbid01"
#define NO_POSTCODE  "0000000"

/* One form being looked at. */
struct checking {
    const struct sandbox_charset *charset;
    const struct sandbox_form *form;
    const struct sandbox_kuroneko_facts *facts;
    int64_t today; /* in Japan */
    bool sound;
    bool encloses; /* the merchant has the contract of enclosed invoices */
};

struct rule {
    const char *code;
    /* Whether `value` is as it should be. It is called for every instance of the parameter that is not empty; a rule
     * that `sees_empty`, for every instance. */
    bool (*holds)(const struct checking *checking, const char *value, const struct rule *rule);
    enum sandbox_parameter parameter;
    int limit;
    bool sees_empty;
};

static const char *text(const struct checking *checking, enum sandbox_parameter parameter)
{
    return sandbox_form_text(checking->form, parameter);
}

static const char *instance(const struct checking *checking, enum sandbox_parameter parameter, size_t number)
{
    const char *value = checking->form->values[parameter][number];
    return value != NULL ? value : "";
}

/* ---- What one value must be ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool all_of(const char *value, bool (*fits)(char c))
{
    while (*value != '\0' && fits(*value))
        value++;
    return *value == '\0';
}

static bool all_digits(const char *value)
{
    return all_of(value, is_digit);
}

static size_t count_of(const char *value, char wanted)
{
    size_t count = 0;
    for (; *value != '\0'; value++)
        count += *value == wanted;
    return count;
}

/* How many digits there are; the first `size - 1` of them go to `digits`. */
static size_t digits_of(const char *value, char *digits, size_t size)
{
    size_t count = 0;
    size_t kept = 0;
    for (; *value != '\0'; value++) {
        if (!is_digit(*value))
            continue;
        if (kept + 1 < size)
            digits[kept++] = *value;
        count++;
    }
    digits[kept] = '\0';
    return count;
}

/* The number of digits, with or without a minus before them; anything beyond seven digits is beyond every limit. */
static long number_of(const char *value)
{
    long number = 0;
    bool negative = *value == '-';
    for (const char *at = value + negative; is_digit(*at) && number <= AMOUNT_MAX; at++)
        number = number * 10 + (*at - '0');
    return negative ? -number : number;
}

static bool fits_digit_or_hyphen(char c)
{
    return is_digit(c) || c == '-';
}

static bool fits_number(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

static bool fits_alnum_or_hyphen(char c)
{
    return is_alnum(c) || c == '-';
}

static bool fits_ascii(char c)
{
    return c > ' ' && c <= '~';
}

static bool required(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return *value != '\0';
}

static bool digits(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_digits(value);
}

static bool digits_or_hyphen(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_of(value, fits_digit_or_hyphen);
}

static bool ascii(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_of(value, fits_ascii);
}

static bool alnum(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_of(value, is_alnum);
}

static bool order_characters(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_of(value, fits_number);
}

static bool order_characters_and_ends(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_of(value, fits_number) && is_alnum(value[0]) && is_alnum(value[strlen(value) - 1]);
}

static bool length_is(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    return sandbox_utf8_count(value) == (size_t)rule->limit;
}

static bool length_at_most(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    return sandbox_utf8_count(value) <= (size_t)rule->limit;
}

static bool full_width(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    for (uint32_t character; (character = sandbox_utf8_next(&value)) != 0;)
        if (sandbox_is_half(character))
            return false;
    return true;
}

/* Of the set. Half-width characters are another rule's. */
static bool in_charset(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    for (uint32_t character; (character = sandbox_utf8_next(&value)) != 0;)
        if (!sandbox_is_half(character) && !sandbox_is_full(checking->charset, character))
            return false;
    return true;
}

static bool half_kana(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    for (uint32_t character; (character = sandbox_utf8_next(&value)) != 0;)
        if (!sandbox_is_half_kana(character))
            return false;
    return true;
}

static bool words(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    for (uint32_t character; (character = sandbox_utf8_next(&value)) != 0;)
        if (!sandbox_is_word(checking->charset, character))
            return false;
    return true;
}

/* 20 of full width or 40 of half width. */
static bool width_at_most(const struct checking *checking, const char *value, const struct rule *rule)
{
    long width = 0;
    (void)checking;
    for (uint32_t character; (character = sandbox_utf8_next(&value)) != 0;)
        width += sandbox_is_half(character) ? 1 : 2;
    return width <= rule->limit;
}

static bool contains_at(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return strchr(value, '@') != NULL;
}

/* ---- Dates ---- */

/* What is no date of the calendar. Where it is not even eight digits, the rules of those say so, where a call has them.
 */
static bool date(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return sandbox_day_of(value) != SANDBOX_NO_DAY;
}

static bool within_days(const struct checking *checking, const char *value, const struct rule *rule)
{
    int64_t day = sandbox_day_of(value);
    return day == SANDBOX_NO_DAY || day <= checking->today + rule->limit;
}

static bool not_before_order(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return sandbox_day_of(value) >= sandbox_day_of(text(checking, SANDBOX_P_ORDERED));
}

static bool not_before_known_order(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return !checking->facts->known || sandbox_day_of(value) >= checking->facts->ordered;
}

/* Of digits only: another rule speaks of the others. */
static bool moment(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return !all_digits(value) || sandbox_is_moment(value);
}

/* ---- Postal codes, addresses, phones ---- */

static bool one_hyphen(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return count_of(value, '-') <= 1;
}

static bool two_hyphens(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return strchr(value, '-') == NULL || count_of(value, '-') == 2;
}

static bool count_of_digits(const struct checking *checking, const char *value, const struct rule *rule)
{
    char kept[16];
    (void)checking;
    return digits_of(value, kept, sizeof kept) == (size_t)rule->limit;
}

static bool postcode_exists(const struct checking *checking, const char *value, const struct rule *rule)
{
    char kept[8];
    const struct sandbox_kuroneko_card *card = sandbox_kuroneko_card_of(text(checking, SANDBOX_P_EMAIL));
    digits_of(value, kept, sizeof kept);
    return strcmp(kept, NO_POSTCODE) != 0 && !(rule->parameter == SANDBOX_P_POSTCODE && card->fails);
}

/* 000-0000, where there is a hyphen. */
static bool hyphen_after_three(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    const char *hyphen = strchr(value, '-');
    return hyphen == NULL || hyphen - value == 3;
}

static bool starts_with_prefecture(const struct checking *checking, const char *value, const struct rule *rule)
{
    static const char *const prefectures[] = {
        "北海道", "青森県", "岩手県", "宮城県", "秋田県",   "山形県",   "福島県", "茨城県", "栃木県", "群馬県",
        "埼玉県", "千葉県", "東京都", "新潟県", "神奈川県", "富山県",   "石川県", "福井県", "山梨県", "長野県",
        "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県",   "京都府",   "大阪府", "兵庫県", "奈良県", "和歌山県",
        "鳥取県", "島根県", "岡山県", "広島県", "山口県",   "徳島県",   "香川県", "愛媛県", "高知県", "福岡県",
        "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県",   "鹿児島県", "沖縄県",
    };
    (void)checking;
    (void)rule;
    for (size_t i = 0; i < COUNT(prefectures); i++)
        if (strncmp(value, prefectures[i], strlen(prefectures[i])) == 0)
            return true;
    return false;
}

static bool has_street_number(const char *value)
{
    if (strstr(value, "番地") != NULL || strstr(value, "丁目") != NULL || strstr(value, "地割") != NULL)
        return true;
    for (uint32_t character; (character = sandbox_utf8_next(&value)) != 0;)
        if ((character >= '0' && character <= '9') || (character >= 0xFF10 && character <= 0xFF19))
            return true;
    return false;
}

/* In one of the two fields of the buyer. */
static bool street_number(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return has_street_number(value) || has_street_number(text(checking, SANDBOX_P_ADDRESS2));
}

/* The same of every delivery. `value` is the first one's; the rule sees it even where it is empty. */
static bool street_numbers(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    for (size_t i = 0; i < SANDBOX_FORM_INSTANCES; i++) {
        const char *first = instance(checking, SANDBOX_P_SEND_ADDRESS1, i);
        if (*first != '\0' && !has_street_number(first) &&
            !has_street_number(instance(checking, SANDBOX_P_SEND_ADDRESS2, i)))
            return false;
    }
    return true;
}

static bool phone_digits(const struct checking *checking, const char *value, const struct rule *rule)
{
    char kept[16];
    size_t count = digits_of(value, kept, sizeof kept);
    (void)checking;
    (void)rule;
    bool long_one = kept[0] == '0' && kept[1] >= '5' && kept[1] <= '9' && kept[2] == '0';
    bool may_be_osaka = long_one && kept[1] == '6'; /* 06 and a 0 */
    return count == (long_one ? 11 : 10) || (may_be_osaka && count == 10);
}

static bool starts_with_0(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return *value == '0';
}

/* ---- Money and items ---- */

static bool digits_or_minus(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_of(value, fits_digit_or_hyphen);
}

/* A minus stands first, and before a digit. */
static bool minus_first(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    const char *behind = value + (*value == '-');
    return *behind != '\0' && strchr(behind, '-') == NULL;
}

/* Where a call has no code of its own for a minus in another place. */
static bool digits_or_one_minus(const struct checking *checking, const char *value, const struct rule *rule)
{
    return digits_or_minus(checking, value, rule) && minus_first(checking, value, rule);
}

static bool at_most_when_positive(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    return *value == '-' || number_of(value) <= rule->limit;
}

static bool at_least_when_negative(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    return *value != '-' || (number_of(value) >= -rule->limit && number_of(value) <= -1);
}

static bool amount_in_range(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    return number_of(value) >= 1 && number_of(value) <= rule->limit;
}

static bool amount_is_the_sum(const struct checking *checking, const char *value, const struct rule *rule)
{
    long sum = 0;
    (void)rule;
    for (size_t i = 0; i < SANDBOX_FORM_INSTANCES; i++)
        sum += number_of(instance(checking, SANDBOX_P_ITEM_TOTAL, i));
    return sum == number_of(value);
}

static bool amount_differs(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return !checking->facts->known || number_of(value) != checking->facts->amount;
}

static bool amount_is_less(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return !checking->facts->known || number_of(value) < checking->facts->first_amount;
}

/* The first of the instances is there: this is called for all of them. */
static bool first_required(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    return *text(checking, rule->parameter) != '\0';
}

/* ---- Where the invoice goes ---- */

/* One digit from 0 to the limit, for merchants without the contract. */
static bool div_without_contract(const struct checking *checking, const char *value, const struct rule *rule)
{
    return checking->encloses || (value[1] == '\0' && value[0] - '0' <= rule->limit);
}

static bool div_with_contract(const struct checking *checking, const char *value, const struct rule *rule)
{
    return !checking->encloses || (value[1] == '\0' && value[0] - '0' <= rule->limit);
}

/* Of all merchants. */
static bool div_up_to(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    return value[1] == '\0' && value[0] - '0' <= rule->limit;
}

/* An order that goes elsewhere says where, of each delivery: name, postal code, address. */
static bool deliveries_are_whole(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    for (size_t i = 0; i < SANDBOX_FORM_INSTANCES && strcmp(value, "1") == 0; i++) {
        bool begun = i == 0;
        for (int p = SANDBOX_P_SEND_NAME; p <= SANDBOX_P_SEND_PHONE; p++)
            begun = begun || *instance(checking, (enum sandbox_parameter)p, i) != '\0';
        if (begun && (*instance(checking, SANDBOX_P_SEND_NAME, i) == '\0' ||
                      *instance(checking, SANDBOX_P_SEND_POSTCODE, i) == '\0' ||
                      *instance(checking, SANDBOX_P_SEND_ADDRESS1, i) == '\0'))
            return false;
    }
    return true;
}

/* ---- Who asks ---- */

static bool sound(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    return checking->sound;
}

static bool merchant_exists(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return strcmp(value, NO_MERCHANT) != 0;
}

static bool password_matches(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return strcmp(value, NO_PASSWORD) != 0 && strlen(value) <= 8 && all_of(value, is_alnum);
}

/* ---- What the order allows ---- */

static bool is_unique(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    return !checking->facts->known;
}

/* A number that no order can have is another rule's. */
static bool exists(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return checking->facts->known || !all_of(value, fits_number);
}

static bool is_cancelled(const struct sandbox_kuroneko_facts *facts)
{
    return facts->stage == SANDBOX_STAGE_CANCELLED || facts->stage == SANDBOX_STAGE_DROPPED;
}

static bool exists_uncancelled(const struct checking *checking, const char *value, const struct rule *rule)
{
    return exists(checking, value, rule) && !(checking->facts->known && is_cancelled(checking->facts));
}

static bool may_be_cancelled(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    return !checking->facts->known || !is_cancelled(checking->facts);
}

static bool is_unpaid(const struct checking *checking, const char *value, const struct rule *rule)
{
    const struct sandbox_kuroneko_facts *facts = checking->facts;
    (void)value;
    (void)rule;
    return !facts->known || (facts->stage != SANDBOX_STAGE_PAID && !facts->card->cancel_fails);
}

static bool review_allows_amount(const struct checking *checking, const char *value, const struct rule *rule)
{
    const struct sandbox_kuroneko_facts *facts = checking->facts;
    (void)value;
    (void)rule;
    return !facts->known || (facts->stage != SANDBOX_STAGE_REVIEW && facts->stage != SANDBOX_STAGE_REFUSED);
}

static bool stage_allows_amount(const struct checking *checking, const char *value, const struct rule *rule)
{
    const struct sandbox_kuroneko_facts *facts = checking->facts;
    (void)value;
    (void)rule;
    return !facts->known ||
           (!is_cancelled(facts) && facts->stage != SANDBOX_STAGE_ALARMED && facts->stage != SANDBOX_STAGE_PAID);
}

/* ---- Parcels ---- */

static bool processes(const struct checking *checking, const char *wanted)
{
    const char *process = text(checking, SANDBOX_P_PROCESS);
    return process[0] != '\0' && process[1] == '\0' && strchr(wanted, process[0]) != NULL;
}

static bool parcel_length(const struct checking *checking, const char *value, const struct rule *rule)
{
    return !processes(checking, "01") || length_at_most(checking, value, rule);
}

static bool parcel_required(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return !processes(checking, "01") || *value != '\0';
}

static bool parcel_characters(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)rule;
    return !processes(checking, "01") || all_of(value, fits_alnum_or_hyphen);
}

static bool empty_when_withdrawn(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    return !processes(checking, "9");
}

/* Twelve digits, of which the last is the number of the others modulo 7. */
static bool check_digit(const struct checking *checking, const char *value, const struct rule *rule)
{
    unsigned rest = 0;
    (void)rule;
    if (!processes(checking, "01"))
        return true;
    if (strlen(value) != 12 || !all_digits(value))
        return false;
    for (size_t i = 0; i < 11; i++)
        rest = (rest * 10 + (unsigned)(value[i] - '0')) % 7;
    return rest == (unsigned)(value[11] - '0');
}

static bool parcel_usable(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    return !processes(checking, "01") || !checking->facts->known || !checking->facts->card->ship_fails;
}

static bool process_known(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    return processes(checking, "0129");
}

/* Shipped, and the invoice is not on its way yet. */
static bool is_underway(enum sandbox_stage stage)
{
    return stage == SANDBOX_STAGE_SHIPPED || stage == SANDBOX_STAGE_SURVEY || stage == SANDBOX_STAGE_ALARMED;
}

static bool may_be_shipped(const struct checking *checking, const char *value, const struct rule *rule)
{
    const struct sandbox_kuroneko_facts *facts = checking->facts;
    (void)value;
    (void)rule;
    return !processes(checking, "02") || !facts->known ||
           ((facts->stage == SANDBOX_STAGE_APPROVED || is_underway(facts->stage)) && facts->parcels < PARCELS_MAX);
}

/* A change names the parcel that it is about, unless there is but one. */
static bool may_be_changed(const struct checking *checking, const char *value, const struct rule *rule)
{
    const struct sandbox_kuroneko_facts *facts = checking->facts;
    (void)value;
    (void)rule;
    if (!processes(checking, "19") || !facts->known)
        return true;
    bool named = *text(checking, SANDBOX_P_PARCEL_BEFORE) != '\0' ? facts->has_before : facts->parcels == 1;
    return is_underway(facts->stage) && (processes(checking, "9") || named);
}

static bool change_not_before_order(const struct checking *checking, const char *value, const struct rule *rule)
{
    return !processes(checking, "1") || not_before_known_order(checking, value, rule);
}

/* With processDiv 0 and 1 a number of twelve digits has passed the rules above; with 2 it is the carrier's own. */
static bool parcel_alnum(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)checking;
    (void)rule;
    return all_of(value, is_alnum) && strlen(value) < SANDBOX_PARCEL_SIZE;
}

static bool parcel_is_not_everybodys(const struct checking *checking, const char *value, const struct rule *rule)
{
    (void)value;
    (void)rule;
    return checking->facts->others < ORDERS_A_PARCEL;
}

/* ---- The tables: the service's own lists, in their order ---- */

/* ---- The tables: the service's own lists, each in its order ---- */

static const struct rule register_rules[] = {
    {"kaara002E", length_is, SANDBOX_P_MERCHANT, 11, false},
    {"kaara003E", digits, SANDBOX_P_MERCHANT, 0, false},
    {"kaara004E", required, SANDBOX_P_MERCHANT, 0, true},
    {"kaara006E", required, SANDBOX_P_ORDER, 0, true},
    {"kaara007E", order_characters, SANDBOX_P_ORDER, 0, false},
    {"kaara008E", length_at_most, SANDBOX_P_ORDER, 20, false},
    {"kaara009E", is_unique, SANDBOX_P_ORDER, 0, false},
    {"kaara010E", required, SANDBOX_P_ORDERED, 0, true},
    {"kaara011E", digits, SANDBOX_P_ORDERED, 0, false},
    {"kaara012E", length_is, SANDBOX_P_ORDERED, 8, false},
    {"kaara013E", date, SANDBOX_P_ORDERED, 0, false},
    {"kaara014E", required, SANDBOX_P_SHIP_DAY, 0, true},
    {"kaara015E", digits, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaara016E", length_is, SANDBOX_P_SHIP_DAY, 8, false},
    {"kaara017E", date, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaara018E", within_days, SANDBOX_P_SHIP_DAY, SHIP_WITHIN_DAYS, false},
    {"kaara019E", required, SANDBOX_P_NAME, 0, true},
    {"kaara020E", full_width, SANDBOX_P_NAME, 0, false},
    {"kaara021E", length_at_most, SANDBOX_P_NAME, 30, false},
    {"kaara022E", in_charset, SANDBOX_P_NAME, 0, false},
    {"kaara023E", half_kana, SANDBOX_P_KANA, 0, false},
    {"kaara024E", length_at_most, SANDBOX_P_KANA, 80, false},
    {"kaara025E", required, SANDBOX_P_POSTCODE, 0, true},
    {"kaara026E", digits_or_hyphen, SANDBOX_P_POSTCODE, 0, false},
    {"kaara027E", one_hyphen, SANDBOX_P_POSTCODE, 0, false},
    {"kaara028E", count_of_digits, SANDBOX_P_POSTCODE, 7, false},
    {"kaara029E", postcode_exists, SANDBOX_P_POSTCODE, 0, false},
    {"kaara030E", required, SANDBOX_P_ADDRESS1, 0, true},
    {"kaara031E", full_width, SANDBOX_P_ADDRESS1, 0, false},
    {"kaara032E", length_at_most, SANDBOX_P_ADDRESS1, 25, false},
    {"kaara033E", in_charset, SANDBOX_P_ADDRESS1, 0, false},
    {"kaara034E", starts_with_prefecture, SANDBOX_P_ADDRESS1, 0, false},
    {"kaara035E", full_width, SANDBOX_P_ADDRESS2, 0, false},
    {"kaara036E", length_at_most, SANDBOX_P_ADDRESS2, 25, false},
    {"kaara037E", in_charset, SANDBOX_P_ADDRESS2, 0, false},
    {"kaara038E", required, SANDBOX_P_PHONE, 0, true},
    {"kaara039E", digits_or_hyphen, SANDBOX_P_PHONE, 0, false},
    {"kaara040E", phone_digits, SANDBOX_P_PHONE, 0, false},
    {"kaara043E", ascii, SANDBOX_P_EMAIL, 0, false},
    {"kaara044E", length_at_most, SANDBOX_P_EMAIL, 64, false},
    {"kaara045E", contains_at, SANDBOX_P_EMAIL, 0, false},
    {"kaara046E", required, SANDBOX_P_TOTAL, 0, true},
    {"kaara047E", digits, SANDBOX_P_TOTAL, 0, false},
    {"kaara048E", length_at_most, SANDBOX_P_TOTAL, 6, false},
    {"kaara049E", amount_in_range, SANDBOX_P_TOTAL, AMOUNT_MAX, false},
    {"kaara050E", required, SANDBOX_P_SEND_DIV, 0, true},
    {"kaara051E", digits, SANDBOX_P_SEND_DIV, 0, false},
    {"kaara052E", div_without_contract, SANDBOX_P_SEND_DIV, 1, false},
    {"kaara053E", div_with_contract, SANDBOX_P_SEND_DIV, 2, false},
    {"kaara054E", full_width, SANDBOX_P_ITEM_NAME, 0, false},
    {"kaara055E", length_at_most, SANDBOX_P_ITEM_NAME, 30, false},
    {"kaara056E", in_charset, SANDBOX_P_ITEM_NAME, 0, false},
    {"kaara057E", first_required, SANDBOX_P_ITEM_NAME, 0, true},
    {"kaara058E", digits, SANDBOX_P_ITEM_COUNT, 0, false},
    {"kaara059E", length_at_most, SANDBOX_P_ITEM_COUNT, 4, false},
    {"kaara060E", digits_or_one_minus, SANDBOX_P_ITEM_PRICE, 0, false},
    {"kaara061E", at_most_when_positive, SANDBOX_P_ITEM_PRICE, AMOUNT_MAX, false},
    {"kaara062E", at_least_when_negative, SANDBOX_P_ITEM_PRICE, AMOUNT_MAX, false},
    {"kaara063E", digits_or_one_minus, SANDBOX_P_ITEM_TOTAL, 0, false},
    {"kaara064E", at_most_when_positive, SANDBOX_P_ITEM_TOTAL, AMOUNT_MAX, false},
    {"kaara065E", at_least_when_negative, SANDBOX_P_ITEM_TOTAL, AMOUNT_MAX, false},
    {"kaara066E", full_width, SANDBOX_P_SEND_NAME, 0, false},
    {"kaara067E", length_at_most, SANDBOX_P_SEND_NAME, 30, false},
    {"kaara068E", in_charset, SANDBOX_P_SEND_NAME, 0, false},
    {"kaara070E", digits_or_hyphen, SANDBOX_P_SEND_POSTCODE, 0, false},
    {"kaara071E", one_hyphen, SANDBOX_P_SEND_POSTCODE, 0, false},
    {"kaara072E", count_of_digits, SANDBOX_P_SEND_POSTCODE, 7, false},
    {"kaara073E", postcode_exists, SANDBOX_P_SEND_POSTCODE, 0, false},
    {"kaara075E", full_width, SANDBOX_P_SEND_ADDRESS1, 0, false},
    {"kaara076E", length_at_most, SANDBOX_P_SEND_ADDRESS1, 25, false},
    {"kaara077E", in_charset, SANDBOX_P_SEND_ADDRESS1, 0, false},
    {"kaara078E", starts_with_prefecture, SANDBOX_P_SEND_ADDRESS1, 0, false},
    {"kaara079E", full_width, SANDBOX_P_SEND_ADDRESS2, 0, false},
    {"kaara080E", length_at_most, SANDBOX_P_SEND_ADDRESS2, 25, false},
    {"kaara081E", in_charset, SANDBOX_P_SEND_ADDRESS2, 0, false},
    {"kaara082E", digits_or_hyphen, SANDBOX_P_SEND_PHONE, 0, false},
    {"kaara083E", two_hyphens, SANDBOX_P_SEND_PHONE, 0, false},
    {"kaara084E", phone_digits, SANDBOX_P_SEND_PHONE, 0, false},
    {"kaara086E", required, SANDBOX_P_REQUESTED, 0, true},
    {"kaara087E", digits, SANDBOX_P_REQUESTED, 0, false},
    {"kaara088E", length_is, SANDBOX_P_REQUESTED, 14, false},
    {"kaara089E", moment, SANDBOX_P_REQUESTED, 0, false},
    {"kaara090E", required, SANDBOX_P_PASSWORD, 0, true},
    {"kaara091E", alnum, SANDBOX_P_PASSWORD, 0, false},
    {"kaara092E", password_matches, SANDBOX_P_PASSWORD, 0, false},
    {"kaara093E", starts_with_0, SANDBOX_P_PHONE, 0, false},
    {"kaara094E", starts_with_0, SANDBOX_P_SEND_PHONE, 0, false},
    {"kaara095E", words, SANDBOX_P_FREE, 0, false},
    {"kaara096E", width_at_most, SANDBOX_P_FREE, 40, false},
    {"kaara100E", not_before_order, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaara101E", amount_is_the_sum, SANDBOX_P_TOTAL, 0, false},
    {"kaara102E", deliveries_are_whole, SANDBOX_P_SEND_DIV, 0, false},
    {"kaara103E", street_number, SANDBOX_P_ADDRESS1, 0, false},
    {"kaara104E", street_numbers, SANDBOX_P_SEND_DIV, 0, true},
    {"kaara105E", hyphen_after_three, SANDBOX_P_POSTCODE, 0, false},
    {"kaara106E", hyphen_after_three, SANDBOX_P_SEND_POSTCODE, 0, false},
};

static const struct rule review_rules[] = {
    {"kaars001E", sound, SANDBOX_P_ORDER, 0, true},
    {"kaars002E", length_is, SANDBOX_P_MERCHANT, 11, false},
    {"kaars003E", digits, SANDBOX_P_MERCHANT, 0, false},
    {"kaars004E", required, SANDBOX_P_MERCHANT, 0, true},
    {"kaars005E", length_at_most, SANDBOX_P_ORDER, 20, false},
    {"kaars006E", ascii, SANDBOX_P_ORDER, 0, false},
    {"kaars007E", required, SANDBOX_P_ORDER, 0, true},
    {"kaars008E", exists_uncancelled, SANDBOX_P_ORDER, 0, false},
    {"kaars009E", moment, SANDBOX_P_REQUESTED, 0, false},
    {"kaars010E", digits, SANDBOX_P_REQUESTED, 0, false},
    {"kaars011E", required, SANDBOX_P_REQUESTED, 0, true},
    {"kaars012E", password_matches, SANDBOX_P_PASSWORD, 0, false},
    {"kaars013E", required, SANDBOX_P_PASSWORD, 0, true},
    {"kaars014E", order_characters, SANDBOX_P_ORDER, 0, false},
};

static const struct rule state_rules[] = {
    {"kaast001E", sound, SANDBOX_P_ORDER, 0, true},
    {"kaast002E", length_is, SANDBOX_P_MERCHANT, 11, false},
    {"kaast003E", digits, SANDBOX_P_MERCHANT, 0, false},
    {"kaast004E", required, SANDBOX_P_MERCHANT, 0, true},
    {"kaast005E", length_at_most, SANDBOX_P_ORDER, 20, false},
    {"kaast006E", order_characters, SANDBOX_P_ORDER, 0, false},
    {"kaast007E", required, SANDBOX_P_ORDER, 0, true},
    {"kaast008E", exists, SANDBOX_P_ORDER, 0, false},
    {"kaast009E", moment, SANDBOX_P_REQUESTED, 0, false},
    {"kaast010E", digits, SANDBOX_P_REQUESTED, 0, false},
    {"kaast011E", required, SANDBOX_P_REQUESTED, 0, true},
    {"kaast012E", password_matches, SANDBOX_P_PASSWORD, 0, false},
    {"kaast013E", required, SANDBOX_P_PASSWORD, 0, true},
    {"kaast015E", merchant_exists, SANDBOX_P_MERCHANT, 0, false},
};

static const struct rule shipment_rules[] = {
    {"kaasl001E", sound, SANDBOX_P_ORDER, 0, true},
    {"kaasl002E", length_is, SANDBOX_P_MERCHANT, 11, false},
    {"kaasl003E", digits, SANDBOX_P_MERCHANT, 0, false},
    {"kaasl004E", required, SANDBOX_P_MERCHANT, 0, true},
    {"kaasl005E", length_at_most, SANDBOX_P_ORDER, 20, false},
    {"kaasl006E", ascii, SANDBOX_P_ORDER, 0, false},
    {"kaasl007E", required, SANDBOX_P_ORDER, 0, true},
    {"kaasl008E", exists, SANDBOX_P_ORDER, 0, false},
    {"kaasl010E", parcel_length, SANDBOX_P_PARCEL, 12, false},
    {"kaasl011E", parcel_required, SANDBOX_P_PARCEL, 0, true},
    {"kaasl012E", parcel_characters, SANDBOX_P_PARCEL, 0, false},
    {"kaasl013E", empty_when_withdrawn, SANDBOX_P_PARCEL, 0, false},
    {"kaasl014E", check_digit, SANDBOX_P_PARCEL, 0, false},
    {"kaasl015E", parcel_usable, SANDBOX_P_PARCEL, 0, false},
    {"kaasl019E", process_known, SANDBOX_P_PROCESS, 0, true},
    {"kaasl020E", may_be_shipped, SANDBOX_P_PROCESS, 0, false},
    {"kaasl022E", may_be_changed, SANDBOX_P_PROCESS, 0, false},
    {"kaasl023E", date, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaasl027E", change_not_before_order, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaasl031E", empty_when_withdrawn, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaasl033E", moment, SANDBOX_P_REQUESTED, 0, false},
    {"kaasl034E", digits, SANDBOX_P_REQUESTED, 0, false},
    {"kaasl035E", required, SANDBOX_P_REQUESTED, 0, true},
    {"kaasl036E", password_matches, SANDBOX_P_PASSWORD, 0, false},
    {"kaasl037E", required, SANDBOX_P_PASSWORD, 0, true},
    {"kaasl038E", order_characters, SANDBOX_P_ORDER, 0, false},
    {"kaasl041E", merchant_exists, SANDBOX_P_MERCHANT, 0, false},
    {"kaasl042E", within_days, SANDBOX_P_SHIP_DAY, SHIP_WITHIN_DAYS, false},
    {"kaasl044E", parcel_alnum, SANDBOX_P_PARCEL, 0, false},
    {"kaasl045E", parcel_is_not_everybodys, SANDBOX_P_PARCEL, 0, false},
};

static const struct rule cancellation_rules[] = {
    {"kaacl001E", sound, SANDBOX_P_ORDER, 0, true},
    {"kaacl002E", length_is, SANDBOX_P_MERCHANT, 11, false},
    {"kaacl003E", digits, SANDBOX_P_MERCHANT, 0, false},
    {"kaacl004E", required, SANDBOX_P_MERCHANT, 0, true},
    {"kaacl005E", length_at_most, SANDBOX_P_ORDER, 20, false},
    {"kaacl006E", ascii, SANDBOX_P_ORDER, 0, false},
    {"kaacl007E", required, SANDBOX_P_ORDER, 0, true},
    {"kaacl008E", exists, SANDBOX_P_ORDER, 0, false},
    {"kaacl009E", may_be_cancelled, SANDBOX_P_ORDER, 0, false},
    {"kaacl010E", moment, SANDBOX_P_REQUESTED, 0, false},
    {"kaacl011E", digits, SANDBOX_P_REQUESTED, 0, false},
    {"kaacl012E", required, SANDBOX_P_REQUESTED, 0, true},
    {"kaacl013E", password_matches, SANDBOX_P_PASSWORD, 0, false},
    {"kaacl014E", required, SANDBOX_P_PASSWORD, 0, true},
    {"kaacl015E", is_unpaid, SANDBOX_P_ORDER, 0, false},
    {"kaacl016E", order_characters, SANDBOX_P_ORDER, 0, false},
    {"kaacl017E", merchant_exists, SANDBOX_P_MERCHANT, 0, false},
};

static const struct rule amount_rules[] = {
    {"kaakk001E", required, SANDBOX_P_MERCHANT, 0, true},
    {"kaakk002E", digits, SANDBOX_P_MERCHANT, 0, false},
    {"kaakk003E", length_is, SANDBOX_P_MERCHANT, 11, false},
    {"kaakk004E", merchant_exists, SANDBOX_P_MERCHANT, 0, false},
    {"kaakk005E", required, SANDBOX_P_ORDER, 0, true},
    {"kaakk006E", order_characters_and_ends, SANDBOX_P_ORDER, 0, false},
    {"kaakk007E", length_at_most, SANDBOX_P_ORDER, 20, false},
    {"kaakk008E", exists, SANDBOX_P_ORDER, 0, false},
    {"kaakk009E", review_allows_amount, SANDBOX_P_ORDER, 0, false},
    {"kaakk011E", stage_allows_amount, SANDBOX_P_ORDER, 0, false},
    {"kaakk013E", digits, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaakk014E", length_is, SANDBOX_P_SHIP_DAY, 8, false},
    {"kaakk015E", date, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaakk016E", not_before_known_order, SANDBOX_P_SHIP_DAY, 0, false},
    {"kaakk017E", within_days, SANDBOX_P_SHIP_DAY, SHIP_WITHIN_DAYS, false},
    {"kaakk018E", required, SANDBOX_P_POSTCODE, 0, true},
    {"kaakk019E", digits_or_hyphen, SANDBOX_P_POSTCODE, 0, false},
    {"kaakk020E", count_of_digits, SANDBOX_P_POSTCODE, 7, false},
    {"kaakk021E", one_hyphen, SANDBOX_P_POSTCODE, 0, false},
    {"kaakk022E", postcode_exists, SANDBOX_P_POSTCODE, 0, false},
    {"kaakk023E", required, SANDBOX_P_ADDRESS1, 0, true},
    {"kaakk024E", in_charset, SANDBOX_P_ADDRESS1, 0, false},
    {"kaakk025E", full_width, SANDBOX_P_ADDRESS1, 0, false},
    {"kaakk026E", length_at_most, SANDBOX_P_ADDRESS1, 25, false},
    {"kaakk027E", starts_with_prefecture, SANDBOX_P_ADDRESS1, 0, false},
    {"kaakk028E", in_charset, SANDBOX_P_ADDRESS2, 0, false},
    {"kaakk029E", full_width, SANDBOX_P_ADDRESS2, 0, false},
    {"kaakk030E", length_at_most, SANDBOX_P_ADDRESS2, 25, false},
    {"kaakk031E", street_number, SANDBOX_P_ADDRESS1, 0, false},
    {"kaakk032E", first_required, SANDBOX_P_ITEM_NAME, 0, true},
    {"kaakk033E", in_charset, SANDBOX_P_ITEM_NAME, 0, false},
    {"kaakk034E", full_width, SANDBOX_P_ITEM_NAME, 0, false},
    {"kaakk035E", length_at_most, SANDBOX_P_ITEM_NAME, 30, false},
    {"kaakk036E", digits, SANDBOX_P_ITEM_COUNT, 0, false},
    {"kaakk037E", length_at_most, SANDBOX_P_ITEM_COUNT, 4, false},
    {"kaakk038E", digits_or_minus, SANDBOX_P_ITEM_PRICE, 0, false},
    {"kaakk039E", minus_first, SANDBOX_P_ITEM_PRICE, 0, false},
    {"kaakk040E", at_most_when_positive, SANDBOX_P_ITEM_PRICE, AMOUNT_MAX, false},
    {"kaakk041E", at_least_when_negative, SANDBOX_P_ITEM_PRICE, AMOUNT_MAX, false},
    {"kaakk042E", digits_or_minus, SANDBOX_P_ITEM_TOTAL, 0, false},
    {"kaakk043E", minus_first, SANDBOX_P_ITEM_TOTAL, 0, false},
    {"kaakk044E", at_most_when_positive, SANDBOX_P_ITEM_TOTAL, AMOUNT_MAX, false},
    {"kaakk045E", at_least_when_negative, SANDBOX_P_ITEM_TOTAL, AMOUNT_MAX, false},
    {"kaakk046E", required, SANDBOX_P_TOTAL, 0, true},
    {"kaakk047E", digits, SANDBOX_P_TOTAL, 0, false},
    {"kaakk048E", length_at_most, SANDBOX_P_TOTAL, 6, false},
    {"kaakk049E", amount_differs, SANDBOX_P_TOTAL, 0, false},
    {"kaakk050E", amount_is_less, SANDBOX_P_TOTAL, 0, false},
    {"kaakk051E", amount_is_the_sum, SANDBOX_P_TOTAL, 0, false},
    {"kaakk053E", digits, SANDBOX_P_SEND_DIV, 0, false},
    {"kaakk054E", div_up_to, SANDBOX_P_SEND_DIV, 1, false},
    {"kaakk055E", div_without_contract, SANDBOX_P_SEND_DIV, 0, false},
    {"kaakk056E", in_charset, SANDBOX_P_FREE, 0, false},
    {"kaakk057E", words, SANDBOX_P_FREE, 0, false},
    {"kaakk058E", width_at_most, SANDBOX_P_FREE, 40, false},
    {"kaakk059E", required, SANDBOX_P_PASSWORD, 0, true},
    {"kaakk060E", length_at_most, SANDBOX_P_PASSWORD, 8, false},
    {"kaakk061E", password_matches, SANDBOX_P_PASSWORD, 0, false},
    {"kaakk062E", required, SANDBOX_P_REQUESTED, 0, true},
    {"kaakk063E", digits, SANDBOX_P_REQUESTED, 0, false},
    {"kaakk064E", length_is, SANDBOX_P_REQUESTED, 14, false},
    {"kaakk065E", moment, SANDBOX_P_REQUESTED, 0, false},
};

static const struct {
    const struct rule *rules;
    size_t count;
} families[SANDBOX_APIS] = {
    [SANDBOX_KAARA] = {register_rules, COUNT(register_rules)},
    [SANDBOX_KAARS] = {review_rules, COUNT(review_rules)},
    [SANDBOX_KAAST] = {state_rules, COUNT(state_rules)},
    [SANDBOX_KAASL] = {shipment_rules, COUNT(shipment_rules)},
    [SANDBOX_KAACL] = {cancellation_rules, COUNT(cancellation_rules)},
    [SANDBOX_KAAKK] = {amount_rules, COUNT(amount_rules)},
};

/* ---- Cards ---- */

/* The last one is everybody else's. */
static const struct sandbox_kuroneko_card cards[] = {
    {.local_part = "ng", .registered = SANDBOX_REVIEW_NG, .asked = SANDBOX_REVIEW_NG},
    {.local_part = "limit", .registered = SANDBOX_REVIEW_OVER_LIMIT, .asked = SANDBOX_REVIEW_OVER_LIMIT},
    {.local_part = "pending", .registered = SANDBOX_REVIEW_PENDING},
    {.local_part = "pendingng", .registered = SANDBOX_REVIEW_PENDING, .asked = SANDBOX_REVIEW_NG},
    {.local_part = "stuck", .registered = SANDBOX_REVIEW_PENDING, .asked = SANDBOX_REVIEW_PENDING},
    {.local_part = "revoked", .asked = SANDBOX_REVIEW_NG},
    {.local_part = "failed", .fails = true},
    {.local_part = "shipng", .ship_fails = true},
    {.local_part = "cancelng", .cancel_fails = true},
    {.local_part = "survey", .shipped = SANDBOX_STAGE_SURVEY},
    {.local_part = "alarmed", .shipped = SANDBOX_STAGE_ALARMED},
    {.local_part = "sold", .shipped = SANDBOX_STAGE_SOLD},
    {.local_part = "invoiced", .shipped = SANDBOX_STAGE_INVOICED},
    {.local_part = "paid", .shipped = SANDBOX_STAGE_PAID},
    {.local_part = NULL},
};

const struct sandbox_kuroneko_card *sandbox_kuroneko_card_of(const char *email)
{
    const struct sandbox_kuroneko_card *card = cards;
    while (card->local_part != NULL && !sandbox_is_local_part(card->local_part, email))
        card++;
    return card;
}

/* ---- The check ---- */

static bool rule_holds(const struct checking *checking, const struct rule *rule)
{
    size_t instances = sandbox_form_instances(rule->parameter);
    for (size_t i = 0; i < instances; i++) {
        const char *value = instance(checking, rule->parameter, i);
        if ((*value != '\0' || rule->sees_empty) && !rule->holds(checking, value, rule))
            return false;
    }
    return true;
}

const char *sandbox_kuroneko_check(const struct sandbox_charset *charset, enum sandbox_api api,
                                   const struct sandbox_form *form, bool sound_form,
                                   const struct sandbox_kuroneko_facts *facts, int64_t now)
{
    const struct checking checking = {
        .charset = charset,
        .form = form,
        .facts = facts,
        .today = sandbox_day_at(now),
        .sound = sound_form,
        .encloses = *sandbox_form_text(form, SANDBOX_P_MERCHANT) == '9',
    };
    for (size_t i = 0; i < families[api].count; i++)
        if (!rule_holds(&checking, &families[api].rules[i]))
            return families[api].rules[i].code;
    return NULL;
}
