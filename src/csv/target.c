/* csv/target.c: see target.h. */
#include "csv/target.h"

#include "base/buf.h"
#include "base/file.h"
#include "text/recode.h"
#include "text/utf16.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct csv_target {
    char *path;
    char *temporary; /* NULL: standard output, spooled to a file without a name */
    int fd;
    bool force;
    struct text_recoder recoder; /* `from` NULL: it has nothing to do */
    struct buf recoded;          /* what it made last */
    bool widens;                 /* to UTF-16, by `writer` */
    struct utf16_writer writer;
    struct buf units; /* what it made last */
    uint64_t written; /* bytes of the file so far */
    uint64_t begun;   /* of these, the disk was told to begin with */
    size_t used;      /* bytes in `block` */
    char block[256 * 1024];
};

static bool fail(const struct csv_target *target, int reason, struct error *error)
{
    return error_set_errno(error, ERROR_USAGE, "OUTPUT_UNWRITABLE", target->path, reason);
}

/* Whether the file is a database, as a ledger is: nobody who forces a result into its place can mean that. */
static bool is_database(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char begin[sizeof magic] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool found =
        fd >= 0 && read(fd, begin, sizeof begin) == (ssize_t)sizeof begin && memcmp(begin, magic, sizeof magic) == 0;
    if (fd >= 0)
        close(fd);
    return found;
}

/* Whether `path` may become the result file. */
static bool check_place(const char *path, bool force, const struct stat *like, struct error *error)
{
    struct stat there;
    size_t length = strlen(path);
    if (length == 0)
        return error_set_errno(error, ERROR_USAGE, "OUTPUT_UNWRITABLE", path, ENOENT);
    if (path[length - 1] == '/')
        return error_set(error, ERROR_USAGE, "OUTPUT_IS_DIRECTORY", path, NULL, NULL, NULL);
    if (stat(path, &there) != 0 && (errno != ENOENT || lstat(path, &there) != 0))
        return errno == ENOENT || error_set_errno(error, ERROR_USAGE, "OUTPUT_UNWRITABLE", path, errno);
    if (there.st_dev == like->st_dev && there.st_ino == like->st_ino)
        return error_set(error, ERROR_USAGE, "OUTPUT_IS_INPUT", path, NULL, NULL, NULL);
    if (S_ISDIR(there.st_mode))
        return error_set(error, ERROR_USAGE, "OUTPUT_IS_DIRECTORY", path, NULL, NULL, NULL);
    if (!force)
        return error_set(error, ERROR_USAGE, "OUTPUT_EXISTS", path, NULL, NULL, NULL);
    /* Renaming over a device or a pipe would replace it by a file. */
    if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) /* a link here leads nowhere */
        return error_set_errno(error, ERROR_USAGE, "OUTPUT_UNWRITABLE", path, EINVAL);
    return !is_database(path) || error_set(error, ERROR_USAGE, "OUTPUT_IS_LEDGER", path, NULL, NULL, NULL);
}

/* Standard output may have been led into the input. */
static bool check_standard_output(const struct stat *like, struct error *error)
{
    struct stat there;
    if (fstat(STDOUT_FILENO, &there) == 0 && S_ISREG(there.st_mode) && there.st_dev == like->st_dev &&
        there.st_ino == like->st_ino)
        return error_set(error, ERROR_USAGE, "OUTPUT_IS_INPUT", "-", NULL, NULL, NULL);
    return true;
}

/* The temporary file: hidden, beside its later place, for its owner only. */
static bool create_beside(struct csv_target *target, struct error *error)
{
    struct buf name = {0};
    char *folder_of = strdup(target->path);
    char *base_of = strdup(target->path);
    if (folder_of != NULL && base_of != NULL)
        buf_printf(&name, "%s/.%.200s.XXXXXX", dirname(folder_of), basename(base_of));
    bool named = folder_of != NULL && base_of != NULL;
    free(folder_of);
    free(base_of);
    target->temporary = buf_take(&name);
    if (!named || target->temporary == NULL)
        return error_set_memory(error);
    target->fd = mkostemp(target->temporary, O_CLOEXEC);
    return target->fd >= 0 || fail(target, errno, error);
}

/* Where standard output's bytes wait until they are all known. */
static bool create_spool(struct csv_target *target, struct error *error)
{
    target->fd = file_open_unnamed();
    return target->fd >= 0 || fail(target, errno, error);
}

struct csv_target *csv_target_open(const char *path, bool force, const struct stat *like, struct error *error)
{
    bool standard = strcmp(path, "-") == 0;
    if (standard ? !check_standard_output(like, error) : !check_place(path, force, like, error))
        return NULL;
    struct csv_target *target = calloc(1, sizeof *target);
    char *copy = strdup(path);
    if (target == NULL || copy == NULL) {
        free(target);
        free(copy);
        error_set_memory(error);
        return NULL;
    }
    target->path = copy;
    target->force = force;
    target->fd = -1;
    if (standard ? !create_spool(target, error) : !create_beside(target, error)) {
        csv_target_discard(target);
        return NULL;
    }
    if (!standard && fchmod(target->fd, like->st_mode & 0666) != 0) {
        fail(target, errno, error);
        csv_target_discard(target);
        return NULL;
    }
    return target;
}

const char *csv_target_temporary(const struct csv_target *target)
{
    return target->temporary;
}

/* The folder of `path`, and in `name` what it is called there, owned. False where that cannot be told. */
static bool folder_of(const char *path, struct stat *folder, char **name)
{
    char *folder_copy = strdup(path);
    char *base_copy = strdup(path);
    bool found = folder_copy != NULL && base_copy != NULL && stat(dirname(folder_copy), folder) == 0;
    *name = found ? strdup(basename(base_copy)) : NULL;
    free(folder_copy);
    free(base_copy);
    return *name != NULL;
}

bool csv_target_is_same(const struct csv_target *a, const struct csv_target *b)
{
    struct stat folder_a;
    struct stat folder_b;
    char *name_a = NULL;
    char *name_b = NULL;
    if (a == NULL || b == NULL || a->temporary == NULL || b->temporary == NULL)
        return false;
    bool same = folder_of(a->path, &folder_a, &name_a) && folder_of(b->path, &folder_b, &name_b) &&
                strcmp(name_a, name_b) == 0 && folder_a.st_dev == folder_b.st_dev && folder_a.st_ino == folder_b.st_ino;
    free(name_a);
    free(name_b);
    return same;
}

static bool write_all(const struct csv_target *target, int fd, struct span bytes, struct error *error)
{
    return file_write(fd, bytes) || fail(target, errno, error);
}

/* Write to the file, and let the disk begin: what it has when the file is whole need not be waited for then. */
static bool write_file(struct csv_target *target, struct span bytes, struct error *error)
{
    enum { AHEAD = 8 * 1024 * 1024 };
    if (!write_all(target, target->fd, bytes, error))
        return false;
    target->written += bytes.length;
    if (target->written - target->begun >= AHEAD && target->temporary != NULL) {
        /* Where that is not to be had, nothing is lost but time. */
        sync_file_range(target->fd, (off_t)target->begun, (off_t)(target->written - target->begun),
                        SYNC_FILE_RANGE_WRITE);
        target->begun = target->written;
    }
    return true;
}

static bool flush(struct csv_target *target, struct error *error)
{
    struct span bytes = {target->block, target->used};
    target->used = 0;
    return write_file(target, bytes, error);
}

/* Append bytes as they are. */
static bool put(struct csv_target *target, struct span bytes, struct error *error)
{
    if (bytes.length > sizeof target->block - target->used && !flush(target, error))
        return false;
    if (bytes.length > sizeof target->block)
        return write_file(target, bytes, error);
    if (bytes.length > 0)
        memcpy(target->block + target->used, bytes.data, bytes.length);
    target->used += bytes.length;
    return true;
}

void csv_target_recode(struct csv_target *target, enum text_encoding encoding, struct text_codec *from,
                       struct text_codec *to)
{
    target->recoder.from = from;
    target->recoder.to = to;
    target->widens = text_is_utf16(encoding);
    target->writer = (struct utf16_writer){.big_end_first = encoding == TEXT_UTF16BE};
}

static bool put_units(struct csv_target *target, struct error *error)
{
    if (target->units.failed)
        return error_set_memory(error);
    bool done = put(target, (struct span){buf_text(&target->units), target->units.length}, error);
    buf_clear(&target->units);
    return done;
}

/* As UTF-16, where it leaves so. */
static bool put_wide(struct csv_target *target, struct span bytes, struct error *error)
{
    if (!target->widens)
        return put(target, bytes, error);
    utf16_write(&target->writer, bytes, &target->units);
    return put_units(target, error);
}

static bool put_recoded(struct csv_target *target, struct error *error)
{
    if (target->recoded.failed)
        return error_set_memory(error);
    bool done = put_wide(target, (struct span){buf_text(&target->recoded), target->recoded.length}, error);
    buf_clear(&target->recoded);
    return done;
}

bool csv_target_write(struct csv_target *target, struct span bytes, struct error *error)
{
    enum { PIECE = 64 * 1024 };
    bool recodes = target->recoder.from != NULL;
    if (!recodes && !target->widens)
        return put(target, bytes, error);
    while (bytes.length > 0) {
        struct span piece = {bytes.data, bytes.length < PIECE ? bytes.length : PIECE};
        if (recodes)
            text_recode(&target->recoder, piece, &target->recoded);
        if (!(recodes ? put_recoded(target, error) : put_wide(target, piece, error)))
            return false;
        bytes = (struct span){bytes.data + piece.length, bytes.length - piece.length};
    }
    return true;
}

static bool copy_to_standard_output(struct csv_target *target, struct error *error)
{
    if (lseek(target->fd, 0, SEEK_SET) != 0)
        return fail(target, errno, error);
    for (;;) {
        ssize_t got = read(target->fd, target->block, sizeof target->block);
        if (got < 0 && errno != EINTR)
            return fail(target, errno, error);
        if (got == 0)
            return true;
        if (got > 0 && !write_all(target, STDOUT_FILENO, (struct span){target->block, (size_t)got}, error))
            return false;
    }
}

/* A rename is on the disk when its folder is. Where that cannot be had (some network drives), the file is there all the
 * same, so this is no failure. */
static void sync_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

/* Without `force` a file that came meanwhile stays. */
static bool rename_into_place(struct csv_target *target, struct error *error)
{
    if (target->force && is_database(target->path)) /* a ledger that was made meanwhile */
        return error_set(error, ERROR_USAGE, "OUTPUT_IS_LEDGER", target->path, NULL, NULL, NULL);
    if (target->force)
        return rename(target->temporary, target->path) == 0 || fail(target, errno, error);
    if (renameat2(AT_FDCWD, target->temporary, AT_FDCWD, target->path, RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) { /* the file system does not know how */
        struct stat there;
        if (link(target->temporary, target->path) == 0) /* this does not replace either */
            return unlink(target->temporary) == 0 || fail(target, errno, error);
        /* No links: what is left is to look and then rename, and lose no result for the moment in between. */
        if (errno != EEXIST && lstat(target->path, &there) != 0 && errno == ENOENT)
            return rename(target->temporary, target->path) == 0 || fail(target, errno, error);
        if (errno != ENOENT)
            errno = EEXIST;
    }
    if (errno == EEXIST)
        return error_set_errno(error, ERROR_USAGE, "OUTPUT_EXISTS", target->path, EEXIST);
    return fail(target, errno, error);
}

static bool put_into_place(struct csv_target *target, struct error *error)
{
    if (target->recoder.from != NULL)
        text_recode_end(&target->recoder, &target->recoded);
    if (!put_recoded(target, error))
        return false;
    utf16_write_end(&target->writer, &target->units);
    if (!put_units(target, error) || !flush(target, error))
        return false;
    if (target->temporary == NULL)
        return copy_to_standard_output(target, error);
    if (fsync(target->fd) != 0)
        return fail(target, errno, error);
    if (!rename_into_place(target, error))
        return false;
    sync_folder(target->path);
    free(target->temporary); /* nothing is left to be removed */
    target->temporary = NULL;
    return true;
}

bool csv_target_commit(struct csv_target *target, struct error *error)
{
    bool done = put_into_place(target, error);
    csv_target_discard(target);
    return done;
}

void csv_target_discard(struct csv_target *target)
{
    if (target == NULL)
        return;
    if (target->fd >= 0)
        close(target->fd);
    if (target->temporary != NULL)
        unlink(target->temporary);
    free(target->temporary);
    free(target->path);
    buf_free(&target->units);
    buf_free(&target->recoded);
    text_recoder_free(&target->recoder);
    free(target);
}
