/* order/rules.h: what is wrong with an order, before anything is sent. Pure: an order in, findings out. What concerns
 * one cell by itself is in order/cells, lines that stand twice are in order/lines.
 *
 *   code                 rule                                                                      stands on
 *   COLUMN_MISSING       a column that 買い手情報登録 needs is not in the file                       all rows
 *   REQUIRED             a needed cell is empty (needs of the schema: always, or on N or U rows)   the row
 *   CONTROL_INVALID      コントロールカラム is N, U or D                                            the row
 *   ORDER_ID_SIZE        受注ID has 64 UTF-16 units at most                                         the row
 *   NOT_DIGITS           ids are half-width digits                                                 the row
 *   NOT_A_NUMBER         amounts and counts are whole numbers                                      the row
 *   NUMBER_RANGE         … within the bounds of the schema                                         the row
 *   NUMBER_ROUNDED       no number or code was shortened by a spreadsheet (1.23457E+11)            the row
 *   DATETIME_INVALID     times are times that exist                                                the row
 *   DATE_INVALID *       dates are dates that exist                                                the row
 *   PHONE_INVALID        phone numbers are such                                                    the row
 *   PHONE_REPAIRED *     … with the 0 at their beginning                                           the row
 *   POSTAL_CODE_INVALID  postal codes are such                                                     the row
 *   POSTAL_CODE_REPAIRED * … with the 0 at their beginning                                         the row
 *   EMAIL_INVALID        email addresses are such                                                  the row
 *   NOT_KANA *           kana are kana                                                             the row
 *   TEXT_TOO_LONG        a text has as many UTF-16 units as the schema allows, at most             the row
 *   GAIJI                what is sent holds no character of private use                            the row
 *   TEXT_GARBLED         … no U+FFFD, which another program puts where it cannot read              the row
 *   CONTROL_CHARACTER *  … no line end or other control character                                  the row
 *   ITEM_NAME_SIZE       商品名 has 1 to 255 UTF-16 units                                           the row
 *   ITEM_ID_SIZE         商品番号 (or the column in its place) has 1 to 36                           the row
 *   ITEM_ID_NON_ASCII    … and half-width characters only                                          the row
 *   ITEM_ID_PUNCTUATION * … letters and digits only                                                the row
 *   SUBTOTAL_MISMATCH    小計 = 単価 × 個数, where the three columns are there                       the row
 *   TOTAL_MISMATCH       請求金額 = Σ小計 + 送料 + 手数料 − 値引, where the columns are there          all rows
 *   ORDER_FIELD_DIFFERS  a field of the order is the same on all of its rows                       the later row
 *   LINE_ID_DUPLICATE    a 明細ID stands once in an order                                           the later row
 *   ROW_DUPLICATE        … and no row is there twice                                               the later row
 *   ROW_REPEATED *       no two rows without 明細ID are the same                                    the later row
 *   DELIVERY_DIFFERS *   all rows have the same 送付先                                              the other row
 *
 * That is what 買い手情報登録 needs. 出荷情報登録 needs 受注ID, 送り状番号 and 配送会社 only: to these cells the rules
 * about one cell apply as above, and
 *
 *   COLUMN_MISSING       the columns 送り状番号 and 配送会社 are in the file                           all rows
 *   REQUIRED             each has something on one row of the order                                the first row
 *   SHIP_SEVERAL_NUMBERS * all rows that have a 送り状番号 have the first row's                        the other row
 *
 * Whatever else concerns an order that the service has needs its 受注ID, and nothing but that is judged.
 *
 * Where the public protocol is what is spoken, ORDER_ID_SIZE, ITEM_NAME_SIZE, ITEM_ID_…, TEXT_TOO_LONG of what is sent,
 * NOT_KANA, CONTROL_CHARACTER, DELIVERY_DIFFERS and SHIP_SEVERAL_NUMBERS do not hold, and 商品番号 is not needed; in
 * their place come KURONEKO_ORDER_NUMBER (order/cells), and what order/limits makes of the remarks of order/kuroneko:
 * on the line's row where it is about a line, on the first row that names it where it is about a 送付先, otherwise on
 * all rows.
 *
 * Those with * are warnings: the catalogue says so. A damaged row is not judged, and neither are sums it belongs to. */
#ifndef ORDER_RULES_H
#define ORDER_RULES_H

#include "order/finding.h"
#include "order/kuroneko.h"
#include "order/order.h"

enum {
    RULES_ITEM_NAME_MAX = 255, /* UTF-16 units: the service's limits (error table of the manual) */
    RULES_ITEM_ID_MAX = 36,
    RULES_ORDER_ID_MAX = 64, /* UTF-16 units [assumed: no limit of the service is known] */
};

struct cells_memory;

/* What an order is to be good for. */
enum rules_purpose {
    RULES_REGISTER,
    RULES_SHIP,
    RULES_ID, /* what needs nothing of the order but its id: to cancel it, to ask for its status */
};

/* Whether anything can be wrong with a column of that field. */
bool rules_look_at(enum rules_purpose purpose, enum order_field field);

/* Add what is wrong with `order`, whose lines are sorted (order_sort()). `kuroneko`: what it is sent by is the public
 * protocol (order/kuroneko.h), whose limits are looked at; NULL: it is not. `memory` makes it quicker from order to
 * order of the same purpose (cells.h), and may be NULL. */
void rules_check(const struct order_columns *columns, const struct order *order, enum rules_purpose purpose,
                 const struct kuroneko_terms *kuroneko, struct cells_memory *memory, struct findings *findings);

#endif
