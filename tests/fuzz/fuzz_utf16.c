/* tests/fuzz/fuzz_utf16.c: any bytes as UTF-16 and as UTF-8. What must hold for any input, in either byte order:
 *   - pieces make no difference, and what is pending is never more than three bytes;
 *   - UTF-16 comes back from UTF-8 byte for byte, lone surrogates too, but for half a unit at its end;
 *   - the UTF-8 is valid unless there are lone surrogates, and counts as many units as there were;
 *   - any bytes at all become whole units of UTF-16, which come back. */
#include "fuzz.h"

#include "text/utf16.h"
#include "text/utf8.h"

static bool read_all(struct span bytes, bool big_end_first, size_t piece, struct buf *out)
{
    struct utf16_reader reader = {.big_end_first = big_end_first};
    buf_clear(out);
    for (size_t at = 0; at < bytes.length; at += piece) {
        size_t left = bytes.length - at;
        utf16_read(&reader, (struct span){bytes.data + at, piece < left ? piece : left}, out);
        FUZZ_CHECK(utf16_pending(&reader) <= 3);
        FUZZ_CHECK(out->length + utf16_pending(&reader) <= (at + (piece < left ? piece : left)) * 3 / 2 + 1);
    }
    return utf16_read_end(&reader, out);
}

static void write_all(struct span text, bool big_end_first, size_t piece, struct buf *out)
{
    struct utf16_writer writer = {.big_end_first = big_end_first};
    buf_clear(out);
    for (size_t at = 0; at < text.length; at += piece) {
        size_t left = text.length - at;
        utf16_write(&writer, (struct span){text.data + at, piece < left ? piece : left}, out);
    }
    FUZZ_CHECK(out->length <= text.length * 2);
    utf16_write_end(&writer, out);
    FUZZ_CHECK(out->length <= text.length * 2 && out->length % 2 == 0);
}

static unsigned unit_of(struct span bytes, size_t unit, bool big_end_first)
{
    unsigned char first = (unsigned char)bytes.data[2 * unit];
    unsigned char second = (unsigned char)bytes.data[2 * unit + 1];
    return big_end_first ? (unsigned)first << 8 | second : (unsigned)second << 8 | first;
}

static bool has_lone_surrogate(struct span bytes, bool big_end_first)
{
    bool high = false;
    for (size_t unit = 0; unit < bytes.length / 2; unit++) {
        unsigned kind = unit_of(bytes, unit, big_end_first) & 0xFC00U;
        if (high != (kind == 0xDC00U))
            return true;
        high = kind == 0xD800U;
    }
    return high;
}

static void check_utf16(struct span bytes, bool big_end_first, size_t piece)
{
    struct buf text = {0};
    struct buf again = {0};
    bool whole = read_all(bytes, big_end_first, bytes.length + 1, &text);
    FUZZ_CHECK(whole == (bytes.length % 2 == 0));
    FUZZ_CHECK(read_all(bytes, big_end_first, piece, &again) == whole);
    FUZZ_CHECK(span_equal(fuzz_text(&text), fuzz_text(&again)));
    FUZZ_CHECK(utf8_units(fuzz_text(&text)) == bytes.length / 2);
    FUZZ_CHECK((utf8_valid_length(fuzz_text(&text)) == text.length) != has_lone_surrogate(bytes, big_end_first));
    write_all(fuzz_text(&text), big_end_first, piece, &again);
    FUZZ_CHECK(span_equal(fuzz_text(&again), (struct span){bytes.data, bytes.length / 2 * 2}));
    buf_free(&text);
    buf_free(&again);
}

static void check_utf8(struct span text, bool big_end_first, size_t piece)
{
    struct buf units = {0};
    struct buf again = {0};
    struct buf back = {0};
    write_all(text, big_end_first, text.length + 1, &units);
    write_all(text, big_end_first, piece, &again);
    FUZZ_CHECK(span_equal(fuzz_text(&units), fuzz_text(&again)));
    FUZZ_CHECK(read_all(fuzz_text(&units), big_end_first, piece, &back));
    if (utf8_valid_length(text) == text.length)
        FUZZ_CHECK(span_equal(fuzz_text(&back), text));
    write_all(fuzz_text(&back), big_end_first, piece, &again);
    FUZZ_CHECK(span_equal(fuzz_text(&units), fuzz_text(&again)));
    buf_free(&units);
    buf_free(&again);
    buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    for (size_t piece = 1; piece <= 5; piece++) {
        check_utf16(bytes, piece % 2 == 0, piece);
        check_utf16(bytes, piece % 2 != 0, piece);
        check_utf8(bytes, piece % 2 == 0, piece);
    }
    return 0;
}
