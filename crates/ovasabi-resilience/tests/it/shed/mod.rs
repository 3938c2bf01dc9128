//! Load shedding and client throttling.

use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::shed::throttle::ThrottleBuilder;
use ovasabi_resilience::shed::{LoadShed, Throttle};

mod config;
mod control;
mod layer;
mod load;
mod model;
mod throttle;

const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

/// A builder over a clock that stands still, which refuses from the first request on.
fn throttle() -> (ThrottleBuilder, ClockHand) {
    let (clock, hand) = Clock::manual();
    let builder = Throttle::builder("test").clock(clock).minimum_requests(1);
    (builder, hand)
}

/// Sends `count` requests that end in `class`; how many of them were admitted.
fn send(throttle: &Throttle, class: Class, count: u32) -> u32 {
    (0..count)
        .filter_map(|_| throttle.try_acquire().ok())
        .map(|permit| permit.settle(class))
        .count()
        .try_into()
        .unwrap()
}

/// One that looks at calls under way alone.
fn full_at(limit: u32) -> LoadShed {
    let builder = LoadShed::builder("test").in_flight_limit(limit);
    builder.build().unwrap()
}
