-- One row a session. Its name, whose it is, and its end stay as they were inserted, and indexes are on these alone: a
-- refresh changes no index, and finds room on its page (a heap-only update).
CREATE TABLE rekindle.sessions (
    sid            uuid        NOT NULL PRIMARY KEY,
    version        bigint      NOT NULL, -- rises with every write; 32 bits of chance below a counter
    latest         bigint      NOT NULL, -- the newest generation of the refresh token
    floor          bigint      NOT NULL, -- generations above are candidates: issued, not seen again
    confirmed      bigint      NOT NULL, -- the generation whose holder has come back
    before         bigint      NOT NULL, -- what was confirmed before
    auth_time      timestamptz NOT NULL,
    issued_at      timestamptz NOT NULL,
    confirmed_at   timestamptz NOT NULL,
    bumped_at      timestamptz NOT NULL, -- 1970 in this and the next two: never
    retired_before timestamptz NOT NULL,
    retired_from   timestamptz NOT NULL,
    idle           bigint      NOT NULL, -- seconds that it may go unused
    idle_until     timestamptz NOT NULL,
    absolute_until timestamptz NOT NULL,
    last_seen      timestamptz NOT NULL,
    seed           bytea       NOT NULL, -- a secret of its own
    status         text        NOT NULL,
    subject        text        NOT NULL COLLATE "C",
    client_id      text        NOT NULL COLLATE "C",
    label          text        NOT NULL,
    agent          text        NOT NULL,
    claims         text        NOT NULL, -- JSON, kept to the byte
    CONSTRAINT sessions_status CHECK (status IN ('active', 'logged_out', 'revoked', 'theft_detected',
        'password_changed', 'user_disabled', 'expired_idle', 'expired_absolute')),
    CONSTRAINT sessions_seed CHECK (octet_length(seed) = 16)
) WITH (fillfactor = 75);

-- A hash, because a B-tree takes no text of several thousand bytes.
CREATE INDEX sessions_by_subject ON rekindle.sessions USING hash (subject) WHERE status = 'active';
CREATE INDEX sessions_by_end ON rekindle.sessions (absolute_until);

COMMENT ON TABLE rekindle.sessions IS 'Sessions of Rekindle: one login on one device a row';
COMMENT ON COLUMN rekindle.sessions.status IS 'active, or why it ended';

-- The feed of changes that verifiers must learn. `last` is counted up by whoever enters one, in the same transaction, so
-- that numbers have no gaps and become visible in their order; a sequence promises neither.
CREATE TABLE rekindle.feed (
    one   boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    epoch uuid    NOT NULL DEFAULT gen_random_uuid(),
    last  bigint  NOT NULL DEFAULT 0
);
INSERT INTO rekindle.feed DEFAULT VALUES;

CREATE TABLE rekindle.changes (
    seq           bigint      NOT NULL PRIMARY KEY,
    at            timestamptz NOT NULL,
    sid           uuid        NOT NULL,
    refuse_before timestamptz,          -- access tokens issued before are refused; null: all are, the session ended
    refuse_from   timestamptz NOT NULL  -- from when on; 1970: at once
);

-- By SHA-256 of the subject, for the reason above.
CREATE TABLE rekindle.subject_epochs (
    digest  bytea       NOT NULL PRIMARY KEY,
    subject text        NOT NULL COLLATE "C",
    epoch   timestamptz NOT NULL -- nothing older is adopted
);

CREATE TABLE rekindle.keyring (
    one     boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    version bigint  NOT NULL,
    bytes   bytea   NOT NULL -- wrapped by the master key
);

-- The server's builtin accounts. A name is one whatever the case of its ASCII letters: a phone's keyboard capitalises the
-- first one of a login form.
CREATE TABLE rekindle.accounts (
    subject            text        NOT NULL COLLATE "C" PRIMARY KEY,
    username           text        NOT NULL COLLATE "C",
    password           text        NOT NULL, -- argon2id, as a PHC string
    credential_version bigint      NOT NULL,
    claims             text        NOT NULL,
    disabled           boolean     NOT NULL,
    created_at         timestamptz NOT NULL
);
CREATE UNIQUE INDEX accounts_by_name ON rekindle.accounts (lower(username));

INSERT INTO rekindle.migrations (version) VALUES (1);
