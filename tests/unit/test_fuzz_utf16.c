/* tests/unit/test_fuzz_utf16.c: any bytes as UTF-16, as far as the corpus and some mutations show (see fuzz_utf16.c).
 */
#include "fuzz_corpus.h"

#include "../fuzz/fuzz_utf16.c"

int main(void)
{
    static const char letters[] = "\x00\xD8\xDB\xDC\xDF\x41\xE3\x81\xED\xA0\xF0\xF4\x8F\xBF";
    return fuzz_corpus_run("utf16", (struct span){letters, sizeof letters - 1}, 10000);
}
