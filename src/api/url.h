/* api/url.h: what all dialects need to write URLs and forms. Pure. */
#ifndef API_URL_H
#define API_URL_H

#include "base/buf.h"
#include "base/span.h"

/* Append `text` percent-encoded: everything but the unreserved characters of RFC 3986. */
void url_put_encoded(struct buf *out, struct span text);

/* Append the base `url` without the slashes at its end. */
void url_put_base(struct buf *out, const char *url);

#endif
