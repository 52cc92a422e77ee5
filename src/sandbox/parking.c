/* sandbox/parking.c: see parking.h. */
#include "sandbox/parking.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct place {
    struct MHD_Connection *connection; /* borrowed from libmicrohttpd while it is suspended */
    int fd;                            /* of the connection */
    int64_t until;                     /* milliseconds of the monotonic clock; INT64_MAX: for ever */
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
    bool closed;
    /* The thread's own: [0] is `wake`, [n + 1] is place n. */
    struct pollfd *polled;
    size_t polled_capacity;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
    int64_t now = now_ms();
    for (size_t i = parking->count; i-- > 0;) {
        struct place *place = &parking->places[i];
        bool hung_up = i < looked_at && parking->polled[i + 1].revents != 0;
        if (!parking->closed && !hung_up && place->until > now)
            continue;
        MHD_resume_connection(place->connection);
        *place = parking->places[--parking->count]; /* that one was looked at already: we come from the end */
    }
}

/* Write down what to poll, and until when (milliseconds from now, -1 for ever). The number of places listed; 0 when
 * memory ran out: then nobody's hanging up is noticed. Under the lock. */
static size_t list_polled(struct sandbox_parking *parking, int *timeout)
{
    int64_t now = now_ms();
    int64_t next = INT64_MAX;
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
        if (parking->places[i].until < next)
            next = parking->places[i].until;
        if (i < listed)
            parking->polled[i + 1] = (struct pollfd){.fd = parking->places[i].fd, .events = POLLRDHUP};
    }
    *timeout = next == INT64_MAX ? -1 : next <= now ? 0 : next - now > INT_MAX ? INT_MAX : (int)(next - now);
    return listed;
}

static void *watch(void *argument)
{
    struct sandbox_parking *parking = argument;
    size_t listed = 0;
    pthread_mutex_lock(&parking->lock);
    while (!parking->closed) {
        int timeout;
        uint64_t ignored;
        listed = list_polled(parking, &timeout);
        pthread_mutex_unlock(&parking->lock);
        parking->polled[0] = (struct pollfd){.fd = parking->wake, .events = POLLIN};
        /* Where poll() was interrupted, or lied, what the entries say is not to be trusted. */
        if (poll(parking->polled, (nfds_t)listed + 1, timeout) < 0 ||
            (parking->polled[0].revents != 0 && read(parking->wake, &ignored, sizeof ignored) < 0))
            listed = 0;
        pthread_mutex_lock(&parking->lock);
        release(parking, listed);
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
                          milliseconds < 0 ? INT64_MAX : now_ms() + milliseconds};
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
