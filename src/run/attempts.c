/* run/attempts.c: see attempts.h. */
#include "run/attempts.h"

/* The request is sent again, or was and is not any more. */
static void set_retrying(const struct sending *sending, struct journey *journey, bool retrying)
{
    if (retrying && !journey->retrying)
        sending->work->retrying++;
    if (!retrying && journey->retrying)
        sending->work->retrying--;
    journey->retrying = retrying;
}

struct log_line attempts_line(const struct journey *journey)
{
    return (struct log_line){.service_id = span_of(journey->service_id), .operation = journey->operation};
}

void attempts_missed(const struct sending *sending, struct journey *journey, const struct transport_attempt *attempt)
{
    static const char *const outcomes[] = {
        [TRANSPORT_TIMEOUT] = "timeout",           [TRANSPORT_CONNECTION] = "connection",
        [TRANSPORT_SERVER_ERROR] = "server_error", [TRANSPORT_BUSY] = "busy",
        [TRANSPORT_GARBAGE] = "garbage",           [TRANSPORT_REFUSED] = "refused_for_now",
        [TRANSPORT_UNTRUSTED] = "untrusted",       [TRANSPORT_STOPPED] = "stopped",
        [TRANSPORT_INTERRUPTED] = "stopped",
    };
    struct log_line line = attempts_line(journey);
    line.order = journey_id(sending, journey);
    line.attempt = attempt->attempt;
    line.http = attempt->status;
    line.milliseconds = attempt->milliseconds;
    line.outcome = outcomes[attempt->reason];
    line.retry = attempt->again;
    log_put(sending->service->log, &line);
    set_retrying(sending, journey, attempt->again);
}

void attempts_answered(const struct sending *sending, const struct journey *journey, const struct log_line *begun,
                       const struct api_answer *answer, const struct transport_answer *from)
{
    static const char *const outcomes[] = {[API_ACCEPTED] = "accepted",
                                           [API_REFUSED] = "refused",
                                           [API_CONFLICT] = "conflict",
                                           [API_UNKNOWN] = "unknown",
                                           [API_CREDENTIALS] = "credentials"};
    const struct book_order *order = journey_order(sending, journey);
    struct log_line line = *begun;
    line.order = journey_id(sending, journey);
    line.attempt = from->attempt;
    line.http = from->status;
    line.milliseconds = from->milliseconds;
    line.outcome = outcomes[answer->meaning];
    if (answer->meaning == API_ACCEPTED) {
        line.status = answer->status;
        line.code = answer->detail;
    } else if (sending->error->code != NULL) {
        line.code = sending->error->code;
    } else if (order->outcome != BOOK_NONE) {
        line.code = sending->work->findings.list[order->outcome].code;
    }
    log_put(sending->service->log, &line);
}

void attempts_end(const struct sending *sending, struct journey *journey)
{
    set_retrying(sending, journey, false);
}
