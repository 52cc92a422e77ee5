/* run/wire.h: the transport on a thread of its own, so that requests leave and answers come in while the ledger waits
 * for the disk and the next requests are made.
 *
 * A parcel is a request and what came of it. It belongs to the caller until it is put, then to the wire until it is
 * taken. Every function but the judge is for the caller's thread. */
#ifndef RUN_WIRE_H
#define RUN_WIRE_H

#include "api/transport.h"

#include <stdint.h>

struct wire_parcel {
    struct wire_parcel *next;
    struct transport_request request; /* until it is put; nothing is left of it when it comes back */
    void *tag;                        /* the caller's own */
    bool answered;                    /* the judge said DONE or STOP; else `failure` says why not */
    struct transport_answer answer;   /* without its body: that was for the judge */
    struct transport_failure failure;
};

/* An attempt at a parcel's request that settled nothing. Freed with free(). */
struct wire_note {
    struct wire_note *next;
    struct wire_parcel *parcel;
    struct transport_attempt attempt;
};

struct wire_client {
    void *context;
    /* What an answer is (see struct transport_client), on the wire's thread: it may write to what belongs to the
     * parcel, and only read what the caller leaves alone meanwhile. */
    enum transport_verdict (*judge)(void *context, struct wire_parcel *parcel, const struct transport_answer *answer);
};

struct wire;

/* Begin. What is given is borrowed until wire_end(). NULL: out of memory, or the system grants no thread. */
struct wire *wire_start(const struct transport_options *options, const struct wire_client *client, struct error *error);

/* Hand over a list of parcels, which leave in this order. */
void wire_put(struct wire *wire, struct wire_parcel *first);

/* How many were put and wait for a free slot. */
size_t wire_waiting(struct wire *wire);

/* All parcels that came back, in the order in which they did, as a list; where there are none, wait for some for at
 * most `milliseconds` (-1: for ever). NULL with `*ended`: the transport has ended, and none will come any more. */
struct wire_parcel *wire_take(struct wire *wire, int64_t milliseconds, bool *ended);

/* All attempts that settled nothing since the last call, in the order in which they were made, as a list: those of
 * every parcel that was taken before are among them. What there was no memory for is missing. */
struct wire_note *wire_take_notes(struct wire *wire);

/* Nothing more is to be sent, not even what waits for a slot; what is in flight is finished. Put nothing after it. */
void wire_close(struct wire *wire);

/* What is left at the end. */
struct wire_rest {
    struct wire_note *notes;
    struct wire_parcel *back; /* came back, and was not taken */
    struct wire_parcel *left; /* never left, each with its request */
};

/* Close it, wait for its end, and free it. What it returns, and `error`, are as transport_run() has them. */
enum transport_end wire_end(struct wire *wire, struct wire_rest *rest, struct error *error);

#endif
