#!/usr/bin/env python3
"""Files of several parts: whatever thread reads which of them, and wherever one part ends, the result is the same.

The program reads, judges and writes a file in parts of CSV_PART bytes (src/csv/reader.h), and guesses where a part
begins. Here files are made whose records lie at chosen places beside those borders; what is wrong with each row is
worked out by judge(), which knows nothing of parts. Every file is read with several numbers of threads.
Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed. Standard library only.
"""
import collections
import csv
import itertools
import math
import random
import re
import signal
import subprocess
import sys
import time

from harness import HEADINGS, PROGRAM, ROOT, TIMEOUT, Case, done, run
from test_bad_input import CATALOG, counts, filled, refused, register_at, sandbox, says, stats
from test_register import catches

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import orders as bench_orders  # noqa: E402  (the path comes first)

csv.field_size_limit(2**31 - 1)


def size_in_source(name):
    """A number of src/csv/reader.h: a product, in bytes."""
    text = (ROOT / "src" / "csv" / "reader.h").read_text(encoding="utf-8")
    return math.prod(int(factor) for factor in re.search(rf"\b{name} = ([\d* ]+),", text)[1].split("*"))


PART = size_in_source("CSV_PART")
ROW_MAX = size_in_source("CSV_ROW_MAX")
LINES_MAX = 1000  # rows of an order: src/order/order.h
STEP = PART * max(1, 8192 // PART)  # from border to border; room for some rows, however small a part is
PAD = STEP // 60                    # bytes at most that a filling row has more than it needs
JOBS = (1, 2, 8)
OK = "与信OK"
ID, PAYMENT, LINE_ID, MALL, NAME = "受注ID", "支払方法", "明細ID", "受注番号", "商品名"
SUBTOTAL, TOTAL, BUYER, DELIVERY, NOTE = "小計", "請求金額", "注文者氏名", "送付先氏名", "備考"
CONTROL = "コントロールカラム"
FEES = ["送料", "手数料", "値引"]
HEAD = [CONTROL, ID, "受注日時", MALL, PAYMENT, LINE_ID, "商品番号", NAME, SUBTOTAL, *FEES, TOTAL, BUYER, DELIVERY, NOTE]
ORDER_LEVEL = [ID, "受注日時", MALL, PAYMENT, *FEES, TOTAL, BUYER]
FIELDS = {"id": ID, "amount": TOTAL, "items.amount": SUBTOTAL, "shippingFee": "送料", "handlingFee": "手数料",
          "discount": "値引", "control": CONTROL}
FIRST_ID = 1000000  # seven digits: a 明細ID holds no other order's id


# ---- Files ----

class Row:
    """A record: its cells by heading, and bytes for those that stand in the file otherwise. `damage`: the code, the
    column and what else fills its sentences; `lost`: its 受注ID cannot be read; `names`: an order that it may belong to,
    as far as anybody can tell."""

    def __init__(self, cells, ending=None):
        self.cells, self.ending = cells, ending
        self.raw, self.damage, self.lost, self.names = None, None, False, None


class File:
    """Records one behind the other, their numbers and their places."""

    def __init__(self, end=b"\r\n", quoted=False, codec="cp932", delimiter=",", mark=b"", head=HEAD):
        self.end, self.quoted, self.codec, self.delimiter = end, quoted, codec, delimiter
        self.head, self.begin = head, mark + self.encode(head)
        self.records = [(self.begin, end)]
        self.rows = {}  # number → Row; blank lines and the header are none
        self.base = self.size = len(self.begin) + len(end)  # parts are counted from behind the header
        self.next_id = FIRST_ID + 500000

    def cell(self, text):
        if self.quoted or any(special in text for special in (self.delimiter, '"', "\r", "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text

    def encode(self, cells):
        return self.delimiter.join(map(self.cell, cells)).encode(self.codec)

    def bytes_of(self, row):
        if row.raw is not None:
            return row.raw(self) if callable(row.raw) else row.raw
        return self.encode([row.cells.get(heading, "") for heading in self.head])

    def line(self, raw=b"", ending=None):
        """A record that is no row: a blank line, or one of empty cells."""
        ending = self.end if ending is None else ending
        if not raw and ending[:1] == b"\n" and self.records[-1][1] == b"\r":
            ending = b"\r"  # the two would be one line end
        self.records.append((raw, ending))
        self.size += len(raw) + len(ending)
        return len(self.records)

    def add(self, *rows):
        """Rows behind the others; the number of the last one."""
        for row in rows:
            self.rows[self.line(self.bytes_of(row), row.ending)] = row
        return len(self.records)

    def length(self, *rows):
        return sum(len(self.bytes_of(row)) + len(self.end if row.ending is None else row.ending) for row in rows)

    def border(self, number):
        """Where a part begins, unless a record lies across."""
        return self.base + number * STEP

    def fill_one(self, length=None, **changes):
        """A sound order of one line, of that many bytes."""
        self.next_id += 1
        row = order(self.next_id, [100], **changes)[0]
        if length is not None:
            row.cells[NOTE] += "x" * (length - self.length(row))
        return self.add(row)

    def fill(self, offset):
        """Sound orders up to where the next record is to begin."""
        self.next_id += 1
        least = self.length(*order(self.next_id, [100]))
        while self.size < offset:
            rest = offset - self.size
            if rest < least:
                raise ValueError(f"{rest} bytes are too few for a row")
            pad = random.randrange(PAD + 1)
            self.fill_one(rest if rest < 2 * least + pad else least + pad)

    def data(self):
        return b"".join(raw + ending for raw, ending in self.records)

    def written(self, path, encoding=None):
        data = self.data()
        path.write_bytes(data.decode(self.codec).encode(encoding) if encoding else data)
        return path


def time_of(number):
    """Another one for each order: in a damaged row it may stand in the place of the id."""
    return f"2026-11-{1 + number % 28:02} {number // 28 % 24:02}:{number // 672 % 60:02}:{number // 40320 % 60:02}"


def order(number, amounts, total=None, **changes):
    """The rows of an order: a line for each amount. `changes` by heading are the same on all."""
    total = sum(amounts) + 550 + 330 - 80 if total is None else total
    return [Row({**dict(zip(HEAD, ["U", str(number), time_of(number), f"M{number}", "後払い", f"{number}{line:02}",
                                   f"A{line}", "煎茶 ソ表", str(amount), "550", "330", "80", str(total), "見本 太郎",
                                   "例示 花子", ""])), **changes}) for line, amount in enumerate(amounts, 1)]


# ---- What is wrong with a file, apart from the program ----

def finding(code, row, item=None, **values):
    """The five cells of one finding."""
    entry = CATALOG[code]
    if item is None:
        item = "、".join(FIELDS[field] for field in entry["fields"])
    texts = [filled(code, part, row=row, column=item, **values) for part in ("message", "cause", "remedy")]
    return (code, item, ("注意: " if is_warning(code) else "") + texts[0], *texts[1:])


def is_warning(code):
    return CATALOG[code]["severity"] == "warning"


class Verdict:
    """What a whole file must give: the findings of each row (None: its cells stay empty), and the counts."""

    def __init__(self):
        self.rows, self.orders, self.invalid, self.skipped, self.by_error = {}, 0, 0, 0, collections.Counter()

    def counts(self):
        return {"orders": self.orders, "invalid": self.invalid, "skipped_rows": self.skipped, "rows": len(self.rows),
                "by_error": dict(self.by_error)}


def own_findings(rows):
    """What is wrong with the order of these rows (number, Row): pairs of a row's number, 0 for all, and arguments of
    finding()."""
    if len(rows) > LINES_MAX:
        return [(0, "ORDER_TOO_LARGE", None, {"a1": LINES_MAX, "a2": 16})]
    whole = [(number, row.cells) for number, row in rows if not row.damage]
    found = [(number, row.damage[0], row.damage[1], row.damage[2]) for number, row in rows if row.damage]
    damaged = bool(found)
    lines = whole if damaged else sorted(whole, key=lambda one: (int(one[1][LINE_ID]), one[0]))
    for place, (number, cells) in enumerate(lines):
        if not cells[NAME]:
            found.append((number, "ITEM_NAME_SIZE", NAME, {"N": place}))
        if not cells[ID]:
            found.append((number, "REQUIRED", ID, {}))
    if not whole:
        return found
    first, told = whole[0]
    differing = [(number, heading) for number, cells in whole for heading in ORDER_LEVEL
                 if cells[heading] != told[heading]]
    found += [(number, "ORDER_FIELD_DIFFERS", heading, {"other": first}) for number, heading in differing]
    total = sum(int(cells[SUBTOTAL]) for _, cells in whole) + sum(int(told[fee]) for fee in FEES[:2]) - int(told["値引"])
    if not differing and not damaged and total != int(told[TOTAL]):
        found.append((0, "TOTAL_MISMATCH", None, {"a1": told[TOTAL], "a2": total}))
    seen = {}
    for number, cells in whole:
        other, alike = seen.setdefault(cells[LINE_ID], (number, cells))
        if other != number:
            found.append((number, "ROW_DUPLICATE" if alike == cells else "LINE_ID_DUPLICATE", LINE_ID,
                          {"other": other, "a1": cells[LINE_ID]}))
    if not rows[0][1].damage:
        sent, there = lines[0]
        found += [(number, "DELIVERY_DIFFERS", DELIVERY, {"other": sent}) for number, cells in lines[1:]
                  if cells[DELIVERY] != there[DELIVERY]]
    return found


def twins_of(orders):
    """Order → the order that has its 受注番号, too."""
    twins, known = {}, {}
    for key, rows in orders.items():
        names = [row.cells[MALL] for _, row in rows if not row.damage and row.cells[ID]]
        if not names:
            continue
        other = known.setdefault(names[0], key)
        if other != key:
            twins[key] = other
            twins.setdefault(other, key)
    return twins


def siblings_named(rows):
    named = [str(number) for number in sorted(set(rows))]
    return "、".join(named[:5] + ["…"] * (len(named) > 5))


def put_order(verdict, rows, found):
    """The findings of an order to its rows."""
    errors = [one for one in found if not is_warning(one[1])]
    verdict.orders += 1
    verdict.invalid += bool(errors)
    verdict.by_error.update({code for _, code, _, _ in found})
    for number, _ in rows:
        mine = [one for one in found if one[0] in (0, number)]
        verdict.rows[number] = [finding(code, number, item, **values) for _, code, item, values in mine]
        if errors and not any(one in errors for one in mine):
            verdict.rows[number].append(finding("SIBLING_ROW", number, a1=siblings_named(one[0] for one in errors)))


def judge(file):
    verdict, orders, deleted, near = Verdict(), {}, collections.defaultdict(list), {}
    for number, row in file.rows.items():
        key = f"row {number}" if row.lost or not row.cells[ID] else row.cells[ID]
        if row.cells[CONTROL] == "D":
            deleted[key].append(number)
        else:
            orders.setdefault(key, []).append((number, row))
        if row.names:
            near.setdefault(row.names, number)
    ours = {}
    for key, rows in orders.items():
        payments = {row.cells[PAYMENT] for _, row in rows if not row.damage}
        if payments and not any("後払い" in payment for payment in payments):
            verdict.skipped += len(rows)
            verdict.rows.update((number, None) for number, _ in rows)
        else:
            ours[key] = rows
    twins = twins_of(ours)
    for key, rows in ours.items():
        found = own_findings(rows)
        if key in near:
            found.append((0, "DAMAGED_ROW_NEAR", "", {"a1": near[key]}))
        if key in twins:
            found.append((0, "MALL_NUMBER_TWICE", MALL, {"a1": twins[key], "a2": ours[twins[key]][0][0]}))
        put_order(verdict, rows, found)
    for key, numbers in deleted.items():
        verdict.skipped += len(numbers)
        verdict.by_error.update([] if key in orders else ["ORDER_NO_ITEMS"])
        verdict.rows.update((number, None if key in orders else [finding("ORDER_NO_ITEMS", number)])
                            for number in numbers)
    return verdict


# ---- Results ----

def masked(data):
    """The result with the time of the run, which ends each row, as T."""
    return re.sub(rb"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(\"?)(?=[\r\n]|$)", rb"T\1", data)


def tails_of(case, what, file, result):
    """Row number → what was put behind the record, the header's too. All else must be the input's bytes."""
    at, tails = 0, {}
    for number, (raw, ending) in enumerate(file.records, 1):
        blank = number > 1 and number not in file.rows
        if not result.startswith(raw, at):
            case.problems.append(f"{what}: row {number} does not begin with the input's bytes")
            return {}
        at += len(raw)
        stop = at if blank else result.find(ending, at) if ending else len(result)
        if stop < 0 or not result.startswith(ending, stop):
            case.problems.append(f"{what}: row {number} has not the line end {ending!r}")
            return {}
        if not blank:
            tails[number] = result[at:stop]
        at = stop + len(ending)
    case.equal(f"{what}: bytes behind the last row", len(result) - at, 0)
    return tails


def cells_behind(file, tail):
    cells = next(csv.reader([tail[1:].decode(file.codec)], delimiter=file.delimiter))
    return cells if tail[:1] == file.delimiter.encode() and not any(cells[:-8]) else [f"no cells: {tail!r}"]


def compare_rows(case, what, file, verdict, tails, sends):
    """Cells of ours, row for row."""
    for number, row in file.rows.items():
        found, wanted = cells_behind(file, tails[number])[-8:], verdict.rows[number]
        if wanted is None:
            case.equal(f"{what}: row {number}, nobody's", found, [""] * 8)
            continue
        ours = [tuple(parts) for parts in zip(*(cell.split("|") for cell in found[1:6]))] if found[1] else []
        case.equal(f"{what}: row {number}", sorted(ours), sorted(wanted))
        done_with = sends and not any(one[0] == "ORDER_NO_ITEMS" or not is_warning(one[0]) for one in wanted)
        case.equal(f"{what}: row {number}, status, id, time", [found[0], found[6], found[7]],
                   [OK, row.cells[ID], "T"] if done_with else ["", "", "T"])


def execute(case, source, *options, command="check", **more):
    """Exit status, the result's bytes, masked (None: there is none), the summary, standard error."""
    out, summary = case.tmp / "result.csv", case.tmp / "summary.json"
    for path in (out, summary):
        path.unlink(missing_ok=True)
    status, _, errors = run(command, source, "-o", out, "--summary-json", summary, *options, **more)
    return status, masked(out.read_bytes()) if out.exists() else None, counts(summary), errors


def compare(case, what, file, verdict, status, result, summary, sends=False):
    """The whole outcome of a run on the file; `result` is masked, and in the encoding that the file was made in."""
    case.equal(f"{what}: exit", status, 1 if verdict.invalid else 0)
    if result is None or summary is None:
        case.problems.append(f"{what}: no result")
        return
    tails = tails_of(case, what, file, result)
    if not tails:
        return
    case.equal(f"{what}: headings", cells_behind(file, tails[1]), HEADINGS)
    compare_rows(case, what, file, verdict, tails, sends)
    wanted = {**verdict.counts(), "sent": verdict.orders - verdict.invalid if sends else 0,
              "succeeded": verdict.orders - verdict.invalid}
    case.equal(f"{what}: counts", {key: summary[key] for key in wanted}, wanted)


def verify(case, what, file, jobs=JOBS, encoding=None):
    """The program says of the file what judge() says, with any number of threads; the result, masked. `encoding`: of
    the file, where it is not the one that it was made in."""
    source = file.written(case.tmp / "in.csv", encoding)
    first = None
    for count in jobs:
        status, result, summary, errors = execute(case, source, "--jobs", count)
        if result is None:
            case.problems.append(f"{what}, --jobs {count}: no result: {errors!r}")
            return b""
        if encoding:
            result = masked(result.decode(encoding).encode(file.codec))
        if first is None:
            first = result
            compare(case, f"{what}, --jobs {count}", file, judge(file), status, result, summary)
        case.true(f"{what}: --jobs {count} gives the same bytes as --jobs {jobs[0]}", result == first)
    return first


# ---- Orders whose rows lie apart ----

def total_of(amounts):
    return sum(amounts) + 800


def changed(rows, place, **cells):
    rows[place].cells.update(cells)
    return rows


def one_total(amounts, counted):
    """請求金額 is right for some of the rows only."""
    return lambda number: order(number, amounts, total_of(counted))


def short(number, place):
    """A row without its last cells: it is known whose it is."""
    rows = order(number, [100, 200, 300])
    kept = HEAD.index(NAME)
    rows[place].damage = ("CELLS_MISSING", NAME, {"a1": kept, "a2": len(HEAD)})
    rows[place].raw = lambda file, cells=rows[place].cells: file.encode(list(cells.values())[:kept])
    return rows


def stray(number, place):
    rows = order(number, [100, 200])
    rows[place].damage = ("QUOTE_STRAY", NAME, {})

    def raw(file, cells=rows[place].cells):
        values = list(cells.values())
        behind = HEAD.index(NAME) + 1
        return file.encode(values[:behind]) + b'!"' + file.delimiter.encode() + file.encode(values[behind:])
    rows[place].raw = raw
    return rows


def lost(number, place):
    """The delimiter before the 受注ID is missing: the row may be anybody's, and it holds the id of its order."""
    rows = order(number, [100, 200], 備考="x")  # a result is the shorter by empty cells, when it is read again

    def raw(file, cells=rows[place].cells):
        values = list(cells.values())
        return file.encode([values[0] + values[1], *values[2:]])
    rows[place].raw, rows[place].lost, rows[place].names = raw, True, str(number)
    rows[place].damage = ("CELLS_MISSING", NOTE, {"a1": len(HEAD) - 1, "a2": len(HEAD)})
    for row in rows:  # right for the one that is left, so that nothing else holds it back
        row.cells[TOTAL] = str(total_of([[100, 200][1 - place]]))
    return rows


def naming(number, vouched):
    """A short row with the id of another order. Only a sound row of its own order, if there is one, tells that it is
    nobody else's."""
    rows = short(number, 0)
    for row in rows:
        row.cells[MALL] = str(number + 1)
    if not vouched:
        rows = rows[:1]
        rows[0].names = str(number + 1)
    return rows + order(number + 1, [100, 200])


def deleted(number, places, count=3):
    """Rows with D, which do not count."""
    amounts = [100 * (place + 1) for place in range(count)]
    rows = order(number, amounts, total_of([amount for place, amount in enumerate(amounts) if place not in places]))
    for place in places:
        rows[place].cells[CONTROL] = "D"
    return rows


def twins(number):
    return order(number, [100, 200]) + order(number + 1, [100, 200], **{MALL: f"M{number}"})


def line_id(number, same):
    rows = order(number, [100, 100, 300])
    rows[1].cells = dict(rows[0].cells) if same else {**rows[1].cells, LINE_ID: rows[0].cells[LINE_ID]}
    return rows


# Name → what makes its rows, from a number of the order.
KINDS = {
    "right as a whole only": one_total([100, 200], [100, 200]),
    "right as a whole only, four lines": one_total([100, 200, 300, 400], [100, 200, 300, 400]),
    "the total is the first line's": one_total([100, 200], [100]),
    "the total is the second line's": one_total([100, 200], [200]),
    "the total is that of two of three lines": one_total([100, 200, 300], [200, 300]),
    "an error on the first line": lambda n: changed(order(n, [100, 200, 300]), 0, 商品名=""),
    "an error on the last line": lambda n: changed(order(n, [100, 200, 300]), 2, 商品名=""),
    "errors on six of seven lines": lambda n: order(n, [100] * 6, total_of([100] * 7), 商品名="")
    + [Row({**order(n, [100] * 7)[6].cells})],
    "another buyer on the second line": lambda n: changed(order(n, [100, 200]), 1, 注文者氏名="見本 花子"),
    "another total on the last line": lambda n: changed(order(n, [100, 200, 300]), 2, 請求金額="100"),
    "another payment on the second line": lambda n: changed(order(n, [100, 200]), 1, 支払方法="代金引換"),
    "another payment on the first line": lambda n: changed(order(n, [100, 200]), 0, 支払方法="代金引換"),
    "deferred payment on the last line only": lambda n: changed(order(n, [1, 2, 3], 支払方法="代金引換"), 2,
                                                                支払方法="後払い"),
    "paid otherwise": lambda n: order(n, [100, 200], 支払方法="代金引換"),
    "a 明細ID twice": lambda n: line_id(n, False),
    "a row twice": lambda n: line_id(n, True),
    "two places of delivery": lambda n: changed(order(n, [100, 200]), 1, 送付先氏名="見本 次郎"),
    "a deleted first line": lambda n: deleted(n, [0]),
    "a deleted line in the middle": lambda n: deleted(n, [1]),
    "two deleted lines at the end": lambda n: deleted(n, [1, 2]),
    "all lines deleted": lambda n: deleted(n, [0, 1], 2),
    "a short first row": lambda n: short(n, 0),
    "a short last row": lambda n: short(n, 2),
    "a stray quote on the first row": lambda n: stray(n, 0),
    "a stray quote on the second row": lambda n: stray(n, 1),
    "a first row that lost its order": lambda n: lost(n, 0),
    "a second row that lost its order": lambda n: lost(n, 1),
    "a short row that names another order": lambda n: naming(n, False),
    "the same, and a sound row of its order": lambda n: naming(n, True),
    "no 受注ID on the second row": lambda n: changed(order(n, [100, 200]), 1, 受注ID=""),
    "one 受注番号 under two 受注IDs": twins,
}


def some_of_each(times):
    """The rows of orders of each kind, in lists of one kind."""
    numbers = range(FIRST_ID, FIRST_ID + 2 * times * len(KINDS), 2)
    return [KINDS[kind](number) for number, kind in zip(numbers, list(KINDS) * times)]


def test_at_borders():
    """The rows of an order stand together, and a border goes through between two of them, or through one."""
    for name, shift in (("between two rows", 0), ("through the row before", 1), ("within the row behind", -1)):
        with Case(f"orders with a border {name}") as case:
            groups = some_of_each(1)
            for begin in range(0, len(groups), 5):
                file = File(quoted=begin % 2 == 1)
                for number, rows in enumerate(groups[begin:begin + 5], 1):
                    middle = (len(rows) + 1) // 2
                    by = file.length(rows[middle - 1]) // 2 if shift > 0 else file.length(rows[middle]) // 2
                    file.fill(file.border(number) - file.length(*rows[:middle]) + shift * by)
                    file.add(*rows)
                file.fill(file.size + STEP // 4)
                verify(case, f"kinds from {begin}", file, jobs=(2,) if shift else JOBS)


def spread(file, groups):
    """The first row of each order in the first part, the second in the third, and so on."""
    for line in range(max(map(len, groups))):
        file.fill(file.border(2 * line + 1) - STEP // 2 if line < 4 else file.size)
        file.add(*(rows[line] for rows in groups if line < len(rows)))


def test_apart():
    with Case("orders whose rows are parts apart") as case:
        file = File()
        spread(file, some_of_each(1))
        file.fill(file.size + STEP // 2)
        verify(case, "parts apart", file)
    groups = some_of_each(12)
    for rows in groups:
        for row in rows:
            row.cells[NOTE] = "x" * random.randrange(STEP // 150)  # two parts and more in all
    apart = [rows[line] for line in range(7) for rows in groups if line < len(rows)]
    shuffled = random.sample(apart, len(apart))
    blocks = [rows[:2] for rows in groups] + [rows[2:] for rows in groups]
    random.shuffle(blocks)
    for name, rows in (("together", sum(groups, [])),
                       ("all apart: the first of each order, the second of each", apart),
                       ("in reverse", apart[::-1]),
                       ("in any order", shuffled),
                       ("two together, and the others elsewhere", sum(blocks, []))):
        with Case(f"orders of every kind, their rows {name}") as case:
            file = File(quoted=name == "in reverse", end=b"\n" if name == "in any order" else b"\r\n")
            file.add(*rows)
            file.fill(max(file.size, file.border(3)) + STEP)
            verify(case, name, file)


def test_many_rows():
    """Short rows, thousands of them in a part, as an export has them."""
    with Case("two rows an order, without a gap") as case:
        file = File()
        for number in range(FIRST_ID, FIRST_ID + max(20, 2 * STEP // 250)):
            wrong = number % 97 == 0
            file.add(*order(number, [100, 200], total_of([100, 200, 1] if wrong else [100, 200])))
        verify(case, "many", file)


def test_large_orders():
    with Case("orders of 1000 lines and of 1001, together and apart, none of them so large within a part") as case:
        for apart in (False, True):
            file = File()
            lines = [order(number, [1 + line % 900 for line in range(count)], 100000) for number, count in
                     ((FIRST_ID, LINES_MAX), (FIRST_ID + 1, LINES_MAX + 1), (FIRST_ID + 2, LINES_MAX))]
            for rows in lines:  # right but for the last one
                amounts = [int(row.cells[SUBTOTAL]) for row in rows]
                for row in rows:
                    row.cells.update({TOTAL: str(total_of(amounts) + (rows is lines[2])), NOTE: "x" * 500})
            together = sum(lines, [])
            file.add(*(row for some in itertools.zip_longest(*lines) for row in some if row) if apart else together)
            verify(case, f"apart: {apart}", file)


# ---- Row numbers ----

def wrong(file, **changes):
    """An order of one line with an error, which names its row."""
    file.next_id += 1
    return order(file.next_id, [100], **{NAME: "", **changes})[0]


def beside(file, number, shift, rows_before, lines):
    """Let `lines`, each a record of no row (bytes, line end) or a Row, begin at a border, but for `shift`."""
    file.fill(file.border(number) + shift - file.length(*rows_before))
    file.add(*rows_before)
    for one in lines:
        if isinstance(one, Row):
            file.add(one)
        else:
            file.line(*one)
    file.add(wrong(file))


def numbering(shift, end, quoted):
    """A file with something that counts as rows, or does not, at each of its borders."""
    file = File(end=end, quoted=quoted)
    commas, empties = b"," * (len(HEAD) - 1), b",".join([b'""'] * len(HEAD))
    note = {NOTE: "一行目\r\n\r\n二行目\n\n\r三行目\r"}
    beside(file, 1, shift, [wrong(file)], [(b"", b"\n"), (b"", b"\r\n"), (b"", b"\n"), (b"", b"\r")])
    beside(file, 2, shift, [wrong(file)], [wrong(file), (commas, b"\r"), (empties, b"\r"), (commas, b"\r\n")])
    beside(file, 3, shift, [Row(wrong(file).cells, ending=b"\r\n")],
           [Row(wrong(file).cells, ending=b"\r"), Row(wrong(file).cells, ending=b"\n")])
    cells = wrong(file, **note)
    inside = file.bytes_of(cells).index("一行目".encode("cp932")) + len("一行目".encode("cp932")) + 1
    beside(file, 4, shift - inside, [wrong(file)], [cells, (b"", b"\n")])
    cells = wrong(file, **note)
    beside(file, 5, shift - file.length(cells) + len(file.end) + 2, [wrong(file)], [cells])
    file.fill(file.border(6) + shift - 100)
    while file.size < file.border(6) + 100:
        file.line(b"", random.choice((b"\n", b"\r\n")))
    file.fill(file.size + STEP // 3)
    file.add(wrong(file))
    return file


def test_numbers():
    for end, quoted in ((b"\r\n", False), (b"\n", True), (b"\r", False)):
        with Case(f"row numbers beside borders: blank lines, empty cells, line ends in cells, rows end with {end!r}"
                  ) as case:
            for shift in range(-3, 4):
                verify(case, f"shifted by {shift}", numbering(shift, end, quoted), jobs=(3,) if shift else JOBS)
    with Case("row numbers: blank lines before the first row, behind the last, and parts of nothing else") as case:
        for end, empty in ((b"\r\n", b""), (b"\n", b"," * (len(HEAD) - 1)), (b"\r", b"," * (len(HEAD) - 1))):
            file = File(end=end)
            for _ in range(3):
                file.line()
            file.fill(file.border(1) - 200)
            while file.size < file.border(2) + 200:
                file.line(empty)
            file.add(wrong(file), *order(FIRST_ID, [100, 200], 5000))
            file.fill(file.border(3) - 200)
            while file.size < file.border(3) + 200:
                file.line()
            verify(case, repr(end), file)
    with Case("bytes that are no text, told by their place in the file") as case:
        file = File()
        for number in range(1, 5):
            file.fill(file.border(number) - number)
            row = order(FIRST_ID + number, [100])[0]
            row.raw = file.bytes_of(row) + b"\x81"
            row.damage = ("ENCODING_INVALID", NOTE, {"a1": file.size + len(row.raw) - 1})
            file.add(row)
        verify(case, "half a character", file)
    with Case("CR, LF and CR LF by turns, from row to row, as in no file that one program wrote") as case:
        file = File()
        ends = [b"\r\n", b"\n", b"\r"]
        while file.size < file.border(3):
            row = wrong(file) if random.random() < .02 else order(file.next_id, [100])[0]
            file.next_id += 1
            row.cells[NOTE] = "x" * random.randrange(PAD) + random.choice(["", "\r\n", "\n", "\r"])
            row.ending = random.choice(ends)
            file.add(row)
            if random.random() < .1:
                file.line(b"", random.choice(ends))
        verify(case, "mixed", file)


# ---- What misleads a guess ----

def noted(file, note, at=None, before=0):
    """A sound order with a note; `at`: where the record's byte `before` is to be."""
    if at is not None:
        file.fill(at - before)
    file.next_id += 1
    file.add(order(file.next_id, [100], **{NOTE: note})[0])


# Lines that look like the ends and beginnings of records; none has as many commas as a row.
NOTES = {
    "quotes and commas": '","\r\n",\r\n"x","y"\r\n,"\r\n',
    "records of three cells": 'U,"a","b"\r\n"U","a",b\r\n',
    "doubled quotes beside commas": 'x,""y"",z\r\n,"","",\n',
    "quotes alone on their lines": '"\n"\r"\r\n""\n"""\r\n',
    "line ends alone": "\r\n\n\r\r\n",
    "an odd quote behind commas": ',",x\n',
}


def test_notes():
    for name, text in NOTES.items():
        with Case(f"cells of many lines at every border: {name}") as case:
            for quoted in (False, True):
                file = File(quoted=quoted)
                note = text * (STEP // 8 // len(text) + 20)
                for number in range(1, 5):
                    noted(file, note, file.border(number), random.randrange(200, len(note)))
                file.add(wrong(file))
                verify(case, f"all quoted: {quoted}", file, jobs=(2,) if quoted else JOBS)
    with Case("cells of many lines in every row, of all kinds") as case:
        file = File(quoted=True)
        while file.size < file.border(4):
            noted(file, random.choice(list(NOTES.values())) * random.randrange(1, 40))
            if random.random() < .05:
                file.add(wrong(file, **{NOTE: random.choice(list(NOTES.values()))}))
        file.add(wrong(file))
        verify(case, "all rows", file)
    with Case("a cell of nearly 1 MiB in lines, and others behind it") as case:
        for name, text in NOTES.items():
            doubled = len(text) + text.count('"')
            file = File(quoted=True)
            file.fill(file.border(1) - 300)
            noted(file, text * ((ROW_MAX - 1000) // doubled))
            file.add(wrong(file))
            noted(file, text * (min(ROW_MAX, 3 * PART) // 2 // doubled))
            file.fill(file.size + STEP // 2)
            file.add(wrong(file))
            verify(case, name, file, jobs=(3,))


def test_quotes():
    with Case("columns of quotes only") as case:
        file = File()
        for number in range(max(20, 2 * STEP // 500)):
            noted(file, '"' * (number % 9), None)
            if number % 50 == 0:
                file.add(wrong(file, **{NOTE: '"', DELIVERY: '""', BUYER: '"'}))
        verify(case, "quotes", file)
    with Case("an unquoted file with a stray quote now and then, and one near each border") as case:
        for every in (40, 3):
            file = File()
            for number in range(FIRST_ID, FIRST_ID + max(20, 3 * STEP // 700)):
                rows = order(number, [100, 200], **{NOTE: "x" * random.randrange(200)})
                if number % every == 0:
                    rows = stray(number, number // every % 2)
                file.add(*rows)
            file.fill(file.border(4))
            file.add(*stray(FIRST_ID + 400001, 0))
            rows = stray(FIRST_ID + 400003, 1)
            file.fill(file.border(5) - file.length(*rows))
            file.add(*rows)
            file.fill(file.size + STEP // 2)
            verify(case, f"every {every} orders", file)
    with Case("a quoted file with a stray quote now and then") as case:
        file = File(quoted=True)
        for number in range(FIRST_ID, FIRST_ID + max(20, 3 * STEP // 700)):
            file.add(*(stray(number, number % 2) if number % 7 == 0 else order(number, [100, 200])))
        verify(case, "quoted", file)


# ---- Long rows ----

def long_row(number, length, line=1, lines=1, quoted_text=None):
    """One line of an order, with that many bytes; with more than ROW_MAX it is damaged."""
    row = order(number, [100] * lines)[line - 1]
    plain = File()
    if quoted_text is None:
        row.cells[NOTE] = "x" * (length - len(plain.bytes_of(row)))
    else:
        row.cells[NOTE] = quoted_text * (length // (len(quoted_text) + quoted_text.count('"')))
    if len(plain.bytes_of(row)) > ROW_MAX:
        row.damage = ("ROW_TOO_LONG", NOTE, {"a1": ROW_MAX})
    return row


def test_long_rows():
    least = max(PART + PART // 5, 10000)
    with Case("rows longer than a part, and some as long as a row may be") as case:
        file = File()
        file.fill(file.border(1) - 500)
        file.add(long_row(FIRST_ID, least), long_row(FIRST_ID + 1, least), wrong(file), long_row(FIRST_ID + 2, ROW_MAX))
        file.add(wrong(file))
        file.fill(file.size + STEP // 3)
        file.add(wrong(file))
        verify(case, "long", file)
    over = [long_row(FIRST_ID + place, ROW_MAX + 1 + place * STEP // 4, 2, 2) for place in range(5)]
    over[3] = long_row(FIRST_ID + 3, ROW_MAX * 3 // 2, 2, 2, quoted_text='a,\r\n"b\n')
    firsts = [order(FIRST_ID + place, [100, 100])[0] for place in range(5)]
    with Case("rows of more than 1 MiB: in the middle, at a border, two in a row, as the last") as case:
        file = File()
        file.fill(file.border(1) - STEP // 2)
        file.add(firsts[0], over[0], wrong(file))
        file.fill(file.border(math.ceil((file.size + STEP) / STEP)))
        file.add(over[1], over[2], wrong(file))
        file.fill(file.size + STEP // 3)
        file.add(*firsts[1:], over[3])
        file.fill(file.size + STEP // 3)
        file.add(wrong(file), over[4])
        verify(case, "with a line end", file)
        file.records[-1] = (file.records[-1][0], b"")
        verify(case, "without one", file, jobs=(1, 2))
    with Case("a file of nothing but a row of more than 1 MiB, and such a row before all others") as case:
        file = File()
        file.add(long_row(FIRST_ID, ROW_MAX + PART))
        verify(case, "alone", file)
        file.add(wrong(file))
        file.fill(file.size + 2 * STEP)
        verify(case, "first", file)


def test_header():
    with Case("a header longer than a part: the rows begin elsewhere, and nothing else is different") as case:
        head = HEAD + ["見" * (max(PART, 10000) // 2 + 500), '社内\r\n"メモ"']
        for quoted in (False, True):
            file = File(head=head, quoted=quoted)
            case.true("longer than a part", file.base > PART)
            file.add(wrong(file))
            file.fill(file.border(2))
            file.add(wrong(file), *order(FIRST_ID, [100, 200], 5000))
            verify(case, f"all quoted: {quoted}", file)


# ---- Sizes ----

def test_sizes():
    crlf, lf, cr = b"\r\n", b"\n", b"\r"
    with Case("files of exactly some parts, a byte more or less, with each line end at their end, and without") as case:
        for end, last in ((crlf, crlf), (crlf, b""), (lf, lf), (lf, cr), (cr, cr), (cr, b"")):
            for more in (-1, 0, 1):
                for whole in (False, True) if end == b"\r\n" else (False,):  # without and with the header
                    file = File(end=end)
                    size = (0 if whole else file.base) + 2 * PART * (STEP // PART) + more
                    row = Row(wrong(file).cells, ending=last)
                    file.fill(size - file.length(row))
                    file.add(row)
                    case.equal("size", len(file.data()), size)
                    verify(case, f"{end!r}, {last!r} at the end, {more} bytes more", file, jobs=(2, 1))
    with Case("a last row of one byte, of a line end, and of a quote that is a cell, behind the last border") as case:
        for raw in (b"", b"\r", b"\n", b"\r\n", b"," * (len(HEAD) - 1), b'""'):
            file = File()
            file.fill(file.border(2))
            file.line(raw.rstrip(b"\r\n"), raw[len(raw.rstrip(b"\r\n")):])
            if raw:
                verify(case, repr(raw), file, jobs=(2, 1))
            else:
                file.records.pop()
                verify(case, "nothing", file, jobs=(2, 1))


# ---- Quotes that are never closed ----

def unclosed(case, file, row, heading):
    """Row `row` has a quote in that cell that nobody closes."""
    for count in JOBS:
        options = ("--jobs", str(count))
        refused(case, file.data(), 4, "QUOTE_UNCLOSED", commands=("check",), options=options, a1=row,
                a2=HEAD.index(heading) + 1, a3=heading)


def open_at(file, heading):
    """A row that lacks the quote behind that cell."""
    cells = [order(FIRST_ID, [100])[0].cells[column] for column in HEAD]
    place = HEAD.index(heading)
    if file.quoted:
        return file.encode(cells)[:-1]  # the last cell's
    return file.encode(cells[:place]) + b',"' + file.encode(cells[place:])


def test_unclosed():
    for name, quoted, closes in (("no other quote in the file", False, False), ("every cell is quoted", True, False),
                                 ("only those cells are quoted that need it", False, True)):
        with Case(f"an unclosed quote in the third part: {name}") as case:
            for heading in (NOTE,) if quoted else (NOTE, BUYER):
                file = File(quoted=quoted)
                for _ in range(3):
                    file.line()
                if closes:
                    noted(file, "a,b", file.border(1))
                file.fill(file.border(2) + STEP // 2)
                number = file.line(open_at(file, heading))
                if closes:
                    noted(file, "a,b", file.border(4))
                file.fill(file.border(5))
                unclosed(case, file, number, heading)
    with Case("an unclosed quote as the last byte of the file") as case:
        file = File()
        file.fill(file.border(3))
        number = file.line(open_at(file, NOTE), b"")
        case.true("it is the last byte", file.data().endswith(b',"'))
        unclosed(case, file, number, NOTE)


# ---- Interruption ----

def interrupted(case, source, jobs, delay):
    """Ask the program to end, so long after it began to listen; its exit status."""
    folder = case.tmp / "run"
    folder.mkdir()
    process = subprocess.Popen([PROGRAM, "check", str(source), "-o", str(folder / "out.csv"), "--jobs", str(jobs)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while process.poll() is None and not catches(process.pid, signal.SIGINT) and time.monotonic() < end:
        pass  # a pause could be longer than the run
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=TIMEOUT)[1].decode("utf-8", "replace")
    left = sorted(path.name for path in folder.iterdir())
    if process.returncode == 130:
        case.equal(f"--jobs {jobs}, after {delay} s: left behind", left, [])
        says(case, f"--jobs {jobs}, after {delay} s", errors, "INTERRUPTED")
    else:  # it came too late
        case.equal(f"--jobs {jobs}, after {delay} s: a whole result", (process.returncode, left), (0, ["out.csv"]))
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    return process.returncode


def test_interrupted():
    with Case("SIGINT while a larger file is read by several threads: exit 130, and nothing is left") as case:
        source = case.tmp / "in.csv"
        bench_orders.write(str(source), 60000)  # some 26 MB
        for jobs in JOBS:
            statuses = [interrupted(case, source, jobs, delay) for delay in (0.02, 0.005, 0)]
            for _ in range(20):  # on a busy machine a run may be over before it is asked to end
                if 130 not in statuses:
                    statuses.append(interrupted(case, source, jobs, 0))
            case.true(f"--jobs {jobs}: interrupted at least once: {statuses}", 130 in statuses)


# ---- Other ways to the same words ----

def everything(**layout):
    """A file with orders of every kind, parts apart and across borders, blank lines, and notes of many lines."""
    file = File(**layout)
    for _ in range(3):
        file.line()
    groups = some_of_each(2)
    for place, rows in enumerate(groups):
        for row in rows:
            if not row.damage:
                row.cells[NOTE] = list(NOTES.values())[place % len(NOTES)] * (place % 4)
    spread(file, groups[:len(groups) // 2])
    file.add(*sum(groups[len(groups) // 2:], []))
    file.line(b"", b"\n")
    file.fill(file.size + STEP // 2)
    file.add(wrong(file))
    return file


def test_encodings():
    with Case("UTF-8, with and without a mark, all quoted and not") as case:
        for quoted, mark in ((False, b""), (True, b"\xef\xbb\xbf")):
            file = everything(codec="utf-8", mark=mark, quoted=quoted)
            verify(case, f"mark {mark!r}", file)
    for encoding in ("utf-16-le", "utf-16-be"):
        with Case(f"{encoding} with tabs") as case:
            verify(case, encoding, everything(codec="utf-8", delimiter="\t", mark="\ufeff".encode()), encoding=encoding)
    with Case("the same file from a pipe") as case:
        file = everything()
        status, result, summary, _ = execute(case, "-", "--jobs", "3", stdin=file.data())
        compare(case, "pipe", file, judge(file), status, result, summary)


def test_again():
    for quoted in (False, True):
        with Case(f"a result as input gives itself, all quoted: {quoted}") as case:
            file = everything(quoted=quoted)
            result = verify(case, "first run", file)
            (case.tmp / "again.csv").write_bytes(result)
            for count in JOBS:
                status, again, summary, _ = execute(case, case.tmp / "again.csv", "--jobs", count)
                compare(case, f"second run, --jobs {count}", file, judge(file), status, again, summary)
                case.true(f"--jobs {count}: the same bytes but for the time", again == result)


def test_register():
    file = everything()
    verdict = judge(file)
    with Case("register --sandbox: each good order is sent once, and all else is as check says it") as case:
        source = file.written(case.tmp / "in.csv")
        for count in JOBS:
            status, result, summary, _ = execute(case, source, "--sandbox", "--jobs", count, command="register")
            compare(case, f"--jobs {count}", file, verdict, status, result, summary, sends=True)
            case.equal(f"--jobs {count}: statuses", summary["by_status"].get(OK), verdict.orders - verdict.invalid)
    with Case("register at a service: what it counts") as case, sandbox(case) as url:
        source = file.written(case.tmp / "in.csv")
        status, result, summary, _ = register_at(case, url, source, "--jobs", "8")
        compare(case, "register", file, verdict, status, masked(result or b""), summary, sends=True)
        found = stats(url)
        case.equal("registered, twice, refused", (found["registered"], found["duplicate_ids"], found["refused"]),
                   (verdict.orders - verdict.invalid, 0, 0))


def main():
    random.seed(20261105)
    test_at_borders()
    test_apart()
    test_many_rows()
    test_large_orders()
    test_numbers()
    test_notes()
    test_quotes()
    test_long_rows()
    test_header()
    test_sizes()
    test_unclosed()
    test_interrupted()
    test_encodings()
    test_again()
    test_register()
    return done()


if __name__ == "__main__":
    sys.exit(main())
