#!/usr/bin/env python3
"""The command line: usage errors, help, and the command sandbox. The other commands are tested elsewhere.

Prints one line "ok - ..." or "not ok - ..." per test and exits 1 if any failed. Standard library only. The program is
in the environment variable ATOBARAI.
"""
import contextlib
import errno
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ["ATOBARAI"]
os.environ["XDG_CONFIG_HOME"] = "/nonexistent"  # no test may find the config file of whoever runs it
SECONDS = 20  # no step takes longer, sanitizers included
CATALOGUE = {entry["code"]: entry
             for entry in json.loads((ROOT / "schemas/error-catalog.json").read_text(encoding="utf-8"))["entries"]}
LABELS = {"ja": ("原因: ", "対処: "), "en": ("Cause: ", "To do: ")}
COMMANDS = ("check", "register", "ship", "cancel", "status", "reregister", "clean", "diff", "drop", "history", "orders", "explain", "config", "sandbox")
# What all commands that send take.
SENDS = {"version", "output", "xlsx", "report", "report-details", "schema", "encoding", "output-encoding", "force", "strict", "jobs", "summary-json", "lang", "quiet", "verbose", "help",
         "dialect", "api-url", "concurrency", "timeout", "retries", "max-errors", "sandbox", "ledger", "only", "dry-run",
         "set-status", "set-shop-status", "ca-file", "rate", "retry-on", "log", "config", "profile"}
TAKEN = {
    "": {"lang", "help", "version"},
    "check": {"version", "output", "output-encoding", "xlsx", "report", "report-details", "schema", "encoding", "force", "strict",
              "allow-reimported", "jobs", "summary-json", "dialect", "fit", "ship-days", "config", "profile", "lang", "quiet", "verbose", "help"},
    "register": {*SENDS, "allow-reimported", "fit", "ship-days"},
    "ship": SENDS,
    "cancel": SENDS,
    "status": SENDS,
    "reregister": {*SENDS, "allow-reimported", "fit", "ship-days"},
    "clean": {"version", "output", "schema", "encoding", "output-encoding", "all", "force", "ledger", "config", "profile", "lang", "quiet", "help"},
    "diff": {"version", "schema", "encoding", "format", "config", "profile", "lang", "quiet", "help"},
    "drop": {*SENDS, "allow-reimported", "fit", "ship-days", "once", "settle", "follow-up", "on-finish"}
            - {"output", "xlsx", "report", "force", "summary-json", "only", "dry-run", "verbose"},
    "history": {"version", "ledger", "since", "format", "config", "profile", "lang", "help"},
    "orders": {"version", "ledger", "status", "format", "config", "profile", "lang", "help"},
    "explain": {"version", "list", "format", "config", "profile", "lang", "help"},
    # All that a file may set.
    "config": {*SENDS, "allow-reimported", "fit", "ship-days", "settle", "follow-up", "on-finish", "port", "state", "format"} - {"output", "force", "only", "dry-run"},
    "sandbox": {"version", "port", "port-file", "state", "fault", "seed", "delay", "tls", "ca-file", "config", "profile", "lang", "help"},
}
# A value for each option that takes one.
VALUES = {
    "output": "result.csv", "xlsx": "result.xlsx", "report": "report.html", "schema": "schema.json", "encoding": "utf-16", "summary-json": "summary.json", "dialect": "json",
    "api-url": "https://127.0.0.1/v1", "concurrency": "8", "timeout": "30", "retries": "0", "max-errors": "1",
    "jobs": "2", "port": "0", "port-file": "port", "state": "state", "fault": "500=0.5", "seed": "7", "lang": "ja",
    "format": "json", "ledger": "ledger.db", "only": "only.csv", "set-status": "2", "set-shop-status": "済", "since": "7d",
    "config": "/dev/null", "profile": "test", "status": "与信OK", "ship-days": "7", "ca-file": "ca.pem", "rate": "50", "retry-on": "busy", "log": "log.jsonl", "delay": "5", "output-encoding": "utf-8", "settle": "0",
    "on-finish": "true",
}
# Planned, and options that no command has.
LATER = {
    "api-key", "merchant-code", "outpu", "outputs", "h",
}
failures = 0


def check(title, problems):
    """Report one test; `problems` is an iterable of sentences, empty when all is well."""
    global failures
    try:
        problems = list(problems)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        problems = [f"{type(error).__name__}: {error}"]
    print(("not ok - " if problems else "ok - ") + title)
    for problem in problems:
        print("#   " + problem)
    failures += bool(problems)


def run(*arguments, **options):
    """Run the program in a folder of its own with nothing on standard input."""
    with tempfile.TemporaryDirectory() as folder:
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder,
                              timeout=SECONDS, check=False, **options)


def sentence(code, language, part, *details):
    """A text of the catalogue with {1} and {2} filled."""
    text = CATALOGUE[code][language][part]
    for number, detail in enumerate(details, 1):
        text = text.replace("{%d}" % number, detail)
    return text


def message_problems(stderr, language, *texts):
    """Whether `stderr` is one message of three parts, each beginning with its text where one is given."""
    lines = stderr.decode("utf-8").splitlines()
    heads = ("atobarai: ", "  " + LABELS[language][0], "  " + LABELS[language][1])
    if len(lines) != 3:
        yield f"not three lines: {lines}"
        return
    for line, head, text in zip(lines, heads, texts or ("", "", "")):
        if not line.startswith(head) or len(line) <= len(head) or (text and line != head + text):
            yield f"{line!r}, expected {head + text!r}"


def usage_problems(arguments, code, *details):
    """Whether the arguments are refused with exit status 2 and that code, in both languages."""
    for language, extra in (("ja", ()), ("en", ("--lang", "en")), ("ja", ("--lang=en", "--lang=ja"))):
        done = run(*extra, *arguments)
        texts = [sentence(code, language, part, *details) for part in ("message", "cause", "remedy")]
        if done.returncode != 2:
            yield f"{language}: exit status {done.returncode}"
        if done.stdout:
            yield f"{language}: standard output {done.stdout!r}"
        yield from (f"{language}: {problem}" for problem in message_problems(done.stderr, language, *texts))


def test_usage():
    register = ("register", "in.csv", "-o", "out.csv")
    cases = [
        ((), "USAGE_MISSING_COMMAND", ""),
        (("help",), "USAGE_UNKNOWN_COMMAND", "help"),
        (("shipment", "in.csv", "-o", "out.csv"), "USAGE_UNKNOWN_COMMAND", "shipment"),
        (("--help", "nothing"), "USAGE_UNKNOWN_COMMAND", "nothing"),
        (("--nothing",), "USAGE_UNKNOWN_OPTION", "--nothing"),
        (("-x",), "USAGE_UNKNOWN_OPTION", "-x"),
        (("--quiet",), "USAGE_UNKNOWN_OPTION", "--quiet"),
        ((*register, "--api-key=abc"), "USAGE_UNKNOWN_OPTION", "--api-key"),
        (("sandbox", "-o", "out.csv"), "USAGE_UNKNOWN_OPTION", "-o"),
        (("sandbox", "-oout.csv"), "USAGE_UNKNOWN_OPTION", "-o"),
        (("check", "in.csv", "--sandbox"), "USAGE_UNKNOWN_OPTION", "--sandbox"),
        (("check", "in.csv", "-o"), "USAGE_MISSING_VALUE", "-o"),
        (("check", "in.csv", "--output"), "USAGE_MISSING_VALUE", "--output"),
        (("check", "in.csv", "--output="), "USAGE_MISSING_VALUE", "--output"),
        (("check", "in.csv", "--output", ""), "USAGE_MISSING_VALUE", "--output"),
        (("register", "in.csv", "-o", "--sandbox"), "USAGE_MISSING_VALUE", "-o"),
        (("register", "in.csv", "-o", "--timeout=3"), "USAGE_MISSING_VALUE", "-o"),
        (("check", "-o", "--", "in.csv"), "USAGE_MISSING_VALUE", "-o"),
        (("check", "in.csv", "--schema", "-"), "USAGE_BAD_VALUE", "--schema", "-"),
        (("check", "in.csv", "--force=yes"), "USAGE_BAD_VALUE", "--force", "yes"),
        (("check", "in.csv", "--encoding", "sjis"), "USAGE_BAD_VALUE", "--encoding", "sjis"),
        (("check", "in.csv", "--encoding=utf-8|utf-16"), "USAGE_BAD_VALUE", "--encoding", "utf-8|utf-16"),
        (("register", "in.csv", "-o", "out.csv", "--encoding=utf-1"), "USAGE_BAD_VALUE", "--encoding", "utf-1"),
        (("check", "in.csv", "--encoding", "UTF-8"), "USAGE_BAD_VALUE", "--encoding", "UTF-8"),
        (("sandbox", "--encoding", "auto"), "USAGE_UNKNOWN_OPTION", "--encoding"),
        (("check", "in.csv", "-o", "-", "--summary-json", "-"), "USAGE_BAD_VALUE", "--summary-json", "-"),
        (("check", "in.csv", "-o", "out", "--summary-json", "./out"), "USAGE_BAD_VALUE", "--summary-json", "./out"),
        (("check", "in.csv", "--summary-json", "in.csv"), "USAGE_BAD_VALUE", "--summary-json", "in.csv"),
        (("check",), "USAGE_MISSING_INPUT", "check"),
        (("check", "--"), "USAGE_MISSING_INPUT", "check"),
        (("register", "-o", "out.csv"), "USAGE_MISSING_INPUT", "register"),
        (("register", "in.csv"), "OUTPUT_MISSING"),
        (("register", "in.csv", "--sandbox"), "OUTPUT_MISSING"),
        ((*register, "--sandbox", "--api-url", "https://127.0.0.1/v1"), "USAGE_CONFLICT", "--sandbox", "--api-url"),
        (("register", "--api-url=https://127.0.0.1/v1", "in.csv", "--sandbox", "-oout.csv"), "USAGE_CONFLICT",
         "--sandbox", "--api-url"),
        (("register", "in.csv", "-o", "--dry-run"), "USAGE_MISSING_VALUE", "-o"),
        (("register", "--dry-run"), "USAGE_MISSING_INPUT", "register"),
        (("register", "in.csv", "--dry-run=yes"), "USAGE_BAD_VALUE", "--dry-run", "yes"),
        (("check", "in.csv", "--dry-run"), "USAGE_UNKNOWN_OPTION", "--dry-run"),
        (("check", "in.csv", "--ledger", "ledger.db"), "USAGE_UNKNOWN_OPTION", "--ledger"),
        (("register", "in.csv", "--ledger", "-", "-o", "out.csv"), "USAGE_BAD_VALUE", "--ledger", "-"),
        (("cancel", "in.csv", "--only", "-", "-o", "out.csv"), "USAGE_BAD_VALUE", "--only", "-"),
        (("status", "in.csv", "--set-status=", "-o", "out.csv"), "USAGE_MISSING_VALUE", "--set-status"),
        (("ship", "in.csv", "--allow-reimported", "-o", "out.csv"), "USAGE_UNKNOWN_OPTION", "--allow-reimported"),
        *(((command, "in.csv"), "OUTPUT_MISSING") for command in ("ship", "cancel", "status", "reregister")),
        *(((command, "-o", "out.csv"), "USAGE_MISSING_INPUT", command) for command in ("ship", "cancel", "status", "reregister")),
        (("reregister", "in.csv", "-o", "out.csv", "--sandbox", "--api-url", "https://127.0.0.1/v1"), "USAGE_CONFLICT",
         "--sandbox", "--api-url"),
        (("drop",), "USAGE_MISSING_FOLDER", "drop"),
        (("drop", "--once"), "USAGE_MISSING_FOLDER", "drop"),
        (("drop", "a", "b"), "USAGE_EXTRA_ARGUMENT", "b"),
        (("drop", "a", "-o", "out.csv"), "USAGE_UNKNOWN_OPTION", "-o"),
        (("drop", "a", "--on-finish", ""), "USAGE_MISSING_VALUE", "--on-finish"),
        (("drop", "a", "--sandbox", "--api-url", "https://127.0.0.1/v1"), "USAGE_CONFLICT", "--sandbox", "--api-url"),
        (("diff",), "USAGE_TWO_FILES", "diff"),
        (("diff", "old.csv"), "USAGE_TWO_FILES", "diff"),
        (("diff", "-", "-"), "USAGE_TWO_FILES", "diff"),
        (("diff", "old.csv", "new.csv", "x"), "USAGE_EXTRA_ARGUMENT", "x"),
        (("diff", "old.csv", "new.csv", "-o", "out.csv"), "USAGE_UNKNOWN_OPTION", "-o"),
        (("diff", "old.csv", "new.csv", "--format", "markdown"), "USAGE_BAD_VALUE", "--format", "markdown"),
        (("history", "1001", "1002"), "USAGE_EXTRA_ARGUMENT", "1002"),
        (("history", "--status", "与信OK"), "USAGE_UNKNOWN_OPTION", "--status"),
        (("history", "--since"), "USAGE_MISSING_VALUE", "--since"),
        (("history", "--format", "markdown"), "USAGE_BAD_VALUE", "--format", "markdown"),
        (("orders", "--format", "text"), "USAGE_BAD_VALUE", "--format", "text"),
        (("orders",), "USAGE_MISSING_VALUE", "--status"),
        (("orders", "--format", "csv"), "USAGE_MISSING_VALUE", "--status"),
        (("orders", "--status"), "USAGE_MISSING_VALUE", "--status"),
        (("orders", "1001", "--status", "与信OK"), "USAGE_EXTRA_ARGUMENT", "1001"),
        (("orders", "--since", "7d", "--status", "与信OK"), "USAGE_UNKNOWN_OPTION", "--since"),
        (("check", "in.csv", "in2.csv"), "USAGE_EXTRA_ARGUMENT", "in2.csv"),
        (("check", "--", "in.csv", "--force"), "USAGE_EXTRA_ARGUMENT", "--force"),
        (("check", "-", "-"), "USAGE_EXTRA_ARGUMENT", "-"),
        (("sandbox", "8080"), "USAGE_EXTRA_ARGUMENT", "8080"),
        (("register", "in.csv", "-o", "out.csv", "--retry-on", "(busy"), "USAGE_BAD_VALUE", "--retry-on", "(busy"),
        (("register", "in.csv", "-o", "out.csv", "--retry-on=[[:busy:]]"), "USAGE_BAD_VALUE", "--retry-on", "[[:busy:]]"),
        (("check", "in.csv", "--config", "-"), "USAGE_BAD_VALUE", "--config", "-"),
        (("check", "in.csv", "--config"), "USAGE_MISSING_VALUE", "--config"),
        (("check", "in.csv", "--profile="), "USAGE_MISSING_VALUE", "--profile"),
        (("--config", "/dev/null"), "USAGE_UNKNOWN_OPTION", "--config"),
        (("config",), "USAGE_ACTION", "config", "show|check"),
        (("config", "--format", "csv"), "USAGE_ACTION", "config", "show|check"),
        (("config", "list"), "USAGE_ACTION", "config", "show|check"),
        (("config", "show|check"), "USAGE_ACTION", "config", "show|check"),
        (("config", "show", "check"), "USAGE_EXTRA_ARGUMENT", "check"),
        (("config", "show", "--output", "out.csv"), "USAGE_UNKNOWN_OPTION", "--output"),
        (("config", "show", "--api-key", "abc"), "USAGE_UNKNOWN_OPTION", "--api-key"),
        (("config", "show", "--format", "markdown"), "USAGE_BAD_VALUE", "--format", "markdown"),
        (("explain",), "EXPLAIN_MISSING"),
        (("explain", "--format", "csv"), "EXPLAIN_MISSING"),
        (("explain", "--"), "EXPLAIN_MISSING"),
        (("explain", "--list", "IN_DOUBT"), "USAGE_EXTRA_ARGUMENT", "IN_DOUBT"),
        (("explain", "IN_DOUBT", "NOT_SENT"), "USAGE_EXTRA_ARGUMENT", "NOT_SENT"),
        (("explain", "--list=yes"), "USAGE_BAD_VALUE", "--list", "yes"),
        (("explain", "--list", "--format"), "USAGE_MISSING_VALUE", "--format"),
        (("explain", "--list", "--format", "CSV"), "USAGE_BAD_VALUE", "--format", "CSV"),
        (("explain", "--list", "--format=xml"), "USAGE_BAD_VALUE", "--format", "xml"),
        (("explain", "IN_DOUBT", "-o", "out.txt"), "USAGE_UNKNOWN_OPTION", "-o"),
        (("check", "in.csv", "--list"), "USAGE_UNKNOWN_OPTION", "--list"),
        (("sandbox", "--port-file", "-"), "USAGE_BAD_VALUE", "--port-file", "-"),
        (("sandbox", "--fault", "sloth=1"), "USAGE_BAD_VALUE", "--fault", "sloth=1"),
        (("sandbox", "--fault", "500=0.1,429=1.5"), "USAGE_BAD_VALUE", "--fault", "429=1.5"),
        (("sandbox", "--fault", "500"), "USAGE_BAD_VALUE", "--fault", "500"),
    ]
    for arguments, *expected in cases:
        check("usage: atobarai " + " ".join(arguments) + " is " + expected[0], usage_problems(arguments, *expected))


def conflict_problems():
    """--sandbox with --api-url, where all else is right: nobody is called, and there is no result."""
    source = ROOT / "samples/order_01_clean_day.csv"
    with socket.socket() as service, tempfile.TemporaryDirectory() as folder:
        service.bind(("127.0.0.1", 0))
        service.listen()
        url = f"http://127.0.0.1:{service.getsockname()[1]}/v1"
        done = run("register", str(source), "-o", folder + "/out.csv", "--sandbox", "--api-url", url,
                   env={**os.environ, "ATOBARAI_API_KEY": "test-key", "ATOBARAI_MERCHANT_CODE": "test-merchant"})
        if done.returncode != 2 or done.stdout:
            yield f"exit status {done.returncode}, {done.stdout!r}"
        message = sentence("USAGE_CONFLICT", "ja", "message", "--sandbox", "--api-url")
        yield from message_problems(done.stderr, "ja", message, "", "")
        if os.listdir(folder):
            yield f"files {os.listdir(folder)}"
        if select.select([service], [], [], 0)[0]:
            yield "the service was called"


def missing(command):
    """The code where `command` lacks what it works on."""
    return "USAGE_MISSING_FOLDER" if command == "drop" else "USAGE_MISSING_INPUT"


def bound_problems(command, option, least, most):
    """The bounds are taken, what is beyond them and what is no plain number is not. The command line lacks its input, or
    has one word too many, so that nothing runs."""
    other, *detail = ("USAGE_EXTRA_ARGUMENT", "x") if command == "sandbox" else (missing(command), command)
    end = ["x"] if command == "sandbox" else []
    for good in (least, most, "0" + str(least)):
        done = run(command, option, str(good), *end)
        yield from message_problems(done.stderr, "ja", sentence(other, "ja", "message", *detail), "", "")
    below = [] if least == 0 else [least - 1]
    for bad in (*below, most + 1, 2**64, 10**30, -1, "+1", "1.0", " 1", "1 ", "0x1", "1e1", "１", "one"):
        done = run(command, f"{option}={bad}", *end)
        if done.returncode != 2:
            yield f"{bad!r}: exit status {done.returncode}"
        yield from message_problems(done.stderr, "ja", sentence("USAGE_BAD_VALUE", "ja", "message", option, str(bad)), "", "")


def test_bounds():
    for command, option, least, most in (
            ("register", "--concurrency", 1, 256), ("register", "--timeout", 1, 3600), ("register", "--retries", 0, 100),
            ("register", "--max-errors", 1, 1000000), ("register", "--rate", 1, 100000), ("register", "--ship-days", 0, 90),
            ("ship", "--concurrency", 1, 256), ("sandbox", "--port", 0, 65535), ("sandbox", "--seed", 0, 2**64 - 1),
            ("sandbox", "--delay", 0, 60000), ("drop", "--settle", 0, 3600)):
        check(f"bounds: {command} {option} {least} to {most}", bound_problems(command, option, least, most))


def choice_problems():
    """Each encoding is taken; the input is missing, so nothing runs."""
    for command in ("check", "register"):
        for name in ("auto", "cp932", "utf-8", "utf-16"):
            done = run(command, "--encoding", name)
            yield from message_problems(done.stderr, "ja", sentence("USAGE_MISSING_INPUT", "ja", "message", command), "", "")


def language_problems():
    for language, arguments in (
            ("en", ("--lang", "en", "check", "--nothing")), ("en", ("check", "--nothing", "--lang", "en")),
            ("en", ("check", "--nothing", "in.csv", "--lang=en")), ("en", ("nothing", "--lang", "en")),
            ("en", ("--lang", "ja", "check", "--nothing", "--lang", "en")),
            ("ja", ("--lang", "en", "check", "--nothing", "--lang", "ja")),
            ("ja", ("check", "--nothing", "--", "--lang", "en")), ("ja", ("check", "--lang", "fr")),
            ("en", ("--lang", "en", "check", "--lang", "fr")), ("ja", ("check", "--lang")),
            ("en", ("sandbox", "--fault", "x", "--lang", "en")), ("en", ("register", "in.csv", "--lang", "en"))):
        done = run(*arguments)
        if done.returncode != 2:
            yield f"{arguments}: exit status {done.returncode}"
        yield from (f"{arguments}: {problem}" for problem in message_problems(done.stderr, language))


def terminal_problems():
    """A name on the command line must not command the terminal, nor need it be UTF-8."""
    done = run(b"\x1b[31m\xc2\x9b\xff\xe5\x95")
    yield from message_problems(done.stderr, "ja", sentence("USAGE_UNKNOWN_COMMAND", "ja", "message", "?[31m????"), "", "")


def help_text(command, *extra):
    return run(*([command] if command else []), "--help", *extra)


def listed(text):
    """The options that a help text lists."""
    return set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", text, re.MULTILINE))


def help_problems(command, language):
    done = help_text(command, "--lang", language)
    text = done.stdout.decode("utf-8")
    if done.returncode != 0 or done.stderr:
        yield f"exit status {done.returncode}, {done.stderr!r}"
    if not text.startswith(("Usage: " if language == "en" else "使い方: ") + f"atobarai {command}".rstrip() + " "):
        yield f"begins with {text[:60]!r}"
    if listed(text) != TAKEN[command]:
        yield f"lists {sorted(listed(text))}"
    if not command:
        yield from (f"does not list {name}" for name in COMMANDS if not re.search(rf"^  {name} ", text, re.MULTILINE))


def default_problems():
    """The defaults and bounds in help, and the language when none is given."""
    text = help_text("register", "--lang=en").stdout.decode("utf-8")
    for words in ("1 to 256, default 8", "1 to 3600, default 30", "0 to 100, default 5", "1 to 1000000, default 20"):
        if words not in text:
            yield f"no {words!r}"
    if help_text("register").stdout != help_text("register", "--lang=ja").stdout:
        yield "not Japanese by default"


def option_problems(command):
    """Each option of help is taken and no other is. Nothing runs: the input is missing, or there is one word too many."""
    end = {"sandbox": ["x"], "orders": ["x"], "explain": ["y", "x"], "history": ["y", "x"], "diff": ["y", "z", "x"], "config": ["show", "x"]}.get(command, [])
    code, detail = ("USAGE_EXTRA_ARGUMENT", "x") if end else (missing(command), command)
    for name in sorted(set().union(*TAKEN.values(), LATER)):
        words = [f"--{name}"] + ([VALUES[name]] if name in VALUES else [])
        done = run(command, *words, *end)
        if name in ("help", "version"):
            yield from [] if done.returncode == 0 else [f"--{name} is refused"]
        elif name in TAKEN[command]:
            yield from message_problems(done.stderr, "ja", sentence(code, "ja", "message", detail), "", "")
        else:
            unknown = sentence("USAGE_UNKNOWN_OPTION", "ja", "message", f"--{name}")
            yield from message_problems(done.stderr, "ja", unknown, "", "")


def test_help():
    for command in ("", *COMMANDS):
        for language in ("ja", "en"):
            check(f"help: atobarai {command} --help --lang {language}", help_problems(command, language))
    check("help: defaults", default_problems())
    for command in COMMANDS:
        check(f"help: {command} takes the options it lists and no other", option_problems(command))


def version_problems(*command):
    done = run(*command, "--version")
    if done.returncode != 0 or done.stderr or not re.fullmatch(rb"atobarai \d+\.\d+\.\d+\n", done.stdout):
        yield f"exit status {done.returncode}, {done.stdout!r}, {done.stderr!r}"


def full_problems(*arguments):
    """Standard output that takes nothing, and one that is closed."""
    with open("/dev/full", "wb") as full:
        done = run(*arguments, stdout=full)
    closed = run(*arguments, preexec_fn=lambda: os.close(1))
    for how, result, reason in (("full", done, errno.ENOSPC), ("closed", closed, errno.EBADF)):
        if result.returncode != 2:
            yield f"{how}: exit status {result.returncode}"
        if CATALOGUE[f"ERRNO_{errno.errorcode[reason]}"]["ja"]["message"] not in result.stderr.decode("utf-8"):
            yield f"{how}: {result.stderr!r}"
        yield from message_problems(result.stderr, "ja")


@contextlib.contextmanager
def sandbox(folder, *arguments):
    """A running sandbox: the process and the two lines that it printed."""
    with subprocess.Popen([PROGRAM, "sandbox", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, cwd=folder) as process:
        try:
            ready, _, _ = select.select([process.stdout], [], [], SECONDS)
            lines = process.stdout.readline() + process.stdout.readline() if ready else b"(nothing)"
            yield process, lines.decode("utf-8")
        finally:
            if process.poll() is None:
                process.kill()


def end_problems(process, number):
    process.send_signal(number)
    out, err = process.communicate(timeout=SECONDS)
    if process.returncode != 0 or out or err:
        yield f"{signal.Signals(number).name}: exit status {process.returncode}, {out!r}, {err!r}"


def answer_problems(number):
    with tempfile.TemporaryDirectory() as folder, sandbox(folder, "--port", "0", "--port-file", "port") as (process, lines):
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:(\d+)/v1)\n"
                             r"listening on http://127\.0\.0\.1:\2/kuroneko-atobarai-api/\n", lines)
        if not found:
            yield f"printed {lines!r}"
            return
        text = Path(folder, "port").read_text(encoding="ascii")
        if text != found[2] + "\n" or os.listdir(folder) != ["port"]:
            yield f"port file {text!r}, files {os.listdir(folder)}"
        with urllib.request.urlopen(found[1] + "/_stats", timeout=SECONDS) as answer:
            stats = json.load(answer)
        if stats["requests"] != 0 or stats["registered"] != 0:
            yield f"_stats is {stats}"
        yield from end_problems(process, number)
        if os.listdir(folder):
            yield f"files at the end: {os.listdir(folder)}"


def fault_problems():
    """--fault and --seed reach the service: 500=1 answers every request with 500."""
    with tempfile.TemporaryDirectory() as folder, sandbox(folder, "--fault=500=1", "--seed", "3") as (process, lines):
        url = lines.split()[2]
        try:
            with urllib.request.urlopen(url + "/orders/1", timeout=SECONDS) as answer:
                yield f"answered {answer.status}"
        except urllib.error.HTTPError as error:
            if error.code != 500:
                yield f"answered {error.code}"
        yield from end_problems(process, signal.SIGTERM)


def taken_problems():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for language in ("ja", "en"):
            done = run("sandbox", "--port", port, "--port-file", "port", "--lang", language)
            if done.returncode != 3 or done.stdout:
                yield f"exit status {done.returncode}, {done.stdout!r}"
            yield from message_problems(done.stderr, language)


def port_file_problems():
    """One that cannot be written ends the sandbox; one that exists is replaced, in one step. At the end it is gone, for
    nobody listens at that port any more."""
    done = run("sandbox", "--port-file", "missing/port")
    if done.returncode != 2 or done.stdout or b"missing/port" not in done.stderr:
        yield f"exit status {done.returncode}, {done.stdout!r}, {done.stderr!r}"
    yield from message_problems(done.stderr, "ja")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "port")
        path.write_text("something longer than a port\n", encoding="ascii")
        before = path.stat().st_ino
        with sandbox(folder, "--port-file", "port") as (process, lines):
            if not re.search(rf":{path.read_text(encoding='ascii').strip()}/v1\n", lines) or path.stat().st_ino == before:
                yield f"port file {path.read_text(encoding='ascii')!r}, printed {lines!r}"
            yield from end_problems(process, signal.SIGTERM)
            if os.listdir(folder):
                yield f"files at the end: {os.listdir(folder)}"
        with open("/dev/full", "wb") as full:
            run("sandbox", "--port-file", folder + "/port", stdout=full)
        if os.listdir(folder):
            yield f"standard output is full: files at the end: {os.listdir(folder)}"


def early_problems():
    """A signal at any moment of the start ends it with 0, or by the signal itself when it came before main()."""
    for delay in (0, 0.002, 0.01, 0.03):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen([PROGRAM, "sandbox"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, cwd=folder)
            time.sleep(delay)
            process.terminate()
            _, err = process.communicate(timeout=SECONDS)
            if process.returncode not in (0, -signal.SIGTERM) or err:
                yield f"after {delay} s: exit status {process.returncode}, {err!r}"


def main():
    test_usage()
    check("usage: --sandbox with --api-url sends nothing", conflict_problems())
    test_bounds()
    check("usage: --encoding takes the four names", choice_problems())
    check("usage: --lang wherever it stands", language_problems())
    check("usage: control characters and broken UTF-8 are not printed", terminal_problems())
    test_help()
    for command in ((), *((name,) for name in COMMANDS)):
        check(f"version: {' '.join(('atobarai', *command))} --version", version_problems(*command))
    check("help: standard output cannot be written", full_problems("--help"))
    check("version: standard output cannot be written", full_problems("--version"))
    check("sandbox: answers, and SIGTERM ends it", answer_problems(signal.SIGTERM))
    check("sandbox: answers, and SIGINT ends it", answer_problems(signal.SIGINT))
    check("sandbox: faults", fault_problems())
    check("sandbox: a taken port is exit status 3", taken_problems())
    check("sandbox: the port file", port_file_problems())
    check("sandbox: a signal during the start", early_problems())
    check("sandbox: standard output cannot be written", full_problems("sandbox"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
