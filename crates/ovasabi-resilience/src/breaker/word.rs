//! The state word: everything that admission looks at, in one atomic read.

use super::{Mode, State};

/// `mode` (3 bits) | `phase` (2 bits) | generation (59 bits).
///
/// The generation grows with every transition, so that two equal words mean that nothing has happened in
/// between. At one transition a nanosecond it lasts for 18 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

/// The state of a breaker that decides for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Closed,
    Open,
    HalfOpen,
}

const GENERATION_BITS: u32 = 59;
const GENERATION: u64 = (1 << GENERATION_BITS) - 1;

impl Word {
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
        Self((mode << 2 | phase) << GENERATION_BITS | generation & GENERATION)
    }

    /// Deciding for itself, and closed: the one case that must be fast.
    #[inline]
    pub(super) const fn is_plain(self) -> bool {
        self.0 <= GENERATION
    }

    pub(super) const fn mode(self) -> Mode {
        match self.0 >> (GENERATION_BITS + 2) {
            0 => Mode::Auto,
            1 => Mode::ForcedOpen,
            2 => Mode::Disabled,
            _ => Mode::MetricsOnly,
        }
    }

    pub(super) const fn phase(self) -> Phase {
        match self.0 >> GENERATION_BITS & 3 {
            0 => Phase::Closed,
            1 => Phase::Open,
            _ => Phase::HalfOpen,
        }
    }

    pub(super) const fn generation(self) -> u64 {
        self.0 & GENERATION
    }

    /// The word of the next generation.
    pub(super) const fn next(self, mode: Mode, phase: Phase) -> Self {
        Self::new(mode, phase, self.generation().wrapping_add(1))
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
            }
        }
    }
}
