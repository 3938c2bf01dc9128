//! What those lend that shed load.

use super::{Balance, Outstanding};
use crate::shed::{LoadShed, Throttle};

/// Calls under way.
impl Balance for LoadShed {
    fn outstanding(&self) -> Vec<Outstanding> {
        let calls = Outstanding::of(self.name().clone(), "calls under way", self.in_flight());
        calls.into_iter().collect()
    }
}

/// Requests that were admitted and have not ended. They take nothing from others, but one that is lost is never
/// counted, and the service looks better or worse than it is.
impl Balance for Throttle {
    fn outstanding(&self) -> Vec<Outstanding> {
        let requests = Outstanding::of(self.name().clone(), "requests under way", self.under_way());
        requests.into_iter().collect()
    }
}
