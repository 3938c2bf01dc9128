//! The referrals and their history.

use ovasabi_core::{Error, Result};
use sqlx::SqliteConnection;

use super::{Tx, is_refused};
use crate::contract::{ReferralChanged, topic};
use crate::rewards::domain::{Code, Referral, State, Step, conflict};

/// How often a new code is made when the last one was taken.
const TRIES: u32 = 5;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.code, r.campaign_id, c.slug AS campaign, c.partner_id, r.referrer_id, r.referred_id, \
                r.state, r.reward_minor, r.order_ref, r.created_ms, r.changed_ms \
             FROM referrals r JOIN campaigns c ON c.id = r.campaign_id ",
            $rest
        )
    };
}

/// The referral of this code.
pub(in crate::rewards) async fn by_code(
    conn: &mut SqliteConnection,
    code: &Code,
) -> Result<Option<Referral>> {
    let found = sqlx::query_as(select!("WHERE r.code = ?"));
    Ok(found.bind(code.as_str()).fetch_optional(conn).await?)
}

/// The referral of this id.
pub(in crate::rewards) async fn by_id(
    conn: &mut SqliteConnection,
    id: &str,
) -> Result<Option<Referral>> {
    let found = sqlx::query_as(select!("WHERE r.id = ?"));
    Ok(found.bind(id).fetch_optional(conn).await?)
}

/// Those that somebody has made, with ids before `before`, newest first.
pub(in crate::rewards) async fn of_referrer(
    conn: &mut SqliteConnection,
    referrer: &str,
    before: Option<&str>,
    rows: u32,
) -> Result<Vec<Referral>> {
    let found = sqlx::query_as(select!(
        "WHERE r.referrer_id = ?1 AND r.id < coalesce(?2, '~') ORDER BY r.id DESC LIMIT ?3"
    ));
    let found = found.bind(referrer).bind(before).bind(rows);
    Ok(found.fetch_all(conn).await?)
}

/// Those that nobody has used to their end since `before_ms`, oldest first.
pub(in crate::rewards) async fn overdue(
    conn: &mut SqliteConnection,
    before_ms: i64,
    rows: u32,
) -> Result<Vec<Referral>> {
    let found = sqlx::query_as(select!(
        "WHERE r.state IN ('created', 'claimed') AND r.created_ms <= ? ORDER BY r.created_ms LIMIT ?"
    ));
    Ok(found.bind(before_ms).bind(rows).fetch_all(conn).await?)
}

impl Tx<'_> {
    /// Adds a referral under a code that nobody has, and tells of it.
    pub(in crate::rewards) async fn add_referral(
        &mut self,
        referral: Referral,
    ) -> Result<Referral> {
        let mut tries = 0;
        let code = loop {
            let code = Code::random()?;
            match self.insert(&referral, &code).await {
                Ok(()) => break code,
                Err(error) if is_refused(&error, "referrals.code") && tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        };
        let referral = Referral {
            code: code.as_str().to_owned(),
            ..referral
        };
        let actor = referral.referrer_id.clone();
        self.record(&referral, &actor, None).await?;
        Ok(referral)
    }

    /// Takes a referral, as it was read in this transaction with what the step adds to it, one step on: its
    /// state, its history, and the event that tells of it.
    pub(in crate::rewards) async fn step(
        &mut self,
        referral: Referral,
        step: Step,
        actor: &str,
        reason: Option<&str>,
    ) -> Result<Referral> {
        let before = referral.state;
        let referral = Referral {
            state: referral.after(step)?,
            changed_ms: self.now_ms,
            ..referral
        };
        let written = self.write(&referral, before).await;
        written.map_err(|error| {
            match is_refused(&error, "referrals.campaign_id, referrals.referred_id") {
                true => conflict(
                    "referral.claimed_before",
                    "you have claimed a code of this campaign before",
                ),
                false => Error::from(error),
            }
        })?;
        self.record(&referral, actor, reason).await?;
        Ok(referral)
    }

    async fn insert(&mut self, referral: &Referral, code: &Code) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO referrals (id, code, campaign_id, referrer_id, reward_minor, created_ms, changed_ms) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&referral.id)
        .bind(code.as_str())
        .bind(&referral.campaign_id)
        .bind(&referral.referrer_id)
        .bind(referral.reward_minor)
        .bind(referral.created_ms)
        .bind(referral.changed_ms)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn write(&mut self, referral: &Referral, before: State) -> Result<(), sqlx::Error> {
        let written = sqlx::query(
            "UPDATE referrals SET state = ?, referred_id = ?, order_ref = ?, changed_ms = ? WHERE id = ? AND state = ?",
        )
        .bind(referral.state)
        .bind(&referral.referred_id)
        .bind(&referral.order_ref)
        .bind(referral.changed_ms)
        .bind(&referral.id)
        .bind(before)
        .execute(self.conn())
        .await?;
        match written.rows_affected() {
            1 => Ok(()),
            _ => Err(sqlx::Error::RowNotFound),
        }
    }

    async fn record(
        &mut self,
        referral: &Referral,
        actor: &str,
        reason: Option<&str>,
    ) -> Result<()> {
        let (now, state) = (self.now_ms, referral.state);
        let changed = ReferralChanged {
            referral_id: referral.id.clone(),
            code: referral.code.clone(),
            campaign: referral.campaign.clone(),
            state: state.name().to_owned(),
            referrer_id: referral.referrer_id.clone(),
            referred_id: referral.referred_id.clone(),
            partner_id: referral.partner_id.clone(),
            reward_minor: referral.reward_minor,
            reason: reason.map(str::to_owned),
        };
        let event_id = self.tell(topic_of(state), &referral.id, &changed).await?;
        sqlx::query(
            "INSERT INTO referral_changes (referral_id, state, actor_id, reason, event_id, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&referral.id)
        .bind(state)
        .bind(actor)
        .bind(reason)
        .bind(event_id)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

fn topic_of(state: State) -> &'static str {
    match state {
        State::Created => topic::REFERRAL_CREATED,
        State::Claimed => topic::REFERRAL_CLAIMED,
        State::Qualified => topic::REFERRAL_QUALIFIED,
        State::Rewarded => topic::REFERRAL_REWARDED,
        State::Rejected => topic::REFERRAL_REJECTED,
        State::Expired => topic::REFERRAL_EXPIRED,
    }
}
