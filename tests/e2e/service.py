"""What the tests share that need the service: a sandbox process, a relay before it, order files, and runs of a command.

The relay stands between the program and a sandbox: it records each call, and passes it on or answers by script.
"""
import csv
import http.client
import io
import json
import os
import random
import re
import socket
import subprocess
import threading
import time
import urllib.parse
import xml.etree.ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import PROGRAM, ROOT, TIMEOUT, read_result, run, state_home

SCHEMAS = ROOT / "schemas"
API_KEY, MERCHANT = "key-9f8e7d6c5b4a", "merchant-3c2b1a"
SECRETS = {"ATOBARAI_API_KEY": API_KEY, "ATOBARAI_MERCHANT_CODE": MERCHANT}
COLUMNS = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", "項番", "明細ID", "商品コード", "商品番号", "商品名",
           "請求金額", "注文者氏名", "注文者メールアドレス"]


# ---- The two ends ----


class Sandbox:
    """A sandbox process on a port of its own."""

    def __init__(self, folder, *options):
        self.port_file = folder / f"port-{random.random()}"
        self.process = subprocess.Popen([PROGRAM, "sandbox", "--port", "0", "--port-file", self.port_file, *options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        end = time.monotonic() + 20
        while not self.port_file.exists() and time.monotonic() < end:
            time.sleep(0.01)
        if not self.port_file.exists():
            self.process.kill()
            raise TimeoutError("the sandbox did not start")
        self.port = int(self.port_file.read_text())
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.kuroneko_url = f"http://127.0.0.1:{self.port}/kuroneko-atobarai-api/"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path, timeout=20):
        """HTTP status and JSON, past every relay; the counts also past every fault."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {API_KEY}", "X-Merchant-Code": MERCHANT})
            response = connection.getresponse()
            return response.status, json.load(response)
        finally:
            connection.close()

    def post(self, path, form, timeout=20):
        """The answer's bytes to a form, past every relay."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def stats(self):
        return self.get("/v1/_stats")[1]

    def ask(self, order):
        """The order's status at the service, None where it has none. To ask changes AUTH_PENDING to AUTH_OK."""
        return self.get(f"/v1/orders/{order}")[1].get("creditStatus")


class Call:
    """One request and its answer. `id` is the order's at the service, from the body or the path; `kind` is register,
    ask, shipment or cancellation; in the public protocol review and state are the two kinds of question, reduction is
    one more, and `form` holds the parameters."""

    KURONEKO = {"KAARA0010": "register", "KAARS0010": "review", "KAAST0010": "state", "KAASL0010": "shipment",
                "KAACL0010": "cancellation", "KAAKK0010": "reduction"}

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.status, self.answer, self.json, self.form = None, b"", None, None
        api = re.fullmatch("/kuroneko-atobarai-api/([A-Z0-9]+)APIAction_execute.action", path)
        if api:
            self.form = dict(urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, encoding="utf-8",
                                                    errors="strict"))
            self.kind, self.id = self.KURONEKO[api[1]], self.form["orderNo"]
            return
        self.json = json.loads(body) if body else None
        place = re.fullmatch("/v1/orders/([^/]+)(?:/(shipment|cancellation))?", path)
        self.kind = place and place[2] or {"GET": "ask", "POST": "register"}[method]
        told = self.json.get("id") if isinstance(self.json, dict) else None
        self.id = told or (place[1] if place else path.rsplit("/", 1)[-1])


DROP = object()  # as an answer: none at all, the connection is closed


class Relay:
    """Records every call. `script` takes one and returns None (pass it on), DROP, or (status, body[, headers])."""

    def __init__(self, sandbox=None, script=None):
        self.sandbox, self.script = sandbox, script
        self.calls, self.connections = [], 0
        self.in_flight, self.most_in_flight = 0, 0
        self.lock = threading.Lock()
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30  # of a connection that nobody uses

            def setup(self):
                super().setup()
                with relay.lock:
                    relay.connections += 1

            def handle_any(self):
                relay.handle(self)

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 256

            def handle_error(self, *_):
                pass  # a client that goes away is what is tested here

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.kuroneko_url = f"http://127.0.0.1:{self.port}/kuroneko-atobarai-api/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        call = Call(handler.command, handler.path, dict(handler.headers.items()), body)
        with self.lock:
            self.calls.append(call)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        answer = self.script(call) if self.script else None
        if answer is None:
            answer = self.forward(call)
        with self.lock:
            self.in_flight -= 1
        if answer is DROP:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        call.status, call.answer, headers = answer if len(answer) == 3 else (*answer, {})
        handler.send_response_only(call.status)
        for name, value in {"Content-Length": str(len(call.answer)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(call.answer)

    def forward(self, call):
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=20)
        connection.request(call.method, call.path, call.body or None, call.headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer

    def posts(self):
        return [call for call in self.calls if call.method == "POST"]


def accepted(call, status="AUTH_OK"):
    return 201, json.dumps({"id": call.id, "creditStatus": status}).encode()


def refused(message, status=400):
    return status, json.dumps({"message": message}, ensure_ascii=False).encode()


def xml_texts(body):
    """The texts of an answer of the public protocol by their names, whatever the namespace."""
    return {element.tag.rpartition("}")[2]: (element.text or "").strip()
            for element in xml.etree.ElementTree.fromstring(body)}


# ---- Files and runs ----


def write_csv(path, orders, columns=COLUMNS, **cells):
    """`orders` is order id → list of detail lines, each a dict of cells that differ from the usual ones."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for order_id, lines in orders.items():
        for number, line in enumerate(lines, 1):
            row = {"コントロールカラム": "U", "受注ID": order_id, "受注日時": "2026-11-02 17:54:08",
                   "受注番号": f"MALL-{order_id}", "支払方法": "クロネコ代金後払い", "項番": number,
                   "明細ID": int(re.sub(r"\D", "", order_id) or 0) * 100 + number, "商品コード": f"C{number}",
                   "商品番号": f"A{number}", "商品名": f"見本の品 {number}", "請求金額": 1980, "注文者氏名": "見本 太郎",
                   "注文者メールアドレス": "taro@example.com", "送り状番号": "123456789012", "配送会社": "ヤマト運輸",
                   "ステータスコード": "10", "店舗ステータス": "新規受付", **cells, **line}
            writer.writerow([row[column] for column in columns])
    path.write_bytes(text.getvalue().encode("cp932"))
    return path


def many(count, lines=1, first=2000001):
    return {str(first + i): [{} for _ in range(lines)] for i in range(count)}


class Outcome:
    """One run of a command: exit status, messages, result rows, and the summary."""

    def __init__(self, status, stdout, stderr, out, summary):
        self.status, self.stdout, self.stderr, self.out = status, stdout, stderr, out
        self.exists = out.exists()
        self.data = out.read_bytes() if self.exists else b""
        self.rows = read_result(out) if self.exists else {}
        self.summary_text = summary.read_text(encoding="utf-8") if summary.exists() else ""
        self.summary = json.loads(self.summary_text) if self.summary_text else None

    def cells(self, heading):
        """Order id → the cell of its last row."""
        return {row["受注ID"]: row[heading] for row in self.rows.values()}

    def codes(self):
        return self.cells("エラーコード")

    def statuses(self):
        return self.cells("与信ステータス")


def paths(folder):
    stem = folder / f"run-{random.getrandbits(64):x}"
    return stem.with_suffix(".csv"), stem.with_suffix(".json")


def command(operation, url, source, out, summary, *options):
    return [operation, source, "-o", out, "--summary-json", summary, "--api-url", url, *options]


def environment(secrets):
    return {**{k: v for k, v in os.environ.items() if not k.startswith("ATOBARAI_")}, "XDG_STATE_HOME": state_home(),
            **secrets}


def operate(operation, folder, url, source, *options, env=None):
    """Run `operation` to its end."""
    out, summary = paths(folder)
    status, stdout, stderr = run(*command(operation, url, source, out, summary, *options),
                                 env=SECRETS if env is None else env)
    return Outcome(status, stdout.decode("utf-8", "replace"), stderr, out, summary)


class Background:
    """A run that goes on meanwhile."""

    def __init__(self, operation, folder, url, source, *options, env=None):
        self.out, self.summary = paths(folder)
        words = [PROGRAM, *map(str, command(operation, url, source, self.out, self.summary, *options))]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=environment(SECRETS if env is None else env))

    def end(self):
        try:
            stdout, stderr = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return Outcome(self.process.returncode, stdout.decode(), stderr.decode("utf-8", "replace"), self.out,
                       self.summary)


def verify_registered_once(case, sandbox, count):
    stats = sandbox.stats()
    case.equal("registered", stats["registered"], count)
    case.equal("duplicate ids", stats["duplicate_ids"], 0)


def message_of(code):
    """The catalogue's Japanese message."""
    entries = json.loads((SCHEMAS / "error-catalog.json").read_text(encoding="utf-8"))["entries"]
    return next(entry["ja"]["message"] for entry in entries if entry["code"] == code)
