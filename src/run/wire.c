/* run/wire.c: see wire.h. */
#include "run/wire.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct list {
    struct wire_parcel *first;
    struct wire_parcel **end;
    size_t count;
};

struct wire {
    struct transport_options options;
    struct wire_client client;
    pthread_t thread;
    int wake; /* eventfd that the transport polls: something was put while it had nothing, or the wire was closed */
    pthread_mutex_t lock;
    pthread_cond_t came; /* something came back, or all is over */
    /* Under the lock. */
    struct list out;
    struct list back;
    struct wire_note *notes;
    struct wire_note **notes_end;
    bool hungry; /* the transport asked in vain */
    bool closed;
    bool ended;
    /* The thread's own; after its end anybody's. */
    bool asleep; /* `wake` may have been rung since */
    enum transport_end end;
    struct error error;
};

static void list_add(struct list *list, struct wire_parcel *parcel)
{
    parcel->next = NULL;
    if (list->first == NULL)
        list->end = &list->first;
    *list->end = parcel;
    list->end = &parcel->next;
    list->count++;
}

static struct wire_parcel *list_take_all(struct list *list)
{
    struct wire_parcel *first = list->first;
    *list = (struct list){0};
    return first;
}

static void ring(const struct wire *wire)
{
    uint64_t one = 1;
    /* It can only fail where the counter is full, and then it has been rung. */
    ssize_t written = write(wire->wake, &one, sizeof one);
    (void)written;
}

/* ---- The wire's thread ---- */

static bool on_next(void *context, struct transport_request *request)
{
    struct wire *wire = context;
    uint64_t rung;
    /* Before the look at the list: what is put after it rings again. */
    if (wire->asleep) {
        ssize_t length = read(wire->wake, &rung, sizeof rung);
        (void)length;
    }
    pthread_mutex_lock(&wire->lock);
    struct wire_parcel *parcel = wire->closed ? NULL : wire->out.first;
    if (parcel != NULL) {
        wire->out.first = parcel->next;
        wire->out.count--;
    }
    wire->hungry = parcel == NULL;
    pthread_mutex_unlock(&wire->lock);
    wire->asleep = parcel == NULL;
    if (parcel == NULL)
        return false;
    *request = parcel->request;
    request->tag = parcel;
    parcel->request = (struct transport_request){0};
    return true;
}

static bool on_more(void *context)
{
    struct wire *wire = context;
    pthread_mutex_lock(&wire->lock);
    bool more = !wire->closed;
    pthread_mutex_unlock(&wire->lock);
    return more;
}

static void give_back(struct wire *wire, struct wire_parcel *parcel)
{
    pthread_mutex_lock(&wire->lock);
    bool first = wire->back.first == NULL;
    list_add(&wire->back, parcel);
    pthread_mutex_unlock(&wire->lock);
    if (first)
        pthread_cond_signal(&wire->came);
}

static enum transport_verdict on_answered(void *context, void *tag, const struct transport_answer *answer)
{
    struct wire *wire = context;
    struct wire_parcel *parcel = tag;
    enum transport_verdict verdict = wire->client.judge(wire->client.context, parcel, answer);
    if (verdict != TRANSPORT_DONE && verdict != TRANSPORT_STOP)
        return verdict;
    parcel->answered = true;
    parcel->answer = *answer;
    parcel->answer.body = "";
    parcel->answer.length = 0;
    give_back(wire, parcel);
    return verdict;
}

static void on_failed(void *context, void *tag, const struct transport_failure *failure)
{
    struct wire_parcel *parcel = tag;
    parcel->answered = false;
    parcel->failure = *failure;
    give_back(context, parcel);
}

static void on_attempted(void *context, void *tag, const struct transport_attempt *attempt)
{
    struct wire *wire = context;
    struct wire_note *note = malloc(sizeof *note);
    if (note == NULL)
        return;
    *note = (struct wire_note){.parcel = tag, .attempt = *attempt};
    pthread_mutex_lock(&wire->lock);
    if (wire->notes == NULL)
        wire->notes_end = &wire->notes;
    *wire->notes_end = note;
    wire->notes_end = &note->next;
    pthread_mutex_unlock(&wire->lock);
}

static void *run(void *context)
{
    struct wire *wire = context;
    struct transport_client client = {.context = wire,
                                      .next = on_next,
                                      .answered = on_answered,
                                      .failed = on_failed,
                                      .attempted = on_attempted,
                                      .more = on_more,
                                      .wake = wire->wake};
    wire->end = transport_run(&wire->options, &client, &wire->error);
    pthread_mutex_lock(&wire->lock);
    wire->ended = true;
    pthread_mutex_unlock(&wire->lock);
    pthread_cond_signal(&wire->came);
    return NULL;
}

/* ---- The caller's ---- */

static bool start(struct wire *wire)
{
    pthread_condattr_t monotonic;
    sigset_t all;
    sigset_t before;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&wire->lock, NULL);
    pthread_cond_init(&wire->came, &monotonic);
    pthread_condattr_destroy(&monotonic);
    wire->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Signals are for the caller's thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = wire->wake >= 0 && pthread_create(&wire->thread, NULL, run, wire) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void drop(struct wire *wire)
{
    if (wire->wake >= 0)
        close(wire->wake);
    pthread_cond_destroy(&wire->came);
    pthread_mutex_destroy(&wire->lock);
    free(wire);
}

struct wire *wire_start(const struct transport_options *options, const struct wire_client *client, struct error *error)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire != NULL) {
        wire->options = *options;
        wire->client = *client;
        if (start(wire))
            return wire;
        drop(wire);
    }
    error_set_memory(error);
    return NULL;
}

void wire_put(struct wire *wire, struct wire_parcel *first)
{
    if (first == NULL)
        return;
    pthread_mutex_lock(&wire->lock);
    assert(!wire->closed);
    while (first != NULL) {
        struct wire_parcel *next = first->next;
        list_add(&wire->out, first);
        first = next;
    }
    bool hungry = wire->hungry;
    wire->hungry = false;
    pthread_mutex_unlock(&wire->lock);
    if (hungry)
        ring(wire);
}

size_t wire_waiting(struct wire *wire)
{
    pthread_mutex_lock(&wire->lock);
    size_t count = wire->out.count;
    pthread_mutex_unlock(&wire->lock);
    return count;
}

static struct timespec after(int64_t milliseconds)
{
    const int64_t ms_ns = 1000000;
    const int64_t second_ms = 1000;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + milliseconds % second_ms * ms_ns;
    until.tv_sec += (time_t)(milliseconds / second_ms + nanoseconds / (second_ms * ms_ns));
    until.tv_nsec = (long)(nanoseconds % (second_ms * ms_ns));
    return until;
}

struct wire_parcel *wire_take(struct wire *wire, int64_t milliseconds, bool *ended)
{
    struct timespec until = milliseconds > 0 ? after(milliseconds) : (struct timespec){0};
    bool waits = milliseconds != 0;
    pthread_mutex_lock(&wire->lock);
    while (waits && wire->back.first == NULL && !wire->ended) {
        if (milliseconds < 0)
            pthread_cond_wait(&wire->came, &wire->lock);
        else
            waits = pthread_cond_timedwait(&wire->came, &wire->lock, &until) == 0;
    }
    struct wire_parcel *back = list_take_all(&wire->back);
    *ended = back == NULL && wire->ended;
    pthread_mutex_unlock(&wire->lock);
    return back;
}

struct wire_note *wire_take_notes(struct wire *wire)
{
    pthread_mutex_lock(&wire->lock);
    struct wire_note *notes = wire->notes;
    wire->notes = NULL;
    pthread_mutex_unlock(&wire->lock);
    return notes;
}

void wire_close(struct wire *wire)
{
    pthread_mutex_lock(&wire->lock);
    wire->closed = true;
    pthread_mutex_unlock(&wire->lock);
    ring(wire);
}

enum transport_end wire_end(struct wire *wire, struct wire_rest *rest, struct error *error)
{
    wire_close(wire);
    pthread_join(wire->thread, NULL);
    *rest = (struct wire_rest){wire->notes, list_take_all(&wire->back), list_take_all(&wire->out)};
    enum transport_end end = wire->end;
    if (end == TRANSPORT_END_FAILED)
        *error = wire->error;
    drop(wire);
    return end;
}
