/* order/schema.c: see schema.h. */
#include "order/schema.h"

#include "base/json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const field_names[ORDER_FIELDS] = {
    [ORDER_FIELD_NONE] = "",
    [ORDER_FIELD_CONTROL] = "control",
    [ORDER_FIELD_PAYMENT] = "payment",
    [ORDER_FIELD_SHOP] = "shopId",
    [ORDER_FIELD_MALL_NUMBER] = "mallOrderNumber",
    [ORDER_FIELD_ITEM_NUMBER] = "items.number",
    [ORDER_FIELD_ITEM_LINE_ID] = "items.lineId",
    [ORDER_FIELD_SHIPPING_FEE] = "shippingFee",
    [ORDER_FIELD_HANDLING_FEE] = "handlingFee",
    [ORDER_FIELD_DISCOUNT] = "discount",
    [ORDER_FIELD_STATUS_CODE] = "statusCode",
    [ORDER_FIELD_SHOP_STATUS] = "shopStatus",
    [ORDER_FIELD_TRACKING_NUMBER] = "trackingNumber",
    [ORDER_FIELD_CARRIER] = "carrier",
    [ORDER_FIELD_SHIP_DATE] = "shipDate",
    [ORDER_FIELD_ID] = "id",
    [ORDER_FIELD_ORDERED_AT] = "orderedAt",
    [ORDER_FIELD_AMOUNT] = "amount",
    [ORDER_FIELD_BUYER_NAME] = "buyer.name",
    [ORDER_FIELD_BUYER_KANA] = "buyer.nameKana",
    [ORDER_FIELD_BUYER_POSTAL_CODE] = "buyer.postalCode",
    [ORDER_FIELD_BUYER_ADDRESS] = "buyer.address",
    [ORDER_FIELD_BUYER_PHONE] = "buyer.phone",
    [ORDER_FIELD_BUYER_EMAIL] = "buyer.email",
    [ORDER_FIELD_DELIVERY_NAME] = "delivery.name",
    [ORDER_FIELD_DELIVERY_POSTAL_CODE] = "delivery.postalCode",
    [ORDER_FIELD_DELIVERY_ADDRESS] = "delivery.address",
    [ORDER_FIELD_DELIVERY_PHONE] = "delivery.phone",
    [ORDER_FIELD_ITEM_ID] = "items.id",
    [ORDER_FIELD_ITEM_NAME] = "items.name",
    [ORDER_FIELD_ITEM_UNIT_PRICE] = "items.unitPrice",
    [ORDER_FIELD_ITEM_QUANTITY] = "items.quantity",
    [ORDER_FIELD_ITEM_AMOUNT] = "items.amount",
};

/* The words of the file; each list ends with NULL, and a word's place in it is its value. */
static const char *const type_words[] = {"text", "digits", "integer",    "datetime", "control", "code",
                                         "date", "phone",  "postalCode", "email",    "kana",    NULL};
static const char *const level_words[] = {"order", "line", "free", NULL};
static const char *const need_words[] = {"N", "U", "register", NULL}; /* the bit of that place */

const char *order_field_name(enum order_field field)
{
    return field_names[field];
}

bool order_field_of(const char *name, enum order_field *field)
{
    for (size_t i = ORDER_FIELD_NONE + 1; i < ORDER_FIELDS; i++) {
        if (strcmp(field_names[i], name) == 0) {
            *field = (enum order_field)i;
            return true;
        }
    }
    return false;
}

/* ---- Reading the schema file ---- */

/* What is being read, for messages. */
struct reading {
    const char *path;
    const char *column; /* its name; NULL outside of columns */
    struct error *error;
};

static bool invalid(const struct reading *reading, const char *what)
{
    char text[ERROR_ARG_SIZE];
    snprintf(text, sizeof text, "%s%s%s", reading->column != NULL ? reading->column : "",
             reading->column != NULL ? ": " : "", what);
    return error_set(reading->error, ERROR_CONFIG, "SCHEMA_INVALID", reading->path, text, NULL, NULL);
}

static bool word_of(const cJSON *object, const char *name, const char *const *words, const struct reading *reading,
                    unsigned *value)
{
    const char *word = json_text(object, name);
    for (*value = 0; word != NULL && words[*value] != NULL; (*value)++)
        if (strcmp(words[*value], word) == 0)
            return true;
    return invalid(reading, name);
}

/* The member `name` as a list of texts, owned by the caller; absent: an empty one. */
static bool texts_of(const cJSON *object, const char *name, const struct reading *reading, const char ***texts,
                     size_t *count)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, name);
    const cJSON *item = NULL;
    *count = 0;
    *texts = NULL;
    if (array == NULL)
        return true;
    if (!cJSON_IsArray(array))
        return invalid(reading, name);
    *texts = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof **texts);
    if (*texts == NULL)
        return error_set_memory(reading->error);
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item))
            return invalid(reading, name);
        (*texts)[(*count)++] = item->valuestring;
    }
    return true;
}

static bool needs_of(const cJSON *object, const struct reading *reading, unsigned *needed)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, "needed");
    const cJSON *item = NULL;
    *needed = 0;
    if (array != NULL && !cJSON_IsArray(array))
        return invalid(reading, "needed");
    cJSON_ArrayForEach(item, array)
    {
        const char *word = cJSON_GetStringValue(item);
        unsigned bit = 0;
        while (word != NULL && need_words[bit] != NULL && strcmp(need_words[bit], word) != 0)
            bit++;
        if (word == NULL || need_words[bit] == NULL)
            return invalid(reading, "needed");
        *needed |= 1U << bit;
    }
    return true;
}

/* The member `name` as a whole number; `value` stays as it is where that is absent. */
static bool number_of(const cJSON *object, const char *name, const struct reading *reading, int64_t *value)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);
    if (number == NULL)
        return true;
    if (!cJSON_IsNumber(number) || number->valuedouble < -(double)ORDER_INTEGER_MAX ||
        number->valuedouble > (double)ORDER_INTEGER_MAX)
        return invalid(reading, name);
    *value = (int64_t)number->valuedouble;
    return (double)*value == number->valuedouble || invalid(reading, name);
}

/* maxLength, minimum and maximum. */
static bool bounds_of(struct order_column *column, const cJSON *from, const struct reading *reading)
{
    int64_t length = 0;
    column->least = -ORDER_INTEGER_MAX; /* what can be sent at all */
    column->most = ORDER_INTEGER_MAX;
    if (!number_of(from, "maxLength", reading, &length) || !number_of(from, "minimum", reading, &column->least) ||
        !number_of(from, "maximum", reading, &column->most))
        return false;
    if (length < 0)
        return invalid(reading, "maxLength");
    column->max_length = (size_t)length;
    return column->least <= column->most || invalid(reading, "minimum");
}

static bool parse_column(struct order_column *column, const cJSON *from, struct reading *reading)
{
    unsigned type;
    unsigned level;
    const char *field = json_text(from, "field");
    column->name = json_text(from, "name");
    column->stands_in_for = ORDER_NO_COLUMN;
    reading->column = column->name;
    if (column->name == NULL || *column->name == '\0')
        return invalid(reading, "name");
    if (cJSON_HasObjectItem(from, "field") && (field == NULL || !order_field_of(field, &column->field)))
        return invalid(reading, "field");
    if (!word_of(from, "type", type_words, reading, &type) || !word_of(from, "level", level_words, reading, &level) ||
        !needs_of(from, reading, &column->needed) || !bounds_of(column, from, reading) ||
        !texts_of(from, "aliases", reading, &column->aliases, &column->alias_count))
        return false;
    column->type = (enum order_type)type;
    column->level = (enum order_level)level;
    return true;
}

static bool is_called(const struct order_column *column, struct span heading)
{
    if (span_is(heading, column->name))
        return true;
    for (size_t i = 0; i < column->alias_count; i++)
        if (span_is(heading, column->aliases[i]))
            return true;
    return false;
}

/* The column with that heading, ORDER_NO_COLUMN when there is none. */
static size_t column_called(const struct order_schema *schema, struct span heading)
{
    for (size_t i = 0; i < schema->count; i++)
        if (is_called(&schema->columns[i], heading))
            return i;
    return ORDER_NO_COLUMN;
}

/* What one column says of another: stand-ins, and headings that two of them claim. */
static bool check_columns(struct order_schema *schema, const cJSON *columns, struct reading *reading)
{
    const cJSON *from = columns->child;
    for (size_t i = 0; i < schema->count; i++, from = from->next) {
        struct order_column *column = &schema->columns[i];
        const char *other = json_text(from, "standsInFor");
        reading->column = column->name;
        if (column_called(schema, span_of(column->name)) != i)
            return invalid(reading, "name");
        for (size_t a = 0; a < column->alias_count; a++)
            if (column_called(schema, span_of(column->aliases[a])) != i)
                return invalid(reading, "aliases");
        if (!cJSON_HasObjectItem(from, "standsInFor"))
            continue;
        column->stands_in_for = other != NULL ? column_called(schema, span_of(other)) : ORDER_NO_COLUMN;
        /* Not for another stand-in: with the one between absent, both would serve. */
        if (column->stands_in_for == ORDER_NO_COLUMN || column->stands_in_for == i ||
            cJSON_HasObjectItem(cJSON_GetArrayItem(columns, (int)column->stands_in_for), "standsInFor") ||
            schema->columns[column->stands_in_for].field != column->field)
            return invalid(reading, "standsInFor");
    }
    return true;
}

static size_t column_of_field(const struct order_schema *schema, enum order_field field)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->columns[i].field == field)
            return i;
    return ORDER_NO_COLUMN;
}

static bool parse(struct order_schema *schema, struct reading *reading)
{
    const cJSON *root = schema->json;
    const cJSON *columns = cJSON_GetObjectItemCaseSensitive(root, "columns");
    const cJSON *item = NULL;
    if (!cJSON_IsObject(root))
        return invalid(reading, "JSON");
    if (!texts_of(root, "deferredPayment", reading, &schema->deferred, &schema->deferred_count))
        return false;
    if (schema->deferred_count == 0)
        return invalid(reading, "deferredPayment");
    if (!cJSON_IsArray(columns) || columns->child == NULL)
        return invalid(reading, "columns");
    schema->columns = calloc((size_t)cJSON_GetArraySize(columns), sizeof *schema->columns);
    if (schema->columns == NULL)
        return error_set_memory(reading->error);
    cJSON_ArrayForEach(item, columns)
    {
        reading->column = NULL;
        if (!parse_column(&schema->columns[schema->count++], item, reading))
            return false;
    }
    if (!check_columns(schema, columns, reading))
        return false;
    reading->column = NULL;
    return column_of_field(schema, ORDER_FIELD_ID) != ORDER_NO_COLUMN || invalid(reading, "field id");
}

bool order_schema_parse(struct order_schema *schema, struct span json, const char *path, struct error *error)
{
    struct reading reading = {path, NULL, error};
    *schema = (struct order_schema){.json = json_parse(json)};
    if (parse(schema, &reading))
        return true;
    order_schema_free(schema);
    return false;
}

bool order_schema_defers_all(const struct order_schema *schema)
{
    for (size_t i = 0; i < schema->deferred_count; i++)
        if (*schema->deferred[i] == '\0')
            return true;
    return false;
}

void order_schema_defer_all(struct order_schema *schema)
{
    for (size_t i = 0; i < schema->deferred_count; i++)
        schema->deferred[i] = "";
}

size_t order_schema_column(const struct order_schema *schema, enum order_field field)
{
    for (size_t column = 0; column < schema->count; column++)
        if (schema->columns[column].field == field)
            return column;
    return ORDER_NO_COLUMN;
}

void order_schema_free(struct order_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        free(schema->columns[i].aliases);
    free(schema->columns);
    free(schema->deferred);
    cJSON_Delete(schema->json);
    *schema = (struct order_schema){0};
}

/* ---- The layout of one file ---- */

/* Blanks around a heading are not part of it. */
static struct span trimmed(struct span text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (struct span){text.data + 1, text.length - 1};
    while (text.length > 0 && (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

static bool allocate(struct order_layout *layout, const struct order_schema *schema, size_t count, struct error *error)
{
    layout->cells = calloc(schema->count, sizeof *layout->cells);
    layout->columns = calloc(count + 1, sizeof *layout->columns);
    layout->headings = calloc(count + 1, sizeof *layout->headings);
    if (layout->cells == NULL || layout->columns == NULL || layout->headings == NULL)
        return error_set_memory(error);
    for (size_t i = 0; i < schema->count; i++)
        layout->cells[i] = ORDER_NO_COLUMN;
    return true;
}

static bool match_headings(struct order_layout *layout, const struct order_schema *schema, const struct span *headings,
                           size_t count, const char *path, struct error *error)
{
    for (size_t cell = 0; cell < count; cell++) {
        struct span heading = trimmed(headings[cell]);
        char *copy = strndup(heading.length > 0 ? heading.data : "", heading.length);
        if (copy == NULL)
            return error_set_memory(error);
        layout->headings[layout->heading_count++] = (struct span){copy, heading.length};
        size_t column = column_called(schema, heading);
        layout->columns[cell] = column;
        if (column == ORDER_NO_COLUMN)
            continue;
        if (layout->cells[column] != ORDER_NO_COLUMN)
            return error_set(error, ERROR_INPUT, "HEADER_DUPLICATE", path, copy, NULL, NULL);
        layout->cells[column] = cell;
    }
    return true;
}

static void index_fields(struct order_layout *layout, const struct order_schema *schema)
{
    for (size_t field = 0; field < ORDER_FIELDS; field++)
        layout->by_field[field] = ORDER_NO_COLUMN;
    for (size_t column = schema->count; column-- > 0;)
        if (order_layout_serves(layout, schema, column))
            layout->by_field[schema->columns[column].field] = column;
    layout->by_field[ORDER_FIELD_NONE] = ORDER_NO_COLUMN;
}

static bool find(struct order_layout *layout, const struct order_schema *schema, const struct span *headings,
                 size_t count, const char *path, struct error *error)
{
    if (!allocate(layout, schema, count, error) || !match_headings(layout, schema, headings, count, path, error))
        return false;
    index_fields(layout, schema);
    if (order_layout_column(layout, ORDER_FIELD_ID) == ORDER_NO_COLUMN)
        return error_set(error, ERROR_INPUT, "HEADER_NO_ORDER_ID", path, NULL, NULL, NULL);
    if (order_layout_column(layout, ORDER_FIELD_PAYMENT) == ORDER_NO_COLUMN && !order_schema_defers_all(schema))
        return error_set(error, ERROR_INPUT, "HEADER_NO_PAYMENT", path, NULL, NULL, NULL);
    return true;
}

bool order_layout_find(struct order_layout *layout, const struct order_schema *schema, const struct span *headings,
                       size_t count, const char *path, struct error *error)
{
    *layout = (struct order_layout){0};
    if (find(layout, schema, headings, count, path, error))
        return true;
    order_layout_free(layout);
    return false;
}

void order_layout_free(struct order_layout *layout)
{
    for (size_t i = 0; i < layout->heading_count; i++)
        free((char *)layout->headings[i].data);
    free(layout->headings);
    free(layout->cells);
    free(layout->columns);
    *layout = (struct order_layout){0};
}

size_t order_layout_column_to_fix(const struct order_layout *layout, const struct order_schema *schema,
                                  enum order_field field)
{
    size_t column = order_layout_column(layout, field);
    return column != ORDER_NO_COLUMN ? column : order_schema_column(schema, field);
}

struct span order_layout_heading(const struct order_layout *layout, const struct order_schema *schema, size_t column)
{
    size_t cell = layout->cells[column];
    return cell != ORDER_NO_COLUMN ? layout->headings[cell] : span_of(schema->columns[column].name);
}
