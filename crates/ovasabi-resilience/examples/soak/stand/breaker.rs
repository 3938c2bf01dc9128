//! A breaker, and how it is made to look at its probes.

use ovasabi_core::time::Clock;
use ovasabi_resilience::breaker::{CircuitBreaker, CircuitBreakerBuilder, Mode, ReadyMode, Window};
use tower::BoxError;

use super::{LEASE, Stand};
use crate::dice::Dice;
use crate::upstream::Mood;

/// How many probes it has when nothing changes any more.
const PROBES: u32 = 3;

/// The kind of a window, which cannot change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Row {
    Time,
    FewCalls,
    ManyCalls,
}

impl Row {
    pub(super) fn random(dice: &Dice) -> Self {
        match dice.roll(3) {
            0 => Self::Time,
            1 => Self::FewCalls,
            _ => Self::ManyCalls,
        }
    }

    fn window(self, dice: &Dice) -> Window {
        match self {
            Self::Time => Window::time(dice.millis(10, 2_000)),
            Self::FewCalls => Window::calls(dice.between(10, 64)),
            Self::ManyCalls => Window::calls(dice.between(65, 200)),
        }
    }
}

/// A breaker whose numbers change.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    pub(crate) breaker: CircuitBreaker,
    row: Row,
}

impl Guarded {
    pub(crate) fn new(breaker: CircuitBreaker, row: Row) -> Self {
        Self { breaker, row }
    }

    /// Lets it decide for itself, and gives it a known number of probes, which is returned.
    pub(crate) fn settle_down(&self, dice: &Dice) -> Result<u32, BoxError> {
        self.breaker.force(Mode::Auto);
        let numbers = CircuitBreaker::builder("soak")
            .sliding_window(self.row.window(dice))
            .minimum_calls(1)
            .permitted_calls_in_half_open(PROBES)
            .probe_lease(LEASE);
        self.breaker.reconfigure(numbers)?;
        Ok(PROBES)
    }
}

/// Random numbers for a breaker with such a window.
pub(super) fn numbers(row: Row, clock: &Clock, dice: &Dice) -> CircuitBreakerBuilder {
    let builder = CircuitBreaker::builder("soak")
        .clock(clock.clone())
        .sliding_window(row.window(dice))
        .minimum_calls(dice.between(1, 10))
        .consecutive_failures(dice.between(3, 20))
        .permitted_calls_in_half_open(dice.between(1, 5))
        .wait_duration_in_open(dice.millis(1, 50))
        .probe_lease(LEASE)
        .honour_retry_after(dice.millis(1, 50));
    if dice.one_in(2) {
        return builder;
    }
    builder
        .slow_call_duration(dice.millis(1, 30))
        .slow_call_rate_threshold(1.0)
        .count_slow_in_flight(dice.one_in(2))
}

/// Lets somebody else decide, or gives a sign: a probe that is under way is void then.
pub(super) fn upset(breaker: &CircuitBreaker, dice: &Dice) {
    match dice.roll(8) {
        0 => breaker.force(Mode::ForcedOpen),
        1 => breaker.force(Mode::Disabled),
        2 => breaker.force(Mode::MetricsOnly),
        3 => breaker.reset(),
        4 => breaker.trip(dice.millis(0, 100)),
        _ => breaker.force(Mode::Auto),
    }
}

impl Stand {
    pub(super) fn breaker(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let row = Row::random(dice);
        let breaker = numbers(row, &self.clock, dice).build()?;
        let ready = if dice.one_in(2) {
            ReadyMode::Wait
        } else {
            ReadyMode::Reject
        };
        let layer = breaker.layer().ready(ready);
        if dice.one_in(2) {
            self.wrap(&layer.until_body_end());
        } else {
            self.wrap(&layer);
        }
        self.guard(breaker, row);
        Ok(())
    }

    /// Looks after a breaker: all its probes must be home, whatever becomes of its numbers.
    pub(super) fn guard(&mut self, breaker: CircuitBreaker, row: Row) {
        self.lender(breaker.clone());
        self.breakers.push(Guarded::new(breaker.clone(), row));
        let (clock, mood) = (self.clock.clone(), self.mood);
        self.knob(move |dice| {
            breaker.reconfigure(numbers(row, &clock, dice))?;
            // In a silent round it stays half open: nobody else may end the probing.
            if mood == Mood::Any {
                upset(&breaker, dice);
            }
            Ok(())
        });
    }
}
