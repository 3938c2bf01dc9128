//! The layers under test, each with a handle that admits `CAPACITY` calls at once and one that refuses.

use std::fmt::Debug;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use ovasabi_core::body::AtHead;
use ovasabi_core::classify::{ByResult, Facts, ReadRequest};
use ovasabi_core::reject::AsError;
use ovasabi_core::time::Clock;
use ovasabi_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, Mode, ReadyMode,
};
use ovasabi_resilience::concurrency::{
    ConcurrencyLimitLayer, ConcurrencyLimitService, ConcurrencyLimiter, ConcurrencyQueueService,
    Gradient2, Queue,
};
use ovasabi_resilience::deadline::{self, DeadlineLayer, DeadlineService, ReadyInCall};
use ovasabi_resilience::fallback::{
    AsyncFunction, Cause, Fallback, FallbackService, Function, KeepClone, KeepFirst, KeepNothing,
    KeepWith, OtherService, StaleCache, StaleCopy, Unmarked,
};
use ovasabi_resilience::keyed::{
    KeyedCircuitBreaker, KeyedCircuitBreakerLayer, KeyedCircuitBreakerService,
};
use ovasabi_resilience::rate_limit::{
    InTurn, Keyed, KeyedRateLimiter, Quota, RateLimitLayer, RateLimitService, RateLimiter,
};
use ovasabi_resilience::retry::{
    Overflow, RetryLayer, RetryPolicy, RetryPolicyBuilder, RetryService,
};
use ovasabi_resilience::shed::{LoadShed, Policy, ShedLayer, ShedService, Throttle};
use ovasabi_resilience::stack::{
    BreakerConfig, ClientLayer, ClientService, ConcurrencyConfig, RunService, Stack,
};
use tower::{BoxError, Layer, Service};

use super::inner::{Act, Strict};

/// How many calls every admitting subject takes at once.
pub(super) const CAPACITY: u32 = 4;

const LONG: Duration = Duration::from_secs(3_600);

/// One kind of layer.
pub(super) trait Subject {
    /// The layer over [`Strict`].
    type Service: Service<Act, Response = &'static str, Error = BoxError>
        + Clone
        + Debug
        + Send
        + Sync
        + 'static;
    /// The layer over itself.
    type Twice: Service<Act, Response = &'static str, Error = BoxError>;
    /// Whether a call that is never answered keeps something from others.
    const HOLDS: bool = false;
    /// Whether it refuses anything at all.
    const REFUSES: bool = true;
    /// Whether calls that fail use up what it admits.
    const SPENT_BY_FAILURES: bool = false;
    /// Whether it answers readiness by itself.
    const READY_BY_ITSELF: bool = false;

    /// Admits [`CAPACITY`] calls at once, and more over time.
    fn admitting(inner: Strict) -> Self::Service;
    /// Refuses every call.
    fn refusing(inner: Strict) -> Self::Service;
    /// One that refuses, below one that admits.
    fn over_refusing(inner: Strict) -> Self::Twice;
}

fn four() -> NonZeroU32 {
    NonZeroU32::new(CAPACITY).unwrap()
}

/// More than any test uses.
fn plenty() -> NonZeroU32 {
    NonZeroU32::new(100_000).unwrap()
}

pub(super) struct Breaker;

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("contract")
        .consecutive_failures(1_000)
        .build()
        .unwrap()
}

fn open_breaker() -> CircuitBreaker {
    let breaker = breaker();
    breaker.force(Mode::ForcedOpen);
    breaker
}

fn breaker_layer(breaker: CircuitBreaker) -> CircuitBreakerLayer<ByResult> {
    CircuitBreakerLayer::new(breaker).classify(ByResult::new())
}

impl Subject for Breaker {
    type Service = CircuitBreakerService<Strict, ByResult>;
    type Twice = CircuitBreakerService<Self::Service, ByResult>;

    fn admitting(inner: Strict) -> Self::Service {
        breaker_layer(breaker()).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        breaker_layer(open_breaker()).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        let outer = CircuitBreaker::builder("outer")
            .consecutive_failures(1)
            .build()
            .unwrap();
        breaker_layer(outer).layer(Self::refusing(inner))
    }
}

/// A breaker whose probes are all that it admits: here nothing may be kept that a call has not spent.
pub(super) struct HalfOpenBreaker;

/// Half open, for as long as no probe has been well.
fn probing() -> CircuitBreaker {
    let (clock, hand) = Clock::manual();
    let breaker = CircuitBreaker::builder("contract")
        .consecutive_failures(1_000)
        .failure_rate_threshold(1.0)
        .permitted_calls_in_half_open(CAPACITY)
        .probe_lease(LONG)
        .clock(clock)
        .build()
        .unwrap();
    breaker.trip(Duration::ZERO);
    hand.advance(LONG);
    breaker
}

impl Subject for HalfOpenBreaker {
    type Service = CircuitBreakerService<Strict, ByResult>;
    type Twice = CircuitBreakerService<Self::Service, ByResult>;
    const HOLDS: bool = true;
    const SPENT_BY_FAILURES: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        breaker_layer(probing()).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        let breaker = probing();
        for _ in 0..CAPACITY {
            // The slots are never given back.
            Box::leak(Box::new(breaker.try_acquire().unwrap()));
        }
        breaker_layer(breaker).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        breaker_layer(probing()).layer(Self::refusing(inner))
    }
}

/// A breaker that waits for its chance. What it refuses, it refuses when it is called.
pub(super) struct WaitingBreaker;

impl Subject for WaitingBreaker {
    type Service = CircuitBreakerService<Strict, ByResult>;
    type Twice = CircuitBreakerService<Self::Service, ByResult>;
    const REFUSES: bool = false;

    fn admitting(inner: Strict) -> Self::Service {
        let layer = breaker_layer(breaker()).ready(ReadyMode::Wait);
        layer.layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        Breaker::refusing(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        let layer = breaker_layer(breaker()).ready(ReadyMode::Wait);
        layer.layer(Self::refusing(inner))
    }
}

pub(super) struct KeyedBreaker;

fn keyed_breaker(mode: Mode) -> KeyedCircuitBreakerLayer<u8, KeyOf, ByResult> {
    let breakers = KeyedCircuitBreaker::<u8>::builder("contract")
        .capacity(1)
        .each(|breaker| breaker.consecutive_failures(1_000))
        .build()
        .unwrap();
    breakers.get(&7).force(mode);
    breakers.layer(one_key as KeyOf).classify(ByResult::new())
}

impl Subject for KeyedBreaker {
    type Service = KeyedCircuitBreakerService<Strict, u8, KeyOf, ByResult>;
    type Twice = KeyedCircuitBreakerService<Self::Service, u8, KeyOf, ByResult>;

    fn admitting(inner: Strict) -> Self::Service {
        keyed_breaker(Mode::Auto).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        keyed_breaker(Mode::ForcedOpen).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        let outer = KeyedCircuitBreaker::<u8>::builder("outer")
            .each(|breaker| breaker.consecutive_failures(1))
            .build()
            .unwrap();
        let layer = outer.layer(one_key as KeyOf).classify(ByResult::new());
        layer.layer(Self::refusing(inner))
    }
}

pub(super) struct RateLimit;

/// Full for the whole test: a manual clock stands still.
fn limiter(burst: NonZeroU32) -> RateLimiter {
    let quota = Quota::one_every(LONG).unwrap().with_burst(burst).unwrap();
    RateLimiter::builder("contract", quota)
        .clock(Clock::manual().0)
        .build()
        .unwrap()
}

fn empty_limiter() -> RateLimiter {
    let limiter = limiter(NonZeroU32::MIN);
    limiter.check().unwrap();
    limiter
}

impl Subject for RateLimit {
    type Service = RateLimitService<Strict, RateLimiter, ByResult, AsError>;
    type Twice = RateLimitService<Self::Service, RateLimiter, ByResult, AsError>;

    fn admitting(inner: Strict) -> Self::Service {
        RateLimitLayer::new(limiter(plenty()))
            .classify(ByResult::new())
            .layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        RateLimitLayer::new(empty_limiter())
            .classify(ByResult::new())
            .layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        RateLimitLayer::new(limiter(plenty()))
            .classify(ByResult::new())
            .layer(Self::refusing(inner))
    }
}

pub(super) struct RateLimitInTurn;

/// Requests wait for their turn, except where there is none in time.
fn in_turn(limiter: RateLimiter) -> RateLimitLayer<RateLimiter, ByResult, AsError, InTurn> {
    RateLimitLayer::new(limiter)
        .classify(ByResult::new())
        .waiting(Duration::from_secs(1))
}

impl Subject for RateLimitInTurn {
    type Service = RateLimitService<Strict, RateLimiter, ByResult, AsError, InTurn>;
    type Twice = RateLimitService<Self::Service, RateLimiter, ByResult, AsError, InTurn>;
    const READY_BY_ITSELF: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        in_turn(limiter(plenty())).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        in_turn(empty_limiter()).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        in_turn(limiter(plenty())).layer(Self::refusing(inner))
    }
}

pub(super) struct KeyedRateLimit;

type KeyOf = fn(&Act) -> u8;

fn one_key(_: &Act) -> u8 {
    7
}

fn keyed(burst: NonZeroU32) -> KeyedRateLimiter<u8> {
    let quota = Quota::one_every(LONG).unwrap().with_burst(burst).unwrap();
    let builder = KeyedRateLimiter::<u8>::builder("contract", quota).clock(Clock::manual().0);
    builder.capacity(NonZeroUsize::MIN).build().unwrap()
}

fn keyed_layer(limiter: KeyedRateLimiter<u8>) -> RateLimitLayer<Keyed<u8, KeyOf>, ByResult> {
    RateLimitLayer::keyed(limiter, one_key as KeyOf).classify(ByResult::new())
}

impl Subject for KeyedRateLimit {
    type Service = RateLimitService<Strict, Keyed<u8, KeyOf>, ByResult, AsError>;
    type Twice = RateLimitService<Self::Service, Keyed<u8, KeyOf>, ByResult, AsError>;

    fn admitting(inner: Strict) -> Self::Service {
        keyed_layer(keyed(plenty())).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        let empty = keyed(NonZeroU32::MIN);
        empty.check(&7).unwrap();
        keyed_layer(empty).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        keyed_layer(keyed(plenty())).layer(Self::refusing(inner))
    }
}

pub(super) struct Concurrency;

fn slots(limit: NonZeroU32) -> ConcurrencyLimiter {
    ConcurrencyLimiter::builder("contract", limit)
        .queue(Queue::fifo(CAPACITY))
        .build()
        .unwrap()
}

fn adaptive(limit: u32) -> ConcurrencyLimiter {
    ConcurrencyLimiter::adaptive("contract", Gradient2::new())
        .bounds(limit..=limit)
        .initial(limit)
        .build()
        .unwrap()
}

fn full(limiter: ConcurrencyLimiter) -> ConcurrencyLimiter {
    // The slot is never given back.
    Box::leak(Box::new(limiter.try_acquire().unwrap()));
    limiter
}

fn concurrency_layer(limiter: ConcurrencyLimiter) -> ConcurrencyLimitLayer<ByResult> {
    ConcurrencyLimitLayer::new(limiter).classify(ByResult::new())
}

type ConcurrencyService<S> = ConcurrencyLimitService<S, ByResult, AsError, AtHead>;

impl Subject for Concurrency {
    type Service = ConcurrencyService<Strict>;
    type Twice = ConcurrencyService<Self::Service>;
    const HOLDS: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        concurrency_layer(slots(four())).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        concurrency_layer(full(slots(NonZeroU32::MIN))).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        concurrency_layer(slots(four())).layer(Self::refusing(inner))
    }
}

pub(super) struct AdaptiveConcurrency;

impl Subject for AdaptiveConcurrency {
    type Service = ConcurrencyService<Strict>;
    type Twice = ConcurrencyService<Self::Service>;
    const HOLDS: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        concurrency_layer(adaptive(CAPACITY)).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        concurrency_layer(full(adaptive(1))).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        concurrency_layer(adaptive(CAPACITY)).layer(Self::refusing(inner))
    }
}

pub(super) struct QueuedConcurrency;

impl Subject for QueuedConcurrency {
    type Service = ConcurrencyQueueService<Strict, ByResult>;
    type Twice = ConcurrencyQueueService<Self::Service, ByResult>;
    const HOLDS: bool = true;
    const READY_BY_ITSELF: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        concurrency_layer(slots(four())).queued().layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        let full = full(slots(NonZeroU32::MIN));
        concurrency_layer(full).queued().layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        concurrency_layer(slots(four()))
            .queued()
            .layer(Self::refusing(inner))
    }
}

pub(super) struct Deadline;

/// The limit of a call is what its layer says, so that one type both admits and refuses.
type LimitOfAct = fn(&Act) -> Option<Duration>;

fn deadline_layer(
    name: &'static str,
    limit: Duration,
) -> DeadlineLayer<ByResult, AsError, AtHead, LimitOfAct> {
    let none: LimitOfAct = |_| Some(Duration::ZERO);
    let deadline = deadline::Deadline::per_attempt(name, LONG).build().unwrap();
    let layer = deadline.layer().classify(ByResult::new());
    layer.limit_by(if limit.is_zero() { none } else { |_| None })
}

type LimitedByAct<S> = DeadlineService<S, ByResult, AsError, AtHead, LimitOfAct>;

impl Subject for Deadline {
    type Service = LimitedByAct<Strict>;
    type Twice = LimitedByAct<Self::Service>;

    fn admitting(inner: Strict) -> Self::Service {
        deadline_layer("contract", LONG).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        deadline_layer("contract", Duration::ZERO).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        deadline_layer("outer", LONG).layer(Self::refusing(inner))
    }
}

/// The same with the wait for readiness in the call.
pub(super) struct DeadlineOverReadiness;

impl Subject for DeadlineOverReadiness {
    type Service = LimitedByAct<ReadyInCall<Strict>>;
    type Twice = LimitedByAct<ReadyInCall<Self::Service>>;
    const READY_BY_ITSELF: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        deadline_layer("contract", LONG)
            .cover_readiness()
            .layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        deadline_layer("contract", Duration::ZERO)
            .cover_readiness()
            .layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        deadline_layer("outer", LONG)
            .cover_readiness()
            .layer(Self::refusing(inner))
    }
}

pub(super) struct Retry;

/// Reads every request as one that may be sent twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idempotent;

impl<Req> ReadRequest<Req> for Idempotent {
    fn facts(&self, _request: &Req) -> Facts {
        Facts::new().with_idempotent(true)
    }
}

impl<Res, Err: 'static> ovasabi_core::classify::Classify<Res, Err> for Idempotent {
    type End = ovasabi_core::classify::Class;

    fn seen(
        &self,
        facts: &Facts,
        result: Result<&Res, &Err>,
    ) -> ovasabi_core::classify::Seen<Self::End> {
        ByResult::new().seen(facts, result)
    }
}

fn retry_policy() -> RetryPolicyBuilder {
    RetryPolicy::builder("contract")
}

fn retry_layer(policy: RetryPolicyBuilder) -> RetryLayer<Idempotent> {
    policy.build().unwrap().layer().classify(Idempotent)
}

impl Subject for Retry {
    type Service = RetryService<Strict, Idempotent>;
    type Twice = RetryService<CircuitBreakerService<Strict, ByResult>, Idempotent>;
    const REFUSES: bool = false;
    const READY_BY_ITSELF: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        retry_layer(retry_policy()).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        Self::admitting(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        retry_layer(retry_policy()).layer(Breaker::refusing(inner))
    }
}

/// The same with its other modes on: each attempt limited, a full service not waited for.
pub(super) struct LimitedRetry;

fn limited() -> RetryPolicyBuilder {
    let policy = retry_policy().overflow(Overflow::Return);
    policy.per_try_timeout(LONG)
}

impl Subject for LimitedRetry {
    type Service = <Retry as Subject>::Service;
    type Twice = <Retry as Subject>::Twice;
    const REFUSES: bool = false;
    const READY_BY_ITSELF: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        retry_layer(limited()).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        Self::admitting(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        retry_layer(limited()).layer(Breaker::refusing(inner))
    }
}

/// A whole client, whose slots are what it admits.
pub(super) struct Client;

fn client(layer: &'static str) -> ClientLayer<ByResult> {
    let mut patient = BreakerConfig::default();
    patient.consecutive_failures = Some(1_000);
    let stack = Stack::http_client(layer)
        .breaker(patient)
        .concurrency(ConcurrencyConfig::fixed(four()))
        .build()
        .unwrap();
    stack.layer().classify(ByResult::new())
}

impl Subject for Client {
    type Service = ClientService<Strict, ByResult>;
    type Twice = ClientService<Self::Service, ByResult>;
    const HOLDS: bool = true;
    const READY_BY_ITSELF: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        client("contract").layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        let stack = Stack::http_client("contract").with_breaker(open_breaker());
        let layer = stack.build().unwrap().layer().classify(ByResult::new());
        layer.layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        let outer = CircuitBreaker::builder("outer")
            .consecutive_failures(1)
            .build()
            .unwrap();
        let stack = Stack::http_client("outer").with_breaker(outer);
        let layer = stack.build().unwrap().layer().classify(ByResult::new());
        layer.layer(Self::refusing(inner))
    }
}

/// A whole server, whose slots are what it admits.
pub(super) struct Server;

type Run<S, G> = RunService<S, ByResult, AsError, AtHead, G>;
type Served<S> = Run<Run<S, RateLimiter>, LoadShed>;

fn server<S>(slots: NonZeroU32, inner: S) -> Served<S> {
    let stack = Stack::http_server("contract")
        .concurrency(ConcurrencyConfig::fixed(slots))
        .build()
        .unwrap();
    let layer = stack.layer().classify(ByResult::new()).until_head();
    layer.as_error().layer(inner)
}

impl Subject for Server {
    type Service = Served<Strict>;
    type Twice = Served<Self::Service>;
    const HOLDS: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        server(four(), inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        let limiter = full(slots(NonZeroU32::MIN));
        let stack = Stack::http_server("contract").with_concurrency(limiter);
        let layer = stack.build().unwrap().layer();
        let layer = layer.classify(ByResult::new()).until_head();
        layer.as_error().layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        server(four(), Self::refusing(inner))
    }
}

/// Fallbacks that have nothing to answer with: what the service says comes back, whatever it is.
fn fallback() -> Fallback {
    Fallback::builder("fallback").build().unwrap()
}

type Answered = Result<&'static str, BoxError>;
type WithFallback<S, A, K = KeepNothing> = FallbackService<S, A, K, ByResult, Unmarked, KeepFirst>;

/// A subject over a fallback whose layer is made by `$make`.
macro_rules! fallback_subject {
    ($name:ident, $answer:ty, $keep:ty, $make:expr) => {
        pub(super) struct $name;

        impl Subject for $name {
            type Service = WithFallback<Strict, $answer, $keep>;
            type Twice = WithFallback<CircuitBreakerService<Strict, ByResult>, $answer, $keep>;
            const REFUSES: bool = false;

            fn admitting(inner: Strict) -> Self::Service {
                $make.classify(ByResult::new()).layer(inner)
            }
            fn refusing(inner: Strict) -> Self::Service {
                Self::admitting(inner)
            }
            fn over_refusing(inner: Strict) -> Self::Twice {
                $make
                    .classify(ByResult::new())
                    .layer(Breaker::refusing(inner))
            }
        }
    };
}

fn nothing((): (), _cause: Cause) -> Answered {
    Err("nothing to answer with".into())
}

fn nothing_later((): (), cause: Cause) -> std::future::Ready<Answered> {
    std::future::ready(nothing((), cause))
}

fn no_key(_: &Act) -> Option<u8> {
    None
}

type Nothing = fn((), Cause) -> Answered;
type NothingLater = fn((), Cause) -> std::future::Ready<Answered>;
type NoKey = fn(&Act) -> Option<u8>;

fallback_subject!(
    FallbackFunction,
    Function<Nothing>,
    KeepNothing,
    fallback().function(nothing as Nothing)
);
fallback_subject!(
    FallbackThatWaits,
    AsyncFunction<NothingLater>,
    KeepNothing,
    fallback().async_function(nothing_later as NothingLater)
);
fallback_subject!(
    FallbackToService,
    OtherService<CircuitBreakerService<Strict, ByResult>>,
    KeepClone,
    fallback().service(Breaker::refusing(Strict::new()))
);
fallback_subject!(
    FallbackStale,
    StaleCopy<StaleCache<u8, &'static str>>,
    KeepWith<NoKey>,
    fallback().stale(
        StaleCache::builder("contract").build().unwrap(),
        no_key as NoKey
    )
);

fn shed_layer<P: Policy>(policy: P) -> ShedLayer<P, ByResult> {
    ShedLayer::new(policy).classify(ByResult::new())
}

pub(super) struct Shedding;

fn room_for(calls: u32) -> LoadShed {
    let builder = LoadShed::builder("contract").in_flight_limit(calls);
    builder.shed_from(1.0).build().unwrap()
}

impl Subject for Shedding {
    type Service = ShedService<Strict, LoadShed, ByResult>;
    type Twice = ShedService<Self::Service, LoadShed, ByResult>;
    const HOLDS: bool = true;

    fn admitting(inner: Strict) -> Self::Service {
        shed_layer(room_for(CAPACITY)).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        let full = room_for(1);
        // Its place is never given back.
        Box::leak(Box::new(full.try_acquire(Default::default()).unwrap()));
        shed_layer(full).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        shed_layer(room_for(CAPACITY)).layer(Self::refusing(inner))
    }
}

pub(super) struct Throttling;

/// One that has seen so many requests, none of which was accepted.
fn throttle(failed: u32) -> Throttle {
    use ovasabi_core::admit::Settle;
    let builder = Throttle::builder("contract").clock(Clock::manual().0);
    let throttle = builder.minimum_requests(10).build().unwrap();
    for _ in 0..failed {
        if let Ok(permit) = throttle.try_acquire() {
            permit.settle(ovasabi_core::classify::Class::Throttled);
        }
    }
    throttle
}

impl Subject for Throttling {
    type Service = ShedService<Strict, Throttle, ByResult>;
    type Twice = ShedService<Self::Service, Throttle, ByResult>;

    fn admitting(inner: Strict) -> Self::Service {
        let builder = Throttle::builder("contract").minimum_requests(1_000);
        shed_layer(builder.build().unwrap()).layer(inner)
    }
    fn refusing(inner: Strict) -> Self::Service {
        // One in two millions is let through.
        shed_layer(throttle(2_000_000)).layer(inner)
    }
    fn over_refusing(inner: Strict) -> Self::Twice {
        let outer = Throttle::builder("outer").minimum_requests(1).build();
        shed_layer(outer.unwrap()).layer(Self::refusing(inner))
    }
}
