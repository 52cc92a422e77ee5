/* tests/unit/test_base.c: the ground that everything stands on: buffers, arenas, errors, spans, small files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json_reader.h"
#include "base/pairs.h"
#include "base/parallel.h"
#include "base/span.h"
#include "scarce_memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Under a sanitizer too, what nobody has is refused, as malloc() does. The sanitizer asks for this by its name. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* ---- Buffers ---- */

static void buffers_append(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_null(buf.data);
    assert_string_equal(buf_text(&buf), "");
    buf_append_text(&buf, "");
    assert_non_null(buf.data);
    assert_string_equal(buf_text(&buf), "");
    buf_append_text(&buf, "ab");
    buf_append_byte(&buf, 'c');
    buf_append(&buf, "d\0e", 3);
    buf_append(&buf, NULL, 0);
    buf_printf(&buf, "<%d %s>", -5, "後");
    assert_int_equal(buf.length, 6 + 8);
    assert_memory_equal(buf_text(&buf), "abcd\0e<-5 後>", 15); /* the final NUL included */
    assert_false(buf.failed);
    buf_free(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.length + buf.capacity, 0);
}

static void buffers_grow(void **state)
{
    (void)state;
    enum { BYTES = 100000 };
    struct buf buf = {0};
    size_t moves = 0;
    for (size_t i = 0; i < BYTES; i++) {
        size_t before = buf.capacity;
        buf_append_byte(&buf, (char)('a' + i % 26));
        moves += buf.capacity != before;
        assert_int_equal(buf.data[buf.length], '\0');
    }
    assert_int_equal(buf.length, BYTES);
    assert_true(moves < 20); /* by doubling; a step for each byte would take forever */
    for (size_t i = 0; i < BYTES; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    /* A text of any length is printed whole. */
    struct buf twice = {0};
    buf_printf(&twice, "%s%s", buf_text(&buf), buf_text(&buf));
    assert_int_equal(twice.length, 2 * BYTES);
    assert_memory_equal(twice.data + BYTES, buf.data, BYTES + 1);
    buf_free(&twice);
    buf_free(&buf);
}

static void buffers_have_the_room_that_was_reserved(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_text(&buf, "abc");
    assert_true(buf_reserve(&buf, 5000));
    const char *place = buf.data;
    for (int i = 0; i < 5000; i++)
        buf_append_byte(&buf, 'x');
    assert_ptr_equal(buf.data, place);
    assert_int_equal(buf.length, 5003);
    buf_free(&buf);
}

static void buffers_are_terminated_when_only_reserved(void **state)
{
    (void)state;
    enum { ROOM = 1000 };
    struct buf buf = {0};
    char *dirt = malloc(ROOM + 1); /* what malloc() hands out next is not zero by luck */
    assert_non_null(dirt);
    memset(dirt, 'x', ROOM + 1);
    free(dirt);
    mallopt(M_PERTURB, 0xAA);
    assert_true(buf_reserve(&buf, ROOM));
    mallopt(M_PERTURB, 0);
    char first = *buf_text(&buf);
    buf_free(&buf);
    assert_int_equal(first, '\0');
}

static void buffers_keep_what_they_had_when_they_fail(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_text(&buf, "kept");
    assert_false(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_append_text(&buf, "more");
    buf_append_byte(&buf, '!');
    buf_printf(&buf, "%d", 7);
    assert_false(buf_reserve(&buf, 1));
    assert_true(buf.failed);
    assert_string_equal(buf_text(&buf), "kept");
    assert_int_equal(buf.length, 4);
    buf_clear(&buf);
    assert_false(buf.failed);
    assert_string_equal(buf_text(&buf), "");
    buf_append_text(&buf, "new");
    assert_string_equal(buf_text(&buf), "new");
    assert_false(buf_reserve(&buf, SIZE_MAX / 8)); /* a number that can be added to, but not had */
    assert_string_equal(buf_text(&buf), "new");
    assert_null(buf_take(&buf)); /* a failed one gives nothing, and is empty then */
    assert_null(buf.data);
    assert_int_equal(buf.length, 0);
    assert_false(buf.failed);
}

static void buffers_keep_their_memory_when_cleared(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
    buf_append_text(&buf, "some text or other");
    const char *place = buf.data;
    size_t capacity = buf.capacity;
    buf_clear(&buf);
    assert_int_equal(buf.length, 0);
    buf_append_text(&buf, "another");
    assert_ptr_equal(buf.data, place);
    assert_int_equal(buf.capacity, capacity);
    assert_string_equal(buf_text(&buf), "another");
    buf_free(&buf);
}

static void buffers_give_their_memory_away(void **state)
{
    (void)state;
    struct buf buf = {0};
    char *text = buf_take(&buf);
    assert_string_equal(text, "");
    free(text);
    buf_append_text(&buf, "mine");
    text = buf_take(&buf);
    assert_string_equal(text, "mine");
    free(text);
    assert_null(buf.data);
    assert_int_equal(buf.length + buf.capacity, 0);
}

static bool append_twice(void *context)
{
    (void)context;
    struct buf buf = {0};
    buf_append_text(&buf, "one");
    buf_printf(&buf, "%0500d", 1);
    char *text = buf_take(&buf);
    free(text);
    return text != NULL;
}

static void buffers_say_that_memory_ran_out(void **state)
{
    (void)state;
    bool leaked;
    size_t failures = memory_failures(append_twice, NULL, &leaked);
    assert_int_equal(failures, MEMORY_CAN_BE_SCARCE ? 2 : 0);
    assert_false(leaked);
    struct buf buf = {0};
    buf_append_text(&buf, "kept");
    memory_left = 0;
    buf_printf(&buf, "%0500d", 1);
    buf_append_text(&buf, "x");
    memory_left = SIZE_MAX;
    assert_int_equal(buf.failed, MEMORY_CAN_BE_SCARCE);
    if (buf.failed)
        assert_string_equal(buf_text(&buf), "kept");
    buf_free(&buf);
}

/* ---- Arenas ---- */

static void arenas_give_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct arena arena = {0};
    /* Twice, so that the second life gets memory that was written to. */
    for (int life = 0; life < 2; life++) {
        for (size_t size = 0; size < 600; size++) {
            unsigned char *memory = arena_alloc(&arena, size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 0xFF, size);
            struct span odd = arena_copy(&arena, span_of("x")); /* the next one must be aligned all the same */
            assert_true(span_is(odd, "x"));
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

static void arenas_leave_everything_in_its_place(void **state)
{
    (void)state;
    enum { PIECES = 5000 };
    struct arena arena = {0};
    struct span *copies = calloc(PIECES, sizeof *copies);
    char text[400];
    assert_non_null(copies);
    for (size_t i = 0; i < PIECES; i++) {
        memset(text, (int)('a' + i % 26), sizeof text);
        copies[i] = arena_copy(&arena, (struct span){text, i % sizeof text});
        assert_non_null(copies[i].data);
        if (i % 1000 == 500)
            assert_non_null(arena_alloc(&arena, 200 * 1024));
    }
    for (size_t i = 0; i < PIECES; i++) {
        assert_int_equal(copies[i].length, i % sizeof text);
        for (size_t at = 0; at < copies[i].length; at++)
            assert_int_equal(copies[i].data[at], 'a' + i % 26);
    }
    free(copies);
    arena_free(&arena);
}

static void arenas_copy_empty_spans(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct span empty = arena_copy(&arena, (struct span){"", 0});
    struct span none = arena_copy(&arena, (struct span){NULL, 0});
    assert_non_null(empty.data);
    assert_non_null(none.data);
    assert_int_equal(empty.length + none.length, 0);
    arena_free(&arena);
}

static void arenas_take_large_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = {64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 1024 * 1024, 10 * 1024 * 1024, 1};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        unsigned char *memory = arena_alloc(&arena, sizes[i]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        memory[0] = memory[sizes[i] - 1] = 1;
    }
    arena_free(&arena);
    assert_null(arena.blocks);
    arena_free(&arena); /* an empty one */
    arena_reset(&arena);
}

static void arenas_refuse_what_nobody_has(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 16));
    char *before = arena_alloc(&arena, 8);
    assert_non_null(before);
    strcpy(before, "kept");
    assert_null(arena_alloc(&arena, SIZE_MAX - 64));
    assert_non_null(arena_alloc(&arena, 8));
    assert_string_equal(before, "kept");
    memory_left = 0;
    void *large = arena_alloc(&arena, 1024 * 1024);
    static char bytes[128 * 1024];
    struct span copy = arena_copy(&arena, (struct span){bytes, sizeof bytes});
    memory_left = SIZE_MAX;
    if (MEMORY_CAN_BE_SCARCE) {
        assert_null(large);
        assert_null(copy.data);
        assert_int_equal(copy.length, 0);
    }
    arena_free(&arena);
}

static void arenas_keep_one_block(void **state)
{
    (void)state;
    struct arena arena = {0};
    void *first = arena_alloc(&arena, 100);
    assert_non_null(first);
    size_t with_one = memory_live;
    for (int i = 0; i < 100; i++)
        assert_non_null(arena_alloc(&arena, 20000));
    assert_non_null(arena_alloc(&arena, 3 * 1024 * 1024));
    arena_reset(&arena);
    assert_int_equal(memory_live, with_one); /* the others went back */
    size_t before = memory_live;
    assert_non_null(arena_alloc(&arena, 100));
    assert_int_equal(memory_live, before); /* and this one serves again */
    void *other = malloc(64 * 1024);       /* had it gone back, this might be it */
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    free(other);
    arena_free(&arena);
}

/* ---- Errors ---- */

static void errors_hold_what_they_were_given(void **state)
{
    (void)state;
    struct error error;
    memset(&error, 'x', sizeof error);
    assert_false(error_set(&error, ERROR_INPUT, "CODE", "in.csv", "one", NULL, "three"));
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_string_equal(error.code, "CODE");
    assert_string_equal(error.path, "in.csv");
    assert_string_equal(error.args[0], "one");
    assert_string_equal(error.args[1], "");
    assert_string_equal(error.args[2], "three");
    assert_false(error_set(&error, ERROR_SERVICE, "OTHER", NULL, NULL, NULL, NULL));
    assert_string_equal(error.path, "");
    assert_string_equal(error.args[0], "");
    assert_string_equal(error.args[2], "");
}

static void errors_carry_the_exit_status(void **state)
{
    (void)state;
    assert_int_equal(ERROR_NONE, 0);
    assert_int_equal(ERROR_USAGE, 2);
    assert_int_equal(ERROR_CONFIG, 3);
    assert_int_equal(ERROR_INPUT, 4);
    assert_int_equal(ERROR_SERVICE, 5);
    assert_int_equal(ERROR_INTERRUPTED, 130);
}

/* `got` is what fits of `text` into `size` bytes: whole characters of `unit` bytes, behind `shift` bytes of ASCII. */
static void assert_cut(const char *got, size_t size, const char *text, size_t shift, size_t unit)
{
    size_t whole = shift + (size - 1 - shift) / unit * unit;
    assert_int_equal(strlen(got), whole);
    assert_memory_equal(got, text, whole);
}

static void errors_cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "é", "後", "😀"};
    for (size_t c = 0; c < COUNT(characters); c++) {
        size_t unit = strlen(characters[c]);
        /* Every place of the cut within a character: so many ASCII bytes before it. */
        for (size_t shift = 0; shift < unit; shift++) {
            struct buf text = {0};
            struct error error;
            buf_printf(&text, "%.*s", (int)shift, "---");
            while (text.length < ERROR_PATH_SIZE + 20)
                buf_append_text(&text, characters[c]);
            error_set(&error, ERROR_USAGE, "CODE", text.data, text.data, text.data, text.data);
            assert_cut(error.path, ERROR_PATH_SIZE, text.data, shift, unit);
            for (size_t i = 0; i < ERROR_ARGS; i++)
                assert_cut(error.args[i], ERROR_ARG_SIZE, text.data, shift, unit);
            buf_free(&text);
        }
    }
}

static void errors_fit_exactly(void **state)
{
    (void)state;
    char text[ERROR_ARG_SIZE + 1];
    struct error error;
    memset(text, 'a', sizeof text);
    text[ERROR_ARG_SIZE - 1] = '\0';
    error_set(&error, ERROR_USAGE, "CODE", NULL, text, NULL, NULL);
    assert_string_equal(error.args[0], text);
    text[ERROR_ARG_SIZE - 1] = 'a';
    text[ERROR_ARG_SIZE] = '\0';
    error_set(&error, ERROR_USAGE, "CODE", text, text, NULL, NULL);
    assert_int_equal(strlen(error.args[0]), ERROR_ARG_SIZE - 1);
    assert_string_equal(error.path, text);
    /* No character begins anywhere in this: cut all the same. */
    memset(text, 0x80, ERROR_ARG_SIZE);
    error_set(&error, ERROR_USAGE, "CODE", NULL, text, NULL, NULL);
    assert_true(strlen(error.args[0]) < ERROR_ARG_SIZE);
}

static void errors_take_a_detail_afterwards(void **state)
{
    (void)state;
    struct error error;
    struct buf text = {0};
    error_set(&error, ERROR_INPUT, "CODE", "in.csv", "one", "two", NULL);
    error_set_arg(&error, 2, "three");
    error_set_arg(&error, 0, NULL);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_string_equal(error.code, "CODE");
    assert_string_equal(error.path, "in.csv");
    assert_string_equal(error.args[0], "");
    assert_string_equal(error.args[1], "two");
    assert_string_equal(error.args[2], "three");
    while (text.length < ERROR_ARG_SIZE)
        buf_append_text(&text, "後");
    error_set_arg(&error, 1, text.data);
    assert_cut(error.args[1], ERROR_ARG_SIZE, text.data, 0, 3);
    assert_string_equal(error.args[2], "three");
    buf_free(&text);
}

static void errors_of_the_system(void **state)
{
    (void)state;
    struct error error;
    assert_false(error_set_errno(&error, ERROR_USAGE, "CODE", "a/b", ENOENT));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.code, "CODE");
    assert_string_equal(error.path, "a/b");
    assert_string_equal(error.args[0], strerror(ENOENT));
    assert_false(error_set_memory(&error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_string_equal(error.code, "OUT_OF_MEMORY");
}

/* ---- Spans ---- */

static void spans_compare(void **state)
{
    (void)state;
    const struct span none = {NULL, 0};
    assert_int_equal(span_of("後").length, 3);
    assert_true(span_equal(span_of("ab"), (struct span){"abc", 2}));
    assert_false(span_equal(span_of("ab"), span_of("abc")));
    assert_false(span_equal(span_of("ab"), span_of("ac")));
    assert_true(span_equal(none, span_of("")));
    assert_true(span_equal(none, none));
    assert_true(span_is((struct span){"a\0b", 1}, "a"));
    assert_false(span_is((struct span){"a\0b", 3}, "a"));
    assert_true(span_is(none, ""));
}

static void spans_contain(void **state)
{
    (void)state;
    const struct span none = {NULL, 0};
    const struct span whole = span_of("クロネコ代金後払い");
    assert_true(span_contains(whole, span_of("後払い")));
    assert_true(span_contains(whole, span_of("クロネコ")));
    assert_true(span_contains(whole, whole));
    assert_false(span_contains(whole, span_of("前払い")));
    assert_false(span_contains(span_of("後払"), span_of("後払い")));
    assert_false(span_contains((struct span){"後払い", 6}, span_of("後払い"))); /* never beyond its end */
    assert_true(span_contains(whole, none));
    assert_true(span_contains(none, none));
    assert_false(span_contains(none, whole));
}

/* ---- Files ---- */

struct folder {
    char path[64];
    char file[80];
};

static int folder_make(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    if (folder == NULL)
        return -1;
    strcpy(folder->path, "/tmp/atobarai-base-XXXXXX");
    *state = folder;
    if (mkdtemp(folder->path) == NULL)
        return -1;
    snprintf(folder->file, sizeof folder->file, "%s/file", folder->path);
    return 0;
}

static int folder_remove(void **state)
{
    struct folder *folder = *state;
    unlink(folder->file);
    int failed = rmdir(folder->path);
    free(folder);
    return failed;
}

static void write_bytes(const char *path, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < length; i++)
        fputc((int)(i % 251), file);
    assert_int_equal(fclose(file), 0);
}

static void files_are_read_whole(void **state)
{
    const struct folder *folder = *state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 300000, FILE_MAX};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct buf text = {0};
        struct error error = {0};
        write_bytes(folder->file, sizes[i]);
        buf_append_text(&text, "before");
        assert_true(file_read(folder->file, &text, &error));
        assert_int_equal(error.kind, ERROR_NONE);
        assert_int_equal(text.length, 6 + sizes[i]);
        assert_memory_equal(text.data, "before", 6);
        for (size_t at = 0; at < sizes[i]; at++)
            if ((unsigned char)text.data[6 + at] != at % 251)
                fail_msg("byte %zu of %zu differs", at, sizes[i]);
        assert_int_equal(text.data[text.length], '\0');
        buf_free(&text);
    }
}

static void assert_unreadable(const char *path, int reason)
{
    struct buf text = {0};
    struct error error = {0};
    assert_false(file_read(path, &text, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_string_equal(error.code, "FILE_UNREADABLE");
    assert_string_equal(error.path, path);
    assert_string_equal(error.args[0], strerror(reason));
    buf_free(&text);
}

static void files_that_cannot_be_read_say_why(void **state)
{
    const struct folder *folder = *state;
    assert_unreadable(folder->file, ENOENT);
    assert_unreadable(folder->path, EISDIR);
    write_bytes(folder->file, FILE_MAX + 1);
    assert_unreadable(folder->file, EFBIG);
    char below[128];
    snprintf(below, sizeof below, "%s/below", folder->file);
    assert_unreadable(below, ENOTDIR);
    /* Something without an end is given up, too. */
    assert_unreadable("/dev/zero", EFBIG);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void files_are_closed_again(void **state)
{
    const struct folder *folder = *state;
    int before = open_descriptors();
    struct buf text = {0};
    struct error error = {0};
    write_bytes(folder->file, 100);
    assert_true(file_read(folder->file, &text, &error));
    buf_free(&text);
    assert_unreadable(folder->path, EISDIR);
    assert_int_equal(open_descriptors(), before);
}

static bool read_file(void *context)
{
    struct buf text = {0};
    struct error error = {0};
    bool done = file_read(context, &text, &error);
    buf_free(&text);
    if (!done) {
        assert_int_equal(error.kind, ERROR_CONFIG);
        if (strcmp(error.code, "OUT_OF_MEMORY") != 0)
            assert_string_equal(error.args[0], strerror(ENOMEM));
    }
    return done;
}

static void files_say_that_memory_ran_out(void **state)
{
    struct folder *folder = *state;
    bool leaked;
    write_bytes(folder->file, 200000);
    int before = open_descriptors();
    size_t failures = memory_failures(read_file, folder->file, &leaked);
    assert_false(leaked);
    assert_true(MEMORY_CAN_BE_SCARCE ? failures > 1 && failures < 10 : failures == 0);
    assert_int_equal(open_descriptors(), before);
}

/* ---- Work in parts ---- */

/* What a run of parts is to do, and what it did. */
struct ledger {
    size_t fails_at; /* the part whose result is refused */
    size_t granted;  /* workers that may be opened; the rest fail */
    atomic_size_t open;
    atomic_size_t closed;
    atomic_size_t made;
    atomic_int taking; /* threads that take at this moment */
    size_t taken;
    bool in_order;
    bool alone;
};

struct portion {
    size_t part;
    void *memory; /* kept from one part to the next */
};

static void *worker_open(void *context, struct error *error)
{
    struct ledger *ledger = context;
    if (atomic_fetch_add(&ledger->open, 1) < ledger->granted)
        return ledger;
    error_set_memory(error);
    return NULL;
}

static void worker_make(void *worker, size_t part, void *result)
{
    struct ledger *ledger = worker;
    struct portion *portion = result;
    if (portion->memory == NULL)
        portion->memory = malloc(1);
    portion->part = part;
    if (part % 7 == 0)
        sched_yield();
    atomic_fetch_add(&ledger->made, 1);
}

static bool worker_take(void *worker, size_t part, void *result, struct error *error)
{
    struct ledger *ledger = worker;
    const struct portion *portion = result;
    char number[24];
    ledger->alone = ledger->alone && atomic_fetch_add(&ledger->taking, 1) == 0;
    ledger->in_order = ledger->in_order && part == ledger->taken && portion->part == part && portion->memory != NULL;
    ledger->taken++;
    atomic_fetch_sub(&ledger->taking, 1);
    snprintf(number, sizeof number, "%zu", part);
    return part < ledger->fails_at || error_set(error, ERROR_INPUT, "PART", NULL, number, NULL, NULL);
}

static void portion_release(void *result)
{
    free(((struct portion *)result)->memory);
}

static void worker_close(void *worker)
{
    atomic_fetch_add(&((struct ledger *)worker)->closed, 1);
}

static bool run_parts(struct ledger *ledger, size_t parts, size_t jobs, struct error *error)
{
    const struct parallel work = {.parts = parts,
                                  .result_size = sizeof(struct portion),
                                  .context = ledger,
                                  .open = worker_open,
                                  .make = worker_make,
                                  .take = worker_take,
                                  .release = portion_release,
                                  .close = worker_close};
    ledger->in_order = ledger->alone = true;
    return parallel_run(&work, jobs, error);
}

static void parts_are_taken_in_their_order(void **state)
{
    static const size_t jobs[] = {1, 2, 3, 8, 64};
    (void)state;
    for (size_t i = 0; i < COUNT(jobs); i++) {
        for (size_t parts = 0; parts < 400; parts = parts * 2 + 1) {
            struct ledger ledger = {.fails_at = SIZE_MAX, .granted = SIZE_MAX};
            struct error error = {0};
            assert_true(run_parts(&ledger, parts, jobs[i], &error));
            assert_true(ledger.in_order && ledger.alone);
            assert_int_equal(ledger.taken, parts);
            assert_int_equal(ledger.made, parts);
            assert_int_equal(ledger.closed, ledger.open);
            assert_true(ledger.open <= jobs[i] && ledger.open <= parts);
        }
    }
}

static void parts_behind_the_first_error_are_not_taken(void **state)
{
    (void)state;
    for (size_t fails_at = 0; fails_at < 60; fails_at++) {
        struct ledger ledger = {.fails_at = fails_at, .granted = SIZE_MAX};
        struct error error = {0};
        char number[24];
        assert_false(run_parts(&ledger, 60, 1 + fails_at % 5, &error));
        snprintf(number, sizeof number, "%zu", fails_at);
        assert_string_equal(error.args[0], number);
        assert_int_equal(ledger.taken, fails_at + 1);
        assert_true(ledger.in_order && ledger.alone);
    }
}

static void parts_are_done_by_those_threads_that_there_are(void **state)
{
    struct error error = {0};
    struct ledger one = {.fails_at = SIZE_MAX, .granted = 1};
    struct ledger none = {.fails_at = SIZE_MAX};
    (void)state;
    assert_true(run_parts(&one, 100, 4, &error));
    assert_int_equal(one.taken, 100);
    assert_null(error.code);
    assert_false(run_parts(&none, 100, 4, &error));
    assert_int_equal(none.made, 0);
    assert_string_equal(error.code, "OUT_OF_MEMORY");
}

static void jobs_are_at_least_one(void **state)
{
    (void)state;
    assert_in_range(parallel_jobs(0), 1, PARALLEL_JOBS_MAX);
    assert_int_equal(parallel_jobs(3), 3);
    assert_int_equal(parallel_jobs(SIZE_MAX), PARALLEL_JOBS_MAX);
}

/* ---- Hashes, pairs ---- */

/* The two 受注番号 of the case mall-number-of-the-same-hash, whose shop is 1: as run/twins makes 32 bits of them. */
static void hashes_of_two_names_are_the_same(void **state)
{
    (void)state;
    uint64_t shop = hash_add(HASH_BEGIN, span_of("1"));
    uint64_t one = hash_add(shop, span_of("M-1692"));
    uint64_t other = hash_add(shop, span_of("M-70525"));
    assert_int_not_equal(one, other);
    assert_int_equal((uint32_t)(one ^ (one >> 32)), (uint32_t)(other ^ (other >> 32)));
}

static void pairs_are_found_again(void **state)
{
    (void)state;
    struct pairs pairs = {0};
    assert_int_equal(pairs_get(&pairs, 0), PAIRS_NONE);
    for (uint32_t step = 1; step < 70000; step += 23456) {
        for (uint32_t i = 0; i < 10000; i++)
            assert_true(pairs_put(&pairs, i * step, i));
        assert_int_equal(pairs.count, 10000);
        for (uint32_t i = 0; i < 10000; i++)
            assert_int_equal(pairs_get(&pairs, i * step), i);
        assert_int_equal(pairs_get(&pairs, 9999 * step + 1), PAIRS_NONE);
        assert_int_equal(pairs_get(&pairs, PAIRS_NONE), PAIRS_NONE);
        assert_true(pairs_put(&pairs, 0, 7)); /* another value */
        assert_int_equal(pairs.count, 10000);
        assert_int_equal(pairs_get(&pairs, 0), 7);
        pairs_clear(&pairs);
        assert_int_equal(pairs_get(&pairs, step), PAIRS_NONE);
    }
    pairs_free(&pairs);
}

/* Whether the pairs found room; those that did are there. */
static bool put_pairs(void *context)
{
    struct pairs pairs = {0};
    uint32_t count = 0;
    (void)context;
    while (count < 500 && pairs_put(&pairs, count * 3, count))
        count++;
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(pairs_get(&pairs, i * 3), i);
    pairs_free(&pairs);
    return count == 500;
}

static void pairs_say_that_memory_ran_out(void **state)
{
    (void)state;
    bool leaked;
    size_t failures = memory_failures(put_pairs, NULL, &leaked);
    assert_false(leaked);
    assert_true(MEMORY_CAN_BE_SCARCE ? failures > 1 && failures < 10 : failures == 0);
}

/* ---- JSON ---- */

/* A reader of `text`, whose copy is good until the next one. */
static struct json_reader reader_of(const char *text)
{
    static char copy[200];
    assert_true(strlen(text) < sizeof copy);
    memcpy(copy, text, strlen(text)); /* without its NUL: the reader has to know where it ends */
    return (struct json_reader){.at = copy, .end = copy + strlen(text)};
}

static void json_is_read_from_the_front(void **state)
{
    (void)state;
    struct json_reader reader = reader_of(
        " {\"a\" : [ \"x\",\"\" ,\"z\"], \"b\":{}, \"c\":{\"d\":[[1,-2.5e3],\"]\\\"}\",null]},\"e\":\"後\"}\r\n\t");
    json_reader_open(&reader, '{');
    assert_string_equal(json_reader_name(&reader), "a");
    assert_int_equal(json_reader_count(&reader), 3);
    json_reader_open(&reader, '[');
    assert_true(json_reader_more(&reader));
    assert_string_equal(json_reader_text(&reader), "x");
    assert_true(json_reader_more(&reader));
    assert_string_equal(json_reader_text(&reader), "");
    assert_true(json_reader_more(&reader));
    assert_string_equal(json_reader_text(&reader), "z");
    assert_false(json_reader_more(&reader));
    assert_string_equal(json_reader_name(&reader), "b");
    json_reader_open(&reader, '{');
    assert_null(json_reader_name(&reader));
    assert_string_equal(json_reader_name(&reader), "c");
    json_reader_skip(&reader);
    assert_string_equal(json_reader_name(&reader), "e");
    assert_string_equal(json_reader_text(&reader), "後");
    assert_null(json_reader_name(&reader));
    json_reader_end(&reader);
    assert_false(reader.failed);
}

static void json_escapes_are_resolved(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *text; /* NULL: refused */
    } cases[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"a\\\\\"", "a\\"},
        {"\"\\\\\\\"b\"", "\\\"b"},
        {"\"\\u3042\"", NULL},
        {"\"\\x\"", NULL},
        {"\"\\\"", NULL},
        {"\"open", NULL},
        {"\"", NULL},
        {"", NULL},
        {"1", NULL},
        {"open\"", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_reader reader = reader_of(cases[i].json);
        const char *text = json_reader_text(&reader);
        assert_int_equal(reader.failed, cases[i].text == NULL);
        if (cases[i].text == NULL)
            assert_null(text);
        else
            assert_string_equal(text, cases[i].text);
    }
}

/* Read an object of arrays of texts, whatever is wrong with it. */
static bool is_read(const char *json)
{
    struct json_reader reader = reader_of(json);
    json_reader_open(&reader, '{');
    while (json_reader_name(&reader) != NULL) {
        json_reader_open(&reader, '[');
        while (json_reader_more(&reader))
            json_reader_text(&reader);
    }
    json_reader_end(&reader);
    return !reader.failed;
}

static bool is_skipped(const char *json)
{
    struct json_reader reader = reader_of(json);
    json_reader_skip(&reader);
    json_reader_end(&reader);
    return !reader.failed;
}

static void json_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{",
        "}",
        "[]",
        "{}}",
        "{} x",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":[}",
        "{\"a\":[,]}",
        "{\"a\":[\"x\",]}",
        "{\"a\":[\"x\"\"y\"]}",
        "{\"a\":[]",
        "{\"a\":[],}",
        "{\"a\":[\"x]}",
        "{\"a\":[1]}",
        "{a:[]}",
        "{\"a\" []}",
    };
    static const char *const unended[] = {"", "[", "{\"a\":1", "[\"x]", "]", ",", ":", "[1]]", "\"x", "1 2"};
    assert_true(is_read("{}"));
    assert_true(is_read("{\"a\":[],\"b\":[\"x\",\"y\"]}"));
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (is_read(wrong[i]))
            fail_msg("%s is read", wrong[i]);
    assert_true(is_skipped("true"));
    assert_true(is_skipped("[{\"a\":[\"\\\"]\"]},-1.5e3]"));
    for (size_t i = 0; i < COUNT(unended); i++)
        if (is_skipped(unended[i]))
            fail_msg("%s is skipped", unended[i]);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_append),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(buffers_have_the_room_that_was_reserved),
        cmocka_unit_test(buffers_are_terminated_when_only_reserved),
        cmocka_unit_test(buffers_keep_what_they_had_when_they_fail),
        cmocka_unit_test(buffers_keep_their_memory_when_cleared),
        cmocka_unit_test(buffers_give_their_memory_away),
        cmocka_unit_test(buffers_say_that_memory_ran_out),
        cmocka_unit_test(arenas_give_zeroed_aligned_memory),
        cmocka_unit_test(arenas_leave_everything_in_its_place),
        cmocka_unit_test(arenas_copy_empty_spans),
        cmocka_unit_test(arenas_take_large_pieces),
        cmocka_unit_test(arenas_refuse_what_nobody_has),
        cmocka_unit_test(arenas_keep_one_block),
        cmocka_unit_test(errors_hold_what_they_were_given),
        cmocka_unit_test(errors_carry_the_exit_status),
        cmocka_unit_test(errors_cut_between_characters),
        cmocka_unit_test(errors_fit_exactly),
        cmocka_unit_test(errors_take_a_detail_afterwards),
        cmocka_unit_test(errors_of_the_system),
        cmocka_unit_test(spans_compare),
        cmocka_unit_test(spans_contain),
        cmocka_unit_test(parts_are_taken_in_their_order),
        cmocka_unit_test(parts_behind_the_first_error_are_not_taken),
        cmocka_unit_test(parts_are_done_by_those_threads_that_there_are),
        cmocka_unit_test(jobs_are_at_least_one),
        cmocka_unit_test(json_is_read_from_the_front),
        cmocka_unit_test(json_escapes_are_resolved),
        cmocka_unit_test(json_that_is_none_is_refused),
        cmocka_unit_test(hashes_of_two_names_are_the_same),
        cmocka_unit_test(pairs_are_found_again),
        cmocka_unit_test(pairs_say_that_memory_ran_out),
        WITH_FOLDER(files_are_read_whole),
        WITH_FOLDER(files_that_cannot_be_read_say_why),
        WITH_FOLDER(files_are_closed_again),
        WITH_FOLDER(files_say_that_memory_ran_out),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
