#!/usr/bin/env python3
"""`clean`: what goes back to Robot-in has no column of ours, only the rows that were changed, cells as they were where a
spreadsheet damaged them, and no character that Shift_JIS lacks.

The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and
exits 1 if any failed.
"""
import csv
import io
import sys

from harness import done, run
from service import message_of, write_csv
from test_return import ALL_COLUMNS, CELLS, FIRST, LONG, SECOND, as_excel, colliding, desk_test, edit

CONTROL = ALL_COLUMNS.index("コントロールカラム")


def clean(desk, source, *options, name="up.csv"):
    """Exit status, the table that was written (None: none was), and what was said."""
    path = desk.case.tmp / name
    path.unlink(missing_ok=True)
    status, _, said = run("clean", source, "-o", path, "--ledger", desk.ledger, *options)
    return status, desk.table(path) if path.exists() else None, said


def says(said, code, *arguments):
    """Whether the message of `code` was printed."""
    text = message_of(code)
    for number, argument in enumerate(arguments, 1):
        text = text.replace(f"{{{number}}}", argument)
    return text in said


def registered(desk):
    """Two orders of two lines, the second with an error; the result as a table."""
    return desk.table(desk.do(desk.export({
        FIRST: [{"商品番号": "00123"}, {"商品番号": "00124"}],
        SECOND: [{"商品番号": "00456", "商品名": LONG}, {"商品番号": "00457", "コントロールカラム": "N"}]})))


@desk_test("only changed rows are written, as U, without our columns, in Shift_JIS")
def test_changed(case, desk, _):
    table = edit(registered(desk), "商品名", [4], lambda text: "髙い～①")
    status, written, said = clean(desk, desk.save(table))
    wanted = [ALL_COLUMNS, table[3][:len(ALL_COLUMNS)]]
    case.equal(f"exit ({said})", status, 0)
    case.equal("written", written, wanted)
    data = (case.tmp / "up.csv").read_bytes()
    case.equal("text", data.decode("cp932"), "".join(",".join(row) + "\r\n" for row in wanted))
    case.true("髙 as Windows writes it", b"\xFB\xFC" in data)
    case.true("said", "1行（全4行）" in said)
    status, written, _ = clean(desk, desk.save(table), "--all")
    case.equal("all", [row[CONTROL] for row in written], ["コントロールカラム", "U", "U", "U", "U"])
    case.equal("all but the control column", [row[1:] for row in written[1:]],
               [row[1:len(ALL_COLUMNS)] for row in table[1:]])


@desk_test("cells that a spreadsheet damaged are written as they were, and are no change")
def test_damaged(case, desk, _):
    table = as_excel(registered(desk))
    status, written, said = clean(desk, desk.save(table))
    case.equal(f"nothing was edited ({said})", (status, written), (0, [ALL_COLUMNS]))
    edit(table, "商品名", [4], lambda text: "短い名前")
    status, written, said = clean(desk, desk.save(table))
    cells = dict(zip(ALL_COLUMNS, written[1]))
    case.equal("written", {name: cells[name] for name in ("受注日時", "商品番号", "商品名", "注文者郵便番号", "注文者電話番号", "店舗ID")},
               {"受注日時": "2026-11-02 17:54:08", "商品番号": "00456", "商品名": "短い名前", "注文者郵便番号": "0010012",
                "注文者電話番号": "0312345678", "店舗ID": "007"})
    case.true("counted", "5個のセル" in said)


@desk_test("an edit that leaves the 16 bits as they were is a change, beside damaged cells, too")
def test_chance(case, desk, _):
    table = registered(desk)
    _, note = colliding(desk, "備考", (("なし", f"メモ{number}") for number in range(9999999)))
    edit(as_excel(table), "備考", [3], lambda text: note)
    status, written, said = clean(desk, desk.save(table))
    case.equal(f"written ({said})", (status, [row[-1] for row in written[1:]]), (0, [note]))


@desk_test("--set-status is a change that Robot-in has to know")
def test_set_status(case, desk, _):
    source = write_csv(case.tmp / "order.csv", {FIRST: [{}], SECOND: [{"商品名": LONG}]},
                       [*ALL_COLUMNS, "ステータスコード"], **CELLS)
    result = desk.do(source, "--set-status", "30")
    status, written, _ = clean(desk, result)
    case.equal("written", (status, [(row[1], row[-1]) for row in written[1:]]), (0, [(FIRST, "30")]))


@desk_test("D stays D, a new row is written, a column that a clerk added is not")
def test_added(case, desk, _):
    table = registered(desk)
    table[2][CONTROL] = "D"
    new = list(table[4])
    new[ALL_COLUMNS.index("明細ID")], new[ALL_COLUMNS.index("項番")] = "200000299", "3"
    new[ALL_COLUMNS.index("商品コード")], new[ALL_COLUMNS.index("商品名")] = "C9", "追加の品"
    new[ALL_COLUMNS.index("商品番号")] = "A9"
    table.append(new)
    table = [["確認" if number == 0 else "済", *row] for number, row in enumerate(table)]
    status, written, said = clean(desk, desk.save(table))
    case.equal(f"exit ({said})", status, 0)
    case.equal("columns", written[0], ALL_COLUMNS)
    lines = [(row[CONTROL], row[ALL_COLUMNS.index("明細ID")]) for row in written[1:]]
    case.equal("rows", lines, [("D", "200000102"), ("U", "200000299")])
    case.true("said", "1個の列" in said)


@desk_test("columns of the same heading are columns of their own: an edit in the second is seen")
def test_headings_twice(case, desk, _):
    columns = [*ALL_COLUMNS, "メモ", "メモ", "", ""]
    first = desk.table(desk.export({FIRST: [{}], SECOND: [{}]}, ALL_COLUMNS))
    rows = [columns, *([*row, "a", "b", "c", "d"] for row in first[1:])]
    table = desk.table(desk.do(desk.save(rows)))
    for place in range(len(ALL_COLUMNS), len(columns)):
        edited = [list(row) for row in table]
        edited[1][place] = "変更"
        status, written, said = clean(desk, desk.save(edited))
        case.equal(f"column {place + 1} ({said})", (status, written), (0, [columns, edited[1][:len(columns)]]))


@desk_test("a row whose cells stand under wrong headings is named, and nothing is written")
def test_slid(case, desk, _):
    table = registered(desk)
    place = ALL_COLUMNS.index("商品名")
    wide = [[*row, ""] for row in table]
    wide[3].insert(place, "x")
    wide[3].pop()
    narrow = [list(row) for row in table]
    narrow[3].append(narrow[3].pop(place)[:0])
    for name, slid in (("right", wide), ("left", narrow)):
        status, written, said = clean(desk, desk.save(slid))
        case.equal(f"{name} ({said})", (status, written), (1, None))
        case.true(f"{name}: named", says(said, "CLEAN_ROW_DAMAGED", "4"))


@desk_test("what a spreadsheet has lost is not written, in no column; what was there before is")
def test_lost(case, desk, _):
    columns = [*ALL_COLUMNS, "JANコード", "メモ"]
    source = desk.export({FIRST: [{}], SECOND: [{}]}, columns, 備考="-10%", JANコード="4901234567894", メモ="1.5E+10")
    table = desk.table(desk.do(source))
    edit(table, "商品名", [3], lambda text: "変更")
    status, written, said = clean(desk, desk.save(table))
    case.equal(f"as it was ({said})", (status, written and written[1:]), (0, [table[2][:len(columns)]]))
    edit(table, "JANコード", [2], lambda text: "4.90123E+12")
    edit(table, "備考", [3], lambda text: "#NAME?")
    edit(table, "請求金額", [3], lambda text: "####")
    saved = desk.save(table)
    known = (("2", "JANコード", "4.90123E+12"), ("3", "備考", "#NAME?"), ("3", "請求金額", "####"))
    for ledger, problems in ((desk.ledger, known), (case.tmp / "another.db", (*known, ("3", "メモ", "1.5E+10")))):
        desk.ledger = ledger
        status, written, said = clean(desk, saved)
        case.equal(f"lost ({said})", (status, written), (1, None))
        for words in problems:
            case.true(f"said: {words}", says(said, "CLEAN_ROUNDED", *words))
        case.equal("all", said.count("元の値が失われています"), 3 if problems is known else 5)


@desk_test("what Robot-in cannot take is named by row and column, and nothing is written")
def test_problems(case, desk, _):
    table = registered(desk)
    edit(table, "商品名", [4], lambda text: "ケーキ🍰")
    edit(table, "備考", [2], lambda text: "é")
    edit(table, "商品番号", [3], lambda text: "1.23457E+11")
    edit(table, "明細ID", [5], lambda text: "")
    edit(table, "注文者氏名", [5], lambda text: "\0")
    path = case.tmp / "up.csv"
    path.write_text("as it was")
    status, _, said = run("clean", desk.save(table), "-o", path, "--ledger", desk.ledger, "--force")
    case.equal("exit", status, 1)
    case.equal("the output is as it was", path.read_text(), "as it was")
    for words in (("CLEAN_CHARACTER", "4", "商品名", "🍰 (U+1F370)"), ("CLEAN_CHARACTER", "2", "備考", "é (U+00E9)"),
                  ("CLEAN_ROUNDED", "3", "商品番号", "1.23457E+11"), ("CLEAN_EMPTY", "5", "明細ID"),
                  ("CLEAN_UNREADABLE", "5", "注文者氏名")):
        case.true(f"said: {words}", says(said, *words))
    case.true("counted", "5個" in said)
    for options, encoding in ((["--output-encoding", "utf-8"], "utf-8-sig"), (["--output-encoding", "utf-16"], "utf-16")):
        edit(table, "商品番号", [3], lambda text: "00124")
        edit(table, "明細ID", [5], lambda text: "200000202")
        edit(table, "注文者氏名", [5], lambda text: "見本 太郎")
        status, _, said = run("clean", desk.save(table), "-o", path, "--ledger", desk.ledger, "--force", *options)
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline="")))
        case.equal(f"{encoding}: exit ({said})", status, 0)
        case.equal(encoding, [row[ALL_COLUMNS.index("商品名")] for row in rows[1:]], ["見本の品 1", "ケーキ🍰"])
    # What is the same to a reader is written as Shift_JIS has it.
    edit(table, "商品名", [4], lambda text: "1〜2−3")
    edit(table, "備考", [2], lambda text: "¥")
    _, written, said = clean(desk, desk.save(table))
    case.equal(f"alike ({said})", [row[ALL_COLUMNS.index("商品名")] for row in written[1:]], ["見本の品 1", "1～2－3"])


@desk_test("rows that the ledger does not know are written, and that is said")
def test_unknown(case, desk, _):
    table = registered(desk)
    desk.ledger = case.tmp / "another.db"
    status, written, said = clean(desk, desk.save(table))
    case.equal("written", (status, len(written)), (0, 5))
    case.true("said", "4行は、台帳に記録がない" in said)
    case.true("no ledger is made", not desk.ledger.exists())


@desk_test("quotes and コントロールカラム are as Robot-in wants them")
def test_form(case, desk, _):
    columns = [name for name in ALL_COLUMNS if name != "コントロールカラム"]
    table = [columns, *([{"受注ID": FIRST, "明細ID": "1", "商品コード": "C", "商品名": "a,\"b\"\nc"}.get(name, "") for name in columns]
                        for _ in range(1))]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    source = case.tmp / "quoted.csv"
    source.write_bytes((text.getvalue() + "\n,,,\n").encode("cp932"))
    _, written, said = clean(desk, source)
    case.equal(f"written ({said})", written, [["コントロールカラム", *columns], ["U", *table[1]]])
    data = (case.tmp / "up.csv").read_bytes()
    case.true("all is quoted, as it was", data.startswith('"コントロールカラム","受注ID"'.encode("cp932")) and b'"",""' in data)
    case.equal("line ends", data.count(b"\r\n"), 2)


@desk_test("refused: no file, a file without the columns that U needs, its own input, a damaged row")
def test_refused(case, desk, _):
    table = registered(desk)
    without = [[cell for cell, name in zip(row, table[0]) if name not in ("明細ID", "商品コード")] for row in table]
    status, written, said = clean(desk, desk.save(without))
    case.equal("columns missing", (status, written), (4, None))
    case.true("named", says(said.replace(str(case.tmp / f"saved_{desk.turn}.csv"), "{path}"), "CLEAN_COLUMN_MISSING", "明細ID、商品コード"))
    saved = desk.save(table)
    status, _, said = run("clean", saved, "-o", saved, "--ledger", desk.ledger, "--force")
    case.equal("its own input", status, 2)
    case.equal("no input", run("clean", case.tmp / "none.csv", "-o", case.tmp / "x.csv")[0], 2)
    case.equal("no output", run("clean", saved)[0], 2)
    saved.write_bytes(saved.read_bytes() + b'U,"2000009"x,,\r\n')
    status, written, said = clean(desk, saved)
    case.equal("damaged row", (status, written), (1, None))
    case.true("named", says(said, "CLEAN_ROW_DAMAGED", "6"))
    desk.ledger.write_bytes(b"no ledger at all")
    case.equal("broken ledger", clean(desk, saved)[0], 3)
    case.true("English", "Row 6" in run("clean", saved, "-o", "-", "--lang", "en")[2])


def main():
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
    return done()


if __name__ == "__main__":
    sys.exit(main())
