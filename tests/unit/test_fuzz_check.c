/* tests/unit/test_fuzz_check.c: any bytes as a whole file, as far as the corpus and some mutations show (see
 * fuzz_check.c). */
#include "fuzz_corpus.h"

#include "../fuzz/fuzz_check.c"

int main(void)
{
    static const char letters[] = "\"\",,\r\n\t 0=\x81\x5C\xFF\x00";
    return fuzz_corpus_run("check", (struct span){letters, sizeof letters - 1}, 500);
}
