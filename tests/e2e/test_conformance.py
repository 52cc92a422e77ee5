#!/usr/bin/env python3
"""Records and cells as Python's csv module has them: the same on thousands of generated files, and where not, why.

Every file goes through the program's own reader (tests/tools/csv_records.c) and through csv.reader, which gets its
bytes as Latin-1, so that bytes are compared. DISAGREEMENTS below is the whole list of what may differ, each recognised
from the file's bytes; anything else is a failure. docs/csv.md says the same in words.
Prints one line "ok - ..." or "not ok - ..." per check and exits 1 if any failed.
"""
import csv
import io
import random
import re
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Callable, NamedTuple

from harness import PROGRAM, TIMEOUT, check, done

TOOL = Path(PROGRAM).parent / "tests" / "tools" / "csv_records"
SEED = 20261105
WELL_FORMED, MUTATED, WILD, ANY_BYTES = 12000, 3000, 5000, 1000  # files of each make
EXACT = 10000  # files that must agree without a disagreement from the list
ROW_MAX = 1024 * 1024  # bytes of a record: src/csv/reader.h
BLOCKS = [1, 3, 16, 64, 4096, 64 * 1024, 4 * 1024 * 1024]  # bytes read at once: the last two are those of run/
NONE = 0xFFFFFFFF

csv.field_size_limit(2**31 - 1)

# ---- What may differ ----


class Cell(NamedTuple):
    """A cell as it stands in the file."""
    quoted: bool
    inside: bytes  # between its quotes, or all of it
    closed: bool
    behind: bytes  # between its closing quote and the next delimiter or line end
    end: int       # bytes from the record's beginning to its end

    def has_line_end(self):
        return b"\n" in self.inside or b"\r" in self.inside


class Disagreement(NamedTuple):
    name: str
    shown_by: Callable[[Cell], bool]
    refused: bool  # the whole file, at this cell; otherwise only this cell's value and those behind it may differ
    least: int     # files that must show it
    why: str


DISAGREEMENTS = [
    Disagreement("a quote that is never closed", lambda cell: not cell.closed, True, 100,
                 "Python takes all the rest of the file for one cell. Orders in it would be lost in silence."),
    Disagreement("text behind the closing quote of a cell that holds a line end",
                 lambda cell: cell.quoted and cell.behind != b"" and cell.has_line_end(), True, 100,
                 "Python goes on. Most likely that quote opens a cell of a later row, the cell's own was never closed,"
                 " and the rows between were swallowed."),
    Disagreement("text behind the closing quote of a cell on one line",
                 lambda cell: cell.quoted and cell.behind != b"" and not cell.has_line_end(), False, 100,
                 "Python drops the quote and joins the text; libcsv keeps it and reads on to another quote. What was"
                 " meant is a guess: the row is marked as stray and not sent. Its end and its number of cells agree."),
    Disagreement("a cell beyond the first MiB of its record", lambda cell: cell.end > ROW_MAX, False, 3,
                 "Python holds what comes (131,072 characters a cell, where no other limit is set). Memory is bounded"
                 " here: the row is marked as too long and not sent. Its end and its number of cells agree."),
]


def cells_of(record, delimiter):
    """The cells of a record, by one regular expression: apart from both readers."""
    text = rb"[^\r\n" + delimiter + rb"]*"
    one = re.compile(rb'"([^"]*(?:""[^"]*)*)("?)(' + text + rb")|" + text)
    cells, at = [], 0
    while True:
        match = one.match(record, at)
        inside, close, behind = match.groups()
        at = match.end()
        cells.append(Cell(False, match[0], True, b"", at) if inside is None
                     else Cell(True, inside, close != b"", behind, at))
        if record[at:at + 1] != delimiter:
            return cells
        at += 1


# ---- The two readers ----


class File(NamedTuple):
    data: bytes
    delimiter: bytes
    meant: list = None  # its records as it was written; None where nobody knows


class Record(NamedTuple):
    row: int
    length: int
    ending: int
    cells: int
    stray: int
    multiline: int
    values: list


def python_records(file):
    """Pairs: the bytes of a record with its line end, and its cells."""
    text = io.StringIO(file.data.decode("latin-1"), newline="")
    taken = []

    def lines():
        for line in text:
            taken.append(line)
            yield line

    for row in csv.reader(lines(), delimiter=file.delimiter.decode()):
        yield "".join(taken).encode("latin-1"), [cell.encode("latin-1") for cell in row]
        taken.clear()


def our_records(files, blocks):
    """For each file its records, and where it was refused as (row, column), or None."""
    sent = b"".join(file.delimiter + struct.pack("=II", block, len(file.data)) + file.data
                    for file, block in zip(files, blocks))
    finished = subprocess.run([TOOL], input=sent, capture_output=True, timeout=TIMEOUT)
    if finished.returncode != 0:
        sys.exit(f"not ok - {TOOL.name} reads all files\n#   exit {finished.returncode}: {finished.stderr.decode()}")
    got, at, found, records = finished.stdout, 0, [], []
    numbers, length = struct.Struct("=7I"), struct.Struct("=I")
    while at < len(got):
        kind, at = got[at:at + 1], at + 1
        if kind == b"R":
            *record, count = numbers.unpack_from(got, at)
            at += numbers.size
            values = []
            for _ in range(count):
                size = length.unpack_from(got, at)[0]
                values.append(got[at + length.size:at + length.size + size])
                at += length.size + size
            records.append(Record(*record, values))
        else:
            refused = struct.unpack_from("=II", got, at) if kind == b"Q" else None
            at += 8 if refused else 0
            found.append((records, refused))
            records = []
    return found


# ---- Held against each other ----


def record_problem(found, number, raw, values, cells, damaged):
    """What is wrong with one record of ours, or None. `damaged`: the first cell whose value may differ, or NONE."""
    ending = raw[-2:] if raw[-2:] == b"\r\n" else raw[-1:] if raw[-1:] in (b"\r", b"\n") else b""
    astray = [place for place, cell in enumerate(cells) if cell.behind or not cell.quoted and b'"' in cell.inside]
    lines = [place for place, cell in enumerate(cells) if cell.has_line_end()]
    wanted = [("row", found.row, number),
              ("bytes and line end", (found.length, found.ending), (len(raw) - len(ending), len(ending))),
              ("cells", found.cells, len(values)),
              ("values", found.values[:damaged] if damaged != NONE else found.values,
               values[:damaged] if damaged != NONE else values),
              ("stray", found.stray, astray[0] if astray else NONE),
              ("the cell with a line end", found.multiline, lines[-1] if lines else NONE),
              ("a blank line", found.cells == 0, raw == ending)]
    return next((f"{what}: {ours!r}, not {theirs!r}" for what, ours, theirs in wanted if ours != theirs), None)


def compare(file, found, used):
    """What is wrong with a file, or None. The disagreements that it shows are added to the set `used`."""
    records, refused = found
    read = 0
    for number, (raw, values) in enumerate(python_records(file), 1):
        cells = cells_of(raw, file.delimiter) if b'"' in raw or len(raw) > ROW_MAX else []
        shown = [(place, each) for place, cell in enumerate(cells) for each in DISAGREEMENTS if each.shown_by(cell)]
        used.update(each.name for _, each in shown)
        places = [(number, place + 1) for place, each in shown if each.refused]
        if places:
            problem = None if refused == places[0] else f"refused at {refused}, not at {places[0]}"
            return problem or (None if len(records) == read else "records go on behind the refusal")
        if read == len(records):
            return f"record {number}: missing ({'refused at ' + str(refused) if refused else 'the end'})"
        problem = record_problem(records[read], number, raw, values, cells, shown[0][0] if shown else NONE)
        if problem:
            return f"record {number}: {problem}"
        read += 1
    if refused:
        return f"refused at {refused}"
    return None if read == len(records) else "more records than there are"


# ---- Files ----

WORDS = ["見本 太郎", "煎茶 100g", "表", "ソ", "能", "ポ", "―", "予", "十", "構", "ソース能力表", "ポ―ポ", "ﾃｽﾄ", "ｱｶﾞ", "｡",
         "\\", "|", "'", ";", "a", "A-1", "100", " ", "  ", "="]
MARKS = [b'"', b'""', b'\\"', b",", b"\t", b"\r\n", b"\n", b"\r", b'","', b'"\r\n"', b"'", b" \" "]


def pairs():
    """Every character of CP932 in two bytes."""
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xFD)]:
        for trail in range(0x40, 0x100):
            try:
                if len(bytes((lead, trail)).decode("cp932")) == 1:
                    yield bytes((lead, trail))
            except UnicodeDecodeError:
                pass


PAIRS = list(pairs())
TRAPS = [pair for pair in PAIRS if pair[1] in b"\\|"]
TEXTS = {encoding: [word.encode(encoding) for word in WORDS] for encoding in ("cp932", "utf-8")}
TEXTS["cp932"] += TRAPS
TEXTS["utf-8"] += [pair.decode("cp932").encode("utf-8") for pair in TRAPS]
TEXTS["cp932 and marks"] = TEXTS["cp932"] + MARKS * 8
TEXTS["utf-8 and marks"] = TEXTS["utf-8"] + MARKS * 8


def cell(rng, texts):
    kind = rng.random()
    if kind < 0.15:
        return b""
    value = b"".join(rng.choices(texts, k=rng.randint(1, 4)))
    return b" " + value + b"  " if kind > 0.95 else value


def written(rng, values, delimiter, quoting):
    """A record; `quoting` is how many of the cells that need no quotes get some."""
    cells = []
    for value in values:
        needed = value == b"" and len(values) == 1 or any(byte in value for byte in (b'"', b"\r", b"\n", delimiter))
        quoted = needed or rng.random() < quoting
        cells.append(b'"' + value.replace(b'"', b'""') + b'"' if quoted else value)
    return delimiter.join(cells)


def well_formed(rng):
    """A file as a program writes it, in one of all habits; blank lines are records without a cell."""
    delimiter = rng.choice([b",", b",", b"\t"])
    texts = TEXTS[rng.choice(list(TEXTS))]
    quoting = rng.choice([0, 0, 1, 1, 0.3])
    endings = rng.choice([[b"\r\n"], [b"\r\n"], [b"\n"], [b"\r"], [b"\r\n", b"\n", b"\r"]])
    columns, rows = rng.randint(1, 9), rng.choice([0, 1, 1, 2, 3, 4, 6, 10])
    blank = rng.choice([0, 0, 0.2])
    data, meant = b"", []
    for row in range(rows):
        values = [] if rng.random() < blank else [cell(rng, texts) for _ in range(columns)]
        ending = rng.choice(endings)
        if not values and ending == b"\n" and data.endswith(b"\r"):
            ending = b"\r"  # lest the two be one line end
        data += written(rng, values, delimiter, quoting) + ending
        meant.append(values)
    if meant and meant[-1] and rng.random() < 0.3:
        data = data[:-len(ending)]
    return File(data, delimiter, meant)


def long_one(rng, most):
    """A cell longer than most blocks."""
    value = b"".join(rng.choices(TEXTS["cp932 and marks"], k=rng.randint(most // 30, most)))
    meant = [[b"a", value, b""], [], [value, b"\x83\x5C"]]
    return File(b"\n".join(written(rng, values, b",", 0.5) for values in meant) + b"\n", b",", meant)


def too_long(rng):
    """A record of more than 1 MiB, its end in a quoted cell, an unquoted one, or one that is whole before."""
    words = b"".join(rng.choices(TEXTS["cp932"], k=1000))
    value = words * (ROW_MAX // len(words) + 1)
    rows = [[b"a", value, b"b"], [value[:ROW_MAX - 100], b'"' * 200, b""], [value[:ROW_MAX - 2], b"", b"b"], [b"c"]]
    return File(b"\r\n".join(written(rng, values, b",", 0.5) for values in rows), b",")


LETTERS = [b"a", b'"', b'"', b"'", b",", b"\t", b"\r", b"\n", b" ", b"\x83\x5C", b"\x83\x7C", b"\xB1", b"\x81", b"\\"]


def mutated(rng):
    """A well-formed file with one to three bytes put in, put over or taken out."""
    file = well_formed(rng)
    data = bytearray(file.data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(data))
        data[at:at + rng.randint(0, 1)] = rng.choice([b"", *LETTERS])
    return File(bytes(data), file.delimiter)


def wild(rng):
    return File(b"".join(rng.choices(LETTERS, k=rng.randint(0, 30))), rng.choice([b",", b"\t"]))


def any_bytes(rng):
    return File(rng.randbytes(rng.randint(0, 400)), rng.choice([b",", b"\t"]))


# By hand: each is worth being seen by name.
BY_HAND = [File(data, delimiter) for delimiter in (b",", b"\t") for data in [
    b"", b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"a", b",", b",\n,", b"," * 5000 + b"\n",
    b'""', b'"', b'"""', b'""""', b'"a"', b'"a""', b'"a""b"', b'"",""', b'"a\r',
    b'"a" ,b', b' "a",b', b'a"b,c', b'"a"b,c', b'"a"b,"c\nd",e', b'"a"b,",\n",c"',
    b'"a\nb",c', b'"a\r\nb"\r\n', b'"a\nb"c,d\ne', b'"a\nb"c,"d', b'"a\nb"c,"d\ne"f',
    b"\x83\x5C,\x83\x7C\r\n", b'"\x83\x5C","\x83\x7C"', b'\x83\x5C"\n',
    b"\xEF\xBB\xBFa,b\r\n", b'\xEF\xBB\xBF"a",b\r\n',
    b"a\0b,\0\n", b'"\0"\n', b"a\x1Ab\n\x1A", b"a\x0Bb\x0Cc\x85d\n"]]


def make_all():
    rng = random.Random(SEED)
    files = BY_HAND + [long_one(rng, 60000) for _ in range(20)] + [too_long(rng) for _ in range(4)]
    for make, count in ((well_formed, WELL_FORMED), (mutated, MUTATED), (wild, WILD), (any_bytes, ANY_BYTES)):
        files += [make(rng) for _ in range(count)]
    return files, [rng.choice(BLOCKS) for _ in files]


# ---- The checks ----


def told(file, problem):
    shown = file.data if len(file.data) <= 200 else file.data[:200] + b" ..."
    return f"{shown!r}, delimiter {file.delimiter!r}: {problem}"


def check_blindness():
    """A comparison that never objects would be worth nothing."""
    file = File(b'a,"b\nc",\x83\x5C\n\nd"e\n', b",")
    [(records, _)] = our_records([file], [16])
    wrong = {"a value": records[0]._replace(values=[b"a", b"b\nc", b"\x83"]),
             "a row": records[0]._replace(row=2),
             "a length": records[0]._replace(length=9),
             "a line end": records[0]._replace(ending=2),
             "a number of cells": records[0]._replace(cells=4),
             "a stray quote": records[0]._replace(stray=1),
             "a cell with a line end": records[0]._replace(multiline=2)}
    changed = {what: ([record, *records[1:]], None) for what, record in wrong.items()}
    changed.update({"a missing record": (records[:-1], None), "a record too many": (records + records[-1:], None),
                    "a blank line left out": ([records[0], records[2]], None), "a refusal": (records, (4, 1))})
    check("a difference is noticed", [what for what, found in changed.items() if compare(file, found, set()) is None])


def main():
    check("no second byte of CP932 means anything in a CSV",
          [pair.hex() for pair in PAIRS if pair[1] in b'",\t\r\n'])
    check_blindness()
    files, blocks = make_all()
    found = our_records(files, blocks)
    check("every file is answered", [] if len(found) == len(files) else [f"{len(found)} of {len(files)}"])
    problems, exact, by_name = [], 0, Counter()
    for file, ours in zip(files, found):
        used = set()
        problem = compare(file, ours, used)
        if problem:
            problems.append(told(file, problem))
        exact += not problem and not used
        by_name.update(used)
    check(f"{len(files)} files are read as Python's csv module reads them, or differ as listed",
          sorted(problems, key=len))
    check(f"{exact} of them agree in all, of {EXACT} at least", [] if exact >= EXACT else [f"{exact}"])
    check("well-formed files are read as they were written",
          [told(file, "not what was written") for file, (records, _) in zip(files, found)
           if file.meant is not None and [record.values for record in records] != file.meant])
    for each in DISAGREEMENTS:
        check(f"{by_name[each.name]} files show {each.name}", [] if by_name[each.name] >= each.least else ["too few"])
    return done()


if __name__ == "__main__":
    sys.exit(main())
