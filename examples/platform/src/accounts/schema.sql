CREATE TABLE users (
    id            TEXT    PRIMARY KEY NOT NULL,
    email         TEXT    UNIQUE NOT NULL,
    display_name  TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    -- One more with each change that others see.
    version       INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id),
    role    TEXT NOT NULL CHECK (role IN ('member', 'partner', 'moderator', 'admin')),
    PRIMARY KEY (user_id, role)
) STRICT, WITHOUT ROWID;

-- A login, and all refresh tokens that came of it.
CREATE TABLE refresh_families (
    id         TEXT    PRIMARY KEY NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id),
    created_ms INTEGER NOT NULL,
    ends_ms    INTEGER NOT NULL CHECK (ends_ms > created_ms),
    revoked_ms INTEGER,
    reason     TEXT    CHECK (reason IN ('logout', 'reused')),
    CHECK ((revoked_ms IS NULL) = (reason IS NULL))
) STRICT;

-- Of a token its SHA-256 alone: who reads this table can present none.
CREATE TABLE refresh_tokens (
    hash       BLOB    PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    family     TEXT    NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL CHECK (expires_ms > created_ms),
    used_ms    INTEGER
) STRICT, WITHOUT ROWID;
-- One token of a family is good, whoever asks at the same time.
CREATE UNIQUE INDEX refresh_tokens_unused ON refresh_tokens (family) WHERE used_ms IS NULL;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_ms);

CREATE TRIGGER a_used_token_stays_used BEFORE UPDATE ON refresh_tokens WHEN OLD.used_ms IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a used token stays as it is');
END;
CREATE TRIGGER a_revoked_family_stays_revoked BEFORE UPDATE ON refresh_families WHEN OLD.revoked_ms IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a revoked family stays as it is');
END;

CREATE TABLE signing_keys (
    kid        TEXT    PRIMARY KEY NOT NULL,
    pem        TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('active', 'retired')),
    created_ms INTEGER NOT NULL,
    retired_ms INTEGER,
    CHECK ((state = 'retired') = (retired_ms IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (state) WHERE state = 'active';

-- Who has done what. Nothing in it is ever changed.
CREATE TABLE audit_log (
    id         TEXT    PRIMARY KEY NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    detail     TEXT    NOT NULL CHECK (json_valid(detail)),
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only added to');
END;
CREATE TRIGGER audit_log_is_not_shortened BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only added to');
END;
