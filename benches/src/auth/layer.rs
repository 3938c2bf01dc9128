//! The layer, over a service that answers at once.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_auth::AuthLayer;
use ovasabi_auth::api_key::ApiKeyAuthenticator;
use ovasabi_auth::jose::Algorithm;
use ovasabi_auth::token::TokenCache;
use tower::Service;

use super::api_key::issued;
use super::token::{minted, verifier};
use crate::{Case, over};

pub(super) const CASES: &[Case] = &[
    Case::new("bare", || {
        let (_, token) = minted(Algorithm::Es256);
        over(token, |token| Asking(Hello, header("Bearer", token)))
    }),
    Case::new("ovasabi, a known token", || {
        let (key, token) = minted(Algorithm::Es256);
        let layer = AuthLayer::required(verifier(&key, Some(TokenCache::default())));
        over((layer, token), |(layer, token)| {
            Asking(layer.wrap(Hello), header("Bearer", token))
        })
    }),
    Case::new("ovasabi, an API key", || {
        let (keys, key) = issued();
        let layer = AuthLayer::required(ApiKeyAuthenticator::new(keys));
        over((layer, key), |(layer, key)| {
            Asking(layer.wrap(Hello), header("ApiKey", key))
        })
    }),
    Case::new("ovasabi, no token", || {
        let (key, _) = minted(Algorithm::Es256);
        let layer = AuthLayer::required(verifier(&key, None));
        over(layer, |layer| Asking(layer.wrap(Hello), None))
    }),
];

fn header(scheme: &str, credential: &str) -> Option<http::HeaderValue> {
    http::HeaderValue::try_from(format!("{scheme} {credential}")).ok()
}

/// Makes a request of each number: what that costs is in the bare case too.
#[derive(Clone, Debug)]
struct Asking<S>(S, Option<http::HeaderValue>);

impl<S: Service<Request<()>>> Service<u64> for Asking<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, _number: u64) -> Self::Future {
        let mut request = Request::new(());
        if let Some(token) = &self.1 {
            let headers = request.headers_mut();
            headers.insert(http::header::AUTHORIZATION, token.clone());
        }
        self.0.call(request)
    }
}

#[derive(Clone, Debug)]
struct Hello;

impl Service<Request<()>> for Hello {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<()>) -> Self::Future {
        ready(Ok(Response::new(Full::default())))
    }
}
