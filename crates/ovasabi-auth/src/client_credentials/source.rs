//! One token for all.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response};
use ovasabi_core::backoff::Random;
use ovasabi_core::time::Tick;
use tokio::sync::watch;

use super::answer::{Granted, TokenKind};
use super::builder::Settings;
use super::{BearerLayer, TokenError, TokenSourceBuilder};
use crate::client_auth::ClientAuth;
use crate::http::{Endpoint, HttpClient};

/// A token for this service itself. Clones share it. See the [module](super).
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    settings: Settings,
    random: Random,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// The question that is under way.
    asking: Option<watch::Receiver<Option<Result<HeaderValue, TokenError>>>>,
    /// Questions in a row that failed, and until when none is asked ahead.
    failures: u32,
    failure: Option<TokenError>,
    pause_until: Tick,
}

struct Token {
    header: HeaderValue,
    refresh_at: Tick,
    ends_at: Tick,
    /// Somebody was told that it is not good.
    is_refused: bool,
}

/// The first pause after a refresh that failed, and the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl TokenSource {
    /// Starts with whom to ask, by what, and as whom.
    pub fn builder(endpoint: Endpoint, client: HttpClient, auth: ClientAuth) -> TokenSourceBuilder {
        TokenSourceBuilder::new(endpoint, client, auth)
    }

    pub(super) fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            settings,
            random: Random::new(),
            state: Mutex::default(),
        }))
    }

    /// A layer that puts the token into requests.
    pub fn layer(&self) -> BearerLayer {
        BearerLayer::new(self.clone())
    }

    /// The value of `Authorization`, `Bearer …` or `DPoP …`: of the token that is there, or of one that is asked for now.
    ///
    /// # Errors
    /// [`TokenError`] when there is none.
    ///
    /// # Panics
    /// When there is none and it is called outside of a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropped, the question goes on, for whoever comes next.
    pub async fn authorization(&self) -> Result<HeaderValue, TokenError> {
        let mut answer = match self.now() {
            Ok(header) => return Ok(header),
            Err(answer) => answer,
        };
        let answer = answer.wait_for(Option::is_some).await;
        match answer.as_deref() {
            Ok(Some(answer)) => answer.clone(),
            _ => Err(TokenError::Invalid("the question was given up")),
        }
    }

    /// The token that is there, or where it will be. Begins the question, where one is due.
    pub(super) fn now(
        &self,
    ) -> Result<HeaderValue, watch::Receiver<Option<Result<HeaderValue, TokenError>>>> {
        let now = self.0.settings.clock.now();
        let mut state = self.state();
        let is_paused = now < state.pause_until;
        match &state.token {
            Some(token) if now < token.ends_at && !token.is_refused => {
                let header = token.header.clone();
                if token.refresh_at <= now && !is_paused {
                    self.ask(&mut state);
                }
                Ok(header)
            }
            // A server that is down is not asked by every request.
            _ => match (&state.failure, &state.asking) {
                (Some(failure), None) if is_paused => {
                    Err(watch::channel(Some(Err(failure.clone()))).1)
                }
                _ => Err(self.ask(&mut state)),
            },
        }
    }

    /// Says that a token was refused (401): the next one who needs one gets another. The same token is said to be bad
    /// once, and not again while the one after it is asked for.
    pub fn refused(&self, header: &HeaderValue) {
        let mut state = self.state();
        let now = self.0.settings.clock.now();
        // One that was refused right after it was fetched is no better when it is fetched again.
        if state.pause_until > now {
            return;
        }
        if let Some(token) = &mut state.token
            && token.header == header
        {
            token.is_refused = true;
            state.pause_until = now.saturating_add(LONGEST_PAUSE / 2);
        }
    }

    /// The proofs that go with the token, if it is bound to a key.
    #[cfg(feature = "dpop")]
    pub(super) fn proofs(&self) -> Option<&super::proofs::Proofs> {
        self.0.settings.proofs.as_deref()
    }

    /// Asks in a task of its own, unless a question is under way.
    fn ask(&self, state: &mut State) -> watch::Receiver<Option<Result<HeaderValue, TokenError>>> {
        // A channel that is closed without an answer: its task panicked, or went with its runtime.
        if let Some(asking) = &state.asking
            && asking.has_changed().is_ok()
        {
            return asking.clone();
        }
        let (answered, answer) = watch::channel(None);
        state.asking = Some(answer.clone());
        let source = self.clone();
        tokio::spawn(async move {
            let granted = question(&source.0.settings).await;
            let answer = source.keep(granted);
            let _ = answered.send(Some(answer));
        });
        answer
    }

    fn keep(&self, granted: Result<Granted, TokenError>) -> Result<HeaderValue, TokenError> {
        let now = self.0.settings.clock.now();
        let mut state = self.state();
        state.asking = None;
        match granted {
            Ok(Granted { header, lifetime }) => {
                state.failures = 0;
                state.failure = None;
                // From seven to eight tenths: not all copies of this service at the same time.
                let chance = self.0.random.next_u64() % 1_000;
                let refresh = lifetime
                    .mul_f64(0.7 + 0.1 * f64::from(u32::try_from(chance).unwrap_or(0)) / 1_000.0);
                state.token = Some(Token {
                    header: header.clone(),
                    refresh_at: now.saturating_add(refresh),
                    ends_at: now.saturating_add(lifetime.saturating_sub(self.0.settings.margin)),
                    is_refused: false,
                });
                Ok(header)
            }
            Err(error) => {
                let pause = PAUSE
                    .saturating_mul(1 << state.failures.min(6))
                    .min(LONGEST_PAUSE);
                state.failures = state.failures.saturating_add(1);
                state.failure = Some(error.clone());
                state.pause_until = now.saturating_add(pause);
                tracing::warn!(target: "ovasabi::auth", %error, "no token for this service");
                Err(error)
            }
        }
    }

    /// Nothing panics while it is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(not(feature = "dpop"))]
async fn question(settings: &Settings) -> Result<Granted, TokenError> {
    let answer = ask(settings).await?;
    Granted::read(&answer, TokenKind::Bearer, settings.default_lifetime)
}

#[cfg(feature = "dpop")]
async fn question(settings: &Settings) -> Result<Granted, TokenError> {
    let mut answer = ask(settings).await?;
    let mut kind = TokenKind::Bearer;
    if let Some(proofs) = &settings.proofs {
        kind = TokenKind::Bound;
        // Once: a server that does not know its own nonce again is not asked for ever.
        if proofs.heard_of_endpoint(&answer) {
            answer = ask(settings).await?;
            proofs.heard_of_endpoint(&answer);
        }
    }
    Granted::read(&answer, kind, settings.default_lifetime)
}

async fn ask(settings: &Settings) -> Result<Response<Bytes>, TokenError> {
    let form = settings.form.clone();
    let request = settings.auth.request(&settings.endpoint, form)?;
    #[cfg(feature = "dpop")]
    let request = with_proof(request, settings)?;
    let answer = settings.client.send(request, settings.limits).await;
    answer.map_err(|error| TokenError::Fetch(Arc::new(error)))
}

#[cfg(feature = "dpop")]
fn with_proof(
    mut request: http::Request<Bytes>,
    settings: &Settings,
) -> Result<http::Request<Bytes>, TokenError> {
    if let Some(proofs) = &settings.proofs {
        let proof = proofs.for_endpoint(request.uri())?;
        request.headers_mut().insert(crate::dpop::DPOP, proof);
    }
    Ok(request)
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("endpoint", &self.0.settings.endpoint)
            .finish_non_exhaustive()
    }
}
