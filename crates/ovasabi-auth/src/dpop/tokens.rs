//! Whom a verifier of proofs asks about tokens.

use crate::layer::Verdict;
use crate::token::AccessTokenVerifier;

/// Who knows the tokens that proofs come with: an [`AccessTokenVerifier`], or an
/// `IntrospectionVerifier` (feature `introspection`), with what it remembers and the keys that it follows.
///
/// Sealed: whoever says that a token is good says to which key it is bound.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know tokens that are bound to a key",
    note = "an `AccessTokenVerifier` and an `IntrospectionVerifier` do"
)]
pub trait BoundTokens: sealed::Look {}

impl BoundTokens for AccessTokenVerifier {}

impl sealed::Look for AccessTokenVerifier {
    fn look(&self, token: &str) -> Verdict {
        Self::look(self, token)
    }
}

#[cfg(feature = "introspection")]
impl BoundTokens for crate::introspection::IntrospectionVerifier {}

#[cfg(feature = "introspection")]
impl sealed::Look for crate::introspection::IntrospectionVerifier {
    fn look(&self, token: &str) -> Verdict {
        Self::look(self, crate::token::binding::Presentation::Proof, token)
    }
}

pub(super) mod sealed {
    use crate::layer::Verdict;

    #[expect(unnameable_types, reason = "sealed: nobody else implements it")]
    /// What is said of a token that came with a proof, which is checked afterwards.
    pub trait Look: Send + Sync + 'static {
        fn look(&self, token: &str) -> Verdict;
    }
}
