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

SCHEMA = Path(__file__).resolve().parent.parent.parent / "schemas" / "ledger" / "0001.sql"
ROWS_AN_ORDER = 2  # orders.py writes one to three lines an order
SECRETS = {"ATOBARAI_API_KEY": "scale", "ATOBARAI_MERCHANT_CODE": "scale"}
LEDGER_ROWS = 40000  # of the file whose ledger is weighed
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
    register = [program, "register", path, "-o", result, "--force", "--quiet", "--jobs", "1", "--ledger"]
    orders.write(path, count * ROWS_AN_ORDER)
    check = [program, "check", path, "-o", result, "--force", "--quiet", "--jobs", "1"]
    checked = medians([run(check) for _ in range(3)])
    sent = []
    for turn in range(3):
        with Sandbox(program, folder) as url:
            sent.append(run([*register, str(folder / f"sent-{turn}.db"), "--api-url", url], SECRETS))
    _, cpu, _ = medians(sent)
    print(f"SEND_US_AN_ORDER = {(cpu - checked[1]) / count * 1e6:.0f}")


def measure_slots(program, folder):
    """How full the 8 slots of a run are, with 500 ms of latency (the sandbox's `slow`): alone, and with others, which
    send the same orders, so that each gets the answer of the first."""
    path = str(folder / "slow.csv")
    orders.write(path, 400)
    for runs, name in ((1, "SLOTS_USED"), (RUNS_TOGETHER, "SLOTS_USED_TOGETHER")):
        with Sandbox(program, folder, "--fault", "slow=1") as url:
            begin = time.monotonic()
            sending = [subprocess.Popen([program, "register", path, "-o", f"{path}.{n}", "--force", "--quiet",
                                         "--concurrency", "8", "--ledger", f"{path}.{name}.{n}.db", "--api-url", url],
                                        env={**os.environ, **SECRETS},
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


def with_shipments(path):
    """The file with a 送り状番号 and a 配送会社 behind each row."""
    header, *rows = Path(path).read_bytes().splitlines()
    cells = [',"送り状番号","配送会社"'.encode("cp932"), ',"000011112222","ヤマト運輸"'.encode("cp932")]
    Path(path).write_bytes(b"\r\n".join([header + cells[0], *(row + cells[1] for row in rows), b""]))


def measure_ledger(program, folder):
    """What an order takes: each is registered and shipped, and one in five cancelled afterwards."""
    path, result, ledger = (str(folder / name) for name in ("ledger.csv", "result.csv", "ledger.db"))
    orders.write(path, LEDGER_ROWS)
    with_shipments(path)
    with open(path, encoding="cp932") as file:
        next(file)
        ids = sorted({line.split(",")[1].strip('"') for line in file})
    fifth = folder / "fifth.txt"
    fifth.write_text("\n".join(ids[::5]))
    with Sandbox(program, folder) as url:
        for command, only in (("register", []), ("ship", []), ("cancel", ["--only", str(fifth)])):
            run([program, command, path, "-o", result, "--force", "--quiet", "--ledger", ledger, "--api-url", url, *only],
                SECRETS)
    print(f"LEDGER_BYTES_AN_ORDER = {os.path.getsize(ledger) / len(ids):.0f}")


def commit_for(path, seconds, counted):
    """Commits of an outcome and the next order's intent, each with its fsync, as `synchronous=FULL` does it in WAL."""
    ledger = sqlite3.connect(path, isolation_level=None)
    ledger.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + SCHEMA.read_text(encoding="utf-8"))
    ledger.execute("INSERT INTO accounts VALUES (1, ?)", (bytes(16),))
    dice, commits, end = random.Random(1), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        ledger.execute("BEGIN IMMEDIATE")
        ledger.execute("UPDATE operations SET ended=1, outcome=0, status=1, body=NULL WHERE number=?", (commits,))
        ledger.execute("UPDATE orders SET status=1, registered=1 WHERE account=1 AND id=?", (str(commits - 1),))
        ledger.execute("INSERT INTO orders (account, id, service_id, issue) VALUES (1, ?1, ?1, 1)", (str(commits),))
        ledger.execute("INSERT INTO operations (account, id, operation, service_id, issue, body, content, begun) "
                       "VALUES (1, ?1, 0, ?1, 1, ?2, ?3, 1)", (str(commits), dice.randbytes(16), dice.randbytes(16)))
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
        measure_ledger(asked.program, folder)
        measure_commits(folder)


if __name__ == "__main__":
    main()
