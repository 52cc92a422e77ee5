/* tests/unit/test_fuzz_csv.c: records and cells of any bytes, as far as the corpus and some mutations show (see
 * fuzz_csv.c). */
#include "fuzz_corpus.h"

#include "../fuzz/fuzz_csv.c"

int main(void)
{
    static const char letters[] = "\"\"\"\",,\r\n\r\n\t a=\x81\x5C\x7C";
    return fuzz_corpus_run("csv", (struct span){letters, sizeof letters - 1}, 20000);
}
