#!/usr/bin/env python3
"""--log: a line of JSON for every attempt, whatever comes of it, and never anything that it should not hold.

A relay of our own counts the requests that really came. The program's path is in the environment variable ATOBARAI.
Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import collections
import concurrent.futures
import datetime
import json
import os
import re
import resource
import signal
import stat
import sys
import time

from harness import Case, done, run
from service import (API_KEY, COLUMNS, DROP, SCHEMAS, SECRETS, Background, Relay, Sandbox, accepted, many, message_of, operate,
                     refused, write_csv)

ALWAYS = ["time", "run", "command", "order", "operation", "attempt", "http", "ms", "outcome", "retry"]
MAY = ["service_id", "status", "code"]
PLACES = ["time", "run", "command", "order", "service_id", "operation", "attempt", "http", "ms", "outcome", "status",
          "code", "retry"]


def lines_of(path):
    """The lines of a log, each of them checked for its form."""
    lines = []
    data = path.read_bytes()
    assert not data or data.endswith(b"\n"), "the last line is not whole"
    for text in data.decode("utf-8").splitlines():
        line = json.loads(text)
        assert set(ALWAYS) <= set(line) <= {*ALWAYS, *MAY}, f"fields: {sorted(line)}"
        assert list(line) == [name for name in PLACES if name in line], f"order of fields: {list(line)}"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]), line["time"]
        assert re.fullmatch("[0-9a-f]{16}", line["run"]), line["run"]
        assert isinstance(line["attempt"], int) and line["attempt"] >= 1, line
        assert line["http"] is None or 200 <= line["http"] <= 599, line
        assert isinstance(line["ms"], int) and line["ms"] >= 0, line
        assert isinstance(line["retry"], bool), line
        lines.append(line)
    return lines


def shown(lines, *fields):
    return [tuple(line.get(field) for field in fields) for line in lines]


# ---- What a line says ----


def test_every_operation():
    with Case("the log: every operation, its attempts, ids and statuses") as case, Sandbox(case.tmp) as sandbox:
        log = case.tmp / "log.jsonl"
        columns = [*COLUMNS, "送り状番号", "配送会社"]
        source = write_csv(case.tmp / "in.csv", many(2), columns)
        begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
        for command in ("register", "ship", "status", "cancel"):
            operate(command, case.tmp, sandbox.url, source, "--log", log)
        changed = write_csv(case.tmp / "changed.csv", many(2), columns, 商品名="別の品")
        outcome = operate("reregister", case.tmp, sandbox.url, changed, "--log", log)
        case.equal("reregister", outcome.status, 0)
        lines = lines_of(log)
        case.equal("lines", sorted(shown(lines, "command", "order", "service_id", "operation", "status", "outcome")),
                   sorted((command, order, order + suffix if suffix else None, operation, status, "accepted")
                          for order in ("2000001", "2000002")
                          for command, suffix, operation, status in (
                              ("register", "", "register", "AUTH_OK"), ("ship", "", "ship", "SHIP_OK"),
                              ("cancel", "", "cancel", "CANCEL_OK"), ("reregister", "-2", "register", "AUTH_OK"))))
        case.equal("a run for each command", len({line["run"] for line in lines}), 4)
        case.true("all of one run are of one command", len(set(shown(lines, "run", "command"))) == 4)
        case.equal("attempts", {line["attempt"] for line in lines}, {1})
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        for line in lines:
            told = datetime.datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
            case.true(f"{line['time']} is now, and UTC", begin <= told <= now)
        case.equal("mode", stat.S_IMODE(log.stat().st_mode), 0o600)


# What the service says, and the line that each attempt has: outcome, http, code, retry.
ANSWERS = {
    "ok": ([], [("accepted", 201, None, False)]),
    "ng": ([lambda call: accepted(call, "AUTH_NG")], [("accepted", 201, None, False)]),
    "refused": ([refused("validation error:items[0].name size must be between 1 and 255")],
                [("refused", 400, "ITEM_NAME_SIZE", False)]),
    "refused otherwise": ([refused("見本 太郎 is not known")], [("refused", 400, "SERVICE_REFUSED", False)]),
    "not found": ([refused("no such page", 404)], [("unknown", 404, "SERVICE_NOT_FOUND", False)]),
    "server": ([(500, b"")], [("server_error", 500, None, True), ("accepted", 201, None, False)]),
    "busy": ([(429, b"", {"Retry-After": "0"})], [("busy", 429, None, True), ("accepted", 201, None, False)]),
    "garbage": ([(200, b"<html>")], [("garbage", 200, None, True), ("accepted", 201, None, False)]),
    "redirect": ([(302, b"", {"Location": "https://example.com/"})],
                 [("garbage", 302, None, True), ("accepted", 201, None, False)]),
    "server always": ([(503, b"")] * 3, [("server_error", 503, None, True), ("server_error", 503, None, False)]),
    "garbage always": ([(200, b"")] * 3, [("garbage", 200, None, True), ("garbage", 200, None, False)]),
    "for now": ([refused("mata ato de")], [("refused_for_now", 400, None, True), ("accepted", 201, None, False)]),
    "for now always": ([refused("mata ato de")] * 3,
                       [("refused_for_now", 400, None, True), ("refused_for_now", 400, None, False)]),
}


def test_answers():
    with Case("the log: what each answer is called, with its code, and whether another attempt follows") as case:
        numbers = {str(3000001 + i): name for i, name in enumerate(ANSWERS)}
        said = collections.Counter()

        def script(call):
            answers = ANSWERS[numbers[call.id]][0]
            said[call.id] += 1
            answer = answers[said[call.id] - 1] if said[call.id] <= len(answers) else accepted
            return answer(call) if callable(answer) else answer

        with Relay(script=script) as relay:
            log = case.tmp / "log.jsonl"
            source = write_csv(case.tmp / "in.csv", {order: [{}] for order in numbers})
            outcome = operate("register", case.tmp, relay.url, source, "--log", log, "--retries", "1", "--retry-on",
                              "^mata")
            case.equal("exit", outcome.status, 5)
            lines = lines_of(log)
            for order, name in numbers.items():
                found = [line for line in lines if line["order"] == order]
                case.equal(name, shown(found, "outcome", "http", "code", "retry"), ANSWERS[name][1])
                case.equal(f"{name}: attempts", shown(found, "attempt"), [(i + 1,) for i in range(len(found))])
            case.equal("a line for each request", len(lines), len(relay.calls))
            text = log.read_text(encoding="utf-8")
            case.true("none of the service's words", not any(words in text for words in ("見本", "mata", "not known")))


def test_conflict():
    with Case("the log: a 409, and the question that it leads to") as case:
        def script(call):
            return refused("already there", 409) if call.kind == "register" else accepted(call, "AUTH_PENDING")

        with Relay(script=script) as relay:
            log = case.tmp / "log.jsonl"
            operate("register", case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(1)), "--log", log)
            case.equal("lines", shown(lines_of(log), "operation", "outcome", "http", "status"),
                       [("register", "conflict", 409, None), ("status", "accepted", 201, "AUTH_PENDING")])


def test_credentials():
    with Case("the log: refused credentials") as case, Relay(script=lambda call: refused(f"{API_KEY}?", 401)) as relay:
        log = case.tmp / "log.jsonl"
        outcome = operate("register", case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(1)), "--log", log)
        case.equal("exit", outcome.status, 3)
        case.equal("lines", shown(lines_of(log), "outcome", "http", "code", "retry"),
                   [("credentials", 401, "CREDENTIALS_REFUSED", False)])


def test_no_answer():
    def script(_):
        time.sleep(3)
        return DROP

    with Case("the log: a time-out, a connection that breaks, and a port where nobody listens") as case:
        with Relay(script=script) as relay:
            log = case.tmp / "log.jsonl"
            source = write_csv(case.tmp / "in.csv", many(1))
            operate("register", case.tmp, relay.url, source, "--log", log, "--timeout", "1", "--retries", "0")
            lines = lines_of(log)
            case.equal("time-out", shown(lines, "outcome", "http", "retry"), [("timeout", None, False)])
            case.true("it took its second", lines[0]["ms"] >= 990)
            url = relay.url
        with Relay(script=lambda _: DROP) as relay:
            torn = case.tmp / "torn.jsonl"
            operate("register", case.tmp, relay.url, source, "--log", torn, "--retries", "1")
            case.equal("torn", shown(lines_of(torn), "outcome", "http", "attempt", "retry"),
                       [("connection", None, 1, True), ("connection", None, 2, False)])
        other = case.tmp / "other.jsonl"
        source = write_csv(case.tmp / "other.csv", many(1, first=4000001))
        operate("register", case.tmp, url, source, "--log", other, "--retries", "1")
        case.equal("nobody", shown(lines_of(other), "outcome", "http", "attempt", "retry"),
                   [("connection", None, 1, True), ("connection", None, 2, False)])


def test_faults():
    with Case("the log: under faults, a line for every request that came") as case, \
            Sandbox(case.tmp, "--fault", "500=0.2,429=0.1,reset=0.1,lost-answer=0.2,garbage=0.1", "--seed", "7"
                    ) as sandbox, Relay(sandbox) as relay:
        log = case.tmp / "log.jsonl"
        outcome = operate("register", case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(60)), "--log", log,
                          "--retries", "20", "--concurrency", "30")
        case.equal("exit", outcome.status, 0)
        lines = lines_of(log)
        # libcurl by itself resends a request when a connection that had been kept dies: that is one attempt.
        case.true(f"{len(lines)} lines, {len(relay.calls)} requests", len(relay.calls) / 2 <= len(lines)
                  <= len(relay.calls))
        requests = collections.defaultdict(list)  # a registration that was answered before is asked about
        for line in lines:
            requests[line["order"], line["operation"]].append(line)
        case.equal("orders", {order for order, _ in requests}, set(many(60)))
        for request, found in requests.items():
            case.equal(f"{request}: attempts", shown(found, "attempt"), [(i + 1,) for i in range(len(found))])
            case.equal(f"{request}: retry", shown(found, "retry"), [(True,)] * (len(found) - 1) + [(False,)])
            case.equal(f"{request}: end", found[-1]["outcome"], "accepted")


def test_odd_ids():
    with Case("the log: ids with quotes, blanks and Japanese, where a schema allows them") as case, \
            Relay(script=accepted) as relay:
        schema = json.loads((SCHEMAS / "robot-in-order.json").read_text(encoding="utf-8"))
        next(column for column in schema["columns"] if column["name"] == "受注ID")["type"] = "text"
        path = case.tmp / "schema.json"
        path.write_text(json.dumps(schema, ensure_ascii=False), encoding="utf-8")
        log = case.tmp / "log.jsonl"
        ids = ['A"B\\C', "受注 1", "{2}'"]
        orders = {name: [{"明細ID": number}] for number, name in enumerate(ids, 1)}
        outcome = operate("register", case.tmp, relay.url, write_csv(case.tmp / "in.csv", orders), "--log", log,
                          "--schema", path)
        case.equal("exit", outcome.status, 0)
        case.equal("the ids", {line["order"] for line in lines_of(log)}, set(ids))


# ---- Files ----


def test_where_nothing_is_sent():
    with Case("the log: none is made by a dry run, by an input that is none, or by a run without --log") as case, \
            Sandbox(case.tmp) as sandbox:
        log = case.tmp / "log.jsonl"
        source = write_csv(case.tmp / "in.csv", many(2))
        before = {path.name for path in case.tmp.iterdir()}
        status, _, _ = run("register", source, "--dry-run", "--log", log, "--api-url", sandbox.url, env=SECRETS)
        case.equal("dry run", status, 0)
        empty = case.tmp / "empty.csv"
        empty.write_bytes(b"")
        case.equal("empty", operate("register", case.tmp, sandbox.url, empty, "--log", log).status, 4)
        operate("register", case.tmp, sandbox.url, source)
        made = {path.name for path in case.tmp.iterdir()} - before - {"empty.csv"}
        case.true(f"made: {sorted(made)}", all(re.fullmatch(r"run-[0-9a-f]+\.(csv|json)", name) for name in made))


def refused_log(case, sandbox, what, log, code, *options, operation="register", source=None):
    """Assert that a run with this log ends with 2 and sends nothing."""
    requests = sandbox.stats()["requests"]
    outcome = operate(operation, case.tmp, sandbox.url, source or case.tmp / "in.csv", "--log", log, *options)
    case.equal(f"{what}: exit", outcome.status, 2)
    case.true(f"{what}: message in {outcome.stderr!r}",
              message_of(code).split("{path}")[-1].split("{1}")[0].rstrip("（") in outcome.stderr)
    case.true(f"{what}: the path", str(log) in outcome.stderr)
    case.true(f"{what}: no result", not outcome.exists)
    case.equal(f"{what}: requests", sandbox.stats()["requests"] - requests, 0)
    return outcome


def test_files_that_are_refused():
    with Case("the log: files that are something else, and those that the run writes, are refused") as case, \
            Sandbox(case.tmp) as sandbox:
        source = write_csv(case.tmp / "in.csv", many(2))
        data = source.read_bytes()
        refused_log(case, sandbox, "the input", source, "LOG_FOREIGN")
        case.equal("the input is as it was", source.read_bytes(), data)
        ledger = case.tmp / "ledger.db"
        refused_log(case, sandbox, "the ledger that is to be", ledger, "LOG_FOREIGN", "--ledger", ledger)
        case.true("no ledger was made", not ledger.exists())
        operate("register", case.tmp, sandbox.url, source, "--ledger", ledger)
        kept = ledger.read_bytes()
        refused_log(case, sandbox, "the ledger", ledger, "LOG_FOREIGN", "--ledger", ledger)
        case.equal("the ledger is as it was", ledger.read_bytes(), kept)
        refused_log(case, sandbox, "a folder", case.tmp, "LOG_UNWRITABLE")
        refused_log(case, sandbox, "no folder", case.tmp / "none" / "log", "LOG_UNWRITABLE")
        refused_log(case, sandbox, "a device", "/dev/null", "LOG_FOREIGN")
        link = case.tmp / "link"
        link.symlink_to(case.tmp / "there")
        refused_log(case, sandbox, "a link", link, "LOG_FOREIGN")
        case.true("nothing where it leads", not (case.tmp / "there").exists())
        out, log = case.tmp / "same.csv", case.tmp / "same.csv"
        status, _, errors = run("register", source, "-o", out, "--log", log, "--api-url", sandbox.url, env=SECRETS)
        case.equal("the result: exit", status, 2)
        case.true("the result: message", str(log) in errors)
        case.true("the result: nothing is made", not out.exists())
        status, _, errors = run("register", source, "-o", case.tmp / "out.csv", "--log", log, "--summary-json", log,
                                "--api-url", sandbox.url, env=SECRETS)
        case.equal("the summary: exit", status, 2)
        case.true("the summary: message", "--summary-json" in errors)


def test_rehearsal():
    with Case("the log: of a rehearsal with the sandbox inside, with a ledger and without a place for one") as case:
        source = write_csv(case.tmp / "in.csv", many(3))
        for number, more in enumerate(([], ["--ledger", case.tmp / "ledger.db"])):
            log = case.tmp / f"log-{number}.jsonl"
            status, _, _ = run("register", source, "-o", case.tmp / f"out-{number}.csv", "--sandbox", "--log", log, *more,
                               env={"XDG_STATE_HOME": "", "HOME": ""})
            case.equal("exit", status, 0)
            case.equal("lines", shown(lines_of(log), "outcome"), [("accepted",)] * 3)


def test_appended():
    with Case("the log: runs append to it, also two at a time, and every line stays whole") as case, \
            Sandbox(case.tmp) as sandbox:
        log = case.tmp / "log.jsonl"
        runs = [Background("register", case.tmp, sandbox.url, write_csv(case.tmp / f"in-{i}.csv",
                                                                        many(400, first=5000001 + 1000 * i)),
                           "--log", log, "--ledger", case.tmp / f"ledger-{i}.db") for i in range(3)]
        case.equal("exits", [background.end().status for background in runs], [0, 0, 0])
        lines = lines_of(log)
        case.equal("lines", len(lines), 1200)
        case.equal("of each run", sorted(collections.Counter(line["run"] for line in lines).values()), [400] * 3)


def test_killed():
    with Case("the log: a run that was killed leaves whole lines, and nothing that a later one stumbles over") as case:
        def script(call):
            time.sleep(0.02)
            return accepted(call)

        with Relay(script=script) as relay:
            log = case.tmp / "log.jsonl"
            source = write_csv(case.tmp / "in.csv", many(300))
            background = Background("register", case.tmp, relay.url, source, "--log", log)
            end = time.monotonic() + 60
            while (not log.exists() or log.stat().st_size < 2000) and time.monotonic() < end:
                time.sleep(0.01)
            os.kill(background.process.pid, signal.SIGKILL)
            background.end()
            first = lines_of(log)
            case.true("some lines, not all", 0 < len(first) < 300)
            operate("register", case.tmp, relay.url, source, "--log", log)
            lines = lines_of(log)
            case.equal("the first lines are as they were", lines[:len(first)], first)
            case.true("every order has one", {line["order"] for line in lines} >= set(many(300)) - {
                call.id for call in relay.calls[:320]})


def test_lines_come_at_once():
    with Case("the log: what happened is there while the run waits for what has not") as case:
        release = case.tmp / "release"

        def script(call):
            end = time.monotonic() + 60
            while call.id == "2000005" and not release.exists() and time.monotonic() < end:
                time.sleep(0.01)
            return accepted(call)

        with Relay(script=script) as relay:
            log = case.tmp / "log.jsonl"
            background = Background("register", case.tmp, relay.url, write_csv(case.tmp / "in.csv", many(5)), "--log",
                                    log, "--timeout", "100")
            end = time.monotonic() + 60
            while (not log.exists() or log.read_bytes().count(b"\n") < 4) and time.monotonic() < end:
                time.sleep(0.01)
            case.equal("four lines", len(lines_of(log)), 4)
            release.touch()
            case.equal("exit", background.end().status, 0)
            case.equal("five lines", len(lines_of(log)), 5)


def test_full_disk():
    with Case("the log: a disk that gets full stops nothing; it is said once, and the exit status is as ever") as case, \
            Sandbox(case.tmp) as sandbox:
        log = case.tmp / "log.jsonl"
        # A limit of file sizes that the log alone meets: every other file is smaller.
        limit = 400000
        log.write_bytes(b'{"time":"","run":""}\n' + b"\n" * (limit - 521))

        def limit_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        start, end = message_of("LOG_INCOMPLETE").split("{path}")
        sentence = re.escape(start + str(log) + end).replace(r"\{2\}", r"(\d+)").replace(r"\{1\}", ".*")
        for number, options in enumerate(([], ["--quiet"])):
            source = write_csv(case.tmp / f"in-{number}.csv", many(20, first=6000001 + 1000 * number))
            status, _, errors = run("register", source, "-o", case.tmp / f"out-{number}.csv", "--log", log, "--ledger",
                                    case.tmp / "ledger.db", "--api-url", sandbox.url, *options, env=SECRETS,
                                    preexec_fn=limit_files)
            case.equal(f"exit {options}: {errors}", status, 0)
            said = re.findall(sentence, errors)
            case.equal(f"said once {options}: {errors}", len(said), 1)
            case.true(f"lost {said} {options}", said and 15 <= int(said[0]) <= 20)
        case.true("the log is within its limit", log.stat().st_size <= limit)
        case.equal("registered", sandbox.stats()["registered"], 40)


def main():
    tests = [test_every_operation, test_answers, test_conflict, test_credentials, test_no_answer, test_faults,
             test_odd_ids, test_where_nothing_is_sent, test_files_that_are_refused, test_rehearsal, test_appended,
             test_killed, test_lines_come_at_once, test_full_disk]
    # Most of the time is pauses between attempts, so that the tests may wait side by side.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for finished in [pool.submit(test) for test in tests]:
            finished.result()
    return done()


if __name__ == "__main__":
    sys.exit(main())
