"""Servers that behave badly, or only as HTTP allows: over TCP, TLS, and HTTP/2, on loopback. And the certificates that
they need, made by the openssl command.
"""
import re
import socket
import ssl
import struct
import subprocess
import threading

WAIT = 20  # seconds that a server waits for what must come


# ---- Certificates ----


class Authority:
    """A certificate authority in `folder`: `pem` is its certificate's file."""

    def __init__(self, folder, name="test authority"):
        self.folder = folder
        folder.mkdir()
        self.pem, self.key = folder / "authority.pem", folder / "authority.key"
        openssl("req", "-x509", *new_key(self.key), "-out", self.pem, "-days", "2", "-subj", f"/CN={name}")

    def issue(self, name, names="IP:127.0.0.1,DNS:localhost", days=2, issuer=None):
        """A certificate for `names`, as (file of the certificate, file of its key); `issuer` is such a pair, in place
        of the authority's own."""
        pem, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        issuer_pem, issuer_key = issuer or (self.pem, self.key)
        openssl("req", *new_key(key), "-out", request, "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
                "-addext", "basicConstraints=critical,CA:FALSE")
        openssl("x509", "-req", "-in", request, "-out", pem, "-days", str(days), "-CA", issuer_pem, "-CAkey", issuer_key,
                "-copy_extensions", "copy")
        return pem, key


def openssl(*arguments):
    finished = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=WAIT)
    if finished.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {finished.stderr.decode(errors='replace')}")


def new_key(path):
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path


def tls(pair, protocols=("http/1.1",)):
    """A server's TLS with the certificate of `pair`; `protocols` is what it offers by ALPN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    context.set_alpn_protocols(list(protocols))
    return context


# ---- HTTP/1.1 ----


class Request:
    """One that arrived whole. `number` counts them, from 0."""

    def __init__(self, server, link, head, body, number):
        self.server, self.link, self.head, self.body, self.number = server, link, head, body, number
        self.method, self.path = head.split(b" ", 2)[:2]

    @property
    def id(self):
        """The order's; "" where it names none."""
        found = re.search(rb'"id":"([^"]*)"', self.body) or re.search(rb"/orders/([^/]+)", self.path)
        return found[1].decode() if found else ""

    def accept(self):
        """The body of an answer that accepts the order."""
        return b'{"id":"%s","creditStatus":"AUTH_OK"}' % self.id.encode()


class Server:
    """Listens on a port of its own; each connection has a thread. `answer` takes a Request, writes to its `link`, and
    returns whether the connection goes on. `greet`, where given, takes the bare socket in place of all that."""

    def __init__(self, answer=None, context=None, greet=None):
        self.answer, self.context, self.greet = answer, context, greet
        self.requests, self.connections = [], 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/v1"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                bare = self.listener.accept()[0]
            except OSError:
                return
            with self.lock:
                self.connections += 1
            threading.Thread(target=self.serve, args=(bare,), daemon=True).start()

    def serve(self, bare):
        bare.settimeout(WAIT)
        link = bare
        try:
            if self.greet:
                self.greet(bare)
                return
            link = self.context.wrap_socket(bare, server_side=True) if self.context else bare
            self.talk(link)
        except (OSError, ssl.SSLError):
            pass  # a client that goes away, or a server that breaks off
        finally:
            link.close()

    def talk(self, link):
        while (request := self.read(link)) is not None:
            if not self.answer(request):
                return

    def note(self, link, head, body):
        with self.lock:
            request = Request(self, link, head, body, len(self.requests))
            self.requests.append(request)
        return request

    def read(self, link, size=65536):
        """The next request, None at the end; `size` is what is read at once."""
        data = b""
        while b"\r\n\r\n" not in data:
            got = link.recv(size)
            if not got:
                return None
            data += got
        head, body = data.split(b"\r\n\r\n", 1)
        length = int((re.search(rb"\r\nContent-Length: *(\d+)", head, re.IGNORECASE) or [0, b"0"])[1])
        parts = [body]
        missing = length - len(body)
        while missing > 0:
            got = link.recv(min(size, missing))
            if not got:
                return None
            parts.append(got)
            missing -= len(got)
        return self.note(link, head, b"".join(parts))

    def ids(self):
        return [request.id for request in self.requests]


def whole(body, status=b"201 Created", headers=b""):
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


def accept(request):
    request.link.sendall(whole(request.accept()))
    return True


def reset(link):
    """Close with a RST in place of a FIN."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


# ---- HTTP/2, as much of it as a test needs (RFC 9113, RFC 7541) ----

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 2, 7, 8
MAX_CONCURRENT_STREAMS = 3
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Stream:
    """A request of HTTP/2: the headers are not looked into, since the body names the order."""

    def __init__(self, connection, number):
        self.connection, self.number, self.body = connection, number, b""
        self.id = None

    def answer(self, status=201, body=None):
        body = b'{"id":"%s","creditStatus":"AUTH_OK"}' % self.id.encode() if body is None else body
        # Literal without indexing: the name is entry 8 of the static table.
        head = b"\x08\x03%d" % status
        self.connection.send(HEADERS, END_HEADERS, self.number, head)
        self.connection.send(DATA, END_STREAM, self.number, body)

    def refuse(self, code):
        self.connection.send(RST_STREAM, 0, self.number, struct.pack(">I", code))


class Connection2:
    """One connection. `script` is called with it and each whole Stream."""

    def __init__(self, server, link):
        self.server, self.link = server, link
        self.data = b""
        self.streams = {}
        self.whole = 0  # requests that arrived so far

    def send(self, kind, flags, stream, payload=b""):
        self.link.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def go_away(self, last, code=0):
        self.send(GOAWAY, 0, 0, struct.pack(">II", last, code))

    def take(self, size):
        while len(self.data) < size:
            got = self.link.recv(65536)
            if not got:
                raise ConnectionError
            self.data += got
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def run(self):
        if self.take(len(PREFACE)) != PREFACE:
            raise ConnectionError
        self.send(SETTINGS, 0, 0, struct.pack(">HI", MAX_CONCURRENT_STREAMS, self.server.streams))
        while True:
            head = self.take(9)
            kind, flags = head[3], head[4]
            number = struct.unpack(">I", head[5:])[0] & 0x7FFFFFFF
            payload = self.take(struct.unpack(">I", b"\0" + head[:3])[0])
            if kind == SETTINGS and not flags & ACK:
                self.send(SETTINGS, ACK, 0)
            elif kind == PING and not flags & ACK:
                self.send(PING, ACK, 0, payload)
            elif kind == HEADERS:
                self.streams[number] = Stream(self, number)
            elif kind == DATA:
                self.streams[number].body += payload
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                stream = self.streams.pop(number)
                stream.id = re.search(rb'"id":"([^"]*)"', stream.body)[1].decode()
                with self.server.lock:
                    self.server.received.append(stream.id)
                self.whole += 1
                if self.server.script(self, stream) is False:
                    return


class Server2(Server):
    """A server that speaks HTTP/2 alone. `script` takes the connection and a stream; False closes the connection.
    `received` are the ids of all that arrived whole, `streams` how many may be open at once."""

    def __init__(self, pair, script, streams=100):
        super().__init__(context=tls(pair, ["h2"]))
        self.script, self.streams = script, streams
        self.received, self.talks = [], []

    def talk(self, link):
        if link.selected_alpn_protocol() != "h2":
            raise ConnectionError
        connection = Connection2(self, link)
        with self.lock:
            self.talks.append(connection)
        connection.run()
