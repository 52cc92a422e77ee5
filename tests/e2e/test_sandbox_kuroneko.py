#!/usr/bin/env python3
"""The sandbox in the dialect kuroneko: every call, every code that it can refuse with, states, test cards, faults, and a
restart that keeps its orders. And over HTTPS, in both dialects.

Prints one line "ok - ..." or "not ok - ..." per test and exits 1 if any failed. Standard library only. The program is in
the environment variable ATOBARAI.
"""
import datetime
import http.client
import json
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree

from harness import ROOT, Case, done, run
from service import Sandbox

PREFIX = "/kuroneko-atobarai-api/"
MERCHANT, PASSWORD = "12345678901", "Sandbox1"
ENCLOSES = "92345678901"  # a merchant with the contract of enclosed invoices
JAPAN = datetime.timezone(datetime.timedelta(hours=9))
PARCEL, PARCEL2, PARCEL3 = "123456789013", "200000000001", "300000000005"


def day(offset=0):
    return (datetime.datetime.now(JAPAN) + datetime.timedelta(days=offset)).strftime("%Y%m%d")


def moment():
    return datetime.datetime.now(JAPAN).strftime("%Y%m%d%H%M%S")


class SecureSandbox(Sandbox):
    """One that speaks HTTPS, and what is needed to trust it."""

    def __init__(self, folder, *options):
        self.authority = folder / "authority.pem"
        super().__init__(folder, "--ca-file", self.authority, *options)

    def __enter__(self):
        super().__enter__()
        self.context = ssl.create_default_context(cafile=self.authority)
        return self


# ---- Calls ----


def connect(sandbox, timeout=20):
    context = getattr(sandbox, "context", None)
    if context is None:
        return http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=timeout)
    return http.client.HTTPSConnection("127.0.0.1", sandbox.port, timeout=timeout, context=context)


class Answer:
    """One answer of the service. A page, and what is no XML, have empty `parts`."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            root = xml.etree.ElementTree.fromstring(body)
            self.parts = {child.tag.rpartition("}")[2]: child.text or "" for child in root if root.tag != "html"}
        except xml.etree.ElementTree.ParseError:
            self.parts = {}

    def part(self, name):
        return self.parts.get(name)

    @property
    def error(self):
        """The code, "" where the call was accepted, or what else was answered."""
        if self.status != 200 or self.part("returnCode") not in ("0", "1"):
            return f"HTTP {self.status} {self.body[:80]!r}"
        code = self.part("errorCode") or ""
        if (self.part("returnCode") == "1") != bool(code):
            return f"returnCode {self.part('returnCode')} with errorCode {code!r}"
        return code


def post(sandbox, api, body, content_type="application/x-www-form-urlencoded; charset=UTF-8", method="POST", timeout=20):
    connection = connect(sandbox, timeout)
    try:
        connection.request(method, f"{PREFIX}{api}0010APIAction_execute.action", body,
                           {"Content-Type": content_type} if content_type else {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def call(sandbox, api, parameters):
    """Parameters that are None are left out."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return post(sandbox, api, urllib.parse.urlencode(given).encode())


def common(number, **changes):
    return {"ycfStrCode": MERCHANT, "password": PASSWORD, "requestDate": moment(), "orderNo": number, **changes}


def registration(number, **changes):
    return common(number, orderYmd=day(), shipYmd=day(10), name="見本　太郎", nameKana="ﾐﾎﾝ ﾀﾛｳ", postCode="123-4567",
                  address1="東京都千代田区丸の内１丁目", address2="２番３号　見本ビル", telNum="0312345678",
                  email="taro@example.com", totalAmount="1980", sendDiv="0", cartCode="atobarai", itemName1="見本の品",
                  itemCount1="1", unitPrice1="2000", subTotal1="2000", itemName2="値引き", subTotal2="-20",
                  fraudbuster="", headerInformation="") | changes


GIFT = {"sendDiv": "1", "sendName": "見本　花子", "sendPostCode": "1234567", "sendAddress1": "大阪府大阪市北区１",
        "sendTelNum": "06-1234-5678"}


def shipment(number, **changes):
    return common(number, paymentNo=PARCEL, processDiv="0") | changes


def reduction(number, **changes):
    return common(number, shipYmd=day(3), postCode="1234567", address1="東京都千代田区丸の内１", address2="見本ビル",
                  totalAmount="1000", sendDiv="", itemName1="見本の品", itemCount1="1", unitPrice1="1000",
                  subTotal1="1000", billPostCode="", orderYmd=day()) | changes


def register(sandbox, number, local="taro", **changes):
    answer = call(sandbox, "KAARA", registration(number, email=f"{local}@example.com", **changes))
    if answer.error:
        raise ValueError(f"{number} is refused: {answer.error}")
    return answer


def ship(sandbox, number, parcel=PARCEL, **changes):
    return call(sandbox, "KAASL", shipment(number, paymentNo=parcel, **changes)).error


def cancel(sandbox, number, **changes):
    return call(sandbox, "KAACL", common(number, **changes)).error


def reduce(sandbox, number, amount, **changes):
    return call(sandbox, "KAAKK", reduction(number, totalAmount=str(amount), subTotal1=str(amount), **changes)).error


def review(sandbox, number):
    """What KAARS0010 says: a result, or a code."""
    answer = call(sandbox, "KAARS", common(number))
    return answer.error or answer.part("result")


def state(sandbox, number):
    """What KAAST0010 says: result and warning, or a code."""
    answer = call(sandbox, "KAAST", common(number))
    return answer.error or (answer.part("result"), answer.part("warning"))


def get(sandbox, path):
    """HTTP status and JSON, of a path that needs no credentials or takes any."""
    connection = connect(sandbox)
    try:
        connection.request("GET", path, headers={"Authorization": "Bearer k", "X-Merchant-Code": "m"})
        response = connection.getresponse()
        return response.status, json.load(response)
    finally:
        connection.close()


def stats(sandbox):
    return get(sandbox, PREFIX + "_stats")[1]


# ---- Every code ----

# What of an otherwise good request is changed → the code. None leaves a parameter out.
REGISTRATIONS = [
    ({"ycfStrCode": "1234567890"}, "kaara002E"), ({"ycfStrCode": "1234567890x"}, "kaara003E"),
    ({"ycfStrCode": ""}, "kaara004E"), ({"ycfStrCode": None}, "kaara004E"),
    ({"orderNo": ""}, "kaara006E"), ({"orderNo": "A 1"}, "kaara007E"), ({"orderNo": "Ａ１"}, "kaara007E"),
    ({"orderNo": "A" * 21}, "kaara008E"), ({"orderNo": "A" * 20}, ""), ({"orderNo": "USED"}, "kaara009E"),
    ({"orderNo": "GONE"}, "kaara009E"), ({"orderNo": "USED", "name": ""}, "kaara009E"),
    ({"orderYmd": None}, "kaara010E"), ({"orderYmd": "2026-1-1"}, "kaara011E"), ({"orderYmd": "261101"}, "kaara012E"),
    ({"orderYmd": "20260229"}, "kaara013E"), ({"orderYmd": "20240229"}, ""), ({"orderYmd": "20261301"}, "kaara013E"),
    ({"shipYmd": ""}, "kaara014E"), ({"shipYmd": "2026/1/1"}, "kaara015E"), ({"shipYmd": "2026110"}, "kaara016E"),
    ({"shipYmd": "20261131"}, "kaara017E"), ({"shipYmd": day(92)}, "kaara018E"), ({"shipYmd": day(89)}, ""),
    ({"name": ""}, "kaara019E"), ({"name": "ﾐﾎﾝ太郎"}, "kaara020E"), ({"name": "見本 太郎"}, "kaara020E"),
    ({"name": "見" * 31}, "kaara021E"), ({"name": "見" * 30}, ""), ({"name": "髙﨑①㈱"}, ""),
    ({"name": "見本😀"}, "kaara022E"), ({"name": "見本〜"}, "kaara022E"), ({"name": "見本～－"}, ""),
    ({"name": "見本\ue000"}, "kaara022E"),
    ({"nameKana": "ミホン"}, "kaara023E"), ({"nameKana": "MIHON"}, "kaara023E"), ({"nameKana": None}, ""),
    ({"nameKana": "ﾐ" * 81}, "kaara024E"), ({"nameKana": "ﾐ" * 80}, ""),
    ({"postCode": ""}, "kaara025E"), ({"postCode": "123 4567"}, "kaara026E"), ({"postCode": "１２３４５６７"}, "kaara026E"),
    ({"postCode": "12-34-567"}, "kaara027E"), ({"postCode": "123-456"}, "kaara028E"),
    ({"postCode": "000-0000"}, "kaara029E"), ({"email": "failed@example.com"}, "kaara029E"),
    ({"address1": ""}, "kaara030E"), ({"address1": "東京都千代田区1"}, "kaara031E"),
    ({"address1": "東京都" + "１" * 23}, "kaara032E"), ({"address1": "東京都" + "１" * 22}, ""),
    ({"address1": "東京都１−"}, "kaara033E"), ({"address1": "千代田区１"}, "kaara034E"), ({"address1": "　東京都１"}, "kaara034E"),
    ({"address2": "ﾋﾞﾙ"}, "kaara035E"), ({"address2": "ビ" * 26}, "kaara036E"), ({"address2": "ビル😀"}, "kaara037E"),
    ({"address2": None}, ""),
    ({"telNum": ""}, "kaara038E"), ({"telNum": "03(1234)5678"}, "kaara039E"), ({"telNum": "031234567"}, "kaara040E"),
    ({"telNum": "0901234567"}, "kaara040E"), ({"telNum": "09012345678"}, ""), ({"telNum": "03-1234-5678"}, ""),
    ({"telNum": "03123456789"}, "kaara040E"),
    ({"email": "見本@example.com"}, "kaara043E"), ({"email": "taro @example.com"}, "kaara043E"),
    ({"email": "t" * 53 + "@example.com"}, "kaara044E"), ({"email": "t" * 52 + "@example.com"}, ""),
    ({"email": "example.com"}, "kaara045E"), ({"email": None}, ""),
    ({"totalAmount": ""}, "kaara046E"), ({"totalAmount": "1,980"}, "kaara047E"), ({"totalAmount": "-1980"}, "kaara047E"),
    ({"totalAmount": "1000000"}, "kaara048E"), ({"totalAmount": "0", "subTotal1": "20"}, "kaara049E"),
    ({"totalAmount": "999999", "subTotal1": "999999", "itemName2": None, "subTotal2": None}, ""),
    ({"sendDiv": ""}, "kaara050E"), ({"sendDiv": "x"}, "kaara051E"), ({"sendDiv": "2"}, "kaara052E"),
    ({"sendDiv": "3"}, "kaara052E"), ({"sendDiv": "01"}, "kaara052E"),
    ({"ycfStrCode": ENCLOSES, "sendDiv": "2"}, ""), ({"ycfStrCode": ENCLOSES, "sendDiv": "3"}, "kaara053E"),
    ({"itemName2": "ABC"}, "kaara054E"), ({"itemName10": "品" * 31}, "kaara055E"), ({"itemName1": "品" * 30}, ""),
    ({"itemName1": "品😀"}, "kaara056E"), ({"itemName1": ""}, "kaara057E"), ({"itemName1": None, "itemName3": "品"}, "kaara057E"),
    ({"itemCount1": "1.5"}, "kaara058E"), ({"itemCount1": "10000"}, "kaara059E"), ({"itemCount1": None}, ""),
    ({"unitPrice1": "¥20"}, "kaara060E"), ({"unitPrice1": "2-0"}, "kaara060E"), ({"unitPrice1": "-"}, "kaara060E"),
    ({"unitPrice1": "1000000"}, "kaara061E"), ({"unitPrice1": "-0"}, "kaara062E"), ({"unitPrice1": "-1000000"}, "kaara062E"),
    ({"unitPrice1": "99999999999999999999"}, "kaara061E"), ({"unitPrice1": "-999999"}, ""), ({"unitPrice1": ""}, ""),
    ({"subTotal1": "2,000"}, "kaara063E"), ({"subTotal1": "1000000"}, "kaara064E"), ({"subTotal2": "-1000000"}, "kaara065E"),
    ({**GIFT, "sendName": "花子 様"}, "kaara066E"), ({**GIFT, "sendName": "花" * 31}, "kaara067E"),
    ({**GIFT, "sendName": "花子😀"}, "kaara068E"), ({**GIFT, "sendPostCode": "〒1234567"}, "kaara070E"),
    ({**GIFT, "sendPostCode": "1-23456-7"}, "kaara071E"), ({**GIFT, "sendPostCode": "12345678"}, "kaara072E"),
    ({**GIFT, "sendPostCode": "0000000"}, "kaara073E"), ({**GIFT, "sendAddress1": "大阪府1"}, "kaara075E"),
    ({**GIFT, "sendAddress1": "大阪府" + "１" * 23}, "kaara076E"), ({**GIFT, "sendAddress1": "大阪府１😀"}, "kaara077E"),
    ({**GIFT, "sendAddress1": "大阪市北区１"}, "kaara078E"), ({**GIFT, "sendAddress2": "A棟"}, "kaara079E"),
    ({**GIFT, "sendAddress2": "棟" * 26}, "kaara080E"), ({**GIFT, "sendAddress2": "棟😀"}, "kaara081E"),
    ({**GIFT, "sendTelNum": "06 1234 5678"}, "kaara082E"), ({**GIFT, "sendTelNum": "06-12345678"}, "kaara083E"),
    ({**GIFT, "sendTelNum": "06-1234-567"}, "kaara084E"), ({**GIFT, "sendTelNum": "0612345678"}, ""), (GIFT, ""),
    ({"requestDate": None}, "kaara086E"), ({"requestDate": "2026-11-01"}, "kaara087E"), ({"requestDate": "20261101"}, "kaara088E"),
    ({"requestDate": "20261101240000"}, "kaara089E"),
    ({"password": ""}, "kaara090E"), ({"password": "p-ssword"}, "kaara091E"), ({"password": "forbid01"}, "kaara092E"),
    ({"password": "longerthan8"}, "kaara092E"), ({"password": "x"}, ""),
    ({"telNum": "1312345678"}, "kaara093E"), ({**GIFT, "sendTelNum": "1612345678"}, "kaara094E"),
    ({"billPostCode": "A.1"}, "kaara095E"), ({"billPostCode": "A" * 41}, "kaara096E"), ({"billPostCode": "伝" * 21}, "kaara096E"),
    ({"billPostCode": "伝票-_ｱＡ１A" + "伝" * 13}, ""),
    ({"orderYmd": day(1), "shipYmd": day()}, "kaara100E"), ({"orderYmd": day(-1), "shipYmd": day(-1)}, ""),
    ({"totalAmount": "1981"}, "kaara101E"), ({"subTotal2": None}, "kaara101E"),
    ({**GIFT, "sendName": None}, "kaara102E"), ({**GIFT, "sendPostCode": None}, "kaara102E"), ({"sendDiv": "1"}, "kaara102E"),
    ({**GIFT, "sendName3": "見本"}, "kaara102E"),
    ({**GIFT, "sendName10": "見本", "sendPostCode10": "1234567", "sendAddress110": "京都府京都市１"}, ""),
    ({"address1": "東京都千代田区", "address2": "見本ビル"}, "kaara103E"), ({"address1": "東京都千代田区", "address2": "２"}, ""),
    ({"address1": "青森県青森市大字見本字見本無番地", "address2": None}, ""),
    ({**GIFT, "sendAddress1": "大阪府大阪市北区"}, "kaara104E"), ({**GIFT, "sendName2": "見本", "sendPostCode2": "1234567",
                                                     "sendAddress12": "京都府京都市"}, "kaara104E"),
    ({"postCode": "1234-567"}, "kaara105E"), ({**GIFT, "sendPostCode": "1-234567"}, "kaara106E"),
]

# What KAARS0010, KAAST0010, KAACL0010 and KAASL0010 have in common; OPEN is registered, GONE is cancelled.
def common_cases(family, merchant, order, request, password):
    codes = [f"{family}{number:03}E" for number in (*merchant, *order, *request, *password)]
    return [({"surprise": "1"}, f"{family}001E"), ({"ycfStrCode": "1"}, codes[0]), ({"ycfStrCode": "1234567890-"}, codes[1]),
            ({"ycfStrCode": None}, codes[2]), ({"orderNo": "A" * 21}, codes[3]), ({"orderNo": "番号"}, codes[4]),
            ({"orderNo": None}, codes[5]), ({"orderNo": "NOBODYS"}, codes[6]), ({"requestDate": "20260230120000"}, codes[7]),
            ({"requestDate": "now"}, codes[8]), ({"requestDate": ""}, codes[9]), ({"password": "forbid01"}, codes[10]),
            ({"password": "a-b"}, codes[10]), ({"password": None}, codes[11])]


REVIEWS = [*common_cases("kaars", (2, 3, 4), (5, 6, 7, 8), (9, 10, 11), (12, 13)), ({"orderNo": "GONE"}, "kaars008E"),
           ({"orderNo": "A.1"}, "kaars014E"), ({}, "")]
STATES = [*common_cases("kaast", (2, 3, 4), (5, 6, 7, 8), (9, 10, 11), (12, 13)), ({"orderNo": "GONE"}, ""),
          ({"ycfStrCode": "0" * 11}, "kaast015E"), ({}, "")]
CANCELLATIONS = [*common_cases("kaacl", (2, 3, 4), (5, 6, 7, 8), (10, 11, 12), (13, 14)), ({"orderNo": "GONE"}, "kaacl009E"),
                 ({"orderNo": "PAID"}, "kaacl015E"), ({"orderNo": "CANCELNG"}, "kaacl015E"), ({"orderNo": "A.1"}, "kaacl016E"),
                 ({"ycfStrCode": "0" * 11}, "kaacl017E")]
SHIPMENTS = [
    *common_cases("kaasl", (2, 3, 4), (5, 6, 7, 8), (33, 34, 35), (36, 37)),
    ({"paymentNo": "1234567890130"}, "kaasl010E"), ({"paymentNo": ""}, "kaasl011E"), ({"paymentNo": None, "processDiv": "1"}, "kaasl011E"),
    ({"paymentNo": "12345 789013"}, "kaasl012E"), ({"paymentNo": PARCEL, "processDiv": "9"}, "kaasl013E"),
    ({"paymentNo": "123456789012"}, "kaasl014E"), ({"paymentNo": "12345678901"}, "kaasl014E"), ({"paymentNo": "1234-5678-90"}, "kaasl014E"),
    ({"orderNo": "SHIPNG"}, "kaasl015E"), ({"processDiv": "3"}, "kaasl019E"), ({"processDiv": None}, "kaasl019E"),
    ({"orderNo": "NG"}, "kaasl020E"), ({"orderNo": "PENDING"}, "kaasl020E"), ({"orderNo": "GONE"}, "kaasl020E"),
    ({"orderNo": "PAID"}, "kaasl020E"),
    ({"processDiv": "1"}, "kaasl022E"), ({"processDiv": "9", "paymentNo": ""}, "kaasl022E"),
    ({"orderNo": "PAID", "processDiv": "9", "paymentNo": ""}, "kaasl022E"),
    ({"orderNo": "SHIPPED", "processDiv": "1", "beforePaymentNo": PARCEL2}, "kaasl022E"),
    ({"shipYmd": "20260230"}, "kaasl023E"), ({"orderNo": "SHIPPED", "processDiv": "1", "shipYmd": day(-30)}, "kaasl027E"),
    ({"orderNo": "SHIPPED", "processDiv": "9", "paymentNo": "", "shipYmd": day()}, "kaasl031E"), ({"orderNo": "A.1"}, "kaasl038E"),
    ({"ycfStrCode": "0" * 11}, "kaasl041E"), ({"shipYmd": day(92)}, "kaasl042E"),
    ({"processDiv": "2", "paymentNo": "A-1"}, "kaasl044E"), ({"processDiv": "2", "paymentNo": "1" * 41}, "kaasl044E"),
    ({"paymentNo": PARCEL3}, "kaasl045E"),
]
REDUCTIONS = [
    ({"ycfStrCode": None}, "kaakk001E"), ({"ycfStrCode": "x"}, "kaakk002E"), ({"ycfStrCode": "1"}, "kaakk003E"),
    ({"ycfStrCode": "0" * 11}, "kaakk004E"), ({"orderNo": None}, "kaakk005E"), ({"orderNo": "A.1"}, "kaakk006E"),
    ({"orderNo": "OPEN-"}, "kaakk006E"), ({"orderNo": "_OPEN"}, "kaakk006E"), ({"orderNo": "A" * 21}, "kaakk007E"),
    ({"orderNo": "NOBODYS"}, "kaakk008E"), ({"orderNo": "PENDING"}, "kaakk009E"), ({"orderNo": "NG"}, "kaakk009E"),
    ({"orderNo": "GONE"}, "kaakk011E"), ({"orderNo": "PAID"}, "kaakk011E"),
    ({"shipYmd": "x"}, "kaakk013E"), ({"shipYmd": "2026"}, "kaakk014E"), ({"shipYmd": "20260230"}, "kaakk015E"),
    ({"shipYmd": day(-30)}, "kaakk016E"), ({"shipYmd": day(92)}, "kaakk017E"),
    ({"postCode": None}, "kaakk018E"), ({"postCode": "123 4567"}, "kaakk019E"), ({"postCode": "123"}, "kaakk020E"),
    ({"postCode": "1-2345-67"}, "kaakk021E"), ({"postCode": "000-0000"}, "kaakk022E"),
    ({"address1": None}, "kaakk023E"), ({"address1": "東京都１😀"}, "kaakk024E"), ({"address1": "東京都1"}, "kaakk025E"),
    ({"address1": "東京都" + "１" * 23}, "kaakk026E"), ({"address1": "見本市１"}, "kaakk027E"), ({"address2": "😀"}, "kaakk028E"),
    ({"address2": "A"}, "kaakk029E"), ({"address2": "棟" * 26}, "kaakk030E"), ({"address1": "東京都千代田区"}, "kaakk031E"),
    ({"itemName1": None}, "kaakk032E"), ({"itemName1": "😀"}, "kaakk033E"), ({"itemName1": "A"}, "kaakk034E"),
    ({"itemName1": "品" * 31}, "kaakk035E"), ({"itemCount1": "x"}, "kaakk036E"), ({"itemCount1": "10000"}, "kaakk037E"),
    ({"unitPrice1": "x"}, "kaakk038E"), ({"unitPrice1": "1-0"}, "kaakk039E"), ({"unitPrice1": "1000000"}, "kaakk040E"),
    ({"unitPrice1": "-0"}, "kaakk041E"), ({"subTotal1": "x"}, "kaakk042E"), ({"subTotal1": "--1"}, "kaakk043E"),
    ({"subTotal1": "1000000"}, "kaakk044E"), ({"subTotal2": "-1000000"}, "kaakk045E"),
    ({"totalAmount": None}, "kaakk046E"), ({"totalAmount": "x"}, "kaakk047E"), ({"totalAmount": "1000000"}, "kaakk048E"),
    ({"totalAmount": "1980"}, "kaakk049E"), ({"totalAmount": "1981"}, "kaakk050E"), ({"totalAmount": "1001"}, "kaakk051E"),
    ({"sendDiv": "x"}, "kaakk053E"), ({"sendDiv": "2"}, "kaakk054E"), ({"sendDiv": "1"}, "kaakk055E"),
    ({"billPostCode": "😀"}, "kaakk056E"), ({"billPostCode": "A.1"}, "kaakk057E"), ({"billPostCode": "伝" * 21}, "kaakk058E"),
    ({"password": None}, "kaakk059E"), ({"password": "longerthan8"}, "kaakk060E"), ({"password": "forbid01"}, "kaakk061E"),
    ({"requestDate": None}, "kaakk062E"), ({"requestDate": "x"}, "kaakk063E"), ({"requestDate": "20261101"}, "kaakk064E"),
    ({"requestDate": "20261101006000"}, "kaakk065E"),
]


def make_orders(sandbox):
    for number in ("USED", "GONE", "OPEN", "SHIPPED", "LOT-1", "LOT-2", "LOT-3"):
        register(sandbox, number)
    for local in ("ng", "pending", "shipng", "cancelng", "paid"):
        register(sandbox, local.upper(), local)
    refused = [cancel(sandbox, "GONE"), ship(sandbox, "SHIPPED"), ship(sandbox, "PAID"),
               *(ship(sandbox, f"LOT-{lot}", PARCEL3) for lot in (1, 2, 3))]
    if any(refused) or state(sandbox, "PAID") != ("12", "0"):
        raise ValueError(f"orders could not be made: {refused}")


def walk(title, sandbox, api, request, cases):
    """Every change of a good request gives its code; one that must pass has a number of its own."""
    with Case(title) as case:
        for position, (changes, code) in enumerate(cases):
            number = f"{api}-{position}" if api == "KAARA" else "OPEN"
            answer = call(sandbox, api, request(number) | changes)
            case.equal(f"{changes}", answer.error, code)


def test_codes(sandbox):
    before = stats(sandbox)
    walk("kuroneko: every code of KAARA0010", sandbox, "KAARA", registration, REGISTRATIONS)
    after = stats(sandbox)
    with Case("kuroneko: counts of registrations") as case:
        passed = sum(not code for _, code in REGISTRATIONS)
        used = sum(code == "kaara009E" for _, code in REGISTRATIONS)
        case.equal("registered", after["registered"] - before["registered"], passed)
        case.equal("duplicate_ids", after["duplicate_ids"] - before["duplicate_ids"], used)
        case.equal("refused", after["refused"] - before["refused"], len(REGISTRATIONS) - passed - used)
    walk("kuroneko: every code of KAARS0010", sandbox, "KAARS", common, REVIEWS)
    walk("kuroneko: every code of KAAST0010", sandbox, "KAAST", common, STATES)
    walk("kuroneko: every code of KAASL0010", sandbox, "KAASL", shipment, SHIPMENTS)
    walk("kuroneko: every code of KAAKK0010", sandbox, "KAAKK", reduction, REDUCTIONS)
    walk("kuroneko: every code of KAACL0010", sandbox, "KAACL", common, CANCELLATIONS)
    with Case("kuroneko: no code of the sandbox's tables is left out here") as case:
        source = (ROOT / "src/sandbox/kuroneko_rules.c").read_text(encoding="utf-8")
        known = set(re.findall(r'\{"(kaa[a-z]+[0-9]{3}E)"', source))
        tried = {code for cases in (REGISTRATIONS, REVIEWS, STATES, SHIPMENTS, REDUCTIONS, CANCELLATIONS) for _, code in cases}
        case.equal("codes", sorted(known), sorted(tried - {""}))


# ---- States ----


def test_cards(sandbox):
    with Case("kuroneko: test cards of the review") as case:
        for local, registered, asked, then in (
                ("taro", "0", "0", ("1", "1")), ("ng", "1", "1", ("32", "0")), ("limit", "2", "2", ("32", "0")),
                ("pending", "3", "0", ("1", "1")), ("pendingng", "3", "1", ("32", "0")), ("stuck", "3", "3", ("30", "0")),
                ("revoked", "0", "1", ("32", "0"))):
            number = f"CARD-{local}"
            case.equal(f"{local}: registered", register(sandbox, number, local).part("result"), registered)
            case.equal(f"{local}: asked", review(sandbox, number), asked)
            case.equal(f"{local}: state", state(sandbox, number), then)
            case.equal(f"{local}: asked again", review(sandbox, number), asked)
    with Case("kuroneko: KAAST0010 moves a review on, too") as case:
        register(sandbox, "CARD-asked", "pending")
        case.equal("state", state(sandbox, "CARD-asked"), ("1", "1"))
        case.equal("review", review(sandbox, "CARD-asked"), "0")
    with Case("kuroneko: test cards of what follows a shipment") as case:
        for local, then in (("taro", ("3", "2")), ("survey", ("5", "3")), ("alarmed", ("6", "0")), ("sold", ("10", "0")),
                            ("invoiced", ("11", "0")), ("paid", ("12", "0"))):
            number = f"SENT-{local}"
            register(sandbox, number, local)
            case.equal(f"{local}: before", state(sandbox, number), ("1", "1"))
            case.equal(f"{local}: shipped", ship(sandbox, number, number.replace("-", ""), processDiv="2"), "")
            case.equal(f"{local}: state", state(sandbox, number), then)
            case.equal(f"{local}: review", review(sandbox, number), "0")
            case.equal(f"{local}: reduced", reduce(sandbox, number, 1000),
                       "kaakk011E" if local in ("alarmed", "paid") else "")
            case.equal(f"{local}: cancelled", cancel(sandbox, number), "kaacl015E" if local == "paid" else "")
    with Case("kuroneko: a registration that failed leaves its number free") as case:
        first = call(sandbox, "KAARA", registration("AGAIN", email="failed@example.com"))
        case.equal("refused", first.error, "kaara029E")
        case.equal("unknown", state(sandbox, "AGAIN"), "kaast008E")
        case.equal("registered", register(sandbox, "AGAIN").part("result"), "0")


def test_parcels(sandbox):
    one, two, three, four = "400000000002", "500000000006", "600000000003", "700000000000"
    with Case("kuroneko: several parcels, a change, a withdrawal") as case:
        register(sandbox, "PARCELS")
        case.equal("first", ship(sandbox, "PARCELS", one), "")
        case.equal("first again", ship(sandbox, "PARCELS", one), "")
        case.equal("second", ship(sandbox, "PARCELS", two), "")
        case.equal("a change that names none of two", ship(sandbox, "PARCELS", three, processDiv="1"), "kaasl022E")
        case.equal("a change", ship(sandbox, "PARCELS", three, processDiv="1", beforePaymentNo=one), "")
        case.equal("the changed one is gone", ship(sandbox, "PARCELS", four, processDiv="1", beforePaymentNo=one), "kaasl022E")
        case.equal("shipped", state(sandbox, "PARCELS"), ("3", "2"))
        case.equal("withdrawn", ship(sandbox, "PARCELS", "", processDiv="9"), "")
        case.equal("not shipped", state(sandbox, "PARCELS"), ("1", "1"))
        case.equal("withdrawn twice", ship(sandbox, "PARCELS", None, processDiv="9"), "kaasl022E")
        case.equal("anew", ship(sandbox, "PARCELS", two), "")
        case.equal("a change of the only one", ship(sandbox, "PARCELS", four, processDiv="1", shipYmd=day(1)), "")
    with Case("kuroneko: one number on three orders at most, those that gave it back not counted") as case:
        for lot in range(5):
            register(sandbox, f"SHARE-{lot}")
        case.equal("three", [ship(sandbox, f"SHARE-{lot}", one) for lot in range(3)], ["", "", ""])
        case.equal("the fourth", ship(sandbox, "SHARE-3", one), "kaasl045E")
        case.equal("one of the three again", ship(sandbox, "SHARE-2", one), "")
        case.equal("given back", ship(sandbox, "SHARE-0", "", processDiv="9"), "")
        case.equal("the fourth again", ship(sandbox, "SHARE-3", one), "")
        case.equal("cancelled", cancel(sandbox, "SHARE-1"), "")
        case.equal("the fifth", ship(sandbox, "SHARE-4", one), "")


def test_amounts(sandbox):
    with Case("kuroneko: the amount falls, and never reaches the first one again") as case:
        register(sandbox, "AMOUNT")
        for amount, code in ((1980, "kaakk049E"), (1000, ""), (1000, "kaakk049E"), (500, ""), (1500, ""), (1980, "kaakk050E"),
                             (0, "")):
            case.equal(f"{amount} yen", reduce(sandbox, "AMOUNT", amount), code)
        case.equal("enclosed, by contract", reduce(sandbox, "AMOUNT", 7, ycfStrCode=ENCLOSES, sendDiv="1"), "")
        case.equal("without days", reduce(sandbox, "AMOUNT", 8, shipYmd=None, orderYmd=None, sendDiv=None), "")


def test_cancellation(sandbox):
    with Case("kuroneko: cancelled in every state but paid") as case:
        for local, after in (("taro", ("2", "0")), ("stuck", ("31", "0")), ("ng", ("31", "0"))):
            number = f"OFF-{local}"
            register(sandbox, number, local)
            case.equal(f"{local}: cancelled", cancel(sandbox, number), "")
            case.equal(f"{local}: state", state(sandbox, number), after)
            case.equal(f"{local}: review", review(sandbox, number), "kaars008E")
            case.equal(f"{local}: again", cancel(sandbox, number), "kaacl009E")
            case.equal(f"{local}: its number", call(sandbox, "KAARA", registration(number)).error, "kaara009E")


# ---- The protocol around it ----


def test_answers(sandbox):
    with Case("kuroneko: an answer echoes who asked, and no secret") as case:
        register(sandbox, "ECHO")
        for api, request in (("KAARA", registration("ECHO-2")), ("KAARS", common("ECHO")), ("KAAST", common("ECHO")),
                             ("KAASL", shipment("ECHO")), ("KAAKK", reduction("ECHO")), ("KAACL", common("ECHO"))):
            answer = call(sandbox, api, request)
            case.equal(f"{api}: error", answer.error, "")
            case.equal(f"{api}: orderNo", answer.part("orderNo"), request["orderNo"])
            case.equal(f"{api}: ycfStrCode", answer.part("ycfStrCode"), MERCHANT)
            case.true(f"{api}: returnDate", re.fullmatch("[0-9]{14}", answer.part("returnDate") or ""))
            case.equal(f"{api}: result", answer.part("result") is not None, api in ("KAARA", "KAARS", "KAAST"))
            case.equal(f"{api}: warning", answer.part("warning") is not None, api == "KAAST")
            case.true(f"{api}: no password", PASSWORD.encode() not in answer.body)
    with Case("kuroneko: whatever stands in a number, the answer is XML") as case:
        for number in ("<&>'\"", "]]>", "]]", "番号", "\x01\x0b", "😀", "a\nb"):
            for api in ("KAARA", "KAARS", "KAAST", "KAASL", "KAACL", "KAAKK"):
                answer = call(sandbox, api, common(number))
                case.true(f"{api}: {number!r} is refused", re.fullmatch("kaa..0[0-9]{2}E", answer.error))
                case.true(f"{api}: {number!r} is echoed", answer.part("orderNo"))


def test_forms(sandbox):
    with Case("kuroneko: a body that is no form of the call") as case:
        good = urllib.parse.urlencode(common("OPEN"))
        for what, body in (("an unknown parameter", good + "&x=1"), ("one twice", good + "&orderNo=OPEN"),
                           ("a bad escape", good.replace("OPEN", "%4")), ("no UTF-8", good.replace("OPEN", "%82%A0")),
                           ("a NUL", good.replace("OPEN", "A%00")), ("no equals sign", good + "&x"),
                           ("another call's", good + "&totalAmount=1"), ("JSON", '{"id":"1"}')):
            case.equal(what, post(sandbox, "KAARS", body.encode()).error, "kaars001E")
            for api in ("KAARA", "KAAKK"):
                wrong = body + "&paymentNo=1"
                case.equal(f"{what}, {api}", post(sandbox, api, wrong.encode()).status, 400)
        case.equal("a plus is a blank", call(sandbox, "KAARS", common("A B")).error, "kaars006E")
        case.equal("nothing", post(sandbox, "KAARS", b"").error, "kaars004E")
    with Case("kuroneko: HTTP around it") as case:
        case.equal("JSON's type", post(sandbox, "KAARS", good.encode(), "application/json").status, 415)
        case.equal("no type", post(sandbox, "KAARS", good.encode(), None).status, 415)
        case.equal("type alone", post(sandbox, "KAARS", good.encode(), "application/x-www-form-urlencoded").status, 200)
        wrong = post(sandbox, "KAARS", good.encode(), method="PUT")
        case.equal("method", (wrong.status, wrong.headers["Allow"]), (405, "POST"))
        case.equal("an unknown call", post(sandbox, "KAASD", good.encode()).status, 404)
        case.equal("too much", post(sandbox, "KAARS", b"a" * (1024 * 1024 + 1)).status, 413)
        case.equal("the other dialect", sandbox.get("/v1/orders/OPEN")[0], 404)


def test_race(sandbox):
    with Case("kuroneko: one number is registered once, however many ask at once") as case:
        errors = []

        def client():
            errors.append(call(sandbox, "KAARA", registration("RACE")).error)

        threads = [threading.Thread(target=client) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        case.equal("answers", sorted(errors), [""] + ["kaara009E"] * 15)


# ---- Faults ----


def dropped(sandbox, api, parameters):
    """Whether the connection ends without an answer."""
    try:
        call(sandbox, api, parameters)
    except (http.client.RemoteDisconnected, ConnectionResetError, ssl.SSLEOFError):
        return True
    return False


def test_faults(start, protocol):
    with Case(f"kuroneko: {protocol}: faults before the work") as case:
        with start(case.tmp, "--fault", "500=1") as sandbox:
            answer = call(sandbox, "KAARA", registration("1"))
            case.equal("500", (answer.status, answer.parts), (500, {}))
            case.equal("500: registered", stats(sandbox)["registered"], 0)
        with start(case.tmp, "--fault", "429=1") as sandbox:
            answer = call(sandbox, "KAARA", registration("1"))
            case.equal("429", (answer.status, answer.headers["Retry-After"]), (429, "1"))
        with start(case.tmp, "--fault", "reset=1") as sandbox:
            case.true("reset", dropped(sandbox, "KAARA", registration("1")))
            case.equal("reset: registered", stats(sandbox)["registered"], 0)
        with start(case.tmp, "--fault", "timeout=1") as sandbox:
            try:
                post(sandbox, "KAARS", b"x=1", timeout=0.5)
                case.true("a timeout is answered by nobody", False)
            except TimeoutError:
                pass
    with Case(f"kuroneko: {protocol}: faults behind the work") as case:
        with start(case.tmp, "--fault", "lost-answer=1") as sandbox:
            case.true("lost", dropped(sandbox, "KAARA", registration("1")))
            case.equal("lost: registered", stats(sandbox)["registered"], 1)
        with start(case.tmp, "--fault", "slow=1") as sandbox:
            case.equal("slow", call(sandbox, "KAARA", registration("1")).error, "")
        with start(case.tmp, "--fault", "garbage=1") as sandbox:
            answers = [call(sandbox, "KAARA", registration(str(i))) for i in range(20)]
            case.equal("garbage: registered", stats(sandbox)["registered"], 20)
            case.true("garbage is 200 and no XML", all(answer.status == 200 and not answer.parts for answer in answers))
            case.true("garbage: HTML", any(b"<html" in answer.body for answer in answers))
            case.true("garbage: torn XML", any(answer.body.startswith(b"<?xml") for answer in answers))
        with start(case.tmp, "--fault", "err=1") as sandbox:
            codes = {call(sandbox, "KAARA", registration(str(i))).error for i in range(30)}
            case.equal("err", codes, {"err0001", "err0002", "err0003"})
            case.true("err: some were registered, some not", 0 < stats(sandbox)["registered"] < 30)
            case.equal("err: JSON knows none", get(sandbox, "/v1/orders/1")[0], 404)


def begin(sandbox, number):
    """A registration whose answer nobody reads yet."""
    connection = connect(sandbox)
    connection.request("POST", PREFIX + "KAARA0010APIAction_execute.action", urllib.parse.urlencode(registration(number)),
                       {"Content-Type": "application/x-www-form-urlencoded"})
    return connection


def test_delay(start, protocol):
    with Case(f"kuroneko: {protocol}: --delay holds every answer back") as case:
        with start(case.tmp, "--delay", "200") as sandbox:
            before = time.monotonic()
            case.equal("accepted", call(sandbox, "KAARA", registration("1")).error, "")
            case.true("not early", time.monotonic() - before >= 0.2)
            connections = [begin(sandbox, str(number)) for number in range(2, 42)]
            answers = [connection.getresponse() for connection in connections]
            case.equal("many at once", {answer.status for answer in answers}, {200})
            for connection in connections:
                connection.close()
    with Case(f"kuroneko: {protocol}: --delay holds no thread") as case:
        with start(case.tmp, "--delay", "60000") as sandbox:
            connections = [begin(sandbox, str(number)) for number in range(40)]
            end = time.monotonic() + 20
            while stats(sandbox)["registered"] < 40 and time.monotonic() < end:
                time.sleep(0.02)
            case.equal("registered while all of them wait", stats(sandbox)["registered"], 40)
            for connection in connections:
                connection.close()


# ---- HTTPS ----


def handshake(sandbox, context, name="127.0.0.1"):
    """How a handshake goes: the version that was agreed on, or the kind of the failure."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=20) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                return secure.version()
        except (ssl.SSLError, ConnectionResetError) as error:
            return type(error).__name__


def no_newer(context, version):
    context.minimum_version, context.maximum_version = version, version
    return context


def test_tls():
    with Case("kuroneko: HTTPS in both dialects") as case, SecureSandbox(case.tmp) as sandbox:
        register(sandbox, "SECURE")
        case.equal("review", review(sandbox, "SECURE"), "0")
        case.equal("shipped", ship(sandbox, "SECURE"), "")
        case.equal("cancelled", cancel(sandbox, "SECURE"), "")
        case.equal("json", get(sandbox, "/v1/orders/1")[0], 404)
        case.equal("counts", stats(sandbox)["registered"], 1)
        connection = connect(sandbox)
        for _ in range(3):  # one connection carries them all
            connection.request("GET", "/v1/_stats")
            case.equal("kept alive", connection.getresponse().read()[:1], b"{")
        connection.close()
        large = urllib.parse.urlencode(common("A" * 600000)).encode()
        case.equal("a body of many records", post(sandbox, "KAARS", large).error, "kaars005E")
    with Case("kuroneko: HTTPS is trusted by its authority only, and for loopback only") as case:
        folder = case.tmp / "other"
        folder.mkdir()
        with SecureSandbox(case.tmp) as sandbox, SecureSandbox(folder) as other:
            case.equal("the address", handshake(sandbox, sandbox.context), "TLSv1.3")
            case.equal("the name", handshake(sandbox, sandbox.context, "localhost"), "TLSv1.3")
            case.equal("another name", handshake(sandbox, sandbox.context, "example.com"), "SSLCertVerificationError")
            case.equal("another authority", handshake(sandbox, other.context), "SSLCertVerificationError")
            case.equal("no authority", handshake(sandbox, ssl.create_default_context()), "SSLCertVerificationError")
            trusting = ssl.create_default_context(cafile=sandbox.authority)
            case.equal("TLS 1.2", handshake(sandbox, no_newer(trusting, ssl.TLSVersion.TLSv1_2)), "TLSv1.2")
            strict = ssl.create_default_context(cafile=sandbox.authority)
            strict.verify_flags |= ssl.VERIFY_X509_STRICT
            case.equal("looked at strictly", handshake(sandbox, strict), "TLSv1.3")
            plain = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=20)
            try:
                plain.request("GET", "/v1/_stats")
                case.true("no plain HTTP", plain.getresponse().status >= 400)
            except (http.client.HTTPException, ConnectionResetError):
                pass  # as it should be
            plain.close()
    with Case("kuroneko: --ca-file holds one certificate, and goes with the sandbox") as case:
        with SecureSandbox(case.tmp) as sandbox:
            text = sandbox.authority.read_text("ascii")
            case.equal("blocks", re.findall("-----BEGIN (.*)-----", text), ["CERTIFICATE"])
            for path in case.tmp.iterdir():
                case.true(f"no key in {path.name}", "PRIVATE" not in path.read_text("ascii"))
        case.equal("files left", list(case.tmp.iterdir()), [])
        status, out, err = run("sandbox", "--ca-file", case.tmp / "missing" / "ca.pem")
        case.equal("unwritable", (status, out), (2, b""))
        case.true("unwritable is named", "missing/ca.pem" in err)


# ---- Restart ----


def test_restart():
    with Case("kuroneko: --state keeps orders, amounts and parcels over a kill") as case:
        kept = case.tmp / "state"
        with Sandbox(case.tmp, "--state", kept) as sandbox:
            for lot in range(4):
                register(sandbox, f"LOT-{lot}")
            case.equal("shipped", [ship(sandbox, f"LOT-{lot}") for lot in range(3)], ["", "", ""])
            case.equal("two parcels", ship(sandbox, "LOT-0", PARCEL2), "")
            case.equal("withdrawn", ship(sandbox, "LOT-2", "", processDiv="9"), "")
            case.equal("reduced", reduce(sandbox, "LOT-0", 900), "")
            register(sandbox, "WAITS", "pending")
            register(sandbox, "PAYS", "paid")
            case.equal("pays", ship(sandbox, "PAYS", PARCEL3), "")
            case.equal("cancelled", cancel(sandbox, "LOT-3"), "")
            sandbox.process.kill()
        case.true("nothing of the buyer is kept", not re.search("見本|ﾐﾎﾝ|example|0312345678|Sandbox1", kept.read_text("utf-8")))
        with open(kept, "ab") as torn:
            torn.write(b"kuroneko LOT-0 3 - 207")  # a line that was not finished
        with Sandbox(case.tmp, "--state", kept) as sandbox:
            case.equal("registered", stats(sandbox)["registered"], 6)
            case.equal("states", [state(sandbox, f"LOT-{lot}")[0] for lot in range(4)], ["3", "3", "1", "2"])
            case.equal("amount", reduce(sandbox, "LOT-0", 900), "kaakk049E")
            case.equal("first amount", reduce(sandbox, "LOT-0", 1980), "kaakk050E")
            case.equal("both parcels", ship(sandbox, "LOT-0", "600000000003", processDiv="1"), "kaasl022E")
            case.equal("the number is on three orders", ship(sandbox, "LOT-2"), "")
            register(sandbox, "LOT-4")
            case.equal("and on no fourth", ship(sandbox, "LOT-4"), "kaasl045E")
            case.equal("cards", (review(sandbox, "WAITS"), state(sandbox, "PAYS")[0]), ("0", "12"))
            case.equal("the order's day", call(sandbox, "KAAKK", reduction("LOT-1", shipYmd=day(-2))).error, "kaakk016E")
            case.equal("a used number", call(sandbox, "KAARA", registration("LOT-3")).error, "kaara009E")
    with Case("kuroneko: both dialects keep their orders in one file") as case:
        kept = case.tmp / "state"
        for attempt in range(2):
            with Sandbox(case.tmp, "--state", kept) as sandbox:
                if attempt == 0:
                    register(sandbox, "BOTH")
                    order = {"id": "BOTH", "orderedAt": "2026-11-02T17:54:08+09:00", "amount": 1, "buyer": {"name": "a"},
                             "items": [{"id": "x", "name": "y"}]}
                    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=20)
                    connection.request("POST", "/v1/orders", json.dumps(order),
                                       {"Authorization": "Bearer k", "X-Merchant-Code": "m", "Idempotency-Key": "k"})
                    case.equal("json", connection.getresponse().status, 201)
                    connection.close()
                case.equal("json asked", sandbox.ask("BOTH"), "AUTH_OK")
                case.equal("kuroneko asked", review(sandbox, "BOTH"), "0")
                case.equal("counts", (sandbox.stats()["registered"], stats(sandbox)["registered"]), (1, 1))


def main():
    with Case("kuroneko: one sandbox for all") as outer, Sandbox(outer.tmp) as sandbox:
        make_orders(sandbox)
        test_codes(sandbox)
        test_cards(sandbox)
        test_parcels(sandbox)
        test_amounts(sandbox)
        test_cancellation(sandbox)
        test_answers(sandbox)
        test_forms(sandbox)
        test_race(sandbox)
    test_faults(Sandbox, "HTTP")
    test_faults(SecureSandbox, "HTTPS")
    test_delay(Sandbox, "HTTP")
    test_delay(SecureSandbox, "HTTPS")
    test_tls()
    test_restart()
    return done()


if __name__ == "__main__":
    sys.exit(main())
