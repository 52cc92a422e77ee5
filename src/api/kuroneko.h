/* api/kuroneko.h: the service's public protocol as a dialect: form-encoded requests, XML answers.
 *
 * One order, one request: POST <base>/<API>APIAction_execute.action. What is sent of an order is order/kuroneko.h's
 * affair. No key makes a repeated request recognisable, so every call but a question is `once`.
 *
 * A body begins with what is asked for, the orderNo first, and ends with ycfStrCode, password and requestDate, which
 * api_dialect_said() leaves out; so it does with a shipYmd that the file does not name, which is another one tomorrow.
 * Values are UTF-8, percent-encoded (a blank is %20). What there is nothing to say of is left out; so is cartCode,
 * which names a shop system and which nothing asks for.
 *
 * An answer is HTTP 200 with XML that has a returnCode, whatever its root and its Content-Type (api/flat_xml.h says
 * what is no XML here), and is about the order that was asked about, where it says about which. A refusal has an
 * errorCode (order/service_codes.h), which is the message; err0001 to err0003, an unknown result, and anything that is
 * not so is no answer. Neither is another HTTP status, but 401 and 403 are a matter of credentials: `unsure`, for it
 * was not the protocol that said so. CREDENTIALS_INVALID is a 加盟店コード that is not 11 digits, or a password that is
 * not 1 to 8 half-width letters and digits.
 *
 * The status of an accepted reduction is ORDER_STATUS_NONE: it stays what it was. One that is refused because the
 * amount is that already is accepted, and `replayed`. */
#ifndef API_KURONEKO_H
#define API_KURONEKO_H

#include "api/dialect.h"
#include "order/kuroneko.h"

/* NULL when memory ran out. Of `terms` the time is not looked at: each call has its own. Free it with
 * api_dialect_free(). */
struct api_dialect *api_kuroneko_new(const struct kuroneko_terms *terms);

#endif
