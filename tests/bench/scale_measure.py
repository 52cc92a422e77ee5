#!/usr/bin/env python3
"""The constants of tests/bench/scale.py, measured on this machine.

    tests/bench/scale_measure.py [--rows N] [--orders N] [--folder DIR] PROGRAM

Prints the lines that stand at the top of scale.py, to be put there in place of the old ones. Takes about two minutes
and some 700 MB in --folder (default: $TMPDIR), which is also the disk whose commits are counted. What the ledger
holds is measured with SCHEMA below, a guess at it that is older than the ledger. Standard library only; loopback only.
"""
import argparse
import multiprocessing
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orders

ROWS_AN_ORDER = 2  # orders.py writes one to three lines an order
SECRETS = {"ATOBARAI_API_KEY": "scale", "ATOBARAI_MERCHANT_CODE": "scale"}
SCHEMA = """
CREATE TABLE run (id INTEGER PRIMARY KEY, started_at INTEGER NOT NULL, command TEXT NOT NULL, input_hash BLOB NOT NULL);
CREATE TABLE orders (
    id TEXT PRIMARY KEY, service_id TEXT NOT NULL, mall_number TEXT NOT NULL, shop_id TEXT NOT NULL,
    status INTEGER NOT NULL, generation INTEGER NOT NULL, content_hash BLOB NOT NULL, field_tags BLOB NOT NULL,
    created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX orders_by_mall_number ON orders (shop_id, mall_number);
CREATE INDEX orders_by_status ON orders (status, changed_at);
CREATE TABLE operation (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, order_id TEXT NOT NULL, kind INTEGER NOT NULL,
    generation INTEGER NOT NULL, idempotency_key BLOB NOT NULL, body_hash BLOB NOT NULL, intent_at INTEGER NOT NULL,
    outcome_at INTEGER, outcome INTEGER, status INTEGER, error_code TEXT, error_text TEXT);
CREATE INDEX operation_by_order ON operation (order_id);
CREATE INDEX operation_by_time ON operation (intent_at);
"""
FIELDS_TAGGED = 20   # fields that are sent, two bytes each
ERROR_SHARE = 0.03   # operations that keep an error text
OPERATIONS = 2       # kept for an order: its registration and its shipment, and a third for one in five
SECONDS = 3          # that commits are counted
WRITERS = 8          # ledgers written at a time
RUNS_TOGETHER = 40   # runs that send at the same time


def run(command, env=None):
    """Seconds of wall, seconds of CPU and peak KiB of one run."""
    begin = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > 1:
        sys.exit(f"{command} ended with {process.returncode}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def medians(runs):
    return [statistics.median(column) for column in zip(*runs)]


def measure_check(program, rows, folder):
    """Of a check on one thread, with its result: per row, and for a file of one row."""
    small, large, result = (str(folder / name) for name in ("small.csv", "large.csv", "result.csv"))
    orders.write(small, 1)
    orders.write(large, rows)
    check = ["-o", result, "--force", "--quiet", "--jobs", "1"]
    start_wall, start_cpu, start_peak = medians([run([program, "check", small, *check]) for _ in range(21)])
    _, cpu, peak = medians([run([program, "check", large, *check]) for _ in range(3)])
    print(f"CHECK_US_A_ROW = {(cpu - start_cpu) / rows * 1e6:.1f}")
    print(f"START_CPU_MS = {start_cpu * 1e3:.0f}")
    print(f"START_WALL_MS = {start_wall * 1e3:.0f}")
    print(f"BYTES_A_ROW = {os.path.getsize(large) / rows:.0f}")
    print(f"RESULT_BYTES_A_ROW = {os.path.getsize(result) / rows:.0f}")
    print(f"MEMORY_A_ROW = {(peak - start_peak) * 1024 / rows:.0f}")
    for path in (large, result):
        os.unlink(path)


class Sandbox:
    """The program's own simulated service, as a process of its own, so that its cost is not the client's."""

    def __init__(self, program, folder, *options):
        self.port_file = folder / "port"
        self.process = subprocess.Popen([program, "sandbox", "--port-file", str(self.port_file), *options],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(100):
            if self.port_file.exists() and self.port_file.read_text():
                return f"http://127.0.0.1:{int(self.port_file.read_text())}/v1"
            time.sleep(0.1)
        self.process.kill()
        sys.exit("the sandbox does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.port_file.unlink(missing_ok=True)


def measure_register(program, count, folder):
    """CPU and memory of sending, without the check and without the sandbox; and what 500 ms of latency make of it."""
    path, result = str(folder / "send.csv"), str(folder / "result.csv")
    register = [program, "register", path, "-o", result, "--force", "--quiet", "--jobs", "1", "--api-url"]
    orders.write(path, count * ROWS_AN_ORDER)
    check = [program, "check", path, "-o", result, "--force", "--quiet", "--jobs", "1"]
    checked = medians([run(check) for _ in range(3)])
    sent = []
    for _ in range(3):
        with Sandbox(program, folder) as url:
            sent.append(run([*register, url], SECRETS))
    wall, cpu, peak = medians(sent)
    print(f"SEND_US_AN_ORDER = {(cpu - checked[1]) / count * 1e6:.0f}")
    print(f"SEND_PEAK_MIB = {peak / 1024:.0f}")


def measure_slots(program, folder):
    """How full the 8 slots of a run are, with 500 ms of latency (the sandbox's `slow`): alone, and with others, which
    send the same orders, so that each gets the answer of the first."""
    path = str(folder / "slow.csv")
    orders.write(path, 400)
    for runs, name in ((1, "SLOTS_USED"), (RUNS_TOGETHER, "SLOTS_USED_TOGETHER")):
        with Sandbox(program, folder, "--fault", "slow=1") as url:
            begin = time.monotonic()
            sending = [subprocess.Popen([program, "register", path, "-o", f"{path}.{n}", "--force", "--quiet",
                                         "--concurrency", "8", "--api-url", url], env={**os.environ, **SECRETS},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                       for n in range(runs)]
            if any([process.wait() for process in sending]):
                sys.exit("a run against the slow sandbox failed")
            wall = time.monotonic() - begin
        print(f"{name} = {order_count(path) / 8 * 0.5 / wall:.2f}")


def order_count(path):
    """The orders of a file of orders.py."""
    with open(path, encoding="cp932") as file:
        next(file)
        return len({line.split(",")[1] for line in file})


def fill_ledger(path, count):
    """A ledger of `count` orders, all of them shipped."""
    dice = random.Random(1)
    ledger = sqlite3.connect(path)
    ledger.executescript(SCHEMA)
    for number in range(count):
        order, second = str(1000000 + number), 1_790_000_000 + number * 30
        ledger.execute("INSERT INTO orders VALUES (?,?,?,?,?,?,?,?,?,?)",
                       (order, order, f"900001-202611{number % 28 + 1:02}-{number:010}", "1", 4, 0, dice.randbytes(32),
                        dice.randbytes(FIELDS_TAGGED * 2), second, second + 86400))
        for kind in range(OPERATIONS + (number % 5 == 0)):
            wrong = dice.random() < ERROR_SHARE
            ledger.execute("INSERT INTO operation VALUES (NULL,?,?,?,0,?,?,?,?,?,?,?,?)",
                           (number // 500, order, kind, dice.randbytes(32), dice.randbytes(32), second, second + 1, 1,
                            4, "ITEM_NAME_SIZE" if wrong else None,
                            "validation error:items[0].name size must be between 1 and 255" if wrong else None))
    ledger.commit()
    ledger.close()
    print(f"LEDGER_BYTES_AN_ORDER = {os.path.getsize(path) / count:.0f}")


def commit_for(path, seconds, counted):
    """Commits of an outcome and the next order's intent, each with its fsync, as `synchronous=FULL` does it in WAL."""
    ledger = sqlite3.connect(path, isolation_level=None)
    ledger.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + SCHEMA)
    dice, commits, end = random.Random(1), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        ledger.execute("BEGIN IMMEDIATE")
        ledger.execute("UPDATE operation SET outcome_at=1, outcome=1, status=0 WHERE id=?", (commits,))
        ledger.execute("INSERT INTO operation VALUES (NULL,1,?,0,0,?,?,1,NULL,NULL,NULL,NULL,NULL)",
                       (str(commits), dice.randbytes(32), dice.randbytes(32)))
        ledger.execute("COMMIT")
        commits += 1
    counted.put(commits)


def measure_commits(folder):
    """Commits a second, of one ledger and of several at once; median of three, after older writes have left."""
    for writers, name in ((1, "COMMITS_ONE_LEDGER"), (WRITERS, "COMMITS_MANY_LEDGERS")):
        totals = []
        for turn in range(3):
            os.sync()
            counted = multiprocessing.Queue()
            workers = [multiprocessing.Process(target=commit_for,
                                               args=(str(folder / f"{name}-{turn}-{n}.db"), SECONDS, counted))
                       for n in range(writers)]
            for worker in workers:
                worker.start()
            totals.append(sum(counted.get() for _ in workers))
            for worker in workers:
                worker.join()
        print(f"{name} = {statistics.median(totals) / SECONDS:.0f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=600000)
    parser.add_argument("--orders", type=int, default=20000)
    parser.add_argument("--folder", default=None)
    parser.add_argument("program")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="atobarai-scale-", dir=asked.folder) as name:
        folder = Path(name)
        measure_check(asked.program, asked.rows, folder)
        measure_register(asked.program, asked.orders, folder)
        measure_slots(asked.program, folder)
        fill_ledger(str(folder / "ledger.db"), 100000)
        measure_commits(folder)


if __name__ == "__main__":
    main()
