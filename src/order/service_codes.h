/* order/service_codes.h: the error codes of the service's public protocol, such as kaara021E, and what each means:
 * schemas/api/kuroneko-errors.tsv. Pure.
 *
 * Its columns are the code, the field that it is about, as the service calls it, and the rule that it enforces; then
 * what we make of it: what a refusal with it means (below), the entry of the catalogue that puts it into words, the
 * limit that these name, and the field of an order CSV where there is one ("" where not).
 *
 * The entries are those whose names begin with SERVICE_. What is found before sending has entries of its own (rules.h),
 * for then more is known: the text, and how long it is. */
#ifndef ORDER_SERVICE_CODES_H
#define ORDER_SERVICE_CODES_H

#include "order/catalog.h"
#include "order/finding.h"

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
    struct span rule; /* what the field has to be: maxlen=30 */
    enum service_meaning meaning;
    struct span entry;              /* the name of an entry of the catalogue; none of its placeholders is {N} */
    struct span args[FINDING_ARGS]; /* what fills its {1}, the code, as the service writes it; {2}, the field, as the
                                       service calls it (氏名); and {3}, the limit, "" where it has none */
    enum order_field field;         /* ORDER_FIELD_NONE: it is about nothing in the file */
};

/* The code that `text` is, in whatever case; false when it is none. */
bool service_code_find(struct span text, struct service_code *code);

/* The entry that puts it into words. Never NULL with the catalogue that is built in. */
const struct catalog_entry *service_code_entry(const struct service_code *code, const struct catalog *catalog);

/* What the service said, for people: the words for a code of the public protocol, any other message as it is. Appended
 * to `text`. */
void service_code_words(struct span message, const struct catalog *catalog, enum catalog_language language,
                        struct buf *text);

/* The code with that index, from 0, in the order of the file; false behind the last one. */
bool service_code_at(size_t index, struct service_code *code);

#endif
