#!/usr/bin/env python3
"""The crash test: the program is killed at random moments, again and again, while the service loses answers, resets
connections, times out and fails; then it is run to its end. However often it died, each order is at the service once,
and the last result says of each what the service says.

    crash.py PROGRAM [--runs N] [--seed S] [--two] [--orders N] [--dialect json|kuroneko]

--runs: kills in all (300). --two: two programs at once, on one file and one ledger; one of them may leave because the
other has the ledger. Prints one line "ok - ..." or "not ok - ..." per series of kills and exits 1 if any failed; the
last line says in which phases of a run the kills struck.
"""
import argparse
import collections
import concurrent.futures
import csv
import datetime
import http.client
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
if __name__ == "__main__":
    os.environ["ATOBARAI"] = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""

from harness import PROGRAM, check, done, read_result  # noqa: E402: only now is it known which program
import test_kuroneko as public  # noqa: E402
from service import COLUMNS, SECRETS, Sandbox, environment, xml_texts  # noqa: E402

FAULTS = "lost-answer=0.05,reset=0.05,timeout=0.05,500=0.05"
CARDS = ["taro", "ng", "taro", "pending", "taro", "failed", "shipng", "taro", "cancelng", "taro"]
ROUND = {"register": 4, "status": 3, "ship": 2, "cancel": 1, "reregister": 2}  # kills of each, in one round
ROUND_KILLS = sum(ROUND.values())
TO_THE_END = 12  # runs that are not killed, of which one has to end with 0 or 1: more are not due to the faults
ALL_COLUMNS = COLUMNS + ["送り状番号", "配送会社", "備考"]
STATUSES = {text: name for name, text in json.loads(
    (ROOT / "schemas/api/json-dialect.json").read_text(encoding="utf-8"))["statuses"].items()}

# What each operation leads to in the end, by the buyer's card: at the service, under the id that the result names.
ENDS = {
    "register": {"ng": {"AUTH_NG"}, "failed": {"AUTH_FAILED"}, "pending": {"AUTH_PENDING", "AUTH_OK"}},
    "status": {"ng": {"AUTH_NG"}, "failed": {"AUTH_FAILED"}},
    "ship": {"ng": {"AUTH_NG"}, "failed": {"AUTH_FAILED"}, "shipng": {"SHIP_NG"}, None: {"SHIP_OK"}},
    "cancel": {"failed": {"AUTH_FAILED", "CANCEL_OK"}, "cancelng": {"CANCEL_NG"}, None: {"CANCEL_OK"}},
    "reregister": {"cancelng": {"CANCEL_NG"}, "pending": {"AUTH_PENDING", "AUTH_OK"}},
}


# In the public protocol a registration that was refused is unknown, and what the service does not do it refuses.
PUBLIC_ENDS = {
    "register": {"ng": {"AUTH_NG"}, "failed": {None}, "pending": {"AUTH_PENDING", "AUTH_OK"}},
    "status": {"ng": {"AUTH_NG"}, "failed": {None}},
    "ship": {"ng": {"AUTH_NG"}, "failed": {None}, "shipng": {"AUTH_OK"}, None: {"SHIP_OK"}},
    "cancel": {"failed": {None}, "cancelng": {"AUTH_OK"}, None: {"CANCEL_OK"}},
    "reregister": {"pending": {"AUTH_PENDING", "AUTH_OK"}},
}
PUBLIC_DAY = (datetime.datetime.now(public.JAPAN) - datetime.timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
PUBLIC_STATES = {"1": "AUTH_OK", "2": "CANCEL_OK", "30": "AUTH_PENDING", "31": "CANCEL_OK", "32": "AUTH_NG"}


def card_of(order):
    return CARDS[int(order) % len(CARDS)]


def wanted_ends(operation, order, ends=None):
    ends = (ends or ENDS)[operation]
    return ends.get(card_of(order), ends.get(None, {"AUTH_OK"}))


def write_orders(path, orders, padding, anew=False):
    """`padding` rows of other payments make the phases that read and write longer. `anew`: every amount is another, and
    buyers who were refused are others."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(ALL_COLUMNS)
    row = {"コントロールカラム": "U", "受注日時": "2026-11-02 17:54:08", "請求金額": 2980 if anew else 1980,
           "注文者氏名": "見本 太郎", "送り状番号": "123456789012", "配送会社": "ヤマト運輸", "備考": "備考はそのまま" * 20}
    for order in orders:
        card = card_of(order)
        card = "taro" if anew and card in ("ng", "failed") else card
        for line in range(1, 2 + int(order) % 3):
            row.update({"受注ID": order, "受注番号": f"MALL-{order}", "支払方法": "クロネコ代金後払い", "項番": line,
                        "明細ID": f"{order}{line}", "商品コード": f"C{line}", "商品番号": f"A{line}",
                        "商品名": f"見本の品 {line}", "注文者メールアドレス": f"{card}@example.com"})
            writer.writerow([row[column] for column in ALL_COLUMNS])
    for number in range(padding):
        row.update({"受注ID": 1 + number, "受注番号": "", "支払方法": "代金引換", "明細ID": 1 + number})
        writer.writerow([row[column] for column in ALL_COLUMNS])
    path.write_bytes(text.getvalue().encode("cp932"))
    return path


def parcels_of(order):
    """As many numbers as the order has lines, none of them another order's."""
    heads = [int(f"{order[-6:]}{line:05}") for line in range(1, 2 + int(order) % 3)]
    return [f"{head:011}{head % 7}" for head in heads]


def write_public_orders(path, orders, padding, anew=False):
    """The same for the public protocol: each order has several parcels, and anew every other amount is less."""
    text = io.StringIO(newline="")
    columns = [*public.COLUMNS, "備考"]
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    usual = {**public.USUAL, "コントロールカラム": "U", "受注日時": PUBLIC_DAY, "注文者氏名": "見本 太郎",
             "支払方法": "クロネコ代金後払い", "商品名": "見本の品", "配送会社": "ヤマト運輸", "備考": "備考はそのまま" * 20}
    for order in orders:
        card = card_of(order)
        card = "taro" if anew and card in ("ng", "failed") else card
        numbers = parcels_of(order)
        price = 500 if not anew else 400 if int(order) % 2 else 600
        for line, number in enumerate(numbers, 1):
            writer.writerow({**usual, "受注ID": order, "受注番号": f"MALL-{order}", "項番": line, "明細ID": f"{order}{line}",
                             "商品コード": f"C{line}", "商品番号": f"A{line}", "単価": price, "個数": 1, "小計": price,
                             "請求金額": price * len(numbers) + 200, "送り状番号": number,
                             "注文者メールアドレス": f"{card}@example.com"})
    for number in range(padding):
        writer.writerow({**usual, "受注ID": 1 + number, "支払方法": "代金引換", "明細ID": 1 + number})
    path.write_bytes(text.getvalue().encode("cp932"))
    return path


class Run:
    """One run of the program, which is killed if it lasts longer than `moment` seconds (None: it is not). When it is
    over, `status` is its exit status and `phase` where it stood, as far as that can be told from outside."""

    def __init__(self, crash, operation, source, moment=None):
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=crash.folder))
        self.out = self.folder / "result.csv"
        words = [PROGRAM, operation, source, "-o", self.out, "--api-url", crash.url, "--ledger", crash.ledger,
                 "--timeout", "1", "--retries", "2", "--concurrency", "16", "--max-errors", "1000", "--lang", "en",
                 "--dialect", crash.dialect]
        requests = crash.sandbox.stats()["requests"]
        begun = time.monotonic()
        with open(self.folder / "stderr", "wb") as errors:
            process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=errors, env=environment(crash.secrets))
        try:
            process.wait(120 if moment is None else moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.seconds = time.monotonic() - begun
        self.status = process.returncode
        self.killed = moment is not None and self.status == -signal.SIGKILL
        self.stderr = (self.folder / "stderr").read_text("utf-8", "replace")
        self.phase = self.phase_of(crash.sandbox.stats()["requests"] - requests)

    def phase_of(self, requests):
        """The temporary file of the result is opened when all is checked, and has bytes when all is sent."""
        temporary = next(self.folder.glob(".result.csv.*"), None)
        if self.out.exists():
            return "after the result"
        if temporary is not None and temporary.stat().st_size > 0:
            return "writing"
        if requests > 0:
            return "sending"
        return "reading and checking" if temporary is None else "opening the ledger, planning, or before writing"

    def left_to_the_other(self, ledger):
        """Whether another process has the ledger."""
        return self.status == 3 and str(ledger) in self.stderr and "process" in self.stderr.lower()


class Crash:
    """One sandbox, one ledger, and what is known of the orders in all files so far."""

    def __init__(self, folder, options, sandbox):
        self.folder, self.sandbox, self.options = folder, sandbox, options
        self.ledger = folder / "ledger.db"
        self.dialect, self.is_public = options.dialect, options.dialect == "kuroneko"
        self.url = sandbox.kuroneko_url if self.is_public else sandbox.url
        self.secrets = public.SECRETS if self.is_public else SECRETS
        self.ends, self.write = (PUBLIC_ENDS, write_public_orders) if self.is_public else (ENDS, write_orders)
        self.at_once = 2 if options.two else 1
        self.random = random.Random(options.seed)
        self.pool = concurrent.futures.ThreadPoolExecutor(16)
        self.next_order = 2000000
        self.ids = set()     # at the service, as the last results name them
        self.shipped, self.cancelled = set(), set()
        self.phases = collections.Counter()
        self.runs = self.kills = self.ended = self.busy = 0
        self.problems = []

    def equal(self, what, found, wanted):
        if found != wanted:
            self.problems.append(f"{what}: {found!r}, not {wanted!r}")

    def report(self, title):
        check(title, self.problems)
        self.problems = []

    def new_orders(self):
        first, self.next_order = self.next_order, self.next_order + self.options.orders
        return [str(order) for order in range(first, self.next_order)]

    # -- Runs --

    def together(self, operation, source, moments):
        """Runs at the same time, one for each moment."""
        runs = list(self.pool.map(lambda moment: Run(self, operation, source, moment), moments))
        for run in runs:
            self.runs += 1
            busy = self.at_once > 1 and run.left_to_the_other(self.ledger)
            self.busy += busy
            if run.killed:
                self.kills += 1
                self.phases[run.phase] += 1
            elif run.status not in (0, 1, 5) and not busy:
                self.problems.append(f"{operation} ended with {run.status}: {run.stderr[-400:]}")
            if not run.killed:
                self.ended += 1
                self.equal(f"{operation} with {run.status}: a result is there", run.out.exists(),
                           run.status in (0, 1, 5))
        return runs

    def drop(self, runs):
        for run in runs:
            shutil.rmtree(run.folder, ignore_errors=True)

    def measure(self, padding):
        """How long a run lasts that has everything to do, and one that has nothing to do but to find that out."""
        self.padding = padding
        orders = self.new_orders()
        source = self.write(self.folder / "measured.csv", orders, padding)
        full = Run(self, "register", source)
        self.equal("the measured run: exit", full.status in (0, 1, 5), True)
        self.to_the_end("register", source, orders)
        self.to_the_end("status", source, orders)
        idle = Run(self, "status", source)
        self.full, self.idle = full.seconds, min(idle.seconds, full.seconds)
        self.drop([full, idle])
        self.report(f"measured: {self.full:.2f} s for {len(orders)} orders, {self.idle:.2f} s to find nothing to do")

    def killed(self, operation, source, kills):
        """Run until so many were killed. What is left to do shrinks with every run, and so does the span of time that
        the moments are drawn from; so they are spread over all that a run does. Sending takes most of it: one moment
        of three is drawn from as long as a run lasts that has nothing to send."""
        span, enough = self.full, self.kills + kills
        for _ in range(kills * 8):
            if self.kills >= enough:
                return
            count = min(self.at_once, enough - self.kills)
            moments = [self.random.uniform(0, self.random.choice((span, span, self.idle))) for _ in range(count)]
            runs = self.together(operation, source, moments + [None] * (self.at_once - count))
            span = max(self.idle, span - max(run.seconds for run in runs))
            self.drop(runs)

    def to_the_end(self, operation, source, orders):
        """Run until all is done, and compare the result with the service. Order → id at the service, status there."""
        runs = []
        for _ in range(TO_THE_END):
            self.drop(runs)
            runs = self.together(operation, source, [None] * self.at_once)
            if all(run.status in (0, 1) for run in runs):
                break
        last = runs[0]
        self.equal(f"{operation}: the last exit ({last.stderr[-300:]})", last.status in (0, 1), True)
        rows = read_result(last.out).values() if last.out.exists() else []
        told = {row["受注ID"]: (row["後払い受注番号"] or row["受注ID"], row["与信ステータス"]) for row in rows
                if row["支払方法"] == "クロネコ代金後払い"}
        self.drop(runs)
        self.equal(f"{operation}: orders in the result", sorted(told), orders)
        credits = dict(zip(told, self.pool.map(lambda order: self.credit(told[order][0]), told)))
        for order, (name, text) in told.items():
            said, found = STATUSES.get(text), credits[order]
            fits = [("AUTH_PENDING", "AUTH_OK")]  # to ask makes it so
            if self.is_public:
                fits.append(("AUTH_FAILED", None))
            if said != found and (said, found) not in fits:
                self.problems.append(f"{operation} {order}: {text!r} in the result, {found} at the service ({name})")
            if found not in wanted_ends(operation, order, self.ends):
                self.problems.append(f"{operation} {order} ({card_of(order)}): {found} at the service in the end")
            if found is not None:
                self.ids.add(name)
        return {order: (told[order][0], credits[order]) for order in told}

    def credit(self, name):
        """What the service says of an id; None: it has no such order. Faults strike the test's questions, too."""
        for _ in range(30):
            try:
                if self.is_public:
                    return self.public_credit(name)
                status, answer = self.sandbox.get(f"/v1/orders/{name}", timeout=1)
            except (OSError, ValueError, SyntaxError, http.client.HTTPException):
                continue
            if status in (200, 404):
                return answer.get("creditStatus")
        self.problems.append(f"the sandbox does not answer about {name}")
        return None

    def public_credit(self, name):
        form = f"orderNo={name}&ycfStrCode={public.MERCHANT}&password={public.PASSWORD}&requestDate=20260101000000"
        answer = xml_texts(self.sandbox.post("/kuroneko-atobarai-api/KAAST0010APIAction_execute.action", form, timeout=1))
        if answer.get("errorCode") == "kaast008E":
            return None
        if answer.get("returnCode") != "0":
            raise ValueError(answer)
        return PUBLIC_STATES.get(answer["result"], "SHIP_OK")

    # -- Series --

    def series(self, operation, source, orders, kills):
        if kills > 0:
            self.killed(operation, source, kills)
        ends = self.to_the_end(operation, source, orders)
        if operation == "ship":
            self.shipped.update(name for name, credit in ends.values() if credit == "SHIP_OK")
        if operation == "cancel":
            self.cancelled.update(name for name, credit in ends.values() if credit == "CANCEL_OK")
        if operation == "reregister":
            self.verify_reregistered(ends)
        self.verify_counts()
        self.report(f"{operation}: {kills} kills, then to the end: {len(orders)} orders")

    def verify_reregistered(self, ends):
        """One id of each order is alive, and none was registered that was not needed."""
        for order, (name, _) in ends.items():
            ids = [order] + [f"{order}-{issue}" for issue in range(2, 5)]
            found = dict(zip(ids, self.pool.map(self.credit, ids)))
            alive = [one for one in ids if found[one] not in (None, "CANCEL_OK")]
            reduced = self.is_public and int(order) % 2 and card_of(order) not in ("ng", "failed")
            if reduced:
                self.equal(f"reregister {order} ({card_of(order)}): less where it stands", name, order)
            self.equal(f"reregister {order} ({card_of(order)}): alive", alive, [name])
            self.equal(f"reregister {order}: a third id", found[f"{order}-3"], None)
            self.cancelled.update(one for one in ids if found[one] == "CANCEL_OK")
            self.ids.update(one for one in ids if found[one] is not None)

    def verify_counts(self):
        stats = self.sandbox.get("/kuroneko-atobarai-api/_stats")[1] if self.is_public else self.sandbox.stats()
        wanted = {"registered": len(self.ids), "duplicate_ids": 0, "shipped": len(self.shipped),
                  "cancelled": len(self.cancelled)}
        if self.is_public:  # it counts each parcel, and one that was in doubt is reported again
            wanted.pop("shipped")
        self.equal("the service's counts", {name: stats[name] for name in wanted}, wanted)
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as ledger:
            self.equal("the ledger", ledger.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        ledger.close()

    def round(self, kills):
        """New orders: all are registered and asked about, then of each third one is shipped, one cancelled, and one
        registered anew."""
        orders = self.new_orders()
        thirds = {operation: [order for order in orders if int(order) // len(CARDS) % 3 == third]
                  for third, operation in enumerate(("ship", "cancel", "reregister"))}
        spent = due = 0
        for operation, share in ROUND.items():
            mine = thirds.get(operation, orders)
            source = self.write(self.folder / f"{operation}.csv", mine, self.padding, anew=operation == "reregister")
            due += share
            count = round(kills * due / ROUND_KILLS) - spent
            spent += count
            self.series(operation, source, mine, count)

    def all_rounds(self):
        # Where a run ends sooner than its killer comes there are fewer kills than were meant: other rounds follow. A
        # short test is content with what a busy machine gives.
        wanted, rounds = self.options.runs, -(-self.options.runs // ROUND_KILLS)
        patience = rounds + rounds // 2
        while rounds > 0 or (wanted > ROUND_KILLS and self.kills < wanted and patience > 0):
            self.round(min(max(wanted - self.kills, 1), ROUND_KILLS))
            rounds -= 1
            patience -= 1
        self.equal("enough kills", self.kills >= (wanted if wanted > ROUND_KILLS else 1), True)
        self.report(f"{self.kills} kills in {self.runs} runs{', two at once' if self.at_once > 1 else ''}, dialect {self.dialect}, seed "
                    f"{self.options.seed}: {len(self.ids)} orders at the service, each once")
        phases = "; ".join(f"{phase}: {count}" for phase, count in self.phases.most_common())
        print(f"# killed while {phases}; ended by themselves: {self.ended}, of which {self.busy} left the ledger to "
              "the other\n", end="", flush=True)


def crash_test(runs, seed, two=False, orders=300, padding=20000, dialect="json"):
    """The test with `runs` kills; reports by harness.check()."""
    options = argparse.Namespace(runs=runs, seed=seed, two=two, orders=orders, dialect=dialect)
    folder = Path(tempfile.mkdtemp(prefix="atobarai-crash-"))
    try:
        with Sandbox(folder, "--state", folder / "state", "--fault", FAULTS, "--seed", str(seed)) as sandbox:
            crash = Crash(folder, options, sandbox)
            try:
                crash.measure(padding)
                crash.all_rounds()
            finally:
                crash.pool.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--two", action="store_true")
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--dialect", choices=["json", "kuroneko"], default="json")
    options = parser.parse_args()
    crash_test(options.runs, options.seed, options.two, options.orders, dialect=options.dialect)
    return done()


if __name__ == "__main__":
    sys.exit(main())
