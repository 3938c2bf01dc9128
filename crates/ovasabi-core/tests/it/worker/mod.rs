//! The pool of workers, and groups of tasks.

mod drain;
mod group;
mod pool;
#[cfg(feature = "sqlite")]
mod queue;
mod support;
