/* ledger/store.h: what the sources of ledger/ share: the database, its statements, and how it fails. For nobody else.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "base/buf.h"
#include "ledger/ledger.h"
#include "ledger/recent.h"

#include <openssl/evp.h>
#include <sqlite3.h>

enum store_statement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_FIND,
    STORE_FIND_MALL,
    STORE_FIND_MALL_OPEN,
    STORE_ADD_ORDER,
    STORE_CHANGE_ORDER,
    STORE_ADD_OPERATION,
    STORE_NOTE_CONFLICT,
    STORE_END_OPERATION,
    STORE_HISTORY,
    STORE_HISTORY_OF,
    STORE_ORDERS,
    STORE_ORDERS_OPEN,
    STORE_LAYOUT,
    STORE_ADD_LAYOUT,
    STORE_RECALL,
    STORE_REMEMBER,
    STORE_FORGET,
    STORE_PADDED_ANY,
    STORE_PADDED,
    STORE_ADD_RUN,
    STORE_DROP_OLD_RUNS,
    STORE_DROP_MORE_RUNS,
    STORE_RUNS,
    STORE_STATEMENTS,
};

struct ledger {
    sqlite3 *db;
    sqlite3_stmt *statements[STORE_STATEMENTS]; /* NULL: not needed yet */
    char *path;                                 /* as the caller gave it; owned */
    int lock;                                   /* descriptor of the file, locked; -1: none */
    EVP_MAC_CTX *mac;                           /* keyed with the salt; used for one hash after the other */
    int64_t account;                            /* its number; 0: the ledger has never heard of it */
    bool all_accounts;                          /* a reader that asks for no account */
    bool reads;                                 /* only: somebody else may write meanwhile */
    int64_t version;                            /* of its schema; a reader may meet an older one */
    int64_t layout;                             /* the number of `headings`; 0: none was asked for yet */
    struct buf headings;                        /* of the layout that was asked for last */
    enum { PADDED_UNKNOWN, PADDED_NONE, PADDED_SOME } padded; /* whether an id begins with a zero */
    struct recent *recent;                                    /* what was looked up last; with `reads` never believed */
    size_t pending;
    struct error failure; /* the first one; after it nothing is done any more, so that nothing is believed recorded */
};

/* ---- Failures ---- */

/* SQLite said `rc`: roll back, fail for good, and tell why: LEDGER_UNWRITABLE, LEDGER_CORRUPT, LEDGER_FOREIGN or out of
 * memory. Always false. */
bool store_fail(struct ledger *ledger, int rc, struct error *error);

/* The same for what was found in the file: LEDGER_CORRUPT with `detail`. */
bool store_fail_corrupt(struct ledger *ledger, const char *detail, struct error *error);

/* ---- Statements ---- */

/* One that is ready to be bound; NULL when it cannot be had, or the ledger failed before. */
sqlite3_stmt *store_get(struct ledger *ledger, enum store_statement name, struct error *error);

/* The next row of it, `*row` false: there is none, and the statement is reset. */
bool store_step(struct ledger *ledger, sqlite3_stmt *statement, bool *row, struct error *error);

/* Run one that gives no rows, `bound` being whether its values could be bound. */
bool store_run(struct ledger *ledger, sqlite3_stmt *statement, bool bound, struct error *error);

/* Begin a transaction unless there is one. */
bool store_begin(struct ledger *ledger, struct error *error);

/* Values, which are borrowed until the statement is run; false when memory ran out. No hash is NULL. */
bool store_bind_int(sqlite3_stmt *statement, int place, int64_t value);
bool store_bind_text(sqlite3_stmt *statement, int place, struct span text);
bool store_bind_blob(sqlite3_stmt *statement, int place, const void *bytes, size_t length);
bool store_bind_hash(sqlite3_stmt *statement, int place, const struct ledger_hash *hash);
bool store_bind_account(const struct ledger *ledger, sqlite3_stmt *statement, int place); /* NULL: all */

/* The value of `column` as a text of at most `size` bytes with its NUL. */
void store_read_text(sqlite3_stmt *statement, int column, char *text, size_t size);
void store_read_hash(sqlite3_stmt *statement, int column, struct ledger_hash *hash);

/* ---- Orders as rows ---- */

enum { STORE_FIELDS_SIZE = 2 * LEDGER_FIELDS_MAX };

/* The tags of `content` as they are stored; how many bytes they take. */
size_t store_pack_fields(const struct ledger_content *content, unsigned char bytes[STORE_FIELDS_SIZE]);

/* A row of STORE_FIND, STORE_ORDERS or STORE_ORDERS_OPEN. `id` may be NULL. */
void store_read_order(sqlite3_stmt *statement, struct ledger_order *order, char id[LEDGER_ID_SIZE]);

/* What else a row of STORE_FIND has. */
void store_read_recent(sqlite3_stmt *statement, struct recent_order *recent);

#endif
