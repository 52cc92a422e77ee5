/* drop/drop.c: the file drop, as include/atobarai.h has it. */
#include "drop/drop.h"

#include "drop/lock.h"
#include "drop/pass.h"

#include <cjson/cJSON.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { LOOK_EVERY = 1000 }; /* milliseconds: a network drive announces nothing */

/* ---- Telling ---- */

bool drop_tell_error(const struct drop *drop, enum atobarai_drop_event event, const char *file)
{
    struct atobarai_message message;
    const struct error *error = &drop->error;
    bool worded = atobarai_message(error->code, drop->language, error->path, error->args[0], error->args[1], &message);
    const struct atobarai_dropped dropped = {
        .event = event, .file = file, .status = (enum atobarai_status)error->kind, .message = worded ? &message : NULL};
    drop->tell(drop->context, &dropped);
    atobarai_message_free(&message);
    return false;
}

void drop_tell_file(struct drop *drop, const struct atobarai_dropped *file)
{
    bool is_failed = file->status == ATOBARAI_INPUT;
    if (file->moved == NULL)
        drop->left++;
    else if (is_failed)
        drop->failed++;
    else
        drop->done++;
    /* What cannot be read is put aside, and people told: the pass is none the worse for it than for orders to fix. */
    enum atobarai_status status = is_failed ? ATOBARAI_NEEDS_FIXING : file->status;
    drop->status = status > drop->status ? status : drop->status;
    drop->tell(drop->context, file);
}

static void tell_pass(struct drop *drop)
{
    const struct atobarai_dropped dropped = {.event = ATOBARAI_DROP_PASS,
                                             .status = drop->status,
                                             .done = drop->done,
                                             .failed = drop->failed,
                                             .left = drop->left};
    drop->tell(drop->context, &dropped);
}

/* ---- Waiting ---- */

/* Wait for `milliseconds`, or until something comes in where that is announced, or a signal. */
static void wait_for_files(int notices, uint64_t milliseconds)
{
    struct pollfd ready = {.fd = notices, .events = POLLIN};
    char events[4096];
    if (poll(&ready, 1, (int)milliseconds) >
        0) /* what came is found by looking; a file that is written says so often */
        while (read(notices, events, sizeof events) > 0)
            continue;
}

/* Where the system announces files: -1 where it does not. Folders that were made anew are not among them; they are
 * looked into all the same. */
static int open_notices(const struct folders *folders)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    for (enum folder i = 0; i < FOLDERS_IN && fd >= 0; i++) {
        struct buf path = {0};
        folders_put_path(folders, i, "", &path);
        if (!path.failed)
            inotify_add_watch(fd, buf_text(&path), IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
        buf_free(&path);
    }
    return fd;
}

static bool look(struct drop *drop)
{
    return folders_renew(&drop->folders, &drop->error) &&
           arrivals_look(&drop->arrivals, &drop->folders, arrivals_clock(), &drop->error);
}

/* ---- Once, or for ever ---- */

/* Look until every file that was there has settled, or its time is over: a file that is written to meanwhile is for the
 * next pass. */
static bool settle(struct drop *drop)
{
    enum { STEP = 100 }; /* milliseconds */
    uint64_t begin = arrivals_clock();
    uint64_t longest = (uint64_t)drop->asked->settle * 1000;
    bool looked = look(drop);
    for (bool waits = true; looked && waits && !drop_is_interrupted(drop);) {
        uint64_t now = arrivals_clock();
        waits = false;
        for (size_t i = 0; i < drop->arrivals.count && !waits; i++)
            waits = arrivals_is_settling(&drop->arrivals.list[i], now, drop->asked->settle);
        waits = waits && now - begin <= longest;
        if (waits) {
            poll(NULL, 0, STEP);
            looked = look(drop);
        }
    }
    return looked;
}

/* Whether the pass did anything. */
static bool did_anything(const struct drop *drop)
{
    return drop->done + drop->failed + drop->left > 0;
}

static bool run_once(struct drop *drop)
{
    if (!settle(drop) || !pass_run(drop))
        return false;
    if (drop_is_interrupted(drop))
        drop->status = ATOBARAI_INTERRUPTED;
    tell_pass(drop);
    return true;
}

/* Until somebody ends it, or the configuration is wrong. */
static bool run_on(struct drop *drop, int notices)
{
    while (!drop_is_interrupted(drop)) {
        drop->status = ATOBARAI_DONE;
        if (!look(drop) || !pass_run(drop))
            return false;
        if (did_anything(drop))
            tell_pass(drop);
        drop->done = drop->failed = drop->left = 0;
        if (drop->status == ATOBARAI_CONFIG)
            return true;
        if (!drop_is_interrupted(drop))
            wait_for_files(notices, LOOK_EVERY);
    }
    drop->status = drop->status == ATOBARAI_INTERRUPTED ? ATOBARAI_INTERRUPTED : ATOBARAI_DONE;
    return true;
}

static bool run_locked(struct drop *drop)
{
    if (!journal_read(&drop->journal, &drop->folders, &drop->error) || !pass_recover(drop))
        return false;
    if (drop->asked->once)
        return run_once(drop);
    int notices = open_notices(&drop->folders);
    bool ran = run_on(drop, notices);
    if (notices >= 0)
        close(notices);
    return ran;
}

static bool run(struct drop *drop)
{
    if (!folders_open(&drop->folders, drop->asked->folder, &drop->error))
        return false;
    int lock = lock_drop(&drop->folders, &drop->error);
    bool ran = lock >= 0 && run_locked(drop);
    if (lock >= 0)
        close(lock);
    return ran;
}

enum atobarai_status atobarai_drop(const struct atobarai_dropping *dropping, const struct atobarai_options *options,
                                   enum atobarai_language language, atobarai_drop_fn *tell, void *context,
                                   struct atobarai_message *message)
{
    struct drop drop = {.asked = dropping, .options = options, .language = language, .tell = tell, .context = context};
    *message = (struct atobarai_message){0};
    bool ran = run(&drop);
    folders_close(&drop.folders);
    journal_free(&drop.journal);
    arrivals_free(&drop.arrivals);
    if (ran)
        return drop.status;
    const struct error *error = &drop.error;
    atobarai_message(error->code, language, error->path, error->args[0], error->args[1], message);
    return (enum atobarai_status)error->kind;
}
