#!/usr/bin/env python3
"""--report in a browser: on a phone of 390 pixels and on a desk nothing is too wide, and nothing is on the console.

One start of headless Chromium shows all pages, each in a frame. The program's path is in the environment variable ATOBARAI.
"""
import contextlib
import functools
import html
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading

from harness import ROOT, TIMEOUT, Case, done, run
from page import HOSTILE, POLICY, UNSEEN, multiply_runs
from service import Relay, accepted, many, operate, refused, write_csv

SAMPLES = ROOT / "samples"

# It is measured by a page around it, which says what it found in its title's place; and a page that is bad on purpose.
MEASURING = """<!DOCTYPE html>
<html lang="ja"><body>%s<pre id="found"></pre><script>
onload = () => {
  document.getElementById("found").textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument, root = page.documentElement;
    const outside = [...page.body.querySelectorAll("*")].filter(one => !one.closest("svg") &&
      one.getBoundingClientRect().right > root.clientWidth + 0.5);
    return {page: frame.getAttribute("src"), wide: root.scrollWidth - root.clientWidth, width: root.clientWidth,
            outside: outside.map(one => one.outerHTML.slice(0, 200)), text: page.body.innerText,
            bar: page.querySelector("rect") ? getComputedStyle(page.querySelector("rect")).fill : ""};
  }));
};
</script></body></html>
"""
BAD = f"""<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}"></head>
<body><p style="width: 600px">wide</p><script>document.body.textContent = "ran"</script></body></html>
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def browse(folder, name):
    """What Chromium makes of a page of `folder`: its document, and what it wrote on the console."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    options = ["headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-first-run", "disable-sync",
               "disable-background-networking", "disable-component-update", f"user-data-dir={folder / 'profile'}",
               "enable-logging=stderr", "virtual-time-budget=5000", "window-size=1100,844", "dump-dom"]
    words = ["chromium", *("--" + option for option in options), f"http://127.0.0.1:{server.server_address[1]}/{name}"]
    homes = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True, env={**os.environ, **homes})
    try:
        document, said = process.communicate(timeout=TIMEOUT)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own, and whatever it has started
        process.wait()
        server.shutdown()
        server.server_close()
    lines = said.decode("utf-8", "replace").splitlines()
    return document.decode("utf-8"), [line for line in lines if "CONSOLE" in line]


def test_browser():
    with Case("in Chromium, on a phone of 390 pixels and on a desk: nothing on the console, nothing too wide") as case:
        said = iter(HOSTILE)
        ledger = case.tmp / "ledger.db"
        with Relay(None, lambda call: refused(next(said, "?") + "x" * 300) if call.method == "POST" else accepted(call)) as relay:
            name = "長い名前" * 8 + "<b>&\u202e" + "x" * 100
            operate("register", case.tmp, relay.url, write_csv(case.tmp / f"{name}.csv", many(len(HOSTILE))), "--ledger", ledger,
                    "--report", case.tmp / "hostile.html", "--report-details")
            multiply_runs(ledger, "reregister", 123456789)
            operate("status", case.tmp, relay.url, SAMPLES / "order_05_credit_results.csv", "--ledger", ledger, "--report",
                    case.tmp / "chart.html")
        for sample, options in (("order_07_missing_and_wrong_values", []), ("order_08_damaged_rows", ["--report-details"])):
            run("check", SAMPLES / f"{sample}.csv", "--report", case.tmp / f"{sample}.html", *options)
        (case.tmp / "bad.html").write_text(BAD, encoding="utf-8")
        pages = ["hostile", "chart", "order_07_missing_and_wrong_values", "order_08_damaged_rows", "bad"]
        frames = "".join(f'<iframe src="{page}.html" width="{width}" height="844" style="border: 0"></iframe>'
                         for page in pages for width in (390, 1000))
        (case.tmp / "measuring.html").write_text(MEASURING % frames, encoding="utf-8")
        document, console = browse(case.tmp, "measuring.html")
        found = json.loads(html.unescape(re.search('<pre id="found">(.*?)</pre>', document, re.DOTALL)[1]))
        case.equal("pages", len(found), 2 * len(pages))
        for one in found:
            what = f"{one['page']} at {one['width']}"
            if one["page"] == "bad.html":
                case.true(f"{what} is found bad", "ran" not in one["text"] and (one["width"] > 600 or one["wide"] > 200))
                continue
            case.true(f"{what}: the width", one["width"] > 370)  # a scrollbar takes some
            case.equal(f"{what}: too wide", (one["wide"], one["outside"]), (0, []))
            case.true(f"{what}: has its style", one["bar"] == "rgb(47, 143, 91)" or one["page"] != "chart.html")
        case.true("the bad one is on the console", any("bad.html" in line for line in console))
        case.equal("console", [line for line in console if "bad.html" not in line], [])
        shown = next(one["text"] for one in found if one["page"] == "hostile.html")
        for text in HOSTILE:
            if not UNSEEN.search(text):
                case.true(f"{text} is seen", text in re.sub(r"\s+", " ", shown))


def main():
    test_browser()
    return done()


if __name__ == "__main__":
    sys.exit(main())
