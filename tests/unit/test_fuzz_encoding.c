/* tests/unit/test_fuzz_encoding.c: any bytes in any encoding, as far as the corpus and some mutations show (see
 * fuzz_encoding.c). */
#include "fuzz_corpus.h"

#include "../fuzz/fuzz_encoding.c"

int main(void)
{
    static const char letters[] = "\x00\x0A,\x41\x81\x9F\xE3\x81\x82\xEF\xBB\xBF\xFF\xFE\xFC\x5C";
    return fuzz_corpus_run("encoding", (struct span){letters, sizeof letters - 1}, 50000);
}
