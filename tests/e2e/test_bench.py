#!/usr/bin/env python3
"""tests/bench/wire.py runs, counts what the service counted, and prints a line for whoever is there. No time is looked
at: what is slow depends on the machine."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness import PROGRAM, ROOT, Case, done

BENCH = ["/usr/bin/python3", str(ROOT / "tests" / "bench" / "bench.py"), "--only", "wire", "--times", "1", "--orders",
         "200", "--late", "40", "--seconds", "1", "--concurrency", "8"]


def number(line):
    found = re.search(r"\s([\d,]+(?:\.\d+)?)(?:\s|$)", line)
    return float(found[1].replace(",", "")) if found else 0


def test_wire():
    with Case("the bench of the wire measures who is there") as case:
        finished = subprocess.run([*BENCH, "--folder", str(case.tmp), str(Path(PROGRAM).parent)], capture_output=True,
                                  text=True, timeout=120)
        case.equal("status", finished.returncode, 0)
        case.true(f"no complaint: {finished.stderr}", finished.stderr == "")
        lines = finished.stdout.splitlines()
        registered = [line for line in lines if line.startswith("atobarai register")]
        case.equal("register in both tables", len(registered), 2)
        case.true(f"a rate in each: {registered}", all(number(line[36:]) > 0 for line in registered))
        libcurl = [line for line in lines if line.startswith("libcurl alone")]
        case.true(f"libcurl: {libcurl}", len(libcurl) == 1 and number(libcurl[0][36:]) > 0)
        wrk = [line for line in lines if line.startswith("wrk ")]
        case.true(f"wrk: {wrk}", len(wrk) == 1)
        case.equal("wrk is left out only where it is not there", "left out" in "".join(wrk), shutil.which("wrk") is None)
        case.true("nothing is left behind", not list(Path(case.tmp).iterdir()))


def main():
    test_wire()
    return done()


if __name__ == "__main__":
    sys.exit(main())
