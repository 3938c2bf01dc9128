//! Keys in requests.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use ovasabi_core::admit::Admit;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::time::Tick;
use ovasabi_core::{Code, Context, Rejection};

use super::ApiKeys;
use super::format::PresentedKey;
use crate::Principal;
use crate::address::counted;
use crate::jose::Reason;
use crate::layer::{Authenticate, Denied, Presented, Scheme, Verdict};

/// Knows API keys in requests: `Authorization: ApiKey <key>`, and `Authorization: Bearer <key>` for what begins with
/// the prefix of our keys; every other bearer token is left to others.
///
/// It answers at once for keys that are in memory or were read within the `cache_ttl`, without an allocation.
/// Clones share everything.
#[derive(Clone)]
#[must_use]
pub struct ApiKeyAuthenticator {
    keys: ApiKeys,
    limit: Option<Arc<Limit>>,
    address: Option<Arc<Address>>,
    takes_header: bool,
}

type Limit = dyn Fn(&str, Tick) -> Result<(), Rejection> + Send + Sync;
type Address = dyn Fn(&Presented<'_>) -> Option<IpAddr> + Send + Sync;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// After this time a request may try again whose limit does not say when.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl ApiKeyAuthenticator {
    /// Knows these keys.
    pub fn new(keys: ApiKeys) -> Self {
        Self {
            keys,
            limit: None,
            address: None,
            takes_header: false,
        }
    }

    /// Limits each key, by its public id, after it was found good: nobody else can use up its limit. Beyond it the
    /// caller reads 429. Made for rates: a permit is given back at once, not at the end of the request. Default: none.
    pub fn limit<A>(mut self, limit: A) -> Self
    where
        A: Admit<str> + Send + Sync + 'static,
    {
        let limit = move |id: &str, now| limit.admit(id, NonZeroU32::MIN, now).map(drop);
        self.limit = Some(Arc::new(limit));
        self
    }

    /// Reads `X-API-Key` too. A request that has both headers is refused: 400. Default: `Authorization` alone.
    pub fn x_api_key(mut self) -> Self {
        self.takes_header = true;
        self
    }

    /// Says from which address a request came, by which failures are counted. Default: its
    /// [`PeerAddr`]; behind a balancer that is the balancer, and all clients fail together.
    pub fn client_address<F>(mut self, address: F) -> Self
    where
        F: Fn(&Presented<'_>) -> Option<IpAddr> + Send + Sync + 'static,
    {
        self.address = Some(Arc::new(address));
        self
    }

    fn find<'a>(&self, request: &Presented<'a>) -> Option<Result<&'a str, Reason>> {
        if let Some(key) = request.authorization("ApiKey") {
            return Some(key);
        }
        match request.authorization("Bearer") {
            Some(Ok(token)) if !self.keys.0.format.is_ours(token) => return None,
            Some(token) => return Some(token),
            None => {}
        }
        // That there is one, and no other credential, the layer has seen to.
        let value = request
            .headers
            .get(&X_API_KEY)
            .filter(|_| self.takes_header)?;
        Some(HeaderValue::to_str(value).map_err(|_| Reason::CredentialMalformed))
    }

    fn within(&self, key: &PresentedKey, known: Principal) -> Result<Principal, Denied> {
        let Some(limit) = &self.limit else {
            return Ok(known);
        };
        match limit(key.id.as_str(), self.keys.0.clock.now()) {
            Ok(()) => Ok(known),
            Err(rejection) => {
                let delay = rejection.retry_delay().unwrap_or(RETRY_AFTER);
                Err(match rejection.kind().code() {
                    Code::ResourceExhausted => Denied::too_many(delay),
                    _ => Denied::unavailable(delay),
                })
            }
        }
    }

    fn address_of(&self, request: &Presented<'_>) -> Option<IpAddr> {
        match &self.address {
            Some(address) => address(request),
            None => request
                .extensions
                .get::<PeerAddr>()
                .and_then(|peer| peer.ip()),
        }
    }
}

impl Authenticate for ApiKeyAuthenticator {
    fn authenticate(&self, request: &Presented<'_>) -> Verdict {
        let Some(key) = self.find(request) else {
            return Verdict::NotMine;
        };
        let shared = &self.keys.0;
        let key = match key.and_then(|key| shared.format.parse(key)) {
            Ok(key) => key,
            Err(reason) => return Verdict::Refused(reason.into()),
        };
        let who = (key.id, self.address_of(request).map(counted));
        match shared.check_now(&key, who) {
            Some(checked) => checked.and_then(|known| self.within(&key, known)).into(),
            None => {
                let cx = request.extensions.get::<Context>();
                let cx = cx.cloned().unwrap_or_else(Context::background);
                let this = self.clone();
                Verdict::Pending(Box::pin(async move {
                    let known = this.keys.0.check_later(&cx, &key, who).await?;
                    this.within(&key, known)
                }))
            }
        }
    }

    fn scheme(&self) -> Scheme {
        Scheme::new("ApiKey")
    }

    fn header(&self) -> Option<HeaderName> {
        self.takes_header.then_some(X_API_KEY)
    }
}

impl std::fmt::Debug for ApiKeyAuthenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKeyAuthenticator")
            .field("keys", &self.keys)
            .field("is_limited", &self.limit.is_some())
            .field("x_api_key", &self.takes_header)
            .finish_non_exhaustive()
    }
}
