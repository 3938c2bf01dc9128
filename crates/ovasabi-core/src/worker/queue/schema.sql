CREATE TABLE jobs (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT    NOT NULL UNIQUE,
    kind            TEXT    NOT NULL,
    payload         TEXT    NOT NULL,
    state           TEXT    NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'done', 'dead')),
    run_at_ms       INTEGER NOT NULL,
    -- Attempts that were begun and answered; one that crashed its process counts as a crash instead.
    attempts        INTEGER NOT NULL DEFAULT 0,
    max_attempts    INTEGER NOT NULL,
    crashes         INTEGER NOT NULL DEFAULT 0,
    -- Grows with each claim: whoever holds an older number holds nothing.
    lease           INTEGER NOT NULL DEFAULT 0,
    leased_until_ms INTEGER,
    unique_key      TEXT,
    serial_key      TEXT,
    traceparent     TEXT,
    request_id      TEXT,
    last_error      TEXT,
    created_ms      INTEGER NOT NULL,
    ended_ms        INTEGER
);

CREATE INDEX jobs_ready ON jobs (run_at_ms, seq) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (leased_until_ms) WHERE state = 'running';
CREATE INDEX jobs_ended ON jobs (state, ended_ms) WHERE state IN ('done', 'dead');
-- One job of a key is waiting or at work, whoever writes it down.
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('ready', 'running');
-- Two of a key are never at work together, whatever claims them.
CREATE UNIQUE INDEX jobs_serial ON jobs (serial_key) WHERE serial_key IS NOT NULL AND state = 'running';
