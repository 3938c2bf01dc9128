//! What is worth a line in the log.

use ovasabi_core::reject::Name;

use super::engine::Move;

/// The `tracing` target of changes of a limit.
pub const TARGET: &str = "ovasabi::concurrency_limiter";

/// An operator, or a new configuration, has changed the limit.
pub(super) fn limit_set(name: &Name, from: u32, to: u32) {
    if from != to {
        tracing::info!(
            target: TARGET,
            name = name.as_str(),
            from,
            to,
            "concurrency limit was set"
        );
    }
}

/// An algorithm has moved the limit: too usual for more than a debug line.
#[cold]
pub(super) fn limit_moved(name: &Name, moved: Move, algorithm: &'static str) {
    let Move { from, to } = moved;
    tracing::debug!(
        target: TARGET,
        name = name.as_str(),
        from,
        to,
        algorithm,
        "concurrency limit moved"
    );
}
