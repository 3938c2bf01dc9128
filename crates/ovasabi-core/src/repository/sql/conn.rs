//! A connection that reads.

use std::fmt;

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection};

/// A connection that reads, lent until it is dropped. Made by [`Db::read`](super::Db::read).
///
/// Each statement sees what was committed before it began.
#[must_use = "a connection that is dropped goes back"]
pub struct Conn(PoolConnection<Sqlite>);

impl Conn {
    pub(super) fn new(conn: PoolConnection<Sqlite>) -> Self {
        Self(conn)
    }

    /// What `sqlx` runs statements on.
    ///
    /// ```
    /// # use ovasabi_core::{Context, Result};
    /// # use ovasabi_core::repository::Db;
    /// # async fn count(db: &Db, cx: &Context) -> Result<i64> {
    /// let mut conn = db.read(cx).await?;
    /// let users = sqlx::query_scalar("SELECT count(*) FROM users");
    /// Ok(cx.run(users.fetch_one(conn.connection())).await??)
    /// # }
    /// ```
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn").finish_non_exhaustive()
    }
}
