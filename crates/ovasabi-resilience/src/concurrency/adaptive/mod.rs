//! The frame around an algorithm: collects samples, closes windows, keeps bounds and guards.

mod histogram;
mod window;

use std::time::Duration;

use ovasabi_core::classify::Class;
use ovasabi_core::time::Tick;

pub use window::WindowStats;

use histogram::{BUCKETS, Histogram};

use super::LimitAlgorithm;
use super::config::Tuning;
use super::sync::{AtomicU32, AtomicU64, Line, Mutex, Ordering, lock, try_lock};
use super::tally::Counter;
use super::ticket::{Signal, Ticket};

/// What an adaptive limiter has more than a fixed one.
#[derive(Debug)]
pub(super) struct Adaptive {
    histogram: Histogram,
    /// Written on many calls, and apart from what is only read.
    hot: Line<Hot>,
    /// Grows whenever a limit is set by hand: samples from before say nothing.
    epoch: AtomicU32,
    /// When the window may close, in nanoseconds.
    due: AtomicU64,
    frame: Mutex<Frame>,
    /// The mean of the last window, in nanoseconds.
    latency: AtomicU64,
    pub(super) tally: Tally,
}

#[derive(Debug)]
struct Hot {
    /// The most under way in this window.
    peak: AtomicU32,
    drops: AtomicU32,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) samples: Counter,
    pub(super) drops: Counter,
    pub(super) stale: Counter,
}

/// What is touched once a window.
#[derive(Debug)]
struct Frame {
    algorithm: Box<dyn LimitAlgorithm>,
    tuning: Tuning,
    /// What has been drained in this window so far.
    counts: Box<[u32]>,
    drops: u64,
    since: Tick,
}

impl Adaptive {
    pub(super) fn new(tuning: Tuning, now: Tick) -> Self {
        let due = now.saturating_add(tuning.window);
        Self {
            histogram: Histogram::new(BUCKETS),
            hot: Line(Hot {
                peak: AtomicU32::new(0),
                drops: AtomicU32::new(0),
            }),
            epoch: AtomicU32::new(0),
            due: AtomicU64::new(due.as_nanos()),
            frame: Mutex::new(Frame {
                algorithm: tuning.algorithm.make(),
                tuning,
                counts: vec![0; BUCKETS].into_boxed_slice(),
                drops: 0,
                since: now,
            }),
            latency: AtomicU64::new(0),
            tally: Tally::default(),
        }
    }

    /// Stamps an admission, which makes so many.
    #[inline(always)]
    pub(super) fn enter(&self, in_flight: u32, now: Tick) -> Ticket {
        let peak = &self.hot.0.peak;
        // Looked at first: under load, nearly no call is more than all before it.
        if in_flight > peak.load(Ordering::Relaxed) {
            peak.fetch_max(in_flight, Ordering::Relaxed);
        }
        Ticket::new(now, self.epoch.load(Ordering::Relaxed))
    }

    /// Takes in the end of a call; when that was, if a window may close by it.
    #[inline(always)]
    pub(super) fn leave(
        &self,
        ticket: Ticket,
        class: Class,
        now: impl FnOnce() -> Tick,
    ) -> Option<Tick> {
        let signal = ticket.signal(class);
        if signal == Signal::Nothing {
            return None;
        }
        if ticket.epoch() != self.epoch.load(Ordering::Relaxed) {
            self.tally.stale.add(1);
            return None;
        }
        let (latency, at) = ticket.latency(now);
        if signal == Signal::Sample {
            self.histogram.record(latency);
        } else {
            self.hot.0.drops.fetch_add(1, Ordering::Relaxed);
        }
        (at.as_nanos() >= self.due.load(Ordering::Relaxed)).then_some(at)
    }

    /// Closes the window, if it is long enough and full enough; the limit that follows from it.
    #[cold]
    pub(super) fn close_window(&self, limit: u32, in_flight: u32, now: Tick) -> Option<u32> {
        // Whoever has the lock closes it, or changes the rules; and the next call asks again.
        let mut guard = try_lock(&self.frame)?;
        if now.as_nanos() < self.due.load(Ordering::Relaxed) {
            return None;
        }
        let frame = &mut *guard;
        self.drain_into(frame);
        let samples = frame.samples();
        if samples.saturating_add(frame.drops) < u64::from(frame.tuning.min_samples) {
            return None;
        }
        let stats = WindowStats {
            counts: &frame.counts,
            samples,
            drops: frame.drops,
            // The next window begins with those that are under way.
            peak: self.hot.0.peak.swap(in_flight, Ordering::Relaxed),
            limit,
            elapsed: now.saturating_since(frame.since),
        };
        let next = frame.tuning.bound(&stats, frame.algorithm.update(&stats));
        if let Some(mean) = stats.mean() {
            let mean = u64::try_from(mean.as_nanos()).unwrap_or(u64::MAX);
            self.latency.store(mean, Ordering::Relaxed);
        }
        self.tally.samples.add(samples);
        self.tally.drops.add(frame.drops);
        self.begin(frame, now);
        Some(next)
    }

    /// Forgets the samples so far: the limit is set by hand now, to one within the bounds.
    ///
    /// # Errors
    /// The bounds, where it is not.
    pub(super) fn override_limit(&self, limit: u32, now: Tick) -> Result<(), (u32, u32)> {
        let mut frame = lock(&self.frame);
        let (min, max) = frame.tuning.bounds;
        if !(min..=max).contains(&limit) {
            return Err((min, max));
        }
        self.restart(&mut frame, now);
        Ok(())
    }

    /// Takes over other numbers; the limit, which is moved only as far as the bounds make it.
    pub(super) fn retune(&self, tuning: Tuning, limit: u32, now: Tick) -> u32 {
        let mut frame = lock(&self.frame);
        let mut algorithm = tuning.algorithm.make();
        algorithm.inherit(&*frame.algorithm);
        frame.algorithm = algorithm;
        frame.tuning = tuning;
        self.restart(&mut frame, now);
        let (min, max) = frame.tuning.bounds;
        limit.clamp(min, max)
    }

    /// The mean latency of the last window; zero before the first.
    pub(super) fn latency(&self) -> Duration {
        Duration::from_nanos(self.latency.load(Ordering::Relaxed))
    }

    pub(super) fn algorithm(&self) -> &'static str {
        lock(&self.frame).algorithm.name()
    }

    /// Samples and drops of the window that is not closed yet are counted too, so that the totals are exact.
    pub(super) fn totals(&self) -> (u64, u64) {
        let mut frame = lock(&self.frame);
        self.drain_into(&mut frame);
        let samples = self.tally.samples.value().saturating_add(frame.samples());
        let drops = self.tally.drops.value().saturating_add(frame.drops);
        (samples, drops)
    }

    fn restart(&self, frame: &mut Frame, now: Tick) {
        // First, so that what is recorded from here on by tickets of before is stale.
        self.epoch.fetch_add(1, Ordering::Relaxed);
        self.drain_into(frame);
        self.tally.samples.add(frame.samples());
        self.tally.drops.add(frame.drops);
        self.begin(frame, now);
    }

    fn begin(&self, frame: &mut Frame, now: Tick) {
        frame.counts.fill(0);
        frame.drops = 0;
        frame.since = now;
        let due = now.saturating_add(frame.tuning.window);
        self.due.store(due.as_nanos(), Ordering::Relaxed);
    }

    fn drain_into(&self, frame: &mut Frame) {
        self.histogram.drain_into(&mut frame.counts);
        let drops = self.hot.0.drops.swap(0, Ordering::Relaxed);
        frame.drops = frame.drops.saturating_add(u64::from(drops));
    }
}

impl Frame {
    fn samples(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }
}
