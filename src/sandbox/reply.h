/* sandbox/reply.h: what the simulated service says: an HTTP status and a JSON body. */
#ifndef SANDBOX_REPLY_H
#define SANDBOX_REPLY_H

#include "sandbox/rules.h"

struct sandbox_reply {
    unsigned status; /* HTTP */
    char *body;      /* owned, JSON in UTF-8; NULL when memory ran out: then the connection is dropped */
};

/* {"message": message} */
void sandbox_reply_message(struct sandbox_reply *reply, unsigned status, const char *message);

/* {"id": id, "creditStatus": the name of `credit`} */
void sandbox_reply_order(struct sandbox_reply *reply, unsigned status, const char *id, enum sandbox_status credit);

/* Frees the body; the reply may be filled again. */
void sandbox_reply_free(struct sandbox_reply *reply);

#endif
