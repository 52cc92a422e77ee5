#!/usr/bin/env python3
"""Random orders that are valid are never flagged; with one mutation they are flagged with the code of that mutation, at
its row and column, and with nothing else. And the number of jobs changes nothing.

    test_properties.py [CODE...]     only the mutations that are to give these codes

ATOBARAI_SEED makes other files; ATOBARAI_MUTATIONS is how many orders are mutated (as many stay valid). On a build with
sanitizers, whose path has "asan" in it, it is a tenth. A file that shows a failure is kept, and named.
"""
import csv
import itertools
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from pathlib import Path

import random_orders as made
from harness import HEADINGS, PROGRAM, Case, check, done, run
from random_orders import (BROKEN, BUYER, CONTROL, DELIVERY, EMAIL, FEES, ID, ITEM_CODE, ITEM_ID, ITEM_NAME, KANA,
                           LINE_ID, MALL, NUMBER, ORDER_LEVEL, PAYMENT, PRICE, QUANTITY, SHIP_DATE, SHOP, SUBTOTAL,
                           TIME, TOTAL, UNKNOWN, USED, below, pick, put_all, put_amounts, rand)

SANITIZED = "asan" in PROGRAM
SEED = int(os.environ.get("ATOBARAI_SEED", "20261105"))
MUTATIONS = int(os.environ.get("ATOBARAI_MUTATIONS", "10000" if SANITIZED else "100000"))
ORDERS = 1000 if SANITIZED else 5000  # of one file
ENCODINGS = ["cp932", "cp932", "cp932", "utf-8", "cp932", "cp932", "utf-8-sig", "cp932"]  # of one file after another
SECOND = 5000000     # from here on, numbers of orders that a mutation adds
ROW_MAX = 1024 * 1024  # bytes of a row
LINES_MAX = 1000     # rows of an order
ANY = None           # as エラー項目: whatever it is

WARNINGS = {"ITEM_ID_PUNCTUATION", "PHONE_REPAIRED", "POSTAL_CODE_REPAIRED", "FORMULA_TEXT", "DATE_INVALID",
            "DELIVERY_DIFFERS", "ORDER_NO_ITEMS", "ROW_REPEATED", "CONTROL_CHARACTER", "NOT_KANA"}
STATUS_CODE, CODE_CELL = "ステータスコード", HEADINGS.index("エラーコード")
BUYER_TEXTS = [BUYER[0], *BUYER[2:5]]
DELIVERY_TEXTS = [DELIVERY[0], *DELIVERY[2:5]]


# ---- Mutations: each gets a layout and an order, and says in order.found what must be found, or returns False where it
# ---- does not apply, with the order as it was ----

def found_on_all(layout, order, code, item):
    order.found = {place: (code, item) for place in range(len(order.rows))}
    return True


def one_value(values, order):
    return values(order) if callable(values) else pick(values)


def on_all(code, columns, values, only=lambda order: True):
    """One field of the order gets a wrong value, the same on all of its rows."""
    def mutate(layout, order):
        key = layout.one_of(columns)
        if key is None or not only(order) or (key == ID and order.gone):  # deleted rows would be all that is left of it
            return False
        put_all(layout, order, key, one_value(values, order))
        return found_on_all(layout, order, code, layout.heading[key])
    return mutate


def on_row(code, columns, values, only=lambda order: True):
    """One cell of one row gets a wrong value."""
    def mutate(layout, order):
        key = layout.one_of(columns(layout) if callable(columns) else columns)
        if key is None or not only(order):
            return False
        place = below(len(order.rows))
        order.rows[place][layout.at[key]] = one_value(values, order)
        order.found = {place: (code, layout.heading[key])}
        return True
    return mutate


def serving_id(layout):
    return [layout.item_id]


def idle_code(layout):
    """商品コード where 商品番号 serves."""
    return [ITEM_CODE] if layout.item_id == ITEM_ID else []


def is_new(order):
    return order.control == "N"


def has_control(order):
    return order.control is not None


def is_single(order):
    return len(order.rows) == 1


def rounded(order):
    """What a spreadsheet makes of a long number; no two alike."""
    serial = order.serial
    return pick([f"{1 + serial % 9}.{serial:07d}E+{pick([11, 13, 15])}", f"{1 + serial % 9}.{serial:07d}E-05"])


def with_character(*characters):
    return lambda order: pick(["見本{}", "{}見本", "見{}本"]).format(pick(characters))


def private_character(order):
    return with_character(chr(0xE000 + below(0x756)))(order)


def unread_id(order):
    wide = f"{order.serial:07d}".translate(made.WIDE)
    short = made.order_id(order.serial)[1:]
    return pick([short + "A", "R" + short, short + "-", " " + short, wide, "番" + wide])


def too_long_id(order):
    return f"{order.serial:07d}" + "5" * 58


def subtotal(changed):
    """One of the three numbers of a line is changed, and the total with it."""
    def mutate(layout, order):
        if not layout.has(PRICE, QUANTITY, SUBTOTAL):
            return False
        place = below(len(order.rows))
        price, quantity = order.amounts[place] = 120 + below(50), 2 + below(3)
        put_amounts(layout, order)
        value = {PRICE: price, QUANTITY: quantity, SUBTOTAL: price * quantity}[changed] + 1
        order.rows[place][layout.at[changed]] = str(value)
        if changed == SUBTOTAL:
            put_all(layout, order, TOTAL, str(order.total + layout.knows_total))
        order.found = {place: ("SUBTOTAL_MISMATCH", "、".join(layout.heading[k] for k in (PRICE, QUANTITY, SUBTOTAL)))}
        return True
    return mutate


def total(changed):
    """The total, one of the fees, or one line is changed, and nothing else."""
    def mutate(layout, order):
        if not layout.knows_total:
            return False
        put_amounts(layout, order)
        if changed == "line":
            place = below(len(order.rows))
            written, order.amounts[place] = order.total, (order.amounts[place][0] + 1, order.amounts[place][1])
            put_amounts(layout, order)
            put_all(layout, order, TOTAL, str(written))
        else:
            value = order.total if changed == TOTAL else order.fees[FEES.index(changed)]
            put_all(layout, order, changed, str(value + 1))
        item = "、".join(layout.heading[key] for key in (TOTAL, SUBTOTAL, *FEES) if key in layout.at)
        return found_on_all(layout, order, "TOTAL_MISMATCH", item)
    return mutate


OTHER_VALUES = {SHOP: "9999", TIME: "2024-01-02 03:04:05", PAYMENT: "後払い（別）", EMAIL: "other@example.jp",
                KANA: "ベツ", "注文者郵便番号": "999-9999", "注文者電話番号": "0399999999", "送料": "77777", "手数料": "77777",
                "値引": "77777", TOTAL: "999998"}


def differs(columns):
    """A later row says otherwise about the order than the first one."""
    def mutate(layout, order):
        key = layout.one_of(columns)
        if key is None or len(order.rows) < 2:
            return False
        place = 1 + below(len(order.rows) - 1)
        value = f"M{order.serial:07d}-D" if key == MALL else OTHER_VALUES.get(key, "別の値")
        if key == PAYMENT and rand() < .5:
            value = "代金引換"
        order.rows[place][layout.at[key]] = value
        order.found = {place: ("ORDER_FIELD_DIFFERS", layout.heading[key])}
        return True
    return mutate


def small_amounts(order):
    """As a beginning: 100 for each line, and no fees. The sum of the lines."""
    order.amounts = [(100, 1)] * len(order.rows)
    order.fees = [0, 0, 0]
    return 100 * len(order.rows)


def range_of_total(high):
    """The total is right: that of large parts, or a discount takes all of them away."""
    def mutate(layout, order):
        lines = small_amounts(order)
        if high:
            order.amounts[0] = (900000, 1)
            order.fees = [200000, 0, 0]
            order.total = 1000000 + below(100000)
        else:
            order.fees = [0, 0, lines + pick([0, 1, 500])]
            order.total = -below(2)
        put_amounts(layout, order, least=-lines - 500)
        put_all(layout, order, TOTAL, str(order.total))
        return found_on_all(layout, order, "NUMBER_RANGE", layout.heading[TOTAL])
    return mutate


def range_of_fee(fee, value):
    """The other parts make up for it, so that the total is right."""
    def mutate(layout, order):
        if fee not in layout.at:
            return False
        small_amounts(order)
        if fee == "値引" and value > 0:
            order.amounts[0] = (900000, 1)
            order.fees = [200000, 0, 0]
        elif value > 0:
            order.fees = [0, 0, 900000]
        order.fees[FEES.index(fee)] = value
        put_amounts(layout, order)
        return found_on_all(layout, order, "NUMBER_RANGE", layout.heading[fee])
    return mutate


def range_of_quantity(layout, order):
    if QUANTITY not in layout.at:
        return False
    place = below(len(order.rows))
    order.amounts[place] = (pick([1, 2]), pick([0, -1, 10000, 12345]))
    put_amounts(layout, order)
    order.found = {place: ("NUMBER_RANGE", layout.heading[QUANTITY])}
    return True


def range_of_line(key):
    """単価 or 小計, with the other one empty, so that no product can be wrong."""
    other = SUBTOTAL if key == PRICE else PRICE
    def mutate(layout, order):
        if key not in layout.at or (key == PRICE and layout.knows_total and SUBTOTAL not in layout.at):
            return False
        place = below(len(order.rows))
        if key == SUBTOTAL:  # a discount makes up for it
            small_amounts(order)
            order.amounts[place] = (pick([1000000, 1500000]), 1)
            order.fees = [0, 0, 900000]
            put_amounts(layout, order)
        row = order.rows[place]
        if key == PRICE:
            row[layout.at[key]] = pick(["1000000", "-1000000", "99999999"])
        if other in layout.at:
            row[layout.at[other]] = ""
        order.found = {place: ("NUMBER_RANGE", layout.heading[key])}
        return True
    return mutate


def cells_missing(lost):
    """The row ends too early, or a cell in it is lost and all behind it have moved up."""
    def mutate(layout, order):
        last = max(layout.at[key] for key in USED if key in layout.at)
        first = layout.at[ID] + 1
        if first > last or (lost == "within" and last != len(layout.keys) - 1):
            return False
        place = below(len(order.rows))
        at = first + below(last - first + 1)
        row = order.rows[place]
        order.rows[place] = row[:at] if lost == "end" else row[:at] + row[at + 1:]
        order.found = {place: ("CELLS_MISSING", layout.headings[at if lost == "end" else -1])}
        return True
    return mutate


def cells_extra(layout, order):
    place = below(len(order.rows))
    row = order.rows[place]
    at = layout.at[ID] + 1 + below(len(row) - layout.at[ID])
    row.insert(at, pick(["", "x", "余分"]))
    order.found = {place: ("CELLS_EXTRA", f"{len(row)}列目")}
    return True


def spoilt_cell(code, character):
    """In any cell but the order id's."""
    def mutate(layout, order):
        place = below(len(order.rows))
        at = below(len(layout.keys))
        if at == layout.at[ID]:
            return False
        row = order.rows[place]
        row[at] = pick([row[at] + character, row[at] + character + " x", character])
        order.found = {place: (code, layout.headings[at])}
        return True
    return mutate


def stray_quote(layout, order):
    """In a cell behind the order id's. A line end elsewhere in such a row would make it look like several."""
    first = layout.at[ID] + 1
    if first == len(layout.keys):
        return False
    place = below(len(order.rows))
    at = first + below(len(layout.keys) - first)
    row = order.rows[place] = [cell.replace("\r", "").replace("\n", "") for cell in order.rows[place]]
    row[at] = pick(['モニター27"型', '"特価"品', '"27" 型"', '27"'])
    order.raw = {place: at}
    order.found = {place: ("QUOTE_STRAY", layout.headings[at])}
    return True


def lost_row(layout, order):
    """The order id of one row is spoilt: that row may belong to the order of the others, which is held back. It costs
    as much as they do, so that the total is right for either."""
    if len(order.rows) < 2 or order.control == "N":
        return False
    place = below(len(order.rows))
    order.amounts[place] = (0, 1)
    put_amounts(layout, order)
    others = str(sum(price * quantity for price, quantity in order.amounts))
    for key, value in ((PRICE, others), (QUANTITY, "1"), (SUBTOTAL, others)):
        if key in layout.at:
            order.rows[place][layout.at[key]] = value
    order.rows[place][layout.at[ID]] += BROKEN
    if MALL in layout.at:
        put_all(layout, order, MALL, "")
    found_on_all(layout, order, "DAMAGED_ROW_NEAR", "")
    order.found[place] = ("ENCODING_INVALID", layout.heading[ID])
    return True


def postal_code_elsewhere(who):
    """Six digits, which do not begin a code of the place that the address names."""
    prefecture, street, code = who + "都道府県", who + "住所1", who + "郵便番号"
    def mutate(layout, order):
        if code not in layout.at:
            return False
        for key, value in ((prefecture, "東京都"), (street, "東京都千代田区永田町1-7-1")):
            if key in layout.at:
                put_all(layout, order, key, value)
        put_all(layout, order, code, pick(["100014", "600001", "10001", "300001"]))
        return found_on_all(layout, order, "POSTAL_CODE_INVALID", layout.heading[code])
    return mutate


def postal_code_repaired(who):
    prefecture, street, code = who + "都道府県", who + "住所1", who + "郵便番号"
    def mutate(layout, order):
        if code not in layout.at or not (prefecture in layout.at or street in layout.at):
            return False
        place, value = pick([("北海道", "600001"), ("北海道", "400000"), ("北海道", "993200"), ("北海道", "10001"),
                             ("秋田県", "100951"), ("岩手県", "200023"), ("青森県", "300801")])
        if prefecture in layout.at:
            put_all(layout, order, prefecture, place)
        if street in layout.at:
            put_all(layout, order, street, "見本町1-2" if prefecture in layout.at else place + "見本町1-2")
        put_all(layout, order, code, value)
        return found_on_all(layout, order, "POSTAL_CODE_REPAIRED", layout.heading[code])
    return mutate


def same_line_id(layout, order):
    if not order.has_line_ids or len(order.rows) < 2:
        return False
    place = 1 + below(len(order.rows) - 1)
    order.rows[place][layout.at[LINE_ID]] = order.rows[below(place)][layout.at[LINE_ID]]
    order.found = {place: ("LINE_ID_DUPLICATE", layout.heading[LINE_ID])}
    return True


def same_row(code, with_line_id):
    """A row is in the file twice. It costs nothing, so that no sum is wrong; columns that nobody knows may differ."""
    def mutate(layout, order):
        if order.has_line_ids != with_line_id:
            return False
        place = below(len(order.rows))
        order.amounts[place] = (0, 1)
        put_amounts(layout, order)
        copy = order.rows[place][:]
        for key in UNKNOWN:
            if key in layout.at and rand() < .5:
                copy[layout.at[key]] = "写し"
        later = place + 1 + below(len(order.rows) - place)
        order.rows.insert(later, copy)
        order.found = {later: (code, layout.heading[LINE_ID] if with_line_id else ANY)}
        return True
    return mutate


def same_mall_number(layout, order):
    """A second order has the 受注番号 of this one: every row of both is flagged."""
    if MALL not in layout.at:
        return False
    other = made.make_order(layout, order.serial + SECOND)
    for key in (MALL, SHOP):
        if key in layout.at:
            value = order.rows[0][layout.at[key]] or (f"M{order.serial:07d}-T" if key == MALL else "7")
            put_all(layout, order, key, value)
            put_all(layout, other, key, value)
    other.kind = order.kind
    order.others = [other]
    for one in (order, other):
        found_on_all(layout, one, "MALL_NUMBER_TWICE", layout.heading[MALL])
    return True


def delivery_differs(layout, order):
    """One line but the first goes elsewhere."""
    first = made.first_line(order)
    filled = [key for key in DELIVERY if key in layout.at and order.rows[first][layout.at[key]]]
    if not filled or len(order.rows) < 2:
        return False
    key = pick(filled)
    place = pick([i for i in range(len(order.rows)) if i != first])
    order.rows[place][layout.at[key]] = {DELIVERY[1]: "999-9999", DELIVERY[5]: "0399999999"}.get(key, "別の値")
    order.found = {place: ("DELIVERY_DIFFERS", ANY)}
    return True


def all_deleted(layout, order):
    if not has_control(order):
        return False
    order.rows += order.gone
    order.gone = []
    put_all(layout, order, CONTROL, "D")
    return found_on_all(layout, order, "ORDER_NO_ITEMS", ANY)


def formula(columns, everywhere):
    """The value of a cell, as spreadsheets keep its leading zeros."""
    def mutate(layout, order):
        key = layout.one_of(columns)
        place = below(len(order.rows))
        value = order.rows[place][layout.at[key]] if key else ""
        if not value or '"' in value:
            return False
        if everywhere:
            put_all(layout, order, key, f'="{value}"')
            return found_on_all(layout, order, "FORMULA_TEXT", layout.heading[key])
        order.rows[place][layout.at[key]] = f'="{value}"'
        order.found = {place: ("FORMULA_TEXT", layout.heading[key])}
        return True
    return mutate


NO_CONTROL = ["n", "Ｎ", "X", "u", "0", "NU", "d", " U"]
BLANK = ["", " ", "　", " 　 "]
NO_NUMBER = ["1,980", "1980円", "￥100", "12.5", "百", "abc", "1 000", "--1", "-", "12a"]
NO_DIGITS = ["A100", "１００", "10-1", "10.5", "百", " 100", "-5"]
NO_TIME = ["2026-02-30 10:00:00", "2026-13-01 10:00:00", "2026-11-02 24:00:00", "2026-11-02", "昨日", "11/2/2026 9:00",
           "2026年11月2日 9時", "2026-11-02 9:60", "20261102090000", "2026-11/02 09:00:00"]
NO_PHONE = ["12345", "0012345678", "03-1234-56789", "03-1234-567", "なし", "03-1234-567a", "012345678901", "031234567",
            "0312345678内線12", "090-1234-567", "09012345678901", "1234567890", "０３－１２３４－５６７", "mihon@example.com",
            "0901234567", "050-123-4567"]
LOST_ZERO = ["312345678", "612345678", "9012345678", "8012345678", "7012345678", "5012345678", "2012345678"]
ABROAD = ["+81-3-1234-5678", "+81312345678", "+819012345678", "+81 90 1234 5678", "81-90-1234-5678", "81-3-1234-5678"]
NO_POSTAL_CODE = ["123", "12345678", "1000-014", "100_0014", "100-001a", "〒100-00145", "千代田区", "100--0014"]
NO_EMAIL = ["taro＠example.com", "taroexample.com", "a@@example.com", "a@b@example.com", "taro@example", "@example.com",
            "taro @example.com", "(taro)@example.com", "taro,@example.com", "taro@", "taro@exam_ple.com",
            "taro@example..com", "ｔaro@example.com", "見本@example.com", "a" * 65 + "@example.com", "<taro@example.com>",
            "taro@例示.jp", "a:b@example.com", "a;b@example.com", "a[1]@example.com", "a\\b@example.com",
            '"a"@example.com', "a" * 64 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + ".example"]
NO_DATE = ["11月25日", "2026-13-01", "2026-02-30", "至急", "25/11/2026", "2026-11", "最短で", "11-25"]
NO_KANA = ["見本", "ミホン太郎", "ミホン!", "ﾐﾎﾝ#", "ミホン@", "①", "ミホン＝タロウ", "ミホン,タロウ", "ミホン〒"]
CONTROLS = ["\t", "\n", "\r\n", "\x01", "\x0b", "\x1b"]
WIDE_IDS = ["茶1", "ＡＢＣ", "a①", "ｱ1", "1　2", "髙"]
PUNCTUATED = ["A-1", "a_b", "A 1", "1.5", "a/b", "#1", "A-" + "9" * 34, "a,b", "x+y"]
WHOLE_ORDER = [TOTAL, *FEES]
PER_LINE = [PRICE, QUANTITY, SUBTOTAL, NUMBER]
PHONES = [BUYER[5], DELIVERY[5]]
POSTAL_CODES = [BUYER[1], DELIVERY[1]]
OF_NEW = [SHOP, MALL, STATUS_CODE]

# The code that is to be found, what was done, and what does it.
KINDS = [
    ("REQUIRED", "a field of the order", on_all("REQUIRED", [TIME, PAYMENT, BUYER[0], TOTAL], BLANK)),
    ("REQUIRED", "what N needs", on_all("REQUIRED", OF_NEW, BLANK, is_new)),
    ("REQUIRED", "明細ID", on_row("REQUIRED", [LINE_ID], BLANK, has_control)),
    ("REQUIRED", "商品コード", on_row("REQUIRED", idle_code, BLANK, has_control)),
    ("REQUIRED", "コントロールカラム", on_row("REQUIRED", [CONTROL], BLANK)),
    ("REQUIRED", "受注ID", on_row("REQUIRED", [ID], BLANK, lambda order: is_single(order) and not order.gone)),
    ("CONTROL_INVALID", "no such letter", on_row("CONTROL_INVALID", [CONTROL], NO_CONTROL)),
    ("ORDER_ID_SIZE", "a little too long", on_all("ORDER_ID_SIZE", [ID], too_long_id)),
    ("ORDER_ID_SIZE", "much too long", on_all("ORDER_ID_SIZE", [ID], lambda order: "7" * 300, is_single)),
    ("NOT_DIGITS", "受注ID", on_all("NOT_DIGITS", [ID], unread_id, is_single)),
    ("NOT_DIGITS", "店舗ID", on_all("NOT_DIGITS", [SHOP], NO_DIGITS)),
    ("NOT_DIGITS", "明細ID", on_row("NOT_DIGITS", [LINE_ID], NO_DIGITS)),
    ("NOT_A_NUMBER", "an amount of the order", on_all("NOT_A_NUMBER", WHOLE_ORDER, NO_NUMBER)),
    ("NOT_A_NUMBER", "a number of a line", on_row("NOT_A_NUMBER", PER_LINE, NO_NUMBER)),
    ("DATETIME_INVALID", "no time", on_all("DATETIME_INVALID", [TIME], NO_TIME)),
    ("ITEM_NAME_SIZE", "empty", on_row("ITEM_NAME_SIZE", [ITEM_NAME], [""])),
    ("ITEM_NAME_SIZE", "too long", on_row("ITEM_NAME_SIZE", [ITEM_NAME], ["茶" * 256, "a" * 256, "茶" * 3000])),
    ("ITEM_ID_SIZE", "empty", on_row("ITEM_ID_SIZE", serving_id, [""])),
    ("ITEM_ID_SIZE", "too long", on_row("ITEM_ID_SIZE", serving_id, ["A" * 37, "1" * 200])),
    ("ITEM_ID_NON_ASCII", "full width", on_row("ITEM_ID_NON_ASCII", serving_id, WIDE_IDS)),
    ("SUBTOTAL_MISMATCH", "単価", subtotal(PRICE)),
    ("SUBTOTAL_MISMATCH", "個数", subtotal(QUANTITY)),
    ("SUBTOTAL_MISMATCH", "小計", subtotal(SUBTOTAL)),
    ("TOTAL_MISMATCH", "請求金額", total(TOTAL)),
    ("TOTAL_MISMATCH", "送料", total("送料")),
    ("TOTAL_MISMATCH", "手数料", total("手数料")),
    ("TOTAL_MISMATCH", "値引", total("値引")),
    ("TOTAL_MISMATCH", "a line", total("line")),
    ("ORDER_FIELD_DIFFERS", "a text", differs([key for key in ORDER_LEVEL if key not in WHOLE_ORDER])),
    ("ORDER_FIELD_DIFFERS", "an amount", differs(WHOLE_ORDER)),
    ("ORDER_FIELD_DIFFERS", "支払方法", differs([PAYMENT])),
    ("CELLS_MISSING", "at the end", cells_missing("end")),
    ("CELLS_MISSING", "within", cells_missing("within")),
    ("CELLS_EXTRA", "one more", cells_extra),
    ("ENCODING_INVALID", "a broken byte", spoilt_cell("ENCODING_INVALID", BROKEN)),
    ("NUL_BYTE", "a NUL", spoilt_cell("NUL_BYTE", "\0")),
    ("QUOTE_STRAY", "a quote within", stray_quote),
    ("DAMAGED_ROW_NEAR", "a spoilt 受注ID", lost_row),
    ("TEXT_TOO_LONG", "of the buyer", on_all("TEXT_TOO_LONG", [BUYER[0], *BUYER[3:5]], ["見" * 256, "本" * 900])),
    ("TEXT_TOO_LONG", "カナ", on_all("TEXT_TOO_LONG", [KANA], ["ミ" * 256, "ﾐ" * 257])),
    ("TEXT_TOO_LONG", "of the delivery", on_all("TEXT_TOO_LONG", [DELIVERY[0], *DELIVERY[3:5]], ["見" * 256])),
    ("NUMBER_RANGE", "請求金額, too high", range_of_total(True)),
    ("NUMBER_RANGE", "請求金額, too low", range_of_total(False)),
    ("NUMBER_RANGE", "送料, too high", range_of_fee("送料", 1000000)),
    ("NUMBER_RANGE", "送料, too low", range_of_fee("送料", -1)),
    ("NUMBER_RANGE", "手数料, too high", range_of_fee("手数料", 1200000)),
    ("NUMBER_RANGE", "手数料, too low", range_of_fee("手数料", -330)),
    ("NUMBER_RANGE", "値引, too high", range_of_fee("値引", 1000000)),
    ("NUMBER_RANGE", "値引, too low", range_of_fee("値引", -100)),
    ("NUMBER_RANGE", "個数", range_of_quantity),
    ("NUMBER_RANGE", "単価", range_of_line(PRICE)),
    ("NUMBER_RANGE", "小計", range_of_line(SUBTOTAL)),
    ("NUMBER_RANGE", "項番", on_row("NUMBER_RANGE", [NUMBER], ["1000000", "-1", "999999999"])),
    ("NUMBER_ROUNDED", "受注ID", on_all("NUMBER_ROUNDED", [ID], rounded, is_single)),
    ("NUMBER_ROUNDED", "of the order", on_all("NUMBER_ROUNDED", [SHOP, MALL, STATUS_CODE, *WHOLE_ORDER], rounded)),
    ("NUMBER_ROUNDED", "phone, postal code", on_all("NUMBER_ROUNDED", PHONES + POSTAL_CODES, rounded)),
    ("NUMBER_ROUNDED", "of a line", on_row("NUMBER_ROUNDED", [LINE_ID, *PER_LINE, ITEM_ID, ITEM_CODE], rounded)),
    ("NUMBER_ROUNDED", "送り状番号", on_row("NUMBER_ROUNDED", ["送り状番号"], rounded)),
    ("GAIJI", "商品名", on_row("GAIJI", [ITEM_NAME], private_character)),
    ("GAIJI", "of the buyer", on_all("GAIJI", BUYER_TEXTS, private_character)),
    ("GAIJI", "of the delivery", on_row("GAIJI", DELIVERY_TEXTS, private_character, is_single)),
    ("TEXT_GARBLED", "商品名", on_row("TEXT_GARBLED", [ITEM_NAME], with_character("\ufffd"))),
    ("TEXT_GARBLED", "of the buyer", on_all("TEXT_GARBLED", BUYER_TEXTS, with_character("\ufffd"))),
    ("PHONE_INVALID", "no number", on_all("PHONE_INVALID", PHONES, NO_PHONE)),
    ("POSTAL_CODE_INVALID", "no code", on_all("POSTAL_CODE_INVALID", POSTAL_CODES, NO_POSTAL_CODE)),
    ("POSTAL_CODE_INVALID", "another place's", postal_code_elsewhere("注文者")),
    ("POSTAL_CODE_INVALID", "another delivery's", postal_code_elsewhere("送付先")),
    ("EMAIL_INVALID", "no address", on_all("EMAIL_INVALID", [EMAIL], NO_EMAIL)),
    ("LINE_ID_DUPLICATE", "of another row", same_line_id),
    ("ROW_DUPLICATE", "a copy", same_row("ROW_DUPLICATE", True)),
    ("MALL_NUMBER_TWICE", "two orders", same_mall_number),
    ("ITEM_ID_PUNCTUATION", "a mark", on_row("ITEM_ID_PUNCTUATION", serving_id, PUNCTUATED)),
    ("PHONE_REPAIRED", "a lost zero", on_all("PHONE_REPAIRED", PHONES, LOST_ZERO)),
    ("PHONE_REPAIRED", "Japan's code", on_all("PHONE_REPAIRED", PHONES, ABROAD)),
    ("POSTAL_CODE_REPAIRED", "of the buyer", postal_code_repaired("注文者")),
    ("POSTAL_CODE_REPAIRED", "of the delivery", postal_code_repaired("送付先")),
    ("FORMULA_TEXT", "a field of the order", formula([TIME, SHOP, MALL, *BUYER, KANA, EMAIL, *WHOLE_ORDER], True)),
    ("FORMULA_TEXT", "受注ID", formula([ID], True)),
    ("FORMULA_TEXT", "a cell of a line", formula([LINE_ID, ITEM_ID, ITEM_NAME, *PER_LINE], False)),
    ("DATE_INVALID", "no date", on_row("DATE_INVALID", [SHIP_DATE], NO_DATE)),
    ("DELIVERY_DIFFERS", "another line's", delivery_differs),
    ("ORDER_NO_ITEMS", "all rows D", all_deleted),
    ("ROW_REPEATED", "a copy", same_row("ROW_REPEATED", False)),
    ("CONTROL_CHARACTER", "商品名", on_row("CONTROL_CHARACTER", [ITEM_NAME], with_character(*CONTROLS))),
    ("CONTROL_CHARACTER", "of the buyer", on_all("CONTROL_CHARACTER", BUYER_TEXTS, with_character(*CONTROLS))),
    ("NOT_KANA", "something else", on_all("NOT_KANA", [KANA], NO_KANA)),
]


# ---- Files ----

def encodable(layout, order):
    """U+FFFD has no place in CP932."""
    return order.kind[0] != "TEXT_GARBLED" or layout.codec == "utf-8"


def mutate(layout, order, kinds):
    """The first kind that applies to this order, which goes to the end of the queue. None does: it stays valid."""
    for place, kind in enumerate(kinds):
        order.kind = kind
        if encodable(layout, order) and kind[2](layout, order):
            del kinds[place]
            kinds.append(kind)
            return True
    order.kind = None
    return False


def random_orders(layout, count, serial, kinds):
    """Every other order is mutated."""
    orders = []
    for i in range(count):
        order = made.make_order(layout, serial + i)
        if i % 2 == 0:
            mutate(layout, order, kinds)
        elif rand() < .08:
            made.spoil_other_payment(layout, order)
        orders += [order, *order.others]
    return orders


class Line:
    """One row of a file: its bytes, and what is to be found on it."""
    __slots__ = ("record", "order", "code", "item", "number", "pad")

    def __init__(self, record, order, code="", item="", pad=0):
        self.record, self.order, self.code, self.item, self.pad = record, order, code, item, pad
        self.number = 0


def shortened(layout, row):
    """A spreadsheet drops empty cells at the end of a row: how many of them can go."""
    count = 0
    while layout.keys[-1 - count] in UNKNOWN and not row[-1 - count]:
        count += 1
    return count


def lines_of(layout, order):
    found = order.found or {}
    others = ("SIBLING_ROW", "") if any(code not in WARNINGS for code, _ in found.values()) else ("", "")
    lines = []
    for place, row in enumerate(order.rows):
        pad = shortened(layout, row) if order.found is None and order.deferred and rand() < .3 else 0
        record = layout.record(row[:-pad] if pad else row, order.raw.get(place))
        lines.append(Line(record, order, *found.get(place, others), pad))
    for row in order.gone:
        lines.insert(below(len(lines) + 1), Line(layout.record(row), order))
    return lines


def in_file(layout, orders):
    """All rows in the order of the file: an order's rows stay in theirs, but need not be together."""
    queues = [deque(lines_of(layout, order)) for order in orders]
    slots = [place for place, queue in enumerate(queues) for _ in queue]
    if layout.apart:
        made.shuffle(slots)
    lines = []
    for slot in slots:
        lines.append(queues[slot].popleft())
        if rand() < .003:
            lines.append(Line(pick([b"", b"," * (len(layout.keys) - 1)]), None))
    for number, line in enumerate(lines, 2):
        line.number = number
    return lines


def write(path, layout, lines):
    end = layout.newline
    path.write_bytes(layout.header() + end + end.join(line.record for line in lines) + (end if rand() < .8 else b""))


# ---- What came of it ----

def wrong(line, cells, flagged):
    """What is wrong with the eight cells of a row: a sentence, or None."""
    code, item, message = cells[CODE_CELL:CODE_CELL + 3]
    if code != line.code:
        return f"エラーコード is {code or 'empty'}, not {line.code or 'empty'} ({item})"
    if item != line.item and (line.item is not ANY or "|" in item):
        return f"エラー項目 is {item!r}, not {line.item!r}"
    if not all(cells[CODE_CELL + 2:CODE_CELL + 5]) or cells[0] or cells[6]:
        return f"cells are empty that must not be, or the other way round: {cells}"
    if message.startswith("注意: ") != (code in WARNINGS):
        return f"エラー内容 begins with {message[:8]!r}"
    if code == "SIBLING_ROW" and not all(str(number) in message for number in flagged[:5]):
        return f"a sibling names other rows than {flagged}: {message}"
    return None


def flagged_rows(lines):
    """Order → the numbers of its rows that others have to name."""
    rows = {}
    for line in lines:
        if line.code not in ("", "SIBLING_ROW") and line.code not in WARNINGS:
            rows.setdefault(line.order, []).append(line.number)
    return rows


def tails(data, layout, lines):
    """What the program put behind each row of the file, whose own bytes must stand there untouched; the empty cells of
    a valid row are recognised here, all others are returned as pairs of row and text. Raises ValueError."""
    end = layout.newline
    empty = b',""' if layout.quoting == "all" else b","
    header = layout.header()
    at = data.find(end) + len(end)
    if not data.startswith(header + empty[:1]):
        raise ValueError("the header is another")
    flagged = []
    for line in lines:
        if not data.startswith(line.record, at):
            raise ValueError(f"row {line.number} is not what it was: {data[at:at + 200]!r}")
        begin = at + len(line.record)
        stop = data.find(end, begin)
        stop = stop if stop >= 0 else len(data)
        at = stop + len(end)
        if line.order is None:
            if stop != begin:
                raise ValueError(f"the blank row {line.number} got cells")
        elif line.code or not data.startswith(empty * (line.pad + 7), begin):
            flagged.append((line, data[begin + 1:stop].decode(layout.codec)))
    return flagged


def judge(path, layout, lines):
    """What is wrong with the result, as sentences."""
    try:
        flagged = tails(path.read_bytes(), layout, lines)
    except (ValueError, OSError) as error:
        return [str(error)]
    numbers = flagged_rows(lines)
    problems = []
    for (line, _), cells in zip(flagged, csv.reader(text for _, text in flagged)):
        problem = wrong(line, cells[-8:], numbers.get(line.order, []))
        if problem is not None:
            what = ", ".join(line.order.kind[:2]) if line.order.kind else "valid"
            record = line.record.decode(layout.codec, "replace")[:300]
            problems.append(f"row {line.number}, {what}: {problem}: {record}")
    return problems


def kept(path, name):
    """A file that shows a failure stays when the test is over."""
    folder = Path(tempfile.mkdtemp(prefix="atobarai-kept-"))
    shutil.copy(path, folder / name)
    return folder / name


def check_file(folder, layout, orders, title):
    """Check one file; what is wrong, as sentences."""
    source, out = folder / "orders.csv", folder / "out.csv"
    lines = in_file(layout, orders)
    write(source, layout, lines)
    status, _, errors = run("check", source, "-o", out, "--force", "--quiet")
    expected = int(any(line.code and line.code not in WARNINGS for line in lines))
    if status != expected:
        problems = [f"exit {status}, not {expected}: {errors[:300]}"]
    else:
        problems = judge(out, layout, lines)
    if problems:
        problems = problems[:8] + [f"seed {SEED}, {title}: {kept(source, 'orders.csv')}"]
    return problems


def count_kinds(orders, counts):
    counts.update(order.kind[:2] for order in orders if order.kind is not None and order.serial < SECOND)


def test_mutations(codes):
    kinds = [kind for kind in KINDS if not codes or kind[0] in codes]
    queue, counts, valid, serial = deque(kinds), Counter(), 0, 1
    made.shuffle(queue)
    with Case(f"random orders: half stay valid, {MUTATIONS} get one mutation") as case:
        for encoding in itertools.cycle(ENCODINGS):
            layout = made.Layout(encoding)
            orders = random_orders(layout, ORDERS, serial, queue)
            case.problems += check_file(case.tmp, layout, orders, f"orders from {serial}")
            count_kinds(orders, counts)
            valid += sum(order.kind is None for order in orders)
            serial += ORDERS
            if counts.total() >= MUTATIONS or case.problems:
                break
        for code, what, _ in kinds:
            print(f"# {code}, {what}: {counts[code, what]}")
            if not case.problems and MUTATIONS >= 10000:  # with fewer, no file may have had the columns for it
                case.true(f"{code}, {what} was tried", counts[code, what] > 0)
        print(f"# {counts.total()} mutated, {valid} valid")


# ---- What is too rare or too large for that ----

def test_missing_columns():
    """A column that every order needs is not in the file: every row says so."""
    with Case("a needed column is missing: every order is flagged, and with nothing else") as case:
        for number, columns in enumerate([[TIME], [ITEM_NAME], [TOTAL], [BUYER[0]], [ITEM_ID, ITEM_CODE]] * 4):
            layout = made.Layout()
            orders = [made.make_order(layout, i) for i in range(1, 101)]
            for key in columns:
                layout.drop(key, orders)
            for order in orders:
                found_on_all(layout, order, "COLUMN_MISSING", columns[0])
            case.problems += check_file(case.tmp, layout, orders, f"missing columns {number}")


def too_long(layout, order):
    place = below(len(order.rows))
    order.rows[place][-1] = "x" * ROW_MAX
    order.found = {place: ("ROW_TOO_LONG", layout.headings[-1])}
    order.kind = ("ROW_TOO_LONG", "", too_long)


def too_large(layout, order):
    found_on_all(layout, order, "ORDER_TOO_LARGE", layout.heading[ID])
    order.kind = ("ORDER_TOO_LARGE", "", too_large)


def test_sizes():
    with Case("a row of more than 1 MiB, an order of more than 1,000 rows") as case:
        for number in range(3):
            layout = made.Layout()
            while layout.keys[-1] == ID:  # the order id must stand before the long cell
                layout = made.Layout()
            orders = [made.make_order(layout, i) for i in range(1, 21)]
            too_long(layout, orders[3])
            largest, larger = (made.make_order(layout, 30 + i, LINES_MAX + i) for i in (0, 1))
            too_large(layout, larger)
            case.problems += check_file(case.tmp, layout, [*orders, largest, larger], f"sizes {number}")


def checked(case, source, jobs):
    """What a run with so many jobs gives: its result without the time of the run, and its summary without what it took.
    The time stands at the end of a row."""
    out, summary = case.tmp / f"out-{jobs}.csv", case.tmp / "summary.json"
    status, _, errors = run("check", source, "-o", out, "--jobs", jobs, "--summary-json", summary, "--quiet")
    case.equal(f"exit with --jobs {jobs} ({errors[:200]})", status, 1)
    numbers = json.loads(summary.read_text(encoding="utf-8"))
    del numbers["elapsed_ms"], numbers["phases_ms"], numbers["output"]
    time_at_end = rb'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d("?(?:\r?\n|\Z))'
    return re.sub(time_at_end, rb"\1", out.read_bytes()), numbers


def test_jobs():
    """The rows of an order lie apart, and good and bad orders are mixed."""
    rows = 10000 if SANITIZED else 100000
    with Case(f"{rows} rows with --jobs 1 and --jobs 8: the same result, the same summary") as case:
        layout = made.Layout()
        layout.apart = True
        orders, serial, kinds = [], 1, deque(KINDS)
        while sum(len(order.rows) for order in orders) < rows:
            orders += random_orders(layout, 1000, serial, kinds)
            serial += 1000
        lines = in_file(layout, orders)
        source = case.tmp / "orders.csv"
        write(source, layout, lines)
        one, many = checked(case, source, 1), checked(case, source, 8)
        case.true("the results are the same", one[0] == many[0])
        case.equal("summary", many[1], one[1])
        if case.problems:
            case.problems.append(f"seed {SEED}: {kept(source, 'orders.csv')}")


def main():
    begin = time.monotonic()
    print(f"# seed {SEED}")
    made.seed(SEED)
    unknown = set(sys.argv[1:]) - {code for code, _, _ in KINDS}
    if unknown:
        sys.exit(f"no mutation gives {' or '.join(sorted(unknown))}")
    check("there are 45 kinds of mutations or more", [] if len(KINDS) >= 45 else [str(len(KINDS))])
    test_mutations(sys.argv[1:])
    test_missing_columns()
    test_sizes()
    test_jobs()
    print(f"# {time.monotonic() - begin:.1f} s")
    return done()


if __name__ == "__main__":
    sys.exit(main())
