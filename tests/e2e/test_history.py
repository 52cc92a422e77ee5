#!/usr/bin/env python3
"""The commands history and orders on a ledger that is not there yet: formats, places, bad arguments. What a ledger that
has been written to gives is tested in test_ledger.py.

Prints one line "ok - ..." or "not ok - ..." per test and exits 1 if any failed. Standard library only. The program is
in the environment variable ATOBARAI.
"""
import json
import os
import sys

from harness import ROOT, Case, done, run

COLUMNS = {
    "history": ["日時", "受注ID", "後払い受注番号", "置き換えた受注番号", "操作", "結果", "与信ステータス", "エラーコード", "エラー内容"],
    "orders": ["受注ID", "後払い受注番号", "与信ステータス", "登録日時", "更新日時", "エラーコード", "エラー内容"],
}
ENGLISH = {
    "history": ["Time", "Order ID", "ID at the service", "Replaced ID", "Operation", "Outcome", "Credit status", "Error code",
                "Error message"],
    "orders": ["Order ID", "ID at the service", "Credit status", "Registered", "Changed", "Error code", "Error message"],
}
ARGUMENTS = {"history": ["history"], "orders": ["orders", "--status", "与信NG"]}
STATUSES = json.loads((ROOT / "schemas/api/json-dialect.json").read_text(encoding="utf-8"))["statuses"]
CATALOGUE = {entry["code"]: entry
             for entry in json.loads((ROOT / "schemas/error-catalog.json").read_text(encoding="utf-8"))["entries"]}


def refused(case, result, status, code, *details):
    """Whether a run printed nothing but the message of `code`."""
    message = CATALOGUE[code]["ja"]["message"]
    for number, detail in enumerate(details, 1):
        message = message.replace("{%d}" % number, detail)
    case.equal("exit status", result[0], status)
    case.equal("standard output", result[1], b"")
    case.equal("first line", result[2].split("\n")[0], "atobarai: " + message)


def good(case, result, wanted):
    case.equal("exit status", result[0], 0)
    case.equal("standard error", result[2], "")
    case.equal("standard output", result[1].decode("utf-8"), wanted)


def test_formats(command):
    heading = ",".join(COLUMNS[command]) + "\r\n"
    ways = [(["--format", "csv"], heading), (["--format", "csv", "--lang", "en"], heading), (["--format", "json"], "[]\n"),
            (["--format=json", "--lang", "en"], "[]\n"), ([], "  ".join(COLUMNS[command]) + "\n（該当なし）\n"),
            (["--format", "table"], "  ".join(COLUMNS[command]) + "\n（該当なし）\n"),
            (["--lang", "en"], "  ".join(ENGLISH[command]) + "\n(none)\n")]
    for extra, wanted in ways:
        with Case(f"{command} {' '.join(extra)}: a ledger that is not there is empty, and is not made") as case:
            good(case, run(*ARGUMENTS[command], "--ledger", case.tmp / "state" / "ledger.db", *extra), wanted)
            case.equal("files", os.listdir(case.tmp), [])


def test_since():
    for text in ("2026-04-01", "2026-04-01 09:30", "2026-04-01T09:30", "2026-04-01 09:30:59", "2024-02-29T23:59:59", "1969-12-31",
                 "0d", "7d", "12h", "9" * 30 + "d"):
        with Case(f"history --since {text}") as case:
            result = run("history", "1001", "--ledger", case.tmp / "ledger.db", "--format", "json", "--since", text)
            good(case, result, "[]\n")
    for text in ("yesterday", "2026-02-29", "2026-13-01", "2026-00-01", "2026-04-00", "2026-4-1", "2026/04/01", "20260401", "2026-04-01 24:00",
                 "2026-04-01 09:60", "2026-04-01 09:30:60", "2026-04-01T", "2026-04-01 09", "2026-04-01  09:30", "2026-04-01Z",
                 "d", "7", "7w", "1.5h", "-7d", "7 d", "7dd", "７d", " 7d"):
        with Case(f"history --since={text} is refused") as case:
            refused(case, run("history", "--ledger", case.tmp / "ledger.db", f"--since={text}"), 2, "USAGE_BAD_VALUE", "--since", text)


def test_statuses():
    for name in (*STATUSES.values(), *STATUSES, "IN_DOUBT"):
        with Case(f"orders --status {name}") as case:
            result = run("orders", "--status", name, "--ledger", case.tmp / "ledger.db", "--format=json")
            good(case, result, "[]\n")
    for name in ("OK", "与信", "auth_ng", "AUTH_NG ", "与信ＯＫ", "in_doubt", "NONE", "-"):
        with Case(f"orders --status={name} is refused") as case:
            refused(case, run("orders", f"--status={name}", "--ledger", case.tmp / "ledger.db"), 2, "USAGE_BAD_VALUE", "--status", name)


def test_places():
    """Where the ledger is when nobody says where."""
    for command in ("history", "orders"):
        for home, state in (("", ""), ("somewhere", ""), ("", "somewhere"), ("", "./somewhere")):
            with Case(f"{command}: no ledger with HOME={home} XDG_STATE_HOME={state}") as case:
                result = run(*ARGUMENTS[command], env={"HOME": home, "XDG_STATE_HOME": state}, cwd=case.tmp)
                refused(case, result, 3, "LEDGER_NO_PLACE")
        for home, state, place in (("home", "", "home/.local/state/atobarai"), ("", "state", "state/atobarai"),
                                   ("home", "state", "state/atobarai")):
            with Case(f"{command}: the ledger is in {place} with HOME={home} XDG_STATE_HOME={state}") as case:
                # A file that is no ledger shows that it is looked at.
                folder = case.tmp / place
                folder.mkdir(parents=True)
                (folder / "ledger.db").write_text("This is no ledger, but a text that is longer than the head of one.\n" * 20)
                variables = {"HOME": str(case.tmp / home) if home else "", "XDG_STATE_HOME": str(case.tmp / state) if state else ""}
                result = run(*ARGUMENTS[command], env=variables, cwd=case.tmp)
                case.equal("exit status", result[0], 3)
                case.true("the path is named", f"{place}/ledger.db" in result[2])
                case.equal("standard output", result[1], b"")


def main():
    for command in ("history", "orders"):
        test_formats(command)
    test_since()
    test_statuses()
    test_places()
    return done()


if __name__ == "__main__":
    sys.exit(main())
