#!/usr/bin/env python3
"""Hostile and broken input: what `check` and `register` make of it, what they say, what they leave alone.

Each file is put together here from records of bytes, so that what must come back is known apart from the program.
The wording of messages is the catalogue's (schemas/error-catalog.json); that it names file, row and column, and says
why and what to do, is asserted by filling the catalogue's sentences with the right values.
Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import contextlib
import csv
import errno
import http.server
import io
import json
import os
import random
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import urllib.request
from pathlib import Path

from harness import HEADINGS, PROGRAM, ROOT, TIMEOUT, Case, done, record_spans, run

CATALOG = {entry["code"]: entry
           for entry in json.loads((ROOT / "schemas" / "error-catalog.json").read_text(encoding="utf-8"))["entries"]}
ROW_MAX = 1024 * 1024  # bytes of a row: src/csv/reader.h
CREDENTIALS = {"ATOBARAI_API_KEY": "test-key", "ATOBARAI_MERCHANT_CODE": "test-merchant"}
NOBODY = 65534
OK = "与信OK"

csv.field_size_limit(2**31 - 1)

# ---- Files ----

HEAD = ["コントロールカラム", "受注ID", "受注日時", "支払方法", "商品番号", "商品名", "請求金額", "注文者氏名", "備考",
        "棚番"]
AT = {heading: place for place, heading in enumerate(HEAD)}


def cells(order, **changes):
    """The cells of a detail line that is right; `changes` by heading. A cell of bytes stands in the file as it is."""
    row = dict(zip(HEAD, ["N", str(order), "2026-11-02 17:54:08", "後払い", "A1", "見本の商品", "1000", "見本 太郎",
                          "なし", "B3"]))
    row.update(changes)
    return list(row.values())


def cell_bytes(cell, quoted):
    if isinstance(cell, bytes):
        return cell
    raw = cell.encode("cp932")
    if quoted or any(byte in raw for byte in b'",\r\n'):
        return b'"' + raw.replace(b'"', b'""') + b'"'
    return raw


def record(row, quoted=False):
    """A record's bytes without its line end; a row of bytes is one already."""
    return row if isinstance(row, bytes) else b",".join(cell_bytes(cell, quoted) for cell in row)


def build(*rows, head=HEAD, quoted=False, end=b"\r\n", last=True):
    """The records of a file, each with its line end; the last without one unless `last`."""
    records = [(record(row, quoted), end) for row in ([head] if head else []) + list(rows)]
    if not last:
        records[-1] = (records[-1][0], b"")
    return records


def joined(records):
    return b"".join(raw + ending for raw, ending in records)


# ---- Messages ----

def filled(code, part, language="ja", **values):
    """A sentence of the catalogue with its placeholders filled: path, row, other, column, N, a1, a2, a3."""
    text = CATALOG[code][language][part]
    for name in ("path", "row", "other", "column", "N"):
        text = text.replace("{" + name + "}", str(values.get(name, "")))
    for number in "123":
        text = text.replace("{" + number + "}", str(values.get("a" + number, "")))
    return text


def reason(text, language):
    """The system's reason `text` in the words of the catalogue, where it has any."""
    for number, name in errno.errorcode.items():
        if os.strerror(number) == text and f"ERRNO_{name}" in CATALOG:
            return CATALOG[f"ERRNO_{name}"][language]["message"]
    return text


def says(case, what, errors, code, language="ja", **values):
    """Standard error holds the whole message: what and where, why, what to do."""
    if "a1" in values:
        values["a1"] = reason(values["a1"], language)
    labels = ("Cause: ", "To do: ") if language == "en" else ("原因: ", "対処: ")
    for label, part in zip(("atobarai: ", *labels), ("message", "cause", "remedy")):
        wanted = label + filled(code, part, language, **values)
        if wanted not in errors:
            case.problems.append(f"{what}: standard error lacks {wanted!r}; it is {errors!r}")


# ---- Running ----

def counts(path):
    return json.loads(Path(path).read_text(encoding="utf-8")) if Path(path).exists() else None


def launch(command, *arguments):
    """The words that run `command`; register goes to the sandbox in the process."""
    return [command, *map(str, arguments), *(["--sandbox"] if command == "register" else [])]


# Each language once, with and without a result of before: the two have nothing to do with each other.
CIRCUMSTANCES = (("ja", None), ("en", b"old\r\n"))


def refused(case, data, status, code, commands=("check", "register"), path=None, options=(), **values):
    """The file is refused as a whole: exit status and message in both languages, nothing sent, no result, nothing left
    behind, and an existing result as it was, with --force too. `data` None: `path` is there already."""
    folder = case.tmp / f"refused-{len(list(case.tmp.iterdir()))}"
    folder.mkdir()
    source = Path(path) if path else folder / "order_見本.csv"
    if data is not None:
        source.write_bytes(data)
    out, summary = folder / "out.csv", case.tmp / "refused.json"
    for command in commands:
        for language, old in CIRCUMSTANCES:
            what = f"{command} --lang {language}{' --force' if old else ''}"
            if old:
                out.write_bytes(old)
            summary.unlink(missing_ok=True)
            before = sorted(os.listdir(folder))
            found, output, errors = run(*launch(command, source, "-o", out, "--summary-json", summary, "--lang",
                                                language, *options, *(["--force"] if old else [])))
            case.equal(f"{what}: exit", found, status)
            case.equal(f"{what}: standard output", output, b"")
            says(case, what, errors, code, language, path=source, **values)
            case.equal(f"{what}: files", sorted(os.listdir(folder)), before)
            if old:
                case.equal(f"{what}: the old result", out.read_bytes(), old)
                out.unlink()
            case.equal(f"{what}: sent", (counts(summary) or {}).get("sent"), 0)


def count_cells(raw):
    return len(next(csv.reader(io.StringIO(raw.decode("latin-1"), newline="")), []))


def is_blank(raw, headings):
    """A line without anything, or the empty cells that a spreadsheet makes of it."""
    return not raw.strip(b',"') and all(cell in (b"", b'""') for cell in raw.split(b",")) and count_cells(raw) <= headings


def split_result(case, what, records, result):
    """The bytes that were added behind each of the input's records; None for a blank line. What is not ours must be
    the input, byte for byte."""
    tails, at, headings = [], 0, count_cells(records[0][0])
    for number, (raw, ending) in enumerate(records, 1):
        if result[at:at + len(raw)] != raw:
            case.problems.append(f"{what} row {number}: does not begin with the input's bytes")
            return None
        at += len(raw)
        stop = result.find(ending, at) if ending else len(result)
        blank = is_blank(raw, headings)
        if stop < 0 or (blank and stop != at):
            case.problems.append(f"{what} row {number}: line end {ending!r} is not where it was")
            return None
        tails.append(None if blank else result[at:stop])
        at = stop + len(ending)
    if at != len(result):
        case.problems.append(f"{what}: {len(result) - at} bytes too many")
        return None
    return tails


def parse(raw):
    """The cells of one record of ours."""
    return next(csv.reader(io.StringIO(raw.decode("cp932"), newline="")), [])


def ours(case, what, records, result):
    """Row number → our eight cells by heading, the header excluded."""
    rows = {}
    for number, tail in enumerate(split_result(case, what, records, result) or [], 1):
        if tail is None:
            continue
        found = parse(tail[1:])
        case.true(f"{what} row {number}: ours begin with a comma", tail[:1] == b",")
        if number == 1:
            case.equal(f"{what}: headings", found, HEADINGS)
            continue
        case.true(f"{what} row {number}: only empty cells fill up", len(found) >= 8 and not any(found[:-8]))
        rows[number] = dict(zip(HEADINGS, found[-8:]))
        for heading, text in rows[number].items():
            case.true(f"{what} row {number}: {heading} begins no formula", not text or text[0] not in "=+-@＝＋－＠")
            case.true(f"{what} row {number}: {heading} holds no control character",
                      not any(unicodedata.category(character) == "Cc" for character in text))
    return rows


class Wanted:
    """What a row shall carry: the code, the column, and what fills its sentences."""

    def __init__(self, code, column="", **values):
        self.code, self.column, self.values = code, column, values


def verify_row(case, what, number, row, wanted):
    case.equal(f"{what} row {number}: code", row["エラーコード"], wanted.code if wanted else "")
    if not wanted:
        return
    if wanted.column is not None:
        case.equal(f"{what} row {number}: column", row["エラー項目"], wanted.column)
    values = {"row": number, "column": row["エラー項目"], **wanted.values}
    for heading, part in (("エラー内容", "message"), ("エラー理由", "cause"), ("修正方法/対応方法", "remedy")):
        case.equal(f"{what} row {number}: {heading}", row[heading], filled(wanted.code, part, **values))
    case.equal(f"{what} row {number}: no status", row["与信ステータス"], "")


def execute(case, command, source, *options, **more):
    """Run with a result and a summary: exit status, the result's bytes (None: none), counts, standard error."""
    folder = Path(tempfile.mkdtemp(dir=case.tmp))
    out, summary = folder / "out.csv", folder / "sum.json"
    status, _, errors = run(*launch(command, source, "-o", out, "--summary-json", summary, *options), **more)
    left = {name for name in os.listdir(folder)} - {"out.csv", "sum.json"}
    case.equal(f"{command}: left behind", left, set())
    return status, out.read_bytes() if out.exists() else None, counts(summary), errors


def judged(case, records, wanted, orders, invalid, skipped=0, options=(), commands=("check", "register")):
    """The file is an order CSV with errors on the rows of `wanted` (row → Wanted); all other orders go. Returns the
    rows of the last command."""
    source = case.tmp / "judged.csv"
    source.write_bytes(joined(records))
    rows = {}
    for command in commands:
        status, result, summary, errors = execute(case, command, source, "--lang", "en", *options)
        case.equal(f"{command}: exit", status, 1 if invalid else 0)
        if result is None or summary is None:
            case.problems.append(f"{command}: no result: {errors!r}")
            continue
        rows = ours(case, command, records, result)
        for number, row in rows.items():
            verify_row(case, command, number, row, wanted.get(number))
        found = {key: summary[key] for key in ("orders", "invalid", "skipped_rows", "sent", "succeeded")}
        case.equal(f"{command}: counts", found,
                   {"orders": orders, "invalid": invalid, "skipped_rows": skipped,
                    "sent": orders - invalid if command == "register" else 0, "succeeded": orders - invalid})
        for number, want in wanted.items():
            if want.code == "SIBLING_ROW":
                continue
            case.true(f"{command}: the table names {want.code}",
                      re.search(rf"^\s*{want.code}\s+{re.escape(CATALOG[want.code]['en']['title'])}\s+\d+\s+\d+$",
                                errors, re.M))
            break
    return rows


def sibling(row):
    return Wanted("SIBLING_ROW", "", a1=row)


def sent_rows(rows):
    return sorted(number for number, row in rows.items() if row["与信ステータス"] == OK)


# ---- Services ----

@contextlib.contextmanager
def sandbox(case, *options):
    """A sandbox in a process of its own; gives the base URL."""
    port_file = case.tmp / "port"
    port_file.unlink(missing_ok=True)
    process = subprocess.Popen([PROGRAM, "sandbox", "--port", "0", "--port-file", str(port_file), *options],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not port_file.exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{int(port_file.read_text())}/v1"
    finally:
        process.terminate()
        process.wait(20)
        port_file.unlink(missing_ok=True)


def stats(url):
    with urllib.request.urlopen(url + "/_stats", timeout=20) as answer:
        return json.load(answer)


class Scripted:
    """A service on loopback that answers each registration as `answer(order)` says: status, content type, body. Keeps
    the orders that it was sent."""

    def __init__(self, answer):
        self.orders = orders = []
        script, lock = answer, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    orders.append(order)
                status, kind, body = script(order)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def accepted(order):
    return 201, "application/json", json.dumps({"id": order["id"], "creditStatus": "AUTH_OK"}).encode()


def register_at(case, url, source, *options, **more):
    """register with the service at `url`; as execute()."""
    folder = Path(tempfile.mkdtemp(dir=case.tmp))
    out, summary = folder / "out.csv", folder / "sum.json"
    status, _, errors = run("register", source, "-o", out, "--summary-json", summary, "--api-url", url, *options,
                            env=CREDENTIALS, **more)
    return status, out.read_bytes() if out.exists() else None, counts(summary), errors


# ---- No order CSV ----

PNG = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\6\0\0\0\x1f\x15\xc4\x89"
       b"\0\0\0\nIDATx\x9cc\0\1\0\0\5\0\1\r\n-\xb4\0\0\0\0IEND\xaeB`\x82")


def test_no_csv():
    """Another kind of file, another encoding, another table."""
    plain = joined(build(cells(1)))
    for name, data in (("an .xlsx workbook", b"PK\x03\x04\x14\0\6\0" + bytes(range(256))),
                       ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
                       ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
                       ("a PNG image", PNG),
                       ("zeros", bytes(100000))):
        with Case(f"not a CSV: {name}") as case:
            refused(case, data, 4, "INPUT_BINARY")
    with Case("an empty file, and one that is a byte order mark") as case:
        for data in (b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
            refused(case, data, 4, "INPUT_EMPTY")
    for name, data in (("plain prose", "本日の受注は三件です。\r\nよろしくお願いします。\r\n".encode("cp932")),
                       ("a letter in English", b"Dear all,\nno orders today.\n"),
                       ("a line end and nothing else", b"\r\n"),
                       ("blank lines only", b"\n\n\n"),
                       ("a blank line above the header", b"\r\n" + plain),
                       ("Japanese prose in UTF-8", "本日の受注は三件です。\n".encode()),
                       ("semicolons in place of commas", plain.replace(b",", b";")),
                       ("rows without a header", joined(build(cells(1), head=None))),
                       ("a header without 受注ID", joined(build(head=[h for h in HEAD if h != "受注ID"])))):
        with Case(f"no 受注ID: {name}") as case:
            refused(case, data, 4, "HEADER_NO_ORDER_ID")


def test_header():
    with Case("a header and nothing else: with and without line end, with blank lines behind") as case:
        for records in (build(), build(last=False), build(b"", b"", b""), build(b"", last=False), build(end=b"\n"),
                        build(end=b"\r"), build(quoted=True)):
            judged(case, records, {}, 0, 0)
    no_payment = [heading for heading in HEAD if heading != "支払方法"]
    bare = [cell for heading, cell in zip(HEAD, cells(1)) if heading != "支払方法"]
    with Case("a header without 支払方法") as case:
        refused(case, joined(build(bare, head=no_payment)), 4, "HEADER_NO_PAYMENT")
    with Case("a header without 支払方法, where the schema says that all are deferred payment") as case:
        schema = json.loads((ROOT / "schemas" / "robot-in-order.json").read_text(encoding="utf-8"))
        schema["deferredPayment"] = [""]
        (case.tmp / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
        options = ("--schema", case.tmp / "schema.json")
        judged(case, build(bare, head=no_payment), {}, 1, 0, options=options)
        judged(case, build(cells(1, 支払方法="クレジットカード"), cells(2)), {}, 2, 0, options=options)
    for heading in ("受注ID", "備考"):
        with Case(f"the heading {heading} twice") as case:
            refused(case, joined(build(cells(1) + ["2"], head=HEAD + [heading])), 4, "HEADER_DUPLICATE", a1=heading)
    with Case("a heading and its alias") as case:
        refused(case, joined(build(cells(1) + ["0", "0"], head=HEAD + ["値引", "値引き"])), 4, "HEADER_DUPLICATE",
                a1="値引き")
    with Case("a heading that nobody knows, twice, and one without a name: no error") as case:
        judged(case, build(cells(1) + ["", "x"], head=HEAD + ["", "棚番"]), {}, 1, 0)
    with Case("a stray quote in the header") as case:
        for place, heading in ((2, b'\x8e\xf3"\x92\x8d'), (3, b'"\x8e\xf3"x'), (10, b'x"')):
            head = [heading if i == place - 1 else h for i, h in enumerate(HEAD)]
            refused(case, joined(build(cells(1), head=head)), 4, "HEADER_QUOTE_STRAY", a1=place)
    with Case("an unclosed quote in the header") as case:
        for place in (1, 4, 10):
            head = [b'"' + h.encode("cp932") if i == place - 1 else h for i, h in enumerate(HEAD)]
            source = case.tmp / f"header-{place}.csv"
            source.write_bytes(joined(build(cells(1), head=head)))
            for command in ("check", "register"):
                status, result, summary, errors = execute(case, command, source)
                case.equal(f"{command}: exit", (status, result, summary["sent"]), (4, None, 0))
                case.true(f"column {place}: row 1 and the column are named: {errors!r}",
                          "1行目" in errors and f"{place}列目" in errors and "引用符" in errors and str(source) in errors)
    with Case("a long heading is cut between characters where it is named") as case:
        for pad in ("", "x", "xx"):
            head = [pad + "見" * 200 if h == "棚番" else h for h in HEAD]
            (case.tmp / "in.csv").write_bytes(joined(build(cells(1, 棚番=b'"open'), head=head)))
            status, _, errors = run("check", case.tmp / "in.csv")
            case.true(f"exit {status}: {errors!r}", status == 4 and "見見" in errors and "?" not in errors)
    with Case("more headings than there can be: the message tells the limit that was met") as case:
        source = case.tmp / "wide.csv"
        source.write_bytes(joined(build(head=HEAD + [f"c{i}" for i in range(4096)])))
        status, result, _, errors = execute(case, "check", source)
        case.equal("exit, result", (status, result), (4, None))
        case.true(f"names 4096, not a number of bytes: {errors!r}", "4096" in errors and str(ROW_MAX) not in errors)
    for name, heading in (("a NUL byte", b"\x94\xf5\0\x8dl"), ("a truncated character", b"\x94\xf5\x8d")):
        with Case(f"{name} in the header: refused, with row and column") as case:
            head = [heading if h == "備考" else h for h in HEAD]
            source = case.tmp / "damaged.csv"
            source.write_bytes(joined(build(cells(1), head=head)))
            for command in ("check", "register"):
                status, result, summary, errors = execute(case, command, source)
                case.equal(f"{command}: exit", (status, result, summary["sent"]), (4, None, 0))
                case.true(f"{command}: file, row 1 and column 9 are named: {errors!r}",
                          "1行目" in errors and "9列目" in errors and str(source) in errors)


# ---- Paths ----

def as_nobody(*groups):
    def drop():
        os.setgroups(list(groups))
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return drop if os.geteuid() == 0 else None


def open_to_nobody(case):
    """The test's folders are their owner's alone; the program must be reachable, too."""
    case.tmp.chmod(0o755)
    try:
        return subprocess.run([PROGRAM, "--version"], preexec_fn=as_nobody(), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def test_paths():
    no_file, denied = os.strerror(2), os.strerror(13)
    with Case("a file that is not there") as case:
        refused(case, None, 2, "INPUT_UNREADABLE", path=case.tmp / "missing.csv", a1=no_file)
    with Case("a folder") as case:
        (case.tmp / "folder").mkdir()
        refused(case, None, 2, "INPUT_IS_DIRECTORY", path=case.tmp / "folder")
    with Case("a file in a file") as case:
        (case.tmp / "file").write_bytes(b"x")
        refused(case, None, 2, "INPUT_UNREADABLE", path=case.tmp / "file" / "x.csv", a1=os.strerror(20))
    with Case("a link that leads round in a circle") as case:
        (case.tmp / "loop").symlink_to(case.tmp / "loop")
        refused(case, None, 2, "INPUT_UNREADABLE", path=case.tmp / "loop", a1=os.strerror(40))
    with Case("an empty device") as case:
        refused(case, None, 4, "INPUT_EMPTY", path="/dev/null")
    with Case("a file of more than 1 TiB, refused at once") as case:
        sparse = case.tmp / "sparse.csv"
        sparse.write_bytes(joined(build(*(cells(order) for order in range(1, 1500)))))
        try:
            os.truncate(sparse, 2**40 + 1)
        except OSError as error:  # a file system may not have it
            if error.errno not in (errno.EFBIG, errno.EINVAL, errno.ENOSPC):
                raise
        else:
            refused(case, None, 4, "INPUT_TOO_LARGE", path=sparse, a1="4294967279", a2="1024")
    with Case("a path longer than a message holds: the file is still named") as case:
        source = case.tmp.joinpath(*(["月別の受注データの控え" * 2] * 5), "order_見本.csv")
        source.parent.mkdir(parents=True)
        for data, status in ((None, 2), (b"", 4)):
            if data is not None:
                source.write_bytes(data)
            found, _, errors = run("check", source)
            case.equal("exit", found, status)
            case.true(f"the name is there: {errors!r}", "order_見本.csv" in errors)
    with Case("a name that is no UTF-8 makes a summary that is") as case:
        source = os.fsencode(case.tmp) + b"/\x8e\x51\xff.csv"
        with open(source, "wb") as file:
            file.write(joined(build(cells(1))))
        summary = case.tmp / "s.json"
        status, _, _ = run("check", os.fsdecode(source), "--summary-json", summary)
        case.equal("exit", status, 0)
        case.true("the name is marked", "\ufffd" in json.loads(summary.read_text(encoding="utf-8"))["input"])
    with Case("a name with control characters harms no terminal") as case:
        source = case.tmp / "a\x1b[31mb\nc.csv"
        source.write_bytes(b"")
        found, _, errors = run("check", source)
        case.equal("exit", found, 4)
        case.true(f"no control characters: {errors!r}", "\x1b" not in errors and "b\nc" not in errors)
    test_permissions(denied)
    test_outputs(no_file)


def test_permissions(denied):
    with Case("files and folders without permission") as case:
        if not open_to_nobody(case):
            case.title += " # SKIP the program cannot be run by another user here"
            return
        source, secret, closed = case.tmp / "in.csv", case.tmp / "secret.csv", case.tmp / "closed"
        data = joined(build(cells(1)))
        for path in (source, secret):
            path.write_bytes(data)
        source.chmod(0o644)
        secret.chmod(0)
        closed.mkdir(mode=0o755)
        (closed / "old.csv").write_bytes(b"old")
        more = {"preexec_fn": as_nobody(), "cwd": "/"}
        if os.geteuid() != 0:
            closed.chmod(0o555)
        for command in ("check", "register"):
            for language in ("ja", "en"):
                lang = ("--lang", language)
                status, _, errors = run(*launch(command, secret, "-o", "/tmp/never.csv", *lang), **more)
                case.equal(f"{command}: unreadable: exit", status, 2)
                says(case, command, errors, "INPUT_UNREADABLE", language, path=secret, a1=denied)
                for name, force in (("new.csv", ()), ("old.csv", ("--force",))):
                    status, _, errors = run(*launch(command, source, "-o", closed / name, *lang, *force), **more)
                    case.equal(f"{command}: unwritable {name}: exit", status, 2)
                    says(case, command, errors, "OUTPUT_UNWRITABLE", language, path=closed / name, a1=denied)
                    case.true(f"{command}: nothing was sent", "件の受注" not in errors)
        case.equal("the folder", os.listdir(closed), ["old.csv"])
        case.equal("the old result", (closed / "old.csv").read_bytes(), b"old")
        closed.chmod(0o755)


def place_refused(case, source, output, code, force, **values):
    """-o cannot be used: found before anything is sent."""
    before = sorted(str(p) for p in case.tmp.rglob("*"))
    data = Path(source).read_bytes()
    for command in ("check", "register"):
        for language in ("ja", "en"):
            what = f"{command} -o {output} {'--force' if force else ''}"
            status, _, errors = run(*launch(command, source, "-o", output, "--lang", language,
                                            *(["--force"] if force else [])))
            case.equal(f"{what}: exit", status, 2)
            says(case, what, errors, code, language, path=output, **values)
            case.true(f"{what}: nothing was sent", "件の受注" not in errors)
    case.equal("files", sorted(str(p) for p in case.tmp.rglob("*")), before)
    case.equal("the input", Path(source).read_bytes(), data)


def test_outputs(no_file):
    data = joined(build(cells(1), cells(2)))

    def source_in(case):
        (case.tmp / "in.csv").write_bytes(data)
        return case.tmp / "in.csv"

    with Case("-o is the input: by name, another spelling, a symbolic link, a hard link; with --force too") as case:
        source = source_in(case)
        (case.tmp / "soft.csv").symlink_to("in.csv")
        (case.tmp / "hard.csv").hardlink_to(source)
        for output in (source, f"{case.tmp}/./in.csv", case.tmp / "soft.csv", case.tmp / "hard.csv"):
            for force in (False, True):
                place_refused(case, source, output, "OUTPUT_IS_INPUT", force)
        place_refused(case, case.tmp / "soft.csv", source, "OUTPUT_IS_INPUT", True)
    with Case("-o is the file that standard input comes from") as case:
        source = source_in(case)
        for command in ("check", "register"):
            with open(source, "rb") as stream:
                finished = subprocess.run([PROGRAM, *launch(command, "-", "-o", source, "--force")], stdin=stream,
                                          capture_output=True, timeout=TIMEOUT, check=False)
            case.equal(f"{command}: exit", finished.returncode, 2)
            case.true(f"{command}: the input is untouched", source.read_bytes() == data)
            source.write_bytes(data)
    with Case("-o cannot be written: a folder, a name with a slash behind, a missing folder, a file as folder") as case:
        source = source_in(case)
        (case.tmp / "folder").mkdir()
        for force in (False, True):
            for output in (case.tmp / "folder", f"{case.tmp}/folder/", f"{case.tmp}/new/", f"{source}/"):
                place_refused(case, source, output, "OUTPUT_IS_DIRECTORY", force)
            place_refused(case, source, case.tmp / "none" / "out.csv", "OUTPUT_UNWRITABLE", force, a1=no_file)
            place_refused(case, source, source / "out.csv", "OUTPUT_UNWRITABLE", force, a1=os.strerror(20))
        status, _, errors = run(*launch("register", source, "-o", case.tmp / ("x" * 256)))
        case.equal("too long a name: exit", status, 2)
        case.true("too long a name: nothing was sent", reason(os.strerror(36), "ja") in errors and "件の受注" not in errors)
    with Case("-o is a FIFO or a device: neither used nor replaced") as case:
        source, fifo = source_in(case), case.tmp / "fifo"
        os.mkfifo(fifo)
        for path in (fifo, Path("/dev/full"), Path("/dev/null")):
            kind = stat.S_IFMT(path.stat().st_mode)
            place_refused(case, source, path, "OUTPUT_EXISTS", False)
            place_refused(case, source, path, "OUTPUT_UNWRITABLE", True, a1=os.strerror(22))
            case.equal(f"{path}: is what it was", stat.S_IFMT(path.stat().st_mode), kind)
    with Case("-o exists: left alone without --force, replaced with it") as case:
        source, out = source_in(case), case.tmp / "out.csv"
        out.write_bytes(b"old")
        place_refused(case, source, out, "OUTPUT_EXISTS", False)
        case.equal("old", out.read_bytes(), b"old")
        for command in ("check", "register"):
            out.write_bytes(b"old")
            status, _, _ = run(*launch(command, source, "-o", out, "--force"))
            case.equal(f"{command}: exit", status, 0)
            ours(case, command, build(cells(1), cells(2)), out.read_bytes())
        case.equal("files", sorted(os.listdir(case.tmp)), ["in.csv", "out.csv"])
    for name, output in (("a link to nowhere", "nowhere.csv"), ("a name with a slash behind", "new/")):
        with Case(f"-o is {name}: either it works, or nothing is sent") as case:
            source, summary = source_in(case), case.tmp / "sum.json"
            (case.tmp / "nowhere.csv").symlink_to("target.csv")
            status, _, errors = run(*launch("register", source, "-o", f"{case.tmp}/{output}", "--summary-json",
                                            summary))
            case.true(f"exit {status}, sent {counts(summary)['sent']}: {errors!r}",
                      (status, counts(summary)["sent"]) in ((0, 2), (2, 0)))
            case.true("no temporary file", not [n for n in os.listdir(case.tmp) if n.startswith(".")])


def unwritten(command):
    """The code when the result cannot be written at the end: by then, register has sent orders, and must say so."""
    return "RESULT_LOST" if command == "register" else "OUTPUT_UNWRITABLE"


def test_configuration():
    """Exit 3 leaves an existing result as it was, like 2 and 4."""
    def no_access(_):
        return 401, "application/json", b'{"message":"no"}'

    with Case("schema, dialect, URL or credentials are wrong or refused: exit 3, no result") as case:
        source, out, broken = case.tmp / "in.csv", case.tmp / "out.csv", case.tmp / "broken.json"
        source.write_bytes(joined(build(*[cells(n) for n in range(1, 31)])))
        broken.write_text("{")
        with Scripted(no_access) as service:
            at = ("--api-url", service.url)
            for options, env, code, values in (
                    ((*at, "--schema", broken), CREDENTIALS, "SCHEMA_INVALID", {"path": broken, "a1": "JSON"}),
                    ((*at, "--dialect", broken), CREDENTIALS, "DIALECT_INVALID", {"path": broken, "a1": "JSON"}),
                    ((), CREDENTIALS, "URL_MISSING", {}),
                    (("--api-url", "http://example.com/v1"), CREDENTIALS, "URL_INSECURE", {}),
                    (at, {}, "CREDENTIALS_MISSING", {"a1": "ATOBARAI_API_KEY"}),
                    (at, {**CREDENTIALS, "ATOBARAI_API_KEY": "a b"}, "CREDENTIALS_INVALID", {"a1": "ATOBARAI_API_KEY"}),
                    (at, CREDENTIALS, "CREDENTIALS_REFUSED", {"a1": "HTTP 401"})):
                for language, old in CIRCUMSTANCES:
                    if old:
                        out.write_bytes(old)
                    before = sorted(os.listdir(case.tmp))
                    status, _, errors = run("register", source, "-o", out, "--lang", language, *options,
                                            *(["--force"] if old else []), env=env)
                    case.equal(f"{code}: exit", status, 3)
                    says(case, code, errors, code, language, **values)
                    case.equal(f"{code}: files", sorted(os.listdir(case.tmp)), before)
                    if old:
                        case.equal(f"{code}: the old result", out.read_bytes(), old)
                        out.unlink()
            case.true("access is asked for no more often than there are requests in flight",
                      2 <= len(service.orders) <= 2 * 8)


def test_standard_streams():
    records = build(cells(1), cells(2, 商品名="x" * 256), cells(3))
    data = joined(records)
    with Case("standard input and output, through pipes") as case:
        for command in ("check", "register"):
            status, output, _ = run(*launch(command, "-", "-o", "-"), stdin=data)
            rows = ours(case, command, records, output)
            case.equal(f"{command}: exit", status, 1)
            case.equal(f"{command}: codes", [row["エラーコード"] for row in rows.values()], ["", "ITEM_NAME_SIZE", ""])
    with Case("standard input that is refused: named, and nothing on standard output") as case:
        for given, status, code in ((b"", 4, "INPUT_EMPTY"), (b"PK\x03\x04", 4, "INPUT_BINARY"),
                                    (data + b'"', 4, "QUOTE_UNCLOSED")):
            for language in ("ja", "en"):
                found, output, errors = run(*launch("register", "-", "-o", "-", "--lang", language), stdin=given)
                case.equal("exit, output", (found, output), (status, b""))
                says(case, code, errors, code, language, path="-", a1=5, a2=1, a3=HEAD[0])
    with Case("standard input that is closed, or a folder") as case:
        finished = subprocess.run(["sh", "-c", f'"{PROGRAM}" check - <&-'], capture_output=True, timeout=TIMEOUT,
                                  check=False)
        case.equal("closed: exit", finished.returncode, 2)
        with open(case.tmp / "x", "w"):
            pass
        folder = os.open(case.tmp, os.O_RDONLY)
        finished = subprocess.run([PROGRAM, "check", "-"], stdin=folder, capture_output=True, timeout=TIMEOUT,
                                  check=False)
        os.close(folder)
        case.equal("folder: exit", finished.returncode, 2)
        says(case, "folder", finished.stderr.decode(), "INPUT_IS_DIRECTORY", path="-")
    with Case("standard output that is full, or a pipe that nobody reads") as case:
        source = case.tmp / "in.csv"
        source.write_bytes(data)
        for command in ("check", "register"):
            words = [PROGRAM, *launch(command, source, "-o", "-")]
            with open("/dev/full", "wb") as full:
                finished = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
            case.equal(f"{command}, full: exit", finished.returncode, 2)
            says(case, f"{command}, full", finished.stderr.decode(), unwritten(command), path="-", a1=os.strerror(28),
                 a2=2)
            reader, writer = os.pipe()
            os.close(reader)
            finished = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
            os.close(writer)
            case.equal(f"{command}, pipe: exit", finished.returncode, 2)
            says(case, f"{command}, pipe", finished.stderr.decode(), unwritten(command), path="-", a1=os.strerror(32),
                 a2=2)
    with Case("a FIFO as input, fed in pieces") as case:
        fifo = case.tmp / "fifo"
        os.mkfifo(fifo)

        def feed():
            with open(fifo, "wb", buffering=0) as pipe:
                for at in range(0, len(data), 37):
                    pipe.write(data[at:at + 37])

        for command in ("check", "register"):
            feeder = threading.Thread(target=feed)
            feeder.start()
            status, result, summary, _ = execute(case, command, fifo)
            feeder.join()
            case.equal(f"{command}: exit", status, 1)
            case.equal(f"{command}: orders", summary["orders"], 3)
            ours(case, command, records, result)


# ---- Quotes ----

def unclosed(case, data, row, column, head=HEAD):
    refused(case, data, 4, "QUOTE_UNCLOSED", a1=row, a2=column, a3=head[column - 1])


def test_unclosed_quotes():
    good = [cells(n) for n in range(1, 6)]
    with Case("an unclosed quote in the last cell of the last row") as case:
        unclosed(case, joined(build(*good, cells(6, 棚番=b'"B3'))), 7, 10)
        unclosed(case, joined(build(*good, cells(6, 棚番=b'"B3'), last=False)), 7, 10)
        unclosed(case, joined(build(*good, cells(6, 棚番=b'"'), last=False)), 7, 10)
        unclosed(case, joined(build(*good, cells(6, 棚番=b'"B""'), last=False)), 7, 10)
        unclosed(case, joined(build(*good, cells(6, 棚番=b'"B3'), quoted=True)), 7, 10)
    with Case("an unclosed quote at the end of a row, every cell quoted: the next row is not swallowed") as case:
        for follower in (cells(3), cells("", コントロールカラム=""), [""] * 10):
            unclosed(case, joined(build(cells(1), cells(2, 棚番=b'"B3'), follower, cells(4), quoted=True)), 3, 10)
        unclosed(case, joined(build(cells(1), cells(2, 棚番=b'"'), cells(3), quoted=True)), 3, 10)
        unclosed(case, joined(build(cells(1), cells(2, 棚番=b'"B3'), cells(3), quoted=True, end=b"\r")), 3, 10)
        unclosed(case, joined(build(cells(1), cells(2, 棚番=b'"B3'), cells(3), quoted=True, end=b"\n")), 3, 10)
        unclosed(case, joined(build(cells(1), b"", cells(2, 商品名="二\n行"), cells(3, 棚番=b'"B3'), cells(4),
                                    quoted=True)), 5, 10)
    with Case("an unclosed quote where only those cells are quoted that need it") as case:
        for place in ("商品名", "棚番", "コントロールカラム"):
            for later in (cells(5, 備考="a,b"), cells(5, 備考=b'""'), cells(5, 備考='x"y'), cells(5, 商品名="二\r\n行"),
                          cells(5)):
                unclosed(case, joined(build(*good[:2], cells(3, **{place: b'"x'}), good[3], later, cells(6))), 4,
                         AT[place] + 1)
    with Case("an unclosed quote with later cells that begin with a comma or a line end: no row is swallowed in silence"
              ) as case:
        for name, later in (("comma", ",x"), ("line end", "\r\nx"), ("comma, then text", ",")):
            for place in ("備考", "棚番"):
                source = case.tmp / "in.csv"
                source.write_bytes(joined(build(*good[:2], cells(3, **{place: b'"x'}), good[3],
                                                 cells(5, **{place: later}), cells(6))))
                status, result, summary, errors = execute(case, "register", source)
                case.true(f"{place}, {name}: exit {status}, {summary['orders']} orders, {summary['sent']} sent",
                          status == 4 and result is None and summary["sent"] == 0 and "4行目" in errors)
    with Case("an unclosed quote in the middle of a row, every cell quoted: that row's error alone") as case:
        records = build(cells(1), cells(2, 商品名=b'"x'), cells(3), quoted=True)
        judged(case, records, {3: Wanted("QUOTE_STRAY", "商品名")}, 3, 1)


def test_stray_quotes():
    with Case("stray quotes: in an unquoted cell, behind a closing quote; the other orders go") as case:
        for place, cell in (("商品名", b'5" nail'), ("商品名", b'nail 5"'), ("商品名", b'"a"b'), ("商品名", b'"a" "b"'),
                            ("備考", b' "a"'), ("備考", b'"a" '), ("棚番", b'x"'), ("棚番", b'"a"b"'),
                            ("棚番", b'x""'), ("注文者氏名", b'"\x8c\xa9"\x96{')):
            rows = judged(case, build(cells(1), cells(2, **{place: cell}), cells(3)),
                          {3: Wanted("QUOTE_STRAY", place)}, 3, 1)
            case.equal(f"{cell}: sent", sent_rows(rows), [2, 4])
    with Case("a stray quote in a row with a line end in a cell before or behind it") as case:
        for changes in ({"備考": b'"\x93\xf1\n\x8ds"', "商品名": b'a"b'}, {"商品名": "二\r\n行", "棚番": b'a"b'}):
            stray = [heading for heading, cell in changes.items() if isinstance(cell, bytes) and b'a"b' in cell][0]
            judged(case, build(cells(1), cells(2, **changes), cells(3)), {3: Wanted("QUOTE_STRAY", stray)}, 3, 1)
    with Case("quotes as they should be: doubled, empty, alone") as case:
        judged(case, build(cells(1, 商品名='"'), cells(2, 商品名='""'), cells(3, 備考='a"b""c'),
                           cells(4, 備考=b'""'), cells(5, 棚番=b'""""')), {}, 5, 0)


# ---- Cells ----

def test_cell_counts():
    with Case("too few cells, in every length") as case:
        for kept in range(1, 10):
            row = cells(2)[:kept]
            records = build(cells(1), row, cells(3))
            if kept > AT["注文者氏名"]:  # what is missing then is not used: a spreadsheet drops empty cells at the end
                judged(case, records, {}, 3, 0)
                continue
            wanted = Wanted("CELLS_MISSING", HEAD[kept], a1=kept, a2=10)
            rows = judged(case, records, {3: wanted}, 3, 1)
            case.equal(f"{kept} cells: sent", sent_rows(rows), [2, 4])
    with Case("too many cells: ours come last") as case:
        for extra in (1, 7, 5000):
            judged(case, build(cells(1), cells(2) + ["x"] * extra, cells(3)),
                   {3: Wanted("CELLS_EXTRA", "11列目", a1=10 + extra, a2=10)}, 3, 1)
    with Case("rows of an order that lie apart, one of them damaged: none of it is sent") as case:
        for damage, wanted in ((cells(1)[:6], Wanted("CELLS_MISSING", "請求金額", a1=6, a2=10)),
                               (cells(1) + ["x"], Wanted("CELLS_EXTRA", "11列目", a1=11, a2=10)),
                               (cells(1, 商品名=b'a"b'), Wanted("QUOTE_STRAY", "商品名")),
                               (cells(1, 備考=b"a\0b"), Wanted("NUL_BYTE", "備考"))):
            rows = judged(case, build(cells(1), cells(2), damage, b"", cells(3), cells(1, 備考="2つ目")),
                          {4: wanted, 2: sibling(4), 7: sibling(4)}, 3, 1)
            case.equal("sent", sent_rows(rows), [3, 6])
    with Case("a damaged row that says D, or another payment: judged, lest an order be lost") as case:
        judged(case, build(cells(1), cells(2, コントロールカラム="D") + ["x"], cells(3, 支払方法="代金引換") + ["x"]),
               {3: Wanted("CELLS_EXTRA", "11列目", a1=11, a2=10), 4: Wanted("CELLS_EXTRA", "11列目", a1=11, a2=10)}, 3, 2)


def test_damage_before_the_id():
    """Where 受注ID stands behind the damage, the damaged row's order is in question: whatever the program makes of it,
    the order's other rows must not go without it."""
    head = ["店舗名", "コントロールカラム", "受注ID", *[h for h in HEAD if h not in ("コントロールカラム", "受注ID")]]
    line = {n: ["見本商店", "N", str(n), *[c for h, c in zip(HEAD, cells(n)) if h not in HEAD[:2]]] for n in (1, 2)}
    for name, damaged in (("a comma too many", [b"\x8c\xa9,\x96{", *line[1][1:]]),
                          ("a comma too few", [b"\x8c\xa9\x96{N", *line[1][2:]]),
                          ("text behind a closing quote", [b'"\x8c\xa9"\x96{', *line[1][1:]]),
                          ("a quote that closes too late", [b'"\x8c\xa9"\x96{', *line[1][1:9], b'"B3"', line[1][10]]),
                          ("a quote within", [b'\x8c\xa9"\x96{', *line[1][1:]])):
        with Case(f"damage before the 受注ID, {name}: the order's other rows are not sent") as case:
            source = case.tmp / "in.csv"
            records = build(line[1], line[2], damaged, line[1], head=head)
            source.write_bytes(joined(records))
            with Scripted(accepted) as service:
                status, result, summary, errors = register_at(case, service.url, source)
            sent = sorted(order["id"] for order in service.orders)
            case.true(f"exit 1 with order 2 alone, or 4 with none; it was {status} with {sent}",
                      (status, sent) in ((1, ["2"]), (4, [])))


def test_bytes_that_are_no_text():
    with Case("NUL bytes in cells: named by row and column, the other orders go") as case:
        for place in ("商品名", "備考", "棚番", "請求金額"):
            for cell in (b"\0", b"a\0b", b'"a,\0"'):
                rows = judged(case, build(cells(1), b"", cells(2, **{place: cell}), cells(3)),
                              {4: Wanted("NUL_BYTE", place)}, 3, 1)
                case.equal("sent", sent_rows(rows), [2, 5])
    cut = "商品".encode("cp932")[:-1]
    with Case("truncated characters: row, column and byte of the file, the other orders go") as case:
        for place in ("商品名", "備考", "棚番"):
            for cell, at in ((cut, 2), (b'"' + cut + b'"', 3), (b'"a""b,""' + cut + b'"', 10),
                             (b'"""""' + b"\x8f\xa4" * 3 + b'""\r\n' + cut + b'"', 17), (b"\x81", 0),
                             (b'"\x81"', 1), (b"a\xfc", 1), (b"\x8f\xa4\x81\x20x", 2)):
                row = cells(2, **{place: cell})
                begin = joined(build(cells(1), b""))
                offset = len(begin) + sum(len(cell_bytes(c, False)) + 1 for c in row[:AT[place]]) + at
                rows = judged(case, build(cells(1), b"", row, cells(3)),
                              {4: Wanted("ENCODING_INVALID", place, a1=offset)}, 3, 1)
                case.equal("sent", sent_rows(rows), [2, 5])
    with Case("a truncated character at the end of the file") as case:
        records = build(cells(1), cells(2, 棚番=cut), last=False)
        judged(case, records, {3: Wanted("ENCODING_INVALID", "棚番", a1=len(joined(records)) - 1)}, 2, 1)
        records = build(cells(1), cells(2, 棚番=b"\x81"), last=False)
        judged(case, records, {3: Wanted("ENCODING_INVALID", "棚番", a1=len(joined(records)) - 1)}, 2, 1)
    with Case("several damaged cells on a row, and two rows of an order") as case:
        records = build(cells(1, 商品名=b"\x81", 備考=b"x\0"), cells(1, 棚番=b"\0"))
        (case.tmp / "in.csv").write_bytes(joined(records))
        status, result, summary, _ = execute(case, "register", case.tmp / "in.csv")
        rows = ours(case, "register", records, result)
        case.equal("exit, sent", (status, summary["sent"]), (1, 0))
        case.equal("codes", [row["エラーコード"] for row in rows.values()], ["ENCODING_INVALID|NUL_BYTE", "NUL_BYTE"])
        case.equal("columns", [row["エラー項目"] for row in rows.values()], ["商品名|備考", "棚番"])
        case.true("as many texts as codes", all(row[h].count("|") == row["エラーコード"].count("|")
                                                for row in rows.values() for h in HEADINGS[1:6]))
    with Case("a 支払方法 that cannot be read: judged, not skipped") as case:
        judged(case, build(cells(1), cells(2, 支払方法=b"\x8c\xe3\x95\xa5\x82")),
               {3: Wanted("ENCODING_INVALID", "支払方法",
                          a1=len(joined(build(cells(1)))) + len("N,2,2026-11-02 17:54:08,") + 4)}, 2, 1)
    with Case("a 支払方法 of blanks, or with a NUL byte: judged, not skipped") as case:
        judged(case, build(cells(1), cells(2, 支払方法=" 　"), cells(3, 支払方法="代金\0引換".encode("cp932"))),
               {3: Wanted("REQUIRED", "支払方法"), 4: Wanted("NUL_BYTE", "支払方法")}, 3, 2)
    with Case("unreadable cells in rows that are none of ours: skipped as ever") as case:
        judged(case, build(cells(1), cells(2, 支払方法="代金引換", 備考=b"\x81"),
                           cells(1, コントロールカラム="D", 備考=b"\0")), {}, 1, 0, skipped=2)
    with Case("a 受注ID with a NUL byte is no other order's, however many there are") as case:
        rows = [cells(7), cells(7, 受注ID=b"7\0x"), *[cells(n) for n in range(1000, 2600)], cells(7)]
        source = case.tmp / "in.csv"
        source.write_bytes(joined(build(*rows)))
        with Scripted(accepted) as service:
            status, _, summary, _ = register_at(case, service.url, source, "--concurrency", "32")
        case.equal("exit", status, 1)
        lines = {order["id"]: len(order["items"]) for order in service.orders}
        case.true(f"order 7 goes with both of its rows, or not at all; it went with {lines.get('7')}",
                  lines.get("7") in (None, 2))
        case.true("the others go", summary["sent"] in (1600, 1601))


# ---- Lines ----

def test_lines():
    bad = cells(3, 商品名="x" * 256)
    error = Wanted("ITEM_NAME_SIZE", "商品名", N=0)
    with Case("line ends: CR LF, LF, a lone CR, mixed; with and without one at the end") as case:
        for end in (b"\r\n", b"\n", b"\r"):
            for last in (True, False):
                judged(case, build(cells(1), cells(2), bad, end=end, last=last), {4: error}, 3, 1)
        mixed = build(cells(1), cells(2), bad, cells(4))
        mixed = [(raw, end) for (raw, _), end in zip(mixed, (b"\r\n", b"\n", b"\r", b"\r\n", b""))]
        judged(case, mixed, {4: error}, 4, 1)
    with Case("blank lines, first, between and last, count as rows and stay blank") as case:
        judged(case, build(b"", b"", cells(1), b"", bad, b"", b"", cells(4), b"", b""), {6: error}, 3, 1)
        judged(case, build(b"", bad, b"", end=b"\n"), {3: error}, 1, 1)
        judged(case, build(b"", bad, b"", end=b"\r", last=False), {3: error}, 1, 1)
        judged(case, build(bad, b"", cells(3), b"", b"", cells(3, 備考="2つ目")),
               {2: error, 4: sibling(2), 7: sibling(2)}, 1, 1)
    with Case("line ends within quotes: CR LF, LF, CR; one row each, however many lines") as case:
        judged(case, build(cells(1, 備考="a\r\nb\r\n\r\nc"), cells(2, 備考="a\nb"), b"",
                           cells(4, 備考="\r"), bad, cells(5, 棚番="\r\n")), {6: error}, 5, 1)
        judged(case, build(cells(1, 備考="a\nb"), bad, quoted=True, end=b"\n"), {3: error}, 2, 1)
    with Case("rows that differ, named by the rows of a spreadsheet") as case:
        judged(case, build(cells(1, 備考="a\nb"), b"", cells(2), b"", cells(1, 注文者氏名="見本 花子")),
               {6: Wanted("ORDER_FIELD_DIFFERS", "注文者氏名", other=2), 2: sibling(6)}, 2, 1)
    with Case("a line of blanks is a blank line: nobody sees that it is not") as case:
        for blank in (b"  ", b" ,,,,,,,,,"):
            (case.tmp / "in.csv").write_bytes(joined(build(cells(1), blank, cells(3))))
            status, result, summary, errors = execute(case, "check", case.tmp / "in.csv")
            case.equal(f"exit, rows ({errors})", (status, summary["rows"]), (0, 2))
            case.equal("as it came", result.split(b"\r\n")[2], blank)


def test_empty_cells():
    plain, quoted = b"," * 9, b",".join([b'""'] * 10)
    bad = cells(3, 商品名="x" * 256)
    error = Wanted("ITEM_NAME_SIZE", "商品名", N=0)
    with Case("rows of empty cells, as a spreadsheet writes blank lines: blank lines, and later rows keep their "
              "numbers") as case:
        for blank in (plain, quoted, b'""', b",,", b',"",,""'):
            for end, last in ((b"\r\n", True), (b"\n", False)):
                records = build(blank, cells(1), blank, blank, bad, b"", cells(4), cells(1, 注文者氏名="見本 花子"), blank,
                                blank, end=end, last=last)
                judged(case, records, {3: sibling(9), 6: error,
                                       9: Wanted("ORDER_FIELD_DIFFERS", "注文者氏名", other=3)}, 3, 2)
                _, _, summary, _ = execute(case, "check", case.tmp / "judged.csv")
                case.equal(f"{blank}: rows", summary["rows"], 4)
        judged(case, build(quoted, cells(1), quoted, bad, quoted, quoted=True), {5: error}, 2, 1)
    with Case("blank lines without end, between rows and behind them, are not held in memory") as case:
        few, many = ((plain + b"\r\n") * count for count in (100_000, 6_000_000))  # 1 MB and 66 MB
        head, first, second = joined(build(cells(1), cells(2))).splitlines(keepends=True)
        source, out = case.tmp / "in.csv", case.tmp / "out.csv"
        source.write_bytes(head + first + few + second + many)
        little = {} if "asan" in PROGRAM else {"preexec_fn": little_memory}
        status, _, errors = run("check", source, "-o", out, "--jobs", 1, **little)
        case.equal(f"exit ({errors[:200]})", status, 0)
        result = out.read_bytes() if out.exists() else b""
        ends = result.find(few), len(result) - len(many)
        case.equal("blank lines", (result[ends[0]:ends[0] + len(few)] == few, result[ends[1]:] == many), (True, True))
        rows = (result[:ends[0]] + result[ends[0] + len(few):ends[1]]).splitlines()
        case.equal("rows", [row[:len(raw) - 2] for row, raw in zip(rows, (head, first, second))],
                   [raw[:-2] for raw in (head, first, second)])
    with Case("empty cells, but more than headings: rows, not blank lines") as case:
        judged(case, build(cells(1), plain + b",", quoted + b',""', cells(4)),
               {3: Wanted("CELLS_EXTRA", "11列目", a1=11, a2=10), 4: Wanted("CELLS_EXTRA", "11列目", a1=11, a2=10)}, 4, 2)
    with Case("cells that hold commas or quotes and nothing else: rows, not blank lines") as case:
        for text in (b'""""', b'",,"', b'"""",""""'):
            (case.tmp / "in.csv").write_bytes(joined(build(cells(1), text, cells(3))))
            status, _, summary, _ = execute(case, "check", case.tmp / "in.csv")
            case.equal(f"{text}: exit, rows", (status, summary["rows"]), (1, 3))
    with Case("a result file with rows of empty cells: byte for byte the same when run again") as case:
        for blank, is_quoted in ((plain, False), (quoted, True)):
            source = joined(build(blank, cells(1), blank, blank, bad, cells(4), blank, quoted=is_quoted))
            for command in ("check", "register"):
                status, first = again(case, command, source)
                status_again, second = again(case, command, first)
                case.equal(f"{command}: exit", (status, status_again), (1, 1))
                case.true(f"{command}: the same bytes", masked(first) == masked(second))
                case.equal(f"{command}: as it came", first.split(b"\r\n")[1], blank)
                # A spreadsheet that saves the result writes as many empty cells as there are headings now.
                saved = first.replace(b"\r\n" + blank + b"\r\n", b"\r\n" + b"," * 17 + b"\r\n")
                status, third = again(case, command, saved)
                case.true(f"{command}: saved by a spreadsheet", status == 1 and masked(third) == masked(saved))
    with Case("a result file with a row of too many empty cells: the numbers in our own cells are no order's id") as case:
        _, first = again(case, "check", joined(build(cells(1), cells(4), plain + b",", cells(5))))
        _, second = again(case, "check", first)
        for result in (first, second):
            case.equal("codes", [row[-7] for row in table(result)[1:]], ["", "", "CELLS_EXTRA", ""])


def test_blanks():
    with Case("blanks around unquoted cells stay, and the rules see them") as case:
        judged(case, build(cells(1, 備考=b" a ", 商品名=b"  x  ", 棚番=b"  "), cells(2, 請求金額=" 1000"),
                           cells(3, 請求金額="1000 "), cells(" 4"), cells(5, 商品名=" " * 256)),
               {3: Wanted("NOT_A_NUMBER", "請求金額", a1=" 1000"), 4: Wanted("NOT_A_NUMBER", "請求金額", a1="1000 "),
                5: Wanted("NOT_DIGITS", "受注ID", a1=" 4"), 6: Wanted("ITEM_NAME_SIZE", "商品名", N=0)}, 5, 4)
    with Case("blanks around what is sent are sent") as case:
        (case.tmp / "in.csv").write_bytes(joined(build(cells(1, 商品名=b"  x "))))
        with Scripted(accepted) as service:
            register_at(case, service.url, case.tmp / "in.csv")
        case.equal("name", [order["items"][0]["name"] for order in service.orders], ["  x "])


# ---- Large ----

def large(case, place, size=10 * 1024 * 1024, quoted=False):
    huge = b"x" * size
    row = cells(2, **{place: b'"' + huge + b'"' if quoted else huge})
    return build(cells(1), row, cells(3))


def test_large_rows():
    def too_long(place):
        return Wanted("ROW_TOO_LONG", place, a1=ROW_MAX)

    with Case("a cell of 10 MiB: in 商品名, in an unknown column, quoted, in the last: that row's error") as case:
        for place, quoted in (("商品名", False), ("備考", True), ("棚番", False)):
            rows = judged(case, large(case, place, quoted=quoted), {3: too_long(place)}, 3, 1)
            case.equal(f"{place}: sent", sent_rows(rows), [2, 4])
    with Case("a cell of 10 MiB that holds line ends and commas in quotes") as case:
        text = b'"' + b'a,\r\n""b' * (1024 * 1024) + b'"'
        judged(case, build(cells(1), cells(2, 備考=text), cells(3)), {3: too_long("備考")}, 3, 1)
    with Case("a cell of 10 MiB before the 受注ID, or as 受注ID: nobody knows whose row it is: all is refused") as case:
        for place in ("コントロールカラム", "受注ID"):
            refused(case, joined(large(case, place)), 4, "ROW_UNREADABLE", a1=3, a2=ROW_MAX)
    with Case("a heading of 10 MiB") as case:
        for place in ("コントロールカラム", "棚番"):
            head = [b"x" * 10485760 if h == place else h for h in HEAD]
            refused(case, joined(build(cells(1), head=head)), 4, "HEADER_TOO_LONG", a1=ROW_MAX, commands=("check",))
            refused(case, joined(build(head=head, last=False)), 4, "HEADER_TOO_LONG", a1=ROW_MAX,
                    commands=("register",))
    with Case("10 MiB of no line end and no comma") as case:
        refused(case, b"x" * 10485760, 4, "HEADER_TOO_LONG", a1=ROW_MAX)
    with Case("a row of 3 MiB of commas") as case:
        judged(case, build(cells(1), b"," * (3 * ROW_MAX), cells(3)), {3: too_long("")}, 3, 1)
    with Case("a row of 900,000 commas") as case:
        judged(case, build(cells(1), b"," * 900000, cells(3)), {3: Wanted("CELLS_EXTRA", "11列目", a1=900001, a2=10)}, 3, 1)
    with Case("rows at the limit of 1 MiB, and one byte over") as case:
        for quoted in (False, True):
            length = len(record(cells(2, 備考=""), quoted))
            exact = cells(2, 備考="x" * (ROW_MAX - length))
            over = cells(2, 備考="x" * (ROW_MAX - length + 1))
            case.equal("length", len(record(exact, quoted)), ROW_MAX)
            for end in (b"\r\n", b"\n"):
                judged(case, build(cells(1), exact, cells(3), quoted=quoted, end=end), {}, 3, 0)
                judged(case, build(cells(1), over, cells(3), quoted=quoted, end=end), {3: too_long("備考")}, 3, 1)
            judged(case, build(cells(1), exact, quoted=quoted, last=False), {}, 2, 0)
    with Case("an order of which one row is too long: its other rows name it") as case:
        rows = judged(case, build(cells(1), cells(2), cells(1, 備考="x" * ROW_MAX), cells(1, 備考="3つ目")),
                      {2: sibling(4), 4: too_long("備考"), 5: sibling(4)}, 2, 1)
        case.equal("sent", sent_rows(rows), [3])


def test_large_orders():
    with Case("an order of 1000 lines goes, one of 1001 does not") as case:
        judged(case, build(*[cells(1, 備考=f"{n}") for n in range(1000)], cells(2)), {}, 2, 0)
        wanted = {n: Wanted("ORDER_TOO_LARGE", "受注ID", a1=1000, a2=16) for n in range(2, 1003)}
        judged(case, build(*[cells(1)] * 1001, cells(2)), wanted, 2, 1)
    with Case("an order of more than 16 MiB") as case:
        big = cells(1, 備考="x" * 1000000)
        wanted = {n: Wanted("ORDER_TOO_LARGE", "受注ID", a1=1000, a2=16) for n in range(2, 20)}
        judged(case, build(*[big] * 18, cells(2)), wanted, 2, 1)
    with Case("the same 受注ID on every second row") as case:
        rows = [cells(7, 備考=f"{n}") if n % 2 else cells(1000 + n) for n in range(600)]
        judged(case, build(*rows), {}, 301, 0)
        rows[301] = cells(7, 商品名="")
        wanted = {n + 2: sibling(303) for n in range(1, 600, 2)}
        wanted[303] = Wanted("ITEM_NAME_SIZE", "商品名", N=150)
        judged(case, build(*rows), wanted, 301, 1)
    with Case("50,000 orders in one file") as case:
        records = build(*[record(cells(n, 商品名="" if n % 1000 == 0 else "見本")) for n in range(1, 50001)])
        source = case.tmp / "in.csv"
        source.write_bytes(joined(records))
        with sandbox(case) as url:
            for command in ("check", "register"):
                status, result, summary, _ = (execute(case, command, source) if command == "check" else
                                              register_at(case, url, source, "--concurrency", "64"))
                case.equal(f"{command}: exit", status, 1)
                case.equal(f"{command}: counts", (summary["orders"], summary["invalid"], summary["sent"]),
                           (50000, 50, 49950 if command == "register" else 0))
                tails = split_result(case, command, records, result) or []
                case.equal(f"{command}: flagged", [n for n, tail in enumerate(tails, 1) if b"ITEM_NAME_SIZE" in tail],
                           list(range(1001, 50002, 1000)))
            found = stats(url)
            case.equal("the service's counts", (found["registered"], found["duplicate_ids"], found["refused"]),
                       (49950, 0, 0))


# ---- A result file as input ----

def masked(data):
    """The bytes with the column 処理日時 emptied of its time."""
    return re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\"?)(?=[\r\n]|$|,)", rb"TIME\1", data)


def table(data):
    """All records of a CSV as lists of text."""
    return [parse(raw) for raw, _ in record_spans(data)]


def again(case, command, data, *options):
    (case.tmp / "again.csv").write_bytes(data)
    status, result, _, errors = execute(case, command, case.tmp / "again.csv", *options)
    case.true(f"{command}: a result: {errors!r}", result is not None)
    return status, result or b""


def test_results_as_input():
    rows = [cells(1), cells(2, 商品名=""), b"", cells(3, 備考='二\n行, "x"'), cells(3, 請求金額="x"),
            cells(4, 支払方法="代金引換"), cells(5, コントロールカラム="D")]
    for name, quoted, end in (("quoted where needed", False, b"\r\n"), ("all quoted", True, b"\n")):
        with Case(f"a result file as input, {name}: replaced in place, never doubled, byte for byte the same") as case:
            source = joined(build(*rows, quoted=quoted, end=end))
            for command in ("check", "register"):
                status, first = again(case, command, source)
                status_again, second = again(case, command, first)
                case.equal(f"{command}: exit", (status, status_again), (1, 1))
                case.equal(f"{command}: headings", table(second)[0], HEAD + HEADINGS)
                case.true(f"{command}: the same bytes", masked(first) == masked(second))
    with Case("a result file with its columns moved, and some of ours deleted") as case:
        _, first = again(case, "check", joined(build(*rows)))
        full = [row for row in table(first) if row]
        for order in (HEADINGS[:2] + HEAD[:5] + HEADINGS[2:] + HEAD[5:], HEADINGS[::-1] + HEAD,
                      HEAD + HEADINGS[:3], HEADINGS[5:] + HEAD, HEAD[:3] + ["エラー内容"] + HEAD[3:],
                      HEAD + HEADINGS + ["社内メモ"]):
            moved = [[dict(zip(full[0], row)).get(heading, heading if row is full[0] else "メモ") for heading in order]
                     for row in full]
            wanted = order + [heading for heading in HEADINGS if heading not in order]
            status, second = again(case, "check", joined(build(*moved[1:], head=moved[0])))
            _, third = again(case, "check", second)
            found = table(second)
            case.equal(f"{order}: headings", found[0], wanted)
            case.true(f"{order}: the same bytes when run again", masked(second) == masked(third))
            for old, new in zip(full[1:], found[1:]):
                old, new = dict(zip(full[0], old)), dict(zip(found[0], new))
                kept = HEAD + HEADINGS[:3]  # what names rows differs: the blank line is gone
                case.equal(f"{order}: cells", {h: new[h] for h in kept}, {h: old[h] for h in kept})
                case.equal(f"{order}: the merchant's own column", new.get("社内メモ", "メモ"), "メモ")
    with Case("a result file whose cells of ours hold nonsense: it counts for nothing") as case:
        nonsense = [OK, "X", "=1+1", "a,b", 'c"d', "\n", "999", "yesterday"]
        records = build(cells(1) + nonsense, cells(2, 商品名="") + nonsense, head=HEAD + HEADINGS)
        status, result = again(case, "check", joined(records))
        found = table(result)
        case.equal("exit, rows", (status, len(found)), (1, 3))
        case.equal("status and code", [(row[10], row[11]) for row in found[1:]], [("", ""), ("", "ITEM_NAME_SIZE")])
        case.equal("the merchant's cells", [row[:10] for row in found[1:]], [cells(1), cells(2, 商品名="")])
    with Case("a result file, one row that was cut off: filled up by us, it is no better, until somebody mends it") as case:
        head = HEAD[:8] + ["注文者電話番号", "注文者メールアドレス"]
        whole = cells(1)[:8] + ["0300000001", "taro@example.com"]
        cut = cells(2)[:8]
        status, first = again(case, "register", joined(build(whole, cut, head=head)), "--sandbox")
        case.equal("first", (status, [row[11] for row in table(first)[1:]]), (1, ["", "CELLS_MISSING"]))
        status, second = again(case, "register", first, "--sandbox")
        case.equal("again", (status, [row[11] for row in table(second)[1:]]), (1, ["", "CELLS_MISSING"]))
        status, third = again(case, "register", first.replace(b",,,,CELLS_MISSING", b",0300000002,a@b.example,,CELLS_MISSING"),
                              "--sandbox")
        case.equal("mended", (status, [row[10] for row in table(third)[1:]]), (0, [OK, OK]))
    with Case("a result file, one row with too many cells: ours last, the merchant's cells untouched") as case:
        _, first = again(case, "check", joined(build(cells(1), cells(2) + ["余分", "な"], cells(3))))
        status, second = again(case, "check", first)
        case.equal("exit", status, 1)
        found = table(second)
        case.equal("the merchant's cells", found[2][:12], cells(2) + ["余分", "な"])
        case.equal("ours", (len(found[2]), found[2][-8:-5]), (20, ["", "CELLS_EXTRA", "11列目"]))
        _, third = again(case, "check", second)
        case.true("the same bytes when run again", masked(second) == masked(third))
    with Case("a result file, one row with a comma too many before ours: no other cell is overwritten") as case:
        ours_before = [OK, "", "", "", "", "", "2", "2026-11-02 10:00:00"]
        row = cells(2, 備考=b"a,b") + ours_before
        _, result = again(case, "check", joined(build(cells(1) + ours_before, row, head=HEAD + HEADINGS)))
        found = table(result)
        case.equal("the merchant's cells", found[2][:11], cells(2)[:8] + ["a", "b", "B3"])
        case.equal("code", found[2][-7], "CELLS_EXTRA")
    with Case("a result file, one row too long: its error stands there, its old status does not") as case:
        old = [OK, "", "", "", "", "", "2", "2026-11-02 10:00:00"]
        row = cells(2, 備考="x" * ROW_MAX) + old
        status, result = again(case, "check", joined(build(cells(1) + old, row, head=HEAD + HEADINGS)))
        found = table(result)
        case.equal("exit", status, 1)
        case.true("ROW_TOO_LONG is on the row", "ROW_TOO_LONG" in found[2][10:])
        case.equal("the merchant's cells", found[2][:8], cells(2)[:8])
    with Case("a result file of register, unchanged: nothing is registered twice") as case:
        with sandbox(case) as url:
            (case.tmp / "in.csv").write_bytes(joined(build(*rows)))
            _, first, _, _ = register_at(case, url, case.tmp / "in.csv")
            (case.tmp / "again.csv").write_bytes(first)
            status, second, summary, _ = register_at(case, url, case.tmp / "again.csv")
            case.equal("exit", status, 1)
            case.true("the same bytes", masked(first) == masked(second))
            case.equal("the service's counts", (stats(url)["registered"], stats(url)["duplicate_ids"]), (1, 0))


# ---- The disk and the clock ----

def test_changed_input():
    rows = [cells(n) for n in range(1, 41)]
    data = joined(build(*rows))
    for name, change in (("grows", lambda path: path.write_bytes(data + joined(build(cells(99), head=None)))),
                         ("is cut short", lambda path: os.truncate(path, len(data) // 2)),
                         ("is saved again, as long as before", lambda path: path.write_bytes(data))):
        for language in ("ja", "en"):
            with Case(f"the input {name} while register runs, --lang {language}: exit 2, no result") as case:
                source, out = case.tmp / "in.csv", case.tmp / "out.csv"
                source.write_bytes(data)
                out.write_bytes(b"old")
                with sandbox(case, "--fault", "slow=1") as url:
                    process = subprocess.Popen(
                        [PROGRAM, "register", source, "-o", out, "--force", "--api-url", url, "--concurrency", "4",
                         "--lang", language], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                        env={**os.environ, **CREDENTIALS})
                    deadline = time.monotonic() + 20
                    while stats(url)["requests"] == 0 and time.monotonic() < deadline:
                        time.sleep(0.02)
                    change(source)
                    _, errors = process.communicate(timeout=TIMEOUT)
                    found = stats(url)
                case.equal("exit", process.returncode, 2)
                says(case, "changed", errors.decode(), "INPUT_CHANGED", language, path=source)
                case.true(f"it stopped soon: {found}", 0 < found["registered"] < 20)
                case.equal("files", sorted(os.listdir(case.tmp)), ["in.csv", "out.csv"])
                case.equal("the old result", out.read_bytes(), b"old")
    with Case("the input is replaced by another file while register runs: the one that was opened counts") as case:
        source, out = case.tmp / "in.csv", case.tmp / "out.csv"
        short = build(*rows[:8])
        source.write_bytes(joined(short))
        with sandbox(case, "--fault", "slow=1") as url:
            process = subprocess.Popen([PROGRAM, "register", source, "-o", out, "--api-url", url, "--concurrency",
                                        "4"], stderr=subprocess.DEVNULL, env={**os.environ, **CREDENTIALS})
            deadline = time.monotonic() + 20
            while stats(url)["requests"] == 0 and time.monotonic() < deadline:
                time.sleep(0.02)
            (case.tmp / "new.csv").write_bytes(b"something else")
            os.replace(case.tmp / "new.csv", source)
            case.equal("exit", process.wait(TIMEOUT), 0)
        ours(case, "register", short, out.read_bytes())
    with Case("a result file that comes into being while register runs stays") as case:
        source, out = case.tmp / "in.csv", case.tmp / "out.csv"
        source.write_bytes(joined(build(*rows[:4])))
        with sandbox(case, "--fault", "slow=1") as url:
            process = subprocess.Popen([PROGRAM, "register", source, "-o", out, "--api-url", url],
                                       stderr=subprocess.PIPE, env={**os.environ, **CREDENTIALS})
            deadline = time.monotonic() + 20
            while stats(url)["requests"] == 0 and time.monotonic() < deadline:
                time.sleep(0.02)
            out.write_bytes(b"theirs")
            _, errors = process.communicate(timeout=TIMEOUT)
        case.equal("exit", process.returncode, 2)
        says(case, "exists", errors.decode(), "RESULT_LOST", path=out, a1=os.strerror(17), a2=4)
        case.equal("files", sorted(os.listdir(case.tmp)), ["in.csv", "out.csv"])
        case.equal("theirs", out.read_bytes(), b"theirs")


@contextlib.contextmanager
def tiny_disk(case):
    """A file system of 64 KiB; None where none can be mounted."""
    place = case.tmp / "disk"
    place.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place],
                                                   stderr=subprocess.DEVNULL, check=False).returncode == 0
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", place], check=False)


def little_memory():
    """Before the program starts: it gets 64 MiB, its libraries included."""
    resource.setrlimit(resource.RLIMIT_AS, (64 * 1024 * 1024, 64 * 1024 * 1024))


def small_files(ignore):
    """Before the program starts: no file may be larger than 16 KiB; SIGXFSZ ignored, or as it is by default."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN if ignore else signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
    return limit


def test_full_disk():
    data = joined(build(*[cells(n, 備考="x" * 1000) for n in range(1, 201)]))
    with Case("a full disk: exit 2, no result, nothing left, the old one as it was") as case:
        source = case.tmp / "in.csv"
        source.write_bytes(data)
        with tiny_disk(case) as disk:
            if disk is None:
                case.title += " # SKIP no file system can be mounted here; the limit of file sizes stands in"
            for command in ("check", "register") if disk else ():
                for language, old in CIRCUMSTANCES:
                    out = disk / "out.csv"
                    if old:
                        out.write_bytes(old)
                    status, _, errors = run(*launch(command, source, "-o", out, "--lang", language,
                                                    *(["--force"] if old else [])))
                    case.equal(f"{command}: exit", status, 2)
                    says(case, command, errors, unwritten(command), language, path=out, a1=os.strerror(28),
                         a2=200)
                    case.true(f"{command}: no closing message", "予約しました" not in errors)
                    case.equal(f"{command}: files", os.listdir(disk), ["out.csv"] if old else [])
                    if old:
                        case.equal(f"{command}: old", out.read_bytes(), old)
                        out.unlink()
    with Case("no room to keep standard input: exit 2, nothing sent") as case:
        with tiny_disk(case) as disk:
            if disk is None:
                case.title += " # SKIP no file system can be mounted here"
            else:
                out = case.tmp / "out.csv"
                status, _, errors = run(*launch("register", "-", "-o", out), stdin=data, env={"TMPDIR": str(disk)})
                case.equal("exit", status, 2)
                says(case, "spool", errors, "INPUT_UNREADABLE", path="-", a1=os.strerror(28))
                case.equal("files", (os.listdir(disk), out.exists()), ([], False))
    for ignore in (True, False):
        with Case(f"a limit of file sizes, its signal {'ignored' if ignore else 'as by default'}: exit 2, no result, "
                  "nothing left") as case:
            source, folder = case.tmp / "in.csv", case.tmp / "out"
            source.write_bytes(data)
            folder.mkdir()
            for command in ("check", "register"):
                status, _, errors = run(*launch(command, source, "-o", folder / "out.csv"),
                                        preexec_fn=small_files(ignore), restore_signals=False)
                case.equal(f"{command}: exit", status, 2)
                if status == 2:
                    says(case, command, errors, unwritten(command), path=folder / "out.csv", a1=os.strerror(27), a2=200)
                case.equal(f"{command}: files", os.listdir(folder), [])
                for name in os.listdir(folder):
                    (folder / name).unlink()


def test_modes():
    with Case("the result has the input's permissions, whatever the umask") as case:
        source, out = case.tmp / "in.csv", case.tmp / "out.csv"
        source.write_bytes(joined(build(cells(1))))
        for mode, wanted in ((0o600, 0o600), (0o640, 0o640), (0o644, 0o644), (0o400, 0o400), (0o755, 0o644)):
            for umask in (0o022, 0o077, 0):
                for old in (False, True):
                    source.chmod(mode)
                    out.unlink(missing_ok=True)
                    if old:
                        out.write_bytes(b"old")
                        out.chmod(0o666)
                    status, _, _ = run("check", source, "-o", out, "--force", umask=umask)
                    found = stat.S_IMODE(out.stat().st_mode)
                    case.true(f"{mode:o} under {umask:o}{', replacing' if old else ''}: exit {status}, {found:o}",
                              (status, found) == (0, wanted))
    with Case("a result of standard input is its owner's alone at most, or as the umask says") as case:
        out = case.tmp / "out.csv"
        for umask in (0o022, 0o077):
            out.unlink(missing_ok=True)
            run("check", "-", "-o", out, stdin=joined(build(cells(1))), umask=umask)
            case.equal("no more than the umask allows", stat.S_IMODE(out.stat().st_mode) & umask, 0)


# ---- Generated files ----

TEXTS = ["", "a", "a,b", 'x"y', '"', '""', ",", "\n", "\r\n", "\r", "二行\r\n目", "①㈱髙﨑～", "ｶﾀｶﾅ", "表\\能", "ソ|予",
         " 空白 ", "\t", "=1+1", "@x", "-", "N", "1000", "後払い", "x" * 300, 'a"",""b', "'"]


def generated(rng):
    """A random order CSV: its records, the exit status it shall have, and how many orders shall go."""
    extra = [f"列{n}" for n in range(rng.randrange(4))]
    head = HEAD + extra
    places = list(range(len(head)))
    if rng.random() < 0.7:
        rng.shuffle(places)
    habit = rng.choice(["need", "all", "some"])
    ends = rng.choice([[b"\r\n"], [b"\n"], [b"\r"], [b"\r\n", b"\n"]])
    records, bad, orders = [], set(), {}
    damage_rate = rng.choice([0, 0, 0.05, 0.3])

    def line(row):
        return b",".join(cell_bytes(row[place], habit == "all" or (habit == "some" and rng.random() < 0.5))
                         for place in places)

    records.append((b",".join(cell_bytes(head[place], habit == "all") for place in places), rng.choice(ends)))
    for _ in range(rng.randrange(25)):
        if rng.random() < 0.1:
            records.append((b"", rng.choice(ends)))
            continue
        order = str(rng.randrange(1, 30))
        row = cells(order, 備考=rng.choice(TEXTS), 棚番=rng.choice(TEXTS), 商品名=rng.choice(TEXTS[1:23] + ["見本"]))
        row += [rng.choice(TEXTS) for _ in extra]
        orders.setdefault(order, 0)
        if len(row[AT["商品名"]]) > 255 or not row[AT["商品名"]].strip(" \t\r\n　"):
            bad.add(order)
        raw = line(row)
        damage = rng.choice(["short", "long"]) if rng.random() < damage_rate else None
        if damage == "long":
            raw += b"," + rng.choice([b"", b"x", b'"a,b"'])
            bad.add(order)
        elif damage == "short":
            kept = rng.randrange(places.index(AT["受注ID"]) + 1, len(places) + 1)
            raw = b",".join(cell_bytes(row[place], habit == "all") for place in places[:kept])
            if any(place < AT["備考"] for place in places[kept:]):
                bad.add(order)
        records.append((raw, rng.choice(ends)))
    if rng.random() < 0.3:
        records[-1] = (records[-1][0], b"")
    if rng.random() < 0.1 and records[-1][1]:
        records.append((line(cells(99) + ["" for _ in extra]) + b',"open', b""))
        return records, 4, 0
    return records, 1 if bad else 0, len(set(orders) - bad)


def without_cr_before_lf(records):
    """A line end of CR before a blank line that ends in LF would be one line end, not two."""
    return all(not (a[1] == b"\r" and b == (b"", b"\n")) for a, b in zip(records, records[1:]))


def test_generated():
    with Case("200 generated files: exit status, bytes and what is sent are as they should be") as case:
        rng, seen = random.Random(20261102), {0: 0, 1: 0, 4: 0}
        for number in range(200):
            records, status, going = generated(rng)
            while not without_cr_before_lf(records):
                records, status, going = generated(rng)
            seen[status] += 1
            source = case.tmp / "in.csv"
            source.write_bytes(joined(records))
            for command in ("check", "register") if number % 4 == 0 else ("check",):
                found, result, summary, errors = execute(case, command, source)
                what = f"file {number}, {command}"
                case.equal(f"{what}: exit", found, status)
                case.equal(f"{what}: going", summary["succeeded"], going)
                if status == 4:
                    case.true(f"{what}: no result", result is None)
                    case.true(f"{what}: names row {len(records)}: {errors!r}", f"{len(records)}行目" in errors)
                elif result is not None:
                    ours(case, what, records, result)
                if command == "register":
                    case.equal(f"{what}: sent", summary["sent"], going)
            if len(case.problems) > 10:
                break
        case.true(f"the files are of every kind: {seen}", all(count >= 10 for count in seen.values()))
    with Case("300 files of random bytes behind a good header: an answer, never an accident") as case:
        rng = random.Random(20261103)
        for number in range(300):
            noise = bytes(rng.choice(b'",\r\n\0\x81\x8fNa1"",,') for _ in range(rng.randrange(1, 400)))
            source = case.tmp / "in.csv"
            source.write_bytes(joined(build(cells(1))) + noise)
            status, result, summary, errors = execute(case, "check", source)
            case.true(f"{noise!r}: exit {status}: {errors[-200:]!r}", status in (0, 1, 4))
            if status == 4:
                case.true(f"{noise!r}: no result", result is None)
            elif result is not None:
                spans = record_spans(joined(build(cells(1))) + noise)
                split_result(case, repr(noise), spans, result)
            if len(case.problems) > 10:
                break


# ---- What the service says ----

def shown(message):
    """A message as a cell shall hold it: no control character, no | of its own, no formula, in CP932."""
    text = "".join(" " if unicodedata.category(c) == "Cc" else "｜" if c == "|" else c for c in message)
    if text[0] in "=+-@＝＋－＠":
        text = "'" + text
    table_of = {"〜": "～", "−": "－", "‖": "∥", "—": "―", "\u00a0": " "}
    text = "".join(table_of.get(c, c) for c in text)
    return "".join(c if can_encode(c) else "〓" for c in text)


def can_encode(character):
    try:
        character.encode("cp932")
        return True
    except UnicodeEncodeError:
        return False


MESSAGES = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM", '=cmd|" /C calc"!A0',
            "|", "a|b|c", "|=1", "line 1\nline 2\r\nline 3", "\x00x"[1:], "bell \x07 escape \x1b[31m delete \x7f",
            "C1 \u0085 \u009b", "😀 emoji 𠮷", "10:00〜12:00", "a − b ‖ c — d", "髙﨑①㈱", '"quoted", and, commas', "'=1",
            " =1", "   ", "x" * 20480, "商品名が長すぎます。" * 2048, "{1}{row}{column}{N}{path}", "%s%n", "\u3000=1", "é",
            "validation error:items[0].name size must be between 1 and 255 ",
            "validation error:items[99999999999999999999].name size must be between 1 and 255",
            "validation error:items[-1].name size must be between 1 and 255"]


def answer_each(bodies):
    """Order n (from 1) is answered with bodies[n - 1]: status, content type, body."""
    return lambda order: bodies[int(order["id"]) - 1]


def cells_of_refusals(case, bodies, quoted=False):
    records = build(*[cells(n) for n in range(1, len(bodies) + 1)], quoted=quoted)
    (case.tmp / "in.csv").write_bytes(joined(records))
    with Scripted(answer_each(bodies)) as service:
        status, result, summary, errors = register_at(case, service.url, case.tmp / "in.csv", "--retries", "0")
    case.equal("each was sent once", sorted(int(order["id"]) for order in service.orders),
               list(range(1, len(bodies) + 1)))
    return status, ours(case, "register", records, result or b""), summary, errors


def refusal(message):
    return 400, "application/json", json.dumps({"message": message}).encode()


def test_messages():
    for quoted in (False, True):
        with Case(f"refusals that begin as formulas do, hold |, control characters, or what CP932 lacks"
                  f"{', all quoted' if quoted else ''}") as case:
            status, rows, summary, _ = cells_of_refusals(case, [refusal(m) for m in MESSAGES], quoted)
            case.equal("exit", status, 1)
            case.equal("counts", (summary["sent"], summary["failed"]), (len(MESSAGES), len(MESSAGES)))
            for message, row in zip(MESSAGES, rows.values()):
                case.equal(f"{message[:60]!r}", row["エラー内容"], shown(message))
                case.equal(f"{message[:60]!r}: code and status", (row["エラーコード"], row["与信ステータス"]),
                           ("SERVICE_REFUSED", "与信失敗"))
                case.true(f"{message[:60]!r}: one text in each column", all("|" not in row[h] for h in HEADINGS))
    with Case("signs that only become a formula's on the way into CP932") as case:
        signs = "−‐‑‒–﹢﹣﹦﹫⁺₊˗＝＋－＠"
        status, rows, _, _ = cells_of_refusals(case, [refusal(sign + "SUM(A1)") for sign in signs])
        for sign, row in zip(signs, rows.values()):
            case.true(f"U+{ord(sign):04X}: {row['エラー内容']!r} begins no formula",
                      row["エラー内容"][0] not in "=+-@＝＋－＠")
            case.true(f"U+{ord(sign):04X}: nothing else is lost", row["エラー内容"].endswith("SUM(A1)"))
    with Case("answers of 400 that are no JSON, have no message, or an empty one") as case:
        html = b"<html><head><title>400 Bad Request</title></head><body>=1</body></html>"
        bodies = [(400, "text/html", html), (400, "application/json", b""), (400, "application/json", b"{}"),
                  (400, "application/json", b'{"message":""}'), (400, "application/json", b'{"message":null}'),
                  (400, "application/json", b'{"message":{"a":1}}'), (400, "application/json", b"["),
                  (422, "text/plain", b"\0\1\2"), (400, "application/json", b"[" * 5000)]
        status, rows, _, _ = cells_of_refusals(case, bodies)
        case.equal("exit", status, 1)
        for body, row in zip(bodies, rows.values()):
            case.equal(f"{body[2][:30]!r}", (row["エラーコード"], row["エラー内容"], row["与信ステータス"]),
                       ("SERVICE_REFUSED", f"HTTP {body[0]}", "与信失敗"))
    with Case("404: the address is wrong, not the order") as case:
        bodies = [(404, "text/html", html), (404, "application/json", b'{"message":"no such|path"}'), (404, "text/plain", b"")]
        status, rows, summary, errors = cells_of_refusals(case, bodies)
        case.equal("exit, failed", (status, summary["failed"]), (1, 3))
        for (number, row), words in zip(rows.items(), ("HTTP 404", "no such｜path", "HTTP 404")):
            verify_row(case, "register", number, row, Wanted("SERVICE_NOT_FOUND", "", a1=words))
        case.true("the table names it", "SERVICE_NOT_FOUND" in errors)
    with Case("messages that are no UTF-8: whole but for the bytes that are none") as case:
        raws = [b"bad \xff byte", b"cut \xe3\x81", b"\x80=1", b"\xc0\xbd1+1", b"surrogate \xed\xa0\x80 end",
                "商品名".encode("cp932"), b"\xfe\xfe\xff\xff", b"ok \xf8\x88\x80\x80\x80 end"]
        status, rows, _, _ = cells_of_refusals(case, [(400, "application/json", b'{"message":"' + raw + b'"}')
                                                      for raw in raws])
        case.equal("exit", status, 1)
        for raw, row in zip(raws, rows.values()):
            case.true(f"{raw!r}: there is a message: {row['エラー内容']!r}", row["エラー内容"])
            case.true(f"{raw!r}: the damage shows: {row['エラー内容']!r}",
                      "〓" in row["エラー内容"] or "\ufffd" in row["エラー内容"] or row["エラー内容"].startswith("HTTP"))
            for word in re.findall(rb"[a-z]{2,}", raw):
                if not row["エラー内容"].startswith("HTTP"):
                    case.true(f"{raw!r}: {word} is kept: {row['エラー内容']!r}", word.decode() in row["エラー内容"])
    with Case("headings that are hostile: in エラー項目 they are harmless") as case:
        for heading, wanted in (("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("@x|y", "'@x｜y"), ("a\nb", "a b")):
            records = build(cells(1) + [b"\x81"], head=HEAD + [heading])
            (case.tmp / "in.csv").write_bytes(joined(records))
            status, result, _, _ = execute(case, "check", case.tmp / "in.csv")
            rows = ours(case, "check", records, result)
            case.equal(heading, (status, rows[2]["エラー項目"], rows[2]["エラーコード"]), (1, wanted, "ENCODING_INVALID"))
    with Case("a cell quoted in a message: shortened, harmless") as case:
        records = build(cells(1, 請求金額="=1|2\r\n" + "x" * 300), cells("+2"), cells(3, コントロールカラム="@"))
        (case.tmp / "in.csv").write_bytes(joined(records))
        status, result, _, _ = execute(case, "check", case.tmp / "in.csv")
        rows = ours(case, "check", records, result)
        case.equal("codes", [row["エラーコード"] for row in rows.values()],
                   ["NOT_A_NUMBER", "NOT_DIGITS", "CONTROL_INVALID"])
        case.true("one text in each column", all("|" not in row[h] for row in rows.values() for h in HEADINGS))
        case.true("shortened", "…" in rows[2]["エラー内容"] and len(rows[2]["エラー内容"]) < 100)


def main():
    # A sanitizer's own exit status is 1, which here is an answer as good as any.
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        os.environ[name] = ":".join(filter(None, (os.environ.get(name), "exitcode=99")))
    for test in (test_no_csv, test_header, test_paths, test_configuration, test_standard_streams, test_unclosed_quotes,
                 test_stray_quotes, test_cell_counts, test_damage_before_the_id, test_bytes_that_are_no_text,
                 test_lines, test_empty_cells, test_blanks, test_large_rows, test_large_orders, test_results_as_input,
                 test_changed_input, test_full_disk, test_modes, test_generated, test_messages):
        test()
    return done()


if __name__ == "__main__":
    sys.exit(main())
