/* drop/arrivals.c: see arrivals.h. */
#include "drop/arrivals.h"

#include "drop/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t arrivals_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* in/ and in/register are one, with their names side by side. */
static int rank(enum folder folder)
{
    return folder == FOLDER_REGISTER ? FOLDER_IN : (int)folder;
}

static int compare_places(enum folder folder_a, const char *name_a, enum folder folder_b, const char *name_b)
{
    int by_rank = rank(folder_a) - rank(folder_b);
    int by_name = by_rank == 0 ? strcmp(name_a, name_b) : by_rank;
    return by_name == 0 ? (int)folder_a - (int)folder_b : by_name;
}

static int compare(const void *a, const void *b)
{
    const struct arrival *left = a;
    const struct arrival *right = b;
    return compare_places(left->folder, left->name, right->folder, right->name);
}

/* The entry of a file, a new one where there is none: behind the others, which are in their order. NULL when memory ran
 * out. */
static struct arrival *entry_of(struct arrivals *arrivals, enum folder folder, const char *name)
{
    const struct arrival wanted = {.folder = folder, .name = (char *)name};
    struct arrival *found =
        arrivals->sorted > 0 ? bsearch(&wanted, arrivals->list, arrivals->sorted, sizeof wanted, compare) : NULL;
    if (found != NULL)
        return found;
    if (arrivals->count == arrivals->capacity) {
        size_t capacity = arrivals->capacity * 2 + 16;
        struct arrival *list = realloc(arrivals->list, capacity * sizeof *list);
        if (list == NULL)
            return NULL;
        arrivals->list = list;
        arrivals->capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return NULL;
    struct arrival *entry = &arrivals->list[arrivals->count++];
    *entry = (struct arrival){.folder = folder, .name = copy};
    return entry;
}

static enum refusal judge(const struct stat *file, enum name_kind kind)
{
    if (S_ISDIR(file->st_mode))
        return REFUSAL_FOLDER;
    if (S_ISLNK(file->st_mode))
        return REFUSAL_LINK;
    if (!S_ISREG(file->st_mode))
        return REFUSAL_NO_FILE;
    if (file->st_nlink > 1)
        return REFUSAL_LINK;
    if (kind == NAME_BAD)
        return REFUSAL_NAME;
    return file->st_size > ATOBARAI_DROP_FILE_MAX ? REFUSAL_SIZE : REFUSAL_NONE;
}

/* Whether a regular file NAME.done lies beside `name`; a name that has no room for that has none. */
static bool has_marker(int fd, const char *name)
{
    char marker[NAME_BYTES_MAX + 1];
    struct stat there;
    return snprintf(marker, sizeof marker, "%s.done", name) < (int)sizeof marker &&
           fstatat(fd, marker, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(there.st_mode);
}

/* Whether a folder in `folder` is one of ours. */
static bool is_command(enum folder folder, const char *name)
{
    for (enum folder i = FOLDER_IN + 1; i < FOLDERS_IN && folder == FOLDER_IN; i++)
        if (strcmp(strrchr(folder_name(i), '/') + 1, name) == 0)
            return true;
    return false;
}

/* False when memory ran out. */
static bool look_at(struct arrivals *arrivals, const struct folders *folders, enum folder folder, const char *name,
                    uint64_t now)
{
    enum name_kind kind = name_judge(name);
    struct stat file;
    if (kind == NAME_QUIET || fstatat(folders->fds[folder], name, &file, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* what is gone again is nothing to us */
    if (S_ISDIR(file.st_mode) && is_command(folder, name))
        return true;
    struct arrival *entry = entry_of(arrivals, folder, name);
    if (entry == NULL)
        return false;
    struct identity found = identity_of(&file);
    enum refusal refusal = judge(&file, kind);
    if (entry->since == 0 || refusal != entry->refusal ||
        (refusal != REFUSAL_FOLDER && !identity_equal(&entry->file, &found))) {
        entry->since = now;
        entry->not_before = 0;
        entry->stays = 0;
        entry->told = entry->told && refusal == entry->refusal;
    }
    entry->file = found;
    entry->refusal = refusal;
    entry->marked = has_marker(folders->fds[folder], name);
    entry->seen = true;
    return true;
}

static bool look_into(struct arrivals *arrivals, const struct folders *folders, enum folder folder, uint64_t now,
                      struct error *error)
{
    int fd = openat(folders->fds[folder], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry = NULL;
    bool looked = stream != NULL;
    errno = stream != NULL ? 0 : errno;
    while (looked && (entry = readdir(stream)) != NULL) {
        looked = look_at(arrivals, folders, folder, entry->d_name, now) || error_set_memory(error);
        errno = 0;
    }
    int reason = errno;
    if (stream != NULL)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
    if (!looked && stream != NULL)
        return false;
    return reason == 0 || folders_fail(folders, folder_name(folder), reason, error);
}

/* What is left, in its order. */
static void forget_unseen(struct arrivals *arrivals)
{
    size_t kept = 0;
    for (size_t i = 0; i < arrivals->count; i++) {
        if (arrivals->list[i].seen)
            arrivals->list[kept++] = arrivals->list[i];
        else
            free(arrivals->list[i].name);
    }
    arrivals->count = arrivals->sorted = kept;
    if (kept > 1)
        qsort(arrivals->list, kept, sizeof *arrivals->list, compare);
}

bool arrivals_look(struct arrivals *arrivals, const struct folders *folders, uint64_t now, struct error *error)
{
    for (size_t i = 0; i < arrivals->count; i++)
        arrivals->list[i].seen = false;
    for (enum folder i = 0; i < FOLDERS_IN; i++)
        if (!look_into(arrivals, folders, i, now, error))
            return false;
    forget_unseen(arrivals);
    return true;
}

bool arrivals_is_ready(const struct arrival *arrival, uint64_t now, unsigned settle)
{
    return arrival->refusal == REFUSAL_NONE && now >= arrival->not_before &&
           (arrival->marked || now - arrival->since >= (uint64_t)settle * 1000);
}

bool arrivals_is_settling(const struct arrival *arrival, uint64_t now, unsigned settle)
{
    return arrival->refusal == REFUSAL_NONE && !arrival->marked && now - arrival->since < (uint64_t)settle * 1000;
}

bool arrivals_is_written_to(int fd)
{
    /* A lease to read is granted when nobody writes. Whoever opens the file before it is given back is announced by a
     * signal: by one that is ignored, not by SIGIO, which would end the process. */
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
        return errno == EAGAIN;
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

void arrivals_free(struct arrivals *arrivals)
{
    for (size_t i = 0; i < arrivals->count; i++)
        free(arrivals->list[i].name);
    free(arrivals->list);
    *arrivals = (struct arrivals){0};
}
