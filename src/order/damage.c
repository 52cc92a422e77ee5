/* order/damage.c: see damage.h. */
#include "order/damage.h"

#include "base/buf.h"
#include "order/damage_moment.h"
#include "order/damage_number.h"
#include "order/value.h"
#include "text/cp932.h"
#include "text/utf8.h"

#include <ctype.h>
#include <stdint.h>

/* ---- Texts ---- */

static void guess_logical(struct damaging *guesser)
{
    bool logical = span_is(guesser->is, "TRUE");
    if (!logical && !span_is(guesser->is, "FALSE"))
        return;
    damaging_put(guesser, DAMAGE_LOGICAL, logical ? "true" : "false");
    damaging_put(guesser, DAMAGE_LOGICAL, logical ? "True" : "False");
}

/* ="001", as exports protect the zeros of a code, a phone number or a postal code. */
static void guess_wrapped(struct damaging *guesser)
{
    struct span is = guesser->is;
    for (size_t i = 0; i < is.length; i++)
        if (!damaging_is_digit(is.data[i]) && is.data[i] != '-')
            return;
    if (is.length > 0 && is.length <= DAMAGING_NUMBER_BYTES)
        damaging_put(guesser, DAMAGE_FORMULA, "=\"%.*s\"", (int)is.length, is.data);
}

/* `is` with each `from` as `to`. */
static void guess_replaced(struct damaging *guesser, enum damage kind, const char *from, const char *to)
{
    struct span part = span_of(from);
    struct buf was = {0};
    if (!span_contains(guesser->is, part))
        return;
    for (size_t at = 0; at < guesser->is.length;) {
        struct span rest = damaging_behind(guesser->is, at);
        bool replaced = rest.length >= part.length && memcmp(rest.data, part.data, part.length) == 0;
        if (replaced)
            buf_append_text(&was, to);
        else
            buf_append_byte(&was, rest.data[0]);
        at += replaced ? part.length : 1;
    }
    if (!was.failed)
        damaging_guess(guesser, kind, (struct span){buf_text(&was), was.length});
    buf_free(&was);
}

static bool is_formula_error(struct span text)
{
    static const char *const errors[] = {"#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!"};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (span_is(text, errors[i]))
            return true;
    return damaging_take(&text, "Err:") && value_is_digits(text);
}

static void guess_text(struct damaging *guesser)
{
    if (!span_contains(guesser->is, span_of("\r")))
        guess_replaced(guesser, DAMAGE_LINES, "\n", "\r\n");
    if (is_formula_error(guesser->is))
        return;
    /* 〜 and − are what other systems have for the ～ and － of Windows. */
    guess_replaced(guesser, DAMAGE_LETTERS, "?", "〜");
    guess_replaced(guesser, DAMAGE_LETTERS, "～", "〜");
    guess_replaced(guesser, DAMAGE_LETTERS, "?", "−");
    guess_replaced(guesser, DAMAGE_LETTERS, "－", "−");
}

/* The text without the CR before an LF. */
static bool same_but_lines(struct span was, struct span is)
{
    size_t at = 0;
    for (size_t i = 0; i < was.length; i++) {
        if (was.data[i] == '\r' && i + 1 < was.length && was.data[i + 1] == '\n')
            continue;
        if (at == is.length || is.data[at++] != was.data[i])
            return false;
    }
    return at == is.length;
}

static bool is_in_cp932(uint32_t character)
{
    return character < 0x80 || (character >= 0xFF61 && character <= 0xFF9F) || cp932_has_pair(character);
}

/* Whether `is` may stand for `was` where Shift_JIS has no `was`. */
static bool stands_for(uint32_t was, uint32_t is)
{
    static const struct {
        uint32_t was;
        uint32_t is;
    } pairs[] = {{0x301C, 0xFF5E}, {0x2212, 0xFF0D}, {0x2016, 0x2225}, {0x2014, 0x2015}, {0xA2, 0xFFE0},
                 {0xA3, 0xFFE1},   {0xAC, 0xFFE2},   {0xA5, 0xFFE5},   {0xA5, '\\'},     {0xA0, ' '}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].was == was && pairs[i].is == is)
            return true;
    bool accented = was >= 0xC0 && was < 0x250;
    return is == '?' || is == 0x3013 || (accented && is < 0x80 && isalpha((int)is));
}

/* Whether nothing but letters that Shift_JIS lacks, and the ends of lines, tell them apart. Bytes that are no text are
 * no letters. */
static bool same_but_letters(struct span was, struct span is)
{
    size_t size;
    size_t other;
    if (utf8_valid_length(was) < was.length || utf8_valid_length(is) < is.length)
        return false;
    while (was.length > 0) {
        uint32_t character = utf8_decode(was, &size);
        was = damaging_behind(was, size);
        if (character == '\r' && was.length > 0 && was.data[0] == '\n' && is.length > 0 && is.data[0] == '\n')
            continue;
        if (is.length == 0)
            return false;
        uint32_t written = utf8_decode(is, &other);
        is = damaging_behind(is, other);
        if (written == character)
            continue;
        if (is_in_cp932(character) || !stands_for(character, written))
            return false;
        if (character > 0xFFFF && written == '?') /* two units of UTF-16 may be two question marks */
            damaging_take(&is, "?");
    }
    return is.length == 0;
}

/* ---- Formulas ---- */

/* What comes of +81-3-1234-5678, in numbers. */
static bool work_out(struct span text, int64_t *sum)
{
    damaging_take(&text, "=");
    for (*sum = 0; text.length > 0;) {
        bool minus = damaging_take(&text, "-");
        if (!minus && !damaging_take(&text, "+"))
            return false;
        int64_t number = 0;
        size_t digits = damaging_digits_at(text);
        if (!value_integer((struct span){text.data, digits}, &number))
            return false;
        *sum += minus ? -number : number;
        text = damaging_behind(text, digits);
    }
    return true;
}

static bool is_worked_out(struct span was, struct span is)
{
    int64_t sum;
    int64_t result;
    struct buf inside = {0};
    if (was.length < 2 || strchr("=+-@", was.data[0]) == NULL || was.data[0] == '\0')
        return false;
    if (is_formula_error(is))
        return true;
    if (was.length <= VALUE_NARROW_MAX && work_out(was, &sum) && value_integer(is, &result) && sum == result)
        return true;
    if (!value_unwrap_quotes(was, &inside)) {
        buf_free(&inside);
        return was.data[0] == '=' && is.data[0] != '='; /* =A1, which may come to anything */
    }
    struct span text = {buf_text(&inside), inside.length};
    bool same = span_equal(text, is) || damage_of(text, is) == DAMAGE_ZEROS; /* saved twice */
    buf_free(&inside);
    return same;
}

/* ---- All of it ---- */

static void guess_all(struct damaging *guesser)
{
    damage_number_guess(guesser);
    damage_moment_guess(guesser);
    guess_logical(guesser);
    guess_wrapped(guesser);
    guess_text(guesser);
}

struct telling {
    bool (*each)(void *context, struct span was);
    void *context;
};

static bool tell(void *context, enum damage kind, struct span was)
{
    const struct telling *telling = context;
    (void)kind;
    return telling->each(telling->context, was);
}

bool damage_guess(struct span is, bool (*each)(void *context, struct span was), void *context)
{
    struct telling telling = {each, context};
    struct damaging guesser = {is, tell, &telling, DAMAGE_GUESSES_MAX, false};
    guess_all(&guesser);
    return guesser.ended;
}

struct search {
    struct span was;
    enum damage kind;
};

static bool is_not_it(void *context, enum damage kind, struct span was)
{
    struct search *search = context;
    if (!span_equal(was, search->was))
        return true;
    search->kind = kind;
    return false;
}

static bool is_hash_marks(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != '#')
            return false;
    return text.length > 1;
}

static bool is_hidden(struct span was, struct span is)
{
    return is_hash_marks(is) && (damage_number_is(was) || damage_moment_is(was));
}

enum damage damage_of(struct span was, struct span is)
{
    if (was.length == 0 || is.length == 0 || span_equal(was, is))
        return DAMAGE_NONE;
    enum damage kind = damage_number_of(was, is);
    if (kind == DAMAGE_NONE)
        kind = damage_moment_of(was, is);
    if (kind != DAMAGE_NONE)
        return kind;
    struct search search = {was, DAMAGE_NONE};
    struct damaging guesser = {is, is_not_it, &search, DAMAGE_GUESSES_MAX, false};
    guess_all(&guesser);
    if (guesser.ended)
        return search.kind;
    if (is_worked_out(was, is))
        return DAMAGE_FORMULA;
    if (same_but_lines(was, is))
        return DAMAGE_LINES;
    if (same_but_letters(was, is))
        return DAMAGE_LETTERS;
    return is_hidden(was, is) ? DAMAGE_HIDDEN : DAMAGE_NONE;
}

bool damage_is_loss(struct span is)
{
    return value_is_rounded(is) || is_hash_marks(is) || is_formula_error(is);
}
