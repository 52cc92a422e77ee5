#!/usr/bin/env python3
"""--report: the page says what the run came to; whatever files and the service are called or say stays text; nobody's
data is in it unless it is asked for; and it appears whole, or not at all.

The program's path is in the environment variable ATOBARAI.
"""
import csv
import io
import json
import os
import re
import resource
import signal
import sqlite3
import sys
import urllib.parse

from harness import ROOT, Case, done, read_result, run
from page import HOSTILE, UNSEEN, Page, multiply_runs, number, page_problems
from service import SECRETS, Background, Relay, Sandbox, accepted, many, operate, refused, write_csv

SAMPLES = ROOT / "samples"
CATALOGUE = {entry["code"]: entry
             for entry in json.loads((ROOT / "schemas" / "error-catalog.json").read_text(encoding="utf-8"))["entries"]}
TEXTS = json.loads((ROOT / "schemas" / "report.json").read_text(encoding="utf-8"))
PERSON = ["氏名", "氏名カナ", "郵便番号", "住所1", "住所2", "電話番号", "メールアドレス"]
BUYER = [whose + what for whose in ("注文者", "送付先") for what in PERSON]
NEEDED = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", "項番", "明細ID", "商品コード", "商品番号", "商品名", "請求金額"]


def linked_files(page):
    """The files that the links lead to from where the page is."""
    return [os.path.realpath(os.path.join(os.fsencode(page.path.parent), urllib.parse.unquote_to_bytes(href)))
            for href in page.links if not href.startswith("https:")]


def place_of(cell):
    """"AB12" as (row, column from 0)."""
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits), column - 1


def headings_of(path):
    return next(csv.reader(io.StringIO(path.read_bytes().decode("cp932", "replace"), newline="")))


# ---- What it says ----


def count_problems(page, summary):
    """Whether the page has the counts of the summary."""
    wanted = {"受注": "orders", "済んだ受注": "succeeded", "断られた受注": "failed", "エラーの受注": "invalid",
              "未送信・不明": "unsent", "行": "rows", "対象外の行": "skipped_rows",
              "送信した受注": "sent"}
    for name, member in wanted.items():
        if number(page.facts.get(name, "-1")) != summary[member]:
            yield f"{name}: {page.facts.get(name)}, not {summary[member]}"
    statuses = {row[0]: number(row[1]) for row in page.tables.get("statuses", [])}
    if statuses != summary["by_status"]:
        yield f"statuses {statuses}, not {summary['by_status']}"
    for code, orders in summary["by_error"].items():
        title = CATALOGUE[code]["ja"]["title"]
        if not re.search(re.escape(f"{title} {code}") + rf"\s*{orders:,}件、最初は\d+行目", page.text):
            yield f"{code}: not said of {orders} orders"


def order_problems(page, outcome, source):
    """Whether the table of orders to fix has the errors of the result, at their cells."""
    headings = headings_of(source)
    found = {}
    for order, row, cells, what, remedy in page.tables.get("orders", []):
        code = what.split()[-1]
        line = int(row.removesuffix("行目"))
        found.setdefault((line, code), []).append(order)
        if cells:
            *places, name = re.split("[、 ]", cells, maxsplit=cells.count("、", 0, cells.find(" ")) + 1)
            for place in places:
                at, column = place_of(place)
                if at != line or (headings[column] if column < len(headings) else f"{column + 1}列目") not in name:
                    yield f"{cells}: row {line}"
        if CATALOGUE[code]["ja"]["title"] not in what:
            yield f"{code}: {what}"
        if not remedy or "{" in remedy:
            yield f"{code}: remedy {remedy!r}"
    wanted = set()
    for line, row in outcome.rows.items():
        for code, said in zip(row["エラーコード"].split("|"), row["エラー内容"].split("|")):
            if code and code != "SIBLING_ROW" and not said.startswith("注意: "):
                wanted.add((line, code))
                orders = found.get((line, code))
                if orders and row["受注ID"] not in orders and TEXTS["orders"]["nameless"] not in orders:
                    yield f"row {line}: {orders}, not {row['受注ID']}"
    # What is about a whole order stands on all of its rows in the result, and once here.
    for place in found.keys() - wanted:
        yield f"not in the result: {place}"
    for line, code in wanted - found.keys():
        order = outcome.rows[line]["受注ID"]
        if not any(code == other and order in orders for (_, other), orders in found.items()):
            yield f"not in the page: row {line}, {code}"


def test_content():
    for sample in ("order_02_name_too_long", "order_05_credit_results", "order_07_missing_and_wrong_values",
                   "order_08_damaged_rows"):
        with Case(f"the page of {sample} says what summary and result say") as case, Sandbox(case.tmp) as sandbox:
            (case.tmp / "pages").mkdir()
            path, source = case.tmp / "pages" / "report.html", SAMPLES / f"{sample}.csv"
            outcome = operate("register", case.tmp, sandbox.url, source, "--report", path)
            page = Page(path)
            case.problems += page_problems(page)
            case.problems += count_problems(page, outcome.summary)
            case.problems += order_problems(page, outcome, source)
            case.equal("summary", outcome.summary["report"], str(path))
            case.equal("links", linked_files(page), [os.fsencode(outcome.out.resolve())])
            case.equal("exit", page.facts["終了コード"], str(outcome.status))
            case.equal("input", page.facts["受注CSV"], source.name)
            case.equal("encoding", page.facts["文字コード"], "cp932")
            case.true("what comes next", TEXTS["verdicts"]["fix"] in page.text)
            case.true("when", re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", page.facts["実行日時"]))
            case.true("how long", re.fullmatch(r"(\d+分)?\d+\.\d秒", page.facts["所要時間"]))
    with Case("check: no ledger, no chart, nothing that was sent; with a workbook in another folder") as case:
        (case.tmp / "a b").mkdir()
        path, book = case.tmp / "report.html", case.tmp / "a b" / "bo#k.xlsx"
        status, _, errors = run("check", SAMPLES / "order_01_clean_day.csv", "--report", path, "--xlsx", book)
        page = Page(path)
        case.equal("exit", status, 0)
        case.true(f"named: {errors}", str(path) in errors)
        case.problems += page_problems(page)
        case.equal("links", linked_files(page), [os.fsencode(book.resolve())])
        case.true("verdict", TEXTS["verdicts"]["checked"] in page.text)
        case.equal("bars", page.bars, 0)
        case.true("no 送信", "送信した受注" not in page.facts and "断られた受注" not in page.facts)
        case.true("no runs, no orders", not {"runs", "orders"} & page.tables.keys())
    with Case("from /a/b/c to /a/x, from /a to /a/b/c, and to the same folder by another name") as case:
        (case.tmp / "b" / "c").mkdir(parents=True)
        (case.tmp / "bc").mkdir()
        (case.tmp / "same").symlink_to("b/c")
        for own, other, wanted in (("b/c/p.html", "bc/o.csv", "../../bc/o.csv"), ("p.html", "b/c/o.csv", "b/c/o.csv"),
                                   ("b/c/p.html", "same/o.csv", "o.csv"), ("b/p.html", "bc/o.csv", "../bc/o.csv"),
                                   ("b/c/p.html", "b/o.csv", "../o.csv")):
            run("check", SAMPLES / "order_12_quiet_day.csv", "-o", case.tmp / other, "--report", case.tmp / own, "--force")
            case.equal(own, Page(case.tmp / own).links, [wanted])
    with Case("3,100 orders to fix: 3,000 are listed, and the rest is counted") as case:
        source = write_csv(case.tmp / "in.csv", many(3100), 商品名="")
        case.equal("exit", run("check", source, "--report", case.tmp / "r.html")[0], 1)
        page = Page(case.tmp / "r.html")
        case.equal("listed", len(page.tables["orders"]), 3000)
        case.true("the rest", "ほか100件の受注は" in page.text)
        case.problems += page_problems(page)


# ---- Hostile texts ----

def test_hostile():
    with Case("what the service says stays a text, shown or not") as case:
        said = iter(HOSTILE * 2)
        source = write_csv(case.tmp / "in.csv", many(len(HOSTILE)))
        with Relay(None, lambda call: refused(next(said, "?")) if call.method == "POST" else accepted(call)) as relay:
            for details in ([], ["--report-details"]):
                path = case.tmp / f"r{len(details)}.html"
                outcome = operate("register", case.tmp, relay.url, source, "--concurrency", "1", "--report", path, *details)
                page = Page(path)
                case.problems += page_problems(page)
                case.equal("orders", len(page.tables["orders"]), len(HOSTILE))
                for row, text in zip(page.tables["orders"], HOSTILE):
                    shown = re.sub("[\0-\x1f]", lambda found: chr(0x2400 + ord(found[0])), text)
                    shown = UNSEEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", shown)
                    case.equal(f"{text!r} is shown", shown.split("␀")[0] in row[3], bool(details))
        case.equal("exit", outcome.status, 1)
    with Case("names of files and columns stay texts, and links lead to them") as case:
        hostile = "</th><script>x"
        for name in ("<img src=x onerror=alert(1)>", "\"'&#?%;:", "a\nb\x1b\u202e", "javascript:alert(1)", "結果 ～",
                     os.fsdecode(b"\xff\x80")):
            source = write_csv(case.tmp / f"{name}.csv", many(2), [hostile, *NEEDED], **{hostile: "", "商品名": ""})
            out, path = case.tmp / f"{name}-out.csv", case.tmp / f"{name}.html"
            status, _, errors = run("check", source, "-o", out, "--report", path)
            case.equal(f"{name!r}: {errors}", status, 1)
            page = Page(path)
            case.problems += page_problems(page)
            case.equal("link", linked_files(page), [os.path.realpath(os.fsencode(out))])
            case.equal("files", sorted(os.listdir(case.tmp)), sorted(file.name for file in (source, out, path)))
            for file in (source, out, path):
                file.unlink()


# ---- Nobody's data ----


def buyer_cells(path):
    """Every cell of a buyer in a file, as far as it can be read."""
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("cp932", "replace"), newline="")))
    places = [i for i, heading in enumerate(rows[0]) if heading in BUYER]
    return {row[place].strip() for row in rows[1:] for place in places if place < len(row) and len(row[place].strip()) > 2}


def test_privacy():
    catalogue = json.dumps(list(CATALOGUE.values()), ensure_ascii=False)
    secret = {"注文者氏名": "秘密\x01 花子", "注文者氏名カナ": "漢字ノ名", "注文者郵便番号": "987-65x", "注文者住所1": "秘密市\ue000内緒町1-23",
              "注文者電話番号": "09098765", "注文者メールアドレス": "himitsu＠example.net"}
    with Case("no cell of a buyer is in a page, whatever is wrong with it") as case:
        source = write_csv(case.tmp / "secret.csv", {"2000001": [{}]}, [*NEEDED, *secret], **secret)
        errors = set()
        for file, options in ((source, []), (source, ["--strict"]),
                              *((file, ["--strict"]) for file in sorted(SAMPLES.glob("order_0[678]*.csv")))):
            for dialect in ("json", "kuroneko"):
                path = case.tmp / "r.html"
                code, _, said = run("check", file, "--dialect", dialect, "--report", path, "--force", *options)
                case.true(f"{file.name}: {code} {said}", code in (0, 1))
                text = Page(path).source
                errors |= {code for code in CATALOGUE if code in text}
                for cell in buyer_cells(file):
                    # An example of the catalogue is nobody's number.
                    if cell in text and cell not in catalogue:
                        case.problems.append(f"{file.name} {dialect}: {cell!r}")
        case.true(f"enough was wrong: {len(errors)}", len(errors) >= 20)
    with Case("--report-details shows the messages of the result, which quote cells") as case:
        path, out = case.tmp / "r.html", case.tmp / "o.csv"
        case.equal("exit", run("check", SAMPLES / "order_07_missing_and_wrong_values.csv", "-o", out, "--report", path,
                               "--report-details")[0], 1)
        page, quotes = Page(path), 0
        case.problems += page_problems(page)
        for row in read_result(out).values():
            for code, message in zip(row["エラーコード"].split("|"), row["エラー内容"].split("|")):
                if code and code != "SIBLING_ROW" and not message.startswith("注意: "):
                    case.true(f"{message} is there", message in page.text)
                    quotes += "「" in message
        case.true("quotes", quotes > 5)
        case.true("it says so", TEXTS["foot"]["details"] in page.text and TEXTS["foot"]["plain"] not in page.text)
    with Case("an id that may be something else is not shown; one that is, is") as case:
        source, path = case.tmp / "in.csv", case.tmp / "r.html"
        write_csv(source, {"秘密 花子": [{}], "2000002": [{"商品名": ""}], "taro@example.com": [{}], "": [{}]})
        case.equal("exit", run("check", source, "--report", path)[0], 1)
        page = Page(path)
        case.true("not shown", not re.search("秘密|taro", page.source))
        case.equal("shown", {row[0] for row in page.tables["orders"]}, {"2000002", TEXTS["orders"]["nameless"]})


# ---- Runs ----


def runs_of(ledger):
    with sqlite3.connect(ledger) as database:
        return database.execute("SELECT command, rows, orders, succeeded, failed, invalid, unsent, exit FROM runs "
                                "ORDER BY number").fetchall()


def test_runs():
    with Case("the chart has the runs of the ledger, this one last; rehearsals are none") as case, \
            Sandbox(case.tmp) as sandbox:
        ledger, path = case.tmp / "ledger.db", case.tmp / "r.html"
        orders = {"2000001": [{}, {}], "2000002": [{"商品名": ""}], "2000003": [{"注文者メールアドレス": "ng@example.com"}]}
        source = write_csv(case.tmp / "秘密花子.csv", orders)
        options = ["--ledger", ledger, "--report", path, "--force"]
        for command in ("register", "register", "status"):
            case.equal(command, operate(command, case.tmp, sandbox.url, source, *options).status, 1)
        page = Page(path)
        case.problems += page_problems(page)
        rows = page.tables["runs"]
        case.equal("runs", [row[1:] for row in rows], [["status", *"1110"], *[["register", *"1110"]] * 2])
        kept = runs_of(ledger)
        case.equal("kept", kept, [(command, 4, 3, 1, 1, 1, 0, 1) for command in ("register", "register", "status")])
        case.equal("bars", page.bars, 9)
        case.true("no file is named", "秘密".encode() not in ledger.read_bytes())
        for extra, wanted in ((["--api-url", sandbox.url], 3), (["--sandbox"], 0)):
            status, _, errors = run("register", source, "--dry-run", *options, *extra, env=SECRETS)
            case.true(f"{extra}: {errors}", status < 2)
            case.equal(f"{extra}: runs", len(Page(path).tables.get("runs", [])), wanted)
        case.equal("kept", runs_of(ledger), kept)
        # A run that came to nothing is one, too.
        with Relay(None, lambda call: (401, b"{}")) as relay:
            outcome = operate("register", case.tmp, relay.url, write_csv(case.tmp / "x.csv", many(1)), "--ledger", ledger)
        case.equal("credentials", (outcome.status, runs_of(ledger)[-1][7]), (3, 3))
        multiply_runs(ledger, "register", 100000)
        operate("status", case.tmp, sandbox.url, source, *options)
        page = Page(path)
        case.equal("thirty", (len(page.tables["runs"]), page.tables["runs"][1][2]), (30, "4,000,000"))
        case.problems += page_problems(page)
    with Case("a ledger of version 3 is read by a rehearsal, and has no runs") as case:
        ledger, path, source = case.tmp / "ledger.db", case.tmp / "r.html", write_csv(case.tmp / "in.csv", many(1))
        options = ["--ledger", ledger, "--sandbox", "--report", path, "--force"]
        case.equal("register", run("register", source, "-o", case.tmp / "o.csv", *options)[0], 0)
        with sqlite3.connect(ledger) as database:
            database.executescript("DROP TABLE runs; PRAGMA user_version = 3")
        case.equal("rehearsal", run("register", source, "--dry-run", *options)[0], 0)
        case.true("no chart", "runs" not in Page(path).tables)
        case.equal("register", run("register", source, "-o", case.tmp / "o.csv", *options)[0], 0)
        case.equal("runs", (len(Page(path).tables["runs"]), len(runs_of(ledger))), (1, 1))
    with Case("a service that is not there: exit 5, with the page, which says to run again") as case:
        path, source = case.tmp / "r.html", write_csv(case.tmp / "in.csv", many(2))
        outcome = operate("register", case.tmp, "http://127.0.0.1:1/v1", source, "--retries", "0", "--report", path)
        page = Page(path)
        case.problems += [*page_problems(page), *count_problems(page, outcome.summary)]
        case.equal("exit", (outcome.status, page.facts["終了コード"]), (5, "5"))
        case.true("says so", TEXTS["verdicts"]["unsent"] in page.text)


    with Case("interrupted: exit 130, and the page says to run again") as case:
        path, source = case.tmp / "r.html", write_csv(case.tmp / "in.csv", many(20))
        runs = []

        def answer(call):
            if len(relay.calls) == 3:
                runs[0].process.send_signal(signal.SIGINT)
            return accepted(call)

        with Relay(None, answer) as relay:
            runs.append(Background("register", case.tmp, relay.url, source, "--concurrency", "1", "--rate", "20",
                                   "--report", path))
            outcome = runs[0].end()
        page = Page(path)
        case.problems += [*page_problems(page), *count_problems(page, outcome.summary)]
        case.equal("exit", (outcome.status, page.facts["終了コード"]), (130, "130"))
        case.true("says so", TEXTS["verdicts"]["interrupted"] in page.text)


# ---- Whole or not at all ----


def test_places():
    with Case("a path that cannot be: exit 2, nothing sent, nothing written") as case:
        source = write_csv(case.tmp / "in.csv", many(2))
        (case.tmp / "old.html").write_bytes(b"old")
        (case.tmp / "folder").mkdir()
        before = sorted(os.listdir(case.tmp))
        with Relay(None, accepted) as relay:
            for what, arguments, message in (
                    ("standard output", ["--report", "-"], "--report"),
                    ("no value", ["--report"], "--report"),
                    ("there already", ["--report", case.tmp / "old.html"], "すでにあります"),
                    ("the input", ["--report", source, "--force"], "入力ファイルと同じです"),
                    ("a folder", ["--report", case.tmp / "folder", "--force"], "フォルダーです"),
                    ("in no folder", ["--report", case.tmp / "none" / "x.html"], "none/x.html"),
                    ("the result", ["--report", case.tmp / "." / "out.csv"], "--report"),
                    ("the workbook", ["--report", case.tmp / "x", "--xlsx", case.tmp / "x"], "--report"),
                    ("the summary", ["--report", case.tmp / "x", "--summary-json", case.tmp / "x"], "--summary-json"),
                    ("the log", ["--report", case.tmp / "x", "--log", case.tmp / "x"], "x")):
                status, _, errors = run("register", source, "-o", case.tmp / "out.csv", "--api-url", relay.url,
                                        *arguments, env=SECRETS)
                case.equal(f"{what}: exit", status, 2)
                case.true(f"{what}: {errors}", message in errors)
                (case.tmp / "x").unlink(missing_ok=True)  # the log is begun before it is compared
                case.equal(f"{what}: files", sorted(os.listdir(case.tmp)), before)
            case.equal("sent", len(relay.calls), 0)
        case.equal("old", (case.tmp / "old.html").read_bytes(), b"old")
    with Case("--force replaces; exit 3 and 4 leave what was there; permissions are the input's") as case:
        source, path = write_csv(case.tmp / "in.csv", many(1)), case.tmp / "r.html"
        path.write_bytes(b"old")
        (case.tmp / "bad.csv").write_bytes(b"a,b\r\n1,2\r\n")
        for status, arguments in ((4, ["check", case.tmp / "bad.csv"]), (3, ["register", source, "-o", case.tmp / "o.csv"])):
            case.equal("exit", run(*arguments, "--report", path, "--force")[0], status)
            case.equal("as it was", path.read_bytes(), b"old")
        os.chmod(source, 0o750)
        case.equal("check", run("check", source, "--report", path, "--force")[0], 0)
        case.equal("permissions", path.stat().st_mode & 0o777, 0o640)
        case.problems += page_problems(Page(path))
        case.equal("files", sorted(os.listdir(case.tmp)), ["bad.csv", "in.csv", "r.html"])
    with Case("a page that is lost at last: exit 2, and the result is in its place") as case:
        source, out, path = write_csv(case.tmp / "in.csv", many(3)), case.tmp / "o.csv", case.tmp / "r.html"

        def answer(call):
            path.write_bytes(b"theirs")
            return accepted(call)

        with Relay(None, answer) as relay:
            status, _, errors = run("register", source, "-o", out, "--report", path, "--api-url", relay.url, env=SECRETS)
        case.equal("exit", status, 2)
        # REPORT_LOST
        case.true(errors, CATALOGUE["REPORT_LOST"]["ja"]["remedy"] in errors and "送信した受注は3件です" in errors and "結果: " in errors)
        case.equal("files", sorted(os.listdir(case.tmp)), ["in.csv", "o.csv", "r.html"])
        case.equal("theirs", path.read_bytes(), b"theirs")
    with Case("a disk that becomes full: the old page stays") as case:
        source, path = write_csv(case.tmp / "in.csv", many(20), 商品名=""), case.tmp / "r.html"
        path.write_bytes(b"old")
        full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # noqa: E731
        status, _, errors = run("check", source, "--report", path, "--force", preexec_fn=full)
        case.equal(errors, status, 2)
        case.equal("files", sorted(os.listdir(case.tmp)), ["in.csv", "r.html"])
        case.equal("old", path.read_bytes(), b"old")


def main():
    test_content()
    test_hostile()
    test_privacy()
    test_runs()
    test_places()
    return done()


if __name__ == "__main__":
    sys.exit(main())
