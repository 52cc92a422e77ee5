/* api/probe.h: whether the service can be reached: one GET of its base URL, without credentials and without an order.
 *
 * What transport.h says of names, connections, certificates, proxies and redirects holds here, too. Any answer of HTTP
 * will do; its body is not read. */
#ifndef API_PROBE_H
#define API_PROBE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* In the order in which they are taken. */
enum probe_step {
    PROBE_HOST,       /* the name has an address */
    PROBE_CONNECTION, /* there is a connection to it */
    PROBE_TLS,        /* the certificate is right; passed by itself with http */
    PROBE_ANSWER,     /* it speaks HTTP */
    PROBE_STEPS,
};

struct probe {
    char host[256];    /* that of the URL */
    char address[64];  /* of the other end, which may be a proxy's; "" before there is a connection */
    bool tls;          /* the URL is https */
    long status;       /* of HTTP */
    bool dated;        /* the answer says when it was made: */
    int64_t clock_off; /* seconds that the clock here is ahead of that; below 0: it is behind */
};

/* Look at `url`, which transport_check_url() let pass, for at most `timeout` seconds. `ca_file` as in struct
 * atobarai_options. Returns the step that failed, with `error`: HOST_UNKNOWN, HOST_UNREACHABLE, TLS_FAILED,
 * CERTIFICATE_REFUSED and HOST_SILENT (kind ERROR_SERVICE, the host as {1}, libcurl's words as {2}), or
 * CA_FILE_INVALID, TRANSPORT_FAILED and OUT_OF_MEMORY (kind ERROR_CONFIG); PROBE_STEPS when none did. SIGPIPE is held
 * back meanwhile, as by transport_run(). */
enum probe_step probe_run(const char *url, const char *ca_file, unsigned timeout, struct probe *probe,
                          struct error *error);

#endif
