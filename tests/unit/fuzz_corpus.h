/* tests/unit/fuzz_corpus.h: a fuzz target over its corpus, and over mutations that are the same in every run.
 *
 * To be included once, before the target's source; fuzz_corpus_run() is then all of main(). */
#ifndef TESTS_FUZZ_CORPUS_H
#define TESTS_FUZZ_CORPUS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FUZZ_CHECK(condition) assert_true(condition)
#include "../fuzz/fuzz.h"

#include <dirent.h>

enum { SEEDS_MAX = 100, SEED_SIZE = 4096 };

struct corpus {
    const char *target;  /* its folder */
    struct span letters; /* bytes that mean something to it: what mutations put in */
    int mutations;
    size_t count;
    struct {
        char name[256];
        uint8_t bytes[SEED_SIZE];
        size_t length;
    } seeds[SEEDS_MAX];
};

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b); /* the name comes first in a seed */
}

static struct corpus corpus;

/* The files beside this source, as the compiler was told its path: builds run their tests where they compile. */
static int corpus_read(void **state)
{
    struct buf path = {0};
    buf_printf(&path, "%.*s../fuzz/corpus/%s", (int)(strrchr(__FILE__, '/') + 1 - __FILE__), __FILE__, corpus.target);
    DIR *entries = opendir(buf_text(&path));
    size_t folder = path.length;
    corpus.count = 0;
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.' || corpus.count == SEEDS_MAX)
            continue;
        path.length = folder;
        buf_printf(&path, "/%s", entry->d_name);
        FILE *file = fopen(buf_text(&path), "r");
        if (file == NULL)
            continue;
        snprintf(corpus.seeds[corpus.count].name, sizeof corpus.seeds[0].name, "%s", entry->d_name);
        corpus.seeds[corpus.count].length = fread(corpus.seeds[corpus.count].bytes, 1, SEED_SIZE, file);
        corpus.count++;
        fclose(file);
    }
    if (entries != NULL)
        closedir(entries);
    buf_free(&path);
    qsort(corpus.seeds, corpus.count, sizeof corpus.seeds[0], by_name); /* so that every run draws the same */
    (void)state;
    return corpus.count > 0 ? 0 : -1;
}

static void corpus_holds(void **state)
{
    (void)state;
    assert_in_range(corpus.count, 5, SEEDS_MAX - 1);
    for (size_t i = 0; i < corpus.count; i++) {
        print_message("# %s\n", corpus.seeds[i].name);
        LLVMFuzzerTestOneInput(corpus.seeds[i].bytes, corpus.seeds[i].length);
    }
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
}

/* A generator of the same numbers in every run. */
static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Change `bytes` in one place: a byte that means something is put in, put over another, or a byte is taken out. */
static size_t mutate(uint8_t *bytes, size_t length, uint32_t *seed)
{
    uint8_t letter = (uint8_t)corpus.letters.data[draw(seed) % corpus.letters.length];
    size_t at = length > 0 ? draw(seed) % length : 0;
    switch (draw(seed) % 3) {
    case 0:
        if (length == SEED_SIZE)
            return length;
        memmove(bytes + at + 1, bytes + at, length - at);
        bytes[at] = letter;
        return length + 1;
    case 1:
        if (length > 0)
            bytes[at] = letter;
        return length;
    default:
        if (length == 0)
            return 0;
        memmove(bytes + at, bytes + at + 1, length - at - 1);
        return length - 1;
    }
}

/* The end of one seed behind the beginning of another. */
static size_t splice(uint8_t *bytes, uint32_t *seed)
{
    size_t one = draw(seed) % corpus.count;
    size_t other = draw(seed) % corpus.count;
    size_t head = draw(seed) % (corpus.seeds[one].length + 1);
    size_t tail = draw(seed) % (corpus.seeds[other].length + 1);
    if (head + tail > SEED_SIZE)
        tail = SEED_SIZE - head;
    memcpy(bytes, corpus.seeds[one].bytes, head);
    memcpy(bytes + head, corpus.seeds[other].bytes + corpus.seeds[other].length - tail, tail);
    return head + tail;
}

static void mutations_hold(void **state)
{
    (void)state;
    uint8_t bytes[SEED_SIZE];
    uint32_t seed = 2;
    for (int i = 0; i < corpus.mutations; i++) {
        size_t length = splice(bytes, &seed);
        for (uint32_t changes = draw(&seed) % 8; changes > 0; changes--)
            length = mutate(bytes, length, &seed);
        LLVMFuzzerTestOneInput(bytes, length);
    }
}

static int fuzz_corpus_run(const char *target, struct span letters, int mutations)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus_holds),
        cmocka_unit_test(mutations_hold),
    };
    corpus = (struct corpus){.target = target, .letters = letters, .mutations = mutations};
    return cmocka_run_group_tests_name(target, tests, corpus_read, NULL);
}

#endif
