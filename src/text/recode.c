/* text/recode.c: see recode.h. */
#include "text/recode.h"

#include "text/utf8.h"

enum { CHARACTER_MAX = 4 }; /* bytes of one in any encoding */

/* Decode as far as it goes; at the `end` to the last byte. How many bytes are left: less than a character may have. */
static size_t decode(struct text_recoder *recoder, struct span bytes, bool end)
{
    size_t bad;
    while (bytes.length > 0 && !text_decode(recoder->from, bytes, &recoder->text, &bad)) {
        bytes = (struct span){bytes.data + bad, bytes.length - bad};
        if (recoder->text.failed || (!end && bytes.length < CHARACTER_MAX))
            return bytes.length;
        utf8_encode(UTF8_INVALID, &recoder->text);
        bytes = (struct span){bytes.data + 1, bytes.length - 1};
    }
    return 0;
}

static void recode(struct text_recoder *recoder, struct span bytes, bool end, struct buf *out)
{
    char rest[CHARACTER_MAX];
    struct buf *held = &recoder->held;
    buf_append(held, bytes.data, bytes.length);
    buf_clear(&recoder->text);
    size_t left = decode(recoder, (struct span){buf_text(held), held->length}, end);
    text_encode(recoder->to, (struct span){buf_text(&recoder->text), recoder->text.length}, out);
    out->failed = out->failed || held->failed || recoder->text.failed;
    if (out->failed)
        return;
    if (left > 0)
        memcpy(rest, buf_text(held) + held->length - left, left);
    buf_clear(held);
    buf_append(held, rest, left);
}

void text_recode(struct text_recoder *recoder, struct span bytes, struct buf *out)
{
    recode(recoder, bytes, false, out);
}

void text_recode_end(struct text_recoder *recoder, struct buf *out)
{
    recode(recoder, (struct span){"", 0}, true, out);
}

void text_recoder_free(struct text_recoder *recoder)
{
    buf_free(&recoder->held);
    buf_free(&recoder->text);
}
