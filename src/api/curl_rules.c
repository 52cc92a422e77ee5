/* api/curl_rules.c: see curl_rules.h. */
#include "api/curl_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <time.h>

void curl_setup_number(struct curl_setup *setup, CURLoption option, long value)
{
    if (setup->code == CURLE_OK)
        setup->code = curl_easy_setopt(setup->curl, option, value);
}

void curl_setup_text(struct curl_setup *setup, CURLoption option, const char *value)
{
    if (setup->code == CURLE_OK)
        setup->code = curl_easy_setopt(setup->curl, option, value);
}

void curl_rules_set(struct curl_setup *setup, unsigned timeout, const char *ca_file)
{
    long seconds = timeout > 0 ? (long)timeout : 1; /* 0 would be no limit at all */
    curl_setup_number(setup, CURLOPT_TIMEOUT, seconds);
    curl_setup_number(setup, CURLOPT_CONNECTTIMEOUT,
                      seconds < CURL_RULES_CONNECT_MAX ? seconds : CURL_RULES_CONNECT_MAX);
    curl_setup_number(setup, CURLOPT_NOSIGNAL, 1);
    /* A resolver that hangs is left behind at the time-out; waiting for its thread would hold up all requests. */
    curl_setup_number(setup, CURLOPT_QUICK_EXIT, 1);
    curl_setup_number(setup, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    curl_setup_number(setup, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2); /* or later */
    /* libcurl's defaults, which nothing may change: */
    curl_setup_number(setup, CURLOPT_SSL_VERIFYPEER, 1);
    curl_setup_number(setup, CURLOPT_SSL_VERIFYHOST, 2);
    curl_setup_number(setup, CURLOPT_FOLLOWLOCATION, 0);
    curl_setup_number(setup, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    curl_setup_number(setup, CURLOPT_HTTP09_ALLOWED, 0);
    /* What a proxy says to CONNECT is no part of the answer. */
    curl_setup_number(setup, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    if (ca_file != NULL) {
        curl_setup_text(setup, CURLOPT_CAINFO, ca_file);
        curl_setup_text(setup, CURLOPT_CAPATH, NULL); /* in place of the system's folder, not beside it */
    }
}

void curl_rules_reach(struct curl_setup *setup, bool loopback)
{
    curl_setup_text(setup, CURLOPT_PROTOCOLS_STR, loopback ? "http,https" : "https");
    if (loopback)
        curl_setup_text(setup, CURLOPT_PROXY, ""); /* none, whatever the environment says */
}

bool curl_rules_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    char bare[INET6_ADDRSTRLEN] = "";
    size_t length = strlen(host);
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    if (host[0] != '[' || length < 2 || length - 2 >= sizeof bare)
        return false;
    memcpy(bare, host + 1, length - 2);
    return inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

void curl_rules_hold_sigpipe(sigset_t *before)
{
    sigset_t sigpipe;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, before);
}

void curl_rules_release_sigpipe(const sigset_t *before)
{
    static const struct timespec at_once = {0};
    sigset_t sigpipe;
    if (sigismember(before, SIGPIPE) == 1)
        return; /* the caller had it held back: all is as it was */
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    while (sigtimedwait(&sigpipe, NULL, &at_once) >= 0 || errno == EINTR)
        ;
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
