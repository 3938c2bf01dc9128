//! The length of the queue behind the limit, as TCP Vegas reckons it.

use std::any::Any;
use std::time::Duration;

use super::{Fraction, LimitAlgorithm, problem};
use crate::concurrency::WindowStats;
use crate::config::Problem;

/// Reckons how many calls stand in a queue, from how much longer than the shortest time they take.
///
/// * `queue` = limit × (1 − shortest ÷ now), of the medians of windows; `step` = log₁₀ of the limit, at least 1.
/// * Fewer than 3 steps: the limit grows by one. More than 6, or a call that was too much
///   ([`WindowStats::drops`]): it shrinks by one. Between them it stays.
/// * The shortest time is forgotten after [`probe`](Self::probe) × limit windows: last night's is none today.
///   A new one that is too long, from an outage, lasts until the first window that is shorter.
///
/// Gentler than [`Gradient2`](super::Gradient2), which gives way by a share of the limit, and more easily misled
/// by a mix of quick and slow calls.
///
/// Source: Netflix concurrency-limits, `VegasLimit`; L. Brakmo, L. Peterson, *TCP Vegas*, 1995.
#[derive(Clone, Debug)]
#[must_use]
pub struct Vegas {
    probe: u32,
    limit: Fraction,
    shortest: Option<Duration>,
    /// How many windows know of it.
    age: u64,
}

impl Vegas {
    /// With the default below.
    pub const fn new() -> Self {
        Self {
            probe: 30,
            limit: Fraction(0.0),
            shortest: None,
            age: 0,
        }
    }

    /// How many windows the shortest time lasts, for each slot of the limit. 1 to 1 000; default 30, which is
    /// five minutes of load at a limit of 20.
    pub const fn probe(mut self, windows: u32) -> Self {
        self.probe = windows;
        self
    }

    /// The shortest time, with that of this window.
    fn shortest(&mut self, now: Duration, limit: u32) -> Duration {
        let longest_age = u64::from(self.probe) * u64::from(limit);
        match self.shortest {
            Some(shortest) if shortest <= now && self.age < longest_age => {
                self.age += 1;
                shortest
            }
            _ => {
                self.shortest = Some(now);
                self.age = 0;
                now
            }
        }
    }
}

impl Default for Vegas {
    fn default() -> Self {
        Self::new()
    }
}

impl LimitAlgorithm for Vegas {
    fn name(&self) -> &'static str {
        "vegas"
    }

    fn update(&mut self, window: &WindowStats<'_>) -> u32 {
        let limit = self.limit.in_force(window.limit());
        let step = limit.log10().max(1.0);
        let queue = window.percentile(0.5).map_or(0.0, |now| {
            let shortest = self.shortest(now, window.limit());
            limit * (1.0 - shortest.as_secs_f64() / now.as_secs_f64())
        });
        self.limit
            .keep(if window.drops() > 0 || queue > 6.0 * step {
                limit - step
            } else if queue < 3.0 * step {
                limit + step
            } else {
                limit
            })
    }

    fn inherit(&mut self, old: &dyn LimitAlgorithm) {
        if let Some(old) = (old as &dyn Any).downcast_ref::<Self>() {
            self.limit = old.limit;
            self.shortest = old.shortest;
            self.age = old.age;
        }
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let is_fine = (1..=1_000).contains(&self.probe);
        problem(
            &mut problems,
            is_fine,
            "vegas.probe",
            self.probe,
            "1..=1000",
        );
        problems
    }
}
