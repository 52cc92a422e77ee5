/* sandbox/parking.c: see parking.h. */
#include "sandbox/parking.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Nanoseconds. */
#define MILLISECOND INT64_C(1000000)
#define SECOND      INT64_C(1000000000)

struct place {
    struct MHD_Connection *connection; /* borrowed from libmicrohttpd while it is suspended */
    int fd;                            /* of the connection */
    int64_t until;                     /* nanoseconds of the monotonic clock; INT64_MAX: for ever */
};

struct sandbox_parking {
    pthread_t thread;
    int wake; /* eventfd: something was parked, or the lot closes */
    pthread_mutex_t lock;
    /* Under the lock. Handlers append places; only the thread takes them away, so that a place's number, and its
     * descriptor, stay good while the thread polls without the lock. */
    struct place *places;
    size_t count;
    size_t capacity;
    int64_t next; /* when the thread wakes by itself; INT64_MAX: never */
    bool closed;
    /* The thread's own: [0] is `wake`, [n + 1] is place n. */
    struct pollfd *polled;
    size_t polled_capacity;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

static void wake(struct sandbox_parking *parking)
{
    uint64_t one = 1;
    /* It can only fail where the counter is full, and then the thread is awake anyway. */
    ssize_t written = write(parking->wake, &one, sizeof one);
    (void)written;
}

/* Wake whoever may go: the first `looked_at` places were polled. Under the lock. */
static void release(struct sandbox_parking *parking, size_t looked_at)
{
    int64_t now = now_ns();
    for (size_t i = parking->count; i-- > 0;) {
        struct place *place = &parking->places[i];
        bool hung_up = i < looked_at && parking->polled[i + 1].revents != 0;
        if (!parking->closed && !hung_up && place->until > now)
            continue;
        MHD_resume_connection(place->connection);
        *place = parking->places[--parking->count]; /* that one was looked at already: we come from the end */
    }
}

/* Write down what to poll, and set parking->next. The number of places listed; 0 when memory ran out: then nobody's
 * hanging up is noticed. Who waits less than a second is not looked at meanwhile. Under the lock. */
static size_t list_polled(struct sandbox_parking *parking)
{
    int64_t soon = now_ns() + SECOND;
    parking->next = INT64_MAX;
    if (parking->polled_capacity < parking->count + 1) {
        size_t capacity = parking->count * 2 + 16;
        struct pollfd *polled = realloc(parking->polled, capacity * sizeof *polled);
        if (polled != NULL) {
            parking->polled = polled;
            parking->polled_capacity = capacity;
        }
    }
    size_t listed = parking->polled_capacity > parking->count ? parking->count : 0;
    for (size_t i = 0; i < parking->count; i++) {
        const struct place *place = &parking->places[i];
        if (place->until < parking->next)
            parking->next = place->until;
        if (i < listed) /* poll() passes over a negative descriptor */
            parking->polled[i + 1] = (struct pollfd){.fd = place->until > soon ? place->fd : -1, .events = POLLRDHUP};
    }
    return listed;
}

/* Wait until `next`, or until one of the polled ones says something. False: what they say is not to be trusted. */
static bool wait_polled(struct sandbox_parking *parking, size_t listed, int64_t next)
{
    int64_t left = next - now_ns();
    struct timespec timeout = {.tv_sec = left > 0 ? left / SECOND : 0, .tv_nsec = left > 0 ? left % SECOND : 0};
    uint64_t ignored;
    parking->polled[0] = (struct pollfd){.fd = parking->wake, .events = POLLIN};
    return ppoll(parking->polled, (nfds_t)listed + 1, next == INT64_MAX ? NULL : &timeout, NULL) >= 0 &&
           (parking->polled[0].revents == 0 || read(parking->wake, &ignored, sizeof ignored) >= 0);
}

static void *watch(void *argument)
{
    struct sandbox_parking *parking = argument;
    pthread_mutex_lock(&parking->lock);
    while (!parking->closed) {
        size_t listed = list_polled(parking);
        int64_t next = parking->next;
        pthread_mutex_unlock(&parking->lock);
        bool told = wait_polled(parking, listed, next);
        pthread_mutex_lock(&parking->lock);
        release(parking, told ? listed : 0);
    }
    release(parking, 0);
    pthread_mutex_unlock(&parking->lock);
    return NULL;
}

struct sandbox_parking *sandbox_parking_new(void)
{
    struct sandbox_parking *parking = calloc(1, sizeof *parking);
    if (parking == NULL)
        return NULL;
    parking->polled_capacity = 16;
    parking->next = INT64_MAX;
    parking->polled = calloc(parking->polled_capacity, sizeof *parking->polled);
    parking->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&parking->lock, NULL);
    if (parking->polled == NULL || parking->wake < 0 || pthread_create(&parking->thread, NULL, watch, parking) != 0) {
        sandbox_parking_free(parking);
        return NULL;
    }
    return parking;
}

bool sandbox_parking_hold(struct sandbox_parking *parking, struct MHD_Connection *connection, int milliseconds)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct place place = {connection, info != NULL ? info->connect_fd : -1,
                          milliseconds < 0 ? INT64_MAX : now_ns() + milliseconds * MILLISECOND};
    bool held = false;
    pthread_mutex_lock(&parking->lock);
    if (!parking->closed && parking->count == parking->capacity) {
        size_t capacity = parking->capacity * 2 + 16;
        struct place *places = realloc(parking->places, capacity * sizeof *places);
        if (places != NULL) {
            parking->places = places;
            parking->capacity = capacity;
        }
    }
    if (!parking->closed && parking->count < parking->capacity) {
        /* Under the lock, lest the lot close between the two. */
        MHD_suspend_connection(connection);
        parking->places[parking->count++] = place;
        held = true;
        /* The thread need not know of one that it will come to in time, but has to watch those who stay. */
        if (place.until < parking->next || milliseconds < 0)
            wake(parking);
    }
    pthread_mutex_unlock(&parking->lock);
    return held;
}

void sandbox_parking_close(struct sandbox_parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    parking->closed = true;
    pthread_mutex_unlock(&parking->lock);
    wake(parking);
    pthread_join(parking->thread, NULL);
}

void sandbox_parking_free(struct sandbox_parking *parking)
{
    if (parking == NULL)
        return;
    if (parking->wake >= 0)
        close(parking->wake);
    pthread_mutex_destroy(&parking->lock);
    free(parking->polled);
    free(parking->places);
    free(parking);
}
