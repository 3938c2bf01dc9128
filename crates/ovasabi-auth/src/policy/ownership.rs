//! Who may open a thing that has an owner.

use std::borrow::Cow;
use std::fmt;

use ovasabi_core::{Code, Error};

use super::Denial;
use crate::Principal;

/// Decides who may open one kind of thing: its owner, and the roles that may open all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Ownership {
    not_found: Cow<'static, str>,
    is_hidden: bool,
    roles: Vec<Cow<'static, str>>,
}

/// A loaded thing that stays shut until an [`Ownership`] has decided.
///
/// A repository that returns `Owned<Wallet>` cannot be used without the check: there is no other way in.
#[must_use = "it holds what was loaded"]
pub struct Owned<T> {
    owner: String,
    value: T,
}

impl Ownership {
    /// Strangers are told that there is no such thing: 404 with this reason, as
    /// [`not_found`](Self::not_found) says it for a thing that is really missing.
    pub fn hidden(not_found: impl Into<Cow<'static, str>>) -> Self {
        Self {
            not_found: not_found.into(),
            is_hidden: true,
            roles: Vec::new(),
        }
    }

    /// Strangers are told that they may not: 403. For things whose existence is public; `not_found` is the
    /// reason when there is none.
    pub fn visible(not_found: impl Into<Cow<'static, str>>) -> Self {
        Self {
            is_hidden: false,
            ..Self::hidden(not_found)
        }
    }

    /// Lets callers of this role open all of them; each such opening is logged. Default: nobody.
    pub fn or_role(mut self, role: impl Into<Cow<'static, str>>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Decides for a thing of this owner.
    ///
    /// # Errors
    /// 404 (or 403 for visible things) with the [`Denial`] as its private cause.
    pub fn authorize(&self, principal: &Principal, owner: &str) -> Result<(), Error> {
        // An empty id is nobody's: two records without an owner must not match each other.
        if !owner.is_empty() && principal.id() == owner {
            return Ok(());
        }
        let (caller, thing) = (principal.id(), self.not_found.as_ref());
        if let Some(role) = self.roles.iter().find(|role| principal.has_role(role)) {
            tracing::info!(target: "ovasabi::auth", decision = "allow", ?caller, role = &**role, thing, "opened by role");
            return Ok(());
        }
        let reason = Denial::NotOwner.label();
        tracing::info!(target: "ovasabi::auth", decision = "deny", ?caller, reason, thing, "not the owner");
        Err(if self.is_hidden {
            self.not_found().caused_by(Denial::NotOwner)
        } else {
            Denial::NotOwner.into()
        })
    }

    /// Opens what was loaded, if it was there and the caller may.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize); [`not_found`](Self::not_found) for `None`.
    pub fn open<T>(&self, principal: &Principal, thing: Option<Owned<T>>) -> Result<T, Error> {
        let thing = thing.ok_or_else(|| self.not_found())?;
        self.authorize(principal, &thing.owner)?;
        Ok(thing.value)
    }

    /// The error for a thing that is missing: a stranger reads the same one.
    #[must_use]
    pub fn not_found(&self) -> Error {
        Error::new(Code::NotFound, self.not_found.clone())
    }
}

impl<T> Owned<T> {
    /// Shuts `value` until its owner comes.
    pub fn new(owner: impl Into<String>, value: T) -> Self {
        Self {
            owner: owner.into(),
            value,
        }
    }

    /// The id of the owner.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Changes what is inside without opening it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Owned<U> {
        Owned {
            owner: self.owner,
            value: change(self.value),
        }
    }
}

/// The owner alone: what is inside is shut.
impl<T> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owned")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// The usual decision: the owner or the role `admin`, and 404 with the reason `not_found` for all others.
///
/// # Errors
/// As [`Ownership::authorize`].
pub fn authorize_owner(principal: &Principal, owner: &str) -> Result<(), Error> {
    Ownership::hidden("not_found")
        .or_role("admin")
        .authorize(principal, owner)
}
