/* ledger/store.c: see store.h. */
#include "ledger/store.h"

#include <errno.h>
#include <string.h>

/* The columns that store_read_order() reads, of the order `o` and its open intent `p`. */
#define ORDER_COLUMNS                                                                                                  \
    "SELECT o.id, o.service_id, o.issue, o.registered, o.is_foreign, o.status, o.content, o.fields, o.mall, "          \
    "o.shipment, o.registered_at, o.changed_at, o.register_generation, o.ship_generation, o.cancel_generation, "       \
    "o.code, o.message, p.operation, p.service_id, p.issue, p.body, p.content, p.fields, p.mall, p.shipment, "         \
    "p.begun, p.conflicted, p.number "

enum order_column {
    COLUMN_ID,
    COLUMN_SERVICE_ID,
    COLUMN_ISSUE,
    COLUMN_REGISTERED,
    COLUMN_FOREIGN,
    COLUMN_STATUS,
    COLUMN_CONTENT,
    COLUMN_FIELDS,
    COLUMN_MALL,
    COLUMN_SHIPMENT,
    COLUMN_REGISTERED_AT,
    COLUMN_CHANGED_AT,
    COLUMN_GENERATIONS,
    COLUMN_CODE = COLUMN_GENERATIONS + LEDGER_ASK,
    COLUMN_MESSAGE,
    COLUMN_INTENT,
    COLUMN_INTENT_SERVICE_ID,
    COLUMN_INTENT_ISSUE,
    COLUMN_INTENT_BODY,
    COLUMN_INTENT_CONTENT,
    COLUMN_INTENT_FIELDS,
    COLUMN_INTENT_MALL,
    COLUMN_INTENT_SHIPMENT,
    COLUMN_INTENT_BEGUN,
    COLUMN_INTENT_CONFLICTED,
    COLUMN_INTENT_NUMBER,
};

#define OPEN_INTENT "LEFT JOIN operations AS p ON p.id = o.id AND p.account = o.account AND p.ended IS NULL "

#define HISTORY_COLUMNS                                                                                                \
    "SELECT begun, ended, id, service_id, replaced, operation, outcome, status, code, message FROM operations "

/* ?2 with one to twelve zeros before it. */
#define PADDED                                                                                                         \
    "'0' || ?2, '00' || ?2, '000' || ?2, '0000' || ?2, '00000' || ?2, '000000' || ?2, '0000000' || ?2, "               \
    "'00000000' || ?2, '000000000' || ?2, '0000000000' || ?2, '00000000000' || ?2, '000000000000' || ?2"

/* ?1 is the account everywhere, but where rows are found by number or age, and for layouts. */
static const char *const texts[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_FIND] = ORDER_COLUMNS "FROM orders AS o " OPEN_INTENT "WHERE o.account = ?1 AND o.id = ?2",
    [STORE_FIND_MALL] = "SELECT id, registered_at FROM orders INDEXED BY orders_mall WHERE account = ?1 AND mall = ?2 "
                        "AND id <> ?3 AND registered = 1 AND status NOT IN (?4, ?5) LIMIT 1",
    [STORE_FIND_MALL_OPEN] = "SELECT id, begun FROM operations WHERE account = ?1 AND mall = ?2 AND id <> ?3 "
                             "AND ended IS NULL LIMIT 1",
    [STORE_ADD_ORDER] = "INSERT INTO orders (account, id, service_id, issue) VALUES (?1, ?2, ?3, ?4)",
    [STORE_CHANGE_ORDER] =
        "UPDATE orders SET service_id = ?3, issue = ?4, registered = ?5, is_foreign = ?6, status = ?7, content = ?8, "
        "fields = ?9, mall = ?10, shipment = ?11, registered_at = ?12, changed_at = ?13, register_generation = ?14, "
        "ship_generation = ?15, cancel_generation = ?16, code = ?17, message = ?18 WHERE account = ?1 AND id = ?2",
    [STORE_ADD_OPERATION] =
        "INSERT INTO operations (account, id, operation, service_id, issue, replaced, body, content, fields, mall, "
        "shipment, begun, ended, outcome, status) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [STORE_NOTE_CONFLICT] = "UPDATE operations SET conflicted = 1 WHERE number = ?1",
    [STORE_END_OPERATION] = "UPDATE operations SET ended = ?2, outcome = ?3, status = ?4, code = ?5, message = ?6, "
                            "body = NULL, content = NULL, fields = NULL, mall = NULL, shipment = NULL, conflicted = 0 "
                            "WHERE number = ?1",
    [STORE_HISTORY] = HISTORY_COLUMNS "WHERE begun >= ?2 AND (?1 IS NULL OR account = ?1) ORDER BY begun, number",
    [STORE_HISTORY_OF] =
        HISTORY_COLUMNS "WHERE id = ?3 AND begun >= ?2 AND (?1 IS NULL OR account = ?1) ORDER BY begun, number",
    [STORE_ORDERS] = ORDER_COLUMNS "FROM orders AS o " OPEN_INTENT
                                   "WHERE o.status = ?2 AND (?1 IS NULL OR o.account = ?1) ORDER BY o.id, o.account",
    [STORE_ORDERS_OPEN] = ORDER_COLUMNS
    "FROM operations AS p INDEXED BY operations_open CROSS JOIN orders AS o ON o.account = p.account AND o.id = p.id "
    "WHERE p.ended IS NULL AND (?1 IS NULL OR p.account = ?1) ORDER BY p.id, p.account",
    [STORE_LAYOUT] = "SELECT number FROM layouts WHERE headings = ?1",
    [STORE_ADD_LAYOUT] = "INSERT INTO layouts (headings) VALUES (?1)",
    [STORE_RECALL] = "SELECT r.rows, l.headings FROM originals AS r JOIN layouts AS l ON l.number = r.layout "
                     "WHERE r.id = ?2 AND (?1 IS NULL OR r.account = ?1) ORDER BY r.read_at DESC LIMIT 1",
    [STORE_REMEMBER] = "INSERT OR REPLACE INTO originals (account, id, read_at, layout, rows) "
                       "VALUES (?1, ?2, ?3, ?4, ?5)",
    [STORE_FORGET] = "DELETE FROM originals WHERE read_at < ?1",
    [STORE_PADDED_ANY] = "SELECT EXISTS (SELECT 1 FROM orders WHERE account = ?1 AND id >= '0' AND id < '1') "
                         "OR EXISTS (SELECT 1 FROM originals WHERE id >= '0' AND id < '1')",
    [STORE_PADDED] = "SELECT id FROM orders WHERE account = ?1 AND id IN (" PADDED ") UNION ALL "
                     "SELECT id FROM originals WHERE account = ?1 AND id IN (" PADDED ") LIMIT 1",
    [STORE_ADD_RUN] = "INSERT INTO runs (account, command, began, elapsed, rows, orders, succeeded, failed, invalid, "
                      "unsent, exit) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [STORE_DROP_OLD_RUNS] = "DELETE FROM runs WHERE began < ?1",
    [STORE_DROP_MORE_RUNS] = "DELETE FROM runs WHERE account = ?1 AND number <= (SELECT number FROM runs WHERE "
                             "account = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
    [STORE_RUNS] =
        "SELECT command, began, elapsed, rows, orders, succeeded, failed, invalid, unsent, exit FROM (SELECT "
        "* FROM runs WHERE account = ?1 ORDER BY number DESC LIMIT ?2) ORDER BY number",
};

/* ---- Failures ---- */

/* NOTADB: a database whose beginning was damaged, or no database at all? It says so in two places; one is enough. */
static bool was_a_ledger(sqlite3 *db)
{
    static const char magic[16] = "SQLite format 3";
    char header[100] = {0};
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file == NULL ||
        file->pMethods == NULL)
        return false;
    file->pMethods->xRead(file, header, sizeof header, 0);
    return memcmp(header, magic, sizeof magic) == 0 || memcmp(header + 68, "ATBR", 4) == 0;
}

/* The system's reason for `rc`; 0: it had none. */
static int system_reason(sqlite3 *db, int rc)
{
    static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
    int primary = rc & 0xFF;
    if (primary == SQLITE_FULL)
        return ENOSPC;
    /* For other failures SQLite keeps an older number. */
    if (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN)
        return 0;
    int reason = sqlite3_system_errno(db);
    /* It is not set where a commit failed; but the log and the database have their own. */
    for (size_t i = 0; reason == 0 && i < sizeof files / sizeof files[0]; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(db, "main", files[i], &file) == SQLITE_OK && file != NULL && file->pMethods != NULL)
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &reason);
    }
    return reason;
}

static void tell_unusable(struct ledger *ledger, int rc, struct error *failure)
{
    int reason = ledger->db != NULL ? system_reason(ledger->db, rc) : 0;
    if (reason != 0)
        error_set_errno(failure, ERROR_CONFIG, "LEDGER_UNWRITABLE", ledger->path, reason);
    else
        error_set(failure, ERROR_CONFIG, "LEDGER_UNWRITABLE", ledger->path, sqlite3_errstr(rc), NULL, NULL);
}

static void tell_failure(struct ledger *ledger, int rc, struct error *failure)
{
    switch (rc & 0xFF) {
    case SQLITE_NOMEM:
        error_set_memory(failure);
        return;
    case SQLITE_NOTADB:
        if (!was_a_ledger(ledger->db)) {
            error_set(failure, ERROR_CONFIG, "LEDGER_FOREIGN", ledger->path, NULL, NULL, NULL);
            return;
        }
        break;
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT: /* nothing that is written breaks a rule of the schema, unless what stands there does */
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* a table is missing */
        break;
    default:
        tell_unusable(ledger, rc, failure);
        return;
    }
    error_set(failure, ERROR_CONFIG, "LEDGER_CORRUPT", ledger->path, sqlite3_errmsg(ledger->db), NULL, NULL);
}

static bool end_in_failure(struct ledger *ledger, struct error *error)
{
    for (size_t i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_reset(ledger->statements[i]);
    if (ledger->db != NULL && sqlite3_get_autocommit(ledger->db) == 0)
        sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    *error = ledger->failure;
    return false;
}

bool store_fail(struct ledger *ledger, int rc, struct error *error)
{
    if (ledger->failure.kind == ERROR_NONE)
        tell_failure(ledger, rc, &ledger->failure);
    return end_in_failure(ledger, error);
}

bool store_fail_corrupt(struct ledger *ledger, const char *detail, struct error *error)
{
    if (ledger->failure.kind == ERROR_NONE)
        error_set(&ledger->failure, ERROR_CONFIG, "LEDGER_CORRUPT", ledger->path, detail, NULL, NULL);
    return end_in_failure(ledger, error);
}

/* ---- Statements ---- */

sqlite3_stmt *store_get(struct ledger *ledger, enum store_statement name, struct error *error)
{
    if (ledger->failure.kind != ERROR_NONE) {
        *error = ledger->failure;
        return NULL;
    }
    sqlite3_stmt **statement = &ledger->statements[name];
    if (*statement == NULL) {
        int rc = sqlite3_prepare_v3(ledger->db, texts[name], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
        if (rc != SQLITE_OK) {
            store_fail(ledger, sqlite3_extended_errcode(ledger->db), error);
            return NULL;
        }
    }
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    return *statement;
}

bool store_step(struct ledger *ledger, sqlite3_stmt *statement, bool *row, struct error *error)
{
    int rc = sqlite3_step(statement);
    *row = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return store_fail(ledger, sqlite3_extended_errcode(ledger->db), error);
    if (rc == SQLITE_DONE)
        sqlite3_reset(statement);
    return true;
}

bool store_run(struct ledger *ledger, sqlite3_stmt *statement, bool bound, struct error *error)
{
    bool row;
    return bound ? store_step(ledger, statement, &row, error) : store_fail(ledger, SQLITE_NOMEM, error);
}

bool store_begin(struct ledger *ledger, struct error *error)
{
    /* A failure rolls back, which would look like no transaction: store_get() minds it. */
    if (ledger->failure.kind == ERROR_NONE && sqlite3_get_autocommit(ledger->db) == 0)
        return true;
    sqlite3_stmt *statement = store_get(ledger, STORE_BEGIN, error);
    return statement != NULL && store_run(ledger, statement, true, error);
}

bool store_bind_int(sqlite3_stmt *statement, int place, int64_t value)
{
    return sqlite3_bind_int64(statement, place, value) == SQLITE_OK;
}

bool store_bind_text(sqlite3_stmt *statement, int place, struct span text)
{
    return sqlite3_bind_text64(statement, place, text.data != NULL ? text.data : "", text.length, SQLITE_STATIC,
                               SQLITE_UTF8) == SQLITE_OK;
}

bool store_bind_blob(sqlite3_stmt *statement, int place, const void *bytes, size_t length)
{
    return sqlite3_bind_blob64(statement, place, bytes, length, SQLITE_STATIC) == SQLITE_OK;
}

bool store_bind_hash(sqlite3_stmt *statement, int place, const struct ledger_hash *hash)
{
    return !ledger_hash_is_set(hash) || store_bind_blob(statement, place, hash->bytes, sizeof hash->bytes);
}

bool store_bind_account(const struct ledger *ledger, sqlite3_stmt *statement, int place)
{
    return ledger->all_accounts || store_bind_int(statement, place, ledger->account);
}

void store_read_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
    /* As a blob, for SQLite needs memory to end a text with a NUL. */
    const void *bytes = sqlite3_column_blob(statement, column);
    size_t length = (size_t)sqlite3_column_bytes(statement, column);
    if (length >= size)
        length = size - 1;
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
}

void store_read_hash(sqlite3_stmt *statement, int column, struct ledger_hash *hash)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    if (sqlite3_column_bytes(statement, column) == LEDGER_HASH_SIZE)
        memcpy(hash->bytes, bytes, LEDGER_HASH_SIZE);
    else
        *hash = (struct ledger_hash){0};
}

/* ---- Orders as rows ---- */

size_t store_pack_fields(const struct ledger_content *content, unsigned char bytes[STORE_FIELDS_SIZE])
{
    size_t count = LEDGER_FIELDS_MAX;
    while (count > 0 && content->fields[count - 1] == 0)
        count--;
    for (size_t i = 0; i < count; i++) {
        bytes[2 * i] = (unsigned char)(content->fields[i] & 0xFFU);
        bytes[2 * i + 1] = (unsigned char)(content->fields[i] >> 8);
    }
    return 2 * count;
}

static void read_content(sqlite3_stmt *statement, int column, struct ledger_content *content)
{
    store_read_hash(statement, column, &content->hash);
    const unsigned char *bytes = sqlite3_column_blob(statement, column + 1);
    size_t length = (size_t)sqlite3_column_bytes(statement, column + 1);
    for (size_t i = 0; i < LEDGER_FIELDS_MAX && 2 * i + 1 < length; i++)
        content->fields[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
}

static void read_intent(sqlite3_stmt *statement, struct ledger_intent *intent)
{
    intent->operation = (enum ledger_operation)sqlite3_column_int(statement, COLUMN_INTENT);
    store_read_text(statement, COLUMN_INTENT_SERVICE_ID, intent->service_id, sizeof intent->service_id);
    intent->issue = (uint32_t)sqlite3_column_int64(statement, COLUMN_INTENT_ISSUE);
    store_read_hash(statement, COLUMN_INTENT_BODY, &intent->body);
    read_content(statement, COLUMN_INTENT_CONTENT, &intent->content);
    store_read_hash(statement, COLUMN_INTENT_MALL, &intent->mall);
    store_read_hash(statement, COLUMN_INTENT_SHIPMENT, &intent->shipment);
    intent->begun = sqlite3_column_int64(statement, COLUMN_INTENT_BEGUN);
    intent->conflicted = sqlite3_column_int(statement, COLUMN_INTENT_CONFLICTED) != 0;
}

void store_read_order(sqlite3_stmt *statement, struct ledger_order *order, char id[LEDGER_ID_SIZE])
{
    *order = (struct ledger_order){.known = true};
    store_read_text(statement, COLUMN_SERVICE_ID, order->service_id, sizeof order->service_id);
    order->issue = (uint32_t)sqlite3_column_int64(statement, COLUMN_ISSUE);
    order->registered = sqlite3_column_int(statement, COLUMN_REGISTERED) != 0;
    order->foreign = sqlite3_column_int(statement, COLUMN_FOREIGN) != 0;
    order->status = (enum order_status)sqlite3_column_int(statement, COLUMN_STATUS);
    read_content(statement, COLUMN_CONTENT, &order->content);
    store_read_hash(statement, COLUMN_SHIPMENT, &order->shipment);
    order->registered_at = sqlite3_column_int64(statement, COLUMN_REGISTERED_AT);
    order->changed_at = sqlite3_column_int64(statement, COLUMN_CHANGED_AT);
    for (int i = 0; i < LEDGER_ASK; i++)
        order->generations[i] = (uint32_t)sqlite3_column_int64(statement, COLUMN_GENERATIONS + i);
    store_read_text(statement, COLUMN_CODE, order->code, sizeof order->code);
    store_read_text(statement, COLUMN_MESSAGE, order->message, sizeof order->message);
    order->in_doubt = sqlite3_column_type(statement, COLUMN_INTENT) != SQLITE_NULL;
    if (order->in_doubt)
        read_intent(statement, &order->intent);
    if (id != NULL)
        store_read_text(statement, COLUMN_ID, id, LEDGER_ID_SIZE);
}

void store_read_recent(sqlite3_stmt *statement, struct recent_order *recent)
{
    store_read_order(statement, &recent->order, NULL);
    store_read_hash(statement, COLUMN_MALL, &recent->mall);
    recent->open = sqlite3_column_int64(statement, COLUMN_INTENT_NUMBER);
}
