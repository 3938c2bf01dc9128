CREATE TABLE wallets (
    id            TEXT    PRIMARY KEY NOT NULL,
    owner_id      TEXT    UNIQUE,
    kind          TEXT    NOT NULL CHECK (kind IN ('user', 'system')),
    balance_minor INTEGER NOT NULL DEFAULT 0,
    created_ms    INTEGER NOT NULL,
    -- The system pays out what it has never taken in; a user never owes.
    CHECK (kind = 'system' OR balance_minor >= 0),
    CHECK ((kind = 'user') = (owner_id IS NOT NULL))
);

CREATE TABLE transfers (
    id           TEXT    PRIMARY KEY NOT NULL,
    from_wallet  TEXT    NOT NULL REFERENCES wallets (id),
    to_wallet    TEXT    NOT NULL REFERENCES wallets (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    memo         TEXT    NOT NULL,
    created_ms   INTEGER NOT NULL,
    CHECK (from_wallet <> to_wallet)
);

CREATE TABLE entries (
    id           TEXT    PRIMARY KEY NOT NULL,
    transfer_id  TEXT    NOT NULL REFERENCES transfers (id),
    wallet_id    TEXT    NOT NULL REFERENCES wallets (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
    UNIQUE (transfer_id, wallet_id)
);
CREATE INDEX entries_by_wallet ON entries (wallet_id, id);

-- The answer that a key was given, so that it is given again.
CREATE TABLE idempotency (
    caller       TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request      TEXT    NOT NULL,
    answer       TEXT    NOT NULL,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) WITHOUT ROWID;

-- Events that were taken in, so that none is taken in twice.
CREATE TABLE inbox (
    event_id   TEXT    PRIMARY KEY NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
