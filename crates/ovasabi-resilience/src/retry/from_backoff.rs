//! Policies of the crate `backoff`, for teams that have them.

use std::fmt;
use std::time::Duration;

use backoff::backoff::Backoff as Stateful;
use ovasabi_core::backoff::Backoff;

/// A policy of the crate [`backoff`] as a [`Backoff`] of ours: feature `backoff`.
///
/// Those policies step from delay to delay, ours are pure: for each pause a new one is made and stepped to its
/// place. So their random numbers are their own, a `max_elapsed_time` bounds one delay only (the deadline of the
/// request bounds them together), and where they give up there is no further attempt. The policy's
/// [`cap`](super::RetryPolicyBuilder::cap) applies to them too.
///
/// ```
/// use std::time::Duration;
/// use backoff::ExponentialBackoffBuilder;
/// use ovasabi_resilience::retry::{FromBackoff, RetryPolicy};
///
/// let ours = FromBackoff::new(|| {
///     ExponentialBackoffBuilder::new().with_initial_interval(Duration::from_millis(20)).build()
/// });
/// let policy = RetryPolicy::builder("payments").backoff(ours).build()?;
/// # let _ = policy;
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
///
/// That crate is no longer maintained (RUSTSEC-2025-0012): in new code use the knobs of the policy.
pub struct FromBackoff<F>(F);

impl<F, B> FromBackoff<F>
where
    F: Fn() -> B,
    B: Stateful,
{
    /// Takes its delays from the policies that `make` makes.
    pub const fn new(make: F) -> Self {
        Self(make)
    }
}

impl<F, B> Backoff for FromBackoff<F>
where
    F: Fn() -> B + Send + Sync,
    B: Stateful,
{
    /// As many steps as there were failures, which a policy bounds to 100.
    fn delay(&self, failures: u32, _random: u64) -> Duration {
        let mut policy = (self.0)();
        policy.reset();
        let last = (1..failures).try_for_each(|_| policy.next_backoff().map(|_| ()));
        last.and_then(|()| policy.next_backoff())
            .unwrap_or(Duration::MAX)
    }
}

impl<F> fmt::Debug for FromBackoff<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromBackoff").finish_non_exhaustive()
    }
}
