//! What passes between the policy and those who use it: a plain value.

use super::budget::Withdrawal;

/// A request on its way: how often it was sent, and what its last retry has taken from the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The attempt that is under way or about to begin; 1 is the first.
    pub(super) attempt: u32,
    /// `None` for the first attempt.
    pub(super) taken: Option<Withdrawal>,
}

impl Ticket {
    /// Of a first attempt. Made where it is wanted: a constant would be copied, with what it does not fill.
    #[inline(always)]
    pub(crate) const fn first() -> Self {
        Self {
            attempt: 1,
            taken: None,
        }
    }

    pub(super) fn next(self, taken: Withdrawal) -> Self {
        Self {
            attempt: self.attempt.saturating_add(1),
            taken: Some(taken),
        }
    }

    /// The attempt that is under way or about to begin; 1 is the first.
    pub(crate) const fn attempt(self) -> u32 {
        self.attempt
    }
}
