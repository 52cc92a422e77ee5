"""A real LibreOffice without a window: it opens a CSV or a workbook as a clerk would, edits it, and saves it as CSV.

One process serves a whole test, for its start takes seconds and what follows takes hundredths. It has a profile and a
home of its own in a temporary folder, listens on a named pipe, and is ended by its own id. Speaks UNO, LibreOffice's
scripting interface: the module `uno` is Debian's python3-uno, for /usr/bin/python3.

Rows and columns are a spreadsheet's: row 1 is the header; a column is found by its heading.
"""
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.table import TableSortField

START = 60     # seconds until it listens
LIFETIME = 300  # seconds, after which it is killed whatever it does: no call can wait for longer
CSV_FILTER = "Text - txt - csv (StarCalc)"

# LibreOffice's numbers for the encodings of its dialogs (rtl/textenc.h). cp932 is Windows-932 there, another entry than
# Shift-JIS; UTF-16 has the byte order of the machine, and a mark.
ENCODINGS = {"cp932": 60, "shift_jis": 64, "utf-8": 76, "utf-16": 65535}
JAPANESE, TEXT = 1041, 2  # the language of numbers and dates; a column's type

# A clerk's computer in Japan; and nothing that waits for a click.
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>ja-JP</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="FirstRun" oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"""


def properties(**values):
    made = []
    for name, value in values.items():
        one = PropertyValue()
        one.Name, one.Value = name, value
        made.append(one)
    return tuple(made)


class Office:
    """The process. Use it in `with`."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="atobarai-office-"))
        user = self.folder / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
        pipe = f"atobarai-{random.getrandbits(64):x}"
        environment = {**os.environ, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}
        environment.pop("DISPLAY", None)
        # A session of its own, for what is started is a launcher, which starts the program itself.
        self.process = subprocess.Popen(
            ["soffice", "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck",
             f"-env:UserInstallation={(self.folder / 'profile').as_uri()}", f"--accept=pipe,name={pipe};urp;"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
            start_new_session=True)
        self.watch = threading.Timer(LIFETIME, self.kill)
        self.watch.daemon = True
        self.watch.start()
        try:
            self.desktop = self.connect(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except BaseException:
            self.end()
            raise
        return self

    def connect(self, address):
        context = uno.getComponentContext()
        resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
        end = time.monotonic() + START
        while True:
            try:
                remote = resolver.resolve(address)
                return remote.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", remote)
            except NoConnectException:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise TimeoutError("LibreOffice did not start") from None
                time.sleep(0.05)

    def __exit__(self, *_):
        try:
            self.desktop.terminate()
        except Exception:  # it is gone, or goes while it answers
            pass
        self.end()

    def end(self):
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        self.kill()
        self.process.wait()
        self.watch.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        """Whatever is left of the session that was started here."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def open_csv(self, path, encoding="cp932", delimiter=",", quoted_is_text=False, special_numbers=False,
                 formulas=False, text_columns=0):
        """As the import dialog does when nothing is changed in it but the encoding and the delimiter: a cell that looks
        like a number becomes one, whether it is quoted or not. `special_numbers`: dates, times, and amounts with a
        currency, too. `formulas`: they are worked out. `quoted_is_text`: what stands in quotes stays as it is;
        `text_columns`: so do that many columns."""
        columns = "/".join(f"{number}/{TEXT}" for number in range(1, text_columns + 1))
        words = [ord(delimiter), ord('"'), ENCODINGS[encoding], 1, columns, JAPANESE, str(quoted_is_text).lower(),
                 str(special_numbers).lower(), "", "", "false", "", str(formulas).lower()]
        return self.load(path, FilterName=CSV_FILTER, FilterOptions=",".join(map(str, words)))

    def open_workbook(self, path):
        return self.load(path)

    def load(self, path, **how):
        document = self.desktop.loadComponentFromURL(Path(path).absolute().as_uri(), "_blank", 0,
                                                     properties(Hidden=True, **how))
        if document is None:
            raise OSError(f"LibreOffice does not open {path}")
        return Table(document)


class Table:
    """The first sheet of an open document. Use it in `with`, or close() it."""

    def __init__(self, document):
        self.document = document
        self.sheet = document.Sheets.getByIndex(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.document.close(True)

    def used(self):
        """Rows and columns that are in use."""
        cursor = self.sheet.createCursor()
        cursor.gotoEndOfUsedArea(False)
        return cursor.RangeAddress.EndRow + 1, cursor.RangeAddress.EndColumn + 1

    def column(self, heading):
        """The index of the first column with this heading, from 0."""
        return self.sheet.getCellRangeByPosition(0, 0, self.used()[1] - 1, 0).DataArray[0].index(heading)

    def cell(self, row, heading):
        return self.sheet.getCellByPosition(self.column(heading), row - 1)

    def text(self, row, heading):
        """What the cell shows."""
        return self.cell(row, heading).String

    def rows_of(self, heading, text):
        """The rows whose cell under `heading` holds `text`, and is no number."""
        index = self.column(heading)
        cells = self.sheet.getCellRangeByPosition(index, 0, index, self.used()[0] - 1).DataArray
        return [row for row, (cell,) in enumerate(cells, 1) if row > 1 and cell == text]

    def type(self, row, heading, text):
        """As from the keyboard: what looks like a number becomes one."""
        self.cell(row, heading).setFormula(text)

    def join(self, row, heading, count):
        """What stands in `count` cells, with commas, into the first of them; what is right of them moves up."""
        at = self.column(heading)
        cells = [self.sheet.getCellByPosition(at + i, row - 1) for i in range(count)]
        cells[0].setString(",".join(cell.String for cell in cells))
        gone = self.sheet.getCellRangeByPosition(at + 1, row - 1, at + count - 1, row - 1)
        self.sheet.removeRange(gone.RangeAddress, uno.Enum("com.sun.star.sheet.CellDeleteMode", "LEFT"))

    def sort(self, heading, descending=False):
        """All rows under the header by one column, as Data > Sort does."""
        rows, columns = self.used()
        field = TableSortField()
        field.Field, field.IsAscending = self.column(heading), not descending
        self.sheet.getCellRangeByPosition(0, 0, columns - 1, rows - 1).sort(properties(
            SortFields=uno.Any("[]com.sun.star.table.TableSortField", (field,)), ContainsHeader=True))

    def delete_rows(self, rows):
        for row in sorted(rows, reverse=True):
            self.sheet.Rows.removeByIndex(row - 1, 1)

    def insert_column(self, index, heading, text=""):
        """A new column at `index`, with `text` in every row."""
        rows = self.used()[0]
        self.sheet.Columns.insertByIndex(index, 1)
        column = self.sheet.getCellRangeByPosition(index, 0, index, rows - 1)
        column.setDataArray(((heading,), *[(text,)] * (rows - 1)))

    def fill(self, heading, text):
        """The same text into every row."""
        index, rows = self.column(heading), self.used()[0]
        self.sheet.getCellRangeByPosition(index, 1, index, rows - 1).setDataArray([(text,)] * (rows - 1))

    def delete_column(self, heading):
        self.sheet.Columns.removeByIndex(self.column(heading), 1)

    def move_column(self, heading, index):
        """Cut, insert, and close the gap."""
        rows, columns = self.used()
        self.sheet.Columns.insertByIndex(index, 1)
        source = self.column(heading)
        moved = self.sheet.getCellRangeByPosition(source, 0, source, rows - 1)
        self.sheet.moveRange(self.sheet.getCellByPosition(index, 0).CellAddress, moved.RangeAddress)
        self.sheet.Columns.removeByIndex(source, 1)

    def filter(self, heading, text):
        """The autofilter: rows whose cell shows something else are hidden."""
        rows, columns = self.used()
        everything = self.sheet.getCellRangeByPosition(0, 0, columns - 1, rows - 1)
        ranges = self.document.DatabaseRanges
        ranges.addNewByName("everything", everything.RangeAddress)
        ranges.getByName("everything").AutoFilter = True
        wanted = everything.createFilterDescriptor(True)
        field = uno.createUnoStruct("com.sun.star.sheet.TableFilterField")
        field.Field, field.IsNumeric, field.StringValue = self.column(heading), False, text
        field.Operator = uno.Enum("com.sun.star.sheet.FilterOperator", "EQUAL")
        wanted.ContainsHeader = True
        wanted.setFilterFields((field,))
        everything.filter(wanted)

    def save_csv(self, path, encoding="cp932", delimiter=",", quote_texts=False):
        """As the export dialog does: cells as they are shown, quotes only where a cell needs them (or, `quote_texts`,
        around all that is no number)."""
        words = [ord(delimiter), ord('"'), ENCODINGS[encoding], 1, "", 0, str(quote_texts).lower(), "true", "true"]
        self.document.storeToURL(Path(path).absolute().as_uri(), properties(
            FilterName=CSV_FILTER, FilterOptions=",".join(map(str, words))))
        return Path(path)
