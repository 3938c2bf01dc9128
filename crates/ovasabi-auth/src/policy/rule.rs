//! Rules over roles and scopes.

use super::Denial;
use crate::Principal;

/// What a caller must have. Denies unless something in it allows: an empty rule allows nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Rule(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Role(String),
    Scope(String),
    Any(Vec<Rule>),
    All(Vec<Rule>),
}

impl Rule {
    /// The caller has this role, exactly.
    pub fn role(role: impl Into<String>) -> Self {
        Self(Kind::Role(role.into()))
    }

    /// The token was granted this scope, exactly.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self(Kind::Scope(scope.into()))
    }

    /// At least one of these rules holds. None of none does.
    pub fn any(rules: impl IntoIterator<Item = Self>) -> Self {
        Self(Kind::Any(rules.into_iter().collect()))
    }

    /// Each of these rules holds. Of none, nothing holds: an empty list is a mistake, not a pass.
    pub fn all(rules: impl IntoIterator<Item = Self>) -> Self {
        Self(Kind::All(rules.into_iter().collect()))
    }

    /// Decides. No I/O, no allocation when it allows.
    ///
    /// # Errors
    /// The [`Denial`]: what was missing first.
    pub fn check(&self, principal: &Principal) -> Result<(), Denial> {
        match &self.0 {
            Kind::Role(role) if principal.has_role(role) => Ok(()),
            Kind::Role(role) => Err(Denial::MissingRole(role.clone())),
            Kind::Scope(scope) if principal.has_scope(scope) => Ok(()),
            Kind::Scope(scope) => Err(Denial::MissingScope(scope.clone())),
            Kind::All(rules) if rules.is_empty() => Err(Denial::EmptyRule),
            Kind::All(rules) => rules.iter().try_for_each(|rule| rule.check(principal)),
            Kind::Any(rules) => {
                let mut first = Err(Denial::EmptyRule);
                for (at, rule) in rules.iter().enumerate() {
                    match rule.check(principal) {
                        Ok(()) => return Ok(()),
                        denied if at == 0 => first = denied,
                        Err(_) => {}
                    }
                }
                first
            }
        }
    }
}
