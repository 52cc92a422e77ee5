/* run/log.c: see log.h. */
#include "run/log.h"

#include "base/buf.h"
#include "base/embedded.h"
#include "base/json.h"
#include "text/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    WAIT_MS = 100,         /* that a line may wait for others to be written with */
    BUFFER_MAX = 64 * 1024 /* bytes that are written at once, whenever it is */
};

/* What every line begins with: by this a log is told from a file of another kind. */
static const char beginning[] = "{\"time\":\"";

struct log {
    int fd;
    char run[17]; /* hexadecimal */
    const char *command;
    cJSON *dialect;                       /* owns the names */
    const char *statuses[ORDER_STATUSES]; /* NULL: it has none */
    struct buf buffer;                    /* whole lines that were not written yet */
    uint64_t lines;                       /* in it */
    int64_t written_at;                   /* milliseconds of the monotonic clock */
    bool torn;                            /* the file ends within a line */
    uint64_t lost;                        /* lines */
    int reason;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Opening ---- */

static bool is_one_of(const struct stat *file, const char *const *others, size_t count)
{
    struct stat other;
    for (size_t i = 0; i < count; i++)
        if (others[i] != NULL && stat(others[i], &other) == 0 && other.st_dev == file->st_dev &&
            other.st_ino == file->st_ino)
            return true;
    return false;
}

/* Whether the file ends within a line. Another run may be in the midst of a write, which can be seen half done: what is
 * torn stays as it is. */
static bool is_torn(int fd)
{
    const struct timespec moment = {0, 100000000}; /* far longer than any write takes */
    struct stat before;
    struct stat after;
    char last;
    if (fstat(fd, &before) != 0 || pread(fd, &last, 1, before.st_size - 1) != 1 || last == '\n')
        return false;
    nanosleep(&moment, NULL);
    return fstat(fd, &after) == 0 && after.st_size == before.st_size;
}

/* Whether what stands in the file may be gone on with. */
static bool is_log(int fd, const struct stat *file)
{
    char begin[sizeof beginning - 1];
    return file->st_size == 0 ||
           (pread(fd, begin, sizeof begin, 0) == (ssize_t)sizeof begin && memcmp(begin, beginning, sizeof begin) == 0);
}

static bool open_file(struct log *log, const char *path, const char *const *others, size_t count, struct error *error)
{
    /* Neither waits for the other end of a pipe nor makes a terminal ours: what is no regular file is closed again. */
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    struct stat file;
    bool created = false;
    log->fd = open(path, flags);
    if (log->fd < 0 && errno == ENOENT) {
        log->fd = open(path, flags | O_CREAT, 0600);
        created = true;
    }
    if (log->fd < 0 && errno == ELOOP) /* a link */
        return error_set(error, ERROR_USAGE, "LOG_FOREIGN", path, NULL, NULL, NULL);
    if (log->fd < 0 || fstat(log->fd, &file) != 0)
        return error_set_errno(error, ERROR_USAGE, "LOG_UNWRITABLE", path, errno);
    if (S_ISREG(file.st_mode) && !is_one_of(&file, others, count) && is_log(log->fd, &file)) {
        log->torn = is_torn(log->fd);
        return true;
    }
    if (created && file.st_size == 0)
        unlink(path);
    return error_set(error, ERROR_USAGE, "LOG_FOREIGN", path, NULL, NULL, NULL);
}

/* The names of the statuses in the API that is built in. */
static bool read_names(struct log *log)
{
    const cJSON *name = NULL;
    enum order_status status;
    log->dialect = json_parse(span_of(embedded_json_dialect));
    cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(log->dialect, "statuses"))
    {
        if (order_status_of(name->valuestring, &status))
            log->statuses[status] = name->string;
    }
    return log->dialect != NULL;
}

/* Where the system has no random numbers yet, the time and the process tell one run from another well enough. */
static void name_run(struct log *log)
{
    uint64_t number;
    struct timespec now;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number) {
        clock_gettime(CLOCK_REALTIME, &now);
        number = ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) ^ (uint64_t)getpid() << 40;
    }
    snprintf(log->run, sizeof log->run, "%016" PRIx64, number);
}

static void drop(struct log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    cJSON_Delete(log->dialect);
    buf_free(&log->buffer);
    free(log);
}

struct log *log_open(const char *path, const char *command, const char *const *others, size_t count,
                     struct error *error)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        error_set_memory(error);
        return NULL;
    }
    log->fd = -1;
    log->command = command;
    name_run(log);
    if (read_names(log) ? open_file(log, path, others, count, error) : error_set_memory(error))
        return log;
    drop(log);
    return NULL;
}

/* ---- Writing ---- */

/* How much of `bytes` was written; errno where that is not all. */
static size_t write_some(int fd, struct span bytes)
{
    size_t done = 0;
    while (done < bytes.length) {
        ssize_t count = write(fd, bytes.data + done, bytes.length - done);
        if (count < 0 && errno != EINTR)
            return done;
        done += count > 0 ? (size_t)count : 0;
    }
    return done;
}

static uint64_t count_lines(struct span text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '\n';
    return count;
}

static void flush(struct log *log)
{
    struct span all = {buf_text(&log->buffer), log->buffer.length};
    log->written_at = now_ms();
    if (log->lines == 0)
        return;
    if (log->torn && write_some(log->fd, span_of("\n")) == 1)
        log->torn = false;
    size_t done = log->torn ? 0 : write_some(log->fd, all);
    if (done < all.length) {
        log->reason = errno;
        log->lost += log->lines - count_lines((struct span){all.data, done});
    }
    if (done > 0)
        log->torn = all.data[done - 1] != '\n';
    buf_clear(&log->buffer);
    log->lines = 0;
}

static void put_time(struct buf *out)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    buf_printf(out, "%s%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\"", beginning, utc.tm_year + 1900, utc.tm_mon + 1,
               utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

/* A text that may hold anything, as a JSON text in UTF-8. */
static void put_text(struct span text, struct buf *out)
{
    buf_append_byte(out, '"');
    for (size_t size = 0; text.length > 0; text = (struct span){text.data + size, text.length - size}) {
        uint32_t character = utf8_decode(text, &size);
        if (character < 0x20 || character == 0x7F) {
            buf_printf(out, "\\u%04x", (unsigned)character);
            continue;
        }
        if (character == '"' || character == '\\')
            buf_append_byte(out, '\\');
        utf8_encode(character, out);
    }
    buf_append_byte(out, '"');
}

static void put_line(const struct log *log, const struct log_line *line, struct buf *out)
{
    static const char *const operations[] = {
        [API_REGISTER] = "register", [API_REDUCE] = "reduce",     [API_SHIP] = "ship",
        [API_CANCEL] = "cancel",     [API_ASK_REVIEW] = "status", [API_ASK_STATE] = "status"};
    put_time(out);
    buf_printf(out, ",\"run\":\"%s\",\"command\":\"%s\",\"order\":", log->run, log->command);
    put_text(line->order, out);
    if (!span_equal(line->order, line->service_id)) {
        buf_append_text(out, ",\"service_id\":");
        put_text(line->service_id, out);
    }
    buf_printf(out, ",\"operation\":\"%s\",\"attempt\":%u,\"http\":", operations[line->operation], line->attempt);
    if (line->http > 0)
        buf_printf(out, "%ld", line->http);
    else
        buf_append_text(out, "null");
    buf_printf(out, ",\"ms\":%" PRIu64 ",\"outcome\":\"%s\"", line->milliseconds, line->outcome);
    if (log->statuses[line->status] != NULL)
        buf_printf(out, ",\"status\":\"%s\"", log->statuses[line->status]);
    if (line->code != NULL)
        buf_printf(out, ",\"code\":\"%s\"", line->code);
    buf_printf(out, ",\"retry\":%s}\n", line->retry ? "true" : "false");
}

void log_put(struct log *log, const struct log_line *line)
{
    if (log == NULL)
        return;
    size_t before = log->buffer.length;
    put_line(log, line, &log->buffer);
    if (log->buffer.failed) { /* without this line, then */
        log->buffer.failed = false;
        log->buffer.length = before;
        log->reason = ENOMEM;
        log->lost++;
    } else {
        log->lines++;
    }
    if (log->buffer.length >= BUFFER_MAX)
        flush(log);
    else
        log_turn(log);
}

void log_turn(struct log *log)
{
    if (log != NULL && log->lines > 0 && now_ms() - log->written_at >= WAIT_MS)
        flush(log);
}

uint64_t log_close(struct log *log, int *reason)
{
    *reason = 0;
    if (log == NULL)
        return 0;
    flush(log);
    uint64_t lost = log->lost;
    *reason = log->reason;
    if (close(log->fd) != 0 && lost == 0) { /* some file systems say only here that it did not fit */
        *reason = errno;
        lost = 1;
    }
    log->fd = -1;
    drop(log);
    return lost;
}
