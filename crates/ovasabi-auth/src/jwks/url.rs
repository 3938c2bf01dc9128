//! Sets from a URL.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AGE, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};

use super::{FetchKeys, Fetched, KeySource, SourceError, Validator};
use crate::http::{Endpoint, HttpClient, Limits};
use crate::jose::JwkSet;

/// A set that is published at a URL.
#[derive(Clone, Debug)]
pub struct JwksUrl {
    endpoint: Endpoint,
    client: HttpClient,
}

impl JwksUrl {
    /// The set at this URL.
    #[must_use]
    pub fn new(endpoint: Endpoint, client: HttpClient) -> Self {
        Self { endpoint, client }
    }
}

impl KeySource for JwksUrl {
    fn fetch(&self, known: Option<Validator>, limits: Limits) -> FetchKeys {
        let (client, uri) = (self.client.clone(), self.endpoint.uri().clone());
        Box::pin(async move { fetch(&client, uri, known, limits).await })
    }
}

pub(super) async fn fetch(
    client: &HttpClient,
    uri: Uri,
    known: Option<Validator>,
    limits: Limits,
) -> Result<Fetched, SourceError> {
    let mut request = get(uri.clone(), "application/jwk-set+json, application/json");
    let tag = known.as_ref().and_then(|known| known.tag_of(&uri));
    if let Some(tag) = tag {
        request.headers_mut().insert(IF_NONE_MATCH, tag.clone());
    }
    let answer = client.send(request, limits).await?;
    let headers = answer.headers();
    let fetched = match answer.status() {
        StatusCode::OK => {
            let fetched = Fetched::keys(JwkSet::parse(answer.body())?);
            match headers.get(ETAG) {
                Some(tag) => fetched.validator(Validator::new(uri, tag.clone())),
                None => fetched,
            }
        }
        // Nobody has asked whether it is modified, when there is no tag.
        StatusCode::NOT_MODIFIED if tag.is_some() => Fetched {
            validator: known,
            ..Fetched::unchanged()
        },
        status => return Err(SourceError::Status(status)),
    };
    Ok(Fetched {
        max_age: max_age(headers),
        ..fetched
    })
}

pub(super) fn get(uri: Uri, accept: &'static str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    let accept = HeaderValue::from_static(accept);
    request.headers_mut().insert(ACCEPT, accept);
    request
}

/// How long an answer is fresh, RFC 9111 §4.2: the shortest that it says, less the time that it lay in caches.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).into_iter();
    let directives = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let seconds = directives.filter_map(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => Some(0),
            // What is no number says nothing.
            "max-age" => value.trim().trim_matches('"').parse::<u64>().ok(),
            _ => None,
        }
    });
    let age = headers
        .get(AGE)
        .and_then(|age| age.to_str().ok()?.parse().ok());
    let fresh = seconds.min()?.saturating_sub(age.unwrap_or(0));
    Some(Duration::from_secs(fresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_is_the_shortest_that_is_said_less_its_age() {
        let check = |lines: &[(&'static str, &'static str)], expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, HeaderValue::from_static(value));
            }
            assert_eq!(
                max_age(&headers),
                expected.map(Duration::from_secs),
                "{lines:?}"
            );
        };
        check(&[], None);
        check(&[("cache-control", "public")], None);
        check(
            &[("cache-control", "public, Max-Age=600, must-revalidate")],
            Some(600),
        );
        check(&[("cache-control", "max-age=\"60\"")], Some(60));
        check(&[("cache-control", "max-age=600"), ("age", "599")], Some(1));
        check(&[("cache-control", "max-age=600"), ("age", "601")], Some(0));
        check(
            &[
                ("cache-control", "max-age=600"),
                ("cache-control", "max-age=60"),
            ],
            Some(60),
        );
        check(&[("cache-control", "max-age=600, no-cache")], Some(0));
        check(&[("cache-control", "no-store")], Some(0));
        check(&[("cache-control", "max-age=-1")], None);
        check(&[("cache-control", "max-age=99999999999999999999")], None);
    }
}
