#!/usr/bin/env python3
"""The command explain: codes, messages, joined cells, the whole catalogue in every format, and docs/errors*.md.

What is expected is made of schemas/error-catalog.json, whatever entries that holds.

Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import csv
import errno
import io
import json
import os
import re
import subprocess
import sys
import unicodedata

from harness import PROGRAM, ROOT, TIMEOUT, Case, done, run

CATALOGUE = json.loads((ROOT / "schemas" / "error-catalog.json").read_text(encoding="utf-8"))
ENTRIES = CATALOGUE["entries"]
BY_CODE = {entry["code"]: entry for entry in ENTRIES}
SCHEMA = json.loads((ROOT / "schemas" / "robot-in-order.json").read_text(encoding="utf-8"))
SERVICE_CODES = list(csv.DictReader(io.StringIO((ROOT / "schemas/api/kuroneko-errors.tsv").read_text(encoding="utf-8")), delimiter="\t"))
DOCUMENTS = {"ja": "errors.md", "en": "errors.en.md"}
LANGUAGES = ("ja", "en")
PARTS = ("message", "cause", "remedy")
PLACEHOLDER = re.compile(r"\{(?:N|row|other|column|path|[123])\}")
SEVERITY = {"ja": {"error": "エラー", "warning": "注意"}, "en": {"error": "error", "warning": "warning"}}
LABELS = {"ja": ("内容: ", "原因: ", "対処: "), "en": ("Message: ", "Cause: ", "To do: ")}
LEGEND = {
    "ja": {"{N}": "N", "{row}": "N", "{other}": "…", "{column}": "列名", "{path}": "FILE", "{1}": "…", "{2}": "…", "{3}": "…"},
    "en": {"{N}": "N", "{row}": "N", "{other}": "…", "{column}": "COLUMN", "{path}": "FILE", "{1}": "…", "{2}": "…", "{3}": "…"},
}
# Values that no template has as a text of its own.
SAMPLE = {"{N}": "7", "{row}": "12", "{other}": "5", "{column}": "見本の列", "{path}": "mihon/order.csv", "{1}": "ＡＢＣ", "{2}": "x y", "{3}": "99"}
NAME_SIZE = "validation error:items[%s].name size must be between 1 and 255"
UNKNOWN = ("unknown error: buyer is on the moon", "まだ知られていない文言です。", "400 Bad Request")
LINE_MAX = 80  # columns; a word that is longer by itself stands alone


def fill(template, values):
    """A template with what `values` has; other placeholders stay."""
    return PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), template)


def columns_of(entry, language):
    names = [column["name"] for field in entry["fields"] for column in SCHEMA["columns"]
             if column.get("field") == field and "standsInFor" not in column]
    return ("、" if language == "ja" else ", ").join(names)


def readable(entry, language, part, known=()):
    """A text of the catalogue as people get to read it."""
    values = dict(LEGEND[language])
    if entry["fields"]:
        values["{column}"] = columns_of(entry, language)
    values.update(known)
    return fill(entry[language][part], values)


def explain(*arguments, language="ja"):
    """A run that must succeed: what it printed."""
    status, out, err = run("explain", "--lang", language, *arguments)
    if status != 0 or err:
        raise ValueError(f"{arguments}: exit status {status}, {err!r}")
    return out.decode("utf-8")


def objects(what, language="ja"):
    return json.loads(explain("--format", "json", "--", what, language=language))


def squeezed(text):
    """Without blanks and line ends: lines are broken at blanks, and between Japanese characters."""
    return "".join(text.split())


def width(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def blocks(text):
    """What a text says, entry for entry, as its first line and the rest."""
    return [block.split("\n", 1) for block in text.rstrip("\n").split("\n\n")]


def text_problems(text, entries, language, shown=None):
    """Whether `text` explains the entries in turn; `shown` are the messages instead of the catalogue's."""
    found = blocks(text)
    if len(found) != len(entries):
        yield f"{len(found)} entries, not {len(entries)}"
    for index, ((head, rest), entry) in enumerate(zip(found, entries)):
        title = entry[language].get("title")
        wanted = "  ".join([entry["code"], SEVERITY[language][entry["severity"]]] + ([title] if title else []))
        if head != wanted:
            yield f"{head!r}, not {wanted!r}"
        for label, part in zip(LABELS[language], PARTS):
            sentence = shown[index] if shown and part == "message" else readable(entry, language, part)
            if squeezed(label + sentence) not in squeezed(rest):
                yield f"{entry['code']}: no {label}{sentence}"
        if entry["fields"] and not squeezed(rest).endswith(squeezed(": " + columns_of(entry, language))):
            yield f"{entry['code']}: does not name {columns_of(entry, language)}"
    for line in text.splitlines():
        if width(line) > LINE_MAX and " " in line.strip():
            yield f"{width(line)} columns: {line}"
    if "{" in text or "}" in text:
        yield "a raw brace"


def refused_problems(arguments, code, detail=""):
    """Whether the command is refused with exit status 2 and the message of `code`."""
    for language in LANGUAGES:
        status, out, err = run("explain", *arguments, "--lang", language)
        wanted = fill(BY_CODE[code][language]["message"], {"{1}": detail})
        if (status, out) != (2, b"") or err.splitlines()[:1] != [f"atobarai: {wanted}"] or len(err.splitlines()) != 3:
            yield f"{arguments}: exit status {status}, {out!r}, {err!r}"


def batches(whole):
    """Some at a time, as the parts of a joined cell: a start of the program for each takes minutes."""
    return [whole[begin:begin + 20] for begin in range(0, len(whole), 20)]


def test_codes():
    for language in LANGUAGES:
        with Case(f"every code is explained ({language})") as case:
            for entries in batches(ENTRIES):
                cell = "|".join(entry["code"].lower() if language == "en" else entry["code"] for entry in entries)
                case.problems += text_problems(explain(cell, language=language), entries, language)
    with Case("capitals, blanks and quotes around a code do not matter") as case:
        plain = explain("REQUIRED")
        for word in ("required", "Required", " REQUIRED ", '"REQUIRED"', "'required'", "「REQUIRED」", "　REQUIRED\n", '" REQUIRED "'):
            case.equal(repr(word), explain(word), plain)
    with Case("the codes of a joined cell are explained in turn, twice where they stand twice") as case:
        codes = ["ITEM_NAME_SIZE", "REQUIRED", "ITEM_NAME_SIZE"]
        text = explain("|".join(codes))
        case.problems += text_problems(text, [BY_CODE[code] for code in codes], "ja")
        case.equal("blanks and empty parts", explain(" |ITEM_NAME_SIZE | required|| item_name_size|"), text)


def service_code_entry(code, language):
    """The entry of a code of the service, with the name of its field, its limit and the columns to fix."""
    entry = dict(BY_CODE[code["entry"]])
    if code["field"]:
        entry["fields"] = [code["field"]]
    known = {"{1}": code["code"], "{2}": code["label"], "{3}": code["limit"]}
    return {**entry, language: {part: fill(text, known) for part, text in entry[language].items()}}


def service_code_problems(codes, language):
    text = explain("|".join(code["code"] for code in codes), language=language)
    yield from text_problems(text, [service_code_entry(code, language) for code in codes], language)
    for (_, rest), code in zip(blocks(text), codes):
        if code["code"] not in rest or (language == "ja" and not squeezed(rest).isprintable()):
            yield f"{code['code']}: not named, or not to be printed"


def test_service_codes():
    for language in LANGUAGES:
        with Case(f"codes of the service's public protocol are explained ({language})") as case:
            kinds = {(code["entry"], code["field"], code["limit"]): code for code in reversed(SERVICE_CODES)}
            for codes in batches([*kinds.values()]):  # one of each kind: the unit test walks through all
                case.problems += service_code_problems(codes, language)
            case.true("kinds", len(kinds) > 50)
    with Case("a code of the service in capitals or not, in a joined cell, and one that there is not") as case:
        plain = explain("kaara021E")
        for word in ("KAARA021E", "kaara021e", " kaara021E ", '"kaara021E"', "「Kaara021E」"):
            case.equal(word, explain(word), plain)
        case.equal("twice", blocks(explain("kaara021E|REQUIRED|kaara021E"))[0], blocks(explain("kaara021E|REQUIRED|kaara021E"))[2])
        case.equal("JSON", [(item["code"], item["fields"]) for item in objects("kaara021E|err0001")],
                   [("SERVICE_LENGTH", ["buyer.name"]), ("SERVICE_FAILURE", [])])
        case.equal("CSV", next(csv.DictReader(io.StringIO(explain("kaasl045E", "--format=csv"), newline="")))["fields"],
                   "trackingNumber")
        for word in ("kaara999E", "kaara021", "kaara021EE", "err0004", "code"):
            case.problems += refused_problems((word,), "EXPLAIN_UNKNOWN", word)


def same_message(entry, language):
    """The entries, in the catalogue's order, of which one says the same in any language."""
    message = entry[language]["message"]
    return [other["code"] for other in ENTRIES if message in (other["ja"]["message"], other["en"]["message"], *other["patterns"])]


def message_problems(entries, message_language, language):
    """Messages of these entries, which have to be more than placeholders, in one cell."""
    messages = [fill(entry[message_language]["message"], SAMPLE) for entry in entries]
    found = objects("|".join(messages), language)
    wanted = [same_message(entry, message_language) for entry in entries]
    if [item["code"] for item in found] != sum(wanted, []):
        yield f"{messages} are {[item['code'] for item in found]}, not {wanted}"
        return
    for entry, message, codes in zip(entries, messages, wanted):
        own, found = found[:len(codes)], found[len(codes):]
        known = {place: SAMPLE[place] for place in PLACEHOLDER.findall(entry[message_language]["message"])}
        for item in own:
            if item["code"] != entry["code"]:
                continue
            if item["message"] != message:
                yield f"message {item['message']!r}, not {message!r}"
            for part in ("cause", "remedy"):
                if item[part] != fill(entry[language][part], known):
                    yield f"{item['code']}: {item[part]!r}"


def test_messages():
    for message_language in LANGUAGES:
        for language in LANGUAGES:
            with Case(f"every message is recognised: in {message_language}, explained in {language}") as case:
                told = [entry for entry in ENTRIES if PLACEHOLDER.sub("", entry[message_language]["message"])]
                for entries in batches(told):
                    case.problems += message_problems(entries, message_language, language)
    with Case("every pattern of the service is recognised") as case:
        for entry in ENTRIES:
            for pattern in entry["patterns"]:
                case.true(pattern, entry["code"] in [item["code"] for item in objects(fill(pattern, SAMPLE))])
    with Case("items[N] with any number") as case:
        entry = BY_CODE["ITEM_NAME_SIZE"]
        for number in ("0", "7", "123", "99999999999999999999", "N"):
            for language in LANGUAGES:
                text = explain(NAME_SIZE % number, language=language)
                case.problems += text_problems(text, [entry], language, [NAME_SIZE % number])
        for number in ("", "x", "-1", "1]["):
            case.equal(number, [item["code"] for item in objects(NAME_SIZE % number)], [CATALOGUE["generic"]])


def test_given_messages():
    message = "「単価」の「12,5」は数値ではありません。"
    with Case("what a message tells fills cause and remedy") as case:
        entry = BY_CODE["NOT_A_NUMBER"]
        text = explain(message)
        for part in ("cause", "remedy"):
            case.true(part, squeezed(readable(entry, "ja", part, {"{column}": "単価"})) in squeezed(text))
        case.true("message", message in text)
    with Case("what stands around a message does not matter") as case:
        plain = explain(message)
        for around in ("  %s\n", '"%s"', "'%s'", "「%s」", "　%s　", "注意: %s", '"注意: %s"', "atobarai: %s", "|%s|", '" %s "'):
            case.equal(around, explain("--", around % message), plain)
    with Case("a joined cell is explained in turn, whatever its parts are") as case:
        parts = [NAME_SIZE % "3", message, "注意: 「商品名」が空です。", "何か知らない文言", "SIBLING_ROW"]
        codes = ["ITEM_NAME_SIZE", "NOT_A_NUMBER", "REQUIRED", CATALOGUE["generic"], "SIBLING_ROW"]
        for cell in ("|".join(parts), '"' + "|".join(parts) + '"', " | ".join(parts)):
            found = objects(cell)
            case.equal("codes", [item["code"] for item in found], codes)
            case.equal("messages", [item["message"] for item in found[:4]], parts[:2] + ["「商品名」が空です。", parts[3]])
    with Case("a service's message that nobody knows is kept whole") as case:
        for text in UNKNOWN + ("a | in the service's own words | again", '"amount" is not "total"', "=1+1", "x" * 5000 + " y"):
            for language in LANGUAGES:
                found = objects(text, language)
                case.equal(text, [(item["code"], item["message"]) for item in found], [(CATALOGUE["generic"], text)])
        case.true("in text", UNKNOWN[0] in explain(UNKNOWN[0]))
        case.equal("quoted", objects(f'"{UNKNOWN[1]}"')[0]["message"], UNKNOWN[1])
    with Case("control characters and broken UTF-8 are not printed") as case:
        status, out, _ = run("explain", os.fsdecode(b"a \x1b[31m b\x9b \xff\nc"))
        case.equal("exit status", status, 0)
        case.true("clean", out.decode("utf-8").replace("\n", "").isprintable())
    with Case("a long message takes no long time") as case:
        for text in ("「" * 40000, "「a」の" * 9000, "a " * 60000, "|" * 100000 + "x y", '"' * 100000):
            case.equal(text[:8], run("explain", "--format", "json", "--", text)[0], 0)


def test_refusals():
    with Case("a word that looks like a code and is none") as case:
        for word in ("NOPE", "nope", "ITEM_NAME", "42", "_", "X" * 200):
            case.problems += refused_problems((word,), "EXPLAIN_UNKNOWN", word)
        case.problems += refused_problems(("REQUIRED|NOPE",), "EXPLAIN_UNKNOWN", "NOPE")
        case.problems += refused_problems(("NOPE|NADA",), "EXPLAIN_UNKNOWN", "NOPE")
        case.true("names --list", all("--list" in BY_CODE["EXPLAIN_UNKNOWN"][language]["remedy"] for language in LANGUAGES))
    with Case("nothing to explain") as case:
        for arguments in ((), ("--format", "json"), ("",), (" ",), ("|",), ('""',), ("　| ",)):
            case.problems += refused_problems(arguments, "EXPLAIN_MISSING")
    with Case("too much to explain") as case:
        case.problems += refused_problems(("--list", "REQUIRED"), "USAGE_EXTRA_ARGUMENT", "REQUIRED")
        case.problems += refused_problems(("REQUIRED", "--list"), "USAGE_EXTRA_ARGUMENT", "REQUIRED")
        case.problems += refused_problems(("REQUIRED", "NOT_SENT"), "USAGE_EXTRA_ARGUMENT", "NOT_SENT")


def data_of(entry, language):
    """An entry as --list gives it: the catalogue's own texts."""
    return {"code": entry["code"], "severity": entry["severity"], "title": entry[language].get("title"),
            "fields": entry["fields"], "patterns": entry["patterns"], **{part: entry[language][part] for part in PARTS}}


def test_list():
    for language in LANGUAGES:
        with Case(f"--list as text ({language})") as case:
            text = explain("--list", language=language)
            case.problems += text_problems(text, ENTRIES, language)
            for name in ("text", "table"):
                case.equal(name, explain("--list", "--format", name, language=language), text)
        with Case(f"--list as JSON ({language})") as case:
            found = json.loads(explain("--list", "--format", "json", language=language))
            case.equal("entries", found, [data_of(entry, language) for entry in ENTRIES])
            case.equal("keys", {tuple(item) for item in found}, {tuple(data_of(ENTRIES[0], language))})
        with Case(f"--list as CSV ({language})") as case:
            text = explain("--list", "--format", "csv", language=language)
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            wanted = [data_of(entry, language) for entry in ENTRIES]
            case.equal("header", rows[0], list(wanted[0]))
            case.equal("rows", rows[1:], [["|".join(value) if isinstance(value, list) else value or ""
                                          for value in item.values()] for item in wanted])
            case.true("line ends", text.count("\r\n") == text.count("\n") == len(rows))
        with Case(f"--list as Markdown ({language})") as case:
            case.problems += markdown_problems(explain("--list", "--format", "markdown", language=language), language)
        with Case(f"docs/{DOCUMENTS[language]} is current (make docs)") as case:
            document = (ROOT / "docs" / DOCUMENTS[language]).read_text(encoding="utf-8")
            case.true("the same", document == explain("--list", "--format", "markdown", language=language))
    with Case("one code in every format") as case:
        entry = BY_CODE["ITEM_NAME_SIZE"]
        case.equal("JSON", objects("item_name_size"), [data_of(entry, "ja")])
        case.equal("CSV", len(list(csv.reader(io.StringIO(explain("ITEM_NAME_SIZE", "--format=csv"), newline="")))), 2)
        case.true("Markdown", explain("ITEM_NAME_SIZE", "--format=markdown").startswith("### ITEM_NAME_SIZE\n"))
        case.equal("CSV keeps what it cannot know of a message", next(csv.DictReader(io.StringIO(explain(
            'He said "no", and left', "--format=csv"), newline="")))["message"], 'He said "no", and left')


def markdown_problems(text, language):
    """One section for each entry, in three groups that the table of contents links to; no raw brace."""
    links = re.findall(r"^  - \[`(\w+)`\]\(#(\w+)\)", text, re.MULTILINE)
    sections = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    reason = re.compile("ERRNO_|REASON_")
    groups = ([entry["code"] for entry in ENTRIES if "title" in entry[language]],
              [entry["code"] for entry in ENTRIES if "title" not in entry[language] and not reason.match(entry["code"])],
              [entry["code"] for entry in ENTRIES if "title" not in entry[language] and reason.match(entry["code"])])
    if sections != sum(groups, []):
        yield f"sections {sections}"
    if links != [(code, code.lower()) for code in sections]:
        yield f"links {links}"
    for anchor in re.findall(r"^- \[.*\]\(#(.*)\)$", text, re.MULTILINE):
        if f'<a id="{anchor}"></a>' not in text:
            yield f"no anchor {anchor}"
    if f"explain --list --format markdown --lang {language}" not in text.split("\n- [")[0]:
        yield "does not say how it is made"
    if PLACEHOLDER.search(text):
        yield "a raw placeholder"
    plain = re.sub(r"\\([\\`*<\[])", r"\1", text)
    for entry in ENTRIES:
        yield from (f"{entry['code']}: no {part}" for part in PARTS if readable(entry, language, part) not in plain)


def test_output():
    reasons = {errno.ENOSPC: "ENOSPC", errno.EPIPE: "EPIPE"}
    with Case("standard output that takes nothing is exit status 2") as case:
        for arguments in (("REQUIRED",), ("--list",), ("--list", "--format", "json")):
            reader, writer = os.pipe()
            os.close(reader)
            with open("/dev/full", "wb") as full, open(writer, "wb") as broken:
                for output, reason in ((full, errno.ENOSPC), (broken, errno.EPIPE)):
                    result = subprocess.run([PROGRAM, "explain", *arguments], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
                    err = result.stderr.decode("utf-8")
                    case.equal("exit status", result.returncode, 2)
                    case.equal("lines", len(err.splitlines()), 3)
                    case.true(reasons[reason], BY_CODE[f"ERRNO_{reasons[reason]}"]["ja"]["message"] in err)


def main():
    test_codes()
    test_service_codes()
    test_messages()
    test_given_messages()
    test_refusals()
    test_list()
    test_output()
    return done()


if __name__ == "__main__":
    sys.exit(main())
