/* run/journey.h: one order on its way through the calls that an operation takes: what is next, the request for it, and
 * how it ended. */
#ifndef RUN_JOURNEY_H
#define RUN_JOURNEY_H

#include "run/loader.h"
#include "run/plan.h"
#include "run/send.h"
#include "run/wire.h"

/* What all journeys of a run share. */
struct sending {
    struct work *work;
    const struct service *service;
    struct loader *loader; /* the order that was loaded last is the one at hand */
    bool rehearses;        /* nothing is sent or recorded */
    struct error *error;   /* its `code` is set where nothing more may be sent */
};

/* What the file says of an order, as hashes: its rows are read again only to make a request of them. */
struct journey_digest {
    bool made;                     /* once in a run, for the file does not change meanwhile */
    struct ledger_content content; /* where the operation registers */
    struct ledger_hash mall;
    struct ledger_hash shipment; /* with ship: of all that is to be reported */
};

struct journey {
    uint32_t order;            /* of the book */
    struct ledger_order known; /* as the ledger has it now */
    struct journey_digest digest;
    struct plan plan;             /* the step that is being made */
    enum api_operation operation; /* the call that this is, once a request is prepared */
    bool answered[LEDGER_OPERATIONS];
    unsigned questions;
    bool doubted;    /* in doubt since before this run, or an answer was lost: what comes later does not prove that
                        nothing came there */
    unsigned lost;   /* how often the call at hand may have come there and was not answered, of a service that has to be
                        asked then */
    bool resent;     /* such a call was a registration: one that is refused as a second one is the second of ours */
    unsigned pause;  /* milliseconds before the next request, at least */
    bool verifies;   /* the service repeated an old answer: how the order stands now has to be asked */
    bool unreviewed; /* the service knows of no review: the question is about the order's state */
    bool conflicts;  /* the last call met a 409: the question is about that */
    bool leaves_numbers; /* other 送り状番号 were reported before, which the service may still have */
    const char *detail;  /* of the catalogue: more of the status than its name, as the service said; NULL: no more */
    struct buf words;    /* the service's, of that 409; owned */
    struct buf changed;  /* headings of what is not as it was under the id that a new one replaces; owned */
    struct transport_request request; /* prepared; owned until it is handed over */
    unsigned requests;                /* that were prepared */
    bool retrying;                    /* the one that was handed over is sent again */
    char service_id[LEDGER_ID_SIZE];  /* at the service, of the order that it is about */
    struct wire_parcel parcel;        /* in which it is handed over */
    struct api_answer answer;         /* to it; the message is owned */
};

enum journey_state {
    JOURNEY_CALLS, /* `request` is prepared, and its intent is in the ledger's transaction */
    JOURNEY_ENDED, /* the order has its state */
    JOURNEY_FAILED /* sending->error says why */
};

/* The journey of order `order`; NULL when memory ran out. */
struct journey *journey_new(uint32_t order);

/* NULL is allowed. */
void journey_free(struct journey *journey);

/* Look into the ledger, decide, and prepare the next request or end the journey. */
enum journey_state journey_advance(const struct sending *sending, struct journey *journey);

/* Put into the book how the journey's order stands, as the ledger had it last. False when memory ran out:
 * sending->error. */
bool journey_show_known(const struct sending *sending, const struct journey *journey);

/* Put into the book how an order stands that is held back: its status and id at the service, if it has any. False:
 * sending->error says why. */
bool journey_show(const struct sending *sending, uint32_t order);

/* The order, its 受注ID, and the id at the service that the request on its way is about. Borrowed. */
struct book_order *journey_order(const struct sending *sending, const struct journey *journey);
struct span journey_id(const struct sending *sending, const struct journey *journey);
struct span journey_service_id(const struct sending *sending, const struct journey *journey);

/* End it as unsent: IN_DOUBT where there may be an effect that nobody knows of, NOT_FINISHED where some of it is done,
 * or else NOT_SENT. */
void journey_leave(const struct sending *sending, struct journey *journey, bool doubt, const char *reason,
                   long http_status);

#endif
