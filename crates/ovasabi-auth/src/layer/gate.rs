//! The decision on one request.

use std::sync::Arc;

use http::Request;
use ovasabi_core::Context;
use ovasabi_core::inspect::Inspected;

use super::counters::Counters;
use super::realm::Challenges;
use super::{credential, headers};
use crate::Principal;
use crate::answer::Refusal;
use crate::jose::Reason;
use crate::principal::Anonymous;
use crate::token::AccessTokenVerifier;

/// What a request without a credential means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Required,
    Optional,
}

/// What all clones of a layer and its services share.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) verifier: AccessTokenVerifier,
    pub(super) mode: Mode,
    pub(super) challenges: Challenges,
    pub(super) counters: Arc<Inspected<Counters>>,
}

impl Gate {
    /// Marks the request with its caller, or says no. The context is the one that now knows the caller.
    pub(super) fn admit<B>(
        &self,
        request: &mut Request<B>,
    ) -> Result<Option<Context>, (Reason, Refusal)> {
        headers::clean(request.headers_mut());
        let verdict = match credential::bearer(request.headers()) {
            Ok(Some(token)) => self.verifier.verify(token).map(Some),
            Ok(None) if self.mode == Mode::Optional => Ok(None),
            Ok(None) => Err(Reason::CredentialMissing),
            Err(reason) => Err(reason),
        };
        match verdict {
            Ok(Some(principal)) => {
                self.counters.accepted();
                Ok(enter(request, principal))
            }
            Ok(None) => {
                self.counters.anonymous();
                request.extensions_mut().insert(Anonymous {
                    challenge: self.challenges.bare.clone(),
                });
                Ok(None)
            }
            Err(reason) => {
                self.counters.refused(reason);
                log(reason);
                Err((
                    reason,
                    Refusal::new(reason.into(), Some(self.challenges.of(reason))),
                ))
            }
        }
    }
}

fn enter<B>(request: &mut Request<B>, principal: Principal) -> Option<Context> {
    let extensions = request.extensions_mut();
    extensions.insert(principal.clone());
    let context = extensions.get_mut::<Context>()?;
    *context = context.with(principal.subject().clone()).with(principal);
    Some(context.clone())
}

/// Every browser's first request has no credential: that is no news.
fn log(reason: Reason) {
    let label = reason.label();
    if reason == Reason::CredentialMissing {
        tracing::debug!(target: "ovasabi::auth", reason = label, "credential refused");
    } else {
        tracing::info!(target: "ovasabi::auth", reason = label, "credential refused");
    }
}
