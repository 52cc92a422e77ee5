/* tests/unit/test_transport.c: the transport against small scripted servers and against the sandbox, on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/transport.h"
#include "base/buf.h"
#include "run/outcome.h"
#include "sandbox/sandbox.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    WAIT_SECONDS = 20,      /* how long a server waits for what must come */
    WATCHDOG_SECONDS = 240, /* for all tests: a transport that hangs is ended by SIGALRM */
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void sleep_ms(long milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* ---- A scripted server: a thread for each connection, and a function that answers ---- */

enum {
    CONNECTIONS_MAX = 512,
    NOTED_MAX = 64, /* requests of which the server keeps what it was sent */
};

struct server;

/* One request, as it arrived. */
struct exchange {
    struct server *server;
    int fd;
    int arrival; /* among all requests, from 0 */
    int number;  /* the number at the end of its path */
};

/* Answer; false closes the connection. Called by many threads. */
typedef bool serve_fn(const struct exchange *exchange);

struct connection {
    struct server *server;
    pthread_t thread;
    int fd; /* -1: closed */
};

struct server {
    serve_fn *serve;
    const char *text;       /* the script's own */
    atomic_bool *interrupt; /* the script's own */
    int listener;
    pthread_t thread;
    char url[sizeof "http://127.0.0.1:65535"];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock. */
    struct connection connections[CONNECTIONS_MAX];
    int connection_count;
    int requests;
    int inside; /* requests being served */
    int most_inside;
    bool signalled;            /* see server_signal() */
    int numbers[NOTED_MAX];    /* of requests, as they arrived */
    struct buf raw[NOTED_MAX]; /* all bytes of them */
    double arrived[NOTED_MAX]; /* when */
};

static void server_signal(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->signalled = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* How many arrived. */
static int requests_of(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    int requests = server->requests;
    pthread_mutex_unlock(&server->lock);
    return requests;
}

/* Until server_signal(), or too long. */
static void server_wait(struct server *server)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&server->lock);
    while (!server->signalled && pthread_cond_timedwait(&server->changed, &server->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&server->lock);
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool say_raw(const struct exchange *exchange, const char *text)
{
    return send_all(exchange->fd, text, strlen(text));
}

/* An answer; `headers` is "" or whole lines. True: the connection stays. */
static bool say(const struct exchange *exchange, const char *status, const char *headers, const char *body)
{
    struct buf text = {0};
    buf_printf(&text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers, strlen(body), body);
    bool sent = send_all(exchange->fd, text.data, text.length);
    buf_free(&text);
    return sent;
}

/* Read one whole request into `raw`, whose bytes of the one before are gone. */
static bool read_request(int fd, struct buf *raw)
{
    size_t needed = SIZE_MAX;
    buf_clear(raw);
    while (raw->length < needed) {
        char part[16384];
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got <= 0)
            return false;
        buf_append(raw, part, (size_t)got);
        if (raw->data[0] == 0x16)
            return false; /* TLS */
        const char *end = needed == SIZE_MAX ? strstr(raw->data, "\r\n\r\n") : NULL;
        if (end != NULL) {
            const char *length = strcasestr(raw->data, "\r\nContent-Length:");
            size_t body =
                length != NULL && length < end ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0;
            needed = (size_t)(end + 4 - raw->data) + body;
        }
    }
    return true;
}

static void note_request(struct exchange *exchange, const struct buf *raw)
{
    struct server *server = exchange->server;
    const char *path = strchr(raw->data, ' ');
    exchange->number = path != NULL && path[1] == '/' ? atoi(path + 2) : -1;
    pthread_mutex_lock(&server->lock);
    exchange->arrival = server->requests++;
    if (++server->inside > server->most_inside)
        server->most_inside = server->inside;
    if (exchange->arrival < NOTED_MAX) {
        server->numbers[exchange->arrival] = exchange->number;
        server->arrived[exchange->arrival] = seconds_now();
        buf_append(&server->raw[exchange->arrival], raw->data, raw->length);
    }
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* A script calls this before it answers: with the answer the client may send its next request. */
static void leave(const struct exchange *exchange)
{
    pthread_mutex_lock(&exchange->server->lock);
    exchange->server->inside--;
    pthread_mutex_unlock(&exchange->server->lock);
}

static void *serve_connection(void *argument)
{
    struct connection *connection = argument;
    struct server *server = connection->server;
    struct exchange exchange = {.server = server, .fd = connection->fd};
    struct buf raw = {0};
    bool open = true;
    while (open && read_request(exchange.fd, &raw)) {
        note_request(&exchange, &raw);
        open = server->serve(&exchange);
    }
    buf_free(&raw);
    pthread_mutex_lock(&server->lock);
    close(connection->fd);
    connection->fd = -1;
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void *accept_connections(void *argument)
{
    struct server *server = argument;
    int fd;
    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        pthread_mutex_lock(&server->lock);
        bool room = server->connection_count < CONNECTIONS_MAX;
        struct connection *connection = room ? &server->connections[server->connection_count] : NULL;
        if (room)
            *connection = (struct connection){.server = server, .fd = fd};
        if (room && pthread_create(&connection->thread, NULL, serve_connection, connection) == 0)
            server->connection_count++;
        else
            close(fd);
        pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

/* A socket bound to a free port of 127.0.0.1. Unless listen() is called, connections to it are refused. */
static int bound_socket(char url[sizeof "http://127.0.0.1:65535"])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(url, sizeof "http://127.0.0.1:65535", "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    return fd;
}

static struct server *server_start(serve_fn *serve)
{
    struct server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->serve = serve;
    server->listener = bound_socket(server->url);
    assert_int_equal(listen(server->listener, 128), 0);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    assert_int_equal(pthread_create(&server->thread, NULL, accept_connections, server), 0);
    return server;
}

static void server_stop(struct server *server)
{
    server_signal(server);
    shutdown(server->listener, SHUT_RDWR); /* wakes accept() */
    pthread_join(server->thread, NULL);
    close(server->listener);
    pthread_mutex_lock(&server->lock);
    for (int i = 0; i < server->connection_count; i++) {
        if (server->connections[i].fd >= 0)
            shutdown(server->connections[i].fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&server->lock);
    for (int i = 0; i < server->connection_count; i++)
        pthread_join(server->connections[i].thread, NULL);
    for (size_t i = 0; i < NOTED_MAX; i++)
        buf_free(&server->raw[i]);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* ---- A client that counts ---- */

enum { ITEMS_MAX = 3000 };

/* One request of the probe, and what became of it. */
struct item {
    int answered; /* with DONE or STOP */
    int failed;
    int asked; /* answered() calls */
    long status;
    bool doubtful; /* the last answer may not have been about the first sending */
    unsigned attempt;
    uint64_t milliseconds; /* of the last answer */
    struct transport_failure failure;
    int missed; /* attempted() calls */
    struct transport_attempt last_missed;
};

struct probe {
    /* What to do; 0 is a fair default of each. */
    struct transport_options options;
    const char *url;
    int wanted;  /* requests in all; their paths are /0, /1, … */
    bool orders; /* they are orders for the sandbox */
    bool once;
    bool silent;      /* no attempted(), no turn() */
    const char *body; /* of a POST; NULL: GET */
    size_t body_length;
    enum transport_verdict (*judge)(struct probe *probe, int number, const struct transport_answer *answer);
    void (*when_dry)(struct probe *probe); /* next() has nothing more */
    struct server *server;
    atomic_bool interrupt;
    /* What happened. */
    struct item items[ITEMS_MAX];
    int given;
    int settled;
    int most_unsettled;
    int done;
    int failed;
    int dry_calls;
    int turns;
    size_t longest;   /* answer */
    char answer[256]; /* the last one's beginning */
    enum transport_end end;
    struct error error;
    double seconds;
};

static char *text_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text_printf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&text, format, args) >= 0);
    va_end(args);
    return text;
}

static void probe_fill_order(const struct probe *probe, struct transport_request *request)
{
    request->method = "POST";
    request->url = text_printf("%s/orders", probe->url);
    request->headers[0] = text_printf("Authorization: Bearer k3y");
    request->headers[1] = text_printf("X-Merchant-Code: M1");
    request->headers[2] = text_printf("Content-Type: application/json; charset=utf-8");
    request->headers[3] = text_printf("Idempotency-Key: key-%d", probe->given);
    request->body = text_printf("{\"id\":\"%d\",\"orderedAt\":\"2026-11-02T17:54:08+09:00\",\"amount\":1,"
                                "\"buyer\":{\"name\":\"山田\"},\"items\":[{\"id\":\"A-1\",\"name\":\"りんご\"}]}",
                                probe->given);
    request->body_length = strlen(request->body);
}

static bool probe_next(void *context, struct transport_request *request)
{
    struct probe *probe = context;
    assert_int_equal(probe->end, TRANSPORT_END_DONE); /* nothing said stop */
    if (probe->given == probe->wanted) {
        probe->dry_calls++;
        if (probe->when_dry != NULL)
            probe->when_dry(probe);
        return false;
    }
    assert_null(request->url);
    request->tag = &probe->items[probe->given];
    if (probe->orders) {
        probe_fill_order(probe, request);
    } else {
        request->method = probe->body != NULL ? "POST" : "GET";
        request->url = text_printf("%s/%d", probe->url, probe->given);
        request->headers[0] = text_printf("X-Number: %d", probe->given);
        if (probe->body != NULL) {
            request->body = malloc(probe->body_length + 1);
            assert_non_null(request->body);
            memcpy(request->body, probe->body, probe->body_length);
            request->body_length = probe->body_length;
        }
    }
    request->once = probe->once;
    probe->given++;
    if (probe->given - probe->settled > probe->most_unsettled)
        probe->most_unsettled = probe->given - probe->settled;
    return true;
}

static enum transport_verdict probe_answered(void *context, void *tag, const struct transport_answer *answer)
{
    struct probe *probe = context;
    struct item *item = tag;
    item->asked++;
    item->status = answer->status;
    item->doubtful = answer->maybe_received;
    if (!probe->silent)
        assert_int_equal(answer->attempt, item->missed + 1); /* every attempt that settled nothing was told of */
    item->attempt = answer->attempt;
    item->milliseconds = answer->milliseconds;
    assert_int_equal(strlen(answer->body), answer->length);
    if (answer->length > probe->longest)
        probe->longest = answer->length;
    snprintf(probe->answer, sizeof probe->answer, "%s", answer->body);
    enum transport_verdict verdict =
        probe->judge != NULL ? probe->judge(probe, (int)(item - probe->items), answer) : TRANSPORT_DONE;
    if (verdict == TRANSPORT_DONE || verdict == TRANSPORT_STOP) {
        item->answered++;
        probe->done++;
        probe->settled++;
    }
    return verdict;
}

static void probe_failed(void *context, void *tag, const struct transport_failure *failure)
{
    struct probe *probe = context;
    struct item *item = tag;
    item->failed++;
    item->failure = *failure;
    probe->failed++;
    probe->settled++;
}

static void probe_attempted(void *context, void *tag, const struct transport_attempt *attempt)
{
    struct item *item = tag;
    (void)context;
    assert_int_equal(item->answered + item->failed, 0);
    item->missed++;
    item->last_missed = *attempt;
    assert_int_equal(attempt->attempt, item->missed);
}

static void probe_turn(void *context)
{
    struct probe *probe = context;
    probe->turns++;
}

/* Run, and see that what was given was settled exactly once. */
static enum transport_end probe_run(struct probe *probe)
{
    const struct transport_client client = {.context = probe,
                                            .next = probe_next,
                                            .answered = probe_answered,
                                            .failed = probe_failed,
                                            .attempted = probe->silent ? NULL : probe_attempted,
                                            .turn = probe->silent ? NULL : probe_turn};
    sigset_t mask;
    if (probe->options.concurrency == 0)
        probe->options.concurrency = 1;
    if (probe->options.timeout == 0)
        probe->options.timeout = WAIT_SECONDS;
    if (probe->options.max_errors == 0)
        probe->options.max_errors = ITEMS_MAX;
    probe->options.interrupt = &probe->interrupt;
    double start = seconds_now();
    probe->end = transport_run(&probe->options, &client, &probe->error);
    probe->seconds = seconds_now() - start;
    for (int i = 0; i < probe->given; i++)
        assert_int_equal(probe->items[i].answered + probe->items[i].failed, 1);
    assert_int_equal(probe->done + probe->failed, probe->given);
    assert_int_equal(probe->error.kind != ERROR_NONE, probe->end == TRANSPORT_END_FAILED);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGPIPE), 0);
    return probe->end;
}

static struct probe *probe_new(struct server *server)
{
    struct probe *probe = calloc(1, sizeof *probe);
    assert_non_null(probe);
    probe->server = server;
    if (server != NULL)
        probe->url = server->url;
    probe->wanted = 1;
    return probe;
}

static void assert_failure(const struct probe *probe, int number, enum transport_reason reason, long status,
                           bool maybe_received)
{
    const struct item *item = &probe->items[number];
    assert_int_equal(item->failed, 1);
    assert_int_equal(item->failure.reason, reason);
    assert_int_equal(item->failure.status, status);
    assert_int_equal(item->failure.maybe_received, maybe_received);
}

/* ---- URLs ---- */

static void urls_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *code;  /* NULL: it may be used */
        const char *shown; /* NULL: the URL as it is */
    } cases[] = {
        {"https://api.example.jp/v1", NULL, NULL},
        {"HTTPS://api.example.jp:8443/v1/", NULL, NULL},
        {"https://10.0.0.1/v1", NULL, NULL},
        {"https://api.example.jp/@v1", NULL, NULL},
        {"http://localhost/v1", NULL, NULL},
        {"http://LocalHost:80/v1", NULL, NULL},
        {"http://127.0.0.1:8080/v1", NULL, NULL},
        {"http://127.255.3.4", NULL, NULL},
        {"http://127.1/v1", NULL, NULL},
        {"http://[::1]:8080/v1", NULL, NULL},
        {"http://[0:0:0:0:0:0:0:1]/v1", NULL, NULL},
        {"http://api.example.jp/v1", "URL_INSECURE", NULL},
        {"http://localhost.example.com", "URL_INSECURE", NULL},
        {"http://localhost./v1", "URL_INSECURE", NULL},
        {"http://127.0.0.1.example.com/", "URL_INSECURE", NULL},
        {"http://127.0.0.1%2eexample.com/", "URL_INSECURE", NULL},
        {"http://128.0.0.1/", "URL_INSECURE", NULL},
        {"http://0.0.0.0/", "URL_INSECURE", NULL},
        {"http://[::]/", "URL_INSECURE", NULL},
        {"http://[::2]/", "URL_INSECURE", NULL},
        {"http://[::ffff:127.0.0.1]/", "URL_INSECURE", NULL},
        {"ftp://127.0.0.1/v1", "URL_INSECURE", NULL},
        {"http://127.0.0.1@evil", "URL_INVALID", "http://…@evil"},
        {"http://127.0.0.1@127.0.0.1/", "URL_INVALID", "http://…@127.0.0.1/"},
        {"https://user:pw@host", "URL_INVALID", "https://…@host"},
        {"https://user:p?w@host", "URL_INVALID", "https://…"},
        {"https://host/v1?key=a@secret", "URL_INVALID", "https://…"},
        {"https://host/v1#a@secret", "URL_INVALID", "https://…"},
        {"https://user:pw@host?a#b", "URL_INVALID", "https://…@host?…"},
        {"https://user:p@w@host/v1", "URL_INVALID", "https://…@host/v1"},
        {"user:pw@host", "URL_INVALID", "…@host"},
        {"https://@host/", "URL_INVALID", "https://…@host/"},
        {"https://:pw@host/", "URL_INVALID", "https://…@host/"},
        {"https://host/v1?key=secret", "URL_INVALID", "https://host/v1?…"},
        {"https://host/v1?", "URL_INVALID", "https://host/v1?…"},
        {"https://host/v1#secret", "URL_INVALID", "https://host/v1#…"},
        {"https://host/v1#", "URL_INVALID", "https://host/v1#…"},
        {"http://127.0.0.1\\@evil/", "URL_INVALID", "http://…@evil/"},
        {"http://127.0.0.1%00.evil/", "URL_INVALID", NULL},
        {"http://127.0.0.1 .evil/", "URL_INVALID", NULL},
        {"ftp://", "URL_INVALID", NULL},
        {"file:///etc/passwd", "URL_INVALID", NULL},
        {"https://", "URL_INVALID", NULL},
        {"https:///host/", "URL_INVALID", NULL},
        {"https:/host/", "URL_INVALID", NULL},
        {"https://host:99999/", "URL_INVALID", NULL},
        {"https://host/a b", "URL_INVALID", NULL},
        {" https://host/", "URL_INVALID", NULL},
        {"https://host ", "URL_INVALID", NULL},
        {"https://host/\n", "URL_INVALID", NULL},
        {" ", "URL_INVALID", NULL},
        {"", "URL_INVALID", NULL},
        {"api.example.jp/v1", "URL_INVALID", NULL},
        {"//host/v1", "URL_INVALID", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        bool fine = transport_check_url(cases[i].url, &error);
        if (fine != (cases[i].code == NULL))
            fail_msg("%s", cases[i].url);
        if (fine)
            continue;
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_string_equal(error.code, cases[i].code);
        if (strcmp(error.code, "URL_INVALID") == 0)
            assert_string_equal(error.args[0], cases[i].shown != NULL ? cases[i].shown : cases[i].url);
        else
            assert_string_equal(error.args[0], "");
    }
}

/* ---- Answers ---- */

static bool serve_ok(const struct exchange *exchange)
{
    leave(exchange);
    return say(exchange, "200 OK", "", "{}");
}

static void connections_are_kept(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    struct probe *probe = probe_new(server);
    probe->wanted = 50;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 50);
    assert_int_equal(server->connection_count, 1);
    assert_int_equal(requests_of(server), 50);
    free(probe);
    probe = probe_new(server);
    probe->wanted = 200;
    probe->options.concurrency = 4;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 200);
    assert_in_range(server->connection_count, 2, 5);
    free(probe);
    server_stop(server);
}

static void nothing_to_do_is_done(void **state)
{
    (void)state;
    struct probe *probe = probe_new(NULL);
    probe->wanted = 0;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->dry_calls, 1);
    free(probe);
}

static void requests_leave_in_the_order_of_pulls(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    struct probe *probe = probe_new(server);
    probe->wanted = NOTED_MAX;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    for (int i = 0; i < NOTED_MAX; i++)
        assert_int_equal(server->numbers[i], i);
    free(probe);
    server_stop(server);
}

/* Nobody is answered before four are here at once. */
static bool serve_four_at_once(const struct exchange *exchange)
{
    struct server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    bool four = server->most_inside >= 4;
    pthread_mutex_unlock(&server->lock);
    if (four)
        server_signal(server);
    server_wait(server);
    sleep_ms(2); /* time for a fifth to come */
    return serve_ok(exchange);
}

static void requests_are_parallel_up_to_the_limit(void **state)
{
    (void)state;
    struct server *server = server_start(serve_four_at_once);
    struct probe *probe = probe_new(server);
    probe->wanted = 60;
    probe->options.concurrency = 4;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 60);
    assert_int_equal(server->most_inside, 4);
    assert_int_equal(probe->most_unsettled, 4);
    free(probe);
    server_stop(server);
}

static bool serve_and_close(const struct exchange *exchange)
{
    serve_ok(exchange);
    return false;
}

static void servers_may_close_after_each_answer(void **state)
{
    (void)state;
    struct server *server = server_start(serve_and_close);
    struct probe *probe = probe_new(server);
    probe->wanted = 60;
    probe->options.concurrency = 3;
    probe->options.retries = 5; /* a request that meets the closing is resent, if not by libcurl, by us */
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 60);
    assert_true(server->connection_count >= 60);
    free(probe);
    server_stop(server);
}

static bool serve_raw_text(const struct exchange *exchange)
{
    return say_raw(exchange, exchange->server->text);
}

static bool serve_raw_text_and_close(const struct exchange *exchange)
{
    say_raw(exchange, exchange->server->text);
    return false;
}

static void answers_may_be_chunked(void **state)
{
    (void)state;
    struct server *server = server_start(serve_raw_text);
    server->text = "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "4\r\n{\"a\"\r\n1\r\n:\r\n2\r\n1}\r\n0\r\nX-Trailer: 1\r\n\r\n";
    struct probe *probe = probe_new(server);
    probe->wanted = 3;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 3);
    assert_string_equal(probe->answer, "{\"a\":1}");
    assert_int_equal(probe->items[2].status, 201);
    assert_int_equal(server->connection_count, 1);
    free(probe);
    server_stop(server);
}

static void answers_go_to_the_judge_as_they_are(void **state)
{
    (void)state;
    static const long statuses[] = {204, 301, 302, 307, 308, 400, 401, 403, 404, 409, 422};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct server *server = server_start(serve_raw_text);
        /* The second request would go elsewhere: there must be none. A cookie is not taken either. */
        char *text = text_printf("HTTP/1.1 %ld Some\r\nLocation: /7\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n",
                                 statuses[i]);
        server->text = text;
        struct probe *probe = probe_new(server);
        probe->wanted = 2;
        probe->options.retries = 3;
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_int_equal(probe->done, 2);
        assert_int_equal(probe->items[0].status, statuses[i]);
        assert_string_equal(probe->answer, "");
        assert_int_equal(requests_of(server), 2);
        assert_null(strcasestr(server->raw[1].data, "cookie"));
        free(probe);
        server_stop(server);
        free(text);
    }
}

/* A body of as many bytes as `text` says. */
static bool serve_long(const struct exchange *exchange)
{
    size_t length = strtoul(exchange->server->text, NULL, 10);
    struct buf text = {0};
    buf_printf(&text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", length);
    for (size_t i = 0; i < length; i++)
        buf_append_byte(&text, 'x');
    bool sent = send_all(exchange->fd, text.data, text.length);
    buf_free(&text);
    return sent;
}

static void answers_beyond_1_mib_are_failures(void **state)
{
    (void)state;
    struct server *server = server_start(serve_long);
    server->text = "1048576";
    struct probe *probe = probe_new(server);
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 1);
    assert_int_equal(probe->longest, TRANSPORT_ANSWER_MAX);
    free(probe);
    server->text = "1048577";
    probe = probe_new(server);
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_GARBAGE, 200, true);
    assert_int_equal(requests_of(server), 3);
    free(probe);
    server_stop(server);
}

/* Headers without end, in lines of as many bytes as `text` says. */
static bool serve_endless_headers(const struct exchange *exchange)
{
    struct buf line = {0};
    size_t length = strtoul(exchange->server->text, NULL, 10);
    buf_append_text(&line, "X-Header: ");
    while (line.length < length)
        buf_append_byte(&line, 'x');
    buf_append_text(&line, "\r\n");
    bool sent = say_raw(exchange, "HTTP/1.1 200 OK\r\n");
    while (sent)
        sent = send_all(exchange->fd, line.data, line.length);
    buf_free(&line);
    return false;
}

static void answers_that_are_no_http_are_failures(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum transport_reason reason;
        long status;
    } cases[] = {
        {"hello, this is another service\r\n\r\n", TRANSPORT_GARBAGE, 0},
        {"<!DOCTYPE html>\n<html></html>\n\n", TRANSPORT_GARBAGE, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", TRANSPORT_CONNECTION, 200}, /* and closed */
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", TRANSPORT_CONNECTION, 200},
        {"HTTP/1.1 200 O", TRANSPORT_CONNECTION, 0},
        {"HTTP/1.1 100 Continue\r\n\r\n", TRANSPORT_CONNECTION, 0},
        {"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{}", TRANSPORT_SERVER_ERROR, 500},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server *server = server_start(serve_raw_text_and_close);
        server->text = cases[i].text;
        struct probe *probe = probe_new(server);
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_failure(probe, 0, cases[i].reason, cases[i].status, true);
        assert_int_equal(probe->items[0].asked, 0);
        free(probe);
        server_stop(server);
    }
}

static void headers_without_end_are_failures(void **state)
{
    (void)state;
    static const char *const lengths[] = {"1000", "300000"}; /* a line; libcurl's own limit for one is 100 KiB */
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct server *server = server_start(serve_endless_headers);
        server->text = lengths[i];
        struct probe *probe = probe_new(server);
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_failure(probe, 0, TRANSPORT_GARBAGE, 200, true);
        free(probe);
        server_stop(server);
    }
}

/* ---- What is sent ---- */

static bool serve_503_first(const struct exchange *exchange)
{
    return exchange->arrival == 0 ? say(exchange, "503 Busy", "", "") : say(exchange, "200 OK", "", "{}");
}

static void retries_are_the_same_bytes(void **state)
{
    (void)state;
    static const char body[] = "{\"a\0b\":\"\xE3\x81\x82\"}"; /* a NUL is a byte as any other */
    struct server *server = server_start(serve_503_first);
    struct probe *probe = probe_new(server);
    probe->body = body;
    probe->body_length = sizeof body - 1;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 1);
    assert_int_equal(requests_of(server), 2);
    const struct buf *first = &server->raw[0];
    const struct buf *second = &server->raw[1];
    assert_int_equal(first->length, second->length);
    assert_memory_equal(first->data, second->data, first->length);
    assert_memory_equal(first->data, "POST /0 HTTP/1.1\r\n", strlen("POST /0 HTTP/1.1\r\n"));
    assert_memory_equal(first->data + first->length - probe->body_length, body, probe->body_length);
    assert_non_null(strstr(first->data, "\r\nX-Number: 0\r\n"));
    assert_non_null(strstr(first->data, "\r\nContent-Length: 13\r\n"));
    assert_null(strcasestr(first->data, "Content-Type"));
    assert_null(strcasestr(first->data, "Expect"));
    assert_true(server->arrived[1] - server->arrived[0] > 0.24); /* the pause's upper half begins at 250 ms */
    free(probe);
    server_stop(server);
}

static void long_bodies_wait_for_no_100(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    struct probe *probe = probe_new(server);
    enum { LONG = 1200000 }; /* libcurl would ask for a 100 Continue from 1 MiB */
    char *body = malloc(LONG);
    assert_non_null(body);
    memset(body, 'x', LONG);
    probe->body = body;
    probe->body_length = LONG;
    probe->wanted = 2;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 2);
    assert_null(strcasestr(server->raw[0].data, "Expect"));
    free(probe);
    probe = probe_new(server);
    probe->body = ""; /* a POST of nothing says so */
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 1);
    assert_non_null(strstr(server->raw[2].data, "\r\nContent-Length: 0\r\n"));
    free(probe);
    free(body);
    server_stop(server);
}

/* The environment is the whole process's: no other thread looks at it here. */
static void proxies_are_for_others_than_loopback(void **state)
{
    (void)state;
    struct server *server = server_start(serve_raw_text_and_close);
    struct server *proxy = server_start(serve_raw_text_and_close);
    server->text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    proxy->text = "HTTP/1.1 502 Bad Gateway\r\nRetry-After: 900\r\nContent-Length: 0\r\n\r\n";
    setenv("http_proxy", proxy->url, 1);
    setenv("https_proxy", proxy->url, 1);
    struct probe *probe = probe_new(server);
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 1);
    assert_int_equal(requests_of(proxy), 0);
    free(probe);
    probe = probe_new(NULL);
    probe->url = "https://api.example.invalid";
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    /* What the proxy says is no answer of the service, which received nothing. */
    assert_failure(probe, 0, TRANSPORT_CONNECTION, 0, false);
    assert_int_equal(requests_of(proxy), 1);
    assert_memory_equal(proxy->raw[0].data, "CONNECT api.example.invalid:443 ", 32);
    assert_null(strstr(proxy->raw[0].data, "X-Number"));
    free(probe);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    server_stop(server);
    server_stop(proxy);
}

static void plain_http_goes_nowhere_else(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://192.0.2.1", "http://localhost.example.com", "ftp://127.0.0.1", "no url",
                                       ""};
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct probe *probe = probe_new(NULL);
        probe->url = urls[i];
        probe->wanted = 3;
        probe->options.retries = 3;
        assert_int_equal(probe_run(probe), TRANSPORT_END_FAILED);
        assert_int_equal(probe->given, 1);
        assert_failure(probe, 0, TRANSPORT_STOPPED, 0, false);
        assert_int_equal(probe->error.kind, ERROR_CONFIG);
        assert_string_equal(probe->error.code, "TRANSPORT_FAILED");
        assert_true(probe->error.args[0][0] != '\0');
        free(probe);
    }
}

/* ---- Failures ---- */

static void refused_connections_received_nothing(void **state)
{
    (void)state;
    char url[sizeof "http://127.0.0.1:65535"];
    int fd = bound_socket(url);
    struct probe *probe = probe_new(NULL);
    probe->url = url;
    probe->wanted = 2;
    probe->options.concurrency = 2;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_CONNECTION, 0, false);
    assert_failure(probe, 1, TRANSPORT_CONNECTION, 0, false);
    free(probe);
    close(fd);
}

static void what_speaks_no_tls_receives_nothing(void **state)
{
    (void)state;
    struct server *server = server_start(serve_raw_text_and_close);
    server->text = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct probe *probe = probe_new(NULL);
    char *url = text_printf("https%s", server->url + strlen("http"));
    probe->url = url;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_CONNECTION, 0, false);
    free(probe);
    free(url);
    server_stop(server);
}

static bool serve_429(const struct exchange *exchange)
{
    leave(exchange);
    return say(exchange, "429 Slow down", exchange->server->text != NULL ? exchange->server->text : "", "{}");
}

static void too_many_requests_received_nothing(void **state)
{
    (void)state;
    struct server *server = server_start(serve_429);
    struct probe *probe = probe_new(server);
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_BUSY, 429, false);
    assert_int_equal(probe->items[0].asked, 0);
    assert_int_equal(requests_of(server), 2);
    free(probe);
    server_stop(server);
}

static bool serve_500_then_429(const struct exchange *exchange)
{
    return exchange->arrival == 0 ? say(exchange, "500 Oops", "", "") : serve_429(exchange);
}

static void one_attempt_that_may_have_arrived_is_enough(void **state)
{
    (void)state;
    struct server *server = server_start(serve_500_then_429);
    struct probe *probe = probe_new(server);
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_BUSY, 429, true);
    free(probe);
    server_stop(server);
}

static bool serve_500_then_401(const struct exchange *exchange)
{
    return say(exchange, exchange->arrival == 0 ? "500 Oops" : "401 No", "", "{}");
}

static bool serve_429_then_401(const struct exchange *exchange)
{
    return exchange->arrival == 0 ? serve_429(exchange) : say(exchange, "401 No", "", "{}");
}

static void an_answer_tells_of_what_was_lost_before(void **state)
{
    (void)state;
    static const struct {
        serve_fn *serve;
        bool doubtful;
    } cases[] = {{serve_500_then_401, true}, {serve_429_then_401, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server *server = server_start(cases[i].serve);
        struct probe *probe = probe_new(server);
        probe->options.retries = 1;
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_int_equal(probe->items[0].asked, 1);
        assert_int_equal(probe->items[0].status, 401);
        assert_int_equal(probe->items[0].doubtful, cases[i].doubtful);
        free(probe);
        server_stop(server);
    }
}

/* The second request finds its connection kept, is read, and is never answered: libcurl sends it again. */
static bool serve_once_then_drop(const struct exchange *exchange)
{
    if (exchange->arrival == 0)
        return say(exchange, "200 OK", "", "{}");
    if (exchange->arrival > 1)
        return serve_429(exchange);
    if (exchange->server->text != NULL)
        shutdown(exchange->server->listener, SHUT_RDWR);
    return false;
}

static void what_libcurl_sent_before_counts_too(void **state)
{
    (void)state;
    struct server *server = server_start(serve_once_then_drop);
    struct probe *probe = probe_new(server);
    probe->wanted = 2;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(requests_of(server), 3); /* without an attempt of ours */
    assert_failure(probe, 1, TRANSPORT_BUSY, 429, true);
    assert_memory_equal(server->raw[1].data, server->raw[2].data, server->raw[1].length);
    free(probe);
    server_stop(server);
    server = server_start(serve_once_then_drop);
    server->text = "Retry-After: 1\r\n"; /* and it refuses connections from then on */
    probe = probe_new(server);
    probe->wanted = 2;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(requests_of(server), 2);
    assert_failure(probe, 1, TRANSPORT_CONNECTION, 0, true);
    free(probe);
    server_stop(server);
}

/* Each connection answers once, and drops the next request. */
static bool serve_every_other(const struct exchange *exchange)
{
    return exchange->arrival % 2 == 0 ? say(exchange, "200 OK", "", "{}") : false;
}

static void libcurls_resends_do_not_add_up(void **state)
{
    (void)state;
    struct server *server = server_start(serve_every_other);
    struct probe *probe = probe_new(server);
    probe->wanted = 20; /* libcurl resends five times for one handle, unless its count is taken back */
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 20);
    assert_int_equal(requests_of(server), 39);
    for (int i = 0; i < 20; i++) /* the first one's connection was new */
        assert_int_equal(probe->items[i].doubtful, i > 0);
    free(probe);
    server_stop(server);
}

static bool serve_never(const struct exchange *exchange)
{
    server_wait(exchange->server);
    return false;
}

static void timeouts_may_have_been_received(void **state)
{
    (void)state;
    struct server *server = server_start(serve_never);
    struct probe *probe = probe_new(server);
    probe->wanted = 3;
    probe->options.concurrency = 3;
    probe->options.timeout = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    for (int i = 0; i < 3; i++)
        assert_failure(probe, i, TRANSPORT_TIMEOUT, 0, true);
    assert_true(probe->seconds > 0.9);
    free(probe);
    server_stop(server);
}

static enum transport_verdict judge_retry(struct probe *probe, int number, const struct transport_answer *answer)
{
    (void)probe;
    (void)number;
    (void)answer;
    return TRANSPORT_RETRY;
}

static void the_judge_may_want_another_attempt(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    struct probe *probe = probe_new(server);
    probe->judge = judge_retry;
    probe->options.retries = 2;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_GARBAGE, 200, true);
    assert_int_equal(probe->items[0].asked, 3);
    assert_int_equal(requests_of(server), 3);
    assert_true(server->arrived[1] - server->arrived[0] > 0.24);
    assert_true(server->arrived[2] - server->arrived[1] > 0.49); /* doubled */
    free(probe);
    server_stop(server);
}

static serve_fn serve_header_of_text, serve_interrupting;

/* "Not now" until the third attempt. */
static enum transport_verdict judge_again(struct probe *probe, int number, const struct transport_answer *answer)
{
    (void)probe;
    (void)number;
    return answer->status == 409 ? TRANSPORT_AGAIN : TRANSPORT_DONE;
}

static bool serve_409_twice(const struct exchange *exchange)
{
    return exchange->arrival < 2 ? say(exchange, "409 Not now", "", "{}") : say(exchange, "200 OK", "", "{}");
}

static void not_now_is_tried_again(void **state)
{
    (void)state;
    for (int once = 0; once < 2; once++) {
        struct server *server = server_start(serve_409_twice);
        struct probe *probe = probe_new(server);
        probe->judge = judge_again;
        probe->once = once;
        probe->options.retries = 2;
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_int_equal(probe->done, 1);
        assert_int_equal(probe->items[0].attempt, 3);
        assert_int_equal(probe->items[0].missed, 2);
        assert_int_equal(probe->items[0].last_missed.reason, TRANSPORT_REFUSED);
        assert_int_equal(probe->items[0].last_missed.status, 409);
        assert_true(probe->items[0].last_missed.again);
        assert_false(probe->items[0].doubtful);
        free(probe);
        server_stop(server);
    }
}

static bool serve_409(const struct exchange *exchange)
{
    const char *header = exchange->server->text != NULL ? exchange->server->text : "";
    return say(exchange, "409 Not now", header, "{}");
}

static void not_now_without_end_is_a_failure(void **state)
{
    (void)state;
    struct server *server = server_start(serve_409);
    struct probe *probe = probe_new(server);
    probe->judge = judge_again;
    probe->options.retries = 2;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_REFUSED, 409, false);
    assert_int_equal(requests_of(server), 3);
    assert_string_equal(outcome_reason(TRANSPORT_REFUSED), "REASON_REFUSED");
    free(probe);
    probe = probe_new(server);
    probe->judge = judge_again;
    probe->wanted = 5;
    probe->options.max_errors = 3; /* it counts as every other failure */
    assert_int_equal(probe_run(probe), TRANSPORT_END_UNUSABLE);
    assert_int_equal(probe->given, 3);
    free(probe);
    server_stop(server);
}

/* A Retry-After stands with any status. */
static void not_now_may_say_when(void **state)
{
    (void)state;
    struct server *server = server_start(serve_409);
    struct probe *probe = probe_new(server);
    server->text = "Retry-After: 1\r\n";
    probe->judge = judge_again;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_REFUSED, 409, false);
    assert_true(server->arrived[1] - server->arrived[0] > 0.99);
    free(probe);
    server->text = "Retry-After: 81\r\n"; /* beyond 4 × 20 s */
    probe = probe_new(server);
    probe->judge = judge_again;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_REFUSED, 409, false);
    assert_int_equal(requests_of(server), 3);
    free(probe);
    server_stop(server);
}

static bool serve_500_then_409(const struct exchange *exchange)
{
    return say(exchange, exchange->arrival == 0 ? "500 Oops" : "409 Not now", "", "{}");
}

static void not_now_says_nothing_of_earlier_attempts(void **state)
{
    (void)state;
    struct server *server = server_start(serve_500_then_409);
    struct probe *probe = probe_new(server);
    probe->judge = judge_again;
    probe->options.retries = 2;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_REFUSED, 409, true);
    assert_int_equal(requests_of(server), 3);
    free(probe);
    server_stop(server);
}

/* ---- Once ---- */

static void once_is_not_sent_again_in_doubt(void **state)
{
    (void)state;
    static const struct {
        serve_fn *serve;
        const char *text;
        enum transport_reason reason;
        long status;
    } cases[] = {
        {serve_500_then_429, NULL, TRANSPORT_SERVER_ERROR, 500},
        {serve_header_of_text, "Retry-After: 0\r\n", TRANSPORT_SERVER_ERROR, 503},
        {serve_raw_text_and_close, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", TRANSPORT_CONNECTION, 200},
        {serve_raw_text_and_close, "", TRANSPORT_CONNECTION, 0},
        {serve_raw_text_and_close, "hello\r\n", TRANSPORT_GARBAGE, 0},
        {serve_never, NULL, TRANSPORT_TIMEOUT, 0},
        {serve_long, "1048577", TRANSPORT_GARBAGE, 200},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server *server = server_start(cases[i].serve);
        struct probe *probe = probe_new(server);
        server->text = cases[i].text;
        probe->once = true;
        probe->options.retries = 3;
        probe->options.timeout = cases[i].serve == serve_never ? 1 : 0;
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_failure(probe, 0, cases[i].reason, cases[i].status, true);
        assert_int_equal(probe->items[0].missed, 1);
        assert_false(probe->items[0].last_missed.again);
        assert_int_equal(requests_of(server), 1);
        free(probe);
        server_stop(server);
    }
}

static void once_is_not_sent_again_after_an_answer_that_is_none(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    struct probe *probe = probe_new(server);
    probe->once = true;
    probe->judge = judge_retry;
    probe->options.retries = 3;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_GARBAGE, 200, true);
    assert_int_equal(requests_of(server), 1);
    free(probe);
    server_stop(server);
}

static bool serve_429_twice(const struct exchange *exchange)
{
    return exchange->arrival < 2 ? serve_429(exchange) : say(exchange, "200 OK", "", "{}");
}

static void once_is_sent_again_where_nothing_was_received(void **state)
{
    (void)state;
    struct server *server = server_start(serve_429_twice);
    struct probe *probe = probe_new(server);
    probe->once = true;
    probe->options.retries = 2;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 1);
    assert_int_equal(probe->items[0].attempt, 3);
    assert_false(probe->items[0].doubtful);
    free(probe);
    server_stop(server);
    char url[sizeof "http://127.0.0.1:65535"];
    int fd = bound_socket(url);
    probe = probe_new(NULL);
    probe->url = url;
    probe->once = true;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_CONNECTION, 0, false);
    assert_int_equal(probe->items[0].missed, 2);
    free(probe);
    close(fd);
}

/* The connection had been kept: libcurl would send the second request again by itself. */
static void once_is_not_resent_by_libcurl_either(void **state)
{
    (void)state;
    struct server *server = server_start(serve_once_then_drop);
    struct probe *probe = probe_new(server);
    probe->once = true;
    probe->wanted = 3;
    probe->options.retries = 3;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->items[0].answered, 1);
    assert_failure(probe, 1, TRANSPORT_CONNECTION, 0, true);
    assert_int_equal(probe->items[1].missed, 1);
    assert_failure(probe, 2, TRANSPORT_BUSY, 429, false); /* the next one has a new connection */
    assert_int_equal(probe->items[2].missed, 4);
    assert_int_equal(requests_of(server), 2 + 4);
    free(probe);
    server_stop(server);
}

/* ---- What is told of attempts ---- */

static bool serve_503_429_200(const struct exchange *exchange)
{
    if (exchange->arrival == 1)
        return serve_429(exchange);
    if (exchange->arrival == 2)
        sleep_ms(30);
    return exchange->arrival == 0 ? say(exchange, "503 Busy", "", "{}") : say(exchange, "200 OK", "", "{}");
}

static void attempts_are_told_of(void **state)
{
    (void)state;
    for (unsigned retries = 0; retries < 3; retries++) {
        struct server *server = server_start(serve_503_429_200);
        struct probe *probe = probe_new(server);
        const struct item *item = &probe->items[0];
        probe->options.retries = retries;
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_int_equal(probe->done, retries == 2);
        assert_int_equal(item->missed, retries == 0 ? 1 : 2);
        assert_int_equal(item->last_missed.attempt, item->missed);
        assert_int_equal(item->last_missed.reason, retries == 0 ? TRANSPORT_SERVER_ERROR : TRANSPORT_BUSY);
        assert_int_equal(item->last_missed.status, retries == 0 ? 503 : 429);
        assert_int_equal(item->last_missed.again, retries == 2);
        assert_true(item->last_missed.milliseconds < WAIT_SECONDS * 1000);
        if (retries == 2) {
            assert_int_equal(item->attempt, 3);
            assert_in_range(item->milliseconds, 30, WAIT_SECONDS * 1000);
        }
        free(probe);
        server_stop(server);
    }
}

static void attempts_without_an_answer_are_told_of(void **state)
{
    (void)state;
    struct server *server = server_start(serve_never);
    struct probe *probe = probe_new(server);
    probe->options.timeout = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->items[0].last_missed.reason, TRANSPORT_TIMEOUT);
    assert_int_equal(probe->items[0].last_missed.status, 0);
    assert_true(probe->turns >= 3); /* while nothing came */
    assert_true(probe->items[0].last_missed.milliseconds >= 990);
    free(probe);
    server_stop(server);
    probe = probe_new(NULL);
    probe->url = "no url"; /* what libcurl itself refuses */
    assert_int_equal(probe_run(probe), TRANSPORT_END_FAILED);
    assert_int_equal(probe->items[0].missed, 1);
    assert_int_equal(probe->items[0].last_missed.reason, TRANSPORT_STOPPED);
    assert_false(probe->items[0].last_missed.again);
    free(probe);
}

static void nobody_need_listen_to_attempts(void **state)
{
    (void)state;
    struct server *server = server_start(serve_503_first);
    struct probe *probe = probe_new(server);
    probe->silent = true;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 1);
    free(probe);
    server_stop(server);
}

/* ---- The rate ---- */

static void the_rate_is_kept(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    struct probe *probe = probe_new(server);
    probe->wanted = 21;
    probe->options.concurrency = 8;
    probe->options.rate = 20;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 21);
    assert_true(probe->seconds > 0.99); /* twenty pauses of 50 ms */
    assert_true(server->most_inside <= 8);
    free(probe);
    server_stop(server);
}

/* Every attempt counts, also a second one. */
static void the_rate_holds_for_further_attempts(void **state)
{
    (void)state;
    struct server *server = server_start(serve_429);
    struct probe *probe = probe_new(server);
    probe->wanted = 4;
    probe->options.concurrency = 4;
    probe->options.retries = 1;
    probe->options.rate = 4;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(requests_of(server), 8);
    assert_true(probe->seconds > 1.74); /* seven pauses of 250 ms */
    free(probe);
    server_stop(server);
}

static void an_interrupt_is_noticed_between_two_paces(void **state)
{
    (void)state;
    struct server *server = server_start(serve_interrupting);
    struct probe *probe = probe_new(server);
    server->interrupt = &probe->interrupt;
    probe->wanted = 100;
    probe->options.rate = 3;
    assert_int_equal(probe_run(probe), TRANSPORT_END_INTERRUPTED);
    assert_int_equal(probe->given, 2);
    assert_int_equal(probe->done, 2);
    free(probe);
    server_stop(server);
}

/* ---- Waiting ---- */

/* The first request of number 0 is told to come later. */
static bool serve_later(const struct exchange *exchange)
{
    struct server *server = exchange->server;
    if (exchange->arrival > 0)
        sleep_ms(30);
    return exchange->arrival == 0 ? say(exchange, "503 Later", server->text, "") : say(exchange, "200 OK", "", "{}");
}

static void waiting_holds_no_slot(void **state)
{
    (void)state;
    struct server *server = server_start(serve_later);
    server->text = "Retry-After: 1\r\n";
    struct probe *probe = probe_new(server);
    probe->wanted = 5;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 5);
    static const int expected[] = {0, 1, 2, 3, 4, 0};
    assert_int_equal(requests_of(server), 6);
    assert_memory_equal(server->numbers, expected, sizeof expected);
    assert_true(server->arrived[5] - server->arrived[0] > 0.99);
    free(probe);
    server_stop(server);
}

static void who_waited_goes_before_new_ones(void **state)
{
    (void)state;
    struct server *server = server_start(serve_later);
    server->text = "";
    struct probe *probe = probe_new(server);
    probe->wanted = 40; /* of 30 ms each at least, and the pause is 0.5 s at most */
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 40);
    int again = 1;
    while (again < requests_of(server) && server->numbers[again] != 0)
        again++;
    assert_in_range(again, 2, 39);
    free(probe);
    server_stop(server);
}

enum { LATER = 12 };

/* Each is told to come later: the first one latest, the last one first (its pause is 0.5 s at most), and those between
 * at about the same time. */
static bool serve_each_later(const struct exchange *exchange)
{
    int arrival = exchange->arrival;
    const char *header = arrival == 0 ? "Retry-After: 2\r\n" : arrival == LATER - 1 ? "" : "Retry-After: 1\r\n";
    return arrival < LATER ? say(exchange, "503 Later", header, "") : say(exchange, "200 OK", "", "{}");
}

static void retries_go_by_their_due_time(void **state)
{
    (void)state;
    struct server *server = server_start(serve_each_later);
    struct probe *probe = probe_new(server);
    probe->wanted = LATER;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, LATER);
    static const int expected[] = {LATER - 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0};
    assert_memory_equal(server->numbers + LATER, expected, sizeof expected);
    assert_true(server->arrived[LATER + 1] - server->arrived[1] > 0.99);
    assert_true(server->arrived[2 * LATER - 1] - server->arrived[0] > 1.99);
    free(probe);
    server_stop(server);
}

static bool serve_date(const struct exchange *exchange)
{
    char header[64] = "";
    time_t then = time(NULL) + 2;
    struct tm parts;
    gmtime_r(&then, &parts);
    strftime(header, sizeof header, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    return exchange->arrival == 0 ? say(exchange, "429 Slow down", header, "") : say(exchange, "200 OK", "", "{}");
}

static void retry_after_may_be_a_date(void **state)
{
    (void)state;
    struct server *server = server_start(serve_date);
    struct probe *probe = probe_new(server);
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 1);
    /* Two seconds from the beginning of the second in which it was said; no pause of ours is as long. */
    assert_true(server->arrived[1] - server->arrived[0] > 0.99);
    free(probe);
    server_stop(server);
}

static const char *const nonsense[] = {"Retry-After: -5\r\n", "Retry-After: soon\r\n", "Retry-After:\r\n",
                                       "Retry-After: Thu, 01 Jan 2004 00:00:00 GMT\r\n", "Retry-After: 0\r\n"};

static bool serve_nonsense(const struct exchange *exchange)
{
    return say(exchange, "429 Slow down", nonsense[exchange->number], "");
}

static void retry_after_may_be_nonsense(void **state)
{
    (void)state;
    struct server *server = server_start(serve_nonsense);
    struct probe *probe = probe_new(server);
    probe->wanted = COUNT(nonsense);
    probe->options.concurrency = COUNT(nonsense);
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    for (int i = 0; i < probe->wanted; i++)
        assert_failure(probe, i, TRANSPORT_BUSY, 429, false);
    assert_int_equal(requests_of(server), 2 * COUNT(nonsense));
    assert_true(server->arrived[COUNT(nonsense)] - server->arrived[0] > 0.24);
    free(probe);
    server_stop(server);
}

static bool serve_header_of_text(const struct exchange *exchange)
{
    return say(exchange, "503 Later", exchange->server->text, "");
}

static void retry_after_may_be_too_long(void **state)
{
    (void)state;
    static const char *const headers[] = {"Retry-After: 5\r\n", "Retry-After: 9999999999\r\n",
                                          "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n"};
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct server *server = server_start(serve_header_of_text);
        server->text = headers[i];
        struct probe *probe = probe_new(server);
        probe->options.retries = 5;
        probe->options.timeout = 1;
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        assert_failure(probe, 0, TRANSPORT_SERVER_ERROR, 503, true);
        assert_int_equal(requests_of(server), 1);
        free(probe);
        server_stop(server);
    }
    struct server *server = server_start(serve_429);
    server->text = "Retry-After: 5\r\n";
    struct probe *probe = probe_new(server);
    probe->options.retries = 5;
    probe->options.timeout = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_failure(probe, 0, TRANSPORT_BUSY, 429, false);
    assert_int_equal(requests_of(server), 1);
    free(probe);
    server_stop(server);
}

static void those_who_wait_are_bounded(void **state)
{
    (void)state;
    struct server *server = server_start(serve_429);
    server->text = "Retry-After: 1\r\n";
    struct probe *probe = probe_new(server);
    probe->wanted = 1200;
    probe->options.concurrency = 16;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->failed, 1200);
    assert_int_equal(requests_of(server), 2400);
    assert_in_range(probe->most_unsettled, 17, 1024 + 16);
    assert_true(server->most_inside <= 16);
    free(probe);
    server_stop(server);
}

/* ---- The ends ---- */

static enum transport_verdict judge_401(struct probe *probe, int number, const struct transport_answer *answer)
{
    (void)number;
    if (answer->status != 401)
        return TRANSPORT_DONE;
    probe->end = TRANSPORT_END_STOPPED; /* from here on next() is not to be called */
    server_signal(probe->server);
    return TRANSPORT_STOP;
}

/* 0 is to come again much later, 1 and 2 are answered only after the STOP, 3 is refused. */
static bool serve_and_stop(const struct exchange *exchange)
{
    switch (exchange->number) {
    case 0:
        return say(exchange, "429 Slow down", "Retry-After: 30\r\n", "");
    case 1:
        server_wait(exchange->server);
        return say(exchange, "200 OK", "", "{}");
    case 2:
        server_wait(exchange->server);
        return say(exchange, "503 Busy", "", "");
    default:
        return say(exchange, "401 Unauthorized", "", "{}");
    }
}

static void a_stop_ends_everything(void **state)
{
    (void)state;
    struct server *server = server_start(serve_and_stop);
    struct probe *probe = probe_new(server);
    probe->judge = judge_401;
    probe->wanted = 20;
    probe->options.concurrency = 3; /* 3 takes the place of 0 while that waits */
    probe->options.retries = 5;
    assert_int_equal(probe_run(probe), TRANSPORT_END_STOPPED);
    assert_int_equal(probe->given, 4);
    assert_int_equal(requests_of(server), 4);
    assert_failure(probe, 0, TRANSPORT_STOPPED, 429, false);
    assert_int_equal(probe->items[1].answered, 1);
    assert_failure(probe, 2, TRANSPORT_SERVER_ERROR, 503, true);
    assert_int_equal(probe->items[3].answered, 1);
    free(probe);
    server_stop(server);
}

/* 200 where `text` has a '.', 500 where it has an 'x', nothing at all for '!'. */
static bool serve_pattern(const struct exchange *exchange)
{
    char what = exchange->server->text[exchange->number];
    return what == '.' ? say(exchange, "200 OK", "", "{}") : what == 'x' ? say(exchange, "500 Oops", "", "") : false;
}

static void failures_in_a_row_end_the_run(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        int given; /* before it ends */
        enum transport_end end;
    } cases[] = {
        {"xxxxxx", 3, TRANSPORT_END_UNUSABLE},
        {"xx.xx.x!x...", 12, TRANSPORT_END_DONE}, /* for different reasons */
        {"x!x!!xx.xx!!!..", 13, TRANSPORT_END_UNUSABLE},
        {"xx.xx.xx.x.x", 12, TRANSPORT_END_DONE},
        {"...........xxx", 14, TRANSPORT_END_UNUSABLE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server *server = server_start(serve_pattern);
        server->text = cases[i].pattern;
        struct probe *probe = probe_new(server);
        probe->wanted = (int)strlen(cases[i].pattern);
        probe->options.max_errors = 3;
        assert_int_equal(probe_run(probe), cases[i].end);
        assert_int_equal(probe->given, cases[i].given);
        free(probe);
        server_stop(server);
    }
}

/* Number 0 waits for its second attempt while 1 to 3 fail: a 30 s Retry-After is too long with a time-out of 7 s. */
static bool serve_wait_then_fail(const struct exchange *exchange)
{
    return say(exchange, "503 Later", exchange->number == 0 ? "Retry-After: 28\r\n" : "Retry-After: 30\r\n", "");
}

static void failures_in_a_row_end_the_waiting(void **state)
{
    (void)state;
    struct server *server = server_start(serve_wait_then_fail);
    struct probe *probe = probe_new(server);
    probe->wanted = 20;
    probe->options.retries = 1;
    probe->options.timeout = 7;
    probe->options.max_errors = 3;
    assert_int_equal(probe_run(probe), TRANSPORT_END_UNUSABLE);
    assert_int_equal(probe->given, 4);
    assert_failure(probe, 0, TRANSPORT_STOPPED, 503, true);
    assert_failure(probe, 3, TRANSPORT_SERVER_ERROR, 503, true);
    free(probe);
    server_stop(server);
}

static void interrupt_now(struct probe *probe)
{
    atomic_store(&probe->interrupt, true);
}

static void an_interrupt_ends_the_waiting(void **state)
{
    (void)state;
    struct server *server = server_start(serve_header_of_text);
    server->text = "Retry-After: 60\r\n";
    struct probe *probe = probe_new(server);
    probe->options.retries = 5;
    probe->when_dry = interrupt_now; /* asked for more while the only request waits */
    assert_int_equal(probe_run(probe), TRANSPORT_END_INTERRUPTED);
    assert_failure(probe, 0, TRANSPORT_INTERRUPTED, 503, true);
    assert_int_equal(requests_of(server), 1);
    free(probe);
    server_stop(server);
}

static void *interrupt_soon(void *argument)
{
    sleep_ms(300);
    interrupt_now(argument);
    return NULL;
}

/* A thread, which interrupts while the transport polls. */
static void interrupt_later(struct probe *probe)
{
    pthread_t thread;
    if (probe->dry_calls > 1)
        return;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, probe), 0);
    pthread_detach(thread);
}

static void an_interrupt_is_noticed_while_polling(void **state)
{
    (void)state;
    struct server *server = server_start(serve_header_of_text);
    server->text = "Retry-After: 60\r\n";
    struct probe *probe = probe_new(server);
    probe->options.retries = 5;
    probe->when_dry = interrupt_later;
    assert_int_equal(probe_run(probe), TRANSPORT_END_INTERRUPTED);
    assert_failure(probe, 0, TRANSPORT_INTERRUPTED, 503, true);
    assert_true(probe->seconds < 60);
    free(probe);
    server_stop(server);
}

/* Interrupt with the second request's arrival, and answer it afterwards: with 200, or 503 where `text` is set. */
static bool serve_interrupting(const struct exchange *exchange)
{
    if (exchange->number < 1)
        return say(exchange, "200 OK", "", "{}");
    atomic_store(exchange->server->interrupt, true);
    sleep_ms(250); /* more than a poll */
    return exchange->server->text == NULL ? say(exchange, "200 OK", "", "{}") : say(exchange, "503 Busy", "", "");
}

static void an_interrupt_lets_what_is_in_flight_finish(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        struct server *server = server_start(serve_interrupting);
        struct probe *probe = probe_new(server);
        server->interrupt = &probe->interrupt;
        server->text = fails ? "" : NULL;
        probe->wanted = 10;
        probe->options.retries = 5;
        assert_int_equal(probe_run(probe), TRANSPORT_END_INTERRUPTED);
        assert_int_equal(probe->given, 2);
        assert_int_equal(requests_of(server), 2);
        if (fails)
            assert_failure(probe, 1, TRANSPORT_SERVER_ERROR, 503, true);
        else
            assert_int_equal(probe->done, 2);
        free(probe);
        server_stop(server);
    }
}

static void an_interrupt_beforehand_starts_nothing(void **state)
{
    (void)state;
    struct probe *probe = probe_new(NULL);
    atomic_store(&probe->interrupt, true);
    assert_int_equal(probe_run(probe), TRANSPORT_END_INTERRUPTED);
    assert_int_equal(probe->given, 0);
    free(probe);
}

/* Each answer makes for one more request, until there were thirty. */
static enum transport_verdict judge_follow_up(struct probe *probe, int number, const struct transport_answer *answer)
{
    (void)number;
    (void)answer;
    if (probe->wanted < 30)
        probe->wanted++;
    return TRANSPORT_DONE;
}

static void follow_ups_are_picked_up(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    struct probe *probe = probe_new(server);
    probe->judge = judge_follow_up;
    probe->options.concurrency = 3; /* so that next() is asked in vain again and again */
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 30);
    assert_in_range(probe->dry_calls, 30, 31); /* asked once for each that was settled, not at every turn */
    free(probe);
    server_stop(server);
}

/* ---- Authorities ---- */

static char *file_with(const char *text, size_t length)
{
    char *path = strdup("/tmp/atobarai-test-XXXXXX");
    assert_non_null(path);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    close(fd);
    return path;
}

/* Self-signed, for "atobarai test", on the curve P-256. */
#define CERTIFICATE                                                                                                    \
    "-----BEGIN CERTIFICATE-----\n"                                                                                    \
    "MIIBhzCCAS2gAwIBAgIUWycHGVa7r0neIXYzMOQNQDlnrgwwCgYIKoZIzj0EAwIw\n"                                               \
    "GDEWMBQGA1UEAwwNYXRvYmFyYWkgdGVzdDAgFw0yNjExMjkxMjI4NDRaGA8yMTI2\n"                                               \
    "MTEwNTEyMjg0NFowGDEWMBQGA1UEAwwNYXRvYmFyYWkgdGVzdDBZMBMGByqGSM49\n"                                               \
    "AgEGCCqGSM49AwEHA0IABMjMFbYQfa8fDBc2BsP9sBh1lShbdgNi6wQbVZgVhcM6\n"                                               \
    "hLY90SFF1ARwsVrkZgBdLCRelrEMQVOapS8KG8y+7rCjUzBRMB0GA1UdDgQWBBQr\n"                                               \
    "Ov3ilBf86Q92FAR2KxjAnokhXDAfBgNVHSMEGDAWgBQrOv3ilBf86Q92FAR2KxjA\n"                                               \
    "nokhXDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDQOLjIDWUC\n"                                               \
    "tTWKJb190StFovYTVHbhjBY71PfsZo2YRQIgW1dAXkHGEXTzRqPvwnluH3WVtqQj\n"                                               \
    "oPKHVmx20FtEkwM=\n"                                                                                               \
    "-----END CERTIFICATE-----\n"

static void authorities_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason; /* NULL: fine */
    } cases[] = {
        {CERTIFICATE, NULL},
        {CERTIFICATE CERTIFICATE, NULL},
        {"Words before it\n" CERTIFICATE "and behind\n", NULL},
        {"", "no certificate"},
        {"hello\n", "no certificate"},
        {"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n", "no certificate"},
        {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", ""},
        {"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", ""},
        {CERTIFICATE "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", ""},
        {CERTIFICATE "-----BEGIN CERTIFICATE-----\nMIIB\n", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        char *path = file_with(cases[i].text, strlen(cases[i].text));
        bool fine = transport_check_ca_file(path, &error);
        if (fine != (cases[i].reason == NULL))
            fail_msg("%zu: %s", i, error.args[0]);
        if (!fine) {
            assert_int_equal(error.kind, ERROR_CONFIG);
            assert_string_equal(error.code, "CA_FILE_INVALID");
            assert_string_equal(error.path, path);
            assert_true(error.args[0][0] != '\0');
            if (cases[i].reason[0] != '\0')
                assert_string_equal(error.args[0], cases[i].reason);
        }
        unlink(path);
        free(path);
    }
}

static void authorities_that_cannot_be_read(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nowhere/authorities.pem", "/tmp", "", "/dev/zero"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct error error = {0};
        assert_false(transport_check_ca_file(paths[i], &error));
        assert_string_equal(error.code, "CA_FILE_INVALID");
        struct probe *probe = probe_new(NULL);
        probe->url = "https://127.0.0.1:1";
        probe->options.ca_file = paths[i];
        assert_int_equal(probe_run(probe), TRANSPORT_END_FAILED);
        assert_string_equal(probe->error.code, "CA_FILE_INVALID");
        assert_string_equal(probe->error.path, paths[i]);
        assert_int_equal(probe->given, 0);
        free(probe);
    }
}

/* ---- Out of memory: libcurl's allocations fail one after another ---- */

static atomic_long allocations_left; /* until the one that fails; below 0: none does any more */

static bool allocation_fails(void)
{
    return atomic_fetch_sub(&allocations_left, 1) == 0;
}

static void *failing_malloc(size_t size)
{
    return allocation_fails() ? NULL : malloc(size);
}

static void *failing_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : calloc(count, size);
}

static void *failing_realloc(void *memory, size_t size)
{
    return allocation_fails() ? NULL : realloc(memory, size);
}

static char *failing_strdup(const char *text)
{
    return allocation_fails() ? NULL : strdup(text);
}

static void no_request_is_lost_without_memory(void **state)
{
    (void)state;
    struct server *server = server_start(serve_ok);
    long failures = 0;
    assert_int_equal(curl_global_init_mem(CURL_GLOBAL_DEFAULT, failing_malloc, free, failing_realloc, failing_strdup,
                                          failing_calloc),
                     CURLE_OK);
    for (long nth = 0; nth < 3000; nth++) {
        struct probe *probe = probe_new(server);
        probe->wanted = 3;
        probe->options.concurrency = 2;
        atomic_store(&allocations_left, nth);
        enum transport_end end = probe_run(probe);
        bool all = atomic_exchange(&allocations_left, -1) > 0; /* the run got by with fewer */
        failures += end == TRANSPORT_END_FAILED;
        if (end == TRANSPORT_END_FAILED)
            assert_string_equal(probe->error.code, "OUT_OF_MEMORY");
        free(probe);
        if (all)
            break;
        assert_true(nth < 2999);
    }
    curl_global_cleanup();
    assert_true(failures > 10);
    server_stop(server);
}

/* ---- The sandbox ---- */

static struct sandbox *start_with(const char *faults)
{
    struct sandbox_options options = {.seed = 1};
    struct error error = {0};
    assert_true(sandbox_parse_faults(faults, &options.faults, &error));
    struct sandbox *sandbox = sandbox_start(&options, &error);
    assert_non_null(sandbox);
    return sandbox;
}

static enum transport_verdict judge_order(struct probe *probe, int number, const struct transport_answer *answer)
{
    (void)probe;
    (void)number;
    return answer->body[0] == '{' ? TRANSPORT_DONE : TRANSPORT_RETRY;
}

static struct probe *probe_for(const struct sandbox *sandbox)
{
    struct probe *probe = probe_new(NULL);
    probe->url = sandbox_url(sandbox);
    probe->orders = true;
    probe->judge = judge_order;
    return probe;
}

static void each_fault_has_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum transport_reason reason;
        long status;
        bool maybe_received;
    } cases[] = {
        {"timeout=1", TRANSPORT_TIMEOUT, 0, true},    {"reset=1", TRANSPORT_CONNECTION, 0, true},
        {"500=1", TRANSPORT_SERVER_ERROR, 500, true}, {"429=1", TRANSPORT_BUSY, 429, false},
        {"garbage=1", TRANSPORT_GARBAGE, 200, true},  {"lost-answer=1", TRANSPORT_CONNECTION, 0, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sandbox *sandbox = start_with(cases[i].fault);
        struct probe *probe = probe_for(sandbox);
        probe->wanted = 2;
        probe->options.concurrency = 2;
        probe->options.timeout = 1;
        assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
        for (int n = 0; n < 2; n++)
            assert_failure(probe, n, cases[i].reason, cases[i].status, cases[i].maybe_received);
        free(probe);
        sandbox_stop(sandbox);
    }
}

static void slow_answers_are_waited_for(void **state)
{
    (void)state;
    struct sandbox *sandbox = start_with("slow=1");
    struct probe *probe = probe_for(sandbox);
    probe->wanted = 16;
    probe->options.concurrency = 16;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, 16);
    assert_int_equal(probe->items[15].status, 201);
    free(probe);
    sandbox_stop(sandbox);
}

static long stat_of(struct sandbox *sandbox, const char *name)
{
    struct probe *probe = probe_new(NULL);
    char *url = text_printf("%s/_stats?", sandbox_url(sandbox));
    char *member = text_printf("\"%s\":", name);
    probe->url = url;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    const char *at = strstr(probe->answer, member);
    long value = at != NULL ? strtol(at + strlen(member), NULL, 10) : -1;
    free(member);
    free(url);
    free(probe);
    return value;
}

static void mixed_faults_settle_each_request_once(void **state)
{
    (void)state;
    enum { ORDERS = 2000 };
    struct sandbox *sandbox =
        start_with("timeout=0.002,reset=0.02,500=0.02,429=0.02,garbage=0.02,slow=0.01,lost-answer=0.02");
    struct probe *probe = probe_for(sandbox);
    probe->wanted = ORDERS;
    probe->options.concurrency = 32;
    probe->options.timeout = 1;
    probe->options.retries = 20;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done, ORDERS);
    for (int i = 0; i < ORDERS; i++)
        assert_true(probe->items[i].status == 201 || probe->items[i].status == 200);
    assert_int_equal(stat_of(sandbox, "registered"), ORDERS);
    assert_int_equal(stat_of(sandbox, "duplicate_ids"), 0);
    assert_true(stat_of(sandbox, "requests") > ORDERS + ORDERS / 20); /* the faults did strike */
    assert_true(stat_of(sandbox, "replayed") > 0);                    /* and answers were lost */
    free(probe);
    sandbox_stop(sandbox);
}

static void mixed_faults_without_retries_settle_each_request_once(void **state)
{
    (void)state;
    struct sandbox *sandbox =
        start_with("timeout=0.01,reset=0.15,500=0.15,429=0.15,garbage=0.15,slow=0.02,lost-answer=0.15");
    struct probe *probe = probe_for(sandbox);
    probe->wanted = 500;
    probe->options.concurrency = 64;
    probe->options.timeout = 1;
    probe->options.retries = 1;
    assert_int_equal(probe_run(probe), TRANSPORT_END_DONE);
    assert_int_equal(probe->done + probe->failed, 500);
    assert_true(probe->failed > 50);
    assert_int_equal(stat_of(sandbox, "duplicate_ids"), 0);
    free(probe);
    sandbox_stop(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(nothing_to_do_is_done),
        cmocka_unit_test(requests_leave_in_the_order_of_pulls),
        cmocka_unit_test(requests_are_parallel_up_to_the_limit),
        cmocka_unit_test(servers_may_close_after_each_answer),
        cmocka_unit_test(answers_may_be_chunked),
        cmocka_unit_test(answers_go_to_the_judge_as_they_are),
        cmocka_unit_test(answers_beyond_1_mib_are_failures),
        cmocka_unit_test(answers_that_are_no_http_are_failures),
        cmocka_unit_test(headers_without_end_are_failures),
        cmocka_unit_test(retries_are_the_same_bytes),
        cmocka_unit_test(long_bodies_wait_for_no_100),
        cmocka_unit_test(proxies_are_for_others_than_loopback),
        cmocka_unit_test(plain_http_goes_nowhere_else),
        cmocka_unit_test(refused_connections_received_nothing),
        cmocka_unit_test(what_speaks_no_tls_receives_nothing),
        cmocka_unit_test(too_many_requests_received_nothing),
        cmocka_unit_test(one_attempt_that_may_have_arrived_is_enough),
        cmocka_unit_test(what_libcurl_sent_before_counts_too),
        cmocka_unit_test(an_answer_tells_of_what_was_lost_before),
        cmocka_unit_test(libcurls_resends_do_not_add_up),
        cmocka_unit_test(timeouts_may_have_been_received),
        cmocka_unit_test(the_judge_may_want_another_attempt),
        cmocka_unit_test(not_now_is_tried_again),
        cmocka_unit_test(not_now_without_end_is_a_failure),
        cmocka_unit_test(not_now_may_say_when),
        cmocka_unit_test(not_now_says_nothing_of_earlier_attempts),
        cmocka_unit_test(once_is_not_sent_again_in_doubt),
        cmocka_unit_test(once_is_not_sent_again_after_an_answer_that_is_none),
        cmocka_unit_test(once_is_sent_again_where_nothing_was_received),
        cmocka_unit_test(once_is_not_resent_by_libcurl_either),
        cmocka_unit_test(attempts_are_told_of),
        cmocka_unit_test(attempts_without_an_answer_are_told_of),
        cmocka_unit_test(nobody_need_listen_to_attempts),
        cmocka_unit_test(the_rate_is_kept),
        cmocka_unit_test(the_rate_holds_for_further_attempts),
        cmocka_unit_test(an_interrupt_is_noticed_between_two_paces),
        cmocka_unit_test(waiting_holds_no_slot),
        cmocka_unit_test(who_waited_goes_before_new_ones),
        cmocka_unit_test(retries_go_by_their_due_time),
        cmocka_unit_test(retry_after_may_be_a_date),
        cmocka_unit_test(retry_after_may_be_nonsense),
        cmocka_unit_test(retry_after_may_be_too_long),
        cmocka_unit_test(those_who_wait_are_bounded),
        cmocka_unit_test(a_stop_ends_everything),
        cmocka_unit_test(failures_in_a_row_end_the_run),
        cmocka_unit_test(failures_in_a_row_end_the_waiting),
        cmocka_unit_test(an_interrupt_ends_the_waiting),
        cmocka_unit_test(an_interrupt_is_noticed_while_polling),
        cmocka_unit_test(an_interrupt_lets_what_is_in_flight_finish),
        cmocka_unit_test(an_interrupt_beforehand_starts_nothing),
        cmocka_unit_test(follow_ups_are_picked_up),
        cmocka_unit_test(authorities_are_checked),
        cmocka_unit_test(authorities_that_cannot_be_read),
        cmocka_unit_test(no_request_is_lost_without_memory),
        cmocka_unit_test(each_fault_has_its_reason),
        cmocka_unit_test(slow_answers_are_waited_for),
        cmocka_unit_test(mixed_faults_settle_each_request_once),
        cmocka_unit_test(mixed_faults_without_retries_settle_each_request_once),
    };
    alarm(WATCHDOG_SECONDS);
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
