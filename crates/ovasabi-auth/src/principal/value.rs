//! The principal itself.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use ovasabi_core::context::{Subject, SubjectKind};

#[cfg(feature = "token")]
use crate::jose::Thumbprint;
#[cfg(feature = "token")]
use crate::token::Claims;

/// A caller whose credential has been verified. Clones share one value.
#[derive(Clone)]
pub struct Principal(Arc<Facts>);

#[derive(Clone)]
struct Facts {
    subject: Subject,
    /// Apart, because a bearer token has it all in its claims, and thousands of them are remembered.
    own: Option<Box<Own>>,
    #[cfg(feature = "token")]
    claims: Option<Claims>,
}

/// What is known of a caller beside the claims of a token.
#[derive(Clone, Default)]
struct Own {
    roles: Vec<String>,
    scopes: Vec<String>,
    expires_at: Option<SystemTime>,
    credential_id: Option<Arc<str>>,
    #[cfg(feature = "token")]
    proof_key: Option<Thumbprint>,
}

impl Principal {
    /// A caller without roles and scopes. Whoever calls this has verified the credential.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self(Arc::new(Facts {
            subject,
            own: None,
            #[cfg(feature = "token")]
            claims: None,
        }))
    }

    /// Adds a role.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<String>) -> Self {
        self.own().roles.push(role.into());
        self
    }

    /// Adds a scope. Text with spaces is several of them (RFC 6749 §3.3).
    #[must_use]
    pub fn with_scope(mut self, scope: impl AsRef<str>) -> Self {
        let scopes = scope.as_ref().split(' ').filter(|scope| !scope.is_empty());
        self.own().scopes.extend(scopes.map(str::to_owned));
        self
    }

    /// Sets when the credential ends. Default: never.
    #[must_use]
    pub fn with_expiry(mut self, at: SystemTime) -> Self {
        self.own().expires_at = Some(at);
        self
    }

    /// Sets by which credential it is known, by its public id. Default: none.
    #[must_use]
    pub fn with_credential_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.own().credential_id = Some(id.into());
        self
    }

    /// The caller of a token. Its roles and scopes stay in the claims.
    #[cfg(feature = "token")]
    pub(crate) fn of_token(
        subject: Subject,
        claims: Claims,
        proof_key: Option<Thumbprint>,
    ) -> Self {
        let own = |proof_key| Own {
            proof_key: Some(proof_key),
            ..Own::default()
        };
        Self(Arc::new(Facts {
            subject,
            own: proof_key.map(|key| Box::new(own(key))),
            claims: Some(claims),
        }))
    }

    /// The same caller, whose credential is bound to this key.
    #[cfg(feature = "introspection")]
    pub(crate) fn bound_to(mut self, key: Thumbprint) -> Self {
        self.own().proof_key = Some(key);
        self
    }

    /// The subject, as the [`Context`](ovasabi_core::Context) knows it.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// The id of the subject.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.subject.id()
    }

    /// Whether it is a person or a service.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.0.subject.kind()
    }

    /// Whether it has exactly this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|own| own == role)
    }

    /// Whether it has exactly this scope. Text with spaces is never one.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|own| own == scope)
    }

    /// Its roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let own = self.0.own.iter().flat_map(|own| &own.roles);
        let own = own.map(String::as_str);
        #[cfg(feature = "token")]
        let own = own.chain(self.0.claims.iter().flat_map(Claims::roles));
        own
    }

    /// Its scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let own = self.0.own.iter().flat_map(|own| &own.scopes);
        let own = own.map(String::as_str);
        #[cfg(feature = "token")]
        let own = own.chain(self.0.claims.iter().flat_map(Claims::scopes));
        own
    }

    /// When the credential ends, if it does. The verifier's leeway is not in it.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        let own = self.0.own.as_ref().and_then(|own| own.expires_at);
        #[cfg(feature = "token")]
        let own = own.or_else(|| self.0.claims.as_ref().map(Claims::expires_at));
        own
    }

    /// The public id of the credential, when it has one: that of an API key, or what an authorization server says of an
    /// opaque token (`jti`, RFC 7662 §2.2). Never a secret.
    #[must_use]
    pub fn credential_id(&self) -> Option<&str> {
        self.0.own.as_ref()?.credential_id.as_deref()
    }

    /// The verified claims, when the credential was a token.
    #[cfg(feature = "token")]
    #[cfg_attr(docsrs, doc(cfg(feature = "token")))]
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.0.claims.as_ref()
    }

    /// The key that the credential is bound to (RFC 9449 §6), and which the caller has proved to have: who holds the
    /// credential alone is refused before there is a principal. `None` for a bearer token.
    #[cfg(feature = "token")]
    #[cfg_attr(docsrs, doc(cfg(feature = "token")))]
    #[must_use]
    pub fn proof_key(&self) -> Option<&Thumbprint> {
        self.0.own.as_ref()?.proof_key.as_ref()
    }

    fn own(&mut self) -> &mut Own {
        Arc::make_mut(&mut self.0).own.get_or_insert_default()
    }
}

/// Id, roles and scopes. Claims may hold what does not belong into logs.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("id", &self.id())
            .field("kind", &self.kind())
            .field("roles", &self.roles().collect::<Vec<_>>())
            .field("scopes", &self.scopes().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
