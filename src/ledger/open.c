/* ledger/open.c: opening and closing a ledger; see ledger.h. */
#include "ledger/ledger.h"

#include "base/embedded.h"
#include "ledger/lock.h"
#include "ledger/store.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x41544252,        /* "ATBR" */
    READER_WAIT_MS = 5000,              /* a reader finds the log being put in order after a crash */
    CHECKED_SIZE_MAX = 64 * 1024 * 1024 /* bytes; checking these takes some tenths of a second */
};

/* The schema's versions: PRAGMA user_version is how many of them a ledger has. */
static const char *const migrations[] = {embedded_ledger_schema_1, embedded_ledger_schema_2, embedded_ledger_schema_3,
                                         embedded_ledger_schema_4};
enum { VERSION = sizeof migrations / sizeof migrations[0] };

/* ---- Small things ---- */

static struct ledger *new_ledger(const char *path, struct error *error)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger != NULL) {
        ledger->lock = -1;
        ledger->path = strdup(path);
        ledger->recent = recent_new();
    }
    if (ledger == NULL || ledger->path == NULL || ledger->recent == NULL) {
        ledger_close(ledger);
        error_set_memory(error);
        return NULL;
    }
    return ledger;
}

static bool run(struct ledger *ledger, const char *sql, struct error *error)
{
    return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           store_fail(ledger, sqlite3_extended_errcode(ledger->db), error);
}

/* A statement that is needed once, at its first row. NULL: it failed. To be finalized. */
static sqlite3_stmt *ask(struct ledger *ledger, const char *sql, bool *row, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        store_fail(ledger, sqlite3_extended_errcode(ledger->db), error);
        return NULL;
    }
    if (!store_step(ledger, statement, row, error)) {
        sqlite3_finalize(statement);
        return NULL;
    }
    return statement;
}

/* The number that `sql` gives; 0 when it gives none. */
static bool ask_number(struct ledger *ledger, const char *sql, int64_t *number, struct error *error)
{
    bool row;
    sqlite3_stmt *statement = ask(ledger, sql, &row, error);
    *number = statement != NULL && row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return statement != NULL;
}

/* ---- Connecting ---- */

/* Whether `path` may be a ledger as far as its kind goes. */
static bool is_file(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode))
        return true;
    if (S_ISDIR(status.st_mode))
        return error_set_errno(error, ERROR_CONFIG, "LEDGER_UNWRITABLE", path, EISDIR);
    return error_set(error, ERROR_CONFIG, "LEDGER_FOREIGN", path, NULL, NULL, NULL);
}

static bool connect_to(struct ledger *ledger, const char *name, int flags, struct error *error)
{
    /* Without SQLite's own lock, for one thread uses a ledger at a time. */
    int rc = sqlite3_open_v2(name, &ledger->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        return store_fail(ledger, ledger->db != NULL ? sqlite3_extended_errcode(ledger->db) : rc, error);
    sqlite3_busy_timeout(ledger->db, READER_WAIT_MS);
    /* A ledger comes from anywhere: what its schema says may harm nobody. The cache is in KiB, at most: orders come in
     * any order, and with SQLite's own 2 MiB settling one takes twice as long in a ledger of 100,000. The log is put
     * into the database every 4,096 pages, 16 MiB, in place of 1,000: most of them are the same ones again. */
    sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return run(ledger,
               "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; "
               "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4096",
               error);
}

static bool connect_file(struct ledger *ledger, int flags, struct error *error)
{
    /* SQLite may take a name such as file:… or :memory: for something else, but none that begins with ./ or / */
    struct buf name = {0};
    if (ledger->path[0] != '/')
        buf_append_text(&name, "./");
    buf_append_text(&name, ledger->path);
    bool connected = name.failed ? error_set_memory(error) : connect_to(ledger, buf_text(&name), flags, error);
    buf_free(&name);
    return connected;
}

static bool connect_memory(struct ledger *ledger, struct error *error)
{
    return connect_to(ledger, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
}

/* Whether it is a ledger that this program can use. Nothing is written before. `*version` 0: it is empty. */
static bool identify(struct ledger *ledger, int64_t *version, struct error *error)
{
    int64_t application;
    int64_t tables;
    if (!ask_number(ledger, "PRAGMA application_id", &application, error) ||
        !ask_number(ledger, "PRAGMA user_version", version, error) ||
        !ask_number(ledger, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return false;
    if (application == 0 && *version == 0 && tables == 0)
        return true;
    if (application != APPLICATION_ID || *version < 1)
        return error_set(error, ERROR_CONFIG, "LEDGER_FOREIGN", ledger->path, NULL, NULL, NULL);
    if (*version > VERSION) {
        char theirs[24];
        char ours[24];
        snprintf(theirs, sizeof theirs, "%lld", (long long)*version);
        snprintf(ours, sizeof ours, "%d", (int)VERSION);
        return error_set(error, ERROR_CONFIG, "LEDGER_NEWER", ledger->path, theirs, ours, NULL);
    }
    return true;
}

/* A damaged ledger is found before anything is sent, where that does not take long. */
static bool inspect(struct ledger *ledger, struct error *error)
{
    int64_t pages;
    int64_t size;
    if (!ask_number(ledger, "PRAGMA page_count", &pages, error) ||
        !ask_number(ledger, "PRAGMA page_size", &size, error))
        return false;
    if (pages * size > CHECKED_SIZE_MAX)
        return true;
    bool row;
    sqlite3_stmt *statement = ask(ledger, "PRAGMA quick_check(1)", &row, error);
    if (statement == NULL)
        return false;
    char said[ERROR_ARG_SIZE] = "";
    if (row)
        store_read_text(statement, 0, said, sizeof said);
    sqlite3_finalize(statement);
    return strcmp(said, "ok") == 0 || store_fail_corrupt(ledger, said, error);
}

/* What is committed must be on the disk, and readers must not wait. A file system that cannot do it is refused. */
static bool make_durable(struct ledger *ledger, struct error *error)
{
    bool row;
    sqlite3_stmt *statement = ask(ledger, "PRAGMA journal_mode = WAL", &row, error);
    if (statement == NULL)
        return false;
    char mode[16] = "";
    if (row)
        store_read_text(statement, 0, mode, sizeof mode);
    sqlite3_finalize(statement);
    int64_t synchronous;
    if (!run(ledger, "PRAGMA synchronous = FULL", error) ||
        !ask_number(ledger, "PRAGMA synchronous", &synchronous, error))
        return false;
    return (strcmp(mode, "wal") == 0 && synchronous == 2) ||
           error_set_errno(error, ERROR_CONFIG, "LEDGER_UNWRITABLE", ledger->path, EOPNOTSUPP);
}

/* ---- What a ledger holds from the beginning ---- */

/* Run one statement with the values of `blob` (?1), `number` (?2) and `text` (?3), as far as it has them. */
static bool put(struct ledger *ledger, const char *sql, struct span blob, int64_t number, const char *text,
                struct error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return store_fail(ledger, sqlite3_extended_errcode(ledger->db), error);
    int places = sqlite3_bind_parameter_count(statement);
    bool bound = (places < 1 || store_bind_blob(statement, 1, blob.data, blob.length)) &&
                 (places < 2 || store_bind_int(statement, 2, number)) &&
                 (places < 3 || store_bind_text(statement, 3, span_of(text)));
    bool done = store_run(ledger, statement, bound, error);
    sqlite3_finalize(statement);
    return done;
}

static bool draw_salt(struct ledger *ledger, struct error *error)
{
    unsigned char salt[LEDGER_SALT_SIZE];
    if (RAND_bytes(salt, sizeof salt) != 1)
        return error_set_memory(error);
    bool put_in = put(ledger, "INSERT INTO property (name, value) VALUES ('salt', ?1)",
                      (struct span){(const char *)salt, sizeof salt}, 0, "", error);
    OPENSSL_cleanse(salt, sizeof salt);
    return put_in;
}

static bool migrate(struct ledger *ledger, int64_t version, struct error *error)
{
    ledger->version = VERSION;
    if (version == VERSION)
        return true;
    char marks[96];
    snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, (int)VERSION);
    if (!run(ledger, "BEGIN IMMEDIATE", error))
        return false;
    for (int64_t i = version; i < VERSION; i++) {
        if (!run(ledger, migrations[i], error))
            return false;
    }
    return run(ledger, marks, error) && (version > 0 || draw_salt(ledger, error)) && run(ledger, "COMMIT", error);
}

/* Make ready for hashes under `salt`. */
static bool key_hashes(struct ledger *ledger, const unsigned char salt[LEDGER_SALT_SIZE])
{
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    ledger->mac = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    return ledger->mac != NULL && EVP_MAC_init(ledger->mac, salt, LEDGER_SALT_SIZE, parameters) == 1;
}

static bool load_salt(struct ledger *ledger, struct error *error)
{
    bool row;
    sqlite3_stmt *statement = ask(ledger, "SELECT value FROM property WHERE name = 'salt'", &row, error);
    if (statement == NULL)
        return false;
    const void *salt = row ? sqlite3_column_blob(statement, 0) : NULL;
    bool whole = salt != NULL && sqlite3_column_bytes(statement, 0) == LEDGER_SALT_SIZE;
    bool keyed = whole && key_hashes(ledger, salt);
    sqlite3_finalize(statement);
    if (!whole)
        return store_fail_corrupt(ledger, "no salt", error);
    return keyed || error_set_memory(error);
}

/* The base URL as it is compared: scheme and host in small letters, no slash at the end. */
static void normalise_service(const char *service, struct buf *text)
{
    size_t length = strlen(service);
    while (length > 0 && service[length - 1] == '/')
        length--;
    const char *host = strstr(service, "://");
    const char *path = strchr(host != NULL ? host + 3 : service, '/');
    size_t folded = path != NULL ? (size_t)(path - service) : length;
    for (size_t i = 0; i < length; i++) {
        char byte = service[i];
        if (i < folded && byte >= 'A' && byte <= 'Z')
            byte = "abcdefghijklmnopqrstuvwxyz"[byte - 'A'];
        buf_append_byte(text, byte);
    }
}

/* Look up the number of `account` by its hash; `add`: enter it where it is new. */
static bool choose_account(struct ledger *ledger, const struct ledger_account *account, bool add, struct error *error)
{
    ledger->all_accounts = account == NULL;
    if (account == NULL)
        return true;
    struct buf service = {0};
    normalise_service(account->service, &service);
    struct span parts[] = {span_of("account"), span_of(buf_text(&service)), span_of(account->merchant)};
    struct ledger_hash tag;
    bool hashed = !service.failed && ledger_hash_make(ledger, parts, sizeof parts / sizeof parts[0], &tag);
    buf_free(&service);
    if (!hashed)
        return error_set_memory(error);
    struct span bytes = {(const char *)tag.bytes, sizeof tag.bytes};
    if (add && !put(ledger, "INSERT INTO accounts (tag) VALUES (?1) ON CONFLICT DO NOTHING", bytes, 0, "", error))
        return false;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(ledger->db, "SELECT number FROM accounts WHERE tag = ?1", -1, &statement, NULL) != SQLITE_OK)
        return store_fail(ledger, sqlite3_extended_errcode(ledger->db), error);
    bool row = false;
    bool done = store_bind_hash(statement, 1, &tag) ? store_step(ledger, statement, &row, error)
                                                    : store_fail(ledger, SQLITE_NOMEM, error);
    if (done && row)
        ledger->account = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return done;
}

/* ---- Whose turn it is ---- */

static bool note_holder(struct ledger *ledger, const char *command, struct error *error)
{
    return put(ledger,
               "INSERT INTO holder (one, process, command, since) VALUES (1, ?2, ?3, unixepoch()) ON CONFLICT (one) "
               "DO UPDATE SET process = excluded.process, command = excluded.command, since = excluded.since",
               (struct span){0}, (int64_t)getpid(), command, error);
}

/* Who holds the ledger, as far as it can be told: {1}, {2} and {3} of `error`. The process, or 0. */
static int64_t tell_holder(const char *path, struct error *error)
{
    struct error ignored = {0};
    int64_t process = 0;
    bool row = false;
    struct ledger *ledger = ledger_open_reading(path, NULL, &ignored);
    sqlite3_stmt *statement = NULL;
    if (ledger != NULL)
        statement = ask(ledger, "SELECT process, command, since FROM holder", &row, &ignored);
    if (statement != NULL && row) {
        char text[ERROR_ARG_SIZE];
        struct tm local;
        process = sqlite3_column_int64(statement, 0);
        time_t since = (time_t)sqlite3_column_int64(statement, 2);
        store_read_text(statement, 0, text, sizeof text);
        error_set_arg(error, 0, text);
        store_read_text(statement, 1, text, sizeof text);
        error_set_arg(error, 1, text);
        if (localtime_r(&since, &local) != NULL && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) > 0)
            error_set_arg(error, 2, text);
    }
    sqlite3_finalize(statement);
    ledger_close(ledger);
    return process;
}

static bool take_lock(struct ledger *ledger, unsigned wait, struct error *error)
{
    int descriptor;
    switch (lock_take(ledger->path, wait, &descriptor)) {
    case LOCK_TAKEN:
        ledger->lock = descriptor;
        return true;
    case LOCK_BUSY:
        error_set(error, ERROR_CONFIG, "LEDGER_BUSY", ledger->path, "?", "?", "?");
        /* Closing any descriptor of a file drops all locks that the process has on it, those of SQLite too. So where
         * this very process has the ledger, this one stays open until it ends. */
        if (tell_holder(ledger->path, error) != (int64_t)getpid())
            close(descriptor);
        return false;
    case LOCK_FAILED:
        break;
    }
    return error_set_errno(error, ERROR_CONFIG, "LEDGER_UNWRITABLE", ledger->path, errno);
}

/* ---- Opening and closing ---- */

struct ledger *ledger_open(const char *path, const struct ledger_account *account, const char *command, unsigned wait,
                           struct error *error)
{
    struct ledger *ledger = new_ledger(path, error);
    int64_t version;
    if (ledger != NULL && is_file(path, error) && take_lock(ledger, wait, error) &&
        connect_file(ledger, SQLITE_OPEN_READWRITE, error) && identify(ledger, &version, error) &&
        (version == 0 || inspect(ledger, error)) && make_durable(ledger, error) && migrate(ledger, version, error) &&
        note_holder(ledger, command, error) && load_salt(ledger, error) && choose_account(ledger, account, true, error))
        return ledger;
    ledger_close(ledger);
    return NULL;
}

/* Give a ledger that has no file yet an empty one in memory. */
static bool fill_memory(struct ledger *ledger, const struct ledger_account *account, bool add, struct error *error)
{
    return connect_memory(ledger, error) && migrate(ledger, 0, error) && load_salt(ledger, error) &&
           choose_account(ledger, account, add, error);
}

struct ledger *ledger_open_memory(const struct ledger_account *account, struct error *error)
{
    struct ledger *ledger = new_ledger(":memory:", error);
    if (ledger != NULL && fill_memory(ledger, account, true, error))
        return ledger;
    ledger_close(ledger);
    return NULL;
}

static bool open_reading(struct ledger *ledger, const struct ledger_account *account, struct error *error)
{
    struct stat status;
    if (stat(ledger->path, &status) != 0) {
        if (errno == ENOENT)
            return fill_memory(ledger, account, false, error);
        return error_set_errno(error, ERROR_CONFIG, "LEDGER_UNWRITABLE", ledger->path, errno);
    }
    int64_t version;
    ledger->reads = true;
    if (!is_file(ledger->path, error) || !connect_file(ledger, SQLITE_OPEN_READONLY, error) ||
        !identify(ledger, &version, error))
        return false;
    ledger->version = version;
    if (version > 0)
        return load_salt(ledger, error) && choose_account(ledger, account, false, error);
    /* Its writer is about to fill it. */
    sqlite3_close(ledger->db);
    ledger->db = NULL;
    return fill_memory(ledger, account, false, error);
}

struct ledger *ledger_open_reading(const char *path, const struct ledger_account *account, struct error *error)
{
    struct ledger *ledger = new_ledger(path, error);
    if (ledger != NULL && open_reading(ledger, account, error))
        return ledger;
    ledger_close(ledger);
    return NULL;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(ledger->statements[i]);
    /* This rolls back what is not committed. */
    int rc = sqlite3_close(ledger->db);
    assert(rc == SQLITE_OK);
    (void)rc;
    /* Last: closing it drops SQLite's own locks on the file. */
    if (ledger->lock >= 0)
        close(ledger->lock);
    EVP_MAC_CTX_free(ledger->mac);
    recent_free(ledger->recent);
    buf_free(&ledger->headings);
    free(ledger->path);
    free(ledger);
}
