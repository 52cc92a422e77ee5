"""Random order files for test_properties.py, whose orders are valid over everything that the rules accept.

A Layout is one file's columns, encoding and quoting; an Order is its rows, as lists of cells by the file's columns.
Texts come from pools that are made once, so that an order costs little time. Every draw comes from one generator.

Numbers of 9, 15 and 64 digits are order ids and nothing else, and a long id holds none of the short ones: a damaged row
is searched for the ids of other orders, and must not find one by chance.
"""
import random
import string

CONTROL, ID, SHOP, MALL, LINE_ID, NUMBER = "コントロールカラム", "受注ID", "店舗ID", "受注番号", "明細ID", "項番"
PAYMENT, TIME, ITEM_ID, ITEM_CODE, ITEM_NAME = "支払方法", "受注日時", "商品番号", "商品コード", "商品名"
PRICE, QUANTITY, SUBTOTAL, TOTAL = "単価", "個数", "小計", "請求金額"
FEES = ["送料", "手数料", "値引"]
BUYER = ["注文者氏名", "注文者郵便番号", "注文者都道府県", "注文者住所1", "注文者住所2", "注文者電話番号"]
DELIVERY = ["送付先氏名", "送付先郵便番号", "送付先都道府県", "送付先住所1", "送付先住所2", "送付先電話番号"]
KANA, EMAIL, SHIP_DATE = "注文者氏名カナ", "注文者メールアドレス", "出荷予定日"

ALWAYS = [ID, PAYMENT, TIME, ITEM_NAME, TOTAL, "注文者氏名"]
# The others, and how often a file has them.
OFTEN = {CONTROL: .8, SHOP: .7, "店舗名": .5, MALL: .75, "ステータスコード": .6, "店舗ステータス": .4, NUMBER: .6,
         LINE_ID: .75, ITEM_ID: .75, ITEM_CODE: .7, PRICE: .8, QUANTITY: .8, SUBTOTAL: .8, "送料": .85, "手数料": .85,
         "値引": .85, KANA: .7, EMAIL: .7, SHIP_DATE: .6, "送り状番号": .6, "配送会社": .4, "備考": .5,
         **{column: .75 for column in BUYER[1:] + DELIVERY}}
ALIASES = {"値引": "値引き", "注文者電話番号": "注文者電話", EMAIL: "注文者メール", "送付先電話番号": "送付先電話"}
# Not the same on each row of an order, and no part of what tells an order's lines apart.
FREE = ["店舗ステータス", SHIP_DATE, "送り状番号", "配送会社", "備考"]
ORDER_LEVEL = [SHOP, "店舗名", TIME, MALL, "ステータスコード", PAYMENT, *FEES, TOTAL, *BUYER, KANA, EMAIL]
# Columns without which a row is short for certain.
USED = [*ALWAYS, CONTROL, MALL, NUMBER, LINE_ID, ITEM_ID, PRICE, QUANTITY, SUBTOTAL, *FEES, *BUYER, KANA, EMAIL,
        *DELIVERY]
UNKNOWN = ["社内メモ", "ギフト包装", "倉庫", "memo", "①特記", "与信メモ", "カテゴリ"]
WIDE = str.maketrans("0123456789-()", "０１２３４５６７８９－（）")
BROKEN = "\ue757"  # stands for a byte that is no text; nothing else uses it

_random = random.Random()
rand = _random.random
shuffle = _random.shuffle


def below(count):
    return int(rand() * count)


def pick(choices):
    return choices[int(rand() * len(choices))]


def digits(count):
    return f"{below(10 ** count):0{count}d}"


# ---- Pools of valid texts ----

def _cp932_characters():
    """Every character of CP932 that is no private one. Lead byte FC is left out: with a second byte before it, it could
    look like BROKEN."""
    found = []
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xF0), 0xFA, 0xFB]:
        for trail in [*range(0x40, 0x7F), *range(0x80, 0xFD)]:
            try:
                found.append(bytes([lead, trail]).decode("cp932"))
            except UnicodeDecodeError:
                continue
    return found


ASCII = string.ascii_letters + string.digits + " -/.'&!?#%*+:;<=>@[]^_`{}~\\|,\""
KATAKANA = [chr(c) for c in range(0x30A1, 0x30F7)] + ["ー", "・"]
HIRAGANA = [chr(c) for c in range(0x3041, 0x3094)]
HALF_KANA = [chr(c) for c in range(0xFF66, 0xFFA0)]
PREFECTURES = ["北海道", "青森県", "岩手県", "秋田県", "東京都", "大阪府", "京都府", "愛知県", "福岡県", "沖縄県"]
SURNAMES = ["見本", "例示", "髙見本", "例﨑", "㈱見本商店　", "ミホン", "ﾐﾎﾝ", "Mihon", "みほん", "見本～例示"]
GIVEN = ["太郎", "花子", "①", "子", "タロウ", "ﾊﾅｺ", "Taro", "はなこ", "Ⅲ世", "太郎（代理）", ""]


def _text(alphabets, least, most):
    return "".join(pick(pick(alphabets)) for _ in range(least + below(most - least + 1)))


def _texts(count, most, fixed=()):
    """Any text of CP932 that is no formula; one in twenty is exactly `most` characters long."""
    alphabets = [_cp932_characters(), KATAKANA, HIRAGANA, HALF_KANA, ASCII]
    texts = []
    while len(texts) < count:
        text = _text(alphabets, most, most) if rand() < .05 and most > 9 else _text(alphabets, 1, min(most, 24))
        if text.strip(" \u3000") and not text.startswith("="):
            texts.append(text)
    return texts + list(fixed)


def _phone():
    mobile = ["020", "050", "060", "070", "080", "090"]
    number = pick(["0" + str(1 + below(9)) + str(1 + below(9)) + digits(7), pick(mobile) + digits(8)])
    area = pick([2, 3, 4]) if len(number) == 10 else 3
    parts = number[:area], number[area:-4], number[-4:]
    text = pick(["{}{}{}", "{}-{}-{}", "{} {} {}", "{}({}){}", "{}-{}{}", "{}\u3000{}\u3000{}"]).format(*parts)
    return text.translate(WIDE) if rand() < .2 else text


def _postal_code():
    text = pick(["{}-{}", "{}{}"]).format(digits(3), digits(4))
    text = text.translate(WIDE) if rand() < .2 else text
    return "〒" + text if rand() < .1 else text


def _email():
    characters = string.ascii_letters + string.digits + ".-_!#$%&'*+/=?^`{|}~"
    domain = pick(["example.com", "example.jp", "docomo.example.jp", "a-b.example.co.jp", "1.example"])
    shape = rand()
    if shape < .1:
        local = pick([".mihon", "mihon..taro", "mihon.", "m.i...h.", "."])
    elif shape < .15:
        local = _text([characters], 64, 64)
        if rand() < .5:  # 254 in all
            domain = ".".join(["a" * 63, "b" * 63, "c" * (254 - 65 - 128)])
    else:
        local = _text([characters], 1, 20)
    return f"{local}@{domain}"


def _time():
    date = 2025 + below(2), 1 + below(12), 1 + below(28)
    clock = below(24), below(60), below(60)
    text = "{:04d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}".format(*date, *clock)
    if rand() < .3:
        text = "{}/{}/{} {}:{:02d}".format(*date, *clock[:2])
    return text.translate(str.maketrans("0123456789", "０１２３４５６７８９")) if rand() < .05 else text


def _ship_date():
    date = 2026, 1 + below(12), 1 + below(28)
    return pick(["{}-{:02d}-{:02d}", "{}/{}/{}", "{}-{:02d}-{:02d} 00:00:00", "{}/{}/{} 0:00", ""]).format(*date)


def _item_id():
    """Half-width letters and digits, without a run of digits that could be an order id; its end, which a line's number
    takes, is left out."""
    length = 32 if rand() < .1 else 1 + below(12)
    return "".join(pick(string.ascii_letters) + digits(3) for _ in range(8))[:length]


def _many(make, count=1500):
    return [make() for _ in range(count)]


def _pools():
    names = [f"{a}{pick(['', ' ', '　'])}{b}" for a in SURNAMES for b in GIVEN] + _texts(200, 255, ["見" * 255])
    kana = [_text([KATAKANA, HALF_KANA, HIRAGANA, [" ", "　", "(", ")", "（", "）", "1", "A", "b"]], 1, 20)
            for _ in range(500)]
    kana = [text for text in kana if text.strip(" \u3000")] + ["ミ" * 255, "ミホン タロウ", "ﾐﾎﾝ ﾀﾛｳ", "みほん・はなこ"]
    addresses = _texts(500, 255, ["千代田区永田町1-7-1", "札幌市中央区北１条西２丁目", "見本ビル①３Ｆ", "表町\\1|2", "見" * 255])
    # What is not sent may hold anything: private characters, line ends, quotes, a shortened number.
    notes = ["", "", "", "のし紙\"御歳暮\"、包装紙①", "一行目\n二行目", "一行目\r\n二行目", "外字\ue000", "タブ\tあり", "=1+1",
             "1.23457E+11", "@here", "a,b,c", "午前中", "ｱｲｳ"] + _texts(100, 40)
    pools = {
        SHOP: [str(1 + i) for i in range(40)], "店舗名": ["モールA店", "モールB店", "本店①", ""],
        TIME: _many(_time), "ステータスコード": ["10", "20", "新規", "A1"], "店舗ステータス": ["新規受付", "確認済", ""],
        PAYMENT: ["クロネコ代金後払い", "後払い", "後払い決済（請求書）", "ｸﾛﾈｺ後払い"],
        ITEM_ID: _many(_item_id), ITEM_CODE: ["1001", "A-1", "茶①", "4900000000000", "a_b/c"],
        ITEM_NAME: _texts(1500, 255, ["茶" * 255, "煎茶 100g ①番摘み", "モニター 27\"", "み,かん", "-5%", "㈱髙﨑～"]),
        "注文者氏名": names, KANA: kana + [""] * 20, EMAIL: _many(_email) + [""] * 50,
        SHIP_DATE: _many(_ship_date, 300), "送り状番号": ["", "123456789012", "1234-5678-9012"],
        "配送会社": ["", "ヤマト運輸", "クロネコヤマト"], "備考": notes,
    }
    shared = {"氏名": names, "郵便番号": _many(_postal_code) + [""] * 30, "都道府県": PREFECTURES + [""],
              "住所1": addresses, "住所2": addresses + [""] * 300, "電話番号": _many(_phone) + [""] * 50}
    for who in ("注文者", "送付先"):
        for what, pool in shared.items():
            pools[who + what] = pool if what != "氏名" or who == "注文者" else pool + [""]
    return pools, notes


POOLS, NOTES = {}, []
# Characters beyond U+FFFF count two; CP932 has none.
BEYOND = ["𠮷" * 127 + "野", "𠮷野家 見本", "煎茶🍵"]


def seed(number):
    """Begin anew: the same number makes the same files."""
    _random.seed(number)
    pools, notes = _pools()
    POOLS.update(pools)
    NOTES[:] = notes


# ---- A file's columns ----

class Layout:
    """One file: its columns, encoding, line ends and quotes."""

    def __init__(self, encoding="cp932"):
        keys = [*ALWAYS, *(key for key, often in OFTEN.items() if rand() < often)]
        if ITEM_ID not in keys and ITEM_CODE not in keys:
            keys.append(pick([ITEM_ID, ITEM_CODE]))
        keys += _random.sample(UNKNOWN, below(4))
        shuffle(keys)
        self.heading = {key: ALIASES[key] if key in ALIASES and rand() < .5 else key for key in keys}
        self._set_keys(keys)
        self.encoding = encoding
        self.codec = "utf-8" if self.encoding == "utf-8-sig" else self.encoding
        self.broken = (BROKEN.encode(self.codec), b"\x81" if self.codec == "cp932" else b"\xff")
        self.newline = pick([b"\r\n", b"\r\n", b"\n"])
        self.quoting = pick(["all", "needed", "mixed"])
        self.apart = rand() < .4
        self.item_id = ITEM_ID if ITEM_ID in self.at else ITEM_CODE
        self.pools = [self._pool(key) for key in keys]
        self.free = [(self.at[key], self.pools[self.at[key]]) for key in [*FREE, *UNKNOWN] if key in self.at]
        self.knows_total = self.has(*FEES) and (self.has(SUBTOTAL) or self.has(PRICE, QUANTITY))

    def _set_keys(self, keys):
        self.keys = keys
        self.at = {key: place for place, key in enumerate(keys)}
        self.headings = [self.heading[key] for key in keys]

    def drop(self, key, orders):
        """Take a column out of the file, and of the orders that were made for it."""
        if key not in self.at:
            return
        for order in orders:
            for row in order.rows + order.gone:
                del row[self.at[key]]
        self._set_keys([other for other in self.keys if other != key])

    def _pool(self, key):
        pool = POOLS.get(key, NOTES if key in UNKNOWN else [""])
        return pool + BEYOND if self.codec == "utf-8" and key in (ITEM_NAME, "注文者氏名") else pool

    def has(self, *keys):
        return all(key in self.at for key in keys)

    def one_of(self, keys):
        """One of the columns that the file has, at random; None where it has none."""
        present = [key for key in keys if key in self.at]
        return pick(present) if present else None

    def record(self, cells, raw=None):
        """The bytes of one row. `raw` is the place of a cell whose text is taken as it is."""
        quoted = self.quoting == "all" or (self.quoting == "mixed" and rand() < .5)
        if raw is not None:
            text = ",".join(cell if place == raw else '"' + cell.replace('"', '""') + '"'
                            for place, cell in enumerate(cells))
        elif quoted:
            text = '"' + "\x1f".join(cells).replace('"', '""').replace("\x1f", '","') + '"'
        else:
            text = ",".join(cells)
            if '"' in text or "\n" in text or "\r" in text or text.count(",") != len(cells) - 1:
                text = ",".join('"' + cell.replace('"', '""') + '"' if any(c in cell for c in '",\r\n') else cell
                                for cell in cells)
        record = text.encode(self.codec)
        return record.replace(*self.broken) if BROKEN in text else record

    def header(self):
        """All of its cells are quoted, or at least one is not."""
        text = '"' + '","'.join(self.headings) + '"' if self.quoting == "all" else ",".join(self.headings)
        return text.encode(self.encoding)


# ---- An order ----

class Order:
    """`rows` are its lines in file order, `gone` its rows with コントロールカラム D. `amounts` are 単価 and 個数 of each
    line, `fees` 送料, 手数料, 値引. `found` is what a mutation makes of its rows: place → code and エラー項目."""

    def __init__(self, serial):
        self.serial = serial
        self.rows, self.gone, self.amounts, self.lines = [], [], [], []
        self.fees = [0, 0, 0]
        self.total = 1
        self.control = None
        self.has_line_ids = False
        self.deferred = True
        self.found = None
        self.raw = {}     # place of a row → place of a cell that is written as it is
        self.others = []  # further orders that a mutation needs
        self.kind = None


def order_id(serial):
    mixed = serial * 2654435761 % 10 ** 8
    shape = serial % 10
    if shape == 0:
        return f"4{serial % 10 ** 5:05d}0{mixed:08d}"
    return f"6{serial:063d}" if shape == 1 else f"7{mixed:08d}"


def number(value):
    """A whole number as a cell has it."""
    text = str(value)
    if value < 0 or rand() > .06:
        return text
    return text.translate(WIDE) if rand() < .6 else "0" + text


def put_all(layout, order, key, value):
    place = layout.at[key]
    for row in order.rows:
        row[place] = value


def put_amounts(layout, order, least=1):
    """Write every amount of the order, so that all sums hold; a total below `least` gets a larger 送料."""
    if layout.knows_total:
        parts = sum(price * quantity for price, quantity in order.amounts)
        order.fees[0] += max(0, least - (parts + order.fees[0] + order.fees[1] - order.fees[2]))
        order.total = parts + order.fees[0] + order.fees[1] - order.fees[2]
    at = layout.at
    for row, (price, quantity) in zip(order.rows, order.amounts):
        for key, value in ((PRICE, price), (QUANTITY, quantity), (SUBTOTAL, price * quantity)):
            if key in at:
                row[at[key]] = number(value)
    for key, value in (*zip(FEES, order.fees), (TOTAL, order.total)):
        if key in at:
            put_all(layout, order, key, number(value) if value != 0 or rand() < .5 else "")


def _draw_amounts(layout, order, count):
    for _ in range(count):
        quantity = pick([1, 1, 1, 2, 3, 5, 12]) if rand() < .99 else 9999
        most = min(900000 // count // quantity, 30000)
        price = below(most + 1) if rand() < .97 else -below(most + 1)
        order.amounts.append((price, quantity))
    order.fees = [pick([0, 0, 550, 800]), pick([0, 0, 330]), pick([0, 0, 100, 1000])]
    order.total = 1 + below(999999)


def _columns_of_order(layout, order):
    """A row with what all rows of the order have."""
    row = [pick(pool) for pool in layout.pools]
    at = layout.at
    row[at[ID]] = order_id(order.serial)
    if MALL in at:
        row[at[MALL]] = f"{pick(['M', '', 'shop-', '①'])}{order.serial:07d}-{digits(6)}"
    if order.control != "N" and rand() < .3:  # Robot-in needs these on N only
        for key in (MALL, SHOP, "ステータスコード"):
            if key in at and rand() < .5:
                row[at[key]] = ""
    kind = rand()
    for buyer, delivery in zip(BUYER, DELIVERY) if kind < .7 else ():  # else a delivery of its own
        if delivery in at and (kind < .1 or buyer in at):
            row[at[delivery]] = row[at[buyer]] if kind >= .1 else ""
    return row


def _row_of_line(layout, order, base, line):
    row = base[:]
    at = layout.at
    for place, pool in layout.free:
        row[place] = pick(pool)
    if CONTROL in at:
        row[at[CONTROL]] = order.control
    if LINE_ID in at:
        row[at[LINE_ID]] = f"8{order.serial:07d}{line:02d}" if order.has_line_ids else ""
    if NUMBER in at:
        row[at[NUMBER]] = number(line + 1) if order.has_numbers else ""
    if ITEM_CODE in at and layout.item_id == ITEM_ID:
        row[at[ITEM_CODE]] = pick(POOLS[ITEM_CODE]) if order.control or rand() < .8 else ""
    row[at[layout.item_id]] = f"{pick(POOLS[ITEM_ID])}x{line:03d}"
    row[at[ITEM_NAME]] = pick(layout.pools[at[ITEM_NAME]])
    return row


def make_order(layout, serial, count=None):
    order = Order(serial)
    count = count or (20 if rand() < .004 else pick([1, 1, 2, 2, 3, 4]))
    order.control = pick("NU") if CONTROL in layout.at else None
    order.has_line_ids = LINE_ID in layout.at and (order.control is not None or rand() < .7)
    order.has_numbers = NUMBER in layout.at and rand() < .85
    base = _columns_of_order(layout, order)
    order.lines = list(range(count))
    if count > 1 and rand() < .3:
        shuffle(order.lines)
    order.rows = [_row_of_line(layout, order, base, line) for line in order.lines]
    _draw_amounts(layout, order, count)
    put_amounts(layout, order)
    if rand() < .03:  # 単価 may be empty
        put_all(layout, order, PRICE, "") if layout.has(PRICE) else None
    if order.control and rand() < .06:
        order.gone = [_row_of_line(layout, order, base, count + i) for i in range(1 + below(2))]
        for row in order.gone:
            row[layout.at[CONTROL]] = "D"
    return order


def first_line(order):
    """The place of the row whose 送付先 is sent: the first by 項番, 明細ID, row."""
    return order.lines.index(0) if order.has_numbers or order.has_line_ids else 0


def spoil_other_payment(layout, order):
    """An order that is paid otherwise is none of the program's business, whatever is wrong with it."""
    order.deferred = False
    put_all(layout, order, PAYMENT, pick(["代金引換", "クレジットカード", "銀行振込"]))
    for key, value in (("注文者電話番号", "なし"), (TOTAL, "未定"), (TIME, "昨日"), (EMAIL, "x"), (ITEM_NAME, "")):
        if key in layout.at and rand() < .3:
            put_all(layout, order, key, value)
