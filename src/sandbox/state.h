/* sandbox/state.h: the orders of the simulated service in a file, so that it can be ended and started again.
 *
 * One line per change, appended. An order of the dialect json: id, first status, status now, test card, and the hashes
 * of key, body and shipment, in hexadecimal where they are no numbers. One of the dialect kuroneko, which begins with
 * the word kuroneko: number, stage, test card, day of the order, first amount, amount now, and its parcels with commas
 * between, or a hyphen. The last line of an order is the one that counts. A line that was not finished, because the
 * process was ended in its middle, is cut off when the file is opened again. Nothing of the buyer is kept. */
#ifndef SANDBOX_STATE_H
#define SANDBOX_STATE_H

#include "sandbox/kuroneko_rules.h"
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

struct sandbox_kuroneko_record {
    char number[SANDBOX_NUMBER_SIZE];
    enum sandbox_stage stage;
    const struct sandbox_kuroneko_card *card; /* static */
    int64_t ordered;                          /* the order's day, as sandbox_day_of() */
    long first_amount;                        /* yen */
    long amount;
    const char *parcels; /* 送り状番号 with commas between; "" for none. Borrowed */
};

/* Who takes in what a file holds. Both say false when memory ran out. */
struct sandbox_state_loader {
    bool (*json)(void *context, const struct sandbox_record *record);
    bool (*kuroneko)(void *context, const struct sandbox_kuroneko_record *record);
    void *context;
};

/* Open `path`, made where it is missing, for its owner only, and hand each line to the loader. False with errno: of the
 * system, EBADMSG where a line is none of ours, or ENOMEM where the loader says false. The descriptor goes to close().
 */
bool sandbox_state_open(const char *path, const struct sandbox_state_loader *loader, int *fd);

/* Append one line. False with errno. */
bool sandbox_state_append(int fd, const struct sandbox_record *record);
bool sandbox_state_append_kuroneko(int fd, const struct sandbox_kuroneko_record *record);

#endif
