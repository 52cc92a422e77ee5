/* drop/folders.h: the folders of a drop, each held open: what happens in them goes by their descriptors, so that a link
 * that somebody puts in the place of one leads nowhere. */
#ifndef DROP_FOLDERS_H
#define DROP_FOLDERS_H

#include "atobarai.h"
#include "base/buf.h"
#include "base/error.h"

#include <sys/stat.h>

/* Those that files come into first, in the order in which a pass takes them. */
enum folder {
    FOLDER_IN,
    FOLDER_REGISTER,
    FOLDER_REREGISTER,
    FOLDER_SHIP,
    FOLDER_CANCEL,
    FOLDER_STATUS,
    FOLDERS_IN, /* how many there are of these */
    FOLDER_OUT = FOLDERS_IN,
    FOLDER_DONE,
    FOLDER_FAILED,
    FOLDER_REPORT, /* a page for each result */
    FOLDERS,
};

struct folders {
    const char *path; /* of the drop, as it was given; borrowed */
    int root;
    int fds[FOLDERS]; /* -1: not open */
};

/* Open all, and make those that are missing, for their owner only; but not `path` itself, in which a slip of the pen
 * must not go unnoticed. False with DROP_FOLDER (kind ERROR_USAGE) and the reason, or DROP_OTHER_DISK (kind
 * ERROR_CONFIG) where files cannot be renamed from one to another. Close them in either case. */
bool folders_open(struct folders *folders, const char *path, struct error *error);
void folders_close(struct folders *folders);

/* Open those again that were taken away meanwhile. False as above; also where the drop is not the folder any more that
 * its name leads to, as when a network drive is gone. */
bool folders_renew(struct folders *folders, struct error *error);

/* "in/ship": within the drop. */
const char *folder_name(enum folder folder);
/* "register", "ship", …; only of those that files come into. */
const char *folder_command(enum folder folder);
enum atobarai_operation folder_operation(enum folder folder);

/* Set DROP_FOLDER of `name`, a folder within the drop, or "" for that itself. False always. */
bool folders_fail(const struct folders *folders, const char *name, int reason, struct error *error);

/* Append the path of `name` in `folder`: as the system has it, and within the drop. */
void folders_put_path(const struct folders *folders, enum folder folder, const char *name, struct buf *path);

/* Open `name` in `fd`, a folder, and make it where it is missing, for its owner only. -1 with errno. */
int folders_open_in(int fd, const char *name);

/* Whether nothing is called `name` in `fd`. */
bool folders_is_free(int fd, const char *name);

/* Rename a file, and replace nothing: EEXIST where there is something. False with errno. */
bool folders_move(int from, const char *name, int to, const char *new_name);

/* Make a rename in `fd` last, where that can be had. */
void folders_sync(int fd);

/* Write a file whole: to a hidden one beside it, which replaces it then. `mode` as of open(). False with errno. */
bool folders_write(int fd, const char *name, unsigned mode, const struct buf *text);

/* Take away what folders_write() left in `fd` when the process died. */
void folders_clear(int fd);

#endif
