/* ledger/ledger.h: what was promised to the service, and what it answered: one memory for all runs.
 *
 * Before a request that changes something leaves, its intent is put here and committed; when the answer is there, the
 * outcome. An intent without an outcome is in doubt, and stays so until it is settled, whoever died in between.
 *
 * It holds ids, states, times, error texts and keyed hashes: no name, address, phone number, email and no secret. All
 * SQL and all locking stay behind this header; today there is one backend, SQLite (docs/ledger.md).
 *
 * Writing is for one process at a time: whoever opens a ledger for writing has it alone until ledger_close(). Readers
 * need no lock. One thread uses a ledger at a time.
 *
 * The first failure is for good: what was not committed is rolled back, and every later call that reads or writes says
 * false with the same error, so that nothing is believed recorded that is not. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "order/status.h"

#include <stdint.h>

enum {
    LEDGER_HASH_SIZE = 16,     /* bytes of a keyed hash */
    LEDGER_SALT_SIZE = 32,     /* bytes of the key of all hashes; drawn when the ledger is made */
    LEDGER_FIELDS_MAX = 32,    /* tags of one content */
    LEDGER_ID_SIZE = 256,      /* bytes of an id with its NUL */
    LEDGER_CODE_SIZE = 48,     /* bytes of an error code with its NUL */
    LEDGER_MESSAGE_SIZE = 512, /* bytes of an error text with its NUL; a longer one is cut at a character */
};

struct ledger;

/* What the service was called for. */
enum ledger_operation {
    LEDGER_REGISTER,
    LEDGER_SHIP,
    LEDGER_CANCEL,
    LEDGER_ASK,    /* how the order stands: changes nothing, and needs no intent */
    LEDGER_REDUCE, /* its amount made less */
    LEDGER_OPERATIONS,
};

/* "register", "ship", "cancel", "status", "reduce". Static. */
const char *ledger_operation_name(enum ledger_operation operation);

struct ledger_hash {
    unsigned char bytes[LEDGER_HASH_SIZE]; /* all zeros: there is none */
};

bool ledger_hash_is_set(const struct ledger_hash *hash);
bool ledger_hash_equal(const struct ledger_hash *a, const struct ledger_hash *b);

/* HMAC-SHA-256 under the ledger's salt, cut to its first bytes. `part` and `count`: the parts go in with their lengths,
 * so that ab and c are not a and bc. False when libcrypto fails: out of memory. */
bool ledger_hash_make(const struct ledger *ledger, const struct span *parts, size_t count, struct ledger_hash *hash);

/* What an order says, so that a change shows: a hash of the whole, and 16 bits of each field, which tell which one
 * changed and give nothing away. */
struct ledger_content {
    struct ledger_hash hash;
    uint16_t fields[LEDGER_FIELDS_MAX];
};

/* A request that is to leave. */
struct ledger_intent {
    enum ledger_operation operation; /* not LEDGER_ASK */
    char service_id[LEDGER_ID_SIZE]; /* the order's id at the service, that the request is about */
    uint32_t issue;                  /* which one of the order's ids that is, see struct ledger_order */
    struct ledger_hash body;         /* of the bytes of the body */
    struct ledger_content content;   /* LEDGER_REGISTER, LEDGER_REDUCE: what is registered */
    struct ledger_hash mall;         /* LEDGER_REGISTER: the mall's number of the order; may be not set */
    struct ledger_hash shipment;     /* LEDGER_SHIP: what is reported */
    int64_t begun;                   /* seconds since 1970; filled in by the ledger */
    bool conflicted;                 /* see ledger_note_conflict(), which fills it in */
};

/* An order as the ledger knows it. */
struct ledger_order {
    bool known;                        /* false: the ledger has never heard of it, and all else is zero */
    char service_id[LEDGER_ID_SIZE];   /* at the service: the 受注ID itself, or the one that was issued instead */
    uint32_t issue;                    /* 1: the 受注ID itself, 2: the first that was issued instead, … */
    bool registered;                   /* the service has an order of that id, in `status` */
    bool foreign;                      /* … that this ledger did not register: what it says is not known */
    enum order_status status;          /* as last heard; 与信失敗 where its registration was refused; else NONE */
    struct ledger_content content;     /* as registered */
    struct ledger_hash shipment;       /* as accepted */
    int64_t registered_at;             /* seconds since 1970; 0: never, or by somebody else */
    int64_t changed_at;                /* when it was last heard of; 0: never */
    uint32_t generations[LEDGER_ASK];  /* per operation under this id: definite answers that call for a new key: every
                                          refusal, every 与信失敗, and every answer to a shipment or cancellation */
    char code[LEDGER_CODE_SIZE];       /* of the last outcome, "" where that had none, or the status changed since */
    char message[LEDGER_MESSAGE_SIZE]; /* its message, likewise */
    bool in_doubt;                     /* `intent` has no outcome */
    struct ledger_intent intent;
};

/* ---- Opening ---- */

/* Where and as whom: orders of one account are nobody else's. Only a keyed hash of both is kept. Borrowed. */
struct ledger_account {
    const char *service;  /* base URL */
    const char *merchant; /* secret */
};

/* Open `path` for writing, make it where it is missing (for its owner only, its folder too), bring an older schema up
 * to date, and wait for whoever has it at most `wait` seconds. `command` is what the holder is called by others. NULL:
 * `error` of kind ERROR_CONFIG, with the path: LEDGER_UNWRITABLE (the system's reason as {1}), LEDGER_CORRUPT (SQLite's
 * words as {1}), LEDGER_NEWER (its version {1}, ours {2}), LEDGER_FOREIGN (a file that is none), LEDGER_BUSY (the
 * holder's process {1}, its command {2} and since when {3}, local time; "?" where that cannot be told); or out of
 * memory.
 *
 * The file must be on a local disk. A process has a ledger open for writing once: who tries again gets LEDGER_BUSY, and
 * loses a descriptor by it until the process ends. */
struct ledger *ledger_open(const char *path, const struct ledger_account *account, const char *command, unsigned wait,
                           struct error *error);

/* One in memory, which ends with ledger_close(). */
struct ledger *ledger_open_memory(const struct ledger_account *account, struct error *error);

/* Open `path` for reading only: no ledger is made or changed (SQLite may leave an empty log beside it), nobody is
 * waited for. `account` may be NULL: all accounts. A file that is not there is an empty ledger. SQLite's own -shm and
 * -wal may appear beside the file. */
struct ledger *ledger_open_reading(const char *path, const struct ledger_account *account, struct error *error);

/* Commits nothing. NULL is allowed. */
void ledger_close(struct ledger *ledger);

/* ---- An order's way; every function but the two that find belongs to the present transaction ---- */

/* False, here and below: LEDGER_UNWRITABLE, LEDGER_CORRUPT or out of memory; seldom LEDGER_FOREIGN, for a file that was
 * written over meanwhile. Without an account nothing is found. An id has less than LEDGER_ID_SIZE bytes (assert, where
 * it is written). */
bool ledger_find(struct ledger *ledger, struct span id, struct ledger_order *order, struct error *error);

/* Another order than `id` with the mall's number `mall` that is registered, neither cancelled nor 与信失敗, or whose
 * registration is in doubt. `*found`: there is one, its id (受注ID) is in `other`, and `*at` is when that was (0: not
 * known). */
bool ledger_find_mall(struct ledger *ledger, const struct ledger_hash *mall, struct span id, char other[LEDGER_ID_SIZE],
                      int64_t *at, bool *found, struct error *error);

/* Note that the request is about to leave. An order has one open intent at most: the same one again is no second one,
 * and keeps its time; another one while one is open is a mistake of the caller (assert). The same is: of the same
 * operation, id at the service and body. */
bool ledger_intend(struct ledger *ledger, struct span id, const struct ledger_intent *intent, struct error *error);

/* Note of the open intent that it met a conflict, for a run that dies before it knows more: the service did not do it,
 * but says that the id is registered already, or in a state that does not allow it. The intent stays open. */
bool ledger_note_conflict(struct ledger *ledger, struct span id, struct error *error);

enum ledger_end {
    LEDGER_ACCEPTED, /* the order is in `status` */
    LEDGER_ADOPTED,  /* a registration met an order of that id that is not ours: registered, foreign, in `status` */
    LEDGER_REFUSED,  /* by the service, for good: `code` and `message` */
    LEDGER_VOID,     /* it never came there, or the service does not know of it: as if it had not been intended */
};

struct ledger_outcome {
    enum ledger_end end;
    enum order_status status; /* LEDGER_ACCEPTED, LEDGER_ADOPTED; a reduction leaves the order's as it is */
    const char *code;         /* of a finding; NULL: none. An accepted order may have one, such as CREDIT_NG */
    struct span message;      /* the service's words; without anything personal. Kept up to a NUL within */
    bool unsure; /* LEDGER_REFUSED, LEDGER_VOID of a shipment or a reduction: it may have come there all the
                    same, so that what was reported, or what the reduction changed of the order's content,
                    is not known any more */
};

/* The outcome of the open intent. An accepted registration makes content, issue, id and time those of the order, and a
 * refused one of a new issue makes issue and id so. An accepted reduction makes its content the order's. An accepted
 * shipment sets what was reported, unless it failed (出荷情報登録NG). A refused shipment or cancellation leaves the
 * order's status, and so does a refused registration under the id that the service has the order by. An order that was
 * not registered here and has its shipment or cancellation accepted is foreign from then on. */
bool ledger_settle(struct ledger *ledger, struct span id, const struct ledger_outcome *outcome, struct error *error);

/* What a question was answered: the service has the order, in `status`. An open intent stays open. Where that is not
 * the status as last heard, the order's code and message are gone. */
bool ledger_tell(struct ledger *ledger, struct span id, enum order_status status, struct error *error);

/* Make everything since the last commit durable: it is on the disk when this returns. Nothing to commit is no work. */
bool ledger_commit(struct ledger *ledger, struct error *error);

/* How many intents, outcomes and answers are not committed yet. */
size_t ledger_pending(const struct ledger *ledger);

/* ---- Originals: what order files said of an order, as hashes ---- */

enum { LEDGER_PADDING_MAX = 12 }; /* zeros that an id may have lost */

/* What was kept of the order `id`, by ledger_remember(): `headings` and `rows` are appended to. `*found` false: nothing
 * is kept. A ledger that asks for no account finds what was read last. */
bool ledger_recall(struct ledger *ledger, struct span id, struct buf *headings, struct buf *rows, bool *found,
                   struct error *error);

/* Keep `rows`, which somebody else knows how to read, in place of what was kept of the order. `headings`: in UTF-8,
 * each with a NUL behind it. This, and the next, belongs to the present transaction. */
bool ledger_remember(struct ledger *ledger, struct span id, struct span headings, struct span rows,
                     struct error *error);

/* Forget what was kept before `second` (since 1970). */
bool ledger_forget(struct ledger *ledger, int64_t second, struct error *error);

/* The id of an order that is `id` with zeros before it, at most LEDGER_PADDING_MAX: sent, or kept. A spreadsheet takes
 * them away, and `id` would be another order. `*found` false: there is none. */
bool ledger_find_padded(struct ledger *ledger, struct span id, char other[LEDGER_ID_SIZE], bool *found,
                        struct error *error);

/* ---- Runs: how they went, in numbers ---- */

enum {
    LEDGER_RUNS_MAX = 1000, /* that are kept of an account */
    LEDGER_RUN_DAYS = 400,  /* for which a run is kept */
    LEDGER_COMMAND_SIZE = 16,
};

struct ledger_run {
    char command[LEDGER_COMMAND_SIZE]; /* "register", … */
    int64_t began;                     /* seconds since 1970 */
    uint64_t elapsed_ms;
    uint64_t rows; /* of the file */
    uint64_t orders;
    uint64_t succeeded; /* of these, and so on: as in the summary of a run */
    uint64_t failed;
    uint64_t invalid;
    uint64_t unsent;
    int exit; /* status of the program */
};

/* Keep how a run went, and forget those that are too many, or older than LEDGER_RUN_DAYS before it. Belongs to the
 * present transaction. */
bool ledger_add_run(struct ledger *ledger, const struct ledger_run *run, struct error *error);

/* The last runs of the account, `most` at most, in the order in which they were kept: `*count` of them in `runs`. A
 * ledger that asks for no account has none, nor has one of an older version. */
bool ledger_runs(struct ledger *ledger, size_t most, struct ledger_run *runs, size_t *count, struct error *error);

/* ---- Looking back ---- */

/* One operation of the history. Borrowed during the call. */
struct ledger_entry {
    int64_t begun;          /* seconds since 1970 */
    int64_t ended;          /* 0: in doubt */
    const char *id;         /* 受注ID */
    const char *service_id; /* at the service */
    const char *replaced;   /* the id at the service that this one took the place of; "" none */
    enum ledger_operation operation;
    bool in_doubt;
    enum ledger_end end;      /* where it is not in doubt */
    enum order_status status; /* that was answered */
    const char *code;         /* "" none */
    const char *message;
};

/* Every operation of the order `id` (NULL: of all orders) that began at `since` or later, in the order of time. It ends
 * early where `each` says false, which is no error. `each` leaves the ledger alone, here and below. */
bool ledger_history(struct ledger *ledger, const char *id, int64_t since,
                    bool (*each)(void *context, const struct ledger_entry *entry), void *context, struct error *error);

/* Every order in `status` (in doubt: ORDER_STATUS_NONE), by 受注ID. */
bool ledger_orders(struct ledger *ledger, enum order_status status,
                   bool (*each)(void *context, const char *id, const struct ledger_order *order), void *context,
                   struct error *error);

#endif
