//! The keys of a verifier: fixed, or alive.

use crate::jose::JwkSet;
#[cfg(feature = "jwks")]
use crate::jwks::JwksClient;

#[derive(Clone, Debug)]
pub(super) enum Keys {
    Fixed(JwkSet),
    #[cfg(feature = "jwks")]
    Live(JwksClient),
}

impl Keys {
    /// A number that changes with the keys; `None` while there are none that may be believed.
    pub(super) fn generation(&self) -> Option<u64> {
        match self {
            Self::Fixed(_) => Some(0),
            #[cfg(feature = "jwks")]
            Self::Live(client) => client.version(),
        }
    }

    /// Calls with the keys that are there, if there are any that may be believed.
    #[inline]
    pub(super) fn with<T>(&self, call: impl FnOnce(Option<&JwkSet>) -> T) -> T {
        match self {
            Self::Fixed(set) => call(Some(set)),
            #[cfg(feature = "jwks")]
            Self::Live(client) => call(client.set().as_deref()),
        }
    }
}

#[cfg(feature = "jwks")]
mod live {
    use super::Keys;
    use crate::Principal;
    use crate::jose::{CompactJws, Reason};
    use crate::jwks::{Asked, Waiting};
    use crate::layer::{Denied, Verdict};
    use crate::token::AccessTokenVerifier;
    use crate::token::binding::Presentation;

    impl AccessTokenVerifier {
        /// Verifies a token, and waits for the keys where they come from
        /// [`keys_from`](super::super::AccessTokenVerifierBuilder::keys_from) and the token's is not among them. The
        /// layer does the same.
        ///
        /// # Errors
        /// [`Denied`], with the first reason to refuse it, or that nobody could say.
        ///
        /// # Cancel safety
        /// Dropping the future cancels nothing: the fetch goes on for others.
        pub async fn verify_async(&self, token: &str) -> Result<Principal, Denied> {
            match self.verify(token) {
                Ok(principal) => Ok(principal),
                Err(reason) => match self.ask(token, reason) {
                    Asked::There => Ok(self.verify(token)?),
                    Asked::No(denied) => Err(denied),
                    Asked::Wait(waiting) => self.wait(Presentation::Bearer, token, waiting).await,
                },
            }
        }

        /// What to say of a token that was refused for this reason: perhaps its key is still to come.
        pub(in crate::token) fn second_look(
            &self,
            presentation: Presentation,
            token: &str,
            reason: Reason,
        ) -> Verdict {
            match self.ask(token, reason) {
                Asked::There => self.verify_as(presentation, token).into(),
                Asked::No(denied) => Verdict::Refused(denied),
                Asked::Wait(waiting) => {
                    let (this, token) = (self.clone(), token.to_owned());
                    Verdict::Pending(Box::pin(async move {
                        this.wait(presentation, &token, waiting).await
                    }))
                }
            }
        }

        fn ask(&self, token: &str, reason: Reason) -> Asked {
            match (&self.0.keys, reason) {
                (Keys::Live(client), Reason::KeyUnknown | Reason::Unavailable) => {
                    match CompactJws::parse(token) {
                        Ok(jws) => client.ask(jws.key_id()),
                        Err(reason) => Asked::No(reason.into()),
                    }
                }
                _ => Asked::No(reason.into()),
            }
        }

        async fn wait(
            &self,
            presentation: Presentation,
            token: &str,
            mut waiting: Waiting,
        ) -> Result<Principal, Denied> {
            waiting.ended().await;
            match self.verify_as(presentation, token) {
                Err(Reason::KeyUnknown | Reason::Unavailable) => match waiting.denied() {
                    Some(denied) => Err(denied),
                    None => Ok(self.verify_as(presentation, token)?),
                },
                verified => Ok(verified?),
            }
        }
    }
}
