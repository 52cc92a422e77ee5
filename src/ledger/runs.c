/* ledger/runs.c: how runs went; see ledger.h. */
#include "ledger/ledger.h"

#include "ledger/store.h"

enum {
    FIRST_VERSION = 4, /* of the schema, that has runs */
    DAY = 24 * 60 * 60,
};

/* Take the older ones away: by time for all accounts, by number for this one. */
static bool drop_runs(struct ledger *ledger, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, STORE_DROP_OLD_RUNS, error);
    if (statement == NULL ||
        !store_run(ledger, statement, store_bind_int(statement, 1, now - (int64_t)LEDGER_RUN_DAYS * DAY), error))
        return false;
    statement = store_get(ledger, STORE_DROP_MORE_RUNS, error);
    return statement != NULL &&
           store_run(ledger, statement,
                     store_bind_account(ledger, statement, 1) && store_bind_int(statement, 2, LEDGER_RUNS_MAX), error);
}

bool ledger_add_run(struct ledger *ledger, const struct ledger_run *run, struct error *error)
{
    if (!store_begin(ledger, error))
        return false;
    sqlite3_stmt *statement = store_get(ledger, STORE_ADD_RUN, error);
    if (statement == NULL)
        return false;
    bool bound =
        store_bind_account(ledger, statement, 1) && store_bind_text(statement, 2, span_of(run->command)) &&
        store_bind_int(statement, 3, run->began) && store_bind_int(statement, 4, (int64_t)run->elapsed_ms) &&
        store_bind_int(statement, 5, (int64_t)run->rows) && store_bind_int(statement, 6, (int64_t)run->orders) &&
        store_bind_int(statement, 7, (int64_t)run->succeeded) && store_bind_int(statement, 8, (int64_t)run->failed) &&
        store_bind_int(statement, 9, (int64_t)run->invalid) && store_bind_int(statement, 10, (int64_t)run->unsent) &&
        store_bind_int(statement, 11, run->exit);
    if (!store_run(ledger, statement, bound, error) || !drop_runs(ledger, run->began, error))
        return false;
    ledger->pending++;
    return true;
}

static uint64_t read_count(sqlite3_stmt *statement, int column)
{
    int64_t count = sqlite3_column_int64(statement, column);
    return count > 0 ? (uint64_t)count : 0;
}

static void read_run(sqlite3_stmt *statement, struct ledger_run *run)
{
    *run = (struct ledger_run){.began = sqlite3_column_int64(statement, 1),
                               .elapsed_ms = read_count(statement, 2),
                               .rows = read_count(statement, 3),
                               .orders = read_count(statement, 4),
                               .succeeded = read_count(statement, 5),
                               .failed = read_count(statement, 6),
                               .invalid = read_count(statement, 7),
                               .unsent = read_count(statement, 8),
                               .exit = sqlite3_column_int(statement, 9)};
    store_read_text(statement, 0, run->command, sizeof run->command);
}

bool ledger_runs(struct ledger *ledger, size_t most, struct ledger_run *runs, size_t *count, struct error *error)
{
    bool row = true;
    *count = 0;
    if (ledger->version < FIRST_VERSION || ledger->all_accounts)
        return true;
    sqlite3_stmt *statement = store_get(ledger, STORE_RUNS, error);
    if (statement == NULL)
        return false;
    if (!store_bind_account(ledger, statement, 1) || !store_bind_int(statement, 2, (int64_t)most))
        return store_fail(ledger, SQLITE_NOMEM, error);
    while (*count < most && row) {
        if (!store_step(ledger, statement, &row, error))
            return false;
        if (row)
            read_run(statement, &runs[(*count)++]);
    }
    sqlite3_reset(statement);
    return true;
}
