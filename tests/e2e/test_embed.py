#!/usr/bin/env python3
"""The library in a program of one's own (samples/embed/): the same result file as the command line's.

Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import subprocess
import sys
from pathlib import Path

from harness import PROGRAM, ROOT, TIMEOUT, Case, done, read_result, run

EMBEDDED = Path(PROGRAM).parent / "embed-register"
SAMPLE = ROOT / "samples" / "order_05_credit_results.csv"


def without_time(path):
    return {number: {k: v for k, v in row.items() if k != "処理日時"} for number, row in read_result(path).items()}


def main():
    with Case("samples/embed/register.c does what the command does") as case:
        finished = subprocess.run([EMBEDDED, SAMPLE, case.tmp / "embedded.csv"], capture_output=True, timeout=TIMEOUT)
        status, _, _ = run("register", SAMPLE, "--sandbox", "-o", case.tmp / "command.csv")
        case.equal("exit", finished.returncode, status)
        case.equal("result", without_time(case.tmp / "embedded.csv"), without_time(case.tmp / "command.csv"))
        case.true("counts", "与信OK: 3" in finished.stdout.decode())
    with Case("samples/embed/register.c says what went wrong") as case:
        finished = subprocess.run([EMBEDDED, case.tmp / "none.csv", case.tmp / "out.csv"], capture_output=True,
                                  timeout=TIMEOUT)
        case.equal("exit", finished.returncode, 2)
        case.true("message", b"none.csv" in finished.stderr)
    return done()


if __name__ == "__main__":
    sys.exit(main())
