#!/usr/bin/env python3
"""Encodings, delimiters and line ends: whatever a file comes in, its own bytes come back, and ours are the same words.

A file is put together here as text and encoded by Python. Damage stands in it as a private character at first, whose
bytes are then exchanged for bad ones, so that the place of these is known apart from the program.
Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed. Standard library only.
"""
import csv
import io
import itertools
import json
import re
import resource
import signal
import sys

from harness import HEADINGS, ROOT, Case, done, run
from test_bad_input import CATALOG, CREDENTIALS, Scripted, accepted, refused, says

csv.field_size_limit(2**31 - 1)

# Name, codec, byte order mark, what the summary calls it.
ENCODINGS = {
    "CP932": ("cp932", b"", "cp932"),
    "UTF-8": ("utf-8", b"", "utf-8"),
    "UTF-8 with a mark": ("utf-8", b"\xef\xbb\xbf", "utf-8"),
    "UTF-16 LE": ("utf-16-le", b"\xff\xfe", "utf-16"),
    "UTF-16 BE": ("utf-16-be", b"\xfe\xff", "utf-16"),
    "UTF-16 LE without a mark": ("utf-16-le", b"", "utf-16"),
    "UTF-16 BE without a mark": ("utf-16-be", b"", "utf-16"),
}
UNICODE = [name for name in ENCODINGS if name != "CP932"]
HEAD = ["コントロールカラム", "受注ID", "受注日時", "支払方法", "商品番号", "商品名", "請求金額", "注文者氏名", "備考", "本店"]
HOLE = "\ue000"  # where damage goes; every encoding has it
OK = "与信OK"


def line(order, **changes):
    row = dict(zip(HEAD, ["N", str(order), "2026-11-02 17:54:08", "後払い", "A1", "見本の商品", "1000", "見本 太郎", "なし",
                          "～－①㈱髙"]))
    row.update(changes)
    return list(row.values())


# Every kind of row: sound, with errors, with delimiters, quotes and line ends in cells, short, long, skipped, blank.
ROWS = [
    line(1),
    line(2, 商品名="い" * 256),
    line(2, 備考='彼は "はい, と\tいいえ" と言った'),
    line(3, 備考="一行目\n二行目\r\n三行目\r四行目"),
    line(4, 受注日時="きのう", 請求金額=""),
    [],
    line(5, 商品番号="Ａ－１"),
    line(6)[:3],
    line(7) + ["余分", ""],
    line(8, 支払方法="クレジットカード"),
    line(1, コントロールカラム="D"),
    [""] * len(HEAD),
    line(10, 備考="", 本店=""),
]


# ---- Files ----

def cell_text(cell, delimiter, quoted):
    if quoted or any(character in cell for character in '"\r\n' + delimiter):
        return '"' + cell.replace('"', '""') + '"'
    return cell


class File:
    """A file in one form: its records as pairs of bytes, the record and its line end."""

    def __init__(self, name="CP932", rows=ROWS, delimiter=",", end="\r\n", final=True, quoted=False, head=HEAD):
        self.codec, self.mark, self.summary = ENCODINGS[name]
        self.delimiter, self.end = delimiter, self.encode(end)
        texts = [delimiter.join(cell_text(cell, delimiter, quoted) for cell in row) for row in [head, *rows]]
        self.records = [(self.encode(text), self.end) for text in texts]
        if not final:
            self.records[-1] = (self.records[-1][0], b"")

    def encode(self, text):
        return text.encode(self.codec, "surrogatepass" if self.codec != "cp932" else "strict")

    def decode(self, data):
        return data.decode(self.codec)

    def bytes(self):
        return self.mark + b"".join(raw + end for raw, end in self.records)

    def fill(self, *damages):
        """Exchange each hole for its damage; where each stands in the file."""
        hole, places, at = self.encode(HOLE), [], len(self.mark)
        damages = list(damages)
        for number, (raw, end) in enumerate(self.records):
            while (place := self.find(raw, hole, 0)) >= 0:
                places.append(at + place)
                raw = raw[:place] + damages.pop(0) + raw[place + len(hole):]
            self.records[number] = (raw, end)
            at += len(raw) + len(end)
        return places

    def find(self, data, what, at):
        """The place of `what` in `data` from `at` on; of whole units, where these are two bytes."""
        step = 2 if self.codec.startswith("utf-16") else 1
        found = data.find(what, at)
        while found >= 0 and (found - at) % step:
            found = data.find(what, found + 1)
        return found

    def ours(self, case, what, result):
        """Row → our cells by heading. All that is not ours must be the file, byte for byte."""
        rows, at = {}, len(self.mark)
        if result is None or result[:at] != self.mark:
            case.problems.append(f"{what}: no result, or not its mark: {(result or b'')[:4]!r}")
            return rows
        for number, (raw, end) in enumerate(self.records, 1):
            if result[at:at + len(raw)] != raw:
                case.problems.append(f"{what} row {number}: does not begin with the input's bytes")
                return rows
            at += len(raw)
            stop = self.find(result, end, at) if end else len(result)
            if stop < 0:
                case.problems.append(f"{what} row {number}: no line end {end!r}")
                return rows
            tail = self.decode(result[at:stop])
            at = stop + len(end)
            if tail:
                case.equal(f"{what} row {number}: what stands before our cells", tail[0], self.delimiter)
                rows[number] = next(csv.reader(io.StringIO(tail[1:], newline=""), delimiter=self.delimiter))[-8:]
        case.equal(f"{what}: bytes behind the last row", len(result) - at, 0)
        case.equal(f"{what}: headings", rows.pop(1, None), HEADINGS)
        return {number: dict(zip(HEADINGS, cells)) for number, cells in rows.items()}


def execute(case, data, command, *options, env=None, **more):
    """Exit status, the result's bytes (None: none), the summary, standard error."""
    source, out, summary = case.tmp / "in.csv", case.tmp / "out.csv", case.tmp / "sum.json"
    source.write_bytes(data)
    for path in (out, summary):
        path.unlink(missing_ok=True)
    status, _, errors = run(command, source, "-o", out, "--summary-json", summary, *options, env=env, **more)
    return status, out.read_bytes() if out.exists() else None, \
        json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else None, errors


def timeless(rows):
    """Without 処理日時; in it, that there is one."""
    return {number: {**row, "処理日時": bool(row["処理日時"])} for number, row in rows.items()}


# ---- Every form ----

def test_forms():
    """What comes back in every encoding, with every delimiter, line end and habit of quoting."""
    with Case("the CP932 file with commas has the errors that it was given") as case:
        file = File()
        status, result, summary, _ = execute(case, file.bytes(), "check")
        wanted = {row: row_cells["エラーコード"] for row, row_cells in file.ours(case, "check", result).items()}
        case.equal("exit, counts", (status, summary["orders"], summary["invalid"], summary["rows"], summary["skipped_rows"]),
                   (1, 8, 5, 11, 2))
        case.equal("codes", wanted, {2: "", 3: "ITEM_NAME_SIZE", 4: "SIBLING_ROW", 5: "", 6: "DATETIME_INVALID|REQUIRED",
                                     8: "ITEM_ID_NON_ASCII", 9: "CELLS_MISSING", 10: "CELLS_EXTRA", 11: "", 12: "", 14: ""})
        model = timeless(file.ours(case, "check", result))
    for name, delimiter in itertools.product(ENCODINGS, ",\t"):
        with Case(f"{name}, {'tabs' if delimiter == chr(9) else 'commas'}: every byte comes back, and the same codes") as case:
            for end, final, quoted in itertools.product(("\n", "\r\n", "\r"), (True, False), (True, False)):
                what = f"{end!r}{'' if final else ', no final one'}{', quoted' if quoted else ''}"
                file = File(name, delimiter=delimiter, end=end, final=final, quoted=quoted)
                status, result, summary, _ = execute(case, file.bytes(), "check")
                case.equal(f"{what}: exit", status, 1)
                case.equal(f"{what}: encoding", summary["encoding"], file.summary)
                case.equal(f"{what}: ours", timeless(file.ours(case, what, result)), model)


def test_quoting():
    with Case("our cells are quoted as the headings are, in every encoding and with tabs") as case:
        for name, delimiter in itertools.product(ENCODINGS, ",\t"):
            for quoted in (True, False):
                file = File(name, [line(1)], delimiter, quoted=quoted)
                _, result, _, _ = execute(case, file.bytes(), "check")
                tail = file.decode(result[len(file.mark):].split(file.end)[0])
                case.equal(f"{name}: quoted headings", tail.endswith('"処理日時"'), quoted)


def test_again():
    """A result is a legal input, in every form."""
    for name, delimiter in itertools.product(ENCODINGS, ",\t"):
        with Case(f"{name}, {'tabs' if delimiter == chr(9) else 'commas'}: a result gets its columns replaced") as case:
            file = File(name, [row for row in ROWS if len(row) in (0, len(HEAD))], delimiter)
            _, first, _, _ = execute(case, file.bytes(), "check")
            _, second, summary, _ = execute(case, first, "check")
            times = [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=\r\n)", "", file.decode(data[len(file.mark):]))
                     for data in (first, second)]
            case.equal("the same text", times[1], times[0])
            case.true("not doubled", times[1].count("エラーコード") == 1)
            case.equal("encoding", summary["encoding"], file.summary)


# ---- Damage ----

def damages(name):
    """Bytes that are no character, for a cell in that encoding."""
    codec = ENCODINGS[name][0]
    if codec == "cp932":
        return [b"\xff", b"\x81\x20", b"\x8f\x20"]
    if codec == "utf-8":
        return [b"\xff", b"\x80", b"\xe5\x95", b"\xe5", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xed\xa0\x80", b"\xed\xb0\x80",
                b"\xf4\x90\x80\x80", b"\x8f\xa4\x95\x69"]
    return [text.encode(codec, "surrogatepass") for text in ("\ud800", "\udbff", "\udc00", "\udfff", "\ude00\ud83d",
                                                             "\ud83d\ud83d")]


def test_damage():
    for name in ENCODINGS:
        with Case(f"{name}: what is no character is told by its byte in the file, and passes through") as case:
            for damage, quoted, delimiter in itertools.product(damages(name), (True, False), ",\t"):
                for before, behind in (("", ""), ("見本", ""), ("a", "b"), ('"', "本")):
                    file = File(name, [line(1), [], line(2, 備考=before + HOLE + behind), line(3)], delimiter, quoted=quoted)
                    place, = file.fill(damage)
                    status, result, summary, _ = execute(case, file.bytes(), "check")
                    rows = file.ours(case, repr(damage), result)
                    codes = {number: row["エラーコード"] for number, row in rows.items()}
                    case.equal(f"{damage!r}: exit, orders, invalid", (status, summary["orders"], summary["invalid"]),
                               (1, 3, 1))
                    case.equal(f"{damage!r}: codes", codes, {2: "", 4: "ENCODING_INVALID", 5: ""})
                    wanted = CATALOG["ENCODING_INVALID"]["ja"]["message"]
                    for key, value in (("{row}", "4"), ("{column}", "備考"), ("{1}", str(place))):
                        wanted = wanted.replace(key, value)
                    case.equal(f"{damage!r}: place", rows.get(4, {}).get("エラー内容"), wanted)
    for name in ENCODINGS:
        with Case(f"{name}: a damaged cell holds its order back, and the others go") as case:
            file = File(name, [line(1), line(2, 商品名=HOLE), line(2), line(3)], final=False)
            file.fill(damages(name)[0])
            status, result, summary, _ = execute(case, file.bytes(), "register", "--sandbox")
            rows = file.ours(case, "register", result)
            case.equal("exit, sent", (status, summary["sent"]), (1, 2))
            case.equal("statuses", [row["与信ステータス"] for row in rows.values()], [OK, "", "", OK])
        with Case(f"{name}: damage at the very end of the file") as case:
            file = File(name, [line(1), line(2, 本店=HOLE)], final=False)
            place, = file.fill(damages(name)[0])
            _, result, _, _ = execute(case, file.bytes(), "check")
            rows = file.ours(case, "check", result)
            case.true("its place", f"{place}バイト目" in rows[3]["エラー内容"])
    for name in ("UTF-8", "UTF-8 with a mark", "UTF-16 LE", "UTF-16 BE"):
        with Case(f"{name}: places far into a file of characters of every length") as case:
            rows = [line(order, 備考="aé本😀" * (order % 50)) for order in range(1, 1500)]
            for order in (1, 700, 1400):
                rows[order - 1] = line(order, 備考="a😀本" * 30 + HOLE)
            file = File(name, rows, "\t")
            places = file.fill(*[damages(name)[0]] * 3)
            _, result, summary, _ = execute(case, file.bytes(), "check")
            found = file.ours(case, "check", result)
            case.equal("invalid", summary["invalid"], 3)
            for order, place in zip((1, 700, 1400), places):
                case.true(f"order {order}: byte {place}", f"{place}バイト目" in found[order + 1]["エラー内容"])
    for name in ENCODINGS:
        with Case(f"{name}: a heading that cannot be read is named") as case:
            file = File(name, [line(1)], head=[*HEAD[:8], HOLE, HEAD[9]])
            file.fill(damages(name)[0])
            refused(case, file.bytes(), 4, "HEADER_UNREADABLE", a1="9")
        with Case(f"{name}: a NUL in a cell is a matter of its row") as case:
            file = File(name, [line(1), line(2, 備考="a\0b")])
            status, result, _, _ = execute(case, file.bytes(), "check")
            codes = [row["エラーコード"] for row in file.ours(case, "check", result).values()]
            case.equal("exit, codes", (status, codes), (1, ["", "NUL_BYTE"]))
        with Case(f"{name}: an unclosed quote refuses the file") as case:
            file = File(name, [line(1), line(2, 備考=HOLE), line(3)], "\t")
            file.fill(file.encode('"'))
            refused(case, file.bytes(), 4, "QUOTE_UNCLOSED", a1="3", a2="9", a3="備考")


# ---- Long rows, other ways in and out ----

def test_long():
    for name in ENCODINGS:
        with Case(f"{name}: a row of 1.5 MiB is refused by name, and copied as it came") as case:
            text = "本" * (512 * 1024) if name == "CP932" else "a本😀é" * (160 * 1024)
            file = File(name, [line(1), line(2, 備考=text + HOLE), line(3)])
            file.fill(damages(name)[0])
            status, result, summary, _ = execute(case, file.bytes(), "register", "--sandbox")
            rows = file.ours(case, "register", result)
            case.equal("exit, sent", (status, summary["sent"] if summary else None), (1, 2))
            case.equal("codes", [row["エラーコード"] for row in rows.values()], ["", "ROW_TOO_LONG", ""])


def test_streams():
    for name, delimiter in itertools.product(ENCODINGS, ",\t"):
        with Case(f"{name}, {'tabs' if delimiter == chr(9) else 'commas'}: through standard input and output") as case:
            file = File(name, delimiter=delimiter)
            status, result, _, _ = execute(case, file.bytes(), "check")
            found, output, errors = run("check", "-", "-o", "-", stdin=file.bytes())
            case.equal("exit", found, status)
            case.equal("ours", timeless(file.ours(case, "-", output)), timeless(file.ours(case, "file", result)))


def test_bodies():
    """What the service gets is the same, whatever the file was. Each has a ledger of its own: it may have the port, too,
    of a service that is gone."""
    ledgers = itertools.count()

    def sent(case, data):
        ledger = case.tmp / f"{next(ledgers)}.db"
        with Scripted(accepted) as service:
            status, _, _, errors = execute(case, data, "register", "--api-url", service.url, "--concurrency", "1",
                                           "--ledger", ledger, env=CREDENTIALS)
        case.equal(f"exit ({errors})", status, 1)
        return service.orders

    with Case("the bodies of every encoding are those of CP932") as case:
        wanted = sent(case, File().bytes())
        case.equal("orders", [order["id"] for order in wanted], ["1", "3", "10"])
        for name, delimiter in itertools.product(UNICODE, ",\t"):
            case.equal(f"{name}, {delimiter!r}", sent(case, File(name, delimiter=delimiter, end="\n").bytes()), wanted)
    with Case("characters that CP932 lacks arrive") as case:
        for name in UNICODE:
            order = sent(case, File(name, [line(1, 商品名="𠮷野の〜😀 café", 注文者氏名="見本 𠮷子"), line(2, 商品名="")]).bytes())
            case.equal(name, order[0]["items"][0]["name"], "𠮷野の〜😀 café")
    with Case("a service's answer that is no UTF-8 does no harm to the result's encoding") as case:
        def answer(order):
            return 400, "application/json", b'{"message": "bad \xff\x8e\xf3 \xe5\x95 \xf0\x9f\x98\x80"}'
        for name in UNICODE:
            file = File(name, [line(1)])
            with Scripted(answer) as service:
                _, result, _, _ = execute(case, file.bytes(), "register", "--api-url", service.url, "--ledger",
                                          case.tmp / f"{next(ledgers)}.db", env=CREDENTIALS)
            case.true(f"{name}: one row", len(file.ours(case, name, result)) == 1)


# ---- Told, and forced ----

NAMES = {"cp932": "Shift_JIS", "utf-8": "UTF-8", "utf-16": "UTF-16"}


def test_forced():
    for name in ENCODINGS:
        with Case(f"{name}: --encoding with its own name changes nothing") as case:
            file = File(name)
            _, wanted, _, _ = execute(case, file.bytes(), "check")
            for forced in ("auto", file.summary):
                status, result, summary, _ = execute(case, file.bytes(), "check", "--encoding", forced)
                case.equal(f"{forced}: exit, encoding", (status, summary["encoding"]), (1, file.summary))
                case.equal(f"{forced}: ours", timeless(file.ours(case, forced, result)),
                           timeless(file.ours(case, "auto", wanted)))
        with Case(f"{name}: --encoding with another name is refused") as case:
            file = File(name)
            for forced in set(NAMES) - {file.summary}:
                if file.mark:
                    refused(case, file.bytes(), 4, "INPUT_ENCODING", options=("--encoding", forced), a1=NAMES[file.summary],
                            a2=NAMES[forced])
                    continue
                status, result, summary, errors = execute(case, file.bytes(), "check", "--encoding", forced)
                case.equal(f"{forced}: exit, result ({errors})", (status, result), (4, None))
    with Case("--encoding utf-16 where neither mark nor header tell: little end first") as case:
        file = File("UTF-16 LE without a mark", [["x", *line(1)]], head=["一" * 60, *HEAD])  # one of its bytes is a NUL
        status, result, _, _ = execute(case, file.bytes(), "check")
        case.equal("not told: exit, result", (status, result), (4, None))
        status, result, summary, _ = execute(case, file.bytes(), "check", "--encoding", "utf-16")
        case.equal("exit, encoding", (status, summary["encoding"]), (0, "utf-16"))
        file.ours(case, "check", result)
    with Case("a header in ASCII: the rows tell, a damaged one not by itself, and --encoding overrules") as case:
        english = ["control", "order_id", "ordered_at", "payment", "item_id", "item_name", "amount", "buyer", "note", "shop"]
        columns = json.loads((ROOT / "schemas" / "robot-in-order.json").read_text(encoding="utf-8"))
        for column in columns["columns"]:
            if column["name"] in HEAD:
                column["aliases"] = column.get("aliases", []) + [english[HEAD.index(column["name"])]]
        (case.tmp / "schema.json").write_text(json.dumps(columns), encoding="utf-8")
        for name in ("CP932", "UTF-8"):
            file = File(name, [line(1), line(2, 備考=HOLE), line(3)], head=english)
            file.fill(damages(name)[0])
            status, result, summary, _ = execute(case, file.bytes(), "check", "--schema", case.tmp / "schema.json")
            case.equal(f"{name}: exit, encoding, invalid", (status, summary["encoding"], summary["invalid"]),
                       (1, file.summary, 1))
            file.ours(case, name, result)
        status, _, summary, _ = execute(case, File("UTF-8", [line(1)], head=english).bytes(), "check", "--schema",
                                        case.tmp / "schema.json", "--encoding", "cp932")
        case.equal("overruled", summary["encoding"], "cp932")


def test_words():
    """--verbose says what the file is and what told so."""
    words = {
        "CP932": ("文字コード: cp932、BOMなし（UTF-8ではない日本語", "Encoding: cp932, without a byte order mark (told by"),
        "UTF-8": ("文字コード: utf-8、BOMなし（日本語がUTF-8", "Encoding: utf-8, without a byte order mark (told by"),
        "UTF-8 with a mark": ("文字コード: utf-8、BOMあり（先頭のBOM", "Encoding: utf-8, with a byte order mark (told by"),
        "UTF-16 LE": ("文字コード: utf-16、BOMあり（先頭のBOM", "Encoding: utf-16, with a byte order mark (told by"),
        "UTF-16 BE without a mark": ("文字コード: utf-16、BOMなし（1文字2バイト", "Encoding: utf-16, without a byte order mark"),
    }
    with Case("--verbose: encoding, mark, reason and delimiter in words") as case:
        for name, texts in words.items():
            for delimiter, named in ((",", ("コンマ", "comma")), ("\t", ("タブ", "tab"))):
                for index, language in enumerate(("ja", "en")):
                    _, _, _, errors = execute(case, File(name, [line(1)], delimiter).bytes(), "check", "--verbose",
                                              "--lang", language)
                    case.true(f"{name}, {language}: {errors}", texts[index] in errors)
                    label = ("区切り: ", "Delimiter: ")[index]
                    case.true(f"{name}, {language}, {delimiter!r}", f"\n{label}{named[index]}\n" in errors)
        for index, language in enumerate(("ja", "en")):
            _, _, _, errors = execute(case, File(rows=[line(1)]).bytes(), "check", "--verbose", "--lang", language,
                                      "--encoding", "cp932")
            case.true(errors, ("（--encoding のとおり）", "(as --encoding says)")[index] in errors)
            _, _, _, errors = execute(case, b"order,name\n1,a\n", "check", "--verbose", "--lang", language)
            case.true(errors, ("半角の英数字と記号だけ", "there is only ASCII")[index] in errors)
        _, _, errors = run("check", case.tmp / "nowhere.csv", "--verbose")
        case.true("nothing about a file that is not there", "文字コード: " not in errors)


# ---- What can go wrong on the way ----

def limit_files():
    """No file may become larger than 64 KiB: a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))


def test_trouble():
    for name in ENCODINGS:
        if not name.startswith("UTF-16"):
            continue
        with Case(f"{name}: half a character at the end refuses the file") as case:
            data = File(name).bytes()
            for cut in (data[:-1], data + b"\n"):
                refused(case, cut, 4, "INPUT_TORN", a1=len(cut))
                status, output, errors = run("check", "-", "-o", "-", stdin=cut)
                case.equal("standard input: exit, output", (status, output), (4, b""))
                says(case, "standard input", errors, "INPUT_TORN", path="-", a1=len(cut))
        with Case(f"{name}: no folder for temporary files, and one that is full") as case:
            data = File(name, [line(order) for order in range(1, 1000)]).bytes()
            status, result, _, errors = execute(case, data, "check", env={"TMPDIR": "/nowhere/at/all"})
            case.equal("missing: exit, result", (status, result), (2, None))
            case.true(f"missing: {errors}", "in.csv" in errors and "Traceback" not in errors)
            source = case.tmp / "in.csv"
            status, _, errors = run("check", source, preexec_fn=limit_files)
            case.equal("full: exit", status, 2)
            case.true(f"full: {errors}", str(source) in errors and CATALOG["ERRNO_EFBIG"]["ja"]["message"] in errors)
    with Case("UTF-8 and CP932 need no temporary file") as case:
        for name in ("CP932", "UTF-8", "UTF-8 with a mark"):
            status, _, _, _ = execute(case, File(name).bytes(), "check", env={"TMPDIR": "/nowhere/at/all"})
            case.equal(name, status, 1)


WANTED = {"cp932": ("cp932", b""), "utf-8": ("utf-8", b"\xef\xbb\xbf"), "utf-16": ("utf-16-le", b"\xff\xfe")}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=\"?(\r\n|$))")


def text_of(name, mark, data):
    """A result without its mark and its times."""
    return TIME.sub("", data[len(mark):].decode(name)) if data is not None and data.startswith(mark) else None


def test_output_encoding():
    many = ROWS + [line(order, 備考="長い" * 5000) for order in range(20, 60)]  # more than is converted in one piece
    for name in ENCODINGS:
        with Case(f"--output-encoding: {name} becomes each of the others") as case:
            file = File(name, many)
            plain = execute(case, file.bytes(), "check")[1]
            wanted = text_of(file.codec, file.mark, plain)
            case.true("as it is", wanted is not None)
            for option, (codec, mark) in WANTED.items():
                if codec != "cp932" and file.codec.startswith("utf-16-be") and option == "utf-16":
                    codec, mark = "utf-16-be", b"\xfe\xff"  # its own byte order
                status, result, _, errors = execute(case, file.bytes(), "check", "--output-encoding", option)
                case.equal(f"{option}: exit ({errors})", status, 1)
                case.true(f"{option}: same text", text_of(codec, mark, result) == wanted)
    with Case("--output-encoding: what is lacking is replaced visibly, and what is broken shows") as case:
        _, result, _, _ = execute(case, File("UTF-8", [line(1, 備考="é🍰髙〜")]).bytes(), "check", "--output-encoding", "cp932")
        case.true("lacking in CP932", "〓〓髙～".encode("cp932").replace(b"\xee\xe0", b"\xfb\xfc") in result)
        file = File("CP932", [line(1, 備考=f"前{HOLE}後"), line(2, 備考=f"前{HOLE}")])
        file.fill(b"\x81", b"\xfd")
        _, result, _, _ = execute(case, file.bytes(), "check", "--output-encoding", "utf-8")
        text = result.decode("utf-8-sig")
        case.true("broken in CP932", "前\ufffd" in text and text.count("\ufffd") >= 2)
        data = File("UTF-8", [line(1)], final=False).bytes()[:-1]  # cut off within a character
        _, result, _, _ = execute(case, data, "check", "--output-encoding", "utf-16")
        case.true("cut off", "\ufffd" in result.decode("utf-16"))


def main():
    for test in (test_output_encoding, test_forms, test_quoting, test_again, test_damage, test_long, test_streams, test_bodies, test_forced,
                 test_words, test_trouble):
        test()
    return done()


if __name__ == "__main__":
    sys.exit(main())
