#!/usr/bin/env python3
"""A result file that comes back from a spreadsheet: cells that nobody edited, and that were damaged there, are told from
edits by what the ledger keeps of the file, and read as they were.

The spreadsheet is played here: test_spreadsheet.py has a real one. The program's path is in the environment variable
ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import csv
import hmac
import io
import sqlite3
import sys

from harness import HEADINGS, Case, done
from service import COLUMNS, Relay, Sandbox, operate, write_csv

ALL_COLUMNS = [*COLUMNS, "注文者郵便番号", "注文者電話番号", "店舗ID", "備考"]
FIRST, SECOND = "2000001", "2000002"
CELLS = {"注文者郵便番号": "0010012", "注文者電話番号": "0312345678", "店舗ID": "007", "備考": "なし"}
LONG = "あ" * 256


class Desk:
    """A clerk with a spreadsheet, beside a shop with one ledger."""

    def __init__(self, case, relay):
        self.case, self.relay, self.ledger = case, relay, case.tmp / "ledger.db"
        self.turn = 0

    def export(self, orders, columns=ALL_COLUMNS, **cells):
        self.turn += 1
        return write_csv(self.case.tmp / f"order_{self.turn}.csv", orders, columns, **{**CELLS, **cells})

    def do(self, source, *options, operation="register"):
        """Run; the result as a table of texts, and what left for the service is in `self.bodies`."""
        self.relay.calls.clear()
        self.turn += 1
        folder = self.case.tmp / f"turn-{self.turn}"
        folder.mkdir()
        outcome = operate(operation, folder, self.relay.url, source, "--ledger", self.ledger, *options)
        self.bodies = {call.id: call.json for call in self.relay.calls if call.method == "POST"}
        self.outcome = outcome
        return outcome.out

    def table(self, result):
        data = result.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp932")
        return list(csv.reader(io.StringIO(text, newline="")))

    def save(self, table):
        """As a spreadsheet saves it: CSV UTF-8."""
        self.turn += 1
        path = self.case.tmp / f"saved_{self.turn}.csv"
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(table)
        path.write_bytes(b"\xEF\xBB\xBF" + text.getvalue().encode())
        return path

    def found(self, result):
        """Row number → the pairs of code and column on it."""
        rows = {}
        table = self.table(result)
        header = table[0]
        for number, row in enumerate(table[1:], 2):
            cells = dict(zip(header, row))
            codes, items = cells["エラーコード"].split("|"), cells["エラー項目"].split("|")
            rows[number] = sorted(pair for pair in zip(codes, items) if pair[0])
        return rows


def edit(table, column, rows, change):
    place = table[0].index(column)
    for row in table[1:] if rows is None else [table[number - 1] for number in rows]:
        row[place] = change(row[place])
    return table


def as_number(text):
    return text.lstrip("0") if text.isdigit() else text


def as_excel(table):
    """What Excel does to cells that nobody touches."""
    for column in ("商品番号", "注文者郵便番号", "注文者電話番号", "店舗ID"):
        if column in table[0]:
            edit(table, column, None, as_number)
    return edit(table, "受注日時", None, lambda text: text.replace("2026-11-02 17:54:08", "2026/11/2 17:54"))


def desk_test(title):
    def decorate(test):
        def with_desk():
            with Case(title) as case, Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
                test(case, Desk(case, relay), sandbox)
        with_desk.__name__ = test.__name__
        return with_desk
    return decorate


@desk_test("damaged cells are named, row by row, and sent as they were; what was registered stays as it is")
def test_damage(case, desk, sandbox):
    source = desk.export({FIRST: [{"商品番号": "00123"}, {"商品番号": "00124"}],
                          SECOND: [{"商品番号": "00456", "商品名": LONG}]})
    table = desk.table(desk.do(source))
    case.equal("sent", list(desk.bodies), [FIRST])
    edit(as_excel(table), "商品名", [4], lambda text: "短い名前")
    result = desk.do(desk.save(table))
    case.equal(f"exit ({desk.outcome.stderr})", desk.outcome.status, 0)
    harmed = sorted(("CELL_DAMAGED", column) for column in
                    ("受注日時", "商品番号", "注文者郵便番号", "注文者電話番号", "店舗ID"))
    case.equal("found", desk.found(result), {2: harmed, 3: harmed, 4: harmed})
    case.equal("sent now", list(desk.bodies), [SECOND])
    body = desk.bodies.get(SECOND, {})
    case.equal("item", [(item["id"], item["name"]) for item in body.get("items", [])], [("00456", "短い名前")])
    case.equal("time", body.get("orderedAt"), "2026-11-02T17:54:08+09:00")
    case.equal("buyer", (body["buyer"]["phone"], body["buyer"]["postalCode"]), ("0312345678", "0010012"))
    text = desk.table(result)[3]
    message = text[desk.table(result)[0].index("エラー内容")]
    case.true("the message names both", "「00456」から「456」" in message)
    case.equal("the cell stays as it came", text[ALL_COLUMNS.index("商品番号")], "456")
    case.equal("at the service", sandbox.stats()["registered"], 2)
    # Once more: nothing is left to be sent, and the same is said.
    again = desk.do(desk.save(desk.table(result)))
    case.equal("found again", desk.found(again), {2: harmed, 3: harmed, 4: harmed})
    case.equal("sent again", list(desk.bodies), [])


@desk_test("an edit is no damage: it is sent where the order was not, and an error where it was")
def test_edit(case, desk, _):
    source = desk.export({FIRST: [{"商品番号": "00123"}], SECOND: [{"商品番号": "00456", "商品名": LONG}]})
    table = desk.table(desk.do(source))
    edit(table, "商品名", [3], lambda text: "短い名前")
    edit(table, "商品番号", None, lambda text: "99")
    result = desk.do(desk.save(table))
    case.equal("found", {number: [code for code, _ in pairs] for number, pairs in desk.found(result).items()},
               {2: ["ORDER_CHANGED"], 3: []})
    case.equal("sent", [item["id"] for item in desk.bodies[SECOND]["items"]], ["99"])


@desk_test("rows sorted, deleted and added, columns moved, added and deleted: damage is found all the same")
def test_moved(case, desk, _):
    source = desk.export({FIRST: [{"商品番号": "00123"}, {"商品番号": "00124"}, {"商品番号": "00125"}],
                          SECOND: [{"商品番号": "00456", "商品名": LONG}, {"商品番号": "00457"}]})
    table = desk.table(desk.do(source))
    edit(table, "商品番号", None, as_number)
    edit(table, "商品名", [5], lambda text: "短い名前")
    columns = ["メモ", *reversed([name for name in table[0] if name not in ("備考", "店舗ID")])]
    rows = [dict(zip(table[0], row), メモ="確認済み") for row in table[1:]]
    rows = sorted((row for row in rows if row["商品番号"] != "124"), key=lambda row: row["明細ID"], reverse=True)
    result = desk.do(desk.save([columns, *([row[name] for name in columns] for row in rows)]))
    damaged = [("CELL_DAMAGED", "商品番号")]
    found = desk.found(result)
    case.equal("found, order to be sent", (found[2], found[3]), (damaged, damaged))
    case.equal("sent", [item["id"] for item in desk.bodies[SECOND]["items"]], ["00456", "00457"])
    # A line is gone: that is an edit of the order.
    case.equal("found, order that was sent", [code for code, _ in found[4]], ["CELL_DAMAGED", "ORDER_CHANGED"])


@desk_test("a file without our columns comes from Robot-in: what it says is what is true")
def test_export(case, desk, _):
    desk.do(desk.export({SECOND: [{"商品番号": "00456", "商品名": LONG}]}))
    result = desk.do(desk.export({SECOND: [{"商品番号": "456", "商品名": LONG}]}))
    case.equal("found", [code for code, _ in desk.found(result)[2]], ["ITEM_NAME_SIZE"])
    result = desk.do(desk.save(edit(desk.table(result), "商品名", None, lambda text: "短い名前")))
    case.equal("found then", desk.found(result)[2], [])
    case.equal("sent", [item["id"] for item in desk.bodies[SECOND]["items"]], ["456"])


@desk_test("what would be an error, damaged as it is, is none: a text that became a date")
def test_date(case, desk, _):
    table = desk.table(desk.do(desk.export({SECOND: [{"商品番号": "1-2", "商品名": LONG}]})))
    edit(table, "商品名", None, lambda text: "短い名前")
    edit(table, "商品番号", None, lambda text: "1月2日")
    result = desk.do(desk.save(table))
    case.equal("found", desk.found(result)[2], [("CELL_DAMAGED", "商品番号"), ("ITEM_ID_PUNCTUATION", "商品番号")])
    case.equal("sent", [item["id"] for item in desk.bodies[SECOND]["items"]], ["1-2"])


@desk_test("what a spreadsheet has lost in a text is an error, and not sent: #NAME?, ####, 1.23457E+11")
def test_lost(case, desk, _):
    names = {"#NAME?": "-割引-", "####": "2026-11-25", "4.90123E+12": "4901234567890"}
    orders = {str(3000001 + i): [{"商品名": name, "注文者メールアドレス": "だめ"}] for i, name in enumerate(names.values())}
    table = desk.table(desk.do(desk.export(orders)))
    case.equal("sent at first", desk.bodies, {})
    for number, lost in enumerate(names, 2):
        edit(table, "商品名", [number], lambda _, lost=lost: lost)
    edit(table, "注文者メールアドレス", None, lambda text: "taro@example.com")
    result = desk.do(desk.save(table))
    case.equal("found", desk.found(result), {number: [("CELL_LOST", "商品名")] for number in (2, 3, 4)})
    case.equal("sent", (desk.outcome.status, desk.bodies), (1, {}))
    # Who means it says so in Robot-in.
    desk.do(desk.export({"3000009": [{"商品名": "#NAME?"}]}))
    case.equal("sent from Robot-in's file", list(desk.bodies), ["3000009"])


@desk_test("a line that a clerk added says what the damaged ones say: the order is one")
def test_added(case, desk, _):
    table = desk.table(desk.do(desk.export({SECOND: [{"商品名": LONG}]})))
    edit(as_excel(table), "商品名", [2], lambda text: "短い名前")
    new = list(table[1])
    for heading, text in (("項番", "2"), ("明細ID", "200000299"), ("商品コード", "C9"), ("商品番号", "A9"), ("商品名", "追加")):
        new[table[0].index(heading)] = text
    for heading in HEADINGS:
        new[table[0].index(heading)] = ""
    result = desk.do(desk.save([*table, new]))
    case.equal(f"exit ({desk.found(result)})", desk.outcome.status, 0)
    case.equal("sent", (desk.bodies[SECOND]["buyer"]["phone"], len(desk.bodies[SECOND]["items"])), ("0312345678", 2))


@desk_test("--strict makes errors of damage; a dry run keeps nothing, and finds it")
def test_strict(case, desk, _):
    source = desk.export({SECOND: [{"商品番号": "00456", "商品名": LONG}]})
    table = desk.table(desk.do(source))
    edit(table, "商品名", None, lambda text: "短い名前")
    edit(table, "商品番号", None, as_number)
    saved = desk.save(table)
    desk.do(saved, "--strict")
    case.equal("exit, strict", desk.outcome.status, 1)
    case.equal("sent, strict", desk.bodies, {})
    result = desk.do(saved, "--dry-run")
    case.true("found by a dry run", ("CELL_DAMAGED", "商品番号") in desk.found(result)[2])
    other = case.tmp / "other.db"
    desk.ledger = other
    desk.do(source, "--dry-run")
    case.true("no ledger is made by a dry run", not other.exists())


@desk_test("a 受注ID without its zeros is no new order: nothing is registered twice")
def test_zeros_of_id(case, desk, sandbox):
    long, short = "0002000001", "2000001"
    table = desk.table(desk.do(desk.export({long: [{}], "0002000002": [{"商品名": LONG}]})))
    case.equal("sent", list(desk.bodies), [long])
    edit(table, "受注ID", None, as_number)
    edit(table, "商品名", None, lambda text: "短い名前")
    for path in (desk.save(table), desk.save([row[:len(ALL_COLUMNS)] for row in table])):
        result = desk.do(path)
        case.equal("exit", desk.outcome.status, 1)
        case.equal("sent then", list(desk.bodies), [])
        rows = desk.table(result)[1:]
        place = desk.table(result)[0].index("エラーコード")
        case.equal("codes", [row[place] for row in rows], ["ORDER_ID_DAMAGED", "ORDER_ID_DAMAGED"])
        case.true("it is named", long in rows[0][place + 2])
    case.equal("registered", sandbox.stats()["registered"], 1)
    # A shop whose ids have no zeros is not concerned.
    desk.ledger = case.tmp / "other.db"
    desk.do(desk.export({short: [{}]}))
    case.equal("sent with another ledger", list(desk.bodies), [short])


def colliding(desk, heading, pairs):
    """The first of `pairs` of texts of which the ledger, which must be there, keeps the same 16 bits."""
    with sqlite3.connect(desk.ledger) as ledger:
        salt = ledger.execute("SELECT value FROM property WHERE name = 'salt'").fetchone()[0]
    ledger.close()

    def tag(text):
        part = b"cell\0" + heading.encode() + b"\0" + text.encode()
        return hmac.digest(salt, len(part).to_bytes(8, "little") + part, "sha256")[:2]
    return next(pair for pair in pairs if tag(pair[0]) == tag(pair[1]))


@desk_test("a guess that has the 16 bits of the cell by chance is not believed against the row")
def test_chance(case, desk, _):
    desk.do(desk.export({"2000009": [{}]}))
    code, lost = colliding(desk, "商品番号", ((f"00{number}", f"0{number}") for number in range(1000, 9999999)))
    _, typed = colliding(desk, "商品番号", (("A1", f"0{number}") for number in range(1000, 9999999)))
    source = desk.export({SECOND: [{"商品番号": code}, {"商品番号": "A1"}, {"商品番号": "A2", "商品名": LONG}]})
    table = desk.table(desk.do(source))
    edit(table, "商品番号", [2], as_number)
    edit(table, "商品番号", [3], lambda text: as_number(typed))
    edit(table, "商品名", [4], lambda text: "短い名前")
    result = desk.do(desk.save(table))
    case.equal("sent", [item["id"] for item in desk.bodies[SECOND]["items"]], [code, as_number(typed), "A2"])
    case.equal("found", desk.found(result), {2: [("CELL_DAMAGED", "商品番号")], 3: [], 4: []})
    case.true("the other guess is another text", lost != code)


@desk_test("what is kept of a file gives nothing away, is bound to the order, and is forgotten in time")
def test_kept(case, desk, _):
    desk.do(desk.export({FIRST: [{"商品番号": "00123"}], SECOND: [{}]}))
    with sqlite3.connect(desk.ledger) as ledger:
        layouts = ledger.execute("SELECT headings FROM layouts").fetchall()
        kept = dict(ledger.execute("SELECT id, rows FROM originals").fetchall())
        ledger.execute("UPDATE originals SET read_at = read_at - 101 * 86400 WHERE id = ?", (SECOND,))
    ledger.close()
    case.equal("layout", layouts, [("".join(heading + "\0" for heading in ALL_COLUMNS).encode(),)])
    filled = len(ALL_COLUMNS)
    case.equal("bytes of a row", {name: len(rows) for name, rows in kept.items()},
               dict.fromkeys((FIRST, SECOND), 8 + (filled + 7) // 8 + 2 * filled))
    desk.do(desk.export({"2000003": [{}]}))
    with sqlite3.connect(desk.ledger) as ledger:
        left = [row[0] for row in ledger.execute("SELECT id FROM originals ORDER BY id")]
        ledger.execute("UPDATE originals SET rows = x'00' WHERE id = ?", (FIRST,))
    ledger.close()
    case.equal("left", left, [FIRST, "2000003"])
    # A record that cannot be read is none.
    table = desk.table(desk.do(desk.export({"2000004": [{}]})))
    result = desk.do(desk.save(table))
    case.equal("exit", desk.outcome.status, 0)
    case.equal("found", desk.found(result), {2: []})


def main():
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
    return done()


if __name__ == "__main__":
    sys.exit(main())
