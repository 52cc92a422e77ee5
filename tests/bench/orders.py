"""Order files for measuring: 36 columns, CP932, all quoted, one to three lines an order, about 440 bytes a row.

The same seed gives the same bytes. Cells are put together as bytes, for millions of rows are asked for: a million takes
some two seconds. Standard library only.
"""
import random

HEADINGS = ["コントロールカラム", "受注ID", "店舗ID", "店舗名", "受注日時", "受注番号", "ステータスコード", "店舗ステータス", "支払方法",
            "項番", "明細ID", "商品コード", "商品番号", "商品名", "単価", "個数", "小計", "送料", "手数料", "値引", "請求金額",
            "注文者氏名", "注文者氏名カナ", "注文者郵便番号", "注文者都道府県", "注文者住所1", "注文者住所2", "注文者電話番号",
            "注文者メールアドレス", "送付先氏名", "送付先郵便番号", "送付先都道府県", "送付先住所1", "送付先電話番号", "出荷予定日",
            "備考"]
PEOPLE = [("見本 太郎", "ミホン タロウ"), ("例示 花子", "レイジ ハナコ"), ("﨑山 見本子", "サキヤマ ミホコ"), ("仮名 健", "カメイ ケン"),
          ("株式会社見本 総務部", "カ）ミホン")]
PLACES = [("100-0014", "東京都", "千代田区永田町1-7-1", ""), ("540-8570", "大阪府", "大阪市中央区大手前2丁目", "サンプルビル3F"),
          ("812-8577", "福岡県", "福岡市博多区東公園7-7", "例示ハイツ①号棟 101"), ("980-8570", "宮城県", "仙台市青葉区本町3-8-1", ""),
          ("060-8588", "北海道", "札幌市中央区北3条西6丁目", "サンプル荘 2～3階")]
GOODS = [("TEA100", "煎茶 100g ①番摘み", 1200), ("CUPW01", "湯呑み（白）", 800), ("POT350", "急須 350ml ～常滑焼～", 3800),
         ("SOY3", "有機醤油 1L 3本セット", 1650), ("BAGNV", "帆布トートバッグ 紺 Ｌサイズ 名入れ", 2980)]
NOTES = ["", "", "", "午前中, 受付まで", "のし紙「御礼」をお付けください。", "不在のときは宅配ボックスへ"]
SHIPPING, FEE = 550, 330
# One after the other, so that every row has an error, and most kinds come up.
MISTAKES = [("商品番号", "ＴＥＡ１００"), ("商品名", ""), ("明細ID", "A"), ("商品番号", "X" * 37), ("項番", "一"),
            ("送付先電話番号", "なし"), ("送付先郵便番号", "12"), ("商品番号", "4.90123E+12")]


def quoted(*cells):
    """Cells as they stand in the file; none of them holds a quote."""
    return ",".join(f'"{cell}"' for cell in cells).encode("cp932")


# The parts of a row: what is the same for each line of an order, what is the line's, and again the order's.
HEAD = quoted("N", "%d", "1", "モールA店", "2026-11-%02d %02d:%02d:%02d", "900001-202611%02d-%010d", "10", "新規受付",
              "クロネコ代金後払い") + b","
LINE = quoted("%d", "%d%02d") + b",%b,"
LINES = [(quoted(code, code, title, price, count, price * count), price * count)
         for code, title, price in GOODS for count in (1, 2, 3)]
TAIL = quoted(SHIPPING, FEE, "0", "%d") + b",%b\r\n"
ENDS = [quoted(name, kana, *place, "0%09d", "mihon%d@example.com", name, *place[:3], "0%09d", "2026-11-30", note)
        for name, kana in PEOPLE for place in PLACES for note in NOTES]
WRONG = [(HEADINGS.index(heading), value.encode("cp932")) for heading, value in MISTAKES]


def spoil(row, number):
    """The row with a mistake, of a kind that depends on its number."""
    cells = row[1:-3].split(b'","')
    place, value = WRONG[number % len(WRONG)]
    cells[place] = value
    return b'"' + b'","'.join(cells) + b'"\r\n'


def order_rows(draw, order, count):
    """The rows of an order, without a mistake. `draw`: a random number in [0, 1)."""
    day = 1 + order // 1000 % 28
    phone = 110000000 * (1 + int(draw() * 9)) + int(draw() * 10**7)
    head = HEAD % (1000000 + order, day, order % 24, order % 60, order * 7 % 60, day, order)
    lines = [LINES[int(draw() * len(LINES))] for _ in range(count)]
    total = sum(subtotal for _, subtotal in lines) + SHIPPING + FEE
    tail = TAIL % (total, ENDS[int(draw() * len(ENDS))] % (phone, order, phone))
    return [head + LINE % (number, 1000000 + order, number, goods) + tail
            for number, (goods, _) in enumerate(lines, 1)]


def write(path, rows, wrong=False, seed=1, most=3):
    """A file of `rows` rows, one to `most` an order; `wrong`: each of them has an error."""
    draw = random.Random(seed).random
    written = order = 0
    with open(path, "wb", buffering=1 << 20) as file:
        file.write(quoted(*HEADINGS) + b"\r\n")
        while written < rows:
            made = order_rows(draw, order, min(1 + int(draw() * most), rows - written))
            if wrong:
                made = [spoil(row, written + i) for i, row in enumerate(made)]
            file.write(b"".join(made))
            written += len(made)
            order += 1
