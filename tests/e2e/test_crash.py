#!/usr/bin/env python3
"""The crash test (tests/crash/crash.py) in its short form: some kills, also in the public
protocol, and some with two programs at once.

The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and
exits 1 if any failed.
"""
import concurrent.futures
import os
import random
import sys

from harness import ROOT, done

sys.path.insert(0, str(ROOT / "tests" / "crash"))
from crash import crash_test  # noqa: E402

if __name__ == "__main__":
    seed = int(os.environ.get("ATOBARAI_SEED") or random.SystemRandom().randrange(10**6))
    # Most of the time is waiting for answers that do not come, so that all may do it side by side.
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for finished in [pool.submit(crash_test, 12, seed, orders=60, padding=2000),
                         pool.submit(crash_test, 8, seed + 2, orders=30, padding=2000, dialect="kuroneko"),
                         pool.submit(crash_test, 6, seed + 1, two=True, orders=30, padding=2000)]:
            finished.result()
    sys.exit(done())
