/* tests/unit/test_fuzz_value.c: any text as a value, as far as the corpus and some mutations show (see fuzz_value.c).
 */
#include "fuzz_corpus.h"

#include "../fuzz/fuzz_value.c"

int main(void)
{
    static const char letters[] = "0012789-- +()/:.E=\"@\n\xE3\x80\x92\xEF\xBC\x90";
    return fuzz_corpus_run("value", (struct span){letters, sizeof letters - 1}, 50000);
}
