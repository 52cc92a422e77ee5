#!/usr/bin/env python3
"""The config file: what it may hold, which value counts, who may read it; and the command config.

Prints one line "ok - ..." or "not ok - ..." per test and exits 1 if any failed. Standard library only, and the openssl
command for certificates. The program is in the environment variable ATOBARAI.
"""
import json
import os
import pwd
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path

from harness import PROGRAM, ROOT, Case, done, run
from service import API_KEY, MERCHANT, SECRETS, Relay, Sandbox, accepted, environment, many, operate, write_csv

CATALOGUE = {entry["code"]: entry
             for entry in json.loads((ROOT / "schemas/error-catalog.json").read_text(encoding="utf-8"))["entries"]}
NOBODY = 65534
IN_FILE = {"api_key": API_KEY, "merchant_code": MERCHANT}  # the secrets, as a file has them
CREDENTIALS = "".join(f"{name} = {value}\n" for name, value in IN_FILE.items())


def config(case, text, name="config.ini", mode=0o600):
    path = case.tmp / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def says(case, what, errors, code, language="ja", path="", *details):
    """Whether `errors` is the message of `code`, whole."""
    parts = []
    for label, part in zip(("atobarai: ", "  原因: ", "  対処: ") if language == "ja" else
                           ("atobarai: ", "  Cause: ", "  To do: "), ("message", "cause", "remedy")):
        text = CATALOGUE[code][language][part].replace("{path}", str(path))
        for number, detail in enumerate(details, 1):
            text = text.replace("{%d}" % number, str(detail))
        parts.append(label + text + "\n")
    case.equal(what, errors, "".join(parts))


def refuses(case, what, path, code, line=None, *details, options=(), language="ja", **more):
    """Whether config show refuses the file, with exit status 3 and nothing on standard output."""
    status, output, errors = run("config", "show", "--config", path, *options, **more)
    case.equal(f"{what}: exit", (status, output), (3, b""))
    says(case, what, errors, code, language, path if line is None else f"{path}:{line}", *details)


def shown(case, *options, env=None, **more):
    """What config show tells: option → (value, origin)."""
    status, output, errors = run("config", "show", "--format", "json", *options, env=env, **more)
    case.equal(f"show {options}", (status, errors), (0, ""))
    return {row["option"]: (row["value"], row["origin"]) for row in json.loads(output)} if status == 0 else {}


# ---- Which value counts ----


def test_precedence():
    with Case("the command line counts more than the profile, that more than the top, that more than the default") as case:
        path = config(case, "timeout = 11\nretries = 12\nrate = 13\nstrict = yes\nfit = yes\n"
                            "[one]\ntimeout = 21\nretries = 22\nstrict = no\n[two]\ntimeout = 31\n")
        options = shown(case, "--config", path, "--profile", "one", "--timeout", "41")
        for name, value in {"timeout": ("41", "command_line"), "retries": ("22", f"{path}:8 [one]"),
                            "rate": ("13", f"{path}:3"), "strict": ("no", f"{path}:9 [one]"), "fit": ("yes", f"{path}:5"),
                            "concurrency": ("8", "default"), "jobs": (None, "default"), "quiet": ("no", "default"),
                            "profile": ("one", "command_line"), "config": (str(path), "command_line")}.items():
            case.equal(name, options.get(name), value)
        case.equal("no profile", shown(case, "--config", path).get("timeout"), ("11", f"{path}:1"))
        case.equal("another", shown(case, "--config", path, "--profile=two").get("timeout"), ("31", f"{path}:11 [two]"))
    with Case("secrets: the environment counts more than the file, and an empty variable is none") as case:
        path = config(case, f"{CREDENTIALS}[one]\napi_key = other\n")
        options = shown(case, "--config", path, "--profile", "one", env={"ATOBARAI_MERCHANT_CODE": "x", "ATOBARAI_API_KEY": ""})
        case.equal("key", options.get("api-key"), ("set", f"{path}:4 [one]"))
        case.equal("code", options.get("merchant-code"), ("set", "environment"))
        case.equal("none", shown(case).get("api-key"), (None, "default"))
    with Case("the key profile chooses one, and --profile counts more") as case:
        path = config(case, "profile = one\n[one]\nrate = 1\n[two]\nrate = 2\n")
        options = shown(case, "--config", path)
        case.equal("rate", (options.get("rate"), options.get("profile")), (("1", f"{path}:3 [one]"), ("one", f"{path}:1")))
        case.equal("rate", shown(case, "--config", path, "--profile", "two").get("rate"), ("2", f"{path}:5 [two]"))
    with Case("every option that config --help lists is shown, and a file may set it") as case:
        listed = set(re.findall(r"^ +--([a-z-]+)", run("config", "--help")[1].decode(), re.MULTILINE))
        options = shown(case)
        case.equal("shown", set(options), listed - {"help", "version", "format"} | {"api-key", "merchant-code"})
        values = {"api-url": "https://localhost/v1", "dialect": "kuroneko", "encoding": "cp932", "output-encoding": "utf-8", "lang": "ja", "retry-on": "^busy( now)?$"}
        numbers = {"jobs", "concurrency", "rate", "timeout", "retries", "max-errors", "port", "ship-days", "settle"}
        flags = {"strict", "allow-reimported", "fit", "follow-up", "report-details", "sandbox", "quiet", "verbose"}
        text = "".join(f"{name.replace('-', '_')} = {values.get(name, '7' if name in numbers else 'yes' if name in flags else '/x/' + name)}\n"
                       for name in options if name not in ("config", "profile"))
        path = config(case, text)
        for name, (value, origin) in shown(case, "--config", path).items():
            if name not in ("config", "profile"):
                case.true(f"{name}: {origin}", origin.startswith(f"{path}:"))
                case.true(f"{name}: {value}", value)


def test_places():
    with Case("the default file: $XDG_CONFIG_HOME, else ~/.config; relative ones and a missing one are none") as case:
        xdg, home = case.tmp / "xdg", case.tmp / "home"
        for folder, rate in ((xdg, 1), (home / ".config", 2)):
            (folder / "atobarai").mkdir(parents=True)
            (folder / "atobarai/config.ini").write_text(f"rate = {rate}\n")
            (folder / "atobarai/config.ini").chmod(0o644)
        both = {"XDG_CONFIG_HOME": str(xdg), "HOME": str(home)}
        case.equal("both", shown(case, env=both).get("rate"), ("1", f"{xdg}/atobarai/config.ini:1"))
        case.equal("shown", shown(case, env=both).get("config"), (f"{xdg}/atobarai/config.ini", "default"))
        case.equal("home", shown(case, env={**both, "XDG_CONFIG_HOME": ""}).get("rate"), ("2", f"{home}/.config/atobarai/config.ini:1"))
        case.equal("relative", shown(case, env={**both, "XDG_CONFIG_HOME": "xdg"}, cwd=case.tmp).get("rate"),
                   ("2", f"{home}/.config/atobarai/config.ini:1"))
        for nowhere in ({"XDG_CONFIG_HOME": "/nonexistent", "HOME": "/"}, {"XDG_CONFIG_HOME": "", "HOME": "home"}, {"XDG_CONFIG_HOME": "", "HOME": ""},
                        {"XDG_CONFIG_HOME": str(xdg / "atobarai/config.ini")}):
            options = shown(case, env=nowhere, cwd=case.tmp)
            case.equal(f"{nowhere}", (options.get("rate"), options.get("config")), ((None, "default"), (None, "default")))
        case.equal("/dev/null", shown(case, "--config", "/dev/null", env=both).get("rate"), (None, "default"))
        case.equal("--config", shown(case, "--config", home / ".config/atobarai/config.ini", env=both).get("rate", "")[0], "2")
    with Case("names of files are relative to the folder of the config file, or to ~; - and built-in words are none") as case:
        (case.tmp / "shop").mkdir()
        path = config(case, "schema = columns.json\nlog = ../log.jsonl\nledger = ~/ledger.db\nca_file = /etc/ca.pem\nsummary_json = -\n"
                            "dialect = kuroneko\n[file]\ndialect = kuroneko.json\nsummary_json = s.json\nledger = ~other/x\n", "shop/config.ini")
        options = shown(case, "--config", path, env={"HOME": "/home/shop"})
        folder = case.tmp / "shop"
        for name, value in {"schema": f"{folder}/columns.json", "log": f"{folder}/../log.jsonl", "ledger": "/home/shop/ledger.db",
                            "ca-file": "/etc/ca.pem", "summary-json": "-", "dialect": "kuroneko"}.items():
            case.equal(name, options.get(name, ("",))[0], value)
        home = pwd.getpwuid(os.geteuid()).pw_dir
        case.equal("no $HOME", shown(case, "--config", path, env={"HOME": ""}).get("ledger", ("",))[0], f"{home}/ledger.db")
        options = shown(case, "--config", "config.ini", "--profile", "file", cwd=folder)
        for name, value in {"dialect": "kuroneko.json", "summary-json": "s.json", "ledger": "~other/x"}.items():
            case.equal(name, options.get(name, ("",))[0], value)
        link = case.tmp / "link.ini"
        link.symlink_to(path)
        case.equal("through a link", shown(case, "--config", link).get("schema", ("",))[0], f"{case.tmp}/columns.json")


def test_form():
    with Case("comments, blanks, colons, CRLF, a byte order mark, no newline at the end") as case:
        text = ("\ufeff; a comment\r\n# another " + "x" * 1000 + "\r\n\r\n  rate=1 ; per second\r\n\ttimeout:2\r\n"
                "set_status = a;b #c\r\n[ 本番 ] ; the real one\r\n  concurrency = 3\r\n  retries = 4\r\n[empty]\r\n[last]\r\nship-days = 5")
        path = config(case, text)
        options = shown(case, "--config", path, "--profile", "本番")
        for name, value in {"rate": ("1", f"{path}:4"), "timeout": ("2", f"{path}:5"), "set-status": ("a;b #c", f"{path}:6"),
                            "concurrency": ("3", f"{path}:8 [本番]"), "retries": ("4", f"{path}:9 [本番]"),
                            "ship-days": ("10", "default")}.items():
            case.equal(name, options.get(name), value)
        case.equal("the last", shown(case, "--config", path, "--profile", "last").get("ship-days"), ("5", f"{path}:12 [last]"))
        case.equal("an empty one", shown(case, "--config", path, "--profile", "empty").get("rate"), ("1", f"{path}:4"))
        for text in (b"", b"\xef\xbb\xbf", b"\n", b"[a]", b"\r\n\r\n"):
            case.equal(f"{text}", shown(case, "--config", config(case, text)).get("rate"), (None, "default"))
    with Case("flags: yes, true, on, 1 and no, false, off, 0") as case:
        for word, value in {"yes": "yes", "true": "yes", "on": "yes", "1": "yes", "no": "no", "false": "no", "off": "no", "0": "no"}.items():
            path = config(case, f"strict = {word}\n")
            case.equal(word, shown(case, "--config", path).get("strict"), (value, f"{path}:1"))
    with Case("samples/config.ini, and every setting stands in docs/config.md") as case:
        sample = ROOT / "samples/config.ini"
        for profile in ("production", "kuroneko", "test"):
            case.true(profile, shown(case, "--config", config(case, sample.read_bytes()), "--profile", profile))
        documented = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`[^|]*) \|", (ROOT / "docs/config.md").read_text(encoding="utf-8"), re.MULTILINE))))
        case.equal("documented", {name.replace("-", "_") for name in shown(case)} - {"config"} - documented, set())
    with Case("a line has its limit, to the byte") as case:
        for value, good in (("x" * 185, True), ("x" * 186, False), ("あ" * 61 + "xx", True), ("あ" * 62, False)):
            path = config(case, f"set_status = {value}\n")
            if good:
                case.equal("taken whole", shown(case, "--config", path).get("set-status"), (value, f"{path}:1"))
            else:
                refuses(case, "cut", path, "CONFIG_LINE_TOO_LONG", 1, 198)


def test_errors():
    with Case("what is wrong with a line: its file, its number, the setting, why, and what to do") as case:
        cases = [
            ("nonsense\n", "CONFIG_SYNTAX", 1),
            ("rate = 1\n= 2\nnonsense\n", "CONFIG_KEY_UNKNOWN", 2, ""),
            ("rate = 1\nnonsense\ntimeout = x\n", "CONFIG_SYNTAX", 2),
            ("[open\nrate = 1\n", "CONFIG_SYNTAX", 1),
            ("[]\n", "CONFIG_SYNTAX", 1),
            ("[ ]\n", "CONFIG_SYNTAX", 1),
            ("[test] timeout = 5\n", "CONFIG_SYNTAX", 1),
            ("[a]\n[" + "x" * 40 + "]\n[" + "x" * 41 + "]\n", "CONFIG_LINE_TOO_LONG", 3, 40),
            ("tiemout = 5\n", "CONFIG_KEY_UNKNOWN", 1, "tiemout"),
            ("[a]\n\nTimeout = 5\n", "CONFIG_KEY_UNKNOWN", 3, "Timeout"),
            ("time = 5\n", "CONFIG_KEY_UNKNOWN", 1, "time"),
            ("--timeout = 5\n", "CONFIG_KEY_UNKNOWN", 1, "--timeout"),
            *((f"{name} = yes\n", "CONFIG_KEY_UNFIT", 1, name)
              for name in ("output", "force", "only", "dry-run", "config", "help", "version", "format", "since", "status", "list",
                           "port-file", "fault", "seed")),
            ("rate = 1\n# \nrate = 1\n", "CONFIG_KEY_TWICE", 3, "rate", 1),
            ("[a]\nship_days = 1\nship-days = 2\n", "CONFIG_KEY_TWICE", 3, "ship-days", 2),
            ("[a]\nrate = 1\n[b]\n[ a ]\n", "CONFIG_SECTION_TWICE", 4, "a", 1),
            ("[a]\nprofile = a\n", "CONFIG_PROFILE_MISPLACED", 2, "profile"),
            ("timeout = 0\n", "CONFIG_VALUE", 1, "timeout = 0", "1から3600の整数"),
            ("timeout = 3601\n", "CONFIG_VALUE", 1, "timeout = 3601", "1から3600の整数"),
            ("timeout = 1.5\n", "CONFIG_VALUE", 1, "timeout = 1.5", "1から3600の整数"),
            ("timeout =\n", "CONFIG_VALUE", 1, "timeout = ", "1から3600の整数"),
            ("encoding = sjis\n", "CONFIG_VALUE", 1, "encoding = sjis", "auto|cp932|utf-8|utf-16"),
            ("lang = fr\n", "CONFIG_VALUE", 1, "lang = fr", "ja|en"),
            ("strict = ja\n", "CONFIG_VALUE", 1, "strict = ja", "yes か no"),
            ("strict =\n", "CONFIG_VALUE", 1, "strict = ", "yes か no"),
            ("ledger = -\n", "CONFIG_VALUE", 1, "ledger = -", "ファイルの名前"),
            ("retry_on = (busy\n", "CONFIG_VALUE", 1, "retry_on = (busy", "正規表現（POSIXの拡張正規表現）"),
            ("api_url =\n", "CONFIG_VALUE", 1, "api_url = ", "空でない値"),
            ("api_key = ; none\n", "CONFIG_VALUE", 1, "api_key", "空でない値"),
            ("profile =\n", "CONFIG_VALUE", 1, "profile = ", "空でない値"),
            ("profile = b\n[a]\n[c]\n", "CONFIG_PROFILE_UNKNOWN", 1, "b", "a、c"),
            ("\nprofile = a\n", "CONFIG_PROFILE_UNKNOWN", 2, "a", "なし"),
            # A profile that is not in force is checked, too.
            ("profile = a\n[a]\n[b]\nretries = many\n", "CONFIG_VALUE", 4, "retries = many", "0から100の整数"),
            (b"rate = 1\nset_status = \x83\x65\n", "CONFIG_NOT_UTF8", 2),
            (b"# \xff\n", "CONFIG_NOT_UTF8", 1),
            (b"rate = 1\x00\n", "CONFIG_NOT_UTF8", 1),
            (b"set_status = a\x1b[31m\n", "CONFIG_NOT_UTF8", 1),
            (b"set_status = a\xc2\x9b\n", "CONFIG_NOT_UTF8", 1),
            (b"set_status = \xed\xa0\x80\n", "CONFIG_NOT_UTF8", 1),
            (b"rate = 1\rtimeout = 2\n", "CONFIG_NOT_UTF8", 1),
            ("rate = 1\n".encode("utf-16"), "CONFIG_NOT_UTF8", 1),
            ("\nset_status = \ufffd\n[x\n", "CONFIG_SYNTAX", 3),
        ]
        for text, code, line, *details in cases:
            refuses(case, f"{text!r}", config(case, text), code, line, *details)
    with Case("errors are told in the language of the file, as far as it is read, or of --lang") as case:
        path = config(case, "lang = en\ntimeout = 0\n")
        refuses(case, "en", path, "CONFIG_VALUE", 2, "timeout = 0", "a whole number from 1 to 3600", language="en")
        refuses(case, "--lang", path, "CONFIG_VALUE", 2, "timeout = 0", "1から3600の整数", options=("--lang", "ja"))
        path = config(case, "timeout = 0\nlang = en\n")
        refuses(case, "later", path, "CONFIG_VALUE", 1, "timeout = 0", "1から3600の整数")
        path = config(case, "lang = en\nprofile = x\n[a]\n[b]\n")
        refuses(case, "profiles", path, "CONFIG_PROFILE_UNKNOWN", 2, "x", "a, b", language="en")
    with Case("a profile that is asked for and is not there names those that are") as case:
        path = config(case, "[production]\n[test]\n")
        refuses(case, "unknown", path, "CONFIG_PROFILE_UNKNOWN", None, "prod", "production、test", options=("--profile", "prod"))
        status, output, errors = run("config", "show", "--profile", "prod")
        case.equal("no file: exit", (status, output), (3, b""))
        says(case, "no file", errors, "CONFIG_PROFILE_NO_FILE", "ja", "", "prod")


def test_files():
    reason = {number: CATALOGUE[f"ERRNO_{number}"]["ja"]["message"] for number in ("ENOENT", "EFBIG", "EACCES")}
    with Case("--config names a file that is missing, no file, or too large: exit 3; nothing hangs") as case:
        refuses(case, "missing", case.tmp / "missing.ini", "CONFIG_UNREADABLE", None, reason["ENOENT"])
        refuses(case, "folder", case.tmp, "CONFIG_NO_FILE")
        os.mkfifo(case.tmp / "pipe")
        refuses(case, "pipe", case.tmp / "pipe", "CONFIG_NO_FILE")
        refuses(case, "device", "/dev/zero", "CONFIG_NO_FILE")
        case.true("65536 bytes", shown(case, "--config", config(case, "#\n" * 32768)))
        refuses(case, "65537 bytes", config(case, "#\n" * 32768 + "#"), "CONFIG_UNREADABLE", None, reason["EFBIG"])
    with Case("a file that others can write to is refused, one with a secret also where they can read it") as case:
        for text, mode, code in (("rate = 1\n", 0o644, None), ("rate = 1\n", 0o600, None), ("rate = 1\n", 0o444, None),
                                 ("rate = 1\n", 0o664, "CONFIG_WRITABLE"), ("rate = 1\n", 0o646, "CONFIG_WRITABLE"),
                                 ("rate = 1\n", 0o602, "CONFIG_WRITABLE"), (CREDENTIALS, 0o600, None), (CREDENTIALS, 0o400, None),
                                 (CREDENTIALS, 0o700, None), (CREDENTIALS, 0o640, "CONFIG_EXPOSED"),
                                 (CREDENTIALS, 0o604, "CONFIG_EXPOSED"), (CREDENTIALS, 0o610, "CONFIG_EXPOSED"),
                                 (CREDENTIALS, 0o620, "CONFIG_WRITABLE"), ("[a]\nmerchant-code = x\n", 0o644, "CONFIG_EXPOSED")):
            path = config(case, text, mode=mode)
            if code:
                refuses(case, f"{text!r} {mode:o}", path, code, None, f"{mode:04o}")
            else:
                case.true(f"{text!r} {mode:o}", shown(case, "--config", path))
        link = case.tmp / "link.ini"
        link.symlink_to(config(case, CREDENTIALS))
        case.equal("a link to a good one", shown(case, "--config", link).get("api-key"), ("set", f"{link}:1"))
        config(case, CREDENTIALS, mode=0o644)
        refuses(case, "a link to one that is open", link, "CONFIG_EXPOSED", None, "0644")
        for command in (("check", "in.csv"), ("history",), ("register", "in.csv", "-o", "out.csv"), ("sandbox", "--port", "0"), ("explain", "IN_DOUBT")):
            status, output, errors = run(*command, "--config", link, cwd=case.tmp)
            case.equal(f"{command}: exit", (status, output), (3, b""))
            says(case, f"{command}", errors, "CONFIG_EXPOSED", "ja", link, "0644")
    if os.geteuid() != 0:
        print("# hint: owners are tested only by root")
        return
    with Case("a file of somebody else may hold no secret; what nobody can see by default is not there") as case:
        path = config(case, CREDENTIALS)
        os.chown(path, NOBODY, NOBODY)
        refuses(case, "a secret", path, "CONFIG_OWNER")
        path = config(case, "rate = 1\n", mode=0o644)
        case.equal("no secret", shown(case, "--config", path).get("rate", ("",))[0], "1")
        case.tmp.chmod(0o755)
        program = case.tmp / "program"  # that nobody may run
        program.write_bytes(Path(PROGRAM).read_bytes())
        program.chmod(0o755)
        (case.tmp / "closed").mkdir(mode=0o700)
        (case.tmp / "seen/atobarai").mkdir(parents=True)
        config(case, "rate = 1\n", "seen/atobarai/config.ini", 0o600)
        for folder, wanted in (("closed", 0), ("seen", 3)):
            finished = subprocess.run([program, "config", "show"], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True,
                                      env={"XDG_CONFIG_HOME": str(case.tmp / folder)}, timeout=60)
            case.equal(f"{folder}: exit", finished.returncode, wanted)
        says(case, "seen", finished.stderr.decode(), "CONFIG_UNREADABLE", "ja", case.tmp / "seen/atobarai/config.ini", reason["EACCES"])


# ---- Runs ----


def test_register():
    with Case("register with nothing but a config file: its profile, its secrets, its paths") as case, Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        source = write_csv(case.tmp / "in.csv", many(3))
        path = config(case, f"ledger = wrong.db\n[production]\napi_url = {relay.url}\n{CREDENTIALS}ledger = l.db\nsummary_json = s.json\n"
                            "verbose = yes\nlang = en\n[other]\napi_url = https://nowhere.invalid/v1\n")
        status, output, errors = run("register", source, "-o", case.tmp / "out.csv", "--config", path, "--profile", "production")
        case.equal("exit", (status, output), (0, b""))
        case.equal("registered", sandbox.stats()["registered"], 3)
        case.equal("credentials", {(call.headers["Authorization"], call.headers["X-Merchant-Code"]) for call in relay.calls},
                   {(f"Bearer {API_KEY}", MERCHANT)})
        case.equal("files", sorted(entry.name for entry in case.tmp.glob("*.[dj]*")), ["l.db", "s.json"])
        case.equal("summary", json.loads((case.tmp / "s.json").read_text())["succeeded"], 3)
        case.true(f"--verbose: {errors}", f"Config file: {path}\nProfile: production\n" in errors)
        history = run("history", "--config", path, "--profile", "production", "--format", "json")
        case.equal("history", (history[0], len(json.loads(history[1]))), (0, 3))
        status, _, errors = run("register", source, "-o", case.tmp / "out2.csv", "--config", path, "--profile", "production", "--lang", "ja",
                                env={"ATOBARAI_API_KEY": "forbidden"})
        case.equal("known already: nothing is sent", (status, len(relay.calls)), (0, 3))
        case.true(f"--verbose: {errors}", f"設定ファイル: {path}\n設定ファイルの区分: production\n" in errors)
        status, _, _ = run("register", source, "-o", case.tmp / "out2.csv", "--config", path, "--profile", "production", "--force",
                           "--ledger", case.tmp / "new.db", env={"ATOBARAI_API_KEY": "forbidden"})
        case.equal("the environment's key counts, and --ledger", status, 3)
    with Case("what a command does not take is no matter of it, and is checked all the same") as case:
        source = write_csv(case.tmp / "in.csv", many(1))
        path = config(case, "api_url = http://example.com/v1\nrate = 5\nallow_reimported = yes\nport = 1\nstrict = yes\n")
        case.equal("check", run("check", source, "--config", path)[0], 0)
        case.equal("history", run("history", "--config", path)[0], 0)
        case.equal("explain", run("explain", "IN_DOUBT", "--config", path)[0], 0)
        case.equal("wrong", run("check", source, "--config", config(case, "rate = x\n"))[0], 3)
    with Case("flags of the file hold: strict makes warnings errors, quiet silences, and a profile takes them back") as case:
        source = write_csv(case.tmp / "in.csv", many(1), 商品名="見本\nの品")
        path = config(case, "strict = yes\nquiet = yes\n[off]\nstrict = no\nquiet = no\n")
        plain, strict, off = (run("check", source, *options) for options in ((), ("--config", path), ("--config", path, "--profile", "off")))
        case.equal("exits", (plain[0], strict[0], off[0]), (0, 1, 0))
        case.equal("messages", (plain[2] != "", strict[2], off[2]), (True, "", plain[2]))
    with Case("help, the version and usage errors need no config file; explain does without a broken default") as case:
        (case.tmp / "atobarai").mkdir()
        path = config(case, "nonsense\n", "atobarai/config.ini")
        env = {"XDG_CONFIG_HOME": str(case.tmp)}
        for arguments, wanted in ((("--help",), 0), (("register", "--help"), 0), (("config", "--version"), 0), (("register",), 2),
                                  (("explain", "CONFIG_SYNTAX"), 0), (("explain", "CONFIG_SYNTAX", "--config", path), 3),
                                  (("history",), 3), (("config", "show"), 3), (("config", "check"), 3)):
            case.equal(f"{arguments}", run(*arguments, env=env)[0], wanted)


def test_rehearsal():
    with Case("--sandbox with a real service in the file is a rehearsal: neither its URL nor its ledger is touched") as case, \
            Relay(None, lambda call: accepted(call)) as relay:
        source = write_csv(case.tmp / "in.csv", many(2))
        path = config(case, f"api_url = {relay.url}\nledger = real.db\n{CREDENTIALS}[practice]\nsandbox = yes\n[kept]\nsandbox = yes\nledger = kept.db\n")
        for number, (options, files) in enumerate(((("--sandbox",), []), (("--profile", "practice"), []),
                                                   (("--profile", "kept"), ["kept.db", "kept.db.sandbox"]),
                                                   (("--sandbox", "--ledger", case.tmp / "own.db"),
                                                    ["kept.db", "kept.db.sandbox", "own.db", "own.db.sandbox"]))):
            status, _, errors = run("register", source, "-o", case.tmp / f"out{number}.csv", "--config", path, *options)
            case.equal(f"{options}: exit", status, 0)
            case.true(f"{options}: a rehearsal", "【練習】" in errors)
            case.equal(f"{options}: files", sorted(entry.name for entry in case.tmp.glob("*.db*")), files)
        case.equal("calls", len(relay.calls), 0)
        status, _, errors = run("register", source, "-o", case.tmp / "out.csv", "--config", path)
        case.equal("without it, the real one", (status, len(relay.calls)), (0, 2))
        status, output, errors = run("register", source, "-o", case.tmp / "out9.csv", "--config", path, "--profile", "practice", "--api-url", relay.url)
        case.equal("sandbox of the file and --api-url: exit", (status, output, len(relay.calls)), (2, b"", 2))
        says(case, "sandbox of the file and --api-url", errors, "USAGE_CONFLICT", "ja", "", f"sandbox ({path}:6)", "--api-url")


def test_secrecy():
    with Case("secrets are in no process's arguments or environment, and in no output") as case:
        source = write_csv(case.tmp / "in.csv", many(1))
        path = config(case, f"verbose = yes\n{CREDENTIALS}[environment]\n")
        seen = []

        def look(call):
            for name in ("environ", "cmdline"):
                seen.append(Path(f"/proc/{process.pid}/{name}").read_bytes())
            return accepted(call)

        for number, env in enumerate(({}, SECRETS)):
            with Relay(None, look) as relay:
                process = subprocess.Popen([PROGRAM, "register", source, "-o", case.tmp / f"out{number}.csv", "--config", path, "--api-url", relay.url,
                                            "--summary-json", case.tmp / f"s{number}.json", "--ledger", case.tmp / f"l{number}.db"],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(env))
                seen.extend(process.communicate(timeout=60))
                case.equal("exit", (process.returncode, len(relay.calls)), (0, 1))
        process = subprocess.Popen([PROGRAM, "sandbox", "--port", "0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment(SECRETS))
        process.stdout.readline()
        seen.append(Path(f"/proc/{process.pid}/environ").read_bytes())
        process.terminate()
        process.communicate(timeout=60)
        for entry in case.tmp.iterdir():
            if entry not in (path, source):
                seen.append(entry.read_bytes())
        for text in seen:
            for secret in (API_KEY, MERCHANT):
                case.true(f"no secret in {text[:80]}", secret.encode() not in text)
    with Case("config show says of a secret only that it is set, and shows no password of a URL") as case:
        path = config(case, f"{CREDENTIALS}[a]\napi_url = https://user:hunter2@example.com/v1?key=hunter2#hunter2\n")
        for form in ("table", "csv", "json"):
            for language in ("ja", "en"):
                for env in ({}, SECRETS):
                    status, output, errors = run("config", "show", "--config", path, "--profile", "a", "--format", form, "--lang", language, env=env)
                    case.equal("exit", (status, errors), (0, ""))
                    # Not even a part of one.
                    for secret in (API_KEY, MERCHANT, "hunter2", "user:"):
                        for part in (secret, secret[:6], secret[-6:]):
                            case.true(f"{form}: {part}", part not in re.sub("merchant-code|merchant_code", "", output.decode()))
                    case.true("the host", "https://…@example.com/v1…" in output.decode())
    with Case("config show: a table for people, CSV in Japanese, JSON in English; standard output that is full") as case:
        path = config(case, "rate = 5\n[a]\n", mode=0o644)
        heads = {("table", "ja"): "オプション", ("table", "en"): "Option", ("csv", "ja"): "オプション,値,出どころ\r", ("csv", "en"): "オプション,値,出どころ\r",
                 ("json", "ja"): "[", ("json", "en"): "["}
        for (form, language), head in heads.items():
            output = run("config", "show", "--config", path, "--format", form, "--lang", language)[1].decode()
            case.true(f"{form} {language}: {output[:40]!r}", output.startswith(head))
            case.true(f"{form} {language}: rate", re.search(rf'rate"?[,: ]+"?(value":")?5"?[,: ]+("origin":)?"?{re.escape(str(path))}:1', output))
        with open("/dev/full", "wb") as full:
            for what in ("show", "check"):
                finished = subprocess.run([PROGRAM, "config", what, "--sandbox"], stdout=full, stderr=subprocess.PIPE, timeout=60)
                case.equal(f"{what}: exit", finished.returncode, 2)


# ---- config check ----


def checked(case, *options, env=None):
    """Exit status, and what config check tells: item → (verdict, detail, message)."""
    status, output, errors = run("config", "check", "--format", "json", *options, env=env)
    rows = {row["item"]: (row["verdict"], row["detail"], row["message"]) for row in json.loads(output)}
    bad = sum(row[0] == "ng" for row in rows.values())
    if status == 0:
        case.equal(f"{options}: no message", (errors, bad), ("", 0))
    else:
        says(case, f"{options}", errors, "CONFIG_CHECK_FAILED", "ja", "", bad)
    for item, (verdict, _, message) in rows.items():
        case.equal(f"{options}: {item} has a message", message is not None, verdict != "ok")
    return status, rows


def begins(case, what, row, verdict, code, *details):
    """Whether a row is `verdict` for the reason `code`; libcurl's words, the last detail, may be any."""
    text = CATALOGUE[code]["ja"]["message"]
    for number, detail in enumerate(details, 1):
        text = text.replace("{%d}" % number, str(detail))
    case.equal(f"{what}: verdict", row and row[0], verdict)
    case.true(f"{what}: {row}, not {text}", row and re.fullmatch(re.escape(text).replace(r"\{2\}", ".+"), row[2] or ""))


class Server:
    """A server that answers each connection with `answer`, or never. `context`: it speaks TLS."""

    def __init__(self, answer=b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", context=None):
        self.answer, self.context, self.asked, self.open = answer, context, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def serve(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            self.open.append(connection)
            try:
                connection.settimeout(20)
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.asked.append(connection.recv(65536))
                if self.answer is not None:
                    connection.sendall(self.answer)
                    connection.close()
            except OSError:
                connection.close()


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60, check=True)


def certificate(folder, name, names, *when, issuer=None):
    """A certificate for `names`, of `issuer` or its own: (its file, its key's file)."""
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", pem, "-subj", f"/CN={name}",
            *(("-addext", f"subjectAltName={names}") if names else ()), *when, *(("-CA", issuer[0], "-CAkey", issuer[1]) if issuer else ()))
    return pem, key


def tls(pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


def test_check():
    with Case("config check: all is well; one GET without a secret or an order, and nothing is written") as case, \
            Sandbox(case.tmp) as sandbox, Relay(sandbox) as relay:
        path = config(case, f"[a]\napi_url = {relay.url}\n{CREDENTIALS}ledger = new/l.db\n")
        before = sorted(case.tmp.rglob("*"))
        status, rows = checked(case, "--config", path, "--profile", "a")
        case.equal("exit", status, 0)
        case.equal("items", list(rows), ["config", "schema", "dialect", "url", "credentials", "host", "connection", "answer", "ledger"])
        case.equal("verdicts", {row[0] for row in rows.values()}, {"ok"})
        case.equal("config", rows["config"][1], f"{path} [a]")
        case.equal("ledger", rows["ledger"][1], f"{case.tmp}/new/l.db")
        case.equal("connection", rows["connection"][1], f"127.0.0.1:{relay.port}")
        case.equal("calls", [(call.method, call.path, call.body) for call in relay.calls], [("GET", "/v1", b"")])
        for name, value in relay.calls[0].headers.items():
            case.true(f"{name}: {value}", name in ("Host", "Accept") and API_KEY not in value)
        case.equal("files", sorted(case.tmp.rglob("*")), before)
        case.equal("orders", sandbox.stats()["registered"], 0)
        status, output, errors = run("config", "check", "--config", path, "--profile", "a", "--lang", "en")
        case.equal("for people: exit", (status, errors), (0, ""))
        case.true(f"for people: {output}", all(line.startswith(b"OK    ") for line in output.splitlines()) and len(output.splitlines()) == 9)
    with Case("config check --sandbox: the built-in service, without credentials and without a ledger") as case:
        status, rows = checked(case, "--sandbox")
        case.equal("exit", status, 0)
        case.equal("items", list(rows), ["config", "schema", "dialect", "url", "host", "connection", "answer", "clock", "ledger"])
    with Case("config check: everything that is wrong is told at once, and the higher exit status counts") as case:
        broken, foreign = case.tmp / "broken.json", case.tmp / "foreign.db"
        broken.write_text("{")
        foreign.write_text("no ledger\n" * 100)
        status, rows = checked(case)
        case.equal("nothing is set: exit", status, 3)
        begins(case, "url", rows.get("url"), "ng", "URL_MISSING")
        begins(case, "credentials", rows.get("credentials"), "ng", "CREDENTIALS_MISSING", "ATOBARAI_API_KEY")
        status, rows = checked(case, "--schema", broken, "--dialect", broken, "--api-url", "http://example.com/v1", "--ledger", foreign, env=SECRETS)
        case.equal("all is wrong: exit", status, 3)
        case.equal("all is wrong", {item: row[0] for item, row in rows.items()},
                   {"config": "ok", "schema": "ng", "dialect": "ng", "url": "ng", "ledger": "ng"})
        begins(case, "url", rows["url"], "ng", "URL_INSECURE")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        status, rows = checked(case, "--schema", broken, "--api-url", url, env={**SECRETS, "ATOBARAI_API_KEY": "a b"})
        case.equal("both kinds: exit", status, 5)
        begins(case, "connection", rows.get("connection"), "ng", "HOST_UNREACHABLE", "127.0.0.1")
        begins(case, "credentials", rows.get("credentials"), "ng", "CREDENTIALS_INVALID", "ATOBARAI_API_KEY")
        case.true("nothing behind it", "answer" not in rows and "clock" not in rows and rows.get("host", ("",))[0] == "ok")
        for what, ledger in (("a folder", case.tmp), ("no folder", "/dev/null/l.db")):
            status, rows = checked(case, "--sandbox", "--ledger", ledger)
            case.equal(f"{what}: exit", (status, rows.get("ledger", ("",))[0]), (3, "ng"))
        status, output, _ = run("config", "check", "--schema", broken, "--sandbox", "--lang", "en")
        case.equal("for people: exit", status, 3)
        case.true(f"for people: {output}", re.search(rb"^NG    Column schema: .*\n      The column schema .*\n      Cause: .*\n      To do: .*\nOK ", output, re.MULTILINE))
    with Case("config check: a host that is not there, a server that is silent or speaks no HTTP") as case:
        status, rows = checked(case, "--api-url", "https://nowhere.invalid/v1", "--timeout", "5", env=SECRETS)
        case.equal("no host: exit", status, 5)
        begins(case, "no host", rows.get("host"), "ng", "HOST_UNKNOWN", "nowhere.invalid")
        for answer in (None, b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"SSH-2.0-x\r\n", b"\x00" * 100):
            with Server(answer) as server:
                begin = time.monotonic()
                status, rows = checked(case, "--api-url", f"http://127.0.0.1:{server.port}/v1", "--timeout", "1", env=SECRETS)
                case.equal(f"{answer}: exit", status, 5)
                begins(case, f"{answer}", rows.get("answer"), "ng", "HOST_SILENT", "127.0.0.1")
                case.true(f"{answer}: bounded", time.monotonic() - begin < 20)
    with Case("config check: any answer will do, and is not read; a redirect is not followed") as case:
        with Server() as other:
            for answer in (b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 4000000, b"HTTP/1.0 403 No\r\n\r\n<html>",
                           b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:%d/v1\r\nContent-Length: 0\r\n\r\n" % other.port):
                with Server(answer) as server:
                    status, rows = checked(case, "--api-url", f"http://127.0.0.1:{server.port}/v1", env=SECRETS)
                    case.equal(f"{answer[:20]}: exit", (status, rows.get("answer")), (0, ("ok", f"HTTP {answer[9:12].decode()}", None)))
            case.equal("elsewhere", other.asked, [])
    with Case("config check: the clock") as case:
        for off, verdict in ((0, "ok"), (100, "ok"), (-100, "ok"), (400, "note"), (-400, "note"), (86400 * 400, "note")):
            date = formatdate(time.time() - off, usegmt=True)
            with Server(f"HTTP/1.1 404 No\r\nDATE: {date}\r\nContent-Length: 0\r\n\r\n".encode()) as server:
                status, rows = checked(case, "--api-url", f"http://127.0.0.1:{server.port}/v1", env=SECRETS)
                case.equal(f"{off}: exit", (status, rows.get("clock", ("",))[0]), (0, verdict))
                seconds = int(re.match(r"\d+", rows["clock"][1])[0])
                if verdict == "note":
                    begins(case, f"{off}", rows["clock"], "note", "CLOCK_OFF", seconds)
                case.true(f"{off}: {seconds}", abs(seconds - abs(off)) < 60)
        for date in ("", "Date: \r\n", "Date: yesterday\r\n", "Date: " + "x" * 200 + "\r\n", "Dat: Sun, 06 Nov 1994 08:49:37 GMT\r\n"):
            with Server(f"HTTP/1.1 404 No\r\n{date}Content-Length: 0\r\n\r\n".encode()) as server:
                status, rows = checked(case, "--api-url", f"http://127.0.0.1:{server.port}/v1", env=SECRETS)
                case.equal(f"{date!r}", (status, "clock" in rows), (0, False))
    with Case("config check: certificates") as case:
        authority = certificate(case.tmp, "authority", "", "-days", "2")
        good = certificate(case.tmp, "good", "IP:127.0.0.1,DNS:localhost", "-days", "2", issuer=authority)
        wrong = certificate(case.tmp, "wrong", "DNS:example.com", "-days", "2", issuer=authority)
        garbage = case.tmp / "garbage.pem"
        garbage.write_text("no certificate\n")
        for what, pair, ca, code in (("trusted", good, authority[0], None), ("unknown authority", good, None, "CERTIFICATE_REFUSED"),
                                     ("another name", wrong, authority[0], "CERTIFICATE_REFUSED"), ("no authority", good, garbage, "CA_FILE_INVALID"),
                                     ("no TLS", None, None, "TLS_FAILED")):
            with Server(context=tls(pair) if pair else None) as server:
                status, rows = checked(case, "--api-url", f"https://127.0.0.1:{server.port}/v1", *(("--ca-file", ca) if ca else ()), env=SECRETS)
                case.equal(f"{what}: exit", status, 0 if code is None else 3 if code == "CA_FILE_INVALID" else 5)
                if code is None:
                    case.equal(what, (rows.get("tls"), rows.get("answer")), (("ok", "127.0.0.1", None), ("ok", "HTTP 404", None)))
                elif code == "CA_FILE_INVALID":
                    case.true(f"{what}: {rows.get('tls')}", rows.get("tls", ("",))[0] == "ng" and str(ca) in rows["tls"][2])
                else:
                    begins(case, what, rows.get("tls"), "ng", code, "127.0.0.1")
        with Server(None) as server:
            status, rows = checked(case, "--api-url", f"https://127.0.0.1:{server.port}/v1", "--timeout", "1", env=SECRETS)
            case.equal("silent: exit", status, 5)
            begins(case, "silent", rows.get("tls"), "ng", "TLS_FAILED", "127.0.0.1")


def main():
    for test in (test_precedence, test_places, test_form, test_errors, test_files, test_register, test_rehearsal, test_secrecy, test_check):
        test()
    return done()


if __name__ == "__main__":
    sys.exit(main())
