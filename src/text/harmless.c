/* text/harmless.c: see harmless.h. */
#include "text/harmless.h"

#include "text/utf8.h"

void harmless_put_line(struct span text, struct buf *out)
{
    for (size_t size = 0; text.length > 0; text = (struct span){text.data + size, text.length - size}) {
        uint32_t character = utf8_decode(text, &size);
        utf8_encode(harmless_is_control(character) ? ' ' : character, out);
    }
}

void harmless_put_cell(struct span text, struct buf *out)
{
    size_t size;
    if (text.length > 0 && harmless_begins_formula(utf8_decode(text, &size)))
        buf_append_byte(out, '\'');
    harmless_put_line(text, out);
}
