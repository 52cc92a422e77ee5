/* ledger/originals.c: what order files said; see ledger.h. */
#include "ledger/ledger.h"

#include "ledger/store.h"

#include <time.h>

enum { FIRST_VERSION = 3 }; /* of the schema, that has originals */

static void append_blob(sqlite3_stmt *statement, int column, struct buf *out)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    buf_append(out, bytes != NULL ? bytes : "", (size_t)sqlite3_column_bytes(statement, column));
}

/* The first row that `name` has for the order `id`: `*found` says whether there is one. Reset what is returned; NULL:
 * it failed. */
static sqlite3_stmt *find(struct ledger *ledger, enum store_statement name, struct span id, bool *found,
                          struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, name, error);
    if (statement == NULL)
        return NULL;
    bool bound = store_bind_account(ledger, statement, 1) && store_bind_text(statement, 2, id);
    bool done = bound ? store_step(ledger, statement, found, error) : store_fail(ledger, SQLITE_NOMEM, error);
    return done ? statement : NULL;
}

bool ledger_recall(struct ledger *ledger, struct span id, struct buf *headings, struct buf *rows, bool *found,
                   struct error *error)
{
    *found = false;
    if (ledger->version < FIRST_VERSION)
        return true;
    sqlite3_stmt *statement = find(ledger, STORE_RECALL, id, found, error);
    if (statement == NULL)
        return false;
    if (*found) {
        append_blob(statement, 0, rows);
        append_blob(statement, 1, headings);
    }
    sqlite3_reset(statement);
    return (!headings->failed && !rows->failed) || error_set_memory(error);
}

/* The number of the layout `headings`, which most orders of a file share. */
static bool find_layout(struct ledger *ledger, struct span headings, struct error *error)
{
    bool row;
    if (ledger->layout != 0 &&
        span_equal(headings, (struct span){buf_text(&ledger->headings), ledger->headings.length}))
        return true;
    ledger->layout = 0;
    sqlite3_stmt *statement = store_get(ledger, STORE_LAYOUT, error);
    if (statement == NULL)
        return false;
    if (!store_bind_blob(statement, 1, headings.data, headings.length))
        return store_fail(ledger, SQLITE_NOMEM, error);
    if (!store_step(ledger, statement, &row, error))
        return false;
    int64_t number = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    if (!row) {
        statement = store_get(ledger, STORE_ADD_LAYOUT, error);
        if (statement == NULL ||
            !store_run(ledger, statement, store_bind_blob(statement, 1, headings.data, headings.length), error))
            return false;
        number = sqlite3_last_insert_rowid(ledger->db);
    }
    buf_clear(&ledger->headings);
    buf_append(&ledger->headings, headings.data, headings.length);
    if (ledger->headings.failed)
        return store_fail(ledger, SQLITE_NOMEM, error);
    ledger->layout = number;
    return true;
}

bool ledger_remember(struct ledger *ledger, struct span id, struct span headings, struct span rows, struct error *error)
{
    if (!store_begin(ledger, error) || !find_layout(ledger, headings, error))
        return false;
    sqlite3_stmt *statement = store_get(ledger, STORE_REMEMBER, error);
    if (statement == NULL)
        return false;
    bool bound = store_bind_account(ledger, statement, 1) && store_bind_text(statement, 2, id) &&
                 store_bind_int(statement, 3, (int64_t)time(NULL)) && store_bind_int(statement, 4, ledger->layout) &&
                 store_bind_blob(statement, 5, rows.data, rows.length);
    if (!store_run(ledger, statement, bound, error))
        return false;
    ledger->pending++;
    return true;
}

bool ledger_forget(struct ledger *ledger, int64_t second, struct error *error)
{
    if (!store_begin(ledger, error))
        return false;
    sqlite3_stmt *statement = store_get(ledger, STORE_FORGET, error);
    return statement != NULL && store_run(ledger, statement, store_bind_int(statement, 1, second), error);
}

/* Whether any id begins with a zero: most shops have none, and need not look for each order. */
static bool has_padded(struct ledger *ledger, bool *has, struct error *error)
{
    if (ledger->padded == PADDED_UNKNOWN) {
        bool row;
        sqlite3_stmt *statement = store_get(ledger, STORE_PADDED_ANY, error);
        if (statement == NULL)
            return false;
        if (!store_bind_account(ledger, statement, 1))
            return store_fail(ledger, SQLITE_NOMEM, error);
        if (!store_step(ledger, statement, &row, error))
            return false;
        ledger->padded = row && sqlite3_column_int(statement, 0) != 0 ? PADDED_SOME : PADDED_NONE;
        sqlite3_reset(statement);
    }
    *has = ledger->padded == PADDED_SOME;
    return true;
}

bool ledger_find_padded(struct ledger *ledger, struct span id, char other[LEDGER_ID_SIZE], bool *found,
                        struct error *error)
{
    bool has = false;
    *found = false;
    if (ledger->version < FIRST_VERSION)
        return true;
    if (!has_padded(ledger, &has, error))
        return false;
    if (!has)
        return true;
    sqlite3_stmt *statement = find(ledger, STORE_PADDED, id, found, error);
    if (statement == NULL)
        return false;
    if (*found)
        store_read_text(statement, 0, other, LEDGER_ID_SIZE);
    sqlite3_reset(statement);
    return true;
}
