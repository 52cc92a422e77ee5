#!/usr/bin/env python3
"""How fast a check is, beside what else a user could do with the same file; and how fast orders are sent.

    tests/bench/bench.py [--only check|wire] [--rows N] [--times N] [--grow N,N,…] [--send N] [--folder DIR]
                         [options of wire.py] BUILD

Writes an order file (tests/bench/orders.py), runs each contestant on it in turn, several times round, and prints a table
of medians: seconds, ratio to iconv in the same run, megabytes a second read and written, the peak of resident memory.
Then how cost grows with the file, what a file costs in which every row is wrong, and where the time of a check and of a
registration goes. Then what wire.py measures. A contestant that is not there is named and left out. BUILD holds what was
built: atobarai, libcsv_reader, libcurl_post, run_once. Standard library only.

Everybody gets the file from the page cache: it is read through before each run. What is written goes to /dev/null, but
for results, which are written beside the file.
"""
import argparse
import csv
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

import orders
import wire
from built import compiler_of

SLOW_TIMES = 3  # rounds of those that take ten times as long as the others
ICONV = "iconv -f CP932 -t UTF-8"
PYTHON_CSV = """
import csv, sys
with open(sys.argv[1], encoding="cp932", newline="") as file:
    print(sum(1 for row in csv.reader(file)))
"""

Contestant = namedtuple("Contestant", "name command stdin result slow", defaults=(None, None, False))
Run = namedtuple("Run", "seconds kib")


class Bench:
    """What was built, and a folder for the files."""

    def __init__(self, asked, folder):
        self.asked, self.folder = asked, Path(folder)
        self.program, self.libcsv_reader, self.run_once = (
            str(asked.build / name) for name in ("atobarai", "libcsv_reader", "run_once"))
        self.source, self.result = str(self.folder / "orders.csv"), str(self.folder / "result.csv")

    def check(self, *options, source=None):
        return [self.program, "check", source or self.source, "--quiet", *options]

    def check_and_write(self, *options, source=None):
        return self.check("-o", self.result, "--force", *options, source=source)

    def run(self, command, read, stdin=None):
        """Run once; `read` is the file that the command will read."""
        warm(read)
        with open(stdin or os.devnull, "rb") as source:
            finished = subprocess.run([self.run_once, *command], stdin=source, capture_output=True, text=True)
        if finished.returncode != 0:
            sys.exit(f"{command[0]} cannot be run")
        seconds, kib, status = finished.stdout.split()
        if int(status) > 1:
            sys.exit(f"{' '.join(command)} ended with {status}")
        return Run(float(seconds), int(kib))


def warm(path):
    block = bytearray(1 << 20)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(block):
            pass


def seconds_of(runs):
    return statistics.median(run.seconds for run in runs)


def mib_of(runs):
    return max(run.kib for run in runs) / 1024


def describe(bench):
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    cpu = re.search(r"^model name\s*: (.*)", cpuinfo, re.MULTILINE)
    version = subprocess.run([bench.program, "--version"], capture_output=True, text=True).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    given = " ".join(sys.argv[1:-1])
    print(f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
          f"{memory:.0f} GiB; Linux {platform.release()}, {' '.join(platform.libc_ver())}")
    print(f"{version}, {compiler_of(bench.program)}; by: make bench" + (f' BENCH="{given}"' if given else ""))


# ---- Beside others ----


def contestants(bench):
    source, result = bench.source, bench.result
    return [
        Contestant("atobarai check, result written", bench.check_and_write(), result=result),
        Contestant("atobarai check, no result", bench.check()),
        Contestant("  the same with --jobs 1, result", bench.check_and_write("--jobs", "1"), result=result),
        Contestant("  the same with --jobs 1, no result", bench.check("--jobs", "1")),
        Contestant(ICONV, ["iconv", "-f", "CP932", "-t", "UTF-8", source]),
        Contestant("libcsv, fields counted", [bench.libcsv_reader], stdin=source),
        Contestant("Python csv, rows counted", ["/usr/bin/python3", "-c", PYTHON_CSV, source], slow=True),
        Contestant("Miller, mlr --csv cat", ["mlr", "--csv", "cat", source], slow=True),
        Contestant("csvkit, csvcut -c 1", ["csvcut", "-e", "cp932", "-c", "1", source], slow=True),
        Contestant("cat, the limit of reading", ["cat", source]),
        Contestant("dd, copied and synced: of writing", ["dd", f"if={source}", f"of={result}", "bs=1M", "conv=fsync"],
                   result=result),
    ]


def beside_others(bench):
    orders.write(bench.source, bench.asked.rows)
    size = os.path.getsize(bench.source)
    all_of_them = contestants(bench)
    chosen = [one for one in all_of_them if shutil.which(one.command[0]) is not None]
    runs = {one.name: [] for one in chosen}
    written = {}
    for number in range(bench.asked.times):
        for one in chosen:
            if one.slow and number >= SLOW_TIMES:
                continue
            if one.result:
                Path(one.result).unlink(missing_ok=True)
            runs[one.name].append(bench.run(one.command, bench.source, one.stdin))
            if one.result:
                written[one.name] = os.path.getsize(one.result)
    print(f"\n{bench.asked.rows:,} rows, {size / 1e6:.0f} MB\n")
    print(f"{'':36}{'runs':>4}{'seconds':>9}{'of iconv':>10}{'MB/s read':>11}{'written':>9}{'rows/s':>11}{'peak MiB':>10}")
    iconv = seconds_of(runs[ICONV]) if ICONV in runs else float("nan")
    for name, found in runs.items():
        seconds = seconds_of(found)
        speed = f"{written[name] / 1e6 / seconds:.0f}" if name in written else ""
        print(f"{name:36}{len(found):4}{seconds:9.3f}{seconds / iconv:10.2f}{size / 1e6 / seconds:11.0f}{speed:>9}"
              f"{bench.asked.rows / seconds:11,.0f}{mib_of(found):10.1f}")
    for one in all_of_them:
        if one not in chosen:
            print(f"{one.name:36}   {one.command[0]} is not installed: left out")


# ---- How cost grows ----


def growth(bench):
    print(f"\nHow cost grows (check, result written, medians of {bench.asked.times})\n")
    print(f"{'rows':>10}{'seconds':>9}{'us a row':>10}{'peak MiB':>10}{'bytes for each further row':>28}")
    before = None
    for rows in bench.asked.grow:
        orders.write(bench.source, rows)
        runs = [bench.run(bench.check_and_write(), bench.source) for _ in range(bench.asked.times)]
        seconds, mib = seconds_of(runs), mib_of(runs)
        further = f"{(mib - before[1]) * 2**20 / (rows - before[0]):.1f}" if before and rows > before[0] else ""
        print(f"{rows:10,}{seconds:9.3f}{seconds / rows * 1e6:10.2f}{mib:10.1f}{further:>28}".rstrip())
        before = rows, mib


# ---- Every row wrong ----


def rows_with_errors(result):
    with open(result, encoding="cp932", errors="replace", newline="") as file:
        reader = csv.reader(file)
        column = next(reader).index("エラーコード")
        return sum(1 for row in reader if row[column])


def wrong_rows(bench):
    """Every row wrong, beside a file without an error; in turn, so that both meet the same machine. Whether each row
    was reported."""
    files = {"no row wrong": bench.source, "every row wrong": str(bench.folder / "wrong.csv")}
    orders.write(files["no row wrong"], bench.asked.rows)
    orders.write(files["every row wrong"], bench.asked.rows, wrong=True)
    runs = {name: [] for name in files}
    sizes, reported = {}, {}
    for _ in range(bench.asked.times):
        for name, path in files.items():
            runs[name].append(bench.run(bench.check_and_write(source=path), path))
            sizes[name] = os.path.getsize(bench.result)
            if name not in reported:
                reported[name] = rows_with_errors(bench.result)
    clean = seconds_of(runs["no row wrong"])
    print(f"\n{bench.asked.rows:,} rows (check, result written, medians of {bench.asked.times})\n")
    print(f"{'':20}{'seconds':>9}{'ratio':>8}{'result MB':>11}{'rows reported':>15}{'peak MiB':>10}")
    for name in files:
        seconds = seconds_of(runs[name])
        print(f"{name:20}{seconds:9.3f}{seconds / clean:8.2f}{sizes[name] / 1e6:11.0f}{reported[name]:15,}"
              f"{mib_of(runs[name]):10.1f}")
    return reported == {"no row wrong": 0, "every row wrong": bench.asked.rows}


# ---- Where the time goes ----


def phases(bench):
    """The phases of a check and of a registration at the simulated service, side by side on the same file."""
    names = ["read", "check", "write", "send"]  # the last of register only
    rows, summary = bench.asked.send, str(bench.folder / "summary.json")
    orders.write(bench.source, rows)
    runs = {"check": [], "register": []}
    for _ in range(bench.asked.times):
        for command, found in runs.items():
            words = [bench.program, command, bench.source, "-o", bench.result, "--force", "--quiet", "--summary-json", summary]
            bench.run([*words, "--sandbox"] if command == "register" else words, bench.source)
            found.append(json.loads(Path(summary).read_text(encoding="utf-8"))["phases_ms"])
    print(f"\nWhere the time goes: {rows:,} rows, us a row, means of {bench.asked.times}\n")
    print(f"{'':20}" + "".join(f"{name:>8}" for name in names))
    for command, found in runs.items():
        means = [statistics.mean(run[name] for run in found) * 1000 / rows for name in names if name in found[0]]
        print(f"{command + (' --sandbox' if command == 'register' else ''):20}"
              + "".join(f"{mean:8.2f}" for mean in means))


def check(bench):
    beside_others(bench)
    growth(bench)
    complete = wrong_rows(bench)
    phases(bench)
    return complete


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=600000, help="of the file that everybody reads")
    parser.add_argument("--times", type=int, default=5, help="rounds")
    parser.add_argument("--grow", type=lambda text: [int(n) for n in text.split(",")],
                        default=[10000, 100000, 1000000, 5000000], help="rows of the files that show how cost grows")
    parser.add_argument("--send", type=int, default=100000, help="rows of the file whose phases are measured")
    parser.add_argument("--only", choices=["check", "wire"], default=None, help="this part")
    wire.add_options(parser)
    parser.add_argument("--folder", default=None, help="where the files are written; 5 GB for 5,000,000 rows")
    parser.add_argument("build", type=Path)
    asked = parser.parse_args()
    asked.build = asked.build.absolute()
    sys.stdout.reconfigure(line_buffering=True)
    with tempfile.TemporaryDirectory(prefix="atobarai-bench-", dir=asked.folder) as folder:
        bench = Bench(asked, folder)
        describe(bench)
        complete = asked.only == "wire" or check(bench)
        if asked.only != "check":
            wire.measure(asked, folder)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
