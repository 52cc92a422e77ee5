/* api/probe.c: see probe.h. */
#include "api/probe.h"

#include "api/curl_rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { HTTP_OK = 200 }; /* what is less is no answer yet */

struct looking {
    struct probe *probe;
    CURL *curl;
    int64_t date;     /* of the answer; -1: it does not say */
    bool headers_end; /* all of them came */
    char words[CURL_ERROR_SIZE];
};

/* ---- What libcurl tells ---- */

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    static const char name[] = "Date:";
    struct looking *looking = user;
    size_t length = size * count;
    char value[64];
    if (length <= strlen("\r\n"))
        looking->headers_end = true;
    if (length <= sizeof name || length - sizeof name >= sizeof value || strncasecmp(data, name, sizeof name - 1) != 0)
        return length;
    snprintf(value, sizeof value, "%.*s", (int)(length - (sizeof name - 1)), data + sizeof name - 1);
    looking->date = (int64_t)curl_getdate(value, NULL);
    return length;
}

/* The headers are there, and that is enough: this ends the transfer. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)size;
    (void)count;
    (void)user;
    return 0;
}

/* ---- What it is told ---- */

static CURLcode prepare(struct looking *looking, const char *url, const char *ca_file, unsigned timeout)
{
    struct curl_setup setup = {looking->curl, CURLE_OK};
    curl_setup_text(&setup, CURLOPT_URL, url);
    curl_rules_set(&setup, timeout, ca_file);
    curl_rules_reach(&setup, curl_rules_is_loopback(looking->probe->host));
    /* These only store a pointer, and cannot fail. */
    curl_easy_setopt(looking->curl, CURLOPT_ERRORBUFFER, looking->words);
    curl_easy_setopt(looking->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(looking->curl, CURLOPT_HEADERDATA, looking);
    curl_easy_setopt(looking->curl, CURLOPT_WRITEFUNCTION, on_body);
    return setup.code;
}

/* ---- What became of it ---- */

static bool has_passed(CURL *curl, CURLINFO moment)
{
    curl_off_t microseconds = 0;
    curl_easy_getinfo(curl, moment, &microseconds);
    return microseconds > 0;
}

static bool is_about_tls(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
           code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CIPHER || code == CURLE_SSL_ISSUER_ERROR ||
           code == CURLE_SSL_INVALIDCERTSTATUS;
}

/* The step that failed. Where libcurl's reason does not tell, as with a time-out, its clock does. */
static enum probe_step step_of(const struct looking *looking, CURLcode code)
{
    if (looking->headers_end && looking->probe->status >= HTTP_OK)
        return PROBE_STEPS;
    if (is_about_tls(code))
        return PROBE_TLS;
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
        !has_passed(looking->curl, CURLINFO_NAMELOOKUP_TIME_T))
        return PROBE_HOST;
    /* Of a connection that is not encrypted yet it has no time, and knows the other end. */
    if (code == CURLE_COULDNT_CONNECT || *looking->probe->address == '\0')
        return PROBE_CONNECTION;
    if (looking->probe->tls && !has_passed(looking->curl, CURLINFO_APPCONNECT_TIME_T))
        return PROBE_TLS;
    return PROBE_ANSWER;
}

static void explain(const struct looking *looking, enum probe_step step, CURLcode code, struct error *error)
{
    static const char *const codes[] = {"HOST_UNKNOWN", "HOST_UNREACHABLE", "TLS_FAILED", "HOST_SILENT"};
    const char *words = looking->words[0] != '\0' ? looking->words : curl_easy_strerror(code);
    error_set(error, ERROR_SERVICE, code == CURLE_PEER_FAILED_VERIFICATION ? "CERTIFICATE_REFUSED" : codes[step], NULL,
              looking->probe->host, words, NULL);
}

static void note_answer(struct looking *looking)
{
    struct probe *probe = looking->probe;
    const char *address = NULL;
    long port = 0;
    curl_easy_getinfo(looking->curl, CURLINFO_RESPONSE_CODE, &probe->status);
    curl_easy_getinfo(looking->curl, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(looking->curl, CURLINFO_PRIMARY_PORT, &port);
    if (address != NULL && *address != '\0')
        snprintf(probe->address, sizeof probe->address, strchr(address, ':') != NULL ? "[%s]:%ld" : "%s:%ld", address,
                 port);
    probe->dated = looking->date >= 0;
    if (probe->dated)
        probe->clock_off = (int64_t)time(NULL) - looking->date;
}

static enum probe_step look(struct looking *looking, const char *url, const char *ca_file, unsigned timeout,
                            struct error *error)
{
    CURLcode code = prepare(looking, url, ca_file, timeout);
    bool ready = code == CURLE_OK;
    if (ready)
        code = curl_easy_perform(looking->curl);
    note_answer(looking);
    enum probe_step step = step_of(looking, code);
    if (code == CURLE_OUT_OF_MEMORY)
        error_set_memory(error);
    else if (code == CURLE_SSL_CACERT_BADFILE)
        error_set(error, ERROR_CONFIG, "CA_FILE_INVALID", ca_file, looking->words, NULL, NULL);
    else if (!ready || code == CURLE_FAILED_INIT)
        error_set(error, ERROR_CONFIG, "TRANSPORT_FAILED", NULL, curl_easy_strerror(code), NULL, NULL);
    else if (step < PROBE_STEPS)
        explain(looking, step, code, error);
    return step;
}

/* The parts of `url` that matter. */
static bool read_url(const char *url, struct probe *probe, struct error *error)
{
    CURLU *handle = curl_url();
    char *host = NULL;
    bool read = handle != NULL && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    if (read)
        snprintf(probe->host, sizeof probe->host, "%s", host);
    probe->tls = strncasecmp(url, "https:", strlen("https:")) == 0;
    curl_free(host);
    curl_url_cleanup(handle);
    return read || error_set_memory(error);
}

enum probe_step probe_run(const char *url, const char *ca_file, unsigned timeout, struct probe *probe,
                          struct error *error)
{
    struct looking looking = {.probe = probe, .date = -1};
    enum probe_step step = PROBE_HOST;
    sigset_t before;
    *probe = (struct probe){0};
    if (!read_url(url, probe, error))
        return step;
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        error_set(error, ERROR_CONFIG, "TRANSPORT_FAILED", NULL, curl_easy_strerror(code), NULL, NULL);
        return step;
    }
    curl_rules_hold_sigpipe(&before);
    looking.curl = curl_easy_init();
    if (looking.curl != NULL)
        step = look(&looking, url, ca_file, timeout, error);
    else
        error_set_memory(error);
    curl_easy_cleanup(looking.curl);
    curl_rules_release_sigpipe(&before);
    curl_global_cleanup();
    return step;
}
