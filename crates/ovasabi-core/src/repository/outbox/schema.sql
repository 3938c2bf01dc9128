CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    topic       TEXT    NOT NULL,
    -- Events of one key are sent in the order of their numbers.
    key         TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    traceparent TEXT,
    request_id  TEXT,
    created_ms  INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_at_ms  INTEGER NOT NULL,
    sent_ms     INTEGER,
    dead_ms     INTEGER,
    last_error  TEXT
);

CREATE INDEX outbox_waiting ON outbox (key, seq) WHERE sent_ms IS NULL AND dead_ms IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_ms) WHERE sent_ms IS NOT NULL;

-- One relay at a time: two would send events of one key past each other.
CREATE TABLE outbox_relay (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    lease    INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
);

INSERT INTO outbox_relay VALUES (1, 0, 0);
