/* run/connection.h: all that a run needs to send: the dialect, the account, the service where it is simulated, the
 * ledger, and the log of attempts. */
#ifndef RUN_CONNECTION_H
#define RUN_CONNECTION_H

#include "run/send.h"

struct sandbox;

/* All is owned. Zeros are one that is not open. */
struct connection {
    struct api_dialect *dialect;
    struct api_account account;
    const char *name;        /* of the service in the ledger; static, or the options' */
    struct sandbox *sandbox; /* NULL: the real one */
    struct ledger *ledger;
    struct log *log; /* NULL: none */
    regex_t retry_on;
    bool retries; /* `retry_on` is there */
};

/* Dialect and service, the simulated one included. Everything here is borrowed from the options. False, here and below:
 * `error` says why; connection_close() it all the same. */
bool connection_open(struct connection *connection, const struct atobarai_options *options,
                     const struct kuroneko_terms *kuroneko, struct error *error);

/* The log, where one is asked for. `output`: the result file, which must be another; NULL: there is none. */
bool connection_open_log(struct connection *connection, const struct atobarai_options *options, const char *command,
                         const char *output, struct error *error);

/* The ledger. It may be waited for: so it comes last. */
bool connection_open_ledger(struct connection *connection, const struct atobarai_options *options, const char *command,
                            struct error *error);

/* As the sender has it; borrowed. */
struct service connection_service(const struct connection *connection);

/* How many lines of the log were lost, and why in `reason`: see log_close(). */
uint64_t connection_close(struct connection *connection, int *reason);

#endif
