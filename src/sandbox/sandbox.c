/* sandbox/sandbox.c: the HTTP front of the simulated service: from a request to a call of orders.h
 * or kuroneko_orders.h, and back.
 *
 * The checks of a request stand in this order: credentials, path, method, size of the body, then the order's rules.
 * The faults are drawn before all of them: they strike the connection, whoever it is. */
#include "sandbox/sandbox.h"

#include "base/buf.h"
#include "sandbox/certificate.h"
#include "sandbox/faults.h"
#include "sandbox/kuroneko_orders.h"
#include "sandbox/kuroneko_reply.h"
#include "sandbox/orders.h"
#include "sandbox/parking.h"
#include "sandbox/route.h"
#include "sandbox/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
    BODY_MAX = 1024 * 1024, /* bytes of a request's body; more is 413 */
    THREADS = 4,            /* the work is parsing a few KiB of JSON; more would wait for the table's mutex */
    CONNECTIONS_MAX = 4096, /* at once, parked ones included */
    SLOW_MS = 500,          /* what the fault `slow` adds to an answer */
};

/* libmicrohttpd's names changed with its versions; the numbers did not. */
enum {
    HTTP_OK = 200,
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_BODY_TOO_LARGE = 413,
    HTTP_UNSUPPORTED_TYPE = 415,
    HTTP_TOO_MANY_REQUESTS = 429,
    HTTP_SERVER_ERROR = 500,
};

struct sandbox {
    struct MHD_Daemon *daemon;
    struct sandbox_orders *orders;     /* of the dialect json */
    struct sandbox_kuroneko *kuroneko; /* of the dialect kuroneko */
    int state;                         /* the file that keeps both; -1: none */
    struct sandbox_parking *parking;
    struct sandbox_faults faults;
    uint64_t seed;
    int delay_ms;              /* of every answer */
    _Atomic uint64_t requests; /* of both dialects, all but those for _stats */
    bool tls;
    struct sandbox_certificate certificate; /* with TLS */
    uint16_t port;
    char url[sizeof "https://127.0.0.1:65535" SANDBOX_JSON_PATH];
    char kuroneko_url[sizeof "https://127.0.0.1:65535" SANDBOX_KURONEKO_PATH];
};

/* What a request is waiting for. */
enum phase {
    PHASE_BODY,   /* for the rest of its body */
    PHASE_ANSWER, /* for its answer to be sent */
    PHASE_DROP,   /* for its connection to be closed */
};

/* One request, from its headers to its end; libmicrohttpd carries it along. */
struct request {
    enum phase phase;
    struct sandbox_route route;
    uint64_t number; /* from 0 */
    enum sandbox_fault fault;
    struct buf body;
    bool too_large; /* the body's rest is read, lest the client meet a reset, and thrown away */
    struct sandbox_reply reply;
    const char *type;         /* of the content; static */
    const char *header;       /* one more header of the answer; static, or NULL */
    const char *header_value; /* static */
};

static const char garbage[] = "<!DOCTYPE html><html><head><title>Please wait</title></head>"
                              "<body>The service is being improved.</body></html>";

static const char page_type[] = "text/html; charset=utf-8";

/* Whether the request has credentials; fills the reply where they do not do. The key is looked at and not kept. */
static bool check_credentials(struct MHD_Connection *connection, struct sandbox_reply *reply)
{
    static const char scheme[] = "Bearer ";
    const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    const char *merchant = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Merchant-Code");
    const char *key = authorization != NULL && strncasecmp(authorization, scheme, sizeof scheme - 1) == 0
                          ? authorization + sizeof scheme - 1
                          : "";
    key += strspn(key, " \t");
    if (*key == '\0' || merchant == NULL || *merchant == '\0') {
        sandbox_reply_message(reply, HTTP_UNAUTHORIZED, "credentials are missing");
        return false;
    }
    if (strcmp(key, "forbidden") == 0) {
        sandbox_reply_message(reply, HTTP_FORBIDDEN, "this merchant may not use the service");
        return false;
    }
    return true;
}

static void reply_stats(struct sandbox *sandbox, struct sandbox_reply *reply)
{
    struct sandbox_counts counts = sandbox_orders_counts(sandbox->orders);
    struct buf text = {0};
    buf_printf(&text,
               "{\"requests\":%" PRIu64 ",\"registered\":%" PRIu64 ",\"duplicate_ids\":%" PRIu64
               ",\"replayed\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"shipped\":%" PRIu64 ",\"cancelled\":%" PRIu64 "}",
               atomic_load(&sandbox->requests), counts.registered, counts.duplicate_ids, counts.replayed,
               counts.refused, counts.shipped, counts.cancelled);
    reply->status = HTTP_OK;
    reply->body = buf_take(&text);
}

static void reply_kuroneko_stats(struct sandbox *sandbox, struct sandbox_reply *reply)
{
    struct sandbox_kuroneko_counts counts = sandbox_kuroneko_counts(sandbox->kuroneko);
    struct buf text = {0};
    buf_printf(&text,
               "{\"requests\":%" PRIu64 ",\"registered\":%" PRIu64 ",\"duplicate_ids\":%" PRIu64 ",\"refused\":%" PRIu64
               ",\"shipped\":%" PRIu64 ",\"withdrawn\":%" PRIu64 ",\"cancelled\":%" PRIu64 ",\"reduced\":%" PRIu64 "}",
               atomic_load(&sandbox->requests), counts.registered, counts.duplicate_ids, counts.refused, counts.shipped,
               counts.withdrawn, counts.cancelled, counts.reduced);
    reply->status = HTTP_OK;
    reply->body = buf_take(&text);
}

/* What HTTP itself says is wrong, in the dialect's way: an object or a page. Always false. */
static bool refuse(struct request *request, unsigned status, const char *message)
{
    if (request->route.kuroneko) {
        sandbox_kuroneko_page(&request->reply, status, message);
        request->type = page_type;
    } else {
        sandbox_reply_message(&request->reply, status, message);
    }
    return false;
}

/* Path, method and size: what every call has in common. */
static bool check_request(struct request *request, const char *method)
{
    const char *allowed = sandbox_route_method(request->route.call);
    if (allowed == NULL)
        return refuse(request, HTTP_NOT_FOUND, "no such resource");
    if (strcmp(method, allowed) != 0) {
        request->header = MHD_HTTP_HEADER_ALLOW;
        request->header_value = allowed;
        return refuse(request, HTTP_METHOD_NOT_ALLOWED, "method not allowed");
    }
    if (request->too_large)
        return refuse(request, HTTP_BODY_TOO_LARGE, "request body is larger than 1 MiB");
    if (request->body.failed)
        return refuse(request, HTTP_SERVER_ERROR, "out of memory");
    return true;
}

static bool is_form(struct MHD_Connection *connection)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    return type != NULL && strncasecmp(type, form, sizeof form - 1) == 0 && strchr("; ", type[sizeof form - 1]) != NULL;
}

/* Do what a request of the dialect kuroneko asks for. Its credentials are in its body. */
static void serve_kuroneko(struct sandbox *sandbox, struct MHD_Connection *connection, const char *method,
                           struct request *request)
{
    if (!check_request(request, method))
        return;
    if (request->route.call == SANDBOX_CALL_KURONEKO_STATS) {
        reply_kuroneko_stats(sandbox, &request->reply);
        return;
    }
    if (!is_form(connection)) {
        refuse(request, HTTP_UNSUPPORTED_TYPE, "the body is no form");
        return;
    }
    sandbox_kuroneko_call(sandbox->kuroneko, request->route.api, buf_text(&request->body), request->body.length,
                          (int64_t)time(NULL), &request->reply);
    request->type = request->reply.status == HTTP_OK ? sandbox_kuroneko_type(request->route.api) : page_type;
}

/* Do what a request of the dialect json asks for. */
static void serve_json(struct sandbox *sandbox, struct MHD_Connection *connection, const char *method,
                       struct request *request)
{
    struct sandbox_reply *reply = &request->reply;
    const char *id = request->route.id;
    const char *body = buf_text(&request->body);
    if (request->route.call != SANDBOX_CALL_STATS && !check_credentials(connection, reply))
        return;
    if (!check_request(request, method))
        return;
    switch (request->route.call) {
    case SANDBOX_CALL_REGISTER:
        sandbox_orders_register(sandbox->orders,
                                MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Idempotency-Key"), body,
                                request->body.length, reply);
        break;
    case SANDBOX_CALL_ASK:
        sandbox_orders_ask(sandbox->orders, id, reply);
        break;
    case SANDBOX_CALL_SHIP:
        sandbox_orders_ship(sandbox->orders, id, body, request->body.length, reply);
        break;
    case SANDBOX_CALL_CANCEL:
        sandbox_orders_cancel(sandbox->orders, id, body, request->body.length, reply);
        break;
    case SANDBOX_CALL_STATS:
        reply_stats(sandbox, reply);
        break;
    case SANDBOX_CALL_UNKNOWN: /* was refused above */
    case SANDBOX_CALL_KURONEKO:
    case SANDBOX_CALL_KURONEKO_STATS:
        break;
    }
}

/* Do what the request asks for, and fill its reply. */
static void serve(struct sandbox *sandbox, struct MHD_Connection *connection, const char *method,
                  struct request *request)
{
    if (request->route.kuroneko)
        serve_kuroneko(sandbox, connection, method, request);
    else
        serve_json(sandbox, connection, method, request);
}

/* In place of the answer, what nobody can read: a page, or half an answer where the dialect has XML. */
static void spoil(struct sandbox *sandbox, struct request *request)
{
    request->header = NULL;
    if (request->route.call == SANDBOX_CALL_KURONEKO && sandbox_fault_coin(sandbox->seed, request->number) &&
        request->reply.status == HTTP_OK) {
        sandbox_kuroneko_tear(&request->reply);
        return;
    }
    sandbox_reply_free(&request->reply);
    request->reply = (struct sandbox_reply){HTTP_OK, strdup(garbage)};
    request->type = page_type;
}

/* The service says that it met an exception: before the work, or behind it. */
static void except(struct sandbox *sandbox, struct MHD_Connection *connection, const char *method,
                   struct request *request)
{
    if (sandbox_fault_coin(sandbox->seed, request->number))
        serve(sandbox, connection, method, request);
    sandbox_reply_free(&request->reply);
    sandbox_kuroneko_exception(request->route.api, request->number, (int64_t)time(NULL), &request->reply);
    request->type = sandbox_kuroneko_type(request->route.api);
    request->header = NULL;
}

/* The request is complete: meet its fault, do its work. */
static void handle(struct sandbox *sandbox, struct MHD_Connection *connection, const char *method,
                   struct request *request)
{
    request->phase = PHASE_ANSWER;
    switch (request->fault) {
    case SANDBOX_FAULT_TIMEOUT:
    case SANDBOX_FAULT_RESET:
        request->phase = PHASE_DROP;
        break;
    case SANDBOX_FAULT_SERVER_ERROR:
        refuse(request, HTTP_SERVER_ERROR, "internal error");
        break;
    case SANDBOX_FAULT_TOO_MANY:
        refuse(request, HTTP_TOO_MANY_REQUESTS, "too many requests");
        request->header = MHD_HTTP_HEADER_RETRY_AFTER;
        request->header_value = "1";
        break;
    case SANDBOX_FAULT_GARBAGE:
        serve(sandbox, connection, method, request);
        spoil(sandbox, request);
        break;
    case SANDBOX_FAULT_EXCEPTION:
        except(sandbox, connection, method, request);
        break;
    case SANDBOX_FAULT_LOST_ANSWER:
        serve(sandbox, connection, method, request);
        request->phase = PHASE_DROP;
        break;
    case SANDBOX_FAULT_SLOW:
    case SANDBOX_FAULT_NONE:
        serve(sandbox, connection, method, request);
        break;
    }
}

/* Hand the reply over to libmicrohttpd. */
static enum MHD_Result answer(struct MHD_Connection *connection, struct request *request)
{
    if (request->reply.body == NULL)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(request->reply.body), request->reply.body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        return MHD_NO;
    request->reply.body = NULL; /* the response's now */
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, request->type);
    if (request->header != NULL)
        MHD_add_response_header(response, request->header, request->header_value);
    enum MHD_Result queued = MHD_queue_response(connection, request->reply.status, response);
    MHD_destroy_response(response);
    return queued;
}

/* The headers are there. */
static enum MHD_Result begin(struct sandbox *sandbox, const char *path, void **state)
{
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return MHD_NO;
    request->route = sandbox_route_of(path);
    request->type = "application/json; charset=utf-8";
    /* Asking for the counts changes none, and must work under any fault. */
    if (request->route.call != SANDBOX_CALL_STATS && request->route.call != SANDBOX_CALL_KURONEKO_STATS) {
        request->number = atomic_fetch_add(&sandbox->requests, 1);
        request->fault = sandbox_fault_draw(&sandbox->faults, sandbox->seed, request->number);
    }
    if (request->fault == SANDBOX_FAULT_EXCEPTION && request->route.call != SANDBOX_CALL_KURONEKO)
        request->fault = SANDBOX_FAULT_NONE;
    *state = request;
    return MHD_YES;
}

/* How long the answer has to wait, in milliseconds or SANDBOX_PARK_FOR_EVER; a connection that is dropped waits for
 * nothing, and the counts are there at once. */
static int wait_of(const struct sandbox *sandbox, const struct request *request)
{
    bool counts = request->route.call == SANDBOX_CALL_STATS || request->route.call == SANDBOX_CALL_KURONEKO_STATS;
    if (request->fault == SANDBOX_FAULT_TIMEOUT)
        return SANDBOX_PARK_FOR_EVER;
    if (request->phase != PHASE_ANSWER || counts)
        return 0;
    return sandbox->delay_ms + (request->fault == SANDBOX_FAULT_SLOW ? SLOW_MS : 0);
}

/* libmicrohttpd calls this with the headers, with each part of the body, at the end of the body, and after parking. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload_data, size_t *upload_data_size, void **state)
{
    struct sandbox *sandbox = cls;
    struct request *request = *state;
    (void)version;
    if (request == NULL)
        return begin(sandbox, url, state);
    if (*upload_data_size > 0) {
        request->too_large = request->too_large || request->body.length + *upload_data_size > BODY_MAX;
        if (!request->too_large)
            buf_append(&request->body, upload_data, *upload_data_size);
        *upload_data_size = 0;
        return MHD_YES;
    }
    if (request->phase == PHASE_BODY) {
        handle(sandbox, connection, method, request);
        int wait = wait_of(sandbox, request);
        if (wait != 0)
            return sandbox_parking_hold(sandbox->parking, connection, wait) ? MHD_YES : MHD_NO;
    }
    return request->phase == PHASE_ANSWER ? answer(connection, request) : MHD_NO; /* MHD_NO drops the connection */
}

static void on_end(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
    struct request *request = *state;
    (void)cls;
    (void)connection;
    (void)why;
    if (request == NULL)
        return;
    sandbox_reply_free(&request->reply);
    buf_free(&request->body);
    free(request);
    *state = NULL;
}

/* libmicrohttpd would decode the path before we split it at its slashes: route.h does both. */
static size_t leave_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct sandbox *sandbox, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME;
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, sandbox->certificate.key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, sandbox->certificate.chain},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"}, /* GnuTLS's words */
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(sandbox->tls ? flags | MHD_USE_TLS : flags, port, NULL, NULL, on_request, sandbox,
                            MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_THREAD_POOL_SIZE,
                            (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                            MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped,
                            NULL, MHD_OPTION_ARRAY, sandbox->tls ? secure : plain, MHD_OPTION_END);
}

static bool load_json(void *context, const struct sandbox_record *record)
{
    const struct sandbox *sandbox = context;
    return sandbox_orders_load(sandbox->orders, record);
}

static bool load_kuroneko(void *context, const struct sandbox_kuroneko_record *record)
{
    const struct sandbox *sandbox = context;
    return sandbox_kuroneko_load(sandbox->kuroneko, record);
}

/* Take in the orders of the file, and keep the coming ones there. False: errno says why. */
static bool keep_orders(struct sandbox *sandbox, const char *path)
{
    const struct sandbox_state_loader loader = {load_json, load_kuroneko, sandbox};
    if (!sandbox_state_open(path, &loader, &sandbox->state))
        return false;
    sandbox_orders_keep(sandbox->orders, sandbox->state);
    sandbox_kuroneko_keep(sandbox->kuroneko, sandbox->state);
    return true;
}

/* All that sandbox_start() does but its messages. False: errno says why. */
static bool start(struct sandbox *sandbox, const struct sandbox_options *options)
{
    sandbox->orders = sandbox_orders_new();
    sandbox->kuroneko = sandbox_kuroneko_new();
    sandbox->parking = sandbox_parking_new();
    errno = ENOMEM; /* what stays where libmicrohttpd gives up before any system call */
    if (sandbox->orders == NULL || sandbox->kuroneko == NULL || sandbox->parking == NULL)
        return false;
    if (options->tls && !sandbox_certificate_make(&sandbox->certificate))
        return false;
    if (options->state != NULL && !keep_orders(sandbox, options->state))
        return false;
    sandbox->daemon = start_daemon(sandbox, options->port);
    if (sandbox->daemon == NULL)
        return false;
    sandbox->port = MHD_get_daemon_info(sandbox->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    const char *scheme = options->tls ? "https" : "http";
    snprintf(sandbox->url, sizeof sandbox->url, "%s://127.0.0.1:%u" SANDBOX_JSON_PATH, scheme, (unsigned)sandbox->port);
    snprintf(sandbox->kuroneko_url, sizeof sandbox->kuroneko_url, "%s://127.0.0.1:%u" SANDBOX_KURONEKO_PATH, scheme,
             (unsigned)sandbox->port);
    return true;
}

struct sandbox *sandbox_start(const struct sandbox_options *options, struct error *error)
{
    struct sandbox *sandbox = calloc(1, sizeof *sandbox);
    char address[sizeof "127.0.0.1:65535"];
    sigset_t all;
    sigset_t before;
    snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)options->port);
    if (sandbox == NULL) {
        error_set_memory(error);
        return NULL;
    }
    if (options->tls && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        error_set(error, ERROR_CONFIG, "SANDBOX_NO_TLS", address, NULL, NULL, NULL);
        free(sandbox);
        return NULL;
    }
    sandbox->tls = options->tls;
    sandbox->delay_ms = (int)options->delay_ms;
    sandbox->faults = options->faults;
    sandbox->seed = options->seed;
    sandbox->state = -1;
    /* Threads inherit the mask: signals are for the program's own thread, whose poll() they are to interrupt. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = start(sandbox, options);
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) {
        error_set_errno(error, ERROR_CONFIG, "SANDBOX_FAILED", address, reason);
        sandbox_stop(sandbox);
        return NULL;
    }
    return sandbox;
}

const char *sandbox_url(const struct sandbox *sandbox)
{
    return sandbox->url;
}

const char *sandbox_kuroneko_url(const struct sandbox *sandbox)
{
    return sandbox->kuroneko_url;
}

const char *sandbox_authority(const struct sandbox *sandbox)
{
    return sandbox->certificate.authority;
}

uint16_t sandbox_port(const struct sandbox *sandbox)
{
    return sandbox->port;
}

void sandbox_stop(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    if (sandbox->parking != NULL)
        sandbox_parking_close(sandbox->parking);
    if (sandbox->daemon != NULL)
        MHD_stop_daemon(sandbox->daemon);
    sandbox_certificate_free(&sandbox->certificate);
    sandbox_parking_free(sandbox->parking);
    sandbox_orders_free(sandbox->orders);
    sandbox_kuroneko_free(sandbox->kuroneko);
    if (sandbox->state >= 0)
        close(sandbox->state);
    free(sandbox);
}
