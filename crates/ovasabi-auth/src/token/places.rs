//! Where an issuer writes what it says.

use std::borrow::Cow;

use super::claims::text;
use crate::jose::Reason;
use crate::jose::json::{Object, Value};
use crate::jose::text::Text;

/// The names of claims that mean the same with different issuers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// For whom the token is.
    pub(super) audience: &'static str,
    /// Which application asked for it; the first that is there.
    pub(super) client: &'static [&'static str],
    /// What it allows: text with spaces or an array of strings; all that are there.
    pub(super) scopes: &'static [&'static str],
    /// What its subject is: arrays of strings, in objects of these names; all that are there.
    pub(super) roles: &'static [&'static [&'static str]],
    /// Claims that must say just this.
    pub(super) must: &'static [(&'static str, &'static str)],
    /// Claims of id tokens, which are not for APIs (OpenID Connect Core §2).
    pub(super) never: &'static [&'static str],
}

/// RFC 9068 §2.2, with the roles that our own signer writes.
pub(super) const STANDARD: Places = Places {
    audience: "aud",
    client: &["client_id"],
    scopes: &["scope"],
    roles: &[&["roles"]],
    must: &[],
    never: &["nonce", "at_hash", "c_hash"],
};

impl Places {
    /// Whether a token is of the kind that is for APIs.
    ///
    /// One whose `typ` says so `is_access_token`, whatever else is in it.
    pub(super) fn check_kind(
        &self,
        claims: &Object<'_>,
        is_access_token: bool,
    ) -> Result<(), Reason> {
        if !is_access_token && self.never.iter().any(|name| claims.get(name).is_some()) {
            return Err(Reason::TypeNotAllowed);
        }
        for (name, wanted) in self.must {
            if text(claims, name)? != *wanted {
                return Err(Reason::TypeNotAllowed);
            }
        }
        Ok(())
    }

    pub(super) fn client(&self, claims: &Object<'_>, json: &str) -> Result<Option<Text>, Reason> {
        let mut there = self.client.iter().filter(|name| claims.get(name).is_some());
        there
            .next()
            .map(|name| text(claims, name).map(|client| Text::of(client, json)))
            .transpose()
    }

    /// What is neither text nor an array of nothing but strings allows nothing; nor is `scope` itself ever an array
    /// (RFC 8693 §4.2).
    pub(super) fn scopes(&self, claims: &Object<'_>, json: &str) -> Option<Text> {
        let mut found = self.scopes.iter().filter_map(|name| {
            let value = claims.get(name)?;
            value
                .as_string()
                .or_else(|| joined(value).filter(|_| *name != "scope"))
        });
        let first = found.next()?;
        let all = found.fold(first, |all, more| Cow::Owned(format!("{all} {more}")));
        Some(Text::of(all, json))
    }

    pub(super) fn roles(&self, claims: &Object<'_>, json: &str) -> Result<Vec<Text>, Reason> {
        let mut roles = Vec::new();
        for path in self.roles {
            if let Some(value) = find(claims, path)? {
                let found = value.as_strings().ok_or(Reason::ClaimInvalid)?;
                roles.extend(found.into_iter().map(|role| Text::of(role, json)));
            }
        }
        Ok(roles)
    }
}

fn joined(value: Value<'_>) -> Option<Cow<'_, str>> {
    // One with a space in it is none: it would be two.
    let each = value.as_strings()?;
    let whole = each.iter().filter(|scope| !scope.contains(' '));
    let whole: Vec<&str> = whole.map(AsRef::as_ref).collect();
    Some(Cow::Owned(whole.join(" ")))
}

fn find<'a>(claims: &Object<'a>, path: &[&str]) -> Result<Option<Value<'a>>, Reason> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(None);
    };
    match claims.get(name) {
        Some(value) if !rest.is_empty() => {
            let inside = Object::parse(value.text().as_bytes());
            find(&inside.map_err(|_| Reason::ClaimInvalid)?, rest)
        }
        found => Ok(found),
    }
}
