//! The state word: everything that admission looks at, in one atomic read.

use super::{Mode, State};

/// `watch` (4 bits) | `mode` (2 bits) | `phase` (2 bits) | generation (56 bits).
///
/// The generation grows with every transition, so that two words of one [state](Word::same_state) mean that
/// nothing has happened in between. At one transition a microsecond it lasts for two thousand years.
///
/// `watch` is 0, or a number that tells the calls that are watched while they are under way from those of an
/// earlier watch. It is here so that breakers that do not watch need not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

/// The state of a breaker that decides for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Closed,
    Open,
    HalfOpen,
}

const GENERATION_BITS: u32 = 56;
const GENERATION: u64 = (1 << GENERATION_BITS) - 1;
const PHASE_SHIFT: u32 = GENERATION_BITS;
const MODE_SHIFT: u32 = PHASE_SHIFT + 2;
const WATCH_SHIFT: u32 = MODE_SHIFT + 2;

impl Word {
    /// The last number that a watch may have.
    pub(super) const LAST_WATCH: u64 = u64::MAX >> WATCH_SHIFT;

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn new(mode: Mode, phase: Phase, generation: u64) -> Self {
        let mode = match mode {
            Mode::Auto => 0,
            Mode::ForcedOpen => 1,
            Mode::Disabled => 2,
            Mode::MetricsOnly => 3,
        };
        let phase = match phase {
            Phase::Closed => 0,
            Phase::Open => 1,
            Phase::HalfOpen => 2,
        };
        Self(mode << MODE_SHIFT | phase << PHASE_SHIFT | generation & GENERATION)
    }

    /// Deciding for itself, closed, and watching nothing: the one case that must be fast.
    #[inline]
    pub(super) const fn is_plain(self) -> bool {
        self.0 <= GENERATION
    }

    /// Deciding for itself, and closed.
    pub(super) const fn is_closed(self) -> bool {
        self.0 << (u64::BITS - WATCH_SHIFT) >> (u64::BITS - WATCH_SHIFT) <= GENERATION
    }

    /// Whether nothing has happened between the two, but perhaps a change of what is watched.
    pub(super) const fn same_state(self, other: Self) -> bool {
        (self.0 ^ other.0) << (u64::BITS - WATCH_SHIFT) == 0
    }

    pub(super) const fn mode(self) -> Mode {
        match self.0 >> MODE_SHIFT & 3 {
            0 => Mode::Auto,
            1 => Mode::ForcedOpen,
            2 => Mode::Disabled,
            _ => Mode::MetricsOnly,
        }
    }

    pub(super) const fn phase(self) -> Phase {
        match self.0 >> PHASE_SHIFT & 3 {
            0 => Phase::Closed,
            1 => Phase::Open,
            _ => Phase::HalfOpen,
        }
    }

    pub(super) const fn generation(self) -> u64 {
        self.0 & GENERATION
    }

    /// The number of the watch over calls under way; 0 when there is none.
    pub(super) const fn watch(self) -> u64 {
        self.0 >> WATCH_SHIFT
    }

    /// The word of the next generation.
    pub(super) const fn next(self, mode: Mode, phase: Phase) -> Self {
        let next = Self::new(mode, phase, self.generation().wrapping_add(1));
        Self(next.0 | self.watch() << WATCH_SHIFT)
    }

    /// The same state with another watch, or with none: 0.
    pub(super) const fn with_watch(self, watch: u64) -> Self {
        Self(self.0 & !(Self::LAST_WATCH << WATCH_SHIFT) | watch << WATCH_SHIFT)
    }

    /// What is shown outside; `is_due` when a break is over though nobody has probed yet.
    pub(super) fn state(self, is_due: bool) -> State {
        match (self.mode(), self.phase()) {
            (Mode::ForcedOpen, _) => State::ForcedOpen,
            (Mode::Disabled, _) => State::Disabled,
            (Mode::MetricsOnly, _) => State::MetricsOnly,
            (Mode::Auto, Phase::Closed) => State::Closed,
            (Mode::Auto, Phase::Open) if is_due => State::HalfOpen,
            (Mode::Auto, Phase::Open) => State::Open,
            (Mode::Auto, Phase::HalfOpen) => State::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_they_went_in() {
        for mode in [
            Mode::Auto,
            Mode::ForcedOpen,
            Mode::Disabled,
            Mode::MetricsOnly,
        ] {
            for phase in [Phase::Closed, Phase::Open, Phase::HalfOpen] {
                let word = Word::new(mode, phase, GENERATION);
                assert_eq!(
                    (word.mode(), word.phase(), word.generation()),
                    (mode, phase, GENERATION)
                );
                assert_eq!(
                    word.is_plain(),
                    mode == Mode::Auto && phase == Phase::Closed
                );
                assert_eq!(word.next(mode, phase).generation(), 0);

                let watched = word.with_watch(Word::LAST_WATCH);
                assert_eq!(
                    (watched.watch(), watched.next(mode, phase).watch()),
                    (Word::LAST_WATCH, Word::LAST_WATCH)
                );
                assert!(watched.same_state(word) && !watched.is_plain());
                assert_eq!(watched.is_closed(), word.is_plain());
                assert!(!watched.same_state(watched.next(mode, phase)));
                assert_eq!(watched.with_watch(0), word);
            }
        }
    }
}
