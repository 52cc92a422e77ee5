#!/usr/bin/env python3
"""register over real sockets: what is sent, what is made of every answer, and what survives faults, signals and death.

A relay of our own stands between the program and a sandbox process: it records each call, and passes it on or answers
by script. The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per
check and exits 1 if any failed.
"""
import base64
import concurrent.futures
import csv
import io
import json
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import jsonschema

from harness import PROGRAM, ROOT, TIMEOUT, Case, done, process_file, run
from service import (API_KEY, DROP, MERCHANT, SCHEMAS, SECRETS, Background, Call, Outcome, Relay, Sandbox, accepted,
                     command, environment, many, message_of, operate, paths, refused, verify_registered_once,
                     write_csv)

SAMPLES = ROOT / "samples"
FAULTS = "500=0.3,429=0.1,reset=0.2,lost-answer=0.2,garbage=0.1"


def schema(name):
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def invalid(validator, instance):
    """Sentences about what the schema does not allow."""
    return [f"{'/'.join(map(str, error.path))}: {error.message[:120]}" for error in validator.iter_errors(instance)]


# ---- Runs ----


def forgetful(folder):
    """The environment of a run with a ledger of its own: what is tested here holds also where the ledger was lost."""
    return {**SECRETS, "XDG_STATE_HOME": tempfile.mkdtemp(prefix="state-", dir=folder)}


def register(folder, url, source, *options, env=None):
    return operate("register", folder, url, source, *options, env=forgetful(folder) if env is None else env)


def register_meanwhile(folder, url, source, *options):
    return Background("register", folder, url, source, *options, env=forgetful(folder))


def leaks(outcome, *more):
    """Whether a secret stands in anything that a run leaves behind."""
    texts = [outcome.stdout, outcome.stderr, outcome.data.decode("cp932", "replace"), outcome.summary_text, *more]
    forms = [API_KEY, MERCHANT, base64.b64encode(API_KEY.encode()).decode()]
    return [f"a secret in {text[:60]!r}" for text in texts for form in forms if form in text]


# ---- 1: what is sent ----


def wanted_body(lines):
    """The body of an order from its rows, by the rules of the contract."""
    lines = sorted(lines, key=lambda row: int(row.get("項番") or row["明細ID"]))
    first = lines[0]
    digits = re.findall(r"\d+", first["受注日時"])
    body = {"id": first["受注ID"], "amount": int(first["請求金額"]),
            "orderedAt": "{:0>4}-{:0>2}-{:0>2}T{:0>2}:{:0>2}:{:0>2}+09:00".format(*digits, *["00"] * (6 - len(digits))),
            "buyer": person(first, "注文者"), "items": [item(line) for line in lines]}
    delivery = person(first, "送付先")
    if any(body["buyer"].get(key) != value for key, value in delivery.items()):
        body["delivery"] = delivery
    return body


def person(row, prefix):
    fields = {"name": row.get(prefix + "氏名"), "nameKana": row.get(prefix + "氏名カナ"),
              "postalCode": row.get(prefix + "郵便番号"),
              "address": "".join(row.get(prefix + part, "") for part in ("都道府県", "住所1", "住所2")),
              "phone": row.get(prefix + "電話番号") or row.get(prefix + "電話"),
              "email": row.get(prefix + "メールアドレス") or row.get(prefix + "メール")}
    return {name: text for name, text in fields.items() if text}


def item(row):
    fields = {"id": row["商品番号"] if "商品番号" in row else row["商品コード"], "name": row["商品名"].replace("\r\n", "\n")}  # line ends leave as LF
    numbers = {"unitPrice": "単価", "quantity": "個数", "amount": "小計"}
    fields.update({name: int(row[column]) for name, column in numbers.items() if row.get(column)})
    return fields


def orders_of(path):
    """Order id → rows, D rows left out; read by Python's own csv."""
    orders = {}
    for row in csv.DictReader(io.StringIO(path.read_bytes().decode("cp932", "replace"), newline="")):
        if row["コントロールカラム"] != "D":
            orders.setdefault(row["受注ID"], []).append(row)
    return orders


def verify_calls(case, name, calls):
    request, answer, error = (schema(f"api/{part}.schema.json") for part in
                              ("order-request", "order-answer", "error-answer"))
    for call in calls:
        case.problems += [f"{name} {call.id}: {problem}" for problem in invalid(request, call.json)]
        case.problems += [f"{name} {call.id} answered {call.status}: {problem}" for problem in
                          invalid(answer if call.status < 300 else error, json.loads(call.answer))]
        case.equal(f"{name}: path", (call.method, call.path), ("POST", "/v1/orders"))
        case.equal(f"{name}: Authorization", call.headers.get("Authorization"), f"Bearer {API_KEY}")
        case.equal(f"{name}: X-Merchant-Code", call.headers.get("X-Merchant-Code"), MERCHANT)
        case.equal(f"{name}: Content-Type", call.headers.get("Content-Type"), "application/json; charset=utf-8")
        case.true(f"{name}: Idempotency-Key", re.fullmatch("[0-9a-f]{64}", call.headers.get("Idempotency-Key", "")))
        case.equal(f"{name}: Content-Length", call.headers.get("Content-Length"), str(len(call.body)))
    case.equal(f"{name}: a key for each order", len({c.headers["Idempotency-Key"] for c in calls}), len(calls))


def test_samples():
    with Case("every sample: what is sent is what the file says, and keeps to the schemas") as case, \
            Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        compared = 0  # orders
        for path in sorted(SAMPLES.glob("order_*.csv")):
            before = len(relay.calls)
            outcome = register(case.tmp, relay.url, path)
            calls = relay.calls[before:]
            verify_calls(case, path.name, calls)
            case.problems += leaks(outcome)
            case.problems += [f"{path.name}: summary {problem}" for problem in
                              invalid(schema("summary.schema.json"), outcome.summary)]
            case.equal(f"{path.name}: sent", len(calls), outcome.summary["sent"])
            rows = orders_of(path)
            for call in calls:
                case.equal(f"{path.name} {call.id}", call.json, wanted_body(rows[call.id]))
                mall = rows[call.id][0].get("受注番号")
                case.true(f"{path.name} {call.id}: no mall number", not mall or mall not in call.body.decode())
                compared += 1
        case.equal("orders compared", compared, sum(sum(sample["register"]["by_status"].values()) for sample in
                                                    json.loads((SAMPLES / "expected.json").read_text()).values()))
        case.true("some had a delivery", any("delivery" in call.json for call in relay.calls))
        verify_registered_once(case, sandbox, compared)


def test_order_of_lines():
    with Case("a file sorted otherwise is the same submission") as case, Sandbox(case.tmp) as sandbox, \
            Relay(sandbox) as relay:
        lines = [{"項番": n, "明細ID": n, "商品番号": f"X{n}", "商品名": f"品 {n}"} for n in range(1, 6)]
        for turn, order in enumerate((lines, lines[::-1], lines[2:] + lines[:2])):
            outcome = register(case.tmp, relay.url, write_csv(case.tmp / f"{turn}.csv", {"2000001": order}))
            case.equal("exit", outcome.status, 0)
        case.equal("bodies", len({call.body for call in relay.posts()}), 1)
        case.equal("keys", len({call.headers["Idempotency-Key"] for call in relay.posts()}), 1)
        case.equal("names", [line["name"] for line in relay.calls[0].json["items"]], [f"品 {n}" for n in range(1, 6)])
        verify_registered_once(case, sandbox, 1)


# ---- 2: connections ----


def test_connections():
    def slowly(call):
        time.sleep(0.05)
        return accepted(call)

    for concurrency in (1, 5):
        with Case(f"--concurrency {concurrency} is reached and never exceeded, on connections that are kept") as case, \
                Relay(script=slowly) as relay:
            outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(30)),
                               "--concurrency", str(concurrency))
            case.equal("exit", outcome.status, 0)
            case.equal("calls", len(relay.calls), 30)
            case.equal("in flight", relay.most_in_flight, concurrency)
            case.true(f"{relay.connections} connections", relay.connections <= concurrency)


def test_retry_keeps_the_key():
    seen = set()

    def first_time_500(call):
        if call.id in seen:
            return accepted(call)
        seen.add(call.id)
        return 500, b"oops"

    with Case("another attempt is the same request, under the same key") as case, Relay(script=first_time_500) as relay:
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(4)), "--retries", "1")
        case.equal("exit", outcome.status, 0)
        case.equal("calls", len(relay.calls), 8)
        case.equal("requests", len({(c.body, c.headers["Idempotency-Key"]) for c in relay.calls}), 4)
        case.equal("keys", len({c.headers["Idempotency-Key"] for c in relay.calls}), 4)


def test_retry_on_a_message():
    def busy_at_first(call):
        return refused("tenant is Locked for now", 422) if [c.id for c in relay.calls].count(call.id) < 3 else None

    with Case("a refusal that --retry-on names is tried again, under the same key") as case, \
            Sandbox(case.tmp) as sandbox, Relay(sandbox, busy_at_first) as relay:
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(3)), "--retry-on", "[Ll]ocked .*now")
        case.equal("exit", outcome.status, 0)
        case.equal("calls", len(relay.calls), 9)
        case.equal("keys", len({c.headers["Idempotency-Key"] for c in relay.calls}), 3)
        verify_registered_once(case, sandbox, 3)
    with Case("what it does not name is the row's error at once") as case, Relay(script=lambda call: refused("no", 422)) as relay:
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(2)), "--retry-on", "locked")
        case.equal("exit", outcome.status, 1)
        case.equal("calls", len(relay.calls), 2)
        case.equal("codes", set(outcome.codes().values()), {"SERVICE_REFUSED"})
    with Case("when the attempts are spent, the order is unsent and not in doubt") as case, \
            Relay(script=lambda call: refused("locked", 409)) as relay:
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(2)), "--retry-on", "locked",
                           "--retries", "1")
        case.equal("exit", outcome.status, 5)
        case.equal("calls", len(relay.calls), 4)
        case.equal("codes", set(outcome.codes().values()), {"NOT_SENT"})
    with Case("a pattern that is none is refused before anything is sent") as case, Relay() as relay:
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(1)), "--retry-on", "(")
        case.equal("exit", outcome.status, 2)
        case.true("names it", "--retry-on" in outcome.stderr)
        case.equal("calls", len(relay.calls), 0)


# ---- 3, 4, 5: faults, and the same order again ----


def verify_unsent(case, outcome):
    """Orders without an answer say so; the others are done."""
    for number, row in outcome.rows.items():
        if row["エラーコード"] in ("IN_DOUBT", "NOT_SENT"):
            case.equal(f"row {number}: status", (row["与信ステータス"], row["後払い受注番号"]), ("", ""))
            case.true(f"row {number}: says why", "理由：" in row["エラー内容"] and row["修正方法/対応方法"])
        else:
            case.equal(f"row {number}", (row["与信ステータス"], row["エラーコード"]), ("与信OK", ""))
    left = {code: len([c for c in outcome.codes().values() if c == code]) for code in ("IN_DOUBT", "NOT_SENT")}
    case.equal("unsent", outcome.summary["unsent"], sum(left.values()))
    case.equal("by_error", outcome.summary["by_error"], {code: count for code, count in left.items() if count})
    case.equal("exit", outcome.status, 5 if sum(left.values()) else 0)


def test_faults(seed):
    with Case(f"faults of every kind, seed {seed}: no order is lost or doubled") as case, \
            Sandbox(case.tmp, "--fault", FAULTS, "--seed", str(seed)) as sandbox:
        source = write_csv(case.tmp / "in.csv", many(5, lines=2))
        for _ in range(25):  # each run does all of them with probability 0.4
            outcome = register(case.tmp, sandbox.url, source, "--retries", "3")
            verify_unsent(case, outcome)
            stats = sandbox.stats()
            case.equal("duplicate ids", stats["duplicate_ids"], 0)
            sure = [status for status in outcome.statuses().values() if status]
            case.true("what is called done is registered", stats["registered"] >= len(sure))
            if outcome.status in (0, 1):
                break
        case.equal("the last exit", outcome.status, 0)
        case.equal("statuses", set(outcome.statuses().values()), {"与信OK"})
        verify_registered_once(case, sandbox, 5)


def test_lost_answers():
    with Case("answers lost on the way: in doubt, and settled under the same key by the next run") as case, \
            Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        source = write_csv(case.tmp / "in.csv", many(6))

        def lose(call):
            relay.forward(call)
            return DROP

        relay.script = lose
        outcome = register(case.tmp, relay.url, source, "--retries", "0")
        verify_unsent(case, outcome)
        case.equal("codes", set(outcome.codes().values()), {"IN_DOUBT"})
        verify_registered_once(case, sandbox, 6)
        relay.script = None
        again = register(case.tmp, relay.url, source)
        case.equal("exit", again.status, 0)
        case.equal("answers", {c.status for c in relay.calls if c.status}, {200})
        case.equal("statuses", set(again.statuses().values()), {"与信OK"})
        verify_registered_once(case, sandbox, 6)


def test_busy():
    with Case("429 only: nothing was taken, so nothing is in doubt") as case, \
            Relay(script=lambda call: (429, b"", {"Retry-After": "9999"})) as relay:
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(3)))
        verify_unsent(case, outcome)
        case.equal("codes", set(outcome.codes().values()), {"NOT_SENT"})
        case.true("reason", all("HTTP 429" in row["エラー内容"] for row in outcome.rows.values()))
        case.equal("calls", len(relay.calls), 3)
        case.equal("sent", outcome.summary["sent"], 0)


def test_same_file_twice():
    with Case("the same file twice, the ledger lost: the same keys, replayed, asked about, nothing new") as case, Sandbox(case.tmp) as sandbox, \
            Relay(sandbox) as relay:
        source = write_csv(case.tmp / "in.csv", many(10, lines=2))
        first, second = (register(case.tmp, relay.url, source) for _ in range(2))
        case.equal("exits", (first.status, second.status), (0, 0))
        posts = relay.posts()
        case.equal("answers", [call.status for call in posts], [201] * 10 + [200] * 10)
        keys = [{c.headers["Idempotency-Key"] for c in part} for part in (posts[:10], posts[10:])]
        case.equal("keys", keys[0], keys[1])
        case.equal("asked how they stand now", len(relay.calls) - len(posts), 10)
        case.equal("statuses", first.statuses(), second.statuses())
        verify_registered_once(case, sandbox, 10)
        case.equal("replayed", sandbox.stats()["replayed"], 10)
        result = case.tmp / "result.csv"  # a result file is a legal input
        result.write_bytes(second.data)
        third = register(case.tmp, relay.url, result)
        case.equal("its exit", third.status, 0)
        case.equal("its columns", third.data.split(b"\r\n")[0], second.data.split(b"\r\n")[0])
        verify_registered_once(case, sandbox, 10)


def test_changed_after_registration():
    with Case("an order changed after registration: 409, asked about, taken over and flagged") as case, \
            Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        source = write_csv(case.tmp / "in.csv", {**many(2), "2000009": [{"注文者メールアドレス": "ng@example.com"}]})
        register(case.tmp, relay.url, source)
        relay.calls.clear()
        changed = write_csv(case.tmp / "in2.csv", {"2000001": [{"請求金額": 2980}] * 2, "2000002": [{}],
                                                   "2000009": [{"請求金額": 1, "注文者メールアドレス": "ng@example.com"}]})
        outcome = register(case.tmp, relay.url, changed)
        case.equal("exit", outcome.status, 1)
        case.equal("calls", [(c.method, c.path, c.status) for c in relay.calls if c.id in ("2000001",)],
                   [("POST", "/v1/orders", 409), ("GET", "/v1/orders/2000001", 200)])
        get = [c for c in relay.calls if c.method == "GET"][0]
        case.true("no key on a question", "Idempotency-Key" not in get.headers)
        case.equal("its credentials", get.headers.get("Authorization"), f"Bearer {API_KEY}")
        case.equal("codes", outcome.codes(),
                   {"2000001": "ALREADY_REGISTERED", "2000002": "", "2000009": "ALREADY_REGISTERED"})
        case.equal("statuses", outcome.statuses(), {"2000001": "与信OK", "2000002": "与信OK", "2000009": "与信NG"})
        case.equal("ids", {row["後払い受注番号"] for row in outcome.rows.values()}, {"2000001", "2000002", "2000009"})
        case.equal("registered", sandbox.stats()["registered"], 3)


def test_corrected_after_failure():
    with Case("an order in 与信失敗, corrected and registered again") as case, Sandbox(case.tmp) as sandbox:
        failed = write_csv(case.tmp / "in.csv", {"2000001": [{"注文者メールアドレス": "failed@example.com"}]})
        corrected = write_csv(case.tmp / "in2.csv", {"2000001": [{"注文者メールアドレス": "taro@example.com"}]})
        first = register(case.tmp, sandbox.url, failed)
        case.equal("first", (first.status, first.statuses(), first.codes()),
                   (1, {"2000001": "与信失敗"}, {"2000001": "REGISTRATION_FAILED"}))
        second = register(case.tmp, sandbox.url, corrected)
        case.equal("second", (second.status, second.statuses(), second.codes()),
                   (0, {"2000001": "与信OK"}, {"2000001": ""}))
        case.equal("duplicates", sandbox.stats()["duplicate_ids"], 0)


def test_sandbox_state():
    with Case("a sandbox with --state, killed and started again, knows its orders; a torn line is cut off") as case:
        state = case.tmp / "state"
        source = write_csv(case.tmp / "in.csv", {**many(5), "2000009": [{"注文者メールアドレス": "pending@example.com"}]})
        with Sandbox(case.tmp, "--state", state) as sandbox:
            first = register(case.tmp, sandbox.url, source)
            case.equal("first", first.status, 0)
            sandbox.process.kill()
        with open(state, "ab") as file:
            file.write(b"3230 0 0 -")
        with Sandbox(case.tmp, "--state", state) as sandbox:
            second = register(case.tmp, sandbox.url, source)
            asked = {**first.statuses(), "2000009": "与信OK"}  # the review has ended with the question
            case.equal("second", (second.status, second.statuses()), (0, asked))
            stats = sandbox.stats()
            case.equal("counts", (stats["registered"], stats["replayed"], stats["duplicate_ids"]), (6, 6, 0))
        case.equal("only its owner may read it", state.stat().st_mode & 0o777, 0o600)
        case.true("no buyer is in it", b"example" not in state.read_bytes() and "見本".encode() not in state.read_bytes())
        state.write_bytes(b"something else\n")
        status, _, errors = run("sandbox", "--port", "0", "--state", state)
        case.equal("a file that is none", (status, state.read_bytes()), (3, b"something else\n"))
        case.true("is named", "サンドボックスを起動できませんでした" in errors)


# ---- 6, 7, 8: answers ----


def test_credentials_refused(status):
    with Case(f"HTTP {status}: the run stops, and says what to check") as case, \
            Relay(script=lambda call: refused(f"bad key {API_KEY} of {MERCHANT}", status)) as relay:
        source = write_csv(case.tmp / "in.csv", many(30))
        outcome = register(case.tmp, relay.url, source, "--concurrency", "2")
        case.equal("exit", outcome.status, 3)
        case.true("no result", not outcome.exists)
        for word in ("ATOBARAI_API_KEY", "ATOBARAI_MERCHANT_CODE", f"HTTP {status}"):
            case.true(f"message names {word}", word in outcome.stderr)
        case.true("soon", len(relay.calls) <= 4)
        case.problems += leaks(outcome)


def test_answers():
    """Every odd answer at once, each to an order of its own."""
    refusal = "validation error:items[{}].name size must be between 1 and 255"
    unknown = "validation error:buyer.phone がおかしい {row} {1} 100% | \"x\""
    answers = {
        "2000001": lambda call: refused(refusal.format(0)),
        "2000002": lambda call: refused(refusal.format(7)),
        "2000003": lambda call: refused(unknown),
        "2000004": lambda call: (404, b"<html>nothing here</html>"),
        "2000005": lambda call: (200, b"<html>It works!</html>"),
        "2000006": lambda call: (302, b"", {"Location": "/v1/elsewhere"}),
        "2000007": lambda call: (201, json.dumps({"id": call.id, "creditStatus": "AUTH_OK"}).encode() + b" " * 2**21),
        "2000008": lambda call: (201, json.dumps({"id": "2000001", "creditStatus": "AUTH_OK"}).encode()),
        "2000009": lambda call: refused("=HYPERLINK(\"http://example.com\")\r\n\tx"),
        "2000010": lambda call: (201, json.dumps({"id": call.id, "creditStatus": "AUTH_MAYBE"}).encode()),
        "2000011": lambda call: (400, b'{"message":"bad \xff\xfe bytes"}'),
        "2000012": lambda call: accepted(call, "AUTH_FAILED"),
        "2000013": lambda call: refused("validation error:items[1].id contains non-Ascii character", 422),
        "2000014": lambda call: accepted(call),
        "2000015": lambda call: (307, b"", {"Location": f"http://127.0.0.1:{relay.port}/v1/elsewhere"}),
        "2000016": lambda call: refused("known", 409),
        "orders/2000016": lambda call: refused("unknown after all", 404),
    }
    codes = {"2000003": "SERVICE_REFUSED", "2000004": "SERVICE_NOT_FOUND", "2000005": "IN_DOUBT", "2000006": "IN_DOUBT",
             "2000007": "IN_DOUBT", "2000008": "IN_DOUBT", "2000009": "SERVICE_REFUSED", "2000010": "IN_DOUBT",
             "2000011": "SERVICE_REFUSED", "2000012": "REGISTRATION_FAILED", "2000014": "", "2000015": "IN_DOUBT",
             "2000016": "IN_DOUBT"}
    with Case("every odd answer is what it is, on the row it is about") as case, \
            Relay(script=lambda call: answers[("" if call.method == "POST" else "orders/") + call.id](call)) as relay:
        # Three lines each, whose 項番 run backwards: items[0] is the last row.
        orders = {order: [{"項番": 3}, {"項番": 2}, {"項番": 1}] for order in answers if "/" not in order}
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", orders), "--retries", "0")
        case.equal("exit", outcome.status, 5)
        rows = {order: [row for row in outcome.rows.values() if row["受注ID"] == order] for order in orders}
        case.equal("items[0]", [row["エラーコード"] for row in rows["2000001"]],
                   ["SIBLING_ROW", "SIBLING_ROW", "ITEM_NAME_SIZE"])
        case.true("siblings name it", "4行目" in rows["2000001"][0]["エラー内容"])
        case.equal("its message", rows["2000001"][2]["エラー内容"], refusal.format(0))
        case.equal("its column", rows["2000001"][2]["エラー項目"], "商品名")
        case.equal("items[7], which is not", [row["エラーコード"] for row in rows["2000002"]], ["ITEM_NAME_SIZE"] * 3)
        case.equal("items[1] in a 422", [row["エラーコード"] for row in rows["2000013"]],
                   ["SIBLING_ROW", "ITEM_ID_NON_ASCII", "SIBLING_ROW"])
        for order, code in codes.items():
            case.equal(order, [row["エラーコード"] for row in rows[order]], [code] * 3)
        for order in orders:
            failed = rows[order][0]["エラーコード"] not in ("", "IN_DOUBT", "SERVICE_NOT_FOUND")
            wanted = "与信失敗" if failed else "与信OK" if order == "2000014" else ""
            case.equal(f"{order}: status", {row["与信ステータス"] for row in rows[order]}, {wanted})
        case.equal("unknown message", rows["2000003"][0]["エラー内容"], unknown.replace("|", "｜"))
        case.true("its remedy", "クロネコ代金後払いサービスへお問い合わせください" in rows["2000003"][0]["修正方法/対応方法"])
        case.equal("no message", rows["2000004"][0]["エラー内容"], not_found("HTTP 404"))
        case.equal("a formula", rows["2000009"][0]["エラー内容"], "'=HYPERLINK(\"http://example.com\")   x")
        case.true("bad bytes", rows["2000011"][0]["エラー内容"].startswith("bad "))
        case.true("garbage has its reason", "サービスの応答を読み取れませんでした" in rows["2000005"][0]["エラー内容"])
        case.true("no redirect was followed", all("elsewhere" not in call.path for call in relay.calls))
        case.equal("calls", len(relay.calls), len(answers))
        counts = ("orders", "sent", "succeeded", "failed", "invalid", "unsent")
        case.equal("counts", [outcome.summary[count] for count in counts],
                   [16, 16, 1, 8, 0, 7])


def not_found(words):
    """The message about 404 to a registration."""
    return message_of("SERVICE_NOT_FOUND").replace("{1}", words)


def test_wrong_address():
    """404 is no word about an order: nothing says that its credit was refused."""
    with Case("a URL without /v1, which answers 404: each row says so, and no order failed its credit check") as case, \
            Relay(script=lambda call: refused("no such path", 404)) as relay:
        source = write_csv(case.tmp / "in.csv", many(30, lines=2))
        outcome = register(case.tmp, relay.url, source)
        case.equal("exit", outcome.status, 1)
        case.equal("codes", outcome.codes(), {order: "SERVICE_NOT_FOUND" for order in many(30)})
        case.equal("statuses", outcome.statuses(), {order: "" for order in many(30)})
        case.equal("messages", {row["エラー内容"] for row in outcome.rows.values()}, {not_found("no such path")})
        case.equal("each was sent once", sorted(call.id for call in relay.posts()), sorted(many(30)))


def test_formula_after_encoding():
    """U+2212 becomes the full-width hyphen in CP932, which Japanese Excel takes for a minus."""
    with Case("no cell begins as a formula, also when a character was replaced") as case, \
            Relay(script=lambda call: refused("\u2212100は使えません")) as relay:
        outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(1)))
        case.true(f"{outcome.rows[2]['エラー内容']!r}", outcome.rows[2]["エラー内容"][0] not in "=+-@＝＋－＠")


def test_dead_service():
    with Case("nobody listens: exit 5, everything is NOT_SENT, and the result is there") as case:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        source = write_csv(case.tmp / "in.csv", many(30))
        outcome = register(case.tmp, f"http://127.0.0.1:{port}/v1", source, "--retries", "0", "--max-errors", "5")
        verify_unsent(case, outcome)
        case.equal("codes", outcome.codes(), {order: "NOT_SENT" for order in many(30)})
        case.equal("sent", outcome.summary["sent"], 0)
        case.true("message", "30件" in outcome.stderr)


def test_max_errors():
    with Case("--max-errors stops early, and only failures in a row count") as case, \
            Relay(script=lambda call: (500, b"")) as relay:
        source = write_csv(case.tmp / "in.csv", many(30))
        options = ("--retries", "0", "--concurrency", "1", "--max-errors", "3")
        outcome = register(case.tmp, relay.url, source, *options)
        verify_unsent(case, outcome)
        case.equal("calls", len(relay.calls), 3)
        case.equal("in doubt", list(outcome.codes().values()), ["IN_DOUBT"] * 3 + ["NOT_SENT"] * 27)
        relay.script = lambda call: accepted(call) if int(call.id) % 3 == 0 else (500, b"")
        outcome = register(case.tmp, relay.url, source, *options)
        case.equal("calls of the second run", len(relay.calls), 33)


# ---- 9, 10: ended midway ----


def test_signal(number):
    with Case(f"{signal.Signals(number).name} while sending: a result, and the next run goes on") as case, \
            Sandbox(case.tmp, "--fault", "slow=1") as sandbox:
        source = write_csv(case.tmp / "in.csv", many(40))
        process = register_meanwhile(case.tmp, sandbox.url, source, "--concurrency", "4")
        end = time.monotonic() + 20
        while sandbox.stats()["registered"] < 6 and time.monotonic() < end:
            time.sleep(0.01)
        process.process.send_signal(number)
        outcome = process.end()
        case.equal("exit", outcome.status, 130)
        codes = list(outcome.codes().values())
        case.equal("each order is done or was not sent", set(codes), {"", "NOT_SENT"})
        case.equal("what was in flight has its outcome", codes.count(""), sandbox.stats()["registered"])
        case.true("some were left", codes.count("NOT_SENT") > 10)
        left = [row["エラー内容"] for row in outcome.rows.values() if row["エラーコード"]]
        case.true("and told why", all(message_of("REASON_INTERRUPTED") in message for message in left))
        case.true("says that it is safe", "もう一度" in outcome.stderr)
        case.equal("unsent", outcome.summary["unsent"], codes.count("NOT_SENT"))
        again = register(case.tmp, sandbox.url, source, "--concurrency", "40")
        case.equal("exit of the next run", again.status, 0)
        verify_registered_once(case, sandbox, 40)


def catches(pid, number):
    """Whether the process has a handler for the signal: from then on it is asked to end, and not ended."""
    mask = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.M)
    return int(mask[1], 16) >> (number - 1) & 1


def test_signal_before_sending():
    """The input is still coming: nothing is known of it yet, so that nothing is reported but the interruption."""
    with Case("SIGINT before anything is sent: no result, and no word of one") as case, Relay(script=accepted) as relay:
        out, summary = paths(case.tmp)
        process = subprocess.Popen([PROGRAM, *map(str, command("register", relay.url, "-", out, summary))], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(SECRETS))
        process.stdin.write(write_csv(case.tmp / "in.csv", many(3)).read_bytes())
        process.stdin.flush()
        end = time.monotonic() + 20
        while not catches(process.pid, signal.SIGINT) and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=TIMEOUT)  # this closes standard input
        outcome = Outcome(process.returncode, stdout.decode(), stderr.decode("utf-8", "replace"), out, summary)
        case.equal("exit", outcome.status, 130)
        case.true("no result", not outcome.exists)
        case.equal("calls", len(relay.calls), 0)
        case.true("no closing message", "買い手情報登録を予約しました" not in outcome.stderr)
        case.true("no result line", out.name not in outcome.stderr)
        case.true("says that it was interrupted", message_of("INTERRUPTED") in outcome.stderr)


def test_killed():
    with Case("kill -9 at random moments, then to the end: each order once") as case, \
            Sandbox(case.tmp, "--fault", "slow=0.1", "--seed", "5") as sandbox:
        source = write_csv(case.tmp / "in.csv", many(60, lines=2))
        moments = random.Random(20261102)
        killed = 0
        for _ in range(8):
            process = register_meanwhile(case.tmp, sandbox.url, source, "--concurrency", "3")
            time.sleep(moments.uniform(0.005, 0.6))
            process.process.kill()
            outcome = process.end()
            killed += outcome.status == -signal.SIGKILL
            case.true("a result is whole or not there", not outcome.exists or outcome.status == 0)
            case.equal("duplicate ids", sandbox.stats()["duplicate_ids"], 0)
        case.true("some were killed", killed > 3)
        outcome = register(case.tmp, sandbox.url, source, "--concurrency", "20")
        case.equal("exit", outcome.status, 0)
        case.equal("statuses", outcome.statuses(), {order: "与信OK" for order in many(60)})
        verify_registered_once(case, sandbox, 60)


# ---- The console ----


def test_rehearsal():
    with Case("--sandbox: the console begins by saying that it is a rehearsal, and only then") as case, \
            Relay(script=accepted) as relay:
        source = write_csv(case.tmp / "in.csv", many(3))
        for language, word in (("ja", "【練習】"), ("en", "REHEARSAL: ")):
            def errors(*words):
                out = paths(case.tmp)[0]
                status, _, stderr = run(*words, source, "-o", out, "--lang", language, env=SECRETS)
                case.equal(f"{language}: exit of {words}", status, 0)
                return stderr

            rehearsal = errors("register", "--sandbox")
            case.true(f"{language}: it begins so: {rehearsal[:60]!r}", rehearsal.startswith(word))
            case.true(f"{language}: the closing message is behind it",
                      "3件の受注のクロネコ代金後払いサービス買い手情報登録を予約しました" in rehearsal.split("\n", 1)[1])
            case.true(f"{language}: not for the service", word not in errors("register", "--api-url", relay.url))
            case.true(f"{language}: not for check", word not in errors("check"))
            case.equal(f"{language}: --quiet", errors("register", "--sandbox", "--quiet"), "")


def test_totals_of_check():
    with Case("check's totals: what is good, and nothing about sending") as case:
        orders = {**many(3), "2000009": [{"商品名": ""}]}
        source = write_csv(case.tmp / "in.csv", orders)
        for language, wanted in (("ja", "行 4、受注 4、対象外の行 0、誤りなし 3、誤り 1"),
                                 ("en", "rows 4, orders 4, skipped rows 0, good 3, invalid 1")):
            status, _, stderr = run("check", source, "--lang", language)
            case.equal(f"{language}: exit", status, 1)
            case.true(f"{language}: {stderr!r}", wanted in stderr.split("\n"))


# Command, exit status, and the phases that ran: those before the end are there, and the one that ended the run.
PHASES = {
    "check": (("check", "in.csv"), 0, ["read", "check"]),
    "check, with a result": (("check", "in.csv", "-o", "out.csv"), 0, ["read", "check", "write"]),
    "register": (("register", "in.csv", "-o", "out.csv", "--sandbox"), 0, ["read", "check", "send", "write"]),
    "no input": (("check", "none.csv"), 2, ["read"]),
    "no order CSV": (("check", "words.csv"), 4, ["read"]),
    "a result that exists": (("check", "in.csv", "-o", "old.csv"), 2, ["read"]),
    "a result that has no folder": (("check", "in.csv", "-o", "none/out.csv"), 2, ["read"]),
    "no schema": (("check", "in.csv", "--schema", "none.json"), 3, []),
    "no URL": (("register", "in.csv", "-o", "out.csv"), 3, []),
}


def verify_phases(case, what, summary, wanted):
    case.equal(f"{what}: phases", list(summary["phases_ms"]), wanted)
    case.true(f"{what}: {summary['phases_ms']} in {summary['elapsed_ms']} ms",
              sum(summary["phases_ms"].values()) <= summary["elapsed_ms"])
    case.problems += [f"{what}: {problem}" for problem in invalid(schema("summary.schema.json"), summary)]


def test_phases():
    with Case("the summary has the phases that ran, in their order, and no more time than there was") as case:
        for what, (words, wanted_status, wanted) in PHASES.items():
            folder = Path(tempfile.mkdtemp(dir=case.tmp))
            source = write_csv(folder / "in.csv", many(50))
            (folder / "words.csv").write_bytes(b"no order at all\r\n")
            (folder / "old.csv").write_bytes(b"old\r\n")
            status, _, errors = run(*words, "--summary-json", "sum.json", cwd=folder, env=SECRETS)
            case.equal(f"{what}: exit ({errors[:200]})", status, wanted_status)
            verify_phases(case, what, json.loads((folder / "sum.json").read_text(encoding="utf-8")), wanted)
        with open("/dev/full", "wb") as full:
            finished = subprocess.run([PROGRAM, "check", source, "-o", "-", "--summary-json", case.tmp / "sum.json"],
                                      stdout=full, stderr=subprocess.DEVNULL, timeout=TIMEOUT)
        case.equal("a full disk: exit", finished.returncode, 2)
        verify_phases(case, "a full disk", json.loads((case.tmp / "sum.json").read_text(encoding="utf-8")),
                      ["read", "check", "write"])


def test_phase_of_sending():
    """A tenth of a second for each of four orders, one after the other; then a key that is refused."""
    def slow(call):
        time.sleep(0.1)
        return accepted(call) if call.id != "2000004" else refused("bad key", 401)

    with Case("waiting for the service is the time of sending, also where that ends the run") as case, \
            Relay(script=slow) as relay:
        for orders, wanted in ((3, ["read", "check", "send", "write"]), (4, ["read", "check", "send"])):
            outcome = register(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(orders)), "--concurrency", "1")
            case.equal(f"{orders} orders: exit", outcome.status, 0 if orders == 3 else 3)
            verify_phases(case, f"{orders} orders", outcome.summary, wanted)
            case.true(f"{orders} orders: {outcome.summary['phases_ms']}",
                      outcome.summary["phases_ms"]["send"] >= orders * 100)


# ---- 11, 12: before anything is sent, and secrets ----


def test_urls_and_credentials():
    with Case("a bad address or bad credentials: exit 3 before anything is read, and nothing is sent") as case, \
            Relay(script=accepted) as relay:
        proxy = {"http_proxy": relay.url[:-3], "HTTP_PROXY": relay.url[:-3], "ALL_PROXY": relay.url[:-3]}
        missing = case.tmp / "none.csv"  # would be exit 2, if it were read
        for url in ("http://api.example.com/v1", "http://192.0.2.1/v1", "http://localhost.example.com/v1",
                    "http://127.0.0.1.example.com/v1", "ftp://127.0.0.1/v1", "127.0.0.1:80/v1", "http://", "http:///v1",
                    "nonsense", "http://user:geheim@127.0.0.1/v1", f"{relay.url}?token=geheim", f"{relay.url}#geheim"):
            outcome = register(case.tmp, url, missing, env={**SECRETS, **proxy})
            case.equal(f"{url}: exit", outcome.status, 3)
            case.true(f"{url}: message", "URL" in outcome.stderr and "--api-url" in outcome.stderr)
            case.true(f"{url}: no secret", "geheim" not in outcome.stderr)
            case.problems += leaks(outcome)
        status, _, stderr = run("register", missing, "-o", case.tmp / "out.csv", env=SECRETS)
        case.equal("no URL: exit", status, 3)
        case.true("no URL: message", "--api-url" in stderr)
        for secrets, name in (({}, "ATOBARAI_API_KEY"), ({"ATOBARAI_API_KEY": API_KEY}, "ATOBARAI_MERCHANT_CODE"),
                              ({"ATOBARAI_MERCHANT_CODE": MERCHANT}, "ATOBARAI_API_KEY"),
                              ({**SECRETS, "ATOBARAI_API_KEY": ""}, "ATOBARAI_API_KEY"),
                              ({**SECRETS, "ATOBARAI_API_KEY": API_KEY + "\nX-Evil: 1"}, "ATOBARAI_API_KEY"),
                              ({**SECRETS, "ATOBARAI_API_KEY": API_KEY + "\r"}, "ATOBARAI_API_KEY"),
                              ({**SECRETS, "ATOBARAI_API_KEY": "鍵" + API_KEY}, "ATOBARAI_API_KEY"),
                              ({**SECRETS, "ATOBARAI_MERCHANT_CODE": " " + MERCHANT}, "ATOBARAI_MERCHANT_CODE")):
            outcome = register(case.tmp, relay.url, missing, env=secrets)
            case.equal(f"{name}: exit", outcome.status, 3)
            case.true(f"{name}: message", name in outcome.stderr)
            case.problems += leaks(outcome)
        case.equal("calls", relay.calls, [])
        case.equal("connections", relay.connections, 0)


def test_secrets():
    gate = threading.Event()

    def wait(call):
        gate.wait(20)
        return accepted(call)

    with Case("secrets: in the headers alone") as case, Relay(script=wait) as relay:
        process = register_meanwhile(case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(2)), "--verbose")
        end = time.monotonic() + 20
        while not relay.calls and time.monotonic() < end:
            time.sleep(0.01)
        seen = [process_file(process.process.pid, name).decode("utf-8", "replace") for name in ("cmdline", "environ")]
        gate.set()
        outcome = process.end()
        case.equal("exit", outcome.status, 0)
        case.true("the command line was read", "register" in seen[0])
        case.problems += leaks(outcome, *seen)
        case.true("no secret in a body or a path",
                  all(secret not in c.body.decode() + c.path for c in relay.calls for secret in (API_KEY, MERCHANT)))


# ---- 13: other names ----


def test_other_dialect():
    with Case("--dialect: another service's names, end to end") as case:
        dialect = json.loads((SCHEMAS / "api/json-dialect.json").read_text(encoding="utf-8"))
        dialect["headers"] = {"X-Key": "Key {apiKey}", "X-Shop": "{merchantCode}", "Content-Type": "application/json"}
        dialect["idempotency"] = {"X-Request-Id": "{idempotencyKey}"}
        dialect["operations"] = {"register": {"method": "POST", "path": "/shop/{id}"},
                                 "ship": {"method": "POST", "path": "/shop/{id}/sent"},
                                 "cancel": {"method": "POST", "path": "/shop/{id}/off"},
                                 "status": {"method": "GET", "path": "/shop/{id}/state"}}
        dialect["fields"] = {"id": "/no", "amount": "/sum/total", "buyer.name": "/who", "items.id": "/goods/-/code",
                             "items.name": "/goods/-/label/ja"}
        dialect["answers"] = {"id": "/data/no", "status": "/data/state", "message": "/errors/0/text"}
        dialect["statuses"] = {"OK": "与信OK", "WAIT": "与信中", "NO": "与信NG"}
        path = case.tmp / "dialect.json"
        path.write_text(json.dumps(dialect, ensure_ascii=False), encoding="utf-8")

        def answer(call):
            number = re.search(r"\d{7}", call.path).group()
            if number == "2000002":
                return 400, json.dumps({"errors": [{"text": "だめです"}]}).encode()
            if number == "2000003" and call.method == "POST":
                return 409, b"{}"
            status, state = (200, "WAIT") if call.method == "GET" else (201, "OK")
            return status, json.dumps({"data": {"no": number, "state": state}}).encode()

        with Relay(script=answer) as relay:
            source = write_csv(case.tmp / "in.csv", many(3))
            outcome = register(case.tmp, relay.url, source, "--dialect", str(path))
            case.equal("exit", outcome.status, 1)
            case.equal("statuses", outcome.statuses(), {"2000001": "与信OK", "2000002": "与信失敗", "2000003": "与信中"})
            case.equal("codes", outcome.codes(),
                       {"2000001": "", "2000002": "SERVICE_REFUSED", "2000003": "ALREADY_REGISTERED"})
            case.equal("message", outcome.rows[3]["エラー内容"], "だめです")
            case.equal("paths", sorted((c.method, c.path) for c in relay.calls),
                       [("GET", "/v1/shop/2000003/state")] + [("POST", f"/v1/shop/200000{n}") for n in (1, 2, 3)])
            call = [c for c in relay.calls if c.path.endswith("1")][0]
            case.equal("body", call.json, {"no": "2000001", "sum": {"total": 1980}, "who": "見本 太郎",
                                           "goods": [{"code": "A1", "label": {"ja": "見本の品 1"}}]})
            case.equal("headers", [call.headers.get(n) for n in ("X-Key", "X-Shop", "Content-Type", "Authorization")],
                       [f"Key {API_KEY}", MERCHANT, "application/json", None])
            case.true("key", re.fullmatch("[0-9a-f]{64}", call.headers["X-Request-Id"]))
            before = len(relay.calls)
            for broken in ("{", "{}", json.dumps({**dialect, "statuses": {"OK": "よし"}})):
                path.write_text(broken, encoding="utf-8")
                outcome = register(case.tmp, relay.url, source, "--dialect", str(path))
                case.equal("broken: exit", outcome.status, 3)
                case.true("broken: message", "dialect.json" in outcome.stderr and "--dialect" in outcome.stderr)
                case.true("broken: no result", not outcome.exists)
            outcome = register(case.tmp, relay.url, source, "--dialect", str(case.tmp / "none.json"))
            case.equal("missing: exit", outcome.status, 3)
            case.equal("nothing was sent", len(relay.calls), before)


def other_schema(folder, names, **changes):
    """The built-in schema with other headings, and with changes to the column 受注ID."""
    columns = json.loads((SCHEMAS / "robot-in-order.json").read_text(encoding="utf-8"))
    for column in columns["columns"]:
        column.update(changes if column["name"] == "受注ID" else {})
        column["name"] = names.get(column["name"], column["name"])
    path = folder / "schema.json"
    path.write_text(json.dumps(columns, ensure_ascii=False), encoding="utf-8")
    return path


def test_other_schema():
    with Case("--schema: another shop's headings, end to end") as case, Sandbox(case.tmp) as sandbox, \
            Relay(sandbox) as relay:
        names = {"受注ID": "注文番号", "商品名": "品名", "支払方法": "決済", "請求金額": "合計"}
        path = other_schema(case.tmp, names)
        source = write_csv(case.tmp / "in.csv", {"2000001": [{}, {}], "2000002": [{"商品名": ""}]})
        data = source.read_bytes().decode("cp932")
        for old, new in names.items():
            data = data.replace(old, new, 1)
        source.write_bytes(data.encode("cp932"))
        outcome = register(case.tmp, relay.url, source, "--schema", str(path))
        case.equal("exit", outcome.status, 1)
        case.equal("sent", [call.id for call in relay.calls], ["2000001"])
        case.equal("body", (relay.calls[0].json["amount"], len(relay.calls[0].json["items"])), (1980, 2))
        case.equal("status", outcome.rows[2]["与信ステータス"], "与信OK")
        case.equal("column", outcome.rows[4]["エラー項目"], "品名")
        case.equal("without it", register(case.tmp, relay.url, source).status, 4)
        path.write_text("{}", encoding="utf-8")
        outcome = register(case.tmp, relay.url, source, "--schema", str(path))
        case.equal("broken: exit", outcome.status, 3)
        case.true("broken: message", "schema.json" in outcome.stderr)


def test_ids_that_are_no_digits():
    """A schema may say that ids are text; then they may be Japanese, in CP932 in the file and in UTF-8 on the wire."""
    with Case("--schema with ids of any text: the id at the service is the file's") as case, Relay() as relay:
        relay.script = lambda call: (409, b"{}") if call.id == "注文-2" and call.method == "POST" else \
            accepted(call) if call.method == "POST" else accepted(Call("GET", "/", {}, json.dumps({"id": "注文-2"})))
        path = other_schema(case.tmp, {}, type="text")
        source = write_csv(case.tmp / "in.csv", {"A-1": [{}], "注文-1": [{}], "注文-2": [{}]})
        outcome = register(case.tmp, relay.url, source, "--schema", str(path), "--retries", "0")
        case.equal("sent", sorted(c.id for c in relay.posts()), ["A-1", "注文-1", "注文-2"])
        case.equal("statuses", outcome.statuses(), {"A-1": "与信OK", "注文-1": "与信OK", "注文-2": "与信OK"})
        case.equal("ids", [row["後払い受注番号"] for row in outcome.rows.values()], ["A-1", "注文-1", "注文-2"])
        case.equal("asked about", [c.path for c in relay.calls if c.method == "GET"],
                   ["/v1/orders/%E6%B3%A8%E6%96%87-2"])


# ---- 14: at the same time ----


def test_two_at_once():
    with Case("two runs over one file at the same time: each order once") as case, Sandbox(case.tmp) as sandbox:
        source = write_csv(case.tmp / "in.csv", many(100, lines=2))
        both = [register_meanwhile(case.tmp, sandbox.url, source, "--concurrency", "8") for _ in range(2)]
        for outcome in [process.end() for process in both]:
            case.equal("exit", outcome.status, 0)
            case.equal("statuses", outcome.statuses(), {order: "与信OK" for order in many(100)})
        verify_registered_once(case, sandbox, 100)
        case.equal("replayed", sandbox.stats()["replayed"], 100)


def main():
    tests = [(test_faults, seed) for seed in (1, 2, 3)] + [
        (test_signal, signal.SIGINT), (test_signal, signal.SIGTERM), (test_signal_before_sending,),
        (test_killed,), (test_samples,), (test_answers,), (test_wrong_address,), (test_rehearsal,), (test_totals_of_check,),
        (test_phases,), (test_phase_of_sending,),
        (test_order_of_lines,), (test_connections,), (test_retry_keeps_the_key,), (test_retry_on_a_message,), (test_lost_answers,), (test_busy,),
        (test_same_file_twice,), (test_changed_after_registration,),
        (test_corrected_after_failure,), (test_sandbox_state,), (test_credentials_refused, 401),
        (test_credentials_refused, 403), (test_formula_after_encoding,), (test_dead_service,), (test_max_errors,),
        (test_urls_and_credentials,), (test_secrets,), (test_other_dialect,), (test_other_schema,),
        (test_ids_that_are_no_digits,), (test_two_at_once,)]
    # Most of the time is pauses between attempts, so that the tests may wait side by side.
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for finished in [pool.submit(*test) for test in tests]:
            finished.result()
    return done()


if __name__ == "__main__":
    sys.exit(main())
