/* order/rules.h: what is wrong with an order, before anything is sent. Pure: an order in, findings out.
 *
 *   code                 rule                                                                      stands on
 *   COLUMN_MISSING       a column that 買い手情報登録 needs is not in the file                       all rows
 *   REQUIRED             a needed cell is empty (needs of the schema: always, or on N or U rows)   the row
 *   CONTROL_INVALID      コントロールカラム is N, U or D                                            the row
 *   ORDER_ID_SIZE        受注ID has 64 UTF-16 units at most                                         the row
 *   NOT_DIGITS           ids are half-width digits                                                 the row
 *   NOT_A_NUMBER         amounts and counts are whole numbers                                      the row
 *   DATETIME_INVALID     times are times that exist                                                the row
 *   ITEM_NAME_SIZE       商品名 has 1 to 255 UTF-16 units                                           the row
 *   ITEM_ID_SIZE         商品番号 (or the column in its place) has 1 to 36                           the row
 *   ITEM_ID_NON_ASCII    … and half-width characters only                                          the row
 *   SUBTOTAL_MISMATCH    小計 = 単価 × 個数, where the three columns are there                       the row
 *   TOTAL_MISMATCH       請求金額 = Σ小計 + 送料 + 手数料 − 値引, where the columns are there          all rows
 *   ORDER_FIELD_DIFFERS  a field of the order is the same on all of its rows                       the later row
 *
 * A damaged row is not judged, and neither are sums it belongs to. */
#ifndef ORDER_RULES_H
#define ORDER_RULES_H

#include "order/finding.h"
#include "order/order.h"

enum {
    RULES_ITEM_NAME_MAX = 255, /* UTF-16 units: the service's limits (error table of the manual) */
    RULES_ITEM_ID_MAX = 36,
    RULES_ORDER_ID_MAX = 64, /* UTF-16 units [assumed: no limit of the service is known] */
    RULES_EXCERPT_MAX = 40,  /* characters of a cell that are quoted in a message */
};

/* Add what is wrong with `order`, whose lines are sorted (order_sort()). */
void rules_check(const struct order_columns *columns, const struct order *order, struct findings *findings);

#endif
