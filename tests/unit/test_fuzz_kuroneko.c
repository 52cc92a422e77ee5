/* tests/unit/test_fuzz_kuroneko.c: any bytes as an answer of the public protocol, as far as the corpus and some
 * mutations show (see fuzz_kuroneko.c). */
#include "fuzz_corpus.h"

#include "../fuzz/fuzz_kuroneko.c"

int main(void)
{
    static const char letters[] = "<>/&;#'\"=!?-[]x01239 \n\r\t\xC3\xA9\xE3\x81\x82\xF0\x9F\x98\x80";
    return fuzz_corpus_run("kuroneko", (struct span){letters, sizeof letters}, 20000);
}
