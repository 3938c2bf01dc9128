//! A delivery as a job.

use ovasabi_core::worker::queue::Job;
use serde::{Deserialize, Serialize};

/// One event for one webhook.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::notify) struct Deliver {
    pub(in crate::notify) delivery_id: String,
}

impl Job for Deliver {
    const KIND: &'static str = "webhook.deliver";
}
