/* tests/fuzz/fuzz_encoding.c: any bytes as the head of a file, as CP932, and as text to be encoded. What must hold:
 *   - the guess names a byte order mark that is there, and what it names is obeyed; plain ASCII is told as such, and a
 *     text that is valid UTF-8 is never taken for CP932 when it says anything beyond ASCII in its first line;
 *   - what cannot be decoded is told by the first byte that begins no character: up to there, it can;
 *   - what is decoded is valid UTF-8, and comes back as the same text;
 *   - what is encoded can be decoded, has as many characters as the text, and is encoded as the same bytes again. */
#include "fuzz.h"

#include "text/encoding.h"
#include "text/utf8.h"

static bool begins_with(struct span text, const char *bytes, size_t length)
{
    return text.length >= length && memcmp(text.data, bytes, length) == 0;
}

static void check_mark(struct span head, const struct text_guess *guess)
{
    switch (guess->encoding) {
    case TEXT_CP932:
        FUZZ_CHECK(guess->mark == 0);
        break;
    case TEXT_UTF8:
        FUZZ_CHECK((guess->mark == 3) == begins_with(head, "\xEF\xBB\xBF", 3));
        break;
    case TEXT_UTF16LE:
        FUZZ_CHECK((guess->mark == 2) == begins_with(head, "\xFF\xFE", 2));
        break;
    case TEXT_UTF16BE:
        FUZZ_CHECK((guess->mark == 2) == begins_with(head, "\xFE\xFF", 2));
        break;
    }
    FUZZ_CHECK((guess->mark > 0) == (guess->reason == TEXT_BY_MARK));
}

/* Bytes of the first line. */
static size_t line_length(struct span head)
{
    size_t length = 0;
    while (length < head.length && head.data[length] != '\n' && head.data[length] != '\r')
        length++;
    return length;
}

static void check_guess(struct span head)
{
    struct text_guess guess;
    struct text_guess obeyed;
    bool text = text_guess(head, &guess);
    struct span line = {head.data, line_length(head)};
    check_mark(head, &guess);
    if (guess.reason == TEXT_BY_ASCII)
        FUZZ_CHECK(guess.encoding == TEXT_CP932 && utf8_is_ascii(head));
    if (utf8_is_ascii(head) && (head.length == 0 || memchr(head.data, '\0', head.length) == NULL))
        FUZZ_CHECK(guess.reason == TEXT_BY_ASCII);
    if (!utf8_is_ascii(line) && utf8_valid_length(line) == line.length)
        FUZZ_CHECK(guess.encoding != TEXT_CP932);
    for (enum text_encoding said = TEXT_CP932; said <= TEXT_UTF16BE; said++) {
        bool may_be = text_obey(head, said, &obeyed);
        check_mark(head, &obeyed);
        FUZZ_CHECK(may_be || obeyed.mark > 0);
        FUZZ_CHECK(!may_be || obeyed.encoding == said || (text_is_utf16(said) && text_is_utf16(obeyed.encoding)));
    }
    if (text && guess.encoding != TEXT_CP932)
        FUZZ_CHECK(text_obey(head, guess.encoding, &obeyed) && obeyed.encoding == guess.encoding);
}

static size_t characters(struct span text)
{
    size_t count = 0;
    for (size_t at = 0, size = 0; at < text.length; at += size, count++)
        utf8_decode((struct span){text.data + at, text.length - at}, &size);
    return count;
}

static void check_decode(struct text_codec *codec, struct span bytes)
{
    struct buf text = {0};
    struct buf again = {0};
    struct buf encoded = {0};
    size_t bad = bytes.length;
    size_t none;
    bool all = text_decode(codec, bytes, &text, &bad);
    FUZZ_CHECK(all || bad < bytes.length);
    FUZZ_CHECK(utf8_valid_length(fuzz_text(&text)) == text.length);
    FUZZ_CHECK(text_decode(codec, (struct span){bytes.data, all ? bytes.length : bad}, &again, &none));
    FUZZ_CHECK(span_equal(fuzz_text(&text), fuzz_text(&again)));
    if (!all) {
        struct span rest = {bytes.data + bad, bytes.length - bad};
        buf_clear(&again);
        FUZZ_CHECK(!text_decode(codec, rest, &again, &none) && none == 0 && again.length == 0);
    }
    text_encode(codec, fuzz_text(&text), &encoded);
    buf_clear(&again);
    FUZZ_CHECK(text_decode(codec, fuzz_text(&encoded), &again, &none));
    FUZZ_CHECK(span_equal(fuzz_text(&text), fuzz_text(&again)));
    buf_free(&text);
    buf_free(&again);
    buf_free(&encoded);
}

static void check_encode(struct text_codec *codec, struct span text)
{
    struct buf encoded = {0};
    struct buf decoded = {0};
    struct buf again = {0};
    size_t bad;
    text_encode(codec, text, &encoded);
    FUZZ_CHECK(text_decode(codec, fuzz_text(&encoded), &decoded, &bad));
    FUZZ_CHECK(characters(text) == characters(fuzz_text(&decoded)));
    text_encode(codec, fuzz_text(&decoded), &again);
    FUZZ_CHECK(span_equal(fuzz_text(&encoded), fuzz_text(&again)));
    buf_free(&encoded);
    buf_free(&decoded);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    check_guess(bytes);
    for (enum text_encoding encoding = TEXT_CP932; encoding <= TEXT_UTF8; encoding++) {
        struct error error;
        struct text_codec *codec = text_codec_new(encoding, &error);
        FUZZ_CHECK(codec != NULL);
        check_decode(codec, bytes);
        check_encode(codec, bytes);
        text_codec_free(codec);
    }
    return 0;
}
