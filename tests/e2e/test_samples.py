#!/usr/bin/env python3
"""The main job on every sample: what check and register find, count and write.

Expectations stand in samples/expected.json; the program's path in the environment variable ATOBARAI.
Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import json
import sys

from harness import (HEADINGS, ROOT, Case, added_cells, check, done, read_result, record_spans, run)

SAMPLES = ROOT / "samples"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))


def codes_of(rows):
    """Row number → set of error codes, of the rows that have any."""
    return {number: set(row["エラーコード"].split("|")) for number, row in rows.items() if row["エラーコード"]}


def verify_codes(case, name, rows, expected):
    wanted = {int(row): set(codes) for row, codes in expected["codes"].items()}
    found = codes_of(rows)
    for number in sorted(wanted.keys() | found.keys()):
        case.equal(f"{name} row {number}", found.get(number, set()), wanted.get(number, set()))
    for number, row in rows.items():
        lists = [row[heading].split("|") for heading in HEADINGS[1:6]]
        if row["エラーコード"]:
            case.equal(f"{name} row {number}: as many texts as codes", {len(x) for x in lists}, {len(lists[0])})
            case.true(f"{name} row {number}: message, cause and remedy",
                      all(part for texts in lists[2:] for part in texts))


def verify_bytes(case, name, source, result):
    """Our cells cut off, each record is the input's, byte for byte."""
    before, after = record_spans(source), record_spans(result)
    case.equal(f"{name}: records", len(after), len(before))
    for number, (old, new) in enumerate(zip(before, after), 1):
        if not old[0]:
            case.equal(f"{name} row {number}: stays blank", new, old)
            continue
        case.true(f"{name} row {number}: begins with the input's bytes", new[0].startswith(old[0]))
        case.equal(f"{name} row {number}: line end", new[1], old[1])
        case.true(f"{name} row {number}: eight cells and what fills up a short row",
                  added_cells(new[0][len(old[0]):]) >= 8)


def run_sample(command, path, tmp, *options):
    out, summary = tmp / f"{command}.csv", tmp / f"{command}.json"
    status, _, errors = run(command, path, "-o", out, "--summary-json", summary, *options)
    return status, out, json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else None, errors


def verify_check(case, path, expected, tmp):
    status, out, summary, _ = run_sample("check", path, tmp)
    case.equal("check: exit", status, expected["exit"])
    for key in ("orders", "skipped_rows", "rows", "invalid"):
        case.equal(f"check: {key}", summary[key], expected[key])
    verify_codes(case, "check", read_result(out), expected)
    verify_bytes(case, "check", path.read_bytes(), out.read_bytes())


def verify_register(case, path, expected, tmp):
    status, out, summary, errors = run_sample("register", path, tmp, "--sandbox")
    rows = read_result(out)
    case.equal("register: exit", status, expected["exit"])
    case.equal("register: by_status", summary["by_status"], expected["by_status"])
    case.equal("register: orders are told apart", summary["orders"],
               summary["succeeded"] + summary["failed"] + summary["invalid"] + summary["unsent"])
    case.equal("register: sent", summary["sent"], sum(expected["by_status"].values()))
    verify_codes(case, "register", rows, expected)
    verify_bytes(case, "register", path.read_bytes(), out.read_bytes())
    closing = f"{summary['sent']}件の受注のクロネコ代金後払いサービス買い手情報登録を予約しました。"
    case.true("register: closing message", closing in errors)
    for number, row in rows.items():
        case.equal(f"register row {number}: the id at the service goes with a status",
                   row["後払い受注番号"], row["受注ID"] if row["与信ステータス"] else "")


def main():
    for name, expected in EXPECTED.items():
        for command, verify in (("check", verify_check), ("register", verify_register)):
            with Case(f"{name}: {command}") as case:
                verify(case, SAMPLES / name, expected[command], case.tmp)
    with Case("a name of 256 characters on the second line of three") as case:
        status, out, summary, _ = run_sample("register", SAMPLES / "order_02_name_too_long.csv", case.tmp, "--sandbox")
        rows = read_result(out)
        message = "validation error:items[1].name size must be between 1 and 255"
        case.equal("exit", status, 1)
        case.equal("message", rows[4]["エラー内容"], message)
        case.equal("column", rows[4]["エラー項目"], "商品名")
        case.true("remedy", "255文字以下" in rows[4]["修正方法/対応方法"] and "4行目" in rows[4]["修正方法/対応方法"])
        for sibling in (3, 5):
            case.true(f"row {sibling} names row 4", "4行目" in rows[sibling]["エラー内容"])
        case.true("nothing of it was sent", all(not rows[n]["与信ステータス"] for n in (3, 4, 5)))
        case.equal("the others went", summary["sent"], 4)
    return done()


if __name__ == "__main__":
    sys.exit(main())
