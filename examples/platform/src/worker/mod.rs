//! The worker: does what the services have written down to be done.
//!
//! It knows no domain. Each service says what its jobs are; the worker opens the service's database, runs them, and
//! sends on what lies in its outbox.

mod jobs;
mod pace;
mod sender;

pub(crate) use jobs::Jobs;
pub(crate) use pace::{relay, runner};
pub(crate) use sender::EventSender;
