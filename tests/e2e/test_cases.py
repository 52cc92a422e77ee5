#!/usr/bin/env python3
"""The corpus of small cases: tests/cases/NAME/{in.csv, expected.csv, case.json}, see tests/cases/README.md.

    test_cases.py [NAME…]             run them all, or these
    test_cases.py --update [NAME…]    write expected.csv instead, to be read before it is committed

A case that a person can read is UTF-8 in the repository; it is run in each encoding of VARIANTS, and the result is
turned back before it is compared. Every code of the catalogue has a case, or stands in ELSEWHERE.
The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per case (and
one for the catalogue) and exits 1 if any failed.
"""
import argparse
import contextlib
import http.server
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness import HEADINGS, PROGRAM, ROOT, Case, check, done, run

CASES = ROOT / "tests" / "cases"
CATALOG = {entry["code"]: entry
           for entry in json.loads((ROOT / "schemas" / "error-catalog.json").read_text(encoding="utf-8"))["entries"]}
VARIANTS = ("cp932", "utf-8", "utf-16")
TIME = "yyyy-mm-dd hh:mm:ss"  # what stands for the time of the run in an expected.csv
CREDENTIALS = {"ATOBARAI_API_KEY": "key-of-a-case", "ATOBARAI_MERCHANT_CODE": "merchant-of-a-case"}
KEYS = {"about", "arguments", "command", "exit", "stderr", "codes", "bytes", "sandbox", "service", "before",
        "environment", "lines"}

# Codes that no small file can show, and the test that shows each. test_message.c looks at words alone.
BAD_INPUT, REGISTER = "tests/e2e/test_bad_input.py", "tests/e2e/test_register.py"
BASE, MESSAGE, ORDER = "tests/unit/test_base.c", "tests/unit/test_message.c", "tests/unit/test_order.c"
TRANSPORT = "tests/unit/test_transport.c"
WIRE, WORKBOOK = "tests/e2e/test_wire.py", "tests/e2e/test_workbook.py"
KURONEKO_UNIT = "tests/unit/test_kuroneko_dialect.c"
KURONEKO, KURONEKO_E2E = "tests/unit/test_kuroneko.c", "tests/e2e/test_kuroneko.py"
CONFIG, CLI = "tests/e2e/test_config.py", "tests/e2e/test_cli.py"
RETURN, CLEAN = "tests/e2e/test_return.py", "tests/e2e/test_clean.py"
LEDGER, LEDGER_UNIT, PLAN = "tests/e2e/test_ledger.py", "tests/unit/test_ledger.c", "tests/unit/test_plan.c"
DROP, DROP_UNIT = "tests/e2e/test_drop.py", "tests/unit/test_drop.c"
ELSEWHERE = {
    "HEADER_TOO_LONG": BAD_INPUT, "ROW_TOO_LONG": BAD_INPUT, "ROW_UNREADABLE": BAD_INPUT, "ORDER_TOO_LARGE": BAD_INPUT,
    "WORKBOOK_TOO_LARGE": WORKBOOK, "WORKBOOK_CELL_TOO_LONG": WORKBOOK, "WORKBOOK_LOST": WORKBOOK, "REPORT_LOST": "tests/e2e/test_report.py",
    "INPUT_CHANGED": BAD_INPUT, "RESULT_LOST": BAD_INPUT, "INPUT_TOO_LARGE": BAD_INPUT,
    "SET_STATUS_NO_COLUMN": "tests/unit/test_set_status.c",
    "LOG_INCOMPLETE": "tests/e2e/test_log.py",
    "DROP_BUSY": DROP, "DROP_COMMAND_FAILED": DROP, "DROP_COMMAND_LATE": DROP_UNIT, "DROP_COMMAND_MISSING": DROP,
    "DROP_FOLDER": DROP, "DROP_JOURNAL": DROP, "DROP_LINK": DROP, "DROP_NAME": DROP, "DROP_NO_COMMAND": DROP,
    "DROP_NO_FILE": DROP, "DROP_OTHER_DISK": DROP_UNIT, "DROP_SIZE": DROP, "DROP_UNLOCKABLE": DROP_UNIT,
    "DROP_UNMOVABLE": DROP_UNIT, "USAGE_MISSING_FOLDER": CLI,
    "INTERRUPTED": REGISTER, "REASON_INTERRUPTED": REGISTER, "TRANSPORT_FAILED": TRANSPORT,
    "REASON_REFUSED": TRANSPORT, "CA_FILE_INVALID": TRANSPORT, "REASON_UNTRUSTED": WIRE, "OUT_OF_MEMORY": BASE,
    "SANDBOX_NO_TLS": "tests/unit/test_sandbox_kuroneko.c", "CATALOG_INVALID": ORDER, "SHIP_SEVERAL_NUMBERS": ORDER, "ENCODING_UNAVAILABLE": MESSAGE,
    "ERRNO_EACCES": MESSAGE, "ERRNO_EBADF": MESSAGE, "ERRNO_EDQUOT": MESSAGE, "ERRNO_EEXIST": MESSAGE,
    "ERRNO_EFBIG": MESSAGE, "ERRNO_EIO": MESSAGE, "ERRNO_ELOOP": MESSAGE, "ERRNO_EPERM": MESSAGE, "ERRNO_EPIPE": MESSAGE,
    "ERRNO_EROFS": MESSAGE,
    "CONFIG_UNREADABLE": CONFIG, "CONFIG_NO_FILE": CONFIG, "CONFIG_WRITABLE": CONFIG, "CONFIG_OWNER": CONFIG,
    "CONFIG_EXPOSED": CONFIG, "CONFIG_NOT_UTF8": CONFIG, "CONFIG_LINE_TOO_LONG": CONFIG, "CONFIG_SYNTAX": CONFIG,
    "CONFIG_KEY_UNKNOWN": CONFIG, "CONFIG_KEY_UNFIT": CONFIG, "CONFIG_KEY_TWICE": CONFIG,
    "CONFIG_SECTION_TWICE": CONFIG, "CONFIG_PROFILE_MISPLACED": CONFIG, "CONFIG_VALUE": CONFIG,
    "CONFIG_PROFILE_UNKNOWN": CONFIG, "CONFIG_PROFILE_NO_FILE": CONFIG, "CONFIG_CHECK_FAILED": CONFIG,
    "HOST_UNKNOWN": CONFIG, "HOST_UNREACHABLE": CONFIG, "TLS_FAILED": CONFIG, "CERTIFICATE_REFUSED": CONFIG,
    "HOST_SILENT": CONFIG, "CLOCK_OFF": CONFIG, "CA_FILE_INVALID": CONFIG, "USAGE_ACTION": CLI,
    "LEDGER_BUSY": LEDGER_UNIT, "LEDGER_CORRUPT": LEDGER_UNIT, "LEDGER_FOREIGN": LEDGER_UNIT,
    "LEDGER_NEWER": LEDGER_UNIT, "LEDGER_UNWRITABLE": LEDGER_UNIT, "ONLY_UNKNOWN": LEDGER, "OUTPUT_IS_LEDGER": LEDGER, "NOT_FINISHED": LEDGER,
    "CLEAN_CHARACTER": CLEAN, "CLEAN_COLUMN_MISSING": CLEAN, "CLEAN_EMPTY": CLEAN,
    "CLEAN_ROUNDED": CLEAN, "CLEAN_ROW_DAMAGED": CLEAN, "CLEAN_UNREADABLE": CLEAN, "CELL_DAMAGED": RETURN, "CELL_LOST": RETURN, "ORDER_ID_DAMAGED": RETURN, "ALREADY_REGISTERED": LEDGER, "MALL_NUMBER_REGISTERED": LEDGER, "NOT_REGISTERED_REIMPORTED": LEDGER,
    "ORDER_CANCELLED": LEDGER, "REGISTRATION_NOT_DONE": LEDGER, "REREGISTERED": PLAN, "AMOUNT_REDUCED": KURONEKO_E2E, "SHIP_NUMBERS_LEFT": KURONEKO_E2E, "PLAN_REDUCE": KURONEKO_E2E,
    "REREGISTER_NOT_NEEDED": LEDGER,
    "REREGISTER_WAITING": LEDGER, "REREGISTER_ID_LONG": LEDGER, "SERVICE_ORDER_UNKNOWN": LEDGER,
    "SHIP_NOT_ALLOWED": LEDGER, "SHIPMENT_FAILED": LEDGER, "CANCEL_FAILED": LEDGER, "CANCEL_NOT_ALLOWED": PLAN,
    "KURONEKO_AMOUNT": KURONEKO, "KURONEKO_EMAIL": KURONEKO, "KURONEKO_PHONE": KURONEKO,
    "KURONEKO_POSTAL_CODE": KURONEKO, "KURONEKO_SHIP_DATE_LATE": ORDER, "KURONEKO_TRACKING_FORM": ORDER,
    "KURONEKO_TRACKING_NUMBER": ORDER,
    "PLAN_ASK": LEDGER, "PLAN_CANCEL": LEDGER, "PLAN_REGISTER": LEDGER, "PLAN_REREGISTER": LEDGER, "PLAN_SHIP": LEDGER,
    "REASON_CHANGED": PLAN, "REASON_DOUBT": PLAN, "REASON_NEW": PLAN, "REASON_NEW_NUMBER": PLAN,
    "REASON_REFUSED_BEFORE": PLAN, "REASON_STATUS": PLAN,
}
# What a code of the service's public protocol means: tests/unit/test_service_codes.c walks through all of the list.
LISTED = {line.split("\t")[4]
          for line in (ROOT / "schemas/api/kuroneko-errors.tsv").read_text(encoding="utf-8").splitlines()[1:]}
ELSEWHERE.update(dict.fromkeys((
    "KURONEKO_LIMIT_EXCEEDED", "KURONEKO_STATE_INQUIRY", "KURONEKO_STATE_ALERTED", "KURONEKO_STATE_CONFIRMED",
    "KURONEKO_STATE_INVOICED", "KURONEKO_STATE_PAID", "KURONEKO_STATE_IMPOSSIBLE"), KURONEKO_UNIT))


class Unfit(Exception):
    """What a case holds cannot be used."""


# ---- CSV as text ----


def split_records(text, delimiter):
    """Each record as its raw cells, quotes and all, and its line end; no cells on an empty line. A quote opens a cell
    only at its beginning, and closes it unless doubled."""
    records, cells, begin, at, quoted, fresh = [], [], 0, 0, False, True

    def finish(end, line_end):
        nonlocal cells
        if cells or end > begin:
            cells.append(text[begin:end])
        records.append((cells, line_end))
        cells = []

    while at < len(text):
        letter = text[at]
        if quoted:
            if letter == '"' and text[at + 1:at + 2] == '"':
                at += 1
            elif letter == '"':
                quoted = False
        elif letter == '"' and fresh:
            quoted, fresh = True, False
        elif letter == delimiter:
            cells.append(text[begin:at])
            begin, fresh = at + 1, True
        elif letter in "\r\n":
            line_end = "\r\n" if text[at:at + 2] == "\r\n" else letter
            finish(at, line_end)
            at += len(line_end) - 1
            begin, fresh = at + 1, True
        else:
            fresh = False
        at += 1
    if begin < len(text) or cells:
        finish(len(text), "")
    return records


def value_of(raw):
    """What a raw cell says."""
    return raw[1:-1].replace('""', '"') if len(raw) > 1 and raw[0] == raw[-1] == '"' else raw


class Table:
    """A CSV file. Where its bytes matter, its text is these bytes, one character each; `words` makes them legible."""

    def __init__(self, text, delimiter, encoding="utf-8", words=lambda raw: raw):
        self.records = split_records(text, delimiter)
        self.delimiter, self.encoding, self.words = delimiter, encoding, words
        self.headings = [value_of(words(cell)).strip() for cell in self.records[0][0]] if self.records else []

    @classmethod
    def of_bytes(cls, data):
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encoding = "utf-16-le" if data[:2] == b"\xff\xfe" else "utf-16-be"
            text = data.decode(encoding, "surrogatepass")
            if text.encode(encoding, "surrogatepass") != data:
                raise Unfit("UTF-16 that cannot be told by its text")
            header = text.splitlines()[0]
            return cls(text, "\t" if "\t" in header else ",", encoding, lambda raw: raw.lstrip("\ufeff"))
        header = data.splitlines()[0] if data else b""
        delimiter = "\t" if b"\t" in header and b"," not in header else ","
        encoding = "utf-8" if HEADINGS[-1].encode("utf-8") in header else "cp932"
        return cls(data.decode("latin-1"), delimiter, "latin-1",
                   lambda raw: raw.encode("latin-1").decode(encoding, "replace").lstrip("\ufeff"))

    def place(self, cells, heading):
        """The index of our column `heading` in a record. Where a record has cells too many, ours come last."""
        index = len(self.headings) - 1 - self.headings[::-1].index(heading) if heading in self.headings else None
        extra = len(cells) - len(self.headings)
        return index if index is None or extra <= 0 else index + extra

    def ours(self, cells, heading):
        place = self.place(cells, heading)
        return value_of(self.words(cells[place])) if place is not None and place < len(cells) else ""

    def rows(self):
        """Row number, as a spreadsheet counts, and cells; without the header and empty lines."""
        return [(number, cells) for number, (cells, _) in enumerate(self.records, 1) if number > 1 and cells]

    def hide_time(self, begin, end):
        """Put TIME in place of every time of this run."""
        for _, cells in self.rows():
            place = self.place(cells, HEADINGS[-1])
            if place is None or place >= len(cells):
                continue
            with contextlib.suppress(ValueError):
                then = time.mktime(time.strptime(value_of(cells[place]), "%Y-%m-%d %H:%M:%S"))
                if begin <= then <= end:
                    cells[place] = cells[place].replace(value_of(cells[place]), TIME)

    def text(self):
        return "".join(self.delimiter.join(cells) + end for cells, end in self.records)

    def bytes(self):
        return self.text().encode(self.encoding, "surrogatepass")

    def values(self):
        return [[value_of(cell) for cell in cells] for cells, _ in self.records]


# ---- The encodings ----


def with_tabs(text):
    """The same file with tabs between its cells; one that holds a tab is quoted."""
    records = split_records(text, ",")
    return "".join("\t".join(f'"{cell}"' if "\t" in cell and cell[0] != '"' else cell for cell in cells) + end
                   for cells, end in records)


def encode(data, variant):
    """A readable file's bytes in another encoding; None where it does not fit."""
    text = data.decode("utf-8")
    if variant == "cp932":
        with contextlib.suppress(UnicodeEncodeError):
            return text.encode("cp932")
        return None
    return data if variant == "utf-8" else ("\ufeff" + with_tabs(text)).encode("utf-16-le")


def decode(data, variant):
    """A result as a table of text."""
    if variant == "bytes":
        return Table.of_bytes(data)
    if variant == "utf-16":
        text = data.decode("utf-16-le")
        if text[:1] != "\ufeff":
            raise Unfit("the result lacks its byte order mark")
        return Table(text[1:], "\t")
    return Table(data.decode(variant), ",")


# ---- The service ----


@contextlib.contextmanager
def simulated_service(folder, wanted):
    """A sandbox process; `wanted` may name a fault and a seed."""
    port_file = folder / "port"
    options = [word for key, value in wanted.items() for word in (f"--{key}", str(value))]
    process = subprocess.Popen([PROGRAM, "sandbox", "--port-file", port_file, *options], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while not port_file.exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        yield int(port_file.read_text())
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def scripted_service(wanted):
    """A server that gives every request the same answer: {"status": …, "body": …}."""
    body = json.dumps(wanted["body"], ensure_ascii=False).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response_only(wanted["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def closed_port():
    """A port that nobody listens on: it is taken, and kept, but not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def service_of(about, folder):
    if "sandbox" in about:
        return simulated_service(folder, about["sandbox"])
    if about.get("service") == "closed":
        return closed_port()
    return scripted_service(about["service"]) if "service" in about else contextlib.nullcontext()


# ---- A case ----


def read_case(folder):
    """case.json, with everything that it may leave out."""
    path = folder / "case.json"
    about = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if set(about) - KEYS:
        raise Unfit(f"case.json: unknown {sorted(set(about) - KEYS)}")
    return {"arguments": ["check"], "stderr": [], "bytes": False, "lines": "crlf", "environment": {}, **about}


def unreadable(path, lines):
    """Why a person's editor, or ours, would change a file."""
    data = path.read_bytes()
    if data[:3] == b"\xef\xbb\xbf":
        yield f"{path.name}: has a byte order mark"
    with contextlib.suppress(UnicodeDecodeError):
        data.decode("utf-8")
        if lines == "crlf" and any(end not in ("\r\n", "") for _, end in split_records(data.decode("utf-8"), ",")):
            yield f"{path.name}: a row does not end with CRLF"
        return
    yield f"{path.name}: is not UTF-8"


def variants_of(folder, about, variants):
    """The encodings that a case can be run in; at least one."""
    if about["bytes"] or not (folder / "in.csv").exists():
        return ["bytes"]
    fitting = [variant for variant in variants if encode((folder / "in.csv").read_bytes(), variant) is not None]
    if not fitting:
        raise Unfit(f"in.csv fits into none of {', '.join(variants)}")
    return fitting


def lay_out(folder, tmp, variant):
    """A copy of the case's folder to run in, its CSV files in the encoding asked for."""
    tmp.mkdir()
    for path in folder.iterdir():
        if path.name in ("case.json", "expected.csv"):
            continue
        if path.suffix == ".csv" and variant != "bytes":
            (tmp / path.name).write_bytes(encode(path.read_bytes(), variant))
        elif path.is_dir():
            shutil.copytree(path, tmp / path.name)
        else:
            shutil.copy(path, tmp / path.name)


def words_of(about, port):
    """The command line. "command" is all of it; "arguments" lack the files, and the service where there is one."""
    url = f"http://127.0.0.1:{port}/v1"
    if "command" in about:
        words = about["command"]
    else:
        command, *options = about["arguments"]
        words = [command, "in.csv", "-o", "out.csv", *options]
        if port is not None and "--api-url" not in words:
            words += ["--api-url", url]
    return [word.replace("{url}", url).replace("{port}", str(port)) for word in words]


def execute(about, tmp):
    """Run it. Its exit status, what it says, and when it began and ended."""
    environment = {**(CREDENTIALS if "sandbox" in about or "service" in about else {}), **about["environment"]}
    begin = int(time.time())  # of what comes before, too: an order that is known has the time of its answer
    with service_of(about, tmp.parent) as port:
        if "before" in about:
            first = run("register", about["before"], "-o", "before.csv", "--api-url", f"http://127.0.0.1:{port}/v1",
                        env=environment, cwd=tmp)
            if first[0] > 1:
                raise Unfit(f"what comes before ended with {first[0]}: {first[2]}")
        status, _, errors = run(*words_of(about, port), env=environment, cwd=tmp)
    return status, errors, begin, time.time()


# ---- What is asserted ----


def codes_of(table, cells):
    text = table.ours(cells, "エラーコード")
    return text.split("|") if text else []


def errors_in(table):
    """Whether any row has an error; what begins with 注意: is a warning."""
    return any(not message.startswith("注意: ") for _, cells in table.rows() if codes_of(table, cells)
               for message in table.ours(cells, "エラー内容").split("|"))


def pattern_of(code):
    """What the message of a code looks like when its placeholders are filled."""
    pieces = re.split(r"\{(?:N|row|other|column|path|1|2|3)\}", CATALOG[code]["ja"]["message"])
    return re.compile(".+?".join(re.escape(piece) for piece in pieces), re.DOTALL)


def differences(found, expected):
    """Sentences about two tables whose cells should be the same."""
    if len(found) != len(expected):
        yield f"{len(found)} records, not {len(expected)}"
    for number, (one, other) in enumerate(zip(found, expected), 1):
        if len(one) != len(other):
            yield f"row {number}: {len(one)} cells, not {len(other)}: {one!r}"
        for column, (mine, theirs) in enumerate(zip(one, other), 1):
            if mine != theirs:
                yield f"row {number}, cell {column}: {mine!r}, not {theirs!r}"


def verify_result(about, table, expected, variant):
    """The result against expected.csv: the same bytes, or with tabs the same cells."""
    if variant == "utf-16":
        yield from differences(table.values(), expected.values())
    elif table.text() != expected.text():
        yield from differences([cells for cells, _ in table.records], [cells for cells, _ in expected.records])
        yield "the result is not expected.csv"
    for number, cells in table.rows():
        counts = {len(table.ours(cells, heading).split("|")) for heading in HEADINGS[1:6]}
        if len(counts) > 1:
            yield f"row {number}: not as many texts as codes"
    if "codes" in about:
        found = {str(number): codes_of(table, cells) for number, cells in table.rows() if codes_of(table, cells)}
        for row in sorted(found.keys() | about["codes"].keys(), key=int):
            if found.get(row, []) != about["codes"].get(row, []):
                yield f"row {row}: {found.get(row, [])}, not {about['codes'].get(row, [])}"


def verify_messages(about, status, errors):
    if status > 1 and not about["stderr"]:
        yield "case.json does not say which message goes with this exit status"
    for code in about["stderr"]:
        if code not in CATALOG:
            yield f"{code} is not in the catalogue"
        elif not pattern_of(code).search(errors):
            yield f"standard error lacks the message of {code}: {errors!r}"


def content_of(path):
    return path.read_bytes() if path.exists() else None


def verify(folder, about, tmp, variant):
    """Run the case in one encoding; sentences about what is not as it should be."""
    lay_out(folder, tmp, variant)
    out = tmp / "out.csv"
    old = content_of(out)
    status, errors, begin, end = execute(about, tmp)
    expected = folder / "expected.csv"
    wanted = about.get("exit")
    if expected.exists():
        given = decode(expected.read_bytes(), "bytes" if variant == "bytes" else "utf-8")
        wanted = wanted if wanted is not None else int(errors_in(given))
        if out.exists():
            table = decode(out.read_bytes(), variant)
            table.hide_time(begin, end)
            yield from verify_result(about, table, given, variant)
        else:
            yield "there is no result"
    elif wanted in (None, 0, 1, 5) and "command" not in about:
        yield "there is no expected.csv: write it with --update, and read it"
        if out.exists():
            found = decode(out.read_bytes(), variant)
            yield from verify_result(about, found, found, variant)
        wanted = status
    elif content_of(out) != old:
        yield "the result file is not as it was"
    if status != wanted:
        yield f"exit {status}, not {wanted}: {errors!r}"
    yield from verify_messages(about, status, errors)


def run_case(folder, variants):
    with Case(folder.name) as case:
        about = read_case(folder)
        if not about["bytes"]:
            for path in sorted(folder.glob("*.csv")):
                case.problems += unreadable(path, about["lines"])
        for variant in [] if case.problems else variants_of(folder, about, variants):
            case.problems += [f"{variant}: {problem}" for problem in verify(folder, about, case.tmp / variant, variant)]


def update(folder, variants):
    """Write expected.csv: the result of the first variant that the case can be run in."""
    with Case(f"{folder.name}: expected.csv") as case:
        about = read_case(folder)
        variant = variants_of(folder, about, [name for name in variants if name != "utf-16"])[0]
        lay_out(folder, case.tmp / variant, variant)
        out = case.tmp / variant / "out.csv"
        old = content_of(out)
        _, _, begin, end = execute(about, case.tmp / variant)
        (folder / "expected.csv").unlink(missing_ok=True)
        if content_of(out) == old:
            return
        table = decode(out.read_bytes(), variant)
        table.hide_time(begin, end)
        (folder / "expected.csv").write_bytes(table.bytes())


# ---- The catalogue ----


def shown_by(folder):
    """The codes that a case shows: on a row, in the reason that a row gives, or on standard error."""
    about = read_case(folder)
    shown = set(about["stderr"])
    if (folder / "expected.csv").exists():
        table = decode((folder / "expected.csv").read_bytes(), "bytes" if about["bytes"] else "utf-8")
        for _, cells in table.rows():
            shown.update(codes_of(table, cells))
            message = table.ours(cells, "エラー内容")
            shown.update(code for code in CATALOG if code.startswith("REASON_") and pattern_of(code).search(message))
    return shown


def coverage(folders):
    """Every code has a case or another test that names it."""
    shown = set().union(*(shown_by(folder) for folder in folders))
    for code in sorted(CATALOG.keys() - shown - ELSEWHERE.keys() - LISTED):
        yield f"{code}: no case shows it"
    for code in sorted(ELSEWHERE.keys() & shown):
        yield f"{code}: a case shows it, so it need not stand in ELSEWHERE"
    for code, path in ELSEWHERE.items():
        if code not in CATALOG:
            yield f"{code}: stands in ELSEWHERE and not in the catalogue"
        elif not re.search(rf'"{code}["/]', (ROOT / path).read_text(encoding="utf-8")):
            yield f"{code}: {path} does not name it"


def main():
    parser = argparse.ArgumentParser(description="Run the cases of tests/cases.")
    parser.add_argument("names", metavar="NAME", nargs="*")
    parser.add_argument("--update", action="store_true", help="write expected.csv instead, to be read before a commit")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="encodings to run the readable cases in")
    options = parser.parse_args()
    variants = options.variants.split(",")
    folders = sorted(path for path in CASES.iterdir() if path.is_dir())
    for folder in folders if not options.names else [CASES / name for name in options.names]:
        (update if options.update else run_case)(folder, variants)
    if not options.names and not options.update:
        check("every code of the catalogue has a case, or a test that names it", coverage(folders))
    return done()


if __name__ == "__main__":
    sys.exit(main())
