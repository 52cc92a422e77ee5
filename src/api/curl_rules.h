/* api/curl_rules.h: what libcurl is told of every request, whoever makes it: who is trusted, and what is never done.
 * For the files of this room that use libcurl. */
#ifndef API_CURL_RULES_H
#define API_CURL_RULES_H

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>

enum { CURL_RULES_CONNECT_MAX = 10 }; /* seconds, for connecting alone */

/* A row of options for one handle; the first that fails is remembered. */
struct curl_setup {
    CURL *curl;
    CURLcode code;
};

void curl_setup_number(struct curl_setup *setup, CURLoption option, long value);
void curl_setup_text(struct curl_setup *setup, CURLoption option, const char *value);

/* Certificates and host names are verified, by `ca_file` alone where that is not NULL; TLS 1.2 or later; no redirects,
 * no .netrc, no HTTP/0.9. `timeout` is in seconds, for all of it. */
void curl_rules_set(struct curl_setup *setup, unsigned timeout, const char *ca_file);

/* https only, through the environment's proxy; to a loopback host http too, and no proxy. */
void curl_rules_reach(struct curl_setup *setup, bool loopback);

/* `host` is as curl_url_get() gives it: numbers normalised, IPv6 in brackets. */
bool curl_rules_is_loopback(const char *host);

/* A server that hangs up must not kill the program. libcurl cannot promise that under CURLOPT_NOSIGNAL, and ignoring
 * the signal is the program's affair: so it is held back in this thread, and what came of it is taken away at the end.
 */
void curl_rules_hold_sigpipe(sigset_t *before);
void curl_rules_release_sigpipe(const sigset_t *before);

#endif
