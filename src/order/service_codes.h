/* order/service_codes.h: the error codes of the service's public protocol, such as kaara021E, and what each means:
 * schemas/api/kuroneko-errors.tsv. Pure. */
#ifndef ORDER_SERVICE_CODES_H
#define ORDER_SERVICE_CODES_H

#include "base/span.h"

enum { SERVICE_CODE_MAX = 9 }; /* bytes of the longest code */

/* What a refusal with the code says of the order and the call. */
enum service_meaning {
    SERVICE_REFUSED,     /* the call as it is cannot be accepted */
    SERVICE_CONFLICT,    /* the order is there already, or in a state that does not allow the call */
    SERVICE_UNKNOWN,     /* there is no such order */
    SERVICE_CREDENTIALS, /* 加盟店コード or パスワード */
    SERVICE_FAILURE,     /* something broke inside the service: the call may have had its effect, or not */
};

/* All texts are static. */
struct service_code {
    struct span code;  /* as the service writes it */
    struct span label; /* the field that it is about, as the service calls it: 氏名 */
    struct span rule;  /* what that field has to be: maxlen=30 */
    enum service_meaning meaning;
};

/* The code that `text` is, in whatever case; false when it is none. */
bool service_code_find(struct span text, struct service_code *code);

/* The code with that index, from 0, in the order of the file; false behind the last one. */
bool service_code_at(size_t index, struct service_code *code);

#endif
