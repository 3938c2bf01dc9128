//! What a token is to say.

use serde_json::{Map, Value};

use crate::jose::Thumbprint;

/// What a signer puts into one token: for whom, with which roles and scopes.
///
/// `Debug` shows the names of claims of one's own, not their values.
#[derive(Clone)]
#[must_use]
pub struct Grant {
    pub(super) subject: String,
    pub(super) client_id: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) claims: Map<String, Value>,
    pub(super) proof_key: Option<Thumbprint>,
}

impl Grant {
    /// A grant for this subject, without roles and scopes.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            client_id: None,
            roles: Vec::new(),
            scopes: Vec::new(),
            claims: Map::new(),
            proof_key: None,
        }
    }

    /// A grant for a service that acts for itself: subject and client are the same (RFC 9068 §2.2).
    pub fn for_service(client_id: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self::new(client_id.clone()).client_id(client_id)
    }

    /// Adds a role.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Adds roles.
    pub fn roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Adds a scope.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Sets the application that asked for the token. Default: none.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Binds the token to a key (RFC 9449 §6): it is good with a proof of that key, and never as a bearer token. Whoever
    /// hands it out has seen such a proof. Default: none.
    pub fn bound_to(mut self, key: Thumbprint) -> Self {
        self.proof_key = Some(key);
        self
    }

    /// Adds a claim of one's own; a later one of the same name replaces it.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant")
            .field("subject", &self.subject)
            .field("client_id", &self.client_id)
            .field("roles", &self.roles)
            .field("scopes", &self.scopes)
            .field("proof_key", &self.proof_key)
            .field("claims", &self.claims.keys().collect::<Vec<_>>())
            .finish()
    }
}
