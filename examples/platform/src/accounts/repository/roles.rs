//! The roles of users, each change with its row in the audit log.

use ovasabi_core::repository::UnitOfWork;
use ovasabi_core::{Context, Result};
use serde_json::json;

use super::audit::{Act, OPERATOR, write};
use super::users::{find, find_by_email, insert_role};
use super::{Store, user_not_found};
use crate::accounts::domain::{Role, Roles, User};

impl Store {
    /// Gives a user exactly these roles. The same once more changes nothing and says nothing.
    pub(in crate::accounts) async fn set_roles(
        &self,
        cx: &Context,
        actor: &str,
        id: &str,
        roles: Roles,
    ) -> Result<User> {
        self.db
            .with_tx(cx, async |mut unit| {
                let user = find(unit.connection(), id).await?;
                let user = user.ok_or_else(user_not_found)?;
                self.put_roles(&mut unit, actor, user, roles).await
            })
            .await
    }

    /// Adds a role to those of the user with this address, in the name of who runs the platform.
    pub(in crate::accounts) async fn grant_role(
        &self,
        cx: &Context,
        email: &str,
        role: Role,
    ) -> Result<User> {
        self.db
            .with_tx(cx, async |mut unit| {
                let user = find_by_email(unit.connection(), email).await?;
                let user = user.ok_or_else(user_not_found)?;
                let roles = user.roles.clone().with(role);
                self.put_roles(&mut unit, OPERATOR, user, roles).await
            })
            .await
    }

    async fn put_roles(
        &self,
        unit: &mut UnitOfWork,
        actor: &str,
        user: User,
        roles: Roles,
    ) -> Result<User> {
        if user.roles == roles {
            return Ok(user);
        }
        let conn = unit.connection();
        sqlx::query("DELETE FROM user_roles WHERE user_id = ?")
            .bind(&user.id)
            .execute(&mut *conn)
            .await?;
        for role in roles.iter() {
            insert_role(conn, &user.id, role).await?;
        }
        sqlx::query("UPDATE users SET version = version + 1 WHERE id = ?")
            .bind(&user.id)
            .execute(&mut *conn)
            .await?;
        let act = Act {
            actor,
            action: "roles.set",
            subject: &user.id,
            detail: json!({ "before": user.roles, "after": roles }),
        };
        write(conn, self.now_ms(), act).await?;
        self.forget_user(unit, &user.id);
        Ok(User {
            roles,
            version: user.version + 1,
            ..user
        })
    }
}
