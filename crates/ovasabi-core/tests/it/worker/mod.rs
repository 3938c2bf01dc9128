//! The pool of workers, and groups of tasks.

mod drain;
mod group;
mod pool;
mod support;
