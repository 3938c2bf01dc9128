//! Limits on the time of calls that are in time.

use std::time::Duration;

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::deadline::{Deadline, DeadlineLayer};
use tower::Layer;

use super::BARE;
use crate::{Bare, Case, Once, over};

pub(super) const READY: &[Case] = &[
    BARE,
    Case::new("ovasabi deadline", || {
        over(layer(), |layer| layer.layer(Bare))
    }),
    Case::new("ovasabi deadline, leaked", || {
        over(deadline().leak(), |deadline| {
            deadline.layer().classify(ByResult::new()).layer(Bare)
        })
    }),
    Case::new("tower timeout", || {
        over(tower::timeout::TimeoutLayer::new(LIMIT), |layer| {
            layer.layer(Bare)
        })
    }),
    Case::new("tower-resilience time limiter", || {
        over(tower_resilience(), |layer| layer.layer(Bare))
    }),
];

pub(super) const PENDING: &[Case] = &[
    Case::new("bare, pending once", || over((), |()| Once(Bare))),
    Case::new("ovasabi deadline", || {
        over(layer(), |layer| layer.layer(Once(Bare)))
    }),
    Case::new("ovasabi deadline, leaked", || {
        over(deadline().leak(), |deadline| {
            deadline.layer().classify(ByResult::new()).layer(Once(Bare))
        })
    }),
    Case::new("tower timeout", || {
        over(tower::timeout::TimeoutLayer::new(LIMIT), |layer| {
            layer.layer(Once(Bare))
        })
    }),
];

const LIMIT: Duration = Duration::from_secs(5);

pub(super) fn layer() -> DeadlineLayer<ByResult> {
    deadline().layer().classify(ByResult::new())
}

fn deadline() -> Deadline {
    Deadline::total("bench", LIMIT)
        .build()
        .expect("a limit of five seconds is possible")
}

pub(super) fn tower_resilience()
-> tower_resilience_timelimiter::TimeLimiterLayer<tower_resilience_timelimiter::FixedTimeout> {
    tower_resilience_timelimiter::TimeLimiterLayer::builder()
        .timeout_duration(LIMIT)
        .cancel_running_future(true)
        .build()
}
