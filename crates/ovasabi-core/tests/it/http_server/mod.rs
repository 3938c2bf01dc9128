//! The server over memory, with virtual time.

mod body;
mod drain;
mod head;
mod http2;
mod loops;
mod sockets;
mod timers;
mod wire;

pub(crate) use wire::{Wire, app, config, serve, serve_with};
