#!/usr/bin/env python3
"""Shops that do anything in any order, with a service that does the same: random operations on files that are edited in
between, while a relay loses requests and answers, fails, refuses, and interrupts or kills the program. After each run
it is compared with what the service has: no order is alive under two ids, no mall's order under two 受注ID, and whatever
the ledger and the result file are sure of is so.

    test_model.py [--seed S] [--seconds N] [--shops N] [--dialect json|kuroneko|both]

What the relay does with a call depends on the seed, the run and the call alone, so that a seed does the same again, but
for how many runs there is time. With STORY in the environment a failure is told from the shop's first run on. The
program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per street of shops
and exits 1 if any failed.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time

import test_kuroneko as public
from harness import ROOT, Case, done
from service import COLUMNS, DROP, SECRETS, Background, Relay, Sandbox, refused, write_csv, xml_texts

NAMES = {text: name for name, text in json.loads(
    (ROOT / "schemas/api/json-dialect.json").read_text(encoding="utf-8"))["statuses"].items()}
STATUSES = ["", *("AUTH_OK AUTH_NG AUTH_FAILED AUTH_PENDING SHIP_OK SHIP_NG SHIP_PENDING CANCEL_OK CANCEL_NG "
                  "CANCEL_PENDING").split()]  # as the ledger stores them
OPERATIONS = ["register"] * 4 + ["ship"] * 3 + ["reregister"] * 3 + ["cancel"] * 2 + ["status"] * 2
ORDERS = [str(2000001 + number) for number in range(6)]
MALLS = dict(zip(ORDERS, ["M-1", "M-1", "M-2", "M-3", "M-4", "M-5"]))  # the first was taken in twice
CARDS = ["taro"] * 8 + ["ng", "failed", "pending", "shipng", "cancelng"]
# Codes of rows with which all is as the file says.
DONE = ["", "REREGISTERED", "REREGISTER_NOT_NEEDED", "AMOUNT_REDUCED", "KURONEKO_STATE_INQUIRY", "KURONEKO_STATE_ALERTED",
        "KURONEKO_STATE_CONFIRMED", "KURONEKO_STATE_INVOICED", "KURONEKO_STATE_PAID"]
DAY = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 86400))  # of every order, in every file
LIFE = 40  # runs of one shop: later on, most of its orders can go nowhere any more


def pick(generator, weights, total=100):
    """A key of `weights`, each as often of `total` as it says; None else."""
    at = generator.random() * total
    for name, weight in weights.items():
        at -= weight
        if at < 0:
            return name
    return None


class Json:
    """The dialect with keys."""

    name, options, secrets = "json", [], SECRETS
    # What may happen to a call, and how often in a hundred; the rest goes well. Of "…_before" the service gets nothing.
    faults = {"drop_before": 4, "drop_after": 8, "500_before": 3, "500_after": 3, "429_before": 3, "garbage_after": 2,
              "slow_after": 1, "400_before": 3, "404_before": 2, "409_before": 2, "401_before": 1, "kill_before": 2,
              "kill_after": 3, "pending_after": 4, "interrupt_after": 2}
    lies = {"404_before", "400_before", "409_before", "pending_after"}  # to a question
    retries = "0001"

    def __init__(self, seed, sandbox, relay):
        self.sandbox, self.url = sandbox, relay.url

    def order(self, order, generator):
        return {"amount": 1980, "numbers": ["111122223333"], "carrier": "ヤマト運輸"}

    def choices(self, order):
        return {"amount": [1980, 2980], "numbers": [["111122223333"], ["444455556666"]], "carrier": ["ヤマト運輸", "ﾔﾏﾄ運輸"]}

    def write(self, path, rows):
        lines = {order: [{**row, "請求金額": values["amount"], "送り状番号": values["numbers"][0]}]
                 for order, (values, row) in rows.items()}
        return write_csv(path, lines, COLUMNS + ["送り状番号", "配送会社"])

    def note(self, service, call, answer):
        """What the service did."""
        status, body = answer
        credit = json.loads(body or b"{}").get("creditStatus")
        service.keys.add(call.headers.get("Idempotency-Key"))
        if call.kind == "register" and status == 201:
            service.amounts[call.id] = call.json["amount"]
            service.shipments.pop(call.id, None)
        if call.kind == "shipment" and status == 202 and credit == "SHIP_OK":
            service.shipments[call.id] = {call.json["trackingNumber"]}

    def brief(self, answer):
        return answer

    def ask(self, name):
        return self.sandbox.ask(name)

    def say(self, call, fault, answer):
        return refused(f"said by the relay: {fault}", int(fault)) if fault.isdigit() else answer


class Kuroneko:
    """The public protocol: no keys, several parcels, and amounts that are made less. `late` is a registration that comes
    to the service when it is sent the second time."""

    name, options, secrets = "kuroneko", ["--dialect", "kuroneko"], public.SECRETS
    faults = {"drop_before": 5, "drop_after": 8, "late_before": 3, "500_before": 2, "500_after": 2, "429_before": 3,
              "garbage_after": 2, "404_after": 1, "302_after": 1, "result_after": 1, "other_after": 2, "err_before": 2,
              "err_after": 2, "slow_after": 1, "refuse_before": 3, "conflict_before": 2, "401_before": 0.5,
              "401_after": 0.5, "account_before": 1, "kill_before": 2, "kill_after": 3, "interrupt_after": 2}
    lies = {"refuse_before", "conflict_before", "late_before"}
    retries = "0123"
    refusals = {"register": "kaara021E", "shipment": "kaasl015E", "cancellation": "kaacl015E", "reduction": "kaakk022E"}
    conflicts = {"shipment": "kaasl022E", "cancellation": "kaacl009E", "reduction": "kaakk011E"}
    accounts = {"register": "kaara092E", "review": "kaars012E", "state": "kaast012E", "shipment": "kaasl036E",
                "cancellation": "kaacl013E", "reduction": "kaakk061E"}
    states = {"1": "AUTH_OK", "2": "CANCEL_OK", "30": "AUTH_PENDING", "31": "CANCEL_OK", "32": "AUTH_NG"}

    def __init__(self, seed, sandbox, relay):
        self.sandbox, self.url = sandbox, relay.kuroneko_url

    @staticmethod
    def amount(call):
        return (int(call.form["totalAmount"]) - 200) // 500

    @staticmethod
    def parcels(order):
        """Numbers of this order's own: none may be on more than three orders."""
        heads = [int(f"{order[-4:]}{number:07}") for number in range(4)]
        return [f"{head:011}{head % 7}" for head in heads]

    def order(self, order, generator):
        return {"amount": 2, "numbers": self.parcels(order)[:1], "carrier": "ヤマト運輸"}

    def choices(self, order):
        numbers = self.parcels(order)
        return {"amount": [1, 2, 3], "carrier": ["ヤマト運輸", "ﾔﾏﾄ運輸", "見本運輸"],
                "numbers": [numbers[:1], numbers[:2], numbers[:3], numbers[1:3], [numbers[0], numbers[3], numbers[1]]]}

    def write(self, path, rows):
        lines = {}
        for order, (values, row) in rows.items():
            count = values["amount"]
            lines[order] = [{**row, "単価": 500 * count, "個数": 1, "小計": 500 * count, "請求金額": 500 * count + 200,
                             "送り状番号": values["numbers"][0]}]
            # A line for each other parcel: of an amount, whatever it is, that does not depend on the parcels.
            lines[order] += [{**row, "単価": 0, "個数": 1, "小計": 0, "請求金額": 500 * count + 200, "送り状番号": number}
                             for number in (values["numbers"] + ["", ""])[1:3]]
        return write_csv(path, lines, public.COLUMNS, **{**public.USUAL, "受注日時": DAY})

    def note(self, service, call, answer):
        if answer[0] != 200 or xml_texts(answer[1]).get("returnCode") != "0":
            return
        if call.kind in ("register", "reduction"):
            service.amounts[call.id] = self.amount(call)
        if call.kind in ("register", "cancellation"):
            service.shipments.pop(call.id, None)
        if call.kind == "shipment":
            service.shipments.setdefault(call.id, set()).add(call.form["paymentNo"])

    def brief(self, answer):
        texts = xml_texts(answer[1]) if answer[0] == 200 else {}
        return answer[0], *(texts.get(name, "") for name in ("returnCode", "errorCode", "result"))

    def ask(self, name):
        form = f"orderNo={name}&ycfStrCode={public.MERCHANT}&password={public.PASSWORD}&requestDate=20260101000000"
        body = self.sandbox.post("/kuroneko-atobarai-api/KAAST0010APIAction_execute.action", form)
        state = xml_texts(body).get("result")
        return self.states.get(state, "SHIP_OK") if state else None

    def say(self, call, fault, answer):
        said = {"refuse": self.refusals.get(call.kind), "conflict": self.conflicts.get(call.kind),
                "account": self.accounts.get(call.kind), "err": "err0002"}.get(fault)
        if said:
            return public.xml(said)
        if fault == "other":
            return public.xml(orderNo="999", result="1")
        return public.xml(result="77") if fault == "result" else (int(fault), b"") if fault.isdigit() else answer


class Service:
    """The relay's script, and what it saw of the service's doings."""

    def __init__(self, seed, relay, protocol):
        self.seed, self.relay, self.protocol = seed, relay, protocol
        self.lock = threading.Lock()
        self.step, self.faults, self.process = 0, True, None
        self.begin(0)
        self.keys = set()    # that the service has seen
        self.amounts = {}    # id → amount, as registered
        self.shipments = {}  # id → numbers, as accepted
        self.pending = {}    # id → how often it is still said to be so
        self.late = {}       # id → a registration that is still on its way
        self.story = []      # for who has to find out what went wrong

    def begin(self, step, process=None, faults=True):
        self.step, self.process, self.faults = step, process, faults
        self.seen = collections.Counter()
        self.killed = self.interrupted = False

    def forget_late(self, orders):
        """What is late from an earlier run comes still, if it says what the file says. That one comes which the file has
        contradicted since, and the answer to its successor is lost as well, nobody could tell: the service says that it
        has the order, and not for how much."""
        self.late = {name: call for name, call in self.late.items()
                     if self.protocol.amount(call) == orders[name.split("-")[0]]["amount"]}

    def tell(self, *words):
        self.story.append(" ".join(map(str, words)))

    def fault(self, call):
        """The same for the same call of the same run, whatever else is on its way."""
        self.seen[call.kind, call.id] += 1
        name = f"{self.seed}/{self.step}/{call.kind}/{call.id}/{self.seen[call.kind, call.id]}"
        fault = pick(random.Random(name), self.protocol.faults) if self.faults else None
        if call.kind in ("ask", "review", "state") and fault in self.protocol.lies:
            return None
        key = call.headers.get("Idempotency-Key")
        if call.kind == "register" and fault in ("400_before", "409_before") and key in self.keys:
            return None  # a service answers the same submission as it did before
        if fault == "result_after" and call.kind not in ("register", "review", "state"):
            return None  # the other calls have none
        if (fault, call.kind) == ("conflict_before", "register") or (fault == "late_before" and call.kind != "register"):
            return None
        return fault if fault != "pending_after" or call.kind == "cancellation" else None

    def forward(self, call):
        answer = self.relay.forward(call)
        self.protocol.note(self, call, answer)
        return answer

    def work(self, call):
        """Let the service do it, and note what it did. The answer."""
        late = self.late.pop(call.id, None) if call.kind == "register" else None
        if late:
            self.tell("    late:", late.id, self.protocol.brief(self.forward(late)))
        return self.forward(call)

    def kill(self):
        self.killed = True
        self.process.process.kill()
        self.process.process.wait()
        return DROP

    def __call__(self, call):
        with self.lock:
            if self.killed:
                return DROP
            fault = self.fault(call)
            answer = self.work(call) if not fault or fault.endswith("_after") else None
            self.tell("   ", call.kind, call.id, call.body.decode()[:60] if call.kind == "shipment" else "", fault or "",
                      self.protocol.brief(answer) if answer else "")
            if fault == "late_before":
                self.late[call.id] = call
            if self.pending.get(call.id, 0) > 0 and call.kind == "ask" and not fault:
                self.pending[call.id] -= 1
                return 200, json.dumps({"id": call.id, "creditStatus": "CANCEL_PENDING"}).encode()
            if fault == "pending_after" and answer[0] == 202 and b"CANCEL_OK" in answer[1]:
                self.pending[call.id] = 1
                return 202, json.dumps({"id": call.id, "creditStatus": "CANCEL_PENDING"}).encode()
            if fault and fault.startswith("kill"):
                return self.kill()
            if fault == "interrupt_after" and not self.interrupted:  # the second one would end it at once
                self.interrupted = True
                self.process.process.send_signal(signal.SIGINT)
        return self.spoil(call, fault, answer)

    def spoil(self, call, fault, answer):
        name = (fault or "").split("_")[0]
        if name == "slow":
            time.sleep(1.3)
            return DROP
        if name in ("drop", "late"):
            return DROP
        if name == "garbage":
            return 200, b"<html>"
        return self.protocol.say(call, name, answer)


class Shop:
    """One world: a sandbox, a relay, a ledger, and a file that is edited."""

    def __init__(self, case, seed, sandbox, relay, dialect):
        self.case, self.seed = case, seed
        self.random = random.Random(seed)
        self.protocol = dialect(seed, sandbox, relay)
        self.service = relay.script = Service(seed, relay, self.protocol)
        self.folder = case.tmp / f"shop-{seed}"
        self.folder.mkdir()
        self.ledger = self.folder / "ledger.db"
        self.orders = {order: {**self.protocol.order(order, self.random), "card": self.random.choice(CARDS),
                               "name": "見本 太郎"} for order in ORDERS}
        self.steps = 0

    def problem(self, *words):
        self.case.problems.append(f"run {self.steps}: " + " ".join(map(str, words)))

    def edit(self):
        for order, values in self.orders.items():
            change = pick(self.random, {"amount": 15, "card": 5, "numbers": 10, "carrier": 10, "name": 10})
            choices = {**self.protocol.choices(order), "card": CARDS, "name": ["見本 太郎", "見本　太郎"]}
            if change:
                values[change] = self.random.choice(choices[change])

    def write(self, chosen):
        rows = {order: (values, {"受注番号": MALLS[order], "注文者氏名": values["name"], "配送会社": values["carrier"],
                                 "注文者メールアドレス": f"{values['card']}@example.com"})
                for order, values in self.orders.items() if order in chosen}
        return self.protocol.write(self.folder / f"orders-{self.steps}.csv", rows)

    def run(self, operation, chosen, faults=True, **more):
        self.steps += 1
        options = ["--ledger", self.ledger, "--timeout", "1", "--max-errors", "100", *self.protocol.options]
        for name, value in more.items():
            options += [f"--{name}", value]
        self.service.tell(self.steps, operation, more, {order: self.orders[order] for order in chosen})
        self.service.lock.acquire()
        process = Background(operation, self.folder, self.protocol.url, self.write(chosen), *options,
                             env=self.protocol.secrets)
        self.service.begin(self.steps, process, faults)
        self.service.forget_late(self.orders)
        self.service.lock.release()
        outcome = process.end()
        self.service.tell("  ", outcome.status, outcome.statuses(), outcome.codes())
        if "ERROR: " in outcome.stderr or outcome.status < 0 and not self.service.killed:
            self.problem("it died", outcome.status, outcome.stderr[-2000:])
        self.verify(operation, chosen, outcome)
        return outcome

    def any_run(self):
        self.edit()
        twin = self.random.choice(ORDERS[:2])  # both in one file would be an error of the file
        chosen = [order for order in ORDERS if self.random.random() < 0.7 and order != twin]
        if chosen:
            self.run(self.random.choice(OPERATIONS), chosen, retries=self.random.choice(self.protocol.retries),
                     concurrency=self.random.choice("148"))

    # ---- What has to be so ----

    def at_service(self):
        """受注ID → id at the service → status, where it has one."""
        found = {}
        for order in ORDERS:
            ids = [name for name in self.service.amounts if name.split("-")[0] == order]
            found[order] = {name: self.protocol.ask(name) for name in ids}
        return found

    def in_ledger(self):
        """受注ID → id at the service, its status ("": not registered), and whether it is in doubt."""
        if not self.ledger.exists():
            return {}
        ledger = sqlite3.connect(self.ledger)
        rows = ledger.execute("SELECT id, service_id, CASE registered WHEN 1 THEN status ELSE 0 END, EXISTS (SELECT 1 FROM "
                              "operations AS p WHERE p.id = o.id AND ended IS NULL) FROM orders AS o").fetchall()
        ledger.close()
        return {order: (service_id, STATUSES[status], bool(doubt)) for order, service_id, status, doubt in rows}

    def agrees(self, ours, theirs, service_id):
        """A question that this test asks moves AUTH_PENDING on, and the relay calls some cancellations pending."""
        return ours == theirs or (ours, theirs) in (("AUTH_PENDING", "AUTH_OK"), ("CANCEL_PENDING", "CANCEL_OK"))

    def verify(self, operation, chosen, outcome):
        service, ledger = self.at_service(), self.in_ledger()
        alive = collections.defaultdict(list)
        for order, found in service.items():
            alive[MALLS[order]] += [name for name, status in found.items() if status not in ("CANCEL_OK", "AUTH_FAILED")]
        for mall, names in alive.items():
            if len(names) > 1:
                self.problem(operation, "alive twice:", mall, names)
        for order in ORDERS:
            self.verify_ledger(operation, order, service[order], ledger.get(order, (order, "", False)))
        if outcome.status not in (0, 1, 5, 130):
            if outcome.status not in (3, -signal.SIGKILL) or outcome.exists:
                self.problem(operation, "exit", outcome.status, outcome.stderr[-300:])
            return
        if list(outcome.codes()) != list(chosen):
            self.problem(operation, "rows:", list(outcome.codes()))
        for order in outcome.codes():
            row = next(row for row in outcome.rows.values() if row["受注ID"] == order)
            self.verify_row(operation, order, row, service[order], ledger.get(order, (order, "", False)))
        unsent = {code for code in outcome.codes().values()} & {"IN_DOUBT", "NOT_SENT", "NOT_FINISHED"}
        if (outcome.status in (5, 130)) != bool(unsent):
            self.problem(operation, "exit", outcome.status, outcome.codes())

    def verify_ledger(self, operation, order, found, known):
        service_id, status, doubt = known
        if doubt:
            return
        if not status and [name for name, theirs in found.items() if theirs != "CANCEL_OK"]:
            self.problem(operation, order, "is not known to be registered:", found)
        if status and not self.agrees(status, found.get(service_id), service_id):
            self.problem(operation, order, "the ledger:", known, "the service:", found)

    def verify_row(self, operation, order, row, found, known):
        service_id, status, doubt = known
        code, credit, named = row["エラーコード"], NAMES.get(row["与信ステータス"], ""), row["後払い受注番号"]
        if doubt != (code == "IN_DOUBT"):
            self.problem(operation, order, "doubt:", code, known)
        if doubt and (credit or named):
            self.problem(operation, order, "in doubt, and yet:", credit, named)
        if not doubt and status and (credit, named) != (status, service_id):
            self.problem(operation, order, "the row:", credit, named, "the ledger:", known)
        if not code and not credit:
            self.problem(operation, order, "nothing is said of it")
        values = self.orders[order]
        if operation in ("register", "reregister") and code in DONE and \
                self.service.amounts.get(named) != values["amount"]:
            self.problem(operation, order, "another amount is registered:", self.service.amounts.get(named), values)
        reported = self.service.shipments.get(named, set())
        if operation == "ship" and code in DONE and not set(values["numbers"]) <= reported:
            self.problem(operation, order, "other numbers are reported:", reported, values)

    def end_well(self):
        """When all is well again, no doubt is left, and each order gets where it is to go."""
        chosen = ORDERS[1:]
        for order in chosen:
            self.orders[order]["card"] = "taro"
        for operation in ("status", "register", "reregister", "reregister", "status", "ship"):
            outcome = self.run(operation, chosen, faults=False)
            if outcome.status not in (0, 1):
                self.problem(operation, "does not end well:", outcome.status, outcome.codes())
        if [order for order, known in self.in_ledger().items() if known[2] and order in chosen]:
            self.problem("in doubt at the end:", self.in_ledger())


def live(case, seed, dialect, end):
    """The life of one shop. How many runs it had."""
    with Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        shop = Shop(case, seed, sandbox, relay, dialect)
        while time.monotonic() < end and shop.steps < LIFE and not case.problems:
            shop.any_run()
        shop.service.pending.clear()
        if not case.problems:
            shop.end_well()
        if case.problems:
            case.problems = [f"--seed {seed} --shops 1 --dialect {dialect.name}", *case.problems[:8], *shop.service.story[-10:]]
            if os.environ.get("STORY"):
                print("\n".join(shop.service.story), flush=True)
        return shop.steps


def street(seeds, dialect, end):
    """One shop after another."""
    runs = 0
    with Case(f"shops and a service ({dialect.name}) that do anything, in any order: each order is there once, and all that "
              "is said of it is so") as case:
        for seed in seeds:
            runs += live(case, seed, dialect, end)
            if case.problems or time.monotonic() > end:
                break
    return runs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 24))
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--shops", type=int, default=4, help="at once")
    parser.add_argument("--dialect", choices=["json", "kuroneko", "both"], default="both", help="both: by turns")
    options = parser.parse_args()
    dialects = {"json": [Json], "kuroneko": [Kuroneko], "both": [Json, Kuroneko]}[options.dialect]
    end = time.monotonic() + options.seconds
    streets = [(range(options.seed + number, 1 << 32, options.shops), dialects[number % len(dialects)], end)
               for number in range(options.shops)]
    with concurrent.futures.ThreadPoolExecutor(options.shops) as pool:
        runs = list(pool.map(lambda one: street(*one), streets))
    print(f"# {sum(runs)} runs, seed {options.seed}", flush=True)
    return done()


if __name__ == "__main__":
    sys.exit(main())
