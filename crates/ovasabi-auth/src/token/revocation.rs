//! Tokens that are called back before their end.

use std::fmt;
use std::sync::Arc;

use crate::Principal;

/// Knows which tokens are called back. Asked about every token that is otherwise good, remembered ones too: it must
/// answer from memory.
///
/// ```
/// use std::collections::HashSet;
/// use ovasabi_auth::Principal;
/// use ovasabi_auth::token::Revocations;
///
/// struct Subjects(HashSet<String>);
///
/// impl Revocations for Subjects {
///     fn is_revoked(&self, principal: &Principal) -> bool {
///         self.0.contains(principal.id())
///     }
/// }
/// ```
pub trait Revocations: Send + Sync + 'static {
    /// Whether this token is called back: by its [id](super::Claims::token_id), its subject, its session.
    fn is_revoked(&self, principal: &Principal) -> bool;
}

impl<F: Fn(&Principal) -> bool + Send + Sync + 'static> Revocations for F {
    fn is_revoked(&self, principal: &Principal) -> bool {
        self(principal)
    }
}

/// The hook of a verifier.
#[derive(Clone)]
pub(super) struct Hook(pub(super) Arc<dyn Revocations>);

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
