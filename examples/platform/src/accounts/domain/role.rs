//! Roles, and the ones that a user has.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ovasabi_core::{Code, Error};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Everybody with an account.
    Member,
    /// Has campaigns, API keys and webhooks.
    Partner,
    /// Rejects referrals.
    Moderator,
    /// Looks after the platform.
    Admin,
}

/// The roles of a user. Everybody is a member, whatever else one is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Roles(BTreeSet<Role>);

impl Role {
    const ALL: [Self; 4] = [Self::Member, Self::Partner, Self::Moderator, Self::Admin];

    /// What it is called in tokens and tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Partner => "partner",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            let detail = format!("no such role, expected one of {names}");
            Error::new(Code::InvalidArgument, "accounts.role")
                .violation("role", "known", detail.clone())
                .detail(detail)
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Roles {
    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The same with one more.
    #[must_use]
    pub(crate) fn with(mut self, role: Role) -> Self {
        self.0.insert(role);
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.iter().map(Role::name)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().chain([Role::Member]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_a_member_and_a_role_is_there_once() {
        let roles: Roles = [Role::Admin, Role::Partner, Role::Admin]
            .into_iter()
            .collect();
        assert!(roles.names().eq(["member", "partner", "admin"]));
        assert!(roles.has(Role::Member) && !roles.has(Role::Moderator));
        assert!(Roles::from_iter([]).names().eq(["member"]));
    }

    #[test]
    fn a_role_is_read_as_it_is_written_and_nothing_else_is_one() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        for odd in ["", "Admin", "admin ", "root"] {
            let error = odd.parse::<Role>().unwrap_err();
            assert_eq!(error.reason(), "accounts.role");
            assert!(error.public_detail().contains("member, partner"));
        }
    }
}
