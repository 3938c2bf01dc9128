//! A random stack over the service, and the handles of all that it keeps.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::breaker::{CircuitBreaker, ReadyMode};
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter, Queue};
use ovasabi_resilience::deadline::Deadline;
use ovasabi_resilience::rate_limit::{Quota, RateLimitLayer, RateLimiter};
use ovasabi_resilience::retry::{RetryBudget, RetryPolicy};
use ovasabi_resilience::stack::{
    BreakerConfig, ClientLayer, ConcurrencyConfig, RateLimitConfig, RetryConfig, Stack,
};
use ovasabi_resilience::testkit::Balance;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, Service, ServiceExt};

use crate::dice::Dice;
use crate::upstream::{Body, Mood, Upstream};

pub(crate) type Calls = BoxCloneSyncService<Request<()>, Response<Body>, BoxError>;

/// A lease that no jump of the clock outlasts: what a probe loses stays lost.
const LEASE: Duration = Duration::from_secs(3_600);

/// What a round calls, and what must be home when it ends.
#[derive(Debug)]
pub(crate) struct Stand {
    pub(crate) service: Calls,
    pub(crate) mood: Mood,
    pub(crate) clock: Clock,
    pub(crate) hand: ClockHand,
    pub(crate) rates: Vec<RateLimiter>,
    pub(crate) limiters: Vec<ConcurrencyLimiter>,
    /// With the number of their probes.
    pub(crate) breakers: Vec<(CircuitBreaker, u32)>,
    /// Counts the calls that the service has begun and not ended.
    pub(crate) alive: Arc<()>,
}

impl Stand {
    pub(crate) fn random(dice: &Dice) -> Result<Self, BoxError> {
        let (clock, hand) = Clock::manual();
        hand.advance(LEASE);
        let mood = if dice.one_in(4) {
            Mood::Silent
        } else {
            Mood::Any
        };
        let alive = Arc::new(());
        let upstream = Upstream::new(dice.clone(), mood, Arc::clone(&alive));
        let mut stand = Self {
            service: BoxCloneSyncService::new(upstream),
            mood,
            clock: clock.clone(),
            hand,
            rates: Vec::new(),
            limiters: Vec::new(),
            breakers: Vec::new(),
            alive,
        };
        match dice.roll(3) {
            0 => stand.client(dice, &clock)?,
            1 => stand.server(dice, &clock)?,
            _ => stand.by_hand(dice, &clock)?,
        }
        Ok(stand)
    }

    /// All that calls take from.
    pub(crate) fn handles(&self) -> impl Iterator<Item = &dyn Balance> {
        let rates = self.rates.iter().map(|it| it as &dyn Balance);
        let limiters = self.limiters.iter().map(|it| it as &dyn Balance);
        let breakers = self.breakers.iter().map(|(it, _)| it as &dyn Balance);
        rates.chain(limiters).chain(breakers)
    }

    fn client(&mut self, dice: &Dice, clock: &Clock) -> Result<(), BoxError> {
        let probes = dice.between(1, 5);
        let mut breaker = BreakerConfig::default();
        breaker.consecutive_failures = Some(dice.between(3, 20));
        breaker.permitted_calls_in_half_open = probes;
        breaker.wait_duration_in_open = dice.millis(1, 50);
        breaker.probe_lease = LEASE;
        let mut retry = RetryConfig::default();
        retry.max_attempts = dice.between(1, 4);
        retry.base = dice.millis(1, 3);
        retry.throttled_base = dice.millis(1, 3);
        let timeout = self.limit(dice, 50);
        let stack = Stack::http_client("soak")
            .clock(clock.clone())
            .deadline(timeout + dice.millis(0, 50))
            .timeout(timeout)
            .rate_limit(quota(dice))
            .breaker(breaker)
            .retry(retry)
            .concurrency(slots(dice))
            .build()?;
        self.rates.extend(stack.rate_limiter().cloned());
        self.limiters.extend(stack.concurrency().cloned());
        let breaker = stack.breaker().cloned();
        self.breakers.extend(breaker.map(|it| (it, probes)));
        if dice.one_in(2) {
            self.wrap(&ClientLayer::new(stack).until_body_end());
        } else {
            self.wrap(&ClientLayer::new(stack));
        }
        Ok(())
    }

    fn server(&mut self, dice: &Dice, clock: &Clock) -> Result<(), BoxError> {
        let stack = Stack::http_server("soak")
            .clock(clock.clone())
            .deadline(self.limit(dice, 100))
            .concurrency(slots(dice))
            .rate_limit(quota(dice))
            .build()?;
        self.rates.extend(stack.rate_limit().cloned());
        self.limiters.extend(stack.concurrency().cloned());
        if dice.one_in(2) {
            self.wrap(&stack.layer().as_error());
        } else {
            self.wrap(&stack.layer().as_error().until_head());
        }
        Ok(())
    }

    /// Innermost first. Retries stand outside of the breaker, all else where chance puts it.
    fn by_hand(&mut self, dice: &Dice, clock: &Clock) -> Result<(), BoxError> {
        let retries_after = dice.roll(4);
        let mut has_breaker = false;
        for place in 0..5 {
            match dice.roll(5) {
                0 if !has_breaker => {
                    has_breaker = true;
                    self.breaker(dice, clock)?;
                }
                1 => self.concurrency(dice, clock)?,
                2 => self.rate(dice, clock)?,
                3 => self.time(dice)?,
                _ => {}
            }
            if place == 3 && retries_after > 0 {
                self.retry(dice, clock)?;
                break;
            }
        }
        Ok(())
    }

    fn time(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let limit = self.limit(dice, 50);
        let deadline = if dice.one_in(2) {
            Deadline::total("soak", limit).build()?
        } else {
            Deadline::per_attempt("soak", limit).build()?
        };
        self.wrap(&deadline.layer().until_body_end());
        Ok(())
    }

    fn breaker(&mut self, dice: &Dice, clock: &Clock) -> Result<(), BoxError> {
        let probes = dice.between(1, 5);
        let breaker = CircuitBreaker::builder("soak")
            .clock(clock.clone())
            .consecutive_failures(dice.between(3, 20))
            .permitted_calls_in_half_open(probes)
            .wait_duration_in_open(dice.millis(1, 50))
            .probe_lease(LEASE)
            .honour_retry_after(dice.millis(1, 50))
            .build()?;
        let ready = if dice.one_in(2) {
            ReadyMode::Wait
        } else {
            ReadyMode::Reject
        };
        let layer = breaker.layer().ready(ready);
        self.breakers.push((breaker, probes));
        if dice.one_in(2) {
            self.wrap(&layer.until_body_end());
        } else {
            self.wrap(&layer);
        }
        Ok(())
    }

    fn concurrency(&mut self, dice: &Dice, clock: &Clock) -> Result<(), BoxError> {
        let places = dice.between(1, 20);
        let queue = match dice.roll(4) {
            0 => Queue::none(),
            1 => Queue::fifo(places),
            2 => Queue::adaptive_lifo(places),
            _ => Queue::codel(places),
        };
        let limiter = ConcurrencyLimiter::builder("soak", number(dice, 20))
            .clock(clock.clone())
            .queue(queue.max_wait(dice.millis(5, 50)))
            .build()?;
        let layer = ConcurrencyLimitLayer::new(limiter.clone());
        self.limiters.push(limiter);
        match dice.roll(3) {
            0 => self.wrap(&layer),
            1 => self.wrap(&layer.until_body_end()),
            _ => self.wrap(&layer.until_body_end().queued()),
        }
        Ok(())
    }

    fn rate(&mut self, dice: &Dice, clock: &Clock) -> Result<(), BoxError> {
        let quota = Quota::per(Duration::from_secs(1), number(dice, 5_000))?;
        let limiter = RateLimiter::builder("soak", quota)
            .clock(clock.clone())
            .max_waiting(dice.between(1, 50))
            .build()?;
        let layer = RateLimitLayer::new(limiter.clone());
        self.rates.push(limiter);
        if dice.one_in(2) {
            self.wrap(&layer.waiting(dice.millis(1, 50)));
        } else {
            self.wrap(&layer);
        }
        Ok(())
    }

    fn retry(&mut self, dice: &Dice, clock: &Clock) -> Result<(), BoxError> {
        let budget = RetryBudget::builder("soak").clock(clock.clone()).build()?;
        let policy = RetryPolicy::builder("soak")
            .budget(budget)
            .max_attempts(dice.between(1, 4))
            .base(dice.millis(1, 3))
            .throttled_base(dice.millis(1, 3))
            .per_try_timeout(dice.millis(1, 20))
            .build()?;
        self.wrap(&policy.layer());
        Ok(())
    }

    /// A limit of time. A service that is too slow is a failure: where nothing is to be said, nothing may time out.
    fn limit(&self, dice: &Dice, most: u32) -> Duration {
        match self.mood {
            Mood::Any => dice.millis(1, most),
            Mood::Silent => LEASE / 2,
        }
    }

    /// Puts a layer around all there is. Types are erased here: the next layer is a matter of chance.
    fn wrap<L, B>(&mut self, layer: &L)
    where
        L: Layer<Calls>,
        L::Service: Service<Request<()>, Response = Response<B>, Error = BoxError>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<Request<()>>>::Future: Send + 'static,
        B: http_body::Body<Data = bytes::Bytes, Error = BoxError> + Send + 'static,
    {
        let service = layer.layer(self.service.clone());
        let service = service.map_response(|answer| answer.map(BodyExt::boxed_unsync));
        self.service = BoxCloneSyncService::new(service);
    }
}

fn number(dice: &Dice, most: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(dice.between(0, most - 1))
}

fn quota(dice: &Dice) -> RateLimitConfig {
    RateLimitConfig::per_second(number(dice, 5_000))
}

fn slots(dice: &Dice) -> ConcurrencyConfig {
    if dice.one_in(2) {
        ConcurrencyConfig::adaptive(1..=dice.between(2, 40))
    } else {
        ConcurrencyConfig::fixed(number(dice, 40))
    }
}
