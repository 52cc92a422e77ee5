/* order/address.c: see address.h. */
#include "order/address.h"

#include "text/utf8.h"

enum { WIDE_BLANK = 0x3000 };

/* ---- Prefectures ---- */

static const char *const prefectures[] = {
    "北海道", "青森県", "岩手県", "宮城県",   "秋田県", "山形県",   "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県",   "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県",   "滋賀県", "京都府",   "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県",   "山口県", "徳島県",   "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県",   "宮崎県", "鹿児島県", "沖縄県",
};
_Static_assert(sizeof prefectures / sizeof *prefectures == 47, "all of them");

size_t address_prefecture(struct span text)
{
    for (size_t i = 0; i < sizeof prefectures / sizeof *prefectures; i++) {
        size_t length = strlen(prefectures[i]);
        if (text.length >= length && memcmp(text.data, prefectures[i], length) == 0)
            return length;
    }
    return 0;
}

/* ---- Numbers ---- */

static bool is_digit(uint32_t character)
{
    return (character >= '0' && character <= '9') || (character >= 0xFF10 && character <= 0xFF19);
}

static bool is_one_of(uint32_t character, const char *characters)
{
    struct span rest = span_of(characters);
    for (size_t size = 0; rest.length > 0; rest = (struct span){rest.data + size, rest.length - size})
        if (utf8_decode(rest, &size) == character)
            return true;
    return false;
}

static bool is_numeral(uint32_t character)
{
    return is_one_of(character, "〇一二三四五六七八九十百千");
}

/* What stands behind the numerals of a street number; two of them go on with another number (一ノ二). */
static bool is_behind_numeral(uint32_t character)
{
    return is_one_of(character, "丁番号地条線の之ノー－-");
}

bool address_has_number(struct span text)
{
    bool numeral = false;
    for (size_t size = 0; text.length > 0; text = (struct span){text.data + size, text.length - size}) {
        uint32_t character = utf8_decode(text, &size);
        if (is_digit(character) || (numeral && is_behind_numeral(character)))
            return true;
        numeral = is_numeral(character);
        if (text.length >= strlen("番地") && memcmp(text.data, "番地", strlen("番地")) == 0)
            return true;
    }
    return false;
}

/* ---- Two parts ---- */

enum script {
    SCRIPT_OTHER,
    SCRIPT_NUMBER, /* digits, and what joins them */
    SCRIPT_HIRAGANA,
    SCRIPT_KATAKANA,
    SCRIPT_LATIN,
};

static enum script script_of(uint32_t character)
{
    if (is_digit(character) || is_one_of(character, "－‐―丁目番地号"))
        return SCRIPT_NUMBER;
    if (character >= 0x3041 && character <= 0x309F)
        return SCRIPT_HIRAGANA;
    if (character >= 0x30A0 && character <= 0x30FF)
        return SCRIPT_KATAKANA;
    if ((character >= 0xFF21 && character <= 0xFF3A) || (character >= 0xFF41 && character <= 0xFF5A))
        return SCRIPT_LATIN;
    return SCRIPT_OTHER;
}

/* How good a place is, between `before` and `behind`. */
enum quality { ANYWHERE, OUTSIDE_NUMBERS, CHANGE_OF_SCRIPT, BEHIND_NUMBER, AT_BLANK };

static enum quality quality_of(uint32_t before, uint32_t behind)
{
    enum script left = script_of(before);
    enum script right = script_of(behind);
    if (behind == WIDE_BLANK)
        return AT_BLANK;
    /* A room's letter goes with its number: Ａ１０１, １０１Ａ. */
    bool number = left == SCRIPT_NUMBER || left == SCRIPT_LATIN;
    if (number && (right == SCRIPT_NUMBER || right == SCRIPT_LATIN))
        return ANYWHERE;
    if (before == 0x30FC || behind == 0x30FC) /* ー, of a word or of a number */
        return left == right ? OUTSIDE_NUMBERS : ANYWHERE;
    if (left == SCRIPT_NUMBER)
        return is_one_of(behind, "階室棟Ｆ") ? ANYWHERE : BEHIND_NUMBER;
    return left != right ? CHANGE_OF_SCRIPT : OUTSIDE_NUMBERS;
}

static struct span behind(struct span text, struct span part)
{
    return (struct span){text.data + part.length, text.length - part.length};
}

bool address_split(struct span text, size_t most, struct span *first, struct span *second)
{
    size_t count = utf8_characters(text);
    int best = -1;
    *first = utf8_beginning(text, most);
    *second = utf8_beginning(behind(text, *first), most);
    if (count <= most)
        return true;
    uint32_t before = 0;
    size_t size = 0;
    for (size_t at = 0, bytes = 0; at <= most; at++, bytes += size) {
        struct span rest = {text.data + bytes, text.length - bytes};
        uint32_t character = utf8_decode(rest, &size);
        bool blank = character == WIDE_BLANK;
        int quality = (int)quality_of(before, character);
        if (at > 0 && quality >= best && count - at - (blank ? 1 : 0) <= most) {
            best = quality;
            *first = (struct span){text.data, bytes};
            *second = blank ? (struct span){rest.data + size, rest.length - size} : rest;
        }
        before = character;
    }
    return best >= 0;
}
