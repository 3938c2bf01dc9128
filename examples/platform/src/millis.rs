//! Times as tables, events and answers have them: whole milliseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whole milliseconds; of what no number can hold, the largest.
pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970, UTC; 0 for what was before.
pub(crate) fn millis_of(date: SystemTime) -> i64 {
    millis(date.duration_since(UNIX_EPOCH).unwrap_or_default())
}
