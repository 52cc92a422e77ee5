#!/usr/bin/env python3
"""Cells as spreadsheets and exports leave them, in whole rows and in rows that lack their empty ends.

Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import sys

from harness import Case, done, read_result, run

HEAD = ["コントロールカラム", "受注ID", "受注日時", "支払方法", "明細ID", "商品番号", "商品コード", "商品名", "請求金額",
        "注文者氏名", "注文者氏名カナ", "注文者電話番号", "出荷予定日", "備考"]


def cells(order, **changes):
    values = dict(zip(HEAD, ["U", str(order), "2026-11-05 08:10:00", "後払い", f"{order}1", "A1", "A1", "煎茶", "100",
                             "見本 太郎", "ミホン タロウ", "03-0000-0000", "2026-11-06", ""]))
    values.update(changes)
    return [value if isinstance(value, bytes) else value.encode("cp932") for value in values.values()]


def wrapped(text):
    """="text", as it stands in a quoted cell."""
    return b'"=""' + text.encode("cp932") + b'"""'


def judged(title, rows, codes):
    """What check says of `rows`, from row 2 on."""
    with Case(title) as case:
        path, out = case.tmp / "in.csv", case.tmp / "out.csv"
        path.write_bytes(b"".join(b",".join(row) + b"\r\n" for row in [[h.encode("cp932") for h in HEAD], *rows]))
        run("check", path, "-o", out)
        case.equal("codes", [row["エラーコード"] for row in read_result(out).values()], codes)


def main():
    judged("a wrapped cell is read as what is inside, which may be nothing",
           [cells(1, 注文者電話番号=wrapped("0300000000")), cells(2, 注文者電話番号=wrapped("")),
            cells(3, 商品名=wrapped("")), cells(4, 請求金額=wrapped("100")), cells(5, 備考=wrapped(""))],
           ["FORMULA_TEXT", "FORMULA_TEXT", "ITEM_NAME_SIZE|FORMULA_TEXT", "FORMULA_TEXT", ""])
    judged("wrapped cells are whole in a row without its empty end, too",
           [cells(1, 受注ID=wrapped("1"), 出荷予定日=wrapped(""))[:13], cells(2)[:13], cells(3)[:12],
            cells(4, 明細ID=wrapped(""))[:13]],
           ["FORMULA_TEXT|FORMULA_TEXT", "", "", "REQUIRED|FORMULA_TEXT"])
    judged("a text that cannot be read is told as such in a row without its empty end, whatever its column holds",
           [cells(10 + i, **{heading: b"\xFF"})[:13] for i, heading in enumerate(HEAD[5:8] + HEAD[9:12])]
           + [cells(2, 明細ID=b"\xFF")[:13]],
           ["ENCODING_INVALID"] * 6 + ["CELLS_MISSING"])
    return done()


if __name__ == "__main__":
    sys.exit(main())
