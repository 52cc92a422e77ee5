#!/usr/bin/env python3
"""A quote that is never closed must not take the rows behind it along in silence.

Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import sys

from harness import Case, done, run

HEADER = "コントロールカラム,受注ID,受注日時,支払方法,明細ID,商品番号,商品コード,商品名,請求金額,注文者氏名,備考"


def row(number, name="煎茶", note=""):
    return f"U,{number},2026-11-05 08:10:00,後払い,{number}1,A-1,A-1,{name},100,見本 太郎,{note}"


def refused(title, *rows):
    """The quote opens in 備考 (column 11) on row 3: the whole file is refused, and that place is named."""
    with Case(title) as case:
        path = case.tmp / "order.csv"
        path.write_bytes("".join(line + "\r\n" for line in (HEADER, *rows)).encode("cp932"))
        status, _, errors = run("check", path, "--lang", "en")
        case.equal("exit", status, 4)
        case.true("row 3, column 11 is named", "row 3, column 11 (備考)" in errors)


def main():
    refused("an unclosed quote, and text behind the next quote",
            row(101), row(102, note='"メモ'), row(103, name='"特価"'), row(104))
    refused("an unclosed quote, and a delimiter behind the next quote",
            row(101), row(102, note='"メモ'), row(103, name='",特価"'), row(104))
    return done()


if __name__ == "__main__":
    sys.exit(main())
