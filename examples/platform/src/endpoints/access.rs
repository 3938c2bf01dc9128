//! Who may call a route, and whose things it opens: data, not code.

use serde::Serialize;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Who {
    /// The world.
    Public,
    /// The world; who sends a token is known, and a bad one is refused.
    Anyone,
    /// Users, with a token.
    Caller,
    /// Users with one of these roles.
    Roles(&'static [&'static str]),
    /// Programs of partners, with an API key of this scope.
    ApiKey(&'static str),
    /// Services of this platform, with a token of this scope.
    Service(&'static str),
    /// Services of this platform, with their own secret, which the handler checks.
    Client,
}

/// Whose things a route opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whose {
    /// Things that have no owner, or that are open to all whom the route lets in.
    Any,
    /// The caller's own: the path names none.
    Own,
    /// What the path names, for the owner in this field; to all others it does not exist.
    Owner(&'static str),
    /// The same, and for these roles, whoever owns it.
    OwnerOr(&'static str, &'static [&'static str]),
}

/// The policy of one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    who: Who,
    whose: Whose,
    is_stream: bool,
}

/// A row of the table of all policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Policy {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) who: Who,
    pub(crate) whose: Whose,
}

impl Access {
    const fn of(who: Who) -> Self {
        Self {
            who,
            whose: Whose::Any,
            is_stream: false,
        }
    }

    pub(crate) const fn public() -> Self {
        Self::of(Who::Public)
    }

    pub(crate) const fn anyone() -> Self {
        Self::of(Who::Anyone)
    }

    pub(crate) const fn caller() -> Self {
        Self::of(Who::Caller)
    }

    pub(crate) const fn roles(roles: &'static [&'static str]) -> Self {
        Self::of(Who::Roles(roles))
    }

    pub(crate) const fn api_key(scope: &'static str) -> Self {
        Self::of(Who::ApiKey(scope))
    }

    /// Under `/internal` alone; the gateway has no such route.
    pub(crate) const fn service(scope: &'static str) -> Self {
        Self::of(Who::Service(scope))
    }

    /// Under `/internal` alone, for handlers that ask for the client's own secret.
    pub(crate) const fn client() -> Self {
        Self::of(Who::Client)
    }

    /// It acts on the caller's own things alone.
    pub(crate) const fn own(self) -> Self {
        Self {
            whose: Whose::Own,
            ..self
        }
    }

    /// It opens what the path names to the owner in `field` alone.
    pub(crate) const fn owner(self, field: &'static str) -> Self {
        Self {
            whose: Whose::Owner(field),
            ..self
        }
    }

    /// Its answers take as long as somebody listens.
    pub(crate) const fn stream(self) -> Self {
        Self {
            is_stream: true,
            ..self
        }
    }

    pub(super) const fn is_stream(self) -> bool {
        self.is_stream
    }

    /// The same, and to `roles`, whoever owns it.
    pub(crate) const fn owner_or(
        self,
        field: &'static str,
        roles: &'static [&'static str],
    ) -> Self {
        Self {
            whose: Whose::OwnerOr(field, roles),
            ..self
        }
    }

    pub(crate) const fn who(self) -> Who {
        self.who
    }

    pub(super) const fn is_internal(self) -> bool {
        matches!(self.who, Who::Service(_) | Who::Client)
    }
}

impl Policy {
    pub(super) fn new(method: &'static str, path: &str, access: Access) -> Self {
        Self {
            method,
            path: path.to_owned(),
            who: access.who,
            whose: access.whose,
        }
    }
}
