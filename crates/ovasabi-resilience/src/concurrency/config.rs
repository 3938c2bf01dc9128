//! The knobs, and what they may be set to.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::algorithm::Template;
use super::level::{LEVELS, Level, Reserve};
use super::{Queue, WindowStats};
use crate::config::Check;

/// What a limiter is built from.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) limit: Limit,
    pub(super) queue: Queue,
    /// By level, the lowest first.
    pub(super) reserve: [f64; LEVELS],
}

#[derive(Clone, Debug)]
pub(super) enum Limit {
    Fixed(NonZeroU32),
    Adaptive(Tuning),
}

/// The numbers of an adaptive limit.
#[derive(Clone, Debug)]
pub(super) struct Tuning {
    pub(super) algorithm: Arc<dyn Template>,
    pub(super) initial: u32,
    pub(super) bounds: (u32, u32),
    pub(super) window: Duration,
    pub(super) min_samples: u32,
}

impl Tuning {
    pub(super) fn new(algorithm: Arc<dyn Template>) -> Self {
        Self {
            algorithm,
            initial: 20,
            bounds: (1, 200),
            window: Duration::from_millis(500),
            min_samples: 10,
        }
    }

    /// What an algorithm may do: move within the bounds; not up while the callers are the limit, and not at
    /// all while there are hardly any.
    ///
    /// That growth ends at twice what is used, and that less than a quarter counts as hardly any, leaves room
    /// between: a limit that has grown as far as it may can still shrink when latency rises.
    pub(super) fn bound(&self, stats: &WindowStats<'_>, wanted: u32) -> u32 {
        let (min, max) = self.bounds;
        let wanted = if stats.is_idle() {
            stats.limit()
        } else if stats.is_app_limited() {
            wanted.min(stats.limit())
        } else {
            wanted
        };
        wanted.clamp(min, max)
    }

    fn check(&self, check: &mut Check) {
        let (min, max) = self.bounds;
        if !(1..=max).contains(&min) {
            let allowed = format!("from at least 1 to no less, up to {}", u32::MAX);
            check.problem("bounds", format!("{min}..={max}"), allowed);
        } else {
            check.range("initial", self.initial, min..=max);
        }
        check.duration("window", self.window, SHORTEST_WINDOW..=LONGEST_WINDOW);
        check.range("min_samples", self.min_samples, 1..=1_000_000);
        check.add(self.algorithm.make().problems());
    }
}

const SHORTEST_WINDOW: Duration = Duration::from_millis(10);
const LONGEST_WINDOW: Duration = Duration::from_secs(60);

impl Config {
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            limit,
            queue: Queue::none(),
            reserve: [0.0; LEVELS],
        }
    }

    /// Looks at every knob; what is wrong goes to `check`.
    pub(super) fn check(&self, check: &mut Check) {
        if let Limit::Adaptive(tuning) = &self.limit {
            tuning.check(check);
        }
        self.queue.check(check);
        for share in self.reserve.iter().filter(|share| **share != 0.0) {
            check.share("reserve", *share);
        }
        if self.reserve.first().is_some_and(|share| *share != 0.0) {
            let allowed = "a priority above Background: all are";
            check.problem("reserve", "for Background and above", allowed);
        }
        let all: f64 = self.reserve.iter().sum();
        if all >= 1.0 {
            check.problem("reserve", format!("{all} of the limit"), "below 1.0 in all");
        }
    }

    pub(super) fn reserve(&self) -> Reserve {
        Reserve::new(self.reserve)
    }

    pub(super) fn set_reserve(&mut self, level: Level, share: f64) {
        if let Some(kept) = self.reserve.get_mut(level.index()) {
            *kept = share;
        }
    }

    pub(super) fn tuning(&mut self) -> Option<&mut Tuning> {
        match &mut self.limit {
            Limit::Adaptive(tuning) => Some(tuning),
            Limit::Fixed(_) => None,
        }
    }
}

impl Limit {
    /// The limit to begin with.
    pub(super) fn initial(&self) -> u32 {
        match self {
            Self::Fixed(limit) => limit.get(),
            Self::Adaptive(tuning) => tuning.initial,
        }
    }
}

pub(super) fn ends(bounds: &RangeInclusive<u32>) -> (u32, u32) {
    (*bounds.start(), *bounds.end())
}
