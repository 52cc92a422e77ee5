/* run/log.h: the log of attempts (--log): a line of JSON for each one, appended to a file.
 *
 *     {"time":"2026-11-29T03:26:40.123Z","run":"9f86d081884c7d65","command":"register","order":"1000001",
 *      "operation":"register","attempt":1,"http":201,"ms":84,"outcome":"accepted","status":"AUTH_OK","retry":false}
 *
 * in one line. Always there, and in this order, are
 *
 *     time       when the attempt ended, UTC
 *     run        the same in all lines of a run, and in no other run's
 *     command    register, ship, cancel, status, reregister
 *     order      受注ID
 *     operation  register, reduce, ship, cancel, status: what this request was for
 *     attempt    at this request, from 1
 *     http       status of HTTP, null where there was none
 *     ms         how long the attempt took
 *     outcome    of a complete answer: accepted, refused, conflict (409), unknown (no such order), credentials;
 *                of any other: timeout, connection, server_error (5xx), busy (429), garbage (not what was promised),
 *                untrusted (its certificate), refused_for_now (--retry-on), stopped (it ended here, not there)
 *     retry      another attempt follows, unless the run ends before
 *
 * and where they apply
 *
 *     service_id the order's id at the service, where that is not the 受注ID
 *     status     what the service said of the order (accepted): its name in the API that is built in, such as AUTH_OK,
 *                whatever the dialect calls it
 *     code       of the catalogue: why it was not accepted, or more of the status
 *
 * and nothing else: no personal data, no secret, and none of the service's words, which may hold either.
 *
 * Lines are collected, and written a tenth of a second later at the latest, if log_turn() is called that often; a
 * process that is killed loses them. They leave in whole lines, in one write each time, so that several runs may append
 * to one file at once (on a network drive they may not). Nothing is synced: what must not be lost is in the ledger.
 *
 * A log that cannot be written never stops a run: it counts what is lost, and goes on when there is room again. A line
 * that was written in part is ended there, so that those behind it are whole. */
#ifndef RUN_LOG_H
#define RUN_LOG_H

#include "api/dialect.h"
#include "base/error.h"

#include <stdint.h>

struct log;

/* Open the log at `path` for a run of `command` (static), and make it where it is missing, for its owner only (0600).
 * What is there already has to be a log, or empty: a regular file, no link, and none of the `count` files at `others`,
 * which this run writes as well (NULL among them is none). Errors of kind ERROR_USAGE: LOG_UNWRITABLE with the path and
 * the reason, LOG_FOREIGN with the path; or out of memory. What was there before is as it was then, and what was not is
 * not there. End with log_close(). */
struct log *log_open(const char *path, const char *command, const char *const *others, size_t count,
                     struct error *error);

/* What a line says. All is borrowed. */
struct log_line {
    struct span order;
    struct span service_id;
    enum api_operation operation;
    unsigned attempt;
    long http; /* 0: none */
    uint64_t milliseconds;
    const char *outcome; /* ASCII without quotes, as is `code` */
    enum order_status status;
    const char *code; /* NULL: none */
    bool retry;
};

/* Append a line. NULL is allowed for the log, as below. */
void log_put(struct log *log, const struct log_line *line);

/* Write what has waited for its time. */
void log_turn(struct log *log);

/* Write the rest and close. How many lines were lost, and in `reason` the errno for which the last ones were: 0, where
 * none was. */
uint64_t log_close(struct log *log, int *reason);

#endif
