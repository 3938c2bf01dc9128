//! The rules of a head for what came as HTTP/2 frames, which hyper has read already.
//!
//! Framing cannot be ambiguous there (RFC 9113 §8.1), but method, target and host mean the same as in
//! HTTP/1, and prior knowledge must not be a way around their checks.

use http::header::{CONTENT_LENGTH, EXPECT, HOST};
use http::{HeaderMap, Request, Uri};

use super::refusal::Refusal;
use super::syntax::{check_method, has_dangerous_path, is_host, is_target};
use crate::error::Error;
use crate::http::server::ServerConfig;

/// The answer to a head that breaks a rule.
pub(in crate::http::server) fn refused<B>(
    request: &Request<B>,
    config: &ServerConfig,
) -> Option<Error> {
    let headers = request.headers();
    let checked = check_method(request.method().as_str().as_bytes())
        .and_then(|()| target(request.uri(), config))
        .and_then(|()| {
            if headers.len() > config.max_headers() {
                Err(Refusal::TooManyHeaders)
            } else {
                Ok(())
            }
        })
        .and_then(|()| host(request.uri(), headers))
        .and_then(|()| expectation(headers))
        .and_then(|()| length(headers, config));
    checked.err().map(|refusal| refusal.error(config))
}

fn target(uri: &Uri, config: &ServerConfig) -> Result<(), Refusal> {
    let target = uri
        .path_and_query()
        .map_or("/", |target| target.as_str())
        .as_bytes();
    if target.len() > config.max_uri_bytes() {
        return Err(Refusal::UriTooLong);
    }
    let is_plain = target.iter().copied().all(is_target);
    if is_plain && !has_dangerous_path(uri.path().as_bytes()) {
        Ok(())
    } else {
        Err(Refusal::Target)
    }
}

fn host(uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let authority = uri.authority().map(|it| it.as_str().as_bytes());
    if authority.is_some_and(|it| !it.iter().copied().all(is_host)) {
        return Err(Refusal::Target);
    }
    let mut hosts = headers.get_all(HOST).iter().map(|it| it.as_bytes());
    match (hosts.next(), authority) {
        (None, None) => Err(Refusal::HostMissing),
        (None, Some(_)) => Ok(()),
        (Some(_), _) if hosts.next().is_some() => Err(Refusal::HostTwice),
        (Some(host), _) if !host.iter().copied().all(is_host) => Err(Refusal::Host),
        (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
            Err(Refusal::HostMismatch)
        }
        (Some(_), _) => Ok(()),
    }
}

fn expectation(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut values = headers.get_all(EXPECT).iter();
    if values.all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        Ok(())
    } else {
        Err(Refusal::Expectation)
    }
}

fn length(headers: &HeaderMap, config: &ServerConfig) -> Result<(), Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > config.max_body_limit()) {
        Err(Refusal::BodyTooLarge)
    } else {
        Ok(())
    }
}
