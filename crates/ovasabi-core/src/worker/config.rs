//! How a pool is made.

use super::WorkerPool;
use crate::inspect::Registry;
use crate::reject::Name;
use crate::{Code, Error, Result};

/// What [`WorkerPool::submit`] does when the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// Waits for room until the context is done, first come first served: the back-pressure of a stream. The
    /// default.
    #[default]
    Wait,
    /// Refuses at once and gives the job back: for work that a caller can do without.
    Reject,
    /// Waits for room if the context has a deadline, and refuses at once if it has none: nobody waits for
    /// ever.
    WaitUntilDeadline,
}

/// Makes a [`WorkerPool`]. Made by [`WorkerPool::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds the pool"]
pub struct WorkerPoolBuilder {
    pub(super) name: Name,
    pub(super) size: usize,
    pub(super) queue: usize,
    pub(super) overflow: Overflow,
    pub(super) registry: Option<Registry>,
}

/// A semaphore of the runtime cannot count further, and no memory is that large.
const MAX: usize = 1 << 24;

impl WorkerPoolBuilder {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            size: 8,
            queue: 1024,
            overflow: Overflow::default(),
            registry: None,
        }
    }

    /// How many jobs run at once, 1 to 16 777 216; default 8.
    pub fn size(mut self, workers: usize) -> Self {
        self.size = workers;
        self
    }

    /// How many jobs wait at most, 1 to 16 777 216; default 1024.
    pub fn queue(mut self, capacity: usize) -> Self {
        self.queue = capacity;
        self
    }

    /// What happens when the queue is full; default [`Overflow::Wait`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Lets the pool join `registry`.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Makes the pool and starts its workers, on the runtime that this is called on.
    ///
    /// # Errors
    /// `InvalidArgument` with one violation for each knob out of range; `AlreadyExists` when the name is
    /// taken in the registry.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn build(self) -> Result<WorkerPool> {
        let mut error = Error::new(Code::InvalidArgument, "worker.config");
        for (key, value) in [("size", self.size), ("queue", self.queue)] {
            if !(1..=MAX).contains(&value) {
                let detail = format!("`{value}` is not allowed, expected 1 to {MAX}");
                error = error.violation(key, "range", detail);
            }
        }
        if !error.violations().is_empty() {
            return Err(error);
        }
        WorkerPool::assemble(self)
    }
}
