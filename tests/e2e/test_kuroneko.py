#!/usr/bin/env python3
"""The public protocol end to end: every operation and status, and what is done about doubt where there are no keys: the
service is asked first.

A relay stands between the program and a sandbox; for each order the calls are compared by kind. Prints one line "ok - …"
or "not ok - …" per test and exits 1 if any failed. Standard library only. The program is in the environment variable
ATOBARAI.
"""
import concurrent.futures
import datetime
import os
import sys
import time
import urllib.parse

from harness import Case, done, run
from service import DROP, Background, Call, Relay, Sandbox, operate, write_csv

MERCHANT, PASSWORD = "12345678901", "Sandbox1"
SECRETS = {"ATOBARAI_API_KEY": PASSWORD, "ATOBARAI_MERCHANT_CODE": MERCHANT}
JAPAN = datetime.timezone(datetime.timedelta(hours=9))
PARCELS = ["123456789013", "200000000001", "300000000005"]
COLUMNS = ["コントロールカラム", "受注ID", "受注日時", "受注番号", "支払方法", "注文者氏名", "注文者氏名カナ", "注文者郵便番号",
           "注文者都道府県", "注文者住所1", "注文者電話番号", "注文者メールアドレス", "項番", "明細ID", "商品コード", "商品番号",
           "商品名", "単価", "個数", "小計", "送料", "請求金額", "送り状番号", "配送会社"]
USUAL = {"注文者氏名カナ": "ミホン タロウ", "注文者郵便番号": "100-0014", "注文者都道府県": "東京都",
         "注文者住所1": "千代田区永田町1-7-1", "注文者電話番号": "0300000001", "単価": 500, "個数": 2, "小計": 1000,
         "送料": 200, "請求金額": 1200, "送り状番号": PARCELS[0]}


class Shop:
    """Orders, a relay before a sandbox, and what the relay saw of each order. `script` is the relay's."""

    def __init__(self, case, script=None, sandbox_options=()):
        self.case, self.script = case, script
        self.sandbox = Sandbox(case.tmp, *sandbox_options)
        self.options = []

    def __enter__(self):
        self.sandbox.__enter__()
        self.relay = Relay(self.sandbox, self.script)
        self.relay.__enter__()
        return self

    def __exit__(self, *what):
        self.relay.__exit__(*what)
        self.sandbox.__exit__(*what)

    def file(self, orders, name="in.csv", columns=None, **cells):
        day = (datetime.datetime.now(JAPAN) - datetime.timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
        return write_csv(self.case.tmp / name, orders, columns or COLUMNS,
                         **{**USUAL, "受注日時": day, **cells})

    def do(self, operation, source, *options, env=None):
        self.relay.calls.clear()
        return operate(operation, self.case.tmp, self.relay.kuroneko_url, source, "--dialect", "kuroneko", *options,
                       env=SECRETS if env is None else env)

    def kinds(self, order):
        return [call.kind for call in self.relay.calls if call.id == order]

    def stats(self):
        return self.sandbox.get("/kuroneko-atobarai-api/_stats")[1]


def xml(code=None, **parts):
    """An answer as the service gives it."""
    parts = {"returnCode": "1" if code else "0", **({"errorCode": code} if code else {}), **parts}
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    return 200, f'<?xml version="1.0" encoding="UTF-8"?><return>{inside}</return>'.encode()


def once(kind, answer, works=False):
    """A relay's script: the first call of `kind` for each order is done at the service or not, and answered so."""
    seen = set()

    def script(call):
        if call.kind != kind or call.id in seen:
            return None
        seen.add(call.id)
        if works:
            script.relay.forward(call)
        return answer
    return script


def first(case, kind, answer, works=False):
    script = once(kind, answer, works)
    shop = Shop(case, script)
    shop.__enter__()
    script.relay = shop.relay
    return shop


# ---- Operations and statuses ----


def test_operations():
    mails = {"1": "taro", "2": "ng", "3": "limit", "4": "pending", "5": "failed", "6": "shipng", "7": "cancelng"}
    orders = {number: [{"注文者メールアドレス": f"{mail}@example.com"}] for number, mail in mails.items()}
    with Case("kuroneko: every operation, by the test cards") as case, Shop(case) as shop:
        source = shop.file(orders)
        registered = shop.do("register", source)
        case.equal("register: exit", registered.status, 1)
        case.equal("register: statuses", registered.statuses(),
                   {"1": "与信OK", "2": "与信NG", "3": "与信NG", "4": "与信中", "5": "与信失敗", "6": "与信OK", "7": "与信OK"})
        case.equal("register: calls", [shop.kinds(number) for number in mails], [["register"]] * 7)
        again = shop.do("register", source)
        case.equal("again: calls", {number: shop.kinds(number) for number in mails if shop.kinds(number)},
                   {"5": ["register"]})
        case.equal("again: statuses", again.statuses(), registered.statuses())
        asked = shop.do("status", source)
        case.equal("status: calls", [(call.id, call.kind) for call in shop.relay.calls], [("4", "review")])
        case.equal("status: of the pending one", asked.statuses()["4"], "与信OK")
        shipped = shop.do("ship", source)
        case.equal("ship: statuses", {k: shipped.statuses()[k] for k in "1467"},
                   {"1": "出荷情報登録OK", "4": "出荷情報登録OK", "6": "与信OK", "7": "出荷情報登録OK"})
        case.equal("ship: nothing for those refused", [shop.kinds(number) for number in "235"], [[], [], []])
        case.true("ship: the refusal names its code", "kaasl015E" in shipped.cells("エラー内容")["6"])
        cancelled = shop.do("cancel", source)
        case.equal("cancel: statuses", {k: cancelled.statuses()[k] for k in "12467"},
                   {"1": "与信の取消OK", "2": "与信の取消OK", "4": "与信の取消OK", "6": "与信の取消OK", "7": "出荷情報登録OK"})
        case.true("cancel: the refusal names its code", "kaacl015E" in cancelled.cells("エラー内容")["7"])
        anew = shop.do("reregister", source)
        case.equal("reregister: ids", {k: anew.cells("後払い受注番号")[k] for k in "124"},
                   {"1": "1-2", "2": "2-2", "4": "4-2"})
        case.equal("reregister: calls of the cancelled", shop.kinds("1-2"), ["register"])
        case.equal("at the service: no number twice", shop.stats()["duplicate_ids"], 0)


def test_what_is_sent():
    orders = {"10": [{"商品名": "ﾃｽﾄ product 1", "商品番号": "A1"}, {"商品名": "見本2", "請求金額": 2200}]}
    orders["10"][0]["請求金額"] = 2200
    with Case("kuroneko: what is sent, field by field, at Japan's time in any zone") as case, Shop(case) as shop:
        source = shop.file(orders)
        before = datetime.datetime.now(JAPAN) - datetime.timedelta(seconds=2)
        outcome = shop.do("register", source, env={**SECRETS, "TZ": "America/New_York"})
        case.equal("exit", outcome.status, 0)
        form = shop.relay.calls[0].form
        sent = datetime.datetime.strptime(form["requestDate"], "%Y%m%d%H%M%S").replace(tzinfo=JAPAN)
        case.true("requestDate", before <= sent <= datetime.datetime.now(JAPAN) + datetime.timedelta(seconds=2))
        case.equal("shipYmd: ten days from today",
                   form["shipYmd"], (sent + datetime.timedelta(days=10)).strftime("%Y%m%d"))
        case.equal("form", {name: form.get(name) for name in (
            "ycfStrCode", "password", "orderNo", "name", "postCode", "telNum", "totalAmount", "sendDiv", "itemName1",
            "subTotal1", "itemName2", "itemName3", "subTotal3", "sendName")},
            {"ycfStrCode": MERCHANT, "password": PASSWORD, "orderNo": "10", "name": "見本　太郎", "postCode": "1000014",
             "telNum": "0300000001", "totalAmount": "2200", "sendDiv": "0", "itemName1": "テスト　ｐｒｏｄｕｃｔ　１",
             "subTotal1": "1000", "itemName2": "見本２", "itemName3": "送料", "subTotal3": "200", "sendName": None})
        case.true("address", form["address1"].startswith("東京都") and "永田町" in form["address1"])
        case.true("no header has a secret", not any(PASSWORD in value or MERCHANT in value
                                                    for value in shop.relay.calls[0].headers.values()))


# ---- Doubt ----

LOST = {"the connection breaks": DROP, "500": (500, b""), "a page": (200, b"<html><body>oops</body></html>"),
        "torn XML": (200, b"<return><returnCode>0</returnCode><res"), "a redirect": (302, b"", {"Location": "/"}),
        "an exception in the service": xml("err0001"), "another order's answer": xml(orderNo="999", result="0"),
        "a result that nobody knows": xml(result="77"), "nothing": (200, b"")}


def test_lost_answers(works):
    for what, answer in LOST.items():
        with Case(f"kuroneko: {what}, the work {'done' if works else 'not done'}: asked before it is sent again") as case:
            shop = first(case, "register", answer, works)
            try:
                outcome = shop.do("register", shop.file({"1": [{}], "2": [{}]}))
                case.equal("exit", outcome.status, 0)
                case.equal("statuses", set(outcome.statuses().values()), {"与信OK"})
                case.equal("codes", set(outcome.codes().values()), {""})
                for number in "12":
                    case.equal(f"calls of {number}", shop.kinds(number),
                               ["register", "review"] + ([] if works else ["register"]))
                case.equal("registered", shop.stats()["registered"], 2)
                case.equal("twice", shop.stats()["duplicate_ids"], 0)
            finally:
                shop.__exit__(None, None, None)


def test_lost_operations(works):
    for operation, kind, end in (("ship", "shipment", "出荷情報登録OK"), ("cancel", "cancellation", "与信の取消OK")):
        with Case(f"kuroneko: a lost answer to {kind}, {'done' if works else 'not done'}: its state is asked") as case:
            shop = first(case, kind, DROP, works)
            try:
                source = shop.file({"1": [{}]})
                shop.do("register", source)
                outcome = shop.do(operation, source)
                case.equal("exit", outcome.status, 0)
                case.equal("status", outcome.statuses(), {"1": end})
                case.equal("calls", shop.kinds("1"), [kind, "state"] + ([] if works else [kind]))
                case.equal("again", shop.do(operation, source).statuses(), {"1": end})
                case.equal("again: calls", shop.relay.calls, [])
            finally:
                shop.__exit__(None, None, None)


def test_doubt_that_stays():
    silent = {"register", "review"}
    with Case("kuroneko: no answer to anything: in doubt, and the next run asks first") as case, \
            Shop(case, lambda call: (DROP if call.kind in silent else None)) as shop:
        source = shop.file({"1": [{}]})
        outcome = shop.do("register", source, "--retries", "1")
        case.equal("exit", outcome.status, 5)
        case.equal("code", outcome.codes(), {"1": "IN_DOUBT"})
        case.equal("registrations", shop.kinds("1").count("register"), 1)
        silent.clear()
        outcome = shop.do("register", source)
        case.equal("then", (outcome.status, outcome.statuses()), (0, {"1": "与信OK"}))
        case.equal("calls", shop.kinds("1"), ["review", "register"])
        case.equal("registered", shop.stats()["registered"], 1)


def test_many_lost_at_once():
    with Case("kuroneko: many lost at once, as when a server goes down and comes back: asked about, not given up") as case:
        shop = first(case, "register", DROP, works=True)
        try:
            orders = {str(number): [{}] for number in range(1, 41)}
            outcome = shop.do("register", shop.file(orders), "--concurrency", "40")
            case.equal("exit", outcome.status, 0)
            case.equal("statuses", set(outcome.statuses().values()), {"与信OK"})
        finally:
            shop.__exit__(None, None, None)
    silent = {"register", "review"}
    with Case("kuroneko: a service that answers nothing at all is given up") as case, \
            Shop(case, lambda call: (DROP if call.kind in silent else None)) as shop:
        outcome = shop.do("register", shop.file({str(number): [{}] for number in range(1, 41)}), "--retries", "1",
                          "--max-errors", "5", "--concurrency", "4")
        case.equal("exit", outcome.status, 5)
        case.equal("codes", set(outcome.codes().values()) - {"NOT_SENT"}, {"IN_DOUBT"})
        case.true("some were not asked about", len([call for call in shop.relay.calls if call.kind == "review"]) < 60)
        silent.clear()
        outcome = shop.do("register", shop.file({str(number): [{}] for number in range(1, 41)}))
        case.equal("then", (outcome.status, set(outcome.statuses().values())), (0, {"与信OK"}))
        case.equal("registered", shop.stats()["registered"], 40)
        case.equal("twice", shop.stats()["duplicate_ids"], 0)


def test_review_of_a_cancelled_order():
    """KAARS0010 does not find what was cancelled; KAAST0010 does."""
    with Case("kuroneko: an order in review that was cancelled elsewhere is found so") as case, Shop(case) as shop:
        source = shop.file({"1": [{"注文者メールアドレス": "pending@example.com"}]})
        ledgers = ["--ledger", case.tmp / "ours.db"], ["--ledger", case.tmp / "other.db"]
        case.equal("registered", shop.do("register", source, *ledgers[0]).statuses(), {"1": "与信中"})
        shop.do("register", source, *ledgers[1])
        case.equal("cancelled", shop.do("cancel", source, *ledgers[1]).statuses(), {"1": "与信の取消OK"})
        outcome = shop.do("status", source, *ledgers[0])
        case.equal("status", (outcome.status, outcome.statuses(), outcome.codes()), (0, {"1": "与信の取消OK"}, {"1": ""}))
        case.equal("calls", shop.kinds("1"), ["review", "state"])


def test_late_arrival():
    """What was lost arrives behind the question: the second registration is refused, and the first is ours."""
    lost = []

    def script(call):
        if call.kind == "register" and not lost:
            lost.append(call)
            return DROP
        if call.kind == "register" and len(lost) == 1:
            lost.append(call)
            shop.relay.forward(lost[0])
        return None

    with Case("kuroneko: a lost registration that arrives late is ours") as case, Shop(case, script) as shop:
        outcome = shop.do("register", shop.file({"1": [{}]}))
        case.equal("outcome", (outcome.status, outcome.statuses(), outcome.codes()), (0, {"1": "与信OK"}, {"1": ""}))
        case.equal("calls", shop.kinds("1"), ["register", "review", "register", "state"])
        case.equal("registered", shop.stats()["registered"], 1)


def test_somebody_elses():
    with Case("kuroneko: a number that is used already is taken over and flagged") as case, Shop(case) as shop:
        source = shop.file({"1": [{}]})
        case.equal("by another ledger", shop.do("register", source, "--ledger", case.tmp / "other.db").status, 0)
        outcome = shop.do("register", source)
        case.equal("outcome", (outcome.status, outcome.statuses(), outcome.codes()),
                   (1, {"1": "与信OK"}, {"1": "ALREADY_REGISTERED"}))
        case.equal("calls", shop.kinds("1"), ["register", "state"])
    with Case("kuroneko: a number that a cancelled order has used up") as case, Shop(case) as shop:
        source = shop.file({"1": [{}]})
        for operation in ("register", "cancel"):
            case.equal(operation, shop.do(operation, source, "--ledger", case.tmp / "other.db").status, 0)
        outcome = shop.do("register", source)
        case.equal("outcome", (outcome.status, outcome.statuses()), (1, {"1": "与信の取消OK"}))
        case.equal("calls", shop.kinds("1"), ["register", "state"])


def test_conflict_after_another_loss():
    """A lost cancellation says nothing of the registration that follows: a number that is used up is not ours by it."""
    with Case("kuroneko: a lost cancellation makes nobody else's number ours") as case:
        shop = first(case, "cancellation", DROP, True)
        try:
            source = shop.file({"1": [{}]})
            case.equal("ours", shop.do("register", source).status, 0)
            ours = shop.relay.calls[0]
            body = ours.body.replace(b"orderNo=1&", b"orderNo=1-2&")
            theirs = Call(ours.method, ours.path, {**ours.headers, "Content-Length": str(len(body))}, body)
            case.equal("theirs", b"<returnCode>0</returnCode>" in shop.relay.forward(theirs)[1], True)
            outcome = shop.do("reregister", shop.file({"1": [{"注文者電話番号": "0300000002"}]}, "changed.csv"))
            case.equal("calls", shop.kinds("1") + shop.kinds("1-2"), ["cancellation", "state", "register", "state"])
            case.equal("outcome", (outcome.status, outcome.codes()), (1, {"1": "ALREADY_REGISTERED"}))
        finally:
            shop.__exit__(None, None, None)


def test_busy():
    with Case("kuroneko: 429 says that nothing was done: no question") as case:
        shop = first(case, "register", (429, b"", {"Retry-After": "0"}))
        try:
            outcome = shop.do("register", shop.file({"1": [{}]}))
            case.equal("exit", outcome.status, 0)
            case.equal("calls", shop.kinds("1"), ["register", "register"])
        finally:
            shop.__exit__(None, None, None)


def test_credentials():
    for code in ("kaara092E", "kaara004E"):
        with Case(f"kuroneko: {code}: exit 3, nothing is in doubt") as case, \
                Shop(case, lambda call: xml(code) if call.kind == "register" and code else None) as shop:
            source = shop.file({str(number): [{}] for number in range(1, 4)})
            outcome = shop.do("register", source, "--concurrency", "1")
            case.equal("exit", outcome.status, 3)
            case.true("named", code in outcome.stderr)
            case.equal("calls", len(shop.relay.calls), 1)
            code = None
            outcome = shop.do("register", source)
            case.equal("then", outcome.status, 0)
            case.equal("calls then", [call.kind for call in shop.relay.calls], ["register"] * 3)
    for status in (401, 403):
        with Case(f"kuroneko: {status}: exit 3, and the next run asks first") as case:
            shop = first(case, "register", (status, b""), works=True)
            try:
                source = shop.file({"1": [{}]})
                case.equal("exit", shop.do("register", source).status, 3)
                outcome = shop.do("register", source)
                case.equal("then", (outcome.status, outcome.statuses()), (0, {"1": "与信OK"}))
                case.equal("calls", shop.kinds("1"), ["review"])
            finally:
                shop.__exit__(None, None, None)
    for secrets in ({**SECRETS, "ATOBARAI_MERCHANT_CODE": "123"}, {**SECRETS, "ATOBARAI_API_KEY": "far-too-long"}):
        with Case("kuroneko: credentials that cannot be any: exit 3, nothing is sent") as case, Shop(case) as shop:
            case.equal("exit", shop.do("register", shop.file({"1": [{}]}), env=secrets).status, 3)
            case.equal("calls", shop.relay.calls, [])


# ---- Parcels, amounts ----


def test_parcels():
    lines = [{"送り状番号": number, "小計": 500, "個数": 1, "請求金額": 1700} for number in PARCELS]
    refuse = {PARCELS[2]}

    def script(call):
        return xml("kaasl045E") if call.kind == "shipment" and call.form["paymentNo"] in refuse else None

    with Case("kuroneko: each parcel is reported by itself, and a refused one later") as case, Shop(case, script) as shop:
        source = shop.file({"1": lines})
        case.equal("registered", shop.do("register", source).status, 0)
        outcome = shop.do("ship", source)
        case.equal("numbers", [call.form["paymentNo"] for call in shop.relay.calls], PARCELS)
        case.equal("exit", outcome.status, 1)
        refuse.clear()
        outcome = shop.do("ship", source)
        case.equal("the rest", [call.form["paymentNo"] for call in shop.relay.calls], PARCELS[2:])
        case.equal("then", (outcome.status, set(outcome.statuses().values())), (0, {"出荷情報登録OK"}))
        shop.do("ship", source)
        case.equal("nothing more", shop.relay.calls, [])
        corrected = shop.file({"1": [{**lines[0], "送り状番号": "400000000002"}, *lines[1:]]}, "corrected.csv")
        outcome = shop.do("ship", corrected)
        case.equal("corrected: all anew, and the former one is named", ([call.form["paymentNo"] for call in shop.relay.calls],
                   outcome.status, outcome.codes()), (["400000000002", *PARCELS[1:]], 0, {"1": "SHIP_NUMBERS_LEFT"}))
    with Case("kuroneko: parcels of an order by several carriers") as case, Shop(case) as shop:
        mixed = [{**lines[0], "配送会社": "見本運輸", "送り状番号": "9-8"}, {**lines[1], "配送会社": "クロネコヤマト"}, lines[2]]
        source = shop.file({"1": mixed})
        shop.do("register", source)
        case.equal("exit", shop.do("ship", source).status, 0)
        case.equal("sent", [(call.form["processDiv"], call.form["paymentNo"]) for call in shop.relay.calls],
                   [("2", "98"), ("0", PARCELS[1]), ("0", PARCELS[2])])
        shop.do("ship", source)
        case.equal("nothing more", shop.relay.calls, [])
    with Case("kuroneko: another carrier's number, hyphens taken away") as case, Shop(case) as shop:
        source = shop.file({"1": [{"配送会社": "見本運輸", "送り状番号": "1234-5678"}], "2": [{"送り状番号": "1234-5678-9013"}]})
        shop.do("register", source)
        case.equal("exit", shop.do("ship", source).status, 0)
        case.equal("sent", {call.id: (call.form["processDiv"], call.form["paymentNo"]) for call in shop.relay.calls},
                   {"1": ("2", "12345678"), "2": ("0", PARCELS[0])})
    with Case("kuroneko: each parcel goes by its own carrier, and another carrier is another shipment") as case, \
            Shop(case) as shop:
        mixed = [{"配送会社": carrier, "送り状番号": number, "小計": 500, "個数": 1, "請求金額": 1700}
                 for carrier, number in (("ヤマト運輸", PARCELS[0]), ("見本運輸", "1234-5678"), ("", PARCELS[1]))]
        source = shop.file({"1": mixed})
        shop.do("register", source)
        case.equal("exit", shop.do("ship", source).status, 0)
        case.equal("sent", [(call.form["processDiv"], call.form["paymentNo"]) for call in shop.relay.calls],
                   [("0", PARCELS[0]), ("2", "12345678"), ("0", PARCELS[1])])
        shop.do("ship", source)
        case.equal("nothing more", shop.relay.calls, [])
        mixed[2]["配送会社"] = "見本運輸"
        shop.do("ship", shop.file({"1": mixed}, "corrected.csv"))
        case.equal("corrected", [(call.form["processDiv"], call.form["paymentNo"]) for call in shop.relay.calls][-1:],
                   [("2", PARCELS[1])])
    answers = {}

    def withdrawn(call):
        return answers.get((call.kind, call.form.get("paymentNo", "")))

    with Case("kuroneko: where the service has taken back all parcels, all are reported again") as case, \
            Shop(case, withdrawn) as shop:
        source = shop.file({"1": lines})
        shop.do("register", source)
        answers.update({("shipment", PARCELS[2]): xml("kaasl022E"), ("state", ""): xml(result="1")})
        outcome = shop.do("ship", source)
        case.equal("withdrawn", (outcome.status, set(outcome.statuses().values())), (1, {"与信OK"}))
        answers.clear()
        outcome = shop.do("ship", source)
        case.equal("all again", [call.form["paymentNo"] for call in shop.relay.calls], PARCELS)
        case.equal("then", (outcome.status, set(outcome.statuses().values())), (0, {"出荷情報登録OK"}))


def test_reduction():
    less = {"小計": 500, "個数": 1, "請求金額": 700}
    more = {"小計": 1500, "個数": 3, "請求金額": 1700}
    with Case("kuroneko: a smaller amount is made less where it stands, a larger one registered anew") as case, \
            Shop(case) as shop:
        shop.do("register", shop.file({"1": [{}], "2": [{}], "3": [{}]}))
        changed = shop.file({"1": [less], "2": [more], "3": [{**less, "注文者電話番号": "0300000002"}]}, "changed.csv")
        case.equal("register", shop.do("register", changed).codes(), dict.fromkeys("123", "ORDER_CHANGED"))
        planned = shop.do("reregister", changed, "--dry-run")
        case.equal("planned", planned.codes(), {"1": "PLAN_REDUCE", "2": "PLAN_REDUCE", "3": "PLAN_REREGISTER"})
        outcome = shop.do("reregister", changed)
        case.equal("codes", outcome.codes(), {"1": "AMOUNT_REDUCED", "2": "REREGISTERED", "3": "REREGISTERED"})
        case.equal("ids", outcome.cells("後払い受注番号"), {"1": "1", "2": "2-2", "3": "3-2"})
        case.equal("calls", [shop.kinds(number) for number in ("1", "2", "2-2", "3", "3-2")],
                   [["reduction"], ["reduction", "cancellation"], ["register"], ["cancellation"], ["register"]])
        case.equal("then", set(shop.do("register", changed).codes().values()), {""})
        case.equal("calls then", shop.relay.calls, [])
        history = run("history", "1")[1].decode()
        case.true("history", "減額" in history)
    for works in (False, True):
        with Case(f"kuroneko: a lost reduction, {'done' if works else 'not done'}, is made again") as case:
            shop = first(case, "reduction", DROP, works)
            try:
                shop.do("register", shop.file({"1": [{}]}))
                outcome = shop.do("reregister", shop.file({"1": [less]}, "changed.csv"))
                case.equal("outcome", (outcome.status, outcome.codes()), (0, {"1": "AMOUNT_REDUCED"}))
                case.equal("calls", shop.kinds("1"), ["reduction", "state", "reduction"])
            finally:
                shop.__exit__(None, None, None)
    for works in (False, True):
        with Case(f"kuroneko: a reduction in doubt, {'done' if works else 'not done'}, and the file as it was: the amount "
                  "is not known") as case:
            shop = first(case, "reduction", DROP, works)
            try:
                source = shop.file({"1": [{}]})
                shop.do("register", source)
                outcome = shop.do("reregister", shop.file({"1": [less]}, "changed.csv"), "--retries", "0")
                case.equal("in doubt", (outcome.status, outcome.codes()), (5, {"1": "IN_DOUBT"}))
                outcome = shop.do("register", source)
                case.equal("asked for nothing", (outcome.status, outcome.codes()), (1, {"1": "ORDER_CHANGED"}))
                case.equal("calls", shop.kinds("1"), ["state"])
                case.true("what is not known", "請求金額" in outcome.cells("エラー項目")["1"] + outcome.cells("エラー内容")["1"])
                outcome = shop.do("reregister", source)
                case.equal("then", (outcome.status, outcome.codes()),
                           (0, {"1": "REREGISTERED" if works else "AMOUNT_REDUCED"}))
                case.equal("calls then", shop.kinds("1"), ["reduction", "cancellation"] if works else ["reduction"])
                case.equal("at last", shop.do("register", source).codes(), {"1": ""})
            finally:
                shop.__exit__(None, None, None)
    with Case("kuroneko: a day of shipping that changed, too, is no matter of the amount alone") as case, \
            Shop(case) as shop:
        days = [(datetime.datetime.now(JAPAN) + datetime.timedelta(days=n)).strftime("%Y-%m-%d") for n in (3, 5)]
        columns = [*COLUMNS, "出荷予定日"]
        shop.do("register", shop.file({"1": [{}]}, columns=columns, 出荷予定日=days[0]))
        outcome = shop.do("reregister", shop.file({"1": [less]}, "changed.csv", columns=columns, 出荷予定日=days[1]))
        case.equal("outcome", (outcome.status, outcome.codes()), (0, {"1": "REREGISTERED"}))
    for code in ("kaakk022E", "kaakk029E"):
        with Case(f"kuroneko: {code} to a reduction: nothing is cancelled for it") as case, \
                Shop(case, lambda call: xml(code) if call.kind == "reduction" else None) as shop:
            shop.do("register", shop.file({"1": [{}]}))
            outcome = shop.do("reregister", shop.file({"1": [less]}, "changed.csv"))
            case.equal("exit", outcome.status, 1)
            case.equal("calls", shop.kinds("1"), ["reduction"])
            case.true("named", code in outcome.cells("エラー内容")["1"])
    for code in ("kaakk004E", "kaakk010E", "kaakk011E"):
        with Case(f"kuroneko: {code} to a reduction: registered anew") as case, \
                Shop(case, lambda call: xml(code) if call.kind == "reduction" else None) as shop:
            shop.do("register", shop.file({"1": [{}]}))
            outcome = shop.do("reregister", shop.file({"1": [less]}, "changed.csv"))
            case.equal("outcome", (outcome.status, outcome.codes()), (0, {"1": "REREGISTERED"}))


# ---- Faults of every kind, and death ----


def test_faults(seed):
    faults = "timeout=0.03,reset=0.05,500=0.05,429=0.05,garbage=0.05,slow=0.05,lost-answer=0.05,err=0.05"
    with Case(f"kuroneko: every fault at once, seed {seed}: each order once") as case, \
            Shop(case, None, ("--fault", faults, "--seed", str(seed))) as shop:
        source = shop.file({str(number): [{}] for number in range(1, 61)})
        statuses = {}
        for _ in range(8):
            outcome = shop.do("register", source, "--timeout", "1", "--retries", "3", "--concurrency", "16",
                              "--max-errors", "1000")
            statuses = outcome.statuses()
            if outcome.status == 0:
                break
        case.equal("statuses", set(statuses.values()), {"与信OK"})
        case.equal("registered", shop.stats()["registered"], 60)
        registered = [call.id for call in shop.relay.calls if call.kind == "register" and call.status == 200]
        case.equal("no number is reported as somebody else's", [c for c in outcome.codes().values() if c], [])
        case.true("calls were seen", registered is not None)


def test_killed():
    with Case("kuroneko: killed again and again in the midst: each order once") as case, Shop(case) as shop:
        source = shop.file({str(number): [{}] for number in range(1, 301)})
        for pause in (0.05, 0.08, 0.1, 0.12, 0.15, 0.2):
            process = Background("register", case.tmp, shop.relay.kuroneko_url, source, "--dialect", "kuroneko",
                                 env=SECRETS)
            time.sleep(pause)
            process.process.kill()
            process.process.communicate()
        outcome = shop.do("register", source)
        case.equal("exit", outcome.status, 0)
        case.equal("statuses", set(outcome.statuses().values()), {"与信OK"})
        case.equal("registered", shop.stats()["registered"], 300)
        case.equal("twice", shop.stats()["duplicate_ids"], 0)


def main():
    tests = [(test_operations,), (test_what_is_sent,), (test_lost_answers, True), (test_lost_answers, False),
             (test_lost_operations, True), (test_lost_operations, False), (test_doubt_that_stays,), (test_late_arrival,),
             (test_many_lost_at_once,), (test_review_of_a_cancelled_order,), (test_somebody_elses,),
             (test_conflict_after_another_loss,), (test_busy,), (test_credentials,), (test_parcels,),
             (test_reduction,), (test_faults, 1), (test_faults, 2), (test_killed,)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:  # most of the time is pauses
        for finished in [pool.submit(*test) for test in tests]:
            finished.result()
    return done()


if __name__ == "__main__":
    sys.exit(main())
