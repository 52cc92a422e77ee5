/* csv/source.c: see source.h. */
#include "csv/source.h"

#include "base/file.h"
#include "text/utf16.h"
#include "text/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 4096 }; /* bytes of UTF-16 from one known place to the next */

/* A character that begins at byte `text` of the copy and at byte `origin` of the file itself. */
struct place {
    uint64_t text;
    uint64_t origin;
};

struct csv_source {
    int fd;
    struct stat stat;   /* of `fd`, at the beginning */
    struct stat origin; /* of what was named: the same, unless that had to be copied */
    char *path;
    int copy; /* in UTF-8, which is read in the place of `fd`; -1: none */
    uint64_t copy_size;
    struct place *places; /* one for each PIECE of the file; owned */
    size_t place_count;
};

static bool fail(const char *path, int reason, struct error *error)
{
    return error_set_errno(error, ERROR_USAGE, "INPUT_UNREADABLE", path, reason);
}

/* Copy all that `from` gives into an unnamed file; -1 with errno. */
static int spool(int from)
{
    enum { BLOCK = 65536 };
    char *bytes = malloc(BLOCK);
    int to = bytes != NULL ? file_open_unnamed() : -1;
    ssize_t got = -1;
    while (to >= 0) {
        got = read(from, bytes, BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        if (!file_write(to, (struct span){bytes, (size_t)got})) {
            got = -1;
            break;
        }
    }
    int reason = errno;
    free(bytes);
    if (got < 0 && to >= 0) {
        close(to);
        to = -1;
    }
    errno = reason;
    return to;
}

/* `descriptor` is open already, and stays the caller's; NULL: the path is opened. */
static bool open_fd(struct csv_source *source, const int *descriptor, struct error *error)
{
    bool standard = descriptor == NULL && strcmp(source->path, "-") == 0;
    if (descriptor != NULL)
        source->fd = fcntl(*descriptor, F_DUPFD_CLOEXEC, 0);
    else
        source->fd = standard ? STDIN_FILENO : open(source->path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &source->origin) != 0)
        return fail(source->path, errno, error);
    source->stat = source->origin;
    if (S_ISDIR(source->stat.st_mode) && standard)
        source->fd = -1; /* not ours to close */
    if (S_ISDIR(source->stat.st_mode))
        return error_set(error, ERROR_USAGE, "INPUT_IS_DIRECTORY", source->path, NULL, NULL, NULL);
    if (!standard && S_ISREG(source->stat.st_mode))
        return true;
    int copy = spool(source->fd);
    int reason = errno;
    if (!standard)
        close(source->fd);
    source->fd = copy;
    if (copy < 0 || fstat(copy, &source->stat) != 0)
        return fail(source->path, copy < 0 ? reason : errno, error);
    return true;
}

static struct csv_source *open_source(const char *path, const int *descriptor, struct error *error)
{
    struct csv_source *source = calloc(1, sizeof *source);
    char *copy = strdup(path);
    if (source == NULL || copy == NULL) {
        free(source);
        free(copy);
        error_set_memory(error);
        return NULL;
    }
    source->fd = -1;
    source->copy = -1;
    source->path = copy;
    if (!open_fd(source, descriptor, error)) {
        csv_source_close(source);
        return NULL;
    }
    return source;
}

struct csv_source *csv_source_open(const char *path, struct error *error)
{
    return open_source(path, NULL, error);
}

struct csv_source *csv_source_share(const char *path, int descriptor, struct error *error)
{
    return open_source(path, &descriptor, error);
}

uint64_t csv_source_size(const struct csv_source *source)
{
    return source->copy >= 0 ? source->copy_size : (uint64_t)source->stat.st_size;
}

const char *csv_source_path(const struct csv_source *source)
{
    return source->path;
}

const struct stat *csv_source_stat(const struct csv_source *source)
{
    return S_ISREG(source->origin.st_mode) ? &source->origin : &source->stat;
}

static bool changed(const struct csv_source *source, struct error *error)
{
    return error_set(error, ERROR_USAGE, "INPUT_CHANGED", source->path, NULL, NULL, NULL);
}

bool csv_source_unchanged(const struct csv_source *source, struct error *error)
{
    struct stat now;
    if (fstat(source->fd, &now) != 0)
        return fail(source->path, errno, error);
    if (now.st_size != source->stat.st_size || now.st_mtim.tv_sec != source->stat.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != source->stat.st_mtim.tv_nsec)
        return changed(source, error);
    return true;
}

/* ---- UTF-16 ---- */

/* pread() that is not interrupted. */
static ssize_t read_at(int fd, char *bytes, size_t length, uint64_t offset)
{
    ssize_t got;
    do
        got = pread(fd, bytes, length, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Write to the copy what `text` holds. */
static bool write_copy(struct csv_source *source, int copy, struct buf *text, struct error *error)
{
    if (text->failed)
        return error_set_memory(error);
    if (!file_write(copy, (struct span){buf_text(text), text->length}))
        return fail(source->path, errno, error);
    source->copy_size += text->length;
    buf_clear(text);
    return true;
}

/* Fill the copy, and note where each piece begins in both. */
static bool recode(struct csv_source *source, struct utf16_reader *reader, int copy, struct buf *text,
                   struct error *error)
{
    enum { BLOCK = 16 * PIECE }; /* bytes to read at once */
    char bytes[BLOCK];
    uint64_t size = (uint64_t)source->stat.st_size;
    for (uint64_t at = 0; at < size;) {
        ssize_t got = read_at(source->fd, bytes, size - at < BLOCK ? (size_t)(size - at) : BLOCK, at);
        if (got <= 0)
            return got == 0 ? changed(source, error) : fail(source->path, errno, error);
        for (struct span rest = {bytes, (size_t)got}; rest.length > 0;) {
            size_t length = PIECE - (size_t)(at % PIECE);
            length = rest.length < length ? rest.length : length;
            if (at % PIECE == 0)
                source->places[source->place_count++] =
                    (struct place){source->copy_size + text->length, at - utf16_pending(reader)};
            utf16_read(reader, (struct span){rest.data, length}, text);
            rest = (struct span){rest.data + length, rest.length - length};
            at += length;
        }
        if (!write_copy(source, copy, text, error))
            return false;
    }
    utf16_read_end(reader, text);
    return write_copy(source, copy, text, error);
}

bool csv_source_recode(struct csv_source *source, enum text_encoding encoding, struct error *error)
{
    struct utf16_reader reader = {.big_end_first = encoding == TEXT_UTF16BE};
    uint64_t size = (uint64_t)source->stat.st_size;
    struct buf text = {0};
    char number[24];
    if (!text_is_utf16(encoding))
        return true;
    if (size % 2 != 0) {
        snprintf(number, sizeof number, "%" PRIu64, size);
        return error_set(error, ERROR_INPUT, "INPUT_TORN", source->path, number, NULL, NULL);
    }
    source->places = calloc((size_t)(size / PIECE) + 1, sizeof *source->places);
    if (source->places == NULL)
        return error_set_memory(error);
    int copy = file_open_unnamed();
    if (copy < 0)
        return fail(source->path, errno, error);
    bool done = recode(source, &reader, copy, &text, error);
    buf_free(&text);
    if (!done)
        close(copy);
    else
        source->copy = copy;
    return done;
}

/* The last known place that is not behind `offset`. */
static struct place place_before(const struct csv_source *source, uint64_t offset)
{
    size_t first = 0;
    size_t behind = source->place_count;
    while (behind - first > 1) {
        size_t middle = first + (behind - first) / 2;
        if (source->places[middle].text <= offset)
            first = middle;
        else
            behind = middle;
    }
    return first < source->place_count ? source->places[first] : (struct place){0, 0};
}

uint64_t csv_source_offset(const struct csv_source *source, uint64_t offset)
{
    char bytes[PIECE];
    if (source->copy < 0)
        return offset;
    struct place place = place_before(source, offset);
    while (place.text < offset) {
        size_t wanted = offset - place.text < PIECE ? (size_t)(offset - place.text) : PIECE;
        ssize_t got = read_at(source->copy, bytes, wanted, place.text);
        if (got <= 0)
            break;
        place.text += (uint64_t)got;
        place.origin += 2 * utf8_units((struct span){bytes, (size_t)got});
    }
    return place.origin;
}

void csv_source_close(struct csv_source *source)
{
    if (source == NULL)
        return;
    if (source->fd >= 0)
        close(source->fd);
    if (source->copy >= 0)
        close(source->copy);
    free(source->places);
    free(source->path);
    free(source);
}

void csv_window_init(struct csv_window *window, const struct csv_source *source, size_t block)
{
    *window = (struct csv_window){.source = source, .block = block};
}

static bool fill(struct csv_window *window, uint64_t offset, size_t wanted, struct error *error)
{
    int fd = window->source->copy >= 0 ? window->source->copy : window->source->fd;
    size_t size = window->block; /* to be filled */
    while (size < wanted)        /* doubled, lest a long record be read in single bytes */
        size *= 2;
    if (size > window->capacity) {
        char *bytes = realloc(window->bytes, size);
        if (bytes == NULL)
            return error_set_memory(error);
        window->bytes = bytes;
        window->capacity = size;
    }
    /* What is there already stays: a record that lies across two blocks is not read twice. */
    size_t kept = 0;
    if (offset >= window->offset && offset < window->offset + window->length) {
        kept = (size_t)(window->offset + window->length - offset);
        memmove(window->bytes, window->bytes + (offset - window->offset), kept);
    }
    window->offset = offset;
    window->length = kept;
    while (window->length < size) {
        ssize_t got = read_at(fd, window->bytes + window->length, size - window->length, offset + window->length);
        if (got < 0)
            return fail(window->source->path, errno, error);
        if (got == 0)
            return changed(window->source, error);
        window->length += (size_t)got;
        if (window->offset + window->length >= csv_source_size(window->source))
            break;
    }
    return true;
}

bool csv_window_view(struct csv_window *window, uint64_t offset, size_t wanted, struct span *view, struct error *error)
{
    uint64_t size = csv_source_size(window->source);
    uint64_t left = offset < size ? size - offset : 0;
    if (wanted > left)
        wanted = (size_t)left;
    bool there = offset >= window->offset && offset + wanted <= window->offset + window->length;
    if (wanted > 0 && !there && !fill(window, offset, wanted, error))
        return false;
    if (wanted == 0) {
        *view = (struct span){"", 0};
        return true;
    }
    size_t at = (size_t)(offset - window->offset);
    *view = (struct span){window->bytes + at, window->length - at};
    /* A file that grew meanwhile: what lies behind its old end is none of ours. */
    if (view->length > left)
        view->length = (size_t)left;
    return true;
}

void csv_window_free(struct csv_window *window)
{
    free(window->bytes);
    *window = (struct csv_window){.source = window->source};
}
