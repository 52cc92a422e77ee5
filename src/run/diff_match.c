/* run/diff_match.c: see diff_match.h. */
#include "run/diff_match.h"

#include "base/hash.h"
#include "order/damage.h"

#include <stdlib.h>

enum { CANDIDATES_MAX = 16 }; /* rows of an order that a row is compared with, so that no file takes for ever */

/* A row that has no partner yet, by one of its hashes. */
struct loose {
    uint64_t hash;
    uint32_t row;
};

struct matching {
    struct diff_side *sides[2]; /* the old file first */
    const struct diff_columns *columns;
    struct loose *loose[2]; /* sorted */
    size_t count[2];
    struct error *error;
};

/* Rows of both sides with one hash; `first` of each side, in the order of the file. */
struct group {
    struct loose *first[2];
    size_t count[2];
};

static bool is_loose(const struct matching *matching, int side, uint32_t row)
{
    return matching->sides[side]->rows[row].partner == DIFF_NONE;
}

static void pair(const struct matching *matching, uint32_t before, uint32_t after)
{
    matching->sides[0]->rows[before].partner = after;
    matching->sides[1]->rows[after].partner = before;
}

/* ---- Groups ---- */

typedef uint64_t hash_fn(const struct diff_row *row);

static uint64_t hash_of_whole(const struct diff_row *row)
{
    return row->whole;
}

static uint64_t hash_of_key(const struct diff_row *row)
{
    return row->key;
}

static uint64_t hash_of_id(const struct diff_row *row)
{
    return row->id;
}

static uint64_t hash_of_rest(const struct diff_row *row)
{
    return hash_add(row->id, (struct span){(const char *)&row->rest, sizeof row->rest});
}

static int compare(const void *a, const void *b)
{
    const struct loose *left = a;
    const struct loose *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

/* Find the rows that are left, sorted by their hashes. */
static void collect(struct matching *matching, hash_fn *hash)
{
    for (int side = 0; side < 2; side++) {
        const struct diff_side *file = matching->sides[side];
        size_t count = 0;
        for (uint32_t row = 0; row < file->row_count; row++)
            if (is_loose(matching, side, row))
                matching->loose[side][count++] = (struct loose){hash(&file->rows[row]), row};
        matching->count[side] = count;
        qsort(matching->loose[side], count, sizeof *matching->loose[side], compare);
    }
}

/* How many rows from `at` on have the hash of that one. */
static size_t run_of(const struct matching *matching, int side, size_t at)
{
    size_t end = at;
    while (end < matching->count[side] && matching->loose[side][end].hash == matching->loose[side][at].hash)
        end++;
    return end - at;
}

typedef bool pairing_fn(struct matching *matching, const struct group *group);

/* Have the rows with one hash on both sides paired. */
static bool each_group(struct matching *matching, hash_fn *hash, pairing_fn *pairing)
{
    size_t at[2] = {0, 0};
    collect(matching, hash);
    while (at[0] < matching->count[0] && at[1] < matching->count[1]) {
        struct group group;
        for (int side = 0; side < 2; side++) {
            group.first[side] = matching->loose[side] + at[side];
            group.count[side] = run_of(matching, side, at[side]);
        }
        uint64_t before = group.first[0]->hash;
        uint64_t after = group.first[1]->hash;
        if (before == after && !pairing(matching, &group))
            return false;
        if (before <= after)
            at[0] += group.count[0];
        if (after <= before)
            at[1] += group.count[1];
    }
    return true;
}

/* ---- Pairs ---- */

static bool pair_in_order(struct matching *matching, const struct group *group)
{
    for (size_t i = 0; i < group->count[0] && i < group->count[1]; i++)
        pair(matching, group->first[0][i].row, group->first[1][i].row);
    return true;
}

static bool pair_if_as_many(struct matching *matching, const struct group *group)
{
    return group->count[0] != group->count[1] || pair_in_order(matching, group);
}

/* How alike the rows are that are loaded: what is the same of what their lines say of themselves, and of how much. */
static size_t likeness(const struct matching *matching, size_t *most)
{
    const struct diff_columns *columns = matching->columns;
    size_t same = 0;
    *most = 0;
    for (size_t i = 0; i < columns->count; i++) {
        const struct diff_pair *pair = &columns->pairs[i];
        struct span before = diff_side_value(matching->sides[0], pair->before);
        struct span after = diff_side_value(matching->sides[1], pair->after);
        if (pair->names || !pair->line || (before.length == 0 && after.length == 0))
            continue;
        ++*most;
        same += span_equal(before, after) || damage_of(before, after) != DAMAGE_NONE;
    }
    return same;
}

/* What else speaks for a pair: the same names, or what a spreadsheet made of them. */
static size_t named_alike(const struct matching *matching)
{
    const struct diff_columns *columns = matching->columns;
    size_t alike = 0;
    for (size_t i = 0; i < columns->count; i++) {
        const struct diff_pair *pair = &columns->pairs[i];
        struct span before = diff_side_value(matching->sides[0], pair->before);
        struct span after = diff_side_value(matching->sides[1], pair->after);
        if (pair->names)
            alike += span_equal(before, after) ? 2 : damage_of(before, after) != DAMAGE_NONE;
    }
    return alike;
}

/* Pair the row `after` of the new file with the old one of the group that is most like it, and take that out of the
 * group, all of which has no partner. `half`: only where half of it is the same. */
static bool pair_with_likest(struct matching *matching, struct group *group, uint32_t after, bool half)
{
    const size_t named = matching->columns->line[0] != ORDER_NO_COLUMN ? 4 : 2; /* the most that named_alike() says */
    struct loose *old = group->first[0];
    size_t likest = group->count[0];
    size_t best = 0;
    size_t most;
    if (!diff_side_load(matching->sides[1], after, matching->error))
        return false;
    for (size_t i = 0; i < group->count[0] && i < CANDIDATES_MAX && best < SIZE_MAX; i++) {
        if (!diff_side_load(matching->sides[0], old[i].row, matching->error))
            return false;
        size_t same = likeness(matching, &most);
        size_t alike = named_alike(matching);
        size_t score = same == most && alike == named ? SIZE_MAX : 1 + 4 * same + alike;
        if ((half && 2 * same < most) || score <= best)
            continue;
        best = score;
        likest = i;
    }
    if (likest == group->count[0])
        return true;
    pair(matching, old[likest].row, after);
    memmove(old + 1, old, likest * sizeof *old);
    group->first[0]++;
    group->count[0]--;
    return true;
}

static bool pair_likest(struct matching *matching, const struct group *group, bool half)
{
    struct group left = *group;
    for (size_t i = 0; i < group->count[1] && left.count[0] > 0; i++)
        if (!pair_with_likest(matching, &left, group->first[1][i].row, half))
            return false;
    return true;
}

/* Rows of one name are one row, even if all else was changed. */
static bool pair_named(struct matching *matching, const struct group *group)
{
    if (group->count[0] == 1 && group->count[1] == 1)
        return pair_in_order(matching, group);
    return pair_likest(matching, group, false);
}

static bool pair_alike(struct matching *matching, const struct group *group)
{
    return pair_likest(matching, group, true);
}

static bool match(struct matching *matching)
{
    bool lines = matching->columns->line[0] != ORDER_NO_COLUMN;
    return each_group(matching, hash_of_whole, pair_in_order) &&
           (!lines || each_group(matching, hash_of_key, pair_named)) &&
           each_group(matching, hash_of_rest, pair_in_order) && each_group(matching, hash_of_id, pair_alike) &&
           (lines || each_group(matching, hash_of_id, pair_if_as_many));
}

bool diff_match(struct diff_side *before, struct diff_side *after, const struct diff_columns *columns,
                struct error *error)
{
    struct matching matching = {.sides = {before, after}, .columns = columns, .error = error};
    matching.loose[0] = calloc(before->row_count + 1, sizeof *matching.loose[0]);
    matching.loose[1] = calloc(after->row_count + 1, sizeof *matching.loose[1]);
    bool matched = matching.loose[0] != NULL && matching.loose[1] != NULL ? match(&matching) : error_set_memory(error);
    free(matching.loose[0]);
    free(matching.loose[1]);
    return matched;
}
