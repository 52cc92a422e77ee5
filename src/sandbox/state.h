/* sandbox/state.h: the orders of the simulated service in a file, so that it can be ended and started again.
 *
 * One line per change, appended: id, first status, status now, test card, and the hashes of key, body and shipment, in
 * hexadecimal where they are no numbers. The last line of an id is the one that counts. A line that was not finished,
 * because the process was ended in its middle, is cut off when the file is opened again. Nothing of the buyer is kept.
 */
#ifndef SANDBOX_STATE_H
#define SANDBOX_STATE_H

#include "sandbox/rules.h"

enum { SANDBOX_DIGEST_SIZE = 32 }; /* bytes of SHA-256 */

struct sandbox_record {
    char id[SANDBOX_ID_SIZE];
    enum sandbox_status first;
    enum sandbox_status now;
    const struct sandbox_card *card;             /* static */
    unsigned char key[SANDBOX_DIGEST_SIZE];      /* of the Idempotency-Key */
    unsigned char body[SANDBOX_DIGEST_SIZE];     /* of the registration */
    unsigned char shipment[SANDBOX_DIGEST_SIZE]; /* of the last shipment's body; zeros before it */
};

/* Open `path`, made where it is missing, for its owner only, and call `load` for each line. False with errno: of the
 * system, EBADMSG where a line is none of ours, or ENOMEM where `load` says false. The descriptor goes to close(). */
bool sandbox_state_open(const char *path, bool (*load)(void *context, const struct sandbox_record *record),
                        void *context, int *fd);

/* Append one line. False with errno. */
bool sandbox_state_append(int fd, const struct sandbox_record *record);

#endif
