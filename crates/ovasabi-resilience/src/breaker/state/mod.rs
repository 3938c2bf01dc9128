//! The engine: state and time in, decisions out. No futures, no clock, no tokio.
//!
//! While it is closed, a call reads one word to enter and adds to one word to leave. Everything else, a
//! transition and whatever happens while it is open or half open, goes through one short lock, so that
//! transitions are what they look like: read, decide, write.

mod change;
mod enter;
mod leave;
#[cfg(all(test, ovasabi_loom))]
mod loom_models;
mod outside;
mod transitions;
mod watch;

pub(super) use leave::Left;

use std::sync::OnceLock;

use ovasabi_core::backoff::Random;
use ovasabi_core::time::Tick;

use super::half_open::Probes;
use super::in_flight::InFlight;
use super::rules::{LiveRules, Rules};
use super::sync::{AtomicU64, Mutex, Ordering, lock};
use super::tally::{Counter, Tally};
use super::ticket::{Refusal, Step, Ticket};
use super::window::{Outcome, Sum, Window};
use super::word::{Phase, Word};
use super::{Cause, Mode, State, Transition};

#[derive(Debug)]
pub(super) struct Engine {
    /// Written under `cold` only, last of all that belongs to a state: Release there, Acquire to read.
    word: AtomicU64,
    /// While open: until when, in nanoseconds.
    open_until: AtomicU64,
    /// While half open: until when no slot is free, so that a crowd is refused without the lock.
    full_until: AtomicU64,
    /// Failures in a row.
    run: AtomicU64,
    live: LiveRules,
    window: Window,
    /// Made for the first watch over calls under way.
    in_flight: OnceLock<Box<InFlight>>,
    tally: Tally,
    cold: Mutex<Cold>,
    random: Random,
}

/// What only transitions and probes touch.
#[derive(Debug)]
struct Cold {
    rules: Rules,
    probes: Probes,
    /// The number of the last watch.
    watch: u64,
    /// Breaks since the length of a break was last reset.
    breaks: u32,
    closed_since: Tick,
}

impl Engine {
    pub(super) fn new(rules: Rules, window: Window) -> Self {
        let engine = Self {
            word: AtomicU64::new(Word::new(Mode::Auto, Phase::Closed, 0).bits()),
            open_until: AtomicU64::new(0),
            full_until: AtomicU64::new(0),
            run: AtomicU64::new(0),
            live: LiveRules::new(&rules, window.is_timed()),
            window,
            in_flight: OnceLock::new(),
            tally: Tally::default(),
            cold: Mutex::new(Cold {
                rules,
                probes: Probes::new(rules.probes),
                watch: 0,
                breaks: 0,
                closed_since: Tick::ZERO,
            }),
            random: Random::new(),
        };
        engine.begin_watch(&mut lock(&engine.cold), rules.slow);
        engine
    }

    /// What it is at `now`: a break that is over shows as half open, even if no call has come since.
    pub(super) fn state(&self, now: Tick) -> State {
        self.word().state(self.is_due(now))
    }

    pub(super) fn mode(&self) -> Mode {
        self.word().mode()
    }

    pub(super) fn generation(&self) -> u64 {
        self.word().generation()
    }

    /// Whether it leaves the service alone for as long as that asks.
    pub(super) fn pauses(&self) -> bool {
        self.live.pauses()
    }

    /// Probes that have not ended. Those of a break that is over are void.
    #[cfg(feature = "testkit")]
    pub(super) fn probes_under_way(&self) -> usize {
        let cold = lock(&self.cold);
        match self.word().phase() {
            Phase::HalfOpen => cold.probes.leased(),
            Phase::Closed | Phase::Open => 0,
        }
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The calls in the window; while it is not closed, those that opened it.
    pub(super) fn sum(&self, now: Tick) -> Sum {
        self.window.sum(now)
    }

    /// How many calls ever counted.
    pub(super) fn lifetime(&self) -> u64 {
        self.window
            .lifetime()
            .saturating_add(self.tally.probes.value())
    }

    /// Whether it is as good as new: closed, with nothing to remember.
    pub(super) fn is_as_new(&self, now: Tick) -> bool {
        self.word().is_closed()
            && (!self.live.minds_runs() || self.run.load(Ordering::Relaxed) == 0)
            && self.window.sum(now).calls == 0
            && self.next_break_is_first(&lock(&self.cold), now)
    }

    /// Whether it does at `now` what a new one would not: refuse, or what somebody has forced.
    pub(super) fn is_set_apart(&self, now: Tick) -> bool {
        let word = self.word();
        word.mode() != Mode::Auto || word.phase() == Phase::Open && !self.is_due(now)
    }

    /// A number that changes whenever it is used.
    pub(super) fn activity(&self) -> u64 {
        let tally = &self.tally;
        [&tally.ignored, &tally.late, &tally.rejected]
            .into_iter()
            .map(Counter::value)
            .chain([self.generation(), self.lifetime()])
            .fold(0, u64::wrapping_add)
    }

    #[inline]
    fn word(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    /// Whether the break, if it is one, is over.
    fn is_due(&self, now: Tick) -> bool {
        now.as_nanos() >= self.open_until.load(Ordering::Acquire)
    }
}
