/* ledger/look.c: looking back; see ledger.h. */
#include "ledger/ledger.h"

#include "ledger/store.h"

/* The texts of an entry, copied: SQLite's own may need memory that is not there. */
struct texts {
    char id[LEDGER_ID_SIZE];
    char service_id[LEDGER_ID_SIZE];
    char replaced[LEDGER_ID_SIZE];
    char code[LEDGER_CODE_SIZE];
    char message[LEDGER_MESSAGE_SIZE];
};

static struct ledger_entry read_entry(sqlite3_stmt *statement, struct texts *texts)
{
    store_read_text(statement, 2, texts->id, sizeof texts->id);
    store_read_text(statement, 3, texts->service_id, sizeof texts->service_id);
    store_read_text(statement, 4, texts->replaced, sizeof texts->replaced);
    store_read_text(statement, 8, texts->code, sizeof texts->code);
    store_read_text(statement, 9, texts->message, sizeof texts->message);
    return (struct ledger_entry){
        .begun = sqlite3_column_int64(statement, 0),
        .ended = sqlite3_column_int64(statement, 1),
        .id = texts->id,
        .service_id = texts->service_id,
        .replaced = texts->replaced,
        .operation = (enum ledger_operation)sqlite3_column_int(statement, 5),
        .in_doubt = sqlite3_column_type(statement, 1) == SQLITE_NULL,
        .end = (enum ledger_end)sqlite3_column_int(statement, 6),
        .status = (enum order_status)sqlite3_column_int(statement, 7),
        .code = texts->code,
        .message = texts->message,
    };
}

bool ledger_history(struct ledger *ledger, const char *id, int64_t since,
                    bool (*each)(void *context, const struct ledger_entry *entry), void *context, struct error *error)
{
    sqlite3_stmt *statement = store_get(ledger, id != NULL ? STORE_HISTORY_OF : STORE_HISTORY, error);
    if (statement == NULL)
        return false;
    if (!store_bind_account(ledger, statement, 1) || !store_bind_int(statement, 2, since) ||
        (id != NULL && !store_bind_text(statement, 3, span_of(id))))
        return store_fail(ledger, SQLITE_NOMEM, error);
    bool row = true;
    while (row) {
        if (!store_step(ledger, statement, &row, error))
            return false;
        struct texts texts;
        if (row) {
            struct ledger_entry entry = read_entry(statement, &texts);
            row = each(context, &entry);
        }
    }
    sqlite3_reset(statement);
    return true;
}

bool ledger_orders(struct ledger *ledger, enum order_status status,
                   bool (*each)(void *context, const char *id, const struct ledger_order *order), void *context,
                   struct error *error)
{
    bool open = status == ORDER_STATUS_NONE;
    sqlite3_stmt *statement = store_get(ledger, open ? STORE_ORDERS_OPEN : STORE_ORDERS, error);
    if (statement == NULL)
        return false;
    if (!store_bind_account(ledger, statement, 1) || (!open && !store_bind_int(statement, 2, status)))
        return store_fail(ledger, SQLITE_NOMEM, error);
    bool row = true;
    while (row) {
        if (!store_step(ledger, statement, &row, error))
            return false;
        char id[LEDGER_ID_SIZE];
        struct ledger_order order;
        if (row) {
            store_read_order(statement, &order, id);
            row = each(context, id, &order);
        }
    }
    sqlite3_reset(statement);
    return true;
}
