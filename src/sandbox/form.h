/* sandbox/form.h: the parameters of the dialect kuroneko, out of a form-encoded body. Pure.
 *
 * A parameter that stands for several things of an order has an instance for each: itemName1 to itemName10, and
 * sendName (the first delivery), sendName2 to sendName10. */
#ifndef SANDBOX_FORM_H
#define SANDBOX_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum { SANDBOX_FORM_INSTANCES = 10 };

/* The calls, as their paths begin. */
enum sandbox_api {
    SANDBOX_KAARA, /* register */
    SANDBOX_KAARS, /* how the review stands */
    SANDBOX_KAAST, /* how the order stands */
    SANDBOX_KAASL, /* ship */
    SANDBOX_KAACL, /* cancel */
    SANDBOX_KAAKK, /* reduce the amount */
    SANDBOX_APIS,
};

/* "KAARA0010" and so on. Static. */
const char *sandbox_api_name(enum sandbox_api api);

enum sandbox_parameter {
    SANDBOX_P_MERCHANT, /* ycfStrCode */
    SANDBOX_P_PASSWORD,
    SANDBOX_P_REQUESTED, /* requestDate */
    SANDBOX_P_ORDER,     /* orderNo */
    SANDBOX_P_ORDERED,   /* orderYmd */
    SANDBOX_P_SHIP_DAY,  /* shipYmd */
    SANDBOX_P_NAME,
    SANDBOX_P_KANA,
    SANDBOX_P_POSTCODE,
    SANDBOX_P_ADDRESS1,
    SANDBOX_P_ADDRESS2,
    SANDBOX_P_PHONE, /* telNum */
    SANDBOX_P_EMAIL,
    SANDBOX_P_TOTAL,    /* totalAmount */
    SANDBOX_P_SEND_DIV, /* sendDiv */
    SANDBOX_P_CART_CODE,
    SANDBOX_P_FRAUD_BUSTER,
    SANDBOX_P_HEADERS, /* headerInformation */
    SANDBOX_P_FREE,    /* billPostCode */
    SANDBOX_P_ITEM_NAME,
    SANDBOX_P_ITEM_COUNT,
    SANDBOX_P_ITEM_PRICE,
    SANDBOX_P_ITEM_TOTAL, /* subTotal */
    SANDBOX_P_SEND_NAME,
    SANDBOX_P_SEND_POSTCODE,
    SANDBOX_P_SEND_ADDRESS1,
    SANDBOX_P_SEND_ADDRESS2,
    SANDBOX_P_SEND_PHONE,
    SANDBOX_P_PARCEL,        /* paymentNo */
    SANDBOX_P_PARCEL_BEFORE, /* beforePaymentNo */
    SANDBOX_P_PROCESS,       /* processDiv */
    SANDBOX_PARAMETERS,
};

struct sandbox_form {
    /* Valid UTF-8; NULL where the body has no such instance. Borrowed from `bytes`. Parameters of one instance have the
     * first. */
    const char *values[SANDBOX_PARAMETERS][SANDBOX_FORM_INSTANCES];
    char *bytes; /* owned */
};

/* Read a body. False when it is none that the call `api` knows: a parameter that is unknown there, or stands twice, a
 * bad escape, a NUL, no UTF-8; or memory ran out. What was read until then is in the form all the same. To be freed in
 * either case. */
bool sandbox_form_parse(struct sandbox_form *form, enum sandbox_api api, const char *body, size_t length);
void sandbox_form_free(struct sandbox_form *form);

/* The first instance, "" where there is none. Borrowed from the form. */
const char *sandbox_form_text(const struct sandbox_form *form, enum sandbox_parameter parameter);

/* How many instances a parameter can have: 1 or SANDBOX_FORM_INSTANCES. */
size_t sandbox_form_instances(enum sandbox_parameter parameter);

#endif
