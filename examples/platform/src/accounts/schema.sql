CREATE TABLE users (
    id            TEXT    PRIMARY KEY NOT NULL,
    email         TEXT    UNIQUE NOT NULL,
    display_name  TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    created_ms    INTEGER NOT NULL
);
