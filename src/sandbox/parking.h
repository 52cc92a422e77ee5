/* sandbox/parking.h: connections that wait, for a while or for ever, without holding a thread of the server.
 *
 * A parked connection is suspended in libmicrohttpd; one thread of the parking lot wakes it when its time has come,
 * when its client has hung up (so that a thousand time-outs do not use up the descriptors; it is not looked for in the
 * last second of a wait), or when the lot closes.
 * After waking, the server's handler is called again for it, and decides what happens. */
#ifndef SANDBOX_PARKING_H
#define SANDBOX_PARKING_H

#include <microhttpd.h>

#include <stdbool.h>

enum { SANDBOX_PARK_FOR_EVER = -1 };

struct sandbox_parking;

/* Starts the thread. NULL when that was not possible. End with sandbox_parking_close(), then _free(). */
struct sandbox_parking *sandbox_parking_new(void);

/* Park `connection` for `milliseconds`, or SANDBOX_PARK_FOR_EVER. Only from within the server's handler, which returns
 * MHD_YES afterwards. False: the lot is closed, or memory ran out, and the connection was not suspended. */
bool sandbox_parking_hold(struct sandbox_parking *parking, struct MHD_Connection *connection, int milliseconds);

/* Wake every connection and take no more. To be called before the server is stopped: libmicrohttpd must not be stopped
 * with suspended connections. sandbox_parking_hold() may still be called, and says false. */
void sandbox_parking_close(struct sandbox_parking *parking);

/* After sandbox_parking_close(), and when no handler can run any more. NULL is allowed. */
void sandbox_parking_free(struct sandbox_parking *parking);

#endif
