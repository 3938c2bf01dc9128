//! To which key a token is bound, and how it was presented.

use crate::Principal;
use crate::jose::json::{Object, Value};
use crate::jose::{Reason, Thumbprint};

/// The key of `cnf` (RFC 7800 §3), if there is one.
///
/// `{"jkt": …}` and nothing else (RFC 9449 §6.1): who knows one half of a binding has not proved the other one.
pub(crate) fn read(claims: &Object<'_>) -> Result<Option<Thumbprint>, Reason> {
    let Some(cnf) = claims.get("cnf") else {
        return Ok(None);
    };
    let members = Object::parse_text(cnf.text()).map_err(|_| Reason::KeyBound)?;
    let key = members.only("jkt").and_then(Value::as_string);
    let key = key.and_then(|text| text.parse().ok());
    key.map(Some).ok_or(Reason::KeyBound)
}

/// How a token was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presentation {
    /// By itself: whoever has it has sent it.
    Bearer,
    /// With a proof of its key, which somebody else checks.
    #[cfg(feature = "dpop")]
    Proof,
}

impl Presentation {
    /// Asked of remembered tokens too: what they are bound to is remembered, not that it was proved.
    #[inline]
    pub(crate) fn check(self, principal: Principal) -> Result<Principal, Reason> {
        match (self, principal.proof_key()) {
            (Self::Bearer, None) => Ok(principal),
            (Self::Bearer, Some(_)) => Err(Reason::KeyBound),
            // Whoever checks the proof refuses a token that is not bound.
            #[cfg(feature = "dpop")]
            (Self::Proof, _) => Ok(principal),
        }
    }
}
