-- The ledger, version 2: operation 4 is reduce, the amount of a registered order made less. A CHECK cannot be changed,
-- so the table is made anew.

CREATE TABLE operations_2 (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    id TEXT NOT NULL,
    operation INTEGER NOT NULL CHECK (operation BETWEEN 0 AND 4),
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

INSERT INTO operations_2 SELECT * FROM operations;
DROP TABLE operations;
ALTER TABLE operations_2 RENAME TO operations;

CREATE UNIQUE INDEX operations_open ON operations (id, account) WHERE ended IS NULL;
CREATE INDEX operations_open_mall ON operations (account, mall) WHERE ended IS NULL AND mall IS NOT NULL;
CREATE INDEX operations_id ON operations (id, begun);
CREATE INDEX operations_begun ON operations (begun);
