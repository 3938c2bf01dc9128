//! The users and what happened to them, in one database.

use ovasabi_core::repository::outbox::{self, NewEvent, Outbox};
use ovasabi_core::repository::{Db, DbError, DbErrorKind, Migrations, new_id};
use ovasabi_core::time::WallClock;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Serialize;
use sqlx::FromRow;

const MIGRATIONS: Migrations = Migrations::new(&[(1, "create users", include_str!("schema.sql"))]);

/// Somebody has registered: its key is the id of the user.
const USER_REGISTERED: &str = "accounts.user.registered.v1";

/// The users. Clones share the database.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    pub(super) db: Db,
    clock: WallClock,
    /// What is told to others.
    pub(super) outbox: Outbox,
}

/// A user as others see one: without the hash.
#[derive(Clone, Debug, Serialize, FromRow)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) display_name: String,
}

/// What a login needs.
#[derive(FromRow)]
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) password_hash: String,
}

impl Users {
    /// Brings the database up to date.
    pub(crate) async fn open(db: Db, clock: WallClock, cx: &Context) -> Result<Self> {
        db.migrate(cx, &MIGRATIONS).await?;
        db.migrate(cx, &outbox::MIGRATIONS).await?;
        let outbox = Outbox::new(db.clone()).with_clock(clock.clone());
        Ok(Self { db, clock, outbox })
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.since_epoch().as_millis()).unwrap_or(i64::MAX)
    }

    /// Adds a user and the event that says so: both or neither.
    pub(super) async fn add(
        &self,
        cx: &Context,
        email: &str,
        display_name: &str,
        password_hash: &str,
    ) -> Result<User> {
        let user = User {
            id: new_id().to_string(),
            email: email.to_owned(),
            display_name: display_name.to_owned(),
        };
        let added = self
            .db
            .with_tx(cx, async |mut uow| {
                sqlx::query(
                    "INSERT INTO users (id, email, display_name, password_hash, created_ms) VALUES (?, ?, ?, ?, ?)",
                )
                .bind(&user.id)
                .bind(&user.email)
                .bind(&user.display_name)
                .bind(password_hash)
                .bind(self.now_ms())
                .execute(uow.connection())
                .await?;
                let event = NewEvent::new(USER_REGISTERED, &user.id, &())?;
                self.outbox.put_in(cx, &mut uow, event).await.map(drop)
            })
            .await;
        match added {
            Ok(()) => Ok(user),
            Err(error) if is_unique(&error) => {
                Err(Error::new(Code::AlreadyExists, "accounts.email_taken")
                    .detail("this address has an account"))
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn by_id(&self, cx: &Context, id: &str) -> Result<Option<User>> {
        let mut conn = self.db.read(cx).await?;
        let found = sqlx::query_as("SELECT id, email, display_name FROM users WHERE id = ?")
            .bind(id)
            .fetch_optional(conn.connection())
            .await?;
        Ok(found)
    }

    pub(super) async fn credentials(
        &self,
        cx: &Context,
        email: &str,
    ) -> Result<Option<Credentials>> {
        let mut conn = self.db.read(cx).await?;
        let found = sqlx::query_as("SELECT id, password_hash FROM users WHERE email = ?")
            .bind(email)
            .fetch_optional(conn.connection())
            .await?;
        Ok(found)
    }
}

fn is_unique(error: &Error) -> bool {
    DbError::find(error).is_some_and(|cause| cause.kind() == DbErrorKind::Unique)
}
