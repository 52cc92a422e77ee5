/* base/parallel.c: see parallel.h. */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

enum { WAITING = 2 }; /* results for each thread: one being made, one waiting to be taken */

/* One run. What follows `lock` belongs to whoever holds it. */
struct run {
    const struct parallel *work;
    size_t slots; /* results that there is room for: that of part n is in slot n % slots */
    char *results;
    bool *ready; /* per slot: made, and not taken yet */
    pthread_mutex_t lock;
    pthread_cond_t moved; /* a result was taken, or the run has failed */
    size_t next;          /* the part to be made next */
    size_t taken;         /* parts that are done with */
    bool taking;          /* a thread is taking results */
    bool failed;
    struct error *error;
};

static void *result_of(const struct run *run, size_t part)
{
    return run->results + part % run->slots * run->work->result_size;
}

/* The next part to be made, once there is room for its result; `parts` where nothing is left to do. Locked. */
static size_t claim(struct run *run)
{
    while (!run->failed && run->next < run->work->parts && run->next - run->taken >= run->slots)
        pthread_cond_wait(&run->moved, &run->lock);
    return run->failed || run->next == run->work->parts ? run->work->parts : run->next++;
}

/* Take what is ready, as far as it goes without a gap, unless another thread does so: that one will see it. Locked. */
static void take_ready(struct run *run, void *worker)
{
    if (run->taking)
        return;
    run->taking = true;
    while (!run->failed && run->taken < run->work->parts && run->ready[run->taken % run->slots]) {
        size_t part = run->taken;
        pthread_mutex_unlock(&run->lock);
        bool done = run->work->take(worker, part, result_of(run, part), run->error);
        pthread_mutex_lock(&run->lock);
        run->ready[part % run->slots] = false;
        run->taken++;
        run->failed = !done;
        pthread_cond_broadcast(&run->moved);
    }
    run->taking = false;
}

static void make_parts(struct run *run, void *worker)
{
    pthread_mutex_lock(&run->lock);
    for (size_t part; (part = claim(run)) < run->work->parts;) {
        pthread_mutex_unlock(&run->lock);
        run->work->make(worker, part, result_of(run, part));
        pthread_mutex_lock(&run->lock);
        run->ready[part % run->slots] = true;
        take_ready(run, worker);
    }
    pthread_mutex_unlock(&run->lock);
}

/* What one thread is told. */
struct thread {
    struct run *run;
    void *worker;
    pthread_t id;
};

static void *run_thread(void *context)
{
    struct thread *thread = context;
    make_parts(thread->run, thread->worker);
    return NULL;
}

/* Open up to `jobs` workers; how many. One is enough to do all of the work. */
static size_t open_workers(struct run *run, struct thread *threads, size_t jobs)
{
    size_t opened = 0;
    struct error error = {0};
    for (; opened < jobs; opened++) {
        void *worker = run->work->open(run->work->context, opened == 0 ? run->error : &error);
        if (worker == NULL)
            break;
        threads[opened] = (struct thread){.run = run, .worker = worker};
    }
    return opened;
}

static bool run_threads(struct run *run, size_t jobs)
{
    struct thread threads[PARALLEL_JOBS_MAX];
    size_t opened = open_workers(run, threads, jobs);
    size_t started = 1;
    while (started < opened && pthread_create(&threads[started].id, NULL, run_thread, &threads[started]) == 0)
        started++;
    if (opened > 0)
        make_parts(run, threads[0].worker);
    for (size_t i = 1; i < started && opened > 0; i++)
        pthread_join(threads[i].id, NULL);
    for (size_t i = 0; i < opened; i++)
        run->work->close(threads[i].worker);
    return opened > 0 && !run->failed;
}

bool parallel_run(const struct parallel *work, size_t jobs, struct error *error)
{
    struct run run = {
        .work = work, .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER, .error = error};
    jobs = jobs < work->parts ? jobs : work->parts;
    if (jobs == 0)
        return true;
    run.slots = jobs * WAITING;
    run.results = calloc(run.slots, work->result_size);
    run.ready = calloc(run.slots, sizeof *run.ready);
    bool done = run.results != NULL && run.ready != NULL ? run_threads(&run, jobs) : error_set_memory(error);
    for (size_t slot = 0; slot < run.slots && run.results != NULL; slot++)
        work->release(result_of(&run, slot));
    free(run.results);
    free(run.ready);
    pthread_mutex_destroy(&run.lock);
    pthread_cond_destroy(&run.moved);
    return done;
}

size_t parallel_jobs(size_t wanted)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    size_t jobs = wanted;
    if (jobs == 0)
        jobs = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    return jobs < PARALLEL_JOBS_MAX ? jobs : PARALLEL_JOBS_MAX;
}
