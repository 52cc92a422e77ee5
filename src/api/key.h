/* api/key.h: the Idempotency-Key: the same for every attempt at the same submission, whichever run makes it.
 *
 * SHA-256 over merchant code, operation, id at the service, SHA-256 of the body, and a generation. It is derived, not
 * drawn, so that a run that died, even together with its disk, is continued under the same key: the service then knows
 * the submission and does not register it twice. */
#ifndef API_KEY_H
#define API_KEY_H

#include "base/span.h"

#include <stdint.h>

enum { API_KEY_SIZE = 65 }; /* 64 hexadecimal digits and a NUL */

/* `operation` is "register", "ship" or "cancel". `generation` is the number of definite refusals known for that order
 * and operation. False when libcrypto fails. */
bool api_key_make(const char *merchant, const char *operation, struct span id, struct span body, uint32_t generation,
                  char key[API_KEY_SIZE]);

#endif
