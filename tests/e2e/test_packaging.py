#!/usr/bin/env python3
"""packaging/ and what is said about it: units, cron's line and the documents agree with the program; the command lines
work as they are written; `make install` puts files where they belong, and `make uninstall` takes all of them away.

The program's path is in the environment variable ATOBARAI. Prints one line "ok - ..." or "not ok - ..." per check and
exits 1 if any failed. What needs systemd's tools, root, or logrotate, is skipped where there are none.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from harness import PROGRAM, ROOT, TIMEOUT, Case, check, done, read_result, run
from service import API_KEY, MERCHANT, SECRETS, Sandbox

PACKAGING = ROOT / "packaging"
UNITS = PACKAGING / "systemd"
SERVICES = ["atobarai-drop.service", "atobarai-watch.service"]
DOCUMENTS = [ROOT / "docs" / "operations.md", ROOT / "docs" / "operations.ja.md"]
INSTALLED = "/usr/local/bin/atobarai"
SAMPLE = ROOT / "samples" / "order_05_credit_results.csv"  # exit 1, as it is to be
FOLDERS = ["in", "in/register", "in/reregister", "in/ship", "in/cancel", "in/status", "out", "done", "failed", "report"]


def setting(unit, name):
    """All values of a setting of a unit file, in their order."""
    return re.findall(rf"^{name}=(.*)$", (UNITS / unit).read_text(encoding="utf-8"), re.M)


def cron_line():
    """Minute to weekday, user, and command of the one line of cron's example."""
    lines = (PACKAGING / "atobarai.cron").read_text(encoding="utf-8").splitlines()
    line, = [line for line in lines if re.match(r"[0-9*]", line)]
    *when, user, command = line.split(None, 6)
    return when, user, command


def tool(words, **more):
    """Exit status and everything that was said."""
    finished = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT, **more)
    return finished.returncode, finished.stdout.decode("utf-8", "replace")


def skip(title, why):
    check(f"{title} # skip {why}")


# ---- What systemd says ----


def placed_units(folder):
    """The units with the program where it is; the folder for SYSTEMD_UNIT_PATH, before systemd's own."""
    shutil.copytree(UNITS, folder)
    for service in SERVICES:
        text = (folder / service).read_text(encoding="utf-8").replace(INSTALLED, PROGRAM)
        (folder / service).write_text(text, encoding="utf-8")
    return {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}


def test_units():
    if shutil.which("systemd-analyze") is None:
        return skip("systemd knows every setting of the units", "no systemd-analyze")
    with Case("systemd knows every setting of the units") as case:
        environment = placed_units(case.tmp / "units")
        units = sorted(path for path in (case.tmp / "units").iterdir() if path.is_file())
        case.true("units", len(units) >= 4)
        case.equal("verify", tool(["systemd-analyze", "verify", "--man=no", *units], env=environment), (0, ""))
    with Case("the services may do little: exposure of 2.0 at most, of 10") as case:
        environment = placed_units(case.tmp / "units")
        for service in SERVICES:
            status, said = tool(["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager",
                                 case.tmp / "units" / service], env=environment)
            case.equal(service, (status, "Overall exposure level" in said), (0, True))
    with Case("the timer's time is one") as case:
        for when in setting("atobarai-drop.timer", "OnCalendar"):
            case.equal(when, tool(["systemd-analyze", "calendar", when])[0], 0)


def test_folders():
    tools = ["systemd-sysusers", "systemd-tmpfiles"]
    if os.geteuid() != 0 or None in map(shutil.which, tools):
        return skip("user and folders are made", "needs systemd and root")
    with Case("user and folders are made: the group may put files in, nobody else sees anything") as case:
        (case.tmp / "etc").mkdir()
        case.equal("user", tool([tools[0], f"--root={case.tmp}", PACKAGING / "atobarai.sysusers"])[0], 0)
        case.equal("made", tool([tools[1], f"--root={case.tmp}", "--create", PACKAGING / "atobarai.tmpfiles"]), (0, ""))
        name, _, number = (case.tmp / "etc" / "passwd").read_text().split(":")[:3]
        case.equal("name", name, "atobarai")
        drop = case.tmp / "srv" / "atobarai"
        found = {str(path.relative_to(drop)): path.stat() for path in drop.rglob("*")}
        case.equal("folders", sorted(found), sorted(FOLDERS))
        for folder, state in [*found.items(), (".", drop.stat())]:
            wanted = 0o2770 if folder.split("/")[0] == "in" else 0o2750
            case.equal(folder, (state.st_mode & 0o7777, state.st_uid), (wanted, int(number)))
        case.equal("ledger's", (case.tmp / "var" / "lib" / "atobarai").stat().st_mode & 0o7777, 0o700)


def test_logrotate():
    if shutil.which("logrotate") is None:
        return skip("logrotate takes its example", "no logrotate")
    with Case("logrotate takes its example") as case:
        status, said = tool(["logrotate", "--debug", "--state", case.tmp / "state", PACKAGING / "atobarai.logrotate"])
        case.equal("status", status, 0)
        case.true(f"no error: {said}", "error:" not in said)


# ---- The command lines ----


def command_lines():
    """Where it stands → the words of a command."""
    lines = {service: setting(service, "ExecStart") for service in SERVICES}
    lines["atobarai.cron"] = [cron_line()[2]]
    return {name: shlex.split(line) for name, (line,) in lines.items()}


def prepare(case, sandbox):
    """A drop folder and a config file as they are shipped, but within the case's folder: /srv/atobarai → its path."""
    places = {INSTALLED: PROGRAM}
    for name in ("/srv/atobarai", "/var/lib/atobarai", "/var/log/atobarai", "/etc/atobarai"):
        places[name] = str(case.tmp) + name
        (case.tmp / name[1:]).mkdir(parents=True)
    for folder in FOLDERS:
        (case.tmp / "srv" / "atobarai" / folder).mkdir()
    text = placed((PACKAGING / "config.ini").read_text(encoding="utf-8"), places)
    for name, value in [("api_url", sandbox.url), ("api_key", API_KEY), ("merchant_code", MERCHANT)]:
        text, count = re.subn(rf"^# {name} =.*$", f"{name} = {value}", text, flags=re.M)
        case.equal(f"{name} is in the example, to be filled in", count, 1)
    config = case.tmp / "etc" / "atobarai" / "config.ini"
    config.touch(0o600)
    config.write_text(text, encoding="utf-8")
    return places


def placed(text, places):
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def put(drop, name, data):
    """A file that is complete, so that nobody waits for more."""
    (drop / "in" / name).write_bytes(data)
    (drop / "in" / f"{name}.done").touch()


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_one_pass():
    lines = command_lines()
    for name in ("atobarai-drop.service", "atobarai.cron"):
        with Case(f"{name}: its command line works as written") as case, Sandbox(case.tmp) as sandbox:
            places = prepare(case, sandbox)
            drop = case.tmp / "srv" / "atobarai"
            put(drop, "today.csv", SAMPLE.read_bytes())
            put(drop, "broken.csv", b"\x00\x01\x02")
            words = [placed(word, places) for word in lines[name]]
            status, output, errors = run(*words[1:])
            case.equal(f"program {words[0]}", words[0], PROGRAM)
            case.equal(f"exit: {errors}", status, 1)
            case.equal("in", files_in(drop / "in"), [])
            case.true("out", any(read_result(path) for path in (drop / "out").glob("*today*.csv")))
            case.true("done", "today.csv" in files_in(drop / "done"))
            case.true("failed", "broken.csv" in files_in(drop / "failed"))
            case.equal("orders at the service", sandbox.stats()["registered"], 8)
            case.true("ledger", (case.tmp / "var" / "lib" / "atobarai" / "ledger.db").exists())
            case.true("log", (case.tmp / "var" / "log" / "atobarai" / "send.jsonl").stat().st_size > 0)
            case.true("nothing on standard output", output == b"")
            if name == "atobarai.cron":
                put(drop, "tomorrow.csv", SAMPLE.read_bytes())
                status, output, errors = run(*words[1:])
                case.equal("cron mails nothing about orders that need fixing", (status, output, errors), (1, b"", ""))


def test_watch():
    name = "atobarai-watch.service"
    with Case(f"{name}: its command line stays until it is asked to stop") as case, Sandbox(case.tmp) as sandbox:
        places = prepare(case, sandbox)
        drop = case.tmp / "srv" / "atobarai"
        words = [placed(word, places) for word in command_lines()[name]]
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen(words, stdin=nowhere, stdout=nowhere, stderr=nowhere)
        try:
            for title in ("first.csv", "second.csv"):
                put(drop, title, SAMPLE.read_bytes())
                end = time.monotonic() + 60
                while title not in files_in(drop / "done") and process.poll() is None and time.monotonic() < end:
                    time.sleep(0.05)
                case.true(f"done: {title}", title in files_in(drop / "done"))
            process.terminate()
            case.equal("exit", process.wait(60), 0)
        finally:
            process.kill()
            process.wait()
        case.equal("orders at the service", sandbox.stats()["registered"], 8)


def test_same_line():
    with Case("timer, cron and the watching service run the same command") as case:
        lines = command_lines()
        case.equal("cron", lines["atobarai.cron"], [*lines["atobarai-drop.service"], "--quiet"])
        once = [word for word in lines["atobarai-drop.service"] if word != "--once"]
        case.equal("watch", lines["atobarai-watch.service"], once)
    with Case("failures are those of the exit statuses") as case:
        hardening = "atobarai-.service.d/hardening.conf"
        case.equal("well", setting(hardening, "SuccessExitStatus"), ["1 130"])
        


def test_config():
    with Case("the example of a config file is one, and its rehearsal has a ledger of its own") as case:
        config = case.tmp / "config.ini"
        shutil.copy(PACKAGING / "config.ini", config)
        config.chmod(0o600)
        for profile, ledger in (("production", "ledger.db"), ("practice", "practice.db")):
            status, output, errors = run("config", "show", "--config", config, "--profile", profile, "--format", "csv",
                                         env=SECRETS)
            case.equal(f"{profile}: {errors}", status, 0)
            case.true(f"{profile}: {ledger}", f"/var/lib/atobarai/{ledger}".encode() in output)


# ---- What the documents say ----


def known_options():
    """Command → its options, as its help has them."""
    commands = re.findall(r"^  ([a-z]+) ", run("--help")[1].decode("utf-8"), re.M)
    return {command: set(re.findall(r"--[a-z-]+", run(command, "--help")[1].decode("utf-8"))) for command in commands}


def named_options(text, commands):
    """Command → the options that some line of `text` gives to it."""
    found = {}
    for command, rest in re.findall(rf"\batobarai ({'|'.join(commands)})\b((?: [^\n`|]*)?)", text):
        found.setdefault(command, set()).update(re.findall(r"(?<= )--[a-z-]+", rest))
    return found


def test_options():
    known = known_options()
    shipped = [PACKAGING / "atobarai.cron", PACKAGING / "config.ini", *(UNITS / name for name in SERVICES)]
    for path in [*DOCUMENTS, *shipped]:
        with Case(f"{path.name}: every option that is named exists") as case:
            found = named_options(path.read_text(encoding="utf-8"), known)
            case.true("some", any(found.values()))
            for command, options in found.items():
                case.equal(f"atobarai {command}", sorted(options - known[command]), [])
            if path in DOCUMENTS:
                alone = set(re.findall(r"`(--[a-z-]+)", path.read_text(encoding="utf-8")))
                case.equal("named by themselves", sorted(alone - set().union(*known.values())), [])


def test_names():
    shipped = {path.name for path in PACKAGING.rglob("*")}
    for path in DOCUMENTS:
        with Case(f"{path.name}: units, settings and files are there") as case:
            text = path.read_text(encoding="utf-8")
            for name in set(re.findall(r"\batobarai-[a-z]+\.(?:service|timer|path)\b", text)):
                case.true(name, name in shipped)
            for name in set(re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)):
                case.true(f"link to {name}", (path.parent / name).exists())
            for number in ("0", "1", "2", "3", "4", "5", "130"):
                case.true(f"exit status {number} has a row", re.search(rf"^\| {number} \|", text, re.M) is not None)


# ---- make install ----


def make(target, folder):
    # Of a make that runs the tests, flags and jobs are none of this one's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return tool(["make", "-s", "-C", ROOT, f"BUILD={Path(PROGRAM).parent}", f"DESTDIR={folder}", "PREFIX=/opt/shop",
                 target], env=environment)


def test_install():
    with Case("make install, and make uninstall") as case:
        root = case.tmp / "root"
        case.equal("install", make("install", root), (0, ""))
        prefix = root / "opt" / "shop"
        found = {str(path.relative_to(prefix)) for path in root.rglob("*") if path.is_file()}
        wanted = {"bin/atobarai", "lib/libatobarai.a", "include/atobarai.h", "lib/pkgconfig/atobarai.pc",
                  "lib/sysusers.d/atobarai.conf", "lib/tmpfiles.d/atobarai.conf",
                  *(f"lib/systemd/system/{path.relative_to(UNITS)}" for path in UNITS.rglob("*") if path.is_file()),
                  *(f"share/doc/atobarai/{name}" for name in ("README.md", "LICENSE", "config.ini", "atobarai.cron",
                                                              "atobarai.logrotate")),
                  *(f"share/doc/atobarai/{path.name}" for path in (ROOT / "docs").glob("*.md"))}
        case.equal("too many", sorted(found - wanted), [])
        case.equal("missing", sorted(wanted - found), [])
        for name in found:
            case.equal(name, (prefix / name).stat().st_mode & 0o777, 0o755 if name == "bin/atobarai" else 0o644)
        case.equal("the program runs", tool([prefix / "bin" / "atobarai", "--version"])[0], 0)
        for name in ("share/doc/atobarai/atobarai.cron", *(f"lib/systemd/system/{service}" for service in SERVICES)):
            text = (prefix / name).read_text(encoding="utf-8")
            case.true(f"{name}: its place", "/opt/shop/bin/atobarai drop" in text and "/usr/local" not in text)
        case.true("library", library_works(case, root))
        kept = root / "etc" / "atobarai" / "config.ini"
        kept.parent.mkdir(parents=True)
        kept.touch()
        case.equal("uninstall", make("uninstall", root), (0, ""))
        case.equal("what is left", [path for path in root.rglob("*") if path.is_file()], [kept])


def library_works(case, root):
    """A program of one's own, built with what was installed."""
    if shutil.which("pkg-config") is None:
        return True
    environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(root),
                   "PKG_CONFIG_PATH": str(root / "opt/shop/lib/pkgconfig")}
    status, flags = tool(["pkg-config", "--cflags", "--libs", "atobarai"], env=environment)
    case.equal("pkg-config", status, 0)
    case.equal("cc", tool(["cc", "-std=c17", "-o", case.tmp / "own", ROOT / "samples" / "embed" / "register.c",
                           *flags.split()]), (0, ""))
    return tool([case.tmp / "own", SAMPLE, case.tmp / "own.csv"])[0] == 1 and (case.tmp / "own.csv").exists()


def main():
    test_units()
    test_folders()
    test_logrotate()
    test_config()
    test_same_line()
    test_one_pass()
    test_watch()
    test_options()
    test_names()
    test_install()
    return done()


if __name__ == "__main__":
    sys.exit(main())
