//! The HTTP server.

mod body;
mod config;
mod connection;
mod flight;
mod gate;
mod handle;
mod limit;
mod listener;
mod reply;
mod serve;
mod service;
mod state;

pub use body::{BodyLimit, RequestBody};
pub use config::{ConfigError, ConfigProblem, ServerConfig, ServerConfigBuilder};
pub use handle::{DrainReport, ServerHandle};
pub use limit::{BodyLimitLayer, BodyLimitService};
pub use listener::{Listener, MemoryConnector, MemoryListener, memory};
pub use serve::{Server, ServerBuilder};
