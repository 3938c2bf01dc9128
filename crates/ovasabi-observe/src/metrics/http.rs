//! Rate, errors and durations of HTTP servers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ::http::{Method, StatusCode};
use ovasabi_core::time::Clock;

use super::histogram::Histogram;
use crate::http::RouteTemplate;

/// The numbers of one or more HTTP servers: cheap to clone, clones share them.
#[derive(Clone)]
pub struct HttpMetrics(Arc<Inner>);

struct Inner {
    clock: Clock,
    active: AtomicI64,
    series: RwLock<BTreeMap<Series, Arc<Histogram>>>,
}

/// What requests are told apart by. All of it is bounded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) route: RouteTemplate,
    pub(super) method: &'static str,
    pub(super) status: u16,
    pub(super) ended: &'static str,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// At its last byte.
    Complete,
    /// The caller hung up.
    Cancelled,
    /// The body broke off.
    BodyError,
    /// The service inside returned an error instead of a response.
    ServiceError,
    /// The service inside, or its body, panicked.
    Panic,
}

impl Ended {
    /// The label, empty when all went well.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Complete => "",
            Self::Cancelled => "cancelled",
            Self::BodyError => "body_error",
            Self::ServiceError => "service_error",
            Self::Panic => "panic",
        }
    }
}

/// Beyond this many series new ones are counted together: an attacker must not fill the memory.
const MAX_SERIES: usize = 2_000;

impl HttpMetrics {
    /// No numbers yet; durations are measured with `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            clock,
            active: AtomicI64::new(0),
            series: RwLock::default(),
        }))
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How many requests are under way: from their head to their last byte.
    #[must_use]
    pub fn active(&self) -> i64 {
        self.0.active.load(Ordering::Relaxed)
    }

    pub(crate) fn begin(&self) {
        self.0.active.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(
        &self,
        route: &RouteTemplate,
        method: &Method,
        status: Option<StatusCode>,
        ended: Ended,
        took: Duration,
    ) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
        let key = Series {
            route: route.clone(),
            method: known_method(method),
            status: status.map_or(0, |status| status.as_u16()),
            ended: ended.label(),
        };
        self.histogram(key).record(took);
    }

    fn histogram(&self, key: Series) -> Arc<Histogram> {
        let known = self
            .0
            .series
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(histogram) = known {
            return histogram;
        }
        let mut series = self
            .0
            .series
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let key = if series.len() < MAX_SERIES {
            key
        } else {
            Series {
                route: RouteTemplate::OVERFLOW,
                ..key
            }
        };
        Arc::clone(series.entry(key).or_default())
    }

    pub(super) fn for_each(&self, mut visit: impl FnMut(&Series, &Histogram)) {
        let series = self.0.series.read().unwrap_or_else(PoisonError::into_inner);
        series
            .iter()
            .for_each(|(key, histogram)| visit(key, histogram));
    }
}

impl fmt::Debug for HttpMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetrics")
            .field("active", &self.active())
            .finish_non_exhaustive()
    }
}

/// The methods of RFC 9110 and `PATCH`; all else is `_OTHER`, for anybody may send any word.
pub(crate) fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
}
