-- One row a start of the controller.
CREATE TABLE start (
    id INTEGER PRIMARY KEY,
    wall INTEGER NOT NULL,
    trusted INTEGER NOT NULL,
    version TEXT NOT NULL
) STRICT;

-- Everything that happened, append only. `at`: plant time in microseconds since that start; `wall`: ms since 1970 UTC.
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,
    at INTEGER NOT NULL,
    wall INTEGER NOT NULL,
    trusted INTEGER NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    user TEXT NOT NULL,
    origin TEXT NOT NULL,
    why TEXT NOT NULL,
    reason TEXT NOT NULL,
    event_id BLOB NOT NULL
) STRICT;

-- Where each alarm stood after its last transition.
CREATE TABLE alarm_state (
    path TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    number INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    since INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    acked_by TEXT NOT NULL,
    comment TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Settings changed since the site file was written.
CREATE TABLE setting (
    path TEXT PRIMARY KEY,
    value REAL NOT NULL,
    old REAL NOT NULL,
    user TEXT NOT NULL,
    wall INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the plant itself carries over a restart. Saved together every few seconds, so small enough for one page.
CREATE TABLE retained (
    path TEXT PRIMARY KEY,
    value REAL NOT NULL,
    wall INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- People. `roles`: names separated by spaces; `locked_until`: ms since 1970 UTC.
CREATE TABLE user (
    name TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    created INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
