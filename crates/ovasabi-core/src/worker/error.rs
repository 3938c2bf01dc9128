//! A job that was not taken.

use std::fmt;

use crate::Error;

/// A job that the pool did not take, given back, with the reason.
///
/// It turns into the reason by `?`. A full queue is recognisable by
/// [`Rejection::find`](crate::Rejection::find).
#[must_use = "the job has not been done"]
pub struct Refused<J> {
    job: J,
    error: Error,
}

impl<J> Refused<J> {
    pub(super) fn new(job: J, error: Error) -> Self {
        Self { job, error }
    }

    /// Why.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// The job, to run it elsewhere or later.
    #[must_use]
    pub fn into_job(self) -> J {
        self.job
    }
}

impl<J> From<Refused<J>> for Error {
    fn from(refused: Refused<J>) -> Self {
        refused.error
    }
}

impl<J> fmt::Display for Refused<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the job was refused: {}", self.error)
    }
}

impl<J> fmt::Debug for Refused<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl<J> std::error::Error for Refused<J> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
