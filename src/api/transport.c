/* api/transport.c: see transport.h.
 *
 * A request is a `work` from next() to its end. While it is sent it sits in a `slot`: an easy handle with all that
 * belongs to one attempt. While it waits for another attempt it sits in a heap, the one that is due first on top. */
#include "api/transport.h"

#include "api/curl_rules.h"
#include "api/pace.h"
#include "base/buf.h"
#include "base/file.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    WAITING_MAX = 1024,       /* requests waiting for another attempt beyond which no new one is taken: what bounds
                                 memory while the service answers everything with 429 */
    PAUSE_FIRST_MS = 500,     /* before the second attempt; doubled before each further one */
    PAUSE_MAX_MS = 30 * 1000, /* where doubling ends */
    RETRY_AFTER_TIMEOUTS = 4, /* a Retry-After beyond so many time-outs is not waited for */
    HEAD_MAX = 128 * 1024,    /* bytes of an answer's headers; more is too large */
    STREAMS_MAX = 100, /* requests that share an HTTP/2 connection; servers are asked to allow as many (RFC 9113) */
    POLL_MS = 200,     /* between two turns; how long an interrupt may go unnoticed that is no signal to this thread */
    POLL_IDLE_MS = 60 * 1000, /* where there is neither: libcurl wakes earlier for all that happens */
};

enum {
    HTTP_OK = 200,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_SERVER_ERROR = 500, /* and up to 599 */
    HTTP_SERVER_ERROR_END = 600,
};

/* One request, from next() until it is settled. */
struct work {
    struct transport_request request;
    /* libcurl's list of the request's headers, and two that it is to leave out. Built here and not with
     * curl_slist_append(), which would leave copies of secrets behind. */
    struct curl_slist headers[TRANSPORT_HEADERS_MAX + 2];
    bool loopback; /* where it goes to */
    bool https;
    unsigned attempts;   /* so far */
    long status;         /* of the last attempt */
    bool maybe_received; /* in one of the attempts */
};

/* One that waits for another attempt. */
struct waiter {
    struct work *work; /* owned */
    int64_t due;       /* milliseconds of the monotonic clock */
    uint64_t ticket;   /* among those due at the same time, who came first */
};

/* A place for one attempt, used again and again. */
struct slot {
    CURL *curl;        /* NULL until first used */
    struct work *work; /* owned; NULL while free */
    struct buf answer; /* the body */
    size_t head;       /* bytes of the answer's headers */
    int64_t started;   /* nanoseconds of the monotonic clock */
    unsigned sends;    /* how often libcurl began to send this attempt: more than once after a connection's death */
    bool too_large;
    struct slot *next_free;
};

/* What matters of a URL. */
struct url_parts {
    bool https;
    bool http;
    bool loopback;
    bool user; /* there is one, be it empty */
};

struct transport {
    const struct transport_options *options;
    const struct transport_client *client;
    struct error *error;
    CURLM *multi;
    struct slot *slots;
    size_t slot_count;
    struct slot *free_slots; /* a stack: the slot used last is taken first */
    size_t in_flight;
    struct waiter *waiting; /* a binary heap with room for WAITING_MAX + slot_count, so that no push can fail */
    size_t waiting_count;
    uint64_t tickets;
    char *origin;           /* scheme and authority of the URL that was looked at last, NULL: none; owned */
    struct url_parts parts; /* what matters of it */
    struct pace pace;
    unsigned errors;                    /* in a row, and all for this reason: */
    enum transport_reason error_reason; /* (where there is any) */
    bool dry;                           /* next() had nothing, and nothing was settled since */
    enum transport_end end;             /* DONE while all goes well; else nothing more is started */
};

enum { MS_NS = 1000000 }; /* nanoseconds in a millisecond */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 * MS_NS + now.tv_nsec;
}

static int64_t now_ms(void)
{
    return now_ns() / MS_NS;
}

/* ---- URLs ---- */

static CURLUcode url_look(CURLU *handle, const char *url, struct url_parts *parts)
{
    char *scheme = NULL;
    char *host = NULL;
    char *user = NULL;
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, url, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(handle, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OK) {
        CURLUcode has_user = curl_url_get(handle, CURLUPART_USER, &user, 0);
        *parts = (struct url_parts){
            .https = strcasecmp(scheme, "https") == 0,
            .http = strcasecmp(scheme, "http") == 0,
            .loopback = curl_rules_is_loopback(host),
            .user = has_user == CURLUE_OK,
        };
        code = has_user == CURLUE_OUT_OF_MEMORY ? has_user : CURLUE_OK;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return code;
}

static CURLUcode url_parse(const char *url, struct url_parts *parts)
{
    CURLU *handle = curl_url();
    *parts = (struct url_parts){0};
    if (handle == NULL)
        return CURLUE_OUT_OF_MEMORY;
    CURLUcode code = url_look(handle, url, parts);
    curl_url_cleanup(handle);
    return code;
}

/* URL_INVALID. A user, a password or a query may be somebody's secret, and what is no URL cannot be trusted to say
 * where they end: nothing is shown between the scheme and the last @, nor behind a ? or #; and nothing at all where the
 * @ may belong to a query, or the ? to a password. */
static bool url_invalid(const char *url, struct error *error)
{
    struct buf shown = {0};
    size_t scheme = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    const char *rest = strncmp(url + scheme, "://", 3) == 0 ? url + scheme + 3 : url;
    const char *at = strrchr(url, '@');
    const char *query = strpbrk(url, "?#");
    buf_append(&shown, url, (size_t)(rest - url));
    if (at != NULL) {
        buf_append_text(&shown, "…");
        rest = query != NULL && query < at ? "" : at;
    }
    size_t length = strcspn(rest, "?#");
    buf_append(&shown, rest, length);
    if (rest[length] != '\0')
        buf_printf(&shown, "%c…", rest[length]);
    if (shown.failed)
        error_set_memory(error);
    else
        error_set(error, ERROR_CONFIG, "URL_INVALID", NULL, buf_text(&shown), NULL, NULL);
    buf_free(&shown);
    return false;
}

bool transport_check_url(const char *url, struct error *error)
{
    struct url_parts parts;
    CURLUcode code = url_parse(url, &parts);
    if (code == CURLUE_OUT_OF_MEMORY)
        return error_set_memory(error);
    /* curl_url_set() is lenient: it lets an empty query or fragment be none, and one or three slashes be two. */
    const char *authority = strstr(url, "://");
    if (code != CURLUE_OK || parts.user || strpbrk(url, "?#") != NULL || authority == NULL || authority[3] == '/')
        return url_invalid(url, error);
    if (parts.https || (parts.http && parts.loopback))
        return true;
    return error_set(error, ERROR_CONFIG, "URL_INSECURE", NULL, NULL, NULL, NULL);
}

/* ---- Authorities ---- */

static bool ca_file_invalid(const char *path, const char *reason, struct error *error)
{
    return error_set(error, ERROR_CONFIG, "CA_FILE_INVALID", path, reason, NULL, NULL);
}

/* The certificates in `text`; below 0 where it cannot be read as PEM to its end. libcurl reads it in the same way. */
static int count_certificates(const struct buf *text)
{
    int count = -1;
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->length);
    /* An empty passphrase: nobody is to be asked for one where there is an encrypted key beside. */
    STACK_OF(X509_INFO) *found = bio != NULL ? PEM_X509_INFO_read_bio(bio, NULL, NULL, (void *)"") : NULL;
    if (found != NULL) {
        count = 0;
        for (int i = 0; i < sk_X509_INFO_num(found); i++)
            count += sk_X509_INFO_value(found, i)->x509 != NULL;
    }
    sk_X509_INFO_pop_free(found, X509_INFO_free);
    BIO_free(bio);
    return count;
}

bool transport_check_ca_file(const char *path, struct error *error)
{
    struct buf text = {0};
    bool read = file_read(path, &text, error);
    if (!read && strcmp(error->code, "FILE_UNREADABLE") == 0)
        error->code = "CA_FILE_INVALID";
    int count = read ? count_certificates(&text) : 0;
    if (read && count < 0) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        ca_file_invalid(path, reason != NULL ? reason : "no PEM", error);
    } else if (read && count == 0) {
        ca_file_invalid(path, "no certificate", error);
    }
    ERR_clear_error();
    if (text.data != NULL)
        explicit_bzero(text.data, text.capacity); /* a key may lie beside the certificates */
    buf_free(&text);
    return count > 0;
}

/* ---- The end ---- */

/* The first reason to end is the one that is told. */
static void stop(struct transport *transport, enum transport_end end)
{
    if (transport->end == TRANSPORT_END_DONE)
        transport->end = end;
}

/* Whether nothing more is to be started. The interrupt is looked at here, so that no step can miss it. */
static bool stopping(struct transport *transport)
{
    const atomic_bool *interrupt = transport->options->interrupt;
    if (interrupt != NULL && atomic_load(interrupt))
        stop(transport, TRANSPORT_END_INTERRUPTED);
    return transport->end != TRANSPORT_END_DONE;
}

static void give_up(struct transport *transport, bool memory, const char *why)
{
    if (transport->end == TRANSPORT_END_FAILED)
        return;
    transport->end = TRANSPORT_END_FAILED;
    if (memory)
        error_set_memory(transport->error);
    else
        error_set(transport->error, ERROR_CONFIG, "TRANSPORT_FAILED", NULL, why, NULL, NULL);
}

static void give_up_curl(struct transport *transport, CURLcode code)
{
    give_up(transport, code == CURLE_OUT_OF_MEMORY, curl_easy_strerror(code));
}

static void give_up_multi(struct transport *transport, CURLMcode code)
{
    give_up(transport, code == CURLM_OUT_OF_MEMORY, curl_multi_strerror(code));
}

/* ---- Requests ---- */

static void wipe(char *bytes, size_t length)
{
    if (bytes != NULL)
        explicit_bzero(bytes, length);
    free(bytes);
}

/* Bodies hold personal data, headers hold credentials. */
void transport_request_drop(struct transport_request *request)
{
    free(request->url);
    for (size_t i = 0; i < TRANSPORT_HEADERS_MAX && request->headers[i] != NULL; i++)
        wipe(request->headers[i], strlen(request->headers[i]));
    wipe(request->body, request->body_length);
    *request = (struct transport_request){0};
}

static void work_free(struct work *work)
{
    transport_request_drop(&work->request);
    free(work);
}

/* Link the headers together. */
static void work_list_headers(struct work *work)
{
    size_t count = 0;
    while (count < TRANSPORT_HEADERS_MAX && work->request.headers[count] != NULL) {
        work->headers[count].data = work->request.headers[count];
        count++;
    }
    /* A name without a value keeps libcurl from adding that header by itself: no waiting for 100 Continue, and no
     * application/x-www-form-urlencoded. A Content-Type of the client's own is sent all the same. */
    work->headers[count++].data = "Expect:";
    work->headers[count++].data = "Content-Type:";
    for (size_t i = 0; i + 1 < count; i++)
        work->headers[i].next = &work->headers[i + 1];
}

static void work_done(struct transport *transport, struct work *work)
{
    work_free(work);
    transport->dry = false;
}

/* A request failed for a reason of the service's side. */
static void count_error(struct transport *transport, enum transport_reason reason)
{
    if (reason != transport->error_reason)
        transport->errors = 0;
    transport->error_reason = reason;
    if (++transport->errors >= transport->options->max_errors)
        stop(transport, TRANSPORT_END_UNUSABLE);
}

/* Whether it failed though it was tried as often as it may be, and not only because it may be sent once. */
static bool is_spent(const struct transport *transport, const struct work *work)
{
    return !(work->request.once && work->maybe_received) || work->attempts > transport->options->retries;
}

static void work_failed(struct transport *transport, struct work *work, enum transport_reason reason)
{
    struct transport_failure failure = {reason, work->status, work->maybe_received};
    transport->client->failed(transport->client->context, work->request.tag, &failure);
    if (reason != TRANSPORT_STOPPED && reason != TRANSPORT_INTERRUPTED && is_spent(transport, work))
        count_error(transport, reason);
    work_done(transport, work);
}

/* ---- Those that wait ---- */

static bool due_before(const struct waiter *a, const struct waiter *b)
{
    return a->due < b->due || (a->due == b->due && a->ticket < b->ticket);
}

static void waiting_push(struct transport *transport, struct work *work, int64_t due)
{
    struct waiter *heap = transport->waiting;
    struct waiter added = {work, due, transport->tickets++};
    size_t place = transport->waiting_count++;
    while (place > 0 && due_before(&added, &heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = added;
}

/* The one that is due first; there must be one. */
static struct work *waiting_pop(struct transport *transport)
{
    struct waiter *heap = transport->waiting;
    struct work *first = heap[0].work;
    struct waiter last = heap[--transport->waiting_count];
    size_t place = 0;
    for (size_t child = 1; child < transport->waiting_count; child = 2 * place + 1) {
        if (child + 1 < transport->waiting_count && due_before(&heap[child + 1], &heap[child]))
            child++;
        if (!due_before(&heap[child], &last))
            break;
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = last;
    return first;
}

static void waiting_fail(struct transport *transport)
{
    bool interrupted = transport->end == TRANSPORT_END_INTERRUPTED;
    while (transport->waiting_count > 0)
        work_failed(transport, waiting_pop(transport), interrupted ? TRANSPORT_INTERRUPTED : TRANSPORT_STOPPED);
}

unsigned transport_pause(unsigned attempts)
{
    unsigned pause = PAUSE_FIRST_MS;
    uint32_t random;
    for (unsigned i = 1; i < attempts && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    /* Early after the machine's start there may be none; nothing is secret here, so the clock will do. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        random = (uint32_t)now.tv_nsec;
    }
    return pause / 2 + random % (pause / 2 + 1);
}

/* Whether there is to be another attempt at `work`. `retry_after` is in seconds. */
static bool work_goes_on(struct transport *transport, const struct work *work, curl_off_t retry_after)
{
    curl_off_t longest = (curl_off_t)transport->options->timeout * RETRY_AFTER_TIMEOUTS;
    return !stopping(transport) && work->attempts <= transport->options->retries && retry_after <= longest &&
           !(work->request.once && work->maybe_received);
}

/* Another attempt after its pause. */
static void work_wait(struct transport *transport, struct work *work, curl_off_t retry_after)
{
    int64_t pause = transport_pause(work->attempts);
    if (pause < retry_after * 1000)
        pause = retry_after * 1000;
    waiting_push(transport, work, now_ms() + pause);
}

/* ---- What libcurl is told, and what it tells ---- */

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct slot *slot = user;
    size_t length = size * count;
    if (length > TRANSPORT_ANSWER_MAX - slot->answer.length) {
        slot->too_large = true;
        return 0; /* ends the transfer: libcurl never calls with nothing */
    }
    buf_append(&slot->answer, data, length);
    return slot->answer.failed ? 0 : length;
}

/* libcurl keeps the headers, and not every version of it bounds how many there are. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    struct slot *slot = user;
    size_t length = size * count;
    (void)data;
    if (length > HEAD_MAX - slot->head) {
        slot->too_large = true;
        return 0;
    }
    slot->head += length;
    return length;
}

/* Called when there is a connection and the request is about to be written to it, each time that libcurl sends. The
 * second time of a `once` request is one too many. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int on_send(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct slot *slot = user;
    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    if (slot->work->request.once && slot->sends > 0)
        return CURL_PREREQFUNC_ABORT;
    slot->sends++;
    return CURL_PREREQFUNC_OK;
}

static void set_request(struct curl_setup *setup, struct work *work)
{
    const struct transport_request *request = &work->request;
    curl_setup_text(setup, CURLOPT_URL, request->url);
    curl_rules_reach(setup, work->loopback);
    /* Wait for a connection that is being made, to see whether it can be shared. Without TLS it never can, and the wait
     * would be for the first answer. */
    curl_setup_number(setup, CURLOPT_PIPEWAIT, work->https ? 1 : 0);
    if (request->body != NULL || strcmp(request->method, "POST") == 0) {
        curl_setup_number(setup, CURLOPT_POST, 1);
        curl_easy_setopt(setup->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        curl_easy_setopt(setup->curl, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
        if (strcmp(request->method, "POST") != 0)
            curl_setup_text(setup, CURLOPT_CUSTOMREQUEST, request->method);
    } else if (strcmp(request->method, "GET") != 0) {
        curl_setup_text(setup, CURLOPT_CUSTOMREQUEST, request->method);
    }
    curl_easy_setopt(setup->curl, CURLOPT_HTTPHEADER, work->headers);
}

static CURLcode slot_prepare(const struct transport *transport, struct slot *slot)
{
    struct curl_setup setup = {slot->curl, CURLE_OK};
    /* Connections outlive this: they are the multi handle's. What does not is libcurl's count of its resends, which
     * would add up over all requests of this handle until it resends no more. */
    curl_easy_reset(slot->curl);
    curl_rules_set(&setup, transport->options->timeout, transport->options->ca_file);
    set_request(&setup, slot->work);
    /* These only store a pointer, and cannot fail. */
    curl_easy_setopt(slot->curl, CURLOPT_PRIVATE, slot);
    curl_easy_setopt(slot->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(slot->curl, CURLOPT_WRITEDATA, slot);
    curl_easy_setopt(slot->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(slot->curl, CURLOPT_HEADERDATA, slot);
    curl_easy_setopt(slot->curl, CURLOPT_PREREQFUNCTION, on_send);
    curl_easy_setopt(slot->curl, CURLOPT_PREREQDATA, slot);
    return setup.code;
}

/* ---- Attempts ---- */

static void slot_give_back(struct transport *transport, struct slot *slot)
{
    if (slot->answer.data != NULL)
        explicit_bzero(slot->answer.data, slot->answer.capacity);
    buf_free(&slot->answer);
    slot->next_free = transport->free_slots;
    transport->free_slots = slot;
}

/* Send `work`. There must be a free slot with a handle. */
static void attempt_start(struct transport *transport, struct work *work)
{
    struct slot *slot = transport->free_slots;
    slot->work = work;
    slot->head = 0;
    slot->started = now_ns();
    slot->sends = 0;
    slot->too_large = false;
    CURLcode code = slot_prepare(transport, slot);
    CURLMcode added = code == CURLE_OK ? curl_multi_add_handle(transport->multi, slot->curl) : CURLM_OK;
    if (code == CURLE_OK && added == CURLM_OK) {
        pace_take(&transport->pace, slot->started);
        transport->free_slots = slot->next_free;
        transport->in_flight++;
        return;
    }
    if (code != CURLE_OK)
        give_up_curl(transport, code);
    else
        give_up_multi(transport, added);
    slot->work = NULL;
    work_failed(transport, work, TRANSPORT_STOPPED);
}

static bool is_server_error(long status)
{
    return status >= HTTP_SERVER_ERROR && status < HTTP_SERVER_ERROR_END;
}

/* How one attempt ended. */
struct outcome {
    CURLcode code;
    long status;            /* 0: none */
    curl_off_t retry_after; /* seconds; 0: now, or not said */
    bool first_byte;        /* something was answered */
    bool maybe_received;    /* what was sent before this answer's own sending */
    uint64_t milliseconds;  /* how long it took */
};

static struct outcome outcome_of(const struct slot *slot, CURLcode code)
{
    CURL *curl = slot->curl;
    struct outcome outcome = {.code = code, .milliseconds = (uint64_t)(now_ns() - slot->started) / MS_NS};
    curl_off_t first_byte_us = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &outcome.status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &outcome.retry_after);
    curl_easy_getinfo(curl, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
    outcome.first_byte = first_byte_us > 0;
    if (outcome.status < HTTP_OK)
        outcome.status = 0; /* 1xx: the answer proper never came */
    if (outcome.retry_after < 0)
        outcome.retry_after = 0; /* a date gone by */
    return outcome;
}

/* Whether the attempt ended for a reason that lies here: no other attempt, no other request could do better. */
static bool is_hopeless(const struct slot *slot, const struct outcome *outcome)
{
    switch (outcome->code) {
    case CURLE_OUT_OF_MEMORY:
        /* libcurl says so of a header line beyond its 100 KiB too. */
        return !outcome->first_byte;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return slot->sends == 0; /* afterwards they are about what the server answered */
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
        return true;
    default:
        return false;
    }
}

/* Why an attempt has no answer; the status decides where there was one, even when the rest broke off. */
static enum transport_reason reason_of(const struct slot *slot, const struct outcome *outcome)
{
    if (outcome->status == HTTP_TOO_MANY_REQUESTS)
        return TRANSPORT_BUSY;
    if (is_server_error(outcome->status))
        return TRANSPORT_SERVER_ERROR;
    if (slot->too_large)
        return TRANSPORT_GARBAGE;
    switch (outcome->code) {
    case CURLE_OPERATION_TIMEDOUT:
        return TRANSPORT_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
        return TRANSPORT_UNTRUSTED;
    case CURLE_OK:                   /* the judge said so */
    case CURLE_OUT_OF_MEMORY:        /* see is_hopeless() */
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which is anything */
    case CURLE_WEIRD_SERVER_REPLY:
        return TRANSPORT_GARBAGE;
    default:
        return TRANSPORT_CONNECTION;
    }
}

static void attempt_tell(const struct transport *transport, const struct work *work, const struct outcome *outcome,
                         enum transport_reason reason, bool again)
{
    const struct transport_client *client = transport->client;
    struct transport_attempt attempt = {.attempt = work->attempts,
                                        .milliseconds = outcome->milliseconds,
                                        .reason = reason,
                                        .status = outcome->status,
                                        .again = again};
    if (client->attempted != NULL)
        client->attempted(client->context, work->request.tag, &attempt);
}

/* It brought nothing that settles the request. */
static void attempt_missed(struct transport *transport, struct work *work, const struct outcome *outcome,
                           enum transport_reason reason)
{
    bool again = reason != TRANSPORT_STOPPED && reason != TRANSPORT_UNTRUSTED &&
                 work_goes_on(transport, work, outcome->retry_after);
    attempt_tell(transport, work, outcome, reason, again);
    if (again)
        work_wait(transport, work, outcome->retry_after);
    else
        work_failed(transport, work, reason);
}

/* Let the client judge a complete answer. */
static void attempt_judge(struct transport *transport, struct slot *slot, struct work *work,
                          const struct outcome *outcome)
{
    const struct transport_client *client = transport->client;
    struct transport_answer answer = {.status = outcome->status,
                                      .body = buf_text(&slot->answer),
                                      .length = slot->answer.length,
                                      .maybe_received = outcome->maybe_received,
                                      .attempt = work->attempts,
                                      .milliseconds = outcome->milliseconds};
    enum transport_verdict verdict = client->answered(client->context, work->request.tag, &answer);
    switch (verdict) {
    case TRANSPORT_DONE:
        transport->errors = 0;
        work_done(transport, work);
        break;
    case TRANSPORT_STOP:
        stop(transport, TRANSPORT_END_STOPPED);
        work_done(transport, work);
        break;
    case TRANSPORT_RETRY:
    case TRANSPORT_AGAIN:
        if (verdict == TRANSPORT_AGAIN)
            work->maybe_received = outcome->maybe_received;
        attempt_missed(transport, work, outcome,
                       verdict == TRANSPORT_AGAIN ? TRANSPORT_REFUSED : reason_of(slot, outcome));
        break;
    }
}

static void attempt_end(struct transport *transport, struct slot *slot, CURLcode code)
{
    struct work *work = slot->work;
    struct outcome outcome = outcome_of(slot, code);
    bool busy = outcome.status == HTTP_TOO_MANY_REQUESTS;
    curl_multi_remove_handle(transport->multi, slot->curl);
    slot->work = NULL;
    transport->in_flight--;
    work->attempts++;
    work->status = outcome.status;
    /* A 429 clears the sending that it answers, and no earlier one of which libcurl never heard again. */
    outcome.maybe_received = work->maybe_received || slot->sends > 1;
    work->maybe_received = outcome.maybe_received || (slot->sends > 0 && !busy);
    if (slot->answer.failed || is_hopeless(slot, &outcome)) {
        give_up_curl(transport, slot->answer.failed ? CURLE_OUT_OF_MEMORY : code);
        attempt_missed(transport, work, &outcome, TRANSPORT_STOPPED);
    } else if (code == CURLE_OK && !busy && !is_server_error(outcome.status)) {
        attempt_judge(transport, slot, work, &outcome);
    } else {
        attempt_missed(transport, work, &outcome, reason_of(slot, &outcome));
    }
    slot_give_back(transport, slot);
}

/* Where libcurl itself broke down: nothing in flight will end by itself. */
static void attempts_drop(struct transport *transport)
{
    for (size_t i = 0; i < transport->slot_count; i++) {
        struct slot *slot = &transport->slots[i];
        struct work *work = slot->work;
        if (work == NULL)
            continue;
        struct outcome outcome = {.milliseconds = (uint64_t)(now_ns() - slot->started) / MS_NS};
        curl_multi_remove_handle(transport->multi, slot->curl);
        slot->work = NULL;
        transport->in_flight--;
        work->attempts++;
        work->status = 0;
        work->maybe_received = work->maybe_received || slot->sends > 0;
        attempt_missed(transport, work, &outcome, TRANSPORT_STOPPED);
        slot_give_back(transport, slot);
    }
}

/* ---- The loop ---- */

/* Make sure that the next free slot has a handle. */
static bool slot_ready(struct transport *transport)
{
    struct slot *slot = transport->free_slots;
    if (slot->curl == NULL)
        slot->curl = curl_easy_init();
    if (slot->curl == NULL)
        give_up_curl(transport, CURLE_OUT_OF_MEMORY);
    return slot->curl != NULL;
}

/* As url_parse(). One request mostly goes where the one before went, and what matters stands before the path. */
static CURLUcode look_at_url(struct transport *transport, const char *url, struct url_parts *parts)
{
    const char *authority = strstr(url, "://");
    size_t length = authority != NULL ? (size_t)(authority + 3 - url) + strcspn(authority + 3, "/?#") : 0;
    if (length > 0 && transport->origin != NULL && strncmp(url, transport->origin, length) == 0 &&
        transport->origin[length] == '\0') {
        *parts = transport->parts;
        return CURLUE_OK;
    }
    CURLUcode code = url_parse(url, parts);
    free(transport->origin);
    transport->origin = code == CURLUE_OK && length > 0 ? strndup(url, length) : NULL; /* NULL: looked at again */
    transport->parts = *parts;
    return code;
}

/* Ask the client for one request, and send it. All that may be lacking is had before, so that none is taken in vain. */
static void pull(struct transport *transport)
{
    const struct transport_client *client = transport->client;
    struct url_parts parts;
    struct work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        give_up_curl(transport, CURLE_OUT_OF_MEMORY);
        return;
    }
    if (!slot_ready(transport) || !client->next(client->context, &work->request)) {
        free(work);
        transport->dry = true;
        return;
    }
    if (look_at_url(transport, work->request.url, &parts) == CURLUE_OUT_OF_MEMORY) {
        give_up_curl(transport, CURLE_OUT_OF_MEMORY);
        work_failed(transport, work, TRANSPORT_STOPPED);
        return;
    }
    work->loopback = parts.loopback; /* false for what is no URL: libcurl will say what is wrong with it */
    work->https = parts.https;
    work_list_headers(work);
    if (work->request.pause > 0)
        waiting_push(transport, work, now_ms() + (int64_t)work->request.pause);
    else
        attempt_start(transport, work);
}

/* Whether another attempt may begin: there is a slot, and the rate allows it. */
static bool may_start(const struct transport *transport)
{
    return transport->free_slots != NULL && pace_wait(&transport->pace, now_ns()) == 0;
}

/* Use the free slots: first for what waited long enough, then for new requests. */
static void fill(struct transport *transport)
{
    while (may_start(transport) && transport->waiting_count > 0 && !stopping(transport) &&
           transport->waiting[0].due <= now_ms() && slot_ready(transport))
        attempt_start(transport, waiting_pop(transport));
    while (may_start(transport) && !transport->dry && transport->waiting_count < WAITING_MAX && !stopping(transport))
        pull(transport);
    if (stopping(transport))
        waiting_fail(transport);
}

/* Take in what ended; whether anything did. */
static bool collect(struct transport *transport)
{
    bool any = false;
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        struct slot *slot = NULL;
        CURLcode code = message->data.result; /* the message is gone with the handle */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
        attempt_end(transport, slot, code);
        any = true;
    }
    return any;
}

/* Milliseconds after which there may be something to do that libcurl knows nothing of. */
static int poll_timeout(const struct transport *transport)
{
    bool wakes = transport->options->interrupt != NULL || transport->client->turn != NULL;
    int64_t timeout = wakes ? POLL_MS : POLL_IDLE_MS;
    int64_t now = now_ns();
    int64_t paced = (pace_wait(&transport->pace, now) + MS_NS - 1) / MS_NS;
    if (transport->free_slots == NULL || transport->end != TRANSPORT_END_DONE)
        return (int)timeout;
    /* Without a rate, fill() left no request that could be had now. */
    if (paced > 0 && paced < timeout && !transport->dry && transport->waiting_count < WAITING_MAX)
        timeout = paced;
    if (transport->waiting_count > 0) {
        int64_t until_due = transport->waiting[0].due - now / MS_NS;
        if (until_due < paced)
            until_due = paced;
        if (until_due < timeout)
            timeout = until_due;
    }
    return (int)timeout;
}

/* Wait until something happens. */
static CURLMcode rest(struct transport *transport)
{
    const struct transport_client *client = transport->client;
    struct curl_waitfd wake = {.fd = client->wake, .events = CURL_WAIT_POLLIN};
    bool listens = client->more != NULL && transport->dry;
    CURLMcode code = curl_multi_poll(transport->multi, &wake, listens ? 1 : 0, poll_timeout(transport), NULL);
    if (listens)
        transport->dry = false;
    return code;
}

/* Whether nothing is under way, and nothing will come. */
static bool is_over(struct transport *transport)
{
    const struct transport_client *client = transport->client;
    if (transport->in_flight > 0 || transport->waiting_count > 0)
        return false;
    return stopping(transport) || (transport->dry && (client->more == NULL || !client->more(client->context)));
}

static void run(struct transport *transport)
{
    for (;;) {
        if (transport->client->turn != NULL)
            transport->client->turn(transport->client->context);
        fill(transport);
        if (is_over(transport))
            return;
        int running;
        CURLMcode code = curl_multi_perform(transport->multi, &running);
        /* Free slots are filled before anything is waited for. */
        if (!collect(transport) && code == CURLM_OK)
            code = rest(transport);
        if (code != CURLM_OK) {
            give_up_multi(transport, code);
            attempts_drop(transport);
        }
    }
}

/* ---- Beginning and end ---- */

static bool transport_open(struct transport *transport)
{
    const struct transport_options *options = transport->options;
    size_t count = options->concurrency > 0 ? options->concurrency : 1;
    if (options->ca_file != NULL && !transport_check_ca_file(options->ca_file, transport->error)) {
        transport->end = TRANSPORT_END_FAILED;
        return false;
    }
    transport->multi = curl_multi_init();
    transport->slots = calloc(count, sizeof *transport->slots);
    transport->waiting = calloc(WAITING_MAX + count, sizeof *transport->waiting);
    if (transport->multi == NULL || transport->slots == NULL || transport->waiting == NULL) {
        give_up_curl(transport, CURLE_OUT_OF_MEMORY);
        return false;
    }
    transport->slot_count = count;
    for (size_t i = count; i-- > 0;)
        slot_give_back(transport, &transport->slots[i]);
    pace_set(&transport->pace, options->rate);
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, (long)count);
    curl_multi_setopt(transport->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MAX);
    return true;
}

static void transport_close(struct transport *transport)
{
    for (size_t i = 0; i < transport->slot_count; i++)
        curl_easy_cleanup(transport->slots[i].curl);
    curl_multi_cleanup(transport->multi);
    free(transport->slots);
    free(transport->waiting);
    free(transport->origin);
}

enum transport_end transport_run(const struct transport_options *options, const struct transport_client *client,
                                 struct error *error)
{
    struct transport transport = {.options = options, .client = client, .error = error, .end = TRANSPORT_END_DONE};
    sigset_t before;
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT); /* counted: one cleanup for each */
    if (code != CURLE_OK) {
        give_up_curl(&transport, code);
        return transport.end;
    }
    curl_rules_hold_sigpipe(&before);
    if (transport_open(&transport))
        run(&transport);
    transport_close(&transport);
    curl_rules_release_sigpipe(&before);
    curl_global_cleanup();
    return transport.end;
}
