/* sandbox/certificate.h: a certificate for 127.0.0.1 and localhost, and the authority that signed it, made at start.
 *
 * Nothing is kept in a file, and the authority's key not even in memory: it signs once. Keys are of the curve P-256;
 * the certificates are good for thirty days, and an hour before, for clocks that differ. */
#ifndef SANDBOX_CERTIFICATE_H
#define SANDBOX_CERTIFICATE_H

#include <stdbool.h>

/* PEM texts, each owned. */
struct sandbox_certificate {
    char *authority; /* its certificate: what a client needs to know (--ca-file) */
    char *chain;     /* the server's certificate and the authority's behind it */
    char *key;       /* the server's; a secret */
};

/* False when memory ran out, or libcrypto had no random numbers; nothing is left then. */
bool sandbox_certificate_make(struct sandbox_certificate *certificate);

/* Wipes the key. What was never made may be freed, too. */
void sandbox_certificate_free(struct sandbox_certificate *certificate);

#endif
