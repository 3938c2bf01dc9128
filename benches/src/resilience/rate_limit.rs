//! Rate limits that are far away.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use governor::clock::QuantaClock;
use governor::middleware::NoOpMiddleware;
use ovasabi_core::classify::ByResult;
use ovasabi_resilience::rate_limit::{
    KeyedRateLimitLayer, KeyedRateLimiter, Quota, RateLimitLayer, RateLimiter,
};
use tower::{Layer, Service, service_fn};

use super::BARE;
use crate::{Bare, Case, over};

pub(super) const DIRECT: &[Case] = &[
    BARE,
    Case::new("ovasabi rate limit", || {
        over(direct(), |layer| layer.layer(Bare))
    })
    .and_two_threads(),
    Case::new("governor check, no layer", || {
        let limiter = governor::RateLimiter::direct(governor::Quota::per_second(MANY));
        over(Arc::new(limiter), |limiter| {
            let limiter = Arc::clone(limiter);
            service_fn(move |request| {
                let _ = limiter.check();
                Bare.call(request)
            })
        })
    })
    .and_two_threads(),
    Case::new("tower rate limit", || {
        over((), |()| {
            tower::limit::RateLimit::new(
                Bare,
                tower::limit::rate::Rate::new(u64::from(u32::MAX), Duration::from_secs(1)),
            )
        })
    }),
    Case::new("tower-resilience rate limit", || {
        over(tower_resilience(), |layer| layer.layer(Bare))
    }),
];

pub(super) const KEYED: &[Case] = &[
    BARE,
    Case::new("ovasabi keyed, 1 key", || {
        let limiter = keyed(Quota::per_hour(MANY), 1 << 16);
        over(limiter, |limiter| one_key(limiter).layer(Bare))
    }),
    Case::new("governor keyed, 1 key, no layer", || {
        let limiter = governor_keyed(governor::Quota::per_hour(MANY), 1);
        over(limiter, |limiter| {
            let limiter = Arc::clone(limiter);
            service_fn(move |request| {
                let _ = limiter.check_key(&0);
                Bare.call(request)
            })
        })
    }),
    Case::new("ovasabi keyed, 10^6 keys", || {
        let live = Quota::one_every(MINUTE).and_then(|quota| quota.with_burst(PLENTY));
        let limiter = keyed(live.expect("it is possible"), 1_000_000);
        (0..KEYS).for_each(|key| drop(limiter.check(&key)));
        over(limiter, |limiter| many_keys(limiter).layer(Bare))
    }),
    Case::new("governor keyed, 10^6 keys, no layer", || {
        let live = governor::Quota::with_period(MINUTE).expect("it is not zero");
        let limiter = governor_keyed(live.allow_burst(PLENTY), KEYS);
        over(limiter, |limiter| {
            let limiter = Arc::clone(limiter);
            service_fn(move |request| {
                let _ = limiter.check_key(&scatter(request));
                Bare.call(request)
            })
        })
    }),
];

const MANY: NonZeroU32 = NonZeroU32::MAX;
const KEYS: u64 = 1_000_000;

/// A key that has been asked is live for as long as a unit takes to come back, and holds its place: longer
/// than from one round of all keys to the next, and with enough units for as many rounds as there are.
const MINUTE: Duration = Duration::from_secs(60);
const PLENTY: NonZeroU32 = NonZeroU32::new(1_000_000).expect("it is not zero");

pub(super) fn direct() -> RateLimitLayer<RateLimiter, ByResult> {
    let built = RateLimiter::builder("bench", Quota::per_second(MANY)).build();
    RateLimitLayer::new(built.expect("the settings are in range")).classify(ByResult::new())
}

pub(super) fn tower_resilience() -> tower_resilience_ratelimiter::RateLimiterLayer {
    tower_resilience_ratelimiter::RateLimiterLayer::builder()
        .limit_for_period(1_000_000_000)
        .refresh_period(Duration::from_secs(1))
        .timeout_duration(Duration::ZERO)
        .build()
        .expect("the settings are in range")
}

fn keyed(quota: Quota, capacity: usize) -> KeyedRateLimiter<u64> {
    KeyedRateLimiter::builder("bench", quota)
        .capacity(NonZeroUsize::new(capacity).expect("it is not zero"))
        .build()
        .expect("the settings are in range")
}

fn one_key(limiter: &KeyedRateLimiter<u64>) -> KeyedRateLimitLayer<u64, fn(&u64) -> u64, ByResult> {
    KeyedRateLimitLayer::keyed(limiter.clone(), (|_| 0) as fn(&u64) -> u64)
        .classify(ByResult::new())
}

fn many_keys(
    limiter: &KeyedRateLimiter<u64>,
) -> KeyedRateLimitLayer<u64, fn(&u64) -> u64, ByResult> {
    KeyedRateLimitLayer::keyed(
        limiter.clone(),
        (|request| scatter(*request)) as fn(&u64) -> u64,
    )
    .classify(ByResult::new())
}

type Governor = governor::RateLimiter<
    u64,
    governor::state::keyed::DashMapStateStore<u64>,
    QuantaClock,
    NoOpMiddleware<governor::clock::QuantaInstant>,
>;

fn governor_keyed(quota: governor::Quota, keys: u64) -> Arc<Governor> {
    let limiter = Governor::dashmap_with_clock(quota, QuantaClock::default());
    (0..keys).for_each(|key| drop(limiter.check_key(&key)));
    Arc::new(limiter)
}

/// Requests are numbered; their keys are all over the table.
fn scatter(request: u64) -> u64 {
    request.wrapping_mul(0x9E37_79B9_7F4A_7C15) % KEYS
}
