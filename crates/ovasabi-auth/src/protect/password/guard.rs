//! Limits in front of the lane.

use std::num::NonZeroU32;

use ovasabi_core::Rejection;
use ovasabi_core::admit::{Admit, Settle};
use ovasabi_core::classify::Class;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::time::Clock;

use crate::address::counted;

/// Limits attempts to log in, before any password is hashed.
///
/// An attempt takes one unit of two budgets: that of its address, so that nobody tries one password on every account,
/// and that of its account *at this address*, so that nobody tries every password on one account. None is of an account
/// everywhere: whoever could use that up would lock its owner out from afar.
///
/// Both are any [`Admit<str>`]: a rate limiter by key is a budget that comes back with time. Accounts that do
/// not exist have budgets as well, so a refusal tells nothing about them.
///
/// ```
/// use ovasabi_auth::protect::password::LoginGuard;
/// use ovasabi_core::admit::AlwaysAdmit;
/// use ovasabi_core::http::PeerAddr;
///
/// // For example ten attempts a minute, and a hundred: `KeyedRateLimiter<str>` of `ovasabi-resilience`.
/// let guard = LoginGuard::new(AlwaysAdmit, AlwaysAdmit);
/// let attempt = guard.admit("ann@example.org", PeerAddr::UNKNOWN)?;
/// let is_right = false; // PasswordHasher::verify
/// if is_right { attempt.succeeded() } else { attempt.failed() }
/// # Ok::<(), ovasabi_core::Rejection>(())
/// ```
///
/// It does not stop a thousand addresses that try one account each a few times: that takes a second factor, and
/// passwords that are not on lists.
#[derive(Clone, Debug)]
pub struct LoginGuard<A, B> {
    account: A,
    address: B,
    clock: Clock,
}

/// An attempt that may go ahead. Dropped without a word it counts as neither success nor failure.
#[must_use = "say how it ended"]
pub struct LoginAttempt<A: Settle, B: Settle>(A, B);

impl<A: Admit<str>, B: Admit<str>> LoginGuard<A, B> {
    /// Limits by account and address together, and by address alone. The second budget is the larger one: behind one
    /// address there may be a whole office.
    #[must_use]
    pub fn new(account: A, address: B) -> Self {
        Self {
            account,
            address,
            clock: Clock::system(),
        }
    }

    /// Sets the clock that the budgets go by. Default: the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Asks for an attempt on this account. `account` is what accounts are found by, in the one form that is
    /// compared: with two forms an account has two budgets. IPv6 addresses count by their /64.
    ///
    /// # Errors
    /// The [`Rejection`] of the budget that is used up, with the time of the next attempt; as an
    /// [`Error`](ovasabi_core::Error) it is 429 for a rate. What the address refuses costs the account nothing.
    pub fn admit(
        &self,
        account: &str,
        peer: PeerAddr,
    ) -> Result<LoginAttempt<A::Permit, B::Permit>, Rejection> {
        let now = self.clock.now();
        let address = peer.ip().map(counted);
        let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        let by_address = self.address.admit(&address, NonZeroU32::MIN, now)?;
        // No address has a space in it, so no account can pass for another one.
        let both = format!("{address} {account}");
        let by_account = self.account.admit(&both, NonZeroU32::MIN, now)?;
        Ok(LoginAttempt(by_account, by_address))
    }
}

impl<A: Settle, B: Settle> LoginAttempt<A, B> {
    /// The password was right.
    pub fn succeeded(self) {
        (self.0, self.1).settle(Class::Success);
    }

    /// It was wrong, or there is no such account.
    pub fn failed(self) {
        (self.0, self.1).settle(Class::Failure);
    }
}

// Written by hand: a permit need not be `Debug`.
impl<A: Settle, B: Settle> std::fmt::Debug for LoginAttempt<A, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginAttempt").finish_non_exhaustive()
    }
}
