/* run/message.h: errors in words. */
#ifndef RUN_MESSAGE_H
#define RUN_MESSAGE_H

#include "atobarai.h"
#include "base/error.h"
#include "order/catalog.h"

/* The message of `error` in `language`; false when there is none, or memory ran out. */
bool message_fill(const struct catalog *catalog, const struct error *error, enum atobarai_language language,
                  struct atobarai_message *message);

#endif
