"""What the end-to-end tests share: running the program, reading results apart from it, and saying ok or not ok.

Standard library only. The program's path is in the environment variable ATOBARAI.
"""
import atexit
import csv
import io
import os
import selectors
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.path.abspath(os.environ.get("ATOBARAI", ROOT / "build" / "atobarai"))
HEADINGS = ["与信ステータス", "エラーコード", "エラー項目", "エラー内容", "エラー理由", "修正方法/対応方法",
            "後払い受注番号", "処理日時"]
STARTER = os.environ.pop("ATOBARAI_STARTER", None)  # tests/tools/starter.c of the same build; None: every start is one
TIMEOUT = 120  # seconds for one run of the program

_failures = 0

# No test may touch the ledger of whoever runs it: a run within a Case finds that of the Case, another that of this
# process, which is inherited by programs that are started in any other way.
_cases = threading.local()
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="atobarai-state-")
os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"]  # nor its config file
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)


def state_home():
    """XDG_STATE_HOME for a program that is started in this thread."""
    states = getattr(_cases, "states", [])
    return states[-1] if states else os.environ["XDG_STATE_HOME"]


def check(title, problems=()):
    """Report one check; `problems` is an iterable of sentences, empty when all is well."""
    global _failures
    problems = list(problems)
    lines = [("not ok - " if problems else "ok - ") + title, *("#   " + problem for problem in problems[:20])]
    print("".join(line + "\n" for line in lines), end="", flush=True)  # in one piece: tests may run side by side
    _failures += bool(problems)


def done():
    """The exit status of the test program."""
    return 1 if _failures else 0


class Case:
    """One named test with a folder of its own, and another one for the ledger: collects what is wrong, and reports at
    its end."""

    def __init__(self, title):
        self.title = title
        self.problems = []

    def __enter__(self):
        self.tmp = Path(tempfile.mkdtemp(prefix="atobarai-test-"))
        self.state = tempfile.mkdtemp(prefix="atobarai-state-")
        _cases.states = [*getattr(_cases, "states", []), self.state]
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and isinstance(error, Exception):
            self.problems.append(f"{kind.__name__}: {error}")
        _cases.states.pop()
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.tmp, ignore_errors=True)
        if error is None or isinstance(error, Exception):
            check(self.title, self.problems)
        return isinstance(error, Exception)

    def true(self, what, condition):
        if not condition:
            self.problems.append(f"{what}: not so")

    def equal(self, what, found, wanted):
        if found != wanted:
            self.problems.append(f"{what}: {found!r}, not {wanted!r}")


class Starter:
    """A process of tests/tools/starter.c, which starts the program again and again, one run after the other."""
    idle = []  # those that nobody uses; appending and popping need no lock

    def __init__(self):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(TIMEOUT)
        with theirs:
            self.process = subprocess.Popen([STARTER, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    @classmethod
    def take(cls):
        try:
            return cls.idle.pop()
        except IndexError:
            return cls()

    def run(self, words, environment, cwd):
        """Like subprocess.run() of the program with nothing on standard input."""
        texts = [cwd, str(len(words)), *words, *(f"{name}={value}" for name, value in environment.items())]
        pipes = [os.pipe(), os.pipe()]
        with open(os.devnull, "rb") as nothing:
            try:
                socket.send_fds(self.socket, [b"".join(os.fsencode(text) + b"\0" for text in texts)],
                                [nothing.fileno(), pipes[0][1], pipes[1][1]])
            finally:
                for _, end in pipes:
                    os.close(end)
        output, errors = self.read([end for end, _ in pipes], words)
        status = int(self.socket.recv(100))
        return subprocess.CompletedProcess(words, os.waitstatus_to_exitcode(status), output, errors)

    def read(self, ends, words):
        """All that comes out of the pipes `ends`, which are closed then."""
        found, deadline = {end: [] for end in ends}, time.monotonic() + TIMEOUT
        try:
            with selectors.DefaultSelector() as selector:
                for end in ends:
                    selector.register(end, selectors.EVENT_READ)
                while selector.get_map():
                    ready = selector.select(deadline - time.monotonic())
                    if not ready:
                        raise subprocess.TimeoutExpired(words, TIMEOUT)
                    for key, _ in ready:
                        found[key.fd].append(os.read(key.fd, 65536))
                        if not found[key.fd][-1]:
                            selector.unregister(key.fd)
        finally:
            for end in ends:
                os.close(end)
        return (b"".join(found[end]) for end in ends)

    def end(self):
        self.socket.close()
        self.process.kill()  # its child dies with it
        self.process.wait()


@atexit.register
def end_starters():
    while Starter.idle:
        Starter.idle.pop().end()


def run(*arguments, env=None, stdin=None, **more):
    """Run the program; its exit status, standard output (bytes) and standard error (text)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ATOBARAI_")}
    environment["XDG_STATE_HOME"] = state_home()
    environment.update(env or {})
    words = [PROGRAM, *map(str, arguments)]
    if STARTER is not None and stdin is None and more.keys() <= {"cwd"}:
        starter = Starter.take()
        try:
            finished = starter.run(words, environment, more.get("cwd") or os.getcwd())
        except BaseException:
            starter.end()
            raise
        Starter.idle.append(starter)
    else:
        finished = subprocess.run(words, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                                  capture_output=True, timeout=TIMEOUT, env=environment, **more)
    return finished.returncode, finished.stdout, finished.stderr.decode("utf-8", "replace")


def process_file(pid, name):
    """What /proc tells of a process: nothing where only root may know, as of the environment of this program."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except PermissionError:
        return b""


def record_spans(data):
    """The records of a CSV as pairs of bytes: the record, and its line end. Written apart from the program: a quote
    opens a cell only at its beginning, and closes it unless doubled."""
    spans, start, i, quoted, at_start = [], 0, 0, False, True
    while i < len(data):
        byte = data[i:i + 1]
        if quoted:
            if byte == b'"' and data[i + 1:i + 2] == b'"':
                i += 1
            elif byte == b'"':
                quoted = False
            at_start = False
        elif byte == b'"' and at_start:
            quoted, at_start = True, False
        elif byte in (b"\r", b"\n"):
            end = b"\r\n" if data[i:i + 2] == b"\r\n" else byte
            spans.append((data[start:i], end))
            i += len(end) - 1
            start, at_start = i + 1, True
        else:
            at_start = byte == b","
        i += 1
    if start < len(data):
        spans.append((data[start:], b""))
    return spans


def added_cells(tail):
    """How many cells `tail` holds, the part of a record that was appended; it begins with the delimiter."""
    return len(next(csv.reader(io.StringIO(tail[1:].decode("cp932"), newline="")))) if tail[:1] == b"," else 0


def read_result(path):
    """A result file as row number (a spreadsheet's) → heading → text. Undecodable bytes become U+FFFD."""
    records = record_spans(Path(path).read_bytes())
    header, rows = None, {}
    for number, (record, _) in enumerate(records, 1):
        if not record:
            continue
        cells = next(csv.reader(io.StringIO(record.decode("cp932", "replace"), newline="")))
        if header is None:
            header = cells
            continue
        # A row with cells too many: ours come last.
        row = dict(zip(header[:-8], cells))
        row.update(zip(HEADINGS, cells[-8:]))
        rows[number] = row
    return rows
