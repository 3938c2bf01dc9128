//! Dates in tokens, RFC 7519 §2 (`NumericDate`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::jose::Reason;
use crate::jose::json::Value;

/// The end of the year 9999: later dates fit neither RFC 3339 nor most databases, and mean a mistake.
const LAST: u64 = 253_402_300_799;

/// The time since 1970 that the claim says.
pub(crate) fn read(value: Value<'_>) -> Result<Duration, Reason> {
    if let Some(seconds) = value.as_digits().filter(|&seconds| seconds <= LAST) {
        return Ok(Duration::from_secs(seconds));
    }
    let seconds = value.as_number().ok_or(Reason::ClaimInvalid)?;
    if !(0.0..=LAST as f64).contains(&seconds) {
        return Err(Reason::ClaimInvalid);
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| Reason::ClaimInvalid)
}

pub(crate) fn to_system(since_epoch: Duration) -> SystemTime {
    // Dates up to the year 9999 fit every platform's `SystemTime` but the strangest; those see 1970, the past.
    UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH)
}
