//! Users, through a cache.

use ovasabi_core::cache::Cache;
use ovasabi_core::repository::outbox::NewEvent;
use ovasabi_core::repository::{DbError, DbErrorKind, UnitOfWork, new_id};
use ovasabi_core::{Code, Context, Error, Result};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use super::{Store, user_not_found};
use crate::accounts::domain::{Credentials, NewUser, Role, Roles, User};
use crate::contract::{UserRegistered, topic};

impl Store {
    /// Adds a member and the event that says so: both or neither.
    pub(in crate::accounts) async fn add_user(&self, cx: &Context, new: NewUser) -> Result<User> {
        let NewUser {
            email,
            display_name,
            password_hash,
        } = new;
        let user = User {
            id: new_id().to_string(),
            email,
            display_name,
            roles: Roles::from_iter([]),
            version: 1,
            created_ms: self.now_ms(),
        };
        let added = self
            .db
            .with_tx(cx, async |mut unit| {
                insert(unit.connection(), &user, &password_hash).await?;
                let registered = UserRegistered {
                    user_id: user.id.clone(),
                    display_name: user.display_name.clone(),
                };
                let event = NewEvent::new(topic::USER_REGISTERED, &user.id, &registered)?;
                self.outbox.put_in(cx, &mut unit, event).await.map(drop)
            })
            .await;
        added
            .map(|()| user)
            .map_err(|error| match DbError::find(&error).map(DbError::kind) {
                Some(DbErrorKind::Unique) => {
                    Error::new(Code::AlreadyExists, "accounts.email_taken")
                        .detail("this address has an account")
                }
                _ => error,
            })
    }

    /// The user of this id; one that was read a moment ago is not read again.
    pub(in crate::accounts) async fn user(&self, cx: &Context, id: &str) -> Result<Option<User>> {
        let (store, key) = (self.clone(), id.to_owned());
        let load = async move |cx: Context| {
            let mut conn = store.db.read(&cx).await?;
            find(conn.connection(), &key).await
        };
        let found = self.users.get_or_load(cx, &id.to_owned(), load).await?;
        Ok(found.map(|user| User::clone(&user)))
    }

    /// The user with this address.
    pub(in crate::accounts) async fn user_by_email(
        &self,
        cx: &Context,
        email: &str,
    ) -> Result<Option<User>> {
        let mut conn = self.db.read(cx).await?;
        find_by_email(conn.connection(), email).await
    }

    /// What a login with this address needs.
    pub(in crate::accounts) async fn credentials(
        &self,
        cx: &Context,
        email: &str,
    ) -> Result<Option<Credentials>> {
        let mut conn = self.db.read(cx).await?;
        let row = sqlx::query(concat!(
            "SELECT id, password_hash, (SELECT group_concat(role, ' ') FROM user_roles WHERE user_id = id) AS roles ",
            "FROM users WHERE email = ?"
        ))
        .bind(email)
        .fetch_optional(conn.connection())
        .await?;
        row.map(|row| {
            Ok(Credentials {
                user_id: row.try_get("id")?,
                password_hash: row.try_get("password_hash")?,
                roles: roles_of(&row)?,
            })
        })
        .transpose()
    }

    /// Gives a user another name, if `may` allows that for the version that is there.
    pub(in crate::accounts) async fn rename_user(
        &self,
        cx: &Context,
        id: &str,
        display_name: &str,
        may: impl Fn(i64) -> Result<()>,
    ) -> Result<User> {
        self.db
            .with_tx(cx, async |mut unit| {
                let conn = unit.connection();
                let user = find(conn, id).await?.ok_or_else(user_not_found)?;
                may(user.version)?;
                let user = User {
                    display_name: display_name.to_owned(),
                    version: user.version + 1,
                    ..user
                };
                sqlx::query("UPDATE users SET display_name = ?, version = ? WHERE id = ?")
                    .bind(&user.display_name)
                    .bind(user.version)
                    .bind(&user.id)
                    .execute(conn)
                    .await?;
                self.forget_user(&mut unit, id);
                Ok(user)
            })
            .await
    }

    /// What is remembered of a user is forgotten with the commit, also when the caller has gone by then.
    pub(super) fn forget_user(&self, unit: &mut UnitOfWork, id: &str) {
        let (users, id) = (self.users.clone(), id.to_owned());
        unit.on_commit(move |_| users.forget(&id));
    }
}

async fn insert(conn: &mut SqliteConnection, user: &User, password_hash: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO users (id, email, display_name, password_hash, created_ms) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&user.id)
    .bind(&user.email)
    .bind(&user.display_name)
    .bind(password_hash)
    .bind(user.created_ms)
    .execute(&mut *conn)
    .await?;
    for role in user.roles.iter() {
        insert_role(conn, &user.id, role).await?;
    }
    Ok(())
}

pub(super) async fn insert_role(conn: &mut SqliteConnection, id: &str, role: Role) -> Result<()> {
    sqlx::query("INSERT INTO user_roles (user_id, role) VALUES (?, ?)")
        .bind(id)
        .bind(role.name())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn find(conn: &mut SqliteConnection, id: &str) -> Result<Option<User>> {
    let found = sqlx::query_as(concat!(
        "SELECT id, email, display_name, version, created_ms, ",
        "(SELECT group_concat(role, ' ') FROM user_roles WHERE user_id = id) AS roles FROM users WHERE id = ?"
    ))
    .bind(id)
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

pub(super) async fn find_by_email(
    conn: &mut SqliteConnection,
    email: &str,
) -> Result<Option<User>> {
    let found = sqlx::query_as(concat!(
        "SELECT id, email, display_name, version, created_ms, ",
        "(SELECT group_concat(role, ' ') FROM user_roles WHERE user_id = id) AS roles FROM users WHERE email = ?"
    ))
    .bind(email)
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

/// The roles of a row, in one column with spaces between.
pub(super) fn roles_of(row: &SqliteRow) -> sqlx::Result<Roles> {
    let names: Option<String> = row.try_get("roles")?;
    let roles = names.as_deref().unwrap_or_default().split_whitespace();
    let roles: Result<Roles> = roles.map(str::parse::<Role>).collect();
    roles.map_err(|error| sqlx::Error::Decode(error.into()))
}

impl FromRow<'_, SqliteRow> for User {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            display_name: row.try_get("display_name")?,
            roles: roles_of(row)?,
            version: row.try_get("version")?,
            created_ms: row.try_get("created_ms")?,
        })
    }
}
