#!/usr/bin/env python3
"""What a row costs, in instructions: neither may grow unnoticed, on however busy a machine.

    ATOBARAI=build/atobarai tests/e2e/test_instructions.py [--update]

Valgrind counts the instructions of a check of two files; their difference, by the rows that one has more, is what a row
costs, without what the start costs. tests/bench/instructions.json has the number for each kind of check, as it was
measured last, and how many per cent more are let pass. --update measures, and writes the file anew.

The numbers hold for one compiler and for x86-64: elsewhere, and under sanitizers, nothing is tested. Standard library
only.
"""
import concurrent.futures
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import PROGRAM, ROOT, TIMEOUT, check, done

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import built  # noqa: E402
import orders  # noqa: E402

BOUNDS = ROOT / "tests" / "bench" / "instructions.json"
UPDATE = "ATOBARAI=build/atobarai python3 tests/e2e/test_instructions.py --update"
SIZES = (1000, 5000)  # rows
# Name → whether a result is written, whether each row has an error.
KINDS = {
    "check, result written": (True, False),
    "check, no result": (False, False),
    "check, result written, every row wrong": (True, True),
}
# The C library takes other functions on other processors, and Valgrind shows it the host's; these, every x86-64 has.
# Fixed sizes of caches, for they decide how memory is copied. Nothing else of the environment may matter either.
ENVIRONMENT = {
    "GLIBC_TUNABLES": ":".join((
        "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-BMI2,-ERMS,-FSRM,-SSE4_2,-SSSE3,-MOVBE,-AVX_Fast_Unaligned_Load",
        "glibc.cpu.x86_data_cache_size=32768", "glibc.cpu.x86_shared_cache_size=1048576",
        "glibc.cpu.x86_non_temporal_threshold=0xc0000")),
    "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
}


def instructions(rows, with_result, wrong):
    """Of one check of that many rows. All names are relative, so that the stack looks the same wherever we are."""
    with tempfile.TemporaryDirectory(prefix="atobarai-test-") as folder:
        Path(folder, "atobarai").symlink_to(PROGRAM)
        orders.write(str(Path(folder, "in.csv")), rows, wrong)
        words = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", "./atobarai", "check",
                 "in.csv", "--quiet", "--jobs", "1", *(["-o", "out.csv"] if with_result else [])]
        finished = subprocess.run(words, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=TIMEOUT)
        said = finished.stderr.decode("utf-8", "replace")
        counted = re.search(r"I\s+refs:\s+([\d,]+)", said)
        if finished.returncode != (1 if wrong else 0) or counted is None:
            raise RuntimeError(f"{' '.join(words)} ended with {finished.returncode}: {said[-300:]}")
        return int(counted[1].replace(",", ""))


def measure():
    """Kind → instructions a row."""
    few, many = SIZES
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        counts = {(kind, rows): pool.submit(instructions, rows, *KINDS[kind]) for kind in KINDS for rows in SIZES}
    return {kind: round((counts[kind, many].result() - counts[kind, few].result()) / (many - few)) for kind in KINDS}


def reason_to_skip(bounds):
    if platform.machine() != "x86_64":
        return f"the numbers are for x86-64, not {platform.machine()}"
    if built.is_sanitized(PROGRAM):
        return "built with sanitizers"
    if built.compiler_of(PROGRAM) != bounds["compiler"]:
        return f"the numbers are for {bounds['compiler']}, not {built.compiler_of(PROGRAM)}"
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    return None


def compare(bounds, found):
    slack = bounds["slack_percent"]
    for kind, count in found.items():
        known = bounds["instructions_a_row"][kind]
        change = (count / known - 1) * 100
        told = f"{count:,}, and {known:,} when last measured ({change:+.1f} %)"
        check(f"{kind}: instructions a row", [
            f"{told}; at most {slack} % more are let pass. If what it buys is worth it: {UPDATE}"] if change > slack else [])
        print(f"# {told}")
        if change < -slack:
            print(f"# hint: a row costs less than it did, so the bound may be lower: {UPDATE}")


def main():
    bounds = json.loads(BOUNDS.read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--update"]:
        bounds |= {"compiler": built.compiler_of(PROGRAM), "instructions_a_row": measure()}
        BOUNDS.write_text(json.dumps(bounds, indent=2) + "\n", encoding="utf-8")
        print(BOUNDS.read_text(encoding="utf-8"), end="")
        return 0
    reason = reason_to_skip(bounds)
    if reason:
        print(f"ok - instructions a row # skip {reason}")
        return 0
    compare(bounds, measure())
    return done()


if __name__ == "__main__":
    sys.exit(main())
