/* run/answer.h: what an answer of the service means for an order's journey: into the ledger, and on to the next step.
 */
#ifndef RUN_ANSWER_H
#define RUN_ANSWER_H

#include "run/journey.h"

/* Take the answer to the journey's request, which is not API_NO_ANSWER. JOURNEY_CALLS: its next request is prepared.
 * JOURNEY_FAILED: sending->error says why; the journey is over, and its order has no state. The message may be taken
 * over. */
enum journey_state answer_take(const struct sending *sending, struct journey *journey, struct api_answer *answer,
                               const struct transport_answer *from);

/* The journey's request ended without an answer about the order. One that changes something, and of which nothing came
 * there or was looked at, is as if it had not been intended. Whether doubt remains. */
bool answer_missed(const struct sending *sending, struct journey *journey, bool maybe_received);

#endif
