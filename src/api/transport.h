/* api/transport.h: requests over one libcurl multi loop: connections kept and shared, retries, pauses, time-outs.
 *
 * It knows HTTP and no word of the domain. Work is pulled: whenever a slot is free it asks the client for the next
 * request, and hands each answer back to be judged. A request that is worth another attempt waits its pause without
 * holding a slot, and is sent again byte for byte; while 1,024 of them wait, no new one is asked for.
 *
 * Worth another attempt: a broken or refused connection, a time-out, 429, 5xx, an answer that is too large or no HTTP,
 * and whatever the client's judge says (a 200 that holds no answer; an answer that says "not now"). Pauses double from
 * 0.5 s up to 30 s, each drawn evenly from its upper half, so that many clients do not come back at once; a Retry-After
 * (seconds or HTTP date) is heeded where it is longer, and one beyond 4 × timeout ends the request's attempts.
 *
 * Not worth one: a certificate that cannot be verified. Time does not heal it, and nothing was sent.
 *
 * A request that is to be sent `once` has no second attempt where the first one may have been received: its server
 * could not tell that it is the same.
 *
 * HTTP/2 is spoken over https where the server offers it (ALPN): up to 100 requests share a connection, and those that
 * come while the first one is being made wait for it, to see whether they may.
 *
 * Never: redirects, HTTP proxies other than the environment's (and none to a loopback host), plain http to any other
 * than a loopback host, answers beyond 1 MiB (that is a failure), certificates or host names unchecked, secrets or
 * bodies in an error.
 *
 * libcurl by itself resends a request, the same bytes, when a connection that had been kept dies before the first byte
 * of an answer, and when an HTTP/2 server refuses the stream: the server may meet it more often than there are
 * attempts. maybe_received takes this into account, the rate does not. A `once` request is not resent: it fails as one
 * whose connection broke. */
#ifndef API_TRANSPORT_H
#define API_TRANSPORT_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRANSPORT_ANSWER_MAX = 1024 * 1024, /* bytes of an answer's body */
    TRANSPORT_HEADERS_MAX = 8,          /* headers of one request */
};

struct transport_options {
    unsigned concurrency;         /* requests in flight at once, from 1 */
    unsigned timeout;             /* seconds for one attempt, connecting included (connecting alone: at most 10) */
    unsigned retries;             /* further attempts after the first */
    unsigned max_errors;          /* stop after so many requests in a row failed for the same reason; one that failed
                                     only because it is `once` is none of them, while `retries` would allow another */
    unsigned rate;                /* attempts per second at most, each counts: see pace.h. 0: no limit */
    const char *ca_file;          /* borrowed; PEM of the authorities that are trusted in place of the system's, NULL:
                                     those. See transport_check_ca_file() */
    const atomic_bool *interrupt; /* borrowed; true: start nothing more, finish what is in flight. NULL is allowed */
};

/* One request, filled by the client. All memory is the transport's once it is handed over: freed with free(), headers
 * and body wiped before. What is sent are these headers and those that HTTP needs (Host, Accept, Content-Length); a
 * Content-Type only where it is among them. The struct that next() is given to fill is all zero. */
struct transport_request {
    const char *method; /* "GET", "POST"; static */
    char *url;
    char *headers[TRANSPORT_HEADERS_MAX]; /* "Name: value"; NULL behind the last one, where there are fewer */
    char *body;                           /* NULL: none */
    size_t body_length;
    unsigned pause; /* milliseconds that it waits, without a slot, before it is sent for the first time */
    bool once;      /* the server would not recognise it if it came again: it is sent again only where all attempts
                       before are known not to have been received (429, a refused connection, TRANSPORT_AGAIN) */
    void *tag;      /* the client's own: comes back with the answer */
};

/* Free what was filled in, headers and body wiped before: for a request that is not handed over after all. */
void transport_request_drop(struct transport_request *request);

/* A complete answer; borrowed during the call. */
struct transport_answer {
    long status;      /* of HTTP */
    const char *body; /* NUL-terminated, "" when empty */
    size_t length;
    bool maybe_received;   /* the server may have acted on an earlier attempt, whose answer never came: see
                              struct transport_failure. What this one says of itself says nothing of that one */
    unsigned attempt;      /* which one it answers, from 1 */
    uint64_t milliseconds; /* how long this attempt took, from a free slot to the answer's end */
};

/* What the client makes of an answer. */
enum transport_verdict {
    TRANSPORT_DONE,  /* it is settled */
    TRANSPORT_RETRY, /* no answer at all: worth another attempt. A 429 or 5xx is one without being asked about */
    TRANSPORT_AGAIN, /* "not done, try later": worth another attempt, and certain that this one had no effect, so that a
                        `once` request is sent again too */
    TRANSPORT_STOP,  /* settled, and nothing more is to be sent: credentials refused */
};

/* Why a request ended without an answer. */
enum transport_reason {
    TRANSPORT_TIMEOUT,
    TRANSPORT_CONNECTION,   /* no connection, or it broke */
    TRANSPORT_UNTRUSTED,    /* the server's certificate: expired, of another host, or of an authority unknown here */
    TRANSPORT_SERVER_ERROR, /* 5xx */
    TRANSPORT_BUSY,         /* 429 */
    TRANSPORT_GARBAGE,      /* the judge said RETRY to the last answer, or it was too large, or no HTTP */
    TRANSPORT_REFUSED,      /* the judge said AGAIN to the last answer */
    TRANSPORT_STOPPED,      /* while waiting for its next attempt: a STOP, or too many failures; END_FAILED too */
    TRANSPORT_INTERRUPTED,  /* while waiting for its next attempt */
};

struct transport_failure {
    enum transport_reason reason; /* of the last attempt */
    long status;                  /* HTTP status of the last attempt, 0 when there was none */
    /* The server may have acted on one of the attempts: false where each of them was answered with 429 or what the
     * judge called AGAIN, or had no connection to be sent on (refused, no such host, no TLS, a time-out before that).
     */
    bool maybe_received;
};

/* One attempt that settled nothing: no answer, a broken one, 429 or 5xx, or one that was judged RETRY or AGAIN. */
struct transport_attempt {
    unsigned attempt;             /* which one, from 1 */
    uint64_t milliseconds;        /* how long it took */
    enum transport_reason reason; /* STOPPED where libcurl or memory gave up */
    long status;                  /* of HTTP, 0 when there was none */
    bool again;                   /* there will be another one, unless the run ends while it waits */
};

struct transport_client {
    void *context;
    /* The next request, or false when there is none at present. It is asked again after every settled request. Not
     * called any more after a STOP, too many failures, or an interrupt. */
    bool (*next)(void *context, struct transport_request *request);
    /* A complete answer that is neither 429 nor 5xx. */
    enum transport_verdict (*answered)(void *context, void *tag, const struct transport_answer *answer);
    /* All attempts are spent. */
    void (*failed)(void *context, void *tag, const struct transport_failure *failure);
    /* NULL is allowed. An attempt settled nothing: called before it is retried, or failed() is called; behind
     * answered() where that said so. */
    void (*attempted)(void *context, void *tag, const struct transport_attempt *attempt);
    /* NULL is allowed. Called in each turn of the loop: five times a second at least, whatever happens. */
    void (*turn)(void *context);
    /* Whether a request may come that next() does not have yet. While it says so the run goes on, and next() is asked
     * again when the descriptor `wake` can be read; reading it is up to next(). NULL: what next() does not have does
     * not come, unless something is settled. */
    bool (*more)(void *context);
    int wake; /* with more() only */
};

/* How a run ended: where several would fit, what came first. */
enum transport_end {
    TRANSPORT_END_DONE,        /* no work is left */
    TRANSPORT_END_STOPPED,     /* the client's STOP */
    TRANSPORT_END_UNUSABLE,    /* max_errors */
    TRANSPORT_END_INTERRUPTED, /* what was in flight is settled */
    TRANSPORT_END_FAILED,      /* libcurl or memory gave up: `error` says why. It overrides the others */
};

/* Whether `url` may be used: https, or http to a loopback host (localhost, 127.0.0.0/8, [::1]), without a user, query
 * or fragment. Errors of kind ERROR_CONFIG: URL_INVALID with the URL as {1}, URL_INSECURE. Where the URL has a user,
 * query or fragment, these may be secrets: {1} has "…" in their place. */
bool transport_check_url(const char *url, struct error *error);

/* Whether `path` can be read, and is PEM with at least one certificate. Error of kind ERROR_CONFIG: CA_FILE_INVALID
 * with the path, and the system's or OpenSSL's words for the reason as {1}. At most 4 MiB are read (FILE_MAX of
 * base/file.h). */
bool transport_check_ca_file(const char *path, struct error *error);

/* Milliseconds to wait before the attempt that follows `attempts`, from 1: see above. Each time another number. */
unsigned transport_pause(unsigned attempts);

/* Pull and send until no work is left and nothing is in flight. Every request taken from next() ends in exactly one
 * answered() with DONE or STOP, or one failed(), whatever the end; after a STOP, max_errors or an interrupt, requests
 * in flight are still finished (this attempt, judged as ever), and those that wait for another one, or would, fail at
 * once. `error` is filled only with TRANSPORT_END_FAILED: OUT_OF_MEMORY, CA_FILE_INVALID, or TRANSPORT_FAILED with
 * libcurl's words as {1}, all of kind ERROR_CONFIG.
 *
 * max_errors counts failed() with a reason of the service's side: neither STOPPED nor INTERRUPTED. An answer that is
 * settled ends the row, and another reason begins a new one.
 *
 * It uses curl_global_init(), which is safe beside other threads where libcurl says so (CURL_VERSION_THREADSAFE, as in
 * Debian 12); elsewhere the program calls it first. SIGPIPE is held back from the calling thread during the run. */
enum transport_end transport_run(const struct transport_options *options, const struct transport_client *client,
                                 struct error *error);

#endif
