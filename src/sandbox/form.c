/* sandbox/form.c: see form.h. */
#include "sandbox/form.h"

#include "sandbox/charset.h"

#include <stdlib.h>
#include <string.h>

enum numbering {
    ONE,
    FROM_ONE,    /* itemName1 to itemName10 */
    FIRST_PLAIN, /* sendName, sendName2 to sendName10 */
};

enum {
    ALL = 1U << SANDBOX_KAARA | 1U << SANDBOX_KAARS | 1U << SANDBOX_KAAST | 1U << SANDBOX_KAASL | 1U << SANDBOX_KAACL |
          1U << SANDBOX_KAAKK,
    REGISTERS = 1U << SANDBOX_KAARA,
    SHIPS = 1U << SANDBOX_KAASL,
    CONTENT = 1U << SANDBOX_KAARA | 1U << SANDBOX_KAAKK,
};

static const struct {
    const char *name;
    enum numbering numbering;
    unsigned apis; /* that know it, 1 << enum sandbox_api each */
} parameters[SANDBOX_PARAMETERS] = {
    [SANDBOX_P_MERCHANT] = {"ycfStrCode", ONE, ALL},
    [SANDBOX_P_PASSWORD] = {"password", ONE, ALL},
    [SANDBOX_P_REQUESTED] = {"requestDate", ONE, ALL},
    [SANDBOX_P_ORDER] = {"orderNo", ONE, ALL},
    [SANDBOX_P_ORDERED] = {"orderYmd", ONE, CONTENT},
    [SANDBOX_P_SHIP_DAY] = {"shipYmd", ONE, CONTENT | SHIPS},
    [SANDBOX_P_NAME] = {"name", ONE, REGISTERS},
    [SANDBOX_P_KANA] = {"nameKana", ONE, REGISTERS},
    [SANDBOX_P_POSTCODE] = {"postCode", ONE, CONTENT},
    [SANDBOX_P_ADDRESS1] = {"address1", ONE, CONTENT},
    [SANDBOX_P_ADDRESS2] = {"address2", ONE, CONTENT},
    [SANDBOX_P_PHONE] = {"telNum", ONE, REGISTERS},
    [SANDBOX_P_EMAIL] = {"email", ONE, REGISTERS},
    [SANDBOX_P_TOTAL] = {"totalAmount", ONE, CONTENT},
    [SANDBOX_P_SEND_DIV] = {"sendDiv", ONE, CONTENT},
    [SANDBOX_P_CART_CODE] = {"cartCode", ONE, REGISTERS},
    [SANDBOX_P_FRAUD_BUSTER] = {"fraudbuster", ONE, REGISTERS},
    [SANDBOX_P_HEADERS] = {"headerInformation", ONE, REGISTERS},
    [SANDBOX_P_FREE] = {"billPostCode", ONE, CONTENT},
    [SANDBOX_P_ITEM_NAME] = {"itemName", FROM_ONE, CONTENT},
    [SANDBOX_P_ITEM_COUNT] = {"itemCount", FROM_ONE, CONTENT},
    [SANDBOX_P_ITEM_PRICE] = {"unitPrice", FROM_ONE, CONTENT},
    [SANDBOX_P_ITEM_TOTAL] = {"subTotal", FROM_ONE, CONTENT},
    [SANDBOX_P_SEND_NAME] = {"sendName", FIRST_PLAIN, REGISTERS},
    [SANDBOX_P_SEND_POSTCODE] = {"sendPostCode", FIRST_PLAIN, REGISTERS},
    [SANDBOX_P_SEND_ADDRESS1] = {"sendAddress1", FIRST_PLAIN, REGISTERS},
    [SANDBOX_P_SEND_ADDRESS2] = {"sendAddress2", FIRST_PLAIN, REGISTERS},
    [SANDBOX_P_SEND_PHONE] = {"sendTelNum", FIRST_PLAIN, REGISTERS},
    [SANDBOX_P_PARCEL] = {"paymentNo", ONE, SHIPS},
    [SANDBOX_P_PARCEL_BEFORE] = {"beforePaymentNo", ONE, SHIPS},
    [SANDBOX_P_PROCESS] = {"processDiv", ONE, SHIPS},
};

const char *sandbox_api_name(enum sandbox_api api)
{
    static const char *const names[SANDBOX_APIS] = {
        [SANDBOX_KAARA] = "KAARA0010", [SANDBOX_KAARS] = "KAARS0010", [SANDBOX_KAAST] = "KAAST0010",
        [SANDBOX_KAASL] = "KAASL0010", [SANDBOX_KAACL] = "KAACL0010", [SANDBOX_KAAKK] = "KAAKK0010",
    };
    return names[api];
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decode the bytes up to `end` in place, and put a NUL behind them; the one at `end` may be overwritten. */
static bool decode(char *text, const char *end)
{
    char *out = text;
    for (const char *at = text; at < end; at++) {
        int byte = *at == '+' ? ' ' : (unsigned char)*at;
        if (byte == '%') {
            int high = end - at > 2 ? hex_digit(at[1]) : -1;
            int low = high >= 0 ? hex_digit(at[2]) : -1;
            if (low < 0)
                return false;
            byte = high * 16 + low;
            at += 2;
        }
        if (byte == '\0')
            return false;
        *out++ = (char)byte;
    }
    *out = '\0';
    size_t length = (size_t)(out - text);
    for (size_t i = 0, size; i < length; i += size) {
        size = (unsigned char)text[i] < 0x80 ? 1 : sandbox_utf8_size((const unsigned char *)text + i, length - i);
        if (size == 0)
            return false;
    }
    return true;
}

/* The instance that a name's end means, from 0; -1: none. */
static int instance_of(const char *end, enum numbering numbering)
{
    static const char *const numbers[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"};
    if (numbering != FROM_ONE && *end == '\0')
        return 0;
    for (int i = numbering == FROM_ONE ? 0 : 1; numbering != ONE && i < SANDBOX_FORM_INSTANCES; i++)
        if (strcmp(end, numbers[i]) == 0)
            return i;
    return -1;
}

/* Where the value of `name` goes; NULL: the call knows no such parameter. The search begins at `*guess`, for clients
 * send them in the order of the specification, which is ours, too. */
static const char **find(struct sandbox_form *form, enum sandbox_api api, const char *name, size_t *guess)
{
    for (size_t i = 0; i < SANDBOX_PARAMETERS; i++) {
        size_t parameter = (*guess + i) % SANDBOX_PARAMETERS;
        size_t length = strlen(parameters[parameter].name);
        if (strncmp(name, parameters[parameter].name, length) != 0 || (parameters[parameter].apis & 1U << api) == 0)
            continue;
        int instance = instance_of(name + length, parameters[parameter].numbering);
        if (instance < 0)
            continue;
        *guess = parameter;
        return &form->values[parameter][instance];
    }
    return NULL;
}

bool sandbox_form_parse(struct sandbox_form *form, enum sandbox_api api, const char *body, size_t length)
{
    bool good = true;
    size_t guess = 0;
    memset(form, 0, sizeof *form);
    form->bytes = malloc(length + 1);
    if (form->bytes == NULL)
        return false;
    memcpy(form->bytes, body, length);
    form->bytes[length] = '\0';
    const char *end = form->bytes + length;
    for (char *name = form->bytes; name < end;) {
        char *next = memchr(name, '&', (size_t)(end - name));
        char *stop = next != NULL ? next : form->bytes + length;
        char *equals = memchr(name, '=', (size_t)(stop - name));
        const char **value = NULL;
        if (equals != NULL && decode(equals + 1, stop) && decode(name, equals))
            value = find(form, api, name, &guess);
        if (value != NULL && *value == NULL)
            *value = equals + 1;
        else
            good = false;
        name = stop + 1;
    }
    return good;
}

void sandbox_form_free(struct sandbox_form *form)
{
    free(form->bytes);
    form->bytes = NULL;
}

const char *sandbox_form_text(const struct sandbox_form *form, enum sandbox_parameter parameter)
{
    return form->values[parameter][0] != NULL ? form->values[parameter][0] : "";
}

size_t sandbox_form_instances(enum sandbox_parameter parameter)
{
    return parameters[parameter].numbering == ONE ? 1 : SANDBOX_FORM_INSTANCES;
}
