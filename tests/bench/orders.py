"""Order files for measuring: 36 columns, CP932, all quoted, one to three lines an order, about 430 bytes a row.

The same seed gives the same bytes. Standard library only.
"""
import csv
import random

HEADINGS = ["コントロールカラム", "受注ID", "店舗ID", "店舗名", "受注日時", "受注番号", "ステータスコード", "店舗ステータス", "支払方法",
            "項番", "明細ID", "商品コード", "商品番号", "商品名", "単価", "個数", "小計", "送料", "手数料", "値引", "請求金額",
            "注文者氏名", "注文者氏名カナ", "注文者郵便番号", "注文者都道府県", "注文者住所1", "注文者住所2", "注文者電話番号",
            "注文者メールアドレス", "送付先氏名", "送付先郵便番号", "送付先都道府県", "送付先住所1", "送付先電話番号", "出荷予定日",
            "備考"]
PLACE = {heading: place for place, heading in enumerate(HEADINGS)}
PEOPLE = [("見本 太郎", "ミホン タロウ"), ("例示 花子", "レイジ ハナコ"), ("﨑山 見本子", "サキヤマ ミホコ"), ("仮名 健", "カメイ ケン"),
          ("株式会社見本 総務部", "カ）ミホン")]
PLACES = [("100-0014", "東京都", "千代田区永田町1-7-1", ""), ("540-8570", "大阪府", "大阪市中央区大手前2丁目", "サンプルビル3F"),
          ("812-8577", "福岡県", "福岡市博多区東公園7-7", "例示ハイツ①号棟 101"), ("980-8570", "宮城県", "仙台市青葉区本町3-8-1", ""),
          ("060-8588", "北海道", "札幌市中央区北3条西6丁目", "サンプル荘 2～3階")]
GOODS = [("TEA100", "煎茶 100g ①番摘み", 1200), ("CUPW01", "湯呑み（白）", 800), ("POT350", "急須 350ml ～常滑焼～", 3800),
         ("SOY3", "有機醤油 1L 3本セット", 1650), ("BAGNV", "帆布トートバッグ 紺 Ｌサイズ 名入れ", 2980)]
NOTES = ["", "", "", "午前中, 受付まで", "のし紙「御礼」をお付けください。", "不在のときは宅配ボックスへ"]
# One after the other, so that every row has an error, and most kinds come up.
MISTAKES = [("商品番号", "ＴＥＡ１００"), ("商品名", ""), ("明細ID", "A"), ("商品番号", "X" * 37), ("項番", "一"),
            ("送付先電話番号", "なし"), ("送付先郵便番号", "12"), ("商品番号", "4.90123E+12")]


def order_rows(random_, order, count):
    """The detail lines of an order, without a mistake."""
    name, kana = random_.choice(PEOPLE)
    postal_code, prefecture, address1, address2 = random_.choice(PLACES)
    phone = f"0{random_.randrange(1, 10)}{random_.randrange(1, 10)}{random_.randrange(10**7):07}"
    day = 1 + order // 1000 % 28
    goods = [(*random_.choice(GOODS), random_.randrange(1, 4)) for _ in range(count)]
    total = sum(price * quantity for _, _, price, quantity in goods) + 550 + 330
    head = ["N", str(1000000 + order), "1", "モールA店",
            f"2026-11-{day:02} {order % 24:02}:{order % 60:02}:{order * 7 % 60:02}",
            f"900001-202611{day:02}-{order:010}", "10", "新規受付", "クロネコ代金後払い"]
    tail = ["550", "330", "0", str(total), name, kana, postal_code, prefecture, address1, address2, phone,
            f"mihon{order}@example.com", name, postal_code, prefecture, address1, phone, "2026-11-30",
            random_.choice(NOTES)]
    for line, (code, title, price, quantity) in enumerate(goods, 1):
        yield [*head, str(line), f"{1000000 + order}{line:02}", code, code, title, str(price), str(quantity),
               str(price * quantity), *tail]


def write(path, rows, wrong=False, seed=1):
    """A file of `rows` rows; `wrong`: each of them has an error."""
    random_ = random.Random(seed)
    with open(path, "w", encoding="cp932", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADINGS)
        written = order = 0
        while written < rows:
            count = min(random_.randrange(1, 4), rows - written)
            for row in order_rows(random_, order, count):
                if wrong:
                    heading, value = MISTAKES[written % len(MISTAKES)]
                    row[PLACE[heading]] = value
                writer.writerow(row)
                written += 1
            order += 1
