//! The gradient of latency: how much longer calls take now than they usually do.

use std::any::Any;
use std::time::Duration;

use super::{Fraction, LimitAlgorithm, problem};
use crate::concurrency::WindowStats;
use crate::config::Problem;

/// Compares the latency of a window with that of many, and gives way as it rises: the default choice.
///
/// * `gradient` = [`tolerance`](Self::tolerance) × long ÷ short, within 0.5 to 1.0. Short is the mean of the
///   window; long the mean of the last [`long_window`](Self::long_window) of them.
/// * A share of calls that were too much ([`WindowStats::drop_share`]) lowers the gradient to what is left.
/// * The limit goes [`smoothing`](Self::smoothing) of the way to limit × gradient + [`queue`](Self::queue).
///
/// What a baseline must not do, it does not: a quiet night's latency ages within a `long_window`. An outage does
/// not become normal: windows with drops are not learnt from, no other counts for more than twice the baseline,
/// and once calls are twice as fast as it, it falls by 5 % a window.
///
/// Source: Netflix concurrency-limits, `Gradient2Limit`. The bound on what one window teaches is ours.
#[derive(Clone, Debug)]
#[must_use]
pub struct Gradient2 {
    smoothing: f64,
    tolerance: f64,
    queue: u32,
    long_window: u32,
    limit: Fraction,
    baseline: Baseline,
}

impl Gradient2 {
    /// With the defaults below.
    pub const fn new() -> Self {
        Self {
            smoothing: 0.2,
            tolerance: 1.5,
            queue: 4,
            long_window: 600,
            limit: Fraction(0.0),
            baseline: Baseline {
                nanos: 0.0,
                windows: 0,
            },
        }
    }

    /// How far the limit moves in one window, as a share of the way. Above 0.0, up to 1.0; default 0.2.
    pub const fn smoothing(mut self, share: f64) -> Self {
        self.smoothing = share;
        self
    }

    /// How many times the usual latency is fine. 1.0 to 10.0; default 1.5.
    pub const fn tolerance(mut self, times: f64) -> Self {
        self.tolerance = times;
        self
    }

    /// How many calls more than are needed may be under way, so that growth shows. 1 to 1 000; default 4.
    pub const fn queue(mut self, calls: u32) -> Self {
        self.queue = calls;
        self
    }

    /// How many windows make up what is usual. 10 to 100 000; default 600: five minutes under load.
    pub const fn long_window(mut self, windows: u32) -> Self {
        self.long_window = windows;
        self
    }
}

impl Default for Gradient2 {
    fn default() -> Self {
        Self::new()
    }
}

impl LimitAlgorithm for Gradient2 {
    fn name(&self) -> &'static str {
        "gradient2"
    }

    fn update(&mut self, window: &WindowStats<'_>) -> u32 {
        let drops = window.drop_share();
        let gradient = match window.mean().map(nanos) {
            Some(short) => {
                if drops == 0.0 {
                    self.baseline.learn(short, self.long_window);
                }
                self.baseline.gradient(short, self.tolerance)
            }
            None => 1.0,
        };
        let gradient = gradient.min(1.0 - drops).max(0.5);
        let limit = self.limit.in_force(window.limit());
        let wanted = limit * gradient + f64::from(self.queue);
        self.limit
            .keep(limit * (1.0 - self.smoothing) + wanted * self.smoothing)
    }

    fn inherit(&mut self, old: &dyn LimitAlgorithm) {
        if let Some(old) = (old as &dyn Any).downcast_ref::<Self>() {
            self.limit = old.limit;
            self.baseline = old.baseline;
        }
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |is_fine, key, value: String, allowed| {
            problem(&mut problems, is_fine, key, value, allowed);
        };
        let is_share = self.smoothing > 0.0 && self.smoothing <= 1.0;
        let smoothing = self.smoothing.to_string();
        check(
            is_share,
            "gradient2.smoothing",
            smoothing,
            "above 0.0, up to 1.0",
        );
        let is_fine = (1.0..=10.0).contains(&self.tolerance);
        let tolerance = self.tolerance.to_string();
        check(is_fine, "gradient2.tolerance", tolerance, "1..=10");
        let is_fine = (1..=1_000).contains(&self.queue);
        check(
            is_fine,
            "gradient2.queue",
            self.queue.to_string(),
            "1..=1000",
        );
        let is_fine = (10..=100_000).contains(&self.long_window);
        let windows = self.long_window.to_string();
        check(is_fine, "gradient2.long_window", windows, "10..=100000");
        problems
    }
}

/// What is usual: a mean of many windows, which forgets.
#[derive(Clone, Copy, Debug)]
struct Baseline {
    nanos: f64,
    /// How many it was made of, up to the length of the memory.
    windows: u32,
}

/// The first windows make a plain mean: a memory of hundreds would keep the very first one for minutes.
const WARM_UP: u32 = 10;
/// The most that a window may count for, in baselines.
const MOST: f64 = 2.0;
/// What is left of a baseline in a window that shows it to be far too long.
const DECAY: f64 = 0.95;

impl Baseline {
    fn learn(&mut self, short: f64, long_window: u32) {
        self.windows = self.windows.saturating_add(1);
        if self.windows <= WARM_UP {
            self.nanos += (short - self.nanos) / f64::from(self.windows);
            return;
        }
        let share = 2.0 / (f64::from(long_window) + 1.0);
        self.nanos += (short.min(self.nanos * MOST) - self.nanos) * share;
        if self.nanos > short * 2.0 {
            self.nanos *= DECAY;
        }
    }

    fn gradient(&self, short: f64, tolerance: f64) -> f64 {
        if self.windows == 0 || short <= 0.0 {
            return 1.0;
        }
        (tolerance * self.nanos / short).clamp(0.5, 1.0)
    }
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}
