//! How a limit follows what the calls say.

mod aimd;
mod gradient2;
mod vegas;

use std::any::Any;
use std::fmt;

pub use aimd::Aimd;
pub use gradient2::Gradient2;
pub use vegas::Vegas;

use super::WindowStats;
use crate::config::Problem;

/// Decides the limit after each window: the part of an adaptive limiter that can be exchanged.
///
/// The limiter collects the samples, closes the windows, keeps the bounds and guards against growth that
/// nobody has used ([`WindowStats::is_app_limited`], [`WindowStats::is_idle`]), so an algorithm is arithmetic only. It is called about
/// once a window, on the task whose call ended it, while a lock is held: it should be quick, must not call the
/// limiter, and must not panic.
///
/// ```
/// use ovasabi_resilience::concurrency::{ConcurrencyLimiter, LimitAlgorithm, WindowStats};
///
/// /// As many as keep the median below a fixed time.
/// #[derive(Clone, Debug)]
/// struct Below(std::time::Duration);
///
/// impl LimitAlgorithm for Below {
///     fn name(&self) -> &'static str {
///         "below"
///     }
///
///     fn update(&mut self, window: &WindowStats<'_>) -> u32 {
///         match window.percentile(0.5) {
///             Some(median) if median < self.0 => window.limit() + 1,
///             _ => window.limit() - window.limit() / 10,
///         }
///     }
/// }
///
/// let below = Below(std::time::Duration::from_millis(50));
/// let limiter = ConcurrencyLimiter::adaptive("search", below).build()?;
/// assert_eq!(limiter.limit(), 20);
/// # Ok::<(), ovasabi_resilience::config::ConfigError>(())
/// ```
pub trait LimitAlgorithm: Any + fmt::Debug + Send {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// The new limit. The caller keeps it within its bounds.
    ///
    /// One that keeps fractions of a slot should start again from [`WindowStats::limit`] where its own differs
    /// by one or more: the limit may have been changed by hand, or kept.
    fn update(&mut self, window: &WindowStats<'_>) -> u32;

    /// Takes over what `old` has learnt, when the limiter is reconfigured. Default: nothing.
    ///
    /// `old` may be of another type; `(old as &dyn Any).downcast_ref::<Self>()` tells.
    fn inherit(&mut self, old: &dyn LimitAlgorithm) {
        let _ = old;
    }

    /// Its impossible settings; `build()` refuses them. Default: none.
    fn problems(&self) -> Vec<Problem> {
        Vec::new()
    }
}

/// Makes algorithms that are alike: what a builder, which can be cloned, keeps of one.
pub(super) trait Template: fmt::Debug + Send + Sync {
    fn make(&self) -> Box<dyn LimitAlgorithm>;
}

impl<A: LimitAlgorithm + Clone + Sync> Template for A {
    fn make(&self) -> Box<dyn LimitAlgorithm> {
        Box::new(self.clone())
    }
}

/// A limit with fractions, which an algorithm keeps so that small steps add up.
#[derive(Clone, Copy, Debug, Default)]
struct Fraction(f64);

impl Fraction {
    /// What the algorithm has kept, unless the limit in force is another.
    fn in_force(self, limit: u32) -> f64 {
        let limit = f64::from(limit);
        if (self.0 - limit).abs() < 1.0 {
            self.0
        } else {
            limit
        }
    }

    /// Keeps `limit`; the whole slots of it.
    fn keep(&mut self, limit: f64) -> u32 {
        self.0 = limit.clamp(1.0, f64::from(u32::MAX));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is within the range of u32"
        )]
        let whole = self.0 as u32;
        whole
    }
}

/// Problems of an algorithm's own settings.
fn problem(
    problems: &mut Vec<Problem>,
    is_fine: bool,
    key: &'static str,
    value: impl fmt::Display,
    allowed: &str,
) {
    if !is_fine {
        problems.push(Problem::new(key, value, allowed));
    }
}
