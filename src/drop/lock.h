/* drop/lock.h: one instance for each drop. */
#ifndef DROP_LOCK_H
#define DROP_LOCK_H

#include "base/error.h"
#include "drop/folders.h"

/* Lock the drop and leave word who has it, since when, and on which machine. The lock is gone with its descriptor,
 * however the process ends; across machines it holds where the network drive has locks.
 *
 * The descriptor, for close(). -1 with DROP_BUSY, who has it in its details, or DROP_UNLOCKABLE with the reason (kind
 * ERROR_CONFIG). */
int lock_drop(const struct folders *folders, struct error *error);

#endif
