#!/usr/bin/env python3
"""How fast orders are sent, beside what the service can take and what others do with the same requests.

    tests/bench/wire.py [--orders N] [--times N] [--concurrency N] [--late N] [--seconds N] [--service PROGRAM]
                         [--folder DIR] BUILD

Each contestant registers orders with a sandbox of its own, a process beside it on loopback, several times round and in
turn: wrk, a load generator; libcurl alone (tests/bench/libcurl_post.c), which `register` sends with; and `register` with
its ledger on the disk of --folder. All send the same request, as `register` makes it, with other ids and keys. Then
`register` with a service that takes 100 ms for each answer, beside what concurrency / latency allows. Prints medians,
ratios within each round, and CPU; a contestant that is not there is named and left out. BUILD holds what was built:
atobarai, libcurl_post. --service: whose sandbox it is, to compare two builds. Standard library only.
"""
import argparse
import http.server
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import namedtuple
from pathlib import Path

import orders

SECRETS = {"ATOBARAI_API_KEY": "bench-key", "ATOBARAI_MERCHANT_CODE": "bench-merchant"}
DELAY_MS = 100
LUA = Path(__file__).resolve().parent / "post.lua"
LIBCURL = "libcurl alone"
WRK = "wrk"
REGISTER = "atobarai register, ledger on disk"

Run = namedtuple("Run", "rate cpu service_cpu")  # requests a second; microseconds of CPU a request, and of the service's


class Sandbox:
    """The simulated service, as a process of its own."""

    def __init__(self, program, folder, *options):
        self.port_file = folder / "port"
        self.cpu = None
        self.process = subprocess.Popen([program, "sandbox", "--port-file", str(self.port_file), *options],
                                        stdout=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(600):
            if self.port_file.exists():
                self.url = f"http://127.0.0.1:{int(self.port_file.read_text())}/v1"
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.process.kill()
        sys.exit("the sandbox does not start")

    def __exit__(self, *_):
        self.process.terminate()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime

    def stats(self):
        with urllib.request.urlopen(self.url + "/_stats", timeout=30) as answer:
            return json.load(answer)


class Wire:
    def __init__(self, asked, folder):
        self.asked, self.folder = asked, folder
        self.program, self.libcurl = str(asked.build / "atobarai"), str(asked.build / "libcurl_post")
        self.service = str(asked.service or self.program)
        self.sample, self.id = folder / "sample.txt", "1000000"
        self.orders, self.few = folder / "orders.csv", folder / "few.csv"
        orders.write(self.orders, asked.orders, most=1)
        orders.write(self.few, asked.late, most=1)

    def register(self, source, url):
        summary = self.folder / "summary.json"
        for old in self.folder.glob("ledger.db*"):
            old.unlink()
        cpu = cpu_of([self.program, "register", str(source), "-o", str(self.folder / "result.csv"), "--force", "--quiet",
                      "--concurrency", str(self.asked.concurrency), "--ledger", str(self.folder / "ledger.db"),
                      "--summary-json", str(summary), "--api-url", url])[1]
        found = json.loads(summary.read_text(encoding="utf-8"))
        return found["sent"], found["phases_ms"]["send"] / 1000, cpu

    def take_sample(self):
        """The request that `register` makes of an order, as a service sees it."""
        seen = []

        class Listener(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                headers = [f"{name}: {value}" for name, value in self.headers.items()
                           if name.lower() not in ("host", "content-length")]
                seen.append(("\n".join(headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        one = self.folder / "one.csv"
        orders.write(one, 1)
        with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            cpu_of([self.program, "register", str(one), "-o", str(self.folder / "result.csv"), "--force", "--quiet",
                    "--ledger", str(self.folder / "sample.db"), "--api-url",
                    f"http://127.0.0.1:{server.server_address[1]}/v1"], allowed=(3,))
            server.shutdown()
        headers, body = seen[0]
        self.sample.write_bytes(headers.encode("latin-1") + b"\n\n" + body)


def cpu_of(command, allowed=(0,)):
    """What it printed, and its seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(command, env={**os.environ, **SECRETS}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if finished.returncode not in allowed:
        sys.exit(f"{' '.join(command)} ended with {finished.returncode}: {finished.stderr}")
    return finished.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# ---- The contestants: each gives requests, seconds, and seconds of CPU ----


def send_with_wrk(wire, url):
    said, cpu = cpu_of(["wrk", f"-c{wire.asked.concurrency}", f"-d{wire.asked.seconds}s", "-s", str(LUA), f"{url}/orders",
                        "--", str(wire.sample), wire.id])
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"wrk met errors: {said}")
    count, seconds = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()
    return int(count), float(seconds), cpu


def send_with_libcurl(wire, url):
    count = wire.asked.orders
    said, cpu = cpu_of([wire.libcurl, f"{url}/orders", str(wire.sample), wire.id, str(count),
                        str(wire.asked.concurrency)])
    return count, float(said.split()[0]), cpu


def send_with_register(wire, url):
    return wire.register(wire.orders, url)


def run(wire, send, exact):
    """One turn. Every request has to be a registration of its own; `exact`: as many as were counted."""
    with Sandbox(wire.service, wire.folder) as sandbox:
        count, seconds, cpu = send(wire, sandbox.url)
        stats = sandbox.stats()
    lost = count - stats["registered"] if exact else max(0, count - stats["registered"])
    if lost or stats["duplicate_ids"] or stats["refused"] or stats["replayed"]:
        sys.exit(f"{count} orders were sent, and the service has {stats}")
    return Run(count / seconds, cpu / count * 1e6, sandbox.cpu / stats["registered"] * 1e6)


def median(values):
    return statistics.median(values)


def beside_others(wire):
    contestants = {WRK: (send_with_wrk, False, shutil.which("wrk")),
                   LIBCURL: (send_with_libcurl, True, shutil.which(wire.libcurl)),
                   REGISTER: (send_with_register, True, wire.program)}
    chosen = {name: found[:2] for name, found in contestants.items() if found[2]}
    runs = {name: [] for name in chosen}
    for _ in range(wire.asked.times):
        for name, (send, exact) in chosen.items():
            runs[name].append(run(wire, send, exact))
    print(f"\nSending: registrations, {wire.asked.concurrency} in flight, {wire.asked.orders:,} orders "
          f"(wrk: {wire.asked.seconds} s), medians of {wire.asked.times}\n")
    print(f"{'':36}{'requests/s':>12}{'lowest':>10}{'highest':>10}{'of wrk':>8}{'of libcurl':>12}{'us CPU each':>13}"
          f"{'the service':>13}")
    for name, found in runs.items():
        rates = [one.rate for one in found]
        ratios = "".join(f"{median(a.rate / b.rate for a, b in zip(found, runs[peer])):{width}.2f}" if peer in runs
                         else " " * width for peer, width in ((WRK, 8), (LIBCURL, 12)))
        print(f"{name:36}{median(rates):12,.0f}{min(rates):10,.0f}{max(rates):10,.0f}{ratios}"
              f"{median(one.cpu for one in found):13.1f}{median(one.service_cpu for one in found):13.1f}")
    for name in contestants:
        if name not in chosen:
            print(f"{name:36}  is not there: left out")


def with_latency(wire):
    """`register` when each answer takes its time: what stands between it and a full wire."""
    allowed = wire.asked.concurrency * 1000 / DELAY_MS
    rates = []
    for _ in range(wire.asked.times):
        with Sandbox(wire.service, wire.folder, "--delay", str(DELAY_MS)) as sandbox:
            count, seconds, _ = wire.register(wire.few, sandbox.url)
        rates.append(count / seconds)
    print(f"\nThe same with {DELAY_MS} ms for each answer, {wire.asked.late:,} orders\n")
    print(f"{'':36}{'requests/s':>12}{'lowest':>10}{'highest':>10}{'of ' + format(allowed, '.0f'):>8}")
    print(f"{REGISTER:36}{median(rates):12,.1f}{min(rates):10,.1f}{max(rates):10,.1f}{median(rates) / allowed:8.3f}")


def measure(asked, folder):
    """Both tables. `asked` has what the options below have."""
    folder = Path(folder)
    wire = Wire(asked, folder)
    wire.take_sample()
    busy = os.getloadavg()[0]
    if busy > 1:
        print(f"\nThe machine is busy with other things (load {busy:.1f}): only ratios mean anything")
    beside_others(wire)
    with_latency(wire)


def add_options(parser):
    parser.add_argument("--orders", type=int, default=60000, help="orders that are sent")
    parser.add_argument("--late", type=int, default=6400, help="orders that are sent to the service that takes its time")
    parser.add_argument("--seconds", type=int, default=3, help="for which wrk sends")
    parser.add_argument("--concurrency", type=int, default=64, help="requests in flight")
    parser.add_argument("--service", type=Path, default=None, help="program whose sandbox is the service")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5, help="rounds")
    parser.add_argument("--folder", default=None, help="where the files and the ledger are")
    parser.add_argument("build", type=Path)
    add_options(parser)
    asked = parser.parse_args()
    asked.build = asked.build.absolute()
    sys.stdout.reconfigure(line_buffering=True)
    with tempfile.TemporaryDirectory(prefix="atobarai-wire-", dir=asked.folder) as folder:
        measure(asked, folder)


if __name__ == "__main__":
    main()
