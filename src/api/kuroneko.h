/* api/kuroneko.h: the service's public protocol as a dialect: form-encoded requests, XML answers.
 *
 * One order, one request: POST <base><API>APIAction_execute.action. What is sent of an order is order/kuroneko.h's
 * affair. No key makes a repeated request recognisable, so every call but a question is `once`.
 *
 * An answer is HTTP 200 with XML that has a returnCode, whatever its root and its Content-Type, at most
 * TRANSPORT_ANSWER_MAX bytes of it; document types and entities of its own are refused. A refusal has an errorCode
 * (order/service_codes.h). err0001 to err0003 and anything that is not so is no answer. */
#ifndef API_KURONEKO_H
#define API_KURONEKO_H

#include "api/dialect.h"
#include "order/kuroneko.h"

/* NULL when memory ran out. Of `terms` the time is not looked at: each call has its own. Free it with
 * api_dialect_free(). */
struct api_dialect *api_kuroneko_new(const struct kuroneko_terms *terms);

#endif
