/* drop/pass.c: see pass.h. */
#include "drop/pass.h"

#include "drop/names.h"
#include "text/harmless.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds until a file that stayed is tried again: twice as many each time, up to a limit. */
enum { RETRY_FIRST = 60 * 1000, RETRY_DOUBLINGS = 4 };

/* ---- Names ---- */

/* Whether `name` is free in `fd`, with `ending` behind it. */
static bool is_free_with(int fd, const struct buf *name, const char *ending)
{
    struct buf whole = {0};
    buf_printf(&whole, "%s%s", buf_text(name), ending);
    bool is_free = !whole.failed && folders_is_free(fd, buf_text(&whole));
    buf_free(&whole);
    return is_free;
}

bool pass_find_name(int fd, const char *name, struct buf *found)
{
    enum { NUMBERS = 1000000 };
    for (unsigned number = 1; number <= NUMBERS && !found->failed; number++) {
        buf_clear(found);
        name_put_numbered(name, number, NAME_BYTES_MAX - NAME_MARKER, found);
        if (is_free_with(fd, found, "") && is_free_with(fd, found, ".done") && is_free_with(fd, found, ".txt"))
            return !found->failed;
    }
    return false;
}

/* A name for the page of the result `result`, as "2026-11-05_020012_result_order.html": by it pages stand in the order
 * of their runs. False when memory ran out. */
static bool find_page(const struct drop *drop, const char *result, struct buf *found)
{
    static const char ending[] = ".csv";
    char moment[32] = "";
    time_t now = time(NULL);
    struct tm local;
    struct buf wanted = {0};
    size_t length = strlen(result);
    if (localtime_r(&now, &local) != NULL)
        strftime(moment, sizeof moment, "%Y-%m-%d_%H%M%S_", &local);
    if (length > strlen(ending) && strcasecmp(result + length - strlen(ending), ending) == 0)
        length -= strlen(ending);
    buf_append_text(&wanted, moment);
    buf_append(&wanted, result, length);
    buf_append_text(&wanted, ".html");
    bool named = !wanted.failed && pass_find_name(drop->folders.fds[FOLDER_REPORT], buf_text(&wanted), found);
    buf_free(&wanted);
    return named;
}

/* A name for the result of `name`, which no other file has been promised. */
static bool find_result(const struct drop *drop, const char *name, struct buf *found)
{
    struct buf wanted = {0};
    name_put_result(name, &wanted);
    bool named = !wanted.failed;
    for (unsigned number = 1; named; number++) {
        buf_clear(found);
        name_put_numbered(buf_text(&wanted), number, NAME_BYTES_MAX, found);
        if (folders_is_free(drop->folders.fds[FOLDER_OUT], buf_text(found)) &&
            !journal_has_result(&drop->journal, buf_text(found)))
            break;
        named = !found->failed && number < UINT_MAX;
    }
    buf_free(&wanted);
    return named;
}

/* ---- Jobs ---- */

struct running {
    const struct drop *drop;
    struct atobarai_job *job;
};

/* Called five times a second at least, while the job sends: what comes before and behind that takes no long time. */
static void watch(void *context, const struct atobarai_progress *progress)
{
    const struct running *running = context;
    (void)progress;
    if (drop_is_interrupted(running->drop))
        atobarai_job_interrupt(running->job);
}

struct atobarai_job *pass_job(const struct drop *drop, const struct atobarai_options *options,
                              enum atobarai_operation operation, const char *input, int descriptor, const char *result,
                              bool force, enum atobarai_status *status)
{
    struct atobarai_options ours = *options;
    struct buf output = {0};
    struct buf name = {0};
    struct buf page = {0};
    folders_put_path(&drop->folders, FOLDER_OUT, result, &output);
    bool placed = find_page(drop, result, &name);
    folders_put_path(&drop->folders, FOLDER_REPORT, buf_text(&name), &page);
    placed = placed && !output.failed && !page.failed;
    ours.force = force;
    ours.dry_run = false;
    ours.xlsx = NULL;
    ours.only = NULL;
    ours.report = buf_text(&page);
    struct running running = {drop, placed ? atobarai_job_new(operation, input, buf_text(&output), &ours) : NULL};
    buf_free(&output);
    buf_free(&name);
    buf_free(&page);
    if (running.job == NULL)
        return NULL;
    atobarai_job_read_from(running.job, descriptor);
    *status = atobarai_job_run(running.job, watch, &running);
    return running.job;
}

/* ---- From in/ to done/ and failed/ ---- */

/* The folder that a finished file goes to; -1 with drop->error. It may be one of `folders`: see close_target(). */
static int open_target(struct drop *drop, const struct journal_entry *entry)
{
    if (entry->day == NULL)
        return drop->folders.fds[FOLDER_FAILED];
    int fd = folders_open_in(drop->folders.fds[FOLDER_DONE], entry->day);
    if (fd < 0)
        folders_fail(&drop->folders, folder_name(FOLDER_DONE), errno, &drop->error);
    return fd;
}

static void close_target(const struct drop *drop, int fd)
{
    if (fd >= 0 && fd != drop->folders.fds[FOLDER_FAILED])
        close(fd);
}

/* Whether the file that the entry is about is called `name` in `folder`. */
static bool is_called(const struct journal_entry *entry, int folder, const char *name)
{
    struct stat file;
    if (fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(file.st_mode))
        return false;
    struct identity found = identity_of(&file);
    return identity_equal(&found, &entry->file);
}

/* Whether it lies where it came in. */
static bool is_there(const struct drop *drop, const struct journal_entry *entry)
{
    return is_called(entry, drop->folders.fds[entry->folder], entry->name);
}

/* NAME.done goes first: without it the file has to settle, which is safe; without the file it would make the next one
 * of that name complete before it is. */
static void move_marker(const struct drop *drop, const struct journal_entry *entry, int to)
{
    struct buf from = {0};
    struct buf there = {0};
    buf_printf(&from, "%s.done", entry->name);
    buf_printf(&there, "%s.done", entry->moved);
    if (!from.failed && !there.failed)
        folders_move(drop->folders.fds[entry->folder], buf_text(&from), to, buf_text(&there));
    buf_free(&from);
    buf_free(&there);
}

/* The text that says why, beside its later place. */
static bool write_why(const struct journal_entry *entry, int to)
{
    struct buf name = {0};
    struct buf text = {0};
    if (entry->why == NULL)
        return true;
    buf_printf(&name, "%s.txt", entry->moved);
    buf_append_text(&text, entry->why);
    bool written = !name.failed && !text.failed && folders_write(to, buf_text(&name), 0666, &text);
    buf_free(&name);
    buf_free(&text);
    return written;
}

/* Somebody put another file in the place of ours just when it was to be moved: that has not had its turn, and goes
 * back, under its own name if that is still free. */
static bool move_back(const struct drop *drop, const struct journal_entry *entry, int from)
{
    int to = drop->folders.fds[entry->folder];
    struct buf name = {0};
    bool moved = folders_move(from, entry->moved, to, entry->name) ||
                 (errno == EEXIST && pass_find_name(to, entry->name, &name) &&
                  folders_move(from, entry->moved, to, buf_text(&name)));
    buf_free(&name);
    return moved;
}

/* Move the file to where the entry says, and what belongs to it. False with errno. */
static bool try_to_move(struct drop *drop, struct journal_entry *entry, int to)
{
    int from = drop->folders.fds[entry->folder];
    move_marker(drop, entry, to);
    if (!write_why(entry, to) || !folders_move(from, entry->name, to, entry->moved))
        return false;
    if (!is_called(entry, to, entry->moved)) {
        entry->state = JOURNAL_RUNNING; /* it is nowhere to be found */
        return move_back(drop, entry, to);
    }
    folders_sync(to);
    folders_sync(from);
    return true;
}

/* Choose a name for the file where it goes, and note that, so that the next start goes on with it. */
static bool promise(struct drop *drop, struct journal_entry *entry, int to)
{
    struct buf name = {0};
    bool found = pass_find_name(to, entry->name, &name);
    free(entry->moved);
    entry->moved = found ? buf_take(&name) : NULL;
    buf_free(&name);
    if (entry->moved == NULL) {
        error_set_memory(&drop->error);
        return false;
    }
    entry->state = JOURNAL_FINISHED;
    return journal_write(&drop->journal, &drop->folders, &drop->error);
}

/* Move a finished file. Where somebody has put a file in its place meanwhile, it gets another name. */
static bool deliver(struct drop *drop, struct journal_entry *entry)
{
    enum { TRIES = 10 };
    int to = open_target(drop, entry);
    bool promised = to >= 0;
    bool moved = false;
    int reason = EEXIST;
    for (int i = 0; i < TRIES && promised && !moved && reason == EEXIST; i++) {
        promised = (i == 0 && entry->moved != NULL) || promise(drop, entry, to);
        moved = promised && try_to_move(drop, entry, to);
        reason = errno;
    }
    if (promised && !moved) {
        struct buf path = {0};
        folders_put_path(&drop->folders, entry->folder, entry->name, &path);
        error_set_errno(&drop->error, ERROR_USAGE, "DROP_UNMOVABLE", buf_text(&path), reason);
        buf_free(&path);
    }
    close_target(drop, to);
    return moved;
}

/* ---- What became of a file ---- */

/* Tell of it, with where it is now: "done/2026-11-05/order.csv", "out/result_order.csv". */
static void tell(struct drop *drop, const struct journal_entry *entry, enum atobarai_status status,
                 const struct atobarai_summary *summary, const struct atobarai_message *message)
{
    struct buf file = {0};
    struct buf moved = {0};
    struct buf result = {0};
    bool is_moved = entry->state == JOURNAL_FINISHED;
    bool has_result = entry->day != NULL || (summary != NULL && summary->complete);
    buf_printf(&file, "%s/%s", folder_name(entry->folder), entry->name);
    buf_printf(&result, "%s/%s", folder_name(FOLDER_OUT), entry->result);
    if (entry->day != NULL)
        buf_printf(&moved, "%s/%s/", folder_name(FOLDER_DONE), entry->day);
    else
        buf_printf(&moved, "%s/", folder_name(FOLDER_FAILED));
    buf_append_text(&moved, is_moved ? entry->moved : "");
    const struct atobarai_dropped dropped = {
        .event = ATOBARAI_DROP_FILE,
        .command = folder_command(entry->folder),
        .file = buf_text(&file),
        .moved = is_moved ? buf_text(&moved) : NULL,
        .result = has_result ? buf_text(&result) : NULL,
        .status = status,
        .summary = summary,
        .message = message,
    };
    drop_tell_file(drop, &dropped);
    buf_free(&file);
    buf_free(&moved);
    buf_free(&result);
}

static bool forget(struct drop *drop, struct journal_entry *entry)
{
    journal_remove(&drop->journal, entry);
    return journal_write(&drop->journal, &drop->folders, &drop->error);
}

/* Today, in local time: the name of a folder. NULL when memory ran out. */
static char *today(void)
{
    char day[32] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local) != NULL)
        strftime(day, sizeof day, "%Y-%m-%d", &local);
    return strdup(day);
}

/* The file is done with, and goes to done/. One that was replaced meanwhile is not there to be moved; what is there has
 * its own turn. */
static bool put_to_done(struct drop *drop, struct journal_entry *entry, enum atobarai_status status,
                        const struct atobarai_summary *summary, const struct atobarai_message *message)
{
    entry->status = status;
    entry->day = today();
    if (entry->day == NULL)
        return error_set_memory(&drop->error);
    if (is_there(drop, entry) && !deliver(drop, entry))
        return false;
    tell(drop, entry, status, summary, message);
    return forget(drop, entry);
}

/* The file goes to failed/, with `why` in both languages beside it. Takes the messages. */
static bool put_to_failed(struct drop *drop, struct journal_entry *entry, struct atobarai_message why[2])
{
    static const char *const labels[2][2] = {{"原因: ", "対処: "}, {"Cause: ", "To do: "}};
    struct buf text = {0};
    for (size_t i = 0; i < 2; i++)
        buf_printf(&text, "%s%s\r\n%s%s\r\n%s%s\r\n", i > 0 ? "\r\n" : "", why[i].what, labels[i][0], why[i].why,
                   labels[i][1], why[i].remedy);
    entry->status = ATOBARAI_INPUT;
    entry->why = buf_take(&text);
    bool put = entry->why != NULL || error_set_memory(&drop->error);
    put = put && (!is_there(drop, entry) || deliver(drop, entry));
    if (put)
        tell(drop, entry, ATOBARAI_INPUT, NULL, &why[drop->language]);
    atobarai_message_free(&why[0]);
    atobarai_message_free(&why[1]);
    return put && forget(drop, entry);
}

/* The file stays. What its job left in out/ is for its next job to replace; a name that nothing has is free again. */
static bool stay(struct drop *drop, struct journal_entry *entry, enum atobarai_status status,
                 const struct atobarai_summary *summary, const struct atobarai_message *message)
{
    struct stat output;
    tell(drop, entry, status, summary, message);
    if (summary->complete && fstatat(drop->folders.fds[FOLDER_OUT], entry->result, &output, AT_SYMLINK_NOFOLLOW) == 0) {
        entry->has_result = true;
        entry->output = identity_of(&output);
    }
    if (!entry->has_result)
        return forget(drop, entry);
    entry->state = JOURNAL_WAITING;
    return journal_write(&drop->journal, &drop->folders, &drop->error);
}

static bool conclude(struct drop *drop, struct arrival *arrival, struct journal_entry *entry,
                     const struct atobarai_job *job, enum atobarai_status status)
{
    const struct atobarai_summary *summary = atobarai_job_summary(job);
    struct atobarai_message why[2] = {0};
    bool concluded;
    if (status <= ATOBARAI_NEEDS_FIXING)
        return put_to_done(drop, entry, status, summary, NULL);
    bool worded = atobarai_job_message(job, ATOBARAI_JA, &why[ATOBARAI_JA]) &&
                  atobarai_job_message(job, ATOBARAI_EN, &why[ATOBARAI_EN]);
    if (worded && status == ATOBARAI_INPUT)
        return put_to_failed(drop, entry, why);
    if (!worded) {
        concluded = error_set_memory(&drop->error);
    } else if (status == ATOBARAI_USAGE && summary->complete) { /* all but a file beside the result */
        concluded = put_to_done(drop, entry, status, summary, &why[drop->language]);
    } else {
        arrival->not_before = arrivals_clock() + ((uint64_t)RETRY_FIRST << arrival->stays);
        arrival->stays += arrival->stays < RETRY_DOUBLINGS;
        concluded = stay(drop, entry, status, summary, &why[drop->language]);
    }
    atobarai_message_free(&why[ATOBARAI_JA]);
    atobarai_message_free(&why[ATOBARAI_EN]);
    return concluded;
}

/* Whether the next file may have its turn: not where the service had no answer for anybody, for then it has none for
 * the next one either. */
static bool goes_on(enum atobarai_status status, const struct atobarai_summary *summary)
{
    bool out_of_service = status == ATOBARAI_UNSENT && summary->succeeded + summary->failed == 0;
    return status != ATOBARAI_CONFIG && status != ATOBARAI_INTERRUPTED && !out_of_service;
}

/* ---- One file ---- */

/* Whether what a job left of the file in out/ is as it left it: then the next job may replace it. */
static bool result_is_ours(const struct drop *drop, const struct journal_entry *entry)
{
    struct stat output;
    if (entry->state == JOURNAL_RUNNING)
        return true; /* the name was free, and only that job has written there */
    if (fstatat(drop->folders.fds[FOLDER_OUT], entry->result, &output, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    struct identity found = identity_of(&output);
    return identity_equal(&found, &entry->output);
}

/* The entry of a file whose turn it is: that of an earlier turn, or a new one. `again`: there was one. NULL with
 * drop->error. */
static struct journal_entry *entry_of(struct drop *drop, const struct arrival *arrival, bool *again)
{
    struct buf result = {0};
    struct journal_entry *entry = journal_find(&drop->journal, arrival->folder, arrival->name);
    *again = entry != NULL && identity_equal(&entry->file, &arrival->file) && result_is_ours(drop, entry);
    if (*again) {
        entry->state = JOURNAL_RUNNING;
    } else {
        if (entry != NULL)
            journal_remove(&drop->journal, entry);
        entry = find_result(drop, arrival->name, &result)
                    ? journal_add(&drop->journal, arrival->folder, arrival->name, &arrival->file, buf_text(&result))
                    : NULL;
        buf_free(&result);
    }
    if (entry == NULL)
        error_set_memory(&drop->error);
    else if (!journal_write(&drop->journal, &drop->folders, &drop->error))
        entry = NULL;
    return entry;
}

static bool run_job(struct drop *drop, struct arrival *arrival, int descriptor)
{
    struct buf input = {0};
    enum atobarai_status status;
    bool again;
    struct journal_entry *entry = entry_of(drop, arrival, &again);
    if (entry == NULL)
        return false;
    folders_put_path(&drop->folders, arrival->folder, arrival->name, &input);
    struct atobarai_job *job = !input.failed ? pass_job(drop, drop->options, folder_operation(arrival->folder),
                                                        buf_text(&input), descriptor, entry->result, again, &status)
                                             : NULL;
    bool done = job != NULL ? conclude(drop, arrival, entry, job, status) : error_set_memory(&drop->error);
    if (job != NULL) {
        drop->ended_early = !goes_on(status, atobarai_job_summary(job));
        drop->proven = drop->proven || status <= ATOBARAI_NEEDS_FIXING || status == ATOBARAI_UNSENT;
    }
    atobarai_job_free(job);
    buf_free(&input);
    return done;
}

/* A file that we may not read: that is for people to mend, as what is no order CSV. */
static bool fail_unreadable(struct drop *drop, const struct arrival *arrival, int reason)
{
    struct buf path = {0};
    struct atobarai_message why[2] = {0};
    bool again;
    struct journal_entry *entry = entry_of(drop, arrival, &again);
    if (entry == NULL)
        return false;
    folders_put_path(&drop->folders, arrival->folder, arrival->name, &path);
    bool worded = true;
    for (enum atobarai_language i = ATOBARAI_JA; i <= ATOBARAI_EN && worded; i++)
        worded = atobarai_message("INPUT_UNREADABLE", i, buf_text(&path), strerror(reason), NULL, &why[i]);
    buf_free(&path);
    return worded ? put_to_failed(drop, entry, why) : error_set_memory(&drop->error);
}

/* Run a file, if it is still what was seen, and nobody writes to it. False: the drop itself cannot go on. */
static bool take(struct drop *drop, struct arrival *arrival)
{
    enum { ONE_SECOND = 1000 };
    struct stat file;
    int fd = openat(drop->folders.fds[arrival->folder], arrival->name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return (errno != EACCES && errno != EPERM) || fail_unreadable(drop, arrival, errno);
    bool taken = fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_nlink == 1;
    struct identity found = identity_of(&file);
    taken = taken && identity_equal(&found, &arrival->file);
    if (taken && !arrival->marked && arrivals_is_written_to(fd)) {
        arrival->not_before = arrivals_clock() + ONE_SECOND;
        taken = false;
    }
    bool done = !taken || run_job(drop, arrival, fd);
    close(fd);
    return done;
}

/* ---- All files ---- */

static void refuse(struct drop *drop, struct arrival *arrival)
{
    static const char *const codes[] = {
        [REFUSAL_LINK] = "DROP_LINK", [REFUSAL_NO_FILE] = "DROP_NO_FILE",   [REFUSAL_NAME] = "DROP_NAME",
        [REFUSAL_SIZE] = "DROP_SIZE", [REFUSAL_FOLDER] = "DROP_NO_COMMAND",
    };
    struct buf place = {0};
    struct buf file = {0};
    if (arrival->refusal == REFUSAL_NONE || arrival->told)
        return;
    buf_printf(&place, "%s/%s", folder_name(arrival->folder), arrival->name);
    harmless_put_line((struct span){buf_text(&place), place.length}, &file);
    error_set(&drop->error, ERROR_INPUT, codes[arrival->refusal], buf_text(&file), NULL, NULL, NULL);
    drop_tell_error(drop, ATOBARAI_DROP_REFUSED, buf_text(&file));
    arrival->told = true;
    buf_free(&place);
    buf_free(&file);
}

bool pass_run(struct drop *drop)
{
    for (size_t i = 0; i < drop->arrivals.count; i++)
        refuse(drop, &drop->arrivals.list[i]);
    for (size_t i = 0; i < drop->arrivals.count && !drop->ended_early && !drop_is_interrupted(drop); i++) {
        struct arrival *arrival = &drop->arrivals.list[i];
        if (arrivals_is_ready(arrival, arrivals_clock(), drop->asked->settle) && !take(drop, arrival))
            return false;
    }
    return true;
}

/* ---- After a run that died ---- */

static void clear_torn(int folder, const char *name)
{
    struct stat file;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    /* Somebody may run another command into this folder just now. */
    if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && !arrivals_is_written_to(fd))
        unlinkat(folder, name, 0);
    close(fd);
}

/* Half a result is no result, and half a page no page. */
static void clear_all_torn(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (name_is_torn(entry->d_name))
            clear_torn(folder, entry->d_name);
    if (stream != NULL)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
}

bool pass_recover(struct drop *drop)
{
    clear_all_torn(drop->folders.fds[FOLDER_OUT]);
    clear_all_torn(drop->folders.fds[FOLDER_REPORT]);
    folders_clear(drop->folders.fds[FOLDER_FAILED]);
    for (size_t i = drop->journal.count; i > 0; i--) {
        struct journal_entry *entry = &drop->journal.entries[i - 1];
        bool there = is_there(drop, entry);
        if (there && entry->state != JOURNAL_FINISHED)
            continue;
        if (there && !deliver(drop, entry))
            return false;
        if (there)
            tell(drop, entry, entry->status, NULL, NULL);
        if (!forget(drop, entry))
            return false;
    }
    return true;
}
