-- The ledger, version 4: how runs went, for the chart of the report: numbers only. No file is named, for a file may be
-- called by somebody's name.

CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts (number),
    command TEXT NOT NULL, -- register, ship, cancel, status, reregister
    began INTEGER NOT NULL, -- seconds since 1970
    elapsed INTEGER NOT NULL, -- milliseconds
    rows INTEGER NOT NULL,
    orders INTEGER NOT NULL, -- which are, as in the summary of a run:
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    invalid INTEGER NOT NULL,
    unsent INTEGER NOT NULL,
    exit INTEGER NOT NULL -- status of the program
) STRICT;

CREATE INDEX runs_account ON runs (account, number);
CREATE INDEX runs_began ON runs (began);
