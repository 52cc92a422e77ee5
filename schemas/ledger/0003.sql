-- The ledger, version 3: what order files said, row by row, as hashes under the salt: so that it is told, when a file
-- comes back from a spreadsheet, which cells were damaged there, and which rows were changed. Of a single cell there are
-- 16 bits, of a row 64: docs/ledger.md says what that gives away. How `rows` is made up is written in
-- src/run/originals.c.

CREATE TABLE layouts (
    number INTEGER PRIMARY KEY,
    headings BLOB NOT NULL UNIQUE -- in UTF-8, in the order of the hashes, each with a NUL behind it
) STRICT;

CREATE TABLE originals (
    account INTEGER NOT NULL REFERENCES accounts (number),
    id TEXT NOT NULL, -- 受注ID
    read_at INTEGER NOT NULL,
    layout INTEGER NOT NULL REFERENCES layouts (number),
    rows BLOB NOT NULL,
    PRIMARY KEY (id, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX originals_read ON originals (read_at);
