/* drop/journal.h: which files are at hand, kept on the disk: what a run that dies leaves to the next.
 *
 * DIR/.atobarai.journal is JSON, replaced whole at every change. It has a line for each file whose job began and that
 * is still where it came in:
 *
 *     running   its job runs, or ran when the process died: the next start runs it again, into the same result
 *     finished  its job has ended, and it is on its way to done/ or failed/: the next start moves it
 *     waiting   its job ended with orders unsent: the next pass runs it again, into the same result
 *
 * A file is known by its folder and name, and by what tells it from another of that name: see struct identity. */
#ifndef DROP_JOURNAL_H
#define DROP_JOURNAL_H

#include "drop/folders.h"

#include <stdint.h>

/* What changes when a file is replaced or written to. */
struct identity {
    uint64_t inode;
    uint64_t size; /* bytes */
    int64_t seconds;
    int64_t nanoseconds; /* of its last change */
};

struct identity identity_of(const struct stat *file);
bool identity_equal(const struct identity *a, const struct identity *b);

enum journal_state { JOURNAL_RUNNING, JOURNAL_FINISHED, JOURNAL_WAITING };

struct journal_entry {
    enum folder folder;
    char *name; /* owned, as all texts here are */
    struct identity file;
    enum journal_state state;
    char *result;                /* its name in out/ */
    bool has_result;             /* it is there, and is: */
    struct identity output;      /* then */
    enum atobarai_status status; /* FINISHED: of the job */
    char *day;                   /* FINISHED: of the folder in done/; NULL: it goes to failed/ */
    char *moved;                 /* FINISHED: its name there */
    char *why;                   /* FINISHED, to failed/: the text beside it */
};

struct journal {
    struct journal_entry *entries; /* owned */
    size_t count;
    size_t capacity;
};

/* Read it; none is an empty one. False with DROP_JOURNAL (kind ERROR_CONFIG) and the reason {1}, or out of memory.
 * Free it in either case. */
bool journal_read(struct journal *journal, const struct folders *folders, struct error *error);

/* Write it. False with OUTPUT_UNWRITABLE (kind ERROR_USAGE), or out of memory: what is on the disk is as it was. */
bool journal_write(const struct journal *journal, const struct folders *folders, struct error *error);

/* The entry of a file of that name, whatever is in it; NULL: none. Borrowed until entries come or go. */
struct journal_entry *journal_find(const struct journal *journal, enum folder folder, const char *name);

/* Whether an entry has the result `name`. */
bool journal_has_result(const struct journal *journal, const char *name);

/* A new entry that runs, with the result `result`; NULL when memory ran out. Borrowed likewise. */
struct journal_entry *journal_add(struct journal *journal, enum folder folder, const char *name,
                                  const struct identity *file, const char *result);
void journal_remove(struct journal *journal, struct journal_entry *entry);

void journal_free(struct journal *journal);

#endif
