#!/usr/bin/env python3
"""Who may include whom: the plan of the house in docs/architecture.md, enforced.

Prints one line "ok - ..." or "not ok - ..." per room and exits 1 if any failed. Standard library only; run from anywhere.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = "atobarai.h"

# Room → the rooms whose headers it may include. PUBLIC stands for include/atobarai.h.
ALLOWED = {
    "include": set(),
    "base": {"base"},
    "text": {"base", "text"},
    "csv": {"base", "text", "csv"},
    "order": {"base", "text", "order"},
    "ledger": {"base", "order", "ledger"},
    "api": {"base", "order", "api"},
    "sandbox": {"base", "sandbox"},
    "report": {"base", "text", "report"},
    "run": {"base", "text", "csv", "order", "ledger", "api", "sandbox", "report", "run", PUBLIC},
    "drop": {"base", "text", "order", "drop", PUBLIC},
    "cli": {"cli", PUBLIC},
}

# Beginning of a library's header → the rooms that may use that library.
LIBRARIES = {
    "csv.h": {"csv"},
    "iconv.h": {"text", "sandbox"},
    "curl/": {"api"},
    "cjson/": {"base", "order", "api", "sandbox", "run", "drop"},
    "openssl/": {"ledger", "api", "sandbox"},
    "sqlite3.h": {"ledger"},
    "microhttpd.h": {"sandbox"},
    "expat.h": {"api"},
    "xlsxwriter": {"report"},
    "minizip/": {"report"},
    "ini.h": {"cli"},
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]*)"|<([^>]*)>|(.*))', re.MULTILINE)
failures = 0


def check(title, problems):
    """Report one check; `problems` is an iterable of sentences, empty when all is well."""
    global failures
    problems = list(problems)
    print(("not ok - " if problems else "ok - ") + title)
    for problem in problems:
        print("#   " + problem)
    failures += bool(problems)


def include_problems(room, text, headers):
    """What is wrong with the includes of a file in `room`; `headers` are those that exist, as they are included."""
    for quoted, angled, other in INCLUDE.findall(text):
        name = quoted or angled
        if not name:
            yield f"#include {other} cannot be read"
        elif name == PUBLIC or quoted:
            target = PUBLIC if name == PUBLIC else name.split("/")[0]
            if name not in headers:
                yield f'"{name}" is no header of this house (room/name.h)'
            elif target not in ALLOWED[room]:
                yield f'{room}/ may not include "{name}"'
        elif angled in headers:
            yield f'<{angled}> is a header of this house: write "{angled}"'
        else:
            for beginning, rooms in LIBRARIES.items():
                if angled.startswith(beginning) and room not in rooms:
                    yield f"{room}/ may not use <{angled}>"


def room_problems(room, headers):
    folder = ROOT / "include" if room == "include" else ROOT / "src" / room
    files = sorted(path for path in folder.glob("**/*") if path.suffix in (".c", ".h"))
    if not files:
        yield "there are no files"
    for path in files:
        for problem in include_problems(room, path.read_text(encoding="utf-8"), headers):
            yield f"{path.relative_to(ROOT)}: {problem}"


def self_problems(headers):
    """A check that never objects would be worth nothing."""
    forbidden = [
        ("order", '#include "csv/reader.h"'),
        ("order", '#include "run/work.h"'),
        ("text", '#include "order/order.h"'),
        ("sandbox", '#include "api/dialect.h"'),
        ("base", "#include <atobarai.h>"),
        ("include", '#include "base/span.h"'),
        ("cli", '#include "base/buf.h"'),
        ("cli", "#include <base/buf.h>"),
        ("run", '#include "cli/console.h"'),
        ("drop", '#include "run/work.h"'),
        ("csv", '#include "../order/order.h"'),
        ("csv", '#include "reader.h"'),
        ("order", "  #  include <curl/curl.h>"),
        ("order", "#include HEADER"),
    ]
    for room, line in forbidden:
        if not list(include_problems(room, f"/* a file */\n{line}\n", headers)):
            yield f"{room}/ may have {line}"
    permitted = '#include "order/order.h"\n#include "base/span.h"\n#include <stdio.h>\n#include <cjson/cJSON.h>\n'
    yield from include_problems("order", permitted, headers)


def main():
    headers = {PUBLIC} | {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").glob("*/*.h")}
    rooms = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()} | {"include"}
    check("includes: every room of src/ is in the table, and the other way round",
          (f"{room}/" for room in sorted(rooms ^ ALLOWED.keys())))
    for room in ALLOWED:
        check(f"includes: {room}/", room_problems(room, headers))
    check("includes: what is forbidden is noticed", self_problems(headers))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
