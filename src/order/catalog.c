/* order/catalog.c: see catalog.h. */
#include "order/catalog.h"

#include "base/arena.h"
#include "base/json_reader.h"

#include <stdio.h>
#include <stdlib.h>

struct code {
    const char *text;
    const struct catalog_entry *entry;
};

struct catalog {
    struct catalog_entry *entries; /* in the order of the file */
    struct code *codes;            /* of the entries, sorted */
    size_t count;
    const struct catalog_entry *generic;
    struct arena arena; /* owns the JSON, which has all texts, and the lists of the entries */
};

static bool invalid(const char *code, struct error *error)
{
    return error_set(error, ERROR_CONFIG, "CATALOG_INVALID", NULL, code, NULL, NULL);
}

static void read_text(struct json_reader *reader, struct catalog_text *text)
{
    const char *name;
    text->title = ""; /* only what stands in result files needs one */
    json_reader_open(reader, '{');
    while ((name = json_reader_name(reader)) != NULL) {
        if (strcmp(name, "title") == 0)
            text->title = json_reader_text(reader);
        else if (strcmp(name, "message") == 0)
            text->message = json_reader_text(reader);
        else if (strcmp(name, "cause") == 0)
            text->cause = json_reader_text(reader);
        else if (strcmp(name, "remedy") == 0)
            text->remedy = json_reader_text(reader);
        else
            json_reader_skip(reader);
    }
}

static void read_fields(struct json_reader *reader, struct arena *arena, struct catalog_entry *entry)
{
    enum order_field *fields = arena_alloc(arena, (json_reader_count(reader) + 1) * sizeof *fields);
    entry->fields = fields;
    json_reader_open(reader, '[');
    while (fields != NULL && json_reader_more(reader)) {
        const char *name = json_reader_text(reader);
        if (name == NULL || !order_field_of(name, &fields[entry->field_count]))
            reader->failed = true;
        entry->field_count++;
    }
}

static void read_patterns(struct json_reader *reader, struct arena *arena, struct catalog_entry *entry)
{
    entry->patterns = arena_alloc(arena, (json_reader_count(reader) + 1) * sizeof *entry->patterns);
    json_reader_open(reader, '[');
    while (entry->patterns != NULL && json_reader_more(reader))
        entry->patterns[entry->pattern_count++] = json_reader_text(reader);
}

static bool has_all(const struct catalog_text *text)
{
    return text->title != NULL && text->message != NULL && text->cause != NULL && text->remedy != NULL;
}

static bool read_entry(struct json_reader *reader, struct arena *arena, struct catalog_entry *entry,
                       struct error *error)
{
    const char *severity = NULL;
    const char *name;
    json_reader_open(reader, '{');
    while ((name = json_reader_name(reader)) != NULL) {
        if (strcmp(name, "code") == 0)
            entry->code = json_reader_text(reader);
        else if (strcmp(name, "severity") == 0)
            severity = json_reader_text(reader);
        else if (strcmp(name, "fields") == 0)
            read_fields(reader, arena, entry);
        else if (strcmp(name, "patterns") == 0)
            read_patterns(reader, arena, entry);
        else if (strcmp(name, "ja") == 0)
            read_text(reader, &entry->texts[CATALOG_JA]);
        else if (strcmp(name, "en") == 0)
            read_text(reader, &entry->texts[CATALOG_EN]);
        else
            json_reader_skip(reader);
    }
    if (entry->code == NULL || severity == NULL)
        return invalid("code", error);
    entry->warning = strcmp(severity, "warning") == 0;
    return (!reader->failed && has_all(&entry->texts[CATALOG_JA]) && has_all(&entry->texts[CATALOG_EN]) &&
            entry->fields != NULL && entry->patterns != NULL) ||
           invalid(entry->code, error);
}

static bool read_entries(struct json_reader *reader, struct catalog *catalog, struct error *error)
{
    size_t size = json_reader_count(reader);
    catalog->entries = arena_alloc(&catalog->arena, (size + 1) * sizeof *catalog->entries);
    catalog->codes = arena_alloc(&catalog->arena, (size + 1) * sizeof *catalog->codes);
    if (catalog->entries == NULL || catalog->codes == NULL)
        return error_set_memory(error);
    json_reader_open(reader, '[');
    while (json_reader_more(reader)) {
        struct catalog_entry *entry = &catalog->entries[catalog->count];
        if (!read_entry(reader, &catalog->arena, entry, error))
            return false;
        catalog->codes[catalog->count++] = (struct code){entry->code, entry};
    }
    return true;
}

static int compare_codes(const void *a, const void *b)
{
    return strcmp(((const struct code *)a)->text, ((const struct code *)b)->text);
}

static bool parse(struct catalog *catalog, struct json_reader *reader, struct error *error)
{
    const char *generic = NULL;
    const char *name;
    json_reader_open(reader, '{');
    while ((name = json_reader_name(reader)) != NULL) {
        if (strcmp(name, "generic") == 0)
            generic = json_reader_text(reader);
        else if (strcmp(name, "entries") != 0)
            json_reader_skip(reader);
        else if (!read_entries(reader, catalog, error))
            return false;
    }
    json_reader_end(reader);
    if (reader->failed || catalog->count == 0 || generic == NULL)
        return invalid("JSON", error);
    qsort(catalog->codes, catalog->count, sizeof *catalog->codes, compare_codes);
    catalog->generic = catalog_find(catalog, generic);
    return catalog->generic != NULL || invalid(generic, error);
}

struct catalog *catalog_parse(struct span json, struct error *error)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);
    char *copy = catalog != NULL ? (char *)arena_copy(&catalog->arena, json).data : NULL;
    struct json_reader reader = {.at = copy, .end = copy != NULL ? copy + json.length : NULL};
    if (copy == NULL)
        error_set_memory(error);
    else if (parse(catalog, &reader, error))
        return catalog;
    catalog_free(catalog);
    return NULL;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    arena_free(&catalog->arena);
    free(catalog);
}

size_t catalog_count(const struct catalog *catalog)
{
    return catalog->count;
}

const struct catalog_entry *catalog_entry(const struct catalog *catalog, size_t index)
{
    return &catalog->entries[index];
}

const struct catalog_entry *catalog_find(const struct catalog *catalog, const char *code)
{
    struct code key = {code, NULL};
    const struct code *found = bsearch(&key, catalog->codes, catalog->count, sizeof key, compare_codes);
    return found != NULL ? found->entry : NULL;
}

size_t catalog_index(const struct catalog *catalog, const struct catalog_entry *entry)
{
    return (size_t)(entry - catalog->entries);
}

const struct catalog_entry *catalog_generic(const struct catalog *catalog)
{
    return catalog->generic;
}

/* ---- Templates ---- */

/* The placeholder that `text` begins with, and its bytes; CATALOG_PLACES when it begins with none. */
static enum catalog_place place_of(const char *text, size_t *length)
{
    static const char *const names[CATALOG_PLACES] = {"{N}",    "{row}", "{other}", "{column}",
                                                      "{path}", "{1}",   "{2}",     "{3}"};
    size_t place = *text == '{' ? 0 : CATALOG_PLACES; /* most bytes are none */
    while (place < CATALOG_PLACES && strncmp(text, names[place], strlen(names[place])) != 0)
        place++;
    *length = place < CATALOG_PLACES ? strlen(names[place]) : 0;
    return (enum catalog_place)place;
}

/* How many bytes of `text` a {N} at its beginning stands for: digits, or the N that manuals write. */
static size_t item_length(struct span text)
{
    size_t digits = 0;
    while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    return digits == 0 && text.length > 0 && text.data[0] == 'N' ? 1 : digits;
}

/* How many bytes of `text` the beginning of `template` stands for at least, which is a placeholder or a byte; 0 when it
 * does not fit. */
static size_t step_length(const char *template, enum catalog_place place, struct span text)
{
    if (place == CATALOG_ITEM)
        return item_length(text);
    return text.length > 0 && (place != CATALOG_PLACES || text.data[0] == *template) ? 1 : 0;
}

/* Whether `message` is `template` filled. Each placeholder takes as little as it can: where the rest does not fit, the
 * last one that can grow takes a byte more, which is enough, since growing one before it would only leave less. */
static bool matches(const char *template, struct span message, struct catalog_words *words)
{
    const char *behind = NULL; /* what follows that placeholder; NULL: there is none yet */
    struct span *open = NULL;  /* its text */
    size_t at = 0;
    *words = (struct catalog_words){0};
    while (*template != '\0' || at < message.length) {
        size_t length;
        enum catalog_place place = place_of(template, &length);
        size_t step = step_length(template, place, (struct span){message.data + at, message.length - at});
        if (step > 0) {
            template += place != CATALOG_PLACES ? length : 1;
            if (place != CATALOG_PLACES)
                words->of[place] = (struct span){message.data + at, step};
            if (place != CATALOG_PLACES && place != CATALOG_ITEM) {
                open = &words->of[place];
                behind = template;
            }
            at += step;
        } else {
            if (behind == NULL)
                return false;
            at = (size_t)(open->data - message.data) + ++open->length;
            if (at > message.length)
                return false;
            template = behind;
        }
    }
    return true;
}

/* Bytes of `template` outside of placeholders. */
static size_t literal_length(const char *template)
{
    size_t literal = 0;
    while (*template != '\0') {
        size_t length;
        bool plain = place_of(template, &length) == CATALOG_PLACES;
        literal += plain;
        template += plain ? 1 : length;
    }
    return literal;
}

/* The number that stands in the place of {N}, -1 where there is none; false when it is no number, or beyond all. */
static bool read_item(struct span digits, long *item)
{
    enum { DIGITS_MAX = 6 }; /* more detail lines no order has */
    *item = -1;
    if (digits.data == NULL || digits.length > DIGITS_MAX)
        return digits.data == NULL;
    *item = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] == 'N')
            return false;
        *item = *item * 10 + (digits.data[i] - '0');
    }
    return true;
}

const struct catalog_entry *catalog_match(const struct catalog *catalog, struct span message, long *item)
{
    struct catalog_words words;
    for (size_t i = 0; i < catalog->count; i++)
        for (size_t p = 0; p < catalog->entries[i].pattern_count; p++)
            if (matches(catalog->entries[i].patterns[p], message, &words) && read_item(words.of[CATALOG_ITEM], item))
                return &catalog->entries[i];
    *item = -1;
    return catalog->generic;
}

/* Let `template` be the best, if it fits and better than the one before. */
static void fit(const char *template, struct span message, size_t *best, struct catalog_words *words)
{
    struct catalog_words found;
    if (!matches(template, message, &found))
        return;
    size_t literal = literal_length(template);
    if (literal <= *best)
        return;
    *best = literal;
    *words = found;
}

size_t catalog_fit(const struct catalog_entry *entry, struct span message, struct catalog_words *words)
{
    size_t best = 0;
    for (size_t i = 0; i < entry->pattern_count; i++)
        fit(entry->patterns[i], message, &best, words);
    for (size_t language = 0; language < CATALOG_LANGUAGES; language++)
        fit(entry->texts[language].message, message, &best, words);
    return best;
}

const char *catalog_cut(const char *template, struct span *literal, enum catalog_place *place)
{
    size_t length = 0;
    size_t plain = 0;
    *place = CATALOG_PLACES;
    while (template[plain] != '\0' && (*place = place_of(template + plain, &length)) == CATALOG_PLACES)
        plain++;
    *literal = (struct span){template, plain};
    return template + plain + length;
}

void catalog_fill_words(const char *template, const struct catalog_words *words, struct buf *out)
{
    while (*template != '\0') {
        size_t length;
        enum catalog_place place = place_of(template, &length);
        if (place == CATALOG_PLACES)
            length = 1 + strcspn(template + 1, "{");
        if (place == CATALOG_PLACES || words->of[place].data == NULL)
            buf_append(out, template, length);
        else
            buf_append(out, words->of[place].data, words->of[place].length);
        template += length;
    }
}

void catalog_fill(const char *template, const struct catalog_values *values, struct buf *out)
{
    char item[24];
    char row[24];
    char other[24];
    snprintf(item, sizeof item, "%ld", values->item);
    snprintf(row, sizeof row, "%lu", (unsigned long)values->row);
    snprintf(other, sizeof other, "%lu", (unsigned long)values->other);
    struct catalog_words words = {.of = {[CATALOG_ITEM] = span_of(item),
                                         [CATALOG_ROW] = span_of(row),
                                         [CATALOG_OTHER] = span_of(other),
                                         [CATALOG_COLUMN] = values->column,
                                         [CATALOG_PATH] = values->path}};
    for (size_t i = 0; i < ERROR_ARGS; i++)
        words.of[CATALOG_ARG1 + i] = values->args[i];
    for (size_t place = 0; place < CATALOG_PLACES; place++)
        if (words.of[place].data == NULL)
            words.of[place] = span_of("");
    catalog_fill_words(template, &words, out);
}
