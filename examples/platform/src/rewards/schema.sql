-- What must always hold is said here, so that no code can be written that breaks it: CHECK and UNIQUE where they can
-- say it, triggers where they cannot. STRICT, so that no amount ever is a fraction or a text.

CREATE TABLE campaigns (
    id              TEXT    PRIMARY KEY NOT NULL,
    slug            TEXT    UNIQUE NOT NULL,
    name            TEXT    NOT NULL,
    partner_id      TEXT    NOT NULL,
    reward_minor    INTEGER NOT NULL CHECK (reward_minor > 0),
    budget_minor    INTEGER NOT NULL CHECK (budget_minor > 0),
    -- Set aside for qualified referrals, or paid to rewarded ones.
    committed_minor INTEGER NOT NULL DEFAULT 0 CHECK (committed_minor >= 0),
    status          TEXT    NOT NULL CHECK (status IN ('active', 'paused', 'ended')),
    starts_ms       INTEGER NOT NULL,
    ends_ms         INTEGER NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1,
    created_ms      INTEGER NOT NULL,
    CONSTRAINT within_budget CHECK (committed_minor <= budget_minor),
    CHECK (starts_ms < ends_ms)
) STRICT;

CREATE TRIGGER campaigns_end_for_good BEFORE UPDATE OF status ON campaigns
WHEN OLD.status = 'ended' AND NEW.status <> 'ended'
BEGIN SELECT RAISE(ABORT, 'a campaign that has ended begins no more'); END;

CREATE TABLE referrals (
    id           TEXT    PRIMARY KEY NOT NULL,
    code         TEXT    UNIQUE NOT NULL CHECK (length(code) = 10),
    campaign_id  TEXT    NOT NULL REFERENCES campaigns (id),
    referrer_id  TEXT    NOT NULL,
    referred_id  TEXT,
    state        TEXT    NOT NULL DEFAULT 'created'
                 CHECK (state IN ('created', 'claimed', 'qualified', 'rewarded', 'rejected', 'expired')),
    -- As promised when it was created: what the campaign pays later does not change it.
    reward_minor INTEGER NOT NULL CHECK (reward_minor > 0),
    order_ref    TEXT,
    created_ms   INTEGER NOT NULL,
    changed_ms   INTEGER NOT NULL,
    CONSTRAINT not_self CHECK (referrer_id <> referred_id),
    -- Of one campaign, nobody is won twice.
    UNIQUE (campaign_id, referred_id),
    CHECK (state <> 'created' OR referred_id IS NULL),
    CHECK (state NOT IN ('claimed', 'qualified', 'rewarded') OR referred_id IS NOT NULL),
    CHECK (state NOT IN ('qualified', 'rewarded') OR order_ref IS NOT NULL)
) STRICT;
CREATE INDEX referrals_by_referrer ON referrals (referrer_id, id);
CREATE INDEX referrals_by_age ON referrals (created_ms) WHERE state IN ('created', 'claimed');
CREATE INDEX referrals_rewarded ON referrals (campaign_id, referrer_id, changed_ms) WHERE state = 'rewarded';

CREATE TRIGGER referrals_begin BEFORE INSERT ON referrals
WHEN NEW.state <> 'created'
BEGIN SELECT RAISE(ABORT, 'a referral begins as created'); END;

CREATE TRIGGER referrals_step BEFORE UPDATE OF state ON referrals
WHEN OLD.state || ' ' || NEW.state NOT IN (
    'created claimed', 'claimed qualified', 'qualified rewarded',
    'created rejected', 'claimed rejected', 'qualified rejected',
    'created expired', 'claimed expired')
BEGIN SELECT RAISE(ABORT, 'a referral does not go this way'); END;

CREATE TRIGGER referrals_keep BEFORE UPDATE OF id, code, campaign_id, referrer_id, reward_minor, created_ms ON referrals
BEGIN SELECT RAISE(ABORT, 'this of a referral never changes'); END;

CREATE TRIGGER referrals_claimed_once BEFORE UPDATE OF referred_id ON referrals
WHEN OLD.referred_id IS NOT NEW.referred_id AND (OLD.referred_id IS NOT NULL OR NEW.state <> 'claimed')
BEGIN SELECT RAISE(ABORT, 'a referral is claimed once'); END;

CREATE TRIGGER referrals_stay BEFORE DELETE ON referrals
BEGIN SELECT RAISE(ABORT, 'referrals are not deleted'); END;

-- Each state that a referral has come to, with who brought it there and the one event that told of it.
CREATE TABLE referral_changes (
    referral_id TEXT    NOT NULL REFERENCES referrals (id),
    state       TEXT    NOT NULL,
    actor_id    TEXT    NOT NULL,
    reason      TEXT,
    event_id    TEXT    UNIQUE NOT NULL,
    at_ms       INTEGER NOT NULL,
    -- No state is come to twice.
    PRIMARY KEY (referral_id, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER referral_changes_keep BEFORE UPDATE ON referral_changes
BEGIN SELECT RAISE(ABORT, 'history is not rewritten'); END;

CREATE TRIGGER referral_changes_stay BEFORE DELETE ON referral_changes
BEGIN SELECT RAISE(ABORT, 'history is not rewritten'); END;

CREATE TABLE wallets (
    id            TEXT    PRIMARY KEY NOT NULL,
    owner_id      TEXT    UNIQUE,
    campaign_id   TEXT    UNIQUE REFERENCES campaigns (id),
    kind          TEXT    NOT NULL CHECK (kind IN ('user', 'campaign', 'system')),
    balance_minor INTEGER NOT NULL DEFAULT 0,
    -- What others may know the owner by.
    display_name  TEXT    NOT NULL DEFAULT '',
    created_ms    INTEGER NOT NULL,
    -- The system pays out what it has never taken in; a user or a campaign never owes.
    CONSTRAINT no_debt CHECK (kind = 'system' OR balance_minor >= 0),
    CHECK ((kind = 'user') = (owner_id IS NOT NULL)),
    CHECK ((kind = 'campaign') = (campaign_id IS NOT NULL))
) STRICT;

CREATE TABLE transfers (
    id           TEXT    PRIMARY KEY NOT NULL,
    from_wallet  TEXT    NOT NULL REFERENCES wallets (id),
    to_wallet    TEXT    NOT NULL REFERENCES wallets (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    memo         TEXT    NOT NULL,
    -- The referral that is rewarded: each at most once.
    referral_id  TEXT    UNIQUE REFERENCES referrals (id),
    created_ms   INTEGER NOT NULL,
    CHECK (from_wallet <> to_wallet),
    -- Both sides are there when the transaction ends; with the trigger on entries, they add up to zero.
    FOREIGN KEY (id, from_wallet) REFERENCES entries (transfer_id, wallet_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (id, to_wallet) REFERENCES entries (transfer_id, wallet_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- What a user sent to the system or to a campaign, no one could ever open again.
CREATE TRIGGER transfers_go BEFORE INSERT ON transfers
WHEN (SELECT kind FROM wallets WHERE id = NEW.from_wallet) || ' ' || (SELECT kind FROM wallets WHERE id = NEW.to_wallet)
    NOT IN ('system user', 'system campaign', 'campaign user', 'campaign system', 'user user')
BEGIN SELECT RAISE(ABORT, 'money does not go this way'); END;

-- A reward is what was promised, from the campaign to who has referred.
CREATE TRIGGER transfers_reward BEFORE INSERT ON transfers
WHEN NEW.referral_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM referrals r
    JOIN wallets payer ON payer.campaign_id = r.campaign_id
    JOIN wallets payee ON payee.owner_id = r.referrer_id
    WHERE r.id = NEW.referral_id AND r.state = 'qualified' AND r.reward_minor = NEW.amount_minor
        AND payer.id = NEW.from_wallet AND payee.id = NEW.to_wallet)
BEGIN SELECT RAISE(ABORT, 'this is not the reward of the referral'); END;

CREATE TRIGGER transfers_keep BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is not rewritten'); END;

CREATE TRIGGER transfers_stay BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is not rewritten'); END;

CREATE TABLE entries (
    id           TEXT    PRIMARY KEY NOT NULL,
    transfer_id  TEXT    NOT NULL REFERENCES transfers (id),
    wallet_id    TEXT    NOT NULL REFERENCES wallets (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
    UNIQUE (transfer_id, wallet_id)
) STRICT;
CREATE INDEX entries_by_wallet ON entries (wallet_id, id);

CREATE TRIGGER entries_are_sides BEFORE INSERT ON entries
WHEN NOT EXISTS (
    SELECT 1 FROM transfers t
    WHERE t.id = NEW.transfer_id
        AND (t.from_wallet, -t.amount_minor) = (NEW.wallet_id, NEW.amount_minor)
         OR t.id = NEW.transfer_id AND (t.to_wallet, t.amount_minor) = (NEW.wallet_id, NEW.amount_minor))
BEGIN SELECT RAISE(ABORT, 'an entry is one side of its transfer'); END;

CREATE TRIGGER entries_keep BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is not rewritten'); END;

CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is not rewritten'); END;

-- The answer that a key was given, so that it is given again.
CREATE TABLE idempotency (
    principal    TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request_hash BLOB    NOT NULL,
    status       INTEGER NOT NULL,
    location     TEXT,
    body         BLOB    NOT NULL,
    expires_ms   INTEGER NOT NULL,
    PRIMARY KEY (principal, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_end ON idempotency (expires_ms);

-- Signed requests that were taken in, for as long as their signatures are good.
CREATE TABLE seen_signatures (
    credential_id TEXT    NOT NULL,
    webhook_id    TEXT    NOT NULL,
    expires_ms    INTEGER NOT NULL,
    PRIMARY KEY (credential_id, webhook_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_signatures_by_end ON seen_signatures (expires_ms);

-- Events that were taken in, so that none is taken in twice.
CREATE TABLE inbox (
    event_id   TEXT    PRIMARY KEY NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (created_ms);

-- What people with a role have done to things of others.
CREATE TABLE audit_log (
    id         TEXT    PRIMARY KEY NOT NULL,
    actor_id   TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    subject_id TEXT    NOT NULL,
    reason     TEXT,
    created_ms INTEGER NOT NULL
) STRICT;

-- Who has won the most friends for a campaign: built anew by a job.
CREATE TABLE leaderboard (
    campaign_id TEXT    NOT NULL REFERENCES campaigns (id),
    rank        INTEGER NOT NULL CHECK (rank > 0),
    referrer_id TEXT    NOT NULL,
    rewarded    INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, rank)
) STRICT, WITHOUT ROWID;
