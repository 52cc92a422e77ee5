/* report/archive.c: see archive.h. */
#include "report/archive.h"

#include <minizip/unzip.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 256 * 1024, /* bytes to read at once */
    END = 4096,         /* the last bytes of a part that are kept: more than stands behind the rows of a sheet */
    NAME_MAX_SIZE = 256,
};

/* A part as it goes by. */
struct part {
    char name[NAME_MAX_SIZE];
    uint64_t length;
    uint64_t rows;   /* where they begin; 0: not yet known */
    char begin[END]; /* its first bytes, */
    size_t begun;    /* so many */
    char end[END];   /* its last ones, */
    size_t ended;    /* so many */
    char block[BLOCK];
};

/* ---- What a part is ---- */

/* The offset behind `tag` in `bytes`; 0: it is not there. */
static size_t behind(const char *bytes, size_t length, const char *tag)
{
    const char *found = memmem(bytes, length, tag, strlen(tag));
    return found != NULL ? (size_t)(found - bytes) + strlen(tag) : 0;
}

/* The name of the first tag that is no declaration: where it begins in `bytes`, and its length. */
static const char *root_of(const char *bytes, size_t length, size_t *name_length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (bytes[i] != '<' || bytes[i + 1] == '?' || bytes[i + 1] == '!')
            continue;
        size_t end = i + 1;
        while (end < length && strchr(" />\r\n", bytes[end]) == NULL)
            end++;
        *name_length = end - i - 1;
        return bytes + i + 1;
    }
    *name_length = 0;
    return NULL;
}

/* Whether the part ends with the tag that closes its first one. */
static bool is_closed(const struct part *part)
{
    size_t length;
    const char *root = root_of(part->begin, part->begun, &length);
    size_t tag = length + strlen("</>");
    size_t end = part->ended;
    while (end > 0 && strchr("\r\n", part->end[end - 1]) != NULL)
        end--;
    if (root == NULL || end < tag)
        return false;
    const char *last = part->end + end - tag;
    return memcmp(last, "</", 2) == 0 && memcmp(last + 2, root, length) == 0 && last[tag - 1] == '>';
}

/* Whether the part, if it is a sheet, has the rows that were written. */
static bool has_rows(const struct part *part, const uint64_t *rows, size_t count)
{
    static const char closing[] = "</sheetData>";
    unsigned long number;
    if (sscanf(part->name, "xl/worksheets/sheet%lu.xml", &number) != 1)
        return true;
    size_t end = behind(part->end, part->ended, closing);
    return number > 0 && number <= count && part->rows > 0 && end > 0 &&
           part->length - part->ended + end - strlen(closing) - part->rows == rows[number - 1];
}

/* ---- Reading ---- */

static void keep_begin(struct part *part, size_t length)
{
    size_t room = END - part->begun;
    size_t kept = length < room ? length : room;
    memcpy(part->begin + part->begun, part->block, kept);
    part->begun += kept;
}

static void keep_end(struct part *part, size_t length)
{
    size_t added = length < END ? length : END;
    size_t stays = part->ended < END - added ? part->ended : END - added;
    memmove(part->end, part->end + part->ended - stays, stays);
    memcpy(part->end + stays, part->block + length - added, added);
    part->ended = stays + added;
}

/* Take `length` bytes of the block. Rows begin in the first one: there are 16,384 columns before them at most. */
static void take(struct part *part, size_t length)
{
    if (part->rows == 0)
        part->rows = part->length + behind(part->block, length, "<sheetData>");
    part->rows = part->rows == part->length ? 0 : part->rows;
    keep_begin(part, length);
    keep_end(part, length);
    part->length += length;
}

/* As much of the part as a block holds. False: it cannot be read. */
static bool read_block(unzFile file, struct part *part, size_t *length)
{
    for (*length = 0; *length < BLOCK;) {
        int got = unzReadCurrentFile(file, part->block + *length, (unsigned)(BLOCK - *length));
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        *length += (size_t)got;
    }
    return true;
}

static bool read_part(unzFile file, struct part *part)
{
    size_t length = BLOCK;
    part->length = part->rows = 0;
    part->begun = part->ended = 0;
    if (unzGetCurrentFileInfo64(file, NULL, part->name, sizeof part->name, NULL, 0, NULL, 0) != UNZ_OK ||
        unzOpenCurrentFile(file) != UNZ_OK)
        return false;
    bool read = true;
    while (read && length == BLOCK) {
        read = read_block(file, part, &length);
        if (read)
            take(part, length);
    }
    return unzCloseCurrentFile(file) == UNZ_OK && read; /* which compares the checksum */
}

static bool check_parts(unzFile file, struct part *part, const uint64_t *rows, size_t count)
{
    int status = unzGoToFirstFile(file);
    for (; status == UNZ_OK; status = unzGoToNextFile(file))
        if (!read_part(file, part) || !is_closed(part) || !has_rows(part, rows, count))
            return false;
    return status == UNZ_END_OF_LIST_OF_FILE;
}

bool archive_is_whole(const char *path, const uint64_t *rows, size_t count)
{
    struct part *part = calloc(1, sizeof *part);
    unzFile file = part != NULL ? unzOpen64(path) : NULL;
    bool whole = file != NULL && check_parts(file, part, rows, count);
    if (file != NULL)
        unzClose(file);
    free(part);
    return whole;
}
