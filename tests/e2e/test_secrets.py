#!/usr/bin/env python3
"""Where secrets and persons must not be: for every command, in good runs and in all that can go wrong.

Each run is looked at while it goes on (command line, environment, children, open files, every file in its folders) and
when it is over (what it printed, every file that is there). Secrets may be nowhere; what the input says of persons only
in the result, which holds the input's own bytes. Both are looked for as they are, percent-encoded, in base64, as JSON
and HTML write them, in hexadecimal, and in CP932 and UTF-16.

The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and
exits 1 if any failed. Standard library only.
"""
import base64
import concurrent.futures
import datetime
import html
import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

from harness import PROGRAM, TIMEOUT, Case, done, process_file
from service import DROP, Relay, Sandbox, write_csv

JAPAN = datetime.timezone(datetime.timedelta(hours=9))
# No other text of a run holds any of this.
PERSON = {"注文者氏名": "鶴亀　万寿男", "注文者氏名カナ": "ツルカメ マスオ", "注文者郵便番号": "987-6543", "注文者都道府県": "東京都",
          "注文者住所1": "架空区無番町7-65-43", "注文者住所2": "見本荘2019号", "注文者電話番号": "0398712345",
          "注文者メールアドレス": "masuo.tsurukame@example.com", "送付先氏名": "亀鶴　百合枝", "送付先郵便番号": "876-5432",
          "送付先都道府県": "大阪府", "送付先住所1": "仮名市存在町9-87-65", "送付先電話番号": "0698765432"}
COLUMNS = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", *PERSON, "項番", "明細ID", "商品コード", "商品番号",
           "商品名", "単価", "個数", "小計", "送料", "請求金額", "送り状番号", "配送会社"]
SENDING = ("register", "ship", "cancel", "status", "reregister")
SANITIZED = b"__asan_init" in Path(PROGRAM).read_bytes()
RESULT_MODE = 0o640  # of the inputs, and so of the results


# ---- Looking for texts ----


def forms(text):
    """The bytes that `text` may have become."""
    found = set()
    for encoding in ("utf-8", "cp932", "utf-16-le", "utf-16-be"):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        found.add(data)
        for shift in range(3):  # base64 of it alone, and wherever it stands in something longer
            coded = base64.b64encode(b"\0" * shift + data).rstrip(b"=")
            whole = coded[(shift * 8 + 5) // 6:len(coded) - (0 if (shift + len(data)) % 3 == 0 else 1)]
            found |= {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}
        found |= {data.hex().encode(), data.hex().upper().encode()}
    for encoding in ("utf-8", "cp932"):
        try:
            coded = urllib.parse.quote(text, safe="", encoding=encoding)
        except UnicodeEncodeError:
            continue
        found |= {coded.encode(), re.sub("%..", lambda m: m[0].lower(), coded).encode(),
                  urllib.parse.quote_plus(text, encoding=encoding).encode()}
    found |= {json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode(),
              html.escape(text).encode()}
    return {form for form in found if len(form) >= 6}


class Needles:
    """Texts that must not be found: form → what it is of. Of a `secret`, half of it is too much, too."""

    def __init__(self, texts, secret=False):
        halves = {half: text for text in texts for half in (text[:len(text) // 2], text[len(text) // 2:])
                  if secret and len(half) >= 8}
        self.forms = {form: whole for text, whole in {**{text: text for text in texts}, **halves}.items()
                      for form in forms(text)}

    def found(self, data):
        """Text → a form of it that stands in `data`."""
        return {text: form for form, text in self.forms.items() if form in data}


def persons(cells):
    """The texts that `cells` hold of persons, also as they are sent: digits alone, in full width, in half-width kana."""
    found = set()
    for heading, text in cells.items():
        if heading.endswith("都道府県"):
            continue
        full = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000})
        found |= {text, text.replace("　", " "), text.replace("　", ""), re.sub("[- ]", "", text), full}
        found |= set(text.replace("　", " ").split(" "))
    return {text for text in found if len(text.encode()) >= 9}


# ---- The dialects ----


class Json:
    name, options = "json", ()
    secrets = {"ATOBARAI_API_KEY": "Zq7/k+Ey=%5&x~\"w'\\Vb", "ATOBARAI_MERCHANT_CODE": "Mx<93>&kaufhaus-0715"}

    @staticmethod
    def url(service):
        return service.url

    @staticmethod
    def refusal(words, status=400):
        return status, json.dumps({"message": words}, ensure_ascii=False).encode()

    @classmethod
    def credentials(cls, words):
        return cls.refusal(words, 401)


class Kuroneko:
    name, options = "kuroneko", ("--dialect", "kuroneko")
    secrets = {"ATOBARAI_API_KEY": "Zq7kEy5x", "ATOBARAI_MERCHANT_CODE": "40718293651"}

    @staticmethod
    def url(service):
        return service.kuroneko_url

    @staticmethod
    def answer(code, words):
        return 200, (f"<return><returnCode>1</returnCode><errorCode>{code}</errorCode><message>{html.escape(words)}"
                     f"</message><ycfStrCode>{html.escape(words)}</ycfStrCode></return>").encode()

    @classmethod
    def refusal(cls, words, status=400):
        return cls.answer("kaara021E", words) if status == 400 else (status, words.encode())

    @classmethod
    def credentials(cls, words):
        return cls.answer("kaara002E", words)


# ---- A run, looked at ----


class Runs:
    """Runs of the program in folders of their own. `problems` are those of the Case."""

    def __init__(self, case, dialect):
        self.case, self.dialect = case, dialect
        self.secrets = Needles(dialect.secrets.values(), secret=True)
        self.persons = Needles(persons(PERSON))
        self.work, self.temporary, self.given = case.tmp / "work", case.tmp / "tmp", case.tmp / "given"
        self.state = case.tmp / "state"
        for folder in (self.work, self.temporary, self.given, self.state):
            folder.mkdir()
        self.looks, self.runs = 0, 0
        self.process, self.words = None, ""
        self.seen = {}  # a file → size and time when it was looked at
        self.lock = threading.Lock()

    def file(self, name, orders, **cells):
        now = datetime.datetime.now(JAPAN)
        usual = {**PERSON, "単価": 500, "個数": 2, "小計": 1000, "送料": 200, "請求金額": 1200, "送り状番号": "123456789013",
                 "受注日時": (now - datetime.timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")}
        path = write_csv(self.given / name, {str(number): [{}] for number in orders}, COLUMNS, **{**usual, **cells})
        path.chmod(RESULT_MODE)
        return path

    # What there is to see.

    def scan(self, what, data, persons=True):
        found = {**self.secrets.found(data), **(self.persons.found(data) if persons else {})}
        for text, form in found.items():
            at = data.index(form)
            self.problem(f"{what}: {text!r} in {data[max(at - 60, 0):at + 100]!r}")

    def problem(self, sentence):
        if sentence not in self.case.problems:
            self.case.problems.append(sentence)

    def scan_files(self, what):
        """Every file that the program may have made or changed: what is in it, and who may read it."""
        for folder in (self.work, self.temporary, self.state):
            for path in folder.rglob("*"):
                try:
                    about = path.lstat()
                    if self.seen.get(path) == (about.st_mode, about.st_size, about.st_mtime_ns):
                        continue
                    data = path.read_bytes() if stat.S_ISREG(about.st_mode) else b""
                except OSError:  # a temporary file that is gone
                    continue
                self.seen[path] = about.st_mode, about.st_size, about.st_mtime_ns
                name = path.relative_to(self.case.tmp)
                if about.st_mode & 0o007 and path.name != "port":
                    self.problem(f"{what}: {name} is for everybody: {about.st_mode & 0o7777:o}")
                if path.name.startswith("core"):
                    self.problem(f"{what}: {name} is a core")
                # The sandbox is the service, and knows its orders; the result holds the input, and so does a temporary
                # file that becomes the result.
                holds = re.search(r"result|\.sandbox|^service-state", path.name)
                self.scan(f"{what}: {name}", data, persons=not holds)

    def look(self, names=("cmdline", "environ")):
        """At the process that runs, and at all files."""
        if self.process is None or self.process.poll() is not None:
            return
        pid = self.process.pid
        with self.lock:
            self.looks += 1
            try:
                for name in names:
                    self.scan(f"/proc/{name} of {self.words}", process_file(pid, name), persons=False)
                for child in children(pid):
                    # The sanitizer looks for leaks from a process that shares the program's memory.
                    if not SANITIZED or child and not child.startswith(PROGRAM.encode() + b"\0"):
                        self.problem(f"{self.words} has a child: {child!r}")
                for link in Path(f"/proc/{pid}/fd").iterdir():
                    if stat.S_ISREG(link.stat().st_mode) and not link.resolve().is_relative_to(self.given.resolve()):
                        self.scan(f"{link} {os.readlink(link)} of {self.words}", link.read_bytes(), persons=False)
            except OSError:
                pass  # it is over, or not for this user to look at; or a descriptor is another one by now
            self.scan_files(f"while {self.words} runs")

    def start(self, *words, env=None, stdin=subprocess.DEVNULL):
        self.words = " ".join(map(str, words))
        self.runs += 1
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ATOBARAI_")}
        environment.update({"XDG_STATE_HOME": str(self.state), "TMPDIR": str(self.temporary), **self.dialect.secrets,
                            **(env or {})})
        # Everybody may read what is made, unless the maker says no.
        self.process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment, cwd=self.work, umask=0)
        return self.process

    def end(self, wanted=None):
        """Of the run that was started: its exit status and what it printed."""
        try:
            stdout, stderr = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        status = self.process.returncode
        # diff shows what was changed, which is the input's.
        shows = "-o -" in self.words or self.words.startswith("diff ")
        self.scan(f"standard output of {self.words}", stdout, persons=not shows)
        self.scan(f"standard error of {self.words}", stderr)
        self.scan_files(f"after {self.words}")
        if wanted is not None:
            self.case.true(f"{self.words}: exit {status}, not {wanted}: {stderr.decode('utf-8', 'replace')[-300:]}",
                           status in wanted)
        return status, stdout, stderr

    def run(self, *words, wanted=None, **more):
        self.start(*words, **more)
        self.look(["cmdline"])  # it has hardly begun: what it does about its environment is seen when it calls
        return self.end(wanted)

    def send(self, command, source, service, *options, wanted=None, url=None, **more):
        """One of the commands that send, with a log and a summary."""
        return self.run(*self.sending(command, source, service, *options, url=url), wanted=wanted, **more)

    def sending(self, command, source, service, *options, url=None):
        out = self.work / f"result-{self.runs}.csv"
        return [command, source, "-o", out, "--api-url", url or self.dialect.url(service), "--log",
                self.work / "log.jsonl", "--summary-json", self.work / f"summary-{self.runs}.json", "--verbose",
                *self.dialect.options, *options]


def children(pid):
    found = []
    told = [path for path in Path(f"/proc/{pid}/task").glob("*/children")]
    if told:  # some kernels tell by themselves
        return [process_file(child, "cmdline") for path in told for child in path.read_text().split()]
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if folder.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1] == str(pid):
                    found.append(folder.joinpath("cmdline").read_bytes())
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass
    return found


def echo(dialect):
    """What a service might say that repeats everything that it was sent: secrets, and persons as they are sent."""
    words = []
    for secret in dialect.secrets.values():
        words += [secret, urllib.parse.quote(secret, safe=""), re.sub("%..", lambda m: m[0].lower(),
                                                                      urllib.parse.quote(secret)), f"Bearer {secret}"]
    address = {prefix: "".join(PERSON[prefix + part] for part in parts) for prefix, parts in
               (("注文者", ("都道府県", "住所1", "住所2")), ("送付先", ("都道府県", "住所1")))}
    return " / ".join([*words, *(text for heading, text in PERSON.items() if not re.search("住所|都道府県", heading)),
                       *address.values()])


def echo_headers(dialect):
    return {"X-Echo": urllib.parse.quote(echo(dialect)), "Set-Cookie": "key=" + "".join(dialect.secrets.values())}


# ---- Good runs ----


def come_back(case, runs, relay):
    """The newest result comes back from a spreadsheet, damaged and edited, and is registered, compared and cleaned."""
    result = max(runs.work.glob("result-*.csv"), key=lambda path: path.stat().st_mtime_ns)
    returned = runs.given / "returned.csv"
    text = result.read_bytes().decode("cp932")
    returned.write_bytes(text.replace("0398712345", "398712345").replace("987-6543", "9876543", 1).encode("cp932"))
    returned.chmod(RESULT_MODE)
    runs.send("register", returned, relay, wanted={0, 1})
    runs.run("diff", result, returned, wanted={0, 1})
    runs.run("clean", returned, "-o", runs.work / "result-clean.csv", wanted={0})
    returned.write_bytes(text.replace("0398712345", "#NAME?").replace("見本荘2019号", "見本荘2019号\0").encode("cp932"))
    runs.run("clean", returned, "-o", runs.work / "result-none.csv", "--lang", "en", wanted={1})
    case.true("no file of what cannot be written", not (runs.work / "result-none.csv").exists())


def test_good_runs(dialect):
    with Case(f"{dialect.name}: every command, all well") as case, \
            Sandbox(case.tmp, "--state", case.tmp / "service-state") as sandbox, Relay(sandbox) as relay:
        runs = Runs(case, dialect)

        def script(_):
            if len(relay.calls) % 4 == 1:
                runs.look()

        relay.script = script
        source = runs.file("orders.csv", range(1, 13))
        runs.run("check", source, "-o", runs.work / "result-check.csv", "--summary-json", runs.work / "summary.json",
                 "--verbose", *dialect.options, wanted={0})
        runs.send("register", source, relay, "--dry-run", wanted={0})
        runs.send("register", source, relay, "--xlsx", runs.work / "result.xlsx", wanted={0})
        case.equal("result.xlsx: mode", stat.S_IMODE((runs.work / "result.xlsx").stat().st_mode), RESULT_MODE)
        come_back(case, runs, relay)
        for command in ("register", "register", "ship", "status", "cancel"):
            runs.send(command, source, relay, wanted={0, 1})
        dearer = {"小計": 1400, "単価": 700, "請求金額": 1600}
        runs.send("reregister", runs.file("dearer.csv", range(1, 13), **dearer), relay, wanted={0, 1})
        case.true(f"{len(relay.calls)} calls", len(relay.calls) >= 12 * 4)
        for form in ("table", "csv", "json"):
            status, stdout, _ = runs.run("history", "--format", form, wanted={0})
            case.true(f"history as {form}: {len(stdout)} bytes", len(stdout) > 12 * 20)
            runs.run("orders", "--status", "与信OK", "--format", form, wanted={0})
        runs.run("history", "3", wanted={0})
        runs.run("explain", "CREDENTIALS_REFUSED", wanted={0})
        runs.run("explain", "validation error:items[0].name size must be between 1 and 255", wanted={0})
        runs.run("explain", "--list", wanted={0})
        runs.run("--version", wanted={0})
        runs.run("register", "--help", wanted={0})
        runs.run("register", source, "-o", "result-rehearsal.csv", "--sandbox", "--ledger", "rehearsal.db", "--log",
                 "rehearsal.jsonl", *dialect.options, wanted={0})
        with source.open("rb") as file:
            runs.run("register", "-", "-o", "-", "--sandbox", *dialect.options, stdin=file, wanted={0})
        names = {path.name for path in [*runs.work.iterdir(), *runs.state.rglob("*")]}
        case.true(f"there are files to look at: {sorted(names)}",
                  {"log.jsonl", "rehearsal.jsonl", "rehearsal.db", "rehearsal.db.sandbox", "ledger.db"} <= names)
        case.true(f"{runs.looks} looks", runs.looks > 12)
        for path in runs.work.glob("result*.csv"):
            case.equal(f"{path.name}: mode", stat.S_IMODE(path.stat().st_mode), RESULT_MODE)
            # Whoever is in the input is in the result: so what is looked for is there to be found.
            case.true(f"{path.name}: persons", "鶴亀　万寿男" in runs.persons.found(path.read_bytes()))


def test_sandbox_command(dialect):
    with Case(f"{dialect.name}: the sandbox with its state, while it runs") as case:
        runs = Runs(case, dialect)
        service = runs.start("sandbox", "--port", "0", "--port-file", runs.work / "port", "--state",
                             runs.work / "service-state")
        end = time.monotonic() + 30
        while not (runs.work / "port").exists() and time.monotonic() < end:
            time.sleep(0.01)
        port = int((runs.work / "port").read_text())
        url = f"http://127.0.0.1:{port}/v1" if dialect is Json else f"http://127.0.0.1:{port}/kuroneko-atobarai-api/"
        other = Runs.__new__(Runs)  # the same folders, another process
        other.__dict__.update(runs.__dict__)
        other.send("register", runs.file("orders.csv", range(1, 4)), None, url=url, wanted={0})
        if TAKES_SECRETS_ALWAYS:
            runs.look()
        service.terminate()
        runs.end({0})


# ---- Whatever can go wrong ----


def answers(dialect):
    """Name → what the service answers to everything, and the exit statuses that may follow."""
    words, headers = echo(dialect), echo_headers(dialect)
    return {
        "refused": (lambda _: (*dialect.refusal(words), headers), {1}),
        "refused, in a code": (lambda _: (*Kuroneko.answer(html.escape(words), ""), headers), {5}),
        "credentials": (lambda _: (*dialect.credentials(words), headers), {3}),
        "forbidden": (lambda _: (403, words.encode(), headers), {3, 5}),
        "conflict": (lambda _: (*dialect.refusal(words, 409), headers), {1, 5}),
        "unknown": (lambda _: (*dialect.refusal(words, 404), headers), {1, 5}),
        "server error": (lambda _: (500, words.encode(), headers), {5}),
        "busy": (lambda _: (429, words.encode(), {"Retry-After": "0", **headers}), {5}),
        "garbage": (lambda _: (200, f"<html>{words}</html>".encode(), headers), {5}),
        "redirect": (lambda _: (302, words.encode(), {"Location": "https://example.com/?" + headers["X-Echo"]}), {5}),
        "nothing": (lambda _: (200, b""), {5}),
        "lost": (lambda _: DROP, {5}),
    }


def test_answers(dialect):
    with Case(f"{dialect.name}: a service that repeats everything that it was sent, in every answer") as case, \
            Relay() as relay:
        runs = Runs(case, dialect)
        for number, (name, (script, wanted)) in enumerate(answers(dialect).items(), 1):
            def looked(call, script=script):
                if len(relay.calls) % 5 == 1:
                    runs.look()
                return script(call)

            relay.script = looked
            source = runs.file(f"{number}.csv", range(number * 100, number * 100 + 4))
            runs.send("register", source, relay, "--retries", "1" if name in ("busy", "lost") else "0",
                      "--lang", ("ja", "en")[number % 2], wanted=wanted)
        relay.script = None
        for form in ("table", "csv", "json"):
            runs.run("history", "--format", form, wanted={0})
            runs.run("orders", "--status", "IN_DOUBT", "--format", form, wanted={0})
        case.true(f"{runs.looks} looks", runs.looks > 15)


def test_answers_to_others(dialect):
    with Case(f"{dialect.name}: the same, to shipments, cancellations and questions") as case, \
            Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        runs = Runs(case, dialect)
        for number, name in enumerate(("refused", "credentials", "conflict", "unknown", "garbage", "lost"), 1):
            script, _ = answers(dialect)[name]
            relay.script = None
            source = runs.file(f"{number}.csv", range(number * 100, number * 100 + 2))
            dearer = runs.file(f"{number}-dearer.csv", range(number * 100, number * 100 + 2), 小計=1400, 単価=700,
                               請求金額=1600)
            runs.send("register", source, relay, wanted={0})
            relay.script = script
            for command in ("ship", "cancel", "status", "reregister"):
                runs.send(command, dearer if command == "reregister" else source, relay, "--retries", "0",
                          wanted={0, 1, 3, 5})
        for form in ("table", "csv", "json"):
            runs.run("history", "--format", form, wanted={0})


def test_no_service(dialect):
    with Case(f"{dialect.name}: nobody there, no time, no right address") as case:
        runs = Runs(case, dialect)
        source = runs.file("orders.csv", range(1, 4))
        with Relay(script=lambda _: (time.sleep(2), DROP)[1]) as relay:
            runs.send("register", source, relay, "--timeout", "1", "--retries", "0", wanted={5})
            gone = dialect.url(relay)
        for command in SENDING:
            runs.send(command, source, None, "--retries", "0", url=gone, wanted={0, 1, 5})
        # Whoever puts a secret into the URL has it on the command line, but not in what is said of it.
        word = "Geheim-4711-Wort"
        path = "/v1" if dialect is Json else "/kuroneko-atobarai-api/"
        url_needles = Needles([word])
        for number, url in enumerate((f"http://user:{word}@127.0.0.1{path}", f"https://{word}@127.0.0.1{path}",
                    f"https://127.0.0.1{path}?key={word}", f"https://127.0.0.1{path}#{word}",
                    f"ftp://user:{word}@127.0.0.1{path}", f"https://user:{word}@[127.0.0.1{path}",
                    f"http://user:{word}@example.com{path}", f"user:{word}@127.0.0.1{path}",
                    f"https://user:pass/{word}@127.0.0.1{path}", f"//user:{word}@127.0.0.1{path}?{word}",
                    f"https://127.0.0.1{path}?a=/@{word}", f"https://user:{urllib.parse.quote(word)}%00@127.0.0.1{path}")):
            _, stdout, stderr = runs.send("register", source, None, "--lang", ("ja", "en")[number % 2], url=url,
                                          wanted={3})
            for what, data in (("standard output", stdout), ("standard error", stderr),
                               *((file.name, file.read_bytes()) for folder in (runs.work, runs.state)
                                 for file in folder.rglob("*") if file.is_file())):
                case.true(f"{url}: {what}: {data[:200]!r}", not url_needles.found(data))


def test_bad_input(dialect):
    """What is said of a file that cannot be used, or of rows that are wrong."""
    with Case(f"{dialect.name}: files and options that are wrong") as case, Relay() as relay:
        runs = Runs(case, dialect)
        good = runs.file("orders.csv", range(1, 4))
        text = good.read_bytes().decode("cp932")
        header, *rows = text.splitlines(keepends=True)
        texts = {
            "no header": "".join(rows), "a quote that is open": header + '"' + rows[0],
            "a quote that is torn": header + rows[0].replace("鶴亀", '"鶴"亀'),
            "a NUL": header + rows[0].replace("鶴亀", "鶴\0亀"), "too many cells": header + rows[0].rstrip() + ",鶴亀　万寿男\r\n",
            "one line": header.rstrip("\r\n"), "headings twice": header.rstrip() + ",注文者氏名\r\n" + rows[0],
            "persons as headings": rows[0] + rows[1], "no amount": "".join([header, rows[0].replace(",1200,", ",,")]),
            "bad cells": header + rows[0].replace("0398712345", "鶴亀　万寿男").replace("987-6543", "鶴亀　万寿男"),
            "bad email": header + rows[0].replace("@example.com", "@@example.com"),
            "bad order id": header + rows[0].replace(",1,", ",鶴亀　万寿男,", 1),
            "two orders in one": header + rows[0] + rows[1].replace(",2,", ",1,", 1).replace("鶴亀", "亀鶴"),
        }
        for number, (name, changed) in enumerate(texts.items()):
            path = runs.given / f"bad-{number}.csv"
            path.write_bytes(changed.encode("cp932"))
            path.chmod(RESULT_MODE)
            if number % 2:
                runs.run("check", path, "-o", runs.work / f"result-{number}-checked.csv", "--verbose", "--lang", "en",
                         "--summary-json", runs.work / f"summary-{number}.json", *dialect.options)
            else:
                runs.send("register", path, relay, "--dry-run")
        utf8 = runs.given / "utf-8.csv"
        utf8.write_bytes(text.encode("utf-8"))
        runs.send("register", utf8, relay, "--encoding", "utf-16", wanted={4})
        runs.send("register", good, relay, "--ledger", "/proc/none/ledger.db", wanted={3})
        runs.send("register", good, relay, "--only", runs.given / "none", wanted={3})
        runs.run("register", good, "-o", good, "--api-url", dialect.url(relay), *dialect.options, wanted={2})
        runs.run("register", good, "--api-kye", *dialect.options, wanted={2})
        runs.run("register", good, "--log", good, "-o", runs.work / "result.csv", "--api-url", dialect.url(relay),
                 *dialect.options, wanted={2})
        for name, value in dialect.secrets.items():
            for changed in ("", value + "\n", value + "\nX-Evil: 1", "\x01" + value, "鍵" + value, value * 400):
                if changed == value * 400 and dialect is Json:
                    continue  # it would be a key
                runs.send("register", good, relay, env={name: changed}, wanted={3})
        case.equal("calls", relay.calls, [])


def test_ends(dialect):
    with Case(f"{dialect.name}: signals in the midst of a run: no core, and nothing left behind") as case:
        runs = Runs(case, dialect)
        gate = threading.Event()

        def script(_):
            runs.look()
            gate.wait(30)
            return DROP

        with Relay(script=script) as relay:
            for number, end in enumerate((signal.SIGABRT, signal.SIGQUIT, signal.SIGSEGV, signal.SIGKILL, signal.SIGINT,
                                          signal.SIGTERM), 1):
                gate.clear()
                before = len(relay.calls)
                source = runs.file(f"{number}.csv", range(number * 100, number * 100 + 20))
                runs.start(*runs.sending("register", source, relay, "--retries", "0"))
                limit = time.monotonic() + 60
                while len(relay.calls) < before + 8 and time.monotonic() < limit:
                    time.sleep(0.01)
                os.kill(runs.process.pid, end)
                if end in (signal.SIGINT, signal.SIGTERM):
                    gate.set()
                status, _, _ = runs.end()
                gate.set()
                case.true(f"{end.name}: exit {status}", status in (-end, 130) or end == signal.SIGSEGV)
                runs.process = None
            runs.run("history", wanted={0})
            runs.run("orders", "--status", "IN_DOUBT", wanted={0})
        case.true(f"{runs.looks} looks", runs.looks > 5)


def test_config(dialect):
    with Case(f"{dialect.name}: secrets in a config file, good and bad") as case, Sandbox(case.tmp) as sandbox, \
            Relay(sandbox) as relay:
        runs = Runs(case, dialect)
        relay.script = lambda _: runs.look()
        none = {name: "" for name in dialect.secrets}
        names = {"api-key": dialect.secrets["ATOBARAI_API_KEY"], "merchant-code": dialect.secrets["ATOBARAI_MERCHANT_CODE"]}
        lines = [f"{name} = {value}" for name, value in names.items()]
        usual = [f"api-url = {dialect.url(relay)}", f"dialect = {dialect.name}"]
        files = {
            "good": (usual + lines, 0o600), "open": (usual + lines, 0o644), "writable": (usual + lines, 0o622),
            "no equals sign": (usual + [line.replace(" = ", " ") for line in lines], 0o600),
            "alone": (usual + [value + "==" for value in names.values()], 0o600),
            "other names": (usual + [line.replace("api-key", "api-kye") for line in lines], 0o600),
            "twice": (usual + lines + lines, 0o600), "too long": (usual + [line + "x" * 70000 for line in lines], 0o600),
            "as a section": ([f"[{value}]" for value in names.values()] + lines, 0o600),
            "as a profile": (usual + ["[a]"] + lines, 0o600),
            "for another option": (usual + lines + [f"timeout = {value}" for value in names.values()], 0o600),
            "torn section": (usual + [f"[{value}" for value in names.values()], 0o600),
        }
        source = runs.file("orders.csv", range(1, 5))
        statuses = {}
        for number, (name, (text, mode)) in enumerate(files.items()):
            path = runs.given / f"config-{number}.ini"
            path.write_text("\n".join(text) + "\n", encoding="utf-8")
            path.chmod(mode)
            for language in ("ja", "en"):
                for word in ("show", "check"):
                    for env in (none, None):
                        runs.run("config", word, "--config", path, "--lang", language, env=env)
            statuses[name], _, _ = runs.run("register", source, "-o", runs.work / f"result-{number}.csv", "--config", path,
                                            "--log", "log.jsonl", "--verbose", env=none)
        case.equal("a good one", statuses["good"], 0)
        case.equal("one that others can read", statuses["open"], 3)
        case.true("calls were made with it", relay.calls)


# ---- The process ----


def test_not_dumpable():
    """The kernel gives /proc/PID of a process that is not dumpable to root: nobody else may look into it."""
    with Case("nobody of the same user can read the memory or the environment of a run") as case:
        program, source = case.tmp / "atobarai", case.tmp / "in.fifo"
        shutil.copy(PROGRAM, program)
        os.mkfifo(source)
        case.tmp.chmod(0o755)
        other = 65534  # as root, that of nobody: root sees everything

        def become():
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(other)
                os.setuid(other)

        source.chmod(0o644)
        process = subprocess.Popen([program, "check", source], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, preexec_fn=become)
        plain = subprocess.Popen(["sleep", "100"], preexec_fn=become)
        try:
            user = other if os.geteuid() == 0 else os.geteuid()
            end = time.monotonic() + 30
            while time.monotonic() < end and os.stat(f"/proc/{process.pid}/environ").st_uid == user:
                time.sleep(0.01)
            case.equal("it belongs to", os.stat(f"/proc/{process.pid}/environ").st_uid, 0)
            case.equal("that of another program belongs to", os.stat(f"/proc/{plain.pid}/environ").st_uid, user)
            case.equal("the limit of cores", re.findall(r"Max core file size\s+(\d+)\s+(\d+)",
                                                        process_file(process.pid, "limits").decode()), [("0", "0")])
        finally:
            for started in (process, plain):
                started.kill()
                started.wait()


# ---- The test itself ----


def test_self():
    """What is planted is found, in every form and place."""
    for dialect in (Json, Kuroneko):
        with Case(f"{dialect.name}: what is planted is found") as case:
            runs = Runs(case, dialect)
            key, merchant = dialect.secrets.values()
            name = PERSON["注文者氏名"]
            plants = [("work/log.jsonl", key.encode()), ("state/ledger.db-wal", merchant.encode("utf-16-le")),
                      ("tmp/spool", base64.b64encode(b"a:" + key.encode() + b":b")),
                      ("work/a", urllib.parse.quote(merchant, safe="").encode()), ("work/b", json.dumps(key).encode()),
                      ("work/summary.json", json.dumps(name).encode()), ("work/c", name.encode("cp932")),
                      ("work/d", name.encode("utf-8")), ("work/e", urllib.parse.quote(name, encoding="cp932").encode()),
                      ("work/f", "０３９８７１２３４５".encode()), ("work/g", b"0398712345"),
                      ("state/h", base64.b64encode(name.encode())), ("work/i", key.encode().hex().encode()),
                      ("work/j", html.escape(key).encode()), ("work/k", "鶴亀 万寿男".encode()),
                      ("work/l", "万寿男".encode("utf-16-be"))]
            for path, data in plants:
                case.tmp.joinpath(path).write_bytes(b"something " + data + b" more")
                case.tmp.joinpath(path).chmod(0o600)
            found = []
            runs.case = type("Found", (), {"problems": found, "tmp": case.tmp})
            runs.scan_files("planted")
            for path, _ in plants:
                case.true(f"{path} is noticed", any(path in problem for problem in found))
            found.clear()
            runs.process = subprocess.Popen([sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '100'])",
                                             key], env={**os.environ, "MERCHANT": merchant})
            runs.words = "a program that tells"
            end = time.monotonic() + 30
            while not any(child.startswith(b"sleep") for child in children(runs.process.pid)) and time.monotonic() < end:
                time.sleep(0.01)
            runs.look()
            for child in Path(f"/proc/{runs.process.pid}/task/{runs.process.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            runs.process.wait(30)
            case.true("the command line is noticed", any("cmdline" in problem and repr(key) in problem for problem in found))
            case.true("the environment is noticed", any("environ" in problem and repr(merchant) in problem
                                                        for problem in found))
            case.true("the child is noticed", any("has a child" in problem and "sleep" in problem for problem in found))
            case.tmp.joinpath("work/a").chmod(0o644)
            runs.scan_files("open")
            case.true("a file for everybody is noticed", any("work/a is for everybody" in problem for problem in found))
    with Case("a core would be noticed where the system writes cores beside the program") as case:
        pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
        subprocess.run([sys.executable, "-c", "import os; os.abort()"], cwd=case.tmp, check=False,
                       stderr=subprocess.DEVNULL)
        cores = [path for path in case.tmp.iterdir() if path.name.startswith("core")]
        if pattern != "core" or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            print("# hint: no cores are written beside a program here, so that none of ours shows nothing")
        else:
            case.true("there is one", cores)


def commands():
    """The commands that help lists."""
    text = subprocess.run([PROGRAM, "--help", "--lang", "en"], capture_output=True, check=True).stdout.decode()
    return set(re.findall(r"^  ([a-z]+) ", text, re.MULTILINE)) - {"atobarai"}


KNOWN = {*SENDING, "check", "clean", "diff", "drop", "history", "orders", "explain", "sandbox", "config"}
# Where there is a config, the secrets are taken out of the environment whatever the command is.
TAKES_SECRETS_ALWAYS = "config" in commands()


def main():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))  # cores may be written by all that is started here
    with Case("every command is tested here") as case:
        case.equal("commands that are not", commands() - KNOWN, set())
    tests = [(test, dialect) for dialect in (Json, Kuroneko)
             for test in (test_ends, test_answers, test_answers_to_others, test_good_runs, test_no_service, test_bad_input,
                          test_sandbox_command, *([test_config] if TAKES_SECRETS_ALWAYS else []))]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for finished in [pool.submit(*test) for test in [*tests, (test_not_dumpable,), (test_self,)]]:
            finished.result()
    return done()


if __name__ == "__main__":
    sys.exit(main())
