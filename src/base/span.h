/* base/span.h: some bytes that belong to somebody else. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *data; /* not NUL-terminated; NULL: no value at all, which is not the same as an empty one */
    size_t length;    /* bytes */
};

static inline struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool span_is(struct span span, const char *text)
{
    return span_equal(span, span_of(text));
}

/* Whether `part` occurs in `whole`. */
static inline bool span_contains(struct span whole, struct span part)
{
    return part.length == 0 || (whole.length > 0 && memmem(whole.data, whole.length, part.data, part.length) != NULL);
}

#endif
