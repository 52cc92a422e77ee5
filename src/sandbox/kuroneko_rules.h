/* sandbox/kuroneko_rules.h: what the simulated service of the dialect kuroneko refuses, and with which code.
 *
 * Pure: a form and what is known of its order in, a code out. The codes are the service's own, one family for each
 * call. A table in the source has a line for each of them, in the order in which the service lists them; the first one
 * whose rule does not hold is the answer. An empty value offends no rule but that it is required. What stands nowhere,
 * and was decided here:
 *
 *   full width        of the two-byte characters of CP932 (charset.h). A half-width character offends
 *                     "full-width only", another one (emoji, U+301C, U+2212) the rule of the character set
 *   氏名カナ          half-width kana and blanks
 *   street number     a digit of either width, or 番地, 丁目, 地割, in one of the two address fields
 *   phone             11 digits behind 050, 070, 080, 090, otherwise 10; behind 060 either, for that may be Osaka's
 *                     06 and a 0
 *   postal code       exists unless it is 000-0000
 *   shipping day      not after the 90th day from today; one that is past offends nothing else than the order's day
 *   enclosed invoice  merchants whose code begins with 9 have that contract: sendDiv 0, 1, 2 at registration, 0, 1
 *                     with a new amount. Others have not: 0, 1 and 0
 *   フリー項目        billPostCode
 *   merchant          exists, and may use the service, unless it is 00000000000
 *   password          1 to 8 half-width letters and digits; forbid01 is nobody's
 *   paymentNo         processDiv 2: letters and digits, at most 40
 *
 * Without a line: kaakk010E, for no order here is linked to another service, and kaast014E, which says again what
 * kaast006E says. */
#ifndef SANDBOX_KURONEKO_RULES_H
#define SANDBOX_KURONEKO_RULES_H

#include "sandbox/charset.h"
#include "sandbox/form.h"

#include <stdint.h>

enum {
    SANDBOX_NUMBER_SIZE = 21, /* 受注番号: 20 and the NUL */
    SANDBOX_PARCEL_SIZE = 41, /* 送り状番号: 12, of other carriers 40, and the NUL */
};

/* How an order stands: the service's own numbers, those that KAAST0010 answers. */
enum sandbox_stage {
    SANDBOX_STAGE_APPROVED = 1,
    SANDBOX_STAGE_CANCELLED = 2, /* after it was approved */
    SANDBOX_STAGE_SHIPPED = 3,
    SANDBOX_STAGE_SURVEY = 5,    /* 配送要調査 */
    SANDBOX_STAGE_ALARMED = 6,   /* 警報メール送信済み */
    SANDBOX_STAGE_SOLD = 10,     /* 売上確定 */
    SANDBOX_STAGE_INVOICED = 11, /* 請求書発行済み */
    SANDBOX_STAGE_PAID = 12,     /* 入金済み */
    SANDBOX_STAGE_REVIEW = 30,   /* 審査中 */
    SANDBOX_STAGE_DROPPED = 31,  /* cancelled without having been approved */
    SANDBOX_STAGE_REFUSED = 32,  /* 決済不可 */
};

/* The answer of a review: the service's own numbers. */
enum sandbox_review {
    SANDBOX_REVIEW_OK = 0,
    SANDBOX_REVIEW_NG = 1,
    SANDBOX_REVIEW_OVER_LIMIT = 2,
    SANDBOX_REVIEW_PENDING = 3,
};

/* How the service will answer for one buyer; the list is in sandbox.h. */
struct sandbox_kuroneko_card {
    const char *local_part;               /* of the buyer's email, exactly; NULL: everybody else */
    enum sandbox_review registered;       /* what KAARA0010 answers */
    enum sandbox_review asked;            /* what is answered from the first question on */
    enum sandbox_stage shipped;           /* what an order in SHIPPED becomes with the first KAAST0010 */
    bool fails, ship_fails, cancel_fails; /* kaara029E, kaasl015E, kaacl015E */
};

/* The card of an email address. Static, never NULL. */
const struct sandbox_kuroneko_card *sandbox_kuroneko_card_of(const char *email);

/* What is known of the order that a form is about. */
struct sandbox_kuroneko_facts {
    bool known; /* otherwise nothing below is looked at */
    enum sandbox_stage stage;
    const struct sandbox_kuroneko_card *card;
    int64_t ordered;   /* its day, as sandbox_day_of() */
    long first_amount; /* yen, as registered */
    long amount;       /* yen, as of now */
    size_t parcels;    /* how many it has */
    unsigned others;   /* how many other orders have the parcel `paymentNo` */
    bool has_before;   /* whether it has the parcel `beforePaymentNo` */
};

/* The code of the first rule that `form` offends; NULL where it offends none. `sound_form` is what sandbox_form_parse()
 * said, `now` is seconds since 1970. Static. KAARA0010 and KAAKK0010 have no code for a form that is not sound. */
const char *sandbox_kuroneko_check(const struct sandbox_charset *charset, enum sandbox_api api,
                                   const struct sandbox_form *form, bool sound_form,
                                   const struct sandbox_kuroneko_facts *facts, int64_t now);

#endif
