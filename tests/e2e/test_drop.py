#!/usr/bin/env python3
"""The command drop: files that come into a folder, where they go, and what becomes of them when the program is killed.

The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and
exits 1 if any failed.
"""
import concurrent.futures
import contextlib
import csv
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness import PROGRAM, ROOT, Case, done, read_result, run
from service import API_KEY, COLUMNS, MERCHANT, SECRETS, Relay, Sandbox, environment, many, refused, verify_registered_once, write_csv

FOLDERS = ("in", "in/register", "in/reregister", "in/ship", "in/cancel", "in/status", "out", "done", "failed")
BAD = {"empty.csv": b"", "binary.csv": b"\0\1\2" * 100, "letter.csv": "拝啓\r\n".encode("cp932"),
       "nothing.csv": b"a,b\r\n1,2\r\n"}


def words_of(code):
    """What of its English message is the same each time: the longest piece between its details."""
    entries = json.loads((ROOT / "schemas/error-catalog.json").read_text(encoding="utf-8"))["entries"]
    message = next(entry["en"]["message"] for entry in entries if entry["code"] == code)
    return max(re.split(r"\{[a-z0-9]+\}", message), key=len)


class Drop:
    """A folder with a drop in it."""

    def __init__(self, case, url=None, *options):
        self.path = case.tmp / "drop"
        for name in FOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        self.options = [*(["--api-url", url] if url else []), *options]

    def words(self, *options):
        return ["drop", self.path, "--settle", "0", *self.options, *options]

    def once(self, *options, env=None):
        """Exit status and messages of one pass."""
        status, _, errors = run(*self.words("--once", "--lang", "en", *options), env=SECRETS if env is None else env)
        return status, errors

    @contextlib.contextmanager
    def running(self, *options):
        process = subprocess.Popen([PROGRAM, *map(str, self.words("--lang", "en", *options))],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=environment(SECRETS))
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def put(self, place, orders, **cells):
        """An order CSV that appears whole."""
        path = self.path / place
        write_csv(self.path / ".new", orders, [*COLUMNS, "送り状番号", "配送会社"], **cells).rename(path)
        return path

    def files(self, folder):
        """What is in it, folders of days left out: names, in their order."""
        return sorted(str(path.relative_to(self.path / folder)) for path in (self.path / folder).rglob("*")
                      if not path.is_dir())

    def originals(self):
        """The names in done/, without their days."""
        return sorted(name.partition("/")[2] for name in self.files("done"))

    def journal(self):
        return json.loads((self.path / ".atobarai.journal").read_text())["files"]


def wait_until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def statuses(path):
    """Order id → 与信ステータス of a result."""
    return {row["受注ID"]: row["与信ステータス"] for row in read_result(path).values()}


def each_command():
    with Case("each folder has its command, and a pass its order") as case, Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        drop.put("in/status/a.csv", {"1005": [{}]})
        drop.put("in/cancel/a.csv", {"1004": [{}]})
        drop.put("in/ship/a.csv", {"1003": [{}]})
        drop.put("in/reregister/a.csv", {"1002": [{"請求金額": 2500}]})
        drop.put("in/register/b.csv", {"1004": [{}], "1005": [{"注文者メールアドレス": "pending@example.com"}]})
        drop.put("in/a.csv", {"1001": [{}], "1002": [{}]})
        drop.put("in/c.csv", {"1003": [{}]})
        status, errors = drop.once()
        case.equal(f"exit: {errors}", status, 0)
        case.equal("in their order", [line.split(" → ")[0] for line in errors.splitlines() if " → " in line],
                   ["in/a.csv", "in/register/b.csv", "in/c.csv", "in/reregister/a.csv", "in/ship/a.csv",
                    "in/cancel/a.csv", "in/status/a.csv"])
        case.equal("nothing is left", drop.files("in"), [])
        case.equal("all originals", drop.originals(), ["a-2.csv", "a-3.csv", "a-4.csv", "a-5.csv", "a.csv", "b.csv",
                                                       "c.csv"])
        case.equal("all results", drop.files("out"), ["result_a-2.csv", "result_a-3.csv", "result_a-4.csv",
                                                      "result_a-5.csv", "result_a.csv", "result_b.csv",
                                                      "result_c.csv"])
        case.equal("registered", statuses(drop.path / "out/result_a.csv"), {"1001": "与信OK", "1002": "与信OK"})
        case.equal("at the service", [sandbox.ask(order) for order in ("1001", "1002", "1002-2", "1003", "1004", "1005")],
                   ["AUTH_OK", "CANCEL_OK", "AUTH_OK", "SHIP_OK", "CANCEL_OK", "AUTH_OK"])
        case.equal("the journal is empty", drop.journal(), [])
        case.true("the pass is told", "7 done, 0 failed, 0 left" in errors)
        status, errors = drop.once()
        case.equal("again, exit", status, 0)
        case.true("again, nothing", "0 done, 0 failed, 0 left" in errors)


def good_and_bad():
    with Case("what cannot be read goes to failed/, with a text that says why") as case, Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        for name, data in BAD.items():
            (drop.path / "in" / name).write_bytes(data)
        drop.put("in/ng.csv", {"1001": [{"注文者メールアドレス": "ng@example.com"}]})
        status, errors = drop.once()
        case.equal("exit", status, 1)
        case.equal("failed", drop.files("failed"), sorted([*BAD, *(name + ".txt" for name in BAD)]))
        for name, data in BAD.items():
            case.equal(f"{name} is as it was", (drop.path / "failed" / name).read_bytes(), data)
            why = (drop.path / "failed" / (name + ".txt")).read_text(encoding="utf-8")
            case.true(f"{name}: why, in both languages: {why}", "対処: " in why and "To do: " in why and name in why)
        case.equal("orders to fix are done with", drop.originals(), ["ng.csv"])
        case.equal("results", drop.files("out"), ["result_ng.csv"])
        case.true("counted", "1 done, 4 failed, 0 left" in errors)
        (drop.path / "in/empty.csv").write_bytes(b"")
        drop.once()
        case.true("the same name once more", {"empty.csv", "empty-2.csv", "empty-2.csv.txt"} <= {*drop.files("failed")})


def same_name():
    with Case("the same name again: originals and results are kept apart, and a result that comes back keeps its name"
              ) as case, Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        for order in ("1001", "1002", "1003"):
            drop.put("in/day.csv", {order: [{}]})
            drop.once()
        case.equal("originals", drop.originals(), ["day-2.csv", "day-3.csv", "day.csv"])
        case.equal("results", drop.files("out"), ["result_day-2.csv", "result_day-3.csv", "result_day.csv"])
        case.equal("the third", statuses(drop.path / "out/result_day-3.csv"), {"1003": "与信OK"})
        (drop.path / "out/result_day.csv").rename(drop.path / "in/result_day.csv")
        status, _ = drop.once()
        case.equal("exit", status, 0)
        case.true("the result of a result", "result_day.csv" in drop.files("out") and "result_day.csv" in drop.originals())
        verify_registered_once(case, sandbox, 3)


def left_alone():
    """Nothing of this is opened: a pipe would block, and a link lead elsewhere."""
    with Case("links, pipes, folders and strange names are left where they are, and told once") as case, \
            Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        folder = os.fsencode(drop.path / "in")
        elsewhere = write_csv(case.tmp / "elsewhere.csv", many(1))
        (drop.path / "in/link.csv").symlink_to(elsewhere)
        os.link(elsewhere, drop.path / "in/hard.csv")
        os.mkfifo(drop.path / "in/ship/pipe.csv")
        (drop.path / "in/Register").mkdir()
        (drop.path / "in/ship/more").mkdir()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(drop.path / "in/socket.csv"))
        told = [b"link.csv", b"hard.csv", b"ship/pipe.csv", b"Register", b"ship/more", b"socket.csv", b"new\nline.csv",
                b"esc\x1b[31m.csv", b"latin\xe9.csv", b"huge.csv"]
        quiet = [b".hidden.csv", b"a.csv.part", b"b.csv.tmp", b"c.csv.crdownload", b"d.csv.filepart", b"e.csv~", b"f.csv.done",
                 b"~$g.xlsx", b"Thumbs.db"]
        for name in [*told[6:], *quiet]:
            Path(os.fsdecode(folder + b"/" + name)).write_bytes(elsewhere.read_bytes())
        os.truncate(drop.path / "in/huge.csv", 1024**3 + 1)
        before = sorted(os.listdir(folder))
        status, errors = drop.once()
        case.equal(f"exit: {errors}", status, 0)
        case.equal("all are where they were", sorted(os.listdir(folder)), before)
        case.equal("each is told", errors.count("left alone"), len(told))
        for code in ("DROP_LINK", "DROP_NO_FILE", "DROP_NAME", "DROP_SIZE", "DROP_NO_COMMAND"):
            case.true(f"{code}: {errors}", words_of(code) in errors)
        case.true("no control character is", not any(ord(letter) < 32 and letter != "\n" for letter in errors))
        case.true("no quiet one is", not any(name.decode() in errors for name in quiet))
        case.equal("no result", drop.files("out"), [])
        case.equal("nothing at the service", sandbox.stats()["registered"], 0)


def hostile_names():
    names = ["$(touch x).csv", "`id`.csv", "'; rm -rf x; '.csv", '"quoted".csv', "-o.csv", "--force", "%s%n.csv", " .csv",
             "受注 データ①.csv", "長" * 82 + ".csv", "a\\b.csv", "noending", "Result.CSV", "x" * 255]
    with Case("names that mean something to a shell, or are long, are only names") as case, Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        for number, name in enumerate(names):
            drop.put("in/" + name, {str(1001 + number): [{}]})
        status, errors = drop.once("--on-finish", f"{sys.executable} -c pass")
        case.equal(f"exit: {errors}", status, 0)
        case.equal("in is empty", drop.files("in"), [])
        case.equal("done", drop.originals(), sorted([*names[:-1], "x" * 250]))
        case.equal("results", len(drop.files("out")), len(names))
        case.true("result_", all(name.startswith("result_") and name.lower().endswith(".csv") for name in drop.files("out")))
        verify_registered_once(case, sandbox, len(names))


def completeness():
    with Case("only what is complete is taken: NAME.done, unchanged, and open for writing nowhere") as case, \
            Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        path = drop.put("in/growing.csv", many(1))
        with open(path, "ab"):
            status, errors = drop.once()
        case.equal("exit", status, 0)
        case.equal(f"what is written to stays: {errors}", drop.files("in"), ["growing.csv"])
        drop.once()
        drop.once("--settle", "1")
        case.equal("closed, and unchanged for a second, it is taken", drop.originals(), ["growing.csv"])
        with drop.running("--settle", "3600"):
            drop.put("in/later.csv", many(1, first=3001))
            drop.put("in/ready.csv", many(1, first=4001))
            (drop.path / "in/ready.csv.done").touch()
            case.true("taken", wait_until(lambda: "ready.csv" in drop.originals()))
            case.true("with its mark", wait_until(lambda: drop.files("in") == ["later.csv"]))
            case.equal("and the mark lies beside it", drop.originals(), ["growing.csv", "ready.csv", "ready.csv.done"])


def one_instance():
    with Case("one instance for a folder: another is refused, and the first is named; SIGTERM ends it") as case, \
            Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        with drop.running() as process:
            drop.put("in/a.csv", many(2))
            case.true("it runs", wait_until(lambda: drop.originals() == ["a.csv"]))
            status, errors = drop.once()
            case.equal("exit", status, 3)
            case.true(f"named: {errors}", f"process {process.pid}, {socket.gethostname()}" in errors and words_of("DROP_BUSY") in errors)
            process.terminate()
            _, errors = process.communicate(timeout=30)
            case.equal("exit of the first", process.returncode, 0)
            case.true("what it did", b"in/a.csv" in errors)
        case.equal("and the folder is free", drop.once()[0], 0)


def folder_problems():
    with Case("a folder that is missing, or none, or whose name leads elsewhere") as case:
        status, _, errors = run("drop", case.tmp / "missing", "--once", "--lang", "en", env=SECRETS)
        case.equal("missing, exit", status, 2)
        case.true(f"missing: {errors}", "missing cannot be used" in errors and words_of("DROP_FOLDER") in errors)
        case.true("and is not made", not (case.tmp / "missing").exists())
        drop = Drop(case, "http://127.0.0.1:9/v1")
        (drop.path / "in/ship").rmdir()
        (drop.path / "in/ship").symlink_to(case.tmp)
        status, errors = drop.once()
        case.equal("a link in the place of a folder, exit", status, 2)
        case.true(f"named: {errors}", "in/ship" in errors)
        (drop.path / "in/ship").unlink()
        (drop.path / ".atobarai.journal").write_text('{"files": [{"folder": "in", "name": "../../etc/passwd"}]}')
        status, errors = drop.once()
        case.equal("a journal that is none, exit", status, 3)
        case.true(f"and says so: {errors}", ".atobarai.journal" in errors and words_of("DROP_JOURNAL") in errors)
        case.true("the folder was made", (drop.path / "in/ship").is_dir())


def stays_and_comes_again():
    with Case("where the service cannot be used, or nothing is configured, files stay, and the next pass takes them"
              ) as case, Sandbox(case.tmp) as sandbox:
        broken = threading.Event()
        broken.set()
        script = lambda call: refused("busy", 503) if broken.is_set() else None  # noqa: E731
        with Relay(sandbox, script) as relay:
            drop = Drop(case, relay.url, "--retries", "0")
            status, _ = drop.once(env={})
            case.equal("no file, no credentials needed", status, 0)
            drop.put("in/a.csv", many(2))
            drop.put("in/b.csv", many(2, first=3001))
            status, _, errors = run(*drop.words("--lang", "en"), env={})
            case.equal(f"no credentials, not once, exit: {errors}", status, 3)
            status, errors = drop.once(env={})
            case.equal("no credentials, exit", status, 3)
            case.true("and the pass ends", errors.count(" → ") == 1 and "ATOBARAI_API_KEY" in errors)
            case.equal("they stay", drop.files("in"), ["a.csv", "b.csv"])
            status, errors = drop.once()
            case.equal("no service, exit", status, 5)
            case.true(f"the service answers nobody, and is not asked again: {errors}", errors.count(" → ") == 1)
            case.equal("they stay again", drop.files("in"), ["a.csv", "b.csv"])
            case.equal("with a result as far as it goes", drop.files("out"), ["result_a.csv"])
            case.equal("the journal knows", [entry["state"] for entry in drop.journal()], ["waiting"])
            broken.clear()
            status, errors = drop.once()
            case.equal(f"exit: {errors}", status, 0)
            case.equal("in is empty", drop.files("in"), [])
            case.equal("one result each", drop.files("out"), ["result_a.csv", "result_b.csv"])
            case.equal("a is registered", set(statuses(drop.path / "out/result_a.csv").values()), {"与信OK"})
            broken.set()
            drop.put("in/c.csv", many(2, first=5001))
            drop.once()
            (drop.path / "out/result_c.csv").write_text("somebody's notes")
            broken.clear()
            drop.once()
            case.equal("what somebody wrote to a result meanwhile stays", (drop.path / "out/result_c.csv").read_text(),
                       "somebody's notes")
            case.true("and there is another", "result_c-2.csv" in drop.files("out"))
            verify_registered_once(case, sandbox, 6)


def interrupted():
    with Case("SIGTERM in the midst of a file: it stays, and the next pass finishes it") as case, \
            Sandbox(case.tmp) as sandbox:
        seen = threading.Event()

        def slow(call):
            seen.set()
            time.sleep(0.2)

        with Relay(sandbox, slow) as relay:
            drop = Drop(case, relay.url, "--concurrency", "1")
            drop.put("in/a.csv", many(40))
            with drop.running() as process:
                case.true("it sends", seen.wait(30))
                process.terminate()
                process.communicate(timeout=30)
                case.equal("exit", process.returncode, 130)
            case.equal("it stays", drop.files("in"), ["a.csv"])
            case.true("not all were sent", sandbox.stats()["registered"] < 40)
        drop.options = ["--api-url", sandbox.url]
        case.equal("exit of the next", drop.once()[0], 0)
        case.equal("its result", set(statuses(drop.path / "out/result_a.csv").values()), {"与信OK"})
        case.equal("one result", drop.files("out"), ["result_a.csv"])
        verify_registered_once(case, sandbox, 40)


def dead_runs():
    """What a run leaves that died at a certain moment, made by hand."""
    with Case("what a dead run left: a file on its way, half a result") as case, Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        path = drop.put("in/a.csv", many(1))
        (drop.path / "in/a.csv.done").touch()
        found = path.stat()
        identity = f"{found.st_ino} {found.st_size} {found.st_mtime_ns // 10**9} {found.st_mtime_ns % 10**9}"
        entry = {"folder": "in", "name": "a.csv", "file": identity, "state": "finished", "result": "result_a.csv",
                 "status": 1, "day": "2026-11-02", "moved": "a-7.csv"}
        gone = {**entry, "name": "gone.csv", "result": "result_gone.csv"}
        bad = drop.path / "in/bad.csv"
        bad.touch()
        found = bad.stat()
        bad_identity = f"{found.st_ino} 0 {found.st_mtime_ns // 10**9} {found.st_mtime_ns % 10**9}"
        failed = {"folder": "in", "name": "bad.csv", "file": bad_identity, "state": "finished", "result": "result_bad.csv",
                  "status": 4, "moved": "bad.csv", "why": "because"}
        (drop.path / ".atobarai.journal").write_text(json.dumps({"files": [entry, gone, failed]}))
        (drop.path / "failed/bad.csv.txt").write_text("half")
        (drop.path / "failed/.atobarai.new").write_text("half")
        (drop.path / "out/.result_a.csv.aB3xYz").write_text("half")
        (drop.path / "out/.follow-up_2026-11-02_000000.csv.aB3xYz").write_text("half")
        (drop.path / "out/.of-somebody").write_text("whole")
        status, errors = drop.once()
        case.equal(f"exit: {errors}", status, 1)
        case.equal("moved, and not run again", drop.files("done"), ["2026-11-02/a-7.csv", "2026-11-02/a-7.csv.done"])
        case.equal("nothing was sent", sandbox.stats()["registered"], 0)
        case.equal("failed", drop.files("failed"), ["bad.csv", "bad.csv.txt"])
        case.equal("its text", (drop.path / "failed/bad.csv.txt").read_text(), "because")
        case.equal("half a result is no result", drop.files("out"), [".of-somebody"])
        case.equal("the journal is empty", drop.journal(), [])
        path = drop.put("in/b.csv", many(1))
        found = path.stat()
        running = {**entry, "name": "b.csv", "state": "running", "result": "result_b.csv",
                   "file": f"{found.st_ino} {found.st_size} {found.st_mtime_ns // 10**9} {found.st_mtime_ns % 10**9}"}
        del running["day"], running["moved"]
        (drop.path / ".atobarai.journal").write_text(json.dumps({"files": [running]}))
        (drop.path / "out/result_b.csv").write_text("of the dead run")
        case.equal("exit of a file that ran", drop.once()[0], 0)
        case.equal("the same result", statuses(drop.path / "out/result_b.csv"), {"2000001": "与信OK"})


LISTENER = """import json, os, sys
told = json.load(sys.stdin)
open(sys.argv[1], "a").write(json.dumps({"told": told, "environment": dict(os.environ)}) + "\\n")
"""


def on_finish():
    with Case("--on-finish gets the counts as JSON, no secrets and no shell, and cannot do harm") as case, \
            Sandbox(case.tmp) as sandbox:
        script, heard = case.tmp / "listener.py", case.tmp / "heard"
        script.write_text(LISTENER)
        drop = Drop(case, sandbox.url)
        command = f"  {sys.executable} {script}  {heard}"
        drop.once("--on-finish", command)
        case.true("nothing done, nothing told", not heard.exists())
        drop.put("in/a.csv", many(2))
        (drop.path / "in/empty.csv").touch()
        status, errors = drop.once("--on-finish", command)
        case.equal(f"exit: {errors}", status, 1)
        told, environ = (json.loads(heard.read_text())[key] for key in ("told", "environment"))
        case.equal("the pass", [told[key] for key in ("folder", "status", "done", "failed", "left", "follow_up")],
                   [str(drop.path), 1, 1, 1, 0, None])
        good, bad = told["files"]
        case.equal("a file", [good[key] for key in ("command", "file", "result", "status", "message")],
                   ["register", "in/a.csv", "out/result_a.csv", 0, None])
        case.true("where it is", good["moved"].startswith("done/") and (drop.path / good["moved"]).exists())
        case.equal("its summary", [good["summary"][key] for key in ("command", "orders", "sent", "succeeded")],
                   ["register", 2, 2, 2])
        case.equal("another", [bad["file"], bad["moved"], bad["result"], bad["status"]],
                   ["in/empty.csv", "failed/empty.csv", None, 4])
        case.equal("no variable of ours", [name for name in environ if name.startswith("ATOBARAI_")], [])
        case.true("no secret", not any(secret in json.dumps([told, environ]) for secret in (API_KEY, MERCHANT)))
        case.equal("no secret in any file", [str(path) for path in drop.path.rglob("*") if path.is_file() and any(
            secret.encode() in path.read_bytes() for secret in (API_KEY, MERCHANT))], [])
        for command, code in ((f"{sys.executable} -c raise(SystemExit(3))", "DROP_COMMAND_FAILED"),
                              ("/nonexistent/program x", "DROP_COMMAND_MISSING"), ("   ", "DROP_COMMAND_MISSING"),
                              (f"{sys.executable} -c print(1);import(os) >{case.tmp}/shell", "DROP_COMMAND_FAILED")):
            drop.put("in/b.csv", many(2))
            status, errors = drop.once("--on-finish", command)
            case.equal(f"{command}: exit", status, 0)
            case.true(f"{command}: {errors}", words_of(code) in errors)
        case.true("no shell", not (case.tmp / "shell").exists())


def follow_up():
    with Case("--follow-up asks again for what is pending, and leaves alone what the ledger knows of the file") as case, \
            Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url, "--follow-up")
        source = drop.put("in/a.csv", {"1001": [{}], "1002": [{"注文者メールアドレス": "pending@example.com"}],
                                       "1003": [{"注文者メールアドレス": "pending@example.com"}]})
        data = source.read_bytes()
        status, errors = drop.once()
        case.equal(f"exit: {errors}", status, 0)
        case.equal("pending at first", sorted(statuses(drop.path / "out/result_a.csv").values()),
                   ["与信OK", "与信中", "与信中"])
        asked = [name for name in drop.files("out") if name.startswith("follow-up_")]
        case.equal("one more result", len(asked), 1)
        case.equal("how they stand", statuses(drop.path / "out" / asked[0]), {"1002": "与信OK", "1003": "与信OK"})
        case.true("told", "Asked again:" in errors and asked[0] in errors)
        status, errors = drop.once()
        case.equal("nothing is pending now, exit", status, 0)
        case.equal("and nothing asked", [name for name in drop.files("out") if name.startswith("follow-up_")], asked)
        status, _, errors = run("clean", drop.path / "out/result_a.csv", "-o", case.tmp / "up.csv", "--lang", "en")
        case.equal(f"clean, exit: {errors}", status, 0)
        case.true(f"no row was changed since Robot-in: {errors}", "0 of 3 rows written" in errors)
        case.equal("the original is as it was", next((drop.path / "done").rglob("a.csv")).read_bytes(), data)


def forty_files(drop, sandbox, case):
    """Name → (folder, orders) of forty files of all five operations, and how many orders they register. What is not
    registered by them was registered before."""
    files, before, registered = {}, {}, 0
    for number in range(40):
        first = 10000 + number * 10
        folder = ("in", "in/register", "in/ship", "in", "in/cancel", "in/status", "in/reregister", "in/register")[number % 8]
        orders = many(3, first=first)
        if folder in ("in", "in/register"):
            registered += 3
        else:
            before.update(orders)
        if folder == "in/reregister":
            orders = {order: [{"請求金額": 2500}] for order in orders}
            registered += 3
        files[f"file{number:02}.csv"] = folder, orders
    source = write_csv(case.tmp / "before.csv", before, [*COLUMNS, "送り状番号", "配送会社"])
    status, _, errors = run("register", source, "-o", case.tmp / "before-result.csv", "--api-url", sandbox.url, env=SECRETS)
    case.equal(f"before: {errors}", status, 0)
    return files, registered + len(before)


def killed():
    seed = int(os.environ.get("ATOBARAI_SEED") or random.SystemRandom().randrange(10**6))
    with Case(f"killed at random moments over forty files: each in one folder, nothing twice, nothing lost (seed {seed})"
              ) as case, Sandbox(case.tmp, "--delay", "5") as sandbox:
        chance = random.Random(seed)
        drop = Drop(case, sandbox.url)
        files, registered = forty_files(drop, sandbox, case)
        contents = {}
        left = list(files)
        chance.shuffle(left)
        end, kills = time.monotonic() + 60, 0

        def put_some():
            for name in [left.pop() for _ in range(min(len(left), 2))]:
                folder, orders = files[name]
                if int(name[4:6]) % 13 == 12:
                    (drop.path / folder / name).write_bytes(contents.setdefault(name, name.encode()))
                else:
                    contents[name] = drop.put(f"{folder}/{name}", orders).read_bytes()

        while (left or drop.files("in")) and time.monotonic() < end:
            with drop.running() as process:
                put_some()
                time.sleep(chance.uniform(0.01, 0.25))
                process.kill()
            kills += 1
        case.true("killed often", kills > 10)
        for _ in range(2):
            status, errors = drop.once()
            case.true(f"exit {status}: {errors}", status in (0, 1))
        case.equal("in is empty", drop.files("in"), [])
        bad = sorted(name for name in files if int(name[4:6]) % 13 == 12)
        case.equal("each file once", drop.originals(), sorted(set(files) - set(bad)))
        case.equal("and what cannot be read", drop.files("failed"), sorted(bad + [name + ".txt" for name in bad]))
        found = {path.name: path.read_bytes() for path in [*(drop.path / "done").glob("*/*.csv"), *(drop.path / "failed").glob("*.csv")]}
        case.true("each as it was", found == contents)
        case.equal("a result each", drop.files("out"), sorted("result_" + name for name in set(files) - set(bad)))
        codes = {row["エラーコード"] for name in drop.files("out") for row in read_result(drop.path / "out" / name).values()}
        case.true(f"no order in doubt: {codes}", not codes & {"IN_DOUBT", "NOT_SENT", "ORDER_CHANGED"})
        case.equal("the journal is empty", drop.journal(), [])
        unregistered = sum(6 if files[name][0] == "in/reregister" else 3 for name in bad if files[name][0] in ("in", "in/register"))
        unregistered += sum(3 for name in bad if files[name][0] == "in/reregister")
        verify_registered_once(case, sandbox, registered - unregistered)
        for name, (folder, orders) in files.items():
            wanted = {"in/ship": "SHIP_OK", "in/cancel": "CANCEL_OK", "in/reregister": "CANCEL_OK"}.get(folder, "AUTH_OK")
            if name not in bad:
                case.equal(name, {sandbox.ask(order) for order in orders}, {wanted})


def pages():
    with Case("each result has a page, named by when it was made, which leads to it") as case, Sandbox(case.tmp) as sandbox:
        drop = Drop(case, sandbox.url)
        drop.put("in/day.csv", many(2))
        drop.put("in/wrong.csv", {"2000009": [{"商品名": "あ" * 256}]})
        status, errors = drop.once()
        case.equal(f"exit ({errors})", status, 1)
        found = drop.files("report")
        case.equal("pages", sorted(name[18:] for name in found), ["result_day.html", "result_wrong.html"])
        case.true("by their time", all(re.match(r"\d{4}-\d\d-\d\d_\d{6}_", name) for name in found))
        text = next((drop.path / "report" / name).read_text(encoding="utf-8") for name in found if "wrong" in name)
        case.true("leads to the result", 'href="../out/result_wrong.csv"' in text)
        case.true("names the order and the code", "2000009" in text and "ITEM_NAME_SIZE" in text)
        drop.put("in/day.csv", many(1, first=2000020))
        drop.once()
        case.equal("one more page", len(drop.files("report")), 3)


def comes_meanwhile():
    with Case("--once takes, too, what comes while others have their turn") as case, Sandbox(case.tmp, "--delay", "700") as sandbox:
        drop = Drop(case, sandbox.url)
        drop.put("in/a.csv", many(1))
        with drop.running("--once") as process:
            end = time.monotonic() + 20
            while sandbox.stats()["requests"] == 0 and process.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            drop.put("in/b.csv", many(1, first=2000020))
            case.equal("exit", process.wait(20), 0)
        case.equal("originals", drop.originals(), ["a.csv", "b.csv"])


TESTS = (each_command, good_and_bad, same_name, left_alone, hostile_names, completeness, one_instance, folder_problems,
         stays_and_comes_again, interrupted, dead_runs, on_finish, follow_up, pages, comes_meanwhile, killed)

if __name__ == "__main__":
    # Most of the time is waiting, so that all may do it side by side.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for finished in [pool.submit(test) for test in reversed(TESTS)]:
            finished.result()
    sys.exit(done())
