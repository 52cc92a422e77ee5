/* tests/fuzz/fuzz.h: what the targets share. Each is an entry for libFuzzer; tests/unit/test_fuzz_*.c run them over
 * their corpora. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is done when something does not hold; the unit tests have a way of their own. */
#ifndef FUZZ_CHECK
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))
static void fuzz_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    abort();
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct span fuzz_text(const struct buf *buf)
{
    return (struct span){buf_text(buf), buf->length};
}

#endif
