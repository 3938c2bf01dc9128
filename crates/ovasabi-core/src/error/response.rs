//! Errors as HTTP answers, and back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode};

use super::{Code, Error, Problem};
#[cfg(doc)]
use crate::Rejection;
use crate::time::{HttpDate, WallClock};

impl Error {
    /// The public half as an HTTP answer with a problem body and, where it is known, `Retry-After`.
    #[must_use]
    pub fn to_response<B: From<Bytes>>(&self, instance: Option<&str>) -> http::Response<B> {
        let body = B::from(Bytes::from(self.to_problem(instance).to_json()));
        let mut response = http::Response::new(body);
        *response.status_mut() = self.http_status();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(Problem::CONTENT_TYPE),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(delay) = self.retry_delay() {
            headers.insert(RETRY_AFTER, HeaderValue::from(retry_after_seconds(delay)));
        }
        response
    }

    /// The same answer with the error itself inside, where layers of this process find it with
    /// [`Error::of_response`] and [`Rejection::of_response`]: an access log wants the cause, a breaker wants
    /// to know its own refusals. It lies in the extensions, which are never sent.
    #[must_use]
    pub fn into_http<B: From<Bytes>>(self, instance: Option<&str>) -> http::Response<B> {
        let mut response = self.to_response(instance);
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }

    /// The error that [`Error::into_http`] put into this response, with its private cause: for logs.
    #[must_use]
    pub fn of_response<B>(response: &http::Response<B>) -> Option<&Self> {
        Self::of_extensions(response.extensions())
    }

    pub(crate) fn of_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Carried>().map(|carried| &*carried.0)
    }

    /// Reads an error back from an HTTP answer: a problem body if there is one, else what the status says.
    ///
    /// `Retry-After`, in seconds or as a date, is taken over when the body has no finer value. Never fails: bytes that
    /// are not a problem are dropped, for they may be anybody's. What the upstream calls public is public
    /// here too: wrap the error in one of your own where its words are not for your callers.
    #[must_use]
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let is_problem = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(Problem::CONTENT_TYPE));
        let problem = if is_problem {
            Problem::from_json(body).ok()
        } else {
            None
        };
        let error = match problem {
            // The status line is what was really sent; the member is advisory (RFC 9457 §3.1.3).
            Some(problem) => Self::from(Problem {
                status: status.as_u16(),
                ..problem
            }),
            None => {
                let code = Code::from_http_status(status);
                Self::new(code, "upstream").with_foreign_status(status)
            }
        };
        match (error.retry_delay(), retry_after_hint(headers)) {
            (None, Some(delay)) => error.retry_after(delay),
            _ => error,
        }
    }
}

/// Extensions must be `Clone`, which an error is not.
#[derive(Clone)]
struct Carried(Arc<Error>);

/// The seconds of a `Retry-After` header: rounded up, at least 1, so that nobody comes back early.
pub(crate) fn retry_after_seconds(delay: Duration) -> u64 {
    let whole = delay.as_secs();
    let up = if delay.subsec_nanos() > 0 {
        whole.saturating_add(1)
    } else {
        whole
    };
    up.max(1)
}

/// What a `Retry-After` header asks for (RFC 9110 §10.2.3): its seconds, or the time until its date, which is
/// none when that has passed.
pub(crate) fn retry_after_hint(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    // `parse` alone would take a `+`.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let HttpDate(until) = HttpDate::parse(text)?;
    // By the clock that wrote it, where it says what it shows: two machines never agree on the date.
    let said = headers.get(DATE).and_then(|value| value.to_str().ok());
    let HttpDate(now) = said
        .and_then(HttpDate::parse)
        .unwrap_or_else(|| HttpDate(WallClock::system().now()));
    Some(until.duration_since(now).unwrap_or_default())
}
