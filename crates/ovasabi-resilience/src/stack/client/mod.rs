//! The stack of a client.

mod builder;
mod handle;
mod layer;
mod parts;
mod service;

pub use builder::ClientStackBuilder;
pub use handle::ClientStack;
pub use layer::ClientLayer;
pub use service::ClientService;
