//! The account: atomics and the time in, yes or no out. No clock, no locks.

#[cfg(all(test, ovasabi_loom))]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(all(test, ovasabi_loom)))]
use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::time::Tick;

use super::Terms;

/// Tokens that requests deposit and retries withdraw, with a floor that time fills.
///
/// All numbers are thousandths of a token, so that a ratio of 0.6 gives 600 for 1,000 and not 1,000. All
/// accesses are relaxed: each number stands alone. The terms can change meanwhile; a call that reads one old
/// and one new of them does nothing worse than a call before the change.
#[derive(Debug)]
pub(super) struct Account {
    saved: AtomicU64,
    reserve: AtomicU64,
    per_request: AtomicU64,
    per_success: AtomicU64,
    floor: Floor,
}

/// A bucket of one second: `until` runs ahead of the clock by what has been taken, as in GCRA.
#[derive(Debug)]
struct Floor {
    until: AtomicU64,
    per_second: AtomicU64,
}

/// What was taken: to be given back when the retry is not sent, or repaid when it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withdrawal {
    /// Thousandths of a token.
    Saved(u64),
    /// Nanoseconds of the floor.
    Floor(u64),
}

/// One token in the unit of the account.
pub(super) const ONE: u64 = 1_000;
const SECOND: u64 = 1_000_000_000;

impl Account {
    pub(super) fn new(terms: &Terms) -> Self {
        let account = Self {
            saved: AtomicU64::new(if terms.start_full { terms.reserve } else { 0 }),
            reserve: AtomicU64::new(0),
            per_request: AtomicU64::new(0),
            per_success: AtomicU64::new(0),
            floor: Floor {
                until: AtomicU64::new(0),
                per_second: AtomicU64::new(0),
            },
        };
        account.change(terms);
        account
    }

    /// New terms; what is saved stays, as far as the new reserve holds it.
    pub(super) fn change(&self, terms: &Terms) {
        self.reserve.store(terms.reserve, Ordering::Relaxed);
        self.per_request.store(terms.per_request, Ordering::Relaxed);
        self.per_success.store(terms.per_success, Ordering::Relaxed);
        self.floor
            .per_second
            .store(terms.floor_per_second, Ordering::Relaxed);
    }

    /// A request was sent for the first time.
    #[inline]
    pub(super) fn request(&self) {
        self.put(self.per_request.load(Ordering::Relaxed));
    }

    /// A request succeeded at the first try.
    #[inline]
    pub(super) fn success(&self) {
        self.put(self.per_success.load(Ordering::Relaxed));
    }

    #[inline]
    pub(super) fn put(&self, amount: u64) {
        // A full account is only looked at, so that its line stays in the caches of all processors.
        let reserve = self.reserve.load(Ordering::Relaxed);
        if amount > 0 && self.saved.load(Ordering::Relaxed) < reserve {
            self.add(amount, reserve);
        }
    }

    fn add(&self, amount: u64, reserve: u64) {
        let more =
            |known: u64| (known < reserve).then(|| known.saturating_add(amount).min(reserve));
        // An error is an account that is full by now.
        let _ = self
            .saved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Takes `cost`, if it is there.
    pub(super) fn withdraw(&self, cost: u64) -> Option<Withdrawal> {
        let reserve = self.reserve.load(Ordering::Relaxed);
        let less = |known: u64| known.min(reserve).checked_sub(cost);
        self.saved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .ok()
            .map(|_| Withdrawal::Saved(cost))
    }

    /// Takes one retry of the floor, whatever its class costs otherwise.
    pub(super) fn withdraw_floor(&self, now: Tick) -> Option<Withdrawal> {
        self.floor.withdraw(now)
    }

    /// Gives back what a retry that was not sent had taken.
    pub(super) fn refund(&self, taken: Withdrawal) {
        match taken {
            Withdrawal::Saved(amount) => self.put(amount),
            Withdrawal::Floor(nanos) => self.floor.refund(nanos),
        }
    }

    pub(super) fn saved(&self) -> u64 {
        self.saved
            .load(Ordering::Relaxed)
            .min(self.reserve.load(Ordering::Relaxed))
    }
}

impl Floor {
    fn withdraw(&self, now: Tick) -> Option<Withdrawal> {
        let burst = self.per_second.load(Ordering::Relaxed);
        if burst == 0 {
            return None;
        }
        // Rounded up: never more than was allowed.
        let interval = SECOND.div_ceil(burst);
        // Clocks that claim to be later than 292 years stand still there, so that no sum saturates.
        let now = now.as_nanos().min(u64::MAX / 2);
        let take = |until: u64| {
            let next = until.max(now).saturating_add(interval);
            (next - now <= interval * burst).then_some(next)
        };
        self.until
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .ok()
            .map(|_| Withdrawal::Floor(interval))
    }

    fn refund(&self, nanos: u64) {
        let back = |until: u64| Some(until.saturating_sub(nanos));
        let _ = self
            .until
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, back);
    }
}
