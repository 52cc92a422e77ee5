/* text/encoding.c: see encoding.h. */
#include "text/encoding.h"

#include "text/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { HEAD = 16 }; /* bytes: no header that is of use is shorter, no kind of binary file is told later */

/* A character in the other encoding, where it has three bytes at most: these, and how many. 0: iconv was not asked yet,
 * or there is no such character. */
struct known {
    char bytes[3];
    unsigned char length;
};

enum {
    SINGLES = 0x100, /* characters of CP932 of one byte */
    PAIRS = 0x10000, /* of two, the first of which is the higher one here */
    PLANE = 0x10000, /* characters up to U+FFFF; CP932 has no others */
};

struct text_codec {
    bool converts;         /* CP932; what follows is there. Otherwise UTF-8, which only needs to be looked at */
    iconv_t decoder;       /* CP932 → UTF-8 */
    iconv_t encoder;       /* UTF-8 → CP932 */
    struct known *known;   /* owned; what iconv said of each character of CP932: first SINGLES, then PAIRS */
    struct known *encoded; /* owned; what stands for each character of PLANE in CP932 */
};

/* A table of zeros; NULL when memory ran out. Few of its pages are ever used, and mmap() gives those only, where
 * calloc() may have to clear a quarter of a mebibyte: longer than it takes to check a small file. */
static struct known *new_table(size_t count)
{
    void *table = mmap(NULL, count * sizeof(struct known), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return table != MAP_FAILED ? table : NULL;
}

static void free_table(struct known *table, size_t count)
{
    if (table != NULL)
        munmap(table, count * sizeof *table);
}

/* What stands in for a character that CP932 lacks. The tables of Unicode and Windows disagree about these. */
static const struct {
    uint32_t character;
    const char *substitute;
} substitutes[] = {
    {0x301C, "～"}, {0x2212, "－"}, {0x2016, "∥"},  {0x2014, "―"}, {0x00A2, "￠"},
    {0x00A3, "￡"}, {0x00AC, "￢"}, {0x00A5, "￥"}, {0x00A0, " "},
};

static const char *substitute_of(uint32_t character)
{
    for (size_t i = 0; i < sizeof substitutes / sizeof *substitutes; i++)
        if (substitutes[i].character == character)
            return substitutes[i].substitute;
    return "〓";
}

struct text_codec *text_codec_new(enum text_encoding encoding, struct error *error)
{
    struct text_codec *codec = malloc(sizeof *codec);
    if (codec == NULL) {
        error_set_memory(error);
        return NULL;
    }
    *codec = (struct text_codec){.converts = encoding == TEXT_CP932, .decoder = (iconv_t)-1, .encoder = (iconv_t)-1};
    if (!codec->converts)
        return codec;
    codec->known = new_table(SINGLES + PAIRS);
    codec->encoded = new_table(PLANE);
    if (codec->known == NULL || codec->encoded == NULL) {
        error_set_memory(error);
        text_codec_free(codec);
        return NULL;
    }
    codec->decoder = iconv_open("UTF-8", "CP932");
    codec->encoder = iconv_open("CP932", "UTF-8");
    if (codec->decoder == (iconv_t)-1 || codec->encoder == (iconv_t)-1) {
        error_set_errno(error, ERROR_CONFIG, "ENCODING_UNAVAILABLE", NULL, errno);
        text_codec_free(codec);
        return NULL;
    }
    return codec;
}

void text_codec_free(struct text_codec *codec)
{
    if (codec == NULL)
        return;
    if (codec->decoder != (iconv_t)-1)
        iconv_close(codec->decoder);
    if (codec->encoder != (iconv_t)-1)
        iconv_close(codec->encoder);
    free_table(codec->known, SINGLES + PAIRS);
    free_table(codec->encoded, PLANE);
    free(codec);
}

/* Convert as much as goes, and back to the initial state. The bytes of `from` that were converted; `*reason` is 0 or
 * iconv's errno: EILSEQ, EINVAL (cut off), ENOMEM. */
static size_t convert(iconv_t conversion, struct span from, struct buf *out, int *reason)
{
    char *in = (char *)from.data; /* iconv reads it only */
    size_t left = from.length;
    *reason = 0;
    iconv(conversion, NULL, NULL, NULL, NULL);
    while (left > 0) {
        /* No character of either side takes more than three times the bytes on the other. */
        if (!buf_reserve(out, left * 3 + 8)) {
            *reason = ENOMEM;
            break;
        }
        char *to = out->data + out->length;
        size_t room = out->capacity - out->length - 1;
        size_t done = iconv(conversion, &in, &left, &to, &room);
        int failed = errno;
        out->length = (size_t)(to - out->data);
        if (done == (size_t)-1 && failed != E2BIG) {
            *reason = failed;
            break;
        }
    }
    buf_append(out, "", 0);
    return from.length - left;
}

/* Ask iconv for the character in `bytes`, and remember what it says. It needs no memory: who cannot be asked for want
 * of some would pass for one who knows no such character. */
static void learn(iconv_t conversion, struct span bytes, struct known *known)
{
    char text[2 * sizeof known->bytes];
    char *in = (char *)bytes.data; /* iconv reads it only */
    char *to = text;
    size_t left = bytes.length;
    size_t room = sizeof text;
    iconv(conversion, NULL, NULL, NULL, NULL);
    size_t done = iconv(conversion, &in, &left, &to, &room);
    size_t length = (size_t)(to - text);
    if (done != (size_t)-1 && length <= sizeof known->bytes) {
        memcpy(known->bytes, text, length);
        known->length = (unsigned char)length;
    }
}

/* Decode up to the first character that iconv has to judge: one that is cut off, or none at all. How many bytes. */
static size_t decode_known(const struct text_codec *codec, struct span bytes, struct buf *out)
{
    size_t at = 0;
    if (!buf_reserve(out, bytes.length * sizeof codec->known->bytes + sizeof codec->known->bytes))
        return 0;
    char *to = out->data + out->length;
    while (at < bytes.length) {
        unsigned char first = (unsigned char)bytes.data[at];
        if (first < 0x80) {
            *to++ = (char)first;
            at++;
            continue;
        }
        bool pair = (first >= 0x81 && first <= 0x9F) || (first >= 0xE0 && first <= 0xFC);
        size_t size = pair ? 2 : 1;
        if (bytes.length - at < size)
            break;
        struct known *known = codec->known + first;
        if (pair)
            known = codec->known + SINGLES + ((size_t)first << 8 | (unsigned char)bytes.data[at + 1]);
        if (known->length == 0)
            learn(codec->decoder, (struct span){bytes.data + at, size}, known);
        if (known->length == 0)
            break;
        memcpy(to, known->bytes, sizeof known->bytes);
        to += known->length;
        at += size;
    }
    out->length = (size_t)(to - out->data);
    *to = '\0';
    return at;
}

bool text_decode(struct text_codec *codec, struct span bytes, struct buf *out, size_t *bad)
{
    int reason;
    if (utf8_is_ascii(bytes)) {
        buf_append(out, bytes.data, bytes.length);
        return true;
    }
    if (!codec->converts) {
        *bad = utf8_valid_length(bytes);
        buf_append(out, bytes.data, *bad);
        return *bad == bytes.length && !out->failed;
    }
    *bad = decode_known(codec, bytes, out);
    if (*bad == bytes.length)
        return true;
    *bad += convert(codec->decoder, (struct span){bytes.data + *bad, bytes.length - *bad}, out, &reason);
    return reason == 0;
}

static bool starts_with(struct span text, const char *bytes, size_t length)
{
    return text.length >= length && memcmp(text.data, bytes, length) == 0;
}

/* Whether iconv must not see this character: glibc makes \\ of ¥ and ~ of U+203E. */
static bool is_kept_from_iconv(uint32_t character)
{
    return character == 0xA5 || character == 0x203E;
}

/* What stands for a character of PLANE in CP932. */
static const struct known *encoded(const struct text_codec *codec, uint32_t character, struct span text)
{
    struct known *known = codec->encoded + character;
    if (known->length == 0 && !is_kept_from_iconv(character))
        learn(codec->encoder, text, known);
    if (known->length == 0)
        learn(codec->encoder, span_of(substitute_of(character)), known);
    return known;
}

void text_encode(struct text_codec *codec, struct span text, struct buf *out)
{
    if (utf8_is_ascii(text)) {
        buf_append(out, text.data, text.length);
        return;
    }
    if (!codec->converts) {
        utf8_clean(text, out);
        return;
    }
    for (size_t at = 0, size = 1; at < text.length; at += size) {
        struct span rest = {text.data + at, text.length - at};
        uint32_t character = utf8_decode(rest, &size);
        if (character >= PLANE)
            character = UTF8_INVALID; /* which is not in CP932 either */
        const struct known *known = encoded(codec, character, (struct span){rest.data, size});
        buf_append(out, known->bytes, known->length);
    }
}

bool text_can_encode(struct text_codec *codec, struct span text, size_t *bad)
{
    static const uint32_t geta = 0x3013; /* 〓 */
    *bad = 0;
    for (size_t size = 1; *bad < text.length; *bad += size) {
        struct span rest = {text.data + *bad, text.length - *bad};
        uint32_t character = utf8_decode(rest, &size);
        if (character == UTF8_INVALID)
            return false;
        if (!codec->converts || character < 0x80 || character == geta)
            continue;
        if (character >= PLANE || strcmp(substitute_of(character), "〓") == 0) {
            const struct known *known =
                character < PLANE ? encoded(codec, character, (struct span){rest.data, size}) : NULL;
            const struct known *none = encoded(codec, geta, span_of("〓"));
            if (known == NULL || memcmp(known->bytes, none->bytes, none->length) == 0)
                return false;
        }
    }
    return true;
}

/* ---- What a file is ---- */

static bool is_control(unsigned character)
{
    return character < 0x20 && character != '\t' && character != '\r' && character != '\n';
}

static bool is_binary(struct span head)
{
    if (starts_with(head, "PK\x03\x04", 4) || starts_with(head, "\xD0\xCF\x11\xE0", 4) || starts_with(head, "%PDF", 4))
        return true;
    for (size_t i = 0; i < head.length && i < HEAD; i++)
        if (is_control((unsigned char)head.data[i]))
            return true;
    return false;
}

static bool find_mark(struct span head, struct text_guess *guess)
{
    static const struct {
        struct span bytes;
        enum text_encoding encoding;
    } marks[] = {{{"\xEF\xBB\xBF", 3}, TEXT_UTF8}, {{"\xFF\xFE", 2}, TEXT_UTF16LE}, {{"\xFE\xFF", 2}, TEXT_UTF16BE}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (!starts_with(head, marks[i].bytes.data, marks[i].bytes.length))
            continue;
        *guess = (struct text_guess){marks[i].encoding, (unsigned)marks[i].bytes.length, TEXT_BY_MARK};
        return true;
    }
    return false;
}

static unsigned unit_at(struct span text, size_t at, enum text_encoding order)
{
    unsigned first = (unsigned char)text.data[at];
    unsigned second = (unsigned char)text.data[at + 1];
    return order == TEXT_UTF16BE ? first << 8 | second : second << 8 | first;
}

static bool has_control_unit(struct span head, enum text_encoding order)
{
    for (size_t at = 0; at + 1 < head.length && at < HEAD; at += 2)
        if (is_control(unit_at(head, at, order)))
            return true;
    return false;
}

static bool is_delimiter(unsigned character)
{
    return character == ',' || character == '\t';
}

/* Whether the header line reads as UTF-16 of this byte order. Its ASCII characters are units whose other byte is a NUL,
 * and NULs stand hardly anywhere else (U+4E00 has one on the other side). A NUL or two that got into another encoding
 * would pass for that; but there the delimiters stand alone, not in units of their own. */
static bool reads_as_utf16(struct span head, enum text_encoding order)
{
    size_t ascii = 0;
    size_t others = 0; /* NULs on the other side */
    size_t delimiters = 0;
    size_t alone = 0; /* bytes that would be a delimiter by themselves */
    for (size_t at = 0; at + 1 < head.length; at += 2) {
        unsigned unit = unit_at(head, at, order);
        if (unit == '\n' || unit == '\r')
            break;
        ascii += unit < 0x80;
        others += (unit & 0xFFU) == 0;
        delimiters += is_delimiter(unit);
        alone += !is_delimiter(unit) && (is_delimiter(unit >> 8) || is_delimiter(unit & 0xFFU));
    }
    return ascii >= 2 && ascii > 4 * others && delimiters >= alone && !has_control_unit(head, order);
}

/* How many runs of bytes beyond ASCII are UTF-8, less those that are not; a character that the end of `text` cuts off
 * is no fault. `runs` gets how many there are. */
static ptrdiff_t utf8_balance(struct span text, bool to_line_end, size_t *runs)
{
    ptrdiff_t balance = 0;
    *runs = 0;
    for (size_t at = 0; at < text.length;) {
        size_t end = at;
        while (end < text.length && (unsigned char)text.data[end] >= 0x80)
            end++;
        struct span run = {text.data + at, end - at};
        size_t valid = utf8_valid_length(run);
        bool cut = end == text.length && utf8_is_cut((struct span){run.data + valid, run.length - valid});
        if (run.length > 0) {
            balance += valid == run.length || cut ? 1 : -1;
            ++*runs;
        }
        if (end < text.length && to_line_end && (text.data[end] == '\n' || text.data[end] == '\r'))
            break;
        at = end + 1;
    }
    return balance;
}

bool text_guess(struct span head, struct text_guess *guess)
{
    if (find_mark(head, guess)) {
        struct span text = {head.data + guess->mark, head.length - guess->mark};
        return text_is_utf16(guess->encoding) ? !has_control_unit(text, guess->encoding) : !is_binary(text);
    }
    for (enum text_encoding order = TEXT_UTF16LE; order <= TEXT_UTF16BE; order++) {
        *guess = (struct text_guess){order, 0, TEXT_BY_NULS};
        if (reads_as_utf16(head, order))
            return true;
    }
    size_t runs;
    ptrdiff_t balance = utf8_balance(head, true, &runs);
    if (runs == 0)
        balance = utf8_balance(head, false, &runs);
    *guess = (struct text_guess){TEXT_CP932, 0, runs == 0 ? TEXT_BY_ASCII : TEXT_BY_CP932};
    if (balance > 0)
        *guess = (struct text_guess){TEXT_UTF8, 0, TEXT_BY_UTF8};
    return !is_binary(head);
}

bool text_obey(struct span head, enum text_encoding said, struct text_guess *guess)
{
    if (find_mark(head, guess))
        return guess->encoding == said || (text_is_utf16(guess->encoding) && text_is_utf16(said));
    *guess = (struct text_guess){said, 0, TEXT_BY_ORDER};
    if (text_is_utf16(said))
        guess->encoding = reads_as_utf16(head, TEXT_UTF16BE) ? TEXT_UTF16BE : TEXT_UTF16LE;
    return true;
}

const char *text_encoding_name(enum text_encoding encoding)
{
    return encoding == TEXT_CP932 ? "Shift_JIS" : encoding == TEXT_UTF8 ? "UTF-8" : "UTF-16";
}

const char *text_encoding_code(enum text_encoding encoding)
{
    return encoding == TEXT_CP932 ? "cp932" : encoding == TEXT_UTF8 ? "utf-8" : "utf-16";
}
