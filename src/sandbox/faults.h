/* sandbox/faults.h: which fault strikes which request. The list of them and its syntax are sandbox.h's.
 *
 * Pure: the n-th request of a server with one seed always meets the same fault, whatever the threads do. */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include "sandbox/sandbox.h"

enum sandbox_fault {
    SANDBOX_FAULT_NONE,
    SANDBOX_FAULT_TIMEOUT,
    SANDBOX_FAULT_RESET,
    SANDBOX_FAULT_SERVER_ERROR,
    SANDBOX_FAULT_TOO_MANY,
    SANDBOX_FAULT_GARBAGE,
    SANDBOX_FAULT_SLOW,
    SANDBOX_FAULT_LOST_ANSWER,
    SANDBOX_FAULT_EXCEPTION, /* of the dialect kuroneko only */
};

/* The fault of request number `request` (from 0). Each fault is drawn on its own, in the order above, and the first one
 * that strikes is it: behind a certain fault (1) no other one ever comes. */
enum sandbox_fault sandbox_fault_draw(const struct sandbox_faults *faults, uint64_t seed, uint64_t request);

/* Heads or tails for the same request, of which some faults have two kinds. */
bool sandbox_fault_coin(uint64_t seed, uint64_t request);

#endif
