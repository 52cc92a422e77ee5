/* run/setting.c: see setting.h. */
#include "run/setting.h"

#include "order/value.h"
#include "text/harmless.h"
#include "text/utf8.h"

static const struct {
    const char *option;
    enum order_field field;
} settings[SETTINGS] = {
    [SETTING_STATUS] = {"--set-status", ORDER_FIELD_STATUS_CODE},
    [SETTING_SHOP_STATUS] = {"--set-shop-status", ORDER_FIELD_SHOP_STATUS},
};

const char *setting_value(const struct atobarai_options *options, enum setting setting)
{
    return setting == SETTING_STATUS ? options->set_status : options->set_shop_status;
}

/* What Robot-in can read back, and no spreadsheet makes anything of. */
static bool is_fit(struct span value)
{
    if (value_is_blank(value))
        return false;
    for (size_t at = 0, size = 0; at < value.length; at += size) {
        uint32_t character = utf8_decode((struct span){value.data + at, value.length - at}, &size);
        bool control = harmless_is_control(character);
        if (control || (at == 0 && harmless_begins_formula(character)))
            return false;
    }
    return true;
}

bool setting_check_values(const struct atobarai_options *options, struct error *error)
{
    for (enum setting i = 0; i < SETTINGS; i++) {
        const char *value = setting_value(options, i);
        if (value != NULL && !is_fit(span_of(value)))
            return error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, settings[i].option, value, NULL);
    }
    return true;
}

/* The column's name in the schema; the field's, where the schema knows no such column. */
static const char *column_name(const struct order_schema *schema, enum order_field field)
{
    size_t column = order_schema_column(schema, field);
    return column != ORDER_NO_COLUMN ? schema->columns[column].name : order_field_name(field);
}

bool setting_check_columns(const struct work *work, struct error *error)
{
    for (enum setting i = 0; i < SETTINGS; i++)
        if (setting_value(work->options, i) != NULL && setting_cell(work, i) == CSV_NO_CELL)
            return error_set(error, ERROR_USAGE, "SET_STATUS_NO_COLUMN", work->input,
                             column_name(&work->schema, settings[i].field), settings[i].option, NULL);
    return true;
}

size_t setting_cell(const struct work *work, enum setting setting)
{
    size_t column = order_layout_column(&work->layout, settings[setting].field);
    if (setting_value(work->options, setting) == NULL || column == ORDER_NO_COLUMN)
        return CSV_NO_CELL;
    return work->layout.cells[column];
}
