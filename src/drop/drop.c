/* drop/drop.c: the file drop, as include/atobarai.h has it. */
#include "drop/drop.h"

#include "drop/finish.h"
#include "drop/follow_up.h"
#include "drop/lock.h"
#include "drop/pass.h"

#include <cjson/cJSON.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    LOOK_EVERY = 1000,          /* milliseconds: a network drive announces nothing */
    ASK_EVERY = 15 * 60 * 1000, /* likewise, for pending orders while no file comes */
};

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

static void note_status(struct drop *drop, enum atobarai_status status)
{
    drop->status = status > drop->status ? status : drop->status;
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text != NULL)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

/* What asked->on_finish is told of a file. Where memory runs out something is missing: it is no part of the work. */
static cJSON *json_of(const struct atobarai_dropped *file)
{
    cJSON *object = cJSON_CreateObject();
    char *summary = file->summary != NULL ? atobarai_summary_text(file->summary) : NULL;
    add_text(object, "command", file->command);
    add_text(object, "file", file->file);
    add_text(object, "moved", file->moved);
    add_text(object, "result", file->result);
    cJSON_AddNumberToObject(object, "status", (double)file->status);
    add_text(object, "message", file->message != NULL ? file->message->what : NULL);
    if (summary != NULL)
        cJSON_AddRawToObject(object, "summary", summary);
    else
        cJSON_AddNullToObject(object, "summary");
    free(summary);
    return object;
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
    note_status(drop, is_failed ? ATOBARAI_NEEDS_FIXING : file->status);
    cJSON_AddItemToArray(drop->files, json_of(file));
    drop->tell(drop->context, file);
}

void drop_tell_follow_up(struct drop *drop, const struct atobarai_dropped *told)
{
    note_status(drop, told->status);
    cJSON_Delete(drop->follow_up);
    drop->follow_up = json_of(told);
    drop->tell(drop->context, told);
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

/* Wait until something comes in where that is announced, or a signal, or it is time to look. */
static void wait_for_files(const struct drop *drop, int notices)
{
    struct pollfd ready = {.fd = notices, .events = POLLIN};
    char events[4096];
    if (drop_is_interrupted(drop) || poll(&ready, 1, LOOK_EVERY) <= 0)
        return;
    while (read(notices, events, sizeof events) > 0) /* what came is found by looking */
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
    uint64_t longest = (uint64_t)drop->asked->settle * 1000;
    bool looked = look(drop);
    uint64_t begin = arrivals_clock();
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

static bool took_files(const struct drop *drop)
{
    return drop->done + drop->failed + drop->left > 0;
}

/* What the next pass counts anew. */
static void forget_pass(struct drop *drop)
{
    drop->status = ATOBARAI_DONE;
    drop->done = drop->failed = drop->left = 0;
    drop->ended_early = false;
    cJSON_Delete(drop->files);
    cJSON_Delete(drop->follow_up);
    drop->files = cJSON_CreateArray();
    drop->follow_up = NULL;
}

/* What comes behind the files of a pass: asking again, where it is time for that, and telling. */
static bool end_pass(struct drop *drop, bool asks, bool tells)
{
    bool wanted = drop->asked->follow_up && asks && !drop->ended_early && !drop_is_interrupted(drop);
    if (wanted && !follow_up_run(drop))
        return false;
    if (tells || took_files(drop) || drop->follow_up != NULL)
        tell_pass(drop);
    if (drop->asked->on_finish != NULL && (took_files(drop) || drop->follow_up != NULL))
        finish_run(drop);
    return true;
}

/* Look again as long as files came while others had their turn: who starts a pass for each file that comes may have
 * been told of them already. Not for ever, though. */
static bool run_once(struct drop *drop)
{
    enum { LOOKS_MAX = 100 };
    bool again = true;
    for (int i = 0; i < LOOKS_MAX && again; i++) {
        uint64_t taken = drop->done + drop->failed + drop->left;
        if (!settle(drop) || !pass_run(drop))
            return false;
        again = drop->done + drop->failed + drop->left > taken && !drop->ended_early && !drop_is_interrupted(drop);
    }
    if (drop_is_interrupted(drop))
        drop->status = ATOBARAI_INTERRUPTED;
    return end_pass(drop, true, true);
}

/* Milliseconds until the next pass, where it was no use going on with this one: twice as many each time, up to a limit.
 */
static uint64_t pause_after(const struct drop *drop, unsigned *pauses)
{
    enum { FIRST = 60 * 1000, DOUBLINGS = 4 };
    if (!drop->ended_early) {
        *pauses = took_files(drop) ? 0 : *pauses;
        return 0;
    }
    uint64_t pause = (uint64_t)FIRST << *pauses;
    *pauses += *pauses < DOUBLINGS;
    return pause;
}

/* A pass, where there is anything to do. `asked_at` is when pending orders were asked for; 0: never. */
static bool run_pass(struct drop *drop, uint64_t *asked_at)
{
    if (!look(drop) || !pass_run(drop))
        return false;
    bool asks = took_files(drop) || *asked_at == 0 || arrivals_clock() - *asked_at >= ASK_EVERY;
    if (asks)
        *asked_at = arrivals_clock();
    return end_pass(drop, asks, false);
}

/* Until somebody ends it, or the configuration is wrong: one that has been good may be so again, as when the ledger is
 * somebody else's for a while. */
static bool run_on(struct drop *drop, int notices)
{
    uint64_t asked_at = 0;
    uint64_t not_before = 0;
    unsigned pauses = 0;
    while (!drop_is_interrupted(drop)) {
        if (arrivals_clock() >= not_before) {
            if (!run_pass(drop, &asked_at))
                return false;
            if ((drop->status == ATOBARAI_CONFIG && !drop->proven) || drop->status == ATOBARAI_INTERRUPTED)
                return true;
            not_before = arrivals_clock() + pause_after(drop, &pauses);
            forget_pass(drop);
        }
        wait_for_files(drop, notices);
    }
    drop->status = ATOBARAI_DONE;
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
    forget_pass(&drop);
    bool ran = run(&drop);
    cJSON_Delete(drop.files);
    cJSON_Delete(drop.follow_up);
    folders_close(&drop.folders);
    journal_free(&drop.journal);
    arrivals_free(&drop.arrivals);
    if (ran)
        return drop.status;
    const struct error *error = &drop.error;
    atobarai_message(error->code, language, error->path, error->args[0], error->args[1], message);
    return (enum atobarai_status)error->kind;
}
