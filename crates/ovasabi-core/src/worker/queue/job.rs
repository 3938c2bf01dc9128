//! What is written down.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Code, Error, Result};

/// A kind of work, and what one piece of it must know. It is stored as JSON, so that a newer release reads what an older
/// one has written: a new field needs a default.
///
/// ```
/// use ovasabi_core::worker::queue::Job;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct SendMail {
///     to: String,
/// }
///
/// impl Job for SendMail {
///     const KIND: &'static str = "mail.send";
/// }
/// ```
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// What it is called where it is stored; never changed, or those that are stored find nobody.
    const KIND: &'static str;
}

/// A job that is to be written down.
#[derive(Clone, Debug)]
#[must_use = "a job is nothing until it is enqueued"]
pub struct NewJob {
    pub(super) kind: &'static str,
    pub(super) payload: String,
    pub(super) due: Due,
    pub(super) max_attempts: u32,
    pub(super) unique_key: Option<String>,
    pub(super) serial_key: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    After(Duration),
    At(SystemTime),
}

/// What became of a job that was to be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It is written down, under this id.
    Inserted(Uuid),
    /// One of its [unique key](NewJob::unique) waits or is at work already: this one.
    Existing(Uuid),
}

impl NewJob {
    /// The longest payload, in bytes: 1 MiB. Larger things are stored elsewhere, and named.
    pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

    /// A job that is due at once, and is tried 20 times: with the pauses of a [runner](super::JobRunner), for some days.
    ///
    /// # Errors
    /// `InvalidArgument` when it does not serialise, or is longer than [`MAX_PAYLOAD_BYTES`](Self::MAX_PAYLOAD_BYTES).
    pub fn new<J: Job>(job: &J) -> Result<Self> {
        let refused = |detail: String| {
            Error::new(Code::InvalidArgument, "job.payload").violation(J::KIND, "payload", detail)
        };
        let payload = serde_json::to_string(job);
        let payload = payload.map_err(|error| refused(error.to_string()))?;
        if payload.len() > Self::MAX_PAYLOAD_BYTES {
            let (length, max) = (payload.len(), Self::MAX_PAYLOAD_BYTES);
            return Err(refused(format!("{length} bytes, expected at most {max}")));
        }
        Ok(Self {
            kind: J::KIND,
            payload,
            due: Due::After(Duration::ZERO),
            max_attempts: 20,
            unique_key: None,
            serial_key: None,
        })
    }

    /// Not before this time has passed.
    pub fn after(self, delay: Duration) -> Self {
        Self {
            due: Due::After(delay),
            ..self
        }
    }

    /// Not before this date.
    pub fn at(self, date: SystemTime) -> Self {
        Self {
            due: Due::At(date),
            ..self
        }
    }

    /// How often it is tried before it is dead, 1 or more; default 20.
    pub fn max_attempts(self, max_attempts: u32) -> Self {
        Self {
            max_attempts: max_attempts.max(1),
            ..self
        }
    }

    /// Only one of its kind with this key waits or is at work; a second one is not written down. When it has ended, the
    /// key is free again.
    pub fn unique(self, key: impl Into<String>) -> Self {
        Self {
            unique_key: Some(key.into()),
            ..self
        }
    }

    /// No two with this key are at work at once, of whatever kind. Their order is that in which they are due: one that
    /// waits for its next attempt lets others by.
    pub fn serial(self, key: impl Into<String>) -> Self {
        Self {
            serial_key: Some(key.into()),
            ..self
        }
    }
}

impl Enqueued {
    /// The id of the job that is written down.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::Inserted(id) | Self::Existing(id) => id,
        }
    }
}
