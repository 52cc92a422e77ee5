#!/usr/bin/env python3
"""How much longer a file takes in which every row is wrong than one without an error.

Writes both files (36 columns, CP932, all quoted, one to three lines an order), checks each in turn several times, and
prints medians and their ratio. Standard library only.

    tests/bench/errors.py [--rows N] [--times N] [--folder DIR] PROGRAM
"""
import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADINGS = ["コントロールカラム", "受注ID", "店舗ID", "店舗名", "受注日時", "受注番号", "ステータスコード", "店舗ステータス", "支払方法",
            "項番", "明細ID", "商品コード", "商品番号", "商品名", "単価", "個数", "小計", "送料", "手数料", "値引", "請求金額",
            "注文者氏名", "注文者氏名カナ", "注文者郵便番号", "注文者都道府県", "注文者住所1", "注文者住所2", "注文者電話番号",
            "注文者メールアドレス", "送付先氏名", "送付先郵便番号", "送付先都道府県", "送付先住所1", "送付先電話番号", "出荷予定日",
            "備考"]
PLACE = {heading: place for place, heading in enumerate(HEADINGS)}
# One after the other, so that every row has an error, and most kinds come up.
MISTAKES = [("商品番号", "ＴＥＡ１００"), ("商品名", ""), ("明細ID", "A"), ("商品番号", "X" * 37), ("項番", "一"),
            ("送付先電話番号", "なし"), ("送付先郵便番号", "12"), ("商品番号", "4.90123E+12")]


def lines(order, count, wrong):
    """The detail lines of an order."""
    for line in range(1, count + 1):
        row = ["N", str(1000000 + order), "1", "モールA店", "2026-11-01 08:12:45", f"900001-20261101-{order:010}", "10",
               "新規受付", "クロネコ代金後払い", str(line), f"{1000000 + order}{line:02}", "1001", "TEA100",
               "煎茶 100g ①番摘み", "1200", "1", "1200", "550", "330", "0", str(1200 * count + 880), "見本 太郎",
               "ミホン タロウ", "100-0014", "東京都", "千代田区永田町1-7-1", "", "0300000001", "mihon.taro@example.com",
               "見本 太郎", "100-0014", "東京都", "千代田区永田町1-7-1", "0300000001", "2026-11-25",
               "備考はそのまま通ります"]
        if wrong:
            heading, value = MISTAKES[(order + line) % len(MISTAKES)]
            row[PLACE[heading]] = value
        yield row


def write(path, rows, wrong):
    with open(path, "w", encoding="cp932", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADINGS)
        written = order = 0
        while written < rows:
            count = min(1 + order % 3, rows - written)
            writer.writerows(lines(order, count, wrong))
            written += count
            order += 1


def timed(program, path, result):
    """Seconds of a check; every row's error has to be in the result."""
    begin = time.monotonic()
    status = subprocess.run([program, "check", path, "-o", result, "--force", "--quiet"], check=False).returncode
    seconds = time.monotonic() - begin
    if status > 1:
        sys.exit(f"check ended with {status}")
    return seconds


def rows_with_errors(result):
    with open(result, encoding="cp932", errors="replace", newline="") as file:
        reader = csv.reader(file)
        column = next(reader).index("エラーコード")
        return sum(1 for row in reader if row[column])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--folder", default=None)
    parser.add_argument("program")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="atobarai-bench-", dir=asked.folder) as folder:
        files = {name: Path(folder) / f"{name}.csv" for name in ("clean", "wrong")}
        result = Path(folder) / "result.csv"
        for name, path in files.items():
            write(path, asked.rows, name == "wrong")
        seconds = {name: [] for name in files}
        for _ in range(asked.times):
            for name, path in files.items():
                seconds[name].append(timed(asked.program, path, result))
        wrong = rows_with_errors(result)
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        for name, path in files.items():
            print(f"{name}: {asked.rows} rows, {os.path.getsize(path) / 1e6:.0f} MB, median of {asked.times}: "
                  f"{medians[name]:.2f} s")
        print(f"rows reported: {wrong} of {asked.rows}")
        print(f"ratio: {medians['wrong'] / medians['clean']:.2f}")
    return 0 if wrong == asked.rows else 1


if __name__ == "__main__":
    sys.exit(main())
