-- The ledger, version 1: what was promised to the service, and what it answered.
--
-- Applied once, in one transaction with PRAGMA application_id and user_version; a later version is a file of its own,
-- and this one stays as it is. No name, address, phone number, email and no secret is in here: an account and all
-- contents are hashes under the salt. Times are seconds since 1970.
--
-- operation  0 registration, 1 shipment, 2 cancellation, 3 question
-- outcome    0 accepted, 1 adopted, 2 refused, 3 void
-- status     0 none, 1 to 10 the credit statuses in the order of the manual's table (与信OK to 与信の取消中)

CREATE TABLE property (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Who writes, or wrote last. Whether somebody does is told by the lock on the file, not by this.
CREATE TABLE holder (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    process INTEGER NOT NULL,
    command TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    number INTEGER PRIMARY KEY,
    tag BLOB NOT NULL UNIQUE CHECK (length(tag) = 16)
) STRICT;

CREATE TABLE orders (
    account INTEGER NOT NULL REFERENCES accounts (number),
    id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    issue INTEGER NOT NULL CHECK (issue >= 1),
    registered INTEGER NOT NULL DEFAULT 0 CHECK (registered IN (0, 1)),
    is_foreign INTEGER NOT NULL DEFAULT 0 CHECK (is_foreign IN (0, 1)),
    status INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 10),
    content BLOB CHECK (length(content) = 16),
    fields BLOB CHECK (length(fields) <= 64), -- 16 bits a field, little-endian, without the zeros at the end
    mall BLOB CHECK (length(mall) = 16),
    shipment BLOB CHECK (length(shipment) = 16),
    registered_at INTEGER NOT NULL DEFAULT 0,
    changed_at INTEGER NOT NULL DEFAULT 0,
    register_generation INTEGER NOT NULL DEFAULT 0,
    ship_generation INTEGER NOT NULL DEFAULT 0,
    cancel_generation INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_mall ON orders (account, mall) WHERE mall IS NOT NULL;
CREATE INDEX orders_status ON orders (status, id);

-- The history, in the order in which it was written. While `ended` is NULL the operation is in doubt, and its row holds
-- what was about to be sent; afterwards the order's row holds what of it is still needed.
CREATE TABLE operations (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    operation INTEGER NOT NULL CHECK (operation BETWEEN 0 AND 3),
    service_id TEXT NOT NULL,
    issue INTEGER NOT NULL CHECK (issue >= 1),
    replaced TEXT, -- the id at the service that this one took the place of
    body BLOB CHECK (length(body) = 16),
    content BLOB CHECK (length(content) = 16),
    fields BLOB CHECK (length(fields) <= 64),
    mall BLOB CHECK (length(mall) = 16),
    shipment BLOB CHECK (length(shipment) = 16),
    conflicted INTEGER NOT NULL DEFAULT 0 CHECK (conflicted IN (0, 1)), -- it met a 409, and has no outcome yet
    begun INTEGER NOT NULL,
    ended INTEGER,
    outcome INTEGER CHECK (outcome BETWEEN 0 AND 3),
    status INTEGER CHECK (status BETWEEN 0 AND 10),
    code TEXT,
    message TEXT,
    CHECK ((ended IS NULL) = (outcome IS NULL)),
    FOREIGN KEY (account, id) REFERENCES orders (account, id)
) STRICT;

-- An order has one open intent at most.
CREATE UNIQUE INDEX operations_open ON operations (id, account) WHERE ended IS NULL;
CREATE INDEX operations_open_mall ON operations (account, mall) WHERE ended IS NULL AND mall IS NOT NULL;
CREATE INDEX operations_id ON operations (id, begun);
CREATE INDEX operations_begun ON operations (begun);
