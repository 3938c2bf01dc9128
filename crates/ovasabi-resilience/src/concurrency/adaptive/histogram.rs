//! Latencies of a window, counted in buckets that grow with what they count.

use super::super::sync::{AtomicU32, Ordering};

/// A microsecond or so, which is finer than any limit needs.
const UNIT_BITS: u32 = 10;
/// Each power of two is divided into so many parts (2⁵): a bucket is 3 % wide at most.
const PART_BITS: u32 = 5;
const PARTS: u64 = 1 << PART_BITS;
/// Up to 2³⁰ units, which is 18 minutes; what takes longer counts as that.
pub(super) const BUCKETS: usize = 864;

/// Counts latencies without a lock: one addition a call.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: Box<[AtomicU32]>,
}

impl Histogram {
    pub(super) fn new(buckets: usize) -> Self {
        Self {
            buckets: (0..buckets).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    #[inline(always)]
    pub(super) fn record(&self, nanos: u64) {
        let index = index(nanos).min(self.buckets.len().saturating_sub(1));
        if let Some(bucket) = self.buckets.get(index) {
            // Relaxed: each number stands alone.
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Moves all counts to `counts`. What is recorded meanwhile is moved now or the next time, but once.
    pub(super) fn drain_into(&self, counts: &mut [u32]) {
        for (bucket, count) in self.buckets.iter().zip(counts) {
            // Looked at first: nearly all of them are empty, and a swap locks.
            if bucket.load(Ordering::Relaxed) != 0 {
                *count = count.saturating_add(bucket.swap(0, Ordering::Relaxed));
            }
        }
    }
}

#[inline]
fn index(nanos: u64) -> usize {
    let units = nanos >> UNIT_BITS;
    let shift = (u64::BITS - PART_BITS - 1).saturating_sub(units.leading_zeros());
    // The leading one of the shifted units counts for the first of the parts that the shift stands for.
    let index = (u64::from(shift) << PART_BITS) + (units >> shift);
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The middle of a bucket, in nanoseconds.
pub(super) fn middle(index: usize) -> u64 {
    let index = index as u64;
    let shift = (index >> PART_BITS).saturating_sub(1);
    let units = index - (shift << PART_BITS);
    let low = units << shift;
    ((low << UNIT_BITS) + ((1 << shift) << UNIT_BITS >> 1)).max(PARTS)
}

#[cfg(all(test, not(ovasabi_loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_latency_is_within_two_percent_of_the_middle_of_its_bucket() {
        let mut last = 0;
        for nanos in (0..40).flat_map(|bits| (0..64).map(move |part| (64 + part) << bits >> 6)) {
            let index = index(nanos);
            assert!(
                index >= last || nanos < 64,
                "{nanos} ns is before what is shorter"
            );
            assert!(index < BUCKETS, "{nanos} ns is beyond the last bucket");
            last = index;
            let off = middle(index).abs_diff(nanos);
            assert!(
                off <= 1_024 || off * 50 <= nanos,
                "{nanos} ns is {off} ns off"
            );
        }
        assert!(index(u64::MAX) >= BUCKETS, "the longest counts as the last");
    }

    #[test]
    fn what_is_drained_is_gone() {
        let histogram = Histogram::new(BUCKETS);
        let mut counts = vec![0; BUCKETS];
        histogram.record(0);
        histogram.record(u64::MAX);
        histogram.drain_into(&mut counts);
        histogram.drain_into(&mut counts);
        assert_eq!((counts[0], counts[BUCKETS - 1]), (1, 1));
        assert_eq!(counts.iter().sum::<u32>(), 2);
    }
}

#[cfg(all(test, ovasabi_loom))]
mod loom_models {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    #[test]
    fn loom_a_sample_is_drained_once_though_windows_close_meanwhile() {
        loom::model(|| {
            let histogram = Arc::new(Histogram::new(1));
            let recording = {
                let histogram = Arc::clone(&histogram);
                thread::spawn(move || {
                    histogram.record(0);
                    histogram.record(0);
                })
            };
            let mut counts = [0];
            histogram.drain_into(&mut counts);
            recording.join().unwrap();
            histogram.drain_into(&mut counts);
            assert_eq!(counts, [2]);
        });
    }
}
