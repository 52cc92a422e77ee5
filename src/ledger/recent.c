/* ledger/recent.c: see recent.h. */
#include "ledger/recent.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum {
    SETS = 256, /* by the hash of the id */
    WAYS = 4,   /* places of each; together 1,024, 1.4 MiB: more than a run has on its way, but for those that wait */
};

struct recent {
    uint64_t uses;
    struct recent_order places[SETS][WAYS];
    struct recent_order odd; /* of an id that fits nowhere */
};

struct recent *recent_new(void)
{
    return calloc(1, sizeof(struct recent));
}

void recent_free(struct recent *recent)
{
    free(recent);
}

static bool is_of(const struct recent_order *place, struct span id)
{
    return place->used > 0 && span_equal(id, (struct span){place->id, place->length});
}

struct recent_order *recent_get(struct recent *recent, struct span id, bool *there)
{
    bool odd = id.length >= LEDGER_ID_SIZE;
    struct recent_order *set = recent->places[hash_add(HASH_BEGIN, id) % SETS];
    struct recent_order *place = odd ? &recent->odd : set;
    *there = false;
    for (size_t i = 0; i < WAYS && !*there && !odd; i++) {
        *there = is_of(&set[i], id);
        if (*there || set[i].used < place->used)
            place = &set[i];
    }
    if (!*there) {
        *place = (struct recent_order){.length = odd ? 0 : id.length};
        if (place->length > 0)
            memcpy(place->id, id.data, id.length);
    }
    place->used = ++recent->uses;
    return place;
}

void recent_drop(struct recent_order *place)
{
    *place = (struct recent_order){0};
}
