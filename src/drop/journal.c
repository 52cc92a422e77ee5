/* drop/journal.c: see journal.h. */
#include "drop/journal.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOURNAL_NAME ".atobarai.journal"

enum { JOURNAL_MAX = 64 * 1024 * 1024 }; /* bytes; a file that waits takes some 300 */

static const char *const states[] = {
    [JOURNAL_RUNNING] = "running", [JOURNAL_FINISHED] = "finished", [JOURNAL_WAITING] = "waiting"};

struct identity identity_of(const struct stat *file)
{
    return (struct identity){(uint64_t)file->st_ino, (uint64_t)file->st_size, (int64_t)file->st_mtim.tv_sec,
                             (int64_t)file->st_mtim.tv_nsec};
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
    return a->inode == b->inode && a->size == b->size && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

/* ---- Entries ---- */

static void free_entry(struct journal_entry *entry)
{
    free(entry->name);
    free(entry->result);
    free(entry->day);
    free(entry->moved);
    free(entry->why);
}

void journal_free(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free_entry(&journal->entries[i]);
    free(journal->entries);
    *journal = (struct journal){0};
}

struct journal_entry *journal_find(const struct journal *journal, enum folder folder, const char *name)
{
    for (size_t i = 0; i < journal->count; i++)
        if (journal->entries[i].folder == folder && strcmp(journal->entries[i].name, name) == 0)
            return &journal->entries[i];
    return NULL;
}

bool journal_has_result(const struct journal *journal, const char *name)
{
    for (size_t i = 0; i < journal->count; i++)
        if (strcmp(journal->entries[i].result, name) == 0)
            return true;
    return false;
}

/* An empty entry; NULL when memory ran out. */
static struct journal_entry *new_entry(struct journal *journal)
{
    if (journal->count == journal->capacity) {
        size_t capacity = journal->capacity * 2 + 8;
        struct journal_entry *entries = realloc(journal->entries, capacity * sizeof *entries);
        if (entries == NULL)
            return NULL;
        journal->entries = entries;
        journal->capacity = capacity;
    }
    struct journal_entry *entry = &journal->entries[journal->count++];
    *entry = (struct journal_entry){0};
    return entry;
}

struct journal_entry *journal_add(struct journal *journal, enum folder folder, const char *name,
                                  const struct identity *file, const char *result)
{
    struct journal_entry *entry = new_entry(journal);
    if (entry == NULL)
        return NULL;
    entry->folder = folder;
    entry->file = *file;
    entry->name = strdup(name);
    entry->result = strdup(result);
    if (entry->name != NULL && entry->result != NULL)
        return entry;
    journal_remove(journal, entry);
    return NULL;
}

void journal_remove(struct journal *journal, struct journal_entry *entry)
{
    size_t behind = journal->count - (size_t)(entry - journal->entries) - 1;
    free_entry(entry);
    memmove(entry, entry + 1, behind * sizeof *entry);
    journal->count--;
}

/* ---- To the disk ---- */

/* As text, since the numbers of JSON have 53 bits. */
static bool add_identity(cJSON *object, const char *name, const struct identity *file)
{
    char text[128];
    snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64, file->inode, file->size, file->seconds,
             file->nanoseconds);
    return cJSON_AddStringToObject(object, name, text) != NULL;
}

/* NULL is left out. */
static bool add_text(cJSON *object, const char *name, const char *text)
{
    return text == NULL || cJSON_AddStringToObject(object, name, text) != NULL;
}

static bool add_entry(cJSON *list, const struct journal_entry *entry)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || !cJSON_AddItemToArray(list, object)) {
        cJSON_Delete(object);
        return false;
    }
    return add_text(object, "folder", folder_name(entry->folder)) && add_text(object, "name", entry->name) &&
           add_identity(object, "file", &entry->file) && add_text(object, "state", states[entry->state]) &&
           add_text(object, "result", entry->result) &&
           (!entry->has_result || add_identity(object, "output", &entry->output)) &&
           cJSON_AddNumberToObject(object, "status", (double)entry->status) != NULL &&
           add_text(object, "day", entry->day) && add_text(object, "moved", entry->moved) &&
           add_text(object, "why", entry->why);
}

/* NULL when memory ran out. */
static char *text_of(const struct journal *journal)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "files");
    bool made = list != NULL;
    for (size_t i = 0; i < journal->count && made; i++)
        made = add_entry(list, &journal->entries[i]);
    char *text = made ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return text;
}

static void put_path(const struct folders *folders, struct buf *path)
{
    buf_printf(path, "%s/%s", folders->path, JOURNAL_NAME);
}

bool journal_write(const struct journal *journal, const struct folders *folders, struct error *error)
{
    struct buf path = {0};
    char *text = text_of(journal);
    if (text == NULL)
        return error_set_memory(error);
    const struct buf whole = {.data = text, .length = strlen(text)};
    bool written = folders_write(folders->root, JOURNAL_NAME, 0600, &whole);
    if (!written) {
        int reason = errno;
        put_path(folders, &path);
        error_set_errno(error, ERROR_USAGE, "OUTPUT_UNWRITABLE", buf_text(&path), reason);
        buf_free(&path);
    }
    free(text);
    return written;
}

/* ---- From the disk ---- */

static bool read_identity(const char *text, struct identity *file)
{
    int length = 0;
    return text != NULL &&
           sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 "%n", &file->inode, &file->size, &file->seconds,
                  &file->nanoseconds, &length) == 4 &&
           text[length] == '\0';
}

/* A name in a folder: it leads nowhere else. */
static bool is_name(const char *name)
{
    return name != NULL && *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

/* A copy of the member `name`; absent is NULL. False when memory ran out, or where it is no name. */
static bool read_name(const cJSON *object, const char *name, char **copy)
{
    const char *text = json_text(object, name);
    *copy = text != NULL && is_name(text) ? strdup(text) : NULL;
    return text == NULL || *copy != NULL;
}

static bool read_folder(const char *name, enum folder *folder)
{
    for (enum folder i = 0; i < FOLDERS_IN && name != NULL; i++) {
        *folder = i;
        if (strcmp(name, folder_name(i)) == 0)
            return true;
    }
    return false;
}

static bool read_state(const char *name, enum journal_state *state)
{
    for (size_t i = 0; i < sizeof states / sizeof *states && name != NULL; i++) {
        *state = (enum journal_state)i;
        if (strcmp(name, states[i]) == 0)
            return true;
    }
    return false;
}

static bool read_entry(const cJSON *object, struct journal_entry *entry)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(object, "status");
    const char *output = json_text(object, "output");
    const char *why = json_text(object, "why");
    if (!read_folder(json_text(object, "folder"), &entry->folder) || !read_name(object, "name", &entry->name) ||
        !read_identity(json_text(object, "file"), &entry->file) ||
        !read_state(json_text(object, "state"), &entry->state) || !read_name(object, "result", &entry->result) ||
        !read_name(object, "day", &entry->day) || !read_name(object, "moved", &entry->moved) || !cJSON_IsNumber(status))
        return false;
    entry->status = (enum atobarai_status)status->valueint;
    entry->why = why != NULL ? strdup(why) : NULL;
    entry->has_result = output != NULL;
    return entry->name != NULL && entry->result != NULL && (why == NULL || entry->why != NULL) &&
           (entry->state != JOURNAL_FINISHED || entry->moved != NULL) &&
           (output == NULL || read_identity(output, &entry->output));
}

static bool read_entries(struct journal *journal, struct span text)
{
    cJSON *root = json_parse(text);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "files");
    const cJSON *object;
    bool read = cJSON_IsArray(list);
    cJSON_ArrayForEach(object, list)
    {
        struct journal_entry *entry = read ? new_entry(journal) : NULL;
        read = entry != NULL && read_entry(object, entry);
    }
    cJSON_Delete(root);
    return read;
}

/* All of the file; false with errno. */
static bool read_text(int fd, struct buf *text)
{
    enum { BLOCK = 65536 };
    ssize_t got = -1;
    errno = ENOMEM;
    while (buf_reserve(text, BLOCK)) {
        got = read(fd, text->data + text->length, BLOCK);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        text->length += got > 0 ? (size_t)got : 0;
        if (text->length > JOURNAL_MAX) {
            errno = EFBIG;
            got = -1;
            break;
        }
    }
    return got == 0;
}

bool journal_read(struct journal *journal, const struct folders *folders, struct error *error)
{
    struct buf text = {0};
    struct buf path = {0};
    *journal = (struct journal){0};
    int fd = openat(folders->root, JOURNAL_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return true;
    bool got = fd >= 0 && read_text(fd, &text);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    bool read = got && read_entries(journal, (struct span){buf_text(&text), text.length});
    if (!read) {
        put_path(folders, &path);
        error_set_errno(error, ERROR_CONFIG, "DROP_JOURNAL", buf_text(&path), got ? EBADMSG : reason);
        buf_free(&path);
    }
    buf_free(&text);
    return read;
}
