#!/usr/bin/env python3
"""Make the pictures of the documentation anew, with what a run on a sample gave: windows of a real LibreOffice for
docs/spreadsheet.md, and the page of --report in a real Chromium for docs/guide.ja.md.

    /usr/bin/python3 docs/images/make.py build/atobarai [spreadsheet|report]

Needs a LibreOffice with windows, in Japanese, and a screen that nobody sees. On Debian: libreoffice-calc libreoffice-gtk3
libreoffice-l10n-ja python3-uno fonts-noto-cjk xvfb openbox imagemagick xdotool pngquant; in a container, for the first
excludes the libreoffice-calc-nogui of the tests. And for the report chromium, imagemagick, poppler-utils and pngquant.
"""
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "samples" / "order_02_name_too_long.csv"
SCREEN = "1320x620"
WAIT = 60  # seconds for a window to appear

# Japanese, no tips; and in the dialogs what the text advises.
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
{}</oor:items>
"""
SETTINGS = [
    ("Office.Linguistic/General", "UILocale", "ja"),
    ("Setup/L10N", "ooLocale", "ja"),
    ("Setup/L10N", "ooSetupSystemLocale", "ja-JP"),
    ("Setup/Product", "ooSetupLastVersion", "7.4"),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Office.Common/Misc", "UseSystemFileDialog", "false"),
    ("Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("Office.Calc/Dialogs/CSVImport", "CharSet", "69"),  # the place of Windows-932 in the list
    ("Office.Calc/Dialogs/CSVImport", "QuotedFieldAsText", "true"),
    ("Office.Calc/Dialogs/CSVImport", "Separators", ","),
]


def properties(**values):
    made = []
    for name, value in values.items():
        one = PropertyValue()
        one.Name, one.Value = name, value
        made.append(one)
    return tuple(made)


class Studio:
    """A screen, a LibreOffice on it, and the files to be shown."""

    def __init__(self, program):
        self.folder = Path(tempfile.mkdtemp(prefix="atobarai-pictures-"))
        self.environment = {**os.environ, "HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder),
                            "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "gtk3"}
        self.csv, self.workbook = self.folder / "result.csv", self.folder / "result.xlsx"
        shutil.copy(SAMPLE, self.folder)
        subprocess.run([Path(program).absolute(), "register", SAMPLE.name, "--sandbox", "-o", self.csv,
                        "--xlsx", self.workbook], env=self.environment, cwd=self.folder, stderr=subprocess.DEVNULL, check=False)
        user = self.folder / "profile" / "user"
        user.mkdir(parents=True)
        items = "".join(f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}'
                        "</value></prop></item>\n" for path, name, value in SETTINGS)
        (user / "registrymodifications.xcu").write_text(PROFILE.format(items), encoding="utf-8")

    def __enter__(self):
        read, write = os.pipe()
        self.screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN + "x24"],
                                       pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as number:
            self.environment["DISPLAY"] = ":" + number.readline().strip()
        self.manager = subprocess.Popen(["openbox"], env=self.environment, stderr=subprocess.DEVNULL)
        pipe = f"pictures-{random.getrandbits(64):x}"
        self.office = subprocess.Popen(
            ["soffice", "--norestore", "--nologo", "--nodefault",
             f"-env:UserInstallation={(self.folder / 'profile').as_uri()}", f"--accept=pipe,name={pipe};urp;"],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        context = uno.getComponentContext()
        resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
        end = time.monotonic() + WAIT
        while True:
            try:
                self.remote = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except NoConnectException:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.desktop = self.make("com.sun.star.frame.Desktop")
        time.sleep(5)  # it starts in the background
        return self

    def __exit__(self, *_):
        for process in (self.office, self.manager, self.screen):
            process.terminate()
        for process in (self.office, self.manager, self.screen):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def make(self, service):
        return self.remote.ServiceManager.createInstanceWithContext(service, self.remote)

    def open(self, path, **how):
        return self.desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, properties(**how))

    def tool(self, *words):
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False).stdout

    def window(self, title):
        """The number of the window whose title holds `title`, once it is there and drawn."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            found = self.tool("xdotool", "search", "--onlyvisible", "--name", title).split()
            if found:
                time.sleep(3)
                return found[-1]
            time.sleep(0.2)
        raise TimeoutError(title)

    def shoot(self, name, window="root", crop=None):
        """A picture of a window, in the colours that it needs."""
        picture = HERE / f"{name}.png"
        self.tool("import", "-window", window, *(["-crop", crop, "+repage"] if crop else []), str(picture))
        self.tool("pngquant", "--force", "--speed", "1", "--output", str(picture), "64", str(picture))
        print(picture, picture.stat().st_size)

    def press(self, keys):
        self.tool("xdotool", "key", keys)
        time.sleep(3)

    def meanwhile(self, call):
        """Start what returns only when its dialog is closed."""
        threading.Thread(target=self.ignoring, args=[call], daemon=True).start()

    @staticmethod
    def ignoring(call):
        try:
            call()
        except Exception:  # the office ends while its dialog is open
            pass


def show_workbook(studio):
    document = studio.open(studio.workbook)
    time.sleep(5)
    controller, sheet = document.CurrentController, document.Sheets.getByIndex(0)
    column = next(i for i in range(100) if sheet.getCellByPosition(i, 0).String == "商品名")
    controller.setFirstVisibleColumn(column - 1)
    controller.select(sheet.getCellByPosition(column, 8))
    for note in sheet.Annotations:
        note.setIsVisible(note.Position.Row == 3)
    time.sleep(3)
    studio.shoot("workbook")
    controller.setActiveSheet(document.Sheets.getByIndex(1))
    controller.ZoomType, controller.ZoomValue = 3, 75
    time.sleep(2)
    studio.shoot("workbook-summary")
    controller.setActiveSheet(sheet)
    return document


def show_saving(studio, document):
    """The dialog in which the type is chosen, as it looks when it has been, and the one of the type. For that the file
    is there already, so that another question comes between the two."""
    document.storeAsURL((studio.folder / "fixed.csv").as_uri(), properties(
        FilterName="Text - txt - csv (StarCalc)", FilterOptions="44,34,60,1,,0,false,true,false"))
    dispatcher = studio.make("com.sun.star.frame.DispatchHelper")
    frame = document.CurrentController.Frame
    studio.meanwhile(lambda: dispatcher.executeDispatch(frame, ".uno:SaveAs", "", 0, ()))
    dialog = studio.window("名前を付けて保存")
    studio.press("alt+e")
    studio.shoot("save-as", dialog, "x300+0+225")
    studio.press("alt+s")
    studio.press("alt+y")
    studio.press("alt+u")
    studio.shoot("save-csv", studio.window("エクスポート"))
    studio.press("Escape")


def show_import(studio):
    handler = studio.make("com.sun.star.task.InteractionHandler")
    studio.meanwhile(lambda: studio.open(studio.csv, InteractionHandler=handler))
    studio.shoot("import-csv", studio.window("テキストのインポート"))


# ---- The report ----


def fill_month(ledger):
    """Runs of a month that nobody had, before the one that is in the ledger."""
    draw = random.Random(1)
    with sqlite3.connect(ledger) as database:
        account, began = database.execute("SELECT account, began FROM runs").fetchone()
        database.execute("DELETE FROM runs")
        for day in range(30, 0, -1):
            orders, invalid, failed = draw.randrange(20, 60), draw.choice((0, 0, 0, 1, 2, 5)), draw.choice((0, 0, 1, 2))
            unsent = 14 if day == 11 else 0
            database.execute("INSERT INTO runs (account, command, began, elapsed, rows, orders, succeeded, failed, invalid, unsent, exit) "
                             "VALUES (?, ?, ?, 1000, ?, ?, ?, ?, ?, ?, 0)",
                             (account, draw.choice(("register", "ship", "status")), began - day * 86400, orders * 2, orders,
                              orders - invalid - failed - unsent, failed, invalid, unsent))


def show_report(program):
    with tempfile.TemporaryDirectory(prefix="atobarai-pictures-") as name:
        folder = Path(name)
        page, ledger, paper = folder / "report.html", folder / "ledger.db", folder / "paper"
        sample = SAMPLE.with_name("order_05_credit_results.csv")
        words = [Path(program).absolute(), "register", sample, "--sandbox", "--ledger", ledger, "--quiet"]
        subprocess.run([*words, "-o", folder / "first.csv"], check=False)
        fill_month(ledger)
        subprocess.run([*words, "-o", folder / "result.csv", "--xlsx", folder / "result.xlsx", "--report", page], check=False)
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"]
        # 390 pixels are the width of a phone; its two halves stand beside each other.
        whole, phone = folder / "whole.png", HERE / "report-phone.png"
        subprocess.run([*browser, "--window-size=390,3400", f"--screenshot={whole}", page.as_uri()], stderr=subprocess.DEVNULL, check=True)
        subprocess.run(["convert", whole, "-crop", "390x1700", "+repage", "-bordercolor", "#ccc", "-border", "1", "+append", phone],
                       check=True)
        subprocess.run([*browser, "--no-pdf-header-footer", f"--print-to-pdf={paper}.pdf", page.as_uri()], stderr=subprocess.DEVNULL, check=True)
        subprocess.run(["pdftoppm", "-r", "80", "-png", "-f", "1", "-singlefile", f"{paper}.pdf", HERE / "report-print"], check=True)
        for picture in (phone, HERE / "report-print.png"):
            subprocess.run(["pngquant", "--force", "--nofs", "--speed", "1", "--output", picture, "16", picture], check=True)
            print(picture, picture.stat().st_size)


def main():
    wanted = sys.argv[2:] or ["spreadsheet", "report"]
    if "spreadsheet" in wanted:
        with Studio(sys.argv[1]) as studio:
            show_saving(studio, show_workbook(studio))
            show_import(studio)
    if "report" in wanted:
        show_report(sys.argv[1])


if __name__ == "__main__":
    main()
