/* text/encoding.h: between the bytes of an order CSV (CP932) and UTF-8, by iconv.
 *
 * CP932 is Shift_JIS as Windows writes it: ① ㈱ 髙 ～ live there. (glibc's SHIFT_JIS is another table, where 0x5C is
 * ¥.) */
#ifndef TEXT_ENCODING_H
#define TEXT_ENCODING_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

enum { TEXT_KIND_HEAD = 16 }; /* bytes: no header that is of use is shorter, no kind of file is told later */

/* What the first bytes of a file look like. */
enum text_kind {
    TEXT_CP932,  /* or plain ASCII */
    TEXT_UTF8,   /* with or without a byte order mark */
    TEXT_UTF16,  /* with one */
    TEXT_BINARY, /* no text at all: a workbook, an archive, an image */
};

/* `head` is the beginning of a file: its first row, or a part of that; but TEXT_KIND_HEAD bytes at least, where the
 * file has as many. Binary is what holds control characters other than TAB, CR and LF in those, or begins as a ZIP, OLE
 * or PDF file does; UTF-8 is what has a byte order mark, or is valid as such and more than ASCII. */
enum text_kind text_kind_of(struct span head);

/* For messages: "UTF-8", "UTF-16"; "Shift_JIS". Static. */
const char *text_kind_name(enum text_kind kind);

/* Two conversions, each with a state: for one thread. */
struct text_codec;

/* NULL with `error`: out of memory, or ENCODING_UNAVAILABLE where this machine's iconv lacks CP932. */
struct text_codec *text_codec_new(struct error *error);

/* NULL is allowed. */
void text_codec_free(struct text_codec *codec);

/* Append `bytes` (CP932) to `out` as UTF-8. False: the byte at `*bad`, counted from 0, begins no character of CP932, or
 * one that is cut off; what stands before it was appended. */
bool text_decode(struct text_codec *codec, struct span bytes, struct buf *out, size_t *bad);

/* Append `text` (UTF-8) to `out` as CP932. What CP932 cannot hold is replaced visibly, never dropped:
 *   〜 U+301C → ～   − U+2212 → －   ‖ U+2016 → ∥   — U+2014 → ―   ¢ £ ¬ → ￠ ￡ ￢   ¥ → ￥   no-break space → space
 *   anything else → 〓 */
void text_encode(struct text_codec *codec, struct span text, struct buf *out);

#endif
