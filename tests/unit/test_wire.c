/* tests/unit/test_wire.c: the transport on a thread of its own, with a sandbox in this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/wire.h"
#include "sandbox/sandbox.h"

#include <semaphore.h>

enum { PARCELS_MAX = 200, WAIT_MS = 60000 };

struct desk {
    struct sandbox *sandbox;
    struct transport_options options;
    struct wire *wire;
    struct wire_parcel parcels[PARCELS_MAX];
    int judged[PARCELS_MAX];
    enum transport_verdict verdict; /* of the judge */
    sem_t *held;                    /* what the judge says that it has begun, and then waits for; NULL: neither */
    sem_t *free;
    atomic_bool interrupt;
    struct error error;
};

static enum transport_verdict judge(void *context, struct wire_parcel *parcel, const struct transport_answer *answer)
{
    struct desk *desk = context;
    int *judged = parcel->tag;
    *judged += strstr(answer->body, "\"requests\"") != NULL; /* no assertion: they are for the main thread */
    if (desk->held != NULL) {
        sem_post(desk->held);
        sem_wait(desk->free);
    }
    return desk->verdict;
}

static void begin(struct desk *desk, unsigned concurrency)
{
    struct sandbox_options options = {0};
    const struct wire_client client = {desk, judge};
    desk->sandbox = sandbox_start(&options, &desk->error);
    assert_non_null(desk->sandbox);
    desk->options = (struct transport_options){
        .concurrency = concurrency, .timeout = 30, .max_errors = PARCELS_MAX, .interrupt = &desk->interrupt};
    desk->wire = wire_start(&desk->options, &client, &desk->error);
    assert_non_null(desk->wire);
}

static struct desk *desk_new(unsigned concurrency)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    begin(desk, concurrency);
    return desk;
}

/* Put the parcels from `from` to before `to`. `url` NULL: a question that the sandbox always answers. */
static void put(struct desk *desk, int from, int to, const char *url)
{
    char stats[128];
    snprintf(stats, sizeof stats, "%s/_stats", sandbox_url(desk->sandbox));
    for (int i = from; i < to; i++) {
        struct wire_parcel *parcel = &desk->parcels[i];
        *parcel = (struct wire_parcel){.tag = &desk->judged[i]};
        parcel->request.method = "GET";
        parcel->request.url = strdup(url != NULL ? url : stats);
        parcel->next = i + 1 < to ? parcel + 1 : NULL;
    }
    wire_put(desk->wire, from < to ? &desk->parcels[from] : NULL);
}

static int count(const struct wire_parcel *parcel)
{
    int many = 0;
    for (; parcel != NULL; parcel = parcel->next)
        many++;
    return many;
}

/* Take until `many` came back; how many did. */
static int take(struct desk *desk, int many)
{
    int taken = 0;
    bool ended = false;
    while (taken < many && !ended)
        taken += count(wire_take(desk->wire, WAIT_MS, &ended));
    return taken;
}

/* How many notes there were. */
static int free_notes(struct wire_note *note)
{
    int many = 0;
    for (struct wire_note *next; note != NULL; note = next, many++) {
        next = note->next;
        free(note);
    }
    return many;
}

/* End it; how many came back meanwhile, and how many never left. */
static enum transport_end end(struct desk *desk, int *back, int *left)
{
    struct wire_rest rest;
    enum transport_end how = wire_end(desk->wire, &rest, &desk->error);
    struct wire_parcel *stayed = rest.left;
    *back = count(rest.back);
    *left = count(stayed);
    free_notes(rest.notes);
    for (; stayed != NULL; stayed = stayed->next) {
        assert_non_null(stayed->request.url);
        transport_request_drop(&stayed->request);
    }
    sandbox_stop(desk->sandbox);
    return how;
}

static void all_come_back_with_their_answers(void **state)
{
    struct desk *desk = desk_new(8);
    int back;
    int left;
    (void)state;
    put(desk, 0, PARCELS_MAX, NULL);
    assert_int_equal(take(desk, PARCELS_MAX), PARCELS_MAX);
    for (int i = 0; i < PARCELS_MAX; i++) {
        const struct wire_parcel *parcel = &desk->parcels[i];
        assert_true(parcel->answered);
        assert_int_equal(parcel->answer.status, 200);
        assert_string_equal(parcel->answer.body, "");
        assert_null(parcel->request.url);
        assert_int_equal(desk->judged[i], 1);
    }
    assert_int_equal(wire_waiting(desk->wire), 0);
    assert_int_equal(end(desk, &back, &left), TRANSPORT_END_DONE);
    assert_int_equal(back + left, 0);
    free(desk);
}

static void it_waits_for_what_comes_later(void **state)
{
    struct desk *desk = desk_new(2);
    bool ended;
    int back;
    int left;
    (void)state;
    assert_null(wire_take(desk->wire, 20, &ended));
    assert_false(ended);
    for (int i = 0; i < 20; i++) {
        put(desk, i, i + 1, NULL);
        assert_int_equal(take(desk, 1), 1);
        /* Nothing is under way now, and it goes on all the same. */
        assert_null(wire_take(desk->wire, i % 2, &ended));
        assert_false(ended);
    }
    put(desk, 0, 0, NULL);
    assert_int_equal(end(desk, &back, &left), TRANSPORT_END_DONE);
    assert_int_equal(back + left, 0);
    free(desk);
}

/* A desk whose judge has begun with the first of ten parcels, while one is in flight at a time. */
static struct desk *desk_that_is_held(sem_t *held, sem_t *free_again)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    sem_init(held, 0, 0);
    sem_init(free_again, 0, 0);
    desk->held = held;
    desk->free = free_again;
    begin(desk, 1);
    put(desk, 0, 10, NULL);
    sem_wait(held);
    return desk;
}

static void closed_it_sends_nothing_more(void **state)
{
    sem_t held;
    sem_t free_again;
    struct desk *desk = desk_that_is_held(&held, &free_again);
    int back;
    int left;
    (void)state;
    assert_int_equal(wire_waiting(desk->wire), 9);
    wire_close(desk->wire);
    sem_post(&free_again);
    assert_int_equal(end(desk, &back, &left), TRANSPORT_END_DONE);
    assert_int_equal(back, 1);
    assert_int_equal(left, 9);
    free(desk);
}

static void interrupted_it_ends_by_itself(void **state)
{
    sem_t held;
    sem_t free_again;
    struct desk *desk = desk_that_is_held(&held, &free_again);
    bool ended;
    int back;
    int left;
    (void)state;
    atomic_store(&desk->interrupt, true);
    sem_post(&free_again);
    assert_int_equal(take(desk, 10), 1);
    assert_null(wire_take(desk->wire, -1, &ended));
    assert_true(ended);
    assert_int_equal(end(desk, &back, &left), TRANSPORT_END_INTERRUPTED);
    assert_int_equal(back, 0);
    assert_int_equal(left, 9);
    free(desk);
}

static void the_judge_may_stop_it(void **state)
{
    sem_t held;
    sem_t free_again;
    struct desk *desk = desk_that_is_held(&held, &free_again);
    bool ended;
    int back;
    int left;
    (void)state;
    desk->verdict = TRANSPORT_STOP;
    sem_post(&free_again);
    assert_int_equal(take(desk, 10), 1);
    assert_true(desk->parcels[0].answered);
    assert_null(wire_take(desk->wire, WAIT_MS, &ended));
    assert_true(ended);
    assert_int_equal(end(desk, &back, &left), TRANSPORT_END_STOPPED);
    assert_int_equal(left, 9);
    free(desk);
}

static void failures_come_back_too(void **state)
{
    struct desk *desk = desk_new(4);
    int back;
    int left;
    (void)state;
    put(desk, 0, 5, "http://127.0.0.1:1/v1/orders"); /* where nobody listens */
    assert_int_equal(take(desk, 5), 5);
    for (int i = 0; i < 5; i++) {
        assert_false(desk->parcels[i].answered);
        assert_int_equal(desk->parcels[i].failure.reason, TRANSPORT_CONNECTION);
        assert_false(desk->parcels[i].failure.maybe_received);
        assert_int_equal(desk->judged[i], 0);
    }
    assert_int_equal(free_notes(wire_take_notes(desk->wire)), 5);
    assert_null(wire_take_notes(desk->wire));
    assert_int_equal(end(desk, &back, &left), TRANSPORT_END_DONE);
    free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_come_back_with_their_answers),
        cmocka_unit_test(it_waits_for_what_comes_later),
        cmocka_unit_test(closed_it_sends_nothing_more),
        cmocka_unit_test(interrupted_it_ends_by_itself),
        cmocka_unit_test(the_judge_may_stop_it),
        cmocka_unit_test(failures_come_back_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
