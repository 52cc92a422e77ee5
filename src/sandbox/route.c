/* sandbox/route.c: see route.h. */
#include "sandbox/route.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode(const char *text, size_t length, char id[SANDBOX_ID_SIZE])
{
    size_t filled = 0;
    for (size_t i = 0; i < length; i++) {
        int byte = (unsigned char)text[i];
        if (byte == '%') {
            int high = length - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (low < 0)
                return false;
            byte = high * 16 + low;
            i += 2;
        }
        if (byte == 0 || filled == SANDBOX_ID_SIZE - 1)
            return false;
        id[filled++] = (char)byte;
    }
    id[filled] = '\0';
    return filled > 0;
}

/* `name` is what stands behind the prefix. */
static struct sandbox_route route_kuroneko(const char *name)
{
    struct sandbox_route route = {.call = SANDBOX_CALL_UNKNOWN, .kuroneko = true};
    if (strcmp(name, "_stats") == 0)
        route.call = SANDBOX_CALL_KURONEKO_STATS;
    for (int api = 0; api < SANDBOX_APIS; api++) {
        const char *known = sandbox_api_name((enum sandbox_api)api);
        size_t length = strlen(known);
        if (strncmp(name, known, length) != 0 || strcmp(name + length, "APIAction_execute.action") != 0)
            continue;
        route.call = SANDBOX_CALL_KURONEKO;
        route.api = (enum sandbox_api)api;
    }
    return route;
}

struct sandbox_route sandbox_route_of(const char *path)
{
    static const char prefix[] = SANDBOX_KURONEKO_PATH;
    static const char orders[] = "/v1/orders";
    struct sandbox_route route = {.call = SANDBOX_CALL_UNKNOWN};
    if (strncmp(path, prefix, sizeof prefix - 1) == 0)
        return route_kuroneko(path + sizeof prefix - 1);
    if (strcmp(path, "/v1/_stats") == 0)
        route.call = SANDBOX_CALL_STATS;
    if (strcmp(path, orders) == 0)
        route.call = SANDBOX_CALL_REGISTER;
    if (strncmp(path, orders, sizeof orders - 1) != 0 || path[sizeof orders - 1] != '/')
        return route;
    const char *id = path + sizeof orders;
    size_t length = strcspn(id, "/");
    if (!decode(id, length, route.id)) {
        route.id[0] = '\0';
        return route;
    }
    if (id[length] == '\0')
        route.call = SANDBOX_CALL_ASK;
    else if (strcmp(id + length, "/shipment") == 0)
        route.call = SANDBOX_CALL_SHIP;
    else if (strcmp(id + length, "/cancellation") == 0)
        route.call = SANDBOX_CALL_CANCEL;
    return route;
}

const char *sandbox_route_method(enum sandbox_call call)
{
    switch (call) {
    case SANDBOX_CALL_REGISTER:
    case SANDBOX_CALL_SHIP:
    case SANDBOX_CALL_CANCEL:
    case SANDBOX_CALL_KURONEKO:
        return "POST";
    case SANDBOX_CALL_ASK:
    case SANDBOX_CALL_STATS:
    case SANDBOX_CALL_KURONEKO_STATS:
        return "GET";
    case SANDBOX_CALL_UNKNOWN:
        break;
    }
    return NULL;
}
