#!/usr/bin/env python3
"""Check the data files: error catalogue, column schema, statement of rules, sample CSVs and what is expected of them.

Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed. Standard library only.
Run from anywhere; paths are relative to this file's parent directory.
"""
import collections
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICE_CODES = "schemas/api/kuroneko-errors.tsv"
PARTS = ("message", "cause", "remedy")
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
KNOWN_PLACEHOLDERS = {"{N}", "{row}", "{other}", "{column}", "{path}", "{1}", "{2}", "{3}"}
TYPES = {"text", "digits", "integer", "datetime", "control", "code", "date", "phone", "postalCode", "email", "kana"}
BOUNDS = {"maxLength", "minimum", "maximum"}
LEVELS = {"order", "line", "free"}
NEEDED = {"N", "U", "register"}
SOURCES = {"public manual", "manual", "assumed"}
FIELDS = {
    "control", "shopId", "id", "orderedAt", "mallOrderNumber", "payment", "items.number", "items.lineId", "items.id",
    "items.name", "items.unitPrice", "items.quantity", "items.amount", "shippingFee", "handlingFee", "discount",
    "statusCode", "shopStatus", "trackingNumber", "carrier", "shipDate",
    "amount", "buyer.name", "buyer.nameKana", "buyer.postalCode", "buyer.address", "buyer.phone", "buyer.email",
    "delivery.name", "delivery.postalCode", "delivery.address", "delivery.phone",
}
STATUSES = {
    "与信OK", "与信NG", "与信失敗", "与信中", "出荷情報登録OK", "出荷情報登録NG", "出荷情報登録中",
    "与信の取消OK", "与信の取消NG", "与信の取消中",
}
SERVICE_MESSAGES = {
    "ITEM_NAME_SIZE": "validation error:items[{N}].name size must be between 1 and 255",
    "ITEM_ID_SIZE": "validation error:items[{N}].id size must be between 1 and 36",
    "ITEM_ID_NON_ASCII": "validation error:items[{N}].id contains non-Ascii character",
}
STATUS_MESSAGES = {  # the manual's table of 与信ステータスの取得, word for word
    "NOT_REGISTERED": "買い手情報登録が実行されていません。",
    "STATUS_NOT_PENDING": "与信ステータスが与信中、出荷情報登録中、与信の取消中以外のステータスでした。",
}
AFTER_SENDING = {  # codes that need the ledger, or an answer of the service, or its absence: `check` never gives them
    "CREDIT_NG", "REGISTRATION_FAILED", "SERVICE_REFUSED", "SERVICE_NOT_FOUND", "ALREADY_REGISTERED", "IN_DOUBT",
    "NOT_SENT", "NOT_FINISHED", "NOT_REGISTERED", "STATUS_NOT_PENDING", "ORDER_CHANGED", "ORDER_CANCELLED", "MALL_NUMBER_REGISTERED",
    "CELL_DAMAGED", "CELL_LOST", "ORDER_ID_DAMAGED",
    "NOT_REGISTERED_REIMPORTED", "REGISTRATION_NOT_DONE", "SHIP_NOT_ALLOWED", "SHIPMENT_FAILED", "CANCEL_NOT_ALLOWED",
    "CANCEL_FAILED", "AMOUNT_REDUCED", "SHIP_NUMBERS_LEFT", "PLAN_REDUCE", "REREGISTERED", "REREGISTER_NOT_NEEDED", "REREGISTER_WAITING", "REREGISTER_ID_LONG",
    "SERVICE_ORDER_UNKNOWN", "PLAN_REGISTER", "PLAN_SHIP", "PLAN_CANCEL", "PLAN_ASK", "PLAN_REREGISTER",
}
SERVICE_ENTRY = re.compile(r"SERVICE_(?!REFUSED$|NOT_FOUND$|UNUSABLE$)\w+")  # what codes of the public protocol mean
SERVICE_DETAIL = re.compile(r"KURONEKO_(?:LIMIT_EXCEEDED|STATE_\w+)")  # what its `result` says besides
SERVICE_FAMILIES = {  # codes of each call
    "kaara": 96, "kaars": 14, "kaacl": 17, "kaasl": 30, "kaast": 15, "kaakk": 63, "kaasd": 18, "kaarr": 64, "kaasa": 20, "err": 3,
}
WORKBOOK = "schemas/workbook.json"
SERVICE_MEANINGS = {"refused", "conflict", "unknown", "credentials", "failure"}
RULE_SOURCES = {"seed", "public manual", "protocol", "judgement"}
LINKS = (
    "https://www.hunglead.com/robot-in-manual/1_1jyuchuhenshu.html",
    "https://www.hunglead.com/robot-in-manual/1-4juchuul.html",
)
failures = 0


def check(title, problems):
    """Report one check; `problems` is an iterable of sentences, empty when all is well."""
    global failures
    problems = list(problems)
    print(("not ok - " if problems else "ok - ") + title)
    for problem in problems:
        print("#   " + problem)
    failures += bool(problems)


def repeated(values):
    return [value for value, count in collections.Counter(values).items() if count > 1]


def load(path):
    """A JSON file whose objects may not name a key twice."""
    def no_repeats(pairs):
        for key in repeated(key for key, _ in pairs):
            raise ValueError(f"key {key!r} twice in one object")
        return dict(pairs)

    try:
        return json.loads((ROOT / path).read_text(encoding="utf-8"), object_pairs_hook=no_repeats)
    except (OSError, ValueError) as error:
        check(f"{path} can be read", [str(error)])
        sys.exit(1)


def texts(entries, *languages):
    for entry in entries:
        for language in languages:
            for part in PARTS:
                yield f"{entry['code']} {language}.{part}", entry[language][part]


def encodable(text):
    """Whether the text survives CP932. The round trip matters: Python encodes U+301C and U+2212 as their lookalikes."""
    try:
        return text.encode("cp932").decode("cp932") == text
    except UnicodeEncodeError:
        return False


def catalogue_shape(catalogue):
    for entry in catalogue["entries"]:
        code = entry.get("code", "(no code)")
        if set(entry) != {"code", "severity", "fields", "patterns", "ja", "en"}:
            yield f"{code}: keys {sorted(entry)}"
            continue
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", code):
            yield f"{code}: not a stable ASCII code"
        if entry["severity"] not in ("error", "warning"):
            yield f"{code}: severity {entry['severity']!r}"
        for field in set(entry["fields"]) - FIELDS:
            yield f"{code}: unknown field {field}"
        for language in ("ja", "en"):
            if set(entry[language]) - {"title"} != set(PARTS) or not all(entry[language].values()):
                yield f"{code}: {language} lacks message, cause or remedy"


def titles(entries):
    for entry in entries:
        if ("title" in entry["ja"]) != ("title" in entry["en"]):
            yield f"{entry['code']}: a title in one language only"


def titled_codes_in_guide(entries):
    """What can stand in a result file, a clerk can look up."""
    guide = (ROOT / "docs/guide.ja.md").read_text(encoding="utf-8")
    for entry in entries:
        if "title" in entry["ja"] and f"`{entry['code']}`" not in guide:
            yield f"{entry['code']}: not in docs/guide.ja.md"


def codes_in_sources(catalogue):
    """Codes are texts in the sources: each must be in the catalogue, and each of the catalogue in use, by a source or as
    the meaning of a message of the service."""
    codes = {entry["code"] for entry in catalogue["entries"]}
    exempt = {entry["code"] for entry in catalogue["entries"] if entry["patterns"]} | {catalogue["generic"]}
    exempt |= {code["entry"] for code in service_codes()}
    used = set()
    for path in sorted((ROOT / "src").rglob("*.c")):
        found = set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|REQUIRED|INTERRUPTED|GAIJI|REREGISTERED)"', path.read_text("utf-8")))
        used |= found
        if path.parent.name in ("base", "text", "csv", "order", "run"):
            for code in sorted(found - codes):
                if not code.startswith(("ATOBARAI_", "XDG_")):  # variables of the environment
                    yield f"{path.name}: {code} is not in the catalogue"
    for code in sorted(codes - used - exempt):
        yield f"{code}: no source names it"


def service_codes():
    """The error codes of the service's public protocol, each as what its columns hold."""
    text = (ROOT / SERVICE_CODES).read_text(encoding="utf-8")
    heading, *lines = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    return [dict(zip(heading, line, strict=True)) for line in lines]


def service_code_problems(entries):
    by_code = {entry["code"]: entry for entry in entries}
    codes = service_codes()
    if list(codes[0]) != ["code", "label", "rule", "means", "entry", "limit", "field"]:
        yield f"columns {list(codes[0])}"
        return
    families = collections.Counter(re.match("[a-z]*", code["code"])[0] for code in codes)
    if families != SERVICE_FAMILIES:
        yield f"codes of each call: {dict(families)}"
    for code in codes:
        name, entry = code["code"], by_code.get(code["entry"])
        if not re.fullmatch(r"kaa[a-z]{2}\d{3}E|err000\d", name) or not all(code[part] for part in ("label", "rule")):
            yield f"{name}: no code with its field and rule"
        if code["means"] not in SERVICE_MEANINGS:
            yield f"{name}: means {code['means']!r}"
        if code["field"] and code["field"] not in FIELDS:
            yield f"{name}: unknown field {code['field']}"
        if entry is None or not SERVICE_ENTRY.fullmatch(code["entry"]):
            yield f"{name}: entry {code['entry']!r}"
            continue
        used = set(PLACEHOLDER.findall(" ".join(entry["ja"].values())))
        if used - {"{1}", "{2}", "{3}", "{row}", "{column}"} or "{1}" not in PLACEHOLDER.findall(entry["ja"]["message"]):
            yield f"{name}: {code['entry']} has {sorted(used)}"
        if ("{3}" in used) != bool(code["limit"]) or ("{column}" in used and not code["field"]):
            yield f"{name}: {code['entry']} needs a limit or a column that the code has not, or the other way round"
    yield from (f"{name} twice" for name in repeated(code["code"] for code in codes))
    named = {code["entry"] for code in codes}
    yield from (f"{code}: no code means it" for code in by_code if SERVICE_ENTRY.fullmatch(code) and code not in named)


def placeholders(entries):
    for entry in entries:
        sets = [set(PLACEHOLDER.findall(" ".join(entry[language].values()))) for language in ("ja", "en")]
        if sets[0] != sets[1]:
            yield f"{entry['code']}: ja {sorted(sets[0])}, en {sorted(sets[1])}"
        for name in (sets[0] | sets[1]) - KNOWN_PLACEHOLDERS:
            yield f"{entry['code']}: unknown placeholder {name}"


def service_entries(entries):
    by_code = {entry["code"]: entry for entry in entries}
    for code, message in {**SERVICE_MESSAGES, **STATUS_MESSAGES}.items():
        entry = by_code.get(code)
        if entry is None:
            yield f"{code}: missing"
            continue
        if entry["patterns"] != [message]:
            yield f"{code}: pattern is not the service's message"
        for language in ("ja", "en"):
            if entry[language]["message"] != message:
                yield f"{code}: {language} message is not the service's"
            for link in LINKS if code in SERVICE_MESSAGES else ():
                if link not in entry[language]["remedy"]:
                    yield f"{code}: {language} remedy lacks {link}"


def check_catalogue(catalogue):
    entries = catalogue["entries"]
    path = "error-catalog.json"
    shape = list(catalogue_shape(catalogue))
    check(f"{path}: every entry has its parts", shape)
    if shape:
        return
    codes = [entry["code"] for entry in entries]
    check(f"{path}: codes are unique", repeated(codes))
    check(f"{path}: the generic entry exists", [] if catalogue["generic"] in codes else [catalogue["generic"]])
    check(f"{path}: titles in both languages or none", titles(entries))
    check(f"{path}: codes of result files stand in the guide", titled_codes_in_guide(entries))
    check(f"{path}: codes of the sources, and no others", codes_in_sources(catalogue))
    check(f"{path}: patterns are unique", repeated(p for entry in entries for p in entry["patterns"]))
    check(f"{path}: Japanese fits into CP932", (where for where, text in texts(entries, "ja") if not encodable(text)))
    check(f"{path}: no control character or vertical bar",
          (where for where, text in texts(entries, "ja", "en") if re.search(r"[\x00-\x1f\x7f|]", text)))
    check(f"{path}: no text begins like a formula",
          (where for where, text in texts(entries, "ja", "en") if text[0] in "=+-@"))
    check(f"{path}: the mark of a warning is left to the program",
          (where for where, text in texts(entries, "ja", "en") if re.search("注意[:：]", text)))
    check(f"{path}: the same placeholders in ja and en", placeholders(entries))
    check(f"{path}: the service's messages and the manual's links", service_entries(entries))


def column_problems(column):
    name = column.get("name", "(no name)")
    extra = set(column) - {"name", "aliases", "field", "standsInFor", "type", "level", "needed", "source"} - BOUNDS
    if extra:
        yield f"{name}: unknown keys {sorted(extra)}"
    if column.get("type") not in TYPES:
        yield f"{name}: type {column.get('type')!r}"
    for bound in BOUNDS & set(column):
        if type(column[bound]) is not int or (bound == "maxLength") == (column.get("type") == "integer"):
            yield f"{name}: {bound} {column[bound]!r}"
    if column.get("level") not in LEVELS:
        yield f"{name}: level {column.get('level')!r}"
    if "field" in column and column["field"] not in FIELDS:
        yield f"{name}: field {column['field']!r}"
    if not set(column.get("needed", ["?"])) <= NEEDED:
        yield f"{name}: needed {column.get('needed')!r}"
    if column.get("source") not in SOURCES:
        yield f"{name}: source {column.get('source')!r}"
    for text in [name, *column.get("aliases", [])]:
        if not encodable(text):
            yield f"{name}: {text} does not fit into CP932"


def stand_in_problems(columns):
    by_name = {column["name"]: column for column in columns}
    for column in columns:
        if "standsInFor" in column:
            other = by_name.get(column["standsInFor"])
            if other is None or other.get("field") != column.get("field"):
                yield f"{column['name']}: stands in for {column['standsInFor']}, which has not its field"


def check_schema(schema):
    path = "robot-in-order.json"
    columns = schema["columns"]
    check(f"{path}: types, levels, fields and needs are known", (p for c in columns for p in column_problems(c)))
    check(f"{path}: names and aliases are unique",
          repeated(text for column in columns for text in [column["name"], *column.get("aliases", [])]))
    check(f"{path}: a stand-in has the field of the column it stands in for", stand_in_problems(columns))
    check(f"{path}: every field of the order has a column",
          sorted(FIELDS - {column.get("field") for column in columns}))
    check(f"{path}: some payment methods are deferred", [] if all(schema["deferredPayment"] or [""]) else ["none"])


def rule_problems(rules, columns, entries):
    """docs/rules.md, held against the columns of the schema and the codes and severities of the catalogue."""
    severities = {entry["code"]: entry["severity"] for entry in entries}
    for column in sorted(columns - {rule[0] for rule in rules}):
        yield f"column {column}: no rule, not even that there is none"
    for rule in rules:
        where = f"{rule[0]}, {rule[1]}"
        if len(rule) != 5:
            yield f"{where}: {len(rule)} cells"
            continue
        if rule[0] not in columns | {"(file)", "(row)", "(order)", "(any cell)"}:
            yield f"{where}: unknown column"
        if rule[4] not in RULE_SOURCES:
            yield f"{where}: source {rule[4]!r}"
        if rule[2:4] != ["–", "–"] and severities.get(rule[2].strip("`")) != rule[3]:
            yield f"{where}: {rule[2]} is not of severity {rule[3]} in the catalogue"
    named = {rule[2].strip("`") for rule in rules if len(rule) == 5}
    for entry in entries:
        if SERVICE_ENTRY.fullmatch(entry["code"]) or SERVICE_DETAIL.fullmatch(entry["code"]):
            continue
        if "title" in entry["ja"] and entry["code"] not in named | AFTER_SENDING:
            yield f"{entry['code']}: no rule gives it"


def check_rules(schema, entries):
    path = "docs/rules.md"
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    tables = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    heading = ["column", "rule", "code", "severity", "source"]
    rules = [line for line in tables if line != heading]
    columns = {column["name"] for column in schema["columns"]}
    check(f"{path}: nothing but tables of rules", [] if tables[:1] == [heading] else [" | ".join(tables[0])])
    check(f"{path}: each column, and each code of check", rule_problems(rules, columns, entries))
    check(f"{path}: no rule twice", (" | ".join(rule) for rule in repeated(map(tuple, rules))))


def split(data):
    """The physical rows of a CSV as bytes, without line endings, and problems with those.

    A quote opens a cell only at the cell's start, so one in the middle of an unquoted cell opens nothing.
    """
    rows, problems, start, i, quoted, at_start = [], [], 0, 0, False, True
    while i < len(data):
        byte = data[i:i + 1]
        if quoted:
            quoted = byte != b'"'  # a doubled quote closes and opens again
            if not quoted and data[i + 1:i + 2] == b'"':
                quoted, i = True, i + 1
        elif byte == b'"' and at_start:
            quoted = True
        elif byte in (b"\r", b"\n"):
            if data[i:i + 2] != b"\r\n":
                problems.append(f"byte {i}: a row does not end with CRLF")
            else:
                i += 1
            rows.append(data[start:i + 1].rstrip(b"\r\n"))
            start = i + 1
        at_start = not quoted and byte in (b",", b"\n", b"\r")
        i += 1
    if quoted:
        problems.append("a quote is not closed")
    if start < len(data):
        rows.append(data[start:])
    return rows, problems


def expectation_problems(expected, rows, severities):
    """What expected.json says of one file, held against the file's rows and the catalogue's codes."""
    warnings = {code for code, severity in severities.items() if severity == "warning"}
    checked, registered = expected["check"], expected["register"]
    records = [number for number, row in enumerate(rows[1:], 2) if row]
    if checked["rows"] != len(records):
        yield f"rows: {checked['rows']} expected, {len(records)} in the file"
    for name, part in (("check", checked), ("register", registered)):
        for row, found in part["codes"].items():
            if int(row) not in records:
                yield f"{name}: row {row} is no record"
            for code in set(found) - set(severities):
                yield f"{name}: row {row}: {code} is not in the catalogue"
        if part["exit"] != (1 if set().union(*part["codes"].values()) - warnings else 0):
            yield f"{name}: exit {part['exit']} does not go with its codes"
    if not checked["codes"].items() <= registered["codes"].items():
        yield "register: lacks codes that check finds"
    if checked["skipped_rows"] + len(checked["codes"]) > checked["rows"] or checked["invalid"] > checked["orders"]:
        yield "check: the counts cannot be"
    if sum(registered["by_status"].values()) != checked["orders"] - checked["invalid"]:
        yield "register: statuses do not add up to the orders sent"
    for status in set(registered["by_status"]) - STATUSES:
        yield f"register: unknown status {status}"


def check_samples(severities):
    expected = load("samples/expected.json")
    files = sorted((ROOT / "samples").glob("order_*.csv"))
    check("samples: at least eight order files", [] if len(files) >= 8 else [f"{len(files)}"])
    check("samples: expected.json names exactly the files", sorted({f.name for f in files} ^ set(expected)))
    readme = (ROOT / "samples/README.md").read_text(encoding="utf-8")
    check("samples: README.md has a section for each file", (f.name for f in files if f"## {f.name}" not in readme))
    for path in files:
        rows, problems = split(path.read_bytes())
        check(f"samples/{path.name}: rows end with CRLF", problems)
        if path.name not in expected:
            continue
        known = expected[path.name]
        broken = {int(row) for row, found in known["check"]["codes"].items() if "ENCODING_INVALID" in found}
        undecodable = set()
        for number, row in enumerate(rows, 1):
            try:
                row.decode("cp932")
            except UnicodeDecodeError:
                undecodable.add(number)
        check(f"samples/{path.name}: CP932, except rows expected to be broken",
              (f"row {number}" for number in sorted(broken ^ undecodable)))
        check(f"samples/{path.name}: expectations agree with the file", expectation_problems(known, rows, severities))


def workbook_problems(texts):
    dialect = load("schemas/api/json-dialect.json")
    guide = texts["guide"]
    if list(guide["statuses"]) != list(dialect["statuses"].values()):
        yield "not the ten statuses in their order"
    if any(len(said) != len(guide["status_headings"]) - 1 for said in guide["statuses"].values()):
        yield "a status is not explained in all columns"
    for row in (row for section in guide["sections"] for row in section["rows"]):
        if set(row) - {"style", "cells"} or row.get("style") not in (None, "error", "warning", "shaded"):
            yield f"a row has {sorted(row)}, {row.get('style')}"
        if len(row["cells"]) != 2:
            yield f"not two cells: {row['cells']}"
    summary = load("schemas/summary.schema.json")["properties"]
    if not set(texts["counts"]["numbers"]) <= set(summary):
        yield "a count that the summary does not know"

    def strings(value):
        if isinstance(value, str):
            yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from strings(inner)

    for text in strings(texts):
        if not text or text[0] in "=+-@" or not text.isprintable():
            yield f"no text for a cell: {text!r}"


def check_workbook(texts):
    check(f"{WORKBOOK}: the ten statuses, and every text fit for a cell", workbook_problems(texts))


def report_problems(texts, style):
    if list(texts["operations"]) != load("schemas/summary.schema.json")["properties"]["command"]["enum"]:
        yield "not the commands in their order"
    # A text that is asked for and not there would be an empty one.
    for source in sorted((ROOT / "src" / "run").glob("report*.c")):
        for group, name in re.findall(r'report_text(?:_at)?\(\w+(?:->page)?, ("\w+"|NULL), "(\w+)"', source.read_text(encoding="utf-8")):
            if name not in (texts if group == "NULL" else texts[group.strip('"')]):
                yield f"{source.name} asks for {group} {name}"
    if re.search(r"<|@import|url\(", style):
        yield "the style asks for something, or ends itself"


def main():
    catalogue = load("schemas/error-catalog.json")
    check_catalogue(catalogue)
    schema = load("schemas/robot-in-order.json")
    check_schema(schema)
    check_rules(schema, catalogue["entries"])
    check(f"{SERVICE_CODES}: every code has its field, rule, meaning and words", service_code_problems(catalogue["entries"]))
    check_workbook(load(WORKBOOK))
    check("schemas/report.json, report.css: the texts that are asked for, and nothing from elsewhere",
          report_problems(load("schemas/report.json"), (ROOT / "schemas/report.css").read_text(encoding="utf-8")))
    check_samples({entry["code"]: entry["severity"] for entry in catalogue["entries"]})
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
