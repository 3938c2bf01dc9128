//! The decision on one request.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::{HeaderName, Request};
use ovasabi_core::Context;
use ovasabi_core::inspect::Inspected;

use super::authenticate::{Authenticate, Denied, Presented, Verdict};
use super::counters::Counters;
use super::realm::Challenges;
use super::{credential, headers};
use crate::Principal;
use crate::answer::Refusal;
use crate::jose::Reason;
use crate::principal::Anonymous;

/// What a request without a credential means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Required,
    Optional,
}

/// What all clones of a layer and its services share.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) known: Vec<Arc<dyn Authenticate>>,
    /// Where else than in `Authorization` credentials are.
    pub(super) headers: Vec<HeaderName>,
    pub(super) mode: Mode,
    pub(super) challenges: Challenges,
    pub(super) counters: Arc<Inspected<Counters>>,
}

/// What becomes of a request.
pub(super) enum Step {
    /// It passes; the context is the one that now knows the caller.
    Passed(Option<Context>),
    Refused(Reason, Refusal),
    /// Somebody has to be asked first, for the one of this place.
    Pending(usize, Ask),
}

pub(super) type Ask = Pin<Box<dyn Future<Output = Result<Principal, Denied>> + Send>>;

impl Gate {
    /// Looks at the credential of a request.
    pub(super) fn look<B>(&self, request: &mut Request<B>) -> Step {
        headers::clean(request.headers_mut());
        let elsewhere = headers::guard(request.headers_mut(), &self.headers);
        let authorization = match credential::read(request.headers()) {
            Ok(authorization) => authorization,
            Err(reason) => return self.refused(0, reason.into()),
        };
        if elsewhere + usize::from(authorization.is_some()) > 1 {
            return self.refused(0, Reason::SeveralCredentials.into());
        }
        let presented = Presented {
            authorization,
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        };
        for (place, known) in self.known.iter().enumerate() {
            match known.authenticate(&presented) {
                Verdict::NotMine => {}
                Verdict::Accepted(principal) => {
                    return Step::Passed(self.accept(request, principal));
                }
                Verdict::Refused(denied) => return self.refused(place, denied),
                Verdict::Pending(ask) => return Step::Pending(place, ask),
            }
        }
        match authorization {
            // A credential that nobody knows is a bad one, never none.
            Some(_) => self.refused(0, Reason::SchemeNotSupported.into()),
            None if self.mode == Mode::Required => {
                self.refused(0, Reason::CredentialMissing.into())
            }
            None => {
                self.counters.anonymous();
                request.extensions_mut().insert(Anonymous {
                    challenge: self.challenges.bare(),
                });
                Step::Passed(None)
            }
        }
    }

    /// Marks the request with its caller. The context is the one that now knows the caller.
    pub(super) fn accept<B>(
        &self,
        request: &mut Request<B>,
        principal: Principal,
    ) -> Option<Context> {
        self.counters.accepted();
        let extensions = request.extensions_mut();
        extensions.insert(principal.clone());
        let context = extensions.get_mut::<Context>()?;
        *context = context.with(principal.subject().clone()).with(principal);
        Some(context.clone())
    }

    fn refused(&self, place: usize, denied: Denied) -> Step {
        let (reason, refusal) = self.refuse(place, denied);
        Step::Refused(reason, refusal)
    }

    /// Says no, for the one of this place.
    #[cold]
    pub(super) fn refuse(&self, place: usize, denied: Denied) -> (Reason, Refusal) {
        let reason = denied.reason();
        self.counters.refused(reason);
        log(reason);
        let challenges = self.challenges.of(place, reason);
        let known = self.known.get(place);
        let headers = known.map(|known| known.refusal_headers(reason));
        let refusal = Refusal::new(denied.into_error(), challenges);
        (reason, refusal.with_headers(headers.unwrap_or_default()))
    }
}

/// Every browser's first request has no credential: that is no news.
fn log(reason: Reason) {
    let label = reason.label();
    match reason {
        Reason::CredentialMissing => {
            tracing::debug!(target: "ovasabi::auth", reason = label, "credential refused");
        }
        Reason::Unavailable => {
            tracing::warn!(target: "ovasabi::auth", reason = label, "credential not checked");
        }
        _ => tracing::info!(target: "ovasabi::auth", reason = label, "credential refused"),
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("mode", &self.mode)
            .field("known", &self.known.len())
            .finish_non_exhaustive()
    }
}
