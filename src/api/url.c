/* api/url.c: see url.h. */
#include "api/url.h"

void url_put_encoded(struct buf *out, struct span text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] != '\0' && strchr(unreserved, text.data[i]) != NULL)
            buf_append_byte(out, text.data[i]);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)text.data[i]);
    }
}

void url_put_base(struct buf *out, const char *url)
{
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    buf_append(out, url, length);
}
