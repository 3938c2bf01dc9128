//! Asking.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::context::{Subject, SubjectKind};

use super::IntrospectionVerifierBuilder;
use super::answer::Said;
use super::builder::Settings;
use super::flights::Flights;
use crate::Principal;
use crate::client_auth::{ClientAuth, Form};
use crate::http::{Endpoint, HttpClient};
use crate::jose::{MAX_TOKEN_BYTES, Reason};
use crate::layer::{Authenticate, Denied, Presented, Verdict};
use crate::token::TokenCache;
use crate::token::binding::Presentation;
use crate::token::cache::{Cache, Validity, nanos};

/// Asks an authorization server about tokens. Clones share what they remember.
///
/// In a layer it knows every bearer token; see [`opaque_only`](IntrospectionVerifierBuilder::opaque_only).
#[derive(Clone)]
pub struct IntrospectionVerifier(pub(super) Arc<Inner>);

pub(super) struct Inner {
    settings: Settings,
    active: Cache,
    /// The id of the principal is the reason.
    refused: Cache,
    flights: Flights,
}

/// How long a refused token is remembered: for the client that does not give up.
const REFUSED: Duration = Duration::from_secs(5);
/// When a question that could not be answered is worth asking again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Inner {
    pub(super) fn new(settings: Settings) -> Self {
        let remembering = |tokens: usize, ttl| Cache::new(TokenCache::bounded(tokens).ttl(ttl));
        Self {
            active: remembering(settings.capacity, settings.ttl),
            // Anybody can make up tokens: they crowd each other, and nobody else.
            refused: remembering(settings.capacity.div_ceil(4), REFUSED),
            flights: Flights::default(),
            settings,
        }
    }
}

impl IntrospectionVerifier {
    /// Starts with whom to ask, by what, and as whom.
    pub fn builder(
        endpoint: Endpoint,
        client: HttpClient,
        auth: ClientAuth,
    ) -> IntrospectionVerifierBuilder {
        IntrospectionVerifierBuilder::new(endpoint, client, auth)
    }

    /// Verifies a token.
    ///
    /// # Errors
    /// [`Denied`]: why it is refused, or [`Reason::Unavailable`] when nobody could say.
    ///
    /// # Cancel safety
    /// Dropped, the question is left to whoever else waits for it.
    pub async fn verify(&self, token: &str) -> Result<Principal, Denied> {
        match self.known(Presentation::Bearer, token) {
            Some(known) => known,
            None => self.ask(Presentation::Bearer, token).await,
        }
    }

    /// What is said of a token that was presented like this.
    pub(crate) fn look(&self, presentation: Presentation, token: &str) -> Verdict {
        if self.0.settings.opaque_only && token.split('.').count() == 3 {
            return Verdict::NotMine;
        }
        match self.known(presentation, token) {
            Some(known) => known.into(),
            None => {
                let (verifier, token) = (self.clone(), zeroize::Zeroizing::new(token.to_owned()));
                Verdict::Pending(Box::pin(
                    async move { verifier.ask(presentation, &token).await },
                ))
            }
        }
    }

    /// Forgets what is known of a token, which was called back just now; what its server is about to say of it, too:
    /// those who wait for that are told it, and nobody after them.
    pub fn forget(&self, token: &str) {
        self.0.flights.forget(token);
        self.drop_known(token);
    }

    fn drop_known(&self, token: &str) {
        self.0.active.remove(token);
        self.0.refused.remove(token);
    }

    /// What can be said without a question.
    fn known(&self, presentation: Presentation, token: &str) -> Option<Result<Principal, Denied>> {
        if token.len() > MAX_TOKEN_BYTES {
            return Some(Err(Reason::TokenTooLong.into()));
        }
        let now = self.0.settings.clock.since_epoch();
        if let Some(principal) = self.0.active.get(token, now, 0) {
            return Some(presentation.check(principal).map_err(Into::into));
        }
        let refused = self.0.refused.get(token, now, 0)?;
        let mut reasons = Reason::ALL.iter();
        let reason = reasons.find(|reason| reason.label() == refused.id());
        Some(Err((*reason.unwrap_or(&Reason::Inactive)).into()))
    }

    async fn ask(&self, presentation: Presentation, token: &str) -> Result<Principal, Denied> {
        let settings = &self.0.settings;
        let unavailable = || Denied::unavailable(RETRY_AFTER);
        let seat = self.0.flights.join(token, settings.max_in_flight);
        let seat = seat.ok_or_else(unavailable)?;
        let said = seat
            .answer(|| async {
                // An answer is as old as its question.
                let asked_at = settings.clock.since_epoch();
                let said = question(settings, token).await;
                if seat.is_current() {
                    self.remember(token, &said, asked_at);
                    // It was called back in between: the other one may have looked before this was there.
                    if !seat.is_current() {
                        self.drop_known(token);
                    }
                }
                said
            })
            .await;
        match said {
            Said::Active(principal, _) => Ok(presentation.check(principal)?),
            Said::Refused(reason) => Err(reason.into()),
            Said::Nothing(_) => Err(unavailable()),
        }
    }

    fn remember(&self, token: &str, said: &Said, asked_at: Duration) {
        let valid = |until: Option<Duration>| Validity {
            // A clock that is set back would lengthen it.
            from: nanos(asked_at),
            until: until.map_or(u64::MAX, nanos),
            keys: 0,
        };
        match said {
            Said::Active(principal, expires_at) => {
                let fresh = &self.0.settings.fresh_scopes;
                if !fresh.iter().any(|scope| principal.has_scope(scope)) {
                    self.0
                        .active
                        .put(token, principal, asked_at, valid(*expires_at));
                }
            }
            // It may be good in a moment.
            Said::Refused(Reason::NotYetValid) => {}
            Said::Refused(reason) => {
                let nobody = Principal::new(Subject::new(SubjectKind::User, reason.label()));
                self.0.refused.put(token, &nobody, asked_at, valid(None));
            }
            Said::Nothing(why) => {
                tracing::warn!(target: "ovasabi::auth", reason = why, "introspection had no answer");
            }
        }
    }
}

async fn question(settings: &Settings, token: &str) -> Said {
    let form = Form::new()
        .with("token_type_hint", "access_token")
        .with("token", token);
    let Ok(request) = settings.auth.request(&settings.endpoint, form) else {
        return Said::Nothing("request");
    };
    match settings.client.send(request, settings.limits).await {
        Ok(answer) => Said::read(&answer, settings),
        Err(error) => Said::Nothing(error.label()),
    }
}

impl Authenticate for IntrospectionVerifier {
    fn authenticate(&self, request: &Presented<'_>) -> Verdict {
        match request.authorization("Bearer") {
            None => Verdict::NotMine,
            Some(Err(reason)) => Verdict::Refused(reason.into()),
            Some(Ok(token)) => self.look(Presentation::Bearer, token),
        }
    }
}

impl std::fmt::Debug for IntrospectionVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IntrospectionVerifier")
            .field("endpoint", &self.0.settings.endpoint)
            .finish_non_exhaustive()
    }
}
