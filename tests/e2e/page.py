"""The page of --report, read with html.parser: what is in it, and what may not be in it. And texts that try to become more
than texts.
"""
import re
import sqlite3
from html.parser import HTMLParser

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
ELEMENTS = set("html head meta title style body header footer section h1 h2 h3 p dl div dt dd bdi span code a table thead "
               "tbody tr th td svg g line text rect ul li details summary".split())
ATTRIBUTES = set("lang charset http-equiv content name class href rel viewbox role x y x1 x2 y1 y2 width height".split())
VOID = {"meta"}
UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
HOSTILE = ["</title><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>'", "</script></style><!--",
           "&lt;b&gt;&#0;", "\u202egpj.exe\u202c", "\x1b[31m\x07\x00", "a\u2028b\u200bc", "javascript:alert(1)",
           "{1}{column}{row}%s%n", "]]><svg/onload=alert(1)>", "' onmouseover='alert(1)"]


class Page(HTMLParser):
    """tables: class → rows of cells (texts), without the headings; facts: dt → dd; links: (address, text)."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.source = path.read_bytes().decode("utf-8")
        self.path, self.problems, self.open = path, [], []
        self.tables, self.facts, self.links, self.texts, self.bars, self.tags = {}, {}, [], [], 0, 0
        self.metas, self.term = {}, ""
        self.feed(self.source)
        self.close()
        self.problems += [f"not closed: {self.open}"] if self.open else []

    def handle_starttag(self, tag, attributes):
        self.tags += 1
        values = dict(attributes)
        self.problems += [f"an element {tag}"] if tag not in ELEMENTS else []
        self.problems += [f"an attribute {name} of {tag}" for name in values if name not in ATTRIBUTES]
        self.problems += [f"{tag} has an attribute twice"] if len(values) != len(attributes) else []
        if tag == "meta":
            self.metas[values.get("http-equiv") or values.get("name") or "charset"] = values.get("content")
        if tag not in VOID:
            self.open.append((tag, values.get("class", ""), []))
        if tag == "a":
            self.links.append(values["href"])
        if tag == "table":
            self.rows = self.tables.setdefault(values["class"], [])
        self.bars += tag == "rect"

    def handle_endtag(self, tag):
        self.tags += 1
        if not self.open or self.open[-1][0] != tag:
            self.problems.append(f"</{tag}> within {[name for name, _, _ in self.open]}")
            return
        text = "".join(self.open.pop()[2])
        if tag == "dt":
            self.term = text
        elif tag == "dd":
            self.facts.setdefault(self.term, text)
        elif tag == "td":
            self.row.append(text)
        elif tag == "tr" and self.row:
            self.rows.append(self.row)
        if tag in ("tr", "table"):
            self.row = []

    row = []

    def handle_data(self, data):
        for tag, _, texts in self.open:
            texts.append(data)
        if self.open and self.open[-1][0] != "style":
            self.texts.append(data)

    def handle_comment(self, data):
        self.problems.append(f"a comment: {data}")

    def handle_pi(self, data):
        self.problems.append(f"<?{data}>")

    @property
    def text(self):
        return "".join(self.texts)


def number(text):
    return int(text.replace(",", ""))


def page_problems(page):
    """What no page may have."""
    yield from page.problems
    if not page.source.startswith("<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n"):
        yield f"its beginning: {page.source[:80]!r}"
    if page.metas.get("Content-Security-Policy") != POLICY:
        yield f"policy: {page.metas.get('Content-Security-Policy')}"
    # Elements and attributes are known ones; so what remains is that nothing else begins as markup does.
    if page.source.count("<") != page.tags + 1:
        yield f"{page.source.count('<')} times <, and {page.tags} tags"
    style = page.source[page.source.index("<style>") + 7:page.source.index("</style>")]
    if re.search(r"url\(|@import|expression|<", style):
        yield "the style asks for something"
    unseen = UNSEEN.search(page.source)
    if unseen:
        yield f"an unseen character U+{ord(unseen[0]):04X}"
    for href in page.links:
        if not re.fullmatch(r"https://www\.hunglead\.com/robot-in-manual/[\w.-]+|[A-Za-z0-9._~/%-]+", href):
            yield f"a link to {href!r}"


# ---- Its ledger ----


def multiply_runs(ledger, command, orders):
    """Forty runs more, on the days before the first one, with many orders."""
    with sqlite3.connect(ledger) as database:
        database.execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
                         "INSERT INTO runs (account, command, began, elapsed, rows, orders, succeeded, failed, invalid, "
                         "unsent, exit) SELECT account, ?, began - i * 86400, elapsed, rows, orders, i * ?, failed, invalid, "
                         "unsent, exit FROM n, runs WHERE number = 1", (command, orders))
