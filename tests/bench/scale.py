#!/usr/bin/env python3
"""What a day costs: of one shop, of ten thousand shops, of a national peak. The tables of docs/scale.md.

    tests/bench/scale.py                prints them
    tests/bench/scale.py --write DOC    puts them into DOC, between the lines <!-- table NAME --> and <!-- end -->

Deterministic: the same constants give the same tables. Nothing is run and nothing is sent. Standard library only.
"""
import heapq
import math
import random
import sys
from pathlib import Path

# Measured by `/usr/bin/python3 tests/bench/scale_measure.py build/atobarai`, which prints these lines anew.
# 2 virtual cores, 24 GiB, ext4 on a virtual disk, while others worked on both: several runs agreed to 15 % in CPU and
# bytes, but wall was 6 to 32 ms for a start, and commits 230 to 6,600 for one ledger and 9,400 to 17,000 for eight. Of
# these the worst stand here.
CHECK_US_A_ROW = 1.8          # CPU, result written
START_CPU_MS = 9              # a whole run on a file of one row
START_WALL_MS = 32
BYTES_A_ROW = 443
RESULT_BYTES_A_ROW = 486
MEMORY_A_ROW = 44             # resident, for each further row; of `make bench`, up to 5,000,000
SEND_US_AN_ORDER = 130        # CPU of `register` beyond that of `check`, over plain http on loopback
LEDGER_US_AN_ORDER = 90       # … of it the ledger's: what came with it
SEND_PEAK_MIB = 27            # by time(1): in a child of Python's the figure would be Python's
SLOTS_USED = 0.96             # orders a second, of concurrency / latency, at 8 in flight and 500 ms
SLOTS_USED_TOGETHER = 0.92    # the same, of each of 40 runs at a time on one machine
LEDGER_BYTES_AN_ORDER = 472
COMMITS_ONE_LEDGER = 230      # a second, one writer
COMMITS_MANY_LEDGERS = 9400   # a second, eight writers with a file each

# Assumed. Nothing public says any of it: see "What is not known" in docs/scale.md.
LATENCY_S = 0.5               # from request to answer, mean
ROWS_AN_ORDER = 2             # one to three lines
TLS_FACTOR = 3                # CPU of an order over TLS and a real network, of that over loopback
TLS_HANDSHAKE_MS = 2          # CPU, once for each connection of a run
COMMITS_AN_ORDER = 0.65       # ten a second and one for 64 orders, at 8 in flight and LATENCY_S: run/send
BYTES_ON_WIRE = 3000          # an order's request and answer with headers and TLS
SAFE_DISK_COMMITS = 1000      # a second, of a disk that waits 1 ms until a write would survive a power cut
SHARES = {"register": 1.00, "refused, corrected, sent again": 0.02, "ship": 0.93,
          "status: 5 % under review, asked three times": 0.15, "cancel": 0.03,
          "reregister: 2 % of three requests (cancel, ask, register)": 0.06}
SHOPS, SHOP_MEDIAN, SHOP_SIGMA, SHOP_LEAST, SHOP_MOST = 10000, 100, 1.0, 50, 3000  # orders a day: lognormal, cut
PEAK = 20                     # of a usual day
SLOTS = 200                   # runs at once on a host

# Given: the program's default and bound (README.md), the book (src/order/book.h), the machine that was measured; and
# the seven years for which Japanese companies keep their books.
CONCURRENCY, CONCURRENCY_MAX = 8, 256
BOOK_ROWS_MAX = 2**32 - 17
YEARS, CORES, MEMORY_GIB = 7, 2, 24
HOUR, DAY = 3600, 86400
NIGHT_H = 10                  # from an evening's file to the morning's parcels

# Derived.
REQUESTS_AN_ORDER = sum(SHARES.values())
ROOM = CONCURRENCY / LATENCY_S * SLOTS_USED                                 # orders a second of one run
SEND_US_OVER_TLS = (SEND_US_AN_ORDER - LEDGER_US_AN_ORDER) * TLS_FACTOR + LEDGER_US_AN_ORDER
CPU_AN_ORDER = (SEND_US_OVER_TLS + CHECK_US_A_ROW * ROWS_AN_ORDER) / 1e6
CPU_A_RUN = (START_CPU_MS + TLS_HANDSHAKE_MS * CONCURRENCY) / 1e3


def table(headings, rows):
    """Markdown; columns that begin with a number are set to the right."""
    rule = ["--:" if str(cell)[:1].isdigit() and place else "---" for place, cell in enumerate(rows[0])]
    lines = [headings, rule, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value, digits=2):
    """Two significant digits below a hundred, whole above, with thousands marked."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        scale = 10 ** max(0, math.floor(math.log10(abs(value))) - 2)
        return f"{round(value / scale) * scale:,}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{places}f}"


def span(seconds):
    for unit, name in ((365 * DAY, "years"), (DAY, "d"), (HOUR, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{number(seconds / unit)} {name}"
    return f"{number(seconds)} s" if seconds >= 1 else f"{number(seconds * 1e3)} ms"


def size(byte_count):
    for power, name in ((12, "TB"), (9, "GB"), (6, "MB")):
        if byte_count >= 10**power:
            return f"{number(byte_count / 10**power)} {name}"
    return f"{number(byte_count / 1e3)} kB"


def clock(seconds):
    days, rest = divmod(int(seconds), DAY)
    return f"{rest // HOUR:02}:{rest % HOUR // 60:02}" + (f" +{days} d" if days else "")


# --- one shop

def shop_table():
    rows = []
    for count in (50, 200, 1000, 3000, 3000 * PEAK):
        lines, ledger = count * ROWS_AN_ORDER, count * LEDGER_BYTES_AN_ORDER
        rows.append([f"{count:,}", f"{lines:,}", size(lines * (BYTES_A_ROW + RESULT_BYTES_A_ROW)),
                     span(START_WALL_MS / 1e3 + lines * CHECK_US_A_ROW / 1e6), number(count * REQUESTS_AN_ORDER),
                     span(count / ROOM), span(count / 2), size(ledger), size(ledger * 365 * YEARS)])
    return table(["orders a day", "rows", "file and result", "check, one core", "requests a day, all operations",
                  f"register, {CONCURRENCY} in flight", "register at 2 a second", "ledger a day",
                  f"ledger, {YEARS} years"], rows)


def shares_table():
    return table(["requests an order", "share"], [*([name, f"{share:.2f}"] for name, share in SHARES.items()),
                                                  ["together", f"{REQUESTS_AN_ORDER:.2f}"]])


def pace_table():
    rows = []
    for latency in (0.1, 0.5, 2, 10):
        rates = [concurrency / latency * SLOTS_USED for concurrency in (1, 8, 64, 256)]
        rows.append([span(latency), *(number(rate) for rate in rates), span(3000 / rates[1])])
    return table(["latency of the service", *(f"{n} in flight: orders/s" for n in (1, 8, 64, 256)),
                  "3,000 orders, 8 in flight"], rows)


# --- ten thousand shops

class Drop:
    """A file that a shop drops: when (seconds from midnight), whose, and how many orders. `done` is filled in."""
    __slots__ = ("at", "shop", "orders", "done")

    def __init__(self, at, shop, orders):
        self.at, self.shop, self.orders, self.done = at, shop, orders, None


def shop_sizes(seed=1):
    dice = random.Random(seed)
    return [round(min(SHOP_MOST, max(SHOP_LEAST, dice.lognormvariate(math.log(SHOP_MEDIAN), SHOP_SIGMA))))
            for _ in range(SHOPS)]


def hour_of_orders(dice):
    """When an order file is dropped: in the evening, after the malls' closing hour; in the early morning; whenever."""
    kind = dice.random()
    if kind < 0.55:
        return dice.triangular(17, 24, 20)
    if kind < 0.85:
        return dice.triangular(5, 9, 7)
    return dice.uniform(0, 24)


def day_of_drops(sizes, factor, seed=2, together=False):
    """The order files of a day, one or two a shop, and a shipment file a shop in the afternoon. `together`: one order
    file of every shop at 20:00 to the second, as timers have it."""
    dice, drops = random.Random(seed), []
    for shop, count in enumerate(sizes):
        files = 1 if together else dice.choice((1, 2))
        for _ in range(files):
            drops.append(Drop(20 * HOUR if together else hour_of_orders(dice) * HOUR, shop, count * factor / files))
        drops.append(Drop(dice.triangular(13, 18, 16) * HOUR, shop, count * factor * SHARES["ship"]))
    return sorted(drops, key=lambda drop: (drop.at, drop.shop))


def simulate(drops, shop_rate, total_rate, slots=SLOTS):
    """One host: gives each drop its `done`, and returns the most drops that waited or ran at a time.

    A run takes a fixed start and its check, and then sends at `shop_rate`, or at its equal part of `total_rate` while
    that is less: processor sharing, so one virtual clock (orders sent by each run) is enough. `slots` run at a time,
    those of one shop one after the other, since they share a ledger; the others wait in the order of their coming.
    """
    waiting, behind, busy, running = [], {}, set(), []
    now = sent = 0.0
    most, head, place = 0, 0, 0

    def start(drop):
        fixed = START_WALL_MS / 1e3 + drop.orders * ROWS_AN_ORDER * CHECK_US_A_ROW / 1e6
        heapq.heappush(running, (sent + drop.orders + fixed * shop_rate, head, drop))

    while place < len(drops) or running:
        rate = min(shop_rate, total_rate / len(running)) if running else shop_rate
        ends = now + (running[0][0] - sent) / rate if running else math.inf
        if place < len(drops) and drops[place].at <= ends:
            drop = drops[place]
            sent, now = sent + (drop.at - now) * rate, drop.at
            place += 1
            if drop.shop in busy:
                behind.setdefault(drop.shop, []).append(drop)
            else:
                busy.add(drop.shop)
                waiting.append(drop)
            most = max(most, len(running) + len(waiting) - head)
        else:
            sent, _, drop = heapq.heappop(running)
            now = drop.done = ends
            if behind.get(drop.shop):
                waiting.append(behind[drop.shop].pop(0))
            else:
                busy.discard(drop.shop)
        while head < len(waiting) and len(running) < slots:
            start(waiting[head])
            head += 1
    return most


def host_rate(orders_a_run):
    """What a host can send, whatever the service allows: by CPU or by commits."""
    return min(CORES / (CPU_AN_ORDER + CPU_A_RUN / orders_a_run), COMMITS_MANY_LEDGERS / COMMITS_AN_ORDER)


def simulate_hosts(drops, hosts, shop_rate, service_rate):
    """The shops spread over `hosts` as a hash of the merchant code would; each host gets an equal part of what the
    service takes. Returns sorted seconds from drop to result, the last result, and the most drops on a host."""
    place = random.Random(3)
    home = [place.randrange(hosts) for _ in range(SHOPS)]
    orders_a_run = sum(drop.orders for drop in drops) / len(drops)
    total = min(host_rate(orders_a_run), service_rate / hosts)
    most = max(simulate([drop for drop in drops if home[drop.shop] == host], shop_rate, total) for host in range(hosts))
    return sorted(drop.done - drop.at for drop in drops), max(drop.done for drop in drops), most


SCENARIOS = [  # name, of a usual day, at one time, hosts, orders a second of one shop and of all
    ("usual day", 1, False, 1, ROOM, math.inf),
    ("the same, 2 a second for each shop", 1, False, 1, 2, math.inf),
    ("the same, 200 a second for all", 1, False, 1, ROOM, 200),
    ("the same, 100 a second for all", 1, False, 1, ROOM, 100),
    ("the same, all order files at 20:00", 1, True, 1, ROOM, math.inf),
    ("peak", PEAK, False, 1, ROOM, math.inf),
    ("peak", PEAK, False, 2, ROOM, math.inf),
    ("the same, 2 a second for each shop", PEAK, False, 2, 2, math.inf),
    ("the same, 2 a second for each shop", PEAK, False, 8, 2, math.inf),
    ("the same, 1,000 a second for all", PEAK, False, 2, ROOM, 1000),
    ("the same, 1,000 a second for all", PEAK, False, 4, ROOM, 1000),
]


def queue_table():
    sizes, rows = shop_sizes(), []
    for name, factor, together, hosts, shop_rate, service_rate in SCENARIOS:
        drops = day_of_drops(sizes, factor, together=together)
        took, last, most = simulate_hosts(drops, hosts, shop_rate, service_rate)
        rows.append([name, hosts, span(took[len(took) // 2]), span(took[len(took) * 99 // 100]), span(took[-1]),
                     f"{most:,}", clock(last)])
    return table(["scenario", "hosts", "drop to result: half within", "99 % within", "longest", "most files on a host",
                  "last result"], rows)


def day_table():
    sizes = shop_sizes()
    runs = len(day_of_drops(sizes, 1))
    usual = sum(sizes)
    rows = [["shops", f"{SHOPS:,}", f"{SHOPS:,}"],
            ["orders a shop, median / mean / largest", *(
                " / ".join(number(value * factor) for value in (sorted(sizes)[SHOPS // 2], usual / SHOPS, max(sizes)))
                for factor in (1, PEAK))]]
    for name, one in (("orders", number), ("rows", lambda n: number(n * ROWS_AN_ORDER)),
                      ("requests, all operations", lambda n: number(n * REQUESTS_AN_ORDER)),
                      ("files and results", lambda n: size(n * ROWS_AN_ORDER * (BYTES_A_ROW + RESULT_BYTES_A_ROW))),
                      ("on the wire", lambda n: size(n * REQUESTS_AN_ORDER * BYTES_ON_WIRE)),
                      ("CPU of checks, one core", lambda n: span(n * ROWS_AN_ORDER * CHECK_US_A_ROW / 1e6)),
                      ("CPU of starting and of handshakes", lambda n: span(runs * CPU_A_RUN)),
                      ("CPU of sending, over TLS",
                       lambda n: span(n * REQUESTS_AN_ORDER * SEND_US_OVER_TLS / 1e6)),
                      ("ledgers, growth a day", lambda n: size(n * LEDGER_BYTES_AN_ORDER))):
        rows.append([name, one(usual), one(usual * PEAK)])
    rows.append([f"ledgers, {YEARS} years of usual days", size(usual * LEDGER_BYTES_AN_ORDER * 365 * YEARS), ""])
    return table(["", "usual day", f"peak, {PEAK} times"], rows)


def file_table():
    """Where the time of one order file goes, if it runs alone."""
    rows = []
    for count in (SHOP_MEDIAN, SHOP_MOST):
        parts = [START_WALL_MS / 1e3, count * ROWS_AN_ORDER * CHECK_US_A_ROW / 1e6,
                 count * SEND_US_OVER_TLS / 1e6 + TLS_HANDSHAKE_MS * CONCURRENCY / 1e3,
                 count * COMMITS_AN_ORDER / COMMITS_ONE_LEDGER, count / ROOM]
        rows.append([f"{count:,}", *(span(part) for part in parts), f"{parts[-1] / sum(parts) * 100:.1f} %"])
    return table(["orders of the file", "start, result on the disk", "check", "CPU of sending", "commits",
                  "waiting for the service", "of it waiting"], rows)


# --- the peak, and the end of a machine

def busiest_hour(drops):
    hours = [0.0] * 24
    for drop in drops:
        hours[int(drop.at // HOUR) % 24] += drop.orders
    return max(hours) / HOUR


def peak_table():
    sizes = shop_sizes()
    drops = day_of_drops(sizes, 1)
    usual = busiest_hour(drops)
    orders_a_run = sum(drop.orders for drop in drops) / len(drops)
    capacities = [
        ("CPU: check alone", CORES / (CHECK_US_A_ROW * ROWS_AN_ORDER / 1e6)),
        ("CPU: check, start and sending over TLS", CORES / (CPU_AN_ORDER + CPU_A_RUN / orders_a_run)),
        (f"requests in flight: {SLOTS} runs of {CONCURRENCY} at {LATENCY_S} s", SLOTS * ROOM),
        ("commits, on the disk that was measured", COMMITS_MANY_LEDGERS / COMMITS_AN_ORDER),
        ("commits, on a disk of 1 ms", SAFE_DISK_COMMITS / COMMITS_AN_ORDER),
        ("network of 1 Gbit/s", 1e9 / 8 / BYTES_ON_WIRE)]
    capacities.sort(key=lambda pair: pair[1])
    rows = [[name, number(capacity), f"{usual / capacity * 100:.1f} %", f"{usual * PEAK / capacity * 100:.0f} %",
             math.ceil(usual * PEAK / capacity / 0.5)] for name, capacity in capacities]
    rows.append(["the service", "unknown", "?", "?", "no number helps"])
    rows.append(["**needed in the busiest hour**", "", f"{number(usual)}/s", f"{number(usual * PEAK)}/s", ""])
    return table(["what", "requests/s of a host", "used on a usual day", "used at the peak",
                  "hosts that would be half used at the peak"], rows)


def end_table():
    half = MEMORY_GIB * 2**30 / 2
    rows = [
        ["rows of a file, by the book", f"{BOOK_ROWS_MAX:,}",
         f"`src/order/book.h`; would take {size(BOOK_ROWS_MAX * MEMORY_A_ROW)} of memory"],
        ["rows of a file, by memory", number(half / MEMORY_A_ROW),
         f"half of {MEMORY_GIB} GiB, {MEMORY_A_ROW} bytes a row"],
        ["the same, at 40 bytes a row", number(half / 40), "the goal for memory: 32 MiB and 40 bytes a row"],
        ["rows of a file, by disk", number(100e9 / (BYTES_A_ROW + RESULT_BYTES_A_ROW)), "100 GB for file and result"],
        ["rows checked in an hour, one core", number(HOUR / (CHECK_US_A_ROW / 1e6)), "measured"]]
    for flight in (CONCURRENCY, CONCURRENCY_MAX):
        count = flight / LATENCY_S * SLOTS_USED * NIGHT_H * HOUR
        rows.append([f"**orders of a file, by a night of {NIGHT_H} h, {flight} in flight**", number(count),
                     f"{number(count * ROWS_AN_ORDER)} rows, {size(count * ROWS_AN_ORDER * MEMORY_A_ROW)} of memory"])
    count = 2 * NIGHT_H * HOUR
    rows.append(["**the same, at 2 a second**", number(count), "whatever the machine"])
    rows.append([f"orders of one ledger, by its commits in {NIGHT_H} h",
                 number(COMMITS_ONE_LEDGER * NIGHT_H * HOUR / COMMITS_AN_ORDER), "one writer, measured disk"])
    rows.append([f"ledgers of {SHOPS:,} shops, 1 TB of disk",
                 span(1e12 / (sum(shop_sizes()) * LEDGER_BYTES_AN_ORDER) * DAY), "usual days"])
    return table(["limit", "value", "from"], rows)


def constants_table():
    rows = [["check, CPU a row, result written", f"{CHECK_US_A_ROW} µs", "measured"],
            ["a run on one row, CPU / wall", f"{START_CPU_MS} / {START_WALL_MS} ms", "measured"],
            ["a row, in the file / in the result", f"{BYTES_A_ROW} / {RESULT_BYTES_A_ROW} bytes", "measured"],
            ["memory a row", f"{MEMORY_A_ROW} bytes", "measured (41 in architecture.md, on other rows)"],
            ["memory of a run that sends 20,000 orders", f"{SEND_PEAK_MIB} MiB", "measured"],
            ["sending, CPU an order, plain http on loopback", f"{SEND_US_AN_ORDER} µs", "measured"],
            ["the same over TLS, and a handshake", f"× {TLS_FACTOR}, and {TLS_HANDSHAKE_MS} ms", "assumed"],
            ["slots of a run in use, at 500 ms, alone / one of 40 at a time", f"{SLOTS_USED} / {SLOTS_USED_TOGETHER}",
             "measured"],
            ["latency of the service, mean", f"{LATENCY_S} s", "assumed"],
            ["ledger, bytes an order", f"{LEDGER_BYTES_AN_ORDER}", "measured"],
            ["commits a second, one ledger / eight at a time", f"{COMMITS_ONE_LEDGER:,} / {COMMITS_MANY_LEDGERS:,}",
             "measured"],
            ["commits a second, a disk of 1 ms", f"{SAFE_DISK_COMMITS:,}", "assumed"],
            ["commits an order", f"{COMMITS_AN_ORDER}", "given: src/run/send.c"],
            ["bytes on the wire, a request and its answer", f"{BYTES_ON_WIRE:,}", "assumed"],
            ["rows an order", f"{ROWS_AN_ORDER}", "assumed"],
            ["requests in flight, default / most", f"{CONCURRENCY} / {CONCURRENCY_MAX}", "given: README.md"]]
    return table(["constant", "value", "how known"], rows)


TABLES = {"constants": constants_table, "shares": shares_table, "shop": shop_table, "pace": pace_table,
          "day": day_table, "file": file_table, "queue": queue_table, "peak": peak_table, "end": end_table}


def written(text):
    """The document with its tables made anew."""
    for name, make in TABLES.items():
        mark, end = f"<!-- table {name} -->", "<!-- end -->"
        before, rest = text.split(mark, 1)
        text = f"{before}{mark}\n{make()}\n{end}{rest.split(end, 1)[1]}"
    return text


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--write":
        path = Path(sys.argv[2])
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
    elif len(sys.argv) == 1:
        print("\n\n".join(f"{name}\n\n{make()}" for name, make in TABLES.items()))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
