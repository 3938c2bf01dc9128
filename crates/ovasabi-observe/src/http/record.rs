//! One request, from its beginning to its one end.

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, StatusCode};
use ovasabi_core::Context;
use ovasabi_core::time::Tick;
use tracing::Span;

use super::RouteTemplate;
use crate::metrics::{Ended, HttpMetrics, known_method};

/// A request under way. Ends once: by [`RequestRecord::end`], or as cancelled on drop.
pub(super) struct RequestRecord {
    metrics: HttpMetrics,
    span: Span,
    began: Tick,
    method: Method,
    path: Option<String>,
    /// For the access log, where a filter has no room for the span that else tells the ids.
    context: Option<Context>,
    route: RouteTemplate,
    status: Option<StatusCode>,
    bytes: u64,
    /// What the head promises of the body, where it does.
    length: Option<u64>,
    is_over: bool,
}

impl RequestRecord {
    pub(super) fn begin<B>(request: &Request<B>, metrics: HttpMetrics, access_log: bool) -> Self {
        metrics.begin();
        let began = metrics.clock().now();
        let route = RouteTemplate::find(request.extensions()).unwrap_or(RouteTemplate::NONE);
        let span = span(request.method(), request.extensions().get());
        let path = (access_log
            && tracing::enabled!(target: "ovasabi::access", tracing::Level::INFO))
        .then(|| request.uri().path().to_owned());
        let context = (path.is_some() && span.is_disabled())
            .then(|| request.extensions().get().cloned())
            .flatten();
        let method = request.method().clone();
        Self {
            metrics,
            span,
            began,
            method,
            path,
            context,
            route,
            status: None,
            bytes: 0,
            length: None,
            is_over: false,
        }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Takes note of the response's head.
    pub(super) fn head(&mut self, parts: &http::response::Parts) {
        self.status = Some(parts.status);
        self.length = content_length(&parts.headers);
        self.span.record("status", parts.status.as_u16());
        if let Some(route) = RouteTemplate::find(&parts.extensions) {
            self.route = route;
        }
    }

    /// Takes note of bytes of the body.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    pub(super) fn end(mut self, ended: Ended) {
        self.finish(ended);
    }

    /// Whether nothing is left to send, so that servers drop the body without asking it for more: the answer
    /// to a HEAD request, a status that has no body (RFC 9110 §6.4.1), and the last byte of a promised length.
    fn is_whole(&self) -> bool {
        let Some(status) = self.status else {
            return false;
        };
        self.method == Method::HEAD
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || self.length.is_some_and(|length| self.bytes >= length)
    }

    fn finish(&mut self, ended: Ended) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let took = self.metrics.clock().now().saturating_since(self.began);
        self.metrics
            .end(&self.route, &self.method, self.status, ended, took);
        let Some(path) = &self.path else { return };
        let log = || self.span.in_scope(|| self.log(path, ended, took));
        match &self.context {
            Some(context) => context.scope_sync(log),
            None => log(),
        }
    }

    fn log(&self, path: &str, ended: Ended, took: Duration) {
        tracing::info!(
            target: "ovasabi::access",
            method = known_method(&self.method),
            route = self.route.as_str(),
            path,
            status = self.status.map(|status| status.as_u16()),
            bytes = self.bytes,
            duration_ms = took.as_secs_f64() * 1e3,
            ended = if ended == Ended::Complete { "complete" } else { ended.label() },
            "request"
        );
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        self.finish(if std::thread::panicking() {
            Ended::Panic
        } else if self.is_whole() {
            Ended::Complete
        } else {
            Ended::Cancelled
        });
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn span(method: &Method, context: Option<&Context>) -> Span {
    let span = tracing::info_span!(
        target: "ovasabi::http",
        "http.server.request",
        method = known_method(method),
        status = tracing::field::Empty,
        request_id = tracing::field::Empty,
        trace_id = tracing::field::Empty,
        span_id = tracing::field::Empty,
    );
    if !span.is_disabled()
        && let Some(context) = context
    {
        if let Some(id) = context.request_id() {
            span.record("request_id", id.as_str());
        }
        if let Some(trace) = context.trace() {
            span.record("trace_id", format!("{:032x}", trace.trace_id()).as_str());
            span.record("span_id", format!("{:016x}", trace.span_id()).as_str());
        }
    }
    span
}
