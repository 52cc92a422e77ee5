/* drop/folders.c: see folders.h. */
#include "drop/folders.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const struct {
    const char *name;    /* within the drop */
    const char *command; /* NULL: files do not come into it */
    enum atobarai_operation operation;
} entries[FOLDERS] = {
    [FOLDER_IN] = {"in", "register", ATOBARAI_REGISTER},
    [FOLDER_REGISTER] = {"in/register", "register", ATOBARAI_REGISTER},
    [FOLDER_REREGISTER] = {"in/reregister", "reregister", ATOBARAI_REREGISTER},
    [FOLDER_SHIP] = {"in/ship", "ship", ATOBARAI_SHIP},
    [FOLDER_CANCEL] = {"in/cancel", "cancel", ATOBARAI_CANCEL},
    [FOLDER_STATUS] = {"in/status", "status", ATOBARAI_STATUS},
    [FOLDER_OUT] = {"out", NULL, ATOBARAI_CHECK},
    [FOLDER_REPORT] = {"report", NULL, ATOBARAI_CHECK},
    [FOLDER_DONE] = {"done", NULL, ATOBARAI_CHECK},
    [FOLDER_FAILED] = {"failed", NULL, ATOBARAI_CHECK},
};

const char *folder_name(enum folder folder)
{
    return entries[folder].name;
}

const char *folder_command(enum folder folder)
{
    return entries[folder].command;
}

enum atobarai_operation folder_operation(enum folder folder)
{
    return entries[folder].operation;
}

bool folders_fail(const struct folders *folders, const char *name, int reason, struct error *error)
{
    struct buf path = {0};
    buf_printf(&path, "%s%s%s", folders->path, *name != '\0' ? "/" : "", name);
    error_set_errno(error, ERROR_USAGE, "DROP_FOLDER", buf_text(&path), reason);
    buf_free(&path);
    return false;
}

static int open_folder(int fd, const char *name)
{
    return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int folders_open_in(int fd, const char *name)
{
    int found = open_folder(fd, name);
    if (found >= 0 || errno != ENOENT)
        return found;
    if (mkdirat(fd, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return open_folder(fd, name);
}

void folders_put_path(const struct folders *folders, enum folder folder, const char *name, struct buf *path)
{
    buf_printf(path, "%s/%s/%s", folders->path, entries[folder].name, name);
}

/* The folder, opened in the one that it is in: no part of its path may be a link. */
static bool open_one(struct folders *folders, enum folder folder, struct error *error)
{
    const char *name = entries[folder].name;
    const char *slash = strchr(name, '/');
    int parent = slash != NULL ? folders->fds[FOLDER_IN] : folders->root;
    folders->fds[folder] = folders_open_in(parent, slash != NULL ? slash + 1 : name);
    return folders->fds[folder] >= 0 || folders_fail(folders, name, errno, error);
}

/* Files are renamed from those that they come into to done/ and failed/. */
static bool check_disk(const struct folders *folders, enum folder folder, struct error *error)
{
    struct stat in;
    struct stat there;
    if (fstat(folders->fds[FOLDER_IN], &in) != 0 || fstat(folders->fds[folder], &there) != 0)
        return folders_fail(folders, entries[folder].name, errno, error);
    if (folder == FOLDER_OUT || folder == FOLDER_REPORT || in.st_dev == there.st_dev)
        return true;
    return error_set(error, ERROR_CONFIG, "DROP_OTHER_DISK", folders->path, entries[folder].name, NULL, NULL);
}

static bool open_all(struct folders *folders, struct error *error)
{
    for (enum folder i = 0; i < FOLDERS; i++)
        if (!open_one(folders, i, error) || !check_disk(folders, i, error))
            return false;
    return true;
}

static void close_all(struct folders *folders)
{
    for (enum folder i = 0; i < FOLDERS; i++) {
        if (folders->fds[i] >= 0)
            close(folders->fds[i]);
        folders->fds[i] = -1;
    }
}

bool folders_open(struct folders *folders, const char *path, struct error *error)
{
    *folders = (struct folders){.path = path};
    for (enum folder i = 0; i < FOLDERS; i++)
        folders->fds[i] = -1;
    folders->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folders->root >= 0 ? open_all(folders, error) : folders_fail(folders, "", errno, error);
}

void folders_close(struct folders *folders)
{
    close_all(folders);
    if (folders->root >= 0)
        close(folders->root);
    folders->root = -1;
}

bool folders_renew(struct folders *folders, struct error *error)
{
    struct stat held;
    struct stat there;
    if (fstat(folders->root, &held) != 0 || stat(folders->path, &there) != 0)
        return folders_fail(folders, "", errno, error);
    if (held.st_dev != there.st_dev || held.st_ino != there.st_ino)
        return folders_fail(folders, "", ESTALE, error);
    for (enum folder i = 0; i < FOLDERS; i++) {
        if (fstat(folders->fds[i], &held) == 0 && held.st_nlink > 0)
            continue;
        close_all(folders);
        return open_all(folders, error);
    }
    return true;
}

bool folders_is_free(int fd, const char *name)
{
    struct stat there;
    return fstatat(fd, name, &there, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

bool folders_move(int from, const char *name, int to, const char *new_name)
{
    if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return false;
    /* The file system does not know how. A link would be in both folders for a moment; and nobody else but people puts
     * anything there, so looking first will do. */
    if (!folders_is_free(to, new_name)) {
        errno = EEXIST;
        return false;
    }
    return renameat(from, name, to, new_name) == 0;
}

void folders_sync(int fd)
{
    fsync(fd);
}

/* Closed in either case. */
static bool write_file(int file, const struct buf *text)
{
    bool written = file_write(file, (struct span){buf_text(text), text->length}) && fsync(file) == 0;
    int reason = errno;
    bool closed = close(file) == 0;
    if (!written)
        errno = reason;
    return written && closed;
}

static const char beside[] = ".atobarai.new";

void folders_clear(int fd)
{
    unlinkat(fd, beside, 0);
}

bool folders_write(int fd, const char *name, unsigned mode, const struct buf *text)
{
    folders_clear(fd);
    int file = openat(fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file < 0)
        return false;
    if (!write_file(file, text) || renameat(fd, beside, fd, name) != 0) {
        int reason = errno;
        unlinkat(fd, beside, 0);
        errno = reason;
        return false;
    }
    folders_sync(fd);
    return true;
}
