CREATE TABLE tag (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
) STRICT;

-- Ordered by time, so that a batch is appended to the end of the file: on an SD card the pages written count, not the rows.
-- `quality`: 0 good, 1 uncertain, 2 held, 3 bad; a bad sample has no value.
CREATE TABLE sample (
    ts INTEGER NOT NULL,
    tag INTEGER NOT NULL,
    value REAL,
    quality INTEGER NOT NULL,
    PRIMARY KEY (ts, tag)
) STRICT, WITHOUT ROWID;
