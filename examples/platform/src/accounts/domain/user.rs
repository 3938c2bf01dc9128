//! Users.

use serde::Serialize;
use utoipa::ToSchema;

use super::Roles;

/// A user as its owner sees it: without the hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) display_name: String,
    pub(crate) roles: Roles,
    /// One more with each change.
    pub(crate) version: i64,
    pub(crate) created_ms: i64,
}

/// Somebody who registers. The address is [normal](normal_email).
pub(crate) struct NewUser {
    pub(crate) email: String,
    pub(crate) display_name: String,
    pub(crate) password_hash: String,
}

/// What a login needs.
pub(crate) struct Credentials {
    pub(crate) user_id: String,
    pub(crate) password_hash: String,
    pub(crate) roles: Roles,
}

/// The one form in which addresses are kept and compared: with two forms somebody has two accounts.
pub(crate) fn normal_email(text: &str) -> String {
    text.to_lowercase()
}
