-- What the plant itself carries over a restart, whole: the bytes of `plc/src/kept.rs`, with their own version and checksum. The
-- other copy lies beside this file. The table `retained` is what an older version kept, and is read only where this has no row.
CREATE TABLE kept (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    image BLOB NOT NULL
) STRICT;
