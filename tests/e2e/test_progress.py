#!/usr/bin/env python3
"""The progress line: one line on a terminal that never wraps and is gone in the end, and nothing where there is none.

A pseudo-terminal takes what the program says; a screen of one's own, one line high, says what would be seen. The
program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and exits
1 if any failed.
"""
import concurrent.futures
import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import unicodedata

from harness import PROGRAM, TIMEOUT, Case, done, run
from service import COLUMNS, SECRETS, Relay, accepted, command, environment, many, paths, refused, write_csv


def width_of(text):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


class Screen:
    """A terminal of so many columns. `frames` are the states of the line that the cursor is on, at each carriage return
    before the first newline, blanks at its end left out; `reached` is the rightmost column that was written to."""

    def __init__(self, columns, data):
        self.frames, self.reached, self.wrapped = [], 0, False
        cells, at = [" "] * (columns + 8), 0
        head, _, self.rest = data.partition("\r\n")
        cleared = head.rfind("\r")  # what follows is the first line of the report
        self.rest = head[cleared + 1:] + "\r\n" + self.rest
        self.report = self.rest
        for character in head[:cleared + 1]:
            if character == "\r":
                self.frames.append("".join(cells).rstrip())
                at = 0
                continue
            width = width_of(character)
            self.wrapped |= at + width > columns
            if self.wrapped or ord(character) < 0x20:
                raise AssertionError(f"{character!r} in column {at} of {columns}: {head!r}")
            cells[at:at + width] = [character] + [""] * (width - 1)
            at += width
            self.reached = max(self.reached, at)
        self.final = "".join(cells).rstrip()
        self.shown = [frame for frame in self.frames if frame]


class Terminal:
    """A run whose standard error is a terminal."""

    def __init__(self, operation, folder, url, source, *options, columns=80, term="xterm-256color"):
        self.columns, self.chunks = columns, []
        self.master, slave = os.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.out, summary = paths(folder)
        env = {**environment(SECRETS), "TERM": term}
        if term is None:
            del env["TERM"]
        words = [PROGRAM, *map(str, command(operation, url, source, self.out, summary, *options))]
        self.began = time.monotonic()
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave, env=env,
                                        start_new_session=True)
        os.close(slave)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # the other end is closed
                chunk = b""
            if not chunk:
                return
            self.chunks.append(chunk)

    def text(self):
        return b"".join(self.chunks).decode("utf-8", "replace")

    def wait_for(self, pattern, seconds=60):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text()) and time.monotonic() < end:
            time.sleep(0.02)
        return re.search(pattern, self.text()) is not None

    def end(self):
        """The exit status, what was on the screen, and all that was written."""
        try:
            self.process.wait(TIMEOUT)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.seconds = time.monotonic() - self.began
        self.reader.join(TIMEOUT)
        os.close(self.master)
        return self.process.returncode, Screen(self.columns, self.text()), self.text()


def slow(seconds, fails=()):
    def script(call):
        time.sleep(seconds)
        return refused("no") if call.id in fails else accepted(call)
    return script


LINE = re.compile(r"登録中 (?P<done>\d+)/(?P<all>\d+)件 (?P<percent>\d+)%(?P<failed>  失敗 \d+)?(?P<left>  残り \d+:\d\d)?"
                  r"(?P<rate>  [\d.]+件/秒)?(?P<retrying>  再試行待ち \d+)?")


def verify_frames(case, frames, orders):
    """Every frame is a whole line, and nothing goes backwards."""
    last = (0, 0)
    for frame in frames:
        match = LINE.fullmatch(frame)
        case.true(f"{frame!r} is a whole line", match)
        if not match:
            return
        at = int(match["done"]), int((match["failed"] or "0").split()[-1])
        case.true(f"{frame!r} follows {last}", at >= last and int(match["all"]) == orders)
        case.equal(f"{frame!r}: percent", int(match["percent"]), at[0] * 100 // orders)
        last = at


# ---- On a terminal ----


def test_line(columns, wide):
    title = f"progress on {columns} columns: one line, never wider, written over, and gone before the report"
    with Case(title) as case, Relay(script=slow(0.05, {"2000003", "2000010"})) as relay:
        orders = 100
        source = write_csv(case.tmp / "in.csv", many(orders))
        terminal = Terminal("register", case.tmp, relay.url, source, "--concurrency", "1", columns=columns)
        status, screen, text = terminal.end()
        case.equal("exit", status, 1)
        verify_frames(case, screen.shown, orders)
        case.true(f"{len(screen.shown)} frames", len(screen.shown) > 10)
        case.true(f"not more than ten a second: {len(screen.frames)}", len(screen.frames) <= terminal.seconds * 10 + 3)
        case.true(f"{screen.reached} columns of {columns}", 0 < screen.reached < columns)
        case.equal("gone", (screen.frames[-1], screen.final), ("", ""))
        case.true("no frame twice in a row", all(a != b for a, b in zip(screen.shown, screen.shown[1:])))
        case.true("then the report", screen.report.startswith("100件の受注の"))
        case.true("and no line of it again", "登録中" not in screen.report)
        matches = [LINE.fullmatch(frame) for frame in screen.shown]
        case.true("first neither time left nor rate", matches[0] and not matches[0]["left"] and not matches[0]["rate"])
        case.true("failures", matches[-1]["failed"] == "  失敗 2")
        case.true("time left, later", any(match["left"] for match in matches))
        rates = [float(match["rate"].split("件")[0]) for match in matches if match["rate"]]
        if wide:
            case.true(f"a rate of what it was: {rates[-1:]}", rates and 1 <= rates[-1] <= 20)
        else:
            case.true("no room for the rate", not any(match["left"] and match["rate"] for match in matches))


def test_waiting():
    with Case("progress while nothing comes: what waits to be sent again, and how slow it gets") as case:
        release = case.tmp / "release"

        def script(call):
            if call.id == "2000030" and not release.exists():
                return 503, b""
            time.sleep(0.02)
            return accepted(call)

        with Relay(script=script) as relay:
            source = write_csv(case.tmp / "in.csv", many(30))
            terminal = Terminal("register", case.tmp, relay.url, source, "--retries", "50", columns=100)
            case.true("29 of 30, one waits", terminal.wait_for(r"29/30件 96%.*再試行待ち 1"))
            rates = r"29/30件 96%  残り [^\r]*  ([\d.]+)件/秒"
            end = time.monotonic() + 60
            while len(set(re.findall(rates, terminal.text()))) < 3 and time.monotonic() < end:
                time.sleep(0.05)
            found = [float(rate) for rate in re.findall(rates, terminal.text())]
            case.true(f"slower and slower: {found}", len(set(found)) >= 3 and found == sorted(found, reverse=True))
            release.touch()
            status, screen, _ = terminal.end()
            case.equal("exit", status, 0)
            verify_frames(case, screen.shown, 30)
            case.equal("gone", screen.final, "")


def test_words():
    words = {"register": ("登録中", "registering"), "ship": ("出荷情報登録中", "reporting shipments"),
             "status": ("問い合わせ中", "asking"), "cancel": ("取消中", "cancelling"),
             "reregister": ("再登録中", "registering anew")}
    with Case("progress: the words of each command, in both languages") as case:
        statuses = {"register": "AUTH_OK", "shipment": "SHIP_PENDING", "cancellation": "CANCEL_OK", "ask": "SHIP_OK"}

        def script(call):
            time.sleep(0.03)
            return accepted(call, statuses[call.kind])

        with Relay(script=script) as relay:
            columns = [*COLUMNS, "送り状番号", "配送会社"]
            for language in ("ja", "en"):
                first = 2000001 if language == "ja" else 3000001
                source = write_csv(case.tmp / "in.csv", many(15, first=first), columns)
                changed = write_csv(case.tmp / "changed.csv", many(15, first=first), columns, 商品名="別の品")
                for name, pair in words.items():
                    word = pair[language == "en"]
                    terminal = Terminal(name, case.tmp, relay.url, changed if name == "reregister" else source, "--lang",
                                        language, "--concurrency", "1")
                    _, screen, text = terminal.end()
                    pattern = rf"{word} \d+/15" + ("件" if language == "ja" else "") + r" \d+%"
                    case.true(f"{name} {language}: {screen.shown[:3]} {text[-300:]!r}",
                              screen.shown and all(re.match(pattern, frame) for frame in screen.shown))
                    case.equal(f"{name} {language}: gone", screen.final, "")


def test_interrupted():
    with Case("progress: interrupted, the line is gone before the message") as case, \
            Relay(script=slow(0.05)) as relay:
        source = write_csv(case.tmp / "in.csv", many(400))
        terminal = Terminal("register", case.tmp, relay.url, source, "--concurrency", "1")
        case.true("a line", terminal.wait_for("登録中 [1-9]"))
        os.kill(terminal.process.pid, signal.SIGINT)
        status, screen, _ = terminal.end()
        case.equal("exit", status, 130)
        case.equal("gone", (screen.frames[-1], screen.final), ("", ""))
        case.true("a message", "atobarai: " in screen.report and "登録中 " not in screen.report)


def test_resized():
    with Case("progress: a terminal that becomes narrower while it runs") as case, Relay(script=slow(0.05)) as relay:
        source = write_csv(case.tmp / "in.csv", many(120))
        terminal = Terminal("register", case.tmp, relay.url, source, "--concurrency", "1", columns=100)
        case.true("wide", terminal.wait_for("件/秒"))
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 24, 0, 0))
        before = len(terminal.text())
        terminal.columns = 100
        _, screen, text = terminal.end()
        later = Screen(100, text[before:])  # from within a frame, perhaps
        frames = [frame for frame in later.shown[2:] if frame]
        case.true(f"narrow: {frames[-3:]}", frames and all(width_of(frame) < 24 for frame in frames[1:]))


# ---- Where there is none ----


def test_none():
    with Case("progress: none with --quiet, on a dumb terminal, without TERM, and where there is no terminal") as case, \
            Relay(script=slow(0.03)) as relay:
        source = write_csv(case.tmp / "in.csv", many(30))
        for number, (options, term) in enumerate(((["--quiet"], "xterm"), ([], "dumb"), ([], None), ([], ""))):
            terminal = Terminal("register", case.tmp, relay.url, source, "--concurrency", "1", "--ledger",
                                case.tmp / f"ledger-{number}.db", *options, term=term)
            status, _, text = terminal.end()
            case.equal(f"{options} {term!r}: exit", status, 0)
            case.true(f"{options} {term!r}: {text!r}", "登録中" not in text and "\r" not in text.replace("\r\n", ""))
        out, summary = paths(case.tmp)
        status, stdout, errors = run(*command("register", relay.url, source, out, summary, "--concurrency", "1",
                                              "--ledger", case.tmp / "pipe.db"), env={**SECRETS, "TERM": "xterm"})
        case.equal("a pipe: exit", status, 0)
        case.true("a pipe: nothing", "登録中" not in errors and "\r" not in errors and stdout == b"")
    with Case("progress: a check, and a run that is over at once, show none") as case, Relay(script=accepted) as relay:
        source = write_csv(case.tmp / "in.csv", many(2))
        terminal = Terminal("register", case.tmp, relay.url, source)
        _, screen, text = terminal.end()
        case.true(f"at once: {text!r}", terminal.seconds > 0.25 or "登録中" not in text)


def test_screen():
    """The screen would notice."""
    with Case("progress: a line that wraps, or is left behind, would be noticed") as case:
        case.equal("left behind", Screen(20, "\r登録中 1/2\rabc\r\n").final, "登録中 1/2")
        case.equal("not covered", Screen(20, "\rabcdef\rxyz\rreport\r\n").frames, ["", "abcdef", "xyzdef"])
        case.equal("gone", Screen(20, "\rabc\r   \rreport\r\n").final, "")
        for data in ("\r" + "登" * 10 + "1\r\r\n", "\r\x1b[K\r\r\n", "\r" + "1" * 21 + "\r\r\n"):
            try:
                Screen(20, data)
                case.true(f"{data!r} is refused", False)
            except AssertionError:
                pass


def main():
    tests = [(test_line, 40, False), (test_line, 100, True), (test_waiting,), (test_words,), (test_interrupted,),
             (test_resized,), (test_none,), (test_screen,)]
    # Most of the time is spent waiting for answers, so that the tests may wait side by side.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for finished in [pool.submit(*test) for test in tests]:
            finished.result()
    return done()


if __name__ == "__main__":
    sys.exit(main())
