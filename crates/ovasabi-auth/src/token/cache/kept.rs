//! How the bytes of a token are kept.

use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::Principal;
use crate::jose::says;

/// All bytes of a token, but those that stand elsewhere. What opens a door is wiped when it goes.
pub(super) enum Kept {
    Whole(Zeroizing<Box<[u8]>>),
    /// Its payload is in the claims of its principal, and base64url has one text for one value.
    Signed {
        header: Arc<str>,
        signature: Zeroizing<Box<[u8]>>,
    },
}

/// The headers of tokens that are kept: an issuer writes few, and the same ones into all tokens.
#[derive(Default)]
pub(super) struct Headers(Mutex<Vec<Arc<str>>>);

/// So many are shared. Those beyond are kept with each token.
const SHARED: usize = 16;

impl Kept {
    pub(super) fn new(token: &str, principal: &Principal, headers: &Headers) -> Self {
        let wiped = |text: &str| Zeroizing::new(text.as_bytes().into());
        let parts = token.split_once('.');
        let parts = parts.and_then(|(header, rest)| Some((header, rest.rsplit_once('.')?)));
        match parts {
            Some((header, (payload, signature))) if is_payload(payload.as_bytes(), principal) => {
                Self::Signed {
                    header: headers.shared(header),
                    signature: wiped(signature),
                }
            }
            _ => Self::Whole(wiped(token)),
        }
    }

    /// Whether it is this token: `principal` is the one that it was kept with.
    pub(super) fn is(&self, token: &str, principal: &Principal) -> bool {
        match self {
            Self::Whole(whole) => ***whole == *token.as_bytes(),
            Self::Signed { header, signature } => {
                let rest = token.as_bytes().strip_prefix(header.as_bytes());
                let payload = rest.and_then(|rest| {
                    let payload = rest.strip_suffix(&***signature)?;
                    payload.strip_prefix(b".")?.strip_suffix(b".")
                });
                payload.is_some_and(|payload| is_payload(payload, principal))
            }
        }
    }
}

fn is_payload(text: &[u8], principal: &Principal) -> bool {
    let claims = principal.claims();
    claims.is_some_and(|claims| says(text, claims.json().as_bytes()))
}

impl Headers {
    fn shared(&self, header: &str) -> Arc<str> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.iter().find(|known| ***known == *header) {
            return Arc::clone(found);
        }
        let header: Arc<str> = header.into();
        if known.len() < SHARED {
            known.push(Arc::clone(&header));
        }
        header
    }
}
