/* tests/fuzz/fuzz_value.c: any text as the value of a cell; what stands behind its first line end is an address. What
 * must hold for any input:
 *   - a value that is given out fits, has the form that value.h says, and is read as itself, with nothing repaired;
 *   - kinds that exclude or include one another do so: digits are whole, blanks are nothing;
 *   - letters, digits and signs mean in full width what they mean in half width. */
#include "fuzz.h"

#include "order/value.h"
#include "text/utf8.h"

#include <inttypes.h>

/* All that a text is. Fields are zero where it is not. */
struct meaning {
    bool integer;
    bool whole;
    bool date;
    bool kana;
    int64_t number;
    char time[VALUE_TIME_SIZE];
    char phone[VALUE_PHONE_SIZE];
    char postal_code[VALUE_POSTAL_CODE_SIZE];
    bool phone_repaired;
    bool postal_code_repaired;
};

static void read_all(struct span text, struct span address, struct meaning *meaning)
{
    struct meaning got;
    *meaning = (struct meaning){.integer = value_integer(text, &got.number),
                                .whole = value_is_whole(text),
                                .date = value_is_date(text),
                                .kana = value_is_kana(text)};
    if (meaning->integer)
        meaning->number = got.number;
    if (value_time(text, got.time))
        memcpy(meaning->time, got.time, strlen(got.time) + 1);
    if (value_phone(text, got.phone, &got.phone_repaired)) {
        memcpy(meaning->phone, got.phone, strlen(got.phone) + 1);
        meaning->phone_repaired = got.phone_repaired;
    }
    if (value_postal_code(text, address, got.postal_code, &got.postal_code_repaired)) {
        memcpy(meaning->postal_code, got.postal_code, strlen(got.postal_code) + 1);
        meaning->postal_code_repaired = got.postal_code_repaired;
    }
}

static void check_integer(const struct meaning *meaning)
{
    static const int64_t most = 999999999999999; /* VALUE_INTEGER_DIGITS */
    char text[32];
    int64_t again;
    FUZZ_CHECK(meaning->whole && meaning->number >= -most && meaning->number <= most);
    snprintf(text, sizeof text, "%" PRId64, meaning->number);
    FUZZ_CHECK(value_integer(span_of(text), &again) && again == meaning->number);
}

static void check_time(const struct meaning *meaning)
{
    char text[VALUE_TIME_SIZE];
    char again[VALUE_TIME_SIZE];
    FUZZ_CHECK(meaning->date && strlen(meaning->time) == VALUE_TIME_SIZE - 1);
    FUZZ_CHECK(meaning->time[10] == 'T' && strcmp(meaning->time + 19, "+09:00") == 0);
    memcpy(text, meaning->time, sizeof text);
    text[10] = ' ';
    FUZZ_CHECK(value_time((struct span){text, 19}, again) && strcmp(again, meaning->time) == 0);
}

static void check_phone(const char *phone)
{
    char again[VALUE_PHONE_SIZE];
    bool repaired;
    size_t digits = 0;
    size_t length = strlen(phone);
    for (size_t i = 0; i < length; i++) {
        digits += phone[i] >= '0' && phone[i] <= '9';
        FUZZ_CHECK((phone[i] >= '0' && phone[i] <= '9') || (phone[i] == '-' && i > 0 && phone[i - 1] != '-'));
    }
    FUZZ_CHECK(phone[0] == '0' && phone[length - 1] != '-' && (digits == 10 || digits == 11));
    FUZZ_CHECK(value_phone(span_of(phone), again, &repaired) && !repaired && strcmp(again, phone) == 0);
}

static void check_postal_code(const char *postal_code)
{
    char again[VALUE_POSTAL_CODE_SIZE];
    bool repaired;
    FUZZ_CHECK(strlen(postal_code) == 7 || (strlen(postal_code) == 8 && postal_code[3] == '-'));
    FUZZ_CHECK(value_postal_code(span_of(postal_code), span_of(""), again, &repaired) && !repaired);
    FUZZ_CHECK(strcmp(again, postal_code) == 0);
}

static void check_kinds(struct span text, const struct meaning *meaning)
{
    struct span inside;
    bool blank = value_is_blank(text);
    bool rounded = value_is_rounded(text);
    FUZZ_CHECK(!value_is_digits(text) || (meaning->whole && !blank));
    FUZZ_CHECK(!(blank || rounded) || !(meaning->integer || meaning->whole || meaning->date || value_is_email(text)));
    FUZZ_CHECK(!(blank && rounded) && (!rounded || utf8_is_ascii(text)));
    FUZZ_CHECK(!value_is_email(text) || (utf8_is_ascii(text) && text.length <= VALUE_EMAIL_MAX));
    if (value_unwrap(text, &inside))
        FUZZ_CHECK(inside.data == text.data + 2 && inside.length + 3 == text.length);
}

/* `text` with all that ASCII has in full width. */
static void widen(struct span text, struct buf *wide)
{
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        uint32_t character = utf8_decode((struct span){text.data + at, text.length - at}, &size);
        bool has_wide = character > ' ' && character <= '~';
        utf8_encode(has_wide ? character + 0xFEE0 : character == ' ' ? 0x3000 : character, wide);
    }
}

static void check_width(struct span text, struct span address, const struct meaning *meaning)
{
    struct buf wide = {0};
    struct meaning again;
    widen(text, &wide);
    read_all(fuzz_text(&wide), address, &again);
    FUZZ_CHECK(meaning->integer == again.integer && meaning->number == again.number);
    FUZZ_CHECK(meaning->whole == again.whole && meaning->date == again.date && meaning->kana == again.kana);
    FUZZ_CHECK(strcmp(meaning->time, again.time) == 0);
    FUZZ_CHECK(strcmp(meaning->phone, again.phone) == 0 && meaning->phone_repaired == again.phone_repaired);
    FUZZ_CHECK(strcmp(meaning->postal_code, again.postal_code) == 0);
    FUZZ_CHECK(meaning->postal_code_repaired == again.postal_code_repaired);
    buf_free(&wide);
}

static void check_text(struct span text, struct span address)
{
    struct meaning meaning;
    read_all(text, address, &meaning);
    check_kinds(text, &meaning);
    if (meaning.integer)
        check_integer(&meaning);
    if (meaning.time[0] != '\0')
        check_time(&meaning);
    if (meaning.phone[0] != '\0')
        check_phone(meaning.phone);
    if (meaning.postal_code[0] != '\0')
        check_postal_code(meaning.postal_code);
    check_width(text, address, &meaning);
}

/* In memory of just that size, so that a sanitizer sees whoever reads beyond it. */
static struct span exactly(struct span text)
{
    char *copy = malloc(text.length > 0 ? text.length : 1);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, text.data, text.length);
    return (struct span){copy, text.length};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf clean = {0};
    utf8_clean((struct span){(const char *)data, size}, &clean);
    const char *line_end = memchr(buf_text(&clean), '\n', clean.length);
    size_t length = line_end != NULL ? (size_t)(line_end - clean.data) : clean.length;
    size_t behind = line_end != NULL ? length + 1 : length;
    struct span text = exactly((struct span){buf_text(&clean), length});
    struct span address = exactly((struct span){buf_text(&clean) + behind, clean.length - behind});
    check_text(text, address);
    free((char *)text.data);
    free((char *)address.data);
    buf_free(&clean);
    return 0;
}
