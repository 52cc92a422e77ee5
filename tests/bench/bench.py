#!/usr/bin/env python3
"""How fast a check is, beside what else a user could do with the same file.

    tests/bench/bench.py [--rows N] [--times N] [--grow N,N,…] [--folder DIR] PROGRAM LIBCSV_READER

Writes an order file (tests/bench/orders.py), runs each contestant on it in turn, several times round, and prints a table
of medians: seconds, ratio to iconv in the same run, megabytes a second, the peak of resident memory. Then how cost grows
with the file, and what a file costs in which every row is wrong. A contestant that is not there is named and left out.
Standard library only.
"""
import argparse
import csv
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orders

PYTHON_CSV = """
import csv, sys
with open(sys.argv[1], encoding="cp932", newline="") as file:
    print(sum(1 for row in csv.reader(file)))
"""


def run_once(command, stdin=None):
    """Seconds, and the peak of resident memory in KiB, of one run; its output goes nowhere."""
    source = open(stdin, "rb") if stdin else subprocess.DEVNULL
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if stdin:
        source.close()
    if process.returncode > 1:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return seconds, usage.ru_maxrss


def contestants(program, libcsv_reader, path, result):
    """Name → command and what it reads on standard input."""
    check = [program, "check", path, "--quiet"]
    return {
        "atobarai check, result written": ([*check, "-o", result, "--force"], None),
        "atobarai check, no result": (check, None),
        "atobarai check, result, one thread": ([*check, "-o", result, "--force", "--jobs", "1"], None),
        "iconv -f CP932 -t UTF-8": (["iconv", "-f", "CP932", "-t", "UTF-8", path], None),
        "libcsv, fields counted": ([libcsv_reader], path),
        "Python csv, rows counted": ([sys.executable, "-c", PYTHON_CSV, path], None),
        "Miller, cat": (["mlr", "--csv", "cat", path], None),
        "csvkit, csvcut -c 1": (["csvcut", "-e", "cp932", "-c", "1", path], None),
        "cat": (["cat", path], None),
    }


def measure(asked, folder):
    path, result = str(folder / "orders.csv"), str(folder / "result.csv")
    orders.write(path, asked.rows)
    size = os.path.getsize(path)
    chosen = {}
    for name, (command, stdin) in contestants(asked.program, asked.libcsv_reader, path, result).items():
        if shutil.which(command[0]) is None:
            print(f"{name}: {command[0]} is not installed, left out")
        else:
            chosen[name] = (command, stdin)
    runs = {name: [] for name in chosen}
    for _ in range(asked.times):
        for name, (command, stdin) in chosen.items():
            runs[name].append(run_once(command, stdin))
    medians = {name: (statistics.median(s for s, _ in found), max(m for _, m in found)) for name, found in runs.items()}
    iconv = medians["iconv -f CP932 -t UTF-8"][0]
    print(f"\n{asked.rows:,} rows, {size / 1e6:.0f} MB; result {os.path.getsize(result) / 1e6:.0f} MB; "
          f"medians of {asked.times}\n")
    print(f"{'':36}{'seconds':>9}{'of iconv':>10}{'MB/s':>8}{'peak MiB':>10}")
    for name, (seconds, memory) in medians.items():
        print(f"{name:36}{seconds:9.2f}{seconds / iconv:10.2f}{size / 1e6 / seconds:8.0f}{memory / 1024:10.1f}")


def grow(asked, folder):
    path, result = str(folder / "orders.csv"), str(folder / "result.csv")
    print(f"\nHow cost grows (check, result written, medians of {asked.times})\n")
    print(f"{'rows':>10}{'seconds':>9}{'us a row':>10}{'peak MiB':>10}{'bytes a row beyond 32 MiB':>28}")
    for rows in asked.grow:
        orders.write(path, rows)
        command = [asked.program, "check", path, "--quiet", "-o", result, "--force"]
        found = [run_once(command) for _ in range(asked.times)]
        seconds, memory = statistics.median(s for s, _ in found), max(m for _, m in found)
        beyond = max(0, (memory - 32 * 1024) * 1024 / rows)
        print(f"{rows:10,}{seconds:9.2f}{seconds / rows * 1e6:10.2f}{memory / 1024:10.1f}{beyond:28.1f}")


def rows_with_errors(result):
    with open(result, encoding="cp932", errors="replace", newline="") as file:
        reader = csv.reader(file)
        column = next(reader).index("エラーコード")
        return sum(1 for row in reader if row[column])


def wrong_rows(asked, folder):
    """Every row wrong, beside a file without an error; in turn, so that both meet the same machine."""
    files = {wrong: str(folder / f"wrong-{wrong}.csv") for wrong in (False, True)}
    result = str(folder / "result.csv")
    seconds = {wrong: [] for wrong in files}
    for wrong, path in files.items():
        orders.write(path, asked.rows, wrong)
    for _ in range(asked.times):
        for wrong, path in files.items():
            seconds[wrong].append(run_once([asked.program, "check", path, "--quiet", "-o", result, "--force"])[0])
    clean, bad = statistics.median(seconds[False]), statistics.median(seconds[True])
    reported = rows_with_errors(result)
    print(f"\nEvery row wrong: {bad:.2f} s beside {clean:.2f} s, ratio {bad / clean:.2f}; "
          f"rows reported: {reported:,} of {asked.rows:,}")
    return reported == asked.rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=600000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--grow", type=lambda text: [int(n) for n in text.split(",")],
                        default=[10000, 100000, 1000000, 5000000])
    parser.add_argument("--folder", default=None)
    parser.add_argument("program")
    parser.add_argument("libcsv_reader")
    asked = parser.parse_args()
    csv.field_size_limit(2**31 - 1)
    print(f"{platform.platform()}, {len(os.sched_getaffinity(0))} cores, "
          f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB")
    with tempfile.TemporaryDirectory(prefix="atobarai-bench-", dir=asked.folder) as folder:
        measure(asked, Path(folder))
        grow(asked, Path(folder))
        complete = wrong_rows(asked, Path(folder))
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
