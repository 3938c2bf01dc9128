//! Quotas as text: `100/s`, `100/1m burst 20`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::{Quota, QuotaError};

/// What [`Quota`] reads, for messages.
pub(super) const FORM: &str = "a quota such as 100/s or 100/1m burst 20";

/// Why a text is no quota.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseQuotaError {
    /// It does not have the form of one.
    #[error("`{0}` is not {FORM}")]
    Form(String),
    /// It has, but its numbers are not possible.
    #[error("`{text}` is not a possible quota")]
    Quota {
        /// The text.
        text: String,
        /// Why not.
        source: QuotaError,
    },
}

/// Reads `count/period`, and perhaps ` burst count`.
///
/// A period is a unit, `ns`, `us`, `ms`, `s`, `m`, `h` or `d`, and before it perhaps how many of them. Without
/// a burst, the burst is the count.
///
/// ```
/// use std::num::NonZeroU32;
/// use ovasabi_resilience::rate_limit::Quota;
///
/// let hundred = NonZeroU32::new(100).unwrap();
/// assert_eq!("100/s".parse(), Ok(Quota::per_second(hundred)));
/// let even: Quota = "100/1m burst 20".parse()?;
/// assert_eq!((even.burst().get(), even.interval().as_millis()), (20, 600));
/// assert!("100 a second".parse::<Quota>().is_err());
/// # Ok::<(), ovasabi_resilience::rate_limit::ParseQuotaError>(())
/// ```
impl FromStr for Quota {
    type Err = ParseQuotaError;

    fn from_str(text: &str) -> Result<Self, ParseQuotaError> {
        let form = || ParseQuotaError::Form(text.to_owned());
        let (rate, burst) = match text.split_once("burst") {
            Some((rate, burst)) => (rate, Some(count(burst).ok_or_else(form)?)),
            None => (text, None),
        };
        let (times, time) = rate.split_once('/').ok_or_else(form)?;
        let times = count(times).ok_or_else(form)?;
        let time = period(time.trim()).ok_or_else(form)?;
        let quota = Self::per(time, times).and_then(|quota| match burst {
            Some(burst) => quota.with_burst(burst),
            None => Ok(quota),
        });
        quota.map_err(|source| ParseQuotaError::Quota {
            text: text.to_owned(),
            source,
        })
    }
}

/// In the form that [`FromStr`] reads, exactly: `1/100ms burst 10`.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos();
        let largest = UNITS.iter().find(|(_, unit)| nanos.is_multiple_of(*unit));
        let (name, unit) = largest.copied().unwrap_or(("ns", 1));
        write!(f, "1/{}{name} burst {}", nanos / unit, self.burst())
    }
}

/// The largest first.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

fn count(text: &str) -> Option<NonZeroU32> {
    text.trim().parse().ok()
}

fn period(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (many, unit) = text.split_at_checked(digits)?;
    let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let many: u64 = if many.is_empty() {
        1
    } else {
        many.parse().ok()?
    };
    many.checked_mul(*nanos).map(Duration::from_nanos)
}
