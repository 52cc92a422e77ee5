#!/usr/bin/env python3
"""The wire: register against servers that behave badly, over TLS and HTTP/2, on real sockets.

What the transport does by itself is tested in tests/unit/test_transport.c, and what answers mean in test_register.py;
here is what needs certificates, another server, or the whole program.
"""
import collections
import gzip
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

from harness import PROGRAM, Case, check, done
from hostile import (CANCEL, INTERNAL_ERROR, REFUSED_STREAM, Authority, Server, Server2, accept, openssl, reset, tls,
                     whole)
from service import (API_KEY, MERCHANT, SECRETS, Sandbox, command, environment, many, message_of, operate, paths,
                     verify_registered_once, write_csv)

TOOL = Path(PROGRAM).parent / "tests" / "tools" / "wire"
FOLDER = Path(tempfile.mkdtemp(prefix="atobarai-wire-"))  # the certificates of all tests
MEBI = 1024 * 1024


# ---- Runs ----


def register(case, url, source, *options, env=None, ca_file=None):
    """One run with a ledger of its own."""
    ledger = case.tmp / f"ledger-{time.monotonic_ns()}.db"
    trust = ("--ca-file", ca_file or AUTHORITY.pem) if ca_file != "" else ()
    return operate("register", case.tmp, url, source, "--ledger", ledger, *trust, *options, env=env)


# Linux counts into the peak of a process what it had before exec: an interpreter of its own has little.
PEAK = """import os, sys
_, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status))"""


def peak(case, url, source, *options):
    """The most memory that a run had, in bytes, and its exit status."""
    out, summary = paths(case.tmp)
    words = command("register", url, source, out, summary, "--ledger", case.tmp / f"ledger-{time.monotonic_ns()}.db",
                    "--ca-file", AUTHORITY.pem, *options)
    # The sanitizer would keep what was freed.
    env = {**environment(SECRETS), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
    process = subprocess.Popen([sys.executable, "-ISc", PEAK, PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, start_new_session=True)
    try:
        return tuple(map(int, process.communicate(timeout=100)[0].split()[-2:]))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise


def verify_done(case, name, outcome, count=1):
    case.equal(f"{name}: exit", outcome.status, 0)
    case.equal(f"{name}: statuses", collections.Counter(outcome.statuses().values()), {"与信OK": count})


def verify_left(case, name, outcome, code, reason, count=1):
    """Exit 5, and each order has `code`, with the words of `reason`."""
    case.equal(f"{name}: exit", outcome.status, 5)
    case.equal(f"{name}: codes", collections.Counter(outcome.codes().values()), {code: count})
    words = message_of(reason)
    case.true(f"{name}: {words}", all(words in text for text in outcome.cells("エラー内容").values()))


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


# ---- Certificates ----


def test_trust():
    with Case("certificates: nothing is sent to a server whose certificate is not in order, and it is asked once") as case:
        other = Authority(case.tmp / "other")  # of the same name, with another key
        alone = case.tmp / "alone.pem", case.tmp / "alone.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", alone[1],
                "-out", alone[0], "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
        leaf = AUTHORITY.issue("by-a-leaf", issuer=PAIR)
        chain = case.tmp / "chain.pem"
        chain.write_bytes(leaf[0].read_bytes() + PAIR[0].read_bytes())
        source = write_csv(case.tmp / "in.csv", many(1))
        for name, pair, ca_file, trusted in (
                ("of the authority", PAIR, None, True),
                ("of an unknown authority", PAIR, "", False),
                ("of another authority of the same name", other.issue("server"), None, False),
                ("expired", AUTHORITY.issue("expired", days=-1), None, False),
                ("of another host", AUTHORITY.issue("elsewhere", "DNS:example.com,IP:127.0.0.2"), None, False),
                ("of no address", AUTHORITY.issue("name", "DNS:localhost"), None, False),
                ("signed by itself", alone, None, False),
                ("signed by itself, and named as an authority", alone, alone[0], True),
                ("issued by a server's certificate", (chain, leaf[1]), None, False)):
            with Server(accept, tls(pair)) as server:
                outcome = register(case, server.url, source, ca_file=ca_file)
                if trusted:
                    verify_done(case, name, outcome)
                else:
                    verify_left(case, name, outcome, "NOT_SENT", "REASON_UNTRUSTED")
                case.equal(f"{name}: requests", len(server.requests), int(trusted))
                case.equal(f"{name}: connections", server.connections, 1)
        with Server(accept, tls(AUTHORITY.issue("only-a-name", "DNS:localhost"))) as server:
            verify_done(case, "by name", register(case, server.url.replace("127.0.0.1", "localhost"), source))


def speaks(port, version):
    """Whether a server speaks that version of TLS with somebody who asks for nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), 20) as bare:
        try:
            with context.wrap_socket(bare):
                return True
        except OSError:
            return False


def test_versions_of_tls():
    with Case("TLS 1.2 and 1.3 are spoken, nothing older") as case:
        warnings.simplefilter("ignore", DeprecationWarning)
        # A system that would let it do so: OpenSSL's own rules are no help here.
        lax = case.tmp / "openssl.cnf"
        lax.write_text("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = lax\n[lax]\n"
                       "MinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n")
        env = {**SECRETS, "OPENSSL_CONF": str(lax)}
        source = write_csv(case.tmp / "in.csv", many(1))
        for version, fine in ((ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
                              (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            context = tls(PAIR)
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with Server(accept, context) as server:
                case.true(f"the server speaks {version.name}", speaks(server.port, version))
                outcome = register(case, server.url, source, "--retries", "0", env=env)
                if fine:
                    verify_done(case, version.name, outcome)
                else:
                    verify_left(case, version.name, outcome, "NOT_SENT", "REASON_CONNECTION")
                case.equal(f"{version.name}: requests", len(server.requests), int(fine))


def test_bad_ca_files():
    with Case("--ca-file that cannot be used: exit 3, before anything is read or sent") as case, \
            Server(accept, tls(PAIR)) as server:
        (case.tmp / "empty.pem").write_bytes(b"")
        (case.tmp / "torn.pem").write_bytes(AUTHORITY.pem.read_bytes()[:200])
        for path in (case.tmp / "none.pem", case.tmp / "empty.pem", case.tmp / "torn.pem", case.tmp, PAIR[1]):
            outcome = register(case, server.url, case.tmp / "none.csv", ca_file=path)
            case.equal(f"{path.name}: exit", outcome.status, 3)
            case.true(f"{path.name}: {outcome.stderr}", str(path) in outcome.stderr and "--ca-file" in outcome.stderr)
        case.equal("connections", server.connections, 0)


def test_system_authorities():
    """In a mount namespace of its own, whose /etc/ssl/certs is a folder of ours."""
    title = "the system's authorities are trusted, and with --ca-file they are not"
    try:
        apart = subprocess.run(["unshare", "-rm", "true"], capture_output=True, timeout=20).returncode == 0
    except FileNotFoundError:
        apart = False
    if not apart or not Path("/etc/ssl/certs").is_dir():
        check(f"{title} (not tested: no mount namespaces here)")
        return
    with Case(title) as case:
        other = Authority(case.tmp / "other", "another authority")
        system = case.tmp / "system"
        system.mkdir()
        digest = subprocess.run(["openssl", "x509", "-in", AUTHORITY.pem, "-noout", "-hash"], capture_output=True,
                                check=True, timeout=20).stdout.decode().strip()
        source = write_csv(case.tmp / "in.csv", many(1))
        for name, file in (("its file", "ca-certificates.crt"), ("its folder", f"{digest}.0")):
            for path in system.iterdir():
                path.unlink()
            # libcurl does not start without the file.
            shutil.copy(other.pem, system / "ca-certificates.crt")
            shutil.copy(AUTHORITY.pem, system / file)
            for trust, exit_status in ((), 0), (("--ca-file", AUTHORITY.pem), 0), (("--ca-file", other.pem), 5):
                with Server(accept, tls(PAIR)) as server:
                    out, summary = paths(case.tmp)
                    words = command("register", server.url, source, out, summary, "--ledger",
                                    case.tmp / f"ledger-{time.monotonic_ns()}.db", "--retries", "0", *trust)
                    finished = subprocess.run(
                        ["unshare", "-rm", "sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', str(system),
                         PROGRAM, *map(str, words)], capture_output=True, timeout=100, env=environment(SECRETS))
                    case.equal(f"{name}, {trust}: exit", finished.returncode, exit_status)
                    case.equal(f"{name}, {trust}: requests", len(server.requests), int(exit_status == 0))


def test_hanging_handshake():
    """The first connection shows whether others are needed: those who wait for it must not wait forever."""
    with Case("a server that takes connections and says nothing: all time out, nothing was sent") as case, \
            Server(context=tls(PAIR), greet=lambda bare: server.ended.wait(20)) as server:
        source = write_csv(case.tmp / "in.csv", many(12))
        outcome = register(case, server.url, source, "--timeout", "1", "--retries", "0", "--concurrency", "12")
        verify_left(case, "silence", outcome, "NOT_SENT", "REASON_TIMEOUT", 12)


# ---- HTTP/1.1 ----


def test_slow_reader():
    with Case("a server that reads a byte at a time, and one that writes so") as case:
        source = write_csv(case.tmp / "in.csv", many(3, lines=400))

        class Reader(Server):
            def read(self, link, size=1):
                return super().read(link, size)

        def drip(request):
            answer = whole(request.accept())
            for i in range(len(answer)):
                request.link.sendall(answer[i:i + 1])
            return True

        for name, context in (("http", None), ("https", tls(PAIR))):
            with Reader(accept, context) as server:
                server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                verify_done(case, f"reader, {name}", register(case, server.url, source, "--concurrency", "3"), 3)
                case.equal(f"{name}: each was read once", sorted(server.ids()), sorted(many(3)))
                case.true(f"{name}: it was long", min(len(request.body) for request in server.requests) > 8000)
            with Server(drip, context) as server:
                verify_done(case, f"writer, {name}", register(case, server.url, source), 3)


def test_endless_answer():
    def drip(request):
        request.link.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
        while not request.server.ended.wait(0.1):
            request.link.sendall(b" ")
        return False

    with Case("an answer that drips on is given up after --timeout") as case, Server(drip, tls(PAIR)) as server:
        outcome = register(case, server.url, write_csv(case.tmp / "in.csv", many(2)), "--timeout", "1", "--retries", "0")
        verify_left(case, "dripping", outcome, "IN_DOUBT", "REASON_TIMEOUT", 2)


def test_closing():
    def polite(request):
        accept(request)
        request.link.unwrap()
        return False

    def rude(request):
        accept(request)
        return False

    with Case("a server that closes after each answer, with and without a word") as case:
        source = write_csv(case.tmp / "in.csv", many(40))
        for name, answer, context in (("TLS, with notice", polite, tls(PAIR)), ("TLS", rude, tls(PAIR)), ("plain", rude, None)):
            with Server(answer, context) as server:
                verify_done(case, name, register(case, server.url, source, "--concurrency", "4"), 40)
                case.equal(f"{name}: orders that arrived", set(server.ids()), set(many(40)))
                case.true(f"{name}: connections", server.connections >= 40)


def test_answer_until_the_end():
    """Without a length the answer ends with the connection, which anybody on the way could end: libcurl does not insist
    on TLS saying so. No part of an answer passes for one."""
    def answer(request):
        body = request.accept()
        request.link.sendall(b"HTTP/1.1 201 Created\r\n\r\n" + body[:len(body) - int(request.id) % 10])
        return False

    with Case("an answer that ends with the connection is one only when it is whole") as case:
        for name, context in (("http", None), ("https", tls(PAIR))):
            with Server(answer, context) as server:
                source = write_csv(case.tmp / "in.csv", many(10, first=2000000))
                outcome = register(case, server.url, source, "--retries", "0")
                case.equal(f"{name}: codes", outcome.codes(),
                           {order: "IN_DOUBT" if int(order) % 10 else "" for order in many(10, first=2000000)})


def test_chunked():
    def chunks(request):
        body = request.accept()
        request.link.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 201 Created\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\n")
        for i in range(len(body)):
            request.link.sendall(b"1;comment=x\r\n%s\r\n" % body[i:i + 1])
        request.link.sendall(b"0\r\nX-Trailer: yes\r\n\r\n")
        return True

    with Case("chunked answers, with hints before and trailers behind") as case, Server(chunks, tls(PAIR)) as server:
        verify_done(case, "chunks", register(case, server.url, write_csv(case.tmp / "in.csv", many(20))), 20)
        case.true("connections are kept", server.connections <= 8)


def test_html():
    page = b"<!DOCTYPE html><html><body>It works!</body></html>"
    with Case("200 with HTML is no success") as case, \
            Server(lambda request: request.link.sendall(whole(page, b"200 OK", b"Content-Type: text/html\r\n")) is None,
                   tls(PAIR)) as server:
        outcome = register(case, server.url, write_csv(case.tmp / "in.csv", many(2)), "--retries", "1")
        verify_left(case, "HTML", outcome, "IN_DOUBT", "REASON_GARBAGE", 2)
        case.equal("attempts", len(server.requests), 4)


def huge(how):
    """Answers of 50 MiB, and without end; `finished` of the server counts those that were taken to the end."""
    piece = b" " * MEBI

    def answer(request):
        link = request.link
        if how == "length":
            link.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % (50 * MEBI))
            for _ in range(50):
                link.sendall(piece)
        elif how == "chunks":
            link.sendall(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(50):
                link.sendall(b"%x\r\n%s\r\n" % (MEBI, piece))
            link.sendall(b"0\r\n\r\n")
        elif how == "headers":
            link.sendall(b"HTTP/1.1 201 Created\r\n")
            for _ in range(1024):
                link.sendall(b"X-Header: %s\r\n" % (b"x" * 1000) * 50)
            link.sendall(b"Content-Length: 0\r\n\r\n")
        elif how == "gzip":
            link.sendall(whole(gzip.compress(piece * 50, 1), b"201 Created", b"Content-Encoding: gzip\r\n"))
            return True  # it is short, and must not be unpacked
        else:
            while not request.server.ended.is_set():
                link.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        request.server.finished += 1
        return False

    return answer


def test_huge_answers():
    with Case("answers of 50 MiB: given up, and memory is bounded") as case:
        source = write_csv(case.tmp / "in.csv", many(4))
        options = ("--concurrency", "4", "--retries", "1", "--timeout", "20")
        with Server(accept, tls(PAIR)) as server:
            usual, status = peak(case, server.url, source, *options)
            case.equal("usual: exit", status, 0)
        for how in ("length", "chunks", "headers", "gzip", "interim"):
            with Server(huge(how), tls(PAIR)) as server:
                server.finished = 0
                most, status = peak(case, server.url, source, *options)
                case.equal(f"{how}: exit", status, 5)
                case.equal(f"{how}: attempts", len(server.requests), 8)
                case.equal(f"{how}: taken to the end", server.finished, 0)
                case.true(f"{how}: {most} bytes of memory, not much above {usual}", most < usual + 24 * MEBI)


def test_redirects():
    statuses = {"2000001": 301, "2000002": 302, "2000003": 303, "2000004": 307, "2000005": 308}
    with Case("redirects are not followed, wherever they lead") as case, Server(accept, tls(PAIR)) as elsewhere, \
            Server(accept) as plain:
        def away(request):
            target = (elsewhere, plain)[request.number % 2].url
            request.link.sendall(whole(b"{}", b"%d Elsewhere" % statuses[request.id],
                                       b"Location: %s/orders\r\nRefresh: 0; url=%s\r\nAlt-Svc: h2=\"127.0.0.1:%d\"\r\n" % (
                                           target.encode(), target.encode(), elsewhere.port)))
            return True

        with Server(away, tls(PAIR)) as server:
            outcome = register(case, server.url, write_csv(case.tmp / "in.csv", many(5)), "--retries", "1")
            verify_left(case, "away", outcome, "IN_DOUBT", "REASON_GARBAGE", 5)
            case.equal("attempts", len(server.requests), 10)
            case.true("the secrets were in the headers", all(API_KEY.encode() in request.head and
                                                             MERCHANT.encode() in request.head for request in server.requests))
        case.equal("connections elsewhere", elsewhere.connections + plain.connections, 0)


def test_proxies():
    with Case("no proxy of the environment is used for this very computer") as case, Server(accept) as proxy:
        names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        env = {**SECRETS, **{name: proxy.url[:-3] for name in names}, "no_proxy": ""}
        for context in (None, tls(PAIR)):
            with Server(accept, context) as server:
                source = write_csv(case.tmp / "in.csv", many(3))
                verify_done(case, server.url, register(case, server.url, source, env=env), 3)
                verify_done(case, "by name", register(case, server.url.replace("127.0.0.1", "localhost"), source, env=env), 3)
        case.equal("connections to the proxy", proxy.connections, 0)


def test_reset_in_the_midst():
    def break_off(request):
        """Each order's first answer breaks off, after the work was done."""
        if request.server.ids().count(request.id) > 1:
            return accept(request)
        answer = whole(request.accept())
        request.link.sendall(answer[:-10])
        time.sleep(0.02)  # time for it to arrive, since a RST overtakes
        reset(request.link)
        return False

    with Case("a connection that is reset in the midst of an answer: the same request comes again") as case:
        for name, context in (("http", None), ("https", tls(PAIR))):
            with Server(break_off, context) as server:
                source = write_csv(case.tmp / "in.csv", many(6))
                verify_done(case, name, register(case, server.url, source, "--retries", "2"), 6)
                sent = collections.defaultdict(list)
                for request in server.requests:
                    sent[request.id].append((request.head, request.body))
                case.equal(f"{name}: times", {len(times) for times in sent.values()}, {2})
                case.true(f"{name}: the same bytes", all(len(set(times)) == 1 for times in sent.values()))


def test_rate():
    with Case("--rate: so many attempts a second") as case:
        arrivals = []

        def note(request):
            arrivals.append(time.monotonic())
            return accept(request)

        with Server(note) as server:
            source = write_csv(case.tmp / "in.csv", many(31))
            verify_done(case, "rate", register(case, server.url, source, "--rate", "20", "--concurrency", "16"), 31)
        case.true("thirty pauses of 50 ms", max(arrivals) - min(arrivals) > 1.4)


# ---- HTTP/2, through a proxy that others wrote ----


class Nghttpx:
    """nghttpx with TLS before a server of HTTP/1.1. `ports` of its log are the connections' of the client."""

    def __init__(self, folder, backend, port=0):
        self.folder, self.backend = folder, backend
        self.log = folder / f"access-{time.monotonic_ns()}.log"
        self.wanted = port
        self.process = None

    def __enter__(self):
        for _ in range(1 if self.wanted else 5):  # somebody else may take the port meanwhile
            self.port = self.wanted or free_port()
            self.process = subprocess.Popen(
                ["nghttpx", "--conf=/dev/null", "--single-process", "--workers=1", "--no-ocsp",
                 f"--frontend=127.0.0.1,{self.port}", f"--backend=127.0.0.1,{self.backend}",
                 f"--accesslog-file={self.log}", "--accesslog-format=$remote_port $alpn $status", "--errorlog-file=/dev/null",
                 str(PAIR[1]), str(PAIR[0])], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            if wait_until(lambda: self.process.poll() is not None or listens(self.port)) and self.process.poll() is None:
                break
        else:
            raise RuntimeError("nghttpx (Debian package nghttp2-proxy) did not start")
        self.url = f"https://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *_):
        self.kill(signal.SIGTERM)

    def kill(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def lines(self):
        return [line.split() for line in self.log.read_text().splitlines()]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def verify_http2(case, name, proxy, least, most_connections):
    lines = proxy.lines()
    case.true(f"{name}: requests", len(lines) >= least)
    case.equal(f"{name}: protocols", {line[1] for line in lines}, {"h2"})
    ports = {line[0] for line in lines}
    case.true(f"{name}: {len(ports)} connections", len(ports) <= most_connections)


def test_http2():
    with Case("HTTP/2 through nghttpx: many requests share a connection, and each order is registered once") as case:
        with Sandbox(case.tmp) as sandbox, Nghttpx(case.tmp, sandbox.port) as proxy:
            source = write_csv(case.tmp / "in.csv", many(400))
            verify_done(case, "400", register(case, proxy.url, source, "--concurrency", "32"), 400)
            verify_registered_once(case, sandbox, 400)
            verify_http2(case, "400", proxy, 400, 2)
        with Sandbox(case.tmp, "--fault", "500=0.05,429=0.05,reset=0.05,lost-answer=0.05,garbage=0.05", "--seed", "7") as sandbox, \
                Nghttpx(case.tmp, sandbox.port) as proxy:
            source = write_csv(case.tmp / "in.csv", many(120))
            outcome = register(case, proxy.url, source, "--concurrency", "32", "--retries", "20")
            verify_done(case, "faults", outcome, 120)
            verify_registered_once(case, sandbox, 120)
            verify_http2(case, "faults", proxy, 130, 4)


def test_http2_huge():
    with Case("HTTP/2: an answer of 50 MiB is given up, and memory is bounded") as case:
        source = write_csv(case.tmp / "in.csv", many(4))
        options = ("--concurrency", "4", "--retries", "0", "--timeout", "20")
        with Server(accept) as server, Nghttpx(case.tmp, server.port) as proxy:
            usual, status = peak(case, proxy.url, source, *options)
            case.equal("usual: exit", status, 0)
        for how in ("length", "headers"):
            with Server(huge(how)) as server, Nghttpx(case.tmp, server.port) as proxy:
                server.finished = 0
                most, status = peak(case, proxy.url, source, *options)
                case.equal(f"{how}: exit", status, 5)
                case.equal(f"{how}: attempts", len(server.requests), 4)
                case.true(f"{how}: {most} bytes of memory, not much above {usual}", most < usual + 24 * MEBI)


def test_http2_dies():
    """The state of the sandbox outlives it; the second run meets the same address, and its ledger."""
    with Case("HTTP/2: proxy or service die in the midst; the next run registers what is left, and nothing twice") as case:
        for victim in ("proxy", "service"):
            state, ledger = case.tmp / f"{victim}.state", case.tmp / f"{victim}.db"
            source = write_csv(case.tmp / "in.csv", many(400))
            options = ("--ledger", ledger, "--ca-file", AUTHORITY.pem, "--concurrency", "32")
            with Sandbox(case.tmp, "--state", state) as sandbox, Nghttpx(case.tmp, sandbox.port) as proxy:
                begun = []

                def strike():
                    begun.append(wait_until(lambda: sandbox.stats()["registered"] >= 50))
                    if victim == "proxy":
                        proxy.kill()
                    else:
                        sandbox.process.kill()

                thread = threading.Thread(target=strike)
                thread.start()
                first = operate("register", case.tmp, proxy.url, source, *options, "--rate", "200", "--retries", "1",
                                "--max-errors", "5")
                thread.join()
                case.equal(f"{victim}: killed in the midst", begun, [True])
                case.equal(f"{victim}: exit of the first run", first.status, 5)
                case.true(f"{victim}: some were done", 0 < first.summary["succeeded"] < 400)
            with Sandbox(case.tmp, "--state", state) as sandbox, Nghttpx(case.tmp, sandbox.port, proxy.port) as proxy:
                verify_done(case, f"{victim}: second run", operate("register", case.tmp, proxy.url, source, *options), 400)
                status = [sandbox.ask(order) for order in list(many(400))[::40]]
                case.equal(f"{victim}: at the service", status, ["AUTH_OK"] * len(status))
                case.equal(f"{victim}: duplicate ids", sandbox.stats()["duplicate_ids"], 0)


# ---- HTTP/2, frame by frame ----


def go_away(connection, stream):
    """Three are answered, the third with a GOAWAY; what comes later on this connection is not looked at."""
    if connection.whole > 3:
        return None
    stream.answer()
    if connection.whole == 3:
        connection.go_away(stream.number)
    return None


def go_away_and_close(connection, stream):
    go_away(connection, stream)
    return connection.whole < 6 and None


def close_on_many(connection, stream):
    """The first connection dies under eight requests, or as many as there may be, none of them answered."""
    if connection.server.talks[0] is connection:
        return connection.whole < min(8, connection.server.streams)
    stream.answer()
    return None


def refuse_with(code):
    """The first sending of every third order is refused."""
    def script(connection, stream):
        first = connection.server.received.count(stream.id) == 1
        if int(stream.id) % 3 == 0 and first:
            stream.refuse(code)
        else:
            stream.answer()
    return script


def talk_nonsense(connection, stream):
    if connection.server.talks[0] is connection:
        connection.link.sendall(bytes(range(256)) * 8)
        return False
    stream.answer()
    return None


SCRIPTS = {
    "answers": lambda connection, stream: stream.answer(),
    "GOAWAY": go_away,
    "GOAWAY and an end": go_away_and_close,
    "death": close_on_many,
    "REFUSED_STREAM": refuse_with(REFUSED_STREAM),
    "INTERNAL_ERROR": refuse_with(INTERNAL_ERROR),
    "CANCEL": refuse_with(CANCEL),
    "nonsense": talk_nonsense,
}


def test_http2_frames():
    with Case("HTTP/2: GOAWAY, refused streams and dead connections: every order is done in the end") as case:
        source = write_csv(case.tmp / "in.csv", many(40))
        for name, script in SCRIPTS.items():
            for streams in (100, 4) if name in ("answers", "death", "REFUSED_STREAM") else (100,):
                with Server2(PAIR, script, streams) as server:
                    outcome = register(case, server.url, source, "--concurrency", "16", "--retries", "8", "--timeout", "5")
                    verify_done(case, f"{name}, {streams} streams", outcome, 40)
                    if name == "answers" and streams == 100:
                        case.equal("connections", server.connections, 1)
                        case.equal("received", sorted(server.received), sorted(many(40)))


def wire(url, count, *options):
    """The transport alone: number → words of its outcome."""
    finished = subprocess.run([TOOL, url, AUTHORITY.pem, str(count), "8", "3", "2", *options], capture_output=True,
                              timeout=100)
    return {line.split()[0]: line.split()[1:] for line in finished.stdout.decode().splitlines()}


def test_http2_once():
    with Case("HTTP/2: what is to be sent once is never received twice, and no doubt is kept silent") as case:
        for name, script in SCRIPTS.items():
            for once in (True, False):
                with Server2(PAIR, script) as server:
                    outcomes = wire(server.url, 40, *(["once"] if once else []))
                    counts = collections.Counter(server.received)
                    label = f"{name}, {'once' if once else 'more often'}"
                    case.equal(f"{label}: outcomes", sorted(outcomes, key=int), [str(i) for i in range(40)])
                    answered = {number for number, words in outcomes.items() if words[:2] == ["answered", "201"]}
                    if once:
                        case.equal(f"{label}: received twice", [i for i, times in counts.items() if times > 1], [])
                        case.equal(f"{label}: received, not answered, and no doubt",
                                   [i for i in counts if i not in answered and outcomes[i][-1] != "1"], [])
                        case.true(f"{label}: some were answered", answered)
                    else:
                        case.equal(f"{label}: answered", len(answered), 40)
                        twice = name in ("death", "REFUSED_STREAM", "INTERNAL_ERROR", "CANCEL", "nonsense")
                        case.true(f"{label}: this does ask for it", not twice or max(counts.values()) > 1)
                        # What the server met before has left a doubt, whoever sent it.
                        case.equal(f"{label}: received twice, and no doubt",
                                   [i for i, times in counts.items() if times > 1 and outcomes[i][-1] != "1"], [])


AUTHORITY = Authority(FOLDER / "authority")
PAIR = AUTHORITY.issue("server")

if __name__ == "__main__":
    try:
        for name, test in list(globals().items()):
            if name.startswith("test_") and (len(sys.argv) < 2 or name in sys.argv[1:]):
                test()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    sys.exit(done())
