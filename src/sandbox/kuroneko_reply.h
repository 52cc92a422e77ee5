/* sandbox/kuroneko_reply.h: what the simulated service of the dialect kuroneko says: XML in UTF-8.
 *
 * An element list under one root, as clients of the service know it. Whatever they agree not to depend on differs from
 * call to call, so that a client that does is found out: the root's name, the XML declaration, the order of the
 * elements, elements that nobody knows, attributes, comments, blanks, entities and CDATA, an errorCode that is empty or
 * missing where there is none, and the Content-Type. Of one call it is always the same. */
#ifndef SANDBOX_KURONEKO_REPLY_H
#define SANDBOX_KURONEKO_REPLY_H

#include "sandbox/form.h"
#include "sandbox/reply.h"

#include <stdint.h>

enum { SANDBOX_NO_NUMBER = -1 };

struct sandbox_kuroneko_answer {
    const char *error; /* the code; NULL: accepted */
    int result;        /* SANDBOX_NO_NUMBER: none */
    int warning;       /* the same */
};

/* Fill `reply` with status 200 and the answer. Merchant and number are echoed from `form`, the password never. `now` is
 * seconds since 1970. */
void sandbox_kuroneko_reply(struct sandbox_reply *reply, enum sandbox_api api, const struct sandbox_form *form,
                            const struct sandbox_kuroneko_answer *answer, int64_t now);

/* The Content-Type of a call's answers. Static. */
const char *sandbox_kuroneko_type(enum sandbox_api api);

/* A page for a person, where the request is none of the protocol. */
void sandbox_kuroneko_page(struct sandbox_reply *reply, unsigned status, const char *message);

/* Cut the body off in its midst. */
void sandbox_kuroneko_tear(struct sandbox_reply *reply);

#endif
