#!/usr/bin/env python3
"""The command diff: what differs between two order CSVs, and what a spreadsheet did by itself.

Prints one line "ok - ..." or "not ok - ..." per test and exits 1 if any failed. Standard library only. The program is
in the environment variable ATOBARAI.
"""
import csv
import io
import json
import os
import random
import resource
import subprocess
import sys

from harness import HEADINGS, PROGRAM, ROOT, Case, done, run

COLUMNS = ["種類", "変化の内容", "行", "元の行", "受注ID", "明細ID", "列", "変更前", "変更後"]
ENGLISH = ["Change", "What happened", "Row", "Old row", "Order ID", "Line ID", "Column", "Before", "After"]
KEYS = ["kind", "damage", "row", "old_row", "order_id", "line_id", "column", "before", "after"]
CATALOGUE = {entry["code"]: entry
             for entry in json.loads((ROOT / "schemas/error-catalog.json").read_text(encoding="utf-8"))["entries"]}
HEADER = ["コントロールカラム", "受注ID", "受注日時", "支払方法", "項番", "明細ID", "商品コード", "商品名", "単価", "個数",
          "注文者氏名", "注文者電話番号", "備考"]
LINE = HEADER.index("明細ID")


def order_row(order, line=1, **cells):
    """A row as the tests begin with; `cells` by heading."""
    row = ["U", str(order), "2026-11-05 08:12:45", "クロネコ代金後払い", str(line), f"{order}{line:02}", f"TEA-{line}",
           f"煎茶 {line}00g", "1200", str(line), "見本 太郎", "0300000001", ""]
    for heading, text in cells.items():
        row[HEADER.index(heading)] = text
    return row


def table():
    """Three orders, one of them with three lines."""
    return [HEADER, order_row(1001), order_row(1002, 1), order_row(1002, 2), order_row(1002, 3), order_row(1003)]


def changed(rows, *changes):
    """A copy of `rows` with changes: row from 1 as a spreadsheet counts, heading, text."""
    copy = [list(row) for row in rows]
    for number, heading, text in changes:
        copy[number - 1][rows[0].index(heading)] = text
    return copy


def text_of(rows, delimiter=",", quoting=csv.QUOTE_MINIMAL, ending="\r\n"):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=ending).writerows(rows)
    return out.getvalue()


def write(path, rows, encoding="cp932", **how):
    path.write_bytes(rows if isinstance(rows, bytes) else text_of(rows, **how).encode(encoding))
    return path


def diff(case, old, new, *options, format="json", wanted=0):
    """Compare two tables, or bytes: the listing (JSON: as tuples in the order of KEYS), and standard error."""
    paths = [rows if isinstance(rows, (str, os.PathLike)) else write(case.tmp / name, rows)
             for name, rows in (("old.csv", old), ("new.csv", new))]
    status, stdout, stderr = run("diff", *paths, "--format", format, *options)
    case.equal(f"exit status ({stderr[:300]})", status, wanted)
    if format != "json" or wanted != 0:
        return stdout.decode("utf-8"), stderr
    return [tuple(entry[key] for key in KEYS) for entry in json.loads(stdout)], stderr


def cell(row, old_row, order, line, column, before, after, damage=None):
    return ("damaged" if damage else "changed", damage, row, old_row, order, line, column, before or None, after or None)


def test_changes():
    with Case("a change of a cell: row, order, column, before and after; and the note with the counts") as case:
        listing, note = diff(case, table(), changed(table(), (2, "注文者氏名", "見本 花子"), (4, "個数", "7"), (4, "備考", "至急")))
        case.equal("listing", listing, [
            cell(2, 2, "1001", "100101", "注文者氏名", "見本 太郎", "見本 花子"),
            cell(4, 4, "1002", "100202", "個数", "2", "7"),
            cell(4, 4, "1002", "100202", "備考", "", "至急")])
        case.equal("note", note, "変更されたセル: 3（2件の受注）\n")
    with Case("a file and itself differ in nothing, and one file may be given twice") as case:
        path = write(case.tmp / "a.csv", table())
        case.equal("listing", diff(case, path, path), ([], "違いはありません。\n"))
        case.equal("English", run("diff", path, path, "--lang", "en")[1:],
                   (("  ".join(ENGLISH) + "\n(none)\n").encode(), "There is no difference.\n"))
        case.equal("quiet", run("diff", path, path, "--quiet")[2], "")
    with Case("rows that came and went; those that went stand last, in the order of the old file") as case:
        new = [row for number, row in enumerate(table(), 1) if number not in (2, 4)] + [order_row(1004)]
        listing, note = diff(case, table(), changed(new, (4, "個数", "9")))
        case.equal("listing", listing, [
            cell(4, 6, "1003", "100301", "個数", "1", "9"),
            ("row_added", None, 5, None, "1004", "100401", None, None, None),
            ("row_deleted", None, None, 2, "1001", "100101", None, None, None),
            ("row_deleted", None, None, 4, "1002", "100202", None, None, None)])
        case.equal("note", note, "変更されたセル: 1（1件の受注）\n行の追加: 1、行の削除: 2\n")
    with Case("sorted rows, moved columns and blank rows are no change") as case:
        order = list(range(len(HEADER)))
        random.Random(1).shuffle(order)
        new = [[row[i] for i in order] for row in [table()[0], *reversed(table()[1:])]]
        new = new[:3] + [[""] * len(HEADER)] + new[3:] + [[""] * len(HEADER)] * 3
        case.equal("listing", diff(case, table(), new), ([], "違いはありません。\n"))
        case.equal("blank lines", diff(case, table(), text_of(new).replace("\r\n", "\r\n\r\n").encode("cp932"))[0], [])
    with Case("columns that came and went, by heading; their cells are no changes") as case:
        gone = HEADER.index("備考")
        new = [row[:gone] + [extra] + row[gone + 1:] + ["", "z"] for row, extra in
               zip(changed(table(), (3, "単価", "1300")), ["メモ", "a", "b", "", "", ""])]
        new[0][-2:] = ["", "確認"]
        listing, note = diff(case, table(), new)
        case.equal("listing", listing, [
            ("column_added", None, 1, None, None, None, "メモ", None, None),
            ("column_added", None, 1, None, None, None, "確認", None, None),
            ("column_deleted", None, None, 1, None, None, "備考", None, None),
            cell(3, 3, "1002", "100201", "単価", "1200", "1300")])
        case.equal("note", note, "変更されたセル: 1（1件の受注）\n列の追加: 2、列の削除: 1\n")
    with Case("two columns of one heading are compared each with its like; a column without a heading has a number") as case:
        old = [row + [heading, ""] for row, heading in zip(table(), ["メモ", *"abcde"])]
        old = [row + [heading] for row, heading in zip(old, ["メモ", *"ABCDE"])]
        new = changed(old)
        new[2][-3], new[3][-1], new[4][-2] = "x", "y", "z"
        case.equal("listing", diff(case, old, new)[0], [
            cell(3, 3, "1002", "100201", "メモ", "b", "x"), cell(4, 4, "1002", "100202", "メモ", "C", "y"),
            cell(5, 5, "1002", "100203", f"#{len(HEADER) + 2}", "", "z")])
    with Case("short rows are filled up, and cells too many are compared") as case:
        short = [row if number == 1 else row[:-1] for number, row in enumerate(table(), 1)]
        case.equal("short", diff(case, table(), short)[0], [])
        long = [*table()[:2], [*table()[2], "a", "b"], *table()[3:]]
        longer = [*table()[:2], [*table()[2], "a", "c", "d"], *table()[3:]]
        case.equal("long", diff(case, long, longer)[0], [
            cell(3, 3, "1002", "100201", f"#{len(HEADER) + 2}", "b", "c"),
            cell(3, 3, "1002", "100201", f"#{len(HEADER) + 3}", "", "d")])


def test_files():
    encodings = [("cp932", {}), ("utf-8", {}), ("utf-8-sig", {}), ("utf-16", {"delimiter": "\t"}),
                 ("cp932", {"quoting": csv.QUOTE_ALL}), ("cp932", {"ending": "\n"}), ("utf-8-sig", {"delimiter": "\t", "ending": "\r", "quoting": csv.QUOTE_ALL})]
    rows = changed(table(), (2, "備考", "①㈱髙﨑～、\"引用\""), (3, "備考", "一行目\n二行目"))
    with Case("encodings, delimiters, quotes and line ends make no difference") as case:
        old = write(case.tmp / "a.csv", rows)
        for number, (encoding, how) in enumerate(encodings):
            new = write(case.tmp / f"{number}.csv", changed(rows, (4, "備考", "ソ表能")), encoding, **how)
            case.equal(f"{encoding} {how}", diff(case, old, new)[0], [cell(4, 4, "1002", "100202", "備考", "", "ソ表能")])
            case.equal(f"from {encoding} {how}", diff(case, new, old)[0], [cell(4, 4, "1002", "100202", "備考", "ソ表能", "")])
    with Case("a result file: its eight columns are left out, on either side") as case:
        old = write(case.tmp / "in.csv", rows)
        case.equal("check", run("check", old, "-o", case.tmp / "out.csv")[0] in (0, 1), True)
        case.equal("result", diff(case, old, case.tmp / "out.csv"), ([], "違いはありません。\n"))
        result = (case.tmp / "out.csv").read_bytes().decode("cp932")
        edited = list(csv.reader(io.StringIO(result, newline="")))
        edited[2][edited[0].index(HEADINGS[3])] = "見ました"
        case.equal("edited", diff(case, old, edited)[0], [])
        case.equal("the other way round", diff(case, edited, changed(rows, (2, "単価", "1"))),
                   ([cell(2, 2, "1001", "100101", "単価", "1200", "1")], "変更されたセル: 1（1件の受注）\n"))
    with Case("- is standard input, for either file") as case:
        path = write(case.tmp / "a.csv", table())
        other = text_of(changed(table(), (2, "個数", "5"))).encode("cp932")
        for words, wanted in ((("-", path), ("5", "1")), ((path, "-"), ("1", "5"))):
            status, stdout, _ = run("diff", *words, "--format", "json", stdin=other)
            case.equal("exit status", status, 0)
            case.equal("cell", [(entry["before"], entry["after"]) for entry in json.loads(stdout)], [wanted])
    with Case("--encoding is for both files") as case:
        path = write(case.tmp / "a.csv", table(), "utf-8-sig")
        case.equal("as it is", diff(case, path, path, "--encoding", "utf-8")[0], [])
        diff(case, path, path, "--encoding", "cp932", wanted=4)


def test_refused():
    ways = [("no file", None, 2, "INPUT_UNREADABLE"), ("an empty one", b"", 4, "INPUT_EMPTY"),
            ("a workbook", b"PK\x03\x04" + bytes(60), 4, "INPUT_BINARY"),
            ("no 受注ID", "商品コード,単価\r\nA,1\r\n".encode("cp932"), 4, "HEADER_NO_ORDER_ID"),
            ("an unclosed quote", text_of(table()).replace("見本 太郎", '"見本').encode("cp932"), 4, "QUOTE_UNCLOSED"),
            ("a row of 2 MiB", text_of(changed(table(), (3, "備考", "x" * 2 ** 21))).encode("cp932"), 4, "ROW_UNREADABLE")]
    for title, content, status, code in ways:
        with Case(f"{title}: exit {status}, {code}, whichever file it is") as case:
            good = write(case.tmp / "good.csv", table())
            bad = case.tmp / "bad.csv"
            if content is not None:
                bad.write_bytes(content)
            for words in ((good, bad), (bad, good)):
                stdout, stderr = diff(case, *words, wanted=status)
                message = CATALOGUE[code]["ja"]["message"].replace("{path}", str(bad)).split("{")[0]
                case.equal("standard output", stdout, "")
                case.true(f"names file and fault: {stderr[:200]}", stderr.startswith("atobarai: " + message))
    with Case("a file without 支払方法, and one with its header only, will do") as case:
        short = [[cell for heading, cell in zip(HEADER, row) if heading != "支払方法"] for row in table()]
        case.equal("listing", diff(case, short, changed(short, (2, "個数", "2")))[0],
                   [cell(2, 2, "1001", "100101", "個数", "1", "2")])
        case.equal("header only", [entry[0] for entry in diff(case, table(), [HEADER])[0]], ["row_deleted"] * 5)
        case.equal("from nothing", [entry[0] for entry in diff(case, [HEADER], table())[0]], ["row_added"] * 5)


def test_matching():
    with Case("a row is known by 受注ID and 明細ID, whatever else was changed") as case:
        new = changed(table(), *((4, heading, "X") for heading in HEADER if heading not in ("受注ID", "明細ID")))
        case.equal("columns", [entry[6] for entry in diff(case, table(), new)[0]],
                   [heading for heading in HEADER if heading not in ("受注ID", "明細ID")])
    with Case("one 明細ID twice: each row with the one that is most like it") as case:
        old = changed(table(), (4, "明細ID", "100201"), (5, "明細ID", "100201"))
        new = changed([old[0], old[1], old[4], old[3], old[2], old[5]], (3, "個数", "30"), (5, "備考", "x"))
        case.equal("listing", diff(case, old, new)[0], [
            cell(3, 5, "1002", "100201", "個数", "3", "30"), cell(5, 3, "1002", "100201", "備考", "", "x")])
    with Case("no 明細ID: 項番 tells the lines apart") as case:
        old = [row[:LINE] + row[LINE + 1:] for row in table()]
        new = changed(old, (4, "商品名", "番茶"), (4, "単価", "1"), (4, "個数", "1"), (4, "商品コード", "B"))
        new[2], new[3] = new[3], new[2]
        case.equal("listing", [entry[:8] for entry in diff(case, old, new)[0]],
                   [("changed", None, 3, 4, "1002", "2", heading, before) for heading, before in
                    (("商品コード", "TEA-2"), ("商品名", "煎茶 200g"), ("単価", "1200"), ("個数", "2"))])
    with Case("neither 明細ID nor 項番: what is most alike; and the rest in order, where no line came or went") as case:
        bare = [row[:LINE - 1] + row[LINE + 1:] for row in table()]
        new = changed(bare, (4, "個数", "20"))
        new = [new[0], new[1], new[4], new[3], new[5]]  # the first line of 1002 is gone
        case.equal("alike", diff(case, bare, new)[0], [
            cell(4, 4, "1002", None, "個数", "2", "20"), ("row_deleted", None, None, 3, "1002", None, None, None, None)])
        new = changed(bare, *((2, heading, "X") for heading in ("商品コード", "商品名", "単価", "個数", "備考")))
        case.equal("in order", {entry[0] for entry in diff(case, bare, new)[0]}, {"changed"})
    with Case("an edited 明細ID is a change, another line in its place is not") as case:
        case.equal("edited", diff(case, table(), changed(table(), (4, "明細ID", "999")))[0],
                   [cell(4, 4, "1002", "100202", "明細ID", "100202", "999")])
        new = changed(table(), (4, "明細ID", "999"), (4, "商品コード", "B"), (4, "商品名", "番茶"), (4, "単価", "5"),
                      (4, "個数", "8"), (4, "項番", "9"))
        case.equal("another", [entry[:6] for entry in diff(case, table(), new)[0]], [
            ("row_added", None, 4, None, "1002", "999"), ("row_deleted", None, None, 4, "1002", "100202")])
    with Case("zeros lost from 受注ID and 明細ID are seen as that, in orders with other changes, too") as case:
        old = [HEADER] + [order_row("00" + row[1], int(row[4]), 明細ID="0" + row[LINE]) for row in table()[1:]]
        new = changed(old)
        for row in new[1:]:
            row[1], row[LINE] = row[1].lstrip("0"), row[LINE].lstrip("0")
        new = changed(new, (4, "単価", "1"))
        listing, note = diff(case, old, [new[0], *reversed(new[1:])])
        case.equal("kinds", sorted({entry[:2] for entry in listing}, key=str), [("changed", None), ("damaged", "zeros")])
        case.equal("the order's own id", [entry for entry in listing if entry[0] == "changed"],
                   [cell(4, 4, "001002", "0100202", "単価", "1200", "1")])
        case.equal("note", note.splitlines()[:2], ["変更されたセル: 1（1件の受注）", "表計算ソフトが書き換えたセル: 10"])
    with Case("ids that a spreadsheet rounded: each row is found by the rest of it") as case:
        old = [HEADER] + [order_row(123456000001 + number, 1, 備考=f"n{number}", 明細ID=str(987654000001 + number)) for number in range(30)]
        new = [HEADER] + [[*row[:1], "1.23456E+11", *row[2:LINE], "9.87654E+11", *row[LINE + 1:]] for row in old[1:]]
        random.Random(2).shuffle(new_rows := new[1:])
        listing, _ = diff(case, old, [HEADER, *new_rows])
        case.equal("kinds", {entry[:2] for entry in listing}, {("damaged", "rounded")})
        case.equal("all of them", len(listing), 60)


def test_damage():
    ways = [("注文者電話番号", "0300000001", "300000001", "zeros"), ("受注日時", "2026-11-05 08:12:45", "2026/11/5 8:12", "time"),
            ("備考", "123456789012", "1.23457E+11", "rounded"), ("備考", "1-2", "1月2日", "date"), ("備考", "1.50", "1.5", "number"),
            ("備考", "true", "TRUE", "logical"), ("備考", '="001"', "001", "formula"), ("備考", "a\r\nb", "a\nb", "lines"),
            ("備考", "〜", "?", "letters"), ("備考", "2026-11-05", "########", "hidden")]
    with Case("what a spreadsheet did stands apart from what somebody changed, with its kind") as case:
        old = [HEADER] + [order_row(2000 + number, **{heading: before}) for number, (heading, before, _, _) in enumerate(ways)]
        new = [HEADER] + [order_row(2000 + number, **{heading: after}) for number, (heading, _, after, _) in enumerate(ways)]
        old, new = write(case.tmp / "a.csv", old, "utf-8"), write(case.tmp / "b.csv", new, "utf-8")
        listing, note = diff(case, old, new)
        case.equal("listing", listing, [cell(number + 2, number + 2, str(2000 + number), f"{2000 + number}01", heading, before, after, kind)
                                        for number, (heading, before, after, kind) in enumerate(ways)])
        case.equal("note", note.splitlines()[0], f"表計算ソフトが書き換えたセル: {len(ways)}")
        case.true("says what to do", "戻してください" in note)
        shown = list(csv.reader(io.StringIO(diff(case, old, new, format="csv")[0], newline="")))
        case.equal("in words", [row[:2] for row in shown[1:3]],
                   [["表計算ソフトによる変化", "先頭の0が消えた"], ["表計算ソフトによる変化", "日時の書き方が変わった"]])
        case.true("English", b"leading zeros lost" in run("diff", old, new, "--lang", "en")[1])
    with Case("a mended cell is a change") as case:
        case.equal("listing", diff(case, changed(table(), (2, "注文者電話番号", "300000001")), table())[0],
                   [cell(2, 2, "1001", "100101", "注文者電話番号", "300000001", "0300000001")])


HOSTILE = ["=1+1", "+1", "-x", "@SUM(A1)", "\tx", "＝x", '"', '","', "a\r\nb\rc\nd", "\x1b[31m", "﻿x", "|", "%n%s"]


def test_formats():
    with Case("CSV: no cell begins a formula or holds a control character") as case:
        rows = [HEADER] + [order_row(3000 + number, 備考=text) for number, text in enumerate(HOSTILE)]
        old, new = write(case.tmp / "a.csv", changed(rows, *((n + 2, "備考", "old") for n in range(len(HOSTILE)))), "utf-8-sig"), \
            write(case.tmp / "b.csv", rows, "utf-8-sig")
        text, _ = diff(case, old, new, "--lang", "en", format="csv")
        cells = list(csv.reader(io.StringIO(text, newline="")))
        case.equal("headings", cells[0], COLUMNS)
        case.equal("rows", len(cells), len(HOSTILE) + 1)
        case.equal("harmful", [cell for row in cells for cell in row if cell[:1] in tuple("=+-@＝＋－＠\t\r") or
                               any(ord(character) < 32 for character in cell)], [])
        case.equal("JSON is as it is", [entry[8] for entry in diff(case, old, new)[0]], HOSTILE)
        shown, _ = diff(case, old, new, format="table")
        case.equal("table: one line a cell", len(shown.split("\n")), len(HOSTILE) + 2)
        case.true("line ends shown", "a␍↵b↵c↵d" in shown)
        case.true("no escape", "\x1b" not in shown)
    with Case("table: long cells are cut around what differs, blanks at the ends are shown") as case:
        long = "あ" * 100
        rows = changed(table(), (2, "備考", long + "い" + long), (3, "備考", "x"))
        new = changed(table(), (2, "備考", long + "う" + long), (3, "備考", "x "))
        lines = diff(case, rows, new, format="table")[0].splitlines()
        case.true(f"long: {lines[1]}", "…ああああああああい" in lines[1] and "…ああああああああう" in lines[1] and len(lines[1]) < 160)
        case.true(f"blank: {lines[2]}", lines[2].endswith("x␣"))
    with Case("bytes that are no text, a NUL and damaged quotes are compared as they are") as case:
        text = text_of(table()).encode("cp932").replace("見本".encode("cp932"), b"\x81\x81\xff\x00")
        case.equal("itself", diff(case, text, text)[0], [])
        listing = diff(case, text, text.replace(b"\xff", b"\xfe", 1))[0]
        case.equal("changed", [entry[:2] + entry[6:7] for entry in listing], [("changed", None, "注文者氏名")])
        stray = text_of(table()).replace("見本 太郎", '見本"太郎').encode("cp932")
        case.equal("stray quote", {entry[6] for entry in diff(case, text_of(table()).encode("cp932"), stray)[0]}, {"注文者氏名"})


# Linux counts into the peak of a process what it had before exec: an interpreter of its own has little.
PEAK = """import os, sys
_, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
sys.stdout.flush()
print("\\n", usage.ru_maxrss, os.waitstatus_to_exitcode(status))"""


def peak(case, *words):
    """Run the program: the lines of its listing, and its peak of memory in KiB."""
    finished = subprocess.run([sys.executable, "-ISc", PEAK, PROGRAM, "diff", *map(str, words), "--format", "csv"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=100)
    listing, _, numbers = finished.stdout.decode("utf-8").rstrip().rpartition("\n")
    memory, status = map(int, numbers.split())
    case.equal(f"exit status ({finished.stderr[:200]})", status, 0)
    return listing.strip().splitlines(), memory


def test_large():
    sanitized = b"__asan_init" in open(PROGRAM, "rb").read()
    count_of_rows = 10000 if sanitized else 100000
    with Case(f"{count_of_rows} rows against themselves, and shuffled with a damaged cell each and two changes: found, within "
              "bounded memory") as case:
        rows = [order_row(1000000 + number // 2, number % 2 + 1, 備考="x" * 100) for number in range(count_of_rows)]
        old = write(case.tmp / "a.csv", [HEADER, *rows])
        random.Random(3).shuffle(rows)
        phone, note, count = (HEADER.index(heading) for heading in ("注文者電話番号", "備考", "個数"))
        for row in rows:
            row[phone] = row[phone].lstrip("0")
        rows[500][note], rows[-1][count] = "y", "77"
        new = write(case.tmp / "b.csv", [HEADER, *rows])
        for words, lines, changes in (((old, old), 1, 0), ((old, new), count_of_rows + 3, 2)):
            found, memory = peak(case, *words)
            case.equal("lines", len(found), lines)
            case.equal("changes", len([line for line in found if line.startswith("変更,")]), changes)
            case.true(f"{memory} KiB", sanitized or memory < 32 * 1024)  # the files have 20 MB each, the listing 12
    with Case("a listing that is written in pieces is one") as case:
        new = [HEADER] + [order_row(number, 備考="見本" * (number == 1500)) for number in range(2000)]
        old = write(case.tmp / "a.csv", changed(new, *((number + 2, "備考", "old") for number in range(2000))))
        new = write(case.tmp / "b.csv", new)
        listing = diff(case, old, new)[0]
        case.equal("JSON", [entry[2] for entry in listing], list(range(2, 2002)))
        shown = list(csv.reader(io.StringIO(diff(case, old, new, format="csv")[0], newline="")))
        case.equal("CSV", (shown[0], [row[2] for row in shown[1:]]), (COLUMNS, [str(number) for number in range(2, 2002)]))
        lines = diff(case, old, new, format="table")[0].splitlines()
        case.equal("table", (len(lines), lines[0].split()), (2001, COLUMNS))
        case.equal("in line", {line.index("備考") for line in lines[1:]}, {lines[1].index("備考")})
    with Case("an order of 2,000 lines without anything that tells them apart ends") as case:
        bare = [row[:LINE - 1] + row[LINE + 1:] for row in [HEADER] + [order_row(1, number) for number in range(2000)]]
        new = [bare[0]] + [row[:-1] + ["x"] for row in reversed(bare[1:])]
        case.true("listing", len(diff(case, bare, new)[0]) >= 2000)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for test in (test_changes, test_files, test_refused, test_matching, test_damage, test_formats, test_large):
        test()
    return done()


if __name__ == "__main__":
    sys.exit(main())
