/* order/catalog.c: see catalog.h. */
#include "order/catalog.h"

#include "base/json.h"

#include <stdlib.h>

struct catalog {
    struct catalog_entry *entries; /* sorted by code */
    size_t count;
    const struct catalog_entry *generic;
    cJSON *json; /* owns all texts */
};

static bool invalid(const char *code, struct error *error)
{
    return error_set(error, ERROR_CONFIG, "CATALOG_INVALID", NULL, code, NULL, NULL);
}

static bool parse_text(struct catalog_text *text, const cJSON *from)
{
    text->message = json_text(from, "message");
    text->cause = json_text(from, "cause");
    text->remedy = json_text(from, "remedy");
    text->title = json_text(from, "title");
    if (text->title == NULL) /* only what stands in result files needs one */
        text->title = "";
    return text->message != NULL && text->cause != NULL && text->remedy != NULL;
}

static bool parse_lists(struct catalog_entry *entry, const cJSON *from)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(from, "fields");
    const cJSON *patterns = cJSON_GetObjectItemCaseSensitive(from, "patterns");
    const cJSON *item = NULL;
    if (!cJSON_IsArray(fields) || !cJSON_IsArray(patterns))
        return false;
    enum order_field *list = calloc((size_t)cJSON_GetArraySize(fields) + 1, sizeof *list);
    entry->fields = list;
    entry->patterns = calloc((size_t)cJSON_GetArraySize(patterns) + 1, sizeof *entry->patterns);
    if (list == NULL || entry->patterns == NULL)
        return false;
    cJSON_ArrayForEach(item, fields)
    {
        if (!cJSON_IsString(item) || !order_field_of(item->valuestring, &list[entry->field_count]))
            return false;
        entry->field_count++;
    }
    cJSON_ArrayForEach(item, patterns)
    {
        if (!cJSON_IsString(item))
            return false;
        entry->patterns[entry->pattern_count++] = item->valuestring;
    }
    return true;
}

static bool parse_entry(struct catalog_entry *entry, const cJSON *from, struct error *error)
{
    const char *severity = json_text(from, "severity");
    entry->code = json_text(from, "code");
    if (entry->code == NULL || severity == NULL)
        return invalid("code", error);
    entry->warning = strcmp(severity, "warning") == 0;
    if (!parse_text(&entry->texts[CATALOG_JA], cJSON_GetObjectItemCaseSensitive(from, "ja")) ||
        !parse_text(&entry->texts[CATALOG_EN], cJSON_GetObjectItemCaseSensitive(from, "en")) ||
        !parse_lists(entry, from))
        return invalid(entry->code, error);
    return true;
}

static int compare_codes(const void *a, const void *b)
{
    return strcmp(((const struct catalog_entry *)a)->code, ((const struct catalog_entry *)b)->code);
}

static bool parse(struct catalog *catalog, struct error *error)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(catalog->json, "entries");
    const char *generic = json_text(catalog->json, "generic");
    const cJSON *item = NULL;
    if (!cJSON_IsArray(entries) || entries->child == NULL || generic == NULL)
        return invalid("JSON", error);
    catalog->entries = calloc((size_t)cJSON_GetArraySize(entries), sizeof *catalog->entries);
    if (catalog->entries == NULL)
        return error_set_memory(error);
    cJSON_ArrayForEach(item, entries)
    {
        if (!parse_entry(&catalog->entries[catalog->count++], item, error))
            return false;
    }
    qsort(catalog->entries, catalog->count, sizeof *catalog->entries, compare_codes);
    catalog->generic = catalog_find(catalog, generic);
    return catalog->generic != NULL || invalid(generic, error);
}

struct catalog *catalog_parse(struct span json, struct error *error)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);
    if (catalog == NULL) {
        error_set_memory(error);
        return NULL;
    }
    catalog->json = json_parse(json);
    if (parse(catalog, error))
        return catalog;
    catalog_free(catalog);
    return NULL;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    for (size_t i = 0; i < catalog->count; i++) {
        free((void *)catalog->entries[i].fields);
        free(catalog->entries[i].patterns);
    }
    free(catalog->entries);
    cJSON_Delete(catalog->json);
    free(catalog);
}

const struct catalog_entry *catalog_find(const struct catalog *catalog, const char *code)
{
    struct catalog_entry key = {.code = code};
    return bsearch(&key, catalog->entries, catalog->count, sizeof key, compare_codes);
}

/* Whether `message` is `pattern` with a number in the place of {N}. */
static bool matches(const char *pattern, struct span message, long *item)
{
    enum { ITEM_MAX = 1000000 }; /* more detail lines no order has */
    size_t at = 0;
    *item = -1;
    while (*pattern != '\0') {
        if (strncmp(pattern, "{N}", 3) == 0) {
            size_t digits = at;
            *item = 0;
            for (; at < message.length && message.data[at] >= '0' && message.data[at] <= '9' && *item < ITEM_MAX; at++)
                *item = *item * 10 + (message.data[at] - '0');
            if (at == digits)
                return false;
            pattern += 3;
        } else if (at < message.length && message.data[at] == *pattern) {
            at++;
            pattern++;
        } else {
            return false;
        }
    }
    return at == message.length;
}

const struct catalog_entry *catalog_match(const struct catalog *catalog, struct span message, long *item)
{
    for (size_t i = 0; i < catalog->count; i++)
        for (size_t p = 0; p < catalog->entries[i].pattern_count; p++)
            if (matches(catalog->entries[i].patterns[p], message, item))
                return &catalog->entries[i];
    *item = -1;
    return catalog->generic;
}

/* Fill the placeholder that `text` begins with; its length, 0 when it begins with none. */
static size_t fill_one(const char *text, const struct catalog_values *values, struct buf *out)
{
    static const struct {
        const char *name;
        size_t length;
    } names[] = {{"{N}", 3}, {"{row}", 5}, {"{column}", 8}, {"{path}", 6}, {"{1}", 3}, {"{2}", 3}, {"{3}", 3}};
    size_t which = 0;
    while (which < sizeof names / sizeof *names && strncmp(text, names[which].name, names[which].length) != 0)
        which++;
    if (which == sizeof names / sizeof *names)
        return 0;
    struct span value = which == 2 ? values->column : which == 3 ? values->path : (struct span){NULL, 0};
    if (which == 0)
        buf_printf(out, "%ld", values->item);
    else if (which == 1)
        buf_printf(out, "%lu", (unsigned long)values->row);
    else if (which >= 4)
        value = values->args[which - 4];
    if (value.data != NULL)
        buf_append(out, value.data, value.length);
    return names[which].length;
}

void catalog_fill(const char *template, const struct catalog_values *values, struct buf *out)
{
    while (*template != '\0') {
        size_t plain = strcspn(template, "{");
        buf_append(out, template, plain);
        template += plain;
        if (*template == '\0')
            break;
        size_t filled = fill_one(template, values, out);
        if (filled == 0) {
            buf_append_byte(out, '{');
            filled = 1;
        }
        template += filled;
    }
}
