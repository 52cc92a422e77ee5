/* text/encoding.c: see encoding.h. */
#include "text/encoding.h"

#include "text/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

struct text_codec {
    iconv_t decoder; /* CP932 → UTF-8 */
    iconv_t encoder; /* UTF-8 → CP932 */
};

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

struct text_codec *text_codec_new(struct error *error)
{
    struct text_codec *codec = malloc(sizeof *codec);
    if (codec == NULL) {
        error_set_memory(error);
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

bool text_decode(struct text_codec *codec, struct span bytes, struct buf *out, size_t *bad)
{
    int reason;
    if (utf8_is_ascii(bytes)) {
        buf_append(out, bytes.data, bytes.length);
        return true;
    }
    *bad = convert(codec->decoder, bytes, out, &reason);
    return reason == 0;
}

static bool starts_with(struct span text, const char *bytes, size_t length)
{
    return text.length >= length && memcmp(text.data, bytes, length) == 0;
}

/* Whether iconv must not see what `text` begins with: glibc makes \\ of ¥ and ~ of U+203E, and drops tag characters
 * (U+E0000 to U+E007F) without a word. */
static bool is_kept_from_iconv(struct span text)
{
    static const struct span kept[] = {{"\xC2\xA5", 2}, {"\xE2\x80\xBE", 3}, {"\xF3\xA0\x80", 3}, {"\xF3\xA0\x81", 3}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (starts_with(text, kept[i].data, kept[i].length))
            return true;
    return false;
}

/* How much of `text` iconv may see at once: up to what is kept from it, and not more than a few words, whole
 * characters. It reads ahead, and does so anew behind each character that does not fit. */
static size_t length_for_iconv(struct span text)
{
    enum { PIECE = 256 };
    size_t length = 0;
    while (length < text.length && !is_kept_from_iconv((struct span){text.data + length, text.length - length})) {
        bool begins = ((unsigned char)text.data[length] & 0xC0U) != 0x80U;
        if (length >= PIECE && begins)
            break;
        length++;
    }
    return length;
}

void text_encode(struct text_codec *codec, struct span text, struct buf *out)
{
    int reason;
    if (utf8_is_ascii(text)) {
        buf_append(out, text.data, text.length);
        return;
    }
    size_t visible = 0; /* bytes that iconv may see; looked for anew only when it has seen them */
    while (text.length > 0) {
        if (visible == 0)
            visible = length_for_iconv(text);
        size_t done = convert(codec->encoder, (struct span){text.data, visible}, out, &reason);
        bool stuck = visible == 0 || reason != 0; /* the next character is kept from iconv, or does not fit */
        text = (struct span){text.data + done, text.length - done};
        visible -= done;
        if (reason == ENOMEM)
            return; /* `out` has failed, and says so */
        if (stuck) {
            size_t size;
            struct span substitute = span_of(substitute_of(utf8_decode(text, &size)));
            convert(codec->encoder, substitute, out, &reason);
            text = (struct span){text.data + size, text.length - size};
            visible = visible > size ? visible - size : 0;
        }
    }
}

/* A control character where none may be in any kind of text file. Further on, a NUL is a damaged heading. */
static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.length && i < TEXT_KIND_HEAD; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n')
            return true;
    }
    return false;
}

/* Valid UTF-8; a character that is cut off at the end does not count. */
static bool is_utf8(struct span text)
{
    struct buf out = {0};
    int reason = EILSEQ;
    iconv_t conversion = iconv_open("UTF-16LE", "UTF-8");
    if (conversion != (iconv_t)-1) {
        convert(conversion, text, &out, &reason);
        iconv_close(conversion);
    }
    buf_free(&out);
    return reason == 0 || reason == EINVAL;
}

enum text_kind text_kind_of(struct span head)
{
    if (starts_with(head, "\xFF\xFE", 2) || starts_with(head, "\xFE\xFF", 2))
        return TEXT_UTF16;
    if (starts_with(head, "PK\x03\x04", 4) || starts_with(head, "\xD0\xCF\x11\xE0", 4) ||
        starts_with(head, "%PDF", 4) || has_control(head))
        return TEXT_BINARY;
    if (starts_with(head, "\xEF\xBB\xBF", 3) || (!utf8_is_ascii(head) && is_utf8(head)))
        return TEXT_UTF8;
    return TEXT_CP932;
}

const char *text_kind_name(enum text_kind kind)
{
    switch (kind) {
    case TEXT_UTF8:
        return "UTF-8";
    case TEXT_UTF16:
        return "UTF-16";
    case TEXT_CP932:
    case TEXT_BINARY:
        break;
    }
    return "Shift_JIS";
}
