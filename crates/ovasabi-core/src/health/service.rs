//! The probes over HTTP, without a framework.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service;

use super::Health;
use super::future::ResponseFuture;
use crate::error::Problem;
use crate::{Code, Error};

/// Where liveness is asked.
pub const LIVE_PATH: &str = "/livez";
/// Where readiness is asked.
pub const READY_PATH: &str = "/readyz";
/// Where the start is asked.
pub const STARTUP_PATH: &str = "/startupz";

/// Answers `/livez`, `/readyz` and `/startupz`. Other paths are 404, other methods than GET and HEAD 405.
///
/// It takes any request body, and answers with a `String`, which is an `http_body::Body`: it fits axum's
/// `fallback_service` and `route_service`, and plain hyper.
#[derive(Clone, Debug)]
pub struct HealthService {
    health: Health,
}

impl Health {
    /// The probes as a service.
    #[must_use]
    pub fn service(&self) -> HealthService {
        HealthService {
            health: self.clone(),
        }
    }

    /// The answer to a probe of this path: 200 or 503 with the report, 404 for another path.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: checks go on for those who ask next.
    pub async fn handle(&self, path: &str) -> Response<String> {
        let report = match path {
            LIVE_PATH => self.live(),
            READY_PATH => self.ready().await,
            STARTUP_PATH => self.started().await,
            _ => return problem(&Error::new(Code::NotFound, "health.no_such_probe"), path),
        };
        answer(report.http_status(), "application/json", report.to_json())
    }
}

impl<B> Service<Request<B>> for HealthService {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let health = self.health.clone();
        let path = request.uri().path().to_owned();
        let is_head = request.method() == Method::HEAD;
        let is_allowed = is_head || request.method() == Method::GET;
        ResponseFuture::new(async move {
            if !is_allowed {
                let error = Error::new(Code::Unimplemented, "health.method_not_allowed");
                let mut response = problem(
                    &error.with_http_status(StatusCode::METHOD_NOT_ALLOWED),
                    &path,
                );
                response
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                return response;
            }
            let mut response = health.handle(&path).await;
            if is_head {
                response.body_mut().clear();
            }
            response
        })
    }
}

fn problem(error: &Error, path: &str) -> Response<String> {
    let body = String::from_utf8(error.to_problem(Some(path)).to_json()).unwrap_or_default();
    answer(error.http_status(), Problem::CONTENT_TYPE, body)
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // A probe through a cache would read the past.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
