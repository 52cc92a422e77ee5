#!/usr/bin/env python3
"""docs/scale.md holds the tables that tests/bench/scale.py makes, and its simulation does what small cases tell."""
import sys

from harness import ROOT, Case, done

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import scale  # noqa: E402  (the path comes first)


def near(found, wanted):
    return abs(found - wanted) < 1e-6


def fixed(orders):
    """The start and the check of a file, in seconds."""
    return scale.START_WALL_MS / 1e3 + orders * scale.ROWS_AN_ORDER * scale.CHECK_US_A_ROW / 1e6


def test_document():
    with Case("docs/scale.md is current (make scale)") as case:
        text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
        case.true("its tables are those of tests/bench/scale.py", scale.written(text) == text)
        case.equal("tables", text.count("<!-- table "), len(scale.TABLES))


def test_simulation():
    with Case("one file alone takes its start and its orders at the pace of its shop") as case:
        drop = scale.Drop(100, 0, 50)
        most = scale.simulate([drop], 10, 1000)
        case.true(f"done at {drop.done}", near(drop.done, 100 + fixed(50) + 5))
        case.equal("files at a time", most, 1)
    with Case("two shops share what the service takes, and two files of one shop do not overlap") as case:
        drops = [scale.Drop(0, 0, 100), scale.Drop(0, 1, 100)]
        scale.simulate(drops, 10, 10)
        case.true(f"shared: {drops[0].done}, {drops[1].done}", all(near(d.done, 2 * (fixed(100) + 10)) for d in drops))
        drops = [scale.Drop(0, 0, 100), scale.Drop(0, 0, 100)]
        scale.simulate(drops, 10, 1000)
        case.true(f"in turn: {drops[0].done}, {drops[1].done}",
                  near(drops[0].done, fixed(100) + 10) and near(drops[1].done, 2 * (fixed(100) + 10)))
    with Case("a file waits for a free slot, and every file of a day ends after it was dropped") as case:
        drops = [scale.Drop(0, shop, 100) for shop in range(3)]
        most = scale.simulate(drops, 10, 1000, slots=1)
        case.true(f"last: {drops[2].done}", near(drops[2].done, 3 * (fixed(100) + 10)))
        case.equal("files at a time", most, 3)
        drops = scale.day_of_drops(scale.shop_sizes()[:200], 1)
        scale.simulate(drops, 2, 10)
        case.true("ends", all(drop.done is not None and drop.done >= drop.at + drop.orders / 2 for drop in drops))


def main():
    test_document()
    test_simulation()
    return done()


if __name__ == "__main__":
    sys.exit(main())
