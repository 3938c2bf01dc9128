//! What a window says.

use std::fmt;
use std::time::Duration;

use super::histogram::middle;

/// What the calls that ended within one window say of the load: what a [`LimitAlgorithm`] decides by.
///
/// Latencies are those of successes, from admission to the head of the response, and exact to 2 %. Calls that
/// were dropped, ignored or refused, and those from before the limit was last changed by hand, are not here.
///
/// [`LimitAlgorithm`]: super::super::LimitAlgorithm
#[must_use]
pub struct WindowStats<'a> {
    pub(super) counts: &'a [u32],
    pub(super) samples: u64,
    pub(super) drops: u64,
    pub(super) peak: u32,
    pub(super) limit: u32,
    pub(super) elapsed: Duration,
}

impl WindowStats<'_> {
    /// The limit in force.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// How many successes there were.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// How many calls were too much: timed out, not served, or throttled.
    #[must_use]
    pub fn drops(&self) -> u64 {
        self.drops
    }

    /// The share of the calls that were too much; 0.0 to 1.0.
    #[must_use]
    pub fn drop_share(&self) -> f64 {
        let all = self.samples.saturating_add(self.drops);
        if all == 0 {
            0.0
        } else {
            to_f64(self.drops) / to_f64(all)
        }
    }

    /// The most that were under way at once.
    #[must_use]
    pub fn in_flight_peak(&self) -> u32 {
        self.peak
    }

    /// Whether less than half of the limit was ever used: the callers are the limit, and the latencies say
    /// nothing of what more would do. The limit does not grow by such a window, whatever the algorithm says.
    #[must_use]
    pub fn is_app_limited(&self) -> bool {
        u64::from(self.peak) * 2 < u64::from(self.limit)
    }

    /// Whether less than a quarter of the limit was ever used, and no call was too much. The limit does not
    /// move by such a window, whatever the algorithm says; what is usual may be learnt from it.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        u64::from(self.peak) * 4 < u64::from(self.limit) && self.drops == 0
    }

    /// How long the window was.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The mean latency, if there is a sample.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let filled = self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0);
        let sum: u128 = filled
            .map(|(index, count)| u128::from(middle(index)) * u128::from(*count))
            .sum();
        let mean = sum.checked_div(u128::from(self.samples))?;
        Some(Duration::from_nanos(
            u64::try_from(mean).unwrap_or(u64::MAX),
        ))
    }

    /// The shortest latency, if there is a sample.
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        let first = self.counts.iter().position(|count| *count > 0)?;
        Some(Duration::from_nanos(middle(first)))
    }

    /// The longest latency, if there is a sample.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        let last = self.counts.iter().rposition(|count| *count > 0)?;
        Some(Duration::from_nanos(middle(last)))
    }

    /// The latency that this share of the samples does not exceed, if there is a sample: `0.5` is the median.
    ///
    /// A share outside of 0.0 to 1.0, or not a number, is that of the nearest end.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        let wanted = to_f64(self.samples) * share.clamp(0.0, 1.0);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            *count > 0 && to_f64(seen) >= wanted
        });
        found.map_or_else(
            || if share > 0.5 { self.max() } else { self.min() },
            |index| Some(Duration::from_nanos(middle(index))),
        )
    }
}

impl fmt::Debug for WindowStats<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowStats")
            .field("limit", &self.limit)
            .field("samples", &self.samples)
            .field("drops", &self.drops)
            .field("in_flight_peak", &self.peak)
            .field("mean", &self.mean())
            .finish_non_exhaustive()
    }
}

/// Counts of one window are far below 2⁵³, where a float is exact.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
