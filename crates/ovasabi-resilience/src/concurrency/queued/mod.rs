//! The layer that waits: for a slot, and then for the service inside.

mod future;
mod layer;
mod service;

pub use future::QueuedFuture;
pub use layer::ConcurrencyQueueLayer;
pub use service::ConcurrencyQueueService;
