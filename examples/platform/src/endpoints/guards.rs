//! What verifies the credentials that routes ask for.

use ovasabi_auth::AuthLayer;
use ovasabi_auth::layer::Authenticate;
use ovasabi_auth::token::AccessTokenVerifier;

/// The layers that find out who is calling. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct Guards {
    /// A token, of a user or of a service.
    pub(super) token: AuthLayer,
    /// A token or nothing.
    pub(super) optional: AuthLayer,
    /// An API key.
    pub(super) api_key: AuthLayer,
}

impl Guards {
    /// Knows tokens alone: an API key is refused by the verifier of tokens too.
    pub(crate) fn tokens(verifier: &AccessTokenVerifier) -> Self {
        Self::with_api_keys(verifier, verifier.clone())
    }

    /// Knows tokens, and API keys where a route asks for one.
    pub(crate) fn with_api_keys(verifier: &AccessTokenVerifier, keys: impl Authenticate) -> Self {
        Self {
            token: AuthLayer::required(verifier.clone()),
            optional: AuthLayer::optional(verifier.clone()),
            api_key: AuthLayer::required(keys),
        }
    }
}
