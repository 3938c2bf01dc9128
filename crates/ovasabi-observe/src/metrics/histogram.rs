//! A latency histogram with the buckets of the HTTP semantic conventions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds in nanoseconds: 5 ms to 10 s, as OpenTelemetry advises for
/// `http.server.request.duration`; the text is what Prometheus shows.
pub(super) const BOUNDS: [(u64, &str); 14] = [
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (75_000_000, "0.075"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (750_000_000, "0.75"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5"),
    (7_500_000_000, "7.5"),
    (10_000_000_000, "10"),
];

/// Counts durations. All orderings are relaxed: a scrape may see one sample in part, never lose one.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    within: [AtomicU64; BOUNDS.len()],
    beyond: AtomicU64,
    nanos: AtomicU64,
}

impl Histogram {
    pub(super) fn record(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS
            .iter()
            .zip(&self.within)
            .find(|((bound, _), _)| nanos <= *bound);
        bucket
            .map_or(&self.beyond, |(_, count)| count)
            .fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The bounds with the counts up to them, and the count of all.
    pub(super) fn cumulative(&self) -> (Vec<(&'static str, u64)>, u64) {
        let mut sum = 0;
        let counts = BOUNDS
            .iter()
            .zip(&self.within)
            .map(|((_, bound), count)| {
                sum += count.load(Ordering::Relaxed);
                (*bound, sum)
            })
            .collect();
        (counts, sum + self.beyond.load(Ordering::Relaxed))
    }

    /// The sum of all durations, in seconds.
    pub(super) fn sum(&self) -> f64 {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64()
    }
}
