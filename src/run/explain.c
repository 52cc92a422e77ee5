/* run/explain.c: a code, a message, or the whole catalogue, explained, as include/atobarai.h has it. */
#include "atobarai.h"

#include "base/embedded.h"
#include "order/service_codes.h"
#include "run/listing.h"
#include "run/message.h"
#include "text/harmless.h"

#include <stdio.h>
#include <stdlib.h>

struct explaining {
    const struct catalog *catalog;
    struct explanation *list; /* owned */
    size_t count;
    size_t capacity;
};

static bool add(struct explaining *explaining, const struct explanation *explanation, struct error *error)
{
    if (explaining->count == explaining->capacity) {
        size_t capacity = explaining->capacity * 2 + 16;
        struct explanation *list = realloc(explaining->list, capacity * sizeof *list);
        if (list == NULL)
            return error_set_memory(error);
        explaining->list = list;
        explaining->capacity = capacity;
    }
    explaining->list[explaining->count++] = *explanation;
    return true;
}

/* ---- What was asked ---- */

static bool begins_with(struct span text, const char *what)
{
    size_t length = strlen(what);
    return text.length >= length && memcmp(text.data, what, length) == 0;
}

static bool ends_with(struct span text, const char *what)
{
    size_t length = strlen(what);
    return text.length >= length && memcmp(text.data + text.length - length, what, length) == 0;
}

static struct span without(struct span text, size_t before, size_t behind)
{
    return (struct span){text.data + before, text.length - before - behind};
}

static struct span trimmed(struct span text)
{
    static const char *const blanks[] = {" ", "　"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks;) {
        size_t before = begins_with(text, blanks[i]) ? strlen(blanks[i]) : 0;
        text = without(text, before, 0);
        size_t behind = ends_with(text, blanks[i]) ? strlen(blanks[i]) : 0;
        text = without(text, 0, behind);
        i = before + behind > 0 ? 0 : i + 1;
    }
    return text;
}

/* `text` without the quotes around it; the same where there are none. */
static struct span unquoted(struct span text)
{
    static const char *const quotes[][2] = {{"\"", "\""}, {"'", "'"}, {"「", "」"}, {"“", "”"}};
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        size_t before = strlen(quotes[i][0]);
        size_t behind = strlen(quotes[i][1]);
        if (text.length >= before + behind && begins_with(text, quotes[i][0]) && ends_with(text, quotes[i][1]))
            return trimmed(without(text, before, behind));
    }
    return text;
}

/* `text` without what the program writes in front of a message: in a result file, or on the terminal. */
static struct span without_prefix(struct span text)
{
    static const char *const prefixes[] = {"注意: ", "atobarai: "};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (begins_with(text, prefixes[i]))
            return trimmed(without(text, strlen(prefixes[i]), 0));
    return text;
}

/* Take the next message from `rest`, where they are joined with |; false when nothing but empty ones is left. */
static bool next_part(struct span *rest, struct span *part)
{
    while (rest->length > 0) {
        const char *bar = memchr(rest->data, '|', rest->length);
        size_t length = bar != NULL ? (size_t)(bar - rest->data) : rest->length;
        *part = without_prefix(trimmed((struct span){rest->data, length}));
        *rest = without(*rest, length + (bar != NULL), 0);
        if (part->length > 0)
            return true;
    }
    return false;
}

static bool looks_like_code(struct span text)
{
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (!(byte >= 'A' && byte <= 'Z') && !(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') &&
            byte != '_')
            return false;
    }
    return text.length > 0;
}

/* ---- What is known of it ---- */

/* The entry of a code in capitals or not; NULL when there is none. */
static const struct catalog_entry *find_code(const struct catalog *catalog, struct span text)
{
    char code[64]; /* longer than any */
    if (!looks_like_code(text) || text.length >= sizeof code)
        return NULL;
    for (size_t i = 0; i < text.length; i++)
        code[i] = (char)(text.data[i] >= 'a' && text.data[i] <= 'z' ? text.data[i] - 'a' + 'A' : text.data[i]);
    code[text.length] = '\0';
    return catalog_find(catalog, code);
}

/* How well the message `text` fits the entry that it fits best; 0: none. */
static size_t best_fit(const struct catalog *catalog, struct span text)
{
    struct catalog_words words;
    size_t best = 0;
    for (size_t i = 0; i < catalog_count(catalog); i++) {
        size_t fit = catalog_fit(catalog_entry(catalog, i), text, &words);
        best = fit > best ? fit : best;
    }
    return best;
}

/* The explanation of a code, ours or the service's; false when it is none. */
static bool find_explanation(const struct catalog *catalog, struct span text, struct explanation *explanation)
{
    struct service_code code;
    *explanation = (struct explanation){.entry = find_code(catalog, text)};
    if (explanation->entry != NULL || !service_code_find(text, &code))
        return explanation->entry != NULL;
    explanation->entry = service_code_entry(&code, catalog);
    explanation->field = code.field;
    for (size_t i = 0; i < FINDING_ARGS; i++)
        explanation->words.of[CATALOG_ARG1 + i] = code.args[i];
    return explanation->entry != NULL;
}

static bool is_known(const struct catalog *catalog, struct span part)
{
    struct explanation explanation;
    return find_explanation(catalog, part, &explanation) || best_fit(catalog, part) > 0;
}

/* The entries that a message fits as well as any: several may say the same. */
static bool add_fitting(struct explaining *explaining, struct span part, size_t best, struct error *error)
{
    bool added = true;
    for (size_t i = 0; i < catalog_count(explaining->catalog) && added; i++) {
        struct explanation explanation = {.entry = catalog_entry(explaining->catalog, i), .message = part};
        if (catalog_fit(explanation.entry, part, &explanation.words) == best)
            added = add(explaining, &explanation, error);
    }
    return added;
}

static bool add_part(struct explaining *explaining, struct span part, struct error *error)
{
    struct explanation explanation;
    if (find_explanation(explaining->catalog, part, &explanation))
        return add(explaining, &explanation, error);
    size_t best = best_fit(explaining->catalog, part);
    if (best > 0)
        return add_fitting(explaining, part, best, error);
    if (looks_like_code(part)) {
        char word[ERROR_ARG_SIZE];
        snprintf(word, sizeof word, "%.*s", part.length < sizeof word ? (int)part.length : (int)sizeof word, part.data);
        return error_set(error, ERROR_USAGE, "EXPLAIN_UNKNOWN", NULL, word, NULL, NULL);
    }
    explanation = (struct explanation){.entry = catalog_generic(explaining->catalog), .message = part};
    explanation.words.of[CATALOG_ARG1] = part;
    return add(explaining, &explanation, error);
}

/* Whether `text` is to be explained message for message: something in it is known, or all of it looks like codes.
 * Otherwise it is one message of the service, and a | in it may be the service's own. */
static bool is_readable(const struct catalog *catalog, struct span text)
{
    struct span part;
    bool codes = false;
    bool words = false;
    while (next_part(&text, &part)) {
        if (is_known(catalog, part))
            return true;
        codes = codes || looks_like_code(part);
        words = words || !looks_like_code(part);
    }
    return codes && !words;
}

/* Explain `text`, whose quotes may be around it or its own. */
static bool add_asked(struct explaining *explaining, struct span text, struct error *error)
{
    struct span whole = trimmed(text);
    struct span inside = unquoted(whole);
    bool inside_readable = is_readable(explaining->catalog, inside);
    bool readable = inside_readable || is_readable(explaining->catalog, whole);
    struct span rest = inside_readable ? inside : whole;
    struct span part;
    bool added = true;
    if (!readable && inside.length > 0 && memchr(inside.data, whole.data[0], inside.length) == NULL)
        rest = inside;
    struct span left = inside;
    if (!next_part(&left, &part))
        return error_set(error, ERROR_USAGE, "EXPLAIN_MISSING", NULL, NULL, NULL, NULL);
    if (!readable)
        return add_part(explaining, rest, error);
    while (added && next_part(&rest, &part))
        added = add_part(explaining, part, error);
    return added;
}

static bool add_all(struct explaining *explaining, struct error *error)
{
    bool added = true;
    for (size_t i = 0; i < catalog_count(explaining->catalog) && added; i++) {
        struct explanation explanation = {.entry = catalog_entry(explaining->catalog, i)};
        added = add(explaining, &explanation, error);
    }
    return added;
}

/* ---- In words ---- */

static bool write_out(const struct explaining *explaining, bool whole, enum atobarai_format format,
                      enum catalog_language language, struct buf *out, struct error *error)
{
    struct order_schema schema;
    if (!order_schema_parse(&schema, span_of(embedded_order_schema), NULL, error))
        return false;
    struct listing listing = {
        .list = explaining->list, .count = explaining->count, .schema = &schema, .language = language, .whole = whole};
    listing_write(&listing, format, out);
    order_schema_free(&schema);
    return !out->failed || error_set_memory(error);
}

static bool explain(const struct catalog *catalog, const char *what, enum atobarai_format format,
                    enum catalog_language language, struct buf *out, struct error *error)
{
    struct explaining explaining = {.catalog = catalog};
    struct buf asked = {0};
    if (what != NULL)
        harmless_put_line(span_of(what), &asked); /* it is printed again */
    bool made = !asked.failed || error_set_memory(error);
    made = made && (what == NULL ? add_all(&explaining, error)
                                 : add_asked(&explaining, (struct span){buf_text(&asked), asked.length}, error));
    made = made && write_out(&explaining, what == NULL, format, language, out, error);
    free(explaining.list);
    buf_free(&asked);
    return made;
}

char *atobarai_explain(const char *what, enum atobarai_format format, enum atobarai_language language,
                       enum atobarai_status *status, struct atobarai_message *message)
{
    struct error error = {0};
    struct buf out = {0};
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    enum catalog_language words = language == ATOBARAI_EN ? CATALOG_EN : CATALOG_JA;
    *message = (struct atobarai_message){0};
    bool made = catalog != NULL && explain(catalog, what, format, words, &out, &error);
    *status = (enum atobarai_status)error.kind;
    if (!made && catalog != NULL)
        message_fill(catalog, &error, language, message);
    catalog_free(catalog);
    if (made)
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}
