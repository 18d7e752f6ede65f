-- One row a session, in the order of login: pages fill up, and a refresh changes one of them and no index.
--
-- Numbers keep their width for a row's life, so that an update never splits a page: `version` starts at 2^23,
-- `latest` is stored 2^23 too high, and the rest of the lineage as the gaps latest - floor,
-- floor - confirmed and confirmed - before, which are 0 or 1 nearly always and then take no space.
CREATE TABLE sessions (
    id             INTEGER PRIMARY KEY,
    sid            BLOB    NOT NULL,
    subject_hash   INTEGER NOT NULL, -- the first 8 bytes of SHA-256, to keep the index small
    version        INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    latest         INTEGER NOT NULL,
    floor_gap      INTEGER NOT NULL,
    confirmed_gap  INTEGER NOT NULL,
    before_gap     INTEGER NOT NULL,
    auth_time      INTEGER NOT NULL,
    issued_at      INTEGER NOT NULL,
    confirmed_at   INTEGER NOT NULL,
    bumped_at      INTEGER NOT NULL,
    retired_before INTEGER NOT NULL,
    retired_at     INTEGER NOT NULL,
    idle           INTEGER NOT NULL,
    idle_until     INTEGER NOT NULL,
    absolute_until INTEGER NOT NULL,
    last_seen      INTEGER NOT NULL,
    seed           BLOB    NOT NULL,
    subject        TEXT    NOT NULL,
    client_id      TEXT    NOT NULL,
    label          TEXT    NOT NULL,
    agent          TEXT    NOT NULL,
    claims         TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX sessions_by_sid ON sessions (sid);
CREATE INDEX sessions_by_subject ON sessions (subject_hash) WHERE status = 0;
CREATE INDEX sessions_by_end ON sessions (absolute_until);

-- The feed. AUTOINCREMENT: a number that was pruned is never given again, and none is left out.
CREATE TABLE changes (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    sid           BLOB    NOT NULL,
    refuse_before INTEGER -- NULL: the session ended
) STRICT;

CREATE TABLE subject_epochs (
    subject TEXT    PRIMARY KEY,
    epoch   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keyring (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    bytes   BLOB    NOT NULL
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
