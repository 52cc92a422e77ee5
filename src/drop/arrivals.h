/* drop/arrivals.h: the files that came in, and which of them are complete.
 *
 * A file is complete when a file NAME.done lies beside it, or when its size and the time of its last change have been
 * the same for some seconds, by our own clock: that of a network drive may be another. Whether a program of this
 * machine still has it open for writing is asked where it is opened: arrivals_is_written_to(). */
#ifndef DROP_ARRIVALS_H
#define DROP_ARRIVALS_H

#include "drop/journal.h"

/* Why a file is left where it is. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_LINK,    /* a symbolic link, or one of several names of a file */
    REFUSAL_NO_FILE, /* a device, a pipe, a socket */
    REFUSAL_NAME,
    REFUSAL_SIZE,   /* above ATOBARAI_DROP_FILE_MAX */
    REFUSAL_FOLDER, /* a folder in in/ that is no command */
};

struct arrival {
    enum folder folder;
    char *name; /* owned */
    struct identity file;
    bool marked;          /* NAME.done lies beside it */
    enum refusal refusal; /* it will not be taken, and nobody was told yet, if `told` is false */
    bool told;
    bool seen;           /* in the last look */
    uint64_t since;      /* milliseconds of our clock from which on it was as it is */
    unsigned stays;      /* how often it was tried and stayed */
    uint64_t not_before; /* likewise, when it may be tried again */
};

struct arrivals {
    struct arrival *list; /* owned, in the order in which a pass takes them */
    size_t count;
    size_t sorted; /* of these, in their order: all, but while arrivals_look() looks */
    size_t capacity;
};

/* Milliseconds of a clock that nobody sets. */
uint64_t arrivals_clock(void);

/* Look into all folders. What is gone is forgotten. False with DROP_FOLDER, or out of memory. */
bool arrivals_look(struct arrivals *arrivals, const struct folders *folders, uint64_t now, struct error *error);

/* Whether it may be taken now. */
bool arrivals_is_ready(const struct arrival *arrival, uint64_t now, unsigned settle);

/* Whether it will be, if nobody touches it. */
bool arrivals_is_settling(const struct arrival *arrival, uint64_t now, unsigned settle);

/* Whether some program of this machine has the file open for writing; false where the system cannot tell. `fd` has it
 * open for reading only. */
bool arrivals_is_written_to(int fd);

void arrivals_free(struct arrivals *arrivals);

#endif
