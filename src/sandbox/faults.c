/* sandbox/faults.c: see faults.h. */
#include "sandbox/faults.h"

#include <stdio.h>
#include <string.h>

enum {
    FAULT_KINDS = SANDBOX_FAULT_EXCEPTION,
    DRAWS = 7, /* of one request; the kinds behind have draws of a generator of their own */
};

/* What makes other generators of a seed. */
static const uint64_t more_kinds = UINT64_C(0x6b75726f6e656b6f);
static const uint64_t coins = UINT64_C(0x636f696e);

/* The names of the option, and where each one's probability stands; in the order of enum sandbox_fault. */
static const struct {
    const char *name;
    size_t offset;
} kinds[FAULT_KINDS] = {
    {"timeout", offsetof(struct sandbox_faults, timeout)},         {"reset", offsetof(struct sandbox_faults, reset)},
    {"500", offsetof(struct sandbox_faults, server_error)},        {"429", offsetof(struct sandbox_faults, too_many)},
    {"garbage", offsetof(struct sandbox_faults, garbage)},         {"slow", offsetof(struct sandbox_faults, slow)},
    {"lost-answer", offsetof(struct sandbox_faults, lost_answer)}, {"err", offsetof(struct sandbox_faults, exception)},
};

static double probability_get(const struct sandbox_faults *faults, size_t kind)
{
    double value;
    memcpy(&value, (const char *)faults + kinds[kind].offset, sizeof value);
    return value;
}

/* "0", "1", "0.25", ".5": digits with a point, whatever the locale's own point is (strtod would heed it). */
static bool parse_probability(const char *text, size_t length, double *value)
{
    double number = 0;
    double scale = 0; /* ten to the digits behind the point; 0 before it */
    size_t digits = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && !(scale > 0)) {
            scale = 1;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (text[i] - '0');
        scale *= 10;
        digits++;
    }
    *value = scale > 0 ? number / scale : number;
    return digits > 0 && *value <= 1;
}

/* One "name=P". */
static bool parse_word(const char *word, size_t length, struct sandbox_faults *faults)
{
    const char *equals = memchr(word, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - word) : 0;
    double value;
    for (size_t kind = 0; kind < FAULT_KINDS; kind++) {
        if (equals == NULL || strlen(kinds[kind].name) != name_length ||
            memcmp(kinds[kind].name, word, name_length) != 0)
            continue;
        if (!parse_probability(equals + 1, length - name_length - 1, &value))
            return false;
        memcpy((char *)faults + kinds[kind].offset, &value, sizeof value);
        return true;
    }
    return false;
}

bool sandbox_parse_faults(const char *text, struct sandbox_faults *faults, struct error *error)
{
    struct sandbox_faults parsed = {0};
    const char *word = text;
    while (*word != '\0') {
        size_t length = strcspn(word, ",");
        if (!parse_word(word, length, &parsed)) {
            char shown[ERROR_ARG_SIZE];
            snprintf(shown, sizeof shown, "%.*s", length < sizeof shown ? (int)length : (int)sizeof shown - 1, word);
            return error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, "--fault", shown, NULL);
        }
        word += length;
        word += *word == ',';
    }
    *faults = parsed;
    return true;
}

/* The n-th number of splitmix64 (Steele, Lea, Flood 2014), whose state is a counter: so each can be had on its own. */
static uint64_t splitmix64(uint64_t seed, uint64_t n)
{
    uint64_t z = seed + (n + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

enum sandbox_fault sandbox_fault_draw(const struct sandbox_faults *faults, uint64_t seed, uint64_t request)
{
    for (size_t kind = 0; kind < FAULT_KINDS; kind++) {
        uint64_t number =
            kind < DRAWS ? splitmix64(seed, request * DRAWS + kind) : splitmix64(seed ^ more_kinds, request);
        /* 53 bits fill a double from 0 to just below 1: probability 1 always strikes, 0 never. */
        double drawn = (double)(number >> 11) * 0x1p-53;
        if (drawn < probability_get(faults, kind))
            return (enum sandbox_fault)(kind + 1);
    }
    return SANDBOX_FAULT_NONE;
}

bool sandbox_fault_coin(uint64_t seed, uint64_t request)
{
    return splitmix64(seed ^ coins, request) >> 63 != 0;
}
