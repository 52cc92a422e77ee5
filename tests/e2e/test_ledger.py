#!/usr/bin/env python3
"""The ledger and the five operations, from outside: no order is registered twice and none is lost, whatever is edited,
lost on the way or killed, and what was done can be looked up.

The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and
exits 1 if any failed.
"""
import concurrent.futures
import csv
import io
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness import HEADINGS, PROGRAM, ROOT, TIMEOUT, Case, done, run
from service import (API_KEY, COLUMNS, DROP, MERCHANT, SECRETS, Background, Relay, Sandbox, many, message_of, operate,
                     refused, verify_registered_once, write_csv)

SAMPLES = ROOT / "samples"
ALL_COLUMNS = COLUMNS + ["送り状番号", "配送会社", "ステータスコード", "店舗ステータス"]
NG, PENDING, FAILED, SHIP_NG, CANCEL_NG = ({"注文者メールアドレス": f"{card}@example.com"} for card in
                                           ("ng", "pending", "failed", "shipng", "cancelng"))
ONE = "2000001"


class Shop:
    """A shop with one ledger: runs commands on its files, and reads the ledger through the program."""

    def __init__(self, case, relay, sandbox=None):
        self.case, self.tmp, self.relay, self.sandbox = case, case.tmp, relay, sandbox
        self.ledger = case.tmp / "memory" / "ledger.db"
        self.files = 0

    def file(self, orders, **cells):
        self.files += 1
        return write_csv(self.tmp / f"order_{self.files}.csv", orders, ALL_COLUMNS, **cells)

    def start(self, operation, source, *options, env=None):
        return Background(operation, self.tmp, self.relay.url, source, "--ledger", self.ledger, *options, env=env)

    def do(self, operation, source, *options, env=None):
        """The calls of this run are those in relay.calls afterwards."""
        self.relay.calls.clear()
        return operate(operation, self.tmp, self.relay.url, source, "--ledger", self.ledger, *options, env=env)

    def expect(self, operation, source, *options, status=0, statuses=None, codes=None, calls=None):
        """Run, and compare what is given: exit status, credit status and code of each order, and the calls in order.
        One order alone needs no id."""
        outcome = self.do(operation, source, *options)
        what = f"{operation} {Path(source).name}"
        self.case.equal(f"{what}: exit ({outcome.stderr[-300:]})", outcome.status, status)
        for name, found, wanted in (("statuses", outcome.statuses(), statuses), ("codes", outcome.codes(), codes)):
            if isinstance(wanted, str):
                wanted = {order: wanted for order in found} or {"no row": wanted}
            if wanted is not None:
                self.case.equal(f"{what}: {name}", found, wanted)
        if calls is not None:  # several orders may overtake each other
            self.case.equal(f"{what}: calls", *(sorted(some, key=lambda call: call[1].split("-")[0]) for some in
                                                (self.kinds(), calls)))
        return outcome

    def kinds(self):
        return [(call.kind, call.id) for call in self.relay.calls]

    def history(self, *words):
        """As JSON, oldest first."""
        status, stdout, stderr = run("history", *words, "--ledger", self.ledger, "--format", "json")
        self.case.equal(f"history: exit ({stderr[:200]})", status, 0)
        return json.loads(stdout or "[]")

    def operations(self, *words):
        return [(entry["operation"], entry["service_id"], entry["credit_status"]) for entry in self.history(*words)]

    def orders(self, credit_status, form="json"):
        status, stdout, stderr = run("orders", "--status", credit_status, "--ledger", self.ledger, "--format", form)
        self.case.equal(f"orders: exit ({stderr[:200]})", status, 0)
        return stdout

    def alive(self, order):
        """The ids under which the service has the order in any status but cancelled."""
        ids = [order, *(f"{order}-{issue}" for issue in range(2, 6))]
        found = {name: self.sandbox.ask(name) for name in ids}
        return [name for name, credit in found.items() if credit not in (None, "CANCEL_OK")]


def shop_test(title, *sandbox_options):
    """Decorate a test that gets a case and a shop, with a relay before a sandbox of its own."""
    def decorate(test):
        def with_shop():
            with Case(title) as case, Sandbox(case.tmp, *sandbox_options) as sandbox, Relay(sandbox) as relay:
                test(case, Shop(case, relay, sandbox))
        with_shop.__name__ = test.__name__
        return with_shop
    return decorate


def lose(relay, *kinds, count=1000000):
    """A script: the work is done, and the answer to calls of these kinds is lost, `count` times."""
    left = [count]

    def script(call):
        if kinds and call.kind not in kinds or left[0] == 0:
            return None
        left[0] -= 1
        relay.forward(call)
        return DROP
    return script


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@shop_test("the ledger is no place for a result, nor for a workbook, whatever is forced")
def test_output_is_ledger(case, shop):
    source = shop.file({ONE: [{}]})
    shop.ledger.parent.mkdir()
    for number, option in enumerate(("-o", "-o", "--xlsx")):  # the first time it is not there yet
        outputs = {"-o": case.tmp / "result.csv", option: shop.ledger}
        status, _, said = run("register", source, "--force", "--ledger", shop.ledger, "--api-url", shop.relay.url,
                              *(word for pair in outputs.items() for word in pair), env=SECRETS)
        case.equal(f"{option}: exit ({said})", status, 2)
        refused_at_once = message_of("OUTPUT_IS_LEDGER").replace("{path}", str(shop.ledger)) in said
        case.equal(f"{option}: refused before anything is sent", refused_at_once, number > 0)
        case.equal(f"{option}: the ledger knows the order", [entry["order_id"] for entry in shop.history()], [ONE])
    case.equal("registered once", shop.sandbox.stats()["registered"], 1)


# ---- The two stories of the manual ----


def test_story():
    with Case("the manual's first case: 与信NG, cancelled, another buyer, registered anew, shipped; the history has it "
              "all") as case, Relay() as relay:
        shop = Shop(case, relay)
        first, second = shop.file({ONE: [NG, NG]}), shop.file({ONE: [{}, {}]})
        kept = ("--state", case.tmp / "orders-of-the-service")
        with Sandbox(case.tmp, *kept) as shop.sandbox:
            relay.sandbox = shop.sandbox
            shop.expect("register", first, status=1, statuses="与信NG", codes="CREDIT_NG", calls=[("register", ONE)])
            shop.expect("cancel", first, statuses="与信の取消OK", codes="", calls=[("cancellation", ONE)])
            case.equal("history", shop.operations(), [("register", ONE, "与信NG"), ("cancel", ONE, "与信の取消OK")])
        with Sandbox(case.tmp, *kept) as shop.sandbox:
            relay.sandbox = shop.sandbox
            verify_end_of_story(case, shop, second)


def verify_end_of_story(case, shop, source):
    outcome = shop.expect("reregister", source, statuses="与信OK", calls=[("register", ONE + "-2")])
    case.equal("its id", {row["後払い受注番号"] for row in outcome.rows.values()}, {ONE + "-2"})
    outcome = shop.expect("ship", source, statuses="出荷情報登録OK", codes="", calls=[("shipment", ONE + "-2")])
    case.equal("what is reported", shop.relay.calls[0].json, {"trackingNumber": "123456789012", "carrier": "ヤマト運輸"})
    case.equal("its id", {row["後払い受注番号"] for row in outcome.rows.values()}, {ONE + "-2"})
    outcome = shop.expect("status", source, statuses="出荷情報登録OK", codes="STATUS_NOT_PENDING", calls=[])
    case.equal("a warning in the manual's words", {row["エラー内容"] for row in outcome.rows.values()},
               {"注意: " + message_of("STATUS_NOT_PENDING")})
    wanted = [("register", ONE, "与信NG"), ("cancel", ONE, "与信の取消OK"), ("register", ONE + "-2", "与信OK"),
              ("ship", ONE + "-2", "出荷情報登録OK")]
    case.equal("history", shop.operations(), wanted)
    case.equal("history of the order", shop.operations(ONE), wanted)
    case.equal("history of another", shop.operations("2000002"), [])
    entries = shop.history(ONE)
    case.equal("replaced", [entry["replaced_id"] or "" for entry in entries], ["", "", ONE, ""])
    case.equal("times", [entry["time"] for entry in entries], sorted(entry["time"] for entry in entries))
    for words in ((), ("--lang", "en"), ("--format", "csv")):
        status, stdout, _ = run("history", ONE, "--ledger", shop.ledger, *words)
        case.equal(f"{words}: exit", status, 0)
        case.true(f"{words}: all is there", all(word in stdout.decode() for word in
                                                (ONE + "-2", "与信NG", "与信の取消", "出荷情報登録")))
    case.equal("the service's counts", [shop.sandbox.stats()[name] for name in
                                        ("registered", "duplicate_ids", "shipped")], [2, 0, 1])


@shop_test("the manual's second case: the amount changed after 与信OK")
def test_changed_amount(case, shop):
    source, changed = shop.file({ONE: [{}, {}]}), shop.file({ONE: [{"請求金額": 2980}] * 2})
    shop.expect("register", source, statuses="与信OK")
    outcome = shop.expect("register", changed, status=1, statuses="与信OK", codes="ORDER_CHANGED", calls=[])
    case.equal("counted", (outcome.summary["invalid"], outcome.summary["sent"]), (1, 0))
    for number, row in outcome.rows.items():
        case.true(f"row {number} names the column: {row}", "請求金額" in row["エラー項目"] + row["エラー内容"])
        case.true(f"row {number} names no other", "商品名" not in row["エラー項目"] + row["エラー内容"])
        case.true(f"row {number} names the way", "reregister" in row["修正方法/対応方法"])
        case.equal(f"row {number}: id", row["後払い受注番号"], ONE)
    shop.expect("register", source, statuses="与信OK", codes="", calls=[])
    outcome = shop.expect("reregister", changed, statuses="与信OK")
    posts = [(call.kind, call.id) for call in shop.relay.calls if call.method == "POST"]
    case.equal("cancelled, then registered", posts, [("cancellation", ONE), ("register", ONE + "-2")])
    case.equal("with the new amount", shop.relay.calls[-1].json["amount"], 2980)
    for number, row in outcome.rows.items():
        case.true(f"row {number} says what changed: {row}", "請求金額" in row["エラー項目"] + row["エラー内容"])
        case.equal(f"row {number}: id", row["後払い受注番号"], ONE + "-2")
        case.true(f"row {number}: a warning", row["エラー内容"].startswith("注意: "))
    case.equal("alive", shop.alive(ONE), [ONE + "-2"])
    shop.expect("reregister", changed, statuses="与信OK", calls=[])
    shop.expect("register", changed, statuses="与信OK", codes="", calls=[])
    shop.expect("register", source, status=1, codes="ORDER_CHANGED", calls=[])
    verify_registered_once(case, shop.sandbox, 2)


# ---- The same orders again ----


def edited(path, change):
    """A copy of a result file with its rows changed: `change` gets and gives a list of dicts."""
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("cp932"), newline="")))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(change(rows))
    copy = path.with_name(f"edited-{time.monotonic_ns()}.csv")
    copy.write_bytes(text.getvalue().encode("cp932"))
    return copy


@shop_test("a result file comes back, sorted, filtered or edited in our columns: nothing is sent, statuses are there")
def test_again(case, shop):
    source = shop.file({**many(10, lines=2), "2000011": [NG], "2000012": [PENDING]})
    first = shop.expect("register", source, status=1)
    wanted = {**{order: "与信OK" for order in many(10)}, "2000011": "与信NG", "2000012": "与信中"}
    case.equal("statuses", first.statuses(), wanted)

    def lies(rows):
        for number, row in enumerate(rows):
            row.update({heading: ("", "与信NG", "=1+1")[number % 3] for heading in HEADINGS})
        return rows

    files = {"the original": source, "the result": first.out,
             "sorted": edited(first.out, lambda rows: sorted(rows, key=lambda row: (row["項番"], -int(row["受注ID"])))),
             "filtered": edited(first.out, lambda rows: [row for row in rows if int(row["受注ID"]) % 2]),
             "with our columns edited": edited(first.out, lies),
             "with notes": edited(first.out, lambda rows: [{**row, "送り状番号": "999988887777"} for row in rows])}
    for name, path in files.items():
        outcome = shop.expect("register", path, status=1, calls=[])
        case.equal(f"{name}: statuses", outcome.statuses(),
                   {order: status for order, status in wanted.items() if order in outcome.statuses()})
        case.true(f"{name}: rows", len(outcome.rows) > 5)
        case.equal(f"{name}: counts", [outcome.summary[count] for count in ("sent", "invalid", "unsent", "failed")],
                   [0, 0, 0, 1])
        case.equal(f"{name}: codes", {code for order, code in outcome.codes().items() if order != "2000011"}, {""})
    verify_registered_once(case, shop.sandbox, 12)


@shop_test("one order refused by the service, mended in the result file: it alone is sent, under another key")
def test_fixed_row(case, shop):
    message = "validation error:items[1].name size must be between 1 and 255"
    shop.relay.script = lambda call: refused(message) if call.id == "2000003" and "だめ" in call.body.decode() else None
    lines = {**many(5, lines=2), "2000003": [{}, {"商品名": "だめな品"}]}
    first = shop.expect("register", shop.file(lines), status=1)
    case.equal("codes", first.codes(), {**{order: "" for order in many(5)}, "2000003": "ITEM_NAME_SIZE"})
    case.equal("status", first.statuses()["2000003"], "与信失敗")
    keys = [call.headers["Idempotency-Key"] for call in shop.relay.calls if call.id == "2000003"]
    again = shop.expect("register", first.out, status=1, calls=[("register", "2000003")])
    case.equal("refused again", again.codes()["2000003"], "ITEM_NAME_SIZE")
    keys.append(shop.relay.calls[0].headers["Idempotency-Key"])
    mended = edited(again.out, lambda rows: [{**row, "商品名": row["商品名"].replace("だめ", "よい")} for row in rows])
    shop.expect("register", mended, statuses="与信OK", codes="", calls=[("register", "2000003")])
    keys.append(shop.relay.calls[0].headers["Idempotency-Key"])
    case.equal("keys", len(set(keys)), 3)
    shop.expect("register", mended, statuses="与信OK", calls=[])
    verify_registered_once(case, shop.sandbox, 5)
    case.equal("history", shop.operations("2000003")[-1], ("register", "2000003", "与信OK"))


@shop_test("a refusal, and later the same content again: the service may change its mind, for the key is another")
def test_refused_then_taken(case, shop):
    source = shop.file(many(1))
    shop.relay.script = lambda call: refused("validation error:buyer.name is not allowed")
    shop.expect("register", source, status=1, statuses="与信失敗", codes="SERVICE_REFUSED")
    key, body = shop.relay.calls[0].headers["Idempotency-Key"], shop.relay.calls[0].body
    shop.relay.script = None
    shop.expect("register", source, statuses="与信OK", codes="", calls=[("register", ONE)])
    case.true("another key", key != shop.relay.calls[0].headers["Idempotency-Key"])
    case.equal("body", shop.relay.calls[0].body, body)


@shop_test("what a spreadsheet does to a file is no change of the order")
def test_spreadsheet(case, shop):
    source = shop.file({ONE: [{"受注日時": "2026-11-02 17:54:08"}, {"受注日時": "2026-11-02 17:54:08"}]})
    shop.do("register", source)
    damaged = edited(source, lambda rows: [{**row, "受注日時": "2026/11/2 17:54"} for row in rows])
    shop.expect("register", damaged, statuses="与信OK", codes="", calls=[])


# ---- The mall's number ----


@shop_test("a 受注番号 that is registered under another 受注ID: held back, unless it is allowed or the other is cancelled")
def test_reimported(case, shop):
    first, second = (shop.file({order: [{"受注番号": "MALL-77"}] * 2}) for order in (ONE, "2000002"))
    shop.do("register", first)
    outcome = shop.expect("register", second, status=1, statuses="", codes="MALL_NUMBER_REGISTERED", calls=[])
    for number, row in outcome.rows.items():
        case.true(f"row {number}: {row['エラー内容']}", ONE in row["エラー内容"] and "受注番号" in row["エラー項目"])
        case.true(f"row {number}: date", time.strftime("%Y-%m-%d") in row["エラー内容"])
    outcome = shop.expect("status", second, status=1, statuses="", codes="NOT_REGISTERED_REIMPORTED", calls=[])
    case.equal("the manual's words", {row["エラー内容"] for row in outcome.rows.values()},
               {"買い手情報登録が実行されていません。"})
    outcome = shop.expect("status", shop.file({"2000003": [{}]}), status=1, statuses="", codes="NOT_REGISTERED",
                          calls=[])
    case.equal("never registered", {row["エラー内容"] for row in outcome.rows.values()},
               {"買い手情報登録が実行されていません。"})
    shop.expect("register", second, "--allow-reimported", statuses="与信OK", codes="", calls=[("register", "2000002")])
    shop.expect("register", first, "--allow-reimported", statuses="与信OK", codes="", calls=[])
    shop.expect("register", first, statuses="与信OK", codes="", calls=[])
    third = shop.file({"2000005": [{"受注番号": "MALL-78"}]})
    shop.do("register", third)
    fourth = shop.file({"2000006": [{"受注番号": "MALL-78"}]})
    shop.expect("register", fourth, status=1, codes="MALL_NUMBER_REGISTERED", calls=[])
    shop.expect("cancel", third, statuses="与信の取消OK")
    shop.expect("register", fourth, statuses="与信OK", codes="", calls=[("register", "2000006")])


@shop_test("the same 受注番号 in two shops (店舗ID) is two orders")
def test_two_shops(case, shop):
    columns = ALL_COLUMNS + ["店舗ID"]
    for number, order in enumerate((ONE, "2000002"), 1):
        source = write_csv(case.tmp / f"shop_{number}.csv", {order: [{"受注番号": "MALL-77", "店舗ID": str(number)}]},
                           columns)
        shop.expect("register", source, statuses="与信OK", codes="", calls=[("register", order)])


# ---- Doubt ----


@shop_test("every answer is lost: IN_DOUBT, and the next run sends the same under the same key")
def test_doubt(case, shop):
    source = shop.file(many(4, lines=2))
    shop.relay.script = lose(shop.relay)
    outcome = shop.expect("register", source, "--retries", "0", status=5, statuses="", codes="IN_DOUBT")
    case.equal("unsent", outcome.summary["unsent"], 4)
    case.equal("no id", {row["後払い受注番号"] for row in outcome.rows.values()}, {""})
    sent = {(call.id, call.body, call.headers["Idempotency-Key"]) for call in shop.relay.posts()}
    listed = {entry["order_id"] for entry in json.loads(shop.orders("IN_DOUBT"))}
    case.equal("orders --status IN_DOUBT", listed, set(many(4)))
    case.equal("history", {(entry["outcome"], entry["credit_status"] or "") for entry in shop.history()},
               {("in_doubt", "")})
    shop.relay.script = None
    outcome = shop.expect("register", source, statuses="与信OK", codes="")
    case.equal("the same", {(call.id, call.body, call.headers["Idempotency-Key"]) for call in shop.relay.posts()}, sent)
    case.true("answers", {call.status for call in shop.relay.posts()} <= {200, 201})
    verify_registered_once(case, shop.sandbox, 4)
    shop.expect("register", source, statuses="与信OK", calls=[])
    case.equal("none is left in doubt", json.loads(shop.orders("IN_DOUBT")), [])


@shop_test("in doubt, then edited, and it had come there: asked first, taken for registered, and the change is named")
def test_doubt_edited_known(case, shop):
    shop.relay.script = lose(shop.relay)
    shop.expect("register", shop.file({ONE: [{}]}), "--retries", "0", status=5, codes="IN_DOUBT")
    shop.relay.script = None
    changed = shop.file({ONE: [{"請求金額": 2980}]})
    outcome = shop.expect("register", changed, status=1, statuses="与信OK", codes="ORDER_CHANGED", calls=[("ask", ONE)])
    case.true("names the way", "reregister" in outcome.rows[2]["修正方法/対応方法"])
    shop.expect("register", changed, status=1, codes="ORDER_CHANGED", calls=[])
    shop.expect("reregister", changed, statuses="与信OK")
    case.equal("alive", shop.alive(ONE), [ONE + "-2"])
    case.equal("duplicates", shop.sandbox.stats()["duplicate_ids"], 0)


@shop_test("in doubt, then edited, and it never came there: asked first, then the new content is sent")
def test_doubt_edited_unknown(case, shop):
    shop.relay.script = lambda call: DROP
    shop.expect("register", shop.file({ONE: [{}]}), "--retries", "0", status=5, codes="IN_DOUBT")
    shop.relay.script = None
    changed = shop.file({ONE: [{"請求金額": 2980}]})
    shop.expect("register", changed, statuses="与信OK", codes="", calls=[("ask", ONE), ("register", ONE)])
    case.equal("amount", shop.relay.calls[1].json["amount"], 2980)
    shop.expect("register", changed, statuses="与信OK", calls=[])
    verify_registered_once(case, shop.sandbox, 1)


@shop_test("in doubt, and a spreadsheet cut the seconds: it is the same order, and registered once")
def test_doubt_spreadsheet(case, shop):
    source = shop.file({ONE: [{}, {}]})
    shop.relay.script = lose(shop.relay)
    shop.expect("register", source, "--retries", "0", status=5, codes="IN_DOUBT")
    shop.relay.script = None
    damaged = edited(source, lambda rows: [{**row, "受注日時": "2026/11/2 17:54"} for row in rows])
    shop.expect("register", damaged, statuses="与信OK", codes="", calls=[("ask", ONE)])
    verify_registered_once(case, shop.sandbox, 1)


@shop_test("in doubt is not cancelled, shipped or registered anew by hope: the doubt is settled first")
def test_doubt_then_others(case, shop):
    source = shop.file({ONE: [{}]})
    shop.relay.script = lose(shop.relay)
    shop.expect("register", source, "--retries", "0", status=5, codes="IN_DOUBT")
    shop.relay.script = None
    shop.expect("ship", source, statuses="出荷情報登録OK", codes="", calls=[("ask", ONE), ("shipment", ONE)])
    shop.relay.script = lose(shop.relay)
    second = shop.file({"2000002": [{}]})
    shop.expect("register", second, "--retries", "0", status=5, codes="IN_DOUBT")
    shop.relay.script = None
    shop.expect("cancel", second, statuses="与信の取消OK", codes="",
                calls=[("ask", "2000002"), ("cancellation", "2000002")])
    verify_registered_once(case, shop.sandbox, 2)


@shop_test("answers to ship and cancel are lost: settled by asking, in the same run or in the next")
def test_lost_ship_and_cancel(case, shop):
    for first, operation, kind, wanted, count in ((2000001, "ship", "shipment", "出荷情報登録OK", "shipped"),
                                                  (2000011, "cancel", "cancellation", "与信の取消OK", "cancelled")):
        source = shop.file(many(3, first=first))
        shop.relay.script = None
        shop.do("register", source)
        shop.relay.script = lose(shop.relay)
        shop.expect(operation, source, "--retries", "0", status=5, statuses="", codes="IN_DOUBT")
        case.equal(f"{operation}: done", shop.sandbox.stats()[count], 3)
        shop.relay.script = None
        shop.expect(operation, source, statuses=wanted, codes="", calls=[("ask", order) for order in
                                                                        many(3, first=first)])
        shop.expect(operation, source, statuses=wanted, codes="", calls=[])
        source = shop.file(many(3, first=first + 5))
        shop.do("register", source)
        shop.relay.script = lose(shop.relay, kind, count=3)
        shop.expect(operation, source, "--retries", "2", statuses=wanted, codes="")
        case.equal(f"{operation}: once each", shop.sandbox.stats()[count], 6)


# ---- Answers that prove nothing ----


def lose_then(relay, kind, *answer):
    """A script: the first call of this kind does its work and its answer is lost, each later one is answered so."""
    lost = lose(relay, kind, count=1)

    def script(call):
        seen = sum(other.kind == kind for other in relay.calls)
        return lost(call) if call.kind != kind or seen == 1 else answer
    return script


@shop_test("an answer is lost, and the next attempt is refused for its credentials: the order stays in doubt")
def test_lost_then_credentials(case, shop):
    source, second = shop.file({ONE: [{}]}), shop.file({"2000002": [{}]})
    shop.do("register", second)
    for operation, path, kind, order in (("register", source, "register", ONE),
                                         ("cancel", second, "cancellation", "2000002")):
        shop.relay.script = lose_then(shop.relay, kind, 401, b"")
        shop.expect(operation, path, "--retries", "1", status=3)
        case.equal(f"{operation}: calls", [name for name, _ in shop.kinds()], [kind, kind])
        listed = [entry["order_id"] for entry in json.loads(shop.orders("IN_DOUBT"))]
        case.equal(f"{operation}: in doubt", listed, [order])
        shop.relay.script = None
        shop.expect("register", path, status=int(operation == "cancel"),
                    statuses="与信OK" if operation == "register" else "与信の取消OK")
    verify_registered_once(case, shop.sandbox, 2)


@shop_test("credentials refused at once: nothing is in doubt")
def test_credentials(case, shop):
    shop.relay.script = lambda call: (403, b"")
    shop.expect("register", shop.file({ONE: [{}]}), status=3)
    case.equal("in doubt", json.loads(shop.orders("IN_DOUBT")), [])


@shop_test("an answer to a registration is lost, and then there is no such address: in doubt, and not called unregistered")
def test_lost_then_not_found(case, shop):
    source = shop.file({ONE: [{}]})
    shop.relay.script = lose_then(shop.relay, "register", 404, b"")
    shop.expect("register", source, "--retries", "1", status=5, statuses="", codes="IN_DOUBT")
    shop.relay.script = lambda call: (404, b"")
    shop.expect("register", source, status=5, statuses="", codes="IN_DOUBT", calls=[("register", ONE)])
    shop.relay.script = None
    shop.expect("register", shop.file({ONE: [{"請求金額": 2980}]}), status=1, statuses="与信OK", codes="ORDER_CHANGED",
                calls=[("ask", ONE)])


@shop_test("an answer to a cancellation or shipment is lost, and the next attempt refused in any way: asked, and it is done")
def test_lost_then_refused(case, shop):
    for order, operation, kind, wanted, code in (("2000001", "cancel", "cancellation", "与信の取消OK", 400),
                                                 ("2000002", "ship", "shipment", "出荷情報登録OK", 400),
                                                 ("2000004", "cancel", "cancellation", "与信の取消OK", 404)):
        source = shop.file({order: [{}]})
        shop.relay.script = None
        shop.do("register", source)
        shop.relay.script = lose_then(shop.relay, kind, *refused("done already", code))
        shop.expect(operation, source, "--retries", "1", statuses=wanted, codes="",
                    calls=[(kind, order), (kind, order), ("ask", order)])
    shop.relay.script = lambda call: refused("not in this way") if call.kind == "shipment" else None
    source = shop.file({"2000003": [{}]})
    shop.do("register", source)
    shop.expect("ship", source, status=1, statuses="与信OK", codes="SERVICE_REFUSED", calls=[("shipment", "2000003")])


@shop_test("another 送り状番号, and the service says 409: refused in its words, and not taken for done")
def test_correction_refused(case, shop):
    source, other = shop.file({ONE: [{}]}), shop.file({ONE: [{"送り状番号": "123456789023"}]})
    shop.do("register", source)
    shop.do("ship", source)
    shop.relay.script = lambda call: refused("番号は変えられません", 409) if call.kind == "shipment" else None
    for _ in range(2):
        outcome = shop.expect("ship", other, status=1, statuses="出荷情報登録OK", codes="SERVICE_REFUSED",
                              calls=[("shipment", ONE), ("ask", ONE)])
        case.equal("its words", outcome.rows[2]["エラー内容"], "番号は変えられません")
    shop.expect("ship", source, statuses="出荷情報登録OK", codes="", calls=[])


@shop_test("another 送り状番号 that never came there is sent by the next ship, whatever was done in between")
def test_correction_in_doubt(case, shop):
    source, other = shop.file({ONE: [{}]}), shop.file({ONE: [{"送り状番号": "123456789023"}]})
    shop.do("register", source)
    shop.do("ship", source)
    for between in ([], [("status", other)], [("register", other)], [("ship", source)]):
        shop.relay.script = lambda call: DROP
        shop.expect("ship", other, "--retries", "0", status=5, codes="IN_DOUBT")
        shop.relay.script = None
        for operation, path in between:
            shop.do(operation, path)
        shop.expect("ship", other, statuses="出荷情報登録OK", codes="")
        case.equal(f"{between}: sent", [call.json["trackingNumber"] for call in shop.relay.posts()], ["123456789023"])
        shop.do("ship", source)


@shop_test("another 送り状番号 whose answer was lost, and then the carrier in another width: settled, and sent once more")
def test_correction_in_another_width(case, shop):
    shop.do("register", shop.file({ONE: [{}]}))
    shop.do("ship", shop.file({ONE: [{}]}))
    shop.relay.script = lose(shop.relay)
    shop.expect("ship", shop.file({ONE: [{"配送会社": "見本カーゴ"}]}), "--retries", "0", status=5, codes="IN_DOUBT")
    shop.relay.script = None
    narrow = shop.file({ONE: [{"配送会社": "見本ｶｰｺﾞ"}]})
    shop.expect("ship", narrow, statuses="出荷情報登録OK", codes="")
    shop.expect("ship", narrow, statuses="出荷情報登録OK", codes="", calls=[])


@shop_test("reregister of a cancelled order whose 受注番号 is registered under another 受注ID by now: held back")
def test_reregister_reimported(case, shop):
    first, second = (shop.file({order: [{"受注番号": "MALL-77", **NG}]}) for order in (ONE, "2000002"))
    shop.do("register", first)
    shop.do("cancel", first)
    shop.do("register", second)
    shop.expect("reregister", first, status=1, statuses="与信の取消OK", codes="MALL_NUMBER_REGISTERED", calls=[])
    case.equal("alive", shop.alive(ONE) + shop.alive("2000002"), ["2000002"])
    shop.expect("reregister", second, status=1, statuses="与信NG", codes="CREDIT_NG")
    shop.expect("reregister", first, "--allow-reimported", status=1, statuses="与信NG", codes="CREDIT_NG")


# ---- What an order's state allows ----


@shop_test("ship with the same number again: nothing is sent; with another number or carrier: sent")
def test_ship_again(case, shop):
    source = shop.file(many(2))
    shop.do("register", source)
    shop.expect("ship", source, statuses="出荷情報登録OK", codes="",
                calls=[("shipment", order) for order in many(2)])
    keys = {call.headers["Idempotency-Key"] for call in shop.relay.calls}
    shop.expect("ship", source, statuses="出荷情報登録OK", codes="", calls=[])
    other = shop.file(many(2), 送り状番号="123456789023")
    shop.expect("ship", other, statuses="出荷情報登録OK", codes="", calls=[("shipment", order) for order in many(2)])
    case.equal("number", {call.json["trackingNumber"] for call in shop.relay.calls}, {"123456789023"})
    keys |= {call.headers["Idempotency-Key"] for call in shop.relay.calls}
    shop.expect("ship", other, statuses="出荷情報登録OK", codes="", calls=[])
    shop.expect("ship", source, statuses="出荷情報登録OK", codes="", calls=[("shipment", order) for order in many(2)])
    keys |= {call.headers["Idempotency-Key"] for call in shop.relay.calls}
    case.equal("keys", len(keys), 6)
    carrier = shop.file(many(2), 配送会社="見本運送")
    shop.expect("ship", carrier, statuses="出荷情報登録OK", calls=[("shipment", order) for order in many(2)])


@shop_test("ship of an order with two numbers: one call, the first number, and a warning")
def test_ship_several(case, shop):
    source = shop.file({ONE: [{"送り状番号": "111122223333"}, {"送り状番号": "444455556666"}]})
    shop.do("register", source)
    outcome = shop.expect("ship", source, statuses="出荷情報登録OK", calls=[("shipment", ONE)])
    case.equal("number", shop.relay.calls[0].json["trackingNumber"], "111122223333")
    told = [row["エラー内容"] for row in outcome.rows.values() if row["エラー内容"]]
    case.true(f"a warning: {told}", told and all(text.startswith("注意: ") for text in told))
    shop.expect("ship", source, statuses="出荷情報登録OK", calls=[])


@shop_test("ship without a number or a carrier: nothing is sent, the column is named")
def test_ship_empty(case, shop):
    for number, column in enumerate(("送り状番号", "配送会社"), 1):
        source = shop.file({f"200000{number}": [{column: ""}]})
        shop.do("register", source)
        outcome = shop.expect("ship", source, status=1, calls=[])
        case.equal("column", outcome.rows[2]["エラー項目"], column)
        case.true("code", outcome.rows[2]["エラーコード"])


@shop_test("ship fails at the service: 出荷情報登録NG, exit 1, and the same number is sent again")
def test_ship_ng(case, shop):
    source = shop.file({ONE: [SHIP_NG]})
    shop.do("register", source)
    for _ in range(2):
        shop.expect("ship", source, status=1, statuses="出荷情報登録NG", codes="SHIPMENT_FAILED",
                    calls=[("shipment", ONE)])


@shop_test("after a cancellation register sends nothing and names reregister; a second cancellation is none")
def test_after_cancel(case, shop):
    source = shop.file(many(2))
    shop.do("register", source)
    shop.expect("cancel", source, statuses="与信の取消OK", codes="",
                calls=[("cancellation", order) for order in many(2)])
    case.equal("bodies", {call.body for call in shop.relay.calls}, {b"{}"})
    shop.expect("cancel", source, statuses="与信の取消OK", codes="", calls=[])
    outcome = shop.expect("register", source, status=1, statuses="与信の取消OK", codes="ORDER_CANCELLED", calls=[])
    case.true("names the way", "reregister" in outcome.rows[2]["修正方法/対応方法"])
    shop.expect("reregister", source, statuses="与信OK", calls=[("register", f"{order}-2") for order in many(2)])
    shop.expect("register", source, statuses="与信OK", codes="", calls=[])


@shop_test("ship where it makes no sense: 与信NG, never registered, cancelled: no request, and the code says which")
def test_ship_not_allowed(case, shop):
    orders = {ONE: [NG], "2000002": [{}], "2000003": [FAILED], "2000004": [PENDING]}
    shop.do("register", shop.file(orders))
    shop.do("cancel", shop.file({"2000002": [{}]}))
    outcome = shop.expect("ship", shop.file({**orders, "2000009": [{}]}), status=1)
    case.equal("codes", {order: code for order, code in outcome.codes().items() if order != "2000003"},
               {ONE: "SHIP_NOT_ALLOWED", "2000002": "ORDER_CANCELLED", "2000004": "SHIP_NOT_ALLOWED",
                "2000009": "NOT_REGISTERED"})
    case.true("与信失敗", outcome.codes()["2000003"] in ("SHIP_NOT_ALLOWED", "NOT_REGISTERED"))
    case.equal("statuses", outcome.statuses(), {ONE: "与信NG", "2000002": "与信の取消OK", "2000003": "与信失敗",
                                               "2000004": "与信中", "2000009": ""})
    case.equal("no shipment", [call for call in shop.kinds() if call[0] != "ask"], [])
    outcome = shop.expect("cancel", shop.file({"2000009": [{}]}), status=1, codes="NOT_REGISTERED", calls=[])


@shop_test("cancel fails at the service: 与信の取消NG, exit 1; reregister does not register a second order then")
def test_cancel_ng(case, shop):
    source = shop.file({ONE: [CANCEL_NG]})
    shop.do("register", source)
    shop.expect("cancel", source, status=1, statuses="与信の取消NG", codes="CANCEL_FAILED",
                calls=[("cancellation", ONE)])
    changed = shop.file({ONE: [{"請求金額": 2980, **CANCEL_NG}]})
    shop.expect("reregister", changed, status=1, statuses="与信の取消NG")
    case.true("no registration", "register" not in [kind for kind, _ in shop.kinds()])
    verify_registered_once(case, shop.sandbox, 1)


@shop_test("status asks for what is pending and for nothing else")
def test_status(case, shop):
    orders = {ONE: [{}], "2000002": [PENDING], "2000003": [NG], "2000004": [FAILED], "2000005": [PENDING]}
    source = shop.file(orders)
    shop.do("register", source)
    outcome = shop.expect("status", source, status=1)
    case.equal("asked", sorted(shop.kinds()), [("ask", "2000002"), ("ask", "2000005")])
    case.equal("statuses", outcome.statuses(), {ONE: "与信OK", "2000002": "与信OK", "2000003": "与信NG",
                                               "2000004": "与信失敗", "2000005": "与信OK"})
    codes = outcome.codes()
    case.equal("codes", [codes[order] for order in (ONE, "2000002", "2000004", "2000005")],
               ["STATUS_NOT_PENDING", "", "REGISTRATION_NOT_DONE", ""])
    shop.expect("register", shop.file({"2000002": [PENDING]}), statuses="与信OK", codes="", calls=[])
    case.true("questions are in the history", ("status", "2000002", "与信OK") in shop.operations("2000002"))


@shop_test("reregister of an order that is registered and unchanged does nothing and says so")
def test_reregister_not_needed(case, shop):
    source = shop.file(many(2))
    shop.do("register", source)
    outcome = shop.expect("reregister", source, statuses="与信OK", codes="REREGISTER_NOT_NEEDED", calls=[])
    case.equal("ids", {row["後払い受注番号"] for row in outcome.rows.values()}, set(many(2)))
    shop.expect("reregister", shop.file({"2000009": [{}]}), status=1, codes="NOT_REGISTERED", calls=[])


@shop_test("reregister of an order in 与信NG, unchanged: a new id each time, and one is alive")
def test_reregister_ng(case, shop):
    source = shop.file({ONE: [NG]})
    shop.do("register", source)
    for issue in (2, 3):
        outcome = shop.expect("reregister", source, status=1, statuses="与信NG")
        case.equal("id", outcome.rows[2]["後払い受注番号"], f"{ONE}-{issue}")
        case.equal("alive", shop.alive(ONE), [f"{ONE}-{issue}"])
    case.equal("duplicates", shop.sandbox.stats()["duplicate_ids"], 0)


# ---- What the ledger does not know ----


@shop_test("a 409 on an order that the ledger does not know: asked, taken over, flagged, and never sent again")
def test_foreign(case, shop):
    source = shop.file({ONE: [{}], "2000002": [NG]})
    mine = shop.ledger
    shop.ledger = case.tmp / "other" / "ledger.db"
    shop.do("register", source)
    shop.ledger = mine
    changed = shop.file({ONE: [{"請求金額": 2980}], "2000002": [{"請求金額": 2980, **NG}]})
    outcome = shop.expect("register", changed, status=1, codes="ALREADY_REGISTERED")
    case.equal("calls", sorted(shop.kinds()), [("ask", ONE), ("ask", "2000002"), ("register", ONE),
                                               ("register", "2000002")])
    case.equal("statuses", outcome.statuses(), {ONE: "与信OK", "2000002": "与信NG"})
    outcome = shop.expect("register", changed, status=1, codes="ALREADY_REGISTERED")
    case.true("no POST", not shop.relay.posts())
    case.equal("statuses", outcome.statuses(), {ONE: "与信OK", "2000002": "与信NG"})
    case.equal("registered", shop.sandbox.stats()["registered"], 2)
    shop.expect("reregister", shop.file({ONE: [{"請求金額": 2980}]}), statuses="与信OK")
    case.equal("alive", shop.alive(ONE), [ONE + "-2"])


@shop_test("a 409, and then no answer to the question about it: never called ours by a later run, whatever that is for")
def test_foreign_in_doubt(case, shop):
    theirs = shop.file(many(4))
    mine, shop.ledger = shop.ledger, case.tmp / "other" / "ledger.db"
    shop.do("register", theirs)
    shop.ledger = mine
    changed = shop.file(many(4), 請求金額=2980)
    shop.relay.script = lambda call: DROP if call.kind == "ask" else None
    shop.expect("register", changed, "--retries", "0", status=5, statuses="", codes="IN_DOUBT")
    shop.relay.script = None
    for operation, order, statuses in (("status", "2000001", "与信OK"), ("ship", "2000002", "出荷情報登録OK")):
        shop.expect(operation, shop.file({order: [{"請求金額": 2980}]}), statuses=statuses)
    shop.expect("register", shop.file({"2000003": [{"請求金額": 3980}]}), status=1, codes="ALREADY_REGISTERED",
                calls=[("ask", "2000003")])
    shop.expect("register", changed, status=1, codes="ALREADY_REGISTERED")


@shop_test("another 送り状番号 is refused with a 409, and the question after it lost: not taken for done by the next run")
def test_correction_refused_in_doubt(case, shop):
    source, other = shop.file({ONE: [{}]}), shop.file({ONE: [{"送り状番号": "123456789023"}]})
    shop.do("register", source)
    shop.do("ship", source)
    answers = {"shipment": refused("番号は変えられません", 409), "ask": DROP}
    shop.relay.script = lambda call: answers.get(call.kind)
    shop.expect("ship", other, "--retries", "0", status=5, codes="IN_DOUBT")
    del answers["ask"]
    for _ in range(2):
        shop.expect("ship", other, status=1, statuses="出荷情報登録OK", codes="SERVICE_REFUSED")


@shop_test("the ledger is lost, the file is not: the same keys, so that the service replays its answers")
def test_lost_ledger(case, shop):
    source = shop.file(many(5))
    shop.do("register", source)
    keys = {call.headers["Idempotency-Key"] for call in shop.relay.calls}
    for path in shop.ledger.parent.iterdir():
        path.unlink()
    shop.expect("register", source, statuses="与信OK", codes="")
    case.equal("keys", {call.headers["Idempotency-Key"] for call in shop.relay.posts()}, keys)
    verify_registered_once(case, shop.sandbox, 5)


@shop_test("the ledger is lost, and what reregister would register was cancelled since: not called registered anew")
def test_lost_ledger_reregister(case, shop):
    source = shop.file({ONE: [NG]})
    for operation in ("register", "reregister", "cancel"):
        shop.do(operation, source)
    for path in shop.ledger.parent.iterdir():
        path.unlink()
    shop.expect("register", source, status=1, statuses="与信の取消OK", codes="ORDER_CANCELLED")
    shop.expect("reregister", source, status=1, statuses="与信の取消OK", codes="ORDER_CANCELLED",
                calls=[("register", ONE + "-2"), ("ask", ONE + "-2")])
    shop.expect("reregister", source, status=1, statuses="与信NG", codes="CREDIT_NG", calls=[("register", ONE + "-3")])
    case.equal("alive", shop.alive(ONE), [ONE + "-3"])


# ---- Killed, interrupted ----


# Where the program dies: at which call, and whether the service still gets it.
DEATHS = [("cancellation", False), ("cancellation", True), ("ask", False), ("register", False), ("register", True)]


def test_reregister_killed(kind, forwarded):
    with Case(f"reregister is killed at its {kind} call, {'after' if forwarded else 'before'} the service gets it: the "
              "next run ends it, and one order is alive") as case, Sandbox(case.tmp) as sandbox, \
            Relay(sandbox) as relay:
        shop = Shop(case, relay, sandbox)
        orders = {ONE: [{}, {}], "2000002": [NG]}
        shop.do("register", shop.file(orders))
        changed = shop.file({ONE: [{"請求金額": 2980}] * 2, "2000002": [{"請求金額": 2980}]})
        ready, killed = threading.Event(), threading.Event()

        def script(call):
            if killed.is_set():
                return DROP
            if call.kind == kind and call.id.startswith(ONE):
                if forwarded:
                    relay.forward(call)
                ready.wait(20)
                process.process.kill()
                process.process.wait()
                killed.set()
                return DROP
            if call.kind == "cancellation" and kind == "ask":  # so that there is something to ask about
                return 202, json.dumps({"id": call.id, "creditStatus": "CANCEL_PENDING"}).encode()
            return None

        relay.script = script
        process = shop.start("reregister", changed, "--concurrency", "1")
        ready.set()
        case.equal("killed", process.end().status, -signal.SIGKILL)
        case.true("at that call", killed.wait(20))
        relay.script = None
        outcome = shop.do("reregister", changed)
        case.equal(f"exit ({outcome.stderr[-200:]})", outcome.status, 0)
        case.equal("statuses", outcome.statuses(), {ONE: "与信OK", "2000002": "与信OK"})
        case.equal("ids", {row["後払い受注番号"] for row in outcome.rows.values()}, {ONE + "-2", "2000002-2"})
        case.equal("alive", [shop.alive(ONE), shop.alive("2000002")], [[ONE + "-2"], ["2000002-2"]])
        verify_registered_once(case, sandbox, 4)
        shop.expect("reregister", changed, statuses="与信OK", calls=[])


@shop_test("a cancellation in progress: reregister asks until it is confirmed, and registers only then")
def test_cancel_in_progress(case, shop):
    source, changed = shop.file({ONE: [{}]}), shop.file({ONE: [{"請求金額": 2980}]})
    shop.do("register", source)
    pending = [0]

    def script(call):
        answer = 200 if call.kind == "ask" else 202
        if call.kind == "cancellation":
            shop.relay.forward(call)
            pending[0] = 2
        if call.kind == "ask" and pending[0] == 0 or call.kind == "register":
            return None
        pending[0] -= call.kind == "ask"
        return answer, json.dumps({"id": call.id, "creditStatus": "CANCEL_PENDING"}).encode()

    shop.relay.script = script
    outcome = shop.expect("reregister", changed, statuses="与信OK")
    case.equal("calls", shop.kinds(), [("cancellation", ONE)] + [("ask", ONE)] * 3 + [("register", ONE + "-2")])
    case.equal("id", outcome.rows[2]["後払い受注番号"], ONE + "-2")


@shop_test("a cancellation in progress for long: reregister gives up for now, registers nothing, and goes on later")
def test_cancel_in_progress_long(case, shop):
    source, changed = shop.file({ONE: [{}]}), shop.file({ONE: [{"請求金額": 2980}]})
    shop.do("register", source)

    def script(call):
        if call.kind == "cancellation":
            shop.relay.forward(call)
        return None if call.kind == "register" else \
            (202, json.dumps({"id": call.id, "creditStatus": "CANCEL_PENDING"}).encode())

    shop.relay.script = script
    begun = time.monotonic()
    outcome = shop.expect("reregister", changed, codes="REREGISTER_WAITING")
    case.true(f"in bounded time, with some patience: {len(shop.relay.calls)} calls",
              time.monotonic() - begun < 60 and 2 <= len(shop.relay.calls) <= 20)
    case.equal("nothing was registered", [call for call in shop.kinds() if call[0] == "register"], [])
    case.equal("status", outcome.rows[2]["与信ステータス"], "与信の取消中")
    shop.relay.script = None
    shop.expect("reregister", changed, statuses="与信OK", calls=[("ask", ONE), ("register", ONE + "-2")])
    case.equal("alive", shop.alive(ONE), [ONE + "-2"])


@shop_test("Ctrl-C while sending: 130, a result for what is known, and the next run sends the rest alone", "--fault",
           "slow=1")
def test_interrupted(case, shop):
    source = shop.file(many(40))
    process = shop.start("register", source, "--concurrency", "4")
    case.true("it began", wait_until(lambda: shop.sandbox.stats()["registered"] >= 6))
    process.process.send_signal(signal.SIGINT)
    outcome = process.end()
    case.equal("exit", outcome.status, 130)
    known = {order for order, status in outcome.statuses().items() if status == "与信OK"}
    case.true(f"{len(known)} are known", 6 <= len(known) < 30)
    case.equal("the others", {code for order, code in outcome.codes().items() if order not in known}, {"NOT_SENT"})
    shop.expect("register", outcome.out, "--concurrency", "40", statuses="与信OK", codes="")
    case.equal("only the rest", sorted(call.id for call in shop.relay.posts()), sorted(set(many(40)) - known))
    verify_registered_once(case, shop.sandbox, 40)


@shop_test("SIGKILL while sending: the next run sends what has no outcome, under the same keys")
def test_killed(case, shop):
    source = shop.file(many(200))
    seen = threading.Event()

    def script(call):
        if len(shop.relay.calls) >= 150:
            seen.set()
            time.sleep(0.5)
        return None

    shop.relay.script = script
    process = shop.start("register", source, "--concurrency", "4")
    case.true("it sends", seen.wait(20))
    process.process.kill()
    outcome = process.end()
    case.equal("killed, and left no result", (outcome.status, outcome.exists), (-signal.SIGKILL, False))
    first = {call.id: call.headers["Idempotency-Key"] for call in shop.relay.calls}
    doubts = {entry["order_id"] for entry in json.loads(shop.orders("IN_DOUBT"))}
    known = {entry["order_id"] for entry in json.loads(shop.orders("与信OK"))}
    case.true(f"some were known: {len(known)}", len(known) > 30)
    case.equal("nothing had left without an intent", set(first) - doubts - known, set())
    shop.relay.script = None
    shop.expect("register", source, statuses="与信OK", codes="")
    second = {call.id: call.headers["Idempotency-Key"] for call in shop.relay.posts()}
    case.equal("what was not known was sent", set(second), set(many(200)) - known)
    case.equal("under the same key", {order: key for order, key in second.items() if order in first},
               {order: key for order, key in first.items() if order in second})
    verify_registered_once(case, shop.sandbox, 200)


# ---- Accounts, rehearsals, choices ----


@shop_test("two merchant codes, or two services, in one ledger: the orders of one are nobody else's")
def test_accounts(case, shop):
    source = shop.file(many(2))
    shop.do("register", source)
    other = {**SECRETS, "ATOBARAI_MERCHANT_CODE": "merchant-other"}
    outcome = shop.do("status", source, env=other)
    case.equal("another merchant", (outcome.status, set(outcome.codes().values())), (1, {"NOT_REGISTERED"}))
    outcome = shop.do("register", source, env=other)  # the sandbox has one room of ids for all
    case.equal("is sent", len(shop.relay.posts()), 2)
    case.equal("and met by a 409", set(outcome.codes().values()), {"ALREADY_REGISTERED"})
    case.equal("the first one's", shop.expect("register", source, calls=[]).statuses(),
               {order: "与信OK" for order in many(2)})
    with Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        elsewhere = Shop(case, relay, sandbox)
        elsewhere.ledger = shop.ledger
        elsewhere.expect("register", source, statuses="与信OK", codes="",
                         calls=[("register", order) for order in many(2)])
        elsewhere.expect("cancel", source, statuses="与信の取消OK")
    shop.expect("register", source, statuses="与信OK", codes="", calls=[])
    outcome = shop.do("register", source, env={**SECRETS, "ATOBARAI_API_KEY": "a-new-key"})
    case.equal("another key is no other account", (outcome.status, shop.relay.calls), (0, []))


def snapshot(folder):
    """Name → bytes of all files in a folder; empty where there is none."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


@shop_test("--dry-run: nothing is sent, the ledger is not made or changed, and the rows say what would be sent")
def test_dry_run(case, shop):
    orders = {ONE: [{}, {}], "2000002": [NG], "2000003": [{"商品名": ""}], "2000004": [PENDING]}
    source = shop.file(orders)
    outcome = shop.expect("register", source, "--dry-run", status=1, calls=[])
    case.true("no ledger was made", not shop.ledger.exists() and not shop.ledger.parent.exists())
    case.equal("codes", {order: code for order, code in outcome.codes().items()},
               {ONE: "PLAN_REGISTER", "2000002": "PLAN_REGISTER", "2000003": "ITEM_NAME_SIZE",
                "2000004": "PLAN_REGISTER"})
    case.equal("statuses", set(outcome.statuses().values()), {""})
    case.equal("summary", outcome.summary.get("dry_run"), True)
    case.equal("sent", outcome.summary["sent"], 0)
    shop.do("register", source)
    before = snapshot(shop.ledger.parent)
    case.true("there is a ledger", before)
    changed = shop.file({ONE: [{"請求金額": 2980}] * 2, "2000002": [NG], "2000004": [PENDING], "2000009": [{}]})
    plans = {"register": {ONE: "ORDER_CHANGED", "2000009": "PLAN_REGISTER", "2000004": ""},
             "ship": {ONE: "PLAN_SHIP", "2000002": "SHIP_NOT_ALLOWED", "2000009": "NOT_REGISTERED"},
             "cancel": {ONE: "PLAN_CANCEL", "2000002": "PLAN_CANCEL", "2000009": "NOT_REGISTERED"},
             "status": {ONE: "STATUS_NOT_PENDING", "2000004": "PLAN_ASK", "2000009": "NOT_REGISTERED"},
             "reregister": {ONE: "PLAN_REREGISTER", "2000002": "PLAN_REREGISTER", "2000009": "NOT_REGISTERED"}}
    for operation, codes in plans.items():
        outcome = shop.expect(operation, changed, "--dry-run", status=1, calls=[])
        case.equal(f"{operation}: codes", {order: outcome.codes().get(order) for order in codes}, codes)
        after = snapshot(shop.ledger.parent)
        case.true(f"{operation}: the ledger is as it was", after["ledger.db"] == before["ledger.db"])
        case.equal(f"{operation}: and nothing is to be written to it", after.get("ledger.db-wal", b""), b"")
    case.equal("registered", shop.sandbox.stats()["registered"], 3)


@shop_test("--only with the list of orders --status: the others are left alone")
def test_only(case, shop):
    orders = {**many(4, lines=2), "2000008": [PENDING, PENDING], "2000009": [PENDING]}
    source = shop.file(orders)
    shop.do("register", source)
    chosen = case.tmp / "pending.csv"
    chosen.write_bytes(shop.orders("与信中", "csv"))
    case.true("by the service's name", shop.orders("AUTH_PENDING", "csv") == chosen.read_bytes())
    outcome = shop.expect("status", source, "--only", chosen)
    case.equal("asked", sorted(shop.kinds()), [("ask", "2000008"), ("ask", "2000009")])
    statuses = outcome.statuses()
    case.equal("those", [statuses["2000008"], statuses["2000009"]], ["与信OK", "与信OK"])
    case.equal("the others", {outcome.codes()[order] for order in many(4)}, {""})
    case.equal("all rows are there", len(outcome.rows), 11)
    case.equal("none is pending now", json.loads(shop.orders("与信中")), [])
    words = case.tmp / "ids.txt"
    words.write_text("2000002\n")
    shop.expect("cancel", source, "--only", words, calls=[("cancellation", "2000002")])
    words.write_text("7777777\n")
    outcome = shop.do("cancel", source, "--only", words)
    case.equal("none of them", outcome.status, 2)
    case.true(f"none of them: {outcome.stderr}", message_of("ONLY_UNKNOWN").replace("{path}", str(words)) in outcome.stderr)
    case.equal("none of them: calls", shop.relay.calls, [])


@shop_test("--set-status and --set-shop-status: on the rows of orders that are done, and nowhere else")
def test_set_status(case, shop):
    source = shop.file({ONE: [{}, {}], "2000002": [NG], "2000003": [{"商品名": ""}]})
    outcome = shop.expect("register", source, "--set-status", "30", "--set-shop-status", "処理中", status=1)
    cells = {row["受注ID"]: (row["ステータスコード"], row["店舗ステータス"]) for row in outcome.rows.values()}
    case.equal("cells", cells, {ONE: ("30", "処理中"), "2000002": ("10", "新規受付"), "2000003": ("10", "新規受付")})
    case.equal("both rows", [row["ステータスコード"] for row in outcome.rows.values() if row["受注ID"] == ONE], ["30"] * 2)
    outcome = shop.expect("register", outcome.out, status=1, calls=[])  # a status of Robot-in is no part of the content
    case.equal("codes", outcome.codes(), {ONE: "", "2000002": "CREDIT_NG", "2000003": "ITEM_NAME_SIZE"})


def test_default_place():
    with Case("the ledger's place: $XDG_STATE_HOME/atobarai/ledger.db, or below $HOME; --sandbox leaves none") \
            as case, Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        source = write_csv(case.tmp / "in.csv", many(1))
        home = case.tmp / "home"
        home.mkdir()
        for name, env, place in (("XDG", {"XDG_STATE_HOME": str(case.tmp / "xdg")}, case.tmp / "xdg"),
                                 ("HOME", {"XDG_STATE_HOME": "", "HOME": str(home)}, home / ".local/state")):
            outcome = operate("register", case.tmp, relay.url, source, env={**SECRETS, **env})
            case.equal(f"{name}: exit ({outcome.stderr[-200:]})", outcome.status, 0)
            ledger = place / "atobarai" / "ledger.db"
            case.true(f"{name}: it is there", ledger.exists())
            if ledger.exists():
                case.equal(f"{name}: mode", stat.S_IMODE(ledger.stat().st_mode), 0o600)
                case.equal(f"{name}: mode of its folder", stat.S_IMODE(ledger.parent.stat().st_mode), 0o700)
            calls = len(relay.calls)
            outcome = operate("register", case.tmp, relay.url, source, env={**SECRETS, **env})
            case.equal(f"{name}: nothing was sent again", len(relay.calls), calls)
        empty = case.tmp / "empty"
        status, _, _ = run("register", source, "-o", case.tmp / "rehearsal.csv", "--sandbox",
                           env={"XDG_STATE_HOME": str(empty)})
        case.equal("rehearsal", (status, empty.exists()), (0, False))


# ---- Trouble with the ledger ----


def verify_trouble(case, name, outcome, relay, path, *words):
    case.equal(f"{name}: exit ({outcome.stderr[-300:]})", outcome.status, 3)
    case.equal(f"{name}: calls", [(call.method, call.path) for call in relay.calls], [])
    case.true(f"{name}: no result", not outcome.exists)
    for word in (path, *words):
        case.true(f"{name}: {word} in {outcome.stderr!r}", str(word) in outcome.stderr)
    case.true(f"{name}: cause and remedy", "原因: " in outcome.stderr and "対処: " in outcome.stderr)


@shop_test("a ledger that is none, newer, truncated, damaged or in no folder: exit 3 before anything is sent")
def test_bad_ledgers(case, shop):
    source, more = shop.file(many(300)), shop.file(many(301))
    shop.do("register", source, "--concurrency", "32")
    good = shop.ledger.read_bytes()
    case.true("it is a file of some pages", len(good) > 4 * 4096)
    name = re.escape(str(case.tmp))

    def newer(path):
        path.write_bytes(good)
        with sqlite3.connect(path) as ledger:
            ledger.execute("PRAGMA user_version = 99")
        ledger.close()

    def foreign(path):
        with sqlite3.connect(path) as ledger:
            ledger.execute("CREATE TABLE notes (text)")
        ledger.close()

    makers = {"no database": lambda path: path.write_bytes(b"a note to myself\r\n" * 500),
              "newer": newer, "of another program": foreign,
              "cut in the middle": lambda path: path.write_bytes(good[:len(good) // 2]),
              "cut within a page": lambda path: path.write_bytes(good[:5000]),
              "all but its first page damaged":
                  lambda path: path.write_bytes(good[:4096] + b"\xa5" * (len(good) - 4096)),
              "damaged here and there": lambda path: path.write_bytes(b"".join(
                  good[at:at + 4096] if at // 4096 % 2 == 0 else b"\xa5" * 4096 for at in range(0, len(good), 4096))),
              "a folder": lambda path: path.mkdir()}
    for title, make in makers.items():
        shop.ledger = case.tmp / title.replace(" ", "-") / "ledger.db"
        shop.ledger.parent.mkdir()
        make(shop.ledger)
        before = shop.ledger.read_bytes() if shop.ledger.is_file() else None
        outcome = shop.do("register", more)
        verify_trouble(case, title, outcome, shop.relay, shop.ledger, *(("99",) if title == "newer" else ()))
        after = shop.ledger.read_bytes() if shop.ledger.is_file() else None
        case.true(f"{title}: it stays as it was", after == before)
        status, _, stderr = run("history", "--ledger", shop.ledger)
        case.true(f"{title}: history: exit {status}", status == 3 or title.startswith(("damaged", "cut within")))
    shop.ledger = Path(source) / "ledger.db"
    verify_trouble(case, "below a file", shop.do("register", more), shop.relay, shop.ledger)
    case.true("no other place was made", not re.search(name + "/order_1.csv/", " ".join(map(str, case.tmp.iterdir()))))
    case.equal("registered", shop.sandbox.stats()["registered"], 300)


def on_tiny_disk(folder, place, script):
    """Run the shell `script` where `place` is a file system of 256 KiB, seen by it alone. None: not possible here."""
    place.mkdir()
    words = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=256k tmpfs "{place}" || exit 99\n{script}']
    try:
        finished = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, cwd=folder,
                                  env={**os.environ, **SECRETS})
    except FileNotFoundError:
        return None
    if finished.returncode == 99 or b"unshare" in finished.stderr:
        return None
    return finished


FULL = 'dd if=/dev/zero of="{}/filler" bs=1k 2>/dev/null\n'


@shop_test("the disk of the ledger is full: exit 3 before anything is sent")
def test_full_disk(case, shop):
    source, more = shop.file(many(3)), shop.file(many(200))
    for name, before in (("from the start", ""), ("later", "first")):
        place = case.tmp / f"disk-{name.split()[-1]}"
        ledger, out = place / "ledger.db", case.tmp / f"out-{name.split()[-1]}.csv"
        words = f'"{PROGRAM}" register "{{}}" -o "{{}}" --api-url {shop.relay.url} --ledger "{ledger}"'
        script = words.format(source, case.tmp / "first.csv") + " || exit 98\n" if before else ""
        script += FULL.format(place) + "exec " + words.format(more, out)
        shop.relay.calls.clear()
        finished = on_tiny_disk(case.tmp, place, script)
        if finished is None:
            print(f"# hint: {name}: left out, a file system cannot be mounted here", flush=True)
            return
        stderr = finished.stderr.decode("utf-8", "replace")
        case.equal(f"{name}: exit ({stderr[-300:]})", finished.returncode, 3)
        case.equal(f"{name}: calls", len(shop.relay.calls), 3 if before else 0)
        case.true(f"{name}: names the file: {stderr}", str(ledger) in stderr)
        case.true(f"{name}: says why: {stderr}", message_of("ERRNO_ENOSPC") in stderr)
        case.true(f"{name}: no result", not out.exists())


@shop_test("another process has the ledger: exit 3, which names it; a reader is not kept waiting")
def test_busy(case, shop):
    source, more = shop.file(many(4)), shop.file(many(2, first=2000101))
    gate = threading.Event()
    shop.relay.script = lambda call: gate.wait(60) and None
    process = shop.start("register", source)
    try:
        case.true("it sends", wait_until(lambda: shop.relay.calls))
        begun = time.monotonic()
        calls = len(shop.relay.calls)
        outcome = operate("register", case.tmp, shop.relay.url, more, "--ledger", shop.ledger, "--timeout", "1")
        case.true("it did not wait for ever", time.monotonic() - begun < 20)
        case.equal("exit", outcome.status, 3)
        case.true("no result", not outcome.exists)
        case.true(f"names the process {process.process.pid}: {outcome.stderr}",
                  str(process.process.pid) in outcome.stderr and str(shop.ledger) in outcome.stderr)
        case.true("and its command", "register" in outcome.stderr)
        wait_until(lambda: len(shop.relay.calls) >= 4, 5)
        case.equal("sent only what the first sends", {call.id for call in shop.relay.calls}, set(many(4)))
        case.equal("history meanwhile", {entry["order_id"] for entry in shop.history()}, set(many(4)))
        case.true("calls were counted", calls)
    finally:
        gate.set()
        case.equal("the first", process.end().status, 0)
    shop.relay.script = None
    shop.expect("register", more, statuses="与信OK")


@shop_test("two runs over one file and one ledger at the same time: one waits for the other, and sends nothing")
def test_two_at_once(case, shop):
    source = shop.file(many(60, lines=2))
    both = [shop.start("register", source) for _ in range(2)]
    for outcome in [process.end() for process in both]:
        case.equal(f"exit ({outcome.stderr[-200:]})", outcome.status, 0)
        case.equal("statuses", set(outcome.statuses().values()), {"与信OK"})
    case.equal("calls", len(shop.relay.calls), 60)
    verify_registered_once(case, shop.sandbox, 60)


# ---- Secrecy ----


def personal(path):
    """What an input says of people."""
    found = set()
    for row in csv.DictReader(io.StringIO(path.read_bytes().decode("cp932", "replace"), newline="")):
        for heading, text in row.items():
            if heading and text and heading.startswith(("注文者", "送付先")) and len(text) > 2:
                found |= {text, re.sub(r"\D", "", text) if re.fullmatch(r"[\d-]+", text) else text}
    return found


def test_secrecy():
    with Case("the ledger holds no name, address, phone number, email, key or merchant code, and is its owner's") \
            as case, Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        shop = Shop(case, relay, sandbox)
        texts = {API_KEY, MERCHANT}
        seen = []

        def look():
            for path in shop.ledger.parent.iterdir():
                seen.append(path.read_bytes())
                case.equal(f"{path.name}: mode", stat.S_IMODE(path.stat().st_mode), 0o600)

        names = set()

        def script(call):  # while it runs, there is a write-ahead log
            if len(relay.calls) % 10 == 1:
                look()
                names.update(path.name for path in shop.ledger.parent.iterdir())
            if call.kind == "register" and call.id.endswith("3"):
                return refused(f"validation error:buyer.name {call.json['buyer']['name']} is not allowed")
            return None

        relay.script = script
        for path in sorted(SAMPLES.glob("order_*.csv")):
            texts |= personal(path)
            for operation in ("register", "ship", "status"):
                outcome = shop.do(operation, path)
                case.true(f"{operation} {path.name}: exit {outcome.status}", outcome.status in (0, 1))
            look()
        changed = shop.file({ONE: [{"請求金額": 2980}]})
        for operation, source in (("register", shop.file({ONE: [{}]})), ("reregister", changed), ("cancel", changed)):
            shop.do(operation, source)
        texts |= personal(changed)
        look()
        case.true(f"{len(seen)} looks at {names}", len(seen) > 20 and any(name.endswith("-wal") for name in names))
        case.true("there are things to find", len(texts) > 30)
        everything = b"\0".join(set(seen))
        case.true("there is something in it", b"1010001" in everything)
        for text in texts:
            for encoding in ("utf-8", "cp932", "utf-16-le", "utf-16-be"):
                try:
                    case.true(f"{text!r} in {encoding}", text.encode(encoding) not in everything)
                except UnicodeEncodeError:
                    pass


@shop_test("an order that the service no longer knows: SERVICE_ORDER_UNKNOWN, exit 1, for every call")
def test_order_unknown(case, shop):
    source = shop.file({ONE: [PENDING]}, 送り状番号="123456789012", 配送会社="ヤマト運輸")
    shop.do("register", source)
    shop.relay.script = lambda call: refused("order is unknown", 404)
    for operation in ("status", "cancel", "ship"):
        codes = "SHIP_NOT_ALLOWED" if operation == "ship" else "SERVICE_ORDER_UNKNOWN"
        shop.expect(operation, source, status=1, codes=codes)
    shop.relay.script = None
    shop.expect("status", source, statuses="与信OK", codes="")


@shop_test("a registered order that is spoilt in the file afterwards is held back, with the status that it has")
def test_spoilt(case, shop):
    shop.do("register", shop.file({ONE: [{}], "2000002": [{}]}))
    spoilt = shop.file({ONE: [{"商品名": ""}], "2000002": [{}], "2000003": [{"商品名": ""}]})
    outcome = shop.expect("register", spoilt, status=1, calls=[],
                          codes={ONE: "ITEM_NAME_SIZE", "2000002": "", "2000003": "ITEM_NAME_SIZE"},
                          statuses={ONE: "与信OK", "2000002": "与信OK", "2000003": ""})
    case.equal("ids", [row["後払い受注番号"] for row in outcome.rows.values()], [ONE, "2000002", ""])


@shop_test("a service that fails in the midst of an operation: NOT_FINISHED, with the status as far as it came")
def test_not_finished(case, shop):
    source = shop.file({ONE: [NG], "2000002": [PENDING]})
    shop.do("register", source)
    only = case.tmp / "one.txt"
    only.write_text(ONE)
    shop.relay.script = lambda call: (429, b"") if call.kind == "register" else None
    shop.expect("reregister", source, "--only", only, "--retries", "0", status=5,
                statuses={ONE: "与信の取消OK", "2000002": ""}, codes={ONE: "NOT_FINISHED", "2000002": ""})
    shop.relay.script = lambda call: refused("down", 500)
    only.write_text("2000002")
    shop.expect("status", source, "--only", only, "--retries", "0", status=5,
                statuses={ONE: "", "2000002": "与信中"}, codes={ONE: "", "2000002": "NOT_FINISHED"})
    shop.relay.script = None
    shop.expect("status", source, "--only", only, statuses={ONE: "", "2000002": "与信OK"})


@shop_test("an id too long for a number behind it: the order is not cancelled in vain")
def test_long_id(case, shop):
    order = "9" * 64
    source = shop.file({order: [NG]})
    shop.do("register", source)
    shop.expect("reregister", source, status=1, statuses="与信NG", codes="REREGISTER_ID_LONG", calls=[])
    shop.do("cancel", source)
    shop.expect("reregister", source, status=1, statuses="与信の取消OK", codes="REREGISTER_ID_LONG", calls=[])


def main():
    first = test_cancel_in_progress_long  # takes half a minute
    others = [test for name, test in globals().items()
              if name.startswith("test_") and test not in (first, test_reregister_killed)]
    tests = [(first,), *((test_reregister_killed, *death) for death in DEATHS), *((test,) for test in others)]
    # Most of the time is waiting, so that the tests may do it side by side.
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for finished in [pool.submit(*test) for test in tests]:
            finished.result()
    return done()


if __name__ == "__main__":
    sys.exit(main())
