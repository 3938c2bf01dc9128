//! The engine: counts and time in, decisions out. No futures, no clock, no tokio.

use ovasabi_core::classify::Class;
use ovasabi_core::time::Tick;

use super::super::chance::{happens, lossy};
use super::super::sync::{AtomicU64, Counter, Ordering, Share};
use super::config::Config;
use super::window::{Counts, Window};

/// A request is counted when it ends, by its class; one that is refused is counted at once.
#[derive(Debug)]
pub(super) struct Engine {
    multiplier: Share,
    max_rejection_rate: Share,
    /// `minimum_requests << 2 | accept_throttled << 1 | accept_failures`: what a call reads in one go.
    plain: AtomicU64,
    window: Window,
    tally: Tally,
    /// Admissions without their `leave`. A test may ask; nobody else pays for it.
    #[cfg(feature = "testkit")]
    under_way: AtomicU64,
}

/// Requests that are not in the number of successes.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) failures: Counter,
    pub(super) throttled: Counter,
    pub(super) ignored: Counter,
    pub(super) shed: Counter,
}

/// An admission. It owes the engine one `leave`.
#[derive(Clone, Copy, Debug)]
#[expect(unnameable_types, reason = "part of a sealed trait")]
pub struct Ticket(());

const ACCEPT_FAILURES: u64 = 1;
const ACCEPT_THROTTLED: u64 = 2;
const MINIMUM: u32 = 2;

impl Engine {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            multiplier: Share::new(config.multiplier),
            max_rejection_rate: Share::new(config.max_rejection_rate),
            plain: AtomicU64::new(plain(config)),
            window: Window::new(config.window),
            tally: Tally {
                failures: Counter::new(),
                throttled: Counter::new(),
                ignored: Counter::new(),
                shed: Counter::new(),
            },
            #[cfg(feature = "testkit")]
            under_way: AtomicU64::new(0),
        }
    }

    /// Takes over all numbers, and keeps what it has counted.
    pub(super) fn reconfigure(&self, config: &Config, now: Tick) {
        self.multiplier.set(config.multiplier);
        self.max_rejection_rate.set(config.max_rejection_rate);
        // Relaxed: the word stands alone.
        self.plain.store(plain(config), Ordering::Relaxed);
        self.window.set_length(config.window, now);
    }

    /// Whether it would refuse a request now. Counts nothing. `random` is asked only when there is something to
    /// refuse.
    #[inline(always)]
    pub(super) fn wants_to_shed(&self, now: Tick, random: impl FnOnce() -> u64) -> bool {
        self.window.turn(now);
        let rate = self.rate_of(self.window.counts());
        rate > 0.0 && happens(rate, random())
    }

    /// Admits a request that was decided about.
    #[inline]
    pub(super) fn admit(&self) -> Ticket {
        #[cfg(feature = "testkit")]
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Ticket(())
    }

    /// Counts the refusal of one that was decided about.
    #[cold]
    pub(super) fn shed(&self) {
        self.tally.shed.count();
        self.window.add(false);
    }

    /// Ends an admission. What says nothing about the service is not counted as a request either.
    #[inline(always)]
    pub(super) fn leave(&self, _ticket: Ticket, class: Class) {
        #[cfg(feature = "testkit")]
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        match class {
            Class::Success => self.window.add(true),
            Class::Failure => {
                self.tally.failures.count();
                self.window.add(self.accepts(ACCEPT_FAILURES));
            }
            Class::Throttled => {
                self.tally.throttled.count();
                self.window.add(self.accepts(ACCEPT_THROTTLED));
            }
            Class::Ignored => self.tally.ignored.count(),
        }
    }

    /// Whether nothing would be refused as of the last request: asked without a clock.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        self.rate_of(self.window.counts()) <= 0.0
    }

    /// The probability of a refusal at `now`.
    pub(super) fn rejection_rate(&self, now: Tick) -> f64 {
        self.rate_of(self.counts(now))
    }

    pub(super) fn counts(&self, now: Tick) -> Counts {
        self.window.counts_at(now)
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many requests were successes.
    pub(super) fn successes(&self) -> u64 {
        // All others are counted here before they are in the window: for a moment it may be one too few.
        let tally = &self.tally;
        let others = tally.failures.value() + tally.throttled.value() + tally.shed.value();
        self.window.lifetime().saturating_sub(others)
    }

    #[cfg(feature = "testkit")]
    pub(super) fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn rate_of(&self, counts: Counts) -> f64 {
        // The comparison of most calls: the rest is for those that may be refused.
        let excess = lossy(counts.requests) - self.multiplier.get() * lossy(counts.accepts);
        if excess <= 0.0 || counts.requests < self.plain.load(Ordering::Relaxed) >> MINIMUM {
            return 0.0;
        }
        (excess / (lossy(counts.requests) + 1.0)).min(self.max_rejection_rate.get())
    }

    fn accepts(&self, flag: u64) -> bool {
        self.plain.load(Ordering::Relaxed) & flag != 0
    }
}

fn plain(config: &Config) -> u64 {
    let flag = |on, flag| if on { flag } else { 0 };
    u64::from(config.minimum_requests) << MINIMUM
        | flag(config.accept_failures, ACCEPT_FAILURES)
        | flag(config.accept_throttled, ACCEPT_THROTTLED)
}
