//! The engine: signals and time in, decisions out. No futures, no clock, no tokio.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::time::Tick;

use super::super::chance::{happens, lossy};
use super::super::sync::{AtomicU64, Counter, Line, Ordering, Share};
use super::config::Config;
use super::delay::QueueDelay;
use super::flight::{Flight, MOST};
use super::pressure::{TIERS, rise, shed_rate, tier};
use super::probe::Probe;

#[derive(Debug)]
pub(super) struct Engine {
    /// At most [`MOST`], which is no limit.
    limit: AtomicU64,
    /// With fewer calls than this under way, they are no reason to refuse.
    calm_below: AtomicU64,
    shed_from: Share,
    /// In seconds, as what they are compared with.
    delay_target: Share,
    delay_limit: Share,
    delay: QueueDelay,
    probe: Option<Probe>,
    shed: [Counter; TIERS],
    flight: Line<Flight>,
}

/// An admission. It owes the engine one `leave`.
#[derive(Clone, Copy, Debug)]
#[expect(unnameable_types, reason = "part of a sealed trait")]
pub struct Ticket(());

/// A refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shed {
    /// What it was, 0 to 1.
    pub(super) pressure: f64,
}

impl Engine {
    pub(super) fn new(config: &Config) -> Self {
        let engine = Self {
            limit: AtomicU64::new(0),
            calm_below: AtomicU64::new(0),
            shed_from: Share::new(0.0),
            delay_target: Share::new(0.0),
            delay_limit: Share::new(0.0),
            delay: QueueDelay::new(config.queue_delay_interval),
            probe: config
                .probe
                .clone()
                .map(|ask| Probe::new(ask, config.probe_interval)),
            shed: std::array::from_fn(|_| Counter::new()),
            flight: Line(Flight::new()),
        };
        engine.reconfigure(config);
        engine
    }

    /// Takes over all numbers; what is under way, and what was seen, stays.
    pub(super) fn reconfigure(&self, config: &Config) {
        self.shed_from.set(config.shed_from);
        self.set_limit(config.in_flight_limit);
        self.delay_target
            .set(config.queue_delay_target.as_secs_f64());
        self.delay_limit.set(config.queue_delay_limit.as_secs_f64());
        self.delay.set_interval(config.queue_delay_interval);
        if let Some(probe) = &self.probe {
            probe.set_interval(config.probe_interval);
        }
    }

    pub(super) fn set_limit(&self, limit: Option<u32>) {
        let most = limit.unwrap_or(MOST);
        // Rounded down: a call too many is asked about, never one too few.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number that fits"
        )]
        let calm = (f64::from(most) * self.shed_from.get()) as u64;
        // Relaxed here and below: numbers that stand alone.
        self.calm_below.store(calm, Ordering::Relaxed);
        self.limit.store(u64::from(most), Ordering::Relaxed);
    }

    /// Admits a call or refuses it. `now` and `random` are asked only where something depends on them.
    #[inline(always)]
    pub(super) fn enter(
        &self,
        priority: Priority,
        now: impl FnOnce() -> Tick,
        random: impl FnOnce() -> u64,
    ) -> Result<Ticket, Shed> {
        let flight = &self.flight.0;
        let limit = self.limit.load(Ordering::Relaxed);
        if self.is_quiet()
            && flight.in_flight() < self.calm_below.load(Ordering::Relaxed)
            && flight.enter_calm(limit)
        {
            return Ok(Ticket(()));
        }
        self.enter_under_pressure(priority, now(), random)
    }

    fn enter_under_pressure(
        &self,
        priority: Priority,
        now: Tick,
        random: impl FnOnce() -> u64,
    ) -> Result<Ticket, Shed> {
        let pressure = self.pressure(now);
        let rate = shed_rate(tier(priority), pressure);
        // Where it is certain, chance is not asked.
        if rate >= 1.0 || rate > 0.0 && happens(rate, random()) {
            return Err(self.shed(priority, pressure));
        }
        self.take_off(priority)
    }

    /// Others may have come since the look at how many are under way: here the limit holds.
    #[inline(always)]
    fn take_off(&self, priority: Priority) -> Result<Ticket, Shed> {
        if self.flight.0.enter(self.limit.load(Ordering::Relaxed)) {
            Ok(Ticket(()))
        } else {
            Err(self.shed(priority, 1.0))
        }
    }

    /// Counts a refusal.
    #[cold]
    pub(super) fn shed(&self, priority: Priority, pressure: f64) -> Shed {
        if let Some(count) = self.shed.get(tier(priority)) {
            count.count();
        }
        Shed { pressure }
    }

    /// Admits whatever the pressure, while there is room at all.
    pub(super) fn enter_unasked(&self, priority: Priority) -> Result<Ticket, Shed> {
        if self.flight.0.enter(u64::from(MOST)) {
            Ok(Ticket(()))
        } else {
            Err(self.shed(priority, 1.0))
        }
    }

    #[inline(always)]
    pub(super) fn leave(&self, _ticket: Ticket) {
        self.flight.0.leave();
    }

    /// Whether every call would be refused now, whatever its priority.
    #[inline]
    pub(super) fn refuses_all(&self, now: impl FnOnce() -> Tick) -> bool {
        self.flight.0.in_flight() >= self.limit.load(Ordering::Relaxed)
            || !self.is_quiet() && self.pressure(now()) >= 1.0
    }

    /// The highest of what the signals say, 0 to 1.
    pub(super) fn pressure(&self, now: Tick) -> f64 {
        let from = self.shed_from.get();
        let used = lossy(self.in_flight()) / lossy(self.limit());
        let waited = self.queue_delay(now).map_or(0.0, |waited| {
            // At the target there is no pressure yet; above it there is, however near the limit is.
            rise(
                waited.as_secs_f64(),
                self.delay_target.get(),
                self.delay_limit.get().max(self.delay_target.get()),
            )
        });
        let probed = self
            .probe
            .as_ref()
            .map_or(0.0, |probe| rise(probe.utilisation(now), from, 1.0));
        rise(used, from, 1.0).max(waited).max(probed)
    }

    /// Notes that something waited for so long until `now`.
    pub(super) fn observe(&self, waited: Duration, now: Tick) {
        self.delay.observe(waited, now);
    }

    pub(super) fn queue_delay(&self, now: Tick) -> Option<Duration> {
        self.delay.standing(now)
    }

    pub(super) fn utilisation(&self) -> Option<f64> {
        self.probe.as_ref().map(Probe::last)
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.flight.0.in_flight()
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(super) fn admitted(&self) -> u64 {
        self.flight.0.admitted()
    }

    /// How many were refused, by tier.
    pub(super) fn refused(&self) -> [u64; TIERS] {
        self.shed.each_ref().map(Counter::value)
    }

    /// Whether only the calls under way can be a reason to refuse: then nobody needs to know the time.
    #[inline]
    fn is_quiet(&self) -> bool {
        self.probe.is_none() && !self.delay.is_used()
    }
}
