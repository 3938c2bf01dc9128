-- What people are told. `seq` is the order in which they are told it, and where a live stream goes on: SQLite has one
-- writer, so numbers are seen in their order.
CREATE TABLE notifications (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    user_id    TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    data       TEXT    NOT NULL CHECK (json_valid(data)),
    event_id   TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    acked_ms   INTEGER,
    -- An event tells one person one thing once.
    UNIQUE (event_id, user_id, kind)
);
CREATE INDEX notifications_by_user ON notifications (user_id, seq);
CREATE INDEX notifications_unread ON notifications (user_id, seq) WHERE acked_ms IS NULL;
CREATE INDEX notifications_by_ack ON notifications (acked_ms) WHERE acked_ms IS NOT NULL;

-- Events that were taken in, so that none is taken in twice.
CREATE TABLE inbox (
    event_id   TEXT    PRIMARY KEY NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (created_ms);

-- Where partners want to be told.
CREATE TABLE webhooks (
    id          TEXT    PRIMARY KEY NOT NULL,
    owner_id    TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    topics      TEXT    NOT NULL CHECK (json_array_length(topics) > 0),
    secret      TEXT    NOT NULL,
    created_ms  INTEGER NOT NULL,
    -- The target has said that it is gone.
    disabled_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX webhooks_by_owner ON webhooks (owner_id, id);

-- One event for one webhook.
CREATE TABLE webhook_deliveries (
    id          TEXT    PRIMARY KEY NOT NULL,
    webhook_id  TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id    TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    -- Requests that were sent, or could not be.
    attempts    INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER,
    last_error  TEXT,
    created_ms  INTEGER NOT NULL,
    -- From when its patience counts: an operator may give it a second one.
    since_ms    INTEGER NOT NULL,
    done_ms     INTEGER,
    UNIQUE (webhook_id, event_id),
    CHECK ((state = 'pending') = (done_ms IS NULL))
) WITHOUT ROWID;
CREATE INDEX deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX deliveries_by_end ON webhook_deliveries (done_ms) WHERE done_ms IS NOT NULL;
