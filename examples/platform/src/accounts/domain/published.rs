//! Which signing keys others may still verify with.

use std::time::Duration;

use crate::millis::millis;

/// What verifiers forgive, and what processes take that still sign with the key before: all of it and some more.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// The most keys that are published at once: verifiers read 64 at most.
pub(crate) const MAX_PUBLISHED: usize = 16;

/// How long a key is published after it was retired: until the last token that it signed has ended.
pub(crate) fn keep_for(token_ttl: Duration) -> Duration {
    token_ttl.saturating_add(MARGIN)
}

/// Whether a key belongs into the set. Times are milliseconds since 1970.
pub(crate) fn is_published(retired_ms: Option<i64>, keep: Duration, now: i64) -> bool {
    retired_ms.is_none_or(|retired| now < retired.saturating_add(millis(keep)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_published_until_the_last_token_of_it_has_ended() {
        let ttl = Duration::from_secs(900);
        let keep = keep_for(ttl);
        // The longest leeway that a verifier takes.
        assert!(keep >= ttl + Duration::from_secs(300));
        let end = 1_000 + 1_200_000;
        assert!(is_published(None, keep, i64::MAX));
        assert!(is_published(Some(1_000), keep, end - 1));
        assert!(!is_published(Some(1_000), keep, end));
    }
}
