/* text/encoding.h: what an order CSV is encoded in, and the way between its bytes and UTF-8.
 *
 * CP932 is Shift_JIS as Windows writes it: ① ㈱ 髙 ～ live there. (glibc's SHIFT_JIS is another table, where 0x5C is
 * ¥.) It is what Robot-in writes, and what a file is taken for unless something speaks against it. */
#ifndef TEXT_ENCODING_H
#define TEXT_ENCODING_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

enum text_encoding { TEXT_CP932, TEXT_UTF8, TEXT_UTF16LE, TEXT_UTF16BE };

/* What an encoding was told by. */
enum text_reason {
    TEXT_BY_MARK,  /* a byte order mark */
    TEXT_BY_NULS,  /* UTF-16 without one: every other byte is a NUL, or may be */
    TEXT_BY_UTF8,  /* characters beyond ASCII that are UTF-8 */
    TEXT_BY_CP932, /* characters beyond ASCII that are none: CP932 */
    TEXT_BY_ASCII, /* ASCII only, which is the same in both: CP932 */
    TEXT_BY_ORDER, /* somebody said so */
};

struct text_guess {
    enum text_encoding encoding;
    unsigned mark; /* bytes of the byte order mark: 0, 2 or 3 */
    enum text_reason reason;
};

/* What the file is that begins with `head`: with all of it, or with as much as holds the header line, and some rows if
 * that is plain ASCII. It is told by the header line: a damaged cell further down is a matter of its row. Within the
 * line, one damaged heading does not outweigh those that are sound.
 *
 * False: no text at all (a workbook, an archive, an image). It begins as a ZIP, OLE or PDF file does, or has a control
 * character other than TAB, CR and LF within its first 16 bytes; further on, that is damage. */
bool text_guess(struct span head, struct text_guess *guess);

/* The same where somebody has said what the file is; both byte orders stand for UTF-16, whose order is then told by its
 * mark, or by its NULs, or else is little end first. False where a byte order mark says otherwise: `guess` has what
 * that says. Nothing but the mark is held against what was said. */
bool text_obey(struct span head, enum text_encoding said, struct text_guess *guess);

static inline bool text_is_utf16(enum text_encoding encoding)
{
    return encoding == TEXT_UTF16LE || encoding == TEXT_UTF16BE;
}

/* For people: "Shift_JIS", "UTF-8", "UTF-16"; for programs: "cp932", "utf-8", "utf-16". Static. */
const char *text_encoding_name(enum text_encoding encoding);
const char *text_encoding_code(enum text_encoding encoding);

/* Two conversions, each with a state: for one thread. */
struct text_codec;

/* Between `encoding` and UTF-8; a UTF-16 file is UTF-8 by the time that a codec sees it (csv_source_recode()), so its
 * codec is that of UTF-8. NULL with `error`: out of memory, or ENCODING_UNAVAILABLE where this machine's iconv lacks
 * CP932. */
struct text_codec *text_codec_new(enum text_encoding encoding, struct error *error);

/* NULL is allowed. */
void text_codec_free(struct text_codec *codec);

/* Append `bytes` of the file to `out` as UTF-8. False: the byte at `*bad`, counted from 0, begins no character of the
 * encoding, or one that is cut off; what stands before it was appended. Surrogates, overlong forms and what is beyond
 * U+10FFFF are no UTF-8. */
bool text_decode(struct text_codec *codec, struct span bytes, struct buf *out, size_t *bad);

/* Append `text` (UTF-8) to `out` as the file's encoding has it. What CP932 cannot hold is replaced visibly, never
 * dropped:
 *   〜 U+301C → ～   − U+2212 → －   ‖ U+2016 → ∥   — U+2014 → ―   ¢ £ ¬ → ￠ ￡ ￢   ¥ → ￥   no-break space → space
 *   anything else → 〓
 * UTF-8 stays as it is, but for bytes that are none: U+FFFD. */
void text_encode(struct text_codec *codec, struct span text, struct buf *out);

/* Whether text_encode() leaves `text` as it is, or replaces characters only by those that are the same to a reader: 〓
 * stands for none, and U+FFFD neither. Otherwise `*bad` is the byte where the first such character begins. */
bool text_can_encode(struct text_codec *codec, struct span text, size_t *bad);

#endif
