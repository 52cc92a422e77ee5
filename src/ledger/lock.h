/* ledger/lock.h: a file that one process has at a time. For ledger/ only. */
#ifndef LEDGER_LOCK_H
#define LEDGER_LOCK_H

enum lock_end {
    LOCK_TAKEN,
    LOCK_BUSY,   /* somebody else has it, and had it all the time */
    LOCK_FAILED, /* errno */
};

/* Open `path`, make it where it is missing (0600, and its folders 0700), and lock it, waiting at most `wait` seconds.
 * `*descriptor` is the caller's to close, also with LOCK_BUSY; -1 with LOCK_FAILED. The lock ends with it, however the
 * process ends. */
enum lock_end lock_take(const char *path, unsigned wait, int *descriptor);

#endif
