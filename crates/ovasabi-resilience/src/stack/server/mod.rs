//! The stack of a server.

mod builder;
mod handle;
mod layer;
mod slot;

pub use builder::ServerStackBuilder;
pub use handle::ServerStack;
pub use layer::ServerLayer;
pub use slot::{AuthSlot, EdgeSlot, Place, PolicySlot, Slot};
