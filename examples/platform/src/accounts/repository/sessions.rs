//! Families of refresh tokens.

use ovasabi_core::repository::new_id;
use ovasabi_core::{Context, Result};
use serde_json::json;
use sqlx::{Row, SqliteConnection};

use super::Store;
use super::audit::{Act, SERVICE, write};
use super::users::roles_of;
use crate::accounts::domain::{Facts, Lifetimes, Refusal, Roles, TokenDigest, Verdict, judge};

/// What became of a token that was presented.
#[derive(Debug)]
pub(in crate::accounts) enum Rotation {
    /// It is used up, and the next one is good until then.
    Rotated {
        user_id: String,
        roles: Roles,
        expires_ms: i64,
    },
    /// It was used before: its family has just ended.
    Reused {
        user_id: String,
    },
    Refused(Refusal),
}

impl Store {
    /// Begins a session with its first token, and says when that ends.
    pub(in crate::accounts) async fn begin_session(
        &self,
        cx: &Context,
        user_id: &str,
        first: TokenDigest,
        lifetimes: Lifetimes,
    ) -> Result<i64> {
        let (family, now) = (new_id().to_string(), self.now_ms());
        let ends = lifetimes.family_end(now);
        let expires = lifetimes.expiry(now, ends);
        self.db
            .with_tx(cx, async |mut unit| {
                sqlx::query(
                    "INSERT INTO refresh_families (id, user_id, created_ms, ends_ms) VALUES (?, ?, ?, ?)",
                )
                .bind(&family)
                .bind(user_id)
                .bind(now)
                .bind(ends)
                .execute(unit.connection())
                .await?;
                insert(unit.connection(), &family, first, now, expires).await
            })
            .await?;
        Ok(expires)
    }

    /// Uses a token up and puts the next one in its place, or ends its family: one transaction, so of many who present
    /// the same one at once the first wins.
    pub(in crate::accounts) async fn rotate_session(
        &self,
        cx: &Context,
        presented: TokenDigest,
        next: TokenDigest,
        lifetimes: Lifetimes,
    ) -> Result<Rotation> {
        self.db
            .with_tx(cx, async |mut unit| {
                let (conn, now) = (unit.connection(), self.now_ms());
                let Some(known) = find(conn, presented).await? else {
                    return Ok(Rotation::Refused(Refusal::Unknown));
                };
                let Known {
                    family,
                    user_id,
                    roles,
                    facts,
                } = known;
                match judge(facts, lifetimes, now) {
                    Verdict::Refused(why) => Ok(Rotation::Refused(why)),
                    Verdict::Reused => {
                        revoke(conn, &family, now, "reused").await?;
                        let act = Act {
                            actor: SERVICE,
                            action: "session.reused",
                            subject: &user_id,
                            detail: json!({ "family": family }),
                        };
                        write(conn, now, act).await?;
                        Ok(Rotation::Reused { user_id })
                    }
                    Verdict::Rotate { next_expires_ms } => {
                        sqlx::query("UPDATE refresh_tokens SET used_ms = ? WHERE hash = ?")
                            .bind(now)
                            .bind(presented.as_bytes())
                            .execute(&mut *conn)
                            .await?;
                        insert(conn, &family, next, now, next_expires_ms).await?;
                        Ok(Rotation::Rotated {
                            user_id,
                            roles,
                            expires_ms: next_expires_ms,
                        })
                    }
                }
            })
            .await
    }

    /// Ends the session of a token, used or not, if there is one.
    pub(in crate::accounts) async fn end_session(
        &self,
        cx: &Context,
        presented: TokenDigest,
    ) -> Result<()> {
        self.db
            .with_tx(cx, async |mut unit| {
                let conn = unit.connection();
                match find(conn, presented).await? {
                    Some(known) if known.facts.family_revoked_ms.is_none() => {
                        revoke(conn, &known.family, self.now_ms(), "logout").await
                    }
                    _ => Ok(()),
                }
            })
            .await
    }

    /// Removes up to `limit` tokens that have ended, and the sessions of which nothing is left; says how many tokens.
    pub(in crate::accounts) async fn purge_sessions(
        &self,
        cx: &Context,
        limit: u32,
    ) -> Result<u64> {
        let families: Vec<String> = self
            .db
            .with_tx(cx, async |mut unit| {
                let tokens = sqlx::query_scalar(
                    "DELETE FROM refresh_tokens WHERE hash IN \
                     (SELECT hash FROM refresh_tokens WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?) \
                     RETURNING family",
                );
                let tokens = tokens.bind(self.now_ms()).bind(limit);
                let families: Vec<String> = tokens.fetch_all(unit.connection()).await?;
                sqlx::query(
                    "DELETE FROM refresh_families WHERE id IN (SELECT value FROM json_each(?)) \
                     AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE family = refresh_families.id)",
                )
                .bind(json!(families).to_string())
                .execute(unit.connection())
                .await?;
                Ok(families)
            })
            .await?;
        Ok(u64::try_from(families.len()).unwrap_or(u64::MAX))
    }
}

/// A token that is there, with its family and its user.
struct Known {
    family: String,
    user_id: String,
    roles: Roles,
    facts: Facts,
}

async fn find(conn: &mut SqliteConnection, presented: TokenDigest) -> Result<Option<Known>> {
    let row = sqlx::query(
        "SELECT f.id, f.user_id, f.ends_ms, f.revoked_ms, t.expires_ms, t.used_ms, \
         (SELECT group_concat(role, ' ') FROM user_roles r WHERE r.user_id = f.user_id) AS roles \
         FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family WHERE t.hash = ?",
    )
    .bind(presented.as_bytes())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Known {
            family: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            roles: roles_of(&row)?,
            facts: Facts {
                expires_ms: row.try_get("expires_ms")?,
                used_ms: row.try_get("used_ms")?,
                family_ends_ms: row.try_get("ends_ms")?,
                family_revoked_ms: row.try_get("revoked_ms")?,
            },
        })
    })
    .transpose()
}

async fn insert(
    conn: &mut SqliteConnection,
    family: &str,
    digest: TokenDigest,
    now: i64,
    expires: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO refresh_tokens (hash, family, created_ms, expires_ms) VALUES (?, ?, ?, ?)",
    )
    .bind(digest.as_bytes().to_vec())
    .bind(family)
    .bind(now)
    .bind(expires)
    .execute(conn)
    .await?;
    Ok(())
}

async fn revoke(
    conn: &mut SqliteConnection,
    family: &str,
    now: i64,
    reason: &'static str,
) -> Result<()> {
    sqlx::query("UPDATE refresh_families SET revoked_ms = ?, reason = ? WHERE id = ?")
        .bind(now)
        .bind(reason)
        .bind(family)
        .execute(conn)
        .await?;
    Ok(())
}
