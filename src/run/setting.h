/* run/setting.h: what the merchant wants to stand on the rows of orders that are done: a new ステータスコード, a new
 * 店舗ステータス. */
#ifndef RUN_SETTING_H
#define RUN_SETTING_H

#include "run/work.h"

enum setting {
    SETTING_STATUS,      /* --set-status: ステータスコード */
    SETTING_SHOP_STATUS, /* --set-shop-status: 店舗ステータス */
    SETTINGS,
};

/* The value that was asked for, in UTF-8; NULL: the cell stays as it is. Borrowed from `options`. */
const char *setting_value(const struct atobarai_options *options, enum setting setting);

/* Whether the values may stand in a cell: not blank, no control characters, no beginning of a formula. False:
 * USAGE_BAD_VALUE (kind ERROR_USAGE) with the option {1} and the value {2}. */
bool setting_check_values(const struct atobarai_options *options, struct error *error);

/* Whether the file, whose header has been read, has the columns. False: SET_STATUS_NO_COLUMN (kind ERROR_USAGE) with
 * the column's name in the schema {1} and the option {2}. */
bool setting_check_columns(const struct work *work, struct error *error);

/* The cell of a row that gets the value, from 0; CSV_NO_CELL: none, for nothing was asked for or there is no column. */
size_t setting_cell(const struct work *work, enum setting setting);

#endif
