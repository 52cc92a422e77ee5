#!/usr/bin/env python3
"""No row is lost in silence: not behind a quote that is never closed, not where a cell was deleted and the others moved
up, not where the order id itself is spoilt.

Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import json
import sys

from harness import Case, done, read_result, run

HEADER = "コントロールカラム,店舗ID,受注ID,受注日時,支払方法,明細ID,商品番号,商品コード,商品名,請求金額,注文者氏名,備考,メモ"
COLUMNS = HEADER.count(",") + 1


def row(order, line=1, name="煎茶", note="", memo=""):
    return f"U,3,{order},2026-11-05 08:10:00,後払い,{order}{line},A{line},A{line},{name},100,見本 太郎,{note},{memo}"


def written(case, *rows):
    path = case.tmp / "order.csv"
    path.write_bytes(b"\r\n".join(line if isinstance(line, bytes) else line.encode("cp932")
                                  for line in (HEADER, *rows)) + b"\r\n")
    return path


def refused(title, column, *rows):
    """The quote opens on row 3: the whole file is refused, and that place is named."""
    with Case(title) as case:
        status, _, errors = run("check", written(case, *rows), "--lang", "en")
        case.equal("exit", status, 4)
        heading = HEADER.split(",")[column - 1]
        case.true(f"row 3, column {column} is named: {errors}", f"row 3, column {column} ({heading})" in errors)


def held_back(title, rows, codes, sent):
    """What register does with `rows`: the codes of the rows from 2 on, and how many orders go."""
    with Case(title) as case:
        out, summary = case.tmp / "out.csv", case.tmp / "out.json"
        status, _, _ = run("register", written(case, *rows), "-o", out, "--sandbox", "--summary-json", summary)
        case.equal("exit", status, 1)
        case.equal("codes", [cells["エラーコード"] for cells in read_result(out).values()], codes)
        case.equal("sent", json.loads(summary.read_text(encoding="utf-8"))["sent"], sent)


def without_cell(line, place):
    cells = line.split(",")
    return ",".join(cells[:place] + cells[place + 1:])


def joined_cells(line, place):
    cells = line.split(",")
    return ",".join(cells[:place] + [cells[place] + cells[place + 1]] + cells[place + 2:])


def main():
    refused("an unclosed quote, and text behind the next quote", 12,
            row(10001), row(10002, note='"メモ'), row(10003, name='"特価"'), row(10004))
    refused("an unclosed quote, and a delimiter behind the next quote", 12,
            row(10001), row(10002, note='"メモ'), row(10003, name='",特価"'), row(10004))
    refused("an unclosed quote, and a stray one in the same column of the next row", 9,
            row(10001), row(10002, name='"特価 みかん'), row(10003, name='モニター 27"'), row(10004))
    refused("an unclosed quote, and a stray one at the end of a later row", 13,
            row(10001), row(10002, memo='"メモ'), row(10003), row(10004, memo='終わり"'))

    held_back("a cell was deleted, and the others moved up: nothing is taken for another payment",
              [row(10001), without_cell(row(10002), 4), row(10003)], ["", "CELLS_MISSING", ""], 2)
    held_back("a comma is missing before the order id: its order is held back",
              [row(10001), row(10002), joined_cells(row(10002, 2), 1), row(10003)],
              ["", "DAMAGED_ROW_NEAR", "CELLS_MISSING", ""], 2)
    held_back("two such rows do not vouch for each other",
              [row(10001), joined_cells(row(10001, 2), 0), row(10002), joined_cells(row(10002, 2), 0), row(10003)],
              ["DAMAGED_ROW_NEAR", "CELLS_MISSING", "DAMAGED_ROW_NEAR", "CELLS_MISSING", ""], 1)
    held_back("an order id with half a character behind it",
              [row(10001), row(10001, 2).encode("cp932").replace(b",10001,", b",10001\x81,"), row(10002)],
              ["DAMAGED_ROW_NEAR", "ENCODING_INVALID", ""], 1)
    held_back("an order id with a NUL byte behind it",
              [row(10001), row(10001, 2).encode("cp932").replace(b",10001,", b",10001\0,"), row(10002)],
              ["DAMAGED_ROW_NEAR", "NUL_BYTE", ""], 1)
    refused("a quote that closes in a later row, and another that never does", 9,
            row(10001), row(10002, name='"煎茶'), row(10003, name='"特価"', memo='"終わり'))
    held_back("a blank behind a closing quote before the order id: its order is held back",
              [row(1001), row(1002), row(1002, 2).replace(",3,", ',"3" ,'), row(1003)],
              ["", "DAMAGED_ROW_NEAR", "QUOTE_STRAY", ""], 2)
    held_back("the same, and the next cell holds the id of another order",
              [row(10001), row(10002), row(10002, 2).replace(",3,10002,2026-11-05 08:10:00", ',"3" ,10002,10001'),
               row(10003)], ["DAMAGED_ROW_NEAR", "DAMAGED_ROW_NEAR", "QUOTE_STRAY", ""], 1)
    held_back("a stray quote behind the order id: the row is that order's",
              [row(1001), row(1002), row(1002, 2, note='"3" '), row(1003)], ["", "SIBLING_ROW", "QUOTE_STRAY", ""], 2)
    held_back("an order id longer than any: its row says so", [row(10001), row("7" * 300), row(10002)],
              ["", "ORDER_ID_SIZE", ""], 2)
    with Case("rows of empty cells, as a spreadsheet writes blank lines, are blank lines") as case:
        commas, out = "," * (COLUMNS - 1), case.tmp / "out.csv"
        path = written(case, row(10001), commas, '""' + ',""' * (COLUMNS - 1), row(10002, name=""), commas)
        status, _, _ = run("check", path, "-o", out)
        case.equal("exit", status, 1)
        lines = out.read_bytes().split(b"\r\n")
        case.equal("they stay as they were", [lines[2], lines[3], lines[5]], path.read_bytes().split(b"\r\n")[2:6:1][:2]
                   + [commas.encode()])
        case.true("row numbers count them", b"ITEM_NAME_SIZE" in lines[4] and "5行目".encode("cp932") in lines[4])
    return done()


if __name__ == "__main__":
    sys.exit(main())
