//! The client throttle's numbers.

use std::time::Duration;

use ovasabi_core::config::duration;
use serde::{Deserialize, Serialize};

use crate::shed::throttle::ThrottleBuilder;

/// The numbers of a [`Throttle`](crate::shed::Throttle), as its builder knows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ThrottleConfig {
    /// How many requests are sent for each that was accepted; 1 to 100, default 2.
    pub multiplier: f64,
    /// How far back it looks; 1 s to 1 h, default 2 min.
    #[serde(with = "duration")]
    pub window: Duration,
    /// How many requests the window must hold before any is refused; default 20.
    pub minimum_requests: u32,
    /// The highest probability of a refusal; above 0, up to 1, default 1.
    pub max_rejection_rate: f64,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            multiplier: 2.0,
            window: Duration::from_secs(120),
            minimum_requests: 20,
            max_rejection_rate: 1.0,
        }
    }
}

impl ThrottleConfig {
    pub(in super::super) fn apply(&self, builder: ThrottleBuilder) -> ThrottleBuilder {
        builder
            .multiplier(self.multiplier)
            .window(self.window)
            .minimum_requests(self.minimum_requests)
            .max_rejection_rate(self.max_rejection_rate)
    }

    pub(in super::super) fn explain(&self) -> String {
        format!(
            "refuses by chance beyond {} requests for each accepted, over {}",
            self.multiplier,
            duration::format(self.window)
        )
    }
}
