#!/usr/bin/env python3
"""--xlsx: the workbook is the result CSV cell for cell, whatever stands in it; it marks what is to be fixed; nothing in
it is a formula, a number or a link; and it appears whole, or not at all, and in little memory.

The workbook is read with zipfile and xml.etree. The program's path is in the environment variable ATOBARAI.
"""
import csv
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as etree
import zipfile

from harness import HEADINGS, PROGRAM, ROOT, TIMEOUT, Case, done, run
from service import SECRETS, Background, Relay, accepted, many, operate, refused, write_csv

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
TEXTS = json.loads((ROOT / "schemas" / "workbook.json").read_text(encoding="utf-8"))
RED, YELLOW = "FFFFB3B3", "FFFFF2A8"
TEXT_FORMAT = "49"


# ---- A workbook, read ----


def place_of(reference):
    """"AB12" as (row, column), from 1."""
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", reference).groups()
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits), column


def unescaped(text):
    """What a spreadsheet makes of _xHHHH_."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


class Sheet:
    """cells: (row, column) → text or number; styles: the same → (fill, number format)."""

    def __init__(self, root, looks):
        self.root, self.cells, self.styles, self.kinds = root, {}, {}, {}
        for cell in root.iter(f"{MAIN}c"):
            place, kind = place_of(cell.get("r")), cell.get("t")
            self.styles[place] = looks[int(cell.get("s", 0))]
            self.kinds[place] = kind
            if kind == "inlineStr":
                text = cell.find(f"{MAIN}is/{MAIN}t")
                value = text.text or ""
                # A reader trims what does not say that its blanks count.
                self.cells[place] = unescaped(value if text.get(SPACE) == "preserve" else value.strip(" \t\r\n"))
            elif cell.find(f"{MAIN}v") is not None:
                self.cells[place] = float(cell.find(f"{MAIN}v").text)
        self.columns = {}
        for column in root.iter(f"{MAIN}col"):
            for number in range(int(column.get("min")), int(column.get("max")) + 1):
                self.columns[number] = float(column.get("width")), looks[int(column.get("style", 0))]

    def look(self, row, column):
        """Of a cell, or where there is none of its column."""
        return self.styles.get((row, column)) or self.columns[column][1]

    def row(self, number, width):
        return [self.cells.get((number, column), "") for column in range(1, width + 1)]


class Workbook:
    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
            self.dates = {entry.date_time for entry in archive.infolist()}
        self.looks = self.read_looks()
        book = self.xml("xl/workbook.xml")
        targets = {relation.get("Id"): relation.get("Target") for relation in self.xml("xl/_rels/workbook.xml.rels")}
        self.active = int(book.find(f"{MAIN}bookViews/{MAIN}workbookView").get("activeTab", 0))
        self.sheets = {sheet.get("name"): Sheet(self.xml(f"xl/{targets[sheet.get(RELATION)]}"), self.looks)
                       for sheet in book.find(f"{MAIN}sheets")}
        self.table = next(iter(self.sheets.values()))
        self.notes = {}
        if "xl/comments1.xml" in self.files:
            for comment in self.xml("xl/comments1.xml").iter(f"{MAIN}comment"):
                self.notes[place_of(comment.get("ref"))] = unescaped("".join(
                    text.text or "" for text in comment.iter(f"{MAIN}t")))

    def xml(self, name):
        return etree.fromstring(self.files[name])

    def read_looks(self):
        """Number of a style → (colour of its fill, number format)."""
        styles = self.xml("xl/styles.xml")
        fills = []
        for fill in styles.find(f"{MAIN}fills"):
            colour = fill.find(f"{MAIN}patternFill/{MAIN}fgColor")
            fills.append(None if colour is None else colour.get("rgb"))
        return [(fills[int(look.get("fillId"))], look.get("numFmtId")) for look in styles.find(f"{MAIN}cellXfs")]


def harmless_problems(workbook):
    """Nothing is a formula, a number, a link, a rich text, or leads out of the workbook."""
    for name, data in workbook.files.items():
        if "externalLink" in name or "connections" in name or b"TargetMode" in data:
            yield f"{name} leads out"
    for title, sheet in workbook.sheets.items():
        for tag in ("f", "hyperlink", "hyperlinks", "dataValidation", "conditionalFormatting"):
            if sheet.root.find(f".//{MAIN}{tag}") is not None:
                yield f"{title}: a <{tag}>"
        if sheet.root.find(f".//{MAIN}is/{MAIN}r") is not None:
            yield f"{title}: a rich text"
    for place, kind in workbook.table.kinds.items():
        if kind != "inlineStr" and (kind is not None or place in workbook.table.cells):
            yield f"{place} is of kind {kind}"
        if workbook.table.styles[place][1] != TEXT_FORMAT:
            yield f"{place} is no text cell"


# ---- The result CSV, read ----


def records_of(text, delimiter):
    """The records of a CSV, rows as a spreadsheet counts, each as its cells. Written apart from the program."""
    records, begin, at, quoted, fresh = [], 0, 0, False, True
    while at < len(text):
        character = text[at]
        if quoted:
            if character == '"' and text[at + 1:at + 2] == '"':
                at += 1
            elif character == '"':
                quoted = False
            fresh = False
        elif character == '"' and fresh:
            quoted, fresh = True, False
        elif character in "\r\n":
            records.append(text[begin:at])
            at += text[at:at + 2] == "\r\n"
            begin, fresh = at + 1, True
        else:
            fresh = character == delimiter
        at += 1
    if begin < len(text):
        records.append(text[begin:])
    return [next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), []) for record in records]


def decoded(data):
    """Text of a result CSV; U+FFFD stands for what is broken, one or several."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        data.split(b"\n")[0].decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp932", "replace")
    return data.decode("utf-8", "replace")


def alike(text):
    text = re.sub("[\uf8f0-\uf8f3]", "\ufffd", text)  # what Python has for bytes that mean nothing in CP932
    return re.sub("\ufffd+", "\ufffd", text)


def same_problems(out, workbook):
    """Row by row, cell by cell: the same values."""
    csv.field_size_limit(1 << 24)
    text = decoded(out.read_bytes())
    head = text.split("\n")[0]
    records = records_of(text, "\t" if head.count("\t") > head.count(",") else ",")
    last = max((row for row, _ in workbook.table.cells), default=0)
    if last > len(records):
        yield f"{last} rows, not {len(records)}"
    for number, cells in enumerate(records, 1):
        found = workbook.table.row(number, max(len(cells), max((column for row, column in workbook.table.cells
                                                                if row == number), default=0)))
        cells = cells + [""] * (len(found) - len(cells))
        for column, (left, right) in enumerate(zip(found, cells), 1):
            if alike(left) != alike(right):
                yield f"row {number}, column {column}: {left!r}, not {right!r}"


def both(case, source, *options, command="check", name="out", **more):
    """Run with -o and --xlsx: exit status, errors, the result's path, the workbook."""
    out, xlsx = case.tmp / f"{name}.csv", case.tmp / f"{name}.xlsx"
    status, _, errors = run(command, source, "-o", out, "--xlsx", xlsx, "--force", *options, **more)
    return status, errors, out, Workbook(xlsx) if xlsx.exists() else None


def code_of(errors):
    """Whether `errors` is the message of a code: its fixed parts, in their order."""
    catalog = json.loads((ROOT / "schemas" / "error-catalog.json").read_text(encoding="utf-8"))["entries"]
    for entry in catalog:
        parts = [part for part in re.split(r"\{\w+\}", entry["ja"]["message"]) if part.strip()]
        if parts and re.search(".*".join(map(re.escape, parts)), errors, re.DOTALL) and len("".join(parts)) > 8:
            return entry["code"]
    return None


# ---- Values ----


CASES = """address-tab blank-cells-lines blank-lines broken-byte broken-byte-in-unused-column cells-extra
cells-extra-of-seven cells-missing cells-missing-at-the-end cp932-tabs cr-lines emoji formula-text-raw
formula-with-quotes gaiji-cp932 header-only item-name-line-break many-warnings mixed-lines no-final-newline
quote-doubled quote-in-a-cell quote-stray quote-then-text quoted-all quoted-some result-comes-back
result-comes-back-extra result-comes-back-in-the-middle result-comes-back-short several-errors-on-a-row trail-bytes
utf16-be utf16-commas utf16-lone-surrogate utf8-broken-byte utf8-with-mark-quoted""".split()


def test_samples():
    for path in sorted((ROOT / "samples").glob("*.csv")):
        with Case(f"{path.name}: the workbook is the result, cell for cell") as case:
            _, _, out, workbook = both(case, path, "--sandbox", command="register")
            case.problems += same_problems(out, workbook)
            case.problems += harmless_problems(workbook)
            case.problems += shape_problems(out, workbook)
            case.problems += mark_problems(out, workbook)


def test_cases():
    for name in CASES:
        with Case(f"case {name}: the workbook is the result, cell for cell") as case:
            _, _, out, workbook = both(case, ROOT / "tests" / "cases" / name / "in.csv")
            case.problems += same_problems(out, workbook)
            case.problems += harmless_problems(workbook)
            case.problems += shape_problems(out, workbook)


ODD = ["0312345678", "123456789012", "1.5E10", "2026-11-02 17:54:08", "2026/11/2", "1/2", '="001"', "=1+1", "+81", "-5",
       "@x", "TRUE", "#N/A", " leading", "trailing ", "\u3000wide\u3000", "a\r\nb", "a\nb", "a\rb", "\n", "\r\n\r\n", "\t", "a\tb",
       "_x0041_", "_x005F_x0041_", "_x0041_x0042_", "_x000D\r", "_x00", "_", "__x0041__", "\x01\x1f\x7f\x85", "\x0b\x0c",
       "<b>&amp;</b>", "]]>", "'quoted", '"', "\\", "http://example.com/", "mailto:taro@example.com", "\ufffe\uffff",
       "\u2028", "😀𠮷", "\ufeffx", "\ufffd", "か\u3099", "{=A1}", "DDE(\"cmd\";\"/c calc\")", "0", "00", "1e5", "é"]


def test_odd_values():
    """Each in a column that is only carried through, in UTF-8 and, with tabs, in UTF-16."""
    columns = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", "項番", "明細ID", "商品コード", "商品番号", "商品名",
               "請求金額", "注文者氏名", "注文者メールアドレス", "メモ"]
    with Case("every text comes back from the workbook to the character") as case:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        for number, value in enumerate(ODD, 1):
            writer.writerow(["U", 1000 + number, "2026-11-02 17:54:08", f"M-{number}", "後払い", 1, number, "C", "A",
                             "見本の品", 100, "見本 太郎", "taro@example.com", value])
        for name, encoding in (("utf8", "utf-8-sig"), ("utf16", "utf-16")):
            source = case.tmp / f"{name}.csv"
            source.write_bytes(text.getvalue().encode(encoding))
            status, errors, out, workbook = both(case, source, name=f"{name}-out")
            case.true(f"{name}: exit {status}, {errors}", status < 2)
            case.problems += same_problems(out, workbook)
            case.problems += harmless_problems(workbook)
            for number, value in enumerate(ODD, 2):
                case.equal(f"{name}: row {number}", workbook.table.cells.get((number, len(columns)), ""), value)
    with Case("--set-status stands in the workbook as in the result") as case:
        source = write_csv(case.tmp / "in.csv", many(2), columns=["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法",
                                                                "項番", "明細ID", "商品コード", "商品番号", "商品名", "請求金額", "注文者氏名",
                                                                "注文者メールアドレス", "ステータスコード", "店舗ステータス"])
        _, _, out, workbook = both(case, source, "--sandbox", "--set-status", "050", "--set-shop-status", "発送済〜",
                                   command="register")
        case.problems += same_problems(out, workbook)
        case.equal("set", [workbook.table.cells[2, 14], workbook.table.cells[3, 15]], ["050", "発送済～"])


# ---- Looks ----


def shape_problems(out, workbook):
    """Sheets, header, filter, and the columns' looks."""
    if list(workbook.sheets) != [TEXTS["table"], TEXTS["counts"]["sheet"], TEXTS["guide"]["sheet"]]:
        yield f"sheets {list(workbook.sheets)}"
    if workbook.active != 0:
        yield "another sheet is active"
    root, cells = workbook.table.root, workbook.table.cells
    pane = root.find(f".//{MAIN}pane")
    if pane is None or (pane.get("state"), pane.get("ySplit"), pane.get("xSplit")) != ("frozen", "1", None):
        yield "the header is not frozen"
    width = max(column for row, column in cells if row == 1)
    last = max(row for row, _ in cells)
    begin, end = root.find(f"{MAIN}autoFilter").get("ref").split(":") if last > 1 else ("A1", None)
    if begin != "A1" or (end and place_of(end) != (last, width)):
        yield f"the filter ends at {end}, not at {(last, width)}"
    headings = workbook.table.row(1, width)
    for column in range(1, 16385):
        own_width, (fill, kind) = workbook.table.columns[column]
        ours = column <= width and headings[column - 1] in HEADINGS
        if kind != TEXT_FORMAT or (fill is not None) != ours:
            yield f"column {column} has the looks {fill}, {kind}"
            break
        if column <= width and not 8 <= own_width <= 52:
            yield f"column {column} is {own_width} wide"
    used = place_of(root.find(f"{MAIN}dimension").get("ref").split(":")[-1])
    if used != (last, max(column for _, column in workbook.table.styles)):
        yield "the used range is not that of the table"


def mark_problems(out, workbook):
    """What the result's own cells say is to be fixed is what is coloured and has a comment."""
    table = workbook.table
    width = max(column for row, column in table.cells if row == 1)
    headings = table.row(1, width)
    where = {heading: headings.index(heading) + 1 for heading in HEADINGS}
    for row in range(2, max(row for row, _ in table.cells) + 1):
        cells = dict(zip(headings, table.row(row, width)))
        if any(column > width for r, column in table.cells if r == row):
            continue  # cells too many: elsewhere
        wanted, notes = {}, {}
        findings = zip(*(cells[name].split("|") for name in ("エラーコード", "エラー項目", "エラー内容", "修正方法/対応方法")))
        for code, item, message, remedy in findings:
            if code in ("", "SIBLING_ROW"):
                continue
            names = [name for name in item.split("、") if name in headings] or ["エラーコード"]
            for name in names:
                warning = message.startswith("注意: ")
                column = headings.index(name) + 1
                if wanted.get(column) != RED:
                    wanted[column] = YELLOW if warning else RED
                notes.setdefault(column, []).append((message, remedy))
        marked = {column: look[0] for (r, column), look in table.styles.items() if r == row and look[0] in (RED, YELLOW)}
        if marked != wanted and "列目" not in cells["エラー項目"]:
            yield f"row {row}: coloured {marked}, not {wanted} ({cells['エラーコード']})"
        for column, said in notes.items():
            note = workbook.notes.get((row, column), "")
            if "列目" not in cells["エラー項目"] and not all(text in note for pair in said for text in pair):
                yield f"row {row}, column {column}: the comment {note!r} lacks {said}"
        if where and not notes and any(r == row for r, _ in workbook.notes):
            yield f"row {row}: a comment"


def test_marks():
    with Case("cells to fix are coloured, once each, with all that is said of them") as case:
        columns = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", "項番", "明細ID", "商品コード", "商品番号", "商品名",
                   "単価", "個数", "小計", "請求金額", "注文者氏名", "注文者メールアドレス"]
        source = write_csv(case.tmp / "in.csv", {
            "1001": [{"商品名": "", "商品番号": "全角"}, {}],
            "1002": [{"商品番号": "A-1"}],
            "1003": [{"単価": 100, "個数": 2, "小計": 300, "請求金額": 300}],
        }, columns=columns, 単価=1980, 個数=1, 小計=1980)
        status, _, out, workbook = both(case, source)
        case.equal("exit", status, 1)
        case.problems += mark_problems(out, workbook)
        table = workbook.table
        case.equal("two errors on a row", [table.styles[2, 9][0], table.styles[2, 10][0]], [RED, RED])
        case.equal("the sibling", {look[0] for (row, _), look in table.styles.items() if row == 3} & {RED, YELLOW}, set())
        case.equal("a warning", table.styles[4, 9][0], YELLOW)
        case.true("a comment for each", {(2, 9), (2, 10), (4, 9)} <= set(workbook.notes))
        author = workbook.xml("xl/comments1.xml").find(f"{MAIN}authors/{MAIN}author")
        case.equal("author", author.text or "", "")
        heights = [float(height) for height in re.findall(rb"height:([0-9.]+)pt", workbook.files["xl/drawings/vmlDrawing1.vml"])]
        case.true(f"comments are as high as their texts {heights}", heights and min(heights) > 40)
    with Case("a row with cells too many: the first of these is coloured, and ours stand behind, shaded") as case:
        source = case.tmp / "in.csv"
        rows = write_csv(source, many(2)).read_bytes().split(b"\r\n")
        source.write_bytes(b"\r\n".join([rows[0], rows[1] + b",x,y", rows[2], b""]))
        _, _, out, workbook = both(case, source)
        case.problems += same_problems(out, workbook)
        case.equal("coloured", workbook.table.styles[2, 14][0], RED)
        case.equal("code", workbook.table.cells[2, 17], "CELLS_EXTRA")
        case.equal("fills", [workbook.table.look(2, column)[0] for column in (13, 15, 24)], [None] * 3)
        shades = {workbook.table.look(2, column)[0] for column in (16, 18, 19, 20, 21, 22, 23)}
        case.true(f"one shade {shades}", len(shades) == 1 and shades.isdisjoint({None, RED}))
    with Case("the sheets that count and explain") as case:
        _, _, _, workbook = both(case, ROOT / "samples" / "order_05_credit_results.csv", "--sandbox", command="register")
        counts = workbook.sheets[TEXTS["counts"]["sheet"]].cells
        by_name = {text: counts.get((row, 2)) for (row, column), text in counts.items() if column == 1}
        numbers = TEXTS["counts"]["numbers"]
        case.equal("counts", [by_name[numbers[name]] for name in ("rows", "orders", "sent", "succeeded", "failed",
                                                                  "invalid", "unsent", "skipped_rows")],
                   [11, 8, 8, 5, 3, 0, 0, 1])
        case.equal("statuses", [by_name[name] for name in ("与信OK", "与信NG", "与信失敗", "与信中")], [3, 2, 1, 2])
        case.equal("errors", [by_name["CREDIT_NG"], by_name["REGISTRATION_FAILED"]], [2, 1])
        case.true("a chart", "xl/charts/chart1.xml" in workbook.files)
        explained = set(workbook.sheets[TEXTS["guide"]["sheet"]].cells.values())
        for status, texts in TEXTS["guide"]["statuses"].items():
            case.true(f"{status} is explained", {status, *texts} <= explained)
        _, _, _, workbook = both(case, ROOT / "samples" / "order_12_quiet_day.csv", name="quiet")
        case.true("no chart where there is nothing", "xl/charts/chart1.xml" not in workbook.files)


# ---- What a service may say ----


def hostile_texts():
    for begin in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "|", "\t=", " =", "\x00=", "\x1b=", "\x7f", "'="):
        yield begin + "1+1"
    yield '=HYPERLINK("http://example.com/?x="&A1,"見る")'
    yield "=cmd|'/c calc'!A0"
    yield "a|=1+1|\n=2+2"
    yield "_x003D_1+1"
    yield "\ufffe=1"
    yield "validation error:items[0].=name"
    yield "<f>1+1</f>"


def test_hostile_service():
    texts = list(hostile_texts())
    with Case("whatever the service answers, no cell of ours begins a formula, in CSV or workbook") as case:
        source = write_csv(case.tmp / "in.csv", many(len(texts)))
        said = iter(texts)

        def answer(call):
            return refused(next(said, "?")) if call.method == "POST" else accepted(call)

        with Relay(None, answer) as relay:
            xlsx = case.tmp / "out.xlsx"
            outcome = operate("register", case.tmp, relay.url, source, "--concurrency", "1", "--xlsx", xlsx)
        case.equal("exit", outcome.status, 1)
        case.equal("summary", outcome.summary["xlsx"], str(xlsx))
        workbook = Workbook(xlsx)
        case.problems += harmless_problems(workbook)
        case.problems += same_problems(outcome.out, workbook)
        formula = re.compile("[=+\\-@\t\r\n＝＋－＠\u2212]")
        for number, row in outcome.rows.items():
            for heading in HEADINGS:
                case.true(f"row {number}: {heading} {row[heading]!r}", not formula.match(row[heading]) and
                          not re.search("[\x00-\x1f\x7f-\x9f]", row[heading]))
        case.equal("every refusal is there", sum("SERVICE_REFUSED" in row["エラーコード"] or row["エラーコード"] != ""
                                               for row in outcome.rows.values()), len(texts))


# ---- Whole or not at all ----


def listing(folder):
    return sorted(os.listdir(folder))


def test_refusals():
    with Case("a path that cannot be: exit 2, nothing sent, nothing written") as case:
        source = write_csv(case.tmp / "in.csv", many(2))
        (case.tmp / "old.xlsx").write_bytes(b"old")
        (case.tmp / "folder").mkdir()
        (case.tmp / "link.csv").symlink_to("out.csv")
        before = listing(case.tmp)
        with Relay(None, accepted) as relay:
            for what, arguments, code in (
                    ("standard output", ["--xlsx", "-"], "USAGE_BAD_VALUE"),
                    ("no value", ["--xlsx"], "USAGE_MISSING_VALUE"),
                    ("there already", ["--xlsx", case.tmp / "old.xlsx"], "OUTPUT_EXISTS"),
                    ("the input", ["--xlsx", source, "--force"], "OUTPUT_IS_INPUT"),
                    ("a folder", ["--xlsx", case.tmp / "folder", "--force"], "OUTPUT_IS_DIRECTORY"),
                    ("in no folder", ["--xlsx", case.tmp / "none" / "x.xlsx"], "OUTPUT_UNWRITABLE"),
                    ("the result", ["--xlsx", case.tmp / "." / "out.csv"], "USAGE_BAD_VALUE"),
                    ("the summary", ["--xlsx", case.tmp / "x", "--summary-json", case.tmp / "x"], "USAGE_BAD_VALUE"),
                    ("the log", ["--xlsx", case.tmp / "x", "--log", case.tmp / "x", "--ledger", case.tmp / "l.db"],
                     None)):
                status, _, errors = run("register", source, "-o", case.tmp / "out.csv", "--api-url", relay.url,
                                        *arguments, env=SECRETS)
                case.equal(f"{what}: exit", status, 2)
                if code:
                    case.equal(f"{what}: code", code_of(errors), code)
                for name in ("l.db", "x"):
                    (case.tmp / name).unlink(missing_ok=True)
                case.equal(f"{what}: files", listing(case.tmp), before)
            case.equal("sent", len(relay.calls), 0)
        case.equal("old", (case.tmp / "old.xlsx").read_bytes(), b"old")
    with Case("exit 4 and 3 leave the workbook as it was; check and --dry-run need no -o") as case:
        xlsx, source = case.tmp / "x.xlsx", write_csv(case.tmp / "in.csv", many(2))
        (case.tmp / "bad.csv").write_bytes(b"a,b\r\n1,2\r\n")
        for old in (None, b"old"):
            if old:
                xlsx.write_bytes(old)
            for status, arguments in ((4, ["check", case.tmp / "bad.csv"]), (3, ["register", source, "-o", case.tmp / "o.csv"])):
                case.equal("exit", run(*arguments, "--xlsx", xlsx, "--force")[0], status)
                case.equal("as it was", xlsx.read_bytes() if xlsx.exists() else None, old)
        case.equal("check", run("check", source, "--xlsx", xlsx, "--force")[0], 0)
        case.problems += harmless_problems(Workbook(xlsx))
        os.chmod(source, 0o750)
        status, _, errors = run("register", source, "--dry-run", "--sandbox", "--xlsx", xlsx, "--force")
        case.equal("dry run", status, 0)
        case.true("the report names it", str(xlsx) in errors)
        case.equal("permissions are the input's, none to execute", xlsx.stat().st_mode & 0o777, 0o640)
        case.equal("files", listing(case.tmp), ["bad.csv", "in.csv", "x.xlsx"])
    with Case("a service that is not there: exit 5, with the workbook") as case:
        source = write_csv(case.tmp / "in.csv", many(2))
        status, _, out, workbook = both(case, source, "--api-url", "http://127.0.0.1:1/v1", "--retries", "0",
                                        command="register", env=SECRETS)
        case.equal("exit", status, 5)
        case.problems += same_problems(out, workbook)


def test_limits():
    columns = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", "項番", "明細ID", "商品コード", "商品番号", "商品名",
               "請求金額", "注文者氏名", "注文者メールアドレス", "備考"]
    with Case("a cell of 32,767 UTF-16 units fits; of more it is refused before anything is sent") as case:
        source, xlsx = case.tmp / "in.csv", case.tmp / "x.xlsx"
        for text, fits in (("x" * 32767, True), ("x" * 32768, False), ("𠮷" * 16383 + "x", True), ("𠮷" * 16384, False),
                           ("\r" * 4681, True), ("\x01" * 4682, False)):
            rows = write_csv(source, many(3), columns=columns, 備考="").read_text("cp932").split("\n")
            rows[2] = rows[2].rstrip("\r") + f'"{text}"\r'
            source.write_text("\n".join(rows), encoding="utf-8-sig", newline="")
            with Relay(None, accepted) as relay:
                status, _, errors = run("register", source, "-o", case.tmp / "o.csv", "--xlsx", xlsx, "--force",
                                        "--api-url", relay.url, env=SECRETS)
                case.true(f"{len(text)} of {text[0]!r}: exit {status}, {errors}", (status < 2) == fits)
                case.true("sent", bool(relay.calls) == fits)
            if fits:
                case.problems += same_problems(case.tmp / "o.csv", Workbook(xlsx))
            else:
                case.equal("code", code_of(errors), "WORKBOOK_CELL_TOO_LONG")
                case.true("place", "3行目の14列目「備考」" in errors)
    with Case("a row beyond 1 MiB, one with too many cells, and a row too far down are refused") as case:
        source, xlsx = case.tmp / "in.csv", case.tmp / "x.xlsx"
        data = write_csv(source, many(2), columns=columns, 備考="").read_bytes()
        for what, extra, code, place in (
                ("long", b"U,9" + b"," * 12 + b"x" * (1 << 20), "WORKBOOK_CELL_TOO_LONG", "4行目の14列目「備考」"),
                ("wide", b"U,9" + b"," * 16374, "WORKBOOK_TOO_LARGE", "4行、16384列"),
                ("wider", b"U,9" + b"," * 16375, "WORKBOOK_TOO_LARGE", "4行、16385列"),
                ("far", b"\r\n" * 1048573 + b"U,9", "WORKBOOK_TOO_LARGE", "1048577行、22列")):
            source.write_bytes(data + extra + b"\r\n")
            status, _, errors = run("check", source, "--xlsx", xlsx)
            fits = what == "wide"
            case.equal(f"{what}: exit", status, 1 if fits else 2)
            if not fits:
                case.equal(f"{what}: code", code_of(errors), code)
                case.true(f"{what}: place {errors}", place in errors)
            else:
                case.equal("last cell", workbook_width(xlsx), 16384)
                xlsx.unlink()
        write_csv(source, many(1), columns=[*columns, "ステータスコード"], 備考="")
        status, _, errors = run("register", source, "-o", case.tmp / "o.csv", "--sandbox", "--xlsx", xlsx, "--set-status",
                                "9" * 32768)
        case.equal("--set-status", (status, code_of(errors)), (2, "USAGE_BAD_VALUE"))
        case.equal("files", listing(case.tmp), ["in.csv"])


def workbook_width(path):
    return max(column for _, column in Workbook(path).table.styles)


def test_lost():
    """A workbook that appears meanwhile stays; the result is there, and the message says what was sent."""
    with Case("what comes into being meanwhile stays, and the result is in its place") as case:
        source, out, xlsx = write_csv(case.tmp / "in.csv", many(3)), case.tmp / "o.csv", case.tmp / "x.xlsx"

        def answer(call):
            xlsx.write_bytes(b"theirs")
            return accepted(call)

        with Relay(None, answer) as relay:
            status, _, errors = run("register", source, "-o", out, "--xlsx", xlsx, "--api-url", relay.url, env=SECRETS)
        case.equal("exit", status, 2)
        case.equal("code", code_of(errors[errors.index("ブック"):]), "WORKBOOK_LOST")
        case.true(f"how many: {errors}", "送信した受注は3件です" in errors and "結果: " in errors)
        case.equal("files", listing(case.tmp), ["in.csv", "o.csv", "x.xlsx"])
        case.equal("theirs", xlsx.read_bytes(), b"theirs")


def small_files(most):
    """Before the program starts: no file may be larger, as on a disk that becomes full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def test_full_disk():
    with Case("no room for the temporary files, whichever of them it is: exit 2, no workbook, nothing left") as case:
        source, xlsx, out = write_csv(case.tmp / "in.csv", many(400)), case.tmp / "x.xlsx", case.tmp / "o.csv"
        temporary = case.tmp / "tmp"
        temporary.mkdir()
        env = {"TMPDIR": str(temporary)}
        case.equal("with room", run("check", source, "--xlsx", xlsx, env=env)[0], 0)
        with zipfile.ZipFile(xlsx) as archive:
            sheet = archive.getinfo("xl/worksheets/sheet1.xml").file_size
            rows = len(archive.read("xl/worksheets/sheet1.xml").partition(b"<sheetData>")[2].partition(b"</sheetData>")[0])
        case.true("the CSV itself fits", source.stat().st_size + 20000 < rows // 2)
        xlsx.write_bytes(b"old")
        for what, most in (("some rows", rows // 2), ("all rows but one byte", rows - 1), ("the rows, and no end", rows + 1),
                           ("all but the last byte", sheet - 1)):
            status, _, errors = run("check", source, "-o", out, "--xlsx", xlsx, "--force", env=env,
                                    preexec_fn=small_files(most))
            case.equal(f"{what}: exit", status, 2)
            case.equal(f"{what}: code", code_of(errors[errors.index("ブック"):]), "WORKBOOK_LOST")
            case.equal(f"{what}: files", (listing(case.tmp), listing(temporary)), (["in.csv", "o.csv", "tmp", "x.xlsx"], []))
            case.equal(f"{what}: the old one", xlsx.read_bytes(), b"old")
            case.true(f"{what}: the result is there", len(out.read_bytes()) > source.stat().st_size)
            out.unlink()
        case.equal("just room enough", run("check", source, "--xlsx", xlsx, "--force", env=env,
                                           preexec_fn=small_files(sheet))[0], 0)
        case.problems += harmless_problems(Workbook(xlsx))


def test_interrupted():
    with Case("an interrupted run: exit 130, with result and workbook") as case:
        source, xlsx = write_csv(case.tmp / "in.csv", many(40)), case.tmp / "x.xlsx"
        begun = threading.Event()

        def answer(call):
            begun.set()
            time.sleep(0.05)
            return accepted(call)

        with Relay(None, answer) as relay:
            background = Background("register", case.tmp, relay.url, source, "--xlsx", xlsx, "--concurrency", "1")
            begun.wait(TIMEOUT)
            background.process.send_signal(signal.SIGINT)
            outcome = background.end()
        case.equal("exit", outcome.status, 130)
        workbook = Workbook(xlsx)
        case.problems += same_problems(outcome.out, workbook)
        case.true("some are unsent", "NOT_SENT" in outcome.codes().values())


def test_same_bytes():
    with Case("the same run makes the same bytes, without a time or a user but the runs' own") as case:
        source = ROOT / "samples" / "order_06_amounts_and_differences.csv"
        books = []
        for name in ("one", "two"):
            _, _, _, workbook = both(case, source, name=name)
            books.append(workbook)
        time = re.compile(rb"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
        for name, data in books[0].files.items():
            case.true(name, time.sub(b"", data) == time.sub(b"", books[1].files[name]))
        case.equal("dates", books[0].dates, {(1980, 1, 1, 0, 0, 0)})
        case.true("no creator", b"<dc:creator></dc:creator>" in books[0].files["docProps/core.xml"])


# ---- Memory ----


def is_sanitized():
    return b"__asan_init" in open(PROGRAM, "rb").read()


def test_memory():
    rows, limit = 200000, 256 * 1024  # KiB
    with Case("200,000 rows of 30 columns, an error on each, within 256 MiB") as case:
        if is_sanitized():
            case.title += " # SKIP sanitizers need more"
            return
        source, xlsx = case.tmp / "in.csv", case.tmp / "x.xlsx"
        columns = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", "項番", "明細ID", "商品コード", "商品番号", "商品名",
                   "請求金額", "注文者氏名", "注文者メールアドレス", *(f"列{number}" for number in range(17))]
        line = ",2026-11-02 17:54:08,,後払い,1,{0},C,A,,100,見本 太郎,taro@example.com" + ",値" * 17
        with open(source, "wb") as file:
            file.write((",".join(columns) + "\r\n").encode("cp932"))
            for number in range(rows):
                file.write(("U,{0}" + line).format(1000000 + number).encode("cp932") + b"\r\n")
        process = subprocess.Popen([PROGRAM, "check", source, "--xlsx", xlsx, "--quiet"], env={**os.environ, "TMPDIR": str(case.tmp)})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        case.equal("exit", process.returncode, 1)
        case.true(f"{usage.ru_maxrss} KiB", usage.ru_maxrss <= limit)
        case.equal("files", listing(case.tmp), ["in.csv", "x.xlsx"])
        with zipfile.ZipFile(xlsx) as archive:
            with archive.open("xl/worksheets/sheet1.xml") as sheet:
                case.equal("rows", sum(block.count(b"<row ") for block in iter(lambda: sheet.readline() or b"", b"")), rows + 1)
            case.equal("comments", archive.read("xl/comments1.xml").count(b"<comment "), 10000)
            case.true("which the guide says", any("10,000" in cell for section in TEXTS["guide"]["sections"]
                                                  for row in section["rows"] for cell in row["cells"]))


def main():
    test_samples()
    test_cases()
    test_odd_values()
    test_marks()
    test_hostile_service()
    test_refusals()
    test_limits()
    test_lost()
    test_full_disk()
    test_interrupted()
    test_same_bytes()
    test_memory()
    return done()


if __name__ == "__main__":
    sys.exit(main())
